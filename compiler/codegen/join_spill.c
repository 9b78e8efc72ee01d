/* join_spill.c: what a join has for a right side that does not fit into memory: the table by which its rows go to disk, and the
 * function by which the rows that come back go on (flowrt_join_spill.h, runtime/op/join_spill.c). */
#include "codegen/join.h"

static bool spill_tells_keys(const Join *j) { return j->n->join == JOIN_LOOKUP && !j->n->right_keyed; }

void gen_spill_columns(Gen *g, const char *name, const ColId *cols, uint32_t len) {
  buf_printf(&g->funcs, "static const FrtSpillColumn %s[] = {\n", name);
  for (uint32_t i = 0; i < len; i++) {
    const Type *t = g->plan->columns[cols[i]].type;
    gen_column_state(g, cols[i], false);
    const char *nulls = t->nullable ? gen_printf(g, "FRT_OFFSETOF(State, n%u)", cols[i]) : "0";
    buf_printf(&g->funcs, "  {FRT_OFFSETOF(State, c%u), %s, %s},\n", cols[i], nulls, gen_type_desc(g, t));
  }
  buf_put(&g->funcs, "  {0, 0, NULL}\n};\n");
}

static void spill_right(const Join *j) {
  Gen *g = j->g;
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_right[] = {\n", j->id);
  for (uint32_t i = 0; i < j->kept_len; i++) {
    ColId c = j->kept[i];
    const Type *t = g->plan->columns[c].type;
    const char *nulls = t->nullable ? gen_printf(g, "FRT_OFFSETOF(J%u, n%u)", j->id, c) : "0";
    buf_printf(&g->funcs, "  {FRT_OFFSETOF(J%u, c%u), %s, %s},\n", j->id, c, nulls, gen_type_desc(g, t));
  }
  buf_put(&g->funcs, "  {0, 0, NULL}\n};\n");
}

static const char *spill_flags(const Join *j) {
  const char *miss = j->left_nulls ? "FRT_JOIN_MISS_NULLS" : j->has_else ? "FRT_JOIN_MISS_ELSE" : "0";
  switch (j->n->join) {
    case JOIN_SEMI: return "FRT_JOIN_SEMI";
    case JOIN_ANTI: return "FRT_JOIN_ANTI";
    case JOIN_ASOF: return gen_printf(j->g, "FRT_JOIN_ASOF | %s", miss);
    case JOIN_LOOKUP: return gen_printf(j->g, "%s | %s", j->n->right_keyed ? "FRT_JOIN_ONE" : "FRT_JOIN_ONLY_ONE", miss);
    default: return miss;
  }
}

static void spill_spec(const Join *j, uint32_t left_len) {
  Gen *g = j->g;
  uint32_t id = j->id;
  buf_printf(&g->funcs, "static const FrtJoinSpec op%u_spill = {%u, %s, op%u_left, op%u_right, %u, %u, %s, 0x%lxUL, op%u_send};\n\n", id, id,
             spill_flags(j), id, id, left_len, j->kept_len, j->asof ? gen_join_asof_how(j) : "0",
             (unsigned long)(j->asof ? gen_join_within(j) : 0), id);
}

/* A lookup that found several rows: as in memory. */
static void spill_several(GenFn *f, const Join *j) {
  bool to_null = j->n->policy.kind == FRT_POLICY_NULL;
  gen_line(f, "if (kind[m] == FRT_BACK_SEVERAL) {");
  f->indent++;
  gen_line(f, "uint32_t i = m;");
  gen_line(f, "int e = 0;");
  gen_line(f, "(void)i;");
  gen_join_key_text(f, j);
  gen_line(f, "frt_error(cx, b, m, %u, FRT_E_SEVERAL, %s);", j->id, gen_join_no_field(j));
  if (!to_null) gen_line(f, "continue;");
  f->indent--;
  gen_line(f, "}");
}

static void spill_row(GenFn *f, const Join *j) {
  const char *base = "S->";
  if (j->has_else) gen_line(f, "if (kind[m] == FRT_BACK_ELSE) { rest[rests++] = m; continue; }");
  if (spill_tells_keys(j)) spill_several(f, j);
  if (j->only_keys) {
    gen_line(f, "keep[kept++] = m;");
    return;
  }
  gen_line(f, "const J%u *r = (const J%u *)S->h->j%u.back_rows + m;", j->id, j->id, j->id);
  gen_line(f, "uint32_t i = m;");
  gen_line(f, "(void)i;");
  gen_line(f, "if (kind[m] == FRT_BACK_MATCH%s) {", j->outer ? " || kind[m] == FRT_BACK_RIGHT" : "");
  f->indent++;
  gen_join_put_right(f, j, base, "m");
  f->indent--;
  if (j->left_nulls || (j->n->join == JOIN_LOOKUP && j->n->policy.kind == FRT_POLICY_NULL)) {
    gen_line(f, "} else {");
    f->indent++;
    gen_join_put_nulls(f, j, base, "m");
    f->indent--;
  }
  gen_line(f, "}");
  if (j->outer) {
    gen_line(f, "if (kind[m] == FRT_BACK_RIGHT) {");
    f->indent++;
    gen_join_put_left(f, j, true);
    f->indent--;
    gen_line(f, "} else {");
    f->indent++;
    gen_join_put_left(f, j, false);
    f->indent--;
    gen_line(f, "}");
  }
  gen_line(f, "keep[kept++] = m;");
}

static void spill_give(const Join *j, const ColId *cols, uint32_t len) {
  Gen *g = j->g;
  GenFn f = {.g = g, .out = &g->funcs, .fail = "fail", .row = "i", .indent = 1};
  buf_printf(&g->funcs, "/* n%u: rows that come back from disk */\n", j->id);
  buf_printf(&g->funcs, "static int op%u_send(FrtCtx *cx, void *state, uint32_t n) {\n", j->id);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "FrtBlock *b = &S->h%u;", j->id);
  gen_declare_columns(&f, NULL, 0, cols, len);
  gen_line(&f, "const uint8_t *kind = S->h->j%u.back_kind;", j->id);
  gen_line(&f, "uint32_t *keep = S->s%u, kept = 0;", j->id);
  if (j->has_else) gen_line(&f, "uint32_t *rest = S->r%u, rests = 0;", j->id);
  gen_line(&f, "int rc = 0, e = 0;");
  gen_line(&f, "(void)e; (void)rc; (void)kind;");
  gen_line(&f, "S->block = b;");
  gen_line(&f, "b->n = b->sel_len = n;");
  gen_line(&f, "b->sel = S->iota;");
  gen_line(&f, "for (uint32_t m = 0; m < n; m++) {");
  f.indent++;
  spill_row(&f, j);
  f.indent--;
  gen_line(&f, "}");
  gen_count(&f, j->id, "OUT", "kept");
  if (j->has_else) gen_count(&f, j->id, "ELSE", "rests");
  gen_call_uses(&f, j->pn, 0, "b", "keep", "kept");
  if (j->has_else) gen_call_uses(&f, j->pn, 1, "b", "rest", "rests");
  gen_line(&f, "if ((rc = frt_block_end(cx, b))) return rc;");
  gen_line(&f, "b->row0 += n;");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_join_spill(const Join *j) {
  ColId *cols;
  uint32_t len = gen_join_left_columns(j, spill_tells_keys(j), &cols);
  buf_printf(&j->g->protos, "static int op%u_send(FrtCtx *cx, void *state, uint32_t n);\n", j->id);
  gen_spill_columns(j->g, gen_printf(j->g, "op%u_left", j->id), cols, len);
  spill_right(j);
  spill_spec(j, len);
  spill_give(j, cols, len);
}
