/* module.c: the sections of a module, and its tables.
 *
 * Order: head, ABI guard, structs, constants, State, prototypes, functions, init, tables. A line `#line @`
 * in a section is replaced by the number of the line that follows it, so that debuggers come back from
 * the script to the module. */
#include <string.h>

#include "codegen/agg.h"
#include "codegen/gen_expr.h"
#include "codegen/codegen.h"

static const char *module_str(Gen *g, const char *s) {
  return s ? gen_printf(g, "{%s, %zu, 0}", c_string(g->arena, s, strlen(s)), strlen(s)) : "{0}";
}

/* ---- operators and ports ---- */

static int32_t module_port(const Gen *g, const PlanPolicy *p) {
  if (p->kind != FRT_POLICY_PORT || p->port < 0) return -1;
  int32_t at = g->phys->port_of_error[p->port];
  if (at >= 0) return at;
  int32_t index = (int32_t)g->phys->port_len;   /* unread ports stand behind the others, in order */
  for (int32_t i = 0; i < p->port; i++) index += g->phys->port_of_error[i] < 0;
  return index;
}

static uint32_t module_unread(const Gen *g) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < g->plan->error_port_len; i++) n += g->phys->port_of_error[i] < 0;
  return n;
}

static bool module_masked_expr(const Gen *g, const Expr *e) {
  if (!e) return false;
  if (e->kind == EX_COLUMN) return g->plan->columns[e->col].mask != NULL;
  if (e->kind == EX_PARAM) return g->plan->params[e->index].mask != NULL;
  for (uint32_t i = 0; i < e->arg_len; i++)
    if (module_masked_expr(g, e->arg[i])) return true;
  return false;
}

static bool module_masked_list(const Gen *g, Expr *const *list, uint32_t len) {
  for (uint32_t i = 0; i < len; i++)
    if (module_masked_expr(g, list[i])) return true;
  return false;
}

/* Whether an expression of the operator reads a masked value, which its errors then may not show. */
static bool module_masked(const Gen *g, const PlanNode *n) {
  for (uint32_t i = 0; n->kind == PLAN_PLUGIN && i < n->unpivot_len; i++)
    if (g->plan->columns[n->unpivot_cols[i]].mask) return true;   /* the plugin's words may tell them */
  for (uint32_t i = 0; i < n->made_len; i++)
    if (module_masked_expr(g, n->made[i].value)) return true;
  for (uint32_t i = 0; i < n->agg_len; i++)
    if (module_masked_list(g, n->aggs[i].arg, 2) || module_masked_expr(g, n->aggs[i].where)) return true;
  for (uint32_t i = 0; i < n->key_len; i++)
    if (module_masked_expr(g, n->keys[i].value)) return true;
  return module_masked_expr(g, n->cond) || module_masked_list(g, n->conds, n->conds_len) || module_masked_expr(g, n->path) ||
         module_masked_expr(g, n->sink ? n->sink->path : NULL) || module_masked_list(g, n->left_keys, n->join_key_len) ||
         module_masked_list(g, n->right_keys, n->join_key_len) || module_masked_expr(g, n->left_time) || module_masked_expr(g, n->right_time);
}

static void module_op(Gen *g, Buf *b, const PlanNode *n) {
  const Source *s = diags_source(g->plan->diags, n->span.file);
  uint32_t line = 0, column = 0;
  if (s) diag_place(s, n->span.start, &line, &column);
  buf_printf(b, "  [%u] = {.kind = %s, .label = %s, .script = %s, .line = %u, .column = %u,\n", n->id, module_str(g, n->word),
             module_str(g, n->stream), module_str(g, s ? s->path : ""), line, column);
  buf_printf(b, "    .policy = %u, .port = %d, .limit_kind = %u, .limit = %.17g%s},\n", n->policy.kind, module_port(g, &n->policy),
             n->policy.limit_kind, n->policy.limit, module_masked(g, n) ? ", .masked = 1" : "");
  if (!n->policy.retries) return;
  b->size -= strlen("},\n");
  b->data[b->size] = 0;
  buf_printf(b, ",\n    .retries = %u, .retry_every_us = %ldL, .retry_max_us = %ldL, .retry_factor = %.17g},\n", n->policy.retries,
             (long)n->policy.retry_every_us, (long)n->policy.retry_max_us, n->policy.retry_factor);
}

static void module_ops(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < g->plan->node_len; i++) module_op(g, &b, g->plan->nodes[i]);
  uint32_t id = g->phys->node_max;
  for (uint32_t i = 0; i < g->plan->error_port_len; i++)
    if (g->phys->port_of_error[i] < 0)
      buf_printf(&b, "  [%u] = {.kind = {\"port\", 4, 0}, .label = %s, .port = -1},\n", id++, module_str(g, g->plan->error_ports[i].name));
  buf_printf(out, "static const FrtOp ops[] = {\n%s};\n\n", b.data ? b.data : "  {.port = -1}\n");
}

static void module_ports(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < g->phys->port_len; i++) {
    const PlanNode *n = g->phys->ports[i];
    const char *name = n->kind == PLAN_ERRORS ? g->plan->error_ports[n->error_port].name : n->stream;
    buf_printf(&b, "  {.name = %s, .op = %u, ", module_str(g, name), n->id);
    if (n->kind == PLAN_UNION) buf_printf(&b, ".row_size = sizeof(U%u), ", n->id);
    buf_printf(&b, ".deliver = op%u_deliver},\n", n->id);
  }
  uint32_t id = g->phys->node_max;
  for (uint32_t i = 0; i < g->plan->error_port_len; i++)
    if (g->phys->port_of_error[i] < 0)
      buf_printf(&b, "  {.name = %s, .op = %u},\n", module_str(g, g->plan->error_ports[i].name), id++);
  buf_printf(out, "static const FrtPort ports[] = {\n%s};\n\n", b.data ? b.data : "  {.op = 0}\n");
}

/* ---- scans and sinks ---- */

static const char *module_strs(Gen *g, const char *prefix, const FrtStr *s, uint32_t len) {
  if (!len) return "NULL";
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < len; i++) buf_printf(&b, "%s{%s, %u, 0}", i ? ", " : "", c_string(g->arena, s[i].ptr, s[i].len), s[i].len);
  bool fresh;
  const char *name = gen_intern(g, prefix, b.data, &fresh);
  if (fresh) buf_printf(&g->consts, "static const FrtStr %s[] = {%s};\n", name, b.data);
  return name;
}

static void module_scans(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < g->phys->scan_len; i++) {
    const PlanNode *n = g->phys->scans[i];
    FrtScanOptions o = n->read ? n->read->options : (FrtScanOptions){0};
    uint32_t width = n->read ? n->read->field_len : n->out[0].schema.len;
    if (n->kind == PLAN_VALUES) o.format = FRT_FMT_VALUES, o.value_rows = n->plugin ? UINT32_MAX : width ? n->rows_len / width : 0;
    if (n->kind == PLAN_RANGE) o.format = FRT_FMT_RANGE;
    const char *nulls = module_strs(g, "nulls", o.nulls, o.null_len);
    buf_printf(&b, "  {.op = %u, .options = {.format = %u, .delimiter = %d, .quote = %d, .header = %u, .trim = %u, .contract = %u,\n", n->id,
               o.format, o.delimiter, o.quote, o.header, o.trim, o.contract);
    if (o.command) buf_put(&b, "    .command = 1,\n");
    if (o.follow) buf_printf(&b, "    .follow = 1, .idle_us = %ldL,\n", (long)o.idle_us);
    buf_printf(&b, "    .nulls = %s, .null_len = %u, .range_from = %ldL, .range_to = %ldL, .value_rows = %u},\n", nulls, o.null_len,
               (long)o.range_from, (long)o.range_to, o.value_rows);
    buf_printf(&b, "   .columns = columns%u, .column_len = %u, ", i, width);
    if (n->kind == PLAN_READ) buf_printf(&b, ".path = scan%u_path, ", i);
    if (n->kind == PLAN_VALUES) buf_printf(&b, ".fill = scan%u_fill, ", i);
    buf_printf(&b, ".block = scan%u_block%s},\n", i, agg_counts_scan(g->phys, n) ? ", .rows_only = 1" : "");
  }
  buf_printf(out, "static FrtScan scans[] = {\n%s};\n\n", b.data ? b.data : "  {.op = 0}\n");
}

static void module_sink_path(Gen *g, const PlanNode *n, uint32_t index) {
  GenFn f = {.g = g, .out = &g->funcs, .indent = 1, .fail = "fail"};
  buf_printf(&g->funcs, "static int sink%u_path(FrtCtx *cx, void *state, FrtStr *out) {\n", index);
  gen_line(&f, "State *S = state;");
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)S;");
  CVal v = gen_expr(&f, n->sink->path);
  gen_line(&f, "*out = %s;", v.v);
  gen_line(&f, "return e;");
  if (f.fails) buf_put(f.out, "fail:\n  return e;\n");
  gen_fn_close(&f);
}

static void module_sink(Gen *g, Buf *b, const PlanNode *n, uint32_t index) {
  const Schema *s = &n->in[0].node->out[n->in[0].port].schema;
  const FrtSinkOptions *o = &n->sink->options;
  Buf cols = {.arena = g->arena};
  for (uint32_t i = 0; i < s->len; i++)
    buf_printf(&cols, "  {%s, %s},\n", module_str(g, s->cols[i].name), gen_type_desc(g, g->plan->columns[s->cols[i].col].type));
  buf_printf(&g->consts, "static const FrtSinkColumn sink%u_columns[] = {\n%s};\n", index, cols.data ? cols.data : "  {{0}, NULL}\n");
  if (!n->sink->partitioned) module_sink_path(g, n, index);
  buf_printf(b, "  {.op = %u, .options = {.format = %u, .delimiter = %d, .quote = %d, .header = %u, .level = %u, .mode = %u, .compress = %u,\n",
             n->id, o->format, o->delimiter, o->quote, o->header, o->level, o->mode, o->compress);
  buf_printf(b, "    .null = {%s, %u, 0}},\n", c_string(g->arena, o->null.len ? o->null.ptr : "", o->null.len), o->null.len);
  buf_printf(b, "   .columns = sink%u_columns, .column_len = %u, .partitioned = %d", index, s->len, n->sink->partitioned);
  if (n->sink->partitioned) buf_put(b, "},\n");
  else buf_printf(b, ", .path = sink%u_path},\n", index);
}

static uint32_t module_sinks(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  uint32_t index = 0;
  for (uint32_t i = 0; i < g->plan->node_len; i++)
    if (g->plan->nodes[i]->kind == PLAN_WRITE) module_sink(g, &b, g->plan->nodes[i], index++);
  buf_printf(out, "static const FrtSink sinks[] = {\n%s};\n\n", b.data ? b.data : "  {.op = 0}\n");
  return index;
}

static uint32_t module_taps(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  uint32_t len = 0;
  for (uint32_t i = 0; i < g->plan->node_len; i++) {
    const PlanNode *n = g->plan->nodes[i];
    if (n->kind != PLAN_TAP) continue;
    len++;
    buf_printf(&b, "  {.name = %s, .op = %u, .every = %u, .limit = %luUL, .seed = %luUL, .rate = %.17g},\n", module_str(g, n->text), n->id,
               n->every < UINT32_MAX ? (uint32_t)n->every : UINT32_MAX, (unsigned long)n->limit, (unsigned long)n->seed, n->rate);
  }
  buf_printf(out, "static const FrtTap taps[] = {\n%s};\n\n", b.data ? b.data : "  {.op = 0}\n");
  return len;
}

/* ---- params ---- */

static void module_param(Gen *g, Buf *b, uint32_t i) {
  const PlanParam *p = &g->plan->params[i];
  buf_printf(&g->held, "  %s param%u;\n", gen_ctype(g, p->type), i);
  if (p->type->nullable) buf_printf(&g->held, "  uint8_t pnull%u;\n", i);
  buf_printf(b, "  {.name = %s, .doc = %s, .dflt = %s, .type = %s, .offset = FRT_OFFSETOF(Held, param%u),", module_str(g, p->name),
             module_str(g, p->doc ? p->doc : ""), module_str(g, p->dflt_text ? p->dflt_text : ""), gen_type_desc(g, p->type), i);
  if (p->type->nullable) buf_printf(b, " .null_offset = FRT_OFFSETOF(Held, pnull%u),", i);
  buf_printf(b, " .required = %d, .masked = %d},\n", !p->dflt, p->mask != NULL);
  if (!p->dflt) return;
  GenFn f = {.g = g, .out = &g->defaults, .indent = 1, .fail = "fail", .temps = i * 100};
  gen_line(&f, "if (!given[%u]) {", i);
  f.indent++;
  CVal v = gen_expr(&f, p->dflt);
  gen_line(&f, "S->h->param%u = %s;", i, v.v);
  if (p->type->nullable) gen_line(&f, "S->h->pnull%u = %s;", i, v.n ? v.n : "0");
  f.indent--;
  gen_line(&f, "}");
}

static void module_params(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < g->plan->param_len; i++) module_param(g, &b, i);
  buf_printf(out, "static const FrtParam params[] = {\n%s};\n\n", b.data ? b.data : "  {{0}}\n");
}

/* ---- steps ---- */

static void module_steps(Gen *g, Buf *out) {
  Buf b = {.arena = g->arena};
  uint32_t scan = 0;
  for (uint32_t i = 0; i < g->phys->step_len; i++) {
    const PlanNode *n = g->phys->steps[i];
    if (phys_scans(n)) buf_printf(&b, "  {FRT_STEP_SCAN, %u, NULL},\n", scan++);
    else buf_printf(&b, "  {FRT_STEP_EMIT, 0, op%u_give},\n", n->id);
  }
  buf_printf(out, "static const FrtStep steps[] = {\n%s};\n\n", b.data ? b.data : "  {FRT_STEP_EMIT, 0, NULL}\n");
}

/* ---- putting it together ---- */

static void module_table(Gen *g, Buf *out, uint32_t sinks, uint32_t taps) {
  uint32_t unread = module_unread(g);
  buf_printf(out, "const FrtModule flow_module = {\n  .abi = FRT_ABI, .held_size = sizeof(Held), .state_size = sizeof(State),\n");
  buf_printf(out, "  .script = %s,\n  .script_hash = %s,\n  .doc = %s,\n", module_str(g, g->plan->script),
             module_str(g, gen_printf(g, "%016lx", (unsigned long)g->plan->script_hash)), module_str(g, g->plan->doc ? g->plan->doc : ""));
  buf_printf(out, "  .params = params, .ops = ops, .ports = ports, .scans = scans, .sinks = sinks, .taps = taps, .steps = steps,\n");
  buf_printf(out, "  .param_len = %u, .op_len = %u, .port_len = %u, .scan_len = %u,\n", g->plan->param_len, g->phys->node_max + unread,
             g->phys->port_len + unread, g->phys->scan_len);
  buf_printf(out, "  .sink_len = %u, .tap_len = %u, .step_len = %u,\n", sinks, taps, g->phys->step_len);
  buf_printf(out, "  .defaults = module_defaults, .init = module_init, .worker = worker_init};\n");
}

static void module_functions(Gen *g, Buf *tables) {
  for (uint32_t i = 0; i < g->plan->node_len; i++) gen_held_node(g, &g->phys->nodes[g->plan->nodes[i]->id]);
  for (uint32_t i = 0; i < g->phys->scan_len; i++) gen_scan(g, &g->phys->nodes[g->phys->scans[i]->id], i);
  module_params(g, tables);
  module_ops(g, tables);
  module_ports(g, tables);
  module_steps(g, tables);
}

/* Joins the sections and resolves `#line @`. */
static char *module_join(Gen *g, const Buf *sections, uint32_t len, size_t *size) {
  Buf out = {.arena = g->arena};
  uint32_t line = 1;
  for (uint32_t s = 0; s < len; s++) {
    const char *at = sections[s].data;
    while (at && *at) {
      const char *end = strchr(at, '\n');
      size_t n = end ? (size_t)(end - at) + 1 : strlen(at);
      if (n == 8 && !memcmp(at, "#line @\n", 8)) buf_printf(&out, "#line %u \"flow_module.c\"\n", line + 1);
      else buf_put_n(&out, at, n);
      line++;
      at += n;
    }
  }
  *size = out.size;
  return out.data;
}

/* What a worker has of its own, then what the run has, then the parameters. */
static Buf module_init(Gen *g) {
  static const char wrong[] = "  if (0) {\n  fail:\n    return frt_fatal(cx, 0, e, cx->detail);\n  }\n  return e;\n}\n\n";
  Buf init = {.arena = g->arena};
  buf_put(&init, "static void worker_init(FrtCtx *cx, void *state) {\n  State *S = state;\n");
  buf_put(&init, "  S->iota = frt_alloc_run(cx, cx->block_rows * sizeof(uint32_t));\n");
  buf_put(&init, "  S->zeros = frt_alloc_run(cx, cx->block_rows);\n");
  buf_put(&init, "  for (uint32_t i = 0; i < cx->block_rows; i++) {\n    S->iota[i] = i;\n    S->zeros[i] = 0;\n  }\n");
  if (g->setup.size) buf_put_n(&init, g->setup.data, g->setup.size);
  buf_put(&init, "}\n\nstatic int module_init(FrtCtx *cx, void *state) {\n  State *S = state;\n  int e = 0;\n  (void)S;\n");
  if (g->init.size) buf_put_n(&init, g->init.data, g->init.size);
  buf_put(&init, wrong);
  buf_put(&init, "static int module_defaults(FrtCtx *cx, void *state, const uint8_t *given) {\n  State *S = state;\n  int e = 0;\n  (void)S;\n");
  if (g->defaults.size) buf_put_n(&init, g->defaults.data, g->defaults.size);
  buf_put(&init, wrong);
  return init;
}

/* Held: what the workers of a run share; State: what each has of its own. */
static Buf module_state(Gen *g) {
  Buf b = {.arena = g->arena};
  buf_printf(&b, "typedef struct Held {\n%s} Held;\n\n", g->held.size ? g->held.data : "  uint8_t none;\n");
  buf_put(&b, "typedef struct State {\n  Held *h;\n  const FrtBlock *block;  /* of the source, the present one */\n");
  buf_put(&b, "  uint32_t *iota;         /* 0, 1, 2, ... */\n  uint8_t *zeros;\n");
  if (g->state.size) buf_put_n(&b, g->state.data, g->state.size);
  buf_put(&b, "} State;\n\n");
  return b;
}

const char *gen_module(Arena *arena, const Phys *phys, size_t *size) {
  Gen *g = arena_alloc(arena, sizeof *g);
  g->arena = arena;
  g->plan = phys->plan;
  g->phys = phys;
  Buf *bufs[] = {&g->types, &g->consts, &g->held, &g->state, &g->users, &g->protos, &g->funcs, &g->fans, &g->init, &g->setup, &g->defaults};
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) bufs[i]->arena = arena;
  g->col_state = arena_alloc(arena, phys->plan->column_len + 1);
  gen_fans(g);
  Buf head = {.arena = arena}, tables = {.arena = arena}, late = {.arena = arena};
  buf_printf(&head, "/* Generated by flowc %s from %s; script hash %016lx. */\n#include \"flowrt.h\"\n\n", FLOW_VERSION,
             c_string(arena, phys->plan->script, strlen(phys->plan->script)), (unsigned long)phys->plan->script_hash);
  buf_printf(&head, "#if FRT_ABI != %u\n#error \"this module needs another version of the runtime\"\n#endif\n\n", FRT_ABI);
  module_functions(g, &tables);
  module_scans(g, &late);
  uint32_t sinks = module_sinks(g, &tables), taps = module_taps(g, &tables);
  module_table(g, &tables, sinks, taps);
  buf_put(&g->protos, "\n");
  Buf sections[] = {head, g->types, g->consts, g->users, module_state(g), g->protos, g->funcs, g->fans, late, module_init(g), tables};
  return module_join(g, sections, sizeof sections / sizeof *sections, size);
}
