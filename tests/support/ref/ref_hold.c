#include "ref.h"
void ref_hold(Ref *r, const PlanNode *n, RefTable **out) { ref_cannot(r, n->word); }
void ref_join(Ref *r, const PlanNode *n, RefTable **out) { ref_cannot(r, n->word); }
