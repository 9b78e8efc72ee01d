/* eval.c: the interpreter, a switch over the kinds of expressions, and constant folding with it. */
#include <math.h>
#include <string.h>

#include "ir/eval_internal.h"

typedef struct Bound {          /* a variable of an EX_LET */
  uint32_t var;
  int status;                   /* of its value: a failing one fails where it is first read */
  Value value;
  const struct Bound *next;
} Bound;

typedef struct Eval {
  const EvalEnv *env;
  Arena *arena;
  FrtCtx *cx;
} Eval;

static int eval(Eval *v, const Bound *vars, const Expr *e, Value *out);

static const Value null_value = {.is_null = true};

/* ---- arithmetic ---- */

static int floor_div(__int128 x, __int128 y, bool mod, __int128 *out) {
  if (y == 0) return FRT_E_DIV_ZERO;
  __int128 q = x / y, r = x % y;
  if (r != 0 && (r < 0) != (y < 0)) {
    q--;
    r += y;
  }
  *out = mod ? r : q;
  return FRT_OK;
}

static int arith_integers(const Expr *e, const Value *x, const Value *y, Value *out) {
  bool big = e->type->kind == TY_U64;
  __int128 a = big ? (__int128)(uint64_t)x->i : x->i, b = big ? (__int128)(uint64_t)y->i : y->i, r = 0;
  switch (e->kind) {
    case EX_ADD: r = a + b; break;
    case EX_SUB: r = a - b; break;
    case EX_MUL: r = a * b; break;
    default: {
      int status = floor_div(a, b, e->kind == EX_MOD, &r);
      if (status) return status;
    }
  }
  FrtI128 wide = {(uint64_t)r, (int64_t)(r >> 64)};
  const Type *t = type_is_integer(e->type) ? e->type : type_basic(TY_I64);
  if (!value_fits_integer(t, wide)) return FRT_E_OVERFLOW;
  *out = (Value){.i = (int64_t)wide.lo};
  return FRT_OK;
}

static int arith_floats(const Expr *e, const Value *x, const Value *y, Value *out) {
  double r;
  switch (e->kind) {
    case EX_ADD: r = x->f + y->f; break;
    case EX_SUB: r = x->f - y->f; break;
    case EX_MUL: r = x->f * y->f; break;
    case EX_DIV:
      if (e->checked_zero && y->f == 0) return FRT_E_DIV_ZERO;
      r = x->f / y->f;
      break;
    case EX_FLOORDIV: r = frt_floordiv_f64(x->f, y->f); break;
    default: r = frt_floormod_f64(x->f, y->f); break;
  }
  *out = (Value){.f = e->type->kind == TY_F32 ? (double)(float)r : r};
  return FRT_OK;
}

static int arith_decimals(const Expr *e, const Value *x, const Value *y, Value *out) {
  const Type *tx = e->arg[0]->type, *ty = e->arg[1]->type, *t = e->type;
  FrtI128 a = value_decimal(tx, x), b = value_decimal(ty, y), r;
  int status;
  switch (e->kind) {
    case EX_ADD: status = frt_dec_add(a, b, t->precision, &r); break;
    case EX_SUB: status = frt_dec_sub(a, b, t->precision, &r); break;
    case EX_MUL: status = frt_dec_mul(a, b, t->precision, &r); break;
    case EX_DIV: status = frt_dec_div(a, tx->scale, b, ty->scale, t->scale, t->precision, &r); break;
    case EX_FLOORDIV: status = frt_dec_floordiv(a, b, t->scale, t->precision, &r); break;
    default: status = frt_dec_mod(a, b, &r); break;
  }
  if (!status) value_set_decimal(t, r, out);
  return status;
}

enum { DAY_MIN = -719162, DAY_MAX = 2932896 };  /* 0001-01-01, 9999-12-31 */
#define EVAL_US_PER_DAY 86400000000LL

/* Results must lie in the years 1 to 9999, times of day in a day. */
static int time_in_range(const Type *t, __int128 us, Value *out) {
  __int128 low = (__int128)DAY_MIN * EVAL_US_PER_DAY, high = ((__int128)DAY_MAX + 1) * EVAL_US_PER_DAY;
  if (t->kind == TY_TIME) {
    low = 0;
    high = EVAL_US_PER_DAY;
  } else if (t->kind == TY_DURATION) {
    low = INT64_MIN;
    high = (__int128)INT64_MAX + 1;
  }
  if (us < low || us >= high) return FRT_E_OVERFLOW;
  *out = (Value){.i = t->kind == TY_DATE ? (int64_t)us / EVAL_US_PER_DAY : (int64_t)us};
  if (t->kind == TY_DATE && us < 0 && us % EVAL_US_PER_DAY) out->i--;
  return FRT_OK;
}

static __int128 time_us(const Type *t, const Value *v) {
  return t->kind == TY_DATE ? (__int128)v->i * EVAL_US_PER_DAY : v->i;
}

static int arith_times(const Expr *e, const Value *x, const Value *y, Value *out) {
  __int128 a = time_us(e->arg[0]->type, x), b = time_us(e->arg[1]->type, y);
  if (e->kind == EX_MUL) return time_in_range(e->type, (__int128)x->i * y->i, out);
  return time_in_range(e->type, e->kind == EX_ADD ? a + b : a - b, out);
}

static int concat(Eval *v, FrtStr x, FrtStr y, Value *out) {
  if ((uint64_t)x.len + y.len > UINT32_MAX / 4) return FRT_E_TOO_LONG;
  char *p = arena_alloc(v->arena, (size_t)x.len + y.len + 1);
  if (x.len) memcpy(p, x.ptr, x.len);
  if (y.len) memcpy(p + x.len, y.ptr, y.len);
  *out = (Value){.s = {p, x.len + y.len, 0}};
  return FRT_OK;
}

static int arith(Eval *v, const Expr *e, const Value *x, const Value *y, Value *out) {
  const Type *t = e->type;
  if (t->kind == TY_STRING) return concat(v, x->s, y->s, out);
  if (type_is_integer(t)) return arith_integers(e, x, y, out);
  if (type_is_float(t)) return arith_floats(e, x, y, out);
  return t->kind == TY_DECIMAL ? arith_decimals(e, x, y, out) : arith_times(e, x, y, out);
}

static int negate(const Expr *e, const Value *x, Value *out) {
  const Type *t = e->type;
  if (type_is_float(t)) {
    *out = (Value){.f = -x->f};
  } else if (t->kind == TY_DECIMAL) {
    value_set_decimal(t, frt_dec_neg(value_decimal(t, x)), out);
  } else {
    FrtI128 wide = frt_dec_neg(frt_i128_from_i64(x->i));
    if (!value_fits_integer(type_is_integer(t) ? t : type_basic(TY_I64), wide)) return FRT_E_OVERFLOW;
    *out = (Value){.i = (int64_t)wide.lo};
  }
  return FRT_OK;
}

/* ---- logic ---- */

static bool compare_holds(ExprKind kind, int c) {
  switch (kind) {
    case EX_EQ: return c == 0;
    case EX_NE: return c != 0;
    case EX_LT: return c < 0;
    case EX_LE: return c <= 0;
    case EX_GT: return c > 0;
    default: return c >= 0;
  }
}

/* Three-valued; the second operand is not looked at where the first decides. */
static int logic(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  bool decides = e->kind == EX_OR;
  Value x, y;
  int status = eval(v, vars, e->arg[0], &x);
  if (status) return status;
  if (!x.is_null && (x.i != 0) == decides) {
    *out = x;
    return FRT_OK;
  }
  status = eval(v, vars, e->arg[1], &y);
  if (status) return status;
  if (!y.is_null && (y.i != 0) == decides) *out = y;
  else *out = x.is_null ? x : y;
  return FRT_OK;
}

static int choose(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  Value cond;
  int status = eval(v, vars, e->arg[0], &cond);
  if (status) return status;
  if (e->kind == EX_COALESCE) {
    if (cond.is_null) return eval(v, vars, e->arg[1], out);
    *out = cond;
    return FRT_OK;
  }
  return eval(v, vars, e->arg[!cond.is_null && cond.i ? 1 : 2], out);
}

/* ---- texts, lists, structs ---- */

static FrtStr format_digits(Eval *v, const Type *t, const Value *x, const char *format) {
  int digits = 0;
  for (const char *p = format + 1; *p >= '0' && *p <= '9' && digits < 100; p++) digits = digits * 10 + *p - '0';
  if (type_is_float(t)) return frt_str_of_f64_fixed(v->cx, x->f, digits);
  return frt_str_of_dec128_fixed(v->cx, value_decimal(t, x), t->scale, digits);
}

static int concat_all(Eval *v, const Expr *e, const Value *args, Value *out) {
  *out = (Value){.s = {NULL, 0, 0}};
  for (uint32_t i = 0; i < e->arg_len; i++) {
    const Type *t = e->arg[i]->type;
    bool digits = e->formats && e->formats[i];
    FrtStr s = digits ? format_digits(v, t, &args[i], e->formats[i]) : value_print(v->arena, t, &args[i]);
    int status = concat(v, out->s, s, out);
    if (status) return status;
  }
  return FRT_OK;
}

static int index_list(const Value *list, int64_t i, Value *out) {
  if (i < 0) i += list->len;
  if (i < 0 || i >= (int64_t)list->len) return FRT_E_INDEX;
  *out = list->items[i];
  return FRT_OK;
}

static int collect(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  Value *items = arena_alloc(v->arena, ((size_t)e->arg_len + 1) * sizeof *items);
  for (uint32_t i = 0; i < e->arg_len; i++) {
    int status = eval(v, vars, e->arg[i], &items[i]);
    if (status) return status;
  }
  *out = (Value){.items = items, .len = e->arg_len};
  return FRT_OK;
}

/* ---- dispatch ---- */

/* A call that would make a text of more than `most` bytes of a short one. */
static bool call_grows(const Expr *e, const Value *args, uint64_t most) {
  const char *name = e->fn->symbol;
  if (strcmp(name, "frt_repeat") && strncmp(name, "frt_pad_", 8)) return false;
  return args[1].i > 0 && (uint64_t)args[1].i > most / (args[0].s.len + 1);
}

static int call(Eval *v, const Expr *e, const Value *args, Value *out) {
  for (uint32_t i = 0; i < e->arg_len; i++) {
    if (args[i].is_null && !e->fn->params[i]->nullable) {
      *out = null_value;
      return FRT_OK;
    }
  }
  if (v->env->most && call_grows(e, args, v->env->most)) return EVAL_CANNOT;
  if (!v->cx) v->cx = eval_context(v->arena);
  int status = eval_call(v->arena, v->cx, e, args, out);
  if (status != FRT_NULL) return status;
  *out = null_value;
  return FRT_OK;
}

static uint64_t value_bytes(const Value *x, uint64_t most) {
  uint64_t size = sizeof *x + x->s.len;
  for (uint32_t i = 0; x->items && i < x->len && size <= most; i++) size += value_bytes(&x->items[i], most);
  return size;
}

static int strict(Eval *v, const Bound *vars, const Expr *e, Value *out);

/* strict, where values may not be of any size. */
static int bounded(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  int status = strict(v, vars, e, out);
  uint64_t most = v->env->most;
  if (status != FRT_OK || !most || out->is_null) return status;
  return value_bytes(out, most) > most + sizeof *out ? EVAL_CANNOT : FRT_OK;
}

/* Kinds that look at all their arguments, and give null when one is. */
static int strict(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  Value few[4], *args = e->arg_len <= 4 ? few : arena_alloc(v->arena, e->arg_len * sizeof *args);
  bool null = false;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    int status = eval(v, vars, e->arg[i], &args[i]);
    if (status) return status;
    null |= args[i].is_null;
  }
  if (e->kind == EX_CALL) return call(v, e, args, out);
  if (null) {
    *out = null_value;
    return FRT_OK;
  }
  if (e->kind >= EX_EQ && e->kind <= EX_GE) {
    int c = value_compare(e->arg[0]->type, &args[0], &args[1]);
    *out = (Value){.i = compare_holds(e->kind, c)};
    return FRT_OK;
  }
  switch (e->kind) {
    case EX_NEG: return negate(e, &args[0], out);
    case EX_NOT: *out = (Value){.i = !args[0].i}; return FRT_OK;
    case EX_CAST: return value_cast(v->arena, e->arg[0]->type, &args[0], e->type, out);
    case EX_CONCAT:
      if (!v->cx) v->cx = eval_context(v->arena);
      return concat_all(v, e, args, out);
    case EX_FIELD: *out = args[0].items[e->index]; return FRT_OK;
    case EX_INDEX: return index_list(&args[0], args[1].i, out);
    default: return arith(v, e, &args[0], &args[1], out);
  }
}

static int leaf(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  const Value *found = NULL;
  if (e->kind == EX_CONST) {
    *out = e->value;
    if (e->type->kind == TY_NULL) *out = null_value;
    return e->type->kind == TY_ERROR ? EVAL_CANNOT : FRT_OK;
  }
  if (e->kind == EX_VAR) {
    for (; vars; vars = vars->next) {
      if (vars->var != e->var) continue;
      *out = vars->value;
      return vars->status;
    }
    return EVAL_CANNOT;
  }
  if (e->kind == EX_COLUMN && v->env->column) found = v->env->column(v->env->user, e->col);
  if (e->kind == EX_PARAM && v->env->param) found = v->env->param(v->env->user, e->index);
  if (!found) return EVAL_CANNOT;
  *out = *found;
  return FRT_OK;
}

static int eval(Eval *v, const Bound *vars, const Expr *e, Value *out) {
  switch (e->kind) {
    case EX_CONST: case EX_COLUMN: case EX_PARAM: case EX_VAR: return leaf(v, vars, e, out);
    case EX_LET: {
      Bound bound = {.var = e->var, .next = vars};
      bound.status = eval(v, vars, e->arg[0], &bound.value);
      if (bound.status) return bound.status;       /* evaluated once, before the body */
      return eval(v, &bound, e->arg[1], out);
    }
    case EX_AND: case EX_OR: return logic(v, vars, e, out);
    case EX_IF: case EX_COALESCE: return choose(v, vars, e, out);
    case EX_TRY: {
      int status = eval(v, vars, e->arg[0], out);
      if (status > 0) *out = null_value;
      return status < 0 ? status : FRT_OK;
    }
    case EX_IS_NULL: {
      int status = eval(v, vars, e->arg[0], out);
      if (!status) *out = (Value){.i = out->is_null};
      return status;
    }
    case EX_STRUCT: case EX_LIST: return collect(v, vars, e, out);
    default: return bounded(v, vars, e, out);
  }
}

int expr_eval(const EvalEnv *env, const Expr *e, Value *out) {
  Eval v = {env, env->arena, env->cx};
  return eval(&v, NULL, e, out);
}

/* ---- folding ---- */

/* Whether everything below e is constant and pure; EX_LET variables count as constant inside their let. */
static bool is_constant(const Expr *e, const Bound *vars) {
  if (e->kind == EX_VAR) {
    while (vars && vars->var != e->var) vars = vars->next;
    return vars != NULL;
  }
  if (e->kind == EX_COLUMN || e->kind == EX_PARAM || e->type->kind == TY_ERROR) return false;
  if (e->kind == EX_CALL && !e->fn->pure) return false;
  if (e->kind == EX_LET) {
    Bound bound = {.var = e->var, .next = vars};
    return is_constant(e->arg[0], vars) && is_constant(e->arg[1], &bound);
  }
  for (uint32_t i = 0; i < e->arg_len; i++) {
    if (!is_constant(e->arg[i], vars)) return false;
  }
  return true;
}

static Expr *fold_constant(Arena *a, const Expr *e) {
  EvalEnv env = {.arena = a, .most = EVAL_FOLD_MOST};
  Value value;
  if (expr_eval(&env, e, &value) != FRT_OK) return NULL;
  Expr *r = expr_new(a, EX_CONST, e->type, e->span, 0);
  r->value = value;
  r->type = type_with_null(a, e->type, value.is_null);
  return r;
}

/* false and x is false, if true then a else b is a, a constant ?? b is a: what constants decide. */
static Expr *fold_choice(Arena *a, Expr *e) {
  const Expr *x = e->arg_len ? e->arg[0] : NULL;
  if (!x || x->kind != EX_CONST) return e;
  bool truth = !x->value.is_null && x->value.i != 0;
  if (e->kind == EX_IF) return e->arg[truth ? 1 : 2];
  if (e->kind == EX_COALESCE) return x->value.is_null ? e->arg[1] : e->arg[0];
  if (e->kind == EX_AND && !x->value.is_null) return truth ? e->arg[1] : e->arg[0];
  if (e->kind == EX_OR && !x->value.is_null) return truth ? e->arg[0] : e->arg[1];
  return e;
}

/* A choice that was cut to one branch keeps the nullability that its users saw only if it narrows. */
Expr *expr_fold(Arena *a, Expr *e) {
  if (e->kind == EX_CONST || e->arg_len == 0) {
    if (e->kind == EX_CONST || !is_constant(e, NULL)) return e;
  }
  if (is_constant(e, NULL)) {
    Expr *r = fold_constant(a, e);
    if (r) return r;
  }
  Expr *copy = NULL;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    Expr *x = expr_fold(a, e->arg[i]);
    if (x == e->arg[i]) continue;
    if (!copy) {
      copy = expr_new(a, e->kind, e->type, e->span, e->arg_len);
      Expr **arg = copy->arg;
      *copy = *e;
      copy->arg = arg;
      memcpy(arg, e->arg, e->arg_len * sizeof *arg);
    }
    copy->arg[i] = x;
  }
  return fold_choice(a, copy ? copy : e);
}
