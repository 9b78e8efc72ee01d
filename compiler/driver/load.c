/* load.c: see load.h. */
#include "driver/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

/* One of the folders of "a:b" that has the file. */
static const char *load_plugin_in(Arena *a, const char *folders, const char *file) {
  for (const char *p = folders; p && *p; p += *p == ':') {
    size_t n = strcspn(p, ":");
    const char *full = n ? arena_printf(a, "%.*s/%s", (int)n, p, file) : file;
    if (n && access(full, F_OK) == 0) return full;
    p += n;
  }
  return NULL;
}

static const char *load_seen(const char *path) {
  if (path && frt_input_seen) frt_input_seen(FRT_INPUT_SCRIPT, path);
  return path;
}

const char *load_plugin(void *env, const char *file, const char *from, const char **where) {
  FlowProgram *p = env;
  const char *slash = file[0] == '/' ? NULL : strrchr(from, '/'), *path = getenv("FLOW_PLUGIN_PATH");
  const char *beside = slash ? arena_printf(p->arena, "%.*s%s", (int)(slash - from) + 1, from, file) : file;
  if (access(beside, F_OK) == 0) return load_seen(beside);
  const char *found = file[0] == '/' ? NULL : load_plugin_in(p->arena, p->options.plugin_dirs, file);
  if (!found && file[0] != '/') found = load_plugin_in(p->arena, path, file);
  *where = arena_printf(p->arena, "it is not at %s%s", beside, (p->options.plugin_dirs || path) && file[0] != '/' ? ", nor in the folders for plugins" : "");
  return load_seen(found);
}
