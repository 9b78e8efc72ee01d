/* utf8.c: validation of UTF-8 (Unicode 15, table 3-7). ASCII goes by eight bytes, the rest by the ranges
 * of the table. */
#include <string.h>

#include "text/column.h"

int frt_has_high_bytes(const char *p, size_t n) {
  uint64_t all = 0;
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    uint64_t v;
    memcpy(&v, p + i, 8);
    all |= v;
  }
  for (; i < n; i++) all |= (uint8_t)p[i];
  return (all & 0x8080808080808080u) != 0;
}

/* The length of the valid sequence at p, 0 when there is none. */
static inline size_t tutf_sequence(const uint8_t *p, size_t n) {
  uint8_t a = p[0];
  if (a < 0x80) return 1;
  if (a < 0xc2 || a > 0xf4 || n < 2) return 0;
  uint8_t low = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : 0x80, high = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : 0xbf;
  if (p[1] < low || p[1] > high) return 0;
  if (a < 0xe0) return 2;
  if (n < 3 || (p[2] & 0xc0) != 0x80) return 0;
  if (a < 0xf0) return 3;
  return n < 4 || (p[3] & 0xc0) != 0x80 ? 0 : 4;
}

size_t frt_utf8_prefix(const char *text, size_t n) {
  const uint8_t *p = (const uint8_t *)text;
  size_t i = 0;
  while (i < n) {
    uint64_t v;
    if (n - i >= 8) {
      memcpy(&v, p + i, 8);
      if ((v & 0x8080808080808080u) == 0) { i += 8; continue; }
    }
    size_t len = tutf_sequence(p + i, n - i);
    if (len == 0) return i;
    i += len;
  }
  return n;
}

int frt_utf8_valid(const char *p, size_t n) {
  return frt_utf8_prefix(p, n) == n;
}
