/* scan.c: how fast could flowc be at most? The least that a filter and a group over CSV must do, and flowc beside it.
 *
 * The orders are mapped and gone through in blocks of 2,048 rows, each step with all before it:
 *   touch      one byte of each cache line
 *   index      the places of all separators outside quotes, by the runtime's own index for this CPU
 *   convert    price, quantity and country of every row, by the runtime's kernels (they are checked at the source)
 *   answer     the job itself, written by hand for these columns: the bound
 * No errors, limits, ledger, files of other shapes: a row that does not fit ends the program. flowc runs the same job by
 * libtcc and as a built program, start and compilation included; its answer must be the same bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../prototypes/proto.h"
#include "io/csv_internal.h"
#include "text/column.h"

enum { ROWS = 2048, COLUMNS = 12, COUNTRY = 3, QTY = 5, PRICE = 6, GROUPS = 256, WINDOW = 64 << 20, ROW_SIZE_MAX = 256 };

typedef enum Step { STEP_TOUCH, STEP_INDEX, STEP_CONVERT, STEP_ANSWER } Step;
typedef enum Job { JOB_FILTER, JOB_GROUP } Job;

typedef struct Group {
  uint64_t key;                 /* a country has two letters */
  int64_t n, sum;
} Group;

typedef struct Scan {
  Step step;
  Job job;
  const char *at, *end;
  uint32_t index[1 + ROWS * COLUMNS + 128];
  FrtStr country[ROWS];
  int32_t qty[ROWS];
  int64_t price[ROWS];
  Group group[GROUPS];
  uint64_t touched, rows;
} Scan;

static Scan scan;

/* ---- a block ---- */

static void scan_convert_column(uint32_t column, FrtColumnKernel *kernel, const FrtType *t, uint32_t n, void *out) {
  static uint32_t bad[ROWS];
  FrtFields f = {scan.at - 1, scan.index + column, scan.index + column + 1, COLUMNS, 1, 0};
  uint8_t canon = 1;
  if (kernel(&f, n, t, out, NULL, &canon, bad)) {
    fputs("a value is not plain\n", stderr);
    exit(2);
  }
}

static void scan_convert(uint32_t n) {
  static const FrtType qty = {.kind = FRT_I32}, price = {.kind = FRT_DECIMAL, .precision = 8, .scale = 2},
                       country = {.kind = FRT_STRING};
  static const FrtStr none = {NULL, 0, 0};
  scan_convert_column(COUNTRY, frt_column_kernel_strings(), &country, n, scan.country);
  scan_convert_column(QTY, frt_column_kernel(&qty, none, none), &qty, n, scan.qty);
  scan_convert_column(PRICE, frt_column_kernel(&price, none, none), &price, n, scan.price);
}

static uint64_t country_key(FrtStr s) { return s.len == 2 ? (uint64_t)(unsigned char)s.ptr[0] << 8 | (unsigned char)s.ptr[1] : 0; }

static void scan_answer(uint32_t n) {
  uint64_t wanted = 'D' << 8 | 'E';
  for (uint32_t i = 0; i < n; i++) {
    uint64_t key = country_key(scan.country[i]);
    if (scan.job == JOB_FILTER && (scan.price[i] <= 50000 || key != wanted)) continue;
    uint32_t at = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 56);
    while (scan.group[at].n && scan.group[at].key != key) at = (at + 1) % GROUPS;
    scan.group[at].key = key;
    scan.group[at].n++;
    scan.group[at].sum += scan.price[i] * scan.qty[i];
  }
}

/* Up to ROWS rows at scan.at; 0 at the end. */
static uint32_t scan_block(CsvIndexer *indexer) {
  size_t left = (size_t)(scan.end - scan.at);
  CsvIndex x = {.p = scan.at, .len = left < ROWS * ROW_SIZE_MAX ? left : ROWS * ROW_SIZE_MAX, .delimiter = ',', .quote = '"',
                .need = ROWS * COLUMNS, .out = scan.index + 1};
  scan.index[0] = 0;
  indexer(&x);
  uint32_t n = (x.found < x.need ? x.found : x.need) / COLUMNS;
  if (x.irregular || (n && scan.at[scan.index[n * COLUMNS] - 1] != '\n')) {
    fputs("the file is not of one stride\n", stderr);
    exit(2);
  }
  if (scan.step >= STEP_CONVERT) scan_convert(n);
  if (scan.step >= STEP_ANSWER) scan_answer(n);
  scan.rows += n;
  if (n) scan.at += scan.index[n * COLUMNS];
  return n;
}

/* ---- the file ---- */

static const char *file_map(const char *name, size_t *size) {
  struct stat st;
  int fd = open(name, O_RDONLY);
  if (fd < 0 || fstat(fd, &st) != 0) proto_die(name);
  *size = (size_t)st.st_size;
  /* A page more, so that what is read behind the last value is there. */
  char *area = mmap(NULL, *size + 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED || mmap(area, *size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) proto_die(name);
  close(fd);
  return area;
}

static int group_compare(const void *a, const void *b) {
  const Group *x = a, *y = b;
  return x->key < y->key ? -1 : x->key > y->key;
}

/* The answer as flowc prints it. */
static uint64_t answer_hash(void) {
  char text[8192], *p = text;
  qsort(scan.group, GROUPS, sizeof *scan.group, group_compare);
  p += sprintf(p, scan.job == JOB_GROUP ? "country,n,s\n" : "n,s\n");
  for (int i = 0; i < GROUPS; i++) {
    const Group *g = &scan.group[i];
    if (!g->n) continue;
    if (scan.job == JOB_GROUP) p += sprintf(p, "%c%c,", (int)(g->key >> 8), (int)(g->key & 255));
    p += sprintf(p, "%lld,%lld.%02lld\n", (long long)g->n, (long long)g->sum / 100, (long long)g->sum % 100);
  }
  return proto_hash(0, text, (size_t)(p - text));
}

static void run_bound(ProtoRun *r, uint64_t arg) {
  scan.step = (Step)(arg & 3);
  scan.job = (Job)(arg >> 2);
  CsvIndexer *indexer = csv_indexer();
  if (chdir(proto_options.dir) != 0) proto_die(proto_options.dir);
  proto_begin(r);
  for (int k = 0; k < 4; k++) {
    char name[32];
    size_t size;
    snprintf(name, sizeof name, "orders-%d.csv", k);
    const char *file = file_map(name, &size);
    const char *head = memchr(file, '\n', size);
    scan.at = head ? head + 1 : file + size;
    scan.end = file + size;
    if (scan.step == STEP_TOUCH) {
      for (size_t i = 0; i < size; i += 64) scan.touched += (unsigned char)file[i];
    } else {
      while (scan_block(indexer)) { }
    }
    munmap((void *)(uintptr_t)file, size + 4096);
  }
  proto_end(r);
  r->check = scan.step == STEP_ANSWER ? answer_hash() : 0;
  r->value[0] = (double)(scan.touched & 1);   /* used: the loop must stay */
}

/* ---- flowc ---- */

static const char script_head[] =
  "type Order = {\n"
  "  id: i64, ts: timestamp, customer_id: i32, country: string, product: string, qty: i32, price: decimal(8,2),\n"
  "  discount: decimal(4,2), status: string, email: string, note: string, flag: bool\n"
  "}\n"
  "read csv(\"orders-*.csv\") as Order\n";
static const char *const script_tail[] = {
  "  | filter country == \"DE\" and price > 500 | aggregate n = count(), s = sum(price * qty) | write csv(\"-\")\n",
  "  | aggregate n = count(), s = sum(price * qty) by country | sort country | write csv(\"-\")\n"};

static uint64_t file_hash(const char *name) {
  char text[8192];
  FILE *f = fopen(name, "r");
  if (!f) proto_die(name);
  size_t n = fread(text, 1, sizeof text, f);
  fclose(f);
  return proto_hash(0, text, n);
}

/* arg: job, and 4 for a program built beforehand. */
static void run_flowc(ProtoRun *r, uint64_t arg) {
  char flowc[4096];
  if (!realpath(proto_options.flowc, flowc) || chdir(proto_options.dir) != 0) proto_die(proto_options.dir);
  FILE *f = fopen("limit.flow", "w");
  if (!f || fprintf(f, "%s%s", script_head, script_tail[arg & 1]) < 0 || fclose(f) != 0) proto_die("limit.flow");
  const char *const run[] = {flowc, "run", "--quiet", "--threads", "1", "limit.flow", NULL};
  const char *const build[] = {flowc, "build", "limit.flow", "-o", "limit", NULL};
  const char *const built[] = {"./limit", "--quiet", "--threads", "1", NULL};
  ProtoRun unused = {0};
  if (arg & 4 && proto_command(&unused, build, NULL) != 0) proto_die("flowc build");
  if (proto_command(r, arg & 4 ? built : run, "limit.out") != 0) proto_die("flowc");
  r->check = file_hash("limit.out");
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  if (!proto_options.flowc) {
    fputs("scan needs --flowc\n", stderr);
    return 2;
  }
  static const char *const jobs[] = {"filter and sum", "group by country"};
  static const ProtoCase steps[] = {{"touch", run_bound, STEP_TOUCH}, {"separator index", run_bound, STEP_INDEX},
                                    {"index, three columns converted", run_bound, STEP_CONVERT}};
  ProtoRun m[3];
  struct stat st;
  char name[4096];
  snprintf(name, sizeof name, "%s/orders.csv", proto_options.dir);
  if (stat(name, &st) != 0) proto_die(name);
  double gb = (double)st.st_size * 4 / 1e9;
  if (!proto_measure(steps, 3, m)) return 1;
  printf("%.0f MB of orders in four files, one thread, warm page cache.\n\n"
         "| what is done | wall ms | CPU ms | GB/s by CPU time | of the bound |\n| --- | --- | --- | --- | --- |\n", gb * 1e3);
  for (int i = 0; i < 3; i++)
    proto_row("snn1s", steps[i].name, m[i].seconds * 1e3, m[i].cpu_seconds * 1e3, gb / m[i].cpu_seconds, "");
  for (uint64_t j = 0; j < 2; j++) {
    char names[3][64], share[3][16];
    ProtoCase cases[3] = {{names[0], run_bound, STEP_ANSWER | j << 2}, {names[1], run_flowc, j | 4}, {names[2], run_flowc, j}};
    static const char *const who[] = {"by hand, the bound", "flowc, built", "flowc, libtcc"};
    ProtoRun own[3];
    for (int i = 0; i < 3; i++) snprintf(names[i], sizeof names[i], "%s: %s", jobs[j], who[i]);
    if (!proto_measure(cases, 3, own)) return 1;
    for (int i = 0; i < 3; i++) {
      snprintf(share[i], sizeof share[i], "%.0f %%", own[0].cpu_seconds / own[i].cpu_seconds * 100);
      proto_row("snn1s", names[i], own[i].seconds * 1e3, own[i].cpu_seconds * 1e3, gb / own[i].cpu_seconds, share[i]);
    }
  }
  return 0;
}
