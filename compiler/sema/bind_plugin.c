/* bind_plugin.c: `call geo.near(radius = 5.0, lat = latitude, ports = [far], isolate = true) [on error ...]`.
 *
 * The step's description says which fields it reads, which it makes, and its configuration. Fields are found by name, or in the
 * column that an argument of the field's name gives; a column that only widens to the field's type is converted before. */
#include <string.h>

#include "sema/bind_internal.h"

enum { PLUGIN_TIME_US = 1000000, PLUGIN_MEMORY = 256 << 20, PLUGIN_MEMORY_LEAST = 1 << 20, PLUGIN_RESTARTS = 10 };

static const char *const plugin_words[] = { "ports", "isolate", "time", "memory", "restarts" };
enum { PLUGIN_WORDS = 5 };

typedef struct PluginCall {
  Chain *c;
  const AstOp *op;           /* NULL: a source */
  const AstArg *args;
  Span span, name;
  const Symbol *step;
  Module *from;              /* the plugin */
  const AstType *config;     /* a row type, or NULL */
  PlanPlugin *p;
  bool good;
} PluginCall;

static const AstArg *plugin_arg(const PluginCall *k, const char *name) {
  for (const AstArg *a = k->args; a; a = a->next)
    if (a->name.text && !strcmp(a->name.text, name)) return a;
  return NULL;
}

static const AstParamDecl *plugin_input(const PluginCall *k, const char *name) {
  for (const AstParamDecl *p = k->step->stmt->params; p; p = p->next)
    if (!strcmp(p->name.text, name)) return p;
  return NULL;
}

static bool plugin_knows(const PluginCall *k, const char *name) {
  for (int i = 0; k->op && i < PLUGIN_WORDS; i++)
    if (!strcmp(plugin_words[i], name)) return true;
  for (const AstField *f = k->config ? k->config->fields : NULL; f; f = f->next)
    if (!strcmp(f->name.text, name)) return true;
  return plugin_input(k, name) != NULL;
}

static void plugin_unknown(PluginCall *k, const AstArg *a) {
  Binder *b = k->c->b;
  const char **names = NULL, *list = "";
  uint32_t len = 0;
  for (const AstField *f = k->config ? k->config->fields : NULL; f; f = f->next) {
    names = arena_grow(b->arena, names, len, sizeof *names);
    names[len++] = f->name.text;
  }
  for (const AstParamDecl *p = k->step->stmt->params; p; p = p->next) {
    names = arena_grow(b->arena, names, len, sizeof *names);
    names[len++] = p->name.text;
  }
  for (int i = 0; k->op && i < PLUGIN_WORDS; i++) {
    names = arena_grow(b->arena, names, len, sizeof *names);
    names[len++] = plugin_words[i];
  }
  for (uint32_t i = 0; i < len; i++) list = arena_printf(b->arena, "%s%s%s", list, i ? ", " : "", names[i]);
  diag_report(b->diags, DIAG_E0701, a->name.span, hint_nearest(b, a->name.text, names, len),
              arena_printf(b->arena, "options: %s", list), a->name.text, k->p->name);
}

static void plugin_args_check(PluginCall *k) {
  Binder *b = k->c->b;
  for (const AstArg *a = k->args; a; a = a->next) {
    if (!a->name.text)
      diag_report(b->diags, DIAG_E0407, a->span, "options are named: `name = value`", NULL, k->p->name, "no positional", 1u);
    else if (!plugin_knows(k, a->name.text)) plugin_unknown(k, a);
    else if (plugin_arg(k, a->name.text) != a) diag_report(b->diags, DIAG_E0708, a->name.span, NULL, NULL, a->name.text);
  }
}

/* ---- options of the call ---- */

static int64_t plugin_number(PluginCall *k, const char *name, AstExprKind kind, int64_t least, int64_t otherwise, const char *need) {
  const AstArg *a = plugin_arg(k, name);
  if (!a) return otherwise;
  if (!k->p->isolate)
    diag_report(k->c->b->diags, DIAG_E0605, a->span, NULL, "limits hold for a process of its own", name, "`isolate = true`");
  int64_t v = a->value->integer;
  if (a->value->kind == AST_INT && kind == AST_INT) {
    v = 0;
    for (const char *d = a->value->text; *d && v < 1000000000; d++) v = v * 10 + (*d - '0');
  }
  if (a->value->kind == kind && v >= least) return v;
  diag_report(k->c->b->diags, DIAG_E0703, a->value->span, NULL, NULL, name, need);
  return otherwise;
}

static void plugin_options(PluginCall *k) {
  const AstArg *isolate = plugin_arg(k, "isolate");
  PlanPlugin *p = k->p;
  if (isolate && isolate->value->kind != AST_BOOL)
    diag_report(k->c->b->diags, DIAG_E0703, isolate->value->span, NULL, NULL, "isolate", "true or false");
  p->isolate = isolate && isolate->value->kind == AST_BOOL && isolate->value->integer;
  p->time_us = plugin_number(k, "time", AST_DURATION, 1000, PLUGIN_TIME_US, "a duration of 1ms or more");
  p->memory = plugin_number(k, "memory", AST_SIZE, PLUGIN_MEMORY_LEAST, PLUGIN_MEMORY, "a size of 1MiB or more");
  p->restarts = plugin_number(k, "restarts", AST_INT, 0, PLUGIN_RESTARTS, "a number");
}

/* ---- fields ---- */

/* Where a type may not cross the border: reported at `span`. */
static bool plugin_type(PluginCall *k, const Type *t, Span span) {
  if (t->kind == TY_ERROR) return false;
  if (type_is_scalar(t)) return true;
  diag_report(k->c->b->diags, DIAG_E0425, span, NULL, NULL, type_text(k->c->b->arena, t), "given to a plugin");
  return false;
}

static const SchemaColumn *plugin_column(PluginCall *k, const AstParamDecl *in, Span *span) {
  const AstArg *a = plugin_arg(k, in->name.text);
  AstName name = { in->name.text, k->name };
  *span = k->name;
  if (a && a->value->kind != AST_NAME) {
    diag_report(k->c->b->diags, DIAG_E0809, a->value->span, NULL, "derive it before", in->name.text, k->p->name);
    return NULL;
  }
  if (a) name = a->value->name, *span = a->value->span;
  return chain_column(k->c, name);
}

/* The column of an input, of the very type that the step reads: `map` gets a conversion where that takes one. */
static ColId plugin_convert(PluginCall *k, const SchemaColumn *column, const Type *t, Span span, PlanNode **map) {
  Binder *b = k->c->b;
  Expr *e = bind_widen(b, expr_column(b, column->col, span), t);
  if (e->type->kind == TY_ERROR) k->good = false;
  const Type *have = b->plan->columns[column->col].type;
  if (!k->good || type_equal(have, t) || type_equal(have, type_with_null(b->arena, t, false))) return column->col;
  if (!*map) *map = chain_node(k->c, k->op, PLAN_MAP, 1, 1);
  PlanNode *n = *map;
  ColId col = column_make_of(b, column->name, t, span, e);
  n->made = arena_grow(b->arena, n->made, n->made_len, sizeof *n->made);
  n->made[n->made_len++] = (PlanMade){ col, e };
  Schema grown = schema_copy(b->arena, &n->out[0].schema, 1);
  schema_push(&grown, arena_printf(b->arena, "%s of %s", column->name, k->p->name), col, NULL);
  n->out[0].schema = grown;
  return col;
}

typedef struct PluginInput {
  const SchemaColumn *column;
  const Type *type;
  Span span;
} PluginInput;

static ColId *plugin_inputs(PluginCall *k, uint32_t *len) {
  Binder *b = k->c->b;
  PluginInput *found = NULL;
  const char **names = NULL;
  *len = 0;
  for (const AstParamDecl *in = k->step->stmt->params; in; in = in->next) {
    PluginInput i = { .type = bind_type(b, k->from, in->type) };
    if (plugin_type(k, i.type, in->type->span)) i.column = plugin_column(k, in, &i.span);
    if (!i.column) k->good = false;
    names = arena_grow(b->arena, names, *len, sizeof *names);
    found = arena_grow(b->arena, found, *len, sizeof *found);
    names[*len] = in->name.text;
    found[(*len)++] = i;
  }
  ColId *cols = arena_alloc(b->arena, (*len + 1) * sizeof *cols);
  PlanNode *map = NULL;
  for (uint32_t i = 0; i < *len; i++)
    if (found[i].column) cols[i] = plugin_convert(k, found[i].column, found[i].type, found[i].span, &map);
  k->p->in_names = names;
  return cols;
}

static const char *plugin_mask(const PluginCall *k, const ColId *cols, uint32_t len) {
  for (uint32_t i = 0; i < len; i++)
    if (k->c->b->plan->columns[cols[i]].mask) return k->c->b->plan->columns[cols[i]].mask;
  return NULL;
}

static void plugin_outputs(PluginCall *k, PlanNode *n, const Schema *in) {
  Binder *b = k->c->b;
  const AstType *row = k->step->stmt->type;
  const AstField *fields = row && row->kind == AST_TYPE_STRUCT ? row->fields : NULL;
  const char *mask = plugin_mask(k, n->unpivot_cols, n->unpivot_len);
  uint32_t len = 0;
  for (const AstField *a = fields; a; a = a->next) len++;
  n->captures = arena_alloc(b->arena, (len + 1) * sizeof *n->captures);
  Schema out = schema_copy(b->arena, in, len);
  for (const AstField *a = fields; a; a = a->next) {
    const Type *t = bind_type(b, k->from, a->type);
    if (!plugin_type(k, t, a->type->span)) k->good = false;
    ColId col = column_make(b, a->name.text, t, k->op->name.span);
    if (mask) column_add_mask(b, col, mask);
    n->captures[n->capture_len++] = col;
    schema_put(&out, a->name.text, col);
  }
  n->out[0].schema = out;
}

/* ---- configuration ---- */

static void plugin_config(PluginCall *k) {
  Binder *b = k->c->b;
  uint32_t len = 0;
  for (const AstField *f = k->config ? k->config->fields : NULL; f; f = f->next) len++;
  k->p->config = arena_alloc(b->arena, (len + 1) * sizeof *k->p->config);
  for (const AstField *f = k->config ? k->config->fields : NULL; f; f = f->next) {
    const Type *t = bind_type(b, k->from, f->type);
    const AstArg *a = plugin_arg(k, f->name.text);
    Expr *e = NULL;
    if (!plugin_type(k, t, f->type->span)) k->good = false;
    else if (a) e = bind_const(b, chain_module(k->c), a->value, t, true);
    else if (f->dflt) e = bind_const(b, k->from, f->dflt, t, false);
    else diag_report(b->diags, DIAG_E0808, k->span, NULL, arena_printf(b->arena, "it is a %s", type_text(b->arena, t)), f->name.text, k->p->name);
    if (e) e = bind_widen(b, e, t);
    if (!e || e->type->kind == TY_ERROR) k->good = false;
    k->p->config[k->p->config_len++] = e;
  }
}

/* ---- ports ---- */

static uint32_t plugin_port_names(PluginCall *k, const char ***names) {
  const AstExpr *value = k->step->stmt->value;
  uint32_t len = 0;
  for (const char *p = value ? value->text : ""; *p; p += strspn(p, " ")) {
    size_t n = strcspn(p, " ");
    *names = arena_grow(k->c->b->arena, *names, len, sizeof **names);
    (*names)[len++] = arena_strndup(k->c->b->arena, p, n);
    p += n;
  }
  return len;
}

/* Which output each port of the step feeds; returns how many are asked for. */
static uint32_t plugin_ports(PluginCall *k) {
  Binder *b = k->c->b;
  const char **names = NULL;
  uint32_t len = plugin_port_names(k, &names), asked = 0;
  uint32_t *out = arena_alloc(b->arena, (len + 1) * sizeof *out);
  const AstArg *a = plugin_arg(k, "ports");
  if (a && a->value->kind != AST_LIST) {
    diag_report(b->diags, DIAG_E0703, a->value->span, NULL, NULL, "ports", "a list of names, `[a, b]`");
    k->good = false;
  }
  for (const AstExpr *e = call_ports(k->op); e; e = e->next) {
    uint32_t i = 0;
    while (i < len && (e->kind != AST_NAME || strcmp(names[i], e->name.text))) i++;
    if (i < len && !out[i]) {
      out[i] = ++asked;
      continue;
    }
    const char *name = e->kind == AST_NAME ? e->name.text : source_text(b, e->span);
    diag_report(b->diags, DIAG_E0306, e->span, hint_nearest(b, name, names, len), NULL, k->p->name, name);
    k->good = false;
  }
  k->p->port_out = out;
  k->p->port_len = len;
  return asked;
}

static void plugin_feed(PluginCall *k, PlanNode *n) {
  uint32_t i = 1;
  for (const AstExpr *e = call_ports(k->op); e; e = e->next, i++) {
    n->out[i].name = e->name.text;
    n->out[i].schema = n->out[0].schema;
    port_feed(k->c, e->name, (PlanEdge){ n, i });
  }
}

/* Which of its kind it is in the plugin's table. */
static uint32_t plugin_index(const PluginCall *k) {
  uint32_t i = 0;
  for (const AstStmt *s = k->from->script->stmts; s && s != k->step->stmt; s = s->next)
    i += s->kind == AST_EXTERN_FN && s->lang.text && !strcmp(s->lang.text, k->step->stmt->lang.text);
  return i;
}

/* What the description says of a step or source, and the configuration of the call. */
static void plugin_call_start(PluginCall *k) {
  Binder *b = k->c->b;
  const PluginModule *m = k->step->module->plugin;
  k->from = k->step->module;
  k->p = arena_alloc(b->arena, sizeof *k->p);
  *k->p = (PlanPlugin){ .file = m->file, .name = arena_printf(b->arena, "%s.%s", m->name, k->step->name), .hash = m->hash };
  Symbol *config = module_find(k->from, NULL, arena_printf(b->arena, "%s config", k->step->name), SYM_TYPE);
  k->config = config ? bind_row_type(b, k->from, config->stmt->type) : NULL;
  k->good = true;
  k->p->index = plugin_index(k);
  plugin_args_check(k);
  plugin_config(k);
}

static void plugin_takes_no(PluginCall *k) {
  if (k->op->else_port.text)
    diag_report(k->c->b->diags, DIAG_E0607, k->op->else_port.span, NULL, "a plugin has ports: `ports = [a]`",
                arena_printf(k->c->b->arena, "call %s", k->p->name), "else");
  if (k->op->type)
    diag_report(k->c->b->diags, DIAG_E0607, k->op->type->span, NULL, "the plugin says which fields it makes",
                arena_printf(k->c->b->arena, "call %s", k->p->name), "as");
}

void op_plugin(Chain *c, const AstOp *op, const Symbol *step) {
  PluginCall k = { .c = c, .op = op, .args = op->args, .span = op->span, .name = op->name.span, .step = step };
  plugin_call_start(&k);
  plugin_takes_no(&k);
  plugin_options(&k);
  uint32_t ports = plugin_ports(&k), in_len;
  const Schema *in = chain_schema(c);
  ColId *cols = plugin_inputs(&k, &in_len);
  if (!k.good) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  PlanNode *n = chain_node(c, op, PLAN_PLUGIN, 1, 1 + ports);
  n->plugin = k.p;
  n->unpivot_cols = cols;
  n->unpivot_len = in_len;
  plugin_outputs(&k, n, in);
  plugin_feed(&k, n);
  policy_apply(c, n, &op->on_error);
}

PlanEdge source_plugin(Chain *c, const AstFlow *f, const Symbol *source) {
  Binder *b = c->b;
  PluginCall k = { .c = c, .args = f->args, .span = f->span, .name = f->format.span, .step = source };
  plugin_call_start(&k);
  if (f->type)
    diag_report(b->diags, DIAG_E0607, f->type->span, NULL, "the plugin says which fields it makes", arena_printf(b->arena, "read %s", k.p->name), "as");
  if (f->on_error.kind != AST_ON_NONE)
    diag_report(b->diags, DIAG_E0607, f->on_error.span, NULL, "what a source refuses ends the run", arena_printf(b->arena, "read %s", k.p->name), "on error");
  const AstType *row = bind_row_type(b, k.from, source->stmt->type);
  uint32_t len = 0;
  for (const AstField *a = row ? row->fields : NULL; a; a = a->next) len++;
  if (!row || !k.good) return (PlanEdge){ 0 };
  PlanNode *n = plan_add(b->plan, PLAN_VALUES, f->span, 0, 1);
  n->word = "read";
  n->stream = c->unit->name;
  n->plugin = k.p;
  n->read = arena_alloc(b->arena, sizeof *n->read);
  n->read->options = (FrtScanOptions){ .format = FRT_FMT_VALUES, .value_rows = UINT32_MAX };
  n->read->fields = arena_alloc(b->arena, (len + 1) * sizeof *n->read->fields);
  Schema schema = { .cols = arena_alloc(b->arena, (len + 1) * sizeof(SchemaColumn)) };
  for (const AstField *a = row->fields; a; a = a->next) {
    const Type *t = bind_type(b, k.from, a->type);
    if (!plugin_type(&k, t, a->type->span)) return (PlanEdge){ 0 };
    ColId col = column_make(b, a->name.text, t, f->format.span);
    n->read->fields[n->read->field_len++] = (PlanField){ .col = col, .name = a->name.text };
    schema_push(&schema, a->name.text, col, NULL);
  }
  n->out[0].schema = schema;
  return (PlanEdge){ n, 0 };
}
