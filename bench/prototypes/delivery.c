/* delivery.c: how rows get from one producer to 1, 10 or 100 readers.
 *
 * Every reader gets every row (64 bytes, immutable, shared by pointer) and adds up those that pass its own filter.
 *   queue for each connection, rows     a bounded queue and a thread for each reader; a row pointer is an item
 *   queue for each connection, chunks   the same, an item is a chunk of 2,048 rows with a reference count; the last reader frees it
 *   one queue, multiplexed              rows go into one queue; one thread calls all readers
 *   fused, a call for each row          no queue: the producer calls each reader with each row
 *   fused, a call for each chunk        no queue: the producer calls each reader with each chunk
 * Threads are there before the clock starts. Each alternative delivers as many rounds of the same rows as it can stand; the
 * check is over the sums of one round. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto.h"

enum { ROWS = 2048, READERS_MAX = 100, ROW_SLOTS = 1024, CHUNK_SLOTS = 8 };

typedef struct Row {
  uint64_t key, value, other[6];
} Row;

typedef struct Chunk {
  atomic_int refs;
  const Row *rows;
  uint32_t len;
} Chunk;

typedef struct Reader {
  uint64_t above, sum;
} Reader;

/* A bounded queue: waits when full or empty, wakes a sleeper only when there may be one. NULL ends it. */
typedef struct Queue {
  pthread_mutex_t lock;
  pthread_cond_t not_full, not_empty;
  const void **slot;
  uint32_t room, from, len;
} Queue;

static Row *rows;
static uint32_t row_len, reader_len;
static Reader reader[READERS_MAX];
static Queue queue[READERS_MAX];
static pthread_barrier_t started;

/* ---- readers ---- */

static void reader_row(Reader *to, const Row *row) {
  if (row->key >= to->above) to->sum += row->value;
}

static void reader_rows(Reader *to, const Row *from, uint32_t len) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < len; i++) sum += from[i].key >= to->above ? from[i].value : 0;
  to->sum += sum;
}

/* As an operator is called when the graph is data: through a pointer. */
static void (*volatile call_row)(Reader *, const Row *) = reader_row;
static void (*volatile call_rows)(Reader *, const Row *, uint32_t) = reader_rows;

/* ---- queues ---- */

static void queue_init(Queue *q, uint32_t room) {
  pthread_mutex_init(&q->lock, NULL);
  pthread_cond_init(&q->not_full, NULL);
  pthread_cond_init(&q->not_empty, NULL);
  q->slot = proto_alloc(room * sizeof *q->slot);
  q->room = room;
}

static void queue_put(Queue *q, const void *item) {
  pthread_mutex_lock(&q->lock);
  while (q->len == q->room) pthread_cond_wait(&q->not_full, &q->lock);
  q->slot[(q->from + q->len) % q->room] = item;
  if (q->len++ == 0) pthread_cond_signal(&q->not_empty);
  pthread_mutex_unlock(&q->lock);
}

static const void *queue_get(Queue *q) {
  pthread_mutex_lock(&q->lock);
  while (q->len == 0) pthread_cond_wait(&q->not_empty, &q->lock);
  const void *item = q->slot[q->from];
  q->from = (q->from + 1) % q->room;
  if (q->len-- == q->room) pthread_cond_signal(&q->not_full);
  pthread_mutex_unlock(&q->lock);
  return item;
}

/* ---- threads of readers ---- */

static void *thread_rows(void *arg) {
  size_t k = (size_t)arg;
  pthread_barrier_wait(&started);
  for (const Row *row; (row = queue_get(&queue[k]));) call_row(&reader[k], row);
  return NULL;
}

static void *thread_chunks(void *arg) {
  size_t k = (size_t)arg;
  pthread_barrier_wait(&started);
  for (Chunk *c; (c = (Chunk *)queue_get(&queue[k]));) {
    call_rows(&reader[k], c->rows, c->len);
    if (atomic_fetch_sub(&c->refs, 1) == 1) free(c);
  }
  return NULL;
}

static void *thread_multiplex(void *arg) {
  pthread_barrier_wait(&started);
  for (const Row *row; (row = queue_get(&queue[0]));)
    for (uint32_t k = 0; k < reader_len; k++) call_row(&reader[k], row);
  return NULL;
}

static Chunk *chunk_make(uint32_t from, int refs) {
  Chunk *c = proto_alloc(sizeof *c);
  *c = (Chunk){.rows = rows + from, .len = row_len - from < ROWS ? row_len - from : ROWS};
  atomic_store(&c->refs, refs);
  return c;
}

/* ---- producers: `rounds` times all rows ---- */

typedef enum Way { WAY_ROW_QUEUES, WAY_MULTIPLEXED, WAY_CHUNK_QUEUES, WAY_CALL_ROW, WAY_CALL_CHUNK, WAYS } Way;

static void produce_round(Way way) {
  switch (way) {
  case WAY_ROW_QUEUES:
    for (uint32_t i = 0; i < row_len; i++)
      for (uint32_t k = 0; k < reader_len; k++) queue_put(&queue[k], &rows[i]);
    break;
  case WAY_MULTIPLEXED:
    for (uint32_t i = 0; i < row_len; i++) queue_put(&queue[0], &rows[i]);
    break;
  case WAY_CHUNK_QUEUES:
    for (uint32_t i = 0; i < row_len; i += ROWS) {
      Chunk *c = chunk_make(i, (int)reader_len);
      for (uint32_t k = 0; k < reader_len; k++) queue_put(&queue[k], c);
    }
    break;
  case WAY_CALL_ROW:
    for (uint32_t i = 0; i < row_len; i++)
      for (uint32_t k = 0; k < reader_len; k++) call_row(&reader[k], &rows[i]);
    break;
  default:
    for (uint32_t i = 0; i < row_len; i += ROWS) {
      Chunk *c = chunk_make(i, 1);
      for (uint32_t k = 0; k < reader_len; k++) call_rows(&reader[k], c->rows, c->len);
      free(c);
    }
  }
}

static uint64_t rounds_of(Way way) {
  static const uint64_t rounds[WAYS] = {1, 4, 16, 16, 64};
  return proto_options.quick ? 1 + (way >= WAY_CHUNK_QUEUES) : rounds[way];
}

static void run(ProtoRun *r, uint64_t arg) {
  Way way = (Way)arg;
  uint32_t threads = way == WAY_MULTIPLEXED ? 1 : way <= WAY_CHUNK_QUEUES ? reader_len : 0;
  void *(*const body[])(void *) = {thread_rows, thread_multiplex, thread_chunks};
  pthread_t thread[READERS_MAX];
  for (uint32_t k = 0; k < reader_len; k++) reader[k] = (Reader){.above = k * 10};
  pthread_barrier_init(&started, NULL, threads + 1);
  for (uint32_t k = 0; k < threads; k++) {
    queue_init(&queue[k], way == WAY_CHUNK_QUEUES ? CHUNK_SLOTS : ROW_SLOTS);
    if (pthread_create(&thread[k], NULL, body[way], (void *)(size_t)k) != 0) proto_die("pthread_create");
  }
  pthread_barrier_wait(&started);
  proto_begin(r);
  for (uint64_t i = 0; i < rounds_of(way); i++) produce_round(way);
  for (uint32_t k = 0; k < threads; k++) queue_put(&queue[k], NULL);
  for (uint32_t k = 0; k < threads; k++) pthread_join(thread[k], NULL);
  proto_end(r);
  double delivered = (double)rounds_of(way) * row_len * reader_len;
  r->value[0] = r->seconds * 1e9 / delivered;
  r->value[1] = r->cpu_seconds * 1e9 / delivered;
  r->value[2] = (double)rounds_of(way) * row_len / r->seconds / 1e3;
  for (uint32_t k = 0; k < reader_len; k++) {
    uint64_t one = reader[k].sum % rounds_of(way) ? 0 : reader[k].sum / rounds_of(way);
    r->check = proto_hash(r->check, &one, sizeof one);
  }
}

static void rows_make(void) {
  uint64_t state = 88172645463325252u;
  uint32_t most = (uint32_t)proto_size(1 << 18, 1 << 13);
  rows = proto_alloc(most * sizeof *rows);
  for (uint32_t i = 0; i < most; i++) {
    uint64_t x = proto_random(&state);
    rows[i] = (Row){.key = x % 1000, .value = x >> 40};
  }
}

int main(int argc, char **argv) {
  static const char *const names[WAYS] = {"queue and thread for each reader, rows", "one queue, one thread for all readers",
                                          "queue and thread for each reader, counted chunks", "fused: a call for each row",
                                          "fused: a call for each chunk"};
  static const uint32_t fans[] = {1, 10, 100};
  proto_init(argc, argv);
  rows_make();
  ProtoRun m[3][WAYS];
  for (int f = 0; f < 3; f++) {
    ProtoCase cases[WAYS];
    reader_len = fans[f];
    row_len = (uint32_t)proto_size(1 << 18, 1 << 13) / (fans[f] == 100 ? 64 : fans[f] == 10 ? 2 : 1);
    for (uint64_t way = 0; way < WAYS; way++) cases[way] = (ProtoCase){names[way], run, way};
    if (!proto_measure(cases, WAYS, m[f])) return 1;
  }
  printf("Wall ns for one row delivered to one reader (CPU ns of all threads), and k rows/s of the producer.\n\n"
         "| delivery | 1 reader: ns | CPU | k rows/s | 10 readers: ns | CPU | k rows/s | 100 readers: ns | CPU | k rows/s |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (int way = 0; way < WAYS; way++)
    proto_row("s11n11n11n", names[way], m[0][way].value[0], m[0][way].value[1], m[0][way].value[2], m[1][way].value[0],
              m[1][way].value[1], m[1][way].value[2], m[2][way].value[0], m[2][way].value[1], m[2][way].value[2]);
  return 0;
}
