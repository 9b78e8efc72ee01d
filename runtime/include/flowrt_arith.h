/* flowrt_arith.h: checked arithmetic and comparing for generated code; part of flowrt.h.
 *
 * FRT_ADD(type, a, b, r) and its kin store the result in r and are true when it does not fit. They
 * are macros, since tcc never inlines: a compiler with overflow builtins uses those, tcc gets plain C that
 * computes in the unsigned or the next wider type. */
#ifndef FLOWRT_ARITH_H
#define FLOWRT_ARITH_H

#define FRT_I64_MIN ((int64_t)(-9223372036854775807L - 1))

#ifndef __TINYC__
#define FRT_ADD(t, a, b, r) __builtin_add_overflow((t)(a), (t)(b), &(r))
#define FRT_SUB(t, a, b, r) __builtin_sub_overflow((t)(a), (t)(b), &(r))
#define FRT_MUL(t, a, b, r) __builtin_mul_overflow((t)(a), (t)(b), &(r))
#define FRT_ADD_int64_t(a, b, r) FRT_ADD(int64_t, a, b, r)
#define FRT_SUB_int64_t(a, b, r) FRT_SUB(int64_t, a, b, r)
#define FRT_MUL_int64_t(a, b, r) FRT_MUL(int64_t, a, b, r)
#define FRT_ADD_uint64_t(a, b, r) FRT_ADD(uint64_t, a, b, r)
#define FRT_SUB_uint64_t(a, b, r) FRT_SUB(uint64_t, a, b, r)
#define FRT_MUL_uint64_t(a, b, r) FRT_MUL(uint64_t, a, b, r)
#define FRT_NARROW_(op, t, a, b, r) op(t, a, b, r)
#define FRT_ADD_int32_t(a, b, r) FRT_ADD(int32_t, a, b, r)
#define FRT_SUB_int32_t(a, b, r) FRT_SUB(int32_t, a, b, r)
#define FRT_MUL_int32_t(a, b, r) FRT_MUL(int32_t, a, b, r)
#define FRT_OFFSETOF(t, m) __builtin_offsetof(t, m)
#else
#define FRT_ADD_int64_t(a, b, r) ((r) = (int64_t)((uint64_t)(a) + (uint64_t)(b)), (((a) ^ (r)) & ((b) ^ (r))) < 0)
#define FRT_SUB_int64_t(a, b, r) ((r) = (int64_t)((uint64_t)(a) - (uint64_t)(b)), (((a) ^ (b)) & ((a) ^ (r))) < 0)
#define FRT_MUL_int64_t(a, b, r) frt_mul_i64((a), (b), &(r))
#define FRT_ADD_uint64_t(a, b, r) ((r) = (a) + (b), (r) < (uint64_t)(a))
#define FRT_SUB_uint64_t(a, b, r) ((r) = (a) - (b), (uint64_t)(a) < (uint64_t)(b))
#define FRT_MUL_uint64_t(a, b, r) frt_mul_u64((a), (b), &(r))
#define FRT_WIDE_(e, t, r) ((r) = (t)(e), (int64_t)(r) != (e))
#define FRT_ADD_int32_t(a, b, r) FRT_WIDE_((int64_t)(a) + (int64_t)(b), int32_t, r)
#define FRT_SUB_int32_t(a, b, r) FRT_WIDE_((int64_t)(a) - (int64_t)(b), int32_t, r)
#define FRT_MUL_int32_t(a, b, r) FRT_WIDE_((int64_t)(a) * (int64_t)(b), int32_t, r)
#define FRT_OFFSETOF(t, m) ((size_t) & ((t *)0)->m)
#endif

/* The narrow types compute in int64_t and look whether the result comes back. */
#define FRT_FIT_(e, t, r) ((r) = (t)(e), (int64_t)(r) != (e))
#define FRT_ADD_int8_t(a, b, r) FRT_FIT_((int64_t)(a) + (int64_t)(b), int8_t, r)
#define FRT_SUB_int8_t(a, b, r) FRT_FIT_((int64_t)(a) - (int64_t)(b), int8_t, r)
#define FRT_MUL_int8_t(a, b, r) FRT_FIT_((int64_t)(a) * (int64_t)(b), int8_t, r)
#define FRT_ADD_int16_t(a, b, r) FRT_FIT_((int64_t)(a) + (int64_t)(b), int16_t, r)
#define FRT_SUB_int16_t(a, b, r) FRT_FIT_((int64_t)(a) - (int64_t)(b), int16_t, r)
#define FRT_MUL_int16_t(a, b, r) FRT_FIT_((int64_t)(a) * (int64_t)(b), int16_t, r)
#define FRT_ADD_uint8_t(a, b, r) FRT_FIT_((int64_t)(a) + (int64_t)(b), uint8_t, r)
#define FRT_SUB_uint8_t(a, b, r) FRT_FIT_((int64_t)(a) - (int64_t)(b), uint8_t, r)
#define FRT_MUL_uint8_t(a, b, r) FRT_FIT_((int64_t)(a) * (int64_t)(b), uint8_t, r)
#define FRT_ADD_uint16_t(a, b, r) FRT_FIT_((int64_t)(a) + (int64_t)(b), uint16_t, r)
#define FRT_SUB_uint16_t(a, b, r) FRT_FIT_((int64_t)(a) - (int64_t)(b), uint16_t, r)
#define FRT_MUL_uint16_t(a, b, r) FRT_FIT_((int64_t)(a) * (int64_t)(b), uint16_t, r)
#define FRT_ADD_uint32_t(a, b, r) FRT_FIT_((int64_t)(a) + (int64_t)(b), uint32_t, r)
#define FRT_SUB_uint32_t(a, b, r) FRT_FIT_((int64_t)(a) - (int64_t)(b), uint32_t, r)
#define FRT_MUL_uint32_t(a, b, r) FRT_MUL_u32_(a, b, r)
#define FRT_MUL_u32_(a, b, r) ((r) = (uint32_t)((uint64_t)(a) * (uint64_t)(b)), (uint64_t)(a) * (uint64_t)(b) > 0xffffffffu)

/* Products that tcc cannot check in line: 1 when they do not fit. */
int frt_mul_i64(int64_t a, int64_t b, int64_t *out);
int frt_mul_u64(uint64_t a, uint64_t b, uint64_t *out);

/* Floor division and its remainder; the divisor is not 0, and not -1 (the caller looks). */
static inline int64_t frt_floordiv(int64_t a, int64_t b) {
  int64_t q = a / b;
  return q - ((a % b != 0) & ((a < 0) != (b < 0)));
}
static inline int64_t frt_floormod(int64_t a, int64_t b) {
  int64_t r = a % b;
  return r + (((r != 0) & ((r < 0) != (b < 0))) ? b : 0);
}
double frt_floordiv_f64(double a, double b);
double frt_floormod_f64(double a, double b);

/* Texts and bytes by code point order, which for UTF-8 is byte order. */
int frt_str_cmp(FrtStr a, FrtStr b);
int frt_str_eq(FrtStr a, FrtStr b);
int frt_uuid_cmp(FrtUuid a, FrtUuid b);
/* Floats with NaN equal to itself and above infinity; -0.0 equals 0.0. */
int frt_f64_cmp(double a, double b);
static inline int frt_f64_eq(double a, double b) { return a == b || (a != a && b != b); }
static inline int frt_f64_lt(double a, double b) { return a < b || (b != b && a == a); }
static inline int frt_f64_le(double a, double b) { return a <= b || b != b; }

/* Joins pieces of an f-string or a `+` chain; fails when the text would be longer than 1 GiB. */
int frt_concat(FrtCtx *cx, FrtStr *out, const FrtStr *parts, uint32_t len);

/* A pseudo-random number in [0, 1) that depends on seed and n alone: for `sample`. */
double frt_sample(uint64_t seed, uint64_t n);

/* u64 to double and back, exact as C defines them, for tcc, which lacks the helpers. */
double frt_f64_of_u64(uint64_t v);

#endif
