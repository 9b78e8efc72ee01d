/* alloc.h: the block's memory of a run; frt_alloc and frt_alloc_run themselves are in flowrt.h. */
#ifndef FRT_BASE_ALLOC_H
#define FRT_BASE_ALLOC_H

#include "flowrt.h"

void frt_alloc_start(FrtRun *r);  /* makes the slab of r->cx; r->block_arena must be there */
void frt_alloc_reset(FrtRun *r);  /* frees all that frt_alloc gave since the last reset */
/* Until the next reset frt_alloc gives room that lives as long as the run: for params and constants. */
void frt_alloc_for_run(FrtRun *r);
void frt_alloc_end(FrtRun *r);

#endif
