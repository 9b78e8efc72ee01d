/* float_parse.h: the steps of reading a float, for scanners that have found the digits themselves. */
#ifndef FRT_TEXT_FLOAT_PARSE_H
#define FRT_TEXT_FLOAT_PARSE_H

#include "text/text.h"

/* A decimal number as scanned: (-1)^minus * w * 10^q, and more digits when `cut`. */
typedef struct FrtFloatText {
  uint64_t w;                /* the first 19 significant digits */
  int64_t q;
  int64_t exponent_written;
  const char *digits;        /* the digits and the point as they stand, needed when `cut` or undecided */
  size_t digits_len;
  int minus, cut;            /* cut: digits that are not zero follow those of w */
} FrtFloatText;

int text_float_scan(const char *p, size_t n, FrtFloatText *out);   /* FRT_OK or FRT_E_BAD_VALUE */
double text_float_to_f64(const FrtFloatText *t);                    /* too large: infinite */
float text_float_to_f32(const FrtFloatText *t);

#endif
