/* pattern.c: constant patterns as tables of the module: a pattern that is a text becomes that text and how it is looked for,
 * another simple one the table of its automaton (compiler/regex). */
#include <string.h>

#include "codegen/gen_expr.h"
#include "regex/regex.h"

enum { PATTERN_LINE = 24 };   /* numbers a line */

static void pattern_number(Buf *b, uint32_t i, unsigned n) {
  buf_printf(b, "%s%u,", i == 0 ? "" : i % PATTERN_LINE == 0 ? "\n  " : " ", n);
}

static void pattern_bytes(Gen *g, const char *name, const char *member, const uint8_t *bytes, uint32_t n) {
  buf_printf(&g->consts, "static const uint8_t %s_%s[%u] = {\n  ", name, member, n);
  for (uint32_t i = 0; i < n; i++) pattern_number(&g->consts, i, bytes[i]);
  buf_put(&g->consts, "\n};\n");
}

static void pattern_table(Gen *g, const char *name, const FrtDfa *d, uint32_t states) {
  pattern_bytes(g, name, "class", d->class_of, 256);
  buf_printf(&g->consts, "static const uint16_t %s_next[] = {\n  ", name);
  for (uint32_t i = 0; i < states * d->columns; i++) pattern_number(&g->consts, i, d->next[i]);
  buf_put(&g->consts, "\n};\n");
}

static void pattern_tagged_tables(Gen *g, const char *name, const RegexTagged *r) {
  const FrtTagged *t = &r->table;
  pattern_bytes(g, name, "class", t->class_of, 256);
  pattern_bytes(g, name, "moves", t->moves, r->moves_len);
  buf_printf(&g->consts, "static const uint32_t %s_next[] = {\n  ", name);
  for (uint32_t i = 0; i < r->states * t->columns; i++) pattern_number(&g->consts, i, t->next[i]);
  buf_put(&g->consts, "\n};\n");
}

static const char *pattern_kind(uint32_t kind) {
  switch (kind) {
    case FRT_DFA_EQUALS: return "FRT_DFA_EQUALS";
    case FRT_DFA_STARTS: return "FRT_DFA_STARTS";
    case FRT_DFA_ENDS: return "FRT_DFA_ENDS";
    case FRT_DFA_CONTAINS: return "FRT_DFA_CONTAINS";
    case FRT_DFA_ALWAYS: return "FRT_DFA_ALWAYS";
    default: return "FRT_DFA_TABLE";
  }
}

static const char *pattern_str(Gen *g, FrtStr s) {
  return gen_printf(g, "{%s, %u, 0}", s.len ? c_string(g->arena, s.ptr, s.len) : "\"\"", s.len);
}

const char *gen_dfa(Gen *g, FrtStr pattern) {
  uint32_t states;
  bool fresh;
  const FrtDfa *d = regex_dfa(g->arena, pattern, &states);
  if (!d) return NULL;
  const char *text = c_string(g->arena, pattern.ptr, pattern.len);
  const char *name = gen_intern(g, "dfa", gen_printf(g, "frt_dfa %s", text), &fresh);
  if (fresh) {
    if (d->kind == FRT_DFA_TABLE) pattern_table(g, name, d, states);
    buf_printf(&g->consts, "static const FrtDfa %s = {.kind = %s, .text = %s", name, pattern_kind(d->kind), pattern_str(g, d->text));
    if (d->kind == FRT_DFA_TABLE)
      buf_printf(&g->consts, ",\n  .columns = %u, .anchored = %u, .class_of = %s_class, .next = %s_next", d->columns, d->anchored, name,
                 name);
    buf_put(&g->consts, "};\n");
  }
  return gen_printf(g, "&%s", name);
}

static void pattern_tagged(Gen *g, const char *name, const RegexTagged *r) {
  const FrtTagged *t = &r->table;
  bool table = t->kind == FRT_DFA_TABLE;
  if (table) pattern_tagged_tables(g, name, r);
  if (t->name_len) {
    buf_printf(&g->consts, "static const FrtRegexName %s_names[] = {", name);
    for (uint32_t i = 0; i < t->name_len; i++)
      buf_printf(&g->consts, "%s{%s, %u, 0}", i ? ", " : "", pattern_str(g, t->names[i].name), t->names[i].group);
    buf_put(&g->consts, "};\n");
  }
  buf_printf(&g->consts, "static const FrtTagged %s_table = {.kind = %s, .group_len = %u, .text = %s", name, pattern_kind(t->kind),
             t->group_len, pattern_str(g, t->text));
  if (table && t->text.len) buf_printf(&g->consts, ", .behind = %u", t->behind);
  if (t->name_len) buf_printf(&g->consts, ",\n  .name_len = %u, .names = %s_names", t->name_len, name);
  if (table)
    buf_printf(&g->consts, ",\n  .columns = %u, .anchored = %u, .at_end = %u, .groups = %u, .class_of = %s_class, .next = %s_next, .moves = %s_moves",
               t->columns, t->anchored, t->at_end, t->groups, name, name, name);
  buf_put(&g->consts, "};\n");
}

const char *gen_regex(Gen *g, FrtStr pattern, bool groups) {
  bool fresh;
  const RegexTagged *r = regex_tagged(g->arena, pattern, groups);
  if (!r) return gen_prepared(g, "frt_regex_prepare", gen_const_str(g, pattern.ptr, pattern.len));
  const char *text = c_string(g->arena, pattern.ptr, pattern.len);
  const char *name = gen_intern(g, "re", gen_printf(g, "frt_tagged %d %s", r->table.groups != 0, text), &fresh);
  if (fresh) {
    pattern_tagged(g, name, r);
    buf_printf(&g->consts, "static const FrtRegex %s = {.table = &%s_table, .group_len = %u, .pattern = {%s, %u, 0}};\n", name, name,
               r->table.group_len, text, pattern.len);
  }
  return gen_printf(g, "&%s", name);
}
