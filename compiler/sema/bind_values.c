/* bind_values.c: rows that stand in the script, and numbers that are counted. */
#include <string.h>

#include "sema/bind_internal.h"

static const AstArg *member_find(const AstExpr *row, const char *name) {
  for (const AstArg *a = row->args; a; a = a->next)
    if (a->name.text && !strcmp(a->name.text, name)) return a;
  return NULL;
}

/* The columns: those of the type, else those of the first row. */
typedef struct Table {
  const char **names;
  const Type **types;
  Span *spans;
  Expr **dflts; /* NULL: none */
  uint32_t len, rows;
  Expr **cells;
} Table;

static bool table_rows(Chain *c, const AstFlow *f, uint32_t *rows) {
  *rows = 0;
  bool good = f->rows && f->rows->items;
  for (const AstExpr *e = f->rows ? f->rows->items : NULL; e; e = e->next) {
    if (e->kind == AST_ERROR) return false;
    if (e->kind != AST_STRUCT)
      return diag_report(c->b->diags, DIAG_E0715, e->span, NULL, NULL,
                         "a row is written `{ a = 1, b = 2 }`"),
             false;
    ++*rows;
  }
  if (!good) diag_report(c->b->diags, DIAG_E0715, f->span, NULL, NULL, "there is none");
  return good;
}

static void table_columns(Chain *c, const AstFlow *f, const AstType *row, Table *t) {
  for (const AstField *a = row ? row->fields : NULL; a; a = a->next) t->len++;
  for (const AstArg *a = row ? NULL : f->rows->items->args; a; a = a->next) t->len++;
  t->names = arena_alloc(c->b->arena, (t->len + 1) * sizeof *t->names);
  t->types = arena_alloc(c->b->arena, (t->len + 1) * sizeof *t->types);
  t->spans = arena_alloc(c->b->arena, (t->len + 1) * sizeof *t->spans);
  t->dflts = arena_alloc(c->b->arena, (t->len + 1) * sizeof *t->dflts);
  t->cells = arena_alloc(c->b->arena, ((size_t)t->len * t->rows + 1) * sizeof *t->cells);
  uint32_t i = 0;
  for (const AstField *a = row ? row->fields : NULL; a; a = a->next, i++) {
    t->names[i] = a->name.text;
    t->types[i] = bind_type(c->b, chain_module(c), a->type);
    t->spans[i] = a->name.span;
    t->dflts[i] = field_default(c, a, t->types[i]);
  }
  for (const AstArg *a = row ? NULL : f->rows->items->args; a; a = a->next, i++) {
    t->names[i] = a->name.text ? a->name.text : "";
    t->spans[i] = a->span;
  }
}

static bool row_names(Chain *c, const AstExpr *row, const Table *t) {
  bool good = true;
  for (const AstArg *a = row->args; a; a = a->next) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < t->len; i++)
      found += a->name.text && !strcmp(t->names[i], a->name.text);
    for (const AstArg *o = row->args; o != a; o = o->next)
      if (o->name.text && a->name.text && !strcmp(o->name.text, a->name.text))
        diag_report(c->b->diags, DIAG_E0311, a->span, NULL, NULL, a->name.text), good = false;
    if (found) continue;
    diag_report(c->b->diags, DIAG_E0715, a->span,
                hint_nearest(c->b, a->name.text ? a->name.text : "", t->names, t->len), NULL,
                arena_printf(c->b->arena, "column `%s` is not in the first row or the type",
                             a->name.text ? a->name.text : "?"));
    good = false;
  }
  return good;
}

/* A cell that the row leaves out: the default of its column, else null. */
static Expr *cell_null(Chain *c, Span span) {
  Expr *e = expr_new(c->b->arena, EX_CONST, type_basic(TY_NULL), span, 0);
  e->value.is_null = true;
  return e;
}

static bool table_column_type(Chain *c, Table *t, uint32_t i) {
  const Type *type = NULL;
  bool null = false;
  for (uint32_t r = 0; r < t->rows; r++) {
    const Type *x = t->cells[r * t->len + i]->type;
    if (x->kind == TY_ERROR) return false;
    if (x->kind == TY_NULL) {
      null = true;
      continue;
    }
    const Type *common = type ? bind_common_type(c->b, type, x) : x;
    if (!common) {
      diag_report(c->b->diags, DIAG_E0715, t->cells[r * t->len + i]->span, NULL, NULL,
                  arena_printf(c->b->arena, "column `%s` is %s and %s", t->names[i],
                               type_text(c->b->arena, type), type_text(c->b->arena, x)));
      return false;
    }
    type = common;
  }
  if (!type)
    return diag_report(c->b->diags, DIAG_E0505, t->spans[i], NULL,
                       "give the rows a type: `as { ... }`"),
           false;
  t->types[i] = null ? type_with_null(c->b->arena, type, true) : type;
  return true;
}

/* `[]` takes its type from the other rows: the cells left open by table_cells. */
static void table_empty_lists(Chain *c, const AstFlow *f, Table *t) {
  for (uint32_t i = 0; i < t->len; i++) {
    const Type *list = NULL;
    for (uint32_t r = 0; r < t->rows && !list; r++) {
      const Expr *cell = t->cells[r * t->len + i];
      if (cell && cell->type->kind == TY_LIST) list = cell->type;
    }
    uint32_t r = 0;
    for (const AstExpr *row = f->rows->items; row; row = row->next, r++) {
      Expr **cell = &t->cells[r * t->len + i];
      const AstExpr *value = *cell ? NULL : member_find(row, t->names[i])->value;
      if (value) *cell = bind_const(c->b, chain_module(c), value, list, true);
    }
  }
}

static bool table_cells(Chain *c, const AstFlow *f, Table *t, bool typed) {
  uint32_t r = 0;
  bool good = true;
  for (const AstExpr *row = f->rows->items; row; row = row->next, r++) {
    good = row_names(c, row, t) && good;
    for (uint32_t i = 0; i < t->len; i++) {
      const AstArg *a = member_find(row, t->names[i]);
      const Type *want = typed && t->types[i]->kind != TY_ERROR ? t->types[i] : NULL;
      bool null = !a || (!want && a->value->kind == AST_NULL);
      if (a && !want && a->value->kind == AST_LIST && !a->value->items) {
        t->cells[r * t->len + i] = NULL;
        continue;
      }
      if (!a && t->dflts[i]) t->cells[r * t->len + i] = t->dflts[i];
      else t->cells[r * t->len + i] = null ? cell_null(c, a ? a->span : row->span)
                                      : bind_const(c->b, chain_module(c), a->value, want, true);
    }
  }
  table_empty_lists(c, f, t);
  for (uint32_t i = 0; i < t->len; i++) {
    if (!typed && !table_column_type(c, t, i)) {
      good = false;
      continue;
    }
    if (t->types[i]->kind == TY_ERROR) {
      good = false;
      continue;
    }
    for (r = 0; r < t->rows; r++) {
      Expr **cell = &t->cells[r * t->len + i];
      *cell = expr_fold(c->b->arena, bind_widen(c->b, *cell, t->types[i]));
    }
  }
  return good;
}

static PlanEdge source_node(Chain *c, const AstFlow *f, PlanKind kind, const char *word,
                            const Table *t) {
  Binder *b = c->b;
  PlanNode *n = plan_add(b->plan, kind, f->span, 0, 1);
  n->word = word;
  n->stream = c->unit->name;
  n->read = arena_alloc(b->arena, sizeof *n->read);
  n->read->options.format = kind == PLAN_VALUES ? FRT_FMT_VALUES : FRT_FMT_RANGE;
  n->read->fields = arena_alloc(b->arena, (t->len + 1) * sizeof *n->read->fields);
  n->read->field_len = t->len;
  Schema schema = { .cols = arena_alloc(b->arena, (t->len + 1) * sizeof(SchemaColumn)) };
  for (uint32_t i = 0; i < t->len; i++) {
    if (schema_find(&schema, t->names[i]))
      diag_report(b->diags, DIAG_E0311, t->spans[i], NULL, NULL, t->names[i]);
    ColId col = column_make(b, t->names[i], t->types[i], t->spans[i]);
    n->read->fields[i] = (PlanField){ .col = col, .name = t->names[i] };
    schema_push(&schema, t->names[i], col, NULL);
  }
  n->out[0].schema = schema;
  return (PlanEdge){ n, 0 };
}

PlanEdge source_values(Chain *c, const AstFlow *f) {
  Table t = { 0 };
  if (!table_rows(c, f, &t.rows)) return (PlanEdge){ 0 };
  const AstType *row = f->type ? bind_row_type(c->b, chain_module(c), f->type) : NULL;
  if (f->type && !row) return (PlanEdge){ 0 };
  table_columns(c, f, row, &t);
  if (!t.len || !table_cells(c, f, &t, row != NULL)) return (PlanEdge){ 0 };
  PlanEdge e = source_node(c, f, PLAN_VALUES, "values", &t);
  e.node->rows = t.cells;
  e.node->rows_len = t.len * t.rows;
  e.node->read->options.value_rows = t.rows;
  uint32_t i = 0;
  for (const AstField *a = row ? row->fields : NULL; a; a = a->next, i++) {
    PlanField *field = &e.node->read->fields[i];
    field->key = a->key;
    if (a->mask.text) c->b->plan->columns[field->col].mask = field_mask(c, a);
  }
  if (row) fields_check(c, row->fields, e.node->read, &e.node->out[0].schema);
  policy_apply(c, e.node, &f->on_error);
  return e;
}

PlanEdge source_range(Chain *c, const AstFlow *f) {
  const AstArg *first = f->args, *second = first ? first->next : NULL;
  if (!first || (second && second->next)) {
    diag_report(c->b->diags, DIAG_E0407, f->span, NULL,
                "`range(10)` counts 0 to 9, `range(5, 10)` 5 to 9", "range", "1 or 2",
                first ? 3u : 0u);
    return (PlanEdge){ 0 };
  }
  static const char *names[] = { "n" };
  const Type *types[] = { type_basic(TY_I64) };
  Span spans[] = { f->span };
  Table t = { .names = names, .types = types, .spans = spans, .len = 1 };
  const Type *i64 = type_basic(TY_I64);
  Expr *from = NULL,
       *to = chain_count(c, second ? second->value : first->value, second ? INT64_MIN : 0, "range");
  if (second) {
    from = chain_count(c, first->value, INT64_MIN, "range");
    const Value *v = const_value(c->b, from, "the first number of a range");
    if (!v) return (PlanEdge){ 0 };
    Expr *rows = expr_new(c->b->arena, EX_SUB, i64, f->span, 2);
    rows->arg[0] = to;
    rows->arg[1] = from;
    to = expr_fold(c->b->arena, rows);
  }
  if (to->type->kind == TY_ERROR) return (PlanEdge){ 0 };
  PlanEdge e = source_node(c, f, PLAN_RANGE, "range", &t);
  e.node->count = to;
  e.node->read->options.range_from = from ? from->value.i : 0;
  if (to->kind == EX_CONST)
    e.node->read->options.range_to = e.node->read->options.range_from + to->value.i;
  return e;
}
