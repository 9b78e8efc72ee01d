/* watch_dir.h: `--watch-dir DIR PATTERN`: a run for each new file of a folder, as long as nobody ends it. */
#ifndef FRT_SCHED_WATCH_DIR_H
#define FRT_SCHED_WATCH_DIR_H

#include "sched/run.h"

/* Runs the module once for each file that matches and was not taken yet, with the file's path as the parameter `file`. Returns the exit
 * code: 130 when a signal ended it; with options->watch.once 0, or that of the first run that failed; 1 and 70 end it at once. */
int frt_watch_dir(const FrtModule *m, const FrtRunOptions *o);

#endif
