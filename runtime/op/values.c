/* values.c: values that groups hold and that do not fit, see FrtValues in flowrt_sort.h.
 *
 * When the budget refuses more, all values so far become a sorted run, and the store starts anew. Runs are merged when the groups
 * are finished, one after another by their numbers:
 *
 *   quantiles          by group and value: the places that are wanted are passed on the way
 *   lists, texts       by group, in the order of the rows
 *   different values   by the key of the pair of group and value: equal ones stand side by side, and are counted once; for mode with how
 *                      often each came in its run, and when first
 *
 * So the values of one group need not fit either, but for the list or the text itself. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"
#include "flowrt.h"
#include "op/away.h"
#include "op/table.h"
#include "sched/run_internal.h"
#include "spill/rows.h"
#include "spill/runs.h"

enum {
  GROUPVAL_LEAST = 1024, GROUPVAL_LEAST_STRESS = 3,
  GROUPVAL_ROOM = 1024 * 1024,   /* left free for writing */
  GROUPVAL_BLOCK = 2048, GROUPVAL_LOOK = 4096, GROUPVAL_MODE_HEAD = 20
};

typedef struct GroupvalOwn {
  FrtRowForm form;           /* of `value` */
  FrtRuns *runs;
  uint64_t base;             /* keys in earlier runs */
  uint64_t read;
  FrtRunRecord rec;          /* the one behind those of the last key; NULL: the end */
  int opened;
  char *key;                 /* of the last record */
  size_t key_room;
} GroupvalOwn;

void frt_values_init(FrtCtx *cx, FrtValues *v, uint32_t op, uint32_t kind, FrtStore *store, FrtTable *table) {
  v->op = op;
  v->kind = kind;
  v->store = store;
  v->table = table;
  if (store) store->spills = 1;
  if (table) frt_table_spills(table);
  frt_at_end(cx, frt_values_end, v);
}

void frt_values_end(void *values) {
  FrtValues *v = values;
  GroupvalOwn *o = v->own;
  if (!o) return;
  frt_runs_free(o->runs);
  frt_row_form_free(&o->form);
  frt_free(o->key);
  frt_free(o);
  v->own = NULL;
}

/* ---- what fits ---- */

static uint64_t groupval_len(const FrtValues *v) { return v->table ? v->table->len : v->store->len; }

/* What sorting takes for each value beside it. */
static int groupval_fit(const FrtValues *v) {
  uint64_t len = groupval_len(v), growth = GROUPVAL_ROOM + (v->table && v->table->is_text ? 48 : 32) * len;
  if (len < (frt_budget_stress() ? GROUPVAL_LEAST_STRESS : GROUPVAL_LEAST)) return 1;
  if (v->store) growth += frt_store_growth(v->store, GROUPVAL_BLOCK);
  if (v->table) growth += frt_table_growth(v->table, GROUPVAL_BLOCK, 0);
  return frt_may_reserve(growth);
}

static GroupvalOwn *groupval_own(FrtCtx *cx, FrtValues *v) {
  if (v->own) return v->own;
  GroupvalOwn *o = frt_malloc(sizeof *o);
  memset(o, 0, sizeof *o);
  v->own = o;
  frt_row_form_init(&o->form, &v->value, v->value.type != NULL);
  o->runs = frt_runs_new(cx, v->op, frt_row_form_layout(&o->form));
  return o->runs ? o : NULL;
}

/* ---- writing ---- */

static uint32_t groupval_group(const FrtValues *v, uint64_t row) {
  uint32_t g;
  memcpy(&g, (const char *)FRT_ROW(v->store, row) + v->group_at, sizeof g);
  return g;
}

/* Rows of the store by group, of floats by value within it. */
static FrtPair *groupval_sort_rows(const FrtValues *v) {
  uint64_t n = v->store->len;
  FrtPair *p = frt_malloc((n + 1) * sizeof *p);
  for (uint64_t i = 0; i < n; i++) p[i] = (FrtPair){v->kind == FRT_VALUES_FLOATS ? frt_order_f64(((FrtHeldF64 *)FRT_ROW(v->store, i))->v) : 0, i};
  if (v->kind == FRT_VALUES_FLOATS) frt_sort_pairs(p, n, 1, NULL, NULL, NULL);
  for (uint64_t i = 0; i < n; i++) p[i].key = groupval_group(v, p[i].row);
  frt_sort_pairs(p, n, 1, NULL, NULL, NULL);
  return p;
}

static int groupval_put_row(FrtCtx *cx, const FrtValues *v, FrtPair pair) {
  GroupvalOwn *o = v->own;
  char *row = FRT_ROW(v->store, pair.row), *p;
  if (v->kind == FRT_VALUES_FLOATS) {
    double x = ((FrtHeldF64 *)(void *)row)->v;
    if (!(p = frt_runs_room(cx, o->runs, 12, 8))) return FRT_FATAL;
    p = frt_order_put_word(p, pair.key, 4);
    p = frt_order_put_word(p, frt_order_f64(x), 8);
    memcpy(p, &x, sizeof x);
    return FRT_OK;
  }
  frt_away_bind(&o->form, &v->value, row);
  uint32_t size = frt_row_size(&o->form, 0);
  if (!(p = frt_runs_room(cx, o->runs, 4, size))) return FRT_FATAL;
  frt_row_write(&o->form, 0, 0, size, frt_order_put_word(p, pair.key, 4));
  return FRT_OK;
}

typedef struct GroupvalKey {
  FrtStr text;
  uint64_t number;
} GroupvalKey;

static int groupval_key_compare(const void *x, const void *y) {
  return frt_str_cmp(((const GroupvalKey *)x)->text, ((const GroupvalKey *)y)->text);
}

static uint32_t groupval_key_group(const FrtValues *v, uint32_t number) {
  uint32_t g = 0;
  if (v->group_in == FRT_GROUP_WORD) g = (uint32_t)(v->table->words[number] >> 32);
  if (v->group_in == FRT_GROUP_TEXT) memcpy(&g, v->table->texts[number].ptr, sizeof g);
  return g;
}

static int groupval_put_key(FrtCtx *cx, const FrtValues *v, FrtStr key, uint32_t number) {
  GroupvalOwn *o = v->own;
  uint32_t g, size = 0;
  uint64_t count, first = o->base + number;
  char *p, *row = NULL;
  if (v->kind == FRT_VALUES_MODE) {
    row = FRT_ROW(v->store, number);
    frt_away_bind(&o->form, &v->value, row);
    size = frt_row_size(&o->form, 0) + GROUPVAL_MODE_HEAD;
  }
  if (!(p = frt_runs_room(cx, o->runs, key.len, row ? size : 4))) return FRT_FATAL;
  if (key.len) memcpy(p, key.ptr, key.len);
  p += key.len;
  g = row ? groupval_group(v, number) : groupval_key_group(v, number);
  memcpy(p, &g, 4);
  if (!row) return FRT_OK;
  memcpy(&count, row + v->count_at, 8);
  memcpy(p + 4, &count, 8);
  memcpy(p + 12, &first, 8);
  frt_row_write(&o->form, 0, 0, size - GROUPVAL_MODE_HEAD, p + GROUPVAL_MODE_HEAD);
  return FRT_OK;
}

static int groupval_put_texts(FrtCtx *cx, const FrtValues *v) {
  const FrtTable *t = v->table;
  int status = FRT_OK;
  GroupvalKey *keys = frt_malloc((t->len + 1) * sizeof *keys);
  for (uint32_t i = 0; i < t->len; i++) keys[i] = (GroupvalKey){t->texts[i], i};
  if (t->len) qsort(keys, t->len, sizeof *keys, groupval_key_compare);
  for (uint32_t i = 0; i < t->len && status == FRT_OK; i++) status = groupval_put_key(cx, v, keys[i].text, (uint32_t)keys[i].number);
  frt_free(keys);
  return status;
}

static int groupval_put_words(FrtCtx *cx, const FrtValues *v) {
  const FrtTable *t = v->table;
  int status = FRT_OK;
  FrtPair *p = frt_malloc((t->len + 1) * sizeof *p);
  for (uint32_t i = 0; i < t->len; i++) p[i] = (FrtPair){t->words[i], i};
  frt_sort_pairs(p, t->len, 1, NULL, NULL, NULL);
  for (uint32_t i = 0; i < t->len && status == FRT_OK; i++) {
    char bytes[8];
    frt_order_put_word(bytes, p[i].key, 8);
    status = groupval_put_key(cx, v, (FrtStr){bytes, 8, 0}, (uint32_t)p[i].row);
  }
  frt_free(p);
  return status;
}

static int groupval_put_rows(FrtCtx *cx, const FrtValues *v) {
  int status = FRT_OK;
  FrtPair *p = groupval_sort_rows(v);
  for (uint64_t i = 0; i < v->store->len && status == FRT_OK; i++) {
    status = groupval_put_row(cx, v, p[i]);
    if (i % GROUPVAL_LOOK == 0 && frt_cancelled()) status = FRT_FATAL;
  }
  frt_free(p);
  return status;
}

/* All values become a run. */
static int groupval_write(FrtCtx *cx, FrtValues *v) {
  GroupvalOwn *o = groupval_own(cx, v);
  if (!o) return FRT_FATAL;
  frt_runs_begin(o->runs);
  if ((!v->table ? groupval_put_rows : v->table->is_text ? groupval_put_texts : groupval_put_words)(cx, v)) return FRT_FATAL;
  if (v->table) o->base += v->table->len;
  if (v->table) frt_table_free(v->table);
  if (v->store) frt_store_free(v->store);
  return frt_cancelled() ? FRT_FATAL : frt_runs_finish(cx, o->runs);
}

int frt_values_keep(FrtCtx *cx, FrtValues *v) { return groupval_fit(v) ? FRT_OK : groupval_write(cx, v); }

int frt_values_open(FrtCtx *cx, FrtValues *v) {
  uint64_t len = groupval_len(v);
  int whole = !v->own && (len < GROUPVAL_LEAST || frt_budget_stress() || v->table || frt_may_reserve(16 * len));
  if (whole) return FRT_OK;
  if (groupval_write(cx, v)) return FRT_FATAL;
  GroupvalOwn *o = v->own;
  return frt_runs_merge(cx, o->runs);
}

/* ---- reading ---- */

static int groupval_next(FrtCtx *cx, FrtValues *v, FrtRunRecord *rec) {
  GroupvalOwn *o = v->own;
  if (++o->read % GROUPVAL_LOOK == 0 && frt_away_check(cx)) return FRT_FATAL;
  return frt_runs_next(cx, o->runs, rec);
}

/* What is at the places that the shares want, as frt_quantile has it. */
void frt_values_quantiles(FrtCtx *cx, FrtValues *v, uint64_t n, const double *shares, uint32_t len, double *out) {
  FrtRunRecord rec;
  for (uint64_t i = 0; i < n; i++) {
    double x;
    if (groupval_next(cx, v, &rec)) return;
    memcpy(&x, rec.payload, sizeof x);
    for (uint32_t j = 0; j < len; j++) {
      double place = shares[j] * (double)(n - 1);
      uint64_t k = place > 0 ? (uint64_t)place : 0;
      if (k > n - 1) k = n - 1;
      double rest = place > 0 ? place - (double)k : 0;
      if (i == k) out[j] = x + 0.0;
      if (i == k + 1 && rest > 0 && out[j] != x) out[j] = out[j] * (1 - rest) + x * rest;
    }
  }
}

FrtList frt_values_list(FrtCtx *cx, FrtValues *v, uint64_t n, uint32_t size) {
  GroupvalOwn *o = v->own;
  FrtRunRecord rec;
  char *data = frt_alloc(cx, n * size + 1);
  memset(data, 0, n * size);
  for (uint64_t i = 0; i < n; i++) {
    if (groupval_next(cx, v, &rec)) break;
    o->form.columns[0].values = data + i * size;
    frt_row_read(cx, &o->form, rec.payload, 0, 1);
  }
  return (FrtList){data, (uint32_t)n, 0};
}

int frt_values_text(FrtCtx *cx, FrtStr *out, FrtValues *v, uint64_t n, FrtStr separator) {
  GroupvalOwn *o = v->own;
  FrtRunRecord rec;
  uint64_t len = 0, room = 0;
  char *data = NULL;
  FrtStr value;
  for (uint64_t i = 0; i < n; i++) {
    if (groupval_next(cx, v, &rec)) break;
    o->form.columns[0].values = (char *)&value;
    frt_row_read(cx, &o->form, rec.payload, 0, 0);
    uint64_t need = len + value.len + (i ? separator.len : 0);
    if (need > UINT32_MAX) {
      len = need;
      continue;   /* the values of the next group are behind */
    }
    if (need > room) data = frt_realloc(data, room = need * 2);
    if (i && separator.len) memcpy(data + len, separator.ptr, separator.len);
    if (i) len += separator.len;
    if (value.len) memcpy(data + len, value.ptr, value.len);
    len = need;
  }
  if (len > UINT32_MAX) {
    frt_free(data);
    cx->detail = (FrtStr){"4 GiB", 5, 0};
    return FRT_E_TOO_LONG;
  }
  char *p = frt_alloc(cx, len + 1);
  if (len) memcpy(p, data, len);
  frt_free(data);
  *out = (FrtStr){p, (uint32_t)len, 0};
  return FRT_OK;
}

/* ---- different values ---- */

/* The next record stands in o->rec, or there is none. */
static int groupval_peek(FrtCtx *cx, FrtValues *v) {
  GroupvalOwn *o = v->own;
  int status = groupval_next(cx, v, &o->rec);
  if (status) o->rec.key = NULL;
  return status;
}

/* Keeps the present record, which passes with the next: its key, and behind it the payload. */
static FrtStr groupval_hold_key(GroupvalOwn *o) {
  size_t size = (size_t)o->rec.key_len + o->rec.payload_len;
  if (size >= o->key_room) {
    o->key_room = size * 2 + 16;
    o->key = frt_realloc(o->key, o->key_room);
  }
  memcpy(o->key, o->rec.key, o->rec.key_len);
  memcpy(o->key + o->rec.key_len, o->rec.payload, o->rec.payload_len);
  return (FrtStr){o->key, o->rec.key_len, 0};
}

static int groupval_same(const GroupvalOwn *o, FrtStr key) {
  return o->rec.key && o->rec.key_len == key.len && !memcmp(o->rec.key, key.ptr, key.len);
}

static int groupval_start(FrtCtx *cx, FrtValues *v) {
  GroupvalOwn *o = v->own;
  if (!o->opened++ && groupval_peek(cx, v) == FRT_FATAL) return FRT_FATAL;
  return o->rec.key ? FRT_OK : FRT_END;
}

int frt_values_distinct(FrtCtx *cx, FrtValues *v, uint32_t *group) {
  GroupvalOwn *o = v->own;
  int status = groupval_start(cx, v);
  if (status) return status;
  memcpy(group, o->rec.payload, 4);
  FrtStr key = groupval_hold_key(o);
  do status = groupval_peek(cx, v);
  while (status == FRT_OK && groupval_same(o, key));
  return status == FRT_FATAL ? status : FRT_OK;
}

int frt_values_mode(FrtCtx *cx, FrtValues *v, uint32_t *group, uint64_t *count, uint64_t *first, void *value) {
  GroupvalOwn *o = v->own;
  int status = groupval_start(cx, v);
  if (status) return status;
  memcpy(group, o->rec.payload, 4);
  memcpy(first, o->rec.payload + 12, 8);
  o->form.columns[0].values = value;
  FrtStr key = groupval_hold_key(o);
  frt_row_read(cx, &o->form, key.ptr + key.len + GROUPVAL_MODE_HEAD, 0, 0);
  *count = 0;
  do {
    uint64_t some;
    memcpy(&some, o->rec.payload + 4, 8);
    *count += some;
    status = groupval_peek(cx, v);
  } while (status == FRT_OK && groupval_same(o, key));
  return status == FRT_FATAL ? status : FRT_OK;
}
