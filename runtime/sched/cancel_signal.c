/* cancel_signal.c: SIGINT and SIGTERM ask the run to end; it does so after the present block. A second one
 * removes the temporary files and ends the process at once. A closed pipe is an error of write(), not a
 * signal. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/cancel.h"
#include "io/journal.h"
#include "io/out_file.h"
#include "sched/run_internal.h"

static struct sigaction cancel_old_int, cancel_old_term, cancel_old_pipe;

static void cancel_handler(int sig) {
  int saved = errno;
  if (++frt_cancel_count > 1) {
    if (!frt_journal_passed) frt_temps_remove();
    _exit(130);
  }
  errno = saved;
}

void frt_cancel_install(void) {
  struct sigaction act = {.sa_handler = cancel_handler};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigemptyset(&act.sa_mask);
  sigemptyset(&ignore.sa_mask);
  frt_cancel_count = 0;
  sigaction(SIGINT, &act, &cancel_old_int);
  sigaction(SIGTERM, &act, &cancel_old_term);
  sigaction(SIGPIPE, &ignore, &cancel_old_pipe);
}

void frt_cancel_restore(void) {
  sigaction(SIGINT, &cancel_old_int, NULL);
  sigaction(SIGTERM, &cancel_old_term, NULL);
  sigaction(SIGPIPE, &cancel_old_pipe, NULL);
}
