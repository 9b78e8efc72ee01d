/* fn_simple.h: patterns that one automaton matches in one pass. */
#ifndef FRT_TEXT_FN_SIMPLE_H
#define FRT_TEXT_FN_SIMPLE_H

#include "text/fn.h"

enum { FN_SIMPLE_GROUPS_MAX = 10, FN_SIMPLE_NODES_MAX = 128, FN_SIMPLE_PREFIX_MAX = 32 };

/* One step of the automaton: FN_STEP_NODE: the next node; _WINS: a match here is preferred to this
 * step; _FAIL: there is none; from bit _CAPTURES on: group borders passed before the byte.
 * Of a node's `match`: _WINS says that the pattern may end here. */
enum { FN_STEP_NODE = 0xFF, FN_STEP_WINS = 0x100, FN_STEP_FAIL = 0x200, FN_STEP_CAPTURES = 10 };

typedef struct FnSimpleName {
  FrtStr name;
  uint32_t group;
} FnSimpleName;

typedef struct FnSimple {
  const uint32_t *step; /* [node * 256 + byte] */
  uint32_t match[FN_SIMPLE_NODES_MAX];
  uint32_t node_len, group_len, name_len, prefix_len;
  uint8_t begin, end;    /* ^ and $ */
  uint8_t first[256];    /* a match may begin with the byte */
  uint8_t repeats;       /* the pattern begins with X+: a failure at one X fails at all of them */
  uint8_t repeated[256]; /* the bytes of X */
  char prefix[FN_SIMPLE_PREFIX_MAX]; /* every match begins with it */
  uint8_t literal;                   /* the prefix is all of the pattern */
  FnSimpleName names[FN_SIMPLE_GROUPS_MAX];
} FnSimple;

/* The automaton of a pattern (which must outlive it), in memory of the run (keep) or of the block;
 * NULL: the pattern is not simple, or wrong. */
const FnSimple *fn_simple_compile(FrtCtx *cx, FrtStr pattern, int keep);
/* As fn_regex_search. spans: room for 2 * (group_len + 1), or NULL: only whether there is a match.
 * FRT_E_REGEX_LIMIT: too many steps, ask somebody else. */
int fn_simple_search(const FnSimple *m, FrtStr s, size_t from, size_t *spans);

#endif
