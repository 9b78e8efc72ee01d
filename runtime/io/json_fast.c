/* json_fast.c: runs of JSON lines of one shape.
 *
 * The names of the record that was read last, in their order, are taken for those of the next (after
 * Y. Li et al., "Mison", 2017). The index of separators (json_index.h) then has 2 * members entries for a
 * record: the colon of member k at 2k, the comma or line end behind its value at 2k + 1. Each name is
 * compared as it stands in the text, from the comma before it to its colon; the index has made sure of the
 * rest. The values of a column then stand at a fixed stride and go through the kernels of CSV. A value of
 * another JSON type than usual (null, a string for a number, an escape) goes to the careful conversion
 * alone; a record of another shape ends the run. */
#include "io/json_index.h"

enum {
  JSON_CHECKS_MAX = 4 * JSON_MEMBERS_MAX,
  JSON_INDEX_ROOM = 64 * 1024,
  JSON_MATCH_ROWS = 64,     /* records that are compared together: their text stays in the first cache */
  JSON_RUN_SHORT = 8,       /* a run of fewer records did not pay */
  JSON_MISSES_MAX = 8,      /* careful records in a row before the fast path pauses */
  JSON_PAUSE_MAX = 1024     /* records */
};

typedef uint64_t JsonWide __attribute__((vector_size(16)));

enum { JSON_ONE_BY_ONE, JSON_NUMBER, JSON_BOOL, JSON_STRING, JSON_TEXT };

/* How a column's values are read. */
static int json_class(const FrtType *t) {
  if (t->kind == FRT_BOOL) return JSON_BOOL;
  if (t->kind <= FRT_DECIMAL) return JSON_NUMBER;
  if (t->kind == FRT_STRING) return JSON_STRING;
  return t->kind == FRT_BYTES || t->kind >= FRT_LIST ? JSON_ONE_BY_ONE : JSON_TEXT;
}

void json_fast_open(FrtScanner *s) {
  JsonState *j = s->format_state;
  uint32_t cols = s->scan->column_len;
  if (s->careful || s->scan->options.format != FRT_FMT_JSONL) return;
  j->indexer = json_indexer();
  j->kernel = frt_alloc_run(s->cx, sizeof *j->kernel * (cols + 1));
  j->shape.slot = frt_alloc_run(s->cx, sizeof *j->shape.slot * (cols + 1));
  j->shape.gap = frt_alloc_run(s->cx, sizeof *j->shape.gap * (cols + 1));
  j->special = frt_alloc_run(s->cx, sizeof *j->special * s->rows_max);
  j->special_row = frt_alloc_run(s->cx, s->rows_max);
  memset(j->special_row, 0, s->rows_max);
  for (uint32_t c = 0; c < cols; c++) {
    const FrtColumn *column = &s->scan->columns[c];
    int class = json_class(column->type);
    j->kernel[c] = column->use && (class == JSON_NUMBER || class == JSON_TEXT)
                       ? frt_column_kernel(column->type, column->format, column->zone)
                       : NULL;
  }
}

void json_fast_close(FrtScanner *s) {
  JsonState *j = s->format_state;
  frt_free(j->index);
  frt_free(j->shape.checks);
  j->index = NULL;
  j->shape.checks = NULL;
}

/* ---- learning ---- */

/* Adds the checks for the bytes [p, colon] before slot `slot`. */
static int json_shape_check(JsonShape *h, uint32_t slot, const char *p, const char *colon) {
  for (const char *end = colon + 1; end > p; end -= 16) {
    unsigned char want[16] = {0}, mask[16] = {0};
    size_t n = end - p < 16 ? (size_t)(end - p) : 16;
    if (h->check_len == JSON_CHECKS_MAX) return 0;
    if (h->check_len == h->check_room) {
      h->check_room = h->check_room ? h->check_room * 2 : 16;
      h->checks = frt_realloc(h->checks, sizeof *h->checks * h->check_room);
    }
    memcpy(want + 16 - n, end - n, n);
    memset(mask + 16 - n, 0xff, n);
    JsonCheck *k = &h->checks[h->check_len++];
    k->slot = slot;
    k->back = (uint32_t)(colon + 1 - end) + 15;
    if (k->back > h->back_max) h->back_max = k->back;
    memcpy(k->want, want, 16);
    memcpy(k->mask, mask, 16);
  }
  return 1;
}

/* Member k of the record: its name and value must stand as the index wants them. */
static int json_shape_member(FrtScanner *s, JsonState *j, uint32_t k) {
  JsonShape *h = &j->shape;
  const JsonMember *m = &j->member[k];
  const char *name = m->begin + 1 + (k && m->begin[1] == ' ');
  ptrdiff_t gap = m->value - m->colon - 1;
  if (*name != '"' || m->colon[-1] != '"' || gap > 1 || (gap == 1 && m->colon[1] != ' ')) return 0;
  if (*m->value == '{' || *m->value == '[') return 0;
  if (k && m->begin != m[-1].value_end) return 0;
  if (m->name == JSON_ABSENT) {
    h->unknown++;
  } else {
    int32_t c = j->names[m->name].column;
    if (h->slot[c] != JSON_ABSENT) return 0;   /* twice: the last wins, and that is for the careful path */
    h->slot[c] = (int32_t)(2 * k);
    h->gap[c] = (uint32_t)gap;
  }
  return json_shape_check(h, 2 * k, m->begin, m->colon);
}

void json_shape_learn(FrtScanner *s, const char *p, const char *next) {
  JsonState *j = s->format_state;
  JsonShape *h = &j->shape;
  uint32_t n = j->member_len;
  if (j->pause) {
    j->pause--;
    return;
  }
  if (++j->misses > JSON_MISSES_MAX)
    j->pause = j->misses * 4 < JSON_PAUSE_MAX ? j->misses * 4 : JSON_PAUSE_MAX;
  h->good = 0;
  if (n == 0 || n > JSON_MEMBERS_MAX || *p != '{' || j->member[0].begin != p) return;
  const char *tail = j->member[n - 1].value_end;
  if (next - tail != 2 || tail[0] != '}' || tail[1] != '\n') return;
  h->members = n;
  h->stride = 2 * n;
  h->check_len = h->unknown = h->back_max = 0;
  h->first = (uint32_t)(j->member[0].colon - p);
  for (uint32_t c = 0; c < s->scan->column_len; c++) h->slot[c] = JSON_ABSENT;
  for (uint32_t k = 0; k < n; k++)
    if (!json_shape_member(s, j, k)) return;
  if (j->contract == FRT_CONTRACT_FREEZE && (h->unknown || h->members != s->scan->column_len)) return;
  h->good = 1;
}

/* ---- a run ---- */

/* Makes the index start at s->at, with what is left of it or anew. */
static void json_index_here(FrtScanner *s, JsonState *j) {
  uint32_t used = j->index_used;
  if (used && j->index_len - used >= j->shape.stride && j->index_at + j->index[used - 1] + 1 == s->at) return;
  uint32_t want = (s->rows_max + 1) * j->shape.stride;
  if (want < j->shape.stride || want > JSON_INDEX_ROOM) want = JSON_INDEX_ROOM;
  if (want < 4 * j->shape.stride) want = 4 * j->shape.stride;
  if (want > j->index_room) {
    j->index_room = want;
    j->index = frt_realloc(j->index, sizeof *j->index * (want + 2 * JSON_WORD));
  }
  JsonIndex x = {s->at, (size_t)(s->limit - s->at), j->index, 0, want, 0, 0};
  if (x.size > UINT32_MAX / 2) x.size = UINT32_MAX / 2;
  j->indexer(&x);
  j->index_at = s->at;
  j->index_len = x.len;
  j->index_used = 0;
  j->index_high = x.high;
  j->index_slash = x.slash;
}

static inline JsonWide json_wide(const void *p) {
  JsonWide w;
  memcpy(&w, p, 16);
  return w;
}

/* Whether the next n records all have the shape. One check goes through all of them before the next does. */
static int json_shape_all(const JsonShape *h, const char *base, const uint32_t *x, uint32_t begin, uint32_t n) {
  uint32_t stride = h->stride, bad = 0;
  const uint32_t *end = x + (size_t)n * stride;
  JsonWide diff = {0, 0};
  for (const uint32_t *r = x; r < end; r += stride) {
    uint32_t last = r[stride - 1];
    bad |= (uint32_t)(base[last] ^ '\n') | (uint32_t)(base[last - 1] ^ '}') | (r[0] - begin - h->first);
    begin = last + 1;
  }
  for (uint32_t k = 0; k < h->check_len; k++) {
    const JsonCheck *check = &h->checks[k];
    JsonWide want = json_wide(check->want), mask = json_wide(check->mask);
    for (const uint32_t *r = x + check->slot; r < end; r += stride) diff |= (json_wide(base + *r - check->back) ^ want) & mask;
  }
  return !(bad | diff[0] | diff[1]);
}

/* How many of the next records, `max` at most, have the shape. */
static uint32_t json_shape_match(const JsonShape *h, const char *base, const uint32_t *x, uint32_t len, uint32_t begin,
                                 uint32_t max) {
  uint32_t n = len / h->stride, r = 0, step = JSON_MATCH_ROWS;
  if (n > max) n = max;
  while (r < n) {
    const uint32_t *row = x + (size_t)r * h->stride;
    if (step > n - r) step = n - r;
    if (json_shape_all(h, base, row, r ? row[-1] + 1 : begin, step)) {
      r += step;
    } else {
      if (step == 1) return r;
      step /= 2;   /* the first bad record is among these, and those behind them */
    }
  }
  return n;
}

/* Records before the first byte that is not UTF-8. */
static uint32_t json_run_utf8(const char *base, const uint32_t *x, uint32_t stride, uint32_t begin, uint32_t n) {
  const char *p = base + begin;
  size_t size = base + x[(size_t)n * stride - 1] - p;
  if (!frt_has_high_bytes(p, size) || frt_utf8_valid(p, size)) return n;
  uint32_t good = begin + (uint32_t)frt_utf8_prefix(p, size), r = 0;
  while (r < n && x[(size_t)r * stride + stride - 1] < good) r++;
  return r;
}

static void json_run_rows(FrtScanner *s, JsonState *j, const uint32_t *x, uint32_t begin, uint32_t row, uint32_t n) {
  uint32_t stride = j->shape.stride;
  uint32_t from = (uint32_t)(j->index_at - j->record.base);
  for (uint32_t r = 0; r < n; r++) {
    uint32_t end = x[(size_t)r * stride + stride - 1];
    j->record_beg[row + r] = from + begin;
    j->record_end[row + r] = from + end;
    j->line[row + r] = s->line + r;
    begin = end + 1;
  }
}

/* ---- columns ---- */

/* The values of one column of a run. */
typedef struct JsonRun {
  const char *base;
  const uint32_t *x;        /* the index from the column's colon on */
  uint32_t stride, gap, tail, n, row;
  uint32_t c;
} JsonRun;

static FrtStr json_run_text(const JsonRun *run, uint32_t r) {
  const uint32_t *x = run->x + (size_t)r * run->stride;
  const char *p = run->base + x[0] + 1, *end = run->base + x[1] - run->tail;
  p += *p == ' ';
  return (FrtStr){p, (uint32_t)(end - p), 0};
}

/* json_run_specials for one class, a constant. */
JSON_INDEX_INLINE uint32_t json_run_check(const JsonRun *run, int class, void *out, uint32_t *special) {
  uint32_t m = 0, gap = run->gap, tail = run->tail;
  const uint32_t *x = run->x;
  const char *base = run->base;
  FrtStr *str = out;
  uint8_t *flag = out;
  char before = gap ? ' ' : ':';
  for (uint32_t r = 0; r < run->n; r++, x += run->stride) {
    const char *p = base + x[0] + gap;
    int good = p[0] == before;
    char c = p[1];
    switch (class) {
    case JSON_NUMBER: good &= (c == '-') | ((unsigned)(c - '0') <= 9); break;
    case JSON_BOOL:
      good &= (c == 't') | (c == 'f');
      if (flag) flag[r] = c == 't';
      break;
    case JSON_STRING:
      good &= c == '"';
      if (str) str[r] = (FrtStr){p + 2, x[1] - tail - x[0] - gap - 3, 0};
      break;
    default: good &= (c == '"') & (x[1] - tail - x[0] - gap > 3); break;
    }
    special[m] = r;
    m += !good;
  }
  return m;
}

/* Lists the rows whose value is not what the class wants; strings and booleans are written on the way. */
static uint32_t json_run_specials(const JsonRun *run, int class, void *out, uint32_t *special) {
  switch (class) {
  case JSON_NUMBER: return json_run_check(run, JSON_NUMBER, NULL, special);
  case JSON_BOOL: return json_run_check(run, JSON_BOOL, out, special);
  case JSON_STRING: return json_run_check(run, JSON_STRING, out, special);
  default: return json_run_check(run, JSON_TEXT, NULL, special);
  }
}

/* Adds the rows with an escape to the special ones. */
static uint32_t json_run_escapes(FrtScanner *s, const JsonRun *run, uint32_t *special, uint32_t m) {
  JsonState *j = s->format_state;
  for (uint32_t i = 0; i < m; i++) j->special_row[special[i]] = 1;
  for (uint32_t r = 0; r < run->n; r++) {
    FrtStr text = json_run_text(run, r);
    if (memchr(text.ptr, '\\', text.len)) j->special_row[r] = 1;
  }
  m = 0;
  for (uint32_t r = 0; r < run->n; r++) {
    special[m] = r;
    m += j->special_row[r];
    j->special_row[r] = 0;
  }
  return m;
}

static void json_run_kernel(FrtScanner *s, const JsonRun *run, int class, void *out, const uint32_t *special,
                            uint32_t special_len) {
  JsonState *j = s->format_state;
  const FrtType *type = s->scan->columns[run->c].type;
  uint32_t quote = class == JSON_TEXT, at = 0;
  FrtFields f = {run->base, run->x, run->x + 1, run->stride, 1 + run->gap + quote, run->tail + quote};
  uint32_t bad = j->kernel[run->c](&f, run->n, type, out, NULL, NULL, s->bad);
  for (uint32_t i = 0; i < bad; i++) {
    while (at < special_len && special[at] < s->bad[i]) at++;
    if (at < special_len && special[at] == s->bad[i]) continue;
    json_convert_value(s, run->c, run->row + s->bad[i], json_run_text(run, s->bad[i]));
  }
}

static void json_run_column(FrtScanner *s, const JsonRun *run) {
  JsonState *j = s->format_state;
  const FrtType *type = s->scan->columns[run->c].type;
  char *out = s->block.col[run->c];
  uint8_t *nul = s->block.nul[run->c];
  int class = json_class(type);
  if (out) out += (size_t)run->row * type->size;
  if (class == JSON_ONE_BY_ONE || ((class == JSON_NUMBER || class == JSON_TEXT) && !j->kernel[run->c])) {
    for (uint32_t r = 0; r < run->n; r++) json_convert_value(s, run->c, run->row + r, json_run_text(run, r));
    return;
  }
  if (nul) memset(nul + run->row, 0, run->n);
  /* A kernel takes no blanks, quotes and words, so it finds the values that are no numbers itself. */
  uint32_t m = class == JSON_NUMBER && run->gap == 0 ? 0 : json_run_specials(run, class, out, j->special);
  if (j->index_slash && (class == JSON_STRING || class == JSON_TEXT)) m = json_run_escapes(s, run, j->special, m);
  if (j->kernel[run->c]) json_run_kernel(s, run, class, out, j->special, m);
  for (uint32_t i = 0; i < m; i++)
    json_convert_value(s, run->c, run->row + j->special[i], json_run_text(run, j->special[i]));
}

static void json_run_convert(FrtScanner *s, const uint32_t *x, uint32_t row, uint32_t n) {
  JsonState *j = s->format_state;
  const JsonShape *h = &j->shape;
  for (uint32_t c = 0; c < s->scan->column_len; c++) {
    if (!s->scan->columns[c].use) continue;
    if (h->slot[c] == JSON_ABSENT) {
      for (uint32_t r = 0; r < n; r++) json_convert_missing(s, c, row + r);
      continue;
    }
    uint32_t slot = (uint32_t)h->slot[c];
    JsonRun run = {j->index_at, x + slot, h->stride, h->gap[c], slot + 2 == h->stride, n, row, c};
    json_run_column(s, &run);
  }
}

/* The record at s->at has another shape: the index goes on behind it. */
static void json_run_pass(JsonState *j) {
  uint32_t i = j->index_used;
  while (i < j->index_len && j->index_at[j->index[i]] != '\n') i++;
  j->index_used = i < j->index_len ? i + 1 : j->index_len;
}

uint32_t json_fast_run(FrtScanner *s, uint32_t row, uint32_t max) {
  JsonState *j = s->format_state;
  const JsonShape *h = &j->shape;
  if (j->pause) return 0;
  /* A long name is looked for further back than the window reaches: its first record goes the careful way. */
  if ((size_t)(s->at - s->window) + FRT_PAD < h->back_max) return 0;
  json_index_here(s, j);
  const uint32_t *x = j->index + j->index_used;
  uint32_t begin = (uint32_t)(s->at - j->index_at);
  uint32_t n = json_shape_match(h, j->index_at, x, j->index_len - j->index_used, begin, max);
  if (n && j->index_high) n = json_run_utf8(j->index_at, x, h->stride, begin, n);
  if (n == 0) {
    json_run_pass(j);
    return 0;
  }
  if (n >= JSON_RUN_SHORT) j->misses = 0;
  json_run_rows(s, j, x, begin, row, n);
  s->block.n += n;
  json_run_convert(s, x, row, n);
  j->index_used += n * h->stride;
  const char *next = j->index_at + j->index[j->index_used - 1] + 1;
  s->offset += (uint64_t)(next - s->at);
  s->at += next - s->at;
  s->line += n;
  s->keys_unknown += (uint64_t)n * h->unknown;
  return n;
}
