/* commit.c: all sinks of a run become visible together, or none does.
 *
 * 1. Every temporary file is on disk (fsync; a syncfs for each file system when there are many). 2. It gets its temporary name,
 * where it has none yet. 3. journal.c puts all into place. Until then an interrupt or a failure takes
 * everything back.
 *
 * The names that a run has made are kept in a list of their own that the signal handler can walk: a name
 * is added before it can matter and never moves. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/journal.h"
#include "io/out_file.h"
#include "sched/run_internal.h"

enum { COMMIT_FSYNC_MAX = 64 /* more files than that: syncfs */, COMMIT_SYNC_STEP = 32 * 1024 * 1024 };

typedef struct CommitName {
  struct CommitName *next;
  const char *temp;
  char folder[];      /* of a folder that was made; temp is NULL then */
} CommitName;

static CommitName *volatile commit_temps;
static CommitName *volatile commit_folders;

void frt_temp_note(const char *temp) {
  CommitName *n = frt_malloc(sizeof *n);
  n->temp = temp;
  n->next = commit_temps;
  commit_temps = n;
}

void frt_temps_remove(void) {
  for (const CommitName *n = commit_temps; n; n = n->next)
    if (n->temp) unlink(n->temp);
  for (const CommitName *n = commit_folders; n; n = n->next) rmdir(n->folder);
}

static void commit_names_free(CommitName *n) {
  while (n) {
    CommitName *next = n->next;
    frt_free(n);
    n = next;
  }
}

void frt_temps_forget(void) {
  CommitName *n = commit_temps;
  commit_temps = NULL;
  commit_names_free(n);
  n = commit_folders;
  commit_folders = NULL;
  commit_names_free(n);
}

static void commit_note_folder(const char *folder, size_t len) {
  CommitName *n = frt_malloc(sizeof *n + len + 1);
  n->temp = NULL;
  memcpy(n->folder, folder, len);
  n->folder[len] = 0;
  n->next = commit_folders;
  commit_folders = n;
}

int frt_make_folders(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash || slash == path) return 0;
  struct stat st;
  size_t len = strlen(path);
  char *p = frt_malloc(len + 1);
  memcpy(p, path, len + 1);
  p[slash - path] = 0;
  int error = 0;
  if (stat(p, &st) == 0) {
    error = S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    frt_free(p);
    return error;
  }
  for (char *at = p + 1; !error; at++) {
    if (*at && *at != '/') continue;
    char c = *at;
    *at = 0;
    if (mkdir(p, 0777) == 0) commit_note_folder(p, (size_t)(at - p));
    else if (errno != EEXIST && errno != EISDIR) error = errno;
    *at = c;
    if (!c) break;
  }
  frt_free(p);
  return error;
}

static int commit_open(const OutFile *f) {
  return f->fd >= 0 ? f->fd : frt_open_file(f->temp, O_RDONLY | O_NOFOLLOW, 0);
}

static int commit_close(const OutFile *f, int fd, int error) {
  if (fd != f->fd) close(fd);
  return error;
}

/* Lets the disk begin with all files, so that the first fsync's journal entry serves the others too. */
static void commit_start_writeback(const OutFile *files) {
#ifdef __linux__
  for (const OutFile *f = files; f; f = f->next) {
    int fd = f->temp ? commit_open(f) : -1;
    if (fd < 0) continue;
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    commit_close(f, fd, 0);
  }
#endif
}

/* Waits for the disk in steps, so that an interrupt need not wait for all. */
static int commit_sync_fd(int fd, uint64_t size) {
#ifdef __linux__
  unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  for (uint64_t at = 0; at + COMMIT_SYNC_STEP < size; at += COMMIT_SYNC_STEP) {
    if (frt_cancelled()) return EINTR;
    if (sync_file_range(fd, (off_t)at, COMMIT_SYNC_STEP, all) == 0 || errno == EINTR) continue;
    if (errno == EINVAL || errno == ENOSYS || errno == ESPIPE) break;
    return errno;
  }
#endif
  while (fsync(fd) != 0) {
    if (errno == EINTR && !frt_cancelled()) continue;
    return errno == EINVAL || errno == EROFS ? 0 : errno;
  }
  return 0;
}

#ifdef __linux__
/* One syncfs for each file system. */
static int commit_sync_many(FrtRun *r, OutFile *files) {
  dev_t synced = 0;
  int any = 0;
  for (OutFile *f = files; f; f = f->next) {
    struct stat st;
    int fd = f->temp ? commit_open(f) : -1, error = 0;
    if (!f->temp) continue;
    if (fd < 0 || fstat(fd, &st) != 0) error = errno;
    else if ((!any || st.st_dev != synced) && syncfs(fd) != 0) error = errno;
    if (fd >= 0) commit_close(f, fd, 0);
    if (error) return frt_out_fail(r, f, error);
    synced = st.st_dev;
    any = 1;
  }
  return FRT_OK;
}
#endif

static int commit_sync(FrtRun *r, OutFile *files) {
  uint32_t n = 0;
  for (OutFile *f = files; f; f = f->next) n += f->temp != NULL;
#ifdef __linux__
  if (n > COMMIT_FSYNC_MAX) return commit_sync_many(r, files);
#endif
  if (n > 1) commit_start_writeback(files);
  for (OutFile *f = files; f; f = f->next) {
    if (!f->temp) continue;
    int fd = commit_open(f), error = fd < 0 ? errno : 0;
    if (!error) error = commit_close(f, fd, commit_sync_fd(fd, f->bytes));
    if (error) return frt_out_fail(r, f, error);
  }
  return FRT_OK;
}

static JournalKind commit_kind(const OutFile *f) {
  if (f->append_at >= 0) return JOURNAL_APPEND;
  if (f->sink->options.mode == FRT_MODE_CREATE) return JOURNAL_CREATE;
  return f->existed ? JOURNAL_REPLACE : JOURNAL_NEW;
}

/* The one file of a run, where there was none, needs no other name. */
static int commit_alone(FrtRun *r, OutFile *f) {
  if (f->named || f->existed || frt_out_link_fd(f->fd, f->target) != 0) return 0;
  frt_journal_passed = 1;
  char *slash = strrchr(f->target, '/');
  const char *folder = arena_strndup(r->run_arena, f->target, slash == f->target ? 1 : (size_t)(slash - f->target));
  int error = frt_journal_sync_folder(folder);
  if (error) fprintf(stderr, "warning: the output is in place, but its folder could not be synced: %s\n", strerror(error));
  return 1;
}

/* Size of the old file, at the last moment. */
static int commit_old_size(FrtRun *r, OutFile *f) {
  struct stat st;
  if (stat(f->target, &st) != 0) return frt_out_fail(r, f, errno);
  f->append_at = st.st_size;
  return FRT_OK;
}

static int commit_all(FrtRun *r, OutFile *files) {
  OutFile *failed = NULL;
  for (OutFile *f = files; f; f = f->next) {
    if (!f->temp) continue;
    if (frt_out_link(r, f) != FRT_OK) return FRT_FATAL;
    if (f->append_at >= 0 && commit_old_size(r, f) != FRT_OK) return FRT_FATAL;
    JournalEntry *e = frt_journal_add(r->journal, commit_kind(f), f->target, f->temp, f->temp_number);
    e->append_at = f->append_at;
    failed = failed ? failed : f;
  }
  const JournalEntry *e;
  int error = frt_journal_commit(r->journal, &e);
  if (!error) return FRT_OK;
  for (OutFile *f = files; f && e; f = f->next)
    if (f->temp && f->temp_number == e->number) failed = f;
  return frt_out_fail(r, failed, error);
}

int frt_commit(FrtRun *r, OutFile *files) {
  int status = commit_sync(r, files);
  uint32_t n = 0;
  for (OutFile *f = files; f; f = f->next) n += f->temp != NULL;
  OutFile *one = files;
  while (n == 1 && !one->temp) one = one->next;
  if (status == FRT_OK && !(n == 1 && commit_alone(r, one))) status = commit_all(r, files);
  if (status == FRT_OK) frt_temps_forget();
  return status;
}

void frt_rollback(void) {
  if (!frt_journal_passed) frt_temps_remove();
  frt_temps_forget();
}
