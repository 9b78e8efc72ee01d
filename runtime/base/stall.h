/* stall.h: what is said when nothing moves for a while: who waits, and for whom. */
#ifndef FRT_BASE_STALL_H
#define FRT_BASE_STALL_H

#include <stdint.h>

/* At the start of a run. quiet: nothing is said. FLOWC_STALL_MS in the environment is the time, for tests; else it is 30 s. */
void frt_stall_start(int quiet);
/* How long it takes until something is said, in microseconds. */
int64_t frt_stall_us(void);
/* Waits until a pipe, a terminal, a socket can be read without blocking, or the run is to end, or *stop (if not NULL; it is looked
 * at every few milliseconds) is set. 0: it is to end. Once in each
 * wait that is long it says that nothing has come from `what`. */
int frt_stall_read(int fd, const char *what, _Atomic int *stop);

#endif
