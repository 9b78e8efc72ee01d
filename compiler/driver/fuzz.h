/* fuzz.h: rows made from types, for `flowc fuzz`. */
#ifndef FLOW_DRIVER_FUZZ_H
#define FLOW_DRIVER_FUZZ_H

#include "base/arena.h"
#include "plan/plan.h"

/* What sees the plan of a compilation once it is bound and before it is optimised. */
struct FlowBound {
  void (*see)(void *env, Plan *plan);
  void *env;
};

typedef struct FuzzText { char *data; size_t len; } FuzzText;

typedef struct FuzzSource {
  const char *what;            /* "read csv in line 3": for messages */
  const char *file;            /* its name in the private folder */
  FrtScanOptions options;
  const PlanField *fields;
  const Type **types;          /* one a field */
  uint32_t field_len;
  FuzzText head, tail;         /* around the lines */
  FuzzText *lines;
  uint32_t line_len;
} FuzzSource;

/* The random numbers of a seed (splitmix64). */
typedef struct FuzzRandom { uint64_t state; } FuzzRandom;
uint64_t fuzz_random(FuzzRandom *r);
uint64_t fuzz_below(FuzzRandom *r, uint64_t n);   /* 0 .. n - 1; n > 0 */

/* How rows are made: shares out of 1000. */
typedef struct FuzzProfile { uint32_t rows, odd, broken; } FuzzProfile;
/* One of eight kinds of data (clean, none, odd values, broken lines, ...), by the seed alone. */
FuzzProfile fuzz_profile(uint64_t seed, uint32_t rows);

/* Makes the lines of a source anew. They live in the arena. */
void fuzz_make_lines(Arena *a, FuzzSource *s, FuzzRandom *r, const FuzzProfile *p);
/* A value of the type as a command line takes it. */
const char *fuzz_make_word(Arena *a, FuzzRandom *r, const Type *t);

#endif
