/* fn_pattern.h: a simple pattern as a tree and as a nondeterministic automaton over bytes, from which fn_simple.c
 * and fn_dfa.c make their tables. */
#ifndef FRT_TEXT_FN_PATTERN_H
#define FRT_TEXT_FN_PATTERN_H

#include "text/fn_simple.h"

typedef struct FnSet {
  uint8_t bytes[256];
  uint8_t high; /* all code points beyond ASCII; bytes are ASCII then */
} FnSet;

typedef enum FnTreeKind { FNS_EMPTY, FNS_SET, FNS_CAT, FNS_ALT, FNS_REPEAT, FNS_GROUP } FnTreeKind;

typedef struct FnTree {
  FnTreeKind kind;
  uint16_t left, right;
  uint16_t min, max; /* FNS_REPEAT; max FNS_MANY: no limit */
  uint8_t lazy;
  uint8_t group; /* FNS_GROUP */
  FnSet *set;
} FnTree;

enum {
  FNS_TREE_MAX = 1024,
  FNS_DEPTH_MAX = 40,
  FNS_MANY = 0xFFFF,
  FNS_REPEAT_MAX = 200,
  FNS_NONE = 0xFFFF
};

typedef enum FnOpKind { FNS_OP_MATCH, FNS_OP_BYTE, FNS_OP_SPLIT, FNS_OP_BORDER } FnOpKind;

typedef struct FnOp {
  FnOpKind kind;
  uint16_t out, other; /* `out` is preferred */
  uint16_t border;
  const uint8_t *bytes;
} FnOp;

enum { FNS_OPS_MAX = 2000 };

/* What a pattern became. */
typedef struct FnProgram {
  const FnTree *tree;
  uint16_t root;
  const FnOp *op;
  uint16_t op_len, begin;
} FnProgram;

/* Parses the pattern (which must outlive both results) into block memory; m gets its anchors, groups and names. 0: it is
 * not simple, or wrong. */
int fn_pattern_parse(FrtCtx *cx, FrtStr pattern, FnSimple *m, FnProgram *out);

#endif
