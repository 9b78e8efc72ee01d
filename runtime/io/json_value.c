/* json_value.c: from the text of a JSON value to the C form of a column's type.
 *
 * The text was validated before, so its tokens are found without checking them again. Which JSON types a
 * type takes: numbers and decimals take numbers, bool takes true and false, lists and structs take lists
 * and objects, everything else takes strings. */
#include <string.h>

#include "io/json.h"

enum { JSON_NAME_MAX = 256 };  /* escaped names up to here are compared without a malloc */

typedef struct JsonDecoder {
  FrtCtx *cx;
  FrtStr format, zone;  /* of the column; empty inside lists and structs */
  JsonPath *path;
} JsonDecoder;

static int json_decode_value(JsonDecoder *d, const FrtType *t, const char *p, const char *end, void *out);

static int json_decode_fail(JsonDecoder *d, int code, const char *p, const char *end) {
  d->cx->detail = (FrtStr){p, (uint32_t)(end - p), 0};
  return code;
}

/* ---- paths ---- */

static void json_path_add(JsonPath *path, const char *text, size_t n) {
  if (!path) return;
  size_t room = JSON_PATH_MAX - path->len;
  if (n > room) n = room;
  memcpy(path->text + path->len, text, n);
  path->len += (uint32_t)n;
}

static void json_path_index(JsonPath *path, uint32_t i) {
  char digits[16];
  uint32_t at = sizeof digits;
  digits[--at] = ']';
  do digits[--at] = (char)('0' + i % 10);
  while (i /= 10);
  digits[--at] = '[';
  json_path_add(path, digits + at, sizeof digits - at);
}

/* ---- scalars ---- */

static int json_takes_number(const FrtType *t) {
  return (t->kind >= FRT_I8 && t->kind <= FRT_DECIMAL);
}

static int json_decode_number(JsonDecoder *d, const FrtType *t, const char *p, const char *end, void *out) {
  if (*p != '-' && (unsigned)(*p - '0') > 9) return json_decode_fail(d, FRT_E_JSON_TYPE, p, end);
  FrtStr text = {p, (uint32_t)(end - p), 0}, none = {0};
  int rc = frt_text_value(t, text, none, none, out);
  return rc == FRT_OK ? rc : json_decode_fail(d, rc, p, end);
}

static int json_decode_bool(JsonDecoder *d, const char *p, const char *end, void *out) {
  if (*p != 't' && *p != 'f') return json_decode_fail(d, FRT_E_JSON_TYPE, p, end);
  *(uint8_t *)out = *p == 't';
  return FRT_OK;
}

/* Strings and what is written as one; p and end are those of the token with its quotes. */
static int json_decode_text(JsonDecoder *d, const FrtType *t, const char *p, const char *end, void *out) {
  if (*p != '"') return json_decode_fail(d, FRT_E_JSON_TYPE, p, end);
  FrtStr text = {p + 1, (uint32_t)(end - p - 2), 0};
  if (text.len && memchr(text.ptr, '\\', text.len)) {
    char *room = frt_alloc(d->cx, text.len);
    text.len = (uint32_t)json_unescape(room, text.ptr, text.len);
    text.ptr = room;
  }
  if (t->kind == FRT_STRING) {
    *(FrtStr *)out = text;
    return FRT_OK;
  }
  int rc = frt_text_value(t, text, d->format, d->zone, out);
  if (rc != FRT_OK) d->cx->detail = text;
  return rc;
}

/* ---- lists and structs ---- */

/* The value at p, in valid text: its end. */
static const char *json_value_end(const char *p, const char *end) {
  JsonFault fault;
  int high;
  const char *after = json_skip_value(p, end, &high, &fault);
  return after ? after : end;
}

/* Steps from the end of an element to the next one, NULL at the closing bracket. */
static const char *json_next_element(const char *p, const char *end) {
  p = json_skip_space(p, end);
  return p < end && *p == ',' ? json_skip_space(p + 1, end) : NULL;
}

static uint32_t json_list_len(const char *p, const char *end) {
  uint32_t n = 0;
  p = json_skip_space(p + 1, end);
  if (*p == ']') return 0;
  for (; p; p = json_next_element(json_value_end(p, end), end)) n++;
  return n;
}

static int json_decode_list(JsonDecoder *d, const FrtType *t, const char *p, const char *end, void *out) {
  if (*p != '[') return json_decode_fail(d, FRT_E_JSON_TYPE, p, end);
  FrtList *list = out;
  uint32_t len = json_list_len(p, end);
  char *room = len ? frt_alloc(d->cx, (size_t)len * t->elem_size) : NULL;
  *list = (FrtList){room, len, 0};
  if (len) memset(room, 0, (size_t)len * t->elem_size);
  p = json_skip_space(p + 1, end);
  for (uint32_t i = 0; i < len; i++) {
    const char *after = json_value_end(p, end);
    uint32_t path_len = d->path ? d->path->len : 0;
    json_path_index(d->path, i);
    char *place = room + (size_t)i * t->elem_size;
    int rc = json_decode_value(d, t->elem, p, after, place);
    if (rc == FRT_NULL) place[t->elem_null_offset] = 1;
    else if (rc != FRT_OK) return rc;
    if (d->path) d->path->len = path_len;
    p = json_next_element(after, end);
  }
  return FRT_OK;
}

/* The field that the member name [p, q) (without quotes) means, or field_len. */
static uint32_t json_field_find(const FrtType *t, const char *p, const char *q) {
  size_t n = (size_t)(q - p);
  char small[JSON_NAME_MAX], *room = NULL;
  uint32_t i = 0;
  if (memchr(p, '\\', n)) {
    room = n > sizeof small ? frt_malloc(n) : small;
    n = json_unescape(room, p, n);
    p = room;
  }
  while (i < t->field_len && (t->fields[i].name.len != n || memcmp(t->fields[i].name.ptr, p, n) != 0)) i++;
  if (room && room != small) frt_free(room);
  return i;
}

/* Where the value of each field stands; the last member of a name wins. */
static void json_struct_cells(const FrtType *t, const char *p, const char *end, FrtStr *cell) {
  JsonFault fault;
  int high;
  p = json_skip_space(p + 1, end);
  if (*p == '}') return;
  while (p) {
    const char *name_end = json_skip_string(p + 1, end, &high, &fault);
    uint32_t i = json_field_find(t, p + 1, name_end);
    p = json_skip_space(json_skip_space(name_end + 1, end) + 1, end);
    const char *after = json_value_end(p, end);
    if (i < t->field_len) cell[i] = (FrtStr){p, (uint32_t)(after - p), 0};
    p = json_next_element(after, end);
  }
}

static int json_decode_struct(JsonDecoder *d, const FrtType *t, const char *p, const char *end, void *out) {
  FrtStr few[16] = {{0}}, *cell = few;
  if (*p != '{') return json_decode_fail(d, FRT_E_JSON_TYPE, p, end);
  if (t->field_len > 16) {
    cell = frt_alloc(d->cx, sizeof *cell * t->field_len);
    memset(cell, 0, sizeof *cell * t->field_len);
  }
  json_struct_cells(t, p, end, cell);
  memset(out, 0, t->size);
  for (uint32_t i = 0; i < t->field_len; i++) {
    const FrtField *f = &t->fields[i];
    char *place = (char *)out + f->offset;
    int rc = FRT_NULL;
    uint32_t path_len = d->path ? d->path->len : 0;
    json_path_add(d->path, ".", 1);
    json_path_add(d->path, f->name.ptr, f->name.len);
    if (cell[i].ptr) rc = json_decode_value(d, f->type, cell[i].ptr, cell[i].ptr + cell[i].len, place);
    else if (!f->type->nullable) return json_decode_fail(d, FRT_E_MISSING, p, p);
    if (f->type->nullable) ((char *)out)[f->null_offset] = rc == FRT_NULL;
    if (rc != FRT_OK && rc != FRT_NULL) return rc;
    if (d->path) d->path->len = path_len;
  }
  return FRT_OK;
}

static int json_decode_value(JsonDecoder *d, const FrtType *t, const char *p, const char *end, void *out) {
  if (*p == 'n') return t->nullable ? FRT_NULL : json_decode_fail(d, FRT_E_NULL_VALUE, p, end);
  if (t->kind == FRT_LIST || t->kind == FRT_STRUCT) {
    JsonDecoder inner = {d->cx, {0}, {0}, d->path};
    return t->kind == FRT_LIST ? json_decode_list(&inner, t, p, end, out) : json_decode_struct(&inner, t, p, end, out);
  }
  if (t->kind == FRT_BOOL) return json_decode_bool(d, p, end, out);
  if (json_takes_number(t)) return json_decode_number(d, t, p, end, out);
  return json_decode_text(d, t, p, end, out);
}

int json_decode(FrtCtx *cx, const FrtColumn *column, FrtStr text, void *out, JsonPath *path) {
  JsonDecoder d = {cx, column->format, column->zone, path};
  return json_decode_value(&d, column->type, text.ptr, text.ptr + text.len, out);
}
