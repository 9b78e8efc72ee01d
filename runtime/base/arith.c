/* arith.c: what flowrt_arith.h declares out of line. */
#include <string.h>

#include "base/libm.h"
#include "flowrt.h"

int frt_mul_i64(int64_t a, int64_t b, int64_t *out) { return __builtin_mul_overflow(a, b, out); }
int frt_mul_u64(uint64_t a, uint64_t b, uint64_t *out) { return __builtin_mul_overflow(a, b, out); }

double frt_floordiv_f64(double a, double b) { return floor(a / b); }

double frt_floormod_f64(double a, double b) {
  double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

int frt_str_cmp(FrtStr a, FrtStr b) {
  uint32_t n = a.len < b.len ? a.len : b.len;
  int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
  return c ? c : (a.len > b.len) - (a.len < b.len);
}

int frt_str_eq(FrtStr a, FrtStr b) { return a.len == b.len && (!a.len || !memcmp(a.ptr, b.ptr, a.len)); }

int frt_uuid_cmp(FrtUuid a, FrtUuid b) {
  if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
  return (a.lo > b.lo) - (a.lo < b.lo);
}

int frt_f64_cmp(double a, double b) {
  if (frt_f64_eq(a, b)) return 0;
  return frt_f64_lt(a, b) ? -1 : 1;
}

enum { ARITH_TEXT_MAX = 1 << 30 };  /* of one text: far below what FrtStr.len can count */

int frt_concat(FrtCtx *cx, FrtStr *out, const FrtStr *parts, uint32_t len) {
  size_t size = 0;
  for (uint32_t i = 0; i < len; i++) size += parts[i].len;
  if (size > ARITH_TEXT_MAX) {
    cx->detail = (FrtStr){"1 GiB", 5, 0};
    return FRT_E_TOO_LONG;
  }
  char *p = frt_alloc(cx, size);
  *out = (FrtStr){p, (uint32_t)size, 0};
  for (uint32_t i = 0; i < len; i++) {
    if (parts[i].len) memcpy(p, parts[i].ptr, parts[i].len);
    p += parts[i].len;
  }
  return FRT_OK;
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
double frt_sample(uint64_t seed, uint64_t n) {
  uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return (double)(z >> 11) * 0x1p-53;
}

double frt_f64_of_u64(uint64_t v) { return (double)v; }
