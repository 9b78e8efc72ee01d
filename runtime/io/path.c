/* path.c: a value as one component of a path.
 *
 * What could lead out of the folder or cannot stand in a name is written as %XX: `/`, `\`, control
 * characters, DEL, a leading `.` or `~`, and `%` itself, so that different values keep different names. The
 * empty value is `%_`. A name that would be longer than PATH_NAME_MAX keeps its head and ends in `%~` and
 * 128 bits of a hash of the value. `%_` and `%~` cannot come from anything else. */
#include <string.h>

#include "base/hash.h"
#include "flowrt.h"

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
