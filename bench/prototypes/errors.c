/* errors.c: what error policies cost while no row fails, and what failing rows cost.
 *
 * flowc itself runs one script (filter, a product, a quotient, CSV) over orders with different policies: none (any error ends the
 * run), ports, limits at the ports, skip. Four names of one file make the input larger. The answers over clean data must be the same byte
 * for byte; over data with 1 % bad rows the answers of ports and skip must be. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto.h"

typedef struct Policy {
  const char *name, *data, *first, *each, *last;   /* input; line before all; clause of each operator; lines behind all */
} Policy;

static const char dead[] = "bad | write deadletter(\"/dev/null\")\n";
static const Policy policies[] = {
  {"none: the first error ends the run", "orders", "", "", ""},
  {"`on error -> bad` on each operator", "orders", "", " on error -> bad", dead},
  {"ports with `limit 5%`", "orders", "", " on error -> bad limit 5%", dead},
  {"ports with `limit 10 in a row`", "orders", "", " on error -> bad limit 10 in a row", dead},
  {"`default on error skip`", "orders", "default on error skip\n", "", ""},
  {"1 % bad rows, ports, dead letters written", "dirty", "", " on error -> bad", dead},
  {"1 % bad rows, ports with `limit 5%`", "dirty", "", " on error -> bad limit 5%", dead},
  {"1 % bad rows, skip", "dirty", "default on error skip\n", "", ""},
};
enum { POLICIES = sizeof policies / sizeof *policies, CLEAN = 5 };

static const char script[] =
  "%s"
  "type Order = {\n"
  "  id: i64, ts: timestamp, customer_id: i32, country: string, product: string, qty: i32, price: decimal(8,2),\n"
  "  discount: decimal(4,2), status: string, email: string, note: string, flag: bool\n"
  "}\n"
  "orders = read csv(\"%s-*.csv\") as Order%s\n"
  "orders\n"
  "  | filter country == \"DE\" and price > 500\n"
  "  | derive total = price * qty, share = price / qty%s\n"
  "  | select id, ts, customer_id, total, share\n"
  "  | write csv(\"errors.csv\")\n"
  "%s";

static uint64_t file_hash(const char *path) {
  int fd = open(path, O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) proto_die(path);
  void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) proto_die(path);
  close(fd);
  return proto_hash(0, bytes, (size_t)st.st_size);
}

static void run(ProtoRun *r, uint64_t arg) {
  const Policy *p = &policies[arg];
  char flowc[4096];
  if (!realpath(proto_options.flowc, flowc) || chdir(proto_options.dir) != 0) proto_die(proto_options.dir);
  FILE *f = fopen("errors.flow", "w");
  if (!f) proto_die("errors.flow");
  fprintf(f, script, p->first, p->data, p->each, p->each, p->last);
  if (fclose(f) != 0) proto_die("errors.flow");
  const char *const argv[] = {flowc, "run", "--quiet", "errors.flow", NULL};
  if (proto_command(r, argv, NULL) != 0) proto_die("flowc");
  r->check = file_hash("errors.csv");
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  if (!proto_options.flowc) {
    fputs("errors needs --flowc\n", stderr);
    return 2;
  }
  ProtoCase cases[POLICIES];
  ProtoRun m[POLICIES];
  for (uint64_t i = 0; i < POLICIES; i++) cases[i] = (ProtoCase){policies[i].name, run, i};
  if (!proto_measure(cases, CLEAN, m) || !proto_measure(cases + CLEAN, POLICIES - CLEAN, m + CLEAN)) return 1;
  double rows = (double)proto_size(4000000, 80000);
  printf("%.2f M orders by flowc with libtcc, start and compilation included.\n\n"
         "| policy | wall ms | CPU ms | CPU, %% of no policy | CPU ns a row |\n| --- | --- | --- | --- | --- |\n", rows / 1e6);
  for (int i = 0; i < POLICIES; i++)
    proto_row("snnnn", policies[i].name, m[i].seconds * 1e3, m[i].cpu_seconds * 1e3, m[i].cpu_seconds / m[0].cpu_seconds * 100,
              m[i].cpu_seconds * 1e9 / rows);
  proto_print_instructions(cases, m, POLICIES, rows, "a row");
  return 0;
}
