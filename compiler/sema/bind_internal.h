/* bind_internal.h: what the statement half of sema shares.
 *
 * A unit is a statement with a flow: a named stream or an anonymous flow. Units are bound once, when
 * they are first read or at the latest in script order, so that names may be used before their statement.
 * A chain is the end of a flow while its operators are being bound. Ports are known by name before
 * anything is bound (port_declare_all), and fed while units are bound. */
#ifndef FLOW_BIND_INTERNAL_H
#define FLOW_BIND_INTERNAL_H

#include "sema/sema_internal.h"

enum {
  LIMIT_STREAMS = 20000,   /* named streams and flows: names are searched one by one */
  LIMIT_COLUMNS = 1000000, /* columns of a script, made ones included: bounds memory */
  LIMIT_OPERATORS =
      100000,        /* operators of a script after expanding its `op`s: stops doubling chains */
  LIMIT_DEPTH = 200, /* ops in ops, modules in modules, names in names: bounds the stack */
  LIMIT_STREAM_DEPTH =
      2000, /* streams that are read before their statement, in a chain: bounds the stack */
  LIMIT_MODULES = 1000 /* files that `use` may bring in */
};

typedef enum UnitState { UNIT_NEW, UNIT_BUSY, UNIT_DONE } UnitState;

typedef struct Unit {
  const AstStmt *stmt;
  Module *module;
  const char *name;  /* "" for an anonymous flow */
  const char *label; /* the name, or "line 12": for the paths of cycles */
  Span span;
  uint32_t index; /* in script order */
  uint32_t feeds; /* ports fed so far: orders feeds within the unit */
  UnitState state;
  bool ended;          /* ends in a sink or a route: gives no rows */
  bool broken;         /* its operators, or those of a stream it reads, are not all there */
  PlanEdge result;     /* node NULL: ended, or errors were reported */
  int32_t errors_port; /* somebody reads `name.errors`: its error port; else -1 */
} Unit;

typedef struct PortFeed {
  PlanEdge edge;
  Unit *unit;
  uint32_t order;
  Span span;
} PortFeed;
typedef struct PortDecl {
  Unit *unit;
  uint32_t declared, fed;
} PortDecl;

typedef struct Port {
  const char *name;
  Span span;          /* where it is first named */
  bool of_rows;       /* fed by else or a route */
  int32_t error_port; /* fed by `on error`: index into Plan.error_ports; else -1 */
  Unit *error_unit;   /* the first that sends error rows */
  bool error_shared;  /* others do too, so `S.port` cannot tell them apart */
  bool read, busy;
  PortDecl *decls;
  uint32_t decl_len;
  PortFeed *feeds;
  uint32_t feed_len;
  PlanEdge merged; /* once somebody has read it as one stream */
} Port;

typedef struct Streams {
  Unit **units;
  uint32_t unit_len;
  Port **ports;
  uint32_t port_len;
  const char **stack; /* names that are being bound, for the path of a cycle */
  uint32_t stack_len;
  Symbol **symbols; /* params, lets, types, fns that are being bound */
  uint32_t symbol_len;
  Module **modules; /* all that are loaded; modules[0] is the script */
  uint32_t module_len;
  const AstOnError *dflt; /* `default on error`, or NULL */
  bool *by_default;       /* by node id: the policy came from `default on error` */
  uint32_t by_default_len;
  struct {
    const char *path;
    Span span;
  } * sinks; /* constant paths that are written */
  uint32_t sink_len;
  uint32_t walked; /* operators looked at while naming ports: bounds calls that double */
  const char *mask;  /* `option mask`: rules as those of --mask; or NULL */
  bool limit_reported;
  bool incomplete; /* the syntax had errors: what seems unknown may only be lost */
} Streams;

/* An `op` that is being expanded. */
typedef struct Expansion {
  const AstStmt *op;
  Module *module;             /* of the op */
  const AstExpr **values;     /* one a parameter */
  const AstOnError *on_error; /* of the call, or NULL */
  uint32_t depth;
  const struct Expansion *parent;
} Expansion;

typedef struct Chain {
  Binder *b;
  Unit *unit;
  const Expansion *expansion; /* or NULL */
  PlanEdge at;                /* node NULL: no more rows */
  const char *name;           /* the stream, for messages */
  bool ended;
  Span end; /* of the operator that ended it */
} Chain;

static inline Streams *streams_of(const Binder *b) { return b->streams; }

/* ---- bind_schema.c ---- */
const SchemaColumn *schema_find(const Schema *s, const char *name);
Schema schema_copy(Arena *a, const Schema *s, uint32_t room);
/* Adds a column, or replaces the one of that name in its place. `s` was made by schema_copy with room. */
void schema_put(Schema *s, const char *name, ColId col);
void schema_push(Schema *s, const char *name, ColId col, const char *qualifier);
/* "a, b, c" */
const char *schema_text(Arena *a, const Schema *s);
const char *schema_nearest(Binder *b, const Schema *s, const char *name);
ColId column_make(Binder *b, const char *name, const Type *type, Span span);
/* The same with the mask of the columns that `value` reads. */
ColId column_make_of(Binder *b, const char *name, const Type *type, Span span, const Expr *value);
Expr *expr_column(Binder *b, ColId col, Span span);
/* A value that can be known now: integers, durations, strings; NULL with a report when it is not constant. */
const Value *const_value(Binder *b, const Expr *e, const char *what);
/* "did you mean `x`?" or NULL. */
const char *hint_nearest(Binder *b, const char *name, const char *const *names, uint32_t len);
const char *source_text(Binder *b, Span span);
bool type_is_scalar(const Type *t);
/* Says that `what` is not built yet. */
void report_unbuilt(Binder *b, Span span, const char *what);

/* ---- bind_op.c ---- */
/* Adds a tap of that name that shows the rows of an edge (--tap of a stream or port). */
void tap_stream(Binder *b, const char *name, PlanEdge e);

/* ---- module.c ---- */
Module *module_new(Binder *b, const AstScript *script, const char *path);
void module_collect_symbols(Binder *b, Module *m);
/* Loads what the script uses and collects all names. False when something was reported. */
bool module_collect(Binder *b, const AstScript *script);

/* ---- ports.c ---- */
void port_declare_all(Binder *b);
Port *port_find(Binder *b, const char *name);
/* The next feed of the port: rows that leave by else or a route arm. */
void port_feed(Chain *c, AstName name, PlanEdge edge);
/* The port as one stream; node NULL when that was reported. */
PlanEdge port_edge(Binder *b, Port *p, const AstStreamRef *ref);
/* Only the rows that unit u sends there. */
/* Whether only `u` sends error rows to the port. */
bool port_errors_of(const Port *p, const Unit *u);
PlanEdge port_edge_of(Binder *b, Port *p, Unit *u, const AstStreamRef *ref);
/* All edges of the port, for a dead-letter sink: appended to *edges. */
void port_edges(Binder *b, Port *p, Unit *only, Span span, PlanEdge **edges, uint32_t *len);
PlanEdge error_port_edge(Binder *b, int32_t port);
/* ---- bind_policy.c ---- */
/* Sets n->policy, once its expressions are there: its own `on error`, else that of the call, of
 * `S.errors`, of the script, else fail. */
void policy_apply(Chain *c, PlanNode *n, const AstOnError *own);
/* Whether a column that fails in this operator becomes null. */
bool policy_gives_null(const Chain *c, const AstOnError *own);

/* ---- bind_stream.c ---- */
void unit_bind(Binder *b, Unit *u);
/* What a stream reference means; node NULL when that was reported. *name: what to call it. */
PlanEdge stream_edge(Chain *c, const AstStreamRef *ref, const char **name);
void stream_cycle(Binder *b, Span span, const char *name);
bool stack_push(Binder *b, Span span, const char *name);
void stack_pop(Binder *b);
/* One node that joins several edges by column name; the first gives the order. */
typedef struct UnionInput {
  PlanEdge edge;
  const char *name;
  Span span;
} UnionInput;
PlanEdge union_edges(Binder *b, const char *stream, const UnionInput *in, uint32_t len, Span span,
                     const char *port);

/* ---- bind_op.c ---- */
void chain_ops(Chain *c, const AstOp *ops);
const Schema *chain_schema(const Chain *c);
const Scope *chain_scope(Chain *c);
const Scope *
chain_scope_of(Chain *c, const Schema *schema); /* the same names over other columns; NULL: none */
AstName chain_name(const Chain *c, AstName name); /* through the parameters of `op`s */
Module *chain_module(const Chain *c);
const SchemaColumn *chain_column(Chain *c, AstName name); /* reports unknown ones */
/* Adds a node behind the chain's end; the schema of out[0] is that of its input. */
PlanNode *chain_node(Chain *c, const AstOp *op, PlanKind kind, uint32_t in_len, uint32_t out_len);
void chain_else(Chain *c, PlanNode *n, AstName port,
                const Schema *schema); /* out[1] -> port, if it is named */
/* An integer of at least `least`; over params and constants. */
Expr *chain_count(Chain *c, const AstExpr *e, int64_t least, const char *what);
/* A constant duration in microseconds, more than 0 (or 0 where allowed); 0 when reported. */
int64_t chain_duration(Chain *c, const AstExpr *e, bool zero, const char *what);
/* A share between 0 and 1. */
double chain_share(Chain *c, const AstExpr *e, const char *what);

/* one a kind of operator */
void op_map(Chain *c, const AstOp *op); /* bind_map.c: derive, select, drop, rename, cast */
void op_explode(Chain *c, const AstOp *op);
void op_unpivot(Chain *c, const AstOp *op);
void op_extract(Chain *c, const AstOp *op);   /* bind_extract.c */
void op_aggregate(Chain *c, const AstOp *op); /* bind_hold.c */
void op_pivot(Chain *c, const AstOp *op);
void op_rank(Chain *c, const AstOp *op);
void op_sort(Chain *c, const AstOp *op);
void op_top(Chain *c, const AstOp *op);
void op_distinct(Chain *c, const AstOp *op);
void op_window(Chain *c, const AstOp *op);
void op_sessionize(Chain *c, const AstOp *op);
void op_join(Chain *c, const AstOp *op); /* bind_join.c */
void op_call(Chain *c, const AstOp *op); /* bind_expand.c */
void op_js(Chain *c, const AstOp *op);   /* bind_js.c */
/* The ports that a call of js or of a plugin's step names: linked AST_NAMEs, or NULL. */
const AstExpr *call_ports(const AstOp *op);
void op_plugin(Chain *c, const AstOp *op, const Symbol *step); /* bind_plugin.c */
PlanEdge source_plugin(Chain *c, const AstFlow *f, const Symbol *source);
void op_write(Chain *c, const AstOp *op, const PlanEdge *edges,
              uint32_t len); /* bind_write.c; edges NULL: the chain's end */

/* ---- bind_io.c, bind_read.c, bind_values.c ---- */
PlanEdge source_edge(Chain *c, const AstFlow *f);
PlanEdge source_read(Chain *c, const AstFlow *f);
PlanEdge source_tail(Chain *c, const AstFlow *f);
PlanEdge source_exec(Chain *c, const AstFlow *f);
PlanEdge source_values(Chain *c, const AstFlow *f);
/* The word behind `mask`, or NULL; an unknown one is reported. */
const char *field_mask(Chain *c, const AstField *a);
/* The constant of `default`, of the field's type; NULL without one. */
Expr *field_default(Chain *c, const AstField *a, const Type *t);
/* Binds the `check` of each field over the columns of `schema`. */
void fields_check(Chain *c, const AstField *ast, PlanRead *r, const Schema *schema);
PlanEdge source_range(Chain *c, const AstFlow *f);

/* An option of a reader or a sink, as a table tells. */
typedef enum OptionKind {
  OPTION_BOOL,
  OPTION_BYTE,
  OPTION_TEXT,
  OPTION_TEXTS,
  OPTION_COUNTS,
  OPTION_COUNT,
  OPTION_TIME,
  OPTION_WORD
} OptionKind;
typedef struct OptionSpec {
  const char *name;
  OptionKind kind;
  const char *const *words; /* OPTION_WORD: the index is the value; NULL at the end */
} OptionSpec;
typedef struct OptionValue {
  bool given;
  Span span;
  int64_t number; /* bool, byte, count, word, microseconds */
  FrtStr text;
  FrtStr *texts;
  int64_t *numbers;
  uint32_t len;
} OptionValue;
/* Reads the arguments behind the path by the table; out has one item a spec. Unknown ones are reported. */
void options_bind(Chain *c, const AstArg *args, const OptionSpec *specs, uint32_t len,
                  OptionValue *out, const char *format);
/* The first positional argument, or NULL (reported); more of them are reported. */
const AstExpr *options_path(Chain *c, const AstArg *args, Span span, const char *format);

/* ---- finish.c ---- */
/* Warns about what reaches no sink, drops it, puts the nodes in order and numbers them. */
void plan_finish(Binder *b);

#endif
