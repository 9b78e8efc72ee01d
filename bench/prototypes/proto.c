/* proto.c: the harness; proto.h is its contract. */
#include "proto.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

ProtoOptions proto_options = {.repeats = 5, .dir = "."};

static int counter = -1;              /* of instructions, in the process that measures */
static double began, began_cpu, began_count;
static uint64_t began_resident;

/* ---- the measured part ---- */

double proto_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double proto_cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_of(int who) {
  struct rusage u;
  getrusage(who, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* Opened before threads are made, so that they inherit it. */
static int counter_open(int at_exec) {
  struct perf_event_attr a = {.type = PERF_TYPE_HARDWARE, .size = sizeof a, .config = PERF_COUNT_HW_INSTRUCTIONS,
                              .disabled = 1, .inherit = 1, .exclude_kernel = 1, .exclude_hv = 1};
  a.enable_on_exec = at_exec != 0;
  return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static double counter_read(int fd) {
  uint64_t n;
  return fd >= 0 && read(fd, &n, sizeof n) == (ssize_t)sizeof n ? (double)n : -1;
}

uint64_t proto_resident(void) {
  char text[128] = {0};
  int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0) close(fd);
  char *second = n > 0 ? strchr(text, ' ') : NULL;
  return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void proto_begin(ProtoRun *r) {
  if (!began_resident) began_resident = proto_resident();
  began_count = counter_read(counter);
  began_cpu = cpu_of(RUSAGE_SELF);
  if (counter >= 0) ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
  began = proto_now();
}

void proto_end(ProtoRun *r) {
  r->seconds += proto_now() - began;
  if (counter >= 0) ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
  r->cpu_seconds += cpu_of(RUSAGE_SELF) - began_cpu;
  r->instructions = counter >= 0 ? r->instructions + counter_read(counter) - began_count : -1;
}

/* ---- runs and medians ---- */

static int run_once(const ProtoCase *c, ProtoRun *out) {
  int ends[2];
  if (pipe(ends) != 0) proto_die("pipe");
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) {
    close(ends[0]);
    counter = counter_open(0);
    ProtoRun r = {0};
    c->run(&r, c->arg);
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    double peak = (double)u.ru_maxrss * 1024;
    r.grown = peak > (double)began_resident ? peak - (double)began_resident : 0;
    _exit(write(ends[1], &r, sizeof r) == (ssize_t)sizeof r ? 0 : 2);
  }
  close(ends[1]);
  ssize_t got;
  do got = read(ends[0], out, sizeof *out);
  while (got < 0 && errno == EINTR);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
  return got == (ssize_t)sizeof *out && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

double proto_percentile(double *values, size_t len, double of_100) {
  if (!len) return -1;
  qsort(values, len, sizeof *values, compare_doubles);
  size_t at = (size_t)((double)(len - 1) * of_100 / 100 + 0.5);
  return values[at];
}

/* The median of each figure by itself. */
static ProtoRun run_median(const ProtoRun *runs, size_t len) {
  double v[PROTO_REPEATS_MAX];
  ProtoRun m = {.check = runs[0].check};
#define MEDIAN(field)                                              \
  do {                                                             \
    for (size_t i = 0; i < len; i++) v[i] = runs[i].field;         \
    m.field = proto_percentile(v, len, 50);                        \
  } while (0)
  MEDIAN(seconds);
  MEDIAN(cpu_seconds);
  MEDIAN(instructions);
  MEDIAN(grown);
  for (int k = 0; k < PROTO_VALUES; k++) MEDIAN(value[k]);
#undef MEDIAN
  return m;
}

int proto_measure(const ProtoCase *cases, size_t len, ProtoRun *medians) {
  size_t repeats = (size_t)proto_options.repeats;
  ProtoRun *runs = proto_alloc(len * repeats * sizeof *runs);
  int ok = 1;
  for (size_t k = 0; k < repeats; k++) {
    for (size_t i = 0; i < len; i++) {
      ProtoRun *r = &runs[i * repeats + k];
      if (!run_once(&cases[i], r)) {
        fprintf(stderr, "%s: the run failed\n", cases[i].name);
        free(runs);
        return 0;
      }
      if (r->check == runs[0].check) continue;
      fprintf(stderr, "%s: check %016llx, but %s has %016llx\n", cases[i].name, (unsigned long long)r->check,
              cases[0].name, (unsigned long long)runs[0].check);
      ok = 0;
    }
  }
  for (size_t i = 0; i < len; i++) medians[i] = run_median(runs + i * repeats, repeats);
  free(runs);
  return ok;
}

int proto_command(ProtoRun *r, const char *const *argv, const char *out) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) proto_die("pipe");
  double start = proto_now();
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    int file = out ? open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600) : null;
    if (null < 0 || file < 0 || dup2(null, 0) < 0 || dup2(file, 1) < 0 || dup2(null, 2) < 0) _exit(126);
    /* The parent reads the counter by a copy of its descriptor: here it only must outlive the exec. */
    int fd = counter_open(1);
    if (write(ends[1], &fd, sizeof fd) < 0) _exit(126);
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
    execv(argv[0], (char *const *)argv);
    _exit(127);
  }
  close(ends[1]);
  int fd = -1, mine = -1;
  if (read(ends[0], &fd, sizeof fd) == (ssize_t)sizeof fd && fd >= 0) {
    int handle = (int)syscall(SYS_pidfd_open, child, 0);
    if (handle >= 0) mine = (int)syscall(SYS_pidfd_getfd, handle, fd, 0);
    if (handle >= 0) close(handle);
  }
  close(ends[0]);
  int status = 0;
  struct rusage u;
  while (wait4(child, &status, 0, &u) < 0)
    if (errno != EINTR) return -1;
  r->seconds += proto_now() - start;
  r->cpu_seconds += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
  r->instructions = counter_read(mine);
  r->grown = (double)u.ru_maxrss * 1024;
  if (mine >= 0) close(mine);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- small things ---- */

uint64_t proto_random(uint64_t *state) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return *state;
}

uint64_t proto_hash(uint64_t h, const void *bytes, size_t len) {
  const unsigned char *p = bytes;
  h ^= 0xcbf29ce484222325u;
  for (; len >= 8; p += 8, len -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    h = (h ^ word) * 0x100000001b3u;
    h ^= h >> 29;
  }
  for (; len; p++, len--) h = (h ^ *p) * 0x100000001b3u;
  return h;
}

void *proto_alloc(size_t size) {
  void *p = malloc(size ? size : 1);
  if (!p) proto_die("malloc");
  return p;
}

void proto_die(const char *what) {
  perror(what);
  exit(2);
}

uint64_t proto_size(uint64_t full, uint64_t quick) { return proto_options.quick ? quick : full; }

void proto_init(int argc, char **argv) {
  int repeats = 0;
  for (int i = 1; i < argc; i++) {
    const char *more = i + 1 < argc ? argv[i + 1] : NULL;
    if (!strcmp(argv[i], "--quick")) proto_options.quick = 1;
    else if (more && !strcmp(argv[i], "--repeats")) repeats = (int)strtol(argv[++i], NULL, 10);
    else if (more && !strcmp(argv[i], "--dir")) proto_options.dir = argv[++i];
    else if (more && !strcmp(argv[i], "--flowc")) proto_options.flowc = argv[++i];
    else {
      fprintf(stderr, "usage: %s [--quick] [--repeats N] [--dir DIR] [--flowc FILE]\n", argv[0]);
      exit(2);
    }
  }
  if (!repeats) repeats = proto_options.quick ? 1 : 5;
  proto_options.repeats = repeats < 1 ? 1 : repeats > PROTO_REPEATS_MAX ? PROTO_REPEATS_MAX : repeats;
}

void proto_print_instructions(const ProtoCase *cases, const ProtoRun *medians, size_t len, double units, const char *unit) {
  if (!len || medians[0].instructions <= 0) return;
  printf("\nInstructions %s:", unit);
  for (size_t i = 0; i < len; i++)
    printf("%s %s %.1f", i ? "," : "", cases[i].name, medians[i].instructions / units);
  printf(".\n");
}

static void cell_number(double v, char format) {
  char digits[64];
  if (v < 0) {
    printf(" - |");
    return;
  }
  int len = snprintf(digits, sizeof digits, "%.*f", format == 'n' ? 0 : format - '0', v);
  if (format != 'n') {
    printf(" %s |", digits);
    return;
  }
  printf(" ");
  for (int i = 0; i < len; i++) printf("%s%c", i && (len - i) % 3 == 0 ? "," : "", digits[i]);
  printf(" |");
}

void proto_row(const char *formats, ...) {
  va_list args;
  va_start(args, formats);
  printf("|");
  for (const char *f = formats; *f; f++) {
    if (*f == 's') printf(" %s |", va_arg(args, const char *));
    else cell_number(va_arg(args, double), *f);
  }
  printf("\n");
  va_end(args);
}
