/* csv.c: the CSV format: header, tables, and the careful conversion of one value. */
#include <string.h>

#include "io/contract.h"
#include "io/csv_index.h"
#include "sched/run_internal.h"

static int csv_fatal(FrtScanner *s, int code, const char *what) {
  const char *text = arena_printf(s->cx->run->run_arena, "%s:%llu: %s", s->file.ptr,
                                  (unsigned long long)s->line, what);
  return frt_fatal(s->cx, s->scan->op, code, (FrtStr){text, (uint32_t)strlen(text), 0});
}

/* ---- tables ---- */

static void csv_tables_free(CsvState *csv) {
  frt_free(csv->index);
  frt_free(csv->beg);
  frt_free(csv->end);
  csv->index = csv->beg = csv->end = NULL;
}

/* Room for blocks of files with `columns` columns. */
static void csv_tables_make(FrtScanner *s, CsvState *csv, uint32_t columns) {
  uint32_t rows = CSV_CELLS_MAX / (columns ? columns : 1);
  if (rows == 0) rows = 1;
  csv->rows_max = rows < s->rows_max ? rows : s->rows_max;
  csv->columns = columns;
  if (csv->counter) csv_count_start(s, csv);
  uint32_t cells = csv->rows_max * columns;
  if (csv->beg && cells <= csv->cells) return;
  csv_tables_free(csv);
  csv->cells = cells;
  csv->index = frt_malloc(sizeof(uint32_t) * ((size_t)cells + 1 + CSV_INDEX_SLACK));
  csv->index[0] = 0;
  csv->beg = frt_malloc(sizeof(uint32_t) * ((size_t)cells + 1));
  csv->end = frt_malloc(sizeof(uint32_t) * ((size_t)cells + 1));
}

static CsvState *csv_state_make(FrtScanner *s) {
  const FrtScanOptions *o = &s->scan->options;
  CsvState *csv = frt_alloc_run(s->cx, sizeof *csv);
  memset(csv, 0, sizeof *csv);
  csv->delimiter = o->delimiter ? o->delimiter : ',';
  csv->quote = o->quote;
  csv->trim = o->trim;
  csv->indexer = csv_indexer();
  csv->counter = csv_count_wanted(s) ? csv_counter() : NULL;
  csv->column_at = frt_alloc_run(s->cx, sizeof(int64_t) * (s->scan->column_len + 1));
  csv->record_beg = frt_alloc_run(s->cx, sizeof(uint32_t) * s->rows_max);
  csv->record_end = frt_alloc_run(s->cx, sizeof(uint32_t) * s->rows_max);
  csv->line = frt_alloc_run(s->cx, sizeof(uint64_t) * s->rows_max);
  for (uint32_t c = 0; c < s->scan->column_len; c++) {
    const FrtColumn *column = &s->scan->columns[c];
    if (column->type->kind == FRT_STRING && (column->use & FRT_USE_RAW)) csv->raw_wanted = 1;
    if (column->use & FRT_USE_LATE) csv->quoted_max = s->rows_max + 64;
  }
  if (csv->quoted_max && o->quote == '"') {
    csv->quoted = frt_alloc_run(s->cx, sizeof *csv->quoted * csv->quoted_max);
    s->quoted = frt_alloc_run(s->cx, sizeof *s->quoted * csv->quoted_max);
  }
  return csv;
}

static void csv_close(FrtScanner *s) {
  if (s->format_state) csv_tables_free(s->format_state);
}

/* ---- values ---- */

static FrtStr csv_trim(FrtStr text) {
  while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) text.ptr++, text.len--;
  while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) text.len--;
  return text;
}

/* The text between the quotes; doubled ones become one, in the arena given by `alloc`. */
static FrtStr csv_unquote(FrtStr text, char quote, char *room) {
  const char *p = text.ptr, *end = p + text.len;
  char *out = room;
  while (p < end) {
    const char *q = memchr(p, quote, (size_t)(end - p));
    size_t len = q ? (size_t)(q + 1 - p) : (size_t)(end - p);
    memcpy(out, p, len);
    out += len;
    p += len + (q && p + len < end && p[len] == quote);
  }
  return (FrtStr){room, (uint32_t)(out - room), 0};
}

/* Whether CSV output would print the quoted text so: the text needs its quotes. */
static int csv_quotes_needed(const CsvState *csv, FrtStr inner, int nullable) {
  if (csv->quote != '"') return 0;
  if (inner.len == 0) return nullable;
  for (uint32_t i = 0; i < inner.len; i++) {
    char c = inner.ptr[i];
    if (c == ',' || c == '"' || c == '\n' || c == '\r') return 1;
  }
  return 0;
}

/* Whether the text is what CSV output would print for the value. */
static int csv_text_same(const FrtType *type, FrtStr text, const void *value) {
  char buf[FRT_TEXT_MAX];
  if (type->kind == FRT_BYTES || type->kind == FRT_LIST || type->kind == FRT_STRUCT) return 0;
  if (type->kind == FRT_ENUM) return 1;
  size_t len = (size_t)(frt_value_text(buf, type, value) - buf);
  return len == text.len && memcmp(buf, text.ptr, len) == 0;
}

static int csv_value_quoted(FrtScanner *s, const FrtColumn *column, uint32_t c, FrtStr text, void *out) {
  const CsvState *csv = s->format_state;
  if (text.len < 2 || text.ptr[text.len - 1] != csv->quote) return FRT_E_QUOTE_TEXT;
  FrtStr inner = {text.ptr + 1, text.len - 2, 0};
  int string = column->type->kind == FRT_STRING;
  if (column->use & FRT_USE_RAW && (!string || !csv_quotes_needed(csv, inner, column->type->nullable)))
    s->block.canon[c] = 0;
  if (inner.len && memchr(inner.ptr, csv->quote, inner.len))
    inner = csv_unquote(inner, csv->quote, frt_alloc(s->cx, inner.len));
  s->cx->detail = inner;
  if (string) {
    *(FrtStr *)out = inner;
    return FRT_OK;
  }
  return frt_text_value(column->type, inner, column->format, column->zone, out);
}

static int csv_value(FrtScanner *s, uint32_t c, uint32_t row, FrtStr text, void *out) {
  const CsvState *csv = s->format_state;
  const FrtColumn *column = &s->scan->columns[c];
  const FrtScanOptions *o = &s->scan->options;
  FrtStr whole = text;
  if (csv->trim) text = csv_trim(text);
  if (text.len != whole.len) s->block.canon[c] = 0;
  if (csv->quote && text.len && text.ptr[0] == csv->quote) return csv_value_quoted(s, column, c, text, out);
  if (text.len == 0) return FRT_NULL;
  for (uint32_t i = 0; i < o->null_len && column->type->nullable; i++) {
    if (o->nulls[i].len != text.len || memcmp(o->nulls[i].ptr, text.ptr, text.len) != 0) continue;
    s->block.canon[c] = 0;
    return FRT_NULL;
  }
  s->cx->detail = text;
  if (column->type->kind == FRT_STRING) {
    *(FrtStr *)out = text;
    return FRT_OK;
  }
  int rc = frt_text_value(column->type, text, column->format, column->zone, out);
  if (rc == FRT_OK && s->block.canon[c] && !csv_text_same(column->type, text, out)) s->block.canon[c] = 0;
  return rc;
}

/* ---- the header ---- */

/* The name that a field of the header gives. */
static FrtStr csv_header_name(FrtScanner *s, const CsvState *csv, FrtStr text) {
  char *room = frt_alloc_run(s->cx, text.len + 1);
  if (csv->trim) text = csv_trim(text);
  if (csv->quote && text.len >= 2 && text.ptr[0] == csv->quote && text.ptr[text.len - 1] == csv->quote)
    return csv_unquote((FrtStr){text.ptr + 1, text.len - 2, 0}, csv->quote, room);
  memcpy(room, text.ptr, text.len);
  return (FrtStr){room, text.len, 0};
}

/* Finds the header, behind empty lines, whole in the window. */
static int csv_header_find(FrtScanner *s, CsvState *csv, CsvRecord *record) {
  for (;;) {
    if (s->at == s->limit && s->input_ended) return csv_fatal(s, FRT_E_CONTRACT, "there is no header line");
    if ((size_t)(s->limit - s->at) >= s->record_max) return csv_fatal(s, FRT_E_CONTRACT, "the header has no end");
    CsvEnd end = s->at == s->limit ? CSV_MORE
                                   : csv_record_read(csv, s->at, s->limit, s->input_ended, s->at, NULL, NULL, 0,
                                                     record);
    if (end == CSV_RECORD) break;
    if (end == CSV_EMPTY) {
      s->lines_empty++;
      s->line += record->lines;
      s->offset += (uint64_t)(record->next - s->at);
      s->at = (char *)(uintptr_t)record->next;
    } else if (csv_read_on(s) == FRT_FATAL) {
      return FRT_FATAL;
    }
  }
  if (record->error == FRT_E_QUOTE_OPEN) return csv_fatal(s, FRT_E_CONTRACT, "a quote of the header is never closed");
  if (record->error) return csv_fatal(s, FRT_E_CONTRACT, "the header has text after a closing quote");
  return FRT_OK;
}

static int csv_header_read(FrtScanner *s, CsvState *csv) {
  CsvRecord record;
  int rc = csv_header_find(s, csv, &record);
  if (rc != FRT_OK) return rc;
  csv_tables_make(s, csv, record.fields);
  csv_record_read(csv, s->at, s->limit, s->input_ended, s->at, csv->beg, csv->end, record.fields, &record);
  FrtStr *names = frt_alloc_run(s->cx, sizeof *names * record.fields);
  for (uint32_t i = 0; i < record.fields; i++)
    names[i] = csv_header_name(s, csv, (FrtStr){s->at + csv->beg[i], csv->end[i] - csv->beg[i], 0});
  rc = frt_contract_map(s, names, record.fields, csv->column_at);
  s->line += record.lines;
  s->offset += (uint64_t)(record.next - s->at);
  s->at = (char *)(uintptr_t)record.next;
  return rc;
}

static int csv_start_file(FrtScanner *s) {
  if (!s->format_state) s->format_state = csv_state_make(s);
  CsvState *csv = s->format_state;
  csv->skipping = 0;
  if (s->scan->options.header) return csv_header_read(s, csv);
  csv_tables_make(s, csv, s->scan->column_len);
  for (uint32_t c = 0; c < s->scan->column_len; c++) csv->column_at[c] = c;
  return FRT_OK;
}

static int csv_next(FrtScanner *s) {
  const CsvState *csv = s->format_state;
  if (s->careful || csv->skipping) return csv_careful_next(s);
  return csv->count_newlines ? csv_count_next(s) : csv_fast_next(s);
}

static void csv_moved(FrtScanner *s) { ((CsvState *)s->format_state)->skipping = 0; }

static int csv_inside(FrtScanner *s) { return ((const CsvState *)s->format_state)->skipping; }

const FrtFormat frt_format_csv = {"csv", csv_start_file, csv_next, csv_value, csv_close, NULL, csv_moved, csv_inside};
