/* agg.h: the two halves of the aggregate's printer: agg.c prints the operator, agg_acc.c the
 * accumulators. */
#ifndef FLOW_CODEGEN_AGG_H
#define FLOW_CODEGEN_AGG_H

#include "codegen/gen_hold.h"

/* How an aggregate keeps what it needs. */
typedef enum AggKeep {
  KEEP_INLINE,   /* in the group's struct */
  KEEP_DISTINCT, /* and a table of (group, value) for all groups */
  KEEP_FLOATS,   /* a store of FrtHeldF64 */
  KEEP_ROWS      /* a store of H<id>_<k> { v, group } */
} AggKeep;

typedef struct AggPrinter {
  Gen *g;
  const PhysNode *pn;
  const PlanNode *n;
  bool grouped;
} AggPrinter;

/* Values of one aggregate in one row; where: NULL, or a condition. */
typedef struct AggValues {
  CVal v, by;
  const char *where;
} AggValues;

const Type *agg_arg_type(const PlanAgg *a);
bool agg_has_by(const PlanAgg *a); /* arg_min, arg_max */
AggKeep agg_keep(const PlanAgg *a);
bool agg_can_fail(const PlanAgg *a); /* its arguments or its condition */
/* Whether it passes over rows, so that its count differs from the group's. */
bool agg_skips(const AggPrinter *p, const PlanAgg *a);

/* Whether a group has room beyond its struct. */
bool agg_keeps(const AggPrinter *p);

/* Whether all that is done with the rows of a scan is to count them. */
bool agg_counts_scan(const Phys *p, const PlanNode *scan);

void agg_members(const AggPrinter *p, Buf *b, uint32_t k); /* of the group's struct */
void agg_declare(const AggPrinter *p,
                 uint32_t k); /* State, init and types of what is kept outside */
void agg_before_rows(const AggPrinter *p, GenFn *f, uint32_t k);
/* Takes row i of group `gid` with accumulators *A. */
void agg_take(const AggPrinter *p, GenFn *f, uint32_t k, AggValues v);
void agg_after_rows(const AggPrinter *p, GenFn *f, uint32_t k);
/* At the end: what is done once for all groups; the result of group g into row m; what is freed. */
void agg_before_groups(const AggPrinter *p, GenFn *f, uint32_t k, const char *groups);
void agg_result(const AggPrinter *p, GenFn *f, uint32_t k);
void agg_free(const AggPrinter *p, GenFn *f, uint32_t k);

/* ---- agg_plugin.c ---- */
bool agg_is_plugin(const PlanAgg *a);
bool agg_has_plugins(const AggPrinter *p);
bool agg_plugin_passes_over(const PlanAgg *a);   /* rows with a null argument */
void agg_plugin_member(const AggPrinter *p, Buf *b, uint32_t k);
void agg_plugin_declare(const AggPrinter *p);    /* once for all of the operator */
/* The arguments of row i into arrays; cond: the State array that tells which rows count, where there is one. */
void agg_plugin_compute(const AggPrinter *p, GenFn *f, uint32_t k, const char *cond);
void agg_plugin_take(const AggPrinter *p, GenFn *f, uint32_t k);
void agg_plugin_after_rows(const AggPrinter *p, GenFn *f, uint32_t k);
void agg_plugin_result(const AggPrinter *p, GenFn *f, uint32_t k);

/* ---- agg_spill.c ---- */
/* State, init and tables for groups that do not fit; exprs: all that the operator reads (NULLs among them). */
void agg_spill_declare(const AggPrinter *p);
void agg_spill_columns(const AggPrinter *p, const Expr *const *exprs, uint32_t len);
void agg_spill_functions(const AggPrinter *p, bool fails); /* op<id>_again */
void agg_spill_emit(const AggPrinter *p);                  /* op<id>_give */
void agg_names(const AggPrinter *p);                       /* op<id>_names: of the aggregates' columns */

#endif
