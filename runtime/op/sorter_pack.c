/* sorter_pack.c: the bits in which keys differ, put together.
 *
 * Of words, those from the lowest bit that differs to the highest are taken; of bytes, of which the first 32 are looked at,
 * just the bits that differ (digits differ in four bits of eight): by pext where the processor has it, else as for words. */
#include "base/arena.h"
#include "base/parallel.h"
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

/* Entries from .. to of a chunk. at[b] is first how many of them are in bucket b, then where the next one of them goes. */
typedef struct SorterPiece {
  uint32_t chunk, unused;
  uint64_t from, to;
  uint64_t *at;
} SorterPiece;

typedef struct SorterSplit {
  SorterRun *r;
  SorterKeys *pack;
  SorterPiece *pieces;
  uint32_t len;
} SorterSplit;

static void sorter_count(void *env, uint32_t part) {
  const SorterSplit *q = env;
  const SorterPiece *p = &q->pieces[part];
  const SorterChunk *chunk = q->r->s->chunks[p->chunk];
  uint32_t stride = q->r->s->words + 1;
  uint64_t keys[SORTER_BATCH];
  for (uint64_t from = p->from, m; from < p->to; from += m) {
    m = p->to - from < SORTER_BATCH ? p->to - from : SORTER_BATCH;
    q->pack(&q->r->pack, chunk->data + from * stride, stride, (uint32_t)m, keys);
    for (uint64_t i = 0; i < m; i++) p->at[FRT_RADIX_DIGIT(q->r->cut, keys[i])]++;
  }
}

static void sorter_scatter(void *env, uint32_t part) {
  const SorterSplit *q = env;
  const SorterPiece *p = &q->pieces[part];
  const FrtSorter *s = q->r->s;
  const SorterChunk *chunk = s->chunks[p->chunk];
  uint32_t stride = s->words + 1;
  uint64_t keys[SORTER_BATCH];
  for (uint64_t from = p->from, m; from < p->to; from += m) {
    m = p->to - from < SORTER_BATCH ? p->to - from : SORTER_BATCH;
    const uint64_t *payload = chunk->data + from * stride + s->words;
    q->pack(&q->r->pack, chunk->data + from * stride, stride, (uint32_t)m, keys);
    for (uint64_t i = 0; i < m; i++)
      s->pairs[p->at[FRT_RADIX_DIGIT(q->r->cut, keys[i])]++] =
          (FrtPair){ keys[i], q->r->by_number ? (uint64_t)p->chunk << SORTER_SHIFT | (from + i) : payload[i * stride] };
  }
}

/* The entries in pieces of at most `size`, each with counts of its own; size 0: a piece a chunk, all with r->ends. */
static void sorter_pieces(SorterSplit *q, uint64_t size) {
  const FrtSorter *s = q->r->s;
  uint32_t most = s->chunk_len + (size ? (uint32_t)(s->len / size) : 0) + 1;
  size_t counts = sizeof(uint64_t) << q->r->cut.bits;
  q->pieces = frt_malloc(most * sizeof *q->pieces);
  q->len = 0;
  for (uint32_t c = 0; c < s->chunk_len; c++) {
    uint64_t len = ((const SorterChunk *)s->chunks[c])->len, step = size ? size : len;
    for (uint64_t from = 0; from < len; from += step) {
      uint64_t to = len - from < step ? len : from + step;
      q->pieces[q->len++] = (SorterPiece){ c, 0, from, to, size ? memset(frt_malloc(counts), 0, counts) : q->r->ends };
    }
  }
}

/* Counts become places: bucket after bucket, in each the pieces in their order. */
static void sorter_places(SorterSplit *q, int shared) {
  uint64_t sum = 0;
  uint32_t len = shared ? 1 : q->len;
  for (uint32_t b = 0; b < 1u << q->r->cut.bits; b++) {
    for (uint32_t i = 0; i < len; i++) {
      uint64_t count = q->pieces[i].at[b];
      q->pieces[i].at[b] = sum;
      sum += count;
    }
    if (!shared) q->r->ends[b] = sum;
  }
}

void frt_sorter_split(SorterRun *r) {
  uint32_t width = r->s->len < SORTER_SHARED || !r->cut.bits ? 1 : frt_parallel_width();
  uint64_t size = width > 1 ? r->s->len / (4 * width) + 1 : 0;
  SorterSplit q = { .r = r, .pack = sorter_keys(r) };
  sorter_pieces(&q, size);
  if (width > 1) {
    frt_parallel(q.len, sorter_count, &q);
    sorter_places(&q, 0);
    frt_parallel(q.len, sorter_scatter, &q);
    for (uint32_t i = 0; i < q.len; i++) frt_free(q.pieces[i].at);
  } else {
    for (uint32_t i = 0; i < q.len && r->cut.bits; i++) sorter_count(&q, i);
    sorter_places(&q, 1);
    for (uint32_t i = 0; i < q.len; i++) sorter_scatter(&q, i);
  }
  frt_free(q.pieces);
}
