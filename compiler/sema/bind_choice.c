/* bind_choice.c: `if`, `match`, `in` and `??`. All become EX_IF, EX_COALESCE and comparisons; a subject
 * that is more than a name is evaluated once, in an EX_LET. */
#include "sema/expr_internal.h"

/* ---- branches ---- */

static Expr *branches_differ(Binder *b, const Expr *x, const Expr *y, DiagCode code) {
  const char *tx = type_text(b->arena, x->type), *ty = type_text(b->arena, y->type);
  diag_report(b->diags, code, y->span, bind_convert_hint(b, x, y), NULL, tx, ty);
  return expr_error(b, y->span);
}

/* Makes all of v one base type, and returns it, nullable when one of them is; NULL when they do not go
 * together (reported with `code`) or one has an error. */
const Type *bind_unify_all(Binder *b, Expr **v, uint32_t len, DiagCode code) {
  Expr *common = v[0];
  bool nullable = v[0]->type->nullable;
  if (expr_is_error(v[0])) return NULL;
  for (uint32_t i = 1; i < len; i++) {
    Expr *x = common, *y = v[i];
    if (expr_is_error(y)) return NULL;
    nullable |= y->type->nullable;
    if (!expr_unify(b, &x, &y)) {
      branches_differ(b, common, v[i], code);
      return NULL;
    }
    common = expr_is_null(v[i]) ? common : common->literal && y->type->kind != TY_NULL ? y : x;
    if (expr_is_null(common) && !expr_is_null(v[i])) common = v[i];
  }
  for (uint32_t i = 0; i < len; i++) v[i] = expr_cast(b, v[i], common->type);
  return type_null_if(b, common->type, nullable);
}

Expr *bind_if(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  Expr *cond = bind_cond(b, s, e->left);
  Expr *v[2] = {bind_inner(b, s, e->right, want), NULL};
  v[1] = e->third ? bind_inner(b, s, e->third, want) : expr_null(b, v[0]->type, e->span);
  const Type *t = bind_unify_all(b, v, 2, DIAG_E0409);
  if (!t || expr_is_error(cond)) return expr_error(b, e->span);
  return expr_if(b, t, e->span, cond, v[0], v[1]);
}

Expr *bind_coalesce(Binder *b, Span span, Expr *x, Expr *y) {
  if (expr_is_error(x) || expr_is_error(y)) return expr_error(b, span);
  if (expr_is_null(x)) return y;
  if (!x->type->nullable) diag_report(b->diags, DIAG_W0109, x->span, NULL, NULL);
  Expr *v[2] = {x, y};
  const Type *t = bind_unify_all(b, v, 2, DIAG_E0409);
  if (!t) return expr_error(b, span);
  if (!x->type->nullable) return v[0];
  return expr_binary(b, EX_COALESCE, type_null_if(b, t, y->type->nullable), span, v[0], v[1]);
}

/* ---- in ---- */

/* x or y or ..., as a balanced tree: a list of a thousand values is ten deep. */
static Expr *any_of(Binder *b, Span span, Expr **v, uint32_t len) {
  if (len == 1) return v[0];
  Expr *x = any_of(b, span, v, len / 2), *y = any_of(b, span, v + len / 2, len - len / 2);
  return expr_bool(b, EX_OR, span, x, y);
}

/* subject == one of the items (bound). */
static Expr *equals_any(Binder *b, Span span, Expr *subject, Expr **items, uint32_t len) {
  bool good = true;
  for (uint32_t i = 0; i < len; i++) {
    items[i] = bind_compare(b, EX_EQ, "==", items[i]->span, subject, items[i]);
    good &= !expr_is_error(items[i]);
  }
  if (!good) return expr_error(b, span);
  return any_of(b, span, items, len);
}

static const Type *param_pair(Binder *b, const Type *list, const Type ***params) {
  *params = arena_alloc(b->arena, 2 * sizeof **params);
  (*params)[0] = type_null_if(b, list, false);
  (*params)[1] = type_null_if(b, list->elem, false);
  return (*params)[1];
}

/* A list that is not written out: a search at run time. */
static Expr *in_list_value(Binder *b, Span span, Expr *subject, Expr *list) {
  const Type *elem = list->type->elem, **params;
  bool text = elem->kind == TY_STRING, whole = elem->kind == TY_I64;
  if ((!text && !whole) || elem->nullable) {
    const char *hint = "`in` searches lists of `string` or `i64`, and lists that are written out";
    diag_report(b->diags, DIAG_E0403, list->span, hint, NULL, "in", type_text(b->arena, list->type));
    return expr_error(b, span);
  }
  subject = bind_widen(b, subject, type_null_if(b, elem, subject->type->nullable));
  if (expr_is_error(subject)) return subject;
  Function *fn = arena_alloc(b->arena, sizeof *fn);
  const Type *bool_type = type_basic(TY_BOOL);
  param_pair(b, list->type, &params);
  *fn = (Function){.name = "in", .symbol = text ? "frt_list_has_text" : "frt_list_has_i64", .pure = true,
                   .params = params, .param_len = 2, .result = bool_type};
  bool nullable = list->type->nullable || subject->type->nullable;
  Expr *r = expr_call(b, fn, type_null_if(b, bool_type, nullable), span, 2);
  r->arg[0] = list;
  r->arg[1] = subject;
  return r;
}

static Expr *in_constant(Binder *b, Span span, Expr *subject, const Expr *list) {
  uint32_t len = list->value.len;
  Expr **items = arena_alloc(b->arena, (len + 1) * sizeof *items);
  for (uint32_t i = 0; i < len; i++) {
    items[i] = expr_const(b, list->type->elem, list->span, list->value.items[i]);
    items[i]->literal = true;
  }
  return equals_any(b, span, subject, items, len);
}

Expr *bind_in(Binder *b, const Scope *s, const AstExpr *e) {
  Expr *subject = bind_inner(b, s, e->left, NULL);
  const AstExpr *list = e->right;
  uint32_t len = 0;
  if (list->kind == AST_LIST) {
    for (const AstExpr *i = list->items; i; i = i->next) len++;
  }
  Let l = expr_let(b, subject);
  if (len) {
    Expr **items = arena_alloc(b->arena, len * sizeof *items);
    uint32_t n = 0;
    for (const AstExpr *i = list->items; i; i = i->next) items[n++] = bind_inner(b, s, i, subject->type);
    if (expr_is_error(subject)) return subject;
    return expr_let_end(l, equals_any(b, e->span, l.name, items, len));
  }
  if (list->kind == AST_LIST) {
    return expr_is_error(subject) ? subject : expr_const(b, type_basic(TY_BOOL), e->span, (Value){.i = 0});
  }
  Expr *right = bind_inner(b, s, list, NULL);
  if (expr_is_error(subject) || expr_is_error(right)) return expr_error(b, e->span);
  if (right->type->kind != TY_LIST) {
    const char *hint = arena_printf(b->arena, "write `[%s]`", bind_source(b, right->span));
    diag_report(b->diags, DIAG_E0401, right->span, hint, NULL, "a list", type_text(b->arena, right->type));
    return expr_error(b, e->span);
  }
  if (right->kind == EX_LIST) return expr_let_end(l, equals_any(b, e->span, l.name, right->arg, right->arg_len));
  if (right->kind == EX_CONST && !right->value.is_null && right->value.len) {
    return expr_let_end(l, in_constant(b, e->span, l.name, right));
  }
  return in_list_value(b, e->span, subject, right);
}

/* ---- match ---- */

typedef struct Arm {
  Expr *test;                   /* NULL: takes every row */
  Expr *value;
  Span span;
} Arm;

static Expr *arm_test(Binder *b, const Scope *s, const AstArm *a, Expr *subject) {
  Expr *test = NULL;
  if (a->patterns) {
    uint32_t len = 0, n = 0;
    for (const AstExpr *p = a->patterns; p; p = p->next) len++;
    Expr **items = arena_alloc(b->arena, len * sizeof *items);
    for (const AstExpr *p = a->patterns; p; p = p->next) items[n++] = bind_inner(b, s, p, subject->type);
    test = expr_is_error(subject) ? subject : equals_any(b, a->patterns->span, subject, items, len);
  }
  if (!a->guard) return test;
  Expr *guard = bind_cond(b, s, a->guard);
  if (!test || expr_is_error(guard)) return guard;
  return expr_is_error(test) ? test : expr_bool(b, EX_AND, a->span, test, guard);
}

/* Marks the constants of `subject == a or subject == b or ...`. */
static void mark_values(const Expr *x, const Type *t, bool *seen) {
  if (x->kind == EX_OR) {
    mark_values(x->arg[0], t, seen);
    mark_values(x->arg[1], t, seen);
  } else if (x->kind == EX_EQ && x->arg[1]->kind == EX_CONST && x->arg[1]->type->kind == t->kind) {
    seen[x->arg[1]->value.i] = true;
  }
}

/* The values of a bool or enum that no unguarded arm takes, as text; "" for other types; NULL: none. */
static const char *match_missing(Binder *b, const AstExpr *e, const Arm *arms, const Expr *subject) {
  const Type *t = subject->type;
  uint32_t len = t->kind == TY_BOOL ? 2 : t->kind == TY_ENUM ? t->len : 0, i = 0;
  if (t->nullable || !len) return t->nullable ? "null is not covered" : "";
  bool *seen = arena_alloc(b->arena, len);
  for (const AstArm *a = e->arms; a; a = a->next, i++) {
    if (!a->guard && arms[i].test) mark_values(arms[i].test, t, seen);
  }
  const char *missing = NULL;
  for (i = 0; i < len; i++) {
    const char *name = t->kind == TY_ENUM ? t->names[i] : i ? "true" : "false";
    if (!seen[i]) missing = missing ? arena_printf(b->arena, "%s, %s", missing, name) : name;
  }
  return missing ? arena_printf(b->arena, "missing: %s", missing) : NULL;
}

/* How many arms count: up to the one that takes all that is left. 0: values are left (reported). */
static uint32_t match_end(Binder *b, const AstExpr *e, Arm *arms, uint32_t len, const Expr *subject) {
  uint32_t end = 0, i = 0;
  while (end < len && arms[end].test) end++;
  if (end == len) {
    const char *missing = match_missing(b, e, arms, subject);
    if (missing) {
      Span word = {e->span.file, e->span.start, e->span.start + 5};
      diag_report(b->diags, DIAG_E0420, word, NULL, *missing ? missing : NULL);
      return 0;
    }
    for (const AstArm *a = e->arms; a; a = a->next, i++) {
      if (!a->guard) end = i;
    }
    arms[end].test = NULL;
  }
  for (i = end + 1; i < len; i++) diag_report(b->diags, DIAG_W0105, arms[i].span, NULL, NULL);
  return end + 1;
}

Expr *bind_match(Binder *b, const Scope *s, const AstExpr *e, const Type *want) {
  uint32_t len = 0, n = 0;
  bool good = true;
  for (const AstArm *a = e->arms; a; a = a->next) len++;
  Expr *subject = bind_inner(b, s, e->left, NULL);
  Let l = expr_let(b, subject);
  Arm *arms = arena_alloc(b->arena, (len + 1) * sizeof *arms);
  Expr **values = arena_alloc(b->arena, (len + 1) * sizeof *values);
  for (const AstArm *a = e->arms; a; a = a->next, n++) {
    arms[n].test = arm_test(b, s, a, l.name);
    values[n] = bind_inner(b, s, a->value, want);
    arms[n].span = a->span;
    if (arms[n].test && expr_is_error(arms[n].test)) good = false;
  }
  const Type *t = len ? bind_unify_all(b, values, len, DIAG_E0409) : NULL;
  if (!t || !good || expr_is_error(subject)) return expr_error(b, e->span);
  uint32_t end = match_end(b, e, arms, len, subject);
  if (!end) return expr_error(b, e->span);
  uint32_t at = 0;
  for (const AstArm *a = e->arms; a && at < end; a = a->next, at++) values[at]->arm = a->span;
  Expr *r = values[end - 1];
  for (n = end - 1; n-- > 0;) r = expr_if(b, t, e->span, arms[n].test, values[n], r);
  if (r->type != t && end > 1) r->type = t;
  return expr_let_end(l, r);
}
