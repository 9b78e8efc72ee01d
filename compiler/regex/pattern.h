/* pattern.h: a simple pattern as a tree and as a nondeterministic automaton over bytes, from which dfa.c and tagged.c make
 * their tables, and what pattern_shape.c finds out about it. */
#ifndef FLOW_REGEX_PATTERN_H
#define FLOW_REGEX_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "regex/regex.h"

enum { PATTERN_FOLDS = 2 }; /* U+212A is k, U+017F is s, where case is not heard */

typedef struct PatternSet {
  uint8_t bytes[256];
  uint8_t high; /* all code points beyond ASCII; bytes are ASCII then */
  uint8_t fold[PATTERN_FOLDS]; /* those code points beyond ASCII that are the same letter as an ASCII one */
} PatternSet;

typedef enum PatternTreeKind { PATTERN_EMPTY, PATTERN_SET, PATTERN_CAT, PATTERN_ALT, PATTERN_REPEAT, PATTERN_GROUP } PatternTreeKind;

typedef struct PatternTree {
  PatternTreeKind kind;
  uint16_t left, right;
  uint16_t min, max; /* PATTERN_REPEAT; max PATTERN_MANY: no limit */
  uint8_t lazy;
  uint8_t group; /* PATTERN_GROUP */
  PatternSet *set;
} PatternTree;

enum {
  PATTERN_TREE_MAX = 1024,
  PATTERN_DEPTH_MAX = 40,
  PATTERN_MANY = 0xFFFF,
  PATTERN_REPEAT_MAX = 200,
  PATTERN_NONE = 0xFFFF
};

typedef enum PatternOpKind { PATTERN_OP_MATCH, PATTERN_OP_BYTE, PATTERN_OP_SPLIT, PATTERN_OP_BORDER } PatternOpKind;

typedef struct PatternOp {
  PatternOpKind kind;
  uint16_t out, other; /* `out` is preferred */
  uint16_t border;
  const uint8_t *bytes;
} PatternOp;

enum { PATTERN_OPS_MAX = 2000 };

typedef struct PatternName {
  FrtStr name;
  uint32_t group;
} PatternName;

/* What a pattern became. */
typedef struct Pattern {
  const PatternTree *tree;
  uint16_t root;
  const PatternOp *op;
  uint16_t op_len, begin;
  bool at_begin, at_end; /* ^ and $ */
  uint32_t group_len, name_len;
  PatternName names[REGEX_GROUPS_MAX];
} Pattern;

/* Parses the pattern, which must outlive the result. false: it is not simple, or wrong. */
bool pattern_parse(Arena *a, FrtStr pattern, Pattern *out);

/* ---- pattern_shape.c ---- */

/* Whether a backtracking engine may take exponential time: there its limit is the answer. */
bool pattern_may_blow_up(Arena *a, const Pattern *p);
/* Whether some repetition has a body that may be empty. */
bool pattern_repeats_empty(const Pattern *p);
/* The bytes with which every match begins; *whole: they are all of the pattern. */
FrtStr pattern_prefix(Arena *a, const Pattern *p, bool *whole);
/* The kind FRT_DFA_* of a pattern that is a text. */
uint32_t pattern_text_kind(const Pattern *p);
/* Splits bytes into classes that no place of the automaton tells apart: their number; of_class: a byte of each. */
uint32_t pattern_classes(const Pattern *p, uint8_t class_of[256], uint8_t of_class[256]);

#endif
