/* The functions on numbers. */
#include <math.h>

#include "support/func_harness.h"

TestSuite(func_math, .init = func_setup, .fini = func_teardown);

Test(func_math, integers) {
  cr_expect_eq(OK(int64_t, frt_abs_i64(cx, out, -5)), 5);
  cr_expect_eq(OK(int64_t, frt_abs_i64(cx, out, INT64_MAX)), INT64_MAX);
  cr_expect_eq(STATUS(int64_t, frt_abs_i64(cx, out, INT64_MIN)), FRT_E_OVERFLOW);
  cr_expect_eq(frt_sign_i64(cx, INT64_MIN), -1);
  cr_expect_eq(frt_sign_i64(cx, 0), 0);
}

Test(func_math, round_integers) {
  const struct {
    int64_t x, n, want;
  } cases[] = {{1250, -2, 1200},
               {1350, -2, 1400},
               {-1250, -2, -1200},
               {-1251, -2, -1300},
               {1250, 0, 1250},
               {1250, 5, 1250},
               {5, -1, 0},
               {15, -1, 20},
               {INT64_MAX, -20, 0},
               {INT64_MIN, INT64_MIN, 0},
               {INT64_MIN, -18, -9000000000000000000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t got = 0;
    int status = frt_round_i64(cx, &got, cases[i].x, cases[i].n);
    cr_expect(status == FRT_OK && got == cases[i].want, "case %zu: %lld", i, (long long)got);
  }
  cr_expect_eq(STATUS(int64_t, frt_round_i64(cx, out, INT64_MAX, -1)), FRT_E_OVERFLOW);
  cr_expect_eq(STATUS(int64_t, frt_round_i64(cx, out, INT64_MAX, -19)), FRT_E_OVERFLOW);
  cr_expect_eq(OK(int64_t, frt_round_i64(cx, out, INT64_MIN + 8, -1)), INT64_MIN + 8);
}

Test(func_math, bits) {
  cr_expect_eq(frt_bit_and_i64(cx, 12, 10), 8);
  cr_expect_eq(frt_bit_or_u64(cx, 12, 10), 14u);
  cr_expect_eq(frt_bit_xor_i64(cx, -1, 0), -1);
  cr_expect_eq(frt_bit_not_i64(cx, 0), -1);
  cr_expect_eq(frt_bit_count_i64(cx, -1), 64);
  cr_expect_eq(OK(int64_t, frt_shl_i64(cx, out, 1, 63)), INT64_MIN);
  cr_expect_eq(OK(int64_t, frt_shr_i64(cx, out, -8, 1)), -4);
  cr_expect_eq(OK(uint64_t, frt_shr_u64(cx, out, UINT64_MAX, 63)), 1u);
  cr_expect_eq(OK(uint64_t, frt_shl_u64(cx, out, 1, 0)), 1u);
  cr_expect_eq(STATUS(int64_t, frt_shl_i64(cx, out, 1, 64)), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(int64_t, frt_shr_i64(cx, out, 1, -1)), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(uint64_t, frt_shl_u64(cx, out, 1, INT64_MIN)), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(uint64_t, frt_shr_u64(cx, out, 1, INT64_MAX)), FRT_E_ARGUMENT);
}

Test(func_math, floats) {
  cr_expect_eq(frt_sqrt(cx, 16), 4.0);
  cr_expect(isnan(frt_sqrt(cx, -1)));
  cr_expect(isnan(frt_sign_f64(cx, NAN)));
  cr_expect_eq(frt_ln(cx, 0), -INFINITY);
  cr_expect_eq(frt_pow(cx, 2, 10), 1024.0);
  cr_expect_eq(frt_log2(cx, 8), 3.0);
  cr_expect_eq(frt_log10(cx, 1000), 3.0);
  cr_expect_eq(frt_hypot(cx, 3, 4), 5.0);
  cr_expect_eq(frt_atan2(cx, 0, 1), 0.0);
  cr_expect_eq(frt_round_f64(cx, 2.5), 2.0);
  cr_expect_eq(frt_trunc_f64(cx, -1.5), -1.0);
  cr_expect(frt_is_nan(cx, NAN) && !frt_is_nan(cx, INFINITY));
  cr_expect(frt_is_finite(cx, 0) && !frt_is_finite(cx, NAN) && !frt_is_finite(cx, -INFINITY));
}

/* glibc prints the exact value rounded half to even. */
static void same_as_printf(double x, int n) {
  char text[512];
  snprintf(text, sizeof text, "%.*f", n, x);
  double want = strtod(text, NULL), got = frt_round_f64_to(cx, x, n);
  cr_expect(got == want && signbit(got) == signbit(want), "round(%.17g, %d): %.17g, want %.17g", x,
            n, got, want);
}

Test(func_math, round_to_is_exact) {
  const double some[] = {0,
                         -0.0,
                         2.5,
                         2.675,
                         1.005,
                         0.5,
                         1.5,
                         -0.5,
                         -0.04,
                         0.125,
                         1e15 + 0.5,
                         4503599627370497.5,
                         9007199254740993.0,
                         1e22,
                         1e300,
                         5e-324,
                         0.3,
                         123456.789,
                         8.5e-5,
                         0.000012345};
  for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
    for (int n = 0; n <= 22; n++) same_as_printf(some[i], n);
  }
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < 300000; i++) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    double x = (double)(int64_t)(seed >> 20) / (double)(1ull << seed % 50);
    same_as_printf(seed & 1 ? x : -x, (int)((seed >> 8) % 12));
  }
  cr_expect_eq(frt_round_f64_to(cx, 1234.5, -2), 1200.0);
  cr_expect_eq(frt_round_f64_to(cx, 1250, -2), 1200.0);
  cr_expect_eq(frt_round_f64_to(cx, 1250.0000001, -2), 1300.0);
  cr_expect_eq(frt_round_f64_to(cx, -1350, -2), -1400.0);
  cr_expect_eq(frt_round_f64_to(cx, 1.5, INT64_MAX), 1.5);
  cr_expect_eq(frt_round_f64_to(cx, 1.5, INT64_MIN), 0.0);
  cr_expect_eq(frt_round_f64_to(cx, 1e300, -25), 1e300);
  cr_expect(isnan(frt_round_f64_to(cx, NAN, 2)));
  cr_expect_eq(frt_round_f64_to(cx, -INFINITY, 2), -INFINITY);
}
