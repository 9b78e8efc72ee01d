/* order_text.c: a sort whose only consumer is a sink that prints its rows as text, perhaps under other names.
 *
 * Each row is printed at once, or left in the mapped source where it stands as it would be printed; what is held
 * is its key and the place of its text. Keys are words, or where they are long or texts, bytes: either way the order is
 * known without the row. The emit copies texts. */
#include "codegen/gen_order.h"

void gen_sort_keys(GenFn *f, const GenOrder *o) {
  Gen *g = o->g;
  uint32_t id = o->n->id, words = phys_sort_words(o->n);
  CVal *v = arena_alloc(g->arena, (o->n->key_len + 1) * sizeof *v);
  const char *ctype = words ? "uint64_t" : "FrtStr", *name = words ? "words" : "keys";
  buf_printf(&g->state, "  %s *%s%u;\n  uint32_t *s%u;\n", ctype, name, id, id);
  buf_printf(&g->setup, "  S->%s%u = frt_alloc_run(cx, cx->block_rows * %u * sizeof(%s));\n", name, id, words ? words : 1, ctype);
  buf_printf(&g->setup, "  S->s%u = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", id);
  gen_declare_columns(f, gen_order_exprs(o), o->n->key_len, NULL, 0);
  gen_line(f, "%s *%s = S->%s%u;", ctype, name, name, id);
  gen_line(f, "uint32_t *keep = S->s%u, kept = 0;", id);
  gen_order_loop_open(f, "sel", "n");
  gen_order_eval(f, o, v);
  if (words) gen_order_words(f, o, v);
  else gen_order_bytes(f, o, v, "keys[kept]");
  for (uint32_t j = 0; j < words; j++)
    gen_line(f, words > 1 ? "words[%u * (size_t)kept + %u] = w%u;" : "words[kept] = w0;", words, j, j);
  gen_line(f, "keep[kept++] = i;");
  gen_order_loop_close(f, o->n);
  gen_line(f, "(void)failed;");
}

static void texts_take(const GenOrder *o, const PlanNode *sink) {
  GenFn f;
  Gen *g = o->g;
  uint32_t id = o->n->id;
  gen_fn_open(&f, g, o->n, "");
  gen_line(&f, "int rc = 0;");
  gen_sort_keys(&f, o);
  for (const PlanNode *at = g->phys->nodes[id].uses[0][0].node; at != sink; at = g->phys->nodes[at->id].uses[0][0].node)
    for (uint32_t i = 0; i < at->made_len; i++)
      if (phys_made_needed(g->phys, &at->made[i])) gen_alias(&f, &at->made[i]);
  gen_count(&f, id, "IN", "n");
  gen_count(&f, id, "HELD", "kept");
  gen_line(&f, "if (kept && (rc = op%u_hold(cx, S, b, keep, kept))) return rc;", sink->id);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void texts_emit(const GenOrder *o, const PlanNode *sink) {
  GenFn f;
  Gen *g = o->g;
  uint32_t id = o->n->id;
  gen_emit_open(&f, g, o->n);
  gen_line(&f, "FrtTexts *t = &S->h->texts%u;", id);
  gen_line(&f, "if ((rc = frt_texts_sort(cx, t))) return rc;");
  gen_line(&f, "for (;;) {");
  f.indent++;
  gen_line(&f, "if ((rc = frt_texts_put(cx, t, %u, cx->block_rows, &m))) return rc;", gen_sink_index(g, sink));
  gen_line(&f, "if (!m) break;");
  gen_line(&f, "b->n = b->sel_len = m;");
  gen_line(&f, "b->sel = S->iota;");
  gen_count(&f, id, "MADE", "m");
  gen_count(&f, id, "OUT", "m");
  for (const PlanNode *n = g->phys->nodes[id].uses[0][0].node;; n = g->phys->nodes[n->id].uses[0][0].node) {
    gen_count(&f, n->id, "IN", "m");
    gen_count(&f, n->id, "OUT", "m");
    if (n == sink) break;
  }
  gen_line(&f, "if ((rc = frt_block_end(cx, b))) return rc;");
  gen_line(&f, "b->row0 += m;");
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "return frt_texts_end(cx, t);");
  gen_fn_close(&f);
}

void gen_sort_texts(Gen *g, const PhysNode *pn) {
  GenOrder o = {.g = g, .pn = pn, .n = pn->node, .exact = true};
  uint32_t id = pn->node->id;
  buf_printf(&g->held, "  FrtTexts texts%u;\n", id);
  buf_printf(&g->state, "  uint64_t *places%u;\n", id);
  buf_printf(&g->init, "  frt_texts_init(&S->h->texts%u, %u, %u, %d);\n", id, id, phys_sort_words(o.n), gen_order_form(&o));
  buf_printf(&g->init, "  frt_at_end(cx, frt_texts_drop, &S->h->texts%u);\n", id);
  buf_printf(&g->setup, "  S->places%u = frt_alloc_run(cx, cx->block_rows * sizeof(uint64_t));\n", id);
  buf_printf(&g->protos, "static int op%u_hold(FrtCtx *cx, State *S, const FrtBlock *b, const uint32_t *sel, uint32_t n);\n", pn->texts->id);
  texts_take(&o, pn->texts);
  texts_emit(&o, pn->texts);
}
