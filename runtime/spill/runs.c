/* runs.c: an external merge sort, see runs.h.
 *
 * A record in a run: length of key and payload (4 bytes each), key, payload. Runs are merged by a tree of losers (D. Knuth, The
 * Art of Computer Programming, vol. 3, 5.4.1): a record costs one comparison a level, mostly of the first eight bytes of its key,
 * which are kept as a word. When there are more runs than the budget has buffers for, neighbours are merged into
 * longer runs first, as few as will do; since only neighbours are, equal keys keep their order. */
#include "spill/runs.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"
#include "spill/spill.h"

enum { RUNS_HEAD = 8, RUNS_FAN_LEAST = 8, RUNS_FAN_MOST = 512, RUNS_FAN_STRESS = 3, RUNS_LOOK = 4096 };

typedef struct RunsSource {
  uint64_t word;             /* the first bytes of rec.key */
  FrtRunRecord rec;
  FrtSpillReader *reader;
  char *at, *end;
  int done;
} RunsSource;

struct FrtRuns {
  FrtSpill *spill;
  uint32_t *order;           /* numbers of the runs, in order */
  uint32_t len, room;
  uint32_t present;          /* the one that is being written */
  RunsSource *sources;       /* of the merge that is under way */
  uint32_t *losers;          /* losers[1 .. source_len), and the winner at 0 */
  uint32_t source_len;
  int started;               /* the winner was given out, and is to be moved on */
};

/* ---- writing ---- */

FrtRuns *frt_runs_new(FrtCtx *cx, uint32_t op, uint64_t layout) {
  FrtSpill *spill = frt_spill_open(cx, op, layout, 0);
  if (!spill) return NULL;
  FrtRuns *r = frt_malloc(sizeof *r);
  *r = (FrtRuns){ .spill = spill };
  return r;
}

static void runs_insert(FrtRuns *r, uint32_t at, uint32_t run) {
  if (r->len == r->room) {
    r->room = r->room ? r->room * 2 : 16;
    r->order = frt_realloc(r->order, r->room * sizeof *r->order);
  }
  memmove(r->order + at + 1, r->order + at, (r->len - at) * sizeof *r->order);
  r->order[at] = run;
  r->len++;
}

void frt_runs_begin(FrtRuns *r) {
  r->present = frt_spill_add_run(r->spill);
  runs_insert(r, r->len, r->present);
}

char *frt_runs_room(FrtCtx *cx, FrtRuns *r, uint32_t key_len, uint32_t payload_len) {
  char *p = frt_spill_room(cx, r->spill, r->present, RUNS_HEAD + (size_t)key_len + payload_len);
  if (!p) return NULL;
  memcpy(p, &key_len, 4);
  memcpy(p + 4, &payload_len, 4);
  return p + RUNS_HEAD;
}

int frt_runs_finish(FrtCtx *cx, FrtRuns *r) { return frt_spill_finish(cx, r->spill, r->present); }

uint32_t frt_runs_len(const FrtRuns *r) { return r->len; }

/* ---- one run ---- */

static uint64_t runs_word(const FrtRunRecord *rec) {
  return frt_order_text((FrtStr){ rec->key, rec->key_len, 0 });
}

/* The next record of the source, or done. */
static int runs_advance(FrtCtx *cx, RunsSource *s) {
  if (s->at == s->end) {
    size_t size;
    int status = frt_spill_next(cx, s->reader, &s->at, &size);
    if (status == FRT_END) return s->done = 1, FRT_OK;
    if (status) return status;
    s->end = s->at + size;
  }
  memcpy(&s->rec.key_len, s->at, 4);
  memcpy(&s->rec.payload_len, s->at + 4, 4);
  s->rec.key = s->at + RUNS_HEAD;
  s->rec.payload = s->rec.key + s->rec.key_len;
  s->at += RUNS_HEAD + (size_t)s->rec.key_len + s->rec.payload_len;
  s->word = runs_word(&s->rec);
  return FRT_OK;
}

/* ---- the tree ---- */

/* Whether source a comes before source b, a < b or not. */
static int runs_before(const FrtRuns *r, uint32_t a, uint32_t b) {
  const RunsSource *x = &r->sources[a], *y = &r->sources[b];
  if (x->done | y->done) return x->done == y->done ? a < b : !x->done;
  if (x->word != y->word) return x->word < y->word;
  uint32_t n = x->rec.key_len < y->rec.key_len ? x->rec.key_len : y->rec.key_len;
  int c = n > 8 ? memcmp(x->rec.key + 8, y->rec.key + 8, n - 8) : 0;
  if (c) return c < 0;
  return x->rec.key_len != y->rec.key_len ? x->rec.key_len < y->rec.key_len : a < b;
}

/* Source a, which has a new record, plays its way up. */
static void runs_play(FrtRuns *r, uint32_t a) {
  uint32_t winner = a;
  for (uint32_t at = (a + r->source_len) / 2; at; at /= 2)
    if (runs_before(r, r->losers[at], winner)) {
      uint32_t t = winner;
      winner = r->losers[at];
      r->losers[at] = t;
    }
  r->losers[0] = winner;
}

/* The winner below node `at`; nodes from source_len on are the sources. */
static uint32_t runs_tree(FrtRuns *r, uint32_t at) {
  if (at >= r->source_len) return at - r->source_len;
  uint32_t a = runs_tree(r, 2 * at), b = runs_tree(r, 2 * at + 1);
  int first = runs_before(r, a, b);
  r->losers[at] = first ? b : a;
  return first ? a : b;
}

static void runs_close(FrtRuns *r) {
  for (uint32_t i = 0; i < r->source_len; i++) frt_spill_reader_free(r->sources[i].reader);
  frt_free(r->sources);
  frt_free(r->losers);
  r->sources = NULL;
  r->losers = NULL;
  r->source_len = 0;
}

/* Begins to merge runs order[from .. from + n). */
static int runs_open(FrtCtx *cx, FrtRuns *r, uint32_t from, uint32_t n) {
  r->source_len = n;
  r->started = 0;
  r->sources = frt_malloc(n * sizeof *r->sources);
  r->losers = frt_malloc((n + 1) * sizeof *r->losers);
  memset(r->sources, 0, n * sizeof *r->sources);
  for (uint32_t i = 0; i < n; i++) {
    r->sources[i].reader = frt_spill_read(cx, r->spill, r->order[from + i], 0);
    if (!r->sources[i].reader || runs_advance(cx, &r->sources[i])) return FRT_FATAL;
  }
  r->losers[0] = n > 1 ? runs_tree(r, 1) : 0;
  return FRT_OK;
}

int frt_runs_next(FrtCtx *cx, FrtRuns *r, FrtRunRecord *rec) {
  if (!r->source_len) return FRT_END;
  uint32_t a = r->losers[0];
  if (r->started) {
    if (runs_advance(cx, &r->sources[a])) return FRT_FATAL;
    runs_play(r, a);
    a = r->losers[0];
  }
  r->started = 1;
  if (r->sources[a].done) {
    r->started = 0;
    return FRT_END;
  }
  *rec = r->sources[a].rec;
  return FRT_OK;
}

/* ---- merging ---- */

/* How many runs are merged at once: two blocks each, in a quarter of the budget. */
static uint32_t runs_fan(void) {
  if (frt_budget_stress()) return RUNS_FAN_STRESS;
  uint64_t fan = frt_budget_limit() / 4 / (2 * FRT_SPILL_BLOCK);
  return fan < RUNS_FAN_LEAST ? RUNS_FAN_LEAST : fan > RUNS_FAN_MOST ? RUNS_FAN_MOST : (uint32_t)fan;
}

/* Runs order[from .. from + n) become one. */
static int runs_shorten(FrtCtx *cx, FrtRuns *r, uint32_t from, uint32_t n) {
  FrtRunRecord rec;
  uint64_t moved = 0;
  int status = runs_open(cx, r, from, n);
  r->present = frt_spill_add_run(r->spill);
  while (!status && !(status = frt_runs_next(cx, r, &rec))) {
    char *p = ++moved % RUNS_LOOK || !frt_cancelled() ? frt_runs_room(cx, r, rec.key_len, rec.payload_len) : NULL;
    if (!p) return FRT_FATAL;
    memcpy(p, rec.key, (size_t)rec.key_len + rec.payload_len);
  }
  runs_close(r);
  if (status != FRT_END || frt_spill_finish(cx, r->spill, r->present)) return FRT_FATAL;
  for (uint32_t i = 0; i < n; i++) frt_spill_free_run(r->spill, r->order[from + i]);
  memmove(r->order + from, r->order + from + n, (r->len - from - n) * sizeof *r->order);
  r->len -= n;
  runs_insert(r, from, r->present);
  return FRT_OK;
}

int frt_runs_merge(FrtCtx *cx, FrtRuns *r) {
  uint32_t fan = runs_fan(), at = 0;
  if (frt_spill_finish_all(cx, r->spill)) return FRT_FATAL;
  while (r->len > fan) {
    uint32_t n = r->len - fan + 1 < fan ? r->len - fan + 1 : fan;
    if (at + n > r->len) at = 0;
    if (runs_shorten(cx, r, at++, n)) return FRT_FATAL;
  }
  if (frt_spill_finish_all(cx, r->spill)) return FRT_FATAL;
  return r->len ? runs_open(cx, r, 0, r->len) : FRT_OK;
}

void frt_runs_free(FrtRuns *r) {
  if (!r) return;
  runs_close(r);
  frt_spill_close(r->spill);
  frt_free(r->order);
  frt_free(r);
}
