/* top.c: `sort k | take n` becomes `top n by k`, which holds n rows, where nobody else reads the sort. Not where n is known to be
 * large: a sort is faster then, and can go to disk. */
#include "opt/opt.h"

static uint32_t top_uses(const Plan *p, const PlanNode *n) {
  uint32_t uses = 0;
  for (uint32_t i = 0; i < p->node_len; i++)
    for (uint32_t k = 0; k < p->nodes[i]->in_len; k++) uses += p->nodes[i]->in[k].node == n;
  return uses;
}

enum { TOP_MOST = 10000 };

static bool top_is_few(const Expr *count) { return count->kind != EX_CONST || (!count->value.is_null && count->value.i <= TOP_MOST); }

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
    if (!sort || sort->kind != PLAN_SORT || top_uses(p, sort) != 1 || !top_is_few(n->count)) {
      p->nodes[kept++] = n;
      continue;
    }
    sort->kind = PLAN_TOP;
    sort->count = n->count;
    top_bypass(p, n);
  }
  p->node_len = kept;
}
