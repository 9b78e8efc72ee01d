/* bind_js.c: `call js("file.js", ports = [a, b], time = 100ms, memory = 64MiB) as { field: type } [else -> name]`.
 *
 * The rows keep their columns and get the fields behind `as`, which replace columns of their name. The script is read and
 * compiled here, so that a fault of its syntax is one of the flow's. */
#include <string.h>

#include "js/js.h"
#include "sema/bind_internal.h"

enum { JS_ROW_US = 100000, JS_MEMORY = 64 << 20, JS_MEMORY_LEAST = 1 << 20, JS_PORTS_LEN = 64 };

static const AstArg *js_arg(const AstOp *op, const char *name) {
  for (const AstArg *a = op->args; a; a = a->next)
    if (name ? a->name.text && !strcmp(a->name.text, name) : !a->name.text) return a;
  return NULL;
}

const AstExpr *call_ports(const AstOp *op) {
  const AstArg *a = js_arg(op, "ports");
  return a && a->value->kind == AST_LIST ? a->value->items : NULL;
}

static void js_args_check(Chain *c, const AstOp *op) {
  static const char *const names[] = { "ports", "time", "memory" };
  Binder *b = c->b;
  for (const AstArg *a = op->args; a; a = a->next) {
    if (!a->name.text) {
      if (a != js_arg(op, NULL))
        diag_report(b->diags, DIAG_E0407, a->span, "options are named: `time = 100ms`", NULL, "js", "one positional", 2u);
      continue;
    }
    bool known = false;
    for (int i = 0; i < 3; i++) known |= !strcmp(names[i], a->name.text);
    if (!known)
      diag_report(b->diags, DIAG_E0701, a->name.span, hint_nearest(b, a->name.text, names, 3), "options: ports, time, memory",
                  a->name.text, "js");
    else if (js_arg(op, a->name.text) != a)
      diag_report(b->diags, DIAG_E0708, a->name.span, NULL, NULL, a->name.text);
  }
}

static int64_t js_number(Chain *c, const AstArg *a, AstExprKind kind, int64_t least, int64_t otherwise, const char *need) {
  if (!a) return otherwise;
  if (a->value->kind == kind && a->value->integer >= least) return a->value->integer;
  diag_report(c->b->diags, DIAG_E0703, a->value->span, NULL, NULL, a->name.text, need);
  return otherwise;
}

static bool js_load(Chain *c, const AstOp *op, PlanScript *s) {
  Binder *b = c->b;
  const AstArg *file = js_arg(op, NULL);
  if (!file || file->value->kind != AST_STRING) {
    diag_report(b->diags, DIAG_E0705, file ? file->value->span : op->span, NULL, "the first argument is the file: `js(\"clean.js\")`", "js", "path");
    return false;
  }
  const SemaOptions *o = b->options;
  s->file = file->value->text;
  s->source = o && o->load ? o->load(o->load_env, s->file, chain_module(c)->path, &s->size) : NULL;
  if (!s->source) {
    diag_report(b->diags, DIAG_E0706, file->value->span, NULL, "paths are relative to the script", s->file, "no such file");
    return false;
  }
  char why[512];
  if (frt_js_check(s->file, s->source, s->size, why, sizeof why) == 0) return true;
  diag_report(b->diags, DIAG_E0812, file->value->span, NULL, NULL, why);
  return false;
}

static void js_outputs(Chain *c, const AstOp *op, PlanNode *n) {
  Binder *b = c->b;
  const AstType *row = op->type ? bind_row_type(b, chain_module(c), op->type) : NULL;
  uint32_t len = 0;
  for (const AstField *a = row ? row->fields : NULL; a; a = a->next) len++;
  n->captures = arena_alloc(b->arena, (len + 1) * sizeof *n->captures);
  Schema out = schema_copy(b->arena, &n->out[0].schema, len);
  for (const AstField *a = row ? row->fields : NULL; a; a = a->next) {
    const Type *t = bind_type(b, chain_module(c), a->type);
    for (uint32_t i = 0; i < n->capture_len; i++)
      if (!strcmp(b->plan->columns[n->captures[i]].name, a->name.text))
        diag_report(b->diags, DIAG_E0311, a->name.span, NULL, NULL, a->name.text);
    if (t->kind != TY_ERROR && (!type_is_scalar(t) || t->kind == TY_BYTES))
      diag_report(b->diags, DIAG_E0425, a->name.span, NULL, "give it as string, and parse it behind the call",
                  type_text(b->arena, t), "made by JavaScript");
    ColId col = column_make(b, a->name.text, t, a->name.span);
    b->plan->columns[col].mask = field_mask(c, a);
    n->captures[n->capture_len++] = col;
    schema_put(&out, a->name.text, col);
  }
  n->out[0].schema = out;
}

void op_js(Chain *c, const AstOp *op) {
  Binder *b = c->b;
  PlanScript *s = arena_alloc(b->arena, sizeof *s);
  js_args_check(c, op);
  s->row_us = js_number(c, js_arg(op, "time"), AST_DURATION, 1000, JS_ROW_US, "a duration of 1ms or more");
  s->memory = js_number(c, js_arg(op, "memory"), AST_SIZE, JS_MEMORY_LEAST, JS_MEMORY, "a size of 1MiB or more");
  const AstArg *ports = js_arg(op, "ports");
  const char **names = NULL;
  bool good = js_load(c, op, s);
  if (ports && ports->value->kind != AST_LIST)
    diag_report(b->diags, DIAG_E0703, ports->value->span, NULL, NULL, "ports", "a list of names, `[a, b]`");
  for (const AstExpr *e = call_ports(op); e; e = e->next) {
    if (e->kind != AST_NAME || s->port_len == JS_PORTS_LEN) {
      diag_report(b->diags, DIAG_E0703, e->span, NULL, NULL, "ports", "a list of at most 64 names, `[a, b]`");
      good = false;
      break;
    }
    names = arena_grow(b->arena, names, s->port_len, sizeof *names);
    names[s->port_len++] = e->name.text;
  }
  s->ports = names;
  if (!good) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  const Schema *in = chain_schema(c);
  PlanNode *n = chain_node(c, op, PLAN_SCRIPT, 1, 1 + s->port_len + (op->else_port.text ? 1 : 0));
  n->script = s;
  js_outputs(c, op, n);
  uint32_t i = 1;
  for (const AstExpr *e = call_ports(op); e; e = e->next, i++) {
    n->out[i].name = e->name.text;
    n->out[i].schema = n->out[0].schema;
    port_feed(c, e->name, (PlanEdge){ n, i });
  }
  if (op->else_port.text) {
    n->out[i].name = op->else_port.text;
    n->out[i].schema = *in;
    port_feed(c, op->else_port, (PlanEdge){ n, i });
  }
  policy_apply(c, n, &op->on_error);
}
