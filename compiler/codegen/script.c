/* script.c: `call js(...)`: one call of the runtime a block, with the arrays of the columns. */
#include <string.h>

#include "codegen/gen.h"

static bool script_sees(const Type *t) { return t->kind != TY_LIST && t->kind != TY_STRUCT && t->kind != TY_BYTES; }

static int32_t script_input(const Plan *p, const Schema *in, ColId out) {
  const Column *o = &p->columns[out];
  for (uint32_t i = 0; i < in->len; i++)
    if (!strcmp(in->cols[i].name, o->name) && type_equal(p->columns[in->cols[i].col].type, o->type)) return (int32_t)i;
  return -1;
}

static void script_field(Gen *g, const char *name, const Type *t, int32_t input) {
  const char *desc = script_sees(t) ? gen_type_desc(g, t) : "NULL";   /* before its line: it may add lines of its own */
  buf_printf(&g->users, "  {.name = {%s, %zu, 0}, .type = %s, .input = %d},\n", c_string(g->arena, name, strlen(name)), strlen(name), desc,
             input);
}

static void script_spec(Gen *g, const PlanNode *n, const Schema *in) {
  const PlanScript *s = n->script;
  for (uint32_t i = 0; i < in->len; i++) gen_type_desc(g, g->plan->columns[in->cols[i].col].type);
  for (uint32_t i = 0; i < n->capture_len; i++) gen_type_desc(g, g->plan->columns[n->captures[i]].type);
  buf_printf(&g->users, "static const FrtJsField js%u_in[] = {\n", n->id);
  for (uint32_t i = 0; i < in->len; i++) script_field(g, in->cols[i].name, g->plan->columns[in->cols[i].col].type, -1);
  buf_printf(&g->users, "  {{0}}\n};\nstatic const FrtJsField js%u_out[] = {\n", n->id);
  for (uint32_t i = 0; i < n->capture_len; i++)
    script_field(g, g->plan->columns[n->captures[i]].name, g->plan->columns[n->captures[i]].type, script_input(g->plan, in, n->captures[i]));
  buf_printf(&g->users, "  {{0}}\n};\nstatic const FrtStr js%u_ports[] = {\n", n->id);
  for (uint32_t i = 0; i < s->port_len; i++)
    buf_printf(&g->users, "  {%s, %zu, 0},\n", c_string(g->arena, s->ports[i], strlen(s->ports[i])), strlen(s->ports[i]));
  buf_printf(&g->users, "  {0}\n};\nstatic const FrtJsSpec js%u_spec = {.op = %u, .in_len = %u, .out_len = %u, .port_len = %u,\n", n->id, n->id,
             in->len, n->capture_len, s->port_len);
  buf_printf(&g->users, "  .in = js%u_in, .out = js%u_out, .ports = js%u_ports, .memory = %ldUL, .row_us = %ld,\n", n->id, n->id, n->id,
             (long)s->memory, (long)s->row_us);
  buf_printf(&g->users, "  .file = {%s, %zu, 0}, .source = {%s, %zu, 0}};\n", c_string(g->arena, s->file, strlen(s->file)), strlen(s->file),
             c_string(g->arena, s->source, s->size), s->size);
}

static void script_arrays(GenFn *f, const PlanNode *n, const Schema *in) {
  const Column *columns = f->g->plan->columns;
  gen_line(f, "void *in[%u], *out[%u];", in->len + 1, n->capture_len + 1);
  gen_line(f, "uint8_t *in_null[%u], *out_null[%u];", in->len + 1, n->capture_len + 1);
  for (uint32_t i = 0; i < in->len; i++) {
    ColId c = in->cols[i].col;
    gen_line(f, "in[%u] = S->c%u;", i, c);
    gen_line(f, columns[c].type->nullable ? "in_null[%u] = S->n%u;" : "in_null[%u] = NULL;", i, c);
  }
  for (uint32_t i = 0; i < n->capture_len; i++) {
    ColId c = n->captures[i];
    gen_line(f, "out[%u] = S->c%u;", i, c);
    gen_line(f, columns[c].type->nullable ? "out_null[%u] = S->n%u;" : "out_null[%u] = NULL;", i, c);
  }
}

void gen_script(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  const Schema *in = &n->in[0].node->out[n->in[0].port].schema;
  uint32_t ports = n->script->port_len;
  bool has_else = n->out_len > 1 + ports;
  GenFn f;
  script_spec(g, n, in);
  for (uint32_t i = 0; i < n->capture_len; i++) gen_column_state(g, n->captures[i], true);
  gen_array(g, "uint32_t", gen_printf(g, "s%u", n->id));
  gen_array(g, "uint32_t", gen_printf(g, "r%u", n->id));
  for (uint32_t i = 0; i < ports; i++) gen_array(g, "uint32_t", gen_printf(g, "port%u_%u", n->id, i));
  buf_printf(&g->held, "  FrtJs *js%u;\n", n->id);
  buf_printf(&g->init, "  if (frt_js_new(cx, &js%u_spec, &S->h->js%u)) return FRT_FATAL;\n", n->id, n->id);
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "int rc = FRT_TURN(cx);   /* what a script keeps between rows goes by their order */");
  gen_line(&f, "if (rc) return rc;");
  script_arrays(&f, n, in);
  gen_line(&f, "uint32_t *port[%u], port_len[%u];", ports + 1, ports + 1);
  for (uint32_t i = 0; i < ports; i++) gen_line(&f, "port[%u] = S->port%u_%u;", i, n->id, i);
  gen_line(&f, "FrtJsRows r = {S->s%u, S->r%u, port, port_len, 0, 0, 0, 0, 0};", n->id, n->id);
  gen_line(&f, "rc = frt_js_rows(cx, S->h->js%u, b, sel, n, in, in_null, out, out_null, &r);", n->id);
  gen_line(&f, "if (rc) return rc;");
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "MADE", "r.made");
  gen_count(&f, n->id, "OUT", "r.kept");
  if (ports) gen_count(&f, n->id, "ELSE", "r.sent");
  gen_count(&f, n->id, has_else ? "ELSE" : "DROPPED", "r.rests");
  gen_call_uses(&f, pn, 0, "b", "r.keep", "r.kept");
  for (uint32_t i = 0; i < ports; i++)
    gen_call_uses(&f, pn, i + 1, "b", gen_printf(g, "port[%u]", i), gen_printf(g, "port_len[%u]", i));
  if (has_else) gen_call_uses(&f, pn, ports + 1, "b", "r.rest", "r.rests");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}
