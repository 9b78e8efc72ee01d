/* ref_hold.c: operators that hold rows, on whole tables, in the simplest way: groups are lists of rows that are
 * searched from the front, an aggregate is computed from the list of its values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval_internal.h"
#include "ref.h"

/* Null equals null ("Group and distinct keys take null as one value") and stands behind every value. */
int ref_value_compare(const Type *t, const Value *a, const Value *b) {
  if (a->is_null || b->is_null) return (int)a->is_null - (int)b->is_null;
  return value_compare(t, a, b);
}

static const Type *col_type(const Ref *r, ColId c) { return r->plan->columns[c].type; }

static bool same_keys(const Ref *r, const ColId *by, uint32_t len, const RefRow *x, const RefRow *y) {
  for (uint32_t i = 0; i < len; i++)
    if (ref_value_compare(col_type(r, by[i]), &x->v[by[i]], &y->v[by[i]])) return false;
  return true;
}

typedef struct Group { RefRow *key; RefTable rows; } Group;
typedef struct Groups { Group *list; size_t len; } Groups;

/* "in order of first appearance" */
static Group *group_of(Ref *r, Groups *g, const ColId *by, uint32_t len, RefRow *row) {
  for (size_t i = 0; i < g->len; i++)
    if (same_keys(r, by, len, g->list[i].key, row)) return &g->list[i];
  g->list = arena_grow(r->arena, g->list, g->len, sizeof *g->list);
  g->list[g->len] = (Group){.key = row};
  return &g->list[g->len++];
}

/* The rows with the made keys of the node; a row whose key fails leaves. */
static void keyed_rows(Ref *r, const PlanNode *n, RefTable *in, RefTable *out) {
  for (size_t i = 0; i < in->len; i++) {
    RefRow *row = ref_copy(r, in->rows[i]);
    int status = FRT_OK;
    for (uint32_t k = 0; k < n->made_len && !status; k++)
      if (n->made[k].value) status = ref_eval(r, row, n->made[k].value, &row->v[n->made[k].col]);
    if (status) ref_error(r, n, in->rows[i], status, "");
    else ref_add(r, out, row);
  }
}

/* ---- aggregates ---- */

typedef struct Item { Value v, by; RefRow *row; } Item;

/* The values of an aggregate over a group: those where its condition holds, without nulls. */
static size_t agg_items(Ref *r, const PlanAgg *a, const RefTable *rows, Item **out) {
  size_t len = 0;
  *out = arena_alloc(r->arena, (rows->len + 1) * sizeof **out);
  for (size_t i = 0; i < rows->len; i++) {
    Value where = {.i = 1};
    Item it = {.row = rows->rows[i]};
    if (a->where && ref_eval(r, rows->rows[i], a->where, &where)) continue;
    if (where.is_null || !where.i) continue;                    /* "`where` takes null as false" */
    if (a->arg[0] && ref_eval(r, rows->rows[i], a->arg[0], &it.v)) continue;
    if (a->arg[1] && ref_eval(r, rows->rows[i], a->arg[1], &it.by)) continue;
    bool arg = a->fn == AGG_ARG_MIN || a->fn == AGG_ARG_MAX;    /* "The value of `x` in the row where `by` is smallest" */
    bool edge = a->fn == AGG_FIRST || a->fn == AGG_LAST;        /* note 21: not among those that skip nulls */
    if (a->arg[0] && !edge && (arg ? it.by : it.v).is_null) continue;   /* "skip nulls" */
    (*out)[len++] = it;
  }
  return len;
}

static const Type *sorted_type;
static int by_value(const void *a, const void *b) { return value_compare(sorted_type, &((const Item *)a)->v, &((const Item *)b)->v); }

static double as_double(const Type *t, const Value *v) {
  if (type_is_float(t)) return v->f;
  if (t->kind == TY_DECIMAL) return frt_dec_to_f64(value_decimal(t, v), t->scale);
  return t->kind == TY_U64 ? (double)(uint64_t)v->i : (double)v->i;
}

/* "`sum` of integers is i64, of `decimal(p,s)` `decimal(38,s)`, exact whatever the order: it fails only if the total does
 * not fit". 256 bits are not needed: the rows of a test are few. */
static int agg_sum(const Ref *r, const Type *t, const Type *result, const Item *it, size_t len, Value *out) {
  if (type_is_float(t)) {
    long double sum = 0;
    for (size_t i = 0; i < len; i++) sum += (long double)it[i].v.f;
    *out = (Value){.f = t->kind == TY_F32 ? (double)(float)sum : (double)sum};
    return FRT_OK;
  }
  bool wide = t->kind == TY_DECIMAL;
  __int128 low = 0, high = 0, base = (__int128)1 << 100;        /* sum = high * 2^100 + low */
  for (size_t i = 0; i < len; i++) {
    FrtI128 d = wide ? value_decimal(t, &it[i].v) : t->kind == TY_U64 ? frt_i128_from_u64((uint64_t)it[i].v.i) : frt_i128_from_i64(it[i].v.i);
    __int128 x = (__int128)(((unsigned __int128)(uint64_t)d.hi << 64) | d.lo);
    low += x % base;
    high += x / base + low / base;
    low %= base;
  }
  if (high >= ((__int128)1 << 26) * 2 - 1 || high <= -((__int128)1 << 26) * 2 + 1) return FRT_E_SUM_OVERFLOW;
  __int128 sum = high * base + low;
  FrtI128 d = {(uint64_t)sum, (int64_t)(sum >> 64)};
  if (wide) {
    if (!frt_dec_fits(d, 38)) return FRT_E_SUM_OVERFLOW;
    value_set_decimal(result, d, out);
    return FRT_OK;
  }
  if (sum < INT64_MIN || sum > INT64_MAX) return FRT_E_SUM_OVERFLOW;
  *out = (Value){.i = (int64_t)sum};
  return FRT_OK;
}

/* "`avg` of integers is a float, of decimals a decimal with 6 more digits of scale", rounded half to even. */
static int agg_avg(Ref *r, const Type *t, const Type *result, const Item *it, size_t len, Value *out) {
  Value sum;
  if (t->kind == TY_DECIMAL) {
    const Type *total = type_decimal(r->arena, 38, t->scale);
    int status = agg_sum(r, t, total, it, len, &sum);
    FrtI128 d;
    if (!status) status = frt_dec_div(value_decimal(total, &sum), t->scale, frt_i128_from_i64((int64_t)len), 0, result->scale, 38, &d);
    if (!status) value_set_decimal(result, d, out);
    return status;
  }
  if (type_is_float(t)) {
    agg_sum(r, type_basic(TY_F64), result, it, len, &sum);
    *out = (Value){.f = sum.f / (double)len};
    return FRT_OK;
  }
  if (t->kind == TY_DURATION) {
    ref_cannot(r, "avg of durations");
    return FRT_OK;
  }
  __int128 exact = 0;
  for (size_t i = 0; i < len; i++) exact += t->kind == TY_U64 ? (__int128)(uint64_t)it[i].v.i : it[i].v.i;
  *out = (Value){.f = (double)((long double)exact / (long double)len)};
  return FRT_OK;
}

/* "`quantile` and `median` interpolate linearly and are exact." */
static void agg_quantile(const Type *t, Item *it, size_t len, double q, Value *out) {
  sorted_type = t;
  qsort(it, len, sizeof *it, by_value);
  double at = q * (double)(len - 1), low = floor(at);
  double a = as_double(t, &it[(size_t)low].v), b = as_double(t, &it[(size_t)ceil(at)].v);
  *out = (Value){.f = a == b ? a : a * (1 - (at - low)) + b * (at - low)};
}

/* "`stddev` and `variance` are those of a sample"; of fewer than two values they are null. */
static void agg_variance(const Type *t, const Item *it, size_t len, bool root, Value *out) {
  long double mean = 0, sum = 0;
  for (size_t i = 0; i < len; i++) mean += (long double)as_double(t, &it[i].v);
  mean /= (long double)len;
  for (size_t i = 0; i < len; i++) {
    long double d = (long double)as_double(t, &it[i].v) - mean;
    sum += d * d;
  }
  double v = (double)(sum / (long double)(len - 1));
  *out = len < 2 ? (Value){.is_null = true} : (Value){.f = root ? sqrt(v) : v};
}

static const Item *agg_extreme(const Type *t, const Item *it, size_t len, bool by, bool most) {
  const Item *best = it;
  for (size_t i = 1; i < len; i++) {
    int c = value_compare(t, by ? &it[i].by : &it[i].v, by ? &best->by : &best->v);
    if (most ? c > 0 : c < 0) best = &it[i];
  }
  return best;
}

static int64_t agg_distinct(const Type *t, Item *it, size_t len) {
  int64_t n = 0;
  sorted_type = t;
  qsort(it, len, sizeof *it, by_value);
  for (size_t i = 0; i < len; i++) n += i == 0 || value_compare(t, &it[i - 1].v, &it[i].v) != 0;
  return n;
}

static void agg_text_join(Ref *r, const Item *it, size_t len, Value *out) {
  size_t size = 0;
  for (size_t i = 0; i < len; i++) size += it[i].v.s.len + it[i].by.s.len;
  char *text = arena_alloc(r->arena, size + 1), *p = text;
  for (size_t i = 0; i < len; i++) {
    FrtStr sep = i ? it[i].by.s : (FrtStr){0}, s = it[i].v.s;
    if (sep.len) p = (char *)memcpy(p, sep.ptr, sep.len) + sep.len;
    if (s.len) p = (char *)memcpy(p, s.ptr, s.len) + s.len;
  }
  *out = (Value){.s = {text, (uint32_t)(p - text), 0}};
}

/* "The most frequent value; of several, the one that was met first." */
static void agg_mode(const Type *t, const Item *it, size_t len, Value *out) {
  size_t most = 0;
  for (size_t i = 0; i < len; i++) {
    size_t n = 0;
    for (size_t k = 0; k < len; k++) n += value_compare(t, &it[i].v, &it[k].v) == 0;
    if (n > most) most = n, *out = it[i].v;
  }
}

static int aggregate_one(Ref *r, const PlanAgg *a, const RefTable *rows, Value *out) {
  Item *it;
  size_t len = agg_items(r, a, rows, &it);
  const Type *t = a->arg[0] ? a->arg[0]->type : NULL, *result = col_type(r, a->col);
  *out = (Value){.i = (int64_t)len};
  if (a->fn == AGG_COUNT) return FRT_OK;
  if (a->fn == AGG_COUNT_DISTINCT) return *out = (Value){.i = agg_distinct(t, it, len)}, FRT_OK;
  if (a->fn == AGG_LIST) {
    Value *items = arena_alloc(r->arena, (len + 1) * sizeof *items);
    for (size_t i = 0; i < len; i++) items[i] = it[i].v;
    *out = (Value){.items = items, .len = (uint32_t)len};
    return FRT_OK;
  }
  *out = (Value){.is_null = true};
  if (!len) return FRT_OK;                                      /* "`sum` null" */
  switch (a->fn) {
    case AGG_SUM: return agg_sum(r, t, result, it, len, out);
    case AGG_AVG: return agg_avg(r, t, result, it, len, out);
    case AGG_MIN: case AGG_MAX: *out = agg_extreme(t, it, len, false, a->fn == AGG_MAX)->v; break;
    case AGG_ARG_MIN: case AGG_ARG_MAX: *out = agg_extreme(a->arg[1]->type, it, len, true, a->fn == AGG_ARG_MAX)->v; break;
    case AGG_FIRST: *out = it[0].v; break;
    case AGG_LAST: *out = it[len - 1].v; break;
    case AGG_MEDIAN: agg_quantile(t, it, len, 0.5, out); break;
    case AGG_QUANTILE: agg_quantile(t, it, len, it[0].by.f, out); break;
    case AGG_STDDEV: case AGG_VARIANCE: agg_variance(t, it, len, a->fn == AGG_STDDEV, out); break;
    case AGG_ANY: case AGG_ALL: {
      bool any = false, all = true;
      for (size_t i = 0; i < len; i++) any |= it[i].v.i != 0, all &= it[i].v.i != 0;
      *out = (Value){.i = a->fn == AGG_ANY ? any : all};
      break;
    }
    case AGG_MODE: agg_mode(t, it, len, out); break;
    case AGG_TEXT_JOIN: agg_text_join(r, it, len, out); break;
    default: ref_cannot(r, "an aggregate"); break;
  }
  return FRT_OK;
}

/* Rows for which an argument or a condition fails leave as errors before they are counted anywhere. */
static bool agg_row_fails(Ref *r, const PlanNode *n, RefRow *row) {
  for (uint32_t k = 0; k < n->agg_len; k++) {
    const PlanAgg *a = &n->aggs[k];
    Value v = {.i = 1};
    int status = a->where ? ref_eval(r, row, a->where, &v) : FRT_OK;
    if (!status && (v.is_null || !v.i)) continue;
    for (int p = 0; p < 2 && !status; p++)
      if (a->arg[p]) status = ref_eval(r, row, a->arg[p], &v);
    if (!status) continue;
    if (n->policy.kind == FRT_POLICY_NULL) ref_cannot(r, "an aggregate with on error null");
    ref_error(r, n, row, status, "");
    return true;
  }
  return false;
}

/* "without `by` gives one row, also for no input; with `by`, no input gives no rows". An error of a group is judged by the
 * policy of `aggregate` (note 76). */
static void hold_aggregate(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable keyed = {0};
  Groups g = {0};
  keyed_rows(r, n, ref_input(r, n, 0), &keyed);
  if (!n->by_len) {
    g.list = arena_grow(r->arena, NULL, 0, sizeof *g.list);
    g.list[g.len++] = (Group){.key = ref_copy(r, NULL)};
  }
  for (size_t i = 0; i < keyed.len; i++) {
    if (agg_row_fails(r, n, keyed.rows[i])) continue;
    Group *group = n->by_len ? group_of(r, &g, n->by, n->by_len, keyed.rows[i]) : &g.list[0];
    ref_add(r, &group->rows, keyed.rows[i]);
  }
  for (size_t i = 0; i < g.len; i++) {
    RefRow *row = ref_copy(r, NULL);
    int status = FRT_OK;
    row->key = i;
    row->scan = ref_index(r, n);
    for (uint32_t k = 0; k < n->by_len; k++) row->v[n->by[k]] = g.list[i].key->v[n->by[k]];
    for (uint32_t k = 0; k < n->agg_len && !status; k++) {
      const PlanAgg *a = &n->aggs[k];
      if (a->fn == AGG_SUM || a->fn == AGG_AVG || r->needed[a->col]) status = aggregate_one(r, a, &g.list[i].rows, &row->v[a->col]);
    }
    if (status) ref_error(r, n, row, status, "");
    else ref_add(r, out[0], row);
  }
}

/* ---- order ---- */

typedef struct Sorted { RefRow *row; Value *keys; size_t order; } Sorted;
static const PlanNode *sorted_node;

/* "stable; nulls last unless said; strings by code point". Nulls stand last whatever the direction. */
static int by_keys(const void *a, const void *b) {
  const Sorted *x = a, *y = b;
  for (uint32_t i = 0; i < sorted_node->key_len; i++) {
    const PlanSortKey *k = &sorted_node->keys[i];
    const Value *u = &x->keys[i], *v = &y->keys[i];
    if (u->is_null != v->is_null) return u->is_null == k->nulls_first ? -1 : 1;
    int c = u->is_null ? 0 : value_compare(k->value->type, u, v);
    if (c) return k->desc ? -c : c;
  }
  return x->order < y->order ? -1 : x->order > y->order;
}

static int keys_compare(const PlanNode *n, const Sorted *a, const Sorted *b) {
  Sorted x = *a, y = *b;
  x.order = y.order = 0;
  sorted_node = n;
  return by_keys(&x, &y);
}

static size_t sorted_rows(Ref *r, const PlanNode *n, const RefTable *in, Sorted **out) {
  size_t len = 0;
  *out = arena_alloc(r->arena, (in->len + 1) * sizeof **out);
  for (size_t i = 0; i < in->len; i++) {
    Sorted s = {in->rows[i], arena_alloc(r->arena, (n->key_len + 1) * sizeof(Value)), i};
    int status = FRT_OK;
    for (uint32_t k = 0; k < n->key_len && !status; k++) status = ref_eval(r, in->rows[i], n->keys[k].value, &s.keys[k]);
    if (status) ref_error(r, n, in->rows[i], status, "");
    else (*out)[len++] = s;
  }
  sorted_node = n;
  qsort(*out, len, sizeof **out, by_keys);
  return len;
}

/* Rows behind a holder come in its order: it is their source now. */
static void put_held(Ref *r, const PlanNode *n, RefTable *out, const RefRow *row) {
  RefRow *copy = ref_copy(r, row);
  copy->scan = ref_index(r, n);
  copy->key = out->len;
  ref_add(r, out, copy);
}

static void hold_sort(Ref *r, const PlanNode *n, RefTable **out) {
  Sorted *s;
  size_t len = sorted_rows(r, n, ref_input(r, n, 0), &s), count = n->kind == PLAN_TOP ? (size_t)ref_count(r, n->count) : len;
  Groups g = {0};
  for (size_t i = 0; i < len; i++) {
    Group *group = group_of(r, &g, n->by, n->by_len, s[i].row);
    if (n->kind == PLAN_TOP && group->rows.len >= count) continue;   /* "the N first of that order", `per` group */
    ref_add(r, &group->rows, s[i].row);
    put_held(r, n, out[0], s[i].row);
  }
}

/* "first row of each" */
static void hold_distinct(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  Groups g = {0};
  for (size_t i = 0; i < in->len; i++) {
    Group *group = group_of(r, &g, n->by, n->by_len, in->rows[i]);
    if (!group->rows.len) ref_add(r, out[0], in->rows[i]);
    ref_add(r, &group->rows, in->rows[i]);
  }
}

/* ---- rank ---- */

/* Value of one window function at row i of its sorted group. `sum/avg/min/max/count` run over the rows up to the present
 * one (note 32), `rows 3` over the present row and two before it. */
static int rank_one(Ref *r, const PlanNode *n, const PlanAgg *a, const Sorted *s, size_t len, size_t i, Value *out) {
  size_t at = i;
  Value k = {.i = 1};
  *out = (Value){.i = (int64_t)i + 1};
  switch (a->fn) {
    case AGG_ROW_NUMBER: return FRT_OK;
    case AGG_RANK:
      while (at && keys_compare(n, &s[at - 1], &s[i]) == 0) at--;
      *out = (Value){.i = (int64_t)at + 1};
      return FRT_OK;
    case AGG_DENSE_RANK:
      out->i = 1;
      for (at = 1; at <= i; at++) out->i += keys_compare(n, &s[at - 1], &s[at]) != 0;
      return FRT_OK;
    case AGG_NTILE: {
      if (ref_eval(r, s[i].row, a->arg[0], &k)) return FRT_E_ARGUMENT;
      size_t tiles = (size_t)k.i, size = len / tiles, larger = len % tiles;   /* "the larger buckets first" */
      size_t edge = larger * (size + 1);
      out->i = (int64_t)(i < edge ? i / (size + 1) : larger + (i - edge) / (size ? size : 1)) + 1;
      return FRT_OK;
    }
    case AGG_LAG: case AGG_LEAD:
      if (a->arg[1] && ref_eval(r, s[i].row, a->arg[1], &k)) return FRT_E_ARGUMENT;
      *out = (Value){.is_null = true};
      if (a->fn == AGG_LAG ? (int64_t)i < k.i : (int64_t)i + k.i >= (int64_t)len) return FRT_OK;
      return ref_eval(r, s[a->fn == AGG_LAG ? i - (size_t)k.i : i + (size_t)k.i].row, a->arg[0], out);
    default: break;
  }
  size_t from = 0;
  size_t to = n->key_len || n->frame ? i + 1 : len;
  if (n->frame) from = i + 1 > (size_t)ref_count(r, n->frame) ? i + 1 - (size_t)ref_count(r, n->frame) : 0;
  if ((a->fn == AGG_FIRST || a->fn == AGG_LAST) && !n->frame) to = len;   /* of the window (stdlib/window.flow) */
  RefTable rows = {0};
  for (at = from; at < to; at++) ref_add(r, &rows, s[at].row);
  return aggregate_one(r, a, &rows, out);
}

static void hold_rank(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable keyed = {0};
  Groups g = {0};
  keyed_rows(r, n, ref_input(r, n, 0), &keyed);
  for (size_t i = 0; i < keyed.len; i++) {
    bool fails = false;
    for (uint32_t k = 0; k < n->agg_len && !fails; k++) {
      Value v;
      int status = n->aggs[k].arg[0] ? ref_eval(r, keyed.rows[i], n->aggs[k].arg[0], &v) : FRT_OK;
      fails = status != FRT_OK;
      if (status) ref_error(r, n, keyed.rows[i], status, "");
    }
    if (!fails) ref_add(r, &group_of(r, &g, n->by, n->by_len, keyed.rows[i])->rows, keyed.rows[i]);
  }
  for (size_t i = 0; i < g.len; i++) {
    Sorted *s;
    size_t len = sorted_rows(r, n, &g.list[i].rows, &s);
    for (size_t at = 0; at < len; at++) {
      RefRow *row = ref_copy(r, s[at].row);
      int status = FRT_OK;
      for (uint32_t k = 0; k < n->agg_len && !status; k++)
        status = rank_one(r, n, &n->aggs[k], s, len, at, &row->v[n->aggs[k].col]);
      if (status) ref_error(r, n, s[at].row, status, "");
      else put_held(r, n, out[0], row);
    }
  }
}

/* ---- event time ---- */

static int64_t floor_to(int64_t t, int64_t step) {
  int64_t rest = t % step;
  return t - rest - (rest < 0 ? step : 0);
}

static const int64_t least_time = -62135596800000000, most_time = 253402300799999999;   /* years 1 to 9999 */

static void window_put(Ref *r, const PlanNode *n, RefTable *out, RefRow *row, Value from, Value to) {
  row->v[n->made[0].col] = from;
  row->v[n->made[1].col] = to;
  ref_add(r, out, row);
}

/* The windows that cover time t: they begin at each multiple of the hop; the earliest first. */
static void window_cover(Ref *r, const PlanNode *n, RefRow *row, int64_t t, RefTable *out) {
  int64_t hop = strcmp(n->window, "hopping") ? n->size_us : n->hop_us, last = floor_to(t, hop), from = last;
  while (from - hop + n->size_us > t) from -= hop;
  if (from < least_time || last + n->size_us > most_time) {
    ref_error(r, n, row, FRT_E_OVERFLOW, "window_start");
    return;
  }
  for (; from <= last; from += hop)
    window_put(r, n, out, ref_copy(r, row), (Value){.i = from}, (Value){.i = from + n->size_us});
}

static int window_compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* A session ends where the next time is further than the gap; it ends a gap behind its last row. Rows stay in their order. */
static void window_sessions(Ref *r, const PlanNode *n, const RefTable *rows, RefTable *out) {
  int64_t *times = arena_alloc(r->arena, (rows->len + 1) * sizeof *times);
  size_t len = 0;
  for (size_t i = 0; i < rows->len; i++)
    if (!rows->rows[i]->v[n->time_col].is_null) times[len++] = rows->rows[i]->v[n->time_col].i;
  qsort(times, len, sizeof *times, window_compare);
  for (size_t i = 0; i < rows->len; i++) {
    RefRow *row = rows->rows[i];
    Value from = {.is_null = true}, to = from, t = row->v[n->time_col];
    size_t first = 0, last;
    while (!t.is_null && times[first] != t.i) first++;
    for (last = first; !t.is_null && last + 1 < len && times[last + 1] - times[last] <= n->gap_us;) last++;
    while (!t.is_null && first && times[first] - times[first - 1] <= n->gap_us) first--;
    if (!t.is_null) from = (Value){.i = times[first]}, to = (Value){.i = times[last] + n->gap_us};
    row->v[n->made[0].col] = from;
    row->v[n->made[1].col] = to;
    put_held(r, n, out, row);
  }
}

/* "`window` adds `window_start` (and `window_end`)"; "Late is judged row by row against the largest time seen less the
 * lateness", where `lateness` or `else` is written. A row without a time is in no window. */
static void hold_window(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0), held = {0};
  bool judged = n->out_len > 1 || n->lateness_us > 0, any = false, session = !strcmp(n->window, "session");
  int64_t largest = 0;
  for (size_t i = 0; i < in->len; i++) {
    RefRow *row = in->rows[i];
    const Value *t = &row->v[n->time_col], none = {.is_null = true};
    if (t->is_null) {
      if (session) ref_add(r, &held, ref_copy(r, row));
      else window_put(r, n, out[0], ref_copy(r, row), none, none);
      continue;
    }
    if (judged && any && t->i < largest - n->lateness_us) {
      if (n->out_len > 1) ref_add(r, out[1], row);
      continue;
    }
    if (!any || t->i > largest) largest = t->i;
    any = true;
    if (!session) window_cover(r, n, row, t->i, out[0]);
    else if (t->i < least_time || t->i + n->gap_us > most_time) ref_error(r, n, row, FRT_E_OVERFLOW, "window_start");
    else ref_add(r, &held, ref_copy(r, row));
  }
  if (session) window_sessions(r, n, &held, out[0]);
}

/* "starts a new one": a gap of more than `gap` between two rows of one key (a row without a time starts none); sessions are numbered as they begin, from 1. */
static void hold_sessionize(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  Groups g = {0};
  int64_t sessions = 0;
  for (size_t i = 0; i < in->len; i++) {
    RefRow *row = ref_copy(r, in->rows[i]);
    Group *group = group_of(r, &g, n->by, n->by_len, row);
    const RefTable *rows = &group->rows;
    const Value *t = &row->v[n->time_col], *last = NULL;
    for (size_t k = rows->len; k-- > 0 && !last;)
      if (!rows->rows[k]->v[n->time_col].is_null) last = &rows->rows[k]->v[n->time_col];
    bool fresh = !rows->len || (last && !t->is_null && (t->i - last->i > n->gap_us || last->i - t->i > n->gap_us));
    row->v[n->made[0].col] = (Value){.i = fresh ? ++sessions : rows->rows[rows->len - 1]->v[n->made[0].col].i};
    ref_add(r, &group->rows, row);
    ref_add(r, out[0], row);
  }
}

void ref_hold(Ref *r, const PlanNode *n, RefTable **out) {
  switch (n->kind) {
    case PLAN_AGGREGATE: case PLAN_PIVOT: hold_aggregate(r, n, out); break;
    case PLAN_SORT: case PLAN_TOP: hold_sort(r, n, out); break;
    case PLAN_DISTINCT: hold_distinct(r, n, out); break;
    case PLAN_RANK: hold_rank(r, n, out); break;
    case PLAN_SESSIONIZE: hold_sessionize(r, n, out); break;
    case PLAN_WINDOW: hold_window(r, n, out); break;
    default: ref_cannot(r, n->word); break;
  }
}
