/* order.c: the steps of a run and their order.
 *
 * A step is a scan, or the emit of an operator that holds rows. An emit comes after all steps whose rows
 * reach its operator. The rows of a join's right side should all be there before its first left row comes:
 * joins are taken in the order of the data flow, and each asks that the steps that feed its right side come
 * before those that feed its left side. Where that closes a circle (both sides come from one scan, or two
 * joins ask for the opposite) the join holds its left rows as well and has an emit of its own.
 *
 * A join whose left side is much the smaller one asks for the opposite, left before right (phys_wants_left_first). It gets it
 * where nobody can tell: all that takes rows of several steps (unions, error ports, sinks for dead letters) must get them in the
 * same order as without it.
 *
 * The steps that satisfy all this stand in the order of a depth-first walk from the sinks, in which unions
 * come first (their sources run in the order in which they are written) and right sides before left ones. */
#include "phys/phys_internal.h"

typedef uint64_t OrderSet;   /* 64 node ids */

typedef struct Order {
  Phys *p;
  Arena *arena;
  uint32_t words;            /* of a set of nodes */
  PlanNode **flow;           /* all nodes, each behind those whose rows reach it */
  uint32_t flow_len;
  OrderSet **feed;           /* by node: the steps during which rows leave it */
  OrderSet **before;         /* by node that is a step: the steps that must have ended */
  OrderSet **meet;           /* by node that takes rows of several steps: these; as without any left side first */
  uint8_t *seen;
} Order;

static bool order_has(const OrderSet *s, uint32_t id) { return s[id / 64] >> (id % 64) & 1; }
static void order_put(OrderSet *s, uint32_t id) { s[id / 64] |= (OrderSet)1 << (id % 64); }

static OrderSet *order_set(const Order *o) { return arena_alloc(o->arena, o->words * sizeof(OrderSet)); }

static void order_join(const Order *o, OrderSet *to, const OrderSet *from) {
  for (uint32_t i = 0; from && i < o->words; i++) to[i] |= from[i];
}

static bool order_fails_into(const PlanNode *n, const PlanNode *errors) {
  return n->policy.kind == FRT_POLICY_PORT && n->policy.port == (int32_t)errors->error_port;
}

bool phys_scans(const PlanNode *n) { return n->kind == PLAN_READ || n->kind == PLAN_VALUES || n->kind == PLAN_RANGE; }

bool phys_emits(const Phys *p, const PlanNode *n) {
  if (n->kind == PLAN_DISTINCT) return p->nodes[n->id].spills;
  if (n->kind != PLAN_JOIN) return phys_holds(n);
  return p->nodes[n->id].left_held || p->nodes[n->id].spills || n->join == JOIN_RIGHT || n->join == JOIN_FULL;
}

/* ---- the flow ---- */

static void order_visit(Order *o, PlanNode *n) {
  const Plan *plan = o->p->plan;
  if (o->seen[n->id]) return;
  o->seen[n->id] = 1;
  if (n->kind == PLAN_JOIN) order_visit(o, n->in[1].node);
  for (uint32_t i = 0; i < n->in_len; i++) order_visit(o, n->in[i].node);
  for (uint32_t i = 0; n->kind == PLAN_ERRORS && i < plan->node_len; i++)
    if (order_fails_into(plan->nodes[i], n)) order_visit(o, plan->nodes[i]);
  o->flow[o->flow_len++] = n;
}

static void order_flow(Order *o) {
  const Plan *plan = o->p->plan;
  for (uint32_t i = 0; i < plan->node_len; i++)
    if (plan->nodes[i]->kind == PLAN_UNION) order_visit(o, plan->nodes[i]);
  for (uint32_t i = 0; i < plan->node_len; i++) order_visit(o, plan->nodes[i]);
}

/* ---- what comes before what ---- */

/* Whether step `from`, or one that must come before it, is in the set. */
static bool order_reaches(Order *o, uint32_t from, const OrderSet *set, OrderSet *done) {
  if (order_has(set, from)) return true;
  if (order_has(done, from)) return false;
  order_put(done, from);
  for (uint32_t id = 0; o->before[from] && id < o->p->node_max; id++)
    if (order_has(o->before[from], id) && order_reaches(o, id, set, done)) return true;
  return false;
}

/* Puts the right side's steps before the left side's, unless a right one waits for a left one. */
static bool order_right_first(Order *o, const OrderSet *left, const OrderSet *right) {
  OrderSet *done = order_set(o);
  for (uint32_t id = 0; id < o->p->node_max; id++)
    if (order_has(right, id) && order_reaches(o, id, left, done)) return false;
  for (uint32_t id = 0; id < o->p->node_max; id++)
    if (order_has(left, id)) order_join(o, o->before[id], right);
  return true;
}

/* The opposite. */
static bool order_left_first(Order *o, const OrderSet *left, const OrderSet *right) {
  OrderSet *done = order_set(o);
  for (uint32_t id = 0; id < o->p->node_max; id++)
    if (order_has(left, id) && order_reaches(o, id, right, done)) return false;
  for (uint32_t id = 0; id < o->p->node_max; id++)
    if (order_has(right, id)) order_join(o, o->before[id], left);
  return true;
}

/* The rows of an error port come when its operators take rows and when they emit. */
static void order_errors(Order *o, const PlanNode *n, OrderSet *feed) {
  const Plan *plan = o->p->plan;
  for (uint32_t i = 0; i < plan->node_len; i++) {
    const PlanNode *m = plan->nodes[i];
    if (!order_fails_into(m, n)) continue;
    order_join(o, feed, o->feed[m->id]);
    for (uint32_t k = 0; k < m->in_len; k++) order_join(o, feed, o->feed[m->in[k].node->id]);
  }
}

static void order_node(Order *o, PlanNode *n) {
  Phys *p = o->p;
  OrderSet *in = order_set(o), *feed = o->feed[n->id] = order_set(o);
  for (uint32_t i = 0; i < n->in_len; i++) order_join(o, in, o->feed[n->in[i].node->id]);
  if (n->kind == PLAN_JOIN) {
    PhysNode *pn = &p->nodes[n->id];
    OrderSet *left = o->feed[n->in[0].node->id], *right = o->feed[n->in[1].node->id];
    pn->left_first = pn->left_first && order_left_first(o, left, right);
    pn->left_held = pn->left_first || !order_right_first(o, left, right);
    if (!pn->left_held) order_join(o, feed, left);
  } else if (n->kind == PLAN_ERRORS) {
    order_errors(o, n, feed);
  } else if (!phys_holds(n)) {
    order_join(o, feed, in);
  }
  if (!phys_scans(n) && !phys_emits(p, n)) return;
  order_put(feed, n->id);
  o->before[n->id] = in;
}

/* ---- the lists ---- */

static void order_push(Arena *a, PlanNode ***list, uint32_t *len, PlanNode *n) {
  *list = arena_grow(a, *list, *len, sizeof **list);
  (*list)[(*len)++] = n;
}

static void order_step(Order *o, PlanNode *n) {
  Phys *p = o->p;
  if (!o->before[n->id] || o->seen[n->id]) return;
  o->seen[n->id] = 1;
  for (uint32_t i = 0; i < o->flow_len; i++)
    if (order_has(o->before[n->id], o->flow[i]->id)) order_step(o, o->flow[i]);
  order_push(o->arena, &p->steps, &p->step_len, n);
  if (phys_scans(n)) order_push(o->arena, &p->scans, &p->scan_len, n);
}

static void order_port(Order *o, PlanNode *n) {
  Phys *p = o->p;
  if (n->kind != PLAN_UNION && n->kind != PLAN_ERRORS) return;
  p->port_of_node[n->id] = (int32_t)p->port_len;
  if (n->kind == PLAN_ERRORS) p->port_of_error[n->error_port] = (int32_t)p->port_len;
  order_push(o->arena, &p->ports, &p->port_len, n);
}

static Order order_run(Phys *p) {
  Arena *a = p->plan->arena;
  Order o = {.p = p, .arena = a, .words = p->node_max / 64 + 1};
  o.flow = arena_alloc(a, (p->plan->node_len + 1) * sizeof *o.flow);
  o.feed = arena_alloc(a, (p->node_max + 1) * sizeof *o.feed);
  o.before = arena_alloc(a, (p->node_max + 1) * sizeof *o.before);
  o.seen = arena_alloc(a, p->node_max + 1);
  p->scans = p->steps = p->ports = NULL;
  p->scan_len = p->step_len = p->port_len = 0;
  order_flow(&o);
  for (uint32_t i = 0; i < o.flow_len; i++) order_node(&o, o.flow[i]);
  for (uint32_t i = 0; i < o.flow_len; i++) order_port(&o, o.flow[i]);
  o.seen = arena_alloc(a, p->node_max + 1);
  for (uint32_t i = 0; i < o.flow_len; i++) order_step(&o, o.flow[i]);
  return o;
}

/* ---- left sides first ---- */

static void order_meet(Order *o) {
  o->meet = arena_alloc(o->arena, (o->p->node_max + 1) * sizeof *o->meet);
  for (uint32_t i = 0; i < o->flow_len; i++) {
    const PlanNode *n = o->flow[i];
    if (n->kind != PLAN_UNION && n->kind != PLAN_ERRORS && (n->kind != PLAN_WRITE || n->in_len < 2)) continue;
    o->meet[n->id] = order_set(o);
    if (n->kind == PLAN_ERRORS) order_join(o, o->meet[n->id], o->feed[n->id]);
    for (uint32_t k = 0; k < n->in_len; k++) order_join(o, o->meet[n->id], o->feed[n->in[k].node->id]);
  }
}

/* Whether steps that meet come in the order of `steps`. */
static bool order_same(const Order *o, const OrderSet *meet, PlanNode *const *steps, uint32_t len) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < o->p->step_len; i++) {
    if (!order_has(meet, o->p->steps[i]->id)) continue;
    while (at < len && !order_has(meet, steps[at]->id)) at++;
    if (at == len || steps[at++] != o->p->steps[i]) return false;
  }
  return true;
}

static bool order_all_same(const Order *o, PlanNode *const *steps, uint32_t len) {
  for (uint32_t id = 0; id < o->p->node_max; id++)
    if (o->meet[id] && !order_same(o, o->meet[id], steps, len)) return false;
  return true;
}

void phys_order(Phys *p) {
  Order base = order_run(p);
  PlanNode **steps = p->steps;
  uint32_t len = p->step_len;
  order_meet(&base);
  for (uint32_t i = 0; i < base.flow_len; i++) {
    PhysNode *pn = &p->nodes[base.flow[i]->id];
    if (!phys_wants_left_first(p, pn->node) || pn->left_held) continue;
    pn->left_first = true;
    order_run(p);
    if (pn->left_first && order_all_same(&base, steps, len)) continue;
    pn->left_first = false;
    order_run(p);
  }
}
