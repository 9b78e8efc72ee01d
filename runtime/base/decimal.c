/* decimal.c: exact decimal arithmetic on 128-bit integers.
 *
 * Values are below 10^38 < 2^127, so __int128 holds them. Products and scaled
 * dividends need up to 256 bits: four 64-bit limbs, divided by at most 128 bits with two steps of
 * Knuth's algorithm D (The Art of Computer Programming, 4.3.1) on a normalised divisor. Quotients
 * are rounded half to even by comparing twice the remainder with the divisor. */
#include "flowrt.h"

#include <math.h>

typedef __int128 dec_i128;
typedef unsigned __int128 dec_u128;

enum { DEC_DIGITS_MAX = 38, DEC_DIGITS_NARROW = 18 };

static const int64_t dec_pow10_64[19] = {
  1LL, 10LL, 100LL, 1000LL, 10000LL, 100000LL, 1000000LL, 10000000LL, 100000000LL, 1000000000LL,
  10000000000LL, 100000000000LL, 1000000000000LL, 10000000000000LL, 100000000000000LL,
  1000000000000000LL, 10000000000000000LL, 100000000000000000LL, 1000000000000000000LL};

static dec_u128 dec_pow10(int n) {               /* n <= 38 */
  dec_u128 p = (dec_u128)dec_pow10_64[n <= 18 ? n : 18];
  if (n > 18) p *= (dec_u128)dec_pow10_64[n - 18 <= 18 ? n - 18 : 18];
  if (n > 36) p *= (dec_u128)dec_pow10_64[n - 36];
  return p;
}

static dec_i128 dec_load(FrtI128 a) { return (dec_i128)(((dec_u128)(uint64_t)a.hi << 64) | a.lo); }

static FrtI128 dec_store(dec_i128 a) {
  FrtI128 r = {(uint64_t)a, (int64_t)(a >> 64)};
  return r;
}

static dec_u128 dec_abs(dec_i128 a) { return a < 0 ? -(dec_u128)a : (dec_u128)a; }

/* Writes the number of sign `negative` and magnitude m when it has at most p digits. */
static int dec_finish(dec_u128 m, int negative, int p, FrtI128 *out) {
  if (m >= dec_pow10(p)) return FRT_E_OVERFLOW;
  *out = dec_store(negative ? -(dec_i128)m : (dec_i128)m);
  return FRT_OK;
}

/* The quotient q with remainder r of a division by d, rounded half to even. */
static dec_u128 dec_half_even(dec_u128 q, dec_u128 r, dec_u128 d) {
  if (r > d - r) return q + 1;
  return r == d - r ? q + (q & 1) : q;
}

static dec_u128 dec_div_half_even(dec_u128 a, dec_u128 d) {
  if ((a >> 64) == 0 && (d >> 64) == 0) {
    uint64_t q = (uint64_t)a / (uint64_t)d;
    return dec_half_even(q, (uint64_t)a % (uint64_t)d, d);
  }
  dec_u128 q = a / d;
  return dec_half_even(q, a - q * d, d);
}

/* ---- 256 bits ---- */

typedef struct DecU256 { dec_u128 lo, hi; } DecU256;

static DecU256 dec_mul_256(dec_u128 a, dec_u128 b) {
  uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64), b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
  dec_u128 low = (dec_u128)a0 * b0, m1 = (dec_u128)a1 * b0, m2 = (dec_u128)a0 * b1;
  dec_u128 mid = (low >> 64) + (uint64_t)m1 + (uint64_t)m2;
  DecU256 r = {(mid << 64) | (uint64_t)low, (dec_u128)a1 * b1 + (m1 >> 64) + (m2 >> 64) + (mid >> 64)};
  return r;
}

/* One step of algorithm D: (n2, n1, n0) / (d1, d0) with d1's top bit set and (n2, n1) < (d1, d0).
 * Returns the 64-bit quotient digit and sets *rem. */
static uint64_t dec_div_3by2(dec_u128 n21, uint64_t n0, dec_u128 d, dec_u128 *rem) {
  uint64_t d1 = (uint64_t)(d >> 64), d0 = (uint64_t)d, n2 = (uint64_t)(n21 >> 64);
  dec_u128 q, r;
  if (n2 >= d1) {
    q = ~(uint64_t)0;
    r = n21 - (dec_u128)d1 * ~(uint64_t)0;
  } else {
    q = n21 / d1;
    r = n21 % d1;
  }
  while ((r >> 64) == 0 && q * d0 > ((r << 64) | n0)) {
    q--;
    r += d1;
  }
  *rem = ((n21 << 64) | n0) - q * d;             /* modulo 2^128; the true remainder is below d */
  return (uint64_t)q;
}

/* n / d with n.hi < d (so the quotient fits): sets *rem. */
static dec_u128 dec_div_256(DecU256 n, dec_u128 d, dec_u128 *rem) {
  if (n.hi == 0) {
    dec_u128 q = n.lo / d;
    *rem = n.lo - q * d;
    return q;
  }
  int shift = (d >> 64) ? __builtin_clzll((uint64_t)(d >> 64)) : 64 + __builtin_clzll((uint64_t)d);
  if (shift) {
    n.hi = (n.hi << shift) | (n.lo >> (128 - shift));
    n.lo <<= shift;
    d <<= shift;
  }
  dec_u128 r;
  uint64_t q1 = dec_div_3by2(n.hi, (uint64_t)(n.lo >> 64), d, &r);
  uint64_t q0 = dec_div_3by2(r, (uint64_t)n.lo, d, &r);
  *rem = r >> shift;
  return ((dec_u128)q1 << 64) | q0;
}

/* ---- between representations ---- */

FrtI128 frt_i128_from_i64(int64_t a) {
  FrtI128 r = {(uint64_t)a, a >> 63};
  return r;
}

FrtI128 frt_i128_from_u64(uint64_t a) {
  FrtI128 r = {a, 0};
  return r;
}

int frt_i128_to_i64(FrtI128 a, int64_t *out) {
  if (a.hi != (int64_t)a.lo >> 63) return FRT_E_OVERFLOW;
  *out = (int64_t)a.lo;
  return FRT_OK;
}

int frt_i128_to_u64(FrtI128 a, uint64_t *out) {
  if (a.hi != 0) return FRT_E_OVERFLOW;
  *out = a.lo;
  return FRT_OK;
}

int frt_i128_cmp(FrtI128 a, FrtI128 b) {
  if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
  return a.lo < b.lo ? -1 : a.lo > b.lo;
}

int frt_dec_fits(FrtI128 a, int p) { return dec_abs(dec_load(a)) < dec_pow10(p); }

int frt_dec_narrow(FrtI128 a, int p, int64_t *out) {
  if (!frt_dec_fits(a, p)) return FRT_E_OVERFLOW;
  return frt_i128_to_i64(a, out);
}

/* ---- wide arithmetic ---- */

/* Two times 10^38 is beyond 2^127: magnitudes are added as unsigned numbers. */
static int dec_add(dec_i128 x, dec_i128 y, int p, FrtI128 *out) {
  dec_u128 a = dec_abs(x), b = dec_abs(y);
  if ((x < 0) == (y < 0)) return dec_finish(a + b, x < 0, p, out);
  return a >= b ? dec_finish(a - b, x < 0, p, out) : dec_finish(b - a, y < 0, p, out);
}

int frt_dec_add(FrtI128 a, FrtI128 b, int p, FrtI128 *out) {
  return dec_add(dec_load(a), dec_load(b), p, out);
}

int frt_dec_sub(FrtI128 a, FrtI128 b, int p, FrtI128 *out) {
  return dec_add(dec_load(a), -dec_load(b), p, out);
}

FrtI128 frt_dec_neg(FrtI128 a) { return dec_store(-dec_load(a)); }

int frt_dec_mul(FrtI128 a, FrtI128 b, int p, FrtI128 *out) {
  dec_i128 x = dec_load(a), y = dec_load(b);
  DecU256 m = dec_mul_256(dec_abs(x), dec_abs(y));
  if (m.hi) return FRT_E_OVERFLOW;
  return dec_finish(m.lo, (x < 0) != (y < 0), p, out);
}

/* a * 10^k / b, rounded. More than 38 zeros are appended in two steps of long division. */
static int dec_div_scaled(dec_u128 a, int k, dec_u128 b, dec_u128 *out) {
  int first = k < DEC_DIGITS_MAX ? k : DEC_DIGITS_MAX;
  dec_u128 rem, tail;
  DecU256 n = dec_mul_256(a, dec_pow10(first));
  if (n.hi >= b) return FRT_E_OVERFLOW;
  dec_u128 q = dec_div_256(n, b, &rem);
  if (k > first) {
    DecU256 high = dec_mul_256(q, dec_pow10(k - first));
    if (high.hi) return FRT_E_OVERFLOW;
    tail = dec_div_256(dec_mul_256(rem, dec_pow10(k - first)), b, &rem);
    q = high.lo + tail;
    if (q < tail) return FRT_E_OVERFLOW;
  }
  *out = dec_half_even(q, rem, b);
  return *out < q ? FRT_E_OVERFLOW : FRT_OK;
}

int frt_dec_div(FrtI128 a, int sa, FrtI128 b, int sb, int s, int p, FrtI128 *out) {
  dec_i128 x = dec_load(a), y = dec_load(b);
  dec_u128 q, d = dec_abs(y);
  int k = s - sa + sb;
  if (d == 0) return FRT_E_DIV_ZERO;
  if (k >= 0) {
    int status = dec_div_scaled(dec_abs(x), k, d, &q);
    if (status) return status;
  } else {
    DecU256 wide = dec_mul_256(d, dec_pow10(-k));
    q = wide.hi || wide.lo >> 127 ? 0 : dec_div_half_even(dec_abs(x), wide.lo);
  }
  return dec_finish(q, (x < 0) != (y < 0), p, out);
}

int frt_dec_floordiv(FrtI128 a, FrtI128 b, int s, int p, FrtI128 *out) {
  dec_i128 x = dec_load(a), y = dec_load(b);
  if (y == 0) return FRT_E_DIV_ZERO;
  dec_u128 d = dec_abs(y), q = dec_abs(x) / d;
  int negative = (x < 0) != (y < 0);
  if (negative && q * d != dec_abs(x)) q++;
  DecU256 scaled = dec_mul_256(q, dec_pow10(s));
  if (scaled.hi) return FRT_E_OVERFLOW;
  return dec_finish(scaled.lo, negative, p, out);
}

int frt_dec_mod(FrtI128 a, FrtI128 b, FrtI128 *out) {
  dec_i128 x = dec_load(a), y = dec_load(b);
  if (y == 0) return FRT_E_DIV_ZERO;
  dec_i128 r = y == -1 ? 0 : x % y;
  if (r != 0 && (r < 0) != (y < 0)) r += y;
  *out = dec_store(r);
  return FRT_OK;
}

int frt_dec_rescale(FrtI128 a, int from, int s, int p, FrtI128 *out) {
  dec_i128 x = dec_load(a);
  dec_u128 m = dec_abs(x);
  if (s < from) return dec_finish(dec_div_half_even(m, dec_pow10(from - s)), x < 0, p, out);
  if (m && (s - from > p || m >= dec_pow10(p - (s - from)))) return FRT_E_OVERFLOW;
  return dec_finish(m ? m * dec_pow10(s - from) : 0, x < 0, p, out);
}

/* ---- narrow arithmetic ---- */

FrtI128 frt_dec64_mul(int64_t a, int64_t b) { return dec_store((dec_i128)a * b); }

int frt_dec64_rescale(int64_t a, int from, int s, int p, int64_t *out) {
  uint64_t m = a < 0 ? -(uint64_t)a : (uint64_t)a;
  if (s < from) {
    int down = from - s;
    m = down > DEC_DIGITS_NARROW ? 0 : (uint64_t)dec_div_half_even(m, (dec_u128)dec_pow10_64[down]);
  } else if (m && s > from) {
    int up = s - from;
    if (up > p || m >= (uint64_t)dec_pow10_64[p - up]) return FRT_E_OVERFLOW;
    m *= (uint64_t)dec_pow10_64[up];
  }
  if (m >= (uint64_t)dec_pow10_64[p]) return FRT_E_OVERFLOW;
  *out = a < 0 ? -(int64_t)m : (int64_t)m;
  return FRT_OK;
}

int frt_dec64_div(int64_t a, int sa, int64_t b, int sb, int s, int p, FrtI128 *out) {
  int k = s - sa + sb;
  if (b != 0 && k >= 0 && k <= DEC_DIGITS_NARROW) {
    dec_i128 n = (dec_i128)a * dec_pow10_64[k];
    dec_u128 q = dec_div_half_even(dec_abs(n), dec_abs(b));
    return dec_finish(q, (a < 0) != (b < 0), p, out);
  }
  return frt_dec_div(frt_i128_from_i64(a), sa, frt_i128_from_i64(b), sb, s, p, out);
}

int frt_dec64_floordiv(int64_t a, int64_t b, int s, int p, int64_t *out) {
  FrtI128 q;
  int status = frt_dec_floordiv(frt_i128_from_i64(a), frt_i128_from_i64(b), s, p, &q);
  if (!status) *out = (int64_t)q.lo;
  return status;
}

int frt_dec64_mod(int64_t a, int64_t b, int64_t *out) {
  if (b == 0) return FRT_E_DIV_ZERO;
  int64_t r = b == -1 ? 0 : a % b;
  *out = r != 0 && (r < 0) != (b < 0) ? r + b : r;
  return FRT_OK;
}

/* ---- floats ---- */

int frt_dec_from_f64(double x, int s, int p, FrtI128 *out) {
  int e;
  if (!isfinite(x)) return FRT_E_OVERFLOW;
  uint64_t m = (uint64_t)ldexp(frexp(fabs(x), &e), 53);
  e -= 53;                                       /* |x| = m * 2^e */
  if (m == 0) return dec_finish(0, 0, p, out);
  if (e > 75) return FRT_E_OVERFLOW;             /* m >= 2^52: beyond 2^127 */
  DecU256 n = dec_mul_256(e > 0 ? (dec_u128)m << e : m, dec_pow10(s));
  if (e >= 0) return n.hi ? FRT_E_OVERFLOW : dec_finish(n.lo, x < 0, p, out);
  int down = -e;
  if (down > 190) return dec_finish(0, 0, p, out); /* m * 10^38 < 2^180 */
  dec_u128 q, half, rest;
  if (down > 128) {
    q = n.hi >> (down - 128);
    half = (n.hi >> (down - 129)) & 1;
    rest = (n.hi & (((dec_u128)1 << (down - 129)) - 1)) | n.lo;
  } else {
    if (down < 128 && n.hi >> down) return FRT_E_OVERFLOW;
    q = down == 128 ? n.hi : (n.hi << (128 - down)) | (n.lo >> down);
    half = (n.lo >> (down - 1)) & 1;
    rest = n.lo & (((dec_u128)1 << (down - 1)) - 1);
  }
  if (half && (rest || (q & 1))) q++;
  return dec_finish(q, x < 0 && q, p, out);
}

static int dec_bits(dec_u128 a) {
  if (a >> 64) return 128 - __builtin_clzll((uint64_t)(a >> 64));
  return (uint64_t)a ? 64 - __builtin_clzll((uint64_t)a) : 0;
}

/* |a| / 10^s, a > 0, as m * 2^*e with 64 bits in m; its lowest bit is set when something was lost
 * below (rounding to odd), so that rounding m again, to 62 bits or fewer, is correct. */
static uint64_t dec_round_odd(dec_u128 a, int s, int *e) {
  dec_u128 d = dec_pow10(s), rem;
  int up = 128 - dec_bits(a), more = dec_bits(d) - 1; /* more: as far as the quotient fits 128 bits */
  a <<= up;
  DecU256 n = {a << more, more ? a >> (128 - more) : 0};
  dec_u128 q = dec_div_256(n, d, &rem);
  int down = dec_bits(q) - 64;
  uint64_t m = (uint64_t)(q >> down);
  if (rem || (q & (((dec_u128)1 << down) - 1))) m |= 1;
  *e = down - up - more;
  return m;
}

double frt_dec_to_f64(FrtI128 a, int s) {
  dec_i128 x = dec_load(a);
  dec_u128 m = dec_abs(x);
  static const double exact[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
                                   1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (m == 0) return 0;
  int e;
  double r;
  if (m <= (dec_u128)1 << 53 && s <= 22) {       /* both exact: one rounding */
    r = (double)(uint64_t)m / exact[s];
  } else {
    uint64_t top = dec_round_odd(m, s, &e);
    r = ldexp((double)top, e);
  }
  return x < 0 ? -r : r;
}

float frt_dec_to_f32(FrtI128 a, int s) {
  dec_i128 x = dec_load(a);
  if (x == 0) return 0;
  int e;
  uint64_t m = dec_round_odd(dec_abs(x), s, &e);
  uint64_t top = m >> 12;                        /* 52 bits, odd again: exact as a double */
  if (m & 0xfff) top |= 1;
  float r = (float)ldexp((double)top, e + 12);
  return x < 0 ? -r : r;
}

double frt_dec64_to_f64(int64_t a, int s) { return frt_dec_to_f64(frt_i128_from_i64(a), s); }
float frt_dec64_to_f32(int64_t a, int s) { return frt_dec_to_f32(frt_i128_from_i64(a), s); }

/* ---- integers ---- */

/* a / 10^s when that is whole. */
static int dec_whole(FrtI128 a, int s, FrtI128 *out) {
  dec_i128 x = dec_load(a), d = (dec_i128)dec_pow10(s);
  if (x % d) return FRT_E_OVERFLOW;
  *out = dec_store(x / d);
  return FRT_OK;
}

int frt_dec_to_i64(FrtI128 a, int s, int64_t *out) {
  FrtI128 q;
  int status = dec_whole(a, s, &q);
  return status ? status : frt_i128_to_i64(q, out);
}

int frt_dec_to_u64(FrtI128 a, int s, uint64_t *out) {
  FrtI128 q;
  int status = dec_whole(a, s, &q);
  return status ? status : frt_i128_to_u64(q, out);
}

/* ---- text ---- */

int frt_dec_parse(FrtStr text, int s, int p, FrtI128 *out) {
  uint32_t i = 0, digits = 0, whole = 0, fraction = 0;
  int negative = text.len && text.ptr[0] == '-', point = 0, wide = 0;
  dec_u128 m = 0;
  if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+')) i = 1;
  for (; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '.' && !point) {
      point = 1;
      continue;
    }
    if (c < '0' || c > '9') return FRT_E_BAD_VALUE;
    digits++;
    if (point && (int)fraction >= s) {           /* further zeros change nothing */
      if (c != '0') wide |= 2;
      continue;
    }
    fraction += point != 0;
    if (m || c != '0') whole++;
    if (whole > DEC_DIGITS_MAX) wide |= 1;
    else m = m * 10 + (dec_u128)(c - '0');
  }
  if (!digits) return FRT_E_BAD_VALUE;
  if (wide) return wide & 1 ? FRT_E_OUT_OF_RANGE : FRT_E_TOO_PRECISE;
  FrtI128 value = dec_store((dec_i128)m);
  int status = frt_dec_rescale(value, (int)fraction, s, p, &value);
  if (status) return FRT_E_OUT_OF_RANGE;
  *out = negative ? frt_dec_neg(value) : value;
  return FRT_OK;
}

char *frt_dec_print(char *to, FrtI128 a, int s) {
  dec_i128 x = dec_load(a);
  dec_u128 m = dec_abs(x);
  char digits[48];
  int n = 0;
  do {
    if ((m >> 64) == 0) {                        /* 64-bit division is much cheaper */
      uint64_t low = (uint64_t)m;
      digits[n++] = (char)('0' + low % 10);
      m = low / 10;
    } else {
      digits[n++] = (char)('0' + (int)(m % 10));
      m /= 10;
    }
  } while (m || n <= s);
  if (x < 0) *to++ = '-';
  while (n) {
    *to++ = digits[--n];
    if (n == s && s) *to++ = '.';
  }
  return to;
}

/* ---- library functions ---- */

int frt_decfn_round(FrtCtx *cx, FrtI128 *out, FrtI128 a, int64_t n, int64_t s, int64_t p) {
  FrtI128 r;
  (void)cx;
  if (n >= s) {
    *out = a;
    return FRT_OK;
  }
  if (s - n > DEC_DIGITS_MAX) {                  /* below a half of the last place that is kept */
    *out = frt_i128_from_i64(0);
    return FRT_OK;
  }
  dec_i128 x = dec_load(a);
  dec_u128 unit = dec_pow10((int)(s - n)), q = dec_div_half_even(dec_abs(x), unit);
  DecU256 m = dec_mul_256(q, unit);
  if (m.hi) return FRT_E_OVERFLOW;
  int status = dec_finish(m.lo, x < 0, (int)p, &r);
  if (!status) *out = r;
  return status;
}

int frt_decfn_round64(FrtCtx *cx, int64_t *out, int64_t a, int64_t n, int64_t s, int64_t p) {
  FrtI128 r;
  int status = frt_decfn_round(cx, &r, frt_i128_from_i64(a), n, s, p);
  if (!status) *out = (int64_t)r.lo;
  return status;
}

int64_t frt_list_len(FrtCtx *cx, FrtList list) {
  (void)cx;
  return list.len;
}

int frt_duration_div(FrtCtx *cx, int64_t *out, int64_t a, int64_t n) {
  FrtI128 q;
  (void)cx;
  if (n == 0) return FRT_E_DIV_ZERO;
  dec_u128 m = dec_div_half_even(dec_abs(a), dec_abs(n));
  int status = dec_finish(m, (a < 0) != (n < 0), DEC_DIGITS_MAX, &q);
  return status ? status : frt_i128_to_i64(q, out);
}

int frt_duration_ratio(FrtCtx *cx, double *out, int64_t a, int64_t b) {
  (void)cx;
  if (b == 0) return FRT_E_DIV_ZERO;
  *out = (double)a / (double)b;
  return FRT_OK;
}
