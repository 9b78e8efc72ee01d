/* A run over a CSV file: where errors are said to be; unions in source order; taps. */
#include <criterion/criterion.h>

#include "support/run_module.h"

TestSuite(run_scan, .init = test_folder);

static const FrtType type_f64 = {.kind = FRT_F64, .size = 8};
static const FrtColumn columns[] = {
  {.name = STR("id"), .use = FRT_USE_VALUE, .type = &test_i64},
  {.name = STR("room"), .use = FRT_USE_CHECK, .type = &test_string},
  {.name = STR("celsius"), .use = FRT_USE_CHECK, .type = &type_f64},
};

static int in_path(FrtCtx *cx, void *state, FrtStr *out) { return *out = STR("in/readings.csv"), FRT_OK; }

/* Good rows pass; rows whose id is a multiple of 4 fail at operator 1. */
static int block(FrtCtx *cx, void *state, FrtBlock *b) {
  const int64_t *id = b->col[0];
  uint32_t good = 0;
  for (uint32_t k = 0; k < b->sel_len; k++) {
    uint32_t i = b->sel[k];
    if (id[i] % 4 == 0) {
      frt_error(cx, b, i, 1, FRT_E_DIV_ZERO, STR("boxes"));
      continue;
    }
    good++;
    if (test_put_number(cx, frt_sink_out(cx, 0), id[i]) != FRT_OK) return FRT_FATAL;
  }
  FRT_COUNT(cx, 1, FRT_IN, b->sel_len);
  FRT_COUNT(cx, 1, FRT_OUT, good);
  FRT_COUNT(cx, 2, FRT_IN, good);
  FRT_COUNT(cx, 2, FRT_OUT, good);
  return FRT_OK;
}

static void readings(const char *text) {
  mkdir("in", 0777);
  test_write("in/readings.csv", text);
  test_scans[0] = (FrtScan){.op = 0, .options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"', .header = 1},
                            .columns = columns, .column_len = 3, .path = in_path, .block = block};
  test_ops[0].kind = STR("read");
  test_ops[0].label = STR("readings");
}

Test(run_scan, a_bad_field_is_named_with_its_place) {
  readings("id,room,celsius\n1,kitchen,19.5\n2,hall,21.0\n3,cellar,12.25\n4,kitchen,2l.5\n5,hall,22.5\n6,attic,warm\n");
  static const uint32_t sizes[] = {1, 2, 2048};
  test_ops[1].policy = FRT_POLICY_SKIP;
  for (int i = 0; i < 3; i++) {
    cr_assert_eq(test_run(sizes[i]), 2);
    cr_assert(strstr(test_err, "in/readings.csv:5:11: error: field `celsius`: `2l.5` is not a valid f64\n"
                               "  | 4,kitchen,2l.5\n  |           ^\n  = in read readings (t.flow:1)"), "%s", test_err);
  }
}

Test(run_scan, columns_count_characters_and_lines) {
  readings("id,room,celsius\n1,\"k\xc3\xbc\xc3\xbc\n \xc3\xbc\",x\n");
  cr_assert_eq(test_run(0), 2);
  cr_assert(strstr(test_err, "in/readings.csv:3:5: error: field `celsius`"), "%s", test_err);
}

Test(run_scan, dead_letters_hold_the_record) {
  static char first[1 << 16];
  readings("id,room,celsius\n1,\"a\nb\",1\n8,c,2\n3,d,x\n4,e,3\n");
  test_ops[0].policy = FRT_POLICY_PORT;
  test_ops[0].port = 0;
  for (int i = 1; i < 4; i++) {
    cr_assert_eq(test_run((uint32_t)i), 0, "%s", test_err);
    cr_assert_str_eq(test_read("out/n.csv"), "n\n1\n");
    const char *text = test_read("out/bad.jsonl");
    cr_assert(strstr(text, "\"file\":\"in/readings.csv\",\"line\":4,\"offset\":26,\"field\":\"boxes\",\"fields\":\"boxes\","
                           "\"code\":\"division_by_zero\",\"message\":\"division by zero\""), "%s", text);
    cr_assert(strstr(text, "\"line\":5,\"offset\":32,\"field\":\"celsius\",\"fields\":\"celsius\",\"code\":\"bad_value\",\"message\":\"`x` is not "
                           "a valid f64\""), "%s", text);
    cr_assert(strstr(text, "\"raw\":\"3,d,x\"}\n"), "%s", text);
    if (i == 1) snprintf(first, sizeof first, "%s", text);
    cr_assert_str_eq(first, text);
  }
}

Test(run_scan, a_missing_file_leaves_nothing) {
  readings("id,room,celsius\n");
  unlink("in/readings.csv");
  rmdir("in");
  cr_assert_eq(test_run(0), 2);
  cr_assert(strstr(test_err, "in/readings.csv: No such file or directory"), "%s", test_err);
  cr_assert_eq(test_count("."), 0);
}

/* ---- unions ---- */

/* Even rows first, then odd ones, as two branches of a union would give them. */
static int block_gather(FrtCtx *cx, void *state, FrtBlock *b) {
  for (int64_t odd = 0; odd < 2; odd++)
    for (uint32_t i = 0; i < b->n; i++) {
      int64_t n = ((int64_t *)b->col[0])[i];
      if ((n & 1) == odd) *(int64_t *)frt_gather(cx, b, i, 0, (uint32_t)odd) = n;
    }
  return FRT_OK;
}

static int deliver_union(FrtCtx *cx, void *state, void *const *rows, const uint64_t *keys, uint32_t n) {
  FrtBlock b = {0};
  if (n > cx->block_rows) return FRT_FATAL;
  frt_port_block(cx, keys, n, &b);
  for (uint32_t i = 0; i < n; i++) {
    int64_t v = *(const int64_t *)rows[i];
    if (frt_row_number(&b, i) != (uint64_t)v) return FRT_FATAL;
    if (v == 4) frt_stop(cx, &b, i);
    if (v > 4) continue;
    if (test_put_number(cx, frt_sink_out(cx, 0), v) != FRT_OK) return FRT_FATAL;
  }
  return FRT_OK;
}

Test(run_scan, a_union_keeps_source_order) {
  test_scans[0].block = block_gather;
  test_ports[0].row_size = sizeof(int64_t);
  test_ports[0].deliver = deliver_union;
  for (uint32_t size = 1; size < 200; size += 33) {
    cr_assert_eq(test_run(size), 0, "%s", test_err);
    cr_assert_str_eq(test_read("out/n.csv"), "n\n0\n1\n2\n3\n4\n");
  }
}

/* ---- taps ---- */

static int block_tap(FrtCtx *cx, void *state, FrtBlock *b) {
  for (uint32_t i = 0; i < b->n && cx->taps & 1; i++) {
    char *p = frt_tap_begin(cx, 0, b, i, 64);
    if (!p) continue;
    *p++ = '{';
    memcpy(p, "\"n\":", 4);
    p = frt_put_i64(p + 4, ((int64_t *)b->col[0])[i]);
    *p++ = '}';
    frt_tap_end(cx, 0, p);
  }
  return FRT_OK;
}

Test(run_scan, taps_show_rows_up_to_a_limit) {
  static const FrtTap taps[] = {{.name = STR("seen"), .op = 1, .limit = 2, .rate = 1.0}};
  static const char *const names[] = {"seen"}, *const limited[] = {"seen:1"}, *const unknown[] = {"sen"};
  test_module.taps = taps;
  test_module.tap_len = 1;
  test_scans[0].block = block_tap;
  FrtRunOptions o = {.block_rows = 3};
  cr_assert_eq(test_caught(test_run_now, &o), 0);
  cr_assert_str_eq(test_err, "");
  o.taps = names;
  o.tap_len = 1;
  cr_assert_eq(test_caught(test_run_now, &o), 0);
  cr_assert(strstr(test_err, "{\"tap\":\"seen\",\"run\":"), "%s", test_err);
  cr_assert(strstr(test_err, "\"row\":1,\"values\":{\"n\":0}}\n{\"tap\""), "%s", test_err);
  cr_assert(strstr(test_err, "\"row\":2,\"values\":{\"n\":1}}\n"), "%s", test_err);
  o.taps = limited;
  cr_assert_eq(test_caught(test_run_now, &o), 0);
  cr_assert(strstr(test_err, "\"row\":1,") && !strstr(test_err, "\"row\":2,"), "%s", test_err);
  o.taps = unknown;
  cr_assert_eq(test_caught(test_run_now, &o), 1);
  cr_assert(strstr(test_err, "did you mean `seen`?"), "%s", test_err);
}

/* ---- statistics ---- */

Test(run_scan, stats_show_every_operator) {
  FrtRunOptions o = {.stats = 1};
  cr_assert_eq(test_caught(test_run_now, &o), 0);
  cr_assert(strstr(test_err, "range numbers"), "%s", test_err);
  o.stats = 2;
  cr_assert_eq(test_caught(test_run_now, &o), 0);
  cr_assert(strstr(test_err, "{\"op\":1,\"kind\":\"derive\",\"label\":\"checked\",\"line\":2,\"in\":100,\"out\":100,"),
            "%s", test_err);
}

static int block_broken(FrtCtx *cx, void *state, FrtBlock *b) {
  FRT_COUNT(cx, 1, FRT_IN, b->n);
  return FRT_OK;
}

Test(run_scan, rows_that_are_lost_are_a_bug) {
  test_scans[0].block = block_broken;
  cr_assert_eq(test_run(0), 70);
  cr_assert(strstr(test_err, "operator n1, derive checked (t.flow:2), do not add up"), "%s", test_err);
  cr_assert_null(test_read("out/n.csv"));
}
