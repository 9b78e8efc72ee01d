/* word.c: UUIDs and enums. */
#include <string.h>

#include "text/text.h"

static inline uint32_t tword_hex(char c) {
  uint32_t d = (uint32_t)(uint8_t)c - '0', a = ((uint32_t)(uint8_t)c | 32) - 'a';
  return d <= 9 ? d : a <= 5 ? a + 10 : 16;
}

int text_parse_uuid(const char *p, size_t n, FrtUuid *out) {
  if (n != 36) return FRT_E_BAD_VALUE;
  uint64_t half[2] = {0, 0};
  uint32_t digits = 0;
  for (size_t i = 0; i < 36; i++) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (p[i] != '-') return FRT_E_BAD_VALUE;
      continue;
    }
    uint32_t d = tword_hex(p[i]);
    if (d > 15) return FRT_E_BAD_VALUE;
    uint32_t h = digits++ >> 4;
    half[h] = half[h] << 4 | d;
  }
  out->hi = half[0];
  out->lo = half[1];
  return FRT_OK;
}

static char *tword_put_hex(char *p, uint64_t v, int digits) {
  for (int i = digits - 1; i >= 0; i--, v >>= 4) p[i] = "0123456789abcdef"[v & 15];
  return p + digits;
}

char *frt_put_uuid(char *p, FrtUuid v) {
  p = tword_put_hex(p, v.hi >> 32, 8);
  *p++ = '-';
  p = tword_put_hex(p, v.hi >> 16 & 0xffff, 4);
  *p++ = '-';
  p = tword_put_hex(p, v.hi & 0xffff, 4);
  *p++ = '-';
  p = tword_put_hex(p, v.lo >> 48, 4);
  *p++ = '-';
  return tword_put_hex(p, v.lo & 0xffffffffffff, 12);
}

int text_parse_enum(const FrtType *t, const char *p, size_t n, uint16_t *out) {
  for (uint32_t i = 0; i < t->name_len; i++) {
    if (t->names[i].len == n && (n == 0 || memcmp(t->names[i].ptr, p, n) == 0)) {
      *out = (uint16_t)i;
      return FRT_OK;
    }
  }
  return FRT_E_BAD_VALUE;
}

FrtStr frt_enum_name(const FrtType *t, uint16_t v) {
  FrtStr none = {"", 0, 0};
  return v < t->name_len ? t->names[v] : none;
}
