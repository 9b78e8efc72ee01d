/* queue.c: left rows of a join that wait on disk for its right side, see FrtRowQueue in flowrt_join_spill.h: one run, written and
 * read in their order. */
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "op/join_spill.h"

enum { QUEUE_LEAST = 1024, QUEUE_MARGIN = 2 * 1024 * 1024, QUEUE_MARGIN_SMALL = 128 * 1024 };

typedef struct QueueAway {
  FrtRowForm form;
  FrtSpill *file;
  FrtSpillReader *reader;
  const char *at;
  size_t left;
} QueueAway;

int frt_queue_fits(const FrtRowQueue *q, const FrtStore *s, uint32_t n) {
  if (q->away) return 0;
  if (frt_budget_stress()) return s->len + n <= 2;
  if (s->len + n <= QUEUE_LEAST) return 1;
  size_t margin = frt_join_block_size() == FRT_SPILL_BLOCK ? QUEUE_MARGIN : QUEUE_MARGIN_SMALL;
  return frt_may_reserve((size_t)n * s->row_size + margin);
}

static QueueAway *queue_open(FrtCtx *cx, FrtRowQueue *q) {
  QueueAway *o = frt_malloc(sizeof *o);
  memset(o, 0, sizeof *o);
  frt_row_form_init(&o->form, q->columns, q->len);
  q->away = o;
  o->file = frt_spill_open(cx, q->op, frt_row_form_layout(&o->form), frt_join_block_size());
  if (o->file) frt_spill_add_run(o->file);
  return o;
}

int frt_queue_put(FrtCtx *cx, void *state, FrtRowQueue *q, const uint32_t *rows, uint32_t n) {
  QueueAway *o = q->away ? q->away : queue_open(cx, q);
  if (!o->file) return FRT_FATAL;
  frt_row_form_bind(&o->form, q->columns, state);
  for (uint32_t k = 0; k < n; k++) {
    uint32_t size = frt_row_size(&o->form, rows[k]);
    char *p = frt_spill_room(cx, o->file, 0, size);
    if (!p) return FRT_FATAL;
    frt_row_write(&o->form, rows[k], 0, size, p);
  }
  return FRT_OK;
}

static int queue_block(FrtCtx *cx, FrtRowQueue *q) {
  QueueAway *o = q->away;
  char *data;
  if (!o->reader) {
    if (!o->file || frt_spill_finish_all(cx, o->file) != FRT_OK) return FRT_FATAL;
    o->reader = frt_spill_read(cx, o->file, 0, 0);
  }
  int status = o->reader ? frt_spill_next(cx, o->reader, &data, &o->left) : FRT_FATAL;
  if (status == FRT_OK) o->at = data;
  return status;
}

int frt_queue_next(FrtCtx *cx, void *state, FrtRowQueue *q, uint32_t *n) {
  static const char what[] = "a row on disk is damaged";
  QueueAway *o = q->away;
  *n = 0;
  if (!o) return FRT_END;
  frt_row_form_bind(&o->form, q->columns, state);
  int status = o->left ? FRT_OK : queue_block(cx, q);
  for (uint32_t size; status == FRT_OK && o->left && *n < cx->block_rows; o->at += size, o->left -= size) {
    frt_row_word(&o->form, o->at, o->left, &size);
    if (!size) return frt_fatal(cx, q->op, FRT_E_SPILL, (FrtStr){what, sizeof what - 1, 0});
    frt_row_read(cx, &o->form, o->at, (*n)++, 1);
  }
  return status;
}

void frt_queue_end(void *queue) {
  FrtRowQueue *q = queue;
  QueueAway *o = q->away;
  if (!o) return;
  frt_spill_reader_free(o->reader);
  frt_spill_close(o->file);
  frt_row_form_free(&o->form);
  frt_free(o);
  q->away = NULL;
}
