/* main.c: compares random scripts: the reference against the compiled code in every mode.
 *   ref [--seed S] [--count N] [--folder DIR] [--failures DIR] [--show] [--holds MASK] [--max-failures K] [--case DIR]
 * Exit 0: all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compare.h"

typedef struct Options {
  uint64_t seed, count;
  const char *folder, *failures;
  unsigned holds;
  int show, max_failures, cc_each;
  double seconds;
} Options;

/* A difference as a case folder: case.flow, in/, expect/ and why.txt. */
static void keep_failure(const Options *o, uint64_t seed, const Case *c, const Verdict *v) {
  char folder[700], command[4000], expect[1000];
  snprintf(folder, sizeof folder, "%s/%llu", o->failures, (unsigned long long)seed);
  snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/expect'", folder, folder);
  if (system(command)) return;
  char *real = realpath(folder, NULL);
  snprintf(expect, sizeof expect, "%s/expect", real ? real : folder);
  CaseOptions again = {.keep = expect};
  Verdict ignored;
  case_run(c, o->folder, &again, &ignored);
  snprintf(command, sizeof command, "cp -r '%s/case.flow' '%s' && if [ -d '%s/in' ]; then cp -r '%s/in' '%s'; fi", o->folder, folder, o->folder, o->folder, folder);
  if (system(command)) return;
  snprintf(command, sizeof command, "%s/why.txt", folder);
  FILE *f = fopen(command, "w");
  if (!f) return;
  fprintf(f, "seed %llu, %s\n%s\n", (unsigned long long)seed, v->mode, v->why);
  fclose(f);
  free(real);
}

static void show(const Case *c, const Verdict *v) {
  printf("---- case.flow\n%s", c->script);
  for (int i = 0; i < c->file_len; i++) printf("---- %s\n%s%s", c->files[i].path, c->files[i].data, "\n");
  printf("---- %s: %s\n", v->mode, v->why);
  fflush(stdout);
}

static double clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  Options o = {.seed = 1, .count = 1000, .folder = "/dev/shm/flow-ref", .failures = "build/ref-failures", .holds = GEN_ALL, .max_failures = 8, .cc_each = 20};
  for (int i = 1; i < argc; i++) {
    const char *v = i + 1 < argc ? argv[i + 1] : "0";
    if (!strcmp(argv[i], "--show")) o.show = 1;
    else if (!strcmp(argv[i], "--seed")) o.seed = strtoull(v, NULL, 10), i++;
    else if (!strcmp(argv[i], "--count")) o.count = strtoull(v, NULL, 10), i++;
    else if (!strcmp(argv[i], "--folder")) o.folder = v, i++;
    else if (!strcmp(argv[i], "--failures")) o.failures = v, i++;
    else if (!strcmp(argv[i], "--holds")) o.holds = (unsigned)strtoul(v, NULL, 0), i++;
    else if (!strcmp(argv[i], "--max-failures")) o.max_failures = atoi(v), i++;
    else if (!strcmp(argv[i], "--cc-each")) o.cc_each = atoi(v), i++;
    else if (!strcmp(argv[i], "--seconds")) o.seconds = atof(v), i++;
  }
  char room[64];
  if (access("/dev/shm", W_OK) || !strcmp(o.folder, "/dev/shm/flow-ref")) {
    snprintf(room, sizeof room, "%s/flow-ref-%d", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
    o.folder = room;
  }
  uint64_t counts[6] = {0}, rows = 0, failed = 0, done = 0;
  int failures = 0;
  double start = clock_now();
  for (uint64_t seed = o.seed; seed < o.seed + o.count && failures < o.max_failures; seed++) {
    Case c;
    Verdict v;
    if (o.seconds > 0 && clock_now() - start > o.seconds) break;
    gen_case(seed, o.holds, &c);
    CaseOptions how = {.cc = o.cc_each && seed % (uint64_t)o.cc_each == 0};
    case_run(&c, o.folder, &how, &v);
    done++;
    counts[v.outcome]++;
    rows += v.rows_out;
    failed += (uint64_t)v.failed_run;
    bool bad = v.outcome == CASE_DIFFERS || v.outcome == CASE_CRASHED;
    if (o.show && !bad) show(&c, &v);
    if (v.outcome == CASE_REJECTED && getenv("REF_REJECTED")) printf("seed %llu rejected: %s\n", (unsigned long long)seed, v.why);
    if (v.outcome == CASE_NOT_YET && getenv("REF_REJECTED")) printf("seed %llu not yet: %s\n", (unsigned long long)seed, v.why);
    if (v.outcome == CASE_SKIPPED && getenv("REF_REJECTED")) printf("seed %llu skipped: %s\n", (unsigned long long)seed, v.why);
    if (bad) {
      failures++;
      printf("==== seed %llu differs: %s\n", (unsigned long long)seed, v.mode);
      if (!getenv("REF_RAW")) {
        case_minimise(&c, o.folder, &how, &v);
      }
      keep_failure(&o, seed, &c, &v);
      show(&c, &v);
    }
    case_free(&c);
  }
  printf("%llu plans in %.1f s: %llu same (%llu of them fail), %llu rejected, %llu not yet, %llu skipped, %llu differ, %llu crash; %llu rows\n", (unsigned long long)done,
         clock_now() - start, (unsigned long long)counts[CASE_SAME], (unsigned long long)failed, (unsigned long long)counts[CASE_REJECTED],
         (unsigned long long)counts[CASE_NOT_YET], (unsigned long long)counts[CASE_SKIPPED], (unsigned long long)counts[CASE_DIFFERS],
         (unsigned long long)counts[CASE_CRASHED], (unsigned long long)rows);
  printf("%llu passed, %d failed\n", (unsigned long long)counts[CASE_SAME], failures);
  char command[200];
  snprintf(command, sizeof command, "rm -rf '%s'", o.folder);
  if (system(command)) return 1;
  return failures > 0;
}
