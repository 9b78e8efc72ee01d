/* coverage.c: see coverage.h. */
#include "driver/coverage.h"

#include <string.h>

typedef enum CoverKind { COVER_OPERATOR, COVER_PORT, COVER_ARM, COVER_KINDS } CoverKind;

struct CoverPoint {
  CoverKind kind;
  const char *name;
  uint32_t line, column, ordinal;   /* ordinal: of those of its kind, line and name, in the order of the plan */
  bool hit;
};

static bool cover_same(const CoverPoint *a, const CoverPoint *b) {
  return a->kind == b->kind && a->line == b->line && !strcmp(a->name, b->name);
}

static void cover_point(Coverage *c, CoverPoint **own, uint32_t *own_len, CoverPoint p) {
  for (uint32_t i = 0; i < *own_len; i++) p.ordinal += cover_same(&(*own)[i], &p);
  *own = arena_grow(c->arena, *own, *own_len, sizeof **own);
  (*own)[(*own_len)++] = p;
}

static bool cover_place(const FlowProgram *p, Span span, CoverPoint *out) {
  const Source *s = span.file == p->file ? diags_source(p->diags, span.file) : NULL;
  if (s) diag_place(s, span.start, &out->line, &out->column);
  return s != NULL;
}

static bool cover_has_rows(const uint64_t *l) { return l[FRT_IN] || l[FRT_MADE] || l[FRT_HELD]; }

static CoverPoint *cover_points(Coverage *c, const FlowProgram *p, const FrtCover *run, uint32_t *len) {
  CoverPoint *own = NULL;
  *len = 0;
  for (uint32_t i = 0; i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    const uint64_t *l = run ? run->ledger + (size_t)n->id * FRT_LEDGER_LEN : NULL;
    CoverPoint point = {.kind = COVER_OPERATOR, .name = arena_printf(c->arena, "%s%s%s", n->word ? n->word : "", n->stream && *n->stream ? " " : "",
                                                                     n->stream ? n->stream : "")};
    if (n->kind == PLAN_WRITE || n->kind == PLAN_ERRORS || n->kind == PLAN_TAP || !cover_place(p, n->span, &point)) continue;
    point.hit = l && cover_has_rows(l);
    cover_point(c, &own, len, point);
    if (n->policy.kind != FRT_POLICY_PORT || n->policy.port < 0) continue;
    point.kind = COVER_PORT;
    point.name = p->plan->error_ports[n->policy.port].name;
    point.hit = l && l[FRT_ERRORS];
    cover_point(c, &own, len, point);
  }
  for (uint32_t i = 0; i < p->plan->cover_len; i++) {
    const PlanCover *x = &p->plan->covers[i];
    CoverPoint point = {.kind = x->port ? COVER_PORT : COVER_ARM, .name = x->port ? x->port : "", .hit = run && run->places[i]};
    if (cover_place(p, x->span, &point)) cover_point(c, &own, len, point);
  }
  return own;
}

void coverage_add(Coverage *c, const FlowProgram *p, const FrtCover *run) {
  uint32_t len;
  if (!p->plan || !p->phys) return;
  CoverPoint *own = cover_points(c, p, run, &len);
  for (uint32_t i = 0; i < len; i++) {
    uint32_t k = 0;
    while (k < c->len && !(cover_same(&c->points[k], &own[i]) && c->points[k].ordinal == own[i].ordinal)) k++;
    if (k < c->len) c->points[k].hit |= own[i].hit;
    if (k < c->len || c->whole) continue;
    c->points = arena_grow(c->arena, c->points, c->len, sizeof *c->points);
    c->points[c->len] = own[i];
    c->points[c->len++].name = arena_strndup(c->arena, own[i].name, strlen(own[i].name));   /* the program is freed */
  }
  if (!run) c->whole = true;
}

int coverage_print(const Coverage *c, const char *path, const char *prefix, FILE *out) {
  static const char *const names[COVER_KINDS] = {"operators", "ports", "match arms"}, *const one[COVER_KINDS] = {"", "port ", "arm of `match`"};
  uint32_t all[COVER_KINDS] = {0}, hit[COVER_KINDS] = {0}, hits = 0;
  for (uint32_t i = 0; i < c->len; i++) {
    all[c->points[i].kind]++;
    hit[c->points[i].kind] += c->points[i].hit;
    hits += c->points[i].hit;
  }
  int percent = c->len ? (int)(hits * 100 / c->len) : 100;
  fprintf(out, "%scoverage: %d%%:", prefix, percent);
  for (int k = 0; k < COVER_KINDS; k++) fprintf(out, "%s %u of %u %s", k ? "," : "", hit[k], all[k], names[k]);
  fputc('\n', out);
  for (uint32_t i = 0; i < c->len; i++) {
    const CoverPoint *p = &c->points[i];
    const char *q = *p->name ? "`" : "";
    if (!p->hit) fprintf(out, "%s  not reached: %s:%u:%u: %s%s%s%s\n", prefix, path, p->line, p->column, one[p->kind], q, p->name, q);
  }
  return percent;
}
