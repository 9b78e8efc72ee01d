/* flowrt_op.h: what operators that hold something call; part of flowrt.h. */
#ifndef FLOWRT_OP_H
#define FLOWRT_OP_H

/* An exact sum of integers or unscaled decimals: 192 bits, so that no order of the terms overflows. Zeroed is
 * empty. Sums merge by frt_sum_merge in any order. */
typedef struct FrtSum {
  uint64_t w[3];
} FrtSum;
void frt_sum_add_wide(FrtSum *s, FrtI128 v);
void frt_sum_merge(FrtSum *s, const FrtSum *other);
/* FRT_E_SUM_OVERFLOW when the total does not fit. */
int frt_sum_i64(const FrtSum *s, int64_t *out);
int frt_sum_u64(const FrtSum *s, uint64_t *out);
int frt_sum_dec(const FrtSum *s, FrtI128 *out);   /* at most 38 digits */
double frt_sum_f64(const FrtSum *s);              /* nearest */
double frt_sum_avg(const FrtSum *s, uint64_t n);  /* the double that is nearest to the exact quotient */
/* In line, since it runs once a row. */
#define FRT_SUM_I64(s, v)                                     \
  do {                                                        \
    int64_t v_ = (v);                                         \
    uint64_t lo_ = (s).w[0] + (uint64_t)v_;                   \
    uint64_t hi_ = (uint64_t)(v_ >> 63);                      \
    uint64_t c_ = lo_ < (uint64_t)v_;                         \
    uint64_t mid_ = (s).w[1] + hi_ + c_;                      \
    (s).w[2] += hi_ + (c_ ? mid_ <= (s).w[1] : mid_ < (s).w[1]); \
    (s).w[1] = mid_;                                          \
    (s).w[0] = lo_;                                           \
  } while (0)

/* An exact sum of doubles: a superaccumulator (R. M. Neal, "Fast exact summation using small and large
 * superaccumulators", 2015). The result is the exact total, rounded once: the same for any order and any
 * chunking. Zeroed is empty. */
enum { FRT_FSUM_LEN = 70 };
typedef struct FrtFsum {
  int64_t digit[FRT_FSUM_LEN];   /* digit i counts 2^(32 i - 1074) */
  uint32_t adds;                 /* since the last carry */
  uint32_t special;              /* 1: +inf seen, 2: -inf, 4: nan */
} FrtFsum;
void frt_fsum_add(FrtFsum *s, double v);
void frt_fsum_merge(FrtFsum *s, const FrtFsum *other);
double frt_fsum_value(const FrtFsum *s);

/* Mean and sum of squared differences, in the order of the rows (Welford 1962). */
typedef struct FrtMoments {
  uint64_t n;
  double mean, m2;
} FrtMoments;
void frt_moments_add(FrtMoments *m, double v);
void frt_moments_merge(FrtMoments *m, const FrtMoments *other);

/* Keeps a text beyond the block: in *slot, whose room (*capacity bytes) is reused. */
void frt_keep_str(FrtCtx *cx, FrtStr *slot, uint32_t *capacity, FrtStr v);

/* Copies the text of fields first..last of row i, which stand side by side, delimiters included. */
char *frt_put_fields(char *p, const FrtFields *first, const FrtFields *last, uint32_t i);
/* Rows sel[0..n) as lines of the text of those fields, to o; lines that stand side by side in the source at once. */
int frt_put_rows(FrtCtx *cx, FrtOut *o, const FrtFields *first, const FrtFields *last, const uint32_t *sel, uint32_t n);

/* Rows that part by the value of one expression (fan.c). A value leads to one of `len` slots, or to none of them. A worker fills
 * in[0..n) with rows and words (or texts) with their values, then calls frt_fan_words: the rows of slot s are
 * rows[at[s] .. at[s + 1]), in the order of `in`, until the next call. */
typedef struct FrtFan {
  uint32_t *in, *rows, *at;
  int64_t *words;
  FrtStr *texts;
  uint32_t len, mask;            /* from here on the runtime's */
  uint32_t *slot_of, *table, *direct;
  const int64_t *word_keys;
  const FrtStr *text_keys;
  const uint32_t *slots;
  int64_t least;
  uint64_t span;
} FrtFan;
/* keys[k], of key_len different ones, leads to slots[k] < len; both arrays live as long as the run. */
void frt_fan_start_words(FrtCtx *cx, FrtFan *f, const int64_t *keys, const uint32_t *slots, uint32_t key_len, uint32_t len);
void frt_fan_start_texts(FrtCtx *cx, FrtFan *f, const FrtStr *keys, const uint32_t *slots, uint32_t key_len, uint32_t len);
void frt_fan_words(FrtFan *f, uint32_t n);
void frt_fan_texts(FrtFan *f, uint32_t n);

/* What the run is called in error rows. */
FrtStr frt_run_id(FrtCtx *cx);   /* run.id and the like: sched/values.c */
FrtStr frt_run_script(FrtCtx *cx);
FrtStr frt_run_host(FrtCtx *cx);
FrtStr frt_run_user(FrtCtx *cx);
FrtStr frt_run_dir(FrtCtx *cx);
FrtStr frt_script_hash(FrtCtx *cx);

#endif
