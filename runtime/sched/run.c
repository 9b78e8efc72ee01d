/* run.c: one run, from the tables of a module to an exit code.
 *
 *   params -> init -> the files of all scans are there -> sinks open -> steps -> ledger -> commit
 *
 * A step scans a source to its end, block by block, or emits what an operator holds. After each block
 * errors/errors.c settles what failed and what was gathered. The first failure keeps its exit code and
 * its message; from then on everything only winds down, and no sink is committed. */
#include "sched/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/budget.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/stall.h"
#include "edge/port.h"
#include "errors/errors.h"
#include "io/scan.h"
#include "io/sink.h"
#include "sched/crew.h"
#include "sched/replay.h"
#include "sched/run_internal.h"
#include "sched/taken.h"
#include "sched/tier.h"

enum { RUN_BLOCK_ROWS = 2048, RUN_BLOCK_ROWS_MAX = 1 << 20 };

void frt_run_fail(FrtRun *r, int exit_code, const char *message) {
  r->cx->stop = 1;
  if (r->exit_code) return;
  r->exit_code = exit_code;
  r->failure = message ? arena_strndup(r->run_arena, message, strlen(message)) : NULL;
}

int frt_fatal(FrtCtx *cx, uint32_t op, int code, FrtStr detail) {
  FrtRun *r = cx->run;
  if (FRT_TURN(cx)) return FRT_FATAL;
  if (frt_cancelled()) {       /* a wait was interrupted: that is not a failure of its own */
    frt_run_fail(r, 130, NULL);
    return FRT_FATAL;
  }
  FrtStr text = frt_fatal_text(cx, code, detail);
  const char *shown = frt_error_show_lines(r, text, UINT32_MAX);
  if (op < r->module->op_len)
    shown = arena_printf(r->run_arena, "error: %s\n  = in %s", shown, frt_op_place(r, op));
  else
    shown = arena_printf(r->run_arena, "error: %s", shown);
  frt_run_fail(r, 2, shown);
  return FRT_FATAL;
}

/* A version 4 UUID; with a fixed clock it is fixed too. */
static void run_make_id(FrtRun *r) {
  uint64_t seed = r->options->now_us ? (uint64_t)r->options->now_us
                                     : (uint64_t)frt_clock_us() ^ frt_hash_u64((uint64_t)getpid() << 20);
  if (!r->options->now_us) seed ^= frt_hash_u64((uint64_t)frt_monotonic_us());
  uint64_t a = frt_hash_u64(seed + 1), b = frt_hash_u64(seed + 2);
  snprintf(r->run_id, sizeof r->run_id, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
           (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
           (unsigned long long)(b & 0xffffffffffffu));
}

void frt_cover(FrtCtx *cx, uint32_t at) {
  if (cx->run->options->cover) cx->run->options->cover->places[at] = 1;
}

/* ---- params ---- */

static int run_param_fail(FrtRun *r, const FrtParam *p, const char *what) {
  frt_run_fail(r, 1, arena_printf(r->run_arena, "error: parameter --%.*s: %s", FRT_SLICE(p->name), what));
  return FRT_FATAL;
}

static int run_set_param(FrtRun *r, const FrtParam *p, const FrtArgValue *a) {
  FrtStr text = {a->text, (uint32_t)strlen(a->text), 0}, none = {"", 0, 0};
  char *held = r->held, type[128];
  if (p->type->nullable) held[p->null_offset] = 0;
  int is_text = p->type->kind == FRT_STRING || p->type->kind == FRT_BYTES;
  if (p->type->nullable && !text.len && !is_text) {
    held[p->null_offset] = 1;
    return FRT_OK;
  }
  if (frt_text_value(p->type, text, none, none, held + p->offset) == FRT_OK) return FRT_OK;
  frt_type_text(p->type, type, sizeof type);
  const char *shown = p->masked ? "the text" : arena_printf(r->run_arena, "`%s`", frt_error_show(r, text, 200));
  return run_param_fail(r, p, arena_printf(r->run_arena, "%s (%s) is not a valid %s", shown,
                                           a->from ? a->from : "command line", type));
}

static int run_set_params(FrtRun *r) {
  const FrtModule *m = r->module;
  uint8_t *given = arena_alloc(r->run_arena, m->param_len + 1);
  const char *missing = NULL;
  for (uint32_t i = 0; i < m->param_len; i++) {
    const FrtParam *p = &m->params[i];
    for (uint32_t k = 0; k < r->options->arg_len && !given[i]; k++) {
      const FrtArgValue *a = &r->options->args[k];
      if (strlen(a->name) != p->name.len || memcmp(a->name, p->name.ptr, p->name.len) != 0) continue;
      if (run_set_param(r, p, a) != FRT_OK) return FRT_FATAL;
      given[i] = 1;
    }
    if (given[i] || !p->required) continue;
    char type[128];
    frt_type_text(p->type, type, sizeof type);
    missing = arena_printf(r->run_arena, "%s%serror: parameter --%.*s: is required (%s)", missing ? missing : "",
                           missing ? "\n" : "", FRT_SLICE(p->name), type);
  }
  if (missing) {
    frt_run_fail(r, 1, missing);
    return FRT_FATAL;
  }
  frt_alloc_for_run(&r->main);
  int status = m->defaults ? m->defaults(r->cx, r->state, given) : FRT_OK;
  if (status == FRT_OK && m->init) status = m->init(r->cx, r->state);
  for (uint32_t i = 0; status > 0 && i < m->param_len; i++)
    if (m->params[i].masked) r->cx->detail = frt_mask_text(r->cx, FRT_MASK_REDACT, r->cx->detail);
  if (status > 0) frt_fatal(r->cx, UINT32_MAX, status, r->cx->detail);
  frt_alloc_reset(&r->main);
  return status == FRT_OK && !r->exit_code ? FRT_OK : FRT_FATAL;
}

/* ---- checks before the first row ---- */

/* Compressed files hold several times their size. */
static void run_count_source(FrtRun *r, const char *path) {
  enum { DENSE = 4 };
  struct stat st;
  size_t len = strlen(path);
  int dense = (len > 3 && strcmp(path + len - 3, ".gz") == 0) || (len > 4 && strcmp(path + len - 4, ".zst") == 0);
  if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) r->source_size += (uint64_t)st.st_size * (dense ? DENSE : 1);
}

/* Whether the files of a path are there; else *why. */
static int run_look(FrtRun *r, const char *path, const char **why) {
  char **paths;
  uint32_t len = 0;
  *why = "cannot be opened";
  if (frt_glob(r->run_arena, path, &paths, &len, why) != 0) return 0;
  for (uint32_t i = 0; i < len; i++) {
    if (access(paths[i], R_OK) == 0) continue;
    *why = arena_printf(r->run_arena, "%s: %s", paths[i], strerror(errno));
    return 0;
  }
  for (uint32_t i = 0; i < len; i++) run_count_source(r, paths[i]);
  return 1;
}

static int run_check_scan(FrtRun *r, const FrtScan *s) {
  FrtStr path;
  uint32_t tried = 0;
  if (!s->path || s->options.command) return FRT_OK;
  int status = s->path(r->cx, r->state, &path);
  if (status > 0) return frt_fatal(r->cx, s->op, status, r->cx->detail);
  if (status != FRT_OK) return FRT_FATAL;
  const char *why, *text = arena_strndup(r->run_arena, path.len ? path.ptr : "", path.len);
  if (strcmp(text, "-") == 0) return FRT_OK;
  int there = run_look(r, text, &why);
  while (!there && frt_retry(r, s->op, &tried, why)) there = run_look(r, text, &why);
  return there ? FRT_OK : frt_fatal(r->cx, s->op, FRT_E_OPEN, (FrtStr){why, (uint32_t)strlen(why), 0});
}

static int run_check_scans(FrtRun *r) {
  for (uint32_t i = 0; i < r->module->scan_len; i++)
    if (!(r->options->replay && r->options->replay->scan_modes[i] == FRT_REPLAY_NONE) &&
        run_check_scan(r, &r->module->scans[i]) != FRT_OK) return FRT_FATAL;
  return FRT_OK;
}

static int run_set_taps(FrtRun *r) {
  const FrtModule *m = r->module;
  frt_taps_start(r);
  for (uint32_t i = 0; i < r->options->tap_len; i++) {
    const char *text = r->options->taps[i], *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    int found = 0;
    for (uint32_t t = 0; t < m->tap_len && t < 64; t++) {
      if (m->taps[t].name.len != len || memcmp(m->taps[t].name.ptr, text, len) != 0) continue;
      r->taps_asked |= (uint64_t)1 << t;
      if (colon) r->tap_limits[t] = strtoull(colon + 1, NULL, 10);
      found = 1;
    }
    if (found) continue;
    frt_run_fail(r, 1, frt_tap_unknown(r->run_arena, m, text, len));
    return FRT_FATAL;
  }
  r->cx->taps = r->taps_asked;
  if (r->options->attach) frt_attach_start(r);
  return FRT_OK;
}

/* ---- steps ---- */

/* The operator with the most rows of those that have not given any on: it is named when memory is out. */
static uint32_t run_greatest_holder(const FrtRun *r) {
  uint32_t greatest = UINT32_MAX;
  uint64_t most = 0;
  for (uint32_t op = 0; op < r->module->op_len; op++) {
    const uint64_t *l = r->ledger + (size_t)op * FRT_LEDGER_LEN;
    if (l[FRT_HELD] <= most || l[FRT_MADE]) continue;
    most = l[FRT_HELD];
    greatest = op;
  }
  return greatest;
}

int frt_run_check_memory(FrtRun *r) {
  if (!frt_budget_passed()) return FRT_OK;
  const char *text = arena_printf(r->run_arena,
                                  "the budget of %.1f MiB is used up by rows that cannot be put on disk; give more by --memory",
                                  (double)frt_budget_total() / (1024.0 * 1024.0));
  return frt_fatal(r->cx, run_greatest_holder(r), FRT_E_MEMORY, (FrtStr){text, (uint32_t)strlen(text), 0});
}

/* The counters of a scan's operator stand for themselves: what came in and did not fail went out. */
void frt_count_scan(FrtRun *r, uint32_t op, uint64_t rows) {
  uint64_t *l = r->ledger + (size_t)op * FRT_LEDGER_LEN;
  l[FRT_IN] = rows;
  l[FRT_OUT] = rows - l[FRT_ERRORS] - l[FRT_DROPPED] - l[FRT_ELSE];
}

/* Whoever failed has said why, but where a signal ended it. */
static int run_failed(FrtRun *r) {
  if (frt_cancelled()) frt_run_fail(r, 130, NULL);
  else frt_run_fail(r, 2, "error: the run failed");
  return FRT_FATAL;
}

int frt_check_stop(FrtRun *r) {
  if (frt_cancelled()) frt_run_fail(r, 130, NULL);
  if (frt_sinks_all_closed(r)) return FRT_STOP;
  return r->exit_code ? FRT_FATAL : r->stopped ? FRT_STOP : FRT_OK;
}

static int run_blocks(FrtRun *r, const FrtScan *scan, FrtScanner *s) {
  uint64_t rows = 0, rows_before = r->source_rows;
  int status = frt_check_stop(r);
  while (status == FRT_OK) {
    FrtBlock *b = NULL;
    status = frt_scan_next(s, &b);
    if (status != FRT_OK) break;
    rows += b->n;
    r->block = b;
    r->cx->taps = frt_taps_on(r);  /* who attached while this block was waited for sees it */
    r->cx->detail = (FrtStr){0};   /* of a conversion that the careful path has put right */
    int wanted = frt_tier_scan(&r->main, scan)(r->cx, r->state, b);
    if (wanted > 0) wanted = frt_fatal(r->cx, scan->op, wanted, r->cx->detail);
    status = wanted == FRT_FATAL ? FRT_FATAL : frt_block_end(r->cx, b);
    if (status == FRT_FATAL) break;
    frt_count_scan(r, scan->op, rows);
    r->source_rows = rows_before + rows;
    r->source_bytes = r->source_bytes_before + s->bytes;
    if (r->options->progress) frt_progress(r, 0);
    frt_tier_poll(r);
    status = wanted == FRT_STOP ? FRT_STOP : frt_check_stop(r);
  }
  if (status == FRT_FATAL) return run_failed(r);
  if (status == FRT_END) {       /* rows that failed behind the last block */
    status = frt_block_end(r->cx, NULL);
    frt_count_scan(r, scan->op, rows);
  }
  return status == FRT_FATAL ? FRT_FATAL : FRT_OK;
}

static int run_scan(FrtRun *r, const FrtScan *scan) {
  FrtScanner *s = NULL;
  r->scan = scan;
  r->source_bytes_before = r->source_bytes;
  int replays = r->options->replay ? frt_replay_scan_mode(r) : FRT_REPLAY_ALL;
  if (replays == FRT_REPLAY_NONE) return FRT_OK;
  uint32_t block_rows = r->cx->block_rows;
  if (replays == FRT_REPLAY_RECORDS) r->cx->block_rows = 1;
  int opened = frt_scan_open(r->cx, r->state, scan, &s);
  r->cx->block_rows = block_rows;
  if (opened != FRT_OK) {
    frt_run_fail(r, 2, "error: a source could not be opened");
    return FRT_FATAL;
  }
  s->careful |= r->options->careful;
  r->scanner = s;
  uint32_t workers = frt_crew_size(r, s);
  int status = replays == FRT_REPLAY_RECORDS ? frt_replay_scan(r, (uint32_t)(scan - r->module->scans), s)
             : workers > 1 ? frt_crew_scan(r, scan, s, workers) : run_blocks(r, scan, s);
  r->source_bytes = r->source_bytes_before + s->bytes;
  r->counts.lines_empty += s->lines_empty;
  r->counts.keys_unknown += s->keys_unknown;
  r->counts.columns_extra += s->columns_extra;
  r->counts.blocks_fast += s->blocks_fast;
  r->counts.blocks_careful += s->blocks_careful;
  frt_scan_close(s);
  r->scanner = NULL;
  return status;
}

static int run_steps(FrtRun *r) {
  const FrtModule *m = r->module;
  for (uint32_t i = 0; i < m->step_len; i++) {
    const FrtStep *step = &m->steps[i];
    int status;
    r->stopped = 0;
    r->scan = NULL;
    if (frt_check_stop(r) != FRT_OK) break;
    if (step->kind == FRT_STEP_SCAN) {
      status = run_scan(r, &m->scans[step->index]);
    } else {
      status = frt_tier_step(&r->main)->steps[i].emit(r->cx, r->state);
      if (status > 0) frt_fatal(r->cx, UINT32_MAX, status, r->cx->detail);
      if (status != FRT_FATAL && !r->exit_code && frt_block_end(r->cx, NULL) == FRT_FATAL) status = FRT_FATAL;
    }
    if (!r->exit_code) frt_errors_end_step(r);
    if (status == FRT_FATAL) run_failed(r);
    if (r->exit_code) return FRT_FATAL;
  }
  return r->exit_code ? FRT_FATAL : FRT_OK;
}

/* ---- the end ---- */

/* A join whose keys repeat on both sides: more than twice as many rows as both sides have together, which no join with a key that is
 * unique on either side can give. */
static void run_warn_join(FrtRun *r, uint32_t op) {
  enum { ROWS_LEAST = 10000 };
  const FrtOp *o = &r->module->ops[op];
  const uint64_t *l = r->ledger + (size_t)op * FRT_LEDGER_LEN;
  if (o->kind.len != 4 || memcmp(o->kind.ptr, "join", 4) != 0 || l[FRT_OUT] < ROWS_LEAST || l[FRT_OUT] / 2 <= l[FRT_IN]) return;
  fprintf(stderr, "warning: %llu rows and %llu rows became %llu by %s: keys repeat on both sides\n",
          (unsigned long long)(l[FRT_IN] - l[FRT_HELD]), (unsigned long long)l[FRT_HELD], (unsigned long long)l[FRT_OUT],
          frt_op_place(r, op));
  fputs("  = join on more columns, or make the key unique on one side first (`distinct by`, `aggregate ... by`)\n", stderr);
}

static void run_warn(FrtRun *r) {
  const FrtModule *m = r->module;
  if (r->options->quiet) return;
  for (uint32_t i = 0; i < m->port_len; i++) {
    uint64_t rows = frt_port_rows(r, i);
    if (rows && !m->ports[i].deliver)
      fprintf(stderr, "warning: %llu %s to `%.*s`, which nobody reads\n", (unsigned long long)rows,
              rows == 1 ? "row went" : "rows went", FRT_SLICE(m->ports[i].name));
  }
  for (uint32_t op = 0; op < m->op_len; op++) {
    run_warn_join(r, op);
    uint64_t errors = r->ledger[(size_t)op * FRT_LEDGER_LEN + FRT_ERRORS];
    if (errors && (m->ops[op].policy == FRT_POLICY_SKIP || m->ops[op].policy == FRT_POLICY_NULL))
      fprintf(stderr, "note: %llu %s left out by %s\n", (unsigned long long)errors,
              errors == 1 ? "row with an error was" : "rows with errors were", frt_op_place(r, op));
  }
}

static void run_report(FrtRun *r) {
  fflush(stdout);
  if (r->failure) fprintf(stderr, "%s\n", r->failure);
  if (r->exit_code == 130)
    fprintf(stderr, "interrupted after %llu rows (%llu bytes); no output was committed\n",
            (unsigned long long)r->source_rows, (unsigned long long)r->source_bytes);
  frt_rejects_print(r);
  if (!r->exit_code) run_warn(r);
  if (r->options->stats) frt_stats_print(r);
}

/* The file that this run takes is as it was, and noted with the outputs. */
static int run_note_taken(FrtRun *r) {
  struct FrtTaking *t = r->options->taking;
  if (!t || r->options->dry_run) return FRT_OK;
  FrtTakenFile now = t->file;
  if (frt_taken_look(t->path, &now) != 0 || !frt_taken_same(&now, &t->file)) {
    frt_run_fail(r, 2, arena_printf(r->run_arena, "error: %s: the file changed while it was read; no output was committed", t->path));
    return FRT_FATAL;
  }
  if (frt_sinks_all_closed(r)) {
    t->closed = 1;
    frt_run_fail(r, 2, "error: nobody reads the output any more");
    return FRT_FATAL;
  }
  return frt_sinks_note(r, t->state, frt_taken_line(r->run_arena, &t->file));
}

static void run_all(FrtRun *r) {
  if (run_set_taps(r) != FRT_OK || run_set_params(r) != FRT_OK) return;
  if (run_check_scans(r) != FRT_OK || frt_sinks_start(r) != FRT_OK) return;
  frt_tier_start(r);
  if (run_steps(r) != FRT_OK) return;
  if (r->options->replay && frt_replay_end(r) != FRT_OK) return;
  const char *wrong = frt_ledger_check(r);
  if (wrong) frt_run_fail(r, 70, wrong);
  else if (frt_cancelled()) frt_run_fail(r, 130, NULL);
  else if (run_note_taken(r) != FRT_OK || frt_sinks_commit(r) != FRT_OK) frt_run_fail(r, 2, "error: an output could not be written");
}

static void run_start(FrtRun *r, const FrtModule *m, const FrtRunOptions *o) {
  memset(r, 0, sizeof *r);
  r->module = m;
  r->options = o;
  r->run_arena = arena_new();
  r->start_us = frt_clock_us();
  r->start_mono_us = frt_monotonic_us();
  r->held = arena_alloc(r->run_arena, m->held_size);
  r->ledger = arena_alloc(r->run_arena, ((size_t)m->op_len + 1) * FRT_LEDGER_LEN * sizeof *r->ledger);
  r->main.cx.ledger = r->ledger;
  r->main.cx.now_us = o->now_us ? o->now_us : r->start_us;
  r->main.cx.block_rows = o->block_rows ? o->block_rows : RUN_BLOCK_ROWS;
  if (r->main.cx.block_rows > RUN_BLOCK_ROWS_MAX) r->main.cx.block_rows = RUN_BLOCK_ROWS_MAX;
  const char *stress = getenv("FLOW_SPILL");   /* tests: everything spills at once */
  frt_budget_start(o->memory, stress && strcmp(stress, "always") == 0);
  frt_parallel_start(o->threads ? o->threads : frt_cores());
  frt_stall_start(o->quiet);
  frt_worker_start(r, &r->main);
  frt_worker_now(&r->main);
  run_make_id(r);
  frt_values_start(r);
  frt_errors_start(r);
  frt_ports_start(r);
  frt_cancel_install();
}

int frt_run(const FrtModule *m, const FrtRunOptions *o) {
  static const FrtRunOptions plain;
  FrtRun run, *r = &run;
  if (m->abi != FRT_ABI) {
    fprintf(stderr, "error: the program was made for another runtime (ABI %u, this is %u): build it again\n", m->abi,
            FRT_ABI);
    return 70;
  }
  run_start(r, m, o ? o : &plain);
  run_all(r);
  frt_attach_end(r);
  if (r->options->progress) frt_progress(r, 1);
  frt_sinks_end(r);
  run_report(r);
  int exit_code = r->exit_code;
  if (r->options->cover) memcpy(r->options->cover->ledger, r->ledger, (size_t)m->op_len * FRT_LEDGER_LEN * sizeof *r->ledger);
  frt_cancel_restore();
  frt_ports_end(r);
  if (r->tap) frt_taps_end(r);
  frt_at_end_all(r);
  frt_worker_end(&r->main);
  frt_budget_end();
  arena_free(r->run_arena);
  return exit_code;
}
