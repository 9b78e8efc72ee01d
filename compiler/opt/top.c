/* top.c: `sort k | take n` becomes `top n by k`, which holds n rows, where nobody else reads the sort. */
#include "opt/opt.h"

static uint32_t top_uses(const Plan *p, const PlanNode *n) {
  uint32_t uses = 0;
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++) uses += p->nodes[i]->in[k].node == n;
  return uses;
}

static void top_bypass(Plan *p, const PlanNode *take) {
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++)
      if (p->nodes[i]->in[k].node == take) p->nodes[i]->in[k] = take->in[0];
}

void opt_top(Plan *p) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < p->node_len; i++) {
    PlanNode *n = p->nodes[i];
    PlanNode *sort = n->kind == PLAN_TAKE ? n->in[0].node : NULL;
    if (!sort || sort->kind != PLAN_SORT || top_uses(p, sort) != 1) {
      p->nodes[kept++] = n;
      continue;
    }
    sort->kind = PLAN_TOP;
    sort->count = n->count;
    top_bypass(p, n);
  }
  p->node_len = kept;
}
