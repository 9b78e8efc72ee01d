/* opt_internal.h: what the passes share. */
#ifndef FLOW_OPT_INTERNAL_H
#define FLOW_OPT_INTERNAL_H

#include "opt/opt.h"

typedef struct OptSwap { ColId from; Expr *to; } OptSwap;

/* ---- reads.c ---- */
uint32_t opt_uses(const Plan *p, const PlanNode *n);    /* edges that leave n */
uint32_t opt_place(const Plan *p, const PlanNode *n);   /* its index in p->nodes */
bool opt_is_pure(const Expr *e);                        /* same columns, same value */
bool opt_reads_only(const Expr *e, const ColId *cols, uint32_t len);
bool opt_has_let(const Expr *e);                        /* such an expression may stand only once in another */
/* A copy in which the columns `from` are the expressions `to`. */
Expr *opt_replace(Plan *p, const Expr *e, const OptSwap *swaps, uint32_t len);
Expr *opt_column(Plan *p, ColId col, Span span);
/* Whether its arguments, its condition or its result may fail, which an error port would see. */
bool opt_agg_can_fail(const PlanAgg *a);

/* ---- pushdown.c ---- */
/* Moves the filter before the map that it reads from, if it may. */
bool opt_push_past_map(Plan *p, PlanNode *filter);

#endif
