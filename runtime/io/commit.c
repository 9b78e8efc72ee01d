/* commit.c: all sinks of a run become visible together, or none does.
 *
 * 1. Every temporary file is on disk (fsync; one syncfs when there are many). 2. Rows of `append` sinks
 * are added to their files, whose old sizes are known. 3. Every other file is renamed into place, its
 * old content kept under a second name. When a step fails, what was done is taken back: the old names are
 * restored, appended files cut to their old size. 4. The second names are removed. Folders are not synced: after a
 * loss of power each file is the old one or the new one, whole.
 *
 * The names of temporary files are kept in a list of their own that the signal handler can walk: a name
 * is added before it can matter and never moves. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/out_file.h"
#include "sched/run_internal.h"

enum { COMMIT_FSYNC_MAX = 64 /* more files than that: one syncfs */, COMMIT_COPY_SIZE = 64 * 1024 };

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

/* Lets the disk begin with all files, so that the first fsync's journal entry serves the others too. */
static void commit_start_writeback(const OutFile *files) {
#ifdef __linux__
  for (const OutFile *f = files; f; f = f->next) {
    int fd = f->temp ? open(f->temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0) continue;
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    close(fd);
  }
#endif
}

static int commit_sync(FrtRun *r, OutFile *files) {
  uint32_t n = 0;
  for (OutFile *f = files; f; f = f->next) n += f->temp != NULL;
  if (n > 1 && n <= COMMIT_FSYNC_MAX) commit_start_writeback(files);
  for (OutFile *f = files; f; f = f->next) {
    if (!f->temp) continue;
    int fd = open(f->temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return frt_out_fail(r, f, errno);
#ifdef __linux__
    int failed = n > COMMIT_FSYNC_MAX ? syncfs(fd) : fsync(fd);
#else
    int failed = fsync(fd);
#endif
    int error = errno;
    close(fd);
    if (failed && error != EINVAL && error != EROFS) return frt_out_fail(r, f, error);
#ifdef __linux__
    if (n > COMMIT_FSYNC_MAX) break;
#endif
  }
  return FRT_OK;
}

static int commit_copy(int from, int to) {
  char buffer[COMMIT_COPY_SIZE];
  for (;;) {
    ssize_t n = read(from, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return fsync(to) && errno != EINVAL ? errno : 0;
    int error = frt_write_all(to, buffer, (size_t)n);
    if (error) return error;
  }
}

/* Adds the rows to the end of the old file. */
static int commit_append(FrtRun *r, OutFile *f) {
  int from = open(f->temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  int to = open(f->target, O_WRONLY | O_APPEND | O_CLOEXEC);
  int error = from < 0 || to < 0 ? errno : 0;
  struct stat st;
  if (!error && fstat(to, &st) == 0) f->append_at = st.st_size;
  if (!error) {
    f->placed = 1;
    error = commit_copy(from, to);
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  return error ? frt_out_fail(r, f, error) : FRT_OK;
}

static int commit_rename(FrtRun *r, OutFile *f) {
  if (f->sink->options.mode == FRT_MODE_CREATE) {
    if (link(f->temp, f->target) == 0) {
      f->placed = 1;
      unlink(f->temp);
      return FRT_OK;
    }
    if (errno != EPERM && errno != EOPNOTSUPP) return frt_out_fail(r, f, errno);
  }
  if (f->existed) {
    f->backup = arena_printf(r->run_arena, "%s.old", f->temp);
    if (link(f->target, f->backup) == 0) frt_temp_note(f->backup);
    else f->backup = NULL;
  }
  if (rename(f->temp, f->target) != 0) return frt_out_fail(r, f, errno);
  f->placed = 1;
  return FRT_OK;
}

static void commit_take_back(OutFile *files) {
  for (OutFile *f = files; f; f = f->next) {
    if (!f->placed) continue;
    if (f->append_at >= 0) {
      if (truncate(f->target, f->append_at) != 0)
        fprintf(stderr, "warning: %s: rows that were appended could not be taken back\n", f->path);
    } else if (f->backup) {
      rename(f->backup, f->target);
    } else if (!f->existed) {
      unlink(f->target);
    }
    f->placed = 0;
  }
}

int frt_commit(FrtRun *r, OutFile *files) {
  int status = commit_sync(r, files);
  for (int rename_now = 0; rename_now < 2; rename_now++)
    for (OutFile *f = files; f && status == FRT_OK; f = f->next)
      if (f->temp && (f->append_at < 0) == rename_now) status = rename_now ? commit_rename(r, f) : commit_append(r, f);
  if (status != FRT_OK) {
    commit_take_back(files);
    return status;
  }
  for (OutFile *f = files; f; f = f->next) {
    if (f->backup) unlink(f->backup);
    if (f->temp && f->append_at >= 0) unlink(f->temp);
  }
  frt_temps_forget();
  return FRT_OK;
}

void frt_rollback(void) {
  frt_temps_remove();
  frt_temps_forget();
}
