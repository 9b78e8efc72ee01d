/* cancel_signal.c: SIGINT and SIGTERM ask the run to end; it does so after the present block. A second one
 * removes the temporary files and ends the process at once. A closed pipe is an error of write(), not a
 * signal.
 *
 * A signal may come between the look at the flag and the call that blocks. So from the first one on a timer
 * interrupts whatever blocks, again and again, until the run has ended. The timer's signal reaches one thread, which
 * passes it on to the other workers of a step. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "io/journal.h"
#include "io/out_file.h"
#include "sched/run_internal.h"

enum { CANCEL_AGAIN_US = 10000, CANCEL_THREADS = 1024 };

static struct sigaction cancel_old_int, cancel_old_term, cancel_old_pipe, cancel_old_alarm;

static void cancel_remove(void) {
  void (*also)(void) = frt_cancel_also;
  if (!frt_journal_passed) frt_temps_remove();
  if (also) also();
}

static pthread_t cancel_threads[CANCEL_THREADS];
static atomic_uint cancel_thread_len;

void frt_cancel_threads_begin(void) {
  cancel_threads[0] = pthread_self();
  atomic_store(&cancel_thread_len, 1);
}

void frt_cancel_thread(pthread_t thread) {
  unsigned len = atomic_load(&cancel_thread_len);
  if (len == CANCEL_THREADS) return;
  cancel_threads[len] = thread;
  atomic_store(&cancel_thread_len, len + 1);
}

void frt_cancel_threads_end(void) { atomic_store(&cancel_thread_len, 0); }

static void cancel_pass_on(int sig) {
  unsigned len = atomic_load(&cancel_thread_len);
  for (unsigned i = 0; i < len; i++)
    if (!pthread_equal(cancel_threads[i], pthread_self())) pthread_kill(cancel_threads[i], sig);
}

static void cancel_handler(int sig, siginfo_t *info, void *context) {
  static const struct itimerval again = {{0, CANCEL_AGAIN_US}, {0, CANCEL_AGAIN_US}};
  int saved = errno;
  (void)context;
  if (sig != SIGALRM && ++frt_cancel_count > 1) {
    cancel_remove();
    _exit(130);
  }
  if (sig != SIGALRM) setitimer(ITIMER_REAL, &again, NULL);
  else if (info->si_code != SI_TKILL) cancel_pass_on(sig);
  errno = saved;
}

void frt_cancel_install(void) {
  struct sigaction act = {.sa_sigaction = cancel_handler, .sa_flags = SA_SIGINFO};
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
