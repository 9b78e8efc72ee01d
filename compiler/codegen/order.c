/* order.c: sort and top.
 *
 * sort holds every row; when the input has ended, the pairs are sorted and the rows emitted in their order.
 * top holds few more than the N rows that can still be wanted: whenever the pairs have doubled they are sorted
 * and cut, and the survivors move to a new store. A row whose word is behind that of the present N-th row is
 * dropped at once. With `per` the cut is one for each group. */
#include <string.h>

#include "codegen/gen_order.h"

/* ---- sort ---- */

static void order_fail_label(GenFn *f, const PlanNode *n) {
  if (!f->fails) return;
  gen_line(f, "continue;");
  buf_put(f->out, "  fail:\n");
  gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(f->g, "", 0));
  gen_line(f, "failed++;");
  gen_line(f, "e = 0;");
}

static void order_take_open(GenFn *f, const GenOrder *o, const char *sel, const char *n) {
  gen_line(f, "uint32_t failed = 0;");
  gen_line(f, "int e = 0;");
  gen_line(f, "(void)e;");
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", n);
  f->indent++;
  gen_line(f, "uint32_t i = %s[k];", sel);
}

static void sort_take(const GenOrder *o) {
  GenFn f;
  CVal *v = arena_alloc(o->g->arena, (o->n->key_len + 1) * sizeof *v);
  gen_fn_open(&f, o->g, o->n, "");
  gen_declare_columns(&f, gen_order_exprs(o), o->n->key_len, o->cols, o->len);
  order_take_open(&f, o, "sel", "n");
  gen_order_eval(&f, o, v);
  gen_order_word(&f, o, v);
  gen_order_add(&f, o, v);
  order_fail_label(&f, o->n);
  f.indent--;
  gen_line(&f, "}");
  gen_count(&f, o->n->id, "IN", "n");
  gen_count(&f, o->n->id, "HELD", "n - failed");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void order_emit_rows(GenFn *f, const GenOrder *o) {
  uint32_t id = o->n->id;
  gen_order_targets(f, o);
  gen_line(f, "for (uint64_t at = 0; at < S->pairs%u.len; at++) {", id);
  f->indent++;
  gen_line(f, "const R%u *row = FRT_ROW(&S->store%u, S->pairs%u.data[at].row);", id, id, id);
  gen_line(f, "(void)row;");
  for (uint32_t i = 0; i < o->out_len; i++) {
    ColId c = o->out[i];
    gen_line(f, "S->c%u[m] = row->c%u;", c, c);
    if (f->g->plan->columns[c].type->nullable) gen_line(f, "S->n%u[m] = row->n%u;", c, c);
  }
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
  gen_line(f, "frt_pairs_free(&S->pairs%u);", o->n->id);
  gen_line(f, "frt_store_free(&S->store%u);", o->n->id);
}

static void sort_emit(const GenOrder *o) {
  GenFn f;
  uint32_t id = o->n->id;
  gen_emit_open(&f, o->g, o->n);
  gen_line(&f, "frt_sort_pairs(S->pairs%u.data, S->pairs%u.len, %d, %s, S, &S->store%u);", id, id, o->exact,
           gen_order_compare_name(o), id);
  order_emit_rows(&f, o);
  order_free(&f, o);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_sort(Gen *g, const PhysNode *pn) {
  GenOrder o = gen_order_plan(g, pn, NULL, 0);
  gen_order_state(&o, NULL);
  gen_order_compare(&o);
  sort_take(&o);
  sort_emit(&o);
}
