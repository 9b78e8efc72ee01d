/* hold.c: operators that hold something and emit it when their input has ended. An aggregate without
 * `by` holds one struct of accumulators. */
#include <string.h>

#include "codegen/gen_expr.h"

static const Type *agg_arg_type(const PlanAgg *a) { return a->arg[0] ? a->arg[0]->type : type_basic(TY_I64); }

static bool agg_is_text(const Type *t) { return t->kind == TY_STRING || t->kind == TY_BYTES; }

static bool agg_sums_floats(const PlanAgg *a) { return type_is_float(agg_arg_type(a)); }

/* Members of the accumulators of aggregate k. */
static void agg_members(Gen *g, Buf *b, const PlanAgg *a, uint32_t k) {
  const Type *t = agg_arg_type(a);
  const char *c = gen_ctype(g, t);
  buf_printf(b, "  uint64_t n%u;\n", k);
  switch (a->fn) {
    case AGG_SUM: case AGG_AVG:
      buf_printf(b, "  %s s%u;\n", agg_sums_floats(a) ? "FrtFsum" : "FrtSum", k);
      break;
    case AGG_STDDEV: case AGG_VARIANCE:
      buf_printf(b, "  FrtMoments m%u;\n", k);
      break;
    case AGG_ANY: case AGG_ALL:
      buf_printf(b, "  uint8_t v%u;\n", k);
      break;
    case AGG_ARG_MIN: case AGG_ARG_MAX:
      buf_printf(b, "  %s w%u;\n", gen_ctype(g, a->arg[1]->type), k);
      if (agg_is_text(a->arg[1]->type)) buf_printf(b, "  uint32_t wroom%u;\n", k);
      /* fallthrough */
    case AGG_MIN: case AGG_MAX: case AGG_FIRST: case AGG_LAST:
      buf_printf(b, "  %s v%u;\n  uint8_t vn%u;\n", c, k, k);
      if (agg_is_text(t)) buf_printf(b, "  uint32_t room%u;\n", k);
      break;
    default:
      break;
  }
}

/* Stores v into the accumulator's member. */
static void agg_store(GenFn *f, const Type *t, const char *member, const char *room, const char *v) {
  if (agg_is_text(t)) gen_line(f, "frt_keep_str(cx, &A->%s, &A->%s, %s);", member, room, v);
  else gen_line(f, "A->%s = %s;", member, v);
}

/* A C condition: v is before the value kept in member. */
static const char *agg_before(Gen *g, const Type *t, const char *v, const char *member, bool greater) {
  const char *x = greater ? member : v, *y = greater ? v : member;
  switch (t->kind) {
    case TY_F32: case TY_F64: return gen_printf(g, "frt_f64_lt(%s, %s)", x, y);
    case TY_STRING: case TY_BYTES: return gen_printf(g, "frt_str_cmp(%s, %s) < 0", x, y);
    case TY_UUID: return gen_printf(g, "frt_uuid_cmp(%s, %s) < 0", x, y);
    case TY_DECIMAL:
      if (type_is_wide(t)) return gen_printf(g, "frt_i128_cmp(%s, %s) < 0", x, y);
      return gen_printf(g, "%s < %s", x, y);
    default: return gen_printf(g, "%s < %s", x, y);
  }
}

static void agg_sum(GenFn *f, const PlanAgg *a, uint32_t k, const char *v) {
  const Type *t = agg_arg_type(a);
  if (agg_sums_floats(a)) gen_line(f, "frt_fsum_add(&A->s%u, %s);", k, v);
  else if (t->kind == TY_U64 || (t->kind == TY_DECIMAL && type_is_wide(t)))
    gen_line(f, "frt_sum_add_wide(&A->s%u, %s);", k, gen_wide(f, t, v));
  else gen_line(f, "FRT_SUM_I64(A->s%u, %s);", k, v);
}

static void agg_extreme(GenFn *f, const PlanAgg *a, uint32_t k, CVal v, CVal by) {
  Gen *g = f->g;
  bool greater = a->fn == AGG_MAX || a->fn == AGG_ARG_MAX, arg = a->fn == AGG_ARG_MIN || a->fn == AGG_ARG_MAX;
  const Type *t = agg_arg_type(a), *key = arg ? a->arg[1]->type : t;
  const char *member = gen_printf(g, arg ? "A->w%u" : "A->v%u", k);
  gen_line(f, "if (!A->n%u || %s) {", k, agg_before(g, key, arg ? by.v : v.v, member, greater));
  f->indent++;
  if (arg) agg_store(f, key, gen_printf(g, "w%u", k), gen_printf(g, "wroom%u", k), by.v);
  if (v.n) gen_line(f, "A->vn%u = %s;", k, v.n);
  if (v.n && arg) gen_line(f, "if (!%s) {", v.n);
  agg_store(f, t, gen_printf(g, "v%u", k), gen_printf(g, "room%u", k), v.v);
  if (v.n && arg) gen_line(f, "}");
  f->indent--;
  gen_line(f, "}");
}

/* Takes one row into aggregate k: the values of its arguments and of its condition. */
static void agg_take(GenFn *f, const PlanAgg *a, uint32_t k, CVal v, CVal by, const char *where) {
  Gen *g = f->g;
  bool arg = a->fn == AGG_ARG_MIN || a->fn == AGG_ARG_MAX;
  const char *n = arg ? by.n : v.n;                    /* nulls are skipped */
  if (n && where) gen_line(f, "if (!%s && %s) {", n, where);
  else if (n) gen_line(f, "if (!%s) {", n);
  else if (where) gen_line(f, "if (%s) {", where);
  else gen_line(f, "{");
  f->indent++;
  switch (a->fn) {
    case AGG_SUM: case AGG_AVG: agg_sum(f, a, k, v.v); break;
    case AGG_STDDEV: case AGG_VARIANCE:
      gen_line(f, "frt_moments_add(&A->m%u, %s);", k, gen_cast(f, agg_arg_type(a), type_basic(TY_F64), (CVal){v.v, NULL}, true).v);
      break;
    case AGG_ANY: gen_line(f, "A->v%u |= %s;", k, v.v); break;
    case AGG_ALL: gen_line(f, "A->v%u = (A->n%u == 0 || A->v%u) && %s;", k, k, k, v.v); break;
    case AGG_MIN: case AGG_MAX: case AGG_ARG_MIN: case AGG_ARG_MAX: agg_extreme(f, a, k, v, by); break;
    case AGG_FIRST:
      gen_line(f, "if (!A->n%u) {", k);
      agg_store(f, agg_arg_type(a), gen_printf(g, "v%u", k), gen_printf(g, "room%u", k), v.v);
      gen_line(f, "}");
      break;
    case AGG_LAST: agg_store(f, agg_arg_type(a), gen_printf(g, "v%u", k), gen_printf(g, "room%u", k), v.v); break;
    default: break;
  }
  gen_line(f, "A->n%u++;", k);
  f->indent--;
  gen_line(f, "}");
}

static void agg_step(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  const Expr **exprs = arena_alloc(g->arena, (n->agg_len * 3 + 1) * sizeof *exprs);
  CVal *v = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *v), *by = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *by);
  const char **where = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *where);
  for (uint32_t k = 0; k < n->agg_len; k++) {
    exprs[3 * k] = n->aggs[k].arg[0];
    exprs[3 * k + 1] = n->aggs[k].arg[1];
    exprs[3 * k + 2] = n->aggs[k].where;
  }
  gen_fn_open(&f, g, n, "");
  gen_declare_columns(&f, exprs, n->agg_len * 3, NULL, 0);
  gen_line(&f, "A%u *A = &S->agg%u;", n->id, n->id);
  gen_line(&f, "uint32_t failed = 0;");
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)e;");
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  for (uint32_t k = 0; k < n->agg_len; k++) {
    const PlanAgg *a = &n->aggs[k];
    where[k] = a->where ? gen_cond(&f, a->where) : NULL;
    if (a->arg[0]) v[k] = gen_expr(&f, a->arg[0]);
    if (a->arg[0]) v[k].v = gen_atom(&f, gen_ctype(g, a->arg[0]->type), v[k].v);
    if (a->arg[1] && (a->fn == AGG_ARG_MIN || a->fn == AGG_ARG_MAX)) by[k] = gen_expr(&f, a->arg[1]);
  }
  for (uint32_t k = 0; k < n->agg_len; k++) agg_take(&f, &n->aggs[k], k, v[k], by[k], where[k]);
  if (f.fails) {
    gen_line(&f, "continue;");
    buf_put(f.out, "  fail:\n");
    gen_line(&f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(g, "", 0));
    gen_line(&f, "failed++;");
    gen_line(&f, "e = 0;");
  }
  f.indent--;
  gen_line(&f, "}");
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "HELD", "n - failed");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* The result of aggregate k into c[0], n[0]. */
static void agg_result(GenFn *f, const PlanAgg *a, uint32_t k) {
  Gen *g = f->g;
  const Type *t = g->plan->columns[a->col].type, *in = agg_arg_type(a);
  const char *c = gen_printf(g, "S->c%u[0]", a->col);
  if (a->fn == AGG_COUNT) {
    gen_line(f, "%s = (int64_t)A->n%u;", c, k);
    return;
  }
  uint32_t least = a->fn == AGG_STDDEV || a->fn == AGG_VARIANCE ? 2 : 1;
  if (t->nullable) gen_line(f, "S->n%u[0] = A->n%u < %u;", a->col, k, least);
  gen_line(f, "if (A->n%u >= %u) {", k, least);
  f->indent++;
  f->fail = gen_printf(g, "fail%u", k);
  switch (a->fn) {
    case AGG_SUM:
      if (agg_sums_floats(a)) gen_line(f, "%s = (%s)frt_fsum_value(&A->s%u);", c, gen_ctype(g, t), k);
      else if (t->kind == TY_DECIMAL) gen_try_call(f, gen_printf(g, "frt_sum_dec(&A->s%u, &%s)", k, c));
      else gen_try_call(f, gen_printf(g, "frt_sum_%s(&A->s%u, &%s)", t->kind == TY_U64 ? "u64" : "i64", k, c));
      break;
    case AGG_AVG:
      if (t->kind == TY_DECIMAL) {
        const char *w = gen_temp(f, "FrtI128", NULL);
        gen_try_call(f, gen_printf(g, "frt_sum_dec(&A->s%u, &%s)", k, w));
        gen_try_call(f, gen_printf(g, "frt_dec_div(%s, %u, frt_i128_from_u64(A->n%u), 0, %u, %u, &%s)", w, in->scale, k, t->scale,
                                   t->precision, c));
      } else if (t->kind == TY_DURATION) {
        const char *w = gen_temp(f, "int64_t", NULL);
        gen_try_call(f, gen_printf(g, "frt_sum_i64(&A->s%u, &%s)", k, w));
        gen_line(f, "%s = %s / (int64_t)A->n%u;", c, w, k);
      } else {
        gen_line(f, "%s = frt_%s(&A->s%u) / (double)A->n%u;", c, agg_sums_floats(a) ? "fsum_value" : "sum_f64", k, k);
      }
      break;
    case AGG_VARIANCE: gen_line(f, "%s = A->m%u.m2 / (double)(A->m%u.n - 1);", c, k, k); break;
    case AGG_STDDEV: gen_line(f, "%s = frt_sqrt(cx, A->m%u.m2 / (double)(A->m%u.n - 1));", c, k, k); break;
    case AGG_ARG_MIN: case AGG_ARG_MAX:
      if (t->nullable) gen_line(f, "S->n%u[0] = A->vn%u;", a->col, k);
      gen_line(f, "%s = A->v%u;", c, k);
      break;
    default: gen_line(f, "%s = A->v%u;", c, k); break;
  }
  f->indent--;
  gen_line(f, "}");
}

static void agg_emit(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f = {.g = g, .out = &g->funcs, .row = "i"};
  buf_printf(&g->protos, "static int op%u_emit(FrtCtx *cx, void *state);\n", n->id);
  buf_printf(&g->state, "  A%u agg%u;\n  FrtBlock b%u;\n", n->id, n->id, n->id);
  gen_line(&f, "static int op%u_emit(FrtCtx *cx, void *state) {", n->id);
  f.indent = 1;
  gen_line(&f, "State *S = state;");
  gen_line(&f, "A%u *A = &S->agg%u;", n->id, n->id);
  gen_line(&f, "FrtBlock *b = &S->b%u;", n->id);
  gen_line(&f, "uint32_t rows = 1;");
  gen_line(&f, "int e = 0, rc = 0;");
  gen_line(&f, "(void)A; (void)e;");
  gen_line(&f, "S->block = b;");
  gen_line(&f, "b->n = b->sel_len = 1; b->sel = S->iota;");
  for (uint32_t k = 0; k < n->agg_len; k++) {
    gen_column_state(g, n->aggs[k].col, true);
    f.fails = false;
    agg_result(&f, &n->aggs[k], k);
    if (!f.fails) continue;
    const char *name = g->plan->columns[n->aggs[k].col].name;
    gen_line(&f, "if (0) {");
    gen_line(&f, "  fail%u: frt_error(cx, b, 0, %u, e, %s);", k, n->id, gen_const_str(g, name, strlen(name)));
    gen_line(&f, "  e = 0; rows = 0;");
    gen_line(&f, "}");
  }
  gen_count(&f, n->id, "MADE", "1");
  gen_count(&f, n->id, "OUT", "rows");
  gen_call_uses(&f, pn, 0, "b", "S->iota", "rows");
  gen_line(&f, "return frt_block_end(cx, b);");
  gen_fn_close(&f);
}

void gen_aggregate(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  Buf members = {.arena = g->arena};
  for (uint32_t k = 0; k < n->agg_len; k++) agg_members(g, &members, &n->aggs[k], k);
  buf_printf(&g->types, "typedef struct A%u {  /* accumulators of n%u */\n%s} A%u;\n", n->id, n->id, members.data ? members.data : "  int none;\n",
             n->id);
  agg_step(g, pn);
  agg_emit(g, pn);
}
