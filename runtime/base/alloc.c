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
  if (cx->run && cx->arena == cx->run->block_arena) cx->run->spilled_size += room;
  if (room > size) {
    cx->at = p + size;
    cx->end = p + room;
  }
  return p;
}

void *frt_alloc_run(FrtCtx *cx, size_t size) { return arena_alloc(cx->run->run_arena, size); }

void frt_alloc_start(FrtRun *r) {
  r->slab_size = ALLOC_SLAB_FIRST;
  r->slab = frt_malloc(r->slab_size);
  frt_alloc_reset(r);
}

void frt_alloc_reset(FrtRun *r) {
  if (r->spilled_size && r->slab_size < ALLOC_SLAB_MAX) {
    size_t size = r->slab_size;
    while (size < r->slab_size + r->spilled_size && size < ALLOC_SLAB_MAX) size *= 2;
    frt_free(r->slab);
    r->slab = frt_malloc(size);
    r->slab_size = size;
  }
  r->spilled_size = 0;
  arena_reset(r->block_arena);
  r->cx.arena = r->block_arena;
  r->cx.at = r->slab;
  r->cx.end = r->slab + r->slab_size;
}

void frt_alloc_for_run(FrtRun *r) {
  r->cx.arena = r->run_arena;
  r->cx.at = r->cx.end = NULL;
}

void frt_alloc_end(FrtRun *r) {
  frt_free(r->slab);
  r->slab = NULL;
}
