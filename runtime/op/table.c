/* table.c: hash tables that number keys, see flowrt_hold.h.
 *
 * A slot is 8 bytes: the upper half of the hash as a salt and the key's number + 1. Almost every
 * probe of a wrong slot ends at the salt; the right one reads the key once. A block is worked in
 * batches of 64: hash and prefetch all, then probe, so that the misses of a large table overlap
 * (Sompolski et al. 2011; DuckDB's salted entries). What a slot leads to is prefetched too, once
 * the table is larger than the caches near by. Full to at most 5/8. */
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"
#include "flowrt.h"
#include "op/table.h"

enum {
  TABLE_CANCEL_EVERY = 4096,
  TABLE_FIRST = 1024,
  TABLE_BATCH = 64,
  TABLE_NEAR = 1 << 13,
  TABLE_DENSE_LEAST = 256,
  TABLE_DENSE_FIRST = 1024,
  TABLE_DENSE_FACTOR = 8
};

static inline uint64_t table_hash_word(uint64_t x) {
  x *= 0x9e3779b97f4a7c15ull;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  return x ^ (x >> 29);
}

static uint64_t table_hash_long(FrtStr s) { return frt_xxh3(NULL, s); }

/* Up to 16 bytes: two overlapping words, mixed; longer: XXH3. */
static inline uint64_t table_hash(FrtStr s) {
  uint64_t a = 0, b = 0;
  if (s.len > 16) return table_hash_long(s);
  if (s.len >= 8) {
    memcpy(&a, s.ptr, 8);
    memcpy(&b, s.ptr + s.len - 8, 8);
  } else if (s.len >= 4) {
    uint32_t x, y;
    memcpy(&x, s.ptr, 4);
    memcpy(&y, s.ptr + s.len - 4, 4);
    a = x;
    b = y;
  } else if (s.len) {
    a = (unsigned char)s.ptr[0];
    b = (uint64_t)(unsigned char)s.ptr[s.len / 2] << 8 | (unsigned char)s.ptr[s.len - 1];
  }
  return table_hash_word(a ^ table_hash_word(b + s.len));
}

uint64_t frt_table_hash_word(uint64_t key) { return table_hash_word(key); }
uint64_t frt_table_hash_text(FrtStr key) { return table_hash(key); }

void frt_table_init(FrtTable *t, uint32_t is_text) {
  memset(t, 0, sizeof *t);
  t->is_text = is_text;
  t->null_number = FRT_NONE;
  t->dense_check = TABLE_DENSE_FIRST;
  frt_store_init(&t->keep, 1);
}

static size_t table_number_size(const FrtTable *t) {
  return t->is_text ? sizeof *t->words + sizeof *t->texts : sizeof *t->words;
}

/* What the arrays take: the texts are counted by their store. */
static uint64_t table_size(const FrtTable *t) {
  uint64_t size = t->room * (uint64_t)table_number_size(t);
  if (t->slots) size += (t->mask + 1) * sizeof *t->slots;
  return size + t->dense_room * sizeof *t->dense;
}

static void table_hold(const FrtTable *t, uint64_t size) {
  if (t->spills) frt_hold_buffer(size);
  else frt_hold(size);
}

void frt_table_free(FrtTable *t) {
  uint32_t spills = t->spills;
  frt_unreserve(NULL, table_size(t));
  frt_free(t->slots);
  frt_free(t->words);
  frt_free(t->texts);
  frt_free(t->dense);
  frt_store_free(&t->keep);
  frt_table_init(t, t->is_text);
  t->spills = t->keep.spills = spills;
}

static uint64_t table_number_hash(const FrtTable *t, uint32_t number) {
  return t->is_text ? t->words[number] : table_hash_word(t->words[number]);
}

static void table_place(FrtTable *t, uint64_t hash, uint32_t number) {
  uint64_t at = hash & t->mask;
  while (t->slots[at]) at = (at + 1) & t->mask;
  t->slots[at] = (hash & 0xffffffff00000000ull) | (number + 1);
}

/* Slots are four times as many each time, twice as many when memory is short. */
static uint64_t table_next_size(const FrtTable *t) {
  if (!t->slots) return TABLE_FIRST;
  uint64_t size = t->mask + 1;
  return t->spills && size > TABLE_NEAR && !frt_may_reserve(size * 4 * sizeof *t->slots) ? size * 2 : size * 4;
}

static void table_grow(FrtTable *t) {
  uint64_t size = table_next_size(t);
  if (t->slots) frt_unreserve(NULL, (t->mask + 1) * sizeof *t->slots);
  table_hold(t, size * sizeof *t->slots);
  frt_free(t->slots);
  t->slots = frt_calloc(size, sizeof *t->slots);
  frt_advise_large(t->slots, size * sizeof *t->slots);
  t->mask = size - 1;
  /* Half a second for 10 million keys: a run that was cancelled does not look them up again. */
  for (uint32_t i = 0; i < t->len && !(i % TABLE_CANCEL_EVERY == 0 && frt_cancelled()); i++)
    if (i != t->null_number && (t->is_text || t->words[i] >= t->dense_room))
      table_place(t, table_number_hash(t, i), i);
}

static uint32_t table_new_number(FrtTable *t) {
  if (t->len == t->room) {
    if (t->room == UINT32_MAX) frt_malloc(SIZE_MAX); /* numbers have run out: so has memory */
    uint32_t before = t->room;
    t->room = !t->room ? 256 : t->room > UINT32_MAX / 2 ? UINT32_MAX : t->room * 2;
    table_hold(t, (t->room - before) * (uint64_t)table_number_size(t));
    t->words = frt_realloc(t->words, t->room * sizeof *t->words);
    frt_advise_large(t->words, t->room * sizeof *t->words);
    if (t->is_text) t->texts = frt_realloc(t->texts, t->room * sizeof *t->texts);
  }
  return t->len++;
}

/* Each time the number of keys has doubled: an array of 8 places a key, if half of the keys or more
 * fall into it. Keys that stood in a slot before stay there unseen. */
/* In steps: a run that was cancelled need not wait for all of a large array, and keeps the one it has. */
static void table_grow_dense(FrtTable *t) {
  uint64_t room = (uint64_t)t->dense_check * TABLE_DENSE_FACTOR;
  uint32_t small = 0;
  t->dense_check *= 2;
  for (uint32_t i = 0; i < t->len; i++) small += t->words[i] < room;
  if (t->is_text || room <= t->dense_room || small < t->len / 2) return;
  if (t->spills && !frt_may_reserve((room - t->dense_room) * 2 * sizeof *t->dense)) return;
  t->dense = frt_realloc(t->dense, room * sizeof *t->dense);
  frt_advise_large(t->dense, room * sizeof *t->dense);
  for (uint64_t at = t->dense_room; at < room; at += TABLE_CANCEL_EVERY) {
    if (frt_cancelled()) return;
    memset(t->dense + at, 0, (room - at < TABLE_CANCEL_EVERY ? room - at : TABLE_CANCEL_EVERY) * sizeof *t->dense);
  }
  for (uint32_t i = 0; i < t->len; i++) {
    if (i % TABLE_CANCEL_EVERY == 0 && frt_cancelled()) return;
    if (i != t->null_number && t->words[i] >= t->dense_room && t->words[i] < room) t->dense[t->words[i]] = i + 1;
  }
  table_hold(t, (room - t->dense_room) * sizeof *t->dense);
  t->dense_room = room;
}

/* Enums, bools and other small numbers never meet a slot. */
static void table_start_dense(FrtTable *t) {
  table_hold(t, TABLE_DENSE_LEAST * sizeof *t->dense);
  t->dense = frt_malloc(TABLE_DENSE_LEAST * sizeof *t->dense);
  memset(t->dense, 0, TABLE_DENSE_LEAST * sizeof *t->dense);
  t->dense_room = TABLE_DENSE_LEAST;
}

static int table_is_full(const FrtTable *t, uint64_t more) {
  return !t->slots || (t->len + more) * 8 > (t->mask + 1) * 5;
}

uint64_t frt_table_growth(const FrtTable *t, uint32_t more, uint64_t text_size) {
  uint64_t size = t->is_text && (uint64_t)(t->keep.text_end - t->keep.text_at) < text_size ? text_size + 256 * 1024 : 0;
  uint64_t room = t->room ? t->room : 256, slots = t->slots ? t->mask + 1 : TABLE_FIRST;
  while (room < (uint64_t)t->len + more) room *= 2;
  while (((uint64_t)t->len + more) * 8 > slots * 5) slots *= 2;
  size += (room - t->room) * table_number_size(t);
  return slots > t->mask + 1 ? size + (slots - t->mask - 1) * sizeof *t->slots : size;
}

void frt_table_spills(FrtTable *t) { t->spills = t->keep.spills = 1; }

/* There is room for `more` keys without growing. */
static void table_reserve(FrtTable *t, uint32_t more) {
  if (!t->slots && !t->is_text) table_start_dense(t);
  if (t->len >= t->dense_check && t->dense_check <= UINT32_MAX / 2) table_grow_dense(t);
  while (table_is_full(t, more)) table_grow(t);
}

static uint32_t table_null(FrtTable *t, uint32_t k, uint32_t *fresh, uint32_t *fresh_len) {
  if (t->null_number == FRT_NONE) {
    t->null_number = table_new_number(t);
    t->words[t->null_number] = 0;
    if (t->is_text) t->texts[t->null_number] = (FrtStr){ 0 };
    fresh[(*fresh_len)++] = k;
  }
  return t->null_number;
}

/* Short texts by overlapping words, without a call. */
static inline int table_same_text(FrtStr a, FrtStr b) {
  if (a.len != b.len) return 0;
  if (a.len > 16) return !memcmp(a.ptr, b.ptr, a.len);
  if (a.len >= 8) {
    uint64_t x[2], y[2];
    memcpy(&x[0], a.ptr, 8);
    memcpy(&y[0], b.ptr, 8);
    memcpy(&x[1], a.ptr + a.len - 8, 8);
    memcpy(&y[1], b.ptr + b.len - 8, 8);
    return x[0] == y[0] && x[1] == y[1];
  }
  if (a.len >= 4) {
    uint32_t x[2], y[2];
    memcpy(&x[0], a.ptr, 4);
    memcpy(&y[0], b.ptr, 4);
    memcpy(&x[1], a.ptr + a.len - 4, 4);
    memcpy(&y[1], b.ptr + b.len - 4, 4);
    return x[0] == y[0] && x[1] == y[1];
  }
  for (uint32_t i = 0; i < a.len; i++)
    if (a.ptr[i] != b.ptr[i]) return 0;
  return 1;
}

/* The number of the key, or FRT_NONE with *at the free slot. */
static inline uint32_t table_probe_word(const FrtTable *t, uint64_t hash, uint64_t key,
                                        uint64_t *at) {
  for (uint64_t i = hash & t->mask;; i = (i + 1) & t->mask) {
    uint64_t slot = t->slots[i];
    *at = i;
    if (!slot) return FRT_NONE;
    if ((slot ^ hash) >> 32) continue;
    uint32_t number = (uint32_t)slot - 1;
    if (t->words[number] == key) return number;
  }
}

static inline uint32_t table_probe_text(const FrtTable *t, uint64_t hash, FrtStr key,
                                        uint64_t *at) {
  for (uint64_t i = hash & t->mask;; i = (i + 1) & t->mask) {
    uint64_t slot = t->slots[i];
    *at = i;
    if (!slot) return FRT_NONE;
    if ((slot ^ hash) >> 32) continue;
    uint32_t number = (uint32_t)slot - 1;
    if (table_same_text(t->texts[number], key)) return number;
  }
}

/* Hashes keys[0..m) and gets their slots on the way, and then what the slots lead to. */
static inline void table_prefetch_words(const FrtTable *t, const uint64_t *keys, uint32_t m,
                                        uint64_t *hash) {
  for (uint32_t j = 0; j < m; j++) {
    if (keys[j] < t->dense_room) {
      __builtin_prefetch(&t->dense[keys[j]]);
      continue;
    }
    hash[j] = table_hash_word(keys[j]);
    __builtin_prefetch(&t->slots[hash[j] & t->mask]);
  }
  if (t->mask < TABLE_NEAR) return;
  for (uint32_t j = 0; j < m; j++)
    if (keys[j] >= t->dense_room)
      __builtin_prefetch(&t->words[(uint32_t)t->slots[hash[j] & t->mask] - 1]);
}

static inline void table_prefetch_texts(const FrtTable *t, const FrtStr *keys, const uint8_t *nul,
                                        uint32_t m, uint64_t *hash) {
  for (uint32_t j = 0; j < m; j++) {
    hash[j] = nul && nul[j] ? 0 : table_hash(keys[j]);
    __builtin_prefetch(&t->slots[hash[j] & t->mask]);
  }
  if (t->mask < TABLE_NEAR) return;
  for (uint32_t j = 0; j < m; j++)
    __builtin_prefetch(&t->texts[(uint32_t)t->slots[hash[j] & t->mask] - 1]);
  for (uint32_t j = 0; j < m; j++) {
    uint64_t slot = t->slots[hash[j] & t->mask];
    if (slot) __builtin_prefetch(t->texts[(uint32_t)slot - 1].ptr);
  }
}

/* A key that is not there yet. */
static uint32_t table_add_word(FrtTable *t, uint64_t key) {
  uint32_t number = table_new_number(t);
  t->words[number] = key;
  return number;
}

uint32_t frt_table_add_words(FrtCtx *cx, FrtTable *t, const uint64_t *keys, const uint8_t *nul,
                             uint32_t n, uint32_t *ids, uint32_t *fresh) {
  uint64_t hash[TABLE_BATCH], at;
  uint32_t fresh_len = 0;
  (void)cx;
  for (uint32_t from = 0; from < n; from += TABLE_BATCH) {
    uint32_t m = n - from < TABLE_BATCH ? n - from : TABLE_BATCH;
    table_reserve(t, m + 1);
    table_prefetch_words(t, keys + from, m, hash);
    for (uint32_t j = 0; j < m; j++) {
      uint32_t k = from + j, number;
      if (nul && nul[k]) {
        ids[k] = table_null(t, k, fresh, &fresh_len);
        continue;
      }
      if (keys[k] < t->dense_room) {
        number = t->dense[keys[k]] - 1;
        if (number == FRT_NONE) {
          number = table_add_word(t, keys[k]);
          t->dense[keys[k]] = number + 1;
          fresh[fresh_len++] = k;
        }
      } else {
        number = table_probe_word(t, hash[j], keys[k], &at);
        if (number == FRT_NONE) {
          number = table_add_word(t, keys[k]);
          t->slots[at] = (hash[j] & 0xffffffff00000000ull) | (number + 1);
          fresh[fresh_len++] = k;
        }
      }
      ids[k] = number;
    }
  }
  return fresh_len;
}

uint32_t frt_table_add_texts(FrtCtx *cx, FrtTable *t, const FrtStr *keys, const uint8_t *nul,
                             uint32_t n, uint32_t *ids, uint32_t *fresh) {
  uint64_t hash[TABLE_BATCH], at;
  uint32_t fresh_len = 0;
  for (uint32_t from = 0; from < n; from += TABLE_BATCH) {
    uint32_t m = n - from < TABLE_BATCH ? n - from : TABLE_BATCH;
    table_reserve(t, m + 1);
    table_prefetch_texts(t, keys + from, nul ? nul + from : NULL, m, hash);
    for (uint32_t j = 0; j < m; j++) {
      uint32_t k = from + j;
      if (nul && nul[k]) {
        ids[k] = table_null(t, k, fresh, &fresh_len);
        continue;
      }
      uint32_t number = table_probe_text(t, hash[j], keys[k], &at);
      if (number == FRT_NONE) {
        number = table_new_number(t);
        t->words[number] = hash[j];
        t->texts[number] = frt_store_text(cx, &t->keep, keys[k]);
        t->slots[at] = (hash[j] & 0xffffffff00000000ull) | (number + 1);
        fresh[fresh_len++] = k;
      }
      ids[k] = number;
    }
  }
  return fresh_len;
}

void frt_table_find_words(const FrtTable *t, const uint64_t *keys, const uint8_t *nul, uint32_t n,
                          uint32_t *ids) {
  uint64_t hash[TABLE_BATCH], at;
  for (uint32_t from = 0; from < n; from += TABLE_BATCH) {
    uint32_t m = n - from < TABLE_BATCH ? n - from : TABLE_BATCH;
    if (t->slots) table_prefetch_words(t, keys + from, m, hash);
    for (uint32_t j = 0; j < m; j++) {
      uint32_t k = from + j;
      if (!t->slots || (nul && nul[k])) ids[k] = FRT_NONE;
      else if (keys[k] < t->dense_room) ids[k] = t->dense[keys[k]] - 1;
      else ids[k] = table_probe_word(t, hash[j], keys[k], &at);
    }
  }
}

void frt_table_find_texts(const FrtTable *t, const FrtStr *keys, const uint8_t *nul, uint32_t n,
                          uint32_t *ids) {
  uint64_t hash[TABLE_BATCH], at;
  for (uint32_t from = 0; from < n; from += TABLE_BATCH) {
    uint32_t m = n - from < TABLE_BATCH ? n - from : TABLE_BATCH;
    if (t->slots) table_prefetch_texts(t, keys + from, nul ? nul + from : NULL, m, hash);
    for (uint32_t j = 0; j < m; j++) {
      uint32_t k = from + j;
      ids[k] = !t->slots || (nul && nul[k]) ? FRT_NONE : table_probe_text(t, hash[j], keys[k], &at);
    }
  }
}

/* ---- keys of several columns ---- */

uint64_t frt_key_word_f64(double v) {
  uint64_t w;
  if (v == 0) v = 0.0;
  if (v != v) return 0x7ff8000000000000ull;
  memcpy(&w, &v, 8);
  return w;
}

char *frt_key_null(char *p) {
  *p = 0;
  return p + 1;
}

char *frt_key_word(char *p, uint64_t v) {
  *p = 1;
  memcpy(p + 1, &v, 8);
  return p + 9;
}

char *frt_key_wide(char *p, uint64_t hi, uint64_t lo) {
  *p = 2;
  memcpy(p + 1, &hi, 8);
  memcpy(p + 9, &lo, 8);
  return p + 17;
}

char *frt_key_text(char *p, FrtStr v) {
  *p = 3;
  memcpy(p + 1, &v.len, 4);
  if (v.len) memcpy(p + 5, v.ptr, v.len);
  return p + 5 + v.len;
}
