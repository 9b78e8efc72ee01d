/* agg_acc.c: the accumulators of an aggregate: their members in a group's struct A<id>, taking a
 * row, the result.
 *
 * Nulls and rows that the condition leaves out are passed over. An aggregate that passes over
 * nothing shares the group's count of rows (A->rows), others count their own (A->n<k>). Quantiles,
 * lists and joined texts hold (group, value) rows in a store and gather them by group at the end,
 * those of one column in one store; count_distinct and mode number the pairs (group, value) in a
 * table, a block at a time. approx_quantile is exact. What does not fit goes to disk (runtime/op/values.c); the
 * values of a group then come in the order of the groups. */
#include <string.h>

#include "codegen/agg.h"

/* ---- kinds ---- */

const Type *agg_arg_type(const PlanAgg *a) {
  return a->arg[0] ? a->arg[0]->type : type_basic(TY_I64);
}

bool agg_has_by(const PlanAgg *a) { return a->fn == AGG_ARG_MIN || a->fn == AGG_ARG_MAX; }

AggKeep agg_keep(const PlanAgg *a) {
  switch (a->fn) {
  case AGG_COUNT_DISTINCT:
  case AGG_MODE: return KEEP_DISTINCT;
  case AGG_MEDIAN:
  case AGG_QUANTILE:
  case AGG_APPROX_QUANTILE: return KEEP_FLOATS;
  case AGG_LIST:
  case AGG_TEXT_JOIN: return KEEP_ROWS;
  default: return KEEP_INLINE;
  }
}

bool agg_can_fail(const PlanAgg *a) {
  return (a->arg[0] && expr_can_fail(a->arg[0])) || (agg_has_by(a) && expr_can_fail(a->arg[1])) ||
         (a->where && expr_can_fail(a->where));
}

static bool agg_nulls_failed(const AggPrinter *p, const PlanAgg *a) {
  return p->n->policy.kind == FRT_POLICY_NULL && agg_can_fail(a);
}

bool agg_skips(const AggPrinter *p, const PlanAgg *a) {
  if (agg_is_plugin(a)) return false;
  const Expr *counted = agg_has_by(a) ? a->arg[1] : a->arg[0];
  return a->where || (counted && counted->type->nullable) || agg_nulls_failed(p, a);
}

/* first and last take a null for what it is; the others skip nulls. */
static bool agg_takes_null(const PlanAgg *a) { return a->fn == AGG_FIRST || a->fn == AGG_LAST; }

static const char *agg_count(const AggPrinter *p, uint32_t k) {
  return agg_skips(p, &p->n->aggs[k]) ? gen_printf(p->g, "A->n%u", k) : "A->rows";
}

static bool agg_is_text(const Type *t) { return t->kind == TY_STRING || t->kind == TY_BYTES; }
static bool agg_is_deep(const Type *t) { return t->kind == TY_LIST || t->kind == TY_STRUCT; }
static bool agg_is_wide(const Type *t) {
  return t->kind == TY_U64 || (t->kind == TY_DECIMAL && type_is_wide(t));
}

static const char *agg_sum_name(const Type *t) {
  return type_is_float(t) ? "fsum2" : agg_is_wide(t) ? "sum" : "sum2";
}

static bool agg_same_value(const Expr *a, const Expr *b) {
  if (a->kind != b->kind) return false;
  if (a->kind == EX_COLUMN) return a->col == b->col;
  return a->kind == EX_CAST && type_equal(a->type, b->type) && agg_same_value(a->arg[0], b->arg[0]);
}

/* The aggregate whose store of floats aggregate k uses: the first one that holds the same column.
 */
static uint32_t agg_floats_of(const AggPrinter *p, uint32_t k) {
  const PlanAgg *a = &p->n->aggs[k];
  for (uint32_t j = 0; j < k; j++) {
    const PlanAgg *b = &p->n->aggs[j];
    if (agg_keep(b) == KEEP_FLOATS && !a->where && !b->where &&
        agg_same_value(a->arg[0], b->arg[0]))
      return j;
  }
  return k;
}

static bool agg_borrows(const AggPrinter *p, uint32_t k) {
  return agg_keep(&p->n->aggs[k]) == KEEP_FLOATS && agg_floats_of(p, k) != k;
}

/* The value of a table's key for (group, value): packed into a word where both fit 32 bits. */
typedef enum AggKeyForm { KEY_VALUE_WORD, KEY_VALUE_TEXT, KEY_PACKED, KEY_COMPOSITE } AggKeyForm;

static AggKeyForm agg_key_form(const AggPrinter *p, const Type *t) {
  bool text = agg_is_text(t),
       wide = t->kind == TY_UUID || (t->kind == TY_DECIMAL && type_is_wide(t));
  if (!p->grouped) return text ? KEY_VALUE_TEXT : wide ? KEY_COMPOSITE : KEY_VALUE_WORD;
  switch (t->kind) {
  case TY_BOOL:
  case TY_I8:
  case TY_U8:
  case TY_I16:
  case TY_U16:
  case TY_I32:
  case TY_U32:
  case TY_ENUM:
  case TY_DATE: return KEY_PACKED;
  default: return KEY_COMPOSITE;
  }
}

static bool agg_key_is_word(AggKeyForm form) {
  return form == KEY_VALUE_WORD || form == KEY_PACKED;
}

static const char *agg_word(Gen *g, const Type *t, const char *v) {
  return gen_printf(g, type_is_float(t) ? "frt_key_word_f64(%s)" : "(uint64_t)(int64_t)%s", v);
}

bool agg_keeps(const AggPrinter *p) {
  for (uint32_t k = 0; k < p->n->agg_len; k++) {
    const PlanAgg *a = &p->n->aggs[k];
    const Type *t = agg_arg_type(a);
    if (a->fn == AGG_APPROX_DISTINCT) return true;
    if (agg_is_plugin(a)) continue;
    if ((a->fn == AGG_SUM || a->fn == AGG_AVG) && type_is_float(t)) return true;
    if (agg_keep(a) != KEEP_INLINE) continue;
    if (agg_is_text(t) || agg_is_deep(t) || (agg_has_by(a) && agg_is_text(a->arg[1]->type))) return true;
  }
  return false;
}

/* ---- members ---- */

void agg_members(const AggPrinter *p, Buf *b, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_arg_type(a);
  if (agg_skips(p, a)) buf_printf(b, "  uint64_t n%u;\n", k);
  switch (a->fn) {
  case AGG_SUM:
  case AGG_AVG:
    buf_printf(b, "  %s s%u;\n",
               type_is_float(t) ? "FrtFsum2"
               : agg_is_wide(t) ? "FrtSum"
                                : "FrtI128",
               k);
    break;
  case AGG_STDDEV:
  case AGG_VARIANCE: buf_printf(b, "  FrtMoments m%u;\n", k); break;
  case AGG_ANY:
  case AGG_ALL: buf_printf(b, "  uint8_t v%u;\n", k); break;
  case AGG_COUNT_DISTINCT: buf_printf(b, "  uint64_t d%u;\n", k); break;
  case AGG_MODE: buf_printf(b, "  uint64_t best%u, first%u;\n  %s v%u;\n", k, k, gen_ctype(g, t), k); break;
  case AGG_APPROX_DISTINCT: buf_printf(b, "  FrtHll h%u;\n", k); break;
  case AGG_PLUGIN: agg_plugin_member(p, b, k); break;
  case AGG_ARG_MIN:
  case AGG_ARG_MAX:
    buf_printf(b, "  %s w%u;\n", gen_ctype(g, a->arg[1]->type), k);
    if (agg_is_text(a->arg[1]->type)) buf_printf(b, "  uint32_t wroom%u;\n", k);
    /* fallthrough */
  case AGG_MIN:
  case AGG_MAX:
  case AGG_FIRST:
  case AGG_LAST:
    buf_printf(b, "  %s v%u;\n", gen_ctype(g, t), k);
    if (t->nullable && (agg_has_by(a) || agg_takes_null(a))) buf_printf(b, "  uint8_t vn%u;\n", k);
    if (agg_is_text(t)) buf_printf(b, "  uint32_t room%u;\n", k);
    if (agg_is_deep(t)) buf_printf(b, "  FrtRoom room%u;\n", k);
    break;
  default: break;
  }
}

static void agg_declare_distinct(const AggPrinter *p, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_arg_type(a);
  uint32_t id = p->n->id;
  bool word = agg_key_is_word(agg_key_form(p, t));
  buf_printf(&g->held, "  FrtTable tab%u_%u;\n", id, k);
  buf_printf(&g->init, "  frt_table_init(&S->h->tab%u_%u, %d);\n", id, k, !word);
  buf_printf(&g->init, "  frt_at_end(cx, frt_table_end, &S->h->tab%u_%u);\n", id, k);
  gen_array(g, word ? "uint64_t" : "FrtStr", gen_printf(g, "dk%u_%u", id, k));
  gen_array(g, "uint32_t", gen_printf(g, "dg%u_%u", id, k));
  gen_array(g, "uint32_t", gen_printf(g, "di%u_%u", id, k));
  gen_array(g, "uint32_t", gen_printf(g, "df%u_%u", id, k));
  if (a->fn != AGG_MODE) return;
  gen_held_struct(g, id, "value of mode", gen_printf(g, "M%u_%u", id, k),
                  gen_printf(g, "  %s v;\n  uint32_t group;\n  uint64_t count;\n", gen_ctype(g, t)), false);
  buf_printf(&g->held, "  FrtStore mode%u_%u;\n", id, k);
  buf_printf(&g->init, "  frt_store_init(&S->h->mode%u_%u, sizeof(M%u_%u));\n", id, k, id, k);
  buf_printf(&g->init, "  frt_at_end(cx, frt_store_end, &S->h->mode%u_%u);\n", id, k);
  gen_array(g, gen_ctype(g, t), gen_printf(g, "dv%u_%u", id, k));
}

/* How the values go to disk. */
static void agg_declare_values(const AggPrinter *p, uint32_t k) {
  static const char *const kinds[] = { [KEEP_DISTINCT] = "DISTINCT", [KEEP_FLOATS] = "FLOATS", [KEEP_ROWS] = "ROWS" };
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_arg_type(a);
  AggKeep keep = agg_keep(a);
  uint32_t id = p->n->id;
  bool mode = a->fn == AGG_MODE, distinct = keep == KEEP_DISTINCT;
  const char *v = gen_printf(g, "S->h->val%u_%u", id, k), *row = gen_printf(g, "%c%u_%u", mode ? 'M' : 'H', id, k);
  const char *store = distinct && !mode ? "NULL" : gen_printf(g, "&S->h->%s%u_%u", mode ? "mode" : "held", id, k);
  buf_printf(&g->held, "  FrtValues val%u_%u;\n", id, k);
  buf_printf(&g->init, "  frt_values_init(cx, &%s, %u, FRT_VALUES_%s, %s, %s);\n", v, id, mode ? "MODE" : kinds[keep], store,
             distinct ? gen_printf(g, "&S->h->tab%u_%u", id, k) : "NULL");
  if (distinct && p->grouped)
    buf_printf(&g->init, "  %s.group_in = FRT_GROUP_%s;\n", v, agg_key_form(p, t) == KEY_PACKED ? "WORD" : "TEXT");
  if (keep == KEEP_FLOATS) buf_printf(&g->init, "  %s.group_at = FRT_OFFSETOF(FrtHeldF64, group);\n", v);
  if (mode) buf_printf(&g->init, "  %s.count_at = FRT_OFFSETOF(%s, count);\n", v, row);
  if (!mode && keep != KEEP_ROWS) return;
  buf_printf(&g->init, "  %s.group_at = FRT_OFFSETOF(%s, group);\n", v, row);
  buf_printf(&g->init, "  %s.value.values = FRT_OFFSETOF(%s, v);\n  %s.value.type = %s;\n", v, row, v, gen_type_desc(g, t));
}

void agg_declare(const AggPrinter *p, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  uint32_t id = p->n->id;
  if (agg_borrows(p, k)) return;
  switch (agg_keep(a)) {
  case KEEP_DISTINCT: agg_declare_distinct(p, k); break;
  case KEEP_FLOATS:
    buf_printf(&g->held, "  FrtStore held%u_%u;\n  double *vals%u_%u;\n  uint64_t *starts%u_%u;\n",
               id, k, id, k, id, k);
    buf_printf(&g->init, "  frt_store_init(&S->h->held%u_%u, sizeof(FrtHeldF64));\n", id, k);
    break;
  case KEEP_ROWS:
    gen_held_struct(g, id, "value", gen_printf(g, "H%u_%u", id, k),
                    gen_printf(g, "  %s v;\n  uint32_t group;\n", gen_ctype(g, agg_arg_type(a))), false);
    buf_printf(&g->held, "  FrtStore held%u_%u;\n  uint64_t *rows%u_%u, *starts%u_%u;\n", id, k,
               id, k, id, k);
    buf_printf(&g->init, "  frt_store_init(&S->h->held%u_%u, sizeof(H%u_%u));\n", id, k, id, k);
    break;
  default: break;
  }
  if (agg_keep(a) == KEEP_FLOATS || agg_keep(a) == KEEP_ROWS)
    buf_printf(&g->init, "  frt_at_end(cx, frt_store_end, &S->h->held%u_%u);\n", id, k);
  if (agg_keep(a) != KEEP_INLINE) agg_declare_values(p, k);
}

/* ---- taking rows ---- */

void agg_before_rows(const AggPrinter *p, GenFn *f, uint32_t k) {
  if (agg_keep(&p->n->aggs[k]) == KEEP_DISTINCT) gen_line(f, "uint32_t d%u = 0;", k);
  if (agg_is_plugin(&p->n->aggs[k])) gen_line(f, "uint32_t picked%u = 0;", k);
}

/* Stores v into the accumulator's member. */
static void agg_store(GenFn *f, const Type *t, const char *member, const char *room,
                      const char *v) {
  if (agg_is_text(t)) {
    gen_line(f, "frt_keep_str(cx, &A->%s, &A->%s, %s);", member, room, v);
    return;
  }
  gen_line(f, "A->%s = %s;", member, v);
  if (agg_is_deep(t))
    gen_line(f, "frt_keep_value(cx, &A->%s, %s, &A->%s);", room, gen_type_desc(f->g, t), member);
}

/* A C condition: x is before y. NaN is above infinity and equal to itself. */
static const char *agg_before(Gen *g, const Type *t, const char *v, const char *member,
                              bool greater) {
  const char *x = greater ? member : v, *y = greater ? v : member;
  switch (t->kind) {
  case TY_F32:
  case TY_F64: return gen_printf(g, "(%s < %s || (%s != %s && %s == %s))", x, y, y, y, x, x);
  case TY_STRING:
  case TY_BYTES: return gen_printf(g, "frt_str_cmp(%s, %s) < 0", x, y);
  case TY_UUID: return gen_printf(g, "frt_uuid_cmp(%s, %s) < 0", x, y);
  case TY_DECIMAL:
    if (type_is_wide(t)) return gen_printf(g, "frt_i128_cmp(%s, %s) < 0", x, y);
    return gen_printf(g, "%s < %s", x, y);
  default: return gen_printf(g, "%s < %s", x, y);
  }
}

static void agg_sum(GenFn *f, const PlanAgg *a, uint32_t k, const char *v) {
  const Type *t = agg_arg_type(a);
  if (type_is_float(t)) gen_line(f, "FRT_FSUM2_ADD(cx, A->s%u, %s);", k, v);
  else if (agg_is_wide(t)) gen_line(f, "frt_sum_add_wide(&A->s%u, %s);", k, gen_wide(f, t, v));
  else gen_line(f, "FRT_SUM2_ADD(A->s%u, %s);", k, v);
}

static void agg_extreme(const AggPrinter *p, GenFn *f, uint32_t k, CVal v, CVal by) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  bool greater = a->fn == AGG_MAX || a->fn == AGG_ARG_MAX, arg = agg_has_by(a);
  const Type *t = agg_arg_type(a), *key = arg ? a->arg[1]->type : t;
  const char *member = gen_printf(g, arg ? "A->w%u" : "A->v%u", k);
  gen_line(f, "if (!%s || %s) {", agg_count(p, k),
           agg_before(g, key, arg ? by.v : v.v, member, greater));
  f->indent++;
  if (arg) agg_store(f, key, gen_printf(g, "w%u", k), gen_printf(g, "wroom%u", k), by.v);
  if (t->nullable && arg) gen_line(f, "A->vn%u = %s;", k, v.n ? v.n : "0");
  if (v.n && arg) gen_line(f, "if (!%s) {", v.n);
  agg_store(f, t, gen_printf(g, "v%u", k), gen_printf(g, "room%u", k), v.v);
  if (v.n && arg) gen_line(f, "}");
  f->indent--;
  gen_line(f, "}");
}

/* The pair (group, value) goes into the block's list; agg_after_rows numbers them. */
static void agg_take_distinct(const AggPrinter *p, GenFn *f, uint32_t k, const char *v) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_arg_type(a);
  const char *key = gen_printf(g, "S->dk%u_%u[d%u]", p->n->id, k, k);
  switch (agg_key_form(p, t)) {
  case KEY_VALUE_WORD: gen_line(f, "%s = %s;", key, agg_word(g, t, v)); break;
  case KEY_VALUE_TEXT: gen_line(f, "%s = %s;", key, v); break;
  case KEY_PACKED: gen_line(f, "%s = (uint64_t)gid << 32 | (uint32_t)%s;", key, v); break;
  case KEY_COMPOSITE:
    gen_line(f, "{");
    gen_line(f, "  char *p = frt_alloc(cx, %s);",
             agg_is_text(t) ? gen_printf(g, "9 + (size_t)%s.len", v) : "21");
    gen_line(f, "  %s.ptr = p; %s.aux = 0;", key, key);
    gen_line(f, "  p = frt_key_group(p, gid);");
    if (agg_is_text(t)) gen_line(f, "  p = frt_key_text(p, %s);", v);
    else if (t->kind == TY_UUID) gen_line(f, "  p = frt_key_wide(p, %s.hi, %s.lo);", v, v);
    else if (t->kind == TY_DECIMAL && type_is_wide(t))
      gen_line(f, "  p = frt_key_wide(p, (uint64_t)%s.hi, %s.lo);", v, v);
    else gen_line(f, "  p = frt_key_word(p, %s);", agg_word(g, t, v));
    gen_line(f, "  %s.len = (uint32_t)(p - %s.ptr);", key, key);
    gen_line(f, "}");
    break;
  }
  if (a->fn == AGG_MODE) gen_line(f, "S->dv%u_%u[d%u] = %s;", p->n->id, k, k, v);
  gen_line(f, "S->dg%u_%u[d%u++] = gid;", p->n->id, k, k);
}

static void agg_take_held(const AggPrinter *p, GenFn *f, uint32_t k, const char *v) {
  Gen *g = p->g;
  const Type *t = agg_arg_type(&p->n->aggs[k]);
  uint32_t id = p->n->id;
  if (agg_borrows(p, k)) return;
  bool floats = agg_keep(&p->n->aggs[k]) == KEEP_FLOATS;
  gen_line(f, "{");
  if (floats) gen_line(f, "  FrtHeldF64 *h = frt_store_add(cx, &S->h->held%u_%u);", id, k);
  else gen_line(f, "  H%u_%u *h = frt_store_add(cx, &S->h->held%u_%u);", id, k, id, k);
  gen_line(f, "  h->group = gid;");
  if (agg_is_text(t)) gen_line(f, "  h->v = frt_store_text(cx, &S->h->held%u_%u, %s);", id, k, v);
  else gen_line(f, "  h->v = %s;", v);
  if (agg_is_deep(t))
    gen_line(f, "  frt_store_value(cx, &S->h->held%u_%u, %s, &h->v);", id, k, gen_type_desc(g, t));
  gen_line(f, "}");
}

static void agg_take_approx(GenFn *f, const PlanAgg *a, uint32_t k, const char *v) {
  Gen *g = f->g;
  const Type *t = agg_arg_type(a);
  const char *hash;
  if (agg_is_text(t)) hash = gen_printf(g, "frt_hll_text(%s)", v);
  else if (t->kind == TY_UUID)
    hash = gen_printf(g, "frt_hll_word(frt_hll_word(%s.hi) + %s.lo)", v, v);
  else if (t->kind == TY_DECIMAL && type_is_wide(t))
    hash = gen_printf(g, "frt_hll_word(frt_hll_word((uint64_t)%s.hi) + %s.lo)", v, v);
  else hash = gen_printf(g, "frt_hll_word(%s)", agg_word(g, t, v));
  gen_line(f, "frt_hll_add(cx, &A->h%u, %s);", k, hash);
}

static void agg_store_or_null(GenFn *f, const Type *t, uint32_t k, CVal v, const char *room) {
  const char *value = gen_printf(f->g, "v%u", k);
  if (t->nullable) gen_line(f, "A->vn%u = %s;", k, v.n ? v.n : "0");
  if (v.n) gen_line(f, "if (!%s) {", v.n);
  agg_store(f, t, value, room, v.v);
  if (v.n) gen_line(f, "}");
}

void agg_take(const AggPrinter *p, GenFn *f, uint32_t k, AggValues x) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_arg_type(a);
  const char *n = agg_has_by(a) ? x.by.n : agg_takes_null(a) ? NULL : x.v.n;
  if (a->fn == AGG_COUNT && !agg_skips(p, a)) return;
  if (n && x.where) gen_line(f, "if (!%s && %s) {", n, x.where);
  else if (n) gen_line(f, "if (!%s) {", n);
  else if (x.where) gen_line(f, "if (%s) {", x.where);
  else gen_line(f, "{");
  f->indent++;
  const char *room = gen_printf(g, "room%u", k), *count = agg_count(p, k);
  switch (a->fn) {
  case AGG_SUM:
  case AGG_AVG: agg_sum(f, a, k, x.v.v); break;
  case AGG_STDDEV:
  case AGG_VARIANCE: gen_line(f, "frt_moments_add(&A->m%u, %s);", k, x.v.v); break;
  case AGG_ANY: gen_line(f, "A->v%u |= %s;", k, x.v.v); break;
  case AGG_ALL: gen_line(f, "A->v%u = (%s == 0 || A->v%u) && %s;", k, count, k, x.v.v); break;
  case AGG_MIN:
  case AGG_MAX:
  case AGG_ARG_MIN:
  case AGG_ARG_MAX: agg_extreme(p, f, k, x.v, x.by); break;
  case AGG_FIRST:
    gen_line(f, "if (!%s) {", count);
    agg_store_or_null(f, t, k, x.v, room);
    gen_line(f, "}");
    break;
  case AGG_LAST: agg_store_or_null(f, t, k, x.v, room); break;
  case AGG_COUNT_DISTINCT:
  case AGG_MODE: agg_take_distinct(p, f, k, x.v.v); break;
  case AGG_MEDIAN:
  case AGG_QUANTILE:
  case AGG_APPROX_QUANTILE:
  case AGG_LIST:
  case AGG_TEXT_JOIN: agg_take_held(p, f, k, x.v.v); break;
  case AGG_APPROX_DISTINCT: agg_take_approx(f, a, k, x.v.v); break;
  case AGG_PLUGIN: agg_plugin_take(p, f, k); break;
  default: break;
  }
  if (agg_skips(p, a)) gen_line(f, "%s++;", count);
  f->indent--;
  gen_line(f, "}");
}

static const char *agg_row_of(const AggPrinter *p, const char *gid) {
  return p->grouped ? gen_printf(p->g, "FRT_ROW(&S->h->grp%u, %s)", p->n->id, gid)
                    : gen_printf(p->g, "&S->h->agg%u", p->n->id);
}

static void agg_number_distinct(const AggPrinter *p, GenFn *f, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = agg_arg_type(a);
  uint32_t id = p->n->id;
  bool word = agg_key_is_word(agg_key_form(p, t));
  gen_line(f,
           "uint32_t fresh%u = frt_table_add_%s(cx, &S->h->tab%u_%u, S->dk%u_%u, NULL, d%u, "
           "S->di%u_%u, S->df%u_%u);",
           k, word ? "words" : "texts", id, k, id, k, k, id, k, id, k);
  gen_line(f, "for (uint32_t j = 0; j < fresh%u; j++) {", k);
  f->indent++;
  gen_line(f, "uint32_t at = S->df%u_%u[j], gid = S->dg%u_%u[at];", id, k, id, k);
  if (a->fn == AGG_COUNT_DISTINCT) {
    if (!p->grouped) gen_line(f, "(void)gid;");
    gen_line(f, "((A%u *)%s)->d%u++;", id, agg_row_of(p, "gid"), k);
  } else {
    gen_line(f, "M%u_%u *r = frt_store_add(cx, &S->h->mode%u_%u);", id, k, id, k);
    gen_line(f, "r->group = gid;");
    if (agg_is_text(t))
      gen_line(f, "r->v = frt_store_text(cx, &S->h->mode%u_%u, S->dv%u_%u[at]);", id, k, id, k);
    else gen_line(f, "r->v = S->dv%u_%u[at];", id, k);
  }
  f->indent--;
  gen_line(f, "}");
  if (a->fn != AGG_MODE) return;
  gen_line(f, "for (uint32_t j = 0; j < d%u; j++)", k);
  gen_line(f, "  ((M%u_%u *)FRT_ROW(&S->h->mode%u_%u, S->di%u_%u[j]))->count++;", id, k, id, k, id, k);
  (void)g;
}

void agg_after_rows(const AggPrinter *p, GenFn *f, uint32_t k) {
  AggKeep keep = agg_keep(&p->n->aggs[k]);
  if (agg_is_plugin(&p->n->aggs[k])) agg_plugin_after_rows(p, f, k);
  if (keep == KEEP_INLINE || agg_borrows(p, k)) return;
  if (keep == KEEP_DISTINCT) agg_number_distinct(p, f, k);
  gen_line(f, "if (frt_values_keep(cx, &S->h->val%u_%u)) return FRT_FATAL;", p->n->id, k);
}

/* ---- results ---- */

/* The pairs of group and value come from disk. */
static void agg_distinct_back(const AggPrinter *p, GenFn *f, uint32_t k, const char *groups) {
  const PlanAgg *a = &p->n->aggs[k];
  uint32_t id = p->n->id;
  bool mode = a->fn == AGG_MODE, text = agg_is_text(agg_arg_type(a));
  gen_line(f, "uint32_t gid;");
  gen_line(f, "(void)gid;");
  if (mode) {
    gen_line(f, "uint64_t count, first;");
    gen_line(f, "M%u_%u back;", id, k);
    gen_line(f, "memset(&back, 0, sizeof back);");
    gen_line(f, "while ((rc = frt_values_mode(cx, &S->h->val%u_%u, &gid, &count, &first, &back.v)) == FRT_OK) {", id, k);
    f->indent++;
    gen_line(f, "A%u *A = %s;", id, agg_row_of(p, "gid"));
    gen_line(f, "if (count < A->best%u || (count == A->best%u && first > A->first%u)) continue;", k, k, k);
    gen_line(f, "A->best%u = count;", k);
    gen_line(f, "A->first%u = first;", k);
    if (text) gen_line(f, "A->v%u = frt_store_text(cx, &S->h->mode%u_%u, back.v);", k, id, k);
    else gen_line(f, "A->v%u = back.v;", k);
  } else {
    gen_line(f, "for (uint64_t j = 0; j < %s; j++) ((A%u *)%s)->d%u = 0;", groups, id, agg_row_of(p, "j"), k);
    gen_line(f, "while ((rc = frt_values_distinct(cx, &S->h->val%u_%u, &gid)) == FRT_OK) {", id, k);
    f->indent++;
    gen_line(f, "((A%u *)%s)->d%u++;", id, agg_row_of(p, "gid"), k);
  }
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (rc != FRT_END) return rc;");
  gen_line(f, "rc = 0;");
}

/* The quantiles that are read from the values of aggregate k. */
static uint32_t agg_quantiles_of(const AggPrinter *p, uint32_t k, uint32_t *list) {
  uint32_t len = 0;
  for (uint32_t j = k; j < p->n->agg_len; j++)
    if (agg_keep(&p->n->aggs[j]) == KEEP_FLOATS && agg_floats_of(p, j) == k) list[len++] = j;
  return len;
}

static const char *agg_share(const AggPrinter *p, uint32_t k) {
  return p->n->aggs[k].fn == AGG_MEDIAN ? "0.5" : gen_printf(p->g, "second%u", k);
}

static void agg_result_quantile(const AggPrinter *p, GenFn *f, uint32_t k, const char *c) {
  Gen *g = p->g;
  uint32_t id = p->n->id, from = agg_floats_of(p, k), at = 0;
  uint32_t *list = arena_alloc(g->arena, (p->n->agg_len + 1) * sizeof *list), len = agg_quantiles_of(p, from, list);
  const char *starts = gen_printf(g, "S->h->starts%u_%u", id, from);
  Buf shares = { .arena = g->arena };
  for (uint32_t j = 0; j < len; j++) {
    buf_printf(&shares, "%s%s", j ? ", " : "", agg_share(p, list[j]));
    if (list[j] == k) at = j;
  }
  gen_line(f, "if (S->h->val%u_%u.own) {", id, from);
  if (from == k) gen_line(f, "  const double shares[] = {%s};", shares.data);
  if (from == k) gen_line(f, "  frt_values_quantiles(cx, &S->h->val%u_%u, %s, shares, %u, quantile%u);", id, k, agg_count(p, k), len, k);
  gen_line(f, "  %s = quantile%u[%u];", c, from, at);
  gen_line(f, "} else {");
  gen_line(f, "  %s = frt_quantile(S->h->vals%u_%u + %s[g], %s[g + 1] - %s[g], %s);", c, id, from, starts, starts, starts, agg_share(p, k));
  gen_line(f, "}");
}

void agg_before_groups(const AggPrinter *p, GenFn *f, uint32_t k, const char *groups) {
  const PlanAgg *a = &p->n->aggs[k];
  uint32_t id = p->n->id;
  AggKeep keep = agg_keep(a);
  bool holds = keep != KEEP_INLINE && !agg_borrows(p, k);
  if (holds) {
    gen_line(f, "if (frt_values_open(cx, &S->h->val%u_%u)) return FRT_FATAL;", id, k);
    if (keep != KEEP_DISTINCT)
      gen_line(f, "S->h->%s%u_%u = NULL, S->h->starts%u_%u = NULL;", keep == KEEP_FLOATS ? "vals" : "rows", id, k, id, k);
    if (keep == KEEP_FLOATS) {
      uint32_t *list = arena_alloc(p->g->arena, (p->n->agg_len + 1) * sizeof *list), len = agg_quantiles_of(p, k, list);
      gen_line(f, "double quantile%u[%u] = {0};", k, len);
    }
    gen_line(f, "if (S->h->val%u_%u.own) {", id, k);
    f->indent++;
    if (keep == KEEP_DISTINCT) agg_distinct_back(p, f, k, groups);
    f->indent--;
    gen_line(f, "} else {");
    f->indent++;
  }
  if (keep == KEEP_FLOATS && !agg_borrows(p, k))
    gen_line(f, "S->h->vals%u_%u = frt_group_f64(&S->h->held%u_%u, %s, &S->h->starts%u_%u);", id, k, id, k,
             groups, id, k);
  if (keep == KEEP_ROWS)
    gen_line(f,
             "S->h->rows%u_%u = frt_group_rows(&S->h->held%u_%u, FRT_OFFSETOF(H%u_%u, group), %s, "
             "&S->h->starts%u_%u);",
             id, k, id, k, id, k, groups, id, k);
  if (a->fn == AGG_MODE) {
    gen_line(f, "for (uint64_t j = 0; j < S->h->mode%u_%u.len; j++) {", id, k);
    f->indent++;
    gen_line(f, "const M%u_%u *r = FRT_ROW(&S->h->mode%u_%u, j);", id, k, id, k);
    gen_line(f, "A%u *A = %s;", id, agg_row_of(p, "r->group"));
    gen_line(f, "if (r->count > A->best%u) { A->best%u = r->count; A->v%u = r->v; }", k, k, k);
    f->indent--;
    gen_line(f, "}");
  }
  if (holds) {
    f->indent--;
    gen_line(f, "}");
  }
  if (a->fn != AGG_QUANTILE && a->fn != AGG_APPROX_QUANTILE && a->fn != AGG_TEXT_JOIN) return;
  const Type *t = a->fn == AGG_TEXT_JOIN ? type_basic(TY_STRING) : type_basic(TY_F64);
  f->fail = "wrong";
  CVal v = gen_expr(f, a->arg[1]);
  gen_line(f, "%s second%u = %s;", gen_ctype(p->g, t), k, v.v);
  if (a->fn == AGG_TEXT_JOIN) return;
  gen_line(f, "if (!(second%u >= 0 && second%u <= 1)) {", k, k);
  gen_line(f, "  cx->detail = %s;",
           gen_const_str(p->g, "the share of a quantile must be between 0 and 1", 47));
  gen_line(f, "  e = FRT_E_ARGUMENT; goto wrong;");
  gen_line(f, "}");
  f->fails = true;
}

static void agg_result_sum(const AggPrinter *p, GenFn *f, uint32_t k, const char *c) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = g->plan->columns[a->col].type, *in = agg_arg_type(a);
  const char *name = agg_sum_name(in), *count = agg_count(p, k);
  const char *sum = gen_printf(g, agg_is_wide(in) || type_is_float(in) ? "&A->s%u" : "A->s%u", k);
  if (type_is_float(in)) {
    if (a->fn == AGG_SUM) gen_line(f, "%s = (%s)frt_fsum2_value(%s);", c, gen_ctype(g, t), sum);
    else gen_line(f, "%s = frt_fsum2_value(%s) / (double)(int64_t)%s;", c, sum, count);
  } else if (a->fn == AGG_SUM) {
    gen_try_call(f, gen_printf(g, "frt_%s_%s(%s, &%s)", name, t->kind == TY_DECIMAL ? "dec" : "i64",
                               sum, c));
  } else if (t->kind == TY_DECIMAL) {
    const char *w = gen_temp(f, "FrtI128", NULL);
    gen_try_call(f, gen_printf(g, "frt_%s_dec(%s, &%s)", name, sum, w));
    gen_try_call(f, gen_printf(g, "frt_dec_div(%s, %u, frt_i128_from_u64(%s), 0, %u, %u, &%s)", w,
                               in->scale, count, t->scale, t->precision, c));
  } else if (t->kind == TY_DURATION) {
    const char *w = gen_temp(f, "int64_t", NULL);
    gen_try_call(f, gen_printf(g, "frt_%s_i64(%s, &%s)", name, sum, w));
    gen_try_call(f, gen_printf(g, "frt_duration_div(cx, &%s, %s, (int64_t)%s)", c, w, count));
  } else {
    gen_line(f, "%s = frt_%s_avg(%s, (uint64_t)%s);", c, name, sum, count);
  }
}

static void agg_result_value(const AggPrinter *p, GenFn *f, uint32_t k, const char *c) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = g->plan->columns[a->col].type;
  uint32_t id = p->n->id;
  const char *starts = gen_printf(g, "S->h->starts%u_%u", id, k);
  switch (a->fn) {
  case AGG_SUM:
  case AGG_AVG: agg_result_sum(p, f, k, c); break;
  case AGG_VARIANCE:
    gen_line(f, "%s = A->m%u.m2 / (double)(int64_t)(A->m%u.n - 1);", c, k, k);
    break;
  case AGG_STDDEV:
    gen_line(f, "%s = frt_sqrt(cx, A->m%u.m2 / (double)(int64_t)(A->m%u.n - 1));", c, k, k);
    break;
  case AGG_FIRST:
  case AGG_LAST:
  case AGG_ARG_MIN:
  case AGG_ARG_MAX:
    if (agg_arg_type(a)->nullable && t->nullable) gen_line(f, "S->n%u[m] = A->vn%u;", a->col, k);
    gen_line(f, "%s = A->v%u;", c, k);
    break;
  case AGG_MEDIAN:
  case AGG_QUANTILE:
  case AGG_APPROX_QUANTILE:
    agg_result_quantile(p, f, k, c);
    break;
  case AGG_TEXT_JOIN:
    gen_try_call(f, gen_printf(g,
                               "S->h->val%u_%u.own ? frt_values_text(cx, &%s, &S->h->val%u_%u, %s, second%u) : "
                               "frt_text_of_rows(cx, &%s, &S->h->held%u_%u, S->h->rows%u_%u + %s[g], "
                               "%s[g + 1] - %s[g], second%u)",
                               id, k, c, id, k, agg_count(p, k), k, c, id, k, id, k, starts, starts, starts, k));
    gen_line(f, "much += %s.len;", c);
    break;
  default: gen_line(f, "%s = A->v%u;", c, k); break;
  }
}

void agg_result(const AggPrinter *p, GenFn *f, uint32_t k) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  const Type *t = g->plan->columns[a->col].type;
  uint32_t id = p->n->id;
  const char *c = gen_printf(g, "S->c%u[m]", a->col), *count = agg_count(p, k);
  switch (a->fn) {
  case AGG_COUNT: gen_line(f, "%s = (int64_t)%s;", c, count); break;
  case AGG_COUNT_DISTINCT: gen_line(f, "%s = (int64_t)A->d%u;", c, k); break;
  case AGG_APPROX_DISTINCT: gen_line(f, "%s = frt_hll_count(&A->h%u);", c, k); break;
  case AGG_PLUGIN: agg_plugin_result(p, f, k); return;
  case AGG_LIST:
    gen_line(f, "if (S->h->val%u_%u.own) %s = frt_values_list(cx, &S->h->val%u_%u, %s, sizeof(%s));", id, k, c, id, k, count,
             gen_ctype(g, agg_arg_type(a)));
    gen_line(f, "else");
    gen_line(f,
             "  %s = frt_list_of_rows(cx, &S->h->held%u_%u, S->h->rows%u_%u + S->h->starts%u_%u[g], "
             "S->h->starts%u_%u[g + 1] - S->h->starts%u_%u[g], sizeof(%s));",
             c, id, k, id, k, id, k, id, k, id, k, gen_ctype(g, agg_arg_type(a)));
    gen_line(f, "much += %s.len * sizeof(%s);", c, gen_ctype(g, agg_arg_type(a)));
    break;
  default: {
    uint32_t least = a->fn == AGG_STDDEV || a->fn == AGG_VARIANCE ? 2 : 1;
    if (t->nullable) gen_line(f, "S->n%u[m] = %s < %u;", a->col, count, least);
    gen_line(f, "if (%s >= %u) {", count, least);
    f->indent++;
    agg_result_value(p, f, k, c);
    f->indent--;
    gen_line(f, "}");
    return;
  }
  }
  if (t->nullable) gen_line(f, "S->n%u[m] = 0;", a->col);
}

void agg_free(const AggPrinter *p, GenFn *f, uint32_t k) {
  const PlanAgg *a = &p->n->aggs[k];
  uint32_t id = p->n->id;
  if (agg_borrows(p, k)) return;
  if (agg_keep(a) != KEEP_INLINE) gen_line(f, "frt_values_end(&S->h->val%u_%u);", id, k);
  switch (agg_keep(a)) {
  case KEEP_DISTINCT:
    gen_line(f, "frt_table_free(&S->h->tab%u_%u);", id, k);
    if (a->fn == AGG_MODE) gen_line(f, "frt_store_free(&S->h->mode%u_%u);", id, k);
    break;
  case KEEP_FLOATS:
  case KEEP_ROWS:
    gen_line(f, "frt_group_free(S->h->%s%u_%u);", agg_keep(a) == KEEP_FLOATS ? "vals" : "rows", id, k);
    gen_line(f, "frt_group_free(S->h->starts%u_%u);", id, k);
    gen_line(f, "frt_store_free(&S->h->held%u_%u);", id, k);
    break;
  default: break;
  }
}
