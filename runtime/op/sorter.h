/* sorter.h: what the files of the sorter share; inside op/. */
#ifndef FRT_OP_SORTER_H
#define FRT_OP_SORTER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "op/radix.h"

enum { SORTER_SHARED = 1 << 17 /* entries from which several threads sort */ };
enum { SORTER_SHIFT = 20, SORTER_CHUNK_FIRST = 1 << 12, SORTER_CHUNK_MAX = 1 << SORTER_SHIFT };

typedef struct SorterChunk {
  uint64_t len, room;
  uint64_t data[];   /* len entries of words + 1 */
} SorterChunk;

/* How the bits in which keys differ are put together: of word j those of `mask`, close to each other, `left` bits up. */
typedef struct SorterPack {
  uint32_t words;    /* that take part: of the entry, or of the bytes */
  uint32_t whole;    /* equal keys are equal entries: there are no ties */
  uint32_t depth;    /* words that are equal when packed keys are */
  uint32_t unused;
  uint64_t differ;   /* the bits of packed keys in which they may differ */
  uint64_t mask[FRT_SORT_WORDS];
  int left[FRT_SORT_WORDS];
} SorterPack;

typedef struct SorterRun {
  FrtSorter *s;
  uint32_t by_number, unused;   /* rows are numbers of entries */
  SorterPack pack;
  FrtRadixCut cut;
  uint64_t ends[1 << FRT_RADIX_CUT_MAX];
} SorterRun;

/* Decides how the keys are packed. (sorter_pack.c) */
void frt_sorter_pack(SorterRun *r);
/* s->pairs get packed keys, bucket after bucket: ends[b] is where bucket b ends. The row is the payload, but where there may
 * be ties the number of the entry or the address of the key. */
void frt_sorter_split(SorterRun *r);

/* Pairs of equal packed keys, in order of what follows. (sorter_ties.c) */
typedef struct SorterTies {
  FrtTies base;
  const FrtSorter *s;
  uint32_t depth;    /* words that are known to be equal */
  uint32_t calls;    /* within each other */
} SorterTies;
SorterTies frt_sorter_ties(const SorterRun *r);

static inline const FrtSortKey *sorter_key(uint64_t payload) { return (const FrtSortKey *)(uintptr_t)payload; }

static inline const uint64_t *sorter_entry(const FrtSorter *s, uint64_t at) {
  const SorterChunk *c = s->chunks[at >> SORTER_SHIFT];
  return c->data + (at & (SORTER_CHUNK_MAX - 1)) * (s->words + 1);
}

/* Eight bytes of a key as a word; zeros behind its end. */
static inline uint64_t sorter_bytes_word(const FrtSortKey *key, uint32_t at) {
  uint64_t w;
  if ((uint64_t)at * 8 >= key->len) return 0;
  memcpy(&w, key->bytes + (size_t)at * 8, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  w = __builtin_bswap64(w);
#endif
  return w;
}

#endif
