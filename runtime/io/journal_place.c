/* journal_place.c: one file of a commit is put into place, or taken back. System calls alone, so that a child that
 * shares the memory may do it. `again`: an earlier process may have done the step, or a part of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/journal.h"
#include "io/out_file.h"

enum { PLACE_COPY_SIZE = 32 * 1024 };

int frt_journal_sync_folder(const char *folder) {
  int fd = frt_open_file(folder, O_RDONLY | O_DIRECTORY, 0);
  if (fd < 0) return errno;
  int error = 0;
  while (fsync(fd) != 0) {
    if (errno == EINTR) continue;
    error = errno == EINVAL || errno == EROFS || errno == ENOTSUP ? 0 : errno;
    break;
  }
  close(fd);
  return error;
}

/* Unlike frt_write_all this is not given up on a signal. */
static int place_write(int fd, const char *p, size_t n) {
  while (n) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done ? errno : ENOSPC;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

static ssize_t place_read(int fd, char *p, size_t n, off_t at) {
  ssize_t got;
  do got = pread(fd, p, n, at);
  while (got < 0 && errno == EINTR);
  return got;
}

/* How many bytes of `to` from `at` on are the first of `from`, at most n: all of them, or -1. */
static int64_t place_same(int to, int from, off_t at, int64_t n) {
  char a[PLACE_COPY_SIZE], b[PLACE_COPY_SIZE];
  for (int64_t done = 0; done < n;) {
    size_t want = n - done < PLACE_COPY_SIZE ? (size_t)(n - done) : PLACE_COPY_SIZE;
    ssize_t x = place_read(to, a, want, at + done), y = place_read(from, b, want, done);
    if (x <= 0 || y <= 0) return -1;
    if (y < x) x = y;
    if (memcmp(a, b, (size_t)x) != 0) return -1;
    done += x;
  }
  return n;
}

static int place_copy(int to, int from, off_t at) {
  char buffer[PLACE_COPY_SIZE];
  for (;;) {
    ssize_t n = place_read(from, buffer, sizeof buffer, at);
    if (n < 0) return errno;
    if (n == 0) break;
    int error = place_write(to, buffer, (size_t)n);
    if (error) return error;
    at += n;
  }
  while (fsync(to) != 0)
    if (errno != EINTR) return errno == EINVAL ? 0 : errno;
  return 0;
}

/* The rows that are already there are found by their bytes; where the file has others, somebody else appended in
 * between, and all rows go behind them. */
static int place_append(JournalEntry *e, int again) {
  struct stat old, rows;
  int from = frt_open_file(e->temp, O_RDONLY | O_NOFOLLOW, 0), error = from < 0 ? errno : 0;
  int to = error ? -1 : frt_open_file(e->target, O_RDWR | O_APPEND, 0);
  if (!error && to < 0) error = errno;
  if (!error && (fstat(from, &rows) != 0 || fstat(to, &old) != 0)) error = errno;
  if (!error) {
    int64_t more = (int64_t)old.st_size - e->append_at, there = more > rows.st_size ? rows.st_size : more;
    if (more <= 0 || place_same(to, from, e->append_at, there) < 0) {
      e->append_at = old.st_size;
      there = 0;
    }
    e->placed = 1;
    if (there < rows.st_size) error = place_copy(to, from, there);
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  return again && error == ENOENT ? 0 : error;
}

static int place_is_same_file(const char *a, const char *b) {
  struct stat x, y;
  return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The file system refuses the target's second name, or a file is there. */
static int place_create(JournalEntry *e, int again) {
  if (link(e->temp, e->target) != 0) {
    int error = errno;
    if (again && error == ENOENT) return 0;
    if (error == EEXIST && !(again && place_is_same_file(e->temp, e->target))) return error;
    if (error != EEXIST) {
      if (error != EPERM && error != EOPNOTSUPP && error != ENOSYS && error != EMLINK) return error;
      if (access(e->target, F_OK) == 0) return EEXIST;
      if (rename(e->temp, e->target) != 0) return errno;
    }
  }
  e->placed = 1;
  unlink(e->temp);
  return 0;
}

int frt_journal_place(JournalEntry *e, int again) {
  if (e->kind == JOURNAL_APPEND) return place_append(e, again);
  if (e->kind == JOURNAL_CREATE) return place_create(e, again);
  if (rename(e->temp, e->target) != 0) return again && errno == ENOENT ? 0 : errno;
  e->placed = 1;
  return 0;
}

static int place_cut(const JournalEntry *e) {
  struct stat now, rows;
  int from = frt_open_file(e->temp, O_RDONLY | O_NOFOLLOW, 0), error = from < 0 ? errno : 0;
  int to = error ? -1 : frt_open_file(e->target, O_RDWR, 0);
  if (!error && to < 0) error = errno;
  if (!error && (fstat(from, &rows) != 0 || fstat(to, &now) != 0)) error = errno;
  if (!error && now.st_size > e->append_at) {
    int64_t more = (int64_t)now.st_size - e->append_at;
    if (more > rows.st_size || place_same(to, from, e->append_at, more) < 0) error = EBUSY;
    else if (ftruncate(to, e->append_at) != 0) error = errno;
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  return error;
}

int frt_journal_take_back(JournalEntry *e, int again) {
  int error = 0;
  if (e->kind == JOURNAL_APPEND) {
    error = place_cut(e);
  } else if (e->kind == JOURNAL_REPLACE) {
    if (e->backup && rename(e->backup, e->target) != 0) error = errno;
    if (!e->backup) error = ENOTSUP;
  } else if (!again || access(e->temp, F_OK) != 0 || place_is_same_file(e->temp, e->target)) {
    if (unlink(e->target) != 0) error = errno;
  }
  if (again && error == ENOENT) error = 0;
  if (!error) e->placed = 0;
  return error;
}
