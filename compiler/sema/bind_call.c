/* bind_call.c: calls. User functions are inlined: each argument becomes an EX_LET, the body is copied
 * with fresh variables. Library functions are chosen among their overloads by the least cost: the same
 * type costs nothing, a literal that adapts 1, a widening more the further it goes. */
#include <string.h>

#include "sema/expr_internal.h"

enum {
  INLINE_NODES_MAX = 100000,    /* of one call: functions that call functions twice double at each level */
  COST_NEVER = 1 << 20
};

/* ---- user functions ---- */

typedef struct Copy {
  Binder *b;
  uint32_t *from, *to;          /* variables that were renamed */
  uint32_t len, nodes;
  const Expr *const *args;      /* the names of parameters; fn->vars */
  const UserFn *fn;
} Copy;

static Expr *copy_expr(Copy *c, const Expr *e) {
  Arena *a = c->b->arena;
  if (++c->nodes > INLINE_NODES_MAX) return expr_error(c->b, e->span);
  if (e->kind == EX_VAR) {
    for (uint32_t i = 0; i < c->fn->len; i++) {
      if (c->fn->vars[i] == e->var) return (Expr *)c->args[i];
    }
  }
  Expr *r = arena_alloc(a, sizeof *r);
  *r = *e;
  if (e->kind == EX_VAR || e->kind == EX_LET) {
    uint32_t i = 0;
    while (i < c->len && c->from[i] != e->var) i++;
    if (i == c->len && e->kind == EX_LET) {
      c->from = arena_grow(a, c->from, c->len, sizeof *c->from);
      c->to = arena_grow(a, c->to, c->len, sizeof *c->to);
      c->from[c->len] = e->var;
      c->to[c->len++] = c->b->plan->var_len++;
    }
    if (i < c->len) r->var = c->to[i];
  }
  if (!e->arg_len) return r;
  r->arg = arena_alloc(a, e->arg_len * sizeof *r->arg);
  for (uint32_t i = 0; i < e->arg_len; i++) r->arg[i] = copy_expr(c, e->arg[i]);
  return r;
}

static const char *user_signature(Binder *b, const Symbol *sym) {
  const UserFn *f = sym->fn;
  const char *text = arena_printf(b->arena, "%s(", sym->name);
  for (uint32_t i = 0; i < f->len; i++) {
    text = arena_printf(b->arena, "%s%s%s: %s", text, i ? ", " : "", f->param_names[i], type_text(b->arena, f->params[i]));
  }
  return arena_printf(b->arena, "%s) -> %s", text, type_text(b->arena, f->result));
}

/* An argument for parameter i: null where none is allowed has a message of its own. */
static Expr *user_argument(Binder *b, const Scope *s, const Symbol *sym, uint32_t i, const AstExpr *value) {
  const Type *t = sym->fn->params[i];
  Expr *x = bind_inner(b, s, value, t);
  if (expr_is_error(x)) return x;
  if (x->type->nullable && !t->nullable && (expr_is_null(x) || type_widens(type_null_if(b, x->type, false), t))) {
    const char *hint = arena_printf(b->arena, "write `%s ?? ...` with a value for null", bind_source(b, x->span));
    diag_report(b->diags, DIAG_E0503, x->span, hint, user_signature(b, sym), sym->fn->param_names[i], sym->name,
                type_text(b->arena, x->type));
    return expr_error(b, x->span);
  }
  return bind_widen(b, x, t);
}

/* The parameter that an argument is for, or the number of parameters (reported). */
static uint32_t user_slot(Binder *b, const Symbol *sym, const AstArg *a, uint32_t position) {
  const UserFn *f = sym->fn;
  if (!a->name.text) return position;
  for (uint32_t i = 0; i < f->len; i++) {
    if (strcmp(f->param_names[i], a->name.text) == 0) return i;
  }
  const char *hint = bind_hint_nearest(b, a->name.text, f->param_names, f->len);
  diag_report(b->diags, DIAG_E0408, a->name.span, hint, user_signature(b, sym), sym->name, a->name.text);
  return f->len;
}

static bool user_arguments(Binder *b, const Scope *s, const AstExpr *call, const Symbol *sym, Expr **args) {
  const UserFn *f = sym->fn;
  uint32_t position = 0;
  bool good = true;
  for (const AstArg *a = call->args; a; a = a->next, position++) {
    if (position >= f->len && !a->name.text) continue;
    uint32_t slot = user_slot(b, sym, a, position);
    if (slot >= f->len) {
      good = false;
    } else if (args[slot]) {
      diag_report(b->diags, DIAG_E0807, a->span, NULL, NULL, f->param_names[slot]);
      good = false;
    } else {
      args[slot] = user_argument(b, s, sym, slot, a->value);
      good &= !expr_is_error(args[slot]);
    }
  }
  if (position != f->len && good) {
    diag_report(b->diags, DIAG_E0407, call->name.span, NULL, user_signature(b, sym), sym->name,
                arena_printf(b->arena, "%u", f->len), position);
    return false;
  }
  for (uint32_t i = 0; i < f->len && good; i++) {
    if (args[i]) continue;
    diag_report(b->diags, DIAG_E0808, call->span, NULL, user_signature(b, sym), f->param_names[i], sym->name);
    good = false;
  }
  return good;
}

static Expr *bind_user(Binder *b, const Scope *s, const AstExpr *call, Symbol *sym) {
  bool known = symbol_resolve(b, sym) && sym->fn;
  if (!known) {                                    /* reported there; the arguments may have errors of their own */
    for (const AstArg *a = call->args; a; a = a->next) bind_inner(b, s, a->value, NULL);
    return expr_error(b, call->span);
  }
  const UserFn *f = sym->fn;
  Expr **args = arena_alloc(b->arena, (f->len + 1) * sizeof *args);
  if (!user_arguments(b, s, call, sym, args)) return expr_error(b, call->span);
  if (!f->body || expr_is_error(f->body)) return expr_error(b, call->span);
  Let *lets = arena_alloc(b->arena, (f->len + 1) * sizeof *lets);
  const Expr **names = arena_alloc(b->arena, (f->len + 1) * sizeof *names);
  for (uint32_t i = 0; i < f->len; i++) {
    lets[i] = expr_let(b, args[i]);
    names[i] = lets[i].name;
  }
  Copy c = {.b = b, .args = names, .fn = f};
  Expr *body = copy_expr(&c, f->body);
  if (c.nodes > INLINE_NODES_MAX) {
    diag_report(b->diags, DIAG_E0905, call->span, NULL, NULL, (unsigned)INLINE_NODES_MAX, "operations in one call");
    return expr_error(b, call->span);
  }
  if (body->kind == EX_CONST || body->kind == EX_COLUMN || body->kind == EX_VAR || body->kind == EX_PARAM) {
    Expr *own = arena_alloc(b->arena, sizeof *own);
    *own = *body;
    body = own;
  }
  body->span = call->span;
  body->literal = false;
  for (uint32_t i = f->len; i-- > 0;) body = expr_let_end(lets[i], body);
  return body;
}

/* ---- library functions ---- */

static int cost_number(const Type *from, const Type *to) {
  if (type_is_integer(from) && type_is_integer(to)) return 2 + type_bits(to) / 8 + (type_is_signed(from) != type_is_signed(to));
  if (type_is_integer(from)) return to->kind == TY_DECIMAL ? 16 : 20;
  return 4;
}

/* What it costs to hand x to a parameter of type t; COST_NEVER: it does not fit. */
static int cost_argument(Binder *b, Expr *x, const Type *t) {
  const Type *from = type_null_if(b, x->type, false);
  if (expr_is_null(x) || type_same_base(from, t)) return 0;
  if (x->literal && x->kind == EX_CONST && expr_literal_as(b, x, t)) {
    if (type_is_integer(from) != type_is_integer(t)) return type_is_float(t) ? 6 : 5;
    return 1;
  }
  if (x->kind == EX_CONST && from->kind == TY_STRING && t->kind == TY_ENUM) return expr_literal_as(b, x, t) ? 1 : COST_NEVER;
  if (from->kind == TY_ENUM && t->kind == TY_STRING) return 8;
  if (type_widens(from, type_null_if(b, t, false))) return cost_number(from, t);
  return COST_NEVER;
}

static int cost_call(Binder *b, const Function *f, Expr **args, uint32_t len) {
  int cost = 0;
  if (f->param_len != len) return COST_NEVER;
  for (uint32_t i = 0; i < len && cost < COST_NEVER; i++) cost += cost_argument(b, args[i], f->params[i]);
  return cost < COST_NEVER ? cost : COST_NEVER;
}

static const char *signature(Binder *b, const Function *f) {
  const char *text = arena_printf(b->arena, "%s(", f->name);
  for (uint32_t i = 0; i < f->param_len; i++) {
    text = arena_printf(b->arena, "%s%s%s: %s", text, i ? ", " : "", f->param_names[i], type_text(b->arena, f->params[i]));
  }
  return arena_printf(b->arena, "%s) -> %s", text, type_text(b->arena, f->result));
}

static const char *signatures(Binder *b, const char *name) {
  const char *text = NULL;
  const Function *f;
  for (uint32_t i = 0; (f = function_find(name, i)); i++) {
    const char *one = signature(b, f);
    text = text ? arena_printf(b->arena, "%s\n%s", text, one) : one;
  }
  return text;
}

static const char *argument_types(Binder *b, Expr **args, uint32_t len) {
  const char *text = "";
  for (uint32_t i = 0; i < len; i++) {
    text = arena_printf(b->arena, "%s%s%s", text, i ? ", " : "", type_text(b->arena, args[i]->type));
  }
  return text;
}

/* "2" or "2 or 3", and whether `len` is among them. */
static bool arity_fits(Binder *b, const char *name, uint32_t len, const char **text) {
  bool counts[9] = {false}, fits = false;
  const Function *f;
  *text = NULL;
  for (uint32_t i = 0; (f = function_find(name, i)); i++) counts[f->param_len < 9 ? f->param_len : 8] = true;
  for (uint32_t n = 0; n < 9; n++) {
    if (!counts[n]) continue;
    fits |= n == len;
    *text = *text ? arena_printf(b->arena, "%s or %u", *text, n) : arena_printf(b->arena, "%u", n);
  }
  return fits;
}

static Expr *call_mismatch(Binder *b, const char *name, Span span, Expr **args, uint32_t len) {
  const char *counts;
  bool fits = arity_fits(b, name, len, &counts);
  const char *hint = NULL;
  for (uint32_t i = 0; fits && i < len && !hint; i++) {
    const Function *f = function_find(name, 0);
    if (f->param_len != len || function_find(name, 1)) break;
    const Type *t = f->params[i];
    if (cost_argument(b, args[i], t) < COST_NEVER) continue;
    if (t->kind == TY_LIST || t->kind == TY_STRUCT) break;
    hint = arena_printf(b->arena, "write `%s(%s)`", type_text(b->arena, type_null_if(b, t, false)), bind_source(b, args[i]->span));
  }
  if (fits) diag_report(b->diags, DIAG_E0406, span, hint, signatures(b, name), name, argument_types(b, args, len));
  else diag_report(b->diags, DIAG_E0407, span, NULL, signatures(b, name), name, counts, len);
  return expr_error(b, span);
}

static const Function *choose(Binder *b, const char *name, Expr **args, uint32_t len) {
  const Function *best = NULL, *f;
  int least = COST_NEVER;
  for (uint32_t i = 0; (f = function_find(name, i)); i++) {
    int cost = cost_call(b, f, args, len);
    if (cost >= least) continue;
    least = cost;
    best = f;
  }
  return best;
}

/* Constant patterns, formats, zones and units are tried now: false when one is malformed (reported). */
static bool prepared_is_good(Binder *b, const Function *f, uint32_t i, const Expr *x) {
  FrtStr detail = {NULL, 0, 0};
  if (x->kind != EX_CONST || x->value.is_null) return true;
  int status = eval_prepare(b->arena, f->prepare[i], x->value.s, &detail);
  if (status == FRT_OK || status == EVAL_CANNOT) return true;
  const char *text = arena_strndup(b->arena, x->value.s.ptr, x->value.s.len);
  const char *why = detail.len ? arena_strndup(b->arena, detail.ptr, detail.len) : "malformed";
  if (strcmp(f->prepare[i], "frt_regex_prepare") == 0) diag_report(b->diags, DIAG_E0415, x->span, NULL, NULL, why);
  else if (strcmp(f->prepare[i], "frt_zone_prepare") == 0) diag_report(b->diags, DIAG_E0427, x->span, NULL, NULL, text);
  else diag_report(b->diags, DIAG_E0426, x->span, NULL, NULL, text, why);
  return false;
}

Expr *bind_library(Binder *b, const char *name, Span span, Expr **args, uint32_t len) {
  const Function *f = choose(b, name, args, len);
  if (!f) return call_mismatch(b, name, span, args, len);
  bool lifted = false;
  Expr *r = expr_call(b, f, f->result, span, len);
  for (uint32_t i = 0; i < len; i++) {
    r->arg[i] = expr_cast(b, args[i], f->params[i]);
    lifted |= r->arg[i]->type->nullable && !f->params[i]->nullable;
    if (f->prepared[i]) r->arg[i] = expr_fold(b->arena, r->arg[i]);
    if (f->prepared[i] && !prepared_is_good(b, f, i, r->arg[i])) return expr_error(b, span);
  }
  r->type = type_null_if(b, f->result, f->result->nullable || lifted);
  return r;
}

Expr **bind_positional(Binder *b, const Scope *s, const AstExpr *call, uint32_t *len) {
  uint32_t n = 0;
  bool good = true;
  for (const AstArg *a = call->args; a; a = a->next) n++;
  Expr **args = arena_alloc(b->arena, (n + 1) * sizeof *args);
  *len = n;
  n = 0;
  for (const AstArg *a = call->args; a; a = a->next) {
    args[n] = bind_inner(b, s, a->value, NULL);
    good &= !expr_is_error(args[n++]);
    if (!a->name.text) continue;
    diag_report(b->diags, DIAG_E0408, a->name.span, "its arguments have no names here", NULL, call->name.text, a->name.text);
    good = false;
  }
  return good ? args : NULL;
}

/* Arguments of a library function: named ones go to the place that an overload with these names has. */
static Expr **library_arguments(Binder *b, const Scope *s, const AstExpr *call, uint32_t *len) {
  const Function *f;
  uint32_t n = 0, named = 0;
  for (const AstArg *a = call->args; a; a = a->next, n++) named += a->name.text != NULL;
  if (!named) return bind_positional(b, s, call, len);
  *len = n;
  for (uint32_t i = 0; (f = function_find(call->name.text, i)); i++) {
    if (f->param_len != n) continue;
    Expr **args = arena_alloc(b->arena, (n + 1) * sizeof *args);
    uint32_t position = 0, placed = 0;
    bool good = true;
    for (const AstArg *a = call->args; a; a = a->next, position++) {
      uint32_t slot = a->name.text ? 0 : position;
      while (a->name.text && slot < n && strcmp(f->param_names[slot], a->name.text) != 0) slot++;
      if (slot >= n || args[slot]) break;
      args[slot] = bind_inner(b, s, a->value, NULL);
      good &= !expr_is_error(args[slot]);
      placed++;
    }
    if (placed == n) return good ? args : NULL;
  }
  for (const AstArg *a = call->args; a; a = a->next) {
    if (!a->name.text) continue;
    diag_report(b->diags, DIAG_E0408, a->name.span, NULL, signatures(b, call->name.text), call->name.text, a->name.text);
    break;
  }
  return NULL;
}

/* ---- the way in ---- */

/* What a function of SQL or another language is called here. */
static const char *foreign_function(Binder *b, const char *name) {
  static const char *const pairs[][2] = {
      {"substr", "slice(s, from, to)"}, {"substring", "slice(s, from, to)"}, {"length", "len(s)"},
      {"size", "len(s)"},               {"to_upper", "upper(s)"},            {"toupper", "upper(s)"},
      {"to_lower", "lower(s)"},         {"tolower", "lower(s)"},             {"concat", "a + b"},
      {"ifnull", "a ?? b"},             {"isnull", "x is null"},             {"nvl", "a ?? b"},
      {"strip", "trim(s)"},             {"to_string", "string(x)"},          {"str", "string(x)"},
      {"to_int", "i64(x)"},             {"int", "i64(x)"},                   {"strftime", "format_time(t, format)"},
      {"to_date", "parse_date(s, format)"}, {"strptime", "parse_timestamp(s, format)"}, {"iff", "if c then a else b end"},
      {"power", "pow(x, y)"},           {"log", "ln(x)"},                    {"mean", "avg(x)"},
      {"percentile", "quantile(x, q)"}, {"stdev", "stddev(x)"},              {"matches", "s =~ pattern"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    if (!strcmp(pairs[i][0], name)) return arena_printf(b->arena, "write `%s`", pairs[i][1]);
  return NULL;
}

static Expr *unknown_function(Binder *b, const Scope *s, const AstExpr *call, AstName name) {
  uint32_t library_len, user_len = 0;
  const char *const *library = function_names(&library_len);
  const char *const *user = s->module ? module_names(b, s->module, SYM_FN, &user_len) : NULL;
  const char **names = arena_alloc(b->arena, (library_len + user_len + 1) * sizeof *names);
  for (uint32_t i = 0; i < library_len; i++) names[i] = library[i];
  for (uint32_t i = 0; i < user_len; i++) names[library_len + i] = user[i];
  const char *hint = foreign_function(b, name.text);
  if (!hint) hint = bind_hint_nearest(b, name.text, names, library_len + user_len);
  diag_report(b->diags, DIAG_E0303, name.span, hint, NULL, name.text);
  for (const AstArg *a = call->args; a; a = a->next) bind_inner(b, s, a->value, NULL);
  return expr_error(b, call->span);
}

Expr *bind_call(Binder *b, const Scope *s, const AstExpr *call, const Type *want) {
  AstName name = call->name;
  if (!name.span.end) name.span = call->span;
  Symbol *sym = s->module ? module_find(s->module, call->module.text, name.text, SYM_FN) : NULL;
  if (sym) return bind_user(b, s, call, sym);
  if (call->module.text && s->module && module_declares(module_named(s->module, call->module.text), name.text)) {
    AstExpr *plain = arena_alloc(b->arena, sizeof *plain);
    *plain = *call;
    plain->module = (AstName){0};
    return bind_call(b, s, plain, want);
  }
  bool is_agg = s->module && module_find(s->module, call->module.text, name.text, SYM_AGG);
  if (call->module.text && !is_agg) {
    diag_report(b->diags, DIAG_E0317, name.span, NULL, NULL, call->module.text, "function", name.text);
    return expr_error(b, call->span);
  }
  Expr *r;
  if (!call->module.text && bind_generic(b, s, call, want, &r)) return r;
  if (!call->module.text && function_find(name.text, 0)) {
    uint32_t len;
    Expr **args = library_arguments(b, s, call, &len);
    return args ? bind_library(b, name.text, call->span, args, len) : expr_error(b, call->span);
  }
  if (is_agg || bind_is_aggregate(name.text)) {
    diag_report(b->diags, DIAG_E0417, name.span, NULL, NULL, name.text);
    return expr_error(b, call->span);
  }
  return unknown_function(b, s, call, name);
}
