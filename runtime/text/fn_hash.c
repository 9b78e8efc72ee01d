/* fn_hash.c: checksums (MD5, RFC 1321; SHA-256, FIPS 180-4), random ids, masks and the
 * environment. Digests are printed in lower-case hex. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "text/fn.h"

/* ---- what MD5 and SHA-256 share: 64-byte blocks, then 0x80, zeros and the length in bits ---- */

typedef void FnDigestBlock(uint32_t *state, const unsigned char *block);

static void fnhash_digest(uint32_t *state, FnDigestBlock *block, FrtStr s, int big_endian) {
  const unsigned char *p = (const unsigned char *)s.ptr;
  uint32_t left = s.len;
  for (; left >= 64; p += 64, left -= 64) block(state, p);
  unsigned char tail[128] = {0};
  if (left) memcpy(tail, p, left);
  tail[left] = 0x80;
  size_t size = left < 56 ? 64 : 128;
  uint64_t bits = (uint64_t)s.len * 8;
  for (int i = 0; i < 8; i++)
    tail[size - 8 + i] = (unsigned char)(bits >> 8 * (big_endian ? 7 - i : i));
  block(state, tail);
  if (size == 128) block(state, tail + 64);
}

static FrtStr fnhash_hex(FrtCtx *cx, const uint32_t *state, size_t words, int big_endian) {
  char *out = frt_alloc(cx, words * 8), *p = out;
  for (size_t i = 0; i < words; i++) {
    for (int j = 0; j < 4; j++) {
      unsigned byte = state[i] >> 8 * (big_endian ? 3 - j : j) & 0xFF;
      *p++ = "0123456789abcdef"[byte >> 4];
      *p++ = "0123456789abcdef"[byte & 15];
    }
  }
  return fn_str(out, words * 8);
}

/* ---- MD5 ---- */

static const uint32_t fnhash_md5_add[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const uint8_t fnhash_md5_turn[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t fnhash_left(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
static uint32_t fnhash_right(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

static void fnhash_md5_block(uint32_t *state, const unsigned char *block) {
  uint32_t m[16], a = state[0], b = state[1], c = state[2], d = state[3];
  for (int i = 0; i < 16; i++, block += 4) {
    m[i] = (uint32_t)block[0] | (uint32_t)block[1] << 8 | (uint32_t)block[2] << 16 |
           (uint32_t)block[3] << 24;
  }
  for (unsigned i = 0; i < 64; i++) {
    uint32_t f;
    unsigned g;
    switch (i / 16) {
      case 0: f = (b & c) | (~b & d), g = i; break;
      case 1: f = (d & b) | (~d & c), g = (5 * i + 1) % 16; break;
      case 2: f = b ^ c ^ d, g = (3 * i + 5) % 16; break;
      default: f = c ^ (b | ~d), g = 7 * i % 16; break;
    }
    f += a + fnhash_md5_add[i] + m[g];
    a = d;
    d = c;
    c = b;
    b += fnhash_left(f, fnhash_md5_turn[i / 16][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

FrtStr frt_md5(FrtCtx *cx, FrtStr s) {
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  fnhash_digest(state, fnhash_md5_block, s, 0);
  return fnhash_hex(cx, state, 4, 0);
}

/* ---- SHA-256 ---- */

static const uint32_t fnhash_sha_add[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void fnhash_sha_block(uint32_t *state, const unsigned char *block) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++, block += 4) {
    w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (fnhash_right(x, 7) ^ fnhash_right(x, 18) ^ x >> 3) + w[i - 7] +
           (fnhash_right(y, 17) ^ fnhash_right(y, 19) ^ y >> 10);
  }
  memcpy(v, state, sizeof v);
  for (unsigned i = 0; i < 64; i += 8) { /* eight rounds bring each variable back to its place */
#pragma GCC unroll 8
    for (unsigned j = 0; j < 8; j++) {
      uint32_t a = v[-j & 7], b = v[(1 - j) & 7], c = v[(2 - j) & 7];
      uint32_t e = v[(4 - j) & 7], f = v[(5 - j) & 7], g = v[(6 - j) & 7], h = v[(7 - j) & 7];
      uint32_t s1 = fnhash_right(e, 6) ^ fnhash_right(e, 11) ^ fnhash_right(e, 25);
      uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + fnhash_sha_add[i + j] + w[i + j];
      uint32_t s0 = fnhash_right(a, 2) ^ fnhash_right(a, 13) ^ fnhash_right(a, 22);
      v[(3 - j) & 7] += t1;
      v[(7 - j) & 7] = t1 + s0 + ((a & b) ^ (a & c) ^ (b & c));
    }
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}

FrtStr frt_sha256(FrtCtx *cx, FrtStr s) {
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  fnhash_digest(state, fnhash_sha_block, s, 1);
  return fnhash_hex(cx, state, 8, 1);
}

/* ---- masks ---- */

FrtStr frt_mask_hash(FrtCtx *cx, FrtStr s) {
  FrtStr digest = frt_sha256(cx, s);
  return fn_str(digest.ptr, 16);
}

FrtStr frt_mask_redact(FrtCtx *cx, FrtStr s) {
  (void)cx;
  (void)s;
  return fn_str("***", 3);
}

/* The first and the last code point of texts of six and more, the first of three to five. */
FrtStr frt_mask_partial(FrtCtx *cx, FrtStr s) {
  size_t count = fn_count(s.ptr, s.len);
  size_t head = count >= 3 ? fn_width(s.ptr[0]) : 0,
         tail = count >= 6 ? s.len - fn_offset(s, count - 1) : 0;
  char *out = frt_alloc(cx, head + 3 + tail);
  fn_copy(out, s.ptr, head);
  memcpy(out + head, "***", 3);
  fn_copy(out + head + 3, s.ptr + s.len - tail, tail);
  return fn_str(out, head + 3 + tail);
}

/* ---- ids ---- */

FrtUuid frt_uuid_random(FrtCtx *cx) {
  (void)cx;
  FrtUuid u;
  size_t have = 0;
  while (have < sizeof u) {
    ssize_t n = getrandom((char *)&u + have, sizeof u - have, 0);
    if (n < 0 && errno != EINTR) abort(); /* since Linux 3.17 it cannot fail for so few bytes */
    if (n > 0) have += (size_t)n;
  }
  u.hi = (u.hi & ~0xF000ull) | 0x4000;                           /* version 4: random */
  u.lo = (u.lo & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull; /* the variant of RFC 9562 */
  return u;
}

/* ---- the environment ---- */

int frt_env(FrtCtx *cx, FrtStr *out, FrtStr name) {
  if (!name.len || memchr(name.ptr, 0, name.len)) return FRT_NULL;
  char *key = frt_alloc(cx, (size_t)name.len + 1);
  memcpy(key, name.ptr, name.len);
  key[name.len] = 0;
  const char *value = getenv(key);
  if (!value) return FRT_NULL;
  *out = fn_str(value, strlen(value));
  if (!frt_utf8_valid(out->ptr, out->len)) return fn_error_value(cx, FRT_E_UTF8, name);
  return FRT_OK;
}

int frt_env_or(FrtCtx *cx, FrtStr *out, FrtStr name, FrtStr otherwise) {
  int status = frt_env(cx, out, name);
  if (status != FRT_NULL) return status;
  *out = otherwise;
  return FRT_OK;
}
