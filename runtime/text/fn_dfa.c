/* fn_dfa.c: a deterministic automaton that says whether a text has a match, in one look-up a byte.
 *
 * A state is the set of places of the nondeterministic automaton (fn_pattern.h) where a match may stand (the subset
 * construction of Rabin and Scott, 1959); unless the pattern is anchored, the start is in every set. Bytes that no place
 * tells apart are one class (as in Aho, Sethi and Ullman, "Compilers", 3.9), and the end of the text is a class of its
 * own, which makes `$` a byte like others. State 0 is the empty set, state 1 a match, state 2 the start: the walk stops
 * below 2, and at 2 it looks for the next byte, or text, with which a match may begin. */
#include "text/fn_dfa.h"

#include "text/fn_pattern.h"

enum { FNDFA_OPS_MAX = 512, FNDFA_WORDS = FNDFA_OPS_MAX / 64, FNDFA_DEAD = 0, FNDFA_MATCH = 1, FNDFA_START = 2 };

typedef struct FnDfaSet { uint64_t word[FNDFA_WORDS]; } FnDfaSet;

typedef struct FnDfaBuilder {
  const FnOp *op;
  uint16_t op_len, begin;
  int anchored, at_end;        /* ^ and $ */
  uint8_t class_of[256], of_class[256];  /* and a byte of each class */
  uint32_t classes, states;
  FnDfaSet start, set[FN_DFA_STATES_MAX];
  uint16_t next[FN_DFA_CELLS_MAX];
} FnDfaBuilder;

static int fndfa_has(const FnDfaSet *s, uint32_t i) { return (int)(s->word[i / 64] >> (i % 64) & 1); }
static void fndfa_put(FnDfaSet *s, uint32_t i) { s->word[i / 64] |= (uint64_t)1 << (i % 64); }

/* ---- which patterns ---- */

/* Whether some repetition holds another one, or a choice: what makes backtracking take exponential time. */
static int fndfa_nested(const FnTree *tree, uint16_t at, int inside) {
  const FnTree *t = &tree[at];
  switch (t->kind) {
    case FNS_CAT: return fndfa_nested(tree, t->left, inside) || fndfa_nested(tree, t->right, inside);
    case FNS_ALT: return inside || fndfa_nested(tree, t->left, 0) || fndfa_nested(tree, t->right, 0);
    case FNS_GROUP: return fndfa_nested(tree, t->left, inside);
    case FNS_REPEAT: return (inside && t->min != t->max) || fndfa_nested(tree, t->left, inside || t->max > 1);
    default: return 0;
  }
}

/* ---- classes of bytes ---- */

/* Splits the classes by membership in a set. */
static void fndfa_split(FnDfaBuilder *b, const uint8_t *bytes) {
  int moved[256];
  for (uint32_t i = 0; i < b->classes; i++) moved[i] = -1;
  uint32_t before = b->classes;
  for (uint32_t k = 0; k < before; k++) {
    int in = 0, out = 0;
    for (int c = 0; c < 256; c++)
      if (b->class_of[c] == k) in |= bytes[c] != 0, out |= bytes[c] == 0;
    if (in && out) moved[k] = (int)b->classes++;
  }
  for (int c = 0; c < 256; c++)
    if (bytes[c] && moved[b->class_of[c]] >= 0) b->class_of[c] = (uint8_t)moved[b->class_of[c]];
}

static void fndfa_classes(FnDfaBuilder *b) {
  memset(b->class_of, 0, 256);
  b->classes = 1;
  for (uint16_t i = 0; i < b->op_len; i++)
    if (b->op[i].kind == FNS_OP_BYTE) fndfa_split(b, b->op[i].bytes);
  for (int c = 255; c >= 0; c--) b->of_class[b->class_of[c]] = (uint8_t)c;
}

/* ---- states ---- */

/* Adds all that is reached from place `at` without a byte. */
static void fndfa_closure(const FnDfaBuilder *b, FnDfaSet *set, uint16_t at) {
  uint16_t stack[FNDFA_OPS_MAX];
  uint32_t len = 0;
  stack[len++] = at;
  fndfa_put(set, at);
  while (len) {
    const FnOp *op = &b->op[stack[--len]];
    uint16_t to[2] = {op->out, op->other};
    int ways = op->kind == FNS_OP_SPLIT ? 2 : op->kind == FNS_OP_BORDER;
    for (int i = 0; i < ways; i++) {
      if (fndfa_has(set, to[i])) continue;
      fndfa_put(set, to[i]);
      stack[len++] = to[i];
    }
  }
}

static int fndfa_matched(const FnDfaBuilder *b, const FnDfaSet *set) {
  for (uint16_t i = 0; i < b->op_len; i++)
    if (b->op[i].kind == FNS_OP_MATCH && fndfa_has(set, i)) return 1;
  return 0;
}

/* The state for a set; FN_DFA_STATES_MAX: there are too many. */
static uint32_t fndfa_state(FnDfaBuilder *b, const FnDfaSet *set) {
  static const FnDfaSet none;
  if (memcmp(set, &none, sizeof none) == 0) return FNDFA_DEAD;
  if (!b->at_end && fndfa_matched(b, set)) return FNDFA_MATCH;
  for (uint32_t i = FNDFA_START; i < b->states; i++)
    if (memcmp(&b->set[i], set, sizeof *set) == 0) return i;
  if (b->states == FN_DFA_STATES_MAX || (b->states + 1) * (b->classes + 1) > FN_DFA_CELLS_MAX) return FN_DFA_STATES_MAX;
  b->set[b->states] = *set;
  return b->states++;
}

static uint32_t fndfa_step(FnDfaBuilder *b, const FnDfaSet *from, unsigned char byte) {
  FnDfaSet to = {{0}};
  for (uint16_t i = 0; i < b->op_len; i++)
    if (fndfa_has(from, i) && b->op[i].kind == FNS_OP_BYTE && b->op[i].bytes[byte]) fndfa_closure(b, &to, b->op[i].out);
  for (uint32_t w = 0; w < FNDFA_WORDS && !b->anchored; w++) to.word[w] |= b->start.word[w];
  return fndfa_state(b, &to);
}

static int fndfa_fill(FnDfaBuilder *b) {
  uint32_t columns = b->classes + 1;
  fndfa_closure(b, &b->start, b->begin);
  b->states = FNDFA_START + 1;
  b->set[FNDFA_START] = b->start;
  if (3 * columns > FN_DFA_CELLS_MAX) return 0;
  for (uint32_t k = 0; k < columns; k++) b->next[k] = 0, b->next[columns + k] = (uint16_t)columns;
  for (uint32_t i = FNDFA_START; i < b->states; i++) {
    uint16_t *row = b->next + (size_t)i * columns;
    for (uint32_t k = 0; k < b->classes; k++) {
      uint32_t to = fndfa_step(b, &b->set[i], b->of_class[k]);
      if (to == FN_DFA_STATES_MAX) return 0;
      row[k] = (uint16_t)(to * columns);
    }
    row[b->classes] = fndfa_matched(b, &b->set[i]) ? (uint16_t)columns : 0;
  }
  return 1;
}

/* ---- patterns that are a text ---- */

/* The bytes of a chain of single bytes from the start, of which *whole says that they are all of the pattern. */
static FrtStr fndfa_text(FrtCtx *cx, const FnProgram *g, int *whole) {
  char *text = frt_alloc(cx, g->op_len);
  uint32_t len = 0;
  const FnOp *op = &g->op[g->begin];
  *whole = 0;
  for (;; op = &g->op[op->out]) {
    if (op->kind == FNS_OP_BORDER) continue;
    if (op->kind != FNS_OP_BYTE) break;
    int only = -1, ways = 0;
    for (int c = 0; c < 256; c++)
      if (op->bytes[c]) only = c, ways++;
    if (ways != 1) break;
    text[len++] = (char)only;
  }
  *whole = op->kind == FNS_OP_MATCH;
  return fn_str(text, len);
}

int fn_dfa_compile(FrtCtx *cx, FrtStr pattern, FrtDfa *out, uint32_t *states) {
  FnSimple m;
  FnProgram g;
  int whole;
  memset(&m, 0, sizeof m);
  memset(out, 0, sizeof *out);
  *states = 0;
  if (!fn_pattern_parse(cx, pattern, &m, &g) || g.op_len > FNDFA_OPS_MAX) return 0;
  if (fndfa_nested(g.tree, g.root, 0) && !fn_simple_compile(cx, pattern, 1)) return 0;
  out->text = fndfa_text(cx, &g, &whole);
  out->anchored = m.begin;
  if (whole) {
    out->kind = m.begin && m.end ? FRT_DFA_EQUALS : m.begin ? FRT_DFA_STARTS : m.end ? FRT_DFA_ENDS : FRT_DFA_CONTAINS;
    return 1;
  }
  if (m.begin) out->text.len = 0;   /* the table begins with it anyway */
  FnDfaBuilder *b = frt_alloc(cx, sizeof *b);
  memset(b, 0, sizeof *b);
  b->op = g.op;
  b->op_len = g.op_len;
  b->begin = g.begin;
  b->anchored = m.begin;
  b->at_end = m.end;
  fndfa_classes(b);
  if (!fndfa_fill(b)) return 0;
  if (!m.end && fndfa_matched(b, &b->start)) out->kind = FRT_DFA_ALWAYS;
  out->columns = b->classes + 1;
  out->class_of = b->class_of;
  out->next = b->next;
  *states = b->states;
  return 1;
}

/* ---- matching ---- */

static uint8_t fndfa_walk(const FrtDfa *d, const unsigned char *p, const unsigned char *end) {
  const uint8_t *class_of = d->class_of;
  const uint16_t *next = d->next;
  const uint32_t start = FNDFA_START * d->columns;
  uint32_t state = start;
  while (p < end) {
    if (!d->anchored && state == start) {
      if (d->text.len) {
        FrtStr rest = fn_str((const char *)p, (size_t)(end - p));
        size_t at = fn_search(rest, 0, d->text);
        if (at > rest.len) return 0;
        p += at;
      } else {
        while (p < end && next[start + class_of[*p]] == start) p++;
        if (p == end) break;
      }
    }
    do state = next[state + class_of[*p++]];
    while (p < end && state > start);
    if (state < start) break;
  }
  return next[state + d->columns - 1] == d->columns;
}

uint8_t frt_dfa_matches(const FrtDfa *d, FrtStr s) {
  FrtStr t = d->text;
  switch (d->kind) {
    case FRT_DFA_EQUALS: return s.len == t.len && (!t.len || !memcmp(s.ptr, t.ptr, t.len));
    case FRT_DFA_STARTS: return s.len >= t.len && (!t.len || !memcmp(s.ptr, t.ptr, t.len));
    case FRT_DFA_ENDS: return s.len >= t.len && (!t.len || !memcmp(s.ptr + (s.len - t.len), t.ptr, t.len));
    case FRT_DFA_CONTAINS: return fn_search(s, 0, t) <= s.len;
    case FRT_DFA_ALWAYS: return 1;
    default: break;
  }
  const unsigned char *p = (const unsigned char *)(s.len ? s.ptr : "");
  return fndfa_walk(d, p, p + s.len);
}
