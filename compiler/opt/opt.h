/* opt.h: the optimiser: a list of passes over the logical plan, each of which can be left out and leaves a
 * plan that verifies and gives the same bytes. */
#ifndef FLOW_OPT_H
#define FLOW_OPT_H

#include "plan/plan.h"

typedef struct OptPass {
  const char *name, *what;
  void (*run)(Plan *p);
} OptPass;

extern const OptPass opt_passes[];
extern const unsigned opt_pass_len;

/* Runs the passes but those in `without` ("fold,pushdown", "all", or NULL). Returns NULL, or what the verifier
 * found broken and after which pass (a bug). */
const char *opt_run(Plan *p, const char *without);

/* fold.c, pushdown.c, through.c, unused.c, top.c */
void opt_fold(Plan *p);
void opt_always(Plan *p);
void opt_pushdown(Plan *p);
void opt_through(Plan *p);
void opt_unused(Plan *p);
void opt_top(Plan *p);

#endif
