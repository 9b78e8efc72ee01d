/* stream.c: operators that remember keys or times and let rows pass: sessionize, window.
 * Rows stay in the block that they came in; but a hopping window puts a row into each window that
 * covers it, in a block of its own, and a session window holds all rows, since a session ends only
 * where no row follows.
 *
 * A row is late when its time is before the largest time seen so far less the lateness. Without
 * `lateness` and without an `else` port no row is late. */
#include <string.h>

#include "codegen/gen_order.h"

/* The columns by[] as expressions. */
Expr **gen_by_columns(Gen *g, const PlanNode *n) {
  Expr **keys = arena_alloc(g->arena, (n->by_len + 1) * sizeof *keys);
  for (uint32_t j = 0; j < n->by_len; j++) {
    keys[j] = expr_new(g->arena, EX_COLUMN, g->plan->columns[n->by[j]].type, n->span, 0);
    keys[j]->col = n->by[j];
  }
  return keys;
}

/* Emits the table's numbering of the columns by[]: afterwards *ids has a number for each position,
 * S->fresh<id> the `fresh` positions of new ones. */
static GenKeys stream_number(GenFn *f, const PlanNode *n) {
  Gen *g = f->g;
  GenKeys k = gen_keys(f, n, "key", gen_by_columns(g, n), n->by_len, true);
  gen_key_table(g, n, k.is_word);
  gen_array(g, "uint32_t", gen_printf(g, "fresh%u", n->id));
  gen_turn(f);
  gen_line(f, "uint32_t fresh = frt_table_add_%s(cx, &S->h->tab%u, %s, %s, %s, %s, S->fresh%u);",
           k.is_word ? "words" : "texts", n->id, k.keys, k.nul, k.n, k.ids, n->id);
  return k;
}

/* ---- sessionize ---- */

/* Emits what leads to the key of each row: afterwards A is the key of position k. */
static GenKeys stream_session_keys(GenFn *f, const PlanNode *n) {
  Gen *g = f->g;
  if (!n->by_len) {
    buf_printf(&g->held, "  A%u grp%u;\n", n->id, n->id);
    gen_turn(f);
    return (GenKeys){ .sel = "sel", .n = "n" };
  }
  buf_printf(&g->held, "  FrtStore grp%u;\n", n->id);
  buf_printf(&g->init, "  frt_store_init(&S->h->grp%u, sizeof(A%u));\n", n->id, n->id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_store_end, &S->h->grp%u);\n", n->id);
  GenKeys k = stream_number(f, n);
  gen_line(f, "for (uint32_t j = 0; j < fresh; j++) frt_store_add(cx, &S->h->grp%u);", n->id);
  return k;
}

/* A session goes on while the time is not further than the gap from the row of the key before; a
 * row without a time stays in the session that its key is in. */
void gen_sessionize(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  ColId made = n->made[0].col, time = n->time_col;
  bool nullable = g->plan->columns[time].type->nullable;
  GenFn f;
  gen_held_struct(g, n->id, "key", gen_printf(g, "A%u", n->id),
                  "  int64_t last, session;\n  uint64_t timed;\n", false);
  buf_printf(&g->held, "  int64_t sessions%u;\n", n->id);
  gen_column_state(g, made, true);
  gen_fn_open(&f, g, n, "");
  ColId *read = arena_alloc(g->arena, (n->by_len + 2) * sizeof *read);
  if (n->by_len) memcpy(read, n->by, n->by_len * sizeof *read);
  read[n->by_len] = time;
  read[n->by_len + 1] = made;
  gen_declare_columns(&f, NULL, 0, read, n->by_len + 2);
  gen_line(&f, "int rc = 0;");
  gen_line(&f, "(void)rc;");
  GenKeys k = stream_session_keys(&f, n);
  gen_line(&f, "for (uint32_t k = 0; k < %s; k++) {", k.n);
  f.indent++;
  gen_line(&f, "uint32_t i = %s[k];", k.sel);
  if (n->by_len) gen_line(&f, "A%u *A = FRT_ROW(&S->h->grp%u, %s[k]);", n->id, n->id, k.ids);
  else gen_line(&f, "A%u *A = &S->h->grp%u;", n->id, n->id);
  gen_line(&f, "if (!A->session) A->session = ++S->h->sessions%u;", n->id);
  if (nullable) gen_line(&f, "if (!n%u[i]) {", time);
  gen_line(&f,
           "if (A->timed && (c%u[i] - A->last > %ldL || A->last - c%u[i] > %ldL)) A->session = "
           "++S->h->sessions%u;",
           time, (long)n->gap_us, time, (long)n->gap_us, n->id);
  gen_line(&f, "A->last = c%u[i];", time);
  gen_line(&f, "A->timed = 1;");
  if (nullable) gen_line(&f, "}");
  gen_line(&f, "c%u[i] = A->session;", made);
  f.indent--;
  gen_line(&f, "}");
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", k.n);
  gen_call_uses(&f, pn, 0, "b", k.sel, k.n);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- windows ---- */

typedef struct Window {
  Gen *g;
  const PhysNode *pn;
  const PlanNode *n;
  ColId start, end, time;
  bool nullable, judged, has_else;
} Window;

static bool window_is(const Window *w, const char *kind) { return !strcmp(w->n->window, kind); }

static Window window_of(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  Window w = {
    g, pn, n, n->made[0].col, n->made[1].col, n->time_col, false, false, n->out_len > 1
  };
  w.nullable = g->plan->columns[n->time_col].type->nullable;
  w.judged = w.has_else || n->lateness_us > 0;
  gen_column_state(g, w.start, true);
  gen_column_state(g, w.end, true);
  if (w.judged) buf_printf(&g->held, "  int64_t seen%u;\n  uint8_t any%u;\n", n->id, n->id);
  if (w.has_else) gen_array(g, "uint32_t", gen_printf(g, "r%u", n->id));
  return w;
}

/* Opens the loop over rows: `t` is the time of row i; late rows are in rest[0..rests) or counted in
 * `late`. */
static void window_loop_open(const Window *w, GenFn *f, const ColId *cols, uint32_t len) {
  ColId *read = arena_alloc(w->g->arena, (len + 3) * sizeof *read);
  if (len) memcpy(read, cols, len * sizeof *read);
  read[len++] = w->time;
  if (!window_is(w, "session")) read[len++] = w->start, read[len++] = w->end;
  gen_declare_columns(f, NULL, 0, read, len);
  gen_line(f, "uint32_t late = 0, failed = 0;");
  gen_line(f, "int e = 0, rc = 0;");
  gen_line(f, "(void)e; (void)rc; (void)late; (void)failed;");
  if (w->judged || window_is(w, "session")) gen_turn(f);
  if (w->has_else) gen_line(f, "uint32_t *rest = S->r%u;", w->n->id);
  gen_line(f, "for (uint32_t k = 0; k < n; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = sel[k];");
  gen_line(f, "int64_t t = c%u[i];", w->time);
}

static void window_judge(const Window *w, GenFn *f) {
  uint32_t id = w->n->id;
  if (!w->judged) return;
  gen_line(f, "if (S->h->any%u && t < S->h->seen%u - %ldL) { %s; continue; }", id, id,
           (long)w->n->lateness_us, w->has_else ? "rest[late++] = i" : "late++");
  gen_line(f, "if (!S->h->any%u || t > S->h->seen%u) { S->h->any%u = 1; S->h->seen%u = t; }", id, id, id, id);
}

/* A window that is not within the years 1 to 9999 is an error of the row. */
static void window_check(GenFn *f, const char *from, const char *to) {
  gen_fail_if(f, gen_printf(f->g, "%s < -62135596800000000L || %s > 253402300799999999L", from, to),
              "FRT_E_OVERFLOW");
}

static void window_loop_close(const Window *w, GenFn *f) {
  if (f->fails) {
    gen_line(f, "continue;");
    buf_put(f->out, "  fail:\n");
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", w->n->id,
             gen_const_str(w->g, "window_start", 12));
    gen_line(f, "e = 0;");
    gen_line(f, "failed++;");
  }
  f->indent--;
  gen_line(f, "}");
}

static void window_close(const Window *w, GenFn *f) {
  gen_count(f, w->n->id, "IN", "n");
  gen_count(f, w->n->id, w->has_else ? "ELSE" : "DROPPED", "late");
  if (w->has_else) gen_call_uses(f, w->pn, 1, "b", "rest", "late");
  gen_line(f, "return FRT_OK;");
  gen_fn_close(f);
}

static void window_tumbling(const Window *w) {
  Gen *g = w->g;
  uint32_t id = w->n->id;
  GenFn f;
  gen_fn_open(&f, g, w->n, "");
  gen_array(g, "uint32_t", gen_printf(g, "s%u", id));
  gen_line(&f, "uint32_t *keep = S->s%u, kept = 0;", id);
  window_loop_open(w, &f, NULL, 0);
  if (w->nullable)
    gen_line(&f, "if ((n%u[i] = n%u[i] = n%u[i])) { keep[kept++] = i; continue; }", w->start,
             w->end, w->time);
  window_judge(w, &f);
  gen_line(&f, "int64_t from = t - frt_floormod(t, %ldL), to = from + %ldL;", (long)w->n->size_us,
           (long)w->n->size_us);
  window_check(&f, "from", "to");
  gen_line(&f, "c%u[i] = from;", w->start);
  gen_line(&f, "c%u[i] = to;", w->end);
  gen_line(&f, "keep[kept++] = i;");
  window_loop_close(w, &f);
  gen_count(&f, id, "OUT", "kept");
  gen_call_uses(&f, w->pn, 0, "b", "keep", "kept");
  window_close(w, &f);
}

/* Windows begin at each multiple of the hop; those that cover the row's time, the earliest first.
 */
static void window_hopping(const Window *w) {
  Gen *g = w->g;
  const PlanNode *n = w->n;
  ColId *cols;
  uint32_t len = gen_carried(g, n, &cols);
  GenFn f;
  gen_carry_flush(g, w->pn, cols, len);
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "uint32_t m = 0;");
  gen_line(&f, "uint64_t more = 0;");
  window_loop_open(w, &f, cols, len);
  if (w->nullable) {
    gen_line(&f, "if (n%u[i]) {", w->time);
    f.indent++;
    gen_line(&f, "c%u[m] = c%u[m] = 0;", w->start, w->end);
    gen_line(&f, "n%u[m] = n%u[m] = 1;", w->start, w->end);
    gen_carry(&f, n, cols, len);
    gen_line(&f, "continue;");
    f.indent--;
    gen_line(&f, "}");
  }
  window_judge(w, &f);
  gen_line(&f,
           "int64_t last = t - frt_floormod(t, %ldL), from = last - (%ldL - (t - last) - 1) / %ldL "
           "* %ldL;",
           (long)n->hop_us, (long)n->size_us, (long)n->hop_us, (long)n->hop_us);
  gen_line(&f, "if (from > last) { failed++; FRT_COUNT(cx, %u, FRT_DROPPED, 1); continue; }",
           n->id);
  window_check(&f, "from", gen_printf(g, "last + %ldL", (long)n->size_us));
  gen_line(&f, "for (; from <= last; from += %ldL) {", (long)n->hop_us);
  f.indent++;
  gen_line(&f, "c%u[m] = from;", w->start);
  gen_line(&f, "c%u[m] = from + %ldL;", w->end, (long)n->size_us);
  if (w->nullable) gen_line(&f, "n%u[m] = n%u[m] = 0;", w->start, w->end);
  gen_line(&f, "more += from < last;");
  gen_carry(&f, n, cols, len);
  f.indent--;
  gen_line(&f, "}");
  window_loop_close(w, &f);
  gen_line(&f, "if (m && (rc = op%u_flush(cx, S, b, m))) return rc;", n->id);
  gen_count(&f, n->id, "MADE", "more");
  window_close(w, &f);
}

/* ---- session windows ---- */

/* Sessions are found when all rows are there: sorted by time, a distance of more than the gap ends
 * one. Rows go on in the order in which they came. Rows that do not fit are sorted on disk, and come in
 * parts (runtime/op/rank.c): a first pass lists the sessions, a second one gives them to the rows. */
static void window_session_part(const Window *w) {
  Gen *g = w->g;
  uint32_t id = w->n->id;
  GenFn f = { .g = g, .out = &g->funcs, .indent = 1 };
  const char *head = gen_printf(g, "static int op%u_part(FrtCtx *cx, void *state, const FrtRankPart *part)", id);
  buf_printf(&g->held, "  FrtPairs sessions%u;\n  uint64_t session%u;\n", id, id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_pairs_end, &S->h->sessions%u);\n", id);
  buf_printf(&g->protos, "%s;\n", head);
  buf_printf(&g->funcs, "/* n%u: sessions, by their first and last time */\n%s {\n", id, head);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "FrtPairs *q = &S->h->sessions%u;", id);
  gen_line(&f, "for (uint64_t i = part->from; part->pass & 1 && i < part->to; i++) {");
  gen_line(&f, "  const A%u *r = FRT_ROW(&S->h->grp%u, part->p[i].row);", id, id);
  gen_line(&f, "  if (r->timeless) continue;");
  gen_line(&f, "  if (!q->len || (uint64_t)r->t - q->data[q->len - 1].row > %luUL) frt_pairs_add(q, (uint64_t)r->t, (uint64_t)r->t);",
           (unsigned long)w->n->gap_us);
  gen_line(&f, "  q->data[q->len - 1].row = (uint64_t)r->t;");
  gen_line(&f, "}");
  gen_line(&f, "for (uint64_t i = part->from; part->pass & 2 && i < part->to; i++) {");
  gen_line(&f, "  A%u *r = FRT_ROW(&S->h->grp%u, part->p[i].row);", id, id);
  gen_line(&f, "  if (r->timeless) continue;");
  gen_line(&f, "  while (r->t > (int64_t)q->data[S->h->session%u].row) S->h->session%u++;", id, id);
  gen_line(&f, "  r->from = (int64_t)q->data[S->h->session%u].key;", id);
  gen_line(&f, "  r->to = (int64_t)q->data[S->h->session%u].row + %ldL;", id, (long)w->n->gap_us);
  gen_line(&f, "}");
  gen_line(&f, "return frt_cancelled() ? FRT_FATAL : FRT_OK;");
  gen_fn_close(&f);
}

static void window_session_disk(const Window *w, const ColId *cols, uint32_t len) {
  Gen *g = w->g;
  uint32_t id = w->n->id;
  const char *row = gen_printf(g, "A%u", id), *rank = gen_printf(g, "S->h->rank%u", id);
  const ColId ends[] = { w->start, w->end };
  Buf rest = { .arena = g->arena }, made = { .arena = g->arena }, given = { .arena = g->arena };
  for (uint32_t i = 0; i < len; i++) {
    const Type *t = g->plan->columns[cols[i]].type;
    const char *c = gen_printf(g, "c%u", cols[i]), *n = gen_printf(g, "n%u", cols[i]);
    gen_away_column(g, &rest, row, c, n, t);
    gen_away_column(g, &made, row, c, n, t);
    gen_away_column(g, &given, "State", c, n, t);
  }
  gen_away_column(g, &rest, row, "t", NULL, type_basic(TY_I64));
  gen_away_column(g, &rest, row, "timeless", NULL, type_basic(TY_BOOL));
  for (int i = 0; i < 2; i++) {
    const Type *t = g->plan->columns[ends[i]].type;
    gen_away_column(g, &made, row, i ? "to" : "from", "timeless", t);
    gen_away_column(g, &given, "State", gen_printf(g, "c%u", ends[i]), gen_printf(g, "n%u", ends[i]), t);
  }
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_away[] = {\n%s};\n", id, rest.data);
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_made[] = {\n%s};\n", id, made.data);
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_given[] = {\n%s};\n", id, given.data);
  buf_printf(&g->held, "  FrtRank rank%u;\n", id);
  buf_printf(&g->init, "  frt_away_init(cx, &%s.away, %u, op%u_away, %u, &S->h->grp%u, &S->h->times%u, NULL);\n", rank, id, id, len + 2,
             id, id);
  buf_printf(&g->init, "  %s.made = op%u_made;\n  %s.given = op%u_given;\n  %s.made_len = %u;\n  %s.passes = 2;\n", rank, id, rank, id,
             rank, len + 2, rank);
  buf_printf(&g->init, "  %s.part = op%u_part;\n  frt_rank_init(cx, &%s);\n", rank, id, rank);
}

/* Rows that come back from disk. */
static void window_session_rest(const Window *w, GenFn *f) {
  uint32_t id = w->n->id;
  gen_line(f, "if (S->h->rank%u.away.own) {", id);
  f->indent++;
  gen_line(f, "rc = frt_rank_rest(cx, S, &S->h->rank%u);", id);
  gen_line(f, "while (rc == FRT_OK && (rc = frt_rank_next(cx, S, &S->h->rank%u, m)) == FRT_OK) {", id);
  f->indent++;
  gen_line(f, "m++;");
  gen_emit_flush_when_full(f, w->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (rc != FRT_END) return rc;");
  gen_line(f, "rc = 0;");
  gen_line(f, "if (m) {");
  f->indent++;
  gen_emit_flush(f, w->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "frt_rank_end(&S->h->rank%u);", id);
  gen_line(f, "return FRT_OK;");
  f->indent--;
  gen_line(f, "}");
}

static void window_session_emit(const Window *w, const ColId *cols, uint32_t len) {
  Gen *g = w->g;
  const PlanNode *n = w->n;
  uint32_t id = n->id;
  GenFn f;
  gen_emit_open(&f, g, n);
  for (uint32_t i = 0; i < len; i++) gen_column_state(g, cols[i], true);
  window_session_rest(w, &f);
  gen_line(&f, "frt_sort_pairs(S->h->times%u.data, S->h->times%u.len, 1, NULL, NULL, &S->h->grp%u);", id, id,
           id);
  gen_line(&f, "for (uint64_t from = 0, to; from < S->h->times%u.len; from = to) {", id);
  f.indent++;
  gen_line(&f, "const FrtPair *p = S->h->times%u.data;", id);
  gen_line(&f, "if (((A%u *)FRT_ROW(&S->h->grp%u, p[from].row))->timeless) break;   /* the last ones */", id, id);
  gen_line(&f,
           "for (to = from + 1; to < S->h->times%u.len && p[to].key - p[to - 1].key <= %luUL; to++) {",
           id, (unsigned long)n->gap_us);
  gen_line(&f, "}");
  gen_line(&f, "for (uint64_t j = from; j < to; j++) {");
  gen_line(&f, "  A%u *r = FRT_ROW(&S->h->grp%u, p[j].row);", id, id);
  gen_line(&f, "  r->from = ((A%u *)FRT_ROW(&S->h->grp%u, p[from].row))->t;", id, id);
  gen_line(&f, "  r->to = ((A%u *)FRT_ROW(&S->h->grp%u, p[to - 1].row))->t + %ldL;", id, id,
           (long)n->gap_us);
  gen_line(&f, "}");
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_pairs_free(&S->h->times%u);", id);
  gen_line(&f, "for (uint64_t j = 0; j < S->h->grp%u.len; j++) {", id);
  f.indent++;
  gen_line(&f, "const A%u *r = FRT_ROW(&S->h->grp%u, j);", id, id);
  gen_row_load(&f, cols, len, "r", "m");
  gen_line(&f, "S->c%u[m] = r->from;", w->start);
  gen_line(&f, "S->c%u[m] = r->to;", w->end);
  if (w->nullable) gen_line(&f, "S->n%u[m] = S->n%u[m] = r->timeless;", w->start, w->end);
  gen_line(&f, "m++;");
  gen_emit_flush_when_full(&f, w->pn, 0);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "if (m) {");
  f.indent++;
  gen_emit_flush(&f, w->pn, 0);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_store_free(&S->h->grp%u);", id);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void window_session(const Window *w) {
  Gen *g = w->g;
  const PlanNode *n = w->n;
  ColId *cols;
  uint32_t len = gen_carried(g, n, &cols);
  GenFn f;
  gen_row_struct(g, n->id, "row", gen_printf(g, "A%u", n->id), cols, len,
                 "  int64_t t, from, to;\n  uint8_t timeless;\n");
  buf_printf(&g->held, "  FrtStore grp%u;\n  FrtPairs times%u;\n", n->id, n->id);
  buf_printf(&g->init, "  frt_store_init(&S->h->grp%u, sizeof(A%u));\n", n->id, n->id);
  buf_printf(&g->init,
             "  frt_at_end(cx, frt_store_end, &S->h->grp%u);\n  frt_at_end(cx, frt_pairs_end, "
             "&S->h->times%u);\n",
             n->id, n->id);
  window_session_disk(w, cols, len);
  window_session_part(w);
  gen_fn_open(&f, g, n, "");
  window_loop_open(w, &f, cols, len);
  if (w->nullable) gen_line(&f, "if (!n%u[i]) {", w->time);
  window_judge(w, &f);
  window_check(&f, "t", gen_printf(g, "t + %ldL", (long)n->gap_us));
  if (w->nullable) gen_line(&f, "}");
  gen_line(&f, "A%u *r = frt_store_add(cx, &S->h->grp%u);", n->id, n->id);
  gen_row_save(&f, cols, len, "r", gen_printf(g, "&S->h->grp%u", n->id));
  gen_line(&f, "r->t = t;");
  if (w->nullable) gen_line(&f, "r->timeless = n%u[i] != 0;", w->time);
  gen_line(&f, "frt_pairs_add(&S->h->times%u, r->timeless ? ~0UL : frt_order_i64(t), S->h->grp%u.len - 1);", n->id, n->id);
  window_loop_close(w, &f);
  gen_line(&f, "if (!frt_away_fits(&S->h->rank%u.away) && frt_away_write(cx, &S->h->rank%u.away)) return FRT_FATAL;", n->id, n->id);
  gen_count(&f, n->id, "HELD", "n - late - failed");
  window_close(w, &f);
  window_session_emit(w, cols, len);
}

void gen_window(Gen *g, const PhysNode *pn) {
  Window w = window_of(g, pn);
  if (window_is(&w, "tumbling")) window_tumbling(&w);
  else if (window_is(&w, "hopping")) window_hopping(&w);
  else window_session(&w);
}
