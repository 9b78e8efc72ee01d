/* memory.c: where rows get their memory.
 *
 * Rows of 48 bytes and a text of 8 to 71 bytes, made in chunks of 2,048, read once, and given back. `malloc` asks for each row,
 * `pool` keeps free lists by size class (steps of 16 bytes) over slabs, `arena` is a block for each chunk which is reset as a
 * whole. Three lives: one thread; every tenth row is needed for 64 chunks more (a sort or join holds it: an arena must copy
 * it out); and rows made by one thread that another gives back (chunks change hands over a queue of eight). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"

enum { ROWS = 2048, TEXT_MIN = 8, TEXT_SPAN = 64, HOLD_CHUNKS = 64, HOLD_EVERY = 10, SLOTS = 8, CLASS_BYTES = 16, CLASSES = 16,
       SLAB_SIZE = 1 << 18, ARENA_SIZE = ROWS * (48 + TEXT_MIN + TEXT_SPAN + 8) };

typedef struct Row {
  uint64_t key, number[4];
  uint32_t text_len, size;     /* size: of the whole row */
  char text[];
} Row;

typedef struct Arena {
  size_t used;
  char bytes[ARENA_SIZE];
} Arena;

typedef struct Chunk {
  Row *row[ROWS];
  uint32_t len;
  Arena *arena;
} Chunk;

typedef struct Slot {
  struct Slot *next;
} Slot;

/* ---- the pool; `lock` is used when two threads share it, once a chunk on each side ---- */

typedef struct Pool {
  Slot *free[CLASSES];
  char *slab;
  size_t slab_left;
} Pool;

static Pool pool;
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static int shared;             /* two threads */

static void *pool_take(size_t size) {
  size_t class = size / CLASS_BYTES, bytes = (class + 1) * CLASS_BYTES;
  Slot *s = pool.free[class];
  if (s) {
    pool.free[class] = s->next;
    return s;
  }
  if (pool.slab_left < bytes) pool.slab = proto_alloc(SLAB_SIZE), pool.slab_left = SLAB_SIZE;
  void *p = pool.slab;
  pool.slab += bytes, pool.slab_left -= bytes;
  return p;
}

static void pool_give(void *p, size_t size) {
  Slot *s = p;
  s->next = pool.free[size / CLASS_BYTES];
  pool.free[size / CLASS_BYTES] = s;
}

/* ---- three ways to the same memory ---- */

typedef enum Way { WAY_MALLOC, WAY_POOL, WAY_ARENA } Way;

static Row *row_alloc(Way way, Chunk *c, size_t size) {
  if (way == WAY_MALLOC) return proto_alloc(size);
  if (way == WAY_POOL) return pool_take(size);
  Row *r = (Row *)(c->arena->bytes + c->arena->used);
  c->arena->used += (size + 7) & ~(size_t)7;
  return r;
}

static void row_free(Way way, Row *r) {
  if (way == WAY_MALLOC) free(r);
  else if (way == WAY_POOL) pool_give(r, r->size);
}

static void chunk_fill(Way way, Chunk *c, uint64_t *state) {
  static const char letters[TEXT_MIN + TEXT_SPAN + 1] =
    "the quick brown fox jumps over the lazy dog and then it sleeps until noon";
  if (way == WAY_ARENA) c->arena->used = 0;
  if (way == WAY_POOL && shared) pthread_mutex_lock(&pool_lock);
  for (c->len = 0; c->len < ROWS; c->len++) {
    uint64_t x = proto_random(state);
    uint32_t len = TEXT_MIN + (uint32_t)(x % TEXT_SPAN), size = (uint32_t)sizeof(Row) + len;
    Row *r = c->row[c->len] = row_alloc(way, c, size);
    r->key = x;
    for (int k = 0; k < 4; k++) r->number[k] = x >> (8 * k);
    r->text_len = len;
    r->size = size;
    memcpy(r->text, letters, len);
  }
  if (way == WAY_POOL && shared) pthread_mutex_unlock(&pool_lock);
}

static uint64_t row_use(const Row *r) { return r->number[1] + r->text_len + (unsigned char)r->text[r->text_len - 1]; }

static uint64_t chunk_use(const Chunk *c) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < c->len; i++) sum += row_use(c->row[i]);
  return sum;
}

static void chunk_give_back(Way way, Chunk *c) {
  if (way == WAY_ARENA) return;
  if (way == WAY_POOL && shared) pthread_mutex_lock(&pool_lock);
  for (uint32_t i = 0; i < c->len; i++)
    if (c->row[i]) row_free(way, c->row[i]);
  if (way == WAY_POOL && shared) pthread_mutex_unlock(&pool_lock);
}

/* ---- lives ---- */

static uint64_t chunks_wanted(void) { return proto_size(1500, 80); }

static void chunk_make(Chunk *c) {
  c->arena = proto_alloc(sizeof *c->arena);
  c->arena->used = 0;
}

static void run_short(ProtoRun *r, uint64_t way) {
  static Chunk c;
  uint64_t state = 88172645463325252u;
  chunk_make(&c);
  proto_begin(r);
  for (uint64_t i = 0; i < chunks_wanted(); i++) {
    chunk_fill((Way)way, &c, &state);
    r->check += chunk_use(&c);
    chunk_give_back((Way)way, &c);
  }
  proto_end(r);
  r->value[0] = r->cpu_seconds;
}

typedef struct Held {
  Row *row[ROWS / HOLD_EVERY + 1];
  uint32_t len;
  Arena *arena;                /* of this hold's own copies */
} Held;

/* Rows of a chunk that stay: taken out of it, or copied. */
static void held_take(Way way, Held *h, Chunk *c) {
  if (way == WAY_ARENA) h->arena->used = 0;
  for (uint32_t i = h->len = 0; i < c->len; i += HOLD_EVERY) {
    Row *row = c->row[i];
    if (way == WAY_ARENA) {
      row = (Row *)(h->arena->bytes + h->arena->used);
      memcpy(row, c->row[i], c->row[i]->size);
      h->arena->used += (row->size + 7u) & ~7u;
    }
    h->row[h->len++] = row;
    c->row[i] = NULL;
  }
}

static uint64_t held_end(Way way, Held *h) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < h->len; i++) {
    sum += row_use(h->row[i]);
    row_free(way, h->row[i]);
  }
  h->len = 0;
  return sum;
}

static void run_held(ProtoRun *r, uint64_t way) {
  static Chunk c;
  static Held held[HOLD_CHUNKS];
  uint64_t state = 88172645463325252u;
  chunk_make(&c);
  for (int i = 0; i < HOLD_CHUNKS && way == WAY_ARENA; i++) held[i].arena = proto_alloc(sizeof(Arena));
  proto_begin(r);
  for (uint64_t i = 0; i < chunks_wanted(); i++) {
    chunk_fill((Way)way, &c, &state);
    r->check += chunk_use(&c);
    Held *h = &held[i % HOLD_CHUNKS];
    r->check += held_end((Way)way, h);
    held_take((Way)way, h, &c);
    chunk_give_back((Way)way, &c);
  }
  for (int i = 0; i < HOLD_CHUNKS; i++) r->check += held_end((Way)way, &held[i]);
  proto_end(r);
}

/* ---- two threads: `full` and `empty` are rings of chunk numbers ---- */

typedef struct Ring {
  uint32_t item[SLOTS], from, len;
} Ring;

static Chunk ring_chunk[SLOTS];
static Ring ring_full, ring_empty;
static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ring_moved = PTHREAD_COND_INITIALIZER;

static void ring_put(Ring *q, uint32_t item) {
  pthread_mutex_lock(&ring_lock);
  q->item[(q->from + q->len++) % SLOTS] = item;
  pthread_cond_broadcast(&ring_moved);
  pthread_mutex_unlock(&ring_lock);
}

static uint32_t ring_get(Ring *q) {
  pthread_mutex_lock(&ring_lock);
  while (!q->len) pthread_cond_wait(&ring_moved, &ring_lock);
  uint32_t item = q->item[q->from];
  q->from = (q->from + 1) % SLOTS;
  q->len--;
  pthread_mutex_unlock(&ring_lock);
  return item;
}

static void *thread_produce(void *arg) {
  Way way = *(Way *)arg;
  uint64_t state = 88172645463325252u;
  for (uint64_t i = 0; i < chunks_wanted(); i++) {
    uint32_t k = ring_get(&ring_empty);
    chunk_fill(way, &ring_chunk[k], &state);
    ring_put(&ring_full, k);
  }
  return NULL;
}

static void run_handed(ProtoRun *r, uint64_t arg) {
  Way way = (Way)arg;
  pthread_t producer;
  shared = 1;
  for (uint32_t k = 0; k < SLOTS; k++) chunk_make(&ring_chunk[k]), ring_put(&ring_empty, k);
  proto_begin(r);
  if (pthread_create(&producer, NULL, thread_produce, &way) != 0) proto_die("pthread_create");
  for (uint64_t i = 0; i < chunks_wanted(); i++) {
    uint32_t k = ring_get(&ring_full);
    r->check += chunk_use(&ring_chunk[k]);
    chunk_give_back(way, &ring_chunk[k]);
    ring_put(&ring_empty, k);
  }
  pthread_join(producer, NULL);
  proto_end(r);
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  static const char *const names[] = {"malloc for each row", "pool, free lists by size", "arena for each chunk"};
  void (*const lives[])(ProtoRun *, uint64_t) = {run_short, run_held, run_handed};
  ProtoRun m[3][3];
  int ok = 1;
  for (int life = 0; life < 3 && ok; life++) {
    ProtoCase cases[3];
    for (uint64_t way = 0; way < 3; way++) cases[way] = (ProtoCase){names[way], lives[life], way};
    ok = proto_measure(cases, 3, m[life]);
  }
  if (!ok) return 1;
  double rows = (double)(chunks_wanted() * ROWS);
  printf("%.1f M rows of 48 bytes and a text of 8 to 71; CPU ns a row for alloc, fill, read and free; two threads: CPU time of both.\n\n"
         "| memory | one thread | a tenth held for 64 chunks | two threads: CPU | two threads: wall | peak MiB, one thread | held |\n"
         "| --- | --- | --- | --- | --- | --- | --- |\n", rows / 1e6);
  for (int way = 0; way < 3; way++)
    proto_row("s111111", names[way], m[0][way].cpu_seconds * 1e9 / rows, m[1][way].cpu_seconds * 1e9 / rows,
              m[2][way].cpu_seconds * 1e9 / rows, m[2][way].seconds * 1e9 / rows, m[0][way].grown / 1048576, m[1][way].grown / 1048576);
  return 0;
}
