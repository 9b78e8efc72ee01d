/* scans.c: what a source needs: its columns, its path, and the function that takes its blocks. */
#include <string.h>

#include "codegen/gen_expr.h"

static const char *scan_str(Gen *g, const char *s) {
  if (!s) return "{0}";
  return gen_printf(g, "{%s, %zu, 0}", c_string(g->arena, s, strlen(s)), strlen(s));
}

/* ---- columns ---- */

/* A default is computed at start, since it may read parameters. */
static const char *scan_default(Gen *g, const PlanField *pf, uint32_t scan, uint32_t index) {
  if (!pf->dflt || (pf->dflt->kind == EX_CONST && pf->dflt->value.is_null)) return "NULL";
  const Type *t = g->plan->columns[pf->col].type;
  const char *name = gen_printf(g, "default%u_%u", scan, index);
  buf_printf(&g->consts, "static %s %s;\n", gen_ctype(g, t), name);
  GenFn f = {.g = g, .out = &g->init, .indent = 1, .fail = "fail", .temps = 200000 + scan * 1000 + index * 10};
  CVal v = gen_expr(&f, pf->dflt);
  gen_line(&f, "%s = %s;", name, v.v);
  return gen_printf(g, "&%s", name);
}

static const char *scan_mask(const char *mask) {
  if (!mask) return NULL;
  return !strcmp(mask, "hash") ? "FRT_MASK_HASH" : !strcmp(mask, "partial") ? "FRT_MASK_PARTIAL" : "FRT_MASK_REDACT";
}

static void scan_column(Gen *g, Buf *rows, const PlanRead *r, uint32_t scan, uint32_t i) {
  const PlanField *pf = &r->fields[i];
  uint8_t use = g->phys->col_use[pf->col];
  const char *from = "NULL";
  if (pf->from_len) {
    Buf b = {.arena = g->arena};
    for (uint32_t k = 0; k < pf->from_len; k++) buf_printf(&b, "%s%s", k ? ", " : "", scan_str(g, pf->from[k]));
    bool fresh;
    from = gen_intern(g, "from", b.data, &fresh);
    if (fresh) buf_printf(&g->consts, "static const FrtStr %s[] = {%s};\n", from, b.data);
  }
  const char *flags = !use ? "0" : use & COL_RAW ? "FRT_USE_VALUE | FRT_USE_RAW" : "FRT_USE_VALUE";
  if (g->phys->late[pf->col]) flags = gen_printf(g, "%s | FRT_USE_LATE", flags);
  if (use & COL_LENIENT) flags = use & COL_LENT_NULL ? "FRT_USE_VALUE | FRT_USE_LENIENT | FRT_USE_LENT_NULL" : "FRT_USE_VALUE | FRT_USE_LENIENT";
  const char *type = gen_type_desc(g, g->plan->columns[pf->col].type);
  const char *dflt = use ? scan_default(g, pf, scan, i) : "NULL";
  const char *mask = scan_mask(g->plan->columns[pf->col].mask);
  buf_printf(rows, "  {.name = %s, .from = %s, .from_len = %u, .use = %s, .type = %s,\n", scan_str(g, pf->name), from, pf->from_len,
             flags, type);
  buf_printf(rows, "   .format = %s, .zone = %s, .dflt = %s, .width = %u%s},\n", scan_str(g, pf->format), scan_str(g, pf->zone), dflt,
             pf->width, mask ? gen_printf(g, ", .mask = %s", mask) : "");
}

static void scan_columns(Gen *g, const PlanNode *n, uint32_t index) {
  Buf rows = {.arena = g->arena};
  for (uint32_t i = 0; i < n->read->field_len; i++) scan_column(g, &rows, n->read, index, i);
  buf_printf(&g->consts, "static const FrtColumn columns%u[] = {\n%s};\n", index, rows.data ? rows.data : "  {.use = 0}\n");
}

/* ---- functions ---- */

static void scan_path(Gen *g, const PlanNode *n, uint32_t index) {
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1, .fail = "fail"};
  buf_printf(&g->funcs, "static int scan%u_path(FrtCtx *cx, void *state, FrtStr *out) {\n", index);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)S;");
  CVal v = gen_expr(&f, n->read->path);
  gen_line(&f, "*out = %s;", v.v);
  gen_line(&f, "return e;");
  if (f.fails) buf_put(f.out, "fail:\n  return e;\n");
  gen_fn_close(&f);
}

static void scan_fill(Gen *g, const PlanNode *n, uint32_t index) {
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1, .fail = "fail"};
  uint32_t width = n->read ? n->read->field_len : n->out[0].schema.len;
  buf_printf(&g->funcs, "static int scan%u_fill(FrtCtx *cx, void *state, FrtBlock *b) {\n", index);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)S;");
  gen_line(&f, "for (uint32_t i = 0; i < b->n; i++) {");
  gen_line(&f, "  switch (b->row0 + i) {");
  f.indent = 2;
  uint32_t rows = width ? n->rows_len / width : 0;
  for (uint32_t r = 0; r < rows; r++) {
    gen_line(&f, "case %u: {", r);
    f.indent++;
    for (uint32_t c = 0; c < width; c++) {
      ColId col = n->read ? n->read->fields[c].col : n->out[0].schema.cols[c].col;
      const Type *t = g->plan->columns[col].type;
      if (!g->phys->col_use[col]) continue;
      CVal v = gen_expr(&f, n->rows[r * width + c]);
      gen_line(&f, "((%s *)b->col[%u])[i] = %s;", gen_ctype(g, t), c, v.v);
      if (t->nullable) gen_line(&f, "b->nul[%u][i] = %s;", c, v.n ? v.n : "0");
    }
    gen_line(&f, "break;");
    f.indent--;
    gen_line(&f, "}");
  }
  f.indent = 1;
  gen_line(&f, "  }");
  gen_line(&f, "}");
  gen_line(&f, "return e;");
  if (f.fails) buf_put(f.out, "fail:\n  return e;\n");
  gen_fn_close(&f);
}

/* Whether nobody can tell, but by a count, how many rows n had behind the last that was wanted. */
static bool scan_is_quiet(const PlanNode *n) {
  bool fails = (n->cond && expr_can_fail(n->cond)) || n->kind == PLAN_TAP || n->kind == PLAN_ASSERT || n->kind == PLAN_EXTRACT;
  for (uint32_t i = 0; i < n->made_len; i++) fails |= n->made[i].value && expr_can_fail(n->made[i].value);
  for (uint32_t i = 0; i < n->conds_len; i++) fails |= n->conds[i] && expr_can_fail(n->conds[i]);
  return !fails;
}

/* The takes behind node n, when every row that leaves it must pass one in the same block; else false. quiet: and when what is
 * between them is quiet. */
static bool scan_takes(const Phys *p, const PhysNode *pn, bool quiet, const PlanNode **takes, uint32_t *len) {
  uint32_t ports = pn->node->out_len;
  for (uint32_t port = 0; port < ports; port++) {
    for (uint32_t k = 0; k < pn->use_len[port]; k++) {
      PlanNode *n = pn->uses[port][k].node;
      switch (n->kind) {
        case PLAN_TAKE:
          if (*len == 64) return false;
          takes[(*len)++] = n;
          break;
        case PLAN_FILTER: case PLAN_MAP: case PLAN_EXTRACT: case PLAN_ROUTE: case PLAN_ASSERT: case PLAN_SKIP: case PLAN_SAMPLE:
        case PLAN_TAP:
          if ((quiet && !scan_is_quiet(n)) || !scan_takes(p, &p->nodes[n->id], quiet, takes, len)) return false;
          break;
        default:
          return false;
      }
    }
  }
  return true;
}

static const char *scan_all_taken(GenFn *f, const PlanNode *const *takes, uint32_t len) {
  Buf all = {.arena = f->g->arena};
  for (uint32_t i = 0; i < len; i++) buf_printf(&all, "%sS->h->done%u", i ? " && " : "", takes[i]->id);
  return all.data;
}

const char *gen_all_taken(GenFn *f, const PhysNode *pn) {
  const PlanNode *takes[64];
  uint32_t len = 0;
  return scan_takes(f->g->phys, pn, true, takes, &len) && len ? scan_all_taken(f, takes, len) : NULL;
}

static void scan_stop(GenFn *f, const PhysNode *pn) {
  const PlanNode *takes[64];
  uint32_t len = 0;
  if (!scan_takes(f->g->phys, pn, false, takes, &len) || !len) return;
  const char *all = scan_all_taken(f, takes, len);
  gen_turn(f);
  gen_line(f, "uint32_t last = 0;");
  for (uint32_t i = 0; i < len; i++) {
    uint32_t id = takes[i]->id;
    gen_line(f, "if (S->h->last%u > last) last = S->h->last%u;", id, id);
    gen_line(f, "S->h->last%u = 0;", id);
  }
  gen_line(f, "if (%s) frt_stop(cx, b, last);", all);
}

/* Emits the check of a field; a row that fails it goes to the label. */
static void scan_check(GenFn *f, const PlanField *pf, const char *label) {
  Gen *g = f->g;
  const char *text = pf->check_text ? pf->check_text : "";
  f->fail = label;
  CVal v = gen_expr(f, pf->check);
  const char *bad = v.n ? gen_printf(g, "!%s && !(%s)", v.n, v.v) : gen_printf(g, "!(%s)", v.v);
  gen_line(f, "if (%s) { cx->detail = %s; e = FRT_E_CHECK; goto %s; }", bad, gen_const_str(g, text, strlen(text)), label);
}

/* Behind the loop's body: a row that failed one check is asked for the later ones too, so that all are told together. */
static void scan_checks_late(GenFn *f, const PlanNode *n, const PlanField **fields, uint32_t len) {
  Gen *g = f->g;
  for (uint32_t i = 0; i < len; i++) {
    buf_printf(f->out, "  fail%u:\n", i);
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(g, fields[i]->name, strlen(fields[i]->name)));
    gen_line(f, "e = 0;");
    gen_line(f, i + 1 < len ? "goto later%u;" : "continue;", i + 1);
  }
  for (uint32_t i = 1; i < len; i++) {
    buf_printf(f->out, "  later%u:;\n", i);
    gen_line(f, "{");
    f->indent++;
    scan_check(f, fields[i], gen_printf(g, "late%u", i));
    gen_line(f, "if (0) {");
    gen_line(f, "  late%u: frt_error_more(cx, b, i, %u, e, %s);", i, n->id, gen_const_str(g, fields[i]->name, strlen(fields[i]->name)));
    gen_line(f, "  e = 0;");
    gen_line(f, "}");
    f->indent--;
    gen_line(f, "}");
  }
}

static void scan_checks(GenFn *f, const PlanNode *n) {
  Gen *g = f->g;
  uint32_t len = 0;
  const Expr **checks = arena_alloc(g->arena, (n->read->field_len + 1) * sizeof *checks);
  const PlanField **fields = arena_alloc(g->arena, (n->read->field_len + 1) * sizeof *fields);
  for (uint32_t i = 0; i < n->read->field_len; i++) {
    if (!n->read->fields[i].check) continue;
    fields[len] = &n->read->fields[i];
    checks[len++] = n->read->fields[i].check;
  }
  if (!len) return;
  buf_printf(&g->state, "  uint32_t *s%u;\n", n->id);
  buf_printf(&g->setup, "  S->s%u = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n", n->id);
  gen_declare_columns(f, checks, len, NULL, 0);
  gen_line(f, "uint32_t *keep = S->s%u, kept = 0;", n->id);
  gen_line(f, "int e = 0;");
  gen_line(f, "for (uint32_t k = 0; k < n; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = sel[k];");
  for (uint32_t i = 0; i < len; i++) scan_check(f, fields[i], gen_printf(g, "fail%u", i));
  gen_line(f, "keep[kept++] = i;");
  gen_line(f, "continue;");
  scan_checks_late(f, n, fields, len);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "sel = keep; n = kept;");
}

static void scan_block(Gen *g, const PhysNode *pn, uint32_t index) {
  const PlanNode *n = pn->node;
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1, .fail = "fail", .row = "i"};
  uint32_t len = n->read ? n->read->field_len : n->out[0].schema.len;
  buf_printf(&g->funcs, "/* n%u %s */\nstatic int scan%u_block(FrtCtx *cx, void *state, FrtBlock *b) {\n", n->id, n->word ? n->word : "", index);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "const uint32_t *sel = b->sel;");
  gen_line(&f, "uint32_t n = b->sel_len;");
  gen_line(&f, "int rc = 0;");
  gen_line(&f, "(void)sel; (void)n; (void)rc;");
  gen_line(&f, "S->block = b;");
  for (uint32_t i = 0; i < len; i++) {
    ColId c = n->read ? n->read->fields[i].col : n->out[0].schema.cols[i].col;
    if (!g->phys->col_use[c]) continue;
    gen_column_state(g, c, false);
    gen_line(&f, "S->c%u = b->col[%u];", c, i);
    if (g->plan->columns[c].type->nullable) gen_line(&f, "S->n%u = b->nul[%u];", c, i);
  }
  if (n->read) scan_checks(&f, n);
  gen_call_uses(&f, pn, 0, "b", "sel", "n");
  scan_stop(&f, pn);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* range(n): the number is an expression over params. */
static void scan_range(Gen *g, const PlanNode *n, uint32_t index) {
  if (!n->count) return;
  GenFn f = {.g = g, .out = &g->init, .indent = 1, .fail = "fail", .temps = 300000 + index * 100};
  CVal v = gen_expr(&f, n->count);
  gen_line(&f, "scans[%u].options.range_to = %s;", index, v.v);
}

void gen_scan(Gen *g, const PhysNode *pn, uint32_t index) {
  const PlanNode *n = pn->node;
  if (n->read) {
    scan_columns(g, n, index);
  } else {
    PlanRead *r = arena_alloc(g->arena, sizeof *r);
    r->field_len = n->out[0].schema.len;
    r->fields = arena_alloc(g->arena, (r->field_len + 1) * sizeof *r->fields);
    for (uint32_t i = 0; i < r->field_len; i++)
      r->fields[i] = (PlanField){.col = n->out[0].schema.cols[i].col, .name = n->out[0].schema.cols[i].name};
    PlanNode copy = *n;
    copy.read = r;
    scan_columns(g, &copy, index);
  }
  if (n->kind == PLAN_READ) scan_path(g, n, index);
  if (n->kind == PLAN_VALUES && n->plugin) gen_plugin_source(g, n, index);
  else if (n->kind == PLAN_VALUES) scan_fill(g, n, index);
  if (n->kind == PLAN_RANGE) scan_range(g, n, index);
  scan_block(g, pn, index);
}
