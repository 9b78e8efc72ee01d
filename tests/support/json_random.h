/* json_random.h: JSON lines made and damaged at random, from a seed, for tests that compare two ways of
 * reading; and the columns they are read as. */
#ifndef TESTS_JSON_RANDOM_H
#define TESTS_JSON_RANDOM_H

#include "support/json_harness.h"

static uint64_t random_state;
static uint32_t random_below(uint32_t n) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 20) % n;
}

typedef struct RandomText { char *p; size_t n, room; } RandomText;
static void random_put(RandomText *t, const char *text) {
  size_t n = strlen(text);
  if (t->n + n > t->room) t->p = realloc(t->p, t->room = (t->n + n) * 2);
  if (n) memcpy(t->p + t->n, text, n);
  t->n += n;
}

static const uint8_t random_true = 1;
static const FrtType random_list = {FRT_LIST, 1, 0, 0, 16, &harness_i64n, 16, 8, NULL, 0, 0, NULL};
static const FrtStr random_names[] = {HARNESS_STR("red"), HARNESS_STR("green"), HARNESS_STR("a \"b\"")};
static const FrtType random_enum = {FRT_ENUM, 1, 0, 0, 2, NULL, 0, 0, NULL, 0, 3, random_names};
static const FrtStr random_from[] = {HARNESS_STR("Customer Name, in full")};
static const FrtColumn random_columns[] = {
    {HARNESS_STR("id"), NULL, 0, 1, &harness_i64, {0}, {0}, NULL, 0},
    {HARNESS_STR("name"), random_from, 1, 1, &harness_string, {0}, {0}, NULL, 0},
    {HARNESS_STR("note"), NULL, 0, 1, &harness_stringn, {0}, {0}, NULL, 0},
    {HARNESS_STR("price"), NULL, 0, 1, &harness_dec2n, {0}, {0}, NULL, 0},
    {HARNESS_STR("score"), NULL, 0, 1, &harness_f64n, {0}, {0}, NULL, 0},
    {HARNESS_STR("ok"), NULL, 0, 1, &harness_bool, {0}, {0}, &random_true, 0},
    {HARNESS_STR("day"), NULL, 0, 1, &harness_daten, {0}, {0}, NULL, 0},
    {HARNESS_STR("marks"), NULL, 0, 1, &random_list, {0}, {0}, NULL, 0},
    {HARNESS_STR("color"), NULL, 0, 2, &random_enum, {0}, {0}, NULL, 0},
    {HARNESS_STR("unused"), NULL, 0, 0, &harness_i64, {0}, {0}, NULL, 0},
};
enum { RANDOM_COLUMNS = 10 };

#define RANDOM_PICK(array) (array)[random_below(sizeof(array) / sizeof *(array))]

static void random_value(RandomText *t, uint32_t column, uint32_t odd) {
  static const char *const ints[] = {"0", "1", "-7", "12345", "9223372036854775807", "-0", "42", "900", "31", "77"};
  static const char *const strings[] = {"\"\"", "\"plain\"", "\"a, b: {c}\"", "\"x\"", "\"a longer text, over many words and bytes, so that it spans\"",
                                        "\"caf\xc3\xa9\"", "\"\xf0\x9f\x98\x80\""};
  static const char *const escapes[] = {"\"q\\\"q\"", "\"\\\\\"", "\"\\u00e9\"", "\"\\ud83d\\ude00!\"", "\"a\\n\\t\\/\"", "\"\\\\\\\\\\\"\""};
  static const char *const decimals[] = {"1.50", "0.05", "-3.1", "20", "99.99", "0", "1234567890.12", "-0.5"};
  static const char *const floats[] = {"0.25", "1.5", "-2.75", "100", "3.141592653589793", "0"};
  static const char *const days[] = {"\"2026-07-01\"", "\"1999-12-31\"", "null"};
  static const char *const colors[] = {"\"red\"", "\"green\"", "null", "\"a \\\"b\\\"\""};
  static const char *const odds[] = {"null", "true", "false", "1e2", "1E+5", "\"\"", "\"5\"", "[1,null,3]", "[]", "{}", "{\"a\":[{}]}", "12.345", "-1",
                                     "\"2026-02-30\"", "99999999999999999999", "\"\\ud83d\\ude00\"", "[[]]", "0.1e-3", "\"blue\""};
  static const char *const wrong[] = {"011", "+1", ".5", "1.", "1.2.3", "--1", "-", "NaN", "tru", "truee", "nul", "\"a\"b\"", "\"\\x\"", "\"\\ud800\"",
                                      "\"\\u12\"", "\"a\tb\"", "\"\xff\"", "\"\xed\xa0\x80\"", "1 2", "", "'x'", "[1,]", "{\"a\"}", "1-2", "00", "-01", "1.5.5",
                                      "\"a\"\"b\"", "true1", "1true", "\xc3", "0x10", "\\", "1,"};
  uint32_t r = random_below(1000);
  if (r < odd) random_put(t, RANDOM_PICK(wrong));
  else if (r < 4 * odd) random_put(t, RANDOM_PICK(odds));
  else if (r < 6 * odd) random_put(t, RANDOM_PICK(escapes));
  else if (column == 0 || column == 9) random_put(t, RANDOM_PICK(ints));
  else if (column <= 2) random_put(t, RANDOM_PICK(strings));
  else if (column == 3) random_put(t, RANDOM_PICK(decimals));
  else if (column == 4) random_put(t, RANDOM_PICK(floats));
  else if (column == 5) random_put(t, random_below(2) ? "true" : "false");
  else if (column == 6) random_put(t, RANDOM_PICK(days));
  else if (column == 7) random_put(t, random_below(9) ? "null" : "[1,2]");
  else random_put(t, RANDOM_PICK(colors));
}

/* A file of lines. `odd` in 1000: how often things are out of the ordinary. */
static RandomText random_lines(uint64_t seed, uint32_t rows, uint32_t odd) {
  static const char *const names[] = {"id", "name", "note", "price", "score", "ok", "day", "marks", "color", "unused",
                                      "extra", "Customer Name, in full", "n\\u0061me", "a rather long name of a member, more than sixteen bytes",
                                      "\xc3\xa9"};
  RandomText t = {NULL, 0, 0};
  uint32_t order[32], len = 0;
  random_state = seed * 0x9e3779b97f4a7c15u + 88172645463325252u;
  for (int i = 0; i < 20; i++) random_below(2);
  uint32_t spaced = random_below(3);   /* 0: none, 1: behind `:` and `,`, 2: at random */
  random_put(&t, "");
  for (uint32_t row = 0; row < rows; row++) {
    if (row == 0 || random_below(1000) < odd) {
      len = 1 + random_below(12);
      for (uint32_t i = 0; i < len; i++) {
        order[i] = i < 10 && random_below(8) ? i : random_below(15);
        uint32_t k = random_below(i + 1), swap = order[k];
        if (random_below(3) == 0) order[k] = order[i], order[i] = swap;
      }
    }
    if (random_below(1000) < odd) random_put(&t, random_below(2) ? "\n" : "  \n");
    random_put(&t, "{");
    for (uint32_t i = 0; i < len; i++) {
      uint32_t wide = spaced == 1 || (spaced == 2 && random_below(1000) < odd);
      if (i) random_put(&t, wide ? ", \"" : ",\"");
      else random_put(&t, "\"");
      random_put(&t, names[random_below(1000) < odd / 4 ? random_below(15) : order[i]]);
      random_put(&t, random_below(2000) < odd ? "\" :" : wide ? "\": " : "\":");
      if (random_below(4000) < odd) random_put(&t, "  ");
      random_value(&t, order[i] == 11 || order[i] == 12 ? 1 : order[i] > 9 ? random_below(9) : order[i], odd);
    }
    random_put(&t, random_below(2000) < odd ? "" : "}");
    random_put(&t, random_below(1000) < odd ? random_below(2) ? "\r\n" : " \n" : "\n");
  }
  /* damage */
  static const char marks[] = "{}[]\",:\\\n\r\t 0-.eEtfnu\x01\xff\xc3z";
  uint32_t hits = odd ? random_below(1 + rows * odd / 4000 + 1) : 0;
  for (uint32_t i = 0; i < hits && t.n; i++) t.p[random_below((uint32_t)t.n)] = marks[random_below(sizeof marks - 1)];
  if (t.n && random_below(4) == 0) t.n -= random_below(t.n < 200 ? (uint32_t)t.n : 200);
  return t;
}

#endif
