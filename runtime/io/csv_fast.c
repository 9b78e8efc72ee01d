/* csv_fast.c: blocks by the separator index.
 *
 * With N columns, separator N*r + N-1 of a regular block is the newline of row r, and field f of row r lies
 * between separators N*r + f-1 and N*r + f. That holds when (1) each of those separators is a newline,
 * (2) there are no other newlines outside quotes, and (3) quotes stand only where quoted fields begin and
 * end, which the index watches. Lines must all end alike.
 *
 * When only the rows are out of step (too many or too few fields, empty lines, mixed line ends) the index
 * is still true, and its rows are copied one by one into the tables of the careful path, so that a file with
 * some bad rows in each block is not slow. When a quote is out of place, csv_careful.c reads the block. */
#include <string.h>

#include "io/csv_internal.h"

enum { CSV_PARTIAL_MAX = 64 * 1024 };  /* a longer piece without a whole row goes to the careful path */

/* Newlines among the separators behind the last row. */
static uint64_t csv_leftover_newlines(const CsvState *csv, const char *base, uint32_t from, uint32_t to) {
  uint64_t n = 0;
  for (uint32_t i = from; i < to; i++) n += base[csv->index[1 + i]] == '\n';
  return n;
}

/* How the lines end: 0 LF, 1 CRLF, -1 they differ, or there is an empty line or a separator out of step. */
static int csv_check_rows(const CsvState *csv, const char *base, uint32_t rows) {
  const uint32_t *newline = csv->index + csv->columns;
  const uint32_t step = csv->columns;
  uint32_t wrong = 0, cr = 0;
  for (uint32_t r = 0; r < rows; r++, newline += step) {
    const char *p = base + *newline;
    wrong |= (uint32_t)(*p ^ '\n');
    cr += p[-1] == '\r';
  }
  if (wrong) return -1;
  if (cr != 0 && cr != rows) return -1;
  int crlf = cr != 0;
  if (csv->columns > 1) return crlf;
  for (uint32_t r = 0; r < rows; r++)
    if (csv->index[r + 1] - csv->index[r] <= (uint32_t)(1 + crlf)) return -1;
  return crlf;
}

/* The line of each row, where quoted fields have line breaks. Returns the lines of the block. */
static uint64_t csv_number_lines(FrtScanner *s, CsvState *csv, const char *base, uint32_t rows) {
  uint64_t line = s->line;
  for (uint32_t r = 0; r < rows; r++) {
    const uint32_t *row = csv->index + (size_t)r * csv->columns;
    csv->line[r] = line;
    line += csv_newlines_count(base + row[0] + 1, base + row[csv->columns] + 1);
  }
  return line - s->line;
}

static void csv_fast_fields(FrtScanner *s, CsvState *csv, const char *base, int crlf) {
  for (uint32_t c = 0; c < s->scan->column_len; c++) {
    FrtFields *f = &s->block.fields[c];
    int64_t at = csv->column_at[c];
    *f = (FrtFields){0};
    if (!s->scan->columns[c].use || at == CSV_ABSENT) continue;
    uint32_t end_sub = crlf && at == (int64_t)csv->columns - 1;
    *f = (FrtFields){base, csv->index + at, csv->index + at + 1, csv->columns, 1, end_sub};
  }
}

/* Whether a CR stands in a text of the block: CSV output would put that into quotes. */
static int csv_stray_cr(const char *p, const char *end, int crlf, uint32_t rows) {
  uint64_t n = 0;
  for (; p < end && (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++)
    if (++n > (crlf ? rows : 0)) return 1;
  return 0;
}

/* Which values of late columns stand in quotes: these alone are looked at by the check. */
static void csv_quoted_places(FrtScanner *s, const CsvState *csv, const CsvIndex *x, uint32_t rows) {
  if (!x->quoted) return;
  s->quoted_at = csv->column_at;
  s->quoted_len = 0;
  for (uint32_t i = 0; i < x->quoted_len && x->quoted[i] < rows * csv->columns; i++)
    s->quoted[s->quoted_len++] = (FrtScanPlace){x->quoted[i] / csv->columns, x->quoted[i] % csv->columns};
}

static int csv_fast_block(FrtScanner *s, CsvState *csv, const CsvIndex *x, uint32_t rows, int crlf) {
  FrtBlock *b = &s->block;
  const char *base = s->at - 1, *next = base + csv->index[(size_t)rows * csv->columns] + 1;
  uint64_t lines = rows;
  b->n = rows;
  b->line0 = s->line;
  if (x->newlines_all != x->newlines) {
    lines = csv_number_lines(s, csv, base, rows);
    if (lines != rows) b->line = csv->line;
  }
  csv->record = (FrtFields){base, csv->index, csv->index + csv->columns, csv->columns, 1, (uint32_t)crlf};
  b->record = &csv->record;
  b->offset0 = s->offset - 1;
  csv_fast_fields(s, csv, base, crlf);
  csv_quoted_places(s, csv, x, rows);
  s->text_ascii = !x->high;
  s->text_plain = csv->raw_wanted && csv->delimiter == ',' && csv->quote == '"' &&
                  !csv_stray_cr(s->at, next, crlf, rows);
  int rc = frt_scan_convert(s);
  s->offset += (uint64_t)(next - s->at);
  s->at = (char *)(uintptr_t)next;
  s->line += lines;
  s->blocks_fast++;
  return rc;
}

/* ---- rows out of step ---- */

/* Row of separators first + 1 .. last; the last one is its newline. */
static void csv_mixed_row(FrtScanner *s, CsvState *csv, uint32_t first, uint32_t last, uint64_t line) {
  const uint32_t *index = csv->index + first;
  const char *p = s->at + index[0], *end = s->at + index[last - first] - 1;
  CsvRecord record = {.fields = last - first};
  if (end > p && end[-1] == '\r') end--;
  if (end == p) {
    s->lines_empty++;
    return;
  }
  csv_row_place(s, csv, p, end, line);
  if (record.fields != csv->columns) {
    csv_row_fail(s, csv, &record);
    return;
  }
  size_t at = (size_t)(s->block.n - 1) * csv->columns;
  uint32_t *from = csv->beg + at, *to = csv->end + at;
  for (uint32_t c = 0; c < csv->columns; c++) {
    from[c] = index[c];
    to[c] = index[c + 1] - 1;
  }
  to[csv->columns - 1] = (uint32_t)(end - s->at);
}

/* The rows of the index one by one. n is 0 when no line ends in it. */
static int csv_mixed_block(FrtScanner *s, CsvState *csv, const CsvIndex *x) {
  FrtBlock *b = &s->block;
  const char *base = s->at - 1;
  uint32_t first = 0;
  uint64_t line = s->line;
  b->record = &csv->record;
  b->line = csv->line;
  for (uint32_t i = 1; i <= x->found && b->n < csv->rows_max; i++) {
    if (base[csv->index[i]] != '\n') continue;
    csv_mixed_row(s, csv, first, i, line);
    line++;
    if (x->newlines_all != x->newlines)
      line += csv_newlines_count(base + csv->index[first] + 1, base + csv->index[i]);
    first = i;
  }
  const char *next = base + csv->index[first] + 1;
  s->blocks_careful++;
  csv_fields_point(s, csv);
  s->text_ascii = !x->high;
  int rc = frt_scan_convert(s);
  s->offset += (uint64_t)(next - s->at);
  s->at = (char *)(uintptr_t)next;
  s->line = line;
  return rc;
}

int csv_fast_next(FrtScanner *s) {
  CsvState *csv = s->format_state;
  for (;;) {
    CsvIndex x = {.p = s->at, .len = (size_t)(s->limit - s->at), .delimiter = csv->delimiter,
                  .quote = csv->quote, .need = csv->rows_max * csv->columns, .out = csv->index + 1,
                  .quoted = csv->quoted, .quoted_max = csv->quoted_max};
    csv->indexer(&x);
    uint32_t rows = x.found / csv->columns;
    if (rows > csv->rows_max) rows = csv->rows_max;
    if (rows == 0) {
      if (s->input_ended || x.irregular || x.len > CSV_PARTIAL_MAX || x.len >= s->record_max)
        return csv_careful_next(s);
      if (frt_scan_refill(s) == FRT_FATAL) return FRT_FATAL;
      if (csv->count_newlines) return FRT_OK;   /* what has come may be counted */
      continue;
    }
    const char *base = s->at - 1;
    uint64_t newlines = x.newlines - csv_leftover_newlines(csv, base, rows * csv->columns, x.found);
    int crlf = x.irregular || newlines != rows ? -1 : csv_check_rows(csv, base, rows);
    if (crlf >= 0) return csv_fast_block(s, csv, &x, rows, crlf);
    return x.irregular || x.newlines == 0 ? csv_careful_next(s) : csv_mixed_block(s, csv, &x);
  }
}
