/* The command line: where values come from, what is refused, what is suggested. */
#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/nearest.h"
#include "sched/args.h"
#include "support/run_module.h"

static Arena *arenas;     /* what the calls of a test parse into */

static void begin(void) {
  test_folder();
  arenas = arena_new();
}
static void end(void) { arena_free(arenas); }

TestSuite(run_args, .init = begin, .fini = end);

typedef struct Call { int argc; char **argv; FrtRunOptions o; Arena *arena; } Call;

static int parse_now(void *context) {
  Call *c = context;
  return frt_parse_args(c->arena, &test_module, c->argc, c->argv, &c->o);
}

/* Parses words that stand apart by spaces. */
static int parse(Call *c, const char *words) {
  static char text[1024], *argv[32];
  snprintf(text, sizeof text, "%s", words);
  memset(c, 0, sizeof *c);
  c->arena = arenas;
  c->argv = argv;
  for (char *w = strtok(text, " "); w; w = strtok(NULL, " ")) argv[c->argc++] = w;
  return test_caught(parse_now, c);
}

static const char *value(const Call *c, const char *name) {
  for (uint32_t i = 0; i < c->o.arg_len; i++)
    if (strcmp(c->o.args[i].name, name) == 0) return c->o.args[i].text;
  return NULL;
}

Test(run_args, forms) {
  Call c;
  cr_assert_eq(parse(&c, "--out x --bad-rows=y --count=-5"), 0);
  cr_assert_str_eq(value(&c, "out"), "x");
  cr_assert_str_eq(value(&c, "bad_rows"), "y");
  cr_assert_str_eq(value(&c, "count"), "-5");
  cr_assert_eq(parse(&c, "--bad_rows --out"), 0);
  cr_assert_str_eq(value(&c, "bad_rows"), "--out");
  cr_assert_eq(parse(&c, "--out= --"), 0);
  cr_assert_str_eq(value(&c, "out"), "");
}

Test(run_args, flags) {
  Call c;
  cr_assert_eq(parse(&c, "--stats=json --progress --quiet --threads 3 --memory 64MiB --temp /x --dry-run "
                         "--scan=careful --block-rows 7"), 0);
  cr_assert(c.o.stats == 2 && c.o.progress && c.o.quiet && c.o.threads == 3 && c.o.memory == 64u << 20);
  cr_assert(c.o.dry_run && c.o.careful && c.o.block_rows == 7);
  cr_assert_str_eq(c.o.temp, "/x");
  cr_assert_eq(parse(&c, "--stats"), 0);
  cr_assert_eq(c.o.stats, 1);
}

Test(run_args, precedence) {
  Call c;
  test_write("p.json", " {\"out\":\"file\", \"count\": 0.25e1, \"bad_rows\": null}\n");
  setenv("FLOW_OUT", "env", 1);
  setenv("FLOW_BAD_ROWS", "env", 1);
  setenv("FLOW_COUNT", "env", 1);
  cr_assert_eq(parse(&c, "--count 7 --params p.json"), 0, "%s", test_err);
  cr_assert_str_eq(value(&c, "count"), "7");
  cr_assert_str_eq(value(&c, "out"), "file");
  cr_assert_str_eq(value(&c, "bad_rows"), "env");
}

Test(run_args, refused) {
  static const char *const table[][2] = {
    {"--cuont 5", "did you mean `--count`"}, {"--ouut=1", "`--out`"}, {"--zzzzzz 1", "no parameter `zzzzzz`"},
    {"--out", "a value must follow"}, {"word", "unexpected argument `word`"}, {"-- x", "unexpected argument `x`"},
    {"--threads 0", "from 1"}, {"--threads x", "from 1"}, {"--memory 5XB", "like 256MiB"}, {"--quiet=1", "no value"},
    {"--scan=wild", "careful"}, {"--tap seeen", "did you mean `seen`"}, {"--tap seen:x", "number"},
    {"--params none.json", "No such file"}, {"--prams x", "`--params`"}, {"--stats=xml", "json"},
  };
  static const FrtTap taps[] = {{STR("seen"), 1, 0, 10, 1.0}};
  test_module.taps = taps;
  test_module.tap_len = 1;
  Call c;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    cr_assert_eq(parse(&c, table[i][0]), 1, "%s", table[i][0]);
    cr_assert(strstr(test_err, table[i][1]), "%s: %s", table[i][0], test_err);
  }
}

Test(run_args, params_files_are_strict) {
  static const char *const bad[] = {
    "", "[]", "{", "{\"out\"}", "{\"out\":}", "{\"out\":[1]}", "{\"out\":{}}", "{\"out\":1,}", "{\"out\":01}",
    "{\"out\":1.}", "{\"out\":1e}", "{\"out\":.5}", "{\"out\":\"a}", "{\"out\":\"\\x\"}", "{\"out\":\"\\u12\"}",
    "{\"out\":\"\\ud800\"}", "{\"out\":\"\\u0000\"}", "{\"out\":\"\xff\"}", "{\"out\":\"\n\"}", "{\"out\":1} x",
    "{\"out\":tru}", "{out:1}", "{\"ouut\":1}", "{\"out\":\"\\", "{\"out\":\"\\u", "{\"out\":-}",
  };
  Call c;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    test_write("p.json", bad[i]);
    cr_assert_eq(parse(&c, "--params p.json"), 1, "%s", bad[i]);
    cr_assert(strstr(test_err, "p.json"), "%s: %s", bad[i], test_err);
  }
  test_write("p.json", "{\"out\":\"a\\n\\u00fc\\ud83d\\ude00\\\"\",\"count\":true}");
  cr_assert_eq(parse(&c, "--params p.json"), 0, "%s", test_err);
  cr_assert_str_eq(value(&c, "out"), "a\n\xc3\xbc\xf0\x9f\x98\x80\"");
  cr_assert_str_eq(value(&c, "count"), "true");
}

Test(run_args, values_are_checked_by_the_run) {
  FrtArgValue args[] = {{"count", "5x", "--count"}};
  FrtRunOptions o = {.args = args, .arg_len = 1};
  cr_assert_eq(test_caught(test_run_now, &o), 1);
  cr_assert(strstr(test_err, "--count: `5x` (--count) is not a valid i64"), "%s", test_err);
}

Test(run_args, nearest) {
  cr_assert_eq(frt_word_distance("floor", 5, "flor", 4), 1);
  cr_assert_eq(frt_word_distance("abcd", 4, "abdc", 4), 1);
  cr_assert_eq(frt_word_distance("", 0, "abc", 3), 3);
  cr_assert_eq(frt_word_distance("kitten", 6, "sitting", 7), 3);
}

static int help_now(void *context) { return frt_print_help(&test_module, "prog"), fflush(stdout), 0; }

Test(run_args, help_lists_params) {
  int file = open("help.txt", O_RDWR | O_CREAT, 0600), saved = dup(1);
  fflush(stdout);
  dup2(file, 1);
  help_now(NULL);
  dup2(saved, 1);
  const char *text = test_read("help.txt");
  cr_assert(strstr(text, "t.flow: a test\n"), "%s", text);
  cr_assert(strstr(text, "--bad-rows string"), "%s", text);
  cr_assert(strstr(text, "where bad rows go (default: \"out/bad.jsonl\")"), "%s", text);
  cr_assert(strstr(text, "--block-rows N"), "%s", text);
}
