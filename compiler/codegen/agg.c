/* agg.c: the aggregate, with `by` and without.
 *
 * A block goes through up to three loops: (1) what can fail is computed, so that a row that fails
 * leaves no trace; (2) the keys, numbered by a table, each new group getting a struct A<id> in a
 * store with its key values; (3) the accumulators, the structs' addresses having been prefetched.
 * Without `by` there is one struct and loop 2 is left out. Groups are emitted in order of their
 * numbers, which is the order of first appearance. */
#include <string.h>

#include "codegen/agg.h"

static const Type *agg_part_type(const PlanAgg *a, int part) {
  return part == 1 ? a->arg[1]->type : agg_arg_type(a);
}

/* Name of the State array that keeps part 0 (argument) or 1 (`by`) of aggregate k, or its nulls, or
 * its condition. */
static const char *agg_kept(const AggPrinter *p, const char *what, uint32_t k) {
  return gen_printf(p->g, "%s%u_%u", what, p->n->id, k);
}

/* ---- 1. what can fail ---- */

static bool agg_has_condition(const AggPrinter *p, const PlanAgg *a) {
  return a->where || p->n->policy.kind == FRT_POLICY_NULL || agg_plugin_passes_over(a);
}

static bool agg_is_computed(const PlanAgg *a) { return agg_can_fail(a) || agg_is_plugin(a); }

static void agg_compute_part(const AggPrinter *p, GenFn *f, uint32_t k, int part) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_part_type(a, part);
  const char *to = agg_kept(p, part ? "by" : "arg", k),
             *nulls = agg_kept(p, part ? "bynul" : "argnul", k);
  gen_array(p->g, gen_ctype(g, t), to);
  CVal v = gen_expr(f, a->arg[part]);
  gen_line(f, "S->%s[i] = %s;", to, v.v);
  if (!t->nullable) return;
  gen_array(p->g, "uint8_t", nulls);
  gen_line(f, "S->%s[i] = %s;", nulls, v.n ? v.n : "0");
}

/* All of aggregate k into arrays by row. */
static void agg_compute(const AggPrinter *p, GenFn *f, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  bool to_null = p->n->policy.kind == FRT_POLICY_NULL;
  const char *cond = agg_kept(p, "cond", k);
  f->fail = to_null ? gen_printf(g, "null%u", k) : "fail";
  gen_line(f, "{");
  f->indent++;
  if (agg_has_condition(p, a)) {
    gen_array(p->g, "uint8_t", cond);
    gen_line(f, "S->%s[i] = (%s) != 0;", cond, a->where ? gen_cond(f, a->where) : "1");
  }
  if (a->where) gen_line(f, "if (S->%s[i]) {", cond);
  if (agg_is_plugin(a)) agg_plugin_compute(p, f, k, cond);
  else if (a->arg[0]) agg_compute_part(p, f, k, 0);
  if (agg_has_by(a)) agg_compute_part(p, f, k, 1);
  if (a->where) gen_line(f, "}");
  f->indent--;
  gen_line(f, "}");
  if (!to_null) return;
  gen_line(f, "if (0) {");
  gen_line(f, "  null%u: e = 0; S->%s[i] = 0; FRT_COUNT(cx, %u, FRT_NULLED, 1);", k, cond,
           p->n->id);
  gen_line(f, "}");
}

/* Afterwards sel and n are the rows that did not fail. */
static void agg_compute_all(const AggPrinter *p, GenFn *f) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  bool any = false;
  for (uint32_t k = 0; k < n->agg_len; k++) any |= agg_is_computed(&n->aggs[k]);
  if (!any) return;
  const char *good = gen_printf(g, "good%u", n->id);
  gen_array(p->g, "uint32_t", good);
  gen_line(f, "uint32_t *good = S->%s, goods = 0;", good);
  gen_line(f, "for (uint32_t k = 0; k < n; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = sel[k];");
  for (uint32_t k = 0; k < n->agg_len; k++)
    if (agg_is_computed(&n->aggs[k])) agg_compute(p, f, k);
  gen_line(f, "good[goods++] = i;");
  if (n->policy.kind != FRT_POLICY_NULL && f->fails) {
    gen_line(f, "continue;");
    buf_put(f->out, "  fail:\n");
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(g, "", 0));
    gen_line(f, "e = 0;");
  }
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "sel = good;");
  gen_line(f, "n = goods;");
  f->fails = false;
}

/* ---- 2. groups ---- */

/* Afterwards the keys are those of the rows that are taken now: others went to disk. */
static void agg_fresh_groups(const AggPrinter *p, GenFn *f, GenKeys *keys) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  const char *fresh = gen_printf(g, "fresh%u", n->id);
  gen_array(p->g, "uint32_t", fresh);
  gen_turn(f);
  gen_line(f, "const uint32_t *rows = %s;", keys->sel);
  gen_line(f, "uint32_t fresh = frt_groups_add_%s(cx, S, &S->h->groups%u, %s, %s, &rows, &%s, %s, S->%s);",
           keys->is_word ? "words" : "texts", n->id, keys->keys, keys->nul, keys->n, keys->ids,
           fresh);
  gen_line(f, "if (fresh == FRT_NONE) return FRT_FATAL;");
  keys->sel = "rows";
  gen_line(f, "for (uint32_t k = 0; k < fresh; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = %s[S->%s[k]];", keys->sel, fresh);
  gen_line(f, "A%u *A = frt_store_add(cx, &S->h->grp%u);", n->id, n->id);
  f->fail = "unreached";
  f->fails = false;
  for (uint32_t j = 0; j < n->made_len; j++) {
    const PlanMade *m = &n->made[j];
    const Type *t = g->plan->columns[m->col].type;
    CVal v = gen_expr(f, m->value);
    if (t->nullable) gen_line(f, "A->n%u_ = %s;", m->col, v.n ? v.n : "0");
    if (v.n) gen_line(f, "if (!%s) {", v.n);
    if (t->kind == TY_STRING || t->kind == TY_BYTES)
      gen_line(f, "A->c%u = frt_store_text(cx, &S->h->grp%u, %s);", m->col, n->id, v.v);
    else gen_line(f, "A->c%u = %s;", m->col, v.v);
    if (v.n) gen_line(f, "}");
  }
  if (f->fails) { /* it was computed before, for the table, and did not fail */
    gen_line(f, "continue;");
    buf_put(f->out, "  unreached:\n");
    gen_line(f, "e = 0;");
  }
  f->fails = false;
  f->indent--;
  gen_line(f, "}");
}

/* ---- 3. accumulators ---- */

static AggValues agg_values(const AggPrinter *p, GenFn *f, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  AggValues x = { { NULL, NULL }, { NULL, NULL }, NULL };
  if (agg_is_plugin(a)) {
    if (agg_has_condition(p, a)) x.where = gen_printf(g, "S->%s[i]", agg_kept(p, "cond", k));
    return x;
  }
  if (agg_can_fail(a)) {
    if (a->arg[0]) x.v.v = gen_printf(g, "S->%s[i]", agg_kept(p, "arg", k));
    if (a->arg[0] && a->arg[0]->type->nullable)
      x.v.n = gen_printf(g, "S->%s[i]", agg_kept(p, "argnul", k));
    if (agg_has_by(a)) x.by.v = gen_printf(g, "S->%s[i]", agg_kept(p, "by", k));
    if (agg_has_by(a) && a->arg[1]->type->nullable)
      x.by.n = gen_printf(g, "S->%s[i]", agg_kept(p, "bynul", k));
    if (agg_has_condition(p, a)) x.where = gen_printf(g, "S->%s[i]", agg_kept(p, "cond", k));
    return x;
  }
  if (a->where) x.where = gen_atom(f, "uint8_t", gen_cond(f, a->where));
  if (a->arg[0]) {
    x.v = gen_expr(f, a->arg[0]);
    x.v.v = gen_atom(f, gen_ctype(g, a->arg[0]->type), x.v.v);
  }
  if (agg_has_by(a)) {
    x.by = gen_expr(f, a->arg[1]);
    x.by.v = gen_atom(f, gen_ctype(g, a->arg[1]->type), x.by.v);
  }
  return x;
}

/* Whether there is nothing but the number of rows to keep. */
static bool agg_counts_rows(const AggPrinter *p) {
  for (uint32_t k = 0; k < p->n->agg_len; k++)
    if (p->n->aggs[k].fn != AGG_COUNT || agg_skips(p, &p->n->aggs[k])) return false;
  return !p->grouped;
}

bool agg_counts_scan(const Phys *p, const PlanNode *scan) {
  const PhysNode *pn = &p->nodes[scan->id];
  if (p->plan->replay || scan->kind != PLAN_READ || scan->out_len != 1 || pn->use_len[0] != 1) return false;
  const PlanNode *n = pn->uses[0][0].node;
  if (n->kind != PLAN_AGGREGATE || n->made_len) return false;
  for (uint32_t k = 0; k < n->agg_len; k++)
    if (n->aggs[k].fn != AGG_COUNT || n->aggs[k].arg[0] || n->aggs[k].where) return false;
  return true;
}

static void agg_update(const AggPrinter *p, GenFn *f, const GenKeys *keys) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  if (agg_counts_rows(p)) {
    gen_turn(f);
    gen_line(f, "S->h->agg%u.rows += n;", n->id);
    return;
  }
  AggValues *x = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *x);
  for (uint32_t k = 0; k < n->agg_len; k++) agg_before_rows(p, f, k);
  if (p->grouped) {
    gen_array(p->g, "void *", gen_printf(g, "at%u", n->id));
    gen_line(f, "A%u *const *at = (A%u *const *)S->at%u;", n->id, n->id, n->id);
    gen_line(f, "frt_store_rows(&S->h->grp%u, %s, %s, S->at%u);", n->id, keys->ids, keys->n, n->id);
  } else {
    gen_turn(f);
    gen_line(f, "A%u *A = &S->h->agg%u;", n->id, n->id);
    gen_line(f, "const uint32_t gid = 0;");
    gen_line(f, "(void)gid;");
  }
  bool keeps = p->grouped && agg_keeps(p);
  if (keeps) gen_line(f, "cx->keep = &S->h->grp%u;", n->id);
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", p->grouped ? keys->n : "n");
  f->indent++;
  gen_line(f, "uint32_t i = %s[k];", p->grouped ? keys->sel : "sel");
  gen_line(f, "(void)i;");
  if (p->grouped) {
    gen_line(f, "A%u *A = at[k];", n->id);
    gen_line(f, "uint32_t gid = %s[k];", keys->ids);
    gen_line(f, "(void)gid;");
  }
  f->fail = "impossible";
  for (uint32_t k = 0; k < n->agg_len; k++) x[k] = agg_values(p, f, k);
  for (uint32_t k = 0; k < n->agg_len; k++) agg_take(p, f, k, x[k]);
  gen_line(f, "A->rows++;");
  if (f->fails) { /* kernels that report errors, with operands that leave room for every result */
    gen_line(f, "continue;");
    buf_put(f->out, "  impossible:\n");
    gen_line(f, "e = 0;");
  }
  f->fails = false;
  f->indent--;
  gen_line(f, "}");
  if (keeps) gen_line(f, "cx->keep = NULL;");
  for (uint32_t k = 0; k < n->agg_len; k++) agg_after_rows(p, f, k);
}

static void agg_count_taken(GenFn *f, const PlanNode *n, const char *taken) {
  gen_count(f, n->id, "HELD", taken);
  if (n->policy.kind == FRT_POLICY_NULL)
    gen_count(f, n->id, "DROPPED", gen_printf(f->g, "all - %s", taken));
}

static void agg_rows(const AggPrinter *p) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  GenFn f;
  GenKeys keys = { 0 };
  const Expr **exprs = arena_alloc(g->arena, (n->agg_len * 3 + n->made_len + 1) * sizeof *exprs);
  Expr **values = arena_alloc(g->arena, (n->made_len + 1) * sizeof *values);
  uint32_t len = 0;
  for (uint32_t k = 0; k < n->agg_len; k++) {
    exprs[len++] = n->aggs[k].arg[0];
    exprs[len++] = n->aggs[k].arg[1];
    exprs[len++] = n->aggs[k].where;
  }
  for (uint32_t j = 0; j < n->made_len; j++) exprs[len++] = values[j] = n->made[j].value;
  if (p->grouped) agg_spill_columns(p, exprs, len);
  gen_fn_open(&f, g, n, "");
  gen_declare_columns(&f, exprs, len, NULL, 0);
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)e;");
  gen_count(&f, n->id, "IN", "n");
  if (n->policy.kind == FRT_POLICY_NULL) gen_line(&f, "const uint32_t all = n;");
  agg_compute_all(p, &f);
  if (p->grouped) {
    keys = gen_keys(&f, n, "key", values, n->made_len, true);
    agg_count_taken(&f, n, keys.n);
    agg_fresh_groups(p, &f, &keys);
  }
  agg_update(p, &f, &keys);
  if (!p->grouped) agg_count_taken(&f, n, "n");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- the end ---- */

static void agg_load_keys(const AggPrinter *p, GenFn *f) {
  Gen *g = p->g;
  for (uint32_t j = 0; j < p->n->made_len; j++) {
    ColId c = p->n->made[j].col;
    gen_column_state(g, c, true);
    gen_line(f, "S->c%u[m] = A->c%u;", c, c);
    if (g->plan->columns[c].type->nullable) gen_line(f, "S->n%u[m] = A->n%u_;", c, c);
  }
}

/* One group: its results; true when one of them can fail (a total that does not fit): the first that does is in `wrong`. */
static bool agg_results(const AggPrinter *p, GenFn *f) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  bool any = false;
  for (uint32_t k = 0; k < n->agg_len; k++) {
    ColId col = n->aggs[k].col;
    gen_column_state(g, col, true);
    f->fail = gen_printf(g, "fail%u", k);
    f->fails = false;
    agg_result(p, f, k);
    if (!f->fails) continue;
    gen_line(f, "if (0) {");
    gen_line(f, "  fail%u:", k);
    if (n->policy.kind == FRT_POLICY_NULL && g->plan->columns[col].type->nullable) {
      gen_line(f, "  S->n%u[m] = 1;", col);
      gen_line(f, "  FRT_COUNT(cx, %u, FRT_NULLED, 1);", n->id);
    } else {
      if (agg_is_plugin(&n->aggs[k])) gen_line(f, "  if (!wrong) wrong = (uint32_t)e;");
      else gen_line(f, "  if (!wrong) wrong = %uu << 8 | (uint32_t)e;", k);
      any = true;
    }
    gen_line(f, "  e = 0;");
    gen_line(f, "}");
  }
  return any;
}

/* Rows 0..m-1 of the results go on, but for those that are wrong. */
static void agg_give(const AggPrinter *p, bool fails) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  GenFn f = { .g = g, .out = &g->funcs, .row = "i", .indent = 1 };
  buf_printf(&g->protos, "static int op%u_send(FrtCtx *cx, void *state, uint32_t m);\n", n->id);
  buf_printf(&g->funcs, "static int op%u_send(FrtCtx *cx, void *state, uint32_t m) {\n", n->id);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "FrtBlock *b = &S->b%u;", n->id);
  gen_line(&f, "int rc = 0;");
  if (fails) {
    gen_array(g, "uint32_t", gen_printf(g, "keep%u", n->id));
    gen_line(&f, "uint32_t *keep = S->keep%u, kept = 0;", n->id);
    gen_line(&f, "for (uint32_t i = 0; i < m; i++) {");
    gen_line(&f, "  uint32_t wrong = S->wrong%u[i];", n->id);
    if (agg_has_plugins(p))
      gen_line(&f, "  if ((wrong & 255) == FRT_E_PLUGIN) wrong = frt_plugin_aggs_why(cx, S->h->pagg%u, wrong);", n->id);
    gen_line(&f, "  if (wrong) frt_groups_wrong(cx, b, i, %u, wrong, op%u_names);", n->id, n->id);
    gen_line(&f, "  else keep[kept++] = i;");
    gen_line(&f, "}");
  }
  gen_line(&f, "b->n = b->sel_len = m;");
  gen_line(&f, "b->sel = S->iota;");
  gen_count(&f, n->id, "MADE", "m");
  gen_count(&f, n->id, "OUT", fails ? "kept" : "m");
  gen_call_uses(&f, p->pn, 0, "b", fails ? "keep" : "S->iota", fails ? "kept" : "m");
  gen_line(&f, "if ((rc = frt_block_end(cx, b))) return rc;");
  gen_line(&f, "b->row0 += m;");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void agg_flush(const AggPrinter *p, GenFn *f) {
  uint32_t id = p->n->id;
  if (p->grouped)
    gen_line(f, "rc = S->h->groups%u.putting ? frt_groups_put(cx, S, &S->h->groups%u, m) : op%u_send(cx, S, m);", id, id, id);
  else gen_line(f, "rc = op%u_send(cx, S, m);", id);
  gen_line(f, "if (rc) return rc;");
}

static void agg_groups(const AggPrinter *p) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  const char *groups = p->grouped ? gen_printf(g, "S->h->grp%u.len", n->id) : "1";
  GenFn f = { .g = g, .out = &g->funcs, .row = "i", .indent = 1 };
  buf_printf(&g->state, "  FrtBlock b%u;\n", n->id);
  buf_printf(&g->funcs, "static int op%u_groups(FrtCtx *cx, State *S) {\n", n->id);
  gen_line(&f, "uint32_t m = 0;");
  gen_line(&f, "int e = 0, rc = 0;");
  gen_line(&f, "(void)e; (void)rc;");
  bool held = false;
  for (uint32_t k = 0; k < n->agg_len; k++) held |= agg_keep(&n->aggs[k]) == KEEP_ROWS;
  if (held) gen_line(&f, "uint64_t much = 0;   /* bytes of lists and texts */");
  gen_line(&f, "S->block = &S->b%u;", n->id);
  for (uint32_t k = 0; k < n->agg_len; k++) agg_before_groups(p, &f, k, groups);
  bool stops = f.fails;
  gen_line(&f, "for (uint64_t g = 0; g < %s; g++) {", groups);
  f.indent++;
  gen_line(&f, p->grouped ? "A%u *A = FRT_ROW(&S->h->grp%u, g);" : "A%u *A = &S->h->agg%u;", n->id,
           n->id);
  gen_line(&f, "uint32_t wrong = 0;");
  gen_line(&f, "(void)A; (void)wrong;");
  agg_load_keys(p, &f);
  bool fails = agg_results(p, &f);
  if (fails) gen_line(&f, "S->wrong%u[m] = wrong;", n->id);
  gen_line(&f, "m++;");
  if (p->grouped) {
    gen_line(&f, held ? "if (m == cx->block_rows || much > 4u << 20) {" : "if (m == cx->block_rows) {");
    f.indent++;
    agg_flush(p, &f);
    if (held) gen_line(&f, "much = 0;");
    gen_line(&f, "m = 0;");
    f.indent--;
    gen_line(&f, "}");
  }
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "if (m) {");
  f.indent++;
  agg_flush(p, &f);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "return FRT_OK;");
  if (stops) buf_printf(f.out, "wrong:\n  return frt_fatal(cx, %u, e, cx->detail);\n", n->id);
  gen_fn_close(&f);
  if (fails) {
    gen_array(g, "uint32_t", gen_printf(g, "wrong%u", n->id));
    agg_names(p);
  }
  agg_give(p, fails);
  if (p->grouped) agg_spill_functions(p, fails);
}

static void agg_emit(const AggPrinter *p) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  const char *name = p->grouped ? "finish" : "give";
  GenFn f = { .g = g, .out = &g->funcs, .indent = 1 };
  agg_groups(p);
  buf_printf(&g->protos, "static int op%u_%s(FrtCtx *cx, void *state);\n", n->id, name);
  buf_printf(&g->funcs, "static int op%u_%s(FrtCtx *cx, void *state) {\n", n->id, name);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "int rc = op%u_groups(cx, S);", n->id);
  for (uint32_t k = 0; k < n->agg_len; k++) agg_free(p, &f, k);
  if (p->grouped) {
    gen_line(&f, "frt_table_free(&S->h->tab%u);", n->id);
    gen_line(&f, "frt_store_free(&S->h->grp%u);", n->id);
  }
  gen_line(&f, "return rc;");
  gen_fn_close(&f);
  if (p->grouped) agg_spill_emit(p);
}

static void agg_struct(const AggPrinter *p) {
  Gen *g = p->g;
  const PlanNode *n = p->n;
  Buf members = { .arena = g->arena };
  buf_put(&members, "  uint64_t rows;\n");
  for (uint32_t k = 0; k < n->agg_len; k++) agg_members(p, &members, k);
  for (uint32_t j = 0; j < n->made_len; j++) {
    const Type *t = g->plan->columns[n->made[j].col].type;
    buf_printf(&members, "  %s c%u;\n", gen_ctype(g, t), n->made[j].col);
    if (t->nullable) buf_printf(&members, "  uint8_t n%u_;\n", n->made[j].col);
  }
  gen_held_struct(g, n->id, "group", gen_printf(g, "A%u", n->id), members.data, false);
}

void gen_aggregate(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  AggPrinter p = { g, pn, n, n->by_len > 0 };
  agg_struct(&p);
  for (uint32_t k = 0; k < n->agg_len; k++) agg_declare(&p, k);
  if (agg_has_plugins(&p)) agg_plugin_declare(&p);
  if (p.grouped) {
    Expr **values = arena_alloc(g->arena, (n->made_len + 1) * sizeof *values);
    for (uint32_t j = 0; j < n->made_len; j++) values[j] = n->made[j].value;
    buf_printf(&g->held, "  FrtTable tab%u;\n  FrtStore grp%u;\n", n->id, n->id);
    buf_printf(&g->init, "  frt_table_init(&S->h->tab%u, %d);\n", n->id,
               !gen_keys_are_words(values, n->made_len, true));
    buf_printf(&g->init, "  frt_store_init(&S->h->grp%u, sizeof(A%u));\n", n->id, n->id);
    buf_printf(&g->init,
               "  frt_at_end(cx, frt_table_end, &S->h->tab%u);\n  frt_at_end(cx, frt_store_end, "
               "&S->h->grp%u);\n",
               n->id, n->id);
    agg_spill_declare(&p);
  } else {
    buf_printf(&g->held, "  A%u agg%u;\n", n->id, n->id);
  }
  agg_rows(&p);
  agg_emit(&p);
}
