/* bind_op.c: a chain of operators, one after another: names and scopes of a chain, and the operators that
 * look at one row at a time and leave its columns as they are. */
#include "sema/bind_internal.h"

#include <string.h>

const Schema *chain_schema(const Chain *c) { return &c->at.node->out[c->at.port].schema; }

/* The scope of an expansion: its parameters stand for expressions in the caller's scope. */
static const Scope *scope_make(Chain *c, const Expansion *x, const Schema *schema) {
  Scope *s = arena_alloc(c->b->arena, sizeof *s);
  *s = (Scope){ .module = x ? x->module : c->unit->module, .schema = schema, .stream = c->name };
  if (!x) return s;
  const Scope *outer = scope_make(c, x->parent, schema);
  uint32_t i = 0;
  for (const AstParamDecl *p = x->op->params; p; p = p->next, i++) {
    if (!x->values[i]) continue;
    Alias *a = arena_alloc(c->b->arena, sizeof *a);
    *a = (Alias){
      .name = p->name.text, .value = x->values[i], .scope = outer, .next = (Alias *)s->aliases
    };
    s->aliases = a;
  }
  return s;
}

const Scope *chain_scope_of(Chain *c, const Schema *schema) {
  return scope_make(c, c->expansion, schema);
}
const Scope *chain_scope(Chain *c) { return chain_scope_of(c, chain_schema(c)); }
Module *chain_module(const Chain *c) {
  return c->expansion ? c->expansion->module : c->unit->module;
}

AstName chain_name(const Chain *c, AstName name) {
  for (const Expansion *x = c->expansion; x && name.text; x = x->parent) {
    uint32_t i = 0;
    for (const AstParamDecl *p = x->op->params; p; p = p->next, i++)
      if (!strcmp(p->name.text, name.text)) break;
      else if (!p->next) return name;
    if (!x->op->params) return name;
    const AstExpr *v = x->values[i];
    if (!v || v->kind != AST_NAME) return name;
    name = v->name;
  }
  return name;
}

const SchemaColumn *chain_column(Chain *c, AstName name) {
  if (!name.text) return NULL;
  return bind_column(c->b, chain_scope(c), (AstName){ 0 }, chain_name(c, name));
}

PlanNode *chain_node(Chain *c, const AstOp *op, PlanKind kind, uint32_t in_len, uint32_t out_len) {
  Streams *st = streams_of(c->b);
  if (c->b->plan->node_len >= LIMIT_OPERATORS && !st->limit_reported) {
    st->limit_reported = true;
    diag_report(c->b->diags, DIAG_E0905, op->span, NULL,
                "calls of `op` count with all their operators", (unsigned)LIMIT_OPERATORS,
                "operators");
  }
  PlanNode *n = plan_add(c->b->plan, kind, op->span, in_len, out_len);
  n->word = source_text(c->b, op->word);
  n->stream = c->unit->name;
  if (in_len) n->in[0] = c->at;
  if (out_len) {
    n->out[0].schema = *chain_schema(c);
    c->at = (PlanEdge){ n, 0 };
  }
  return n;
}

void chain_else(Chain *c, PlanNode *n, AstName port, const Schema *schema) {
  if (!port.text) return;
  n->out[1].name = port.text;
  n->out[1].schema = *schema;
  port_feed(c, port, (PlanEdge){ n, 1 });
}

/* ---- constants ---- */

static Expr *chain_const(Chain *c, const AstExpr *e, const Type *want) {
  Expr *x = bind_expr(c->b, chain_scope_of(c, NULL), e, want);
  return expr_fold(c->b->arena, x);
}

Expr *chain_count(Chain *c, const AstExpr *e, int64_t least, const char *what) {
  Expr *x = chain_const(c, e, type_basic(TY_I64));
  if (x->type->kind == TY_ERROR) return x;
  const char *need = least ? "a whole number of at least 1" : "a whole number of at least 0";
  if (!type_is_integer(x->type) || x->type->nullable || (x->kind == EX_CONST && x->value.i < least))
    diag_report(c->b->diags, DIAG_E0615, e->span, NULL, NULL, what, need);
  return bind_widen(c->b, x, type_basic(TY_I64));
}

int64_t chain_duration(Chain *c, const AstExpr *e, bool zero, const char *what) {
  Expr *x = chain_const(c, e, NULL);
  if (x->type->kind == TY_ERROR) return 0;
  if (x->type->kind != TY_DURATION || x->kind != EX_CONST || x->value.is_null ||
      x->value.i < !zero) {
    diag_report(c->b->diags, DIAG_E0615, e->span, NULL,
                "durations are written `30s`, `5m`, `1h`, `1d`", what, "a constant duration");
    return 0;
  }
  return x->value.i;
}

double chain_share(Chain *c, const AstExpr *e, const char *what) {
  Expr *x = chain_const(c, e, type_basic(TY_F64));
  if (x->type->kind == TY_ERROR) return 1.0;
  if (x->kind != EX_CONST || !type_is_float(x->type) || !(x->value.f >= 0 && x->value.f <= 1)) {
    diag_report(c->b->diags, DIAG_E0615, e->span, NULL, NULL, what, "a constant between 0 and 1");
    return 1.0;
  }
  return x->value.f;
}

/* ---- row by row ---- */

static void op_filter(Chain *c, const AstOp *op) {
  Expr *cond = bind_cond(c->b, chain_scope(c), op->expr);
  const Schema *schema = chain_schema(c);
  PlanNode *n = chain_node(c, op, PLAN_FILTER, 1, op->else_port.text ? 2 : 1);
  n->cond = cond;
  chain_else(c, n, op->else_port, schema);
  policy_apply(c, n, &op->on_error);
}

static void op_assert(Chain *c, const AstOp *op) {
  Expr *cond = bind_cond(c->b, chain_scope(c), op->expr);
  PlanNode *n = chain_node(c, op, PLAN_ASSERT, 1, 1);
  n->cond = cond;
  n->text = op->text ? op->text : source_text(c->b, op->expr->span);
  policy_apply(c, n, &op->on_error);
}

static void op_route(Chain *c, const AstOp *op) {
  const Scope *scope = chain_scope(c);
  const Schema *schema = chain_schema(c);
  uint32_t len = 0, i = 0;
  const AstRoute *other = NULL;
  for (const AstRoute *r = op->routes; r; r = r->next) {
    if (other) diag_report(c->b->diags, DIAG_W0105, r->span, NULL, "it stands behind `else`");
    if (!r->cond && !other) other = r;
    len++;
  }
  PlanNode *n = chain_node(c, op, PLAN_ROUTE, 1, len + 1);
  n->conds = arena_alloc(c->b->arena, (len + 1) * sizeof *n->conds);
  n->conds_len = len;
  for (const AstRoute *r = op->routes; r; r = r->next, i++) {
    n->conds[i] = r->cond ? bind_cond(c->b, scope, r->cond) : NULL;
    n->out[i + 1].name = r->port.text ? r->port.text : "";
    n->out[i + 1].schema = *schema;
    if (r->port.text) port_feed(c, r->port, (PlanEdge){ n, i + 1 });
  }
  if (!other)
    diag_report(c->b->diags, DIAG_W0103, op->word, NULL,
                "add `else -> name` to keep them; they are counted in `--stats`");
  policy_apply(c, n, &op->on_error);
  c->ended = true;
  c->end = op->word;
}

static void op_take(Chain *c, const AstOp *op) {
  Expr *count = chain_count(c, op->expr, 0, op->kind == AST_TAKE ? "take" : "skip");
  chain_node(c, op, op->kind == AST_TAKE ? PLAN_TAKE : PLAN_SKIP, 1, 1)->count = count;
}

static void op_sample(Chain *c, const AstOp *op) {
  double rate = chain_share(c, op->expr, "sample");
  PlanNode *n = chain_node(c, op, PLAN_SAMPLE, 1, 1);
  n->rate = rate;
  if (!op->seed) return;
  Expr *seed = chain_const(c, op->seed, type_basic(TY_I64));
  if (seed->type->kind == TY_ERROR) return;
  if (seed->kind != EX_CONST || !type_is_integer(seed->type))
    diag_report(c->b->diags, DIAG_E0615, op->seed->span, NULL, NULL, "seed",
                "a constant whole number");
  else n->seed = (uint64_t)seed->value.i;
}

static uint64_t tap_number(Chain *c, const AstExpr *e, const char *what) {
  Expr *n = e ? chain_count(c, e, 0, what) : NULL;
  if (!n || n->type->kind == TY_ERROR) return 0;
  if (n->kind == EX_CONST) return (uint64_t)n->value.i;
  diag_report(c->b->diags, DIAG_E0615, e->span, NULL, NULL, what, "a constant");
  return 0;
}

/* How each column of the schema is shown: masks of the columns, and those of `mask(a, b)`. */
static const char **tap_masks(Binder *b, const Schema *s) {
  const char **masked = arena_alloc(b->arena, (s->len + 1) * sizeof *masked);
  for (uint32_t i = 0; i < s->len; i++) {
    const char *mask = b->plan->columns[s->cols[i].col].mask;
    masked[i] = mask ? mask : mask_of_name(b, s->cols[i].name);
  }
  return masked;
}

static void op_tap(Chain *c, const AstOp *op) {
  const Plan *plan = c->b->plan;
  for (uint32_t i = 0; i < plan->node_len; i++)
    if (plan->nodes[i]->kind == PLAN_TAP && op->text && plan->nodes[i]->text &&
        !strcmp(plan->nodes[i]->text, op->text) && !c->expansion)
      diag_report(c->b->diags, DIAG_E0309, op->span, NULL, NULL, "tap", op->text);
  const Schema *schema = chain_schema(c);
  const char **masked = tap_masks(c->b, schema);
  for (const AstNamePair *p = op->pairs; p; p = p->next) {
    const SchemaColumn *sc = chain_column(c, p->left);
    for (uint32_t i = 0; sc && i < schema->len; i++)
      if (schema->cols[i].col == sc->col && !masked[i]) masked[i] = "redact";
  }
  Expr *where = op->expr ? bind_cond(c->b, chain_scope(c), op->expr) : NULL;
  double rate = op->sample ? chain_share(c, op->sample, "sample") : 1.0;
  uint64_t seed = tap_number(c, op->seed, "seed"), every = tap_number(c, op->expr2, "every");
  uint64_t limit = op->limit ? tap_number(c, op->limit, "limit") : ~(uint64_t)0;
  PlanNode *n = chain_node(c, op, PLAN_TAP, 1, 1);
  n->text = op->text ? op->text : "";
  n->masked = masked;
  n->cond = where;
  n->rate = rate;
  n->seed = seed;
  n->every = every;
  n->limit = limit;
}

void tap_stream(Binder *b, const char *name, PlanEdge e) {
  PlanNode *n = plan_add(b->plan, PLAN_TAP, e.node->span, 1, 1);
  n->word = "tap";
  n->stream = n->text = name;
  n->in[0] = e;
  n->out[0].schema = e.node->out[e.port].schema;
  n->masked = tap_masks(b, &n->out[0].schema);
  n->rate = 1.0;
  n->limit = ~(uint64_t)0;
}

static bool chain_ends_in_sink(const AstOp *op) {
  while (op && op->next) op = op->next;
  return op && (op->kind == AST_WRITE || op->kind == AST_ROUTE || op->kind == AST_CALL_OP);
}

static void op_tee(Chain *c, const AstOp *op) {
  Chain side = *c;
  if (!chain_ends_in_sink(op->chain))
    diag_report(c->b->diags, DIAG_E0618, op->word, NULL, "end the side branch with `| write ...`");
  chain_ops(&side, op->chain);
}

static void op_union(Chain *c, const AstOp *op) {
  UnionInput *in = NULL;
  uint32_t len = 0;
  bool good = true;
  in = arena_grow(c->b->arena, in, len, sizeof *in);
  in[len++] = (UnionInput){ c->at, c->name, op->word };
  for (const AstStreamRef *r = op->streams; r; r = r->next) {
    const char *name;
    PlanEdge e = stream_edge(c, r, &name);
    if (!e.node) {
      good = false;
      continue;
    }
    in = arena_grow(c->b->arena, in, len, sizeof *in);
    in[len++] = (UnionInput){ e, name, r->span };
  }
  c->at = good ? union_edges(c->b, c->unit->name, in, len, op->span, NULL) : (PlanEdge){ 0 };
}

static void chain_op(Chain *c, const AstOp *op) {
  switch (op->kind) {
    case AST_FILTER: op_filter(c, op); break;
    case AST_DERIVE:
    case AST_SELECT:
    case AST_DROP:
    case AST_RENAME:
    case AST_CAST: op_map(c, op); break;
    case AST_EXTRACT: op_extract(c, op); break;
    case AST_AGGREGATE: op_aggregate(c, op); break;
    case AST_SORT: op_sort(c, op); break;
    case AST_TOP: op_top(c, op); break;
    case AST_TAKE:
    case AST_SKIP: op_take(c, op); break;
    case AST_DISTINCT: op_distinct(c, op); break;
    case AST_JOIN: op_join(c, op); break;
    case AST_RANK: op_rank(c, op); break;
    case AST_UNION: op_union(c, op); break;
    case AST_ROUTE: op_route(c, op); break;
    case AST_TEE: op_tee(c, op); break;
    case AST_TAP: op_tap(c, op); break;
    case AST_ASSERT: op_assert(c, op); break;
    case AST_SAMPLE: op_sample(c, op); break;
    case AST_EXPLODE: op_explode(c, op); break;
    case AST_PIVOT: op_pivot(c, op); break;
    case AST_UNPIVOT: op_unpivot(c, op); break;
    case AST_WINDOW: op_window(c, op); break;
    case AST_SESSIONIZE: op_sessionize(c, op); break;
    case AST_CALL_OP: op_call(c, op); break;
    case AST_WRITE: op_write(c, op, NULL, 0); break;
  }
}

static bool takes_else(AstOpKind kind) {
  return kind == AST_FILTER || kind == AST_EXTRACT || kind == AST_JOIN || kind == AST_WINDOW ||
         kind == AST_CALL_OP;
}

void chain_ops(Chain *c, const AstOp *ops) {
  for (const AstOp *op = ops; op && (c->at.node || c->ended); op = op->next) {
    if (c->ended) {
      diag_report(c->b->diags, DIAG_E0616, op->word, NULL, NULL, source_text(c->b, c->end));
      return;
    }
    if (op->else_port.text && !takes_else(op->kind))
      diag_report(c->b->diags, DIAG_E0607, op->else_port.span, NULL,
                  "`filter`, `extract`, `join`, `lookup` and `window` take `else -> name`",
                  source_text(c->b, op->word), "else");
    chain_op(c, op);
  }
}
