/* bind_policy.c: what an operator does with rows that fail. Its own `on error`, else that of the call that
 * expanded it, else `S.errors` where somebody reads it, else the script's default, else fail. */
#include <string.h>

#include "sema/bind_internal.h"

/* "2.5": digits with at most one point, as the lexer gives them. */
static double number_of(const char *text) {
  double value = 0, unit = 1;
  bool point = false;
  for (; *text; text++) {
    if (*text == '.') point = true;
    else if (*text >= '0' && *text <= '9') {
      value = value * 10 + (*text - '0');
      if (point) unit *= 10;
    }
  }
  return value / unit;
}

static void limit_bind(Chain *c, const AstOnError *e, PlanPolicy *p) {
  if (e->limit_kind == AST_LIMIT_NONE || !e->limit || !e->limit->text) return;
  p->limit = number_of(e->limit->text);
  switch (e->limit_kind) {
    case AST_LIMIT_COUNT: p->limit_kind = FRT_LIMIT_COUNT; break;
    case AST_LIMIT_RATE: p->limit_kind = FRT_LIMIT_RATE; break;
    case AST_LIMIT_IN_A_ROW: p->limit_kind = FRT_LIMIT_IN_A_ROW; break;
    default: break;
  }
  if (p->limit_kind == FRT_LIMIT_RATE && p->limit > 100)
    diag_report(c->b->diags, DIAG_E0615, e->limit->span, NULL, NULL, "limit",
                "a share between 0% and 100%");
}

static void retry_bind(Chain *c, const AstOnError *e, PlanPolicy *p) {
  if (!e->retry) return;
  const AstExpr *n = e->retry;
  double times = n->text ? number_of(n->text) : 0;
  if (n->kind != AST_INT || times > 1000)
    diag_report(c->b->diags, DIAG_E0615, n->span, NULL, NULL, "retry",
                "a number of times up to 1000");
  p->retries = (uint32_t)times;
  p->retry_factor = e->retry_factor && e->retry_factor->text ? number_of(e->retry_factor->text) : 1;
  if (e->retry_every) p->retry_every_us = chain_duration(c, e->retry_every, true, "every");
  if (e->retry_max) p->retry_max_us = chain_duration(c, e->retry_max, false, "max");
}

/* `retry` is about files that cannot be opened, read or written: of `read` and `write`. */
static void retry_take(Chain *c, PlanNode *n, const AstOnError *e, bool own) {
  PlanPolicy p = {0};
  if (!e->retry) return;
  if (n->kind == PLAN_READ || n->kind == PLAN_WRITE) {
    retry_bind(c, e, &p);
    n->policy.retries = p.retries;
    n->policy.retry_every_us = p.retry_every_us;
    n->policy.retry_max_us = p.retry_max_us;
    n->policy.retry_factor = p.retry_factor;
  } else if (own) {
    diag_report(c->b->diags, DIAG_E0607, e->retry->span, NULL, "only `read` and `write` reach outside, and can be tried again", n->word, "retry");
  }
}

static PlanPolicy policy_of(Chain *c, const AstOnError *e) {
  PlanPolicy p = { .kind = FRT_POLICY_FAIL, .port = -1 };
  switch (e->kind) {
    case AST_ON_PORT: {
      Port *port = e->port.text ? port_find(c->b, e->port.text) : NULL;
      p.kind = FRT_POLICY_PORT;
      p.port = port ? port->error_port : -1;
      if (p.port < 0) p.kind = FRT_POLICY_FAIL;
      break;
    }
    case AST_ON_SKIP: p.kind = FRT_POLICY_SKIP; break;
    case AST_ON_NULL: p.kind = FRT_POLICY_NULL; break;
    case AST_ON_FAIL:
    case AST_ON_NONE: break;
  }
  limit_bind(c, e, &p);
  return p;
}

/* Where null can stand for what failed. */
static bool takes_null(const PlanNode *n) {
  switch (n->kind) {
    case PLAN_READ:
    case PLAN_MAP:
    case PLAN_EXTRACT:
    case PLAN_AGGREGATE:
    case PLAN_RANK: return true;
    case PLAN_JOIN: return n->join == JOIN_LOOKUP;
    default: return false;
  }
}

static bool made_fails(const PlanNode *n) {
  for (uint32_t i = 0; i < n->made_len; i++)
    if (n->made[i].value && expr_can_fail(n->made[i].value)) return true;
  return false;
}

static bool fields_fail(const PlanRead *r) {
  for (uint32_t i = 0; i < r->field_len; i++)
    if (r->fields[i].check) return true;
  return false;
}

static bool keys_fail(const PlanNode *n) {
  for (uint32_t i = 0; i < n->key_len; i++)
    if (expr_can_fail(n->keys[i].value)) return true;
  for (uint32_t i = 0; i < n->join_key_len; i++)
    if (expr_can_fail(n->left_keys[i]) || expr_can_fail(n->right_keys[i])) return true;
  for (uint32_t i = 0; i < n->conds_len; i++)
    if (n->conds[i] && expr_can_fail(n->conds[i])) return true;
  return n->cond && expr_can_fail(n->cond);
}

/* Operators whose rows cannot fail keep FAIL, so that they do not count as feeding a default port. */
static bool node_can_fail(const PlanNode *n) {
  switch (n->kind) {
    case PLAN_READ:
    case PLAN_EXTRACT:
    case PLAN_SCRIPT:
    case PLAN_PLUGIN:
    case PLAN_ASSERT:
    case PLAN_AGGREGATE:
    case PLAN_PIVOT:
    case PLAN_WINDOW:
    case PLAN_RANK: return true;
    case PLAN_VALUES: return fields_fail(n->read);
    case PLAN_WRITE: return false;
    case PLAN_JOIN: return (n->join == JOIN_LOOKUP && !n->right_keyed) || keys_fail(n);
    default: return made_fails(n) || keys_fail(n);
  }
}

static void policy_own(Chain *c, PlanNode *n, const AstOnError *own) {
  n->policy = policy_of(c, own);
  if (n->policy.kind == FRT_POLICY_NULL && !takes_null(n))
    diag_report(c->b->diags, DIAG_E0607, own->span, NULL,
                "null can stand for a column only; here use `skip` or a port", n->word,
                "on error null");
  else if (!node_can_fail(n) && n->kind != PLAN_WRITE)
    diag_report(c->b->diags, DIAG_W0108, own->span, NULL, "no row of it can be an error row",
                n->word);
}

static void policy_choose(Chain *c, PlanNode *n, const AstOnError *own) {
  Streams *st = streams_of(c->b);
  if (own && own->kind != AST_ON_NONE) {
    policy_own(c, n, own);
    return;
  }
  if (!node_can_fail(n)) return;
  const AstOnError *call = NULL;
  for (const Expansion *x = c->expansion; !call && x; x = x->parent)
    if (x->on_error && x->on_error->kind != AST_ON_NONE) call = x->on_error;
  if (call) {
    if (call->kind != AST_ON_NULL || takes_null(n)) n->policy = policy_of(c, call);
    return;
  }
  if (c->unit->errors_port >= 0) {
    n->policy.kind = FRT_POLICY_PORT;
    n->policy.port = c->unit->errors_port;
    return;
  }
  if (c->b->options->on_error) {
    n->policy.kind = strcmp(c->b->options->on_error, "skip") ? FRT_POLICY_FAIL : FRT_POLICY_SKIP;
    return;
  }
  if (!st->dflt) return;
  PlanPolicy p = policy_of(c, st->dflt);
  if (p.kind == FRT_POLICY_NULL && !takes_null(n)) return;
  n->policy = p;
  while (st->by_default_len <= n->id) {
    st->by_default =
        arena_grow(c->b->arena, st->by_default, st->by_default_len, sizeof *st->by_default);
    st->by_default[st->by_default_len++] = false;
  }
  st->by_default[n->id] = true;
}

void policy_apply(Chain *c, PlanNode *n, const AstOnError *own) {
  const AstOnError *dflt = streams_of(c->b)->dflt;
  bool is_own = own && own->kind != AST_ON_NONE;
  policy_choose(c, n, own);
  if (is_own && own->retry) retry_take(c, n, own, true);
  else if (dflt) retry_take(c, n, dflt, false);
}

bool policy_gives_null(const Chain *c, const AstOnError *own) {
  const AstOnError *e = own->kind != AST_ON_NONE ? own : NULL;
  for (const Expansion *x = c->expansion; !e && x; x = x->parent)
    if (x->on_error && x->on_error->kind != AST_ON_NONE) e = x->on_error;
  if (!e && c->unit->errors_port < 0 && !c->b->options->on_error) e = streams_of(c->b)->dflt;
  return e && e->kind == AST_ON_NULL;
}
