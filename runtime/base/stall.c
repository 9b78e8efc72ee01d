/* stall.c: see stall.h. */
#include "base/stall.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/clock.h"

enum { STALL_MS = 30 * 1000, STALL_LOOK_MS = 20, STALL_QUIET_MS = 1 << 30 };

static _Atomic int64_t stall_ms = STALL_MS;

void frt_stall_start(int quiet) {
  const char *text = getenv("FLOWC_STALL_MS");
  int64_t ms = text ? strtoll(text, NULL, 10) : STALL_MS;
  atomic_store(&stall_ms, quiet || ms <= 0 || ms > STALL_QUIET_MS ? STALL_QUIET_MS : ms);
}

int64_t frt_stall_us(void) { return atomic_load(&stall_ms) * 1000; }

int frt_stall_read(int fd, const char *what, _Atomic int *stop) {
  int64_t begin = frt_monotonic_us(), told = 0;
  for (;;) {
    int64_t left = (frt_stall_us() - (frt_monotonic_us() - begin)) / 1000 + 1;
    int ms = told || left > STALL_QUIET_MS ? -1 : left > 0 ? (int)left : 0;
    if (stop && (ms < 0 || ms > STALL_LOOK_MS)) ms = STALL_LOOK_MS;
    struct pollfd p = {fd, POLLIN, 0};
    int ready = poll(&p, 1, ms);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return 1;
    if (frt_cancelled() || (stop && atomic_load(stop))) return 0;
    if (told || frt_monotonic_us() - begin < frt_stall_us()) continue;
    told = 1;
    fprintf(stderr, "note: nothing has come from %s for %lld s\n", what, (long long)((frt_monotonic_us() - begin) / 1000000));
  }
}
