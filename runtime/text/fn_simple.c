/* fn_simple.c: a matcher for patterns that need no backtracking.
 *
 * The automaton of a pattern (fn_pattern.h) is accepted when it is one-pass: wherever the match stands, the next byte
 * leaves one way to go on. Then it becomes a table of (node, byte) -> (node, group borders), and matching is a walk
 * through the table. This is the one-pass automaton of RE2 (Russ Cox, "Regular Expression Matching in the Wild", 2010),
 * with Perl's priorities.
 *
 *   ^(\d+)-x$   0 --\d, border 2--> 1    1 --\d--> 1
 *               1 --"-", border 3--> 2   2 --x--> 3, which matches at the end */
#include "text/fn_pattern.h"

/* ---- one-pass nodes ---- */

typedef struct FnNodes {
  const FnOp *op;
  FnSimple *m;
  uint32_t *step;
  uint16_t *node_of; /* operation to node, FNS_NONE: not yet */
  uint16_t *start;   /* node to operation */
  uint16_t *seen;    /* operation to the node that saw it, plus 1 */
  uint16_t node, depth;
  int wrong, matched;
} FnNodes;

static uint16_t fns_node(FnNodes *n, uint16_t op) {
  if (n->node_of[op] != FNS_NONE) return n->node_of[op];
  if (n->m->node_len == FN_SIMPLE_NODES_MAX) {
    n->wrong = 1;
    return 0;
  }
  n->start[n->m->node_len] = op;
  return n->node_of[op] = (uint16_t)n->m->node_len++;
}

/* All that is reached from `op` without a byte, the preferred first. Reached twice: not one-pass.
 */
static void fns_closure(FnNodes *n, uint16_t at, uint32_t borders) {
  for (;;) {
    const FnOp *op = &n->op[at];
    if (n->wrong || n->seen[at] == n->node + 1) {
      n->wrong = 1;
      return;
    }
    n->seen[at] = (uint16_t)(n->node + 1);
    switch (op->kind) {
      case FNS_OP_BORDER:
        borders |= 1u << (op->border - 2 + FN_STEP_CAPTURES);
        at = op->out;
        continue;
      case FNS_OP_SPLIT:
        if (++n->depth > 500) n->wrong = 1;
        fns_closure(n, op->out, borders);
        n->depth--;
        at = op->other;
        continue;
      case FNS_OP_MATCH:
        n->m->match[n->node] = borders | FN_STEP_WINS;
        n->matched = 1;
        return;
      case FNS_OP_BYTE: break;
    }
    uint32_t step = fns_node(n, op->out) | borders | (n->matched ? FN_STEP_WINS : 0u);
    uint32_t *row = n->step + (size_t)n->node * 256;
    for (int c = 0; c < 256; c++) {
      if (!op->bytes[c]) continue;
      if (row[c] != FN_STEP_FAIL) n->wrong = 1;
      row[c] = step;
    }
    return;
  }
}

static int fns_determinise(FrtCtx *cx, FnSimple *m, const FnOp *op, uint16_t op_len, uint16_t begin,
                           int keep) {
  FnNodes n = {.op = op, .m = m};
  n.step = frt_alloc(cx, FN_SIMPLE_NODES_MAX * 256 * sizeof *n.step);
  n.node_of = frt_alloc(cx, op_len * sizeof *n.node_of);
  n.seen = frt_alloc(cx, op_len * sizeof *n.seen);
  n.start = frt_alloc(cx, FN_SIMPLE_NODES_MAX * sizeof *n.start);
  memset(n.node_of, 0xFF, op_len * sizeof *n.node_of);
  memset(n.seen, 0, op_len * sizeof *n.seen);
  fns_node(&n, begin);
  for (n.node = 0; n.node < m->node_len && !n.wrong; n.node++) {
    for (int c = 0; c < 256; c++) n.step[(size_t)n.node * 256 + (size_t)c] = FN_STEP_FAIL;
    m->match[n.node] = 0;
    n.matched = 0;
    fns_closure(&n, n.start[n.node], 0);
  }
  if (n.wrong) return 0;
  size_t size = (size_t)m->node_len * 256 * sizeof *n.step;
  uint32_t *step = keep ? frt_alloc_run(cx, size) : frt_alloc(cx, size);
  memcpy(step, n.step, size);
  m->step = step;
  for (int c = 0; c < 256; c++) {
    m->first[c] = m->match[0] ? fn_is_lead((char)c) : step[c] != FN_STEP_FAIL;
  }
  return 1;
}

/* ---- what speeds up a search ---- */

/* Walks single-byte nodes from the start: bytes that every match begins with. */
static void fns_find_prefix(FnSimple *m) {
  uint32_t node = 0;
  m->prefix_len = 0;
  for (;;) {
    const uint32_t *row = m->step + (size_t)node * 256;
    int only = -1, ways = 0;
    for (int c = 0; c < 256; c++) {
      if (row[c] != FN_STEP_FAIL) only = c, ways++;
    }
    if (m->match[node]) {
      m->literal = ways == 0 && !m->begin && !m->end && !m->group_len;
      return;
    }
    if (ways != 1 || m->prefix_len == FN_SIMPLE_PREFIX_MAX) return;
    m->prefix[m->prefix_len++] = (char)only;
    node = row[only] & FN_STEP_NODE;
  }
}

static void fns_find_repeat(FnSimple *m, const FnTree *tree, uint16_t at) {
  for (;;) {
    const FnTree *t = &tree[at];
    if (t->kind == FNS_REPEAT && t->min == 1 && t->max == FNS_MANY &&
        tree[t->left].kind == FNS_SET) {
      const FnSet *set = tree[t->left].set;
      m->repeats = 1;
      memcpy(m->repeated, set->bytes, 256);
      if (set->high) memset(m->repeated + 128, 1, 128);
      return;
    }
    if (t->kind != FNS_CAT && t->kind != FNS_GROUP) return;
    at = t->left;
  }
}

static int fns_compile(FrtCtx *cx, FnSimple *m, FrtStr pattern, int keep) {
  FnProgram g;
  if (!fn_pattern_parse(cx, pattern, m, &g)) return 0;
  if (!fns_determinise(cx, m, g.op, g.op_len, g.begin, keep)) return 0;
  fns_find_prefix(m);
  fns_find_repeat(m, g.tree, g.root);
  return 1;
}

const FnSimple *fn_simple_compile(FrtCtx *cx, FrtStr pattern, int keep) {
  FnSimple *m = keep ? frt_alloc_run(cx, sizeof *m) : frt_alloc(cx, sizeof *m);
  memset(m, 0, sizeof *m);
  char *at = cx->at, *end = cx->end;
  int simple = fns_compile(cx, m, pattern, keep);
  if (keep || !simple) { /* the scratch of the block may be had again */
    cx->at = at;
    cx->end = end;
  }
  return simple ? m : NULL;
}

/* ---- matching ---- */

/* A walk from `at`. *stop is where it ended, for the count of steps. */
static int fns_walk(const FnSimple *m, const unsigned char *text, size_t at, size_t len,
                    size_t *spans, size_t *stop) {
  size_t borders[2 * FN_SIMPLE_GROUPS_MAX], border_len = 2 * (size_t)m->group_len;
  for (size_t i = 0; i < border_len; i++) borders[i] = FN_UNSET;
  uint32_t node = 0;
  size_t p = at;
  int found = FRT_NULL;
  for (;;) {
    uint32_t match = m->match[node], here = match && (!m->end || p == len);
    if (here) {
      found = FRT_OK;
      if (!spans) break;
      spans[0] = at;
      spans[1] = p;
      for (size_t i = 0; i < border_len; i++) {
        spans[2 + i] = match >> (i + FN_STEP_CAPTURES) & 1 ? p : borders[i];
      }
    }
    if (p == len) break;
    const uint32_t *row = m->step + (size_t)node * 256;
    uint32_t step = row[text[p]];
    if (step == node) {
      do p++;
      while (p < len && row[text[p]] == node);
      continue;
    }
    if ((step & FN_STEP_FAIL) || (here && (step & FN_STEP_WINS))) break;
    for (uint32_t set = step >> FN_STEP_CAPTURES; set; set &= set - 1)
      borders[__builtin_ctz(set)] = p;
    node = step & FN_STEP_NODE;
    p++;
  }
  *stop = p;
  return found;
}

static int fns_literal(const FnSimple *m, FrtStr s, size_t from, size_t *spans) {
  size_t at = fn_search(s, from, fn_str(m->prefix, m->prefix_len));
  if (at > s.len) return FRT_NULL;
  if (spans) {
    spans[0] = at;
    spans[1] = at + m->prefix_len;
  }
  return FRT_OK;
}

int fn_simple_search(const FnSimple *m, FrtStr s, size_t from, size_t *spans) {
  if (m->literal && m->prefix_len) return fns_literal(m, s, from, spans);
  const unsigned char *text = (const unsigned char *)(s.len ? s.ptr : "");
  size_t stop;
  if (m->begin) return from ? FRT_NULL : fns_walk(m, text, 0, s.len, spans, &stop);
  uint64_t steps = 0, steps_max = 32 * (uint64_t)s.len + 10000;
  for (size_t at = from; at <= s.len; at++) {
    if (m->prefix_len) {
      at = fn_search(s, at, fn_str(m->prefix, m->prefix_len));
    } else {
      while (at < s.len && !m->first[text[at]]) at++;
    }
    if (at > s.len) break;
    if (fns_walk(m, text, at, s.len, spans, &stop) == FRT_OK) return FRT_OK;
    steps += stop - at;
    if (steps > steps_max) return FRT_E_REGEX_LIMIT;
    if (m->repeats) {
      while (at + 1 < s.len && m->repeated[text[at + 1]]) at++;
    }
  }
  return FRT_NULL;
}
