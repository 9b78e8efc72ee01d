/* csv_index.h: the part of the separator index that is the same for every CPU.
 *
 * 64 bytes at a time become bit masks: delimiters, newlines, quotes. A prefix-xor of the quotes is the mask
 * of what lies inside them (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019). */
#ifndef FRT_IO_CSV_INDEX_H
#define FRT_IO_CSV_INDEX_H

#include "io/csv_internal.h"

/* What goes from one 64 bytes to the next. */
typedef struct CsvCarry {
  uint64_t inside;        /* all ones: inside quotes */
  uint64_t opens;         /* 1: a quote may open a field at the next byte */
  uint64_t closed;        /* 1: the last byte closed a quoted field */
  uint64_t closed_cr;     /* 1: the last byte is a CR behind a closing quote */
  uint64_t newlines, newlines_all, irregular;
  uint64_t quoted;        /* of the last 64 bytes with quotes: where quoted fields begin */
} CsvCarry;

typedef struct CsvMasks { uint64_t delimiter, newline, quote, cr; } CsvMasks;

enum { CSV_INDEX_SLACK = 128 };   /* entries behind CsvIndex.need that may be written */

/* 64 bytes without quotes and outside them: the common case. */
static inline int csv_step_plain(const CsvCarry *k, uint64_t quote) {
  return (quote | k->inside | k->closed | k->closed_cr) == 0;
}

/* 64 bytes with quotes, or next to some. `toggled` is the prefix-xor of m->quote, `valid` the mask of bytes
 * that are there. Returns the separators outside quotes. */
static inline uint64_t csv_step_quotes(CsvCarry *k, const CsvMasks *m, uint64_t toggled, uint64_t valid) {
  uint64_t in = toggled ^ k->inside;
  uint64_t newline = m->newline & ~in, separator = (m->delimiter & ~in) | newline;
  uint64_t opening = m->quote & in, closing = m->quote & ~in;
  uint64_t may_open = (separator | closing) << 1 | k->opens;
  k->quoted = opening & (separator << 1 | (k->opens & ~k->closed));
  uint64_t after = closing << 1 | k->closed, after_cr = after & m->cr;
  uint64_t wrong = (opening & ~may_open) | (after & ~(separator | opening | m->cr)) |
                   ((after_cr << 1 | k->closed_cr) & ~m->newline);
  k->irregular |= wrong & valid;
  k->opens = (separator | closing) >> 63;
  k->closed = closing >> 63;
  k->closed_cr = after_cr >> 63;
  k->inside = (uint64_t)((int64_t)in >> 63);
  k->newlines += (uint64_t)__builtin_popcountll(newline);
  k->newlines_all += (uint64_t)__builtin_popcountll(m->newline);
  return separator;
}

/* Notes which fields begin in k->quoted, when they are wanted: the numbers of the separators before them. */
static inline void csv_quoted_store(CsvIndex *x, const CsvCarry *k, uint64_t separators, uint32_t found) {
  if (!x->quoted) return;
  if (x->quoted_len + 64 > x->quoted_max) {
    x->quoted = NULL;
    return;
  }
  for (uint64_t at = k->quoted; at; at &= at - 1)
    x->quoted[x->quoted_len++] = found + (uint32_t)__builtin_popcountll(separators & ((at & (0 - at)) - 1));
}

static inline void csv_carry_start(CsvCarry *k) {
  *k = (CsvCarry){0};
  k->opens = 1;
}

static inline void csv_carry_end(const CsvCarry *k, CsvIndex *x, uint32_t found) {
  x->found = found;
  x->newlines = k->newlines;
  x->newlines_all = k->newlines_all;
  x->irregular = k->irregular;
}

static inline uint64_t csv_valid_mask(size_t left) {
  return left >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << left) - 1;
}

static inline uint64_t csv_prefix_xor(uint64_t q) {
  for (int shift = 1; shift < 64; shift *= 2) q ^= q << shift;
  return q;
}

/* Stores the places of the set bits, eight at a time; the spare ones are overwritten later. */
static inline uint32_t csv_bits_store(uint32_t *out, uint32_t found, uint32_t at, uint64_t bits) {
  uint32_t n = (uint32_t)__builtin_popcountll(bits);
  for (uint32_t *p = out + found; bits; p += 8)
    for (int i = 0; i < 8; i++) {
      p[i] = at + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
      bits &= bits - 1;
    }
  return found + n;
}

#if defined(__x86_64__)
CsvIndexer csv_index_sse2, csv_index_avx2, csv_index_avx512;
CsvCounter csv_count_avx2, csv_count_avx512;
#endif
CsvIndexer csv_index_scalar;

#endif
