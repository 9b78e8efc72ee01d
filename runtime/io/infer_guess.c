/* infer_guess.c: the narrowest type for the texts of a column.
 *
 * Each text strikes types off a list; the first one left is the guess: bool (true, false), i64, decimal
 * (always as many digits behind the point, 18 in all), f64, date, timestamp, string. Digits with a leading
 * zero or a plus are taken for codes, not for numbers: 01097 is a place in Dresden. */
#include <string.h>

#include "io/infer.h"

enum { GUESS_BOOL = 1, GUESS_I64 = 2, GUESS_DECIMAL = 4, GUESS_F64 = 8, GUESS_DATE = 16, GUESS_TIMESTAMP = 32,
       GUESS_ALL = 63, GUESS_DIGITS_MAX = 18 };

static int guess_word(FrtStr text, const char *word) {
  size_t n = strlen(word);
  if (text.len != n) return 0;
  for (size_t i = 0; i < n; i++)
    if ((text.ptr[i] | 0x20) != word[i]) return 0;
  return 1;
}

static int guess_fits(uint8_t kind, uint32_t size, FrtStr text) {
  FrtType type = {.kind = kind, .size = size};
  uint64_t out[4];
  return frt_text_value(&type, text, (FrtStr){0}, (FrtStr){0}, out) == FRT_OK;
}

/* Strikes off the number types that the text is none of. */
static uint32_t guess_number(FrtGuess *g, FrtStr text) {
  const char *p = text.ptr, *end = p + text.len, *start;
  uint32_t whole, part = 0;
  if (p < end && *p == '-') p++;
  for (start = p; p < end && *p >= '0' && *p <= '9';) p++;
  whole = (uint32_t)(p - start);
  if (whole > 1 && *start == '0') return GUESS_I64 | GUESS_DECIMAL | GUESS_F64;
  if (whole && p < end && *p == '.') {
    for (start = ++p; p < end && *p >= '0' && *p <= '9';) p++;
    part = (uint32_t)(p - start);
  }
  if (p != end || whole == 0) {
    int number = whole && (*p == 'e' || *p == 'E') && guess_fits(FRT_F64, 8, text);
    return number ? GUESS_I64 | GUESS_DECIMAL : GUESS_I64 | GUESS_DECIMAL | GUESS_F64;
  }
  if (part == 0 && !guess_fits(FRT_I64, 8, text)) return GUESS_I64 | GUESS_DECIMAL | GUESS_F64;
  if (part && whole + part > GUESS_DIGITS_MAX) return GUESS_I64 | GUESS_DECIMAL;
  if (whole > g->digits) g->digits = (uint8_t)whole;
  if (part && g->scale && part != g->scale) g->scale_differs = 1;
  if (part) g->scale = (uint8_t)part;
  return part ? GUESS_I64 : 0;
}

void frt_guess_text(FrtGuess *g, FrtStr text) {
  g->seen++;
  if ((g->excluded & GUESS_ALL) == GUESS_ALL) return;
  if (!guess_word(text, "true") && !guess_word(text, "false")) g->excluded |= GUESS_BOOL;
  g->excluded |= guess_number(g, text);
  int dated = text.len >= 10 && text.ptr[4] == '-';
  if (!(g->excluded & GUESS_DATE) && !(dated && guess_fits(FRT_DATE, 4, text))) g->excluded |= GUESS_DATE;
  if (!(g->excluded & GUESS_TIMESTAMP) && !(dated && guess_fits(FRT_TIMESTAMP, 8, text)))
    g->excluded |= GUESS_TIMESTAMP;
}

FrtType frt_guess_type(const FrtGuess *g) {
  FrtType type = {.kind = FRT_STRING, .size = sizeof(FrtStr), .nullable = g->nulls > 0};
  uint32_t left = g->seen ? GUESS_ALL & ~g->excluded : 0;
  if (left & GUESS_BOOL) type.kind = FRT_BOOL, type.size = 1;
  else if (left & GUESS_I64) type.kind = FRT_I64, type.size = 8;
  else if (left & GUESS_DECIMAL && !g->scale_differs && g->digits + g->scale <= GUESS_DIGITS_MAX)
    type.kind = FRT_DECIMAL, type.size = 8, type.precision = GUESS_DIGITS_MAX, type.scale = g->scale;
  else if (left & GUESS_F64) type.kind = FRT_F64, type.size = 8;
  else if (left & GUESS_DATE) type.kind = FRT_DATE, type.size = 4;
  else if (left & GUESS_TIMESTAMP) type.kind = FRT_TIMESTAMP, type.size = 8;
  return type;
}
