/* json_put.c: values of any type as JSON text. Room is asked for value by value, so that a list of any
 * length goes through an output buffer of any size. */
#include "flowrt.h"

enum { JSON_SCALAR_SIZE = 48 + 2 + FRT_PUT_SLACK };  /* a scalar that is no text, in quotes */

/* ---- sizes ---- */

static size_t json_text_size(FrtStr s) { return (size_t)s.len * FRT_JSON_GROWTH + 2; }

static size_t json_value_size(const FrtType *t, const void *value) {
  size_t size = 2;
  if (t->kind == FRT_STRING || t->kind == FRT_BYTES) return json_text_size(*(const FrtStr *)value);
  if (t->kind == FRT_ENUM) return json_text_size(frt_enum_name(t, *(const uint16_t *)value));
  if (t->kind == FRT_LIST) {
    const FrtList *list = value;
    for (uint32_t i = 0; i < list->len; i++)
      size += 5 + json_value_size(t->elem, (const char *)list->data + (size_t)i * t->elem_size);
    return size;
  }
  if (t->kind == FRT_STRUCT) {
    for (uint32_t i = 0; i < t->field_len; i++) {
      const FrtField *f = &t->fields[i];
      size += 6 + json_text_size(f->name) + json_value_size(f->type, (const char *)value + f->offset);
    }
    return size;
  }
  return JSON_SCALAR_SIZE - FRT_PUT_SLACK;
}

size_t frt_json_size(const FrtType *t, const void *value) { return json_value_size(t, value) + FRT_PUT_SLACK; }

/* ---- writing ---- */

/* Where the next `need` bytes may be written: p, or the start of new room. */
static char *json_room(FrtCtx *cx, FrtOut *o, char *p, size_t need) {
  if (!o || (size_t)(o->end - p) >= need) return p;
  o->at = p;
  return frt_out_room(cx, o, need);
}

static char *json_put_quoted(char *p, const FrtType *t, const void *v) {
  *p++ = '"';
  switch (t->kind) {
  case FRT_DATE: p = frt_put_date(p, *(const int32_t *)v); break;
  case FRT_TIME: p = frt_put_time(p, *(const int64_t *)v); break;
  case FRT_TIMESTAMP: p = frt_put_timestamp(p, *(const int64_t *)v); break;
  case FRT_DURATION: p = frt_put_duration(p, *(const int64_t *)v); break;
  default: p = frt_put_uuid(p, *(const FrtUuid *)v); break;
  }
  *p++ = '"';
  return p;
}

static char *json_put_scalar(char *p, const FrtType *t, const void *v) {
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
  case FRT_F32: return frt_put_json_f32(p, *(const float *)v);
  case FRT_F64: return frt_put_json_f64(p, *(const double *)v);
  case FRT_DECIMAL:
    return t->precision <= 18 ? frt_put_dec64(p, *(const int64_t *)v, t->scale)
                              : frt_put_dec128(p, *(const FrtI128 *)v, t->scale);
  default: return json_put_quoted(p, t, v);
  }
}

static char *json_put_null(char *p) {
  p[0] = 'n', p[1] = 'u', p[2] = 'l', p[3] = 'l';
  return p + 4;
}

static char *json_put_list(FrtCtx *cx, FrtOut *o, char *p, const FrtType *t, const FrtList *list) {
  const char *e = list->data;
  *p++ = '[';
  for (uint32_t i = 0; i < list->len; i++, e += t->elem_size) {
    if (!(p = json_room(cx, o, p, 8))) return NULL;
    if (i) *p++ = ',';
    if (t->elem_null_offset && e[t->elem_null_offset]) p = json_put_null(p);
    else if (!(p = frt_put_json_value(cx, o, p, t->elem, e))) return NULL;
  }
  if (!(p = json_room(cx, o, p, 8))) return NULL;
  *p++ = ']';
  return p;
}

static char *json_put_struct(FrtCtx *cx, FrtOut *o, char *p, const FrtType *t, const char *v) {
  *p++ = '{';
  for (uint32_t i = 0; i < t->field_len; i++) {
    const FrtField *f = &t->fields[i];
    if (!(p = json_room(cx, o, p, json_text_size(f->name) + FRT_PUT_SLACK + 8))) return NULL;
    if (i) *p++ = ',';
    p = frt_put_json_str(p, f->name);
    *p++ = ':';
    if (f->type->nullable && v[f->null_offset]) p = json_put_null(p);
    else if (!(p = frt_put_json_value(cx, o, p, f->type, v + f->offset))) return NULL;
  }
  if (!(p = json_room(cx, o, p, 8))) return NULL;
  *p++ = '}';
  return p;
}

char *frt_put_json_value(FrtCtx *cx, FrtOut *o, char *p, const FrtType *t, const void *value) {
  if (t->kind == FRT_STRING || t->kind == FRT_BYTES || t->kind == FRT_ENUM) {
    FrtStr s = t->kind == FRT_ENUM ? frt_enum_name(t, *(const uint16_t *)value) : *(const FrtStr *)value;
    if (!(p = json_room(cx, o, p, json_text_size(s) + FRT_PUT_SLACK))) return NULL;
    return t->kind == FRT_BYTES ? frt_put_json_bytes(p, s) : frt_put_json_str(p, s);
  }
  if (!(p = json_room(cx, o, p, JSON_SCALAR_SIZE))) return NULL;
  if (t->kind == FRT_LIST) return json_put_list(cx, o, p, t, value);
  if (t->kind == FRT_STRUCT) return json_put_struct(cx, o, p, t, value);
  return json_put_scalar(p, t, value);
}

FrtStr frt_json_text(FrtCtx *cx, const FrtType *t, const void *value) {
  size_t size = frt_json_size(t, value);
  char *room = frt_alloc(cx, size), *end = frt_put_json_value(cx, NULL, room, t, value);
  if (cx->at == room + size) cx->at = end;  /* gives back what the estimate had too much */
  return (FrtStr){room, (uint32_t)(end - room), 0};
}
