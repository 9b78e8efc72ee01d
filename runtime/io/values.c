/* values.c: sources without a file: `values [...]`, whose rows the module fills in, and `range(n)`. */
#include <string.h>

#include "io/scan.h"

static void values_block_start(FrtScanner *s, uint64_t left) {
  s->block.n = left < s->rows_max ? (uint32_t)left : s->rows_max;
  s->block.sel_len = s->block.n;
}

static int values_next(FrtScanner *s) {
  uint64_t rows = s->scan->options.value_rows;
  if (s->scan->options.value_rows == UINT32_MAX) rows = UINT64_MAX;   /* as many as there are */
  if (s->rows >= rows) return FRT_END;
  values_block_start(s, rows - s->rows);
  return s->scan->fill ? s->scan->fill(s->cx, s->state, &s->block) : FRT_OK;
}

const FrtFormat frt_format_values = {"values", NULL, values_next, NULL, NULL, NULL, NULL, NULL};

/* One integer in the C form of its type. */
static void range_put(const FrtType *type, void *col, uint32_t row, int64_t value) {
  switch (type->kind) {
  case FRT_I32: ((int32_t *)col)[row] = (int32_t)value; break;
  case FRT_U32: ((uint32_t *)col)[row] = (uint32_t)value; break;
  default: ((int64_t *)col)[row] = value; break;
  }
}

static int range_next(FrtScanner *s) {
  const FrtScanOptions *o = &s->scan->options;
  uint64_t rows = o->range_to > o->range_from ? (uint64_t)o->range_to - (uint64_t)o->range_from : 0;
  if (s->rows >= rows) return FRT_END;
  values_block_start(s, rows - s->rows);
  if (s->scan->column_len == 0 || !s->block.col[0]) return FRT_OK;
  for (uint32_t i = 0; i < s->block.n; i++)
    range_put(s->scan->columns[0].type, s->block.col[0], i, (int64_t)((uint64_t)o->range_from + s->rows + i));
  return FRT_OK;
}

const FrtFormat frt_format_range = {"range", NULL, range_next, NULL, NULL, NULL, NULL, NULL};
