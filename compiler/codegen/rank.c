/* rank.c: window functions.
 *
 * Rows rest in input order. When the input has ended the pairs are sorted, groups one after another, and each
 * window function goes over the pairs of each group once and writes its result into the rows; then the rows go on
 * in input order. Frames:
 *
 *   whole     no order: all rows of the group; first and last without `rows`
 *   running   an order: the rows up to the present one
 *   frame     rows n: the present row and the n - 1 before it
 *
 * Sums add what enters and subtract what leaves; they are exact, floats included (what is not finite is counted),
 * so a frame's sum is that of its rows alone. min and max of a frame keep the rows that can still become the
 * extreme, in a queue of ascending rank (Lemire, "Streaming maximum-minimum filter", 2006): constant time a row. */
#include <string.h>

#include "codegen/gen_order.h"

typedef enum RankMode { RANK_WHOLE, RANK_RUNNING, RANK_FRAME } RankMode;

typedef struct Rank {
  GenOrder o;
  const PlanAgg *a;   /* the present one, its number, and its mode */
  uint32_t k;
  RankMode mode;
} Rank;

static RankMode rank_mode(const PlanNode *n, const PlanAgg *a) {
  if (n->frame) return RANK_FRAME;
  bool edge = a->fn == AGG_FIRST || a->fn == AGG_LAST;
  return n->key_len && !edge ? RANK_RUNNING : RANK_WHOLE;
}

static bool rank_takes_value(const PlanAgg *a) { return a->arg[0] && a->fn != AGG_NTILE; }

static bool rank_can_fail(const PlanAgg *a) { return a->fn == AGG_SUM || a->fn == AGG_AVG; }

/* ---- members of the row ---- */

static bool rank_is_column(const PlanAgg *a) { return a->arg[0]->kind == EX_COLUMN; }

static const char *rank_value(Gen *g, const PlanAgg *a, uint32_t k) {
  return rank_is_column(a) ? gen_printf(g, "c%u", a->arg[0]->col) : gen_printf(g, "a%u", k);
}

/* The condition that row r has no value; NULL where all have one. */
static const char *rank_null(Gen *g, const PlanAgg *a, uint32_t k, const char *r) {
  const char *n = NULL;
  if (rank_takes_value(a) && a->arg[0]->type->nullable)
    n = rank_is_column(a) ? gen_printf(g, "%s->n%u", r, a->arg[0]->col) : gen_printf(g, "%s->an%u", r, k);
  if (a->where) n = n ? gen_printf(g, "(%s | !%s->u%u)", n, r, k) : gen_printf(g, "!%s->u%u", r, k);
  return n;
}

static const char *rank_members(const GenOrder *o) {
  Gen *g = o->g;
  Buf b = {.arena = g->arena};
  buf_put(&b, "  uint32_t g;\n  uint32_t bad, which;  /* an error, and the function */\n");
  for (uint32_t k = 0; k < o->n->agg_len; k++) {
    const PlanAgg *a = &o->n->aggs[k];
    const Type *t = g->plan->columns[a->col].type;
    buf_printf(&b, "  %s w%u;\n", gen_ctype(g, t), k);
    if (t->nullable) buf_printf(&b, "  uint8_t wn%u;\n", k);
    if (a->where) buf_printf(&b, "  uint8_t u%u;\n", k);
    if (!rank_takes_value(a) || rank_is_column(a)) continue;
    buf_printf(&b, "  %s a%u;\n", gen_ctype(g, a->arg[0]->type), k);
    if (a->arg[0]->type->nullable) buf_printf(&b, "  uint8_t an%u;\n", k);
  }
  return b.data;
}

/* ---- taking rows ---- */

static void rank_save(GenFn *f, const GenOrder *o, const PlanAgg *a, uint32_t k, CVal v, const char *where) {
  Gen *g = f->g;
  if (a->where) gen_line(f, "row->u%u = %s;", k, where);
  if (!rank_takes_value(a) || rank_is_column(a)) return;
  const Type *t = a->arg[0]->type;
  if (t->nullable) gen_line(f, "row->an%u = %s;", k, v.n ? v.n : "0");
  if (v.n) gen_line(f, "if (!%s) {", v.n);
  gen_line(f, "row->a%u = %s;", k, v.v);
  if (gen_row_points(t)) gen_line(f, "frt_store_value(cx, &S->h->store%u, %s, &row->a%u);", o->n->id, gen_type_desc(g, t), k);
  if (v.n) gen_line(f, "}");
}

static void rank_values(GenFn *f, const PlanNode *n, CVal *v, const char **where) {
  for (uint32_t k = 0; k < n->agg_len; k++) {
    const PlanAgg *a = &n->aggs[k];
    if (a->where) where[k] = gen_atom(f, "uint8_t", gen_cond(f, a->where));
    if (!rank_takes_value(a)) continue;
    v[k] = gen_expr(f, a->arg[0]);
    if (!rank_is_column(a)) v[k].v = gen_atom_of(f, a->arg[0]->type, v[k].v);
    if (v[k].n) v[k].n = gen_atom(f, "uint8_t", v[k].n);
  }
}

static void rank_declare(GenFn *f, const GenOrder *o) {
  const PlanNode *n = o->n;
  uint32_t reads_len, len = 0;
  const ColId *reads = gen_order_reads(o, &reads_len);
  const Expr **exprs = arena_alloc(o->g->arena, (n->key_len + 2 * n->agg_len + 1) * sizeof *exprs);
  for (uint32_t j = 0; j < n->key_len; j++) exprs[len++] = n->keys[j].value;
  for (uint32_t k = 0; k < n->agg_len; k++) {
    exprs[len++] = rank_takes_value(&n->aggs[k]) ? n->aggs[k].arg[0] : NULL;
    exprs[len++] = n->aggs[k].where;
  }
  gen_declare_columns(f, exprs, len, reads, reads_len);
}

static void rank_take(const GenOrder *o) {
  GenFn f;
  Gen *g = o->g;
  const PlanNode *n = o->n;
  CVal *keys_v = arena_alloc(g->arena, (n->key_len + 1) * sizeof *keys_v), *v = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *v);
  const char **where = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *where);
  GenKeys keys = {.sel = "sel", .n = "n"};
  gen_fn_open(&f, g, n, "");
  rank_declare(&f, o);
  if (n->by_len) keys = gen_order_groups(&f, o);
  else gen_turn(&f);
  gen_order_loop_open(&f, keys.sel, keys.n);
  gen_order_eval(&f, o, keys_v);
  rank_values(&f, n, v, where);
  gen_order_word(&f, o, keys_v);
  gen_order_add(&f, o, keys_v);
  for (uint32_t k = 0; k < n->agg_len; k++) rank_save(&f, o, &n->aggs[k], k, v[k], where[k]);
  if (n->by_len) gen_line(&f, "row->g = %s[k];", keys.ids);
  gen_order_loop_close(&f, n);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "HELD", gen_printf(g, "%s - failed", keys.n));
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- results ---- */

/* Row r gets the value of row `from`, or null where `from` is NULL. */
static void rank_copy(GenFn *f, const Rank *w, const char *r, const char *from, const char *found) {
  Gen *g = f->g;
  const Type *t = g->plan->columns[w->a->col].type;
  const char *null = rank_null(g, w->a, w->k, from);
  bool skips = w->a->fn == AGG_MIN || w->a->fn == AGG_MAX;   /* what is found has a value */
  if (t->nullable) gen_line(f, "%s->wn%u = !(%s)%s%s;", r, w->k, found, null && !skips ? " || " : "", null && !skips ? null : "");
  gen_line(f, "if (%s) %s->w%u = %s->%s;", found, r, w->k, from, rank_value(g, w->a, w->k));
}

static void rank_fill_whole(GenFn *f, const Rank *w) {
  const Type *t = f->g->plan->columns[w->a->col].type;
  gen_line(f, "for (uint64_t i = 1; i < n; i++) {");
  gen_line(f, "  R%u *to = ROW(i);", w->o.n->id);
  gen_line(f, "  to->w%u = r->w%u;", w->k, w->k);
  if (t->nullable) gen_line(f, "  to->wn%u = r->wn%u;", w->k, w->k);
  if (rank_can_fail(w->a)) gen_line(f, "  if (r->bad && r->which == %u) { to->bad = r->bad; to->which = %u; }", w->k, w->k);
  gen_line(f, "}");
}

/* ---- places in the order ---- */

static void rank_place(GenFn *f, const Rank *w) {
  const GenOrder *o = &w->o;
  const char *tie = o->exact ? "" : gen_printf(f->g, " || op%u_compare(S, ROW(i - 1), ROW(i))", o->n->id);
  gen_line(f, "int64_t place = 0;");
  gen_line(f, "for (uint64_t i = 0; i < n; i++) {");
  gen_line(f, "  if (!i || p[i].key != p[i - 1].key%s) place = %s;", tie, w->a->fn == AGG_RANK ? "(int64_t)i + 1" : "place + 1");
  gen_line(f, "  ROW(i)->w%u = place;", w->k);
  gen_line(f, "}");
}

static void rank_buckets(GenFn *f, const Rank *w) {
  gen_line(f, "uint64_t tiles = S->h->arg%u_%u, small = n / tiles, large = n %% tiles, edge = large * (small + 1);", w->o.n->id, w->k);
  gen_line(f, "for (uint64_t i = 0; i < n; i++)");
  gen_line(f, "  ROW(i)->w%u = (int64_t)(i < edge ? i / (small + 1) : large + (i - edge) / small) + 1;", w->k);
}

static void rank_neighbour(GenFn *f, const Rank *w) {
  gen_line(f, "uint64_t by = S->h->arg%u_%u;", w->o.n->id, w->k);
  gen_line(f, "for (uint64_t i = 0; i < n; i++) {");
  f->indent++;
  bool lag = w->a->fn == AGG_LAG;
  gen_line(f, "R%u *r = ROW(i), *other = r;", w->o.n->id);
  gen_line(f, "int found = %s;", lag ? "by <= i" : "by < n - i");
  gen_line(f, "if (found) other = ROW(%s);", lag ? "i - by" : "i + by");
  rank_copy(f, w, "r", "other", "found");
  f->indent--;
  gen_line(f, "}");
}

/* ---- first, last, min, max: one row gives the value ---- */

static const char *rank_has_value(Gen *g, const Rank *w, const char *r) {
  bool edge = w->a->fn == AGG_FIRST || w->a->fn == AGG_LAST;   /* they take a null for what it is */
  const char *null = edge ? (w->a->where ? gen_printf(g, "!%s->u%u", r, w->k) : NULL) : rank_null(g, w->a, w->k, r);
  return null ? gen_printf(g, "!(%s)", null) : "1";
}

/* Whether row r takes the place of `best`. */
static const char *rank_better(Gen *g, const Rank *w) {
  const char *v = rank_value(g, w->a, w->k), *r = gen_printf(g, "r->%s", v), *best = gen_printf(g, "best->%s", v);
  switch (w->a->fn) {
    case AGG_FIRST: return "!best";
    case AGG_LAST: return "1";
    case AGG_MIN: return gen_printf(g, "!best || %s", gen_order_before(g, w->a->arg[0]->type, r, best));
    default: return gen_printf(g, "!best || %s", gen_order_before(g, w->a->arg[0]->type, best, r));
  }
}

static void rank_one(GenFn *f, const Rank *w) {
  Gen *g = f->g;
  uint32_t id = w->o.n->id;
  gen_line(f, "R%u *best = NULL;", id);
  gen_line(f, "for (uint64_t i = 0; i < n; i++) {");
  f->indent++;
  gen_line(f, "R%u *r = ROW(i);", id);
  gen_line(f, "if (%s && (%s)) best = r;", rank_has_value(g, w, "r"), rank_better(g, w));
  if (w->mode == RANK_RUNNING) rank_copy(f, w, "r", "best", "best != NULL");
  f->indent--;
  gen_line(f, "}");
  if (w->mode == RANK_RUNNING) return;
  gen_line(f, "R%u *r = ROW(0);", id);
  rank_copy(f, w, "r", "best", "best != NULL");
  rank_fill_whole(f, w);
}

/* In the queue stand rows of the frame, from the one that counts now; behind it those that may count later. */
static void rank_one_frame(GenFn *f, const Rank *w) {
  Gen *g = f->g;
  uint32_t id = w->o.n->id;
  const char *v = rank_value(g, w->a, w->k);
  const char *r = gen_printf(g, "r->%s", v), *end = gen_printf(g, "((R%u *)ROW(queue[tail - 1]))->%s", id, v);
  gen_line(f, "uint64_t *queue = S->h->queue%u, head = 0, tail = 0;", id);
  gen_line(f, "for (uint64_t i = 0; i < n; i++) {");
  f->indent++;
  gen_line(f, "R%u *r = ROW(i), *best = NULL;", id);
  gen_line(f, "if (head < tail && i - queue[head] >= S->h->frame%u) head++;", id);
  gen_line(f, "if (%s) {", rank_has_value(g, w, "r"));
  if (w->a->fn == AGG_LAST) gen_line(f, "  tail = head;");
  if (w->a->fn == AGG_MIN) gen_line(f, "  while (tail > head && %s) tail--;", gen_order_before(g, w->a->arg[0]->type, r, end));
  if (w->a->fn == AGG_MAX) gen_line(f, "  while (tail > head && %s) tail--;", gen_order_before(g, w->a->arg[0]->type, end, r));
  gen_line(f, "  queue[tail++] = i;");
  gen_line(f, "}");
  gen_line(f, "if (head < tail) best = ROW(queue[head]);");
  rank_copy(f, w, "r", "best", "best != NULL");
  f->indent--;
  gen_line(f, "}");
}

/* ---- count, sum, avg: every row of the frame counts ---- */

static void rank_sum_by(GenFn *f, const Rank *w, const char *r, bool enters) {
  Gen *g = f->g;
  gen_line(f, "count%s;", enters ? "++" : "--");
  if (w->a->fn == AGG_COUNT) return;
  const Type *t = w->a->arg[0]->type;
  const char *v = gen_printf(g, "%s->%s", r, rank_value(g, w->a, w->k));
  if (type_is_float(t)) {
    gen_line(f, "double v = %s;", v);
    gen_line(f, "if (v - v == 0) { double d = %sv; FRT_FSUM2_ADD(cx, sum, d); }", enters ? "" : "-");
    gen_line(f, "else (v != v ? &nans : v > 0 ? &ups : &downs)[0] += %s1;", enters ? "" : "-");
  } else if (t->kind == TY_U64 || type_is_wide(t)) {
    const char *wide = gen_wide(f, t, v);
    if (enters) {
      gen_line(f, "frt_sum_add_wide(&sum, %s);", wide);
    } else {   /* -x is ~x + 1 */
      gen_line(f, "FrtI128 out = %s, one = {1, 0};", wide);
      gen_line(f, "out.lo = ~out.lo; out.hi = ~out.hi;");
      gen_line(f, "frt_sum_add_wide(&sum, out); frt_sum_add_wide(&sum, one);");
    }
  } else if (enters) {
    gen_line(f, "FRT_SUM_I64(sum, %s);", v);
  } else {
    gen_line(f, "FRT_SUM_I64(sum, ~(int64_t)%s); FRT_SUM_I64(sum, 1);", v);
  }
}

static void rank_sum_float(GenFn *f, const Rank *w) {
  gen_line(f, "double total = nans || (ups && downs) ? (0.0 / 0.0) : ups ? 1.0 / 0.0 : downs ? -1.0 / 0.0 : frt_fsum2_value(&sum);");
  gen_line(f, "r->w%u = total%s;", w->k, w->a->fn == AGG_AVG ? " / (double)(int64_t)count" : "");
}

static void rank_sum_value(GenFn *f, const Rank *w) {
  Gen *g = f->g;
  const Type *t = g->plan->columns[w->a->col].type, *in = w->a->arg[0]->type;
  if (type_is_float(in)) {
    rank_sum_float(f, w);
  } else if (w->a->fn == AGG_SUM) {
    const char *kind = t->kind == TY_DECIMAL ? "dec" : t->kind == TY_U64 ? "u64" : "i64";
    gen_line(f, "e = frt_sum_%s(&sum, &r->w%u);", kind, w->k);
  } else if (t->kind == TY_DECIMAL) {
    gen_line(f, "FrtI128 total;");
    gen_line(f, "if (!(e = frt_sum_dec(&sum, &total)))");
    gen_line(f, "  e = frt_dec_div(total, %u, frt_i128_from_u64(count), 0, %u, %u, &r->w%u);", in->scale, t->scale, t->precision, w->k);
  } else if (t->kind == TY_DURATION) {
    gen_line(f, "int64_t total = 0;");
    gen_line(f, "e = frt_sum_i64(&sum, &total);");
    gen_line(f, "r->w%u = total / (int64_t)count;", w->k);
  } else {
    gen_line(f, "r->w%u = frt_sum_f64(&sum) / (double)(int64_t)count;", w->k);
  }
}

static void rank_sum_result(GenFn *f, const Rank *w) {
  const Type *t = f->g->plan->columns[w->a->col].type;
  if (w->a->fn == AGG_COUNT) {
    gen_line(f, "r->w%u = (int64_t)count;", w->k);
    return;
  }
  if (t->nullable) gen_line(f, "r->wn%u = !count;", w->k);
  gen_line(f, "if (count) {");
  f->indent++;
  gen_line(f, "int e = 0;");
  rank_sum_value(f, w);
  gen_line(f, "if (e && !r->bad) { r->bad = (uint32_t)e; r->which = %u; }", w->k);
  f->indent--;
  gen_line(f, "}");
}

static void rank_sum_step(GenFn *f, const Rank *w, const char *r, bool enters) {
  const char *null = rank_null(f->g, w->a, w->k, r);
  if (null) gen_line(f, "if (!(%s)) {", null);
  else gen_line(f, "{");
  f->indent++;
  rank_sum_by(f, w, r, enters);
  f->indent--;
  gen_line(f, "}");
}

static void rank_sum(GenFn *f, const Rank *w) {
  uint32_t id = w->o.n->id;
  bool sums = w->a->fn != AGG_COUNT, floats = sums && type_is_float(w->a->arg[0]->type);
  gen_line(f, "uint64_t count = 0;");
  if (sums) gen_line(f, "%s sum;", floats ? "FrtFsum2" : "FrtSum");
  if (floats) gen_line(f, "uint64_t nans = 0, ups = 0, downs = 0;  /* what is not finite */");
  if (sums) gen_line(f, "memset(&sum, 0, sizeof sum);");
  gen_line(f, "for (uint64_t i = 0; i < n; i++) {");
  f->indent++;
  gen_line(f, "R%u *r = ROW(i);", id);
  gen_line(f, "(void)r;");
  rank_sum_step(f, w, "r", true);
  if (w->mode == RANK_FRAME) {
    gen_line(f, "if (i >= S->h->frame%u) {", id);
    f->indent++;
    gen_line(f, "R%u *gone = ROW(i - S->h->frame%u);", id, id);
    gen_line(f, "(void)gone;");
    rank_sum_step(f, w, "gone", false);
    f->indent--;
    gen_line(f, "}");
  }
  if (w->mode != RANK_WHOLE) rank_sum_result(f, w);
  f->indent--;
  gen_line(f, "}");
  if (w->mode != RANK_WHOLE) return;
  gen_line(f, "R%u *r = ROW(0);", id);
  rank_sum_result(f, w);
  rank_fill_whole(f, w);
}

/* ---- the functions ---- */

static void rank_body(GenFn *f, const Rank *w) {
  switch (w->a->fn) {
    case AGG_ROW_NUMBER: gen_line(f, "for (uint64_t i = 0; i < n; i++) ROW(i)->w%u = (int64_t)i + 1;", w->k); break;
    case AGG_RANK: case AGG_DENSE_RANK: rank_place(f, w); break;
    case AGG_NTILE: rank_buckets(f, w); break;
    case AGG_LAG: case AGG_LEAD: rank_neighbour(f, w); break;
    case AGG_COUNT: case AGG_SUM: case AGG_AVG: rank_sum(f, w); break;
    case AGG_FIRST: case AGG_LAST: case AGG_MIN: case AGG_MAX:
      if (w->mode == RANK_FRAME) rank_one_frame(f, w);
      else rank_one(f, w);
      break;
    default: gen_unsupported(f->g, w->a->span, "this window function"); break;
  }
}

/* op<id>_w<k>(cx, S, p, n): function k over the n pairs of a group. */
static void rank_function(const Rank *w) {
  Gen *g = w->o.g;
  uint32_t id = w->o.n->id;
  GenFn f = {.g = g, .out = &g->funcs};
  buf_printf(&g->protos, "static void op%u_w%u(FrtCtx *cx, State *S, const FrtPair *p, uint64_t n);\n", id, w->k);
  gen_line(&f, "/* n%u %s */", id, g->plan->columns[w->a->col].name);
  gen_line(&f, "#define ROW(at) ((R%u *)FRT_ROW(&S->h->store%u, p[at].row))", id, id);
  gen_line(&f, "static void op%u_w%u(FrtCtx *cx, State *S, const FrtPair *p, uint64_t n) {", id, w->k);
  f.indent = 1;
  gen_line(&f, "(void)cx;");
  gen_line(&f, "if (n >> 16 && frt_cancelled()) return;");
  rank_body(&f, w);
  f.indent = 0;
  gen_line(&f, "}");
  gen_line(&f, "#undef ROW\n");
}

static void rank_groups(GenFn *f, const GenOrder *o) {
  uint32_t id = o->n->id;
  gen_line(f, "const FrtPair *p = S->h->pairs%u.data;", id);
  gen_line(f, "uint64_t len = S->h->pairs%u.len;", id);
  gen_line(f, "for (uint64_t from = 0, to; from < len; from = to) {");
  f->indent++;
  if (o->n->by_len) {
    gen_line(f, "uint32_t g = ((R%u *)FRT_ROW(&S->h->store%u, p[from].row))->g;", id, id);
    gen_line(f, "for (to = from + 1; to < len && ((R%u *)FRT_ROW(&S->h->store%u, p[to].row))->g == g; to++) {", id, id);
    gen_line(f, "}");
  } else {
    gen_line(f, "to = len;");
  }
  for (uint32_t k = 0; k < o->n->agg_len; k++) gen_line(f, "op%u_w%u(cx, S, p + from, to - from);", id, k);
  gen_line(f, "if ((from ^ to) >> 16 && frt_cancelled()) return FRT_FATAL;");
  f->indent--;
  gen_line(f, "}");
}

/* ---- emitting ---- */

static void rank_emit_row(GenFn *f, const GenOrder *o) {
  Gen *g = f->g;
  const PlanNode *n = o->n;
  gen_line(f, "R%u *row = FRT_ROW(&S->h->store%u, at);", n->id, n->id);
  gen_line(f, "if (row->bad) {");
  gen_line(f, "  cx->detail = names[row->which];");
  gen_line(f, "  frt_error(cx, b, m, %u, (int)row->bad, names[row->which]);", n->id);
  gen_line(f, "  FRT_COUNT(cx, %u, FRT_MADE, 1);", n->id);
  gen_line(f, "  continue;");
  gen_line(f, "}");
  gen_order_load(f, o);
  for (uint32_t k = 0; k < n->agg_len; k++) {
    gen_line(f, "S->c%u[m] = row->w%u;", n->aggs[k].col, k);
    if (g->plan->columns[n->aggs[k].col].type->nullable) gen_line(f, "S->n%u[m] = row->wn%u;", n->aggs[k].col, k);
  }
  gen_line(f, "m++;");
}

static void rank_emit(const GenOrder *o) {
  Gen *g = o->g;
  const PlanNode *n = o->n;
  uint32_t id = n->id;
  GenFn f;
  Buf names = {.arena = g->arena};
  for (uint32_t k = 0; k < n->agg_len; k++) {
    const char *name = g->plan->columns[n->aggs[k].col].name;
    gen_column_state(g, n->aggs[k].col, true);
    buf_printf(&names, "%s{%s, %zu, 0}", k ? ", " : "", c_string(g->arena, name, strlen(name)), strlen(name));
  }
  gen_emit_open(&f, g, n);
  gen_line(&f, "static const FrtStr names[] = {%s};", names.data ? names.data : "{0}");
  gen_line(&f, "frt_sort_pairs(S->h->pairs%u.data, S->h->pairs%u.len, %d, %s, S, &S->h->store%u);", id, id, o->exact, gen_order_compare_name(o), id);
  gen_line(&f, "if (frt_cancelled()) return FRT_FATAL;");
  if (n->by_len) gen_line(&f, "frt_pairs_group(&S->h->pairs%u, &S->h->store%u, S->h->table%u.len);", id, id, id);
  if (n->frame) gen_line(&f, "S->h->queue%u = frt_alloc_run(cx, (S->h->pairs%u.len + 1) * sizeof(uint64_t));", id, id);
  rank_groups(&f, o);
  gen_line(&f, "frt_pairs_free(&S->h->pairs%u);", id);
  gen_order_targets(&f, o);
  gen_line(&f, "for (uint64_t at = 0; at < S->h->store%u.len; at++) {", id);
  f.indent++;
  rank_emit_row(&f, o);
  gen_emit_flush_when_full(&f, o->pn, 0);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "if (m) {");
  f.indent++;
  gen_emit_flush(&f, o->pn, 0);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_store_free(&S->h->store%u);", id);
  if (n->by_len) gen_line(&f, "frt_table_free(&S->h->table%u);", id);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- numbers that are constant: ntile(n), lag(x, n), rows n ---- */

static void rank_constant(GenFn *f, const Expr *e, int least, const char *member, const char *text) {
  CVal v = gen_expr(f, e);
  gen_line(f, "if (%s < %d) { cx->detail = %s; e = FRT_E_ARGUMENT; goto fail; }", v.v, least, gen_const_str(f->g, text, strlen(text)));
  gen_line(f, "S->h->%s = (uint64_t)%s;", member, v.v);
  buf_printf(&f->g->held, "  uint64_t %s;\n", member);
}

static void rank_constants(const GenOrder *o) {
  Gen *g = o->g;
  const PlanNode *n = o->n;
  GenFn f = {.g = g, .out = &g->init, .indent = 1, .fail = "fail", .temps = 100000 + n->id * 100};
  for (uint32_t k = 0; k < n->agg_len; k++) {
    const PlanAgg *a = &n->aggs[k];
    const char *member = gen_printf(g, "arg%u_%u", n->id, k);
    if (a->fn == AGG_NTILE) rank_constant(&f, a->arg[0], 1, member, "ntile needs a number of at least 1");
    if (a->fn == AGG_LAG || a->fn == AGG_LEAD) rank_constant(&f, a->arg[1], 0, member, "lag and lead need a number that is not negative");
  }
  if (!n->frame) return;
  rank_constant(&f, n->frame, 1, gen_printf(g, "frame%u", n->id), "rows needs a number of at least 1");
  buf_printf(&g->held, "  uint64_t *queue%u;\n", n->id);
}

void gen_rank(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  ColId *more = arena_alloc(g->arena, (n->agg_len + 1) * sizeof *more);
  uint32_t more_len = 0;
  for (uint32_t k = 0; k < n->agg_len; k++)
    if (rank_takes_value(&n->aggs[k]) && rank_is_column(&n->aggs[k])) more[more_len++] = n->aggs[k].arg[0]->col;
  Rank w = {.o = gen_order_plan(g, pn, more, more_len)};
  gen_order_state(&w.o, rank_members(&w.o));
  if (n->by_len) gen_order_table(&w.o);
  gen_order_compare(&w.o);
  rank_constants(&w.o);
  rank_take(&w.o);
  for (w.k = 0; w.k < n->agg_len; w.k++) {
    w.a = &n->aggs[w.k];
    w.mode = rank_mode(n, w.a);
    rank_function(&w);
  }
  rank_emit(&w.o);
}
