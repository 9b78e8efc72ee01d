/* worker.c: see worker.h. */
#include "sched/worker.h"

#include "base/alloc.h"
#include "edge/port.h"
#include "errors/errors.h"
#include "sched/run_internal.h"

/* Weak: a program without functions of the library does not carry them. */
#pragma weak frt_functions_end

void frt_worker_start(FrtRun *r, FrtWorker *w) {
  w->cx.run = r;
  w->cx.worker = w;
  w->cx.seen = UINT64_MAX;
  w->code = r->module;
  w->state = arena_alloc(r->run_arena, r->module->state_size + sizeof(void *));
  *(void **)w->state = r->held;
  frt_alloc_start(w);
  frt_notes_start(w);
  frt_gathered_start(w);
  if (r->module->worker) r->module->worker(&w->cx, w->state);
}

void frt_worker_end(FrtWorker *w) {
  if (frt_functions_end) frt_functions_end(&w->cx);
  frt_notes_end(w);
  frt_gathered_end(w);
  frt_alloc_end(w);
}

void frt_worker_now(FrtWorker *w) {
  FrtRun *r = w->cx.run;
  r->cx = &w->cx;
  r->state = w->state;
}