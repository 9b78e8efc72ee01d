/* int.c: integers and booleans, from text and to text.
 *
 * To text: the number of digits is known from the bit length (a multiply and one compare), then
 * pairs of digits are stored from the right out of a table of 100. */
#include <string.h>

#include "text/text.h"

static const char tint_pairs[201] =
  "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
  "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
  "8081828384858687888990919293949596979899";

static const uint64_t tint_pow10[20] = {
  1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u,
  100000000000u, 1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u,
  10000000000000000u, 100000000000000000u, 1000000000000000000u, 10000000000000000000u,
};

static inline uint32_t tint_digits(uint64_t v) {
  uint32_t guess = ((64 - (uint32_t)__builtin_clzll(v | 1)) * 1233) >> 12;
  return guess + (v >= tint_pow10[guess]) + (v == 0 && guess == 0);
}

char *text_put_2digits(char *p, uint32_t v) {
  memcpy(p, tint_pairs + 2 * v, 2);
  return p + 2;
}

char *frt_put_u64(char *p, uint64_t v) {
  char *end = p + tint_digits(v), *q = end;
  while (v >= 100) {
    uint64_t rest = v / 100;
    q -= 2;
    memcpy(q, tint_pairs + 2 * (v - rest * 100), 2);
    v = rest;
  }
  if (v >= 10) memcpy(p, tint_pairs + 2 * v, 2);
  else *p = (char)('0' + v);
  return end;
}

char *frt_put_i64(char *p, int64_t v) {
  *p = '-';
  return frt_put_u64(p + (v < 0), v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

char *frt_put_bool(char *p, int v) {
  memcpy(p, v ? "true" : "false", 5);
  return p + 5 - (v != 0);
}

/* Reads the digits p[0..n): magnitude up to `max`. n may be anything. */
static int tint_parse_digits(const char *p, size_t n, uint64_t max, uint64_t *out) {
  if (n == 0) return FRT_E_BAD_VALUE;
  uint64_t v = 0;
  int over = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned d = (unsigned)(uint8_t)p[i] - '0';
    if (d > 9) return FRT_E_BAD_VALUE;
    over |= __builtin_mul_overflow(v, 10u, &v);
    over |= __builtin_add_overflow(v, d, &v);
  }
  if (over || v > max) return FRT_E_OUT_OF_RANGE;
  *out = v;
  return FRT_OK;
}

int text_parse_i64(const char *p, size_t n, int64_t min, int64_t max, int64_t *out) {
  if (n == 0) return FRT_E_BAD_VALUE;
  int minus = *p == '-', sign = minus || *p == '+';
  uint64_t limit = minus ? 0 - (uint64_t)min : (uint64_t)max, v = 0;
  int rc = tint_parse_digits(p + sign, n - (size_t)sign, limit, &v);
  if (rc == FRT_OK) *out = (int64_t)(minus ? 0 - v : v);
  return rc;
}

int text_parse_u64(const char *p, size_t n, uint64_t max, uint64_t *out) {
  if (n == 0) return FRT_E_BAD_VALUE;
  int minus = *p == '-', sign = minus || *p == '+';
  return tint_parse_digits(p + sign, n - (size_t)sign, minus ? 0 : max, out);
}

int text_parse_bool(const char *p, size_t n, uint8_t *out) {
  static const struct { char text[6]; uint8_t len, value; } words[] = {
    {"true", 4, 1}, {"false", 5, 0}, {"t", 1, 1}, {"f", 1, 0}, {"yes", 3, 1},
    {"no", 2, 0}, {"y", 1, 1}, {"n", 1, 0}, {"1", 1, 1}, {"0", 1, 0},
  };
  if (n == 0 || n > 5) return FRT_E_BAD_VALUE;
  char low[5];
  for (size_t i = 0; i < n; i++) low[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
  for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
    if (words[w].len == n && memcmp(words[w].text, low, n) == 0) {
      *out = words[w].value;
      return FRT_OK;
    }
  }
  return FRT_E_BAD_VALUE;
}
