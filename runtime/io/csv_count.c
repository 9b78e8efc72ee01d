/* csv_count.c: blocks whose rows are counted, and nothing else.
 *
 * The proof is that of csv_fast.c, made without a list of the separators. From 64 bytes come two masks,
 * separators and newlines outside quotes; the bits of the second that stand under the first, packed together
 * (pext), say which of these separators are newlines. With N columns that is every N-th, so the packed bits
 * must be those of a table, which is looked up by the separators that the row has behind it. A block that
 * does not fit is read again by csv_fast.c, which gives its errors. */
#include <string.h>

#include "io/csv_index.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { CSV_COUNT_COLUMNS_MAX = 1024 };

int csv_count_wanted(const FrtScanner *s) {
  for (uint32_t c = 0; c < s->scan->column_len; c++)
    if (s->scan->columns[c].use) return 0;
  return s->scan->rows_only != 0;
}

void csv_count_start(FrtScanner *s, CsvState *csv) {
  uint32_t n = csv->columns;
  csv->count_newlines = NULL;
  if (n < 2 || n > CSV_COUNT_COLUMNS_MAX) return;   /* a file of one column has empty lines to look for */
  if (!csv->count_behind) {   /* once for all files */
    csv->count_room = frt_alloc_run(s->cx, sizeof *csv->count_room * CSV_COUNT_COLUMNS_MAX);
    csv->count_behind = frt_alloc_run(s->cx, sizeof *csv->count_behind * (CSV_COUNT_COLUMNS_MAX + 64));
  }
  csv->count_newlines = csv->count_room;
  for (uint32_t k = 0; k < n; k++) {
    csv->count_newlines[k] = 0;
    for (uint32_t at = n - 1 - k; at < 64; at += n) csv->count_newlines[k] |= (uint64_t)1 << at;
  }
  for (uint32_t k = 0; k < n + 64; k++) csv->count_behind[k] = (uint16_t)(k % n);
}

int csv_count_next(FrtScanner *s) {
  CsvState *csv = s->format_state;
  FrtBlock *b = &s->block;
  CsvCount x = {.p = s->at, .len = (size_t)(s->limit - s->at), .delimiter = csv->delimiter, .quote = csv->quote,
                .columns = csv->columns, .need = csv->rows_max * csv->columns,
                .newlines = csv->count_newlines, .behind = csv->count_behind};
  csv->counter(&x);
  if (x.rows == 0) return csv_fast_next(s);
  b->n = x.rows;
  b->line0 = s->line;
  b->offset0 = s->offset;
  int rc = frt_scan_convert(s);
  s->line += x.breaks ? csv_newlines_count(s->at, s->at + x.next) : x.rows;
  s->offset += x.next;
  s->at += x.next;
  s->blocks_fast++;
  return rc;
}

/* ---- the counters ---- */

#if defined(__x86_64__)

#define CSV_COUNT_STEP __attribute__((target("bmi,bmi2,popcnt"))) static inline

/* Where a counter stands. */
typedef struct CsvCounting {
  CsvCarry carry;
  uint64_t ends;               /* bit 63: a quote may open a field behind the last 64 bytes */
  uint64_t busy;               /* not 0: a quoted field goes on, or has just ended */
  uint64_t last;               /* newlines of the last 64 bytes that had some, which began at last_at */
  size_t last_at;
  uint32_t found, behind;      /* separators; those of the present row */
} CsvCounting;

/* 64 bytes with quotes, or next to some: takes what is inside them from d->delimiter and d->newline. */
CSV_COUNT_STEP void csv_count_quotes(CsvCounting *c, CsvMasks *m, uint64_t toggled) {
  CsvCarry *k = &c->carry;
  k->opens = c->ends >> 63;
  uint64_t separators = csv_step_quotes(k, m, toggled, ~(uint64_t)0);
  m->delimiter &= separators;
  m->newline &= separators;
  c->ends = k->opens << 63;
  c->busy = k->inside | k->closed | k->closed_cr;
}

/* Takes the separators of 64 bytes; 0: they do not fit. */
CSV_COUNT_STEP int csv_count_take(CsvCounting *c, const CsvCount *x, size_t at, uint64_t delimiter, uint64_t newline) {
  uint64_t separators = delimiter | newline;
  uint32_t n = (uint32_t)__builtin_popcountll(separators);
  uint64_t wrong = _bzhi_u64(_pext_u64(newline, separators) ^ x->newlines[c->behind], n);
  if (__builtin_expect((wrong | c->carry.irregular) != 0, 0)) return 0;
  c->last = newline ? newline : c->last;
  c->last_at = newline ? at : c->last_at;
  c->behind = x->behind[c->behind + n];
  c->found += n;
  return 1;
}

static void csv_count_end(const CsvCounting *c, CsvCount *x) {
  x->rows = c->found / x->columns;
  x->next = x->rows ? c->last_at + 64 - (size_t)__builtin_clzll(c->last) : 0;
  x->breaks = c->carry.newlines != c->carry.newlines_all;
}

#define CSV_COUNT_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

CSV_COUNT_AVX2 static inline uint64_t csv_count_equal(__m256i low, __m256i high, __m256i c) {
  uint64_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, c));
  uint64_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, c));
  return a | b << 32;
}

CSV_COUNT_AVX2 static inline uint64_t csv_count_toggled(uint64_t quote) {
  __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)quote), _mm_set1_epi8((char)0xff), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

CSV_COUNT_AVX2 void csv_count_avx2(CsvCount *x) {
  const __m256i delimiter = _mm256_set1_epi8(x->delimiter), newline = _mm256_set1_epi8('\n'),
                quote = _mm256_set1_epi8(x->quote), cr = _mm256_set1_epi8('\r');
  const uint64_t quoting = x->quote ? ~(uint64_t)0 : 0;
  CsvCounting c = {.ends = (uint64_t)1 << 63};
  csv_carry_start(&c.carry);
  for (size_t at = 0; at + 64 <= x->len && c.found + 64 <= x->need; at += 64) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(x->p + at));
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(x->p + at + 32));
    CsvMasks m = {csv_count_equal(low, high, delimiter), csv_count_equal(low, high, newline),
                  csv_count_equal(low, high, quote) & quoting, 0};
    if (m.quote | c.busy) {
      m.cr = csv_count_equal(low, high, cr);
      csv_count_quotes(&c, &m, csv_count_toggled(m.quote));
    } else {
      c.ends = m.delimiter | m.newline;
    }
    if (!csv_count_take(&c, x, at, m.delimiter, m.newline)) break;
  }
  csv_count_end(&c, x);
}

#define CSV_COUNT_AVX512 __attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,popcnt,pclmul")))

enum { CSV_COUNT_AHEAD = 2048 };   /* as CSV_AHEAD of the index */

CSV_COUNT_AVX512 void csv_count_avx512(CsvCount *x) {
  const __m512i delimiter = _mm512_set1_epi8(x->delimiter), newline = _mm512_set1_epi8('\n'),
                quote = _mm512_set1_epi8(x->quote), cr = _mm512_set1_epi8('\r');
  const uint64_t quoting = x->quote ? ~(uint64_t)0 : 0;
  CsvCounting c = {.ends = (uint64_t)1 << 63};
  csv_carry_start(&c.carry);
  for (size_t at = 0; at + 64 <= x->len && c.found + 64 <= x->need; at += 64) {
    _mm_prefetch(x->p + at + CSV_COUNT_AHEAD, _MM_HINT_T0);
    __m512i bytes = _mm512_loadu_si512(x->p + at);
    CsvMasks m = {_mm512_cmpeq_epi8_mask(bytes, delimiter), _mm512_cmpeq_epi8_mask(bytes, newline),
                  _mm512_cmpeq_epi8_mask(bytes, quote) & quoting, 0};
    if (m.quote | c.busy) {
      m.cr = _mm512_cmpeq_epi8_mask(bytes, cr);
      csv_count_quotes(&c, &m, csv_count_toggled(m.quote));
    } else {
      c.ends = m.delimiter | m.newline;
    }
    if (!csv_count_take(&c, x, at, m.delimiter, m.newline)) break;
  }
  csv_count_end(&c, x);
}

#endif
