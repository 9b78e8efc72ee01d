/* parallel.c: see parallel.h. Threads live as long as a task: starting one takes some 20 us. They take no signals. */
#include "base/parallel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

enum { PARALLEL_MAX = 64 };

typedef struct ParallelTask {
  void (*call)(void *env, uint32_t part);
  void *env;
  uint32_t parts;
  _Atomic uint32_t next;
} ParallelTask;

static _Atomic uint32_t parallel_threads = 1;

void frt_parallel_start(uint32_t threads) {
  atomic_store(&parallel_threads, threads < 1 ? 1 : threads > PARALLEL_MAX ? PARALLEL_MAX : threads);
}

uint32_t frt_parallel_width(void) { return atomic_load(&parallel_threads); }

static void *parallel_work(void *task) {
  ParallelTask *t = task;
  for (uint32_t part; (part = atomic_fetch_add(&t->next, 1)) < t->parts;) t->call(t->env, part);
  return NULL;
}

void frt_parallel(uint32_t parts, void (*call)(void *env, uint32_t part), void *env) {
  ParallelTask task = {call, env, parts, 0};
  pthread_t threads[PARALLEL_MAX];
  uint32_t want = frt_parallel_width() < parts ? frt_parallel_width() : parts, started = 1;
  sigset_t all, before;
  sigfillset(&all);
  if (want > 1) pthread_sigmask(SIG_SETMASK, &all, &before);
  while (started < want && pthread_create(&threads[started], NULL, parallel_work, &task) == 0) started++;
  if (want > 1) pthread_sigmask(SIG_SETMASK, &before, NULL);
  parallel_work(&task);
  for (uint32_t i = 1; i < started; i++) pthread_join(threads[i], NULL);
}
