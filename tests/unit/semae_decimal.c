/* Decimal arithmetic: known answers, the limits, and identities over random operands. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "flowrt.h"

static FrtI128 dec(const char *text, int scale) {
  FrtI128 r = {0, 0};
  FrtStr s = {text, (uint32_t)strlen(text), 0};
  cr_assert_eq(frt_dec_parse(s, scale, 38, &r), FRT_OK, "%s", text);
  return r;
}

static void expect(FrtI128 v, int scale, const char *text) {
  char buf[64];
  *frt_dec_print(buf, v, scale) = 0;
  cr_expect_str_eq(buf, text, "%s, expected %s", buf, text);
}

#define MAX38 "99999999999999999999999999999999999999"

Test(decimal, division_rounds_half_to_even) {
  static const struct { const char *a, *b, *q; int sa, sb, s; } cases[] = {
    {"1.00", "3.00", "0.33333333", 2, 2, 8}, {"2.00", "3.00", "0.67", 2, 2, 2}, {"1", "8", "0.12", 0, 0, 2},
    {"3", "8", "0.38", 0, 0, 2}, {"-1", "8", "-0.12", 0, 0, 2}, {"1", "2000", "0.00", 0, 0, 2},
    {MAX38, "1", MAX38, 0, 0, 0}, {"1", MAX38, "0." "00000000000000000000000000000000000001", 0, 0, 38},
    {"7.5", "2.5", "3.000000", 1, 1, 6}, {MAX38, MAX38, "1.000000", 0, 0, 6}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    FrtI128 r;
    int status = frt_dec_div(dec(cases[i].a, cases[i].sa), cases[i].sa, dec(cases[i].b, cases[i].sb), cases[i].sb,
                             cases[i].s, 38, &r);
    cr_assert_eq(status, FRT_OK);
    expect(r, cases[i].s, cases[i].q);
  }
}

Test(decimal, limits_are_errors) {
  FrtI128 r = {7, 7}, max = dec(MAX38, 0), one = dec("1", 0), zero = dec("0", 0);
  int64_t n = 7;
  cr_expect_eq(frt_dec_add(max, one, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_add(max, max, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_sub(frt_dec_neg(max), max, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_mul(max, max, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_mul(max, dec("2", 0), 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_div(max, 0, one, 1, 1, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_div(one, 0, zero, 0, 6, 38, &r), FRT_E_DIV_ZERO);
  cr_expect_eq(frt_dec_mod(one, zero, &r), FRT_E_DIV_ZERO);
  cr_expect_eq(frt_dec_floordiv(one, zero, 0, 38, &r), FRT_E_DIV_ZERO);
  cr_expect_eq(frt_dec_rescale(max, 0, 1, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_from_f64(1.1e38, 0, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_from_f64(0.0 / 0.0, 0, 38, &r), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec_narrow(dec("1000000000000000000", 0), 18, &n), FRT_E_OVERFLOW);
  cr_expect_eq(frt_dec64_rescale(999, 1, 0, 2, &n), FRT_E_OVERFLOW);
  cr_expect_eq(r.lo, 7);
  cr_expect_eq(n, 7);
}

Test(decimal, rescale_and_floats) {
  FrtI128 r;
  int64_t n;
  cr_assert_eq(frt_dec_rescale(dec("2.675", 3), 3, 2, 38, &r), FRT_OK);
  expect(r, 2, "2.68");
  cr_assert_eq(frt_dec_rescale(dec("-2.665", 3), 3, 2, 38, &r), FRT_OK);
  expect(r, 2, "-2.66");
  cr_assert_eq(frt_dec_from_f64(2.675, 2, 38, &r), FRT_OK);   /* 2.67499999999999982236431605997495353221893310546875 */
  expect(r, 2, "2.67");
  cr_assert_eq(frt_dec_from_f64(-0.5, 0, 38, &r), FRT_OK);
  expect(r, 0, "0");
  cr_assert_eq(frt_dec_from_f64(1e-300, 38, 38, &r), FRT_OK);
  expect(r, 0, "0");
  cr_assert_eq(frt_dec64_rescale(125, 2, 1, 18, &n), FRT_OK);
  cr_expect_eq(n, 12);
  cr_expect_eq(frt_dec_to_f64(dec("0.1", 1), 1), 0.1);
  cr_expect_eq(frt_dec_to_f64(dec("9007199254740993", 0), 0), 9007199254740992.0);
  cr_expect_eq(frt_dec_to_f64(dec("0.12345678901234567890123456789012345678", 38), 38), 0.12345678901234567890123456789012345678);
  cr_expect_eq(frt_dec_to_f32(dec("16777217", 0), 0), 16777216.0f);
}

/* a == (a // b) * b + a % b, and division undoes an exact product. */
Test(decimal, identities) {
  uint64_t seed = 88172645463325252ull;
  for (int i = 0; i < 200000; i++) {
    uint64_t w[4];
    for (int k = 0; k < 4; k++) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      w[k] = seed;
    }
    FrtI128 a = {w[0], (int64_t)(w[1] >> (3 + w[3] % 61)) * (w[3] & 64 ? -1 : 1)};
    FrtI128 b = {w[2], (int64_t)(w[3] >> (4 + w[0] % 60)) * (w[1] & 64 ? -1 : 1)};
    FrtI128 q, m, p, sum;
    if (!frt_dec_fits(a, 38) || !frt_dec_fits(b, 38) || (!b.lo && !b.hi)) continue;
    cr_assert_eq(frt_dec_floordiv(a, b, 0, 38, &q), FRT_OK);
    cr_assert_eq(frt_dec_mod(a, b, &m), FRT_OK);
    if (frt_dec_mul(q, b, 38, &p) == FRT_OK) {
      cr_assert_eq(frt_dec_add(p, m, 38, &sum), FRT_OK);
      cr_assert_eq(frt_i128_cmp(sum, a), 0);
    }
    if (frt_dec_mul(a, b, 38, &p) == FRT_OK) {
      cr_assert_eq(frt_dec_div(p, 4, b, 2, 2, 38, &q), FRT_OK);
      cr_assert_eq(frt_i128_cmp(q, a), 0);
    }
  }
}
