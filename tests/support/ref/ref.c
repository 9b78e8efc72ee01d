/* ref.c: the run as a whole: which columns count, which node is computed when, which errors end the run. */
#include "ref.h"

#include <stdlib.h>
#include <string.h>

#include "ir/eval_internal.h"

void ref_cannot(Ref *r, const char *what) { if (!r->cannot) r->cannot = what; }

uint32_t ref_index(const Ref *r, const PlanNode *n) {
  for (uint32_t i = 0; i < r->plan->node_len; i++)
    if (r->plan->nodes[i] == n) return i;
  abort();
}

void ref_add(Ref *r, RefTable *t, RefRow *row) {
  t->rows = arena_grow(r->arena, t->rows, t->len, sizeof *t->rows);
  t->rows[t->len++] = row;
}

RefRow *ref_copy(Ref *r, const RefRow *row) {
  RefRow *copy = arena_alloc(r->arena, sizeof *copy);
  if (row) *copy = *row;
  else *copy = (RefRow){.scan = (uint32_t)REF_NO_SCAN, .line = -1};
  copy->v = arena_alloc(r->arena, (r->plan->column_len + 1) * sizeof *copy->v);
  if (row) memcpy(copy->v, row->v, r->plan->column_len * sizeof *copy->v);
  return copy;
}

/* ---- expressions ---- */

static const Value *column_value(void *user, ColId col) {
  Ref *r = user;
  return r->row ? &r->row->v[col] : NULL;
}

static const Value *param_value(void *user, uint32_t index) { return &((Ref *)user)->params[index]; }

int ref_eval(Ref *r, const RefRow *row, const Expr *e, Value *out) {
  const RefRow *before = r->row;
  EvalEnv env = {.arena = r->arena, .column = column_value, .param = param_value, .user = r, .cx = r->cx};
  r->row = row;
  int status = expr_eval(&env, e, out);
  r->row = before;
  if (status == EVAL_CANNOT) {
    ref_cannot(r, "an expression");
    *out = (Value){.is_null = true};
    return FRT_OK;
  }
  return status;
}

int64_t ref_count(Ref *r, const Expr *e) {
  Value v;
  if (ref_eval(r, NULL, e, &v) || v.is_null || v.i < 0) {
    ref_cannot(r, "a count");
    return 0;
  }
  return v.i;
}

static void eval_params(Ref *r) {
  r->params = arena_alloc(r->arena, (r->plan->param_len + 1) * sizeof *r->params);
  for (uint32_t i = 0; i < r->plan->param_len; i++) {
    const PlanParam *p = &r->plan->params[i];
    if (!p->dflt) ref_cannot(r, "a required parameter");
    else if (ref_eval(r, NULL, p->dflt, &r->params[i])) ref_cannot(r, "a default that fails");
  }
}

/* ---- which columns are read: "Unused columns are never parsed" (language-notes 44) ---- */

static void need(void *env, ColId col) { ((Ref *)env)->needed[col] = true; }

static void count_column(void *env, ColId col) { ++*(uint32_t *)env; }

/* Whether constants decide what is read, `if false then a else b end`: fold_matters. */
static void look_at_folds(Ref *r, const Expr *e) {
  Expr *f = expr_fold(r->arena, (Expr *)(uintptr_t)e);
  uint32_t before = 0, after = 0;
  expr_columns(e, count_column, &before);
  expr_columns(f, count_column, &after);
  r->fold_matters |= before != after || expr_can_fail(e) != expr_can_fail(f);
}

/* "Columns that any operator uses are checked", whatever constants decide. */
static void need_expr(Ref *r, const Expr *e) {
  if (!e) return;
  look_at_folds(r, e);
  expr_columns(e, need, r);
}

static void need_schema(Ref *r, const Schema *s) {
  for (uint32_t i = 0; i < s->len; i++) r->needed[s->cols[i].col] = true;
}

/* A computed column that may fail is computed whether or not anybody reads it: its errors are rows that leave. */
static void need_made(Ref *r, const PlanNode *n) {
  for (uint32_t i = n->made_len; i-- > 0;) {
    const PlanMade *m = &n->made[i];
    if (m->value && expr_can_fail(m->value)) r->needed[m->col] = true;
    if (r->needed[m->col]) need_expr(r, m->value);
  }
}

static void need_mapped(Ref *r, const PlanNode *n, uint32_t inputs) {
  const Schema *s = &n->out[0].schema;
  for (uint32_t k = 0; k < s->len; k++)
    for (uint32_t i = 0; i < inputs; i++)
      if (r->needed[s->cols[k].col] && n->union_cols[i][k] != UINT32_MAX) r->needed[n->union_cols[i][k]] = true;
}

static void need_node(Ref *r, const PlanNode *n) {
  const PlanEdge *in = n->in;
  switch (n->kind) {
    case PLAN_READ:
      for (uint32_t i = 0; i < n->read->field_len; i++) need_expr(r, n->read->fields[i].check);
      break;
    case PLAN_WRITE:
      if (n->sink->options.format != FRT_FMT_DEADLETTER) need_schema(r, &in->node->out[in->port].schema);
      need_expr(r, n->sink->path);
      break;
    case PLAN_TAP: need_schema(r, &n->out[0].schema); break;
    case PLAN_UNION: need_mapped(r, n, n->in_len); break;
    case PLAN_JOIN: need_mapped(r, n, 2); break;
    case PLAN_UNPIVOT:
      for (uint32_t i = 0; i < n->unpivot_len; i++) r->needed[n->unpivot_cols[i]] = true;
      break;
    case PLAN_WINDOW: case PLAN_SESSIONIZE: r->needed[n->time_col] = true; break;
    default: break;
  }
  for (uint32_t i = 0; i < n->by_len; i++) r->needed[n->by[i]] = true;
  need_made(r, n);
  need_expr(r, n->cond);
  for (uint32_t i = 0; i < n->conds_len; i++) need_expr(r, n->conds[i]);
  for (uint32_t i = 0; i < n->key_len; i++) need_expr(r, n->keys[i].value);
  for (uint32_t i = 0; i < n->agg_len; i++) {
    need_expr(r, n->aggs[i].arg[0]);
    need_expr(r, n->aggs[i].arg[1]);
    need_expr(r, n->aggs[i].where);
  }
  for (uint32_t i = 0; i < n->join_key_len; i++) need_expr(r, n->left_keys[i]), need_expr(r, n->right_keys[i]);
  need_expr(r, n->left_time);
  need_expr(r, n->right_time);
}

/* ---- errors ---- */

/* "Every operator that can fail takes `on error -> name [limit N]`, `on error fail`, `on error skip` or
 * `on error null`." What becomes of the row is decided in ref_judge, when all errors are known. */
void ref_error(Ref *r, const PlanNode *n, const RefRow *row, int code, const char *field) {
  r->errors = arena_grow(r->arena, r->errors, r->error_len, sizeof *r->errors);
  RefError *e = &r->errors[r->error_len];
  *e = (RefError){.node = n, .field = field, .code = code, .order = r->error_len};
  e->row = row ? *row : (RefRow){.scan = (uint32_t)REF_NO_SCAN, .line = -1};
  e->place = e->row.key;
  r->error_len++;
}

void ref_error_at(Ref *r, const PlanNode *n, size_t place, const RefRow *row, int code, const char *field) {
  ref_error(r, n, row, code, field);
  r->errors[r->error_len - 1].place = place;
}

static int by_place(const void *a, const void *b) {
  const RefError *x = a, *y = b;
  if (x->row.scan != y->row.scan) return x->row.scan < y->row.scan ? -1 : 1;
  if (x->row.key != y->row.key) return x->row.key < y->row.key ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

/* "`take` stops the source early": when every way that a row of the scan can go ends in a take, rows behind the
 * last one that is taken are not looked at, and neither are their errors. Collects the takes. */
static bool takes_behind(const Ref *r, const PlanNode *n, const PlanNode **takes, size_t *len) {
  for (uint32_t i = 0; i < r->plan->node_len; i++) {
    const PlanNode *m = r->plan->nodes[i];
    for (uint32_t k = 0; k < m->in_len; k++) {
      if (m->in[k].node != n) continue;
      switch (m->kind) {
        case PLAN_TAKE: takes[(*len)++] = m; break;
        case PLAN_FILTER: case PLAN_MAP: case PLAN_EXTRACT: case PLAN_ROUTE: case PLAN_ASSERT: case PLAN_SKIP:
        case PLAN_SAMPLE: case PLAN_TAP:
          if (!takes_behind(r, m, takes, len)) return false;
          break;
        default: return false;
      }
    }
  }
  return true;
}

static void compute(Ref *r, PlanNode *n);

/* The last row of a scan that anybody wants, UINT64_MAX when all are. */
static uint64_t last_wanted(Ref *r, const PlanNode *scan) {
  const PlanNode *takes[256];
  size_t len = 0;
  uint64_t last = 0;
  if (scan->in_len || !takes_behind(r, scan, takes, &len) || !len) return UINT64_MAX;   /* what holds rows is no source */
  for (size_t i = 0; i < len; i++) {
    compute(r, (PlanNode *)(uintptr_t)takes[i]);
    const RefTable *t = r->out[ref_index(r, takes[i])][0].rows ? &r->out[ref_index(r, takes[i])][0] : NULL;
    size_t taken = t ? t->len : 0;
    if ((int64_t)taken < ref_count(r, takes[i]->count)) return UINT64_MAX;
    if (taken && t->rows[taken - 1]->key > last) last = t->rows[taken - 1]->key;
  }
  return last;
}

static bool is_wanted(Ref *r, const RefRow *row) {
  if (row->scan == (uint32_t)REF_NO_SCAN) return true;
  return row->key <= last_wanted(r, r->plan->nodes[row->scan]);
}

/* The columns of an error stream: "An error row carries the envelope". */
static Value error_column(Ref *r, const RefError *e, const char *name) {
  Value v = {.is_null = true};
  FrtStr field = {e->field, (uint32_t)strlen(e->field), 0};
  static const char *const codes[] = {
    [0] = "",
#define FRT_ERROR(id, code, text) [FRT_E_##id] = code,
#include "flowrt_errors.def"
#undef FRT_ERROR
  };
  if (!strcmp(name, "file") && e->row.file.len) v = (Value){.s = e->row.file};
  else if (!strcmp(name, "line") && e->row.line >= 1) v = (Value){.i = e->row.line};
  else if (!strcmp(name, "field") && field.len) v = (Value){.s = field};
  else if (!strcmp(name, "raw") && e->row.raw.ptr) v = (Value){.s = e->row.raw};
  else if (!strcmp(name, "code")) v = (Value){.s = {codes[e->code], (uint32_t)strlen(codes[e->code]), 0}};
  else if (!strcmp(name, "retry_count")) v = (Value){.i = 0};
  else if (!strcmp(name, "script_line") || !strcmp(name, "operator") || !strcmp(name, "script_column") ||
           !strcmp(name, "message") || !strcmp(name, "time") || !strcmp(name, "run") || !strcmp(name, "offset") ||
           !strcmp(name, "script_hash")) {
    if (r->needed) ref_cannot(r, "a column of an error stream");
  }
  return v;
}

/* The rows of an error port, in source order. */
static void port_rows(Ref *r, const PlanNode *n, RefTable *out, bool *loose) {
  const PlanNode *from = NULL;
  for (uint32_t i = 0; i < r->plan->node_len; i++) {
    PlanNode *m = r->plan->nodes[i];
    if (m->policy.kind != FRT_POLICY_PORT || m->policy.port != (int32_t)n->error_port) continue;
    compute(r, m);
    if (from) *loose = true;
    *loose |= r->loose[i];
    from = m;
  }
  RefError *list = arena_alloc(r->arena, (r->error_len + 1) * sizeof *list);
  size_t len = 0;
  for (size_t i = 0; i < r->error_len; i++) {
    const PlanPolicy *p = &r->errors[i].node->policy;
    if (p->kind == FRT_POLICY_PORT && p->port == (int32_t)n->error_port && is_wanted(r, &r->errors[i].row))
      list[len++] = r->errors[i];
  }
  qsort(list, len, sizeof *list, by_place);
  const Schema *s = &n->out[0].schema;
  for (size_t i = 0; i < len; i++) {
    RefRow *row = ref_copy(r, NULL);
    Value *v = row->v;
    *row = list[i].row;
    row->v = v;
    for (uint32_t k = 0; k < s->len; k++) {
      ColId c = s->cols[k].col;
      if (r->needed[c]) v[c] = error_column(r, &list[i], r->plan->columns[c].name);
    }
    ref_add(r, out, row);
  }
}

/* ---- nodes ---- */

RefTable *ref_input(Ref *r, const PlanNode *n, uint32_t input) {
  compute(r, n->in[input].node);
  return &r->out[ref_index(r, n->in[input].node)][n->in[input].port];
}

static void range_rows(Ref *r, const PlanNode *n, RefTable *out) {
  int64_t len = ref_count(r, n->count);
  for (int64_t i = 0; i < len; i++) {
    RefRow *row = ref_copy(r, NULL);
    row->v[n->out[0].schema.cols[0].col] = (Value){.i = i};
    row->scan = ref_index(r, n);
    row->key = (uint64_t)i;
    ref_add(r, out, row);
  }
}

static void values_rows(Ref *r, const PlanNode *n, RefTable *out) {
  uint32_t width = n->read ? n->read->field_len : n->out[0].schema.len;
  for (uint32_t i = 0; width && i < n->rows_len / width; i++) {
    RefRow *row = ref_copy(r, NULL);
    for (uint32_t c = 0; c < width; c++) {
      ColId col = n->read ? n->read->fields[c].col : n->out[0].schema.cols[c].col;
      if (r->needed[col] && ref_eval(r, NULL, n->rows[i * width + c], &row->v[col])) ref_cannot(r, "values that fail");
    }
    row->scan = ref_index(r, n);
    row->key = i;
    ref_add(r, out, row);
  }
}

static void compute(Ref *r, PlanNode *n) {
  uint32_t index = ref_index(r, n), ports = n->out_len ? n->out_len : 1;
  if (r->state[index] == 2) return;
  if (r->state[index] == 1) {
    ref_cannot(r, "a circle");
    return;
  }
  r->state[index] = 1;
  r->out[index] = arena_alloc(r->arena, ports * sizeof(RefTable));
  RefTable **out = arena_alloc(r->arena, ports * sizeof *out);
  for (uint32_t i = 0; i < ports; i++) out[i] = &r->out[index][i];
  for (uint32_t i = 0; i < n->in_len; i++) {
    compute(r, n->in[i].node);
    r->loose[index] |= r->loose[ref_index(r, n->in[i].node)];
  }
  switch (n->kind) {
    case PLAN_READ: ref_read(r, n, out[0]); break;
    case PLAN_VALUES: values_rows(r, n, out[0]); break;
    case PLAN_RANGE: range_rows(r, n, out[0]); break;
    case PLAN_ERRORS: port_rows(r, n, out[0], &r->loose[index]); break;
    case PLAN_AGGREGATE: case PLAN_SORT: case PLAN_TOP: case PLAN_DISTINCT: case PLAN_RANK: case PLAN_PIVOT:
    case PLAN_WINDOW: case PLAN_SESSIONIZE:
      ref_hold(r, n, out);
      break;
    case PLAN_JOIN: ref_join(r, n, out); break;
    case PLAN_WRITE: ref_write(r, n); break;
    default: ref_rows(r, n, out); break;
  }
  if (n->kind == PLAN_UNION || n->kind == PLAN_RANK || (n->kind == PLAN_TOP && n->by_len)) r->loose[index] = true;
  if (n->kind == PLAN_TOP && !n->by_len) r->loose[index] = r->loose[ref_index(r, n->in[0].node)];
  r->state[index] = 2;
}

/* ---- how the run ends ---- */

static void fail_add(Ref *r, const RefError *e, int exit_code) {
  RefFail f = {.exit_code = exit_code, .file = e->row.file, .line = e->row.line, .line_end = e->row.line};
  for (uint32_t i = 0; i < e->row.raw.len; i++) f.line_end += e->row.raw.ptr[i] == '\n';
  r->fails = arena_grow(r->arena, r->fails, r->fail_len, sizeof *r->fails);
  r->fails[r->fail_len++] = f;
}

typedef struct Counted { uint64_t errors, in_a_row, last; bool any; } Counted;

/* "more than N rows through that error port end the run (exit 3). `limit 5%` is a rate; it is judged only after
 * 1,000 rows. `limit 10 in a row` counts consecutive errors." */
static bool limit_passed(const PlanPolicy *p, const Counted *c, uint64_t rows) {
  switch (p->limit_kind) {
    case FRT_LIMIT_COUNT: return (double)c->errors > p->limit;
    case FRT_LIMIT_RATE: return rows >= 1000 && (double)c->errors * 100.0 > p->limit * (double)rows;
    case FRT_LIMIT_IN_A_ROW: return (double)c->in_a_row > p->limit;
    default: return false;
  }
}

/* The first row of each scan that ends the run: which scan comes first is nowhere promised, so any of them may be
 * named. Errors of one row may be found in any order. */
static void judge(Ref *r) {
  qsort(r->errors, r->error_len, sizeof *r->errors, by_place);
  Counted *counted = arena_alloc(r->arena, (r->plan->node_len + 1) * sizeof *counted);
  for (size_t i = 0; i < r->error_len;) {
    uint32_t scan = r->errors[i].row.scan;
    uint64_t fatal = UINT64_MAX;
    memset(counted, 0, r->plan->node_len * sizeof *counted);
    for (; i < r->error_len && r->errors[i].row.scan == scan; i++) {
      const RefError *e = &r->errors[i];
      const PlanPolicy *p = &e->node->policy;
      Counted *c = &counted[ref_index(r, e->node)];
      if (e->row.key > fatal || !is_wanted(r, &e->row)) continue;
      if (p->kind == FRT_POLICY_FAIL) {
        fail_add(r, e, 2);
        fatal = e->row.key;
        continue;
      }
      if (p->kind == FRT_POLICY_NULL) continue;
      c->in_a_row = c->any && e->place == c->last + 1 ? c->in_a_row + 1 : c->any && e->place == c->last ? c->in_a_row : 1;
      c->any = true;
      c->last = e->place;
      c->errors++;
      if (p->limit_kind == FRT_LIMIT_RATE) ref_cannot(r, "a rate");
      if (!limit_passed(p, c, e->row.key + 1)) continue;
      fail_add(r, e, 3);
      fatal = e->row.key;
    }
  }
}

/* A default is computed at the start of the run: one that fails fails the run, whatever the rows are. */
static void check_defaults(Ref *r, const PlanNode *n) {
  for (uint32_t i = 0; n->kind == PLAN_READ && i < n->read->field_len; i++) {
    Value v;
    const PlanField *pf = &n->read->fields[i];
    if (pf->dflt && r->needed[pf->col] && ref_eval(r, NULL, pf->dflt, &v)) ref_cannot(r, "a default that fails");
  }
}

void ref_run(Ref *r, Arena *arena, const Plan *plan) {
  *r = (Ref){.arena = arena, .plan = plan, .cx = eval_context(arena)};
  r->needed = arena_alloc(arena, plan->column_len + 1);
  r->out = arena_alloc(arena, (plan->node_len + 1) * sizeof *r->out);
  r->loose = arena_alloc(arena, plan->node_len + 1);
  r->state = arena_alloc(arena, plan->node_len + 1);
  eval_params(r);
  for (uint32_t i = plan->node_len; i-- > 0;) need_node(r, plan->nodes[i]);
  for (uint32_t i = 0; i < plan->node_len; i++) check_defaults(r, plan->nodes[i]);
  for (uint32_t i = 0; i < plan->node_len; i++) compute(r, plan->nodes[i]);
  judge(r);
}
