/* kernels.c: nanoseconds a value of the batch kernels in runtime/text, on blocks that stay in the cache.
 * Built by hand: cc -O2 -Iruntime -Iruntime/include bench/kernels.c build/libflowrt.a ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text/column.h"

enum { ROWS = 2048, RUNS = 2000 };

static double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void bench_one(const char *name, const FrtType *t, const char *format, FrtColumnKernel *kernel, int check) {
  static char text[64 + ROWS * 48 + 64];
  static uint32_t at[ROWS * 2 + 1], bad[ROWS];
  static uint64_t out[ROWS * 2];
  char *p = text + 64;
  uint64_t x = 88172645463325252u;
  for (int r = 0; r < ROWS; r++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    at[2 * r] = (uint32_t)(p - text) - 1;
    if (!strcmp(format, "date")) p = frt_put_date(p, (int32_t)(x % 20000));
    else if (!strcmp(format, "stamp")) p = frt_put_timestamp(p, (int64_t)(x % 1700000000) * 1000000);
    else if (!strcmp(format, "dec")) p = frt_put_dec64(p, (int64_t)(x % 1000000), 2);
    else if (!strcmp(format, "enum")) p = frt_put_str(p, t->names[x % t->name_len]);
    else if (!strcmp(format, "bool")) p = frt_put_bool(p, x & 1);
    else p = frt_put_u64(p, x % (!strcmp(format, "small") ? 1000 : 1000000000));
    at[2 * r + 1] = (uint32_t)(p - text);
    *p++ = ',';
  }
  FrtFields f = {text, at, at + 1, 2, 1, 0};
  double best = 1e30;
  uint32_t bads = 0;
  uint8_t canon = 1;
  for (int i = 0; i < RUNS; i++) {
    double start = bench_now();
    bads += kernel(&f, ROWS, t, check ? NULL : out, NULL, &canon, bad);
    double took = bench_now() - start;
    if (took < best) best = took;
  }
  printf("%-12s %s %6.2f ns  bad %u canon %d\n", name, check ? "check" : "value", best / ROWS, bads, canon);
}

int main(void) {
  static const FrtStr names[] = {{"EU", 2, 0}, {"US", 2, 0}, {"APAC", 4, 0}, {"DE", 2, 0}, {"pending", 7, 0}};
  static const struct { const char *name, *format; FrtType type; } rows[] = {
    {"i64", "int", {.kind = FRT_I64}}, {"i64 small", "small", {.kind = FRT_I64}}, {"i32", "int", {.kind = FRT_I32}},
    {"decimal", "dec", {.kind = FRT_DECIMAL, .precision = 12, .scale = 2}}, {"date", "date", {.kind = FRT_DATE}},
    {"timestamp", "stamp", {.kind = FRT_TIMESTAMP}}, {"f64", "dec", {.kind = FRT_F64}}, {"bool", "bool", {.kind = FRT_BOOL}},
    {"enum", "enum", {.kind = FRT_ENUM, .names = names, .name_len = 5}}, {"string", "int", {.kind = FRT_STRING}},
  };
  FrtStr none = {NULL, 0, 0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const FrtType *t = &rows[i].type;
    FrtColumnKernel *kernel = t->kind == FRT_STRING ? frt_column_kernel_strings() : frt_column_kernel(t, none, none);
    bench_one(rows[i].name, t, rows[i].format, kernel, 0);
    bench_one(rows[i].name, t, rows[i].format, kernel, 1);
  }
  return 0;
}
