/* watch_dir.c: each new file of a folder once, across restarts.
 *
 *   look at the folder -> for each file that is new and at rest: hash it, run, commit -> wait for a change -> again
 *
 * A file is at rest when nobody has it open for writing (the kernel refuses a lease then) and it has not changed for the
 * time to settle. It is known by its name, size, time and inode; when these differ, by the hash of its content: a file that was
 * only touched or renamed is not taken again.
 *
 * The line that says a file was taken (taken.h) is an output of its run: the commit puts it into place together with
 * the others, or not at all, whatever kills the run (docs/adr/0021-commit.md). So outputs that are files have the rows of a
 * file exactly once. What goes to standard output or a pipe is seen again when a run is killed before its commit.
 *
 * A file whose run fails is reported, and tried again when it changes or when the watch begins anew. */
#include "sched/watch_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/vfs.h>
#endif

#include "base/clock.h"
#include "io/input.h"
#include "io/journal.h"
#include "io/notify.h"
#include "io/out_file.h"
#include "sched/taken.h"

enum { WATCH_LOCK_TRIES = 50, WATCH_LOCK_US = 100000, WATCH_AGAIN_US = 1000000, WATCH_REST = 20 };

/* A file that is not taken: it is not at rest yet, or its run failed. */
typedef struct WatchFile {
  FrtTakenFile file;
  int64_t since_us;            /* monotonic: it has been in this state at least since then */
  int failed;
} WatchFile;

typedef struct WatchLook {     /* what one look left behind, sorted by name */
  Arena *arena;
  WatchFile *files;
  uint32_t len;
} WatchLook;

typedef struct WatchDir {
  const FrtModule *module;
  const FrtRunOptions *options;
  Arena *arena;                /* lives as long as the watch */
  const char *folder, *glob, *state;
  size_t name_at;              /* where names begin in the paths of the glob */
  FrtTaken taken;
  WatchLook now, before;
  uint32_t before_at;
  uint32_t waiting;            /* files that will be at rest in a moment */
  int notify, lock, exit_code;
  int end;                     /* exit_code ends the watch */
} WatchDir;

static volatile sig_atomic_t watch_stop;
static void watch_signal(int sig) { watch_stop = 1; }

static int watch_fail(WatchDir *w, const char *what) {
  fprintf(stderr, "error: --watch-dir: %s\n", what);
  w->exit_code = w->exit_code ? w->exit_code : 1;
  return 0;
}

static void watch_say(const WatchDir *w, const char *path, const char *what) {
  if (!w->options->quiet) fprintf(stderr, "watch: %s: %s\n", path, what);
}

/* ---- one file ---- */

#if defined(__linux__)
/* File systems of the net and of programs know of other writers, or give leases by rules of their own. */
static int watch_is_remote(int fd) {
  static const unsigned long types[] = {0x6969 /* NFS */, 0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB2 */, 0x00C36400 /* Ceph */,
                                        0x65735546 /* FUSE */, 0x01021997 /* 9P */};
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0) return 1;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (((unsigned long)fs.f_type & 0xFFFFFFFF) == types[i]) return 1;
  return 0;
}
#endif

/* Whether somebody has the file open for writing, as far as the kernel tells. */
static int watch_is_written(const char *path) {
  int written = 0;
#if defined(__linux__)
  int fd = frt_open_file(path, O_RDONLY | O_NONBLOCK, 0);
  if (fd < 0) return 0;
  fcntl(fd, F_SETSIG, SIGURG);      /* should a writer come just now: a signal that nobody minds */
  if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) fcntl(fd, F_SETLEASE, F_UNLCK);
  else written = errno == EAGAIN && !watch_is_remote(fd);
  close(fd);
#endif
  return written;
}

static int watch_is_at_rest(WatchDir *w, const char *path, const WatchFile *f) {
  int64_t settle_us = w->options->watch.settle_us, age_us = frt_clock_us() - f->file.mtime_ns / 1000;
  if (watch_is_written(path)) return 0;
  if ((age_us >= settle_us && f->file.mtime_ns > 0) || frt_monotonic_us() - f->since_us >= settle_us) return 1;
  w->waiting++;
  return 0;
}

/* The run of one file. 1: it is taken. */
static int watch_run(WatchDir *w, const char *path, const FrtTakenFile *file) {
  FrtRunOptions o = *w->options;
  FrtTaking taking = {.path = path, .file = *file, .state = w->state};
  FrtArgValue *args = arena_alloc(w->now.arena, (o.arg_len + 1) * sizeof *args);
  uint32_t len = 0;
  for (uint32_t i = 0; i < o.arg_len; i++)
    if (strcmp(o.args[i].name, "file") != 0) args[len++] = o.args[i];
  args[len++] = (FrtArgValue){"file", path, "--watch-dir"};
  o.args = args;
  o.arg_len = len;
  o.taking = &taking;
  int status = frt_run(w->module, &o);
  if (status == 0) {
    watch_say(w, path, o.dry_run ? "done, as a dry run" : "taken");
    return 1;
  }
  if (status != 130) watch_say(w, path, "not taken: its run failed; it is tried again when it changes");
  if (!w->exit_code) w->exit_code = status;
  w->end = status != 2 && status != 3;
  if (taking.closed) w->end = 1;
  if (w->end) w->exit_code = status;
  return 0;
}

/* A file of new state and old content: noted without a run, by one write. A line that did not become whole is taken back. */
static void watch_note(WatchDir *w, const FrtTakenFile *file) {
  const char *line = frt_taken_line(w->now.arena, file);
  struct stat st;
  frt_taken_add(&w->taken, file);
  if (w->options->dry_run || fstat(w->lock, &st) != 0) return;
  if (frt_write_all(w->lock, line, strlen(line)) != 0 && ftruncate(w->lock, st.st_size) != 0) w->end = 1, w->exit_code = 2;
}

/* A file that is new by its name or its state. */
static void watch_take(WatchDir *w, const char *path, WatchFile *f) {
  const FrtTakenFile *known = frt_taken_find(&w->taken, f->file.name), *moved = frt_taken_moved(&w->taken, &f->file);
  FrtTakenFile again = f->file;
  int error = frt_taken_hash(path, &f->file.hash);
  if (!error && (frt_taken_look(path, &again) != 0 || !frt_taken_same(&again, &f->file))) return;  /* a change; look again */
  if (error) {
    watch_say(w, path, strerror(error));
    f->failed = 1;
    return;
  }
  if (known && known->size == f->file.size && known->hash == f->file.hash) {
    watch_note(w, &f->file);   /* touched, or copied over itself */
    return;
  }
  if (moved && moved->hash == f->file.hash) {
    watch_say(w, path, arena_printf(w->now.arena, "is %s, which was taken", moved->name));
    watch_note(w, &f->file);
    return;
  }
  if (!watch_run(w, path, &f->file)) f->failed = 1;
  else if (w->options->dry_run) f->failed = 1;   /* it is not noted; not again in this watch */
  else frt_taken_add(&w->taken, &f->file);
}

/* ---- the folder ---- */

/* The same file at the last look, when it has not changed since. */
static const WatchFile *watch_before(WatchDir *w, const FrtTakenFile *file) {
  const WatchLook *b = &w->before;
  while (w->before_at < b->len && strcmp(b->files[w->before_at].file.name, file->name) < 0) w->before_at++;
  const WatchFile *f = w->before_at < b->len ? &b->files[w->before_at] : NULL;
  return f && strcmp(f->file.name, file->name) == 0 && frt_taken_same(&f->file, file) ? f : NULL;
}

static void watch_file(WatchDir *w, const char *path) {
  WatchFile f = {.file = {.name = path + w->name_at}, .since_us = frt_monotonic_us()};
  if (frt_taken_look(path, &f.file) != 0 || strcmp(path, w->state) == 0) return;
  const FrtTakenFile *known = frt_taken_find(&w->taken, f.file.name);
  if (known && frt_taken_same(known, &f.file)) return;
  const WatchFile *before = watch_before(w, &f.file);
  if (before) f.since_us = before->since_us, f.failed = before->failed;
  if (!f.failed && watch_is_at_rest(w, path, &f)) watch_take(w, path, &f);
  w->now.files = arena_grow(w->now.arena, w->now.files, w->now.len, sizeof *w->now.files);
  w->now.files[w->now.len++] = f;
}

/* Folders below, where the pattern reaches into them, wake us too. */
static void watch_folders(const WatchDir *w, char **paths, uint32_t len) {
  frt_notify_add(w->notify, w->folder);
  const char *last = "";
  size_t last_len = 0;
  for (uint32_t i = 0; i < len; i++) {
    const char *slash = strrchr(paths[i], '/');
    size_t n = slash ? (size_t)(slash - paths[i]) : 0;
    if (n < w->name_at || (n == last_len && memcmp(paths[i], last, n) == 0)) continue;
    frt_notify_add(w->notify, arena_strndup(w->now.arena, paths[i], n));
    last = paths[i];
    last_len = n;
  }
}

/* Takes what can be taken. Returns the microseconds that the look itself took. */
static int64_t watch_look(WatchDir *w) {
  WatchLook old = w->before;
  char **paths = NULL;
  uint32_t len = 0;
  const char *why = NULL;
  int64_t begin_us = frt_monotonic_us();
  w->before = w->now;
  w->now = (WatchLook){.arena = old.arena};
  arena_reset(w->now.arena);
  w->before_at = w->waiting = 0;
  if (frt_glob_any(w->now.arena, w->glob, &paths, &len, &why) != 0) watch_say(w, w->folder, why);
  watch_folders(w, paths, len);
  int64_t took_us = frt_monotonic_us() - begin_us;
  for (uint32_t i = 0; i < len && !w->end && !watch_stop; i++) watch_file(w, paths[i]);
  return took_us;
}

static void watch_loop(WatchDir *w) {
  while (!w->end && !watch_stop) {
    int64_t took_us = watch_look(w), sleep_us = took_us * WATCH_REST;
    if (w->end || watch_stop || (w->options->watch.once && !w->waiting)) break;
    if (sleep_us < WATCH_AGAIN_US) sleep_us = WATCH_AGAIN_US;
    if (w->waiting && w->options->watch.settle_us / 2 < sleep_us) sleep_us = w->options->watch.settle_us / 2 + 1000;
    if (frt_notify_wait(w->notify, -1, sleep_us, &watch_stop) > 0)
      frt_notify_wait(-1, -1, took_us < WATCH_AGAIN_US / WATCH_REST ? took_us + 1000 : WATCH_AGAIN_US / WATCH_REST, &watch_stop);
  }
  if (watch_stop) w->exit_code = 130;
}

/* ---- begin and end ---- */

static int watch_check_param(WatchDir *w) {
  const FrtModule *m = w->module;
  for (uint32_t i = 0; i < w->options->arg_len; i++)
    if (strcmp(w->options->args[i].name, "file") == 0 && strncmp(w->options->args[i].from, "--", 2) == 0)
      return watch_fail(w, "it gives the parameter `file`, which is given by --file too");
  for (uint32_t i = 0; i < m->param_len; i++)
    if (m->params[i].name.len == 4 && memcmp(m->params[i].name.ptr, "file", 4) == 0 && m->params[i].type->kind == FRT_STRING) return 1;
  return watch_fail(w, "the script has no `param file: string`, which is the path of the file that it is to take\n"
                       "  = add it, and `read` from it: read csv(file) as Order");
}

/* DIR/PATTERN, what is special in DIR being itself. */
static const char *watch_glob(Arena *a, const char *folder, const char *pattern) {
  char *text = arena_alloc(a, strlen(folder) * 3 + strlen(pattern) + 2), *p = text;
  for (const char *at = folder; *at; at++) {
    int special = *at == '*' || *at == '?' || *at == '[';
    if (special) *p++ = '[';
    *p++ = *at;
    if (special) *p++ = ']';
  }
  *p++ = '/';
  memcpy(p, pattern, strlen(pattern) + 1);
  return text;
}

/* DIR/.SCRIPT.taken: the script's name without folder and ending. */
static const char *watch_state_path(const WatchDir *w) {
  FrtStr s = w->module->script;
  uint32_t from = s.len, to = s.len;
  while (from > 0 && s.ptr[from - 1] != '/') from--;
  for (uint32_t i = from + 1; i < s.len; i++)
    if (s.ptr[i] == '.') to = i;
  if (w->options->watch.state) return w->options->watch.state;
  if (to == from || s.ptr[from] == '<') return arena_printf(w->arena, "%s/.flow.taken", w->folder);
  return arena_printf(w->arena, "%s/.%.*s.taken", w->folder, (int)(to - from), s.ptr + from);
}

/* One watch at a time; a killed run's commit, which may go on in a child, has ended when the lock is free. */
static int watch_lock(WatchDir *w) {
  w->lock = frt_open_file(w->state, O_RDWR | O_CREAT | O_APPEND, 0666);
  if (w->lock < 0) return watch_fail(w, arena_printf(w->arena, "%s: %s", w->state, strerror(errno)));
  for (int i = 0; flock(w->lock, LOCK_EX | LOCK_NB) != 0; i++) {
    if (errno == EWOULDBLOCK && i < WATCH_LOCK_TRIES && !watch_stop) {
      frt_notify_wait(-1, -1, WATCH_LOCK_US, &watch_stop);
      continue;
    }
    return watch_fail(w, errno == EWOULDBLOCK ? arena_printf(w->arena, "%s: another process takes files by this list", w->state)
                                              : arena_printf(w->arena, "%s: %s", w->state, strerror(errno)));
  }
  return 1;
}

static int watch_start(WatchDir *w) {
  struct stat st;
  const char *why = NULL, *folder = frt_path_local(w->arena, w->options->watch.folder, &why);
  if (!watch_check_param(w)) return 0;
  if (!folder) return watch_fail(w, why);
  size_t n = strlen(folder);
  while (n > 1 && folder[n - 1] == '/') n--;
  w->folder = arena_strndup(w->arena, folder, n);
  if (stat(w->folder, &st) != 0 || !S_ISDIR(st.st_mode))
    return watch_fail(w, arena_printf(w->arena, "%s: there is no such folder", w->folder));
  w->glob = watch_glob(w->arena, w->folder, w->options->watch.pattern);
  w->name_at = strlen(w->folder) + 1;
  w->state = watch_state_path(w);
  if (!watch_lock(w)) return 0;
  const char *slash = strrchr(w->state, '/');
  const char *home = slash ? arena_strndup(w->arena, w->state, slash == w->state ? 1 : (size_t)(slash - w->state)) : ".";
  if (frt_journal_settle(w->arena, home, &why) != 0) return watch_fail(w, why);   /* before the list is read: it may be part of it */
  /* An empty file would be replaced by the first commit, and the lock with it. */
  if (fstat(w->lock, &st) == 0 && st.st_size == 0 && frt_write_all(w->lock, FRT_TAKEN_HEAD, strlen(FRT_TAKEN_HEAD)) != 0)
    return watch_fail(w, arena_printf(w->arena, "%s: %s", w->state, strerror(errno)));
  if (frt_taken_read(&w->taken, w->arena, w->state, &why) != 0) return watch_fail(w, why);
  return 1;
}

int frt_watch_dir(const FrtModule *m, const FrtRunOptions *o) {
  WatchDir w = {.module = m, .options = o, .arena = arena_new(), .lock = -1, .notify = -1};
  struct sigaction act = {.sa_handler = watch_signal}, old_int, old_term;
  w.now.arena = arena_new();
  w.before.arena = arena_new();
  sigemptyset(&act.sa_mask);
  watch_stop = 0;
  sigaction(SIGINT, &act, &old_int);
  sigaction(SIGTERM, &act, &old_term);
  if (watch_start(&w)) {
    w.notify = frt_notify_open();
    watch_loop(&w);
  }
  frt_notify_close(w.notify);
  if (w.lock >= 0) close(w.lock);
  sigaction(SIGINT, &old_int, NULL);
  sigaction(SIGTERM, &old_term, NULL);
  arena_free(w.now.arena);
  arena_free(w.before.arena);
  arena_free(w.arena);
  return w.exit_code;
}
