/* join.h: the halves of the join's printer: join.c prints the operator, join_spill.c what it has for a right side that
 * does not fit into memory. */
#ifndef FLOW_CODEGEN_JOIN_H
#define FLOW_CODEGEN_JOIN_H

#include "codegen/gen_hold.h"

typedef struct Join {
  Gen *g;
  const PhysNode *pn;
  const PlanNode *n;
  uint32_t id;
  bool outer;              /* right or full: all columns of the result are new */
  bool asof, only_keys;    /* only_keys: semi, anti */
  bool left_nulls;         /* left rows without a match go on with nulls */
  bool has_else;
  ColId *kept;             /* right columns that rest in the store */
  uint32_t kept_len;
  uint32_t *made;          /* indexes into the result's schema: columns that come from the right side */
  uint32_t made_len;
} Join;

const char *gen_join_no_field(const Join *j);
/* The right columns of the held row r into row `at`; base: "" for local pointers, "S->" for State. */
void gen_join_put_right(GenFn *f, const Join *j, const char *base, const char *at);
void gen_join_put_nulls(GenFn *f, const Join *j, const char *base, const char *at);
/* The left columns of an outer join's row m, from left row i or, of the keys only, from right row r. */
void gen_join_put_left(GenFn *f, const Join *j, bool unmatched);
/* cx->detail = the text of row i's key, for the message. */
void gen_join_key_text(GenFn *f, const Join *j);
/* Left columns that are read behind the join, and with keys those of the keys: how many. */
uint32_t gen_join_left_columns(const Join *j, bool keys, ColId **cols);

const char *gen_join_asof_how(const Join *j);    /* FRT_ASOF_* */
uint64_t gen_join_within(const Join *j);

/* ---- join_spill.c ---- */
/* The tables, op<id>_send; in init: that the join may go to disk. */
void gen_join_spill(const Join *j);

#endif
