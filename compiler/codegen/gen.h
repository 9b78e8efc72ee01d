/* gen.h: what the files of codegen share. The module is written in sections, each a Buf, which
 * module.c joins in a fixed order. The same plan gives the same bytes. */
#ifndef FLOW_CODEGEN_GEN_H
#define FLOW_CODEGEN_GEN_H

#include "codegen/buf.h"
#include "phys/phys.h"

enum { GEN_POOL = 4096 };

typedef struct GenNamed { const char *text, *name; struct GenNamed *next; } GenNamed;

/* A struct of the module whose size is known (layout.c). */
typedef struct GenLayout { const char *name; uint32_t size, align; struct GenLayout *next; } GenLayout;

typedef struct Gen {
  Arena *arena;
  const Plan *plan;
  const Phys *phys;
  Buf types;      /* C structs of struct types, list elements, gathered rows */
  Buf consts;     /* strings, wide decimals, type descriptors */
  Buf held;       /* members of Held: one for the run, shared by its workers */
  Buf state;      /* members of State: each worker has its own */
  Buf users;      /* the functions of `extern c` */
  Buf protos;
  Buf funcs;
  Buf fans;       /* functions that find the rows of filters: fan.c */
  Buf init;       /* body of module_init: Held */
  Buf setup;      /* body of worker_init: State */
  Buf defaults;   /* body of module_defaults */
  GenNamed *pool[GEN_POOL]; /* consts and types by their text, so that each is emitted once */
  GenLayout *layouts;
  uint32_t names;     /* running number of constants and types */
  uint8_t *col_state; /* by ColId: its members are in State */
  struct GenFanUse *fans_of; /* by node id: the fan that a filter is part of */
} Gen;

/* A function of the module that is being written: its body so far. */
typedef struct GenFn {
  Gen *g;
  Buf *out;
  int indent;
  const char *fail;    /* label to jump to with `e` set; NULL where nothing may fail */
  bool fails;          /* a jump was emitted */
  uint32_t temps;
  const char *row;     /* "i": the row that c5[i] reads; NULL: no columns */
  struct GenVar { uint32_t var; const char *v, *n; struct GenVar *next; } *vars;
} GenFn;

/* A value in C: v an expression without side effects that may be repeated, n its null flag: NULL when
 * it is never null. */
typedef struct CVal { const char *v, *n; } CVal;

/* ---- types.c ---- */
const char *gen_ctype(Gen *g, const Type *t);          /* "int64_t", "FrtStr", "S3" */
const char *gen_type_desc(Gen *g, const Type *t);      /* "&t4": its FrtType */
const char *gen_elem_struct(Gen *g, const Type *elem); /* the C type of a nullable list element: { v, n } */
const char *gen_const_str(Gen *g, const char *text, size_t size); /* "k7": a static const FrtStr */
/* Writes `typedef struct name { body }`, a member a line: of a struct value, or of rows that rest in an operator
 * (`what` they are: "group"), whose size is asserted and whose layout `explain` shows. flags: members n<col> are null
 * flags. */
void gen_layout_struct(Gen *g, const char *name, const char *body);
void gen_held_struct(Gen *g, uint32_t node, const char *what, const char *name, const char *body, bool flags);
/* A struct of so many uint64_t as a type of members. */
void gen_layout_words(Gen *g, const char *name, uint32_t words);
/* A name for `text`, the same for the same text; *fresh says that it was not there. */
const char *gen_intern(Gen *g, const char *prefix, const char *text, bool *fresh);

/* ---- expr.c ---- */
const char *gen_printf(Gen *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gen_line(GenFn *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
CVal gen_expr(GenFn *f, const Expr *e);
/* e as the C condition "is true": null counts as false. */
const char *gen_cond(GenFn *f, const Expr *e);
/* Whether e needs cx->detail or can fail at all, in which case the caller makes a label. */
/* Declares the local pointers c5, n5 for the columns that the expressions read. */
typedef struct GenCols { uint8_t *seen; } GenCols;
void gen_declare_columns(GenFn *f, const Expr *const *exprs, uint32_t len, const ColId *more, uint32_t more_len);
/* Whether the rows that come to n are those of a scan. */
bool gen_in_scan(const Gen *g, const PlanNode *n);
/* Those of the columns that are late (Phys.late) get the values of the rows `sel`, `len`: for operators that phys_find_late lets
 * read them. */
void gen_late(GenFn *f, const Expr *const *exprs, uint32_t len, const ColId *more, uint32_t more_len, const char *sel, const char *n);
/* Makes sure that State has members for the arrays of col; scratch: and init allocates them. */
void gen_column_state(Gen *g, ColId col, bool scratch);
/* Behind it the operator may touch what workers share (Held), and depends on the order of rows: see FRT_TURN. As late in the
 * function as can be: what is before it runs in parallel. */
void gen_turn(GenFn *f);
/* State gets an array `name` with a place for each row of a block. */
void gen_array(Gen *g, const char *ctype, const char *name);
int gen_value_width(const Type *t);    /* bytes that its text takes at most; 0: depends on the value */

/* ---- rows.c, sinks.c, hold.c: an operator a function n<id>(cx, S, b, sel, n) ---- */
void gen_node(Gen *g, const PhysNode *pn);
/* ---- contract.c ---- */
/* gen_node, and op<id>_new and op<id>_free of an operator that holds rows. */
void gen_held_node(Gen *g, const PhysNode *pn);
bool gen_holds(const PlanNode *n);
/* What follows op<id> in the name of a function: "" is `_take` of those that hold rows. */
const char *gen_op_suffix(const PlanNode *n, const char *suffix);
/* ---- */
void gen_sink(Gen *g, const PhysNode *pn);
uint32_t gen_sink_index(const Gen *g, const PlanNode *n);
void gen_aggregate(Gen *g, const PhysNode *pn);
void gen_distinct(Gen *g, const PhysNode *pn);
void gen_sessionize(Gen *g, const PhysNode *pn);
void gen_window(Gen *g, const PhysNode *pn);
void gen_join(Gen *g, const PhysNode *pn);
/* One column becomes another name of the other. */
void gen_alias(GenFn *f, const PlanMade *m);
void gen_script(Gen *g, const PhysNode *pn);
void gen_plugin(Gen *g, const PhysNode *pn);
void gen_plugin_source(Gen *g, const PlanNode *n, uint32_t index);
CVal gen_plugin_call(GenFn *f, const Expr *e);
void gen_sort(Gen *g, const PhysNode *pn);
void gen_top(Gen *g, const PhysNode *pn);
void gen_rank(Gen *g, const PhysNode *pn);
void gen_union(Gen *g, const PhysNode *pn);
void gen_errors(Gen *g, const PhysNode *pn);
void gen_fn_open(GenFn *f, Gen *g, const PlanNode *n, const char *suffix);
void gen_fn_close(GenFn *f);
/* Calls the consumers of (node, port) with the selection; emits a return on failure. */
void gen_call_uses(GenFn *f, const PhysNode *pn, uint32_t port, const char *block, const char *sel, const char *n);
/* The number of a place that tests may reach, for frt_cover; the same for the same place. */
uint32_t gen_cover(Gen *g, Span span, const char *port);
void gen_count(GenFn *f, uint32_t op, const char *what, const char *n);
/* Text of value v (of type t) put at p for CSV or JSON. */
void gen_put_csv(GenFn *f, const Type *t, CVal v, const FrtSinkOptions *o);
void gen_put_json(GenFn *f, const Type *t, CVal v);

/* Rows that multiply (explode, unpivot, windows that overlap) get a block of their own: the columns that go on, the
 * function op<id>_flush(cx, S, up, m), and the copy of row i to place m of the new block, which is flushed when full. */
uint32_t gen_carried(Gen *g, const PlanNode *n, ColId **cols);
void gen_carry_flush(Gen *g, const PhysNode *pn, const ColId *cols, uint32_t len);
void gen_carry(GenFn *f, const PlanNode *n, const ColId *cols, uint32_t len);

/* ---- fan.c: filters side by side that ask for values of one expression ---- */
/* Finds them; before any node is written. */
void gen_fans(Gen *g);
/* Whether the filter has no function of its own: its rows are found by a fan. */
bool gen_in_fan(const Gen *g, const PlanNode *n);
/* Calls the consumers of such a filter, which is one itself of (node, port). */
void gen_call_fan(GenFn *f, const PhysNode *pn, const char *block, const char *sel, const char *n);

/* ---- scans.c, module.c ---- */
/* The C condition that takes behind pn have all the rows that they want, so that no other row of it is wanted; or NULL. */
const char *gen_all_taken(GenFn *f, const PhysNode *pn);
void gen_scan(Gen *g, const PhysNode *pn, uint32_t index);
/* The C text of the whole module. */
const char *gen_module(Arena *arena, const Phys *phys, size_t *size);

#endif
