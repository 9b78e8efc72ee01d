/* sema_internal.h: what the files of sema share. bind_expr.c, bind_call.c, bind_agg.c and bind_type.c
 * type expressions; module.c keeps names; bind_stream.c, bind_op.c and bind_io.c make the plan. */
#ifndef FLOW_SEMA_INTERNAL_H
#define FLOW_SEMA_INTERNAL_H

#include "sema/sema.h"

typedef struct Module Module;
typedef struct Symbol Symbol;
typedef struct Binder Binder;

typedef enum SymKind { SYM_PARAM = 1, SYM_LET = 2, SYM_TYPE = 4, SYM_FN = 8, SYM_OP = 16, SYM_STREAM = 32, SYM_STEP = 64, SYM_SOURCE = 128,
                       SYM_AGG = 256 } SymKind;

typedef struct UserFn {            /* a user `fn`, its body bound once */
  const char *const *param_names;
  const Type *const *params;
  const uint32_t *vars;            /* the EX_VAR of each parameter in `body` */
  uint32_t len;
  const Type *result;
  Expr *body;                      /* cast to result; NULL when it has errors */
} UserFn;

struct Symbol {
  SymKind kind;
  const char *name;
  Span span;
  const AstStmt *stmt;
  Module *module;
  enum { SYM_NEW, SYM_BUSY, SYM_DONE } state;   /* BUSY while being bound: finds cycles */
  uint32_t param;                  /* SYM_PARAM: index into Plan.params */
  Expr *let;                       /* SYM_LET: constant expression */
  const Type *type;                /* SYM_TYPE that is a struct or an alias */
  UserFn *fn;                      /* SYM_FN */
  const PluginAgg *agg;            /* SYM_AGG */
  void *stream;                    /* SYM_STREAM: owned by bind_stream.c */
};

typedef struct PluginModule {      /* of a module that is a plugin */
  const char *file;                /* the shared object as found */
  const char *name, *version;
  uint64_t hash;                   /* of its description */
} PluginModule;

struct Module {                    /* a script or what it uses */
  const PluginModule *plugin;      /* or NULL */
  const AstScript *script;
  const char *path;
  Symbol **symbols;
  uint32_t symbol_len;
  struct { const char *alias; Module *module; } *uses;  /* alias NULL: names are in scope */
  uint32_t use_len;
  const char *externs;             /* of std/: its text, whose functions are in the catalogue; or NULL */
};

struct Binder {
  Arena *arena;
  Diags *diags;
  Plan *plan;
  const SemaOptions *options;
  Module *main;
  void *streams;                   /* owned by bind_stream.c */
  bool flow_broken;                /* of the flow that is being bound: see AstFlow.broken */
};

/* What an expression may see besides the names of its module. */
typedef struct Local { const char *name; uint32_t var; const Type *type; struct Local *next; } Local;
typedef struct Alias { const char *name; const AstExpr *value; const struct Scope *scope; struct Alias *next; } Alias;
typedef struct Scope {
  Module *module;
  const Schema *schema;            /* columns, or NULL where only constants are allowed */
  const char *stream;              /* for messages: "in `orders`" */
  const char *right_name;          /* in a join's `on`: the right stream's name, or NULL */
  const Schema *right;             /* and its columns: S.name */
  const Local *locals;             /* parameters of the fn that is being bound */
  const Alias *aliases;            /* arguments of the `op` that is being expanded: the name stands for the expression, bound in its scope */
} Scope;

/* ---- module.c ---- */
/* The symbol of one of the kinds (a mask) that `name` (in module `alias`, or NULL) means in m; NULL. */
Symbol *module_find(Module *m, const char *alias, const char *name, int kinds);
/* What `use ... as alias` brought; NULL. */
Module *module_named(Module *m, const char *alias);
/* Whether the file of the standard library declares a function of the catalogue. */
bool module_declares(const Module *m, const char *function);
/* All names of the kinds that are visible in m, for "did you mean". */
const char *const *module_names(Binder *b, Module *m, int kinds, uint32_t *len);
/* Binds the symbol if that has not been done (params, lets, types, fns): false when it is in a cycle or
 * has errors (reported). */
bool symbol_resolve(Binder *b, Symbol *s);

/* ---- plugin.c ---- */
/* Whether `use "..."` names a plugin: a shared object, and perhaps a range of versions. */
bool plugin_is_named(const char *use);
/* The plugin as a module: its description, parsed. NULL when it cannot be used (reported). */
Module *plugin_module(Binder *b, Module *from, const AstStmt *use);

/* ---- bind_type.c ---- */
/* A type as written; named struct types of the script are found. Errors are reported and give TY_ERROR. */
const Type *bind_type(Binder *b, Module *m, const AstType *t);
/* The AST of a row type: inline, or the type declaration of that name; NULL when `t` is not a row type
 * (reported). */
const AstType *bind_row_type(Binder *b, Module *m, const AstType *t);

/* ---- bind_expr.c ---- */
/* Types e. want: NULL, or the type that the context needs: literals take it, and the result is cast when
 * that loses nothing, else E-code at e. Never NULL: errors are reported once and give TY_ERROR. */
Expr *bind_expr(Binder *b, const Scope *s, const AstExpr *e, const Type *want);
/* As bind_expr with bool wanted; a null is allowed. */
Expr *bind_cond(Binder *b, const Scope *s, const AstExpr *e);
/* A constant over literals, lets and params (params allowed if `params`); folded as far as possible. */
Expr *bind_const(Binder *b, Module *m, const AstExpr *e, const Type *want, bool params);
/* The cast of e to type t if that widens; reports at e and returns an error expression if not. */
Expr *bind_widen(Binder *b, Expr *e, const Type *t);
/* The type that both widen to, or NULL. */
const Type *bind_common_type(Binder *b, const Type *x, const Type *y);
/* Finds a column by name (and qualifier, or NULL) in the scope; reports unknown ones with the nearest
 * name. NULL when not found. */
const SchemaColumn *bind_column(Binder *b, const Scope *s, AstName qualifier, AstName name);

/* `run.name`, a call of `run_name`; reported when the run has no such value. */
Expr *bind_run_value(Binder *b, Span span, AstName name);

/* ---- bind_mask.c ---- */
/* "hash", "redact", "partial", or NULL where nothing that e reads is masked. */
const char *mask_of_expr(const Plan *plan, const Expr *e);
/* The mask of columns of that name, by --mask or `option mask`; or NULL. */
const char *mask_of_name(Binder *b, const char *name);
/* Gives the column a mask where it has none. */
void column_add_mask(Binder *b, ColId col, const char *mask);
/* Reports patterns that are no regular expressions. */
void mask_check_patterns(Binder *b, const char *rules, Span span);

/* ---- bind_agg.c ---- */
/* An aggregate `name = f(x) [where P]`; the column is added to the plan. windowed: row_number and its kin
 * are allowed (rank). false on errors (reported). */
bool bind_aggregate(Binder *b, const Scope *s, const AstArg *a, bool windowed, PlanAgg *out);
/* For an aggregate with `by`: every group has a row, so results over arguments that are never null, without
 * `where`, become non-null. (Without `by` they stay nullable: no input gives one row of nulls.) */
void bind_aggregate_grouped(Binder *b, const PlanAgg *aggs, uint32_t len);

/* ---- ir/function.c: the catalogue ---- */
/* Reads the embedded stdlib declarations once a process. */
const Function *function_find(const char *name, uint32_t index); /* the overloads: index 0, 1, ...; NULL at the end */
const char *const *function_names(uint32_t *len);                /* builtins and aggregates included */

/* ---- ir/eval.c: folding and the reference interpreter ---- */
/* Replaces constant sub-expressions (no columns, params or vars) by their value where they do not
 * fail; keeps failing ones as they are. */
Expr *expr_fold(Arena *a, Expr *e);

#endif
