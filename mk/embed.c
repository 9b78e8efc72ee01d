/* embed.c: a file as C bytes: embed NAME FILE > out.c gives NAME_text[] (NUL-terminated), NAME_size, and NAME_id[], 32 hex
 * digits that tell it from others (FNV-1a from two bases). Build tool. */
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv) {
  FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
  if (!f) return 1;
  printf("#include <stddef.h>\nextern const char %s_text[];\nextern const size_t %s_size;\nextern const char %s_id[];\nconst char %s_text[] = {", argv[1], argv[1],
         argv[1], argv[1]);
  uint64_t h1 = 0xcbf29ce484222325u, h2 = 0x9ae16a3b2f90404fu;
  int c;
  size_t n = 0;
  for (; (c = getc(f)) != EOF; n++) {
    h1 = (h1 ^ (uint64_t)c) * 0x100000001b3u;
    h2 = (h2 ^ (uint64_t)c) * 0x100000001b3u;
    printf("%s%d,", n % 24 ? "" : "\n", c > 127 ? c - 256 : c);
  }
  printf("0};\nconst size_t %s_size = %zu;\n", argv[1], n);
  printf("const char %s_id[] = \"%016llx%016llx\";\n", argv[1], (unsigned long long)h1, (unsigned long long)h2);
  return 0;
}
