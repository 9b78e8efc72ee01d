/* cache.c: see cache.h. */
#include "backend/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum { CACHE_OBJECT_MAX = 64 << 20 };

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

static const char *cache_sum(Arena *a, const char *data, size_t size) {
  return arena_printf(a, "%016llx\n", (unsigned long long)frt_hash_bytes(data, size, 3));
}

bool cache_has(Arena *a, const char *path) {
  size_t size, sum_size;
  char *sum = cache_read(a, arena_printf(a, "%s.sum", path), &sum_size);
  char *data = sum ? cache_read(a, path, &size) : NULL;
  if (!data || strcmp(cache_sum(a, data, size), sum)) return false;
  utimensat(AT_FDCWD, path, NULL, 0);
  return true;
}

static bool cache_write(Arena *a, const char *path, const char *data, size_t size) {
  const char *part = arena_printf(a, "%s.%ld", path, (long)getpid());
  int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  if (fd < 0) return false;
  bool ok = write(fd, data, size) == (ssize_t)size;
  ok &= close(fd) == 0;
  if (ok && rename(part, path) == 0) return true;
  unlink(part);
  return false;
}

/* Removes the entry that was used longest ago while there are too many. */
static void cache_trim(Arena *a, const char *path) {
  const char *dir = arena_strndup(a, path, (size_t)(strrchr(path, '/') - path)), *oldest = NULL;
  struct timespec when = {0};
  unsigned entries = 0;
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    size_t n = strlen(e->d_name);
    struct stat st;
    const char *entry = arena_printf(a, "%s/%s", dir, e->d_name);
    if (n < 3 || strcmp(e->d_name + n - 3, ".so") || stat(entry, &st)) continue;
    entries++;
    if (oldest && (st.st_mtim.tv_sec > when.tv_sec || (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec > when.tv_nsec))) continue;
    oldest = entry;
    when = st.st_mtim;
  }
  if (d) closedir(d);
  if (entries <= CACHE_ENTRIES_MAX || !oldest) return;
  unlink(oldest);
  unlink(arena_printf(a, "%s.sum", oldest));
}

void cache_put(Arena *a, const char *path, const char *object) {
  size_t size;
  char *data = cache_read(a, object, &size);
  if (!data) return;
  const char *sum = cache_sum(a, data, size);
  if (cache_write(a, path, data, size)) cache_write(a, arena_printf(a, "%s.sum", path), sum, strlen(sum));
  cache_trim(a, path);
}
