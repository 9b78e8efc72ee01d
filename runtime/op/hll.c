/* hll.c: about how many different values there are, see flowrt_agg.h. */
#include <string.h>

#include "base/libm.h"
#include "flowrt.h"
#include "op/table.h"

enum { HLL_BITS = 12, HLL_LEN = 1 << HLL_BITS, HLL_EXACT = 256, HLL_FIRST = 8 };

static void hll_register(uint8_t *registers, uint64_t hash) {
  uint64_t at = hash >> (64 - HLL_BITS), rest = hash << HLL_BITS | 1ull << (HLL_BITS - 1);
  uint8_t zeros = (uint8_t)(__builtin_clzll(rest) + 1);
  if (zeros > registers[at]) registers[at] = zeros;
}

static void hll_become_dense(FrtCtx *cx, FrtHll *h) {
  const uint64_t *hashes = h->data;
  uint8_t *registers = frt_alloc_kept(cx, HLL_LEN);
  memset(registers, 0, HLL_LEN);
  for (uint32_t i = 0; i < h->room; i++)
    if (hashes[i]) hll_register(registers, hashes[i]);
  h->data = registers;
  h->room = FRT_NONE;
}

/* Open addressing by the hash itself, at most half full; 0 is free. */
static int hll_place(uint64_t *hashes, uint32_t room, uint64_t hash) {
  uint32_t at = (uint32_t)hash & (room - 1);
  while (hashes[at] && hashes[at] != hash) at = (at + 1) & (room - 1);
  if (hashes[at]) return 0;
  hashes[at] = hash;
  return 1;
}

static void hll_grow(FrtCtx *cx, FrtHll *h) {
  uint32_t room = h->room ? h->room * 4 : HLL_FIRST;
  uint64_t *more = frt_alloc_kept(cx, room * sizeof *more);
  memset(more, 0, room * sizeof *more);
  for (uint32_t i = 0; i < h->room; i++)
    if (((uint64_t *)h->data)[i]) hll_place(more, room, ((uint64_t *)h->data)[i]);
  h->data = more;
  h->room = room;
}

void frt_hll_add(FrtCtx *cx, FrtHll *h, uint64_t hash) {
  if (!hash) hash = 1;
  if (h->room == FRT_NONE) {
    hll_register(h->data, hash);
    return;
  }
  if (h->len * 2 >= h->room) hll_grow(cx, h);
  h->len += (uint32_t)hll_place(h->data, h->room, hash);
  if (h->len > HLL_EXACT) hll_become_dense(cx, h);
}

int64_t frt_hll_count(const FrtHll *h) {
  if (h->room != FRT_NONE) return h->len;
  const uint8_t *registers = h->data;
  double sum = 0;
  uint32_t empty = 0;
  for (uint32_t i = 0; i < HLL_LEN; i++) {
    sum += ldexp(1.0, -registers[i]);
    empty += registers[i] == 0;
  }
  double m = HLL_LEN, guess = 0.7213 / (1 + 1.079 / m) * m * m / sum;
  if (guess <= 2.5 * m && empty) guess = m * log(m / empty);
  return (int64_t)(guess + 0.5);
}

/* MurmurHash3's finaliser. */
uint64_t frt_hll_word(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
  return x ^ x >> 33;
}

uint64_t frt_hll_text(FrtStr key) { return frt_hll_word(frt_xxh3(NULL, key)); }
