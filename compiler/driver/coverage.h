/* coverage.h: what the tests of a script reached: operators, ports, arms of `match`. */
#ifndef FLOW_DRIVER_COVERAGE_H
#define FLOW_DRIVER_COVERAGE_H

#include "driver/compile.h"
#include "sched/run.h"

typedef struct CoverPoint CoverPoint;
typedef struct Coverage {
  Arena *arena;
  CoverPoint *points;
  uint32_t len;
  bool whole;                /* the points are those of the script as it stands; tests add none */
} Coverage;

/* Adds the points of a program; run: what it reached, or NULL. A point is known again by its kind, line and name, since a test is a
 * changed copy of the script, line by line. */
void coverage_add(Coverage *c, const FlowProgram *p, const FrtCover *run);
/* Prints the figures and what was not reached, each line with `prefix`; returns the percentage. */
int coverage_print(const Coverage *c, const char *path, const char *prefix, FILE *out);

#endif
