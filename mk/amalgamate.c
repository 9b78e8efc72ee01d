/* amalgamate.c: joins C files into one text: every #include "x" of a file below the include folders is
 * replaced by that file, headers once, .def files each time. Build tool.
 *   amalgamate -Idir ... file ... > out.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_SIZE = 512, FILES_MAX = 512, LINE_MAX_SIZE = 8192 };

static const char *dirs[32];
static int dir_len;
static char seen[FILES_MAX][NAME_MAX_SIZE];
static int seen_len;

static FILE *open_include(const char *name, const char *from, char *path) {
  const char *slash = strrchr(from, '/');
  snprintf(path, NAME_MAX_SIZE, "%.*s%s", slash ? (int)(slash - from) + 1 : 0, from, name);
  FILE *f = fopen(path, "r");
  for (int i = 0; !f && i < dir_len; i++) {
    snprintf(path, NAME_MAX_SIZE, "%s/%s", dirs[i], name);
    f = fopen(path, "r");
  }
  return f;
}

static int is_def(const char *name) {
  size_t n = strlen(name);
  return n > 4 && !strcmp(name + n - 4, ".def");
}

static int first_time(const char *path) {
  for (int i = 0; i < seen_len; i++)
    if (!strcmp(seen[i], path)) return 0;
  if (seen_len == FILES_MAX) exit(1);
  snprintf(seen[seen_len++], NAME_MAX_SIZE, "%s", path);
  return 1;
}

static void emit(FILE *f, const char *from) {
  char line[LINE_MAX_SIZE], name[NAME_MAX_SIZE], path[NAME_MAX_SIZE];
  while (fgets(line, sizeof line, f)) {
    FILE *inner = sscanf(line, " # include \"%500[^\"]\"", name) == 1 ? open_include(name, from, path) : NULL;
    if (!inner) {
      fputs(line, stdout);
      continue;
    }
    if (is_def(name) || first_time(path)) emit(inner, path);
    fclose(inner);
  }
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (!strncmp(argv[i], "-I", 2)) {
      dirs[dir_len++] = argv[i] + 2;
      continue;
    }
    FILE *f = fopen(argv[i], "r");
    if (!f) {
      perror(argv[i]);
      return 1;
    }
    if (argc > 3) printf("\n/* ==== %s ==== */\n", argv[i]);
    if (first_time(argv[i])) emit(f, argv[i]);
    fclose(f);
  }
  return ferror(stdout) != 0;
}
