/* fn_build.c: text functions that make longer texts or lists: padding, repeating, splitting,
 * joining, and `like`. All results are bounded by FN_TEXT_MAX and FN_PARTS_MAX. */
#include "text/fn.h"

/* Fills p with the first `count` code points of `fill` repeated; returns the end. */
static char *fnbuild_fill(char *p, FrtStr fill, size_t count) {
  for (uint32_t i = 0; count; count--) {
    uint32_t width = fn_width(fill.ptr[i]);
    memcpy(p, fill.ptr + i, width);
    p += width;
    i = i + width < fill.len ? i + width : 0;
  }
  return p;
}

/* Bytes that fnbuild_fill writes. */
static uint64_t fnbuild_fill_size(FrtStr fill, uint64_t count) {
  size_t points = fn_count(fill.ptr, fill.len);
  return count / points * fill.len + fn_offset(fill, count % points);
}

static int fnbuild_pad(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width, FrtStr fill, int left) {
  *out = s;
  if (width <= 0 || !fill.len) return FRT_OK;
  uint64_t count = fn_count(s.ptr, s.len);
  if (count >= (uint64_t)width) return FRT_OK;
  if (width > FN_TEXT_MAX) return fn_too_long(cx);
  uint64_t missing = (uint64_t)width - count, size = s.len + fnbuild_fill_size(fill, missing);
  if (size > FN_TEXT_MAX) return fn_too_long(cx);
  char *result = frt_alloc(cx, size), *p = result;
  if (left) p = fnbuild_fill(p, fill, missing);
  fn_copy(p, s.ptr, s.len);
  if (!left) fnbuild_fill(p + s.len, fill, missing);
  *out = fn_str(result, size);
  return FRT_OK;
}

int frt_pad_left(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width, FrtStr fill) {
  return fnbuild_pad(cx, out, s, width, fill, 1);
}
int frt_pad_right(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width, FrtStr fill) {
  return fnbuild_pad(cx, out, s, width, fill, 0);
}
int frt_pad_left_space(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width) {
  return fnbuild_pad(cx, out, s, width, fn_str(" ", 1), 1);
}
int frt_pad_right_space(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width) {
  return fnbuild_pad(cx, out, s, width, fn_str(" ", 1), 0);
}

int frt_repeat(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t n) {
  *out = fn_str(s.ptr, 0);
  if (n <= 0 || !s.len) return FRT_OK;
  if (n > FN_TEXT_MAX || (uint64_t)n * s.len > FN_TEXT_MAX) return fn_too_long(cx);
  size_t size = (size_t)n * s.len, done = s.len;
  char *result = frt_alloc(cx, size);
  memcpy(result, s.ptr, s.len);
  while (done < size) {
    size_t step = done < size - done ? done : size - done;
    memcpy(result + done, result, step);
    done += step;
  }
  *out = fn_str(result, size);
  return FRT_OK;
}

/* ---- splitting ---- */

static size_t fnbuild_parts(FrtStr s, FrtStr sep) {
  if (!sep.len) return fn_count(s.ptr, s.len);
  size_t n = 1;
  for (size_t at = fn_search(s, 0, sep); at <= s.len; at = fn_search(s, at + sep.len, sep)) n++;
  return n;
}

int frt_split(FrtCtx *cx, FrtList *out, FrtStr s, FrtStr sep) {
  size_t n = fnbuild_parts(s, sep);
  if (n > FN_PARTS_MAX) return fn_error(cx, FRT_E_TOO_LONG, "16777216 parts");
  FrtStr *parts = frt_alloc(cx, n * sizeof *parts);
  size_t from = 0;
  for (size_t i = 0; i < n; i++) {
    size_t end = sep.len ? fn_search(s, from, sep) : from + fn_width(s.ptr[from]);
    if (end > s.len) end = s.len;
    parts[i] = fn_str(s.ptr + from, end - from);
    from = end + sep.len;
  }
  *out = (FrtList){parts, (uint32_t)n, 0};
  return FRT_OK;
}

int frt_split_part(FrtCtx *cx, FrtStr *out, FrtStr s, FrtStr sep, int64_t n) {
  (void)cx;
  if (n < 0) {
    n += (int64_t)fnbuild_parts(s, sep);
    if (n < 0) return FRT_NULL;
  }
  if (!sep.len) {
    size_t at = fn_offset(s, (size_t)n);
    if (at >= s.len) return FRT_NULL;
    *out = fn_str(s.ptr + at, fn_width(s.ptr[at]));
    return FRT_OK;
  }
  size_t from = 0, end = fn_search(s, 0, sep);
  for (; n; n--) {
    if (end > s.len) return FRT_NULL;
    from = end + sep.len;
    end = fn_search(s, from, sep);
  }
  *out = fn_str(s.ptr + from, (end > s.len ? s.len : end) - from);
  return FRT_OK;
}

/* ---- lists ---- */

int frt_list_join(FrtCtx *cx, FrtStr *out, FrtList list, FrtStr sep) {
  const FrtStr *items = list.data;
  uint64_t size = 0;
  for (uint32_t i = 0; i < list.len; i++) size += items[i].len + (i ? sep.len : 0);
  if (size > FN_TEXT_MAX) return fn_too_long(cx);
  char *result = frt_alloc(cx, size), *p = result;
  for (uint32_t i = 0; i < list.len; i++) {
    if (i) {
      fn_copy(p, sep.ptr, sep.len);
      p += sep.len;
    }
    fn_copy(p, items[i].ptr, items[i].len);
    p += items[i].len;
  }
  *out = fn_str(result, size);
  return FRT_OK;
}

uint8_t frt_list_has_text(FrtCtx *cx, FrtList list, FrtStr value) {
  (void)cx;
  const FrtStr *items = list.data;
  for (uint32_t i = 0; i < list.len; i++) {
    if (items[i].len == value.len && (!value.len || !memcmp(items[i].ptr, value.ptr, value.len)))
      return 1;
  }
  return 0;
}

uint8_t frt_list_has_i64(FrtCtx *cx, FrtList list, int64_t value) {
  (void)cx;
  const int64_t *items = list.data;
  for (uint32_t i = 0; i < list.len; i++) {
    if (items[i] == value) return 1;
  }
  return 0;
}

/* ---- like ----
 * Greedy matching with one point to go back to: after a later `%`, an earlier one need never take
 * more. At most (code points of s) * (bytes of the pattern) steps. */
uint8_t frt_like(FrtCtx *cx, FrtStr s, FrtStr pattern) {
  (void)cx;
  uint32_t i = 0, j = 0, back_i = 0, back_j = UINT32_MAX;
  for (;;) {
    if (j < pattern.len && pattern.ptr[j] == '%') {
      back_i = i;
      back_j = ++j;
      continue;
    }
    if (i == s.len) break;
    if (j < pattern.len && pattern.ptr[j] == '_') {
      i += fn_width(s.ptr[i]);
      j++;
      continue;
    }
    if (j < pattern.len) {
      uint32_t at = pattern.ptr[j] == '\\' && j + 1 < pattern.len ? j + 1 : j;
      if (pattern.ptr[at] == s.ptr[i]) {
        i++;
        j = at + 1;
        continue;
      }
    }
    if (back_j == UINT32_MAX) return 0;
    back_i += fn_width(s.ptr[back_i]); /* the last `%` takes one code point more */
    i = back_i;
    j = back_j;
  }
  return j == pattern.len;
}
