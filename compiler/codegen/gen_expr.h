/* gen_expr.h: inside the expression printer: const.c, cast.c, expr.c. */
#ifndef FLOW_CODEGEN_GEN_EXPR_H
#define FLOW_CODEGEN_GEN_EXPR_H

#include "codegen/gen.h"

const char *gen_const_init(Gen *g, const Type *t, const Value *v);  /* as an initialiser */
const char *gen_const(Gen *g, const Type *t, const Value *v);       /* as an expression */
const char *gen_zero(Gen *g, const Type *t);                        /* a value to stand where null is */

/* Declares a temporary of type t; returns its name. init NULL: not initialised. */
const char *gen_temp(GenFn *f, const char *ctype, const char *init);
/* A temporary that holds v, unless v is a name already. */
const char *gen_atom(GenFn *f, const char *ctype, const char *v);
const char *gen_null_or(GenFn *f, const char *a, const char *b);
/* Opens and closes `if (!n) {` around what must not run on nulls; nothing when n is NULL. */
void gen_unless_null(GenFn *f, const char *n);
void gen_end_unless_null(GenFn *f, const char *n);
/* e = code; goto fail. */
void gen_fail(GenFn *f, const char *code);
/* `if (condition) { fail }` */
void gen_fail_if(GenFn *f, const char *condition, const char *code);
/* Calls a status function and fails with its status. */
void gen_try_call(GenFn *f, const char *call);
CVal gen_cast(GenFn *f, const Type *from, const Type *to, CVal v, bool widening);
/* Reports that the back end cannot do it: E0901. */
void gen_unsupported(Gen *g, Span span, const char *what);
/* v as an FrtI128 when its type is narrow. */
const char *gen_wide(GenFn *f, const Type *t, const char *v);
/* A value of any scalar type as FrtStr; format: NULL or ".2". */
const char *gen_text_of(GenFn *f, const Type *t, const char *v, const char *format);
/* "&dfa3": the table of a constant pattern, printed into the module, for frt_dfa_matches; NULL: the pattern has none. */
const char *gen_dfa(Gen *g, FrtStr pattern);
/* "&re3": a constant pattern that is ready for frt_regex_*: printed into the module with its table where it has one, else
 * prepared at start. groups: the groups of a match are asked for. */
const char *gen_regex(Gen *g, FrtStr pattern, bool groups);
/* The state member that holds what `preparer` made of the constant text. */
const char *gen_prepared(Gen *g, const char *preparer, const char *text);

#endif
