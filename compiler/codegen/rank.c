/* rank.c: window functions.
 *
 * Rows rest in input order. When the input has ended the pairs are sorted, groups one after another, and each
 * window function goes over the pairs of each group once and writes its result into the rows; then the rows go on
 * in input order. Rows that do not fit go to disk (runtime/op/rank.c): then a function may see a group in parts, and
 * keeps what it knows in a struct W<id>_<k>; where it needs the whole group it sums up in a first pass. Frames:
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
  gen_line(&f, "return frt_away_fits(&S->h->rank%u.away) ? FRT_OK : frt_away_write(cx, &S->h->rank%u.away);", n->id, n->id);
  gen_fn_close(&f);
}

/* ---- results ---- */

/* The functions whose first result needs all rows of the group. */
static bool rank_needs_all(const PlanNode *n, const PlanAgg *a) {
  switch (a->fn) {
    case AGG_NTILE: return true;
    case AGG_ROW_NUMBER: case AGG_RANK: case AGG_DENSE_RANK: case AGG_LAG: case AGG_LEAD: return false;
    default: return rank_mode(n, a) == RANK_WHOLE;
  }
}

static void rank_loop_open(GenFn *f, const Rank *w) {
  gen_line(f, "for (uint64_t i = from; i < to; i++) {");
  f->indent++;
  gen_line(f, "R%u *r = ROW(i);", w->o.n->id);
  gen_line(f, "(void)r;");
}

static void rank_loop_close(GenFn *f) {
  f->indent--;
  gen_line(f, "}");
}

static void rank_pass(GenFn *f, int pass) { gen_line(f, "if (!(part->pass & %d)) return;", pass); }

/* What is kept from part to part: a member of W<id>_<k>, and a variable of its name. */
static void rank_keep(GenFn *f, Buf *kept, const char *type, const char *name) {
  buf_printf(kept, "  %s %s;\n", type, name);
  gen_line(f, "%s %s = W->%s;", type, name, name);
}

/* ---- places in the order ---- */

static void rank_place(GenFn *f, const Rank *w, Buf *kept) {
  const GenOrder *o = &w->o;
  const char *tie = o->exact ? "" : gen_printf(f->g, " || op%u_compare(S, ROW(i - 1), ROW(i))", o->n->id);
  rank_keep(f, kept, "int64_t", "place");
  rank_loop_open(f, w);
  gen_line(f, "uint64_t at = part->at + i;");
  gen_line(f, "if (!at || p[i].key != p[i - 1].key%s) place = %s;", tie, w->a->fn == AGG_RANK ? "(int64_t)at + 1" : "place + 1");
  gen_line(f, "r->w%u = place;", w->k);
  rank_loop_close(f);
  gen_line(f, "W->place = place;");
}

static void rank_buckets(GenFn *f, const Rank *w) {
  gen_line(f, "uint64_t tiles = S->h->arg%u_%u, small = part->rows / tiles, large = part->rows %% tiles, edge = large * (small + 1);",
           w->o.n->id, w->k);
  rank_loop_open(f, w);
  gen_line(f, "uint64_t at = part->at + i;");
  gen_line(f, "r->w%u = (int64_t)(at < edge ? at / (small + 1) : large + (at - edge) / small) + 1;", w->k);
  rank_loop_close(f);
}

static void rank_neighbour(GenFn *f, const Rank *w) {
  Gen *g = f->g;
  bool lag = w->a->fn == AGG_LAG;
  const Type *t = g->plan->columns[w->a->col].type;
  const char *null = rank_null(g, w->a, w->k, "other");
  gen_line(f, "uint64_t by = S->h->arg%u_%u;", w->o.n->id, w->k);
  rank_loop_open(f, w);
  gen_line(f, "R%u *other = r;", w->o.n->id);
  gen_line(f, "int found = %s;", lag ? "by <= part->at + i" : "by < part->len - i");
  gen_line(f, "if (found) other = ROW(%s);", lag ? "i - by" : "i + by");
  if (t->nullable) gen_line(f, "r->wn%u = !found%s%s;", w->k, null ? " || " : "", null ? null : "");
  gen_line(f, "if (found) r->w%u = other->%s;", w->k, rank_value(g, w->a, w->k));
  rank_loop_close(f);
}

/* ---- first, last, min, max: one row gives the value ---- */

static const char *rank_has_value(Gen *g, const Rank *w, const char *r) {
  bool edge = w->a->fn == AGG_FIRST || w->a->fn == AGG_LAST;   /* they take a null for what it is */
  const char *null = edge ? (w->a->where ? gen_printf(g, "!%s->u%u", r, w->k) : NULL) : rank_null(g, w->a, w->k, r);
  return null ? gen_printf(g, "!(%s)", null) : "1";
}

/* Whether row r takes the place of `best`. */
static const char *rank_better(Gen *g, const Rank *w) {
  const char *r = gen_printf(g, "r->%s", rank_value(g, w->a, w->k));
  switch (w->a->fn) {
    case AGG_FIRST: return "!has";
    case AGG_LAST: return "1";
    case AGG_MIN: return gen_printf(g, "!has || %s", gen_order_before(g, w->a->arg[0]->type, r, "best"));
    default: return gen_printf(g, "!has || %s", gen_order_before(g, w->a->arg[0]->type, "best", r));
  }
}

/* first and last may find a null; what min and max find has a value. */
static const char *rank_found_null(Gen *g, const Rank *w, const char *r) {
  return w->a->fn == AGG_MIN || w->a->fn == AGG_MAX ? NULL : rank_null(g, w->a, w->k, r);
}

static void rank_one_result(GenFn *f, const Rank *w) {
  const Type *t = f->g->plan->columns[w->a->col].type;
  if (t->nullable) gen_line(f, "r->wn%u = !has || null;", w->k);
  gen_line(f, "if (has) r->w%u = best;", w->k);
}

static void rank_one_step(GenFn *f, const Rank *w) {
  Gen *g = f->g;
  const char *null = rank_found_null(g, w, "r");
  gen_line(f, "if (%s && (%s)) {", rank_has_value(g, w, "r"), rank_better(g, w));
  gen_line(f, "  best = r->%s;", rank_value(g, w->a, w->k));
  gen_line(f, "  has = 1;");
  if (null) gen_line(f, "  null = (%s) != 0;", null);
  gen_line(f, "}");
}

static void rank_one(GenFn *f, const Rank *w, Buf *kept) {
  Gen *g = f->g;
  const Type *t = w->a->arg[0]->type;
  bool whole = w->mode == RANK_WHOLE;
  rank_keep(f, kept, gen_ctype(g, t), "best");
  rank_keep(f, kept, "uint8_t", "has");
  rank_keep(f, kept, "uint8_t", "null");
  gen_line(f, "(void)null;");
  if (whole) gen_line(f, "if (part->pass & 1) {");
  if (whole) f->indent++;
  rank_loop_open(f, w);
  rank_one_step(f, w);
  if (!whole) rank_one_result(f, w);
  rank_loop_close(f);
  if (gen_row_points(t))
    gen_line(f, "if (part->more && has && !null) frt_store_value(cx, &S->h->best%u, %s, &best);", w->o.n->id, gen_type_desc(g, t));
  gen_line(f, "W->best = best;");
  gen_line(f, "W->has = has;");
  gen_line(f, "W->null = null;");
  if (!whole) return;
  f->indent--;
  gen_line(f, "}");
  rank_pass(f, 2);
  rank_loop_open(f, w);
  rank_one_result(f, w);
  rank_loop_close(f);
}

/* In the queue stand the places of rows of the frame, from the one that counts now; behind it those that may count later. */
static void rank_one_frame(GenFn *f, const Rank *w, Buf *kept) {
  Gen *g = f->g;
  uint32_t id = w->o.n->id, k = w->k;
  const Type *t = g->plan->columns[w->a->col].type;
  const char *v = rank_value(g, w->a, k), *null = rank_found_null(g, w, "best");
  const char *r = gen_printf(g, "r->%s", v), *end = gen_printf(g, "((R%u *)ROW(queue[tail - 1] - part->at))->%s", id, v);
  buf_printf(&g->held, "  uint64_t *queue%u_%u, room%u_%u;\n", id, k, id, k);
  rank_keep(f, kept, "uint64_t", "head");
  rank_keep(f, kept, "uint64_t", "tail");
  gen_line(f, "uint64_t *queue = S->h->queue%u_%u, need = tail - head + (to - from) + 1;", id, k);
  gen_line(f, "if (need > S->h->room%u_%u) {", id, k);
  gen_line(f, "  S->h->room%u_%u = 2 * need;", id, k);
  gen_line(f, "  S->h->queue%u_%u = frt_alloc_run(cx, 2 * need * sizeof *queue);", id, k);
  gen_line(f, "}");
  gen_line(f, "if (head < tail) memmove(S->h->queue%u_%u, queue + head, (tail - head) * sizeof *queue);", id, k);
  gen_line(f, "queue = S->h->queue%u_%u;", id, k);
  gen_line(f, "tail -= head;");
  gen_line(f, "head = 0;");
  rank_loop_open(f, w);
  gen_line(f, "R%u *best = NULL;", id);
  gen_line(f, "if (head < tail && part->at + i - queue[head] >= S->h->frame%u) head++;", id);
  gen_line(f, "if (%s) {", rank_has_value(g, w, "r"));
  if (w->a->fn == AGG_LAST) gen_line(f, "  tail = head;");
  if (w->a->fn == AGG_MIN) gen_line(f, "  while (tail > head && %s) tail--;", gen_order_before(g, w->a->arg[0]->type, r, end));
  if (w->a->fn == AGG_MAX) gen_line(f, "  while (tail > head && %s) tail--;", gen_order_before(g, w->a->arg[0]->type, end, r));
  gen_line(f, "  queue[tail++] = part->at + i;");
  gen_line(f, "}");
  gen_line(f, "if (head < tail) best = ROW(queue[head] - part->at);");
  if (t->nullable) gen_line(f, "r->wn%u = !best%s%s;", k, null ? " || " : "", null ? null : "");
  gen_line(f, "if (best) r->w%u = best->%s;", k, v);
  rank_loop_close(f);
  gen_line(f, "W->head = head;");
  gen_line(f, "W->tail = tail;");
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
    gen_line(f, "r->w%u = frt_sum_avg(&sum, count);", w->k);
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

/* One result for all rows. */
static void rank_sum_fill(GenFn *f, const Rank *w) {
  const Type *t = f->g->plan->columns[w->a->col].type;
  uint32_t id = w->o.n->id;
  rank_pass(f, 2);
  gen_line(f, "R%u whole, *r = &whole;", id);
  gen_line(f, "memset(r, 0, sizeof *r);");
  rank_sum_result(f, w);
  gen_line(f, "for (uint64_t i = from; i < to; i++) {");
  gen_line(f, "  R%u *to_row = ROW(i);", id);
  gen_line(f, "  to_row->w%u = r->w%u;", w->k, w->k);
  if (t->nullable) gen_line(f, "  to_row->wn%u = r->wn%u;", w->k, w->k);
  if (rank_can_fail(w->a)) gen_line(f, "  if (r->bad && !to_row->bad) { to_row->bad = r->bad; to_row->which = %u; }", w->k);
  gen_line(f, "}");
}

static void rank_sum(GenFn *f, const Rank *w, Buf *kept) {
  static const char *const not_finite[] = { "nans", "ups", "downs" };
  uint32_t id = w->o.n->id;
  bool sums = w->a->fn != AGG_COUNT, floats = sums && type_is_float(w->a->arg[0]->type), whole = w->mode == RANK_WHOLE;
  rank_keep(f, kept, "uint64_t", "count");
  if (sums) rank_keep(f, kept, floats ? "FrtFsum2" : "FrtSum", "sum");
  for (int i = 0; floats && i < 3; i++) rank_keep(f, kept, "uint64_t", not_finite[i]);
  if (whole) gen_line(f, "if (part->pass & 1) {");
  if (whole) f->indent++;
  rank_loop_open(f, w);
  rank_sum_step(f, w, "r", true);
  if (w->mode == RANK_FRAME) {
    gen_line(f, "if (part->at + i >= S->h->frame%u) {", id);
    f->indent++;
    gen_line(f, "R%u *gone = ROW(i - S->h->frame%u);", id, id);
    gen_line(f, "(void)gone;");
    rank_sum_step(f, w, "gone", false);
    f->indent--;
    gen_line(f, "}");
  }
  if (!whole) rank_sum_result(f, w);
  rank_loop_close(f);
  gen_line(f, "W->count = count;");
  if (sums) gen_line(f, "W->sum = sum;");
  for (int i = 0; floats && i < 3; i++) gen_line(f, "W->%s = %s;", not_finite[i], not_finite[i]);
  if (!whole) return;
  f->indent--;
  gen_line(f, "}");
  rank_sum_fill(f, w);
}

/* ---- the functions ---- */

static void rank_body(GenFn *f, const Rank *w, Buf *kept) {
  switch (w->a->fn) {
    case AGG_ROW_NUMBER:
      rank_loop_open(f, w);
      gen_line(f, "r->w%u = (int64_t)(part->at + i) + 1;", w->k);
      rank_loop_close(f);
      break;
    case AGG_RANK: case AGG_DENSE_RANK: rank_place(f, w, kept); break;
    case AGG_NTILE: rank_buckets(f, w); break;
    case AGG_LAG: case AGG_LEAD: rank_neighbour(f, w); break;
    case AGG_COUNT: case AGG_SUM: case AGG_AVG: rank_sum(f, w, kept); break;
    case AGG_FIRST: case AGG_LAST: case AGG_MIN: case AGG_MAX:
      if (w->mode == RANK_FRAME) rank_one_frame(f, w, kept);
      else rank_one(f, w, kept);
      break;
    default: gen_unsupported(f->g, w->a->span, "this window function"); break;
  }
}

/* op<id>_w<k>(cx, S, part): function k over a part of a group. */
static void rank_function(const Rank *w) {
  Gen *g = w->o.g;
  uint32_t id = w->o.n->id;
  Buf body = {.arena = g->arena}, kept = {.arena = g->arena};
  GenFn f = {.g = g, .out = &body, .indent = 1};
  const char *head = gen_printf(g, "static void op%u_w%u(FrtCtx *cx, State *S, const FrtRankPart *part)", id, w->k);
  if (!rank_needs_all(w->o.n, w->a) || w->a->fn == AGG_NTILE) rank_pass(&f, 2);
  rank_body(&f, w, &kept);
  buf_printf(&g->protos, "%s;\n", head);
  buf_printf(&g->funcs, "/* n%u %s */\n#define ROW(at) ((R%u *)FRT_ROW(&S->h->store%u, p[at].row))\n%s {\n", id,
             g->plan->columns[w->a->col].name, id, id, head);
  f.out = &g->funcs;
  gen_line(&f, "const FrtPair *p = part->p;");
  gen_line(&f, "const uint64_t from = part->from, to = part->to;");
  gen_line(&f, "(void)cx; (void)p; (void)from;");
  gen_line(&f, "if ((to - from) >> 16 && frt_cancelled()) return;");
  if (kept.size) {
    buf_printf(&g->types, "typedef struct W%u_%u {\n%s} W%u_%u;\n", id, w->k, kept.data, id, w->k);
    buf_printf(&g->held, "  W%u_%u w%u_%u;\n", id, w->k, id, w->k);
    gen_line(&f, "W%u_%u *W = &S->h->w%u_%u;", id, w->k, id, w->k);
    gen_line(&f, "if (part->first) memset(W, 0, sizeof *W);");
  }
  if (body.size) buf_put(f.out, body.data);
  buf_put(f.out, "}\n#undef ROW\n\n");
}

/* op<id>_part: all functions over a part. */
static void rank_part(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1};
  buf_printf(&g->protos, "static int op%u_part(FrtCtx *cx, void *state, const FrtRankPart *part);\n", id);
  buf_printf(&g->funcs, "static int op%u_part(FrtCtx *cx, void *state, const FrtRankPart *part) {\n", id);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "if (part->first) frt_store_free(&S->h->best%u);", id);
  for (uint32_t k = 0; k < o->n->agg_len; k++) gen_line(&f, "op%u_w%u(cx, S, part);", id, k);
  gen_line(&f, "return frt_cancelled() ? FRT_FATAL : FRT_OK;");
  gen_fn_close(&f);
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
  gen_line(f, "FrtRankPart part = {p + from, 0, to - from, to - from, 0, to - from, 3, 1, 0, 0};");
  for (uint32_t k = 0; k < o->n->agg_len; k++) gen_line(f, "op%u_w%u(cx, S, &part);", id, k);
  gen_line(f, "if ((from ^ to) >> 16 && frt_cancelled()) return FRT_FATAL;");
  f->indent--;
  gen_line(f, "}");
}

/* ---- disk ---- */

static uint32_t rank_rest_columns(const GenOrder *o) {
  Gen *g = o->g;
  Buf b = {.arena = g->arena};
  const char *row = gen_printf(g, "R%u", o->n->id);
  uint32_t len = gen_away_columns(o, &b);
  for (uint32_t k = 0; k < o->n->agg_len; k++) {
    const PlanAgg *a = &o->n->aggs[k];
    if (a->where) gen_away_column(g, &b, row, gen_printf(g, "u%u", k), NULL, type_basic(TY_BOOL)), len++;
    if (!rank_takes_value(a) || rank_is_column(a)) continue;
    gen_away_column(g, &b, row, gen_printf(g, "a%u", k), gen_printf(g, "an%u", k), a->arg[0]->type);
    len++;
  }
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_away[] = {\n%s  {0, 0, NULL}\n};\n", o->n->id, b.data ? b.data : "");
  return len;
}

/* What goes on: by offsets in the row, and in State. */
static uint32_t rank_made_columns(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id, len = 0;
  Buf made = {.arena = g->arena}, given = {.arena = g->arena};
  const char *row = gen_printf(g, "R%u", id);
  for (uint32_t i = 0; i < o->out_len; i++, len++) {
    const char *c = gen_printf(g, "c%u", o->out[i]), *n = gen_printf(g, "n%u", o->out[i]);
    gen_away_column(g, &made, row, c, n, g->plan->columns[o->out[i]].type);
    gen_away_column(g, &given, "State", c, n, g->plan->columns[o->out[i]].type);
  }
  for (uint32_t k = 0; k < o->n->agg_len; k++, len++) {
    ColId col = o->n->aggs[k].col;
    const Type *t = g->plan->columns[col].type;
    gen_away_column(g, &made, row, gen_printf(g, "w%u", k), gen_printf(g, "wn%u", k), t);
    gen_away_column(g, &given, "State", gen_printf(g, "c%u", col), gen_printf(g, "n%u", col), t);
  }
  for (int i = 0; i < 2; i++, len++) {
    const char *name = i ? "which" : "bad";
    gen_away_column(g, &made, row, name, NULL, type_basic(TY_U32));
    gen_away_column(g, &given, "State", gen_printf(g, "%s%u", name, id), NULL, type_basic(TY_U32));
    gen_array(g, "uint32_t", gen_printf(g, "%s%u", name, id));
  }
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_made[] = {\n%s};\n", id, made.data);
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_given[] = {\n%s};\n", id, given.data);
  return len;
}

/* How many rows functions look back and ahead. */
static void rank_reach(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  buf_printf(&g->init, "  S->h->rank%u.before = %s;\n", id, o->n->frame ? gen_printf(g, "S->h->frame%u", id) : "1");
  for (uint32_t k = 0; k < o->n->agg_len; k++) {
    const PlanAgg *a = &o->n->aggs[k];
    if (a->fn != AGG_LAG && a->fn != AGG_LEAD) continue;
    const char *member = gen_printf(g, "S->h->rank%u.%s", id, a->fn == AGG_LAG ? "before" : "behind");
    buf_printf(&g->init, "  if (S->h->arg%u_%u > %s) %s = S->h->arg%u_%u;\n", id, k, member, member, id, k);
  }
}

static void rank_disk(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id, len = rank_rest_columns(o), made = rank_made_columns(o);
  bool all = false;
  for (uint32_t k = 0; k < o->n->agg_len; k++) all |= rank_needs_all(o->n, &o->n->aggs[k]);
  buf_printf(&g->held, "  FrtRank rank%u;\n  FrtStore best%u;\n", id, id);
  buf_printf(&g->init, "  frt_store_init(&S->h->best%u, 1);\n  S->h->best%u.spills = 1;\n", id, id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_store_end, &S->h->best%u);\n", id);
  gen_away_init(o, gen_printf(g, "S->h->rank%u.away", id), len);
  buf_printf(&g->init, "  S->h->rank%u.made = op%u_made;\n  S->h->rank%u.given = op%u_given;\n", id, id, id, id);
  buf_printf(&g->init, "  S->h->rank%u.made_len = %u;\n  S->h->rank%u.passes = %d;\n", id, made, id, all ? 2 : 1);
  buf_printf(&g->init, "  S->h->rank%u.part = op%u_part;\n  frt_rank_init(cx, &S->h->rank%u);\n", id, id, id);
  rank_reach(o);
}

/* ---- emitting ---- */

static void rank_emit_bad(GenFn *f, const PlanNode *n, const char *bad, const char *which) {
  gen_line(f, "if (%s) {", bad);
  gen_line(f, "  cx->detail = names[%s];", which);
  gen_line(f, "  frt_error(cx, b, m, %u, (int)%s, names[%s]);", n->id, bad, which);
  gen_line(f, "  FRT_COUNT(cx, %u, FRT_MADE, 1);", n->id);
  gen_line(f, "  continue;");
  gen_line(f, "}");
}

static void rank_emit_rest(GenFn *f, const GenOrder *o) {
  Gen *g = f->g;
  uint32_t id = o->n->id;
  gen_line(f, "FrtRank *rank = &S->h->rank%u;", id);
  gen_line(f, "rc = frt_rank_rest(cx, S, rank);");
  gen_line(f, "while (rc == FRT_OK && (rc = frt_rank_next(cx, S, rank, m)) == FRT_OK) {");
  f->indent++;
  rank_emit_bad(f, o->n, gen_printf(g, "S->bad%u[m]", id), gen_printf(g, "S->which%u[m]", id));
  gen_line(f, "m++;");
  gen_emit_flush_when_full(f, o->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (rc != FRT_END) return rc;");
  gen_line(f, "if (m) {");
  f->indent++;
  gen_emit_flush(f, o->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "frt_rank_end(rank);");
  gen_line(f, "return FRT_OK;");
}

static void rank_emit_row(GenFn *f, const GenOrder *o) {
  Gen *g = f->g;
  const PlanNode *n = o->n;
  gen_line(f, "R%u *row = FRT_ROW(&S->h->store%u, at);", n->id, n->id);
  rank_emit_bad(f, n, "row->bad", "row->which");
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
  gen_order_targets(&f, o);
  gen_line(&f, "if (S->h->rank%u.away.own) {", id);
  f.indent++;
  rank_emit_rest(&f, o);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_sort_pairs(S->h->pairs%u.data, S->h->pairs%u.len, %d, %s, S, &S->h->store%u);", id, id, o->exact, gen_order_compare_name(o), id);
  gen_line(&f, "if (frt_cancelled()) return FRT_FATAL;");
  if (n->by_len) gen_line(&f, "frt_pairs_group(&S->h->pairs%u, &S->h->store%u, S->h->table%u.len);", id, id, id);
  rank_groups(&f, o);
  gen_line(&f, "frt_pairs_free(&S->h->pairs%u);", id);
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
  rank_part(&w.o);
  rank_disk(&w.o);
  rank_emit(&w.o);
}
