/* fuzz_script.c: any bytes as a script: parse, report, print, format; formatting must keep the tree and
 * change nothing the second time. With libFuzzer: -fsanitize=fuzzer -DFUZZ_LIBFUZZER. Without, main
 * mutates the scripts it is given: fuzz_script SEED SECONDS script.flow... */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "syntax/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *fuzz_tree(const AstScript *script, size_t *size) {
  char *text = NULL;
  FILE *out = open_memstream(&text, size);
  ast_print(script, out);
  fclose(out);
  return text;
}

static void fuzz_fail(const char *what, const char *text, size_t size) {
  fprintf(stderr, "fuzz_script: %s\n----\n", what);
  fwrite(text, 1, size, stderr);
  fputs("\n----\n", stderr);
  abort();
}

static void fuzz_check_format(Arena *arena, Diags *d, uint32_t file, const AstScript *script) {
  const Source *s = diags_source(d, file);
  const char *once = syntax_format(arena, s, script);
  uint32_t file2 = diags_add_source(d, "formatted", once, strlen(once));
  if (file2 == UINT32_MAX) return;
  AstScript *script2 = syntax_parse(arena, d, file2);
  if (diag_error_len(d) > 0) fuzz_fail("the formatted script has errors", once, strlen(once));
  size_t size1, size2;
  char *tree1 = fuzz_tree(script, &size1), *tree2 = fuzz_tree(script2, &size2);
  if (size1 != size2 || memcmp(tree1, tree2, size1) != 0) fuzz_fail("formatting changes the tree", once, strlen(once));
  free(tree1);
  free(tree2);
  const char *twice = syntax_format(arena, diags_source(d, file2), script2);
  if (strcmp(once, twice) != 0) fuzz_fail("formatting twice differs", once, strlen(once));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena *arena = arena_new();
  Diags *d = diags_new(arena);
  uint32_t file = diags_add_source(d, "fuzz", (const char *)data, size);
  if (file != UINT32_MAX) {
    AstScript *script = syntax_parse(arena, d, file);
    const Source *s = diags_source(d, file);
    uint32_t len;
    const Diag *reports = diag_all(d, &len);
    for (uint32_t i = 0; i < len; i++)
      if (reports[i].span.start > reports[i].span.end || reports[i].span.end > s->size)
        fuzz_fail("a report's place is outside the source", reports[i].message, strlen(reports[i].message));
    char *text = NULL;
    size_t text_size;
    FILE *out = open_memstream(&text, &text_size);
    diag_print(d, out, true);
    diag_print_json(d, out);
    ast_print(script, out);
    fclose(out);
    free(text);
    if (diag_error_len(d) == 0) fuzz_check_format(arena, d, file, script);
  }
  arena_free(arena);
  return 0;
}

#ifndef FUZZ_LIBFUZZER
enum { FUZZ_SIZE_MAX = 1 << 16, FUZZ_CHANGES_MAX = 8 };

static uint64_t fuzz_state;
static uint64_t fuzz_random(void) { /* xorshift64*, Vigna 2016 */
  fuzz_state ^= fuzz_state >> 12;
  fuzz_state ^= fuzz_state << 25;
  fuzz_state ^= fuzz_state >> 27;
  return fuzz_state * 0x2545F4914F6CDD1DULL;
}
static size_t fuzz_below(size_t n) { return n ? (size_t)(fuzz_random() % n) : 0; }

typedef struct Seed {
  char *text;
  size_t size;
} Seed;

static const char *const PIECES[] = {
  "(", ")", "[", "]", "{", "}", "\"", "\"\"\"", "f\"{", "r\"", "`", "|", "->", "=>", "==", "=~", "??", "?", "@2026-07-01",
  "5m", "64MiB", "5%", "not ", "if a then b else c end", "match x { 1 => 2; _ => 3 }", " in ", "#", "\n", "\n\n", "\\u{",
  "-", "--", ".", ",", ";", ":", "on error -> x limit 5%", "else -> y", "param p: i64 = 3\n", "\xC3\xA4", "\xFF", "# c\n",
  " # c\n", "values [{ a = 1 }]", "| write csv(\"x\")", "| filter a > 1", "\t", "\r\n", "{a:.2}", "default ", "test \"t\" {"
};

static size_t fuzz_insert(char *text, size_t size, size_t at, const char *piece, size_t len) {
  if (size + len > FUZZ_SIZE_MAX) return size;
  memmove(text + at + len, text + at, size - at);
  memcpy(text + at, piece, len);
  return size + len;
}

static size_t fuzz_change(char *text, size_t size, const Seed *seeds, size_t seed_len) {
  size_t at = fuzz_below(size + 1), len = fuzz_below(fuzz_below(4) ? 8 : 200);
  if (at + len > size) len = size - at;
  const Seed *other = &seeds[fuzz_below(seed_len)];
  switch (fuzz_below(5)) {
  case 0: /* cut */
    memmove(text + at, text + at + len, size - at - len);
    return size - len;
  case 1: { /* a byte */
    if (at < size) text[at] = (char)fuzz_random();
    return size;
  }
  case 2: { /* a piece of another script */
    size_t from = fuzz_below(other->size), other_len = fuzz_below(100);
    if (from + other_len > other->size) other_len = other->size - from;
    return fuzz_insert(text, size, at, other->text + from, other_len);
  }
  case 3: { /* a break or a space where none was */
    const char *gap = fuzz_below(2) ? "\n" : " ";
    return fuzz_insert(text, size, at, gap, 1);
  }
  default: {
    const char *piece = PIECES[fuzz_below(sizeof PIECES / sizeof PIECES[0])];
    return fuzz_insert(text, size, at, piece, strlen(piece));
  }
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return fputs("usage: fuzz_script SEED SECONDS script.flow...\n", stderr), 1;
  fuzz_state = strtoull(argv[1], NULL, 10) * 2 + 1;
  time_t end = time(NULL) + (time_t)strtol(argv[2], NULL, 10);
  size_t seed_len = (size_t)argc - 3, runs = 0;
  Seed *seeds = calloc(seed_len, sizeof *seeds);
  char *text = malloc(FUZZ_SIZE_MAX + 1);
  for (size_t i = 0; i < seed_len; i++) {
    FILE *in = fopen(argv[i + 3], "rb");
    if (!in) return perror(argv[i + 3]), 1;
    seeds[i].text = malloc(FUZZ_SIZE_MAX);
    seeds[i].size = fread(seeds[i].text, 1, FUZZ_SIZE_MAX, in);
    fclose(in);
    LLVMFuzzerTestOneInput((uint8_t *)seeds[i].text, seeds[i].size);
  }
  do {
    const Seed *seed = &seeds[fuzz_below(seed_len)];
    size_t size = seed->size, changes = 1 + fuzz_below(FUZZ_CHANGES_MAX);
    memcpy(text, seed->text, size);
    while (changes-- > 0) size = fuzz_change(text, size, seeds, seed_len);
    LLVMFuzzerTestOneInput((uint8_t *)text, size);
    runs++;
  } while (time(NULL) < end);
  printf("fuzz_script: %zu runs\n", runs);
  for (size_t i = 0; i < seed_len; i++) free(seeds[i].text);
  free(seeds);
  free(text);
  return 0;
}
#endif
