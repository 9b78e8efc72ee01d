/* json_index.h: the index of separators of flat JSON lines, and the proof that they are JSON.
 *
 * Words of 64 bytes become bit masks, one for each class of byte; everything else is arithmetic on the
 * masks, the same for every CPU (after G. Langdale and D. Lemire, "Parsing gigabytes of JSON per second",
 * 2019, for quotes). The index holds the places of `:` and `,` outside strings and of line ends. It goes
 * on as long as each byte fits the plain form of a record: an object of strings, numbers without exponents
 * and words, no blanks but one behind `:` or `,`, escapes that are good, `}` only at the end of a line.
 * Names are not checked here: json_fast.c compares them, with the comma before and the colon behind, and
 * that makes the proof whole. At the first byte that does not fit the index ends. */
#ifndef FRT_IO_JSON_INDEX_H
#define FRT_IO_JSON_INDEX_H

#include <string.h>

#include "io/json.h"

enum { JSON_WORD = 64 };

typedef struct JsonIndex {
  const char *base;       /* the start of a record; 64 bytes behind `size` are readable */
  size_t size;
  uint32_t *out;          /* the separators, from base; room for `room` + 2 * JSON_WORD */
  uint32_t len, room;
  int high, slash;        /* there were bytes above 0x7f, backslashes */
} JsonIndex;

typedef struct JsonMasks {
  uint64_t quote, slash, colon, comma, line, open, close, space, control, digit, minus, point, zero, high;
} JsonMasks;

/* What the next word has to know: bit 63 of masks as bit 0, and what reaches over. */
typedef struct JsonCarry {
  uint64_t in;            /* all ones inside a string */
  uint64_t colon, comma, line, close, scalar, closing, minus, point, space_colon, lead;
  uint64_t fraction;      /* a run of digits behind a point reached bit 63 */
  uint64_t escape;        /* bits that an escape covers */
  uint64_t word, word_end;/* bits that true, false or null covers; the bit behind it */
} JsonCarry;

#define JSON_INDEX_INLINE static inline __attribute__((always_inline))

JSON_INDEX_INLINE uint64_t json_behind(uint64_t mask, uint64_t *carry) {
  uint64_t r = mask << 1 | *carry;
  *carry = mask >> 63;
  return r;
}

/* n ones from bit i on; *over gets those that do not fit. i < 64, n <= 12. */
JSON_INDEX_INLINE uint64_t json_span(unsigned i, unsigned n, uint64_t *over) {
  uint64_t ones = ((uint64_t)1 << n) - 1;
  *over = i + n > 64 ? ones >> (64 - i) : 0;
  return ones << i;
}

/* Takes what escapes cover out of the quotes; wrong escapes are set in *bad. */
uint64_t json_index_escapes(const char *p, const char *end, uint64_t quote, uint64_t slash, JsonCarry *c,
                            uint64_t *bad);
/* true, false and null begin at the bits of `start`; every other bit of `letters` is wrong. */
uint64_t json_index_words(const char *p, uint64_t letters, uint64_t start, uint64_t scalar, JsonCarry *c);

/* Numbers outside strings. Returns the bits that are wrong. */
JSON_INDEX_INLINE uint64_t json_index_numbers(const JsonMasks *m, uint64_t out, uint64_t begin, uint64_t behind_scalar,
                                              JsonCarry *c) {
  uint64_t digit = m->digit & out, minus = m->minus & out, point = m->point & out;
  uint64_t behind_minus = json_behind(minus, &c->minus), behind_point = json_behind(point, &c->point);
  uint64_t bad = (minus & behind_scalar) | (behind_minus & ~digit) | (behind_point & ~digit);
  bad |= point & ~(digit << 1 | (c->fraction >> 1 & 1));
  /* digits behind a point, then another point */
  uint64_t start = (behind_point | (c->fraction & 1)) & digit, ends;
  uint64_t carried = (uint64_t)__builtin_add_overflow(digit, start, &ends);
  bad |= ((ends & ~digit) | (c->fraction & 1)) & point;
  uint64_t lead = m->zero & digit & (begin | behind_minus);
  bad |= json_behind(lead, &c->lead) & digit;
  c->fraction = carried | (digit >> 63) << 1;
  return bad;
}

/* One word: `quote` are the quotes that count, `in` the bytes inside strings with the opening quote.
 * Returns the bits that do not fit, with *separators. */
JSON_INDEX_INLINE uint64_t json_index_word(const char *p, const JsonMasks *m, uint64_t quote, uint64_t in,
                                           JsonCarry *c, uint64_t *separators) {
  uint64_t out = ~(in | quote), closing = quote & ~in, opening = quote & in;
  uint64_t colon = m->colon & out, comma = m->comma & out, space = m->space & out;
  uint64_t open = m->open & out, close = m->close & out, line = m->line & out;
  uint64_t scalar = out & ~(colon | comma | space | open | close | line);
  uint64_t behind_colon = json_behind(colon, &c->colon), behind_comma = json_behind(comma, &c->comma);
  uint64_t behind_scalar = json_behind(scalar, &c->scalar);
  uint64_t begin = (behind_colon & ~space) | json_behind(space & behind_colon, &c->space_colon);
  uint64_t bad = m->control & ~line;
  bad |= space & ~(behind_colon | behind_comma);
  bad |= begin & ~(opening | scalar);
  bad |= scalar & ~behind_scalar & ~begin;
  bad |= behind_scalar & ~scalar & ~(comma | close);
  bad |= json_behind(closing, &c->closing) & ~(colon | comma | close);
  bad |= json_behind(close, &c->close) & ~line;
  bad |= open ^ json_behind(line, &c->line);
  bad |= json_index_numbers(m, out, begin, behind_scalar, c);
  uint64_t letters = scalar & ~(m->digit | m->minus | m->point);
  if (letters | c->word | c->word_end) bad |= json_index_words(p, letters, begin, scalar, c);
  *separators = colon | comma | line;
  return bad;
}

/* The carry at the start of a record. */
JSON_INDEX_INLINE JsonCarry json_index_begin(JsonIndex *x) {
  JsonCarry c = {0};
  c.line = 1;
  x->len = 0;
  x->high = x->slash = 0;
  return c;
}

/* Writes the places of the bits. */
JSON_INDEX_INLINE uint32_t *json_index_put(uint32_t *out, uint64_t bits, uint32_t at) {
  uint32_t n = (uint32_t)__builtin_popcountll(bits), *end = out + n;
  while (bits) {
    for (int k = 0; k < 8; k++) {
      out[k] = at + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
      bits &= bits - 1;
    }
    out += 8;
  }
  return end;
}

typedef void JsonIndexer(JsonIndex *x);
/* The indexer for this CPU, chosen once; FLOW_SIMD=scalar|sse2|avx2|avx512 lowers the choice. */
JsonIndexer *json_indexer(void);
void json_index_portable(JsonIndex *x);
#if defined(__x86_64__)
void json_index_avx2(JsonIndex *x);
void json_index_avx512(JsonIndex *x);
#endif

#endif
