/* utf8.c: validation of UTF-8 (Unicode 15, table 3-7). ASCII goes by eight bytes, the rest by the ranges
 * of the table; with AVX2 32 bytes at a time by three lookups (Keiser and Lemire, "Validating UTF-8 In Less
 * Than One Instruction Per Byte", 2020). */
#include <string.h>

#include "text/column.h"
#include "text/column_simd.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

#if defined(__x86_64__)

#define TUTF_AVX2 __attribute__((target("avx2")))

/* What two bytes that follow one another can show to be wrong. A bit is an error when the high half of the
 * first, its low half and the high half of the second all allow it. Two of them share a bit: they differ in
 * their first byte. */
enum {
  TUTF_SHORT = 1 << 0,       /* a first byte, then no continuation */
  TUTF_LONG = 1 << 1,        /* ASCII, then a continuation */
  TUTF_OVER_3 = 1 << 2,      /* e0, then 80..9f */
  TUTF_LARGE = 1 << 3,       /* f4 and above, then 90..bf */
  TUTF_SURROGATE = 1 << 4,   /* ed, then a0..bf */
  TUTF_OVER_2 = 1 << 5,      /* c0, c1 */
  TUTF_LARGE_80 = 1 << 6,    /* f5 and above, then 80..8f */
  TUTF_OVER_4 = 1 << 6,      /* f0, then 80..8f */
  TUTF_TWO = 1 << 7,         /* two continuations: an error but for the third and fourth byte of a sequence */
  TUTF_ANY = TUTF_SHORT | TUTF_LONG | TUTF_TWO,
  TUTF_HIGH = TUTF_ANY | TUTF_LARGE | TUTF_LARGE_80,
  TUTF_CONT = TUTF_LONG | TUTF_OVER_2 | TUTF_TWO
};

static const uint8_t tutf_first_high[16] = {
    TUTF_LONG, TUTF_LONG, TUTF_LONG, TUTF_LONG, TUTF_LONG, TUTF_LONG, TUTF_LONG, TUTF_LONG,
    TUTF_TWO, TUTF_TWO, TUTF_TWO, TUTF_TWO, TUTF_SHORT | TUTF_OVER_2, TUTF_SHORT,
    TUTF_SHORT | TUTF_OVER_3 | TUTF_SURROGATE, TUTF_SHORT | TUTF_LARGE | TUTF_LARGE_80 | TUTF_OVER_4};
static const uint8_t tutf_first_low[16] = {
    TUTF_ANY | TUTF_OVER_2 | TUTF_OVER_3 | TUTF_OVER_4, TUTF_ANY | TUTF_OVER_2, TUTF_ANY, TUTF_ANY, TUTF_ANY | TUTF_LARGE,
    TUTF_HIGH, TUTF_HIGH, TUTF_HIGH, TUTF_HIGH, TUTF_HIGH, TUTF_HIGH, TUTF_HIGH, TUTF_HIGH,
    TUTF_HIGH | TUTF_SURROGATE, TUTF_HIGH, TUTF_HIGH};
static const uint8_t tutf_second_high[16] = {
    TUTF_SHORT, TUTF_SHORT, TUTF_SHORT, TUTF_SHORT, TUTF_SHORT, TUTF_SHORT, TUTF_SHORT, TUTF_SHORT,
    TUTF_CONT | TUTF_OVER_3 | TUTF_LARGE_80 | TUTF_OVER_4, TUTF_CONT | TUTF_OVER_3 | TUTF_LARGE,
    TUTF_CONT | TUTF_SURROGATE | TUTF_LARGE, TUTF_CONT | TUTF_SURROGATE | TUTF_LARGE,
    TUTF_SHORT, TUTF_SHORT, TUTF_SHORT, TUTF_SHORT};

TUTF_AVX2 static inline __m256i tutf_lookup(const uint8_t *table, __m256i halves) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table)), halves);
}

/* The errors of 32 bytes; `before` are the 32 bytes before them. */
TUTF_AVX2 static inline __m256i tutf_errors(__m256i bytes, __m256i before) {
  const __m256i half = _mm256_set1_epi8(0x0f);
  __m256i across = _mm256_permute2x128_si256(before, bytes, 0x21);
  __m256i one = _mm256_alignr_epi8(bytes, across, 15), two = _mm256_alignr_epi8(bytes, across, 14),
          three = _mm256_alignr_epi8(bytes, across, 13);
  __m256i wrong = tutf_lookup(tutf_first_high, _mm256_and_si256(_mm256_srli_epi16(one, 4), half));
  wrong = _mm256_and_si256(wrong, tutf_lookup(tutf_first_low, _mm256_and_si256(one, half)));
  wrong = _mm256_and_si256(wrong, tutf_lookup(tutf_second_high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
  /* Two or three bytes behind e0.. or f0.. there must be a continuation behind a continuation, and nowhere else. */
  __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8(0xe0 - 0x80)), fourth = _mm256_subs_epu8(three, _mm256_set1_epi8(0xf0 - 0x80));
  __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
  return _mm256_xor_si256(wrong, must);
}

TUTF_AVX2 static int tutf_valid_avx2(const char *p, size_t n) {
  __m256i wrong = _mm256_setzero_si256(), before = wrong;
  size_t i = 0;
  for (; n - i >= 32; i += 32) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
    if (_mm256_movemask_epi8(_mm256_or_si256(bytes, before))) wrong = _mm256_or_si256(wrong, tutf_errors(bytes, before));
    before = bytes;
  }
  char rest[32] = {0};   /* at least one zero, which ends a sequence that is cut off */
  memcpy(rest, p + i, n - i);
  wrong = _mm256_or_si256(wrong, tutf_errors(_mm256_loadu_si256((const __m256i *)(const void *)rest), before));
  return _mm256_testz_si256(wrong, wrong);
}

int frt_utf8_valid(const char *p, size_t n) {
  if (n < 32 || frt_simd_level() < FRT_SIMD_AVX2) return frt_utf8_prefix(p, n) == n;
  return tutf_valid_avx2(p, n);
}

#else

int frt_utf8_valid(const char *p, size_t n) {
  return frt_utf8_prefix(p, n) == n;
}

#endif
