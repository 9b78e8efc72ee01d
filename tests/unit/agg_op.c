/* What grouped operators stand on: tables, held values, exact sums, approximate counts. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "sched/run_internal.h"

static FrtRun run;
static FrtCtx *cx;

static void start(void) {
  memset(&run, 0, sizeof run);
  run.run_arena = arena_new();
  run.main.cx.run = &run;
  run.main.cx.worker = &run.main;
  run.cx = &run.main.cx;
  frt_alloc_start(&run.main);
  cx = &run.main.cx;
}

static void stop(void) {
  frt_at_end_all(&run);
  frt_alloc_end(&run.main);
  arena_free(run.run_arena);
}

TestSuite(agg_op, .init = start, .fini = stop);

static uint64_t seed = 1;
static uint64_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

/* ---- tables ---- */

Test(agg_op, words_are_numbered_in_order_of_appearance) {
  enum { N = 20000, KEYS = 3000 };
  static uint64_t keys[N];
  static uint8_t nul[N];
  static uint32_t ids[N], fresh[N], first[KEYS + 1], seen;
  FrtTable t;
  frt_table_init(&t, 0);
  memset(first, 0xff, sizeof first);
  for (uint32_t i = 0; i < N; i++) {
    keys[i] = next_random() % KEYS;
    nul[i] = next_random() % 100 == 0;
  }
  for (uint32_t from = 0, step; from < N; from += step) {   /* blocks of 0 to 199 rows */
    step = (uint32_t)(next_random() % 200);
    if (step > N - from) step = N - from;
    uint32_t len = frt_table_add_words(cx, &t, keys + from, nul + from, step, ids + from, fresh), at = 0;
    for (uint32_t i = from; i < from + step; i++) {
      uint32_t key = nul[i] ? KEYS : (uint32_t)keys[i];
      if (first[key] == FRT_NONE) {
        first[key] = seen++;
        cr_assert(at < len);
        cr_assert_eq(fresh[at++], i - from);
      }
      cr_assert_eq(ids[i], first[key]);
    }
    cr_assert_eq(at, len);
  }
  cr_assert_eq(t.len, seen);
  frt_table_find_words(&t, keys, nul, N, fresh);
  for (uint32_t i = 0; i < N; i++) cr_assert_eq(fresh[i], nul[i] ? FRT_NONE : ids[i]);
  frt_table_free(&t);
  frt_table_free(&t);
}

/* Small keys move into an array while the table grows; large ones stay in slots. */
Test(agg_op, dense_and_sparse_keys_live_together) {
  enum { N = 200000 };
  static uint64_t keys[N];
  static uint32_t ids[N], again[N], fresh[N];
  static const uint32_t parts[] = {0, 1, 2, 5, 100};      /* one key in so many is large; 0: none */
  for (uint32_t p = 0; p < sizeof parts / sizeof *parts; p++) {
    FrtTable t;
    uint32_t different = 0;
    frt_table_init(&t, 0);
    for (uint32_t i = 0; i < N; i++) {
      uint64_t key = (uint64_t)i * 7919 % 50021;
      keys[i] = parts[p] && key % parts[p] == 0 ? key * 0x9e3779b97f4a7c15ull : key;
    }
    for (uint32_t from = 0; from < N; from += 1000)
      different += frt_table_add_words(cx, &t, keys + from, NULL, 1000, ids + from, fresh);
    cr_assert_eq(different, 50021);
    for (uint32_t i = 0; i < N; i++) cr_assert_eq(ids[i], i % 50021);
    frt_table_find_words(&t, keys, NULL, N, again);
    cr_assert_eq(memcmp(ids, again, sizeof ids), 0);
    cr_assert(parts[p] == 1 || parts[p] == 2 || t.dense_room > 50021);
    uint64_t missing[2] = {50021, UINT64_MAX};
    frt_table_find_words(&t, missing, NULL, 2, again);
    cr_assert(again[0] == FRT_NONE && again[1] == FRT_NONE);
    frt_table_free(&t);
  }
}

Test(agg_op, texts_are_compared_whole) {
  enum { N = 5000 };
  static char room[N][48];
  static FrtStr keys[N];
  static uint32_t ids[N], fresh[N];
  FrtTable t;
  frt_table_init(&t, 1);
  for (uint32_t i = 0; i < N; i++) {            /* texts of 0 to 40 bytes with zeros in them; every one occurs twice */
    uint32_t of = i / 2, len = of % 41;
    memset(room[i], 0, sizeof room[i]);
    memcpy(room[i], &of, len < 4 ? len : 4);
    keys[i] = (FrtStr){room[i], len, 0};
  }
  uint32_t len = frt_table_add_texts(cx, &t, keys, NULL, N, ids, fresh), different = 0;
  for (uint32_t i = 0; i < N; i++) {
    uint32_t j = 0;
    while (keys[j].len != keys[i].len || memcmp(keys[j].ptr, keys[i].ptr, keys[i].len)) j++;
    cr_assert_eq(ids[i], ids[j]);
    different += i == j;
  }
  cr_assert_eq(different, len);
  frt_table_free(&t);
}

/* ---- sums ---- */

static double big_sum(const double *v, uint32_t n) {
  FrtFsum s = {0};
  for (uint32_t i = 0; i < n; i++) frt_fsum_add(&s, v[i]);
  return frt_fsum_value(&s);
}

Test(agg_op, small_and_large_sums_of_floats_agree_in_any_order) {
  static double v[400];
  for (int round = 0; round < 500; round++) {
    uint32_t n = (uint32_t)(next_random() % 400);
    int range = round % 3 == 0 ? 4 : round % 3 == 1 ? 60 : 1000;
    for (uint32_t i = 0; i < n; i++)
      v[i] = ldexp((double)(int64_t)next_random(), (int)(next_random() % (uint64_t)range) - range / 2 - 64);
    double want = big_sum(v, n);
    for (int turn = 0; turn < 3; turn++) {
      FrtFsum2 s = {0, 0, NULL};
      for (uint32_t i = 0; i < n; i++) FRT_FSUM2_ADD(cx, s, v[i]);
      double got = frt_fsum2_value(&s);
      cr_assert_eq(memcmp(&got, &want, 8), 0, "%a, not %a", got, want);
      for (uint32_t i = n; i > 1; i--) {        /* another order */
        uint32_t j = (uint32_t)(next_random() % i);
        double x = v[i - 1];
        v[i - 1] = v[j];
        v[j] = x;
      }
    }
  }
}

Test(agg_op, sums_of_floats_at_the_ends) {
  FrtFsum2 s = {0, 0, NULL};
  FRT_FSUM2_ADD(cx, s, 1.7e308);
  FRT_FSUM2_ADD(cx, s, 1.7e308);
  cr_assert(isinf(frt_fsum2_value(&s)));
  FRT_FSUM2_ADD(cx, s, -1.7e308);
  cr_assert_eq(frt_fsum2_value(&s), 1.7e308);
  FRT_FSUM2_ADD(cx, s, INFINITY);
  cr_assert(isinf(frt_fsum2_value(&s)));
  FRT_FSUM2_ADD(cx, s, -INFINITY);
  cr_assert(isnan(frt_fsum2_value(&s)));
  FrtFsum2 z = {0, 0, NULL};
  FRT_FSUM2_ADD(cx, z, -0.0);
  cr_assert(!signbit(frt_fsum2_value(&z)));
}

/* One rounding: the sum itself is no double, and rounded first it would give another quotient. */
Test(agg_op, averages_of_large_integers_are_the_nearest) {
  FrtI128 s = {0, 0};
  FRT_SUM2_ADD(s, INT64_MAX);
  FRT_SUM2_ADD(s, 85);
  cr_assert_eq(frt_sum2_avg(s, 9), 1024819115206086272.0);
  FrtI128 minus = {~s.lo + 1, ~s.hi + (s.lo == 0)};
  cr_assert_eq(frt_sum2_avg(minus, 9), -1024819115206086272.0);
  cr_assert_eq(frt_sum2_avg((FrtI128){1, 0}, (uint64_t)1 << 60), 0x1p-60);
  cr_assert_eq(frt_sum2_avg((FrtI128){0, 1}, 3), 0x1.5555555555555p+62);
  cr_assert_eq(frt_sum2_avg((FrtI128){7, 0}, 2), 3.5);
  FrtSum wide = {{s.lo, (uint64_t)s.hi, 0}};
  cr_assert_eq(frt_sum_avg(&wide, 9), 1024819115206086272.0);
}

Test(agg_op, sums_of_integers_leave_64_bits_and_come_back) {
  FrtI128 s = {0, 0};
  int64_t out = 0;
  for (int i = 0; i < 3; i++) FRT_SUM2_ADD(s, INT64_MAX);
  cr_assert_eq(frt_sum2_i64(s, &out), FRT_E_SUM_OVERFLOW);
  for (int i = 0; i < 3; i++) FRT_SUM2_ADD(s, INT64_MIN);
  cr_assert_eq(frt_sum2_i64(s, &out), FRT_OK);
  cr_assert_eq(out, -3);
  cr_assert_eq(frt_sum2_f64(s), -3.0);
  FRT_SUM2_ADD(s, INT64_MIN);
  cr_assert_eq(frt_sum2_i64(s, &out), FRT_E_SUM_OVERFLOW);
}

/* ---- held values ---- */

static int by_order(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
  return x < y ? -1 : x > y;
}

Test(agg_op, quantiles_are_those_of_the_sorted_values) {
  static double v[700], sorted[700];
  for (int round = 0; round < 2000; round++) {
    uint64_t n = 1 + next_random() % (round % 5 ? 40 : 700);
    for (uint64_t i = 0; i < n; i++) {
      int kind = round % 4;
      v[i] = kind == 0 ? (double)(next_random() % 5) : kind == 1 ? (double)i : kind == 2 ? -(double)i : (double)(int64_t)next_random();
      if (next_random() % 50 == 0) v[i] = NAN;
    }
    memcpy(sorted, v, n * sizeof *v);
    qsort(sorted, n, sizeof *sorted, by_order);
    double q = round % 7 == 0 ? 1.0 : round % 7 == 1 ? 0.0 : (double)(next_random() % 1000) / 999;
    double place = q * (double)(n - 1), rest = place - floor(place);
    uint64_t k = (uint64_t)place;
    double want = rest == 0 || sorted[k] == sorted[k + 1] ? sorted[k] : sorted[k] * (1 - rest) + sorted[k + 1] * rest;
    double got = frt_quantile(v, n, q);
    cr_assert(isnan(got) ? isnan(want) : got == want, "%g, not %g", got, want);
  }
}

Test(agg_op, groups_keep_the_order_of_their_rows) {
  typedef struct Row { uint64_t v; uint32_t group; } Row;
  enum { GROUPS = 50 };
  FrtStore s;
  uint64_t *starts, last[GROUPS] = {0}, n = 100000;
  frt_store_init(&s, sizeof(Row));
  for (uint64_t i = 0; i < n; i++) {
    Row *r = frt_store_add(cx, &s);
    r->v = i;
    r->group = (uint32_t)(next_random() % (GROUPS - 1));   /* the last group stays empty */
  }
  uint64_t *rows = frt_group_rows(&s, offsetof(Row, group), GROUPS, &starts);
  for (uint32_t g = 0; g < GROUPS; g++)
    for (uint64_t i = starts[g]; i < starts[g + 1]; i++) {
      const Row *r = FRT_ROW(&s, rows[i]);
      cr_assert_eq(r->group, g);
      cr_assert(i == starts[g] || r->v > last[g]);
      last[g] = r->v;
    }
  cr_assert_eq(starts[0], 0);
  cr_assert_eq(starts[GROUPS], n);
  cr_assert_eq(starts[GROUPS - 1], n);
  frt_group_free(rows);
  frt_group_free(starts);
  frt_store_free(&s);
}

Test(agg_op, kept_lists_are_copied_whole) {
  static const FrtType text = {.kind = FRT_STRING, .size = sizeof(FrtStr)};
  static const FrtType list = {.kind = FRT_LIST, .size = sizeof(FrtList), .elem = &text, .elem_size = sizeof(FrtStr)};
  FrtRoom room = {NULL, 0};
  FrtList kept = {NULL, 0, 0};
  for (uint32_t round = 0; round < 200; round++) {
    char bytes[64];
    FrtStr items[8];
    uint32_t n = (uint32_t)(next_random() % 8);
    memset(bytes, 'a' + (int)(round % 26), sizeof bytes);
    for (uint32_t i = 0; i < n; i++) items[i] = (FrtStr){bytes, (uint32_t)(next_random() % 64), 0};
    kept = (FrtList){items, n, 0};
    frt_keep_value(cx, &room, &list, &kept);
    memset(bytes, '!', sizeof bytes);
    for (uint32_t i = 0; i < n; i++) {
      const FrtStr *v = (const FrtStr *)kept.data + i;
      cr_assert_eq(v->len, items[i].len);
      for (uint32_t j = 0; j < v->len; j++) cr_assert_eq(v->ptr[j], 'a' + (int)(round % 26));
    }
  }
}

/* ---- counting without keeping ---- */

Test(agg_op, few_values_are_counted_exactly_and_many_nearly) {
  FrtHll h = {NULL, 0, 0};
  for (uint64_t i = 0; i < 100000; i++) {
    frt_hll_add(cx, &h, frt_hll_word(i % 256));
  }
  cr_assert_eq(frt_hll_count(&h), 256);
  for (uint64_t n = 1000; n <= 1000000; n *= 10) {
    FrtHll many = {NULL, 0, 0};
    for (uint64_t i = 0; i < n; i++) frt_hll_add(cx, &many, frt_hll_word(i * 77));
    double off = fabs((double)frt_hll_count(&many) / (double)n - 1);
    cr_assert(off < 0.05, "%g of %lu", off, (unsigned long)n);
  }
}
