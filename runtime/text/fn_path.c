/* fn_path.c: paths as text: roots, folders, names, endings. A backslash separates only behind a root that is of
 * Windows: a drive or a server. */
#include "text/fn.h"

static int fnpath_is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Whether the path has a root of Windows, behind which a backslash separates. */
static int fnpath_is_windows(FrtStr p) {
  if (p.len >= 2 && p.ptr[0] == '\\' && p.ptr[1] == '\\') return 1;
  return p.len >= 3 && fnpath_is_letter(p.ptr[0]) && p.ptr[1] == ':' && (p.ptr[2] == '\\' || p.ptr[2] == '/');
}

static int fnpath_separates(char c, int windows) { return c == '/' || (windows && c == '\\'); }

/* Bytes of the root: "/", "C:\", "\\server\share\". */
static uint32_t fnpath_root(FrtStr p, int windows) {
  if (!windows) return p.len && p.ptr[0] == '/' ? 1 : 0;
  if (p.ptr[0] != '\\') return 3;
  uint32_t at = 2;
  for (int part = 0; part < 2; part++) {
    while (at < p.len && !fnpath_separates(p.ptr[at], 1)) at++;
    if (at < p.len) at++;
  }
  return at;
}

/* [root, name): where the last name begins; separators at the end are no name. */
typedef struct FnPath {
  int windows;
  uint32_t root, folder_end, name, end;
} FnPath;

static FnPath fnpath_cut(FrtStr p) {
  FnPath c = {.windows = fnpath_is_windows(p), .end = p.len};
  c.root = fnpath_root(p, c.windows);
  while (c.end > c.root && fnpath_separates(p.ptr[c.end - 1], c.windows)) c.end--;
  c.name = c.end;
  while (c.name > c.root && !fnpath_separates(p.ptr[c.name - 1], c.windows)) c.name--;
  c.folder_end = c.name;
  while (c.folder_end > c.root && fnpath_separates(p.ptr[c.folder_end - 1], c.windows)) c.folder_end--;
  return c;
}

/* Where the ending's point stands in the name; `end` when there is none. */
static uint32_t fnpath_point(FrtStr p, const FnPath *c) {
  for (uint32_t i = c->end; i > c->name + 1; i--)
    if (p.ptr[i - 1] == '.') return i - 1;
  return c->end;
}

FrtStr frt_path_name(FrtCtx *cx, FrtStr p) {
  FnPath c = fnpath_cut(p);
  return fn_str(p.ptr + c.name, c.end - c.name);
}

FrtStr frt_path_stem(FrtCtx *cx, FrtStr p) {
  FnPath c = fnpath_cut(p);
  return fn_str(p.ptr + c.name, fnpath_point(p, &c) - c.name);
}

FrtStr frt_path_ext(FrtCtx *cx, FrtStr p) {
  FnPath c = fnpath_cut(p);
  uint32_t point = fnpath_point(p, &c);
  return point < c.end ? fn_str(p.ptr + point + 1, c.end - point - 1) : fn_str("", 0);
}

FrtStr frt_path_folder(FrtCtx *cx, FrtStr p) {
  FnPath c = fnpath_cut(p);
  return c.folder_end ? fn_str(p.ptr, c.folder_end) : fn_str(".", 1);
}

FrtStr frt_path_root(FrtCtx *cx, FrtStr p) { return fn_str(p.ptr, fnpath_root(p, fnpath_is_windows(p))); }

int frt_path_join(FrtCtx *cx, FrtStr *out, FrtStr folder, FrtStr path) {
  int windows = fnpath_is_windows(folder);
  if (!folder.len || fnpath_root(path, fnpath_is_windows(path)) || (windows && path.len && path.ptr[0] == '\\')) {
    *out = path;
    return FRT_OK;
  }
  if ((uint64_t)folder.len + path.len + 1 > FN_TEXT_MAX) return fn_too_long(cx);
  char *room = frt_alloc(cx, (size_t)folder.len + path.len + 1), *o = room;
  fn_copy(o, folder.ptr, folder.len);
  o += folder.len;
  if (!fnpath_separates(o[-1], windows)) *o++ = windows && !memchr(folder.ptr, '/', folder.len) ? '\\' : '/';
  fn_copy(o, path.ptr, path.len);
  *out = fn_str(room, (size_t)(o - room) + path.len);
  return FRT_OK;
}

/* Takes names from the left; `..` takes the last one back, unless that is `..` itself or there is none. */
FrtStr frt_path_clean(FrtCtx *cx, FrtStr p) {
  int windows = fnpath_is_windows(p);
  uint32_t root = fnpath_root(p, windows);
  char *room = frt_alloc(cx, (size_t)p.len + 1), *o = room + root;
  char separator = windows && p.ptr[root - 1] == '\\' ? '\\' : '/';
  fn_copy(room, p.ptr, root);
  for (uint32_t at = root; at < p.len;) {
    uint32_t end = at;
    while (end < p.len && !fnpath_separates(p.ptr[end], windows)) end++;
    uint32_t len = end - at;
    int up = len == 2 && p.ptr[at] == '.' && p.ptr[at + 1] == '.';
    char *last = o;
    while (last > room + root && last[-1] != separator) last--;
    int last_is_up = o - last == 2 && last[0] == '.' && last[1] == '.';
    if (up && o > room + root && !last_is_up) {
      o = last > room + root ? last - 1 : last;
    } else if (len && !(len == 1 && p.ptr[at] == '.') && !(up && root)) {
      if (o > room + root) *o++ = separator;
      fn_copy(o, p.ptr + at, len);
      o += len;
    }
    at = end + 1;
  }
  return o > room ? fn_str(room, (size_t)(o - room)) : fn_str(".", 1);
}
