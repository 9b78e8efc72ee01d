/* json_harness.h: runs a JSON scan over bytes in memory and prints every row and every error as text, so
 * that two ways of reading the same bytes can be compared. It stands in for the run: frt_error and
 * frt_fatal are the harness's own. Include it in one file of a test program. */
#ifndef TESTS_JSON_HARNESS_H
#define TESTS_JSON_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "io/scan.h"
#include "sched/run_internal.h"

typedef struct HarnessLine { uint64_t row; size_t at, len; } HarnessLine;

static char *harness_text;            /* everything printed */
static size_t harness_size, harness_room;
static HarnessLine *harness_lines;
static size_t harness_line_len;
static char harness_path[64];
static char harness_fatal[256];       /* the message of frt_fatal */

static void harness_put(const char *p, size_t n) {
  if (harness_size + n + 1 > harness_room) {
    harness_room = (harness_size + n + 1) * 2;
    harness_text = realloc(harness_text, harness_room);
  }
  if (n) memcpy(harness_text + harness_size, p, n);
  harness_size += n;
  harness_text[harness_size] = 0;
}
static void harness_puts(const char *p) { harness_put(p, strlen(p)); }

static void harness_line(uint64_t row) {
  static size_t room;
  if (harness_line_len && harness_line_len >= room) room *= 2;
  if (!room) room = 1024;
  harness_lines = realloc(harness_lines, room * sizeof *harness_lines);
  harness_lines[harness_line_len++] = (HarnessLine){row, harness_size, 0};
}
static void harness_line_end(void) {
  harness_puts("\n");
  HarnessLine *l = &harness_lines[harness_line_len - 1];
  l->len = harness_size - l->at;
}

static void harness_value(const FrtType *t, const void *v);

static void harness_struct(const FrtType *t, const char *v) {
  harness_puts("{");
  for (uint32_t i = 0; i < t->field_len; i++) {
    const FrtField *f = &t->fields[i];
    if (i) harness_puts(",");
    harness_put(f->name.ptr, f->name.len);
    harness_puts("=");
    if (f->type->nullable && v[f->null_offset]) harness_puts("NULL");
    else harness_value(f->type, v + f->offset);
  }
  harness_puts("}");
}

static void harness_list(const FrtType *t, const FrtList *l) {
  harness_puts("[");
  for (uint32_t i = 0; i < l->len; i++) {
    const char *e = (const char *)l->data + (size_t)i * t->elem_size;
    if (i) harness_puts(",");
    if (t->elem->nullable && e[t->elem_null_offset]) harness_puts("NULL");
    else harness_value(t->elem, e);
  }
  harness_puts("]");
}

static void harness_value(const FrtType *t, const void *v) {
  char buf[FRT_TEXT_MAX * 2];
  if (t->kind == FRT_STRUCT) harness_struct(t, v);
  else if (t->kind == FRT_LIST) harness_list(t, v);
  else if (t->kind == FRT_STRING || t->kind == FRT_BYTES) {
    harness_puts("\"");
    harness_put(((const FrtStr *)v)->ptr, ((const FrtStr *)v)->len);
    harness_puts("\"");
  } else {
    harness_put(buf, (size_t)(frt_value_text(buf, t, v) - buf));
  }
}

static void harness_place(const FrtBlock *b, uint32_t row) {
  char buf[64];
  FrtStr raw = frt_fields_text(b->record, row);
  snprintf(buf, sizeof buf, "#%llu line %llu at %llu `", (unsigned long long)(b->row0 + row),
           (unsigned long long)(b->line ? b->line[row] : b->line0 + row),
           (unsigned long long)(b->offset0 + (uint64_t)(raw.ptr - b->record->base)));
  harness_puts(buf);
  harness_put(raw.ptr, raw.len);
  harness_puts("` ");
}

void frt_error(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field) {
  char buf[32];
  (void)op;
  harness_line(b->row0 + row);
  harness_place(b, row);
  snprintf(buf, sizeof buf, "ERROR %d ", code);
  harness_puts(buf);
  harness_put(field.ptr, field.len);
  harness_puts(": ");
  harness_put(cx->detail.ptr, cx->detail.len);
  harness_line_end();
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
  (void)cx, (void)op, (void)code;
  snprintf(harness_fatal, sizeof harness_fatal, " fatal: %.*s", (int)detail.len, detail.ptr);
  return FRT_FATAL;
}

static int harness_file(FrtCtx *cx, void *state, FrtStr *out) {
  (void)cx, (void)state;
  *out = (FrtStr){harness_path, (uint32_t)strlen(harness_path), 0};
  return FRT_OK;
}

static int harness_by_row(const void *a, const void *b) {
  const HarnessLine *x = a, *y = b;
  return x->row != y->row ? (x->row > y->row) - (x->row < y->row) : (x->at > y->at) - (x->at < y->at);
}

static void harness_block(const FrtScan *scan, const FrtBlock *b) {
  for (uint32_t i = 0; i < b->sel_len; i++) {
    uint32_t row = b->sel[i];
    harness_line(b->row0 + row);
    harness_place(b, row);
    for (uint32_t c = 0; c < scan->column_len; c++) {
      const FrtType *t = scan->columns[c].type;
      if (!(scan->columns[c].use & FRT_USE_VALUE)) continue;
      harness_puts(c ? " | " : "");
      if (t->nullable && b->nul[c][row]) harness_puts("NULL");
      else harness_value(t, (char *)b->col[c] + (size_t)row * t->size);
    }
    harness_line_end();
  }
}

/* How to read. */
typedef struct HarnessHow {
  uint32_t block_rows, policy;
  size_t window;
  int careful;
  size_t record_max;     /* 0: FRT_RECORD_MAX */
  uint64_t blocks_fast;  /* out: blocks that were read wholly by the fast path */
} HarnessHow;

/* Reads the bytes; returns all rows and errors in row order as one text (malloc'd). */
static char *__attribute__((unused)) harness_read(const FrtColumn *columns, uint32_t len, uint32_t format, const char *bytes, size_t n,
                          HarnessHow *how) {
  int fd = memfd_create("json", 0);
  if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) abort();
  snprintf(harness_path, sizeof harness_path, "/proc/self/fd/%d", fd);
  FrtScan scan = {0};
  scan.options.format = format;
  scan.columns = columns;
  scan.column_len = len;
  scan.path = harness_file;
  FrtOp op = {0};
  op.policy = how->policy;
  FrtModule module = {0};
  module.ops = &op;
  module.op_len = 1;
  FrtRunOptions options = {0};
  options.careful = how->careful;
  FrtRun run;
  memset(&run, 0, sizeof run);
  uint64_t ledger[FRT_LEDGER_LEN] = {0};
  run.module = &module;
  run.options = &options;
  run.run_arena = arena_new();
  run.ledger = ledger;
  run.main.cx.run = &run;
  run.main.cx.worker = &run.main;
  run.cx = &run.main.cx;
  run.main.cx.ledger = ledger;
  run.main.cx.block_rows = how->block_rows;
  frt_alloc_start(&run.main);
  harness_size = harness_line_len = 0;
  harness_fatal[0] = 0;
  harness_put("", 0);
  FrtScanner *s = NULL;
  FrtBlock *b;
  int rc = frt_scan_open(&run.main.cx, NULL, &scan, &s);
  if (rc == FRT_OK && how->window) s->window_want = how->window;
  if (rc == FRT_OK && how->record_max) s->record_max = how->record_max;
  how->blocks_fast = 0;
  while (rc == FRT_OK && (rc = frt_scan_next(s, &b)) == FRT_OK) {
    harness_block(&scan, b);
    frt_alloc_reset(&run.main);
  }
  how->blocks_fast = s ? s->blocks_fast : 0;
  char tail[512];
  snprintf(tail, sizeof tail, "end %d%s, empty %llu, unknown %llu, line %llu\n", rc, harness_fatal,
           (unsigned long long)s->lines_empty, (unsigned long long)s->keys_unknown, (unsigned long long)s->line);
  frt_scan_close(s);
  frt_alloc_end(&run.main);
  arena_free(run.run_arena);
  close(fd);
  qsort(harness_lines, harness_line_len, sizeof *harness_lines, harness_by_row);
  char *out = malloc(harness_size + strlen(tail) + 1), *p = out;
  for (size_t i = 0; i < harness_line_len; i++) {
    memcpy(p, harness_text + harness_lines[i].at, harness_lines[i].len);
    p += harness_lines[i].len;
  }
  strcpy(p, tail);
  return out;
}

/* ---- types for tests ---- */
#define HARNESS_STR(text) {text, sizeof(text) - 1, 0}
#define HARNESS_TYPE(name, k, null, size) \
  static const FrtType name __attribute__((unused)) = {k, null, 0, 0, size, NULL, 0, 0, NULL, 0, 0, NULL}
HARNESS_TYPE(harness_i64, FRT_I64, 0, 8);
HARNESS_TYPE(harness_i64n, FRT_I64, 1, 8);
HARNESS_TYPE(harness_i32, FRT_I32, 0, 4);
HARNESS_TYPE(harness_string, FRT_STRING, 0, 16);
HARNESS_TYPE(harness_stringn, FRT_STRING, 1, 16);
HARNESS_TYPE(harness_f64, FRT_F64, 0, 8);
HARNESS_TYPE(harness_f64n, FRT_F64, 1, 8);
HARNESS_TYPE(harness_bool, FRT_BOOL, 0, 1);
HARNESS_TYPE(harness_booln, FRT_BOOL, 1, 1);
HARNESS_TYPE(harness_date, FRT_DATE, 0, 4);
HARNESS_TYPE(harness_daten, FRT_DATE, 1, 4);
HARNESS_TYPE(harness_timestamp, FRT_TIMESTAMP, 0, 8);
static const FrtType harness_dec2 __attribute__((unused)) = {FRT_DECIMAL, 0, 12, 2, 8, NULL, 0, 0, NULL, 0, 0, NULL};
static const FrtType harness_dec2n __attribute__((unused)) = {FRT_DECIMAL, 1, 12, 2, 8, NULL, 0, 0, NULL, 0, 0, NULL};

#endif
