/* csv_careful.c: CSV by the rules (RFC 4180 and language.md), every dialect, exact errors.
 *
 * A record is read field by field. A field that begins with the quote goes to the next quote that is not
 * doubled; any other goes to the next delimiter or line end, and quotes in it are text. A wrong record is
 * an error row and reading goes on at the next line end outside quotes; when a quote is never closed, at
 * the line after the one where it opened. */
#include <string.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "io/csv_internal.h"
#include "sched/run_internal.h"

enum { CSV_RESCAN_SIZE = 64 * 1024 };

/* The first a or b in [p, limit), or limit. Reads up to FRT_PAD bytes behind limit. */
static const char *csv_find(const char *p, const char *limit, char a, char b) {
#if defined(__x86_64__)
  const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);
  for (; p < limit; p += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)));
    if (mask) {
      p += __builtin_ctz((unsigned)mask);
      return p < limit ? p : limit;
    }
  }
  return limit;
#else
  while (p < limit && *p != a && *p != b) p++;
  return p;
#endif
}

uint32_t csv_newlines_count(const char *p, const char *end) {
  uint32_t n = 0;
  for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) n++;
  return n;
}

static const char *csv_blanks_skip(const CsvState *csv, const char *p, const char *limit) {
  while (p < limit && (*p == ' ' || *p == '\t') && *p != csv->delimiter) p++;
  return p;
}

/* The closing quote of a field whose opening quote is at p; NULL when there is none before limit. */
static const char *csv_quote_close(const CsvState *csv, const char *p, const char *limit, int ended) {
  for (p++; (p = memchr(p, csv->quote, (size_t)(limit - p))) != NULL; p += 2) {
    if (p + 1 == limit) return ended ? p : NULL;
    if (p[1] != csv->quote) return p;
  }
  return NULL;
}

/* A field with its quotes. *p moves behind it, to a delimiter, a line end or limit. Returns where its text
 * ends, or NULL: the quote is not closed. */
static const char *csv_field_quoted(const CsvState *csv, const char **p, const char *limit, int ended,
                                    CsvRecord *out) {
  const char *close = csv_quote_close(csv, *p, limit, ended), *rest;
  if (!close) return NULL;
  out->lines += csv_newlines_count(*p, close);
  rest = close + 1;
  if (csv->trim) rest = csv_blanks_skip(csv, rest, limit);
  *p = csv_find(rest, limit, csv->delimiter, '\n');
  int clean = *p == rest || (*p == rest + 1 && *rest == '\r' && (*p == limit || **p == '\n'));
  if (clean) return close + 1;
  if (!out->error) out->error = FRT_E_QUOTE_TEXT;
  return *p;
}

/* A quote that is never closed makes the line where it opened the bad record. */
static CsvEnd csv_quote_open(const char *start, const char *field, const char *limit, CsvRecord *out) {
  const char *newline = memchr(field, '\n', (size_t)(limit - field));
  out->end = newline ? newline : limit;
  out->next = newline ? newline + 1 : limit;
  if (out->end > start && out->end[-1] == '\r') out->end--;
  if (newline) out->lines++;
  if (!out->error) out->error = FRT_E_QUOTE_OPEN;
  return CSV_RECORD;
}

CsvEnd csv_record_read(const CsvState *csv, const char *p, const char *limit, int ended, const char *base,
                       uint32_t *beg, uint32_t *end, uint32_t max, CsvRecord *out) {
  const char *start = p;
  *out = (CsvRecord){0};
  for (;;) {
    const char *field = p, *field_end;
    if (csv->trim) field = csv_blanks_skip(csv, p, limit);
    if (csv->quote && field < limit && *field == csv->quote) {
      p = field;
      field_end = csv_field_quoted(csv, &p, limit, ended, out);
      if (!field_end && !ended) return CSV_MORE;
      if (!field_end) return csv_quote_open(start, field, limit, out);
    } else {
      field = p;
      field_end = p = csv_find(p, limit, csv->delimiter, '\n');
    }
    if (p == limit && !ended) return CSV_MORE;
    int last = p == limit || *p == '\n';
    if (last && field_end == p && p > field && p[-1] == '\r') field_end--;
    if (out->fields < max) {
      beg[out->fields] = (uint32_t)(field - base);
      end[out->fields] = (uint32_t)(field_end - base);
    }
    out->fields++;
    if (last) break;
    p++;
  }
  out->lines++;
  out->end = p > start && p[-1] == '\r' ? p - 1 : p;
  out->next = p == limit ? limit : p + 1;
  return out->end == start ? CSV_EMPTY : CSV_RECORD;
}

/* ---- the window ---- */

int csv_read_on(FrtScanner *s) {
  size_t had = (size_t)(s->limit - s->at);
  size_t want = had < CSV_RESCAN_SIZE ? had + 1 : had * 2;
  int rc = FRT_OK;
  while (rc == FRT_OK && (size_t)(s->limit - s->at) < want) rc = frt_scan_refill(s);
  return rc == FRT_END && (size_t)(s->limit - s->at) > had ? FRT_OK : rc;
}

static void csv_consume(FrtScanner *s, const char *to, uint64_t lines) {
  s->offset += (uint64_t)(to - s->at);
  s->line += lines;
  s->at = (char *)(uintptr_t)to;
}

/* Drops what is left of a record that was too long. FRT_OK when its end was found. */
static int csv_skip(FrtScanner *s, CsvState *csv) {
  while (csv->skipping) {
    const char *newline = memchr(s->at, '\n', (size_t)(s->limit - s->at));
    csv_consume(s, newline ? newline + 1 : s->limit, newline != NULL);
    csv->skipping = newline == NULL;
    if (newline) break;
    int rc = frt_scan_refill(s);
    if (rc != FRT_OK) return rc;
  }
  return FRT_OK;
}

/* ---- blocks ---- */

void csv_fields_point(FrtScanner *s, CsvState *csv) {
  for (uint32_t c = 0; c < s->scan->column_len; c++) {
    FrtFields *f = &s->block.fields[c];
    *f = (FrtFields){0};
    if (!s->scan->columns[c].use || csv->column_at[c] == CSV_ABSENT) continue;
    *f = (FrtFields){s->at, csv->beg + csv->column_at[c], csv->end + csv->column_at[c], csv->columns, 0, 0};
  }
}

void csv_row_place(FrtScanner *s, CsvState *csv, const char *p, const char *end, uint64_t line) {
  uint32_t r = s->block.n++;
  if (r == 0) {
    csv->record = (FrtFields){s->at, csv->record_beg, csv->record_end, 1, 0, 0};
    s->block.line0 = line;
    s->block.offset0 = s->offset;
  }
  csv->record_beg[r] = (uint32_t)(p - s->at);
  csv->record_end[r] = (uint32_t)(end - s->at);
  csv->line[r] = line;
}

static char *csv_put_number(char *p, uint32_t n) {
  char digits[12];
  int len = 0;
  do digits[len++] = (char)('0' + n % 10);
  while ((n /= 10) != 0);
  while (len) *p++ = digits[--len];
  return p;
}

void csv_row_fail(FrtScanner *s, CsvState *csv, const CsvRecord *record) {
  uint32_t r = s->block.n - 1;
  size_t first = (size_t)r * csv->columns;
  FrtStr detail = {0};
  int code = record->error;
  if (code == FRT_E_RECORD_LONG) detail = (FrtStr){"256 MiB", 7, 0};
  if (!code) {
    static const char middle[] = " instead of ";
    char *text = frt_alloc(s->cx, 48), *p = csv_put_number(text, record->fields);
    memcpy(p, middle, sizeof middle - 1);
    p = csv_put_number(p + sizeof middle - 1, csv->columns);
    code = record->fields > csv->columns ? FRT_E_FIELDS_MANY : FRT_E_FIELDS_FEW;
    detail = (FrtStr){text, (uint32_t)(p - text), 0};
  }
  for (uint32_t c = 0; c < csv->columns; c++)
    csv->beg[first + c] = csv->end[first + c] = csv->record_beg[r];
  frt_scan_record_error(s, r, code, detail);
}

/* A record that fills the window: its end is too far away to wait for. */
static void csv_too_long(FrtScanner *s, CsvState *csv, CsvRecord *record) {
  const char *p = s->at;
  CsvEnd end = csv_record_read(csv, p, s->limit, 1, p, NULL, NULL, 0, record);
  if (end == CSV_RECORD && record->error == FRT_E_QUOTE_OPEN) return;
  size_t raw = (size_t)(s->limit - p) < CSV_RAW_MAX ? (size_t)(s->limit - p) : CSV_RAW_MAX;
  record->end = p + raw;
  record->next = s->limit;
  record->lines = 0;
  record->error = FRT_E_RECORD_LONG;
  csv->skipping = 1;
}

/* Rows of the block from the window; *at moves behind them, *line counts. FRT_OK or what refilling said. */
static int csv_rows_read(FrtScanner *s, CsvState *csv, const char **at, uint64_t *line) {
  FrtBlock *b = &s->block;
  CsvRecord record;
  while (b->n < csv->rows_max && !csv->skipping) {
    size_t first = (size_t)b->n * csv->columns;
    CsvEnd end = *at == s->limit ? CSV_MORE
                                 : csv_record_read(csv, *at, s->limit, s->input_ended, s->at, csv->beg + first,
                                                   csv->end + first, csv->columns, &record);
    if (end == CSV_MORE) {
      if (b->n) return FRT_OK;
      csv_consume(s, *at, 0);
      if ((size_t)(s->limit - s->at) >= s->record_max) {
        csv_too_long(s, csv, &record);
      } else {
        int rc = csv_read_on(s);
        *at = s->at;
        if (rc == FRT_FATAL || (rc == FRT_END && s->at == s->limit)) return rc;
        continue;
      }
    }
    if (end == CSV_EMPTY) {
      s->lines_empty++;
    } else {
      csv_row_place(s, csv, *at, record.end, *line);
      if (record.error || record.fields != csv->columns) csv_row_fail(s, csv, &record);
    }
    *at = record.next;
    *line += record.lines;
    s->line = b->n ? s->line : *line;
  }
  return FRT_OK;
}

int csv_careful_next(FrtScanner *s) {
  CsvState *csv = s->format_state;
  FrtBlock *b = &s->block;
  int rc = csv_skip(s, csv);
  if (rc != FRT_OK) return rc;
  const char *at = s->at;
  uint64_t line = s->line;
  b->record = &csv->record;
  b->line = csv->line;
  rc = csv_rows_read(s, csv, &at, &line);
  if (rc != FRT_OK) return rc;
  s->blocks_careful++;
  csv_fields_point(s, csv);
  rc = frt_scan_convert(s);
  csv_consume(s, at, line - s->line);
  return rc;
}
