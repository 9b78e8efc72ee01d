/* reads.c: what passes ask about expressions and nodes: who reads them, what they read, whether they always give the
 * same answer, and copies of expressions that read other columns. */
#include "opt/opt_internal.h"

uint32_t opt_uses(const Plan *p, const PlanNode *n) {
  uint32_t uses = 0;
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++) uses += p->nodes[i]->in[k].node == n;
  return uses;
}

uint32_t opt_place(const Plan *p, const PlanNode *n) {
  uint32_t i = 0;
  while (p->nodes[i] != n) i++;
  return i;
}

bool opt_is_pure(const Expr *e) {
  if (e->kind == EX_CALL && !e->fn->pure) return false;
  for (uint32_t i = 0; i < e->arg_len; i++)
    if (!opt_is_pure(e->arg[i])) return false;
  return true;
}

typedef struct Within { const ColId *cols; uint32_t len; bool all; } Within;

static void within_visit(void *env, ColId col) {
  Within *w = env;
  for (uint32_t i = 0; i < w->len; i++)
    if (w->cols[i] == col) return;
  w->all = false;
}

bool opt_reads_only(const Expr *e, const ColId *cols, uint32_t len) {
  Within w = {cols, len, true};
  expr_columns(e, within_visit, &w);
  return w.all;
}

bool opt_has_let(const Expr *e) {
  if (e->kind == EX_LET) return true;
  for (uint32_t i = 0; i < e->arg_len; i++)
    if (opt_has_let(e->arg[i])) return true;
  return false;
}

Expr *opt_replace(Plan *p, const Expr *e, const OptSwap *swaps, uint32_t len) {
  if (e->kind == EX_COLUMN)
    for (uint32_t i = 0; i < len; i++)
      if (swaps[i].from == e->col) return swaps[i].to;
  Expr *copy = arena_alloc(p->arena, sizeof *copy);
  *copy = *e;
  if (e->arg_len) copy->arg = arena_alloc(p->arena, e->arg_len * sizeof *copy->arg);
  for (uint32_t i = 0; i < e->arg_len; i++) copy->arg[i] = opt_replace(p, e->arg[i], swaps, len);
  return copy;
}

Expr *opt_column(Plan *p, ColId col, Span span) {
  Expr *e = expr_new(p->arena, EX_COLUMN, p->columns[col].type, span, 0);
  e->col = col;
  return e;
}

/* Sums of these have room for more rows than an operator can hold: 2^32 groups or 10^11 rows. */
static bool sum_has_room(const Type *t) {
  switch (t->kind) {
    case TY_I8: case TY_I16: case TY_U8: case TY_U16: case TY_F32: case TY_F64: return true;
    case TY_DECIMAL: return t->precision <= 27;
    default: return false;
  }
}

bool opt_agg_can_fail(const PlanAgg *a) {
  for (int i = 0; i < 2; i++)
    if (a->arg[i] && expr_can_fail(a->arg[i])) return true;
  if (a->where && expr_can_fail(a->where)) return true;
  switch (a->fn) {
    case AGG_SUM: return !sum_has_room(a->arg[0]->type);
    case AGG_AVG: return a->arg[0]->type->kind == TY_DECIMAL || a->arg[0]->type->kind == TY_DURATION;
    case AGG_COUNT: case AGG_COUNT_DISTINCT: case AGG_MIN: case AGG_MAX: case AGG_FIRST: case AGG_LAST: case AGG_MODE:
    case AGG_ANY: case AGG_ALL: case AGG_ARG_MIN: case AGG_ARG_MAX: case AGG_STDDEV: case AGG_VARIANCE:
    case AGG_ROW_NUMBER: case AGG_RANK: case AGG_DENSE_RANK: case AGG_NTILE: case AGG_LAG: case AGG_LEAD:
      return false;
    default: return true;
  }
}
