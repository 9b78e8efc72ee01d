/* glob.c: the files that a path names. `*` and `?` and `[a-z]` `[!a-z]` match within a name, `**` as a
 * whole name matches any number of folders. A name that begins with a dot is matched only by a pattern
 * that does. Results are sorted by bytes. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/input.h"

enum { GLOB_DEPTH_MAX = 64, GLOB_FILES_MAX = 10 * 1000 * 1000 };

typedef struct GlobWalk {
  Arena *arena;
  char **paths;
  uint32_t len;
  const char *why;
} GlobWalk;

/* ---- one name ---- */

/* Matches one character against the set after `[`. Returns where the pattern goes on, NULL when the set
 * has no end. */
static const char *glob_match_set(const char *p, const char *end, char c, int *match) {
  int negated = p < end && (*p == '!' || *p == '^');
  const char *first = p += negated;
  *match = 0;
  while (p < end && (*p != ']' || p == first)) {
    unsigned char lo = (unsigned char)*p++, hi = lo;
    if (p + 1 < end && *p == '-' && p[1] != ']') {
      hi = (unsigned char)p[1];
      p += 2;
    }
    if ((unsigned char)c >= lo && (unsigned char)c <= hi) *match = 1;
  }
  if (p == end) return NULL;
  *match ^= negated;
  return p + 1;
}

/* Linear but for the last star: on a mismatch the star takes one character more. */
static int glob_match(const char *p, const char *end, const char *name) {
  const char *star = NULL, *star_name = NULL;
  if (*name == '.' && (p == end || *p != '.')) return 0;
  while (*name) {
    int match = 0;
    const char *next = p;
    if (p < end && *p == '*') {
      star = ++p;
      star_name = name;
      continue;
    }
    if (p < end && *p == '[' && (next = glob_match_set(p + 1, end, *name, &match)) == NULL) {
      next = p + 1;
      match = *name == '[';
    } else if (p < end && *p != '[') {
      next = p + 1;
      match = *p == '?' || *p == *name;
    }
    if (match) {
      p = next;
      name++;
    } else if (star) {
      p = star;
      name = ++star_name;
    } else {
      return 0;
    }
  }
  while (p < end && *p == '*') p++;
  return p == end;
}

static int glob_special(const char *p, const char *end) {
  for (; p < end; p++)
    if (*p == '*' || *p == '?' || *p == '[') return 1;
  return 0;
}

/* ---- folders ---- */

static int glob_compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What matches must not be left out silently. */
static void glob_fail(GlobWalk *w, const char *path, const char *what) {
  if (!w->why) w->why = arena_printf(w->arena, "%s: %s", path, what);
}

/* The names in a folder, sorted; one that is gone meanwhile has none. */
static char **glob_list(GlobWalk *w, const char *folder, uint32_t *len) {
  DIR *dir = opendir(*folder ? folder : ".");
  char **names = NULL;
  *len = 0;
  if (!dir && errno != ENOENT && errno != ENOTDIR) glob_fail(w, folder, strerror(errno));
  if (!dir) return NULL;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL; errno = 0) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    names = arena_grow(w->arena, names, *len, sizeof *names);
    names[(*len)++] = arena_strndup(w->arena, entry->d_name, strlen(entry->d_name));
  }
  if (errno) glob_fail(w, folder, strerror(errno));
  closedir(dir);
  if (*len) qsort(names, *len, sizeof *names, glob_compare);
  return names;
}

static void glob_walk(GlobWalk *w, const char *base, const char *pattern, uint32_t depth);

static void glob_found(GlobWalk *w, const char *path, const char *rest, uint32_t depth) {
  struct stat st;
  if (stat(path, &st) != 0) {    /* ELOOP, ENOENT: a link that leads nowhere */
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) glob_fail(w, path, strerror(errno));
    return;
  }
  if (*rest) {
    if (S_ISDIR(st.st_mode)) glob_walk(w, arena_printf(w->arena, "%s/", path), rest, depth + 1);
  } else if (!S_ISDIR(st.st_mode) && w->len == GLOB_FILES_MAX) {
    glob_fail(w, path, "more than 10,000,000 files match");
  } else if (!S_ISDIR(st.st_mode)) {
    w->paths = arena_grow(w->arena, w->paths, w->len, sizeof *w->paths);
    w->paths[w->len++] = arena_strndup(w->arena, path, strlen(path));
  }
}

/* `**`: this folder, then each folder below it. Links to folders are not followed. */
static void glob_walk_deep(GlobWalk *w, const char *base, const char *pattern, const char *rest,
                           uint32_t depth) {
  uint32_t len;
  struct stat st;
  glob_walk(w, base, *rest ? rest : "*", depth + 1);
  char **names = glob_list(w, base, &len);
  for (uint32_t i = 0; i < len; i++) {
    if (names[i][0] == '.') continue;
    const char *path = arena_printf(w->arena, "%s%s", base, names[i]);
    if (lstat(path, &st) != 0) {
      if (errno != ENOENT) glob_fail(w, path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
      glob_walk(w, arena_printf(w->arena, "%s/", path), pattern, depth + 1);
    }
  }
}

/* base is "" or ends with a slash; pattern is what is left to match. */
static void glob_walk(GlobWalk *w, const char *base, const char *pattern, uint32_t depth) {
  uint32_t len;
  if (w->why) return;
  if (depth > GLOB_DEPTH_MAX) {
    glob_fail(w, base, "folders are deeper than 64");
    return;
  }
  const char *end = pattern + strcspn(pattern, "/"), *rest = end + strspn(end, "/");
  if (end - pattern == 2 && memcmp(pattern, "**", 2) == 0) {
    glob_walk_deep(w, base, pattern, rest, depth);
    return;
  }
  if (!glob_special(pattern, end)) {
    const char *path = arena_printf(w->arena, "%s%.*s", base, (int)(end - pattern), pattern);
    glob_found(w, path, rest, depth);
    return;
  }
  char **names = glob_list(w, base, &len);
  for (uint32_t i = 0; i < len; i++)
    if (glob_match(pattern, end, names[i]))
      glob_found(w, arena_printf(w->arena, "%s%s", base, names[i]), rest, depth);
}

/* Sorted, and without the doubles that two `**` can give. */
static void glob_sort(GlobWalk *w) {
  uint32_t kept = 0;
  qsort(w->paths, w->len, sizeof *w->paths, glob_compare);
  for (uint32_t i = 0; i < w->len; i++)
    if (kept == 0 || strcmp(w->paths[kept - 1], w->paths[i]) != 0) w->paths[kept++] = w->paths[i];
  w->len = kept;
}

void (*frt_input_seen)(int kind, const char *path);

int frt_glob_any(Arena *arena, const char *path, char ***paths, uint32_t *len, const char **why) {
  GlobWalk w = {.arena = arena};
  struct stat st;
  if (frt_input_seen) frt_input_seen(FRT_INPUT_DATA, path);
  path = frt_path_local(arena, path, why);
  if (!path) return -1;
  if (!glob_special(path, path + strlen(path)) || lstat(path, &st) == 0) {
    *paths = arena_alloc(arena, sizeof **paths);
    **paths = arena_strndup(arena, path, strlen(path));
    *len = 1;
    return 0;
  }
  const char *start = path + strspn(path, "/");
  glob_walk(&w, start == path ? "" : "/", start, 0);
  if (w.why) {
    *why = w.why;
    return -1;
  }
  if (w.len) glob_sort(&w);
  *paths = w.paths;
  *len = w.len;
  return 0;
}

int frt_glob(Arena *arena, const char *path, char ***paths, uint32_t *len, const char **why) {
  if (frt_glob_any(arena, path, paths, len, why) != 0) return -1;
  if (*len == 0) *why = arena_printf(arena, "%s: no file matches", frt_path_local(arena, path, why));
  return *len ? 0 : -1;
}
