/* sorter_pack.c: the bits in which keys differ, put together.
 *
 * Of words, those from the lowest bit that differs to the highest are taken; of bytes, of which the first 32 are looked at,
 * just the bits that differ (digits differ in four bits of eight): by pext where the processor has it, else as for words. */
#include "op/sorter.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SORTER_BATCH = 256 };

#define SORTER_INLINE static inline __attribute__((always_inline))

/* ---- the plan ---- */

static int sorter_has_pext(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("bmi2") != 0;
#else
  return 0;
#endif
}

static uint64_t sorter_range(uint64_t differ) {
  if (!differ) return 0;
  uint64_t up = ~0ull >> __builtin_clzll(differ);
  return up & ~0ull << __builtin_ctzll(differ);
}

/* The bits of bytes that differ: word j of `differ`. 1: these words are all there is of any key, and tell keys apart: zeros behind
 * the end of a shorter one might only be taken for its own. */
static int sorter_differ(const FrtSorter *s, uint64_t differ[FRT_SORT_WORDS]) {
  uint64_t first[FRT_SORT_WORDS] = { 0 };
  uint32_t most = 0, zeros = 0;
  memset(differ, 0, FRT_SORT_WORDS * sizeof *differ);
  for (uint32_t c = 0; c < s->chunk_len; c++) {
    const SorterChunk *chunk = s->chunks[c];
    for (uint64_t i = 0; i < chunk->len; i++) {
      const FrtSortKey *key = sorter_key(chunk->data[2 * i + 1]);
      most |= key->len > FRT_SORT_WORDS * 8;
      zeros |= key->len && !key->bytes[key->len - 1];
      for (uint32_t j = 0; j < FRT_SORT_WORDS; j++) {
        uint64_t w = sorter_bytes_word(key, j);
        if (!c && !i) first[j] = w;
        differ[j] |= w ^ first[j];
      }
    }
  }
  return !most && (!zeros || s->by_bytes == FRT_SORT_PARTS);
}

void frt_sorter_pack(SorterRun *r) {
  FrtSorter *s = r->s;
  SorterPack *p = &r->pack;
  int left = 64, by_range = !s->by_bytes || !sorter_has_pext();
  uint32_t words = 0, all = !s->by_bytes;
  memset(p, 0, sizeof *p);
  while (words < s->words && !(s->rising >> words & 1)) words++;
  if (s->by_bytes && words) {
    words = FRT_SORT_WORDS;
    all = (uint32_t)sorter_differ(s, s->differ);
  }
  for (uint32_t j = 0; j < words && left; j++) {
    uint64_t mask = by_range ? sorter_range(s->differ[j]) : s->differ[j];
    int bits = __builtin_popcountll(mask), take = bits < left ? bits : left;
    for (int i = take; i < bits; i++) mask &= mask - 1;   /* the lowest ones have no room */
    p->mask[j] = mask;
    p->left[j] = left -= take;
    p->words = j + 1;
    p->depth += take == bits;
  }
  for (uint32_t j = 0; j < p->words; j++) p->left[j] = (p->left[j] - left) & 63;   /* 64: of none */
  p->differ = left == 64 ? 0 : ~0ull >> left;
  p->whole = all && p->depth == words;
  r->by_number |= !p->whole && !s->by_bytes;
}

/* ---- keys of n entries at a time ---- */

/* Into keys[0 .. n) those of the entries from e on. */
typedef void SorterKeys(const SorterPack *p, const uint64_t *e, uint32_t stride, uint32_t n, uint64_t *keys);

SORTER_INLINE uint64_t sorter_shifted(const SorterPack *p, const int *right, uint32_t j, uint64_t w) {
  return (w & p->mask[j]) >> right[j] << p->left[j];
}

SORTER_INLINE void sorter_rights(const SorterPack *p, int *right) {
  for (uint32_t j = 0; j < p->words; j++) right[j] = p->mask[j] ? __builtin_ctzll(p->mask[j]) : 0;
}

static void sorter_keys_one(const SorterPack *p, const uint64_t *e, uint32_t stride, uint32_t n, uint64_t *keys) {
  int right = p->mask[0] ? __builtin_ctzll(p->mask[0]) : 0;
  for (uint32_t i = 0; i < n; i++) keys[i] = (e[(size_t)i * stride] & p->mask[0]) >> right << p->left[0];
}

static void sorter_keys_words(const SorterPack *p, const uint64_t *e, uint32_t stride, uint32_t n, uint64_t *keys) {
  int right[FRT_SORT_WORDS];
  sorter_rights(p, right);
  for (uint32_t i = 0; i < n; i++, e += stride) {
    keys[i] = 0;
    for (uint32_t j = 0; j < p->words; j++) keys[i] |= sorter_shifted(p, right, j, e[j]);
  }
}

static void sorter_keys_bytes(const SorterPack *p, const uint64_t *e, uint32_t stride, uint32_t n, uint64_t *keys) {
  int right[FRT_SORT_WORDS];
  sorter_rights(p, right);
  for (uint32_t i = 0; i < n; i++) {
    const FrtSortKey *key = sorter_key(e[(size_t)i * stride + 1]);
    keys[i] = 0;
    for (uint32_t j = 0; j < p->words; j++) keys[i] |= sorter_shifted(p, right, j, sorter_bytes_word(key, j));
  }
}

#if defined(__x86_64__)
__attribute__((target("bmi2")))
static void sorter_keys_pext(const SorterPack *p, const uint64_t *e, uint32_t stride, uint32_t n, uint64_t *keys) {
  for (uint32_t i = 0; i < n; i++) {
    const FrtSortKey *key = sorter_key(e[(size_t)i * stride + 1]);
    keys[i] = 0;
    for (uint32_t j = 0; j < p->words; j++) keys[i] |= _pext_u64(sorter_bytes_word(key, j), p->mask[j]) << p->left[j];
  }
}
#else
#define sorter_keys_pext sorter_keys_bytes
#endif

static SorterKeys *sorter_keys(const SorterRun *r) {
  if (r->s->by_bytes) return sorter_has_pext() ? sorter_keys_pext : sorter_keys_bytes;
  return r->pack.words == 1 ? sorter_keys_one : sorter_keys_words;
}

/* ---- buckets ---- */

static void sorter_count(SorterRun *r, SorterKeys *pack) {
  uint32_t stride = r->s->words + 1;
  uint64_t keys[SORTER_BATCH];
  for (uint32_t c = 0; c < r->s->chunk_len; c++) {
    const SorterChunk *chunk = r->s->chunks[c];
    for (uint64_t from = 0, m; from < chunk->len; from += m) {
      m = chunk->len - from < SORTER_BATCH ? chunk->len - from : SORTER_BATCH;
      pack(&r->pack, chunk->data + from * stride, stride, (uint32_t)m, keys);
      for (uint64_t i = 0; i < m; i++) r->ends[FRT_RADIX_DIGIT(r->cut, keys[i])]++;
    }
  }
}

static void sorter_scatter(SorterRun *r, SorterKeys *pack) {
  FrtSorter *s = r->s;
  uint32_t stride = s->words + 1;
  uint64_t keys[SORTER_BATCH];
  for (uint32_t c = 0; c < s->chunk_len; c++) {
    const SorterChunk *chunk = s->chunks[c];
    for (uint64_t from = 0, m; from < chunk->len; from += m) {
      m = chunk->len - from < SORTER_BATCH ? chunk->len - from : SORTER_BATCH;
      const uint64_t *payload = chunk->data + from * stride + s->words;
      pack(&r->pack, chunk->data + from * stride, stride, (uint32_t)m, keys);
      for (uint64_t i = 0; i < m; i++)
        s->pairs[r->ends[FRT_RADIX_DIGIT(r->cut, keys[i])]++] =
            (FrtPair){ keys[i], r->by_number ? (uint64_t)c << SORTER_SHIFT | (from + i) : payload[i * stride] };
    }
  }
}

void frt_sorter_split(SorterRun *r) {
  SorterKeys *pack = sorter_keys(r);
  uint64_t sum = 0;
  if (r->cut.bits) sorter_count(r, pack);
  for (uint32_t b = 0; b < 1u << r->cut.bits; b++) {
    uint64_t count = r->ends[b];
    r->ends[b] = sum;
    sum += count;
  }
  sorter_scatter(r, pack);
}
