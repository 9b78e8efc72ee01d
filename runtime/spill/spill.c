/* spill.c: runs of bytes in one unnamed file, see spill.h.
 *
 *   file:  head | block | block | ...        blocks of all runs, in the order in which they were full
 *   head:  magic, version, layout, block size, sum
 *   block: sum, offset of the block in the file, run, number in the run, raw size, stored size | bytes
 *
 * The sum (XXH3-64) covers the rest of the block's head and its stored bytes, so that a block that is read from the wrong
 * place is found too. Bytes are LZ4 blocks (doc/lz4_Block_format.md of the LZ4 project), or raw where that is not smaller.
 * Which blocks belong to a run is known in memory alone: a spill file never outlives its run. Numbers are in the machine's
 * own order for the same reason. */
#include "spill/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/budget.h"
#include "sched/run_internal.h"

#ifndef FRT_NO_LZ4
#include <lz4.h>
#endif

enum {
  SPILL_LOOK = 16 * 1024 * 1024,     /* bytes between two looks at the free space */
  SPILL_KEEP_FREE = 8 * 1024 * 1024, /* of the disk, for others */
  SPILL_SLACK = 64,
  SPILL_SPEED = 4,                   /* LZ4 looks less closely: rows of numbers take 2% more */
  SPILL_HOLE = 1024 * 1024           /* runs smaller than this wait for the file's end */
};

#define SPILL_MAGIC 0x316c6c697073776full
#define SPILL_VERSION 1u

typedef struct SpillHead {
  uint64_t magic, version, layout, block_size, sum;
} SpillHead;

typedef struct SpillBlockHead {
  uint64_t sum, offset;
  uint32_t run, number;
  uint32_t raw_size, stored_size;    /* equal: not compressed */
} SpillBlockHead;

typedef struct SpillBlock {
  uint64_t offset;                   /* of its head */
  uint32_t raw_size, stored_size;
} SpillBlock;

typedef struct SpillRun {
  char *buffer;
  size_t len, room;                  /* bytes in the buffer */
  SpillBlock *blocks;
  uint32_t block_len, block_room;
  uint64_t size;
} SpillRun;

struct FrtSpill {
  FrtRun *run_of;
  uint32_t op;
  uint32_t number;                   /* of the file in the run of the program, from 1 */
  int fd;
  uint64_t layout;
  size_t block_size;
  SpillRun *runs;
  uint32_t run_len, run_room;
  char *out;                         /* blocks on their way to the disk */
  size_t out_len, out_room;
  uint64_t written, looked, live;    /* bytes in the file; when the free space was looked at; counted against the limit */
  const char *folder;
};

struct FrtSpillReader {
  FrtSpill *spill;
  uint32_t run, at;                  /* the next block */
  char *in, *raw;
  size_t in_room, raw_room;
  uint64_t in_from, in_to;           /* the part of the file that is in `in` */
};

/* ---- failing ---- */

static int spill_fail(FrtCtx *cx, const FrtSpill *s, const char *what) {
  const char *text = arena_printf(cx->run->run_arena, "spill file %u in %s: %s", s->number, s->folder, what);
  return frt_fatal(cx, s->op, FRT_E_SPILL, (FrtStr){text, (uint32_t)strlen(text), 0});
}

static int spill_fail_errno(FrtCtx *cx, const FrtSpill *s, const char *what, int error) {
  return spill_fail(cx, s, arena_printf(cx->run->run_arena, "%s: %s%s", what, strerror(error),
                                        error == ENOSPC || error == EDQUOT || error == EFBIG
                                          ? "; another folder can be given by --temp, or more memory by --memory" : ""));
}

/* ---- the file ---- */

static int spill_is_folder(const char *path) {
  struct stat st;
  return path && *path && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) == 0;
}

const char *frt_spill_folder(const char *temp) {
  if (temp && *temp) return temp;
  const char *own = getenv("TMPDIR");
  if (spill_is_folder(own)) return own;
  return spill_is_folder("/var/tmp") ? "/var/tmp" : "/tmp";
}

/* Without a name from the start; where the file system cannot, a name of its own for a moment. -1: errno. */
static int spill_create(FrtCtx *cx, const char *folder) {
#ifdef O_TMPFILE
  int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)) return fd;
#else
  int fd;
#endif
  char *name = arena_printf(cx->run->run_arena, "%s/.flow-spill-XXXXXX", folder);
  fd = mkstemp(name);
  if (fd < 0) return fd;
  unlink(name);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

static int spill_write(FrtCtx *cx, FrtSpill *s, const char *p, size_t n) {
  while (n) {
    ssize_t done = write(s->fd, p, n);
    if (done < 0 && errno == EINTR && !frt_cancelled()) continue;
    if (done <= 0) return spill_fail_errno(cx, s, "writing", done < 0 ? errno : ENOSPC);
    p += done;
    n -= (size_t)done;
    s->written += (uint64_t)done;
  }
  return FRT_OK;
}

/* The limit of --temp-limit, and the free space of the disk from time to time. */
static int spill_look(FrtCtx *cx, FrtSpill *s, size_t n) {
  FrtSpillCounts *c = &cx->run->spill;
  uint64_t limit = cx->run->options->temp_limit, live = atomic_fetch_add(&c->live, n) + n;
  s->live += n;
  if (limit && live > limit)
    return spill_fail(cx, s, arena_printf(cx->run->run_arena, "more than --temp-limit (%llu bytes) would be needed",
                                          (unsigned long long)limit));
  if (s->looked && s->written - s->looked < SPILL_LOOK) return FRT_OK;
  s->looked = s->written + 1;
  struct statvfs v;
  if (fstatvfs(s->fd, &v) != 0) return FRT_OK;
  uint64_t left = (uint64_t)v.f_bavail * (v.f_frsize ? v.f_frsize : v.f_bsize);
  if (v.f_blocks && left < n + SPILL_KEEP_FREE) return spill_fail_errno(cx, s, "writing", ENOSPC);
  return FRT_OK;
}

static int spill_flush(FrtCtx *cx, FrtSpill *s) {
  if (!s->out_len) return FRT_OK;
  size_t n = s->out_len;
  s->out_len = 0;
  if (spill_look(cx, s, n) != FRT_OK || spill_write(cx, s, s->out, n) != FRT_OK) return FRT_FATAL;
  atomic_fetch_add(&cx->run->spill.stored, n);
  return FRT_OK;
}

static void spill_free_buffer(char **buffer, size_t *room) {
  if (!*buffer) return;
  frt_unreserve(NULL, *room);
  frt_free(*buffer);
  *buffer = NULL;
  *room = 0;
}

static char *spill_new_buffer(size_t size) {
  frt_hold_buffer(size);
  return frt_malloc(size);
}

/* n bytes of room in the file's buffer; NULL: failed. */
static char *spill_out_room(FrtCtx *cx, FrtSpill *s, size_t n) {
  if (s->out_room - s->out_len < n) {
    if (spill_flush(cx, s) != FRT_OK) return NULL;
    if (s->out_room < n) {
      spill_free_buffer(&s->out, &s->out_room);
      size_t least = s->block_size * 4 < FRT_SPILL_OUT ? s->block_size * 4 : FRT_SPILL_OUT;
      s->out_room = n > least ? n : least;
      s->out = spill_new_buffer(s->out_room);
    }
  }
  return s->out + s->out_len;
}

FrtSpill *frt_spill_open(FrtCtx *cx, uint32_t op, uint64_t layout, size_t block_size) {
  FrtSpillCounts *c = &cx->run->spill;
  FrtSpill *s = frt_malloc(sizeof *s);
  if (!block_size) block_size = FRT_SPILL_BLOCK;
  if (block_size < FRT_SPILL_BLOCK_LEAST) block_size = FRT_SPILL_BLOCK_LEAST;
  *s = (FrtSpill){.run_of = cx->run, .op = op, .layout = layout, .block_size = block_size, .fd = -1,
                  .folder = frt_spill_folder(cx->run->options->temp)};
  s->number = (uint32_t)atomic_fetch_add(&c->files, 1) + 1;
  s->fd = spill_create(cx, s->folder);
  if (s->fd < 0) {
    spill_fail_errno(cx, s, "cannot be made", errno);
    frt_spill_close(s);
    return NULL;
  }
  SpillHead h = {SPILL_MAGIC, SPILL_VERSION, layout, block_size, 0};
  h.sum = frt_xxh3(NULL, (FrtStr){(const char *)&h, offsetof(SpillHead, sum), 0});
  char *p = spill_out_room(cx, s, sizeof h);
  memcpy(p, &h, sizeof h);
  s->out_len = sizeof h;
  return s;
}

void frt_spill_close(FrtSpill *s) {
  if (!s) return;
  for (uint32_t i = 0; i < s->run_len; i++) {
    spill_free_buffer(&s->runs[i].buffer, &s->runs[i].room);
    frt_free(s->runs[i].blocks);
  }
  frt_free(s->runs);
  spill_free_buffer(&s->out, &s->out_room);
  atomic_fetch_sub(&s->run_of->spill.live, s->live);
  if (s->fd >= 0) close(s->fd);
  frt_free(s);
}

int frt_spill_fd(const FrtSpill *s) { return s->fd; }

/* ---- putting ---- */

uint32_t frt_spill_add_run(FrtSpill *s) {
  if (s->run_len == s->run_room) {
    s->run_room = s->run_room ? s->run_room * 2 : 16;
    s->runs = frt_realloc(s->runs, s->run_room * sizeof *s->runs);
  }
  s->runs[s->run_len] = (SpillRun){0};
  return s->run_len++;
}

uint32_t frt_spill_runs(const FrtSpill *s) { return s->run_len; }
uint64_t frt_spill_run_size(const FrtSpill *s, uint32_t run) { return s->runs[run].size; }

static uint32_t spill_compress(const char *from, uint32_t n, char *to) {
#ifndef FRT_NO_LZ4
  int done = n > LZ4_MAX_INPUT_SIZE ? 0 : LZ4_compress_fast(from, to, (int)n, (int)n - 1, SPILL_SPEED);
  if (done > 0) return (uint32_t)done;
#endif
  memcpy(to, from, n);
  return n;
}

static void spill_note_block(SpillRun *run, SpillBlock b) {
  if (run->block_len == run->block_room) {
    run->block_room = run->block_room ? run->block_room * 2 : 8;
    run->blocks = frt_realloc(run->blocks, run->block_room * sizeof *run->blocks);
  }
  run->blocks[run->block_len++] = b;
}

/* The run's buffer becomes a block. */
static int spill_end_block(FrtCtx *cx, FrtSpill *s, uint32_t number) {
  SpillRun *run = &s->runs[number];
  if (!run->len) return FRT_OK;
  uint32_t raw = (uint32_t)run->len;
  char *p = spill_out_room(cx, s, sizeof(SpillBlockHead) + raw);
  if (!p) return FRT_FATAL;
  SpillBlockHead h = {.offset = s->written + s->out_len, .run = number, .number = run->block_len, .raw_size = raw};
  h.stored_size = spill_compress(run->buffer, raw, p + sizeof h);
  memcpy(p, &h, sizeof h);
  h.sum = frt_xxh3(NULL, (FrtStr){p + sizeof h.sum, (uint32_t)(sizeof h - sizeof h.sum) + h.stored_size, 0});
  memcpy(p, &h.sum, sizeof h.sum);
  s->out_len += sizeof h + h.stored_size;
  spill_note_block(run, (SpillBlock){h.offset, raw, h.stored_size});
  run->len = 0;
  atomic_fetch_add(&cx->run->spill.raw, raw);
  return FRT_OK;
}

void *frt_spill_room(FrtCtx *cx, FrtSpill *s, uint32_t number, size_t n) {
  SpillRun *run = &s->runs[number];
  if (run->room - run->len < n) {
    if (spill_end_block(cx, s, number) != FRT_OK) return NULL;
    if (n > UINT32_MAX / 2) {
      spill_fail(cx, s, "a row is longer than 2 GiB");
      return NULL;
    }
    if (run->room < n) {
      spill_free_buffer(&run->buffer, &run->room);
      run->room = n > s->block_size ? n : s->block_size;
      run->buffer = spill_new_buffer(run->room);
    }
  }
  char *p = run->buffer + run->len;
  run->len += n;
  run->size += n;
  return p;
}

int frt_spill_put(FrtCtx *cx, FrtSpill *s, uint32_t run, const void *data, size_t n) {
  char *p = frt_spill_room(cx, s, run, n);
  if (!p) return FRT_FATAL;
  if (n) memcpy(p, data, n);
  return FRT_OK;
}

int frt_spill_finish(FrtCtx *cx, FrtSpill *s, uint32_t number) {
  int status = spill_end_block(cx, s, number);
  spill_free_buffer(&s->runs[number].buffer, &s->runs[number].room);
  return status == FRT_OK ? spill_flush(cx, s) : status;
}

int frt_spill_finish_all(FrtCtx *cx, FrtSpill *s) {
  int status = FRT_OK;
  for (uint32_t i = 0; i < s->run_len && status == FRT_OK; i++) {
    status = spill_end_block(cx, s, i);
    spill_free_buffer(&s->runs[i].buffer, &s->runs[i].room);
  }
  if (status == FRT_OK) status = spill_flush(cx, s);
  spill_free_buffer(&s->out, &s->out_room);
  return status;
}

/* ---- reading ---- */

static int spill_pread(FrtCtx *cx, FrtSpill *s, char *to, size_t n, uint64_t from) {
  while (n) {
    ssize_t done = pread(s->fd, to, n, (off_t)from);
    if (done < 0 && errno == EINTR && !frt_cancelled()) continue;
    if (done < 0) return spill_fail_errno(cx, s, "reading", errno);
    if (done == 0) return spill_fail(cx, s, arena_printf(cx->run->run_arena, "it ends before byte %llu, where more was written",
                                                         (unsigned long long)from));
    to += done;
    from += (uint64_t)done;
    n -= (size_t)done;
  }
  return FRT_OK;
}

static int spill_check_head(FrtCtx *cx, FrtSpill *s) {
  SpillHead h;
  if (spill_pread(cx, s, (char *)&h, sizeof h, 0) != FRT_OK) return FRT_FATAL;
  if (h.magic != SPILL_MAGIC || h.version != SPILL_VERSION || h.layout != s->layout || h.block_size != s->block_size ||
      h.sum != frt_xxh3(NULL, (FrtStr){(const char *)&h, offsetof(SpillHead, sum), 0}))
    return spill_fail(cx, s, "its head (byte 0) is damaged: the disk gave back other bytes than were written");
  return FRT_OK;
}

static size_t spill_block_size(const SpillBlock *b) { return sizeof(SpillBlockHead) + b->stored_size; }

FrtSpillReader *frt_spill_read(FrtCtx *cx, FrtSpill *s, uint32_t number, size_t buffer) {
  const SpillRun *run = &s->runs[number];
  if (run->len && frt_spill_finish(cx, s, number) != FRT_OK) return NULL;
  if (run->block_len && spill_check_head(cx, s) != FRT_OK) return NULL;
  FrtSpillReader *r = frt_malloc(sizeof *r);
  *r = (FrtSpillReader){.spill = s, .run = number};
  size_t raw = 0, stored = 0;
  for (uint32_t i = 0; i < run->block_len; i++) {
    if (run->blocks[i].raw_size > raw) raw = run->blocks[i].raw_size;
    if (spill_block_size(&run->blocks[i]) > stored) stored = spill_block_size(&run->blocks[i]);
  }
  r->in_room = buffer > stored ? buffer : stored;
  r->raw_room = raw + SPILL_SLACK;
  r->in = spill_new_buffer(r->in_room);
  r->raw = spill_new_buffer(r->raw_room);
  return r;
}

void frt_spill_reader_free(FrtSpillReader *r) {
  if (!r) return;
  spill_free_buffer(&r->in, &r->in_room);
  spill_free_buffer(&r->raw, &r->raw_room);
  frt_free(r);
}

/* Block `at` and those that follow it at once in the file, as many as the buffer takes. */
static int spill_fill(FrtCtx *cx, FrtSpillReader *r) {
  const SpillRun *run = &r->spill->runs[r->run];
  const SpillBlock *b = &run->blocks[r->at];
  uint64_t to = b->offset + spill_block_size(b);
  for (uint32_t i = r->at + 1; i < run->block_len && run->blocks[i].offset == to; i++) {
    if (to + spill_block_size(&run->blocks[i]) - b->offset > r->in_room) break;
    to += spill_block_size(&run->blocks[i]);
  }
  r->in_from = b->offset;
  r->in_to = to;
  return spill_pread(cx, r->spill, r->in, (size_t)(to - b->offset), b->offset);
}

static int spill_damaged(FrtCtx *cx, const FrtSpillReader *r, const SpillBlock *b) {
  return spill_fail(cx, r->spill,
                    arena_printf(cx->run->run_arena,
                                 "block %u of run %u at byte %llu is damaged: the disk gave back other bytes than were written",
                                 r->at, r->run, (unsigned long long)b->offset));
}

/* The bytes of a block; 0: they are not what they were. */
static int spill_expand(const char *from, const SpillBlock *b, char *to) {
#ifndef FRT_NO_LZ4
  if (b->stored_size != b->raw_size)
    return LZ4_decompress_safe(from, to, (int)b->stored_size, (int)b->raw_size) == (int)b->raw_size;
#endif
  memcpy(to, from, b->raw_size);
  return b->stored_size == b->raw_size;
}

int frt_spill_next(FrtCtx *cx, FrtSpillReader *r, char **data, size_t *size) {
  const SpillRun *run = &r->spill->runs[r->run];
  if (r->at == run->block_len) return FRT_END;
  const SpillBlock *b = &run->blocks[r->at];
  if (b->offset < r->in_from || b->offset >= r->in_to)
    if (spill_fill(cx, r) != FRT_OK) return FRT_FATAL;
  const char *from = r->in + (b->offset - r->in_from);
  SpillBlockHead h;
  memcpy(&h, from, sizeof h);
  if (h.offset != b->offset || h.run != r->run || h.number != r->at || h.raw_size != b->raw_size ||
      h.stored_size != b->stored_size ||
      h.sum != frt_xxh3(NULL, (FrtStr){from + sizeof h.sum, (uint32_t)(sizeof h - sizeof h.sum) + h.stored_size, 0}))
    return spill_damaged(cx, r, b);
  if (!spill_expand(from + sizeof h, b, r->raw)) return spill_damaged(cx, r, b);
  r->at++;
  *data = r->raw;
  *size = b->raw_size;
  return FRT_OK;
}

/* ---- giving room on disk back ---- */

void frt_spill_free_run(FrtSpill *s, uint32_t number) {
  SpillRun *run = &s->runs[number];
  uint64_t stored = 0;
  for (uint32_t i = 0; i < run->block_len; i++) stored += spill_block_size(&run->blocks[i]);
#if defined(__linux__) && defined(FALLOC_FL_PUNCH_HOLE)
  for (uint32_t i = 0; stored >= SPILL_HOLE && i < run->block_len; i++) {
    uint64_t from = run->blocks[i].offset, to = from + spill_block_size(&run->blocks[i]);
    while (i + 1 < run->block_len && run->blocks[i + 1].offset == to) to += spill_block_size(&run->blocks[++i]);
    if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) != 0) stored = 0;
  }
  if (stored >= SPILL_HOLE) {
    atomic_fetch_sub(&s->run_of->spill.live, stored);
    s->live -= stored;
  }
#endif
  spill_free_buffer(&run->buffer, &run->room);
  frt_free(run->blocks);
  *run = (SpillRun){0};
}
