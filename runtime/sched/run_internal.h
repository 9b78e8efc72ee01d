/* run_internal.h: the state of a run, shared by sched, errors and io. */
#ifndef FRT_SCHED_RUN_INTERNAL_H
#define FRT_SCHED_RUN_INTERNAL_H

#include "sched/run.h"

struct FrtErrorState;  /* errors/errors.c: pending error rows, policies, limits */
struct FrtSinkState;   /* io/sink.c: open outputs */
struct FrtPortState;   /* edge/port.c: gathered rows */
struct FrtScanner;

struct FrtRun {
  const FrtModule *module;
  const FrtRunOptions *options;
  void *state;                   /* the module's state */
  FrtCtx cx;                     /* the one worker's */
  Arena *run_arena;              /* lives as long as the run */
  Arena *block_arena;
  uint64_t *ledger;
  struct FrtErrorState *errors;
  struct FrtSinkState *sinks;
  struct FrtPortState *ports;
  struct FrtScanner *scanner;    /* the one that is open */
  uint64_t *tap_rows;
  char run_id[40];               /* a UUID */
  int exit_code;                 /* set by the first failure */
  char *failure;                 /* its message, printed at the end; run_arena */
  int64_t start_us;
  uint64_t source_rows, source_bytes;
  int stopped;                   /* frt_stop was called for the present block */
  uint64_t stop_row;
};

#endif
