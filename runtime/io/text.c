/* text.c: `read text`: every line, also an empty one, is a row of one column. */
#include <string.h>

#include "io/lines.h"

static int text_start_file(FrtScanner *s) {
  if (s->format_state) {
    ((FrtLines *)s->format_state)->skipping = 0;
    return FRT_OK;
  }
  if (s->scan->column_len != 1) {
    static const char why[] = "read text has one column";
    return frt_fatal(s->cx, s->scan->op, FRT_E_CONTRACT, (FrtStr){why, sizeof why - 1, 0});
  }
  s->format_state = frt_alloc_run(s->cx, sizeof(FrtLines));
  frt_lines_init(s, s->format_state, s->rows_max);
  return FRT_OK;
}

static int text_next(FrtScanner *s) {
  FrtLines *l = s->format_state;
  int rc = frt_lines_read(s, l, 0);
  if (rc != FRT_OK) return rc;
  s->block.fields[0] = l->record;
  rc = frt_scan_convert(s);
  frt_lines_done(s, l);
  return rc;
}

static int text_value(FrtScanner *s, uint32_t c, uint32_t row, FrtStr text, void *out) {
  const FrtColumn *column = &s->scan->columns[c];
  s->cx->detail = text;
  s->block.canon[c] = 0;
  if (column->type->kind == FRT_STRING) {
    *(FrtStr *)out = text;
    return FRT_OK;
  }
  if (text.len == 0) return FRT_NULL;
  return frt_text_value(column->type, text, column->format, column->zone, out);
}

/* Strings need no kernel: any text is one, an empty line too. */
static FrtColumnKernel *text_kernel(FrtScanner *s, uint32_t c) {
  const FrtColumn *column = &s->scan->columns[c];
  if (column->type->kind == FRT_STRING)
    return column->type->nullable || column->dflt ? NULL : frt_column_kernel_strings();
  return frt_column_kernel(column->type, column->format, column->zone);
}

static void text_moved(FrtScanner *s) { ((FrtLines *)s->format_state)->skipping = 0; }

static int text_inside(FrtScanner *s) { return ((const FrtLines *)s->format_state)->skipping; }

const FrtFormat frt_format_text = {"text", text_start_file, text_next, text_value, NULL, text_kernel, text_moved, text_inside};
