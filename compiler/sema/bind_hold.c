/* bind_hold.c: operators that hold rows: aggregate, pivot, rank, sort, top, distinct, window, sessionize. */
#include <string.h>

#include "sema/bind_internal.h"

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

static AstName key_name(Chain *c, const AstArg *a) {
  if (a->name.text) return chain_name(c, a->name);
  if (a->value->kind == AST_NAME) return chain_name(c, a->value->name);
  if (a->value->kind == AST_FIELD) return a->value->name;
  const char *text = source_text(c->b, a->value->span);
  if (a->value->kind != AST_ERROR)
    diag_report(c->b->diags, DIAG_E0622, a->value->span, NULL, NULL, text, text);
  return (AstName){ 0 };
}

/* Values that can be told apart and ordered. */
static bool key_fits(Chain *c, const Expr *e, const char *use) {
  if (type_is_scalar(e->type) && e->type->kind != TY_NULL) return true;
  const char *cure = e->type->kind == TY_LIST     ? "take one of its elements (`a[0]`), or `explode` it first"
                     : e->type->kind == TY_STRUCT ? "take one of its members (`a.b`)"
                                                  : NULL;
  diag_report(c->b->diags, DIAG_E0425, e->span, NULL, cure, type_text(c->b->arena, e->type), use);
  return false;
}

static void name_add(Chain *c, Schema *s, const char *name, ColId col, Span span) {
  if (schema_find(s, name))
    diag_report(c->b->diags, DIAG_E0310, span, NULL, "give it another name", name);
  else schema_push(s, name, col, NULL);
}

typedef struct Grouping {
  PlanMade *made;
  ColId *by;
  uint32_t len;
  PlanAgg *aggs;
  uint32_t agg_len;
  Schema schema;
} Grouping;

/* The keys of `by`: each a new column, first in the result. */
static void group_keys(Chain *c, const AstArg *by, Grouping *g) {
  const Scope *scope = chain_scope(c);
  for (const AstArg *a = by; a; a = a->next) {
    Expr *e = bind_expr(c->b, scope, a->value, NULL);
    AstName name = key_name(c, a);
    if (!name.text) continue;
    if (!key_fits(c, e, "a key of `by`")) continue;
    ColId col = column_make_of(c->b, name.text, e->type, a->span, e);
    g->made[g->len] = (PlanMade){ col, e };
    g->by[g->len++] = col;
    name_add(c, &g->schema, name.text, col, a->span);
  }
}

static void grouping_init(Chain *c, Grouping *g, uint32_t keys, uint32_t aggs) {
  Arena *a = c->b->arena;
  *g = (Grouping){ 0 };
  g->made = arena_alloc(a, (keys + 1) * sizeof *g->made);
  g->by = arena_alloc(a, (keys + 1) * sizeof *g->by);
  g->aggs = arena_alloc(a, (aggs + 1) * sizeof *g->aggs);
  g->schema.cols = arena_alloc(a, ((size_t)keys + aggs + 1) * sizeof *g->schema.cols);
}

/* A result that shows values of its argument keeps their mask. */
static void agg_mask(Chain *c, const PlanAgg *agg) {
  Plan *p = c->b->plan;
  const Expr *e = agg->arg[0];
  TypeKind kind = p->columns[agg->col].type->kind;
  if (!e || (kind != e->type->kind && kind != TY_LIST)) return;
  ColId shadow = column_make_of(c->b, "", e->type, agg->span, e);
  p->columns[agg->col].mask = p->columns[shadow].mask;
}

static bool agg_bind(Chain *c, const AstArg *a, bool windowed, PlanAgg *agg) {
  AstArg named = *a;   /* `rows = count()` in an op with a parameter `rows: name` */
  named.name = chain_name(c, a->name);
  if (!bind_aggregate(c->b, chain_scope(c), &named, windowed, agg)) return false;
  agg_mask(c, agg);
  return true;
}

static void group_finish(Chain *c, const AstOp *op, Grouping *g) {
  PlanNode *n = chain_node(c, op, PLAN_AGGREGATE, 1, 1);
  n->made = g->made;
  n->made_len = g->len;
  n->by = g->by;
  n->by_len = g->len;
  n->aggs = g->aggs;
  n->agg_len = g->agg_len;
  n->out[0].schema = g->schema;
  if (g->len) bind_aggregate_grouped(c->b, g->aggs, g->agg_len);
  policy_apply(c, n, &op->on_error);
  for (uint32_t i = 0; policy_gives_null(c, &op->on_error) && i < g->agg_len; i++) {
    Column *col = &c->b->plan->columns[g->aggs[i].col];
    col->type = type_with_null(c->b->arena, col->type, true);
  }
}

/* A failed aggregate still gives its name, so that what follows is checked. */
static void agg_failed(Chain *c, Schema *s, const AstArg *a) {
  if (a->name.text)
    name_add(c, s, chain_name(c, a->name).text, column_make(c->b, chain_name(c, a->name).text, type_basic(TY_ERROR), a->span),
             a->span);
}

void op_aggregate(Chain *c, const AstOp *op) {
  Grouping g;
  grouping_init(c, &g, args_len(op->by), args_len(op->args));
  group_keys(c, op->by, &g);
  for (const AstArg *a = op->args; a; a = a->next) {
    PlanAgg agg = { 0 };
    if (!agg_bind(c, a, false, &agg)) {
      agg_failed(c, &g.schema, a);
      continue;
    }
    if (!a->name.text) {
      const char *text = source_text(c->b, a->value->span);
      diag_report(c->b->diags, DIAG_E0622, a->value->span, NULL, NULL, text, text);
      continue;
    }
    g.aggs[g.agg_len++] = agg;
    name_add(c, &g.schema, chain_name(c, a->name).text, agg.col, a->name.span);
  }
  group_finish(c, op, &g);
}

/* `pivot k values sum(x) by g` is an aggregate with one `sum(x) where k == v` for each value v of k. */
static Expr *pivot_where(Chain *c, ColId col, uint32_t i, Span span) {
  Arena *a = c->b->arena;
  Expr *left = expr_column(c->b, col, span);
  Expr *right = expr_new(a, EX_CONST, type_with_null(a, left->type, false), span, 0);
  right->value.i = i;
  Expr *eq =
      expr_new(a, EX_EQ, type_with_null(a, type_basic(TY_BOOL), left->type->nullable), span, 2);
  eq->arg[0] = left;
  eq->arg[1] = right;
  return eq;
}

void op_pivot(Chain *c, const AstOp *op) {
  Binder *b = c->b;
  Grouping g;
  const SchemaColumn *sc = op->pairs ? chain_column(c, op->pairs->left) : NULL;
  const Type *t = sc ? b->plan->columns[sc->col].type : NULL;
  if (t && t->kind != TY_ENUM && t->kind != TY_ERROR)
    diag_report(b->diags, DIAG_E0610, op->pairs->span, NULL,
                "the columns of the result must be known: read it as enum(\"a\", ...)", sc->name,
                type_text(b->arena, t));
  if (!t || t->kind != TY_ENUM) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  grouping_init(c, &g, args_len(op->by), t->len);
  group_keys(c, op->by, &g);
  for (uint32_t i = 0; i < t->len; i++) {
    AstArg a = { .name = { t->names[i], op->expr->span },
                 .value = op->expr,
                 .span = op->expr->span };
    PlanAgg agg = { 0 };
    if (!agg_bind(c, &a, false, &agg)) break;
    agg.where = pivot_where(c, sc->col, i, op->pairs->span);
    g.aggs[g.agg_len++] = agg;
    name_add(c, &g.schema, t->names[i], agg.col, op->expr->span);
  }
  if (g.agg_len == t->len) group_finish(c, op, &g);
  else c->at = (PlanEdge){ 0 };
}

static PlanSortKey *sort_keys(Chain *c, const AstSortKey *ast, uint32_t *len) {
  uint32_t n = 0;
  for (const AstSortKey *k = ast; k; k = k->next) n++;
  PlanSortKey *keys = arena_alloc(c->b->arena, (n + 1) * sizeof *keys);
  const Scope *scope = chain_scope(c);
  *len = 0;
  for (const AstSortKey *k = ast; k; k = k->next) {
    Expr *e = bind_expr(c->b, scope, k->value, NULL);
    if (key_fits(c, e, "sorted")) keys[(*len)++] = (PlanSortKey){ e, k->desc, k->nulls_first };
  }
  return keys;
}

void op_sort(Chain *c, const AstOp *op) {
  uint32_t len;
  PlanSortKey *keys = sort_keys(c, op->keys, &len);
  PlanNode *n = chain_node(c, op, PLAN_SORT, 1, 1);
  n->keys = keys;
  n->key_len = len;
  policy_apply(c, n, &op->on_error);
}

static ColId *named_columns(Chain *c, const AstNamePair *pairs, uint32_t *len, const char *use) {
  ColId *cols = arena_alloc(c->b->arena, (pairs_len(pairs) + 1) * sizeof *cols);
  *len = 0;
  for (const AstNamePair *p = pairs; p; p = p->next) {
    const SchemaColumn *sc = chain_column(c, p->left);
    if (!sc || !key_fits(c, expr_column(c->b, sc->col, p->left.span), use)) continue;
    bool twice = false;
    for (uint32_t i = 0; i < *len; i++) twice |= cols[i] == sc->col;
    if (twice) diag_report(c->b->diags, DIAG_E0310, p->span, NULL, "it is named twice", sc->name);
    else cols[(*len)++] = sc->col;
  }
  return cols;
}

void op_top(Chain *c, const AstOp *op) {
  uint32_t len, by_len;
  Expr *count = chain_count(c, op->expr, 0, "top");
  PlanSortKey *keys = sort_keys(c, op->keys, &len);
  ColId *by = named_columns(c, op->per, &by_len, "a key of `per`");
  PlanNode *n = chain_node(c, op, PLAN_TOP, 1, 1);
  n->count = count;
  n->keys = keys;
  n->key_len = len;
  n->by = by;
  n->by_len = by_len;
  policy_apply(c, n, &op->on_error);
}

void op_distinct(Chain *c, const AstOp *op) {
  uint32_t len;
  ColId *by = named_columns(c, op->pairs, &len, "a key of `distinct`");
  const Schema *s = chain_schema(c);
  if (!op->pairs) {
    by = arena_alloc(c->b->arena, (s->len + 1) * sizeof *by);
    for (uint32_t i = 0; i < s->len; i++)
      if (key_fits(c, expr_column(c->b, s->cols[i].col, op->word), "a key of `distinct`"))
        by[len++] = s->cols[i].col;
  }
  PlanNode *n = chain_node(c, op, PLAN_DISTINCT, 1, 1);
  n->by = by;
  n->by_len = len;
  policy_apply(c, n, &op->on_error);
}

/* ---- rank ---- */

/* The keys of `over (by ...)`: columns as they are, computed ones made. */
static void rank_keys(Chain *c, const AstArg *by, Grouping *g) {
  const Scope *scope = chain_scope(c);
  for (const AstArg *a = by; a; a = a->next) {
    Expr *e = bind_expr(c->b, scope, a->value, NULL);
    if (!key_fits(c, e, "a key of `by`")) continue;
    if (e->kind == EX_COLUMN) {
      g->by[g->agg_len++] = e->col;
      continue;
    }
    ColId col = column_make_of(c->b, "by", e->type, a->span, e);
    g->made[g->len++] = (PlanMade){ col, e };
    g->by[g->agg_len++] = col;
  }
}

static bool agg_wants_order(AggKind fn) {
  return fn == AGG_ROW_NUMBER || fn == AGG_RANK || fn == AGG_DENSE_RANK || fn == AGG_NTILE ||
         fn == AGG_LAG || fn == AGG_LEAD;
}

static void rank_aggs(Chain *c, const AstOp *op, PlanAgg *aggs, uint32_t *len, Schema *out) {
  for (const AstArg *a = op->args; a; a = a->next) {
    PlanAgg agg = { 0 };
    if (!agg_bind(c, a, true, &agg)) {
      agg_failed(c, out, a);
      continue;
    }
    if ((agg.fn == AGG_RANK || agg.fn == AGG_DENSE_RANK || agg.fn == AGG_LAG ||
         agg.fn == AGG_LEAD) &&
        !op->keys)
      diag_report(c->b->diags, DIAG_E0609, a->span, NULL, "which row comes first? `over (... sort column)`",
                  source_text(c->b, a->value->span));
    if (op->rows && agg_wants_order(agg.fn))
      diag_report(c->b->diags, DIAG_E0607, a->span, NULL,
                  "a frame is for first, last, sum, avg, min, max and count",
                  source_text(c->b, a->value->span), "rows");
    if (!a->name.text) {
      const char *text = source_text(c->b, a->value->span);
      diag_report(c->b->diags, DIAG_E0622, a->value->span, NULL, NULL, text, text);
      continue;
    }
    aggs[(*len)++] = agg;
    name_add(c, out, chain_name(c, a->name).text, agg.col, a->name.span);
  }
}

void op_rank(Chain *c, const AstOp *op) {
  Grouping g;
  uint32_t n_aggs = args_len(op->args), keys_len, agg_len = 0;
  grouping_init(c, &g, args_len(op->by), n_aggs);
  rank_keys(c, op->by, &g);
  PlanSortKey *keys = sort_keys(c, op->keys, &keys_len);
  Schema out = schema_copy(c->b->arena, chain_schema(c), n_aggs);
  rank_aggs(c, op, g.aggs, &agg_len, &out);
  Expr *frame = op->rows ? chain_count(c, op->rows, 1, "rows") : NULL;
  PlanNode *n = chain_node(c, op, PLAN_RANK, 1, 1);
  n->made = g.made;
  n->made_len = g.len;
  n->by = g.by;
  n->by_len = g.agg_len;
  n->aggs = g.aggs;
  n->agg_len = agg_len;
  n->keys = keys;
  n->key_len = keys_len;
  n->frame = frame;
  n->out[0].schema = out;
  policy_apply(c, n, &op->on_error);
}

/* ---- event time ---- */

/* The column of `on`; window and sessionize go by timestamps. */
static const SchemaColumn *time_column(Chain *c, AstName name) {
  const SchemaColumn *sc = chain_column(c, name);
  if (!sc) return NULL;
  const Type *t = c->b->plan->columns[sc->col].type;
  if (t->kind == TY_TIMESTAMP || t->kind == TY_ERROR) return sc;
  diag_report(c->b->diags, DIAG_E0401, name.span, NULL, NULL, "timestamp",
              type_text(c->b->arena, t));
  return NULL;
}

static const char *window_kind(Chain *c, AstName name) {
  static const char *const kinds[] = { "tumbling", "hopping", "session" };
  for (int i = 0; i < 3; i++)
    if (name.text && !strcmp(kinds[i], name.text)) return kinds[i];
  if (name.text)
    diag_report(c->b->diags, DIAG_E0614, name.span, hint_nearest(c->b, name.text, kinds, 3),
                "kinds: tumbling, hopping, session", name.text);
  return NULL;
}

static void window_sizes(Chain *c, const AstOp *op, const char *kind, PlanNode *n) {
  if (!op->expr) return;
  if (!strcmp(kind, "session")) n->gap_us = chain_duration(c, op->expr, false, "session");
  else n->size_us = n->hop_us = chain_duration(c, op->expr, false, kind);
  bool hopping = !strcmp(kind, "hopping");
  if (hopping && op->expr2) n->hop_us = chain_duration(c, op->expr2, false, "hop");
  if (hopping && !op->expr2)
    diag_report(c->b->diags, DIAG_E0605, op->span, NULL, "`window hopping 10m by 1m on ts`",
                "hopping", "a size and a hop");
  if (!hopping && op->expr2)
    diag_report(c->b->diags, DIAG_E0607, op->expr2->span, NULL, NULL, kind, "hop");
  if (hopping && n->hop_us > n->size_us)
    diag_report(c->b->diags, DIAG_E0615, op->expr2->span, NULL,
                "rows between two windows would be lost", "hop", "at most the size");
  if (op->lateness) n->lateness_us = chain_duration(c, op->lateness, true, "lateness");
}

void op_window(Chain *c, const AstOp *op) {
  const char *kind = window_kind(c, op->name);
  const SchemaColumn *time = time_column(c, op->on_column);
  if (!kind || !time) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  const Schema *in = chain_schema(c);
  const Type *t = type_with_null(c->b->arena, type_basic(TY_TIMESTAMP),
                                 c->b->plan->columns[time->col].type->nullable);
  Schema out = schema_copy(c->b->arena, in, 2);
  PlanNode *n = chain_node(c, op, PLAN_WINDOW, 1, op->else_port.text ? 2 : 1);
  static const char *const names[] = { "window_start", "window_end" };
  n->window = kind;
  n->time_col = time->col;
  n->made = arena_alloc(c->b->arena, 2 * sizeof *n->made);
  n->made_len = 2;
  for (int i = 0; i < 2; i++) {
    ColId col = column_make(c->b, names[i], t, op->word);
    column_add_mask(c->b, col, c->b->plan->columns[time->col].mask);
    n->made[i] = (PlanMade){ col, NULL };
    name_add(c, &out, names[i], col, op->word);
  }
  n->out[0].schema = out;
  window_sizes(c, op, kind, n);
  chain_else(c, n, op->else_port, in);
  policy_apply(c, n, &op->on_error);
}

void op_sessionize(Chain *c, const AstOp *op) {
  uint32_t len;
  ColId *by = named_columns(c, op->pairs, &len, "a key of `by`");
  const SchemaColumn *time = time_column(c, op->on_column);
  int64_t gap = op->expr ? chain_duration(c, op->expr, false, "gap") : 0;
  if (!time) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  const char *name = op->as_name.text ? chain_name(c, op->as_name).text : "session_id";
  Schema out = schema_copy(c->b->arena, chain_schema(c), 1);
  ColId col = column_make(c->b, name, type_basic(TY_I64), op->word);
  name_add(c, &out, name, col, op->as_name.text ? op->as_name.span : op->word);
  PlanNode *n = chain_node(c, op, PLAN_SESSIONIZE, 1, 1);
  n->by = by;
  n->by_len = len;
  n->time_col = time->col;
  n->gap_us = gap;
  n->made = arena_alloc(c->b->arena, sizeof *n->made);
  n->made[0] = (PlanMade){ col, NULL };
  n->made_len = 1;
  n->out[0].schema = out;
  policy_apply(c, n, &op->on_error);
}
