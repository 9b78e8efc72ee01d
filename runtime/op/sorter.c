/* sorter.c: keys of any form in order, see FrtSorter in flowrt_hold.h.
 *
 * Entries rest in chunks. While they come, the bits in which keys differ are gathered, and whether the last words of the
 * keys rise from row to row anyway: those words need no sorting, since the sort is stable. At the end the bits that differ
 * are put together. Mostly they fit one word: `price desc, id` of a million orders is 20 and 20 bits. Then pairs of
 * that word and the payload are scattered into buckets and sorted there (radix.c), and rows are never compared. Else pairs are
 * sorted by the first 64 bits and rows of equal bits by what follows: the words of the entry, or the bytes of the key, a
 * word at a time (the idea of multikey sorting: J. Bentley, R. Sedgewick, "Fast algorithms for sorting and searching
 * strings", 1997). */
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "op/radix.h"

enum { SORTER_SHIFT = 20, SORTER_CHUNK_FIRST = 1 << 12, SORTER_CHUNK_MAX = 1 << SORTER_SHIFT };
enum { SORTER_UNCUT = 1 << 14, SORTER_FEW = 12, SORTER_DEEP = 40, SORTER_AHEAD = 16 };

typedef struct SorterChunk {
  uint64_t len, room;
  uint64_t data[];   /* len entries of words + 1 */
} SorterChunk;

/* ---- entries ---- */

void frt_sorter_init(FrtSorter *s, uint32_t words, uint32_t by_bytes) {
  memset(s, 0, sizeof *s);
  s->words = by_bytes ? 1 : words;
  s->by_bytes = by_bytes;
  s->rising = (1u << s->words) - 1;
}

static SorterChunk *sorter_chunk(FrtSorter *s) {
  SorterChunk *c = s->chunk_len ? s->chunks[s->chunk_len - 1] : NULL;
  if (c && c->len < c->room) return c;
  uint64_t room = !c ? SORTER_CHUNK_FIRST : c->room < SORTER_CHUNK_MAX ? c->room * 4 : SORTER_CHUNK_MAX;
  if (s->chunk_len == s->chunk_room) {
    s->chunk_room = s->chunk_room ? s->chunk_room * 2 : 8;
    s->chunks = frt_realloc(s->chunks, s->chunk_room * sizeof *s->chunks);
  }
  size_t size = sizeof *c + (size_t)room * (s->words + 1) * sizeof(uint64_t);
  c = frt_malloc(size);
  frt_hold(size);
  s->held += size;
  frt_advise_large(c, size);
  c->len = 0;
  c->room = room;
  return s->chunks[s->chunk_len++] = c;
}

static const FrtSortKey *sorter_key(uint64_t payload) { return (const FrtSortKey *)(uintptr_t)payload; }

static int sorter_bytes_rise(const FrtSorter *s, const FrtSortKey *key) {
  const FrtSortKey *before = s->last_key;
  uint32_t len = before->len < key->len ? before->len : key->len;
  int c = memcmp(before->bytes, key->bytes, len);
  return c ? c < 0 : before->len <= key->len;
}

/* Bit j of `rising`: the words from j on, as one number, have not fallen from one row to the next. */
static void sorter_note(FrtSorter *s, const uint64_t *w, uint64_t payload) {
  uint32_t ok = 1, rising = 0;
  if (s->by_bytes && w[0] == s->last[0]) ok = (uint32_t)sorter_bytes_rise(s, sorter_key(payload));
  for (uint32_t j = s->words; j-- > 0;) {
    ok = w[j] > s->last[j] || (w[j] == s->last[j] && ok);
    rising |= ok << j;
    s->differ[j] |= w[j] ^ s->first[j];
    s->last[j] = w[j];
  }
  s->rising &= rising;
}

static void sorter_note_all(FrtSorter *s, const uint64_t *words, const uint64_t *payloads, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) {
    sorter_note(s, words + (size_t)k * s->words, payloads[k]);
    if (s->by_bytes) s->last_key = sorter_key(payloads[k]);
  }
}

/* As sorter_note_all, for what most sorts are. */
static void sorter_note_one(FrtSorter *s, const uint64_t *words, uint32_t n) {
  uint64_t last = s->last[0], first = s->first[0], differ = s->differ[0];
  uint32_t rising = s->rising;
  for (uint32_t k = 0; k < n; k++) {
    rising &= words[k] >= last;
    differ |= words[k] ^ first;
    last = words[k];
  }
  s->rising = rising;
  s->differ[0] = differ;
  s->last[0] = last;
}

static void sorter_note_two(FrtSorter *s, const uint64_t *words, uint32_t n) {
  uint64_t last0 = s->last[0], last1 = s->last[1], differ0 = s->differ[0], differ1 = s->differ[1];
  uint32_t up = s->rising & 1, up1 = s->rising >> 1 & 1;
  for (uint32_t k = 0; k < n; k++) {
    uint64_t w0 = words[2 * (size_t)k], w1 = words[2 * (size_t)k + 1];
    uint32_t ok = w1 >= last1;
    up1 &= ok;
    up &= (w0 > last0) | ((w0 == last0) & ok);
    differ0 |= w0 ^ s->first[0];
    differ1 |= w1 ^ s->first[1];
    last0 = w0;
    last1 = w1;
  }
  s->rising = up | up1 << 1;
  s->differ[0] = differ0;
  s->differ[1] = differ1;
  s->last[0] = last0;
  s->last[1] = last1;
}

void frt_sorter_add(FrtSorter *s, const uint64_t *words, const uint64_t *payloads, uint32_t n) {
  uint32_t stride = s->words + 1;
  if (!n) return;
  if (!s->len) {
    memcpy(s->first, words, s->words * sizeof *words);
    memcpy(s->last, words, s->words * sizeof *words);
    if (s->by_bytes) s->last_key = sorter_key(payloads[0]);
  }
  if (s->by_bytes || s->words > 2) sorter_note_all(s, words, payloads, n);
  else if (s->words == 1) sorter_note_one(s, words, n);
  else sorter_note_two(s, words, n);
  s->len += n;
  while (n) {
    SorterChunk *c = sorter_chunk(s);
    uint32_t m = n < c->room - c->len ? n : (uint32_t)(c->room - c->len);
    uint64_t *to = c->data + c->len * stride;
    for (uint32_t k = 0; k < m; k++, to += stride) {
      to[0] = words[(size_t)k * s->words];
      for (uint32_t j = 1; j < s->words; j++) to[j] = words[(size_t)k * s->words + j];
      to[s->words] = payloads[k];
    }
    c->len += m;
    words += (size_t)m * s->words;
    payloads += m;
    n -= m;
  }
}

static void sorter_free_chunks(FrtSorter *s) {
  for (uint32_t i = 0; i < s->chunk_len; i++) frt_free(s->chunks[i]);
  frt_free(s->chunks);
  frt_unreserve(NULL, s->held);
  s->held = 0;
  s->chunks = NULL;
  s->chunk_len = s->chunk_room = 0;
}

void frt_sorter_free(FrtSorter *s) {
  sorter_free_chunks(s);
  if (s->pairs) frt_unreserve(NULL, s->len * sizeof *s->pairs);
  frt_free(s->pairs);
  frt_sorter_init(s, s->words, s->by_bytes);
}

/* ---- bits that differ, put together ---- */

/* Word j gives (w >> right & mask) << left. */
typedef struct SorterPack {
  uint32_t words;        /* that take part */
  uint32_t whole;        /* equal keys are equal entries: there are no ties */
  uint64_t differ;
  struct { int right, left; uint64_t mask; } of[FRT_SORT_WORDS];
} SorterPack;

static int sorter_width(uint64_t differ) {
  return differ ? 64 - __builtin_clzll(differ) - __builtin_ctzll(differ) : 0;
}

static SorterPack sorter_pack(const FrtSorter *s) {
  SorterPack p = { .whole = !s->by_bytes };
  int all = 0, left;
  while (p.words < s->words && !(s->rising >> p.words & 1)) all += sorter_width(s->differ[p.words++]);
  left = all < 64 ? all : 64;
  p.whole &= all <= 64;
  p.differ = left == 64 ? ~0ull : (1ull << left) - 1;
  for (uint32_t j = 0; j < p.words; j++) {
    int width = sorter_width(s->differ[j]), most = width < left ? width : left;
    if (!most) continue;
    p.of[j].right = __builtin_ctzll(s->differ[j]) + width - most;
    p.of[j].mask = most == 64 ? ~0ull : (1ull << most) - 1;
    p.of[j].left = left -= most;
  }
  return p;
}

static inline __attribute__((always_inline)) uint64_t sorter_packed(const SorterPack *p, const uint64_t *w, uint32_t words) {
  uint64_t key = 0;
  for (uint32_t j = 0; j < words; j++) key |= (w[j] >> p->of[j].right & p->of[j].mask) << p->of[j].left;
  return key;
}

/* ---- ties ---- */

typedef struct SorterTies {
  FrtTies base;
  const FrtSorter *s;
  uint32_t depth;        /* words that are known to be equal */
  uint32_t calls;        /* within each other */
} SorterTies;

static const uint64_t *sorter_entry(const FrtSorter *s, uint64_t at) {
  const SorterChunk *c = s->chunks[at >> SORTER_SHIFT];
  return c->data + (at & (SORTER_CHUNK_MAX - 1)) * (s->words + 1);
}

/* Word `depth` of what the pair stands for; 0 when there are no more. */
static int sorter_word(const FrtSorter *s, uint64_t row, uint32_t depth, uint64_t *word) {
  if (!s->by_bytes) {
    *word = depth < s->words ? sorter_entry(s, row)[depth] : 0;
    return depth < s->words;
  }
  const FrtSortKey *key = sorter_key(row);
  uint64_t from = (uint64_t)depth * 8;
  *word = from < key->len ? frt_order_text((FrtStr){ key->bytes + from, (uint32_t)(key->len - from), 0 }) : 0;
  return from < key->len;
}

/* Whether a comes behind b, when their first `depth` words are equal. */
static int sorter_after(const FrtSorter *s, uint64_t a, uint64_t b, uint32_t depth) {
  for (;; depth++) {
    uint64_t x, y;
    int more = sorter_word(s, a, depth, &x), other = sorter_word(s, b, depth, &y);
    if (x != y) return x > y;
    if (!more || !other) return s->by_bytes && sorter_key(a)->len > sorter_key(b)->len;
  }
}

static void sorter_merge(const SorterTies *t, FrtPair *p, FrtPair *room, uint64_t n) {
  if (n <= SORTER_FEW) {
    for (uint64_t i = 1; i < n; i++) {
      FrtPair x = p[i];
      uint64_t j = i;
      for (; j && sorter_after(t->s, p[j - 1].row, x.row, t->depth); j--) p[j] = p[j - 1];
      p[j] = x;
    }
    return;
  }
  uint64_t half = n / 2, i = 0, j = half, k = 0;
  sorter_merge(t, p, room, half);
  sorter_merge(t, p + half, room, n - half);
  if (!sorter_after(t->s, p[half - 1].row, p[half].row, t->depth)) return;
  memcpy(room, p, half * sizeof *p);
  while (i < half && j < n) p[k++] = sorter_after(t->s, room[i].row, p[j].row, t->depth) ? p[j++] : room[i++];
  while (i < half) p[k++] = room[i++];
}

static void sorter_lengths(FrtPair *p, FrtPair *room, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) p[i].key = sorter_key(p[i].row)->len;
  frt_radix_sort(p, room, n, 0, NULL);
}

/* The next word in which they differ is the key of a sort of its own. Texts that nest without end are merged. */
static void sorter_ties(const FrtTies *base, FrtPair *p, FrtPair *room, uint64_t n) {
  SorterTies t = *(const SorterTies *)(const void *)base;
  if (n <= SORTER_FEW || t.calls > SORTER_DEEP) {
    sorter_merge(&t, p, room, n);
    return;
  }
  for (;; t.depth++) {
    uint64_t differ = 0, more = 0;
    for (uint64_t i = 0; i < n; i++) {
      more += (uint64_t)sorter_word(t.s, p[i].row, t.depth, &p[i].key);
      differ |= p[i].key ^ p[0].key;
    }
    if (!more) break;
    if (!differ && more == n) continue;
    for (uint64_t i = 0; !differ && i < n; i++) {   /* zeros, or nothing: what has ended comes first */
      uint64_t word;
      p[i].key = (uint64_t)sorter_word(t.s, p[i].row, t.depth, &word);
    }
    t.depth++;
    t.calls++;
    frt_radix_sort(p, room, n, 0, &t.base);
    return;
  }
  if (t.s->by_bytes) sorter_lengths(p, room, n);
}

/* ---- sorting ---- */

typedef struct SorterRun {
  FrtSorter *s;
  SorterPack pack;
  SorterTies ties;
  FrtRadixCut cut;
  uint64_t ends[1 << FRT_RADIX_CUT_MAX];
} SorterRun;

static inline __attribute__((always_inline)) void sorter_count(SorterRun *r, uint32_t words) {
  uint32_t stride = r->s->words + 1;
  for (uint32_t c = 0; c < r->s->chunk_len; c++) {
    const SorterChunk *chunk = r->s->chunks[c];
    for (uint64_t i = 0; i < chunk->len; i++)
      r->ends[FRT_RADIX_DIGIT(r->cut, sorter_packed(&r->pack, chunk->data + i * stride, words))]++;
  }
}

static inline __attribute__((always_inline)) void sorter_scatter(SorterRun *r, uint32_t words) {
  FrtSorter *s = r->s;
  uint32_t stride = s->words + 1;
  int by_place = !r->pack.whole && !s->by_bytes;   /* ties look at the entry */
  SorterPack pack = r->pack;
  for (uint32_t c = 0; c < s->chunk_len; c++) {
    const SorterChunk *chunk = s->chunks[c];
    for (uint64_t i = 0; i < chunk->len; i++) {
      const uint64_t *e = chunk->data + i * stride;
      uint64_t key = sorter_packed(&pack, e, words);
      s->pairs[r->ends[FRT_RADIX_DIGIT(r->cut, key)]++] =
          (FrtPair){ key, by_place ? (uint64_t)c << SORTER_SHIFT | i : e[s->words] };
    }
  }
}

/* Pairs of packed keys, bucket after bucket: ends[b] is where bucket b ends. */
static void sorter_split(SorterRun *r) {
  uint64_t sum = 0;
  if (r->cut.bits) {
    if (r->pack.words == 1) sorter_count(r, 1);
    else if (r->pack.words == 2) sorter_count(r, 2);
    else sorter_count(r, r->pack.words);
  }
  for (uint32_t b = 0; b < 1u << r->cut.bits; b++) {
    uint64_t count = r->ends[b];
    r->ends[b] = sum;
    sum += count;
  }
  if (r->pack.words == 1) sorter_scatter(r, 1);
  else if (r->pack.words == 2) sorter_scatter(r, 2);
  else sorter_scatter(r, r->pack.words);
}

static void sorter_buckets(SorterRun *r) {
  uint64_t most = 0, begin = 0;
  for (uint32_t b = 0; b < 1u << r->cut.bits; begin = r->ends[b++])
    if (r->ends[b] - begin > most) most = r->ends[b] - begin;
  FrtPair *room = frt_malloc(most * sizeof *room);
  begin = 0;
  for (uint32_t b = 0; b < 1u << r->cut.bits; begin = r->ends[b++])
    frt_radix_sort(r->s->pairs + begin, room, r->ends[b] - begin, 0, r->pack.whole ? NULL : &r->ties.base);
  frt_free(room);
}

/* What the pairs stand for becomes their payload. */
static void sorter_payloads(FrtSorter *s) {
  FrtPair *p = s->pairs;
  for (uint64_t i = 0; i < s->len; i++) {
    uint64_t ahead = p[i + SORTER_AHEAD < s->len ? i + SORTER_AHEAD : i].row;
    __builtin_prefetch(s->by_bytes ? (const void *)sorter_key(ahead) : sorter_entry(s, ahead) + s->words);
    p[i].row = s->by_bytes ? sorter_key(p[i].row)->payload : sorter_entry(s, p[i].row)[s->words];
  }
}

void frt_sorter_sort(FrtSorter *s) {
  if (s->pairs || !s->len) return;
  SorterRun *r = frt_malloc(sizeof *r);
  memset(r, 0, sizeof *r);
  r->s = s;
  r->pack = sorter_pack(s);
  r->ties = (SorterTies){ { sorter_ties }, s, s->by_bytes ? 1 : 0, 0 };
  if (s->len > SORTER_UNCUT) r->cut = frt_radix_cut(s->len, r->pack.differ);
  s->pairs = frt_malloc(s->len * sizeof *s->pairs);
  frt_hold(s->len * sizeof *s->pairs);
  frt_advise_large(s->pairs, s->len * sizeof *s->pairs);
  sorter_split(r);
  if (r->pack.whole) sorter_free_chunks(s);
  if (r->pack.words) sorter_buckets(r);
  if (!r->pack.whole) sorter_payloads(s);
  sorter_free_chunks(s);
  frt_free(r);
}
