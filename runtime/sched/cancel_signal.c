/* cancel_signal.c: SIGINT and SIGTERM ask the run to end; it does so after the present block. A second one
 * removes the temporary files and ends the process at once. A closed pipe is an error of write(), not a
 * signal.
 *
 * A signal may come between the look at the flag and the call that blocks. So from the first one on a timer
 * interrupts whatever blocks, again and again, until the run has ended. */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "io/journal.h"
#include "io/out_file.h"
#include "sched/run_internal.h"

enum { CANCEL_AGAIN_US = 10000 };

static struct sigaction cancel_old_int, cancel_old_term, cancel_old_pipe, cancel_old_alarm;

static void cancel_remove(void) {
  if (!frt_journal_passed) frt_temps_remove();
}

static void cancel_handler(int sig) {
  static const struct itimerval again = {{0, CANCEL_AGAIN_US}, {0, CANCEL_AGAIN_US}};
  int saved = errno;
  if (sig != SIGALRM && ++frt_cancel_count > 1) {
    cancel_remove();
    _exit(130);
  }
  if (sig != SIGALRM) setitimer(ITIMER_REAL, &again, NULL);
  errno = saved;
}

void frt_cancel_install(void) {
  struct sigaction act = {.sa_handler = cancel_handler};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigemptyset(&act.sa_mask);
  sigemptyset(&ignore.sa_mask);
  frt_cancel_count = 0;
  frt_memory_out = cancel_remove;
  sigaction(SIGALRM, &act, &cancel_old_alarm);
  sigaction(SIGINT, &act, &cancel_old_int);
  sigaction(SIGTERM, &act, &cancel_old_term);
  sigaction(SIGPIPE, &ignore, &cancel_old_pipe);
}

void frt_cancel_restore(void) {
  static const struct itimerval never;
  if (frt_cancel_count) setitimer(ITIMER_REAL, &never, NULL);
  frt_memory_out = NULL;
  sigaction(SIGALRM, &cancel_old_alarm, NULL);
  sigaction(SIGINT, &cancel_old_int, NULL);
  sigaction(SIGTERM, &cancel_old_term, NULL);
  sigaction(SIGPIPE, &cancel_old_pipe, NULL);
}
