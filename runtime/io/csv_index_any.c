/* csv_index_any.c: the separator index for any CPU, and the choice among the indexers. */
#include <stdlib.h>
#include <string.h>

#include "io/csv_index.h"

/* 0x80 in each byte of v that is c; bits above the first hit are exact too (no carry between bytes). */
static uint64_t csv_bytes_equal(uint64_t v, char c) {
  const uint64_t low = 0x7f7f7f7f7f7f7f7full;
  uint64_t d = v ^ (0x0101010101010101ull * (uint8_t)c);
  return ~(((d & low) + low) | d | low);
}

/* One bit a byte, from the top bits of eight bytes. */
static uint64_t csv_bytes_mask(uint64_t tops) {
  return ((tops >> 7) * 0x0102040810204080ull) >> 56;
}

static CsvMasks csv_masks_scalar(const char *p, char delimiter, char quote, uint64_t *all) {
  CsvMasks m = {0};
  for (int i = 0; i < 64; i += 8) {
    uint64_t v;
    memcpy(&v, p + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    *all |= v;
    m.delimiter |= csv_bytes_mask(csv_bytes_equal(v, delimiter)) << i;
    m.newline |= csv_bytes_mask(csv_bytes_equal(v, '\n')) << i;
    m.cr |= csv_bytes_mask(csv_bytes_equal(v, '\r')) << i;
    if (quote) m.quote |= csv_bytes_mask(csv_bytes_equal(v, quote)) << i;
  }
  return m;
}

void csv_index_scalar(CsvIndex *x) {
  CsvCarry k;
  uint32_t found = 0;
  uint64_t all = 0;
  csv_carry_start(&k);
  for (size_t at = 0; at < x->len && found < x->need; at += 64) {
    uint64_t valid = csv_valid_mask(x->len - at), separators;
    CsvMasks m = csv_masks_scalar(x->p + at, x->delimiter, x->quote, &all);
    m.delimiter &= valid;
    m.newline &= valid;
    m.quote &= valid;
    separators = csv_step_quotes(&k, &m, csv_prefix_xor(m.quote), valid);
    csv_quoted_store(x, &k, separators, found);
    found = csv_bits_store(x->out, found, (uint32_t)at + 1, separators);
  }
  x->high = (all & 0x8080808080808080ull) != 0;
  csv_carry_end(&k, x, found);
}

#if defined(__x86_64__)
enum { CSV_SIMD_SCALAR, CSV_SIMD_SSE2, CSV_SIMD_AVX2, CSV_SIMD_AVX512 };

static int csv_simd_level(void) {
  static const char *const names[] = {"scalar", "sse2", "avx2", "avx512"};
  const char *limit = getenv("FLOW_SIMD");
  int best = CSV_SIMD_SSE2;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi2"))
    best = CSV_SIMD_AVX2;
  if (best == CSV_SIMD_AVX2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2"))
    best = CSV_SIMD_AVX512;
  for (int i = 0; limit && i < best; i++)
    if (strcmp(limit, names[i]) == 0) best = i;
  return best;
}

CsvIndexer *csv_indexer(void) {
  CsvIndexer *const indexers[] = {csv_index_scalar, csv_index_sse2, csv_index_avx2, csv_index_avx512};
  return indexers[csv_simd_level()];
}

CsvCounter *csv_counter(void) {
  int level = csv_simd_level();
  return level == CSV_SIMD_AVX512 ? csv_count_avx512 : level == CSV_SIMD_AVX2 ? csv_count_avx2 : NULL;
}
#else
CsvIndexer *csv_indexer(void) { return csv_index_scalar; }
CsvCounter *csv_counter(void) { return NULL; }
#endif
