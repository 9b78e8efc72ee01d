/* word.c: the table of words. */
#include <parse.h>
#include <string.h>

#include "syntax/syntax_internal.h"

typedef struct Word {
  const char *text;
  int token;
  char kind;
} Word;

enum { WORD_R = 'R', WORD_S = 'S', WORD_O = 'O', WORD_C = 'C' };

static const Word WORDS[] = {
#define WORD(token, text, kind) {text, T_##token, WORD_##kind},
#include "syntax/words.def"
#undef WORD
};
enum { WORD_LEN = sizeof WORDS / sizeof WORDS[0] };

int word_find(const char *text, size_t size) {
  if (size == 1 && text[0] == '_') return T_UNDERSCORE;
  for (size_t i = 0; i < WORD_LEN; i++)
    if (WORDS[i].text[0] == text[0] && strlen(WORDS[i].text) == size && memcmp(WORDS[i].text, text, size) == 0)
      return WORDS[i].token;
  return 0;
}

static const Word *word_of(int token) {
  for (size_t i = 0; i < WORD_LEN; i++)
    if (WORDS[i].token == token) return &WORDS[i];
  return NULL;
}

const char *word_text(int token) {
  const Word *w = word_of(token);
  return w ? w->text : NULL;
}

char word_kind(int token) {
  const Word *w = word_of(token);
  return w ? w->kind : 0;
}
