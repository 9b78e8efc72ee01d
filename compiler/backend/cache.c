/* cache.c: see cache.h. */
#include "backend/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"

enum { CACHE_OBJECT_MAX = 16 << 20, CACHE_PART_SECONDS = 3600 };

static const char *cache_dir(Arena *a) {
  const char *off = getenv("FLOWC_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (off && !strcmp(off, "off")) return NULL;
  if (!(xdg && xdg[0] == '/') && !(home && home[0] == '/')) return NULL;
  const char *base = xdg && xdg[0] == '/' ? xdg : arena_printf(a, "%s/.cache", home);
  mkdir(base, 0700);
  const char *dir = arena_printf(a, "%s/flowc", base);
  mkdir(dir, 0700);
  struct stat st;   /* code is loaded from here: it must be ours alone */
  return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) ? dir : NULL;
}

const char *cache_path(Arena *a, const char *c_text, size_t size, const char *const *also) {
  const char *dir = cache_dir(a);
  if (!dir) return NULL;
  uint64_t h1 = frt_hash_bytes(c_text, size, 1), h2 = frt_hash_bytes(c_text, size, 2);
  for (; *also; also++) {
    h1 = frt_hash_bytes(*also, strlen(*also), h1);
    h2 = frt_hash_bytes(*also, strlen(*also), h2);
  }
  return arena_printf(a, "%s/%016llx%016llx.so", dir, (unsigned long long)h1, (unsigned long long)h2);
}

static char *cache_read(Arena *a, const char *path, size_t *size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0) return NULL;
  char *data = NULL;
  if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < CACHE_OBJECT_MAX) {
    data = arena_alloc(a, (size_t)st.st_size + 1);
    *size = (size_t)st.st_size;
    if (read(fd, data, *size) != (ssize_t)*size) data = NULL;
  }
  close(fd);
  return data;
}

/* Behind the object stands its checksum, so that one rename brings both. The loader does not look there. */
enum { CACHE_TRAILER = 25 };

static const char *cache_trailer(Arena *a, const char *data, size_t size) {
  return arena_printf(a, "\nxxh3-64 %016llx", (unsigned long long)frt_hash_bytes(data, size, 3));
}

bool cache_has(Arena *a, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0) return false;
  bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > CACHE_TRAILER && st.st_size < CACHE_OBJECT_MAX;
  size_t size = ok ? (size_t)st.st_size - CACHE_TRAILER : 0;
  char *data = ok ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  ok = data != MAP_FAILED && !memcmp(cache_trailer(a, data, size), data + size, CACHE_TRAILER);
  if (data != MAP_FAILED) munmap(data, (size_t)st.st_size);
  if (ok) futimens(fd, NULL);
  close(fd);
  return ok;
}

static void cache_write(Arena *a, const char *path, const char *data, size_t size) {
  const char *part = arena_printf(a, "%s.%ld", path, (long)getpid());
  int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  if (fd < 0) return;
  bool ok = write(fd, data, size) == (ssize_t)size && write(fd, cache_trailer(a, data, size), CACHE_TRAILER) == CACHE_TRAILER;
  ok &= close(fd) == 0;
  if (!ok || rename(part, path)) unlink(part);
}

typedef struct CacheEntry { const char *path; struct timespec used; off_t size; } CacheEntry;

static int cache_order(const void *x, const void *y) {
  const struct timespec *a = &((const CacheEntry *)x)->used, *b = &((const CacheEntry *)y)->used;
  if (a->tv_sec != b->tv_sec) return a->tv_sec < b->tv_sec ? -1 : 1;
  return a->tv_nsec < b->tv_nsec ? -1 : a->tv_nsec > b->tv_nsec;
}

/* Removes the entries that were used longest ago while there is too much, and what runs that were killed left. */
static void cache_trim(Arena *a, const char *path) {
  const char *dir = arena_strndup(a, path, (size_t)(strrchr(path, '/') - path));
  CacheEntry *entries = NULL;
  size_t len = 0, first = 0;
  off_t bytes = 0;
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    size_t n = strlen(e->d_name);
    struct stat st;
    const char *entry = arena_printf(a, "%s/%s", dir, e->d_name);
    if (lstat(entry, &st) || !S_ISREG(st.st_mode)) continue;
    bool whole = n > 3 && !strcmp(e->d_name + n - 3, ".so");
    if (!whole && time(NULL) - st.st_mtim.tv_sec > CACHE_PART_SECONDS) unlink(entry);
    if (!whole) continue;
    entries = arena_grow(a, entries, len, sizeof *entries);
    entries[len++] = (CacheEntry){entry, st.st_mtim, st.st_size};
    bytes += st.st_size;
  }
  if (d) closedir(d);
  if (len) qsort(entries, len, sizeof *entries, cache_order);
  for (; first < len && (len - first > CACHE_ENTRIES_MAX || bytes > CACHE_BYTES_MAX); first++) {
    unlink(entries[first].path);
    bytes -= entries[first].size;
  }
}

void cache_put(Arena *a, const char *path, const char *object) {
  size_t size;
  const char *data = cache_read(a, object, &size);
  if (!data) return;
  cache_write(a, path, data, size);
  cache_trim(a, path);
}
