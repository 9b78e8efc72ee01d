/* decimal.c: decimals (integers with a scale) from text and to text. Arithmetic is elsewhere. */
#include <string.h>

#include "text/text.h"

static FrtU128 tdec_pow10(int n) {
  FrtU128 v = 1;
  while (n-- > 0) v *= 10;
  return v;
}

/* Reads [sign] digits [. digits], one side of the point may be empty, into |value| * 10^scale, which
 * is below 10^precision. */
static int tdec_parse(const char *p, size_t n, int precision, int scale, FrtU128 *out, int *minus) {
  const char *end = p + n;
  if (n == 0) return FRT_E_BAD_VALUE;
  *minus = *p == '-';
  if (*p == '-' || *p == '+') p++;
  FrtU128 v = 0;
  int significant = 0, digits = 0, fraction = -1, over = 0, precise = 0;
  for (; p < end; p++) {
    unsigned d = (unsigned)(uint8_t)*p - '0';
    if (d > 9) {
      if (*p != '.' || fraction >= 0) return FRT_E_BAD_VALUE;
      fraction = 0;
      continue;
    }
    digits = 1;
    if (fraction >= 0 && fraction++ >= scale) {
      fraction = scale;
      precise = 1;
      continue;
    }
    if (significant == 38) { over = 1; continue; }
    significant += significant > 0 || d > 0;
    v = v * 10 + d;
  }
  if (!digits) return FRT_E_BAD_VALUE;
  if (precise) return FRT_E_TOO_PRECISE;
  for (int i = fraction < 0 ? 0 : fraction; i < scale; i++) {
    if (v >= tdec_pow10(37)) over = over || v > 0;
    v *= 10;
  }
  if (over || v >= tdec_pow10(precision)) return FRT_E_OUT_OF_RANGE;
  *out = v;
  return FRT_OK;
}

int text_parse_dec64(const char *p, size_t n, int precision, int scale, int64_t *out) {
  FrtU128 v;
  int minus, rc = tdec_parse(p, n, precision, scale, &v, &minus);
  if (rc == FRT_OK) *out = minus ? -(int64_t)v : (int64_t)v;
  return rc;
}

int text_parse_dec128(const char *p, size_t n, int precision, int scale, FrtI128 *out) {
  FrtU128 v;
  int minus, rc = tdec_parse(p, n, precision, scale, &v, &minus);
  if (rc != FRT_OK) return rc;
  if (minus) v = 0 - v;
  out->lo = (uint64_t)v;
  out->hi = (int64_t)(v >> 64);
  return FRT_OK;
}

/* v with leading zeros to n digits. */
static char *tdec_put_padded(char *p, uint64_t v, int n) {
  for (int i = n - 1; i >= 0; i--) {
    p[i] = (char)('0' + v % 10);
    v /= 10;
  }
  return p + n;
}

static char *tdec_put_u128(char *p, FrtU128 v) {
  const uint64_t split = 10000000000000000000u;
  if (v < split) return frt_put_u64(p, (uint64_t)v);
  FrtU128 high = v / split;
  p = tdec_put_u128(p, high);
  return tdec_put_padded(p, (uint64_t)(v - high * split), 19);
}

/* The magnitude with `scale` fractional digits. */
static char *tdec_put(char *p, FrtU128 v, int minus, int scale) {
  char digits[48];
  int n = (int)(tdec_put_u128(digits, v) - digits);
  if (minus && v != 0) *p++ = '-';
  if (n <= scale) {
    *p++ = '0';
    *p++ = '.';
    memset(p, '0', (size_t)(scale - n));
    p += scale - n;
    memcpy(p, digits, (size_t)n);
    return p + n;
  }
  memcpy(p, digits, (size_t)(n - scale));
  p += n - scale;
  if (scale == 0) return p;
  *p++ = '.';
  memcpy(p, digits + n - scale, (size_t)scale);
  return p + scale;
}

char *frt_put_dec64(char *p, int64_t v, int scale) {
  uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  if (scale < 1) return frt_put_i64(p, v);
  if (scale > 18) return tdec_put(p, u, v < 0, scale);
  uint64_t unit = (uint64_t)tdec_pow10(scale), whole = u / unit;
  *p = '-';
  p = frt_put_u64(p + (v < 0), whole);
  *p++ = '.';
  return tdec_put_padded(p, u - whole * unit, scale);
}

static FrtU128 tdec_magnitude(FrtI128 v) {
  FrtU128 u = (FrtU128)(uint64_t)v.hi << 64 | v.lo;
  return v.hi < 0 ? 0 - u : u;
}

char *frt_put_dec128(char *p, FrtI128 v, int scale) {
  return tdec_put(p, tdec_magnitude(v), v.hi < 0, scale);
}

static char *tdec_put_fixed(char *p, FrtU128 v, int minus, int scale, int digits) {
  if (digits < 0) digits = 0;
  if (digits > FRT_FIXED_DIGITS_MAX) digits = FRT_FIXED_DIGITS_MAX;
  if (digits < scale) {
    int drop = scale - digits;
    FrtU128 unit = drop > 38 ? 0 : tdec_pow10(drop), q = unit ? v / unit : 0, rest = v - q * unit;
    if (unit && (rest > unit - rest || (rest == unit - rest && (q & 1)))) q++;
    return tdec_put(p, q, minus, digits);
  }
  p = tdec_put(p, v, minus, scale);
  if (digits > scale) {
    if (scale == 0) *p++ = '.';
    memset(p, '0', (size_t)(digits - scale));
    p += digits - scale;
  }
  return p;
}

char *frt_put_dec64_fixed(char *p, int64_t v, int scale, int digits) {
  return tdec_put_fixed(p, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, scale, digits);
}

char *frt_put_dec128_fixed(char *p, FrtI128 v, int scale, int digits) {
  return tdec_put_fixed(p, tdec_magnitude(v), v.hi < 0, scale, digits);
}
