/* fold.c: constant sub-expressions become constants; a filter that is always true goes. */
#include "opt/opt.h"
#include "sema/sema_internal.h"

static void fold_one(Plan *p, Expr **e) {
  if (*e) *e = expr_fold(p->arena, *e);
}

static void fold_all(Plan *p, Expr **e, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) fold_one(p, &e[i]);
}

void opt_fold(Plan *p) {
  for (uint32_t i = 0; i < p->node_len; i++) {
    PlanNode *n = p->nodes[i];
    fold_one(p, &n->cond);
    fold_one(p, &n->count);
    for (uint32_t k = 0; k < n->made_len; k++) fold_one(p, &n->made[k].value);
    fold_all(p, n->conds, n->conds_len);
    fold_all(p, n->rows, n->rows_len);
    for (uint32_t k = 0; k < n->agg_len; k++) {
      fold_one(p, &n->aggs[k].arg[0]);
      fold_one(p, &n->aggs[k].arg[1]);
      fold_one(p, &n->aggs[k].where);
    }
    for (uint32_t k = 0; k < n->key_len; k++) fold_one(p, &n->keys[k].value);
    if (n->read)
      for (uint32_t k = 0; k < n->read->field_len; k++) fold_one(p, &n->read->fields[k].check);
  }
}

static bool fold_is_true(const Expr *e) { return e && e->kind == EX_CONST && !e->value.is_null && e->value.i; }

/* Every edge to (n, 0) becomes an edge to what n reads. */
static void fold_bypass(Plan *p, PlanNode *n) {
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++)
      if (p->nodes[i]->in[k].node == n) p->nodes[i]->in[k] = n->in[0];
}

void opt_always(Plan *p) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < p->node_len; i++) {
    PlanNode *n = p->nodes[i];
    if (n->kind == PLAN_FILTER && n->out_len == 1 && fold_is_true(n->cond)) {
      fold_bypass(p, n);
      continue;
    }
    p->nodes[kept++] = n;
  }
  p->node_len = kept;
}
