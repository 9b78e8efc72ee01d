/* out_pool.c: see out_pool.h.
 *
 * Descriptors: files are in a list by last use, and the one that was used the longest ago is closed when another is opened; it
 * is opened again when its buffer is full, so that a row never costs a system call. Some descriptors are left for all that a run
 * opens besides.
 *
 * Memory: buffers have a share of the budget. Sinks with one file divide it; a file of a partitioned sink has less the more of
 * them there are, and loses its buffer when the share is used up (sink.c).
 *
 * Compressors hold up to some MiB each. As long as all have room in the share, each file has its own and is one frame;
 * otherwise each buffer becomes a frame (a member of gzip) by a compressor that the files share. */
#include "io/out_pool.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/budget.h"
#include "sched/run_internal.h"

enum {
  POOL_OPEN_SPARE = 128,                 /* descriptors for sources, spill files, the journal */
  POOL_OPEN_SPLIT = 4096,                /* files of partitioned sinks that are open at once, at most */
  POOL_SHARE_LEAST = 1024 * 1024, POOL_SHARE_MOST = 64 * 1024 * 1024,
  POOL_UNCOUNTED = 1024 * 1024,          /* the budget has room for so much anyway */
  POOL_BUFFER = 256 * 1024, POOL_BUFFER_SPLIT = 32 * 1024, POOL_BUFFER_LEAST = 4 * 1024,
  POOL_BUFFER_FRAME = 64 * 1024, POOL_BUFFER_FRAME_LEAST = 16 * 1024,
  POOL_GZIP_SIZE = 400 * 1024, POOL_ZSTD_SIZE = 4 * 1024 * 1024, POOL_ZSTD_HIGH_SIZE = 48 * 1024 * 1024,
  POOL_ZSTD_HIGH = 12                    /* levels from here on */
};

typedef struct OutShared {
  struct OutShared *next;
  uint32_t compress;
  int level;
  struct OutCodec *codec;
} OutShared;

/* How many files may be open when the sinks would like `want`. */
static uint32_t pool_raise_limit(uint64_t want) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return (uint32_t)POOL_OPEN_SPARE;
  rlim_t wish = (rlim_t)want + POOL_OPEN_SPARE;
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < wish) {
    struct rlimit more = limit;
    more.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wish ? wish : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) limit = more;
  }
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wish) return (uint32_t)want;
  return (uint32_t)(limit.rlim_cur >= 2 * POOL_OPEN_SPARE ? limit.rlim_cur - POOL_OPEN_SPARE : limit.rlim_cur / 2);
}

OutPool *frt_pool_new(FrtRun *r) {
  const FrtModule *m = r->module;
  OutPool *p = arena_alloc(r->run_arena, sizeof *p);
  uint64_t want = POOL_OPEN_SPARE;
  for (uint32_t i = 0; i < m->sink_len; i++) {
    want += m->sinks[i].partitioned ? POOL_OPEN_SPLIT : 1;
    p->fixed_len += !m->sinks[i].partitioned;
    p->packed_len += !m->sinks[i].partitioned && m->sinks[i].options.compress != FRT_COMPRESS_NONE;
  }
  p->open_max = pool_raise_limit(want < UINT32_MAX / 2 ? want : UINT32_MAX / 2);
  uint64_t share = frt_budget_total() / 8;
  p->share = share < POOL_SHARE_LEAST ? POOL_SHARE_LEAST : share > POOL_SHARE_MOST ? POOL_SHARE_MOST : (size_t)share;
  return p;
}

/* ---- descriptors ---- */

void frt_pool_drop(OutPool *p, OutFile *f) {
  if (!f->pooled) return;
  *(f->fd_newer ? &f->fd_newer->fd_older : &p->newest) = f->fd_older;
  *(f->fd_older ? &f->fd_older->fd_newer : &p->oldest) = f->fd_newer;
  f->fd_newer = f->fd_older = NULL;
  f->pooled = 0;
  p->open_len--;
}

void frt_pool_use(OutPool *p, OutFile *f) {
  if (p->newest == f) return;
  frt_pool_drop(p, f);
  f->fd_older = p->newest;
  *(p->newest ? &p->newest->fd_newer : &p->oldest) = f;
  p->newest = f;
  f->pooled = 1;
  p->open_len++;
}

int frt_pool_open(FrtRun *r, const char *path, int flags, mode_t mode) {
  OutPool *p = r->pool;
  while (p->open_len >= p->open_max && p->oldest)
    if (frt_out_park(r, p->oldest) != FRT_OK) return -1;
  for (;;) {
    int fd = frt_open_file(path, flags, mode), error = errno;
    if (fd >= 0 || (error != EMFILE && error != ENFILE) || !p->oldest) return fd;
    if (frt_out_park(r, p->oldest) != FRT_OK) return -1;
    errno = error;
  }
}

/* ---- memory ---- */

static size_t pool_between(size_t least, size_t n, size_t most) { return n < least ? least : n > most ? most : n; }

size_t frt_pool_buffer_size(const OutPool *p, const OutFile *f) {
  size_t least = f->frames ? POOL_BUFFER_FRAME_LEAST : POOL_BUFFER_LEAST;
  if (!f->sink->partitioned) return pool_between(least, p->share / p->fixed_len, POOL_BUFFER);
  return pool_between(least, p->share / 4 / (p->split_len + 1), f->frames ? POOL_BUFFER_FRAME : POOL_BUFFER_SPLIT);
}

/* The budget knows of what is more than a few buffers. */
void frt_pool_resize(OutPool *p, size_t from, size_t to) {
  p->held += to - from;
  size_t counted = p->held > POOL_UNCOUNTED ? p->held - POOL_UNCOUNTED : 0;
  if (counted > p->counted) frt_hold_buffer(counted - p->counted);
  else frt_unreserve(NULL, p->counted - counted);
  p->counted = counted;
}

int frt_pool_has_room(const OutPool *p, size_t size) { return p->held + size <= p->share; }

/* ---- compressors ---- */

static size_t pool_codec_size(const FrtSinkOptions *o) {
  if (o->compress == FRT_COMPRESS_GZIP) return POOL_GZIP_SIZE;
  return o->level < POOL_ZSTD_HIGH ? POOL_ZSTD_SIZE : POOL_ZSTD_HIGH_SIZE;
}

int frt_pool_may_own_codec(const OutPool *p, const OutFile *f) {
  return p->packed_len <= 1 || p->packed_len <= p->share / pool_codec_size(&f->sink->options);
}

struct OutCodec *frt_pool_codec(OutPool *p, const OutFile *f, const char **why) {
  const FrtSinkOptions *o = &f->sink->options;
  for (OutShared *s = p->shared; s; s = s->next)
    if (s->compress == o->compress && s->level == o->level) return s->codec;
  struct OutCodec *codec = frt_codec_new(o->compress, o->level, why);
  if (!codec) return NULL;
  OutShared *s = frt_malloc(sizeof *s);
  *s = (OutShared){p->shared, o->compress, o->level, codec};
  p->shared = s;
  return codec;
}

void frt_pool_end(OutPool *p) {
  while (p->shared) {
    OutShared *s = p->shared;
    p->shared = s->next;
    frt_codec_free(s->codec);
    frt_free(s);
  }
  frt_pool_resize(p, p->held, 0);
}
