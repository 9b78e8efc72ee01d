/* estimate.c: how many rows leave each node, for `explain`, and for which side of a join is read
 * first.
 *
 * A file's rows are its size by the width that its columns are guessed to have as text (compressed: four times the
 * size). The rest are the rules of thumb of Selinger et al. ("Access path selection", 1979): equality keeps a tenth, a
 * comparison a third, a group has ten rows unless its keys have few values. A join finds one row for each left one. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "phys/phys_internal.h"

/* ---- sources ---- */

static double width_of(const Type *t) {
  switch (t->kind) {
    case TY_BOOL: return 5;
    case TY_I8: case TY_U8: return 3;
    case TY_I16: case TY_U16: return 5;
    case TY_DECIMAL: return t->precision < 12 ? t->precision : 12;
    case TY_STRING: case TY_BYTES: return 12;
    case TY_DATE: case TY_F32: case TY_F64: return 10;
    case TY_TIMESTAMP: return 20;
    case TY_UUID: return 36;
    case TY_LIST: case TY_STRUCT: return 40;
    default: return 8;
  }
}

static double row_width(const Phys *p, const PlanNode *n) {
  double width = 0;
  bool names = n->read->options.format == FRT_FMT_JSONL || n->read->options.format == FRT_FMT_JSON;
  for (uint32_t i = 0; i < n->read->field_len; i++) {
    const PlanField *f = &n->read->fields[i];
    width += (f->width ? f->width : width_of(p->plan->columns[f->col].type)) + 1;
    if (names) width += (double)strlen(f->name) + 3;
  }
  if (n->read->options.format == FRT_FMT_TEXT) width = 80;
  return width > 1 ? width : 1;
}

static double file_bytes(const char *path) {
  struct stat st;
  size_t len = strlen(path);
  if (stat(path, &st) || !S_ISREG(st.st_mode)) return -1;
  bool packed = (len > 3 && !strcmp(path + len - 3, ".gz")) || (len > 4 && !strcmp(path + len - 4, ".zst"));
  return (double)st.st_size * (packed ? 4 : 1);
}

static double path_bytes(const char *path) {
  glob_t found;
  double bytes = -1;
  if (!strpbrk(path, "*?[")) return file_bytes(path);
  if (glob(path, 0, NULL, &found)) return -1;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    double more = file_bytes(found.gl_pathv[i]);
    if (more >= 0) bytes = (bytes < 0 ? 0 : bytes) + more;
  }
  globfree(&found);
  return bytes;
}

static double rows_of_read(const Phys *p, const PlanNode *n) {
  const Expr *path = n->read->path;
  if (!path || path->kind != EX_CONST || path->value.is_null || n->read->options.command || n->read->options.follow) return -1;
  double bytes = path_bytes(arena_strndup(p->plan->arena, path->value.s.ptr, path->value.s.len));
  return bytes < 0 ? -1 : bytes / row_width(p, n);
}

/* ---- operators ---- */

static double share_of(const Expr *e) {
  switch (e->kind) {
    case EX_CONST: return !e->value.is_null && e->value.i ? 1 : 0;
    case EX_AND: return share_of(e->arg[0]) * share_of(e->arg[1]);
    case EX_OR: {
      double a = share_of(e->arg[0]), b = share_of(e->arg[1]);
      return a + b - a * b;
    }
    case EX_NOT: return 1 - share_of(e->arg[0]);
    case EX_EQ: return 0.1;
    case EX_NE: return 0.9;
    case EX_IS_NULL: return 0.1;
    case EX_COLUMN: return 0.5;
    default: return 1.0 / 3;
  }
}

/* How many values a key can have; 0: many. */
static double domain_of(const Type *t) {
  double values = t->kind == TY_BOOL ? 2 : t->kind == TY_ENUM ? t->len : t->kind == TY_I8 || t->kind == TY_U8 ? 256 : 0;
  return values ? values + t->nullable : 0;
}

static double groups_of(const Phys *p, const PlanNode *n, double rows) {
  double groups = 1;
  for (uint32_t i = 0; i < n->by_len; i++) {
    double values = domain_of(p->plan->columns[n->by[i]].type);
    if (!values) values = rows < 0 ? -1 : rows / 10 + 1;
    if (values < 0) return -1;
    groups *= values;
  }
  return rows >= 0 && groups > rows ? rows : groups;
}

static double rows_of_join(const PlanNode *n, double left, double right) {
  switch (n->join) {
    case JOIN_SEMI: case JOIN_ANTI: return left / 2;
    case JOIN_RIGHT: return left > right ? left : right;
    case JOIN_FULL: return left < 0 || right < 0 ? -1 : left + right / 10;
    default: return left;
  }
}

/* n when the script says so, else -1. */
static double count_of(const PlanNode *n) { return n->count && n->count->kind == EX_CONST ? (double)n->count->value.i : -1; }

static double at_most(double rows, double most) { return most >= 0 && (rows < 0 || rows > most) ? most : rows; }

static double rows_of_windows(const PlanNode *n, double in) {
  bool hops = n->kind == PLAN_WINDOW && n->hop_us > 0 && n->hop_us < n->size_us;
  return hops ? in * (double)n->size_us / (double)n->hop_us : in;
}

static double rows_of_union(const Phys *p, const PlanNode *n) {
  double rows = 0;
  for (uint32_t i = 0; i < n->in_len; i++) {
    double more = p->nodes[n->in[i].node->id].rows;
    if (more < 0 || n->in[i].port) return -1;
    rows += more;
  }
  return rows;
}

static double rows_of(const Phys *p, const PlanNode *n) {
  double in = n->in_len && !n->in[0].port ? p->nodes[n->in[0].node->id].rows : -1;
  switch (n->kind) {
    case PLAN_READ: return rows_of_read(p, n);
    case PLAN_VALUES: return n->plugin ? -1 : n->read->field_len ? (double)(n->rows_len / n->read->field_len) : 0;
    case PLAN_RANGE: return count_of(n);
    case PLAN_ERRORS: return -1;
    case PLAN_UNION: return rows_of_union(p, n);
    case PLAN_AGGREGATE: return n->by_len ? groups_of(p, n, in) : 1;
    case PLAN_DISTINCT: return groups_of(p, n, in);
    case PLAN_TOP: return n->by_len ? in : at_most(in, count_of(n));
    case PLAN_TAKE: return at_most(in, count_of(n));
    default: break;
  }
  if (in < 0) return -1;
  switch (n->kind) {
    case PLAN_FILTER: return in * share_of(n->cond);
    case PLAN_SAMPLE: return in * n->rate;
    case PLAN_EXPLODE: return in * 3;
    case PLAN_UNPIVOT: return in * n->unpivot_len;
    case PLAN_ROUTE: return in / (n->conds_len + 1);
    case PLAN_SKIP: return count_of(n) < 0 ? in : in > count_of(n) ? in - count_of(n) : 0;
    case PLAN_JOIN: return rows_of_join(n, in, n->in[1].port ? -1 : p->nodes[n->in[1].node->id].rows);
    default: return rows_of_windows(n, in);
  }
}

void phys_estimate(Phys *p) {
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    p->nodes[n->id].rows = rows_of(p, n);
  }
}

/* ---- which side of a join ---- */

enum { LEFT_FIRST_LEAST = 100000, LEFT_FIRST_TIMES = 4 };

/* What it takes to hold the rows of an input, in columns. */
static double held_size(const Phys *p, const PlanEdge *in) {
  const Schema *s = &in->node->out[in->port].schema;
  uint32_t used = 1;
  for (uint32_t i = 0; i < s->len; i++) used += p->col_use[s->cols[i].col] != 0;
  return in->port ? -1 : p->nodes[in->node->id].rows * used;
}

bool phys_wants_left_first(const Phys *p, const PlanNode *n) {
  if (p->plan->replay) return false;   /* rows must keep their place in the source */
  if (n->kind != PLAN_JOIN || n->join == JOIN_RIGHT || n->join == JOIN_FULL) return false;   /* these want all right rows */
  const PhysNode *pn = &p->nodes[n->id];
  if (!pn->spills || pn->places || !n->join_key_len) return false;
  for (uint32_t i = 0; i < n->join_key_len; i++)
    if (expr_can_fail(n->left_keys[i])) return false;
  if (n->right_time && expr_can_fail(n->right_time)) return false;
  const char *forced = getenv("FLOW_JOIN");   /* for tests: the left side first wherever that may be */
  if (forced && !strcmp(forced, "left")) return true;
  double left = held_size(p, &n->in[0]), right = held_size(p, &n->in[1]);
  return left >= 0 && right >= 0 && p->nodes[n->in[1].node->id].rows >= LEFT_FIRST_LEAST && left * LEFT_FIRST_TIMES <= right;
}
