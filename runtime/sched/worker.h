/* worker.h: a worker of a run: what it has of its own. The run's first worker is there from the start; the others
 * live as long as a step that they share (crew.h). */
#ifndef FRT_SCHED_WORKER_H
#define FRT_SCHED_WORKER_H

#include "base/arena.h"
#include "flowrt.h"

struct FrtNotes;       /* errors/errors.c: what was reported since the last judgement */
struct FrtGathered;    /* edge/port.c: rows that wait for the end of the block */
struct FrtParts;       /* io/sink_part.c: what was printed before the block's turn */
struct FrtHand;        /* sched/crew.c: its part in the present step */

struct FrtWorker {
  FrtCtx cx;
  void *state;                   /* the module's, of this worker */
  Arena *block_arena;
  char *slab;                    /* base/alloc.c: room of the present block */
  size_t slab_size, spilled_size;
  struct FrtNotes *notes;
  struct FrtGathered *gathered;  /* one a port */
  struct FrtParts *parts;        /* NULL: the only worker */
  struct FrtHand *hand;
  uint64_t blocks;               /* for --stats */
  const FrtModule *code;         /* whose functions it calls (sched/tier.h) */
  uint32_t tier;                 /* 0: those of the run's own module, 1: better ones */
  uint64_t tier_blocks[2];
};

/* Makes what the worker has of its own; cx.ledger, cx.now_us and cx.block_rows are set. */
void frt_worker_start(FrtRun *r, FrtWorker *w);
void frt_worker_end(FrtWorker *w);
/* It is the worker's turn: run-wide things are done in its name. */
void frt_worker_now(FrtWorker *w);

#endif
