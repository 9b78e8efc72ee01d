/* join_merge.c: the results of a join on disk, in the order of the left rows; then right rows that nobody found, in theirs.
 *
 * Each run is in that order already. A heap has the next result of each; results of one left row are in one run, or in several of
 * which the number of the part tells the order. Too many runs for the budget are merged to fewer first. */
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "op/join_spill.h"

typedef struct MergeRun {
  FrtSpillReader *reader;
  const char *at;
  size_t left;
  JoinHead head;
  uint64_t no;
} MergeRun;

typedef struct Merge {
  const JoinSpill *q;
  MergeRun *runs;
  uint32_t len;
} Merge;

static int merge_less(const MergeRun *a, const MergeRun *b) {
  return a->no != b->no ? a->no < b->no : (uint32_t)(a->head.time >> 32) < (uint32_t)(b->head.time >> 32);
}

static void merge_sink_down(Merge *m) {
  MergeRun top = m->runs[0];
  uint32_t at = 0;
  for (uint32_t child; (child = at * 2 + 1) < m->len; at = child) {
    if (child + 1 < m->len && merge_less(&m->runs[child + 1], &m->runs[child])) child++;
    if (!merge_less(&m->runs[child], &top)) break;
    m->runs[at] = m->runs[child];
  }
  m->runs[at] = top;
}

/* The next result of the run. FRT_OK, FRT_END, FRT_FATAL. */
static int merge_read(FrtCtx *cx, const JoinSpill *q, MergeRun *r) {
  if (!r->left) {
    char *data;
    int status = frt_spill_next(cx, r->reader, &data, &r->left);
    if (status != FRT_OK) return status;
    r->at = data;
  }
  if (r->left < JOIN_HEAD + 8) return frt_join_damaged(cx, q);
  memcpy(&r->head, r->at, JOIN_HEAD);
  if (r->head.size < JOIN_HEAD + 8 || r->head.size > r->left || (uint32_t)r->head.time > r->head.size - JOIN_HEAD)
    return frt_join_damaged(cx, q);
  memcpy(&r->no, r->at + JOIN_HEAD, 8);
  return FRT_OK;
}

static int merge_next(FrtCtx *cx, Merge *m) {
  MergeRun *r = &m->runs[0];
  r->at += r->head.size;
  r->left -= r->head.size;
  int status = merge_read(cx, m->q, r);
  if (status == FRT_FATAL) return status;
  if (status == FRT_END) {
    frt_spill_reader_free(r->reader);
    m->runs[0] = m->runs[--m->len];
  }
  if (m->len) merge_sink_down(m);
  return FRT_OK;
}

static void merge_close(Merge *m) {
  for (uint32_t i = 0; i < m->len; i++) frt_spill_reader_free(m->runs[i].reader);
  frt_free(m->runs);
}

static int merge_open(FrtCtx *cx, Merge *m, const JoinSpill *q, const uint32_t *runs, uint32_t len) {
  *m = (Merge){q, frt_malloc((len + 1) * sizeof *m->runs), 0};
  for (uint32_t i = 0; i < len; i++) {
    MergeRun r = {.reader = frt_spill_read(cx, q->done, runs[i], 0)};
    int status = r.reader ? merge_read(cx, q, &r) : FRT_FATAL;
    if (status != FRT_OK) {
      frt_spill_reader_free(r.reader);
      if (status == FRT_FATAL) return status;
      continue;
    }
    uint32_t at = m->len++;
    for (; at && merge_less(&r, &m->runs[(at - 1) / 2]); at = (at - 1) / 2) m->runs[at] = m->runs[(at - 1) / 2];
    m->runs[at] = r;
  }
  return FRT_OK;
}

/* How many runs are read at once. */
static uint32_t merge_fan_in(void) {
  uint64_t runs = frt_budget_limit() / 2 / (2 * frt_join_block_size() + 1024);
  return runs < 4 || frt_budget_stress() ? 4 : runs > 1024 ? 1024 : (uint32_t)runs;
}

/* Merges runs into one more, *made. */
static int merge_some(FrtCtx *cx, const JoinSpill *q, const uint32_t *runs, uint32_t len, uint32_t *made) {
  Merge m;
  uint64_t n = 0;
  int status = merge_open(cx, &m, q, runs, len);
  *made = frt_spill_add_run(q->done);
  while (status == FRT_OK && m.len) {
    status = frt_spill_put(cx, q->done, *made, m.runs[0].at, m.runs[0].head.size);
    if (status == FRT_OK) status = merge_next(cx, &m);
    if (status == FRT_OK && ++n % 65536 == 0) status = frt_join_check(cx);
  }
  merge_close(&m);
  if (status == FRT_OK) status = frt_spill_finish(cx, q->done, *made);
  for (uint32_t i = 0; i < len; i++) frt_spill_free_run(q->done, runs[i]);
  return status;
}

/* ---- rows that go on ---- */

static void **merge_pointer(void *state, uint32_t offset) { return (void **)(void *)((char *)state + offset); }

/* The left columns' arrays in the state belong to others: meanwhile they have some of their own. saved: 2 for each column. */
static void *merge_bind(FrtCtx *cx, void *state, const JoinSpill *q, void **saved) {
  size_t size = 16, rows = cx->block_rows;
  for (uint32_t i = 0; i < q->spec->left_len; i++) size += q->spec->left[i].type->size * rows + rows + 32;
  char *arrays = frt_malloc(size), *p = arrays;
  memset(arrays, 0, size);
  for (uint32_t i = 0; i < q->spec->left_len; i++) {
    const FrtSpillColumn *c = &q->spec->left[i];
    saved[2 * i] = *merge_pointer(state, c->values);
    *merge_pointer(state, c->values) = p;
    p += (c->type->size * rows + 15) & ~(size_t)15;
    if (!c->nulls) continue;
    saved[2 * i + 1] = *merge_pointer(state, c->nulls);
    *merge_pointer(state, c->nulls) = p;
    p += (rows + 15) & ~(size_t)15;
  }
  return arrays;
}

static void merge_unbind(void *state, const JoinSpill *q, void *arrays, void **saved) {
  for (uint32_t i = 0; i < q->spec->left_len; i++) {
    *merge_pointer(state, q->spec->left[i].values) = saved[2 * i];
    if (q->spec->left[i].nulls) *merge_pointer(state, q->spec->left[i].nulls) = saved[2 * i + 1];
  }
  frt_free(arrays);
}

/* The first result of the merge becomes row m. */
static int merge_load(FrtCtx *cx, FrtJoin *j, JoinSpill *q, const MergeRun *r, uint32_t m) {
  uint32_t left_size = (uint32_t)r->head.time, size;
  const char *left = r->at + JOIN_HEAD, *right = left + left_size;
  size_t rest = r->head.size - JOIN_HEAD - left_size;
  j->back_kind[m] = (uint8_t)r->head.flags;
  if (left_size) {
    frt_row_word(&q->left, left, left_size, &size);
    if (size != left_size) return frt_join_damaged(cx, q);
    frt_row_read(cx, &q->left, left, m, 1);
  }
  char *row = j->back_rows + (size_t)m * q->row_size;
  memset(row, 0, q->row_size);
  if (!rest) return FRT_OK;
  frt_row_word(&q->right, right, rest, &size);
  if (size != rest) return frt_join_damaged(cx, q);
  for (uint32_t i = 0; i < q->right.len; i++) {
    const FrtSpillColumn *c = &q->spec->right[i];
    q->right.columns[i].values = row + c->values;
    q->right.columns[i].nulls = c->nulls ? (uint8_t *)row + c->nulls : NULL;
  }
  frt_row_read(cx, &q->right, right, 0, 1);
  return FRT_OK;
}

static int merge_out(FrtCtx *cx, void *state, FrtJoin *j, JoinSpill *q, const uint32_t *runs, uint32_t len) {
  Merge m;
  uint32_t n = 0;
  int status = merge_open(cx, &m, q, runs, len);
  frt_row_form_bind(&q->left, q->spec->left, state);
  while (status == FRT_OK && m.len) {
    status = merge_load(cx, j, q, &m.runs[0], n);
    if (status == FRT_OK) status = merge_next(cx, &m);
    if (status != FRT_OK || (++n < cx->block_rows && m.len)) continue;
    status = q->spec->give(cx, state, n);
    n = 0;
    if (status == FRT_OK) status = frt_join_check(cx);
  }
  merge_close(&m);
  return status;
}

static int merge_list(FrtCtx *cx, void *state, FrtJoin *j, JoinSpill *q, const JoinRuns *list) {
  uint32_t len = list->len, most = merge_fan_in(), at = 0;
  uint32_t *runs = frt_malloc(((size_t)len * 2 + 1) * sizeof *runs);
  int status = FRT_OK;
  if (len) memcpy(runs, list->run, len * sizeof *runs);
  while (status == FRT_OK && len - at > most) {
    uint32_t some = len - at - most + 1 < most ? len - at - most + 1 : most;
    if (some < 2) some = 2;
    status = merge_some(cx, q, runs + at, some, &runs[len]);
    at += some;
    len++;
  }
  if (status == FRT_OK) status = merge_out(cx, state, j, q, runs + at, len - at);
  frt_free(runs);
  return status;
}

int frt_join_merge(FrtCtx *cx, void *state, FrtJoin *j, JoinSpill *q) {
  void **saved = frt_malloc((2 * (size_t)q->spec->left_len + 1) * sizeof *saved);
  memset(saved, 0, (2 * (size_t)q->spec->left_len + 1) * sizeof *saved);
  void *arrays = merge_bind(cx, state, q, saved);
  j->back_kind = frt_malloc(cx->block_rows);
  j->back_rows = frt_malloc(cx->block_rows * (size_t)q->row_size + 16);
  int status = merge_list(cx, state, j, q, &q->runs);
  if (status == FRT_OK) status = merge_list(cx, state, j, q, &q->right_runs);
  merge_unbind(state, q, arrays, saved);
  frt_free(j->back_kind);
  frt_free(j->back_rows);
  frt_free(saved);
  j->back_kind = NULL;
  j->back_rows = NULL;
  return status;
}
