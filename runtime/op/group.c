/* group.c: accumulators of groups, see flowrt_agg.h. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "flowrt.h"
#include "op/table.h"

enum { GROUP_CANCEL_EVERY = 1 << 16 };

/* ---- sums ---- */

int frt_sum2_i64(FrtI128 s, int64_t *out) {
  if (s.hi != (int64_t)s.lo >> 63) return FRT_E_SUM_OVERFLOW;
  *out = (int64_t)s.lo;
  return FRT_OK;
}

int frt_sum2_dec(FrtI128 s, FrtI128 *out) {
  if (!frt_dec_fits(s, 38)) return FRT_E_SUM_OVERFLOW;
  *out = s;
  return FRT_OK;
}

double frt_sum2_f64(FrtI128 s) {
  return (double)(__int128)((unsigned __int128)(uint64_t)s.hi << 64 | s.lo);
}

void frt_fsum2_spill(FrtCtx *cx, FrtFsum2 *s, double v) {
  if (!s->big) s->big = frt_alloc_kept(cx, sizeof *s->big);
  frt_fsum_add(s->big, s->hi);
  frt_fsum_add(s->big, s->lo);
  s->hi = v;
  s->lo = 0;
}

double frt_fsum2_value(const FrtFsum2 *s) {
  if (!s->big && s->hi - s->hi == 0) return s->hi + s->lo;
  FrtFsum all = { 0 };
  if (s->big) all = *s->big;
  frt_fsum_add(&all, s->hi);
  frt_fsum_add(&all, s->lo);
  return frt_fsum_value(&all);
}

/* ---- held values ---- */

/* These loops run for a second over a hundred million values. What a run that was cancelled gets is within its arrays. */
static int group_cancelled(uint64_t i) { return i % GROUP_CANCEL_EVERY == 0 && frt_cancelled(); }

/* starts[g]: how many rows stand in groups before g. */
static uint64_t *group_starts(const FrtStore *s, uint32_t offset, uint64_t groups) {
  uint64_t *starts = frt_calloc(groups + 2, sizeof *starts);
  for (uint64_t i = 0; i < s->len && !group_cancelled(i); i++) {
    uint32_t g;
    memcpy(&g, (const char *)FRT_ROW(s, i) + offset, sizeof g);
    starts[g + 2]++;
  }
  for (uint64_t g = 2; g <= groups + 1; g++) starts[g] += starts[g - 1];
  return starts; /* shifted by one: filling moves starts[g + 1] to where group g + 1 begins */
}

double *frt_group_f64(const FrtStore *s, uint64_t groups, uint64_t **starts) {
  uint64_t *at = group_starts(s, (uint32_t)offsetof(FrtHeldF64, group), groups);
  double *out = frt_calloc(s->len + 1, sizeof *out);
  for (uint64_t i = 0; i < s->len && !group_cancelled(i); i++) {
    const FrtHeldF64 *r = FRT_ROW(s, i);
    out[at[r->group + 1]++] = r->v;
  }
  *starts = at;
  return out;
}

uint64_t *frt_group_rows(const FrtStore *s, uint32_t offset, uint64_t groups, uint64_t **starts) {
  uint64_t *at = group_starts(s, offset, groups);
  uint64_t *out = frt_calloc(s->len + 1, sizeof *out);
  for (uint64_t i = 0; i < s->len && !group_cancelled(i); i++) {
    uint32_t g;
    memcpy(&g, (const char *)FRT_ROW(s, i) + offset, sizeof g);
    out[at[g + 1]++] = i;
  }
  *starts = at;
  return out;
}

void frt_group_free(void *array) { frt_free(array); }

static int group_less(double a, double b) { return a < b || (b != b && a == a); }

static void group_swap(double *v, uint64_t a, uint64_t b) {
  double t = v[a];
  v[a] = v[b];
  v[b] = t;
}

static void group_insert(double *v, uint64_t n) {
  for (uint64_t i = 1; i < n; i++) {
    double x = v[i];
    uint64_t j = i;
    for (; j && group_less(x, v[j - 1]); j--) v[j] = v[j - 1];
    v[j] = x;
  }
}

static void group_sift(double *v, uint64_t at, uint64_t n) {
  for (uint64_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && group_less(v[child], v[child + 1])) child++;
    if (!group_less(v[at], v[child])) return;
    group_swap(v, at, child);
  }
}

static void group_heap_sort(double *v, uint64_t n) {
  for (uint64_t i = n / 2; i-- > 0;) group_sift(v, i, n);
  for (uint64_t i = n; i-- > 1;) {
    group_swap(v, 0, i);
    group_sift(v, 0, i);
  }
}

/* Puts the k-th smallest at v[k], none larger before it, none smaller behind it: quickselect with
 * the median of three; a heap sort of what is left when the pivots are bad for long (Musser 1997).
 */
static void group_select(double *v, uint64_t n, uint64_t k) {
  uint64_t from = 0, to = n;
  int rounds = 0;
  for (uint64_t size = n; size; size >>= 1) rounds += 4;
  while (to - from > 16) {
    if (!rounds--) {
      group_heap_sort(v + from, to - from);
      return;
    }
    uint64_t mid = from + (to - from) / 2, last = to - 1;
    if (group_less(v[mid], v[from])) group_swap(v, mid, from);
    if (group_less(v[last], v[from])) group_swap(v, last, from);
    if (group_less(v[last], v[mid])) group_swap(v, last, mid);
    double pivot = v[mid];
    uint64_t i = from, j = last;
    for (;;) { /* Hoare: equal values stop both sides */
      while (group_less(v[i], pivot)) i++;
      while (group_less(pivot, v[j])) j--;
      if (i >= j) break;
      group_swap(v, i++, j--);
    }
    uint64_t cut = i == j ? i + 1 : i; /* v[from..cut) <= pivot <= v[j..to) */
    if (k < cut) to = cut;
    else from = cut;
  }
  group_insert(v + from, to - from);
}

double frt_quantile(double *v, uint64_t n, double q) {
  double place = q * (double)(n - 1);
  if (!(place > 0)) place = 0;
  uint64_t k = (uint64_t)place;
  if (k > n - 1) k = n - 1;
  double rest = place - (double)k;
  group_select(v, n, k);
  if (rest <= 0 || k + 1 >= n) return v[k] + 0.0;   /* 0.0 for -0.0, which is equal to it */
  double next = v[k + 1];
  for (uint64_t i = k + 2; i < n; i++)
    if (group_less(v[i], next)) next = v[i];
  if (v[k] == next) return v[k] + 0.0;
  return v[k] * (1 - rest) + next * rest;   /* one rounding where rest is a half: a median is exact */
}

FrtList frt_list_of_rows(FrtCtx *cx, const FrtStore *s, const uint64_t *rows, uint64_t n,
                         uint32_t size) {
  char *p = frt_alloc(cx, n * size + 1);
  for (uint64_t i = 0; i < n; i++) memcpy(p + i * size, FRT_ROW(s, rows[i]), size);
  return (FrtList){ p, (uint32_t)n, 0 };
}

int frt_text_of_rows(FrtCtx *cx, FrtStr *out, const FrtStore *s, const uint64_t *rows, uint64_t n,
                     FrtStr separator) {
  uint64_t size = n ? (n - 1) * separator.len : 0;
  for (uint64_t i = 0; i < n; i++) size += ((const FrtStr *)FRT_ROW(s, rows[i]))->len;
  if (size > UINT32_MAX) {
    cx->detail = (FrtStr){ "4 GiB", 5, 0 };
    return FRT_E_TOO_LONG;
  }
  char *p = frt_alloc(cx, size + 1);
  *out = (FrtStr){ p, (uint32_t)size, 0 };
  for (uint64_t i = 0; i < n; i++) {
    const FrtStr *v = FRT_ROW(s, rows[i]);
    if (i && separator.len) memcpy(p, separator.ptr, separator.len);
    if (i) p += separator.len;
    if (v->len) memcpy(p, v->ptr, v->len);
    p += v->len;
  }
  return FRT_OK;
}

char *frt_key_group(char *p, uint32_t group) {
  memcpy(p, &group, sizeof group);
  return p + sizeof group;
}

void frt_store_rows(const FrtStore *s, const uint32_t *ids, uint32_t n, void **rows) {
  uint64_t size = s->row_size;
  uint32_t shift = s->shift, mask = (1u << shift) - 1;
  if (s->len * size < 32 * 1024) {
    for (uint32_t k = 0; k < n; k++) rows[k] = s->chunks[ids[k] >> shift] + (ids[k] & mask) * size;
    return;
  }
  for (uint32_t k = 0; k < n; k++) {
    char *row = s->chunks[ids[k] >> shift] + (ids[k] & mask) * size;
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + size - 1, 1);
    rows[k] = row;
  }
}

/* ---- kept values ---- */

/* Bytes that a value points to; with `to`, copies them there and turns the pointers. */
static uint64_t group_copy(const FrtType *t, void *value, char *to) {
  uint64_t at = 0;
  if (t->kind == FRT_STRING || t->kind == FRT_BYTES) {
    FrtStr *v = value;
    if (to && v->len) memcpy(to, v->ptr, v->len);
    if (to) v->ptr = to;
    return ((uint64_t)v->len + 15) & ~(uint64_t)15;
  }
  if (t->kind == FRT_LIST) {
    FrtList *v = value;
    uint64_t size = (uint64_t)v->len * t->elem_size;
    if (to && size) memcpy(to, v->data, size);
    if (to) v->data = to;
    at = (size + 15) & ~(uint64_t)15;
    for (uint32_t i = 0; i < v->len; i++) {
      char *item = (char *)v->data + (uint64_t)i * t->elem_size;
      if (t->elem_null_offset && item[t->elem_null_offset]) continue;
      at += group_copy(t->elem, item, to ? to + at : NULL);
    }
  }
  if (t->kind == FRT_STRUCT)
    for (uint32_t i = 0; i < t->field_len; i++) {
      const FrtField *f = &t->fields[i];
      if (f->type->nullable && ((char *)value)[f->null_offset]) continue;
      at += group_copy(f->type, (char *)value + f->offset, to ? to + at : NULL);
    }
  return at;
}

void frt_keep_value(FrtCtx *cx, FrtRoom *room, const FrtType *t, void *value) {
  uint64_t need = group_copy(t, value, NULL);
  if (need > room->size) {
    room->size = need * 2;
    room->data = frt_alloc_kept(cx, room->size);
  }
  if (need) group_copy(t, value, room->data);
}
