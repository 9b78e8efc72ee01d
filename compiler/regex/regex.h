/* regex.h: constant patterns as tables, for the compiler to print into the module: what runtime/text/fn_table.c walks.
 *
 * A pattern that is a text is looked for as a text. Another simple one (pattern.c) becomes an automaton. All others, those
 * whose tables would be large, and those on which a backtracking engine may meet its limit (there the error is the
 * answer) have no table and are left to PCRE2. Where there is a table, its matches are those of PCRE2. */
#ifndef FLOW_REGEX_REGEX_H
#define FLOW_REGEX_REGEX_H

#include <stdbool.h>

#include "base/arena.h"
#include "flowrt.h"

enum { REGEX_STATES_MAX = 128, REGEX_CELLS_MAX = 4096, REGEX_MOVES_MAX = 4096, REGEX_GROUPS_MAX = 10 };

/* What says whether a text matches, in the arena; *states: rows of the table. NULL: none. */
const FrtDfa *regex_dfa(Arena *a, FrtStr pattern, uint32_t *states);

typedef struct RegexTagged {
  FrtTagged table;
  uint32_t states, moves_len;
} RegexTagged;

/* What finds a match and, if asked for, its groups, in the arena. NULL: none. */
const RegexTagged *regex_tagged(Arena *a, FrtStr pattern, bool groups);

#endif
