/* csv_input.c: bytes in: globs, compression, errors, the heads of files. */
#include <criterion/criterion.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "support/csv_harness.h"

static char folder[64];

static void folder_make(void) {
  snprintf(folder, sizeof folder, "/tmp/csv_input_XXXXXX");
  cr_assert(mkdtemp(folder));
  cr_assert_eq(chdir(folder), 0);
}

static void folder_drop(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (chdir("/") != 0 || system(command) != 0) cr_log_warn("%s is left", folder);
}

TestSuite(csv_input, .init = folder_make, .fini = folder_drop);

static void file_put(const char *path, const void *p, size_t n) {
  FILE *f = fopen(path, "ab");
  cr_assert(f && fwrite(p, 1, n, f) == n);
  fclose(f);
}

static const FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string)};
static const CsvSetup setup = {.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"', .header = 1},
                               .columns = columns, .column_len = 2, .block_rows = 2048};

static void expect_rows(const char *path, uint64_t rows) {
  CsvRun run;
  csv_run_file(&run, &setup, path);
  cr_expect_eq(run.rc, FRT_END, "%s: %s", path, run.text.p);
  cr_expect_eq(run.rows, rows, "%s: %llu rows", path, (unsigned long long)run.rows);
  csv_run_free(&run);
}

static void expect_fatal(const char *path, const char *message) {
  CsvRun run;
  csv_run_file(&run, &setup, path);
  cr_expect_eq(run.rc, FRT_FATAL);
  cr_expect(run.fatal.p && strstr(run.fatal.p, message), "no `%s` in: %s", message, run.fatal.p ? run.fatal.p : "");
  csv_run_free(&run);
}

static void *gzip(const char *text, size_t n, size_t *size) {
  z_stream z = {0};
  char *out = malloc(n + 100);
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  z.next_in = (Bytef *)(uintptr_t)text;
  z.avail_in = (uInt)n;
  z.next_out = (Bytef *)out;
  z.avail_out = (uInt)n + 100;
  deflate(&z, Z_FINISH);
  *size = z.total_out;
  deflateEnd(&z);
  return out;
}

Test(csv_input, glob) {
  static const char *const names[] = {"b.csv", "a.csv", "a.txt", ".h.csv", "d/e/c.csv", "d/x1.csv", "d/x2.csv", "[z].csv"};
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  for (int i = 0; i < 8; i++) file_put(names[i], "a,b\n1,x\n", 8);
  static const struct { const char *pattern, *files; } cases[] = {
      {"*.csv", "[z].csv a.csv b.csv "}, {"?.csv", "a.csv b.csv "}, {"[!a].csv", "b.csv "}, {"[a-b].*", "a.csv a.txt b.csv "},
      {"**/*.csv", "[z].csv a.csv b.csv d/e/c.csv d/x1.csv d/x2.csv "}, {"d/**", "d/e/c.csv d/x1.csv d/x2.csv "},
      {"*/x[12].csv", "d/x1.csv d/x2.csv "}, {".*.csv", ".h.csv "}, {"[z].csv", "[z].csv "}, {"a.csv", "a.csv "},
      {"d/*/c*", "d/e/c.csv "}, {"*a*.t*t", "a.txt "}};
  Arena *arena = arena_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    CsvText text = {0};
    char **paths;
    uint32_t len = 0;
    const char *why = "";
    cr_expect_eq(frt_glob(arena, cases[i].pattern, &paths, &len, &why), 0, "%s", why);
    csv_put(&text, "", 0);
    for (uint32_t k = 0; k < len; k++) csv_putf(&text, "%s ", paths[k]);
    cr_expect_str_eq(text.p, cases[i].files);
    free(text.p);
  }
  expect_rows("**/*.csv", 6);
  expect_fatal("*.no", "*.no: no file matches");
  arena_free(arena);
}

Test(csv_input, errors) {
  mkdir("d", 0755);
  expect_fatal("none.csv", "none.csv: No such file or directory");
  expect_fatal("d", "d: Is a directory");
  expect_fatal("", "the path is empty");
}

Test(csv_input, gzip_members) {
  size_t n1, n2;
  char *one = gzip("a,b\n1,x\n2,", 10, &n1), *two = gzip("y\n3,z\n", 6, &n2);
  file_put("m.csv", one, n1);
  file_put("m.csv", two, n2);
  file_put("pad.csv", one, n1);
  file_put("pad.csv", two, n2);
  file_put("pad.csv", "\0\0\0\0\0\0\0", 7);
  expect_rows("m.csv", 3);
  expect_rows("pad.csv", 3);
  file_put("cut.csv", one, n1);
  file_put("cut.csv", two, n2 - 3);
  expect_fatal("cut.csv", "cut.csv: the gzip data ends too early");
  one[n1 / 2] ^= 0x55;
  file_put("bad.csv", one, n1);
  expect_fatal("bad.csv", "bad.csv: the gzip data is corrupt");
  free(one);
  free(two);
}

Test(csv_input, zstd_frames) {
  char one[200], two[200];
  size_t n1 = ZSTD_compress(one, sizeof one, "a,b\n1,x\n2,", 10, 3), n2 = ZSTD_compress(two, sizeof two, "y\n3,z\n", 6, 3);
  file_put("m.csv", one, n1);
  file_put("m.csv", two, n2);
  expect_rows("m.csv", 3);
  file_put("cut.csv", one, n1);
  file_put("cut.csv", two, n2 - 3);
  expect_fatal("cut.csv", "cut.csv: the zstd data ends too early");
  one[4] ^= 0x55;
  file_put("bad.csv", one, n1);
  expect_fatal("bad.csv", "bad.csv: the zstd data is corrupt");
}

Test(csv_input, large_compressed) {
  CsvText text = {0};
  size_t n;
  csv_putf(&text, "a,b\n");
  for (int i = 0; i < 100000; i++) csv_putf(&text, "%d,text %d\n", i, i * 7);
  char *packed = gzip(text.p, text.len, &n);
  file_put("large.csv", packed, n);
  expect_rows("large.csv", 100000);
  free(packed);
  free(text.p);
}

/* What frt_infer reads of standard input is not lost. */
Test(csv_input, infer_keeps_stdin) {
  Arena *arena = arena_new();
  FrtInferred *found;
  uint32_t len;
  const char *why = "";
  CsvText text = {0};
  csv_putf(&text, "a,b\n");
  for (int i = 0; i < 60000; i++) csv_putf(&text, "%d,text %d\n", i, i * 7);
  file_put("in.csv", text.p, text.len);
  cr_assert(freopen("in.csv", "rb", stdin));
  cr_assert_eq(frt_infer(arena, "-", &setup.options, &found, &len, &why), FRT_OK, "%s", why);
  cr_assert_eq(len, 2);
  cr_expect_eq(found[0].type.kind, FRT_I64);
  cr_expect_eq(found[1].type.kind, FRT_STRING);
  expect_rows("-", 60000);
  arena_free(arena);
  free(text.p);
}

static void expect_types(uint32_t format, const char *text, const char *expected) {
  FrtScanOptions options = {.format = format, .quote = '"', .header = 1};
  Arena *arena = arena_new();
  FrtInferred *found;
  CsvText out = {0};
  uint32_t len;
  const char *why = "";
  remove("t");
  file_put("t", text, strlen(text));
  cr_assert_eq(frt_infer(arena, "t", &options, &found, &len, &why), FRT_OK, "%s", why);
  csv_put(&out, "", 0);
  for (uint32_t i = 0; i < len; i++) {
    char type[200];
    frt_type_text(&found[i].type, type, sizeof type);
    csv_putf(&out, "%.*s:%s ", (int)found[i].name.len, found[i].name.ptr, type);
  }
  cr_expect_str_eq(out.p, expected);
  free(out.p);
  arena_free(arena);
}

Test(csv_input, infer_types) {
  expect_types(FRT_FMT_CSV, "a;b;c;d\n1;1.50;x;2026-07-01\n;2.25;;2026-07-02\n",
               "a:i64? b:decimal(18,2) c:string? d:date ");
  expect_types(FRT_FMT_CSV, "a,b,c,d\n01,1.5,true,2026-07-01T10:00\n2,2.25,FALSE,2026-07-02 11:00:00\n",
               "a:string b:f64 c:bool d:timestamp ");
  expect_types(FRT_FMT_CSV, "a,,c\n99999999999999999999,1e5,+1\n", "a:string column2:f64 c:string ");
  expect_types(FRT_FMT_JSONL, "{\"a\":1,\"b\":{\"c\":[1,2]}}\n{\"a\":null,\"b\":{\"c\":[]},\"d\":\"x\"}\n",
               "a:i64? b:{c: [i64]} d:string? ");
  expect_types(FRT_FMT_JSON, "[{\"a\":\"2026-07-01\"}, {\"a\":\"2026-07-02\"}]", "a:date ");
}
