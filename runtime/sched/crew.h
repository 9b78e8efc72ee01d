/* crew.h: several workers share a step that scans (docs/adr/0020-threads.md).
 *
 * Workers take ranges of the files (io/scan_range.h). Each scans its range and runs the operators over its block up to the
 * first that depends on the order of rows; there it waits for its turn (frt_turn). Turns are in the order of ranges, so all
 * behind it is as with one worker. What a worker does before its turn touches nothing but its own; a range that turns out
 * to begin at the wrong place is read again in its turn. */
#ifndef FRT_SCHED_CREW_H
#define FRT_SCHED_CREW_H

#include "io/scan.h"
#include "sched/run_internal.h"

/* Workers for the step, 1: it is not shared. */
uint32_t frt_crew_size(const FrtRun *r, const FrtScanner *s);
/* Runs the step; `first` is open and was not read. FRT_OK or FRT_FATAL. */
int frt_crew_scan(FrtRun *r, const FrtScan *scan, FrtScanner *first, uint32_t len);
/* Processors that the process may use: affinity, and the quota of its cgroup. */
uint32_t frt_cores(void);

#endif
