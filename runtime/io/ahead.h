/* ahead.h: bytes that a thread of their own makes ahead of their reader, in a bounded queue of chunks. */
#ifndef FRT_IO_AHEAD_H
#define FRT_IO_AHEAD_H

#include <sys/types.h>

typedef struct FrtAhead FrtAhead;

/* Makes up to n bytes: > 0, 0 at the end, -1 with *why. */
typedef ssize_t (*FrtAheadMake)(void *env, char *buf, size_t n, const char **why);

/* Starts the thread; what env is made of is its own until frt_ahead_end, which sets *stop, so that a wait in `make` ends. NULL:
 * there can be no thread. */
FrtAhead *frt_ahead_start(FrtAheadMake make, void *env, _Atomic int *stop);
/* As FrtAheadMake, in the order in which they were made: what failed is said behind the bytes before it. */
ssize_t frt_ahead_read(FrtAhead *a, char *buf, size_t n, const char **why);
void frt_ahead_end(FrtAhead *a);

#endif
