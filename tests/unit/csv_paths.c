/* csv_paths.c: the fast CSV path gives what the careful one gives: on every outside file, for blocks of
 * several sizes and every instruction set, and on tables that are cut at every byte. */
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "support/csv_harness.h"

enum { COLUMNS_MAX = 600, FILE_MAX = 300 * 1024 };

static const uint32_t rows_of_blocks[] = {1, 7, 2048};
static const char *const levels[] = {"scalar", "sse2", "avx2", "avx512"};

/* The same for a scan that counts rows: errors, and how many rows there are. */
static void check_count(const CsvSetup *from, const char *path) {
  static FrtColumn columns[COLUMNS_MAX];
  CsvSetup setup = *from;
  CsvRun careful;
  memcpy(columns, from->columns, sizeof *columns * from->column_len);
  for (uint32_t c = 0; c < setup.column_len; c++) columns[c].use = 0;
  setup.columns = columns;
  setup.rows_only = setup.careful = 1;
  csv_run_file(&careful, &setup, path);
  setup.careful = 0;
  for (int level = 0; level < 4; level++) {
    setenv("FLOW_SIMD", levels[level], 1);
    for (int i = 0; i < 3; i++) {
      CsvRun count;
      setup.block_rows = rows_of_blocks[i];
      setup.window = i == 1 ? 300 : 0;
      csv_run_file(&count, &setup, path);
      cr_assert_str_eq(count.text.p, careful.text.p);
      cr_assert_eq(count.rows, careful.rows, "%s: %s, blocks of %u: %llu rows for %llu", path, levels[level],
                   setup.block_rows, (unsigned long long)count.rows, (unsigned long long)careful.rows);
      cr_assert_eq(count.rc, careful.rc, "%s", path);
      cr_assert_eq(count.lines_empty, careful.lines_empty, "%s", path);
      cr_assert(memcmp(count.ledger, careful.ledger, sizeof count.ledger) == 0, "%s: ledger", path);
      csv_run_free(&count);
    }
  }
  csv_run_free(&careful);
}

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
  check_count(setup, path);
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

/* ---- rows that are only counted ---- */

static void put_row(CsvText *t, int i, uint32_t fields, const char *last, const char *end) {
  for (uint32_t c = 1; c < fields; c++) csv_putf(t, "%d,", i + (int)c);
  csv_putf(t, "%s%s", last, end);
}

/* A large table, all rows alike but row `odd`, whose end is `last` and which has `fields` fields. */
static void check_odd_row(uint32_t columns, uint32_t fields, const char *last, const char *end, int all_alike) {
  static FrtColumn column[200];
  char path[64];
  CsvText text = {0};
  int fd = memfd_create("csv", 0);
  for (uint32_t c = 0; c < columns; c++) column[c] = (FrtColumn)CSV_COLUMN("a", i64);
  for (int i = 0; i < 700; i++) {
    int odd = all_alike || i == 437;
    put_row(&text, i, odd ? fields : columns, odd ? last : "x", odd ? end : "\n");
  }
  cr_assert_eq(write(fd, text.p, text.len), (ssize_t)text.len);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  CsvSetup setup = {.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"'}, .columns = column,
                    .column_len = columns, .block_rows = 2048};
  check_count(&setup, path);
  free(text.p);
  close(fd);
}

Test(csv_paths, count_odd_rows) {
  static const uint32_t columns[] = {1, 2, 3, 12, 63, 64, 65, 130, 200};
  static const struct { int more; const char *last, *end; } odd[] = {
      {0, "x", "\n"},          {0, "x", "\r\n"},       {0, "\"a,b\"", "\n"},  {0, "\"a\nb\nc\"", "\n"}, {0, "\"\"\"\"", "\r\n"},
      {0, "\"a", "\n"},       {0, "\"a\"b", "\n"},   {0, "a\"b", "\n"},     {1, "x", "\n"},             {-1, "x", "\n"},
      {0, "x", "\n\n"},       {0, "x", "\n\r\n"},    {0, "", "\n"},          {0, "x\r", "\n"},          {0, "\"a\"\r", "\n"},
      {0, "\"a\"\rb", "\n"}, {0, "\"a\" ", "\n"},   {0, "x", ""},           {-1, "x", "\n\n"},
  };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
      uint32_t fields = columns[i] == 1 && odd[k].more < 0 ? 1 : (uint32_t)((int)columns[i] + odd[k].more);
      check_odd_row(columns[i], fields, odd[k].last, odd[k].end, 0);
      check_odd_row(columns[i], fields, odd[k].last, odd[k].end, 1);
    }
  }
}

/* What is counted lies in few blocks, and one odd row costs one of them. */
Test(csv_paths, count_is_used) {
  static const FrtColumn columns[] = {{.name = CSV_STR("a"), .type = &csv_type_i64}, {.name = CSV_STR("b"), .type = &csv_type_string}};
  CsvSetup setup = {.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"'}, .columns = columns,
                    .column_len = 2, .block_rows = 256, .rows_only = 1};
  CsvText text = {0};
  CsvRun run;
  for (int i = 0; i < 25600; i++) csv_putf(&text, i == 800 ? "%d,x,y\n" : i % 3 ? "%d,\"q, \"\"%d\"\"\n\"\n" : "%d,%d\n", i, i);
  csv_run_bytes(&run, &setup, text.p, text.len);
  cr_assert_eq(run.rows, 25599);
  cr_assert_eq(run.ledger[FRT_ERRORS], 1);
  cr_assert_eq(run.blocks_careful, 1);
  cr_assert_lt(run.blocks_fast, 140, "%llu", (unsigned long long)run.blocks_fast);
  csv_run_free(&run);
  free(text.p);
}
