/* ast.h: the syntax tree of a script, as written: nothing is resolved here.
 *
 * All nodes live in the session's arena. Names are NUL-terminated, without their backquotes. Every
 * node has the span of its text. Lists are singly linked by `next` in script order. */
#ifndef FLOW_AST_H
#define FLOW_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "diag/diag.h"

typedef struct AstName {
  const char *text;
  Span span;
} AstName;

typedef struct AstExpr AstExpr;
typedef struct AstType AstType;
typedef struct AstOp AstOp;
typedef struct AstFlow AstFlow;
typedef struct AstArg AstArg;

typedef enum AstExprKind {
  AST_INT, AST_NUMBER,      /* text: digits without `_`; AST_NUMBER has a point or an exponent */
  AST_STRING,               /* text, len: the value, escapes done (also r"..." and """...""") */
  AST_FSTRING,              /* items: AST_STRING pieces and expressions; an expression's `text` is its format (".2") or NULL */
  AST_BOOL, AST_NULL,
  AST_DATE, AST_TIMESTAMP,  /* text as written, without the @ */
  AST_DURATION, AST_SIZE,   /* integer: microseconds, bytes */
  AST_PERCENT,              /* text: the number before the % */
  AST_NAME,                 /* name */
  AST_STAR,                 /* `*` in a select list */
  AST_LIST,                 /* items */
  AST_STRUCT,               /* args, all named */
  AST_CALL,                 /* name (module in `module` or NULL), args */
  AST_FIELD,                /* left . name */
  AST_INDEX,                /* left [ right ] */
  AST_UNARY,                /* op: '-' or AST_OP_NOT; left */
  AST_BINARY,               /* op; left, right */
  AST_IS_NULL, AST_IS_NOT_NULL, /* left */
  AST_IN,                   /* left in right */
  AST_IF,                   /* left: condition, right: then, third: else */
  AST_MATCH,                /* left: subject, arms */
  AST_ERROR                 /* what could not be parsed; binds to the error type silently */
} AstExprKind;

typedef enum AstOpCode {
  AST_OP_OR, AST_OP_AND, AST_OP_NOT, AST_OP_EQ, AST_OP_NE, AST_OP_LT, AST_OP_LE, AST_OP_GT, AST_OP_GE,
  AST_OP_MATCHES, AST_OP_COALESCE, AST_OP_ADD, AST_OP_SUB, AST_OP_MUL, AST_OP_DIV, AST_OP_FLOORDIV,
  AST_OP_MOD, AST_OP_NEG
} AstOpCode;

typedef struct AstArm {       /* patterns [if guard] => value; patterns NULL for `_` */
  AstExpr *patterns;          /* linked by next */
  AstExpr *guard;             /* or NULL */
  AstExpr *value;
  Span span;
  struct AstArm *next;
} AstArm;

struct AstExpr {
  AstExprKind kind;
  AstOpCode op;
  Span span;
  Span op_span;               /* of the operator or of the name in AST_FIELD */
  const char *text;
  uint32_t len;               /* bytes of text */
  uint32_t depth;             /* levels of expressions below */
  bool raw;                   /* AST_STRING written r"..." */
  int64_t integer;            /* AST_BOOL 0/1, AST_DURATION, AST_SIZE */
  AstName name, module;
  AstExpr *left, *right, *third;
  AstExpr *items;
  AstArg *args;
  AstArm *arms;
  AstExpr *next;
};

/* An argument, an assignment `a = e [where P]`, a select item, a struct member, an aggregate. */
struct AstArg {
  AstName name;               /* text NULL when positional */
  AstExpr *value;
  AstExpr *where;             /* aggregates, or NULL */
  Span span;
  AstArg *next;
};

typedef struct AstField {     /* a field of a row type or a struct type */
  AstName name;
  AstType *type;
  bool key;
  AstExpr *from;              /* linked AST_STRINGs (`from "A"` may be repeated or be a list), or NULL */
  AstExpr *format, *zone;     /* AST_STRING or NULL */
  AstExpr *dflt, *check;
  AstName mask;               /* "hash", "redact", "partial"; text NULL when none */
  Span span;
  struct AstField *next;
} AstField;

struct AstType {
  enum { AST_TYPE_NAME, AST_TYPE_LIST, AST_TYPE_STRUCT } kind;
  AstName name;               /* "i64", "decimal", "enum", or a type of the script */
  AstExpr *args;              /* decimal(12,2): AST_INTs; enum("a"): AST_STRINGs */
  AstType *elem;              /* list */
  AstField *fields;           /* struct */
  bool nullable;
  Span span;
};

/* on error ... */
typedef struct AstOnError {
  enum { AST_ON_NONE, AST_ON_PORT, AST_ON_FAIL, AST_ON_SKIP, AST_ON_NULL } kind;
  AstName port;
  enum { AST_LIMIT_NONE, AST_LIMIT_COUNT, AST_LIMIT_RATE, AST_LIMIT_IN_A_ROW } limit_kind;
  AstExpr *limit;             /* AST_INT or AST_PERCENT */
  AstExpr *retry;             /* retry N every D [factor F] [max D] */
  AstExpr *retry_every, *retry_factor, *retry_max;
  Span span;
} AstOnError;

typedef struct AstStreamRef { /* name or name.port */
  AstName name, port;         /* port.text NULL when none */
  Span span;
  struct AstStreamRef *next;
} AstStreamRef;

typedef struct AstSortKey {
  AstExpr *value;
  bool desc, nulls_first;
  struct AstSortKey *next;
} AstSortKey;

typedef struct AstNamePair { AstName left, right; AstType *type; Span span; struct AstNamePair *next; } AstNamePair;

typedef enum AstOpKind {
  AST_FILTER,     /* expr, else_port */
  AST_DERIVE, AST_SELECT,  /* args (AST_STAR as a positional value) */
  AST_DROP,       /* pairs: left */
  AST_RENAME,     /* pairs: left as right */
  AST_CAST,       /* pairs: left, type */
  AST_EXTRACT,    /* expr with regex (AST_STRING), else_port */
  AST_AGGREGATE,  /* args, by */
  AST_SORT,       /* keys */
  AST_TOP,        /* expr: N, keys, per (pairs: left) */
  AST_TAKE, AST_SKIP,      /* expr */
  AST_DISTINCT,   /* pairs: left, or none */
  AST_JOIN,       /* join, stream, on (linked exprs), within, else_port */
  AST_RANK,       /* args, by, keys, rows (expr or NULL) */
  AST_UNION,      /* streams; the incoming flow is the first */
  AST_ROUTE,      /* routes */
  AST_TEE,        /* chain */
  AST_TAP,        /* text: name, sample, seed, pairs: masked columns, limit, expr: where, expr2: every */
  AST_ASSERT,     /* expr, text */
  AST_SAMPLE,     /* expr, seed */
  AST_EXPLODE,    /* expr (a name or path), as_name */
  AST_PIVOT,      /* pairs: left (the enum column), expr: the aggregate call, by */
  AST_UNPIVOT,    /* pairs: columns, as_name, as_name2 */
  AST_WINDOW,     /* name: tumbling|hopping|session, expr (size), expr2 (hop or NULL), on, lateness, else_port */
  AST_SESSIONIZE, /* by names in pairs, on, expr: gap, as_name */
  AST_CALL_OP,    /* name, module, args; type: the fields of what is not an `op`, or NULL */
  AST_WRITE       /* name: format, args */
} AstOpKind;

typedef enum AstJoinKind {
  AST_JOIN_INNER, AST_JOIN_LEFT, AST_JOIN_RIGHT, AST_JOIN_FULL, AST_JOIN_SEMI, AST_JOIN_ANTI, AST_JOIN_ASOF,
  AST_JOIN_LOOKUP
} AstJoinKind;

typedef struct AstRoute { AstExpr *cond; /* NULL for else */ AstName port; Span span; struct AstRoute *next; } AstRoute;

struct AstOp {
  AstOpKind kind;
  Span span;                  /* from the operator's word to its end */
  Span word;                  /* the operator's word */
  AstExpr *expr, *expr2, *regex, *rows, *sample, *seed, *limit, *lateness, *within, *on_key;
  AstName name, module, as_name, as_name2, else_port;
  AstName on_column;
  const char *text;
  AstArg *args, *by;
  AstNamePair *pairs, *per;
  AstSortKey *keys;
  AstStreamRef *streams;
  AstRoute *routes;
  AstOp *chain;               /* tee */
  AstType *type;              /* call ... as T */
  AstJoinKind join;
  AstOnError on_error;
  AstOp *next;
};

typedef enum AstSourceKind { AST_SRC_READ, AST_SRC_TAIL, AST_SRC_VALUES, AST_SRC_RANGE, AST_SRC_EXEC, AST_SRC_LISTEN,
  AST_SRC_STREAM, AST_SRC_UNION } AstSourceKind;

struct AstFlow {
  AstSourceKind kind;
  AstName format;             /* read, tail: csv, jsonl, ..., or the source of a plugin, */
  AstName module;             /*   which `use ... as module` brought; text NULL: none */
  AstArg *args;               /* read, tail, range, exec */
  AstExpr *rows;              /* values: an AST_LIST of AST_STRUCTs */
  AstType *type;              /* as T, or NULL */
  AstOnError on_error;
  AstStreamRef *streams;      /* stream (one) or union */
  AstOp *ops;
  bool broken;                /* operators were left out after syntax errors: a column not found may be theirs */
  Span span;
};

typedef struct AstParamDecl { AstName name; AstType *type; struct AstParamDecl *next; } AstParamDecl;

typedef struct AstTestStep {
  enum { AST_GIVEN, AST_SET, AST_EXPECT_ROWS, AST_EXPECT_COUNT, AST_EXPECT_ERROR } kind;
  AstStreamRef *stream;       /* given, expect */
  AstName name;               /* set: the parameter */
  AstName format;             /* csv, jsonl */
  AstExpr *value;             /* the text, or the value */
  Span span;
  struct AstTestStep *next;
} AstTestStep;

typedef enum AstStmtKind {
  AST_USE,        /* value (AST_STRING), name: alias or none */
  AST_PARAM,      /* name, type, value or NULL, mask */
  AST_LET,        /* name, value */
  AST_TYPE,       /* name, type */
  AST_FN,         /* name, params, type, value */
  AST_EXTERN_FN,  /* name, params, type, value (AST_STRING: body or symbol), lang: "c" or "rt" */
  AST_OP_DEF,     /* name, params (type "column", or a type), chain */
  AST_DEFAULT,    /* on_error */
  AST_OPTION,     /* name, value */
  AST_STREAM,     /* name = flow */
  AST_ANON,       /* flow that ends in a sink */
  AST_TEST        /* value (AST_STRING), steps */
} AstStmtKind;

typedef struct AstStmt {
  AstStmtKind kind;
  AstName name, lang;
  const char *doc;            /* the comment directly above, without `# `, or NULL */
  AstExpr *value;
  AstType *type;
  AstParamDecl *params;
  AstOp *chain;
  AstFlow *flow;
  AstOnError on_error;
  AstTestStep *steps;
  AstName mask;
  Span span;
  struct AstStmt *next;
} AstStmt;

typedef struct AstScript {
  uint32_t file;
  const char *doc;            /* the comment at the head of the file, or NULL */
  AstStmt *stmts;
  bool broken;                /* parts were left out after syntax errors: a name not found may be theirs */
} AstScript;

#endif
