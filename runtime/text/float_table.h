/* float_table.h: powers of ten for reading and printing floats, and big integers for the rare exact
 * cases. 10^k = g * 2^e with 2^127 <= g < 2^128 rounded down, for k from FRT_POW10_MIN on. */
#ifndef FRT_TEXT_FLOAT_TABLE_H
#define FRT_TEXT_FLOAT_TABLE_H

#include "text/text.h"

enum { FRT_POW10_MIN = -342, FRT_POW10_MAX = 324, FRT_POW10_EXACT_MAX = 55 };

typedef struct FrtPow10 {
  uint64_t hi, lo;
} FrtPow10;

/* The entry of k = FRT_POW10_MIN; made at the first call, in some 50 us. Thread-safe. */
const FrtPow10 *text_pow10_table(void);

/* A non-negative integer of up to 8192 bits, little-endian words; words from len on are not set. */
enum { FRT_BIG_WORDS = 128 };
typedef struct FrtBig {
  uint32_t len;
  uint64_t w[FRT_BIG_WORDS];
} FrtBig;

void text_big_set(FrtBig *b, uint64_t v);
void text_big_mul_add(FrtBig *b, uint64_t factor, uint64_t add);   /* must fit; else it is cut off */
void text_big_mul_pow5(FrtBig *b, uint32_t power);
void text_big_shift_left(FrtBig *b, uint32_t bits);
uint32_t text_big_bits(const FrtBig *b);                             /* bit length, 0 for 0 */
int text_big_compare(const FrtBig *a, const FrtBig *b);
void text_big_subtract(FrtBig *a, const FrtBig *b);                  /* a >= b */
uint64_t text_big_divide_small(FrtBig *b, uint64_t by);              /* returns the remainder */
/* Shifts right, rounding half to even. */
void text_big_shift_right_round(FrtBig *b, uint32_t bits);

#endif
