/* errors.c: keeps the errors of a block, and judges them in the order of source rows.
 *
 * frt_error only notes what happened. When the block ends the notes are sorted by source row and order
 * of report, and each meets its operator's policy and limit. A row that ends the run (policy `fail`, or
 * a limit that it passes) becomes the candidate; rows before it still go through their ports, for their
 * consumers may hold an even earlier row that ends the run. So the row that is blamed does not depend
 * on the size of blocks. Rows behind the last row that anybody wants (frt_stop) are void. */
#include "errors/errors.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/budget.h"
#include "edge/port.h"
#include "io/sink.h"
#include "sched/run_internal.h"
#include "text/text.h"

enum { ERRORS_RATE_ROWS = 1000 /* a rate is judged after so many rows */, ERRORS_DETAIL_MAX = 64 * 1024,
       ERRORS_FIELDS_MAX = 32 /* that an error names */ };

typedef struct ErrNote {
  uint64_t key, order, seen;
  const FrtBlock *block;   /* the source block, or NULL when `row` is set */
  FrtErrorRow *row;        /* resolved at once: the block does not live long enough */
  FrtStr field, detail;
  uint32_t at, op;
  int code;
  uint32_t more;           /* another field of the row of a note before: of the one so many places before, when sorted */
  uint32_t told;           /* `row` has what the others say */
  int64_t line;            /* of the field, with `row` */
} ErrNote;

typedef struct ErrOp {     /* an operator's errors so far */
  uint64_t errors, in_a_row, last_key;
  int in_step;             /* it had errors in the present step */
} ErrOp;

struct FrtNotes {
  ErrNote *notes;
  size_t len, capacity;
  uint64_t order;
  int judging;             /* ports are delivering */
};

struct FrtErrorState {
  ErrOp *ops;
  uint64_t fatal_key;
  int fatal_exit;
  const char *fatal_message;
};

void frt_errors_start(FrtRun *r) {
  r->errors = arena_alloc(r->run_arena, sizeof *r->errors);
  r->errors->ops = arena_alloc(r->run_arena, (r->module->op_len + 1) * sizeof(ErrOp));
  r->errors->fatal_key = UINT64_MAX;
}

void frt_notes_start(FrtWorker *w) { w->notes = arena_alloc(w->cx.run->run_arena, sizeof *w->notes); }

void frt_notes_end(FrtWorker *w) { frt_free(w->notes->notes); }

void frt_notes_drop(FrtWorker *w) { w->notes->len = 0; }

uint64_t frt_errors_fatal_key(const FrtRun *r) { return r->errors->fatal_key; }

static const FrtBlock *err_source(const FrtBlock *b, uint32_t *row) {
  while (b && b->up) {
    if (b->parent) *row = b->parent[*row];
    b = b->up;
  }
  return b;
}

uint64_t frt_row_number(const FrtBlock *b, uint32_t row) {
  b = err_source(b, &row);
  return b->row0 + row;
}

void frt_row_place(const FrtBlock *b, uint32_t row, FrtStr *file, uint64_t *line) {
  b = err_source(b, &row);
  *file = b->file;
  *line = b->line ? b->line[row] : b->line0 ? b->line0 + row : UINT64_MAX;
}

static ErrNote *err_note_new(struct FrtNotes *s) {
  if (s->len == s->capacity) {
    s->capacity = s->capacity ? s->capacity * 2 : 64;
    s->notes = frt_realloc(s->notes, s->capacity * sizeof *s->notes);
  }
  ErrNote *n = &s->notes[s->len++];
  memset(n, 0, sizeof *n);
  n->order = s->order++;
  return n;
}

static FrtStr err_copy(FrtCtx *cx, FrtStr text) {
  if (!text.len) return (FrtStr){"", 0, 0};
  uint32_t len = text.len < ERRORS_DETAIL_MAX ? text.len : ERRORS_DETAIL_MAX;
  char *p = frt_alloc(cx, len);
  memcpy(p, text.ptr, len);
  return (FrtStr){p, len, 0};
}

/* The type that a conversion said it wanted, see FRT_TEXT_WANTED. */
static const FrtType *err_wanted(uint32_t wanted, FrtType *t) {
  uint32_t kind = wanted & 0xff;
  if (!(wanted & FRT_TEXT_WANTED(0, 0, 0)) || kind < FRT_BOOL || kind >= FRT_ENUM) return NULL;
  *t = (FrtType){.kind = (uint8_t)kind, .precision = wanted >> 8 & 0xff, .scale = wanted >> 16 & 0xff};
  return t;
}

static void err_resolve(FrtRun *r, ErrNote *n, const FrtBlock *b, uint32_t row) {
  FrtErrorRow *e = frt_alloc(r->cx, sizeof *e);
  memset(e, 0, sizeof *e);
  frt_error_envelope(r->cx, e, b, row, n->op);
  const FrtColumn *c = frt_error_column(r, n->op, n->field, NULL);
  e->field = e->fields = n->field;
  e->code = frt_error_code(n->code);
  FrtType wanted;
  e->message = frt_error_text(r->cx, n->code, n->detail, c ? c->type : err_wanted(n->detail.aux, &wanted));
  e->error = (uint32_t)n->code;
  frt_error_field_place(r, b, row, e, &n->line);
  frt_error_mask_raw(r, e);
  n->row = e;
}

static void err_note(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field, uint32_t more) {
  FrtRun *r = cx->run;
  struct FrtNotes *notes = cx->worker->notes;
  ErrNote *n = err_note_new(notes);
  b = err_source(b, &row);
  n->op = op;
  n->code = code;
  n->field = field;
  n->more = more;
  n->detail = err_copy(cx, frt_mask_detail(cx, op, code, field, cx->detail));
  n->detail.aux = cx->detail.aux;
  n->seen = cx->seen;
  cx->seen = UINT64_MAX;
  n->block = b;
  n->at = row;
  cx->detail = (FrtStr){"", 0, 0};
  if (!b || (notes->judging && b != r->block)) err_resolve(r, n, b, row);
}

void frt_error(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field) {
  FrtRun *r = cx->run;
  if (r->module->ops[op].policy == FRT_POLICY_NULL && !(r->scan && r->scan->op == op)) {
    FRT_COUNT(cx, op, FRT_NULLED, 1);
    cx->detail = (FrtStr){"", 0, 0};
    return;
  }
  FRT_COUNT(cx, op, FRT_ERRORS, 1);
  err_note(cx, b, row, op, code, field, 0);
}

void frt_error_more(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field) {
  cx->seen = UINT64_MAX;
  err_note(cx, b, row, op, code, field, 1);
}

static int err_compare(const void *a, const void *b) {
  const ErrNote *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  if (x->op != y->op) return x->op < y->op ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static void err_blame(FrtRun *r, ErrNote *n, int exit_code, const char *message) {
  struct FrtErrorState *s = r->errors;
  s->fatal_key = n->key;
  s->fatal_exit = exit_code;
  s->fatal_message = message;
}

static FrtStr err_join(FrtCtx *cx, FrtStr a, const char *between, FrtStr b) {
  size_t n = strlen(between);
  char *p = frt_alloc(cx, (size_t)a.len + n + b.len + 1);
  if (a.len) memcpy(p, a.ptr, a.len);
  memcpy(p + a.len, between, n);
  if (b.len) memcpy(p + a.len + n, b.ptr, b.len);
  return (FrtStr){p, (uint32_t)(a.len + n + b.len), 0};
}

static int err_same(FrtStr a, FrtStr b) { return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0); }

/* Puts what the notes behind n say of further fields of its row into e. */
static void err_row_more(FrtRun *r, const ErrNote *n, FrtErrorRow *e) {
  FrtStr first = e->field;
  for (uint32_t i = 1; n[i].more == i; i++) {
    const FrtColumn *c = frt_error_column(r, n[i].op, n[i].field, NULL);
    FrtType wanted;
    FrtStr text = n[i].row ? n[i].row->message
                           : frt_error_text(r->cx, n[i].code, n[i].detail, c ? c->type : err_wanted(n[i].detail.aux, &wanted));
    int told = err_same(first, n[i].field);
    for (uint32_t k = 1; k < i && !told; k++) told = err_same(n[k].field, n[i].field);
    if (told) continue;
    if (!e->field_len) {
      e->field_len = 1;
      e->message = err_join(r->cx, first, ": ", e->message);
    }
    if (++e->field_len > ERRORS_FIELDS_MAX) continue;
    e->fields = err_join(r->cx, e->fields, ", ", n[i].field);
    e->message = err_join(r->cx, err_join(r->cx, e->message, "; ", n[i].field), ": ", text);
  }
}

static FrtErrorRow *err_row(FrtRun *r, ErrNote *n) {
  int fresh = !n->row || !n->told;
  if (!n->row) err_resolve(r, n, n->block, n->at);
  if (fresh) err_row_more(r, n, n->row);
  n->told = 1;
  n->row->key = n->key;
  return n->row;
}

/* Whether `errors` of `rows` are more than the operator's limit allows; *what says which. */
static int err_limit_passed(FrtRun *r, uint32_t op, uint64_t rows, const char **what) {
  const FrtOp *o = &r->module->ops[op];
  const ErrOp *e = &r->errors->ops[op];
  switch (o->limit_kind) {
  case FRT_LIMIT_COUNT:
    if ((double)e->errors <= o->limit) return 0;
    *what = arena_printf(r->run_arena, "limit %.0f was passed: %llu row%s failed", o->limit,
                         (unsigned long long)e->errors, e->errors == 1 ? "" : "s");
    return 1;
  case FRT_LIMIT_RATE:
    if (rows < ERRORS_RATE_ROWS || (double)e->errors * 100.0 <= o->limit * (double)rows) return 0;
    *what = arena_printf(r->run_arena, "limit %g%% was passed: %llu of %llu rows failed", o->limit,
                         (unsigned long long)e->errors, (unsigned long long)rows);
    return 1;
  case FRT_LIMIT_IN_A_ROW:
    if ((double)e->in_a_row <= o->limit) return 0;
    *what = arena_printf(r->run_arena, "limit %.0f in a row was passed: %llu rows in a row failed", o->limit,
                         (unsigned long long)e->in_a_row);
    return 1;
  default:
    return 0;
  }
}

static void err_count(ErrOp *e, uint64_t key) {
  int again = e->in_step && e->errors && key == e->last_key;
  int next = e->in_step && e->errors && key == e->last_key + 1;
  e->errors++;
  e->in_a_row = again ? e->in_a_row : next ? e->in_a_row + 1 : 1;
  e->last_key = key;
  e->in_step = 1;
}

static void err_judge_one(FrtRun *r, ErrNote *n) {
  const FrtOp *o = &r->module->ops[n->op];
  if (n->key >= r->errors->fatal_key) return;
  if (o->policy == FRT_POLICY_FAIL) {
    FrtErrorRow *e = err_row(r, n);
    err_blame(r, n, 2, frt_error_report(r, e, n->line));
    return;
  }
  if (o->policy == FRT_POLICY_NULL) return;   /* a record of a source with nothing to set to null: left out */
  if (frt_reject(r, n->op, n->code, n->field)) frt_reject_sample(r, n->op, n->code, n->field, err_row(r, n));
  const char *what;
  /* A source has seen as many rows as the key says; other operators tell how many. Where one does not, its rate is judged
   * at the end of the step, by the rows that the ledger counted. */
  int source = o->kind.len == 4 && memcmp(o->kind.ptr, "read", 4) == 0;
  uint64_t at = source || n->seen == UINT64_MAX ? n->key : n->seen;
  err_count(&r->errors->ops[n->op], at);
  uint64_t rows = source || n->seen != UINT64_MAX ? at + 1 : 0;
  if (err_limit_passed(r, n->op, rows, &what)) err_blame(r, n, 3, frt_error_limit_report(r, err_row(r, n), n->op, what));
  if (o->policy != FRT_POLICY_PORT || o->port < 0) return;
  if (r->module->ports[o->port].deliver)
    frt_port_add(r->cx, (uint32_t)o->port, n->key, n->op, err_row(r, n));
  else
    frt_port_count_unread(r, (uint32_t)o->port);
}

void frt_errors_judge(FrtRun *r) {
  struct FrtNotes *s = r->cx->worker->notes;
  for (size_t i = 0; i < s->len; i++) {
    ErrNote *n = &s->notes[i];
    n->key = n->row ? n->row->key : n->block->row0 + n->at;
    /* A worker's own ledger has what its block counted. */
    if (r->cx->ledger != r->ledger && n->seen != UINT64_MAX) n->seen += r->ledger[(size_t)n->op * FRT_LEDGER_LEN + FRT_IN];
  }
  if (s->len > 1) qsort(s->notes, s->len, sizeof *s->notes, err_compare);
  for (size_t i = 1; i < s->len; i++)
    if (s->notes[i].more) s->notes[i].more = s->notes[i - 1].more + 1;
  err_note_new(s)->more = 0;   /* behind the last one; its place is kept */
  s->len--;
  for (size_t i = 0; i < s->len; i++) {
    ErrNote *n = &s->notes[i];
    if (n->more) continue;
    int unheard = r->options->replay && !frt_replay_reports(r, n->block, n->at) && r->module->ops[n->op].policy != FRT_POLICY_FAIL;
    if (unheard || (r->stopped && n->key > r->stop_row)) {
      FRT_COUNT(r->cx, n->op, FRT_ERRORS, (uint64_t)-1);
      FRT_COUNT(r->cx, n->op, FRT_DROPPED, 1);
    } else {
      err_judge_one(r, n);
    }
  }
  s->len = 0;
}

void frt_errors_end_block(FrtRun *r) {
  struct FrtErrorState *s = r->errors;
  if (s->fatal_key == UINT64_MAX) return;
  if (!r->stopped || s->fatal_key <= r->stop_row) frt_run_fail(r, s->fatal_exit, s->fatal_message);
  s->fatal_key = UINT64_MAX;
}

void frt_errors_end_step(FrtRun *r) {
  const FrtModule *m = r->module;
  for (uint32_t op = 0; op < m->op_len; op++) {
    ErrOp *e = &r->errors->ops[op];
    uint64_t rows = r->ledger[(size_t)op * FRT_LEDGER_LEN + FRT_IN];
    const char *what;
    if (r->stopped && r->stop_row < rows) rows = r->stop_row + 1;
    if (e->in_step && m->ops[op].limit_kind == FRT_LIMIT_RATE && err_limit_passed(r, op, rows, &what))
      frt_run_fail(r, 3, frt_error_limit_report(r, NULL, op, what));
    e->in_step = 0;
  }
}

/* Delivers until the block is settled: judging makes rows for ports, delivering makes errors. */
static int err_settle(FrtRun *r) {
  struct FrtErrorState *s = r->errors;
  int status = FRT_OK;
  struct FrtNotes *notes = r->cx->worker->notes;
  frt_errors_judge(r);
  notes->judging = 1;
  for (uint32_t p = 0; p < r->module->port_len && status == FRT_OK; p++) {
    uint64_t end = s->fatal_key;
    if (r->stopped && r->stop_row < end) end = r->stop_row + 1;
    status = frt_port_deliver(r, p, end);
    frt_errors_judge(r);
  }
  notes->judging = 0;
  return status;
}

int frt_block_end(FrtCtx *cx, const FrtBlock *b) {
  FrtRun *r = cx->run;
  r->block = b;
  cx->taps = frt_taps_on(r);
  int status = err_settle(r);
  frt_errors_end_block(r);
  r->block = NULL;
  frt_alloc_reset(cx->worker);
  frt_budget_poll();
  if (frt_budget_passed()) frt_run_check_memory(r);
  if (frt_cancelled()) frt_run_fail(r, 130, NULL);
  if (status == FRT_FATAL || r->exit_code) return FRT_FATAL;
  return r->stopped || cx->stop || frt_sinks_all_closed(r) ? FRT_STOP : FRT_OK;
}

void frt_stop(FrtCtx *cx, const FrtBlock *b, uint32_t row) {
  FrtRun *r = cx->run;
  uint64_t key = frt_row_number(b, row);
  if (r->stopped && r->stop_row <= key) return;
  r->stopped = 1;
  r->stop_row = key;
}
