/* agg_plugin.c: the aggregates of plugins in an operator: their states in the groups' structs, the arrays of their arguments, one
 * call of the runtime a block, and their results.
 *
 * Arguments are always computed into arrays (agg.c, loop 1); the loop over the rows then picks those that count, with
 * the states of their groups. */
#include <string.h>

#include "codegen/agg.h"

bool agg_is_plugin(const PlanAgg *a) { return a->fn == AGG_PLUGIN; }

bool agg_has_plugins(const AggPrinter *p) {
  for (uint32_t k = 0; k < p->n->agg_len; k++)
    if (agg_is_plugin(&p->n->aggs[k])) return true;
  return false;
}

/* Its number among those of plugins. */
static uint32_t agg_plugin_which(const AggPrinter *p, uint32_t k) {
  uint32_t which = 0;
  for (uint32_t j = 0; j < k; j++) which += agg_is_plugin(&p->n->aggs[j]);
  return which;
}

/* Argument j: a member of the struct, which passes may have put together. */
static Expr *agg_plugin_arg(Gen *g, const PlanAgg *a, uint32_t j) {
  Expr *all = a->arg[0];
  if (all->kind == EX_STRUCT) return all->arg[j];
  Expr *e = expr_new(g->arena, EX_FIELD, all->type->fields[j].type, a->span, 1);
  e->arg[0] = all;
  e->index = j;
  return e;
}

bool agg_plugin_passes_over(const PlanAgg *a) {
  for (uint32_t j = 0; agg_is_plugin(a) && j < a->plugin->arg_len; j++)
    if (a->arg[0]->type->fields[j].type->nullable && !a->plugin->args[j]->nullable) return true;
  return false;
}

void agg_plugin_member(const AggPrinter *p, Buf *b, uint32_t k) {
  const PluginAgg *a = p->n->aggs[k].plugin;
  const char *name = gen_printf(p->g, "P%u_%u", p->n->id, k);
  gen_layout_words(p->g, name, (8 + (a->align > 8 ? 8 : 0) + a->size + 7) / 8);
  buf_printf(b, "  %s p%u;\n", name, k);
}

static const char *agg_plugin_str(Gen *g, const char *s) {
  return gen_printf(g, "{%s, %zu, 0}", c_string(g->arena, s, strlen(s)), strlen(s));
}

void agg_plugin_declare(const AggPrinter *p) {
  Gen *g = p->g;
  uint32_t id = p->n->id, len = 0;
  Buf specs = {.arena = g->arena};
  for (uint32_t k = 0; k < p->n->agg_len; k++) {
    const PluginAgg *a = p->n->aggs[k].plugin;
    if (!agg_is_plugin(&p->n->aggs[k])) continue;
    Buf types = {.arena = g->arena};
    for (uint32_t j = 0; j < a->arg_len; j++) buf_printf(&types, "%s, ", gen_type_desc(g, a->args[j]));
    const char *result = gen_type_desc(g, a->result);
    buf_printf(&g->users, "static const FrtType *const pagg%u_%u_args[] = {%sNULL};\n", id, k, types.data ? types.data : "");
    buf_printf(&specs, "  {%u, %u, %u, 0, %s, %s, %luUL, pagg%u_%u_args, %s},\n", a->index, a->arg_len, k, agg_plugin_str(g, a->file),
               agg_plugin_str(g, a->name), (unsigned long)a->hash, id, k, result);
    gen_array(g, "uint32_t", gen_printf(g, "prow%u_%u", id, k));
    gen_array(g, "void *", gen_printf(g, "pstate%u_%u", id, k));
    len++;
  }
  buf_printf(&g->users, "static const FrtPluginAggSpec pagg%u_spec[] = {\n%s};\n", id, specs.data);
  buf_printf(&g->held, "  FrtPluginAggs *pagg%u;\n", id);
  buf_printf(&g->init, "  if (frt_plugin_aggs_new(cx, pagg%u_spec, %u, &S->h->pagg%u)) return FRT_FATAL;\n", id, len, id);
}

void agg_plugin_compute(const AggPrinter *p, GenFn *f, uint32_t k, const char *cond) {
  Gen *g = p->g;
  const PlanAgg *a = &p->n->aggs[k];
  for (uint32_t j = 0; j < a->plugin->arg_len; j++) {
    const Type *want = a->plugin->args[j];
    const char *to = gen_printf(g, "parg%u_%u_%u", p->n->id, k, j);
    gen_array(g, gen_ctype(g, want), to);
    CVal v = gen_expr(f, agg_plugin_arg(g, a, j));
    gen_line(f, "S->%s[i] = %s;", to, v.v);
    if (want->nullable) {
      const char *nulls = gen_printf(g, "pnul%u_%u_%u", p->n->id, k, j);
      gen_array(g, "uint8_t", nulls);
      gen_line(f, "S->%s[i] = %s;", nulls, v.n ? v.n : "0");
    } else if (v.n) {
      gen_line(f, "if (%s) S->%s[i] = 0;", v.n, cond);
    }
  }
}

void agg_plugin_take(const AggPrinter *p, GenFn *f, uint32_t k) {
  uint32_t id = p->n->id;
  gen_line(f, "S->prow%u_%u[picked%u] = i;", id, k, k);
  gen_line(f, "S->pstate%u_%u[picked%u++] = &A->p%u;", id, k, k, k);
}

void agg_plugin_after_rows(const AggPrinter *p, GenFn *f, uint32_t k) {
  const PluginAgg *a = p->n->aggs[k].plugin;
  uint32_t id = p->n->id;
  gen_line(f, "{");
  f->indent++;
  gen_line(f, "void *in[%u];", a->arg_len + 1);
  gen_line(f, "uint8_t *in_null[%u];", a->arg_len + 1);
  for (uint32_t j = 0; j < a->arg_len; j++) {
    gen_line(f, "in[%u] = S->parg%u_%u_%u;", j, id, k, j);
    if (a->args[j]->nullable) gen_line(f, "in_null[%u] = S->pnul%u_%u_%u;", j, id, k, j);
    else gen_line(f, "in_null[%u] = NULL;", j);
  }
  gen_line(f, "if (frt_plugin_aggs_take(cx, S->h->pagg%u, %u, S->prow%u_%u, picked%u, in, in_null, S->pstate%u_%u)) return FRT_FATAL;", id,
           agg_plugin_which(p, k), id, k, k, id, k);
  f->indent--;
  gen_line(f, "}");
}

void agg_plugin_result(const AggPrinter *p, GenFn *f, uint32_t k) {
  const PlanAgg *a = &p->n->aggs[k];
  gen_line(f, "e = frt_plugin_aggs_finish(cx, S->h->pagg%u, %u, &A->p%u, &S->c%u[m]);", p->n->id, agg_plugin_which(p, k), k, a->col);
  if (p->g->plan->columns[a->col].type->nullable) gen_line(f, "S->n%u[m] = e == FRT_NULL;", a->col);
  gen_line(f, "if (e > 0) goto %s;", f->fail);
  gen_line(f, "e = 0;");
  f->fails = true;
}
