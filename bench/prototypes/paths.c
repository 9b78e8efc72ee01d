/* paths.c: what it costs to find a row's file by a path template, `out/{country}/{status}.csv`.
 *
 * Values are hostile: what could lead out of the folder or cannot stand in a name is written as %XX (runtime/io/path.c
 * has the whole rule). Rows go to one of 120 places; the place of each row is found by
 *   the path, safe       its text is built from the row's values, made safe, and looked up
 *   the path, unsafe     the same, the values as they are: what the safety costs; not to be used
 *   the values           looked up as they are; the path is built when a pair of values is seen for the first time
 *   the last values      those of the row before are compared first
 * once with values in random order, once in runs of about 50 rows. Then flowc itself writes orders to one file and to 100. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto.h"

enum { ROWS = 1 << 16, PLACES = 256, PATH_SIZE = 256, RUN_ROWS = 50, OWN = 3 };

typedef struct Text {
  const char *ptr;
  uint32_t len;
} Text;

typedef struct Row {
  Text country, status;
} Row;

typedef struct Place {
  char path[PATH_SIZE];
  uint32_t path_len;
  Row values;
  uint64_t rows;
} Place;

typedef enum Way { WAY_PATH, WAY_UNSAFE, WAY_VALUES, WAY_LAST, WAYS } Way;

static Row rows[ROWS];
static Place place[PLACES];

/* ---- paths ---- */

static char *put_safe(char *p, Text t) {
  static const char hex[] = "0123456789ABCDEF";
  if (!t.len) return memcpy(p, "%_", 2), p + 2;
  for (uint32_t i = 0; i < t.len; i++) {
    unsigned char c = (unsigned char)t.ptr[i];
    if (c < 0x20 || c == 0x7f || c == '/' || c == '%' || (c == '.' && i == 0)) {
      *p++ = '%', *p++ = hex[c >> 4], *p++ = hex[c & 15];
    } else {
      *p++ = (char)c;
    }
  }
  return p;
}

static char *put_plain(char *p, Text t) { return memcpy(p, t.ptr, t.len), p + t.len; }

static uint32_t path_build(const Row *r, int safe, char *path) {
  char *p = put_plain(path, (Text){"out/", 4});
  p = safe ? put_safe(p, r->country) : put_plain(p, r->country);
  *p++ = '/';
  p = safe ? put_safe(p, r->status) : put_plain(p, r->status);
  p = put_plain(p, (Text){".csv", 4});
  return (uint32_t)(p - path);
}

/* ---- places, found by linear probing ---- */

static int text_equal(Text a, Text b) { return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0; }
static int values_equal(const Row *a, const Row *b) { return text_equal(a->country, b->country) && text_equal(a->status, b->status); }

static Place *place_by_path(const Row *r, int safe) {
  char path[PATH_SIZE];
  uint32_t len = path_build(r, safe, path), at = (uint32_t)(proto_hash(0, path, len) % PLACES);
  for (;; at = (at + 1) % PLACES) {
    Place *p = &place[at];
    if (p->path_len == len && memcmp(p->path, path, len) == 0) return p;
    if (p->path_len) continue;
    memcpy(p->path, path, p->path_len = len);
    return p;
  }
}

static Place *place_by_values(const Row *r) {
  uint64_t h = proto_hash(0, r->country.ptr, r->country.len);
  uint32_t at = (uint32_t)(proto_hash(h, r->status.ptr, r->status.len) % PLACES);
  for (;; at = (at + 1) % PLACES) {
    Place *p = &place[at];
    if (p->path_len && values_equal(&p->values, r)) return p;
    if (p->path_len) continue;
    p->values = *r;
    p->path_len = path_build(r, 1, p->path);
    return p;
  }
}

static Place *place_of(Way way, const Row *r) {
  static Place *last;
  if (way == WAY_PATH || way == WAY_UNSAFE) return place_by_path(r, way == WAY_PATH);
  if (way == WAY_LAST && last && values_equal(&last->values, r)) return last;
  return last = place_by_values(r);
}

/* The unsafe way has other names for hostile values: the check is over the counts alone. */
static void run(ProtoRun *r, uint64_t arg) {
  Way way = (Way)arg;
  uint64_t rounds = proto_size(40, 1);
  proto_begin(r);
  for (uint64_t k = 0; k < rounds; k++)
    for (int i = 0; i < ROWS; i++) place_of(way, &rows[i])->rows++;
  proto_end(r);
  for (int i = 0; i < PLACES; i++) r->check += place[i].rows * place[i].rows;
  for (int i = 0; i < PLACES && way != WAY_UNSAFE; i++)
    if (strstr(place[i].path, "/../") || strstr(place[i].path, "//")) r->check = 0;
}

static void rows_make(int runs) {
  static const char *const countries[] = {"US", "DE", "FR", "GB", "PL", "IT", "ES", "NL", "BE", "SE", "NO", "FI",
                                          "DK", "CZ", "AT", "CH", "JP", "CN", "..", "etc/passwd"};
  static const char *const states[] = {"shipped", "pending", "returned", "cancelled", "processing", ""};
  uint64_t state = 88172645463325252u, x = 0;
  for (int i = 0; i < ROWS; i++) {
    uint64_t next = proto_random(&state);
    if (!runs || i == 0 || next % RUN_ROWS == 0) x = next >> 8;
    const char *country = countries[x % 20], *status = states[x / 20 % 6];
    rows[i] = (Row){{country, (uint32_t)strlen(country)}, {status, (uint32_t)strlen(status)}};
  }
}

/* ---- flowc ---- */

static const char script_head[] =
  "type Order = {\n"
  "  id: i64, ts: timestamp, customer_id: i32, country: string, product: string, qty: i32, price: decimal(8,2),\n"
  "  discount: decimal(4,2), status: string, email: string, note: string, flag: bool\n"
  "}\n"
  "orders = read csv(\"orders.csv\") as Order\n";

static uint64_t folder_bytes(const char *path, uint64_t *files) {
  uint64_t bytes = 0;
  DIR *d = opendir(path);
  for (struct dirent *e; d && (e = readdir(d));) {
    char inner[4096];
    struct stat st;
    if (e->d_name[0] == '.') continue;
    snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
    if (stat(inner, &st) != 0) continue;
    if (S_ISDIR(st.st_mode)) bytes += folder_bytes(inner, files);
    else bytes += (uint64_t)st.st_size, ++*files;
  }
  if (d) closedir(d);
  return bytes;
}

/* arg: 1 to one file, 2 to a file for each country and status, 3 by 100 filters. */
static void write_script(FILE *f, const char *name, uint64_t arg) {
  if (arg < 3) {
    fprintf(f, "%sorders | write csv(\"%s%s.csv\")\n", script_head, name, arg == 1 ? "/all" : "/{country}/{status}");
    return;
  }
  fprintf(f, "%s", script_head);
  for (int k = 0; k < 100; k++)
    fprintf(f, "orders | filter customer_id %% 100 == %d | write csv(\"%s/%d.csv\")\n", k, name, k);
}

/* Bytes without the header lines are compared. */
static void run_flowc(ProtoRun *r, uint64_t arg) {
  static const uint64_t header = sizeof "id,ts,customer_id,country,product,qty,price,discount,status,email,note,flag";
  const char *name = arg == 1 ? "paths_one" : arg == 2 ? "paths_many" : "paths_filters";
  char script[64], flowc[4096];
  if (!realpath(proto_options.flowc, flowc) || chdir(proto_options.dir) != 0) proto_die(proto_options.dir);
  snprintf(script, sizeof script, "%s.flow", name);
  FILE *f = fopen(script, "w");
  if (!f) proto_die(script);
  write_script(f, name, arg);
  if (fclose(f) != 0) proto_die(script);
  const char *const argv[] = {flowc, "run", "--quiet", script, NULL};
  if (proto_command(r, argv, NULL) != 0) proto_die("flowc");
  uint64_t files = 0;
  r->check = folder_bytes(name, &files) - files * header;
  r->value[0] = (double)files;
}

int main(int argc, char **argv) {
  static const char *const names[WAYS] = {"the path of each row, safe", "the path of each row, unsafe", "the values, path at first sight",
                                          "the last values, then the values"};
  proto_init(argc, argv);
  ProtoCase cases[WAYS];
  ProtoRun random[WAYS], runs[WAYS], own[OWN];
  for (uint64_t w = 0; w < WAYS; w++) cases[w] = (ProtoCase){names[w], run, w};
  rows_make(0);
  if (!proto_measure(cases, WAYS, random)) return 1;
  rows_make(1);
  if (!proto_measure(cases, WAYS, runs)) return 1;
  double n = (double)(proto_size(40, 1) * ROWS);
  printf("%.1f M rows to 120 places, hostile values among them; CPU ns a row.\n\n"
         "| the place of a row is found by | random order | runs of 50 |\n| --- | --- | --- |\n", n / 1e6);
  for (int w = 0; w < WAYS; w++) proto_row("s11", names[w], random[w].cpu_seconds * 1e9 / n, runs[w].cpu_seconds * 1e9 / n);
  if (!proto_options.flowc) return 0;
  static const ProtoCase flow[OWN] = {{"flowc, every row to one file", run_flowc, 1}, {"flowc, to a file for each country and status", run_flowc, 2},
                                      {"flowc, to a file by each of 100 filters", run_flowc, 3}};
  if (!proto_measure(flow, OWN, own)) return 1;
  double orders = (double)proto_size(1000000, 20000);
  printf("\n| orders to CSV, libtcc, start included | files | CPU ns a row | wall ns a row |\n| --- | --- | --- | --- |\n");
  for (int k = 0; k < OWN; k++)
    proto_row("snnn", flow[k].name, own[k].value[0], own[k].cpu_seconds * 1e9 / orders, own[k].seconds * 1e9 / orders);
  return 0;
}
