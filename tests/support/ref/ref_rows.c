/* ref_rows.c: operators that look at one row at a time, in the words of the table "Operators" of language.md. */
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "ref.h"

static bool is_true(const Value *v) { return !v->is_null && v->i; }

/* "`filter` and `where` take null as false"; "keep rows where P is true". */
static void rows_filter(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  for (size_t i = 0; i < in->len; i++) {
    Value v;
    int status = ref_eval(r, in->rows[i], n->cond, &v);
    if (status) ref_error_at(r, n, i, in->rows[i], status, "");
    else if (is_true(&v)) ref_add(r, out[0], in->rows[i]);
    else if (n->kind == PLAN_ASSERT) ref_error_at(r, n, i, in->rows[i], FRT_E_ASSERT, "");
    else if (n->out_len > 1) ref_add(r, out[1], in->rows[i]);
  }
}

/* "add or replace columns; later ones see earlier ones". "`on error null` gives null to the field or column that
 * failed." */
static void rows_map(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  for (size_t i = 0; i < in->len; i++) {
    RefRow *row = ref_copy(r, in->rows[i]);
    bool good = true;
    for (uint32_t k = 0; k < n->made_len && good; k++) {
      const PlanMade *m = &n->made[k];
      const Column *c = &r->plan->columns[m->col];
      if (!r->needed[m->col]) continue;
      int status = ref_eval(r, row, m->value, &row->v[m->col]);
      if (!status) continue;
      if (n->policy.kind == FRT_POLICY_NULL && c->type->nullable) {
        row->v[m->col] = (Value){.is_null = true};
        continue;
      }
      ref_error_at(r, n, i, in->rows[i], status, c->name);
      good = false;
    }
    if (good) ref_add(r, out[0], row);
  }
}

/* "first match wins. Without `else`, unmatched rows are counted and dropped". */
static void rows_route(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  for (size_t i = 0; i < in->len; i++) {
    for (uint32_t k = 0; k < n->conds_len; k++) {
      Value v = {.i = 1};
      int status = n->conds[k] ? ref_eval(r, in->rows[i], n->conds[k], &v) : FRT_OK;
      if (status) {
        ref_error_at(r, n, i, in->rows[i], status, "");
        break;
      }
      if (!is_true(&v)) continue;
      ref_add(r, out[k + 1], in->rows[i]);
      break;
    }
  }
}

/* "typed captures become columns"; "A typed capture of `extract` that does not fit its type is a row error, not an
 * `else` row" (note 64). */
static bool extract_captures(Ref *r, const PlanNode *n, size_t place, RefRow *row, FrtStr text, const PCRE2_SIZE *at, int groups) {
  for (uint32_t k = 0; k < n->capture_len; k++) {
    const Column *c = &r->plan->columns[n->captures[k]];
    uint32_t g = n->groups[k];
    int status = FRT_OK;
    Value v = {.is_null = true};
    if ((int)g < groups && at[2 * g] != PCRE2_UNSET) {
      Value s = {.s = {text.ptr + at[2 * g], (uint32_t)(at[2 * g + 1] - at[2 * g]), 0}};
      status = value_cast(r->arena, type_basic(TY_STRING), &s, type_with_null(r->arena, c->type, false), &v);
    } else if (!c->type->nullable) {
      status = FRT_E_MISSING;
    }
    if (status) {
      ref_error_at(r, n, place, row, status, c->name);
      return false;
    }
    row->v[n->captures[k]] = v;
  }
  return true;
}

static void rows_extract(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  int code;
  PCRE2_SIZE where;
  pcre2_code *re = pcre2_compile((PCRE2_SPTR)n->text, strlen(n->text), PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &code, &where, NULL);
  if (!re) {
    ref_cannot(r, "a pattern");
    return;
  }
  pcre2_match_data *match = pcre2_match_data_create_from_pattern(re, NULL);
  for (size_t i = 0; i < in->len; i++) {
    Value v;
    int status = ref_eval(r, in->rows[i], n->cond, &v), groups = -1;
    if (status) {
      ref_error_at(r, n, i, in->rows[i], status, "");
      continue;
    }
    if (!v.is_null) groups = pcre2_match(re, (PCRE2_SPTR)(v.s.len ? v.s.ptr : ""), v.s.len, 0, 0, match, NULL);
    if (groups < 0) {
      if (n->out_len > 1) ref_add(r, out[1], in->rows[i]);
      continue;
    }
    RefRow *row = ref_copy(r, in->rows[i]);
    if (extract_captures(r, n, i, row, v.s, pcre2_get_ovector_pointer(match), groups)) ref_add(r, out[0], row);
  }
  pcre2_match_data_free(match);
  pcre2_code_free(re);
}

static void rows_take(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  size_t count = (size_t)ref_count(r, n->count);
  for (size_t i = 0; i < in->len; i++)
    if (n->kind == PLAN_TAKE ? i < count : i >= count) ref_add(r, out[0], in->rows[i]);
}

/* The share is a promise by frt_sample alone: the number of the row that arrives decides. */
static void rows_sample(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  for (size_t i = 0; i < in->len; i++)
    if (frt_sample(n->seed, i) < n->rate) ref_add(r, out[0], in->rows[i]);
}

/* "`explode` of an empty list gives no row; the other columns stay" (note 34). */
static void rows_explode(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  for (size_t i = 0; i < in->len; i++) {
    Value list;
    int status = ref_eval(r, in->rows[i], n->cond, &list);
    if (status) ref_error(r, n, in->rows[i], status, "");
    if (status || list.is_null) continue;
    for (uint32_t k = 0; k < list.len; k++) {
      RefRow *row = ref_copy(r, in->rows[i]);
      row->v[n->made[0].col] = list.items[k];
      ref_add(r, out[0], row);
    }
  }
}

/* "`unpivot` keeps the other columns first" (note 35): a row for each of the columns, its name and its value. */
static void rows_unpivot(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  ColId name = n->made[0].col, value = n->made[1].col;
  for (size_t i = 0; i < in->len; i++) {
    for (uint32_t k = 0; k < n->unpivot_len; k++) {
      const Column *from = &r->plan->columns[n->unpivot_cols[k]];
      RefRow *row = ref_copy(r, in->rows[i]);
      row->v[name] = (Value){.s = {from->name, (uint32_t)strlen(from->name), 0}};
      if (value_cast(r->arena, from->type, &in->rows[i]->v[n->unpivot_cols[k]], r->plan->columns[value].type, &row->v[value]))
        ref_cannot(r, "a cast of unpivot");
      ref_add(r, out[0], row);
    }
  }
}

typedef struct Merged { RefRow *row; size_t order; } Merged;

static int by_source(const void *a, const void *b) {
  const Merged *x = a, *y = b;
  if (x->row->scan != y->row->scan) return x->row->scan < y->row->scan ? -1 : 1;
  if (x->row->key != y->row->key) return x->row->key < y->row->key ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

/* "by column name; types must agree"; "`union` keeps the order: per scan in source order, scans in the order they
 * are written". */
static void rows_union(Ref *r, const PlanNode *n, RefTable **out) {
  const Schema *s = &n->out[0].schema;
  Merged *all = NULL;
  size_t len = 0;
  for (uint32_t input = 0; input < n->in_len; input++) {
    RefTable *in = ref_input(r, n, input);
    for (size_t i = 0; i < in->len; i++) {
      RefRow *row = ref_copy(r, in->rows[i]);
      for (uint32_t k = 0; k < s->len; k++) {
        ColId from = n->union_cols[input][k], to = s->cols[k].col;
        if (r->needed[to] && value_cast(r->arena, r->plan->columns[from].type, &in->rows[i]->v[from], r->plan->columns[to].type, &row->v[to]))
          ref_cannot(r, "a cast of union");
      }
      all = arena_grow(r->arena, all, len, sizeof *all);
      all[len] = (Merged){row, len};
      len++;
    }
  }
  qsort(all, len, sizeof *all, by_source);
  for (size_t i = 0; i < len; i++) ref_add(r, out[0], all[i].row);
}

static void rows_tap(Ref *r, const PlanNode *n, RefTable **out) {
  RefTable *in = ref_input(r, n, 0);
  for (size_t i = 0; i < in->len; i++) ref_add(r, out[0], in->rows[i]);
}

void ref_rows(Ref *r, const PlanNode *n, RefTable **out) {
  switch (n->kind) {
    case PLAN_FILTER: case PLAN_ASSERT: rows_filter(r, n, out); break;
    case PLAN_MAP: rows_map(r, n, out); break;
    case PLAN_ROUTE: rows_route(r, n, out); break;
    case PLAN_EXTRACT: rows_extract(r, n, out); break;
    case PLAN_TAKE: case PLAN_SKIP: rows_take(r, n, out); break;
    case PLAN_SAMPLE: rows_sample(r, n, out); break;
    case PLAN_EXPLODE: rows_explode(r, n, out); break;
    case PLAN_UNPIVOT: rows_unpivot(r, n, out); break;
    case PLAN_UNION: rows_union(r, n, out); break;
    case PLAN_TAP: rows_tap(r, n, out); break;
    default: ref_cannot(r, n->word); break;
  }
}
