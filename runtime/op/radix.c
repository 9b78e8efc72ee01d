/* radix.c: a stable sort of pairs, see radix.h.
 *
 * Large arrays are cut by the uppermost bits that differ into buckets that fit the cache (one pass through memory), and each
 * bucket is sorted from its lowest digit up (LSD), which looks only at the bits that differ within it. A bucket that
 * is still large is cut again; a handful of pairs is inserted. Pairs whose keys are equal go to the caller's ties. */
#include "op/radix.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"

enum { RADIX_BUCKET_BITS = 12, RADIX_INSERT_MAX = 24, RADIX_LSD_MAX = 1 << 16, RADIX_DIGIT_BITS = 8, RADIX_AHEAD = 32, RADIX_SKIP = 16 };

static void radix_bucket(FrtPair *from, FrtPair *room, uint64_t n, int into_room, const FrtTies *ties);

FrtRadixCut frt_radix_cut(uint64_t n, uint64_t differ) {
  if (!differ) return (FrtRadixCut){ 0, 0 };
  int low = __builtin_ctzll(differ), high = 64 - __builtin_clzll(differ), bits = 1;
  while (bits < FRT_RADIX_CUT_MAX && n >> bits > 1u << RADIX_BUCKET_BITS) bits++;
  if (high - low < bits) bits = high - low;
  return (FrtRadixCut){ high - bits, bits };
}

/* ---- few pairs ---- */

static void radix_insert(FrtPair *p, uint64_t n) {
  for (uint64_t i = 1; i < n; i++) {
    FrtPair x = p[i];
    uint64_t j = i;
    for (; j && p[j - 1].key > x.key; j--) p[j] = p[j - 1];
    p[j] = x;
  }
}

/* ---- from the lowest digit up ---- */

/* Both arrays are used; the sorted pairs are in the one that is returned. */
static FrtPair *radix_digits(FrtPair *from, FrtPair *to, uint64_t n, uint64_t differ) {
  int low = __builtin_ctzll(differ), width = 64 - __builtin_clzll(differ) - low;
  int passes = (width + RADIX_DIGIT_BITS - 1) / RADIX_DIGIT_BITS, bits = (width + passes - 1) / passes;
  uint64_t mask = (1u << bits) - 1;
  for (int p = 0; p < passes; p++, low += bits) {
    uint64_t counts[1 << RADIX_DIGIT_BITS] = { 0 }, sum = 0;
    if (!(differ >> low & mask)) continue;
    for (uint64_t i = 0; i < n; i++) counts[from[i].key >> low & mask]++;
    for (uint64_t b = 0; b <= mask; b++) {
      uint64_t count = counts[b];
      counts[b] = sum;
      sum += count;
    }
    for (uint64_t i = 0; i < n; i++) to[counts[from[i].key >> low & mask]++] = from[i];
    FrtPair *t = from;
    from = to;
    to = t;
  }
  return from;
}

/* ---- from the uppermost digit down ---- */

static void radix_cut(FrtPair *from, FrtPair *room, uint64_t n, int into_room, uint64_t differ, const FrtTies *ties) {
  FrtRadixCut cut = frt_radix_cut(n, differ);
  uint64_t *ends = frt_malloc(sizeof *ends << cut.bits), sum = 0, begin = 0;
  memset(ends, 0, sizeof *ends << cut.bits);
  for (uint64_t i = 0; i < n; i++) ends[FRT_RADIX_DIGIT(cut, from[i].key)]++;
  for (uint32_t b = 0; b < 1u << cut.bits; b++) {
    uint64_t count = ends[b];
    ends[b] = sum;
    sum += count;
  }
  for (uint64_t i = 0; i < n; i++) room[ends[FRT_RADIX_DIGIT(cut, from[i].key)]++] = from[i];
  for (uint32_t b = 0; b < 1u << cut.bits; begin = ends[b++])
    radix_bucket(room + begin, from + begin, ends[b] - begin, !into_room, ties);
  frt_free(ends);
}

void frt_radix_ties(FrtPair *p, FrtPair *room, uint64_t n, const FrtTies *ties) {
  uint64_t ahead = 1;
  for (uint64_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && p[to].key == p[from].key; to++) {}
    for (; ties->by_address && ahead < n && ahead < to + RADIX_AHEAD; ahead++)
      if (p[ahead].key == p[ahead - 1].key || (ahead + 1 < n && p[ahead + 1].key == p[ahead].key))
        __builtin_prefetch((const char *)(uintptr_t)p[ahead].row + RADIX_SKIP);
    if (to - from > 1) ties->sort(ties, p + from, room + from, to - from);
  }
}

/* Cuts take bits off the key: at most 64 calls within each other. */
static void radix_bucket(FrtPair *from, FrtPair *room, uint64_t n, int into_room, const FrtTies *ties) {
  FrtPair *wanted = into_room ? room : from, *sorted = from;
  uint64_t differ = 0;
  if (!n) return;
  for (uint64_t i = 1; i < n; i++) differ |= from[i].key ^ from[0].key;
  if (differ && n > RADIX_LSD_MAX && 64 - __builtin_clzll(differ) - __builtin_ctzll(differ) > RADIX_DIGIT_BITS) {
    radix_cut(from, room, n, into_room, differ, ties);
    return;
  }
  if (differ && n <= RADIX_INSERT_MAX) radix_insert(from, n);
  else if (differ) sorted = radix_digits(from, room, n, differ);
  if (sorted != wanted) memcpy(wanted, sorted, n * sizeof *wanted);
  if (ties) frt_radix_ties(wanted, into_room ? from : room, n, ties);
}

void frt_radix_sort(FrtPair *from, FrtPair *room, uint64_t n, int into_room, const FrtTies *ties) {
  radix_bucket(from, room, n, into_room, ties);
}
