/* print.c: the plan as text, a node a line: number, word, stream, inputs, what it does, ports, policy, columns. */
#include <inttypes.h>
#include <stdio.h>

#include "plan/plan.h"

typedef struct Printer {
  const Plan *plan;
  FILE *out;
} Printer;

static void print_expr(const Printer *p, const Expr *e) {
  fputs(e ? expr_text(p->plan->arena, p->plan, e) : "else", p->out);
}

static const char *column_name(const Printer *p, ColId col) {
  return col < p->plan->column_len ? p->plan->columns[col].name : "-";
}

static void print_schema(const Printer *p, const Schema *s) {
  for (uint32_t i = 0; i < s->len; i++)
    fprintf(p->out, "%s%s %s", i ? ", " : "", s->cols[i].name,
            type_text(p->plan->arena, p->plan->columns[s->cols[i].col].type));
}

static void print_made(const Printer *p, const PlanNode *n) {
  for (uint32_t i = 0; i < n->made_len; i++) {
    fprintf(p->out, "%s%s", i ? ", " : "", column_name(p, n->made[i].col));
    if (!n->made[i].value) continue;
    fputs(" = ", p->out);
    print_expr(p, n->made[i].value);
  }
}

static void print_columns(const Printer *p, const char *word, const ColId *cols, uint32_t len) {
  if (!len) return;
  fputs(word, p->out);
  for (uint32_t i = 0; i < len; i++)
    fprintf(p->out, "%s%s", i ? ", " : " ", column_name(p, cols[i]));
}

static const char *const agg_names[] = { "count",
                                         "count_distinct",
                                         "sum",
                                         "avg",
                                         "min",
                                         "max",
                                         "first",
                                         "last",
                                         "median",
                                         "quantile",
                                         "stddev",
                                         "variance",
                                         "mode",
                                         "any",
                                         "all",
                                         "arg_min",
                                         "arg_max",
                                         "list",
                                         "text_join",
                                         "approx_distinct",
                                         "approx_quantile",
                                         "plugin",
                                         "row_number",
                                         "rank",
                                         "dense_rank",
                                         "ntile",
                                         "lag",
                                         "lead" };

static void print_aggs(const Printer *p, const PlanNode *n) {
  for (uint32_t i = 0; i < n->agg_len; i++) {
    const PlanAgg *a = &n->aggs[i];
    fprintf(p->out, "%s%s = %s(", i ? ", " : "", column_name(p, a->col), a->plugin ? a->plugin->name : agg_names[a->fn]);
    bool several = a->plugin && a->arg[0]->kind == EX_STRUCT;
    for (uint32_t j = 0; several && j < a->arg[0]->arg_len; j++) {
      if (j) fputs(", ", p->out);
      print_expr(p, a->arg[0]->arg[j]);
    }
    if (a->arg[0] && !several) print_expr(p, a->arg[0]);
    if (a->arg[1]) fputs(", ", p->out), print_expr(p, a->arg[1]);
    fputc(')', p->out);
    if (a->where) fputs(" where ", p->out), print_expr(p, a->where);
  }
}

static void print_keys(const Printer *p, const PlanNode *n) {
  for (uint32_t i = 0; i < n->key_len; i++) {
    if (i) fputs(", ", p->out);
    print_expr(p, n->keys[i].value);
    if (n->keys[i].desc) fputs(" desc", p->out);
    if (n->keys[i].nulls_first) fputs(" nulls first", p->out);
  }
}

static void print_read(const Printer *p, const PlanNode *n) {
  const PlanRead *r = n->read;
  if (r->path) print_expr(p, r->path);
  if (r->type_name) fprintf(p->out, " as %s", r->type_name);
  if (r->inferred) fputs(" inferred", p->out);
  for (uint32_t i = 0; i < r->field_len; i++) {
    const PlanField *f = &r->fields[i];
    if (f->key) fprintf(p->out, ", %s key", f->name);
    if (f->from_len) fprintf(p->out, ", %s from \"%s\"", f->name, f->from[0]);
    if (f->format) fprintf(p->out, ", %s format \"%s\"", f->name, f->format);
    if (f->zone) fprintf(p->out, ", %s tz \"%s\"", f->name, f->zone);
    if (f->dflt) fprintf(p->out, ", %s default ", f->name), print_expr(p, f->dflt);
    if (f->check) fprintf(p->out, ", %s check ", f->name), print_expr(p, f->check);
    if (f->width) fprintf(p->out, ", %s width %u", f->name, f->width);
  }
}

static void print_join(const Printer *p, const PlanNode *n) {
  static const char *const kinds[] = { "inner", "left", "right", "full",
                                       "semi",  "anti", "asof",  "lookup" };
  fprintf(p->out, "%s", kinds[n->join]);
  for (uint32_t i = 0; i < n->join_key_len; i++) {
    fputs(i ? ", " : " ", p->out);
    print_expr(p, n->left_keys[i]);
    fputs(" == ", p->out);
    print_expr(p, n->right_keys[i]);
  }
  if (n->left_time) {
    fputs(", ", p->out);
    print_expr(p, n->left_time);
    fprintf(p->out, n->asof_later    ? n->asof_strict ? " < " : " <= "
                    : n->asof_strict ? " > "
                                     : " >= ");
    print_expr(p, n->right_time);
  }
  if (n->within_us) fprintf(p->out, " within %" PRId64 "us", n->within_us);
  if (n->right_keyed) fputs(" keyed", p->out);
}

static void print_window(const Printer *p, const PlanNode *n) {
  fprintf(p->out, "%s on %s", n->kind == PLAN_WINDOW ? n->window : "sessionize",
          column_name(p, n->time_col));
  if (n->size_us) fprintf(p->out, " size %" PRId64 "us", n->size_us);
  if (n->hop_us) fprintf(p->out, " hop %" PRId64 "us", n->hop_us);
  if (n->gap_us) fprintf(p->out, " gap %" PRId64 "us", n->gap_us);
  if (n->lateness_us) fprintf(p->out, " lateness %" PRId64 "us", n->lateness_us);
  print_columns(p, " by", n->by, n->by_len);
}

static void print_tap(const Printer *p, const PlanNode *n) {
  fprintf(p->out, "\"%s\"", n->text);
  const Schema *s = &n->out[0].schema;
  for (uint32_t i = 0, first = 1; n->masked && i < s->len; i++)
    if (n->masked[i]) fprintf(p->out, "%s%s", first ? " mask " : ", ", s->cols[i].name), first = 0;
  if (n->limit != ~(uint64_t)0) fprintf(p->out, " limit %" PRIu64, n->limit);
  if (n->rate < 1) fprintf(p->out, " sample %g", n->rate);
  if (n->seed) fprintf(p->out, " seed %" PRIu64, n->seed);
  if (n->every) fprintf(p->out, " every %" PRIu64, n->every);
  if (n->cond) fprintf(p->out, " where %s", expr_text(p->plan->arena, p->plan, n->cond));
}

static void print_values(const Printer *p, const PlanNode *n) {
  for (uint32_t i = 0; i < n->rows_len; i++) {
    if (i) fputs(i % n->read->field_len ? ", " : "; ", p->out);
    print_expr(p, n->rows[i]);
  }
}

static void print_union(const Printer *p, const PlanNode *n) {
  for (uint32_t i = 0; i < n->in_len; i++) {
    if (i) fputs("; ", p->out);
    for (uint32_t k = 0; k < n->out[0].schema.len; k++)
      fprintf(p->out, "%s%s", k ? ", " : "", column_name(p, n->union_cols[i][k]));
  }
}

static void print_sorted(const Printer *p, const PlanNode *n) {
  if (n->count) print_expr(p, n->count), fputs(" by ", p->out);
  print_keys(p, n);
  print_columns(p, " per", n->by, n->by_len);
}

static void print_rank(const Printer *p, const PlanNode *n) {
  print_aggs(p, n);
  print_columns(p, " by", n->by, n->by_len);
  if (n->made_len) fputs(" made ", p->out), print_made(p, n);
  if (n->key_len) fputs(" sort ", p->out), print_keys(p, n);
  if (n->frame) fputs(" rows ", p->out), print_expr(p, n->frame);
}

static void print_work(const Printer *p, const PlanNode *n) {
  switch (n->kind) {
    case PLAN_READ: print_read(p, n); break;
    case PLAN_VALUES:
      if (n->plugin) fputs(n->plugin->name, p->out);
      else print_values(p, n);
      break;
    case PLAN_ERRORS: fputs(p->plan->error_ports[n->error_port].name, p->out); break;
    case PLAN_FILTER:
    case PLAN_ASSERT:
    case PLAN_EXPLODE: print_expr(p, n->cond); break;
    case PLAN_MAP: print_made(p, n); break;
    case PLAN_EXTRACT: print_expr(p, n->cond), fprintf(p->out, " with %s", n->text); break;
    case PLAN_SCRIPT:
      fprintf(p->out, "js(\"%s\")", n->script->file);
      for (uint32_t i = 0; i < n->capture_len; i++)
        fprintf(p->out, "%s %s", i ? "," : " as", p->plan->columns[n->captures[i]].name);
      break;
    case PLAN_PLUGIN:
      fprintf(p->out, "%s%s", n->plugin->name, n->plugin->isolate ? " isolated" : "");
      for (uint32_t i = 0; i < n->unpivot_len; i++)
        fprintf(p->out, "%s %s", i ? "," : " of", p->plan->columns[n->unpivot_cols[i]].name);
      for (uint32_t i = 0; i < n->capture_len; i++)
        fprintf(p->out, "%s %s", i ? "," : " as", p->plan->columns[n->captures[i]].name);
      break;
    case PLAN_ROUTE:
      for (uint32_t i = 0; i < n->conds_len; i++) {
        if (i) fputs(", ", p->out);
        print_expr(p, n->conds[i]);
        fprintf(p->out, " -> %s", n->out[i + 1].name);
      }
      break;
    case PLAN_TAKE:
    case PLAN_SKIP:
    case PLAN_RANGE: print_expr(p, n->count); break;
    case PLAN_SAMPLE: fprintf(p->out, "%g seed %" PRIu64, n->rate, n->seed); break;
    case PLAN_UNPIVOT: print_columns(p, "columns", n->unpivot_cols, n->unpivot_len); break;
    case PLAN_UNION: print_union(p, n); break;
    case PLAN_TAP: print_tap(p, n); break;
    case PLAN_AGGREGATE:
    case PLAN_PIVOT:
      print_aggs(p, n);
      if (n->made_len) fputs(" by ", p->out), print_made(p, n);
      break;
    case PLAN_SORT:
    case PLAN_TOP: print_sorted(p, n); break;
    case PLAN_DISTINCT: print_columns(p, "by", n->by, n->by_len); break;
    case PLAN_JOIN: print_join(p, n); break;
    case PLAN_RANK: print_rank(p, n); break;
    case PLAN_WINDOW:
    case PLAN_SESSIONIZE: print_window(p, n); break;
    case PLAN_WRITE:
      print_expr(p, n->sink->path);
      if (n->sink->partitioned) fputs(" partitioned", p->out);
      break;
  }
}

static void print_policy(const Printer *p, const PlanPolicy *y) {
  static const char *const kinds[] = { "fail", "port", "skip", "null" };
  if (y->kind == FRT_POLICY_FAIL) return;
  if (y->kind == FRT_POLICY_PORT && y->port >= 0)
    fprintf(p->out, " on error -> %s", p->plan->error_ports[y->port].name);
  else fprintf(p->out, " on error %s", kinds[y->kind]);
  if (y->limit_kind == FRT_LIMIT_NONE) return;
  fprintf(p->out, " limit %g%s", y->limit,
          y->limit_kind == FRT_LIMIT_RATE       ? "%"
          : y->limit_kind == FRT_LIMIT_IN_A_ROW ? " in a row"
                                                : "");
}

static const char *format_name(uint32_t format, char delimiter) {
  static const char *const names[] = { "",     "csv",    "jsonl", "json",      "fixed",
                                       "text", "values", "range", "deadletter" };
  if (format == FRT_FMT_CSV && delimiter == '\t') return "tsv";
  return format <= FRT_FMT_DEADLETTER ? names[format] : "";
}

static void print_node(const Printer *p, const PlanNode *n) {
  fprintf(p->out, "n%u %s", n->id, n->word);
  if (n->kind == PLAN_READ)
    fprintf(p->out, " %s", format_name(n->read->options.format, n->read->options.delimiter));
  if (n->kind == PLAN_WRITE)
    fprintf(p->out, " %s", format_name(n->sink->options.format, n->sink->options.delimiter));
  if (n->stream[0]) fprintf(p->out, " (%s)", n->stream);
  for (uint32_t i = 0; i < n->in_len; i++) {
    fprintf(p->out, "%sn%u", i ? ", " : " in ", n->in[i].node->id);
    if (n->in[i].port) fprintf(p->out, ".%s", n->in[i].node->out[n->in[i].port].name);
  }
  fputs(" [", p->out);
  print_work(p, n);
  fputc(']', p->out);
  if (n->kind != PLAN_ROUTE && n->out_len > 1) fprintf(p->out, " else -> %s", n->out[1].name);
  print_policy(p, &n->policy);
  if (n->out_len) {
    fputs(" -> ", p->out);
    print_schema(p, &n->out[0].schema);
  }
  fputc('\n', p->out);
}

void plan_print(const Plan *plan, FILE *out) {
  Printer p = { plan, out };
  for (uint32_t i = 0; i < plan->param_len; i++) {
    const PlanParam *a = &plan->params[i];
    fprintf(out, "param %s: %s", a->name, type_text(plan->arena, a->type));
    if (a->dflt) fputs(" = ", out), print_expr(&p, a->dflt);
    fputc('\n', out);
  }
  for (uint32_t i = 0; i < plan->node_len; i++) print_node(&p, plan->nodes[i]);
}
