/* through.c: filters move before the operators that hold or gather rows: joins, aggregates, sorts, top per, distinct,
 * rank, unions, explode. A filter is taken apart at its `and`s; each part goes to where it can.
 *
 * What must not change: which rows leave by else and error ports, and which rows an operator that may fail sees (its
 * limits are about them). So the filter and everything that the operator computes must be unable to fail, nobody else
 * reads the operator, and it has no else port. Beyond that:
 *   join        a condition on left columns goes left but for right and full joins; on right columns right for inner
 *               and right joins; on a key of an inner join to both sides. A lookup must not fail for several matches.
 *   aggregate   on the keys of `by`, whose expressions take their place. Whole groups go, the others keep their order.
 *   distinct, top per, rank by   likewise on these columns.
 *   sort, explode   any condition on the columns that come in; union: to each input.
 * Windows and sessionize stay: rows that go would change what is late, and the numbers of sessions. */
#include <string.h>

#include "opt/opt_internal.h"

typedef struct Swaps { OptSwap *at; uint32_t len; } Swaps;

static void swap_add(Plan *p, Swaps *s, ColId from, Expr *to) {
  s->at = arena_grow(p->arena, s->at, s->len, sizeof *s->at);
  s->at[s->len++] = (OptSwap){from, to};
}

static void swap_column(Plan *p, Swaps *s, ColId from, ColId to, Span span) {
  if (type_equal(p->columns[from].type, p->columns[to].type)) swap_add(p, s, from, opt_column(p, to, span));
}

static bool swaps_cover(const Plan *p, const Expr *cond, const Swaps *s) {
  ColId *cols = arena_alloc(p->arena, (s->len + 1) * sizeof *cols);
  for (uint32_t i = 0; i < s->len; i++) cols[i] = s->at[i].from;
  return opt_reads_only(cond, cols, s->len);
}

/* ---- what may be passed ---- */

static bool fails_keys(const PlanNode *n) {
  for (uint32_t i = 0; i < n->key_len; i++)
    if (expr_can_fail(n->keys[i].value)) return true;
  for (uint32_t i = 0; i < n->made_len; i++)
    if (n->made[i].value && expr_can_fail(n->made[i].value)) return true;
  for (uint32_t i = 0; i < n->agg_len; i++)
    if (opt_agg_can_fail(&n->aggs[i])) return true;
  return n->cond && expr_can_fail(n->cond);
}

static bool fails_join(const PlanNode *n) {
  for (uint32_t i = 0; i < n->join_key_len; i++)
    if (expr_can_fail(n->left_keys[i]) || expr_can_fail(n->right_keys[i])) return true;
  if (n->left_time && (expr_can_fail(n->left_time) || expr_can_fail(n->right_time))) return true;
  return n->join == JOIN_LOOKUP && !n->right_keyed;
}

static bool passes(const Plan *p, const PlanNode *n) {
  if (n->out_len != 1 || opt_uses(p, n) != 1) return false;
  switch (n->kind) {
    case PLAN_JOIN: return !fails_join(n);
    case PLAN_AGGREGATE: return n->by_len && !fails_keys(n);
    case PLAN_TOP: return n->by_len && !fails_keys(n);
    case PLAN_RANK: return n->by_len && !fails_keys(n);
    case PLAN_SORT: case PLAN_DISTINCT: case PLAN_EXPLODE: return !fails_keys(n);
    case PLAN_UNION: return true;
    default: return false;
  }
}

/* ---- where a column of the result comes from ---- */

static bool is_plain_key(const Plan *p, const Expr *e, ColId col) {
  return e->kind == EX_COLUMN && e->col == col && !type_is_float(p->columns[col].type);
}

/* The right side's twin of a left key of an inner join. */
static void swap_twin(Plan *p, const PlanNode *n, Swaps *s, ColId left) {
  for (uint32_t i = 0; i < n->join_key_len; i++)
    if (is_plain_key(p, n->left_keys[i], left) && n->right_keys[i]->kind == EX_COLUMN) {
      swap_column(p, s, left, n->right_keys[i]->col, n->span);
      return;
    }
}

static Swaps swaps_join(Plan *p, const PlanNode *n, uint32_t side) {
  Swaps s = {0};
  bool outer = n->join == JOIN_RIGHT || n->join == JOIN_FULL;
  if (side == 0 ? outer : n->join != JOIN_INNER && n->join != JOIN_RIGHT) return s;
  for (uint32_t k = 0; k < n->out[0].schema.len; k++) {
    ColId col = n->out[0].schema.cols[k].col, left = n->union_cols[0][k], right = n->union_cols[1][k];
    if (side == 0 && left != UINT32_MAX) swap_column(p, &s, col, left, n->span);
    else if (side == 1 && left == UINT32_MAX) swap_column(p, &s, col, right, n->span);
    else if (side == 1 && n->join == JOIN_INNER) swap_twin(p, n, &s, left);
  }
  return s;
}

static Swaps swaps_of(Plan *p, const PlanNode *n, uint32_t side) {
  Swaps s = {0};
  const Schema *in = &n->in[side].node->out[n->in[side].port].schema;
  switch (n->kind) {
    case PLAN_JOIN: return swaps_join(p, n, side);
    case PLAN_AGGREGATE:
      for (uint32_t i = 0; i < n->made_len; i++)
        if (!opt_has_let(n->made[i].value) && opt_is_pure(n->made[i].value) &&
            type_equal(n->made[i].value->type, p->columns[n->made[i].col].type))
          swap_add(p, &s, n->made[i].col, n->made[i].value);
      return s;
    case PLAN_DISTINCT: case PLAN_TOP: case PLAN_RANK:
      for (uint32_t i = 0; i < n->by_len; i++) swap_column(p, &s, n->by[i], n->by[i], n->span);
      return s;
    case PLAN_UNION:
      for (uint32_t k = 0; k < n->out[0].schema.len; k++)
        swap_column(p, &s, n->out[0].schema.cols[k].col, n->union_cols[side][k], n->span);
      return s;
    default:
      for (uint32_t k = 0; k < in->len; k++) swap_column(p, &s, in->cols[k].col, in->cols[k].col, n->span);
      return s;
  }
}

/* ---- moving ---- */

static PlanNode *filter_like(Plan *p, const PlanNode *filter, Expr *cond) {
  PlanNode *n = plan_make(p, PLAN_FILTER, filter->span, 1, 1);
  n->word = filter->word;
  n->stream = filter->stream;
  n->policy = filter->policy;
  n->cond = cond;
  return n;
}

static void filter_before(Plan *p, PlanNode *n, uint32_t side, PlanNode *filter) {
  filter->in[0] = n->in[side];
  filter->out[0].schema = n->in[side].node->out[n->in[side].port].schema;
  n->in[side] = (PlanEdge){filter, 0};
  plan_insert(p, opt_place(p, n), filter);
}

static Expr *both(Plan *p, Expr *a, Expr *b) {
  if (!a || !b) return a ? a : b;
  Expr *e = expr_new(p->arena, EX_AND, a->type->nullable ? a->type : b->type, a->span, 2);
  e->arg[0] = a;
  e->arg[1] = b;
  return e;
}

/* The conditions that go to each side of an operator, and what is left. */
typedef struct Parts { Expr **side, *rest; } Parts;

static void part_place(Plan *p, const PlanNode *n, Expr *e, Parts *parts) {
  uint32_t fits = 0;
  Swaps *s = arena_alloc(p->arena, n->in_len * sizeof *s);
  for (uint32_t side = 0; side < n->in_len; side++) {
    s[side] = swaps_of(p, n, side);
    if (opt_reads_only(e, NULL, 0) || !swaps_cover(p, e, &s[side])) s[side].at = NULL;
    else fits++;
  }
  if (n->kind == PLAN_UNION ? fits < n->in_len : !fits) {
    parts->rest = both(p, parts->rest, e);
    return;
  }
  for (uint32_t side = 0; side < n->in_len; side++)
    if (s[side].at) parts->side[side] = both(p, parts->side[side], opt_replace(p, e, s[side].at, s[side].len));
}

static void parts_place(Plan *p, const PlanNode *n, Expr *e, Parts *parts) {
  if (e->kind != EX_AND) {
    part_place(p, n, e, parts);
    return;
  }
  parts_place(p, n, e->arg[0], parts);
  parts_place(p, n, e->arg[1], parts);
}

static void filter_remove(Plan *p, PlanNode *filter) {
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++)
      if (p->nodes[i]->in[k].node == filter) p->nodes[i]->in[k] = filter->in[0];
  uint32_t at = opt_place(p, filter);
  memmove(&p->nodes[at], &p->nodes[at + 1], (p->node_len - at - 1) * sizeof *p->nodes);
  p->node_len--;
}

/* Whether something moved. */
static bool filter_push(Plan *p, PlanNode *filter) {
  if (filter->kind != PLAN_FILTER || filter->out_len != 1 || filter->in[0].port) return false;
  PlanNode *n = filter->in[0].node;
  if (expr_can_fail(filter->cond) || !opt_is_pure(filter->cond) || opt_has_let(filter->cond) || !passes(p, n)) return false;
  bool moved = false;
  Parts parts = {arena_alloc(p->arena, n->in_len * sizeof *parts.side), NULL};
  parts_place(p, n, filter->cond, &parts);
  for (uint32_t side = 0; side < n->in_len; side++) {
    if (!parts.side[side]) continue;
    filter_before(p, n, side, filter_like(p, filter, parts.side[side]));
    moved = true;
  }
  if (!moved) return false;
  filter->cond = parts.rest;
  if (!parts.rest) filter_remove(p, filter);
  return true;
}

void opt_through(Plan *p) {
  for (bool moved = true; moved;) {
    moved = false;
    for (uint32_t i = 0; i < p->node_len && !moved; i++) {
      PlanNode *filter = p->nodes[i];
      if (filter->kind != PLAN_FILTER) continue;
      moved = filter_push(p, filter);
      if (!moved && filter->in[0].node->kind == PLAN_MAP) moved = opt_push_past_map(p, filter);
    }
  }
}
