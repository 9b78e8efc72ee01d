/* fuzz_json.c: the fast JSON path against the careful one. The first byte of an input chooses the format,
 * the sizes of block and window, the policy and the instructions; the rest is the file. Both paths must
 * give the same rows, errors, lines, offsets and raw texts, and nothing may be read outside the bytes.
 *
 * With libFuzzer: clang -fsanitize=fuzzer. Without (FUZZ_MAIN): fuzz_json SEED ROUNDS FILE... mutates the
 * files and lines of its own. */
#include "support/json_random.h"

static const char *const fuzz_simd[] = {"scalar", "avx2", "avx512", "avx512"};
static const uint32_t fuzz_rows[] = {1, 3, 64, 2048};
static const size_t fuzz_windows[] = {0, 1, 64, 700};

static int fuzz_one(const uint8_t *data, size_t size, int show) {
  if (size < 2) return 0;
  uint32_t format = data[1] % 8 ? FRT_FMT_JSONL : FRT_FMT_JSON;
  uint32_t policy = data[1] & 0x80 ? FRT_POLICY_NULL : FRT_POLICY_PORT;
  HarnessHow careful = {2048, policy, 0, 1, 0, 0};
  HarnessHow fast = {fuzz_rows[data[0] & 3], policy, fuzz_windows[data[0] >> 2 & 3], 0, 0, 0};
  setenv("FLOW_SIMD", fuzz_simd[data[0] >> 4 & 3], 1);
  /* Of compressed bytes that are damaged, the window decides how many come before the error. */
  if (size > 3 && (!memcmp(data + 2, "\x1f\x8b", 2) || !memcmp(data + 2, "\x28\xb5", 2))) careful.window = fast.window;
  const char *text = (const char *)data + 2;
  char *want = harness_read(random_columns, RANDOM_COLUMNS, format, text, size - 2, &careful);
  char *got = harness_read(random_columns, RANDOM_COLUMNS, format, text, size - 2, &fast);
  int differs = strcmp(want, got) != 0;
  if (differs && show) printf("--- fast\n%s\n--- careful\n%s\n", got, want);
  free(want);
  free(got);
  return differs;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (fuzz_one(data, size, 1)) abort();
  return 0;
}

#ifdef FUZZ_MAIN
static const char *const fuzz_words[] = {
    "\"", "\\", "\\u", "\\ud83d", "\\ude00", "{", "}", "[", "]", ":", ",", "\n", "\r\n", " ", "\t", "null", "true", "false",
    "0", "-", ".", "e", "1.", "1.2.3", "00", "-0", "1e9", "\"id\":", ",\"name\":\"", "\"}\n{\"", "\xff", "\xc3\xa9", "\xed\xa0\x80",
    "\x01", "\x7f", "{}", "[]", "\"\"", "\"marks\":[", "}\n", "\n\n", "{\"id\":1}\n", "\"a\\", "tru", "nulll", "0.0.0", "--"};

/* Damages the text in place; there is room for 64 bytes more. Returns the new size. */
static size_t fuzz_mutate(char *p, size_t n) {
  for (uint32_t k = 1 + random_below(6); k && n; k--) {
    uint32_t at = random_below((uint32_t)n), other = random_below((uint32_t)n), len;
    const char *word = RANDOM_PICK(fuzz_words);
    switch (random_below(6)) {
    case 0: p[at] = (char)random_below(256); break;
    case 1: p[at] ^= (char)(1 << random_below(8)); break;
    case 2:                                   /* a word over the text */
      len = (uint32_t)strlen(word);
      if (at + len <= n) memcpy(p + at, word, len);
      break;
    case 3:                                   /* a word into the text */
      len = (uint32_t)strlen(word);
      memmove(p + at + len, p + at, n - at);
      memcpy(p + at, word, len);
      n += len;
      break;
    case 4:                                   /* bytes out */
      len = random_below(8);
      if (at + len > n) len = (uint32_t)n - at;
      memmove(p + at, p + at + len, n - at - len);
      n -= len;
      break;
    default:                                  /* a piece over another */
      len = random_below(32);
      if (at + len <= n && other + len <= n) memmove(p + at, p + other, len);
      break;
    }
  }
  return n;
}

static size_t fuzz_file(const char *path, char *out, size_t room) {
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  size_t n = fread(out, 1, room, f);
  fclose(f);
  return n;
}

int main(int argc, char **argv) {
  static char text[2 + 16 * 1024 + 1024];
  static const uint32_t odd[] = {0, 0, 2, 20, 100};
  uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
  for (uint64_t i = 0; i < rounds; i++) {
    size_t n;
    RandomText made = random_lines(seed * 1000003 + i, 1 + (uint32_t)(i % 40), odd[i % 5]);
    if (argc > 3 && i % 3 == 0) {
      n = fuzz_file(argv[3 + random_below((uint32_t)argc - 3)], text + 2, 16 * 1024);
    } else {
      n = made.n < 16 * 1024 ? made.n : 16 * 1024;
      memcpy(text + 2, made.p, n);
    }
    free(made.p);
    n = fuzz_mutate(text + 2, n);
    text[0] = (char)random_below(256);
    text[1] = (char)random_below(256);
    uint8_t *exact = malloc(n + 2);
    memcpy(exact, text, n + 2);
    if (fuzz_one(exact, n + 2, 1)) {
      printf("round %llu of seed %llu\n", (unsigned long long)i, (unsigned long long)seed);
      FILE *f = fopen("fuzz_json.failed", "wb");
      if (f) fwrite(exact, 1, n + 2, f), fclose(f);
      return 1;
    }
    free(exact);
  }
  printf("%llu rounds, no difference\n", (unsigned long long)rounds);
  return 0;
}
#endif
