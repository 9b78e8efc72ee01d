/* Sorted runs on disk: their merge is the stable sort of all records, whatever their number. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/budget.h"
#include "sched/run_internal.h"
#include "spill/runs.h"
#include "support/run_module.h"

static FrtRun run;
static FrtRunOptions options;
static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void) {   /* xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void setup(void) {
  test_folder();
  mkdir("temp", 0777);
  options = (FrtRunOptions){ .temp = "temp" };
  memset(&run, 0, sizeof run);
  run.module = &test_module;
  run.options = &options;
  run.run_arena = arena_new();
  run.main.cx.run = &run;
  run.main.cx.worker = &run.main;
  run.cx = &run.main.cx;
  frt_alloc_start(&run.main);
}

static void teardown(void) {
  frt_alloc_end(&run.main);
  arena_free(run.run_arena);
}

TestSuite(run_runs, .init = setup, .fini = teardown);

typedef struct Record { uint32_t key_len, number; char key[24]; } Record;

static int compare(const void *a, const void *b) {
  const Record *x = a, *y = b;
  int c = memcmp(x->key, y->key, x->key_len < y->key_len ? x->key_len : y->key_len);
  if (c) return c;
  if (x->key_len != y->key_len) return x->key_len < y->key_len ? -1 : 1;
  return x->number < y->number ? -1 : 1;
}

/* Few different bytes, zeros among them, so that keys begin alike. */
static void make(Record *r, uint32_t number) {
  r->number = number;
  r->key_len = (uint32_t)(next_random() % sizeof r->key);
  for (uint32_t i = 0; i < r->key_len; i++) r->key[i] = (char)(next_random() % 8 ? 'a' : next_random() % 2 ? 0 : 0xff);
}

static void check(uint32_t runs, uint32_t rows) {
  uint32_t all = runs * rows;
  Record *records = calloc(all + 1, sizeof *records);
  FrtRunRecord rec;
  FrtRuns *r = frt_runs_new(run.cx, 0, 1);
  for (uint32_t i = 0; i < all; i++) make(&records[i], i);
  for (uint32_t k = 0; k < runs; k++) {
    qsort(records + k * rows, rows, sizeof *records, compare);
    frt_runs_begin(r);
    for (uint32_t i = k * rows; i < (k + 1) * rows; i++) {
      uint32_t size = records[i].number % 1000 == 7 ? 100000 : 4;
      char *p = frt_runs_room(run.cx, r, records[i].key_len, size);
      memset(p + records[i].key_len, 'p', size);
      memcpy(p, records[i].key, records[i].key_len);
      memcpy(p + records[i].key_len, &records[i].number, 4);
    }
    cr_assert(frt_runs_finish(run.cx, r) == FRT_OK);
  }
  qsort(records, all, sizeof *records, compare);
  cr_assert(frt_runs_merge(run.cx, r) == FRT_OK);
  for (uint32_t i = 0; i < all; i++) {
    uint32_t number;
    cr_assert(frt_runs_next(run.cx, r, &rec) == FRT_OK);
    memcpy(&number, rec.payload, 4);
    cr_assert(number == records[i].number, "%u runs, record %u", runs, i);
    cr_assert(rec.key_len == records[i].key_len && !memcmp(rec.key, records[i].key, rec.key_len));
    cr_assert(rec.payload_len == (number % 1000 == 7 ? 100000u : 4u));
  }
  cr_assert(frt_runs_next(run.cx, r, &rec) == FRT_END);
  frt_runs_free(r);
  free(records);
}

Test(run_runs, merged_at_once) {
  frt_budget_start(256 << 20, 0);
  for (uint32_t runs = 0; runs < 20; runs++) check(runs, runs * 37 % 90);
  check(3, 20000);
  frt_budget_end();
}

Test(run_runs, merged_in_steps) {
  frt_budget_start(256 << 20, 1);
  for (uint32_t runs = 1; runs < 40; runs += 3) check(runs, 50);
  check(100, 3);
  frt_budget_end();
}
