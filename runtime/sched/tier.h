/* tier.h: which module's code a worker runs, when there is a better one (base/tiers.h, docs/adr/0047-tiers.md).
 *
 * A worker changes over between two blocks, each at its own time; nothing else is told. Tables of the run (operators, scans,
 * sinks, constants) stay those of the first module. */
#ifndef FRT_SCHED_TIER_H
#define FRT_SCHED_TIER_H

#include "sched/run_internal.h"

typedef int (*FrtBlockCode)(FrtCtx *cx, void *state, FrtBlock *b);

/* The code for the worker's next block of the scan; the block is counted for its tier. */
FrtBlockCode frt_tier_scan(FrtWorker *w, const FrtScan *scan);
/* The code for a step that emits, likewise. */
const FrtModule *frt_tier_step(FrtWorker *w);
/* Asks for better code when the files that are to be read are worth it; before the first step. */
void frt_tier_start(FrtRun *r);
/* The same for what cannot be known before: after each block, by the worker whose turn it is. */
void frt_tier_poll(FrtRun *r);
/* A worker ends: its blocks are the run's. */
void frt_tier_end(FrtRun *r, const FrtWorker *w);

#endif
