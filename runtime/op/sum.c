/* sum.c: exact sums, see flowrt_op.h. */
#include <math.h>
#include <string.h>

#include "flowrt.h"

/* ---- integers ---- */

static void sum_add_words(FrtSum *s, uint64_t w0, uint64_t w1, uint64_t w2) {
  unsigned __int128 t = (unsigned __int128)s->w[0] + w0;
  s->w[0] = (uint64_t)t;
  t = (unsigned __int128)s->w[1] + w1 + (uint64_t)(t >> 64);
  s->w[1] = (uint64_t)t;
  s->w[2] += w2 + (uint64_t)(t >> 64);
}

void frt_sum_add_wide(FrtSum *s, FrtI128 v) { sum_add_words(s, v.lo, (uint64_t)v.hi, (uint64_t)(v.hi >> 63)); }

void frt_sum_merge(FrtSum *s, const FrtSum *other) { sum_add_words(s, other->w[0], other->w[1], other->w[2]); }

static int sum_is_extension(const FrtSum *s, int from) {
  uint64_t sign = (uint64_t)((int64_t)s->w[from] >> 63);
  for (int i = from + 1; i < 3; i++)
    if (s->w[i] != sign) return 0;
  return 1;
}

int frt_sum_i64(const FrtSum *s, int64_t *out) {
  if (!sum_is_extension(s, 0)) return FRT_E_SUM_OVERFLOW;
  *out = (int64_t)s->w[0];
  return FRT_OK;
}

int frt_sum_u64(const FrtSum *s, uint64_t *out) {
  if (s->w[1] || s->w[2]) return FRT_E_SUM_OVERFLOW;
  *out = s->w[0];
  return FRT_OK;
}

int frt_sum_dec(const FrtSum *s, FrtI128 *out) {
  FrtI128 v = {s->w[0], (int64_t)s->w[1]};
  if (!sum_is_extension(s, 1) || !frt_dec_fits(v, 38)) return FRT_E_SUM_OVERFLOW;
  *out = v;
  return FRT_OK;
}

double frt_sum_f64(const FrtSum *s) {
  if (sum_is_extension(s, 1)) return (double)(__int128)(((unsigned __int128)s->w[1] << 64) | s->w[0]);
  return ldexp((double)(int64_t)s->w[2], 128) + ldexp((double)s->w[1], 64) + (double)s->w[0];
}

/* m / n with one rounding. What does not fit into 53 bits is divided as integers with bits to spare, of which the last says whether
 * there was a rest; a small quotient is shifted up. */
static double sum_quotient(unsigned __int128 m, uint64_t n) {
  enum { SUM_BITS = 53, SUM_SPARE = 57 };
  if (m >> SUM_BITS == 0 && n >> SUM_BITS == 0) return (double)(uint64_t)m / (double)n;
  int shift = 0;
  while ((m << shift) / n >> SUM_SPARE == 0 && m << shift >> 127 == 0) shift++;
  unsigned __int128 q = (m << shift) / n;
  q |= (m << shift) % n != 0;
  return ldexp((double)q, -shift);
}

double frt_sum2_avg(FrtI128 s, uint64_t n) {
  unsigned __int128 m = (unsigned __int128)(uint64_t)s.hi << 64 | s.lo;
  return s.hi < 0 ? -sum_quotient(0 - m, n) : sum_quotient(m, n);
}

double frt_sum_avg(const FrtSum *s, uint64_t n) {
  if (!sum_is_extension(s, 1)) return frt_sum_f64(s) / (double)n;
  return frt_sum2_avg((FrtI128){s->w[0], (int64_t)s->w[1]}, n);
}

/* ---- floats ---- */

enum { FSUM_ADDS_MAX = 1 << 28 };  /* each add puts less than 2^32 into a digit of 63 bits; with room to merge */

/* Brings every digit but the last into 0..2^32-1. */
static void fsum_carry(FrtFsum *s) {
  int64_t carry = 0;
  for (int i = 0; i < FRT_FSUM_LEN - 1; i++) {
    int64_t d = s->digit[i] + carry;
    carry = d >> 32;
    s->digit[i] = d & 0xffffffff;
  }
  s->digit[FRT_FSUM_LEN - 1] += carry;
  s->adds = 0;
}

void frt_fsum_add(FrtFsum *s, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  uint32_t exponent = (uint32_t)(bits >> 52) & 0x7ff;
  uint64_t mantissa = bits & 0xfffffffffffffull;
  if (exponent == 0x7ff) {
    s->special |= mantissa ? 4u : bits >> 63 ? 2u : 1u;
    return;
  }
  if (exponent) mantissa |= 1ull << 52;
  else exponent = 1;
  uint32_t at = (exponent - 1) / 32, shift = (exponent - 1) % 32;   /* mantissa * 2^(exponent - 1 - 1074) */
  unsigned __int128 wide = (unsigned __int128)mantissa << shift;
  int64_t d0 = (int64_t)(wide & 0xffffffff), d1 = (int64_t)((wide >> 32) & 0xffffffff), d2 = (int64_t)(wide >> 64);
  int64_t sign = bits >> 63 ? -1 : 1;
  s->digit[at] += sign * d0;
  s->digit[at + 1] += sign * d1;
  s->digit[at + 2] += sign * d2;
  if (++s->adds == FSUM_ADDS_MAX) fsum_carry(s);
}

void frt_fsum_merge(FrtFsum *s, const FrtFsum *other) {
  FrtFsum o = *other;
  fsum_carry(s);
  fsum_carry(&o);
  for (int i = 0; i < FRT_FSUM_LEN; i++) s->digit[i] += o.digit[i];
  s->special |= o.special;
  s->adds = 2;
}

/* The magnitude in `d` (carried, not negative), rounded half to even. */
static double fsum_round(const int64_t *d) {
  int top = FRT_FSUM_LEN - 1;
  while (top >= 0 && d[top] == 0) top--;
  if (top < 0) return 0.0;
  int high = 63 - __builtin_clzll((uint64_t)d[top]);         /* the highest bit of the number is 32 top + high */
  int first = 32 * top + high, last = first - 63;            /* take 64 bits: first..last, then a sticky bit */
  uint64_t m = 0;
  int sticky = 0;
  for (int bit = first; bit >= last; bit--) {
    int one = bit >= 0 ? (int)((bit / 32 == top ? (uint64_t)d[top] >> (bit - 32 * top) : (uint64_t)d[bit / 32] >> (bit % 32)) & 1) : 0;
    m = m << 1 | (uint64_t)one;
  }
  for (int i = 0; i < top && !sticky; i++)
    for (int b = 0; b < 32; b++)
      if (32 * i + b < last && ((uint64_t)d[i] >> b & 1)) sticky = 1;
  for (int b = 0; b < high && !sticky; b++)
    if (32 * top + b < last && ((uint64_t)d[top] >> b & 1)) sticky = 1;
  /* Bits that a double keeps: 53, fewer for subnormals (bit 0 of the number is 2^-1074). */
  int keep = first >= 52 ? 53 : first + 1;
  uint64_t kept = keep == 64 ? m : m >> (64 - keep), rest = keep == 64 ? 0 : m << keep;
  int up = rest > 1ull << 63 || (rest == 1ull << 63 && (sticky || (kept & 1)));
  if (rest == 1ull << 63 && sticky) up = 1;
  kept += (uint64_t)up;
  return ldexp((double)kept, first - keep + 1 - 1074);
}

double frt_fsum_value(const FrtFsum *in) {
  FrtFsum s = *in;
  if (s.special & 4 || (s.special & 3) == 3) return NAN;
  if (s.special) return s.special & 1 ? INFINITY : -INFINITY;
  fsum_carry(&s);
  int negative = s.digit[FRT_FSUM_LEN - 1] < 0;
  if (negative) {
    for (int i = 0; i < FRT_FSUM_LEN; i++) s.digit[i] = -s.digit[i];
    fsum_carry(&s);
  }
  double v = fsum_round(s.digit);
  return negative ? -v : v;
}

/* ---- moments ---- */

void frt_moments_add(FrtMoments *m, double v) {
  double d = v - m->mean;
  m->n++;
  m->mean += d / (double)m->n;
  m->m2 += d * (v - m->mean);
}

void frt_moments_merge(FrtMoments *m, const FrtMoments *o) {
  if (!o->n) return;
  if (!m->n) {
    *m = *o;
    return;
  }
  double n = (double)m->n + (double)o->n, d = o->mean - m->mean;
  m->m2 += o->m2 + d * d * (double)m->n * (double)o->n / n;
  m->mean += d * (double)o->n / n;
  m->n += o->n;
}
