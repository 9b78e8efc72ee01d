/* strip.c: C without its comments, blank lines and indentation: strip < in.h > out.h. What libtcc reads at each start. Build tool. */
#include <stdio.h>

int main(void) {
  int c, next, quote = 0, at_start = 1, space = 0;
  while ((c = getchar()) != EOF) {
    if (!quote && c == '/' && (next = getchar()) == '*') {   /* a comment is a space */
      for (int before = 0; (c = getchar()) != EOF && !(before == '*' && c == '/'); before = c) {
      }
      space = 1;
      continue;
    }
    if (!quote && c == '/') ungetc(next, stdin);
    if (!quote && (c == ' ' || c == '\t')) {
      space = 1;
      continue;
    }
    if (c == '\n') {
      if (!at_start) putchar(c);
      at_start = 1;
      space = 0;
      continue;
    }
    if (space && !at_start) putchar(' ');
    space = at_start = 0;
    putchar(c);
    if (quote && c == '\\') putchar(getchar());
    else if (quote) quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'') quote = c;
  }
  return 0;
}
