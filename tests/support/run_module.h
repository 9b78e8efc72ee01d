/* run_module.h: a hand-written module for tests of a run: range(n) -> check -> sink 0, errors -> sink 1.
 *
 * Row n fails at operator 1 when test_fails(n); the source block goes on as `n` in one CSV column. */
#ifndef RUN_MODULE_H
#define RUN_MODULE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flowrt.h"
#include "sched/run.h"

#define STR(s) ((FrtStr){s, sizeof(s) - 1, 0})

typedef struct TestHeld { FrtStr out, bad; int64_t n; } TestHeld;
typedef struct TestState { TestHeld *h; } TestState;

static int (*test_fails)(int64_t n);
static int64_t test_stop_at = -1;         /* take: the last row that is wanted */
static int test_port_fails_at = -1;       /* the error port's consumer fails at this row */

static const FrtType test_i64 = {.kind = FRT_I64, .size = 8};
static const FrtType test_string = {.kind = FRT_STRING, .size = sizeof(FrtStr)};
static FrtOp test_ops[] = {
  {STR("range"), STR("numbers"), STR("t.flow"), 1, 1, FRT_POLICY_FAIL, -1, 0, 0},
  {STR("derive"), STR("checked"), STR("t.flow"), 2, 5, FRT_POLICY_PORT, 0, 0, 0},
  {STR("write"), STR(""), STR("t.flow"), 3, 5, FRT_POLICY_FAIL, -1, 0, 0},
  {STR("port"), STR("bad"), STR("t.flow"), 4, 1, FRT_POLICY_FAIL, -1, 0, 0},
  {STR("write"), STR("bad"), STR("t.flow"), 4, 9, FRT_POLICY_FAIL, -1, 0, 0},
};
static const FrtColumn test_columns[] = {{.name = STR("n"), .use = FRT_USE_VALUE, .type = &test_i64}};
static const FrtSinkColumn test_sink_columns[] = {{STR("n"), &test_i64}};

static int test_out_path(FrtCtx *cx, void *state, FrtStr *out) { return *out = ((TestState *)state)->h->out, FRT_OK; }
static int test_bad_path(FrtCtx *cx, void *state, FrtStr *out) { return *out = ((TestState *)state)->h->bad, FRT_OK; }

static int test_put_number(FrtCtx *cx, FrtOut *o, int64_t n) {
  char *p = frt_out_room(cx, o, 96);
  if (!p) return FRT_FATAL;
  o->rows++;
  o->at = frt_put_i64(p, n);
  *o->at++ = '\n';
  return FRT_OK;
}

static int test_block(FrtCtx *cx, void *state, FrtBlock *b) {
  const int64_t *n = b->col[0];
  FrtOut *o = frt_sink_out(cx, 0);
  uint32_t good = 0, seen = 0, dropped = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    seen++;
    if (test_stop_at >= 0 && n[i] > test_stop_at) {
      if (test_fails && test_fails(n[i])) frt_error(cx, b, i, 1, FRT_E_DIV_ZERO, STR("x"));
      else dropped++;
      continue;
    }
    if (n[i] == test_stop_at) frt_stop(cx, b, i);
    if (test_fails && test_fails(n[i])) {
      cx->detail = STR("why");
      frt_error(cx, b, i, 1, FRT_E_ASSERT, STR("x"));
      continue;
    }
    good++;
    if (test_put_number(cx, o, n[i]) != FRT_OK) return FRT_FATAL;
  }
  FRT_COUNT(cx, 1, FRT_IN, seen);
  FRT_COUNT(cx, 1, FRT_OUT, good);
  FRT_COUNT(cx, 1, FRT_DROPPED, dropped);
  FRT_COUNT(cx, 2, FRT_IN, good);
  FRT_COUNT(cx, 2, FRT_OUT, good);
  return FRT_OK;
}

static int test_deliver(FrtCtx *cx, void *state, void *const *rows, const uint64_t *keys, uint32_t n) {
  FrtBlock b = {0};
  frt_port_block(cx, keys, n, &b);
  for (uint32_t i = 0; i < n; i++) {
    const FrtErrorRow *e = rows[i];
    FRT_COUNT(cx, 4, FRT_IN, 1);
    if ((int64_t)e->key == test_port_fails_at) {
      frt_error(cx, &b, i, 4, FRT_E_OVERFLOW, STR("y"));
      continue;
    }
    if (frt_deadletter(cx, 1, e) != FRT_OK) return FRT_FATAL;
    FRT_COUNT(cx, 4, FRT_OUT, 1);
  }
  return FRT_OK;
}

static FrtPort test_ports[] = {{STR("bad"), 3, 0, test_deliver}};
static FrtScan test_scans[] = {{.op = 0, .options = {.format = FRT_FMT_RANGE, .range_to = 100}, .columns = test_columns,
                                .column_len = 1, .block = test_block}};
static FrtSink test_sinks[] = {
  {2, {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"', .header = 1}, test_sink_columns, 1, 0, test_out_path},
  {4, {.format = FRT_FMT_DEADLETTER}, NULL, 0, 0, test_bad_path},
};
static const FrtStep test_steps[] = {{FRT_STEP_SCAN, 0, NULL}};
static const FrtParam test_params[] = {
  {STR("out"), STR("where rows go"), STR("\"out/n.csv\""), &test_string, offsetof(TestHeld, out), 0, 0, 0},
  {STR("bad_rows"), STR("where bad rows go"), STR("\"out/bad.jsonl\""), &test_string, offsetof(TestHeld, bad), 0, 0, 0},
  {STR("count"), STR("how many"), STR("0"), &test_i64, offsetof(TestHeld, n), 0, 0, 0},
};

static int test_defaults(FrtCtx *cx, void *state, const uint8_t *given) {
  TestHeld *s = ((TestState *)state)->h;
  if (!given[0]) s->out = STR("out/n.csv");
  if (!given[1]) s->bad = STR("out/bad.jsonl");
  return FRT_OK;
}

static FrtModule test_module = {
  .abi = FRT_ABI, .held_size = sizeof(TestHeld), .state_size = sizeof(TestState), .script = STR("t.flow"), .script_hash = STR("0123456789abcdef"),
  .doc = STR("t.flow: a test"), .params = test_params, .ops = test_ops, .ports = test_ports, .scans = test_scans,
  .sinks = test_sinks, .steps = test_steps, .param_len = 3, .op_len = 5, .port_len = 1, .scan_len = 1, .sink_len = 2,
  .step_len = 1, .defaults = test_defaults,
};

/* ---- helpers ---- */

static char test_err[1 << 16], test_text[1 << 21];

/* A folder of its own for each test. */
static void test_folder(void) {
  char name[] = "/tmp/flow-run-XXXXXX";
  if (!mkdtemp(name) || chdir(name) != 0) abort();
}

/* The content of a file; NULL: it is not there. */
static char *test_read(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  size_t n = fread(test_text, 1, sizeof test_text - 1, f);
  test_text[n] = 0;
  fclose(f);
  return test_text;
}

static void test_write(const char *path, const char *text) {
  FILE *f = fopen(path, "wb");
  if (!f) abort();
  fputs(text, f);
  fclose(f);
}

/* Calls `what` with stderr caught in test_err. */
static int test_caught(int (*what)(void *), void *context) {
  fflush(stderr);
  int saved = dup(2), file = open("stderr.txt", O_RDWR | O_CREAT | O_TRUNC, 0600);
  dup2(file, 2);
  close(file);
  int result = what(context);
  fflush(stderr);
  dup2(saved, 2);
  close(saved);
  char *text = test_read("stderr.txt");
  snprintf(test_err, sizeof test_err, "%.60000s", text ? text : "");
  unlink("stderr.txt");
  return result;
}

static int test_run_now(void *options) { return frt_run(&test_module, options); }

static int test_run(uint32_t block_rows) {
  FrtRunOptions o = {.block_rows = block_rows, .now_us = 1767225600000000};
  return test_caught(test_run_now, &o);
}

/* How many names a folder has. */
static int test_count(const char *folder) {
  char command[512];
  snprintf(command, sizeof command, "find %s -mindepth 1 | wc -l", folder);
  FILE *p = popen(command, "r");
  int n = -1;
  if (!p || fscanf(p, "%d", &n) != 1) n = -1;
  if (p) pclose(p);
  return n;
}

#endif
