/* agg_spill.c: what the aggregate has for groups that do not fit into memory: tables of the columns that go to disk, and the functions
 * by which the runtime lets rows and groups come back (runtime/op/groups.c, flowrt_spill.h). */
#include <string.h>

#include "codegen/agg.h"

/* A table of columns, by the offsets of their arrays in State. */
static void spill_table(Gen *g, const char *name, const ColId *cols, uint32_t len) {
  buf_printf(&g->funcs, "static const FrtSpillColumn %s[] = {\n", name);
  for (uint32_t i = 0; i < len; i++) {
    const Type *t = g->plan->columns[cols[i]].type;
    const char *nulls = t->nullable ? gen_printf(g, "FRT_OFFSETOF(State, n%u)", cols[i]) : "0";
    buf_printf(&g->funcs, "  {FRT_OFFSETOF(State, c%u), %s, %s},\n", cols[i], nulls, gen_type_desc(g, t));
  }
  if (!len) buf_put(&g->funcs, "  {0, 0, NULL},\n");
  buf_put(&g->funcs, "};\n");
}

typedef struct SpillSet {
  ColId *cols;
  uint32_t len;
  uint8_t *seen;
} SpillSet;

static void spill_collect(void *env, ColId col) {
  SpillSet *s = env;
  if (s->seen[col]) return;
  s->seen[col] = 1;
  s->cols[s->len++] = col;
}

void agg_spill_columns(const AggPrinter *p, const Expr *const *exprs, uint32_t len) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  SpillSet in = { arena_alloc(g->arena, (g->plan->column_len + 1) * sizeof *in.cols), 0,
                  arena_alloc(g->arena, g->plan->column_len + 1) };
  for (uint32_t i = 0; i < len; i++)
    if (exprs[i]) expr_columns(exprs[i], spill_collect, &in);
  for (uint32_t i = 0; i < in.len; i++) gen_column_state(g, in.cols[i], false);
  ColId *out = arena_alloc(g->arena, (n->made_len + n->agg_len + 1) * sizeof *out);
  uint32_t out_len = 0;
  for (uint32_t j = 0; j < n->made_len; j++) out[out_len++] = n->made[j].col;
  for (uint32_t k = 0; k < n->agg_len; k++) out[out_len++] = n->aggs[k].col;
  for (uint32_t i = 0; i < out_len; i++) gen_column_state(g, out[i], true);
  spill_table(g, gen_printf(g, "op%u_in", n->id), in.cols, in.len);
  spill_table(g, gen_printf(g, "op%u_out", n->id), out, out_len);
  buf_printf(&g->init, "  S->h->groups%u.in = op%u_in;\n  S->h->groups%u.in_len = %u;\n", n->id, n->id, n->id, in.len);
  buf_printf(&g->init, "  S->h->groups%u.out = op%u_out;\n  S->h->groups%u.out_len = %u;\n", n->id, n->id, n->id, out_len);
}

void agg_spill_declare(const AggPrinter *p) {
  Gen *g = p->g;
  uint32_t id = p->n->id;
  static const char *const functions[] = { "again", "finish", "send" }, *const members[] = { "take", "finish", "give" };
  buf_printf(&g->held, "  FrtGroups groups%u;\n", id);
  buf_printf(&g->init, "  frt_groups_init(cx, &S->h->groups%u, %u, &S->h->tab%u, &S->h->grp%u);\n", id, id, id, id);
  for (int i = 0; i < 3; i++)
    buf_printf(&g->init, "  S->h->groups%u.%s = op%u_%s;\n", id, members[i], id, functions[i]);
}

void agg_names(const AggPrinter *p) {
  Gen *g = p->g;
  buf_printf(&g->funcs, "static const FrtStr *const op%u_names[] = {", p->n->id);
  for (uint32_t k = 0; k < p->n->agg_len; k++) {
    const char *name = g->plan->columns[p->n->aggs[k].col].name;
    buf_printf(&g->funcs, "%s&%s", k ? ", " : "", gen_const_str(g, name, strlen(name)));
  }
  buf_put(&g->funcs, "};\n");
}

void agg_spill_functions(const AggPrinter *p, bool fails) {
  Gen *g = p->g;
  uint32_t id = p->n->id;
  GenFn f = { .g = g, .out = &g->funcs, .indent = 1 };
  if (fails) buf_printf(&g->init, "  S->h->groups%u.wrong = FRT_OFFSETOF(State, wrong%u);\n", id, id);
  buf_printf(&g->protos, "static int op%u_again(FrtCtx *cx, void *state, uint32_t n);\n", id);
  buf_printf(&g->funcs, "static int op%u_again(FrtCtx *cx, void *state, uint32_t n) {\n", id);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "FrtBlock b = {0};");
  gen_line(&f, "b.n = b.sel_len = n;");
  gen_line(&f, "b.sel = S->iota;");
  gen_line(&f, "return op%u_take(cx, S, &b, S->iota, n);", id);
  gen_fn_close(&f);
}

void agg_spill_emit(const AggPrinter *p) {
  Gen *g = p->g;
  uint32_t id = p->n->id;
  GenFn f = { .g = g, .out = &g->funcs, .indent = 1 };
  buf_printf(&g->protos, "static int op%u_give(FrtCtx *cx, void *state);\n", id);
  buf_printf(&g->funcs, "static int op%u_give(FrtCtx *cx, void *state) {\n", id);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "int rc = op%u_finish(cx, S);", id);
  gen_line(&f, "return rc ? rc : frt_groups_rest(cx, S, &S->h->groups%u);", id);
  gen_fn_close(&f);
}
