/* load.c: see load.h. */
#include "driver/load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/compile.h"
#include "io/input.h"
#include "ir/stdlib.h"

enum { LOAD_SIZE_MAX = 17 << 20 };  /* just above what the lexer takes, so that it is the one who says so */

char *load_file(Arena *a, const char *path, size_t *size, const char **why) {
  if (frt_input_seen) frt_input_seen(FRT_INPUT_SCRIPT, path);
  int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : 0;
  struct stat st;
  if (fd < 0 || (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && (errno = EISDIR))) {
    *why = arena_printf(a, "cannot read `%s`: %s", path, strerror(errno));
    if (fd > 0) close(fd);
    return NULL;
  }
  size_t n = 0, capacity = 64 * 1024;
  char *text = frt_malloc(capacity);
  ssize_t got;
  while ((got = read(fd, text + n, capacity - n - 1)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    n += (size_t)got;
    if (n >= LOAD_SIZE_MAX) break;
    if (n + 1 == capacity) text = frt_realloc(text, capacity *= 2);
  }
  if (got < 0) *why = arena_printf(a, "cannot read `%s`: %s", path, strerror(errno));
  if (fd > 0) close(fd);
  char *copy = got < 0 ? NULL : arena_strndup(a, text, n);
  frt_free(text);
  *size = n;
  return copy;
}

static const char *load_stdlib(const char *path, size_t *size) {
  for (const StdlibFile *f = flow_stdlib; f->name; f++) {
    size_t n = strlen(f->name) - 5;   /* without .flow */
    if (strncmp(f->name, path, n) || (path[n] && strcmp(path + n, ".flow"))) continue;
    *size = f->size;
    return f->text;
  }
  return NULL;
}

const char *load_module(void *env, const char *path, const char *from, size_t *size) {
  FlowProgram *p = env;
  const char *why;
  if (!strncmp(path, "std/", 4)) return load_stdlib(path, size);
  const char *slash = path[0] == '/' ? NULL : strrchr(from, '/');
  const char *full = slash ? arena_printf(p->arena, "%.*s%s", (int)(slash - from) + 1, from, path) : path;
  char *text = load_file(p->arena, full, size, &why);
  if (!text && !strchr(full + (strrchr(full, '/') ? strrchr(full, '/') - full : 0), '.'))
    text = load_file(p->arena, arena_printf(p->arena, "%s.flow", full), size, &why);
  return text;
}
