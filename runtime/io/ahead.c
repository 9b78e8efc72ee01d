/* ahead.c: see ahead.h. A ring of chunks, one maker, one reader; both sleep on a condition. Signals are for the other threads: the
 * reader looks at the flag of the run a few times in a tenth of a second, and ends the maker. */
#include "io/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"

enum { AHEAD_CHUNKS = 4, AHEAD_SIZE = 256 * 1024, AHEAD_LOOK_MS = 20 };

struct FrtAhead {
  FrtAheadMake make;
  void *env;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t filled, emptied;
  ssize_t len[AHEAD_CHUNKS];
  uint64_t made, taken;          /* chunks */
  size_t at;                     /* in the chunk that is being taken */
  const char *why;
  _Atomic int *stop;
  char room[AHEAD_CHUNKS][AHEAD_SIZE];
};

static void *ahead_main(void *env) {
  FrtAhead *a = env;
  ssize_t got = 1;
  while (got > 0) {
    const char *why = NULL;
    pthread_mutex_lock(&a->lock);
    while (a->made - a->taken == AHEAD_CHUNKS && !atomic_load(a->stop)) pthread_cond_wait(&a->emptied, &a->lock);
    uint32_t slot = (uint32_t)(a->made % AHEAD_CHUNKS);
    pthread_mutex_unlock(&a->lock);
    if (atomic_load(a->stop)) break;
    got = a->make(a->env, a->room[slot], AHEAD_SIZE, &why);
    pthread_mutex_lock(&a->lock);
    a->len[slot] = got;
    a->why = why;
    a->made++;
    pthread_cond_signal(&a->filled);
    pthread_mutex_unlock(&a->lock);
  }
  return NULL;
}

FrtAhead *frt_ahead_start(FrtAheadMake make, void *env, _Atomic int *stop) {
  FrtAhead *a = frt_malloc(sizeof *a);
  sigset_t all, before;
  memset(a, 0, offsetof(FrtAhead, room));
  a->make = make;
  a->env = env;
  a->stop = stop;
  pthread_mutex_init(&a->lock, NULL);
  pthread_cond_init(&a->filled, NULL);
  pthread_cond_init(&a->emptied, NULL);
  frt_hold_buffer(sizeof *a);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&a->thread, NULL, ahead_main, a);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!rc) return a;
  frt_unreserve(NULL, sizeof *a);
  frt_free(a);
  return NULL;
}

/* Waits for a chunk. 0: the run is to end. */
static int ahead_wait(FrtAhead *a) {
  while (a->taken == a->made) {
    struct timespec until;
    if (frt_cancelled()) return 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += AHEAD_LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&a->filled, &a->lock, &until);
  }
  return 1;
}

ssize_t frt_ahead_read(FrtAhead *a, char *buf, size_t n, const char **why) {
  pthread_mutex_lock(&a->lock);
  int there = ahead_wait(a);
  uint32_t slot = (uint32_t)(a->taken % AHEAD_CHUNKS);
  ssize_t len = there ? a->len[slot] : -1;
  if (len <= 0) *why = there ? a->why : "interrupted";
  pthread_mutex_unlock(&a->lock);
  if (len <= 0) return len;
  size_t left = (size_t)len - a->at, take = n < left ? n : left;
  memcpy(buf, a->room[slot] + a->at, take);
  a->at += take;
  if (take < left) return (ssize_t)take;
  a->at = 0;
  pthread_mutex_lock(&a->lock);
  a->taken++;
  pthread_cond_signal(&a->emptied);
  pthread_mutex_unlock(&a->lock);
  return (ssize_t)take;
}

void frt_ahead_end(FrtAhead *a) {
  if (!a) return;
  pthread_mutex_lock(&a->lock);
  atomic_store(a->stop, 1);
  pthread_cond_signal(&a->emptied);
  pthread_mutex_unlock(&a->lock);
  pthread_join(a->thread, NULL);
  pthread_cond_destroy(&a->emptied);
  pthread_cond_destroy(&a->filled);
  pthread_mutex_destroy(&a->lock);
  frt_unreserve(NULL, sizeof *a);
  frt_free(a);
}
