/* watch.c: flow_watch: run, wait for a change, run again.
 *
 * Each run is a process of its own. Before it looks at a file or pattern, be it the script, a module, JavaScript or data, it writes
 * that name and the print (what tells one state of files from another) into a pipe: so a change during the run is a change
 * too. From then on the names' prints are computed again whenever inotify wakes us, and once a second for file systems that tell nothing.
 * A change must have settled before the next run: editors write in several steps, or put a new file over the old one.
 * When a file of the script changes while it runs, that run is ended; data may change, the run ends and begins again. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "base/hash.h"
#include "driver/compile.h"
#include "io/input.h"
#include "io/notify.h"

enum { WATCH_LOOK_US = 1000000, WATCH_SETTLE_US = 60000, WATCH_SETTLE_MAX = 30, WATCH_GRACE_US = 200000, WATCH_SELF_MAX = 3,
       WATCH_NAMES_MAX = 4, WATCH_PATH_MAX = 1 << 16 };

typedef struct WatchedFile { const char *path; uint64_t print; } WatchedFile;

typedef struct Watched {       /* a path or pattern that a run looked at */
  int kind;                    /* FRT_INPUT_* */
  const char *pattern;
  uint64_t print;              /* before the run looked */
  WatchedFile *files;          /* when the run had ended, to say which of them changed */
  uint32_t file_len;
} Watched;

typedef struct Watcher {
  const char *script;
  int quiet, notify;
  Arena *arena;                /* what the last run looked at */
  Watched *items;
  uint32_t len;
  char *bytes;                 /* what came through the pipe and is no whole message yet */
  size_t byte_len, byte_room;
} Watcher;

typedef struct WatchMessage { uint64_t print; uint32_t kind, len; } WatchMessage;   /* the path follows */

static volatile sig_atomic_t watch_stopped;
static void watch_on_signal(int sig) { watch_stopped = 1; }

/* ---- prints ---- */

static char **watch_expand(Arena *a, const char *pattern, uint32_t *len) {
  const char *why;
  char **paths = NULL;
  *len = 0;
  return frt_glob_any(a, pattern, &paths, len, &why) == 0 ? paths : NULL;
}

static uint64_t watch_print(Arena *a, int kind, const char *pattern) {
  uint32_t len;
  if (kind == FRT_INPUT_SCRIPT) return frt_notify_print(pattern);
  char **paths = watch_expand(a, pattern, &len);
  uint64_t print = len;
  for (uint32_t i = 0; i < len; i++)
    print = frt_hash_u64(print ^ frt_hash_bytes(paths[i], strlen(paths[i]), 3)) ^ frt_notify_print(paths[i]);
  return print;
}

/* ---- the run's side ---- */

static int watch_pipe;

static void watch_tell(int kind, const char *path) {
  size_t len = strlen(path);
  if (!strcmp(path, "-") || len > WATCH_PATH_MAX) return;
  Arena *a = arena_new();
  frt_input_seen = NULL;       /* prints look at files too */
  WatchMessage m = {watch_print(a, kind, path), (uint32_t)kind, (uint32_t)len};
  char *text = arena_alloc(a, sizeof m + len);
  memcpy(text, &m, sizeof m);
  memcpy(text + sizeof m, path, len);
  for (size_t at = 0; at < sizeof m + len; ) {
    ssize_t n = write(watch_pipe, text + at, sizeof m + len - at);
    if (n > 0) at += (size_t)n;
    else if (errno != EINTR) break;
  }
  frt_input_seen = watch_tell;
  arena_free(a);
}

static void watch_child(int fd, int (*run)(void *env), void *env) {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
  watch_pipe = fd;
  frt_input_seen = watch_tell;
  int status = run(env);
  fflush(stdout);
  fflush(stderr);
  _exit(status);
}

/* ---- the watcher's side ---- */

static void watch_add(Watcher *w, const WatchMessage *m, const char *path) {
  for (uint32_t i = 0; i < w->len; i++)
    if (w->items[i].kind == (int)m->kind && strlen(w->items[i].pattern) == m->len && !memcmp(w->items[i].pattern, path, m->len)) return;
  w->items = arena_grow(w->arena, w->items, w->len, sizeof *w->items);
  w->items[w->len++] = (Watched){.kind = (int)m->kind, .pattern = arena_strndup(w->arena, path, m->len), .print = m->print};
}

/* Takes what the pipe has. 0 at its end. */
static int watch_read(Watcher *w, int fd) {
  if (w->byte_room - w->byte_len < 4096) w->bytes = frt_realloc(w->bytes, w->byte_room = w->byte_room * 2 + 8192);
  ssize_t n = read(fd, w->bytes + w->byte_len, w->byte_room - w->byte_len);
  if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
  w->byte_len += (size_t)n;
  size_t at = 0;
  for (WatchMessage m; w->byte_len - at >= sizeof m; at += sizeof m + m.len) {
    memcpy(&m, w->bytes + at, sizeof m);
    if (w->byte_len - at < sizeof m + m.len) break;
    watch_add(w, &m, w->bytes + at + sizeof m);
  }
  memmove(w->bytes, w->bytes + at, w->byte_len -= at);
  return 1;
}

/* Whether an item changed since the run looked; kind 0: any. */
static int watch_changed(const Watcher *w, int kind) {
  Arena *a = arena_new();
  int changed = 0;
  for (uint32_t i = 0; i < w->len && !changed; i++)
    if (!kind || w->items[i].kind == kind) changed = watch_print(a, w->items[i].kind, w->items[i].pattern) != w->items[i].print;
  arena_free(a);
  return changed;
}

/* The folder of a path or pattern, or the nearest one above it that exists. */
static void watch_folder_of(const Watcher *w, Arena *a, const char *path) {
  char *folder = arena_strndup(a, path, strlen(path));
  size_t special = strcspn(folder, "*?[");
  folder[special] = 0;
  for (;;) {
    char *slash = strrchr(folder, '/');
    if (!slash) {
      frt_notify_add(w->notify, ".");
      return;
    }
    slash[slash == folder] = 0;
    if (frt_notify_add(w->notify, folder) == 0 || slash == folder) return;
  }
}

static void watch_folders_of(const Watcher *w) {
  Arena *a = arena_new();
  for (uint32_t i = 0; i < w->len; i++) {
    const char *why, *path = frt_path_local(a, w->items[i].pattern, &why);
    if (path) watch_folder_of(w, a, path);
    for (uint32_t k = 0; k < w->items[i].file_len; k++) watch_folder_of(w, a, w->items[i].files[k].path);
  }
  arena_free(a);
}

/* Keeps the files of each pattern, to name those that change. */
static void watch_remember(Watcher *w) {
  for (uint32_t i = 0; i < w->len; i++) {
    Watched *item = &w->items[i];
    char **paths = item->kind == FRT_INPUT_DATA ? watch_expand(w->arena, item->pattern, &item->file_len) : NULL;
    item->files = arena_alloc(w->arena, (item->file_len + 1) * sizeof *item->files);
    for (uint32_t k = 0; k < item->file_len; k++) item->files[k] = (WatchedFile){paths[k], frt_notify_print(paths[k])};
  }
}

static void watch_name(uint32_t *named, const char *path, const char *how) {
  if ((*named)++ < WATCH_NAMES_MAX) fprintf(stderr, "%s%s%s", *named == 1 ? "watch: changed: " : ", ", path, how);
}

/* Both lists are sorted by name. */
static void watch_name_files(const Watched *item, char **paths, uint32_t len, uint32_t *named) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < len || k < item->file_len; ) {
    int order = i == len ? 1 : k == item->file_len ? -1 : strcmp(paths[i], item->files[k].path);
    uint64_t now = order > 0 ? 0 : frt_notify_print(paths[i]), then = order < 0 ? 0 : item->files[k].print;
    if (now != then) watch_name(named, order > 0 ? item->files[k].path : paths[i], !then ? " (new)" : !now ? " (gone)" : "");
    i += order <= 0;
    k += order >= 0;
  }
}

static void watch_say_changed(const Watcher *w) {
  Arena *a = arena_new();
  uint32_t named = 0;
  for (uint32_t i = 0; i < w->len && !w->quiet; i++) {
    const Watched *item = &w->items[i];
    uint32_t before = named, len;
    if (watch_print(a, item->kind, item->pattern) == item->print) continue;
    char **paths = item->kind == FRT_INPUT_DATA ? watch_expand(a, item->pattern, &len) : NULL;
    if (paths) watch_name_files(item, paths, len, &named);
    if (named == before) watch_name(&named, item->pattern, "");
  }
  if (named > WATCH_NAMES_MAX) fprintf(stderr, " and %u more", named - WATCH_NAMES_MAX);
  if (named) fputc('\n', stderr);
  arena_free(a);
}

static uint64_t watch_print_all(const Watcher *w) {
  Arena *a = arena_new();
  uint64_t print = 0;
  for (uint32_t i = 0; i < w->len; i++) print = frt_hash_u64(print) ^ watch_print(a, w->items[i].kind, w->items[i].pattern);
  arena_free(a);
  return print;
}

/* Until the files have been the same for a moment. */
static void watch_settle(const Watcher *w) {
  uint64_t print = watch_print_all(w), last;
  int n = 0;
  do {
    last = print;
    frt_notify_wait(-1, -1, WATCH_SETTLE_US, &watch_stopped);
    print = watch_print_all(w);
  } while (print != last && !watch_stopped && ++n < WATCH_SETTLE_MAX);
}

/* ---- one run ---- */

/* Ends the run: its terminal may have told it already, which needs no second signal. */
static void watch_end_child(pid_t pid, int fd) {
  char bytes[512];
  static const volatile sig_atomic_t go_on;
  int64_t begin_us = frt_monotonic_us();
  int told = !watch_stopped;
  if (told) kill(pid, SIGTERM);
  for (;;) {
    frt_notify_wait(-1, fd, WATCH_GRACE_US, &go_on);
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (!told && frt_monotonic_us() - begin_us >= WATCH_GRACE_US) told = 1, kill(pid, SIGTERM);
  }
}

/* Until the run has ended, or was ended because its script changed. Its wait status. */
static int watch_follow(Watcher *w, pid_t pid, int fd) {
  int status = 0, more = 1;
  while (more && !watch_stopped) {
    if (frt_notify_wait(w->notify, fd, WATCH_LOOK_US, &watch_stopped) < 0) break;
    more = watch_read(w, fd);
    watch_folders_of(w);
    if (more && watch_changed(w, FRT_INPUT_SCRIPT)) break;
  }
  if (more) watch_end_child(pid, fd);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return status;
}

static void watch_say_result(const Watcher *w, int status, int64_t us) {
  if (w->quiet || watch_stopped) return;
  if (WIFSIGNALED(status)) fprintf(stderr, "watch: ended by signal %d", WTERMSIG(status));
  else if (WEXITSTATUS(status) == 0) fputs("watch: done", stderr);
  else fprintf(stderr, "watch: ended with exit code %d", WEXITSTATUS(status));
  fprintf(stderr, " after %lld.%03lld s; waiting for a change of %u %s\n", (long long)(us / 1000000), (long long)(us / 1000 % 1000),
          w->len, w->len == 1 ? "input" : "inputs");
}

/* 0, or the exit code when there can be no run. */
static int watch_once(Watcher *w, int (*run)(void *env), void *env) {
  int pipes[2];
  int64_t begin_us = frt_monotonic_us();
  WatchMessage script = {frt_notify_print(w->script), FRT_INPUT_SCRIPT, (uint32_t)strlen(w->script)};
  fflush(stdout);
  fflush(stderr);
  pid_t pid = pipe2(pipes, O_CLOEXEC) ? -1 : fork();
  if (pid < 0) {
    fprintf(stderr, "flowc: watch: %s\n", strerror(errno));
    return 2;
  }
  if (pid == 0) {
    close(pipes[0]);
    frt_notify_close(w->notify);
    watch_child(pipes[1], run, env);
  }
  close(pipes[1]);
  fcntl(pipes[0], F_SETFL, O_NONBLOCK);
  arena_reset(w->arena);
  w->items = NULL;
  w->len = 0;
  w->byte_len = 0;
  watch_add(w, &script, w->script);
  int status = watch_follow(w, pid, pipes[0]);
  close(pipes[0]);
  watch_remember(w);
  watch_say_result(w, status, frt_monotonic_us() - begin_us);
  return 0;
}

/* A run that writes what it reads would never come to rest: then its own change does not count. */
static void watch_self(Watcher *w) {
  Arena *a = arena_new();
  if (!w->quiet) fputs("watch: the run changes what it reads; waiting for another change\n", stderr);
  for (uint32_t i = 0; i < w->len; i++) w->items[i].print = watch_print(a, w->items[i].kind, w->items[i].pattern);
  watch_remember(w);
  arena_free(a);
}

int flow_watch(const char *script, int (*run)(void *env), void *env, int quiet) {
  Watcher w = {.script = script, .quiet = quiet, .notify = frt_notify_open(), .arena = arena_new()};
  struct sigaction act = {.sa_handler = watch_on_signal}, old_int, old_term;
  sigemptyset(&act.sa_mask);
  watch_stopped = 0;
  sigaction(SIGINT, &act, &old_int);
  sigaction(SIGTERM, &act, &old_term);
  int status = 0;
  for (int self = 0; !watch_stopped && !status; ) {
    status = watch_once(&w, run, env);
    self = !watch_stopped && watch_changed(&w, FRT_INPUT_DATA) ? self + 1 : 0;
    if (self > WATCH_SELF_MAX) watch_self(&w);
    watch_folders_of(&w);
    while (!status && !watch_stopped && !watch_changed(&w, 0)) frt_notify_wait(w.notify, -1, WATCH_LOOK_US, &watch_stopped);
    if (watch_stopped || status) break;
    watch_settle(&w);
    if (!watch_stopped) watch_say_changed(&w);
  }
  frt_notify_close(w.notify);
  frt_free(w.bytes);
  arena_free(w.arena);
  sigaction(SIGINT, &old_int, NULL);
  sigaction(SIGTERM, &old_term, NULL);
  return status ? status : 130;
}
