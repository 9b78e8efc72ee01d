/* bind_type.c: types as written become types of values. */
#include <stdlib.h>
#include <string.h>

#include "sema/expr_internal.h"

enum { TYPE_ENUM_MAX = 65535, TYPE_ALIAS_MAX = 100 };  /* an enum value is 16 bits; aliases of aliases */

static const struct { const char *name; TypeKind kind; } type_words[] = {
  {"bool", TY_BOOL}, {"i8", TY_I8}, {"i16", TY_I16}, {"i32", TY_I32}, {"i64", TY_I64}, {"int", TY_I64},
  {"u8", TY_U8}, {"u16", TY_U16}, {"u32", TY_U32}, {"u64", TY_U64}, {"f32", TY_F32}, {"f64", TY_F64},
  {"float", TY_F64}, {"decimal", TY_DECIMAL}, {"string", TY_STRING}, {"bytes", TY_BYTES}, {"date", TY_DATE},
  {"time", TY_TIME}, {"timestamp", TY_TIMESTAMP}, {"duration", TY_DURATION}, {"uuid", TY_UUID},
  {"enum", TY_ENUM}};

enum { TYPE_WORDS = sizeof type_words / sizeof *type_words };

TypeKind bind_type_word(const char *name) {
  for (size_t i = 0; i < TYPE_WORDS; i++) {
    if (strcmp(type_words[i].name, name) == 0) return type_words[i].kind;
  }
  return TY_ERROR;
}

static const Type *type_malformed(Binder *b, const AstType *t, const char *why, const char *hint) {
  diag_report(b->diags, DIAG_E0413, t->span, hint, NULL, t->name.text, why);
  return type_basic(TY_ERROR);
}

/* The number of a type's argument, or -1. */
static int type_number(const AstExpr *e) {
  if (!e || e->kind != AST_INT || strlen(e->text) > 4) return -1;
  return (int)strtol(e->text, NULL, 10);
}

static const Type *bind_decimal(Binder *b, const AstType *t) {
  const char *hint = "write `decimal(12, 2)`: all digits, and those behind the point";
  const AstExpr *p = t->args, *s = p ? p->next : NULL;
  if (!p || (s && s->next)) return type_malformed(b, t, "it needs its digits", hint);
  int precision = type_number(p), scale = s ? type_number(s) : 0;
  if (precision < 1 || precision > 38) return type_malformed(b, t, "1 to 38 digits", hint);
  if (scale < 0 || scale > precision) {
    return type_malformed(b, t, "the digits behind the point are 0 to all of them", hint);
  }
  return type_decimal(b->arena, precision, scale);
}

static int type_name_order(const void *x, const void *y) {
  const AstExpr *a = *(const AstExpr *const *)x, *c = *(const AstExpr *const *)y;
  int order = memcmp(a->text, c->text, a->len < c->len ? a->len : c->len);
  return order ? order : (a->len > c->len) - (a->len < c->len);
}

/* Whether all names differ; reports the second of two equal ones. */
static bool type_names_differ(Binder *b, const AstType *t, uint32_t len) {
  const AstExpr **sorted = arena_alloc(b->arena, len * sizeof *sorted);
  uint32_t n = 0;
  for (const AstExpr *a = t->args; a; a = a->next) sorted[n++] = a;
  qsort(sorted, len, sizeof *sorted, type_name_order);
  for (uint32_t i = 1; i < len; i++) {
    if (type_name_order(&sorted[i - 1], &sorted[i]) != 0) continue;
    type_malformed(b, t, arena_printf(b->arena, "\"%.*s\" stands twice", (int)sorted[i]->len, sorted[i]->text), NULL);
    return false;
  }
  return true;
}

static const Type *bind_enum(Binder *b, const AstType *t) {
  uint32_t len = 0;
  for (const AstExpr *a = t->args; a; a = a->next, len++) {
    if (a->kind == AST_ERROR) return type_basic(TY_ERROR);
    if (a->kind != AST_STRING) return type_malformed(b, t, "its values are strings", "write `enum(\"a\", \"b\")`");
  }
  if (len == 0) return type_malformed(b, t, "it needs its values", "write `enum(\"a\", \"b\")`");
  if (len > TYPE_ENUM_MAX) return type_malformed(b, t, "at most 65535 values", "use `string`");
  if (!type_names_differ(b, t, len)) return type_basic(TY_ERROR);
  Type *r = arena_alloc(b->arena, sizeof *r);
  const char **names = arena_alloc(b->arena, len * sizeof *names);
  uint32_t *sizes = arena_alloc(b->arena, len * sizeof *sizes), i = 0;
  for (const AstExpr *a = t->args; a; a = a->next, i++) {
    names[i] = arena_strndup(b->arena, a->text, a->len);
    sizes[i] = a->len;
  }
  r->kind = TY_ENUM;
  r->names = names;
  r->name_sizes = sizes;
  r->len = len;
  return r;
}

static const Type *bind_struct(Binder *b, Module *m, const AstType *t) {
  uint32_t len = 0;
  bool good = true;
  for (const AstField *f = t->fields; f; f = f->next) len++;
  StructField *fields = arena_alloc(b->arena, (len + 1) * sizeof *fields);
  uint32_t n = 0;
  for (const AstField *f = t->fields; f; f = f->next, n++) {
    fields[n].name = f->name.text;
    fields[n].type = bind_type(b, m, f->type);
    if (fields[n].type->kind == TY_ERROR) good = false;
    for (uint32_t i = 0; i < n && n <= TYPE_ENUM_MAX; i++) {
      if (strcmp(fields[i].name, f->name.text) != 0) continue;
      diag_report(b->diags, DIAG_E0311, f->name.span, NULL, NULL, f->name.text);
      good = false;
      break;
    }
  }
  if (!good) return type_basic(TY_ERROR);
  Type *r = arena_alloc(b->arena, sizeof *r);
  r->kind = TY_STRUCT;
  r->fields = fields;
  r->len = len;
  return r;
}

static const char *foreign_type(Binder *b, const char *name) {
  static const char *const pairs[][2] = {
      {"datetime", "timestamp"}, {"varchar", "string"}, {"text", "string"},     {"str", "string"},
      {"integer", "i64"},        {"bigint", "i64"},     {"long", "i64"},        {"smallint", "i16"},
      {"double", "f64"},         {"real", "f32"},       {"number", "f64"},      {"numeric", "decimal(12, 2)"},
      {"money", "decimal(12, 2)"}, {"boolean", "bool"}, {"interval", "duration"}, {"binary", "bytes"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    if (!strcmp(pairs[i][0], name)) return arena_printf(b->arena, "write `%s`", pairs[i][1]);
  return NULL;
}

static Symbol *type_symbol(Binder *b, Module *m, const AstType *t) {
  Symbol *s = module_find(m, NULL, t->name.text, SYM_TYPE);
  if (s) return s;
  uint32_t len = 0;
  const char *const *own = module_names(b, m, SYM_TYPE, &len);
  const char **names = arena_alloc(b->arena, (len + TYPE_WORDS) * sizeof *names);
  for (uint32_t i = 0; i < len; i++) names[i] = own[i];
  for (uint32_t i = 0; i < TYPE_WORDS; i++) names[len + i] = type_words[i].name;
  const char *hint = foreign_type(b, t->name.text);
  if (!hint) hint = bind_hint_nearest(b, t->name.text, names, len + TYPE_WORDS);
  if (hint || !m->script->broken) diag_report(b->diags, DIAG_E0304, t->name.span, hint, NULL, t->name.text);
  return NULL;
}

static const Type *bind_type_name(Binder *b, Module *m, const AstType *t) {
  TypeKind kind = bind_type_word(t->name.text);
  if (kind == TY_DECIMAL) return bind_decimal(b, t);
  if (kind == TY_ENUM) return bind_enum(b, t);
  if (t->args) return type_malformed(b, t, "it takes no arguments", NULL);
  if (kind != TY_ERROR) return type_basic(kind);
  Symbol *s = type_symbol(b, m, t);
  if (!s || !symbol_resolve(b, s) || !s->type) return type_basic(TY_ERROR);
  return s->type;
}

const Type *bind_type(Binder *b, Module *m, const AstType *t) {
  const Type *r;
  if (!t) return type_basic(TY_ERROR);
  switch (t->kind) {
    case AST_TYPE_LIST: {
      const Type *elem = bind_type(b, m, t->elem);
      r = elem->kind == TY_ERROR ? elem : type_list(b->arena, elem);
      break;
    }
    case AST_TYPE_STRUCT: r = bind_struct(b, m, t); break;
    default: r = bind_type_name(b, m, t); break;
  }
  return t->nullable ? type_with_null(b->arena, r, true) : r;
}

const AstType *bind_row_type(Binder *b, Module *m, const AstType *t) {
  const AstType *at = t;
  for (int depth = 0; depth < TYPE_ALIAS_MAX; depth++) {
    if (!at) return NULL;
    if (at->kind == AST_TYPE_STRUCT && !at->nullable) return at;
    if (at->kind != AST_TYPE_NAME || at->nullable || bind_type_word(at->name.text) != TY_ERROR) break;
    Symbol *s = type_symbol(b, m, at);
    if (!s || !symbol_resolve(b, s) || !s->stmt) return NULL;
    at = s->stmt->type;
    m = s->module;
  }
  const Type *found = bind_type(b, m, t);
  if (found->kind == TY_ERROR) return NULL;
  diag_report(b->diags, DIAG_E0422, t->span, "write `{ name: type, ... }`", NULL, type_text(b->arena, found));
  return NULL;
}
