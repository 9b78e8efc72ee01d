/* bind_map.c: operators that shape a row: derive, select, drop, rename, cast; explode and unpivot.
 *
 * A column that is only moved or renamed keeps its identity; a computed one is new. */
#include <string.h>

#include "sema/bind_internal.h"

typedef struct Mapping {
  PlanMade *made;
  uint32_t len;
  Schema schema;
} Mapping;

static void made_add(Chain *c, Mapping *m, ColId col, Expr *value) {
  m->made = arena_grow(c->b->arena, m->made, m->len, sizeof *m->made);
  m->made[m->len++] = (PlanMade){ col, value };
}

/* A new column for e; nullable where `on error null` may put one. */
static ColId map_column(Chain *c, Mapping *m, const AstOp *op, const char *name, Span span,
                        Expr *e) {
  const Type *t = e->type;
  if (t->kind == TY_NULL) {
    diag_report(c->b->diags, DIAG_E0505, span, "write a conversion: `string(null)`", NULL);
    t = type_basic(TY_ERROR);
  }
  if (t->kind != TY_ERROR && policy_gives_null(c, &op->on_error) && expr_can_fail(e))
    t = type_with_null(c->b->arena, t, true);
  ColId col = column_make_of(c->b, name, t, span, e);
  made_add(c, m, col, e);
  return col;
}

static void map_finish(Chain *c, const AstOp *op, Mapping *m) {
  if (!m->schema.len) {
    if (op->kind == AST_DROP && !c->b->flow_broken) diag_report(c->b->diags, DIAG_E0619, op->word, NULL, NULL);
    c->at = (PlanEdge){ 0 };
    return;
  }
  PlanNode *n = chain_node(c, op, PLAN_MAP, 1, 1);
  n->made = m->made;
  n->made_len = m->len;
  n->out[0].schema = m->schema;
  policy_apply(c, n, &op->on_error);
}

static uint32_t args_len(const AstArg *a) {
  uint32_t n = 0;
  for (; a; a = a->next) n++;
  return n;
}

static uint32_t pairs_len(const AstNamePair *p) {
  uint32_t n = 0;
  for (; p; p = p->next) n++;
  return n;
}

/* The name that an item without one takes: the column's, or the last member's. */
static AstName item_name(const Chain *c, const AstExpr *e) {
  if (e->kind == AST_NAME) return chain_name(c, e->name);
  if (e->kind == AST_FIELD) return e->name;
  return (AstName){ 0 };
}

static AstName arg_name(Chain *c, const AstArg *a) {
  AstName name = a->name.text ? chain_name(c, a->name) : item_name(c, a->value);
  if (!name.text && a->value->kind != AST_ERROR) {
    const char *text = source_text(c->b, a->value->span);
    diag_report(c->b->diags, DIAG_E0622, a->value->span, NULL, NULL, text, text);
  }
  return name;
}

static void map_derive(Chain *c, const AstOp *op, Mapping *m) {
  m->schema = schema_copy(c->b->arena, chain_schema(c), args_len(op->args));
  for (const AstArg *a = op->args; a; a = a->next) {
    if (a->value->kind == AST_STAR) {
      diag_report(c->b->diags, DIAG_E0607, a->span, "`derive` keeps all columns anyway", NULL,
                  "derive", "*");
      continue;
    }
    AstName name = arg_name(c, a);
    for (const AstArg *o = op->args; o != a && name.text; o = o->next)
      if (o->name.text && a->name.text && !strcmp(o->name.text, a->name.text))
        diag_report(c->b->diags, DIAG_E0310, a->name.span, NULL,
                    "it is derived twice here; use a second `derive`", name.text);
    Expr *e = bind_expr(c->b, chain_scope_of(c, &m->schema), a->value, NULL);
    if (!name.text) continue;
    schema_put(&m->schema, name.text, map_column(c, m, op, name.text, a->span, e));
  }
}

static bool item_named(Chain *c, const AstOp *op, const char *name) {
  for (const AstArg *a = op->args; a; a = a->next) {
    if (a->value->kind == AST_STAR) continue;
    AstName n = a->name.text ? chain_name(c, a->name) : item_name(c, a->value);
    if (n.text && !strcmp(n.text, name)) return true;
  }
  return false;
}

static void select_star(Chain *c, const AstOp *op, Mapping *m) {
  const Schema *in = chain_schema(c);
  for (uint32_t i = 0; i < in->len; i++)
    if (!item_named(c, op, in->cols[i].name)) m->schema.cols[m->schema.len++] = in->cols[i];
}

static void select_item(Chain *c, const AstOp *op, const AstArg *a, Mapping *m) {
  Expr *e = bind_expr(c->b, chain_scope(c), a->value, NULL);
  AstName name = arg_name(c, a);
  if (!name.text) return;
  if (schema_find(&m->schema, name.text)) {
    diag_report(c->b->diags, DIAG_E0310, a->span, NULL,
                "give one of them another name: `name = ...`", name.text);
    return;
  }
  bool moved = e->kind == EX_COLUMN && !e->revealed;
  ColId col = moved ? e->col : map_column(c, m, op, name.text, a->span, e);
  schema_push(&m->schema, name.text, col, NULL);
}

static void map_select(Chain *c, const AstOp *op, Mapping *m) {
  bool star = false;
  m->schema =
      (Schema){ .cols = arena_alloc(c->b->arena, (args_len(op->args) + chain_schema(c)->len + 1) *
                                                     sizeof(SchemaColumn)) };
  for (const AstArg *a = op->args; a; a = a->next) {
    if (a->value->kind != AST_STAR) {
      select_item(c, op, a, m);
    } else if (star) {
      diag_report(c->b->diags, DIAG_E0310, a->span, NULL, NULL, "*");
    } else {
      star = true;
      select_star(c, op, m);
    }
  }
}

static void schema_remove(Schema *s, const char *name) {
  for (uint32_t i = 0; i < s->len; i++) {
    if (strcmp(s->cols[i].name, name)) continue;
    memmove(s->cols + i, s->cols + i + 1, (s->len - i - 1) * sizeof *s->cols);
    s->len--;
    return;
  }
}

static void map_drop(Chain *c, const AstOp *op, Mapping *m) {
  m->schema = schema_copy(c->b->arena, chain_schema(c), 0);
  for (const AstNamePair *p = op->pairs; p; p = p->next) {
    const SchemaColumn *sc = chain_column(c, p->left);
    if (!sc) continue;
    if (schema_find(&m->schema, sc->name)) schema_remove(&m->schema, sc->name);
    else diag_report(c->b->diags, DIAG_E0310, p->span, NULL, "it is dropped twice", sc->name);
  }
}

/* All pairs at once, so that two names may be exchanged. */
static void map_rename(Chain *c, const AstOp *op, Mapping *m) {
  const Schema *in = chain_schema(c);
  m->schema = schema_copy(c->b->arena, in, 0);
  bool *renamed = arena_alloc(c->b->arena, (in->len + 1) * sizeof *renamed);
  for (const AstNamePair *p = op->pairs; p; p = p->next) {
    const SchemaColumn *sc = chain_column(c, p->left);
    if (!sc || !p->right.text) continue;
    uint32_t i = 0;
    while (i < in->len && strcmp(in->cols[i].name, sc->name)) i++;
    if (i == in->len) continue;
    if (renamed[i])
      diag_report(c->b->diags, DIAG_E0310, p->left.span, NULL, "it is renamed twice", sc->name);
    renamed[i] = true;
    m->schema.cols[i].name = chain_name(c, p->right).text;
    m->schema.cols[i].qualifier = NULL;
  }
  for (const AstNamePair *p = op->pairs; p; p = p->next) {
    uint32_t found = 0;
    const char *name = p->right.text ? chain_name(c, p->right).text : NULL;
    for (uint32_t i = 0; name && i < m->schema.len; i++)
      found += !strcmp(m->schema.cols[i].name, name);
    if (found > 1)
      diag_report(c->b->diags, DIAG_E0310, p->right.span, NULL,
                  arena_printf(c->b->arena, "columns: %s", schema_text(c->b->arena, in)), name);
  }
}

/* `cast a: T` is `derive a = T(a)`, so it is bound as that call. */
static Expr *cast_expr(Chain *c, AstName column, const AstType *t) {
  Arena *a = c->b->arena;
  AstExpr *call = arena_alloc(a, sizeof *call), *name = arena_alloc(a, sizeof *name);
  AstArg *first = arena_alloc(a, sizeof *first), **last = &first->next;
  *name = (AstExpr){ .kind = AST_NAME, .name = column, .span = column.span };
  *first = (AstArg){ .value = name, .span = column.span };
  for (AstExpr *e = t->kind == AST_TYPE_NAME ? t->args : NULL; e; e = e->next) {
    AstArg *more = arena_alloc(a, sizeof *more);
    *more = (AstArg){ .value = e, .span = e->span };
    *last = more;
    last = &more->next;
  }
  Span span = { column.span.file, column.span.start, t->span.end };
  *call = (AstExpr){ .kind = AST_CALL, .name = t->name, .args = first, .span = span };
  return bind_expr(c->b, chain_scope(c), call, NULL);
}

static bool type_is_called(const AstType *t, const Type *bound) {
  return t->kind == AST_TYPE_NAME && bound->kind != TY_ENUM && bound->kind != TY_LIST &&
         bound->kind != TY_STRUCT;
}

static void map_cast(Chain *c, const AstOp *op, Mapping *m) {
  m->schema = schema_copy(c->b->arena, chain_schema(c), pairs_len(op->pairs));
  for (const AstNamePair *p = op->pairs; p; p = p->next) {
    const SchemaColumn *sc = chain_column(c, p->left);
    const Type *t = bind_type(c->b, chain_module(c), p->type);
    if (!sc || t->kind == TY_ERROR) continue;
    const Type *from = c->b->plan->columns[sc->col].type;
    if (from->kind == TY_ERROR || type_same_base(from, t)) continue;
    Expr *e;
    if (type_is_called(p->type, t)) {
      e = cast_expr(c, p->left, p->type);
    } else if (t->kind == TY_ENUM && from->kind == TY_STRING) {
      e = expr_new(c->b->arena, EX_CAST, type_with_null(c->b->arena, t, from->nullable), p->span,
                   1);
      e->arg[0] = expr_column(c->b, sc->col, p->left.span);
    } else {
      diag_report(c->b->diags, DIAG_E0404, p->span, NULL, NULL, type_text(c->b->arena, from),
                  type_text(c->b->arena, t));
      continue;
    }
    if (e->type->kind == TY_ERROR) continue;
    if (t->nullable && !e->type->nullable)
      e = bind_widen(c->b, e, type_with_null(c->b->arena, e->type, true));
    schema_put(&m->schema, sc->name, map_column(c, m, op, sc->name, p->span, e));
  }
}

void op_map(Chain *c, const AstOp *op) {
  Mapping m = { 0 };
  switch (op->kind) {
    case AST_DERIVE: map_derive(c, op, &m); break;
    case AST_SELECT: map_select(c, op, &m); break;
    case AST_DROP: map_drop(c, op, &m); break;
    case AST_RENAME: map_rename(c, op, &m); break;
    default: map_cast(c, op, &m); break;
  }
  map_finish(c, op, &m);
}

/* ---- lists to rows, columns to rows ---- */

void op_explode(Chain *c, const AstOp *op) {
  Expr *list = bind_expr(c->b, chain_scope(c), op->expr, NULL);
  const char *text = source_text(c->b, op->expr->span);
  if (list->type->kind != TY_LIST) {
    if (list->type->kind != TY_ERROR)
      diag_report(c->b->diags, DIAG_E0612, op->expr->span, NULL, NULL, text,
                  type_text(c->b->arena, list->type));
    c->at = (PlanEdge){ 0 };
    return;
  }
  AstName name = op->as_name.text ? chain_name(c, op->as_name) : item_name(c, op->expr);
  if (!name.text) {
    diag_report(c->b->diags, DIAG_E0622, op->expr->span, "write `as name`", NULL, text, text);
    c->at = (PlanEdge){ 0 };
    return;
  }
  const Schema *in = chain_schema(c);
  Schema out = schema_copy(c->b->arena, in, 1);
  ColId col = column_make_of(c->b, name.text, list->type->elem, op->span, list);
  uint32_t at = 0;
  while (at < in->len && !(list->kind == EX_COLUMN && in->cols[at].col == list->col)) at++;
  const SchemaColumn *other = schema_find(in, name.text);
  if (other && (at == in->len || other != &in->cols[at]))
    diag_report(c->b->diags, DIAG_E0310, name.span, "write `as another_name`", NULL, name.text);
  if (at < in->len) out.cols[at] = (SchemaColumn){ .name = name.text, .col = col };
  else schema_push(&out, name.text, col, NULL);
  PlanNode *n = chain_node(c, op, PLAN_EXPLODE, 1, 1);
  n->cond = list;
  n->made = arena_alloc(c->b->arena, sizeof *n->made);
  n->made[0] = (PlanMade){ col, NULL };
  n->made_len = 1;
  n->out[0].schema = out;
  policy_apply(c, n, &op->on_error);
}

typedef struct Unpivoted {
  const SchemaColumn **cols;
  uint32_t len;
  const Type *type;
} Unpivoted;

static bool unpivot_types(Chain *c, const AstOp *op, Unpivoted *u) {
  const Plan *plan = c->b->plan;
  const SchemaColumn *first = NULL;
  u->cols = arena_alloc(c->b->arena, (pairs_len(op->pairs) + 1) * sizeof *u->cols);
  bool good = true;
  for (const AstNamePair *p = op->pairs; p; p = p->next) {
    const SchemaColumn *sc = chain_column(c, p->left);
    if (!sc) {
      good = false;
      continue;
    }
    for (uint32_t i = 0; i < u->len; i++)
      if (u->cols[i]->col == sc->col)
        diag_report(c->b->diags, DIAG_E0310, p->span, NULL, NULL, sc->name), good = false;
    const Type *t = plan->columns[sc->col].type;
    const Type *common = u->type ? bind_common_type(c->b, u->type, t) : t;
    if (!common) {
      diag_report(c->b->diags, DIAG_E0611, p->span, NULL, "`cast` one of them", sc->name,
                  type_text(c->b->arena, t), first->name,
                  type_text(c->b->arena, plan->columns[first->col].type));
      good = false;
      continue;
    }
    if (!first) first = sc;
    u->type = common;
    u->cols[u->len++] = sc;
  }
  return good && u->len;
}

/* Widens the columns to their common type where they differ. */
static void unpivot_widen(Chain *c, const AstOp *op, Unpivoted *u, ColId *cols) {
  Mapping m = { .schema = schema_copy(c->b->arena, chain_schema(c), 0) };
  for (uint32_t i = 0; i < u->len; i++) {
    cols[i] = u->cols[i]->col;
    const Type *have = c->b->plan->columns[cols[i]].type;
    if (type_same_base(have, u->type)) continue;
    const Type *t = type_with_null(c->b->arena, u->type, have->nullable);
    Expr *e = bind_widen(c->b, expr_column(c->b, cols[i], op->span), t);
    cols[i] = column_make_of(c->b, u->cols[i]->name, t, op->span, e);
    made_add(c, &m, cols[i], e);
    schema_put(&m.schema, u->cols[i]->name, cols[i]);
  }
  if (m.len) map_finish(c, op, &m);
}

void op_unpivot(Chain *c, const AstOp *op) {
  Unpivoted u = { 0 };
  Arena *a = c->b->arena;
  if (!unpivot_types(c, op, &u)) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  ColId *cols = arena_alloc(a, (u.len + 1) * sizeof *cols);
  const char **names = arena_alloc(a, (u.len + 1) * sizeof *names);
  for (uint32_t i = 0; i < u.len; i++) names[i] = u.cols[i]->name;
  unpivot_widen(c, op, &u, cols);
  Schema out = schema_copy(a, chain_schema(c), 2);
  for (uint32_t i = 0; i < u.len; i++) schema_remove(&out, names[i]);
  AstName made_names[2] = { chain_name(c, op->as_name), chain_name(c, op->as_name2) };
  if (!made_names[0].text) made_names[0].text = "name";
  if (!made_names[1].text) made_names[1].text = "value";
  PlanNode *n = chain_node(c, op, PLAN_UNPIVOT, 1, 1);
  n->unpivot_cols = cols;
  n->unpivot_len = u.len;
  n->made = arena_alloc(a, 2 * sizeof *n->made);
  n->made_len = 2;
  for (int i = 0; i < 2; i++) {
    const char *name = made_names[i].text;
    if (schema_find(&out, name))
      diag_report(c->b->diags, DIAG_E0310, op->span, NULL, "choose another name behind `as`", name);
    ColId col = column_make(c->b, name, i ? u.type : type_basic(TY_STRING), op->span);
    for (uint32_t k = 0; i && k < u.len; k++)
      if (c->b->plan->columns[cols[k]].mask)
        c->b->plan->columns[col].mask = c->b->plan->columns[cols[k]].mask;
    n->made[i] = (PlanMade){ col, NULL };
    schema_push(&out, name, col, NULL);
  }
  n->out[0].schema = out;
}
