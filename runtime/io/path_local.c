/* path_local.c: paths as this system has them: the home folder, drives and servers of Windows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/input.h"

/* Under the Windows Subsystem for Linux drives are folders: /mnt/c. */
static int path_is_wsl(void) {
  char text[512] = "";
  FILE *f = fopen("/proc/sys/kernel/osrelease", "r");
  if (!f) return 0;
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  return strstr(text, "icrosoft") != NULL;
}

static const char *path_of_drive(Arena *arena, const char *path, const char **why) {
  char letter = (char)(path[0] | 0x20);
  if (!path_is_wsl()) {
    *why = arena_printf(arena, "%s: a path of Windows; here paths begin with `/`, `~/` or a name", path);
    return NULL;
  }
  char *out = arena_printf(arena, "/mnt/%c/%s", letter, path + 3);
  for (char *p = out; *p; p++)
    if (*p == '\\') *p = '/';
  return out;
}

const char *frt_path_local(Arena *arena, const char *path, const char **why) {
  char letter = (char)(path[0] | 0x20);
  if (path[0] == '~' && (path[1] == '/' || !path[1])) {
    const char *home = getenv("HOME");
    if (home && *home) return arena_printf(arena, "%s%s", home, path + 1);
    *why = arena_printf(arena, "%s: HOME is not set", path);
    return NULL;
  }
  if (path[0] == '\\' && path[1] == '\\') {
    *why = arena_printf(arena, "%s: a server of Windows; mount it, and name the folder", path);
    return NULL;
  }
  if (letter >= 'a' && letter <= 'z' && path[1] == ':' && (path[2] == '\\' || path[2] == '/'))
    return path_of_drive(arena, path, why);
  return path;
}
