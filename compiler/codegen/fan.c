/* fan.c: filters that are consumers of the same rows and ask whether one expression has certain values:
 *
 *   orders | filter customer_id % 100 == 0 | ...     orders | filter country in ("DE", "FR") | ...
 *   orders | filter customer_id % 100 == 1 | ...     orders | filter country == "PL" | ...
 *
 * From FAN_LEAST of them on the expression is computed once a row, and a table tells whose row it is (runtime/op/fan.c):
 * the price of a row does not grow with the number of filters. The consumers are called where the filters would have been,
 * with the rows that the filters would have kept. */
#include <string.h>

#include "codegen/gen_expr.h"

enum { FAN_LEAST = 4, FAN_VALUES_MAX = 256 /* of one filter */, FAN_SLOTS_MAX = 60000 };

typedef struct FanCond {       /* the condition `key is one of values` */
  const Expr *key;
  const Value *values[FAN_VALUES_MAX];
  uint32_t len;
} FanCond;

typedef struct GenFan {
  uint32_t id;                 /* of its first filter */
  const Expr *key;
  bool texts;
  uint32_t len;                /* filters, each a slot */
  const Value **values;        /* of all, with their slots */
  uint32_t *slots, value_len;
  bool written;
} GenFan;

typedef struct GenFanUse { GenFan *fan; uint32_t slot; } GenFanUse;

/* ---- conditions ---- */

static bool fan_key_type(const Type *t) {
  switch (t->kind) {
    case TY_I64: case TY_I32: case TY_I16: case TY_I8: case TY_U64: case TY_U32: case TY_U16: case TY_U8: case TY_BOOL: case TY_ENUM:
    case TY_DATE: case TY_TIME: case TY_TIMESTAMP: case TY_DURATION: case TY_STRING: return true;
    case TY_DECIMAL: return !type_is_wide(t);
    default: return false;
  }
}

/* What is computed once instead of once a filter must not fail, since each filter has its own rows with errors. */
static bool fan_computable(const Expr *e) {
  switch (e->kind) {
    case EX_CONST: case EX_COLUMN: case EX_PARAM: return true;
    case EX_MOD:
      if (!type_is_integer(e->type) || e->arg[1]->kind != EX_CONST || e->arg[1]->value.is_null || !e->arg[1]->value.i) return false;
      return fan_computable(e->arg[0]);
    case EX_CAST: return e->widening && fan_computable(e->arg[0]);
    case EX_FIELD: return fan_computable(e->arg[0]);
    case EX_CALL:
      if (!e->fn->pure || expr_can_fail(e)) return false;
      for (uint32_t i = 0; i < e->arg_len; i++)
        if (!fan_computable(e->arg[i])) return false;
      return true;
    default: return false;
  }
}

static bool fan_same_value(const Type *t, const Value *a, const Value *b) {
  if (a->is_null || b->is_null) return a->is_null && b->is_null;
  if (t->kind == TY_STRING) return a->s.len == b->s.len && (!a->s.len || !memcmp(a->s.ptr, b->s.ptr, a->s.len));
  return fan_key_type(t) && a->i == b->i;
}

static bool fan_same(const Expr *a, const Expr *b) {
  if (a == b) return true;
  if (a->kind != b->kind || a->arg_len != b->arg_len || !type_same_base(a->type, b->type)) return false;
  if (a->kind == EX_CONST) return fan_same_value(a->type, &a->value, &b->value);
  if (a->kind == EX_COLUMN && a->col != b->col) return false;
  if ((a->kind == EX_PARAM || a->kind == EX_FIELD) && a->index != b->index) return false;
  if (a->kind == EX_CALL && a->fn != b->fn) return false;
  for (uint32_t i = 0; i < a->arg_len; i++)
    if (!fan_same(a->arg[i], b->arg[i])) return false;
  return true;
}

/* Adds what e asks for to c; var stands for `bound`. */
static bool fan_cond(const Expr *e, const Expr *bound, uint32_t var, FanCond *c) {
  if (e->kind == EX_OR) return fan_cond(e->arg[0], bound, var, c) && fan_cond(e->arg[1], bound, var, c);
  if (e->kind == EX_LET && !bound) return fan_cond(e->arg[1], e->arg[0], e->var, c);
  if (e->kind != EX_EQ || c->len == FAN_VALUES_MAX) return false;
  uint32_t at = e->arg[1]->kind == EX_CONST ? 1 : 0;
  const Expr *key = e->arg[1 - at], *value = e->arg[at];
  if (value->kind != EX_CONST || value->value.is_null) return false;
  if (key->kind == EX_VAR && bound && key->var == var) key = bound;
  if (key->kind == EX_CONST || !fan_key_type(key->type) || !fan_computable(key) || (c->key && !fan_same(c->key, key))) return false;
  c->key = key;
  c->values[c->len++] = &value->value;
  return true;
}

static bool fan_may(const PlanNode *n, FanCond *c) {
  c->key = NULL;
  c->len = 0;
  return n->kind == PLAN_FILTER && n->out_len == 1 && fan_cond(n->cond, NULL, 0, c);
}

/* ---- finding them ---- */

static bool fan_has(const GenFan *fan, const FanCond *c) {
  for (uint32_t i = 0; i < c->len; i++)
    for (uint32_t k = 0; k < fan->value_len; k++)
      if (fan_same_value(fan->key->type, c->values[i], fan->values[k])) return true;
  return false;
}

/* The values of a filter must not be those of another: then a row has one slot. A value may stand twice in one filter. */
static void fan_add(Gen *g, GenFan *fan, const PlanNode *n, const FanCond *c) {
  for (uint32_t i = 0; i < c->len; i++) {
    bool twice = false;
    for (uint32_t k = 0; k < i; k++) twice |= fan_same_value(fan->key->type, c->values[i], c->values[k]);
    if (twice) continue;
    fan->values = arena_grow(g->arena, fan->values, fan->value_len, sizeof *fan->values);
    fan->slots = arena_grow(g->arena, fan->slots, fan->value_len, sizeof *fan->slots);
    fan->values[fan->value_len] = c->values[i];
    fan->slots[fan->value_len++] = fan->len;
  }
  g->fans_of[n->id] = (GenFanUse){fan, fan->len++};
}

/* The fan that begins with use `first`, when enough others join it. */
static void fan_begin(Gen *g, const PhysUse *uses, uint32_t len, uint32_t first, FanCond *c) {
  GenFan *fan = arena_alloc(g->arena, sizeof *fan);
  fan->id = uses[first].node->id;
  fan->key = c->key;
  fan->texts = c->key->type->kind == TY_STRING;
  for (uint32_t k = first; k < len && fan->len < FAN_SLOTS_MAX; k++) {
    const PlanNode *n = uses[k].node;
    if (!g->fans_of[n->id].fan && fan_may(n, c) && fan_same(fan->key, c->key) && !fan_has(fan, c)) fan_add(g, fan, n, c);
  }
  if (fan->len >= FAN_LEAST) return;
  for (uint32_t k = first; k < len; k++)
    if (g->fans_of[uses[k].node->id].fan == fan) g->fans_of[uses[k].node->id].fan = NULL;
}

void gen_fans(Gen *g) {
  FanCond *c = arena_alloc(g->arena, sizeof *c);
  g->fans_of = arena_alloc(g->arena, (g->phys->node_max + 1) * sizeof *g->fans_of);
  if (g->plan->replay) return;
  for (uint32_t i = 0; i < g->plan->node_len; i++) {
    const PhysNode *pn = &g->phys->nodes[g->plan->nodes[i]->id];
    for (uint32_t port = 0; port < pn->node->out_len; port++)
      for (uint32_t k = 0; k + FAN_LEAST <= pn->use_len[port]; k++) {
        const PlanNode *n = pn->uses[port][k].node;
        if (!g->fans_of[n->id].fan && fan_may(n, c)) fan_begin(g, pn->uses[port], pn->use_len[port], k, c);
      }
  }
}

bool gen_in_fan(const Gen *g, const PlanNode *n) { return g->fans_of[n->id].fan != NULL; }

/* ---- writing them ---- */

static void fan_tables(Gen *g, const GenFan *fan) {
  uint32_t id = fan->id;
  buf_printf(&g->consts, "static const %s fan%u_keys[] = {", fan->texts ? "FrtStr" : "int64_t", id);
  for (uint32_t k = 0; k < fan->value_len; k++) {
    const Value *v = fan->values[k];
    buf_put(&g->consts, k % 8 ? " " : "\n  ");
    if (fan->texts) buf_printf(&g->consts, "{%s, %u, 0},", c_string(g->arena, v->s.ptr ? v->s.ptr : "", v->s.len), v->s.len);
    else if (v->i == INT64_MIN) buf_put(&g->consts, "INT64_MIN,");
    else buf_printf(&g->consts, "%ldL,", (long)v->i);
  }
  buf_printf(&g->consts, "\n};\nstatic const uint32_t fan%u_slots[] = {", id);
  for (uint32_t k = 0; k < fan->value_len; k++) buf_printf(&g->consts, "%s%u,", k % 16 ? " " : "\n  ", fan->slots[k]);
  buf_put(&g->consts, "\n};\n");
  buf_printf(&g->state, "  FrtFan fan%u;\n", id);
  buf_printf(&g->setup, "  frt_fan_start_%s(cx, &S->fan%u, fan%u_keys, fan%u_slots, %u, %u);\n", fan->texts ? "texts" : "words", id, id,
             id, fan->value_len, fan->len);
}

/* fan<id>: finds the rows of all filters. */
static void fan_function(Gen *g, const GenFan *fan, const PlanNode *n) {
  GenFn f = {.g = g, .out = &g->fans, .fail = "fail", .row = "i"};
  const char *args = "(FrtCtx *cx, State *S, const FrtBlock *b, const uint32_t *sel, uint32_t n)";
  buf_printf(&g->protos, "static int fan%u%s;\n", fan->id, args);
  gen_line(&f, "/* the rows of n%u and %u more filters, by one expression */", fan->id, fan->len - 1);
  gen_line(&f, "static int fan%u%s {", fan->id, args);
  f.indent = 1;
  gen_declare_columns(&f, &fan->key, 1, NULL, 0);
  if (gen_in_scan(g, n)) gen_late(&f, &fan->key, 1, NULL, 0, "sel", "n");
  gen_line(&f, "uint32_t *in = S->fan%u.in, m = 0;", fan->id);
  gen_line(&f, "%s *key = S->fan%u.%s;", fan->texts ? "FrtStr" : "int64_t", fan->id, fan->texts ? "texts" : "words");
  gen_line(&f, "int e = 0;");
  gen_line(&f, "(void)cx; (void)b; (void)e;");
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  CVal v = gen_expr(&f, fan->key);
  if (v.n) gen_line(&f, "if (%s) continue;", v.n);
  gen_line(&f, "in[m] = i;");
  gen_line(&f, "key[m++] = %s;", v.v);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "frt_fan_%s(&S->fan%u, m);", fan->texts ? "texts" : "words", fan->id);
  gen_line(&f, "return FRT_OK;");
  if (f.fails) buf_printf(f.out, "fail:\n  return frt_fatal(cx, %u, e, cx->detail);\n", fan->id);
  gen_fn_close(&f);
}

void gen_call_fan(GenFn *f, const PhysNode *pn, const char *block, const char *sel, const char *n) {
  Gen *g = f->g;
  uint32_t id = pn->node->id;
  GenFanUse use = g->fans_of[id];
  if (!use.slot) {
    if (!use.fan->written) {
      fan_tables(g, use.fan);
      fan_function(g, use.fan, pn->node);
    }
    use.fan->written = true;
    gen_line(f, "if (%s && (rc = fan%u(cx, S, %s, %s, %s))) return rc;", n, id, block, sel, n);
  }
  const char *rows = gen_printf(g, "rows%u", id), *len = gen_printf(g, "len%u", id);
  gen_line(f, "if (%s) { /* n%u filter */", n, id);
  f->indent++;
  gen_line(f, "const uint32_t *%s = S->fan%u.rows + S->fan%u.at[%u];", rows, use.fan->id, use.fan->id, use.slot);
  gen_line(f, "uint32_t %s = S->fan%u.at[%u] - S->fan%u.at[%u];", len, use.fan->id, use.slot + 1, use.fan->id, use.slot);
  gen_count(f, id, "IN", n);
  gen_count(f, id, "OUT", len);
  gen_count(f, id, "DROPPED", gen_printf(g, "%s - %s", n, len));
  gen_call_uses(f, pn, 0, block, rows, len);
  f->indent--;
  gen_line(f, "}");
}
