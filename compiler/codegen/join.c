/* join.c: joins and lookups.
 *
 * op<id>_take_right takes the right side's rows into a store and a table (FrtJoin). op<id>_take_left finds the rows of a
 * block of left rows: by one call for the keys of the block, then row by row. Where a left row has one match
 * at most the right columns are written beside it and the selection shrinks; where rows may multiply they get
 * a block of their own (op<id>_many), as those of explode do. A join whose left rows come before the right side
 * is complete holds them, and finds in its own step; right and full joins send their unmatched right rows there. */
#include <string.h>

#include "codegen/join.h"

static bool join_once(const ColId *cols, uint32_t len, ColId c) {
  for (uint32_t i = 0; i < len; i++)
    if (cols[i] == c) return false;
  return true;
}

static Join join_of(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  Join j = {.g = g, .pn = pn, .n = n, .id = n->id, .has_else = n->out_len > 1, .asof = n->join == JOIN_ASOF};
  const Schema *out = &n->out[0].schema;
  j.outer = n->join == JOIN_RIGHT || n->join == JOIN_FULL;
  j.only_keys = n->join == JOIN_SEMI || n->join == JOIN_ANTI;
  j.left_nulls = n->join == JOIN_LEFT || n->join == JOIN_FULL || (n->join == JOIN_LOOKUP && !j.has_else);
  j.kept = arena_alloc(g->arena, (out->len + 1) * sizeof *j.kept);
  j.made = arena_alloc(g->arena, (out->len + 1) * sizeof *j.made);
  for (uint32_t k = 0; k < out->len; k++) {
    ColId right = n->union_cols[1][k];
    if (right == UINT32_MAX || !g->phys->col_use[out->cols[k].col]) continue;
    if (join_once(j.kept, j.kept_len, right)) j.kept[j.kept_len++] = right;
    if (n->union_cols[0][k] == UINT32_MAX) j.made[j.made_len++] = k;
  }
  return j;
}

const char *gen_join_no_field(const Join *j) { return gen_const_str(j->g, "", 0); }

/* ---- the right side ---- */

/* A word whose order is the order of the times. */
static const char *join_time_word(Gen *g, const Type *t, const char *v) {
  if (type_is_float(t)) return gen_printf(g, "frt_order_f64(%s)", v);
  if (t->kind == TY_U64) return v;
  return gen_printf(g, "frt_order_i64((int64_t)%s)", v);
}

static bool join_wide(const Expr *time) { return time->type->kind == TY_DECIMAL && type_is_wide(time->type); }

static void join_time_array(const Join *j, const char *name) {
  bool wide = join_wide(j->n->left_time);
  gen_array(j->g, wide ? "FrtI128" : "uint64_t", gen_printf(j->g, "%s%u_when", name, j->id));
}

static const char *join_time_pointer(const Join *j, const char *name) {
  const char *from = gen_printf(j->g, "S->%s%u_when", name, j->id);
  return join_wide(j->n->left_time) ? gen_printf(j->g, "&%s[0].lo", from) : from;
}

/* Computes the time of row i into the array `when` at `at`; jumps to time_fail. */
static CVal join_time(GenFn *f, const Expr *time, const char *at) {
  f->fail = "time_fail";
  f->fails = false;
  CVal v = gen_expr(f, time);
  v.v = gen_atom_of(f, time->type, v.v);
  if (join_wide(time)) {
    gen_line(f, "when[2 * %s] = frt_order_i64(%s.hi);", at, v.v);
    gen_line(f, "when[2 * %s + 1] = %s.lo;", at, v.v);
  } else {
    gen_line(f, "when[%s] = %s;", at, join_time_word(f->g, time->type, v.v));
  }
  return v;
}

static void join_build_row(GenFn *f, const Join *j) {
  const PlanNode *n = j->n;
  gen_line(f, "uint32_t i = jr_at[k];");
  gen_line(f, "int e = 0;");
  gen_line(f, "(void)e; (void)i;");
  const char *null = NULL;
  if (j->asof) null = join_time(f, n->right_time, "kept").n;
  gen_line(f, "J%u *r = frt_store_add(cx, &S->h->j%u.rows);", j->id, j->id);
  gen_line(f, "(void)r;");
  gen_row_save(f, j->kept, j->kept_len, "r", gen_printf(j->g, "&S->h->j%u.rows", j->id));
  if (null) gen_line(f, "id[kept++] = %s ? FRT_NONE : id[k];", null);
  else gen_line(f, "id[kept++] = id[k];");
  if (!j->asof || !f->fails) return;
  gen_line(f, "continue;");
  buf_put(f->out, "  time_fail:\n");
  gen_line(f, "frt_error(cx, b, i, %u, e, %s);", j->id, gen_join_no_field(j));
}

static void join_state(const Join *j) {
  Gen *g = j->g;
  uint32_t id = j->id;
  bool is_word = gen_keys_are_words(j->n->right_keys, j->n->join_key_len, false);
  gen_row_struct(g, id, "right row", gen_printf(g, "J%u", id), j->kept, j->kept_len, NULL);
  buf_printf(&g->held, "  FrtJoin j%u;\n", id);
  buf_printf(&g->init, "  frt_join_init(&S->h->j%u, %d, sizeof(J%u), %s);\n", id, !is_word, id,
             j->asof ? join_wide(j->n->left_time) ? "FRT_JOIN_TIMES | FRT_JOIN_WIDE" : "FRT_JOIN_TIMES" : j->outer ? "FRT_JOIN_MATCHES" : "0");
  if (j->pn->left_first) buf_printf(&g->init, "  frt_join_left_first(&S->h->j%u);\n", id);
  if (j->pn->spills) buf_printf(&g->init, "  frt_join_spills(&S->h->j%u, &op%u_spill);\n", id, id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_join_end, &S->h->j%u);\n", id);
  gen_array(g, "uint32_t", gen_printf(g, "j%u_fresh", id));
  if (j->asof) join_time_array(j, "j");
}

/* Right rows with a key that no left row has count as held, and are not. */
static void join_wanted(GenFn *f, const Join *j, GenKeys *k) {
  gen_array(j->g, "uint32_t", gen_printf(j->g, "jw%u", j->id));
  gen_line(f, "uint32_t wanted = frt_join_wanted(&S->h->j%u, %s, %s, %s, %s, %s, S->jw%u);", j->id, k->keys, k->nul, k->sel, k->n, k->ids,
           j->id);
  gen_count(f, j->id, "HELD", gen_printf(j->g, "%s - wanted", k->n));
  k->sel = gen_printf(j->g, "S->jw%u", j->id);
  k->n = "wanted";
}

static void join_build(const Join *j) {
  Gen *g = j->g;
  const PlanNode *n = j->n;
  GenFn f;
  uint32_t len = n->join_key_len;
  const Expr **read = arena_alloc(g->arena, (len + 1) * sizeof *read);
  for (uint32_t i = 0; i < len; i++) read[i] = n->right_keys[i];
  read[len] = n->right_time;
  join_state(j);
  gen_fn_open(&f, g, n, "_in1");
  gen_declare_columns(&f, read, len + 1, j->kept, j->kept_len);
  GenKeys k = gen_keys(&f, n, "jr", n->right_keys, len, false);
  if (j->pn->left_first) join_wanted(&f, j, &k);
  gen_turn(&f);
  gen_line(&f, "frt_table_add_%s(cx, &S->h->j%u.keys, %s, %s, %s, %s, S->j%u_fresh);", k.is_word ? "words" : "texts", j->id, k.keys,
           k.nul, k.n, k.ids, j->id);
  gen_count(&f, j->id, "IN", "n");
  if (j->only_keys) {
    gen_count(&f, j->id, "HELD", k.n);
  } else {
    gen_line(&f, "const uint32_t *jr_at = %s;", k.sel);
    gen_line(&f, "uint32_t *id = %s, kept = 0;", k.ids);
    if (j->asof) gen_line(&f, "uint64_t *when = %s;", join_time_pointer(j, "j"));
    gen_line(&f, "for (uint32_t k = 0; k < %s; k++) {", k.n);
    f.indent++;
    join_build_row(&f, j);
    f.indent--;
    gen_line(&f, "}");
    gen_count(&f, j->id, "HELD", "kept");
    gen_line(&f, "return frt_join_add(cx, &S->h->j%u, %u, id, %s, kept);", j->id, j->id, j->asof ? "when" : "NULL");
  }
  if (j->only_keys) gen_line(&f, "return frt_join_add(cx, &S->h->j%u, %u, NULL, NULL, 0);", j->id, j->id);
  gen_fn_close(&f);
}

/* ---- columns of the result ---- */

static ColId join_made_col(const Join *j, uint32_t i) { return j->n->out[0].schema.cols[j->made[i]].col; }

static bool join_nullable(const Join *j, ColId c) { return j->g->plan->columns[c].type->nullable; }

/* The right columns of the held row r into row `at`; base: "" for local pointers, "S->" for State. */
void gen_join_put_right(GenFn *f, const Join *j, const char *base, const char *at) {
  for (uint32_t i = 0; i < j->made_len; i++) {
    ColId to = join_made_col(j, i), from = j->n->union_cols[1][j->made[i]];
    gen_line(f, "%sc%u[%s] = r->c%u;", base, to, at, from);
    if (join_nullable(j, to)) {
      if (join_nullable(j, from)) gen_line(f, "%sn%u[%s] = r->n%u;", base, to, at, from);
      else gen_line(f, "%sn%u[%s] = 0;", base, to, at);
    }
  }
  gen_line(f, "(void)r;");
}

static void join_put_null(GenFn *f, const Join *j, ColId to, const char *base, const char *at) {
  gen_line(f, "%sc%u[%s] = %s;", base, to, at, gen_zero(j->g, j->g->plan->columns[to].type));
  gen_line(f, "%sn%u[%s] = 1;", base, to, at);
}

void gen_join_put_nulls(GenFn *f, const Join *j, const char *base, const char *at) {
  for (uint32_t i = 0; i < j->made_len; i++) join_put_null(f, j, join_made_col(j, i), base, at);
}

/* Column `to` of an outer join's row m from v of type t. */
static void join_put_cast(GenFn *f, const Join *j, ColId to, const Type *t, CVal v) {
  const Type *out = j->g->plan->columns[to].type;
  v = gen_cast(f, t, out, v, true);
  gen_line(f, "S->c%u[m] = %s;", to, v.v);
  if (out->nullable) gen_line(f, "S->n%u[m] = %s;", to, v.n ? v.n : "0");
}

/* The left columns of an outer join's row m, from left row i or, of the keys only, from right row r. */
void gen_join_put_left(GenFn *f, const Join *j, bool unmatched) {
  const PlanNode *n = j->n;
  for (uint32_t k = 0; k < n->out[0].schema.len; k++) {
    ColId to = n->out[0].schema.cols[k].col, left = n->union_cols[0][k], right = n->union_cols[1][k];
    if (left == UINT32_MAX || !j->g->phys->col_use[to]) continue;
    gen_column_state(j->g, to, true);
    if (unmatched && right == UINT32_MAX) {
      join_put_null(f, j, to, "S->", "m");
      continue;
    }
    ColId from = unmatched ? right : left;
    const char *v = gen_printf(j->g, unmatched ? "r->c%u" : "c%u[i]", from);
    const char *null = gen_printf(j->g, unmatched ? "r->n%u" : "n%u[i]", from);
    join_put_cast(f, j, to, j->g->plan->columns[from].type, (CVal){v, join_nullable(j, from) ? null : NULL});
  }
}

/* ---- one match at most ---- */

/* cx->detail = the key's text, for the message. */
void gen_join_key_text(GenFn *f, const Join *j) {
  const PlanNode *n = j->n;
  f->fail = "key_text";
  f->fails = false;
  gen_line(f, "{");
  f->indent++;
  gen_line(f, "FrtStr part[%u];", 2 * n->join_key_len + 1);
  for (uint32_t k = 0; k < n->join_key_len; k++) {
    CVal v = gen_expr(f, n->left_keys[k]);
    if (k) gen_line(f, "part[%u] = %s;", 2 * k - 1, gen_const_str(j->g, ", ", 2));
    gen_line(f, "part[%u] = %s;", 2 * k, gen_text_of(f, n->left_keys[k]->type, gen_atom_of(f, n->left_keys[k]->type, v.v), NULL));
  }
  if (n->join_key_len > 1) gen_line(f, "e = frt_concat(cx, &cx->detail, part, %u);", 2 * n->join_key_len - 1);
  else if (n->join_key_len) gen_line(f, "cx->detail = part[0];");
  f->indent--;
  gen_line(f, "}");
  if (f->fails) buf_put(f->out, "  key_text:\n");
  gen_line(f, "(void)e;");
  f->fails = false;
}

/* What becomes of left row i, for which no single row was found. */
static void join_unmatched(GenFn *f, const Join *j) {
  const PlanNode *n = j->n;
  bool to_null = n->policy.kind == FRT_POLICY_NULL;
  if (j->asof) gen_line(f, "if (row == FRT_FAILED) continue;");
  if (n->join == JOIN_LOOKUP && !n->right_keyed) {
    gen_line(f, "if (row == FRT_SEVERAL) {");
    f->indent++;
    gen_line(f, "int e = 0;");
    gen_join_key_text(f, j);
    gen_line(f, "frt_error(cx, b, i, %u, FRT_E_SEVERAL, %s);", j->id, gen_join_no_field(j));
    if (to_null && j->has_else) gen_join_put_nulls(f, j, "", "i");
    if (to_null && j->has_else) gen_line(f, "keep[kept++] = i;");
    if (!to_null || j->has_else) gen_line(f, "continue;");
    f->indent--;
    gen_line(f, "}");
  }
  if (j->left_nulls) {
    gen_join_put_nulls(f, j, "", "i");
    gen_line(f, "keep[kept++] = i;");
  } else if (j->has_else) {
    gen_line(f, "rest[rests++] = i;");
  } else {
    gen_line(f, "rests++;");
  }
  gen_line(f, "continue;");
}

/* The right columns of the rows that were found, a call a column. */
static void join_gather(GenFn *f, const Join *j) {
  for (uint32_t i = 0; i < j->made_len; i++) {
    ColId to = join_made_col(j, i), from = j->n->union_cols[1][j->made[i]];
    const Type *t = j->g->plan->columns[from].type;
    bool text = t->kind == TY_STRING || t->kind == TY_BYTES;
    const char *call = gen_printf(j->g, "frt_join_gather(J, hit, to, hits, FRT_OFFSETOF(J%u,", j->id);
    gen_line(f, "%s c%u), sizeof(%s), %d, c%u);", call, from, gen_ctype(j->g, t), text, to);
    if (join_nullable(j, from)) gen_line(f, "%s n%u), 1, 0, n%u);", call, from, to);
    else if (join_nullable(j, to)) gen_line(f, "for (uint32_t k = 0; k < hits; k++) n%u[to[k]] = 0;", to);
  }
}

/* keep: rows that go on; hit and to: right rows that were found, and for which left rows. */
static void join_single(GenFn *f, const Join *j, const GenKeys *k) {
  bool made = j->made_len > 0;
  gen_line(f, "const FrtJoin *J = &S->h->j%u;", j->id);
  gen_line(f, "(void)J;");
  if (made) {
    gen_array(j->g, "uint32_t", gen_printf(j->g, "j%u_to", j->id));
    gen_line(f, "uint32_t *hit = id, *to = S->j%u_to, hits = 0;", j->id);
  }
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", k->n);
  f->indent++;
  gen_line(f, "uint32_t i = %s[k], row = id[k];", k->sel);
  gen_line(f, "if (row >= FRT_FAILED) {");
  f->indent++;
  join_unmatched(f, j);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "keep[kept++] = i;");
  if (made) gen_line(f, "hit[hits] = row;");
  if (made) gen_line(f, "to[hits++] = i;");
  f->indent--;
  gen_line(f, "}");
  if (made) join_gather(f, j);
}

static void join_members(GenFn *f, const Join *j, const GenKeys *k) {
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", k->n);
  gen_line(f, "  keep[kept] = %s[k];", k->sel);
  gen_line(f, "  kept += id[k] %s FRT_NONE;", j->n->join == JOIN_SEMI ? "!=" : "==");
  gen_line(f, "}");
  gen_line(f, "rests = %s - kept;", k->n);
}

/* ---- rows that multiply ---- */

/* Left columns that somebody behind the join reads. */
static uint32_t join_carried(const Join *j, ColId **cols) {
  const PlanNode *n = j->n;
  const Schema *out = &n->out[0].schema;
  const uint8_t *behind = j->pn->kept ? j->pn->kept : j->g->phys->col_use;
  uint32_t len = 0;
  *cols = arena_alloc(j->g->arena, (out->len + 1) * sizeof **cols);
  for (uint32_t k = 0; k < out->len; k++) {
    ColId left = n->union_cols[0][k];
    if (left == UINT32_MAX || !join_once(*cols, len, left)) continue;
    if (behind[out->cols[k].col]) (*cols)[len++] = left;
  }
  return len;
}

static void join_many_row(GenFn *f, const Join *j, const ColId *cols, uint32_t len) {
  const char *base = "S->";
  gen_line(f, "uint32_t i = sel[k], key = id[k];");
  gen_line(f, "if (key == FRT_NONE) {");
  f->indent++;
  if (j->left_nulls) {
    gen_join_put_nulls(f, j, base, "m");
    if (j->outer) gen_join_put_left(f, j, false);
    gen_carry(f, j->n, cols, len);
  } else {
    gen_line(f, j->has_else ? "rest[rests++] = i;" : "rests++;");
  }
  gen_line(f, "continue;");
  f->indent--;
  gen_line(f, "}");
  if (j->outer) gen_line(f, "J->matched[key] = 1;");
  gen_line(f, "uint32_t at = J->several ? J->start[key] : key, end = J->several ? J->start[key + 1] : key + 1;");
  gen_line(f, "made += end - at - 1;");
  gen_line(f, "for (; at < end; at++) {");
  f->indent++;
  gen_line(f, "const J%u *r = FRT_ROW(&J->rows, J->several ? J->order[at] : at);", j->id);
  gen_join_put_right(f, j, base, "m");
  if (j->outer) gen_join_put_left(f, j, false);
  gen_carry(f, j->n, cols, len);
  f->indent--;
  gen_line(f, "}");
}

/* op<id>_many: the left rows of the selection, whose key numbers are in S->jl<id>_id. */
static void join_many(const Join *j) {
  Gen *g = j->g;
  GenFn f;
  ColId *cols;
  uint32_t len = join_carried(j, &cols);
  gen_carry_flush(g, j->pn, cols, j->outer ? 0 : len);
  gen_fn_open(&f, g, j->n, "_many");
  gen_declare_columns(&f, NULL, 0, cols, len);
  gen_line(&f, "FrtJoin *J = &S->h->j%u;", j->id);
  gen_line(&f, "const uint32_t *id = S->jl%u_id;", j->id);
  if (j->has_else) gen_line(&f, "uint32_t *rest = S->r%u;", j->id);
  gen_line(&f, "uint32_t m = 0, rests = 0;");
  gen_line(&f, "uint64_t made = 0;");
  gen_line(&f, "int rc = 0, e = 0;");
  gen_line(&f, "(void)e;");
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  join_many_row(&f, j, cols, j->outer ? 0 : len);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "if (m && (rc = op%u_flush(cx, S, b, m))) return rc;", j->id);
  gen_count(&f, j->id, "MADE", "made");
  gen_count(&f, j->id, j->has_else ? "ELSE" : "DROPPED", "rests");
  if (j->has_else) gen_call_uses(&f, j->pn, 1, "b", "rest", "rests");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- the left side ---- */

const char *gen_join_asof_how(const Join *j) {
  if (!j->n->asof_later) return j->n->asof_strict ? "FRT_ASOF_STRICT" : "0";
  return j->n->asof_strict ? "FRT_ASOF_LATER | FRT_ASOF_STRICT" : "FRT_ASOF_LATER";
}

uint64_t gen_join_within(const Join *j) {
  uint64_t unit = j->n->left_time->type->kind == TY_DATE ? 86400000000u : 1;
  return j->n->within_us ? (uint64_t)j->n->within_us / unit : UINT64_MAX;
}

/* The right side is on disk: left rows follow. */
static void join_left_away(GenFn *f, const Join *j, const GenKeys *k) {
  gen_line(f, "if (S->h->j%u.spilled) {", j->id);
  f->indent++;
  gen_line(f, "if ((rc = FRT_TURN(cx))) return rc;");
  gen_line(f, "return frt_join_left(cx, S, &S->h->j%u, %s, %s, %s, %s, %s, %s);", j->id, k->keys, k->nul, k->sel,
           j->asof ? "id" : "NULL", j->asof ? "when" : "NULL", k->n);
  f->indent--;
  gen_line(f, "}");
}

static void join_left_times(GenFn *f, const Join *j, const GenKeys *k) {
  const PlanNode *n = j->n;
  join_time_array(j, "jl");
  gen_line(f, "uint64_t *when = %s;", join_time_pointer(j, "jl"));
  gen_line(f, "for (uint32_t k = 0; k < %s; k++) {", k->n);
  f->indent++;
  gen_line(f, "uint32_t i = %s[k];", k->sel);
  gen_line(f, "int e = 0;");
  gen_line(f, "(void)e; (void)i;");
  CVal v = join_time(f, n->left_time, "k");
  if (v.n) gen_line(f, "if (%s) id[k] = FRT_NONE;", v.n);
  if (f->fails) {
    gen_line(f, "continue;");
    buf_put(f->out, "  time_fail:\n");
    gen_line(f, "frt_error(cx, b, i, %u, e, %s);", j->id, gen_join_no_field(j));
    gen_line(f, "id[k] = FRT_FAILED;");
  }
  f->indent--;
  gen_line(f, "}");
  if (j->pn->spills) join_left_away(f, j, k);
  gen_line(f, "frt_join_asof(&S->h->j%u, id, when, %s, %s, 0x%lxUL);", j->id, k->n, gen_join_asof_how(j),
           (unsigned long)gen_join_within(j));
}

static void join_probe_open(GenFn *f, const Join *j, GenKeys *k) {
  Gen *g = j->g;
  const PlanNode *n = j->n;
  uint32_t len = n->join_key_len;
  const Expr **read = arena_alloc(g->arena, (len + 1) * sizeof *read);
  ColId *made = arena_alloc(g->arena, (j->made_len + 1) * sizeof *made);
  for (uint32_t i = 0; i < len; i++) read[i] = n->left_keys[i];
  read[len] = n->left_time;
  for (uint32_t i = 0; i < j->made_len; i++) {
    made[i] = join_made_col(j, i);
    gen_column_state(g, made[i], true);
  }
  gen_array(g, "uint32_t", gen_printf(g, "s%u", j->id));
  if (j->has_else) gen_array(g, "uint32_t", gen_printf(g, "r%u", j->id));
  gen_fn_open(f, g, n, j->pn->left_held ? "_find" : "_in0");
  gen_declare_columns(f, read, len + 1, made, j->outer ? 0 : j->made_len);
  gen_line(f, "int rc = 0;");
  gen_line(f, "(void)rc;");
  gen_line(f, "frt_join_ready(&S->h->j%u);", j->id);
  *k = gen_keys(f, n, "jl", n->left_keys, len, false);
  gen_line(f, "uint32_t *id = %s;", k->ids);
  gen_count(f, j->id, "IN", "n");
  if (j->pn->spills && !j->asof) join_left_away(f, j, k);
  if (j->pn->spills && j->asof) {
    gen_line(f, "if (S->h->j%u.spilled) memset(id, 0, %s * sizeof *id);", j->id, k->n);
    gen_line(f, "else");
    f->indent++;
  }
  gen_line(f, "frt_join_find_%s(&S->h->j%u, %s, %s, %s, id);", k->is_word ? "words" : "texts", j->id, k->keys, k->nul, k->n);
  if (j->pn->spills && j->asof) f->indent--;
}

static void join_probe(const Join *j) {
  GenFn f;
  GenKeys k;
  join_probe_open(&f, j, &k);
  const char *many = gen_printf(j->g, "op%u_many(cx, S, b, %s, %s)", j->id, k.sel, k.n);
  if (j->outer) {
    gen_line(&f, "(void)id;");
    gen_turn(&f);   /* it notes which rows matched */
    gen_line(&f, "return %s;", many);
    gen_fn_close(&f);
    return;
  }
  if (j->asof) join_left_times(&f, j, &k);
  else if (j->n->join == JOIN_LOOKUP) gen_line(&f, "frt_join_find(&S->h->j%u, id, %s, %d);", j->id, k.n, !j->n->right_keyed);
  else if (!j->only_keys) gen_line(&f, "if (S->h->j%u.several) return %s;", j->id, many);
  gen_line(&f, "uint32_t *keep = S->s%u, kept = 0, rests = 0;", j->id);
  if (j->has_else) gen_line(&f, "uint32_t *rest = S->r%u;", j->id);
  if (j->only_keys) join_members(&f, j, &k);
  else join_single(&f, j, &k);
  gen_count(&f, j->id, "OUT", "kept");
  gen_count(&f, j->id, j->has_else ? "ELSE" : "DROPPED", "rests");
  gen_call_uses(&f, j->pn, 0, "b", "keep", "kept");
  if (j->has_else) gen_call_uses(&f, j->pn, 1, "b", "rest", "rests");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* ---- a left side that is held, unmatched right rows ---- */

/* Rows that keep their place stay in memory: what is on disk has lost it. */
static void join_queue_state(const Join *j, const ColId *cols, uint32_t len) {
  Gen *g = j->g;
  gen_spill_columns(g, gen_printf(g, "op%u_queue", j->id), cols, len);
  buf_printf(&g->held, "  FrtRowQueue lq%u;\n", j->id);
  buf_printf(&g->init, "  S->h->l%u.spills = 1;\n", j->id);
  buf_printf(&g->init, "  S->h->lq%u.op = %u;\n  S->h->lq%u.len = %u;\n  S->h->lq%u.columns = op%u_queue;\n", j->id, j->id, j->id,
             len, j->id, j->id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_queue_end, &S->h->lq%u);\n", j->id);
}

/* The right side is asked for rows with these keys alone. */
static void join_note_left(GenFn *f, const Join *j) {
  GenKeys k = gen_keys(f, j->n, "jk", j->n->left_keys, j->n->join_key_len, false);
  gen_array(j->g, "uint32_t", gen_printf(j->g, "jk%u_fresh", j->id));
  gen_turn(f);
  gen_line(f, "frt_join_note(cx, &S->h->j%u, %s, %s, %s, %s, S->jk%u_fresh);", j->id, k.keys, k.nul, k.n, k.ids, j->id);
}

static void join_hold_left(const Join *j, const ColId *cols, uint32_t len) {
  Gen *g = j->g;
  GenFn f;
  gen_row_struct(g, j->id, "left row", gen_printf(g, "L%u", j->id), cols, len, j->pn->places ? "  FrtStr file_;\n  uint64_t line_;\n" : NULL);
  buf_printf(&g->held, "  FrtStore l%u;\n", j->id);
  buf_printf(&g->init, "  frt_store_init(&S->h->l%u, sizeof(L%u));\n", j->id, j->id);
  buf_printf(&g->init, "  frt_at_end(cx, frt_store_end, &S->h->l%u);\n", j->id);
  if (!j->pn->places) join_queue_state(j, cols, len);
  gen_fn_open(&f, g, j->n, "_in0");
  gen_declare_columns(&f, NULL, 0, cols, len);
  if (j->pn->left_first) join_note_left(&f, j);
  else gen_turn(&f);
  if (!j->pn->places)
    gen_line(&f, "if (!frt_queue_fits(&S->h->lq%u, &S->h->l%u, n)) return frt_queue_put(cx, S, &S->h->lq%u, sel, n);", j->id, j->id, j->id);
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  gen_line(&f, "L%u *r = frt_store_add(cx, &S->h->l%u);", j->id, j->id);
  gen_line(&f, "(void)i; (void)r;");
  if (j->pn->places) gen_line(&f, "frt_row_place(b, i, &r->file_, &r->line_);");
  gen_row_save(&f, cols, len, "r", gen_printf(g, "&S->h->l%u", j->id));
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* The columns of held rows have arrays of their own: those of State belong to scans and operators. */
static void join_swap(GenFn *f, const Join *j, const ColId *cols, uint32_t len, bool back) {
  for (uint32_t i = 0; i < len; i++) {
    uint32_t c = cols[i];
    const char *type = gen_ctype(j->g, j->g->plan->columns[c].type);
    bool null = join_nullable(j, c);
    if (back) {
      gen_line(f, "S->c%u = old_c%u;", c, c);
      if (null) gen_line(f, "S->n%u = old_n%u;", c, c);
      continue;
    }
    gen_column_state(j->g, c, false);
    gen_array(j->g, type, gen_printf(j->g, "y%u_c%u", j->id, c));
    if (null) gen_array(j->g, "uint8_t", gen_printf(j->g, "y%u_n%u", j->id, c));
    gen_line(f, "%s *old_c%u = S->c%u;", type, c, c);
    gen_line(f, "S->c%u = S->y%u_c%u;", c, j->id, c);
    if (null) gen_line(f, "uint8_t *old_n%u = S->n%u;", c, c);
    if (null) gen_line(f, "S->n%u = S->y%u_n%u;", c, j->id, c);
  }
}

/* The left rows that wait on disk. */
static void join_emit_queue(GenFn *f, const Join *j) {
  gen_line(f, "while ((rc = frt_queue_next(cx, S, &S->h->lq%u, &m)) == FRT_OK) {", j->id);
  f->indent++;
  gen_line(f, "b->n = b->sel_len = m;");
  gen_line(f, "b->sel = S->iota;");
  gen_line(f, "if ((rc = op%u_find(cx, S, b, S->iota, m))) return rc;", j->id);
  gen_line(f, "if ((rc = frt_block_end(cx, b))) return rc;");
  gen_line(f, "b->row0 += m;");
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (rc != FRT_END) return rc;");
  gen_line(f, "rc = 0;");
  gen_line(f, "m = 0;");
  gen_line(f, "frt_queue_end(&S->h->lq%u);", j->id);
}

static void join_emit_left(GenFn *f, const Join *j, const ColId *cols, uint32_t len) {
  bool places = j->pn->places;
  join_swap(f, j, cols, len, false);
  gen_line(f, "for (uint64_t k = 0; k < S->h->l%u.len; k++) {", j->id);
  f->indent++;
  gen_line(f, "const L%u *r = FRT_ROW(&S->h->l%u, k);", j->id, j->id);
  for (uint32_t i = 0; i < len; i++) {
    gen_line(f, "S->c%u[m] = r->c%u;", cols[i], cols[i]);
    if (join_nullable(j, cols[i])) gen_line(f, "S->n%u[m] = r->n%u;", cols[i], cols[i]);
  }
  gen_line(f, "(void)r;");
  if (places) {   /* a block is of one file */
    gen_array(j->g, "uint64_t", gen_printf(j->g, "yl%u", j->id));
    gen_line(f, "S->yl%u[m] = r->line_;", j->id);
    gen_line(f, "if (++m < cx->block_rows && k + 1 < S->h->l%u.len && r->file_.ptr == ((const L%u *)FRT_ROW(&S->h->l%u, k + 1))->file_.ptr) continue;",
             j->id, j->id, j->id);
    gen_line(f, "b->file = r->file_;");
    gen_line(f, "b->line = S->yl%u;", j->id);
  } else {
    gen_line(f, "if (++m < cx->block_rows && k + 1 < S->h->l%u.len) continue;", j->id);
  }
  gen_line(f, "b->n = b->sel_len = m;");
  gen_line(f, "b->sel = S->iota;");
  gen_line(f, "if ((rc = op%u_find(cx, S, b, S->iota, m))) return rc;", j->id);
  gen_line(f, "if ((rc = frt_block_end(cx, b))) return rc;");
  gen_line(f, "b->row0 += m;");
  gen_line(f, "m = 0;");
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "frt_store_free(&S->h->l%u);", j->id);
  if (!places) join_emit_queue(f, j);
  if (places) gen_line(f, "b->file.len = 0;");
  if (places) gen_line(f, "b->line = NULL;");
  join_swap(f, j, cols, len, true);
}

static void join_emit_right(GenFn *f, const Join *j) {
  gen_line(f, "frt_join_ready(&S->h->j%u);", j->id);
  gen_line(f, "for (uint64_t k = 0; k < S->h->j%u.rows.len; k++) {", j->id);
  f->indent++;
  gen_line(f, "if (S->h->j%u.matched[S->h->j%u.key_of[k]]) continue;", j->id, j->id);
  gen_line(f, "const J%u *r = FRT_ROW(&S->h->j%u.rows, k);", j->id, j->id);
  gen_join_put_right(f, j, "S->", "m");
  gen_join_put_left(f, j, true);
  gen_line(f, "m++;");
  gen_emit_flush_when_full(f, j->pn, 0);
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "if (m) {");
  f->indent++;
  gen_emit_flush(f, j->pn, 0);
  f->indent--;
  gen_line(f, "}");
}

static void join_mark(void *env, ColId col) { ((uint8_t *)env)[col] = 1; }

uint32_t gen_join_left_columns(const Join *j, bool keys, ColId **cols) {
  const Plan *p = j->g->plan;
  const PlanNode *n = j->n;
  const Schema *s = &n->in[0].node->out[n->in[0].port].schema;
  uint8_t *wanted = arena_alloc(j->g->arena, p->column_len + 1);
  memcpy(wanted, j->pn->kept, p->column_len);
  for (uint32_t k = 0; k < n->out[0].schema.len; k++)
    if (wanted[n->out[0].schema.cols[k].col] && n->union_cols[0][k] != UINT32_MAX) wanted[n->union_cols[0][k]] = 1;
  for (uint32_t i = 0; keys && i < n->join_key_len; i++) expr_columns(n->left_keys[i], join_mark, wanted);
  if (keys && n->left_time) expr_columns(n->left_time, join_mark, wanted);
  uint32_t all = gen_used_columns(j->g, s, cols), len = 0;
  for (uint32_t i = 0; i < all; i++)
    if (wanted[(*cols)[i]]) (*cols)[len++] = (*cols)[i];
  return len;
}

static void join_emit(const Join *j) {
  Gen *g = j->g;
  ColId *cols;
  uint32_t len = gen_join_left_columns(j, true, &cols);
  GenFn f = {.g = g, .out = &g->funcs, .fail = "fail", .row = "i"};
  if (j->pn->left_held) join_hold_left(j, cols, len);
  buf_printf(&g->protos, "static int op%u_give(FrtCtx *cx, void *state);\n", j->id);
  buf_printf(&g->state, "  FrtBlock h%u;\n", j->id);
  gen_line(&f, "static int op%u_give(FrtCtx *cx, void *state) {", j->id);
  f.indent = 1;
  gen_line(&f, "State *S = state;");
  gen_line(&f, "FrtBlock *b = &S->h%u;", j->id);
  gen_line(&f, "uint32_t m = 0;");
  gen_line(&f, "int rc = 0, e = 0;");
  gen_line(&f, "(void)rc; (void)e;");
  gen_line(&f, "S->block = b;");
  if (j->pn->left_held) join_emit_left(&f, j, cols, len);
  if (j->pn->spills) {
    gen_line(&f, "if (S->h->j%u.spilled) rc = frt_join_rest(cx, S, &S->h->j%u);", j->id, j->id);
    gen_line(&f, "if (rc) return rc;");
  }
  if (j->outer) join_emit_right(&f, j);
  gen_line(&f, "frt_join_end(&S->h->j%u);", j->id);
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_join(Gen *g, const PhysNode *pn) {
  Join j = join_of(g, pn);
  bool multiplies = j.outer || j.n->join == JOIN_INNER || j.n->join == JOIN_LEFT;
  join_build(&j);
  join_probe(&j);
  if (multiplies) join_many(&j);
  if (pn->spills) gen_join_spill(&j);
  if (phys_emits(g->phys, pn->node)) join_emit(&j);
}
