/* distinct.c: distinct: the first row of each key goes on, in the block that it came in.
 *
 * Where nothing behind it can tell (phys/spill.c), keys that do not fit into memory send their rows to disk; these go on in a step of
 * their own, in the same order (runtime/op/groups.c). */
#include "codegen/gen_hold.h"

/* The columns that rows on disk have: what is read behind it, and the keys. */
static uint32_t distinct_columns(Gen *g, const PhysNode *pn, ColId **cols) {
  const PlanNode *n = pn->node;
  ColId *used, *out;
  uint32_t all = gen_used_columns(g, &n->out[0].schema, &used), len = 0;
  out = arena_alloc(g->arena, (all + n->by_len + 1) * sizeof *out);
  for (uint32_t i = 0; i < all; i++)
    if (pn->kept[used[i]]) out[len++] = used[i];
  for (uint32_t i = 0; i < n->by_len; i++) {
    bool twice = false;
    for (uint32_t k = 0; k < len; k++) twice |= out[k] == n->by[i];
    if (!twice) out[len++] = n->by[i];
  }
  *cols = out;
  return len;
}

static void distinct_state(Gen *g, const PhysNode *pn) {
  ColId *cols;
  uint32_t len = distinct_columns(g, pn, &cols), id = pn->node->id;
  gen_spill_columns(g, gen_printf(g, "op%u_rows", id), cols, len);
  buf_printf(&g->held, "  FrtGroups groups%u;\n", id);
  buf_printf(&g->init, "  frt_groups_init(cx, &S->h->groups%u, %u, &S->h->tab%u, NULL);\n", id, id, id);
  buf_printf(&g->init, "  S->h->groups%u.in = S->h->groups%u.out = op%u_rows;\n", id, id, id);
  buf_printf(&g->init, "  S->h->groups%u.in_len = S->h->groups%u.out_len = %u;\n", id, id, len);
  buf_printf(&g->init, "  S->h->groups%u.take = op%u_again;\n  S->h->groups%u.finish = op%u_finish;\n  S->h->groups%u.give = op%u_send;\n", id,
             id, id, id, id, id);
}

static void distinct_open(GenFn *f, Gen *g, const PlanNode *n, const char *name, const char *args) {
  *f = (GenFn){.g = g, .out = &g->funcs, .indent = 1};
  buf_printf(&g->protos, "static int op%u_%s(FrtCtx *cx, void *state%s);\n", n->id, name, args);
  buf_printf(&g->funcs, "static int op%u_%s(FrtCtx *cx, void *state%s) {\n", n->id, name, args);
  gen_line(f, "State *S = state;");
}

/* op<id>_again: rows that come back from disk; op<id>_finish: the keys of a partition are not needed any more. */
static void distinct_again(Gen *g, const PlanNode *n) {
  GenFn f;
  distinct_open(&f, g, n, "again", ", uint32_t n");
  gen_line(&f, "FrtBlock b = {0};");
  gen_line(&f, "b.n = b.sel_len = n;");
  gen_line(&f, "b.sel = S->iota;");
  gen_line(&f, "return op%u_take(cx, S, &b, S->iota, n);", n->id);
  gen_fn_close(&f);
  distinct_open(&f, g, n, "finish", "");
  gen_line(&f, "(void)cx;");
  gen_line(&f, "frt_table_free(&S->h->tab%u);", n->id);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* A block that is not the source's: nothing in it can be copied as it stands. */
static void distinct_no_text(Gen *g, GenFn *f, const PhysNode *pn) {
  uint32_t id = pn->node->id;
  if (!pn->text_space) return;
  buf_printf(&g->funcs, "static const FrtFields op%u_text[%u];\nstatic const uint8_t op%u_canon[%u];\n", id,
             pn->space->read->field_len + 1, id, pn->space->read->field_len + 1);
  gen_line(f, "b->fields = (FrtFields *)op%u_text;", id);
  gen_line(f, "b->canon = (uint8_t *)op%u_canon;", id);
}

static void distinct_give(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f, text = {.g = g, .indent = 1};
  Buf lines = {.arena = g->arena};
  text.out = &lines;
  distinct_no_text(g, &text, pn);
  buf_printf(&g->state, "  FrtBlock b%u;\n", n->id);
  distinct_open(&f, g, n, "send", ", uint32_t m");
  gen_line(&f, "FrtBlock *b = &S->b%u;", n->id);
  gen_line(&f, "int rc = 0;");
  gen_line(&f, "S->block = b;");
  if (lines.data) buf_put(f.out, lines.data);
  gen_emit_flush(&f, pn, 0);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
  distinct_open(&f, g, n, "give", "");
  gen_line(&f, "frt_table_free(&S->h->tab%u);", n->id);
  gen_line(&f, "return frt_groups_rest(cx, S, &S->h->groups%u);", n->id);
  gen_fn_close(&f);
}

/* The first rows of new keys: fresh positions in keep[]. */
static void distinct_keys(GenFn *f, const PhysNode *pn) {
  Gen *g = f->g;
  const PlanNode *n = pn->node;
  GenKeys k = gen_keys(f, n, "key", gen_by_columns(g, n), n->by_len, true);
  const char *kind = k.is_word ? "words" : "texts";
  gen_array(g, "uint32_t", gen_printf(g, "fresh%u", n->id));
  gen_turn(f);
  gen_line(f, "uint32_t *keep = S->fresh%u;", n->id);
  gen_line(f, "const uint32_t *rows = %s;", k.sel);
  if (!pn->spills) {
    gen_line(f, "uint32_t fresh = frt_table_add_%s(cx, &S->h->tab%u, %s, %s, %s, %s, keep);", kind, n->id, k.keys, k.nul, k.n, k.ids);
  } else {
    gen_line(f, "uint32_t fresh = frt_groups_add_%s(cx, S, &S->h->groups%u, %s, %s, &rows, &%s, %s, keep);", kind, n->id, k.keys, k.nul, k.n,
             k.ids);
    gen_line(f, "if (fresh == FRT_NONE) return FRT_FATAL;");
  }
  gen_line(f, "for (uint32_t j = 0; j < fresh; j++) keep[j] = rows[keep[j]];");
  if (pn->spills) gen_line(f, "if (S->h->groups%u.back) return frt_groups_pass(cx, S, &S->h->groups%u, keep, fresh);", n->id, n->id);
  gen_count(f, n->id, "IN", "n");
  gen_count(f, n->id, "OUT", "fresh");
  gen_count(f, n->id, "DROPPED", gen_printf(g, "%s - fresh", k.n));
  if (pn->spills) gen_count(f, n->id, "HELD", gen_printf(g, "n - %s", k.n));
}

void gen_distinct(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  GenFn f;
  gen_key_table(g, n, gen_keys_are_words(gen_by_columns(g, n), n->by_len, true));
  if (pn->spills) {
    distinct_state(g, pn);
    distinct_again(g, n);
    distinct_give(g, pn);
  }
  gen_fn_open(&f, g, n, "");
  gen_declare_columns(&f, NULL, 0, n->by, n->by_len);
  gen_line(&f, "int rc = 0;");
  gen_line(&f, "(void)rc;");
  distinct_keys(&f, pn);
  gen_call_uses(&f, pn, 0, "b", "keep", "fresh");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}
