/* eval.h: the reference interpreter of expressions: plain and slow, it says a second time what an
 * expression means. expr_fold uses it for constants; tests use it as the oracle.
 *
 * Library functions are called through their symbols, with the
 * calling convention of x86-64 SysV or AArch64. */
#ifndef FLOW_IR_EVAL_H
#define FLOW_IR_EVAL_H

#include "ir/expr.h"

struct Plan;

typedef struct EvalEnv {
  Arena *arena;                       /* results live here */
  /* The value of a column or a parameter; NULL where there are none (constants). */
  const Value *(*column)(void *user, ColId col);
  const Value *(*param)(void *user, uint32_t index);
  void *user;
  FrtCtx *cx;                         /* handed to functions; NULL: one with an arena of its own is made */
  uint64_t most;                      /* bytes of a value, elements of lists counted; larger ones: EVAL_CANNOT. 0: any size */
} EvalEnv;

enum { EVAL_CANNOT = -100 };          /* needs a column, a parameter or a symbol that is not at hand */

/* FRT_OK with *out (which may be null), the FRT_E_* code of the row error that the expression ends in,
 * or EVAL_CANNOT. */
int expr_eval(const EvalEnv *env, const Expr *e, Value *out);

/* Replaces constant sub-expressions (no columns, params or vars) by their value where they do not fail. Values of
 * more than EVAL_FOLD_MOST bytes are left for the run. */
enum { EVAL_FOLD_MOST = 64 * 1024 };
Expr *expr_fold(Arena *a, Expr *e);

/* Converts a value as EX_CAST does. */
int value_cast(Arena *a, const Type *from, const Value *v, const Type *to, Value *out);
/* -1, 0, 1 by the order of the language: nan is equal to itself and above inf, strings by code point. */
int value_compare(const Type *t, const Value *a, const Value *b);
/* The text that CSV output would print; the value is not null and a scalar. */
FrtStr value_print(Arena *a, const Type *t, const Value *v);

/* Prepares a constant (a regular expression, a format, a zone, a unit) as the run would: FRT_OK, EVAL_CANNOT,
 * or an error code with *detail. */
int eval_prepare(Arena *a, const char *symbol, FrtStr text, FrtStr *detail);

/* How symbols are found: the tables of the runtime's .def files, then dlsym(RTLD_DEFAULT) unless set. Set once, before any evaluation. */
void eval_set_lookup(void *(*lookup)(const char *symbol));

#endif
