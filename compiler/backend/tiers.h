/* tiers.h: libtcc at once, and the system's cc in the background for runs that are worth it (docs/adr/0047-tiers.md). */
#ifndef FLOW_BACKEND_TIERS_H
#define FLOW_BACKEND_TIERS_H

#include "backend/backend.h"
#include "base/tiers.h"

/* What a run of the module is given (FrtRunOptions.tiers). Nothing is started before the run asks for it. The text must
 * live until backend_tiers_end. May be called once at a time in a process. */
FrtTiers *backend_tiers_start(Arena *a, const char *c_text, size_t size);
/* Ends what is still under way: no process, thread or file is left, and both modules may be given back. */
void backend_tiers_end(FrtTiers *t);

#endif
