/* explain.c: the physical plan for people, and as a graph. */
#include <string.h>

#include "phys/phys.h"

enum { EXPLAIN_NAMES = 20 };

static const char *explain_policy(const Plan *p, const PlanNode *n) {
  switch (n->policy.kind) {
    case FRT_POLICY_PORT: return arena_printf(p->arena, " on error -> %s", n->policy.port >= 0 ? p->error_ports[n->policy.port].name : "?");
    case FRT_POLICY_SKIP: return " on error skip";
    case FRT_POLICY_NULL: return " on error null";
    default: return "";
  }
}

static const char *explain_from(const Plan *p, const PlanNode *n) {
  const char *text = "";
  for (uint32_t i = 0; i < n->in_len; i++) {
    const PlanEdge *e = &n->in[i];
    const char *port = e->port ? arena_printf(p->arena, ".%s", e->node->out[e->port].name) : "";
    text = arena_printf(p->arena, "%s%sn%u%s", text, i ? ", " : " <- ", e->node->id, port);
  }
  return text;
}

static const char *explain_join(const Plan *p, const PlanNode *n) {
  static const char *const kinds[] = {"inner", "left", "right", "full", "semi", "anti", "asof", "lookup"};
  const char *text = n->join == JOIN_LOOKUP ? "" : kinds[n->join];
  for (uint32_t i = 0; i < n->join_key_len; i++)
    text = arena_printf(p->arena, "%s%s%s == %s", text, i ? ", " : *text ? " on " : "on ", expr_text(p->arena, p, n->left_keys[i]),
                        expr_text(p->arena, p, n->right_keys[i]));
  return text;
}

static const char *explain_by(const Plan *p, const PlanNode *n) {
  const char *text = "";
  for (uint32_t i = 0; i < n->by_len; i++)
    text = arena_printf(p->arena, "%s%s%s", text, i ? ", " : "by ", p->columns[n->by[i]].name);
  return text;
}

/* What is made of the columns: "net = amount * 2, day = date(at)". */
static const char *explain_made(const Plan *p, const PlanNode *n) {
  const char *text = "";
  for (uint32_t i = 0; i < n->made_len; i++) {
    if (i == EXPLAIN_NAMES) return arena_printf(p->arena, "%s, and %u more", text, n->made_len - i);
    const char *name = n->made[i].col < p->column_len ? p->columns[n->made[i].col].name : "-";
    text = n->made[i].value ? arena_printf(p->arena, "%s%s%s = %s", text, i ? ", " : "", name, expr_text(p->arena, p, n->made[i].value))
                            : arena_printf(p->arena, "%s%s%s", text, i ? ", " : "", name);
  }
  return text;
}

/* Of a node that only chooses columns: those that are left. */
static const char *explain_chosen(const Plan *p, const PlanNode *n) {
  const Schema *s = &n->out[0].schema;
  const char *text = "";
  for (uint32_t i = 0; i < s->len; i++) {
    if (i == EXPLAIN_NAMES) return arena_printf(p->arena, "%s, and %u more", text, s->len - i);
    text = arena_printf(p->arena, "%s%s%s", text, i ? ", " : "", s->cols[i].name);
  }
  return text;
}

static const char *explain_keys(const Plan *p, const PlanNode *n) {
  const char *text = "";
  for (uint32_t i = 0; i < n->key_len; i++)
    text = arena_printf(p->arena, "%s%s%s%s", text, i ? ", " : "", expr_text(p->arena, p, n->keys[i].value), n->keys[i].desc ? " desc" : "");
  return text;
}

static const char *explain_what(const Plan *p, const PlanNode *n) {
  if (n->kind == PLAN_EXTRACT) return arena_printf(p->arena, "%s with r\"%s\"", expr_text(p->arena, p, n->cond), n->text);
  if (n->kind == PLAN_MAP) return n->made_len ? explain_made(p, n) : explain_chosen(p, n);
  if (n->kind == PLAN_SORT) return explain_keys(p, n);
  if (n->kind == PLAN_TOP) return arena_printf(p->arena, "%s by %s", n->count ? expr_text(p->arena, p, n->count) : "", explain_keys(p, n));
  if (n->cond) return expr_text(p->arena, p, n->cond);
  if (n->read && n->read->path) return expr_text(p->arena, p, n->read->path);
  if (n->sink && n->sink->path) return expr_text(p->arena, p, n->sink->path);
  if (n->count) return expr_text(p->arena, p, n->count);
  if (n->kind == PLAN_JOIN) return explain_join(p, n);
  if (n->kind == PLAN_AGGREGATE || n->kind == PLAN_DISTINCT) return explain_by(p, n);
  if (n->kind == PLAN_ERRORS) return p->error_ports[n->error_port].name;
  return "";
}

static uint32_t explain_width(const Type *t) {
  switch (t->kind) {
    case TY_BOOL: case TY_I8: case TY_U8: return 1;
    case TY_I16: case TY_U16: case TY_ENUM: return 2;
    case TY_I32: case TY_U32: case TY_F32: case TY_DATE: return 4;
    case TY_DECIMAL: return type_is_wide(t) ? 16 : 8;
    case TY_STRING: case TY_BYTES: case TY_UUID: case TY_LIST: return 16;
    default: return 8;
  }
}

static void explain_columns(const Phys *p, const PlanNode *n, FILE *out) {
  uint32_t bytes = 0, unused = 0;
  const Schema *s = &n->out[0].schema;
  for (uint32_t i = 0; i < s->len; i++) {
    const Type *t = p->plan->columns[s->cols[i].col].type;
    if (!p->col_use[s->cols[i].col]) {
      unused++;
      continue;
    }
    fprintf(out, "       %s %s%s%s\n", s->cols[i].name, type_text(p->plan->arena, t),
            p->col_use[s->cols[i].col] & COL_RAW ? " (text may be copied)" : "",
            p->late[s->cols[i].col] ? " (checked; values are made for the rows that want them)" : "");
    bytes += explain_width(t) + t->nullable;
  }
  fprintf(out, "       = %u bytes a row in columns", bytes);
  if (unused) fprintf(out, ", %u columns never parsed", unused);
  fputs("\n", out);
}

/* 1234567 as 1,234,567, in two digits that count. */
static const char *explain_number(Arena *a, double v) {
  double unit = 1;
  while (v / unit >= 100) unit *= 10;
  uint64_t n = (uint64_t)(v / unit + 0.5) * (uint64_t)unit;
  const char *text = "";
  for (; n >= 1000; n /= 1000) text = arena_printf(a, ",%03u%s", (unsigned)(n % 1000), text);
  return arena_printf(a, "%u%s", (unsigned)n, text);
}

static const char *explain_rows(const Phys *p, const PlanNode *n) {
  double rows = p->nodes[n->id].rows;
  if (!n->out_len) return "";
  if (rows < 0) return ", ? rows";
  return arena_printf(p->plan->arena, ", %s%s rows", n->kind == PLAN_VALUES || n->kind == PLAN_RANGE ? "" : "~",
                      explain_number(p->plan->arena, rows > 1e18 ? 1e18 : rows));
}

static void explain_sort(const PhysNode *pn, FILE *out) {
  uint32_t words = phys_sort_words(pn->node);
  fprintf(out, "       row: its %s, and ", pn->texts ? "text as it will be printed" : "columns as bytes");
  if (words) fprintf(out, "%u bytes: 0 key, %u place\n", 8 * words + 8, 8 * words);
  else fputs("its keys as bytes, 8 bytes place\n", out);
}

/* What an operator keeps while it runs. */
static void explain_held(const Phys *p, const PlanNode *n, FILE *out) {
  const PhysNode *pn = &p->nodes[n->id];
  if (n->kind == PLAN_JOIN)
    fputs(pn->spills ? "       the right side goes to disk when it does not fit\n" : "       the right side must fit into memory\n", out);
  if (n->kind == PLAN_DISTINCT)
    fputs(pn->spills ? "       rows of keys that do not fit go to disk\n" : "       the keys must fit into memory\n", out);
  if (pn->left_first) fputs("       the left side is the smaller one: it is held first, and of the right side rows with its keys\n", out);
  else if (pn->left_held) fputs("       left rows are held too: they come before the right side is complete\n", out);
  if (n->kind == PLAN_SORT) explain_sort(pn, out);
  if (pn->layout) fputs(pn->layout, out);
}

void phys_explain(const Phys *p, FILE *out) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    fprintf(out, "n%-3u %-10s %s%s%s  [%s%s]%s%s\n", n->id, n->word ? n->word : "", explain_what(p->plan, n), explain_from(p->plan, n),
            explain_policy(p->plan, n), p->nodes[n->id].state_class, explain_rows(p, n), n->stream && *n->stream ? "  " : "", n->stream ? n->stream : "");
    explain_held(p, n, out);
    if (n->kind == PLAN_READ || n->kind == PLAN_VALUES || n->kind == PLAN_RANGE) explain_columns(p, n, out);
  }
  fputs("\norder:", out);
  for (uint32_t i = 0; i < p->step_len; i++)
    fprintf(out, " %s n%u", phys_scans(p->steps[i]) ? "scan" : "emit", p->steps[i]->id);
  fputs("\n", out);
}

static void graph_text(FILE *out, const char *s) {
  for (; *s; s++) {
    if (*s == '"' || *s == '\\') fputc('\\', out);
    fputc(*s == '\n' ? ' ' : *s, out);
  }
}

void phys_graph(const Phys *p, FILE *out) {
  fputs("digraph flow {\n  rankdir = LR;\n  node [shape = box, fontname = \"sans-serif\"];\n", out);
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    fprintf(out, "  n%u [label = \"n%u %s\\n", n->id, n->id, n->word ? n->word : "");
    graph_text(out, explain_what(p->plan, n));
    fputs("\"];\n", out);
    for (uint32_t k = 0; k < n->in_len; k++) {
      const PlanEdge *e = &n->in[k];
      fprintf(out, "  n%u -> n%u [label = \"", e->node->id, n->id);
      graph_text(out, e->port ? e->node->out[e->port].name : "");
      fputs("\"];\n", out);
    }
    if (n->policy.kind == FRT_POLICY_PORT && n->policy.port >= 0 && p->plan->error_ports[n->policy.port].node)
      fprintf(out, "  n%u -> n%u [style = dashed, label = \"errors\"];\n", n->id, p->plan->error_ports[n->policy.port].node->id);
  }
  fputs("}\n", out);
}
