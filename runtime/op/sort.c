/* sort.c: a stable sort of (key word, row) pairs, see flowrt_hold.h: by the words (radix.c), then a stable merge sort of each run
 * of equal words. And words whose order is that of values. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "op/radix.h"

void frt_pairs_add(FrtPairs *p, uint64_t key, uint64_t row) {
  if (p->len == p->room) {
    uint64_t before = p->room;
    p->room = p->room ? p->room * 2 : 1024;
    if (p->spills) frt_hold_buffer((p->room - before) * sizeof *p->data);
    else frt_hold((p->room - before) * sizeof *p->data);
    p->data = frt_realloc(p->data, p->room * sizeof *p->data);
  }
  p->data[p->len++] = (FrtPair){key, row};
}

void frt_pairs_free(FrtPairs *p) {
  frt_unreserve(NULL, p->room * sizeof *p->data);
  frt_free(p->data);
  *p = (FrtPairs){.spills = p->spills};
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
  int zeros = v.len && memchr(v.ptr, 0, v.len);
  for (uint32_t i = 0; !zeros && i < v.len; i++) p[i] = (char)((unsigned char)v.ptr[i] ^ flip);
  if (!zeros) p += v.len;
  for (uint32_t i = 0; zeros && i < v.len; i++) {
    *p++ = (char)((unsigned char)v.ptr[i] ^ flip);
    if (!v.ptr[i]) *p++ = (char)(0xff ^ flip);
  }
  *p++ = (char)flip;
  *p++ = (char)flip;
  return p;
}

/* ---- sorting ---- */

enum { SORT_ROOM_SMALL = 256, SORT_FEW = 16 };

typedef struct SortBy {
  FrtTies base;
  FrtCompare *cmp;
  const void *env;
  const FrtStore *store;
} SortBy;

static int sort_after(const SortBy *by, FrtPair a, FrtPair b) {
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
  if (n <= SORT_FEW) {
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

static void sort_ties(const FrtTies *t, FrtPair *run, FrtPair *room, uint64_t n) {
  sort_merge(run, room, n, (const SortBy *)(const void *)t);
}

static int sort_is_sorted(const FrtPair *p, uint64_t n) {
  for (uint64_t i = 1; i < n; i++)
    if (p[i - 1].key > p[i].key) return 0;
  return 1;
}

void frt_sort_pairs(FrtPair *pairs, uint64_t n, uint32_t exact, FrtCompare *cmp, const void *env, const FrtStore *s) {
  SortBy by = { { sort_ties, 0, 0 }, cmp, env, s };
  FrtPair small[SORT_ROOM_SMALL], *room = small;
  int sorted = n < 2 || sort_is_sorted(pairs, n);
  if (sorted && exact) return;
  if (n > SORT_ROOM_SMALL) room = frt_malloc(n * sizeof *room);
  if (sorted) frt_radix_ties(pairs, room, n, &by.base);
  else frt_radix_sort(pairs, room, n, 0, exact ? NULL : &by.base);
  if (room != small) frt_free(room);
}
