/* verify.c: what must hold of every plan, after the binder and after each pass of the optimiser. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

typedef struct Verifier {
  const Plan *p;
  const char *fault;
  uint32_t *stamp; /* by ColId: the column can be read where stamp is `now` */
  uint32_t now;
  const PlanNode *at;
} Verifier;

static void fail(Verifier *v, const char *what) {
  if (!v->fault) v->fault = arena_printf(v->p->arena, "n%u %s: %s", v->at->id, v->at->word, what);
}

static void see(Verifier *v, ColId col) {
  if (col >= v->p->column_len) fail(v, "a column that does not exist");
  else v->stamp[col] = v->now;
}

static void see_schema(Verifier *v, const Schema *s) {
  for (uint32_t i = 0; i < s->len; i++) see(v, s->cols[i].col);
}

static void see_input(Verifier *v, uint32_t i) {
  v->now++;
  if (i < v->at->in_len) see_schema(v, &v->at->in[i].node->out[v->at->in[i].port].schema);
}

static void visit(void *env, ColId col) {
  Verifier *v = env;
  if (col >= v->p->column_len) fail(v, "an expression reads a column that does not exist");
  else if (v->stamp[col] != v->now)
    fail(v, arena_printf(v->p->arena, "an expression reads column `%s`, which its input has not",
                         v->p->columns[col].name));
}

static bool typed(const Expr *e) {
  if (!e || !e->type || e->type->kind == TY_ERROR) return false;
  for (uint32_t i = 0; i < e->arg_len; i++)
    if (!typed(e->arg[i])) return false;
  return true;
}

static void check_expr(Verifier *v, const Expr *e) {
  if (!e) return;
  if (!typed(e)) fail(v, "an expression without a type");
  else expr_columns(e, visit, v);
}

static void check_columns(Verifier *v, const ColId *cols, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) visit(v, cols[i]);
}

static void check_edges(Verifier *v, const bool *done, uint32_t max) {
  const PlanNode *n = v->at;
  for (uint32_t i = 0; i < n->in_len; i++) {
    const PlanNode *from = n->in[i].node;
    if (!from || from->id >= max || !done[from->id])
      fail(v, "an input that does not stand before it");
    else if (n->in[i].port >= from->out_len) fail(v, "an input port that does not exist");
  }
  if (n->policy.kind == FRT_POLICY_PORT &&
      (n->policy.port < 0 || (uint32_t)n->policy.port >= v->p->error_port_len))
    fail(v, "an error port that does not exist");
  if (n->kind == PLAN_ERRORS && n->error_port >= v->p->error_port_len)
    fail(v, "an error port that does not exist");
}

static void check_source(Verifier *v) {
  const PlanNode *n = v->at;
  const PlanRead *r = n->read;
  if (!r) {
    if (n->kind == PLAN_READ) fail(v, "no file");
    return;
  }
  v->now++;
  check_expr(v, r->path);
  for (uint32_t i = 0; i < n->rows_len; i++) check_expr(v, n->rows[i]);
  for (uint32_t i = 0; i < r->field_len; i++) check_expr(v, r->fields[i].dflt);
  for (uint32_t i = 0; i < r->field_len; i++) see(v, r->fields[i].col);
  for (uint32_t i = 0; i < r->field_len; i++) check_expr(v, r->fields[i].check);
}

static void check_join(Verifier *v) {
  const PlanNode *n = v->at;
  if (n->in_len != 2) {
    fail(v, "a join needs two inputs");
    return;
  }
  see_input(v, 0);
  for (uint32_t i = 0; i < n->join_key_len; i++) check_expr(v, n->left_keys[i]);
  check_expr(v, n->left_time);
  see_input(v, 1);
  for (uint32_t i = 0; i < n->join_key_len; i++) check_expr(v, n->right_keys[i]);
  check_expr(v, n->right_time);
}

static void check_aggs(Verifier *v) {
  const PlanNode *n = v->at;
  for (uint32_t i = 0; i < n->agg_len; i++) {
    check_expr(v, n->aggs[i].arg[0]);
    check_expr(v, n->aggs[i].arg[1]);
    check_expr(v, n->aggs[i].where);
  }
}

/* Computed columns may read earlier ones of the same node. */
static void check_made(Verifier *v) {
  for (uint32_t i = 0; i < v->at->made_len; i++) {
    check_expr(v, v->at->made[i].value);
    see(v, v->at->made[i].col);
  }
}

static void check_exprs(Verifier *v) {
  const PlanNode *n = v->at;
  see_input(v, 0);
  check_expr(v, n->cond);
  check_expr(v, n->count);
  check_expr(v, n->frame);
  for (uint32_t i = 0; i < n->conds_len; i++) check_expr(v, n->conds[i]);
  for (uint32_t i = 0; i < n->key_len; i++) check_expr(v, n->keys[i].value);
  check_aggs(v);
  check_columns(v, n->unpivot_cols, n->unpivot_len);
  if (n->sink && n->in_len == 1) check_expr(v, n->sink->path);
  if (n->kind == PLAN_WINDOW || n->kind == PLAN_SESSIONIZE) visit(v, n->time_col);
  check_made(v);
  check_columns(v, n->by, n->by_len);
}

/* What the outputs show must come in or be made here. */
static void check_outputs(Verifier *v) {
  const PlanNode *n = v->at;
  bool opaque =
      n->kind == PLAN_JOIN || n->kind == PLAN_UNION || n->kind == PLAN_ERRORS || !n->in_len;
  for (uint32_t i = 0; i < n->agg_len; i++) see(v, n->aggs[i].col);
  for (uint32_t i = 0; i < n->capture_len; i++) see(v, n->captures[i]);
  for (uint32_t i = 0; i < n->out_len; i++) {
    const Schema *s = &n->out[i].schema;
    for (uint32_t k = 0; k < s->len; k++) {
      if (!s->cols[k].name) fail(v, "an output column without a name");
      if (s->cols[k].col >= v->p->column_len) fail(v, "an output column that does not exist");
      else if (!opaque && v->stamp[s->cols[k].col] != v->now)
        fail(v,
             arena_printf(v->p->arena, "output column `%s` comes from nowhere", s->cols[k].name));
    }
  }
}

static void check_union(Verifier *v) {
  const PlanNode *n = v->at;
  if (!n->out_len || !n->union_cols) {
    fail(v, "a union without columns");
    return;
  }
  for (uint32_t i = 0; i < n->in_len; i++) {
    see_input(v, i);
    check_columns(v, n->union_cols[i], n->out[0].schema.len);
  }
}

const char *plan_verify(const Plan *p) {
  Verifier v = { .p = p };
  v.stamp = arena_alloc(p->arena, (p->column_len + 1) * sizeof *v.stamp);
  bool *done = arena_alloc(p->arena, (p->next_id + 1) * sizeof *done);
  for (uint32_t i = 0; i < p->node_len && !v.fault; i++) {
    v.at = p->nodes[i];
    if (v.at->id >= p->next_id || done[v.at->id]) fail(&v, "a number that is taken or too large");
    if (!v.fault) check_edges(&v, done, p->next_id);
    if (v.fault) break;
    if (!v.at->in_len) check_source(&v);
    if (v.at->kind == PLAN_JOIN) check_join(&v);
    else if (v.at->kind == PLAN_UNION) check_union(&v);
    else check_exprs(&v);
    check_outputs(&v);
    done[v.at->id] = true;
  }
  return v.fault;
}
