/* const.c: constants as C: literals where C has them, else named static objects. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "codegen/gen.h"
#include "codegen/gen_expr.h"

static const char *const_float(Gen *g, double x) {
  if (isnan(x)) return "(0.0 / 0.0)";
  if (isinf(x)) return x > 0 ? "(1.0 / 0.0)" : "(-1.0 / 0.0)";
  const char *s = gen_printf(g, "%.17g", x);
  if (!strpbrk(s, ".e")) s = gen_printf(g, "%s.0", s);
  return x < 0 || signbit(x) ? gen_printf(g, "(%s)", s) : s;
}

static const char *const_int(Gen *g, const Type *t, int64_t i) {
  if (t->kind == TY_U64) return gen_printf(g, "%luUL", (unsigned long)i);
  if (i == INT64_MIN) return "FRT_I64_MIN";
  const char *suffix = i > INT32_MAX || i < -INT32_MAX || t->kind == TY_I64 || t->kind == TY_DECIMAL ||
                               t->kind == TY_TIMESTAMP || t->kind == TY_DURATION || t->kind == TY_TIME
                           ? "L" : "";
  return gen_printf(g, i < 0 ? "(%ld%s)" : "%ld%s", (long)i, suffix);
}

/* The initialiser of a list: its elements stand in an array of their own. */
static const char *const_list(Gen *g, const Type *t, const Value *v) {
  const char *c = t->elem->nullable ? gen_elem_struct(g, t->elem) : gen_ctype(g, t->elem);
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < v->len; i++) {
    const char *item = gen_const_init(g, t->elem, &v->items[i]);
    if (t->elem->nullable) buf_printf(&b, "%s{%s, %d}", i ? ", " : "", item, v->items[i].is_null);
    else buf_printf(&b, "%s%s", i ? ", " : "", item);
  }
  if (!v->len) return "{NULL, 0, 0}";
  bool fresh;
  const char *name = gen_intern(g, "l", gen_printf(g, "%s: %s", c, b.data), &fresh);
  if (fresh) buf_printf(&g->consts, "static const %s %s[] = {%s};\n", c, name, b.data);
  return gen_printf(g, "{%s, %u, 0}", name, v->len);
}

static const char *const_struct(Gen *g, const Type *t, const Value *v) {
  Buf b = {.arena = g->arena};
  buf_put(&b, "{");
  for (uint32_t i = 0; i < t->len; i++)
    buf_printf(&b, "%s.f%u = %s", i ? ", " : "", i, gen_const_init(g, t->fields[i].type, &v->items[i]));
  for (uint32_t i = 0; i < t->len; i++)
    if (t->fields[i].type->nullable) buf_printf(&b, ", .n%u = %d", i, v->items[i].is_null);
  buf_put(&b, "}");
  return b.data;
}

const char *gen_const_init(Gen *g, const Type *t, const Value *v) {
  if (v->is_null) {
    Value zero = {0};
    if (t->kind == TY_STRUCT) return "{0}";
    v = arena_alloc(g->arena, sizeof zero);
  }
  switch (t->kind) {
    case TY_F32: return gen_printf(g, "(float)%s", const_float(g, v->f));
    case TY_F64: return const_float(g, v->f);
    case TY_STRING: case TY_BYTES: {
      const char *text = v->s.len ? c_string(g->arena, v->s.ptr, v->s.len) : "\"\"";
      return gen_printf(g, "{%s, %u, 0}", text, v->s.len);
    }
    case TY_DECIMAL:
      if (type_is_wide(t)) return gen_printf(g, "{%luUL, %s}", (unsigned long)v->d.lo, const_int(g, type_basic(TY_I64), v->d.hi));
      return const_int(g, t, v->i);
    case TY_UUID: return gen_printf(g, "{%luUL, %luUL}", (unsigned long)v->u.hi, (unsigned long)v->u.lo);
    case TY_LIST: return const_list(g, t, v);
    case TY_STRUCT: return const_struct(g, t, v);
    case TY_NULL: return "0";
    default: return const_int(g, t, v->i);
  }
}

static bool const_is_object(const Type *t) {
  return t->kind == TY_STRING || t->kind == TY_BYTES || t->kind == TY_UUID || t->kind == TY_LIST || t->kind == TY_STRUCT ||
         (t->kind == TY_DECIMAL && type_is_wide(t));
}

const char *gen_const(Gen *g, const Type *t, const Value *v) {
  const char *init = gen_const_init(g, t, v);
  if (!const_is_object(t)) return t->kind == TY_F32 ? gen_printf(g, "(%s)", init) : init;
  bool fresh;
  const char *name = gen_intern(g, "k", gen_printf(g, "%s = %s", gen_ctype(g, t), init), &fresh);
  if (fresh) buf_printf(&g->consts, "static const %s %s = %s;\n", gen_ctype(g, t), name, init);
  return name;
}

const char *gen_zero(Gen *g, const Type *t) {
  static const Value zero = {.is_null = true};
  return gen_const(g, t, &zero);
}
