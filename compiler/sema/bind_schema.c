/* bind_schema.c: schemas, new columns, and small helpers of the statement half. */
#include "sema/bind_internal.h"

#include <string.h>

const SchemaColumn *schema_find(const Schema *s, const char *name) {
  for (uint32_t i = 0; i < s->len; i++)
    if (!strcmp(s->cols[i].name, name)) return &s->cols[i];
  return NULL;
}

Schema schema_copy(Arena *a, const Schema *s, uint32_t room) {
  Schema out = { .len = s->len };
  out.cols = arena_alloc(a, ((size_t)s->len + room + 1) * sizeof *out.cols);
  if (s->len) memcpy(out.cols, s->cols, s->len * sizeof *out.cols);
  return out;
}

void schema_push(Schema *s, const char *name, ColId col, const char *qualifier) {
  s->cols[s->len++] = (SchemaColumn){ .name = name, .col = col, .qualifier = qualifier };
}

void schema_put(Schema *s, const char *name, ColId col) {
  for (uint32_t i = 0; i < s->len; i++)
    if (!strcmp(s->cols[i].name, name)) {
      s->cols[i].col = col;
      s->cols[i].qualifier = NULL;
      return;
    }
  schema_push(s, name, col, NULL);
}

const char *schema_text(Arena *a, const Schema *s) {
  enum { SHOWN = 20 };
  const char *text = "";
  for (uint32_t i = 0; i < s->len && i < SHOWN; i++)
    text = arena_printf(a, "%s%s%s", text, i ? ", " : "", s->cols[i].name);
  return s->len > SHOWN ? arena_printf(a, "%s, ... (%u)", text, s->len) : text;
}

const char *hint_nearest(Binder *b, const char *name, const char *const *names, uint32_t len) {
  const char *near = len ? diag_nearest(name, names, len) : NULL;
  return near ? arena_printf(b->arena, "did you mean `%s`?", near) : NULL;
}

const char *schema_nearest(Binder *b, const Schema *s, const char *name) {
  const char **names = arena_alloc(b->arena, (s->len + 1) * sizeof *names);
  for (uint32_t i = 0; i < s->len; i++) names[i] = s->cols[i].name;
  return hint_nearest(b, name, names, s->len);
}

ColId column_make(Binder *b, const char *name, const Type *type, Span span) {
  Streams *st = streams_of(b);
  if (b->plan->column_len >= LIMIT_COLUMNS && !st->limit_reported) {
    st->limit_reported = true;
    diag_report(b->diags, DIAG_E0905, span, NULL, "split the script", (unsigned)LIMIT_COLUMNS,
                "columns");
  }
  ColId col = plan_add_column(b->plan, name, type, span);
  b->plan->columns[col].mask = mask_of_name(b, name);
  return col;
}

ColId column_make_of(Binder *b, const char *name, const Type *type, Span span, const Expr *value) {
  ColId col = column_make(b, name, type, span);
  column_add_mask(b, col, mask_of_expr(b->plan, value));
  return col;
}

Expr *expr_column(Binder *b, ColId col, Span span) {
  Expr *e = expr_new(b->arena, EX_COLUMN, b->plan->columns[col].type, span, 0);
  e->col = col;
  return e;
}

const Value *const_value(Binder *b, const Expr *e, const char *what) {
  if (e->type->kind == TY_ERROR) return NULL;
  if (e->kind != EX_CONST) {
    diag_report(b->diags, DIAG_E0416, e->span, what, NULL);
    return NULL;
  }
  return &e->value;
}

const char *source_text(Binder *b, Span span) {
  const Source *s = diags_source(b->diags, span.file);
  if (!s || span.start > s->size || span.end > s->size || span.end < span.start) return "";
  return arena_strndup(b->arena, s->text + span.start, span.end - span.start);
}

bool type_is_scalar(const Type *t) { return t->kind != TY_LIST && t->kind != TY_STRUCT; }

void report_unbuilt(Binder *b, Span span, const char *what) {
  diag_report(b->diags, DIAG_E0901, span, NULL, NULL, what);
}
