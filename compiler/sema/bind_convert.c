/* bind_convert.c: constants, casts, and the type that two expressions have in common. */
#include <stdlib.h>
#include <string.h>

#include "sema/expr_internal.h"

Expr *expr_error(Binder *b, Span span) { return expr_new(b->arena, EX_CONST, type_basic(TY_ERROR), span, 0); }

Expr *expr_const(Binder *b, const Type *t, Span span, Value v) {
  Expr *e = expr_new(b->arena, EX_CONST, t, span, 0);
  e->value = v;
  return e;
}

Expr *expr_int(Binder *b, int64_t i, Span span) {
  return expr_const(b, type_basic(TY_I64), span, (Value){.i = i});
}

Expr *expr_string(Binder *b, FrtStr s, Span span) {
  return expr_const(b, type_basic(TY_STRING), span, (Value){.s = s});
}

Expr *expr_null(Binder *b, const Type *t, Span span) {
  return expr_const(b, type_null_if(b, t, true), span, (Value){.is_null = true});
}

const Type *type_null_if(Binder *b, const Type *t, bool n) { return type_with_null(b->arena, t, n); }

Expr *expr_unary(Binder *b, ExprKind kind, const Type *t, Span span, Expr *x) {
  Expr *e = expr_new(b->arena, kind, t, span, 1);
  e->arg[0] = x;
  return e;
}

Expr *expr_binary(Binder *b, ExprKind kind, const Type *t, Span span, Expr *x, Expr *y) {
  Expr *e = expr_new(b->arena, kind, t, span, 2);
  e->arg[0] = x;
  e->arg[1] = y;
  return e;
}

Expr *expr_bool(Binder *b, ExprKind kind, Span span, Expr *x, Expr *y) {
  const Type *t = type_null_if(b, type_basic(TY_BOOL), x->type->nullable || y->type->nullable);
  return expr_binary(b, kind, t, span, x, y);
}

Expr *expr_if(Binder *b, const Type *t, Span span, Expr *cond, Expr *yes, Expr *no) {
  Expr *e = expr_new(b->arena, EX_IF, t, span, 3);
  e->arg[0] = cond;
  e->arg[1] = yes;
  e->arg[2] = no;
  return e;
}

Expr *expr_call(Binder *b, const Function *fn, const Type *t, Span span, uint32_t len) {
  Expr *e = expr_new(b->arena, EX_CALL, t, span, len);
  e->fn = fn;
  return e;
}

Let expr_let(Binder *b, Expr *value) {
  Let l = {NULL, value};
  if (value->arg_len == 0) return l;               /* a leaf: cheap and without effect to repeat */
  l.name = expr_new(b->arena, EX_VAR, value->type, value->span, 0);
  l.name->var = b->plan->var_len++;
  l.let = expr_new(b->arena, EX_LET, value->type, value->span, 2);
  l.let->var = l.name->var;
  l.let->arg[0] = value;
  return l;
}

Expr *expr_let_end(Let l, Expr *body) {
  if (!l.let) return body;
  l.let->type = body->type;
  l.let->span = body->span;
  l.let->arg[1] = body;
  return l.let;
}

/* ---- literals ---- */

static Expr *literal_copy(Binder *b, const Expr *e, const Type *t, Value v) {
  Expr *r = expr_const(b, t, e->span, v);
  r->literal = true;
  return r;
}

static Expr *literal_enum(Binder *b, const Expr *e, const Type *t) {
  for (uint32_t i = 0; i < t->len; i++) {
    if (t->name_sizes[i] != e->value.s.len) continue;
    if (e->value.s.len && memcmp(t->names[i], e->value.s.ptr, e->value.s.len) != 0) continue;
    return expr_const(b, t, e->span, (Value){.i = (int64_t)i});
  }
  return NULL;
}

Expr *expr_literal_as(Binder *b, Expr *e, const Type *t) {
  const Type *base = type_null_if(b, t, false);
  if (e->kind != EX_CONST) return NULL;
  if (expr_is_null(e)) return expr_null(b, t, e->span);
  if (e->value.is_null) return NULL;
  if (base->kind == TY_ENUM && e->type->kind == TY_STRING) return literal_enum(b, e, base);
  if (!e->literal || !type_is_numeric(base) || !type_is_numeric(e->type)) return NULL;
  Value v;
  if (type_is_float(e->type) && !type_is_float(base)) return NULL;
  if (e->type->kind == TY_DECIMAL && e->type->scale && type_is_integer(base)) return NULL;
  if (value_cast(b->arena, e->type, &e->value, base, &v) != FRT_OK) return NULL;
  if (base->kind == TY_DECIMAL && e->type->kind == TY_DECIMAL && e->type->scale > base->scale) {
    Value back;                                    /* a literal is never rounded to fewer digits */
    if (value_cast(b->arena, base, &v, e->type, &back) != FRT_OK) return NULL;
    if (value_compare(e->type, &back, &e->value) != 0) return NULL;
  }
  return literal_copy(b, e, base, v);
}

/* A number literal as a decimal with just its digits. */
static Expr *literal_decimal(Binder *b, Expr *e) {
  if (!e->literal || !type_is_integer(e->type)) return NULL;
  uint64_t m = e->value.i < 0 && type_is_signed(e->type) ? -(uint64_t)e->value.i : (uint64_t)e->value.i;
  int digits = 1;
  while (m >= 10) {
    m /= 10;
    digits++;
  }
  return expr_literal_as(b, e, type_decimal(b->arena, digits, 0));
}

/* ---- casts ---- */

/* Casts that are not implicit and yet cannot fail. */
static bool cast_always_fits(const Type *from, const Type *to) {
  if (to->kind == TY_STRING) return from->kind != TY_BYTES;
  if (type_is_float(to)) return type_is_integer(from) || from->kind == TY_DECIMAL;
  if (from->kind == TY_TIMESTAMP) return to->kind == TY_DATE || to->kind == TY_TIME;
  if (from->kind == TY_STRING) return to->kind == TY_BYTES;
  return from->kind == TY_DATE && to->kind == TY_TIMESTAMP;
}

Expr *expr_cast(Binder *b, Expr *e, const Type *t) {
  if (expr_is_error(e)) return e;
  if (expr_is_null(e)) return expr_null(b, t, e->span);
  if (type_same_base(e->type, t)) return e;
  Expr *literal = expr_literal_as(b, e, t);
  if (literal) return literal;
  const Type *to = type_null_if(b, t, e->type->nullable);
  Expr *r = expr_unary(b, EX_CAST, to, e->span, e);
  r->widening = type_widens(e->type, to);
  if (cast_always_fits(e->type, to)) r->widening = true;
  return r;
}

/* Why e does not go into t, and what to write. */
static Expr *widen_failed(Binder *b, Expr *e, const Type *t) {
  Arena *a = b->arena;
  const Type *base = type_null_if(b, t, false);
  const char *from = type_text(a, e->type), *to = type_text(a, t), *source = bind_source(b, e->span);
  if (expr_is_null(e)) {
    diag_report(b->diags, DIAG_E0502, e->span, NULL, NULL, "null", to);
  } else if (e->kind == EX_CONST && e->type->kind == TY_STRING && t->kind == TY_ENUM) {
    const char *text = arena_strndup(a, e->value.s.ptr, e->value.s.len);
    diag_report(b->diags, DIAG_E0414, e->span, bind_hint_nearest(b, text, t->names, t->len), NULL, text, to);
  } else if (e->literal && type_is_numeric(t) && !(type_is_float(e->type) && t->kind == TY_DECIMAL)) {
    diag_report(b->diags, DIAG_E0410, e->span, NULL, NULL, source, to);
  } else if (e->type->nullable && type_widens(type_null_if(b, e->type, false), t)) {
    const char *hint = arena_printf(a, "write `%s ?? ...` with a value for null", source);
    diag_report(b->diags, DIAG_E0502, e->span, hint, NULL, from, to);
  } else if (type_is_numeric(e->type) && type_is_numeric(t)) {
    const char *hint = base->kind == TY_DECIMAL
      ? arena_printf(a, "write `decimal(%s, %d, %d)`", source, base->precision, base->scale)
      : arena_printf(a, "write `%s(%s)`", type_text(a, base), source);
    diag_report(b->diags, DIAG_E0405, e->span, hint, NULL, from, to);
  } else {
    const char *hint = base->kind == TY_STRING ? arena_printf(a, "write `string(%s)`", source) : NULL;
    diag_report(b->diags, DIAG_E0401, e->span, hint, NULL, to, from);
  }
  return expr_error(b, e->span);
}

/* Arithmetic over literals, folded: it may still take another type, if it fits exactly. */
static Expr *widen_folded(Binder *b, Expr *e, const Type *t) {
  if (!type_is_numeric(e->type) || !type_is_numeric(t) || e->type->nullable || !e->arg_len) return NULL;
  Expr *folded = expr_fold(b->arena, e);
  if (folded->kind != EX_CONST || folded->value.is_null) return NULL;
  Expr *copy = literal_copy(b, folded, folded->type, folded->value);
  return expr_literal_as(b, copy, t);
}

Expr *bind_widen(Binder *b, Expr *e, const Type *t) {
  if (expr_is_error(e) || t->kind == TY_ERROR) return expr_is_error(e) ? e : expr_error(b, e->span);
  if (expr_is_null(e) && t->nullable) return expr_null(b, t, e->span);
  if (expr_is_null(e)) return widen_failed(b, e, t);
  Expr *literal = expr_literal_as(b, e, t);
  if (literal) return literal;
  if (!type_widens(e->type, t)) {
    Expr *folded = widen_folded(b, e, t);
    return folded ? folded : widen_failed(b, e, t);
  }
  return expr_cast(b, e, t);
}

/* ---- common types ---- */

static const Type *common_integers(const Type *x, const Type *y) {
  if (type_widens(x, y)) return y;
  if (type_widens(y, x)) return x;
  if (x->kind == TY_U64 || y->kind == TY_U64) return NULL;
  const Type *u = type_is_signed(x) ? y : x;       /* signed with unsigned: twice the unsigned's bits */
  return type_basic(u->kind == TY_U8 ? TY_I16 : u->kind == TY_U16 ? TY_I32 : TY_I64);
}

static const Type *common_decimals(Binder *b, const Type *x, const Type *y) {
  int sx = x->kind == TY_DECIMAL ? x->scale : 0, sy = y->kind == TY_DECIMAL ? y->scale : 0;
  int wx = x->kind == TY_DECIMAL ? x->precision - sx : type_digits(x);
  int wy = y->kind == TY_DECIMAL ? y->precision - sy : type_digits(y);
  int s = sx > sy ? sx : sy, w = wx > wy ? wx : wy;
  return w + s <= 38 ? type_decimal(b->arena, w + s, s) : NULL;
}

static const Type *common_base(Binder *b, const Type *x, const Type *y) {
  if (type_same_base(x, y)) return x;
  if (type_is_integer(x) && type_is_integer(y)) return common_integers(x, y);
  if (type_is_float(x) || type_is_float(y)) {
    if (x->kind == TY_DECIMAL || y->kind == TY_DECIMAL) return NULL;
    if (!type_is_numeric(x) || !type_is_numeric(y)) return NULL;
    return type_widens(x, y) ? y : type_widens(y, x) ? x : type_basic(TY_F64);
  }
  if (type_is_numeric(x) && type_is_numeric(y)) return common_decimals(b, x, y);
  if (x->kind == TY_STRING && y->kind == TY_ENUM) return x;
  if (x->kind == TY_ENUM && y->kind == TY_STRING) return y;
  if (x->kind == TY_DATE && y->kind == TY_TIMESTAMP) return y;
  if (x->kind == TY_TIMESTAMP && y->kind == TY_DATE) return x;
  return NULL;
}

const Type *bind_common_type(Binder *b, const Type *x, const Type *y) {
  if (x->kind == TY_ERROR || y->kind == TY_NULL) return x->kind == TY_ERROR ? x : type_null_if(b, x, true);
  if (y->kind == TY_ERROR) return y;
  if (x->kind == TY_NULL) return type_null_if(b, y, true);
  const Type *nx = type_null_if(b, x, false), *ny = type_null_if(b, y, false);
  const Type *t = common_base(b, nx, ny);
  return t ? type_null_if(b, t, x->nullable || y->nullable) : NULL;
}

bool expr_unify(Binder *b, Expr **x, Expr **y) {
  if (expr_is_error(*x) || expr_is_error(*y)) return true;
  if (type_same_base((*x)->type, (*y)->type)) return true;
  Expr *taken = expr_literal_as(b, *x, (*y)->type);
  if (taken && !((*y)->literal && type_is_integer((*y)->type))) {
    *x = taken;
    return true;
  }
  taken = expr_literal_as(b, *y, (*x)->type);
  if (taken && !((*x)->literal && type_is_integer((*x)->type))) {
    *y = taken;
    return true;
  }
  Expr *dx = literal_decimal(b, *x), *dy = literal_decimal(b, *y);
  if (dx && (*y)->type->kind == TY_DECIMAL) *x = dx;
  if (dy && (*x)->type->kind == TY_DECIMAL) *y = dy;
  const Type *t = bind_common_type(b, (*x)->type, (*y)->type);
  if (!t) return false;
  *x = expr_cast(b, *x, t);
  *y = expr_cast(b, *y, t);
  return true;
}
