/* cancel.c: see cancel.h. */
#include "flowrt.h"

#include "base/cancel.h"

volatile sig_atomic_t frt_cancel_count;
void (*volatile frt_cancel_also)(void);

int frt_cancelled(void) { return frt_cancel_count != 0; }
