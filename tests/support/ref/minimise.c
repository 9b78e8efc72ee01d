/* minimise.c: makes a case that differs smaller while it still differs: delta debugging by lines (Zeller and
 * Hildebrandt, "Simplifying and isolating failure-inducing input"), over the script and each file; then parts of
 * expressions in brackets are put in the place of the whole. */
#include <stdlib.h>
#include <string.h>

#include "compare.h"

typedef struct Try {
  Case *c;
  const char *folder;
  const CaseOptions *o;
  Verdict v;
  Outcome want;
  int left;              /* runs that may still be spent */
} Try;

static bool still(Try *t) {
  if (t->left <= 0) return false;
  t->left--;
  Verdict v;
  case_run(t->c, t->folder, t->o, &v);
  if (v.outcome != t->want) return false;
  t->v = v;
  return true;
}

/* Puts `with` in the place of *text for as long as the case still differs. */
static bool replace(Try *t, char **text, size_t *size, char *with, size_t with_size) {
  char *old = *text;
  size_t old_size = size ? *size : 0;
  *text = with;
  if (size) *size = with_size;
  if (still(t)) {
    free(old);
    return true;
  }
  free(with);
  *text = old;
  if (size) *size = old_size;
  return false;
}

/* text without the lines [from, to). */
static char *without_lines(const char *text, size_t size, size_t from, size_t to, size_t *out_size) {
  char *out = malloc(size + 1);
  size_t line = 0, n = 0;
  for (size_t i = 0; i < size; i++) {
    if (line < from || line >= to) out[n++] = text[i];
    line += text[i] == '\n';
  }
  out[n] = 0;
  *out_size = n;
  return out;
}

static size_t line_count(const char *text, size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < size; i++) n += text[i] == '\n';
  return n;
}

static void fewer_lines(Try *t, char **text, size_t *size, size_t keep) {
  for (size_t step = 16; step; step /= 2) {
    size_t n = line_count(*text, size ? *size : strlen(*text));
    for (size_t from = n; from > keep && t->left > 0;) {
      size_t begin = from > keep + step ? from - step : keep, small;
      char *with = without_lines(*text, size ? *size : strlen(*text), begin, from, &small);
      replace(t, text, size, with, small);
      from = begin;
    }
  }
}

static const char *closing(const char *p) {
  int depth = 0;
  for (; *p && *p != '\n'; p++) {
    if (*p == '"')
      for (p++; *p && *p != '"' && *p != '\n'; p++) p += *p == '\\' && p[1];
    if (*p == '(') depth++;
    if (*p == ')' && --depth == 0) return p;
    if (!*p) break;
  }
  return NULL;
}

/* (a op b) becomes a bracket that stands inside of it; f(x) becomes x; a bracket becomes 1, "", true. */
static void simpler_expressions(Try *t) {
  static const char *const plain[] = {"1", "0.5", "\"a\"", "true", "null"};
  for (size_t at = 0; t->c->script[at] && t->left > 0; at++) {
    char *s = t->c->script;
    if (s[at] != '(') continue;
    const char *end = closing(s + at);
    if (!end) continue;
    size_t from = at, len = strlen(s);
    while (from && (strchr("abcdefghijklmnopqrstuvwxyz_0123456789", s[from - 1]))) from--;
    bool done = false;
    for (size_t in = at + 1; !done && s + in < end && t->left > 0; in++) {
      if (s[in] != '(') continue;
      const char *inner = closing(s + in);
      size_t start = in;
      while (start > at + 1 && strchr("abcdefghijklmnopqrstuvwxyz_0123456789", s[start - 1])) start--;
      if (!inner || inner >= end) break;
      char *with = calloc(1, len + 1);
      memcpy(with, s, from);
      strncat(with, s + start, (size_t)(inner + 1 - (s + start)));
      strcat(with, end + 1);
      done = replace(t, &t->c->script, NULL, with, 0);
      in = (size_t)(inner - s);
    }
    for (size_t i = 0; !done && i < sizeof plain / sizeof *plain; i++) {
      char *with = calloc(1, len + 16);
      memcpy(with, s, from);
      strcat(with, plain[i]);
      strcat(with, end + 1);
      done = replace(t, &t->c->script, NULL, with, 0);
    }
    if (done) at = from ? from - 1 : 0;
  }
}

void case_minimise(Case *c, const char *folder, const CaseOptions *o, Verdict *v) {
  Try t = {.c = c, .folder = folder, .o = o, .v = *v, .want = v->outcome, .left = 400};
  for (int round = 0; round < 2; round++) {
    fewer_lines(&t, &c->script, NULL, 0);
    for (int i = 0; i < c->file_len; i++) fewer_lines(&t, &c->files[i].data, &c->files[i].size, 1);
    if (!round) simpler_expressions(&t);
  }
  *v = t.v;
}
