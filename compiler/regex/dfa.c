/* dfa.c: a deterministic automaton that says whether a text has a match, in one look-up a byte.
 *
 * A state is the set of places of the nondeterministic automaton (pattern.h) where a match may stand (the subset
 * construction of Rabin and Scott, 1959); unless the pattern is anchored, the start is in every set. Bytes that no place
 * tells apart are one class (as in Aho, Sethi and Ullman, "Compilers", 3.9), and the end of the text is a class of its
 * own, which makes `$` a byte like others. State 0 is the empty set, state 1 a match, state 2 the start: the walk stops
 * below 2, and at 2 it looks for the next byte, or text, with which a match may begin. */
#include <string.h>

#include "regex/pattern.h"

enum { DFA_OPS_MAX = 512, DFA_WORDS = DFA_OPS_MAX / 64, DFA_DEAD = 0, DFA_MATCH = 1, DFA_START = 2 };

typedef struct DfaSet { uint64_t word[DFA_WORDS]; } DfaSet;

typedef struct DfaBuilder {
  const PatternOp *op;
  uint16_t op_len, begin;
  int anchored, at_end;        /* ^ and $ */
  uint8_t class_of[256], of_class[256];  /* and a byte of each class */
  uint32_t classes, states;
  DfaSet start, set[REGEX_STATES_MAX];
  uint16_t next[REGEX_CELLS_MAX];
} DfaBuilder;

static int dfa_has(const DfaSet *s, uint32_t i) { return (int)(s->word[i / 64] >> (i % 64) & 1); }
static void dfa_put(DfaSet *s, uint32_t i) { s->word[i / 64] |= (uint64_t)1 << (i % 64); }

/* Adds all that is reached from place `at` without a byte. */
static void dfa_closure(const DfaBuilder *b, DfaSet *set, uint16_t at) {
  uint16_t stack[DFA_OPS_MAX];
  uint32_t len = 0;
  stack[len++] = at;
  dfa_put(set, at);
  while (len) {
    const PatternOp *op = &b->op[stack[--len]];
    uint16_t to[2] = {op->out, op->other};
    int ways = op->kind == PATTERN_OP_SPLIT ? 2 : op->kind == PATTERN_OP_BORDER;
    for (int i = 0; i < ways; i++) {
      if (dfa_has(set, to[i])) continue;
      dfa_put(set, to[i]);
      stack[len++] = to[i];
    }
  }
}

static int dfa_matched(const DfaBuilder *b, const DfaSet *set) {
  for (uint16_t i = 0; i < b->op_len; i++)
    if (b->op[i].kind == PATTERN_OP_MATCH && dfa_has(set, i)) return 1;
  return 0;
}

/* The state for a set; REGEX_STATES_MAX: there are too many. */
static uint32_t dfa_state(DfaBuilder *b, const DfaSet *set) {
  static const DfaSet none;
  if (memcmp(set, &none, sizeof none) == 0) return DFA_DEAD;
  if (!b->at_end && dfa_matched(b, set)) return DFA_MATCH;
  for (uint32_t i = DFA_START; i < b->states; i++)
    if (memcmp(&b->set[i], set, sizeof *set) == 0) return i;
  if (b->states == REGEX_STATES_MAX || (b->states + 1) * (b->classes + 1) > REGEX_CELLS_MAX) return REGEX_STATES_MAX;
  b->set[b->states] = *set;
  return b->states++;
}

static uint32_t dfa_step(DfaBuilder *b, const DfaSet *from, unsigned char byte) {
  DfaSet to = {{0}};
  for (uint16_t i = 0; i < b->op_len; i++)
    if (dfa_has(from, i) && b->op[i].kind == PATTERN_OP_BYTE && b->op[i].bytes[byte]) dfa_closure(b, &to, b->op[i].out);
  for (uint32_t w = 0; w < DFA_WORDS && !b->anchored; w++) to.word[w] |= b->start.word[w];
  return dfa_state(b, &to);
}

static int dfa_fill(DfaBuilder *b) {
  uint32_t columns = b->classes + 1;
  dfa_closure(b, &b->start, b->begin);
  b->states = DFA_START + 1;
  b->set[DFA_START] = b->start;
  if (3 * columns > REGEX_CELLS_MAX) return 0;
  for (uint32_t k = 0; k < columns; k++) b->next[k] = 0, b->next[columns + k] = (uint16_t)columns;
  for (uint32_t i = DFA_START; i < b->states; i++) {
    uint16_t *row = b->next + (size_t)i * columns;
    for (uint32_t k = 0; k < b->classes; k++) {
      uint32_t to = dfa_step(b, &b->set[i], b->of_class[k]);
      if (to == REGEX_STATES_MAX) return 0;
      row[k] = (uint16_t)(to * columns);
    }
    row[b->classes] = dfa_matched(b, &b->set[i]) ? (uint16_t)columns : 0;
  }
  return 1;
}

const FrtDfa *regex_dfa(Arena *a, FrtStr pattern, uint32_t *states) {
  Pattern p;
  bool whole;
  *states = 0;
  if (!pattern_parse(a, pattern, &p) || p.op_len > DFA_OPS_MAX || pattern_may_blow_up(a, &p)) return NULL;
  FrtDfa *out = arena_alloc(a, sizeof *out);
  out->text = pattern_prefix(a, &p, &whole);
  out->anchored = p.at_begin;
  if (whole) {
    out->kind = pattern_text_kind(&p);
    return out;
  }
  if (p.at_begin) out->text.len = 0;   /* the table begins with it anyway */
  DfaBuilder *b = arena_alloc(a, sizeof *b);
  b->op = p.op;
  b->op_len = p.op_len;
  b->begin = p.begin;
  b->anchored = p.at_begin;
  b->at_end = p.at_end;
  b->classes = pattern_classes(&p, b->class_of, b->of_class);
  if (!dfa_fill(b)) return NULL;
  if (!p.at_end && dfa_matched(b, &b->start)) out->kind = FRT_DFA_ALWAYS;
  out->columns = b->classes + 1;
  out->class_of = b->class_of;
  out->next = b->next;
  *states = b->states;
  return out;
}
