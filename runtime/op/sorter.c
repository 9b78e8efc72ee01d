/* sorter.c: keys of any form in order, see FrtSorter in flowrt_sort.h.
 *
 * Entries rest in chunks. While they come, the bits in which keys differ are gathered, and whether the last words of the
 * keys rise from row to row anyway: those words need no sorting, since the sort is stable. At the end the bits that differ
 * are put together (sorter_pack.c). Mostly they fit one word: `price desc, id` of a million orders is 20 and 20 bits. Then
 * pairs of that word and the payload are scattered into buckets and sorted there (radix.c), and rows are never compared.
 * Else pairs are sorted by 64 bits, and rows of equal bits by what follows (sorter_ties.c). */
#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"
#include "base/parallel.h"
#include "op/sorter.h"

enum { SORTER_UNCUT = 1 << 14, SORTER_AHEAD = 16 };

/* ---- entries ---- */

void frt_sorter_init(FrtSorter *s, uint32_t words, uint32_t by_bytes) {
  memset(s, 0, sizeof *s);
  s->words = by_bytes ? 1 : words;
  s->by_bytes = by_bytes;
  s->rising = (1u << s->words) - 1;
}

/* What so many entries take: themselves, and the pairs when they are sorted. */
static uint64_t sorter_held(const FrtSorter *s, uint64_t room) {
  return sizeof(SorterChunk) + room * ((s->words + 1) * sizeof(uint64_t) + sizeof(FrtPair));
}

static void sorter_reserve(FrtSorter *s, uint64_t size) {
  if (!frt_reserve(NULL, size)) {
    frt_hold_buffer(size);
    s->refused |= s->held != 0 || frt_budget_stress();
  }
  s->held += size;
}

static SorterChunk *sorter_chunk(FrtSorter *s) {
  SorterChunk *c = s->chunk_len ? s->chunks[s->chunk_len - 1] : NULL;
  if (c && c->len < c->room) return c;
  uint64_t room = !c ? SORTER_CHUNK_FIRST : c->room < SORTER_CHUNK_MAX ? c->room * 4 : SORTER_CHUNK_MAX;
  while (room > SORTER_CHUNK_FIRST && !frt_may_reserve(sorter_held(s, room))) room /= 4;
  if (s->chunk_len == s->chunk_room) {
    s->chunk_room = s->chunk_room ? s->chunk_room * 2 : 8;
    s->chunks = frt_realloc(s->chunks, s->chunk_room * sizeof *s->chunks);
  }
  size_t size = sizeof *c + (size_t)room * (s->words + 1) * sizeof(uint64_t);
  c = frt_malloc(size);
  sorter_reserve(s, sorter_held(s, room));
  frt_advise_large(c, size);
  c->len = 0;
  c->room = room;
  return s->chunks[s->chunk_len++] = c;
}

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
  s->chunks = NULL;
  s->chunk_len = s->chunk_room = 0;
}

void frt_sorter_free(FrtSorter *s) {
  sorter_free_chunks(s);
  frt_free(s->pairs);
  frt_unreserve(NULL, s->held);
  frt_sorter_init(s, s->words, s->by_bytes);
}

/* ---- sorting ---- */

/* The task of sorting buckets in `parts`: part i has those that begin in the i-th part of the pairs. */
typedef struct SorterShare {
  SorterRun *r;
  uint32_t parts;
} SorterShare;

static uint64_t sorter_border(const SorterShare *h, uint32_t part) {
  return (uint64_t)((double)h->r->s->len * part / h->parts);
}

static void sorter_buckets_part(void *env, uint32_t part) {
  const SorterShare *h = env;
  SorterRun *r = h->r;
  SorterTies ties = frt_sorter_ties(r);
  uint64_t most = 0, begin = 0, from = sorter_border(h, part), to = part + 1 == h->parts ? r->s->len : sorter_border(h, part + 1);
  for (uint32_t b = 0; b < 1u << r->cut.bits; begin = r->ends[b++])
    if (begin >= from && begin < to && r->ends[b] - begin > most) most = r->ends[b] - begin;
  FrtPair *room = frt_malloc(most * sizeof *room);
  frt_hold_buffer(most * sizeof *room);
  begin = 0;
  for (uint32_t b = 0; b < 1u << r->cut.bits && begin < to && !frt_cancelled(); begin = r->ends[b++])
    if (begin >= from) frt_radix_sort(r->s->pairs + begin, room, r->ends[b] - begin, 0, r->pack.whole ? NULL : &ties.base);
  frt_free(room);
  frt_unreserve(NULL, most * sizeof *room);
}

static void sorter_buckets(SorterRun *r) {
  SorterShare h = {r, r->s->len < SORTER_SHARED ? 1 : 4 * frt_parallel_width()};
  if (frt_parallel_width() == 1) h.parts = 1;
  frt_parallel(h.parts, sorter_buckets_part, &h);
}

/* What the pairs stand for becomes their payload. */
static void sorter_payloads_part(void *env, uint32_t part) {
  const SorterShare *h = env;
  const FrtSorter *s = h->r->s;
  FrtPair *p = s->pairs;
  uint64_t from = sorter_border(h, part), to = part + 1 == h->parts ? s->len : sorter_border(h, part + 1);
  for (uint64_t i = from; i < to; i++) {
    uint64_t ahead = p[i + SORTER_AHEAD < to ? i + SORTER_AHEAD : i].row;
    __builtin_prefetch(s->by_bytes ? (const void *)sorter_key(ahead) : sorter_entry(s, ahead) + s->words);
    p[i].row = s->by_bytes ? sorter_key(p[i].row)->payload : sorter_entry(s, p[i].row)[s->words];
  }
}

static void sorter_payloads(SorterRun *r) {
  SorterShare h = {r, r->s->len < SORTER_SHARED ? 1 : frt_parallel_width()};
  frt_parallel(h.parts, sorter_payloads_part, &h);
}

const uint64_t *frt_sorter_words(const FrtSorter *s, uint64_t row) { return sorter_entry(s, row); }

void frt_sorter_sort(FrtSorter *s, uint32_t keep) {
  if (s->pairs || !s->len) return;
  SorterRun *r = frt_malloc(sizeof *r);
  memset(r, 0, sizeof *r);
  r->s = s;
  r->by_number = keep && !s->by_bytes;
  frt_sorter_pack(r);
  if (s->len > SORTER_UNCUT) r->cut = frt_radix_cut(s->len, r->pack.differ);
  s->pairs = frt_malloc(s->len * sizeof *s->pairs);
  frt_advise_large(s->pairs, s->len * sizeof *s->pairs);
  frt_sorter_split(r);
  if (r->pack.whole && !keep) sorter_free_chunks(s);
  if (r->pack.words) sorter_buckets(r);
  if (!keep) {
    if (!r->pack.whole || s->by_bytes) sorter_payloads(r);
    sorter_free_chunks(s);
  }
  frt_free(r);
}
