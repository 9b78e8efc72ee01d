/* pattern.c: patterns that need no backtracking: the parser, and Thompson's automaton (Russ Cox, "Regular Expression
 * Matching in the Wild", 2010). A code point beyond ASCII is its first byte and all continuation bytes that follow: texts
 * are valid UTF-8, so that is exact.
 *
 * Taken: literals, . \d \w \s and their negations, classes of ASCII, groups, |, * + ? {m,n} and their lazy forms, ^ at
 * the very begin, $ at the very end, (?i) before all where letters are ASCII. Everything else is left to PCRE2, with which the two agree on every pattern taken
 * (tests/unit/func_regex.c compares them). */
#include "regex/pattern.h"

#include <string.h>

/* Bytes of the code point that begins with the byte, in valid UTF-8. */
static uint32_t pattern_width(char lead) {
  unsigned char c = (unsigned char)lead;
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* ---- the tree ---- */

typedef struct PatternParser {
  Arena *arena;
  const char *p, *end;
  PatternTree *tree;
  uint16_t tree_len;
  uint32_t depth;
  int wrong; /* not a simple pattern */
  int caseless;
  Pattern *out;
} PatternParser;

static uint16_t pattern_add(PatternParser *q, PatternTree node) {
  if (q->tree_len == PATTERN_TREE_MAX) {
    q->wrong = 1;
    return 0;
  }
  q->tree[q->tree_len] = node;
  return q->tree_len++;
}

static uint16_t pattern_add_pair(PatternParser *q, PatternTreeKind kind, uint16_t left, uint16_t right) {
  if (kind == PATTERN_CAT && left == PATTERN_NONE) return right;
  return pattern_add(q, (PatternTree){.kind = kind, .left = left, .right = right});
}

static PatternSet *pattern_new_set(PatternParser *q) {
  return arena_alloc(q->arena, sizeof(PatternSet));
}

static uint16_t pattern_add_set(PatternParser *q, PatternSet *set) {
  return pattern_add(q, (PatternTree){.kind = PATTERN_SET, .set = set});
}

/* Adds a character that was written: without case both of its forms, and what Unicode folds to it. */
static void pattern_put_char(const PatternParser *q, PatternSet *set, int c) {
  int lower = c | 0x20;
  set->bytes[c] = 1;
  if (!q->caseless || lower < 'a' || lower > 'z') return;
  set->bytes[lower] = set->bytes[lower & ~0x20] = 1;
  if (lower == 'k') set->fold[0] = 1;
  if (lower == 's') set->fold[1] = 1;
}

static uint16_t pattern_add_byte(PatternParser *q, char c) {
  PatternSet *set = pattern_new_set(q);
  if ((unsigned char)c < 128) pattern_put_char(q, set, c);
  else if (q->caseless) q->wrong = 1;
  else set->bytes[(unsigned char)c] = 1;
  return pattern_add_set(q, set);
}

static int pattern_is_word(unsigned c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* \d \D \w \W \s \S: adds its members; 0: another letter. */
static int pattern_add_class(PatternSet *set, char letter) {
  char lower = (char)(letter | 0x20);
  if (lower != 'd' && lower != 'w' && lower != 's') return 0;
  int negated = letter != lower;
  for (unsigned c = 0; c < 128; c++) {
    int in = lower == 'd'   ? c >= '0' && c <= '9'
             : lower == 'w' ? pattern_is_word(c)
                            : c == ' ' || (c >= 9 && c <= 13);
    if (in != negated) set->bytes[c] = 1;
  }
  if (negated) set->high = 1;
  return 1;
}

/* The ASCII character that an escape names, or -1. */
static int pattern_escape(char c) {
  switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'f': return '\f';
    default:
      return (unsigned char)c < 128 && !pattern_is_word((unsigned char)c) ? c : c == '_' ? c : -1;
  }
}

/* One member of a class at q->p: a character, or -2 when a set of its own was added. */
static int pattern_member(PatternParser *q, PatternSet *set) {
  char c = *q->p++;
  if ((unsigned char)c >= 128) return -1;
  if (c == '[' && q->p < q->end && (*q->p == ':' || *q->p == '.' || *q->p == '=')) return -1;
  if (c != '\\') return c;
  if (q->p == q->end) return -1;
  c = *q->p++;
  return pattern_add_class(set, c) ? -2 : pattern_escape(c);
}

static uint16_t pattern_class(PatternParser *q) { /* behind the [ */
  PatternSet *set = pattern_new_set(q);
  int negated = q->p < q->end && *q->p == '^';
  q->p += negated;
  for (int first = 1;; first = 0) {
    if (q->p == q->end) goto wrong;
    if (*q->p == ']' && !first) break;
    int low = pattern_member(q, set);
    if (low == -1) goto wrong;
    int range = q->end - q->p >= 2 && q->p[0] == '-' && q->p[1] != ']';
    if (!range) {
      if (low >= 0) pattern_put_char(q, set, low);
      continue;
    }
    q->p++;
    int high = low < 0 ? -1 : pattern_member(q, set);
    if (high < 0 || high < low) goto wrong;
    for (int c = low; c <= high; c++) pattern_put_char(q, set, c);
  }
  q->p++;
  if (negated) {
    if (set->fold[0] || set->fold[1]) goto wrong;
    for (int c = 0; c < 128; c++) set->bytes[c] = !set->bytes[c];
    set->high = !set->high;
  }
  return pattern_add_set(q, set);
wrong:
  q->wrong = 1;
  return 0;
}

static uint16_t pattern_alternatives(PatternParser *q);

/* (?<name> (?P<name> (?'name': reads up to the closing character. */
static int pattern_name(PatternParser *q, char close, uint32_t group) {
  const char *begin = q->p;
  while (q->p < q->end && pattern_is_word((unsigned char)*q->p)) q->p++;
  size_t len = (size_t)(q->p - begin);
  if (q->p == q->end || *q->p != close || !len || len > 32 || (*begin >= '0' && *begin <= '9'))
    return 0;
  q->p++;
  Pattern *m = q->out;
  for (uint32_t i = 0; i < m->name_len; i++) {
    if (m->names[i].name.len == len && !memcmp(m->names[i].name.ptr, begin, len)) return 0;
  }
  m->names[m->name_len++] = (PatternName){{begin, (uint32_t)len, 0}, group};
  return 1;
}

static uint16_t pattern_group(PatternParser *q) { /* behind the ( */
  uint32_t group = 0;
  if (q->p < q->end && *q->p == '*') goto wrong;
  if (q->end - q->p >= 2 && q->p[0] == '?' && q->p[1] == ':') {
    q->p += 2;
  } else {
    if (q->out->group_len == REGEX_GROUPS_MAX) goto wrong;
    group = ++q->out->group_len;
    if (q->p < q->end && *q->p == '?') {
      q->p++;
      if (q->p < q->end && *q->p == 'P') q->p++;
      if (q->p == q->end || (*q->p != '<' && (*q->p != '\'' || q->p[-1] == 'P'))) goto wrong;
      char close = *q->p++ == '<' ? '>' : '\'';
      if (!pattern_name(q, close, group)) goto wrong;
    }
  }
  if (++q->depth > PATTERN_DEPTH_MAX) goto wrong;
  uint16_t inner = pattern_alternatives(q);
  q->depth--;
  if (q->wrong || q->p == q->end || *q->p != ')') goto wrong;
  q->p++;
  if (!group) return inner;
  return pattern_add(q, (PatternTree){.kind = PATTERN_GROUP, .left = inner, .group = (uint8_t)group});
wrong:
  q->wrong = 1;
  return 0;
}

static uint16_t pattern_atom(PatternParser *q) {
  char c = *q->p++;
  PatternSet *set;
  switch (c) {
    case '(': return pattern_group(q);
    case '[': return pattern_class(q);
    case '.':
      set = pattern_new_set(q);
      memset(set->bytes, 1, 128);
      set->bytes['\n'] = 0;
      set->high = 1;
      return pattern_add_set(q, set);
    case '^':
    case '$':
    case '*':
    case '+':
    case '?':
    case '{': q->wrong = 1; return 0;
    case '\\': {
      if (q->p == q->end) break;
      c = *q->p++;
      set = pattern_new_set(q);
      if (pattern_add_class(set, c)) return pattern_add_set(q, set);
      int literal = pattern_escape(c);
      if (literal < 0) break;
      return pattern_add_byte(q, (char)literal);
    }
    default: {
      uint16_t node = pattern_add_byte(q, c);
      for (uint32_t more = pattern_width(c); --more && q->p < q->end;) {
        node = pattern_add_pair(q, PATTERN_CAT, node, pattern_add_byte(q, *q->p++));
      }
      return node;
    }
  }
  q->wrong = 1;
  return 0;
}

static int pattern_number(PatternParser *q, uint16_t *n) {
  const char *begin = q->p;
  uint32_t value = 0;
  while (q->p < q->end && *q->p >= '0' && *q->p <= '9' && value <= PATTERN_REPEAT_MAX) {
    value = value * 10 + (uint32_t)(*q->p++ - '0');
  }
  *n = (uint16_t)value;
  return q->p > begin && value <= PATTERN_REPEAT_MAX;
}

/* A quantifier at q->p, or 0. */
static int pattern_quantifier(PatternParser *q, PatternTree *t) {
  if (q->p == q->end) return 0;
  switch (*q->p) {
    case '*': t->min = 0, t->max = PATTERN_MANY; break;
    case '+': t->min = 1, t->max = PATTERN_MANY; break;
    case '?': t->min = 0, t->max = 1; break;
    case '{':
      q->p++;
      if (!pattern_number(q, &t->min)) goto wrong;
      t->max = t->min;
      if (q->p < q->end && *q->p == ',') {
        q->p++;
        t->max = PATTERN_MANY;
        if (q->p < q->end && *q->p != '}' && !pattern_number(q, &t->max)) goto wrong;
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

static uint16_t pattern_sequence(PatternParser *q) {
  uint16_t all = PATTERN_NONE;
  while (!q->wrong && q->p < q->end && *q->p != '|' && *q->p != ')') {
    uint16_t node = pattern_atom(q);
    PatternTree repeat = {.kind = PATTERN_REPEAT, .left = node};
    if (!q->wrong && pattern_quantifier(q, &repeat)) node = pattern_add(q, repeat);
    all = pattern_add_pair(q, PATTERN_CAT, all, node);
  }
  return all == PATTERN_NONE ? pattern_add(q, (PatternTree){.kind = PATTERN_EMPTY}) : all;
}

static uint16_t pattern_alternatives(PatternParser *q) {
  uint16_t node = pattern_sequence(q);
  if (q->wrong || q->p == q->end || *q->p != '|') return node;
  q->p++;
  if (++q->depth > PATTERN_DEPTH_MAX) {
    q->wrong = 1;
    return 0;
  }
  uint16_t rest = pattern_alternatives(q);
  q->depth--;
  return pattern_add_pair(q, PATTERN_ALT, node, rest);
}

/* ---- the automaton ---- */

typedef struct PatternBuilder {
  Arena *arena;
  const PatternTree *tree;
  PatternOp *op;
  uint16_t op_len;
  int wrong;
  uint8_t leads[256], continuations[256];
} PatternBuilder;

static uint16_t pattern_op(PatternBuilder *b, PatternOp op) {
  if (b->op_len == PATTERN_OPS_MAX) {
    b->wrong = 1;
    return 0;
  }
  b->op[b->op_len] = op;
  return b->op_len++;
}

static uint16_t pattern_split(PatternBuilder *b, uint16_t enter, uint16_t skip, int lazy) {
  return pattern_op(
      b, (PatternOp){.kind = PATTERN_OP_SPLIT, .out = lazy ? skip : enter, .other = lazy ? enter : skip});
}

/* One of the code points that fold to ASCII, byte by byte. */
static uint16_t pattern_emit_fold(PatternBuilder *b, int fold, uint16_t next) {
  static const char *const texts[PATTERN_FOLDS] = {"\xe2\x84\xaa", "\xc5\xbf"};
  for (size_t i = strlen(texts[fold]); i-- > 0;) {
    uint8_t *bytes = arena_alloc(b->arena, 256);
    bytes[(unsigned char)texts[fold][i]] = 1;
    next = pattern_op(b, (PatternOp){.kind = PATTERN_OP_BYTE, .out = next, .bytes = bytes});
  }
  return next;
}

static uint16_t pattern_emit_set(PatternBuilder *b, const PatternSet *set, uint16_t next) {
  uint16_t low = pattern_op(b, (PatternOp){.kind = PATTERN_OP_BYTE, .out = next, .bytes = set->bytes});
  for (int i = 0; i < PATTERN_FOLDS && !set->high; i++)
    if (set->fold[i]) low = pattern_split(b, low, pattern_emit_fold(b, i, next), 0);
  if (!set->high) return low;
  uint16_t loop = pattern_op(b, (PatternOp){.kind = PATTERN_OP_SPLIT, .other = next});
  uint16_t more = pattern_op(b, (PatternOp){.kind = PATTERN_OP_BYTE, .out = loop, .bytes = b->continuations});
  b->op[loop].out = more;
  uint16_t high = pattern_op(b, (PatternOp){.kind = PATTERN_OP_BYTE, .out = loop, .bytes = b->leads});
  return pattern_split(b, low, high, 0);
}

/* The operation at which the tree's automaton begins when `next` is to follow it. */
static uint16_t pattern_emit(PatternBuilder *b, uint16_t at, uint16_t next) {
  const PatternTree *t = &b->tree[at];
  if (b->wrong) return next;
  switch (t->kind) {
    case PATTERN_EMPTY: return next;
    case PATTERN_SET: return pattern_emit_set(b, t->set, next);
    case PATTERN_CAT: return pattern_emit(b, t->left, pattern_emit(b, t->right, next));
    case PATTERN_ALT: {
      uint16_t left = pattern_emit(b, t->left, next);
      return pattern_split(b, left, pattern_emit(b, t->right, next), 0);
    }
    case PATTERN_GROUP: {
      uint16_t close =
          pattern_op(b, (PatternOp){.kind = PATTERN_OP_BORDER, .out = next, .border = t->group * 2 + 1});
      uint16_t inner = pattern_emit(b, t->left, close);
      return pattern_op(b, (PatternOp){.kind = PATTERN_OP_BORDER, .out = inner, .border = t->group * 2});
    }
    case PATTERN_REPEAT: break;
  }
  uint16_t begin = next;
  if (t->max == PATTERN_MANY) {
    uint16_t loop = pattern_split(b, 0, 0, 0), body = pattern_emit(b, t->left, loop);
    b->op[loop].out = t->lazy ? next : body;
    b->op[loop].other = t->lazy ? body : next;
    begin = t->min ? body : loop;
  } else {
    for (uint16_t i = t->min; i < t->max && !b->wrong; i++) {
      begin = pattern_split(b, pattern_emit(b, t->left, begin), next, t->lazy);
    }
  }
  for (uint16_t i = t->max == PATTERN_MANY; i < t->min && !b->wrong; i++)
    begin = pattern_emit(b, t->left, begin);
  return begin;
}

/* ---- the whole ---- */

bool pattern_parse(Arena *a, FrtStr pattern, Pattern *out) {
  memset(out, 0, sizeof *out);
  PatternParser q = {.arena = a, .p = pattern.ptr, .end = pattern.ptr + pattern.len, .out = out};
  if (!pattern.len) q.p = q.end = "";
  q.tree = arena_alloc(a, PATTERN_TREE_MAX * sizeof *q.tree);
  if (q.end - q.p >= 4 && memcmp(q.p, "(?i)", 4) == 0) q.caseless = 1, q.p += 4;
  if (q.p < q.end && *q.p == '^') out->at_begin = true, q.p++;
  if (q.p < q.end && q.end[-1] == '$') {
    size_t slashes = 0;
    while (q.end - 1 - slashes > q.p && *(q.end - 2 - slashes) == '\\') slashes++;
    if (slashes % 2 == 0) out->at_end = true, q.end--;
  }
  uint16_t root = pattern_alternatives(&q);
  if (q.wrong || q.p != q.end) return false;
  if ((out->at_begin || out->at_end) && q.tree[root].kind == PATTERN_ALT) return false; /* ^a|b: the anchor is a's */
  PatternBuilder *b = arena_alloc(a, sizeof *b);
  b->arena = a;
  b->tree = q.tree;
  b->op = arena_alloc(a, PATTERN_OPS_MAX * sizeof *b->op);
  for (int c = 0; c < 256; c++) {
    b->leads[c] = c >= 0xC2 && c <= 0xF4;
    b->continuations[c] = (c & 0xC0) == 0x80;
  }
  uint16_t match = pattern_op(b, (PatternOp){.kind = PATTERN_OP_MATCH});
  out->begin = pattern_emit(b, root, match);
  out->tree = q.tree;
  out->root = root;
  out->op = b->op;
  out->op_len = b->op_len;
  return !b->wrong;
}
