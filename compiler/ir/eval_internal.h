/* eval_internal.h: what value.c, eval.c and eval_call.c share. */
#ifndef FLOW_IR_EVAL_INTERNAL_H
#define FLOW_IR_EVAL_INTERNAL_H

#include "ir/eval.h"

/* ---- value.c ---- */
FrtI128 value_decimal(const Type *t, const Value *v);          /* narrow ones made wide */
void value_set_decimal(const Type *t, FrtI128 d, Value *out);
bool value_fits_integer(const Type *t, FrtI128 v);
size_t value_c_size(const Type *t);                            /* 0 for structs */
/* To and from the C form (flowrt.h); false for structs and what holds them. */
bool value_to_c(Arena *a, const Type *t, const Value *v, void *out);
bool value_from_c(Arena *a, const Type *t, const void *p, Value *out);
const FrtType *value_frt_type(Arena *a, const Type *t);        /* scalars */

/* ---- eval_call.c ---- */
/* Calls fn with values that are not null where its parameters are not. FRT_OK, FRT_NULL, FRT_E_*, EVAL_CANNOT. */
int eval_call(Arena *a, FrtCtx *cx, const Expr *call, const Value *args, Value *out);
FrtCtx *eval_context(Arena *a);

#endif
