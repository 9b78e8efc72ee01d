/* xxh3.h: XXH3 (64 bits, seed 0) of bytes that come in pieces; the same as frt_xxh3 of all of them. */
#ifndef FRT_TEXT_XXH3_H
#define FRT_TEXT_XXH3_H

#include <stddef.h>
#include <stdint.h>

typedef struct FrtXxh3 {
  uint64_t acc[8], len;
  size_t held_len;               /* of held, behind the first 64 bytes: those that came before */
  unsigned char held[64 + 1024];
} FrtXxh3;

void frt_xxh3_start(FrtXxh3 *x);
void frt_xxh3_add(FrtXxh3 *x, const void *p, size_t n);
/* The sum of all so far; more may be added. */
uint64_t frt_xxh3_sum(const FrtXxh3 *x);

#endif
