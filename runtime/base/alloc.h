/* alloc.h: the block's memory of a worker; frt_alloc and frt_alloc_run themselves are in flowrt.h. */
#ifndef FRT_BASE_ALLOC_H
#define FRT_BASE_ALLOC_H

#include "flowrt.h"

void frt_alloc_start(FrtWorker *w);  /* makes the arena and the slab of w->cx */
void frt_alloc_reset(FrtWorker *w);  /* frees all that frt_alloc gave since the last reset */
/* Until the next reset frt_alloc gives room that lives as long as the run: for params and constants. */
void frt_alloc_for_run(FrtWorker *w);
void frt_alloc_end(FrtWorker *w);

#endif
