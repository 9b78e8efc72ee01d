/* codegen.h: from the physical plan to C. */
#ifndef FLOW_CODEGEN_CODEGEN_H
#define FLOW_CODEGEN_CODEGEN_H

#include "phys/phys.h"

/* The C text of the module: NUL-terminated, in the arena, the same bytes for the same plan. Reports
 * E0901 for what the back end cannot do. */
const char *gen_module(Arena *arena, const Phys *phys, size_t *size);

#endif
