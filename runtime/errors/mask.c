/* mask.c: values of masked fields do not show in what is meant for people: the detail of an error, the raw text of a
 * record. A record is cut up once more for it, field by field; where that is not sure, nothing of it shows. */
#include <string.h>

#include "errors/errors.h"
#include "io/contract.h"
#include "io/csv_internal.h"
#include "io/scan.h"
#include "sched/run_internal.h"

static const FrtStr mask_whole = {"***", 3, 0};

FrtStr frt_mask_text(FrtCtx *cx, uint32_t mask, FrtStr text) {
  switch (mask) {
  case FRT_MASK_NONE: return text;
  case FRT_MASK_HASH: return frt_mask_hash(cx, text);
  case FRT_MASK_PARTIAL: return frt_mask_partial(cx, text);
  default: return mask_whole;
  }
}

/* Codes whose detail may be a value, or be made from one; the detail of the others is the script's or the reader's. */
static int mask_code_shows_value(int code) {
  switch (code) {
  case FRT_E_BAD_VALUE: case FRT_E_OUT_OF_RANGE: case FRT_E_TOO_PRECISE: case FRT_E_INDEX: case FRT_E_SEVERAL:
  case FRT_E_REGEX: case FRT_E_TIME_GAP: case FRT_E_ZONE: case FRT_E_FORMAT: case FRT_E_ARGUMENT:
  case FRT_E_PLUGIN: return 1;
  default: return 0;
  }
}

/* The column that a field of an error is of: by its name, or the head of a path into it: "items[2].price". */
static uint32_t mask_of_field(const FrtScan *s, FrtStr field) {
  for (uint32_t c = 0; c < s->column_len; c++) {
    FrtStr name = s->columns[c].name;
    if (field.len < name.len || memcmp(field.ptr, name.ptr, name.len) != 0) continue;
    if (field.len == name.len || field.ptr[name.len] == '.' || field.ptr[name.len] == '[') return s->columns[c].mask;
  }
  return FRT_MASK_NONE;
}

FrtStr frt_mask_detail(FrtCtx *cx, uint32_t op, int code, FrtStr field, FrtStr detail) {
  const FrtRun *r = cx->run;
  if (!detail.len || !mask_code_shows_value(code)) return detail;
  uint32_t mask = r->module->ops[op].masked ? FRT_MASK_REDACT : FRT_MASK_NONE;
  if (r->scan && r->scan->op == op) mask = mask_of_field(r->scan, field);
  return frt_mask_text(cx, mask, detail);
}

/* ---- raw texts ---- */

/* A text that grows by pieces; room is counted before. */
typedef struct MaskOut { char *text, *at; } MaskOut;

static void mask_put(MaskOut *o, const char *p, size_t n) {
  if (n) memcpy(o->at, p, n);
  o->at += n;
}

enum { MASK_SHOWN_MAX = 32 };   /* bytes that a masked form takes at most */

static MaskOut mask_out(FrtCtx *cx, FrtStr raw, uint32_t columns) {
  char *text = frt_alloc(cx, (size_t)raw.len + (size_t)columns * (MASK_SHOWN_MAX + 2) + 2);
  return (MaskOut){text, text};
}

/* How field k of the file is masked. */
static uint32_t mask_csv_of(const FrtScan *s, const CsvState *csv, uint32_t k) {
  for (uint32_t c = 0; c < s->column_len; c++)
    if (csv->column_at[c] == k && s->columns[c].mask) return s->columns[c].mask;
  return FRT_MASK_NONE;
}

/* The value of a field, without its quotes. */
static FrtStr mask_csv_value(FrtCtx *cx, FrtStr field, char quote) {
  if (field.len < 2 || !quote || field.ptr[0] != quote) return field;
  char *out = frt_alloc(cx, field.len);
  uint32_t len = 0;
  for (uint32_t i = 1; i + 1 < field.len; i++) {
    out[len++] = field.ptr[i];
    if (field.ptr[i] == quote) i++;
  }
  return (FrtStr){out, len, 0};
}

/* Where the field at p ends; NULL when its quotes are not those of a field. */
static const char *mask_csv_end(const char *p, const char *end, char delimiter, char quote) {
  if (p == end || !quote || *p != quote) {
    const char *d = memchr(p, delimiter, (size_t)(end - p));
    return d ? d : end;
  }
  for (p++; p < end; p++) {
    if (*p != quote) continue;
    if (p + 1 < end && p[1] == quote) p++;
    else return p + 1 == end || p[1] == delimiter ? p + 1 : NULL;
  }
  return NULL;
}

static FrtStr mask_csv(FrtCtx *cx, const FrtScanner *s, FrtStr raw) {
  const CsvState *csv = s->format_state;
  const char *p = raw.ptr, *end = raw.ptr + raw.len;
  uint32_t k = 0;
  if (!csv) return mask_whole;
  MaskOut o = mask_out(cx, raw, csv->columns);
  for (;; k++) {
    const char *stop = k < csv->columns ? mask_csv_end(p, end, csv->delimiter, csv->quote) : NULL;
    if (!stop) return mask_whole;
    FrtStr field = {p, (uint32_t)(stop - p), 0};
    uint32_t mask = mask_csv_of(s->scan, csv, k);
    if (mask && field.len) field = frt_mask_text(cx, mask, mask_csv_value(cx, field, csv->quote));
    mask_put(&o, field.ptr, field.len);
    if (stop == end) break;
    mask_put(&o, stop, 1);
    p = stop + 1;
  }
  return k + 1 == csv->columns ? (FrtStr){o.text, (uint32_t)(o.at - o.text), 0} : mask_whole;
}

static const char *mask_json_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
  return p;
}

/* Behind the string at p; NULL: it does not end. */
static const char *mask_json_string(const char *p, const char *end) {
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\') p++;
  return p < end ? p + 1 : NULL;
}

/* Behind the value at p: up to a comma or a closing bracket that is not its own. */
static const char *mask_json_value(const char *p, const char *end) {
  int depth = 0;
  for (; p && p < end; ) {
    if (*p == '"') {
      p = mask_json_string(p, end);
      continue;
    }
    if (*p == '{' || *p == '[') depth++;
    if (depth == 0 && (*p == ',' || *p == '}' || *p == ']')) return p;
    if (*p == '}' || *p == ']') depth--;
    p++;
  }
  return NULL;
}

/* How the member of that name is masked; names with escapes are taken for masked ones. */
static uint32_t mask_json_of(const FrtScan *s, FrtStr name) {
  if (name.len && memchr(name.ptr, '\\', name.len)) return FRT_MASK_REDACT;
  for (uint32_t c = 0; c < s->column_len; c++) {
    const FrtColumn *column = &s->columns[c];
    int same = frt_contract_case_equal(column->name, name);
    for (uint32_t i = 0; i < column->from_len && !same; i++) same = frt_contract_case_equal(column->from[i], name);
    if (same && column->mask) return column->mask;
  }
  return FRT_MASK_NONE;
}

static FrtStr mask_json(FrtCtx *cx, const FrtScanner *s, FrtStr raw) {
  const char *end = raw.ptr + raw.len, *p = mask_json_space(raw.ptr, end), *from = raw.ptr;
  uint32_t members = 0;
  for (uint32_t i = 0; i < raw.len; i++) members += raw.ptr[i] == ':';
  MaskOut o = mask_out(cx, raw, members);
  if (p == end || *p++ != '{') return mask_whole;
  for (;;) {
    p = mask_json_space(p, end);
    if (p < end && *p == '}') break;
    const char *name = p, *behind = p < end && *p == '"' ? mask_json_string(p, end) : NULL;
    p = behind ? mask_json_space(behind, end) : end;
    if (p == end || *p != ':') return mask_whole;
    const char *value = mask_json_space(p + 1, end), *stop = mask_json_value(value, end);
    if (!stop || stop == value) return mask_whole;
    while (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\n' || stop[-1] == '\r') stop--;
    uint32_t mask = mask_json_of(s->scan, (FrtStr){name + 1, (uint32_t)(behind - name) - 2, 0});
    if (mask && memcmp(value, "null", 4) != 0) {
      FrtStr text = {value, (uint32_t)(stop - value), 0};
      if (*value == '"' && text.len >= 2) text = (FrtStr){value + 1, text.len - 2, 0};
      if (memchr(text.ptr, '\\', text.len)) mask = FRT_MASK_REDACT;
      text = frt_mask_text(cx, mask, text);
      mask_put(&o, from, (size_t)(value - from));
      mask_put(&o, "\"", 1);
      mask_put(&o, text.ptr, text.len);
      mask_put(&o, "\"", 1);
      from = stop;
    }
    p = mask_json_space(stop, end);
    if (p == end || (*p != ',' && *p != '}')) return mask_whole;
    p += *p == ',';
  }
  mask_put(&o, from, (size_t)(end - from));
  return (FrtStr){o.text, (uint32_t)(o.at - o.text), 0};
}

static int mask_any(const FrtScan *s) {
  for (uint32_t c = 0; c < s->column_len; c++)
    if (s->columns[c].mask) return 1;
  return 0;
}

FrtStr frt_mask_raw(FrtRun *r, FrtStr raw) {
  const FrtScan *scan = r->scan;
  if (!raw.len || !scan || !mask_any(scan)) return raw;
  if (!r->scanner) return mask_whole;
  if (scan->options.format == FRT_FMT_CSV) return mask_csv(r->cx, r->scanner, raw);
  if (scan->options.format == FRT_FMT_JSONL || scan->options.format == FRT_FMT_JSON) return mask_json(r->cx, r->scanner, raw);
  return mask_whole;
}
