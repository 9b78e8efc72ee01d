/* join.c: the build side of a join, see flowrt_hold.h.
 *
 * Rows rest in a store in the order in which they came, their keys in a table. While every key has one row,
 * a row's number is its key's number. Otherwise the rows of each key are put side by side, in their order (a
 * counting sort by key number); for an as-of join in the order of their times, so that a binary search finds
 * the nearest.
 *
 * Words that lie close together, as most numbers of customers do, need no hash table: an array by word gives the
 * key's number, or the word itself does. */
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "flowrt.h"
#include "op/join_spill.h"
#include "op/table.h"

enum { JOIN_NOTE_MARGIN = 1 << 20 };
enum { JOIN_BATCH = 64, JOIN_DIRECT = 1024 /* entries of the array that are worth it for any table */ };

void frt_join_init(FrtJoin *j, uint32_t is_text, uint32_t row_size, uint32_t flags) {
  memset(j, 0, sizeof *j);
  frt_table_init(&j->keys, is_text);
  frt_store_init(&j->rows, row_size);
  j->flags = flags;
}

/* ---- the left side first ---- */

void frt_join_left_first(FrtJoin *j) {
  frt_table_init(&j->lefts, j->keys.is_text);
  frt_table_spills(&j->lefts);
  j->left_first = 1;
}

static int join_note_fits(const FrtJoin *j, const void *keys, const uint8_t *nul, uint32_t n) {
  uint64_t size = 0;
  if (frt_budget_stress()) return 0;
  for (uint32_t k = 0; j->lefts.is_text && k < n; k++) size += nul && nul[k] ? 0 : ((const FrtStr *)keys)[k].len;
  uint64_t growth = frt_table_growth(&j->lefts, n, size);
  return !growth || frt_may_reserve(growth + JOIN_NOTE_MARGIN);
}

void frt_join_note(FrtCtx *cx, FrtJoin *j, const void *keys, const uint8_t *nul, uint32_t n, uint32_t *ids, uint32_t *fresh) {
  if (j->left_first != 1) return;
  if (!join_note_fits(j, keys, nul, n)) {
    frt_table_free(&j->lefts);
    j->left_first = 2;
  } else if (j->lefts.is_text) {
    frt_table_add_texts(cx, &j->lefts, keys, nul, n, ids, fresh);
  } else {
    frt_table_add_words(cx, &j->lefts, keys, nul, n, ids, fresh);
  }
}

uint32_t frt_join_wanted(const FrtJoin *j, void *keys, uint8_t *nul, const uint32_t *sel, uint32_t n, uint32_t *ids, uint32_t *keep) {
  uint32_t kept = 0;
  if (j->left_first != 1) {
    memcpy(keep, sel, n * sizeof *keep);
    return n;
  }
  if (j->lefts.is_text) frt_table_find_texts(&j->lefts, keys, nul, n, ids);
  else frt_table_find_words(&j->lefts, keys, nul, n, ids);
  for (uint32_t k = 0; k < n; k++) {
    keep[kept] = sel[k];
    if (j->lefts.is_text) ((FrtStr *)keys)[kept] = ((const FrtStr *)keys)[k];
    else ((uint64_t *)keys)[kept] = ((const uint64_t *)keys)[k];
    kept += ids[k] != FRT_NONE;
  }
  if (nul) memset(nul, 0, kept);
  return kept;
}

/* What the arrays by row and by key take, beside the table and the store. */
static void join_hold(FrtJoin *j, size_t size) {
  j->held += size;
  if (j->rows.spills) frt_hold_buffer(size);
  else frt_hold(size);
}

static void *join_alloc(FrtJoin *j, size_t size) {
  join_hold(j, size);
  return frt_malloc(size);
}

void frt_join_end(void *join) {
  FrtJoin *j = join;
  frt_join_spill_end(j);
  frt_unreserve(NULL, j->held);
  j->held = 0;
  frt_table_free(&j->keys);
  frt_table_free(&j->lefts);
  frt_store_free(&j->rows);
  frt_free(j->key_of);
  frt_free(j->times);
  frt_free(j->start);
  frt_free(j->order);
  frt_free(j->matched);
  frt_free(j->direct);
  j->key_of = j->start = j->order = j->direct = NULL;
  j->times = NULL;
  j->matched = NULL;
  j->room = j->span = 0;
  j->several = 0;
}

/* Of a time. */
static size_t join_words(const FrtJoin *j) { return j->flags & FRT_JOIN_WIDE ? 2 : j->flags & FRT_JOIN_TIMES ? 1 : 0; }

static void join_grow(FrtJoin *j, uint64_t len) {
  if (len <= j->room) return;
  uint64_t before = j->room;
  j->room = j->room * 2 > len ? j->room * 2 : len + 1024;
  join_hold(j, (j->room - before) * (4 + 8 * join_words(j)));
  j->key_of = frt_realloc(j->key_of, j->room * sizeof *j->key_of);
  if (j->flags & FRT_JOIN_TIMES) j->times = frt_realloc(j->times, j->room * join_words(j) * sizeof *j->times);
}

int frt_join_add(FrtCtx *cx, FrtJoin *j, uint32_t op, const uint32_t *ids, const uint64_t *times, uint32_t n) {
  static const char what[] = "the right side of a join has more than 4294967280 rows";
  if (j->rows.len > 0xfffffff0u) return frt_fatal(cx, op, FRT_E_MEMORY, (FrtStr){what, sizeof what - 1, 0});
  if (!ids) return j->spec ? frt_join_make_room(cx, j) : FRT_OK;
  uint64_t from = j->rows.len - n;
  join_grow(j, j->rows.len);
  memcpy(j->key_of + from, ids, n * sizeof *ids);
  if (times) memcpy(j->times + from * join_words(j), times, n * join_words(j) * sizeof *times);
  return j->spec ? frt_join_make_room(cx, j) : FRT_OK;
}

/* Rows in the order in which they are to stand within a key: by time, or as they came. */
static FrtPair *join_by_time(const FrtJoin *j) {
  FrtPair *pairs = frt_malloc((j->rows.len + 1) * sizeof *pairs);
  int wide = join_words(j) == 2;
  for (uint64_t i = 0; i < j->rows.len; i++) pairs[i] = (FrtPair){j->times[wide ? 2 * i + 1 : i], i};
  frt_sort_pairs(pairs, j->rows.len, 1, NULL, NULL, &j->rows);
  for (uint64_t i = 0; wide && i < j->rows.len; i++) pairs[i].key = j->times[2 * pairs[i].row];
  if (wide) frt_sort_pairs(pairs, j->rows.len, 1, NULL, NULL, &j->rows);   /* stable: the lower words stay in order */
  return pairs;
}

static void join_put_side_by_side(FrtJoin *j) {
  uint32_t keys = j->keys.len;
  FrtPair *pairs = j->flags & FRT_JOIN_TIMES ? join_by_time(j) : NULL;
  uint64_t *when = pairs ? join_alloc(j, (j->rows.len + 1) * join_words(j) * sizeof *when) : NULL;
  j->start = join_alloc(j, ((size_t)keys + 2) * sizeof *j->start);
  j->order = join_alloc(j, (j->rows.len + 1) * sizeof *j->order);
  memset(j->start, 0, ((size_t)keys + 2) * sizeof *j->start);
  for (uint64_t i = 0; i < j->rows.len; i++)
    if (j->key_of[i] != FRT_NONE) j->start[j->key_of[i] + 2]++;
  for (uint32_t k = 0; k < keys; k++) j->start[k + 2] += j->start[k + 1];
  for (uint64_t i = 0; i < j->rows.len; i++) {
    uint32_t row = pairs ? (uint32_t)pairs[i].row : (uint32_t)i, key = j->key_of[row];
    if (key == FRT_NONE) continue;
    uint32_t at = j->start[key + 1]++;    /* afterwards start[key + 1] is the end of key */
    j->order[at] = row;
    if (pairs) memcpy(when + at * join_words(j), j->times + row * join_words(j), join_words(j) * sizeof *when);
  }
  if (!pairs) return;
  frt_free(pairs);
  frt_free(j->times);
  j->times = when;
}

/* ---- keys ---- */

static int join_is_null_key(const FrtJoin *j, uint32_t number) { return number == j->keys.null_number; }

static void join_put_direct(FrtJoin *j) {
  uint32_t len = j->keys.len, in_order = 1;
  int64_t least = INT64_MAX, most = INT64_MIN;
  for (uint32_t i = 0; i < len; i++) {
    int64_t w = (int64_t)j->keys.words[i];
    if (join_is_null_key(j, i)) continue;
    if (w < least) least = w;
    if (w > most) most = w;
  }
  if (least > most || (uint64_t)most - (uint64_t)least > 4 * (uint64_t)len + JOIN_DIRECT) return;
  j->base = (uint64_t)least;
  j->span = (uint64_t)most - (uint64_t)least + 1;
  for (uint32_t i = 0; i < len && in_order; i++) in_order = j->keys.words[i] - j->base == i;
  if (in_order && j->keys.null_number == FRT_NONE) return;
  j->direct = join_alloc(j, j->span * sizeof *j->direct);
  memset(j->direct, 0xff, j->span * sizeof *j->direct);
  for (uint32_t i = 0; i < len; i++)
    if (!join_is_null_key(j, i)) j->direct[j->keys.words[i] - j->base] = i;
}

void frt_join_find_words(const FrtJoin *j, const uint64_t *keys, const uint8_t *nul, uint32_t n, uint32_t *ids) {
  if (!j->span) {
    frt_table_find_words(&j->keys, keys, nul, n, ids);
    return;
  }
  const uint32_t *direct = j->direct;
  uint64_t base = j->base, span = j->span;
  if (direct)
    for (uint32_t k = 0; k < n; k++) ids[k] = keys[k] - base < span ? direct[keys[k] - base] : FRT_NONE;
  else
    for (uint32_t k = 0; k < n; k++) ids[k] = keys[k] - base < span ? (uint32_t)(keys[k] - base) : FRT_NONE;
  for (uint32_t k = 0; nul && k < n; k++)
    if (nul[k]) ids[k] = FRT_NONE;
}

void frt_join_find_texts(const FrtJoin *j, const FrtStr *keys, const uint8_t *nul, uint32_t n, uint32_t *ids) {
  frt_table_find_texts(&j->keys, keys, nul, n, ids);
}

/* ---- rows ---- */

static void join_make_ready(FrtJoin *j) {
  if (!j->keys.is_text) join_put_direct(j);
  j->several = j->flags & FRT_JOIN_TIMES || j->rows.len > j->keys.len;   /* semi and anti joins keep no rows */
  if (j->several) join_put_side_by_side(j);
  if (j->flags & FRT_JOIN_MATCHES) {
    j->matched = join_alloc(j, (size_t)j->keys.len + 1);
    memset(j->matched, 0, (size_t)j->keys.len + 1);
  }
}

/* Workers come here at once; one does it. */
void frt_join_ready(FrtJoin *j) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  if (__atomic_load_n(&j->ready, __ATOMIC_ACQUIRE) || j->spilled) return;
  pthread_mutex_lock(&lock);
  if (!j->ready) join_make_ready(j);
  __atomic_store_n(&j->ready, 1, __ATOMIC_RELEASE);
  pthread_mutex_unlock(&lock);
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

static uint32_t join_position_wide(const uint64_t *times, uint32_t from, uint32_t to, const uint64_t *t, int above) {
  while (from < to) {
    uint32_t mid = from + (to - from) / 2;
    const uint64_t *m = times + 2 * (uint64_t)mid;
    int below = m[0] != t[0] ? m[0] < t[0] : m[1] != t[1] ? m[1] < t[1] : above;
    if (below) from = mid + 1;
    else to = mid;
  }
  return from;
}

void frt_join_asof(const FrtJoin *j, uint32_t *ids, const uint64_t *times, uint32_t n, uint32_t how, uint64_t within) {
  int later = (how & FRT_ASOF_LATER) != 0, strict = (how & FRT_ASOF_STRICT) != 0, wide = join_words(j) == 2;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t id = ids[k];
    if (id >= FRT_FAILED) continue;
    uint32_t from = j->start[id], to = j->start[id + 1];
    uint32_t at = wide ? join_position_wide(j->times, from, to, times + 2 * (uint64_t)k, later == strict)
                       : join_position(j->times, from, to, times[k], later == strict);
    ids[k] = FRT_NONE;
    if (later ? at == to : at == from) continue;
    at -= !later;
    if (wide) {
      ids[k] = j->order[at];
      continue;
    }
    uint64_t distance = later ? j->times[at] - times[k] : times[k] - j->times[at];
    if (distance <= within) ids[k] = j->order[at];
  }
}

/* One loop a size, so that copies are single moves; rows are fetched JOIN_BATCH ahead. */
#define JOIN_GATHER(type, more)                                                                       \
  for (uint32_t k = 0; k < n; k++) {                                                                  \
    if (k + JOIN_BATCH < n) __builtin_prefetch((const char *)FRT_ROW(s, rows[k + JOIN_BATCH]) + offset); \
    const type *v = (const type *)((const char *)FRT_ROW(s, rows[k]) + offset);                       \
    ((type *)out)[to[k]] = *v;                                                                        \
    more;                                                                                             \
  }

void frt_join_gather(const FrtJoin *j, const uint32_t *rows, const uint32_t *to, uint32_t n, uint32_t offset, uint32_t size,
                     uint32_t is_text, void *out) {
  const FrtStore *s = &j->rows;
  if (is_text) {
    JOIN_GATHER(FrtStr, __builtin_prefetch(v->ptr))
  } else if (size == 16) {
    JOIN_GATHER(FrtI128, (void)0)
  } else if (size == 8) {
    JOIN_GATHER(uint64_t, (void)0)
  } else if (size == 4) {
    JOIN_GATHER(uint32_t, (void)0)
  } else if (size == 2) {
    JOIN_GATHER(uint16_t, (void)0)
  } else if (size == 1) {
    JOIN_GATHER(uint8_t, (void)0)
  } else {
    for (uint32_t k = 0; k < n; k++)
      memcpy((char *)out + (size_t)to[k] * size, (const char *)FRT_ROW(s, rows[k]) + offset, size);
  }
}
