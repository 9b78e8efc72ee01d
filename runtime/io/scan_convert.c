/* scan_convert.c: from the text of a block's columns to values.
 *
 * A column goes through its batch kernel (text/column.h), which leaves the rows that are not plain in a
 * list; the format's careful conversion decides about those one by one. Columns are taken in the order
 * of the type, so a row's bad columns are reported in that order, together.
 *
 * Texts that few rows are asked for (FRT_USE_LATE) are only checked; frt_late makes their values. */
#include <string.h>

#include "io/scan.h"
#include "sched/run_internal.h"

/* What is known of a column before the first block. */
typedef struct FrtScanColumn {
  FrtColumnKernel *kernel;  /* NULL: one by one */
  uint8_t text;             /* a string */
  uint8_t empty_default;    /* a string with a default: the kernel's nulls are looked at */
  uint8_t late;             /* its values are made by frt_late */
  uint8_t made;             /* those of the present block are there */
} FrtScanColumn;

/* Whether a text for null might be taken for a value by the kernel. */
static int convert_null_clashes(FrtScanner *s, const FrtColumn *column) {
  const FrtScanOptions *o = &s->scan->options;
  for (uint32_t i = 0; i < o->null_len; i++) {
    if (o->nulls[i].len == 0) continue;
    if (column->type->kind == FRT_STRING || column->type->kind == FRT_BYTES) return 1;
    if (frt_text_value(column->type, o->nulls[i], column->format, column->zone, s->value_scratch) == FRT_OK)
      return 1;
  }
  return 0;
}

static FrtColumnKernel *convert_kernel(FrtScanner *s, uint32_t c) {
  const FrtColumn *column = &s->scan->columns[c];
  const FrtScanOptions *o = &s->scan->options;
  if (s->format->kernel) return s->format->kernel(s, c);
  if (column->use & FRT_USE_LENT_NULL && column->dflt) return NULL;
  if (column->type->nullable && convert_null_clashes(s, column)) return NULL;
  if (column->type->kind != FRT_STRING) return frt_column_kernel(column->type, column->format, column->zone);
  if (s->format == &frt_format_csv && (o->trim || (o->quote && o->quote != '"'))) return NULL;
  return frt_column_kernel_strings();
}

/* Not where a value that is wrong becomes null: only the check would know. */
static uint8_t convert_may_be_late(const FrtScanner *s, uint32_t c, const FrtScanColumn *how) {
  const FrtColumn *column = &s->scan->columns[c];
  if (!(column->use & FRT_USE_LATE) || column->use & FRT_USE_LENIENT || s->format != &frt_format_csv) return 0;
  return how->kernel && how->text && !how->empty_default && s->cx->run->module->ops[s->scan->op].policy != FRT_POLICY_NULL;
}

void frt_scan_convert_init(FrtScanner *s) {
  uint32_t cols = s->scan->column_len;
  size_t size_max = 64;
  for (uint32_t c = 0; c < cols; c++)
    if (s->scan->columns[c].type->size > size_max) size_max = s->scan->columns[c].type->size;
  s->value_scratch = frt_alloc_run(s->cx, size_max);
  s->nul_scratch = frt_alloc_run(s->cx, s->rows_max);
  s->convert = frt_alloc_run(s->cx, sizeof *s->convert * (cols + 1));
  for (uint32_t c = 0; c < cols; c++) {
    const FrtColumn *column = &s->scan->columns[c];
    FrtScanColumn *out = &s->convert[c];
    memset(out, 0, sizeof *out);
    if (!column->use) continue;
    out->kernel = convert_kernel(s, c);
    out->text = column->type->kind == FRT_STRING;
    out->empty_default = out->text && !column->type->nullable && column->dflt;
    out->late = convert_may_be_late(s, c, out);
  }
}

/* ---- one value ---- */

static uint8_t *convert_nulls(FrtScanner *s, uint32_t c) {
  if (!s->scan->columns[c].type->nullable) return NULL;
  return s->block.nul[c] ? s->block.nul[c] : s->nul_scratch;
}

static void *convert_place(FrtScanner *s, uint32_t c, uint32_t row) {
  char *col = s->block.col[c];
  return col ? col + (size_t)row * s->scan->columns[c].type->size : s->value_scratch;
}

static void convert_set_null(FrtScanner *s, uint32_t c, uint32_t row) {
  const FrtType *type = s->scan->columns[c].type;
  uint8_t *nulls = convert_nulls(s, c);
  memset(convert_place(s, c, row), 0, type->size);
  if (nulls) nulls[row] = 1;
}

void frt_scan_value_error(FrtScanner *s, uint32_t column, uint32_t row, int code) {
  const FrtColumn *col = &s->scan->columns[column];
  uint32_t op = s->scan->op;
  if (s->row_bad[row] == SCAN_ROW_LOST) return;
  s->block.canon[column] = 0;
  if (col->use & FRT_USE_LENIENT) {
    convert_set_null(s, column, row);
    return;
  }
  if (col->type->nullable && s->cx->run->module->ops[op].policy == FRT_POLICY_NULL) {
    convert_set_null(s, column, row);
    if (!s->row_bad[row]) FRT_COUNT(s->cx, op, FRT_NULLED, 1);
    return;
  }
  frt_scan_field_error(s, row, code, col->name);
}

/* No value: null, the default, or an error. */
static void convert_missing(FrtScanner *s, uint32_t c, uint32_t row) {
  const FrtColumn *column = &s->scan->columns[c];
  if (column->type->nullable && !(column->use & FRT_USE_LENT_NULL && column->dflt)) {
    convert_set_null(s, c, row);
  } else if (column->dflt) {
    if (column->type->nullable) convert_nulls(s, c)[row] = 0;
    memcpy(convert_place(s, c, row), column->dflt, column->type->size);
    s->block.canon[c] = 0;
  } else if (column->type->kind == FRT_STRING || column->type->kind == FRT_BYTES) {
    memset(convert_place(s, c, row), 0, column->type->size);
  } else {
    s->cx->detail = (FrtStr){0};
    frt_scan_value_error(s, c, row, FRT_E_MISSING);
  }
}

static void convert_one(FrtScanner *s, uint32_t c, uint32_t row) {
  FrtStr text = frt_fields_text(&s->block.fields[c], row);
  int rc = s->format->value(s, c, row, text, convert_place(s, c, row));
  if (rc == FRT_NULL) {
    convert_missing(s, c, row);
  } else if (rc != FRT_OK) {
    frt_scan_value_error(s, c, row, rc);
  } else if (s->scan->columns[c].type->nullable) {
    convert_nulls(s, c)[row] = 0;
  }
}

/* ---- a column ---- */

/* Rows whose text is not UTF-8: only looked for when the block as a whole is not. */
static void convert_check_utf8(FrtScanner *s, uint32_t c) {
  for (uint32_t i = 0; i < s->block.n; i++) {
    if (s->row_bad[i] == SCAN_ROW_LOST) continue;
    FrtStr text = frt_fields_text(&s->block.fields[c], i);
    if (frt_utf8_valid(text.ptr, text.len)) continue;
    s->cx->detail = text;
    frt_scan_value_error(s, c, i, FRT_E_UTF8);
  }
}

static void convert_absent(FrtScanner *s, uint32_t c) {
  for (uint32_t i = 0; i < s->block.n; i++)
    if (s->row_bad[i] != SCAN_ROW_LOST) convert_missing(s, c, i);
  s->block.canon[c] = 0;
}

/* Texts that are plain need no look. */
static void convert_check_texts(FrtScanner *s, uint32_t c, int utf8_bad) {
  uint32_t bad = 0;
  if (!s->quoted_at) bad = frt_column_strings_quoted(&s->block.fields[c], s->block.n, s->bad);
  for (uint32_t i = 0; s->quoted_at && i < s->quoted_len; i++)
    if (s->quoted[i].column == s->quoted_at[c]) s->bad[bad++] = s->quoted[i].row;
  for (uint32_t i = 0; i < bad; i++)
    if (s->row_bad[s->bad[i]] != SCAN_ROW_LOST) convert_one(s, c, s->bad[i]);
  if (utf8_bad) convert_check_utf8(s, c);
}

static void convert_column(FrtScanner *s, uint32_t c, int utf8_bad) {
  FrtScanColumn *how = &s->convert[c];
  const FrtColumn *column = &s->scan->columns[c];
  const FrtFields *fields = &s->block.fields[c];
  uint32_t n = s->block.n;
  uint8_t *nul = how->empty_default ? s->nul_scratch : convert_nulls(s, c);
  uint8_t *canon = column->use & FRT_USE_RAW ? &s->block.canon[c] : NULL;
  s->block.canon[c] = canon && (!how->text || s->text_plain);
  how->made = !how->late || !fields->base;
  if (!fields->base) {
    convert_absent(s, c);
    return;
  }
  if (how->late) {
    convert_check_texts(s, c, utf8_bad);
    return;
  }
  if (!how->kernel) {
    for (uint32_t i = 0; i < n; i++)
      if (s->row_bad[i] != SCAN_ROW_LOST) convert_one(s, c, i);
  } else {
    uint32_t bad = how->kernel(fields, n, column->type, s->block.col[c], nul, canon, s->bad);
    for (uint32_t i = 0; i < bad; i++)
      if (s->row_bad[s->bad[i]] != SCAN_ROW_LOST) convert_one(s, c, s->bad[i]);
  }
  if (how->kernel && how->empty_default) {
    for (uint32_t i = 0; i < n; i++)
      if (nul[i] && s->row_bad[i] != SCAN_ROW_LOST) convert_missing(s, c, i);
  }
  if (utf8_bad && how->text) convert_check_utf8(s, c);
}

static void late_all(FrtScanner *s, uint32_t c) {
  const FrtScanColumn *how = &s->convert[c];
  uint32_t bad = how->kernel(&s->block.fields[c], s->block.n, s->scan->columns[c].type, s->block.col[c], convert_nulls(s, c), NULL,
                             s->bad);
  for (uint32_t i = 0; i < bad; i++)
    if (!s->row_bad[s->bad[i]]) convert_one(s, c, s->bad[i]);
}

void frt_late(const FrtBlock *b, uint32_t c, const uint32_t *sel, uint32_t n) {
  FrtScanner *s = (FrtScanner *)((char *)(uintptr_t)b - offsetof(FrtScanner, block));
  FrtScanColumn *how = &s->convert[c];
  if (how->made) return;
  if (n > b->n / 2) {
    late_all(s, c);
    how->made = 1;
    return;
  }
  FrtStr *to = b->col[c];
  uint8_t *nul = b->nul[c];
  for (uint32_t k = 0; k < n; k++) {
    FrtStr text = frt_fields_text(&b->fields[c], sel[k]);
    if (!text.len || *text.ptr == '"') {
      convert_one(s, c, sel[k]);
      continue;
    }
    to[sel[k]] = text;
    if (nul) nul[sel[k]] = 0;
  }
}

/* Whether some string of the block may be no valid UTF-8. */
static int convert_utf8_bad(FrtScanner *s) {
  const FrtFields *record = s->block.record;
  uint32_t c = 0;
  if (s->text_ascii) return 0;
  while (c < s->scan->column_len && !(s->scan->columns[c].use && s->convert[c].text)) c++;
  if (c == s->scan->column_len) return 0;
  if (!record) return 1;
  FrtStr first = frt_fields_text(record, 0), last = frt_fields_text(record, s->block.n - 1);
  size_t size = (size_t)(last.ptr + last.len - first.ptr);
  return frt_has_high_bytes(first.ptr, size) && !frt_utf8_valid(first.ptr, size);
}

int frt_scan_convert(FrtScanner *s) {
  FrtBlock *b = &s->block;
  if (b->n == 0) return FRT_OK;
  int utf8_bad = convert_utf8_bad(s);
  for (uint32_t c = 0; c < s->scan->column_len; c++)
    if (s->scan->columns[c].use) convert_column(s, c, utf8_bad);
  b->sel = s->identity;
  b->sel_len = b->n;
  if (s->bad_rows) {
    uint32_t len = 0;
    for (uint32_t i = 0; i < b->n; i++) {
      s->sel[len] = i;
      len += !s->row_bad[i];
    }
    b->sel = s->sel;
    b->sel_len = len;
  }
  return FRT_OK;
}
