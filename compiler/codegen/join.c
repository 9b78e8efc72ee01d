/* join.c */
#include "codegen/gen_hold.h"
void gen_join(Gen *g, const PhysNode *pn) { gen_unsupported(g, pn->node->span, "join"); }
