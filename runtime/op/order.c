/* order.c: pairs of rows that belong to groups, see flowrt_hold.h. The group's number is the first uint32_t of the row. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "flowrt.h"

enum { ORDER_CANCEL_EVERY = 1 << 16 };

static uint32_t order_group(const FrtStore *s, uint64_t row) { return *(const uint32_t *)FRT_ROW(s, row); }

static uint64_t *order_counts(uint32_t groups) {
  size_t size = ((size_t)groups + 1) * sizeof(uint64_t);
  return memset(frt_malloc(size), 0, size);
}

static void order_bounds(FrtBounds *b, uint32_t groups) {
  if (groups > b->room) {
    uint32_t room = groups > UINT32_MAX / 2 ? groups : 2 * groups;
    frt_hold((uint64_t)(room - b->room) * (sizeof *b->key + sizeof *b->full));
    b->key = frt_realloc(b->key, room * sizeof *b->key);
    b->full = frt_realloc(b->full, room * sizeof *b->full);
    b->room = room;
  }
  memset(b->full + b->len, 0, groups - b->len);
  b->len = groups;
}

void frt_bounds_free(void *bounds) {
  FrtBounds *b = bounds;
  frt_unreserve(NULL, (uint64_t)b->room * (sizeof *b->key + sizeof *b->full));
  frt_free(b->key);
  frt_free(b->full);
  memset(b, 0, sizeof *b);
}

void frt_pairs_cut_groups(FrtPairs *p, const FrtStore *s, uint32_t groups, uint64_t limit, FrtBounds *bounds) {
  uint64_t *counts = order_counts(groups), kept = 0;
  if (bounds) order_bounds(bounds, groups);
  for (uint64_t i = 0; i < p->len; i++) {
    uint32_t g = order_group(s, p->data[i].row);
    if (counts[g]++ >= limit) continue;
    if (bounds && counts[g] == limit) {
      bounds->full[g] = 1;
      bounds->key[g] = p->data[i].key;
    }
    p->data[kept++] = p->data[i];
  }
  p->len = kept;
  frt_free(counts);
}

/* A counting sort: one pass to count, one to place. */
void frt_pairs_group(FrtPairs *p, const FrtStore *s, uint32_t groups) {
  if (groups < 2 || p->len < 2) return;
  uint64_t *at = order_counts(groups);
  uint32_t *group = frt_malloc(p->len * sizeof *group);
  FrtPair *sorted = frt_malloc(p->len * sizeof *sorted);
  for (uint64_t i = 0; i < p->len; i++) at[(group[i] = order_group(s, p->data[i].row)) + 1]++;
  for (uint32_t g = 0; g < groups; g++) at[g + 1] += at[g];
  uint64_t i = 0;
  for (; i < p->len && !(i % ORDER_CANCEL_EVERY == 0 && frt_cancelled()); i++) sorted[at[group[i]]++] = p->data[i];
  frt_free(group);
  frt_free(at);
  if (i < p->len) {              /* the run ends, and nobody looks at the order */
    frt_free(sorted);
    return;
  }
  frt_free(p->data);
  frt_unreserve(NULL, (p->room - p->len) * sizeof *p->data);
  p->data = sorted;
  p->room = p->len;
}
