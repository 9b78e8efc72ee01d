/* flowrt_spill.h: operators whose rows do not fit into memory; part of flowrt.h. */
#ifndef FLOWRT_SPILL_H
#define FLOWRT_SPILL_H

/* A column of rows that go to disk and come back, by where the module's state has its arrays (State.c5, State.n5). */
typedef struct FrtSpillColumn {
  uint32_t values, nulls;          /* offsets of the pointers in the state; nulls 0: never null */
  const FrtType *type;
} FrtSpillColumn;

#endif
