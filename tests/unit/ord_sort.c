/* frt_sort_pairs against the plain definition: stable, in order of the words, then of the rows. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flowrt.h"

typedef struct Row { uint64_t second, at; } Row;

static FrtStore store;
static uint64_t random_state;

static uint64_t next_random(void) {   /* xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static int compare_rows(const void *env, const void *a, const void *b) {
  const Row *x = a, *y = b;
  (void)env;
  return x->second < y->second ? -1 : x->second > y->second;
}

/* n rows whose words come from `word` and whose second keys are less than `seconds`. */
static FrtPair *make_pairs(uint64_t n, uint64_t (*word)(uint64_t i), uint64_t seconds) {
  FrtPair *pairs = malloc((n + 1) * sizeof *pairs);
  frt_store_init(&store, sizeof(Row));
  for (uint64_t i = 0; i < n; i++) {
    Row *r = frt_store_add(NULL, &store);
    r->second = seconds ? next_random() % seconds : 0;
    r->at = i;
    pairs[i] = (FrtPair){word(i), i};
  }
  return pairs;
}

static void check_sorted(uint64_t n, uint64_t (*word)(uint64_t i), uint64_t seconds, uint32_t exact) {
  FrtPair *pairs = make_pairs(n, word, seconds);
  frt_sort_pairs(pairs, n, exact, exact ? NULL : compare_rows, NULL, &store);
  uint8_t *seen = calloc(n + 1, 1);
  for (uint64_t i = 0; i < n; i++) {
    cr_assert(pairs[i].row < n && !seen[pairs[i].row]);
    seen[pairs[i].row] = 1;
    if (!i) continue;
    const Row *a = FRT_ROW(&store, pairs[i - 1].row), *b = FRT_ROW(&store, pairs[i].row);
    cr_assert(pairs[i - 1].key <= pairs[i].key);
    if (pairs[i - 1].key != pairs[i].key) continue;
    if (!exact) cr_assert(a->second <= b->second);
    if (exact || a->second == b->second) cr_assert(a->at < b->at);
  }
  free(seen);
  free(pairs);
  frt_store_free(&store);
}

static uint64_t word_random(uint64_t i) { return (void)i, next_random(); }
static uint64_t word_few(uint64_t i) { return (void)i, next_random() % 7 << 60; }
static uint64_t word_middle(uint64_t i) { return (void)i, (next_random() % 5000) << 20 | 3; }
static uint64_t word_same(uint64_t i) { return (void)i, 42; }
static uint64_t word_up(uint64_t i) { return i; }
static uint64_t word_down(uint64_t i) { return ~i; }
static uint64_t word_skewed(uint64_t i) { return i % 100 ? 1 : next_random(); }
static uint64_t word_ends(uint64_t i) { return i % 2 ? 0 : ~0ull; }

Test(ord_sort, all_shapes) {
  static const uint64_t sizes[] = {0, 1, 2, 3, 15, 16, 17, 255, 256, 257, 1000, 4097, 70000, 300000};
  static uint64_t (*const words[])(uint64_t) = {word_random, word_few, word_middle, word_same, word_up, word_down, word_skewed, word_ends};
  random_state = 88172645463325252ull;
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
      check_sorted(sizes[s], words[w], 0, 1);
      check_sorted(sizes[s], words[w], 3, 0);
      check_sorted(sizes[s], words[w], ~0ull, 0);
    }
}

Test(ord_sort, words_of_floats) {
  static const double up[] = {-INFINITY, -1e300, -1.5, -1e-310, 0.0, 1e-310, 1.5, 1e300, INFINITY};
  for (size_t i = 1; i < sizeof up / sizeof *up; i++) cr_assert(frt_order_f64(up[i - 1]) < frt_order_f64(up[i]));
  cr_assert(frt_order_f64(-0.0) == frt_order_f64(0.0));
  cr_assert(frt_order_f64(NAN) > frt_order_f64(INFINITY));
  cr_assert(frt_order_f64(-NAN) == frt_order_f64(NAN));
}

Test(ord_sort, words_of_texts) {
  static const char *const up[] = {"", "a", "aa", "ab", "b", "z", "\xc3\xa9", "\xf0\x9f\x98\x80"};
  for (size_t i = 1; i < sizeof up / sizeof *up; i++) {
    FrtStr a = {up[i - 1], (uint32_t)strlen(up[i - 1]), 0}, b = {up[i], (uint32_t)strlen(up[i]), 0};
    cr_assert(frt_order_text(a) < frt_order_text(b));
  }
  cr_assert(frt_order_i64(FRT_I64_MIN) < frt_order_i64(-1) && frt_order_i64(-1) < frt_order_i64(0));
}

/* Rows of groups begin with the number of the group. */
Test(ord_sort, groups) {
  typedef struct Member { uint32_t group; uint64_t at; } Member;
  enum { GROUPS = 5, ROWS = 1000 };
  FrtPairs pairs = {0};
  random_state = 42;
  frt_store_init(&store, sizeof(Member));
  for (uint64_t i = 0; i < ROWS; i++) {
    Member *m = frt_store_add(NULL, &store);
    m->group = (uint32_t)(next_random() % GROUPS);
    frt_pairs_add(&pairs, i, i);
  }
  FrtBounds bounds = {0};
  frt_pairs_cut_groups(&pairs, &store, GROUPS, 20, &bounds);
  for (uint32_t g = 0; g < GROUPS; g++) cr_assert(bounds.len == GROUPS && bounds.full[g] && bounds.key[g] < ROWS);
  frt_pairs_cut_groups(&pairs, &store, GROUPS + 3, 21, &bounds);
  cr_assert(bounds.len == GROUPS + 3 && bounds.full[0] && !bounds.full[GROUPS]);
  frt_bounds_free(&bounds);
  cr_assert(pairs.len == 20 * GROUPS);
  frt_pairs_group(&pairs, &store, GROUPS);
  for (uint64_t i = 0; i < pairs.len; i++) {
    const Member *m = FRT_ROW(&store, pairs.data[i].row);
    cr_assert(m->group == i / 20);
    if (i % 20) cr_assert(pairs.data[i].row > pairs.data[i - 1].row);
  }
  frt_pairs_free(&pairs);
  frt_store_free(&store);
}
