/* retry.c: waits before what failed is tried again: `on error ... retry N every D [factor F] [max D]`. The wait before try n + 1
 * is D * F^n, D at least and the maximum at most. A signal ends it, and the run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cancel.h"
#include "errors/errors.h"
#include "sched/run_internal.h"
#include "text/column.h"

enum { RETRY_SLICE_US = 20000 };

static int64_t retry_wait_us(const FrtOp *o, uint32_t tried) {
  double wait = (double)o->retry_every_us, most = o->retry_max_us ? (double)o->retry_max_us : 9e15;
  for (uint32_t i = 0; i < tried && wait < most; i++) wait *= o->retry_factor;
  return (int64_t)(wait < most ? wait : most);
}

static void retry_sleep(int64_t us) {
  while (us > 0 && !frt_cancelled()) {
    int64_t slice = us < RETRY_SLICE_US ? us : RETRY_SLICE_US;
    struct timespec t = {.tv_nsec = (long)slice * 1000};
    nanosleep(&t, NULL);
    us -= slice;
  }
}

int frt_retry(FrtRun *r, uint32_t op, uint32_t *tried, const char *what) {
  const FrtOp *o = &r->module->ops[op];
  if (*tried >= o->retries || frt_cancelled()) return 0;
  static const FrtType duration = {.kind = FRT_DURATION, .size = 8};
  int64_t wait = retry_wait_us(o, (*tried)++);
  char text[64];
  *frt_value_text(text, &duration, &wait) = 0;
  if (!r->options->quiet) {
    FrtStr all = {what, (uint32_t)strlen(what), 0};
    fprintf(stderr, "note: %s; again in %s (%u of %u), %s\n", frt_error_show(r, all, 1024), text, *tried, o->retries, frt_op_place(r, op));
  }
  atomic_fetch_add(&r->retries, 1);
  retry_sleep(wait);
  return !frt_cancelled();
}
