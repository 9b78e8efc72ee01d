/* cancel.c: how often should a loop look at the flag that a signal sets, and how soon does flowc end?
 *
 * First part: a loop over rows of 64 bytes looks at the flag for each row, each chunk of 2,048, each block of 256 KiB, or never: the cost
 * of a row; then a timer fires at random moments: the time from the handler to the look that sees it.
 * Second part: flowc runs a script that keeps it busy, gets SIGINT at a random moment of its run, and must end with exit code
 * 130 and without an output; the time from kill() to its end. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto.h"

enum { ROWS = 1 << 16, CHUNK_ROWS = 2048, BLOCK_ROWS = (256 << 10) / 64, SAMPLES_MAX = 400,
       BUSY_SECONDS = 12 };

typedef struct Row {
  uint64_t key, value, other[6];
} Row;

static Row *rows;
static volatile sig_atomic_t flag;
static volatile double fired_at;

/* ---- the loop ---- */

static void on_alarm(int signal_number) {
  fired_at = proto_now();
  flag = 1;
}

static uint64_t row_work(const Row *r) {
  uint64_t h = (r->key ^ r->key >> 29) * 0xbf58476d1ce4e5b9u;
  return h >> 60 < 8 ? r->value ^ h >> 40 : 0;
}

/* Rows from..to, with a look at the flag for each; returns where it stopped. */
static uint32_t loop_each(uint32_t from, uint32_t to, uint64_t *sum) {
  for (; from < to && !flag; from++) *sum += row_work(&rows[from]);
  return from;
}

static void loop_plain(uint32_t from, uint32_t to, uint64_t *sum) {
  uint64_t s = 0;
  for (; from < to; from++) s += row_work(&rows[from]);
  *sum += s;
}

/* All rows once, looking every `every` rows (0: never); a set flag is answered by on_seen and the loop goes on. */
static uint64_t loop_all(uint32_t every, void (*on_seen)(void)) {
  uint64_t sum = 0;
  for (uint32_t at = 0; at < ROWS;) {
    if (every == 1) {
      at = loop_each(at, ROWS, &sum);
    } else {
      uint32_t step = every ? every : ROWS;
      loop_plain(at, at + step, &sum);
      at += step;
    }
    if (every && flag) on_seen();
  }
  return sum;
}

static double seen_after[SAMPLES_MAX];
static size_t seen_len;

static void loop_seen(void) {
  if (seen_len < SAMPLES_MAX) seen_after[seen_len++] = proto_now() - fired_at;
  flag = 0;
}

/* value: 0 ns a row, 1 and 2 microseconds from signal to look, median and 99 of 100. */
static void run_loop(ProtoRun *r, uint64_t every) {
  uint64_t rounds = proto_size(400, 4), state = 88172645463325252u, samples = proto_size(200, 5);
  proto_begin(r);
  for (uint64_t i = 0; i < rounds; i++) r->check += loop_all((uint32_t)every, loop_seen);
  proto_end(r);
  r->value[0] = r->cpu_seconds * 1e9 / (double)(rounds * ROWS);
  r->value[1] = r->value[2] = -1;
  if (!every) return;
  struct sigaction act = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &act, NULL);
  while (seen_len < samples) {
    size_t before = seen_len;
    struct itimerval timer = {.it_value = {.tv_usec = 500 + (long)(proto_random(&state) % 2000)}};
    setitimer(ITIMER_REAL, &timer, NULL);
    while (seen_len == before) loop_all((uint32_t)every, loop_seen);
  }
  r->value[1] = proto_percentile(seen_after, seen_len, 50) * 1e6;
  r->value[2] = proto_percentile(seen_after, seen_len, 99) * 1e6;
}

static int print_loops(void) {
  static const ProtoCase cases[] = {{"never", run_loop, 0}, {"each block of 256 KiB", run_loop, BLOCK_ROWS},
                                    {"each chunk of 2,048 rows", run_loop, CHUNK_ROWS}, {"each row", run_loop, 1}};
  ProtoRun m[4];
  uint64_t state = 88172645463325252u;
  rows = proto_alloc(ROWS * sizeof *rows);
  for (int i = 0; i < ROWS; i++) rows[i] = (Row){.key = proto_random(&state), .value = (uint64_t)i};
  if (!proto_measure(cases, 4, m)) return 0;
  printf("| the flag is looked at | ns a row | us from signal to look, median | 99 of 100 |\n| --- | --- | --- | --- |\n");
  for (int i = 0; i < 4; i++) proto_row("s211", cases[i].name, m[i].value[0], m[i].value[1], m[i].value[2]);
  proto_print_instructions(cases, m, 4, (double)(proto_size(400, 4) * ROWS), "a row and looks until the last signal");
  return 1;
}

/* ---- flowc ---- */

typedef struct Busy {
  const char *name, *script, *threads;
} Busy;

#define ORDER                                                                                                   \
  "type Order = {\n"                                                                                            \
  "  id: i64, ts: timestamp, customer_id: i32, country: string, product: string, qty: i32, price: decimal(8,2),\n" \
  "  discount: decimal(4,2), status: string, email: string, note: string, flag: bool\n"                         \
  "}\n"

static const char filter_script[] =
  ORDER "read csv(\"orders-[01].csv\") as Order\n"
        "  | filter price > 500 and contains(note, \"alpha\") | derive total = price * qty | write csv(\"cancel.csv\")\n";
static const char sort_script[] =
  ORDER "read csv(\"orders-[01].csv\") as Order | select id, price, email | sort email, price | write csv(\"cancel.csv\")\n";
static const char group_script[] =
  ORDER "read csv(\"orders-[01].csv\") as Order | aggregate n = count(), total = sum(price) by email | write csv(\"cancel.csv\")\n";

static const char endless_script[] = "range(100000000000) | filter n % 7 == 3 | write csv(\"cancel.csv\")\n";

static const Busy endless = {"numbers without end, `--quick`", endless_script, "1"};
static const Busy busies[] = {{"filter to CSV", filter_script, "1"}, {"filter to CSV, `--threads 2`", filter_script, "2"},
                              {"group by a text", group_script, "1"}, {"sort by a text", sort_script, "1"},
                              {"sort by a text, `--threads 2`", sort_script, "2"}};
enum { BUSIES = sizeof busies / sizeof *busies };

static pid_t flowc_start(const char *flowc, const char *threads) {
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(126);
    execl(flowc, flowc, "run", "--threads", threads, "cancel.flow", (char *)NULL);
    _exit(127);
  }
  return child;
}

static void sleep_seconds(double s) {
  struct timespec t = {(time_t)s, (long)((s - (double)(time_t)s) * 1e9)};
  nanosleep(&t, NULL);
}

/* Seconds from SIGINT to the end, or -1 where the run ended before or had not begun; ends the program on another outcome. */
static double flowc_cancel(const char *flowc, const char *threads, double after) {
  pid_t child = flowc_start(flowc, threads);
  int status;
  sleep_seconds(after);
  double start = proto_now();
  kill(child, SIGINT);
  if (waitpid(child, &status, 0) != child) proto_die("waitpid");
  double took = proto_now() - start;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    unlink("cancel.csv");
    return -1;
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) return -1;   /* still compiling: there is no handler yet */
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 130 || access("cancel.csv", F_OK) == 0) {
    fprintf(stderr, "flowc ended with status %x after SIGINT%s\n", (unsigned)status, access("cancel.csv", F_OK) == 0 ? ", output left" : "");
    exit(1);
  }
  return took;
}

/* Seconds of a run that nobody disturbs. */
static double flowc_whole(const Busy *b, const char *flowc) {
  double start = proto_now();
  int status;
  waitpid(flowc_start(flowc, b->threads), &status, 0);
  double whole = proto_now() - start;
  unlink("cancel.csv");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "%s: status %x\n", b->name, (unsigned)status);
    exit(1);
  }
  return whole;
}

static void print_busy(const Busy *b, const char *flowc) {
  double took[SAMPLES_MAX];
  uint64_t state = 88172645463325252u;
  size_t len = 0, samples = proto_size(20, 2);
  FILE *f = fopen("cancel.flow", "w");
  if (!f || fputs(b->script, f) < 0 || fclose(f) != 0) proto_die("cancel.flow");
  double whole = b == &endless ? 0.3 : flowc_whole(b, flowc);
  double begun = proto_now();
  for (size_t tries = 0; len < samples && tries < 4 * samples && (!len || proto_now() - begun < BUSY_SECONDS); tries++) {
    double at = 0.015 + (double)(proto_random(&state) % 1000) / 1000 * 0.9 * whole;
    double t = flowc_cancel(flowc, b->threads, at);
    if (t >= 0) took[len++] = t;
  }
  if (!len) {
    fprintf(stderr, "%s: every run ended before its signal\n", b->name);
    exit(1);
  }
  double median = proto_percentile(took, len, 50) * 1e3, high = proto_percentile(took, len, 99) * 1e3;
  proto_row("sn0111", b->name, whole * 1e3, (double)len, median, high, took[len - 1] * 1e3);
}

int main(int argc, char **argv) {
  char flowc[4096];
  proto_init(argc, argv);
  if (!print_loops()) return 1;
  if (!proto_options.flowc) return 0;
  if (!realpath(proto_options.flowc, flowc) || chdir(proto_options.dir) != 0) proto_die(proto_options.dir);
  printf("\n| flowc, busy with | whole run, ms | signals | ms from SIGINT to its end, median | 99 of 100 | longest |\n"
         "| --- | --- | --- | --- | --- | --- |\n");
  if (proto_options.quick) print_busy(&endless, flowc);
  for (int i = 0; i < BUSIES && !proto_options.quick; i++) print_busy(&busies[i], flowc);
  return 0;
}
