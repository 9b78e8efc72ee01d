/* replay.c: `flowc replay`: dead letters go through a script that was fixed, so that its outputs become what a clean run
 * would have given.
 *
 * The letters fall into classes by the operator where their rows left. From there rows go on as the plan says, and what comes
 * of them is appended to the outputs of the first run, as long as every operator on the way looks at one row at a time. An output
 * behind one that looks at several rows, or one that had read of the failure itself, cannot be mended by more rows: it is
 * made again of all rows. So there are two runs of one module with sinks of different modes:
 *
 *   1. the records alone, to see that they are all there and the same (dry, where 2 follows);
 *   2. all rows, into the sinks that are made again and the dead letters;
 *   3. the records alone, appended to the other sinks.
 *
 * The second can be repeated, the third commits as one: whatever ends a replay, it can be started again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/compile.h"
#include "driver/letters.h"
#include "sched/replay.h"
#include "sched/run.h"

typedef struct ReplayClass {
  const PlanNode *node;
  FrtStr op;                 /* as the letters name it */
  int64_t line, column;      /* in the script of then */
  bool leaves;               /* by an else port, and not by an error */
  bool whole;                /* its rows cannot be told from others by their place: outputs are made again */
} ReplayClass;

enum { SINK_UNTOUCHED, SINK_APPEND, SINK_AGAIN };

typedef struct Replay {
  FlowProgram *p;
  Arena *arena;
  const char *path;
  Letter *letters;
  uint32_t letter_len;
  ReplayClass *classes;
  uint32_t class_len, node_len;
  uint8_t *before, *behind;  /* as in FrtReplay */
  uint64_t *exits;
  uint8_t *again, *more;     /* by node: reached by what makes its output anew; by rows that are added */
  uint8_t *sinks;            /* SINK_*, in the order of the module's */
  FrtReplay run;
} Replay;

static bool replay_refuse(const Replay *r, const Letter *l, const char *what) {
  fprintf(stderr, "flowc: %s:%u: %s\n", r->path, l->at, what);
  return false;
}

static bool replay_is(FrtStr a, const char *b) { return a.len == strlen(b) && !memcmp(a.ptr, b, a.len); }

static const char *replay_text(const Replay *r, FrtStr s) { return s.ptr ? arena_strndup(r->arena, s.ptr, s.len) : ""; }

/* ---- the operator of a letter ---- */

static const char *replay_operator(const Replay *r, const PlanNode *n) {
  const char *word = n->word ? n->word : "";
  return n->stream && *n->stream ? arena_printf(r->arena, "%s %s", word, n->stream) : word;
}

static bool replay_stands_at(const Replay *r, const PlanNode *n, int64_t line, int64_t column) {
  const Source *s = diags_source(r->p->diags, n->span.file);
  uint32_t l = 0, c = 0;
  if (s) diag_place(s, n->span.start, &l, &c);
  return l == line && c == column;
}

/* The operator of that name; of several, the one at that place. Without one *several says whether there are any. */
static const PlanNode *replay_node(const Replay *r, const Letter *l, bool *several) {
  const PlanNode *named = NULL, *placed = NULL;
  uint32_t names = 0, places = 0;
  for (uint32_t i = 0; i < r->p->plan->node_len; i++) {
    const PlanNode *n = r->p->plan->nodes[i];
    if (n->kind == PLAN_WRITE || !replay_is(l->op, replay_operator(r, n))) continue;
    names++;
    named = n;
    if (!replay_stands_at(r, n, l->script_line, l->script_column)) continue;
    places++;
    placed = n;
  }
  *several = names > 1;
  return names == 1 ? named : places == 1 ? placed : NULL;
}

static void replay_class_add(Replay *r, const PlanNode *node, const Letter *l, bool leaves, bool whole) {
  r->classes = arena_grow(r->arena, r->classes, r->class_len, sizeof *r->classes);
  r->classes[r->class_len++] = (ReplayClass){node, l->op, l->script_line, l->script_column, leaves, whole};
}

/* Several operators that a letter may mean: each is a class of its own, whose outputs are made again. */
static void replay_class_all(Replay *r, const Letter *l, bool leaves) {
  for (uint32_t i = 0; i < r->p->plan->node_len; i++)
    if (replay_is(l->op, replay_operator(r, r->p->plan->nodes[i]))) replay_class_add(r, r->p->plan->nodes[i], l, leaves, true);
}

static bool replay_class_find(Replay *r, const Letter *l, uint32_t *at) {
  bool leaves = replay_is(l->code, "else"), several;
  for (*at = 0; *at < r->class_len; ++*at) {
    ReplayClass *c = &r->classes[*at];
    if (c->leaves != leaves || c->line != l->script_line || c->column != l->script_column || c->op.len != l->op.len ||
        memcmp(c->op.ptr, l->op.ptr, c->op.len)) continue;
    c->whole |= l->offset < 0 || !l->file.len;
    return true;
  }
  const PlanNode *n = replay_node(r, l, &several);
  if (n) replay_class_add(r, n, l, leaves, l->offset < 0 || !l->file.len);
  else if (several) replay_class_all(r, l, leaves);
  else return replay_refuse(r, l, arena_printf(r->arena, "`%s` has no operator `%s`: the letter is another script's, or its stream has another name now",
                                               r->p->path, replay_text(r, l->op)));
  return true;
}

/* ---- ways through the plan ---- */

/* Whether one row in gives its rows out, whatever other rows there are. */
static bool replay_row_wise(const Replay *r, const PlanNode *n) {
  switch (n->kind) {
    case PLAN_READ: case PLAN_ERRORS: case PLAN_FILTER: case PLAN_MAP: case PLAN_EXTRACT: case PLAN_ROUTE: case PLAN_ASSERT:
    case PLAN_EXPLODE: case PLAN_UNPIVOT: case PLAN_UNION: case PLAN_TAP: return true;
    case PLAN_WRITE: return n->sink->options.format != FRT_FMT_JSON;
    case PLAN_JOIN: return !r->p->phys->nodes[n->id].left_held && (n->join == JOIN_INNER || n->join == JOIN_LEFT || n->join == JOIN_SEMI ||
                                                                    n->join == JOIN_ANTI || n->join == JOIN_LOOKUP);
    default: return false;
  }
}

static const PlanNode *replay_error_node(const Replay *r, const PlanNode *n) {
  if (n->policy.kind != FRT_POLICY_PORT || n->policy.port < 0) return NULL;
  return r->p->plan->error_ports[n->policy.port].node;
}

/* Marks n and what rows reach from it; again[] from the first operator on that looks at several rows. `more` NULL: all of it. */
static void replay_forward(Replay *r, const PlanNode *n, uint32_t input, uint8_t *reached, uint8_t *again) {
  bool joins = n->kind == PLAN_JOIN && input == 1;
  if (reached && (joins || !replay_row_wise(r, n))) reached = NULL;
  uint8_t *seen = reached ? reached : again;
  if (seen[n->id]) return;
  seen[n->id] = 1;
  const PhysNode *pn = &r->p->phys->nodes[n->id];
  for (uint32_t port = 0; port < n->out_len; port++)
    for (uint32_t k = 0; k < pn->use_len[port]; k++) replay_forward(r, pn->uses[port][k].node, pn->uses[port][k].input, reached, again);
  const PlanNode *e = replay_error_node(r, n);
  if (e) replay_forward(r, e, 0, reached, again);
}

/* Marks n and the operators whose rows come to it; whether they all look at one row at a time. */
static bool replay_backward(Replay *r, const PlanNode *n, uint8_t *before) {
  if (before[n->id]) return true;
  before[n->id] = 1;
  bool plain = true;
  for (uint32_t i = 0; i < n->in_len && !(n->kind == PLAN_JOIN && i == 1); i++) {
    plain &= replay_row_wise(r, n->in[i].node);
    plain &= replay_backward(r, n->in[i].node, before);
  }
  for (uint32_t i = 0; n->kind == PLAN_ERRORS && i < r->p->plan->node_len; i++) {
    const PlanNode *m = r->p->plan->nodes[i];
    if (replay_error_node(r, m) == n) plain &= replay_backward(r, m, before) && replay_row_wise(r, m);
  }
  return plain;
}

/* Ports of `n` that lead off the way to the operator of a class: the row had not taken them. */
static uint64_t replay_exits(Replay *r, const PlanNode *n, const uint8_t *before, uint8_t *behind, uint8_t *again) {
  const PhysNode *pn = &r->p->phys->nodes[n->id];
  uint64_t exits = 0;
  for (uint32_t port = 0; port < n->out_len; port++) {
    bool on_the_way = false;
    for (uint32_t k = 0; k < pn->use_len[port]; k++) on_the_way |= before[pn->uses[port][k].node->id];
    if (on_the_way) continue;
    exits |= (uint64_t)1 << (port < 63 ? port : 63);
    for (uint32_t k = 0; k < pn->use_len[port]; k++) replay_forward(r, pn->uses[port][k].node, pn->uses[port][k].input, behind, again);
  }
  const PlanNode *e = replay_error_node(r, n);
  if (e && !before[e->id]) replay_forward(r, e, 0, behind, again);
  return exits;
}

static bool replay_is_dead_sink(const PlanNode *n) { return n->kind == PLAN_WRITE && n->sink->options.format == FRT_FMT_DEADLETTER; }

/* What has read the rows of the class where they left, other than as dead letters, is made again. */
static void replay_left(Replay *r, const ReplayClass *c) {
  const PlanNode *e = c->leaves ? NULL : replay_error_node(r, c->node);
  if (e) replay_forward(r, e, 0, NULL, r->again);
  const PhysNode *pn = &r->p->phys->nodes[c->node->id];
  for (uint32_t port = 1; c->leaves && port < c->node->out_len; port++) {
    bool dead = false;
    for (uint32_t k = 0; k < pn->use_len[port]; k++) dead |= replay_is_dead_sink(pn->uses[port][k].node);
    for (uint32_t k = 0; dead && k < pn->use_len[port]; k++) replay_forward(r, pn->uses[port][k].node, pn->uses[port][k].input, NULL, r->again);
  }
}

static void replay_class_ways(Replay *r, uint32_t at) {
  ReplayClass *c = &r->classes[at];
  uint8_t *before = r->before + (size_t)at * r->node_len, *behind = r->behind + (size_t)at * r->node_len;
  c->whole |= !replay_backward(r, c->node, before) || (!replay_row_wise(r, c->node));
  uint8_t *again = r->again;
  replay_left(r, c);
  replay_forward(r, c->node, 0, behind, again);
  for (uint32_t i = 0; i < r->p->plan->node_len; i++) {
    const PlanNode *n = r->p->plan->nodes[i];
    if (before[n->id] && n != c->node) r->exits[(size_t)at * r->node_len + n->id] = replay_exits(r, n, before, behind, again);
  }
  for (uint32_t i = 0; i < r->node_len; i++) {
    if (c->whole) again[i] |= behind[i];
    else r->more[i] |= behind[i];
  }
}

/* Rows of one record that left at several operators, of which one leads to the other, would meet there twice. */
static void replay_meet(Replay *r, uint32_t a, uint32_t b) {
  const uint8_t *x = r->behind + (size_t)a * r->node_len, *y = r->behind + (size_t)b * r->node_len;
  if (!x[r->classes[b].node->id] && !y[r->classes[a].node->id]) return;
  for (uint32_t n = 0; n < r->node_len; n++)
    if (x[n] || y[n]) r->again[n] = 1;
}

static void replay_meetings(Replay *r) {
  const FrtReplayLetter *l = r->run.letters;
  for (uint32_t i = 0; i < r->run.letter_len; i++)
    for (uint32_t k = i + 1; k < r->run.letter_len && l[k].offset == l[i].offset && !strcmp(l[k].file, l[i].file); k++)
      if (l[k].class_at != l[i].class_at) replay_meet(r, l[i].class_at, l[k].class_at);
}

static void replay_ways(Replay *r) {
  size_t all = (size_t)r->class_len * r->node_len;
  r->before = arena_alloc(r->arena, all + 1);
  r->behind = arena_alloc(r->arena, all + 1);
  r->exits = arena_alloc(r->arena, (all + 1) * sizeof *r->exits);
  r->again = arena_alloc(r->arena, r->node_len + 1);
  r->more = arena_alloc(r->arena, r->node_len + 1);
  for (uint32_t i = 0; i < r->class_len; i++) replay_class_ways(r, i);
  replay_meetings(r);
}

/* ---- scans and held sides ---- */

/* Marks what brings rows to the held side of a join. */
static void replay_side(Replay *r, const PlanNode *n, uint8_t *side, uint8_t *held) {
  if (side[n->id]) return;
  side[n->id] = 1;
  if (n->kind == PLAN_JOIN) held[n->id] = 1;
  for (uint32_t i = 0; i < n->in_len; i++) replay_side(r, n->in[i].node, side, held);
  for (uint32_t i = 0; n->kind == PLAN_ERRORS && i < r->p->plan->node_len; i++)
    if (replay_error_node(r, r->p->plan->nodes[i]) == n) replay_side(r, r->p->plan->nodes[i], side, held);
}

/* Says how each scan is read for the records. A scan of letters that feeds a held side too: false. */
static bool replay_scans(Replay *r) {
  const Phys *ph = r->p->phys;
  uint8_t *side = arena_alloc(r->arena, r->node_len + 1), *held = arena_alloc(r->arena, r->node_len + 1);
  uint8_t *modes = arena_alloc(r->arena, ph->scan_len + 1);
  uint8_t *of = arena_alloc(r->arena, (size_t)r->class_len * ph->scan_len + 1);
  bool plain = true;
  for (uint32_t i = 0; i < r->p->plan->node_len; i++) {
    const PlanNode *n = r->p->plan->nodes[i];
    bool on = false;
    for (uint32_t k = 0; k < r->class_len; k++)
      on |= r->before[(size_t)k * r->node_len + n->id] || r->behind[(size_t)k * r->node_len + n->id];
    if (n->kind != PLAN_JOIN || !on || !replay_row_wise(r, n)) continue;
    held[n->id] = 1;
    replay_side(r, n->in[1].node, side, held);
  }
  for (uint32_t s = 0; s < ph->scan_len; s++) {
    uint32_t id = ph->scans[s]->id;
    modes[s] = side[id] ? FRT_REPLAY_ALL : FRT_REPLAY_NONE;
    for (uint32_t k = 0; k < r->class_len; k++) {
      if (r->classes[k].whole || !r->before[(size_t)k * r->node_len + id]) continue;
      of[k * ph->scan_len + s] = 1;
      plain &= !side[id];
      modes[s] = FRT_REPLAY_RECORDS;
    }
  }
  r->run.side = side;
  r->run.held = held;
  r->run.scan_modes = modes;
  r->run.class_scans = of;
  return plain;
}

/* ---- sinks ---- */

static int replay_nowhere(FrtCtx *cx, void *state, FrtStr *out) {
  (void)cx;
  (void)state;
  *out = (FrtStr){"/dev/null", 9, 0};
  return FRT_OK;
}

static uint32_t replay_sink_judge(Replay *r) {
  uint32_t len = 0, seen = 0;
  r->sinks = arena_alloc(r->arena, r->p->plan->node_len + 1);
  for (uint32_t i = 0; i < r->p->plan->node_len; i++) {
    const PlanNode *n = r->p->plan->nodes[i];
    if (n->kind != PLAN_WRITE) continue;
    int what = replay_is_dead_sink(n) ? SINK_UNTOUCHED : r->again[n->id] ? SINK_AGAIN : r->more[n->id] ? SINK_APPEND : SINK_UNTOUCHED;
    seen |= 1u << what;
    r->sinks[len++] = (uint8_t)what;
  }
  uint32_t at = 0;
  for (uint32_t i = 0; i < r->p->plan->node_len; i++) {
    const PlanNode *n = r->p->plan->nodes[i];
    if (n->kind != PLAN_WRITE) continue;
    if (replay_is_dead_sink(n)) r->sinks[at] = seen >> SINK_AGAIN & 1 ? SINK_AGAIN : SINK_APPEND;
    at++;
  }
  return seen;
}

static bool replay_sink_refused(Replay *r) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < r->p->plan->node_len; i++) {
    const PlanNode *n = r->p->plan->nodes[i];
    if (n->kind != PLAN_WRITE || r->sinks[at++] != SINK_AGAIN || n->sink->options.mode != FRT_MODE_APPEND) continue;
    const Source *s = diags_source(r->p->diags, n->span.file);
    uint32_t line = 0, column = 0;
    if (s) diag_place(s, n->span.start, &line, &column);
    fprintf(stderr, "%s:%u:%u: error: this output would have to be made again of all rows, and it has mode = \"append\"\n"
            "  = nothing was replayed; undo what the first run appended, and run the script again\n", s ? s->path : "", line, column);
    return true;
  }
  return false;
}

/* The module with sinks of state `what` only, and what goes into the others closed. */
static FrtModule *replay_module(Replay *r, int what, uint8_t **closed) {
  const FrtModule *m = r->p->loaded.module;
  FrtModule *copy = arena_alloc(r->arena, sizeof *copy);
  FrtSink *sinks = arena_alloc(r->arena, (m->sink_len + 1) * sizeof *sinks);
  FrtOp *ops = arena_alloc(r->arena, (m->op_len + 1) * sizeof *ops);
  *copy = *m;
  *closed = arena_alloc(r->arena, r->node_len + 1);
  memcpy(ops, m->ops, m->op_len * sizeof *ops);
  for (uint32_t i = 0; i < m->sink_len; i++) {
    sinks[i] = m->sinks[i];
    if (r->sinks[i] == what) {
      sinks[i].options.mode = what == SINK_APPEND ? FRT_MODE_APPEND : FRT_MODE_REPLACE;
      continue;
    }
    (*closed)[sinks[i].op] = 1;
    if (!sinks[i].partitioned) sinks[i].path = replay_nowhere;
  }
  for (uint32_t i = 0; i < m->op_len && what == SINK_APPEND; i++) ops[i].limit_kind = FRT_LIMIT_NONE;
  for (uint32_t i = 0; i < r->p->plan->node_len && what == SINK_APPEND; i++)
    if (!replay_row_wise(r, r->p->plan->nodes[i])) (*closed)[r->p->plan->nodes[i]->id] = 1;
  copy->sinks = sinks;
  copy->ops = ops;
  return copy;
}

/* ---- the runs ---- */

static int replay_run(Replay *r, int what, const FrtRunOptions *flags, bool dry) {
  FrtRunOptions o = *flags;
  uint8_t *closed;
  FrtModule *m = replay_module(r, what, &closed);
  FrtReplay run = r->run;
  run.records = what == SINK_APPEND;
  run.closed = closed;
  for (uint32_t i = 0; i < run.letter_len; i++) run.letters[i].found = 0;
  uint8_t *all = arena_alloc(r->arena, m->scan_len + 1);
  memset(all, FRT_REPLAY_ALL, m->scan_len);
  if (!run.records) run.scan_modes = all;
  else o.threads = 1;
  o.replay = &run;
  o.dry_run |= dry;
  if (dry) o.stats = o.progress = 0, o.quiet = 1;
  return frt_run(m, &o);
}

/* Letters whose records are found by their place, for the run. */
static bool replay_letters(Replay *r) {
  FrtReplayLetter *out = arena_alloc(r->arena, (r->letter_len + 1) * sizeof *out);
  uint32_t len = 0, at;
  for (uint32_t i = 0; i < r->letter_len; i++) {
    const Letter *l = &r->letters[i];
    if (!replay_class_find(r, l, &at)) return false;
    if (l->offset < 0 || !l->file.len) continue;
    out[len++] = (FrtReplayLetter){.file = replay_text(r, l->file), .offset = l->offset, .line = l->line, .raw = l->raw, .class_at = at,
                                   .cut = replay_is(l->code, "record_too_long"), .at = l->at, .retry_count = l->retry_count};
  }
  qsort(out, len, sizeof *out, frt_replay_compare);
  r->run.letters = out;
  r->run.letter_len = len;
  return true;
}

/* Letters of classes that are made again need no record of their own, but their counts are still looked up. */
static void replay_letters_keep(Replay *r) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < r->run.letter_len; i++)
    if (!r->classes[r->run.letters[i].class_at].whole) r->run.letters[len++] = r->run.letters[i];
  r->run.letter_len = len;
}

static int replay_all(Replay *r, const FrtRunOptions *o) {
  uint32_t *ops = arena_alloc(r->arena, (r->class_len + 1) * sizeof *ops);
  for (uint32_t i = 0; i < r->class_len; i++) ops[i] = r->classes[i].node->id;
  r->run.ops = ops;
  r->run.before = r->before;
  r->run.behind = r->behind;
  r->run.exits = r->exits;
  r->run.class_len = r->class_len;
  r->run.node_len = r->node_len;
  r->run.scan_len = r->p->phys->scan_len;
  bool plain = replay_scans(r);
  for (uint32_t i = 0; i < r->node_len && !plain; i++) r->again[i] |= r->more[i];
  uint32_t seen = replay_sink_judge(r);
  bool again = seen >> SINK_AGAIN & 1, append = seen >> SINK_APPEND & 1;
  if (again && replay_sink_refused(r)) return 2;
  FrtReplayLetter *letters = r->run.letters;
  uint32_t letter_len = r->run.letter_len;
  int rc = 0;
  if (!plain) return replay_run(r, SINK_AGAIN, o, false);
  r->run.letters = arena_alloc(r->arena, (letter_len + 1) * sizeof *letters);
  memcpy(r->run.letters, letters, letter_len * sizeof *letters);
  replay_letters_keep(r);
  if (!again) return replay_run(r, SINK_APPEND, o, false);
  if (r->run.letter_len) rc = replay_run(r, SINK_APPEND, o, true);
  FrtReplay records = r->run;
  r->run.letters = letters;
  r->run.letter_len = letter_len;
  if (!rc) rc = replay_run(r, SINK_AGAIN, o, false);
  r->run = records;
  return rc || !append ? rc : replay_run(r, SINK_APPEND, o, false);
}

/* The script that the letters name; NULL with a message. */
static const char *replay_script(const Replay *r, const char *script) {
  for (uint32_t i = 0; i < r->letter_len; i++) {
    const Letter *l = &r->letters[i];
    const char *own = replay_text(r, l->script);
    const char *a = strrchr(own, '/'), *b = script ? strrchr(script, '/') : NULL;
    if (!*own) continue;
    if (script && strcmp(a ? a + 1 : own, b ? b + 1 : script)) {
      replay_refuse(r, l, arena_printf(r->arena, "the letter is of `%s`, not of `%s`", own, script));
      return NULL;
    }
    if (!script) script = own;
  }
  if (!script) fprintf(stderr, "flowc: %s: the letters do not name their script; give it by --script\n", r->path);
  return script;
}

int flow_replay(const char *letters, const char *script, const FlowOptions *options, int argc, char **argv) {
  Arena *a = arena_new();
  Replay *r = arena_alloc(a, sizeof *r);
  FlowOptions o = *options;
  const char *why = NULL;
  int rc = 1;
  r->arena = a;
  r->path = letters;
  o.no_passes = "all";
  o.replay = 1;
  if (!letters_read(a, letters, &r->letters, &r->letter_len, &why)) {
    fprintf(stderr, "flowc: %s\n", why);
  } else if (!r->letter_len) {
    fprintf(stderr, "flowc: %s has no letters; nothing is to be replayed\n", letters);
    rc = 0;
  } else if ((script = replay_script(r, script))) {
    FrtRunOptions run = {0};
    char *target = realpath(letters, NULL);
    FlowProgram *p = r->p = flow_compile_file(script, &o);
    flow_print_diagnostics(p, stderr, 0);
    if (!flow_error_count(p) && !compile_load(p)) rc = compile_has_c(p) ? 1 : 70;
    else if (!flow_error_count(p) && !(rc = frt_parse_args(a, p->loaded.module, argc, argv, &run))) {
      r->node_len = p->phys->node_max;
      r->run.path = letters;
      r->run.target = target ? target : letters;
      rc = 1;
      if (replay_letters(r)) {
        replay_ways(r);
        rc = replay_all(r, &run);
      }
    }
    flow_free(p);
    free(target);
  }
  arena_free(a);
  return rc < 0 ? 0 : rc;
}
