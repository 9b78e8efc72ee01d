/* csv_harness.h: runs a scan over bytes in memory and prints every row and every error as text, so that
 * two ways of reading can be compared. frt_error and frt_fatal are the harness's own. Include it in one
 * file of a test program, which links the readers, runtime/base and runtime/text, but not the rest. */
#ifndef TESTS_CSV_HARNESS_H
#define TESTS_CSV_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "io/csv_internal.h"
#include "io/scan.h"
#include "sched/run_internal.h"

typedef struct CsvText { char *p; size_t len, room; } CsvText;
typedef struct CsvLine { uint64_t row; size_t at; } CsvLine;

/* How a scan is run. */
typedef struct CsvSetup {
  FrtScanOptions options;
  const FrtColumn *columns;
  uint32_t column_len;
  uint32_t block_rows;
  int careful;
  size_t window, record_max;   /* 0: as it is */
  uint32_t policy;
  uint32_t rows_only;          /* good rows are counted, not printed */
} CsvSetup;

typedef struct CsvRun {
  FrtRun run;
  FrtModule module;
  FrtOp op;
  FrtRunOptions options;
  FrtScan scan;
  uint64_t ledger[FRT_LEDGER_LEN];
  const char *path;
  CsvText text, fatal;
  CsvLine *lines;
  size_t line_len, line_room;
  uint64_t blocks_fast, blocks_careful, lines_empty, columns_extra, bytes, rows;
  int rc;
} CsvRun;

static CsvRun *csv_run;

static void csv_put(CsvText *t, const char *p, size_t n) {
  if (t->len + n + 1 > t->room) t->p = realloc(t->p, t->room = (t->len + n + 1) * 2);
  if (n) memcpy(t->p + t->len, p, n);
  t->len += n;
  t->p[t->len] = 0;
}

static void csv_putf(CsvText *t, const char *format, ...) {
  char buf[512];
  va_list args;
  va_start(args, format);
  csv_put(t, buf, (size_t)vsnprintf(buf, sizeof buf, format, args));
  va_end(args);
}

static void csv_put_quoted(CsvText *t, FrtStr s) {
  csv_put(t, "'", 1);
  for (uint32_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    if (c < 32 || c == '\\') csv_putf(t, "\\%02x", c);
    else csv_put(t, s.ptr + i, 1);
  }
  csv_put(t, "'", 1);
}

/* Starts the line of a row: its number, line, offset and raw text. */
static void csv_row_begin(CsvRun *r, const FrtBlock *b, uint32_t row) {
  if (r->line_len == r->line_room)
    r->lines = realloc(r->lines, sizeof *r->lines * (r->line_room = r->line_room * 2 + 64));
  r->lines[r->line_len++] = (CsvLine){b->row0 + row, r->text.len};
  csv_putf(&r->text, "%llu", (unsigned long long)(b->row0 + row));
  if (b->record) {
    FrtStr raw = frt_fields_text(b->record, row);
    uint64_t line = b->line ? b->line[row] : b->line0 + row;
    uint64_t offset = b->offset0 + (uint64_t)(raw.ptr - b->record->base);
    csv_putf(&r->text, " line %llu at %llu ", (unsigned long long)line, (unsigned long long)offset);
    csv_put_quoted(&r->text, raw);
  }
}

void frt_error(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field) {
  CsvRun *r = csv_run;
  FRT_COUNT(cx, op, FRT_ERRORS, 1);
  csv_row_begin(r, b, row);
  csv_putf(&r->text, " ERROR %d ", code);
  csv_put_quoted(&r->text, field);
  csv_put_quoted(&r->text, cx->detail);
  csv_put(&r->text, "\n", 1);
}

void frt_error_more(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field) {
  frt_error(cx, b, row, op, code, field);
  FRT_COUNT(cx, op, FRT_ERRORS, (uint64_t)-1);
}

int frt_retry(FrtRun *r, uint32_t op, uint32_t *tried, const char *what) {
  (void)r; (void)op; (void)tried; (void)what;
  return 0;
}

int frt_fatal(FrtCtx *cx, uint32_t op, int code, FrtStr detail) {
  csv_putf(&csv_run->fatal, "FATAL %d: ", code);
  csv_put(&csv_run->fatal, detail.ptr, detail.len);
  return FRT_FATAL;
}

static int csv_run_path(FrtCtx *cx, void *state, FrtStr *out) {
  *out = (FrtStr){csv_run->path, (uint32_t)strlen(csv_run->path), 0};
  return FRT_OK;
}

static void csv_put_value(CsvText *t, const FrtType *type, const void *v) {
  char buf[FRT_TEXT_MAX];
  if (type->kind == FRT_STRING) csv_put_quoted(t, *(const FrtStr *)v);
  else csv_put(t, buf, (size_t)(frt_value_text(buf, type, v) - buf));
}

/* Whether the raw text of a value is what CSV output prints; r->block.canon promises that. */
static int csv_raw_prints(const FrtType *type, const uint8_t *nul, const void *v, FrtStr raw) {
  CsvText t = {0};
  csv_put(&t, "", 0);
  if (nul && *nul) {
  } else if (type->kind == FRT_STRING) {
    FrtStr s = *(const FrtStr *)v;
    int quoted = s.len == 0 && type->nullable;
    for (uint32_t i = 0; i < s.len; i++) quoted |= strchr(",\"\r\n", s.ptr[i]) && s.ptr[i];
    if (quoted) csv_put(&t, "\"", 1);
    for (uint32_t i = 0; i < s.len; i++) csv_put(&t, "\"\"", s.ptr[i] == '"' ? 1 : 0), csv_put(&t, s.ptr + i, 1);
    if (quoted) csv_put(&t, "\"", 1);
  } else {
    csv_put_value(&t, type, v);
  }
  int same = t.len == raw.len && memcmp(t.p, raw.ptr ? raw.ptr : "", t.len) == 0;
  free(t.p);
  return same;
}

static void csv_put_block(CsvRun *r, const FrtBlock *b) {
  for (uint32_t i = 0; i < b->sel_len; i++) {
    uint32_t row = b->sel[i];
    csv_row_begin(r, b, row);
    csv_put(&r->text, " |", 2);
    for (uint32_t c = 0; c < r->scan.column_len; c++) {
      if (!b->col[c]) continue;
      const FrtType *type = r->scan.columns[c].type;
      csv_put(&r->text, " ", 1);
      if (b->nul[c] && b->nul[c][row]) csv_put(&r->text, "NULL", 4);
      else csv_put_value(&r->text, type, (const char *)b->col[c] + (size_t)row * type->size);
      if (!b->canon[c] || !(r->scan.columns[c].use & FRT_USE_RAW)) continue;
      if (!csv_raw_prints(type, b->nul[c] ? b->nul[c] + row : NULL,
                          (const char *)b->col[c] + (size_t)row * type->size, frt_fields_text(&b->fields[c], row)))
        csv_putf(&r->text, " (canon is wrong)");
    }
    csv_put(&r->text, "\n", 1);
  }
}

static int csv_line_compare(const void *a, const void *b) {
  const CsvLine *x = a, *y = b;
  if (x->row != y->row) return x->row < y->row ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}

/* The lines in the order of the rows. */
static void csv_run_sort(CsvRun *r) {
  CsvText sorted = {0};
  csv_put(&sorted, "", 0);
  if (r->line_len) qsort(r->lines, r->line_len, sizeof *r->lines, csv_line_compare);
  for (size_t i = 0; i < r->line_len; i++) {
    const char *p = r->text.p + r->lines[i].at;
    csv_put(&sorted, p, (size_t)(strchr(p, '\n') + 1 - p));
  }
  if (r->fatal.len) csv_put(&sorted, r->fatal.p, r->fatal.len);
  free(r->text.p);
  r->text = sorted;
}

/* Takes each block of the scan; NULL: prints it. */
static void (*csv_run_block)(CsvRun *r, const FrtBlock *b);

/* Runs the scan over the file; r->text has the rows. */
static void csv_run_file(CsvRun *r, const CsvSetup *setup, const char *path) {
  memset(r, 0, sizeof *r);
  csv_run = r;
  r->path = path;
  r->op.policy = setup->policy;
  r->module.ops = &r->op;
  r->module.op_len = 1;
  r->options.careful = setup->careful;
  r->scan.options = setup->options;
  r->scan.columns = setup->columns;
  r->scan.column_len = setup->column_len;
  r->scan.rows_only = setup->rows_only;
  if (setup->options.format != FRT_FMT_VALUES && setup->options.format != FRT_FMT_RANGE) r->scan.path = csv_run_path;
  r->run.module = &r->module;
  r->run.options = &r->options;
  r->run.run_arena = arena_new();
  r->run.ledger = r->ledger;
  FrtCtx *cx = &r->run.main.cx;
  cx->run = &r->run;
  cx->ledger = r->ledger;
  cx->block_rows = setup->block_rows;
  frt_alloc_start(&r->run.main);
  FrtScanner *s = NULL;
  FrtBlock *b;
  r->rc = frt_scan_open(cx, NULL, &r->scan, &s);
  if (r->rc == FRT_OK && setup->window) s->window_want = setup->window;
  if (r->rc == FRT_OK && setup->record_max) s->record_max = setup->record_max;
  while (r->rc == FRT_OK && (r->rc = frt_scan_next(s, &b)) == FRT_OK) {
    r->rows += b->sel_len;
    if (csv_run_block) csv_run_block(r, b);
    else if (!setup->rows_only) csv_put_block(r, b);
    frt_alloc_reset(&r->run.main);
  }
  r->blocks_fast = s->blocks_fast;
  r->blocks_careful = s->blocks_careful;
  r->lines_empty = s->lines_empty;
  r->columns_extra = s->columns_extra;
  r->bytes = s->bytes;
  frt_scan_close(s);
  csv_run_sort(r);
  frt_alloc_end(&r->run.main);
  arena_free(r->run.run_arena);
}

static void csv_run_free(CsvRun *r) {
  free(r->text.p);
  free(r->fatal.p);
  free(r->lines);
}

/* The same over bytes. */
static void csv_run_bytes(CsvRun *r, const CsvSetup *setup, const char *bytes, size_t n) {
  char path[64];
  int fd = memfd_create("csv", 0);
  for (size_t done = 0; done < n;) {
    ssize_t put = write(fd, bytes + done, n - done);
    if (put <= 0) abort();
    done += (size_t)put;
  }
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  csv_run_file(r, setup, path);
  close(fd);
}

/* ---- columns ---- */

static const FrtType csv_type_string = {.kind = FRT_STRING, .size = sizeof(FrtStr)};
static const FrtType csv_type_string_null = {.kind = FRT_STRING, .nullable = 1, .size = sizeof(FrtStr)};
static const FrtType csv_type_i64 = {.kind = FRT_I64, .size = 8};
static const FrtType csv_type_i64_null = {.kind = FRT_I64, .nullable = 1, .size = 8};
static const FrtType csv_type_i32 = {.kind = FRT_I32, .size = 4};
static const FrtType csv_type_f64 = {.kind = FRT_F64, .size = 8};
static const FrtType csv_type_f64_null = {.kind = FRT_F64, .nullable = 1, .size = 8};
static const FrtType csv_type_bool = {.kind = FRT_BOOL, .size = 1};
static const FrtType csv_type_date = {.kind = FRT_DATE, .size = 4};
static const FrtType csv_type_decimal = {.kind = FRT_DECIMAL, .precision = 10, .scale = 2, .size = 8};

#define CSV_STR(text) {text, sizeof(text) - 1, 0}
#define CSV_COLUMN(title, t) {.name = CSV_STR(title), .use = FRT_USE_VALUE, .type = &csv_type_##t}

#endif
