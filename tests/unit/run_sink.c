/* Sinks: commits are all or nothing; partitions; append; compression; full disks and closed pipes. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "sched/run_internal.h"
#include "base/alloc.h"
#include "support/run_module.h"

TestSuite(run_sink, .init = test_folder);

/* The run in a child whose standard output is `fd`. */
static int run_child(int fd, const FrtRunOptions *o) {
  pid_t pid = fork();
  if (pid == 0) {
    dup2(fd, 1);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    _exit(frt_run(&test_module, o));
  }
  int status;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void rows(int64_t n) { test_scans[0].options.range_to = n; }

Test(run_sink, replace_keeps_the_mode_and_leaves_no_temporary_file) {
  struct stat st;
  rows(3);
  mkdir("out", 0777);
  test_write("out/n.csv", "old\n");
  chmod("out/n.csv", 0640);
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  cr_assert_str_eq(test_read("out/n.csv"), "n\n0\n1\n2\n");
  stat("out/n.csv", &st);
  cr_assert_eq(st.st_mode & 0777, 0640);
  cr_assert_eq(test_count("out"), 2);
}

Test(run_sink, create_refuses_an_existing_file) {
  rows(3);
  test_sinks[0].options.mode = FRT_MODE_CREATE;
  mkdir("out", 0777);
  test_write("out/n.csv", "old\n");
  cr_assert_eq(test_run(0), 2);
  cr_assert(strstr(test_err, "out/n.csv: the file exists"), "%s", test_err);
  cr_assert_str_eq(test_read("out/n.csv"), "old\n");
  unlink("out/n.csv");
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  cr_assert_eq(test_count("out"), 2);
}

Test(run_sink, append_adds_rows_without_a_second_header) {
  rows(2);
  test_sinks[0].options.mode = FRT_MODE_APPEND;
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  cr_assert_str_eq(test_read("out/n.csv"), "n\n0\n1\n0\n1\n");
  cr_assert_eq(test_count("out"), 2);
}

Test(run_sink, a_failed_commit_takes_everything_back) {
  rows(2);
  mkdir("out", 0777);
  test_write("out/n.csv", "old\n");
  FrtRunOptions o = {.now_us = 1};
  FrtArgValue args[] = {{"bad_rows", "out/sub/bad", "--bad-rows"}};
  o.args = args;
  o.arg_len = 1;
  test_sinks[1].options.mode = FRT_MODE_CREATE;
  mkdir("out/sub", 0777);
  test_write("out/sub/bad", "here\n");
  cr_assert_eq(test_caught(test_run_now, &o), 2);
  cr_assert_str_eq(test_read("out/n.csv"), "old\n");
  cr_assert_eq(test_count("out"), 3);
}

/* Somebody else makes the file that the second sink wants to create, while the run is under way. */
static int block_rival(FrtCtx *cx, void *state, FrtBlock *b) {
  test_write("out/bad.jsonl", "rival\n");
  return test_block(cx, state, b);
}

Test(run_sink, a_commit_that_fails_half_way_is_taken_back) {
  rows(2);
  mkdir("out", 0777);
  test_scans[0].block = block_rival;
  test_sinks[1].options.mode = FRT_MODE_CREATE;
  cr_assert_eq(test_run(0), 2);
  cr_assert(strstr(test_err, "out/bad.jsonl: File exists"), "%s", test_err);
  cr_assert_null(test_read("out/n.csv"));
  for (uint32_t mode = FRT_MODE_REPLACE; mode <= FRT_MODE_APPEND; mode += FRT_MODE_APPEND) {
    unlink("out/bad.jsonl");
    test_write("out/n.csv", "old\n");
    test_sinks[0].options.mode = mode;
    cr_assert_eq(test_run(0), 2);
    cr_assert_str_eq(test_read("out/n.csv"), "old\n");
    cr_assert_str_eq(test_read("out/bad.jsonl"), "rival\n");
    cr_assert_eq(test_count("out"), 2);
  }
}

static int block_hangs(FrtCtx *cx, void *state, FrtBlock *b) {
  kill(getpid(), SIGINT);
  kill(getpid(), SIGINT);
  for (;;) pause();
  return FRT_OK;
}

Test(run_sink, a_second_interrupt_ends_at_once) {
  rows(2);
  test_scans[0].block = block_hangs;
  FrtRunOptions o = {0};
  cr_assert_eq(run_child(1, &o), 130);
  cr_assert_eq(test_count("."), 0);
}

Test(run_sink, a_failed_run_removes_the_folders_it_made) {
  rows(30);
  test_ops[1].policy = FRT_POLICY_FAIL;
  test_ops[1].port = -1;
  test_fails = NULL;
  FrtArgValue args[] = {{"bad_rows", "/dev/full", "--bad-rows"}, {"out", "a/b/c/n.csv", "--out"}};
  FrtRunOptions o = {.args = args, .arg_len = 2, .dry_run = 1};
  cr_assert_eq(test_caught(test_run_now, &o), 0, "%s", test_err);
  cr_assert_eq(test_count("."), 0);
}

Test(run_sink, a_full_disk_names_the_file) {
  rows(300000);
  FrtArgValue args[] = {{"out", "/dev/full", "--out"}};
  FrtRunOptions o = {.args = args, .arg_len = 1};
  cr_assert_eq(test_caught(test_run_now, &o), 2);
  cr_assert(strstr(test_err, "/dev/full: No space left on device"), "%s", test_err);
  rows(3);
  cr_assert_eq(test_caught(test_run_now, &o), 2);
  cr_assert_eq(test_count("."), 0);
}

Test(run_sink, two_outputs_in_one_file_are_refused) {
  rows(3);
  FrtArgValue args[] = {{"out", "out/x", "--out"}, {"bad_rows", "./out/x", "--bad-rows"}};
  FrtRunOptions o = {.args = args, .arg_len = 2};
  cr_assert_eq(test_caught(test_run_now, &o), 2);
  cr_assert(strstr(test_err, "two outputs"), "%s", test_err);
  cr_assert_eq(test_count("."), 0);
}

Test(run_sink, a_closed_pipe_is_the_end_of_the_run) {
  int ends[2];
  cr_assert_eq(pipe(ends), 0);
  close(ends[0]);
  rows(INT64_C(1) << 40);
  FrtArgValue args[] = {{"out", "-", "--out"}, {"bad_rows", "-", "--bad-rows"}};
  FrtRunOptions o = {.args = args, .arg_len = 2};
  test_module.sink_len = 1;
  cr_assert_eq(run_child(ends[1], &o), 0);
}

Test(run_sink, stdout_gets_the_rows) {
  rows(3);
  FrtArgValue args[] = {{"out", "-", "--out"}};
  FrtRunOptions o = {.args = args, .arg_len = 1};
  int fd = open("stdout.txt", O_RDWR | O_CREAT, 0600);
  cr_assert_eq(run_child(fd, &o), 0);
  cr_assert_str_eq(test_read("stdout.txt"), "n\n0\n1\n2\n");
}

/* Long lines, written in two halves with a request for room between them. */
static int block_halves(FrtCtx *cx, void *state, FrtBlock *b) {
  for (uint32_t i = 0; i < b->n; i++)
    for (uint32_t sink = 0; sink < 2; sink++)
      for (int half = 0; half < 2; half++) {
        FrtOut *o = frt_sink_out(cx, sink);
        char *p = frt_out_room(cx, o, 5000);
        if (!p) return FRT_FATAL;
        memset(p, sink ? 'b' : 'a', 4000);
        o->at = p + 4000;
        if (half) *o->at++ = '\n';
        o->rows++;
      }
  return FRT_OK;
}

Test(run_sink, sinks_on_standard_output_do_not_mix_lines) {
  rows(100);
  test_scans[0].block = block_halves;
  FrtArgValue args[] = {{"out", "-", "--out"}, {"bad_rows", "-", "--bad-rows"}};
  FrtRunOptions o = {.args = args, .arg_len = 2};
  int fd = open("stdout.txt", O_RDWR | O_CREAT, 0600);
  cr_assert_eq(run_child(fd, &o), 0);
  char *text = test_read("stdout.txt");
  cr_assert_eq(strncmp(text, "n\n", 2), 0);
  int lines = 0;
  for (char *line = strtok(text + 2, "\n"); line; line = strtok(NULL, "\n"), lines++)
    cr_assert(strlen(line) == 8000 && strspn(line, line[0] == 'a' ? "a" : "b") == 8000);
  cr_assert_eq(lines, 200);
}

Test(run_sink, an_interrupt_leaves_nothing) {
  rows(INT64_C(1) << 40);
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    FrtRunOptions o = {0};
    FrtArgValue args[] = {{"out", "/dev/null", "--out"}};
    o.args = args;
    o.arg_len = 1;
    _exit(frt_run(&test_module, &o));
  }
  for (int i = 0; i < 500 && test_count(".") < 2; i++) usleep(10000);
  kill(pid, SIGTERM);
  int status;
  waitpid(pid, &status, 0);
  cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 130);
  cr_assert_eq(test_count("."), 0);
}

Test(run_sink, compressed_files_unpack_to_the_same) {
  static const uint32_t kinds[] = {FRT_COMPRESS_GZIP, FRT_COMPRESS_ZSTD};
  static const char *const commands[] = {"gzip -dc out/n.csv > n.txt", "zstd -qdc out/n.csv > n.txt"};
  if (system("command -v zstd >/dev/null") != 0) cr_skip();
  rows(100000);
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  static char plain[1 << 20];
  snprintf(plain, sizeof plain, "%s", test_read("out/n.csv"));
  for (int i = 0; i < 2; i++) {
    test_sinks[0].options.compress = kinds[i];
    cr_assert_eq(test_run(0), 0, "%s", test_err);
    cr_assert_eq(system(commands[i]), 0);
    cr_assert_str_eq(test_read("n.txt"), plain);
  }
}

static int block_json(FrtCtx *cx, void *state, FrtBlock *b) {
  FrtOut *o = frt_sink_out(cx, 0);
  for (uint32_t i = 0; i < b->n; i++) {
    char *p = frt_out_room(cx, o, 64);
    if (!p) return FRT_FATAL;
    if (o->rows++) *p++ = ',', *p++ = '\n';
    o->at = frt_put_i64(p, ((int64_t *)b->col[0])[i]);
  }
  FRT_COUNT(cx, 1, FRT_IN, b->n);
  FRT_COUNT(cx, 1, FRT_OUT, b->n);
  return FRT_OK;
}

Test(run_sink, a_json_array_has_its_brackets) {
  test_sinks[0].options.format = FRT_FMT_JSON;
  test_scans[0].block = block_json;
  rows(3);
  cr_assert_eq(test_run(2), 0, "%s", test_err);
  cr_assert_str_eq(test_read("out/n.csv"), "[\n0,\n1,\n2\n]\n");
  rows(0);
  cr_assert_eq(test_run(2), 0, "%s", test_err);
  cr_assert_str_eq(test_read("out/n.csv"), "[\n]\n");
}

static int64_t parts = 1000;

static int block_parts(FrtCtx *cx, void *state, FrtBlock *b) {
  for (uint32_t i = 0; i < b->n; i++) {
    int64_t n = ((int64_t *)b->col[0])[i];
    char path[64];
    int len = snprintf(path, sizeof path, "out/p%d/f%d.csv", (int)(n % parts % 7), (int)(n % parts));
    FrtOut *o = frt_sink_route(cx, 0, (FrtStr){path, (uint32_t)len, 0});
    if (!o || test_put_number(cx, o, n) != FRT_OK) return FRT_FATAL;
  }
  return FRT_OK;
}

Test(run_sink, more_partitions_than_descriptors) {
  test_sinks[0].partitioned = 1;
  test_sinks[0].path = NULL;
  test_scans[0].block = block_parts;
  for (int gzip = 0; gzip < 2; gzip++) {
    rows(3000);
    test_sinks[0].options.compress = gzip ? FRT_COMPRESS_GZIP : FRT_COMPRESS_NONE;
    cr_assert_eq(test_run(0), 0, "%s", test_err);
    cr_assert_eq(test_count("out"), 1000 + 7 + 1);
    if (gzip) cr_assert_eq(system("gzip -dc out/p1/f764.csv > plain.txt"), 0);
    cr_assert_str_eq(test_read(gzip ? "plain.txt" : "out/p1/f764.csv"), "n\n764\n1764\n2764\n");
  }
}

static FrtStr safe(FrtCtx *cx, const char *text) {
  FrtStr s = frt_path_safe(cx, (FrtStr){text, (uint32_t)strlen(text), 0});
  return (FrtStr){arena_strndup(cx->arena, s.ptr, s.len), s.len, 0};
}

Test(run_sink, path_values_are_safe) {
  static const char *const table[][2] = {
    {"north", "north"}, {"s\xc3\xbc" "d", "s\xc3\xbc" "d"}, {"../up", "%2E.%2Fup"}, {"..", "%2E."}, {".", "%2E"}, {"a/b", "a%2Fb"},
    {"tab\there", "tab%09here"}, {"", "%_"}, {"50%", "50%25"}, {"a.b", "a.b"}, {"%_", "%25_"}, {"\x7f", "%7F"},
  };
  FrtCtx cx = {0};
  cx.arena = arena_new();
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) cr_assert_str_eq(safe(&cx, table[i][0]).ptr, table[i][1]);
  char a[1001], b[1001];
  memset(a, '/', 1000);
  a[1000] = 0;
  memcpy(b, a, 1001);
  b[999] = '.';
  FrtStr x = safe(&cx, a), y = safe(&cx, b);
  cr_assert(x.len < 255 && y.len < 255 && !strchr(x.ptr, '/'));
  cr_assert_str_neq(x.ptr, y.ptr);
  for (int i = 0; i < 1000; i++) a[i] = "\xc3\xbc"[i & 1];
  x = safe(&cx, a);
  cr_assert(x.len < 255 && memcmp(x.ptr, "\xc3\xbc", 2) == 0);
  arena_free(cx.arena);
}
