/* order_key.c: sort keys: the word that orders most rows, and the comparison for the rest.
 *
 * Each key is a field of the word: a bit for null where it can be null, then the value as an unsigned number in
 * the order of its type, complemented for `desc`. Keys are packed from the top while they fit; of the first that
 * does not, the upper bits fill what is left. `sort flag, day desc` is 1 + 32 bits, and the words alone are the
 * order; `sort name` has the first 8 bytes of the text, and rows of equal words are compared.
 *
 *   | null | flag | null | ~day | 0 ... |      63 ... 0 */
#include <string.h>

#include "codegen/gen_order.h"

/* ---- fields of the word ---- */

/* v as an unsigned number of field.bits bits that orders as the values do. */
static const char *key_order(GenFn *f, const Type *t, const char *v, PhysWord field) {
  Gen *g = f->g;
  uint64_t half = 1ull << (field.bits > 0 ? field.bits - 1 : 0);
  switch (t->kind) {
    case TY_BOOL: case TY_U8: case TY_U16: case TY_U32: case TY_ENUM: case TY_U64: case TY_TIME:
      return gen_printf(g, "(uint64_t)%s", v);
    case TY_F64: return gen_printf(g, "frt_order_f64(%s)", v);
    case TY_F32: return gen_printf(g, "(frt_order_f64((double)%s) >> 29)", v);
    case TY_STRING: case TY_BYTES: return gen_printf(g, "frt_order_text(%s)", v);
    case TY_UUID: return gen_printf(g, "%s.hi", v);
    case TY_DECIMAL:
      if (!type_is_wide(t)) break;   /* what passes 64 bits is the first or the last, and compared */
      return gen_printf(g, "(%s.hi == (int64_t)%s.lo >> 63 ? %s.lo ^ 0x%lxUL : %s.hi < 0 ? 0UL : ~0UL)", v, v, v, (unsigned long)half, v);
    default: break;
  }
  return gen_printf(g, "((uint64_t)(int64_t)%s + 0x%lxUL)", v, (unsigned long)half);
}

bool gen_order_key_rests(const GenOrder *o, uint32_t j) { return !o->exact && o->n->keys[j].value->kind != EX_COLUMN; }

static const char *key_place(Gen *g, const char *v, int shift) {
  if (shift > 0) return gen_printf(g, "%s << %d", v, shift);
  return shift < 0 ? gen_printf(g, "%s >> %d", v, -shift) : v;
}

static void key_word(GenFn *f, const PlanSortKey *key, CVal v, int *left) {
  Gen *g = f->g;
  PhysWord field = phys_word(key->value->type);
  bool null = key->value->type->nullable;
  if (null) (*left)--;
  if (!*left) field.bits = 0;
  int shift = *left - field.bits;
  *left = shift > 0 ? shift : 0;
  if (v.n) gen_line(f, "if (%s) {", v.n);
  if (v.n && !key->nulls_first) gen_line(f, "  word |= 0x%lxUL;", 1ul << (*left + (shift > 0 ? field.bits : field.bits + shift)));
  if (v.n) gen_line(f, "} else {");
  else if (field.bits) gen_line(f, "{");
  if (null && key->nulls_first) gen_line(f, "  word |= 0x%lxUL;", 1ul << (*left + (shift > 0 ? field.bits : field.bits + shift)));
  if (field.bits) {
    const char *w = key_order(f, key->value->type, v.v, field);
    uint64_t mask = field.bits == 64 ? ~0ull : (1ull << field.bits) - 1;
    if (key->desc) w = gen_printf(g, "(0x%lxUL - %s)", (unsigned long)mask, w);
    gen_line(f, "  word |= %s;", key_place(g, w, shift));
  }
  if (v.n || field.bits) gen_line(f, "}");
}

void gen_order_word(GenFn *f, const GenOrder *o, const CVal *v) {
  int left = 64;
  gen_line(f, "uint64_t word = 0;");
  for (uint32_t j = 0; j < o->n->key_len && left; j++) key_word(f, &o->n->keys[j], v[j], &left);
}

/* ---- several words, bytes ---- */

/* Part i of a key, complemented for `desc`. */
static const char *key_part(GenFn *f, const PlanSortKey *key, const char *v, int i) {
  Gen *g = f->g;
  const Type *t = key->value->type;
  PhysKeyForm form = phys_key_form(t);
  unsigned long mask = form.bits == 64 ? ~0ul : (1ul << form.bits) - 1;
  const char *w;
  if (form.parts == 1) w = key_order(f, t, v, phys_word(t));
  else if (i || t->kind == TY_UUID) w = gen_printf(g, "%s.%s", v, i ? "lo" : "hi");
  else w = gen_printf(g, "((uint64_t)%s.hi ^ 0x%lxUL)", v, 1ul << 63);
  return key->desc ? gen_printf(g, "(0x%lxUL - %s)", mask, w) : w;
}

static void words_key(GenFn *f, const PlanSortKey *key, CVal v, PhysPlaces *at) {
  PhysKeyForm form = phys_key_form(key->value->type);
  PhysPlace null = {0};
  if (key->value->type->nullable) null = phys_place(at, 1);
  if (v.n) gen_line(f, "if (%s) {", v.n);
  if (v.n && !key->nulls_first) gen_line(f, "  w%u |= 0x%lxUL;", null.word, 1ul << null.shift);
  gen_line(f, v.n ? "} else {" : "{");
  if (key->value->type->nullable && key->nulls_first) gen_line(f, "  w%u |= 0x%lxUL;", null.word, 1ul << null.shift);
  for (int i = 0; i < form.parts; i++) {
    PhysPlace p = phys_place(at, form.bits);
    if (form.bits) gen_line(f, "  w%u |= %s;", p.word, key_place(f->g, key_part(f, key, v.v, i), p.shift));
  }
  gen_line(f, "}");
}

void gen_order_words(GenFn *f, const GenOrder *o, const CVal *v) {
  PhysPlaces at = {0};
  for (uint32_t j = 0; j < phys_sort_words(o->n); j++) gen_line(f, "uint64_t w%u = 0;", j);
  for (uint32_t j = 0; j < o->n->key_len; j++) words_key(f, &o->n->keys[j], v[j], &at);
}

static bool key_is_text(const PlanSortKey *key) {
  return key->value->type->kind == TY_STRING || key->value->type->kind == TY_BYTES;
}

static void bytes_key(GenFn *f, const PlanSortKey *key, CVal v) {
  PhysKeyForm form = phys_key_form(key->value->type);
  int first = key->nulls_first;
  if (v.n) gen_line(f, "*p++ = %s ? %d : %d;", v.n, !first, first);
  else if (key->value->type->nullable) gen_line(f, "*p++ = %d;", first);
  if (v.n) gen_line(f, "if (!%s) {", v.n);
  if (key_is_text(key)) {
    gen_line(f, "p = frt_order_put_text(p, %s, %d);", v.v, key->desc ? 255 : 0);
  } else {
    for (int i = 0; i < form.parts; i++)
      gen_line(f, "p = frt_order_put_word(p, %s, %d);", key_part(f, key, v.v, i), (form.bits + 7) / 8);
  }
  if (v.n) gen_line(f, "}");
}

int gen_order_form(const GenOrder *o) {
  const PlanSortKey *key = o->n->keys;
  if (phys_sort_words(o->n)) return 0;
  return o->n->key_len == 1 && key_is_text(key) && !key->value->type->nullable && !key->desc ? FRT_SORT_TEXT : FRT_SORT_PARTS;
}

void gen_order_bytes(GenFn *f, const GenOrder *o, const CVal *v, const char *to) {
  Gen *g = f->g;
  const PlanSortKey *keys = o->n->keys;
  if (gen_order_form(o) == FRT_SORT_TEXT) {
    gen_line(f, "%s = %s;", to, v[0].v);   /* as it is */
    return;
  }
  Buf size = {.arena = g->arena};
  int fixed = 1;
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    fixed += key_is_text(&keys[j]) ? 3 : 17;
    if (!key_is_text(&keys[j])) continue;
    if (v[j].n) buf_printf(&size, " + 2 * (size_t)(%s ? 0 : %s.len)", v[j].n, v[j].v);
    else buf_printf(&size, " + 2 * (size_t)%s.len", v[j].v);
  }
  gen_line(f, "char *p = frt_alloc(cx, %d%s);", fixed, size.data ? size.data : "");
  gen_line(f, "%s.ptr = p;", to);
  for (uint32_t j = 0; j < o->n->key_len; j++) bytes_key(f, &keys[j], v[j]);
  gen_line(f, "%s.len = (uint32_t)(p - %s.ptr);", to, to);
}

/* op<id>_key: the same bytes of a row that rests. */
void gen_order_key(const GenOrder *o) {
  Gen *g = o->g;
  GenFn f = {.g = g, .out = &g->funcs};
  Buf size = {.arena = g->arena};
  int fixed = 1;
  CVal *v = arena_alloc(g->arena, (o->n->key_len + 1) * sizeof *v);
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    const PlanSortKey *key = &o->n->keys[j];
    const char *member = gen_order_key_rests(o, j) ? gen_printf(g, "%u", j) : gen_printf(g, "%u", key->value->col);
    const char *kind = gen_order_key_rests(o, j) ? "k" : "";
    v[j].v = gen_printf(g, "x->%s%s", *kind ? kind : "c", member);
    v[j].n = key->value->type->nullable ? gen_printf(g, "x->%sn%s", kind, member) : NULL;
    fixed += key_is_text(key) ? 3 : 17;
    if (key_is_text(key)) buf_printf(&size, v[j].n ? " + 2 * (size_t)(%s ? 0 : %s.len)" : "%s + 2 * (size_t)%s.len", v[j].n ? v[j].n : "", v[j].v);
  }
  buf_printf(&g->protos, "static uint32_t op%u_key(FrtAway *a, const void *row);\n", o->n->id);
  gen_line(&f, "static uint32_t op%u_key(FrtAway *a, const void *row) {", o->n->id);
  f.indent = 1;
  gen_line(&f, "const R%u *x = row;", o->n->id);
  gen_line(&f, "char *p = frt_away_room(a, %d%s), *from = p;", fixed, size.data ? size.data : "");
  gen_line(&f, "(void)x;");
  for (uint32_t j = 0; j < o->n->key_len; j++) bytes_key(&f, &o->n->keys[j], v[j]);
  gen_line(&f, "return (uint32_t)(p - from);");
  gen_fn_close(&f);
}

/* ---- rows that go to disk ---- */

void gen_away_column(Gen *g, Buf *b, const char *row, const char *value, const char *null, const Type *t) {
  buf_printf(b, "  {FRT_OFFSETOF(%s, %s), ", row, value);
  if (t->nullable) buf_printf(b, "FRT_OFFSETOF(%s, %s), ", row, null);
  else buf_put(b, "0, ");
  buf_printf(b, "%s},\n", gen_type_desc(g, t));
}

uint32_t gen_away_columns(const GenOrder *o, Buf *b) {
  Gen *g = o->g;
  const char *row = gen_printf(g, "R%u", o->n->id);
  uint32_t len = o->len;
  for (uint32_t i = 0; i < o->len; i++)
    gen_away_column(g, b, row, gen_printf(g, "c%u", o->cols[i]), gen_printf(g, "n%u", o->cols[i]), g->plan->columns[o->cols[i]].type);
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    if (!gen_order_key_rests(o, j)) continue;
    gen_away_column(g, b, row, gen_printf(g, "k%u", j), gen_printf(g, "kn%u", j), o->n->keys[j].value->type);
    len++;
  }
  return len;
}

void gen_away_init(const GenOrder *o, const char *away, uint32_t len) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  buf_printf(&g->init, "  frt_away_init(cx, &%s, %u, op%u_away, %u, &S->h->store%u, &S->h->pairs%u, %s);\n", away, id, id, len, id, id,
             o->n->by_len ? gen_printf(g, "&S->h->table%u", id) : "NULL");
  if (o->exact) return;
  gen_order_key(o);
  buf_printf(&g->init, "  %s.compare = op%u_compare;\n  %s.key = op%u_key;\n", away, id, away, id);
}

/* ---- rows ---- */

static bool order_has(const ColId *cols, uint32_t len, ColId col) {
  for (uint32_t i = 0; i < len; i++)
    if (cols[i] == col) return true;
  return false;
}

GenOrder gen_order_plan(Gen *g, const PhysNode *pn, const ColId *more, uint32_t more_len) {
  const PlanNode *n = pn->node;
  const Schema *in = &n->in[0].node->out[n->in[0].port].schema;
  GenOrder o = {.g = g, .pn = pn, .n = n, .exact = phys_words_exact(n)};
  uint32_t most = in->len + more_len + n->key_len + 1;
  o.out = arena_alloc(g->arena, most * sizeof *o.out);
  o.cols = arena_alloc(g->arena, most * sizeof *o.cols);
  for (uint32_t i = 0; i < in->len; i++) {
    ColId c = in->cols[i].col;
    if (pn->kept[c] && !order_has(o.out, o.out_len, c)) o.out[o.out_len++] = c;
  }
  memcpy(o.cols, o.out, o.out_len * sizeof *o.cols);
  o.len = o.out_len;
  for (uint32_t i = 0; i < more_len; i++)
    if (!order_has(o.cols, o.len, more[i])) o.cols[o.len++] = more[i];
  for (uint32_t j = 0; j < n->key_len && !o.exact; j++) {
    const Expr *e = n->keys[j].value;
    if (e->kind == EX_COLUMN && !order_has(o.cols, o.len, e->col)) o.cols[o.len++] = e->col;
  }
  return o;
}

void gen_order_state(const GenOrder *o, const char *members) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  Buf more = {.arena = g->arena};
  if (members) buf_put(&more, members);
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    const Type *t = o->n->keys[j].value->type;
    if (!gen_order_key_rests(o, j)) continue;
    buf_printf(&more, "  %s k%u;\n", gen_ctype(g, t), j);
    if (t->nullable) buf_printf(&more, "  uint8_t kn%u;\n", j);
  }
  gen_row_struct(g, id, "row", gen_printf(g, "R%u", id), o->cols, o->len, more.data);
  buf_printf(&g->held, "  FrtStore store%u;\n  FrtPairs pairs%u;\n", id, id);
  buf_printf(&g->init, "  frt_store_init(&S->h->store%u, sizeof(R%u));\n", id, id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_store_end, &S->h->store%u);\n  frt_at_end(cx, frt_pairs_end, &S->h->pairs%u);\n", id, id);
}

const Expr **gen_order_exprs(const GenOrder *o) {
  const Expr **exprs = arena_alloc(o->g->arena, (o->n->key_len + 1) * sizeof *exprs);
  for (uint32_t j = 0; j < o->n->key_len; j++) exprs[j] = o->n->keys[j].value;
  return exprs;
}

void gen_order_eval(GenFn *f, const GenOrder *o, CVal *v) {
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    const Expr *e = o->n->keys[j].value;
    v[j] = gen_expr(f, e);
    v[j].v = gen_atom_of(f, e->type, v[j].v);
    if (v[j].n) v[j].n = gen_atom(f, "uint8_t", v[j].n);
  }
}

void gen_order_add(GenFn *f, const GenOrder *o, const CVal *v) {
  uint32_t id = o->n->id;
  const char *store = gen_printf(f->g, "&S->h->store%u", id);
  gen_line(f, "R%u *row = frt_store_add(cx, %s);", id, store);
  gen_line(f, "(void)row;");
  gen_row_save(f, o->cols, o->len, "row", store);
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    const Type *t = o->n->keys[j].value->type;
    if (!gen_order_key_rests(o, j)) continue;
    if (t->nullable) gen_line(f, "row->kn%u = %s;", j, v[j].n ? v[j].n : "0");
    if (v[j].n) gen_line(f, "if (!%s)", v[j].n);
    if (t->kind == TY_STRING || t->kind == TY_BYTES) gen_line(f, "row->k%u = frt_store_text(cx, %s, %s);", j, store, v[j].v);
    else gen_line(f, "row->k%u = %s;", j, v[j].v);
  }
  gen_line(f, "frt_pairs_add(&S->h->pairs%u, word, S->h->store%u.len - 1);", id, id);
}

void gen_order_targets(GenFn *f, const GenOrder *o) {
  Gen *g = f->g;
  for (uint32_t i = 0; i < o->out_len; i++) {
    ColId c = o->out[i];
    const Type *t = g->plan->columns[c].type;
    gen_column_state(g, c, false);
    buf_printf(&g->state, "  %s *x%u_c%u;\n", gen_ctype(g, t), o->n->id, c);
    buf_printf(&g->setup, "  S->x%u_c%u = frt_alloc_run(cx, cx->block_rows * sizeof(%s));\n", o->n->id, c, gen_ctype(g, t));
    gen_line(f, "S->c%u = S->x%u_c%u;", c, o->n->id, c);
    if (!t->nullable) continue;
    buf_printf(&g->state, "  uint8_t *x%u_n%u;\n", o->n->id, c);
    buf_printf(&g->setup, "  S->x%u_n%u = frt_alloc_run(cx, cx->block_rows);\n", o->n->id, c);
    gen_line(f, "S->n%u = S->x%u_n%u;", c, o->n->id, c);
  }
}

void gen_order_load(GenFn *f, const GenOrder *o) {
  for (uint32_t i = 0; i < o->out_len; i++) {
    ColId c = o->out[i];
    gen_line(f, "S->c%u[m] = row->c%u;", c, c);
    if (f->g->plan->columns[c].type->nullable) gen_line(f, "S->n%u[m] = row->n%u;", c, c);
  }
}

/* ---- groups ---- */

/* The keys of `per` and `over (by ...)`: columns, or what the operator makes for them. */
Expr **gen_order_by(const GenOrder *o) {
  const PlanNode *n = o->n;
  Expr **by = arena_alloc(o->g->arena, (n->by_len + 1) * sizeof *by);
  for (uint32_t i = 0; i < n->by_len; i++) {
    for (uint32_t k = 0; k < n->made_len; k++)
      if (n->made[k].col == n->by[i]) by[i] = n->made[k].value;
    if (by[i]) continue;
    by[i] = expr_new(o->g->arena, EX_COLUMN, o->g->plan->columns[n->by[i]].type, n->span, 0);
    by[i]->col = n->by[i];
  }
  return by;
}

static void order_visit(void *env, ColId col) {
  GenOrder *o = env;
  if (!order_has(o->cols, o->len, col)) o->cols[o->len++] = col;
}

const ColId *gen_order_reads(const GenOrder *o, uint32_t *len) {
  GenOrder r = {.len = o->len};
  Expr **by = gen_order_by(o);
  r.cols = arena_alloc(o->g->arena, (o->g->plan->column_len + 1) * sizeof *r.cols);
  memcpy(r.cols, o->cols, o->len * sizeof *r.cols);
  for (uint32_t i = 0; i < o->n->by_len; i++) expr_columns(by[i], order_visit, &r);
  *len = r.len;
  return r.cols;
}

GenKeys gen_order_groups(GenFn *f, const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  GenKeys keys = gen_keys(f, o->n, "per", gen_order_by(o), o->n->by_len, true);
  buf_printf(&g->state, "  uint32_t *fresh%u;\n", id);
  buf_printf(&g->setup, "  S->fresh%u = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", id);
  gen_turn(f);
  gen_line(f, "frt_table_add_%s(cx, &S->h->table%u, %s, %s, %s, %s, S->fresh%u);", keys.is_word ? "words" : "texts", id, keys.keys, keys.nul,
           keys.n, keys.ids, id);
  return keys;
}

void gen_order_table(const GenOrder *o) {
  Gen *g = o->g;
  buf_printf(&g->held, "  FrtTable table%u;\n", o->n->id);
  buf_printf(&g->init, "  frt_table_init(&S->h->table%u, %d);\n", o->n->id, !gen_keys_are_words(gen_order_by(o), o->n->by_len, true));
  buf_printf(&g->init, "  frt_at_end(cx, frt_table_end, &S->h->table%u);\n", o->n->id);
}

/* ---- comparison ---- */

const char *gen_order_before(Gen *g, const Type *t, const char *a, const char *b) {
  switch (t->kind) {
    case TY_F32: case TY_F64: return gen_printf(g, "frt_f64_lt(%s, %s)", a, b);
    case TY_STRING: case TY_BYTES: return gen_printf(g, "frt_str_cmp(%s, %s) < 0", a, b);
    case TY_UUID: return gen_printf(g, "frt_uuid_cmp(%s, %s) < 0", a, b);
    case TY_DECIMAL:
      if (type_is_wide(t)) return gen_printf(g, "frt_i128_cmp(%s, %s) < 0", a, b);
      break;
    default: break;
  }
  return gen_printf(g, "%s < %s", a, b);
}

static void compare_key(GenFn *f, const GenOrder *o, uint32_t j) {
  Gen *g = o->g;
  const PlanSortKey *key = &o->n->keys[j];
  const Type *t = key->value->type;
  bool rests = gen_order_key_rests(o, j);
  const char *m = rests ? gen_printf(g, "k%u", j) : gen_printf(g, "c%u", key->value->col);
  const char *null = rests ? gen_printf(g, "kn%u", j) : gen_printf(g, "n%u", key->value->col);
  const char *x = gen_printf(g, "x->%s", m), *y = gen_printf(g, "y->%s", m);
  if (t->nullable) gen_line(f, "if (x->%s != y->%s) return x->%s ? %d : %d;", null, null, null, key->nulls_first ? -1 : 1, key->nulls_first ? 1 : -1);
  if (t->nullable) gen_line(f, "if (!x->%s) {", null);
  if (t->kind == TY_STRING || t->kind == TY_BYTES) {
    gen_line(f, "if ((c = frt_str_cmp(%s, %s))) return %sc;", x, y, key->desc ? "-" : "");
  } else {
    gen_line(f, "if (%s) return %d;", gen_order_before(g, t, x, y), key->desc ? 1 : -1);
    gen_line(f, "if (%s) return %d;", gen_order_before(g, t, y, x), key->desc ? -1 : 1);
  }
  if (t->nullable) gen_line(f, "}");
}

const char *gen_order_compare_name(const GenOrder *o) { return o->exact ? "NULL" : gen_printf(o->g, "op%u_compare", o->n->id); }

void gen_order_compare(const GenOrder *o) {
  Gen *g = o->g;
  if (o->exact) return;
  GenFn f = {.g = g, .out = &g->funcs};
  const char *args = "(const void *env, const void *a, const void *b)";
  buf_printf(&g->protos, "static int op%u_compare%s;\n", o->n->id, args);
  gen_line(&f, "/* n%u %s: the order of two rows */", o->n->id, o->n->word ? o->n->word : "");
  gen_line(&f, "static int op%u_compare%s {", o->n->id, args);
  f.indent = 1;
  gen_line(&f, "const R%u *x = a, *y = b;", o->n->id);
  gen_line(&f, "int c = 0;");
  gen_line(&f, "(void)env; (void)c; (void)x; (void)y;");
  for (uint32_t j = 0; j < o->n->key_len; j++) compare_key(&f, o, j);
  gen_line(&f, "return 0;");
  gen_fn_close(&f);
}
