/* letters.c: see letters.h. A line is an object of strings, numbers and words, as RFC 8259 has them; members that nobody asked
 * for are passed over, so that a letter may be edited or carry more. */
#include "driver/letters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS_LINE_MAX = 64 << 20 };

typedef struct LettersLine { Arena *arena; const char *at, *end; } LettersLine;

static void letters_space(LettersLine *l) {
  while (l->at < l->end && strchr(" \t\r\n", *l->at)) l->at++;
}

static bool letters_take(LettersLine *l, char c) {
  letters_space(l);
  if (l->at == l->end || *l->at != c) return false;
  l->at++;
  return true;
}

static bool letters_hex(LettersLine *l, unsigned *out) {
  *out = 0;
  for (int i = 0; i < 4; i++) {
    char c = l->at < l->end ? *l->at++ : 0;
    unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
    if (d > 15) return false;
    *out = *out * 16 + d;
  }
  return true;
}

/* Behind `\u`: the character as UTF-8 at p, its end; NULL when it is none. */
static char *letters_unicode(LettersLine *l, char *p) {
  unsigned c, low;
  if (!letters_hex(l, &c) || (c >= 0xdc00 && c < 0xe000)) return NULL;
  if (c >= 0xd800 && c < 0xdc00) {
    if (l->end - l->at < 6 || l->at[0] != '\\' || l->at[1] != 'u') return NULL;
    l->at += 2;
    if (!letters_hex(l, &low) || low < 0xdc00 || low > 0xdfff) return NULL;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  if (c < 0x80) return *p++ = (char)c, p;
  int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  *p++ = (char)((more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0) | c >> 6 * more);
  while (more--) *p++ = (char)(0x80 | (c >> 6 * more & 63));
  return p;
}

/* The string behind its opening quote. */
static bool letters_string(LettersLine *l, FrtStr *out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char *text = arena_alloc(l->arena, (size_t)(l->end - l->at) + 1), *p = text;
  while (l->at < l->end && *l->at != '"') {
    if (*l->at != '\\') {
      *p++ = *l->at++;
      continue;
    }
    char c = ++l->at < l->end ? *l->at++ : 0;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) *p++ = to[known - from];
    else if (c != 'u' || !(p = letters_unicode(l, p))) return false;
  }
  if (l->at == l->end) return false;
  l->at++;
  *p = 0;
  *out = (FrtStr){text, (uint32_t)(p - text), 0};
  return true;
}

/* A number or a word: its text. */
static bool letters_word(LettersLine *l, FrtStr *out) {
  const char *from = l->at;
  while (l->at < l->end && !strchr(",} \t\r\n", *l->at)) l->at++;
  *out = (FrtStr){from, (uint32_t)(l->at - from), 0};
  return out->len != 0;
}

static void letters_set(Letter *t, FrtStr name, FrtStr value, bool quoted) {
  const struct { const char *name; FrtStr *text; int64_t *number; } members[] = {
    {"script", &t->script, NULL}, {"script_hash", &t->script_hash, NULL}, {"operator", &t->op, NULL}, {"file", &t->file, NULL},
    {"code", &t->code, NULL}, {"raw", &t->raw, NULL}, {"script_line", NULL, &t->script_line},
    {"script_column", NULL, &t->script_column}, {"line", NULL, &t->line}, {"offset", NULL, &t->offset},
    {"retry_count", NULL, &t->retry_count},
  };
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    if (strlen(members[i].name) != name.len || memcmp(members[i].name, name.ptr, name.len)) continue;
    if (quoted && members[i].text) *members[i].text = value;
    if (!quoted && members[i].number && value.ptr[0] >= '0' && value.ptr[0] <= '9') *members[i].number = strtoll(value.ptr, NULL, 10);
  }
}

static bool letters_line(LettersLine *l, Letter *t) {
  if (!letters_take(l, '{')) return false;
  bool more = !letters_take(l, '}');
  while (more) {
    FrtStr name, value;
    if (!letters_take(l, '"') || !letters_string(l, &name) || !letters_take(l, ':')) return false;
    bool quoted = letters_take(l, '"');
    if (quoted ? !letters_string(l, &value) : !letters_word(l, &value)) return false;
    letters_set(t, name, value, quoted);
    if (letters_take(l, '}')) break;
    if (!letters_take(l, ',')) return false;
  }
  letters_space(l);
  return l->at == l->end && t->op.len;
}

bool letters_read(Arena *a, const char *path, Letter **letters, uint32_t *len, const char **why) {
  FILE *f = fopen(path, "rb");
  char *line = NULL;
  size_t room = 0;
  ssize_t got = -1;
  uint32_t at = 0;
  *why = NULL;
  *letters = NULL;
  *len = 0;
  if (!f) return *why = arena_printf(a, "%s: %s", path, strerror(errno)), false;
  while (!*why && (got = getline(&line, &room, f)) >= 0) {
    at++;
    char *copy = arena_strndup(a, line, (size_t)got);
    LettersLine l = {a, copy, copy + got};
    Letter t = {.script_line = -1, .script_column = -1, .line = -1, .offset = -1, .at = at};
    letters_space(&l);
    if (l.at == l.end) continue;
    if (got > LETTERS_LINE_MAX || !letters_line(&l, &t)) *why = arena_printf(a, "%s:%u: this is not a dead letter", path, at);
    *letters = arena_grow(a, *letters, *len, sizeof **letters);
    (*letters)[(*len)++] = t;
  }
  if (!*why && ferror(f)) *why = arena_printf(a, "%s: %s", path, strerror(errno));
  free(line);
  fclose(f);
  return !*why;
}
