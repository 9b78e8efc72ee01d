/* embed.c: a file as C bytes: embed NAME FILE > out.c gives NAME_text[] (NUL-terminated) and NAME_size. Build tool. */
#include <stdio.h>

int main(int argc, char **argv) {
  FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
  if (!f) return 1;
  printf("#include <stddef.h>\nextern const char %s_text[];\nextern const size_t %s_size;\nconst char %s_text[] = {", argv[1], argv[1], argv[1]);
  int c;
  size_t n = 0;
  for (; (c = getc(f)) != EOF; n++) printf("%s%d,", n % 24 ? "" : "\n", c > 127 ? c - 256 : c);
  printf("0};\nconst size_t %s_size = %zu;\n", argv[1], n);
  return 0;
}
