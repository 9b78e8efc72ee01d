/* tiers.h: better code for a module while it runs (docs/adr/0047-tiers.md). The compiler fills the table, the run looks at it
 * between blocks. Both modules are made from the same C text: what one of them left in the state is valid for the
 * other, and both stay loaded until the run has ended. */
#ifndef FRT_BASE_TIERS_H
#define FRT_BASE_TIERS_H

#include <stdatomic.h>

#include "flowrt.h"

#define FRT_TIERS_AT_ONCE (~(uint64_t)0)

typedef struct FrtTiers {
  const FrtModule *_Atomic ready;         /* the better module; NULL: not there (yet) */
  uint64_t switch_at;                     /* tests: every worker changes over before its block of this number, and waits for
                                             the module; FRT_TIERS_AT_ONCE: as soon as it is ready */
  uint64_t bytes;                         /* input from which a better module is wanted from the start */
  void (*want)(struct FrtTiers *t);       /* the input is worth it: once, by the worker whose turn it is */
  int (*working)(struct FrtTiers *t);     /* whether `ready` may still come; any thread */
  const char *(*text)(struct FrtTiers *t);/* lines for --stats, each with its end; the table's */
  const char *names[2];                   /* of the first and of the better module */
} FrtTiers;

#endif
