/* fn.c: the frame of an operator's function: its head, its columns, its calls and counters. */
#include <string.h>

#include "codegen/gen.h"

static void fn_place(const Gen *g, Span span, const char **path, uint32_t *line, uint32_t *column) {
  const Source *s = diags_source(g->plan->diags, span.file);
  *path = s ? s->path : "";
  *line = *column = 0;
  if (s) diag_place(s, span.start, line, column);
}

/* The operator's comment carries its number, as explain, the ledger and messages do. */
void gen_fn_open(GenFn *f, Gen *g, const PlanNode *n, const char *suffix) {
  const char *path;
  uint32_t line, column;
  fn_place(g, n->span, &path, &line, &column);
  *f = (GenFn){.g = g, .out = &g->funcs, .indent = 0, .fail = "fail", .row = "i"};
  const char *args = "(FrtCtx *cx, State *S, const FrtBlock *b, const uint32_t *sel, uint32_t n)";
  suffix = gen_op_suffix(n, suffix);
  buf_printf(&g->protos, "static int op%u%s%s;\n", n->id, suffix, args);
  gen_line(f, "/* n%u %s, line %u */", n->id, n->word ? n->word : "", line);
  gen_line(f, "static int op%u%s%s {", n->id, suffix, args);
  f->indent = 1;
}

void gen_fn_close(GenFn *f) {
  f->indent = 0;
  gen_line(f, "}\n");
}

void gen_turn(GenFn *f) { gen_line(f, "if (FRT_TURN(cx)) return FRT_FATAL;"); }

void gen_array(Gen *g, const char *ctype, const char *name) {
  buf_printf(&g->state, "  %s *%s;\n", ctype, name);
  buf_printf(&g->setup, "  S->%s = frt_alloc_run(cx, cx->block_rows * sizeof(%s));\n", name, ctype);
}

void gen_column_state(Gen *g, ColId col, bool scratch) {
  const Type *t = g->plan->columns[col].type;
  const char *c = gen_ctype(g, t);
  if (!(g->col_state[col] & 1)) {
    buf_printf(&g->state, "  %s *c%u; /* %s */\n", c, col, "column");
    if (t->nullable) buf_printf(&g->state, "  uint8_t *n%u;\n", col);
    g->col_state[col] |= 1;
  }
  if (scratch && !(g->col_state[col] & 2)) {
    buf_printf(&g->setup, "  S->c%u = frt_alloc_run(cx, cx->block_rows * sizeof(%s));\n", col, c);
    if (t->nullable) buf_printf(&g->setup, "  S->n%u = frt_alloc_run(cx, cx->block_rows);\n", col);
    g->col_state[col] |= 2;
  }
}

typedef struct FnColumns { GenFn *f; uint8_t *seen; } FnColumns;

static void fn_declare(void *env, ColId col) {
  FnColumns *c = env;
  Gen *g = c->f->g;
  if (c->seen[col]) return;
  c->seen[col] = 1;
  gen_column_state(g, col, false);
  const Type *t = g->plan->columns[col].type;
  gen_line(c->f, "%s *c%u = S->c%u;", gen_ctype(g, t), col, col);
  if (t->nullable) gen_line(c->f, "uint8_t *n%u = S->n%u;", col, col);
}

void gen_declare_columns(GenFn *f, const Expr *const *exprs, uint32_t len, const ColId *more, uint32_t more_len) {
  FnColumns c = {f, arena_alloc(f->g->arena, f->g->plan->column_len + 1)};
  for (uint32_t i = 0; i < len; i++)
    if (exprs[i]) expr_columns(exprs[i], fn_declare, &c);
  for (uint32_t i = 0; i < more_len; i++) fn_declare(&c, more[i]);
}

bool gen_in_scan(const Gen *g, const PlanNode *n) { return phys_scans(g->phys->nodes[n->in[0].node->id].space); }

typedef struct FnLate { GenFn *f; uint8_t *seen; const char *sel, *n; } FnLate;

static void fn_late(void *env, ColId col) {
  FnLate *l = env;
  uint32_t late = l->f->g->phys->late[col];
  if (!late || l->seen[late]) return;
  l->seen[late] = 1;
  gen_line(l->f, "frt_late(b, %u, %s, %s);", late - 1, l->sel, l->n);
}

void gen_late(GenFn *f, const Expr *const *exprs, uint32_t len, const ColId *more, uint32_t more_len, const char *sel, const char *n) {
  FnLate l = {f, arena_alloc(f->g->arena, f->g->plan->column_len + 1), sel, n};
  for (uint32_t i = 0; i < len; i++)
    if (exprs[i]) expr_columns(exprs[i], fn_late, &l);
  for (uint32_t i = 0; i < more_len; i++) fn_late(&l, more[i]);
}

uint32_t gen_cover(Gen *g, Span span, const char *port) {
  Plan *p = (Plan *)(uintptr_t)g->plan;
  for (uint32_t i = 0; i < p->cover_len; i++) {
    const PlanCover *c = &p->covers[i];
    if (c->span.file == span.file && c->span.start == span.start && !c->port == !port && (!port || !strcmp(c->port, port))) return i;
  }
  p->covers = arena_grow(g->arena, p->covers, p->cover_len, sizeof *p->covers);
  p->covers[p->cover_len] = (PlanCover){span, port};
  return p->cover_len++;
}

void gen_count(GenFn *f, uint32_t op, const char *what, const char *n) {
  gen_line(f, "FRT_COUNT(cx, %u, FRT_%s, %s);", op, what, n);
}

void gen_call_uses(GenFn *f, const PhysNode *pn, uint32_t port, const char *block, const char *sel, const char *n) {
  if (f->g->plan->coverage && port) gen_line(f, "if (%s) frt_cover(cx, %u);", n, gen_cover(f->g, pn->node->span, pn->node->out[port].name));
  for (uint32_t k = 0; k < pn->use_len[port]; k++) {
    const PhysUse *u = &pn->uses[port][k];
    bool several = u->node->kind == PLAN_UNION || u->node->kind == PLAN_JOIN || (u->node->kind == PLAN_WRITE && u->node->in_len > 1);
    const char *suffix = gen_op_suffix(u->node, several ? gen_printf(f->g, "_in%u", u->input) : "");
    if (gen_in_fan(f->g, u->node)) {
      gen_call_fan(f, &f->g->phys->nodes[u->node->id], block, sel, n);
      continue;
    }
    if (f->g->plan->replay) {
      gen_line(f, "if (%s) {", n);
      gen_line(f, "  static const FrtReplayEdge edge = {%u, %u, %u, %d};", pn->node->id, port, u->node->id,
               u->node->kind == PLAN_JOIN && u->input == 1);
      gen_line(f, "  const uint32_t *through;");
      gen_line(f, "  uint32_t through_len = frt_replay_gate(cx, %s, %s, %s, &edge, &through);", block, sel, n);
      gen_line(f, "  if (through_len && (rc = op%u%s(cx, S, %s, through, through_len))) return rc;", u->node->id, suffix, block);
      gen_line(f, "}");
      continue;
    }
    gen_line(f, "if (%s && (rc = op%u%s(cx, S, %s, %s, %s))) return rc;", n, u->node->id, suffix, block, sel, n);
  }
}
