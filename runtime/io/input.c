/* input.c: bytes of a file or of standard input, decompressed when they are gzip (RFC 1952) or
 * zstandard (RFC 8878), which is told by the first four bytes.
 *
 * Plain bytes go from read() straight to the caller but for the first few, which were needed to tell.
 * Compressed bytes pass through a buffer of FRT_INPUT_CHUNK. Members and frames that follow one another
 * are one stream; a stream that ends inside one is an error. In a run of several threads they are decompressed by one of
 * their own, ahead of the reader (ahead.h). */
#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "base/stall.h"
#include "io/ahead.h"
#include "io/command.h"

#ifndef FRT_NO_ZLIB
#include <zlib.h>
#endif
#ifndef FRT_NO_ZSTD
#include <zstd.h>
#endif

enum { FRT_INPUT_CHUNK = 128 * 1024, FRT_INPUT_PEEK = 4, INPUT_LOOK_NS = 20 * 1000 * 1000 };

typedef enum InputKind { INPUT_PLAIN, INPUT_GZIP, INPUT_ZSTD } InputKind;

struct FrtInput {
  Arena *arena;              /* for messages */
  const char *path;
  int fd;
  int owns_fd;
  InputKind kind;
  uint64_t size;             /* of the file */
  _Atomic uint64_t raw_bytes; /* taken from it */
  int waits;                 /* no regular file: bytes come when they come */
  FrtAhead *ahead;           /* who decompresses; NULL: the reader does */
  int has_ahead;             /* as that thread sees it */
  _Atomic int stop;          /* it is to end */
  const char *kept;          /* bytes read ahead by frt_input_open_head */
  size_t kept_len, kept_at;
  char *chunk;               /* raw bytes [chunk_at, chunk_len) */
  size_t chunk_at, chunk_len;
  int raw_ended;
  int head;                  /* only the head is there: an early end is no error */
  size_t head_left;          /* raw bytes that may still be read from fd */
  pid_t command;             /* which prints the bytes; 0: none */
  int follows, replaced;
  int64_t idle_us;
  int inside;                /* in the middle of a member or frame */
  int failed;
  int decided;               /* whether there is an `ahead` */
  int refused;               /* read() failed, not what was read */
#ifndef FRT_NO_ZLIB
  z_stream gzip;
  int gzip_ready;
#endif
#ifndef FRT_NO_ZSTD
  ZSTD_DStream *zstd;
#endif
};

/* What frt_input_open_head has read of standard input, for the next open. One run at a time. */
static char *input_kept;
static size_t input_kept_len, input_kept_room;

static ssize_t input_fail(FrtInput *in, const char **why, const char *what) {
  *why = arena_printf(in->arena, "%s: %s", in->path, what);
  in->failed = 1;
  return -1;
}

/* read() that only a wish to end the run interrupts. */
static ssize_t input_read_fd(int fd, char *buf, size_t n) {
  ssize_t got;
  do got = read(fd, buf, n);
  while (got < 0 && errno == EINTR && !frt_cancelled());
  return got;
}

/* A regular file that has become shorter since it was opened: what is missing cannot be told from its end. */
static int input_is_cut(const FrtInput *in) {
  struct stat st;
  return !in->head && in->raw_bytes < in->size && fstat(in->fd, &st) == 0 && (uint64_t)st.st_size < in->size;
}

/* A command that failed may have printed less than it should have. */
static ssize_t input_command_end(FrtInput *in, const char **why) {
  int result = frt_command_wait(in->command);
  in->command = 0;
  if (!result) return 0;
  return input_fail(in, why, result > 0 ? arena_printf(in->arena, "the command ended with exit code %d", result)
                                        : arena_printf(in->arena, "the command was ended by signal %d", -result));
}

/* Whether the followed file is not the one that is read any more, or has become shorter. */
static int input_has_moved(const FrtInput *in) {
  struct stat own, named;
  if (fstat(in->fd, &own) != 0 || (uint64_t)own.st_size < in->raw_bytes) return 1;
  return stat(in->path, &named) == 0 && (named.st_ino != own.st_ino || named.st_dev != own.st_dev);
}

/* At the end of a followed file: reads when there is more. 0 when there will be none. */
static ssize_t input_wait(FrtInput *in, char *buf, size_t n) {
  int64_t until = frt_monotonic_us() + in->idle_us;
  for (;;) {
    int moved = input_has_moved(in);
    ssize_t got = input_read_fd(in->fd, buf, n);   /* also what was added before it was moved */
    if (got) return got;
    if (moved || frt_cancelled() || (in->idle_us && frt_monotonic_us() >= until)) {
      in->replaced = moved;
      return frt_cancelled() ? -1 : 0;
    }
    nanosleep(&(struct timespec){0, INPUT_LOOK_NS}, NULL);
  }
}

/* Raw bytes: those that were kept, then the file's. */
static ssize_t input_read_raw(FrtInput *in, char *buf, size_t n, const char **why) {
  if (in->kept_at < in->kept_len) {
    size_t left = in->kept_len - in->kept_at, take = n < left ? n : left;
    memcpy(buf, in->kept + in->kept_at, take);
    in->kept_at += take;
    in->raw_bytes += take;
    return (ssize_t)take;
  }
  if (in->head && n > in->head_left) n = in->head_left;
  if (n == 0 || in->fd < 0) return 0;
  const char *what = strcmp(in->path, "-") == 0 ? "standard input" : in->path;
  if (in->waits && !frt_stall_read(in->fd, what, in->has_ahead ? &in->stop : NULL)) return input_fail(in, why, "interrupted");
  ssize_t got = input_read_fd(in->fd, buf, n);
  if (got == 0 && in->follows) got = input_wait(in, buf, n);
  in->refused = got < 0;
  if (got < 0) return input_fail(in, why, strerror(errno));
  if (got == 0 && in->command) return input_command_end(in, why);
  if (got == 0 && !in->follows && input_is_cut(in)) return input_fail(in, why, "the file was cut while it was read");
  in->raw_bytes += (uint64_t)got;
  if (in->head) in->head_left -= (size_t)got;
  return got;
}

#if !defined(FRT_NO_ZLIB) || !defined(FRT_NO_ZSTD)
/* Fills an empty chunk. 0 at the end. */
static ssize_t input_fill(FrtInput *in, const char **why) {
  if (in->chunk_at < in->chunk_len) return (ssize_t)(in->chunk_len - in->chunk_at);
  if (in->raw_ended) return 0;
  in->chunk_at = in->chunk_len = 0;
  ssize_t got = input_read_raw(in, in->chunk, FRT_INPUT_CHUNK, why);
  if (got > 0) in->chunk_len = (size_t)got;
  if (got == 0) in->raw_ended = 1;
  return got;
}
#endif

/* ---- what kind of bytes ---- */

static int input_magic(const char *p, size_t n, InputKind *kind) {
  *kind = INPUT_PLAIN;
  if (n >= 3 && memcmp(p, "\x1f\x8b\x08", 3) == 0) *kind = INPUT_GZIP;
  if (n >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0) *kind = INPUT_ZSTD;
  if (n >= 4 && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0) *kind = INPUT_ZSTD;
  return *kind != INPUT_PLAIN;
}

int frt_text_is_utf16(const char *p, size_t n, int guess) {
  if (n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0)) return 1;
  if (n < 4 || !guess) return 0;
  int low = p[0] > 0 && p[2] > 0 && !p[1] && !p[3], high = p[1] > 0 && p[3] > 0 && !p[0] && !p[2];
  return low || high;
}

/* Whether so few bytes may be the first of a magic: others need not be waited for. */
static int input_may_be_magic(const char *p, size_t n) {
  return n == 0 || (n < 3 && memcmp(p, "\x1f\x8b\x08", n) == 0) || (n < 4 && memcmp(p, "\x28\xb5\x2f\xfd", n) == 0) ||
         (n < 4 && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", n - 1) == 0);
}

#ifndef FRT_NO_ZLIB
static int input_gzip_open(FrtInput *in) {
  in->gzip_ready = inflateInit2(&in->gzip, 15 + 16) == Z_OK;
  return in->gzip_ready ? 0 : -1;
}

static ssize_t input_gzip_read(FrtInput *in, char *buf, size_t n, const char **why) {
  in->gzip.next_out = (Bytef *)buf;
  in->gzip.avail_out = (uInt)n;
  while (in->gzip.avail_out == n) {
    ssize_t left = input_fill(in, why);
    if (left < 0) return -1;
    if (left == 0) {
      if (in->inside && !in->head) return input_fail(in, why, "the gzip data ends too early");
      return 0;
    }
    /* Zeros after a member are padding (tapes, tar). */
    while (!in->inside && in->raw_bytes && in->chunk_at < in->chunk_len && in->gzip.total_out == 0 &&
           in->gzip.total_in == 0 && in->chunk[in->chunk_at] == 0) in->chunk_at++;
    if (in->chunk_at == in->chunk_len) continue;
    in->inside = 1;
    in->gzip.next_in = (Bytef *)in->chunk + in->chunk_at;
    in->gzip.avail_in = (uInt)(in->chunk_len - in->chunk_at);
    int rc = inflate(&in->gzip, Z_NO_FLUSH);
    in->chunk_at = in->chunk_len - in->gzip.avail_in;
    if (rc == Z_STREAM_END) {
      in->inside = 0;
      inflateReset(&in->gzip);
    } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
      return input_fail(in, why, "the gzip data is corrupt");
    }
  }
  return (ssize_t)(n - in->gzip.avail_out);
}
#else
static int input_gzip_open(FrtInput *in) { return -1; }
static ssize_t input_gzip_read(FrtInput *in, char *buf, size_t n, const char **why) { return -1; }
#endif

#ifndef FRT_NO_ZSTD
static int input_zstd_open(FrtInput *in) {
  in->zstd = ZSTD_createDStream();
  return in->zstd ? 0 : -1;
}

static ssize_t input_zstd_read(FrtInput *in, char *buf, size_t n, const char **why) {
  ZSTD_outBuffer out = {buf, n, 0};
  while (out.pos == 0) {
    ssize_t left = input_fill(in, why);
    if (left < 0) return -1;
    if (left == 0 && !in->inside) return 0;
    ZSTD_inBuffer from = {in->chunk + in->chunk_at, (size_t)left, 0};
    size_t rc = ZSTD_decompressStream(in->zstd, &out, &from);
    in->chunk_at += from.pos;
    if (ZSTD_isError(rc)) return input_fail(in, why, "the zstd data is corrupt");
    in->inside = rc != 0;
    if (left == 0 && out.pos == 0 && in->inside) {
      if (in->head) return 0;
      return input_fail(in, why, "the zstd data ends too early");
    }
  }
  return (ssize_t)out.pos;
}
#else
static int input_zstd_open(FrtInput *in) { return -1; }
static ssize_t input_zstd_read(FrtInput *in, char *buf, size_t n, const char **why) { return -1; }
#endif

/* Reads until the first bytes tell what the rest is. */
static int input_tell(FrtInput *in, const char **why) {
  in->chunk = frt_malloc(FRT_INPUT_CHUNK);
  while (in->chunk_len < FRT_INPUT_PEEK && input_may_be_magic(in->chunk, in->chunk_len)) {
    ssize_t got = input_read_raw(in, in->chunk + in->chunk_len, FRT_INPUT_CHUNK - in->chunk_len, why);
    if (got < 0) return -1;
    if (got == 0) {
      in->raw_ended = 1;
      break;
    }
    in->chunk_len += (size_t)got;
  }
  if (!input_magic(in->chunk, in->chunk_len, &in->kind)) return 0;
  if (in->kind == INPUT_GZIP && input_gzip_open(in) == 0) return 0;
  if (in->kind == INPUT_ZSTD && input_zstd_open(in) == 0) return 0;
  input_fail(in, why, in->kind == INPUT_GZIP ? "gzip is not supported by this build"
                                             : "zstd is not supported by this build");
  return -1;
}

/* ---- the face ---- */

static int input_open_fd(FrtInput *in, const char **why) {
  struct stat st;
  if (strcmp(in->path, "-") == 0) {
    in->fd = STDIN_FILENO;
    in->kept = input_kept;
    in->kept_len = input_kept_len;
  } else if (!in->owns_fd) {
    do in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
    while (in->fd < 0 && errno == EINTR && !frt_cancelled());
    in->owns_fd = in->fd >= 0;
  }
  if (in->fd < 0 || (fstat(in->fd, &st) != 0 && in->owns_fd)) {
    input_fail(in, why, strerror(errno));
    return -1;
  }
  in->waits = !in->head && fstat(in->fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
  if (in->owns_fd && S_ISDIR(st.st_mode)) {
    input_fail(in, why, strerror(EISDIR));
    return -1;
  }
  if (in->owns_fd && S_ISREG(st.st_mode)) {
    in->size = (uint64_t)st.st_size;
    (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return 0;
}

static FrtInput *input_new(Arena *arena, const char *path) {
  FrtInput *in = arena_alloc(arena, sizeof *in);
  memset(in, 0, sizeof *in);
  in->arena = arena;
  in->path = arena_strndup(arena, path, strlen(path));
  in->fd = -1;
  return in;
}

int frt_input_again(const FrtInput *in) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", in->fd);
  return in->owns_fd ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

FrtInput *frt_input_open(Arena *arena, const char *path, int fd, const char **why) {
  FrtInput *in = input_new(arena, path);
  in->fd = fd;
  in->owns_fd = fd >= 0;
  if (input_open_fd(in, why) == 0 && input_tell(in, why) == 0) {
    if (in->kept) input_kept_len = 0;  /* the bytes are this input's now */
    return in;
  }
  frt_input_close(in);
  return NULL;
}

FrtInput *frt_input_open_command(Arena *arena, const char *name, const char *text, const char **why) {
  FrtInput *in = input_new(arena, name);
  in->fd = frt_command_start(text, &in->command);
  in->owns_fd = in->fd >= 0;
  if (in->fd < 0) input_fail(in, why, strerror(errno));
  else if (input_tell(in, why) == 0) return in;
  frt_input_close(in);
  return NULL;
}

void frt_input_follow(FrtInput *in, int64_t idle_us) {
  if (in->kind != INPUT_PLAIN) return;
  in->follows = 1;
  in->idle_us = idle_us;
  in->raw_ended = 0;
}

int frt_input_is_replaced(const FrtInput *in) { return in->replaced; }

int frt_input_would_wait(const FrtInput *in) {
  struct pollfd p = {.fd = in->fd, .events = POLLIN};
  struct stat st;
  if (in->kind != INPUT_PLAIN || in->kept_at < in->kept_len || in->chunk_at < in->chunk_len || in->raw_ended) return 0;
  if (in->follows) return fstat(in->fd, &st) == 0 && (uint64_t)st.st_size <= in->raw_bytes;
  return !in->size && poll(&p, 1, 0) == 0;
}

/* Keeps up to max bytes of standard input for the next open. */
static int input_keep_stdin(FrtInput *in, size_t max, const char **why) {
  if (input_kept_len == 0 || (input_kept_len == input_kept_room && max > input_kept_room)) {
    input_kept = frt_realloc(input_kept, max);
    input_kept_room = max;
    while (input_kept_len < max) {
      ssize_t got = input_read_fd(STDIN_FILENO, input_kept + input_kept_len, max - input_kept_len);
      if (got < 0) return (int)input_fail(in, why, strerror(errno));
      if (got == 0) break;
      input_kept_len += (size_t)got;
    }
  }
  in->kept = input_kept;
  in->kept_len = input_kept_len;
  return 0;
}

FrtInput *frt_input_open_head(Arena *arena, const char *path, size_t max, const char **why) {
  FrtInput *in = input_new(arena, path);
  in->head = 1;
  in->head_left = max;
  int rc = strcmp(path, "-") == 0 ? input_keep_stdin(in, max, why) : input_open_fd(in, why);
  if (rc == 0 && input_tell(in, why) == 0) return in;
  frt_input_close(in);
  return NULL;
}

static ssize_t input_decompress(void *env, char *buf, size_t n, const char **why) {
  FrtInput *in = env;
  return in->kind == INPUT_GZIP ? input_gzip_read(in, buf, n, why) : input_zstd_read(in, buf, n, why);
}

/* Compressed bytes; the first call decides who decompresses them. */
static ssize_t input_read_packed(FrtInput *in, char *buf, size_t n, const char **why) {
  if (!in->decided) {
    in->decided = 1;
    in->has_ahead = !in->head && frt_parallel_width() > 1;
    in->ahead = in->has_ahead ? frt_ahead_start(input_decompress, in, &in->stop) : NULL;
  }
  return in->ahead ? frt_ahead_read(in->ahead, buf, n, why) : input_decompress(in, buf, n, why);
}

ssize_t frt_input_read(FrtInput *in, char *buf, size_t n, const char **why) {
  if (n > (size_t)1 << 30) n = (size_t)1 << 30;
  if (n && in->kind != INPUT_PLAIN && (in->decided ? in->ahead != NULL : !in->failed)) return input_read_packed(in, buf, n, why);
  if (n == 0 || in->failed) return in->failed ? input_fail(in, why, "cannot be read on") : 0;
  if (in->kind != INPUT_PLAIN) return input_decompress(in, buf, n, why);
  size_t left = in->chunk_len - in->chunk_at;
  if (left == 0) return in->raw_ended ? 0 : input_read_raw(in, buf, n, why);
  if (left > n) left = n;
  memcpy(buf, in->chunk + in->chunk_at, left);
  in->chunk_at += left;
  return (ssize_t)left;
}

int frt_input_seek(FrtInput *in, uint64_t offset, const char **why) {
  in->chunk_at = in->chunk_len = 0;
  in->raw_ended = 0;
  if (lseek(in->fd, (off_t)offset, SEEK_SET) >= 0) return 0;
  return (int)input_fail(in, why, strerror(errno));
}

void frt_input_close(FrtInput *in) {
  if (!in) return;
  frt_ahead_end(in->ahead);
  in->ahead = NULL;
#ifndef FRT_NO_ZLIB
  if (in->gzip_ready) inflateEnd(&in->gzip);
  in->gzip_ready = 0;
#endif
#ifndef FRT_NO_ZSTD
  if (in->zstd) ZSTD_freeDStream(in->zstd);
  in->zstd = NULL;
#endif
  frt_free(in->chunk);
  in->chunk = NULL;
  if (in->command) frt_command_stop(in->command);
  in->command = 0;
  if (in->owns_fd) close(in->fd);
  in->owns_fd = 0;
  in->fd = -1;
}

void frt_input_alone(FrtInput *in) { in->decided = 1; }

int frt_input_may_pass(const FrtInput *in) { return in->failed && in->refused; }

/* A regular file is opened again, for a descriptor may have become useless for good. */
int frt_input_retry(FrtInput *in, const char **why) {
  struct stat was, is;
  in->failed = in->refused = 0;
  if (!in->owns_fd || fstat(in->fd, &was) != 0 || !S_ISREG(was.st_mode)) return 0;
  int fd = open(in->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &is) != 0 || is.st_ino != was.st_ino || is.st_dev != was.st_dev || lseek(fd, lseek(in->fd, 0, SEEK_CUR), SEEK_SET) < 0) {
    if (fd >= 0) close(fd);
    return 0;
  }
  (void)why;
  close(in->fd);
  in->fd = fd;
  return 0;
}

uint64_t frt_input_size(const FrtInput *in) { return in->size; }

uint64_t frt_input_read_bytes(const FrtInput *in) { return in->raw_bytes; }

int frt_input_plain_fd(const FrtInput *in) {
  return in->owns_fd && in->kind == INPUT_PLAIN && in->size && !in->head && !in->follows ? in->fd : -1;
}
