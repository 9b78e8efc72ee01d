/* ref_read.c: CSV in, as "Text in and text out" of language.md says it, a character at a time. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval_internal.h"
#include "ref.h"
#include "text/column.h"

typedef struct Field { FrtStr text; bool quoted; } Field;

typedef struct Record {
  Field *fields;
  uint32_t len;
  int error;                  /* of the record as a whole */
  const char *end, *next;     /* of its text; where the next one begins */
  int64_t lines;
} Record;

static bool is_blank(char c, char delimiter) { return (c == ' ' || c == '\t') && c != delimiter; }

static void field_add(Ref *r, Record *rec, FrtStr text, bool quoted) {
  rec->fields = arena_grow(r->arena, rec->fields, rec->len, sizeof *rec->fields);
  rec->fields[rec->len++] = (Field){text, quoted};
}

/* A quoted field from its quote at p: its text with doubled quotes made single. NULL: the quote is never closed. */
static const char *quoted_field(Ref *r, const FrtScanOptions *o, const char *p, const char *limit, Record *rec) {
  char *text = arena_alloc(r->arena, (size_t)(limit - p) + 1);
  uint32_t len = 0;
  for (p++; p < limit; p++) {
    if (*p == o->quote && p + 1 < limit && p[1] == o->quote) p++;
    else if (*p == o->quote) break;
    rec->lines += *p == '\n';
    text[len++] = *p;
  }
  if (p == limit) return NULL;
  p++;
  field_add(r, rec, (FrtStr){text, len, 0}, true);
  if (o->trim)
    while (p < limit && is_blank(*p, o->delimiter)) p++;
  const char *rest = p;
  while (p < limit && *p != o->delimiter && *p != '\n') p++;
  bool only_cr = p == rest + 1 && *rest == '\r' && (p == limit || *p == '\n');
  if (p != rest && !only_cr && !rec->error) rec->error = FRT_E_QUOTE_TEXT;   /* "text after a closing quote" */
  return p;
}

/* "CRLF or LF, quoted fields with line breaks and doubled quotes, last line without a line end"; "for an unclosed
 * quote: the next record starts at the line after the one where it opened". */
static void record_read(Ref *r, const FrtScanOptions *o, const char *p, const char *limit, Record *rec) {
  *rec = (Record){0};
  const char *start = p;
  for (;;) {
    const char *field = p, *q = p;
    if (o->trim)
      while (q < limit && is_blank(*q, o->delimiter)) q++;
    if (o->quote && q < limit && *q == o->quote) {
      int64_t lines = rec->lines;
      p = quoted_field(r, o, q, limit, rec);
      if (!p) {
        rec->lines = lines + 1;
        for (p = q; p < limit && *p != '\n';) p++;
        rec->end = p > start && p[-1] == '\r' ? p - 1 : p;
        rec->next = p < limit ? p + 1 : limit;
        rec->error = rec->error ? rec->error : FRT_E_QUOTE_OPEN;
        return;
      }
    } else {
      while (p < limit && *p != o->delimiter && *p != '\n') p++;
      const char *end = p;
      if ((p == limit || *p == '\n') && end > field && end[-1] == '\r') end--;
      if (o->trim) {
        while (field < end && is_blank(*field, o->delimiter)) field++;
        while (end > field && is_blank(end[-1], o->delimiter)) end--;
      }
      field_add(r, rec, (FrtStr){field, (uint32_t)(end - field), 0}, false);
    }
    if (p == limit || *p == '\n') break;
    p++;
  }
  rec->lines++;
  rec->end = p > start && p[-1] == '\r' ? p - 1 : p;
  rec->next = p < limit ? p + 1 : limit;
}

/* "an empty unquoted field is null for `T?`, `default` where there is one, the empty string for `string`, and a row
 * error for anything else. `""` quoted is the empty string. `null = "NA"` names more null texts." */
static int field_value(Ref *r, const PlanNode *n, const PlanField *pf, const Field *f, Value *out) {
  const Type *t = r->plan->columns[pf->col].type;
  const FrtScanOptions *o = &n->read->options;
  bool missing = !f || (!f->quoted && f->text.len == 0);
  for (uint32_t i = 0; f && !f->quoted && t->nullable && i < o->null_len; i++)
    missing |= frt_str_eq(f->text, o->nulls[i]) != 0;
  if (missing && t->nullable) {
    *out = (Value){.is_null = true};
    return FRT_OK;
  }
  if (missing && pf->dflt) return ref_eval(r, NULL, pf->dflt, out);
  if (missing && t->kind != TY_STRING) return FRT_E_MISSING;
  if (missing) {
    *out = (Value){.s = {NULL, 0, 0}};
    return FRT_OK;
  }
  if (t->kind == TY_STRING) {
    *out = (Value){.s = f->text};
    return frt_utf8_valid(f->text.ptr, f->text.len) ? FRT_OK : FRT_E_UTF8;  /* "valid UTF-8" */
  }
  char form[32] = {0}, *room = arena_alloc(r->arena, (size_t)f->text.len + 160);
  if (f->text.len) memcpy(room + 64, f->text.ptr, f->text.len);
  FrtStr text = {room + 64, f->text.len, 0}, format = {0}, zone = {0};
  if (pf->format) format = (FrtStr){pf->format, (uint32_t)strlen(pf->format), 0};
  if (pf->zone) zone = (FrtStr){pf->zone, (uint32_t)strlen(pf->zone), 0};
  int status = frt_text_value(value_frt_type(r->arena, t), text, format, zone, form);
  if (status) return status;
  if (!value_from_c(r->arena, t, form, out)) ref_cannot(r, "a type of a field");
  return FRT_OK;
}

/* `check expr`: a row for which it is false is an error row. */
void ref_read_row(Ref *r, const PlanNode *n, RefRow *row, int fail, const char *field, RefTable *out) {
  const PlanRead *read = n->read;
  for (uint32_t i = 0; !fail && i < read->field_len; i++) {
    Value v;
    if (!read->fields[i].check) continue;
    fail = ref_eval(r, row, read->fields[i].check, &v);
    if (!fail && !v.is_null && !v.i) fail = FRT_E_CHECK;
    field = read->fields[i].name;
  }
  if (fail) ref_error(r, n, row, fail, field);
  else ref_add(r, out, row);
}

/* The index of the header's column that a field reads, or -1. "Columns of a file are matched by header name." */
static int header_find(const Record *header, const PlanField *pf) {
  for (uint32_t i = 0; i < header->len; i++) {
    FrtStr h = header->fields[i].text;
    if (strlen(pf->name) == h.len && !memcmp(pf->name, h.ptr, h.len)) return (int)i;
    for (uint32_t k = 0; k < pf->from_len; k++)
      if (strlen(pf->from[k]) == h.len && !memcmp(pf->from[k], h.ptr, h.len)) return (int)i;
  }
  return -1;
}

static void csv_row(Ref *r, const PlanNode *n, const Record *rec, const int *at, RefRow *row, RefTable *out) {
  int fail = rec->error;
  const char *field = "";
  for (uint32_t i = 0; !fail && i < n->read->field_len; i++) {
    const PlanField *pf = &n->read->fields[i];
    if (!r->needed[pf->col]) continue;
    fail = field_value(r, n, pf, at[i] < 0 ? NULL : &rec->fields[at[i]], &row->v[pf->col]);
    if (!fail) continue;
    if (n->policy.kind == FRT_POLICY_NULL && r->plan->columns[pf->col].type->nullable) {
      row->v[pf->col] = (Value){.is_null = true};   /* "`on error null` gives null to the field" */
      fail = 0;
      continue;
    }
    field = pf->name;
  }
  ref_read_row(r, n, row, fail, field, out);
}

static void csv_rows(Ref *r, const PlanNode *n, FrtStr file, const char *text, size_t size, uint64_t *key, RefTable *out) {
  const FrtScanOptions *o = &n->read->options;
  const char *p = text, *limit = text + size;
  int64_t line = 1;
  int *at = arena_alloc(r->arena, (n->read->field_len + 1) * sizeof *at);
  uint32_t columns = n->read->field_len;
  Record rec;
  if (size >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) p += 3;
  if (!o->header) {
    for (uint32_t i = 0; i < columns; i++) at[i] = (int)i;
  } else {
    if (p == limit) {
      ref_cannot(r, "a file without a header");
      return;
    }
    record_read(r, o, p, limit, &rec);
    columns = rec.len;
    for (uint32_t i = 0; i < n->read->field_len; i++) {
      at[i] = header_find(&rec, &n->read->fields[i]);
      if (at[i] < 0) ref_cannot(r, "a missing column");
    }
    line += rec.lines;
    p = rec.next;
  }
  for (; p < limit; p = rec.next, line += rec.lines) {
    record_read(r, o, p, limit, &rec);
    if (rec.end == p) continue;                        /* "empty lines skipped and counted" */
    if (!rec.error && rec.len != columns) rec.error = rec.len > columns ? FRT_E_FIELDS_MANY : FRT_E_FIELDS_FEW;
    RefRow *row = ref_copy(r, NULL);
    row->scan = ref_index(r, n);
    row->key = (*key)++;
    row->file = file;
    row->raw = (FrtStr){p, (uint32_t)(rec.end - p), 0};
    row->line = line;
    csv_row(r, n, &rec, at, row, out);
  }
}

static char *file_load(Ref *r, const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  char *text = arena_alloc(r->arena, 1 << 20);
  *size = f ? fread(text, 1, 1 << 20, f) : 0;
  if (f) fclose(f);
  else ref_cannot(r, "a file that is not there");
  return text;
}

void ref_read(Ref *r, const PlanNode *n, RefTable *out) {
  Value path;
  glob_t found;
  uint64_t key = 0;
  if (ref_eval(r, NULL, n->read->path, &path)) ref_cannot(r, "a path that fails");
  char *pattern = arena_strndup(r->arena, path.s.ptr, path.s.len);
  if (glob(pattern, 0, NULL, &found)) {               /* sorted by name */
    ref_cannot(r, "a path without files");
    return;
  }
  for (size_t i = 0; i < found.gl_pathc; i++) {
    size_t size;
    char *name = arena_strndup(r->arena, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    FrtStr file = {name, (uint32_t)strlen(name), 0};
    char *text = file_load(r, name, &size);
    if (n->read->options.format == FRT_FMT_CSV) csv_rows(r, n, file, text, size, &key, out);
    else if (n->read->options.format == FRT_FMT_JSONL) ref_json_rows(r, n, file, text, size, &key, out);
    else ref_cannot(r, "a format");
  }
  globfree(&found);
}
