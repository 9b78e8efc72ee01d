/* bind_stream.c: named streams and anonymous flows, bound when they are first read. */
#include <string.h>

#include "sema/bind_internal.h"

bool stack_push(Binder *b, Span span, const char *name) {
  Streams *st = streams_of(b);
  st->stack = arena_grow(b->arena, st->stack, st->stack_len, sizeof *st->stack);
  st->stack[st->stack_len++] = name;
  if (st->stack_len <= LIMIT_STREAM_DEPTH) return true;
  diag_report(b->diags, DIAG_E0903, span, NULL,
              "streams that wait for one another; put their statements in order",
              (unsigned)LIMIT_STREAM_DEPTH);
  return false;
}

void stack_pop(Binder *b) { streams_of(b)->stack_len--; }

void stream_cycle(Binder *b, Span span, const char *name) {
  Streams *st = streams_of(b);
  const char *path = NULL;
  for (uint32_t i = 0; i < st->stack_len; i++)
    if (path || !strcmp(st->stack[i], name))
      path = path ? arena_printf(b->arena, "%s -> %s", path, st->stack[i]) : st->stack[i];
  path = arena_printf(b->arena, "%s -> %s", path ? path : name, name);
  diag_report(b->diags, DIAG_E0601, span, NULL, "a cycle: streams must form a graph without one",
              path);
}

static Unit *unit_of(Binder *b, const Symbol *s) {
  Streams *st = streams_of(b);
  for (uint32_t i = 0; i < st->unit_len; i++)
    if (st->units[i]->stmt == s->stmt) return st->units[i];
  return NULL;
}

static void report_unknown_stream(Binder *b, const AstStreamRef *ref) {
  Streams *st = streams_of(b);
  const char **names = NULL;
  uint32_t len = 0;
  if (st->incomplete) return;
  for (uint32_t i = 0; i < st->unit_len; i++) {
    if (!st->units[i]->name[0]) continue;
    names = arena_grow(b->arena, names, len, sizeof *names);
    names[len++] = st->units[i]->name;
  }
  for (uint32_t i = 0; i < st->port_len; i++) {
    names = arena_grow(b->arena, names, len, sizeof *names);
    names[len++] = st->ports[i]->name;
  }
  diag_report(b->diags, DIAG_E0302, ref->name.span, hint_nearest(b, ref->name.text, names, len),
              NULL, ref->name.text);
}

static PlanEdge unit_edge(Binder *b, Unit *u, const AstStreamRef *ref) {
  if (u->state == UNIT_BUSY) {
    stream_cycle(b, ref->span, u->name);
    return (PlanEdge){ 0 };
  }
  unit_bind(b, u);
  b->flow_broken |= u->broken;
  if (u->ended)
    diag_report(
        b->diags, DIAG_E0615, ref->span, NULL,
        "it ends in a sink or a route, so it has no rows to read; read what stands before it",
        u->name, "a stream with rows");
  return u->result;
}

static void report_unknown_port(Binder *b, Unit *u, const AstStreamRef *ref) {
  Streams *st = streams_of(b);
  const char **names = NULL;
  uint32_t len = 0;
  for (uint32_t i = 0; i < st->port_len; i++)
    for (uint32_t k = 0; k < st->ports[i]->decl_len; k++)
      if (st->ports[i]->decls[k].unit == u) {
        names = arena_grow(b->arena, names, len, sizeof *names);
        names[len++] = st->ports[i]->name;
      }
  for (uint32_t i = 0; i < st->port_len; i++)
    if (port_errors_of(st->ports[i], u)) {
      names = arena_grow(b->arena, names, len, sizeof *names);
      names[len++] = st->ports[i]->name;
    }
  names = arena_grow(b->arena, names, len, sizeof *names);
  names[len++] = "errors";
  diag_report(b->diags, DIAG_E0306, ref->port.span, hint_nearest(b, ref->port.text, names, len),
              "`.errors` has the error rows of a stream's operators", u->name, ref->port.text);
}

static Port *port_of_unit(Binder *b, Unit *u, const char *name) {
  Port *p = port_find(b, name);
  for (uint32_t i = 0; p && i < p->decl_len; i++)
    if (p->decls[i].unit == u) return p;
  return p && port_errors_of(p, u) ? p : NULL;
}

/* What a reference means: a unit, one of its ports, its errors, or a port of the script. */
typedef struct Target {
  Unit *unit;
  Port *port;
  bool errors;
} Target;

static bool target_find(Binder *b, const AstStreamRef *ref, Target *t) {
  *t = (Target){ 0 };
  if (!ref->name.text) return false;
  Symbol *s = module_find(b->main, NULL, ref->name.text, SYM_STREAM);
  t->unit = s ? unit_of(b, s) : NULL;
  if (!t->unit) t->port = port_find(b, ref->name.text);
  if (!t->unit && !t->port) return report_unknown_stream(b, ref), false;
  if (!ref->port.text) return true;
  if (t->unit) t->port = port_of_unit(b, t->unit, ref->port.text);
  t->errors = t->unit && !t->port && !strcmp(ref->port.text, "errors");
  if (t->unit && (t->port || t->errors)) return true;
  if (t->unit) report_unknown_port(b, t->unit, ref);
  else
    diag_report(b->diags, DIAG_E0306, ref->port.span, NULL, NULL, ref->name.text, ref->port.text);
  return false;
}

PlanEdge stream_edge(Chain *c, const AstStreamRef *ref, const char **name) {
  Target t;
  Binder *b = c->b;
  *name = ref->port.text ? ref->port.text : ref->name.text;
  if (!target_find(b, ref, &t)) return (PlanEdge){ 0 };
  if (t.errors) return error_port_edge(b, t.unit->errors_port);
  if (t.unit && t.port) return port_edge_of(b, t.port, t.unit, ref);
  if (t.unit) return unit_edge(b, t.unit, ref);
  return port_edge(b, t.port, ref);
}

/* ---- union ---- */

static bool union_column(Binder *b, const UnionInput *in, uint32_t len, uint32_t k,
                         const char *port, const Type **type) {
  const Schema *first = &in[0].edge.node->out[in[0].edge.port].schema;
  const char *name = first->cols[k].name;
  const Type *t = b->plan->columns[first->cols[k].col].type;
  for (uint32_t i = 1; i < len; i++) {
    const SchemaColumn *sc = schema_find(&in[i].edge.node->out[in[i].edge.port].schema, name);
    if (!sc) {
      if (port)
        diag_report(b->diags, DIAG_E0606, in[i].span, NULL,
                    arena_printf(b->arena, "column `%s` is missing here", name), port);
      else
        diag_report(b->diags, DIAG_E0603, in[i].span, NULL,
                    "`union` goes by column names: `drop` or `derive` to make them agree", name,
                    in[0].name, in[i].name);
      return false;
    }
    const Type *other = b->plan->columns[sc->col].type;
    if (t->kind == TY_ERROR || other->kind == TY_ERROR) return false;
    const Type *common = bind_common_type(b, t, other);
    if (!common) {
      const char *tx = type_text(b->arena, t), *ty = type_text(b->arena, other);
      if (port)
        diag_report(b->diags, DIAG_E0606, in[i].span, NULL,
                    arena_printf(b->arena, "column `%s` is %s and %s", name, tx, ty), port);
      else
        diag_report(b->diags, DIAG_E0602, in[i].span, NULL, "`cast` one of them", name, ty, tx,
                    in[0].name);
      return false;
    }
    t = common;
  }
  *type = t;
  return true;
}

static bool union_extra(Binder *b, const UnionInput *in, uint32_t i, const char *port) {
  const Schema *first = &in[0].edge.node->out[in[0].edge.port].schema;
  const Schema *s = &in[i].edge.node->out[in[i].edge.port].schema;
  for (uint32_t k = 0; k < s->len; k++) {
    if (schema_find(first, s->cols[k].name)) continue;
    if (port)
      diag_report(b->diags, DIAG_E0606, in[i].span, NULL,
                  arena_printf(b->arena, "column `%s` is only here", s->cols[k].name), port);
    else
      diag_report(b->diags, DIAG_E0603, in[i].span, NULL,
                  "`union` goes by column names: `drop` or `derive` to make them agree",
                  s->cols[k].name, in[i].name, in[0].name);
    return false;
  }
  return true;
}

/* An input whose columns have narrower types gets a PLAN_MAP that widens them. */
static PlanEdge union_widen(Binder *b, PlanEdge e, const Schema *names, const Type *const *types,
                            const char *stream) {
  const Schema *s = &e.node->out[e.port].schema;
  PlanMade *made = arena_alloc(b->arena, (s->len + 1) * sizeof *made);
  Schema wide = schema_copy(b->arena, s, 0);
  uint32_t len = 0;
  for (uint32_t k = 0; k < names->len; k++) {
    const SchemaColumn *sc = schema_find(s, names->cols[k].name);
    const Type *have = b->plan->columns[sc->col].type;
    if (type_same_base(have, types[k])) continue;
    const Type *t = type_with_null(b->arena, types[k], have->nullable);
    Expr *value = bind_widen(b, expr_column(b, sc->col, e.node->span), t);
    ColId col = column_make_of(b, sc->name, t, e.node->span, value);
    made[len++] = (PlanMade){ col, value };
    wide.cols[sc - s->cols].col = col;
  }
  if (!len) return e;
  PlanNode *n = plan_add(b->plan, PLAN_MAP, e.node->span, 1, 1);
  n->word = "cast";
  n->stream = stream;
  n->in[0] = e;
  n->made = made;
  n->made_len = len;
  n->out[0].schema = wide;
  return (PlanEdge){ n, 0 };
}

PlanEdge union_edges(Binder *b, const char *stream, const UnionInput *in, uint32_t len, Span span,
                     const char *port) {
  const Schema *first = &in[0].edge.node->out[in[0].edge.port].schema;
  const Type **types = arena_alloc(b->arena, (first->len + 1) * sizeof *types);
  bool good = true;
  for (uint32_t k = 0; k < first->len; k++)
    good = union_column(b, in, len, k, port, &types[k]) && good;
  for (uint32_t i = 1; i < len; i++) good = union_extra(b, in, i, port) && good;
  if (!good) return (PlanEdge){ 0 };
  PlanEdge *edges = arena_alloc(b->arena, len * sizeof *edges);
  for (uint32_t i = 0; i < len; i++) edges[i] = union_widen(b, in[i].edge, first, types, stream);
  PlanNode *n = plan_add(b->plan, PLAN_UNION, span, len, 1);
  n->word = "union";
  n->stream = stream;
  n->union_cols = arena_alloc(b->arena, len * sizeof *n->union_cols);
  Schema out = { .cols = arena_alloc(b->arena, (first->len + 1) * sizeof(SchemaColumn)) };
  for (uint32_t k = 0; k < first->len; k++) {
    ColId col = column_make(b, first->cols[k].name, types[k], span);
    b->plan->columns[col].mask = b->plan->columns[first->cols[k].col].mask;
    schema_push(&out, first->cols[k].name, col, NULL);
  }
  for (uint32_t i = 0; i < len; i++) {
    n->in[i] = edges[i];
    n->union_cols[i] = arena_alloc(b->arena, (out.len + 1) * sizeof(ColId));
    const Schema *s = &edges[i].node->out[edges[i].port].schema;
    for (uint32_t k = 0; k < out.len; k++) {
      n->union_cols[i][k] = schema_find(s, out.cols[k].name)->col;
      if (!b->plan->columns[out.cols[k].col].mask)
        b->plan->columns[out.cols[k].col].mask = b->plan->columns[n->union_cols[i][k]].mask;
    }
  }
  n->out[0].schema = out;
  return (PlanEdge){ n, 0 };
}

static PlanEdge flow_union(Chain *c, const AstFlow *f) {
  UnionInput *in = NULL;
  uint32_t len = 0;
  bool good = true;
  for (const AstStreamRef *r = f->streams; r; r = r->next) {
    const char *name;
    PlanEdge e = stream_edge(c, r, &name);
    if (!e.node) {
      good = false;
      continue;
    }
    in = arena_grow(c->b->arena, in, len, sizeof *in);
    in[len++] = (UnionInput){ e, name, r->span };
  }
  if (!good || !len) return (PlanEdge){ 0 };
  return len == 1 ? in[0].edge : union_edges(c->b, c->unit->name, in, len, f->span, NULL);
}

/* `union bad, orphans | write deadletter(...)`: a dead-letter sink takes rows of any shape. */
static bool flow_is_deadletter(const AstFlow *f) {
  return (f->kind == AST_SRC_STREAM || f->kind == AST_SRC_UNION) && f->ops && !f->ops->next &&
         f->ops->kind == AST_WRITE && f->ops->name.text && !strcmp(f->ops->name.text, "deadletter");
}

static void flow_deadletter(Chain *c, const AstFlow *f) {
  PlanEdge *edges = NULL;
  uint32_t len = 0;
  for (const AstStreamRef *r = f->streams; r; r = r->next) {
    Target t;
    if (!target_find(c->b, r, &t)) continue;
    if (t.port) {
      port_edges(c->b, t.port, t.unit, r->span, &edges, &len);
      continue;
    }
    PlanEdge e = t.errors ? error_port_edge(c->b, t.unit->errors_port) : unit_edge(c->b, t.unit, r);
    if (!e.node) continue;
    edges = arena_grow(c->b->arena, edges, len, sizeof *edges);
    edges[len++] = e;
  }
  op_write(c, f->ops, edges, len);
}

static PlanEdge flow_start(Chain *c, const AstFlow *f) {
  const char *name = NULL;
  if (f->kind == AST_SRC_UNION) return flow_union(c, f);
  if (f->kind != AST_SRC_STREAM) return source_edge(c, f);
  if (!f->streams) return (PlanEdge){ 0 };
  PlanEdge e = stream_edge(c, f->streams, &name);
  if (!c->name[0] && name) c->name = name;
  return e;
}

static void flow_bind(Chain *c, const AstFlow *f) {
  if (flow_is_deadletter(f)) {
    flow_deadletter(c, f);
    return;
  }
  c->at = flow_start(c, f);
  if (!c->name[0]) c->name = c->unit->name[0] ? c->unit->name : "this flow";
  if (c->at.node || c->ended) chain_ops(c, f->ops);
}

void unit_bind(Binder *b, Unit *u) {
  if (u->state != UNIT_NEW) return;
  u->state = UNIT_BUSY;
  bool broken = b->flow_broken;
  b->flow_broken = u->stmt->flow->broken;
  Chain c = { .b = b, .unit = u, .name = u->stmt->flow->kind == AST_SRC_STREAM ? "" : u->name };
  if (stack_push(b, u->span, u->label)) flow_bind(&c, u->stmt->flow);
  stack_pop(b);
  u->result = c.ended ? (PlanEdge){ 0 } : c.at;
  u->ended = c.ended;
  u->broken = b->flow_broken;
  b->flow_broken = broken;
  u->state = UNIT_DONE;
}
