/* type.c: types of values. The basic ones are static; the rest live in the caller's arena. */
#include "ir/type.h"

#include <string.h>

#define BASIC(k) [k] = {.kind = k}
static const Type type_basics[] = {
  BASIC(TY_ERROR), BASIC(TY_BOOL), BASIC(TY_I8), BASIC(TY_I16), BASIC(TY_I32), BASIC(TY_I64), BASIC(TY_U8),
  BASIC(TY_U16), BASIC(TY_U32), BASIC(TY_U64), BASIC(TY_F32), BASIC(TY_F64), BASIC(TY_DECIMAL),
  BASIC(TY_STRING), BASIC(TY_BYTES), BASIC(TY_DATE), BASIC(TY_TIME), BASIC(TY_TIMESTAMP),
  BASIC(TY_DURATION), BASIC(TY_UUID), BASIC(TY_ENUM), BASIC(TY_LIST), BASIC(TY_STRUCT),
  [TY_NULL] = {.kind = TY_NULL, .nullable = true}};
#undef BASIC

const Type *type_basic(TypeKind kind) { return &type_basics[kind]; }

static Type *type_copy(Arena *a, const Type *t) {
  Type *r = arena_alloc(a, sizeof *r);
  *r = *t;
  return r;
}

const Type *type_decimal(Arena *a, int precision, int scale) {
  Type *t = type_copy(a, type_basic(TY_DECIMAL));
  t->precision = (uint8_t)precision;
  t->scale = (uint8_t)scale;
  return t;
}

const Type *type_list(Arena *a, const Type *elem) {
  Type *t = type_copy(a, type_basic(TY_LIST));
  t->elem = elem;
  return t;
}

const Type *type_with_null(Arena *a, const Type *t, bool nullable) {
  if (t->nullable == nullable || t->kind == TY_ERROR || t->kind == TY_NULL) return t;
  Type *r = type_copy(a, t);
  r->nullable = nullable;
  return r;
}

static bool type_same_names(const Type *a, const Type *b) {
  if (a->len != b->len) return false;
  for (uint32_t i = 0; i < a->len; i++) {
    if (a->name_sizes[i] != b->name_sizes[i]) return false;
    if (memcmp(a->names[i], b->names[i], a->name_sizes[i]) != 0) return false;
  }
  return true;
}

static bool type_same_fields(const Type *a, const Type *b) {
  if (a->len != b->len) return false;
  for (uint32_t i = 0; i < a->len; i++) {
    if (strcmp(a->fields[i].name, b->fields[i].name) != 0) return false;
    if (!type_equal(a->fields[i].type, b->fields[i].type)) return false;
  }
  return true;
}

bool type_same_base(const Type *a, const Type *b) {
  if (a == b) return true;
  if (a->kind != b->kind) return false;
  switch (a->kind) {
    case TY_DECIMAL: return a->precision == b->precision && a->scale == b->scale;
    case TY_ENUM: return type_same_names(a, b);
    case TY_LIST: return type_equal(a->elem, b->elem);
    case TY_STRUCT: return type_same_fields(a, b);
    default: return true;
  }
}

bool type_equal(const Type *a, const Type *b) { return a->nullable == b->nullable && type_same_base(a, b); }

bool type_is_integer(const Type *t) { return t->kind >= TY_I8 && t->kind <= TY_U64; }
bool type_is_signed(const Type *t) { return t->kind >= TY_I8 && t->kind <= TY_I64; }
bool type_is_float(const Type *t) { return t->kind == TY_F32 || t->kind == TY_F64; }
bool type_is_numeric(const Type *t) { return t->kind >= TY_I8 && t->kind <= TY_DECIMAL; }
bool type_is_wide(const Type *t) { return t->kind == TY_DECIMAL && t->precision > 18; }

int type_bits(const Type *t) {
  if (!type_is_integer(t)) return 0;
  return 8 << ((t->kind - TY_I8) & 3);
}

int type_digits(const Type *t) {
  static const int digits[] = {3, 5, 10, 19, 3, 5, 10, 20};
  return type_is_integer(t) ? digits[t->kind - TY_I8] : 0;
}

static bool type_integer_widens(const Type *from, const Type *to) {
  if (type_is_integer(to)) {
    if (type_is_signed(from) == type_is_signed(to)) return type_bits(from) <= type_bits(to);
    return type_is_signed(to) && type_bits(from) < type_bits(to);
  }
  if (to->kind == TY_F64) return true;
  if (to->kind == TY_F32) return type_bits(from) <= 16;   /* 24 bits of mantissa */
  return to->kind == TY_DECIMAL && to->precision - to->scale >= type_digits(from);
}

bool type_widens(const Type *from, const Type *to) {
  if (from->kind == TY_ERROR || to->kind == TY_ERROR) return true;
  if (from->kind == TY_NULL) return to->nullable;
  if (from->nullable && !to->nullable) return false;
  if (type_same_base(from, to)) return true;
  if (type_is_integer(from)) return type_integer_widens(from, to);
  if (from->kind == TY_F32) return to->kind == TY_F64;
  if (from->kind != TY_DECIMAL || to->kind != TY_DECIMAL) return false;
  return to->scale >= from->scale && to->precision - to->scale >= from->precision - from->scale;
}

static const char *const type_names[] = {
  [TY_ERROR] = "(error)", [TY_BOOL] = "bool", [TY_I8] = "i8", [TY_I16] = "i16", [TY_I32] = "i32",
  [TY_I64] = "i64", [TY_U8] = "u8", [TY_U16] = "u16", [TY_U32] = "u32", [TY_U64] = "u64",
  [TY_F32] = "f32", [TY_F64] = "f64", [TY_DECIMAL] = "decimal", [TY_STRING] = "string",
  [TY_BYTES] = "bytes", [TY_DATE] = "date", [TY_TIME] = "time", [TY_TIMESTAMP] = "timestamp",
  [TY_DURATION] = "duration", [TY_UUID] = "uuid", [TY_ENUM] = "enum", [TY_LIST] = "list",
  [TY_STRUCT] = "struct", [TY_NULL] = "null"};

enum { TYPE_TEXT_MEMBERS = 24 };  /* longer types are cut in messages */

static const char *type_quote(Arena *a, const char *text, uint32_t size) {
  char *to = arena_alloc(a, 2 * (size_t)size + 3), *p = to;
  *p++ = '"';
  for (uint32_t i = 0; i < size; i++) {
    if (text[i] == '"' || text[i] == '\\') *p++ = '\\';
    *p++ = text[i] == '\n' ? ' ' : text[i];
  }
  *p++ = '"';
  return to;
}

static const char *type_text_enum(Arena *a, const Type *t) {
  const char *text = "enum(";
  for (uint32_t i = 0; i < t->len; i++) {
    if (i == TYPE_TEXT_MEMBERS) return arena_printf(a, "%s, ... %u more)", text, t->len - i);
    text = arena_printf(a, "%s%s%s", text, i ? ", " : "", type_quote(a, t->names[i], t->name_sizes[i]));
  }
  return arena_printf(a, "%s)", text);
}

static const char *type_text_struct(Arena *a, const Type *t) {
  const char *text = "{";
  for (uint32_t i = 0; i < t->len; i++) {
    if (i == TYPE_TEXT_MEMBERS) return arena_printf(a, "%s, ... %u more}", text, t->len - i);
    const char *member = type_text(a, t->fields[i].type);
    text = arena_printf(a, "%s%s%s: %s", text, i ? ", " : "", t->fields[i].name, member);
  }
  return arena_printf(a, "%s}", text);
}

static const char *type_text_base(Arena *a, const Type *t) {
  switch (t->kind) {
    case TY_DECIMAL: return arena_printf(a, "decimal(%d,%d)", t->precision, t->scale);
    case TY_ENUM: return type_text_enum(a, t);
    case TY_STRUCT: return type_text_struct(a, t);
    case TY_LIST: return arena_printf(a, "[%s]", type_text(a, t->elem));
    default: return type_names[t->kind];
  }
}

const char *type_text(Arena *a, const Type *t) {
  const char *base = type_text_base(a, t);
  return t->nullable && t->kind != TY_NULL ? arena_printf(a, "%s?", base) : base;
}
