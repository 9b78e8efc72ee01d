/* unused.c: computed columns and aggregates whose result nobody reads are not computed, unless they may fail (an error
 * port would see it); columns that nobody reads leave the schemas of what joins, gathers and groups, so that no row
 * keeps them.
 *
 * Nodes are visited from the sinks up, each marking the columns that it reads; then the dead ones go. */
#include <string.h>

#include "opt/opt_internal.h"

typedef struct Live { Plan *p; uint8_t *col; } Live;

static void live_visit(void *env, ColId col) { ((Live *)env)->col[col] = 1; }

static void live_expr(Live *l, const Expr *e) {
  if (e) expr_columns(e, live_visit, l);
}

static void live_schema(Live *l, const Schema *s) {
  for (uint32_t k = 0; k < s->len; k++) l->col[s->cols[k].col] = 1;
}

static void live_input(Live *l, const PlanNode *n) {
  for (uint32_t i = 0; i < n->in_len; i++) live_schema(l, &n->in[i].node->out[n->in[i].port].schema);
}

/* A column of the result needs those that it comes from. */
static void live_sources(Live *l, const PlanNode *n, uint32_t sides) {
  const Schema *s = &n->out[0].schema;
  for (uint32_t k = 0; k < s->len; k++)
    for (uint32_t i = 0; i < sides; i++)
      if (l->col[s->cols[k].col] && n->union_cols[i][k] != UINT32_MAX) l->col[n->union_cols[i][k]] = 1;
}

static bool agg_stays(const Live *l, const PlanAgg *a) { return l->col[a->col] || opt_agg_can_fail(a); }

static void live_aggs(Live *l, const PlanNode *n) {
  for (uint32_t i = 0; i < n->agg_len; i++) {
    const PlanAgg *a = &n->aggs[i];
    if (n->kind == PLAN_AGGREGATE && !agg_stays(l, a)) continue;
    live_expr(l, a->arg[0]);
    live_expr(l, a->arg[1]);
    live_expr(l, a->where);
  }
}

static bool made_stays(const Live *l, const PlanMade *m) { return l->col[m->col] || expr_can_fail(m->value); }

static void live_exprs(Live *l, const PlanNode *n) {
  for (uint32_t i = n->made_len; i-- > 0;)
    if (n->made[i].value && (n->kind != PLAN_MAP || made_stays(l, &n->made[i])))
      live_expr(l, n->made[i].value);
  live_expr(l, n->cond);
  live_expr(l, n->frame);
  live_expr(l, n->left_time);
  live_expr(l, n->right_time);
  for (uint32_t i = 0; i < n->conds_len; i++) live_expr(l, n->conds[i]);
  for (uint32_t i = 0; i < n->key_len; i++) live_expr(l, n->keys[i].value);
  for (uint32_t i = 0; i < n->join_key_len; i++) {
    live_expr(l, n->left_keys[i]);
    live_expr(l, n->right_keys[i]);
  }
}

static void live_node(Live *l, const PlanNode *n) {
  if (n->kind == PLAN_TAP && n->tap_off) return;
  if (n->kind == PLAN_WRITE || (n->kind == PLAN_TAP && !n->tap_live) || n->kind == PLAN_SCRIPT) live_input(l, n);
  if (n->kind == PLAN_UNION) live_sources(l, n, n->in_len);
  if (n->kind == PLAN_JOIN) live_sources(l, n, 2);
  if (n->kind == PLAN_WINDOW || n->kind == PLAN_SESSIONIZE) l->col[n->time_col] = 1;
  for (uint32_t i = 0; i < n->by_len; i++) l->col[n->by[i]] = 1;
  for (uint32_t i = 0; i < n->unpivot_len; i++) l->col[n->unpivot_cols[i]] = 1;
  live_aggs(l, n);
  live_exprs(l, n);
}

/* ---- what goes ---- */

static void drop_aggs(const Live *l, PlanNode *n) {
  uint32_t kept = 0;
  PlanAgg *aggs = arena_alloc(l->p->arena, (n->agg_len + 1) * sizeof *aggs);
  for (uint32_t i = 0; i < n->agg_len; i++)
    if (agg_stays(l, &n->aggs[i])) aggs[kept++] = n->aggs[i];
  n->aggs = aggs;
  n->agg_len = kept;
}

static void drop_made(const Live *l, PlanNode *n) {
  uint32_t kept = 0;
  PlanMade *made = arena_alloc(l->p->arena, (n->made_len + 1) * sizeof *made);
  for (uint32_t i = 0; i < n->made_len; i++)
    if (made_stays(l, &n->made[i])) made[kept++] = n->made[i];
  n->made = made;
  n->made_len = kept;
}

/* Where each column of the result comes from goes along. */
static void drop_columns(const Live *l, PlanNode *n, uint32_t port) {
  Schema *s = &n->out[port].schema;
  bool sources = n->union_cols && port == 0;
  uint32_t sides = n->kind == PLAN_JOIN ? 2 : n->in_len, kept = 0;
  ColId **from = arena_alloc(l->p->arena, (sides + 1) * sizeof *from);
  SchemaColumn *cols = arena_alloc(l->p->arena, (s->len + 1) * sizeof *cols);
  for (uint32_t i = 0; sources && i < sides; i++) from[i] = arena_alloc(l->p->arena, (s->len + 1) * sizeof **from);
  for (uint32_t k = 0; k < s->len; k++) {
    if (!l->col[s->cols[k].col]) continue;
    for (uint32_t i = 0; sources && i < sides; i++) from[i][kept] = n->union_cols[i][k];
    if (n->masked) n->masked[kept] = n->masked[k];
    cols[kept++] = s->cols[k];
  }
  s->cols = cols;
  s->len = kept;
  if (sources) n->union_cols = from;
}

void opt_unused(Plan *p) {
  Live l = {p, arena_alloc(p->arena, p->column_len + 1)};
  for (uint32_t i = p->node_len; i-- > 0;) live_node(&l, p->nodes[i]);
  for (uint32_t i = 0; i < p->node_len; i++) {
    PlanNode *n = p->nodes[i];
    if (n->kind == PLAN_AGGREGATE) drop_aggs(&l, n);
    if (n->kind == PLAN_MAP) drop_made(&l, n);
    for (uint32_t port = 0; n->in_len && n->kind != PLAN_ERRORS && (n->kind != PLAN_TAP || n->tap_off || n->tap_live) && port < n->out_len; port++)
      drop_columns(&l, n, port);
  }
}
