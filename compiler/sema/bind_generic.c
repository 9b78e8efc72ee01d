/* bind_generic.c: functions whose types the catalogue cannot say: conversions by a type's name,
 * coalesce, nullif, try, least, greatest, clamp, len of lists, and the rounding of decimals. All but
 * the last two are spelled with EX_IF and comparisons, so that no later stage knows them. */
#include <string.h>

#include "sema/expr_internal.h"

/* ---- conversions ---- */

static bool is_scalar(const Type *t) { return t->kind != TY_LIST && t->kind != TY_STRUCT; }

static bool converts(const Type *from, const Type *to) {
  if (type_same_base(from, to)) return true;
  if (from->kind == TY_STRING || to->kind == TY_STRING) return is_scalar(from) && is_scalar(to);
  if (type_is_numeric(from) && type_is_numeric(to)) return true;
  if (from->kind == TY_BOOL) return type_is_integer(to);
  if (from->kind == TY_TIMESTAMP) return to->kind == TY_DATE || to->kind == TY_TIME;
  return from->kind == TY_DATE && to->kind == TY_TIMESTAMP;
}

static const char *conversion_hint(Binder *b, const Expr *x, const Type *to) {
  const char *source = bind_source(b, x->span);
  TypeKind from = x->type->kind;
  if (to->kind == TY_BOOL && type_is_numeric(x->type)) return arena_printf(b->arena, "write `%s != 0`", source);
  if (type_is_numeric(to) && from == TY_DURATION) return arena_printf(b->arena, "write `seconds(%s)`, or divide by `1s`", source);
  if (type_is_numeric(to) && (from == TY_TIMESTAMP || from == TY_DATE)) return arena_printf(b->arena, "write `epoch(%s)`", source);
  if (to->kind == TY_TIMESTAMP && type_is_numeric(x->type)) return arena_printf(b->arena, "write `from_epoch(%s)`", source);
  return NULL;
}

/* true is 1, false 0, null null. */
static Expr *convert_bool(Binder *b, Span span, Expr *x, const Type *to) {
  Let l = expr_let(b, x);
  Expr *one = expr_const(b, to, span, (Value){.i = 1}), *zero = expr_const(b, to, span, (Value){.i = 0});
  Expr *r = expr_if(b, to, span, l.name, one, zero);
  if (x->type->nullable) {
    Expr *is_null = expr_unary(b, EX_IS_NULL, type_basic(TY_BOOL), span, l.name);
    r = expr_if(b, type_null_if(b, to, true), span, is_null, expr_null(b, to, span), r);
  }
  return expr_let_end(l, r);
}

static Expr *convert(Binder *b, Span span, Expr *x, const Type *to) {
  if (expr_is_error(x)) return x;
  if (expr_is_null(x)) return expr_null(b, to, span);
  if (!converts(x->type, to)) {
    diag_report(b->diags, DIAG_E0404, span, conversion_hint(b, x, to), NULL, type_text(b->arena, x->type),
                type_text(b->arena, to));
    return expr_error(b, span);
  }
  if (x->type->kind == TY_BOOL && type_is_integer(to)) return convert_bool(b, span, x, to);
  Expr *r = expr_cast(b, x, to);
  if (r == x && !x->literal) return x;
  Expr *own = arena_alloc(b->arena, sizeof *own);
  *own = *r;
  own->literal = false;
  own->span = span;
  return own;
}

static Expr *wrong_count(Binder *b, const AstExpr *call, const char *counts, uint32_t found, const char *note) {
  diag_report(b->diags, DIAG_E0407, call->name.span.end ? call->name.span : call->span, NULL, note, call->name.text, counts, found);
  return expr_error(b, call->span);
}

static int constant_digits(const Expr *e) {
  if (e->kind != EX_CONST || !type_is_integer(e->type) || e->value.i < 0 || e->value.i > 38) return -1;
  return (int)e->value.i;
}

static Expr *convert_decimal(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  const char *note = "decimal(x, p, s): all digits, and those behind the point";
  if (len != 2 && len != 3) return wrong_count(b, call, "2 or 3", len, note);
  int p = constant_digits(args[1]), s = len == 3 ? constant_digits(args[2]) : 0;
  if (p < 1 || s < 0 || s > p) {
    diag_report(b->diags, DIAG_E0413, args[p < 1 ? 1 : len - 1]->span, NULL, note, "decimal",
                p < 1 ? "1 to 38 digits, a constant" : "0 to all digits behind the point, a constant");
    return expr_error(b, call->span);
  }
  return convert(b, call->span, args[0], type_decimal(b->arena, p, s));
}

static Expr *bind_conversion(Binder *b, const AstExpr *call, TypeKind kind, Expr **args, uint32_t len) {
  if (kind == TY_DECIMAL) return convert_decimal(b, call, args, len);
  bool time = kind == TY_DATE || kind == TY_TIMESTAMP || kind == TY_TIME;
  if (time && (len == 2 || (len == 3 && kind == TY_TIMESTAMP))) {
    const char *name = kind == TY_DATE ? "parse_date" : kind == TY_TIME ? "parse_time" : "parse_timestamp";
    return bind_library(b, name, call->span, args, len);
  }
  if (len != 1) return wrong_count(b, call, time ? "1 or 2" : "1", len, NULL);
  return convert(b, call->span, args[0], type_basic(kind));
}

/* ---- choice ---- */

/* x where op holds between x and y, else y; null when one of them is. Both are leaves. */
static Expr *pick(Binder *b, ExprKind op, Span span, Expr *x, Expr *y) {
  bool nullable = x->type->nullable || y->type->nullable;
  const Type *t = type_null_if(b, x->type, nullable);
  Let c = {NULL, expr_bool(b, op, span, x, y)};
  if (!nullable) return expr_if(b, t, span, c.name, x, y);
  c = expr_let(b, c.name);
  Expr *is_null = expr_unary(b, EX_IS_NULL, type_basic(TY_BOOL), span, c.name);
  Expr *chosen = expr_if(b, t, span, c.name, x, y);
  return expr_let_end(c, expr_if(b, t, span, is_null, expr_null(b, t, span), chosen));
}

static bool is_ordered(Binder *b, const AstExpr *call, const Type *t) {
  if (t->kind != TY_LIST && t->kind != TY_STRUCT && t->kind != TY_NULL) return true;
  diag_report(b->diags, DIAG_E0403, call->span, NULL, NULL, call->name.text, type_text(b->arena, t));
  return false;
}

static Expr *extreme(Binder *b, Span span, ExprKind op, Expr **args, uint32_t len) {
  Expr *r = args[0];
  Let *lets = arena_alloc(b->arena, 2 * (size_t)len * sizeof *lets);
  uint32_t n = 0;
  for (uint32_t i = 1; i < len; i++) {
    lets[n] = expr_let(b, r);
    lets[n + 1] = expr_let(b, args[i]);
    r = pick(b, op, span, lets[n].name, lets[n + 1].name);
    n += 2;
  }
  while (n-- > 0) r = expr_let_end(lets[n], r);
  return r;
}

static Expr *bind_extreme(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  bool clamp = strcmp(call->name.text, "clamp") == 0;
  if (clamp && len != 3) return wrong_count(b, call, "3", len, "clamp(x, low, high)");
  if (len < 2) return wrong_count(b, call, "2 or more", len, NULL);
  const Type *t = bind_unify_all(b, args, len, DIAG_E0423);
  if (!t || !is_ordered(b, call, t)) return expr_error(b, call->span);
  if (!clamp) return extreme(b, call->span, strcmp(call->name.text, "least") == 0 ? EX_LE : EX_GE, args, len);
  Expr *low = extreme(b, call->span, EX_GE, args, 2);
  Expr *both[2] = {low, args[2]};
  return extreme(b, call->span, EX_LE, both, 2);
}

static Expr *bind_nullif(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  if (len != 2) return wrong_count(b, call, "2", len, NULL);
  if (expr_is_null(args[1])) return args[0];
  if (expr_is_null(args[0])) return expr_null(b, args[1]->type, call->span);
  Let l = expr_let(b, args[0]);
  Expr *same = bind_compare(b, EX_EQ, "nullif", call->span, l.name, args[1]);
  if (expr_is_error(same)) return same;
  const Type *t = type_null_if(b, args[0]->type, true);
  return expr_let_end(l, expr_if(b, t, call->span, same, expr_null(b, t, call->span), l.name));
}

static Expr *bind_try(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  if (len != 1) return wrong_count(b, call, "1", len, NULL);
  if (expr_is_null(args[0])) return args[0];
  return expr_unary(b, EX_TRY, type_null_if(b, args[0]->type, true), call->span, args[0]);
}

static Expr *bind_coalesce_call(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  if (len < 2) return wrong_count(b, call, "2 or more", len, NULL);
  Expr *r = args[0];
  for (uint32_t i = 1; i < len; i++) r = bind_coalesce(b, call->span, r, args[i]);
  return r;
}

/* ---- decimals ---- */

static Expr *decimal_zero(Binder *b, const Type *t, Span span) {
  return expr_const(b, type_null_if(b, t, false), span, (Value){0});
}

/* if x < 0 then below else if x > 0 then above else zero; null for null. x is a leaf. */
static Expr *by_sign(Binder *b, Span span, Expr *x, Expr *below, Expr *other) {
  Expr *negative = expr_bool(b, EX_LT, span, x, decimal_zero(b, x->type, span));
  bool nullable = x->type->nullable;
  const Type *t = type_null_if(b, other->type, nullable);
  Expr *r = expr_if(b, t, span, negative, below, other);
  if (!nullable) return r;
  Expr *is_null = expr_unary(b, EX_IS_NULL, type_basic(TY_BOOL), span, x);
  return expr_if(b, t, span, is_null, expr_null(b, t, span), r);
}

static Expr *decimal_abs(Binder *b, Span span, Expr *x) {
  Let l = expr_let(b, x);
  Expr *minus = expr_unary(b, EX_NEG, x->type, span, l.name);
  return expr_let_end(l, by_sign(b, span, l.name, minus, l.name));
}

static Expr *decimal_sign(Binder *b, Span span, Expr *x) {
  Let l = expr_let(b, x);
  Expr *positive = expr_bool(b, EX_GT, span, l.name, decimal_zero(b, x->type, span));
  Expr *other = expr_if(b, type_basic(TY_I64), span, positive, expr_int(b, 1, span), expr_int(b, 0, span));
  return expr_let_end(l, by_sign(b, span, l.name, expr_int(b, -1, span), other));
}

/* floor(x): floor division by one, then no fraction is left to cut. */
static Expr *decimal_floor(Binder *b, Span span, Expr *x) {
  const Type *t = x->type;
  int whole = t->precision - t->scale + 1;
  if (t->scale == 0) return x;
  const Type *wide = type_null_if(b, type_decimal(b->arena, whole + t->scale <= 38 ? whole + t->scale : 38, t->scale), t->nullable);
  Expr *one = expr_const(b, type_decimal(b->arena, 1, 0), span, (Value){.i = 1, .d = {1, 0}});
  one->literal = true;
  x = expr_cast(b, x, wide);
  one = expr_cast(b, one, wide);
  one->literal = false;
  Expr *q = expr_binary(b, EX_FLOORDIV, wide, span, x, one);
  return expr_cast(b, q, type_decimal(b->arena, whole <= 38 ? whole : 38, 0));
}

static Expr *decimal_negate(Binder *b, Span span, Expr *x) { return expr_unary(b, EX_NEG, x->type, span, x); }

static Expr *decimal_ceil(Binder *b, Span span, Expr *x) {
  if (x->type->scale == 0) return x;
  return decimal_negate(b, span, decimal_floor(b, span, decimal_negate(b, span, x)));
}

static Expr *decimal_trunc(Binder *b, Span span, Expr *x) {
  if (x->type->scale == 0) return x;
  Let l = expr_let(b, x);
  Expr *up = decimal_ceil(b, span, l.name), *down = decimal_floor(b, span, l.name);
  return expr_let_end(l, by_sign(b, span, l.name, up, down));
}

/* round(x, n) where n is known at run time only, or negative: the scale stays. */
static Expr *decimal_round_call(Binder *b, Span span, Expr *x, Expr *n) {
  const Type *t = x->type;
  const Type *wide = type_decimal(b->arena, t->precision < 38 ? t->precision + 1 : 38, t->scale), *i64 = type_basic(TY_I64);
  n = bind_widen(b, n, type_null_if(b, i64, n->type->nullable));
  if (expr_is_error(n)) return n;
  Function *fn = arena_alloc(b->arena, sizeof *fn);
  const Type **params = arena_alloc(b->arena, 4 * sizeof *params);
  params[0] = wide;
  params[1] = params[2] = params[3] = i64;
  *fn = (Function){.name = "round", .symbol = type_is_wide(wide) ? "frt_decfn_round" : "frt_decfn_round64",
                   .params = params, .param_len = 4, .result = wide, .status = true, .fails = true, .pure = true};
  Expr *r = expr_call(b, fn, type_null_if(b, wide, t->nullable || n->type->nullable), span, 4);
  r->arg[0] = expr_cast(b, x, wide);
  r->arg[1] = n;
  r->arg[2] = expr_int(b, wide->scale, span);
  r->arg[3] = expr_int(b, wide->precision, span);
  return r;
}

static Expr *decimal_round(Binder *b, Span span, Expr *x, Expr *n) {
  const Type *t = x->type;
  if (n && type_is_integer(n->type)) n = expr_fold(b->arena, n);
  int digits = n ? constant_digits(n) : 0;
  if (digits < 0) return decimal_round_call(b, span, x, n);
  if (digits >= t->scale) return x;
  int p = t->precision - t->scale + digits + 1;
  return expr_cast(b, x, type_decimal(b->arena, p < 38 ? p : 38, digits));
}

static Expr *bind_rounding(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  const char *name = call->name.text;
  bool round = strcmp(name, "round") == 0;
  const Type *t = len ? args[0]->type : NULL;
  if (t && t->kind == TY_U64 && len == 1 && strcmp(name, "sign") != 0) return args[0];
  if (!t || t->kind != TY_DECIMAL || len > 1u + round) return bind_library(b, name, call->span, args, len);
  if (round) return decimal_round(b, call->span, args[0], len == 2 ? args[1] : NULL);
  if (strcmp(name, "abs") == 0) return decimal_abs(b, call->span, args[0]);
  if (strcmp(name, "sign") == 0) return decimal_sign(b, call->span, args[0]);
  if (strcmp(name, "floor") == 0) return decimal_floor(b, call->span, args[0]);
  return strcmp(name, "ceil") == 0 ? decimal_ceil(b, call->span, args[0]) : decimal_trunc(b, call->span, args[0]);
}

static Expr *bind_len(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  if (len != 1 || args[0]->type->kind != TY_LIST) return bind_library(b, "len", call->span, args, len);
  Function *fn = arena_alloc(b->arena, sizeof *fn);
  const Type **params = arena_alloc(b->arena, sizeof *params), *i64 = type_basic(TY_I64);
  params[0] = type_null_if(b, args[0]->type, false);
  *fn = (Function){.name = "len", .symbol = "frt_list_len", .params = params, .param_len = 1, .result = i64, .pure = true};
  Expr *r = expr_call(b, fn, type_null_if(b, i64, args[0]->type->nullable), call->span, 1);
  r->arg[0] = args[0];
  return r;
}

/* The same value, whose masks end here. */
static Expr *bind_reveal(Binder *b, const AstExpr *call, Expr **args, uint32_t len) {
  if (len != 1) return wrong_count(b, call, "1", len, NULL);
  Expr *own = arena_alloc(b->arena, sizeof *own);
  *own = *args[0];
  own->revealed = true;
  own->span = call->span;
  return own;
}

/* ---- the way in ---- */

typedef Expr *GenericFn(Binder *b, const AstExpr *call, Expr **args, uint32_t len);
static const struct { const char *name; GenericFn *bind; } generics[] = {
  {"coalesce", bind_coalesce_call}, {"nullif", bind_nullif}, {"try", bind_try},
  {"least", bind_extreme}, {"greatest", bind_extreme}, {"clamp", bind_extreme},
  {"abs", bind_rounding}, {"sign", bind_rounding}, {"round", bind_rounding},
  {"floor", bind_rounding}, {"ceil", bind_rounding}, {"trunc", bind_rounding},
  {"len", bind_len}, {"reveal", bind_reveal}};

bool bind_generic(Binder *b, const Scope *s, const AstExpr *call, const Type *want, Expr **out) {
  const char *name = call->name.text;
  TypeKind kind = bind_type_word(name);
  Symbol *type = kind == TY_ERROR && s->module ? module_find(s->module, NULL, name, SYM_TYPE) : NULL;
  size_t i = 0, n = sizeof generics / sizeof *generics;
  while (i < n && strcmp(generics[i].name, name) != 0) i++;
  bool conversion = (kind != TY_ERROR && kind != TY_ENUM && !(kind == TY_UUID && !call->args)) || type;
  if (i == n && !conversion) return false;
  uint32_t len;
  Expr **args = bind_positional(b, s, call, &len);
  *out = expr_error(b, call->span);
  if (!args) return true;
  if (kind != TY_ERROR) *out = bind_conversion(b, call, kind, args, len);
  else if (i < n) *out = generics[i].bind(b, call, args, len);
  else if (len != 1) *out = wrong_count(b, call, "1", len, NULL);
  else if (symbol_resolve(b, type) && type->type && type->type->kind != TY_ERROR) *out = convert(b, call->span, args[0], type->type);
  return true;
}
