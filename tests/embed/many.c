/* Many programs in one process: many [SCRIPTS]. Memory must not grow from script to script, and one of 500 operators must be
 * compiled and begun within its time. Prints what was measured; exit code 1 when a bound is broken. */
#include <flow.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { WARM = 100, GROWTH_KIB = 4096, OPERATORS = 500, TIMES = 5, LIMIT_MS = 150 /* goal: 50, on a machine of one's own */ };

static long resident_kib(void) {
  char line[256];
  long kib = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f)) sscanf(line, "VmRSS: %ld", &kib);
  if (f) fclose(f);
  return kib;
}

static double cpu_ms(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void run(const char *text) {
  static char quiet[] = "--quiet", threads[] = "--threads", one[] = "1";
  char *words[] = {quiet, threads, one};
  FlowOptions o = {.jit = "tcc"};
  FlowProgram *p = flow_compile_text("many.flow", text, strlen(text), &o);
  if (flow_error_count(p) || flow_run(p, 3, words)) {
    flow_print_diagnostics(p, stderr, 0);
    fprintf(stderr, "%s\n", text);
    exit(1);
  }
  flow_free(p);
}

/* Scripts of several shapes and lengths, no two the same. */
static void generated(char *text, size_t size, unsigned i) {
  static const char *const tails[] = {"", " | sort a desc", " | aggregate n = count(), s = sum(a) by b", " | distinct by b", " | top 3 by a"};
  size_t n = (size_t)snprintf(text, size, "type T%u = { a: i64, b: string }\nvalues [{ a = %u, b = \"x%u\" }, { a = 2, b = \"y\" }] as T%u", i, i, i, i);
  for (unsigned k = 0; k < i % 7; k++)
    n += (size_t)snprintf(text + n, size - n, "\n  | filter a != %u and b != \"%u\" | derive c%u = upper(b) + \"%u\"", k, i + k, k, i);
  snprintf(text + n, size - n, "%s | write csv(\"/dev/null\")\n", tails[i % 5]);
}

static double large(void) {
  size_t size = 1 << 16, n;
  char *text = malloc(size);
  double least = 1e9;
  n = (size_t)snprintf(text, size, "values [{ a = 1, b = \"x\" }] as { a: i64, b: string }");
  for (int k = 0; k < OPERATORS / 2 - 1; k++)
    n += (size_t)snprintf(text + n, size - n, "\n  | derive x%d = a + %d | filter x%d > %d and b != \"%d\"", k, k, k, k % 7, k);
  snprintf(text + n, size - n, " | select a | write csv(\"/dev/null\")\n");
  for (int i = 0; i < TIMES; i++) {
    double before = cpu_ms();
    run(text);
    double ms = cpu_ms() - before;
    least = ms < least ? ms : least;
  }
  free(text);
  return least;
}

int main(int argc, char **argv) {
  unsigned scripts = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
  static char text[8192];
  long before = 0;
  for (unsigned i = 0; i < scripts; i++) {
    if (i == WARM) before = resident_kib();
    generated(text, sizeof text, i);
    run(text);
  }
  long grown = resident_kib() - before;
  double ms = large();
  printf("%u scripts: %ld KiB more after the first %d; a script of %d operators: %.1f ms\n", scripts, grown, WARM, OPERATORS, ms);
  return grown > GROWTH_KIB || ms > LIMIT_MS;
}
