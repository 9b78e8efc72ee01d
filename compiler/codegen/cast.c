/* cast.c: conversions. Each emits at most one call; what cannot fail is an expression. */
#include <string.h>

#include "codegen/gen_expr.h"

static const int64_t cast_pow10[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
  100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
  1000000000000000000};

static const char *cast_short(const Type *t) {
  switch (t->kind) {
    case TY_BOOL: return "bool";
    case TY_I8: return "i8";
    case TY_I16: return "i16";
    case TY_I32: return "i32";
    case TY_I64: return "i64";
    case TY_U8: return "u8";
    case TY_U16: return "u16";
    case TY_U32: return "u32";
    case TY_U64: return "u64";
    case TY_F32: return "f32";
    case TY_F64: return "f64";
    case TY_DATE: return "date";
    case TY_TIME: return "time";
    case TY_TIMESTAMP: return "timestamp";
    case TY_DURATION: return "duration";
    case TY_UUID: return "uuid";
    default: return NULL;
  }
}

const char *gen_wide(GenFn *f, const Type *t, const char *v) {
  if (t->kind == TY_DECIMAL && type_is_wide(t)) return v;
  const char *call = t->kind == TY_U64 ? "frt_i128_from_u64" : "frt_i128_from_i64";
  return gen_temp(f, "FrtI128", gen_printf(f->g, "%s(%s)", call, v));
}

/* An int64_t or uint64_t value of integer type `from` as type `to`. */
static const char *cast_int_int(GenFn *f, const Type *from, const Type *to, const char *v, bool widening) {
  Gen *g = f->g;
  if (widening || from->kind == to->kind) return gen_printf(g, "(%s)%s", gen_ctype(g, to), v);
  if (from->kind == TY_U64) {
    const char *t = gen_temp(f, "int64_t", "0");
    gen_try_call(f, gen_printf(g, "frt_i64_of_u64(cx, &%s, %s)", t, v));
    v = t;
    if (to->kind == TY_I64) return v;
  }
  if (to->kind == TY_I64) return gen_printf(g, "(int64_t)%s", v);
  const char *t = gen_temp(f, gen_ctype(g, to), "0");
  gen_try_call(f, gen_printf(g, "frt_%s_of_i64(cx, &%s, %s)", cast_short(to), t, v));
  return t;
}

static const char *cast_wide_to(GenFn *f, const Type *to, const char *wide) {
  if (type_is_wide(to)) return wide;
  const char *t = gen_temp(f, "int64_t", "0");
  gen_try_call(f, gen_printf(f->g, "frt_dec_narrow(%s, %u, &%s)", wide, to->precision, t));
  return t;
}

/* An unscaled value (integer or decimal of scale `scale`) as the decimal type `to`. */
static const char *cast_to_decimal(GenFn *f, const Type *from, int scale, const Type *to, const char *v, bool widening) {
  Gen *g = f->g;
  bool wide = from->kind == TY_DECIMAL ? type_is_wide(from) : from->kind == TY_U64;
  if (!wide && !type_is_wide(to)) {
    if (widening && to->scale >= scale)
      return to->scale == scale ? gen_printf(g, "(int64_t)%s", v)
                                : gen_printf(g, "((int64_t)%s * %ldL)", v, (long)cast_pow10[to->scale - scale]);
    const char *t = gen_temp(f, "int64_t", "0");
    gen_try_call(f, gen_printf(g, "frt_dec64_rescale(%s, %d, %u, %u, &%s)", v, scale, to->scale, to->precision, t));
    return t;
  }
  const char *w = gen_wide(f, from, v);
  if (widening && to->scale == scale) return cast_wide_to(f, to, w);
  const char *t = gen_temp(f, "FrtI128", NULL);
  gen_try_call(f, gen_printf(g, "frt_dec_rescale(%s, %d, %u, %u, &%s)", w, scale, to->scale, to->precision, t));
  return cast_wide_to(f, to, t);
}

static const char *cast_float_to(GenFn *f, const Type *from, const Type *to, const char *v) {
  Gen *g = f->g;
  if (to->kind == TY_F64) return gen_printf(g, "(double)%s", v);
  if (to->kind == TY_F32) {
    if (from->kind == TY_F32) return v;
    const char *t = gen_temp(f, "float", "0");
    gen_try_call(f, gen_printf(g, "frt_f32_of_f64(cx, &%s, %s)", t, v));
    return t;
  }
  if (to->kind == TY_DECIMAL) {
    const char *w = gen_temp(f, "FrtI128", NULL);
    gen_try_call(f, gen_printf(g, "frt_dec_from_f64(%s, %u, %u, &%s)", v, to->scale, to->precision, w));
    return cast_wide_to(f, to, w);
  }
  bool is_u64 = to->kind == TY_U64;
  const char *t = gen_temp(f, is_u64 ? "uint64_t" : "int64_t", "0");
  gen_try_call(f, gen_printf(g, "frt_%s_of_f64(cx, &%s, %s)", is_u64 ? "u64" : "i64", t, v));
  return is_u64 ? t : cast_int_int(f, type_basic(TY_I64), to, t, to->kind == TY_I64);
}

static const char *cast_decimal_to(GenFn *f, const Type *from, const Type *to, const char *v) {
  Gen *g = f->g;
  if (type_is_float(to)) {
    const char *call = type_is_wide(from) ? "frt_dec_to" : "frt_dec64_to";
    return gen_printf(g, "%s_%s(%s, %u)", call, cast_short(to), v, from->scale);
  }
  const char *w = gen_wide(f, from, v);
  bool is_u64 = to->kind == TY_U64;
  const char *t = gen_temp(f, is_u64 ? "uint64_t" : "int64_t", "0");
  gen_try_call(f, gen_printf(g, "frt_dec_to_%s(%s, %u, &%s)", is_u64 ? "u64" : "i64", w, from->scale, t));
  return is_u64 ? t : cast_int_int(f, type_basic(TY_I64), to, t, to->kind == TY_I64);
}

static const char *cast_from_string(GenFn *f, const Type *to, const char *v) {
  Gen *g = f->g;
  const char *t = gen_temp(f, gen_ctype(g, to), NULL);
  const char *empty = gen_const_str(g, "", 0);
  const char *call;
  switch (to->kind) {
    case TY_DECIMAL:
      call = gen_printf(g, "frt_dec%s_of_str(cx, &%s, %s, %u, %u)", type_is_wide(to) ? "128" : "64", t, v, to->precision, to->scale);
      break;
    case TY_DATE: case TY_TIME:
      call = gen_printf(g, "frt_%s_of_str(cx, &%s, %s, %s)", cast_short(to), t, v, empty);
      break;
    case TY_TIMESTAMP:
      call = gen_printf(g, "frt_timestamp_of_str(cx, &%s, %s, %s, %s)", t, v, empty, empty);
      break;
    case TY_ENUM:
      call = gen_printf(g, "frt_enum_of_str(cx, &%s, %s, %s)", t, v, gen_type_desc(g, to));
      break;
    default:
      call = gen_printf(g, "frt_%s_of_str(cx, &%s, %s)", cast_short(to), t, v);
  }
  gen_try_call(f, call);
  return t;
}

static const char *text_fixed(GenFn *f, const Type *t, const char *v, const char *format) {
  const char *digits = format[0] == '.' ? format + 1 : format;
  if (type_is_float(t)) return gen_printf(f->g, "frt_str_of_f64_fixed(cx, %s, %s)", v, digits);
  if (t->kind == TY_DECIMAL)
    return gen_printf(f->g, "frt_str_of_dec%s_fixed(cx, %s, %u, %s)", type_is_wide(t) ? "128" : "64", v, t->scale, digits);
  return gen_printf(f->g, "frt_str_of_dec64_fixed(cx, %s, 0, %s)", v, digits);
}

const char *gen_text_of(GenFn *f, const Type *t, const char *v, const char *format) {
  Gen *g = f->g;
  if (format && type_is_numeric(t)) return text_fixed(f, t, v, format);
  switch (t->kind) {
    case TY_STRING: case TY_BYTES: return v;
    case TY_U64: return gen_printf(g, "frt_str_of_u64(cx, %s)", v);
    case TY_DECIMAL: return gen_printf(g, "frt_str_of_dec%s(cx, %s, %u)", type_is_wide(t) ? "128" : "64", v, t->scale);
    case TY_ENUM: return gen_printf(g, "frt_enum_name(%s, %s)", gen_type_desc(g, t), v);
    case TY_LIST: case TY_STRUCT: {
      const char *a = gen_atom(f, gen_ctype(g, t), v);
      return gen_printf(g, "frt_json_text(cx, %s, &%s)", gen_type_desc(g, t), a);
    }
    case TY_BOOL: case TY_F32: case TY_F64: case TY_DATE: case TY_TIME: case TY_TIMESTAMP: case TY_DURATION: case TY_UUID:
      return gen_printf(g, "frt_str_of_%s(cx, %s)", cast_short(t), v);
    default: return gen_printf(g, "frt_str_of_i64(cx, %s)", v);
  }
}

static const char *cast_value(GenFn *f, const Type *from, const Type *to, const char *v, bool widening) {
  Gen *g = f->g;
  if (to->kind == TY_STRING && from->kind == TY_BYTES) {
    const char *t = gen_temp(f, "FrtStr", NULL);
    gen_try_call(f, gen_printf(g, "frt_str_of_bytes(cx, &%s, %s)", t, v));
    return t;
  }
  if (to->kind == TY_STRING) return gen_text_of(f, from, v, NULL);
  if (to->kind == TY_BYTES && from->kind == TY_STRING) return v;
  if (from->kind == TY_STRING) return cast_from_string(f, to, v);
  if (from->kind == TY_BOOL && type_is_numeric(to)) from = type_basic(TY_U8), widening = true;
  if (to->kind == TY_BOOL) {
    if (from->kind == TY_DECIMAL && type_is_wide(from)) return gen_printf(g, "((%s.lo | (uint64_t)%s.hi) != 0)", v, v);
    return gen_printf(g, "(%s != 0)", v);
  }
  if (type_is_integer(from) && type_is_integer(to)) return cast_int_int(f, from, to, v, widening);
  if (type_is_integer(from) && type_is_float(to))
    return from->kind == TY_U64 ? gen_printf(g, "(%s)frt_f64_of_u64(%s)", gen_ctype(g, to), v)
                                : gen_printf(g, "(%s)%s", gen_ctype(g, to), v);
  if (type_is_integer(from) && to->kind == TY_DECIMAL) return cast_to_decimal(f, from, 0, to, v, widening);
  if (type_is_float(from) && type_is_numeric(to)) return cast_float_to(f, from, to, v);
  if (from->kind == TY_DECIMAL && to->kind == TY_DECIMAL) return cast_to_decimal(f, from, from->scale, to, v, widening);
  if (from->kind == TY_DECIMAL) return cast_decimal_to(f, from, to, v);
  if (from->kind == TY_DATE && to->kind == TY_TIMESTAMP) return gen_printf(g, "frt_timestamp_of_date(%s)", v);
  if (from->kind == TY_TIMESTAMP && to->kind == TY_DATE) return gen_printf(g, "frt_date_of_timestamp(%s)", v);
  if (from->kind == TY_TIMESTAMP && to->kind == TY_TIME) return gen_printf(g, "frt_time_of_timestamp(%s)", v);
  if (from->kind == TY_ENUM && to->kind == TY_ENUM) {
    const char *t = gen_temp(f, "uint16_t", "0");
    gen_try_call(f, gen_printf(g, "frt_enum_of_str(cx, &%s, frt_enum_name(%s, %s), %s)", t, gen_type_desc(g, from), v,
                               gen_type_desc(g, to)));
    return t;
  }
  return gen_printf(g, "(%s)%s", gen_ctype(g, to), v);
}

CVal gen_cast(GenFn *f, const Type *from, const Type *to, CVal v, bool widening) {
  Gen *g = f->g;
  if (from->kind == TY_NULL) return (CVal){gen_zero(g, to), "1"};
  if (type_same_base(from, to)) return v;
  if (v.n == NULL) return (CVal){gen_atom(f, gen_ctype(g, to), cast_value(f, from, to, v.v, widening)), NULL};
  const char *n = gen_atom(f, "uint8_t", v.n);
  const char *t = gen_temp(f, gen_ctype(g, to), gen_zero(g, to));
  gen_unless_null(f, n);
  gen_line(f, "%s = %s;", t, cast_value(f, from, to, v.v, widening));
  gen_end_unless_null(f, n);
  return (CVal){t, n};
}
