/* convert.c: conversions between types that generated code calls (flowrt_text.h). */
#include <stdint.h>
#include <string.h>

#include "text/column.h"
#include "text/text.h"
#include "text/timefmt.h"

/* wanted: FRT_TEXT_WANTED of the type, or 0. */
static int tconv_end(FrtCtx *cx, int rc, FrtStr v, uint32_t wanted) {
  if (rc != FRT_OK) {
    v.aux = wanted;
    cx->detail = v;
  }
  return rc;
}

#define TCONV_OF_STR(name, kind, type, call) \
  int frt_##name##_of_str(FrtCtx *cx, type *out, FrtStr v) { return tconv_end(cx, call, v, FRT_TEXT_WANTED(kind, 0, 0)); }
#define TCONV_INT_OF_STR(name, kind, type, min, max)           \
  int frt_##name##_of_str(FrtCtx *cx, type *out, FrtStr v) {   \
    int64_t x = 0;                                             \
    int rc = text_parse_i64(v.ptr, v.len, min, max, &x);        \
    if (rc == FRT_OK) *out = (type)x;                          \
    return tconv_end(cx, rc, v, FRT_TEXT_WANTED(kind, 0, 0));  \
  }

TCONV_INT_OF_STR(i8, FRT_I8, int8_t, INT8_MIN, INT8_MAX)
TCONV_INT_OF_STR(i16, FRT_I16, int16_t, INT16_MIN, INT16_MAX)
TCONV_INT_OF_STR(i32, FRT_I32, int32_t, INT32_MIN, INT32_MAX)
TCONV_INT_OF_STR(i64, FRT_I64, int64_t, INT64_MIN, INT64_MAX)
TCONV_INT_OF_STR(u8, FRT_U8, uint8_t, 0, UINT8_MAX)
TCONV_INT_OF_STR(u16, FRT_U16, uint16_t, 0, UINT16_MAX)
TCONV_INT_OF_STR(u32, FRT_U32, uint32_t, 0, UINT32_MAX)
TCONV_OF_STR(u64, FRT_U64, uint64_t, text_parse_u64(v.ptr, v.len, UINT64_MAX, out))
TCONV_OF_STR(bool, FRT_BOOL, uint8_t, text_parse_bool(v.ptr, v.len, out))
TCONV_OF_STR(f32, FRT_F32, float, text_parse_f32(v.ptr, v.len, out))
TCONV_OF_STR(f64, FRT_F64, double, text_parse_f64(v.ptr, v.len, out))
TCONV_OF_STR(duration, FRT_DURATION, int64_t, text_parse_duration(v.ptr, v.len, out))
TCONV_OF_STR(uuid, FRT_UUID, FrtUuid, text_parse_uuid(v.ptr, v.len, out))

int frt_dec64_of_str(FrtCtx *cx, int64_t *out, FrtStr v, int precision, int scale) {
  return tconv_end(cx, text_parse_dec64(v.ptr, v.len, precision, scale, out), v, FRT_TEXT_WANTED(FRT_DECIMAL, precision, scale));
}

int frt_dec128_of_str(FrtCtx *cx, FrtI128 *out, FrtStr v, int precision, int scale) {
  return tconv_end(cx, text_parse_dec128(v.ptr, v.len, precision, scale, out), v, FRT_TEXT_WANTED(FRT_DECIMAL, precision, scale));
}

/* detail of a bad format or zone is that name, not the text. */
static int tconv_time(FrtCtx *cx, uint8_t kind, void *out, FrtStr v, const FrtStr *format_zone) {
  FrtType t = {.kind = kind};
  int rc = frt_text_value(&t, v, format_zone[0], format_zone[1], out);
  return tconv_end(cx, rc, rc == FRT_E_FORMAT ? format_zone[0] : rc == FRT_E_ZONE ? format_zone[1] : v,
                   FRT_TEXT_WANTED(kind, 0, 0));
}

int frt_date_of_str(FrtCtx *cx, int32_t *out, FrtStr v, FrtStr format) {
  return tconv_time(cx, FRT_DATE, out, v, (FrtStr[2]){format, {NULL, 0, 0}});
}

int frt_time_of_str(FrtCtx *cx, int64_t *out, FrtStr v, FrtStr format) {
  return tconv_time(cx, FRT_TIME, out, v, (FrtStr[2]){format, {NULL, 0, 0}});
}

int frt_timestamp_of_str(FrtCtx *cx, int64_t *out, FrtStr v, FrtStr format, FrtStr zone) {
  return tconv_time(cx, FRT_TIMESTAMP, out, v, (FrtStr[2]){format, zone});
}

int frt_enum_of_str(FrtCtx *cx, uint16_t *out, FrtStr v, const FrtType *t) {
  return tconv_end(cx, text_parse_enum(t, v.ptr, v.len, out), v, 0);
}

int frt_str_of_bytes(FrtCtx *cx, FrtStr *out, FrtStr v) {
  if (!frt_utf8_valid(v.ptr, v.len)) return tconv_end(cx, FRT_E_UTF8, v, 0);
  v.aux = 0;
  *out = v;
  return FRT_OK;
}

int frt_value_of_str(FrtCtx *cx, void *out, FrtStr v, const FrtType *t) {
  FrtStr none = {NULL, 0, 0};
  return tconv_end(cx, frt_text_value(t, v, none, none, out), v,
                   t->names || t->kind >= FRT_LIST ? 0 : FRT_TEXT_WANTED(t->kind, t->precision, t->scale));
}

/* ---- to strings ----------------------------------------------------------------------------- */

enum { TCONV_TEXT = 48 };

#define TCONV_STR_ROOM(size) char *p = frt_alloc(cx, (size) + FRT_PUT_SLACK)
#define TCONV_STR(end) ((FrtStr){p, (uint32_t)((end) - p), 0})
#define TCONV_STR_OF(name, type)                        \
  FrtStr frt_str_of_##name(FrtCtx *cx, type v) {        \
    TCONV_STR_ROOM(TCONV_TEXT);                         \
    return TCONV_STR(frt_put_##name(p, v));             \
  }

TCONV_STR_OF(bool, uint8_t)
TCONV_STR_OF(i64, int64_t)
TCONV_STR_OF(u64, uint64_t)
TCONV_STR_OF(f64, double)
TCONV_STR_OF(f32, float)
TCONV_STR_OF(date, int32_t)
TCONV_STR_OF(time, int64_t)
TCONV_STR_OF(timestamp, int64_t)
TCONV_STR_OF(duration, int64_t)
TCONV_STR_OF(uuid, FrtUuid)

FrtStr frt_str_of_dec64(FrtCtx *cx, int64_t v, int scale) {
  TCONV_STR_ROOM(TCONV_TEXT);
  return TCONV_STR(frt_put_dec64(p, v, scale));
}

FrtStr frt_str_of_dec128(FrtCtx *cx, FrtI128 v, int scale) {
  TCONV_STR_ROOM(TCONV_TEXT);
  return TCONV_STR(frt_put_dec128(p, v, scale));
}

FrtStr frt_str_of_f64_fixed(FrtCtx *cx, double v, int digits) {
  TCONV_STR_ROOM(FRT_FIXED_SIZE_MAX);
  return TCONV_STR(frt_put_f64_fixed(p, v, digits));
}

FrtStr frt_str_of_dec64_fixed(FrtCtx *cx, int64_t v, int scale, int digits) {
  TCONV_STR_ROOM(FRT_FIXED_SIZE_MAX);
  return TCONV_STR(frt_put_dec64_fixed(p, v, scale, digits));
}

FrtStr frt_str_of_dec128_fixed(FrtCtx *cx, FrtI128 v, int scale, int digits) {
  TCONV_STR_ROOM(FRT_FIXED_SIZE_MAX);
  return TCONV_STR(frt_put_dec128_fixed(p, v, scale, digits));
}

/* ---- between numbers ------------------------------------------------------------------------ */

static int tconv_float_fails(FrtCtx *cx, double v, int rc) {
  cx->detail = frt_str_of_f64(cx, v);
  return rc;
}

int frt_i64_of_f64(FrtCtx *cx, int64_t *out, double v) {
  if (v != v) return tconv_float_fails(cx, v, FRT_E_BAD_VALUE);
  if (!(v >= -0x1p63 && v < 0x1p63)) return tconv_float_fails(cx, v, FRT_E_OUT_OF_RANGE);
  if ((double)(int64_t)v != v) return tconv_float_fails(cx, v, FRT_E_BAD_VALUE);
  *out = (int64_t)v;
  return FRT_OK;
}

int frt_u64_of_f64(FrtCtx *cx, uint64_t *out, double v) {
  if (v != v) return tconv_float_fails(cx, v, FRT_E_BAD_VALUE);
  if (!(v > -1.0 && v < 0x1p64)) return tconv_float_fails(cx, v, FRT_E_OUT_OF_RANGE);
  if (v < 0 || (double)(uint64_t)v != v) return tconv_float_fails(cx, v, FRT_E_BAD_VALUE);
  *out = (uint64_t)v;
  return FRT_OK;
}

int frt_f32_of_f64(FrtCtx *cx, float *out, double v) {
  if (v - v == 0 && (v >= 0x1.ffffffp127 || v <= -0x1.ffffffp127)) {
    return tconv_float_fails(cx, v, FRT_E_OUT_OF_RANGE);
  }
  *out = (float)v;
  return FRT_OK;
}

#define TCONV_NARROW(name, type, min, max)                     \
  int frt_##name##_of_i64(FrtCtx *cx, type *out, int64_t v) {  \
    if (v < (min) || v > (max)) {                              \
      cx->detail = frt_str_of_i64(cx, v);                      \
      return FRT_E_OUT_OF_RANGE;                               \
    }                                                          \
    *out = (type)v;                                            \
    return FRT_OK;                                             \
  }

TCONV_NARROW(i8, int8_t, INT8_MIN, INT8_MAX)
TCONV_NARROW(i16, int16_t, INT16_MIN, INT16_MAX)
TCONV_NARROW(i32, int32_t, INT32_MIN, INT32_MAX)
TCONV_NARROW(u8, uint8_t, 0, UINT8_MAX)
TCONV_NARROW(u16, uint16_t, 0, UINT16_MAX)
TCONV_NARROW(u32, uint32_t, 0, UINT32_MAX)
TCONV_NARROW(u64, uint64_t, 0, INT64_MAX)

int frt_i64_of_u64(FrtCtx *cx, int64_t *out, uint64_t v) {
  if (v > INT64_MAX) {
    cx->detail = frt_str_of_u64(cx, v);
    return FRT_E_OUT_OF_RANGE;
  }
  *out = (int64_t)v;
  return FRT_OK;
}
