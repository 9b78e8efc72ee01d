/* finish.c: what of the bound script runs.
 *
 * A node runs when a sink or a tap needs its rows, also by an else port or an error port. The others were
 * checked and are dropped with a warning. The rest is put in topological order (depth first by age,
 * with a stack of its own) and numbered; an error port stands behind all operators that feed it. */
#include <string.h>

#include "sema/bind_internal.h"

typedef struct Finish {
  Binder *b;
  Plan *p;
  bool *live;  /* by id */
  bool **read; /* by id and output: a live node reads it */
  PlanNode **stack;
  uint32_t stack_len;
} Finish;

static void push(Finish *f, PlanNode *n) {
  if (f->live[n->id]) return;
  f->live[n->id] = true;
  f->stack = arena_grow(f->b->arena, f->stack, f->stack_len, sizeof *f->stack);
  f->stack[f->stack_len++] = n;
}

static bool feeds(const PlanNode *n, uint32_t port) {
  return n->policy.kind == FRT_POLICY_PORT && n->policy.port == (int32_t)port;
}

/* Marks in `live` what stands below the error port `port`, that port's own default feeders aside. */
static void mark_below(Finish *f, uint32_t port) {
  Plan *p = f->p;
  memset(f->live, 0, p->next_id * sizeof *f->live);
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 0; i < p->node_len; i++) {
      PlanNode *n = p->nodes[i];
      bool below = n->kind == PLAN_ERRORS && n->error_port == port;
      for (uint32_t k = 0; k < n->in_len; k++) below |= n->in[k].node && f->live[n->in[k].node->id];
      if (!below || f->live[n->id]) continue;
      f->live[n->id] = more = true;
      PlanNode *e = n->policy.kind == FRT_POLICY_PORT && n->policy.port >= 0
                        ? p->error_ports[n->policy.port].node
                        : NULL;
      if (e) f->live[e->id] = true;
    }
  }
}

/* `default on error -> bad` does not hold for the operators that read `bad`. */
static void fix_defaults(Finish *f) {
  Streams *st = streams_of(f->b);
  Port *p = st->dflt && st->dflt->kind == AST_ON_PORT && st->dflt->port.text
                ? port_find(f->b, st->dflt->port.text)
                : NULL;
  if (!p || p->error_port < 0 || !f->p->error_ports[p->error_port].node) return;
  mark_below(f, (uint32_t)p->error_port);
  for (uint32_t i = 0; i < f->p->node_len; i++) {
    PlanNode *n = f->p->nodes[i];
    if (n->id < st->by_default_len && st->by_default[n->id] && f->live[n->id])
      n->policy = (PlanPolicy){ .kind = FRT_POLICY_FAIL, .port = -1 };
  }
}

static void mark_live(Finish *f) {
  Plan *p = f->p;
  memset(f->live, 0, p->next_id * sizeof *f->live);
  f->stack_len = 0;
  for (uint32_t i = 0; i < p->node_len; i++)
    if (p->nodes[i]->kind == PLAN_WRITE || (p->nodes[i]->kind == PLAN_TAP && !p->nodes[i]->tap_off && !p->nodes[i]->tap_live)) push(f, p->nodes[i]);
  while (f->stack_len) {
    PlanNode *n = f->stack[--f->stack_len];
    for (uint32_t i = 0; i < n->in_len; i++) {
      f->read[n->in[i].node->id][n->in[i].port] = true;
      push(f, n->in[i].node);
    }
    for (uint32_t i = 0; n->kind == PLAN_ERRORS && i < p->node_len; i++)
      if (feeds(p->nodes[i], n->error_port)) push(f, p->nodes[i]);
  }
  for (uint32_t i = 0; i < p->node_len; i++) {   /* a stream that runs can be tapped; a tap makes none run */
    const PlanNode *n = p->nodes[i];
    if (n->kind == PLAN_TAP && n->tap_live && f->read[n->in[0].node->id][n->in[0].port]) f->live[n->id] = true;
  }
}

/* ---- warnings ---- */

static void warn_streams(Finish *f) {
  Streams *st = streams_of(f->b);
  for (uint32_t i = 0; i < st->unit_len; i++) {
    const Unit *u = st->units[i];
    PlanNode *n = u->result.node;
    if (!u->name[0] || !n || f->read[n->id][u->result.port] || n->kind == PLAN_TAP) continue;
    if (f->live[n->id])
      diag_report(f->b->diags, DIAG_W0114, u->span, NULL, "only its ports are read", u->name);
    else diag_report(f->b->diags, DIAG_W0101, u->span, NULL, NULL, u->name);
  }
}

static void warn_ports(Finish *f) {
  Streams *st = streams_of(f->b);
  for (uint32_t i = 0; i < st->port_len; i++) {
    const Port *p = st->ports[i];
    bool read = !p->of_rows || !p->feed_len;
    for (uint32_t k = 0; k < p->feed_len; k++)
      read |= f->read[p->feeds[k].edge.node->id][p->feeds[k].edge.port];
    if (!read)
      diag_report(f->b->diags, DIAG_W0102, p->span, NULL, "its rows are counted and dropped",
                  p->name);
  }
  for (uint32_t i = 0; i < f->p->error_port_len; i++) {
    PlanErrorPort *p = &f->p->error_ports[i];
    if (p->node && f->live[p->node->id]) continue;
    p->node = NULL;
    diag_report(f->b->diags, DIAG_W0102, p->span, NULL,
                "its error rows are counted, limited and dropped", p->name);
  }
}

/* ---- order ---- */

enum { MARK_NEW, MARK_OPEN, MARK_DONE };

/* The i-th node that n waits for; NULL at the end. */
static PlanNode *dependency(const Plan *p, const PlanNode *n, uint32_t *at) {
  if (n->kind != PLAN_ERRORS) return *at < n->in_len ? n->in[(*at)++].node : NULL;
  for (; *at < p->node_len; ++*at)
    if (feeds(p->nodes[*at], n->error_port)) return p->nodes[(*at)++];
  return NULL;
}

static void report_order(Finish *f, const PlanNode *n) {
  const char *path = NULL, *last = "";
  for (uint32_t i = 0; i < f->stack_len; i++) {
    if (!path && f->stack[i] != n) continue;
    const char *name = f->stack[i]->stream[0] ? f->stack[i]->stream : f->stack[i]->word;
    if (path && !strcmp(name, last)) continue;
    path = path ? arena_printf(f->b->arena, "%s -> %s", name, path) : name;
    last = name;
  }
  const char *name = n->stream[0] ? n->stream : n->word;
  diag_report(f->b->diags, DIAG_E0601, n->span, NULL,
              "an operator that reads an error port cannot send its errors there",
              arena_printf(f->b->arena, "%s -> %s", name, path ? path : name));
}

static void order_from(Finish *f, PlanNode *root, uint8_t *mark, uint32_t *at, PlanNode **out,
                       uint32_t *len) {
  f->stack_len = 0;
  for (PlanNode *n = root; n || f->stack_len;) {
    if (n && mark[n->id] == MARK_OPEN) {
      report_order(f, n);
      return;
    }
    if (n && mark[n->id] == MARK_NEW) {
      mark[n->id] = MARK_OPEN;
      f->stack = arena_grow(f->b->arena, f->stack, f->stack_len, sizeof *f->stack);
      f->stack[f->stack_len++] = n;
    }
    PlanNode *top = f->stack_len ? f->stack[f->stack_len - 1] : NULL;
    if (!top) return;
    n = dependency(f->p, top, &at[top->id]);
    if (n) continue;
    mark[top->id] = MARK_DONE;
    out[(*len)++] = top;
    f->stack_len--;
  }
}

static void order_nodes(Finish *f) {
  Plan *p = f->p;
  uint32_t errors = diag_error_len(f->b->diags), len = 0;
  uint8_t *mark = arena_alloc(f->b->arena, p->next_id + 1);
  uint32_t *at = arena_alloc(f->b->arena, (p->next_id + 1) * sizeof *at);
  PlanNode **out = arena_alloc(f->b->arena, (p->node_len + 1) * sizeof *out);
  for (uint32_t i = 0; i < p->node_len && errors == diag_error_len(f->b->diags); i++)
    if (f->live[p->nodes[i]->id] && mark[p->nodes[i]->id] == MARK_NEW)
      order_from(f, p->nodes[i], mark, at, out, &len);
  if (errors != diag_error_len(f->b->diags)) return;
  p->nodes = out;
  p->node_len = len;
  p->next_id = len;
  for (uint32_t i = 0; i < len; i++) out[i]->id = i;
}

void plan_finish(Binder *b) {
  Finish f = { .b = b, .p = b->plan };
  Plan *p = b->plan;
  if (diag_error_len(b->diags)) return;
  f.live = arena_alloc(b->arena, (p->next_id + 1) * sizeof *f.live);
  f.read = arena_alloc(b->arena, (p->next_id + 1) * sizeof *f.read);
  for (uint32_t i = 0; i < p->node_len; i++)
    f.read[p->nodes[i]->id] = arena_alloc(b->arena, p->nodes[i]->out_len + 1);
  fix_defaults(&f);
  mark_live(&f);
  warn_streams(&f);
  warn_ports(&f);
  order_nodes(&f);
}
