/* pattern.c: constant patterns as tables of the module: a pattern that is a text becomes that text and how it is looked for,
 * another simple one the table of its automaton (runtime/text/fn_dfa.h). */
#include <string.h>

#include "codegen/gen_expr.h"
#include "ir/eval.h"

enum { PATTERN_LINE = 24 };   /* numbers a line */

static void pattern_number(Buf *b, uint32_t i, unsigned n) {
  buf_printf(b, "%s%u,", i == 0 ? "" : i % PATTERN_LINE == 0 ? "\n  " : " ", n);
}

static void pattern_table(Gen *g, const char *name, const FrtDfa *d, uint32_t states) {
  buf_printf(&g->consts, "static const uint8_t %s_class[256] = {\n  ", name);
  for (uint32_t i = 0; i < 256; i++) pattern_number(&g->consts, i, d->class_of[i]);
  buf_printf(&g->consts, "\n};\nstatic const uint16_t %s_next[] = {\n  ", name);
  for (uint32_t i = 0; i < states * d->columns; i++) pattern_number(&g->consts, i, d->next[i]);
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

const char *gen_dfa(Gen *g, FrtStr pattern) {
  uint32_t states;
  bool fresh;
  const FrtDfa *d = eval_dfa(g->arena, pattern, &states);
  if (!d) return NULL;
  const char *text = c_string(g->arena, pattern.ptr, pattern.len);
  const char *name = gen_intern(g, "dfa", gen_printf(g, "frt_dfa %s", text), &fresh);
  if (fresh) {
    if (d->kind == FRT_DFA_TABLE) pattern_table(g, name, d, states);
    buf_printf(&g->consts, "static const FrtDfa %s = {.kind = %s, .text = {%s, %u, 0}", name, pattern_kind(d->kind),
               d->text.len ? c_string(g->arena, d->text.ptr, d->text.len) : "\"\"", d->text.len);
    if (d->kind == FRT_DFA_TABLE)
      buf_printf(&g->consts, ",\n  .columns = %u, .anchored = %u, .class_of = %s_class, .next = %s_next", d->columns, d->anchored, name,
                 name);
    buf_put(&g->consts, "};\n");
  }
  return gen_printf(g, "&%s", name);
}
