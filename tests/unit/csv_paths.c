/* csv_paths.c: the fast CSV path gives what the careful one gives: on every outside file, for blocks of
 * several sizes and every instruction set, and on tables that are cut at every byte. */
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "support/csv_harness.h"

enum { COLUMNS_MAX = 600, FILE_MAX = 300 * 1024 };

static const uint32_t rows_of_blocks[] = {1, 7, 2048};
static const char *const levels[] = {"scalar", "sse2", "avx2", "avx512"};

/* Runs both ways for all sizes and levels. */
static void check_same(CsvSetup *setup, const char *path) {
  CsvRun careful;
  setup->careful = 1;
  setup->block_rows = 2048;
  csv_run_file(&careful, setup, path);
  setup->careful = 0;
  for (int level = 0; level < 4; level++) {
    setenv("FLOW_SIMD", levels[level], 1);
    for (int i = 0; i < 3; i++) {
      CsvRun fast;
      setup->block_rows = rows_of_blocks[i];
      setup->window = i == 1 ? 300 : 0;
      csv_run_file(&fast, setup, path);
      setup->window = 0;
      cr_assert(strcmp(fast.text.p, careful.text.p) == 0, "%s: %s, blocks of %u differ", path, levels[level],
                setup->block_rows);
      cr_assert_eq(fast.rc, careful.rc, "%s", path);
      cr_assert_eq(fast.lines_empty, careful.lines_empty, "%s", path);
      cr_assert_eq(fast.ledger[FRT_IN], fast.ledger[FRT_OUT] + fast.ledger[FRT_ERRORS], "%s: ledger", path);
      csv_run_free(&fast);
    }
  }
  csv_run_free(&careful);
}

/* One file: all columns as text by position, then by header with the types of its head. */
static void check_file(Arena *arena, const char *path) {
  static FrtColumn columns[COLUMNS_MAX];
  FrtScanOptions options = {.format = FRT_FMT_CSV, .quote = '"', .header = 1};
  FrtInferred *inferred;
  const char *why;
  uint32_t len;
  options.delimiter = frt_infer_delimiter(arena, path, &options, &why);
  if (!options.delimiter || frt_infer(arena, path, &options, &inferred, &len, &why) != FRT_OK) return;
  if (len > COLUMNS_MAX) return;
  for (uint32_t c = 0; c < len; c++)
    columns[c] = (FrtColumn){.name = inferred[c].name, .use = FRT_USE_VALUE, .type = &inferred[c].type};
  CsvSetup setup = {.options = options, .columns = columns, .column_len = len};
  check_same(&setup, path);
  for (uint32_t c = 0; c < len; c++) columns[c].type = &csv_type_string;
  setup.options.header = 0;
  check_same(&setup, path);
}

static void check_files(const char *pattern) {
  Arena *arena = arena_new();
  char **paths;
  uint32_t len;
  const char *why;
  struct stat st;
  if (frt_glob(arena, pattern, &paths, &len, &why) != 0) cr_skip_test("no test data: %s", why);
  for (uint32_t i = 0; i < len; i++)
    if (stat(paths[i], &st) == 0 && st.st_size < FILE_MAX) check_file(arena, paths[i]);
  arena_free(arena);
}

Test(csv_paths, spectrum) { check_files("../shared/data/csv-spectrum/csvs/*.csv"); }
Test(csv_paths, hostile, .timeout = 300) { check_files("../shared/data/hostile-csv/**/*.csv"); }
Test(csv_paths, real) { check_files("../shared/data/chinook/**/*.csv"); }

/* A table with everything in it, cut at each byte: the window ends in every state. */
Test(csv_paths, cut_everywhere) {
  static const char text[] =
      "1,\"a,b\",x\r\n2,\"say \"\"hi\"\"\",y\r\n3,\"two\r\nlines\",z\r\n\r\n4,plain,\"\"\r\n5,few\r\n"
      "6,\"a\"b,c\r\n7,a\"b,c\r\n8,too,many,fields\r\n9,\xc3\xa4,\xff\r\n10,\"open,\r\n11,x,y\n12,\"\"\"q\",\"\"\r\n";
  static const FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string), CSV_COLUMN("c", string_null)};
  for (size_t n = 0; n < sizeof text; n++) {
    CsvSetup setup = {.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"'}, .columns = columns,
                      .column_len = 3, .block_rows = 2048, .careful = 1};
    CsvRun careful, fast;
    csv_run_bytes(&careful, &setup, text, n);
    setup.careful = 0;
    for (size_t window = 1; window < 200; window += 13) {
      setup.window = window;
      setup.block_rows = 1 + (uint32_t)window % 5;
      csv_run_bytes(&fast, &setup, text, n);
      cr_assert_str_eq(fast.text.p, careful.text.p);
      csv_run_free(&fast);
    }
    csv_run_free(&careful);
  }
}

/* Regular files take the fast path, and one bad row costs one block. */
Test(csv_paths, fast_is_used) {
  static const FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string)};
  CsvSetup setup = {.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"'}, .columns = columns,
                    .column_len = 2, .block_rows = 16};
  CsvText text = {0};
  CsvRun run;
  for (int i = 0; i < 1600; i++) csv_putf(&text, i == 800 ? "%d,x,y\n" : i % 3 ? "%d,\"q, \"\"%d\"\"\"\n" : "%d,%d\n", i, i);
  csv_run_bytes(&run, &setup, text.p, text.len);
  cr_assert_eq(run.blocks_careful, 1);
  cr_assert_eq(run.blocks_fast, 99);
  cr_assert_eq(run.ledger[FRT_ERRORS], 1);
  csv_run_free(&run);
  free(text.p);
}
