/* join.c: the build side of a join, see flowrt_hold.h.
 *
 * Rows rest in a store in the order in which they came, their keys in a table. While every key has one row,
 * a row's number is its key's number. Otherwise the rows of each key are put side by side, in their order (a
 * counting sort by key number); for an as-of join in the order of their times, so that a binary search finds
 * the nearest. */
#include <string.h>

#include "base/arena.h"
#include "flowrt.h"

enum { JOIN_BATCH = 64 };

void frt_join_init(FrtJoin *j, uint32_t is_text, uint32_t row_size, uint32_t flags) {
  memset(j, 0, sizeof *j);
  frt_table_init(&j->keys, is_text);
  frt_store_init(&j->rows, row_size);
  j->flags = flags;
}

static void join_grow(FrtJoin *j, uint64_t len) {
  if (len <= j->room) return;
  j->room = j->room * 2 > len ? j->room * 2 : len + 1024;
  j->key_of = frt_realloc(j->key_of, j->room * sizeof *j->key_of);
  if (j->flags & FRT_JOIN_TIMES) j->times = frt_realloc(j->times, j->room * sizeof *j->times);
}

int frt_join_add(FrtCtx *cx, FrtJoin *j, uint32_t op, const uint32_t *ids, const uint64_t *times, uint32_t n) {
  static const char what[] = "the right side of a join has more than 4294967280 rows";
  if (j->rows.len > 0xfffffff0u) return frt_fatal(cx, op, FRT_E_MEMORY, (FrtStr){what, sizeof what - 1, 0});
  uint64_t from = j->rows.len - n;
  join_grow(j, j->rows.len);
  memcpy(j->key_of + from, ids, n * sizeof *ids);
  if (times) memcpy(j->times + from, times, n * sizeof *times);
  return FRT_OK;
}

/* Rows in the order in which they are to stand within a key: by time, or as they came. */
static FrtPair *join_by_time(const FrtJoin *j) {
  FrtPair *pairs = frt_malloc((j->rows.len + 1) * sizeof *pairs);
  for (uint64_t i = 0; i < j->rows.len; i++) pairs[i] = (FrtPair){j->times[i], i};
  frt_sort_pairs(pairs, j->rows.len, 1, NULL, NULL, &j->rows);
  return pairs;
}

static void join_put_side_by_side(FrtJoin *j) {
  uint32_t keys = j->keys.len;
  FrtPair *pairs = j->flags & FRT_JOIN_TIMES ? join_by_time(j) : NULL;
  uint64_t *when = pairs ? frt_malloc((j->rows.len + 1) * sizeof *when) : NULL;
  j->start = frt_malloc(((size_t)keys + 2) * sizeof *j->start);
  j->order = frt_malloc((j->rows.len + 1) * sizeof *j->order);
  memset(j->start, 0, ((size_t)keys + 2) * sizeof *j->start);
  for (uint64_t i = 0; i < j->rows.len; i++)
    if (j->key_of[i] != FRT_NONE) j->start[j->key_of[i] + 2]++;
  for (uint32_t k = 0; k < keys; k++) j->start[k + 2] += j->start[k + 1];
  for (uint64_t i = 0; i < j->rows.len; i++) {
    uint32_t row = pairs ? (uint32_t)pairs[i].row : (uint32_t)i, key = j->key_of[row];
    if (key == FRT_NONE) continue;
    uint32_t at = j->start[key + 1]++;    /* afterwards start[key + 1] is the end of key */
    j->order[at] = row;
    if (pairs) when[at] = pairs[i].key;
  }
  if (!pairs) return;
  frt_free(pairs);
  frt_free(j->times);
  j->times = when;
}

void frt_join_ready(FrtJoin *j) {
  if (j->ready) return;
  j->ready = 1;
  j->several = j->flags & FRT_JOIN_TIMES || j->rows.len != j->keys.len;
  if (j->several) join_put_side_by_side(j);
  if (j->flags & FRT_JOIN_MATCHES) {
    j->matched = frt_malloc((size_t)j->keys.len + 1);
    memset(j->matched, 0, (size_t)j->keys.len + 1);
  }
}

void frt_join_find(const FrtJoin *j, uint32_t *ids, uint32_t n, uint32_t only_one) {
  if (!j->several) return;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t id = ids[k];
    if (id >= FRT_FAILED) continue;
    uint32_t from = j->start[id];
    ids[k] = only_one && j->start[id + 1] - from > 1 ? FRT_SEVERAL : j->order[from];
  }
}

/* The first position of from..to whose time is not below t (above: is above t). */
static uint32_t join_position(const uint64_t *times, uint32_t from, uint32_t to, uint64_t t, int above) {
  while (from < to) {
    uint32_t mid = from + (to - from) / 2;
    if (times[mid] < t || (above && times[mid] == t)) from = mid + 1;
    else to = mid;
  }
  return from;
}

void frt_join_asof(const FrtJoin *j, uint32_t *ids, const uint64_t *times, uint32_t n, uint32_t how, uint64_t within) {
  int later = (how & FRT_ASOF_LATER) != 0, strict = (how & FRT_ASOF_STRICT) != 0;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t id = ids[k];
    if (id >= FRT_FAILED) continue;
    uint32_t from = j->start[id], to = j->start[id + 1];
    uint32_t at = join_position(j->times, from, to, times[k], later == strict);
    ids[k] = FRT_NONE;
    if (later ? at == to : at == from) continue;
    at -= !later;
    uint64_t distance = later ? j->times[at] - times[k] : times[k] - j->times[at];
    if (distance <= within) ids[k] = j->order[at];
  }
}

void frt_join_touch(const FrtJoin *j, const uint32_t *rows, uint32_t n) {
  uint32_t size = j->rows.row_size;
  if (n > JOIN_BATCH) n = JOIN_BATCH;
  for (uint32_t k = 0; k < n; k++) {
    if (rows[k] >= FRT_FAILED) continue;
    const char *row = FRT_ROW(&j->rows, rows[k]);
    __builtin_prefetch(row);
    if ((((uintptr_t)row & 63) + size) > 64) __builtin_prefetch(row + 64);
  }
}
