/* plan.c: makes nodes and columns of a logical plan. */
#include <string.h>

#include "plan/plan.h"

PlanNode *plan_make(Plan *p, PlanKind kind, Span span, uint32_t in_len, uint32_t out_len) {
  PlanNode *n = arena_alloc(p->arena, sizeof *n);
  n->kind = kind;
  n->id = p->next_id++;
  n->span = span;
  n->word = "";
  n->stream = "";
  n->in_len = in_len;
  n->out_len = out_len;
  if (in_len) n->in = arena_alloc(p->arena, in_len * sizeof *n->in);
  if (out_len) n->out = arena_alloc(p->arena, out_len * sizeof *n->out);
  for (uint32_t i = 0; i < out_len; i++) n->out[i].name = "";
  n->policy.kind = FRT_POLICY_FAIL;
  n->policy.port = -1;
  n->rate = 1.0;
  n->limit = ~(uint64_t)0;
  return n;
}

PlanNode *plan_add(Plan *p, PlanKind kind, Span span, uint32_t in_len, uint32_t out_len) {
  PlanNode *n = plan_make(p, kind, span, in_len, out_len);
  p->nodes = arena_grow(p->arena, p->nodes, p->node_len, sizeof *p->nodes);
  p->nodes[p->node_len++] = n;
  return n;
}

void plan_insert(Plan *p, uint32_t at, PlanNode *n) {
  PlanNode **nodes = arena_alloc(p->arena, ((size_t)p->node_len + 1) * sizeof *nodes);
  memcpy(nodes, p->nodes, at * sizeof *nodes);
  memcpy(nodes + at + 1, p->nodes + at, (p->node_len - at) * sizeof *nodes);
  nodes[at] = n;
  p->nodes = nodes;
  p->node_len++;
}

ColId plan_add_column(Plan *p, const char *name, const Type *type, Span span) {
  p->columns = arena_grow(p->arena, p->columns, p->column_len, sizeof *p->columns);
  p->columns[p->column_len] = (Column){ .name = name, .type = type, .span = span };
  return p->column_len++;
}
