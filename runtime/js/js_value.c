/* js_value.c: values of the language to values of JavaScript and back. Nothing is rounded in silence: a whole number
 * beyond 2^53 is an error in either direction, and a text must be written as the type reads it.
 *
 * The engine holds texts as CESU-8 (code points beyond 0xffff are two surrogates of three bytes each); texts outside
 * are UTF-8. */
#include <math.h>
#include <string.h>

#include "js/js_internal.h"
#include "text/column.h"

#define JS_SAFE 9007199254740992.0 /* 2^53 */

/* ---- text ---- */

static int js_needs_pairs(const char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)p[i] >= 0xf0) return 1;
  return 0;
}

static char *js_put_surrogate(char *p, unsigned u) {
  *p++ = (char)(0xe0 | u >> 12);
  *p++ = (char)(0x80 | (u >> 6 & 0x3f));
  *p++ = (char)(0x80 | (u & 0x3f));
  return p;
}

void js_push_text(FrtJs *js, FrtStr s) {
  if (!s.len || !js_needs_pairs(s.ptr, s.len)) {
    duk_push_lstring(js->duk, s.len ? s.ptr : "", s.len);
    return;
  }
  char *room = frt_alloc(js->cx, (size_t)s.len * 2), *p = room;
  const unsigned char *t = (const unsigned char *)s.ptr, *end = t + s.len;
  while (t < end) {
    if (*t < 0xf0) {
      *p++ = (char)*t++;
      continue;
    }
    unsigned u = (unsigned)(t[0] & 7) << 18 | (unsigned)(t[1] & 0x3f) << 12 | (unsigned)(t[2] & 0x3f) << 6 | (t[3] & 0x3f);
    p = js_put_surrogate(p, 0xd800 + ((u - 0x10000) >> 10));
    p = js_put_surrogate(p, 0xdc00 + ((u - 0x10000) & 0x3ff));
    t += 4;
  }
  duk_push_lstring(js->duk, room, (size_t)(p - room));
}

static unsigned js_three(const unsigned char *t) {
  return (unsigned)(t[0] & 15) << 12 | (unsigned)(t[1] & 0x3f) << 6 | (t[2] & 0x3f);
}

FrtStr js_text(FrtJs *js, duk_idx_t at) {
  duk_size_t n;
  const char *s = duk_get_lstring(js->duk, at, &n);
  if (n > UINT32_MAX) (void)duk_range_error(js->duk, "the text is longer than 4 GiB");
  char *room = frt_alloc(js->cx, n + 1), *p = room;
  if (!memchr(s, 0xed, n)) {
    memcpy(room, s, n);
    return (FrtStr){room, (uint32_t)n, 0};
  }
  const unsigned char *t = (const unsigned char *)s, *end = t + n;
  while (t < end) {
    unsigned u = *t == 0xed && end - t >= 3 ? js_three(t) : 0;
    if (u < 0xd800 || u > 0xdfff) {
      *p++ = (char)*t++;
      continue;
    }
    unsigned low = end - t >= 6 && t[3] == 0xed ? js_three(t + 3) : 0;
    if (u >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
      (void)duk_type_error(js->duk, "the text has half a surrogate pair, which is no character");
    u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
    *p++ = (char)(0xf0 | u >> 18);
    *p++ = (char)(0x80 | (u >> 12 & 0x3f));
    *p++ = (char)(0x80 | (u >> 6 & 0x3f));
    *p++ = (char)(0x80 | (u & 0x3f));
    t += 6;
  }
  return (FrtStr){room, (uint32_t)(p - room), 0};
}

/* ---- in ---- */

static const char *js_name_of(const FrtJsField *f, FrtJs *js) {
  char *p = frt_alloc(js->cx, f->name.len + 1);
  memcpy(p, f->name.ptr, f->name.len);
  p[f->name.len] = 0;
  return p;
}

static void js_push_whole(FrtJs *js, const FrtJsField *f, int64_t v) {
  if (v > (int64_t)JS_SAFE || v < -(int64_t)JS_SAFE)
    (void)duk_range_error(js->duk, "%s is beyond 2^53, where numbers of JavaScript are not exact: make it a string before the call",
                          js_name_of(f, js));
  duk_push_number(js->duk, (double)v);
}

static void js_push_decimal(FrtJs *js, const FrtType *t, const void *value) {
  char text[64], *end = frt_value_text(text, t, value);
  *end = 0;
  duk_push_lstring(js->duk, text, (size_t)(end - text));
  duk_to_number(js->duk, -1);
}

void js_push_input(FrtJs *js, uint32_t in) {
  const FrtJsField *f = &js->spec->in[in];
  uint32_t i = js->row;
  const void *base = js->in[in];
  if (!f->type) (void)duk_type_error(js->duk, "%s is of a type that scripts cannot see", js_name_of(f, js));
  if (js->in_null[in] && js->in_null[in][i]) {
    duk_push_null(js->duk);
    return;
  }
  switch (f->type->kind) {
  case FRT_BOOL: duk_push_boolean(js->duk, ((const uint8_t *)base)[i]); return;
  case FRT_I8: duk_push_int(js->duk, ((const int8_t *)base)[i]); return;
  case FRT_I16: duk_push_int(js->duk, ((const int16_t *)base)[i]); return;
  case FRT_I32: duk_push_int(js->duk, ((const int32_t *)base)[i]); return;
  case FRT_U8: duk_push_uint(js->duk, ((const uint8_t *)base)[i]); return;
  case FRT_U16: duk_push_uint(js->duk, ((const uint16_t *)base)[i]); return;
  case FRT_U32: duk_push_uint(js->duk, ((const uint32_t *)base)[i]); return;
  case FRT_I64: js_push_whole(js, f, ((const int64_t *)base)[i]); return;
  case FRT_U64: {
    uint64_t v = ((const uint64_t *)base)[i];
    js_push_whole(js, f, v > INT64_MAX ? INT64_MAX : (int64_t)v);
    return;
  }
  case FRT_F32: duk_push_number(js->duk, (double)((const float *)base)[i]); return;
  case FRT_F64: duk_push_number(js->duk, ((const double *)base)[i]); return;
  case FRT_STRING: js_push_text(js, ((const FrtStr *)base)[i]); return;
  case FRT_ENUM: js_push_text(js, f->type->names[((const uint16_t *)base)[i]]); return;
  case FRT_DECIMAL: js_push_decimal(js, f->type, (const char *)base + (size_t)i * f->type->size); return;
  default: {
    char text[128], *end = frt_value_text(text, f->type, (const char *)base + (size_t)i * f->type->size);
    duk_push_lstring(js->duk, text, (size_t)(end - text));
  }
  }
}

/* ---- out ---- */

static int js_whole_fits(unsigned kind, double v) {
  static const double low[] = {-128.0, -32768.0, -2147483648.0, -JS_SAFE, 0, 0, 0, 0};
  static const double high[] = {127.0, 32767.0, 2147483647.0, JS_SAFE, 255.0, 65535.0, 4294967295.0, JS_SAFE};
  return v == floor(v) && v >= low[kind - FRT_I8] && v <= high[kind - FRT_I8];
}

static void js_store_whole(unsigned kind, void *at, double v) {
  switch (kind) {
  case FRT_I8: *(int8_t *)at = (int8_t)v; break;
  case FRT_I16: *(int16_t *)at = (int16_t)v; break;
  case FRT_I32: *(int32_t *)at = (int32_t)v; break;
  case FRT_I64: *(int64_t *)at = (int64_t)v; break;
  case FRT_U8: *(uint8_t *)at = (uint8_t)v; break;
  case FRT_U16: *(uint16_t *)at = (uint16_t)v; break;
  case FRT_U32: *(uint32_t *)at = (uint32_t)v; break;
  default: *(uint64_t *)at = (uint64_t)v; break;
  }
}

static void js_misfit(FrtJs *js, const FrtJsField *f) {
  char type[128];
  frt_type_text(f->type, type, sizeof type);
  const char *name = js_name_of(f, js);
  js->field = f->name;
  if (duk_is_null_or_undefined(js->duk, -1))
    (void)duk_type_error(js->duk, "field `%s` (%s) cannot be %s", name, type, duk_safe_to_string(js->duk, -1));
  const char *of = duk_is_string(js->duk, -1) ? "text" : duk_is_number(js->duk, -1) ? "number" : duk_is_boolean(js->duk, -1) ? "bool" : "object";
  duk_dup(js->duk, -1);
  (void)duk_type_error(js->duk, "field `%s`: the %s `%.80s` is not a %s", name, of, duk_safe_to_string(js->duk, -1), type);
}

/* A text as the type reads it. */
static int js_store_text(FrtJs *js, const FrtType *t, FrtStr s, void *at) {
  FrtStr none = {"", 0, 0};
  return frt_text_value(t, s, none, none, at) == FRT_OK;
}

static int js_store_decimal(FrtJs *js, const FrtType *t, double v, void *at) {
  char text[64], *end = text;
  if (!isfinite(v)) return 0;
  end = v == floor(v) && fabs(v) <= JS_SAFE ? frt_put_i64(text, (int64_t)v) : frt_put_f64(text, v);
  return js_store_text(js, t, (FrtStr){text, (uint32_t)(end - text), 0}, at);
}

static int js_store_number(FrtJs *js, const FrtType *t, double v, void *at) {
  if (t->kind == FRT_F64) *(double *)at = v;
  else if (t->kind == FRT_F32) *(float *)at = (float)v;
  else if (t->kind >= FRT_I8 && t->kind <= FRT_U64 && js_whole_fits(t->kind, v)) js_store_whole(t->kind, at, v);
  else if (t->kind == FRT_DECIMAL) return js_store_decimal(js, t, v, at);
  else return 0;
  return 1;
}

/* A Date, as milliseconds since 1970; NaN for anything else. */
static double js_date(FrtJs *js) {
  double ms = NAN;
  duk_get_global_string(js->duk, "Date");
  if (duk_is_object(js->duk, -2) && duk_instanceof(js->duk, -2, -1)) {
    duk_dup(js->duk, -2);
    ms = duk_to_number(js->duk, -1);
    duk_pop(js->duk);
  }
  duk_pop(js->duk);
  return ms;
}

static int js_store_date(FrtJs *js, const FrtType *t, void *at) {
  double ms = js_date(js);
  if (!(ms >= -62135596800000.0 && ms < 253402300800000.0)) return 0;   /* the years 1 to 9999 */
  if (t->kind == FRT_TIMESTAMP) *(int64_t *)at = (int64_t)ms * 1000;
  else if (t->kind == FRT_DATE) *(int32_t *)at = (int32_t)floor(ms / 86400000.0);
  else return 0;
  return 1;
}

void js_take_output(FrtJs *js, uint32_t out) {
  const FrtJsField *f = &js->spec->out[out];
  const FrtType *t = f->type;
  char *at = (char *)js->out[out] + (size_t)js->row * t->size;
  int good = 0;
  if (js->out_null[out]) js->out_null[out][js->row] = 0;
  if (duk_is_null_or_undefined(js->duk, -1)) {
    good = js->out_null[out] != NULL;
    if (good) js->out_null[out][js->row] = 1;
  } else if (duk_is_boolean(js->duk, -1)) {
    good = t->kind == FRT_BOOL;
    if (good) *(uint8_t *)at = (uint8_t)duk_get_boolean(js->duk, -1);
  } else if (duk_is_number(js->duk, -1)) {
    good = js_store_number(js, t, duk_get_number(js->duk, -1), at);
  } else if (duk_is_string(js->duk, -1)) {
    FrtStr s = js_text(js, -1);
    good = 1;
    if (t->kind == FRT_STRING) *(FrtStr *)at = s;
    else good = js_store_text(js, t, s, at);
  } else {
    good = js_store_date(js, t, at);
  }
  if (!good) js_misfit(js, f);
  js->is_set[out] = 1;
}
