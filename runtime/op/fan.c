/* fan.c: rows that part by the value of one expression, see flowrt_op.h: a lookup for each row, then a counting sort of
 * the rows by what it gave, so that each consumer finds its rows side by side and in their order.
 *
 * Numbers that lie close together are looked up in an array, other values in a hash table (open addressing). */
#include <string.h>

#include "base/hash.h"
#include "flowrt.h"

enum { FAN_DIRECT_LEAST = 4096, FAN_DIRECT_EACH = 16 };

static uint32_t fan_hash_text(FrtStr s) { return (uint32_t)frt_hash_bytes(s.ptr ? s.ptr : "", s.len, 0); }

static int fan_same(FrtStr a, FrtStr b) { return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0); }

static void fan_common(FrtCtx *cx, FrtFan *f, uint32_t key_len, uint32_t len) {
  uint32_t size = 16;
  memset(f, 0, sizeof *f);
  f->len = len;
  f->in = frt_alloc_run(cx, cx->block_rows * sizeof *f->in);
  f->rows = frt_alloc_run(cx, cx->block_rows * sizeof *f->rows);
  f->slot_of = frt_alloc_run(cx, cx->block_rows * sizeof *f->slot_of);
  f->at = frt_alloc_run(cx, ((size_t)len + 2) * sizeof *f->at);
  while (size < 4 * key_len) size *= 2;
  f->mask = size - 1;
}

static void fan_table(FrtCtx *cx, FrtFan *f) {
  f->table = frt_alloc_run(cx, ((size_t)f->mask + 1) * sizeof *f->table);
  for (uint32_t i = 0; i <= f->mask; i++) f->table[i] = UINT32_MAX;
}

void frt_fan_start_words(FrtCtx *cx, FrtFan *f, const int64_t *keys, const uint32_t *slots, uint32_t key_len, uint32_t len) {
  int64_t least = keys[0], most = keys[0];
  fan_common(cx, f, key_len, len);
  f->words = frt_alloc_run(cx, cx->block_rows * sizeof *f->words);
  f->word_keys = keys;
  f->slots = slots;
  for (uint32_t k = 1; k < key_len; k++) {
    if (keys[k] < least) least = keys[k];
    if (keys[k] > most) most = keys[k];
  }
  uint64_t span = (uint64_t)most - (uint64_t)least;
  if (span < FAN_DIRECT_LEAST || span / FAN_DIRECT_EACH < key_len) {
    f->least = least;
    f->span = span;
    f->direct = frt_alloc_run(cx, (span + 1) * sizeof *f->direct);
    for (uint64_t i = 0; i <= span; i++) f->direct[i] = len;
    for (uint32_t k = 0; k < key_len; k++) f->direct[(uint64_t)keys[k] - (uint64_t)least] = slots[k];
    return;
  }
  fan_table(cx, f);
  for (uint32_t k = 0; k < key_len; k++) {
    uint32_t at = (uint32_t)frt_hash_u64((uint64_t)keys[k]) & f->mask;
    while (f->table[at] != UINT32_MAX) at = (at + 1) & f->mask;
    f->table[at] = k;
  }
}

void frt_fan_start_texts(FrtCtx *cx, FrtFan *f, const FrtStr *keys, const uint32_t *slots, uint32_t key_len, uint32_t len) {
  fan_common(cx, f, key_len, len);
  f->texts = frt_alloc_run(cx, cx->block_rows * sizeof *f->texts);
  f->text_keys = keys;
  f->slots = slots;
  fan_table(cx, f);
  for (uint32_t k = 0; k < key_len; k++) {
    uint32_t at = fan_hash_text(keys[k]) & f->mask;
    while (f->table[at] != UINT32_MAX) at = (at + 1) & f->mask;
    f->table[at] = k;
  }
}

static uint32_t fan_find_word(const FrtFan *f, int64_t word) {
  uint32_t at = (uint32_t)frt_hash_u64((uint64_t)word) & f->mask;
  for (; f->table[at] != UINT32_MAX; at = (at + 1) & f->mask)
    if (f->word_keys[f->table[at]] == word) return f->slots[f->table[at]];
  return f->len;
}

static uint32_t fan_find_text(const FrtFan *f, FrtStr text) {
  uint32_t at = fan_hash_text(text) & f->mask;
  for (; f->table[at] != UINT32_MAX; at = (at + 1) & f->mask)
    if (fan_same(f->text_keys[f->table[at]], text)) return f->slots[f->table[at]];
  return f->len;
}

/* slot_of[0..n) is known: the rows side by side by slot, at[s] where those of slot s begin. */
static void fan_part(FrtFan *f, uint32_t n) {
  uint32_t *at = f->at + 1, sum = 0;
  memset(f->at, 0, ((size_t)f->len + 2) * sizeof *f->at);
  for (uint32_t k = 0; k < n; k++) at[f->slot_of[k]]++;
  for (uint32_t s = 0; s <= f->len; s++) {
    uint32_t count = at[s];
    at[s] = sum;
    sum += count;
  }
  for (uint32_t k = 0; k < n; k++) f->rows[at[f->slot_of[k]]++] = f->in[k];
}

void frt_fan_words(FrtFan *f, uint32_t n) {
  if (f->direct) {
    for (uint32_t k = 0; k < n; k++) {
      uint64_t from = (uint64_t)f->words[k] - (uint64_t)f->least;
      f->slot_of[k] = from <= f->span ? f->direct[from] : f->len;
    }
  } else {
    for (uint32_t k = 0; k < n; k++) f->slot_of[k] = fan_find_word(f, f->words[k]);
  }
  fan_part(f, n);
}

void frt_fan_texts(FrtFan *f, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) f->slot_of[k] = fan_find_text(f, f->texts[k]);
  fan_part(f, n);
}
