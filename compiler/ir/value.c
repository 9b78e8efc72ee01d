/* value.c: values of the reference interpreter: converting, comparing, printing, and their C form. */
#include <math.h>
#include <string.h>

#include "ir/eval_internal.h"
#include "text/column.h"

static FrtStr no_text(void) { return (FrtStr){NULL, 0, 0}; }

FrtI128 value_decimal(const Type *t, const Value *v) { return type_is_wide(t) ? v->d : frt_i128_from_i64(v->i); }

void value_set_decimal(const Type *t, FrtI128 d, Value *out) {
  *out = (Value){.d = d};
  if (!type_is_wide(t)) frt_i128_to_i64(d, &out->i);
}

/* ---- C forms ---- */

size_t value_c_size(const Type *t) {
  switch (t->kind) {
    case TY_BOOL: case TY_I8: case TY_U8: return 1;
    case TY_I16: case TY_U16: case TY_ENUM: return 2;
    case TY_I32: case TY_U32: case TY_F32: case TY_DATE: return 4;
    case TY_DECIMAL: return type_is_wide(t) ? 16 : 8;
    case TY_STRING: case TY_BYTES: case TY_UUID: case TY_LIST: return 16;
    case TY_STRUCT: case TY_ERROR: case TY_NULL: return 0;
    default: return 8;
  }
}

static bool value_to_list(Arena *a, const Type *t, const Value *v, FrtList *out) {
  size_t size = value_c_size(t->elem);
  if (!size || t->elem->nullable || t->elem->kind == TY_LIST) return false;
  char *data = arena_alloc(a, size * v->len + 64);
  for (uint32_t i = 0; i < v->len; i++) value_to_c(a, t->elem, &v->items[i], data + i * size);
  *out = (FrtList){data, v->len, 0};
  return true;
}

bool value_to_c(Arena *a, const Type *t, const Value *v, void *out) {
  float single = (float)v->f;
  switch (t->kind) {
    case TY_F32: memcpy(out, &single, 4); return true;
    case TY_F64: memcpy(out, &v->f, 8); return true;
    case TY_STRING: case TY_BYTES: memcpy(out, &v->s, 16); return true;
    case TY_UUID: memcpy(out, &v->u, 16); return true;
    case TY_LIST: return value_to_list(a, t, v, out);
    case TY_STRUCT: case TY_ERROR: case TY_NULL: return false;
    case TY_DECIMAL:
      if (type_is_wide(t)) {
        memcpy(out, &v->d, 16);
        return true;
      }
      break;
    default: break;
  }
  memcpy(out, &v->i, value_c_size(t));             /* little-endian, as x86-64 and AArch64 are */
  return true;
}

static int64_t read_integer(const Type *t, const void *p) {
  int8_t i8; int16_t i16; int32_t i32; uint8_t u8; uint16_t u16; uint32_t u32; int64_t i64;
  switch (t->kind) {
    case TY_I8: memcpy(&i8, p, 1); return i8;
    case TY_I16: memcpy(&i16, p, 2); return i16;
    case TY_I32: case TY_DATE: memcpy(&i32, p, 4); return i32;
    case TY_BOOL: case TY_U8: memcpy(&u8, p, 1); return u8;
    case TY_U16: case TY_ENUM: memcpy(&u16, p, 2); return u16;
    case TY_U32: memcpy(&u32, p, 4); return u32;
    default: memcpy(&i64, p, 8); return i64;
  }
}

static bool value_from_list(Arena *a, const Type *t, const void *p, Value *out) {
  FrtList list;
  memcpy(&list, p, sizeof list);
  size_t size = value_c_size(t->elem);
  if (!size || t->elem->nullable) return false;
  Value *items = arena_alloc(a, ((size_t)list.len + 1) * sizeof *items);
  for (uint32_t i = 0; i < list.len; i++) {
    if (!value_from_c(a, t->elem, (const char *)list.data + i * size, &items[i])) return false;
  }
  out->items = items;
  out->len = list.len;
  return true;
}

bool value_from_c(Arena *a, const Type *t, const void *p, Value *out) {
  float single;
  *out = (Value){0};
  switch (t->kind) {
    case TY_F32: memcpy(&single, p, 4); out->f = single; return true;
    case TY_F64: memcpy(&out->f, p, 8); return true;
    case TY_STRING: case TY_BYTES: memcpy(&out->s, p, 16); return true;
    case TY_UUID: memcpy(&out->u, p, 16); return true;
    case TY_LIST: return value_from_list(a, t, p, out);
    case TY_STRUCT: case TY_ERROR: case TY_NULL: return false;
    case TY_DECIMAL:
      if (!type_is_wide(t)) break;
      memcpy(&out->d, p, 16);
      return true;
    default: break;
  }
  out->i = read_integer(t, p);
  return true;
}

const FrtType *value_frt_type(Arena *a, const Type *t) {
  FrtType *r = arena_alloc(a, sizeof *r);
  *r = (FrtType){.kind = (uint8_t)t->kind, .precision = t->precision, .scale = t->scale, .size = (uint32_t)value_c_size(t)};
  if (t->kind != TY_ENUM) return r;
  FrtStr *names = arena_alloc(a, t->len * sizeof *names);
  for (uint32_t i = 0; i < t->len; i++) names[i] = (FrtStr){t->names[i], t->name_sizes[i], 0};
  r->names = names;
  r->name_len = t->len;
  return r;
}

/* ---- printing ---- */

FrtStr value_print(Arena *a, const Type *t, const Value *v) {
  if (t->kind == TY_STRING || t->kind == TY_BYTES) return v->s;
  if (t->kind == TY_ENUM) return (FrtStr){t->names[v->i], t->name_sizes[v->i], 0};
  char form[16] = {0}, *text = arena_alloc(a, FRT_TEXT_MAX + FRT_PUT_SLACK);
  if (!value_to_c(a, t, v, form)) return no_text();
  char *end = frt_value_text(text, value_frt_type(a, t), form);
  return (FrtStr){text, (uint32_t)(end - text), 0};
}

/* ---- comparing ---- */

static int order(int64_t x, int64_t y) { return (x > y) - (x < y); }

int value_compare(const Type *t, const Value *x, const Value *y) {
  switch (t->kind) {
    case TY_F32: case TY_F64: return frt_f64_cmp(x->f, y->f);
    case TY_STRING: case TY_BYTES: return frt_str_cmp(x->s, y->s);
    case TY_UUID: return frt_uuid_cmp(x->u, y->u);
    case TY_DECIMAL: return frt_i128_cmp(value_decimal(t, x), value_decimal(t, y));
    case TY_U64: return ((uint64_t)x->i > (uint64_t)y->i) - ((uint64_t)x->i < (uint64_t)y->i);
    default: return order(x->i, y->i);
  }
}

/* ---- casts ---- */

bool value_fits_integer(const Type *t, FrtI128 v) {
  int64_t i;
  uint64_t u;
  int bits = type_bits(t);
  if (t->kind == TY_U64) return frt_i128_to_u64(v, &u) == FRT_OK;
  if (frt_i128_to_i64(v, &i) != FRT_OK) return false;
  if (bits == 64) return true;
  int64_t half = (int64_t)1 << (bits - 1);
  return type_is_signed(t) ? i >= -half && i < half : i >= 0 && i < 2 * half;
}

static int set_integer(const Type *to, FrtI128 v, Value *out) {
  if (!value_fits_integer(to, v)) return FRT_E_OUT_OF_RANGE;
  *out = (Value){.i = (int64_t)v.lo};
  return FRT_OK;
}

/* Through i64 or u64, as the run does: the code says at which step it fails. */
static int cast_to_integer(const Type *from, const Value *v, const Type *to, Value *out) {
  bool is_u64 = to->kind == TY_U64;
  if (type_is_float(from)) {
    FrtI128 whole;
    if (isnan(v->f)) return FRT_E_BAD_VALUE;
    if (is_u64 ? !(v->f > -1.0 && v->f < 0x1p64) : !(v->f >= -0x1p63 && v->f < 0x1p63)) return FRT_E_OUT_OF_RANGE;
    if (trunc(v->f) != v->f || (is_u64 && v->f < 0)) return FRT_E_BAD_VALUE;
    return frt_dec_from_f64(v->f, 0, 38, &whole) ? FRT_E_OUT_OF_RANGE : set_integer(to, whole, out);
  }
  if (from->kind == TY_DECIMAL) {
    FrtI128 d = value_decimal(from, v);
    int64_t i = 0;
    uint64_t u = 0;
    int status = is_u64 ? frt_dec_to_u64(d, from->scale, &u) : frt_dec_to_i64(d, from->scale, &i);
    return status ? status : set_integer(to, is_u64 ? frt_i128_from_u64(u) : frt_i128_from_i64(i), out);
  }
  if (from->kind == TY_U64) return set_integer(to, frt_i128_from_u64((uint64_t)v->i), out);
  return set_integer(to, frt_i128_from_i64(v->i), out);
}

static int cast_to_float(const Type *from, const Value *v, const Type *to, Value *out) {
  bool single = to->kind == TY_F32;
  double f;
  if (type_is_float(from)) {
    f = single ? (double)(float)v->f : v->f;
    if (isinf(f) && !isinf(v->f)) return FRT_E_OUT_OF_RANGE;
  } else if (from->kind == TY_DECIMAL) {
    FrtI128 d = value_decimal(from, v);
    f = single ? (double)frt_dec_to_f32(d, from->scale) : frt_dec_to_f64(d, from->scale);
  } else if (from->kind == TY_U64) {
    f = single ? (double)(float)(uint64_t)v->i : (double)(uint64_t)v->i;
  } else {
    f = single ? (double)(float)v->i : (double)v->i;
  }
  *out = (Value){.f = f};
  return FRT_OK;
}

static int cast_to_decimal(const Type *from, const Value *v, const Type *to, Value *out) {
  FrtI128 d;
  int status;
  if (type_is_float(from)) {
    status = frt_dec_from_f64(v->f, to->scale, to->precision, &d);
  } else if (from->kind == TY_DECIMAL) {
    status = frt_dec_rescale(value_decimal(from, v), from->scale, to->scale, to->precision, &d);
  } else {
    d = from->kind == TY_U64 ? frt_i128_from_u64((uint64_t)v->i) : frt_i128_from_i64(v->i);
    status = frt_dec_rescale(d, 0, to->scale, to->precision, &d);
  }
  if (status) return status;
  value_set_decimal(to, d, out);
  return FRT_OK;
}

static int cast_from_text(Arena *a, const Value *v, const Type *to, Value *out) {
  char form[16] = {0};
  char *copy = arena_alloc(a, (size_t)v->s.len + 128); /* readers may look 64 bytes around */
  if (v->s.len) memcpy(copy + 64, v->s.ptr, v->s.len);
  FrtStr text = {copy + 64, v->s.len, 0};
  if (to->kind == TY_BYTES) {
    *out = *v;
    return FRT_OK;
  }
  int status = frt_text_value(value_frt_type(a, to), text, no_text(), no_text(), form);
  if (status) return status;
  return value_from_c(a, to, form, out) ? FRT_OK : EVAL_CANNOT;
}

int value_cast(Arena *a, const Type *from, const Value *v, const Type *to, Value *out) {
  if (v->is_null || type_same_base(from, to)) {
    *out = *v;
    return FRT_OK;
  }
  if (to->kind == TY_STRING) {
    if (from->kind == TY_BYTES && !frt_utf8_valid(v->s.ptr, v->s.len)) return FRT_E_UTF8;
    *out = (Value){.s = value_print(a, from, v)};
    return FRT_OK;
  }
  if (from->kind == TY_STRING) return cast_from_text(a, v, to, out);
  if (type_is_numeric(from) && type_is_integer(to)) return cast_to_integer(from, v, to, out);
  if (type_is_numeric(from) && type_is_float(to)) return cast_to_float(from, v, to, out);
  if (type_is_numeric(from) && to->kind == TY_DECIMAL) return cast_to_decimal(from, v, to, out);
  *out = (Value){0};
  if (from->kind == TY_DATE && to->kind == TY_TIMESTAMP) out->i = frt_timestamp_of_date((int32_t)v->i);
  else if (from->kind == TY_TIMESTAMP && to->kind == TY_DATE) out->i = frt_date_of_timestamp(v->i);
  else if (from->kind == TY_TIMESTAMP && to->kind == TY_TIME) out->i = frt_time_of_timestamp(v->i);
  else return EVAL_CANNOT;
  return FRT_OK;
}
