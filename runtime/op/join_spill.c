/* join_spill.c: a join whose right side does not fit into memory (flowrt_join_spill.h).
 *
 * The right side is taken into its table and store as always. When the budget refuses more of it, all that it holds goes to
 * disk, each row with its number and its key, by the hash of the key; from then on the table and the store are emptied each time
 * that they have filled a little. Left rows follow when they come. Then partition by partition the right rows are taken into a table
 * and the left ones find them (join_parts.c), and the results, which have the numbers of their left rows, are merged by
 * them (join_merge.c): the order is that of a join in memory.
 *
 * A grace hash join (Kitsuregawa et al., "Application of hash to data base machine", 1983). */
#include "op/join_spill.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/budget.h"
#include "sched/run_internal.h"

enum {
  JOIN_BITS = 6,
  JOIN_BITS_SMALL = 3,                   /* with a small budget */
  JOIN_SMALL_BUDGET = 24 * 1024 * 1024,
  JOIN_FILL = 512 * 1024,                /* once spilled: what may gather before it goes to disk */
  JOIN_FILL_KEYS = 8192
};

size_t frt_join_block_size(void) { return frt_budget_limit() < JOIN_SMALL_BUDGET ? FRT_SPILL_BLOCK_LEAST : FRT_SPILL_BLOCK; }

int frt_join_check(FrtCtx *cx) {
  frt_budget_poll();
  if (frt_cancelled()) frt_run_fail(cx->run, 130, NULL);
  else frt_run_check_memory(cx->run);
  return cx->run->exit_code ? FRT_FATAL : FRT_OK;
}

int frt_join_damaged(FrtCtx *cx, const JoinSpill *q) {
  static const char what[] = "a row on disk is damaged";
  return frt_fatal(cx, q->spec->op, FRT_E_SPILL, (FrtStr){what, sizeof what - 1, 0});
}

uint64_t frt_join_hash_word(uint64_t x) {   /* not that of the table, whose slots would lie together */
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

uint32_t frt_join_partition(const JoinSpill *q, uint64_t hash, uint32_t level) {
  return (uint32_t)(hash << (level * q->bits) >> (64 - q->bits));
}

FrtSpill *frt_join_open(FrtCtx *cx, JoinSpill *q, const FrtRowForm *form) {
  FrtSpill *s = frt_spill_open(cx, q->spec->op, frt_row_form_layout(form), frt_join_block_size());
  for (uint32_t i = 0; s && i < 1u << q->bits; i++) frt_spill_add_run(s);
  return s;
}

/* ---- records ---- */

static char *join_put_key(char *p, const FrtJoin *j, const void *keys, uint64_t k, int null) {
  if (!j->keys.is_text) {
    memcpy(p, (const uint64_t *)keys + k, 8);
    return p + 8;
  }
  FrtStr s = null ? (FrtStr){"", 0, 0} : ((const FrtStr *)keys)[k];
  memcpy(p, &s.len, 4);
  if (s.len) memcpy(p + 4, s.ptr, s.len);
  return p + 4 + s.len;
}

/* Row `row` of the form, with the number `no` and keys[k], goes to its partition of the file. */
static int join_put(FrtCtx *cx, JoinSpill *q, const FrtJoin *j, FrtSpill *file, const FrtRowForm *form, uint32_t row, uint64_t no,
                    const void *keys, uint64_t k, int null, uint64_t time) {
  const FrtStr *text = j->keys.is_text ? (const FrtStr *)keys + k : NULL;
  uint32_t body = frt_row_size(form, row);
  uint64_t size = JOIN_HEAD + (uint64_t)body + (text ? 4 + (uint64_t)(null ? 0 : text->len) : 8);
  uint64_t hash = null ? 0 : text ? frt_xxh3(NULL, *text) : frt_join_hash_word(((const uint64_t *)keys)[k]);
  JoinHead head = {(uint32_t)size, null ? JOIN_NULL : 0, time};
  char *p = frt_spill_room(cx, file, frt_join_partition(q, hash, 0), size > UINT32_MAX / 2 ? SIZE_MAX / 2 : (size_t)size);
  if (!p) return FRT_FATAL;
  memcpy(p, &head, JOIN_HEAD);
  frt_row_write(form, row, no, body, p + JOIN_HEAD);
  join_put_key(p + JOIN_HEAD + body, j, keys, k, null);
  return FRT_OK;
}

/* ---- the right side ---- */

static void join_bind_right(JoinSpill *q, char *row) {
  for (uint32_t i = 0; i < q->right.len; i++) {
    const FrtSpillColumn *c = &q->spec->right[i];
    q->right.columns[i].values = row + c->values;
    q->right.columns[i].nulls = c->nulls ? (uint8_t *)row + c->nulls : NULL;
  }
}

static const void *join_keys_of(const FrtJoin *j) { return j->keys.is_text ? (const void *)j->keys.texts : (const void *)j->keys.words; }

static int join_dump_keys(FrtCtx *cx, FrtJoin *j, JoinSpill *q) {
  for (uint32_t k = 0; k < j->keys.len; k++)
    if (k != j->keys.null_number &&
        join_put(cx, q, j, q->rights, &q->right, 0, q->right_next++, join_keys_of(j), k, 0, 0) != FRT_OK)
      return FRT_FATAL;
  return FRT_OK;
}

/* Rows whose key is null match nothing: only right and full joins want them. */
static int join_dump_rows(FrtCtx *cx, FrtJoin *j, JoinSpill *q) {
  for (uint64_t i = 0; i < j->rows.len; i++) {
    uint32_t key = j->key_of[i];
    int null = key == FRT_NONE || key == j->keys.null_number;
    uint64_t no = q->right_next++;
    if (null && !(j->flags & FRT_JOIN_MATCHES)) continue;
    join_bind_right(q, FRT_ROW(&j->rows, i));
    if (join_put(cx, q, j, q->rights, &q->right, 0, no, join_keys_of(j), null ? 0 : key, null, j->times ? j->times[i] : 0) != FRT_OK)
      return FRT_FATAL;
  }
  return FRT_OK;
}

/* What is in memory goes to disk, in its order. */
static int join_dump(FrtCtx *cx, FrtJoin *j) {
  JoinSpill *q = j->spilled;
  int keys_only = q->spec->flags & (FRT_JOIN_SEMI | FRT_JOIN_ANTI);
  int status = keys_only ? join_dump_keys(cx, j, q) : join_dump_rows(cx, j, q);
  frt_table_free(&j->keys);
  frt_store_free(&j->rows);
  j->rows.spills = 1;
  frt_free(j->key_of);
  frt_free(j->times);
  frt_unreserve(NULL, j->held);
  j->key_of = NULL;
  j->times = NULL;
  j->room = j->held = 0;
  return status;
}

void frt_join_spills(FrtJoin *j, const FrtJoinSpec *spec) {
  j->spec = spec;
  j->keys.spills = j->keys.keep.spills = j->rows.spills = 1;
}

static JoinSpill *join_spill_new(FrtCtx *cx, FrtJoin *j) {
  JoinSpill *q = frt_malloc(sizeof *q);
  memset(q, 0, sizeof *q);
  q->spec = j->spec;
  q->is_text = j->keys.is_text;
  q->join_flags = j->flags;
  q->row_size = j->rows.row_size;
  q->bits = frt_join_block_size() == FRT_SPILL_BLOCK ? JOIN_BITS : JOIN_BITS_SMALL;
  frt_row_form_init(&q->left, j->spec->left, j->spec->left_len);
  frt_row_form_init(&q->right, j->spec->right, j->spec->right_len);
  j->spilled = q;
  q->rights = frt_join_open(cx, q, &q->right);
  return q;
}

/* What the next block and frt_join_ready may take beyond what is counted, and what spilling needs. */
static uint64_t join_next_size(const FrtJoin *j) {
  uint64_t slots = j->keys.slots ? j->keys.mask + 1 : 1024, len = j->rows.len, size;
  size = (slots * 4 + j->keys.room * (j->keys.is_text ? 24u : 8u) + j->keys.dense_room * 8) / 2;
  size += len * 4 + (uint64_t)j->keys.len * 20 + (j->flags & FRT_JOIN_TIMES ? len * 24 : 0);
  return size + (frt_join_block_size() << (frt_join_block_size() == FRT_SPILL_BLOCK ? JOIN_BITS : JOIN_BITS_SMALL)) + 3 * FRT_SPILL_OUT;
}

int frt_join_make_room(FrtCtx *cx, FrtJoin *j) {
  if (j->spilled) {
    if (j->rows.bytes + j->keys.keep.bytes < JOIN_FILL && j->keys.len < JOIN_FILL_KEYS && !frt_budget_stress()) return FRT_OK;
    return join_dump(cx, j);
  }
  if (j->ready) return FRT_OK;
  if (!j->rows.bytes && j->keys.len < 64 && !frt_budget_stress()) return FRT_OK;
  if (frt_may_reserve(join_next_size(j))) return FRT_OK;
  JoinSpill *q = join_spill_new(cx, j);
  return q->rights ? join_dump(cx, j) : FRT_FATAL;
}

/* ---- the left side ---- */

static int join_right_done(FrtCtx *cx, FrtJoin *j) {
  JoinSpill *q = j->spilled;
  if (q->right_done) return FRT_OK;
  q->right_done = 1;
  if (join_dump(cx, j) != FRT_OK || frt_spill_finish_all(cx, q->rights) != FRT_OK) return FRT_FATAL;
  q->lefts = frt_join_open(cx, q, &q->left);
  return q->lefts ? FRT_OK : FRT_FATAL;
}

/* Whether a left row that finds nothing goes on in some way. */
static int join_wants_misses(const FrtJoinSpec *s) { return s->flags & (FRT_JOIN_ANTI | FRT_JOIN_MISS_NULLS | FRT_JOIN_MISS_ELSE); }

int frt_join_left(FrtCtx *cx, void *state, FrtJoin *j, const void *keys, const uint8_t *nul, const uint32_t *rows, const uint32_t *ids,
                  const uint64_t *times, uint32_t n) {
  JoinSpill *q = j->spilled;
  if (join_right_done(cx, j) != FRT_OK) return FRT_FATAL;
  frt_row_form_bind(&q->left, q->spec->left, state);
  for (uint32_t k = 0; k < n; k++) {
    int null = (nul && nul[k]) || (ids && ids[k] == FRT_NONE);
    uint64_t no = q->left_next++;
    if (ids && ids[k] == FRT_FAILED) continue;
    if (null && !join_wants_misses(q->spec)) {
      FRT_COUNT(cx, q->spec->op, FRT_DROPPED, 1);
      continue;
    }
    if (join_put(cx, q, j, q->lefts, &q->left, rows[k], no, keys, k, null, times ? times[k] : 0) != FRT_OK) return FRT_FATAL;
  }
  return FRT_OK;
}

/* ---- the end ---- */

int frt_join_rest(FrtCtx *cx, void *state, FrtJoin *j) {
  JoinSpill *q = j->spilled;
  if (join_right_done(cx, j) != FRT_OK) return FRT_FATAL;
  FrtSpill *rights = q->rights, *lefts = q->lefts;
  if (frt_spill_finish_all(cx, lefts) != FRT_OK) return FRT_FATAL;
  q->done = frt_spill_open(cx, q->spec->op, frt_row_form_layout(&q->left) ^ frt_row_form_layout(&q->right), frt_join_block_size());
  if (!q->done) return FRT_FATAL;
  q->rights = q->lefts = NULL;
  int status = frt_join_parts(cx, q, rights, lefts, 0);
  if (status == FRT_OK) status = frt_join_merge(cx, state, j, q);
  frt_join_spill_end(j);
  return status;
}

void frt_join_spill_end(FrtJoin *j) {
  JoinSpill *q = j->spilled;
  if (!q) return;
  frt_spill_close(q->rights);
  frt_spill_close(q->lefts);
  frt_spill_close(q->done);
  frt_row_form_free(&q->left);
  frt_row_form_free(&q->right);
  frt_free(q->runs.run);
  frt_free(q->right_runs.run);
  frt_free(q);
  j->spilled = NULL;
}
