/* measure.c: runs a program and tells what it alone took.
 *
 *   measure FILE PROGRAM ARG...
 *
 * FILE gets one line: wall, user and system nanoseconds, peak KiB, exit code. A process starts with the peak of
 * the one it was made from, so the program is made from this small one rather than from the runner. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long measure_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static long long measure_time(struct timeval t) { return t.tv_sec * 1000000000ll + t.tv_usec * 1000ll; }

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  long long start = measure_now();
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  int status;
  struct rusage used;
  if (child < 0 || wait4(child, &status, 0, &used) < 0) return 2;
  long long wall = measure_now() - start;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  FILE *f = fopen(argv[1], "w");
  if (!f) return 2;
  fprintf(f, "%lld %lld %lld %ld %d\n", wall, measure_time(used.ru_utime), measure_time(used.ru_stime), used.ru_maxrss, code);
  return fclose(f) ? 2 : 0;
}
