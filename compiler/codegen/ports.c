/* ports.c: unions and error ports. Rows are gathered during a block of the source and delivered at its
 * end in source order, whatever operator they came from. */
#include <string.h>

#include "codegen/gen_expr.h"

/* The head of n<id>_deliver, which fills columns from the gathered rows and calls the consumers. */
static void ports_deliver_open(GenFn *f, Gen *g, const PlanNode *n) {
  *f = (GenFn){.g = g, .out = &g->funcs, .fail = "fail", .row = "i"};
  const char *args = "(FrtCtx *cx, void *state, void *const *rows, const uint64_t *keys, uint32_t n)";
  buf_printf(&g->protos, "static int op%u_deliver%s;\n", n->id, args);
  buf_printf(&g->state, "  FrtBlock b%u;\n  uint32_t *parent%u;\n", n->id, n->id);
  buf_printf(&g->setup, "  S->parent%u = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", n->id);
  gen_line(f, "/* n%u %s: gathered rows go on */", n->id, n->kind == PLAN_UNION ? "union" : "errors");
  gen_line(f, "static int op%u_deliver%s {", n->id, args);
  f->indent = 1;
  gen_line(f, "State *S = state;");
  gen_line(f, "FrtBlock *b = &S->b%u;", n->id);
  gen_line(f, "int rc = 0;");
  gen_line(f, "b->n = b->sel_len = n; b->sel = S->iota; b->row0 = S->h->port_rows%u; S->h->port_rows%u += n;", n->id, n->id);
  buf_printf(&g->held, "  uint64_t port_rows%u;\n", n->id);
  gen_line(f, "b->up = S->block; b->parent = S->block ? S->parent%u : NULL;", n->id);
}

static void ports_deliver_close(GenFn *f, const PhysNode *pn) {
  gen_call_uses(f, pn, 0, "b", "S->iota", "n");
  gen_line(f, "return FRT_OK;");
  gen_fn_close(f);
}

static void ports_union_input(Gen *g, const PlanNode *n, uint32_t input, uint32_t port) {
  const Schema *s = &n->out[0].schema;
  GenFn f;
  gen_fn_open(&f, g, n, gen_printf(g, "_in%u", input));
  ColId *read = arena_alloc(g->arena, (s->len + 1) * sizeof *read);
  uint32_t len = 0;
  for (uint32_t k = 0; k < s->len; k++)
    if (g->phys->col_use[s->cols[k].col]) read[len++] = n->union_cols[input][k];
  gen_declare_columns(&f, NULL, 0, read, len);
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)e;");
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  gen_line(&f, "U%u *r = frt_gather(cx, b, i, %u, %u);", n->id, port, input);
  for (uint32_t k = 0; k < s->len; k++) {
    ColId to = s->cols[k].col, from = n->union_cols[input][k];
    if (!g->phys->col_use[to]) continue;
    const Type *t = g->plan->columns[to].type, *ft = g->plan->columns[from].type;
    CVal v = {gen_printf(g, "c%u[i]", from), ft->nullable ? gen_printf(g, "n%u[i]", from) : NULL};
    v = gen_cast(&f, ft, t, v, true);
    gen_line(&f, "r->c%u = %s;", to, v.v);
    if (t->nullable) gen_line(&f, "r->n%u = %s;", to, v.n ? v.n : "0");
  }
  if (!len) gen_line(&f, "(void)r;");
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_union(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  const Schema *s = &n->out[0].schema;
  Buf members = {.arena = g->arena};
  for (uint32_t k = 0; k < s->len; k++) {
    ColId c = s->cols[k].col;
    if (!g->phys->col_use[c]) continue;
    const Type *t = g->plan->columns[c].type;
    buf_printf(&members, "  %s c%u;\n", gen_ctype(g, t), c);
    if (t->nullable) buf_printf(&members, "  uint8_t n%u;\n", c);
  }
  buf_printf(&g->types, "typedef struct U%u {\n%s} U%u;\n", n->id, members.data ? members.data : "  uint8_t none;\n", n->id);
  for (uint32_t i = 0; i < n->in_len; i++) ports_union_input(g, n, i, (uint32_t)g->phys->port_of_node[n->id]);
  GenFn f;
  ports_deliver_open(&f, g, n);
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "const U%u *r = rows[k];", n->id);
  gen_line(&f, "(void)r;");
  gen_line(&f, "if (S->block) S->parent%u[k] = (uint32_t)(keys[k] - S->block->row0);", n->id);
  for (uint32_t k = 0; k < s->len; k++) {
    ColId c = s->cols[k].col;
    if (!g->phys->col_use[c]) continue;
    gen_column_state(g, c, true);
    gen_line(&f, "S->c%u[k] = r->c%u;", c, c);
    if (g->plan->columns[c].type->nullable) gen_line(&f, "S->n%u[k] = r->n%u;", c, c);
  }
  f.indent--;
  gen_line(&f, "}");
  ports_deliver_close(&f, pn);
}

/* How a column of an error stream is read from FrtErrorRow: value and null flag. */
static const struct { const char *name, *value, *null; } ports_envelope[] = {
  {"run", "frt_run_id(cx)", NULL},
  {"script_hash", "frt_script_hash(cx)", NULL},
  {"operator", "r->operator_name", NULL},
  {"script_line", "r->script_line", NULL},
  {"script_column", "r->script_column", NULL},
  {"file", "r->file", "r->file.len == 0"},
  {"line", "r->line", "r->line < 1"},
  {"offset", "r->offset", "r->offset < 0"},
  {"field", "r->field", "r->field.len == 0"},
  {"code", "r->code", NULL},
  {"message", "r->message", NULL},
  {"retry_count", "r->retry_count", NULL},
  {"time", "r->time_us", NULL},
  {"raw", "r->raw", "r->raw.ptr == NULL"},
  {"fields", "r->fields", "r->fields.len == 0"},
};

void gen_errors(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  const Schema *s = &n->out[0].schema;
  GenFn f;
  buf_printf(&g->state, "  const FrtErrorRow *const *rows%u;\n", n->id);
  ports_deliver_open(&f, g, n);
  gen_line(&f, "S->rows%u = (const FrtErrorRow *const *)rows;", n->id);
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "const FrtErrorRow *r = rows[k];");
  gen_line(&f, "if (S->block) S->parent%u[k] = (uint32_t)(r->key - S->block->row0);", n->id);
  for (uint32_t k = 0; k < s->len; k++) {
    ColId c = s->cols[k].col;
    if (!g->phys->col_use[c]) continue;
    gen_column_state(g, c, true);
    bool nullable = g->plan->columns[c].type->nullable;
    for (size_t i = 0; i < sizeof ports_envelope / sizeof *ports_envelope; i++) {
      if (strcmp(ports_envelope[i].name, g->plan->columns[c].name)) continue;
      gen_line(&f, "S->c%u[k] = %s;", c, ports_envelope[i].value);
      if (nullable) gen_line(&f, "S->n%u[k] = %s;", c, ports_envelope[i].null ? ports_envelope[i].null : "0");
    }
  }
  f.indent--;
  gen_line(&f, "}");
  ports_deliver_close(&f, pn);
}
