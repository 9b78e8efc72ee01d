/* tagged.c: a deterministic automaton that finds the first match and its groups in one pass over the text.
 *
 * A state is the list of places where a match may stand, the preferred first, each with the registers that hold where its
 * match and its groups began and ended (tagged automata: Laurikari, "NFAs with Tagged Transitions", 2000; the registers
 * as in Trofimovich, "Tagged Deterministic Finite Automata with Lookahead", 2017; the order of the list is Perl's). The
 * start is the last place of every list until there is a match: so the search for a beginning is part of the automaton.
 * Where a place is reached that matches, all that follows it in the list is worse and left out.
 *
 * A position that is the present one has no register yet (TAG_HERE); the next step writes it down. Registers are numbered
 * in the order in which a list names them, so that equal lists are one state; a step between two states is a few moves,
 * most often none.
 *
 *   a(b+)   1 start --a: r0 = here--> 2 --b: r1 = here--> 3 matches r0..here, r1..here; --b--> 3 */
#include <string.h>

#include "regex/pattern.h"

enum {
  TAGGED_OPS_MAX = 512,
  TAGS_MAX = 1 + 2 * REGEX_GROUPS_MAX,   /* where the match begins, and the borders of the groups */
  TAG_BEFORE = FRT_TAGGED_HERE - 1,      /* in a list that is being made: before the byte of the step */
  TAGGED_SOURCES = 256,
  TAGGED_TEXT_MAX = 200                  /* distances are bytes */
};

typedef struct TaggedPlace {
  uint16_t op;
  uint8_t tag[TAGS_MAX];   /* a register, FRT_TAGGED_HERE or FRT_TAGGED_UNSET */
} TaggedPlace;

typedef struct TaggedList {
  TaggedPlace *place;
  uint32_t len;
  uint8_t sealed;          /* the start is not added any more: there is a match, or ^ */
} TaggedList;

typedef struct TaggedBuilder {
  Arena *arena;
  const Pattern *p;
  uint32_t tags, classes, columns, states, moves_len;
  bool groups, full;       /* too large */
  TaggedList list;         /* being made */
  bool closed;             /* a match ends it */
  uint8_t seen[TAGGED_OPS_MAX];
  uint8_t class_of[256], of_class[256];
  TaggedList state[REGEX_STATES_MAX];
  uint32_t next[REGEX_CELLS_MAX];
  uint8_t moves[REGEX_MOVES_MAX];
} TaggedBuilder;

/* ---- lists ---- */

/* Adds all that is reached from place `at` without a byte, the preferred first. */
static void tagged_closure(TaggedBuilder *b, uint16_t at, const uint8_t *tag) {
  uint8_t own[TAGS_MAX];
  memcpy(own, tag, TAGS_MAX);
  for (;;) {
    const PatternOp *op = &b->p->op[at];
    if (b->closed || b->seen[at]) return;
    b->seen[at] = 1;
    switch (op->kind) {
      case PATTERN_OP_BORDER:
        if (b->groups) own[op->border - 1] = FRT_TAGGED_HERE;
        at = op->out;
        continue;
      case PATTERN_OP_SPLIT:
        tagged_closure(b, op->out, own);
        at = op->other;
        continue;
      case PATTERN_OP_MATCH: b->closed = !b->p->at_end; break;
      case PATTERN_OP_BYTE: break;
    }
    TaggedPlace *place = &b->list.place[b->list.len++];
    place->op = at;
    memcpy(place->tag, own, TAGS_MAX);
    return;
  }
}

static void tagged_list_open(TaggedBuilder *b, bool sealed) {
  b->list.len = 0;
  b->list.sealed = sealed;
  b->closed = false;
  memset(b->seen, 0, sizeof b->seen);
}

/* The start is what is least preferred. */
static void tagged_list_close(TaggedBuilder *b, bool first) {
  uint8_t tag[TAGS_MAX];
  memset(tag, FRT_TAGGED_UNSET, sizeof tag);
  tag[0] = FRT_TAGGED_HERE;
  if (first || !b->list.sealed) tagged_closure(b, b->p->begin, tag);
  if (b->closed) b->list.sealed = 1;
}

static void tagged_list_step(TaggedBuilder *b, const TaggedList *from, uint8_t byte) {
  tagged_list_open(b, from->sealed);
  for (uint32_t i = 0; i < from->len; i++) {
    const PatternOp *op = &b->p->op[from->place[i].op];
    if (op->kind != PATTERN_OP_BYTE || !op->bytes[byte]) continue;
    uint8_t tag[TAGS_MAX];
    for (uint32_t t = 0; t < TAGS_MAX; t++)
      tag[t] = from->place[i].tag[t] == FRT_TAGGED_HERE ? TAG_BEFORE : from->place[i].tag[t];
    tagged_closure(b, op->out, tag);
  }
  tagged_list_close(b, false);
}

/* Numbers the registers of the list anew; source[new] is the old one, or FRT_TAGGED_HERE. Returns how many there are. */
static uint32_t tagged_list_rename(TaggedBuilder *b, uint8_t source[TAGGED_SOURCES]) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < b->list.len; i++) {
    for (uint32_t t = 0; t < b->tags; t++) {
      uint8_t *tag = &b->list.place[i].tag[t], old = *tag;
      if (old == FRT_TAGGED_HERE || old == FRT_TAGGED_UNSET) continue;
      if (old == TAG_BEFORE) old = FRT_TAGGED_HERE;
      uint32_t k = 0;
      while (k < len && source[k] != old) k++;
      if (k == len) source[len++] = old;
      *tag = (uint8_t)k;
      if (len == FRT_TAGGED_REGISTERS) {
        b->full = true;
        return len;
      }
    }
  }
  return len;
}

/* ---- states ---- */

static bool tagged_same(const TaggedBuilder *b, const TaggedList *x, const TaggedList *y) {
  if (x->len != y->len || x->sealed != y->sealed) return false;
  for (uint32_t i = 0; i < x->len; i++)
    if (x->place[i].op != y->place[i].op || memcmp(x->place[i].tag, y->place[i].tag, b->tags) != 0) return false;
  return true;
}

/* The state of the list; 0: none, there is no match any more. */
static uint32_t tagged_state(TaggedBuilder *b) {
  if (!b->list.len) return 0;
  for (uint32_t i = 1; i < b->states; i++)
    if (tagged_same(b, &b->state[i], &b->list)) return i;
  if (b->states == REGEX_STATES_MAX || (b->states + 1) * b->columns > REGEX_CELLS_MAX) {
    b->full = true;
    return 0;
  }
  TaggedList *s = &b->state[b->states];
  *s = b->list;
  s->place = arena_alloc(b->arena, s->len * sizeof *s->place);
  memcpy(s->place, b->list.place, s->len * sizeof *s->place);
  return b->states++;
}

static void tagged_put(TaggedBuilder *b, uint32_t byte) {
  if (b->moves_len == REGEX_MOVES_MAX) b->full = true;
  else b->moves[b->moves_len++] = (uint8_t)byte;
}

/* Where the bytes that were put from `begin` on stand for the first time; there once is enough. */
static uint32_t tagged_shared(TaggedBuilder *b, uint32_t begin) {
  uint32_t len = b->moves_len - begin;
  for (uint32_t at = 1; at + len <= begin; at++) {
    if (memcmp(b->moves + at, b->moves + begin, len) != 0) continue;
    b->moves_len = begin;
    return at;
  }
  return begin;
}

/* The moves that make register k what source[k] was, for all k at once: one whose target nobody needs any more comes
 * first; where there is none, they go round, and one target is saved. Returns where they begin, 0: there are none. */
static uint32_t tagged_moves(TaggedBuilder *b, uint8_t *source, uint32_t len) {
  uint8_t pending[FRT_TAGGED_REGISTERS];
  uint32_t left = 0, begin = b->moves_len;
  for (uint32_t k = 0; k < len; k++) {
    pending[k] = source[k] != k;
    left += pending[k];
  }
  if (!left) return 0;
  while (left) {
    uint32_t ready = len, any = len;
    for (uint32_t k = 0; k < len && ready == len; k++) {
      if (!pending[k]) continue;
      any = k;
      uint32_t reader = 0;
      while (reader < len && !(pending[reader] && reader != k && source[reader] == k)) reader++;
      if (reader == len) ready = k;
    }
    if (ready == len) {
      tagged_put(b, FRT_TAGGED_REGISTERS);
      tagged_put(b, any);
      for (uint32_t k = 0; k < len; k++)
        if (pending[k] && source[k] == any) source[k] = FRT_TAGGED_REGISTERS;
      continue;
    }
    tagged_put(b, ready);
    tagged_put(b, source[ready]);
    pending[ready] = 0;
    left--;
  }
  tagged_put(b, FRT_TAGGED_UNSET);
  return tagged_shared(b, begin);
}

/* Where the borders of the match stand that ends in the state, 0: none does. */
static uint32_t tagged_match(TaggedBuilder *b, const TaggedList *s) {
  for (uint32_t i = 0; i < s->len; i++) {
    if (b->p->op[s->place[i].op].kind != PATTERN_OP_MATCH) continue;
    uint32_t begin = b->moves_len;
    for (uint32_t t = 0; t < b->tags; t++) tagged_put(b, s->place[i].tag[t]);
    return tagged_shared(b, begin);
  }
  return 0;
}

static bool tagged_fill(TaggedBuilder *b) {
  uint8_t source[TAGGED_SOURCES];
  tagged_put(b, FRT_TAGGED_UNSET);   /* 0 is no place */
  b->states = 1;
  tagged_list_open(b, b->p->at_begin);
  tagged_list_close(b, true);
  tagged_state(b);
  for (uint32_t i = 1; i < b->states && !b->full; i++) {
    uint32_t *row = b->next + (size_t)i * b->columns;
    row[b->classes] = tagged_match(b, &b->state[i]);
    for (uint32_t k = 0; k < b->classes && !b->full; k++) {
      tagged_list_step(b, &b->state[i], b->of_class[k]);
      uint32_t len = tagged_list_rename(b, source), to = b->full ? 0 : tagged_state(b);
      if (to) row[k] = to * b->columns | tagged_moves(b, source, len) << 16;
    }
  }
  return !b->full;
}

/* Walks the text with which every match begins from the start: the state behind it, and its registers as distances from
 * where the text begins. */
static uint32_t tagged_behind(TaggedBuilder *b, FrtStr text) {
  uint8_t at[FRT_TAGGED_REGISTERS + 1];
  memset(at, FRT_TAGGED_UNSET, sizeof at);
  uint32_t state = b->columns;
  for (uint32_t i = 0; i < text.len; i++) {
    uint32_t cell = b->next[state + b->class_of[(unsigned char)text.ptr[i]]];
    for (const uint8_t *m = b->moves + (cell >> 16); *m != FRT_TAGGED_UNSET; m += 2)
      at[m[0]] = m[1] == FRT_TAGGED_HERE ? (uint8_t)i : at[m[1]];
    state = cell & 0xFFFF;
  }
  uint32_t begin = b->moves_len;
  for (uint32_t k = 0; k < FRT_TAGGED_REGISTERS; k++) {
    if (at[k] == FRT_TAGGED_UNSET) continue;
    tagged_put(b, k);
    tagged_put(b, at[k]);
  }
  tagged_put(b, FRT_TAGGED_UNSET);
  return state | tagged_shared(b, begin) << 16;
}

/* Marks the steps at which a walk has to do more than to change the state. */
static void tagged_mark_stops(TaggedBuilder *b, bool has_text) {
  for (uint32_t row = b->columns; row < b->states * b->columns; row += b->columns) {
    bool keeps = b->next[row + b->classes] && !b->p->at_end;
    for (uint32_t k = 0; k < b->classes; k++) {
      uint32_t *cell = &b->next[row + k];
      if (*cell == row) continue;
      if (keeps || !*cell || *cell >> 16 || (has_text && *cell == b->columns)) *cell |= FRT_TAGGED_STOP;
    }
  }
}

const RegexTagged *regex_tagged(Arena *a, FrtStr pattern, bool groups) {
  Pattern p;
  bool whole;
  if (!pattern_parse(a, pattern, &p) || p.op_len > TAGGED_OPS_MAX || pattern_may_blow_up(a, &p)) return NULL;
  if (pattern_repeats_empty(&p)) return NULL;
  RegexTagged *out = arena_alloc(a, sizeof *out);
  FrtTagged *t = &out->table;
  t->text = pattern_prefix(a, &p, &whole);
  t->group_len = p.group_len;
  t->anchored = p.at_begin;
  t->at_end = p.at_end;
  t->groups = groups && p.group_len;
  FrtRegexName *names = arena_alloc(a, (p.name_len + 1) * sizeof *names);
  for (uint32_t i = 0; i < p.name_len; i++) names[i] = (FrtRegexName){p.names[i].name, p.names[i].group, 0};
  t->names = names;
  t->name_len = p.name_len;
  if (whole && !t->groups) {
    t->kind = pattern_text_kind(&p);
    return out;
  }
  if (p.at_begin) t->text.len = 0;
  if (t->text.len > TAGGED_TEXT_MAX) t->text.len = TAGGED_TEXT_MAX;
  TaggedBuilder *b = arena_alloc(a, sizeof *b);
  b->arena = a;
  b->p = &p;
  b->groups = t->groups;
  b->tags = t->groups ? 1 + 2 * p.group_len : 1;
  b->list.place = arena_alloc(a, p.op_len * sizeof *b->list.place);
  b->classes = pattern_classes(&p, b->class_of, b->of_class);
  b->columns = b->classes + 1;
  if (b->columns * 2 > REGEX_CELLS_MAX || !tagged_fill(b)) return NULL;
  if (t->text.len) t->behind = tagged_behind(b, t->text);
  if (b->full) return NULL;
  tagged_mark_stops(b, t->text.len > 0);
  t->columns = b->columns;
  t->class_of = b->class_of;
  t->next = b->next;
  t->moves = b->moves;
  out->states = b->states;
  out->moves_len = b->moves_len;
  return out;
}
