/* bind_operator.c: unary and binary operators: which types go together, and the casts that make the
 * operands agree (docs/language.md, "Types"; the rules for decimals are in ir/README.md). */
#include <string.h>

#include "sema/expr_internal.h"

static const struct { ExprKind kind; const char *text; } operators[] = {
  [AST_OP_OR] = {EX_OR, "or"}, [AST_OP_AND] = {EX_AND, "and"}, [AST_OP_NOT] = {EX_NOT, "not"},
  [AST_OP_EQ] = {EX_EQ, "=="}, [AST_OP_NE] = {EX_NE, "!="}, [AST_OP_LT] = {EX_LT, "<"},
  [AST_OP_LE] = {EX_LE, "<="}, [AST_OP_GT] = {EX_GT, ">"}, [AST_OP_GE] = {EX_GE, ">="},
  [AST_OP_MATCHES] = {EX_CALL, "=~"}, [AST_OP_COALESCE] = {EX_COALESCE, "\?\?"}, [AST_OP_ADD] = {EX_ADD, "+"},
  [AST_OP_SUB] = {EX_SUB, "-"}, [AST_OP_MUL] = {EX_MUL, "*"}, [AST_OP_DIV] = {EX_DIV, "/"},
  [AST_OP_FLOORDIV] = {EX_FLOORDIV, "//"}, [AST_OP_MOD] = {EX_MOD, "%"}, [AST_OP_NEG] = {EX_NEG, "-"}};

/* A binary operator at work. */
typedef struct BinOp {
  ExprKind kind;
  const char *text;
  Span span;                    /* of the whole expression */
  Expr *x, *y;
} BinOp;

static bool op_nullable(const BinOp *o) { return o->x->type->nullable || o->y->type->nullable; }

static Expr *op_make(Binder *b, const BinOp *o, const Type *t, Expr *x, Expr *y) {
  return expr_binary(b, o->kind, type_null_if(b, t, op_nullable(o)), o->span, x, y);
}

/* A number or a date between quotes, beside one without. */
static const char *unquoted_hint(Binder *b, const Expr *x, const Type *other) {
  bool time = other->kind == TY_DATE || other->kind == TY_TIMESTAMP;
  if (x->kind != EX_CONST || x->value.is_null || (!time && !type_is_numeric(other))) return NULL;
  FrtStr s = x->value.s;
  const char *known = time ? "0123456789-:TZ." : "0123456789-.";
  for (uint32_t i = 0; i < s.len; i++)
    if (!s.ptr[i] || !strchr(known, s.ptr[i])) return NULL;
  if (s.len < (time ? 10u : 1u)) return NULL;
  return arena_printf(b->arena, "write `%s%.*s`", time ? "@" : "", (int)s.len, s.ptr);
}

/* What to write so that x and y go together. */
const char *bind_convert_hint(Binder *b, const Expr *x, const Expr *y) {
  Arena *a = b->arena;
  const Type *tx = x->type, *ty = y->type;
  const char *sx = bind_source(b, x->span), *sy = bind_source(b, y->span);
  const char *bare = tx->kind == TY_STRING ? unquoted_hint(b, x, ty) : ty->kind == TY_STRING ? unquoted_hint(b, y, tx) : NULL;
  if (bare) return bare;
  if (tx->kind == TY_STRING && ty->kind != TY_STRING) {
    if (x->kind != EX_CONST) return arena_printf(a, "write `string(%s)`, or convert `%s`", sy, sx);
    return arena_printf(a, "write `string(%s)`", sy);
  }
  if (ty->kind == TY_STRING) return arena_printf(a, "write `string(%s)`", sx);
  if (tx->kind == TY_DECIMAL && type_is_float(ty)) {
    return arena_printf(a, "write `f64(%s)`, or `decimal(%s, p, s)`", sx, sy);
  }
  if (ty->kind == TY_DECIMAL && type_is_float(tx)) {
    return arena_printf(a, "write `f64(%s)`, or `decimal(%s, p, s)`", sy, sx);
  }
  if (tx->kind == TY_U64 && type_is_integer(ty)) return arena_printf(a, "write `i64(%s)` or `u64(%s)`", sx, sy);
  if (ty->kind == TY_U64 && type_is_integer(tx)) return arena_printf(a, "write `i64(%s)` or `u64(%s)`", sy, sx);
  if (type_is_numeric(tx) && type_is_numeric(ty)) return "more than 38 digits: convert one side with `decimal(x, p, s)`";
  if (tx->kind == TY_ENUM && ty->kind == TY_ENUM) return arena_printf(a, "write `string(%s)`", sx);
  return NULL;
}

static Expr *op_mismatch(Binder *b, const BinOp *o) {
  const char *hint = bind_convert_hint(b, o->x, o->y);
  diag_report(b->diags, DIAG_E0402, o->span, hint, NULL, o->text, type_text(b->arena, o->x->type),
              type_text(b->arena, o->y->type));
  return expr_error(b, o->span);
}

/* ---- decimals ---- */

static Expr *op_decimal(Binder *b, Expr *e) {
  if (e->type->kind == TY_DECIMAL) return e;
  const Type *t = type_decimal(b->arena, type_digits(e->type), 0);
  if (!e->literal) return expr_cast(b, e, t);
  for (int digits = 1; digits < type_digits(e->type); digits++) {
    Expr *r = expr_literal_as(b, e, type_decimal(b->arena, digits, 0));
    if (r) return r;
  }
  return expr_cast(b, e, t);
}

static int int_max(int x, int y) { return x > y ? x : y; }
static int int_min(int x, int y) { return x < y ? x : y; }

/* The scale of a quotient: 6 digits more than the operands, but with room for the integer digits where
 * 4 more (or 28 in all) are left. */
static int decimal_div_scale(const Type *x, const Type *y) {
  int scale = int_max(x->scale, y->scale), room = 38 - (x->precision - x->scale + y->scale);
  return int_min(int_min(scale + 6, 38), int_max(room, int_min(scale + 4, 28)));
}

static Expr *op_decimals(Binder *b, const BinOp *o) {
  Expr *x = op_decimal(b, o->x), *y = op_decimal(b, o->y);
  const Type *tx = x->type, *ty = y->type;
  int s = int_max(tx->scale, ty->scale), w = int_max(tx->precision - tx->scale, ty->precision - ty->scale);
  const Type *t;
  switch (o->kind) {
    case EX_MUL:
      s = tx->scale + ty->scale;
      if (s > 38) {
        diag_report(b->diags, DIAG_E0402, o->span, "convert one side to fewer digits with `decimal(x, p, s)`",
                    "the product would have more than 38 fractional digits", o->text, type_text(b->arena, tx),
                    type_text(b->arena, ty));
        return expr_error(b, o->span);
      }
      return op_make(b, o, type_decimal(b->arena, int_min(38, tx->precision + ty->precision), s), x, y);
    case EX_DIV: return op_make(b, o, type_decimal(b->arena, 38, decimal_div_scale(tx, ty)), x, y);
    case EX_FLOORDIV: case EX_MOD:
      /* a quotient has up to s digits more; operands and result have one layout */
      t = type_decimal(b->arena, int_min(38, w + s + (o->kind == EX_FLOORDIV ? s : 0)), s);
      return op_make(b, o, t, expr_cast(b, x, t), expr_cast(b, y, t));
    default:
      t = type_decimal(b->arena, int_min(38, w + s + 1), s);
      return op_make(b, o, t, expr_cast(b, x, t), expr_cast(b, y, t));
  }
}

/* ---- integers and floats ---- */

static Expr *op_floats(Binder *b, const BinOp *o, const Type *t) {
  bool whole = type_is_integer(o->x->type) && type_is_integer(o->y->type);
  Expr *r = op_make(b, o, t, expr_cast(b, o->x, t), expr_cast(b, o->y, t));
  if (o->kind == EX_DIV) r->checked_zero = whole;
  return r;
}

/* A whole literal beyond i64 is a decimal until it meets a u64. */
static Expr *op_whole_literal(Binder *b, Expr *e, const Expr *other) {
  if (!e->literal || e->type->kind != TY_DECIMAL || e->type->scale || !type_is_integer(other->type)) return e;
  Expr *taken = expr_literal_as(b, e, other->type);
  return taken ? taken : e;
}

static Expr *op_numbers(Binder *b, BinOp *o) {
  Expr *x = o->x = op_whole_literal(b, o->x, o->y), *y = o->y = op_whole_literal(b, o->y, o->x);
  if (type_is_integer(x->type) && type_is_integer(y->type)) {
    if (o->kind == EX_DIV) return op_floats(b, o, type_basic(TY_F64));
    Expr *lx = y->literal ? NULL : expr_literal_as(b, x, y->type), *ly = x->literal ? NULL : expr_literal_as(b, y, x->type);
    if (lx) x = lx;
    if (ly) y = ly;
    const Type *t = bind_common_type(b, x->type, y->type);
    if (!t) return op_mismatch(b, o);
    return op_make(b, o, t, expr_cast(b, x, t), expr_cast(b, y, t));
  }
  bool floats = type_is_float(x->type) || type_is_float(y->type);
  if (!floats) return op_decimals(b, o);
  if (x->literal && type_is_float(y->type)) x = expr_cast(b, x, y->type);
  if (y->literal && type_is_float(x->type)) y = expr_cast(b, y, x->type);
  const Type *t = bind_common_type(b, x->type, y->type);
  if (!t) return op_mismatch(b, o);
  return op_floats(b, &(BinOp){o->kind, o->text, o->span, x, y}, type_null_if(b, t, false));
}

/* ---- times ---- */

static bool is_time_point(const Type *t) {
  return t->kind == TY_TIMESTAMP || t->kind == TY_DATE || t->kind == TY_TIME;
}

static const Function fn_duration_div = {
  .name = "duration_div", .symbol = "frt_duration_div", .status = true, .fails = true, .pure = true};
static const Function fn_duration_ratio = {
  .name = "duration_ratio", .symbol = "frt_duration_ratio", .status = true, .fails = true, .pure = true};

static Expr *op_duration_call(Binder *b, const BinOp *o, const Function *model, Expr *y, TypeKind result) {
  Function *fn = arena_alloc(b->arena, sizeof *fn);
  const Type **params = arena_alloc(b->arena, 2 * sizeof *params);
  *fn = *model;
  params[0] = type_basic(TY_DURATION);
  params[1] = type_null_if(b, y->type, false);
  fn->params = params;
  fn->param_len = 2;
  fn->result = type_basic(result);
  Expr *r = expr_call(b, fn, type_null_if(b, fn->result, op_nullable(o)), o->span, 2);
  r->arg[0] = o->x;
  r->arg[1] = y;
  return r;
}

static Expr *op_duration(Binder *b, const BinOp *o) {
  const Type *duration = type_basic(TY_DURATION), *i64 = type_basic(TY_I64);
  bool both = o->y->type->kind == TY_DURATION;
  bool count = type_is_integer(o->y->type) && o->y->type->kind != TY_U64;
  if (both && (o->kind == EX_ADD || o->kind == EX_SUB)) return op_make(b, o, duration, o->x, o->y);
  if (both && o->kind == EX_DIV) return op_duration_call(b, o, &fn_duration_ratio, o->y, TY_F64);
  if (count && o->kind == EX_MUL) return op_make(b, o, duration, o->x, expr_cast(b, o->y, i64));
  if (count && o->kind == EX_DIV) {
    return op_duration_call(b, o, &fn_duration_div, expr_cast(b, o->y, i64), TY_DURATION);
  }
  return NULL;
}

static Expr *op_times(Binder *b, const BinOp *o) {
  Expr *x = o->x, *y = o->y;
  const Type *duration = type_basic(TY_DURATION), *stamp = type_basic(TY_TIMESTAMP);
  if (o->kind == EX_ADD && x->type->kind == TY_DURATION && is_time_point(y->type)) {
    return op_times(b, &(BinOp){o->kind, o->text, o->span, y, x});
  }
  if (x->type->kind == TY_DURATION) return op_duration(b, o);
  if (o->kind == EX_MUL && y->type->kind == TY_DURATION && type_is_integer(x->type)) {
    return op_duration(b, &(BinOp){o->kind, o->text, o->span, y, x});
  }
  if (!is_time_point(x->type) || (o->kind != EX_ADD && o->kind != EX_SUB)) return NULL;
  if (y->type->kind == TY_DURATION) {
    bool days = y->kind == EX_CONST && !y->value.is_null && y->value.i % FLOW_US_PER_DAY == 0;
    if (x->type->kind == TY_DATE && !days) x = expr_cast(b, x, stamp);
    return op_make(b, o, x->type, x, y);
  }
  if (o->kind != EX_SUB || !is_time_point(y->type)) return NULL;
  if (x->type->kind == TY_TIME || y->type->kind == TY_TIME) {
    return x->type->kind == y->type->kind ? op_make(b, o, duration, x, y) : NULL;
  }
  if (x->type->kind != y->type->kind) {
    x = expr_cast(b, x, stamp);
    y = expr_cast(b, y, stamp);
  }
  return op_make(b, o, duration, x, y);
}

/* ---- + - * / // % ---- */

static bool is_text(const Type *t) { return t->kind == TY_STRING || t->kind == TY_ENUM; }

static Expr *op_arith(Binder *b, BinOp *o) {
  if (expr_is_error(o->x) || expr_is_error(o->y)) return expr_error(b, o->span);
  if (expr_is_null(o->x)) o->x = expr_null(b, o->y->type, o->x->span);
  if (expr_is_null(o->y)) o->y = expr_null(b, o->x->type, o->y->span);
  if (expr_is_null(o->x)) {
    diag_report(b->diags, DIAG_E0505, o->x->span, NULL, NULL);
    return expr_error(b, o->span);
  }
  const Type *tx = o->x->type, *ty = o->y->type;
  if (o->kind == EX_ADD && is_text(tx) && is_text(ty)) {
    const Type *string = type_basic(TY_STRING);
    return op_make(b, o, string, expr_cast(b, o->x, string), expr_cast(b, o->y, string));
  }
  if (type_is_numeric(tx) && type_is_numeric(ty)) return op_numbers(b, o);
  Expr *r = op_times(b, o);
  return r ? r : op_mismatch(b, o);
}

/* ---- comparisons ---- */

/* u64 with a signed integer: both as decimals of 20 digits. */
static bool compare_unsigned(Binder *b, BinOp *o) {
  if (!type_is_integer(o->x->type) || !type_is_integer(o->y->type)) return false;
  const Type *t = type_decimal(b->arena, 20, 0);
  o->x = expr_cast(b, o->x, t);
  o->y = expr_cast(b, o->y, t);
  return true;
}

/* Decimals whose common type would need more than 38 digits: at the larger scale; a value that does not fit there is a row
 * error, as in arithmetic. */
static bool compare_decimals(Binder *b, BinOp *o) {
  const Type *tx = o->x->type, *ty = o->y->type;
  bool one = tx->kind == TY_DECIMAL || ty->kind == TY_DECIMAL;
  if (!one || !type_is_numeric(tx) || !type_is_numeric(ty) || type_is_float(tx) || type_is_float(ty)) return false;
  int sx = tx->kind == TY_DECIMAL ? tx->scale : 0, sy = ty->kind == TY_DECIMAL ? ty->scale : 0;
  const Type *t = type_decimal(b->arena, 38, sx > sy ? sx : sy);
  o->x = expr_cast(b, o->x, t);
  o->y = expr_cast(b, o->y, t);
  return true;
}

static Expr *compare_null(Binder *b, const BinOp *o) {
  const Expr *other = expr_is_null(o->x) ? o->y : o->x, *null = other == o->x ? o->y : o->x;
  const char *hint = arena_printf(b->arena, "write `%s is %snull`", bind_source(b, other->span),
                                  o->kind == EX_NE ? "not " : "");
  diag_report(b->diags, DIAG_E0501, null->span, hint, "a comparison with null is null: `is null` tells", o->text);
  return expr_error(b, o->span);
}

/* An enum with a text that none of its values is. */
static bool compare_bad_enum(Binder *b, const Expr *x, const Expr *y) {
  if (x->type->kind != TY_ENUM || y->type->kind != TY_STRING || y->kind != EX_CONST || y->value.is_null) return false;
  const char *text = arena_strndup(b->arena, y->value.s.ptr, y->value.s.len);
  diag_report(b->diags, DIAG_E0414, y->span, bind_hint_nearest(b, text, x->type->names, x->type->len), NULL, text,
              type_text(b->arena, x->type));
  return true;
}

Expr *bind_compare(Binder *b, ExprKind kind, const char *op_text, Span span, Expr *x, Expr *y) {
  BinOp o = {kind, op_text, span, x, y};
  if (expr_is_error(x) || expr_is_error(y)) return expr_error(b, span);
  if (expr_is_null(x) || expr_is_null(y)) return compare_null(b, &o);
  bool same = expr_unify(b, &o.x, &o.y);
  if (same && o.x->type->kind == TY_STRING && (compare_bad_enum(b, x, y) || compare_bad_enum(b, y, x))) {
    return expr_error(b, span);
  }
  if (!same) same = compare_unsigned(b, &o) || compare_decimals(b, &o);
  if (!same) return op_mismatch(b, &o);
  if (o.x->type->kind == TY_LIST || o.x->type->kind == TY_STRUCT) {
    diag_report(b->diags, DIAG_E0403, span, "compare their members", NULL, op_text, type_text(b->arena, o.x->type));
    return expr_error(b, span);
  }
  return expr_bool(b, kind, span, o.x, o.y);
}

/* ---- and, or, not, - ---- */

static Expr *op_logic(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *x = bind_cond(b, s, e->left), *y = bind_cond(b, s, e->right);
  if (expr_is_error(x) || expr_is_error(y)) return expr_error(b, e->span);
  return expr_bool(b, operators[e->op].kind, e->span, x, y);
}

static Expr *op_negate_literal(Binder *b, Span span, Expr *x) {
  Value v = x->value;
  FrtI128 d = x->type->kind == TY_DECIMAL && !type_is_wide(x->type) ? frt_i128_from_i64(v.i) : v.d;
  if (type_is_integer(x->type)) d = frt_i128_from_i64(v.i);
  d = frt_dec_neg(d);
  const Type *t = x->type;
  int64_t narrow = 0;
  bool fits = frt_i128_to_i64(d, &narrow) == FRT_OK;
  v = (Value){.f = -v.f, .d = d, .i = narrow};
  if (!type_is_float(t) && !(t->kind == TY_DECIMAL && t->scale) && fits) t = type_basic(TY_I64);
  Expr *r = expr_const(b, t, span, v);
  r->literal = true;
  return r;
}

/* The signed type that holds the negation of any value of an unsigned one. */
static const Type *common_signed(const Type *t) {
  return type_basic(t->kind == TY_U8 ? TY_I16 : t->kind == TY_U16 ? TY_I32 : TY_I64);
}

Expr *bind_unary(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  if (e->op == AST_OP_NOT) {
    Expr *x = bind_cond(b, s, e->left);
    return expr_is_error(x) ? x : expr_unary(b, EX_NOT, x->type, e->span, x);
  }
  Expr *x = bind_inner(b, s, e->left, want);
  if (expr_is_error(x)) return x;
  if (x->literal && x->kind == EX_CONST && !x->value.is_null) return op_negate_literal(b, e->span, x);
  if (x->type->kind == TY_DURATION || (type_is_numeric(x->type) && (type_is_signed(x->type) || !type_is_integer(x->type)))) {
    return expr_unary(b, EX_NEG, x->type, e->span, x);
  }
  if (type_is_integer(x->type) && x->type->kind != TY_U64) {
    const Type *t = common_signed(x->type);
    return expr_unary(b, EX_NEG, type_null_if(b, t, x->type->nullable), e->span, expr_cast(b, x, t));
  }
  const char *hint = x->type->kind == TY_U64 ? arena_printf(b->arena, "write `-i64(%s)`", bind_source(b, x->span)) : NULL;
  diag_report(b->diags, DIAG_E0403, e->span, hint, NULL, "-", type_text(b->arena, x->type));
  return expr_error(b, e->span);
}

static Expr *op_matches(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *args[2] = {bind_inner(b, s, e->left, NULL), bind_inner(b, s, e->right, NULL)};
  if (expr_is_error(args[0]) || expr_is_error(args[1])) return expr_error(b, e->span);
  BinOp o = {EX_CALL, "=~", e->span, args[0], args[1]};
  if (!is_text(args[0]->type) || args[1]->type->kind != TY_STRING) return op_mismatch(b, &o);
  args[0] = expr_cast(b, args[0], type_basic(TY_STRING));
  return bind_library(b, "regex_matches", e->span, args, 2);
}

Expr *bind_binary(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  ExprKind kind = operators[e->op].kind;
  if (kind == EX_AND || kind == EX_OR) return op_logic(b, s, e);
  if (e->op == AST_OP_MATCHES) return op_matches(b, s, e);
  bool choice = kind == EX_COALESCE;
  Expr *x = bind_inner(b, s, e->left, choice ? want : NULL), *y = bind_inner(b, s, e->right, choice ? want : NULL);
  if (choice) return bind_coalesce(b, e->span, x, y);
  if (kind >= EX_EQ && kind <= EX_GE) return bind_compare(b, kind, operators[e->op].text, e->span, x, y);
  BinOp o = {kind, operators[e->op].text, e->span, x, y};
  return op_arith(b, &o);
}
