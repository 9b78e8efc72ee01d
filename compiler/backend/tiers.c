/* tiers.c: see tiers.h.
 *
 * A thread looks into the cache, else starts cc as a process group of its own, waits for it, loads what it made and publishes
 * it by one atomic store. The group is killed when the run ends first; its temporary files lie in a folder that is
 * removed then. A second SIGINT ends the process at once: the signal handler calls tiers_drop. */
#include "backend/tiers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/cache.h"
#include "backend/cc_folder.h"
#include "base/cancel.h"
#include "base/clock.h"

enum {
  TIERS_BYTES = 256 << 20,   /* of input: less is read before cc has ended */
  TIERS_NICE = 10
};

typedef struct Tiers {
  FrtTiers table;            /* first: what the run is given is this */
  Arena *arena;              /* the thread's */
  const char *c_text;
  size_t size;
  Loaded loaded;
  CcFolder folder;
  pthread_t thread;
  bool started, from_cache;
  int64_t asked_us, start_us;
  _Atomic int64_t done_us;   /* when the thread was done, 0: it is not */
  _Atomic pid_t pid;         /* cc's, while it may be killed */
  _Atomic bool ended;        /* the run is over */
  pthread_mutex_t lock;      /* over pid and ended */
  const char *why;           /* what failed, once done */
  char text[256];
} Tiers;

static Tiers *_Atomic tiers_present;

/* Called by a signal handler just before the end of the process. */
static void tiers_drop(void) {
  Tiers *t = atomic_load(&tiers_present);
  pid_t pid = t ? atomic_load(&t->pid) : 0;
  if (!pid) return;
  kill(-pid, SIGKILL);
  unlink(t->folder.source);
  unlink(t->folder.header);
  unlink(t->folder.object);
  rmdir(t->folder.dir);
}

static bool tiers_spawn(Tiers *t, BackendChild *c, char **errors) {
  const char *argv[CC_ARGS], *temp = arena_printf(t->arena, "TMPDIR=%s", t->folder.dir);
  cc_command(&t->folder, argv);
  pthread_mutex_lock(&t->lock);
  bool ok = !atomic_load(&t->ended) && backend_child_start(t->arena, c, argv, temp, true, errors);
  if (ok) atomic_store(&t->pid, c->pid);
  pthread_mutex_unlock(&t->lock);
  return ok;
}

/* The process is not killed once it has been waited for: its number may then be another's. */
static int tiers_wait(Tiers *t, BackendChild *c) {
  siginfo_t info;
  while (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  pthread_mutex_lock(&t->lock);
  atomic_store(&t->pid, 0);
  int rc = backend_child_wait(c);
  pthread_mutex_unlock(&t->lock);
  return rc;
}

static bool tiers_compile(Tiers *t) {
  BackendChild c;
  char *errors = "";
  if (!tiers_spawn(t, &c, &errors)) {
    t->why = atomic_load(&t->ended) ? "the run ended first" : "there is no C compiler";
    return false;
  }
  backend_child_read(t->arena, &c);
  if (tiers_wait(t, &c) == 0) return true;
  t->why = atomic_load(&t->ended) ? "the run ended first" : "the C compiler failed";
  return false;
}

static bool tiers_build(Tiers *t) {
  Arena *a = t->arena;
  const char *cached = cc_cached(a, t->c_text, t->size), *why = "";
  t->from_cache = cached && cache_has(a, cached) && cc_open(a, cached, &t->loaded, &why);
  if (t->from_cache) return true;
  t->why = "no folder for the compiler";
  if (!cc_open_folder(a, t->c_text, t->size, &t->folder, &why)) return false;
  bool ok = tiers_compile(t);
  if (ok && !(ok = cc_open(a, t->folder.object, &t->loaded, &why))) t->why = "the module cannot be loaded";
  if (ok && cached) cache_put(a, cached, t->folder.object);
  cc_close_folder(&t->folder);
  return ok;
}

static void *tiers_work(void *table) {
  Tiers *t = table;
  t->start_us = frt_monotonic_us();
#ifdef __linux__
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + TIERS_NICE);   /* of this thread, and of what it starts */
#endif
  bool ok = tiers_build(t);
  if (ok) t->why = NULL;
  if (ok) atomic_store_explicit(&t->table.ready, t->loaded.module, memory_order_release);
  atomic_store(&t->done_us, frt_monotonic_us());
  return NULL;
}

/* Signals are for the threads of the run. */
static void tiers_want(FrtTiers *table) {
  Tiers *t = (Tiers *)table;
  sigset_t all, old;
  if (t->started) return;   /* by an earlier run of the module */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  t->arena = arena_new();
  t->asked_us = frt_monotonic_us();
  atomic_store(&tiers_present, t);
  frt_cancel_also = tiers_drop;
  t->started = pthread_create(&t->thread, NULL, tiers_work, t) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static int tiers_working(FrtTiers *table) {
  Tiers *t = (Tiers *)table;
  return t->started && !atomic_load(&t->done_us);
}

static const char *tiers_text(FrtTiers *table) {
  Tiers *t = (Tiers *)table;
  int64_t done = atomic_load(&t->done_us);
  if (!t->started) return "compile cc         not asked for: the input is small\n";
  if (!done) return "compile cc         the run ended first\n";
  if (t->why) snprintf(t->text, sizeof t->text, "compile cc         %s\n", t->why);
  else snprintf(t->text, sizeof t->text, "compile %-10s %8.3f ms, in the background\n", t->from_cache ? "cache" : "cc",
                (double)(done - t->start_us) / 1e3);
  return t->text;
}

FrtTiers *backend_tiers_start(Arena *a, const char *c_text, size_t size) {
  Tiers *t = arena_alloc(a, sizeof *t);
  const char *at = getenv("FLOW_SWITCH_AT");
  t->c_text = c_text;
  t->size = size;
  pthread_mutex_init(&t->lock, NULL);
  t->table = (FrtTiers){.switch_at = at && *at ? strtoull(at, NULL, 10) : FRT_TIERS_AT_ONCE, .bytes = TIERS_BYTES,
                        .want = tiers_want, .working = tiers_working, .text = tiers_text, .names = {"tcc", "cc"}};
  return &t->table;
}

void backend_tiers_end(FrtTiers *table) {
  Tiers *t = (Tiers *)table;
  if (!t) return;
  pthread_mutex_lock(&t->lock);
  atomic_store(&t->ended, true);
  if (atomic_load(&t->pid)) kill(-atomic_load(&t->pid), SIGKILL);
  pthread_mutex_unlock(&t->lock);
  if (t->started) pthread_join(t->thread, NULL);
  frt_cancel_also = NULL;
  atomic_store(&tiers_present, NULL);
  if (t->loaded.free) t->loaded.free(&t->loaded);
  if (t->arena) arena_free(t->arena);
  pthread_mutex_destroy(&t->lock);
}
