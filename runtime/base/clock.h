/* clock.h: the two clocks, in microseconds. */
#ifndef FRT_BASE_CLOCK_H
#define FRT_BASE_CLOCK_H

#include <stdint.h>

int64_t frt_clock_us(void);      /* since 1970-01-01T00:00:00Z */
int64_t frt_monotonic_us(void);  /* only differences mean something */

/* Microseconds of processor time that this thread has used. */
int64_t frt_thread_cpu_us(void);

#endif
