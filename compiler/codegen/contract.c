/* contract.c: the functions of an operator that holds rows, by the names of its contract:
 *
 *   op<id>_new    the state in Held, empty, when the run begins
 *   op<id>_take   a block's rows go into it; a join has op<id>_take_left and op<id>_take_right
 *   op<id>_give   its step, when the input has ended: what has to be finished is, and rows go on
 *   op<id>_free   what is still held when the run ends, however it ends
 *
 * docs/adr/0048-operator-contract.md tells where finish and merge are. Printers write what belongs to the state into Gen.init, with
 * frt_at_end for what is to be freed; this file makes two functions of it. */
#include <string.h>

#include "codegen/gen.h"

bool gen_holds(const PlanNode *n) {
  switch (n->kind) {
    case PLAN_AGGREGATE: case PLAN_DISTINCT: case PLAN_JOIN: case PLAN_PIVOT: case PLAN_RANK: case PLAN_SESSIONIZE: case PLAN_SORT:
    case PLAN_TOP: case PLAN_WINDOW:
      return true;
    default:
      return false;
  }
}

const char *gen_op_suffix(const PlanNode *n, const char *suffix) {
  if (!gen_holds(n)) return suffix;
  if (!*suffix) return "_take";
  if (!strcmp(suffix, "_in0")) return "_take_left";
  return strcmp(suffix, "_in1") ? suffix : "_take_right";
}

/* `  frt_at_end(cx, CALL, &S->h->MEMBER);` as a line of op<id>_free; NULL: it is no such line. */
static const char *contract_freed(Gen *g, const char *line, size_t len) {
  static const char begins[] = "  frt_at_end(cx, ", of[] = ", &S->h->";
  size_t begin = sizeof begins - 1;
  if (len < begin || memcmp(line, begins, begin)) return NULL;
  const char *text = arena_strndup(g->arena, line + begin, len - begin), *what = strstr(text, of);
  const char *end = what ? strstr(what, ");") : NULL;
  if (!end || end[2]) return NULL;
  return gen_printf(g, "  %s(&h->%s;\n", arena_strndup(g->arena, text, (size_t)(what - text)),
                    arena_strndup(g->arena, what + sizeof of - 1, (size_t)(end + 1 - (what + sizeof of - 1))));
}

static void contract_new(Gen *g, const PlanNode *n, const char *lines) {
  bool fails = strstr(lines, "goto fail") != NULL;
  buf_printf(&g->funcs, "/* n%u %s: empty */\nstatic int op%u_new(FrtCtx *cx, State *S) {\n  int e = 0;\n  (void)cx; (void)S;\n%s%s  return e;\n}\n\n", n->id,
             n->word ? n->word : "", n->id, lines, fails ? "  fail:\n" : "");
  buf_printf(&g->protos, "static int op%u_new(FrtCtx *cx, State *S);\n", n->id);
  buf_printf(&g->init, "  if ((e = op%u_new(cx, S))) goto fail;\n", n->id);
}

static void contract_free(Gen *g, const PlanNode *n, const char *lines) {
  buf_printf(&g->funcs, "/* n%u %s: twice does no harm */\nstatic void op%u_free(void *held) {\n  Held *h = held;\n%s}\n\n", n->id,
             n->word ? n->word : "", n->id, lines);
  buf_printf(&g->protos, "static void op%u_free(void *held);\n", n->id);
}

void gen_held_node(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  size_t from = g->init.size;
  gen_node(g, pn);
  if (!gen_holds(n) || g->init.size == from) return;
  Buf lines = {.arena = g->arena};
  const char *frees = "";
  for (const char *at = g->init.data + from, *newline; *at; at = newline + 1) {
    newline = strchr(at, '\n');
    const char *freed = contract_freed(g, at, (size_t)(newline - at));
    if (freed) frees = gen_printf(g, "%s%s", freed, frees);   /* the last first, as the run would */
    else buf_put_n(&lines, at, (size_t)(newline + 1 - at));
  }
  g->init.size = from;
  g->init.data[from] = 0;
  const char *end = *frees ? gen_printf(g, "  frt_at_end(cx, op%u_free, S->h);\n", n->id) : "";
  contract_new(g, n, gen_printf(g, "%s%s", end, lines.data ? lines.data : ""));
  if (*frees) contract_free(g, n, frees);
}
