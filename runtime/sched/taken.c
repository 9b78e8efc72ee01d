/* taken.c: see taken.h. */
#include "sched/taken.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/hash.h"
#include "flowrt.h"
#include "io/out_file.h"

enum { TAKEN_PIECE = 1 << 20, TAKEN_TABLE_FIRST = 256, TAKEN_STATE_MAX = 1 << 30 };

/* ---- the tables ---- */

static uint64_t taken_name_hash(const char *name) { return frt_hash_bytes(name, strlen(name), 7); }

static void taken_put(FrtTakenFile **slots, uint32_t capacity, uint64_t hash, FrtTakenFile *file, int by_name) {
  uint32_t at = (uint32_t)hash & (capacity - 1);
  while (slots[at] && !(by_name && strcmp(slots[at]->name, file->name) == 0)) at = (at + 1) & (capacity - 1);
  slots[at] = file;
}

static void taken_put_both(FrtTaken *t, FrtTakenFile *file) {
  taken_put(t->by_name, t->capacity, taken_name_hash(file->name), file, 1);
  taken_put(t->by_inode, t->capacity, frt_hash_u64(file->inode), file, 0);
}

/* by_inode keeps every line, by_name the last one of each name. */
static void taken_grow(FrtTaken *t) {
  FrtTakenFile **names = t->by_name, **inodes = t->by_inode;
  uint32_t old = t->capacity;
  t->capacity = old ? old * 2 : TAKEN_TABLE_FIRST;
  t->by_name = arena_alloc(t->arena, t->capacity * sizeof *t->by_name);
  t->by_inode = arena_alloc(t->arena, t->capacity * sizeof *t->by_inode);
  for (uint32_t i = 0; i < old; i++) {
    if (names[i]) taken_put(t->by_name, t->capacity, taken_name_hash(names[i]->name), names[i], 1);
    if (inodes[i]) taken_put(t->by_inode, t->capacity, frt_hash_u64(inodes[i]->inode), inodes[i], 0);
  }
}

void frt_taken_add(FrtTaken *t, const FrtTakenFile *file) {
  if (t->len * 2 >= t->capacity) taken_grow(t);
  FrtTakenFile *copy = arena_alloc(t->arena, sizeof *copy);
  *copy = *file;
  copy->name = arena_strndup(t->arena, file->name, strlen(file->name));
  taken_put_both(t, copy);
  t->len++;
}

const FrtTakenFile *frt_taken_find(const FrtTaken *t, const char *name) {
  if (!t->capacity) return NULL;
  uint32_t mask = t->capacity - 1, at = (uint32_t)taken_name_hash(name) & mask;
  while (t->by_name[at] && strcmp(t->by_name[at]->name, name) != 0) at = (at + 1) & mask;
  return t->by_name[at];
}

const FrtTakenFile *frt_taken_moved(const FrtTaken *t, const FrtTakenFile *file) {
  if (!t->capacity) return NULL;
  uint32_t mask = t->capacity - 1, at = (uint32_t)frt_hash_u64(file->inode) & mask;
  while (t->by_inode[at] && !frt_taken_same(t->by_inode[at], file)) at = (at + 1) & mask;
  return t->by_inode[at];
}

/* ---- files ---- */

int frt_taken_look(const char *path, FrtTakenFile *file) {
  struct stat st;
  if (stat(path, &st) != 0) return errno;
  file->size = (uint64_t)st.st_size;
  file->inode = (uint64_t)st.st_ino;
  file->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
  return S_ISREG(st.st_mode) ? 0 : EINVAL;
}

int frt_taken_same(const FrtTakenFile *a, const FrtTakenFile *b) {
  return a->size == b->size && a->inode == b->inode && a->mtime_ns == b->mtime_ns;
}

/* Fills the piece as far as the file goes: bytes, or -1. */
static ssize_t taken_read_piece(int fd, char *piece) {
  size_t n = 0;
  while (n < TAKEN_PIECE) {
    ssize_t got = read(fd, piece + n, TAKEN_PIECE - n);
    if (got < 0 && errno == EINTR && !frt_cancelled()) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    n += (size_t)got;
  }
  return (ssize_t)n;
}

int frt_taken_hash(const char *path, uint64_t *hash) {
  int fd = frt_open_file(path, O_RDONLY, 0);
  if (fd < 0) return errno;
  char *piece = frt_malloc(TAKEN_PIECE);
  uint64_t sums[2] = {0, 0};
  ssize_t n;
  while ((n = taken_read_piece(fd, piece)) > 0) {
    sums[1] = frt_xxh3(NULL, (FrtStr){piece, (uint32_t)n, 0});
    sums[0] = frt_xxh3(NULL, (FrtStr){(const char *)sums, sizeof sums, 0});
  }
  int error = n < 0 ? errno : 0;
  frt_free(piece);
  close(fd);
  *hash = sums[0];
  return error;
}

/* ---- lines ---- */

char *frt_taken_line(Arena *arena, const FrtTakenFile *file) {
  static const char digits[] = "0123456789abcdef";
  char *name = arena_alloc(arena, strlen(file->name) * 4 + 1), *p = name;
  for (const unsigned char *at = (const unsigned char *)file->name; *at; at++) {
    if (*at >= ' ' && *at != '\\' && *at != 0x7f) {
      *p++ = (char)*at;
      continue;
    }
    *p++ = '\\', *p++ = 'x', *p++ = digits[*at >> 4], *p++ = digits[*at & 15];
  }
  return arena_printf(arena, "%016llx\t%llu\t%lld\t%llu\t%s\n", (unsigned long long)file->hash, (unsigned long long)file->size,
                      (long long)file->mtime_ns, (unsigned long long)file->inode, name);
}

static int taken_hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* The name that stands behind the last tab, in place. 1 when it is one. */
static int taken_unescape(char *name) {
  char *out = name;
  for (const char *p = name; *p; ) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    if (p[1] != 'x' || taken_hex(p[2]) < 0 || taken_hex(p[3]) < 0) return 0;
    *out++ = (char)(taken_hex(p[2]) * 16 + taken_hex(p[3]));
    p += 4;
  }
  *out = 0;
  return out > name;
}

/* A number that ends at a tab; NULL: there is none. */
static char *taken_number(char *p, int base, uint64_t *out) {
  char *end;
  errno = 0;
  *out = strtoull(p, &end, base);
  return end > p && *end == '\t' && !errno && p[0] != ' ' ? end + 1 : NULL;
}

static int taken_parse(char *line, FrtTakenFile *file) {
  uint64_t mtime;
  char *p = taken_number(line, 16, &file->hash);
  if (p) p = taken_number(p, 10, &file->size);
  if (p) p = taken_number(p, 10, &mtime);
  if (p) p = taken_number(p, 10, &file->inode);
  if (!p || !taken_unescape(p)) return 0;
  file->mtime_ns = (int64_t)mtime;
  file->name = p;
  return 1;
}

static char *taken_text(Arena *arena, const char *path, size_t *size, const char **why) {
  struct stat st;
  int fd = frt_open_file(path, O_RDONLY, 0);
  if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > TAKEN_STATE_MAX) {
    *why = arena_printf(arena, "%s: %s", path, fd < 0 ? strerror(errno) : "larger than 1 GiB");
    if (fd >= 0) close(fd);
    return NULL;
  }
  char *text = arena_alloc(arena, (size_t)st.st_size + 1);
  size_t n = 0;
  ssize_t got = 1;
  while (n < (size_t)st.st_size && (got = read(fd, text + n, (size_t)st.st_size - n)) != 0)
    if (got > 0) n += (size_t)got;
    else if (errno != EINTR) break;
  close(fd);
  *size = n;
  if (got < 0) *why = arena_printf(arena, "%s: %s", path, strerror(errno));
  return got < 0 ? NULL : text;
}

int frt_taken_read(FrtTaken *t, Arena *arena, const char *path, const char **why) {
  size_t size = 0;
  *t = (FrtTaken){.arena = arena};
  char *p = taken_text(arena, path, &size, why), *end = p ? p + size : p;
  for (uint32_t line = 1; p < end; line++) {
    char *stop = memchr(p, '\n', (size_t)(end - p));
    FrtTakenFile file;
    if (stop) *stop = 0;
    if (line == 1 && stop && strlen(p) + 1 == strlen(FRT_TAKEN_HEAD) && memcmp(p, FRT_TAKEN_HEAD, strlen(p)) == 0) {
      p = stop + 1;
      continue;
    }
    if (!stop || line == 1 || strlen(p) != (size_t)(stop - p) || !taken_parse(p, &file)) {
      *why = arena_printf(arena, "%s:%u: this is no line of a list of taken files", path, line);
      return -1;
    }
    frt_taken_add(t, &file);
    p = stop + 1;
  }
  return p ? 0 : -1;
}
