/* path.c: paths of this system, and a value as one component of a path.
 *
 * What could lead out of the folder or cannot stand in a name is written as %XX: `/`, `\`, control
 * characters, DEL, a leading `.` or `~`, and `%` itself, so that different values keep different names. The
 * empty value is `%_`. A name that would be longer than PATH_NAME_MAX keeps its head and ends in `%~` and
 * 128 bits of a hash of the value. `%_` and `%~` cannot come from anything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "flowrt.h"
#include "io/input.h"

enum { PATH_NAME_MAX = 180, PATH_HASH_LEN = 34 };

static const char path_hex[] = "0123456789ABCDEF";

static int path_must_escape(unsigned char c, uint32_t at) {
  return c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == '%' || ((c == '.' || c == '~') && at == 0);
}

static char *path_hash(char *p, FrtStr value) {
  *p++ = '%';
  *p++ = '~';
  for (uint64_t seed = 1; seed <= 2; seed++) {
    uint64_t h = frt_hash_bytes(value.ptr, value.len, seed);
    for (int shift = 60; shift >= 0; shift -= 4) *p++ = path_hex[h >> shift & 15];
  }
  return p;
}

FrtStr frt_path_safe(FrtCtx *cx, FrtStr value) {
  char *out = frt_alloc(cx, PATH_NAME_MAX + PATH_HASH_LEN + 4), *p = out;
  if (!value.len) return (FrtStr){"%_", 2, 0};
  for (uint32_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.ptr[i];
    if (p - out > PATH_NAME_MAX - 3) {
      while (p > out && ((unsigned char)p[-1] & 0xc0) == 0x80) p--;   /* no half characters */
      if (p > out && (unsigned char)p[-1] >= 0xc0) p--;
      p = path_hash(p, value);
      break;
    }
    if (path_must_escape(c, i)) {
      *p++ = '%';
      *p++ = path_hex[c >> 4];
      *p++ = path_hex[c & 15];
    } else {
      *p++ = (char)c;
    }
  }
  return (FrtStr){out, (uint32_t)(p - out), 0};
}

/* ---- paths of this system ---- */

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
