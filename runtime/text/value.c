/* value.c: a value of any scalar type from its text and to its text; the name of a type. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text/column.h"
#include "text/text.h"
#include "text/timefmt.h"

static int tval_time_value(const FrtType *t, FrtStr s, FrtStr format, FrtStr zone_name, void *out) {
  const FrtZone *zone = NULL;
  FrtTimeFmt f;
  if (t->kind == FRT_TIMESTAMP && zone_name.len) {
    int rc = frt_zone_get(zone_name, &zone);
    if (rc != FRT_OK) return rc;
  }
  if (format.len == 0) {
    if (t->kind == FRT_DATE) return text_parse_date(s.ptr, s.len, out);
    if (t->kind == FRT_TIME) return text_parse_time(s.ptr, s.len, out);
    return text_parse_timestamp(s.ptr, s.len, zone, out);
  }
  int rc = frt_timefmt_compile(&f, format);
  if (rc != FRT_OK) return rc;
  if (t->kind == FRT_DATE) return frt_timefmt_parse_date(&f, s, out);
  if (t->kind == FRT_TIME) return frt_timefmt_parse_time(&f, s, out);
  return frt_timefmt_parse_timestamp(&f, s, zone, out);
}

/* Integers narrower than 64 bits, stored in their own width. */
static int tval_int_value(const FrtType *t, FrtStr s, void *out) {
  int64_t v = 0;
  uint64_t u = 0;
  if (t->kind >= FRT_U8) {
    int bits = 8 << (t->kind - FRT_U8), rc = text_parse_u64(s.ptr, s.len, UINT64_MAX >> (64 - bits), &u);
    if (rc != FRT_OK) return rc;
    if (bits == 8) *(uint8_t *)out = (uint8_t)u;
    else if (bits == 16) *(uint16_t *)out = (uint16_t)u;
    else if (bits == 32) *(uint32_t *)out = (uint32_t)u;
    else *(uint64_t *)out = u;
    return FRT_OK;
  }
  int bits = 8 << (t->kind - FRT_I8);
  int64_t max = INT64_MAX >> (64 - bits);
  int rc = text_parse_i64(s.ptr, s.len, -max - 1, max, &v);
  if (rc != FRT_OK) return rc;
  if (bits == 8) *(int8_t *)out = (int8_t)v;
  else if (bits == 16) *(int16_t *)out = (int16_t)v;
  else if (bits == 32) *(int32_t *)out = (int32_t)v;
  else *(int64_t *)out = v;
  return FRT_OK;
}

int frt_text_value(const FrtType *t, FrtStr s, FrtStr format, FrtStr zone, void *out) {
  switch (t->kind) {
  case FRT_BOOL: return text_parse_bool(s.ptr, s.len, out);
  case FRT_I8: case FRT_I16: case FRT_I32: case FRT_I64:
  case FRT_U8: case FRT_U16: case FRT_U32: case FRT_U64: return tval_int_value(t, s, out);
  case FRT_F32: return text_parse_f32(s.ptr, s.len, out);
  case FRT_F64: return text_parse_f64(s.ptr, s.len, out);
  case FRT_DECIMAL:
    if (t->precision <= 18) return text_parse_dec64(s.ptr, s.len, t->precision, t->scale, out);
    return text_parse_dec128(s.ptr, s.len, t->precision, t->scale, out);
  case FRT_STRING:
    if (!frt_utf8_valid(s.ptr, s.len)) return FRT_E_UTF8;
    /* fall through */
  case FRT_BYTES:
    s.aux = 0;
    *(FrtStr *)out = s;
    return FRT_OK;
  case FRT_DATE: case FRT_TIME: case FRT_TIMESTAMP: return tval_time_value(t, s, format, zone, out);
  case FRT_DURATION: return text_parse_duration(s.ptr, s.len, out);
  case FRT_UUID: return text_parse_uuid(s.ptr, s.len, out);
  case FRT_ENUM: return text_parse_enum(t, s.ptr, s.len, out);
  default: return FRT_E_BAD_VALUE;
  }
}

/* FRT_TEXT_MAX is a promise of bytes touched, and frt_put_* may touch FRT_PUT_SLACK more: print aside. */
static char *tval_put_scalar(char *p, const FrtType *t, const void *v) {
  switch (t->kind) {
  case FRT_BOOL: return frt_put_bool(p, *(const uint8_t *)v);
  case FRT_I8: return frt_put_i64(p, *(const int8_t *)v);
  case FRT_I16: return frt_put_i64(p, *(const int16_t *)v);
  case FRT_I32: return frt_put_i64(p, *(const int32_t *)v);
  case FRT_I64: return frt_put_i64(p, *(const int64_t *)v);
  case FRT_U8: return frt_put_u64(p, *(const uint8_t *)v);
  case FRT_U16: return frt_put_u64(p, *(const uint16_t *)v);
  case FRT_U32: return frt_put_u64(p, *(const uint32_t *)v);
  case FRT_U64: return frt_put_u64(p, *(const uint64_t *)v);
  case FRT_F32: return frt_put_f32(p, *(const float *)v);
  case FRT_F64: return frt_put_f64(p, *(const double *)v);
  case FRT_DECIMAL:
    if (t->precision <= 18) return frt_put_dec64(p, *(const int64_t *)v, t->scale);
    return frt_put_dec128(p, *(const FrtI128 *)v, t->scale);
  case FRT_DATE: return frt_put_date(p, *(const int32_t *)v);
  case FRT_TIME: return frt_put_time(p, *(const int64_t *)v);
  case FRT_TIMESTAMP: return frt_put_timestamp(p, *(const int64_t *)v);
  case FRT_DURATION: return frt_put_duration(p, *(const int64_t *)v);
  case FRT_UUID: return frt_put_uuid(p, *(const FrtUuid *)v);
  default: return p;
  }
}

char *frt_value_text(char *p, const FrtType *t, const void *value) {
  char text[FRT_TEXT_MAX + FRT_PUT_SLACK];
  if (t->kind == FRT_STRING || t->kind == FRT_BYTES) return frt_put_str(p, *(const FrtStr *)value);
  if (t->kind == FRT_ENUM) return frt_put_str(p, frt_enum_name(t, *(const uint16_t *)value));
  size_t n = (size_t)(tval_put_scalar(text, t, value) - text);
  memcpy(p, text, n);
  return p + n;
}

/* ---- names of types ------------------------------------------------------------------------- */

typedef struct FrtTypeName {
  char *at, *end;     /* end: the last byte, kept for the NUL */
} FrtTypeName;

static void tval_add(FrtTypeName *b, const char *text, size_t n) {
  if (n > (size_t)(b->end - b->at)) n = (size_t)(b->end - b->at);
  memcpy(b->at, text, n);
  b->at += n;
}

static void tval_add_type(FrtTypeName *b, const FrtType *t, int depth) {
  static const char *const names[] = {
    "?", "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "decimal", "string",
    "bytes", "date", "time", "timestamp", "duration", "uuid", "enum", "list", "struct",
  };
  char digits[32];
  if (depth > 32 || t->kind > FRT_STRUCT) {
    tval_add(b, "...", 3);
  } else if (t->kind == FRT_LIST) {
    tval_add(b, "[", 1);
    tval_add_type(b, t->elem, depth + 1);
    tval_add(b, "]", 1);
  } else if (t->kind == FRT_STRUCT) {
    tval_add(b, "{", 1);
    for (uint32_t i = 0; i < t->field_len && b->at < b->end; i++) {
      if (i) tval_add(b, ", ", 2);
      tval_add(b, t->fields[i].name.ptr, t->fields[i].name.len);
      tval_add(b, ": ", 2);
      tval_add_type(b, t->fields[i].type, depth + 1);
    }
    tval_add(b, "}", 1);
  } else {
    tval_add(b, names[t->kind], strlen(names[t->kind]));
    if (t->kind == FRT_DECIMAL) {
      tval_add(b, digits, (size_t)snprintf(digits, sizeof digits, "(%d,%d)", t->precision, t->scale));
    }
    for (uint32_t i = 0; t->kind == FRT_ENUM && i < t->name_len && b->at < b->end; i++) {
      tval_add(b, i ? ", \"" : "(\"", i ? 3 : 2);
      tval_add(b, t->names[i].ptr, t->names[i].len);
      tval_add(b, i + 1 < t->name_len ? "\"" : "\")", i + 1 < t->name_len ? 1 : 2);
    }
  }
  if (t->nullable) tval_add(b, "?", 1);
}

void frt_type_text(const FrtType *t, char *buf, size_t size) {
  if (size == 0) return;
  FrtTypeName b = {buf, buf + size - 1};
  tval_add_type(&b, t, 0);
  *b.at = 0;
}
