/* values.c: what a script sees of its run: run.id, run.host and the like. They are read once, when the run starts; a
 * run whose clock is fixed (flowc test) has fixed ones. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched/run_internal.h"
#include "text/column.h"

enum { VALUES_PASSWD_MAX = 256 * 1024 };

static FrtStr values_str(const char *text) { return (FrtStr){text, (uint32_t)strlen(text), 0}; }

/* The name of user `id` in the text of /etc/passwd: name:password:id:... NULL: it has none. Nothing of nsswitch is
 * asked, so that static programs answer the same. */
static const char *values_passwd(Arena *arena, const char *text, unsigned id) {
  for (const char *line = text; *line;) {
    const char *end = line + strcspn(line, "\n"), *colon = memchr(line, ':', (size_t)(end - line));
    const char *second = colon ? memchr(colon + 1, ':', (size_t)(end - colon - 1)) : NULL;
    char *stop = NULL;
    if (second && strtoul(second + 1, &stop, 10) == id && stop > second + 1 && *stop == ':')
      return arena_strndup(arena, line, (size_t)(colon - line));
    line = *end ? end + 1 : end;
  }
  return NULL;
}

static const char *values_user(Arena *arena) {
  const char *name = NULL;
  int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    char *text = arena_alloc(arena, VALUES_PASSWD_MAX + 1);
    ssize_t len = 0, got;
    while (len < VALUES_PASSWD_MAX && (got = read(fd, text + len, (size_t)(VALUES_PASSWD_MAX - len))) > 0) len += got;
    close(fd);
    text[len] = 0;
    name = values_passwd(arena, text, (unsigned)getuid());
  }
  return name ? name : arena_printf(arena, "%u", (unsigned)getuid());
}

static FrtStr values_utf8(const char *text) {
  return frt_utf8_valid(text, strlen(text)) ? values_str(text) : values_str("?");
}

void frt_values_start(FrtRun *r) {
  r->host = values_str("host");
  r->user = values_str("user");
  r->dir = values_str("/");
  if (r->options->now_us) return;
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) == 0 && *host) r->host = values_utf8(arena_strndup(r->run_arena, host, strlen(host)));
  r->user = values_utf8(values_user(r->run_arena));
  char *dir = getcwd(NULL, 0);
  if (dir) r->dir = values_utf8(arena_strndup(r->run_arena, dir, strlen(dir)));
  free(dir);
}

FrtStr frt_run_id(FrtCtx *cx) { return values_str(cx->run->run_id); }
FrtStr frt_run_script(FrtCtx *cx) { return cx->run->module->script; }
FrtStr frt_run_host(FrtCtx *cx) { return cx->run->host; }
FrtStr frt_run_user(FrtCtx *cx) { return cx->run->user; }
FrtStr frt_run_dir(FrtCtx *cx) { return cx->run->dir; }
FrtStr frt_script_hash(FrtCtx *cx) { return cx->run->module->script_hash; }
