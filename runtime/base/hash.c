/* hash.c: eight bytes at a time through the finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
#include "base/hash.h"

#include <string.h>

uint64_t frt_hash_u64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t frt_hash_bytes(const void *data, size_t n, uint64_t seed) {
  const unsigned char *p = data;
  uint64_t h = frt_hash_u64(seed + 0x9e3779b97f4a7c15u + n);
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t w;
    memcpy(&w, p, 8);
    h = frt_hash_u64(h + w + 0x9e3779b97f4a7c15u);
  }
  uint64_t w = 0;
  if (n) memcpy(&w, p, n);
  return frt_hash_u64(h + w + 0x9e3779b97f4a7c15u);
}
