/* late.c: columns of a CSV file whose values are made when they are wanted, not when the block is read.
 *
 * A text in a block is checked at little cost; to make its value for all rows is wasted where few rows get to whoever
 * reads it. So a string column whose every reader stands behind a filter, a route or a sample, or is a top
 * that holds it without ordering by it, is late: the scan checks it, and a reader asks for the values of its rows
 * (frt_late). What takes rows to other blocks, and what may see rows that come back from disk, reads no late columns. */
#include "phys/phys_internal.h"

#include <string.h>

typedef struct Late {
  Phys *p;
  uint8_t *is;        /* by ColId: the column, and its other names */
  bool reads;
} Late;

static void late_visit(void *env, ColId col) {
  Late *l = env;
  l->reads |= l->is[col];
}

static bool late_in(Late *l, const Expr *e) {
  l->reads = false;
  if (e) expr_columns(e, late_visit, l);
  return l->reads;
}

static bool late_in_any(Late *l, Expr *const *e, uint32_t len) {
  bool any = false;
  for (uint32_t i = 0; i < len; i++) any |= late_in(l, e[i]);
  return any;
}

static bool late_in_schema(const Late *l, const PlanNode *n) {
  for (uint32_t i = 0; i < n->in_len; i++) {
    const Schema *s = &n->in[i].node->out[n->in[i].port].schema;
    for (uint32_t k = 0; k < s->len; k++)
      if (l->is[s->cols[k].col]) return true;
  }
  return false;
}

static bool late_in_by(const Late *l, const PlanNode *n) {
  bool any = false;
  for (uint32_t i = 0; i < n->by_len; i++) any |= l->is[n->by[i]];
  return any;
}

/* What the map computes; its other names for the column are taken note of. */
static bool late_in_map(Late *l, const PlanNode *n) {
  bool any = false;
  for (uint32_t i = 0; i < n->made_len; i++) {
    const PlanMade *m = &n->made[i];
    if (!phys_made_needed(l->p, m)) continue;
    if (!phys_made_alias(m)) any |= late_in(l, m->value);
    else if (l->is[m->value->col]) l->is[m->col] = 1;
  }
  return any;
}

static bool late_in_top(Late *l, const PlanNode *n) {
  bool any = late_in_by(l, n);
  for (uint32_t i = 0; i < n->key_len; i++) any |= late_in(l, n->keys[i].value);
  for (uint32_t i = 0; i < n->made_len; i++) any |= late_in(l, n->made[i].value);
  return any;
}

static bool late_below(Late *l, const PlanNode *n, bool few);

/* Whether the column may be late for n and all behind it. few: not every row of a block comes here. */
static bool late_use(Late *l, const PlanNode *n, bool few) {
  switch (n->kind) {
    case PLAN_FILTER: return (few || !late_in(l, n->cond)) && late_below(l, n, true);
    case PLAN_ASSERT: return (few || !late_in(l, n->cond)) && late_below(l, n, few);
    case PLAN_ROUTE: return (few || !late_in_any(l, n->conds, n->conds_len)) && late_below(l, n, true);
    case PLAN_MAP: return (!late_in_map(l, n) || few) && late_below(l, n, few);
    case PLAN_TAKE: case PLAN_SKIP: return late_below(l, n, few);
    case PLAN_SAMPLE: return late_below(l, n, true);
    case PLAN_TAP: return n->tap_off && late_below(l, n, few);
    case PLAN_TOP: return few || !late_in_top(l, n);
    case PLAN_WRITE:
      if (n->sink->options.format == FRT_FMT_DEADLETTER) return few || !late_in(l, n->sink->path);
      return !late_in_schema(l, n) || (few && !n->sink->partitioned && !l->p->nodes[n->id].texts);
    default: return !late_in_schema(l, n);
  }
}

static bool late_below(Late *l, const PlanNode *n, bool few) {
  const PhysNode *pn = &l->p->nodes[n->id];
  for (uint32_t port = 0; port < n->out_len; port++)
    for (uint32_t k = 0; k < pn->use_len[port]; k++)
      if (!late_use(l, pn->uses[port][k].node, few)) return false;
  return true;
}

static bool late_may_be(Late *l, const PlanRead *r, uint32_t at) {
  ColId c = r->fields[at].col;
  const Type *t = l->p->plan->columns[c].type;
  if (t->kind != TY_STRING || l->p->col_use[c] & COL_LENIENT || !(l->p->col_use[c] & COL_VALUE)) return false;
  if (r->fields[at].dflt && !t->nullable) return false;
  memset(l->is, 0, l->p->plan->column_len);
  l->is[c] = 1;
  for (uint32_t i = 0; i < r->field_len; i++)
    if (late_in(l, r->fields[i].check)) return false;
  return true;
}

static void late_note(const Late *l, uint32_t field) {
  for (uint32_t c = 0; c < l->p->plan->column_len; c++)
    if (l->is[c]) l->p->late[c] = field + 1;
}

void phys_find_late(Phys *p) {
  Late l = {.p = p, .is = arena_alloc(p->plan->arena, p->plan->column_len + 1)};
  p->late = arena_alloc(p->plan->arena, (p->plan->column_len + 1) * sizeof *p->late);
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    if (n->kind != PLAN_READ || n->read->options.format != FRT_FMT_CSV || n->policy.kind == FRT_POLICY_NULL) continue;
    for (uint32_t k = 0; k < n->read->field_len; k++)
      if (late_may_be(&l, n->read, k) && late_below(&l, n, false)) late_note(&l, k);
  }
}
