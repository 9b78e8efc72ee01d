/* fn_xxh3.c: XXH3, 64 bits, seed 0, after the algorithm's specification (Yann Collet,
 * doc/xxhash_spec.md of the xxHash project): texts of up to 16, 128 and 240 bytes are mixed at
 * once; longer ones go in stripes of 64 bytes through eight accumulators, scrambled after each
 * block of 16 stripes. */
#include "text/xxh3.h"

#include "text/fn.h"

static const unsigned char fnxxh_secret[192] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e};

#define FNXXH_P32_1 0x9E3779B1u
#define FNXXH_P32_2 0x85EBCA77u
#define FNXXH_P32_3 0xC2B2AE3Du
#define FNXXH_P64_1 0x9E3779B185EBCA87u
#define FNXXH_P64_2 0xC2B2AE3D27D4EB4Fu
#define FNXXH_P64_3 0x165667B19E3779F9u
#define FNXXH_P64_4 0x85EBCA77C2B2AE63u
#define FNXXH_P64_5 0x27D4EB2F165667C5u

enum { FNXXH_STRIPE = 64, FNXXH_STRIPES = 16, FNXXH_BLOCK = FNXXH_STRIPE * FNXXH_STRIPES };

static uint64_t fnxxh_64(const unsigned char *p) {
  uint64_t v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

static uint32_t fnxxh_32(const unsigned char *p) {
  uint32_t v;
  memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap32(v);
#endif
  return v;
}

static uint64_t fnxxh_left(uint64_t x, unsigned n) { return x << n | x >> (64 - n); }

/* The halves of the 128-bit product, folded. */
static uint64_t fnxxh_fold(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t fnxxh_avalanche(uint64_t h) {
  h ^= h >> 37;
  h *= 0x165667919E3779F9u;
  return h ^ h >> 32;
}

static uint64_t fnxxh_avalanche_64(uint64_t h) { /* that of XXH64 */
  h ^= h >> 33;
  h *= FNXXH_P64_2;
  h ^= h >> 29;
  h *= FNXXH_P64_3;
  return h ^ h >> 32;
}

static uint64_t fnxxh_to_16(const unsigned char *p, size_t n) {
  const unsigned char *s = fnxxh_secret;
  if (n > 8) {
    uint64_t low = fnxxh_64(p) ^ fnxxh_64(s + 24) ^ fnxxh_64(s + 32);
    uint64_t high = fnxxh_64(p + n - 8) ^ fnxxh_64(s + 40) ^ fnxxh_64(s + 48);
    return fnxxh_avalanche(n + __builtin_bswap64(low) + high + fnxxh_fold(low, high));
  }
  if (n >= 4) {
    uint64_t h =
        (fnxxh_32(p + n - 4) + ((uint64_t)fnxxh_32(p) << 32)) ^ fnxxh_64(s + 8) ^ fnxxh_64(s + 16);
    h ^= fnxxh_left(h, 49) ^ fnxxh_left(h, 24);
    h *= 0x9FB21C651E98DF25u;
    h ^= (h >> 35) + n;
    h *= 0x9FB21C651E98DF25u;
    return h ^ h >> 28;
  }
  if (!n) return fnxxh_avalanche_64(fnxxh_64(s + 56) ^ fnxxh_64(s + 64));
  uint32_t all = (uint32_t)p[0] << 16 | (uint32_t)p[n >> 1] << 24 | p[n - 1] | (uint32_t)n << 8;
  return fnxxh_avalanche_64(all ^ fnxxh_32(s) ^ fnxxh_32(s + 4));
}

static uint64_t fnxxh_mix(const unsigned char *p, size_t secret) {
  const unsigned char *s = fnxxh_secret + secret;
  return fnxxh_fold(fnxxh_64(p) ^ fnxxh_64(s), fnxxh_64(p + 8) ^ fnxxh_64(s + 8));
}

static uint64_t fnxxh_to_240(const unsigned char *p, size_t n) {
  uint64_t h = n * FNXXH_P64_1;
  if (n <= 128) {
    for (size_t i = (n - 1) / 32 + 1; i--;) {
      h += fnxxh_mix(p + 16 * i, 32 * i) + fnxxh_mix(p + n - 16 * (i + 1), 32 * i + 16);
    }
    return fnxxh_avalanche(h);
  }
  for (size_t i = 0; i < 8; i++) h += fnxxh_mix(p + 16 * i, 16 * i);
  h = fnxxh_avalanche(h);
  for (size_t i = 8; i < n / 16; i++) h += fnxxh_mix(p + 16 * i, 16 * (i - 8) + 3);
  return fnxxh_avalanche(h + fnxxh_mix(p + n - 16, 136 - 17));
}

static void fnxxh_stripe(uint64_t *acc, const unsigned char *p, const unsigned char *s) {
  for (size_t i = 0; i < 8; i++) {
    uint64_t value = fnxxh_64(p + 8 * i), key = value ^ fnxxh_64(s + 8 * i);
    acc[i ^ 1] += value;
    acc[i] += (key & 0xFFFFFFFF) * (key >> 32);
  }
}

static void fnxxh_start(uint64_t *acc) {
  static const uint64_t first[8] = {FNXXH_P32_3, FNXXH_P64_1, FNXXH_P64_2, FNXXH_P64_3, FNXXH_P64_4, FNXXH_P32_2, FNXXH_P64_5, FNXXH_P32_1};
  memcpy(acc, first, sizeof first);
}

static void fnxxh_block(uint64_t *acc, const unsigned char *p) {
  const unsigned char *s = fnxxh_secret, *last = s + sizeof fnxxh_secret - FNXXH_STRIPE;
  for (size_t i = 0; i < FNXXH_STRIPES; i++) fnxxh_stripe(acc, p + FNXXH_STRIPE * i, s + 8 * i);
  for (size_t i = 0; i < 8; i++) acc[i] = (acc[i] ^ acc[i] >> 47 ^ fnxxh_64(last + 8 * i)) * FNXXH_P32_1;
}

/* What is behind the whole blocks, 1 to FNXXH_BLOCK bytes; n: of all. The 64 bytes before `end` can be read. */
static uint64_t fnxxh_end(uint64_t *acc, const unsigned char *p, const unsigned char *end, uint64_t n) {
  const unsigned char *s = fnxxh_secret, *last = s + sizeof fnxxh_secret - FNXXH_STRIPE;
  size_t stripes = ((size_t)(end - p) - 1) / FNXXH_STRIPE;
  for (size_t i = 0; i < stripes; i++) fnxxh_stripe(acc, p + FNXXH_STRIPE * i, s + 8 * i);
  fnxxh_stripe(acc, end - FNXXH_STRIPE, last - 7);
  uint64_t h = n * FNXXH_P64_1;
  for (size_t i = 0; i < 4; i++) {
    h += fnxxh_fold(acc[2 * i] ^ fnxxh_64(s + 11 + 16 * i),
                    acc[2 * i + 1] ^ fnxxh_64(s + 19 + 16 * i));
  }
  return fnxxh_avalanche(h);
}

static uint64_t fnxxh_long(const unsigned char *p, size_t n) {
  const unsigned char *end = p + n;
  uint64_t acc[8];
  fnxxh_start(acc);
  for (size_t blocks = (n - 1) / FNXXH_BLOCK; blocks; blocks--, p += FNXXH_BLOCK) fnxxh_block(acc, p);
  return fnxxh_end(acc, p, end, n);
}

/* ---- in pieces ---- */

void frt_xxh3_start(FrtXxh3 *x) {
  fnxxh_start(x->acc);
  x->len = x->held_len = 0;
}

/* A whole block is added when more bytes follow it; the last 64 bytes before what is held stay in front of it. */
void frt_xxh3_add(FrtXxh3 *x, const void *from, size_t n) {
  const unsigned char *p = from;
  x->len += n;
  while (n) {
    if (x->held_len == FNXXH_BLOCK) {
      fnxxh_block(x->acc, x->held + FNXXH_STRIPE);
      memcpy(x->held, x->held + FNXXH_BLOCK, FNXXH_STRIPE);
      x->held_len = 0;
    }
    if (!x->held_len && n > FNXXH_BLOCK) {
      for (; n > FNXXH_BLOCK; p += FNXXH_BLOCK, n -= FNXXH_BLOCK) fnxxh_block(x->acc, p);
      memcpy(x->held, p - FNXXH_STRIPE, FNXXH_STRIPE);
    }
    size_t room = FNXXH_BLOCK - x->held_len, take = n < room ? n : room;
    memcpy(x->held + FNXXH_STRIPE + x->held_len, p, take);
    x->held_len += take;
    p += take;
    n -= take;
  }
}

uint64_t frt_xxh3_sum(const FrtXxh3 *x) {
  const unsigned char *p = x->held + FNXXH_STRIPE;
  if (x->len <= 16) return fnxxh_to_16(p, (size_t)x->len);
  if (x->len <= 240) return fnxxh_to_240(p, (size_t)x->len);
  uint64_t acc[8];
  memcpy(acc, x->acc, sizeof acc);
  return fnxxh_end(acc, p, p + x->held_len, x->len);
}

uint64_t frt_xxh3(FrtCtx *cx, FrtStr text) {
  (void)cx;
  const unsigned char *p = (const unsigned char *)text.ptr;
  if (text.len <= 16) return fnxxh_to_16(p, text.len);
  return text.len <= 240 ? fnxxh_to_240(p, text.len) : fnxxh_long(p, text.len);
}
