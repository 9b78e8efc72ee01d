/* json_index_portable.c: the index with 64-bit integers only, and the choice of the indexer. */
#include "io/json_index.h"

#include <stdlib.h>

/* ---- what is rare, for all indexers ---- */

uint64_t json_index_escapes(const char *p, const char *end, uint64_t quote, uint64_t slash, JsonCarry *c,
                            uint64_t *bad) {
  uint64_t over = 0, cover = c->escape;
  slash &= ~cover;
  while (slash) {
    unsigned i = (unsigned)__builtin_ctzll(slash);
    uint32_t size = json_escape_size(p + i, end);
    if (!size) *bad |= (uint64_t)1 << i;
    cover |= json_span(i, size ? size : 2, &over);
    slash &= ~cover;
  }
  c->escape = over;
  return quote & ~cover;
}

uint64_t json_index_words(const char *p, uint64_t letters, uint64_t start, uint64_t scalar, JsonCarry *c) {
  uint64_t cover = c->word, bad = scalar & c->word_end;
  c->word = c->word_end = 0;
  for (uint64_t m = start & letters & ~cover; m; m &= m - 1) {
    unsigned i = (unsigned)__builtin_ctzll(m), n = 4;
    uint64_t over, behind;
    const char *w = p + i;
    if (memcmp(w, "false", 5) == 0) n = 5;
    else if (memcmp(w, "true", 4) != 0 && memcmp(w, "null", 4) != 0) continue;
    cover |= json_span(i, n, &over);
    c->word |= over;
    if (i + n < 64) behind = (uint64_t)1 << (i + n);
    else behind = 0, c->word_end = (uint64_t)1 << (i + n - 64);
    bad |= scalar & behind;
  }
  return bad | (letters & ~cover);
}

/* ---- masks from 64-bit integers ---- */

#define JSON_ONES 0x0101010101010101u
#define JSON_LOW7 0x7f7f7f7f7f7f7f7fu

/* The top bits of eight bytes as one byte. */
JSON_INDEX_INLINE uint64_t json_swar_bits(uint64_t tops) {
  return ((tops >> 7 & JSON_ONES) * 0x0102040810204080u) >> 56;
}

JSON_INDEX_INLINE uint64_t json_swar_eq(uint64_t x, char c) {
  uint64_t y = x ^ (JSON_ONES * (unsigned char)c);
  return json_swar_bits(~(((y & JSON_LOW7) + JSON_LOW7) | y));
}

/* Bytes below n, n <= 128. */
JSON_INDEX_INLINE uint64_t json_swar_below(uint64_t x, unsigned n) {
  return json_swar_bits(~(((x & JSON_LOW7) + JSON_ONES * (128 - n)) | x));
}

static void json_masks_portable(const char *p, JsonMasks *m) {
  memset(m, 0, sizeof *m);
  for (unsigned i = 0; i < JSON_WORD; i += 8) {
    uint64_t x = 0;
    for (unsigned k = 0; k < 8; k++) x |= (uint64_t)(unsigned char)p[i + k] << 8 * k;
    m->quote |= json_swar_eq(x, '"') << i;
    m->slash |= json_swar_eq(x, '\\') << i;
    m->colon |= json_swar_eq(x, ':') << i;
    m->comma |= json_swar_eq(x, ',') << i;
    m->line |= json_swar_eq(x, '\n') << i;
    m->open |= json_swar_eq(x, '{') << i;
    m->close |= json_swar_eq(x, '}') << i;
    m->space |= json_swar_eq(x, ' ') << i;
    m->minus |= json_swar_eq(x, '-') << i;
    m->point |= json_swar_eq(x, '.') << i;
    m->zero |= json_swar_eq(x, '0') << i;
    m->control |= json_swar_below(x, 0x20) << i;
    m->digit |= json_swar_below(x ^ (JSON_ONES * '0'), 10) << i;
    m->high |= json_swar_bits(x) << i;
  }
}

JSON_INDEX_INLINE uint64_t json_prefix_xor_portable(uint64_t x) {
  for (int k = 1; k < 64; k *= 2) x ^= x << k;
  return x;
}

void json_index_portable(JsonIndex *x) {
  JsonCarry c = json_index_begin(x);
  uint32_t *out = x->out;
  size_t at = 0;
  uint64_t bad = 0;
  char tail[JSON_WORD];
  for (; at < x->size && !bad && out - x->out < (ptrdiff_t)x->room; at += JSON_WORD) {
    JsonMasks m;
    uint64_t separators, wrong = 0;
    const char *p = x->base + at, *from = p;
    if (x->size - at < JSON_WORD) {       /* zeros do not fit anywhere */
      memset(tail, 0, sizeof tail);
      from = memcpy(tail, p, x->size - at);
    }
    json_masks_portable(from, &m);
    uint64_t quote = m.quote;
    if (m.slash | c.escape) {
      quote = json_index_escapes(p, x->base + x->size, quote, m.slash, &c, &wrong);
      x->slash = 1;
    }
    uint64_t in = json_prefix_xor_portable(quote) ^ c.in;
    c.in = 0 - (in >> 63);
    bad = wrong | json_index_word(p, &m, quote, in, &c, &separators);
    x->high |= m.high != 0;
    if (bad) separators &= (bad & (0 - bad)) - 1;
    out = json_index_put(out, separators, (uint32_t)at);
  }
  x->len = (uint32_t)(out - x->out);
}

JsonIndexer *json_indexer(void) {
#if defined(__x86_64__)
  const char *limit = getenv("FLOW_SIMD");
  int level = 1;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul")) level = 2;
  if (level == 2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
      __builtin_cpu_supports("avx512vbmi2"))
    level = 3;
  if (limit && (strcmp(limit, "scalar") == 0 || strcmp(limit, "sse2") == 0)) level = 1;
  if (limit && strcmp(limit, "avx2") == 0 && level > 2) level = 2;
  if (level == 3) return json_index_avx512;
  if (level == 2) return json_index_avx2;
#endif
  return json_index_portable;
}
