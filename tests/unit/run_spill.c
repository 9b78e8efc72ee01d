/* Spill files and the budget: rows come back as they were put, damage and full disks are found and named. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/budget.h"
#include "sched/run_internal.h"
#include "spill/spill.h"
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

/* A run as far as spill files need one, in a folder of its own. */
static void setup(void) {
  test_folder();
  mkdir("temp", 0777);
  options = (FrtRunOptions){.temp = "temp"};
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

TestSuite(run_spill, .init = setup, .fini = teardown);

enum { RUNS = 7, ROWS = 40000 };

/* Row i: a size, then bytes that follow from i; some rows are longer than a block. */
static size_t row_make(uint64_t i, char *p) {
  uint32_t size = i % 5003 == 17 ? 9000 : (uint32_t)(8 + i * 7 % 60);
  memcpy(p, &size, 4);
  for (uint32_t k = 4; k < size; k++) p[k] = (char)(i * 31 + (i & 64 ? k * k * i : 3));
  return size;
}

static void put_rows(FrtSpill *s) {
  char row[10000];
  for (int r = 0; r < RUNS; r++) cr_assert_eq(frt_spill_add_run(s), (uint32_t)r);
  for (uint64_t i = 0; i < ROWS; i++) {
    size_t n = row_make(i, row);
    cr_assert_eq(frt_spill_put(&run.main.cx, s, (uint32_t)(i * 5 % RUNS), row, n), FRT_OK);
  }
}

static void check_run(FrtSpill *s, uint32_t number, size_t buffer) {
  FrtSpillReader *r = frt_spill_read(&run.main.cx, s, number, buffer);
  cr_assert_not_null(r);
  char row[10000], *data;
  size_t size;
  uint64_t i = 0, bytes = 0;
  while (frt_spill_next(&run.main.cx, r, &data, &size) == FRT_OK) {
    for (char *p = data; p < data + size;) {
      while (i * 5 % RUNS != number) i++;
      size_t n = row_make(i++, row);
      cr_assert(n <= (size_t)(data + size - p) && memcmp(p, row, n) == 0, "row %llu", (unsigned long long)i);
      p += n;
      bytes += n;
    }
  }
  while (i < ROWS && i * 5 % RUNS != number) i++;
  cr_assert_eq(i, ROWS);
  cr_assert_eq(bytes, frt_spill_run_size(s, number));
  frt_spill_reader_free(r);
}

Test(run_spill, rows_come_back) {
  static const size_t block_sizes[] = {0, 1, 4096, 100000}, buffers[] = {0, 1 << 20};
  for (size_t b = 0; b < 4; b++) {
    uint64_t held = frt_budget_held();
    FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, block_sizes[b]);
    put_rows(s);
    cr_assert_eq(frt_spill_finish_all(&run.main.cx, s), FRT_OK);
    for (uint32_t r = 0; r < RUNS; r++) check_run(s, r, buffers[r % 2]);
    for (uint32_t r = 0; r < RUNS; r++) frt_spill_free_run(s, r);
    frt_spill_close(s);
    cr_assert_eq(frt_budget_held(), held);
    cr_assert_eq(run.spill.live, 0);
  }
  cr_assert_eq(run.exit_code, 0);
  cr_assert_eq(test_count("temp"), 0);
}

Test(run_spill, an_empty_run) {
  FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 0);
  char *data;
  size_t size;
  uint32_t number = frt_spill_add_run(s);
  cr_assert_eq(frt_spill_finish(&run.main.cx, s, number), FRT_OK);
  FrtSpillReader *r = frt_spill_read(&run.main.cx, s, number, 0);
  cr_assert_eq(frt_spill_next(&run.main.cx, r, &data, &size), FRT_END);
  frt_spill_reader_free(r);
  frt_spill_close(s);
}

Test(run_spill, a_run_goes_on_after_it_was_finished) {
  FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 0);
  uint32_t number = frt_spill_add_run(s);
  char *data;
  size_t size, total = 0;
  for (int i = 0; i < 3; i++) {
    cr_assert_eq(frt_spill_put(&run.main.cx, s, number, "abc", 3), FRT_OK);
    cr_assert_eq(frt_spill_finish(&run.main.cx, s, number), FRT_OK);
  }
  FrtSpillReader *r = frt_spill_read(&run.main.cx, s, number, 0);
  while (frt_spill_next(&run.main.cx, r, &data, &size) == FRT_OK) total += size;
  cr_assert_eq(total, 9);
  frt_spill_reader_free(r);
  frt_spill_close(s);
}

/* Any bit of any block: the block is named, and no row of it is seen. */
Test(run_spill, a_flipped_bit_is_found_and_named) {
  FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 4096);
  put_rows(s);
  cr_assert_eq(frt_spill_finish_all(&run.main.cx, s), FRT_OK);
  off_t end = lseek(frt_spill_fd(s), 0, SEEK_END);
  for (int round = 0; round < 200; round++) {
    off_t at = round < 50 ? round : (off_t)(next_random() % (uint64_t)end);
    int found = 0;
    char byte, *data;
    size_t size;
    cr_assert_eq(pread(frt_spill_fd(s), &byte, 1, at), 1);
    byte ^= (char)(1 << round % 8);
    cr_assert_eq(pwrite(frt_spill_fd(s), &byte, 1, at), 1);
    for (uint32_t r = 0; r < RUNS && !found; r++) {
      FrtSpillReader *reader = frt_spill_read(&run.main.cx, s, r, 0);
      int status = reader ? FRT_OK : FRT_FATAL;
      while (status == FRT_OK) status = frt_spill_next(&run.main.cx, reader, &data, &size);
      found = status == FRT_FATAL;
      frt_spill_reader_free(reader);
    }
    cr_assert(found, "bit %d of byte %lld", round % 8, (long long)at);
    cr_assert_eq(run.exit_code, 2);
    cr_assert(strstr(run.failure, "spill file 1 in temp") && strstr(run.failure, "is damaged") && strstr(run.failure, "byte "), "%s",
              run.failure);
    run.exit_code = 0;
    byte ^= (char)(1 << round % 8);
    cr_assert_eq(pwrite(frt_spill_fd(s), &byte, 1, at), 1);
  }
  for (uint32_t r = 0; r < RUNS; r++) check_run(s, r, 0);
  frt_spill_close(s);
}

Test(run_spill, a_file_that_was_cut) {
  FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 0);
  put_rows(s);
  cr_assert_eq(frt_spill_finish_all(&run.main.cx, s), FRT_OK);
  cr_assert_eq(ftruncate(frt_spill_fd(s), 100), 0);
  char *data;
  size_t size;
  FrtSpillReader *r = frt_spill_read(&run.main.cx, s, 0, 0);
  cr_assert_eq(frt_spill_next(&run.main.cx, r, &data, &size), FRT_FATAL);
  cr_assert(strstr(run.failure, "ends before byte "), "%s", run.failure);
  frt_spill_reader_free(r);
  frt_spill_close(s);
}

static int put_until_it_fails(FrtSpill *s) {
  static char row[1000];
  uint32_t number = frt_spill_add_run(s);
  for (int i = 0; i < 10000; i++) {
    for (size_t k = 0; k < sizeof row; k++) row[k] = (char)next_random();
    if (frt_spill_put(&run.main.cx, s, number, row, sizeof row) != FRT_OK) return 1;
  }
  return frt_spill_finish_all(&run.main.cx, s) != FRT_OK;
}

Test(run_spill, the_limit_of_room_on_disk) {
  options.temp_limit = 2000000;
  FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 0);
  cr_assert(put_until_it_fails(s));
  cr_assert(strstr(run.failure, "--temp-limit (2000000 bytes)"), "%s", run.failure);
  frt_spill_close(s);
  cr_assert_eq(run.spill.live, 0);
}

/* The limit of a process stands for a disk: write() is cut short, then fails. */
Test(run_spill, a_full_disk_is_said) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {3000001, 3000001};
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 0);
  cr_assert(put_until_it_fails(s));
  cr_assert(strstr(run.failure, "spill file 1 in temp: writing: ") && strstr(run.failure, "--temp"), "%s", run.failure);
  frt_spill_close(s);
}

Test(run_spill, a_folder_that_is_not_there) {
  options.temp = "no/such";
  cr_assert_null(frt_spill_open(&run.main.cx, 1, 42, 0));
  cr_assert(strstr(run.failure, "no/such") && strstr(run.failure, "cannot be made"), "%s", run.failure);
}

/* A whole run with an operator that cannot spill, under a budget that it passes. */
static int hold_a_lot(int64_t n) {
  static FrtPairs pairs;
  if (n < 0) frt_pairs_free(&pairs);
  else frt_pairs_add(&pairs, (uint64_t)n, (uint64_t)n);
  return 0;
}

Test(run_spill, what_cannot_spill_is_refused) {
  FrtRunOptions o = {.memory = 64 * 1024, .now_us = 1767225600000000};
  test_scans[0].options.range_to = 100000;
  cr_assert_eq(test_run(0), 0, "%s", test_err);
  test_fails = hold_a_lot;
  cr_assert_eq(test_caught(test_run_now, &o), 2);
  hold_a_lot(-1);
  cr_assert(strstr(test_err, "out of memory: the budget of 0.1 MiB is used up") && strstr(test_err, "--memory"), "%s", test_err);
  o.memory = 64 << 20;
  cr_assert_eq(test_caught(test_run_now, &o), 0, "%s", test_err);
  hold_a_lot(-1);
}

Test(run_spill, nothing_is_left_after_a_kill) {
  pid_t pid = fork();
  if (pid == 0) {
    FrtSpill *s = frt_spill_open(&run.main.cx, 1, 42, 0);
    put_rows(s);
    frt_spill_finish_all(&run.main.cx, s);
    kill(getpid(), SIGKILL);
  }
  int status;
  waitpid(pid, &status, 0);
  cr_assert(WIFSIGNALED(status));
  cr_assert_eq(test_count("temp"), 0);
}

Test(run_spill, the_folder_is_chosen) {
  cr_assert_str_eq(frt_spill_folder("x"), "x");
  setenv("TMPDIR", "temp", 1);
  cr_assert_str_eq(frt_spill_folder(NULL), "temp");
  setenv("TMPDIR", "no/such", 1);
  cr_assert(strcmp(frt_spill_folder(NULL), "/var/tmp") == 0 || strcmp(frt_spill_folder(NULL), "/tmp") == 0);
}

/* ---- the budget ---- */

Test(run_spill, a_budget_is_kept_to) {
  frt_budget_start(64 * 1024, 0);
  uint64_t limit = frt_budget_limit(), held = frt_budget_held();
  cr_assert_eq(limit, 32 * 1024);
  cr_assert(frt_reserve(&run.main.cx, 26 * 1024));
  cr_assert(!frt_reserve(&run.main.cx, 4 * 1024));
  cr_assert(!frt_may_reserve(4 * 1024));
  frt_unreserve(&run.main.cx, 8 * 1024);
  cr_assert(frt_reserve(&run.main.cx, 4 * 1024));
  cr_assert(!frt_budget_passed());
  frt_hold_buffer(64 * 1024);
  cr_assert(!frt_budget_passed());
  frt_hold(1);
  cr_assert(frt_budget_passed());
  frt_unreserve(&run.main.cx, 86 * 1024 + 1);
  cr_assert_eq(frt_budget_held(), held);
  frt_budget_end();
}

Test(run_spill, stores_and_tables_give_back_what_they_held) {
  uint64_t held = frt_budget_held();
  FrtStore store;
  FrtTable words, texts;
  FrtPairs pairs = {0};
  static uint64_t keys[5000];
  static FrtStr names[5000];
  static uint32_t ids[5000], fresh[5000];
  static char text[5000][16];
  for (int i = 0; i < 5000; i++) {
    keys[i] = i % 2 ? next_random() : (uint64_t)i;
    snprintf(text[i], sizeof text[i], "%d", i);
    names[i] = (FrtStr){text[i], (uint32_t)strlen(text[i]), 0};
  }
  frt_store_init(&store, 40);
  frt_table_init(&words, 0);
  frt_table_init(&texts, 1);
  for (int i = 0; i < 20000; i++) {
    frt_store_add(&run.main.cx, &store);
    frt_store_text(&run.main.cx, &store, names[i % 5000]);
    frt_pairs_add(&pairs, (uint64_t)i, (uint64_t)i);
  }
  frt_table_add_words(&run.main.cx, &words, keys, NULL, 5000, ids, fresh);
  frt_table_add_texts(&run.main.cx, &texts, names, NULL, 5000, ids, fresh);
  cr_assert_gt(frt_budget_held(), held + 20000 * 40 + 5000 * 16);
  frt_store_free(&store);
  frt_table_free(&words);
  frt_table_free(&texts);
  frt_pairs_free(&pairs);
  cr_assert_eq(frt_budget_held(), held);
}

static void put_file(const char *path, const char *text) {
  char command[512];
  snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", path);
  cr_assert_eq(system(command), 0);
  test_write(path, text);
}

Test(run_spill, what_cgroups_and_the_machine_have_left) {
  put_file("r/proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    5000 kB\n");
  cr_assert_eq(frt_memory_available("r"), 5000 * 1024);
  put_file("r/proc/self/cgroup", "12:pids:/x\n3:cpu,memory:/a/b\n0::/a/b\n");
  cr_assert_eq(frt_memory_available("r"), 5000 * 1024);
  put_file("r/sys/fs/cgroup/a/b/memory.max", "max\n");
  put_file("r/sys/fs/cgroup/a/b/memory.high", "3000000\n");
  put_file("r/sys/fs/cgroup/a/b/memory.current", "1000000\n");
  put_file("r/sys/fs/cgroup/a/b/memory.stat", "anon 5\nfile 7\ninactive_file 400000\n");
  cr_assert_eq(frt_memory_available("r"), 2400000);
  put_file("r/sys/fs/cgroup/a/memory.max", "1500000\n");
  put_file("r/sys/fs/cgroup/a/memory.current", "1400000\n");
  cr_assert_eq(frt_memory_available("r"), 100000);
  put_file("r/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  put_file("r/sys/fs/cgroup/memory/memory.limit_in_bytes", "50000\n");
  put_file("r/sys/fs/cgroup/memory/memory.usage_in_bytes", "49000\n");
  cr_assert_eq(frt_memory_available("r"), 1000);
  cr_assert_eq(frt_memory_pressure("r"), 0);
  put_file("r/proc/pressure/memory", "some avg10=12.34 avg60=0.00 avg300=0.00 total=0\nfull avg10=1.00\n");
  cr_assert_eq(frt_memory_pressure("r"), 12);
  put_file("r/sys/fs/cgroup/a/b/memory.pressure", "some avg10=45.00 avg60=0.00 avg300=0.00 total=0\n");
  cr_assert_eq(frt_memory_pressure("r"), 45);
}
