/* FrtSorter against the plain definition: entries by their keys, and where these are equal, as they came. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flowrt.h"

static uint64_t random_state;

static uint64_t next_random(void) {   /* xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

/* ---- words ---- */

static uint32_t words_len;

static int compare_words(const uint64_t *a, const uint64_t *b) {
  for (uint32_t j = 0; j < words_len; j++)
    if (a[j] != b[j]) return a[j] < b[j] ? -1 : 1;
  return 0;
}

static uint64_t word_random(uint64_t i, uint32_t j) { return (void)i, (void)j, next_random(); }
static uint64_t word_few(uint64_t i, uint32_t j) { return (void)i, (void)j, next_random() % 5 << 40; }
static uint64_t word_number(uint64_t i, uint32_t j) { return j ? i : next_random() % 100000 << 37; }
static uint64_t word_same(uint64_t i, uint32_t j) { return (void)i, 7 + j; }
static uint64_t word_up(uint64_t i, uint32_t j) { return j ? next_random() : i; }
static uint64_t word_slow(uint64_t i, uint32_t j) { return j ? next_random() % 3 : i / 100; }
static uint64_t word_down(uint64_t i, uint32_t j) { return ~i << (8 * j); }
static uint64_t word_last(uint64_t i, uint32_t j) { return j + 1 == words_len ? ~i * 0x9e3779b97f4a7c15ull : 1; }
static uint64_t word_ends(uint64_t i, uint32_t j) { return (i + j) % 2 ? 0 : ~0ull; }

static void check_words(uint32_t words, uint64_t n, uint64_t (*word)(uint64_t i, uint32_t j)) {
  uint64_t *keys = malloc((n * words + 1) * sizeof *keys), payloads[100];
  FrtSorter s;
  words_len = words;
  frt_sorter_init(&s, words, 0);
  for (uint64_t i = 0; i < n * words; i++) keys[i] = word(i / words, (uint32_t)(i % words));
  for (uint64_t i = 0, m; i < n; i += m) {
    m = n - i < 100 ? n - i : 1 + next_random() % 100;
    for (uint64_t k = 0; k < m; k++) payloads[k] = i + k;
    frt_sorter_add(&s, keys + i * words, payloads, (uint32_t)m);
  }
  frt_sorter_sort(&s, 0);
  cr_assert(s.len == n);
  uint8_t *seen = calloc(n + 1, 1);
  for (uint64_t i = 0; i < n; i++) {
    uint64_t at = s.pairs[i].row;
    cr_assert(at < n && !seen[at]);
    seen[at] = 1;
    if (!i) continue;
    uint64_t before = s.pairs[i - 1].row;
    int c = compare_words(keys + before * words, keys + at * words);
    cr_assert(c < 0 || (c == 0 && before < at), "%u words, %lu rows, place %lu", words, n, i);
  }
  free(seen);
  free(keys);
  frt_sorter_free(&s);
}

Test(ord_sorter, words) {
  static const uint64_t sizes[] = { 0, 1, 2, 13, 255, 4096, 4097, 20000, 140000 };
  static uint64_t (*const shapes[])(uint64_t, uint32_t) = { word_random, word_few, word_number, word_same, word_up,
                                                            word_slow,   word_down, word_last, word_ends };
  random_state = 88172645463325252ull;
  for (uint32_t words = 1; words <= FRT_SORT_WORDS; words++)
    for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++)
      for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) check_words(words, sizes[z], shapes[s]);
}

/* ---- bytes ---- */

typedef struct Text { uint32_t len; FrtSortKey *key; } Text;

static int compare_keys(const FrtSortKey *a, const FrtSortKey *b) {
  int c = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
  return c ? c : a->len < b->len ? -1 : a->len > b->len;
}

static uint32_t text_random(uint64_t i, char *to) {
  uint32_t len = (uint32_t)(next_random() % 20);
  (void)i;
  for (uint32_t k = 0; k < len; k++) to[k] = (char)next_random();
  return len;
}
static uint32_t text_prefix(uint64_t i, char *to) {   /* 30 equal bytes */
  memset(to, 'p', 30);
  (void)i;
  return 30 + text_random(i, to + 30) % 4;
}
static uint32_t text_zeros(uint64_t i, char *to) {
  uint32_t len = (uint32_t)(next_random() % 40);
  memset(to, 0, len);
  if (len && i % 7 == 0) to[len - 1] = 1;
  return len;
}
static uint32_t text_nested(uint64_t i, char *to) { return memset(to, 'n', i % 2000), (uint32_t)(i % 2000); }
static uint32_t text_up(uint64_t i, char *to) { return (uint32_t)(frt_order_put_word(to, i, 8) - to); }
static uint32_t text_mail(uint64_t i, char *to) {
  uint64_t n = next_random() % 1000000;
  (void)i;
  memcpy(to, "user", 4);
  char *p = frt_put_u64(to + 4, n);
  memcpy(p, "@example.com", 12);
  return (uint32_t)(p + 12 - to);
}

static void check_texts(uint64_t n, uint32_t (*text)(uint64_t i, char *to)) {
  FrtSortKey **keys = malloc((n + 1) * sizeof *keys);
  FrtSorter s;
  char bytes[4096];
  frt_sorter_init(&s, 1, FRT_SORT_TEXT);
  for (uint64_t i = 0; i < n; i++) {
    uint32_t len = text(i, bytes);
    keys[i] = calloc(1, sizeof *keys[i] + len);
    keys[i]->payload = i;
    keys[i]->len = len;
    memcpy(keys[i]->bytes, bytes, len);
    uint64_t word = frt_order_text((FrtStr){ bytes, len, 0 }), payload = (uint64_t)(uintptr_t)keys[i];
    frt_sorter_add(&s, &word, &payload, 1);
  }
  frt_sorter_sort(&s, 0);
  for (uint64_t i = 0; i < n; i++) {
    cr_assert(s.pairs[i].row < n);
    if (!i) continue;
    uint64_t before = s.pairs[i - 1].row, at = s.pairs[i].row;
    int c = compare_keys(keys[before], keys[at]);
    cr_assert(c < 0 || (c == 0 && before < at), "%lu rows, place %lu", n, i);
  }
  for (uint64_t i = 0; i < n; i++) free(keys[i]);
  free(keys);
  frt_sorter_free(&s);
}

Test(ord_sorter, bytes) {
  static const uint64_t sizes[] = { 0, 1, 2, 13, 255, 5000, 70000 };
  static uint32_t (*const shapes[])(uint64_t, char *) = { text_random, text_prefix, text_zeros, text_nested, text_up, text_mail };
  random_state = 42;
  for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++)
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) check_texts(sizes[z], shapes[s]);
}

/* ---- parts of keys ---- */

static int compare_parts(FrtStr a, FrtStr b, uint32_t flip) {
  char x[64], y[64];
  char *xe = frt_order_put_word(frt_order_put_text(x, a, flip), 1, 2), *ye = frt_order_put_word(frt_order_put_text(y, b, flip), 1, 2);
  size_t n = (size_t)(xe - x) < (size_t)(ye - y) ? (size_t)(xe - x) : (size_t)(ye - y);
  int c = memcmp(x, y, n);
  cr_assert(c || xe - x == ye - y);
  return flip ? -c : c;
}

Test(ord_sorter, parts) {
  static const FrtStr up[] = { { "", 0, 0 },     { "\0", 1, 0 },    { "\0\0", 2, 0 }, { "\0a", 2, 0 }, { "\1", 1, 0 },
                               { "a", 1, 0 },    { "a\0", 2, 0 },   { "a\0\0b", 4, 0 }, { "a\0b", 3, 0 }, { "a\1", 2, 0 },
                               { "ab", 2, 0 },   { "\xfe", 1, 0 },  { "\xff", 1, 0 }, { "\xff\0", 2, 0 }, { "\xff\xff", 2, 0 } };
  for (size_t i = 0; i < sizeof up / sizeof *up; i++)
    for (size_t j = 0; j < sizeof up / sizeof *up; j++)
      for (uint32_t flip = 0; flip <= 0xff; flip += 0xff) {
        int c = compare_parts(up[i], up[j], flip);
        cr_assert(i == j ? c == 0 : i < j ? c < 0 : c > 0, "%zu %zu", i, j);
      }
}
