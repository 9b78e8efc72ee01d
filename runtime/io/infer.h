/* infer.h: guessing types from texts; shared by the CSV and the JSON side of frt_infer. */
#ifndef FRT_IO_INFER_H
#define FRT_IO_INFER_H

#include "io/scan.h"

/* What the values of one column have in common so far. Zeroed is the start. */
typedef struct FrtGuess {
  uint32_t excluded;       /* bit n: kind n of infer_guess.c's ladder does not fit */
  uint64_t seen;           /* values that are not null */
  uint64_t nulls;
  uint8_t digits, scale;   /* of numbers with a point: most digits before it, digits behind it */
  uint8_t scale_differs;
} FrtGuess;

void frt_guess_text(FrtGuess *g, FrtStr text);
/* The narrowest type that takes all that was seen; string when nothing was. */
FrtType frt_guess_type(const FrtGuess *g);

/* A sample of JSON: lines of objects, or one array of objects when `array`. `whole`: nothing was cut off. */
int frt_infer_json(Arena *arena, FrtStr sample, int array, int whole, FrtInferred **columns, uint32_t *len,
                   const char **why);

#endif
