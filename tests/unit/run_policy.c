/* Policies, limits and ports: the same results at every block size. */
#include <criterion/criterion.h>

#include "support/run_module.h"

static const uint32_t sizes[] = {1, 7, 2048};
#define EACH_SIZE for (size_t k = 0; k < 3; k++)

static int fails_each_10th(int64_t n) { return n % 10 == 3; }
static int fails_20_to_24(int64_t n) { return n >= 20 && n < 25; }

TestSuite(run_policy, .init = test_folder);

static void count_and_policy(int64_t rows, uint32_t policy, uint32_t limit_kind, double limit) {
  test_scans[0].options.range_to = rows;
  test_ops[1].policy = policy;
  test_ops[1].port = policy == FRT_POLICY_PORT ? 0 : -1;
  test_ops[1].limit_kind = limit_kind;
  test_ops[1].limit = limit;
}

static int lines(const char *text) {
  int n = 0;
  for (; text && *text; text++) n += *text == '\n';
  return n;
}

Test(run_policy, good_rows) {
  EACH_SIZE {
    count_and_policy(5, FRT_POLICY_FAIL, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    cr_assert_str_eq(test_read("out/n.csv"), "n\n0\n1\n2\n3\n4\n");
    cr_assert_str_eq(test_read("out/bad.jsonl"), "");
    cr_assert_eq(test_count("out"), 2);
  }
}

Test(run_policy, no_rows_give_a_header) {
  count_and_policy(0, FRT_POLICY_FAIL, 0, 0);
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  cr_assert_str_eq(test_read("out/n.csv"), "n\n");
}

Test(run_policy, fail_blames_the_first_row) {
  test_fails = fails_20_to_24;
  mkdir("out", 0777);
  test_write("out/n.csv", "old\n");
  char first[4096] = "";
  EACH_SIZE {
    count_and_policy(100, FRT_POLICY_FAIL, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 2);
    cr_assert(strstr(test_err, "error: field `x`: why"), "%s", test_err);
    cr_assert(strstr(test_err, "derive checked (t.flow:2)"), "%s", test_err);
    if (k == 0) snprintf(first, sizeof first, "%.4000s", test_err);
    cr_assert_str_eq(first, test_err);
    cr_assert_str_eq(test_read("out/n.csv"), "old\n");
    cr_assert_eq(test_count("out"), 1);
  }
}

Test(run_policy, port_gets_every_row_in_order) {
  test_fails = fails_each_10th;
  static char first[1 << 18];
  EACH_SIZE {
    count_and_policy(5000, FRT_POLICY_PORT, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    cr_assert_eq(lines(test_read("out/n.csv")), 4501);
    cr_assert_eq(lines(test_read("out/bad.jsonl")), 500);
    if (k == 0) snprintf(first, sizeof first, "%s", test_read("out/bad.jsonl"));
    cr_assert_str_eq(first, test_read("out/bad.jsonl"));
  }
}

Test(run_policy, skip_is_counted) {
  test_fails = fails_each_10th;
  EACH_SIZE {
    count_and_policy(100, FRT_POLICY_SKIP, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    cr_assert(strstr(test_err, "10 rows with errors were left out by derive checked"), "%s", test_err);
  }
}

Test(run_policy, limit_of_rows) {
  test_fails = fails_each_10th;
  EACH_SIZE {
    count_and_policy(100, FRT_POLICY_PORT, FRT_LIMIT_COUNT, 10);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    unlink("out/n.csv");
    count_and_policy(101 + 10, FRT_POLICY_PORT, FRT_LIMIT_COUNT, 10);
    cr_assert_eq(test_run(sizes[k]), 3, "%s", test_err);
    cr_assert(strstr(test_err, "limit 10 was passed: 11 rows failed (on error -> bad)"), "%s", test_err);
    cr_assert_null(test_read("out/n.csv"));
  }
}

Test(run_policy, limit_counts_for_unread_ports) {
  test_fails = fails_each_10th;
  test_ports[0].deliver = NULL;
  EACH_SIZE {
    count_and_policy(50, FRT_POLICY_PORT, FRT_LIMIT_COUNT, 5);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    cr_assert(strstr(test_err, "5 rows went to `bad`, which nobody reads"), "%s", test_err);
    count_and_policy(54, FRT_POLICY_PORT, FRT_LIMIT_COUNT, 5);
    cr_assert_eq(test_run(sizes[k]), 3, "%s", test_err);
  }
}

Test(run_policy, rate_is_judged_after_1000_rows) {
  test_fails = fails_each_10th;
  char first[4096] = "";
  EACH_SIZE {
    count_and_policy(999, FRT_POLICY_PORT, FRT_LIMIT_RATE, 5);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    count_and_policy(1000, FRT_POLICY_PORT, FRT_LIMIT_RATE, 5);
    cr_assert_eq(test_run(sizes[k]), 3, "%s", test_err);
    count_and_policy(1500, FRT_POLICY_PORT, FRT_LIMIT_RATE, 5);
    cr_assert_eq(test_run(sizes[k]), 3, "%s", test_err);
    if (k == 0) snprintf(first, sizeof first, "%.4000s", test_err);
    cr_assert_str_eq(first, test_err);
    cr_assert(strstr(test_err, "5%") && strstr(test_err, "bad"), "%s", test_err);
    count_and_policy(1500, FRT_POLICY_PORT, FRT_LIMIT_RATE, 10.1);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
  }
}

Test(run_policy, limit_in_a_row) {
  test_fails = fails_20_to_24;
  EACH_SIZE {
    count_and_policy(100, FRT_POLICY_PORT, FRT_LIMIT_IN_A_ROW, 5);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    count_and_policy(100, FRT_POLICY_PORT, FRT_LIMIT_IN_A_ROW, 4);
    cr_assert_eq(test_run(sizes[k]), 3, "%s", test_err);
    cr_assert(strstr(test_err, "in a row"), "%s", test_err);
  }
}

Test(run_policy, errors_behind_the_last_wanted_row_are_void) {
  test_fails = fails_20_to_24;
  EACH_SIZE {
    test_stop_at = 10;
    count_and_policy(100, FRT_POLICY_FAIL, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    cr_assert_eq(lines(test_read("out/n.csv")), 12);
    test_stop_at = 21;
    cr_assert_eq(test_run(sizes[k]), 2, "%s", test_err);
    count_and_policy(100, FRT_POLICY_PORT, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 0, "%s", test_err);
    cr_assert_eq(lines(test_read("out/bad.jsonl")), 2);
  }
}

Test(run_policy, a_ports_consumer_may_fail) {
  test_fails = fails_20_to_24;
  test_port_fails_at = 22;
  EACH_SIZE {
    count_and_policy(100, FRT_POLICY_PORT, 0, 0);
    cr_assert_eq(test_run(sizes[k]), 2, "%s", test_err);
    cr_assert(strstr(test_err, "write bad (t.flow:4)"), "%s", test_err);
    count_and_policy(100, FRT_POLICY_PORT, FRT_LIMIT_COUNT, 1);   /* row 21 passes the limit first */
    cr_assert_eq(test_run(sizes[k]), 3, "%s", test_err);
    count_and_policy(100, FRT_POLICY_PORT, FRT_LIMIT_COUNT, 3);   /* row 23 would: too late */
    cr_assert_eq(test_run(sizes[k]), 2, "%s", test_err);
  }
}

Test(run_policy, a_broken_ledger_is_a_bug) {
  test_fails = NULL;
  test_ops[1].policy = FRT_POLICY_FAIL;
  test_stop_at = 5;
  count_and_policy(20, FRT_POLICY_FAIL, 0, 0);
  cr_assert_eq(test_run(7), 0, "%s", test_err);
}

Test(run_policy, dead_letter_bytes) {
  test_fails = fails_20_to_24;
  count_and_policy(21, FRT_POLICY_PORT, 0, 0);
  cr_assert_eq(test_run(7), 0, "%s", test_err);
  const char *text = test_read("out/bad.jsonl");
  cr_assert(strstr(text, ",\"script_hash\":\"0123456789abcdef\",\"operator\":\"derive checked\",\"script_line\":2,"
                         "\"script_column\":5,\"file\":null,\"line\":null,\"offset\":null,\"field\":\"x\",\"fields\":\"x\","
                         "\"code\":\"assert_failed\",\"message\":\"why\",\"retry_count\":0,"
                         "\"time\":\"2026-01-01T00:00:00Z\",\"raw\":null}\n"), "%s", text);
  cr_assert_eq(strncmp(text, "{\"run\":\"", 8), 0);
}
