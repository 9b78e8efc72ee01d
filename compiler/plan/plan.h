/* plan.h: the logical plan, a DAG of operators with ports.
 *
 * sema builds it, opt rewrites it, phys and codegen read it. A node has one main output (port 0) and
 * further outputs for `else` ports and route arms. A stream with several consumers is one edge used
 * several times. Columns have identities (ColId) that survive select, rename and filter: a schema
 * gives them names. Everything lives in the session's arena. */
#ifndef FLOW_PLAN_H
#define FLOW_PLAN_H

#include "ir/expr.h"

typedef struct Column {         /* one a produced column; index = ColId */
  const char *name;             /* where it was made: for messages */
  const Type *type;
  const char *mask;             /* "hash", "redact", "partial" or NULL */
  Span span;
} Column;

typedef struct SchemaColumn {
  const char *name;
  ColId col;
  const char *qualifier;        /* the stream it came from by a join: `dept` in dept.name; or NULL */
} SchemaColumn;

typedef struct Schema {
  SchemaColumn *cols;
  uint32_t len;
} Schema;

typedef struct PlanNode PlanNode;
typedef struct PlanEdge { PlanNode *node; uint32_t port; } PlanEdge;
typedef struct PlanOutput {
  const char *name;             /* "" for the main output, else the name of the port */
  Schema schema;
} PlanOutput;

typedef enum PlanKind {
  PLAN_READ,       /* read: columns of the file's type; check expressions */
  PLAN_VALUES,     /* values */
  PLAN_RANGE,      /* range */
  PLAN_ERRORS,     /* the error rows of a port: error_port */
  PLAN_FILTER,     /* cond; out[1] when there is an else port */
  PLAN_MAP,        /* derive, select, drop, rename, cast: `made` columns, then the new schema */
  PLAN_EXTRACT,    /* extract */
  PLAN_ROUTE,      /* conds[i] -> out[i + 1]; cond NULL for else */
  PLAN_ASSERT,     /* cond, text */
  PLAN_TAKE, PLAN_SKIP, /* count */
  PLAN_SAMPLE,     /* rate, seed */
  PLAN_EXPLODE,    /* cond: the list; made[0].col: the element */
  PLAN_UNPIVOT,    /* unpivot */
  PLAN_UNION,      /* several in; union_cols */
  PLAN_TAP,        /* tap */
  PLAN_SCRIPT,     /* call js(...): script; captures: the fields; out[1..]: script->ports, then the else port */
  PLAN_PLUGIN,     /* call of a plugin's step: plugin; unpivot_cols: its inputs; captures: its outputs; out[1..]: ports */
  PLAN_AGGREGATE,  /* aggs, by (made) */
  PLAN_SORT, PLAN_TOP, PLAN_DISTINCT, PLAN_JOIN, PLAN_RANK, PLAN_PIVOT, PLAN_WINDOW, PLAN_SESSIONIZE,
  PLAN_WRITE       /* sink; no output. A dead-letter sink may have several inputs of any schema */
} PlanKind;

typedef struct PlanMade { ColId col; Expr *value; } PlanMade;

/* Aggregate functions. Declared as `extern agg fn` in stdlib for their docs; typed by the binder. */
typedef enum AggKind {
  AGG_COUNT, AGG_COUNT_DISTINCT, AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX, AGG_FIRST, AGG_LAST, AGG_MEDIAN,
  AGG_QUANTILE, AGG_STDDEV, AGG_VARIANCE, AGG_MODE, AGG_ANY, AGG_ALL, AGG_ARG_MIN, AGG_ARG_MAX, AGG_LIST,
  AGG_TEXT_JOIN, AGG_APPROX_DISTINCT, AGG_APPROX_QUANTILE,
  AGG_PLUGIN,      /* PlanAgg.plugin; arg[0] is a struct of its arguments */
  /* window functions of rank */
  AGG_ROW_NUMBER, AGG_RANK, AGG_DENSE_RANK, AGG_NTILE, AGG_LAG, AGG_LEAD
} AggKind;

typedef struct PluginAgg {
  const char *file, *name;      /* the shared object as found; "geo.hull" */
  uint64_t hash;                /* of its description */
  uint32_t index;               /* in its table */
  uint32_t size, align;         /* of its state */
  const char *const *arg_names;
  const Type *const *args;
  uint32_t arg_len;
  const Type *result;
} PluginAgg;

typedef struct PlanAgg {
  ColId col;                    /* its result */
  AggKind fn;
  Expr *arg[2];                 /* NULL where absent (count()) */
  Expr *where;                  /* or NULL */
  const PluginAgg *plugin;      /* AGG_PLUGIN */
  Span span;
} PlanAgg;

typedef struct PlanSortKey { Expr *value; bool desc, nulls_first; } PlanSortKey;

typedef enum PlanJoinKind { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL, JOIN_SEMI, JOIN_ANTI, JOIN_ASOF, JOIN_LOOKUP } PlanJoinKind;

typedef struct PlanPolicy {
  uint32_t kind;                /* FRT_POLICY_* */
  int32_t port;                 /* index into Plan.error_ports, or -1 */
  uint32_t limit_kind;          /* FRT_LIMIT_* */
  double limit;
  uint32_t retries;
  int64_t retry_every_us, retry_max_us;
  double retry_factor;
} PlanPolicy;

typedef struct PlanField {      /* a column of a file's type */
  ColId col;
  const char *name;
  const char *const *from;      /* other names in the file */
  uint32_t from_len;
  const char *format, *zone;    /* or NULL */
  Expr *dflt;                   /* a constant expression (params allowed), or NULL */
  Expr *check;                  /* over the columns of the read, or NULL */
  const char *check_text;       /* as written, for the message */
  bool key;
  uint32_t width;               /* fixed */
} PlanField;

typedef struct PlanRead {
  FrtScanOptions options;       /* format, dialect, contract */
  Expr *path;                   /* a string expression over params and constants */
  PlanField *fields;
  uint32_t field_len;
  const char *type_name;        /* of the script, or NULL */
  bool inferred;
} PlanRead;

typedef struct PlanSink {
  FrtSinkOptions options;
  Expr *path;                   /* may read columns when partitioned; those are made safe for paths */
  bool partitioned;
} PlanSink;

typedef struct PlanScript {     /* JavaScript */
  const char *file, *source;    /* as written; the whole text */
  size_t size;
  const char *const *ports;     /* for route.send */
  uint32_t port_len;
  int64_t row_us, memory;       /* limits */
} PlanScript;

typedef struct PlanPlugin {     /* a step of a plugin: its inputs are unpivot_cols, its outputs captures; or a source (PLAN_VALUES) */
  const char *file, *name;      /* the shared object; "geo.near" */
  uint64_t hash;                /* of the description that it was bound by */
  uint32_t index;               /* of the step in its table */
  const char *const *in_names;
  Expr **config;                /* constants over parameters */
  uint32_t config_len;
  const uint32_t *port_out;     /* of each port of the step: the output that it feeds; 0: nobody asked for it */
  uint32_t port_len;
  bool isolate;
  int64_t time_us, memory, restarts;
} PlanPlugin;

struct PlanNode {
  PlanKind kind;
  uint32_t id;                  /* the operator number: n3 in explain, in generated C and in messages */
  Span span;
  const char *word;             /* as the user wrote it: "derive", "lookup" */
  const char *stream;           /* the named stream that it stands in; or "" */
  PlanEdge *in;
  uint32_t in_len;
  PlanOutput *out;
  uint32_t out_len;
  PlanPolicy policy;
  PlanMade *made;               /* new columns, in order; later ones may read earlier ones */
  uint32_t made_len;
  Expr *cond;
  const char *text;             /* assert: the message; extract: the pattern */
  uint32_t text_len;            /* extract: bytes of the pattern, which may hold NUL */
  Expr *path;
  Expr **conds;                 /* route */
  uint32_t conds_len;
  Expr *count;                  /* take, skip, top: an integer over params and constants; range: rows */
  double rate;                  /* sample, tap */
  uint64_t seed, limit;         /* sample; tap (~0: none) */
  PlanRead *read;
  PlanSink *sink;
  PlanScript *script;
  PlanPlugin *plugin;
  Expr **rows;                  /* values: row-major, field_len expressions a row */
  uint32_t rows_len;
  ColId *captures;              /* extract: one a named group, in order of the groups; script: the fields; */
  const uint32_t *groups;       /*   and the number of each group in the pattern */
  uint32_t capture_len;
  ColId **union_cols;           /* union_cols[i][k]: the column of input i that is output column k; of a
                                   join: UINT32_MAX where that side has none; both sides for the keys of
                                   right and full joins. Left columns keep their identity but there */
  ColId *unpivot_cols;          /* plugin: its inputs; unpivot: made[0] the name, made[1] the value */
  uint32_t unpivot_len;
  const char **masked;          /* tap: per column of the schema how it is masked, or NULL; cond: rows shown */
  uint64_t every;               /* tap: each n-th row; 0: all */
  bool tap_off;                 /* tap: nobody asks for it, so that it reads no column */
  bool tap_live;                /* tap: shows what is read behind it, and asks for no column of its own */
  uint32_t error_port;          /* errors: index into Plan.error_ports */
  PlanAgg *aggs;                /* aggregate, rank, pivot */
  uint32_t agg_len;
  PlanSortKey *keys;            /* sort, top, rank */
  uint32_t key_len;
  ColId *by;                    /* aggregate: = made cols; distinct, top per, rank by, sessionize by */
  uint32_t by_len;
  PlanJoinKind join;            /* in[0] left, in[1] right */
  Expr **left_keys, **right_keys;
  uint32_t join_key_len;
  Expr *left_time, *right_time; /* asof */
  bool asof_later, asof_strict; /* < or <=, else > or >=; strict: an equal time does not match */
  int64_t within_us;
  bool right_keyed;             /* lookup: the right side's type has `key`: first wins */
  Expr *frame;                  /* rank: rows n, or NULL */
  const char *window;           /* "tumbling", "hopping", "session" */
  int64_t size_us, hop_us, lateness_us, gap_us;
  ColId time_col;
};

typedef struct PlanErrorPort {
  const char *name;
  Span span;
  PlanNode *node;               /* the PLAN_ERRORS node; NULL while nobody reads it */
} PlanErrorPort;

typedef struct PlanParam {
  const char *name, *doc;
  const Type *type;
  Expr *dflt;                   /* constant, over earlier params; or NULL: required */
  const char *dflt_text;        /* as written */
  const char *mask;
  Span span;
} PlanParam;

/* What a test may reach: a port of an operator, an arm of a `match`. */
typedef struct PlanCover {
  Span span;
  const char *port;             /* NULL: an arm */
} PlanCover;

typedef struct Plan {
  Arena *arena;
  Diags *diags;
  Column *columns;
  uint32_t column_len;
  PlanNode **nodes;             /* in topological order; index is not the id */
  uint32_t node_len;
  PlanErrorPort *error_ports;
  uint32_t error_port_len;
  PlanParam *params;
  uint32_t param_len;
  const uint8_t *checked;       /* by ColId: the script uses the column; set before the optimiser runs (phys.h) */
  uint32_t checked_len;
  uint32_t var_len;             /* EX_LET variables in use */
  uint32_t next_id;
  const char *script;           /* path as given */
  const char *doc;
  uint64_t script_hash;
  bool coverage;                /* the module says which of `covers` rows have reached: frt_cover */
  struct PlanCover *covers;     /* made by codegen */
  uint32_t cover_len;
  bool replay;                  /* rows ask at each edge whether they may go on: frt_replay_gate */
} Plan;

PlanNode *plan_add(Plan *p, PlanKind kind, Span span, uint32_t in_len, uint32_t out_len);
/* A node that is not in the plan yet, for plan_insert: at place `at` of the nodes (the binder adds, passes insert). */
PlanNode *plan_make(Plan *p, PlanKind kind, Span span, uint32_t in_len, uint32_t out_len);
void plan_insert(Plan *p, uint32_t at, PlanNode *n);
ColId plan_add_column(Plan *p, const char *name, const Type *type, Span span);
/* Verifies: acyclic and in order, edges meet ports that exist, every expression has a type and reads only
 * columns of its input. Returns NULL, or what is broken (a bug of the compiler). */
const char *plan_verify(const Plan *p);
/* The plan as text, one line a node, for --dump and golden tests. */
void plan_print(const Plan *p, FILE *out);

#endif
