/* expr_internal.h: what the files that type expressions share: bind_expr.c (names, literals, the
 * dispatch), bind_convert.c (casts and common types), bind_operator.c (operators), bind_choice.c
 * (if, match, in, coalesce), bind_call.c (functions), bind_generic.c (functions the compiler types
 * itself), bind_agg.c, bind_type.c.
 *
 * An expression of TY_ERROR was reported: whoever meets one says nothing and gives TY_ERROR. */
#ifndef FLOW_EXPR_INTERNAL_H
#define FLOW_EXPR_INTERNAL_H

#include "ir/eval.h"
#include "sema/sema_internal.h"

#define FLOW_US_PER_DAY 86400000000LL

/* ---- bind_expr.c ---- */
/* bind_expr without the cast to `want`, which only guides literals, lists, structs and branches. */
Expr *bind_inner(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
const char *bind_hint_nearest(Binder *b, const char *name, const char *const *names, uint32_t len);
/* The script's text of a span, for hints; cut when long. */
const char *bind_source(Binder *b, Span span);

/* ---- bind_convert.c ---- */
static inline bool expr_is_error(const Expr *e) { return e->type->kind == TY_ERROR; }
static inline bool expr_is_null(const Expr *e) { return e->type->kind == TY_NULL; }
Expr *expr_error(Binder *b, Span span);
Expr *expr_const(Binder *b, const Type *t, Span span, Value v);
Expr *expr_int(Binder *b, int64_t i, Span span);                       /* an i64 */
Expr *expr_string(Binder *b, FrtStr s, Span span);
Expr *expr_null(Binder *b, const Type *t, Span span);                  /* null of type t? */
/* An EX_CAST of e to the base of t (nullability is e's), or e, or a new constant when e is a literal
 * that fits. The cast may fail when it does not widen. */
Expr *expr_cast(Binder *b, Expr *e, const Type *t);
/* e as a constant of the base of t, when e is a literal (number, null, text of an enum) that fits; else NULL. */
Expr *expr_literal_as(Binder *b, Expr *e, const Type *t);
Expr *expr_unary(Binder *b, ExprKind kind, const Type *t, Span span, Expr *x);
Expr *expr_binary(Binder *b, ExprKind kind, const Type *t, Span span, Expr *x, Expr *y);
/* The bool of a comparison or connective: nullable when an operand is. */
Expr *expr_bool(Binder *b, ExprKind kind, Span span, Expr *x, Expr *y);
Expr *expr_if(Binder *b, const Type *t, Span span, Expr *cond, Expr *yes, Expr *no);
Expr *expr_call(Binder *b, const Function *fn, const Type *t, Span span, uint32_t len);
/* A variable for the value and the EX_LET around it, whose body is filled in by expr_let_end. Values
 * that are constants, columns, parameters or variables stand for themselves: no EX_LET. */
typedef struct Let { Expr *let, *name; } Let;
Let expr_let(Binder *b, Expr *value);
Expr *expr_let_end(Let l, Expr *body);
/* Makes x and y of one base type for comparing and choosing: literals take the other's type. False
 * when they do not go together (not reported). */
bool expr_unify(Binder *b, Expr **x, Expr **y);
/* t, nullable when n is true. */
const Type *type_null_if(Binder *b, const Type *t, bool n);

/* ---- bind_operator.c ---- */
Expr *bind_unary(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
Expr *bind_binary(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
/* x == y and its kin, for expressions that are bound; op_text for messages. */
Expr *bind_compare(Binder *b, ExprKind kind, const char *op_text, Span span, Expr *x, Expr *y);
const char *bind_convert_hint(Binder *b, const Expr *x, const Expr *y);

/* ---- bind_choice.c ---- */
Expr *bind_if(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
Expr *bind_match(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
Expr *bind_in(Binder *b, const Scope *s, const AstExpr *e);
Expr *bind_coalesce(Binder *b, Span span, Expr *x, Expr *y);
/* Makes all of v one base type and returns it; NULL: reported with `code` (two types). */
const Type *bind_unify_all(Binder *b, Expr **v, uint32_t len, DiagCode code);

/* ---- bind_call.c ---- */
Expr *bind_call(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
/* A call of the catalogue function `name` with bound arguments; reports at span. */
Expr *bind_library(Binder *b, const char *name, Span span, Expr **args, uint32_t len);
/* Binds positional arguments; named ones are reported. NULL when one has an error. */
Expr **bind_positional(Binder *b, const Scope *s, const AstExpr *call, uint32_t *len);

/* ---- bind_generic.c: functions that the compiler types ---- */
/* coalesce, nullif, try, least, ... and conversions by a type's name. False: not one of them. */
bool bind_generic(Binder *b, const Scope *s, const AstExpr *call, const Type *want, Expr **out);

/* ---- bind_type.c ---- */
TypeKind bind_type_word(const char *name);     /* TY_ERROR: not the name of a type */

/* ---- bind_agg.c ---- */
bool bind_is_aggregate(const char *name);

#endif
