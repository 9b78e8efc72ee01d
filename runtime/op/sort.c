/* sort.c: a stable sort of (key word, row) pairs, see flowrt_hold.h: LSD radix sort over the bits in which the
 * words differ, then a stable merge sort of each run of equal words. The bits from the lowest to the highest that
 * differ are cut into equal digits of at most 11, which is as many places to write to as the caches follow: words
 * of 17 such bits take two passes. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "flowrt.h"

void frt_pairs_add(FrtPairs *p, uint64_t key, uint64_t row) {
  if (p->len == p->room) {
    uint64_t before = p->room;
    p->room = p->room ? p->room * 2 : 1024;
    frt_hold((p->room - before) * sizeof *p->data);
    p->data = frt_realloc(p->data, p->room * sizeof *p->data);
  }
  p->data[p->len++] = (FrtPair){key, row};
}

void frt_pairs_free(FrtPairs *p) {
  frt_unreserve(NULL, p->room * sizeof *p->data);
  frt_free(p->data);
  memset(p, 0, sizeof *p);
}

uint64_t frt_order_i64(int64_t v) { return (uint64_t)v ^ 0x8000000000000000ull; }

uint64_t frt_order_f64(double v) {
  uint64_t w;
  if (v != v) return 0xffffffffffffffffull;
  if (v == 0) v = 0.0;
  memcpy(&w, &v, 8);
  return w >> 63 ? ~w : w | 0x8000000000000000ull;
}

uint64_t frt_order_text(FrtStr v) {
  unsigned char b[8] = {0};
  uint64_t w = 0;
  if (v.len) memcpy(b, v.ptr, v.len < 8 ? v.len : 8);
  for (int i = 0; i < 8; i++) w = w << 8 | b[i];
  return w;
}

char *frt_order_put_word(char *p, uint64_t word, uint32_t bytes) {
  for (uint32_t i = bytes; i-- > 0;) *p++ = (char)(word >> (8 * i));
  return p;
}

/* Each zero is followed by a one's complement, and two zeros end the text. */
char *frt_order_put_text(char *p, FrtStr v, uint32_t flip) {
  for (uint32_t i = 0; i < v.len; i++) {
    *p++ = (char)((unsigned char)v.ptr[i] ^ flip);
    if (!v.ptr[i]) *p++ = (char)(0xff ^ flip);
  }
  *p++ = (char)flip;
  *p++ = (char)flip;
  return p;
}

enum { SORT_DIGIT_MAX = 11, SORT_DIGIT_SMALL = 8, SORT_SMALL = 1 << 14 };

typedef struct SortDigits {
  int low, bits, passes;   /* digit i is bits low + i * bits and up */
} SortDigits;

static SortDigits sort_digits(const FrtPair *pairs, uint64_t n) {
  uint64_t differ = 0;
  for (uint64_t i = 1; i < n; i++) differ |= pairs[i].key ^ pairs[0].key;
  if (!differ) return (SortDigits){0, 0, 0};
  int low = __builtin_ctzll(differ), width = 64 - __builtin_clzll(differ) - low;
  int most = n < SORT_SMALL ? SORT_DIGIT_SMALL : SORT_DIGIT_MAX, passes = (width + most - 1) / most;
  return (SortDigits){low, (width + passes - 1) / passes, passes};
}

/* One pass by the digit at `shift`; 0 when all have the same. */
static int sort_pass(const FrtPair *from, FrtPair *to, uint64_t n, uint64_t *counts, int shift, uint64_t mask) {
  uint64_t sum = 0;
  if (counts[from[0].key >> shift & mask] == n) return 0;
  for (uint64_t b = 0; b <= mask; b++) {
    uint64_t count = counts[b];
    counts[b] = sum;
    sum += count;
  }
  for (uint64_t i = 0; i < n; i++) to[counts[from[i].key >> shift & mask]++] = from[i];
  return 1;
}

static void sort_radix(FrtPair *pairs, uint64_t n) {
  SortDigits d = sort_digits(pairs, n);
  if (!d.passes) return;
  uint64_t mask = (1ull << d.bits) - 1, size = mask + 1;
  uint64_t *counts = frt_malloc(size * sizeof *counts * (size_t)d.passes);
  memset(counts, 0, size * sizeof *counts * (size_t)d.passes);
  for (uint64_t i = 0; i < n; i++) {
    uint64_t key = pairs[i].key >> d.low;
    for (int p = 0; p < d.passes; p++, key >>= d.bits) counts[(uint64_t)p * size + (key & mask)]++;
  }
  FrtPair *other = frt_malloc(n * sizeof *other), *from = pairs, *to = other;
  for (int p = 0; p < d.passes; p++) {
    int shift = d.low + p * d.bits;
    if (!sort_pass(from, to, n, counts + (uint64_t)p * size, shift, mask)) continue;
    FrtPair *t = from;
    from = to;
    to = t;
  }
  if (from != pairs) memcpy(pairs, from, n * sizeof *pairs);
  frt_free(other);
  frt_free(counts);
}

typedef struct SortBy {
  FrtCompare *cmp;
  const void *env;
  const FrtStore *store;
} SortBy;

static int sort_after(const SortBy *by, FrtPair a, FrtPair b) {
  if (a.key != b.key) return a.key > b.key;
  return by->cmp(by->env, FRT_ROW(by->store, a.row), FRT_ROW(by->store, b.row)) > 0;
}

static void sort_insert(FrtPair *p, uint64_t n, const SortBy *by) {
  for (uint64_t i = 1; i < n; i++) {
    FrtPair x = p[i];
    uint64_t j = i;
    for (; j && sort_after(by, p[j - 1], x); j--) p[j] = p[j - 1];
    p[j] = x;
  }
}

/* Top-down, at most log2(n) deep. */
static void sort_merge(FrtPair *p, FrtPair *room, uint64_t n, const SortBy *by) {
  if (n <= 16) {
    sort_insert(p, n, by);
    return;
  }
  uint64_t half = n / 2, i = 0, j = half, k = 0;
  sort_merge(p, room, half, by);
  sort_merge(p + half, room, n - half, by);
  if (!sort_after(by, p[half - 1], p[half])) return;
  memcpy(room, p, half * sizeof *p);
  while (i < half && j < n) p[k++] = sort_after(by, room[i], p[j]) ? p[j++] : room[i++];
  while (i < half) p[k++] = room[i++];
}

static int sort_is_sorted(const FrtPair *p, uint64_t n) {
  for (uint64_t i = 1; i < n; i++)
    if (p[i - 1].key > p[i].key) return 0;
  return 1;
}

void frt_sort_pairs(FrtPair *pairs, uint64_t n, uint32_t exact, FrtCompare *cmp, const void *env, const FrtStore *s) {
  SortBy by = {cmp, env, s};
  if (n < 2) return;
  if (!sort_is_sorted(pairs, n)) {
    if (n >= 256) sort_radix(pairs, n);
    else if (!exact) {
      FrtPair room[256];
      sort_merge(pairs, room, n, &by);
      return;
    } else {
      for (uint64_t i = 1; i < n; i++) {
        FrtPair x = pairs[i];
        uint64_t j = i;
        for (; j && pairs[j - 1].key > x.key; j--) pairs[j] = pairs[j - 1];
        pairs[j] = x;
      }
    }
  }
  if (exact) return;
  FrtPair *room = NULL;
  for (uint64_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && pairs[to].key == pairs[from].key; to++) {
    }
    if (to - from < 2) continue;
    if (!room) room = frt_malloc(n * sizeof *room);
    sort_merge(pairs + from, room, to - from, &by);
  }
  frt_free(room);
}
