/* keys.c: what operators that hold rows share: keys for hash tables, and rows that go into a store and come back. */
#include <string.h>

#include "codegen/gen_hold.h"

/* ---- keys ---- */

/* Whether a key of this type fits a word. */
static bool key_is_word(const Type *t) {
  switch (t->kind) {
    case TY_STRING: case TY_BYTES: case TY_UUID: case TY_LIST: case TY_STRUCT: return false;
    case TY_DECIMAL: return !type_is_wide(t);
    default: return true;
  }
}

/* Bits of one of several keys in a word they share, or 64. */
static int key_bits(const Type *t, bool null_is_value) {
  if (type_is_float(t) || !phys_word(t).exact) return 64;
  return phys_word(t).bits + (null_is_value && t->nullable);
}

bool gen_keys_are_words(Expr *const *keys, uint32_t len, bool null_is_value) {
  int bits = 0;
  if (len == 1) return key_is_word(keys[0]->type);
  for (uint32_t j = 0; j < len && bits <= 64; j++) bits += key_bits(keys[j]->type, null_is_value);
  return len && bits <= 64;
}

static const char *key_word(Gen *g, const Type *t, const char *v) {
  if (type_is_float(t)) return gen_printf(g, "frt_key_word_f64(%s)", v);
  if (t->kind == TY_I8) return gen_printf(g, "(uint64_t)(uint8_t)%s", v);      /* small, so that an array of numbers takes them */
  if (t->kind == TY_I16) return gen_printf(g, "(uint64_t)(uint16_t)%s", v);
  return gen_printf(g, "(uint64_t)(int64_t)%s", v);
}

/* Bytes that a key takes in a composite, as a C expression. */
static const char *key_size(GenFn *f, const Type *t, const char *v) {
  if (t->kind == TY_STRING || t->kind == TY_BYTES) return gen_printf(f->g, "5 + (size_t)%s.len", v);
  return key_is_word(t) ? "9" : "17";
}

static void key_put(GenFn *f, const Type *t, const char *v) {
  Gen *g = f->g;
  if (t->kind == TY_STRING || t->kind == TY_BYTES) gen_line(f, "p = frt_key_text(p, %s);", v);
  else if (t->kind == TY_UUID) gen_line(f, "p = frt_key_wide(p, %s.hi, %s.lo);", v, v);
  else if (t->kind == TY_DECIMAL && type_is_wide(t)) gen_line(f, "p = frt_key_wide(p, (uint64_t)%s.hi, %s.lo);", v, v);
  else gen_line(f, "p = frt_key_word(p, %s);", key_word(g, t, v));
}

/* A composite key of row k, put together in the block's arena. */
static void key_composite(GenFn *f, Expr *const *keys, const CVal *v, uint32_t len, bool null_is_value, bool can_null,
                          const char *name) {
  Gen *g = f->g;
  Buf size = {.arena = g->arena};
  Buf any = {.arena = g->arena};
  for (uint32_t j = 0; j < len; j++) {
    const char *s = key_size(f, keys[j]->type, v[j].v);
    if (v[j].n) buf_printf(&size, " + (%s ? 1 : %s)", v[j].n, s);
    else buf_printf(&size, " + %s", s);
    if (v[j].n) buf_printf(&any, "%s%s", any.size ? " | " : "", v[j].n);
  }
  gen_line(f, "%s_key[at].aux = 0;", name);
  if (!null_is_value && !any.data && can_null) gen_line(f, "%s_nul[at] = 0;", name);
  if (!null_is_value && any.data) {
    gen_line(f, "%s_nul[at] = %s;", name, any.data);
    gen_line(f, "if (%s_nul[at]) { %s_key[at].ptr = NULL; %s_key[at].len = 0; } else {", name, name, name);
  } else {
    gen_line(f, "{");
  }
  f->indent++;
  gen_line(f, "char *p = frt_alloc(cx, 0%s);", size.data ? size.data : "");
  gen_line(f, "%s_key[at].ptr = p;", name);
  for (uint32_t j = 0; j < len; j++) {
    if (v[j].n && null_is_value) gen_line(f, "if (%s) p = frt_key_null(p); else", v[j].n);
    key_put(f, keys[j]->type, v[j].v);
  }
  gen_line(f, "%s_key[at].len = (uint32_t)(p - %s_key[at].ptr);", name, name);
  f->indent--;
  gen_line(f, "}");
}

/* Several small keys in one word, the first on top; a null that is a value has a bit of its own. */
static void key_packed(GenFn *f, Expr *const *keys, const CVal *v, uint32_t len, bool null_is_value, bool can_null,
                       const char *name) {
  Gen *g = f->g;
  const char *word = "";
  Buf any = {.arena = g->arena};
  for (uint32_t j = 0; j < len; j++) {
    int bits = phys_word(keys[j]->type).bits;
    bool flag = null_is_value && keys[j]->type->nullable;
    const char *mask = bits < 64 ? gen_printf(g, " & 0x%lxUL", (1ul << bits) - 1) : "";
    const char *field = gen_printf(g, "(%s%s)", key_word(g, keys[j]->type, v[j].v), mask);
    if (flag && v[j].n) field = gen_printf(g, "(%s ? 0x%lxUL : %s)", v[j].n, 1ul << bits, field);
    bool fills = bits + flag >= 64;   /* those before it have one value only */
    word = j && !fills ? gen_printf(g, "(%s << %d | %s)", word, bits + flag, field) : field;
    if (v[j].n) buf_printf(&any, "%s%s", any.size ? " | " : "", v[j].n);
  }
  gen_line(f, "%s_key[at] = %s;", name, word);
  if (!null_is_value && can_null) gen_line(f, "%s_nul[at] = %s;", name, any.size ? any.data : "0");
}

static void key_single(GenFn *f, const Expr *key, CVal v, bool is_word, bool can_null, const char *name) {
  if (v.n || can_null) gen_line(f, "%s_nul[at] = %s;", name, v.n ? v.n : "0");
  if (is_word) gen_line(f, "%s_key[at] = %s;", name, key_word(f->g, key->type, v.v));
  else gen_line(f, "%s_key[at] = %s;", name, v.v);
}

/* See gen_hold.h. */
GenKeys gen_keys(GenFn *f, const PlanNode *n, const char *name, Expr *const *keys, uint32_t len, bool null_is_value) {
  Gen *g = f->g;
  bool is_word = gen_keys_are_words(keys, len, null_is_value);
  bool single = len == 1 && (is_word || keys[0]->type->kind == TY_STRING || keys[0]->type->kind == TY_BYTES);
  bool can_fail = false, can_null = false;
  for (uint32_t j = 0; j < len; j++) {
    can_fail |= expr_can_fail(keys[j]);
    can_null |= keys[j]->type->nullable && (single || !null_is_value);
  }
  bool to_null = can_fail && !null_is_value && n->policy.kind == FRT_POLICY_NULL;
  can_null |= to_null;
  const char *state = gen_printf(g, "%s%u", name, n->id);
  buf_printf(&g->state, "  %s *%s_key;\n  uint32_t *%s_id;\n", is_word ? "uint64_t" : "FrtStr", state, state);
  buf_printf(&g->setup, "  S->%s_key = frt_alloc_run(cx, cx->block_rows * sizeof(%s));\n", state, is_word ? "uint64_t" : "FrtStr");
  buf_printf(&g->setup, "  S->%s_id = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", state);
  gen_line(f, "%s *%s_key = S->%s_key;", is_word ? "uint64_t" : "FrtStr", name, state);
  if (can_null) {
    buf_printf(&g->state, "  uint8_t *%s_nul;\n", state);
    buf_printf(&g->setup, "  S->%s_nul = frt_alloc_run(cx, cx->block_rows);\n", state);
    gen_line(f, "uint8_t *%s_nul = S->%s_nul;", name, state);
  }
  if (can_fail) {
    buf_printf(&g->state, "  uint32_t *%s_sel;\n", state);
    buf_printf(&g->setup, "  S->%s_sel = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", state);
    gen_line(f, "uint32_t *%s_sel = S->%s_sel;", name, state);
  }
  gen_line(f, "uint32_t %s_len = 0;", name);
  gen_line(f, "for (uint32_t k = 0; k < n; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = sel[k], at = %s_len;", name);
  gen_line(f, "int e = 0;");
  f->fail = gen_printf(g, "%s_fail", name);
  f->fails = false;
  CVal *v = arena_alloc(g->arena, (len + 1) * sizeof *v);
  for (uint32_t j = 0; j < len; j++) {
    v[j] = gen_expr(f, keys[j]);
    v[j].v = gen_atom_of(f, keys[j]->type, v[j].v);
  }
  if (single) key_single(f, keys[0], v[0], is_word, can_null, name);
  else if (is_word) key_packed(f, keys, v, len, null_is_value, can_null, name);
  else key_composite(f, keys, v, len, null_is_value, can_null, name);
  if (can_fail) gen_line(f, "%s_sel[at] = i;", name);
  gen_line(f, "%s_len++;", name);
  if (f->fails) {
    gen_line(f, "continue;");
    buf_printf(f->out, "  %s:\n", f->fail);
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(g, "", 0));
    if (to_null) gen_line(f, "%s_nul[at] = 1; %s_sel[at] = i; %s_len++;", name, name, name);
  }
  gen_line(f, "(void)e;");
  f->indent--;
  gen_line(f, "}");
  f->fails = false;
  f->fail = "fail";
  return (GenKeys){is_word, gen_printf(g, "%s_key", name), can_null ? gen_printf(g, "%s_nul", name) : "NULL",
                   can_fail ? gen_printf(g, "%s_sel", name) : "sel", gen_printf(g, "%s_len", name), gen_printf(g, "S->%s_id", state)};
}

void gen_key_table(Gen *g, const PlanNode *n, bool is_word) {
  buf_printf(&g->held, "  FrtTable tab%u;\n", n->id);
  buf_printf(&g->init, "  frt_table_init(&S->h->tab%u, %d);\n", n->id, !is_word);
  buf_printf(&g->init, "  frt_at_end(cx, frt_table_end, &S->h->tab%u);\n", n->id);
}

/* ---- rows at rest ---- */

/* Whether values of the type point to bytes outside of the row. */
bool gen_row_points(const Type *t) {
  return t->kind == TY_STRING || t->kind == TY_BYTES || t->kind == TY_LIST || t->kind == TY_STRUCT;
}

static int row_align(const Type *t) {
  switch (t->kind) {
    case TY_BOOL: case TY_I8: case TY_U8: return 1;
    case TY_I16: case TY_U16: case TY_ENUM: return 2;
    case TY_I32: case TY_U32: case TY_F32: case TY_DATE: return 4;
    default: return 8;
  }
}

void gen_row_struct(Gen *g, uint32_t node, const char *what, const char *name, const ColId *cols, uint32_t len, const char *more) {
  Buf b = {.arena = g->arena};
  if (more) buf_put(&b, more);
  for (int align = 8; align; align /= 2)   /* widest first: no holes */
    for (uint32_t i = 0; i < len; i++) {
      const Type *t = g->plan->columns[cols[i]].type;
      if (row_align(t) == align) buf_printf(&b, "  %s c%u;\n", gen_ctype(g, t), cols[i]);
    }
  for (uint32_t i = 0; i < len; i++)
    if (g->plan->columns[cols[i]].type->nullable) buf_printf(&b, "  uint8_t n%u;\n", cols[i]);
  gen_held_struct(g, node, what, name, b.size ? b.data : "  uint8_t none;\n", true);
}

void gen_row_save(GenFn *f, const ColId *cols, uint32_t len, const char *row, const char *store) {
  Gen *g = f->g;
  for (uint32_t i = 0; i < len; i++) {
    const Type *t = g->plan->columns[cols[i]].type;
    uint32_t c = cols[i];
    if (t->nullable) gen_line(f, "%s->n%u = n%u[i];", row, c, c);
    if (t->nullable && gen_row_points(t)) gen_line(f, "if (!n%u[i]) {", c);
    if (t->kind == TY_STRING || t->kind == TY_BYTES) {
      gen_line(f, "%s->c%u = frt_store_text(cx, %s, c%u[i]);", row, c, store, c);
    } else {
      gen_line(f, "%s->c%u = c%u[i];", row, c, c);
      if (gen_row_points(t)) gen_line(f, "frt_store_value(cx, %s, %s, &%s->c%u);", store, gen_type_desc(g, t), row, c);
    }
    if (t->nullable && gen_row_points(t)) gen_line(f, "}");
  }
}

void gen_row_load(GenFn *f, const ColId *cols, uint32_t len, const char *row, const char *at) {
  Gen *g = f->g;
  for (uint32_t i = 0; i < len; i++) {
    uint32_t c = cols[i];
    gen_column_state(g, c, true);
    gen_line(f, "S->c%u[%s] = %s->c%u;", c, at, row, c);
    if (g->plan->columns[c].type->nullable) gen_line(f, "S->n%u[%s] = %s->n%u;", c, at, row, c);
  }
}

uint32_t gen_used_columns(Gen *g, const Schema *s, ColId **cols) {
  *cols = arena_alloc(g->arena, (s->len + 1) * sizeof **cols);
  uint32_t len = 0;
  for (uint32_t i = 0; i < s->len; i++) {
    bool twice = false;
    for (uint32_t k = 0; k < len; k++) twice |= (*cols)[k] == s->cols[i].col;
    if (!twice && g->phys->col_use[s->cols[i].col]) (*cols)[len++] = s->cols[i].col;
  }
  return len;
}

const char *gen_atom_of(GenFn *f, const Type *t, const char *v) { return gen_atom(f, gen_ctype(f->g, t), v); }

/* Opens `static int op<id>_give(cx, state)` with S, b = &S->b<id> and S->block = b. */
void gen_emit_open(GenFn *f, Gen *g, const PlanNode *n) {
  *f = (GenFn){.g = g, .out = &g->funcs, .fail = "fail", .row = "i"};
  buf_printf(&g->protos, "static int op%u_give(FrtCtx *cx, void *state);\n", n->id);
  buf_printf(&g->state, "  FrtBlock b%u;\n", n->id);
  gen_line(f, "/* n%u %s: what was held goes on */", n->id, n->word ? n->word : "");
  gen_line(f, "static int op%u_give(FrtCtx *cx, void *state) {", n->id);
  f->indent = 1;
  gen_line(f, "State *S = state;");
  gen_line(f, "FrtBlock *b = &S->b%u;", n->id);
  gen_line(f, "uint32_t m = 0;");
  gen_line(f, "int rc = 0;");
  gen_line(f, "(void)rc;");
  gen_line(f, "S->block = b;");
}

void gen_emit_flush(GenFn *f, const PhysNode *pn, uint32_t port) {
  gen_line(f, "b->n = b->sel_len = m;");
  gen_line(f, "b->sel = S->iota;");
  gen_count(f, pn->node->id, "MADE", "m");
  gen_count(f, pn->node->id, port ? "ELSE" : "OUT", "m");
  gen_call_uses(f, pn, port, "b", "S->iota", "m");
  gen_line(f, "if ((rc = frt_block_end(cx, b))) return rc;");
  gen_line(f, "b->row0 += m;");
  gen_line(f, "m = 0;");
}

void gen_emit_flush_when_full(GenFn *f, const PhysNode *pn, uint32_t port) {
  gen_line(f, "if (m == cx->block_rows) {");
  f->indent++;
  gen_emit_flush(f, pn, port);
  f->indent--;
  gen_line(f, "}");
}
