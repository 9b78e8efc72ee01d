/* radix.h: puts (key word, row) pairs in order, stably; inside op/. */
#ifndef FRT_OP_RADIX_H
#define FRT_OP_RADIX_H

#include "flowrt.h"

/* What to do with n >= 2 pairs of one key: `sort` puts them in order, with `room` for n more. */
typedef struct FrtTies {
  void (*sort)(const struct FrtTies *t, FrtPair *run, FrtPair *room, uint64_t n);
  uint32_t by_address, unused;   /* rows are addresses of what will be looked at */
} FrtTies;

/* Sorts from[0 .. n) by key into from, or into room (which has room for n), the other is scratch. `ties` may be NULL:
 * equal keys stay as they are. */
void frt_radix_sort(FrtPair *from, FrtPair *room, uint64_t n, int into_room, const FrtTies *ties);

/* Only the ties of n sorted pairs. */
void frt_radix_ties(FrtPair *p, FrtPair *room, uint64_t n, const FrtTies *ties);

/* How a large array is cut into buckets by the bits [low, low + bits) of its keys, so that each is sorted in cache. */
typedef struct FrtRadixCut { int low, bits; } FrtRadixCut;
enum { FRT_RADIX_CUT_MAX = 11 };
/* differ: the bits in which any two keys differ. bits is 0 when there is nothing to cut. */
FrtRadixCut frt_radix_cut(uint64_t n, uint64_t differ);
#define FRT_RADIX_DIGIT(cut, key) ((key) >> (cut).low & ((1u << (cut).bits) - 1))

#endif
