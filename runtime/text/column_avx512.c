/* column_avx512.c: batch kernels with AVX-512 (F, BW, DQ, VL, VBMI), eight rows at a time.
 *
 * Numbers: the 16 bytes that end where a field ends, four rows to a register; a 64-bit mask says which
 * bytes belong to their field. Masks then tell signs, points, digits and leading zeros, and three
 * multiply-adds make 16 digits one number (D. Lemire and W. Muła have described the step in several
 * places). Dates and timestamps: the digits are shuffled to one order, pairs become 16-bit parts,
 * and the calendar (H. Hinnant's days_from_civil) is done on 32-bit lanes. A group of eight with
 * anything out of the ordinary goes to the portable kernel. */
#include "text/column_one.h"
#include "text/column_simd.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TVEC __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2")))
#define TVEC_INLINE TVEC __attribute__((always_inline)) static inline

enum { TVEC_ROWS = 8 };
static const uint64_t tvec_firsts = 0x0001000100010001u, tvec_lasts = 0x8000800080008000u;

/* The tails of eight fields: rows 0 2 4 6 in a, rows 1 3 5 7 in b. */
typedef struct FrtTails {
  __m512i a, b;
  uint64_t in_a, in_b, first_a, first_b;   /* the bytes that belong to the fields, the first of each */
  uint32_t empty, longer;  /* rows that are empty; not 0: some row has more than 16 bytes */
} FrtTails;

TVEC_INLINE __m512i tvec_four(const char *p0, const char *p1, const char *p2, const char *p3) {
  __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)p0));
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p1), 1);
  x = _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p2), 2);
  return _mm512_inserti32x4(x, _mm_loadu_si128((const __m128i *)p3), 3);
}

/* Where 64 fields stand: the beginning in the low half, the end in the high half, as in the index.
 * They are collected ahead, so that the vector loads below find the stores done. */
enum { TVEC_SPANS = 64 };
typedef struct FrtSpans {
  uint64_t at[TVEC_SPANS];
  const char *base, *end_base;
  uint32_t beg_add;
  uint32_t less;            /* end - beg - less is the length */
} FrtSpans;

/* Wraps in 32 bits: the first field of a block may begin at -1, plus one. */
static inline const char *tvec_begin(const FrtSpans *s, uint64_t at) { return s->base + ((uint32_t)at + s->beg_add); }

static inline void tvec_fill_spans(FrtSpans *s, const FrtFields *f, size_t row, uint32_t n) {
  const uint32_t *beg = f->beg + row * f->stride, *end = f->end + row * f->stride;
  size_t stride = f->stride;
  if (n > TVEC_SPANS) n = TVEC_SPANS;
  s->base = f->base;
  s->beg_add = f->beg_add;
  s->end_base = f->base - f->end_sub;
  s->less = f->beg_add + f->end_sub;
  if (end == beg + 1) {
    for (uint32_t i = 0; i < n; i++, beg += stride) memcpy(s->at + i, beg, 8);
  } else {
    for (uint32_t i = 0; i < n; i++, beg += stride, end += stride) s->at[i] = *beg | (uint64_t)*end << 32;
  }
}

/* The lengths of eight fields, in the low halves. */
TVEC_INLINE __m512i tvec_lengths(const FrtSpans *s, uint32_t row) {
  __m512i x = _mm512_loadu_si512(s->at + row);
  return _mm512_sub_epi32(_mm512_sub_epi32(_mm512_srli_epi64(x, 32), x), _mm512_set1_epi32((int)s->less));
}

/* Whether eight fields have that many bytes each. */
TVEC_INLINE int tvec_all_long(const FrtSpans *s, uint32_t row, int size) {
  return _mm512_mask_cmpneq_epi32_mask(0x5555, tvec_lengths(s, row), _mm512_set1_epi32(size)) == 0;
}

TVEC_INLINE void tvec_load_tails(const FrtSpans *s, uint32_t row, FrtTails *t) {
  const char *base = s->end_base - 16;
  const uint64_t *at = s->at + row;
  const __m512i back = _mm512_broadcast_i32x4(_mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  const __m512i one = _mm512_set1_epi8(1);
  __m512i len = tvec_lengths(s, row);
  t->a = tvec_four(base + (at[0] >> 32), base + (at[2] >> 32), base + (at[4] >> 32), base + (at[6] >> 32));
  t->b = tvec_four(base + (at[1] >> 32), base + (at[3] >> 32), base + (at[5] >> 32), base + (at[7] >> 32));
  __m512i len_a = _mm512_shuffle_epi8(len, _mm512_setzero_si512()), len_b = _mm512_shuffle_epi8(len, _mm512_set1_epi8(8));
  t->in_a = _mm512_cmpgt_epu8_mask(len_a, back);
  t->in_b = _mm512_cmpgt_epu8_mask(len_b, back);
  t->first_a = _mm512_cmpeq_epi8_mask(len_a, _mm512_add_epi8(back, one));
  t->first_b = _mm512_cmpeq_epi8_mask(len_b, _mm512_add_epi8(back, one));
  const __m512i low = _mm512_set1_epi64(0xffffffff);
  t->empty = t->longer = 0;
  len = _mm512_and_si512(len, low);
  if (_mm512_cmpgt_epu64_mask(_mm512_sub_epi64(len, _mm512_set1_epi64(1)), _mm512_set1_epi64(15))) {
    t->empty = _mm512_testn_epi64_mask(len, len);
    t->longer = _mm512_cmpgt_epu64_mask(len, _mm512_set1_epi64(16));
  }
}

/* The first of each row's bytes. */
static inline uint64_t tvec_first_of(uint64_t in) { return in & ~((in << 1) & ~tvec_firsts); }

/* One bit for each row that has a bit. */
static inline uint32_t tvec_rows_of(uint64_t a, uint64_t b) {
  uint32_t rows = 0;
  for (uint32_t i = 0; i < 4; i++) {
    rows |= (uint32_t)((a >> 16 * i & 0xffff) != 0) << 2 * i;
    rows |= (uint32_t)((b >> 16 * i & 0xffff) != 0) << (2 * i + 1);
  }
  return rows;
}

/* Digits, 0 where there is none, to eight 64-bit numbers in row order. */
TVEC_INLINE __m512i tvec_join_digits(__m512i a, __m512i b) {
  const __m512i tens = _mm512_set1_epi16(0x010a), hundreds = _mm512_set1_epi32(0x00010064);
  a = _mm512_madd_epi16(_mm512_maddubs_epi16(a, tens), hundreds);
  b = _mm512_madd_epi16(_mm512_maddubs_epi16(b, tens), hundreds);
  __m512i eights = _mm512_madd_epi16(_mm512_packus_epi32(a, b), _mm512_set1_epi32(0x00012710));
  return _mm512_add_epi64(_mm512_mul_epu32(eights, _mm512_set1_epi64(100000000)), _mm512_srli_epi64(eights, 32));
}

TVEC_INLINE void tvec_store_nulls(uint8_t *nul, uint32_t empty) {
  _mm_storel_epi64((__m128i *)nul, _mm_maskz_set1_epi8((__mmask16)empty, 1));
}

/* What is left over: rows from..from+n-1 by the portable kernel. */
typedef struct FrtVecRest {
  FrtColumnKernel *kernel;
  const FrtFields *f;
  const FrtType *t;
  char *out;
  uint8_t *nul, *canon;
  uint32_t *bad, bads, size;
} FrtVecRest;

static void tvec_do_rest(FrtVecRest *s, uint32_t from, uint32_t n) {
  FrtFields part = *s->f;
  part.beg += (size_t)from * part.stride;
  part.end += (size_t)from * part.stride;
  uint32_t bads = s->kernel(&part, n, s->t, s->out ? s->out + (size_t)from * s->size : NULL, s->nul ? s->nul + from : NULL,
                            s->canon, s->bad + s->bads);
  for (uint32_t i = 0; i < bads; i++) s->bad[s->bads + i] += from;
  s->bads += bads;
}

#define TVEC_REST(zoned, bytes) \
  FrtVecRest rest = {frt_column_portable(t, zoned), f, t, out, nul, canon, bad, 0, bytes}

/* ---- integers --------------------------------------------------------------------------------- */

/* Eight integers; 0 when the group is out of the ordinary. *plain becomes 0 for leading zeros or -0. */
TVEC_INLINE int tvec_ints(const FrtTails *x, __m512i *out, uint32_t *minus_rows, int *plain) {
  const __m512i zero = _mm512_set1_epi8('0'), nine = _mm512_set1_epi8(9), dash = _mm512_set1_epi8('-');
  uint64_t minus_a = _mm512_mask_cmpeq_epi8_mask(x->first_a, x->a, dash);
  uint64_t minus_b = _mm512_mask_cmpeq_epi8_mask(x->first_b, x->b, dash);
  uint64_t in_a = x->in_a & ~minus_a, in_b = x->in_b & ~minus_b;
  __m512i a = _mm512_maskz_sub_epi8(in_a, x->a, zero), b = _mm512_maskz_sub_epi8(in_b, x->b, zero);
  uint64_t wrong = _mm512_cmpgt_epu8_mask(a, nine) | _mm512_cmpgt_epu8_mask(b, nine);
  if (wrong | x->longer | ((minus_a | minus_b) & tvec_lasts)) return 0;
  uint64_t lead = _mm512_mask_testn_epi8_mask(tvec_first_of(in_a) & ~tvec_lasts, a, a);
  lead |= _mm512_mask_testn_epi8_mask(tvec_first_of(in_b) & ~tvec_lasts, b, b);
  __m512i v = tvec_join_digits(a, b);
  *minus_rows = 0;
  if (minus_a | minus_b) {
    uint32_t rows = tvec_rows_of(minus_a, minus_b);
    lead |= _mm512_mask_testn_epi64_mask((__mmask8)rows, v, v);
    v = _mm512_mask_sub_epi64(v, (__mmask8)rows, _mm512_setzero_si512(), v);
    *minus_rows = rows;
  }
  *plain &= lead == 0;
  *out = v;
  return 1;
}

TVEC_INLINE void tvec_store_ints(void *out, size_t row, uint32_t size, __m512i v) {
  if (size == 8) _mm512_storeu_si512((int64_t *)out + row, v);
  else if (size == 4) _mm256_storeu_si256((__m256i *)((int32_t *)out + row), _mm512_cvtepi64_epi32(v));
  else if (size == 2) _mm_storeu_si128((__m128i *)((int16_t *)out + row), _mm512_cvtepi64_epi16(v));
  else _mm_storel_epi64((__m128i *)((int8_t *)out + row), _mm512_cvtepi64_epi8(v));
}

#define TVEC_INT_KERNEL(name, bytes, min, max)                                                          \
  TVEC static uint32_t name(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,   \
                            uint8_t *canon, uint32_t *bad) {                                            \
    FrtSpans spans;                                                                                     \
    TVEC_REST(0, bytes);                                                                                \
    int plain = 1;                                                                                      \
    uint32_t r = 0, minus;                                                                              \
    for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {                                                        \
      FrtTails x;                                                                                       \
      __m512i v;                                                                                        \
      if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);                                  \
      tvec_load_tails(&spans, r % TVEC_SPANS, &x);                                                                        \
      if ((x.empty && !nul) || !tvec_ints(&x, &v, &minus, &plain) || ((min) == 0 && minus) ||           \
          (bytes < 8 && (_mm512_cmpgt_epi64_mask(v, _mm512_set1_epi64(max)) |                           \
                         _mm512_cmplt_epi64_mask(v, _mm512_set1_epi64(min))))) {                        \
        tvec_do_rest(&rest, r, TVEC_ROWS);                                                              \
        continue;                                                                                       \
      }                                                                                                 \
      if (nul) tvec_store_nulls(nul + r, x.empty);                                                      \
      if (out) tvec_store_ints(out, r, bytes, v);                                                       \
    }                                                                                                   \
    if (r < n) tvec_do_rest(&rest, r, n - r);                                                           \
    if (canon && !plain) *canon = 0;                                                                    \
    return rest.bads;                                                                                   \
  }

TVEC_INT_KERNEL(tvec_i8, 1, INT8_MIN, INT8_MAX)
TVEC_INT_KERNEL(tvec_i16, 2, INT16_MIN, INT16_MAX)
TVEC_INT_KERNEL(tvec_i32, 4, INT32_MIN, INT32_MAX)
TVEC_INT_KERNEL(tvec_i64, 8, INT64_MIN, INT64_MAX)
TVEC_INT_KERNEL(tvec_u8, 1, 0, UINT8_MAX)
TVEC_INT_KERNEL(tvec_u16, 2, 0, UINT16_MAX)
TVEC_INT_KERNEL(tvec_u32, 4, 0, UINT32_MAX)
TVEC_INT_KERNEL(tvec_u64, 8, 0, INT64_MAX)

/* ---- decimals --------------------------------------------------------------------------------- */

/* One half of the group. points: the column of the point, one bit for each row. */
typedef struct FrtDecHalf {
  __m512i digits;
  uint64_t minus, wrong, lead;
} FrtDecHalf;

TVEC_INLINE FrtDecHalf tvec_dec_half(__m512i x, uint64_t in, uint64_t first, uint64_t points, uint32_t scale, __m512i close_up) {
  FrtDecHalf h;
  h.minus = _mm512_mask_cmpeq_epi8_mask(first, x, _mm512_set1_epi8('-'));
  uint64_t filled = in >> scale & points;    /* rows that are not empty */
  uint64_t digits = in & ~h.minus & ~points;
  x = _mm512_mask_mov_epi8(x, points & ~in, _mm512_setzero_si512());
  h.wrong = (_mm512_mask_cmpeq_epi8_mask(points, x, _mm512_set1_epi8('.')) ^ filled) |
            ((digits & points >> 1) ^ filled >> 1);
  __m512i d = _mm512_maskz_sub_epi8(digits, x, _mm512_set1_epi8('0'));
  h.wrong |= _mm512_cmpgt_epu8_mask(d, _mm512_set1_epi8(9));
  h.lead = _mm512_mask_testn_epi8_mask(tvec_first_of(in & ~h.minus) & ~(points >> 1), d, d);
  h.digits = _mm512_shuffle_epi8(d, close_up);
  return h;
}

/* Scales 1 to 14: the text has its point and all its fractional digits. */
TVEC static uint32_t tvec_dec64(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                uint8_t *canon, uint32_t *bad) {
  FrtSpans spans;
  TVEC_REST(0, 8);
  uint32_t r = 0, scale = t->scale;
  uint64_t points = tvec_firsts << (15 - scale), lead = 0;
  char moves[16];
  for (uint32_t i = 0; i < 16; i++) moves[i] = (char)(i > 15 - scale ? i : i == 0 ? 0x80 : i - 1);
  const __m512i close_up = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)moves));
  const __m512i most = _mm512_set1_epi64((long long)tone_pow10[t->precision] - 1);
  for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {
    FrtTails x;
    if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);
    tvec_load_tails(&spans, r % TVEC_SPANS, &x);
    FrtDecHalf a = tvec_dec_half(x.a, x.in_a, x.first_a, points, scale, close_up);
    FrtDecHalf b = tvec_dec_half(x.b, x.in_b, x.first_b, points, scale, close_up);
    __m512i v = tvec_join_digits(a.digits, b.digits);
    uint64_t wrong = a.wrong | b.wrong | x.longer | (uint64_t)(x.empty && !nul);
    if (wrong | _mm512_cmpgt_epu64_mask(v, most)) {
      tvec_do_rest(&rest, r, TVEC_ROWS);
      continue;
    }
    lead |= a.lead | b.lead;
    if (a.minus | b.minus) {
      uint32_t rows = tvec_rows_of(a.minus, b.minus);
      lead |= _mm512_mask_testn_epi64_mask((__mmask8)rows, v, v);
      v = _mm512_mask_sub_epi64(v, (__mmask8)rows, _mm512_setzero_si512(), v);
    }
    if (nul) tvec_store_nulls(nul + r, x.empty);
    if (out) _mm512_storeu_si512((int64_t *)out + r, v);
  }
  if (r < n) tvec_do_rest(&rest, r, n - r);
  if (canon && lead) *canon = 0;
  return rest.bads;
}

/* Scale 0 is an integer below 10^precision. */
TVEC static uint32_t tvec_dec64_whole(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                      uint8_t *canon, uint32_t *bad) {
  FrtSpans spans;
  TVEC_REST(0, 8);
  int plain = 1;
  uint32_t r = 0, minus;
  const __m512i most = _mm512_set1_epi64((long long)tone_pow10[t->precision] - 1);
  for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {
    FrtTails x;
    __m512i v;
    if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);
    tvec_load_tails(&spans, r % TVEC_SPANS, &x);
    if ((x.empty && !nul) || !tvec_ints(&x, &v, &minus, &plain) || _mm512_cmpgt_epu64_mask(_mm512_abs_epi64(v), most)) {
      tvec_do_rest(&rest, r, TVEC_ROWS);
      continue;
    }
    if (nul) tvec_store_nulls(nul + r, x.empty);
    if (out) _mm512_storeu_si512((int64_t *)out + r, v);
  }
  if (r < n) tvec_do_rest(&rest, r, n - r);
  if (canon && !plain) *canon = 0;
  return rest.bads;
}

/* ---- dates and timestamps --------------------------------------------------------------------- */

/* Digits YYYYMMDDhhmmss00 of four rows each to days and seconds of the day: 0 when a part is out of
 * its range. */
TVEC_INLINE int tvec_calendar(__m512i a, __m512i b, __m256i *days, __m256i *seconds) {
  const __m512i nine = _mm512_set1_epi8(9), tens = _mm512_set1_epi16(0x010a);
  const __m512i most = _mm512_broadcast_i32x4(_mm_setr_epi16(99, 99, 12, 31, 23, 59, 59, 0));
  const __m512i least = _mm512_broadcast_i32x4(_mm_setr_epi16(0, 0, 1, 1, 0, 0, 0, 0));
  const __m512i weight = _mm512_broadcast_i32x4(_mm_setr_epi16(100, 1, 32, 1, 60, 1, 1, 0));
  uint64_t wrong = _mm512_cmpgt_epu8_mask(a, nine) | _mm512_cmpgt_epu8_mask(b, nine);
  a = _mm512_maddubs_epi16(a, tens);
  b = _mm512_maddubs_epi16(b, tens);
  wrong |= _mm512_cmpgt_epi16_mask(a, most) | _mm512_cmpgt_epi16_mask(b, most);
  wrong |= _mm512_cmplt_epi16_mask(a, least) | _mm512_cmplt_epi16_mask(b, least);
  if (wrong) return 0;
  a = _mm512_madd_epi16(a, weight);
  b = _mm512_madd_epi16(b, weight);
  const __m512i dates = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const __m512i clocks = _mm512_setr_epi32(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  __m512i date = _mm512_permutex2var_epi32(a, dates, b), clock = _mm512_permutex2var_epi32(a, clocks, b);
  __m256i year = _mm512_castsi512_si256(date), md = _mm512_extracti64x4_epi64(date, 1);
  __m256i month = _mm256_srli_epi32(md, 5), day = _mm256_and_si256(md, _mm256_set1_epi32(31));
  /* Days before a month that starts the year in March; days in a month. */
  const __m256i before0 = _mm256_setr_epi32(0, 306, 337, 0, 31, 61, 92, 122);
  const __m256i before1 = _mm256_setr_epi32(153, 184, 214, 245, 275, 0, 0, 0);
  const __m256i length0 = _mm256_setr_epi32(0, 31, 28, 31, 30, 31, 30, 31);
  const __m256i length1 = _mm256_setr_epi32(31, 30, 31, 30, 31, 0, 0, 0);
  const __m256i three = _mm256_set1_epi32(3), one = _mm256_set1_epi32(1);
  const __m256i hundredth = _mm256_set1_epi32(5243);   /* y * 5243 >> 19 is y / 100 up to 43,698 */
  __m256i length = _mm256_permutex2var_epi32(length0, month, length1);
  __m256i century = _mm256_srli_epi32(_mm256_mullo_epi32(year, hundredth), 19);
  __m256i rest = _mm256_sub_epi32(year, _mm256_mullo_epi32(century, _mm256_set1_epi32(100)));
  __mmask8 leap = _mm256_testn_epi32_mask(year, three);
  leap &= _mm256_test_epi32_mask(rest, rest) | _mm256_testn_epi32_mask(century, three);
  leap &= _mm256_cmpeq_epi32_mask(month, _mm256_set1_epi32(2));
  length = _mm256_mask_add_epi32(length, leap, length, one);
  if (_mm256_cmpgt_epi32_mask(day, length) | _mm256_testn_epi32_mask(year, year)) return 0;
  __m256i y = _mm256_mask_sub_epi32(year, _mm256_cmplt_epi32_mask(month, three), year, one);
  __m256i c = _mm256_srli_epi32(_mm256_mullo_epi32(y, hundredth), 19);
  __m256i d = _mm256_add_epi32(_mm256_mullo_epi32(y, _mm256_set1_epi32(365)), _mm256_srli_epi32(y, 2));
  d = _mm256_add_epi32(_mm256_sub_epi32(d, c), _mm256_srli_epi32(c, 2));
  d = _mm256_add_epi32(d, _mm256_add_epi32(_mm256_permutex2var_epi32(before0, month, before1), day));
  *days = _mm256_sub_epi32(d, _mm256_set1_epi32(719469));
  __m256i minutes = _mm512_castsi512_si256(clock);
  *seconds = _mm256_add_epi32(_mm256_mullo_epi32(minutes, _mm256_set1_epi32(60)), _mm512_extracti64x4_epi64(clock, 1));
  return 1;
}

static const uint64_t tvec_zeds = 0x0008000000080000u;   /* where the Z stands in two rows */
static const char tvec_epoch[] = "1970-01-01T00:00:00Z............";   /* stands for an empty field */

TVEC static uint32_t tvec_date(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                               uint8_t *canon, uint32_t *bad) {
  FrtSpans spans;
  TVEC_REST(0, 4);
  const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1));
  const __m512i dash = _mm512_set1_epi8('-'), zero = _mm512_set1_epi8('0');
  const uint64_t dashes = 0x0090009000900090u;
  uint32_t r = 0;
  for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {
    const char *p[TVEC_ROWS];
    uint32_t empty = 0, odd = 0;
    if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);
    if (tvec_all_long(&spans, r % TVEC_SPANS, 10)) {
#pragma GCC unroll 8
      for (uint32_t i = 0; i < TVEC_ROWS; i++) p[i] = tvec_begin(&spans, spans.at[r % TVEC_SPANS + i]);
    } else {
      for (uint32_t i = 0; i < TVEC_ROWS; i++) {
        uint64_t at = spans.at[r % TVEC_SPANS + i];
        uint32_t len = (uint32_t)(at >> 32) - (uint32_t)at - spans.less;
        p[i] = len ? tvec_begin(&spans, at) : tvec_epoch;
        empty |= (uint32_t)(len == 0) << i;
        odd |= len != 10 && len != 0;
      }
    }
    __m512i a = tvec_four(p[0], p[1], p[2], p[3]), b = tvec_four(p[4], p[5], p[6], p[7]);
    uint64_t wrong = _mm512_mask_cmpneq_epi8_mask(dashes, a, dash) | _mm512_mask_cmpneq_epi8_mask(dashes, b, dash);
    a = _mm512_shuffle_epi8(_mm512_sub_epi8(a, zero), order);
    b = _mm512_shuffle_epi8(_mm512_sub_epi8(b, zero), order);
    __m256i days, seconds;
    if (wrong | odd | (uint64_t)(empty && !nul) || !tvec_calendar(a, b, &days, &seconds)) {
      tvec_do_rest(&rest, r, TVEC_ROWS);
      continue;
    }
    if (nul) tvec_store_nulls(nul + r, empty);
    if (out) _mm256_storeu_si256((__m256i *)((int32_t *)out + r), days);
  }
  if (r < n) tvec_do_rest(&rest, r, n - r);
  return rest.bads;
}

/* Two rows of 32 bytes each. */
TVEC_INLINE __m512i tvec_two(const char *p0, const char *p1) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)p0)),
                            _mm256_loadu_si256((const __m256i *)p1), 1);
}

/* Whether the separators stand in two rows whose fields end with (ends: bit 19 and 51) a Z; *space
 * gets a bit where a space stands for the T. */
TVEC_INLINE uint64_t tvec_wrong_marks(__m512i x, uint64_t ends, uint64_t *space) {
  const __m512i marks = _mm512_broadcast_i64x4(_mm256_setr_epi8(0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 'T', 0, 0, ':', 0, 0, ':',
                                                               0, 0, 'Z', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const uint64_t tees = 0x0000040000000400u, others = 0x0001209000012090u;
  uint64_t no_tee = _mm512_mask_cmpneq_epi8_mask(tees, x, marks);
  *space |= no_tee;
  return _mm512_mask_cmpneq_epi8_mask(others | ends, x, marks) |
         _mm512_mask_cmpneq_epi8_mask(no_tee, x, _mm512_set1_epi8(' '));
}

TVEC_INLINE uint32_t tvec_timestamps(FrtVecRest *rest, uint32_t n, int zoned) {
  const FrtFields *f = rest->f;
  const __m512i lanes = _mm512_setr_epi32(0, 0, 0, 0, 0x20202020, 0x20202020, 0x20202020, 0x20202020, 0x40404040, 0x40404040,
                                          0x40404040, 0x40404040, 0x60606060, 0x60606060, 0x60606060, 0x60606060);
  const __m512i order = _mm512_add_epi8(lanes, _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 0, 0)));
  const __m512i zero = _mm512_set1_epi8('0');
  const uint64_t digits = 0x3fff3fff3fff3fffu;
  uint64_t space = 0, bare = 0;
  FrtSpans spans;
  uint32_t r = 0;
  for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {
    const char *p[TVEC_ROWS];
    uint64_t ends[4] = {tvec_zeds, tvec_zeds, tvec_zeds, tvec_zeds}, spaces = 0;
    uint32_t empty = 0, odd = 0, short_rows = 0;
    if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);
    if (tvec_all_long(&spans, r % TVEC_SPANS, 20)) {
#pragma GCC unroll 8
      for (uint32_t i = 0; i < TVEC_ROWS; i++) p[i] = tvec_begin(&spans, spans.at[r % TVEC_SPANS + i]);
    } else {
      for (uint32_t i = 0; i < TVEC_ROWS; i++) {
        uint64_t at = spans.at[r % TVEC_SPANS + i];
        uint32_t len = (uint32_t)(at >> 32) - (uint32_t)at - spans.less;
        p[i] = len ? tvec_begin(&spans, at) : tvec_epoch;
        empty |= (uint32_t)(len == 0) << i;
        short_rows |= len == 19;
        odd |= len - 19 > 1 && len != 0;
        ends[i / 2] ^= (uint64_t)(len == 19) << (19 + 32 * (i & 1));
      }
    }
    __m512i x0 = tvec_two(p[0], p[1]), x1 = tvec_two(p[2], p[3]), x2 = tvec_two(p[4], p[5]), x3 = tvec_two(p[6], p[7]);
    uint64_t wrong = tvec_wrong_marks(x0, ends[0], &spaces) | tvec_wrong_marks(x1, ends[1], &spaces) |
                     tvec_wrong_marks(x2, ends[2], &spaces) | tvec_wrong_marks(x3, ends[3], &spaces);
    __m512i a = _mm512_maskz_sub_epi8(digits, _mm512_permutex2var_epi8(x0, order, x1), zero);
    __m512i b = _mm512_maskz_sub_epi8(digits, _mm512_permutex2var_epi8(x2, order, x3), zero);
    __m256i days, seconds;
    if (wrong | odd | (uint64_t)(empty && !rest->nul) | (uint64_t)(zoned && short_rows) || !tvec_calendar(a, b, &days, &seconds)) {
      tvec_do_rest(rest, r, TVEC_ROWS);
      continue;
    }
    space |= spaces;
    bare |= short_rows;
    if (rest->nul) tvec_store_nulls(rest->nul + r, empty);
    if (!rest->out) continue;
    __m512i s = _mm512_mul_epi32(_mm512_cvtepi32_epi64(days), _mm512_set1_epi64(86400));
    s = _mm512_add_epi64(s, _mm512_cvtepu32_epi64(seconds));
    _mm512_storeu_si512((int64_t *)(void *)rest->out + r, _mm512_mullo_epi64(s, _mm512_set1_epi64(1000000)));
  }
  if (r < n) tvec_do_rest(rest, r, n - r);
  if (rest->canon && (space | bare)) *rest->canon = 0;
  return rest->bads;
}

TVEC static uint32_t tvec_timestamp(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                    uint8_t *canon, uint32_t *bad) {
  TVEC_REST(0, 8);
  return tvec_timestamps(&rest, n, 0);
}

TVEC static uint32_t tvec_timestamp_zoned(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                          uint8_t *canon, uint32_t *bad) {
  TVEC_REST(1, 8);
  return tvec_timestamps(&rest, n, 1);
}

/* ---- booleans ---------------------------------------------------------------------------------- */

/* `true` and `false`; other spellings go to the portable kernel. */
TVEC static uint32_t tvec_bool(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul, uint8_t *canon,
                               uint32_t *bad) {
  FrtSpans spans;
  TVEC_REST(0, 1);
  const __m512i yes = _mm512_set1_epi64(0x65757274), no = _mm512_set1_epi64(0x65736c6166);
  const __m512i four = _mm512_set1_epi64(0xffffffff), five = _mm512_set1_epi64(0xffffffffff);
  uint32_t r = 0;
  for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {
    uint64_t text[TVEC_ROWS];
    if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);
#pragma GCC unroll 8
    for (uint32_t i = 0; i < TVEC_ROWS; i++) memcpy(text + i, tvec_begin(&spans, spans.at[r % TVEC_SPANS + i]), 8);
    __m512i x = _mm512_loadu_si512(text), len = _mm512_and_si512(tvec_lengths(&spans, r % TVEC_SPANS), four);
    uint32_t is_yes = _mm512_mask_cmpeq_epi64_mask(_mm512_cmpeq_epi64_mask(len, _mm512_set1_epi64(4)), _mm512_and_si512(x, four), yes);
    uint32_t is_no = _mm512_mask_cmpeq_epi64_mask(_mm512_cmpeq_epi64_mask(len, _mm512_set1_epi64(5)), _mm512_and_si512(x, five), no);
    uint32_t empty = _mm512_testn_epi64_mask(len, len);
    if ((is_yes | is_no | (nul ? empty : 0)) != 0xff) {
      tvec_do_rest(&rest, r, TVEC_ROWS);
      continue;
    }
    if (nul) tvec_store_nulls(nul + r, empty);
    if (out) _mm_storel_epi64((__m128i *)((uint8_t *)out + r), _mm_maskz_set1_epi8((__mmask16)is_yes, 1));
  }
  if (r < n) tvec_do_rest(&rest, r, n - r);
  return rest.bads;
}

/* ---- strings ---------------------------------------------------------------------------------- */

TVEC static uint32_t tvec_strings(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                  uint8_t *canon, uint32_t *bad) {
  FrtVecRest rest = {frt_column_strings_portable, f, t, out, nul, canon, bad, 0, sizeof(FrtStr)};
  const __m512i low = _mm512_set1_epi64(0xffffffff), base = _mm512_set1_epi64((long long)(uintptr_t)f->base);
  const __m512i add = _mm512_set1_epi32((int)f->beg_add);
  const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  FrtSpans spans;
  uint32_t r = 0;
  for (; n - r >= TVEC_ROWS; r += TVEC_ROWS) {
    if (r % TVEC_SPANS == 0) tvec_fill_spans(&spans, f, r, n - r);
    const uint64_t *at = spans.at + r % TVEC_SPANS;
    uint32_t quotes = 0;
#pragma GCC unroll 8
    for (uint32_t i = 0; i < TVEC_ROWS; i++) quotes |= *tvec_begin(&spans, at[i]) == '"';
    if (quotes) {
      tvec_do_rest(&rest, r, TVEC_ROWS);
      continue;
    }
    __m512i len = _mm512_and_si512(tvec_lengths(&spans, r % TVEC_SPANS), low);
    if (nul) tvec_store_nulls(nul + r, _mm512_testn_epi64_mask(len, len));
    if (!out) continue;
    __m512i ptr = _mm512_and_si512(_mm512_add_epi32(_mm512_loadu_si512(at), add), low);
    ptr = _mm512_add_epi64(ptr, base);
    _mm512_storeu_si512((FrtStr *)out + r, _mm512_permutex2var_epi64(ptr, first, len));
    _mm512_storeu_si512((FrtStr *)out + r + 4, _mm512_permutex2var_epi64(ptr, second, len));
  }
  if (r < n) tvec_do_rest(&rest, r, n - r);
  return rest.bads;
}

/* ---- the choice ------------------------------------------------------------------------------- */

int frt_simd_detect(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2")) {
    return FRT_SIMD_AVX512;
  }
  return __builtin_cpu_supports("avx2") ? FRT_SIMD_AVX2 : FRT_SIMD_SSE2;
}

FrtColumnKernel *frt_simd_kernel(const FrtType *t, int zoned, int level) {
  if (level < FRT_SIMD_AVX512) return NULL;
  switch (t->kind) {
  case FRT_BOOL: return tvec_bool;
  case FRT_I8: return tvec_i8;
  case FRT_I16: return tvec_i16;
  case FRT_I32: return tvec_i32;
  case FRT_I64: return tvec_i64;
  case FRT_U8: return tvec_u8;
  case FRT_U16: return tvec_u16;
  case FRT_U32: return tvec_u32;
  case FRT_U64: return tvec_u64;
  case FRT_DECIMAL:
    if (t->precision > 18) return NULL;
    return t->scale == 0 ? tvec_dec64_whole : t->scale <= 14 ? tvec_dec64 : NULL;
  case FRT_DATE: return tvec_date;
  case FRT_TIMESTAMP: return zoned ? tvec_timestamp_zoned : tvec_timestamp;
  default: return NULL;
  }
}

FrtColumnKernel *frt_simd_kernel_strings(int level) { return level < FRT_SIMD_AVX512 ? NULL : tvec_strings; }

#else

int frt_simd_detect(void) { return FRT_SIMD_SCALAR; }
FrtColumnKernel *frt_simd_kernel(const FrtType *t, int zoned, int level) { return NULL; }
FrtColumnKernel *frt_simd_kernel_strings(int level) { return NULL; }

#endif
