/* column_one.h: one plain value for the batch kernels, by SWAR: eight digits at a time, out of loads
 * that end where the field ends (so 8 or 16 bytes before a field must be readable). Each returns 1
 * when the text was plain and good; `same` becomes 0 when frt_put_* would print it differently. */
#ifndef FRT_TEXT_COLUMN_ONE_H
#define FRT_TEXT_COLUMN_ONE_H

#include <stdint.h>
#include <string.h>

#include "text/column.h"
#include "text/text.h"

static const uint64_t tone_pow10[19] = {
  1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u,
  100000000000u, 1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u,
  10000000000000000u, 100000000000000000u, 1000000000000000000u,
};

/* The n digits (1 to 8) that end at e. Bad: *wrong gets bits. */
static inline uint64_t tone_digits8(const char *e, uint32_t n, uint64_t *wrong) {
  uint64_t x, front = (((uint64_t)1 << 8 * ((8 - n) & 7)) - 1);
  memcpy(&x, e - 8, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  x = (x & ~front) | (0x3030303030303030u & front);
  *wrong |= ((x + 0x4646464646464646u) | (x - 0x3030303030303030u)) & 0x8080808080808080u;
  x -= 0x3030303030303030u;
  x = x * 10 + (x >> 8);
  return ((x & 0x000000ff000000ffu) * 0x000f424000000064u + (x >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >> 32;
}

/* The n digits (1 to 18) that end at e. */
static inline uint64_t tone_digits(const char *e, uint32_t n, uint64_t *wrong) {
  if (n <= 8) return tone_digits8(e, n, wrong);
  uint64_t low = tone_digits8(e, 8, wrong);
  if (n <= 16) return tone_digits8(e - 8, n - 8, wrong) * 100000000u + low;
  return (tone_digits8(e - 16, n - 16, wrong) * 100000000u + tone_digits8(e - 8, 8, wrong)) * 100000000u + low;
}

/* limit: the largest magnitude with and without a minus sign. */
static inline int tone_int(const char *p, uint32_t n, const uint64_t limit[2], uint64_t *v, uint8_t *same) {
  if (n == 0) return 0;
  const char *e = p + n;
  int minus = *p == '-', sign = minus | (*p == '+');
  uint32_t digits = n - (uint32_t)sign;
  uint64_t wrong = 0, u = 0;
  if (digits - 1 < 18) {
    u = tone_digits(e, digits, &wrong);
  } else {
    wrong = text_parse_u64(p + sign, digits, UINT64_MAX, &u) != FRT_OK || p[sign] == '+' || p[sign] == '-';
  }
  if (wrong || u > limit[minus]) return 0;
  *same &= (uint8_t)!((sign && !minus) || (p[sign] == '0' && (digits > 1 || minus)));
  *v = minus ? 0 - u : u;
  return 1;
}

static inline int tone_dec64(const char *p, uint32_t n, const FrtType *t, int64_t *v, uint8_t *same) {
  uint32_t scale = t->scale, sign = n && (*p == '-' || *p == '+'), point = scale > 0;
  uint32_t whole = n - sign - scale - point;
  if (n > sign + scale + point && whole + scale <= 18 && (!point || p[n - scale - 1] == '.')) {
    uint64_t wrong = 0, u = tone_digits(p + n - scale - point, whole, &wrong) * tone_pow10[scale];
    if (point) u += tone_digits(p + n, scale, &wrong);
    if (!wrong) {
      int minus = *p == '-';
      if (u >= tone_pow10[t->precision]) return 0;
      *same &= (uint8_t)!((sign && !minus) || (minus && u == 0) || (p[sign] == '0' && whole > 1));
      *v = (int64_t)(minus ? 0 - u : u);
      return 1;
    }
  }
  *same = 0;
  return text_parse_dec64(p, n, t->precision, t->scale, v) == FRT_OK;
}

static inline int tone_date(const char *p, uint32_t n, int32_t *v) {
  return text_parse_date(p, n, v) == FRT_OK;
}

/* zoned: texts without a zone are not plain. */
static inline int tone_timestamp(const char *p, uint32_t n, int zoned, int64_t *v, uint8_t *same) {
  if (text_parse_timestamp(p, n, NULL, v) != FRT_OK) return 0;
  int bare = n <= 19 || (p[n - 1] != 'Z' && !memchr(p + 16, '+', n - 16) && !memchr(p + 16, '-', n - 16));
  if (zoned && bare) return 0;
  int fraction = n > 21 && n <= 27 && p[19] == '.' && p[n - 2] != '0';
  if (p[10] != 'T' || p[n - 1] != 'Z' || (n != 20 && !fraction)) *same = 0;
  return 1;
}

/* Without a branch between the two words, which come in no order. Reads five bytes whatever n is. */
static inline int tone_bool(const char *p, uint32_t n, uint8_t *v, uint8_t *same) {
  uint32_t x, yes, no;
  memcpy(&x, p, 4);
  memcpy(&yes, "true", 4);
  memcpy(&no, "fals", 4);
  uint32_t is_true = (n == 4) & (x == yes), is_false = (n == 5) & (x == no) & (p[4] == 'e');
  *v = (uint8_t)is_true;
  if (is_true | is_false) return 1;
  *same = 0;
  return text_parse_bool(p, n, v) == FRT_OK;
}

/* Whether a good float text of at most `most` digits is the one that is printed: [-]whole.fraction
 * without spare zeros, from 1e-4 to 1e15 or zero. */
static inline int tone_float_same(const char *p, uint32_t n, uint32_t most) {
  uint32_t sign = *p == '-';
  p += sign;
  n -= sign;
  if (n < 3 || n > most + 1) return 0;
  const char *point = memchr(p, '.', n);
  if (!point || memchr(p, 'e', n) || memchr(p, 'E', n)) return 0;
  uint32_t whole = (uint32_t)(point - p), fraction = n - whole - 1;
  if (whole == 0 || fraction == 0 || p[0] == '+' || (p[0] == '0' && whole > 1)) return 0;
  if (fraction == 1) return 1;
  if (p[n - 1] == '0') return 0;
  return !(p[0] == '0' && fraction > 3 && memcmp(point + 1, "000", 3) == 0 && fraction > 4 && point[4] == '0');
}

#endif
