/* order.c: sort and top.
 *
 * sort holds every row, with its key; when the input has ended, they come back in order.
 * top holds few more than the N rows that can still be wanted: whenever the pairs have doubled they are sorted
 * and cut, and the survivors move to a new store. A row whose word is behind that of the present N-th row is
 * dropped at once. With `per` both are by group. Rows that do not fit go to disk as sorted runs (runtime/op/away.c). */
#include <string.h>

#include "codegen/gen_order.h"

/* ---- sort ---- */

void gen_order_loop_close(GenFn *f, const PlanNode *n) {
  if (f->fails) {
    gen_line(f, "continue;");
    buf_put(f->out, "  fail:\n");
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(f->g, "", 0));
    gen_line(f, "failed++;");
    gen_line(f, "e = 0;");
  }
  f->indent--;
  gen_line(f, "}");
}

void gen_order_loop_open(GenFn *f, const char *sel, const char *n) {
  gen_line(f, "uint32_t failed = 0;");
  gen_line(f, "int e = 0;");
  gen_line(f, "(void)e;");
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", n);
  f->indent++;
  gen_line(f, "uint32_t i = %s[k];", sel);
}

static void order_emit_rows(GenFn *f, const GenOrder *o) {
  uint32_t id = o->n->id;
  gen_line(f, "for (uint64_t at = 0; at < S->h->pairs%u.len; at++) {", id);
  f->indent++;
  gen_line(f, "const R%u *row = FRT_ROW(&S->h->store%u, S->h->pairs%u.data[at].row);", id, id, id);
  gen_line(f, "(void)row;");
  gen_order_load(f, o);
  gen_line(f, "m++;");
  gen_emit_flush_when_full(f, o->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (m) {");
  f->indent++;
  gen_emit_flush(f, o->pn, 0);
  f->indent--;
  gen_line(f, "}");
}

static void order_free(GenFn *f, const GenOrder *o) {
  gen_line(f, "frt_pairs_free(&S->h->pairs%u);", o->n->id);
  gen_line(f, "frt_store_free(&S->h->store%u);", o->n->id);
}

/* Rows rest as bytes (runtime/op/held_rows.c), with keys of several words or as bytes. */
static void sort_columns(const GenOrder *o) {
  Gen *g = o->g;
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_columns[] = {\n", o->n->id);
  for (uint32_t i = 0; i < o->out_len; i++) {
    const Type *t = g->plan->columns[o->out[i]].type;
    gen_column_state(g, o->out[i], false);
    const char *nulls = t->nullable ? gen_printf(g, "FRT_OFFSETOF(State, n%u)", o->out[i]) : "0";
    buf_printf(&g->funcs, "  {FRT_OFFSETOF(State, c%u), %s, %s},\n", o->out[i], nulls, gen_type_desc(g, t));
  }
  buf_put(&g->funcs, "  {0, 0, NULL}\n};\n");
}

static void sort_take(const GenOrder *o) {
  GenFn f;
  Gen *g = o->g;
  uint32_t id = o->n->id;
  gen_fn_open(&f, g, o->n, "");
  gen_sort_keys(&f, o);
  gen_count(&f, id, "IN", "n");
  gen_count(&f, id, "HELD", "kept");
  gen_turn(&f);
  gen_line(&f, "return frt_sort_rows_hold(cx, S, &S->h->sort%u, %s, keep, kept);", id, phys_sort_words(o->n) ? "words, NULL" : "NULL, keys");
  gen_fn_close(&f);
}

static void sort_emit(const GenOrder *o) {
  GenFn f;
  uint32_t id = o->n->id;
  gen_emit_open(&f, o->g, o->n);
  gen_line(&f, "FrtSortRows *q = &S->h->sort%u;", id);
  gen_line(&f, "if ((rc = frt_texts_sort(cx, &q->texts))) return rc;");
  gen_order_targets(&f, o);
  gen_line(&f, "for (;;) {");
  f.indent++;
  gen_line(&f, "if ((rc = frt_sort_rows_next(cx, S, q, cx->block_rows, &m))) return rc;");
  gen_line(&f, "if (!m) break;");
  gen_emit_flush(&f, o->pn, 0);
  const char *taken = gen_all_taken(&f, o->pn);
  if (taken) gen_line(&f, "if (%s) break;", taken);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_sort_rows_end(q);");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_sort(Gen *g, const PhysNode *pn) {
  if (pn->texts) {
    gen_sort_texts(g, pn);
    return;
  }
  GenOrder o = gen_order_plan(g, pn, NULL, 0);
  uint32_t id = o.n->id, words = phys_sort_words(o.n);
  buf_printf(&g->held, "  FrtSortRows sort%u;\n", id);
  buf_printf(&g->init, "  frt_sort_rows_init(&S->h->sort%u, %u, %u, %d, op%u_columns, %u);\n", id, id, words, gen_order_form(&o), id, o.out_len);
  buf_printf(&g->init, "  frt_at_end(cx, frt_sort_rows_end, &S->h->sort%u);\n", id);
  sort_columns(&o);
  sort_take(&o);
  sort_emit(&o);
}

/* ---- top ---- */

/* N, computed once. */
static void top_limit(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  buf_printf(&g->held, "  uint64_t limit%u, next%u, bound%u;\n  uint32_t full%u;\n", id, id, id, id);
  GenFn f = {.g = g, .out = &g->init, .indent = 1, .fail = "fail", .temps = 100000 + id * 100};
  CVal v = gen_expr(&f, o->n->count);
  const char *text = o->n->word && !strcmp(o->n->word, "top") ? "top needs a number that is not negative"
                                                              : "take and skip need a number that is not negative";
  gen_line(&f, "if (%s < 0) { cx->detail = %s; e = FRT_E_ARGUMENT; goto fail; }", v.v, gen_const_str(g, text, strlen(text)));
  gen_line(&f, "S->h->limit%u = (uint64_t)%s;", id, v.v);
  gen_line(&f, "S->h->next%u = 1024;", id);
}

/* What a moved row points to moves along. */
static void top_move_texts(GenFn *f, const GenOrder *o) {
  Gen *g = o->g;
  const char *store = gen_printf(g, "&S->h->store%u", o->n->id);
  for (uint32_t i = 0; i < o->len; i++) {
    const Type *t = g->plan->columns[o->cols[i]].type;
    if (!gen_row_points(t)) continue;
    if (t->nullable) gen_line(f, "if (!row->n%u)", o->cols[i]);
    gen_line(f, "frt_store_value(cx, %s, %s, &row->c%u);", store, gen_type_desc(g, t), o->cols[i]);
  }
  for (uint32_t j = 0; j < o->n->key_len; j++) {
    const Type *t = o->n->keys[j].value->type;
    if (!gen_order_key_rests(o, j) || !gen_row_points(t)) continue;
    if (t->nullable) gen_line(f, "if (!row->kn%u)", j);
    gen_line(f, "frt_store_value(cx, %s, %s, &row->k%u);", store, gen_type_desc(g, t), j);
  }
}

/* op<id>_cut: sorts, cuts, and moves what is left to a new store. */
static void top_cut(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  GenFn f = {.g = g, .out = &g->funcs};
  buf_printf(&g->protos, "static void op%u_cut(FrtCtx *cx, State *S);\n", id);
  gen_line(&f, "/* n%u %s: only rows that can still be wanted stay */", id, o->n->word ? o->n->word : "");
  gen_line(&f, "static void op%u_cut(FrtCtx *cx, State *S) {", id);
  f.indent = 1;
  gen_line(&f, "FrtPairs *pairs = &S->h->pairs%u;", id);
  gen_line(&f, "FrtStore old = S->h->store%u;", id);
  gen_line(&f, "uint64_t len = pairs->len;");
  gen_line(&f, "frt_sort_pairs(pairs->data, len, %d, %s, S, &old);", o->exact, gen_order_compare_name(o));
  if (o->n->by_len) {
    gen_line(&f, "frt_pairs_cut_groups(pairs, &old, S->h->table%u.len, S->h->limit%u, &S->h->bounds%u);", id, id, id);
  } else {
    gen_line(&f, "if (len >= S->h->limit%u) {", id);
    gen_line(&f, "  pairs->len = S->h->limit%u;", id);
    gen_line(&f, "  S->h->full%u = 1;", id);
    gen_line(&f, "  S->h->bound%u = pairs->len ? pairs->data[pairs->len - 1].key : 0;", id);
    gen_line(&f, "}");
  }
  gen_line(&f, "S->h->next%u = pairs->len < 1024 ? pairs->len + 1024 : pairs->len * 2;", id);
  gen_line(&f, "if (pairs->len == len) return;");
  gen_line(&f, "frt_store_init(&S->h->store%u, sizeof(R%u));", id, id);
  gen_line(&f, "S->h->store%u.spills = old.spills;", id);
  gen_line(&f, "for (uint64_t at = 0; at < pairs->len; at++) {");
  f.indent++;
  gen_line(&f, "R%u *row = frt_store_add(cx, &S->h->store%u);", id, id);
  gen_line(&f, "*row = *(const R%u *)FRT_ROW(&old, pairs->data[at].row);", id);
  gen_line(&f, "pairs->data[at].row = at;");
  top_move_texts(&f, o);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_store_free(&old);");
  gen_fn_close(&f);
}

/* A row behind the last one that is wanted, of its group where there are groups. */
static void top_drop(GenFn *f, const GenOrder *o, const char *ids) {
  uint32_t id = o->n->id;
  if (!o->n->by_len) {
    gen_line(f, "if (S->h->full%u && (word %s S->h->bound%u || !S->h->limit%u)) { dropped++; continue; }", id, o->exact ? ">=" : ">", id, id);
    return;
  }
  gen_line(f, "const FrtBounds *bounds = &S->h->bounds%u;", id);
  gen_line(f, "if (!S->h->limit%u || (%s[k] < bounds->len && bounds->full[%s[k]] && word %s bounds->key[%s[k]])) { dropped++; continue; }",
           id, ids, ids, o->exact ? ">=" : ">", ids);
}

/* What every row is asked for: its keys, and those of its group. */
static const Expr **top_seen(const GenOrder *o) {
  const Expr **seen = arena_alloc(o->g->arena, (o->n->key_len + o->n->by_len + 1) * sizeof *seen);
  memcpy(seen, gen_order_exprs(o), o->n->key_len * sizeof *seen);
  memcpy(seen + o->n->key_len, gen_order_by(o), o->n->by_len * sizeof *seen);
  return seen;
}

static bool top_has_late(const GenOrder *o) {
  for (uint32_t i = 0; i < o->len; i++)
    if (o->g->phys->late[o->cols[i]] && gen_in_scan(o->g, o->n)) return true;
  return false;
}

/* Columns that are late rest in the row: only rows in front of the last one that is wanted are looked at further. Emits the
 * loop that finds them; afterwards they are the selection. */
static void top_near(GenFn *f, const GenOrder *o, GenKeys *keys, CVal *v) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  const char *fail = f->fail;
  f->fail = "near";
  gen_array(g, "uint32_t", gen_printf(g, "near%u", id));
  gen_line(f, "uint32_t *near = S->near%u, nears = 0;", id);
  if (keys->ids) gen_line(f, "uint32_t *near_ids = %s;", keys->ids);
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", keys->n);
  f->indent++;
  gen_line(f, "uint32_t i = %s[k];", keys->sel);
  gen_line(f, "int e = 0;");
  gen_order_eval(f, o, v);
  gen_order_word(f, o, v);
  top_drop(f, o, keys->ids);
  if (f->fails) gen_line(f, "near:");
  gen_line(f, "(void)e;");
  if (keys->ids) gen_line(f, "near_ids[nears] = %s[k];", keys->ids);
  gen_line(f, "near[nears++] = i;");
  f->indent--;
  gen_line(f, "}");
  f->fails = false;
  f->fail = fail;
  gen_late(f, NULL, 0, o->cols, o->len, "near", "nears");
  keys->sel = "near";
  keys->n = "nears";
}

static void top_take(const GenOrder *o) {
  GenFn f;
  Gen *g = o->g;
  const PlanNode *n = o->n;
  uint32_t id = n->id;
  CVal *v = arena_alloc(g->arena, (n->key_len + 1) * sizeof *v);
  GenKeys keys = {.sel = "sel", .n = "n"};
  gen_fn_open(&f, g, n, "");
  uint32_t reads_len;
  const ColId *reads = gen_order_reads(o, &reads_len);
  gen_declare_columns(&f, gen_order_exprs(o), n->key_len, reads, reads_len);
  if (gen_in_scan(g, n)) gen_late(&f, top_seen(o), n->key_len + n->by_len, NULL, 0, "sel", "n");
  if (n->by_len) keys = gen_order_groups(&f, o);
  else gen_turn(&f);
  gen_line(&f, "uint64_t dropped = 0;");
  const char *taken = keys.n;
  if (top_has_late(o)) top_near(&f, o, &keys, v);
  gen_order_loop_open(&f, keys.sel, keys.n);
  gen_order_eval(&f, o, v);
  gen_order_word(&f, o, v);
  top_drop(&f, o, keys.ids);
  gen_order_add(&f, o, v);
  if (n->by_len) gen_line(&f, "row->g = %s[k];", keys.ids);
  gen_line(&f, "if (S->h->pairs%u.len >= S->h->next%u && frt_away_cuts(&S->h->away%u)) op%u_cut(cx, S);", id, id, id, id);
  gen_order_loop_close(&f, n);
  gen_count(&f, id, "IN", "n");
  gen_count(&f, id, "DROPPED", "dropped");
  gen_count(&f, id, "HELD", gen_printf(g, "%s - failed - dropped", taken));
  gen_line(&f, "if (frt_away_fits(&S->h->away%u)) return FRT_OK;", id);
  if (n->by_len) gen_line(&f, "frt_bounds_free(&S->h->bounds%u);", id);
  gen_line(&f, "return frt_away_write(cx, &S->h->away%u);", id);
  gen_fn_close(&f);
}

/* Rows that come back from disk. */
static void top_emit_away(GenFn *f, const GenOrder *o) {
  uint32_t id = o->n->id;
  gen_line(f, "if (!frt_away_cuts(&S->h->away%u) && (rc = frt_away_write(cx, &S->h->away%u))) return rc;", id, id);
  gen_line(f, "if (S->h->away%u.own) {", id);
  f->indent++;
  gen_line(f, "R%u back, *row = &back;", id);
  gen_line(f, "memset(row, 0, sizeof *row);");
  gen_line(f, "while ((rc = frt_away_top(cx, &S->h->away%u, S->h->limit%u, row)) == FRT_OK) {", id, id);
  f->indent++;
  gen_order_load(f, o);
  gen_line(f, "m++;");
  gen_emit_flush_when_full(f, o->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (rc != FRT_END) return rc;");
  gen_line(f, "rc = 0;");
  gen_line(f, "if (m) {");
  f->indent++;
  gen_emit_flush(f, o->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "frt_away_end(&S->h->away%u);", id);
  gen_line(f, "return FRT_OK;");
  f->indent--;
  gen_line(f, "}");
}

static void top_emit(const GenOrder *o) {
  GenFn f;
  uint32_t id = o->n->id;
  gen_emit_open(&f, o->g, o->n);
  gen_order_targets(&f, o);
  top_emit_away(&f, o);
  gen_line(&f, "op%u_cut(cx, S);", id);
  if (o->n->by_len) gen_line(&f, "frt_pairs_group(&S->h->pairs%u, &S->h->store%u, S->h->table%u.len);", id, id, id);
  order_emit_rows(&f, o);
  order_free(&f, o);
  if (o->n->by_len) gen_line(&f, "frt_table_free(&S->h->table%u);\n  frt_bounds_free(&S->h->bounds%u);", id, id);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void top_disk(const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id;
  Buf b = {.arena = g->arena};
  uint32_t len = gen_away_columns(o, &b);
  buf_printf(&g->funcs, "static const FrtSpillColumn op%u_away[] = {\n%s  {0, 0, NULL}\n};\n", id, b.data ? b.data : "");
  buf_printf(&g->held, "  FrtAway away%u;\n", id);
  gen_away_init(o, gen_printf(g, "S->h->away%u", id), len);
  buf_printf(&g->init, "  S->h->away%u.limit = S->h->limit%u ? S->h->limit%u : 1;\n", id, id, id);
  if (o->n->by_len) buf_printf(&g->init, "  S->h->away%u.heads = 1;\n", id);
}

void gen_top(Gen *g, const PhysNode *pn) {
  GenOrder o = gen_order_plan(g, pn, NULL, 0);
  gen_order_state(&o, o.n->by_len ? "  uint32_t g;\n" : NULL);
  if (o.n->by_len) {
    gen_order_table(&o);
    buf_printf(&g->held, "  FrtBounds bounds%u;\n", o.n->id);
    buf_printf(&g->init, "  frt_at_end(cx, frt_bounds_free, &S->h->bounds%u);\n", o.n->id);
  }
  gen_order_compare(&o);
  top_limit(&o);
  top_disk(&o);
  top_cut(&o);
  top_take(&o);
  top_emit(&o);
}
