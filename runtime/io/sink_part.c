/* sink_part.c: see sink_part.h.
 *
 * A worker prints the rows of its block into a buffer of its own. In its turn a small part is copied behind what the file
 * has; a large one is written itself, or of a plain file only takes its place, and is written when the turn has passed. */
#include "io/sink_part.h"

#include <stdatomic.h>
#include <string.h>

#include "base/arena.h"
#include "io/out_file.h"
#include "io/sink.h"
#include "sched/run_internal.h"

enum {
  PART_HEAD = 16,                  /* before the text: room for what divides it from the part before */
  PART_FIRST = 4 * 1024,
  PART_MAX = 4 * 1024 * 1024,      /* a part that would be larger waits for its turn */
  PART_LATER = 64 * 1024           /* from here on a part is not copied, and is written behind its turn where that can be done */
};

typedef struct FrtPart {
  FrtOut out;                      /* first: generated code holds a pointer to it */
  OutFile *file;
  char *room;
  size_t size;
  char *text;                      /* to be written later: pending bytes at `at` of the file */
  size_t pending;
  uint64_t at;
} FrtPart;

struct FrtParts {
  FrtPart *part;                   /* one a sink */
  uint32_t len;
};

void frt_parts_start(FrtWorker *w) {
  FrtRun *r = w->cx.run;
  w->parts = arena_alloc(r->run_arena, sizeof *w->parts);
  w->parts->len = r->module->sink_len;
  w->parts->part = arena_alloc(r->run_arena, (r->module->sink_len + 1) * sizeof *w->parts->part);
  for (uint32_t i = 0; i < w->parts->len; i++) {
    w->parts->part[i].out.sink = i;
    w->parts->part[i].out.part = 1;
    w->parts->part[i].file = frt_sink_alone(r, i);
  }
}

void frt_parts_end(FrtWorker *w) {
  for (uint32_t i = 0; i < w->parts->len; i++) frt_free(w->parts->part[i].room);
  w->parts = NULL;
}

static void part_empty(FrtPart *p) {
  p->out.at = p->room ? p->room + PART_HEAD : NULL;
  p->out.rows = 0;
}

void frt_parts_drop(FrtWorker *w) {
  for (uint32_t i = 0; i < w->parts->len; i++) part_empty(&w->parts->part[i]);
}

/* ---- out of its turn ---- */

static void part_write(FrtRun *r, FrtPart *p) {
  int none = 0, error = frt_write_all_at(p->file->fd, p->text, p->pending, p->at);
  if (error && atomic_compare_exchange_strong(&r->late_error, &none, error)) atomic_store(&r->late_file, p->file);
  p->pending = 0;
  part_empty(p);
}

void frt_parts_write(FrtWorker *w) {
  for (uint32_t i = 0; i < w->parts->len; i++)
    if (w->parts->part[i].pending) part_write(w->cx.run, &w->parts->part[i]);
}

/* ---- in its turn ---- */

static int part_copy(FrtRun *r, OutFile *f, const char *p, size_t n) {
  char *to = frt_out_room(r->cx, &f->out, n < f->buffer_size ? n : 1);
  if (!to) return FRT_FATAL;
  if (n > (size_t)(f->out.end - to)) return frt_out_append(r, f, p, n);
  memcpy(to, p, n);
  f->out.at = to + n;
  return FRT_OK;
}

static int part_flush(FrtRun *r, FrtPart *p) {
  OutFile *f = p->file;
  if (!p->room || p->out.at == p->room + PART_HEAD) return FRT_OK;
  if (p->pending) part_write(r, p);
  char *text = p->room + PART_HEAD;
  if (f->sink->options.format == FRT_FMT_JSON && f->out.rows && p->out.rows) {
    *--text = '\n';
    *--text = ',';
  }
  size_t n = (size_t)(p->out.at - text);
  f->out.rows += p->out.rows;
  int rc = n < PART_LATER ? 0 : frt_out_reserve(r, f, n, &p->at);
  if (rc == FRT_FATAL) return rc;
  if (rc) {
    p->text = text;
    p->pending = n;
    p->out.rows = 0;
    return FRT_OK;
  }
  rc = part_copy(r, f, text, n);
  part_empty(p);
  return rc;
}

static int part_late(FrtRun *r) {
  int error = atomic_load(&r->late_error);
  OutFile *f = error ? atomic_load(&r->late_file) : NULL;
  return f ? frt_out_fail(r, f, error) : FRT_OK;
}

int frt_parts_flush(FrtWorker *w) {
  FrtRun *r = w->cx.run;
  int rc = part_late(r);
  for (uint32_t i = 0; i < w->parts->len && rc == FRT_OK; i++)
    if (w->parts->part[i].file && !w->parts->part[i].pending) rc = part_flush(r, &w->parts->part[i]);
  return rc;
}

int frt_parts_done(FrtRun *r) { return r->exit_code ? FRT_OK : part_late(r); }

/* ---- what generated code calls ---- */

FrtOut *frt_part_out(FrtCtx *cx, uint32_t sink) {
  FrtPart *p = &cx->worker->parts->part[sink];
  if (p->pending) part_write(cx->run, p);
  return p->file ? &p->out : NULL;
}

char *frt_part_room(FrtCtx *cx, FrtOut *o, size_t need) {
  FrtPart *p = (FrtPart *)o;
  size_t used = p->room ? (size_t)(o->at - p->room) : PART_HEAD;
  if (p->room && (size_t)(o->end - o->at) >= need) return o->at;
  if (used > PART_HEAD && used + need > PART_MAX) {
    if (FRT_TURN(cx) || part_flush(cx->run, p) != FRT_OK) return NULL;
    if (p->pending) part_write(cx->run, p);
    used = PART_HEAD;
  }
  size_t size = p->size ? p->size : PART_FIRST;
  while (size < used + need) size *= 2;
  if (size != p->size) p->room = frt_realloc(p->room, size);
  p->size = size;
  o->at = p->room + used;
  o->end = p->room + size;
  return o->at;
}
