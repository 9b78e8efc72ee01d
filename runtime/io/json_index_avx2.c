/* json_index_avx2.c: the index with AVX2 and carry-less multiplication. */
#include "io/json_index.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define JSON_AVX2 __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt,lzcnt")))
#define JSON_AVX2_INLINE JSON_AVX2 static inline

JSON_AVX2_INLINE uint64_t json_eq_avx2(__m256i a, __m256i b, char c) {
  __m256i k = _mm256_set1_epi8(c);
  uint32_t lo = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, k));
  uint32_t hi = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, k));
  return lo | (uint64_t)hi << 32;
}

/* Bytes of x - from that are at most `most`, unsigned. */
JSON_AVX2_INLINE uint64_t json_range_avx2(__m256i a, __m256i b, char from, char most) {
  __m256i f = _mm256_set1_epi8(from), k = _mm256_set1_epi8(most);
  a = _mm256_sub_epi8(a, f);
  b = _mm256_sub_epi8(b, f);
  uint32_t lo = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(a, k), a));
  uint32_t hi = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(b, k), b));
  return lo | (uint64_t)hi << 32;
}

JSON_AVX2_INLINE void json_masks_avx2(const char *p, JsonMasks *m) {
  __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
  __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
  m->quote = json_eq_avx2(a, b, '"');
  m->slash = json_eq_avx2(a, b, '\\');
  m->colon = json_eq_avx2(a, b, ':');
  m->comma = json_eq_avx2(a, b, ',');
  m->line = json_eq_avx2(a, b, '\n');
  m->open = json_eq_avx2(a, b, '{');
  m->close = json_eq_avx2(a, b, '}');
  m->space = json_eq_avx2(a, b, ' ');
  m->minus = json_eq_avx2(a, b, '-');
  m->point = json_eq_avx2(a, b, '.');
  m->zero = json_eq_avx2(a, b, '0');
  m->control = json_range_avx2(a, b, 0, 0x1f);
  m->digit = json_range_avx2(a, b, '0', 9);
  m->high = (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

JSON_AVX2 void json_index_avx2(JsonIndex *x) {
  JsonCarry c = json_index_begin(x);
  uint32_t *out = x->out;
  const uint32_t *room = out + x->room;
  size_t at = 0;
  uint64_t bad = 0, high = 0;
  char tail[JSON_WORD];
  for (; at < x->size && !bad && out < room; at += JSON_WORD) {
    JsonMasks m;
    uint64_t separators, wrong = 0;
    const char *p = x->base + at, *from = p;
    if (x->size - at < JSON_WORD) {       /* zeros do not fit anywhere */
      memset(tail, 0, sizeof tail);
      from = memcpy(tail, p, x->size - at);
    }
    json_masks_avx2(from, &m);
    uint64_t quote = m.quote;
    if (__builtin_expect((m.slash | c.escape) != 0, 0)) {
      quote = json_index_escapes(p, x->base + x->size, quote, m.slash, &c, &wrong);
      x->slash = 1;
    }
    __m128i ones = _mm_set1_epi8((char)0xff), parity = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)quote), ones, 0);
    uint64_t in = (uint64_t)_mm_cvtsi128_si64(parity) ^ c.in;
    c.in = (uint64_t)((int64_t)in >> 63);
    bad = wrong | json_index_word(p, &m, quote, in, &c, &separators);
    high |= m.high;
    if (bad) separators &= (bad & (0 - bad)) - 1;
    out = json_index_put(out, separators, (uint32_t)at);
  }
  x->high = high != 0;
  x->len = (uint32_t)(out - x->out);
}
#endif
