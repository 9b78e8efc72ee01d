/* params_file.c: a JSON object of scalars, strictly by RFC 8259: the values of parameters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sched/args.h"
#include "text/column.h"

enum { PARAMS_FILE_MAX = 16 * 1024 * 1024 };

typedef struct ParamsParser {
  Arena *arena;
  const char *path, *text, *at, *end;
} ParamsParser;

static int params_fail(const ParamsParser *p, const char *what) {
  unsigned line = 1;
  for (const char *c = p->text; c < p->at; c++) line += *c == '\n';
  fprintf(stderr, "error: %s:%u: %s\n", p->path, line, what);
  return 1;
}

static char *params_read(Arena *arena, const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  size_t size = 64 * 1024, n = 0, got;
  char *text = arena_alloc(arena, size + 1);
  while ((got = fread(text + n, 1, size - n, f)) > 0) {
    n += got;
    if (n < size) continue;
    if (size >= PARAMS_FILE_MAX) {
      fclose(f);
      errno = EFBIG;
      return NULL;
    }
    char *more = arena_alloc(arena, size * 2 + 1);
    memcpy(more, text, n);
    text = more;
    size *= 2;
  }
  int failed = ferror(f);
  fclose(f);
  *len = n;
  return failed ? NULL : text;
}

static void params_space(ParamsParser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')) p->at++;
}

static int params_is(ParamsParser *p, char c) {
  params_space(p);
  if (p->at >= p->end || *p->at != c) return 0;
  p->at++;
  return 1;
}

static int params_hex4(ParamsParser *p, unsigned *out) {
  *out = 0;
  for (int i = 0; i < 4; i++, p->at++) {
    char c = p->at < p->end ? *p->at : 0;
    unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
    if (d == 16) return 0;
    *out = *out * 16 + d;
  }
  return 1;
}

static char *params_put_utf8(char *o, unsigned c) {
  if (c < 0x80) {
    *o++ = (char)c;
  } else if (c < 0x800) {
    *o++ = (char)(0xc0 | c >> 6);
    *o++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *o++ = (char)(0xe0 | c >> 12);
    *o++ = (char)(0x80 | (c >> 6 & 63));
    *o++ = (char)(0x80 | (c & 63));
  } else {
    *o++ = (char)(0xf0 | c >> 18);
    *o++ = (char)(0x80 | (c >> 12 & 63));
    *o++ = (char)(0x80 | (c >> 6 & 63));
    *o++ = (char)(0x80 | (c & 63));
  }
  return o;
}

/* Behind the `u` of an escape, both halves of a pair. NULL: not a character, or NUL. */
static char *params_unicode(ParamsParser *p, char *o) {
  unsigned c, low;
  if (!params_hex4(p, &c) || c == 0 || (c >= 0xdc00 && c < 0xe000)) return NULL;
  if (c >= 0xd800 && c < 0xdc00) {
    if (p->end - p->at < 6 || p->at[0] != '\\' || p->at[1] != 'u') return NULL;
    p->at += 2;
    if (!params_hex4(p, &low) || low < 0xdc00 || low > 0xdfff) return NULL;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  return params_put_utf8(o, c);
}

/* The string behind its opening quote; NULL when it is not one. */
static char *params_string(ParamsParser *p) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *close = p->at;
  while (close < p->end && *close != '"') close += *close == '\\' && close + 1 < p->end ? 2 : 1;
  char *out = arena_alloc(p->arena, (size_t)(close - p->at) + 2), *o = out;
  while (p->at < p->end && *p->at != '"') {
    if ((unsigned char)*p->at < 0x20) return NULL;
    if (*p->at != '\\') {
      *o++ = *p->at++;
      continue;
    }
    char c = ++p->at < p->end ? *p->at++ : 0;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) *o++ = to[known - from];
    else if (c != 'u' || !(o = params_unicode(p, o))) return NULL;
  }
  if (p->at >= p->end) return NULL;
  p->at++;
  *o = 0;
  return frt_utf8_valid(out, (size_t)(o - out)) ? out : NULL;
}

static const char *params_digits(const char *c, const char *end) {
  while (c < end && *c >= '0' && *c <= '9') c++;
  return c;
}

/* A number or a word as it is written; NULL when it is neither. */
static char *params_plain(ParamsParser *p) {
  static const char *const words[] = {"true", "false", "null"};
  const char *start = p->at, *c = start, *digits;
  for (size_t i = 0; i < 3; i++) {
    size_t n = strlen(words[i]);
    if ((size_t)(p->end - start) >= n && memcmp(start, words[i], n) == 0) {
      p->at += n;
      return arena_strndup(p->arena, start, n);
    }
  }
  if (c < p->end && *c == '-') c++;
  digits = c;
  c = params_digits(c, p->end);
  if (c == digits || (*digits == '0' && c - digits > 1)) return NULL;
  if (c < p->end && *c == '.') {
    digits = ++c;
    if ((c = params_digits(c, p->end)) == digits) return NULL;
  }
  if (c < p->end && (*c == 'e' || *c == 'E')) {
    c++;
    if (c < p->end && (*c == '+' || *c == '-')) c++;
    digits = c;
    if ((c = params_digits(c, p->end)) == digits) return NULL;
  }
  p->at = c;
  return arena_strndup(p->arena, start, (size_t)(c - start));
}

static int params_member(ParamsParser *p, int (*take)(void *, const char *, const char *), void *context) {
  if (!params_is(p, '"')) return params_fail(p, "the name of a parameter is expected");
  char *name = params_string(p), *text;
  if (!name) return params_fail(p, "a name that is not a JSON string");
  if (!params_is(p, ':')) return params_fail(p, "`:` is expected");
  params_space(p);
  int quoted = p->at < p->end && *p->at == '"';
  if (quoted) p->at++;
  text = quoted ? params_string(p) : params_plain(p);
  if (!text) return params_fail(p, "the value of a parameter is a string, a number, true, false or null");
  return quoted || strcmp(text, "null") != 0 ? take(context, name, text) : 0;
}

int frt_params_file(Arena *arena, const char *path, int (*take)(void *context, const char *name, const char *text),
                    void *context) {
  size_t len = 0;
  char *text = params_read(arena, path, &len);
  if (!text) {
    fprintf(stderr, "error: --params: %s: %s\n", path, strerror(errno));
    return 1;
  }
  ParamsParser p = {arena, path, text, text, text + len};
  if (!params_is(&p, '{')) return params_fail(&p, "a JSON object is expected");
  int more = !params_is(&p, '}');
  while (more) {
    int status = params_member(&p, take, context);
    if (status) return status;
    if (params_is(&p, '}')) break;
    if (!params_is(&p, ',')) return params_fail(&p, "`,` or `}` is expected");
  }
  params_space(&p);
  return p.at == p.end ? 0 : params_fail(&p, "text after the object");
}
