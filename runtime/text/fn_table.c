/* fn_table.c: matching constant patterns by the tables that the compiler printed (compiler/regex makes them): one look-up a
 * byte. A search never takes more steps than the text has bytes. */
#include "text/fn_regex.h"

/* Where what begins a match stands in p..end; `end`: nowhere. */
static const unsigned char *fntable_find(FrtStr text, const unsigned char *p, const unsigned char *end) {
  size_t len = (size_t)(end - p), at = fn_search(fn_str((const char *)p, len), 0, text);
  return at > len ? end : p + at;
}

/* ---- whether a text matches ---- */

enum { FNTABLE_DFA_START = 2 };

static uint8_t fntable_dfa(const FrtDfa *d, const unsigned char *p, const unsigned char *end) {
  const uint8_t *class_of = d->class_of;
  const uint16_t *next = d->next;
  const uint32_t start = FNTABLE_DFA_START * d->columns;
  uint32_t state = start;
  while (p < end) {
    if (!d->anchored && state == start) {
      if (d->text.len) {
        p = fntable_find(d->text, p, end);
        if (p == end) return 0;
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

/* Whether s[from..) matches a pattern that is a text; *at is where. */
static int fntable_text(uint32_t kind, FrtStr t, FrtStr s, size_t from, size_t *at) {
  size_t room = s.len - from;
  *at = kind == FRT_DFA_ENDS ? s.len - t.len : 0;
  switch (kind) {
    case FRT_DFA_CONTAINS: *at = fn_search(s, from, t); return *at <= s.len;
    case FRT_DFA_EQUALS:
      if (s.len != t.len || from) return 0;
      break;
    case FRT_DFA_STARTS:
      if (s.len < t.len || from) return 0;
      break;
    default:
      if (room < t.len) return 0;
      break;
  }
  return !t.len || !memcmp(s.ptr + *at, t.ptr, t.len);
}

uint8_t frt_dfa_matches(const FrtDfa *d, FrtStr s) {
  size_t at;
  if (d->kind == FRT_DFA_ALWAYS) return 1;
  if (d->kind != FRT_DFA_TABLE) return (uint8_t)fntable_text(d->kind, d->text, s, 0, &at);
  const unsigned char *p = (const unsigned char *)(s.len ? s.ptr : "");
  return fntable_dfa(d, p, p + s.len);
}

/* ---- where it matches ---- */

static inline size_t fntable_border(const uint32_t *registers, uint8_t tag, size_t here) {
  if (tag == FRT_TAGGED_UNSET) return FN_UNSET;
  return tag == FRT_TAGGED_HERE ? here : registers[tag];
}

static void fntable_borders(const FrtTagged *t, const uint8_t *tag, const uint32_t *registers, size_t here, size_t *spans) {
  spans[0] = fntable_border(registers, tag[0], here);
  spans[1] = here;
  for (uint32_t i = 1; t->groups && i <= 2 * t->group_len; i++) spans[1 + i] = fntable_border(registers, tag[i], here);
}

static int fntable_tagged(const FrtTagged *t, const unsigned char *text, size_t from, size_t len, size_t *spans) {
  const uint8_t *class_of = t->class_of;
  const uint32_t *next = t->next, last = t->columns - 1, start = t->columns;
  uint32_t registers[FRT_TAGGED_REGISTERS + 1], state = start;
  const unsigned char *p = text + from, *end = text + len;
  int found = FRT_NULL;
  for (;;) {
    if (state == start && t->text.len) {
      p = fntable_find(t->text, p, end);
      if (p == end) return FRT_NULL;
      for (const uint8_t *m = t->moves + (t->behind >> 16); *m != FRT_TAGGED_UNSET; m += 2)
        registers[m[0]] = (uint32_t)(p - text) + m[1];
      state = t->behind & (FRT_TAGGED_STOP - 1);
      p += t->text.len;
    }
    uint32_t cell = 0;
    while (p < end) {
      /* While the state stays, look-ups need not wait for each other. */
      const uint32_t *row = next + state;
      while ((cell = row[class_of[*p]]) == state && ++p < end) {}
      if (p == end || (cell & FRT_TAGGED_STOP)) break;
      state = cell;
      p++;
    }
    uint32_t match = next[state + last];
    if (match && (p == end || !t->at_end)) {
      fntable_borders(t, t->moves + match, registers, (size_t)(p - text), spans);
      found = FRT_OK;
    }
    if (p == end || cell == FRT_TAGGED_STOP) return found;
    for (const uint8_t *m = t->moves + (cell >> 16); *m != FRT_TAGGED_UNSET; m += 2)
      registers[m[0]] = m[1] == FRT_TAGGED_HERE ? (uint32_t)(p - text) : registers[m[1]];
    state = cell & (FRT_TAGGED_STOP - 1);
    p++;
  }
}

int fn_tagged_search(const FrtTagged *t, FrtStr s, size_t from, size_t *spans) {
  if (t->kind == FRT_DFA_TABLE) {
    if (t->anchored && from) return FRT_NULL;
    return fntable_tagged(t, (const unsigned char *)(s.len ? s.ptr : ""), from, s.len, spans);
  }
  if (!fntable_text(t->kind, t->text, s, from, spans)) return FRT_NULL;
  spans[1] = spans[0] + t->text.len;
  return FRT_OK;
}
