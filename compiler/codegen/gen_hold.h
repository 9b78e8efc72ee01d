/* gen_hold.h: shared by the printers of operators that hold rows (keys.c has them). */
#ifndef FLOW_CODEGEN_GEN_HOLD_H
#define FLOW_CODEGEN_GEN_HOLD_H

#include "codegen/gen_expr.h"

/* Key arrays of a block, in C: keys[at] and nul[at] belong to row sel[at], for at < n. */
typedef struct GenKeys {
  bool is_word;        /* uint64_t keys for frt_table_*_words, else FrtStr for frt_table_*_texts */
  const char *keys;
  const char *nul;     /* "NULL" where no key is null */
  const char *sel, *n; /* the selection that is left, without rows whose key failed (they were reported) */
  const char *ids;     /* uint32_t scratch of block_rows, for the table's answer */
} GenKeys;

/* Emits the loop that computes the keys of the selected rows (variables sel, n, b, cx, S must be in scope, and the columns
 * declared: gen_declare_columns). `name` prefixes its variables and its members of State. null_is_value: a null is a key
 * like others (by, distinct); else a row with a null key matches nothing (joins). */
GenKeys gen_keys(GenFn *f, const PlanNode *n, const char *name, Expr *const *keys, uint32_t len, bool null_is_value);
/* Whether the keys go into one word: a small one, or several that fit 64 bits together. */
bool gen_keys_are_words(Expr *const *keys, uint32_t len, bool null_is_value);

/* The columns by[] of the node as expressions. */
Expr **gen_by_columns(Gen *g, const PlanNode *n);
/* S->h->tab<id>, which numbers keys. */
void gen_key_table(Gen *g, const PlanNode *n, bool is_word);

/* The struct of a resting row of the node (`what` it is: "right row"): members c<col>, n<col>, and `more` (C text of further members, or NULL). */
void gen_row_struct(Gen *g, uint32_t node, const char *what, const char *name, const ColId *cols, uint32_t len, const char *more);
/* Row i of the block into *row; texts go to the store (C expression of type FrtStore *). Columns must be declared. */
void gen_row_save(GenFn *f, const ColId *cols, uint32_t len, const char *row, const char *store);
/* *row into the scratch columns at index `at`. */
void gen_row_load(GenFn *f, const ColId *cols, uint32_t len, const char *row, const char *at);
/* The columns of a schema that somebody needs, each once. */
uint32_t gen_used_columns(Gen *g, const Schema *s, ColId **cols);
/* Whether values of the type point to bytes outside of the row. */
bool gen_row_points(const Type *t);
const char *gen_atom_of(GenFn *f, const Type *t, const char *v);
/* A constant table of columns by the offsets of their arrays in State, for rows that go to disk. (join_spill.c) */
void gen_spill_columns(Gen *g, const char *name, const ColId *cols, uint32_t len);

/* op<id>_give, a step of its own: fills S->c<col>[m++] and flushes. The caller ends it with gen_line "return FRT_OK;" and
 * gen_fn_close. */
void gen_emit_open(GenFn *f, Gen *g, const PlanNode *n);
void gen_emit_flush(GenFn *f, const PhysNode *pn, uint32_t port);            /* sends m rows on and sets m = 0 */
void gen_emit_flush_when_full(GenFn *f, const PhysNode *pn, uint32_t port);

#endif
