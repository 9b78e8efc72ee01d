/* fn.h: what the files of the function library (fn_*.c) share. Not seen by generated code: the
 * functions themselves are declared in include/flowrt_func.h. */
#ifndef FRT_TEXT_FN_H
#define FRT_TEXT_FN_H

#include <stdint.h>
#include <string.h>

#include "flowrt.h"
#include "text/column.h"

enum {
  FN_TEXT_MAX =
      256 * 1024 * 1024, /* bytes of a text that a function makes: as long as the longest record */
  FN_PARTS_MAX = 16 * 1024 * 1024 /* elements of a list that a function makes */
};

#define FN_UNSET (~(size_t)0) /* the border of a group that took no part in a match */

static inline FrtStr fn_str(const char *ptr, size_t len) {
  FrtStr s = {ptr, (uint32_t)len, 0};
  return s;
}

/* Sets the detail of an error to a constant text, and returns the code. */
static inline int fn_error(FrtCtx *cx, int code, const char *text) {
  cx->detail = fn_str(text, strlen(text));
  return code;
}

static inline int fn_error_value(FrtCtx *cx, int code, FrtStr value) {
  cx->detail = value;
  return code;
}

static inline int fn_too_long(FrtCtx *cx) { return fn_error(cx, FRT_E_TOO_LONG, "256 MiB"); }

static inline void fn_copy(char *to, const char *from, size_t n) {
  if (n) memcpy(to, from, n);
}

/* Whether the byte begins a code point, in valid UTF-8. */
static inline int fn_is_lead(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

/* Bytes of the code point that begins with the byte, in valid UTF-8. */
static inline uint32_t fn_width(char lead) {
  unsigned char c = (unsigned char)lead;
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* The code point at p (valid UTF-8); *width is its bytes. */
static inline uint32_t fn_decode(const char *p, uint32_t *width) {
  const unsigned char *u = (const unsigned char *)p;
  *width = fn_width(*p);
  switch (*width) {
    case 1: return u[0];
    case 2: return (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
    case 3: return (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
    default:
      return (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 | (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
  }
}

/* Writes a code point as UTF-8; returns the end. */
static inline char *fn_encode(char *p, uint32_t c) {
  if (c < 0x80) {
    *p++ = (char)c;
  } else if (c < 0x800) {
    *p++ = (char)(0xC0 | c >> 6);
    *p++ = (char)(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *p++ = (char)(0xE0 | c >> 12);
    *p++ = (char)(0x80 | (c >> 6 & 0x3F));
    *p++ = (char)(0x80 | (c & 0x3F));
  } else {
    *p++ = (char)(0xF0 | c >> 18);
    *p++ = (char)(0x80 | (c >> 12 & 0x3F));
    *p++ = (char)(0x80 | (c >> 6 & 0x3F));
    *p++ = (char)(0x80 | (c & 0x3F));
  }
  return p;
}

/* ---- fn_text.c ---- */
/* Code points of p[0..n). */
size_t fn_count(const char *p, size_t n);
/* The offset of code point `index` (0..count), where count are the code points of s. */
size_t fn_offset(FrtStr s, size_t index);
/* Where `part` first stands in s[from..), or s.len + 1. The empty part stands at `from`. */
size_t fn_search(FrtStr s, size_t from, FrtStr part);

/* ---- fn_prepare.c: what was prepared from a text, kept for the run ----
 * A prepared object is immutable. Constants are prepared once, at start. Texts that are not
 * constant are prepared at each row: the first FN_PREPARED_MAX of them are kept for the run and
 * found again, later ones live as long as the block. */
enum { FN_PREPARED_MAX = 512 };
typedef enum FnKind {
  FN_REGEX,
  FN_LIKE,
  FN_FORMAT,
  FN_PARSE,
  FN_ZONE,
  FN_UNIT,
  FN_KIND_LEN
} FnKind;
/* What is kept of that kind and text, or NULL. */
const void *fn_prepared_find(FrtCtx *cx, FnKind kind, FrtStr text);
/* Whether one more may be kept: then make the object by frt_alloc_run, else by frt_alloc. */
int fn_prepared_keeps(FrtCtx *cx);
void fn_prepared_keep(FrtCtx *cx, FnKind kind, FrtStr text, const void *object);

#endif
