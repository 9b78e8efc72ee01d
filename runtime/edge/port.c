/* port.c: gathers rows, sorts them by source row, then by the input that they came from, delivers them in
 * blocks. Without the input, the order of rows of one source row would depend on where blocks end.
 *
 * The rows of one operator come in ascending order, so what a port holds is a few ascending runs:
 * the sort is a bottom-up merge sort that does nothing when the rows are in order already. */
#include "edge/port.h"

#include <string.h>

#include "sched/run_internal.h"

typedef struct FrtGathered {
  void **rows;
  uint64_t *keys;
  uint32_t *inputs;
  uint32_t len, capacity;
} PortBuffer;

typedef struct PortCount { uint64_t in, out, dropped; } PortCount;

struct FrtPortState {
  PortCount *counts;
  void **rows;       /* the other half of the merge */
  uint64_t *keys;
  uint32_t *inputs;
  uint32_t capacity;
};

void frt_ports_start(FrtRun *r) {
  r->ports = arena_alloc(r->run_arena, sizeof *r->ports);
  r->ports->counts = arena_alloc(r->run_arena, (r->module->port_len + 1) * sizeof(PortCount));
}

void frt_gathered_start(FrtWorker *w) {
  const FrtRun *r = w->cx.run;
  w->gathered = arena_alloc(r->run_arena, (r->module->port_len + 1) * sizeof(PortBuffer));
}

void frt_gathered_end(FrtWorker *w) {
  for (uint32_t i = 0; i < w->cx.run->module->port_len; i++) {
    frt_free(w->gathered[i].rows);
    frt_free(w->gathered[i].keys);
    frt_free(w->gathered[i].inputs);
  }
}

void frt_gathered_drop(FrtWorker *w) {
  for (uint32_t i = 0; i < w->cx.run->module->port_len; i++) w->gathered[i].len = 0;
}

void frt_gathered_move(FrtWorker *w, uint64_t rows) {
  for (uint32_t i = 0; i < w->cx.run->module->port_len; i++)
    for (uint32_t k = 0; k < w->gathered[i].len; k++) w->gathered[i].keys[k] += rows;
}

void frt_ports_end(FrtRun *r) {
  frt_free(r->ports->rows);
  frt_free(r->ports->keys);
  frt_free(r->ports->inputs);
}

void frt_port_add(FrtCtx *cx, uint32_t port, uint64_t key, uint32_t input, void *row) {
  PortBuffer *p = &cx->worker->gathered[port];
  if (p->len == p->capacity) {
    p->capacity = p->capacity ? p->capacity * 2 : 64;
    p->rows = frt_realloc(p->rows, p->capacity * sizeof *p->rows);
    p->keys = frt_realloc(p->keys, p->capacity * sizeof *p->keys);
    p->inputs = frt_realloc(p->inputs, p->capacity * sizeof *p->inputs);
  }
  p->rows[p->len] = row;
  p->inputs[p->len] = input;
  p->keys[p->len++] = key;
}

static int port_in_order(const PortBuffer *p, uint32_t a, uint32_t b) {
  return p->keys[a] != p->keys[b] ? p->keys[a] < p->keys[b] : p->inputs[a] <= p->inputs[b];
}

static void port_merge(const PortBuffer *p, struct FrtPortState *s, uint32_t from, uint32_t mid, uint32_t end) {
  uint32_t a = from, b = mid;
  for (uint32_t i = from; i < end; i++) {
    uint32_t *take = a < mid && (b == end || port_in_order(p, a, b)) ? &a : &b;
    s->keys[i] = p->keys[*take];
    s->rows[i] = p->rows[*take];
    s->inputs[i] = p->inputs[*take];
    ++*take;
  }
}

static int port_is_sorted(const PortBuffer *p) {
  for (uint32_t i = 1; i < p->len; i++)
    if (!port_in_order(p, i - 1, i)) return 0;
  return 1;
}

static void port_sort(PortBuffer *p, struct FrtPortState *s) {
  if (port_is_sorted(p)) return;
  if (s->capacity < p->len) {
    s->capacity = p->capacity;
    s->rows = frt_realloc(s->rows, s->capacity * sizeof *s->rows);
    s->keys = frt_realloc(s->keys, s->capacity * sizeof *s->keys);
    s->inputs = frt_realloc(s->inputs, s->capacity * sizeof *s->inputs);
  }
  for (uint64_t width = 1; width < p->len; width *= 2) {
    for (uint64_t from = 0; from < p->len; from += 2 * width) {
      uint64_t mid = from + width < p->len ? from + width : p->len;
      uint64_t end = mid + width < p->len ? mid + width : p->len;
      port_merge(p, s, (uint32_t)from, (uint32_t)mid, (uint32_t)end);
    }
    memcpy(p->keys, s->keys, p->len * sizeof *p->keys);
    memcpy(p->rows, s->rows, p->len * sizeof *p->rows);
    memcpy(p->inputs, s->inputs, p->len * sizeof *p->inputs);
  }
}

/* The counters of a port stand for themselves: they are set, not added to. */
static void port_count(FrtRun *r, const FrtPort *port, const PortCount *p) {
  if (port->op >= r->module->op_len) return;
  uint64_t *row = r->ledger + (size_t)port->op * FRT_LEDGER_LEN;
  row[FRT_IN] = p->in;
  row[FRT_OUT] = p->out;
  row[FRT_DROPPED] = p->dropped;
}

void frt_port_count_unread(FrtRun *r, uint32_t port) {
  PortCount *p = &r->ports->counts[port];
  p->in++;
  p->dropped++;
  port_count(r, &r->module->ports[port], p);
}

uint64_t frt_port_rows(FrtRun *r, uint32_t port) { return r->ports->counts[port].in; }

int frt_port_deliver(FrtRun *r, uint32_t port, uint64_t end) {
  const FrtPort *desc = &r->module->ports[port];
  PortBuffer *p = &r->cx->worker->gathered[port];
  PortCount *count = &r->ports->counts[port];
  if (!p->len) return FRT_OK;
  port_sort(p, r->ports);
  uint32_t len = p->len, good = len;
  while (good && p->keys[good - 1] >= end) good--;
  count->in += len;
  count->dropped += len - good;
  int status = FRT_OK;
  if (desc->deliver) {
    count->out += good;
    for (uint32_t at = 0; at < good && status != FRT_FATAL && r->exit_code == 0;) {
      uint32_t n = good - at < r->cx->block_rows ? good - at : r->cx->block_rows;
      status = r->cx->worker->code->ports[port].deliver(r->cx, r->state, p->rows + at, p->keys + at, n);
      at += n;
    }
  } else {
    count->dropped += good;
  }
  p->len = 0;
  port_count(r, desc, count);
  return status == FRT_FATAL ? FRT_FATAL : FRT_OK;
}

void *frt_gather(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t port, uint32_t input) {
  void *data = frt_alloc(cx, cx->run->module->ports[port].row_size);
  frt_port_add(cx, port, frt_row_number(b, row), input, data);
  return data;
}

void frt_port_block(FrtCtx *cx, const uint64_t *keys, uint32_t n, FrtBlock *b) {
  const FrtBlock *source = cx->run->block;
  b->n = n;
  b->up = source;
  b->parent = NULL;
  if (!source) return;
  uint32_t *parent = frt_alloc(cx, (n ? n : 1) * sizeof *parent);
  for (uint32_t i = 0; i < n; i++) parent[i] = (uint32_t)(keys[i] - source->row0);
  b->parent = parent;
}
