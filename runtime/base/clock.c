/* clock.c: the system's clocks. */
#include "base/clock.h"

#include <time.h>

static int64_t clock_read_us(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t frt_clock_us(void) { return clock_read_us(CLOCK_REALTIME); }
int64_t frt_monotonic_us(void) { return clock_read_us(CLOCK_MONOTONIC); }

int64_t frt_thread_cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
