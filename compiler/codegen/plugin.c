/* plugin.c: a step of a plugin: one call of the runtime a block, with the arrays of the columns. */
#include <string.h>

#include "codegen/gen_expr.h"

static const char *plugin_str(Gen *g, const char *s) { return gen_printf(g, "{%s, %zu, 0}", c_string(g->arena, s, strlen(s)), strlen(s)); }

static void plugin_fields(Gen *g, const PlanNode *n, const char *what, const ColId *cols, const char *const *names, uint32_t len) {
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < len; i++)   /* the descriptors may add lines of their own */
    buf_printf(&b, "  {%s, %s},\n", plugin_str(g, names ? names[i] : g->plan->columns[cols[i]].name),
               gen_type_desc(g, g->plan->columns[cols[i]].type));
  buf_printf(&g->users, "static const FrtPluginField plugin%u_%s[] = {\n%s  {{0}, NULL}\n};\n", n->id, what, b.data ? b.data : "");
}

static const ColId *plugin_source_cols(Gen *g, const PlanNode *n) {
  ColId *cols = arena_alloc(g->arena, (n->read->field_len + 1) * sizeof *cols);
  for (uint32_t i = 0; i < n->read->field_len; i++) cols[i] = n->read->fields[i].col;
  return cols;
}

static void plugin_spec(Gen *g, const PlanNode *n) {
  const PlanPlugin *p = n->plugin;
  plugin_fields(g, n, "in", n->unpivot_cols, p->in_names, n->unpivot_len);
  const ColId *out = n->captures;
  uint32_t out_len = n->capture_len;
  if (n->read) out = plugin_source_cols(g, n), out_len = n->read->field_len;
  plugin_fields(g, n, "out", out, NULL, out_len);
  buf_printf(&g->users, "static const FrtPluginSpec plugin%u_spec = {.op = %u, .index = %u, .in_len = %u, .out_len = %u, .config_len = %u,\n", n->id,
             n->id, p->index, n->unpivot_len, out_len, p->config_len);
  buf_printf(&g->users, "  .port_len = %u, .isolate = %d, .is_source = %d, .restarts = %u, .in = plugin%u_in, .out = plugin%u_out, .hash = %luUL,\n", p->port_len,
             p->isolate, n->read != NULL, (unsigned)p->restarts, n->id, n->id, (unsigned long)p->hash);
  buf_printf(&g->users, "  .time_us = %ld, .memory = %luUL, .file = %s, .name = %s};\n", (long)p->time_us, (unsigned long)p->memory,
             plugin_str(g, p->file), plugin_str(g, p->name));
}

/* The values of the configuration are kept in Held: the plugin may look at them as long as the run. */
static void plugin_config(Gen *g, const PlanNode *n) {
  const PlanPlugin *p = n->plugin;
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1, .fail = "fail"};
  for (uint32_t i = 0; i < p->config_len; i++) buf_printf(&g->held, "  %s plugin%u_v%u;\n", gen_ctype(g, p->config[i]->type), n->id, i);
  buf_printf(&g->held, "  const void *plugin%u_config[%u];\n  FrtPlugin *plugin%u;\n", n->id, p->config_len + 1, n->id);
  buf_printf(&g->protos, "static int plugin%u_open(FrtCtx *cx, State *S);\n", n->id);
  buf_printf(&g->funcs, "static int plugin%u_open(FrtCtx *cx, State *S) {\n", n->id);
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)e;");
  for (uint32_t i = 0; i < p->config_len; i++) {
    CVal v = gen_expr(&f, p->config[i]);
    gen_line(&f, "S->h->plugin%u_v%u = %s;", n->id, i, v.v);
    gen_line(&f, "S->h->plugin%u_config[%u] = %s%s&S->h->plugin%u_v%u;", n->id, i, v.n ? v.n : "", v.n ? " ? NULL : (const void *)" : "", n->id, i);
  }
  gen_line(&f, "return frt_plugin_new(cx, &plugin%u_spec, S->h->plugin%u_config, &S->h->plugin%u);", n->id, n->id, n->id);
  if (f.fails) buf_put(f.out, "fail:\n  return e;\n");
  f.indent = 0;
  gen_line(&f, "}\n");
  buf_printf(&g->init, "  { int e = plugin%u_open(cx, S); if (e) return e; }\n", n->id);
}

static void plugin_array(GenFn *f, const char *name, const ColId *cols, uint32_t len) {
  const Column *columns = f->g->plan->columns;
  gen_line(f, "void *%s[%u];", name, len + 1);
  gen_line(f, "uint8_t *%s_null[%u];", name, len + 1);
  for (uint32_t i = 0; i < len; i++) {
    gen_line(f, "%s[%u] = S->c%u;", name, i, cols[i]);
    gen_line(f, columns[cols[i]].type->nullable ? "%s_null[%u] = S->n%u;" : "%s_null[%u] = NULL;", name, i, cols[i]);
  }
}

void gen_plugin(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  const PlanPlugin *p = n->plugin;
  GenFn f;
  plugin_spec(g, n);
  plugin_config(g, n);
  for (uint32_t i = 0; i < n->unpivot_len; i++) gen_column_state(g, n->unpivot_cols[i], false);
  for (uint32_t i = 0; i < n->capture_len; i++) gen_column_state(g, n->captures[i], true);
  gen_array(g, "uint32_t", gen_printf(g, "s%u", n->id));
  for (uint32_t i = 0; i < p->port_len; i++) gen_array(g, "uint32_t", gen_printf(g, "port%u_%u", n->id, i));
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "int rc = FRT_TURN(cx);   /* what a plugin keeps between chunks goes by their order */");
  gen_line(&f, "if (rc) return rc;");
  plugin_array(&f, "in", n->unpivot_cols, n->unpivot_len);
  plugin_array(&f, "out", n->captures, n->capture_len);
  gen_line(&f, "uint32_t *port[%u], port_len[%u];", p->port_len + 1, p->port_len + 1);
  for (uint32_t i = 0; i < p->port_len; i++) gen_line(&f, "port[%u] = S->port%u_%u;", i, n->id, i);
  gen_line(&f, "FrtPluginRows r = {NULL, S->s%u, port, port_len, 0, 0, 0, 0};", n->id);
  gen_line(&f, "rc = frt_plugin_rows(cx, S->h->plugin%u, b, sel, n, in, in_null, out, out_null, &r);", n->id);
  gen_line(&f, "if (rc) return rc;");
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "MADE", "r.made");
  gen_count(&f, n->id, "OUT", "r.kept");
  gen_count(&f, n->id, "DROPPED", "r.dropped");
  for (uint32_t i = 0; i < p->port_len; i++)
    gen_count(&f, n->id, p->port_out[i] ? "ELSE" : "DROPPED", gen_printf(g, "port_len[%u]", i));
  gen_call_uses(&f, pn, 0, "b", "r.keep", "r.kept");
  for (uint32_t i = 0; i < p->port_len; i++)
    if (p->port_out[i]) gen_call_uses(&f, pn, p->port_out[i], "b", gen_printf(g, "port[%u]", i), gen_printf(g, "port_len[%u]", i));
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- sources ---- */

void gen_plugin_source(Gen *g, const PlanNode *n, uint32_t index) {
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1, .fail = "fail"};
  plugin_spec(g, n);
  plugin_config(g, n);
  buf_printf(&g->funcs, "static int scan%u_fill(FrtCtx *cx, void *state, FrtBlock *b) {\n", index);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "return frt_plugin_source(cx, S->h->plugin%u, b);", n->id);
  gen_fn_close(&f);
}

/* ---- functions ---- */

/* The name of the function's spec, "fn3_spec", and of its member of Held; made once. */
static const char *plugin_function(Gen *g, const Function *fn) {
  const PluginFn *p = fn->plugin;
  bool fresh;
  const char *name = gen_intern(g, "fn", gen_printf(g, "plugin %s %u", p->file, p->index), &fresh);
  if (!fresh) return name;
  Buf types = {.arena = g->arena};
  for (uint32_t i = 0; i < fn->param_len; i++) buf_printf(&types, "%s, ", gen_type_desc(g, fn->params[i]));
  const char *result = gen_type_desc(g, fn->result);
  buf_printf(&g->users, "static const FrtType *const %s_args[] = {%sNULL};\n", name, types.data ? types.data : "");
  buf_printf(&g->users, "static const FrtPluginFnSpec %s_spec = {%u, %u, %s, %s, %luUL, %s_args, %s};\n", name, p->index, fn->param_len,
             plugin_str(g, p->file), plugin_str(g, p->name), (unsigned long)p->hash, name, result);
  buf_printf(&g->held, "  FrtPluginFn *%s;\n", name);
  buf_printf(&g->init, "  if (frt_plugin_fn_new(cx, &%s_spec, &S->h->%s)) return FRT_FATAL;\n", name, name);
  return name;
}

CVal gen_plugin_call(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const Function *fn = e->fn;
  const char *name = plugin_function(g, fn), *n = NULL;
  CVal *args = arena_alloc(g->arena, (e->arg_len + 1) * sizeof *args);
  const char *at = gen_printf(g, "v%u", ++f->temps);
  gen_line(f, "const void *%s[%u];", at, e->arg_len + 1);
  for (uint32_t i = 0; i < e->arg_len; i++) {
    args[i] = gen_expr(f, e->arg[i]);
    const char *v = gen_temp(f, gen_ctype(g, fn->params[i]), args[i].v);
    if (!fn->params[i]->nullable) n = gen_null_or(f, n, args[i].n);
    if (fn->params[i]->nullable && args[i].n) gen_line(f, "%s[%u] = %s ? NULL : (const void *)&%s;", at, i, args[i].n, v);
    else gen_line(f, "%s[%u] = &%s;", at, i, v);
  }
  n = n ? gen_atom(f, "uint8_t", n) : NULL;
  bool can_null = fn->result->nullable;
  const char *tn = can_null ? gen_temp(f, "uint8_t", n ? n : "0") : n;
  const char *t = gen_temp(f, gen_ctype(g, e->type), gen_zero(g, e->type));
  const char *call = gen_printf(g, "frt_plugin_call(cx, &%s_spec, &S->h->%s, %s, &%s)", name, name, at, t);
  gen_unless_null(f, n);
  if (can_null) {
    const char *s = gen_temp(f, "int", call);
    gen_line(f, "if (%s == FRT_NULL) %s = 1;", s, tn);
    gen_fail_if(f, gen_printf(g, "%s > 0", s), s);
  } else {
    gen_try_call(f, call);
  }
  gen_end_unless_null(f, n);
  return (CVal){t, tn};
}
