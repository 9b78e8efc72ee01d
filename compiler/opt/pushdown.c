/* pushdown.c: `derive ... | filter P` becomes `filter P | derive ...` where P reads none of the new columns, so
 * that nothing is computed for rows that go. Only past maps that cannot fail and that nobody else reads: a row
 * that fails, and a row that a sibling wants, must be there as before. */
#include <string.h>

#include "opt/opt_internal.h"

typedef struct PushReads { const PlanNode *map; bool found; } PushReads;

static void push_visit(void *env, ColId col) {
  PushReads *r = env;
  for (uint32_t i = 0; i < r->map->made_len; i++) r->found |= r->map->made[i].col == col;
}

static bool push_fits(const Plan *p, const PlanNode *filter) {
  if (filter->kind != PLAN_FILTER || filter->out_len != 1 || expr_can_fail(filter->cond)) return false;
  const PlanNode *map = filter->in[0].node;
  if (map->kind != PLAN_MAP || opt_uses(p, map) != 1) return false;
  for (uint32_t i = 0; i < map->made_len; i++)
    if (expr_can_fail(map->made[i].value)) return false;
  PushReads r = {map, false};
  expr_columns(filter->cond, push_visit, &r);
  return !r.found;
}

/* map, filter become filter, map. */
static void push_swap(Plan *p, PlanNode *filter) {
  PlanNode *map = filter->in[0].node;
  uint32_t at = opt_place(p, filter), map_at = opt_place(p, map);
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++)
      if (p->nodes[i]->in[k].node == filter) p->nodes[i]->in[k].node = map;
  filter->in[0] = map->in[0];
  map->in[0] = (PlanEdge){filter, 0};
  filter->out[0].schema = filter->in[0].node->out[filter->in[0].port].schema;
  memmove(&p->nodes[map_at + 1], &p->nodes[map_at], (at - map_at) * sizeof *p->nodes);
  p->nodes[map_at] = filter;
}

bool opt_push_past_map(Plan *p, PlanNode *filter) {
  if (!push_fits(p, filter)) return false;
  push_swap(p, filter);
  return true;
}

void opt_pushdown(Plan *p) {
  for (uint32_t i = 0; i < p->node_len; i++) {
    PlanNode *filter = p->nodes[i];
    while (opt_push_past_map(p, filter)) {}
  }
}
