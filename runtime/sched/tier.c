/* tier.c: see tier.h. */
#include "sched/tier.h"

#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/tiers.h"

enum {
  TIER_WAIT_NS = 500 * 1000,
  TIER_LONG_US = 400 * 1000,      /* a run that took so long is likely to take as long again */
  TIER_REST_US = 200 * 1000       /* less is not worth a compilation */
};

/* Tests: until the module is there, or never will be. */
static void tier_wait(FrtTiers *t) {
  while (!atomic_load(&t->ready) && t->working(t) && !frt_cancelled())
    nanosleep(&(struct timespec){0, TIER_WAIT_NS}, NULL);
}

static void tier_change(FrtWorker *w) {
  FrtRun *r = w->cx.run;
  FrtTiers *t = r->options->tiers;
  int64_t never = 0;
  if (t->switch_at != FRT_TIERS_AT_ONCE) {
    if (w->tier_blocks[0] < t->switch_at) return;
    tier_wait(t);
  }
  const FrtModule *m = atomic_load_explicit(&t->ready, memory_order_acquire);
  if (!m) return;
  w->code = m;
  w->tier = 1;
  atomic_compare_exchange_strong(&r->tier_us, &never, frt_monotonic_us() - r->start_mono_us + 1);
}

FrtBlockCode frt_tier_scan(FrtWorker *w, const FrtScan *scan) {
  const FrtRun *r = w->cx.run;
  if (r->options->tiers && !w->tier) tier_change(w);
  w->tier_blocks[w->tier]++;
  return w->code->scans[scan - r->module->scans].block;
}

const FrtModule *frt_tier_step(FrtWorker *w) {
  if (w->cx.run->options->tiers && !w->tier) tier_change(w);
  w->cx.run->tier_emits[w->tier]++;
  return w->code;
}

static void tier_want(FrtRun *r) {
  FrtTiers *t = r->options->tiers;
  if (!r->tier_wanted) t->want(t);
  r->tier_wanted = 1;
}

void frt_tier_start(FrtRun *r) {
  const FrtTiers *t = r->options->tiers;
  if (t && (r->source_size >= t->bytes || t->switch_at != FRT_TIERS_AT_ONCE)) tier_want(r);
}

void frt_tier_poll(FrtRun *r) {
  if (!r->options->tiers || r->tier_wanted) return;
  int64_t gone = frt_monotonic_us() - r->start_mono_us;
  if (gone < TIER_LONG_US) return;
  double done = r->source_size ? (double)r->source_bytes / (double)r->source_size : 0;
  if (done <= 0 || (double)gone * (1 - done) / done > TIER_REST_US) tier_want(r);
}

void frt_tier_end(FrtRun *r, const FrtWorker *w) {
  for (int i = 0; i < 2; i++) r->tier_blocks[i] += w->tier_blocks[i];
}
