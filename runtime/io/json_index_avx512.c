/* json_index_avx512.c: the index with AVX-512 (BW, VBMI2) and carry-less multiplication. */
#include "io/json_index.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define JSON_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,pclmul,bmi,bmi2,popcnt,lzcnt")))
#define JSON_AVX512_INLINE JSON_AVX512 static inline

JSON_AVX512_INLINE void json_masks_avx512(const char *p, JsonMasks *m) {
  __m512i x = _mm512_loadu_si512(p);
  m->quote = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('"'));
  m->slash = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\\'));
  m->colon = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(':'));
  m->comma = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(','));
  m->line = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\n'));
  m->open = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('{'));
  m->close = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('}'));
  m->space = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(' '));
  m->minus = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('-'));
  m->point = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('.'));
  m->zero = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('0'));
  m->control = _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(0x20));
  m->digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
  m->high = _mm512_movepi8_mask(x);
}

/* Writes the places of the bits, 64 of them whatever there are. */
JSON_AVX512_INLINE uint32_t *json_put_avx512(uint32_t *out, uint64_t bits, uint32_t at) {
  const __m512i iota = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44,
                                       43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24,
                                       23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
                                       1, 0);
  __m512i places = _mm512_maskz_compress_epi8(bits, iota), base = _mm512_set1_epi32((int)at);
  uint32_t n = (uint32_t)__builtin_popcountll(bits);
  _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
  if (n > 16) {
    _mm512_storeu_si512(out + 16, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 1))));
    _mm512_storeu_si512(out + 32, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 2))));
    _mm512_storeu_si512(out + 48, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 3))));
  }
  return out + n;
}

JSON_AVX512 void json_index_avx512(JsonIndex *x) {
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
    json_masks_avx512(from, &m);
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
    x->stop = at + (bad ? (size_t)__builtin_ctzll(bad) : JSON_WORD);
    if (bad) separators &= (bad & (0 - bad)) - 1;
    out = json_put_avx512(out, separators, (uint32_t)at);
  }
  x->high = high != 0;
  x->len = (uint32_t)(out - x->out);
}
#endif
