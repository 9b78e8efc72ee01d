/* fn_dfa.h: makes an FrtDfa (flowrt_func.h) of a pattern: at compile time, where it is a constant. */
#ifndef FRT_TEXT_FN_DFA_H
#define FRT_TEXT_FN_DFA_H

#include "text/fn.h"

enum { FN_DFA_STATES_MAX = 128, FN_DFA_CELLS_MAX = 4096 };

/* Takes the pattern, in memory of the block: 1; 0: it is not simple, is wrong, needs too large a table, or is one on which a
 * backtracking engine may meet its limit (there the error is the answer). *states: rows of the table. */
int fn_dfa_compile(FrtCtx *cx, FrtStr pattern, FrtDfa *out, uint32_t *states);

#endif
