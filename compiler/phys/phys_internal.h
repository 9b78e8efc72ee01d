/* phys_internal.h: inside phys/. */
#ifndef FLOW_PHYS_INTERNAL_H
#define FLOW_PHYS_INTERNAL_H

#include "phys/phys.h"

bool phys_holds(const PlanNode *n);   /* an operator that keeps rows */
/* Fills scans, steps and ports, and decides which joins hold their left side, or read it first. After phys_estimate. */
void phys_order(Phys *p);
/* Decides which sorts hold their rows as the text that the sink behind them prints: PhysNode.texts. */
void phys_find_texts(Phys *p);

/* Decides which joins may go to disk: PhysNode.spills. Before phys_order. */
void phys_find_spills(Phys *p);
/* Whether the join would do better with its left side first, and nothing but the order of the steps speaks against it. */
bool phys_wants_left_first(const Phys *p, const PlanNode *n);
/* Finds the columns whose values are made when they are wanted: Phys.late. */
void phys_find_late(Phys *p);
/* Guesses how many rows leave each node: PhysNode.rows. */
void phys_estimate(Phys *p);

#endif
