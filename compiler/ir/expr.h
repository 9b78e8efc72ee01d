/* expr.h: typed expressions. The binder makes them, the optimiser rewrites them, codegen prints
 * them as C, and the reference interpreter evaluates them. All live in the session's arena. Nodes
 * are immutable once the binder is done, except in optimiser passes that own a copy.
 *
 * Everything implicit is explicit here: each widening is an EX_CAST, each `match`, `in`, nullif,
 * clamp, least and greatest is spelled with EX_LET, EX_IF and comparisons, each user function is
 * inlined with EX_LET for its arguments (evaluated once, before the body). */
#ifndef FLOW_IR_EXPR_H
#define FLOW_IR_EXPR_H

#include "diag/diag.h"
#include "flowrt.h"
#include "ir/type.h"

typedef uint32_t ColId;           /* index into Plan.columns: one a produced column, renamed or not */

typedef enum ExprKind {
  EX_CONST,      /* value */
  EX_COLUMN,     /* col */
  EX_PARAM,      /* index into Plan.params */
  EX_VAR,        /* var: bound by an EX_LET around it */
  EX_LET,        /* var, arg[0]: its value, arg[1]: the body */
  EX_NEG,        /* numbers and durations; operand and result of one type */
  EX_ADD, EX_SUB,/* operands and result of one type (integers, floats, equal-scale decimals); or
                    timestamp/date/time +- duration, timestamp - timestamp, date - date (duration),
                    duration +- duration; EX_ADD of strings concatenates */
  EX_MUL,        /* one integer or float type; decimals of any scales (result scale is their sum);
                    duration * i64 */
  EX_DIV,        /* floats (integers were cast to f64; arg[1] an EX_CAST of an integer keeps the zero
                    check: `checked_zero`); decimals of any scales, result scale given by type */
  EX_FLOORDIV, EX_MOD, /* one integer type, or equal-scale decimals (result: same scale), or floats */
  EX_EQ, EX_NE, EX_LT, EX_LE, EX_GT, EX_GE, /* operands of one type, nullability aside; result bool,
                    nullable if an operand is; null when an operand is null. Enums compare by declared order
                    for < and >, strings by code point */
  EX_AND, EX_OR, EX_NOT, /* three-valued */
  EX_IS_NULL,    /* arg[0] */
  EX_COALESCE,   /* arg[0] unless it is null, else arg[1]; one type, nullability aside */
  EX_IF,         /* arg[0] condition (null is false), arg[1], arg[2]: types equal to the result's,
                    nullability aside */
  EX_TRY,        /* arg[0]; null when it fails */
  EX_CAST,       /* arg[0] to `type`; fails when the value does not fit. `widening`: cannot fail */
  EX_CALL,       /* fn, args; null when a non-nullable parameter of fn gets a null argument */
  EX_CONCAT,     /* f-strings: args, each of any scalar type; formats[i] is NULL or ".2" */
  EX_FIELD,      /* member `index` of the struct arg[0]; null when the struct is */
  EX_INDEX,      /* arg[0][arg[1]]; from the end when negative; fails when out of range */
  EX_STRUCT,     /* args in the order of the type's fields */
  EX_LIST        /* args */
} ExprKind;

typedef struct Value {            /* a constant, or an interpreter's value */
  bool is_null;
  int64_t i;                      /* bool, integers (u64: same bits), dates, times, enum index, narrow decimals */
  FrtI128 d;                      /* wide decimals */
  double f;                       /* floats */
  FrtStr s;                       /* string, bytes */
  FrtUuid u;
  const struct Value *items;      /* list elements, struct members */
  uint32_t len;
} Value;

/* A function of the catalogue, declared in stdlib. */
typedef struct Function Function;

typedef struct Expr Expr;
struct Expr {
  ExprKind kind;
  const Type *type;
  Span span;
  Expr **arg;
  uint32_t arg_len;
  Value value;                    /* EX_CONST */
  ColId col;                      /* EX_COLUMN */
  uint32_t var;                   /* EX_VAR, EX_LET: unique in the script */
  uint32_t index;                 /* EX_PARAM, EX_FIELD */
  const Function *fn;             /* EX_CALL */
  const char *const *formats;     /* EX_CONCAT */
  bool widening;                  /* EX_CAST */
  bool checked_zero;              /* EX_DIV of integers: a zero divisor is an error */
  bool revealed;                  /* reveal(x): the masks of x end here */
  Span arm;                       /* it is the value of this arm of a `match`; end 0: it is not */
  bool literal;                   /* a number literal (or its negation): may still take another type */
};

/* How generated C calls a function of the runtime (see stdlib/README.md for the declarations):
 *   value   T symbol(FrtCtx *, args...)
 *   status  int symbol(FrtCtx *, T *out, args...)   FRT_OK, FRT_NULL, or an error code
 * A constant regular expression or format string is passed as the address of a prepared object. */
struct Function {
  const char *name, *symbol;
  const char *doc;
  const Type *const *params;
  const char *const *param_names;
  uint32_t param_len;
  const Type *result;             /* nullable: the function may return FRT_NULL */
  bool status, fails;
  bool prepared[8];               /* parameter i is prepared at start: see `prepare` */
  const char *prepare[8];         /* symbol that prepares it: int symbol(FrtCtx *, const void **out, FrtStr text) */
  bool pure;                      /* same arguments, same result: may be folded */
  const char *c_body;             /* `extern c fn`: the C text of its body, which goes into the module; else NULL */
  Span c_span;                    /* and where it stands */
  const struct PluginFn *plugin;  /* a function of a plugin; else NULL */
};

typedef struct PluginFn {
  const char *file, *name;        /* the shared object as found; "geo.km" */
  uint64_t hash;                  /* of its description */
  uint32_t index;                 /* in its table */
} PluginFn;

Expr *expr_new(Arena *a, ExprKind kind, const Type *type, Span span, uint32_t arg_len);
bool expr_can_fail(const Expr *e);
/* Calls visit for each column that e reads. */
void expr_columns(const Expr *e, void (*visit)(void *env, ColId col), void *env);
/* The expression as text, for explain, golden prints and error messages. */
struct Plan;
const char *expr_text(Arena *a, const struct Plan *plan, const Expr *e);

#endif
