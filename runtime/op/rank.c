/* rank.c: window functions whose rows do not fit, see FrtRank in flowrt_spill.h.
 *
 * Rows are on disk by group and order (away.c). They come back in that order; the rows of a group are given to the functions with the
 * results' room in them, and go, by their number, to a second sort, which restores the order of the source.
 *
 * A group that fits is computed at once. One that does not is computed in parts: behind each part stand the rows that functions look
 * ahead to, before it those that they look back to; what they sum up stays in the module's state. Where a function needs all rows
 * of a group before its first result (the sum of the whole group, ntile), the rows of such a group are put into one more run while they are
 * summed up, and read from it for the results. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/budget.h"
#include "op/away.h"
#include "sched/run_internal.h"
#include "spill/spill.h"

enum { RANK_LEAST = 1024, RANK_LEAST_STRESS = 2, RANK_ROOM = 1024 * 1024, RANK_LOOK = 1024, RANK_HEAD = 12 };

typedef struct RankRun {
  FrtCtx *cx;
  void *state;
  FrtRank *r;
  AwayOwn *o;
  FrtRowForm made;
  char *key;                 /* of the last record */
  size_t key_room;
  uint32_t key_len, group_len;
  uint64_t tie;              /* rows of equal order have the same */
  uint64_t *numbers;         /* of the rows of the pairs */
  uint64_t number_room;
  uint64_t at, done;         /* place of the first pair in its group; pairs before `done` have their results */
  uint64_t rows, records;    /* of the group; of all */
  int started;               /* a part of the group was looked at */
  int spooling, again;       /* the group is put into a run; it comes back from it */
  FrtSpill *spool;
} RankRun;

/* ---- rows in memory ---- */

static void rank_own(RankRun *q, char *row) {
  FrtAway *a = &q->r->away;
  for (uint32_t i = 0; i < a->len; i++) {
    const FrtSpillColumn *c = &a->columns[i];
    if (c->nulls && row[c->nulls]) continue;
    frt_store_value(q->cx, a->store, c->type, row + c->values);
  }
}

static void rank_add(RankRun *q, const char *payload, uint64_t tie) {
  FrtAway *a = &q->r->away;
  char *row = frt_store_add(q->cx, a->store);
  uint64_t number;
  frt_away_bind(&q->o->form, a->columns, row);
  frt_row_read(q->cx, &q->o->form, payload, 0, 0);
  rank_own(q, row);
  memcpy(&number, payload, sizeof number);
  if (a->pairs->len == q->number_room) {
    q->number_room = q->number_room ? q->number_room * 2 : 1024;
    q->numbers = frt_realloc(q->numbers, q->number_room * sizeof *q->numbers);
  }
  q->numbers[a->pairs->len] = number;
  frt_pairs_add(a->pairs, tie, a->store->len - 1);
}

/* Only rows from pair `from` on stay. */
static void rank_slide(RankRun *q, uint64_t from) {
  FrtAway *a = &q->r->away;
  FrtStore old = *a->store;
  FrtPair *p = a->pairs->data;
  uint64_t len = a->pairs->len - from;
  frt_store_init(a->store, old.row_size);
  a->store->spills = 1;
  for (uint64_t i = 0; i < len; i++) {
    char *row = frt_store_add(q->cx, a->store);
    memcpy(row, FRT_ROW(&old, p[from + i].row), old.row_size);
    rank_own(q, row);
    p[i] = (FrtPair){p[from + i].key, i};
    q->numbers[i] = q->numbers[from + i];
  }
  a->pairs->len = len;
  q->at += from;
  q->done -= from;
  frt_store_free(&old);
}

/* ---- parts ---- */

static int rank_put_results(RankRun *q, uint64_t from, uint64_t to) {
  FrtAway *a = &q->r->away;
  FrtTexts *t = &q->r->results;
  for (uint64_t i = from; i < to; i++) {
    frt_away_bind(&q->made, q->r->made, FRT_ROW(a->store, a->pairs->data[i].row));
    uint32_t size = frt_row_size(&q->made, 0);
    if ((size_t)(t->out.end - t->out.at) < (size_t)size + 8) frt_texts_room(q->cx, &t->out, (size_t)size + 8);
    frt_row_write(&q->made, 0, 0, size, t->out.at);
    uint64_t place = frt_texts_end_row(t, t->out.at + size);
    if (frt_texts_hold(q->cx, t, &q->numbers[i], NULL, &place, 1)) return FRT_FATAL;
  }
  return FRT_OK;
}

static int rank_call(RankRun *q, uint64_t to, uint32_t pass, uint32_t more) {
  FrtPairs *pairs = q->r->away.pairs;
  FrtRankPart part = {pairs->data, q->done, to, pairs->len, q->at, q->rows, pass, !q->started, more, 0};
  q->started = 1;
  return q->r->part(q->cx, q->state, &part);
}

/* The rows of the store go into the run of their group, and are summed up. */
static int rank_spool(RankRun *q) {
  FrtAway *a = &q->r->away;
  if (!q->spool && !(q->spool = frt_spill_open(q->cx, a->op, frt_row_form_layout(&q->o->form), 0))) return FRT_FATAL;
  if (!q->spooling) frt_spill_add_run(q->spool);
  q->spooling = 1;
  uint32_t run = frt_spill_runs(q->spool) - 1;
  for (uint64_t i = 0; i < a->pairs->len; i++) {
    FrtPair p = a->pairs->data[i];
    frt_away_bind(&q->o->form, a->columns, FRT_ROW(a->store, p.row));
    uint32_t size = frt_row_size(&q->o->form, 0), all = size + RANK_HEAD;
    char *to = frt_spill_room(q->cx, q->spool, run, all);
    if (!to) return FRT_FATAL;
    memcpy(to, &all, 4);
    memcpy(to + 4, &p.key, 8);
    frt_row_write(&q->o->form, 0, q->numbers[i], size, to + RANK_HEAD);
  }
  if (rank_call(q, a->pairs->len, 1, 1)) return FRT_FATAL;
  q->done = a->pairs->len;
  rank_slide(q, a->pairs->len);
  return FRT_OK;
}

/* Results for what can have them; `ends`: no row of the group follows. */
static int rank_part(RankRun *q, int ends) {
  uint64_t len = q->r->away.pairs->len, behind = ends ? 0 : q->r->behind, to = len > behind ? len - behind : 0;
  if (to > q->done) {
    if (rank_call(q, to, q->again ? 2 : 3, !ends)) return FRT_FATAL;
    if (rank_put_results(q, q->done, to)) return FRT_FATAL;
    q->done = to;
  }
  if (!ends && q->done > q->r->before) rank_slide(q, q->done - q->r->before);
  frt_alloc_reset(q->cx->worker);
  return FRT_OK;
}

static int rank_is_full(const RankRun *q) {
  const FrtRank *r = q->r;
  uint64_t least = r->before + r->behind + (frt_budget_stress() ? RANK_LEAST_STRESS : RANK_LEAST);
  return r->away.pairs->len > least && (frt_budget_stress() || !frt_may_reserve(RANK_ROOM));
}

/* One more row is in the store. */
static int rank_step(RankRun *q) {
  if (++q->records % RANK_LOOK == 0 && frt_away_check(q->cx)) return FRT_FATAL;
  if (!q->again) q->rows++;
  if (!rank_is_full(q)) return FRT_OK;
  return q->r->passes == 2 && !q->again ? rank_spool(q) : rank_part(q, 0);
}

/* ---- groups ---- */

/* The rows of the group come back from its run. */
static int rank_spooled(RankRun *q) {
  uint32_t run = frt_spill_runs(q->spool) - 1;
  char *data;
  size_t size;
  int status;
  if (rank_spool(q) || frt_spill_finish(q->cx, q->spool, run)) return FRT_FATAL;
  FrtSpillReader *reader = frt_spill_read(q->cx, q->spool, run, 0);
  if (!reader) return FRT_FATAL;
  q->again = 1;
  q->at = q->done = 0;
  while ((status = frt_spill_next(q->cx, reader, &data, &size)) == FRT_OK) {
    for (uint32_t all; size && status == FRT_OK; data += all, size -= all) {
      uint64_t tie;
      memcpy(&all, data, 4);
      memcpy(&tie, data + 4, 8);
      rank_add(q, data + RANK_HEAD, tie);
      status = rank_step(q);
    }
    if (status) break;
  }
  frt_spill_reader_free(reader);
  frt_spill_free_run(q->spool, run);
  return status == FRT_END ? FRT_OK : FRT_FATAL;
}

static int rank_group_ends(RankRun *q) {
  FrtAway *a = &q->r->away;
  if (q->spooling && rank_spooled(q)) return FRT_FATAL;
  if (rank_part(q, 1)) return FRT_FATAL;
  q->at = q->done = q->rows = 0;
  q->started = q->spooling = q->again = 0;
  a->pairs->len = 0;
  if (a->store->len < RANK_LEAST && !frt_budget_stress()) return FRT_OK;
  frt_store_free(a->store);
  return FRT_OK;
}

static int rank_take(RankRun *q, const FrtRunRecord *rec) {
  uint32_t group_len = frt_away_group_len(&q->r->away, rec);
  int same = q->key && rec->key_len == q->key_len && !memcmp(rec->key, q->key, q->key_len);
  int same_group = same || (q->key && group_len == q->group_len && !memcmp(rec->key, q->key, group_len));
  if (q->key && !same_group && rank_group_ends(q)) return FRT_FATAL;
  if (!same) {
    q->tie++;
    if (!q->key || rec->key_len > q->key_room) {
      q->key_room = (size_t)rec->key_len * 2 + 16;
      q->key = frt_realloc(q->key, q->key_room);
    }
    memcpy(q->key, rec->key, rec->key_len);
    q->key_len = rec->key_len;
    q->group_len = group_len;
  }
  rank_add(q, rec->payload, q->tie);
  return rank_step(q);
}

int frt_rank_rest(FrtCtx *cx, void *state, FrtRank *r) {
  RankRun q = {.cx = cx, .state = state, .r = r, .o = r->away.own};
  FrtRunRecord rec;
  int status = frt_away_open(cx, &r->away);
  frt_row_form_init(&q.made, r->made, r->made_len);
  while (status == FRT_OK && (status = frt_runs_next(cx, q.o->runs, &rec)) == FRT_OK) status = rank_take(&q, &rec);
  status = status == FRT_END && (!q.key || rank_group_ends(&q) == FRT_OK) ? FRT_OK : FRT_FATAL;
  frt_spill_close(q.spool);
  frt_row_form_free(&q.made);
  frt_free(q.key);
  frt_free(q.numbers);
  frt_store_free(r->away.store);
  frt_pairs_free(r->away.pairs);
  frt_away_end(&r->away);
  return status == FRT_OK ? frt_texts_sort(cx, &r->results) : FRT_FATAL;
}

void frt_rank_init(FrtCtx *cx, FrtRank *r) {
  frt_texts_init(&r->results, r->away.op, 1, 0);
  frt_at_end(cx, frt_rank_end, r);
}

int frt_rank_next(FrtCtx *cx, void *state, FrtRank *r, uint32_t m) {
  const char *text;
  size_t len;
  if (!r->form) {
    r->form = frt_malloc(sizeof(FrtRowForm));
    frt_row_form_init(r->form, r->given, r->made_len);
  }
  int status = frt_texts_next(cx, &r->results, &text, &len);
  if (status) return status;
  frt_row_form_bind(r->form, r->given, state);
  frt_row_read(cx, r->form, text, m, 1);
  return FRT_OK;
}

void frt_rank_end(void *rank) {
  FrtRank *r = rank;
  frt_texts_drop(&r->results);
  if (r->form) frt_row_form_free(r->form);
  frt_free(r->form);
  r->form = NULL;
}
