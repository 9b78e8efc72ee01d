/* alloc.c: room for the rows of a block, and room for the run.
 *
 * frt_alloc bumps cx->at through a slab that is kept from block to block. What does not fit comes from
 * the block's arena; when the block ends, a slab that was too small grows to what the block needed, up
 * to ALLOC_SLAB_MAX, so that a steady run stops asking the system for memory. */
#include "base/alloc.h"

#include <string.h>

#include "sched/run_internal.h"

enum { ALLOC_SLAB_FIRST = 64 * 1024, ALLOC_SLAB_MAX = 8 * 1024 * 1024, ALLOC_CHUNK = 64 * 1024 };

static char *alloc_align(char *p) { return (char *)(((uintptr_t)p + 15) & ~(uintptr_t)15); }

void *frt_alloc(FrtCtx *cx, size_t size) {
  char *p = alloc_align(cx->at);
  if (cx->at && p <= cx->end && size <= (size_t)(cx->end - p)) {
    cx->at = p + size;
    return p;
  }
  size_t room = size < ALLOC_CHUNK / 4 ? ALLOC_CHUNK : size;
  p = arena_alloc(cx->arena, room);
  if (cx->worker && cx->arena == cx->worker->block_arena) cx->worker->spilled_size += room;
  if (room > size) {
    cx->at = p + size;
    cx->end = p + room;
  }
  return p;
}

void *frt_alloc_run(FrtCtx *cx, size_t size) { return arena_alloc(cx->run->run_arena, size); }

void frt_alloc_start(FrtWorker *w) {
  w->block_arena = arena_new();
  w->slab_size = ALLOC_SLAB_FIRST;
  w->slab = frt_malloc(w->slab_size);
  frt_alloc_reset(w);
}

void frt_alloc_reset(FrtWorker *w) {
  if (w->spilled_size && w->slab_size < ALLOC_SLAB_MAX) {
    size_t size = w->slab_size;
    while (size < w->slab_size + w->spilled_size && size < ALLOC_SLAB_MAX) size *= 2;
    frt_free(w->slab);
    w->slab = frt_malloc(size);
    w->slab_size = size;
  }
  w->spilled_size = 0;
  arena_reset(w->block_arena);
  w->cx.detail = (FrtStr){0};
  w->cx.arena = w->block_arena;
  w->cx.at = w->slab;
  w->cx.end = w->slab + w->slab_size;
}

void frt_alloc_for_run(FrtWorker *w) {
  w->cx.arena = w->cx.run->run_arena;
  w->cx.at = w->cx.end = NULL;
}

void frt_alloc_end(FrtWorker *w) {
  frt_free(w->slab);
  arena_free(w->block_arena);
  w->slab = NULL;
  w->block_arena = NULL;
}
