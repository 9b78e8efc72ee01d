/* cancel.h: the one flag that asks a run to end. Set by signal handlers (sched/cancel.c), looked at by every wait. */
#ifndef FRT_BASE_CANCEL_H
#define FRT_BASE_CANCEL_H

#include <signal.h>

extern volatile sig_atomic_t frt_cancel_count;   /* signals seen since the run began */

int frt_cancelled(void);
/* Called by the signal handler (and when memory is out) just before the process ends at once: ends what else it started. Or NULL. */
extern void (*volatile frt_cancel_also)(void);

#endif
