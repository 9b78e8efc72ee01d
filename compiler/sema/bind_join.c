/* bind_join.c: join, lookup and join asof: the keys, and the columns of the result.
 *
 * The right side always gets new columns (a stream may be joined with itself); the left side keeps its
 * own, but for right and full joins. union_cols tells for each output column where it comes from. */
#include <string.h>

#include "sema/bind_internal.h"

typedef struct Join {
  Chain *c;
  const AstOp *op;
  const char *name; /* of the right stream */
  PlanEdge right;
  const Schema *ls, *rs;
  const Scope *left_scope, *right_scope;
  PlanNode *n;
} Join;

static bool mentions(const Join *j, const AstExpr *e);

static bool mentions_list(const Join *j, const AstExpr *e) {
  for (; e; e = e->next)
    if (mentions(j, e)) return true;
  return false;
}

/* Whether `S.x` stands somewhere in e. */
static bool mentions(const Join *j, const AstExpr *e) {
  if (!e) return false;
  if (e->kind == AST_FIELD && e->left && e->left->kind == AST_NAME && e->left->name.text &&
      !strcmp(e->left->name.text, j->name))
    return true;
  for (const AstArg *a = e->args; a; a = a->next)
    if (mentions(j, a->value)) return true;
  return mentions(j, e->left) || mentions(j, e->right) || mentions(j, e->third) ||
         mentions_list(j, e->items);
}

static AstOpCode swapped(AstOpCode op) {
  switch (op) {
    case AST_OP_LT: return AST_OP_GT;
    case AST_OP_LE: return AST_OP_GE;
    case AST_OP_GT: return AST_OP_LT;
    case AST_OP_GE: return AST_OP_LE;
    default: return op;
  }
}

/* Splits `a == S.b` or `S.b == a`, or a bare `k` that both sides have. */
static bool key_split(Join *j, const AstExpr *e, Expr **left, Expr **right, AstOpCode *op) {
  Binder *b = j->c->b;
  const char *text = source_text(b, e->span);
  const AstExpr *l = e->left, *r = e->right;
  *op = e->kind == AST_BINARY ? e->op : AST_OP_EQ;
  if (e->kind == AST_NAME) {
    l = r = e;
  } else if (e->kind != AST_BINARY ||
             !(*op == AST_OP_EQ || (*op >= AST_OP_LT && *op <= AST_OP_GE))) {
    if (e->kind != AST_ERROR)
      diag_report(b->diags, DIAG_E0604, e->span, NULL,
                  arena_printf(b->arena, "write `column == %s.column`", j->name), text, j->name);
    return false;
  } else if (mentions(j, l) == mentions(j, r)) {
    diag_report(
        b->diags, DIAG_E0604, e->span, NULL,
        arena_printf(b->arena, "one side must be a column of `%s`: `%s.column`", j->name, j->name),
        text, j->name);
    return false;
  } else if (mentions(j, l)) {
    l = e->right;
    r = e->left;
    *op = swapped(*op);
  }
  *left = bind_expr(b, j->left_scope, l, NULL);
  if (e->kind == AST_NAME) {
    const SchemaColumn *sc = schema_find(j->rs, chain_name(j->c, e->name).text);
    if (!sc) {
      diag_report(b->diags, DIAG_E0301, e->span, schema_nearest(b, j->rs, e->name.text), NULL,
                  e->name.text, j->name);
      return false;
    }
    *right = expr_column(b, sc->col, e->span);
  } else {
    *right = bind_expr(b, j->right_scope, r, NULL);
  }
  return (*left)->type->kind != TY_ERROR && (*right)->type->kind != TY_ERROR;
}

/* What to write for a key whose sides have different types: the right side in the type of the left one. */
static const char *key_cure(Join *j, const AstExpr *e, const Type *to) {
  Binder *b = j->c->b;
  const AstExpr *r = e->kind != AST_BINARY ? e : mentions(j, e->left) ? e->left : e->right;
  const char *text = source_text(b, r->span), *dot = e->kind == AST_BINARY ? "" : arena_printf(b->arena, "%s.", j->name);
  if (!type_is_scalar(to) || to->kind == TY_NULL) return "a key is a single value: take a member, or `explode` the list first";
  if (to->kind == TY_ENUM) return "convert one side: `string(...)` on both";
  const char *name = type_text(b->arena, type_with_null(b->arena, to, false));
  if (to->kind == TY_DECIMAL)
    return arena_printf(b->arena, "convert one side: `decimal(%s%s, %u, %u)`", dot, text, to->precision, to->scale);
  return arena_printf(b->arena, "convert one side: `%s(%s%s)`", name, dot, text);
}

static bool key_widen(Join *j, const AstExpr *e, Expr **left, Expr **right) {
  Binder *b = j->c->b;
  const Type *t = bind_common_type(b, (*left)->type, (*right)->type);
  if (!t || !type_is_scalar(t) || t->kind == TY_NULL) {
    diag_report(b->diags, DIAG_E0402, e->span, NULL, key_cure(j, e, (*left)->type),
                "==", type_text(b->arena, (*left)->type), type_text(b->arena, (*right)->type));
    return false;
  }
  if (!type_same_base((*left)->type, t))
    *left = bind_widen(b, *left, type_with_null(b->arena, t, (*left)->type->nullable));
  if (!type_same_base((*right)->type, t))
    *right = bind_widen(b, *right, type_with_null(b->arena, t, (*right)->type->nullable));
  return true;
}

static bool key_time(Join *j, const AstExpr *e, Expr *left, Expr *right, AstOpCode op) {
  Binder *b = j->c->b;
  if (j->n->left_time || e->next) {
    diag_report(b->diags, DIAG_E0621, e->span, NULL, NULL);
    return false;
  }
  TypeKind kind = left->type->kind;
  if (kind != TY_TIMESTAMP && kind != TY_DATE && kind != TY_TIME && !type_is_numeric(left->type)) {
    diag_report(b->diags, DIAG_E0425, e->span, NULL, NULL, type_text(b->arena, left->type),
                "nearer or farther");
    return false;
  }
  if (op == AST_OP_GT || op == AST_OP_LT) j->n->asof_strict = true;
  j->n->left_time = left;
  j->n->right_time = right;
  j->n->asof_later = op == AST_OP_LT || op == AST_OP_LE;
  return true;
}

static void join_keys(Join *j, const AstExpr *on) {
  Arena *a = j->c->b->arena;
  uint32_t n = 0;
  bool good = true, asof = j->op->join == AST_JOIN_ASOF;
  for (const AstExpr *e = on; e; e = e->next) n++;
  j->n->left_keys = arena_alloc(a, (n + 1) * sizeof(Expr *));
  j->n->right_keys = arena_alloc(a, (n + 1) * sizeof(Expr *));
  for (const AstExpr *e = on; e; e = e->next) {
    Expr *left, *right;
    AstOpCode op;
    if (!key_split(j, e, &left, &right, &op) || !key_widen(j, e, &left, &right)) {
      good = false;
      continue;
    }
    if (op == AST_OP_EQ && type_is_float(left->type))
      diag_report(j->c->b->diags, DIAG_W0115, e->span, NULL, "read it as a decimal, or join on whole numbers: `i64(round(x * 100))`",
                  j->n->word, type_text(a, left->type));
    if (op != AST_OP_EQ) {
      if (asof) good = key_time(j, e, left, right, op) && good;
      else {
        diag_report(j->c->b->diags, DIAG_E0604, e->span, NULL,
                    "only `join asof` compares with <, <=, >, >=", source_text(j->c->b, e->span),
                    j->name);
        good = false;
      }
      continue;
    }
    j->n->left_keys[j->n->join_key_len] = left;
    j->n->right_keys[j->n->join_key_len++] = right;
  }
  if (good && asof && !j->n->left_time) {
    diag_report(j->c->b->diags, DIAG_E0621, j->op->span, "`ts >= S.ts`", NULL);
  }
}

/* The left column that equals right column col by a key of plain columns, or UINT32_MAX. */
static ColId key_twin(const Join *j, ColId col) {
  for (uint32_t i = 0; i < j->n->join_key_len; i++) {
    const Expr *l = j->n->left_keys[i], *r = j->n->right_keys[i];
    while (l->kind == EX_CAST && l->widening) l = l->arg[0];
    while (r->kind == EX_CAST && r->widening) r = r->arg[0];
    if (l->kind == EX_COLUMN && r->kind == EX_COLUMN && r->col == col) return l->col;
  }
  return UINT32_MAX;
}

static ColId twin_of_left(const Join *j, ColId col) {
  for (uint32_t k = 0; k < j->rs->len; k++)
    if (key_twin(j, j->rs->cols[k].col) == col) return j->rs->cols[k].col;
  return UINT32_MAX;
}

static void column_out(Join *j, Schema *out, const SchemaColumn *name, ColId left, ColId right,
                       ColId col) {
  j->n->union_cols[0][out->len] = left;
  j->n->union_cols[1][out->len] = right;
  out->cols[out->len] = *name;
  out->cols[out->len++].col = col;
}

static void columns_left(Join *j, Schema *out) {
  Binder *b = j->c->b;
  bool outer = j->op->join == AST_JOIN_RIGHT || j->op->join == AST_JOIN_FULL;
  for (uint32_t i = 0; i < j->ls->len; i++) {
    ColId col = j->ls->cols[i].col, twin = outer ? twin_of_left(j, col) : UINT32_MAX;
    ColId made = col;
    if (outer) {
      const Type *t = b->plan->columns[col].type;
      bool null = true;
      if (twin != UINT32_MAX) {
        const Type *rt = b->plan->columns[twin].type, *common = bind_common_type(b, t, rt);
        null = rt->nullable || (j->op->join == AST_JOIN_FULL && t->nullable);
        if (common) t = common;
      }
      made = column_make(b, j->ls->cols[i].name,
                         t->kind == TY_ERROR ? t : type_with_null(b->arena, t, null), j->op->word);
      b->plan->columns[made].mask = b->plan->columns[col].mask;
    }
    column_out(j, out, &j->ls->cols[i], col, twin, made);
  }
}

static void columns_right(Join *j, Schema *out) {
  Binder *b = j->c->b;
  AstJoinKind kind = j->op->join;
  bool null = kind == AST_JOIN_LEFT || kind == AST_JOIN_FULL ||
              (kind == AST_JOIN_LOOKUP &&
               (!j->op->else_port.text || policy_gives_null(j->c, &j->op->on_error)));
  for (uint32_t i = 0; i < j->rs->len; i++) {
    const SchemaColumn *sc = &j->rs->cols[i];
    if (key_twin(j, sc->col) != UINT32_MAX) continue;
    const Type *t = b->plan->columns[sc->col].type;
    if (null && t->kind != TY_ERROR) t = type_with_null(b->arena, t, true);
    bool clash = schema_find(out, sc->name) != NULL;
    const char *name = clash ? arena_printf(b->arena, "%s_%s", j->name, sc->name) : sc->name;
    if (clash && schema_find(out, name)) {
      diag_report(b->diags, DIAG_E0313, j->op->word, NULL, "`rename` it before the join", sc->name,
                  j->name, sc->name);
      continue;
    }
    ColId col = column_make(b, sc->name, t, j->op->word);
    b->plan->columns[col].mask = b->plan->columns[sc->col].mask;
    column_out(j, out, &(SchemaColumn){ .name = name, .qualifier = j->name }, UINT32_MAX, sc->col,
               col);
  }
}

/* Whether a key of the right side is the `key` of a type that is read. */
static bool right_is_keyed(const Join *j) {
  const Plan *p = j->c->b->plan;
  for (uint32_t i = 0; i < p->node_len; i++) {
    const PlanRead *r = p->nodes[i]->read;
    for (uint32_t k = 0; r && k < r->field_len; k++)
      for (uint32_t m = 0; r->fields[k].key && m < j->n->join_key_len; m++) {
        const Expr *e = j->n->right_keys[m];
        while (e->kind == EX_CAST && e->widening) e = e->arg[0];
        if (e->kind == EX_COLUMN && e->col == r->fields[k].col) return true;
      }
  }
  return false;
}

static Schema join_schema(Join *j) {
  Binder *b = j->c->b;
  uint32_t room = j->ls->len + j->rs->len + 1;
  Schema out = { .cols = arena_alloc(b->arena, room * sizeof(SchemaColumn)) };
  j->n->union_cols = arena_alloc(b->arena, 2 * sizeof *j->n->union_cols);
  for (int i = 0; i < 2; i++) j->n->union_cols[i] = arena_alloc(b->arena, room * sizeof(ColId));
  columns_left(j, &out);
  if (j->op->join != AST_JOIN_SEMI && j->op->join != AST_JOIN_ANTI) columns_right(j, &out);
  return out;
}

static const Scope *right_scope(Chain *c, const char *name, const Schema *rs) {
  static const Schema none = { 0 };
  Scope *s = arena_alloc(c->b->arena, sizeof *s);
  *s = *chain_scope_of(c, &none);
  s->right_name = name;
  s->right = rs;
  s->stream = name;
  return s;
}

static void within_bind(Chain *c, const AstOp *op, PlanNode *n) {
  if (!op->within) return;
  if (op->join != AST_JOIN_ASOF)
    diag_report(c->b->diags, DIAG_E0607, op->within->span, NULL, "it belongs to `join asof`",
                n->word, "within");
  else if (n->left_time && type_is_numeric(n->left_time->type))
    diag_report(c->b->diags, DIAG_E0607, op->within->span, NULL, "a distance is for times",
                type_text(c->b->arena, n->left_time->type), "within");
  else n->within_us = chain_duration(c, op->within, false, "within");
}

void op_join(Chain *c, const AstOp *op) {
  static const PlanJoinKind kinds[] = { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL,
                                        JOIN_SEMI,  JOIN_ANTI, JOIN_ASOF,  JOIN_LOOKUP };
  Join j = { .c = c, .op = op };
  PlanEdge left = c->at;
  if (!op->streams) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  j.right = stream_edge(c, op->streams, &j.name);
  if (!j.right.node) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  j.ls = chain_schema(c);
  j.rs = &j.right.node->out[j.right.port].schema;
  j.left_scope = chain_scope(c);
  j.right_scope = right_scope(c, j.name, j.rs);
  if (op->else_port.text && (op->join == AST_JOIN_LEFT || op->join == AST_JOIN_FULL ||
                             op->join == AST_JOIN_SEMI || op->join == AST_JOIN_ANTI)) {
    static const char *const words[] = { "",          "join left", "", "join full",
                                         "join semi", "join anti", "", "" };
    diag_report(c->b->diags, DIAG_E0607, op->else_port.span, NULL, NULL, words[op->join], "else");
  }
  j.n = chain_node(c, op, PLAN_JOIN, 2, op->else_port.text ? 2 : 1);
  j.n->in[0] = left;
  j.n->in[1] = j.right;
  j.n->join = kinds[op->join];
  join_keys(&j, op->on_key);
  j.n->out[0].schema = join_schema(&j);
  j.n->right_keyed = op->join == AST_JOIN_LOOKUP && right_is_keyed(&j);
  within_bind(c, op, j.n);
  chain_else(c, j.n, op->else_port, j.ls);
  policy_apply(c, j.n, &op->on_error);
}
