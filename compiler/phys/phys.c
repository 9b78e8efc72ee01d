/* phys.c: consumers, needed columns, and the order of the run.
 *
 * 1. uses: the edges of the plan turned round.
 * 2. columns: nodes are visited from the sinks up; each marks the columns that it reads. What is
 *    never marked is never parsed and never computed.
 * 3. order: order.c. */
#include "phys/phys_internal.h"

#include <string.h>

static bool phys_starts_space(const PlanNode *n) {
  switch (n->kind) {
    case PLAN_READ: case PLAN_VALUES: case PLAN_RANGE: case PLAN_ERRORS: case PLAN_EXPLODE: case PLAN_UNPIVOT:
    case PLAN_UNION: case PLAN_AGGREGATE: case PLAN_SORT: case PLAN_TOP: case PLAN_JOIN: case PLAN_RANK:
    case PLAN_PIVOT:
      return true;
    case PLAN_WINDOW: return strcmp(n->window, "tumbling") != 0;
    default:
      return false;
  }
}

/* ---- 1. uses ---- */

static void phys_uses(Phys *p) {
  Arena *a = p->plan->arena;
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    PlanNode *n = p->plan->nodes[i];
    PhysNode *pn = &p->nodes[n->id];
    pn->node = n;
    uint32_t ports = n->out_len ? n->out_len : 1;
    pn->uses = arena_alloc(a, ports * sizeof *pn->uses);
    pn->use_len = arena_alloc(a, ports * sizeof *pn->use_len);
    pn->space = phys_starts_space(n) && !pn->texts ? n : n->in_len ? p->nodes[n->in[0].node->id].space : n;
    pn->text_space = pn->space->kind == PLAN_READ && pn->space->read->options.format == FRT_FMT_CSV;
    for (uint32_t k = 0; k < n->in_len; k++) {
      PhysNode *up = &p->nodes[n->in[k].node->id];
      uint32_t port = n->in[k].port;
      up->uses[port] = arena_grow(a, up->uses[port], up->use_len[port], sizeof(PhysUse));
      up->uses[port][up->use_len[port]++] = (PhysUse){n, k};
    }
  }
}

/* ---- 2. columns ---- */

static void phys_mark(void *env, ColId col) { ((Phys *)env)->col_use[col] |= COL_VALUE; }

static void phys_read_expr(Phys *p, const Expr *e) {
  if (e) expr_columns(e, phys_mark, p);
}

bool phys_made_alias(const PlanMade *m) { return m->value->kind == EX_COLUMN; }

bool phys_made_needed(const Phys *p, const PlanMade *m) { return p->col_use[m->col] || expr_can_fail(m->value); }

static void phys_read_made(Phys *p, const PlanNode *n) {
  for (uint32_t i = n->made_len; i-- > 0;) {
    const PlanMade *m = &n->made[i];
    if (!m->value || !phys_made_needed(p, m)) continue;
    if (phys_made_alias(m)) p->col_use[m->value->col] |= p->col_use[m->col];
    else phys_read_expr(p, m->value);
  }
}

static void phys_read_sink(Phys *p, const PlanNode *n) {
  if (n->sink->options.format == FRT_FMT_DEADLETTER) {
    phys_read_expr(p, n->sink->path);
    return;
  }
  const PlanEdge *in = &n->in[0];
  const Schema *s = &in->node->out[in->port].schema;
  for (uint32_t i = 0; i < s->len; i++) {
    p->col_use[s->cols[i].col] |= COL_VALUE;
    if (n->sink->options.format == FRT_FMT_CSV && p->nodes[n->id].text_space) p->col_use[s->cols[i].col] |= COL_RAW;
  }
  phys_read_expr(p, n->sink->path);
}

static void phys_read_keys(Phys *p, const PlanNode *n) {
  for (uint32_t i = 0; i < n->key_len; i++) phys_read_expr(p, n->keys[i].value);
  for (uint32_t i = 0; i < n->agg_len; i++) {
    phys_read_expr(p, n->aggs[i].arg[0]);
    phys_read_expr(p, n->aggs[i].arg[1]);
    phys_read_expr(p, n->aggs[i].where);
  }
  for (uint32_t i = 0; i < n->join_key_len; i++) {
    phys_read_expr(p, n->left_keys[i]);
    phys_read_expr(p, n->right_keys[i]);
  }
  phys_read_expr(p, n->left_time);
  phys_read_expr(p, n->right_time);
  phys_read_expr(p, n->frame);
}

/* A column of the result needs the columns that it comes from. */
static void phys_read_join(Phys *p, const PlanNode *n) {
  for (uint32_t k = 0; k < n->out[0].schema.len; k++)
    for (uint32_t side = 0; side < 2; side++)
      if (p->col_use[n->out[0].schema.cols[k].col] && n->union_cols[side][k] != UINT32_MAX)
        p->col_use[n->union_cols[side][k]] |= COL_VALUE;
}

static void phys_read_columns(Phys *p, const PlanNode *n) {
  switch (n->kind) {
    case PLAN_READ:
      for (uint32_t i = 0; i < n->read->field_len; i++) phys_read_expr(p, n->read->fields[i].check);
      break;
    case PLAN_WRITE:
      phys_read_sink(p, n);
      break;
    case PLAN_UNION:
      for (uint32_t k = 0; k < n->out[0].schema.len; k++)
        for (uint32_t i = 0; i < n->in_len; i++)
          if (p->col_use[n->out[0].schema.cols[k].col]) p->col_use[n->union_cols[i][k]] |= COL_VALUE;
      break;
    case PLAN_JOIN:
      phys_read_join(p, n);
      break;
    case PLAN_UNPIVOT:
      for (uint32_t i = 0; i < n->unpivot_len; i++) p->col_use[n->unpivot_cols[i]] |= COL_VALUE;
      break;
    case PLAN_WINDOW: case PLAN_SESSIONIZE:
      p->col_use[n->time_col] |= COL_VALUE;
      break;
    case PLAN_TAP:
      if (n->tap_off || p->without_taps) return;
      if (n->tap_live) break;
      for (uint32_t i = 0; i < n->out[0].schema.len; i++) p->col_use[n->out[0].schema.cols[i].col] |= COL_VALUE;
      break;
    case PLAN_VALUES:   /* a plugin's source fills all that it has */
      for (uint32_t i = 0; n->plugin && i < n->read->field_len; i++) p->col_use[n->read->fields[i].col] |= COL_VALUE;
      break;
    case PLAN_PLUGIN:
      for (uint32_t i = 0; i < n->unpivot_len; i++) p->col_use[n->unpivot_cols[i]] |= COL_VALUE;
      break;
    case PLAN_SCRIPT:   /* it asks for columns by name when it runs */
      for (uint32_t i = 0; i < n->in[0].node->out[n->in[0].port].schema.len; i++)
        p->col_use[n->in[0].node->out[n->in[0].port].schema.cols[i].col] |= COL_VALUE;
      break;
    default:
      break;
  }
  for (uint32_t i = 0; i < n->by_len; i++) p->col_use[n->by[i]] |= COL_VALUE;  /* before what makes them */
  phys_read_made(p, n);
  phys_read_expr(p, n->cond);
  for (uint32_t i = 0; i < n->conds_len; i++) phys_read_expr(p, n->conds[i]);
  phys_read_keys(p, n);
}

/* What is read behind an operator that copies rows: what only others before it read need not go on, and may not be there any
 * more, as the columns of a join's left rows that come back from disk. */
static void phys_keep(Phys *p, const PlanNode *n) {
  switch (n->kind) {
    case PLAN_SORT: case PLAN_TOP: case PLAN_RANK: case PLAN_JOIN: case PLAN_DISTINCT: case PLAN_WINDOW: case PLAN_EXPLODE: case PLAN_UNPIVOT: break;
    default: return;
  }
  uint8_t *kept = arena_alloc(p->plan->arena, p->plan->column_len + 1);
  memcpy(kept, p->col_use, p->plan->column_len);
  p->nodes[n->id].kept = kept;
}

/* A tap that asks for no column shows those of its stream that are read behind it. */
static void phys_keep_taps(Phys *p, const PlanNode *n) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *t = p->plan->nodes[i];
    if (t->kind != PLAN_TAP || !t->tap_live || t->in[0].node != n) continue;
    uint8_t *kept = arena_alloc(p->plan->arena, p->plan->column_len + 1);
    memcpy(kept, p->col_use, p->plan->column_len);
    p->nodes[t->id].kept = kept;
  }
}

/* ---- what cannot run yet ---- */

bool phys_holds(const PlanNode *n) {
  switch (n->kind) {
    case PLAN_AGGREGATE: case PLAN_SORT: case PLAN_TOP: case PLAN_JOIN: case PLAN_RANK: case PLAN_PIVOT:
      return true;
    case PLAN_WINDOW: return !strcmp(n->window, "session");
    default:
      return false;
  }
}

static bool phys_built(const PlanNode *n) {
  if (!phys_holds(n) || n->kind == PLAN_JOIN || n->kind == PLAN_SORT || n->kind == PLAN_TOP || n->kind == PLAN_RANK) return true;
  return n->kind == PLAN_AGGREGATE || n->kind == PLAN_WINDOW;
}

/* Whether an aggregate holds all values until the end. */
static bool phys_holds_values(const PlanNode *n) {
  for (uint32_t i = 0; i < n->agg_len; i++) {
    AggKind f = n->aggs[i].fn;
    if (f == AGG_MEDIAN || f == AGG_QUANTILE || f == AGG_APPROX_QUANTILE || f == AGG_LIST || f == AGG_TEXT_JOIN ||
        f == AGG_COUNT_DISTINCT || f == AGG_MODE) return true;
  }
  return false;
}

static const char *phys_state_class(const PlanNode *n) {
  switch (n->kind) {
    case PLAN_AGGREGATE: return phys_holds_values(n) ? "O(rows)" : n->by_len ? "O(groups)" : "O(1)";
    case PLAN_TOP: return "O(k)";
    case PLAN_DISTINCT: case PLAN_SESSIONIZE: return "O(groups)";
    case PLAN_JOIN: return n->join == JOIN_SEMI || n->join == JOIN_ANTI ? "O(groups)" : "O(rows)";
    case PLAN_WINDOW: return strcmp(n->window, "session") ? "O(1)" : "O(rows)";
    case PLAN_SORT: case PLAN_RANK: case PLAN_PIVOT: return "O(rows)";
    default: return "O(1)";
  }
}

static Phys *phys_new(Arena *a, Plan *plan) {
  Phys *p = arena_alloc(a, sizeof *p);
  p->plan = plan;
  for (uint32_t i = 0; i < plan->node_len; i++)
    if (plan->nodes[i]->id >= p->node_max) p->node_max = plan->nodes[i]->id + 1;
  p->nodes = arena_alloc(a, (p->node_max + 1) * sizeof *p->nodes);
  p->col_use = arena_alloc(a, plan->column_len + 1);
  p->port_of_error = arena_alloc(a, (plan->error_port_len + 1) * sizeof(int32_t));
  p->port_of_node = arena_alloc(a, (p->node_max + 1) * sizeof(int32_t));
  for (uint32_t i = 0; i < plan->error_port_len; i++) p->port_of_error[i] = -1;
  for (uint32_t i = 0; i < p->node_max; i++) p->port_of_node[i] = -1;
  return p;
}

static void phys_mark_all(Phys *p) {
  phys_find_texts(p);
  phys_uses(p);
  for (uint32_t i = p->plan->node_len; i-- > 0;) {
    phys_keep(p, p->plan->nodes[i]);
    phys_keep_taps(p, p->plan->nodes[i]);
    phys_read_columns(p, p->plan->nodes[i]);
  }
}

void phys_check_sources(Arena *a, Plan *plan) {
  Phys *p = phys_new(a, plan);
  p->without_taps = true;
  phys_mark_all(p);
  plan->checked = p->col_use;
  plan->checked_len = plan->column_len;
}

/* Columns that the script uses are checked, though the optimiser may have found that their values do not matter. */
static void phys_keep_checks(Phys *p) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanRead *r = p->plan->nodes[i]->kind == PLAN_READ ? p->plan->nodes[i]->read : NULL;
    for (uint32_t k = 0; r && k < r->field_len; k++) {
      ColId c = r->fields[k].col;
      if (c < p->plan->checked_len && p->plan->checked[c] && !p->col_use[c]) p->col_use[c] = COL_VALUE;
    }
  }
}

/* Columns of a source that only taps read: they are shown where they can be read, and fail no row, so that a run with a
 * tap gives what the run without it gives. */
static void phys_lend_to_taps(Phys *p) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanRead *r = p->plan->nodes[i]->kind == PLAN_READ ? p->plan->nodes[i]->read : NULL;
    for (uint32_t k = 0; r && k < r->field_len; k++) {
      ColId c = r->fields[k].col;
      Column *column = &p->plan->columns[c];
      if (c >= p->plan->checked_len || p->plan->checked[c] || !p->col_use[c]) continue;
      p->col_use[c] |= COL_LENIENT;
      if (column->type->nullable || column->type->kind == TY_STRING || column->type->kind == TY_BYTES) continue;
      p->col_use[c] |= COL_LENT_NULL;
      column->type = type_with_null(p->plan->arena, column->type, true);
    }
  }
}

Phys *phys_build(Arena *a, Plan *plan) {
  Phys *p = phys_new(a, plan);
  bool built = true;
  for (uint32_t i = 0; i < plan->node_len; i++) {
    PlanNode *n = plan->nodes[i];
    if (phys_built(n)) continue;
    Span word = {n->span.file, n->span.start, n->span.start + (uint32_t)strlen(n->word)};
    diag_report(plan->diags, DIAG_E0901, word, NULL, NULL, arena_printf(a, "`%s`", n->word));
    built = false;
  }
  if (!built) return NULL;
  phys_mark_all(p);
  phys_keep_checks(p);
  phys_lend_to_taps(p);
  for (uint32_t i = 0; i < plan->node_len; i++)
    p->nodes[plan->nodes[i]->id].state_class = phys_state_class(plan->nodes[i]);
  phys_find_late(p);
  phys_find_spills(p);
  phys_estimate(p);
  phys_order(p);
  return p;
}
