/* flowrt_dec.h: decimals. Part of flowrt.h.
 *
 * A decimal is an integer and a scale that its type knows: 5.00 at scale 2 is 500. Types of up to 18
 * digits are `narrow` (int64_t), those of 19 to 38 digits `wide` (FrtI128). Scales are 0..38 and
 * precisions 1..38; p is the precision of the result's type, s its scale. Rounding is half to even
 * everywhere. Functions that can fail return FRT_OK and write *out, or FRT_E_OVERFLOW when the result
 * has more than p digits, or FRT_E_DIV_ZERO, and leave *out alone. Operands are in range of their types.
 *
 * Narrow results of + - * never overflow where the result's type has room for them, as the typing
 * rules make it (decimal(p+1) for a sum, decimal(p1+p2) for a product): plain int64_t arithmetic. */
#ifndef FLOWRT_DEC_H
#define FLOWRT_DEC_H

/* ---- between representations ---- */
FrtI128 frt_i128_from_i64(int64_t a);                    /* also: a narrow decimal made wide */
FrtI128 frt_i128_from_u64(uint64_t a);
int frt_i128_to_i64(FrtI128 a, int64_t *out);            /* FRT_E_OVERFLOW when it does not fit */
int frt_i128_to_u64(FrtI128 a, uint64_t *out);
int frt_i128_cmp(FrtI128 a, FrtI128 b);                  /* -1, 0, 1 */
int frt_dec_fits(FrtI128 a, int p);                      /* 1 when |a| < 10^p */
int frt_dec_narrow(FrtI128 a, int p, int64_t *out);      /* wide to narrow, p <= 18 */

/* ---- wide arithmetic: operands of one scale, but for mul and div ---- */
int frt_dec_add(FrtI128 a, FrtI128 b, int p, FrtI128 *out);
int frt_dec_sub(FrtI128 a, FrtI128 b, int p, FrtI128 *out);
FrtI128 frt_dec_neg(FrtI128 a);
int frt_dec_mul(FrtI128 a, FrtI128 b, int p, FrtI128 *out);   /* scale sa + sb, exact */
/* a (scale sa) / b (scale sb), rounded to scale s. */
int frt_dec_div(FrtI128 a, int sa, FrtI128 b, int sb, int s, int p, FrtI128 *out);
/* Floor division and its remainder (the sign of b) of operands of scale s; results have scale s. */
int frt_dec_floordiv(FrtI128 a, FrtI128 b, int s, int p, FrtI128 *out);
int frt_dec_mod(FrtI128 a, FrtI128 b, FrtI128 *out);
/* Another scale: exact when s >= from, else rounded. */
int frt_dec_rescale(FrtI128 a, int from, int s, int p, FrtI128 *out);

/* ---- narrow arithmetic ---- */
FrtI128 frt_dec64_mul(int64_t a, int64_t b);                  /* narrow * narrow, wide result */
int frt_dec64_rescale(int64_t a, int from, int s, int p, int64_t *out);   /* p <= 18 */
int frt_dec64_div(int64_t a, int sa, int64_t b, int sb, int s, int p, FrtI128 *out);
int frt_dec64_floordiv(int64_t a, int64_t b, int s, int p, int64_t *out); /* p <= 18 */
int frt_dec64_mod(int64_t a, int64_t b, int64_t *out);

/* ---- floats ---- */
/* The exact value of x rounded to scale s; nan and infinities: FRT_E_OVERFLOW. */
int frt_dec_from_f64(double x, int s, int p, FrtI128 *out);
/* The nearest float, correctly rounded. */
double frt_dec_to_f64(FrtI128 a, int s);
float frt_dec_to_f32(FrtI128 a, int s);
double frt_dec64_to_f64(int64_t a, int s);
float frt_dec64_to_f32(int64_t a, int s);

/* ---- integers ---- */
/* The integer, when the decimal has no fraction and it fits; else FRT_E_OVERFLOW. */
int frt_dec_to_i64(FrtI128 a, int s, int64_t *out);
int frt_dec_to_u64(FrtI128 a, int s, uint64_t *out);

/* ---- text ---- */
/* A plain decimal number, `-12.5`: FRT_OK, FRT_E_BAD_VALUE, FRT_E_OUT_OF_RANGE, FRT_E_TOO_PRECISE. */
int frt_dec_parse(FrtStr text, int s, int p, FrtI128 *out);
/* Prints all digits of the scale; at most 41 bytes. Returns the end. */
char *frt_dec_print(char *to, FrtI128 a, int s);

/* ---- what the binder lowers library functions to (EX_CALL) ---- */
/* round(x, n) where n is not constant or negative: x at scale s rounded to n digits, still at scale s. */
int frt_decfn_round(FrtCtx *cx, FrtI128 *out, FrtI128 a, int64_t n, int64_t s, int64_t p);
int frt_decfn_round64(FrtCtx *cx, int64_t *out, int64_t a, int64_t n, int64_t s, int64_t p);
int64_t frt_list_len(FrtCtx *cx, FrtList list);
/* duration / integer, rounded half to even; duration / duration as a float. FRT_E_DIV_ZERO. */
int frt_duration_div(FrtCtx *cx, int64_t *out, int64_t a, int64_t n);
int frt_duration_ratio(FrtCtx *cx, double *out, int64_t a, int64_t b);

#endif
