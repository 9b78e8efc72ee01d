/* ports.c: else ports, route arms and error ports.
 *
 * Before anything is bound, a walk over the syntax names every port and counts how often each unit sends
 * to it. Reading a port binds the units that feed it; a unit may read its own port behind the place
 * where it is fed. Several feeds are one PLAN_UNION in script order. An error port has one PLAN_ERRORS
 * node, made when somebody reads it. */
#include <string.h>

#include "sema/bind_internal.h"

Port *port_find(Binder *b, const char *name) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->port_len; i++)
    if (!strcmp(st->ports[i]->name, name)) return st->ports[i];
  return NULL;
}

static Port *port_get(Binder *b, const char *name, Span span) {
  Streams *st = streams_of(b);
  Port *p = port_find(b, name);
  if (p) return p;
  Symbol *stream = module_find(b->main, NULL, name, SYM_STREAM);
  if (stream) diag_report(b->diags, DIAG_E0620, span, NULL, "give the port another name", name);
  p = arena_alloc(b->arena, sizeof *p);
  *p = (Port){ .name = name, .span = span, .error_port = -1 };
  st->ports = arena_grow(b->arena, st->ports, st->port_len, sizeof *st->ports);
  st->ports[st->port_len++] = p;
  return p;
}

static int32_t error_port_add(Binder *b, const char *name, Span span) {
  Plan *p = b->plan;
  p->error_ports = arena_grow(b->arena, p->error_ports, p->error_port_len, sizeof *p->error_ports);
  p->error_ports[p->error_port_len] = (PlanErrorPort){ .name = name, .span = span };
  return (int32_t)p->error_port_len++;
}

static PortDecl *port_decl(Binder *b, Port *p, Unit *u) {
  for (uint32_t i = 0; i < p->decl_len; i++)
    if (p->decls[i].unit == u) return &p->decls[i];
  p->decls = arena_grow(b->arena, p->decls, p->decl_len, sizeof *p->decls);
  p->decls[p->decl_len] = (PortDecl){ .unit = u };
  return &p->decls[p->decl_len++];
}

static void declare_rows(Binder *b, Unit *u, AstName name) {
  if (!name.text) return;
  Port *p = port_get(b, name.text, name.span);
  p->of_rows = true;
  port_decl(b, p, u)->declared++;
}

/* `u` is NULL for the policy of the whole script. */
static void declare_errors(Binder *b, Unit *u, const AstOnError *e) {
  if (e->kind != AST_ON_PORT || !e->port.text) return;
  Port *p = port_get(b, e->port.text, e->port.span);
  if (!u || (p->error_unit && p->error_unit != u)) p->error_shared = true;
  p->error_unit = u;
  if (p->error_port < 0) p->error_port = error_port_add(b, p->name, e->port.span);
}

static Unit *unit_find(Binder *b, const char *name) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->unit_len; i++)
    if (!strcmp(st->units[i]->name, name)) return st->units[i];
  return NULL;
}

/* `S.errors` sets the policy of S's operators before they are bound. */
static void declare_refs(Binder *b, const AstStreamRef *refs) {
  for (const AstStreamRef *r = refs; r; r = r->next) {
    if (!r->port.text || strcmp(r->port.text, "errors")) continue;
    Unit *u = r->name.text ? unit_find(b, r->name.text) : NULL;
    if (u && u->errors_port < 0)
      u->errors_port = error_port_add(b, arena_printf(b->arena, "%s.errors", u->name), r->span);
  }
}

static void declare_ops(Binder *b, Unit *u, Module *m, const AstOp *ops, uint32_t depth);

static void declare_call(Binder *b, Unit *u, Module *m, const AstOp *op, uint32_t depth) {
  bool is_js = op->name.text && !op->module.text && !strcmp(op->name.text, "js");
  bool has_ports = is_js || (op->name.text && module_find(m, op->module.text, op->name.text, SYM_STEP));
  for (const AstExpr *e = has_ports ? call_ports(op) : NULL; e; e = e->next)
    if (e->kind == AST_NAME) declare_rows(b, u, e->name);
  Symbol *s = op->name.text ? module_find(m, op->module.text, op->name.text, SYM_OP) : NULL;
  if (s && depth < 32) declare_ops(b, u, s->module, s->stmt->chain, depth + 1);
}

static void declare_ops(Binder *b, Unit *u, Module *m, const AstOp *ops, uint32_t depth) {
  for (const AstOp *op = ops; op && streams_of(b)->walked < LIMIT_OPERATORS; op = op->next) {
    streams_of(b)->walked++;
    declare_rows(b, u, op->else_port);
    for (const AstRoute *r = op->routes; r; r = r->next) declare_rows(b, u, r->port);
    declare_errors(b, u, &op->on_error);
    declare_refs(b, op->streams);
    if (op->kind == AST_TEE) declare_ops(b, u, m, op->chain, depth);
    if (op->kind == AST_CALL_OP) declare_call(b, u, m, op, depth);
  }
}

void port_declare_all(Binder *b) {
  Streams *st = streams_of(b);
  if (st->dflt) declare_errors(b, NULL, st->dflt);
  for (uint32_t i = 0; i < st->unit_len; i++) {
    Unit *u = st->units[i];
    declare_refs(b, u->stmt->flow->streams);
    declare_errors(b, u, &u->stmt->flow->on_error);
    declare_ops(b, u, u->module, u->stmt->flow->ops, 0);
  }
}

void port_feed(Chain *c, AstName name, PlanEdge edge) {
  Port *p = port_get(c->b, name.text, name.span);
  p->of_rows = true;
  p->feeds = arena_grow(c->b->arena, p->feeds, p->feed_len, sizeof *p->feeds);
  p->feeds[p->feed_len++] =
      (PortFeed){ .edge = edge, .unit = c->unit, .order = c->unit->feeds++, .span = name.span };
  port_decl(c->b, p, c->unit)->fed++;
}

/* ---- reading ---- */

/* Binds the units that feed the port. A unit that is being bound will do when all its feeds are there. */
static bool port_complete(Binder *b, Port *p, Unit *only, Span span) {
  if (p->busy) return stream_cycle(b, span, p->name), false;
  p->busy = true;
  bool good = stack_push(b, span, p->name);
  for (uint32_t i = 0; good && i < p->decl_len; i++) {
    Unit *u = p->decls[i].unit;
    if (only && u != only) continue;
    if (u->state == UNIT_BUSY && p->decls[i].fed < p->decls[i].declared) {
      stream_cycle(b, span, u->label);
      good = false;
    } else if (u->state == UNIT_NEW) {
      unit_bind(b, u);
    }
  }
  stack_pop(b);
  p->busy = false;
  return good;
}

static int feed_compare(const PortFeed *x, const PortFeed *y) {
  if (x->unit->index != y->unit->index) return x->unit->index < y->unit->index ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static void port_sort(Port *p) {
  for (uint32_t i = 1; i < p->feed_len; i++)
    for (uint32_t k = i; k > 0 && feed_compare(&p->feeds[k - 1], &p->feeds[k]) > 0; k--) {
      PortFeed swap = p->feeds[k];
      p->feeds[k] = p->feeds[k - 1];
      p->feeds[k - 1] = swap;
    }
}

static PlanEdge feeds_merge(Binder *b, Port *p, Unit *only, const AstStreamRef *ref) {
  UnionInput *in = arena_alloc(b->arena, (p->feed_len + 1) * sizeof *in);
  uint32_t len = 0;
  for (uint32_t i = 0; i < p->feed_len; i++)
    if (!only || p->feeds[i].unit == only)
      in[len++] = (UnionInput){ p->feeds[i].edge, p->name, p->feeds[i].span };
  if (!len) return (PlanEdge){ 0 };
  if (len == 1) return in[0].edge;
  return union_edges(b, p->name, in, len, p->span, p->name);
}

static void error_schema(Binder *b, PlanNode *n) {
  static const struct {
    const char *name;
    TypeKind kind;
    bool null;
  } cols[] = { { "run", TY_STRING, false },        { "script_hash", TY_STRING, false },
               { "operator", TY_STRING, false },   { "script_line", TY_I64, false },
               { "script_column", TY_I64, false }, { "file", TY_STRING, true },
               { "line", TY_I64, true },           { "offset", TY_I64, true },
               { "field", TY_STRING, true },       { "code", TY_STRING, false },
               { "message", TY_STRING, false },    { "retry_count", TY_I64, false },
               { "time", TY_TIMESTAMP, false },    { "raw", TY_STRING, true },
               { "fields", TY_STRING, true } };
  enum { LEN = sizeof cols / sizeof *cols };
  Schema s = { .cols = arena_alloc(b->arena, LEN * sizeof(SchemaColumn)) };
  for (uint32_t i = 0; i < LEN; i++) {
    const Type *t = type_with_null(b->arena, type_basic(cols[i].kind), cols[i].null);
    schema_push(&s, cols[i].name, column_make(b, cols[i].name, t, n->span), NULL);
  }
  n->out[0].schema = s;
}

PlanEdge error_port_edge(Binder *b, int32_t port) {
  PlanErrorPort *p = &b->plan->error_ports[port];
  if (!p->node) {
    PlanNode *n = plan_add(b->plan, PLAN_ERRORS, p->span, 0, 1);
    n->word = "errors";
    n->stream = p->name;
    n->error_port = (uint32_t)port;
    error_schema(b, n);
    b->plan->error_ports[port].node = n;
  }
  return (PlanEdge){ b->plan->error_ports[port].node, 0 };
}

PlanEdge port_edge(Binder *b, Port *p, const AstStreamRef *ref) {
  p->read = true;
  if (p->of_rows && p->error_port >= 0) {
    diag_report(
        b->diags, DIAG_E0606, ref->span, NULL,
        "it gets error rows and rows of `else` or `route`; only `write deadletter` takes both: use two names",
        p->name);
    return (PlanEdge){ 0 };
  }
  if (p->error_port >= 0) return error_port_edge(b, p->error_port);
  if (p->merged.node) return p->merged;
  if (!port_complete(b, p, NULL, ref->span)) return (PlanEdge){ 0 };
  port_sort(p);
  p->merged = feeds_merge(b, p, NULL, ref);
  return p->merged;
}

bool port_errors_of(const Port *p, const Unit *u) {
  return p->error_port >= 0 && !p->error_shared && p->error_unit == u;
}

PlanEdge port_edge_of(Binder *b, Port *p, Unit *u, const AstStreamRef *ref) {
  if (port_errors_of(p, u)) return port_edge(b, p, ref);
  p->read = true;
  if (!port_complete(b, p, u, ref->span)) return (PlanEdge){ 0 };
  port_sort(p);
  return feeds_merge(b, p, u, ref);
}

static void edge_append(Binder *b, PlanEdge e, PlanEdge **edges, uint32_t *len) {
  for (uint32_t i = 0; i < *len; i++)
    if ((*edges)[i].node == e.node && (*edges)[i].port == e.port) return;
  *edges = arena_grow(b->arena, *edges, *len, sizeof **edges);
  (*edges)[(*len)++] = e;
}

void port_edges(Binder *b, Port *p, Unit *only, Span span, PlanEdge **edges, uint32_t *len) {
  p->read = true;
  if (p->of_rows && port_complete(b, p, only, span)) {
    port_sort(p);
    for (uint32_t i = 0; i < p->feed_len; i++)
      if (!only || p->feeds[i].unit == only) edge_append(b, p->feeds[i].edge, edges, len);
  }
  if (p->error_port >= 0 && (!only || port_errors_of(p, only)))
    edge_append(b, error_port_edge(b, p->error_port), edges, len);
}
