/* held_rows.c: rows of columns that wait for a sort, see FrtSortRows in flowrt_sort.h. A row rests as bytes (spill/rows.h) in an
 * FrtTexts, which sorts it, and puts it on disk where memory is short; it comes back into columns. */
#include <string.h>

#include "base/arena.h"
#include "flowrt.h"
#include "spill/rows.h"

enum { SORT_ROWS_SLACK = 8 };

void frt_sort_rows_init(FrtSortRows *q, uint32_t op, uint32_t words, uint32_t by_bytes, const FrtSpillColumn *columns, uint32_t len) {
  FrtRowForm *form = frt_malloc(sizeof *form);
  frt_texts_init(&q->texts, op, words, by_bytes);
  frt_row_form_init(form, columns, len);
  q->columns = columns;
  q->form = form;
}

int frt_sort_rows_hold(FrtCtx *cx, const void *state, FrtSortRows *q, const uint64_t *words, const FrtStr *keys, const uint32_t *sel,
                       uint32_t n) {
  const FrtRowForm *form = q->form;
  FrtOut *o = &q->texts.out;
  uint64_t *places = frt_alloc(cx, n * sizeof *places);
  frt_row_form_bind(q->form, q->columns, state);
  for (uint32_t k = 0; k < n; k++) {
    uint32_t size = frt_row_size(form, sel[k]);
    size_t need = (size_t)size + SORT_ROWS_SLACK;
    if ((size_t)(o->end - o->at) < need) frt_texts_room(cx, o, need);
    frt_row_write(form, sel[k], 0, size, o->at);
    places[k] = frt_texts_end_row(&q->texts, o->at + size);
  }
  return frt_texts_hold(cx, &q->texts, words, keys, places, n);
}

int frt_sort_rows_next(FrtCtx *cx, const void *state, FrtSortRows *q, uint32_t n, uint32_t *done) {
  int on_disk = q->texts.runs != NULL;
  frt_row_form_bind(q->form, q->columns, state);
  for (*done = 0; *done < n; ++*done) {
    const char *row;
    size_t size;
    int status = frt_texts_next(cx, &q->texts, &row, &size);
    if (status) return status == FRT_END ? FRT_OK : status;
    frt_row_read(cx, q->form, row, *done, on_disk);
  }
  return FRT_OK;
}

void frt_sort_rows_end(void *rows) {
  FrtSortRows *q = rows;
  frt_texts_drop(&q->texts);
  if (q->form) frt_row_form_free(q->form);
  frt_free(q->form);
  q->form = NULL;
}
