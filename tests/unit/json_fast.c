/* json_fast: the fast path gives what the careful one gives: values, errors, lines and raw text. */
#include <criterion/criterion.h>
#include <dirent.h>

#include "support/json_random.h"

static const char *const json_test_levels[] = {"scalar", "avx2", "avx512"};

/* Whether two texts are the same; says where they part. */
static int json_test_same(const char *a, const char *b) {
  size_t i = 0;
  while (a[i] && a[i] == b[i]) i++;
  if (a[i] == b[i]) return 1;
  size_t line = i;
  while (line && a[line - 1] != '\n') line--;
  fprintf(stderr, "careful: %.600s\nfast:    %.600s\n", a + line, b + line);
  return 0;
}

static int json_test_compare(const char *text, size_t n, uint32_t format) {
  static const uint32_t rows[] = {1, 7, 2048};
  static const size_t windows[] = {0, 64, 1000};
  int good = 1;
  for (int p = 0; p < 2; p++) {
    uint32_t policy = p ? FRT_POLICY_NULL : FRT_POLICY_PORT;
    HarnessHow how = {2048, policy, 0, 1, 0, 0};
    char *want = harness_read(random_columns, RANDOM_COLUMNS, format, text, n, &how);
    for (int l = 0; l < 3; l++)
      for (int r = 0; r < 3; r++)
        for (int w = 0; w < 3; w++) {
          if (p && (r != 2 || w)) continue;
          setenv("FLOW_SIMD", json_test_levels[l], 1);
          HarnessHow fast = {rows[r], policy, windows[w], 0, 0, 0};
          char *got = harness_read(random_columns, RANDOM_COLUMNS, format, text, n, &fast);
          if (good && !json_test_same(want, got)) {
            fprintf(stderr, "level %s rows %u window %zu\n", json_test_levels[l], rows[r], windows[w]);
            good = 0;
          }
          free(got);
        }
    free(want);
  }
  return good;
}

static void json_test_seeds(uint64_t from, uint64_t to, uint32_t rows, uint32_t odd) {
  for (uint64_t seed = from; seed < to; seed++) {
    RandomText t = random_lines(seed, rows, odd);
    char *exact = malloc(t.n ? t.n : 1);
    memcpy(exact, t.p, t.n);
    int good = json_test_compare(exact, t.n, FRT_FMT_JSONL);
    cr_expect(good, "seed %llu rows %u odd %u", (unsigned long long)seed, rows, odd);
    free(exact);
    free(t.p);
    if (!good) return;
  }
}

Test(json_fast, regular) { json_test_seeds(0, 40, 60, 0); }
Test(json_fast, rare) { json_test_seeds(0, 150, 60, 3); }
Test(json_fast, often) { json_test_seeds(0, 150, 40, 30); }
Test(json_fast, wild) { json_test_seeds(0, 60, 30, 200); }

Test(json_fast, is_taken) {
  char text[64 * 1024];
  size_t n = 0;
  for (int i = 0; i < 500; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "{\"id\":%d,\"name\":\"n%d\",\"price\":%d.5,\"ok\":true}\n", i, i * 7, i);
  HarnessHow how = {64, FRT_POLICY_PORT, 0, 0, 0, 0};
  free(harness_read(random_columns, RANDOM_COLUMNS, FRT_FMT_JSONL, text, n, &how));
  cr_expect(how.blocks_fast >= 6, "%llu blocks of 8 were fast", (unsigned long long)how.blocks_fast);
}

/* One wrong byte, at every place of a record and with every byte. */
Test(json_fast, every_byte) {
  static const char line[] = "{\"id\":-10.5,\"name\":\"a\\u0041\",\"ok\":true, \"x\": null}\n";
  char text[1024];
  size_t n = sizeof line - 1;
  setenv("FLOW_SIMD", "avx512", 1);
  for (size_t at = 0; at < n; at++)
    for (int c = 0; c < 256; c++) {
      for (int i = 0; i < 4; i++) memcpy(text + (size_t)i * n, line, n);
      text[2 * n + at] = (char)c;
      HarnessHow careful = {2048, FRT_POLICY_PORT, 0, 1, 0, 0}, fast = {2048, FRT_POLICY_PORT, 0, 0, 0, 0};
      char *want = harness_read(random_columns, 7, FRT_FMT_JSONL, text, 4 * n, &careful);
      char *got = harness_read(random_columns, 7, FRT_FMT_JSONL, text, 4 * n, &fast);
      cr_expect(json_test_same(want, got), "byte %zu is %d", at, c);
      free(want);
      free(got);
    }
}

#ifndef JSON_FILES
#define JSON_FILES "../shared/data/hostile-csv/json"
#endif

Test(json_fast, hostile_files) {
  DIR *d = opendir(JSON_FILES);
  if (!d) cr_skip_test("no hostile files at hand");
  for (struct dirent *e; (e = readdir(d));) {
    char path[512];
    if (!strstr(e->d_name, "json") || strstr(e->d_name, ".gz")) continue;
    snprintf(path, sizeof path, "%s/%s", JSON_FILES, e->d_name);
    FILE *f = fopen(path, "rb");
    if (!f) continue;
    char *text = malloc(1 << 20);
    size_t n = fread(text, 1, 1 << 20, f);
    fclose(f);
    if (n && n < 50000) {
      cr_expect(json_test_compare(text, n, FRT_FMT_JSONL), "%s", e->d_name);
      cr_expect(json_test_compare(text, n, FRT_FMT_JSON), "%s", e->d_name);
    }
    free(text);
  }
  closedir(d);
}
