/* sema.c: from the syntax tree to the logical plan.
 *
 * 1. collect the names of the script and its modules; 2. name all ports; 3. bind params, lets, types and
 * functions; 4. bind every flow in script order (what it reads is bound first); 5. drop what
 * reaches no sink, order and number the rest. All errors are reported; a plan comes only without any. */
#include "sema/sema.h"

#include <stdlib.h>
#include <string.h>

#include "sema/bind_internal.h"

static void add_unit(Binder *b, const AstStmt *s) {
  Streams *st = streams_of(b);
  if (!s->flow) return;
  if (st->unit_len == LIMIT_STREAMS) {
    diag_report(b->diags, DIAG_E0905, s->span, NULL, "split the script", (unsigned)LIMIT_STREAMS,
                "streams");
    return;
  }
  if (st->unit_len > LIMIT_STREAMS) return;
  Unit *u = arena_alloc(b->arena, sizeof *u);
  *u = (Unit){ .stmt = s,
               .module = b->main,
               .name = "",
               .span = s->span,
               .index = st->unit_len,
               .errors_port = -1 };
  if (s->kind == AST_STREAM && s->name.text) {
    u->name = s->name.text;
    u->span = s->name.span;
  }
  uint32_t line = 0, column = 0;
  const Source *source = diags_source(b->diags, s->span.file);
  if (source) diag_place(source, s->span.start, &line, &column);
  u->label = u->name[0] ? u->name : arena_printf(b->arena, "line %u", line);
  st->units = arena_grow(b->arena, st->units, st->unit_len, sizeof *st->units);
  st->units[st->unit_len++] = u;
}

static void add_default(Binder *b, const AstStmt *s) {
  Streams *st = streams_of(b);
  if (st->dflt) diag_report(b->diags, DIAG_E0309, s->span, NULL, NULL, "default", "on error");
  st->dflt = &s->on_error;
}

/* `option mask = "email"`, or a list of texts. */
static void option_mask(Binder *b, const AstExpr *value) {
  Streams *st = streams_of(b);
  const AstExpr *first = value && value->kind == AST_LIST ? value->items : value;
  for (const AstExpr *e = first; e; e = value->kind == AST_LIST ? e->next : NULL) {
    if (e->kind != AST_STRING) {
      diag_report(b->diags, DIAG_E0615, e->span, NULL, "as in `option mask = [\"email\", \"/pass|secret/\"]`", "mask", "names of columns, or patterns between slashes");
      return;
    }
    st->mask = st->mask ? arena_printf(b->arena, "%s,%s", st->mask, e->text) : e->text;
    mask_check_patterns(b, e->text, e->span);
  }
}

/* What a run takes where its command line says nothing: flow.c looks for it. */
static void check_run_option(Binder *b, const char *name, const AstExpr *e) {
  enum { THREADS_MAX = 1024 };
  if (!e) return;
  int is_size = !strcmp(name, "memory"), is_number = !strcmp(name, "threads");
  long n = is_number && e->kind == AST_INT ? strtol(e->text, NULL, 10) : 0;
  int good = is_size ? e->kind == AST_SIZE : is_number ? n >= 1 && n <= THREADS_MAX : e->kind == AST_STRING;
  if (good && !strcmp(name, "jit")) good = !strcmp(e->text, "tcc") || !strcmp(e->text, "cc") || !strcmp(e->text, "auto");
  if (good) return;
  diag_report(b->diags, DIAG_E0615, e->span, NULL, NULL, name,
              is_size ? "a size like 256MiB" : is_number ? "a number from 1 to 1024" : !strcmp(name, "jit") ? "\"tcc\", \"cc\" or \"auto\"" : "a text");
}

static void check_option(Binder *b, const AstStmt *s) {
  static const char *const known[] = { "threads", "memory", "temp", "jit", "mask" };
  enum { LEN = sizeof known / sizeof *known };
  if (!s->name.text) return;
  for (uint32_t i = 0; i < LEN; i++)
    if (!strcmp(known[i], s->name.text)) {
      if (!strcmp(s->name.text, "mask")) option_mask(b, s->value);
      else check_run_option(b, s->name.text, s->value);
      return;
    }
  diag_report(b->diags, DIAG_E0811, s->name.span, hint_nearest(b, s->name.text, known, LEN),
              "options: threads, memory, temp, jit, mask", s->name.text);
}

static void collect_units(Binder *b, const AstScript *script) {
  for (const AstStmt *s = script->stmts; s; s = s->next) {
    if (s->kind == AST_STREAM || s->kind == AST_ANON) add_unit(b, s);
    if (s->kind == AST_DEFAULT) add_default(b, s);
    if (s->kind == AST_OPTION) check_option(b, s);
  }
}

static void bind_names(Binder *b) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->module_len; i++)
    for (uint32_t k = 0; k < st->modules[i]->symbol_len; k++)
      symbol_resolve(b, st->modules[i]->symbols[k]);
}

static void bind_flows(Binder *b) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->unit_len; i++) {
    Unit *u = st->units[i];
    unit_bind(b, u);
    if (u->stmt->kind == AST_ANON && u->result.node)
      diag_report(b->diags, DIAG_E0213, u->span, NULL,
                  "end it with `| write ...`, or give it a name: `name = ...`");
  }
}

/* ---- taps of streams ---- */

static const PlanEdge no_edge;

static PlanEdge tapped_edge(Binder *b, const char *name) {
  Streams *st = streams_of(b);
  const char *dot = strchr(name, '.');
  AstStreamRef ref = { .name = { .text = name } };
  for (uint32_t i = 0; i < b->plan->node_len; i++)
    if (b->plan->nodes[i]->kind == PLAN_TAP && !strcmp(b->plan->nodes[i]->text, name)) return no_edge;
  for (uint32_t i = 0; i < st->unit_len; i++)
    if (!strcmp(st->units[i]->name, name)) return st->units[i]->result;
  Port *port = port_find(b, dot ? dot + 1 : name);
  if (!port || !dot) return port ? port_edge(b, port, &ref) : no_edge;
  for (uint32_t i = 0; i < st->unit_len; i++)
    if (!strncmp(st->units[i]->name, name, (size_t)(dot - name)) && !st->units[i]->name[dot - name]) return port_edge_of(b, port, st->units[i], &ref);
  return no_edge;
}

static bool is_asked(const char *names, const char *name) {
  size_t n = strlen(name);
  for (const char *at = names; *at; at += strcspn(at, ","), at += *at == ',')
    if (strcspn(at, ",") == n && !strncmp(at, name, n)) return true;
  return false;
}

enum { TAPS_MAX = 64 };   /* bits of FrtCtx.taps */

static uint32_t tap_count(const Binder *b) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < b->plan->node_len; i++) len += b->plan->nodes[i]->kind == PLAN_TAP;
  return len;
}

static void tap_live(Binder *b, const char *name, PlanEdge e) {
  for (uint32_t i = 0; i < b->plan->node_len; i++)
    if (b->plan->nodes[i]->kind == PLAN_TAP && !strcmp(b->plan->nodes[i]->text, name)) return;
  if (!e.node || !name[0] || tap_count(b) >= TAPS_MAX) return;
  tap_stream(b, name, e);
  b->plan->nodes[b->plan->node_len - 1]->tap_live = true;
}

/* Taps of all streams, and of the ports that somebody reads. */
static void bind_attach(Binder *b) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < b->plan->node_len; i++)
    if (b->plan->nodes[i]->kind == PLAN_TAP && b->plan->nodes[i]->tap_off) b->plan->nodes[i]->tap_off = false, b->plan->nodes[i]->tap_live = true;
  for (uint32_t i = 0; i < st->unit_len; i++)
    if (st->units[i]->stmt->kind != AST_ANON) tap_live(b, st->units[i]->name, st->units[i]->result);
  for (uint32_t i = 0; i < st->port_len; i++) {
    const Port *p = st->ports[i];
    if (p->error_port >= 0 && p->of_rows) continue;
    PlanNode *errors = p->error_port >= 0 ? b->plan->error_ports[p->error_port].node : NULL;
    tap_live(b, p->name, errors ? (PlanEdge){errors, 0} : p->merged);
  }
}

/* --tap of a stream or port: a tap of its name. Other names are taps of the script, or refused by the run. */
static void bind_taps(Binder *b) {
  uint32_t errors = diag_error_len(b->diags);
  for (const char *at = b->options ? b->options->taps : NULL; at && *at; at += strcspn(at, ","), at += *at == ',') {
    const char *name = arena_strndup(b->arena, at, strcspn(at, ","));
    PlanEdge e = errors || !*name ? no_edge : tapped_edge(b, name);
    if (e.node) tap_stream(b, name, e);
  }
  for (uint32_t i = 0; b->options && b->options->taps_only && i < b->plan->node_len; i++)
    if (b->plan->nodes[i]->kind == PLAN_TAP) b->plan->nodes[i]->tap_off = !is_asked(b->options->taps ? b->options->taps : "", b->plan->nodes[i]->text);
  if (b->options && b->options->attach && !errors) bind_attach(b);
}

/* ---- tests: only their names ---- */

static void test_stream(Binder *b, const AstStreamRef *r) {
  Streams *st = streams_of(b);
  if (st->incomplete || !r || !r->name.text ||
      module_find(b->main, NULL, r->name.text, SYM_STREAM) || port_find(b, r->name.text))
    return;
  const char **names = arena_alloc(b->arena, (st->unit_len + st->port_len + 1) * sizeof *names);
  uint32_t len = 0;
  for (uint32_t i = 0; i < st->unit_len; i++)
    if (st->units[i]->name[0]) names[len++] = st->units[i]->name;
  for (uint32_t i = 0; i < st->port_len; i++) names[len++] = st->ports[i]->name;
  diag_report(b->diags, DIAG_E0302, r->name.span, hint_nearest(b, r->name.text, names, len), NULL,
              r->name.text);
}

static void test_steps(Binder *b, const AstStmt *s) {
  for (const AstTestStep *t = s->steps; t; t = t->next) {
    if (t->kind != AST_SET) {
      test_stream(b, t->stream);
      continue;
    }
    Symbol *p = t->name.text ? module_find(b->main, NULL, t->name.text, SYM_PARAM) : NULL;
    if (p) {
      if (t->value && symbol_resolve(b, p)) {
        const Type *type = b->plan->params[p->param].type;
        bind_widen(b, bind_const(b, b->main, t->value, type, false), type);
      }
      continue;
    }
    uint32_t len;
    const char *const *names = module_names(b, b->main, SYM_PARAM, &len);
    if (t->name.text)
      diag_report(b->diags, DIAG_E0314, t->name.span, hint_nearest(b, t->name.text, names, len),
                  NULL, t->name.text);
  }
}

static uint64_t hash_text(const Source *s) {
  uint64_t h = 14695981039346656037u; /* FNV-1a, Fowler, Noll and Vo */
  for (uint32_t i = 0; s && i < s->size; i++) h = (h ^ (uint8_t)s->text[i]) * 1099511628211u;
  return h;
}

static Plan *plan_new(Arena *arena, Diags *diags, const AstScript *script) {
  Plan *p = arena_alloc(arena, sizeof *p);
  const Source *s = diags_source(diags, script->file);
  p->arena = arena;
  p->diags = diags;
  p->script = s ? s->path : "";
  p->doc = script->doc;
  p->script_hash = hash_text(s);
  return p;
}

Plan *sema_bind(Arena *arena, Diags *diags, const AstScript *script, const SemaOptions *options) {
  uint32_t errors = diag_error_len(diags);
  Streams streams = { .incomplete = errors > 0 };
  Binder b = { .arena = arena,
               .diags = diags,
               .plan = plan_new(arena, diags, script),
               .options = options,
               .streams = &streams };
  module_collect(&b, script);
  collect_units(&b, script);
  port_declare_all(&b);
  bind_names(&b);
  bind_flows(&b);
  bind_taps(&b);
  for (const AstStmt *s = script->stmts; s; s = s->next)
    if (s->kind == AST_TEST) test_steps(&b, s);
  plan_finish(&b);
  return diag_error_len(diags) ? NULL : b.plan;
}
