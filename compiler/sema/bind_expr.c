/* bind_expr.c: the way into typing expressions: names, literals, members, and the dispatch on what an
 * expression is. Names are looked up in this order: parameters of the `fn` that is being bound, arguments
 * of the `op` that is being expanded, columns, then `let` and `param` of the module. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sema/expr_internal.h"

enum { HINT_SOURCE_MAX = 40 };  /* bytes of the script's text that a hint quotes */

const char *bind_source(Binder *b, Span span) {
  const Source *src = diags_source(b->diags, span.file);
  if (!src || span.end > src->size || span.start >= span.end) return "x";
  uint32_t len = span.end - span.start;
  const char *text = src->text + span.start;
  if (len > HINT_SOURCE_MAX || memchr(text, '\n', len)) return "x";
  return arena_strndup(b->arena, text, len);
}

const char *bind_hint_nearest(Binder *b, const char *name, const char *const *names, uint32_t len) {
  const char *near = len ? diag_nearest(name, names, len) : NULL;
  return near ? arena_printf(b->arena, "did you mean `%s`?", near) : NULL;
}

/* ---- columns ---- */

static bool qualified_is(Binder *b, const SchemaColumn *c, const char *qualifier, const char *name) {
  if (!c->qualifier || strcmp(c->qualifier, qualifier) != 0) return false;
  size_t n = strlen(qualifier);
  if (strncmp(c->name, qualifier, n) == 0 && c->name[n] == '_' && strcmp(c->name + n + 1, name) == 0) return true;
  return strcmp(c->name, name) == 0;
}

static const SchemaColumn *find_column(Binder *b, const Scope *s, const char *qualifier, const char *name) {
  if (qualifier && s->right && s->right_name && strcmp(s->right_name, qualifier) == 0) {
    for (uint32_t i = 0; i < s->right->len; i++) {
      if (strcmp(s->right->cols[i].name, name) == 0) return &s->right->cols[i];
    }
    return NULL;
  }
  for (uint32_t i = 0; s->schema && i < s->schema->len; i++) {
    const SchemaColumn *c = &s->schema->cols[i];
    if (qualifier ? qualified_is(b, c, qualifier, name) : strcmp(c->name, name) == 0) return c;
  }
  if (qualifier && s->stream && strcmp(s->stream, qualifier) == 0) return find_column(b, s, NULL, name);
  return NULL;
}

/* "columns: a, b, c" */
static const char *columns_note(Binder *b, const Schema *schema) {
  enum { NOTE_COLUMNS = 30 };
  const char *text = "columns:";
  if (!schema || !schema->len) return NULL;
  for (uint32_t i = 0; i < schema->len; i++) {
    if (i == NOTE_COLUMNS) return arena_printf(b->arena, "%s, ... %u more", text, schema->len - i);
    text = arena_printf(b->arena, "%s%s %s", text, i ? "," : "", schema->cols[i].name);
  }
  return text;
}

static const char *column_hint(Binder *b, const Schema *schema, const char *near) {
  for (uint32_t i = 0; schema && i < schema->len; i++) {
    if (strcmp(schema->cols[i].name, near) != 0) continue;
    const Type *t = b->plan->columns[schema->cols[i].col].type;
    return arena_printf(b->arena, "did you mean `%s` (%s)?", near, type_text(b->arena, t));
  }
  return arena_printf(b->arena, "did you mean `%s`?", near);
}

/* Everything that an unqualified name could be. */
static const char **visible_names(Binder *b, const Scope *s, const Schema *schema, uint32_t *len) {
  uint32_t module_len = 0, n = 0, locals = 0;
  const char *const *module = s->module ? module_names(b, s->module, SYM_PARAM | SYM_LET, &module_len) : NULL;
  for (const Local *l = s->locals; l; l = l->next) locals++;
  for (const Alias *a = s->aliases; a; a = a->next) locals++;
  const char **names = arena_alloc(b->arena, ((schema ? schema->len : 0) + module_len + locals + 1) * sizeof *names);
  for (uint32_t i = 0; schema && i < schema->len; i++) names[n++] = schema->cols[i].name;
  for (const Local *l = s->locals; l; l = l->next) names[n++] = l->name;
  for (const Alias *a = s->aliases; a; a = a->next) names[n++] = a->name;
  for (uint32_t i = 0; i < module_len; i++) names[n++] = module[i];
  *len = n;
  return names;
}

static void report_unknown(Binder *b, const Scope *s, AstName name, const Schema *schema, const char *stream) {
  uint32_t len;
  const char **names = visible_names(b, s, schema, &len);
  const char *near = diag_nearest(name.text, names, len);
  const char *hint = near ? column_hint(b, schema, near) : NULL;
  if (!hint && schema && b->flow_broken) return;
  if (schema && stream && *stream) {
    diag_report(b->diags, DIAG_E0301, name.span, hint, columns_note(b, schema), name.text, stream);
  } else {
    diag_report(b->diags, DIAG_E0305, name.span, hint, columns_note(b, schema), name.text);
  }
}

const SchemaColumn *bind_column(Binder *b, const Scope *s, AstName qualifier, AstName name) {
  const SchemaColumn *c = find_column(b, s, qualifier.text, name.text);
  if (c) return c;
  bool right = qualifier.text && s->right_name && strcmp(s->right_name, qualifier.text) == 0;
  report_unknown(b, s, name, right ? s->right : s->schema, right ? s->right_name : s->stream);
  return NULL;
}

static Expr *column_expr(Binder *b, const SchemaColumn *c, Span span) {
  const Type *t = b->plan->columns[c->col].type;
  Expr *e = expr_new(b->arena, EX_COLUMN, t ? t : type_basic(TY_ERROR), span, 0);
  e->col = c->col;
  return e;
}

/* ---- names ---- */

static Expr *symbol_expr(Binder *b, Symbol *sym, Span span) {
  if (!symbol_resolve(b, sym)) return expr_error(b, span);
  if (sym->kind == SYM_PARAM) {
    const Type *t = b->plan->params[sym->param].type;
    Expr *e = expr_new(b->arena, EX_PARAM, t ? t : type_basic(TY_ERROR), span, 0);
    e->index = sym->param;
    return e;
  }
  if (!sym->let) return expr_error(b, span);
  Expr *e = arena_alloc(b->arena, sizeof *e);      /* the constant, at the place of its use */
  *e = *sym->let;
  e->span = span;
  return e;
}

static const Local *find_local(const Scope *s, const char *name) {
  for (const Local *l = s->locals; l; l = l->next) {
    if (strcmp(l->name, name) == 0) return l;
  }
  return NULL;
}

static const Alias *find_alias(const Scope *s, const char *name) {
  for (const Alias *a = s->aliases; a; a = a->next) {
    if (strcmp(a->name, name) == 0) return a;
  }
  return NULL;
}

/* The name as an expression, or NULL when nothing is called that. */
static Expr *find_name(Binder *b, const Scope *s, const char *name, Span span, const Type *want) {
  const Local *l = find_local(s, name);
  if (l) {
    Expr *e = expr_new(b->arena, EX_VAR, l->type, span, 0);
    e->var = l->var;
    return e;
  }
  const Alias *a = find_alias(s, name);
  if (a) return bind_inner(b, a->scope, a->value, want);
  const SchemaColumn *c = find_column(b, s, NULL, name);
  if (c) return column_expr(b, c, span);
  Symbol *sym = s->module ? module_find(s->module, NULL, name, SYM_PARAM | SYM_LET) : NULL;
  return sym ? symbol_expr(b, sym, span) : NULL;
}

static Expr *bind_name(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  AstName name = e->name;
  if (!name.span.end) name.span = e->span;
  Expr *r = find_name(b, s, name.text, e->span, want);
  if (r) return r;
  if (!s->schema && s->module && !s->locals && module_find(s->module, NULL, name.text, SYM_STREAM)) {
    diag_report(b->diags, DIAG_E0315, name.span, NULL, NULL, name.text, "stream", "value");
  } else {
    report_unknown(b, s, name, s->schema, s->stream);
  }
  return expr_error(b, e->span);
}

/* ---- a.b ---- */

static Expr *member(Binder *b, Expr *x, AstName name, Span span) {
  if (expr_is_error(x)) return x;
  const Type *t = x->type;
  if (t->kind != TY_STRUCT) {
    diag_report(b->diags, DIAG_E0411, name.span, NULL, NULL, type_text(b->arena, t));
    return expr_error(b, span);
  }
  for (uint32_t i = 0; i < t->len; i++) {
    if (strcmp(t->fields[i].name, name.text) != 0) continue;
    const Type *ft = t->fields[i].type;
    Expr *e = expr_unary(b, EX_FIELD, type_null_if(b, ft, ft->nullable || t->nullable), span, x);
    e->index = i;
    return e;
  }
  const char **names = arena_alloc(b->arena, (t->len + 1) * sizeof *names);
  for (uint32_t i = 0; i < t->len; i++) names[i] = t->fields[i].name;
  const char *hint = bind_hint_nearest(b, name.text, names, t->len);
  diag_report(b->diags, DIAG_E0312, name.span, hint, NULL, name.text, type_text(b->arena, t));
  return expr_error(b, span);
}

static bool has_member(const Expr *x, const char *name) {
  if (x->type->kind == TY_ERROR) return true;
  if (x->type->kind != TY_STRUCT) return false;
  for (uint32_t i = 0; i < x->type->len; i++) {
    if (strcmp(x->type->fields[i].name, name) == 0) return true;
  }
  return false;
}

static bool is_qualifier(const Scope *s, const char *name) {
  if (s->right_name && strcmp(s->right_name, name) == 0) return true;
  for (uint32_t i = 0; s->schema && i < s->schema->len; i++) {
    const char *q = s->schema->cols[i].qualifier;
    if (q && strcmp(q, name) == 0) return true;
  }
  return false;
}

Expr *bind_run_value(Binder *b, Span span, AstName name) {
  static const char *const values[] = {"id", "start", "script", "host", "user", "dir"};
  enum { VALUE_LEN = sizeof values / sizeof *values };
  for (uint32_t i = 0; i < VALUE_LEN; i++)
    if (!strcmp(name.text, values[i]))
      return bind_library(b, arena_printf(b->arena, "run_%s", name.text), span, NULL, 0);
  diag_report(b->diags, DIAG_E0312, name.span, bind_hint_nearest(b, name.text, values, VALUE_LEN),
              "the run has: id, start, script, host, user, dir", name.text, "`run`");
  return expr_error(b, span);
}

static Expr *bind_field(Binder *b, const Scope *s, const AstExpr *e) {
  AstName name = e->name;
  if (!name.span.end) name.span = e->op_span.end ? e->op_span : e->span;
  if (e->left->kind != AST_NAME) return member(b, bind_inner(b, s, e->left, NULL), name, e->span);
  AstName left = e->left->name;
  if (!left.span.end) left.span = e->left->span;
  Expr *x = find_name(b, s, left.text, e->left->span, NULL);
  if (x && has_member(x, name.text)) return member(b, x, name, e->span);
  const SchemaColumn *c = find_column(b, s, left.text, name.text);
  if (c) return column_expr(b, c, e->span);
  if (is_qualifier(s, left.text)) {
    bind_column(b, s, left, name);
    return expr_error(b, e->span);
  }
  Symbol *sym = s->module ? module_find(s->module, left.text, name.text, SYM_PARAM | SYM_LET) : NULL;
  if (sym && !x) return symbol_expr(b, sym, e->span);
  if (x) return member(b, x, name, e->span);
  if (!strcmp(left.text, "run")) return bind_run_value(b, e->span, name);
  report_unknown(b, s, left, s->schema, s->stream);
  return expr_error(b, e->span);
}

static Expr *bind_index(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *x = bind_inner(b, s, e->left, NULL);
  Expr *i = bind_inner(b, s, e->right, NULL);
  if (expr_is_error(x) || expr_is_error(i)) return expr_error(b, e->span);
  if (x->type->kind != TY_LIST) {
    diag_report(b->diags, DIAG_E0412, e->left->span, NULL, NULL, type_text(b->arena, x->type));
    return expr_error(b, e->span);
  }
  i = bind_widen(b, i, type_null_if(b, type_basic(TY_I64), i->type->nullable));
  if (expr_is_error(i)) return i;
  const Type *elem = x->type->elem;
  bool nullable = elem->nullable || x->type->nullable || i->type->nullable;
  return expr_binary(b, EX_INDEX, type_null_if(b, elem, nullable), e->span, x, i);
}

/* ---- literals ---- */

static Expr *literal_too_long(Binder *b, const AstExpr *e) {
  diag_report(b->diags, DIAG_E0410, e->span, NULL, "numbers have at most 38 digits", e->text, "any number type");
  return expr_error(b, e->span);
}

static Expr *bind_literal_number(Binder *b, const AstExpr *e) {
  size_t len = e->len ? e->len : strlen(e->text);
  const char *point = memchr(e->text, '.', len);
  Value v = {0};
  if (memchr(e->text, 'e', len) || memchr(e->text, 'E', len)) {
    v.f = strtod(arena_strndup(b->arena, e->text, len), NULL);
    if (isinf(v.f)) return literal_too_long(b, e);
    Expr *r = expr_const(b, type_basic(TY_F64), e->span, v);
    r->literal = true;
    return r;
  }
  int scale = point ? (int)(e->text + len - point - 1) : 0;
  FrtStr text = {e->text, (uint32_t)len, 0};
  if (scale > 38 || frt_dec_parse(text, scale, 38, &v.d) != FRT_OK) return literal_too_long(b, e);
  int precision = scale > 0 ? scale : 1;
  while (precision < 38 && !frt_dec_fits(v.d, precision)) precision++;
  const Type *t = type_decimal(b->arena, precision, scale);
  if (e->kind == AST_INT && frt_i128_to_i64(v.d, &v.i) == FRT_OK) t = type_basic(TY_I64);
  else if (!type_is_wide(t)) v.i = (int64_t)v.d.lo;
  Expr *r = expr_const(b, t, e->span, v);
  r->literal = true;
  return r;
}

static Expr *bind_literal_time(Binder *b, const AstExpr *e) {
  const Type *t = type_basic(e->kind == AST_DATE ? TY_DATE : TY_TIMESTAMP);
  Value text = {.s = {e->text, e->len ? e->len : (uint32_t)strlen(e->text), 0}}, v;
  if (value_cast(b->arena, type_basic(TY_STRING), &text, t, &v) != FRT_OK) {
    diag_report(b->diags, DIAG_E0109, e->span, NULL, NULL, e->text);
    return expr_error(b, e->span);
  }
  return expr_const(b, t, e->span, v);
}

static Expr *bind_literal_string(Binder *b, const AstExpr *e, const Type *want) {
  Expr *r = expr_string(b, (FrtStr){e->text, e->len, 0}, e->span);
  if (!want || want->kind != TY_ENUM) return r;
  Expr *taken = expr_literal_as(b, r, want);
  return taken ? taken : r;
}

static Expr *bind_fstring(Binder *b, const Scope *s, const AstExpr *e) {
  uint32_t len = 0, n = 0;
  bool nullable = false, good = true;
  for (const AstExpr *i = e->items; i; i = i->next) len++;
  Expr *r = expr_new(b->arena, EX_CONCAT, type_basic(TY_STRING), e->span, len);
  const char **formats = arena_alloc(b->arena, (len + 1) * sizeof *formats);
  for (const AstExpr *i = e->items; i; i = i->next, n++) {
    bool piece = i->kind == AST_STRING || i->kind == AST_INT || i->kind == AST_NUMBER;
    formats[n] = !piece && i->text && i->text[0] == '.' ? i->text : NULL;
    bool boxed = formats[n] && i->kind == AST_FSTRING && i->items && !i->items->next; /* the format of a literal */
    Expr *x = bind_inner(b, s, boxed ? i->items : i, NULL);
    r->arg[n] = x;
    if (expr_is_error(x)) { good = false; continue; }
    if (x->type->kind == TY_LIST || x->type->kind == TY_STRUCT || expr_is_null(x)) {
      diag_report(b->diags, DIAG_E0425, i->span, NULL, NULL, type_text(b->arena, x->type), "put into an f-string");
      good = false;
    } else if (formats[n] && !type_is_numeric(x->type)) {
      diag_report(b->diags, DIAG_E0426, i->span, NULL, "it sets the digits of numbers", formats[n],
                  arena_printf(b->arena, "%s is not a number", type_text(b->arena, x->type)));
      good = false;
    } else if (formats[n] && type_is_integer(x->type)) {
      r->arg[n] = expr_cast(b, x, type_decimal(b->arena, type_digits(x->type), 0));
    }
    nullable |= x->type->nullable;
  }
  if (!good) return expr_error(b, e->span);
  r->type = type_null_if(b, r->type, nullable);
  r->formats = formats;
  if (len == 0) return expr_string(b, (FrtStr){NULL, 0, 0}, e->span);
  return r;
}

/* ---- lists and structs ---- */

static Expr *bind_list(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  const Type *elem = want && want->kind == TY_LIST ? want->elem : NULL;
  uint32_t len = 0, n = 0;
  for (const AstExpr *i = e->items; i; i = i->next) len++;
  Expr *r = expr_new(b->arena, EX_LIST, NULL, e->span, len);
  if (!len && !elem) {
    diag_report(b->diags, DIAG_E0401, e->span, NULL, "the type of an empty list cannot be told here", "a list with elements", "[]");
    return expr_error(b, e->span);
  }
  for (const AstExpr *i = e->items; i; i = i->next) {
    r->arg[n] = elem ? bind_expr(b, s, i, elem) : bind_inner(b, s, i, NULL);
    n++;
  }
  for (uint32_t i = 0; i < len; i++) {
    if (expr_is_error(r->arg[i])) return expr_error(b, e->span);
  }
  if (!elem) elem = bind_unify_all(b, r->arg, len, DIAG_E0423);
  if (!elem) return expr_error(b, e->span);
  if (elem->kind == TY_NULL) {
    diag_report(b->diags, DIAG_E0505, e->span, NULL, NULL);
    return expr_error(b, e->span);
  }
  r->type = type_list(b->arena, elem);
  return r;
}

static const StructField *want_field(const Type *want, const char *name) {
  for (uint32_t i = 0; want && want->kind == TY_STRUCT && i < want->len; i++) {
    if (strcmp(want->fields[i].name, name) == 0) return &want->fields[i];
  }
  return NULL;
}

/* Members as written; in the order of `want` when it is a struct type with just these members. */
static Expr *bind_struct_literal(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  uint32_t len = 0, n = 0, matched = 0;
  bool good = true;
  for (const AstArg *a = e->args; a; a = a->next) len++;
  StructField *fields = arena_alloc(b->arena, (len + 1) * sizeof *fields);
  Expr *r = expr_new(b->arena, EX_STRUCT, NULL, e->span, len);
  for (const AstArg *a = e->args; a; a = a->next, n++) {
    const StructField *wf = a->name.text ? want_field(want, a->name.text) : NULL;
    Expr *x = wf ? bind_expr(b, s, a->value, wf->type) : bind_inner(b, s, a->value, NULL);
    fields[n] = (StructField){a->name.text ? a->name.text : "", wf ? wf->type : x->type};
    r->arg[n] = x;
    matched += wf != NULL;
    good &= !expr_is_error(x);
    for (uint32_t i = 0; i < n; i++) {
      if (strcmp(fields[i].name, fields[n].name) != 0) continue;
      diag_report(b->diags, DIAG_E0311, a->name.span, NULL, NULL, fields[n].name);
      good = false;
      break;
    }
    if (x->type->kind == TY_NULL) {
      diag_report(b->diags, DIAG_E0505, x->span, NULL, NULL);
      good = false;
    }
  }
  if (!good) return expr_error(b, e->span);
  Type *t = arena_alloc(b->arena, sizeof *t);
  *t = (Type){.kind = TY_STRUCT, .fields = fields, .len = len};
  r->type = t;
  if (!want || want->kind != TY_STRUCT || matched != len || want->len != len) return r;
  Expr **sorted = arena_alloc(b->arena, (len + 1) * sizeof *sorted);
  for (uint32_t i = 0; i < len; i++) {
    for (uint32_t k = 0; k < len; k++) {
      if (strcmp(want->fields[i].name, fields[k].name) == 0) sorted[i] = r->arg[k];
    }
  }
  r->arg = sorted;
  r->type = type_null_if(b, want, false);
  return r;
}

static Expr *bind_is_null(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *x = bind_inner(b, s, e->left, NULL);
  if (expr_is_error(x)) return x;
  if (!x->type->nullable) diag_report(b->diags, DIAG_W0110, e->span, NULL, NULL);
  Expr *r = expr_unary(b, EX_IS_NULL, type_basic(TY_BOOL), e->span, x);
  return e->kind == AST_IS_NULL ? r : expr_unary(b, EX_NOT, r->type, e->span, r);
}

/* ---- dispatch ---- */

static Expr *bind_leaf(Binder *b, const AstExpr *e, const Type *want) {
  switch (e->kind) {
    case AST_INT: case AST_NUMBER: return bind_literal_number(b, e);
    case AST_STRING: return bind_literal_string(b, e, want);
    case AST_BOOL: return expr_const(b, type_basic(TY_BOOL), e->span, (Value){.i = e->integer != 0});
    case AST_NULL: return expr_const(b, type_basic(TY_NULL), e->span, (Value){.is_null = true});
    case AST_DATE: case AST_TIMESTAMP: return bind_literal_time(b, e);
    case AST_DURATION: return expr_const(b, type_basic(TY_DURATION), e->span, (Value){.i = e->integer});
    case AST_SIZE: return expr_int(b, e->integer, e->span);
    case AST_PERCENT:
      diag_report(b->diags, DIAG_E0401, e->span, "percentages stand in `limit` only", NULL, "a value", "a percentage");
      return expr_error(b, e->span);
    case AST_STAR:
      diag_report(b->diags, DIAG_E0401, e->span, "`*` stands in `select` only", NULL, "a value", "`*`");
      return expr_error(b, e->span);
    default: return expr_error(b, e->span);
  }
}

Expr *bind_inner(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  if (!e) return expr_error(b, (Span){0, 0, 0});
  switch (e->kind) {
    case AST_FSTRING: return bind_fstring(b, s, e);
    case AST_NAME: return bind_name(b, s, e, want);
    case AST_LIST: return bind_list(b, s, e, want);
    case AST_STRUCT: return bind_struct_literal(b, s, e, want);
    case AST_CALL: return bind_call(b, s, e, want);
    case AST_FIELD: return bind_field(b, s, e);
    case AST_INDEX: return bind_index(b, s, e);
    case AST_UNARY: return bind_unary(b, s, e, want);
    case AST_BINARY: return bind_binary(b, s, e, want);
    case AST_IS_NULL: case AST_IS_NOT_NULL: return bind_is_null(b, s, e);
    case AST_IN: return bind_in(b, s, e);
    case AST_IF: return bind_if(b, s, e, want);
    case AST_MATCH: return bind_match(b, s, e, want);
    default: return bind_leaf(b, e, want);
  }
}

Expr *bind_expr(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  Expr *x = bind_inner(b, s, e, want);
  if (want) return bind_widen(b, x, want);
  if (!expr_is_null(x)) return x;
  diag_report(b->diags, DIAG_E0505, x->span, NULL, NULL);
  return expr_error(b, x->span);
}

Expr *bind_cond(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *x = bind_inner(b, s, e, type_basic(TY_BOOL));
  if (expr_is_error(x)) return x;
  if (expr_is_null(x)) return expr_null(b, type_basic(TY_BOOL), x->span);
  if (x->type->kind == TY_BOOL) return x;
  diag_report(b->diags, DIAG_E0421, x->span, NULL, NULL, type_text(b->arena, x->type));
  return expr_error(b, x->span);
}

static bool needs_run(const Expr *e, bool params) {
  if (e->kind == EX_COLUMN || (e->kind == EX_PARAM && !params)) return true;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    if (needs_run(e->arg[i], params)) return true;
  }
  return false;
}

Expr *bind_const(Binder *b, Module *m, const AstExpr *e, const Type *want, bool params) {
  Scope s = {.module = m};
  Expr *x = bind_expr(b, &s, e, want);
  if (expr_is_error(x)) return x;
  if (needs_run(x, params)) {
    diag_report(b->diags, DIAG_E0416, x->span, NULL, NULL);
    return expr_error(b, x->span);
  }
  bool literal = x->literal;
  x = expr_fold(b->arena, x);
  if (literal && x->kind == EX_CONST) x->literal = true;
  return x;
}
