/* fixed.c: `read fixed`: columns of fixed width, in the order of the type, one record a line.
 *
 * Widths count characters: bytes in a line of ASCII, code points in any other. Spaces around a value are
 * padding. A line that ends before its last column's width does is an error; so is one that goes on with
 * something other than spaces. */
#include <stdio.h>
#include <string.h>

#include "io/lines.h"

enum { FIXED_CELLS_MAX = 128 * 1024 };

typedef struct FixedState {
  FrtLines lines;
  uint32_t columns;
  uint64_t width;          /* of all columns */
  uint32_t *beg, *end;     /* rows_max * columns */
} FixedState;

static int fixed_start_file(FrtScanner *s) {
  FixedState *f = s->format_state;
  if (f) {
    f->lines.skipping = 0;
    return FRT_OK;
  }
  uint32_t columns = s->scan->column_len;
  uint32_t rows = FIXED_CELLS_MAX / (columns ? columns : 1);
  s->format_state = f = frt_alloc_run(s->cx, sizeof *f);
  memset(f, 0, sizeof *f);
  rows = rows == 0 ? 1 : rows < s->rows_max ? rows : s->rows_max;
  frt_lines_init(s, &f->lines, rows);
  f->columns = columns;
  f->beg = frt_alloc_run(s->cx, sizeof(uint32_t) * ((size_t)rows * columns + 1));
  f->end = frt_alloc_run(s->cx, sizeof(uint32_t) * ((size_t)rows * columns + 1));
  for (uint32_t c = 0; c < columns; c++) {
    f->width += s->scan->columns[c].width;
    if (s->scan->columns[c].width) continue;
    static const char why[] = "read fixed needs a width above 0 for each column";
    return frt_fatal(s->cx, s->scan->op, FRT_E_CONTRACT, (FrtStr){why, sizeof why - 1, 0});
  }
  return FRT_OK;
}

/* Moves over `width` characters; *left is what the text lacks. */
static const char *fixed_skip(const char *p, const char *end, uint32_t width, int ascii, uint64_t *left) {
  if (ascii) {
    size_t size = (size_t)(end - p) < width ? (size_t)(end - p) : width;
    *left += width - size;
    return p + size;
  }
  for (; width && p < end; width--) {
    p++;
    while (p < end && (*p & 0xc0) == 0x80) p++;
  }
  *left += width;
  return p;
}

static void fixed_fail(FrtScanner *s, uint32_t row, int code, uint64_t have, uint64_t want) {
  char *text = frt_alloc(s->cx, 80);
  int len = snprintf(text, 80, "%llu instead of %llu characters", (unsigned long long)have,
                     (unsigned long long)want);
  frt_scan_record_error(s, row, code, (FrtStr){text, (uint32_t)len, 0});
}

/* Sets the places of the row's values. */
static void fixed_row(FrtScanner *s, FixedState *f, uint32_t row) {
  FrtStr text = frt_fields_text(&f->lines.record, row);
  const char *p = text.ptr, *end = p + text.len, *base = f->lines.record.base;
  int ascii = !frt_has_high_bytes(p, text.len);
  uint32_t *beg = f->beg + (size_t)row * f->columns, *stop = f->end + (size_t)row * f->columns;
  uint64_t lacking = 0, more = 0;
  for (uint32_t c = 0; c < f->columns; c++) {
    const char *from = p, *to = p = fixed_skip(p, end, s->scan->columns[c].width, ascii, &lacking);
    while (s->scan->options.trim && from < to && *from == ' ') from++;
    while (s->scan->options.trim && from < to && to[-1] == ' ') to--;
    beg[c] = (uint32_t)(from - base);
    stop[c] = (uint32_t)(to - base);
  }
  while (end > p && end[-1] == ' ') end--;
  while (p < end) {
    p = fixed_skip(p, end, 1, ascii, &lacking);
    more++;
  }
  if (lacking) fixed_fail(s, row, FRT_E_FIXED_SHORT, f->width - lacking, f->width);
  else if (more) fixed_fail(s, row, FRT_E_FIELDS_MANY, f->width + more, f->width);
}

static int fixed_next(FrtScanner *s) {
  FixedState *f = s->format_state;
  int rc = frt_lines_read(s, &f->lines, 1);
  if (rc != FRT_OK) return rc;
  for (uint32_t r = 0; r < s->block.n; r++) {
    if (!s->row_bad[r]) fixed_row(s, f, r);
    else memset(f->beg + (size_t)r * f->columns, 0, sizeof(uint32_t) * f->columns);
    if (s->row_bad[r]) memcpy(f->end + (size_t)r * f->columns, f->beg + (size_t)r * f->columns,
                              sizeof(uint32_t) * f->columns);
  }
  for (uint32_t c = 0; c < f->columns; c++)
    s->block.fields[c] = (FrtFields){f->lines.record.base, f->beg + c, f->end + c, f->columns, 0, 0};
  rc = frt_scan_convert(s);
  frt_lines_done(s, &f->lines);
  return rc;
}

static int fixed_value(FrtScanner *s, uint32_t c, uint32_t row, FrtStr text, void *out) {
  const FrtColumn *column = &s->scan->columns[c];
  const FrtScanOptions *o = &s->scan->options;
  s->block.canon[c] = 0;
  if (text.len == 0) return FRT_NULL;
  for (uint32_t i = 0; i < o->null_len && column->type->nullable; i++)
    if (o->nulls[i].len == text.len && memcmp(o->nulls[i].ptr, text.ptr, text.len) == 0) return FRT_NULL;
  s->cx->detail = text;
  if (column->type->kind != FRT_STRING)
    return frt_text_value(column->type, text, column->format, column->zone, out);
  *(FrtStr *)out = text;
  return FRT_OK;
}

const FrtFormat frt_format_fixed = {"fixed", fixed_start_file, fixed_next, fixed_value, NULL, NULL, NULL, NULL};
