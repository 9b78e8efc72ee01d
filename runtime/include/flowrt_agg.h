/* flowrt_agg.h: accumulators of groups; part of flowrt.h. What a group needs is small and inline; what it
 * rarely needs is allocated when it is needed, and lives as long as the run. */
#ifndef FLOWRT_AGG_H
#define FLOWRT_AGG_H

/* ---- sums ---- */

/* Sums of at most 2^64 values of 64 signed bits. */
#define FRT_SUM2_ADD(s, v)                                        \
  do {                                                            \
    int64_t v_ = (v);                                             \
    (s).lo += (uint64_t)v_;                                       \
    (s).hi += (v_ >> 63) + (int64_t)((s).lo < (uint64_t)v_);      \
  } while (0)
int frt_sum2_i64(FrtI128 s, int64_t *out);        /* FRT_E_SUM_OVERFLOW when it does not fit */
int frt_sum2_dec(FrtI128 s, FrtI128 *out);
double frt_sum2_f64(FrtI128 s);
double frt_sum2_avg(FrtI128 s, uint64_t n);       /* as frt_sum_avg */

/* An exact sum of doubles in 24 bytes: hi + lo is the sum of what was added, without error, as long as two
 * doubles can hold it; then all goes into a superaccumulator (flowrt_op.h) of the group's own, and hi and lo
 * start anew. The total is exact and rounded once, so the order of the rows does not matter. Zeroed is empty. */
typedef struct FrtFsum2 {
  double hi, lo;
  FrtFsum *big;
} FrtFsum2;
/* Knuth's exact addition, twice (The Art of Computer Programming 2, 4.2.2). */
#define FRT_FSUM2_ADD(cx, s, v)                                   \
  do {                                                            \
    double v_ = (v), h_ = (s).hi + v_, b_ = h_ - (s).hi;          \
    double e_ = ((s).hi - (h_ - b_)) + (v_ - b_);                 \
    double l_ = (s).lo + e_, c_ = l_ - (s).lo;                    \
    double r_ = ((s).lo - (l_ - c_)) + (e_ - c_);                 \
    if (r_ == 0) {                                                \
      (s).hi = h_;                                                \
      (s).lo = l_;                                                \
    } else {                                                      \
      frt_fsum2_spill(cx, &(s), v_);                              \
    }                                                             \
  } while (0)
void frt_fsum2_spill(FrtCtx *cx, FrtFsum2 *s, double v);
double frt_fsum2_value(const FrtFsum2 *s);

/* ---- values of groups that are held until the end ---- */

/* A row of a store for medians and quantiles. */
typedef struct FrtHeldF64 {
  double v;
  uint32_t group, unused;
} FrtHeldF64;
/* The values of all groups side by side: those of group g are result[starts[g]] up to result[starts[g + 1]]. Both
 * arrays are frt_group_free'd. */
double *frt_group_f64(const FrtStore *s, uint64_t groups, uint64_t **starts);
/* The same for rows of any form, which have the group's number (uint32_t) at `offset`: their numbers, in the order
 * of the rows within a group. */
uint64_t *frt_group_rows(const FrtStore *s, uint32_t offset, uint64_t groups, uint64_t **starts);
void frt_group_free(void *array);
/* The q-quantile of n > 0 values, linear between neighbours, nan above inf. Moves the values about. */
double frt_quantile(double *v, uint64_t n, double q);
/* The values (the first `size` bytes) of rows[0..n) as a list, and as one text. */
FrtList frt_list_of_rows(FrtCtx *cx, const FrtStore *s, const uint64_t *rows, uint64_t n, uint32_t size);
int frt_text_of_rows(FrtCtx *cx, FrtStr *out, const FrtStore *s, const uint64_t *rows, uint64_t n, FrtStr separator);
/* Starts a composite key with a group's number: 4 bytes. */
char *frt_key_group(char *p, uint32_t group);

/* Pointers to rows[ids[k]] for k < n, with the rows on their way into the cache. */
void frt_store_rows(const FrtStore *s, const uint32_t *ids, uint32_t n, void **rows);

/* A value with all it points to, kept beyond the block in room that the next value takes over. `room` is zeroed at
 * first. *value is of type t and then points into the room. */
typedef struct FrtRoom {
  char *data;
  uint64_t size;
} FrtRoom;
void frt_keep_value(FrtCtx *cx, FrtRoom *room, const FrtType *t, void *value);

/* ---- counting without keeping ---- */

/* About how many different hashes were added. Up to 256 it is exact, then a HyperLogLog of 4096 registers (Flajolet
 * et al. 2007, 64-bit hashes, linear counting below 2.5 * 4096), 1.6% standard error. Zeroed is empty. */
typedef struct FrtHll {
  void *data;            /* hashes, then registers */
  uint32_t len, room;    /* room FRT_NONE: registers */
} FrtHll;
void frt_hll_add(FrtCtx *cx, FrtHll *h, uint64_t hash);
int64_t frt_hll_count(const FrtHll *h);
uint64_t frt_hll_word(uint64_t key);
uint64_t frt_hll_text(FrtStr key);

#endif
