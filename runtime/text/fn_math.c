/* fn_math.c: functions on numbers. Floats follow IEEE 754: outside its domain a function gives nan,
 * at a pole inf or -inf. Integer functions fail where the result does not fit.
 *
 * round(x, n) of a float rounds the exact value of x, half to even: x * 10^n is rounded once to a
 * double and its exact error is had from fma (Dekker's two-product), so that a tie is told from
 * what only looks like one; the quotient by 10^n is then the double nearest to the rounded decimal.
 */

#include "base/libm.h"
#include "text/fn.h"

/* ---- integers ---- */

int frt_abs_i64(FrtCtx *cx, int64_t *out, int64_t x) {
  if (x == INT64_MIN) return fn_error(cx, FRT_E_OVERFLOW, "abs(-9223372036854775808)");
  *out = x < 0 ? -x : x;
  return FRT_OK;
}

int64_t frt_sign_i64(FrtCtx *cx, int64_t x) {
  (void)cx;
  return (x > 0) - (x < 0);
}

int64_t frt_same_i64(FrtCtx *cx, int64_t x) {
  (void)cx;
  return x;
}

/* x rounded to tens, hundreds, ... for negative n, half to even. */
int frt_round_i64(FrtCtx *cx, int64_t *out, int64_t x, int64_t n) {
  *out = x;
  if (n >= 0) return FRT_OK;
  *out = 0;
  if (n < -19) return FRT_OK;
  uint64_t power = 1, size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
  for (int64_t i = n; i < 0; i++) power *= 10;
  uint64_t quotient = size / power, rest = size % power, half = power / 2;
  if (rest > half || (rest == half && (quotient & 1))) quotient++;
  uint64_t result;
  uint64_t limit = (uint64_t)INT64_MAX + (x < 0);
  if (__builtin_mul_overflow(quotient, power, &result) || result > limit) {
    return fn_error(cx, FRT_E_OVERFLOW, "round");
  }
  *out = (int64_t)(x < 0 ? 0 - result : result);
  return FRT_OK;
}

#define FNMATH_BITS(name, expression)                             \
  int64_t frt_##name##_i64(FrtCtx *cx, int64_t a, int64_t b) {    \
    (void)cx;                                                     \
    return expression;                                            \
  }                                                               \
  uint64_t frt_##name##_u64(FrtCtx *cx, uint64_t a, uint64_t b) { \
    (void)cx;                                                     \
    return expression;                                            \
  }
FNMATH_BITS(bit_and, a &b)
FNMATH_BITS(bit_or, a | b)
FNMATH_BITS(bit_xor, a ^ b)
#undef FNMATH_BITS

int64_t frt_bit_not_i64(FrtCtx *cx, int64_t a) {
  (void)cx;
  return ~a;
}
uint64_t frt_bit_not_u64(FrtCtx *cx, uint64_t a) {
  (void)cx;
  return ~a;
}
int64_t frt_bit_count_i64(FrtCtx *cx, int64_t a) {
  (void)cx;
  return __builtin_popcountll((uint64_t)a);
}
int64_t frt_bit_count_u64(FrtCtx *cx, uint64_t a) {
  (void)cx;
  return __builtin_popcountll(a);
}

static int fnmath_shift(FrtCtx *cx, int64_t by) {
  if (by >= 0 && by < 64) return FRT_OK;
  return fn_error(cx, FRT_E_ARGUMENT, "a shift goes by 0 to 63 bits");
}
int frt_shl_i64(FrtCtx *cx, int64_t *out, int64_t a, int64_t by) {
  int status = fnmath_shift(cx, by);
  if (!status) *out = (int64_t)((uint64_t)a << by);
  return status;
}
int frt_shr_i64(FrtCtx *cx, int64_t *out, int64_t a, int64_t by) {
  int status = fnmath_shift(cx, by);
  if (!status) *out = a >> by;
  return status;
}
int frt_shl_u64(FrtCtx *cx, uint64_t *out, uint64_t a, int64_t by) {
  int status = fnmath_shift(cx, by);
  if (!status) *out = a << by;
  return status;
}
int frt_shr_u64(FrtCtx *cx, uint64_t *out, uint64_t a, int64_t by) {
  int status = fnmath_shift(cx, by);
  if (!status) *out = a >> by;
  return status;
}

/* ---- floats ---- */

#define FNMATH_ONE(name, expression)        \
  double frt_##name(FrtCtx *cx, double x) { \
    (void)cx;                               \
    return expression;                      \
  }
#define FNMATH_TWO(name, expression)                  \
  double frt_##name(FrtCtx *cx, double x, double y) { \
    (void)cx;                                         \
    return expression;                                \
  }
FNMATH_ONE(abs_f64, fabs(x))
FNMATH_ONE(sign_f64, isnan(x) ? x : (double)((x > 0) - (x < 0)))
FNMATH_ONE(floor_f64, floor(x))
FNMATH_ONE(ceil_f64, ceil(x))
FNMATH_ONE(trunc_f64, trunc(x))
FNMATH_ONE(round_f64, rint(x))
FNMATH_ONE(sqrt, sqrt(x))
FNMATH_ONE(cbrt, cbrt(x))
FNMATH_ONE(exp, exp(x))
FNMATH_ONE(ln, log(x))
FNMATH_ONE(log2, log2(x))
FNMATH_ONE(log10, log10(x))
FNMATH_ONE(sin, sin(x))
FNMATH_ONE(cos, cos(x))
FNMATH_ONE(tan, tan(x))
FNMATH_ONE(asin, asin(x))
FNMATH_ONE(acos, acos(x))
FNMATH_ONE(atan, atan(x))
FNMATH_TWO(atan2, atan2(x, y))
FNMATH_TWO(pow, pow(x, y))
FNMATH_TWO(hypot, hypot(x, y))
#undef FNMATH_ONE
#undef FNMATH_TWO

double frt_pi(FrtCtx *cx) {
  (void)cx;
  return 3.14159265358979323846;
}

uint8_t frt_is_nan(FrtCtx *cx, double x) {
  (void)cx;
  return isnan(x) != 0;
}
uint8_t frt_is_finite(FrtCtx *cx, double x) {
  (void)cx;
  return isfinite(x) != 0;
}

static const double fnmath_tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { FNMATH_TENS_MAX = 22 }; /* larger powers of ten are not exact */

/* The integer nearest to q + rest, half to even; |rest| is at most half a unit in the last place of
 * q. */
static double fnmath_nearest(double q, double rest) {
  double whole = rint(q), part = q - whole;
  if (part == 0.5) return rest > 0 ? whole + 1 : whole;
  if (part == -0.5) return rest < 0 ? whole - 1 : whole;
  if (part == 0.0 && fabs(rest) == 0.5 && fmod(whole, 2) != 0) return whole + 2 * rest;
  return whole;
}

double frt_round_f64_to(FrtCtx *cx, double x, int64_t n) {
  (void)cx;
  if (!isfinite(x) || x == 0 || n > FNMATH_TENS_MAX) return x;
  if (n < -FNMATH_TENS_MAX) {
    if (n < -308) return copysign(0.0, x);
    double power = pow(10, (double)-n);
    return rint(x / power) * power;
  }
  double result;
  if (n >= 0) {
    double power = fnmath_tens[n], q = x * power;
    if (!(fabs(q) < 9007199254740992.0)) return x; /* 2^53: the last place of x is above 10^-n */
    result = fnmath_nearest(q, fma(x, power, -q)) / power;
  } else {
    double power = fnmath_tens[-n], q = x / power;
    if (!(fabs(q) < 9007199254740992.0)) return x;
    result = fnmath_nearest(q, fma(-q, power, x) / power) * power;
  }
  return copysign(result, x);
}
