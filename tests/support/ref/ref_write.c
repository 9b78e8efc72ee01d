/* ref_write.c: rows out, as "Text in and text out" of language.md says it. */
#include <math.h>
#include <string.h>

#include "ref.h"

static void put(Ref *r, RefFile *f, const char *text, size_t n) {
  if (f->size + n + 1 > f->capacity) {
    f->capacity = 2 * (f->size + n) + 256;
    char *data = arena_alloc(r->arena, f->capacity);
    if (f->size) memcpy(data, f->data, f->size);
    f->data = data;
  }
  if (n) memcpy(f->data + f->size, text, n);
  f->size += n;
}

static void put_char(Ref *r, RefFile *f, char c) { put(r, f, &c, 1); }

static void put_text(Ref *r, RefFile *f, const char *text) { put(r, f, text, strlen(text)); }

/* "quotes only where the text has the delimiter, a quote, CR or LF; null is the empty field; an empty string in a
 * `string?` column is `""`, in a `string` column the empty field." */
static void put_csv(Ref *r, RefFile *f, const FrtSinkOptions *o, const Type *t, const Value *v) {
  if (v->is_null) {
    put(r, f, o->null.ptr, o->null.len);
    return;
  }
  if (t->kind == TY_LIST || t->kind == TY_STRUCT) ref_cannot(r, "a list in CSV");
  FrtStr s = value_print(r->arena, t, v);
  bool quotes = !s.len && t->kind == TY_STRING && t->nullable;
  for (uint32_t i = 0; i < s.len && (t->kind == TY_STRING || t->kind == TY_ENUM); i++)
    quotes |= s.ptr[i] == o->delimiter || s.ptr[i] == o->quote || s.ptr[i] == '\r' || s.ptr[i] == '\n';
  if (!quotes) {
    put(r, f, s.ptr, s.len);
    return;
  }
  put_char(r, f, o->quote);
  for (uint32_t i = 0; i < s.len; i++) {
    if (s.ptr[i] == o->quote) put_char(r, f, o->quote);
    put_char(r, f, s.ptr[i]);
  }
  put_char(r, f, o->quote);
}

/* "the quote, the backslash and control characters escaped, other characters as UTF-8"; note 78: "`\b \f \n \r \t` in
 * short, other control characters as `\u00xx` in lower case". */
static void put_quoted(Ref *r, RefFile *f, FrtStr s) {
  static const char hex[] = "0123456789abcdef", from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
  put_char(r, f, '"');
  for (uint32_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    const char *at = c ? strchr(from, c) : NULL;
    char u[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    if (at) put_char(r, f, '\\'), put_char(r, f, to[at - from]);
    else if (c < 0x20) put(r, f, u, 6);
    else put_char(r, f, (char)c);
  }
  put_char(r, f, '"');
}

/* "no spaces, columns in order, nulls written"; "`nan`, `inf`, `-inf` (null in JSON)". */
static void put_json(Ref *r, RefFile *f, const Type *t, const Value *v) {
  if (v->is_null || (type_is_float(t) && !isfinite(v->f))) {
    put_text(r, f, "null");
  } else if (t->kind == TY_LIST) {
    put_char(r, f, '[');
    for (uint32_t i = 0; i < v->len; i++) {
      if (i) put_char(r, f, ',');
      put_json(r, f, t->elem, &v->items[i]);
    }
    put_char(r, f, ']');
  } else if (t->kind == TY_STRUCT) {
    for (uint32_t i = 0; i < t->len; i++) {
      put_char(r, f, i ? ',' : '{');
      put_quoted(r, f, (FrtStr){t->fields[i].name, (uint32_t)strlen(t->fields[i].name), 0});
      put_char(r, f, ':');
      put_json(r, f, t->fields[i].type, &v->items[i]);
    }
    put_char(r, f, '}');
  } else if (type_is_numeric(t) || t->kind == TY_BOOL) {
    FrtStr s = value_print(r->arena, t, v);
    put(r, f, s.ptr, s.len);
  } else {
    if (t->kind == TY_BYTES) ref_cannot(r, "bytes in JSON");
    put_quoted(r, f, value_print(r->arena, t, v));
  }
}

static void put_row(Ref *r, RefFile *f, const PlanNode *n, const Schema *s, const RefRow *row) {
  const FrtSinkOptions *o = &n->sink->options;
  if (o->format == FRT_FMT_JSON) put_text(r, f, f->rows ? ",\n" : "");
  for (uint32_t i = 0; i < s->len; i++) {
    const Type *t = r->plan->columns[s->cols[i].col].type;
    const Value *v = &row->v[s->cols[i].col];
    if (o->format == FRT_FMT_CSV) {
      if (i) put_char(r, f, o->delimiter);
      put_csv(r, f, o, t, v);
    } else {
      put_char(r, f, i ? ',' : '{');
      put_quoted(r, f, (FrtStr){s->cols[i].name, (uint32_t)strlen(s->cols[i].name), 0});
      put_char(r, f, ':');
      put_json(r, f, t, v);
    }
  }
  if (o->format != FRT_FMT_CSV) put_char(r, f, '}');
  if (o->format != FRT_FMT_JSON) put_char(r, f, '\n');
  f->rows++;
}

static RefFile *file_open(Ref *r, const PlanNode *n, const Schema *s, FrtStr path) {
  const FrtSinkOptions *o = &n->sink->options;
  for (size_t i = 0; i < r->file_len; i++)
    if (r->files[i].sink == n && strlen(r->files[i].path) == path.len && !memcmp(r->files[i].path, path.ptr, path.len))
      return &r->files[i];
  r->files = arena_grow(r->arena, r->files, r->file_len, sizeof *r->files);
  RefFile *f = &r->files[r->file_len++];
  *f = (RefFile){.path = arena_strndup(r->arena, path.ptr, path.len), .sink = n};
  if (o->format == FRT_FMT_JSON) put_text(r, f, "[\n");
  for (uint32_t i = 0; o->format == FRT_FMT_CSV && o->header && i < s->len; i++) {
    Value name = {.s = {s->cols[i].name, (uint32_t)strlen(s->cols[i].name), 0}};
    if (i) put_char(r, f, o->delimiter);
    put_csv(r, f, o, type_basic(TY_STRING), &name);
  }
  if (o->format == FRT_FMT_CSV && o->header) put_char(r, f, '\n');
  return f;
}

/* "`write csv("out/{region}/{date}.csv")` writes one file per value". */
static FrtStr row_path(Ref *r, const PlanNode *n, const RefRow *row) {
  Value v;
  if (ref_eval(r, row, n->sink->path, &v) || v.is_null) {
    ref_cannot(r, "a path that fails");
    return (FrtStr){"", 0, 0};
  }
  return v.s;
}

void ref_write(Ref *r, const PlanNode *n) {
  const PlanEdge *in = &n->in[0];
  const Schema *s = &in->node->out[in->port].schema;
  RefTable *rows = ref_input(r, n, 0);
  uint32_t format = n->sink->options.format;
  if (format != FRT_FMT_CSV && format != FRT_FMT_JSONL && format != FRT_FMT_JSON) {
    ref_cannot(r, "a sink");
    return;
  }
  RefFile *f = n->sink->partitioned ? NULL : file_open(r, n, s, row_path(r, n, NULL));
  for (size_t i = 0; i < rows->len; i++) {
    if (n->sink->partitioned) f = file_open(r, n, s, row_path(r, n, rows->rows[i]));
    put_row(r, f, n, s, rows->rows[i]);
  }
  for (size_t i = 0; i < r->file_len; i++) {
    if (r->files[i].sink != n) continue;
    r->files[i].loose = r->loose[ref_index(r, n->in[0].node)];
    if (format == FRT_FMT_JSON) put_text(r, &r->files[i], r->files[i].rows ? "\n]\n" : "]\n");
  }
}
