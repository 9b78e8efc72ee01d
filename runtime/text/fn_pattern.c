/* fn_pattern.c: patterns that need no backtracking: the parser, and Thompson's automaton (Russ Cox, "Regular Expression
 * Matching in the Wild", 2010). A code point beyond ASCII is its first byte and all continuation bytes that follow: texts
 * are valid UTF-8, so that is exact.
 *
 * Taken: literals, . \d \w \s and their negations, classes of ASCII, groups, |, * + ? {m,n} and their lazy forms, ^ at
 * the very begin, $ at the very end. Everything else is left to PCRE2, with which the two agree on every pattern taken
 * (tests/unit/func_regex.c compares them). */
#include "text/fn_pattern.h"

/* ---- the tree ---- */

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

/* ---- the whole ---- */

int fn_pattern_parse(FrtCtx *cx, FrtStr pattern, FnSimple *m, FnProgram *out) {
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
  FnBuilder *b = frt_alloc(cx, sizeof *b);
  b->tree = q.tree;
  b->op = frt_alloc(cx, FNS_OPS_MAX * sizeof *b->op);
  b->op_len = 0;
  b->wrong = 0;
  for (int c = 0; c < 256; c++) {
    b->leads[c] = c >= 0xC2 && c <= 0xF4;
    b->continuations[c] = (c & 0xC0) == 0x80;
  }
  uint16_t match = fns_op(b, (FnOp){.kind = FNS_OP_MATCH});
  uint16_t begin = fns_emit(b, root, match);
  *out = (FnProgram){q.tree, root, b->op, b->op_len, begin};
  return !b->wrong;
}
