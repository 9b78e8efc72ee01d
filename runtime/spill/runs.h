/* runs.h: sorted runs of records on disk, and their merge; inside the runtime.
 *
 *   FrtRuns *r = frt_runs_new(cx, op, layout);                 NULL: failed
 *   frt_runs_begin(r);                                         a new run; its records come in order:
 *   char *p = frt_runs_room(cx, r, key_len, payload_len);      key, then payload; NULL: failed
 *   frt_runs_finish(cx, r);                                    the run is complete
 *   frt_runs_merge(cx, r);                                     no more runs
 *   while ((status = frt_runs_next(cx, r, &rec)) == FRT_OK) ...
 *   frt_runs_free(r);
 *
 * Records come out by their keys (unsigned bytes, then the shorter one first); those of equal keys in the order of the runs.
 * Whoever fails has called frt_fatal. */
#ifndef FRT_OP_RUNS_H
#define FRT_OP_RUNS_H

#include "flowrt.h"

typedef struct FrtRuns FrtRuns;

/* Lives until the next call of frt_runs_next; 64 bytes behind it can be read. */
typedef struct FrtRunRecord {
  const char *key, *payload;
  uint32_t key_len, payload_len;
} FrtRunRecord;

FrtRuns *frt_runs_new(FrtCtx *cx, uint32_t op, uint64_t layout);
void frt_runs_begin(FrtRuns *r);
char *frt_runs_room(FrtCtx *cx, FrtRuns *r, uint32_t key_len, uint32_t payload_len);
int frt_runs_finish(FrtCtx *cx, FrtRuns *r);
uint32_t frt_runs_len(const FrtRuns *r);
int frt_runs_merge(FrtCtx *cx, FrtRuns *r);
int frt_runs_next(FrtCtx *cx, FrtRuns *r, FrtRunRecord *rec);   /* FRT_OK, FRT_END, FRT_FATAL */
void frt_runs_free(FrtRuns *r);                                 /* NULL is fine */

#endif
