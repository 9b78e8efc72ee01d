/* rows.c: what a row should be in memory.
 *
 * Orders of five fields arrive in chunks of 2,048 (number, country, quantity, price, status; texts are slices of the source in
 * all alternatives). Each chunk is built in the representation, then used: filter by country and price, a product, its sum,
 * and the lines of the rows that pass printed; then released. A second part keeps all rows and uses them again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"

enum { ROWS = 2048, SOURCES = 16, FIELDS = 5, LINE_MAX_SIZE = 48 };
enum { F_ID, F_COUNTRY, F_QTY, F_PRICE, F_STATUS };

typedef struct Text {
  const char *ptr;
  uint64_t len;
} Text;

/* Values as a reader has just converted them. */
typedef struct Source {
  int64_t id[ROWS], qty[ROWS], price[ROWS];
  Text country[ROWS], status[ROWS];
} Source;

typedef struct Job {
  int64_t sum;
  uint64_t check;
  char out[ROWS * LINE_MAX_SIZE], *end;
} Job;

typedef struct Kind {
  const char *name;
  void *(*build)(const Source *s);
  void (*use)(const void *chunk, Job *job);
  void (*release)(void *chunk);
} Kind;

static Source sources[SOURCES];
static const Text wanted = {"DE", 2};
static const int64_t price_min = 50000;

static int text_equal(Text a, Text b) { return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0; }

/* What the job does with a row that passed: the same for all. */
static void job_add(Job *job, int64_t id, int64_t total) {
  char digits[24], *p = job->end;
  job->sum += total;
  for (int field = 0; field < 2; field++) {
    uint64_t v = (uint64_t)(field ? total : id);
    int n = 0;
    do digits[n++] = (char)('0' + v % 10), v /= 10;
    while (v);
    while (n) *p++ = digits[--n];
    *p++ = field ? '\n' : ',';
  }
  job->end = p;
}

/* ---- a pointer for each field: a row is an array of pointers to values of their own ---- */

typedef struct PointerRow {
  void *field[FIELDS];
} PointerRow;

static void *box(const void *value, size_t size) {
  void *p = proto_alloc(size);
  memcpy(p, value, size);
  return p;
}

static void *pointer_build(const Source *s) {
  PointerRow **rows = proto_alloc(ROWS * sizeof *rows);
  for (int i = 0; i < ROWS; i++) {
    PointerRow *r = rows[i] = proto_alloc(sizeof *r);
    r->field[F_ID] = box(&s->id[i], sizeof s->id[i]);
    r->field[F_COUNTRY] = box(&s->country[i], sizeof s->country[i]);
    r->field[F_QTY] = box(&s->qty[i], sizeof s->qty[i]);
    r->field[F_PRICE] = box(&s->price[i], sizeof s->price[i]);
    r->field[F_STATUS] = box(&s->status[i], sizeof s->status[i]);
  }
  return rows;
}

static void pointer_use(const void *chunk, Job *job) {
  PointerRow *const *rows = chunk;
  for (int i = 0; i < ROWS; i++) {
    const PointerRow *r = rows[i];
    if (!text_equal(*(const Text *)r->field[F_COUNTRY], wanted)) continue;
    int64_t price = *(const int64_t *)r->field[F_PRICE];
    if (price > price_min) job_add(job, *(const int64_t *)r->field[F_ID], price * *(const int64_t *)r->field[F_QTY]);
  }
}

static void pointer_release(void *chunk) {
  PointerRow **rows = chunk;
  for (int i = 0; i < ROWS; i++) {
    for (int f = 0; f < FIELDS; f++) free(rows[i]->field[f]);
    free(rows[i]);
  }
  free(rows);
}

/* ---- values that carry their kind ---- */

typedef enum ValueKind { VALUE_INT, VALUE_TEXT } ValueKind;

typedef struct Value {
  ValueKind kind;
  union {
    int64_t number;
    Text text;
  } as;
} Value;

static Value value_int(int64_t v) { return (Value){.kind = VALUE_INT, .as.number = v}; }
static Value value_text(Text t) { return (Value){.kind = VALUE_TEXT, .as.text = t}; }
static int64_t value_number(const Value *v) { return v && v->kind == VALUE_INT ? v->as.number : 0; }
static int value_is(const Value *v, Text t) { return v && v->kind == VALUE_TEXT && text_equal(v->as.text, t); }

/* ---- a dictionary: a hash map from name to boxed value in each row (linear probing, FNV-1a) ---- */

enum { DICT_SLOTS = 8 };

typedef struct Dict {
  const char *name[DICT_SLOTS];
  Value *value[DICT_SLOTS];
} Dict;

static uint32_t dict_hash(const char *name) {
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
  return h;
}

static uint32_t dict_slot(const Dict *d, const char *name) {
  uint32_t at = dict_hash(name) % DICT_SLOTS;
  while (d->name[at] && d->name[at] != name && strcmp(d->name[at], name) != 0) at = (at + 1) % DICT_SLOTS;
  return at;
}

static void dict_put(Dict *d, const char *name, Value v) {
  uint32_t at = dict_slot(d, name);
  d->name[at] = name;
  d->value[at] = box(&v, sizeof v);
}

static const Value *dict_get(const Dict *d, const char *name) { return d->value[dict_slot(d, name)]; }

static void *dict_build(const Source *s) {
  Dict **rows = proto_alloc(ROWS * sizeof *rows);
  for (int i = 0; i < ROWS; i++) {
    Dict *d = rows[i] = proto_alloc(sizeof *d);
    *d = (Dict){0};
    dict_put(d, "id", value_int(s->id[i]));
    dict_put(d, "country", value_text(s->country[i]));
    dict_put(d, "qty", value_int(s->qty[i]));
    dict_put(d, "price", value_int(s->price[i]));
    dict_put(d, "status", value_text(s->status[i]));
  }
  return rows;
}

static void dict_use(const void *chunk, Job *job) {
  Dict *const *rows = chunk;
  for (int i = 0; i < ROWS; i++) {
    const Dict *d = rows[i];
    if (!value_is(dict_get(d, "country"), wanted)) continue;
    int64_t price = value_number(dict_get(d, "price"));
    if (price > price_min) job_add(job, value_number(dict_get(d, "id")), price * value_number(dict_get(d, "qty")));
  }
}

static void dict_release(void *chunk) {
  Dict **rows = chunk;
  for (int i = 0; i < ROWS; i++) {
    for (int k = 0; k < DICT_SLOTS; k++) free(rows[i]->value[k]);
    free(rows[i]);
  }
  free(rows);
}

/* ---- an array of boxed values: by place, the kind beside each ---- */

static void *boxed_build(const Source *s) {
  Value **rows = proto_alloc(ROWS * sizeof *rows);
  for (int i = 0; i < ROWS; i++) {
    Value *r = rows[i] = proto_alloc(FIELDS * sizeof *r);
    r[F_ID] = value_int(s->id[i]);
    r[F_COUNTRY] = value_text(s->country[i]);
    r[F_QTY] = value_int(s->qty[i]);
    r[F_PRICE] = value_int(s->price[i]);
    r[F_STATUS] = value_text(s->status[i]);
  }
  return rows;
}

static void boxed_use(const void *chunk, Job *job) {
  Value *const *rows = chunk;
  for (int i = 0; i < ROWS; i++) {
    const Value *r = rows[i];
    if (!value_is(&r[F_COUNTRY], wanted)) continue;
    int64_t price = value_number(&r[F_PRICE]);
    if (price > price_min) job_add(job, value_number(&r[F_ID]), price * value_number(&r[F_QTY]));
  }
}

static void boxed_release(void *chunk) {
  Value **rows = chunk;
  for (int i = 0; i < ROWS; i++) free(rows[i]);
  free(rows);
}

/* ---- a struct fixed when the script is compiled ---- */

typedef struct Order {
  int64_t id, qty, price;
  Text country, status;
} Order;

static void *struct_build(const Source *s) {
  Order *rows = proto_alloc(ROWS * sizeof *rows);
  for (int i = 0; i < ROWS; i++) rows[i] = (Order){s->id[i], s->qty[i], s->price[i], s->country[i], s->status[i]};
  return rows;
}

static void struct_use(const void *chunk, Job *job) {
  const Order *rows = chunk;
  for (int i = 0; i < ROWS; i++) {
    const Order *r = &rows[i];
    if (text_equal(r->country, wanted) && r->price > price_min) job_add(job, r->id, r->price * r->qty);
  }
}

/* ---- columns, and a selection of the rows that are left ---- */

static void *columns_build(const Source *s) { return box(s, sizeof *s); }

static void columns_use(const void *chunk, Job *job) {
  const Source *c = chunk;
  uint16_t left[ROWS];
  int len = 0, passed = 0;
  for (int i = 0; i < ROWS; i++) left[len] = (uint16_t)i, len += c->price[i] > price_min;
  for (int k = 0; k < len; k++) left[passed] = left[k], passed += text_equal(c->country[left[k]], wanted);
  for (int k = 0; k < passed; k++) job_add(job, c->id[left[k]], c->price[left[k]] * c->qty[left[k]]);
}

/* Only what the script names: three numbers and a text, as a compiled script does. */
typedef struct UsedColumns {
  int64_t id[ROWS], qty[ROWS], price[ROWS];
  Text country[ROWS];
} UsedColumns;

static void *used_build(const Source *s) { return box(s, offsetof(Source, status)); }

static void used_use(const void *chunk, Job *job) { columns_use(chunk, job); }

/* ---- the job ---- */

static const Kind kinds[] = {
  {"pointer for each field", pointer_build, pointer_use, pointer_release},
  {"dictionary in each row", dict_build, dict_use, dict_release},
  {"array of tagged values", boxed_build, boxed_use, boxed_release},
  {"fixed struct", struct_build, struct_use, free},
  {"columns", columns_build, columns_use, free},
  {"columns, used ones only", used_build, used_use, free},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void sources_make(void) {
  static const char *const countries[] = {"US", "DE", "FR", "GB", "PL", "IT", "ES", "NL", "BE", "SE"};
  static const char *const states[] = {"shipped", "pending", "returned", "cancelled"};
  uint64_t state = 88172645463325252u;
  for (int k = 0; k < SOURCES; k++) {
    Source *s = &sources[k];
    for (int i = 0; i < ROWS; i++) {
      uint64_t x = proto_random(&state);
      const char *country = countries[x % 10], *status = states[x / 16 % 4];
      s->id[i] = k * ROWS + i;
      s->qty[i] = (int64_t)(x >> 8) % 20 + 1;
      s->price[i] = (int64_t)(x >> 20) % 100000;
      s->country[i] = (Text){country, 2};
      s->status[i] = (Text){status, strlen(status)};
    }
  }
}

static void job_use(const Kind *k, const void *chunk, Job *job) {
  job->end = job->out;
  k->use(chunk, job);
  job->check = proto_hash(job->check, job->out, (size_t)(job->end - job->out));
}

/* value: 0 build, 1 use, 2 release, ns a row; 3 bytes a row and 4 ns of use when all rows are kept. */
static void run(ProtoRun *r, uint64_t arg) {
  const Kind *k = &kinds[arg];
  static Job job;
  uint64_t chunks = proto_size(2000, 32), kept = proto_size(200, 16);
  double took[3] = {0};
  proto_begin(r);
  for (uint64_t i = 0; i < chunks; i++) {
    double t0 = proto_cpu();
    void *chunk = k->build(&sources[i % SOURCES]);
    double t1 = proto_cpu();
    job_use(k, chunk, &job);
    double t2 = proto_cpu();
    k->release(chunk);
    took[0] += t1 - t0, took[1] += t2 - t1, took[2] += proto_cpu() - t2;
  }
  proto_end(r);
  for (int p = 0; p < 3; p++) r->value[p] = took[p] * 1e9 / (double)(chunks * ROWS);

  void **all = proto_alloc(kept * sizeof *all);
  uint64_t before = proto_resident();
  for (uint64_t i = 0; i < kept; i++) all[i] = k->build(&sources[i % SOURCES]);
  r->value[3] = (double)(proto_resident() - before) / (double)(kept * ROWS);
  double start = proto_cpu();
  for (uint64_t i = 0; i < kept; i++) job_use(k, all[i], &job);
  r->value[4] = (proto_cpu() - start) * 1e9 / (double)(kept * ROWS);
  for (uint64_t i = 0; i < kept; i++) k->release(all[i]);
  free(all);
  r->check = job.check ^ (uint64_t)job.sum;
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  sources_make();
  ProtoCase cases[KINDS];
  ProtoRun m[KINDS];
  for (uint64_t i = 0; i < KINDS; i++) cases[i] = (ProtoCase){kinds[i].name, run, i};
  if (!proto_measure(cases, KINDS, m)) return 1;
  uint64_t chunks = proto_size(2000, 32);
  printf("%.1f M rows of 5 fields in chunks of 2,048, 5 %% pass; ns a row; kept: %.0f k rows.\n\n",
         (double)(chunks * ROWS) / 1e6, (double)(proto_size(200, 16) * ROWS) / 1e3);
  printf("| a row is | build | use | release | together | M rows/s | kept: bytes a row | kept: use |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (int i = 0; i < KINDS; i++) {
    const double *v = m[i].value;
    double all = v[0] + v[1] + v[2];
    proto_row("s1111101", cases[i].name, v[0], v[1], v[2], all, 1e3 / all, v[3], v[4]);
  }
  proto_print_instructions(cases, m, KINDS, (double)(chunks * ROWS), "a row");
  return 0;
}
