/* budget.h: how much memory a run may hold. One budget for the process, since --memory bounds the process; all
 * functions but start and end may be called by any thread.
 *
 * Who can spill asks first:     if (!frt_reserve(cx, size)) -> spill what it holds, ask again. Granted are seven eighths of the limit.
 * What cannot is counted:       frt_hold(size). When that passes the limit, the run ends with a message at its next
 *                               block (frt_budget_passed).
 * Buffers needed for spilling:  frt_hold_buffer(size): counted, never refused. Keep them few and bounded.
 * All three are given back by frt_unreserve(cx, size). Nothing here allocates. */
#ifndef FRT_BASE_BUDGET_H
#define FRT_BASE_BUDGET_H

#include "flowrt.h"

/* `memory`: bytes for the whole process; 0: 60% of what the cgroups and the machine have free. Room for the program, input
 * windows and buffers of outputs is taken off first. `stress`: every frt_reserve is refused, nothing ends the run. */
void frt_budget_start(uint64_t memory, int stress);
void frt_budget_end(void);

int frt_reserve(FrtCtx *cx, size_t size);       /* 1 granted, 0 refused; cx may be NULL */
void frt_unreserve(FrtCtx *cx, size_t size);
void frt_hold(size_t size);
void frt_hold_buffer(size_t size);
/* Whether frt_reserve would grant `size` now. For who is about to let something grow that counts itself. */
int frt_may_reserve(size_t size);
int frt_budget_stress(void);
uint64_t frt_budget_held(void);
uint64_t frt_budget_limit(void);                /* for operators, now: pressure makes it smaller */
/* 1 when frt_hold has passed the limit. */
int frt_budget_passed(void);
uint64_t frt_budget_total(void);                /* as given, or as found */

/* Looks at the pressure of memory, at most every 100 ms: what the cgroups and the machine have left, and how long tasks have
 * waited for memory (PSI). Called once a block. */
void frt_budget_poll(void);

/* Bytes that the process could still take: the least of MemAvailable and what each cgroup above it (v2 and v1) has left below
 * memory.max and memory.high, page cache not counted. `root` stands before /proc and /sys: "" but in tests. UINT64_MAX: not known. */
uint64_t frt_memory_available(const char *root);
/* The percentage of the last ten seconds in which some task waited for memory; 0 when it is not known. */
unsigned frt_memory_pressure(const char *root);

#endif
