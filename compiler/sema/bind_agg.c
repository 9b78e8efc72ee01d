/* bind_agg.c: aggregates and window functions: which arguments they take, and the type of the result.
 *
 * A result that needs a value (sum, min, ...) is null over no rows, so it is nullable, until
 * bind_aggregate_grouped says that every group has a row. */
#include <string.h>

#include "sema/expr_internal.h"

typedef enum ArgRule {
  ARG_NONE,        /* no argument */
  ARG_COUNT,       /* none, or any */
  ARG_ANY, ARG_SCALAR, ARG_SUM, ARG_FLOAT, ARG_BOOL, ARG_TEXT,
  ARG_BUCKETS      /* a constant */
} ArgRule;
typedef enum SecondRule { SECOND_NONE, SECOND_SHARE, SECOND_SCALAR, SECOND_TEXT, SECOND_ROWS } SecondRule;
typedef enum ResultRule { RESULT_I64, RESULT_SAME, RESULT_SUM, RESULT_AVG, RESULT_F64, RESULT_BOOL, RESULT_LIST,
                          RESULT_TEXT } ResultRule;
enum { IN_GROUPS = 1, IN_WINDOWS = 2 };

typedef struct AggSpec {
  const char *name;
  AggKind kind;
  ArgRule arg;
  SecondRule second;
  ResultRule result;
  int where;       /* IN_GROUPS, IN_WINDOWS */
} AggSpec;

static const AggSpec agg_specs[] = {
  {"count", AGG_COUNT, ARG_COUNT, SECOND_NONE, RESULT_I64, 3},
  {"count_distinct", AGG_COUNT_DISTINCT, ARG_SCALAR, SECOND_NONE, RESULT_I64, 1},
  {"sum", AGG_SUM, ARG_SUM, SECOND_NONE, RESULT_SUM, 3},
  {"avg", AGG_AVG, ARG_SUM, SECOND_NONE, RESULT_AVG, 3},
  {"min", AGG_MIN, ARG_SCALAR, SECOND_NONE, RESULT_SAME, 3},
  {"max", AGG_MAX, ARG_SCALAR, SECOND_NONE, RESULT_SAME, 3},
  {"first", AGG_FIRST, ARG_ANY, SECOND_NONE, RESULT_SAME, 3},
  {"last", AGG_LAST, ARG_ANY, SECOND_NONE, RESULT_SAME, 3},
  {"median", AGG_MEDIAN, ARG_FLOAT, SECOND_NONE, RESULT_F64, 1},
  {"quantile", AGG_QUANTILE, ARG_FLOAT, SECOND_SHARE, RESULT_F64, 1},
  {"stddev", AGG_STDDEV, ARG_FLOAT, SECOND_NONE, RESULT_F64, 1},
  {"variance", AGG_VARIANCE, ARG_FLOAT, SECOND_NONE, RESULT_F64, 1},
  {"mode", AGG_MODE, ARG_SCALAR, SECOND_NONE, RESULT_SAME, 1},
  {"any", AGG_ANY, ARG_BOOL, SECOND_NONE, RESULT_BOOL, 1},
  {"all", AGG_ALL, ARG_BOOL, SECOND_NONE, RESULT_BOOL, 1},
  {"arg_min", AGG_ARG_MIN, ARG_ANY, SECOND_SCALAR, RESULT_SAME, 1},
  {"arg_max", AGG_ARG_MAX, ARG_ANY, SECOND_SCALAR, RESULT_SAME, 1},
  {"list", AGG_LIST, ARG_ANY, SECOND_NONE, RESULT_LIST, 1},
  {"text_join", AGG_TEXT_JOIN, ARG_TEXT, SECOND_TEXT, RESULT_TEXT, 1},
  {"approx_distinct", AGG_APPROX_DISTINCT, ARG_SCALAR, SECOND_NONE, RESULT_I64, 1},
  {"approx_quantile", AGG_APPROX_QUANTILE, ARG_FLOAT, SECOND_SHARE, RESULT_F64, 1},
  {"row_number", AGG_ROW_NUMBER, ARG_NONE, SECOND_NONE, RESULT_I64, 2},
  {"rank", AGG_RANK, ARG_NONE, SECOND_NONE, RESULT_I64, 2},
  {"dense_rank", AGG_DENSE_RANK, ARG_NONE, SECOND_NONE, RESULT_I64, 2},
  {"ntile", AGG_NTILE, ARG_BUCKETS, SECOND_NONE, RESULT_I64, 2},
  {"lag", AGG_LAG, ARG_ANY, SECOND_ROWS, RESULT_SAME, 2},
  {"lead", AGG_LEAD, ARG_ANY, SECOND_ROWS, RESULT_SAME, 2}};

enum { AGG_SPECS = sizeof agg_specs / sizeof *agg_specs };

static const AggSpec *agg_find(const char *name) {
  for (size_t i = 0; i < AGG_SPECS; i++) {
    if (strcmp(agg_specs[i].name, name) == 0) return &agg_specs[i];
  }
  return NULL;
}

bool bind_is_aggregate(const char *name) { return agg_find(name) != NULL; }

/* ---- arguments ---- */

static bool agg_takes(ArgRule rule, const Type *t) {
  bool scalar = t->kind != TY_LIST && t->kind != TY_STRUCT;
  switch (rule) {
    case ARG_SCALAR: return scalar;
    case ARG_SUM: return type_is_numeric(t) || t->kind == TY_DURATION;
    case ARG_FLOAT: return type_is_numeric(t);
    case ARG_BOOL: return t->kind == TY_BOOL;
    case ARG_TEXT: return t->kind == TY_STRING || t->kind == TY_ENUM;
    case ARG_BUCKETS: return type_is_integer(t);
    default: return true;
  }
}

/* The aggregate of a plugin that is called; or NULL. */
static Symbol *agg_symbol(const Scope *s, const AstExpr *e) {
  bool call = e->kind == AST_CALL && s->module && (e->module.text || !agg_find(e->name.text));
  return call ? module_find(s->module, e->module.text, e->name.text, SYM_AGG) : NULL;
}

static bool agg_is_inner(Binder *b, const Scope *s, const AstExpr *e) {
  if (!agg_symbol(s, e) && (e->kind != AST_CALL || e->module.text || !agg_find(e->name.text))) return false;
  diag_report(b->diags, DIAG_E0419, e->span, "compute the inner one in an `aggregate` before", NULL);
  return true;
}

static Expr *agg_argument(Binder *b, const Scope *s, const AggSpec *spec, const AstExpr *e) {
  if (agg_is_inner(b, s, e)) return expr_error(b, e->span);
  Expr *x = bind_expr(b, s, e, NULL);
  if (expr_is_error(x)) return x;
  if (!agg_takes(spec->arg, x->type)) {
    diag_report(b->diags, DIAG_E0403, e->span, NULL, NULL, spec->name, type_text(b->arena, x->type));
    return expr_error(b, e->span);
  }
  bool single = x->type->kind == TY_F32 && spec->arg == ARG_SUM;
  if (spec->arg == ARG_FLOAT || single) return expr_cast(b, x, type_basic(TY_F64));
  return spec->arg == ARG_TEXT ? expr_cast(b, x, type_basic(TY_STRING)) : x;
}

static Expr *agg_must(Binder *b, const Expr *e, const char *what, const char *must) {
  diag_report(b->diags, DIAG_E0615, e->span, NULL, NULL, what, must);
  return expr_error(b, e->span);
}

static bool agg_reads_rows(const Expr *e) {
  if (e->kind == EX_COLUMN) return true;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    if (agg_reads_rows(e->arg[i])) return true;
  }
  return false;
}

/* A constant (over params too) of the type; checked where it is known. */
static Expr *agg_constant(Binder *b, const Scope *s, const AstExpr *e, const Type *t) {
  Expr *x = bind_expr(b, s, e, t);
  if (expr_is_error(x)) return x;
  if (!agg_reads_rows(x)) return expr_fold(b->arena, x);
  diag_report(b->diags, DIAG_E0416, e->span, NULL, NULL);
  return expr_error(b, e->span);
}

static Expr *agg_second(Binder *b, const Scope *s, const AggSpec *spec, const AstExpr *e) {
  Expr *x;
  switch (spec->second) {
    case SECOND_SHARE:
      x = agg_constant(b, s, e, type_basic(TY_F64));
      if (x->kind == EX_CONST && !expr_is_error(x) && !(x->value.f >= 0 && x->value.f <= 1)) {
        return agg_must(b, x, arena_printf(b->arena, "q of %s", spec->name), "between 0 and 1");
      }
      return x;
    case SECOND_TEXT: return agg_constant(b, s, e, type_basic(TY_STRING));
    case SECOND_ROWS:
      x = agg_constant(b, s, e, type_basic(TY_I64));
      if (x->kind == EX_CONST && !expr_is_error(x) && x->value.i < 0) {
        return agg_must(b, x, arena_printf(b->arena, "n of %s", spec->name), "at least 0");
      }
      return x;
    default:
      x = bind_expr(b, s, e, NULL);
      if (expr_is_error(x) || agg_takes(ARG_SCALAR, x->type)) return x;
      diag_report(b->diags, DIAG_E0403, e->span, NULL, NULL, spec->name, type_text(b->arena, x->type));
      return expr_error(b, e->span);
  }
}

static Expr *agg_buckets(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *x = agg_constant(b, s, e, type_basic(TY_I64));
  if (x->kind == EX_CONST && !expr_is_error(x) && x->value.i < 1) return agg_must(b, x, "n of ntile", "at least 1");
  return x;
}

static void agg_counts(const AggSpec *spec, uint32_t *least, uint32_t *most) {
  *least = spec->arg == ARG_NONE || spec->arg == ARG_COUNT ? 0 : 1;
  *most = spec->arg == ARG_NONE ? 0 : 1;
  if (spec->second == SECOND_NONE) return;
  *most = 2;
  if (spec->second != SECOND_ROWS) *least = 2;
}

/* Whether the result tells nothing of the values: counts and places. */
static bool agg_only_counts(AggKind k) {
  switch (k) {
    case AGG_COUNT: case AGG_COUNT_DISTINCT: case AGG_APPROX_DISTINCT: case AGG_ROW_NUMBER: case AGG_RANK:
    case AGG_DENSE_RANK: case AGG_NTILE: return true;
    default: return false;
  }
}

static bool agg_arguments(Binder *b, const Scope *s, const AggSpec *spec, const AstExpr *call, PlanAgg *out) {
  uint32_t least, most, len = 0;
  bool good = true;
  agg_counts(spec, &least, &most);
  for (const AstArg *a = call->args; a; a = a->next) len++;
  if (len < least || len > most) {
    const char *counts = arena_printf(b->arena, least == most ? "%u" : "%u or %u", least, most);
    diag_report(b->diags, DIAG_E0407, call->span, NULL, NULL, spec->name, counts, len);
    return false;
  }
  uint32_t i = 0;
  for (const AstArg *a = call->args; a; a = a->next, i++) {
    if (i == 1) out->arg[1] = agg_second(b, s, spec, a->value);
    else if (spec->arg == ARG_BUCKETS) out->arg[0] = agg_buckets(b, s, a->value);
    else out->arg[0] = agg_argument(b, s, spec, a->value);
    good &= !expr_is_error(out->arg[i]);
  }
  if (spec->second == SECOND_ROWS && len == 1) out->arg[1] = expr_int(b, 1, call->span);
  return good;
}

/* ---- results ---- */

/* The result but for its nullability. */
static const Type *agg_result(Binder *b, const AggSpec *spec, const Expr *x) {
  const Type *t = x ? type_null_if(b, x->type, false) : NULL;
  switch (spec->result) {
    case RESULT_SAME: return t;
    case RESULT_SUM:
      if (t->kind == TY_DECIMAL) return type_decimal(b->arena, 38, t->scale);
      return type_is_integer(t) ? type_basic(TY_I64) : t;
    case RESULT_AVG:
      if (t->kind == TY_DECIMAL) return type_decimal(b->arena, 38, t->scale + 6 <= 38 ? t->scale + 6 : 38);
      return t->kind == TY_DURATION ? t : type_basic(TY_F64);
    case RESULT_F64: return type_basic(TY_F64);
    case RESULT_BOOL: return type_basic(TY_BOOL);
    case RESULT_TEXT: return type_basic(TY_STRING);
    case RESULT_LIST: return type_list(b->arena, t);
    default: return type_basic(TY_I64);
  }
}

/* Whether the result is null over no value. */
static bool agg_needs_value(AggKind kind) {
  switch (kind) {
    case AGG_COUNT: case AGG_COUNT_DISTINCT: case AGG_APPROX_DISTINCT: case AGG_LIST: case AGG_ROW_NUMBER:
    case AGG_RANK: case AGG_DENSE_RANK: case AGG_NTILE: case AGG_PLUGIN: return false;
    default: return true;
  }
}

static bool agg_has_value(const PlanAgg *a) {
  if (a->fn == AGG_STDDEV || a->fn == AGG_VARIANCE || a->fn == AGG_LAG || a->fn == AGG_LEAD || a->where) return false;
  return !a->arg[0]->type->nullable && !(a->arg[1] && a->arg[1]->type->nullable);
}

void bind_aggregate_grouped(Binder *b, const PlanAgg *aggs, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) {
    Column *c = &b->plan->columns[aggs[i].col];
    if (agg_needs_value(aggs[i].fn) && agg_has_value(&aggs[i])) c->type = type_null_if(b, c->type, false);
  }
}

/* ---- aggregates of plugins ---- */

/* A struct of the arguments, each of the type that the plugin reads; nullable where it is null although that type has no `?`: such
 * rows are passed over. */
static Expr *agg_plugin_arguments(Binder *b, const Scope *s, const PluginAgg *p, const AstExpr *call) {
  uint32_t len = 0;
  bool good = true;
  for (const AstArg *a = call->args; a; a = a->next) len++;
  if (len != p->arg_len) {
    diag_report(b->diags, DIAG_E0407, call->span, NULL, NULL, p->name, arena_printf(b->arena, "%u", p->arg_len), len);
    return NULL;
  }
  StructField *fields = arena_alloc(b->arena, (len + 1) * sizeof *fields);
  Type *t = arena_alloc(b->arena, sizeof *t);
  Expr *r = expr_new(b->arena, EX_STRUCT, t, call->span, len);
  uint32_t i = 0;
  for (const AstArg *a = call->args; a; a = a->next, i++) {
    const Type *want = p->args[i];
    if (a->name.text && strcmp(a->name.text, p->arg_names[i])) {
      diag_report(b->diags, DIAG_E0408, a->name.span, NULL, arena_printf(b->arena, "here stands `%s`", p->arg_names[i]), p->name, a->name.text);
      good = false;
    }
    Expr *x = agg_is_inner(b, s, a->value) ? expr_error(b, a->value->span) : bind_inner(b, s, a->value, want);
    x = bind_widen(b, x, type_null_if(b, want, want->nullable || x->type->nullable));
    good &= !expr_is_error(x);
    r->arg[i] = x;
    fields[i] = (StructField){p->arg_names[i], x->type};
  }
  *t = (Type){.kind = TY_STRUCT, .fields = fields, .len = len};
  return good ? r : NULL;
}

static bool agg_bind_plugin(Binder *b, const Scope *s, const AstArg *a, Symbol *symbol, bool windowed, PlanAgg *out) {
  const AstExpr *e = a->value;
  if (!symbol_resolve(b, symbol)) return false;
  const PluginAgg *p = symbol->agg;
  *out = (PlanAgg){.fn = AGG_PLUGIN, .span = a->span, .plugin = p};
  out->arg[0] = agg_plugin_arguments(b, s, p, e);
  bool good = out->arg[0] != NULL;
  if (windowed) {
    diag_report(b->diags, DIAG_E0608, e->span, "aggregates of plugins stand in `aggregate` and `pivot`", NULL, p->name);
    good = false;
  }
  if (a->where) {
    out->where = bind_cond(b, s, a->where);
    good &= !expr_is_error(out->where);
  }
  if (!good) return false;
  const char *name = a->name.text ? a->name.text : symbol->name;
  out->col = plan_add_column(b->plan, name, p->result, a->name.text ? a->name.span : a->span);
  column_add_mask(b, out->col, mask_of_expr(b->plan, out->arg[0]));
  column_add_mask(b, out->col, mask_of_name(b, name));
  return true;
}

static bool agg_unknown_of_module(Binder *b, const Scope *s, const AstExpr *e) {
  Module *m = s->module ? module_named(s->module, e->module.text) : NULL;
  uint32_t len = 0;
  const char *const *names = m && m->plugin ? module_names(b, m, SYM_AGG, &len) : NULL;
  if (!names || !len || module_find(s->module, e->module.text, e->name.text, SYM_FN)) return false;
  AstName name = e->name;
  if (!name.span.end) name.span = e->span;
  diag_report(b->diags, DIAG_E0317, name.span, bind_hint_nearest(b, name.text, names, len), NULL, e->module.text, "aggregate", name.text);
  for (const AstArg *a = e->args; a; a = a->next) bind_inner(b, s, a->value, NULL);
  return true;
}

/* ---- the way in ---- */

static bool agg_unknown(Binder *b, const Scope *s, const AstExpr *e) {
  if (e->kind == AST_ERROR) return false;
  if (e->kind == AST_CALL && e->module.text && agg_unknown_of_module(b, s, e)) return false;
  bool call = e->kind == AST_CALL && !e->module.text;
  if (!call || function_find(e->name.text, 0) || bind_type_word(e->name.text) != TY_ERROR) {
    const char *text = bind_source(b, e->span), *hint = "one aggregate a column: compute with it in a `derive` behind";
    diag_report(b->diags, DIAG_E0418, e->span, hint, NULL, text);
    return false;
  }
  const char *names[AGG_SPECS];
  for (size_t i = 0; i < AGG_SPECS; i++) names[i] = agg_specs[i].name;
  const char *hint = bind_hint_nearest(b, e->name.text, names, AGG_SPECS);
  diag_report(b->diags, DIAG_E0303, e->name.span.end ? e->name.span : e->span, hint, NULL, e->name.text);
  for (const AstArg *a = e->args; a; a = a->next) bind_inner(b, s, a->value, NULL);
  return false;
}

bool bind_aggregate(Binder *b, const Scope *s, const AstArg *a, bool windowed, PlanAgg *out) {
  const AstExpr *e = a->value;
  const AggSpec *spec = e->kind == AST_CALL && !e->module.text ? agg_find(e->name.text) : NULL;
  Symbol *symbol = spec ? NULL : agg_symbol(s, e);
  if (symbol) return agg_bind_plugin(b, s, a, symbol, windowed, out);
  if (!spec) return agg_unknown(b, s, e);
  *out = (PlanAgg){.fn = spec->kind, .span = a->span};
  bool good = agg_arguments(b, s, spec, e, out);
  if (!(spec->where & (windowed ? IN_WINDOWS : IN_GROUPS))) {
    const char *hint = windowed ? NULL : "window functions stand in `rank ... over (...)`";
    diag_report(b->diags, windowed ? DIAG_E0608 : DIAG_E0418, e->span, hint, NULL, spec->name);
    good = false;
  }
  if (a->where) {
    out->where = bind_cond(b, s, a->where);
    good &= !expr_is_error(out->where);
  }
  if (!good) return false;
  const Type *t = type_null_if(b, agg_result(b, spec, out->arg[0]), agg_needs_value(spec->kind));
  const char *name = a->name.text ? a->name.text : spec->name;
  out->col = plan_add_column(b->plan, name, t, a->name.text ? a->name.span : a->span);
  for (int i = 0; i < 2 && !agg_only_counts(spec->kind); i++) column_add_mask(b, out->col, mask_of_expr(b->plan, out->arg[i]));
  column_add_mask(b, out->col, mask_of_name(b, name));
  if (windowed && spec->kind != AGG_LAG && spec->kind != AGG_LEAD) bind_aggregate_grouped(b, out, 1);
  return true;
}
