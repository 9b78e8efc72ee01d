/* fn_simple.c: a matcher for patterns that need no backtracking.
 *
 * A pattern is parsed into a tree, the tree becomes a nondeterministic automaton over bytes
 * (Thompson), and that is accepted when it is one-pass: wherever the match stands, the next byte
 * leaves one way to go on. Then it becomes a table of (node, byte) -> (node, group borders), and
 * matching is a walk through the table. This is the one-pass automaton of RE2 (Russ Cox, "Regular
 * Expression Matching in the Wild", 2010), with Perl's priorities. A code point beyond ASCII is its
 * first byte and all continuation bytes that follow: texts are valid UTF-8, so that is exact.
 *
 *   ^(\d+)-x$   0 --\d, border 2--> 1    1 --\d--> 1
 *               1 --"-", border 3--> 2   2 --x--> 3, which matches at the end
 *
 * Taken: literals, . \d \w \s and their negations, classes of ASCII, groups, |, * + ? {m,n} and
 * their lazy forms, ^ at the very begin, $ at the very end. Everything else is left to PCRE2, with
 * which the two agree on every pattern taken (tests/unit/func_regex.c compares them). */
#include "text/fn_simple.h"

/* ---- the tree ---- */

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

typedef struct FnParser {
  FrtCtx *cx;
  const char *p, *end;
  FnTree *tree;
  uint16_t tree_len;
  uint32_t depth;
  int wrong; /* not a simple pattern */
  FnSimple *out;
} FnParser;

static uint16_t fns_add(FnParser *q, FnTree node) {
  if (q->tree_len == FNS_TREE_MAX) {
    q->wrong = 1;
    return 0;
  }
  q->tree[q->tree_len] = node;
  return q->tree_len++;
}

static uint16_t fns_add_pair(FnParser *q, FnTreeKind kind, uint16_t left, uint16_t right) {
  if (kind == FNS_CAT && left == FNS_NONE) return right;
  return fns_add(q, (FnTree){.kind = kind, .left = left, .right = right});
}

static FnSet *fns_new_set(FnParser *q) {
  FnSet *set = frt_alloc(q->cx, sizeof *set);
  memset(set, 0, sizeof *set);
  return set;
}

static uint16_t fns_add_set(FnParser *q, FnSet *set) {
  return fns_add(q, (FnTree){.kind = FNS_SET, .set = set});
}

static uint16_t fns_add_byte(FnParser *q, char c) {
  FnSet *set = fns_new_set(q);
  set->bytes[(unsigned char)c] = 1;
  return fns_add_set(q, set);
}

static int fns_is_word(unsigned c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* \d \D \w \W \s \S: adds its members; 0: another letter. */
static int fns_add_class(FnSet *set, char letter) {
  char lower = (char)(letter | 0x20);
  if (lower != 'd' && lower != 'w' && lower != 's') return 0;
  int negated = letter != lower;
  for (unsigned c = 0; c < 128; c++) {
    int in = lower == 'd'   ? c >= '0' && c <= '9'
             : lower == 'w' ? fns_is_word(c)
                            : c == ' ' || (c >= 9 && c <= 13);
    if (in != negated) set->bytes[c] = 1;
  }
  if (negated) set->high = 1;
  return 1;
}

/* The ASCII character that an escape names, or -1. */
static int fns_escape(char c) {
  switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    default:
      return (unsigned char)c < 128 && !fns_is_word((unsigned char)c) ? c : c == '_' ? c : -1;
  }
}

/* One member of a class at q->p: a character, or -2 when a set of its own was added. */
static int fns_member(FnParser *q, FnSet *set) {
  char c = *q->p++;
  if ((unsigned char)c >= 128) return -1;
  if (c == '[' && q->p < q->end && (*q->p == ':' || *q->p == '.' || *q->p == '=')) return -1;
  if (c != '\\') return c;
  if (q->p == q->end) return -1;
  c = *q->p++;
  return fns_add_class(set, c) ? -2 : fns_escape(c);
}

static uint16_t fns_class(FnParser *q) { /* behind the [ */
  FnSet *set = fns_new_set(q);
  int negated = q->p < q->end && *q->p == '^';
  q->p += negated;
  for (int first = 1;; first = 0) {
    if (q->p == q->end) goto wrong;
    if (*q->p == ']' && !first) break;
    int low = fns_member(q, set);
    if (low == -1) goto wrong;
    int range = q->end - q->p >= 2 && q->p[0] == '-' && q->p[1] != ']';
    if (!range) {
      if (low >= 0) set->bytes[low] = 1;
      continue;
    }
    q->p++;
    int high = low < 0 ? -1 : fns_member(q, set);
    if (high < 0 || high < low) goto wrong;
    for (int c = low; c <= high; c++) set->bytes[c] = 1;
  }
  q->p++;
  if (negated) {
    for (int c = 0; c < 128; c++) set->bytes[c] = !set->bytes[c];
    set->high = !set->high;
  }
  return fns_add_set(q, set);
wrong:
  q->wrong = 1;
  return 0;
}

static uint16_t fns_alternatives(FnParser *q);

/* (?<name> (?P<name> (?'name': reads up to the closing character. */
static int fns_name(FnParser *q, char close, uint32_t group) {
  const char *begin = q->p;
  while (q->p < q->end && fns_is_word((unsigned char)*q->p)) q->p++;
  size_t len = (size_t)(q->p - begin);
  if (q->p == q->end || *q->p != close || !len || len > 32 || (*begin >= '0' && *begin <= '9'))
    return 0;
  q->p++;
  FnSimple *m = q->out;
  for (uint32_t i = 0; i < m->name_len; i++) {
    if (m->names[i].name.len == len && !memcmp(m->names[i].name.ptr, begin, len)) return 0;
  }
  m->names[m->name_len++] = (FnSimpleName){fn_str(begin, len), group};
  return 1;
}

static uint16_t fns_group(FnParser *q) { /* behind the ( */
  uint32_t group = 0;
  if (q->p < q->end && *q->p == '*') goto wrong;
  if (q->end - q->p >= 2 && q->p[0] == '?' && q->p[1] == ':') {
    q->p += 2;
  } else {
    if (q->out->group_len == FN_SIMPLE_GROUPS_MAX) goto wrong;
    group = ++q->out->group_len;
    if (q->p < q->end && *q->p == '?') {
      q->p++;
      if (q->p < q->end && *q->p == 'P') q->p++;
      if (q->p == q->end || (*q->p != '<' && (*q->p != '\'' || q->p[-1] == 'P'))) goto wrong;
      char close = *q->p++ == '<' ? '>' : '\'';
      if (!fns_name(q, close, group)) goto wrong;
    }
  }
  if (++q->depth > FNS_DEPTH_MAX) goto wrong;
  uint16_t inner = fns_alternatives(q);
  q->depth--;
  if (q->wrong || q->p == q->end || *q->p != ')') goto wrong;
  q->p++;
  if (!group) return inner;
  return fns_add(q, (FnTree){.kind = FNS_GROUP, .left = inner, .group = (uint8_t)group});
wrong:
  q->wrong = 1;
  return 0;
}

static uint16_t fns_atom(FnParser *q) {
  char c = *q->p++;
  FnSet *set;
  switch (c) {
    case '(': return fns_group(q);
    case '[': return fns_class(q);
    case '.':
      set = fns_new_set(q);
      memset(set->bytes, 1, 128);
      set->bytes['\n'] = 0;
      set->high = 1;
      return fns_add_set(q, set);
    case '^':
    case '$':
    case '*':
    case '+':
    case '?':
    case '{': q->wrong = 1; return 0;
    case '\\': {
      if (q->p == q->end) break;
      c = *q->p++;
      set = fns_new_set(q);
      if (fns_add_class(set, c)) return fns_add_set(q, set);
      int literal = fns_escape(c);
      if (literal < 0) break;
      return fns_add_byte(q, (char)literal);
    }
    default: {
      uint16_t node = fns_add_byte(q, c);
      for (uint32_t more = fn_width(c); --more && q->p < q->end;) {
        node = fns_add_pair(q, FNS_CAT, node, fns_add_byte(q, *q->p++));
      }
      return node;
    }
  }
  q->wrong = 1;
  return 0;
}

static int fns_number(FnParser *q, uint16_t *n) {
  const char *begin = q->p;
  uint32_t value = 0;
  while (q->p < q->end && *q->p >= '0' && *q->p <= '9' && value <= FNS_REPEAT_MAX) {
    value = value * 10 + (uint32_t)(*q->p++ - '0');
  }
  *n = (uint16_t)value;
  return q->p > begin && value <= FNS_REPEAT_MAX;
}

/* A quantifier at q->p, or 0. */
static int fns_quantifier(FnParser *q, FnTree *t) {
  if (q->p == q->end) return 0;
  switch (*q->p) {
    case '*': t->min = 0, t->max = FNS_MANY; break;
    case '+': t->min = 1, t->max = FNS_MANY; break;
    case '?': t->min = 0, t->max = 1; break;
    case '{':
      q->p++;
      if (!fns_number(q, &t->min)) goto wrong;
      t->max = t->min;
      if (q->p < q->end && *q->p == ',') {
        q->p++;
        t->max = FNS_MANY;
        if (q->p < q->end && *q->p != '}' && !fns_number(q, &t->max)) goto wrong;
      }
      if (q->p == q->end || *q->p != '}' || t->max < t->min) goto wrong;
      break;
    default: return 0;
  }
  q->p++;
  if (q->p < q->end && *q->p == '?') {
    t->lazy = 1;
    q->p++;
  }
  if (q->p < q->end && (*q->p == '+' || *q->p == '*' || *q->p == '?' || *q->p == '{')) goto wrong;
  return 1;
wrong:
  q->wrong = 1;
  return 0;
}

static uint16_t fns_sequence(FnParser *q) {
  uint16_t all = FNS_NONE;
  while (!q->wrong && q->p < q->end && *q->p != '|' && *q->p != ')') {
    uint16_t node = fns_atom(q);
    FnTree repeat = {.kind = FNS_REPEAT, .left = node};
    if (!q->wrong && fns_quantifier(q, &repeat)) node = fns_add(q, repeat);
    all = fns_add_pair(q, FNS_CAT, all, node);
  }
  return all == FNS_NONE ? fns_add(q, (FnTree){.kind = FNS_EMPTY}) : all;
}

static uint16_t fns_alternatives(FnParser *q) {
  uint16_t node = fns_sequence(q);
  if (q->wrong || q->p == q->end || *q->p != '|') return node;
  q->p++;
  if (++q->depth > FNS_DEPTH_MAX) {
    q->wrong = 1;
    return 0;
  }
  uint16_t rest = fns_alternatives(q);
  q->depth--;
  return fns_add_pair(q, FNS_ALT, node, rest);
}

/* ---- the automaton ---- */

typedef enum FnOpKind { FNS_OP_MATCH, FNS_OP_BYTE, FNS_OP_SPLIT, FNS_OP_BORDER } FnOpKind;

typedef struct FnOp {
  FnOpKind kind;
  uint16_t out, other; /* `out` is preferred */
  uint16_t border;
  const uint8_t *bytes;
} FnOp;

enum { FNS_OPS_MAX = 2000 };

typedef struct FnBuilder {
  const FnTree *tree;
  FnOp *op;
  uint16_t op_len;
  int wrong;
  uint8_t leads[256], continuations[256];
} FnBuilder;

static uint16_t fns_op(FnBuilder *b, FnOp op) {
  if (b->op_len == FNS_OPS_MAX) {
    b->wrong = 1;
    return 0;
  }
  b->op[b->op_len] = op;
  return b->op_len++;
}

static uint16_t fns_split(FnBuilder *b, uint16_t enter, uint16_t skip, int lazy) {
  return fns_op(
      b, (FnOp){.kind = FNS_OP_SPLIT, .out = lazy ? skip : enter, .other = lazy ? enter : skip});
}

static uint16_t fns_emit_set(FnBuilder *b, const FnSet *set, uint16_t next) {
  uint16_t low = fns_op(b, (FnOp){.kind = FNS_OP_BYTE, .out = next, .bytes = set->bytes});
  if (!set->high) return low;
  uint16_t loop = fns_op(b, (FnOp){.kind = FNS_OP_SPLIT, .other = next});
  uint16_t more = fns_op(b, (FnOp){.kind = FNS_OP_BYTE, .out = loop, .bytes = b->continuations});
  b->op[loop].out = more;
  uint16_t high = fns_op(b, (FnOp){.kind = FNS_OP_BYTE, .out = loop, .bytes = b->leads});
  return fns_split(b, low, high, 0);
}

/* The operation at which the tree's automaton begins when `next` is to follow it. */
static uint16_t fns_emit(FnBuilder *b, uint16_t at, uint16_t next) {
  const FnTree *t = &b->tree[at];
  if (b->wrong) return next;
  switch (t->kind) {
    case FNS_EMPTY: return next;
    case FNS_SET: return fns_emit_set(b, t->set, next);
    case FNS_CAT: return fns_emit(b, t->left, fns_emit(b, t->right, next));
    case FNS_ALT: {
      uint16_t left = fns_emit(b, t->left, next);
      return fns_split(b, left, fns_emit(b, t->right, next), 0);
    }
    case FNS_GROUP: {
      uint16_t close =
          fns_op(b, (FnOp){.kind = FNS_OP_BORDER, .out = next, .border = t->group * 2 + 1});
      uint16_t inner = fns_emit(b, t->left, close);
      return fns_op(b, (FnOp){.kind = FNS_OP_BORDER, .out = inner, .border = t->group * 2});
    }
    case FNS_REPEAT: break;
  }
  uint16_t begin = next;
  if (t->max == FNS_MANY) {
    uint16_t loop = fns_split(b, 0, 0, 0), body = fns_emit(b, t->left, loop);
    b->op[loop].out = t->lazy ? next : body;
    b->op[loop].other = t->lazy ? body : next;
    begin = t->min ? body : loop;
  } else {
    for (uint16_t i = t->min; i < t->max && !b->wrong; i++) {
      begin = fns_split(b, fns_emit(b, t->left, begin), next, t->lazy);
    }
  }
  for (uint16_t i = t->max == FNS_MANY; i < t->min && !b->wrong; i++)
    begin = fns_emit(b, t->left, begin);
  return begin;
}

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
  FnParser q = {.cx = cx, .p = pattern.ptr, .end = pattern.ptr + pattern.len, .out = m};
  if (!pattern.len) q.p = q.end = "";
  q.tree = frt_alloc(cx, FNS_TREE_MAX * sizeof *q.tree);
  if (q.p < q.end && *q.p == '^') m->begin = 1, q.p++;
  if (q.p < q.end && q.end[-1] == '$') {
    size_t slashes = 0;
    while (q.end - 1 - slashes > q.p && *(q.end - 2 - slashes) == '\\') slashes++;
    if (slashes % 2 == 0) m->end = 1, q.end--;
  }
  uint16_t root = fns_alternatives(&q);
  if (q.wrong || q.p != q.end) return 0;
  if ((m->begin || m->end) && q.tree[root].kind == FNS_ALT) return 0; /* ^a|b: the anchor is a's */
  FnBuilder b = {.tree = q.tree, .op = frt_alloc(cx, FNS_OPS_MAX * sizeof(FnOp))};
  for (int c = 0; c < 256; c++) {
    b.leads[c] = c >= 0xC2 && c <= 0xF4;
    b.continuations[c] = (c & 0xC0) == 0x80;
  }
  uint16_t match = fns_op(&b, (FnOp){.kind = FNS_OP_MATCH});
  uint16_t begin = fns_emit(&b, root, match);
  if (b.wrong || !fns_determinise(cx, m, b.op, b.op_len, begin, keep)) return 0;
  fns_find_prefix(m);
  fns_find_repeat(m, q.tree, root);
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
