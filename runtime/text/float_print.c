/* float_print.c: the shortest text that reads back to the same float, and rounding to a number of
 * fractional digits.
 *
 * Shortest: R. Giulietti, "The Schubfach way to render doubles" (2020): of the rounding interval's
 * bounds scaled by a power of ten, rounded to odd, the one or two candidates of the right length
 * are compared. Fixed notation for 1e-4 <= |x| < 1e16, else an exponent of at least two digits. */
#include <string.h>

#include "text/float_table.h"

typedef struct FrtFloatDigits {
  uint64_t digits;
  int exponent;     /* of the last digit */
} FrtFloatDigits;

static inline uint64_t tfw_round_to_odd(FrtPow10 g, uint64_t c) {
  FrtU128 x = (FrtU128)g.hi * c + (uint64_t)((FrtU128)g.lo * c >> 64);
  return (uint64_t)(x >> 64) | ((uint64_t)x > 1);
}

/* c * 2^q, c > 0; `closer`: the next float below is at half the distance. */
static FrtFloatDigits tfw_shortest(uint64_t c, int q, int closer) {
  int odd = (int)(c & 1);
  int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
  int h = q + ((-k * 1741647) >> 19) + 1;
  FrtPow10 g = text_pow10_table()[-k - FRT_POW10_MIN];
  if ((-k < 0 || -k > FRT_POW10_EXACT_MAX) && ++g.lo == 0) g.hi++;
  uint64_t lower = tfw_round_to_odd(g, (4 * c - 2 + (uint64_t)closer) << h) + (uint64_t)odd;
  uint64_t v = tfw_round_to_odd(g, 4 * c << h);
  uint64_t upper = tfw_round_to_odd(g, (4 * c + 2) << h) - (uint64_t)odd;
  uint64_t s = v / 4;
  if (s >= 10) {
    uint64_t tens = s / 10;
    int down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
    if (down != up) return (FrtFloatDigits){tens + (uint64_t)up, k + 1};
  }
  int down = lower <= 4 * s, up = 4 * s + 4 <= upper;
  if (down != up) return (FrtFloatDigits){s + (uint64_t)up, k};
  uint64_t mid = 4 * s + 2;
  return (FrtFloatDigits){s + (uint64_t)(v > mid || (v == mid && (s & 1))), k};
}

/* Digits and exponent as text. */
static char *tfw_put(char *p, FrtFloatDigits f) {
  while (f.digits % 10 == 0) {
    f.digits /= 10;
    f.exponent++;
  }
  char digits[24];
  int n = (int)(frt_put_u64(digits, f.digits) - digits), point = n + f.exponent;
  if (point > 16 || point < -3) {
    *p++ = digits[0];
    if (n > 1) *p++ = '.';
    memcpy(p, digits + 1, (size_t)(n - 1));
    p += n - 1;
    int e = point - 1;
    *p++ = 'e';
    *p++ = e < 0 ? '-' : '+';
    if (e < 0) e = -e;
    if (e >= 100) *p++ = (char)('0' + e / 100);
    return text_put_2digits(p, (uint32_t)e % 100);
  }
  if (point <= 0) {
    memcpy(p, "0.000", 5);
    p += 2 - point;
    memcpy(p, digits, (size_t)n);
    return p + n;
  }
  if (n <= point) {
    memcpy(p, digits, (size_t)n);
    memset(p + n, '0', (size_t)(point - n));
    p += point;
    *p++ = '.';
    *p++ = '0';
    return p;
  }
  memcpy(p, digits, (size_t)point);
  p[point] = '.';
  memcpy(p + point + 1, digits + point, (size_t)(n - point));
  return p + n + 1;
}

static char *tfw_put_word(char *p, const char *word) {
  memcpy(p, word, 4);
  return p + strlen(word);
}

/* mantissa and biased exponent of either form. */
static char *tfw_put_parts(char *p, uint64_t mantissa, int exponent, int bits, int bias) {
  if (exponent == 0 && mantissa == 0) return tfw_put_word(p, "0.0");
  if (exponent == 2 * bias + 1) return tfw_put_word(p, mantissa ? "nan" : "inf");
  if (exponent == 0) return tfw_put(p, tfw_shortest(mantissa, 1 - bias - bits, 0));
  uint64_t c = mantissa | (uint64_t)1 << bits;
  int q = exponent - bias - bits;
  if (q <= 0 && -q <= bits && (c & (((uint64_t)1 << -q) - 1)) == 0) {
    return tfw_put(p, (FrtFloatDigits){c >> -q, 0});
  }
  return tfw_put(p, tfw_shortest(c, q, mantissa == 0 && exponent > 1));
}

char *frt_put_f64(char *p, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  uint64_t mantissa = bits & 0xfffffffffffffu;
  int exponent = (int)(bits >> 52 & 0x7ff);
  *p = '-';
  if (bits >> 63 && !(exponent == 0x7ff && mantissa)) p++;
  return tfw_put_parts(p, mantissa, exponent, 52, 1023);
}

char *frt_put_f32(char *p, float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  uint32_t mantissa = bits & 0x7fffff;
  int exponent = (int)(bits >> 23 & 0xff);
  *p = '-';
  if (bits >> 31 && !(exponent == 0xff && mantissa)) p++;
  return tfw_put_parts(p, mantissa, exponent, 23, 127);
}

char *frt_put_json_f64(char *p, double v) {
  return v - v == 0 ? frt_put_f64(p, v) : tfw_put_word(p, "null");
}

char *frt_put_json_f32(char *p, float v) {
  return v - v == 0 ? frt_put_f32(p, v) : tfw_put_word(p, "null");
}

/* The digits of b, with the point `digits` from the right. Destroys b. */
static char *tfw_put_big(char *p, FrtBig *b, int digits) {
  char text[FRT_FIXED_SIZE_MAX], *end = text + sizeof text, *q = end;
  while (b->len || end - q <= digits) {
    uint64_t rest = text_big_divide_small(b, 10000000000000000000u);
    for (int i = 0; i < 19; i++, rest /= 10) *--q = (char)('0' + rest % 10);
  }
  while (end - q > digits + 1 && *q == '0') q++;
  size_t whole = (size_t)(end - q) - (size_t)digits;
  memcpy(p, q, whole);
  p += whole;
  if (digits == 0) return p;
  *p++ = '.';
  memcpy(p, q + whole, (size_t)digits);
  return p + digits;
}

char *frt_put_f64_fixed(char *p, double v, int digits) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  uint64_t mantissa = bits & 0xfffffffffffffu;
  int exponent = (int)(bits >> 52 & 0x7ff);
  if (exponent == 0x7ff) return frt_put_f64(p, v);
  if (digits < 0) digits = 0;
  if (digits > FRT_FIXED_DIGITS_MAX) digits = FRT_FIXED_DIGITS_MAX;
  if (exponent) mantissa |= (uint64_t)1 << 52;
  int q = (exponent ? exponent : 1) - 1075;
  FrtBig b;
  text_big_set(&b, mantissa);
  for (int i = 0; i < digits; i++) text_big_mul_add(&b, 10, 0);
  if (q >= 0) text_big_shift_left(&b, (uint32_t)q);
  else text_big_shift_right_round(&b, (uint32_t)-q);
  if (bits >> 63) *p++ = '-';
  return tfw_put_big(p, &b, digits);
}
