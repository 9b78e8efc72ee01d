/* expr.c: typed expressions as C statements.
 *
 * gen_expr emits the statements that compute e into the function f and returns a C expression for its
 * value, which has no side effects and may be repeated, and one for its null flag. What can fail sets e
 * and jumps to f->fail. Nulls carry a value too, but nobody may look at it: every call that would
 * read it, and every check that could fail on it, stands under `if (!n)`. */
#include <string.h>

#include "codegen/gen_expr.h"

/* ---- small parts ---- */

void gen_line(GenFn *f, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buf_printf(f->out, "%*s%s\n", f->indent * 2, "", arena_vprintf(f->g->arena, format, args));
  va_end(args);
}

const char *gen_temp(GenFn *f, const char *ctype, const char *init) {
  const char *name = gen_printf(f->g, "v%u", ++f->temps);
  if (init) gen_line(f, "%s %s = %s;", ctype, name, init);
  else gen_line(f, "%s %s;", ctype, name);
  return name;
}

const char *gen_atom(GenFn *f, const char *ctype, const char *v) {
  size_t n = strspn(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.[]->");
  return v[n] == 0 && !(v[0] == '-') ? v : gen_temp(f, ctype, v);
}

const char *gen_null_or(GenFn *f, const char *a, const char *b) {
  if (!a) return b;
  if (!b || !strcmp(a, b)) return a;
  return gen_printf(f->g, "(%s | %s)", a, b);
}

void gen_unless_null(GenFn *f, const char *n) {
  if (!n) return;
  gen_line(f, "if (!%s) {", n);
  f->indent++;
}

void gen_end_unless_null(GenFn *f, const char *n) {
  if (!n) return;
  f->indent--;
  gen_line(f, "}");
}

void gen_fail(GenFn *f, const char *code) {
  f->fails = true;
  gen_line(f, "e = %s; goto %s;", code, f->fail);
}

void gen_fail_if(GenFn *f, const char *condition, const char *code) {
  f->fails = true;
  gen_line(f, "if (%s) { e = %s; goto %s; }", condition, code, f->fail);
}

void gen_try_call(GenFn *f, const char *call) {
  f->fails = true;
  gen_line(f, "if ((e = %s)) goto %s;", call, f->fail);
}

void gen_unsupported(Gen *g, Span span, const char *what) { diag_report(g->plan->diags, DIAG_E0901, span, NULL, NULL, what); }

const char *gen_prepared(Gen *g, const char *preparer, const char *text) {
  bool fresh;
  const char *name = gen_intern(g, "p", gen_printf(g, "%s %s", preparer, text), &fresh);
  if (fresh) {
    buf_printf(&g->held, "  const void *%s;\n", name);
    buf_printf(&g->init, "  if ((e = %s(cx, &S->h->%s, %s))) return frt_fatal(cx, 0, e, cx->detail);\n", preparer, name, text);
  }
  return gen_printf(g, "S->h->%s", name);
}

static bool gen_op_is_i64(const Type *t) {
  return t->kind == TY_TIMESTAMP || t->kind == TY_DURATION || t->kind == TY_TIME;
}

/* A nullable result: a temporary that is only computed where n is not set. */
typedef struct Lifted { const char *t, *n; } Lifted;

static Lifted gen_lift(GenFn *f, const Type *t, const char *n) {
  Lifted l = {NULL, n ? gen_atom(f, "uint8_t", n) : NULL};
  l.t = gen_temp(f, gen_ctype(f->g, t), l.n ? gen_zero(f->g, t) : NULL);
  gen_unless_null(f, l.n);
  return l;
}

static CVal gen_lifted(GenFn *f, Lifted l) {
  gen_end_unless_null(f, l.n);
  return (CVal){l.t, l.n};
}

/* ---- arithmetic ---- */

static const char *gen_op_name(ExprKind k) { return k == EX_ADD ? "ADD" : k == EX_SUB ? "SUB" : "MUL"; }

#define GEN_DAY_US "86400000000L"

/* Fails where a time left the years 1 to 9999. */
static void gen_check_time(GenFn *f, const Type *t, const char *v) {
  if (t->kind == TY_TIMESTAMP)
    gen_fail_if(f, gen_printf(f->g, "%s < -62135596800000000L || %s > 253402300799999999L", v, v), "FRT_E_OVERFLOW");
  if (t->kind == TY_DATE) gen_fail_if(f, gen_printf(f->g, "%s < -719162 || %s > 2932896", v, v), "FRT_E_OVERFLOW");
  if (t->kind == TY_TIME) gen_fail_if(f, gen_printf(f->g, "%s < 0 || %s >= " GEN_DAY_US, v, v), "FRT_E_OVERFLOW");
}

static CVal gen_add_time(GenFn *f, const Expr *e, CVal a, CVal b) {
  Gen *g = f->g;
  const Type *ta = e->arg[0]->type, *tb = e->arg[1]->type;
  const char *op = gen_op_name(e->kind);
  const char *x = gen_atom(f, "int64_t", a.v), *y = gen_atom(f, "int64_t", b.v);
  Lifted l = gen_lift(f, e->type, gen_null_or(f, a.n, b.n));
  if (ta->kind == TY_DATE && tb->kind == TY_DATE) {
    gen_line(f, "%s = ((int64_t)%s - (int64_t)%s) * " GEN_DAY_US ";", l.t, x, y);
  } else if (e->type->kind == TY_DATE) {
    const char *days = ta->kind == TY_DATE ? x : y, *us = ta->kind == TY_DATE ? y : x;
    const char *w = gen_temp(f, "int64_t", gen_printf(g, "(int64_t)%s %s %s / " GEN_DAY_US, days, e->kind == EX_ADD ? "+" : "-", us));
    gen_check_time(f, e->type, w);
    gen_line(f, "%s = (int32_t)%s;", l.t, w);
  } else {
    if (ta->kind == TY_DATE) x = gen_temp(f, "int64_t", gen_printf(g, "frt_timestamp_of_date(%s)", x));
    if (tb->kind == TY_DATE) y = gen_temp(f, "int64_t", gen_printf(g, "frt_timestamp_of_date(%s)", y));
    gen_fail_if(f, gen_printf(g, "FRT_%s_int64_t(%s, %s, %s)", op, x, y, l.t), "FRT_E_OVERFLOW");
    gen_check_time(f, e->type, l.t);
  }
  return gen_lifted(f, l);
}

static CVal gen_add_text(GenFn *f, const Expr *e, CVal a, CVal b) {
  Lifted l = gen_lift(f, e->type, gen_null_or(f, a.n, b.n));
  const char *parts = gen_printf(f->g, "q%u", ++f->temps);
  gen_line(f, "FrtStr %s[2];", parts);
  gen_line(f, "%s[0] = %s;", parts, a.v);
  gen_line(f, "%s[1] = %s;", parts, b.v);
  gen_try_call(f, gen_printf(f->g, "frt_concat(cx, &%s, %s, 2)", l.t, parts));
  return gen_lifted(f, l);
}

static CVal gen_wide_arith(GenFn *f, const Expr *e, CVal a, CVal b) {
  Gen *g = f->g;
  const Type *t = e->type;
  Lifted l = gen_lift(f, t, gen_null_or(f, a.n, b.n));
  bool narrow = !type_is_wide(e->arg[0]->type) && !type_is_wide(e->arg[1]->type);
  if (e->kind == EX_MUL && narrow) {
    gen_line(f, "%s = frt_dec64_mul(%s, %s);", l.t, a.v, b.v);
    return gen_lifted(f, l);
  }
  const char *x = gen_wide(f, e->arg[0]->type, a.v), *y = gen_wide(f, e->arg[1]->type, b.v);
  const char *name = e->kind == EX_ADD ? "add" : e->kind == EX_SUB ? "sub" : "mul";
  gen_try_call(f, gen_printf(g, "frt_dec_%s(%s, %s, %u, &%s)", name, x, y, t->precision, l.t));
  return gen_lifted(f, l);
}

static CVal gen_arith(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const Type *t = e->type;
  CVal a = gen_expr(f, e->arg[0]), b = gen_expr(f, e->arg[1]);
  const char *c = gen_op_is_i64(t) ? "int64_t" : gen_ctype(g, t);
  const char *sign = e->kind == EX_ADD ? "+" : e->kind == EX_SUB ? "-" : "*";
  if (t->kind == TY_STRING) return gen_add_text(f, e, a, b);
  if (type_is_float(t)) return (CVal){gen_printf(g, "(%s %s %s)", a.v, sign, b.v), gen_null_or(f, a.n, b.n)};
  if (t->kind == TY_DECIMAL && !type_is_wide(t))
    return (CVal){gen_printf(g, "(%s %s %s)", a.v, sign, b.v), gen_null_or(f, a.n, b.n)};
  if (t->kind == TY_DECIMAL) return gen_wide_arith(f, e, a, b);
  if (e->kind != EX_MUL && (t->kind == TY_DATE || gen_op_is_i64(t))) return gen_add_time(f, e, a, b);
  const char *x = gen_atom(f, c, a.v), *y = gen_atom(f, c, b.v);
  Lifted l = gen_lift(f, t, gen_null_or(f, a.n, b.n));
  gen_fail_if(f, gen_printf(g, "FRT_%s_%s(%s, %s, %s)", gen_op_name(e->kind), c, x, y, l.t), "FRT_E_OVERFLOW");
  return gen_lifted(f, l);
}

static CVal gen_neg(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const Type *t = e->type;
  CVal a = gen_expr(f, e->arg[0]);
  if (type_is_float(t) || (t->kind == TY_DECIMAL && !type_is_wide(t))) return (CVal){gen_printf(g, "(-%s)", a.v), a.n};
  if (t->kind == TY_DECIMAL) return (CVal){gen_printf(g, "frt_dec_neg(%s)", a.v), a.n};
  const char *c = gen_op_is_i64(t) ? "int64_t" : gen_ctype(g, t);
  const char *x = gen_atom(f, c, a.v);
  Lifted l = gen_lift(f, t, a.n);
  gen_fail_if(f, gen_printf(g, "FRT_SUB_%s(0, %s, %s)", c, x, l.t), "FRT_E_OVERFLOW");
  return gen_lifted(f, l);
}

static CVal gen_div_decimal(GenFn *f, const Expr *e, CVal a, CVal b) {
  Gen *g = f->g;
  const Type *t = e->type, *ta = e->arg[0]->type, *tb = e->arg[1]->type;
  Lifted l = gen_lift(f, t, gen_null_or(f, a.n, b.n));
  const char *w = type_is_wide(t) ? l.t : gen_temp(f, "FrtI128", NULL);
  int p = type_is_wide(t) ? t->precision : 38;
  if (!type_is_wide(ta) && !type_is_wide(tb)) {
    gen_try_call(f, gen_printf(g, "frt_dec64_div(%s, %u, %s, %u, %u, %d, &%s)", a.v, ta->scale, b.v, tb->scale, t->scale, p, w));
  } else {
    const char *x = gen_wide(f, ta, a.v), *y = gen_wide(f, tb, b.v);
    gen_try_call(f, gen_printf(g, "frt_dec_div(%s, %u, %s, %u, %u, %d, &%s)", x, ta->scale, y, tb->scale, t->scale, p, w));
  }
  if (w != l.t) gen_try_call(f, gen_printf(g, "frt_dec_narrow(%s, %u, &%s)", w, t->precision, l.t));
  return gen_lifted(f, l);
}

static CVal gen_div(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  CVal a = gen_expr(f, e->arg[0]), b = gen_expr(f, e->arg[1]);
  const char *n = gen_null_or(f, a.n, b.n);
  if (e->type->kind == TY_DECIMAL) return gen_div_decimal(f, e, a, b);
  bool floats = type_is_float(e->type);
  if (floats && !e->checked_zero) return (CVal){gen_printf(g, "(%s / %s)", a.v, b.v), n};
  const char *y = gen_atom(f, gen_ctype(g, e->arg[1]->type), b.v);
  Lifted l = gen_lift(f, e->type, n);
  gen_fail_if(f, gen_printf(g, "%s == 0", y), "FRT_E_DIV_ZERO");
  if (!floats) gen_fail_if(f, gen_printf(g, "%s == -1 && %s == FRT_I64_MIN", y, a.v), "FRT_E_OVERFLOW");
  gen_line(f, "%s = %s / %s;", l.t, a.v, y);
  return gen_lifted(f, l);
}

static void gen_floor_int(GenFn *f, const Expr *e, const char *x, const char *y, const char *t) {
  Gen *g = f->g;
  const char *c = gen_ctype(g, e->type);
  bool is_div = e->kind == EX_FLOORDIV;
  const Expr *by = e->arg[1];
  bool plain = by->kind == EX_CONST && !by->value.is_null && by->value.i != 0 && by->value.i != -1;
  if (!plain) gen_fail_if(f, gen_printf(g, "%s == 0", y), "FRT_E_DIV_ZERO");
  if (!type_is_signed(e->type) && e->type->kind != TY_DURATION) {
    gen_line(f, "%s = %s %s %s;", t, x, is_div ? "/" : "%", y);
  } else if (plain) {
    gen_line(f, "%s = (%s)frt_floor%s(%s, %s);", t, c, is_div ? "div" : "mod", x, y);
  } else if (is_div) {
    gen_line(f, "if (%s == -1) {", y);
    f->indent++;
    gen_fail_if(f, gen_printf(g, "FRT_SUB_%s(0, %s, %s)", c, x, t), "FRT_E_OVERFLOW");
    f->indent--;
    gen_line(f, "} else %s = (%s)frt_floordiv(%s, %s);", t, c, x, y);
  } else {
    gen_line(f, "%s = %s == -1 ? 0 : (%s)frt_floormod(%s, %s);", t, y, c, x, y);
  }
}

static CVal gen_floor(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const Type *t = e->type;
  CVal a = gen_expr(f, e->arg[0]), b = gen_expr(f, e->arg[1]);
  const char *n = gen_null_or(f, a.n, b.n), *op = e->kind == EX_FLOORDIV ? "floordiv" : "mod";
  if (type_is_float(t))
    return (CVal){gen_printf(g, "frt_floor%s_f64(%s, %s)", e->kind == EX_FLOORDIV ? "div" : "mod", a.v, b.v), n};
  const char *x = gen_atom(f, gen_ctype(g, t), a.v), *y = gen_atom(f, gen_ctype(g, t), b.v);
  Lifted l = gen_lift(f, t, n);
  if (t->kind != TY_DECIMAL) {
    gen_floor_int(f, e, x, y, l.t);
  } else {
    const char *kind = type_is_wide(t) ? "" : "64";
    if (e->kind == EX_FLOORDIV)
      gen_try_call(f, gen_printf(g, "frt_dec%s_%s(%s, %s, %u, %u, &%s)", kind, op, x, y, t->scale, t->precision, l.t));
    else gen_try_call(f, gen_printf(g, "frt_dec%s_%s(%s, %s, &%s)", kind, op, x, y, l.t));
  }
  return gen_lifted(f, l);
}

/* ---- comparing ---- */

static const char *gen_cmp_sign(ExprKind k) {
  static const char *const sign[] = {"==", "!=", "<", "<=", ">", ">="};
  return sign[k - EX_EQ];
}

/* NaN equals itself and is above infinity. A constant is no NaN, then one comparison is enough. */
static const char *gen_cmp_float(Gen *g, ExprKind k, const char *a, const char *b, bool b_const) {
  if (b_const) {
    if (k == EX_GT) return gen_printf(g, "!(%s <= %s)", a, b);
    if (k == EX_GE) return gen_printf(g, "!(%s < %s)", a, b);
    return gen_printf(g, "(%s %s %s)", a, gen_cmp_sign(k), b);
  }
  switch (k) {
    case EX_EQ: return gen_printf(g, "frt_f64_eq(%s, %s)", a, b);
    case EX_NE: return gen_printf(g, "!frt_f64_eq(%s, %s)", a, b);
    case EX_LT: return gen_printf(g, "frt_f64_lt(%s, %s)", a, b);
    case EX_LE: return gen_printf(g, "frt_f64_le(%s, %s)", a, b);
    case EX_GT: return gen_printf(g, "frt_f64_lt(%s, %s)", b, a);
    default: return gen_printf(g, "frt_f64_le(%s, %s)", b, a);
  }
}

/* A text against a constant: the length and the first bytes decide almost always. */
static const char *gen_cmp_text_const(Gen *g, ExprKind k, const char *a, const FrtStr *s, const char *b) {
  Buf t = {.arena = g->arena};
  buf_printf(&t, "(%s.len == %u", a, s->len);
  uint32_t inline_max = s->len <= 4 ? s->len : 1;
  for (uint32_t i = 0; i < inline_max && s->len; i++) buf_printf(&t, " && (uint8_t)%s.ptr[%u] == %u", a, i, (unsigned char)s->ptr[i]);
  if (s->len > 4) buf_printf(&t, " && frt_str_eq(%s, %s)", a, b);
  buf_put(&t, ")");
  return k == EX_EQ ? t.data : gen_printf(g, "!%s", t.data);
}

static const char *gen_compare_values(GenFn *f, const Expr *e, const char *a, const char *b) {
  Gen *g = f->g;
  const Type *t = e->arg[0]->type;
  const Expr *right = e->arg[1];
  const char *sign = gen_cmp_sign(e->kind);
  switch (t->kind) {
    case TY_F32: case TY_F64:
      return gen_cmp_float(g, e->kind, a, b, right->kind == EX_CONST && right->value.f == right->value.f);
    case TY_STRING: case TY_BYTES:
      if (right->kind == EX_CONST && (e->kind == EX_EQ || e->kind == EX_NE))
        return gen_cmp_text_const(g, e->kind, gen_atom(f, "FrtStr", a), &right->value.s, b);
      if (e->kind == EX_EQ) return gen_printf(g, "frt_str_eq(%s, %s)", a, b);
      if (e->kind == EX_NE) return gen_printf(g, "!frt_str_eq(%s, %s)", a, b);
      return gen_printf(g, "(frt_str_cmp(%s, %s) %s 0)", a, b, sign);
    case TY_UUID: return gen_printf(g, "(frt_uuid_cmp(%s, %s) %s 0)", a, b, sign);
    case TY_DECIMAL:
      if (type_is_wide(t)) return gen_printf(g, "(frt_i128_cmp(%s, %s) %s 0)", a, b, sign);
      return gen_printf(g, "(%s %s %s)", a, sign, b);
    case TY_LIST: case TY_STRUCT:
      gen_unsupported(g, e->span, "comparing lists and structs");
      return "0";
    default: return gen_printf(g, "(%s %s %s)", a, sign, b);
  }
}

static CVal gen_compare(GenFn *f, const Expr *e) {
  CVal a = gen_expr(f, e->arg[0]), b = gen_expr(f, e->arg[1]);
  const char *n = gen_null_or(f, a.n, b.n);
  TypeKind k = e->arg[0]->type->kind;
  bool touches = k == TY_STRING || k == TY_BYTES;  /* a null's pointer leads nowhere */
  if (!n || !touches) return (CVal){gen_compare_values(f, e, a.v, b.v), n};
  Lifted l = gen_lift(f, e->type, n);
  gen_line(f, "%s = %s;", l.t, gen_compare_values(f, e, a.v, b.v));
  return gen_lifted(f, l);
}

/* ---- three-valued logic ---- */

/* Whether computing e emits no statements that must not run when it is not needed. */
static bool gen_is_cheap(const Expr *e) {
  if (e->kind == EX_COLUMN || e->kind == EX_CONST || e->kind == EX_PARAM || e->kind == EX_VAR) return true;
  if (e->type->nullable || expr_can_fail(e)) return false;
  switch (e->kind) {
    case EX_EQ: case EX_NE: case EX_LT: case EX_LE: case EX_GT: case EX_GE: case EX_AND: case EX_OR: case EX_NOT:
      break;
    default: return false;
  }
  for (uint32_t i = 0; i < e->arg_len; i++)
    if (!gen_is_cheap(e->arg[i])) return false;
  return true;
}

static CVal gen_logic(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  bool is_and = e->kind == EX_AND;
  CVal a = gen_expr(f, e->arg[0]);
  if (!a.n && gen_is_cheap(e->arg[1])) {
    CVal b = gen_expr(f, e->arg[1]);
    if (!b.n) return (CVal){gen_printf(g, "(%s %s %s)", a.v, is_and ? "&&" : "||", b.v), NULL};
  }
  const char *t = gen_temp(f, "uint8_t", is_and ? "0" : "1");
  const char *tn = e->type->nullable ? gen_temp(f, "uint8_t", "0") : NULL;
  const char *known = is_and ? "!" : "";   /* false and anything is false; true or anything is true */
  if (a.n) gen_line(f, "if (!(!%s && %s%s)) {", a.n, known, a.v);
  else gen_line(f, "if (!(%s%s)) {", known, a.v);
  f->indent++;
  CVal b = gen_expr(f, e->arg[1]);
  const char *n = gen_null_or(f, a.n, b.n);
  if (!n) {
    gen_line(f, "%s = %s;", t, b.v);
  } else {
    const char *decides = gen_printf(g, b.n ? "!%s && %s(%s)" : "%.0s%s(%s)", b.n ? b.n : "", known, b.v);
    gen_line(f, "if (!(%s)) { %s = %s; %s = %s; }", decides, t, is_and ? "1" : "0", tn, n);
  }
  f->indent--;
  gen_line(f, "}");
  return (CVal){t, tn};
}

static CVal gen_choice(GenFn *f, const Expr *e, const char *cond, const Expr *yes, const Expr *no, CVal *given) {
  Gen *g = f->g;
  const char *t = gen_temp(f, gen_ctype(g, e->type), gen_zero(g, e->type));
  const char *tn = e->type->nullable ? gen_temp(f, "uint8_t", "0") : NULL;
  gen_line(f, "if (%s) {", cond);
  f->indent++;
  CVal a = given ? *given : gen_expr(f, yes);
  gen_line(f, "%s = %s;", t, a.v);
  if (tn && a.n && !given) gen_line(f, "%s = %s;", tn, a.n);
  f->indent--;
  gen_line(f, "} else {");
  f->indent++;
  CVal b = gen_expr(f, no);
  gen_line(f, "%s = %s;", t, b.v);
  if (tn && b.n) gen_line(f, "%s = %s;", tn, b.n);
  f->indent--;
  gen_line(f, "}");
  return (CVal){t, tn};
}

static CVal gen_coalesce(GenFn *f, const Expr *e) {
  CVal a = gen_expr(f, e->arg[0]);
  if (!a.n) return a;
  return gen_choice(f, e, gen_printf(f->g, "!%s", a.n), NULL, e->arg[1], &a);
}

const char *gen_cond(GenFn *f, const Expr *e) {
  CVal c = gen_expr(f, e);
  return c.n ? gen_printf(f->g, "(!%s && %s)", c.n, c.v) : c.v;
}

static CVal gen_try(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const char *t = gen_temp(f, gen_ctype(g, e->type), gen_zero(g, e->type));
  const char *tn = gen_temp(f, "uint8_t", "1");
  const char *outer = f->fail;
  bool fails = f->fails;
  f->fail = gen_printf(g, "try%u", ++f->temps);
  f->fails = false;
  gen_line(f, "{");
  f->indent++;
  CVal v = gen_expr(f, e->arg[0]);
  gen_line(f, "%s = %s;", t, v.v);
  gen_line(f, "%s = %s;", tn, v.n ? v.n : "0");
  f->indent--;
  gen_line(f, "}");
  if (f->fails) gen_line(f, "%s: e = 0;", f->fail);
  f->fail = outer;
  f->fails = fails;
  return (CVal){t, tn};
}

/* ---- calls ---- */

/* Whether groups of a match are asked for by a function that takes a constant pattern. */
static bool gen_wants_groups(const Expr *e) {
  if (e->arg_len < 3) return false;
  const Expr *last = e->arg[2];
  if (last->kind != EX_CONST || last->value.is_null) return true;
  if (strcmp(e->fn->symbol, "frt_regex_extract_group") == 0) return last->value.i != 0;
  return last->value.s.len && memchr(last->value.s.ptr, '$', last->value.s.len);
}

static bool gen_is_const_regex(const Expr *e, uint32_t i) {
  const Expr *arg = e->arg[i];
  return i < 8 && e->fn->prepared[i] && arg->kind == EX_CONST && !arg->value.is_null &&
         strcmp(e->fn->prepare[i], "frt_regex_prepare") == 0;
}

static const char *gen_prepared_arg(GenFn *f, const Expr *call, uint32_t i, const char *v) {
  const Function *fn = call->fn;
  const Expr *arg = call->arg[i];
  if (gen_is_const_regex(call, i)) return gen_regex(f->g, arg->value.s, gen_wants_groups(call));
  if (arg->kind == EX_CONST) return gen_prepared(f->g, fn->prepare[i], v);
  const char *t = gen_temp(f, "const void *", "NULL");
  gen_try_call(f, gen_printf(f->g, "%s(cx, &%s, %s)", fn->prepare[i], t, v));
  return t;
}

/* What bodies may call of the C library, besides the runtime: the same with every back end, so they are named here. */
static void gen_c_library(Gen *g) {
  bool fresh;
  gen_intern(g, "libc", "functions of C", &fresh);
  if (!fresh) return;
  buf_put(&g->users, "void *memchr(const void *, int, size_t);\nint memcmp(const void *, const void *, size_t);\nsize_t strlen(const char *);\n");
  static const char *const one[] = {"sqrt", "cbrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "floor", "ceil",
                                    "trunc", "round", "fabs"};
  for (size_t i = 0; i < sizeof one / sizeof *one; i++) buf_printf(&g->users, "double %s(double);\n", one[i]);
  buf_put(&g->users, "double pow(double, double);\ndouble fmod(double, double);\ndouble atan2(double, double);\ndouble hypot(double, double);\n");
}

/* The name of an `extern c fn` in the module; its text goes in once, with the places of the script. */
static const char *gen_c_function(Gen *g, const Function *fn) {
  const Source *s = diags_source(g->plan->diags, fn->c_span.file);
  uint32_t line = 0, column = 0;
  if (s) diag_place(s, fn->c_span.start, &line, &column);
  bool fresh;
  const char *name = gen_intern(g, "user", gen_printf(g, "extern c %u %u", fn->c_span.file, fn->c_span.start), &fresh);
  if (!fresh) return name;
  gen_c_library(g);
  Buf params = {.arena = g->arena};
  for (uint32_t i = 0; i < fn->param_len; i++) buf_printf(&params, ", %s %s", gen_ctype(g, fn->params[i]), fn->param_names[i]);
  buf_printf(&g->users, "/* extern c fn %s */\nstatic %s %s(FrtCtx *cx%s) {\n  (void)cx;\n", fn->name, gen_ctype(g, fn->result), name,
             params.data ? params.data : "");
  uint32_t skip = s && fn->c_body[0] != '\n' && s->text[fn->c_span.start + 3] == '\n';  /* the first line end was dropped */
  buf_printf(&g->users, "#line %u %s\n%s\n#line @\n}\n\n", line + skip, c_string(g->arena, s ? s->path : "", s ? strlen(s->path) : 0),
             fn->c_body);
  return name;
}

/* Whether a text matches a constant pattern is found out by a table, where it can be. */
static const char *gen_call_dfa(Gen *g, const Expr *e) {
  if (e->fn->c_body || e->arg_len != 2 || strcmp(e->fn->symbol, "frt_regex_matches") != 0) return NULL;
  const Expr *pattern = e->arg[1];
  return pattern->kind == EX_CONST && !pattern->value.is_null ? gen_dfa(g, pattern->value.s) : NULL;
}

static CVal gen_call(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  if (e->fn->plugin) return gen_plugin_call(f, e);
  const Function *fn = e->fn;
  const char *symbol = fn->c_body ? gen_c_function(g, fn) : fn->symbol;
  CVal *args = arena_alloc(g->arena, (e->arg_len + 1) * sizeof *args);
  const char *n = NULL, *dfa = gen_call_dfa(g, e);
  for (uint32_t i = 0; i < e->arg_len; i++) {
    if (gen_is_const_regex(e, i)) continue;
    args[i] = gen_expr(f, e->arg[i]);
    n = gen_null_or(f, n, args[i].n);
  }
  n = n ? gen_atom(f, "uint8_t", n) : NULL;
  bool can_null = fn->status && fn->result->nullable;
  const char *tn = can_null ? gen_temp(f, "uint8_t", n ? n : "0") : n;
  const char *t = gen_temp(f, gen_ctype(g, e->type), n || can_null ? gen_zero(g, e->type) : NULL);
  gen_unless_null(f, n);
  if (dfa) {
    gen_line(f, "%s = frt_dfa_matches(%s, %s);", t, dfa, args[0].v);
    gen_end_unless_null(f, n);
    return (CVal){t, tn};
  }
  Buf list = {.arena = g->arena};
  for (uint32_t i = 0; i < e->arg_len; i++) {
    const char *v = i < 8 && fn->prepared[i] ? gen_prepared_arg(f, e, i, args[i].v) : args[i].v;
    buf_printf(&list, ", %s", v);
  }
  const char *rest = list.data ? list.data : "";
  if (!fn->status) {
    gen_line(f, "%s = %s(cx%s);", t, symbol, rest);
  } else if (can_null) {
    const char *s = gen_temp(f, "int", gen_printf(g, "%s(cx, &%s%s)", symbol, t, rest));
    gen_line(f, "if (%s == FRT_NULL) %s = 1;", s, tn);
    if (fn->fails) gen_fail_if(f, gen_printf(g, "%s > 0", s), s);
  } else {
    gen_try_call(f, gen_printf(g, "%s(cx, &%s%s)", symbol, t, rest));
  }
  gen_end_unless_null(f, n);
  return (CVal){t, tn};
}

static CVal gen_concat(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  CVal *args = arena_alloc(g->arena, (e->arg_len + 1) * sizeof *args);
  const char *n = NULL;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    args[i] = gen_expr(f, e->arg[i]);
    n = gen_null_or(f, n, args[i].n);
  }
  Lifted l = gen_lift(f, e->type, n);
  const char *parts = gen_printf(g, "q%u", ++f->temps);
  gen_line(f, "FrtStr %s[%u];", parts, e->arg_len ? e->arg_len : 1);
  for (uint32_t i = 0; i < e->arg_len; i++)
    gen_line(f, "%s[%u] = %s;", parts, i, gen_text_of(f, e->arg[i]->type, args[i].v, e->formats ? e->formats[i] : NULL));
  gen_try_call(f, gen_printf(g, "frt_concat(cx, &%s, %s, %u)", l.t, parts, e->arg_len));
  return gen_lifted(f, l);
}

/* ---- lists and structs ---- */

static CVal gen_field(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  CVal s = gen_expr(f, e->arg[0]);
  const char *a = gen_atom(f, gen_ctype(g, e->arg[0]->type), s.v);
  const Type *t = e->arg[0]->type->fields[e->index].type;
  const char *own = t->nullable ? gen_printf(g, "%s.n%u", a, e->index) : NULL;
  return (CVal){gen_printf(g, "%s.f%u", a, e->index), gen_null_or(f, s.n, own)};
}

static CVal gen_index(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const Type *elem = e->arg[0]->type->elem;
  CVal a = gen_expr(f, e->arg[0]), b = gen_expr(f, e->arg[1]);
  const char *list = gen_atom(f, "FrtList", a.v);
  const char *n = gen_null_or(f, a.n, b.n);
  const char *tn = elem->nullable ? gen_temp(f, "uint8_t", n ? n : "0") : NULL;
  if (!n && tn) n = NULL;
  Lifted l = gen_lift(f, e->type, n);
  const char *k = gen_temp(f, "int64_t", gen_printf(g, "(int64_t)%s", b.v));
  gen_line(f, "if (%s < 0) %s += %s.len;", k, k, list);
  gen_line(f, "if (%s < 0 || %s >= (int64_t)%s.len) cx->detail = frt_str_of_i64(cx, (int64_t)%s);", k, k, list, b.v);
  gen_fail_if(f, gen_printf(g, "%s < 0 || %s >= (int64_t)%s.len", k, k, list), "FRT_E_INDEX");
  if (elem->nullable) {
    gen_line(f, "%s = ((const %s *)%s.data)[%s].v;", l.t, gen_elem_struct(g, elem), list, k);
    gen_line(f, "%s = ((const %s *)%s.data)[%s].n;", tn, gen_elem_struct(g, elem), list, k);
  } else {
    gen_line(f, "%s = ((const %s *)%s.data)[%s];", l.t, gen_ctype(g, elem), list, k);
  }
  CVal v = gen_lifted(f, l);
  return (CVal){v.v, tn ? tn : v.n};
}

static CVal gen_struct_value(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const char *t = gen_temp(f, gen_ctype(g, e->type), NULL);
  for (uint32_t i = 0; i < e->arg_len; i++) {
    CVal v = gen_expr(f, e->arg[i]);
    gen_line(f, "%s.f%u = %s;", t, i, v.v);
    if (e->type->fields[i].type->nullable) gen_line(f, "%s.n%u = %s;", t, i, v.n ? v.n : "0");
  }
  return (CVal){t, NULL};
}

static CVal gen_list_value(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  const Type *elem = e->type->elem;
  const char *c = elem->nullable ? gen_elem_struct(g, elem) : gen_ctype(g, elem);
  const char *p = gen_temp(f, gen_printf(g, "%s *", c), gen_printf(g, "frt_alloc(cx, %u * sizeof(%s))", e->arg_len ? e->arg_len : 1, c));
  for (uint32_t i = 0; i < e->arg_len; i++) {
    CVal v = gen_expr(f, e->arg[i]);
    gen_line(f, "%s[%u]%s = %s;", p, i, elem->nullable ? ".v" : "", v.v);
    if (elem->nullable) gen_line(f, "%s[%u].n = %s;", p, i, v.n ? v.n : "0");
  }
  const char *t = gen_temp(f, "FrtList", NULL);
  gen_line(f, "%s.data = %s; %s.len = %u; %s.aux = 0;", t, p, t, e->arg_len, t);
  return (CVal){t, NULL};
}

/* ---- names ---- */

static CVal gen_column(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  bool nullable = g->plan->columns[e->col].type->nullable;
  return (CVal){gen_printf(g, "c%u[%s]", e->col, f->row), nullable ? gen_printf(g, "n%u[%s]", e->col, f->row) : NULL};
}

static CVal gen_param(GenFn *f, const Expr *e) {
  const PlanParam *p = &f->g->plan->params[e->index];
  return (CVal){gen_printf(f->g, "S->h->param%u", e->index), p->type->nullable ? gen_printf(f->g, "S->h->pnull%u", e->index) : NULL};
}

static CVal gen_let(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  CVal v = gen_expr(f, e->arg[0]);
  struct GenVar *var = arena_alloc(g->arena, sizeof *var);
  var->var = e->var;
  var->v = gen_atom(f, gen_ctype(g, e->arg[0]->type), v.v);
  var->n = v.n ? gen_atom(f, "uint8_t", v.n) : NULL;
  var->next = f->vars;
  f->vars = var;
  CVal r = gen_expr(f, e->arg[1]);
  f->vars = var->next;
  return r;
}

static CVal gen_var(GenFn *f, const Expr *e) {
  for (struct GenVar *v = f->vars; v; v = v->next)
    if (v->var == e->var) return (CVal){v->v, v->n};
  gen_unsupported(f->g, e->span, "a name outside its scope");
  return (CVal){"0", NULL};
}

CVal gen_expr(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  if (g->plan->coverage && e->arm.end) gen_line(f, "frt_cover(cx, %u);", gen_cover(g, e->arm, NULL));
  switch (e->kind) {
    case EX_CONST:
      return (CVal){gen_const(g, e->type, &e->value), e->value.is_null ? "1" : NULL};
    case EX_COLUMN: return gen_column(f, e);
    case EX_PARAM: return gen_param(f, e);
    case EX_VAR: return gen_var(f, e);
    case EX_LET: return gen_let(f, e);
    case EX_NEG: return gen_neg(f, e);
    case EX_ADD: case EX_SUB: case EX_MUL: return gen_arith(f, e);
    case EX_DIV: return gen_div(f, e);
    case EX_FLOORDIV: case EX_MOD: return gen_floor(f, e);
    case EX_EQ: case EX_NE: case EX_LT: case EX_LE: case EX_GT: case EX_GE: return gen_compare(f, e);
    case EX_AND: case EX_OR: return gen_logic(f, e);
    case EX_NOT: {
      CVal a = gen_expr(f, e->arg[0]);
      return (CVal){gen_printf(g, "!%s", gen_atom(f, "uint8_t", a.v)), a.n};
    }
    case EX_IS_NULL: {
      CVal a = gen_expr(f, e->arg[0]);
      return (CVal){a.n ? a.n : "0", NULL};
    }
    case EX_COALESCE: return gen_coalesce(f, e);
    case EX_IF: return gen_choice(f, e, gen_cond(f, e->arg[0]), e->arg[1], e->arg[2], NULL);
    case EX_TRY: return gen_try(f, e);
    case EX_CAST: {
      CVal a = gen_expr(f, e->arg[0]);
      const Type *from = e->arg[0]->type;
      if (from->kind != TY_NULL && !type_same_base(from, e->type)) a.v = gen_atom(f, gen_ctype(g, from), a.v);
      return gen_cast(f, from, e->type, a, e->widening);
    }
    case EX_CALL: return gen_call(f, e);
    case EX_CONCAT: return gen_concat(f, e);
    case EX_FIELD: return gen_field(f, e);
    case EX_INDEX: return gen_index(f, e);
    case EX_STRUCT: return gen_struct_value(f, e);
    case EX_LIST: return gen_list_value(f, e);
  }
  return (CVal){"0", NULL};
}
