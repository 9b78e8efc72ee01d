/* gen_order.h: shared by the printers of operators that put rows in order: order_key.c, order.c, rank.c. */
#ifndef FLOW_CODEGEN_GEN_ORDER_H
#define FLOW_CODEGEN_GEN_ORDER_H

#include "codegen/gen_hold.h"

/* How rows rest until they are in order: a struct R<id> in S->store<id>, and a (word, row) pair for each in
 * S->pairs<id>. A key that the word does not tell apart is a member of the row, too: that of its column, or k<j>. */
typedef struct GenOrder {
  Gen *g;
  const PhysNode *pn;
  const PlanNode *n;
  ColId *cols;          /* columns in the row */
  uint32_t len;
  ColId *out;           /* those of them that go on */
  uint32_t out_len;
  bool exact;           /* equal words are equal keys: rows are not compared */
} GenOrder;

/* Decides what rests. More columns that the row must have: more[0 .. more_len). */
GenOrder gen_order_plan(Gen *g, const PhysNode *pn, const ColId *more, uint32_t more_len);
/* The struct, its store and pairs in State; `members` are further members of the row, or NULL. */
void gen_order_state(const GenOrder *o, const char *members);
/* op<id>_compare by all keys, unless exact. */
void gen_order_compare(const GenOrder *o);
/* Its name, or "NULL". */
const char *gen_order_compare_name(const GenOrder *o);
/* Evaluates the keys of row i into v[0 .. key_len); may jump to f->fail. */
void gen_order_eval(GenFn *f, const GenOrder *o, CVal *v);
/* Declares `uint64_t word`. */
void gen_order_word(GenFn *f, const GenOrder *o, const CVal *v);
/* Declares `uint64_t w0`, ... : all keys, see phys_sort_words. */
void gen_order_words(GenFn *f, const GenOrder *o, const CVal *v);
/* FRT_SORT_TEXT: the bytes of the one key are those of its text; FRT_SORT_PARTS; 0: keys are words. */
int gen_order_form(const GenOrder *o);
/* The keys of the rows of a block: the loop that leaves the rows keep[0 .. kept), and words[] or keys[] for each. (order_text.c) */
void gen_sort_keys(GenFn *f, const GenOrder *o);
/* All keys as bytes whose order is theirs, in the block's arena: `to` is a C lvalue of type FrtStr. */
void gen_order_bytes(GenFn *f, const GenOrder *o, const CVal *v, const char *to);
/* The columns of a row that rests, for its way to disk: lines of a table of FrtSpillColumn, and how many; one more line; the
 * FrtAway (a C lvalue) in init, whose table is op<id>_away. */
uint32_t gen_away_columns(const GenOrder *o, Buf *b);
void gen_away_column(Gen *g, Buf *b, const char *row, const char *value, const char *null, const Type *t);
void gen_away_init(const GenOrder *o, const char *away, uint32_t len);
void gen_order_key(const GenOrder *o);
/* `row` is a new row of the store, filled; the pair is added. */
void gen_order_add(GenFn *f, const GenOrder *o, const CVal *v);
/* All expressions of the keys, for gen_declare_columns. */
const Expr **gen_order_exprs(const GenOrder *o);
/* Declares the columns that the emit fills: S->c<col> becomes an array of its own. */
void gen_order_targets(GenFn *f, const GenOrder *o);
/* Whether key j is a member of its own. */
bool gen_order_key_rests(const GenOrder *o, uint32_t j);
/* The keys of groups; the columns that the rows and these read; the code that numbers the groups of a block by
 * S->table<id>: row sel[k] has the group ids[k]. */
Expr **gen_order_by(const GenOrder *o);
const ColId *gen_order_reads(const GenOrder *o, uint32_t *len);
GenKeys gen_order_groups(GenFn *f, const GenOrder *o);
/* S->table<id>, which numbers the groups. */
void gen_order_table(const GenOrder *o);
/* The columns of `row` into place m of the block. */
void gen_order_load(GenFn *f, const GenOrder *o);
/* The loop over the rows of a block; those that failed (f->fail) are reported and counted in `failed`. (order.c) */
void gen_order_loop_open(GenFn *f, const char *sel, const char *n);
void gen_order_loop_close(GenFn *f, const PlanNode *n);
/* sort whose rows are held as text (order_text.c). */
void gen_sort_texts(Gen *g, const PhysNode *pn);
/* A C condition: a is before b in the order of the type. */
const char *gen_order_before(Gen *g, const Type *t, const char *a, const char *b);

#endif
