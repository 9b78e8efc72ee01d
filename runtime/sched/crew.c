/* crew.c: see crew.h.
 *
 * The turn is the number of a range. Who has it holds the run: errors, ports, sinks, the state that is shared, and the
 * baton: where the next record begins, in bytes, lines and rows. Before its turn a block's rows and lines are counted from
 * the start of its range; the baton makes them those of the source.
 *
 * A waiting worker spins for a short while, since turns are short, then sleeps. */
#include "sched/crew.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/stall.h"
#include "edge/port.h"
#include "errors/errors.h"
#include "io/contract.h"
#include "io/scan_range.h"
#include "io/sink_part.h"
#include "sched/tier.h"

enum {
  CREW_SPINS = 4000,
  CREW_SLEEP_MS = 50,
  CREW_END_NS = 20 * 1000,
  CREW_FENCE_STEP = 4096,                 /* a record that ends behind its range is read on by so much at a time */
  CREW_MEMORY = 16 * 1024 * 1024,         /* of the given memory, for each worker: windows, blocks, what is printed */
  CREW_SIZE_LEAST = 4 * 1024 * 1024       /* bytes of input for which several workers start unasked */
};

typedef struct CrewCounts {
  uint64_t lines_empty, keys_unknown, columns_extra, blocks_fast, blocks_careful;
} CrewCounts;

typedef struct FrtHand FrtHand;
typedef struct FrtCrew FrtCrew;

struct FrtHand {
  FrtWorker *worker;
  FrtWorker own;               /* of all but the first */
  FrtCrew *crew;
  FrtScanner *scanner;
  FrtRange range;
  FrtBlock *block;             /* it is whole, and not settled; its rows have no numbers before the turn */
  uint64_t row_base, line_base;
  CrewCounts before;           /* the scanner's, when the range began */
  uint64_t fence_step;
  uint64_t stress;
  int left_out;                /* the file's columns are not those of the type, and it is passed over */
  int redo;                    /* the range begins elsewhere: what was done for it is void */
  uint32_t index;
  pthread_t thread;
};

struct FrtCrew {
  FrtRun *r;
  const FrtScan *scan;
  FrtRanges ranges;
  FrtHand *hands;
  uint32_t len;
  _Atomic uint32_t turn, over, sleepers, told, working;
  _Atomic int64_t turn_us;     /* when the turn began */
  pthread_mutex_t lock;
  pthread_cond_t passed;
  /* the baton */
  uint32_t path;
  uint64_t offset, lines, rows;
  const FrtStr *header;        /* of the file before, and how many names it has */
  uint32_t header_len;
  uint64_t bytes;              /* of the files before */
  uint64_t rows_before;        /* of earlier steps */
  int status;
};

/* ---- turns ---- */

static void crew_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  sched_yield();
#endif
}

/* Tests: gives way at random, from a seed that was given. */
static void crew_stress(FrtHand *h) {
  if (!h->stress) return;
  h->stress = frt_hash_u64(h->stress);
  if (h->stress % 4 == 0) sched_yield();
  if (h->stress % 64 == 1) nanosleep(&(struct timespec){0, (long)(h->stress >> 32 & 0x3ffff)}, NULL);
}

static void crew_wake(FrtCrew *c) {
  if (!atomic_load(&c->sleepers)) return;
  pthread_mutex_lock(&c->lock);
  pthread_cond_broadcast(&c->passed);
  pthread_mutex_unlock(&c->lock);
}

/* Says who waits on whom when a turn lasts long; once a turn. */
static void crew_watch(FrtHand *h) {
  FrtCrew *c = h->crew;
  int64_t since = frt_monotonic_us() - atomic_load(&c->turn_us);
  uint32_t turn = atomic_load(&c->turn), told = atomic_load(&c->told);
  if (since < frt_stall_us() || told == turn + 1) return;
  if (!atomic_compare_exchange_strong(&c->told, &told, turn + 1)) return;
  fprintf(stderr, "note: worker %u waits with block %u; block %u, whose turn it is, has taken %lld s so far\n", h->index + 1,
          h->range.number + 1, turn + 1, (long long)(since / 1000000));
}

static void crew_sleep(FrtHand *h) {
  FrtCrew *c = h->crew;
  struct timespec until;
  pthread_mutex_lock(&c->lock);
  atomic_fetch_add(&c->sleepers, 1);
  if (atomic_load(&c->turn) != h->range.number && !atomic_load(&c->over)) {
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += CREW_SLEEP_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&c->passed, &c->lock, &until);
  }
  atomic_fetch_sub(&c->sleepers, 1);
  pthread_mutex_unlock(&c->lock);
  crew_watch(h);
}

/* 1 when it is the range's turn, 0 when the step is over. */
static int crew_wait(FrtHand *h) {
  FrtCrew *c = h->crew;
  crew_stress(h);
  for (uint32_t i = 0;; i++) {
    if (atomic_load_explicit(&c->over, memory_order_acquire)) return 0;
    if (atomic_load_explicit(&c->turn, memory_order_acquire) == h->range.number) return 1;
    if (i < CREW_SPINS) crew_pause();
    else crew_sleep(h);
  }
}

static void crew_pass(FrtCrew *c) {
  atomic_store(&c->turn_us, frt_monotonic_us());
  atomic_fetch_add(&c->turn, 1);
  crew_wake(c);
}

static void crew_end(FrtCrew *c, int status) {
  c->status = status;
  atomic_store(&c->over, 1);
  crew_wake(c);
}

/* ---- numbers of rows and lines ---- */

static void crew_number_block(FrtHand *h) {
  FrtBlock *b = h->block;
  uint64_t *line = (uint64_t *)(uintptr_t)b->line;
  b->row0 += h->row_base;
  b->line0 += h->line_base;
  for (uint32_t i = 0; line && i < b->n; i++) line[i] += h->line_base;
}

/* The run is the worker's until it passes the turn. */
static void crew_take(FrtHand *h) {
  FrtCrew *c = h->crew;
  FrtRun *r = c->r;
  h->worker->cx.waits = 0;
  h->row_base = c->rows;
  h->line_base = c->lines;
  frt_worker_now(h->worker);
  r->scanner = h->scanner;
  if (!h->block) return;
  crew_number_block(h);
  r->block = h->block;
  frt_gathered_move(h->worker, h->row_base);
}

int frt_turn(FrtCtx *cx) {
  FrtHand *h = cx->worker->hand;
  if (!cx->waits) return FRT_OK;
  if (h->redo || !crew_wait(h)) return FRT_FATAL;
  if (h->range.path != h->crew->path || h->range.from != h->crew->offset) {
    h->redo = 1;
    return FRT_FATAL;
  }
  crew_take(h);
  return FRT_OK;
}

/* A record goes on behind its range. */
static int crew_beyond(FrtScanner *s) {
  FrtHand *h = s->cx->worker->hand;
  if (FRT_TURN(s->cx)) return FRT_FATAL;
  s->fence += h->fence_step;
  h->fence_step *= 2;
  return FRT_OK;
}

/* ---- a range ---- */

static CrewCounts crew_counts(const FrtScanner *s) {
  return (CrewCounts){s->lines_empty, s->keys_unknown, s->columns_extra, s->blocks_fast, s->blocks_careful};
}

/* The counters of operators go to the run's. */
static void crew_ledger_add(FrtHand *h) {
  FrtRun *r = h->crew->r;
  uint64_t *own = h->worker->cx.ledger;
  for (size_t i = 0; i < (size_t)r->module->op_len * FRT_LEDGER_LEN; i++) {
    r->ledger[i] += own[i];
    own[i] = 0;
  }
}

/* Forgets what was done before the turn. */
static void crew_drop(FrtHand *h) {
  FrtScanner *s = h->scanner;
  FrtWorker *w = h->worker;
  memset(w->cx.ledger, 0, (size_t)h->crew->r->module->op_len * FRT_LEDGER_LEN * sizeof *w->cx.ledger);
  frt_notes_drop(w);
  frt_gathered_drop(w);
  frt_parts_drop(w);
  frt_alloc_reset(w);
  s->lines_empty = h->before.lines_empty;
  s->keys_unknown = h->before.keys_unknown;
  s->columns_extra = h->before.columns_extra;
  s->blocks_fast = h->before.blocks_fast;
  s->blocks_careful = h->before.blocks_careful;
  w->cx.seen = UINT64_MAX;
  h->block = NULL;
  h->redo = 0;
}

/* Settles a block, in its turn; b is NULL behind the last one of a range. FRT_OK, FRT_STOP or FRT_FATAL. */
static int crew_settle(FrtHand *h, FrtBlock *b) {
  FrtCrew *c = h->crew;
  FrtRun *r = c->r;
  int status = frt_block_end(&h->worker->cx, b);
  h->block = NULL;
  if (status != FRT_FATAL && frt_parts_flush(h->worker) != FRT_OK) status = FRT_FATAL;
  crew_ledger_add(h);
  if (status == FRT_FATAL) return status;
  frt_count_scan(r, c->scan->op, h->row_base + h->scanner->rows);
  r->source_rows = c->rows_before + h->row_base + h->scanner->rows;
  r->source_bytes = r->source_bytes_before + c->bytes + h->scanner->offset;
  if (r->options->progress) frt_progress(r, 0);
  frt_tier_poll(r);
  return FRT_OK;
}

static int crew_block(FrtHand *h, FrtBlock *b) {
  FrtCrew *c = h->crew;
  FrtCtx *cx = &h->worker->cx;
  h->block = b;
  if (!cx->waits) {
    crew_number_block(h);
    c->r->block = b;
  }
  cx->taps = frt_taps_on(c->r);
  int wanted = frt_tier_scan(h->worker, c->scan)(cx, h->worker->state, b);
  if (FRT_TURN(cx)) return FRT_FATAL;
  if (wanted > 0) wanted = frt_fatal(cx, c->scan->op, wanted, cx->detail);
  if (wanted == FRT_FATAL) return FRT_FATAL;
  int status = crew_settle(h, b);
  return status == FRT_FATAL ? status : wanted == FRT_STOP ? FRT_STOP : frt_check_stop(c->r);
}

/* Reads the range from there on. FRT_END when it is done, and the turn is held. */
static int crew_read(FrtHand *h, uint64_t from) {
  FrtScanner *s = h->scanner;
  FrtCtx *cx = &h->worker->cx;
  h->fence_step = CREW_FENCE_STEP;
  s->given_fd = h->range.fd;
  s->given_map = h->range.map;
  h->range.fd = -1;
  h->range.map = NULL;
  int rc = frt_scan_seek(s, h->range.path, from, h->range.to == UINT64_MAX ? 0 : h->range.to);
  h->left_out = rc == FRT_END;
  if (rc == FRT_OK && h->range.whole && FRT_TURN(cx)) rc = FRT_FATAL;
  while (rc == FRT_OK) {
    FrtBlock *b;
    crew_stress(h);
    rc = frt_scan_next_before(s, h->range.to, &b);
    if (rc == FRT_OK) rc = crew_block(h, b);
  }
  if (rc == FRT_END && FRT_TURN(cx)) rc = FRT_FATAL;
  if (rc == FRT_END && crew_settle(h, NULL) == FRT_FATAL) rc = FRT_FATAL;
  return rc;
}

/* The range is done: the next one goes on where it ended. */
static void crew_hand_on(FrtHand *h) {
  FrtCrew *c = h->crew;
  FrtScanner *s = h->scanner;
  if (h->range.from == 0 && h->left_out) frt_scan_file_note(s);
  if (h->range.from == 0 && s->header) {
    frt_contract_note(s, s->header, s->header_len, c->header, c->header_len);
    c->header = s->header;
    c->header_len = s->header_len;
  }
  frt_ranges_learn(&c->ranges, s->offset - c->offset, s->rows);
  c->offset = h->left_out && h->range.to != UINT64_MAX ? h->range.to : s->offset;
  c->lines = h->line_base + s->line - 1;
  c->rows = h->row_base + s->rows;
}

static void crew_file_end(FrtCrew *c) {
  c->bytes += c->offset;
  c->path++;
  c->offset = c->lines = 0;
}

/* Every range up to this one is done: pages behind the last step of the file that it touches are not needed. */
static void crew_release(const FrtHand *h) {
  const FrtScanner *s = h->scanner;
  if (s->map && h->range.to != UINT64_MAX) frt_map_release(s->map, frt_map_step(h->range.from), frt_map_step(h->range.to));
}

/* 0 when the step is over. */
static int crew_range(FrtHand *h) {
  FrtCrew *c = h->crew;
  int rc;
  h->worker->cx.waits = 1;
  h->before = crew_counts(h->scanner);
  rc = crew_read(h, h->range.from);
  if (rc == FRT_FATAL) (void)FRT_TURN(&h->worker->cx);   /* which says whether the range is right */
  if (h->redo) {
    crew_drop(h);
    crew_take(h);
    rc = c->offset < h->range.to ? crew_read(h, c->offset) : FRT_NULL;
  }
  if (h->worker->cx.waits) {   /* somebody else ended the step */
    crew_drop(h);
    return 0;
  }
  if (rc == FRT_FATAL || rc == FRT_STOP) {
    if (rc == FRT_FATAL) frt_run_fail(c->r, frt_cancelled() ? 130 : 2, frt_cancelled() ? NULL : "error: the run failed");
    crew_end(c, rc);
    return 0;
  }
  if (rc == FRT_END) crew_hand_on(h);
  if (h->range.to == UINT64_MAX) crew_file_end(c);
  crew_pass(c);
  frt_parts_write(h->worker);
  crew_release(h);
  h->worker->blocks++;
  return 1;
}

/* ---- the crew ---- */

static uint32_t crew_open(const FrtHand *h) { return h->scanner->input ? h->scanner->path_at : UINT32_MAX; }

static void *crew_work(void *hand) {
  FrtHand *h = hand;
  while (!atomic_load(&h->crew->over) && frt_ranges_next(&h->crew->ranges, crew_open(h), &h->range))
    if (!crew_range(h)) break;
  atomic_fetch_sub(&h->crew->working, 1);
  return NULL;
}

static void crew_hand_start(FrtCrew *c, uint32_t i, FrtScanner *first) {
  FrtRun *r = c->r;
  FrtHand *h = &c->hands[i];
  FrtCtx *main = &r->main.cx;
  h->crew = c;
  h->index = i;
  h->worker = i ? &h->own : &r->main;
  h->own.cx.now_us = main->now_us;
  h->own.cx.block_rows = main->block_rows;
  h->own.cx.taps = main->taps;
  if (i) frt_worker_start(r, h->worker);
  h->worker->hand = h;
  h->worker->cx.ledger = arena_alloc(r->run_arena, ((size_t)r->module->op_len + 1) * FRT_LEDGER_LEN * sizeof(uint64_t));
  frt_parts_start(h->worker);
  h->scanner = i ? frt_scan_twin(&h->worker->cx, h->worker->state, first) : first;
  h->scanner->path_at = first->path_len;
  h->scanner->beyond = crew_beyond;
  const char *seed = getenv("FLOWC_STRESS");
  h->stress = seed ? frt_hash_u64(strtoull(seed, NULL, 10) + i) | 1 : 0;
}

/* Where columns stand is noted in a worker's State when rows come to an operator. Steps behind this one are the first worker's: what
 * its rows did not come to, it takes from the others. All of it lives as long as the run. */
static void crew_state_take(const FrtRun *r, const FrtWorker *from) {
  void **to = r->main.state, *const *other = from->state;
  for (size_t i = 0; i < r->module->state_size / sizeof *to; i++)
    if (!to[i]) to[i] = other[i];
}

static void crew_hand_end(FrtHand *h) {
  FrtRun *r = h->crew->r;
  CrewCounts n = crew_counts(h->scanner);
  frt_parts_end(h->worker);
  if (!h->index) {
    h->worker->cx.ledger = r->ledger;
    h->worker->cx.waits = 0;
    h->worker->hand = NULL;
    frt_alloc_reset(h->worker);
    return;
  }
  crew_state_take(r, h->worker);
  r->counts.lines_empty += n.lines_empty;
  r->counts.keys_unknown += n.keys_unknown;
  r->counts.columns_extra += n.columns_extra;
  r->counts.blocks_fast += n.blocks_fast;
  r->counts.blocks_careful += n.blocks_careful;
  if (h->index < FRT_BLOCKS_OF) r->blocks_of[h->index] += h->own.blocks;
  frt_tier_end(r, h->worker);
  frt_scan_close(h->scanner);
  frt_worker_end(h->worker);
}

int frt_crew_scan(FrtRun *r, const FrtScan *scan, FrtScanner *first, uint32_t len) {
  FrtCrew crew = {.r = r, .scan = scan, .len = len, .status = FRT_OK, .rows_before = r->source_rows}, *c = &crew;
  uint32_t started = 1;
  arena_share(r->run_arena);
  c->hands = arena_alloc(r->run_arena, len * sizeof *c->hands);
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->passed, NULL);
  atomic_store(&c->turn_us, frt_monotonic_us());
  frt_ranges_start(&c->ranges, first);
  for (uint32_t i = 0; i < len; i++) crew_hand_start(c, i, first);
  frt_cancel_threads_begin();
  atomic_store(&c->working, len);
  while (started < len && pthread_create(&c->hands[started].thread, NULL, crew_work, &c->hands[started]) == 0) {
    frt_cancel_thread(c->hands[started].thread);
    started++;
  }
  atomic_fetch_sub(&c->working, len - started);
  crew_work(&c->hands[0]);
  while (atomic_load(&c->working)) nanosleep(&(struct timespec){0, CREW_END_NS}, NULL);
  frt_cancel_threads_end();   /* nobody is to be told of a signal who is joined */
  for (uint32_t i = 1; i < started; i++) pthread_join(c->hands[i].thread, NULL);
  frt_worker_now(&r->main);
  uint64_t blocks = r->main.blocks;
  for (uint32_t i = 0; i < len; i++) crew_hand_end(&c->hands[i]);
  r->blocks_of[0] += blocks;
  r->main.blocks = 0;
  if (started > r->threads) r->threads = started;
  r->scanner = NULL;
  r->block = NULL;
  first->bytes = c->bytes + c->offset;
  frt_ranges_end(&c->ranges);
  pthread_cond_destroy(&c->passed);
  pthread_mutex_destroy(&c->lock);
  if (frt_parts_done(r) != FRT_OK) c->status = FRT_FATAL;
  return c->status == FRT_FATAL ? FRT_FATAL : FRT_OK;
}

uint32_t frt_crew_size(const FrtRun *r, const FrtScanner *s) {
  uint64_t size;
  uint32_t asked = r->options->threads, len = frt_parallel_width();
  uint64_t rooms = r->options->memory / CREW_MEMORY;
  if (r->options->memory && rooms < len) len = (uint32_t)rooms;
  if (len < 2 || !frt_ranges_fit(s, &size) || size == 0) return 1;
  return asked || size >= CREW_SIZE_LEAST ? len : 1;
}
