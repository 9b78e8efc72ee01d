/* sorter_ties.c: what comes first where the packed keys of entries are equal: the next word in which they differ, of the entry or
 * of its bytes, is the key of a sort of its own (the idea of multikey sorting: J. Bentley, R. Sedgewick, "Fast algorithms
 * for sorting and searching strings", 1997). */
#include "op/sorter.h"

enum { SORTER_FEW = 12, SORTER_DEEP = 40 };

/* Word `depth` of what the pair stands for; 0 when there are no more. */
static int sorter_word(const FrtSorter *s, uint64_t row, uint32_t depth, uint64_t *word) {
  if (!s->by_bytes) {
    *word = depth < s->words ? sorter_entry(s, row)[depth] : 0;
    return depth < s->words;
  }
  *word = sorter_bytes_word(sorter_key(row), depth);
  return (uint64_t)depth * 8 < sorter_key(row)->len;
}

/* Whether a comes behind b, when their first `depth` words are equal. */
static int sorter_after(const FrtSorter *s, uint64_t a, uint64_t b, uint32_t depth) {
  for (;; depth++) {
    uint64_t x, y;
    int more = sorter_word(s, a, depth, &x), other = sorter_word(s, b, depth, &y);
    if (x != y) return x > y;
    if (!more || !other) return s->by_bytes && sorter_key(a)->len > sorter_key(b)->len;
  }
}

static void sorter_merge(const SorterTies *t, FrtPair *p, FrtPair *room, uint64_t n) {
  if (n <= SORTER_FEW) {
    for (uint64_t i = 1; i < n; i++) {
      FrtPair x = p[i];
      uint64_t j = i;
      for (; j && sorter_after(t->s, p[j - 1].row, x.row, t->depth); j--) p[j] = p[j - 1];
      p[j] = x;
    }
    return;
  }
  uint64_t half = n / 2, i = 0, j = half, k = 0;
  sorter_merge(t, p, room, half);
  sorter_merge(t, p + half, room, n - half);
  if (!sorter_after(t->s, p[half - 1].row, p[half].row, t->depth)) return;
  memcpy(room, p, half * sizeof *p);
  while (i < half && j < n) p[k++] = sorter_after(t->s, room[i].row, p[j].row, t->depth) ? p[j++] : room[i++];
  while (i < half) p[k++] = room[i++];
}

static void sorter_lengths(FrtPair *p, FrtPair *room, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) p[i].key = sorter_key(p[i].row)->len;
  frt_radix_sort(p, room, n, 0, NULL);
}

/* The next word in which they differ is the key of a sort of its own. Texts that nest without end are merged. */
static void sorter_ties(const FrtTies *base, FrtPair *p, FrtPair *room, uint64_t n) {
  SorterTies t = *(const SorterTies *)(const void *)base;
  if (n <= SORTER_FEW || t.calls > SORTER_DEEP) {
    sorter_merge(&t, p, room, n);
    return;
  }
  for (;; t.depth++) {
    uint64_t differ = 0, more = 0;
    for (uint64_t i = 0; i < n; i++) {
      more += (uint64_t)sorter_word(t.s, p[i].row, t.depth, &p[i].key);
      differ |= p[i].key ^ p[0].key;
    }
    if (!more) break;
    if (!differ && more == n) continue;
    for (uint64_t i = 0; !differ && i < n; i++) {   /* zeros, or nothing: what has ended comes first */
      uint64_t word;
      p[i].key = (uint64_t)sorter_word(t.s, p[i].row, t.depth, &word);
    }
    t.depth++;
    t.calls++;
    frt_radix_sort(p, room, n, 0, &t.base);
    return;
  }
  if (t.s->by_bytes) sorter_lengths(p, room, n);
}

SorterTies frt_sorter_ties(const SorterRun *r) {
  return (SorterTies){ { sorter_ties, r->s->by_bytes != 0, 0 }, r->s, r->pack.depth, 0 };
}
