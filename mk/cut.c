/* cut.c: cuts the header that flowc carries into items, see compiler/backend/header.c: cut < header.h > items.c. Build tool.
 *
 * An item is a macro, a conditional group, or a declaration up to its semicolon or the end of its body. Guards of headers go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../compiler/backend/header.h"

enum { CUT_TEXT_MAX = 1 << 20, CUT_ITEMS_MAX = 1 << 14 };

static char cut_text[CUT_TEXT_MAX];
static HeaderItem cut_items[CUT_ITEMS_MAX];
static uint32_t cut_len, cut_slots[HEADER_SLOTS];

static uint32_t cut_hash(const char *from, const char *to) {
  uint32_t hash = 0;
  return header_name(from, to, &hash) ? hash : 0;
}

static const char *cut_line_end(const char *p) {
  for (; *p; p++)
    if (*p == '\n' && p[-1] != '\\') return p + 1;
  return p;
}

static bool cut_starts(const char *p, const char *word) { return strncmp(p, word, strlen(word)) == 0; }

/* Behind the #endif of the group that begins at p. */
static const char *cut_group_end(const char *p) {
  int depth = 0;
  do {
    if (cut_starts(p, "#if")) depth++;
    if (cut_starts(p, "#endif")) depth--;
    p = cut_line_end(p);
  } while (*p && depth);
  return p;
}

/* Whether a group at p is the guard of a header: `#ifndef X` and `#define X` alone. */
static bool cut_is_guard(const char *p) {
  const char *second = cut_line_end(p);
  return cut_starts(p, "#ifndef ") && cut_starts(second, "#define ") &&
         cut_line_end(second) - second == second - p && !memcmp(p + 8, second + 8, (size_t)(second - p - 8));
}

static const char *cut_skip_literal(const char *p) {
  char quote = *p++;
  while (*p && *p != quote) p += *p == '\\' && p[1] ? 2 : 1;
  return p;
}

static const char *cut_declaration_end(const char *p) {
  int depth = 0;
  bool body = false;
  for (char before = 0; *p; p++) {
    if (*p == '"' || *p == '\'') p = cut_skip_literal(p);
    if (!*p) break;
    if (*p == '{' && !depth) body = before == ')';
    if (*p == '(' || *p == '[' || *p == '{') depth++;
    if (*p == ')' || *p == ']' || *p == '}') depth--;
    if (!depth && (*p == ';' || (*p == '}' && body))) return p + 1;
    if (*p > ' ') before = *p;
  }
  return p;
}

static void cut_add(const char *from, const char *to, uint32_t name) {
  if (cut_len == CUT_ITEMS_MAX) exit(1);
  uint32_t *slot = &cut_slots[name % HEADER_SLOTS];
  cut_items[cut_len++] = (HeaderItem){(uint32_t)(from - cut_text), (uint32_t)(to - from), name, name ? *slot : 0};
  if (name) *slot = cut_len;
}

/* The name that a declaration declares; 0 when it is not one alone. */
static uint32_t cut_declared(const char *from, const char *to) {
  const char *paren = memchr(from, '(', (size_t)(to - from)), *brace = memchr(from, '{', (size_t)(to - from)), *name;
  const char *word = to;
  if (cut_starts(from, "enum") || cut_starts(from, "typedef enum")) return 0;
  if (cut_starts(from, "struct ") && (!paren || (brace && brace < paren))) return cut_hash(from + 7, to);
  if (cut_starts(from, "typedef ")) {
    if (brace) while (word > from && *word != '}') word--;                          /* } Name; */
    else if (paren && paren[1] == '*') word = paren + 1;                            /* (*Name)(...) */
    else {
      if (paren) word = paren;                                                      /* of a function, Name(...) */
      while (word > from && !header_is_word(word[-1])) word--;
      while (word > from && header_is_word(word[-1])) word--;                       /* of the old type, Name; */
    }
    return cut_hash(word, to);
  }
  if (!paren || (brace && brace < paren)) return 0;
  for (name = paren; name > from && header_is_word(name[-1]); name--) {
  }
  return name > from && !cut_starts(name, "__") ? cut_hash(name, to) : 0;      /* name == from: a macro */
}

/* The item at p, and where it ends. */
static const char *cut_item(const char *p) {
  uint32_t name = 0;
  const char *to;
  if (cut_starts(p, "#if")) {
    to = cut_group_end(p);
  } else if (*p == '#') {
    to = cut_line_end(p);
    if (cut_starts(p, "#define ")) name = cut_hash(p + 8, to);
  } else {
    to = cut_declaration_end(p);
    name = cut_declared(p, to);
  }
  cut_add(p, to, name);
  return to;
}

static void cut_all(const char *text) {
  for (const char *p = text; *p;) {
    if (*p == '\n' || *p == ' ') p++;
    else if (cut_is_guard(p)) p = cut_line_end(cut_line_end(p));
    else if (cut_starts(p, "#endif")) p = cut_line_end(p);   /* of a guard */
    else p = cut_item(p);
  }
}

int main(void) {
  size_t n = fread(cut_text, 1, sizeof cut_text - 1, stdin);
  if (n == sizeof cut_text - 1) return 1;
  cut_all(cut_text);
  printf("#include \"backend/header.h\"\n\nconst HeaderItem flow_header_items[] = {\n");
  for (uint32_t i = 0; i < cut_len; i++)
    printf("  {%u, %u, %uu, %u},\n", cut_items[i].from, cut_items[i].size, cut_items[i].name, cut_items[i].next);
  printf("};\nconst uint32_t flow_header_len = %u;\nconst uint32_t flow_header_slots[HEADER_SLOTS] = {", cut_len);
  for (uint32_t i = 0; i < HEADER_SLOTS; i++) printf("%s%u,", i % 16 ? " " : "\n  ", cut_slots[i]);
  printf("\n};\n");
  return 0;
}
