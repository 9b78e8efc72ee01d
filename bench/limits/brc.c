/* brc.c: the one billion row challenge, scaled down: how fast is a program that does nothing else?
 *
 * Lines `station;temperature` with one fractional digit; for each of 413 stations the least, the sum, the greatest and the number. The bound
 * is written by hand: the file is mapped, 8 bytes at a time are searched for the semicolon (SWAR, Mycroft 1987), a temperature is
 * read without a branch from 8 bytes, stations stand in an open hash table compared by bytes, each thread has a part of the file and a
 * table of its own. It trusts its input. flowc runs the same job as a script and must print the same bytes. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../prototypes/proto.h"

enum { STATIONS = 413, SLOTS = 4096, NAME_MAX_SIZE = 104, THREADS_MAX = 8, PAD = 4096 };

typedef struct Slot {
  const char *name;
  uint32_t len;
  int32_t low, high;
  uint32_t n;
  int64_t sum;
} Slot;

typedef struct Part {
  const char *from, *to;
  Slot slot[SLOTS];
} Part;

/* ---- the data ---- */

static void station_name(uint32_t k, char *name) {
  static const char *const parts[] = {"ka", "lo", "mi", "ne", "ru", "sta", "ter", "vo", "wen", "xi", "yor", "zu", "ber", "gra", "hal", "\xc3\xb6l"};
  char *p = name;
  uint32_t x = k * 2654435761u;
  for (uint32_t i = 0; i < 2 + k % 4; i++, x >>= 4) p = stpcpy(p, parts[x & 15]);
  *name = (char)(*name >= 'a' && *name <= 'z' ? *name - 32 : *name);
  sprintf(p, "%s%u", k % 7 ? "" : " on Sea ", k);
}

static void data_make(const char *path, uint64_t rows) {
  static char names[STATIONS][NAME_MAX_SIZE];
  uint64_t state = 88172645463325252u;
  char part[4096 + 8];
  snprintf(part, sizeof part, "%s.part", path);
  FILE *f = fopen(part, "w");
  if (!f) proto_die(part);
  for (uint32_t k = 0; k < STATIONS; k++) station_name(k, names[k]);
  for (uint64_t i = 0; i < rows; i++) {
    uint64_t x = proto_random(&state);
    int t = (int)((x >> 32) % 1999) - 999;
    fprintf(f, "%s;%s%d.%d\n", names[x % STATIONS], t < 0 ? "-" : "", abs(t) / 10, abs(t) % 10);
  }
  if (fclose(f) != 0 || rename(part, path) != 0) proto_die(path);
}

/* ---- the bound ---- */

static uint64_t load(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  return w;
}

/* The high bit of each byte that is a semicolon, right up to the first. */
static uint64_t find_semicolon(uint64_t w) {
  uint64_t x = w ^ 0x3b3b3b3b3b3b3b3bu;
  return (x - 0x0101010101010101u) & ~x & 0x8080808080808080u;
}

/* -99.9 to 99.9 in tenths; *size: its bytes and the line end. Bit 4 is 1 in digits and 0 in the point, which is found so. */
static int32_t temperature(const char *p, uint32_t *size) {
  uint64_t w = load(p);
  int point = __builtin_ctzll(~w & 0x10101000u);       /* 12, 20 or 28 */
  int64_t sign = (int64_t)(~w << 59) >> 63;            /* -1: a minus */
  uint64_t digits = (w & ~((uint64_t)sign & 0xff)) << (28 - point) & 0x0f000f0f00u;
  int32_t value = (int32_t)(digits * 0x640a0001u >> 32 & 0x3ff);
  *size = (uint32_t)(point >> 3) + 3;
  return (value ^ (int32_t)sign) - (int32_t)sign;
}

static Slot *slot_find(Slot *slots, const char *name, uint32_t len, uint64_t hash) {
  uint32_t at = (uint32_t)((hash ^ hash >> 29) * 0x9e3779b97f4a7c15u >> 52);
  for (;; at = (at + 1) % SLOTS) {
    Slot *s = &slots[at];
    if (s->len == len && memcmp(s->name, name, len) == 0) return s;
    if (s->len) continue;
    *s = (Slot){.name = name, .len = len, .low = INT32_MAX, .high = INT32_MIN};
    return s;
  }
}

static void slot_add(Slot *s, int32_t low, int32_t high, int64_t sum, uint32_t n) {
  if (low < s->low) s->low = low;
  if (high > s->high) s->high = high;
  s->sum += sum;
  s->n += n;
}

static void *part_run(void *arg) {
  Part *part = arg;
  for (const char *p = part->from; p < part->to;) {
    const char *name = p;
    uint64_t hash = 0, w = load(p), found;
    while (!(found = find_semicolon(w))) {
      hash = (hash ^ w) * 0x100000001b3u;
      p += 8;
      w = load(p);
    }
    int bits = __builtin_ctzll(found) - 7;              /* of the last, partial word */
    hash ^= bits ? w << (64 - bits) : 0;
    p += bits >> 3;
    uint32_t len = (uint32_t)(p - name), size;
    int32_t t = temperature(p + 1, &size);
    slot_add(slot_find(part->slot, name, len, hash), t, t, t, 1);
    p += 1 + size;
  }
  return NULL;
}

static int slot_compare(const void *a, const void *b) {
  const Slot *x = a, *y = b;
  uint32_t len = x->len < y->len ? x->len : y->len;
  int c = len ? memcmp(x->name, y->name, len) : 0;
  return c ? c : (x->len > y->len) - (x->len < y->len);
}

static char *put_tenths(char *p, int64_t v) {
  return p + sprintf(p, "%s%lld.%lld", v < 0 ? "-" : "", llabs(v) / 10, llabs(v) % 10);
}

static uint64_t answer_hash(Slot *slots) {
  char *text = proto_alloc(SLOTS * (NAME_MAX_SIZE + 64)), *p = stpcpy(text, "station,low,total,high,n\n");
  qsort(slots, SLOTS, sizeof *slots, slot_compare);
  for (int i = 0; i < SLOTS; i++) {
    const Slot *s = &slots[i];
    if (!s->len) continue;
    p = put_tenths(p + sprintf(p, "%.*s,", (int)s->len, s->name), s->low);
    *p++ = ',';
    p = put_tenths(p, s->sum);
    *p++ = ',';
    p = put_tenths(p, s->high);
    p += sprintf(p, ",%u\n", s->n);
  }
  uint64_t hash = proto_hash(0, text, (size_t)(p - text));
  free(text);
  return hash;
}

static char data_path[4096];

static void run_bound(ProtoRun *r, uint64_t threads) {
  static Part part[THREADS_MAX];
  pthread_t thread[THREADS_MAX];
  struct stat st;
  proto_begin(r);
  int fd = open(data_path, O_RDONLY);
  if (fd < 0 || fstat(fd, &st) != 0) proto_die(data_path);
  size_t size = (size_t)st.st_size;
  char *file = mmap(NULL, size + PAD, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (file == MAP_FAILED || mmap(file, size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED) proto_die("mmap");
  const char *at = file;
  for (uint64_t k = 0; k < threads; k++) {
    const char *to = file + size * (k + 1) / threads, *line;
    if (k + 1 < threads && (line = memchr(to, '\n', (size_t)(file + size - to)))) to = line + 1;
    part[k].from = at;
    part[k].to = at = to;
    if (k && pthread_create(&thread[k], NULL, part_run, &part[k]) != 0) proto_die("pthread_create");
  }
  part_run(&part[0]);
  for (uint64_t k = 1; k < threads; k++) {
    pthread_join(thread[k], NULL);
    for (int i = 0; i < SLOTS; i++) {
      Slot *s = &part[k].slot[i];
      uint64_t hash = 0;
      if (!s->len) continue;
      uint32_t whole = s->len & ~7u, rest = (s->len & 7) * 8;
      for (uint32_t b = 0; b < whole; b += 8) hash = (hash ^ load(s->name + b)) * 0x100000001b3u;
      hash ^= rest ? load(s->name + whole) << (64 - rest) : 0;
      slot_add(slot_find(part[0].slot, s->name, s->len, hash), s->low, s->high, s->sum, s->n);
    }
  }
  proto_end(r);
  r->check = answer_hash(part[0].slot);
}

/* ---- flowc ---- */

static const char script[] =
  "type M = { station: string, t: decimal(4,1) }\n"
  "read csv(\"brc.txt\", delimiter = \";\", header = false) as M\n"
  "  | aggregate low = min(t), total = sum(t), high = max(t), n = count() by station | sort station | write csv(\"-\")\n";

/* arg: threads, and 256 for a program built beforehand. */
static void run_flowc(ProtoRun *r, uint64_t arg) {
  char flowc[4096], threads[8], *text = proto_alloc(SLOTS * (NAME_MAX_SIZE + 64));
  snprintf(threads, sizeof threads, "%d", (int)(arg & 255));
  if (!realpath(proto_options.flowc, flowc) || chdir(proto_options.dir) != 0) proto_die(proto_options.dir);
  FILE *f = fopen("brc.flow", "w");
  if (!f || fputs(script, f) < 0 || fclose(f) != 0) proto_die("brc.flow");
  const char *const run[] = {flowc, "run", "--quiet", "--threads", threads, "brc.flow", NULL};
  const char *const build[] = {flowc, "build", "brc.flow", "-o", "brc", NULL};
  const char *const built[] = {"./brc", "--quiet", "--threads", threads, NULL};
  ProtoRun unused = {0};
  if (arg & 256 && proto_command(&unused, build, NULL) != 0) proto_die("flowc build");
  if (proto_command(r, arg & 256 ? built : run, "brc.out") != 0) proto_die("flowc");
  if (!(f = fopen("brc.out", "r"))) proto_die("brc.out");
  r->check = proto_hash(0, text, fread(text, 1, SLOTS * (NAME_MAX_SIZE + 64), f));
  fclose(f);
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  if (!proto_options.flowc) {
    fputs("brc needs --flowc\n", stderr);
    return 2;
  }
  static const ProtoCase cases[] = {{"by hand, the bound, 1 thread", run_bound, 1}, {"flowc, built, 1 thread", run_flowc, 256 | 1},
                                    {"flowc, libtcc, 1 thread", run_flowc, 1},      {"by hand, the bound, 2 threads", run_bound, 2},
                                    {"flowc, built, 2 threads", run_flowc, 256 | 2}, {"flowc, libtcc, 2 threads", run_flowc, 2}};
  enum { CASES = sizeof cases / sizeof *cases };
  ProtoRun m[CASES];
  uint64_t rows = proto_size(10000000, 100000);
  snprintf(data_path, sizeof data_path, "%s/brc.txt", proto_options.dir);
  if (access(data_path, R_OK) != 0) data_make(data_path, rows);
  if (!proto_measure(cases, CASES, m)) return 1;
  printf("%.1f M rows, 413 stations.\n\n| 1BRC | wall ms | CPU ms | M rows/s | times the bound's wall time |\n| --- | --- | --- | --- | --- |\n",
         (double)rows / 1e6);
  for (int i = 0; i < CASES; i++)
    proto_row("snn12", cases[i].name, m[i].seconds * 1e3, m[i].cpu_seconds * 1e3, (double)rows / m[i].seconds / 1e6,
              m[i].seconds / m[i / 3 * 3].seconds);
  return 0;
}
