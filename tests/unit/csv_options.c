/* csv_options.c: every option of the readers has its effect, and errors say what they must. */
#include <criterion/criterion.h>

#include "support/csv_harness.h"

static const FrtColumn ab[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string)};

static CsvSetup csv_setup(const FrtColumn *columns, uint32_t len) {
  return (CsvSetup){.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"', .header = 1},
                    .columns = columns, .column_len = len, .block_rows = 2048};
}

/* Both paths give `expected`. */
static void expect(CsvSetup setup, const char *text, const char *expected) {
  for (int careful = 0; careful < 2; careful++) {
    CsvRun run;
    setup.careful = careful;
    csv_run_bytes(&run, &setup, text, strlen(text));
    cr_expect_str_eq(run.text.p, expected);
    csv_run_free(&run);
  }
}

/* The run fails and its message has the word. */
static void expect_fatal(CsvSetup setup, const char *text, const char *word) {
  CsvRun run;
  csv_run_bytes(&run, &setup, text, strlen(text));
  cr_expect_eq(run.rc, FRT_FATAL);
  cr_expect(run.fatal.p && strstr(run.fatal.p, word), "no `%s` in: %s", word, run.fatal.p ? run.fatal.p : "");
  csv_run_free(&run);
}

Test(csv_options, header) {
  CsvSetup s = csv_setup(ab, 2);
  expect(s, "b,a\nx,1\n", "0 line 2 at 4 'x,1' | 1 'x'\n");
  expect(s, "\xef\xbb\xbf" "a,c,\"b\"\r\n1,-,\"x\"\r\n", "0 line 2 at 12 '1,-,\"x\"' | 1 'x'\n");
  expect(s, "\n\r\na,b\n1,x", "0 line 4 at 7 '1,x' | 1 'x'\n");
  s.options.header = 0;
  expect(s, "1,x\n2,y\n", "0 line 1 at 0 '1,x' | 1 'x'\n1 line 2 at 4 '2,y' | 2 'y'\n");
  expect(s, "", "");
}

Test(csv_options, from_names) {
  static const FrtStr from[] = {CSV_STR("Number"), CSV_STR("No.")};
  FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string)};
  columns[0].from = from;
  columns[0].from_len = 2;
  expect(csv_setup(columns, 2), "b,No.\nx,1\n", "0 line 2 at 6 'x,1' | 1 'x'\n");
}

Test(csv_options, delimiter_and_quote) {
  CsvSetup s = csv_setup(ab, 2);
  s.options.delimiter = ';';
  expect(s, "a;b\n1;x,y\n", "0 line 2 at 4 '1;x,y' | 1 'x,y'\n");
  s.options.delimiter = '\t';
  s.options.quote = '\'';
  expect(s, "a\tb\n1\t'x\ty'\n2\t\"z\n", "0 line 2 at 4 '1\\09'x\\09y'' | 1 'x\\09y'\n1 line 3 at 12 '2\\09\"z' | 2 '\"z'\n");
  s.options.quote = 0;
  expect(s, "a\tb\n1\t'x\n2\t\"\"\n", "0 line 2 at 4 '1\\09'x' | 1 ''x'\n1 line 3 at 9 '2\\09\"\"' | 2 '\"\"'\n");
}

Test(csv_options, trim) {
  CsvSetup s = csv_setup(ab, 2);
  expect(s, "a,b\n 1, x \n", "0 line 2 at 4 ' 1, x ' ERROR 3 'a'' 1'\n");
  s.options.trim = 1;
  expect(s, "a,b\n 1, x \n 2 , \" y \" \n", "0 line 2 at 4 ' 1, x ' | 1 'x'\n1 line 3 at 11 ' 2 , \" y \" ' | 2 ' y '\n");
}

Test(csv_options, nulls) {
  static const FrtStr nulls[] = {CSV_STR("NA"), CSV_STR("-1")};
  static const FrtColumn columns[] = {CSV_COLUMN("a", i64_null), CSV_COLUMN("b", string_null), CSV_COLUMN("c", string)};
  CsvSetup s = csv_setup(columns, 3);
  expect(s, "a,b,c\n,,\n-1,\"\",x\n", "0 line 2 at 6 ',,' | NULL NULL ''\n1 line 3 at 9 '-1,\"\",x' | -1 '' 'x'\n");
  s.options.nulls = nulls;
  s.options.null_len = 2;
  expect(s, "a,b,c\n-1,NA,NA\n,\"NA\",\n",
         "0 line 2 at 6 '-1,NA,NA' | NULL NULL 'NA'\n1 line 3 at 15 ',\"NA\",' | NULL 'NA' ''\n");
}

Test(csv_options, defaults_and_missing) {
  static const int64_t seven = 7;
  static const FrtStr none = CSV_STR("none");
  FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string)};
  expect(csv_setup(columns, 2), "a,b\n,x\n", "0 line 2 at 4 ',x' ERROR 6 'a'''\n");
  columns[0].dflt = &seven;
  columns[1].dflt = &none;
  expect(csv_setup(columns, 2), "a,b\n,\n1,\"\"\n", "0 line 2 at 4 ',' | 7 'none'\n1 line 3 at 6 '1,\"\"' | 1 ''\n");
}

Test(csv_options, policy_null) {
  static const FrtColumn columns[] = {CSV_COLUMN("a", i64_null), CSV_COLUMN("b", i64)};
  CsvSetup s = csv_setup(columns, 2);
  s.policy = FRT_POLICY_NULL;
  expect(s, "a,b\nx,1\n2,y\n", "0 line 2 at 4 'x,1' | NULL 1\n1 line 3 at 8 '2,y' ERROR 3 'b''y'\n");
}

Test(csv_options, all_bad_columns_in_the_order_of_the_type) {
  static const FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", i64)};
  expect(csv_setup(columns, 2), "b,a\nx,y\n", "0 line 2 at 4 'x,y' ERROR 3 'a''y'\n0 line 2 at 4 'x,y' ERROR 3 'b''x'\n");
}

Test(csv_options, unused_columns_are_not_looked_at) {
  FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", i64), CSV_COLUMN("c", i64)};
  columns[1].use = 0;
  columns[2].use = FRT_USE_CHECK;
  expect(csv_setup(columns, 3), "a,b,c\n1,x,3\n1,2,x\n", "0 line 2 at 6 '1,x,3' | 1\n1 line 3 at 12 '1,2,x' ERROR 3 'c''x'\n");
}

Test(csv_options, malformed) {
  CsvSetup s = csv_setup(ab, 2);
  expect(s, "a,b\n1\n1,2,3\n1,\"x\"y\n", "0 line 2 at 4 '1' ERROR 13 '''1 instead of 2'\n"
         "1 line 3 at 6 '1,2,3' ERROR 12 '''3 instead of 2'\n2 line 4 at 12 '1,\"x\"y' ERROR 15 ''''\n");
  expect(s, "a,b\n1,\"x\n2,y\n", "0 line 2 at 4 '1,\"x' ERROR 14 ''''\n1 line 3 at 9 '2,y' | 2 'y'\n");
}

Test(csv_options, record_too_long) {
  CsvSetup s = csv_setup(ab, 2);
  CsvText text = {0};
  CsvRun run;
  csv_putf(&text, "a,b\n1,x\n2,");
  for (int i = 0; i < 5000; i++) csv_put(&text, "yyyyyyyyyy", 10);
  csv_putf(&text, "\n3,z\n");
  s.window = 1000;
  s.record_max = 4000;
  for (s.careful = 0; s.careful < 2; s.careful++) {
    csv_run_bytes(&run, &s, text.p, text.len);
    cr_expect_eq(run.ledger[FRT_IN], 3);
    cr_expect_eq(run.ledger[FRT_ERRORS], 1);
    cr_expect(strstr(run.text.p, "2 line 4 at 50011 '3,z' | 3 'z'\n"), "%s", run.text.p);
    csv_run_free(&run);
  }
  free(text.p);
}

Test(csv_options, contract) {
  CsvSetup s = csv_setup(ab, 2);
  expect_fatal(s, "a,B\n", "`b` (string) is missing; the case differs from `B`");
  expect_fatal(s, "a,c\n", "the file has: a, c");
  expect_fatal(s, "a,b,b\n", "`b` is there 2 times");
  expect_fatal(s, "", "no header");
  expect_fatal(s, "a,\"b\n", "never closed");
  expect_fatal(s, "\xff\xfe" "a", "UTF-16");
  s.options.contract = FRT_CONTRACT_FREEZE;
  expect_fatal(s, "a,b,extra\n", "`extra` is not in the type");
}

Test(csv_options, contract_evolve) {
  static const int64_t seven = 7;
  FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string_null)};
  CsvSetup s = csv_setup(columns, 2);
  columns[0].dflt = &seven;
  expect_fatal(s, "c\nx\n", "missing");
  s.options.contract = FRT_CONTRACT_EVOLVE;
  expect(s, "c\nx\n", "0 line 2 at 2 'x' | 7 NULL\n");
}

Test(csv_options, tells_the_nearest_name) {
  static const FrtColumn columns[] = {CSV_COLUMN("customer_id", i64)};
  expect_fatal(csv_setup(columns, 1), "custmer_id,x\n", "did you mean `custmer_id`?");
}

Test(csv_options, fixed) {
  FrtColumn columns[] = {CSV_COLUMN("a", i64), CSV_COLUMN("b", string)};
  CsvSetup s = csv_setup(columns, 2);
  columns[0].width = 3;
  columns[1].width = 4;
  s.options.format = FRT_FMT_FIXED;
  s.options.trim = 1;
  expect(s, "  1x y \r\n\n 2 \xc3\xa4    \n3  \n4      z\n",
         "0 line 1 at 0 '  1x y ' | 1 'x y'\n1 line 3 at 10 ' 2 \xc3\xa4    ' | 2 '\xc3\xa4'\n"
         "2 line 4 at 20 '3  ' ERROR 19 '''3 instead of 7 characters'\n"
         "3 line 5 at 24 '4      z' ERROR 12 '''8 instead of 7 characters'\n");
}

Test(csv_options, text) {
  static const FrtColumn columns[] = {CSV_COLUMN("line", string)};
  CsvSetup s = csv_setup(columns, 1);
  s.options.format = FRT_FMT_TEXT;
  expect(s, "a,\"b\r\n\n\"x\nlast", "0 line 1 at 0 'a,\"b' | 'a,\"b'\n1 line 2 at 6 '' | ''\n2 line 3 at 7 '\"x' | '\"x'\n"
         "3 line 4 at 10 'last' | 'last'\n");
}

Test(csv_options, range) {
  static const FrtColumn columns[] = {CSV_COLUMN("n", i64)};
  CsvSetup s = csv_setup(columns, 1);
  s.options.format = FRT_FMT_RANGE;
  s.options.range_from = -1;
  s.options.range_to = 2;
  s.block_rows = 2;
  CsvRun run;
  csv_run_file(&run, &s, "");
  cr_expect_str_eq(run.text.p, "0 | -1\n1 | 0\n2 | 1\n");
  csv_run_free(&run);
}
