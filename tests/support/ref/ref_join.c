/* ref_join.c: joins, by looking at every right row for every left row. "S is held, the left side streams; output in left
 * order"; several matches "come in right order within a left row" (note 29). */
#include <string.h>

#include "ref.h"

/* "null never matches" (note 75). -1: a key fails. */
static int matches(Ref *r, const PlanNode *n, const RefRow *left, const RefRow *right) {
  for (uint32_t i = 0; i < n->join_key_len; i++) {
    Value x, y;
    if (ref_eval(r, left, n->left_keys[i], &x) || ref_eval(r, right, n->right_keys[i], &y)) return -1;
    if (x.is_null || y.is_null || value_compare(n->left_keys[i]->type, &x, &y)) return 0;
  }
  return 1;
}

/* A row of the result; left or right NULL: none. Columns of a side that is absent are null. */
static RefRow *joined(Ref *r, const PlanNode *n, const RefRow *left, const RefRow *right) {
  RefRow *row = ref_copy(r, left);
  const Schema *s = &n->out[0].schema;
  bool outer = n->join == JOIN_RIGHT || n->join == JOIN_FULL;
  for (uint32_t k = 0; k < s->len; k++) {
    ColId from = n->union_cols[0][k], other = n->union_cols[1][k], to = s->cols[k].col;
    const RefRow *side = left && from != UINT32_MAX ? left : NULL;
    ColId c = from;
    if (from != UINT32_MAX && !outer) continue;                 /* left columns keep their identity */
    if (!side && right && other != UINT32_MAX) side = right, c = other;
    if (!r->needed[to]) continue;
    if (!side) row->v[to] = (Value){.is_null = true};
    else if (value_cast(r->arena, r->plan->columns[c].type, &side->v[c], r->plan->columns[to].type, &row->v[to])) ref_cannot(r, "a cast of join");
  }
  return row;
}

/* "nearest earlier (or later, by the comparison)"; ties: the last of the earlier, the first of the later. */
static const RefRow *nearest(Ref *r, const PlanNode *n, const RefRow *left, const RefTable *right) {
  const RefRow *best = NULL;
  Value t, best_time = {0};
  const Type *type = n->left_time->type;
  if (ref_eval(r, left, n->left_time, &t) || t.is_null) return NULL;
  for (size_t i = 0; i < right->len; i++) {
    Value u;
    if (matches(r, n, left, right->rows[i]) != 1 || ref_eval(r, right->rows[i], n->right_time, &u) || u.is_null) continue;
    int c = value_compare(type, &u, &t);
    if ((n->asof_strict && c == 0) || (n->asof_later ? c < 0 : c > 0)) continue;
    if (n->within_us) {
      int64_t unit = type->kind == TY_DATE ? 86400000000 : 1, gap = (t.i - u.i) * unit;
      if ((gap < 0 ? -gap : gap) > n->within_us) continue;
    }
    int d = best ? value_compare(type, &u, &best_time) : 0;
    if (best && (n->asof_later ? d >= 0 : d < 0)) continue;
    best = right->rows[i];
    best_time = u;
  }
  return best;
}

/* A key that fails makes an error row of its side. */
static void failing_keys(Ref *r, const PlanNode *n, RefTable *in, Expr *const *keys, RefTable *out) {
  for (size_t i = 0; i < in->len; i++) {
    int status = FRT_OK;
    for (uint32_t k = 0; k < n->join_key_len && !status; k++) {
      Value v;
      status = ref_eval(r, in->rows[i], keys[k], &v);
    }
    if (status) ref_error(r, n, in->rows[i], status, "");
    else ref_add(r, out, in->rows[i]);
  }
}

static void unmatched(Ref *r, const PlanNode *n, RefRow *left, RefTable **out) {
  if (n->join == JOIN_ANTI) ref_add(r, out[0], left);
  else if (n->join == JOIN_LEFT || n->join == JOIN_FULL) ref_add(r, out[0], joined(r, n, left, NULL));
  else if (n->out_len > 1) ref_add(r, out[1], left);
  else if (n->join == JOIN_LOOKUP) ref_add(r, out[0], joined(r, n, left, NULL));  /* "`lookup` without `else` leaves nulls" */
}

static bool reads(const PlanNode *n, const PlanNode *scan) {
  if (n == scan) return true;
  for (uint32_t i = 0; i < n->in_len; i++)
    if (reads(n->in[i].node, scan)) return true;
  return false;
}

/* Both sides come from one scan: the left side waits for the end of it, and the join is the source of what it gives. */
static bool left_waits(const Ref *r, const PlanNode *n) {
  for (uint32_t i = 0; i < r->plan->node_len; i++) {
    const PlanNode *m = r->plan->nodes[i];
    if (!m->in_len && reads(n->in[0].node, m) && reads(n->in[1].node, m)) return true;
  }
  return false;
}

void ref_join(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable left = {0}, right = {0};
  failing_keys(r, n, ref_input(r, n, 1), n->right_keys, &right);
  failing_keys(r, n, ref_input(r, n, 0), n->left_keys, &left);
  bool *used = arena_alloc(r->arena, right.len + 1), waits = left_waits(r, n);
  for (size_t i = 0; waits && i < left.len; i++) {
    left.rows[i] = ref_copy(r, left.rows[i]);
    left.rows[i]->scan = ref_index(r, n);
    left.rows[i]->key = i;
  }
  for (size_t i = 0; i < left.len; i++) {
    RefRow *row = left.rows[i];
    size_t found = 0, first = 0;
    if (n->join == JOIN_ASOF) {
      const RefRow *near = nearest(r, n, row, &right);
      if (near) ref_add(r, out[0], joined(r, n, row, near));
      else unmatched(r, n, row, out);
      continue;
    }
    for (size_t k = 0; k < right.len; k++) {
      if (matches(r, n, row, right.rows[k]) != 1) continue;
      if (!found++) first = k;
      used[k] = true;
      if (n->join <= JOIN_FULL) ref_add(r, out[0], joined(r, n, row, right.rows[k]));
    }
    if (!found) unmatched(r, n, row, out);
    else if (n->join == JOIN_SEMI) ref_add(r, out[0], row);
    else if (n->join == JOIN_LOOKUP && found > 1 && !n->right_keyed) ref_error(r, n, row, FRT_E_SEVERAL, "");
    else if (n->join == JOIN_LOOKUP) ref_add(r, out[0], joined(r, n, row, right.rows[first]));
  }
  /* "these come last in right order" (note 28) */
  for (size_t k = 0; (n->join == JOIN_RIGHT || n->join == JOIN_FULL) && k < right.len; k++) {
    if (used[k]) continue;
    RefRow *row = joined(r, n, NULL, right.rows[k]);
    row->scan = ref_index(r, n);
    row->key = UINT32_MAX + k;
    ref_add(r, out[0], row);
  }
  for (int port = 0; waits && port < (int)n->out_len; port++)
    for (size_t i = 0; i < out[port]->len; i++) {
      out[port]->rows[i] = ref_copy(r, out[port]->rows[i]);
      out[port]->rows[i]->scan = ref_index(r, n);
      out[port]->rows[i]->key = i;
    }
}
