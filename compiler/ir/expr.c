/* expr.c: typed expressions: making them, what they read, whether they can fail. */
#include "ir/expr.h"

Expr *expr_new(Arena *a, ExprKind kind, const Type *type, Span span, uint32_t arg_len) {
  Expr *e = arena_alloc(a, sizeof *e);
  e->kind = kind;
  e->type = type;
  e->span = span;
  e->arg_len = arg_len;
  if (arg_len) e->arg = arena_alloc(a, arg_len * sizeof *e->arg);
  return e;
}

/* Decimal sums and products have room for every result but where their precision was cut at 38. */
static bool expr_arith_fails(const Expr *e) {
  const Type *t = e->type;
  if (type_is_float(t)) return false;
  if (t->kind != TY_DECIMAL) return true;
  if (e->kind == EX_NEG) return false;
  if (e->kind == EX_MUL) {
    return e->arg[0]->type->precision + e->arg[1]->type->precision > t->precision;
  }
  return t->precision == 38;
}

/* A text that is prepared at each row, as it is not constant, may turn out to be malformed. */
static bool expr_call_fails(const Expr *e) {
  if (e->fn->fails) return true;
  for (uint32_t i = 0; i < e->arg_len && i < 8; i++) {
    if (e->fn->prepared[i] && e->arg[i]->kind != EX_CONST) return true;
  }
  return false;
}

/* Whether the node itself can fail, its arguments aside. */
static bool expr_fails_here(const Expr *e) {
  switch (e->kind) {
    case EX_NEG: case EX_ADD: case EX_SUB: case EX_MUL: return expr_arith_fails(e);
    case EX_DIV: return e->type->kind == TY_DECIMAL || e->checked_zero;
    case EX_FLOORDIV: case EX_MOD: return !type_is_float(e->type);
    case EX_CAST: return !e->widening;
    case EX_CALL: return expr_call_fails(e);
    case EX_CONCAT: case EX_INDEX: return true;
    default: return false;
  }
}

bool expr_can_fail(const Expr *e) {
  if (e->kind == EX_TRY) return false;
  if (expr_fails_here(e)) return true;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    if (expr_can_fail(e->arg[i])) return true;
  }
  return false;
}

void expr_columns(const Expr *e, void (*visit)(void *env, ColId col), void *env) {
  if (e->kind == EX_COLUMN) visit(env, e->col);
  for (uint32_t i = 0; i < e->arg_len; i++) expr_columns(e->arg[i], visit, env);
}
