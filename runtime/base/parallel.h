/* parallel.h: one task in parts, by several threads: for what a step does when its rows are all there. */
#ifndef FRT_BASE_PARALLEL_H
#define FRT_BASE_PARALLEL_H

#include <stdint.h>

/* Threads that tasks of the process may use from now on; 1: none but the caller's. */
void frt_parallel_start(uint32_t threads);
uint32_t frt_parallel_width(void);
/* Calls call(env, part) once for each part below `parts`, in any order, some at once. Returns when all are done. */
void frt_parallel(uint32_t parts, void (*call)(void *env, uint32_t part), void *env);

#endif
