/* rows.c: operators that look at one row at a time. Each is a function over a block and a selection:
 * it fills columns, makes a smaller selection, counts, and calls its consumers. */
#include <string.h>

#include "codegen/gen_hold.h"

/* ---- the common loop ---- */

static void rows_selection(Gen *g, const char *name) {
  gen_array(g, "uint32_t", name);
}

static void rows_loop_open(GenFn *f, const PlanNode *n) {
  const Source *s = diags_source(f->g->plan->diags, n->span.file);
  gen_line(f, "int e = 0, rc = 0;");
  gen_line(f, "(void)e; (void)rc;");
  gen_line(f, "for (uint32_t k = 0; k < n; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = sel[k];");
  if (s) {
    uint32_t line, column;
    diag_place(s, n->span.start, &line, &column);
    buf_printf(f->out, "#line %u %s\n", line, c_string(f->g->arena, s->path, strlen(s->path)));
  }
}

/* Back from the lines of the script to those of the module: see module.c. */
static void rows_line_end(GenFn *f) { buf_put(f->out, "#line @\n"); }

/* Behind the loop's body: where failed rows go. */
static void rows_fail_label(GenFn *f, const PlanNode *n, const char *label, const char *field) {
  gen_line(f, "continue;");
  buf_printf(f->out, "  %s:\n", label);
  if (n->kind != PLAN_EXPLODE) gen_line(f, "FRT_SEEN(cx, %u, k);", n->id);
  gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, field);
  gen_line(f, "e = 0;");
}

/* Late columns that the expressions read, where the rows are still those of their scan. */
static void rows_late(GenFn *f, const PlanNode *n, const Expr *const *exprs, uint32_t len) {
  if (gen_in_scan(f->g, n)) gen_late(f, exprs, len, NULL, 0, "sel", "n");
}

static void rows_loop_close(GenFn *f) {
  f->indent--;
  gen_line(f, "}");
}

static const char *rows_no_field(Gen *g) { return gen_const_str(g, "", 0); }

/* ---- filter, assert ---- */

static void rows_filter(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  bool has_else = n->out_len > 1;
  GenFn f;
  gen_fn_open(&f, g, n, "");
  rows_selection(g, gen_printf(g, "s%u", n->id));
  if (has_else) rows_selection(g, gen_printf(g, "r%u", n->id));
  gen_declare_columns(&f, (const Expr *const[]){n->cond}, 1, NULL, 0);
  rows_late(&f, n, (const Expr *const[]){n->cond}, 1);
  gen_line(&f, "uint32_t *keep = S->s%u, kept = 0;", n->id);
  if (has_else) gen_line(&f, "uint32_t *rest = S->r%u, rests = 0;", n->id);
  gen_line(&f, "uint32_t failed = 0;");
  rows_loop_open(&f, n);
  const char *cond = gen_cond(&f, n->cond);
  if (n->kind == PLAN_ASSERT) {
    gen_line(&f, "if (!(%s)) { cx->detail = %s; e = FRT_E_ASSERT; goto fail; }", cond,
             gen_const_str(g, n->text, strlen(n->text)));
    f.fails = true;
    gen_line(&f, "keep[kept++] = i;");
  } else if (has_else) {
    gen_line(&f, "if (%s) keep[kept++] = i; else rest[rests++] = i;", cond);
  } else {
    gen_line(&f, "keep[kept] = i;");
    gen_line(&f, "kept += (%s) != 0;", cond);
  }
  rows_line_end(&f);
  if (f.fails) {
    rows_fail_label(&f, n, "fail", rows_no_field(g));
    gen_line(&f, "failed++;");
  }
  rows_loop_close(&f);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "kept");
  if (has_else) gen_count(&f, n->id, "ELSE", "rests");
  else if (n->kind == PLAN_FILTER) gen_count(&f, n->id, "DROPPED", "n - kept - failed");
  gen_call_uses(&f, pn, 0, "b", "keep", "kept");
  if (has_else) gen_call_uses(&f, pn, 1, "b", "rest", "rests");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- map: derive, select, drop, rename, cast ---- */

void gen_alias(GenFn *f, const PlanMade *m) {
  Gen *g = f->g;
  gen_column_state(g, m->col, false);
  gen_column_state(g, m->value->col, false);
  gen_line(f, "S->c%u = S->c%u;", m->col, m->value->col);
  if (g->plan->columns[m->col].type->nullable) {
    if (g->plan->columns[m->value->col].type->nullable) gen_line(f, "S->n%u = S->n%u;", m->col, m->value->col);
    else gen_line(f, "S->n%u = S->zeros;", m->col);
  }
}

static const char *rows_field(Gen *g, ColId col) {
  const char *name = g->plan->columns[col].name;
  return gen_const_str(g, name, strlen(name));
}

/* Computes one made column for row i. */
static void rows_make(GenFn *f, const PlanNode *n, const PlanMade *m, uint32_t index, const char *label) {
  Gen *g = f->g;
  const Type *t = g->plan->columns[m->col].type;
  bool to_null = n->policy.kind == FRT_POLICY_NULL && t->nullable;
  f->fail = gen_printf(g, "%s%u", label, index);
  f->fails = false;
  gen_line(f, "{");
  f->indent++;
  CVal v = gen_expr(f, m->value);
  gen_line(f, "c%u[i] = %s;", m->col, v.v);
  if (t->nullable) gen_line(f, "n%u[i] = %s;", m->col, v.n ? v.n : "0");
  f->indent--;
  gen_line(f, "}");
  if (!f->fails || !to_null) return;
  gen_line(f, "if (0) {");
  gen_line(f, "  fail%u: e = 0; n%u[i] = 1; nulled++;", index, m->col);
  gen_line(f, "}");
  f->fails = false;
}

/* ---- further fields of a row that has failed ---- */

enum { ROWS_FURTHER_MAX = 64 /* columns that are looked at for further failures: bits */ };

typedef struct RowsReads { const PlanMade **made; uint32_t len; const bool *fails; const uint64_t *needs; uint64_t bits; } RowsReads;

static void rows_read(void *env, ColId col) {
  RowsReads *r = env;
  for (uint32_t k = 0; k < r->len; k++)
    if (r->made[k]->col == col) r->bits |= r->needs[k] | (r->fails[k] ? (uint64_t)1 << k : 0);
}

/* Behind the loop's body: a row whose column k failed is asked for the later ones too, as far as they do not need what failed, so
 * that all of its failures are told together. Nothing of it is on the way of good rows. */
static void rows_further(GenFn *f, const PlanNode *n, const PlanMade **made, uint32_t len, const bool *fails) {
  Gen *g = f->g;
  uint64_t *needs = arena_alloc(g->arena, (len + 1) * sizeof *needs);
  uint32_t first = 0, last = 0;
  while (first < len && !fails[first]) first++;
  for (uint32_t i = 0; i < len && i < ROWS_FURTHER_MAX; i++) {
    RowsReads reads = {made, i, fails, needs, 0};
    expr_columns(made[i]->value, rows_read, &reads);
    needs[i] = reads.bits;
    if (fails[i]) last = i;
  }
  gen_line(f, "continue;");
  for (uint32_t i = 0; i < len; i++) {
    if (!fails[i]) continue;
    buf_printf(f->out, "  fail%u:\n", i);
    gen_line(f, "FRT_SEEN(cx, %u, k);", n->id);
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, rows_field(g, made[i]->col));
    gen_line(f, "e = 0;");
    if (i < last) gen_line(f, "bad = %luUL;", (unsigned long)1 << i);
    gen_line(f, i < last ? "goto later%u;" : "continue;", i + 1);
  }
  for (uint32_t i = first + 1; i <= last; i++) {
    buf_printf(f->out, "  later%u:;\n", i);
    gen_line(f, "if (!(bad & %luUL)) {", (unsigned long)needs[i]);
    f->indent++;
    rows_make(f, n, made[i], i, "more");
    if (f->fails) {
      gen_line(f, "if (0) {");
      gen_line(f, "  more%u: frt_error_more(cx, b, i, %u, e, %s);", i, n->id, rows_field(g, made[i]->col));
      gen_line(f, "  e = 0; bad |= %luUL;", (unsigned long)1 << i);
      gen_line(f, "}");
    }
    f->indent--;
    gen_line(f, "}");
  }
}

static void rows_map(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  gen_fn_open(&f, g, n, "");
  uint32_t len = 0;
  const PlanMade **made = arena_alloc(g->arena, (n->made_len + 1) * sizeof *made);
  const Expr **exprs = arena_alloc(g->arena, (n->made_len + 1) * sizeof *exprs);
  ColId *cols = arena_alloc(g->arena, (n->made_len + 1) * sizeof *cols);
  bool *fails = arena_alloc(g->arena, n->made_len + 1);
  bool any_fails = false;
  for (uint32_t i = 0; i < n->made_len; i++) {
    const PlanMade *m = &n->made[i];
    if (!phys_made_needed(g->phys, m)) continue;
    if (phys_made_alias(m)) {
      gen_alias(&f, m);
      continue;
    }
    gen_column_state(g, m->col, true);
    made[len] = m;
    exprs[len] = m->value;
    cols[len++] = m->col;
  }
  for (uint32_t i = 0; i < len; i++) any_fails |= expr_can_fail(made[i]->value);
  if (any_fails && len > 1) gen_line(&f, "uint64_t bad = 0;\n  (void)bad;");
  if (any_fails) {
    rows_selection(g, gen_printf(g, "s%u", n->id));
    gen_line(&f, "uint32_t *keep = S->s%u, kept = 0;", n->id);
  }
  gen_line(&f, "uint32_t nulled = 0;");
  gen_line(&f, "(void)nulled;");
  if (len) {
    gen_declare_columns(&f, exprs, len, cols, len);
    rows_late(&f, n, exprs, len);
    rows_loop_open(&f, n);
    for (uint32_t i = 0; i < len; i++) {
      rows_make(&f, n, made[i], i, "fail");
      fails[i] = f.fails;
    }
    rows_line_end(&f);
    if (any_fails) gen_line(&f, "keep[kept++] = i;");
    uint32_t failing = 0;
    for (uint32_t i = 0; i < len; i++) failing += fails[i];
    if (failing > 1) rows_further(&f, n, made, len, fails);
    for (uint32_t i = 0; failing == 1 && i < len; i++)
      if (fails[i]) rows_fail_label(&f, n, gen_printf(g, "fail%u", i), rows_field(g, made[i]->col));
    rows_loop_close(&f);
  } else {
    gen_line(&f, "int rc = 0;");
    gen_line(&f, "(void)rc;");
  }
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", any_fails ? "kept" : "n");
  if (any_fails && n->policy.kind == FRT_POLICY_NULL) gen_count(&f, n->id, "NULLED", "nulled");
  gen_call_uses(&f, pn, 0, "b", any_fails ? "keep" : "sel", any_fails ? "kept" : "n");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- route ---- */

static void rows_route(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  gen_fn_open(&f, g, n, "");
  gen_declare_columns(&f, (const Expr *const *)n->conds, n->conds_len, NULL, 0);
  rows_late(&f, n, (const Expr *const *)n->conds, n->conds_len);
  for (uint32_t i = 0; i < n->conds_len; i++) {
    rows_selection(g, gen_printf(g, "s%u_%u", n->id, i));
    gen_line(&f, "uint32_t *arm%u = S->s%u_%u, len%u = 0;", i, n->id, i, i);
  }
  gen_line(&f, "uint32_t failed = 0, taken = 0;");
  rows_loop_open(&f, n);
  for (uint32_t i = 0; i < n->conds_len; i++) {
    if (!n->conds[i]) gen_line(&f, "arm%u[len%u++] = i; continue;", i, i);
    else gen_line(&f, "if (%s) { arm%u[len%u++] = i; continue; }", gen_cond(&f, n->conds[i]), i, i);
  }
  rows_line_end(&f);
  if (f.fails) {
    rows_fail_label(&f, n, "fail", rows_no_field(g));
    gen_line(&f, "failed++;");
  }
  rows_loop_close(&f);
  gen_count(&f, n->id, "IN", "n");
  for (uint32_t i = 0; i < n->conds_len; i++) gen_line(&f, "taken += len%u;", i);
  gen_count(&f, n->id, "ELSE", "taken");
  gen_count(&f, n->id, "DROPPED", "n - taken - failed");
  for (uint32_t i = 0; i < n->conds_len; i++)
    gen_call_uses(&f, pn, i + 1, "b", gen_printf(g, "arm%u", i), gen_printf(g, "len%u", i));
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- extract ---- */

static void rows_capture(GenFn *f, const PlanNode *n, uint32_t index) {
  Gen *g = f->g;
  ColId col = n->captures[index];
  const Type *t = g->plan->columns[col].type;
  f->fail = gen_printf(g, "fail%u", index);
  f->fails = false;
  gen_line(f, "{");
  f->indent++;
  const char *s = gen_temp(f, "FrtStr", gen_printf(g, "group[%u]", n->groups[index]));
  if (t->nullable) {
    gen_line(f, "n%u[i] = %s.ptr == NULL;", col, s);
    gen_line(f, "if (%s.ptr) {", s);
    f->indent++;
  } else {
    gen_fail_if(f, gen_printf(g, "!%s.ptr", s), "FRT_E_MISSING");
  }
  CVal v = gen_cast(f, type_basic(TY_STRING), type_with_null(g->arena, t, false), (CVal){s, NULL}, false);
  gen_line(f, "c%u[i] = %s;", col, v.v);
  if (t->nullable) {
    f->indent--;
    gen_line(f, "}");
  }
  f->indent--;
  gen_line(f, "}");
}

static void rows_extract(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  bool has_else = n->out_len > 1;
  GenFn f;
  gen_fn_open(&f, g, n, "");
  rows_selection(g, gen_printf(g, "s%u", n->id));
  rows_selection(g, gen_printf(g, "r%u", n->id));
  uint32_t group_max = 0;
  for (uint32_t i = 0; i < n->capture_len; i++) {
    gen_column_state(g, n->captures[i], true);
    if (n->groups[i] > group_max) group_max = n->groups[i];
  }
  gen_declare_columns(&f, (const Expr *const[]){n->cond}, 1, n->captures, n->capture_len);
  gen_line(&f, "uint32_t *keep = S->s%u, kept = 0, *rest = S->r%u, rests = 0;", n->id, n->id);
  gen_line(&f, "FrtStr group[%u];", group_max + 1);
  rows_loop_open(&f, n);
  f.fail = "fail";
  CVal s = gen_expr(&f, n->cond);
  const char *re = gen_regex(g, (FrtStr){n->text, n->text_len, 0}, true);
  if (s.n) gen_line(&f, "if (%s) { rest[rests++] = i; continue; }", s.n);
  gen_line(&f, "e = frt_regex_match_groups(cx, %s, %s, group, %u);", re, s.v, group_max + 1);
  gen_line(&f, "if (e == FRT_NULL) { e = 0; rest[rests++] = i; continue; }");
  gen_line(&f, "if (e) goto fail;");
  bool *fails = arena_alloc(g->arena, n->capture_len + 1);
  for (uint32_t i = 0; i < n->capture_len; i++) {
    rows_capture(&f, n, i);
    fails[i] = f.fails;
  }
  rows_line_end(&f);
  gen_line(&f, "keep[kept++] = i;");
  rows_fail_label(&f, n, "fail", rows_no_field(g));
  for (uint32_t i = 0; i < n->capture_len; i++)
    if (fails[i]) rows_fail_label(&f, n, gen_printf(g, "fail%u", i), rows_field(g, n->captures[i]));
  rows_loop_close(&f);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "kept");
  gen_count(&f, n->id, has_else ? "ELSE" : "DROPPED", "rests");
  gen_call_uses(&f, pn, 0, "b", "keep", "kept");
  if (has_else) gen_call_uses(&f, pn, 1, "b", "rest", "rests");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- take, skip, sample ---- */

/* The number of `take` and `skip`, computed once in module_init. */
static void rows_limit(Gen *g, const PlanNode *n) {
  buf_printf(&g->held, "  uint64_t limit%u, seen%u;\n  uint32_t done%u, last%u;\n", n->id, n->id, n->id, n->id);
  GenFn f = {.g = g, .out = &g->init, .indent = 1, .fail = "fail", .temps = 100000 + n->id * 100};
  CVal v = gen_expr(&f, n->count);
  gen_line(&f, "if (%s < 0) { cx->detail = %s; e = FRT_E_ARGUMENT; goto fail; }", v.v,
           gen_const_str(g, "take and skip need a number that is not negative", 48));
  gen_line(&f, "S->h->limit%u = (uint64_t)%s;", n->id, v.v);
}

static void rows_take(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  rows_limit(g, n);
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "int rc = 0;");
  gen_turn(&f);
  gen_line(&f, "uint64_t left = S->h->limit%u - S->h->seen%u;", n->id, n->id);
  gen_line(&f, "uint32_t kept = left < n ? (uint32_t)left : n;");
  gen_line(&f, "S->h->seen%u += kept;", n->id);
  gen_line(&f, "if (!S->h->done%u && S->h->seen%u == S->h->limit%u) { S->h->done%u = 1; S->h->last%u = kept ? sel[kept - 1] : 0; }", n->id, n->id,
           n->id, n->id, n->id);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "kept");
  gen_count(&f, n->id, "DROPPED", "n - kept");
  gen_call_uses(&f, pn, 0, "b", "sel", "kept");
  gen_line(&f, "(void)rc;");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void rows_skip(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  rows_limit(g, n);
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "int rc = 0;");
  gen_turn(&f);
  gen_line(&f, "uint64_t left = S->h->limit%u - S->h->seen%u;", n->id, n->id);
  gen_line(&f, "uint32_t dropped = left < n ? (uint32_t)left : n, kept = n - dropped;");
  gen_line(&f, "S->h->seen%u += dropped;", n->id);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "kept");
  gen_count(&f, n->id, "DROPPED", "dropped");
  gen_call_uses(&f, pn, 0, "b", "sel + dropped", "kept");
  gen_line(&f, "(void)rc;");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void rows_sample(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  rows_selection(g, gen_printf(g, "s%u", n->id));
  buf_printf(&g->held, "  uint64_t seen%u;\n", n->id);
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "int rc = 0;");
  gen_turn(&f);
  gen_line(&f, "uint32_t *keep = S->s%u, kept = 0;", n->id);
  gen_line(&f, "for (uint32_t k = 0; k < n; k++)");
  gen_line(&f, "  if (frt_sample(%luUL, S->h->seen%u++) < %.17g) keep[kept++] = sel[k];", (unsigned long)n->seed, n->id, n->rate);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "kept");
  gen_count(&f, n->id, "DROPPED", "n - kept");
  gen_call_uses(&f, pn, 0, "b", "keep", "kept");
  gen_line(&f, "(void)rc;");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- explode and unpivot: rows that multiply get a block of their own ---- */

/* The columns that go on from the incoming schema: they are copied row by row. */
uint32_t gen_carried(Gen *g, const PlanNode *n, ColId **cols) {
  const Schema *in = &n->in[0].node->out[n->in[0].port].schema;
  const Schema *out = &n->out[0].schema;
  *cols = arena_alloc(g->arena, (in->len + 1) * sizeof **cols);
  uint32_t len = 0;
  for (uint32_t i = 0; i < out->len; i++) {
    ColId c = out->cols[i].col;
    bool made = false, twice = false;
    for (uint32_t k = 0; k < n->made_len; k++) made |= n->made[k].col == c;
    for (uint32_t k = 0; k < len; k++) twice |= (*cols)[k] == c;
    if (!made && !twice && g->phys->nodes[n->id].kept[c]) (*cols)[len++] = c;
  }
  return len;
}

/* See gen.h. */
void gen_carry_flush(Gen *g, const PhysNode *pn, const ColId *cols, uint32_t len) {
  const PlanNode *n = pn->node;
  GenFn f = {.g = g, .out = &g->funcs};
  buf_printf(&g->state, "  FrtBlock b%u;\n  uint32_t *parent%u;\n", n->id, n->id);
  buf_printf(&g->setup, "  S->parent%u = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", n->id);
  buf_printf(&g->protos, "static int op%u_flush(FrtCtx *cx, State *S, const FrtBlock *up, uint32_t m);\n", n->id);
  gen_line(&f, "static int op%u_flush(FrtCtx *cx, State *S, const FrtBlock *up, uint32_t m) {", n->id);
  f.indent = 1;
  gen_line(&f, "int rc = 0;");
  gen_line(&f, "if (frt_cancelled()) return FRT_FATAL;");   /* one row of the input may give millions */
  gen_line(&f, "FrtBlock *b = &S->b%u;", n->id);
  gen_line(&f, "b->n = b->sel_len = m; b->sel = S->iota; b->up = up; b->parent = S->parent%u; b->row0 = up->row0;", n->id);
  for (uint32_t i = 0; i < len; i++) {
    const Type *t = g->plan->columns[cols[i]].type;
    const char *c = gen_ctype(g, t);
    gen_column_state(g, cols[i], false);
    buf_printf(&g->state, "  %s *x%u_c%u;\n", c, n->id, cols[i]);
    buf_printf(&g->setup, "  S->x%u_c%u = frt_alloc_run(cx, cx->block_rows * sizeof(%s));\n", n->id, cols[i], c);
    gen_line(&f, "%s *old_c%u = S->c%u;", c, cols[i], cols[i]);
    gen_line(&f, "S->c%u = S->x%u_c%u;", cols[i], n->id, cols[i]);
    if (!t->nullable) continue;
    buf_printf(&g->state, "  uint8_t *x%u_n%u;\n", n->id, cols[i]);
    buf_printf(&g->setup, "  S->x%u_n%u = frt_alloc_run(cx, cx->block_rows);\n", n->id, cols[i]);
    gen_line(&f, "uint8_t *old_n%u = S->n%u;", cols[i], cols[i]);
    gen_line(&f, "S->n%u = S->x%u_n%u;", cols[i], n->id, cols[i]);
  }
  gen_count(&f, n->id, "OUT", "m");
  gen_call_uses(&f, pn, 0, "b", "S->iota", "m");
  for (uint32_t i = 0; i < len; i++) {
    gen_line(&f, "S->c%u = old_c%u;", cols[i], cols[i]);
    if (g->plan->columns[cols[i]].type->nullable) gen_line(&f, "S->n%u = old_n%u;", cols[i], cols[i]);
  }
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* See gen.h. */
void gen_carry(GenFn *f, const PlanNode *n, const ColId *cols, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) {
    gen_line(f, "S->x%u_c%u[m] = c%u[i];", n->id, cols[i], cols[i]);
    if (f->g->plan->columns[cols[i]].type->nullable) gen_line(f, "S->x%u_n%u[m] = n%u[i];", n->id, cols[i], cols[i]);
  }
  gen_line(f, "S->parent%u[m++] = i;", n->id);
  gen_line(f, "if (m == cx->block_rows) {");
  gen_line(f, "  if ((rc = op%u_flush(cx, S, b, m))) return rc;", n->id);
  gen_line(f, "  m = 0;");
  gen_line(f, "}");
}

static void rows_explode(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  ColId *cols, made = n->made[0].col;
  uint32_t len = gen_carried(g, n, &cols);
  gen_carry_flush(g, pn, cols, len);
  gen_column_state(g, made, true);
  GenFn f;
  gen_fn_open(&f, g, n, "");
  gen_declare_columns(&f, (const Expr *const[]){n->cond}, 1, cols, len);
  const Type *elem = n->cond->type->elem;
  const char *c = elem->nullable ? gen_elem_struct(g, elem) : gen_ctype(g, elem);
  gen_line(&f, "uint32_t m = 0, gone = 0; uint64_t made = 0;");
  rows_loop_open(&f, n);
  CVal v = gen_expr(&f, n->cond);
  if (v.n) gen_line(&f, "if (%s) { gone++; continue; }", v.n);
  const char *list = gen_atom(&f, "FrtList", v.v);
  rows_line_end(&f);
  gen_line(&f, "gone += %s.len == 0;", list);
  gen_line(&f, "made += %s.len;", list);
  gen_line(&f, "for (uint32_t j = 0; j < %s.len; j++) {", list);
  f.indent++;
  gen_line(&f, "S->c%u[m] = ((const %s *)%s.data)[j]%s;", made, c, list, elem->nullable ? ".v" : "");
  if (elem->nullable) gen_line(&f, "S->n%u[m] = ((const %s *)%s.data)[j].n;", made, c, list);
  gen_carry(&f, n, cols, len);
  f.indent--;
  gen_line(&f, "}");
  if (f.fails) rows_fail_label(&f, n, "fail", rows_no_field(g));
  rows_loop_close(&f);
  gen_line(&f, "if (m && (rc = op%u_flush(cx, S, b, m))) return rc;", n->id);
  gen_line(&f, "(void)gone;");
  gen_count(&f, n->id, "IN", "made");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void rows_unpivot(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  ColId *cols, name = n->made[0].col, value = n->made[1].col;
  uint32_t len = gen_carried(g, n, &cols);
  gen_carry_flush(g, pn, cols, len);
  gen_column_state(g, name, true);
  gen_column_state(g, value, true);
  GenFn f;
  gen_fn_open(&f, g, n, "");
  ColId *read = arena_alloc(g->arena, (len + n->unpivot_len + 1) * sizeof *read);
  memcpy(read, cols, len * sizeof *read);
  memcpy(read + len, n->unpivot_cols, n->unpivot_len * sizeof *read);
  gen_declare_columns(&f, NULL, 0, read, len + n->unpivot_len);
  gen_line(&f, "uint32_t m = 0;");
  rows_loop_open(&f, n);
  rows_line_end(&f);
  const Type *t = g->plan->columns[value].type;
  for (uint32_t k = 0; k < n->unpivot_len; k++) {
    ColId c = n->unpivot_cols[k];
    const Type *from = g->plan->columns[c].type;
    gen_line(&f, "S->c%u[m] = %s;", name, rows_field(g, c));
    CVal v = {gen_printf(g, "c%u[i]", c), from->nullable ? gen_printf(g, "n%u[i]", c) : NULL};
    v = gen_cast(&f, from, t, v, true);
    gen_line(&f, "S->c%u[m] = %s;", value, v.v);
    if (t->nullable) gen_line(&f, "S->n%u[m] = %s;", value, v.n ? v.n : "0");
    gen_carry(&f, n, cols, len);
  }
  rows_loop_close(&f);
  gen_line(&f, "if (m && (rc = op%u_flush(cx, S, b, m))) return rc;", n->id);
  gen_count(&f, n->id, "IN", gen_printf(g, "(uint64_t)n * %u", n->unpivot_len));
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_node(Gen *g, const PhysNode *pn) {
  switch (pn->node->kind) {
    case PLAN_FILTER: case PLAN_ASSERT:
      if (!gen_in_fan(g, pn->node)) rows_filter(g, pn);
      break;
    case PLAN_MAP:
      if (!pn->texts) rows_map(g, pn);
      break;
    case PLAN_ROUTE: rows_route(g, pn); break;
    case PLAN_EXTRACT: rows_extract(g, pn); break;
    case PLAN_SCRIPT: gen_script(g, pn); break;
    case PLAN_PLUGIN: gen_plugin(g, pn); break;
    case PLAN_TAKE: rows_take(g, pn); break;
    case PLAN_SKIP: rows_skip(g, pn); break;
    case PLAN_SAMPLE: rows_sample(g, pn); break;
    case PLAN_EXPLODE: rows_explode(g, pn); break;
    case PLAN_UNPIVOT: rows_unpivot(g, pn); break;
    case PLAN_UNION: gen_union(g, pn); break;
    case PLAN_ERRORS: gen_errors(g, pn); break;
    case PLAN_AGGREGATE: gen_aggregate(g, pn); break;
    case PLAN_DISTINCT: gen_distinct(g, pn); break;
    case PLAN_SESSIONIZE: gen_sessionize(g, pn); break;
    case PLAN_WINDOW: gen_window(g, pn); break;
    case PLAN_JOIN: gen_join(g, pn); break;
    case PLAN_SORT: gen_sort(g, pn); break;
    case PLAN_TOP: gen_top(g, pn); break;
    case PLAN_RANK: gen_rank(g, pn); break;
    case PLAN_WRITE: case PLAN_TAP: gen_sink(g, pn); break;
    default: break;
  }
}
