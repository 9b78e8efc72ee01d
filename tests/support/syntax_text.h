/* syntax_text.h: scripts in, texts out, for the unit tests of diag and syntax. Texts are owned by the
 * fixture's arena. */
#ifndef TESTS_SUPPORT_SYNTAX_TEXT_H
#define TESTS_SUPPORT_SYNTAX_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "syntax/parse.h"

typedef struct SyntaxText {
  Arena *arena;
  Diags *diags;
  AstScript *script;
  const Source *source;
} SyntaxText;

static inline SyntaxText syntax_text_parse(const char *text, size_t size) {
  SyntaxText t = {.arena = arena_new()};
  t.diags = diags_new(t.arena);
  uint32_t file = diags_add_source(t.diags, "t.flow", text, size);
  if (file == UINT32_MAX) return t;
  t.script = syntax_parse(t.arena, t.diags, file);
  t.source = diags_source(t.diags, file);
  return t;
}

static inline char *syntax_text_keep(Arena *arena, char *text, size_t size) {
  char *kept = arena_strndup(arena, text, size);
  free(text);
  return kept;
}

/* "2:5 E0201; 3:1 E0202": the places of all reports. */
static inline char *syntax_text_places(SyntaxText *t) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  uint32_t len, line, column;
  const Diag *reports = diag_all(t->diags, &len);
  for (uint32_t i = 0; i < len; i++) {
    diag_place(diags_source(t->diags, reports[i].span.file), reports[i].span.start, &line, &column);
    fprintf(out, "%s%u:%u %s", i ? "; " : "", line, column, diag_code_name(reports[i].code));
  }
  fclose(out);
  return syntax_text_keep(t->arena, text, size);
}

static inline char *syntax_text_report(SyntaxText *t, bool json) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (json) diag_print_json(t->diags, out);
  else diag_print(t->diags, out, false);
  fclose(out);
  return syntax_text_keep(t->arena, text, size);
}

static inline char *syntax_text_tree(SyntaxText *t) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  ast_print(t->script, out);
  fclose(out);
  return syntax_text_keep(t->arena, text, size);
}

#endif
