/* Floats from text and to text. */
#include <criterion/criterion.h>
#include <math.h>

#include "support/text_help.h"
#include "text/text.h"

static uint64_t bits64(double v) { uint64_t b; memcpy(&b, &v, 8); return b; }
static uint32_t bits32(float v) { uint32_t b; memcpy(&b, &v, 4); return b; }

static void check_numbers(const char *name) {
  FILE *file = help_data(name);
  if (!file) return;
  char line[4096];
  while (fgets(line, sizeof line, file)) {
    unsigned half, single;
    unsigned long long wide;
    int at = 0;
    cr_assert_eq(sscanf(line, "%x %x %llx %n", &half, &single, &wide, &at), 3);
    size_t n = strcspn(line + at, "\r\n");
    double d;
    float f;
    cr_assert_eq(text_parse_f64(line + at, n, &d), FRT_OK, "%s", line);
    cr_assert_eq(text_parse_f32(line + at, n, &f), FRT_OK, "%s", line);
    cr_assert_eq(bits64(d), wide, "%s got %llx", line, (unsigned long long)bits64(d));
    cr_assert_eq(bits32(f), single, "%s got %x", line, bits32(f));
  }
  fclose(file);
}

Test(text_float, shared_numbers) {
  check_numbers("numbers/data/exhaustive-float16.txt");
  check_numbers("numbers/data/freetype-2-7.txt");
  check_numbers("numbers/data/google-wuffs.txt");
  check_numbers("numbers/data/lemire-fast-float.txt");
  check_numbers("numbers/data/more-test-cases.txt");
  check_numbers("numbers/data/tencent-rapidjson.txt");
}

/* Significant digits of a printed float. */
static int digits_of(const char *p) {
  int n = 0, zeros = 0;
  for (; *p && *p != 'e'; p++) {
    if (*p < '0' || *p > '9') continue;
    if (*p == '0') zeros += n > 0;
    else n += 1 + zeros, zeros = 0;
  }
  return n;
}

static void check_f64(double v) {
  char text[128], other[64];
  char *end = frt_put_f64(text, v);
  *end = 0;
  cr_assert(end - text <= 48);
  double back;
  cr_assert_eq(text_parse_f64(text, (size_t)(end - text), &back), FRT_OK, "%s", text);
  cr_assert_eq(bits64(v), bits64(back), "%s %a", text, v);
  cr_assert_eq(bits64(strtod(text, NULL)), bits64(v), "%s", text);
  int n = 1;
  while (snprintf(other, sizeof other, "%.*e", n - 1, v), strtod(other, NULL) != v) n++;
  cr_assert(digits_of(text) <= n, "%s, but %s", text, other);
  if (digits_of(text) == n) {   /* as near as the C library's */
    long double a = strtold(text, NULL) - (long double)v, b = strtold(other, NULL) - (long double)v;
    if (fabs(v) > 1e-290) cr_assert(fabsl(a) <= fabsl(b) * 1.001L, "%s, but %s", text, other);
  }
}

static void check_f32(float v) {
  char text[128], other[64];
  char *end = frt_put_f32(text, v);
  *end = 0;
  float back;
  cr_assert_eq(text_parse_f32(text, (size_t)(end - text), &back), FRT_OK, "%s", text);
  cr_assert_eq(bits32(v), bits32(back), "%s %a", text, v);
  cr_assert_eq(bits32(strtof(text, NULL)), bits32(v), "%s", text);
  int n = 1;
  while (snprintf(other, sizeof other, "%.*e", n - 1, v), strtof(other, NULL) != v) n++;
  cr_assert(digits_of(text) <= n, "%s, but %s", text, other);
}

Test(text_float, random_round_trips) {
  for (int i = 0; i < 100000; i++) {
    uint64_t r = help_random();
    double d;
    float f;
    memcpy(&d, &r, 8);
    memcpy(&f, &r, 4);
    if (isfinite(d)) check_f64(d);
    if (isfinite(f)) check_f32(f);
    check_f64((double)(int64_t)(r >> (r & 63)));
    check_f64((double)(r % 1000000) / 100);
    check_f32((float)(r % 1000000) / 100);
  }
  for (int e = 0; e < 2047; e++) {
    for (int d = -1; d <= 1; d++) {
      uint64_t b = ((uint64_t)e << 52) + (uint64_t)d;
      double v;
      if (e == 0 && d < 0) continue;
      memcpy(&v, &b, 8);
      check_f64(v);
    }
  }
}

/* Random digits against the C library, also long ones and halfway points. */
Test(text_float, random_texts) {
  for (int i = 0; i < 50000; i++) {
    char text[1600];
    uint64_t r = help_random();
    int n = 0, len = 1 + (int)(r % 40) + (r >> 8 & 63 ? 0 : 900);
    if (i % 4 == 0) {   /* exactly between two floats, or one digit off */
      double d = ldexp((double)((r >> 11 | 1) * 2 + 1), (int)(help_random() % 400) - 300);
      n = snprintf(text, 1500, "%.*f", (int)(help_random() % 3) * 400, d);
      if (n > 0 && n < 1500 && i % 8 == 0) {
        text[n] = memchr(text, '.', (size_t)n) ? '1' : '0';
        text[++n] = 0;
      }
      if (n > 1500) n = 1500, text[n] = 0;
    } else {
      for (; n < len; n++) text[n] = (char)('0' + help_random() % 10);
      text[help_random() % (uint64_t)n] = '.';
      n += snprintf(text + n, 32, "e%d", (int)(help_random() % 700) - 350);
    }
    double d, e = strtod(text, NULL);
    float f, g = strtof(text, NULL);
    if (text_parse_f64(text, (size_t)n, &d) != FRT_OK) { cr_assert_eq(text[0], '.', "%s", text); continue; }
    cr_assert_eq(bits64(d), bits64(e), "%s", text);
    cr_assert_eq(text_parse_f32(text, (size_t)n, &f), FRT_OK);
    cr_assert_eq(bits32(f), bits32(g), "%s", text);
  }
}

static void check_text(double v, const char *want) {
  char text[128];
  *frt_put_f64(text, v) = 0;
  cr_assert_str_eq(text, want);
}

Test(text_float, forms) {
  check_text(1.0, "1.0"); check_text(0.1, "0.1"); check_text(1e300, "1e+300"); check_text(-0.0, "-0.0");
  check_text(0.0, "0.0"); check_text(1e-3, "0.001"); check_text(1e-10, "1e-10"); check_text(1.5e-10, "1.5e-10");
  check_text(999999999999999.0, "999999999999999.0"); check_text(1e22, "1e+22"); check_text(123456.789, "123456.789");
  check_text(NAN, "nan"); check_text(-NAN, "nan"); check_text(INFINITY, "inf"); check_text(-INFINITY, "-inf");
  check_text(5e-324, "5e-324"); check_text(1.7976931348623157e308, "1.7976931348623157e+308");
  check_text(9007199254740993.0, "9007199254740992.0"); check_text(2.5, "2.5"); check_text(0.0001, "0.0001");
  char text[64];
  *frt_put_f32(text, 0.1f) = 0;
  cr_assert_str_eq(text, "0.1");
  *frt_put_f32(text, 16777216.0f) = 0;
  cr_assert_str_eq(text, "16777216.0");
  *frt_put_json_f64(text, NAN) = 0;
  cr_assert_str_eq(text, "null");
}

Test(text_float, words_and_bad) {
  double d;
  cr_assert(text_parse_f64("NaN", 3, &d) == FRT_OK && isnan(d));
  cr_assert(text_parse_f64("-Inf", 4, &d) == FRT_OK && d == -INFINITY);
  cr_assert(text_parse_f64("1e999", 5, &d) == FRT_OK && d == INFINITY);
  static const char *const bad[] = {"", ".", "-", "+", "e5", "1e", "1e+", "1 ", " 1", "1_0", "0x10", "1.2.3", "1e5.",
                                    "--1", "in", "nanx", "infinit", "1,5", ".e1", "1f"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *exact = malloc(strlen(bad[i]) + 1);
    memcpy(exact, bad[i], strlen(bad[i]));
    cr_assert_eq(text_parse_f64(exact, strlen(bad[i]), &d), FRT_E_BAD_VALUE, "%s", bad[i]);
    free(exact);
  }
}

Test(text_float, fixed) {
  char text[FRT_FIXED_SIZE_MAX + FRT_PUT_SLACK], other[1024];
  *frt_put_f64_fixed(text, 0.125, 2) = 0;
  cr_assert_str_eq(text, "0.12");
  *frt_put_f64_fixed(text, 0.375, 2) = 0;
  cr_assert_str_eq(text, "0.38");
  *frt_put_f64_fixed(text, 2.5, 0) = 0;
  cr_assert_str_eq(text, "2");
  for (int i = 0; i < 20000; i++) {
    uint64_t r = help_random();
    double d;
    memcpy(&d, &r, 8);
    if (!isfinite(d)) continue;
    if (i & 1) d = (double)(int64_t)r / 1024 / (double)(1 << (r & 15));
    int digits = (int)(help_random() % 101);
    *frt_put_f64_fixed(text, d, digits) = 0;
    snprintf(other, sizeof other, "%.*f", digits, d);
    cr_assert_str_eq(text, other);
  }
}
