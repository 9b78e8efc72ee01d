/* spill.c: which joins may go to disk when their right side does not fit into memory, and which `distinct`s when their keys do not.
 *
 * Then rows come in a step of its own, after the source has ended, in the same order, but no longer among the
 * rows of the source they came from. So nothing behind it may tell the difference: a union and an error port put the
 * rows of several operators in the order of their source, dead letters and errors name the source row. (take and sample count the
 * rows that they get; a take behind a join or a distinct does not end the source.) Behind an operator that holds rows itself all
 * is the same again. */
#include "phys/phys_internal.h"

static bool spill_fails(const PlanNode *n) {
  if (n->kind == PLAN_ASSERT || n->kind == PLAN_EXTRACT || n->kind == PLAN_WINDOW || n->kind == PLAN_SCRIPT || n->kind == PLAN_PLUGIN) return true;
  if (n->kind == PLAN_JOIN && n->join == JOIN_LOOKUP && !n->right_keyed) return true;
  if (n->cond && expr_can_fail(n->cond)) return true;
  for (uint32_t i = 0; i < n->made_len; i++)
    if (n->made[i].value && expr_can_fail(n->made[i].value)) return true;
  for (uint32_t i = 0; i < n->conds_len; i++)
    if (expr_can_fail(n->conds[i])) return true;
  for (uint32_t i = 0; i < n->key_len; i++)
    if (expr_can_fail(n->keys[i].value)) return true;
  for (uint32_t i = 0; i < n->join_key_len; i++)
    if (expr_can_fail(n->left_keys[i])) return true;
  for (uint32_t i = 0; i < n->agg_len; i++)
    for (int k = 0; k < 3; k++) {
      const Expr *e = k < 2 ? n->aggs[i].arg[k] : n->aggs[i].where;
      if (e && expr_can_fail(e)) return true;
    }
  return n->left_time && expr_can_fail(n->left_time);
}

static bool spill_tells(const PlanNode *n) { return n->policy.kind == FRT_POLICY_PORT && spill_fails(n); }

/* The times of an as-of join are one word on disk. */
static bool spill_has_room(const PlanNode *n) {
  return !n->left_time || n->left_time->type->kind != TY_DECIMAL || !type_is_wide(n->left_time->type);
}

static bool spill_below(const Phys *p, const PlanNode *n);

static bool spill_use(const Phys *p, const PhysUse *u) {
  const PlanNode *n = u->node;
  switch (n->kind) {
    case PLAN_UNION: return false;
    case PLAN_WRITE: return n->sink->options.format != FRT_FMT_DEADLETTER;
    case PLAN_TAP: if (n->rate < 1) return false; break;
    case PLAN_JOIN: if (u->input == 1) return !spill_tells(n); break;
    default: if (phys_holds(n)) return !spill_tells(n);
  }
  return !spill_tells(n) && spill_below(p, n);
}

static bool spill_below(const Phys *p, const PlanNode *n) {
  const PhysNode *pn = &p->nodes[n->id];
  for (uint32_t port = 0; port < (n->out_len ? n->out_len : 1); port++)
    for (uint32_t i = 0; i < pn->use_len[port]; i++)
      if (!spill_use(p, &pn->uses[port][i])) return false;
  return true;
}

static bool place_wanted(const Phys *p, const PlanNode *n) {
  const PhysNode *pn = &p->nodes[n->id];
  if (spill_fails(n) || (n->kind == PLAN_WRITE && n->sink->options.format == FRT_FMT_DEADLETTER)) return true;
  for (uint32_t port = 0; port < n->out_len; port++)
    for (uint32_t i = 0; i < pn->use_len[port]; i++) {
      const PhysUse *u = &pn->uses[port][i];
      bool holds = phys_holds(u->node) && (u->node->kind != PLAN_JOIN || u->input == 1);
      if (holds ? spill_fails(u->node) : place_wanted(p, u->node)) return true;
    }
  return false;
}

void phys_find_spills(Phys *p) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    if (n->kind == PLAN_JOIN) p->nodes[n->id].places = place_wanted(p, n);
    if (n->kind == PLAN_DISTINCT) p->nodes[n->id].spills = spill_below(p, n);
    if (n->kind == PLAN_JOIN) p->nodes[n->id].spills = spill_has_room(n) && !spill_tells(n) && spill_below(p, n);
  }
}
