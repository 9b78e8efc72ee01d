/* semap_plan.c: from scripts to plans: the print of the plan, node by node. */
#include <criterion/criterion.h>

#include "support/sema_text.h"

#define ROWS "src = read csv(\"in/x.csv\") as { id: i64, name: string, v: decimal(8,2)?, at: timestamp }\n"
#define READ "n0 read csv (src) [\"in/x.csv\"] -> id i64, name string, v decimal(8,2)?, at timestamp\n"
#define COLS "id i64, name string, v decimal(8,2)?, at timestamp"

static void expect_plan(const char *script, const char *plan) {
  SemaText t = sema_bind_text("t.flow", script, strlen(script));
  uint32_t len;
  const Diag *all = diag_all(t.diags, &len);
  for (uint32_t i = 0; i < len; i++) cr_expect(all[i].severity != SEVERITY_ERROR, "%s: %s", diag_code_name(all[i].code), all[i].message);
  cr_expect_str_eq(t.text, plan);
  if (t.plan) cr_expect_null(plan_verify(t.plan));
  sema_text_free(&t);
}

static void expect_report(const char *script, const char *code, const char *part) {
  SemaText t = sema_bind_text("t.flow", script, strlen(script));
  uint32_t len;
  bool found = false;
  const Diag *all = diag_all(t.diags, &len);
  for (uint32_t i = 0; i < len; i++) found |= !strcmp(diag_code_name(all[i].code), code) && strstr(all[i].message, part);
  cr_expect(found, "%s with `%s` is not reported", code, part);
  sema_text_free(&t);
}

Test(semap_plan, names_before_their_statement) {
  expect_plan("b | write csv(\"b.csv\")\nb = a | take n\na = src | filter id > n\nparam n: i64 = 3\n" ROWS,
              "param n: i64 = 3\n" READ "n1 filter (a) in n0 [id > $n] -> " COLS "\nn2 take (b) in n1 [$n] -> " COLS
              "\nn3 write csv in n2 [\"b.csv\"]\n");
}

Test(semap_plan, a_rename_keeps_the_column) {
  SemaText t = sema_bind_text("t.flow", ROWS "src | select k = id, name | rename k as key | write csv(\"b.csv\")",
                              strlen(ROWS "src | select k = id, name | rename k as key | write csv(\"b.csv\")"));
  cr_assert_not_null(t.plan);
  cr_expect_eq(t.plan->nodes[0]->out[0].schema.cols[0].col, t.plan->nodes[2]->out[0].schema.cols[0].col);
  cr_expect_str_eq(t.plan->nodes[2]->out[0].schema.cols[0].name, "key");
  sema_text_free(&t);
}

Test(semap_plan, derive_sees_earlier_and_replaces_in_place) {
  expect_plan(ROWS "src | derive id = id + 1, d = id * 2 | select d, * | drop at, v | write csv(\"b.csv\")",
              READ "n1 derive in n0 [id = id + 1, d = id * 2] -> " COLS ", d i64\n"
                   "n2 select in n1 [] -> d i64, " COLS "\nn3 drop in n2 [] -> d i64, id i64, name string\nn4 write csv in n3 [\"b.csv\"]\n");
}

Test(semap_plan, ports_of_several_operators_are_a_union) {
  expect_plan(ROWS "a = src | filter id > 1 else -> rest\nb = a | filter id > 2 else -> rest\nb | write csv(\"b.csv\")\n"
                   "rest | write csv(\"r.csv\")\n",
              READ "n1 filter (a) in n0 [id > 1] else -> rest -> " COLS "\nn2 filter (b) in n1 [id > 2] else -> rest -> " COLS
                   "\nn3 write csv in n2 [\"b.csv\"]\nn4 union (rest) in n1.rest, n2.rest [id, name, v, at; id, name, v, at] -> " COLS
                   "\nn5 write csv in n4 [\"r.csv\"]\n");
}

Test(semap_plan, a_port_of_one_stream) {
  expect_plan(ROWS "a = src | filter id > 1 else -> rest\nb = src | filter id > 2 else -> rest\nunion a, b | write csv(\"b.csv\")\n"
                   "a.rest | write csv(\"r.csv\")\n",
              READ "n1 filter (a) in n0 [id > 1] else -> rest -> " COLS "\nn2 filter (b) in n0 [id > 2] else -> rest -> " COLS
                   "\nn3 union in n1, n2 [id, name, v, at; id, name, v, at] -> " COLS "\nn4 write csv in n3 [\"b.csv\"]\n"
                   "n5 write csv in n1.rest [\"r.csv\"]\n");
}

Test(semap_plan, a_flow_may_read_its_own_port_behind_it) {
  expect_plan(ROWS "a = src | filter id > 1 else -> rest | union fixed\nfixed = rest | derive id = 1\na | write csv(\"b.csv\")\n",
              READ "n1 filter (a) in n0 [id > 1] else -> rest -> " COLS "\nn2 derive (fixed) in n1.rest [id = 1] -> " COLS
                   "\nn3 union (a) in n1, n2 [id, name, v, at; id, name, v, at] -> " COLS "\nn4 write csv in n3 [\"b.csv\"]\n");
}

#define ERRS "run string, script_hash string, operator string, script_line i64, script_column i64, file string?, line i64?, " \
  "offset i64?, field string?, code string, message string, retry_count i64, time timestamp, raw string?, fields string?"

Test(semap_plan, dead_letters_take_any_shape) {
  expect_plan(ROWS "a = src | filter id > 1 else -> x | derive z = 1 // id on error -> bad limit 2\na | write csv(\"a.csv\")\n"
                   "union x, bad | write deadletter(\"d.jsonl\")\n",
              READ "n1 filter (a) in n0 [id > 1] else -> x -> " COLS "\nn2 derive (a) in n1 [z = 1 // id] on error -> bad limit 2 -> " COLS
                   ", z i64\nn3 write csv in n2 [\"a.csv\"]\nn4 errors (bad) [bad] -> " ERRS "\nn5 write deadletter in n1.x, n4 [\"d.jsonl\"]\n");
}

Test(semap_plan, stream_errors_and_defaults) {
  expect_plan("default on error -> bad\n" ROWS "a = src | derive z = 1 // id\nunion a, a | write csv(\"a.csv\")\n"
              "src.errors | select line | write csv(\"e.csv\")\nbad | derive n = 1 // line | select n | write csv(\"f.csv\")\n",
              "n0 read csv (src) [\"in/x.csv\"] on error -> src.errors -> " COLS "\n"
              "n1 derive (a) in n0 [z = 1 // id] on error -> bad -> " COLS ", z i64\n"
              "n2 union in n1, n1 [id, name, v, at, z; id, name, v, at, z] -> " COLS ", z i64\nn3 write csv in n2 [\"a.csv\"]\n"
              "n4 errors (src.errors) [src.errors] -> " ERRS "\nn5 select in n4 [] -> line i64?\nn6 write csv in n5 [\"e.csv\"]\n"
              "n7 errors (bad) [bad] -> " ERRS "\nn8 derive in n7 [n = 1 // line] -> " ERRS ", n i64?\nn9 select in n8 [] -> n i64?\n"
              "n10 write csv in n9 [\"f.csv\"]\n");
}

Test(semap_plan, an_op_is_expanded_with_its_columns) {
  expect_plan("use \"mem/ops.flow\" as m\n" ROWS "src | call m.biggest(v, n = 2) | derive h = m.half(id) | write csv(\"a.csv\")",
              READ "n1 sort in n0 [v desc] -> " COLS "\nn2 take in n1 [2] -> " COLS "\nn3 derive in n2 [h = id // 2] -> " COLS
                   ", h i64\nn4 write csv in n3 [\"a.csv\"]\n");
}

Test(semap_plan, joins_name_their_columns) {
  expect_plan("a = read csv(\"a.csv\") as { id: i64, name: string }\nb = read csv(\"b.csv\") as { id: i32 key, name: string }\n"
              "a | join full b on id == b.id | derive x = b.name | write csv(\"1.csv\")\n"
              "a | lookup b on id == b.id else -> no | write csv(\"2.csv\")\n",
              "n0 read csv (a) [\"a.csv\"] -> id i64, name string\nn1 read csv (b) [\"b.csv\", id key] -> id i32, name string\n"
              "n2 join in n0, n1 [full id == i64(id)] -> id i64, name string?, b_name string?\n"
              "n3 derive in n2 [x = name] -> id i64, name string?, b_name string?, x string?\nn4 write csv in n3 [\"1.csv\"]\n"
              "n5 lookup in n0, n1 [lookup id == i64(id) keyed] else -> no -> id i64, name string, b_name string\n"
              "n6 write csv in n5 [\"2.csv\"]\n");
}

Test(semap_plan, paths_with_columns) {
  expect_plan(ROWS "src | write csv(\"o/{name}/{v}-{{x}}.csv\")\nsrc | write csv(f\"p/{id}.csv\")",
              READ "n1 write csv in n0 [f\"o/{name}/{string(v) ?? \"null\"}-{x}.csv\" partitioned]\n"
                   "n2 write csv in n0 [f\"p/{id}.csv\" partitioned]\n");
}

Test(semap_plan, captures) {
  expect_plan("read text(\"a.log\") | extract line with r\"(?<ip>[^ >]+) (?:(?<n:u64>\\d+)|-)\" else -> no | write csv(\"a.csv\")",
              "n0 read text [\"a.log\"] -> line string\n"
              "n1 extract in n0 [line with (?<ip>[^ >]+) (?:(?<n>\\d+)|-)] else -> no -> line string, ip string, n u64\n"
              "n2 write csv in n1 [\"a.csv\"]\n");
}

Test(semap_plan, values_and_ranges) {
  expect_plan("values [{ a = 1, b = \"x\" }, { a = 2, b = null }] | write csv(\"a.csv\")\nrange(3) | write csv(\"b.csv\")",
              "n0 values [1, \"x\"; 2, null] -> a i64, b string?\nn1 write csv in n0 [\"a.csv\"]\nn2 range [3] -> n i64\n"
              "n3 write csv in n2 [\"b.csv\"]\n");
}

Test(semap_plan, reports_without_a_line) {
  expect_report("use \"mem/loop.flow\"", "E0805", "loop.flow");
  expect_report(ROWS "src | derive x = 1 // id on error -> bad | write csv(\"a.csv\")\n"
                     "bad | derive y = 1 // line on error -> bad | write csv(\"b.csv\")", "E0601", "->");
  expect_report("param p: string\nread csv(p) | write csv(\"a.csv\")", "E0704", "csv");
  expect_report(ROWS "x = src | route { id > 1 -> big, else -> small }\nx | write csv(\"a.csv\")", "E0615", "x");
}
