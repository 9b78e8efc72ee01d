/* out_file.c: bytes on their way into one file.
 *
 * A regular file is written without a name, or under a temporary name in its own folder (journal.h), so that a
 * rename can put it into place. Devices, FIFOs and standard output cannot be taken back: they are
 * written directly, as the rows come. */
#include "io/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "io/input.h"
#include "io/journal.h"
#include "io/out_pool.h"
#include "sched/replay.h"
#include "sched/run_internal.h"
#include "text/xxh3.h"

enum { OUT_WRITEBACK_SIZE = 8 * 1024 * 1024 };

int frt_open_file(const char *path, int flags, mode_t mode) {
  int fd;
  do fd = open(path, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

int frt_write_all(int fd, const char *p, size_t n) {
  while (n) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno == EINTR && !frt_cancelled()) continue;
    if (done < 0) return errno;
    if (done == 0) return ENOSPC;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

int frt_write_all_at(int fd, const char *p, size_t n, uint64_t at) {
  while (n) {
    ssize_t done = pwrite(fd, p, n, (off_t)at);
    if (done < 0 && errno == EINTR && !frt_cancelled()) continue;
    if (done <= 0) return done < 0 ? errno : ENOSPC;
    p += done;
    at += (uint64_t)done;
    n -= (size_t)done;
  }
  return 0;
}

int frt_out_fail(FrtRun *r, OutFile *f, int error) {
  f->error = error;
  if (f->soft) return FRT_FATAL;
  f->failed = f->closed = 1;
  int masked = f->sink->partitioned && r->module->ops[f->sink->op].masked;
  const char *text = arena_printf(r->run_arena, "%s: %s", masked ? "***" : f->is_stdout ? "standard output" : f->path, strerror(error));
  return frt_fatal(r->cx, f->sink->op, FRT_E_WRITE, (FrtStr){text, (uint32_t)strlen(text), 0});
}

static int out_refuse_as(FrtRun *r, OutFile *f, const char *text) {
  f->failed = f->closed = 1;
  return frt_fatal(r->cx, f->sink->op, FRT_E_WRITE, (FrtStr){text, (uint32_t)strlen(text), 0});
}

static int out_refuse(FrtRun *r, OutFile *f, const char *why) {
  return out_refuse_as(r, f, arena_printf(r->run_arena, "%s: %s", f->path, why));
}

/* The absolute name behind symbolic links of the folder, and of the file itself when it is a link. */
static char *out_resolve(FrtRun *r, const char *path) {
  struct stat st;
  char *real = NULL;
  int found = lstat(path, &st) == 0;
  if (!found && errno != ENOENT) return NULL;
  if (found && S_ISLNK(st.st_mode)) {
    real = realpath(path, NULL);
    if (!real && errno != ENOENT) return NULL;   /* one that leads nowhere is replaced itself */
    char *copy = real ? arena_strndup(r->run_arena, real, strlen(real)) : NULL;
    free(real);
    if (copy) return copy;
  }
  const char *slash = strrchr(path, '/');
  char *folder = slash ? arena_strndup(r->run_arena, path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
  real = realpath(folder ? folder : ".", NULL);
  if (!real) return NULL;
  const char *base = slash ? slash + 1 : path;
  char *target = arena_printf(r->run_arena, "%s%s%s", strcmp(real, "/") == 0 ? "" : real, "/", base);
  free(real);
  return target;
}

int frt_out_link_fd(int fd, const char *name) {
  char own[64];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

int frt_out_link(FrtRun *r, OutFile *f) {
  if (f->named) return FRT_OK;
  int error = frt_journal_mark(r->journal, f->temp);
  frt_temp_note(f->temp);
  if (!error) error = frt_out_link_fd(f->fd, f->temp);
  f->named = !error;
  return error ? frt_out_fail(r, f, error) : FRT_OK;
}

/* What is written in parallel is read again for its sum. */
static int out_flags(const FrtRun *r) { return r->options->stats ? O_RDWR : O_WRONLY; }

/* A file without a name, or -1. Without /proc it could never get one. */
static int out_open_nameless(FrtRun *r, const char *folder) {
#ifdef O_TMPFILE
  static int proc;               /* 0: not known, -1: there is none */
  if (!proc) proc = access("/proc/self/fd", X_OK) == 0 ? 1 : -1;
  return proc > 0 ? frt_pool_open(r, folder, out_flags(r) | O_TMPFILE, 0666) : -1;
#else
  return -1;
#endif
}

static int out_create_temp(FrtRun *r, OutFile *f, const char *folder, mode_t mode) {
  f->temp = frt_journal_temp(r->journal, f->target, &f->temp_number);
  f->fd = out_open_nameless(r, folder);
  if (f->fd < 0) {
    int error = frt_journal_mark(r->journal, f->temp);
    frt_temp_note(f->temp);
    if (!error) f->fd = frt_pool_open(r, f->temp, out_flags(r) | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
    if (f->fd < 0) return frt_out_fail(r, f, error ? error : errno);
    f->named = 1;
  }
  frt_pool_use(r->pool, f);
  if (mode && fchmod(f->fd, mode) != 0 && errno != EPERM) return frt_out_fail(r, f, errno);
  return FRT_OK;
}

static char *out_folder(FrtRun *r, const OutFile *f) {
  const char *slash = strrchr(f->target, '/');
  return arena_strndup(r->run_arena, f->target, slash == f->target ? 1 : (size_t)(slash - f->target));
}

/* A device or FIFO; one that nobody reads yet is waited for. */
static int out_open_direct(const OutFile *f) {
  int fd;
  do fd = open(f->target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  while (fd < 0 && errno == EINTR && !frt_cancelled());
  return fd;
}

static int out_open_once(FrtRun *r, OutFile *f) {
  struct stat st;
  f->fd = -1;
  f->append_at = -1;
  if (f->is_stdout) {
    f->direct = 1;
    f->fd = STDOUT_FILENO;
    return FRT_OK;
  }
  const char *why = NULL, *path = f->path[0] == '~' || !f->sink->partitioned ? frt_path_local(r->run_arena, f->path, &why) : f->path;
  if (!path) return out_refuse_as(r, f, why);
  size_t len = strlen(path);
  if (!len) return out_refuse(r, f, "an empty path");
  if (path[len - 1] == '/') return frt_out_fail(r, f, EISDIR);
  int error = frt_make_folders(path);
  if (error) return frt_out_fail(r, f, error);
  f->target = out_resolve(r, path);
  if (!f->target) return frt_out_fail(r, f, errno);
  const char *folder = out_folder(r, f);
  if (frt_journal_visit(r->journal, folder, &why) != 0) return out_refuse_as(r, f, why);
  f->existed = stat(f->target, &st) == 0;
  if (!f->existed && errno != ENOENT) return frt_out_fail(r, f, errno);
  if (f->existed && S_ISDIR(st.st_mode)) return frt_out_fail(r, f, EISDIR);
  if (f->existed && !S_ISREG(st.st_mode)) {
    f->direct = 1;
    f->fd = out_open_direct(f);
    return f->fd < 0 ? frt_out_fail(r, f, errno) : FRT_OK;
  }
  if (f->existed && f->sink->options.mode == FRT_MODE_CREATE)
    return out_refuse(r, f, "the file exists, and mode = \"create\" does not replace it");
  if (f->existed && access(f->target, W_OK) != 0) return frt_out_fail(r, f, errno);
  const struct FrtReplay *replay = r->options->replay;
  int letters = replay && f->sink->options.format == FRT_FMT_DEADLETTER && strcmp(f->target, replay->target) == 0;
  if (f->existed && !letters && f->sink->options.mode == FRT_MODE_APPEND && st.st_size > 0) f->append_at = st.st_size;
  return out_create_temp(r, f, folder, f->existed ? st.st_mode & 07777 : 0);
}

/* How often the operator of the file tries; a file of the runtime's own has none. */
static uint32_t out_retries(const FrtRun *r, const OutFile *f) {
  return f->sink->op < r->module->op_len ? r->module->ops[f->sink->op].retries : 0;
}

/* Whether the operator of the file tries again after `error`. */
static int out_retry(FrtRun *r, const OutFile *f, int error, uint32_t *tried) {
  int masked = f->sink->partitioned && r->module->ops[f->sink->op].masked;
  return error != EPIPE && out_retries(r, f) &&
         frt_retry(r, f->sink->op, tried, arena_printf(r->run_arena, "%s: %s", masked ? "***" : f->path, strerror(error)));
}

int frt_out_open_target(FrtRun *r, OutFile *f) {
  uint32_t tried = 0;
  for (;;) {
    f->soft = out_retries(r, f) > tried;
    f->error = 0;
    int rc = out_open_once(r, f);
    int again = rc != FRT_OK && f->soft && f->error && out_retry(r, f, f->error, &tried);
    if (!again && rc != FRT_OK && f->soft && f->error) {   /* a signal has ended the wait */
      f->soft = 0;
      return frt_out_fail(r, f, f->error);
    }
    f->soft = 0;
    if (!again) return rc;
  }
}

int frt_out_wake(FrtRun *r, OutFile *f) {
  if (f->awake) return FRT_OK;
  if (r->options->stats && !f->sum) {
    f->sum = arena_alloc(r->run_arena, sizeof *f->sum);
    frt_xxh3_start(f->sum);
  }
  if (f->fd < 0 && f->direct && !f->closed) {
    f->fd = out_open_direct(f);
    if (f->fd < 0) return frt_out_fail(r, f, errno);
  }
  const char *why = NULL;
  if (f->sink->options.compress != FRT_COMPRESS_NONE && !f->codec && !f->frames) {
    f->frames = !frt_pool_may_own_codec(r->pool, f);
    f->codec = f->frames ? NULL : frt_codec_new(f->sink->options.compress, f->sink->options.level, &why);
    if (!f->codec && !f->frames) return out_refuse(r, f, why);
  }
  frt_out_fit(r, f, 0, 0);
  f->out.at = f->buffer;
  f->awake = 1;
  return FRT_OK;
}

void frt_out_fit(FrtRun *r, OutFile *f, size_t part, size_t need) {
  size_t usual = f->usual_size ? f->usual_size : frt_pool_buffer_size(r->pool, f);
  size_t size = usual < part + need ? part + need : usual;
  f->usual_size = usual;
  if (size == f->buffer_size) return;
  frt_pool_resize(r->pool, f->buffer_size, size);
  f->buffer_size = size;
  f->buffer = frt_realloc(f->buffer, size);
  f->out.at = f->buffer + part;
  f->out.end = f->buffer + size;
}

/* Whether rows of the file reach anybody. */
static int out_is_live(const FrtRun *r, const OutFile *f) {
  return !f->closed && (f->fd >= 0 || f->temp) && !(r->options->dry_run && f->direct);
}

/* Lets the disk begin early, so that the fsync of the commit is short. */
static void out_start_writeback(OutFile *f) {
#ifdef __linux__
  if (f->bytes - f->written_back < OUT_WRITEBACK_SIZE) return;
  sync_file_range(f->fd, (off_t)f->written_back, (off_t)(f->bytes - f->written_back), SYNC_FILE_RANGE_WRITE);
#endif
  f->written_back = f->bytes;
}

/* Writes on where it stopped, as often as the operator may try. 0 or errno. */
static int out_write_all(FrtRun *r, OutFile *f, const char *p, size_t n) {
  uint32_t tried = 0;
  while (n) {
    ssize_t done = write(f->fd, p, n);
    if (done < 0 && errno == EINTR && !frt_cancelled()) continue;
    int error = done < 0 ? errno : done == 0 ? ENOSPC : 0;
    if (error && !out_retry(r, f, error, &tried)) return error;
    if (error) continue;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

typedef struct OutBytes { FrtRun *r; OutFile *f; } OutBytes;

static int out_write_codec(void *context, const char *p, size_t n) {
  OutBytes *o = context;
  return out_write_all(o->r, o->f, p, n);
}

/* The descriptor of a file that was parked. */
static int out_reopen(FrtRun *r, OutFile *f) {
  if (f->fd >= 0) {
    if (f->pooled) frt_pool_use(r->pool, f);
    return FRT_OK;
  }
  f->fd = frt_pool_open(r, f->temp, O_WRONLY | O_APPEND | O_NOFOLLOW, 0);
  if (f->fd < 0) return frt_out_fail(r, f, errno);
  f->reopened = 1;
  frt_pool_use(r->pool, f);
  return FRT_OK;
}

static int out_write_frames(FrtRun *r, OutFile *f, const char *p, size_t n, int *error) {
  const char *why = NULL;
  if (!n && f->bytes) return FRT_OK;
  struct OutCodec *codec = frt_pool_codec(r->pool, f, &why);
  if (!codec) return out_refuse(r, f, why);
  *error = frt_codec_write(codec, out_write_codec, &(OutBytes){r, f}, p, n, 1, &f->bytes, f->sum);
  return FRT_OK;
}

static int out_write_bytes(FrtRun *r, OutFile *f, const char *p, size_t n, int end) {
  f->text_bytes += n;
  if (!out_is_live(r, f)) return f->failed ? FRT_FATAL : FRT_OK;
  if (!n && !end) return FRT_OK;
  int error = 0;
  if (f->temp && out_reopen(r, f) != FRT_OK) return FRT_FATAL;
  if (f->codec) {
    error = frt_codec_write(f->codec, out_write_codec, &(OutBytes){r, f}, p, n, end, &f->bytes, f->sum);
  } else if (f->frames) {
    if (out_write_frames(r, f, p, n, &error) != FRT_OK) return FRT_FATAL;
  } else {
    error = f->reserved ? frt_write_all_at(f->fd, p, n, f->bytes) : out_write_all(r, f, p, n);
    f->bytes += error ? 0 : n;
    if (!error && f->sum) frt_xxh3_add(f->sum, p, n);
  }
  if (!error && f->temp) out_start_writeback(f);
  if (error == EPIPE) {
    f->closed = 1;
    return FRT_OK;
  }
  return error ? frt_out_fail(r, f, error) : FRT_OK;
}

static int out_write(FrtRun *r, OutFile *f, int end) {
  size_t n = f->buffer ? (size_t)(f->out.at - f->buffer) : 0;
  f->out.at = f->buffer;
  return out_write_bytes(r, f, f->buffer, n, end);
}

int frt_out_flush(FrtRun *r, OutFile *f) { return out_write(r, f, 0); }

int frt_out_append(FrtRun *r, OutFile *f, const char *p, size_t n) {
  int status = out_write(r, f, 0);
  return status == FRT_OK ? out_write_bytes(r, f, p, n, 0) : status;
}

int frt_out_reserve(FrtRun *r, OutFile *f, size_t n, uint64_t *at) {
  if (out_retries(r, f) || !f->temp || !f->awake || f->codec || f->frames || f->append_at >= 0 || f->sink->partitioned || !out_is_live(r, f)) return 0;
  if (f->reopened || f->fd < 0 || r->pool->fixed_len > r->pool->open_max / 2) return 0;
  if (frt_out_flush(r, f) != FRT_OK) return FRT_FATAL;
  f->reserved = 1;
  frt_pool_drop(r->pool, f);
  *at = f->bytes;
  f->bytes += n;
  f->text_bytes += n;
  out_start_writeback(f);
  return 1;
}

static void out_free(FrtRun *r, OutFile *f) {
  frt_codec_free(f->codec);
  f->codec = NULL;
  frt_free(f->buffer);
  frt_pool_resize(r->pool, f->buffer_size, 0);
  f->buffer_size = f->usual_size = 0;
  f->buffer = f->out.at = f->out.end = NULL;
  f->awake = 0;
}

static int out_close(FrtRun *r, OutFile *f) {
  int fd = f->fd;
  f->fd = -1;
  frt_pool_drop(r->pool, f);
  return close(fd) != 0 && errno != EINTR ? frt_out_fail(r, f, errno) : FRT_OK;
}

int frt_out_park(FrtRun *r, OutFile *f) {
  if (f->fd < 0) return FRT_OK;
  int status = frt_out_link(r, f), closed = out_close(r, f);
  return status == FRT_OK ? closed : status;
}

int frt_out_sleep(FrtRun *r, OutFile *f) {
  if (!f->awake) return FRT_OK;
  int status = out_write(r, f, 1);
  if (!f->temp) frt_out_discard(r, f);
  else out_free(r, f);
  return status;
}

/* Places of a file that was written in parallel are not summed up in their order: it is read. */
static int out_sum_again(OutFile *f) {
  enum { PIECE = 256 * 1024 };
  char *piece = frt_malloc(PIECE);
  uint64_t at = 0;
  frt_xxh3_start(f->sum);
  while (at < f->bytes) {
    size_t want = f->bytes - at < PIECE ? (size_t)(f->bytes - at) : PIECE;
    ssize_t got = pread(f->fd, piece, want, (off_t)at);
    if (got < 0 && errno == EINTR && !frt_cancelled()) continue;
    if (got <= 0) break;
    frt_xxh3_add(f->sum, piece, (size_t)got);
    at += (uint64_t)got;
  }
  frt_free(piece);
  return at == f->bytes;
}

static void out_sum(OutFile *f) {
  if (!f->sum || f->failed || f->closed || (f->reserved && !out_sum_again(f))) return;
  f->total = frt_xxh3_sum(f->sum);
  f->summed = 1;
}

int frt_out_finish(FrtRun *r, OutFile *f) {
  int status = frt_out_sleep(r, f);
  if (status == FRT_OK) out_sum(f);
  return status == FRT_OK && f->temp && f->named ? frt_out_park(r, f) : status;
}

void frt_out_discard(FrtRun *r, OutFile *f) {
  if (f->fd >= 0 && !f->is_stdout) close(f->fd);
  f->fd = -1;
  frt_pool_drop(r->pool, f);
  out_free(r, f);
}
