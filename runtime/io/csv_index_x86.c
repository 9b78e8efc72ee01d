/* csv_index_x86.c: the separator index with SSE2, AVX2 and AVX-512. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "io/csv_index.h"

/* ---- SSE2 ---- */

static inline uint64_t csv_sse2_equal(const char *p, char c) {
  const __m128i v = _mm_set1_epi8(c);
  uint64_t mask = 0;
  for (int i = 0; i < 4; i++) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, v)) << (16 * i);
  }
  return mask;
}

void csv_index_sse2(CsvIndex *x) {
  CsvCarry k;
  uint32_t found = 0;
  const uint64_t quoting = x->quote ? ~(uint64_t)0 : 0;
  __m128i all = _mm_setzero_si128();
  csv_carry_start(&k);
  for (size_t at = 0; at < x->len && found < x->need; at += 64) {
    const char *p = x->p + at;
    uint64_t valid = csv_valid_mask(x->len - at), separators;
    CsvMasks m = {csv_sse2_equal(p, x->delimiter) & valid, csv_sse2_equal(p, '\n') & valid,
                  csv_sse2_equal(p, x->quote) & valid & quoting, 0};
    for (int i = 0; i < 4; i++) all = _mm_or_si128(all, _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)));
    if (csv_step_plain(&k, m.quote)) {
      separators = m.delimiter | m.newline;
      k.opens = separators >> 63;
      k.newlines += (uint64_t)__builtin_popcountll(m.newline);
      k.newlines_all += (uint64_t)__builtin_popcountll(m.newline);
    } else {
      m.cr = csv_sse2_equal(p, '\r');
      separators = csv_step_quotes(&k, &m, csv_prefix_xor(m.quote), valid);
      csv_quoted_store(x, &k, separators, found);
    }
    found = csv_bits_store(x->out, found, (uint32_t)at + 1, separators);
  }
  x->high = _mm_movemask_epi8(all) != 0;
  csv_carry_end(&k, x, found);
}

/* ---- AVX2 ---- */

#define CSV_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

CSV_AVX2 static inline uint64_t csv_avx2_equal(__m256i low, __m256i high, char c) {
  const __m256i v = _mm256_set1_epi8(c);
  uint64_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, v));
  uint64_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, v));
  return a | b << 32;
}

CSV_AVX2 static inline uint64_t csv_avx2_prefix_xor(uint64_t q) {
  __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)q), _mm_set1_epi8((char)0xff), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

CSV_AVX2 void csv_index_avx2(CsvIndex *x) {
  CsvCarry k;
  uint32_t found = 0;
  const uint64_t quoting = x->quote ? ~(uint64_t)0 : 0;
  __m256i all = _mm256_setzero_si256();
  csv_carry_start(&k);
  for (size_t at = 0; at < x->len && found < x->need; at += 64) {
    const char *p = x->p + at;
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    uint64_t valid = csv_valid_mask(x->len - at), separators;
    CsvMasks m = {csv_avx2_equal(low, high, x->delimiter) & valid, csv_avx2_equal(low, high, '\n') & valid,
                  csv_avx2_equal(low, high, x->quote) & valid & quoting, 0};
    all = _mm256_or_si256(all, _mm256_or_si256(low, high));
    if (csv_step_plain(&k, m.quote)) {
      separators = m.delimiter | m.newline;
      k.opens = separators >> 63;
      k.newlines += (uint64_t)__builtin_popcountll(m.newline);
      k.newlines_all += (uint64_t)__builtin_popcountll(m.newline);
    } else {
      m.cr = csv_avx2_equal(low, high, '\r');
      separators = csv_step_quotes(&k, &m, csv_avx2_prefix_xor(m.quote), valid);
      csv_quoted_store(x, &k, separators, found);
    }
    found = csv_bits_store(x->out, found, (uint32_t)at + 1, separators);
  }
  x->high = _mm256_movemask_epi8(all) != 0;
  csv_carry_end(&k, x, found);
}

/* ---- AVX-512 ---- */

#define CSV_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,avx2,bmi,bmi2,popcnt,pclmul")))

/* The set bits' numbers as bytes, then widened: the compress goes to a register, which is fast on Zen 4 too. */
CSV_AVX512 static inline uint32_t csv_avx512_store(uint32_t *out, uint32_t found, uint32_t at, uint64_t bits,
                                                   __m512i iota) {
  uint32_t n = (uint32_t)__builtin_popcountll(bits);
  __m512i places = _mm512_maskz_compress_epi8(bits, iota), base = _mm512_set1_epi32((int)at);
  uint32_t *p = out + found;
  _mm512_storeu_si512(p, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
  if (n > 16) {
    for (int i = 1; i < 4; i++) {
      __m128i part = i == 1   ? _mm512_extracti32x4_epi32(places, 1)
                     : i == 2 ? _mm512_extracti32x4_epi32(places, 2)
                              : _mm512_extracti32x4_epi32(places, 3);
      _mm512_storeu_si512(p + 16 * i, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(part)));
    }
  }
  return found + n;
}

CSV_AVX512 static __m512i csv_avx512_iota(void) {
  const __m512i bytes = _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928,
                                         0x2726252423222120, 0x1f1e1d1c1b1a1918, 0x1716151413121110,
                                         0x0f0e0d0c0b0a0908, 0x0706050403020100);
  return bytes;
}

/* Where the hardware's prefetcher stops at the end of a page, this does not: mapped files are read from memory. */
enum { CSV_AHEAD = 2048 };

/* The whole 64 bytes; what is kept from one to the next stays in registers while there are no quotes. Returns where it
 * stopped. */
CSV_AVX512 static size_t csv_avx512_whole(CsvIndex *x, CsvCarry *k, uint32_t *out_found, __m512i *out_all) {
  const __m512i delimiter = _mm512_set1_epi8(x->delimiter), newline = _mm512_set1_epi8('\n'),
                quote = _mm512_set1_epi8(x->quote), cr = _mm512_set1_epi8('\r'), iota = csv_avx512_iota();
  const uint64_t quoting = x->quote ? ~(uint64_t)0 : 0;
  const uint32_t need = x->need;
  const size_t len = x->len;
  const char *p = x->p;
  uint32_t *out = x->out, found = *out_found;
  uint64_t newlines = 0, busy = 0, ends = (uint64_t)1 << 63;
  __m512i all = *out_all;
  size_t at = 0;
  for (; at + 64 <= len && found < need; at += 64) {
    _mm_prefetch(p + at + CSV_AHEAD, _MM_HINT_T0);
    __m512i bytes = _mm512_loadu_si512(p + at);
    uint64_t d = _mm512_cmpeq_epi8_mask(bytes, delimiter), n = _mm512_cmpeq_epi8_mask(bytes, newline);
    uint64_t q = _mm512_cmpeq_epi8_mask(bytes, quote) & quoting, separators = d | n;
    all = _mm512_or_si512(all, bytes);
    if ((q | busy) == 0) {
      ends = separators;
      newlines += (uint64_t)__builtin_popcountll(n);
    } else {
      CsvMasks m = {d, n, q, _mm512_cmpeq_epi8_mask(bytes, cr)};
      k->opens = ends >> 63;
      separators = csv_step_quotes(k, &m, csv_avx2_prefix_xor(q), ~(uint64_t)0);
      csv_quoted_store(x, k, separators, found);
      ends = k->opens << 63;
      busy = k->inside | k->closed | k->closed_cr;
    }
    found = csv_avx512_store(out, found, (uint32_t)at + 1, separators, iota);
  }
  k->opens = ends >> 63;
  k->newlines += newlines;
  k->newlines_all += newlines;
  *out_found = found;
  *out_all = all;
  return at;
}

CSV_AVX512 void csv_index_avx512(CsvIndex *x) {
  CsvCarry k;
  uint32_t found = 0;
  __m512i all = _mm512_setzero_si512();
  csv_carry_start(&k);
  size_t at = csv_avx512_whole(x, &k, &found, &all);
  if (at < x->len && found < x->need) {
    __m512i bytes = _mm512_loadu_si512(x->p + at);
    uint64_t valid = csv_valid_mask(x->len - at);
    CsvMasks m = {_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(x->delimiter)) & valid,
                  _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')) & valid,
                  x->quote ? _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(x->quote)) & valid : 0,
                  _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\r'))};
    all = _mm512_or_si512(all, bytes);
    uint64_t separators = csv_step_quotes(&k, &m, csv_avx2_prefix_xor(m.quote), valid);
    csv_quoted_store(x, &k, separators, found);
    found = csv_avx512_store(x->out, found, (uint32_t)at + 1, separators, csv_avx512_iota());
  }
  x->high = _mm512_movepi8_mask(all) != 0;
  csv_carry_end(&k, x, found);
}

#endif
