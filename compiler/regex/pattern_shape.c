/* pattern_shape.c: what the makers of tables ask about a simple pattern. */
#include <string.h>

#include "regex/pattern.h"

/* ---- repetitions ---- */

/* Whether some repetition holds another one, or a choice: what makes backtracking take exponential time. */
static bool shape_nested(const PatternTree *tree, uint16_t at, bool inside) {
  const PatternTree *t = &tree[at];
  switch (t->kind) {
    case PATTERN_CAT: return shape_nested(tree, t->left, inside) || shape_nested(tree, t->right, inside);
    case PATTERN_ALT: return inside || shape_nested(tree, t->left, false) || shape_nested(tree, t->right, false);
    case PATTERN_GROUP: return shape_nested(tree, t->left, inside);
    case PATTERN_REPEAT: return (inside && t->min != t->max) || shape_nested(tree, t->left, inside || t->max > 1);
    default: return false;
  }
}

typedef struct ShapeNode {
  const Pattern *p;
  uint8_t *seen;       /* of the operations */
  uint8_t taken[256];  /* bytes that leave the node */
  uint16_t *next;      /* where they lead */
  uint32_t next_len;
} ShapeNode;

/* All that is reached from `at` without a byte; false: a place is reached twice, or a byte leaves by two ways. */
static bool shape_closure(ShapeNode *n, uint16_t at) {
  for (;;) {
    const PatternOp *op = &n->p->op[at];
    if (n->seen[at]) return false;
    n->seen[at] = 1;
    if (op->kind == PATTERN_OP_MATCH) return true;
    if (op->kind == PATTERN_OP_BYTE) {
      for (int c = 0; c < 256; c++) {
        if (op->bytes[c] && n->taken[c]) return false;
        n->taken[c] |= op->bytes[c];
      }
      n->next[n->next_len++] = op->out;
      return true;
    }
    if (op->kind == PATTERN_OP_SPLIT && !shape_closure(n, op->other)) return false;
    at = op->out;
  }
}

/* Whether the next byte always leaves one way to go on: such a pattern does not backtrack. */
static bool shape_one_pass(Arena *a, const Pattern *p) {
  uint8_t *known = arena_alloc(a, p->op_len);
  uint16_t *list = arena_alloc(a, p->op_len * sizeof *list);
  ShapeNode n = {.p = p, .seen = arena_alloc(a, p->op_len), .next = arena_alloc(a, p->op_len * sizeof *n.next)};
  uint32_t len = 0;
  list[len++] = p->begin;
  known[p->begin] = 1;
  for (uint32_t i = 0; i < len; i++) {
    memset(n.seen, 0, p->op_len);
    memset(n.taken, 0, sizeof n.taken);
    n.next_len = 0;
    if (!shape_closure(&n, list[i])) return false;
    for (uint32_t k = 0; k < n.next_len; k++) {
      if (known[n.next[k]]) continue;
      known[n.next[k]] = 1;
      list[len++] = n.next[k];
    }
  }
  return true;
}

bool pattern_may_blow_up(Arena *a, const Pattern *p) {
  return shape_nested(p->tree, p->root, false) && !shape_one_pass(a, p);
}

static bool shape_empty(const PatternTree *tree, uint16_t at) {
  const PatternTree *t = &tree[at];
  switch (t->kind) {
    case PATTERN_EMPTY: return true;
    case PATTERN_SET: return false;
    case PATTERN_CAT: return shape_empty(tree, t->left) && shape_empty(tree, t->right);
    case PATTERN_ALT: return shape_empty(tree, t->left) || shape_empty(tree, t->right);
    case PATTERN_GROUP: return shape_empty(tree, t->left);
    case PATTERN_REPEAT: return t->min == 0 || shape_empty(tree, t->left);
  }
  return false;
}

static bool shape_repeats_empty(const PatternTree *tree, uint16_t at) {
  const PatternTree *t = &tree[at];
  switch (t->kind) {
    case PATTERN_CAT:
    case PATTERN_ALT: return shape_repeats_empty(tree, t->left) || shape_repeats_empty(tree, t->right);
    case PATTERN_REPEAT:
      if (t->max > 1 && shape_empty(tree, t->left)) return true;
      return shape_repeats_empty(tree, t->left);
    case PATTERN_GROUP: return shape_repeats_empty(tree, t->left);
    default: return false;
  }
}

bool pattern_repeats_empty(const Pattern *p) { return shape_repeats_empty(p->tree, p->root); }

/* ---- texts ---- */

FrtStr pattern_prefix(Arena *a, const Pattern *p, bool *whole) {
  char *text = arena_alloc(a, p->op_len);
  uint32_t len = 0;
  const PatternOp *op = &p->op[p->begin];
  for (;; op = &p->op[op->out]) {
    if (op->kind == PATTERN_OP_BORDER) continue;
    if (op->kind != PATTERN_OP_BYTE) break;
    int only = -1, ways = 0;
    for (int c = 0; c < 256; c++)
      if (op->bytes[c]) only = c, ways++;
    if (ways != 1) break;
    text[len++] = (char)only;
  }
  *whole = op->kind == PATTERN_OP_MATCH;
  return (FrtStr){text, len, 0};
}

uint32_t pattern_text_kind(const Pattern *p) {
  if (p->at_begin) return p->at_end ? FRT_DFA_EQUALS : FRT_DFA_STARTS;
  return p->at_end ? FRT_DFA_ENDS : FRT_DFA_CONTAINS;
}

/* ---- classes of bytes ---- */

/* Splits the classes by membership in a set: their number. */
static uint32_t shape_split(uint8_t class_of[256], uint32_t classes, const uint8_t *bytes) {
  int moved[256];
  uint32_t before = classes;
  for (uint32_t k = 0; k < before; k++) {
    bool in = false, out = false;
    moved[k] = -1;
    for (int c = 0; c < 256; c++) {
      if (class_of[c] != k) continue;
      if (bytes[c]) in = true;
      else out = true;
    }
    if (in && out) moved[k] = (int)classes++;
  }
  for (int c = 0; c < 256; c++)
    if (bytes[c] && moved[class_of[c]] >= 0) class_of[c] = (uint8_t)moved[class_of[c]];
  return classes;
}

uint32_t pattern_classes(const Pattern *p, uint8_t class_of[256], uint8_t of_class[256]) {
  uint32_t classes = 1;
  memset(class_of, 0, 256);
  for (uint16_t i = 0; i < p->op_len; i++)
    if (p->op[i].kind == PATTERN_OP_BYTE) classes = shape_split(class_of, classes, p->op[i].bytes);
  for (int c = 255; c >= 0; c--) of_class[class_of[c]] = (uint8_t)c;
  return classes;
}
