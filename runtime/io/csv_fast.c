/* csv_fast.c: blocks by the separator index.
 *
 * With N columns, separator N*r + N-1 of a regular block is the newline of row r, and field f of row r lies
 * between separators N*r + f-1 and N*r + f. That holds when (1) each of those separators is a newline,
 * (2) there are no other newlines outside quotes, and (3) quotes stand only where quoted fields begin and
 * end, which the index watches. Lines must all end alike. A block for which any of this fails is read
 * again by csv_careful.c. */
#include <string.h>

#include "io/csv_internal.h"

enum { CSV_PARTIAL_MAX = 64 * 1024 };  /* a longer piece without a whole row goes to the careful path */

static uint64_t csv_count_newlines(const char *p, const char *end) {
  uint64_t n = 0;
  for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) n++;
  return n;
}

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
    line += csv_count_newlines(base + row[0] + 1, base + row[csv->columns] + 1);
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
  s->text_plain = csv->raw_wanted && csv->delimiter == ',' && csv->quote == '"' &&
                  !csv_stray_cr(s->at, next, crlf, rows);
  int rc = frt_scan_convert(s);
  s->offset += (uint64_t)(next - s->at);
  s->at = (char *)(uintptr_t)next;
  s->line += lines;
  s->blocks_fast++;
  return rc;
}

int csv_fast_next(FrtScanner *s) {
  CsvState *csv = s->format_state;
  for (;;) {
    CsvIndex x = {.p = s->at, .len = (size_t)(s->limit - s->at), .delimiter = csv->delimiter,
                  .quote = csv->quote, .need = csv->rows_max * csv->columns, .out = csv->index + 1};
    csv->indexer(&x);
    uint32_t rows = x.found / csv->columns;
    if (rows > csv->rows_max) rows = csv->rows_max;
    if (rows == 0) {
      if (s->input_ended || x.irregular || x.len > CSV_PARTIAL_MAX || x.len >= s->record_max)
        return csv_careful_next(s);
      if (frt_scan_refill(s) == FRT_FATAL) return FRT_FATAL;
      continue;
    }
    const char *base = s->at - 1;
    uint64_t newlines = x.newlines - csv_leftover_newlines(csv, base, rows * csv->columns, x.found);
    int crlf = x.irregular || newlines != rows ? -1 : csv_check_rows(csv, base, rows);
    return crlf < 0 ? csv_careful_next(s) : csv_fast_block(s, csv, &x, rows, crlf);
  }
}
