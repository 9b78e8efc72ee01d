/* fuzz.c: `flowc fuzz`: a script on rows made from the types of its sources.
 *
 * The plan of the script is changed once it is bound: each source reads a file of a private folder, and each sink writes into it. Each run
 * makes those files anew from a seed and executes the script in child processes, one a variant: one thread, two threads with
 * tiny blocks, no optimiser, everything on disk. A child has limits of time and memory. What must hold: it ends by itself, with exit code 0, 2 or 3 (70 is
 * a ledger that does not balance), and all variants end alike and write the same bytes. Where that fails, lines are left out, by
 * halves, then quarters and so on, as long as it still fails in the same way (delta debugging, Zeller 1999). */
#include "driver/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "base/hash.h"
#include "driver/compile.h"
#include "sched/run.h"

enum { FUZZ_RUNS = 20, FUZZ_ROWS = 1000, FUZZ_SECONDS = 20, FUZZ_TRIES_MAX = 300, FUZZ_WAIT_US = 500, FUZZ_STDERR_MAX = 2000 };

/* A fixed instant, as in tests: 2026-01-01. */
static const int64_t fuzz_now_us = (int64_t)1767225600 * 1000000;

typedef struct FuzzVariant { const char *name; uint32_t threads, block_rows; const char *no_passes; bool spill; } FuzzVariant;

static const FuzzVariant fuzz_variants[] = {
  {"one thread", 1, 0, NULL, false},
  {"two threads, blocks of 7 rows", 2, 7, NULL, false},
  {"no optimiser, blocks of 1 row", 1, 1, "all", false},
  {"all that can spill in files", 1, 0, NULL, true},
};
enum { FUZZ_VARIANTS = sizeof fuzz_variants / sizeof *fuzz_variants };

typedef struct Fuzz {
  FlowProgram *p;              /* the script, bound */
  const FlowFuzzOptions *o;
  FrtRunOptions run;
  Arena *arena;                /* of one run: its lines */
  const char *dir;
  FuzzSource *sources;
  uint32_t source_len;
  char **words;                /* flags and parameters of each run */
  int word_len, given_len;     /* the first ones are those of the command line */
  bool found;                  /* a failure: its files are kept */
  bool steady;                 /* equal runs give equal bytes: outputs are compared */
  FILE *out;
} Fuzz;

/* How a child ended. */
typedef enum FuzzFault { FUZZ_FINE, FUZZ_CRASH, FUZZ_HANG, FUZZ_CODE, FUZZ_OTHER_END, FUZZ_OTHER_BYTES, FUZZ_WRONG } FuzzFault;

typedef struct FuzzEnd {
  FuzzFault fault;
  uint32_t variant;
  int code;                    /* exit code, or signal of FUZZ_CRASH */
  uint64_t print;              /* of all that was written */
} FuzzEnd;

static const char *fuzz_path(const Fuzz *z, Arena *a, const char *name) { return arena_printf(a, "%s/%s", z->dir, name); }

/* ---- the plan ---- */

static Expr *fuzz_const(Plan *plan, Expr *old, const char *path) {
  Expr *e = expr_new(plan->arena, EX_CONST, type_basic(TY_STRING), old ? old->span : (Span){0, 0, 0}, 0);
  e->value.s = (FrtStr){.ptr = arena_strndup(plan->arena, path, strlen(path)), .len = (uint32_t)strlen(path)};
  return e;
}

static bool fuzz_is_source(const PlanNode *n) { return n->kind == PLAN_READ && n->read && n->read->path; }

/* FlowBound: the script reads and writes in the private folder. */
static void fuzz_redirect(void *env, Plan *plan) {
  const Fuzz *z = env;
  uint32_t in = 0, out = 0;
  for (uint32_t i = 0; i < plan->node_len; i++) {
    PlanNode *n = plan->nodes[i];
    if (fuzz_is_source(n)) {
      FrtScanOptions *o = &n->read->options;
      o->command = o->follow = 0;
      n->read->path = fuzz_const(plan, n->read->path, fuzz_path(z, plan->arena, z->sources[in++].file));
    }
    if (n->kind != PLAN_WRITE) continue;
    n->sink->partitioned = false;
    n->sink->path = fuzz_const(plan, n->sink->path, arena_printf(plan->arena, "%s/out/%u.out", z->dir, out++));
  }
}

static const char *fuzz_format(const FrtScanOptions *o) {
  static const char *const names[] = {"?", "csv", "jsonl", "json", "fixed", "text"};
  return o->format == FRT_FMT_CSV && o->delimiter == '\t' ? "tsv" : o->format < 6 ? names[o->format] : "?";
}

/* FlowBound: which sources there are. */
static void fuzz_learn(void *env, Plan *plan) {
  Fuzz *z = env;
  for (uint32_t i = 0; i < plan->node_len; i++) {
    const PlanNode *n = plan->nodes[i];
    if (!fuzz_is_source(n)) continue;
    const PlanRead *d = n->read;
    PlanField *fields = arena_alloc(plan->arena, ((size_t)d->field_len + 1) * sizeof *fields);   /* passes change theirs */
    memcpy(fields, d->fields, d->field_len * sizeof *fields);
    FuzzSource s = {.options = d->options, .fields = fields, .field_len = d->field_len};
    s.file = arena_printf(plan->arena, "in%u.%s", z->source_len, fuzz_format(&d->options));
    s.what = n->stream && *n->stream ? arena_printf(plan->arena, "`%s`", n->stream) : arena_printf(plan->arena, "read %s", fuzz_format(&d->options));
    s.types = arena_alloc(plan->arena, ((size_t)s.field_len + 1) * sizeof *s.types);
    for (uint32_t k = 0; k < s.field_len; k++) s.types[k] = plan->columns[d->fields[k].col].type;
    z->sources = arena_grow(plan->arena, z->sources, z->source_len, sizeof *z->sources);
    z->sources[z->source_len++] = s;
  }
}

/* ---- files ---- */

static bool fuzz_write_source(const Fuzz *z, const FuzzSource *s, const uint8_t *gone) {
  Arena *a = arena_new();
  const char *path = fuzz_path(z, a, s->file);
  FILE *f = fopen(path, "wb");
  bool json = s->options.format == FRT_FMT_JSON, any = false;
  if (f) fwrite(s->head.data, 1, s->head.len, f);
  for (uint32_t i = 0; f && i < s->line_len; i++) {
    if (gone && gone[i]) continue;
    if (json && any) fputs(",\n", f);
    if (s->lines[i].len) fwrite(s->lines[i].data, 1, s->lines[i].len, f);
    if (!json) fputc('\n', f);
    any = true;
  }
  if (f) fwrite(s->tail.data, 1, s->tail.len, f);
  bool ok = f && !ferror(f);
  if (f && fclose(f)) ok = false;
  if (!ok) fprintf(stderr, "flowc: %s: %s\n", path, strerror(errno));
  arena_free(a);
  return ok;
}

static int fuzz_name_order(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* The names in a folder, sorted. */
static char **fuzz_names(Arena *a, const char *dir, uint32_t *len) {
  char **names = NULL;
  DIR *d = opendir(dir);
  *len = 0;
  for (struct dirent *e; d && (e = readdir(d));) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    names = arena_grow(a, names, *len, sizeof *names);
    names[(*len)++] = arena_strndup(a, e->d_name, strlen(e->d_name));
  }
  if (d) closedir(d);
  if (names) qsort(names, *len, sizeof *names, fuzz_name_order);
  return names;
}

static void fuzz_empty_folder(const char *dir) {
  Arena *a = arena_new();
  uint32_t len;
  char **names = fuzz_names(a, dir, &len);
  for (uint32_t i = 0; i < len; i++) unlink(arena_printf(a, "%s/%s", dir, names[i]));
  arena_free(a);
}

static uint64_t fuzz_print_file(const char *path, uint64_t print) {
  char bytes[16384];
  FILE *f = fopen(path, "rb");
  for (size_t n; f && (n = fread(bytes, 1, sizeof bytes, f)) > 0;)
    for (size_t i = 0; i < n; i++) print = (print ^ (unsigned char)bytes[i]) * 0x100000001b3u;   /* FNV-1a */
  if (f) fclose(f);
  return print;
}

static uint64_t fuzz_print_outputs(const Fuzz *z) {
  Arena *a = arena_new();
  uint32_t len;
  const char *dir = fuzz_path(z, a, "out");
  char **names = fuzz_names(a, dir, &len);
  uint64_t print = len;
  for (uint32_t i = 0; i < len; i++)
    print = fuzz_print_file(arena_printf(a, "%s/%s", dir, names[i]), print ^ frt_hash_bytes(names[i], strlen(names[i]), 7));
  arena_free(a);
  return print;
}

/* ---- one child ---- */

static void fuzz_limit(int what, rlim_t most) {
  struct rlimit l;
  if (getrlimit(what, &l) == 0 && (l.rlim_max == RLIM_INFINITY || l.rlim_max > most)) {
    l.rlim_cur = l.rlim_max = most;
    setrlimit(what, &l);
  }
}

static void fuzz_open_as(const char *path, int flags, int fd) {
  int from = open(path, flags, 0600);
  if (from < 0) _exit(2);
  dup2(from, fd);
  close(from);
}

static int fuzz_child_run(Fuzz *z, const FuzzVariant *v) {
  const Source *s = diags_source(z->p->diags, z->p->file);
  const struct FlowBound bound = {fuzz_redirect, z};
  FlowOptions o = z->p->options;
  if (v->spill) setenv("FLOW_SPILL", "always", 1);
  o.bound = &bound;
  if (!o.jit) o.jit = "tcc";
  if (v->no_passes) o.no_passes = v->no_passes;
  FlowProgram *p = flow_compile_text(z->p->path, s->text, s->size, &o);
  if (flow_error_count(p)) {
    flow_print_diagnostics(p, stderr, 0);
    return p->broken ? 70 : 1;
  }
  if (!compile_load(p)) return compile_has_c(p) ? 1 : 70;
  FrtRunOptions run = {0};
  int rc = frt_parse_args(p->arena, p->loaded.module, z->word_len, z->words, &run);
  if (rc) return rc < 0 ? 1 : rc;
  run.threads = v->threads;
  run.block_rows = v->block_rows;
  run.now_us = fuzz_now_us;
  run.quiet = 1;
  run.watch.folder = NULL;
  run.attach = run.progress = run.dry_run = 0;
  return frt_run(p->loaded.module, &run);
}

static void fuzz_child(Fuzz *z, const FuzzVariant *v) {
  setpgid(0, 0);
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], SIG_DFL);
  fuzz_open_as("/dev/null", O_RDONLY, STDIN_FILENO);
  fuzz_open_as(fuzz_path(z, z->arena, "stdout"), O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  fuzz_open_as(fuzz_path(z, z->arena, "stderr"), O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  fuzz_limit(RLIMIT_CORE, 0);
  fuzz_limit(RLIMIT_FSIZE, (rlim_t)1 << 30);
  fuzz_limit(RLIMIT_CPU, (rlim_t)z->o->seconds * 4 + 4);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)   /* they map terabytes */
  fuzz_limit(RLIMIT_AS, (rlim_t)8 << 30);
#endif
  int status = fuzz_child_run(z, v);
  fflush(stdout);
  fflush(stderr);
  _exit(status);
}

static volatile sig_atomic_t fuzz_stopped;
static void fuzz_on_signal(int sig) { fuzz_stopped = 1; }

/* Runs a variant on the files as they are. */
static FuzzEnd fuzz_execute(Fuzz *z, uint32_t variant) {
  FuzzEnd end = {.variant = variant};
  int status = 0;
  fuzz_empty_folder(fuzz_path(z, z->arena, "out"));
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) fuzz_child(z, &fuzz_variants[variant]);
  if (pid < 0) {
    fprintf(stderr, "flowc: fuzz: %s\n", strerror(errno));
    return (FuzzEnd){FUZZ_WRONG, variant, 2, 0};
  }
  int64_t begin_us = frt_monotonic_us(), limit_us = (int64_t)z->o->seconds * 1000000;
  pid_t got;
  while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
    if (frt_monotonic_us() - begin_us > limit_us) end.fault = FUZZ_HANG;
    if (end.fault || fuzz_stopped) {
      kill(-pid, SIGKILL);
      kill(pid, SIGKILL);
      while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
      return end;
    }
    nanosleep(&(struct timespec){0, FUZZ_WAIT_US * 1000}, NULL);
  }
  kill(-pid, SIGKILL);   /* what it may have left */
  if (WIFSIGNALED(status)) return end.fault = FUZZ_CRASH, end.code = WTERMSIG(status), end;
  end.code = WEXITSTATUS(status);
  if (end.code == 1) end.fault = FUZZ_WRONG;
  else if (end.code != 0 && end.code != 2 && end.code != 3) end.fault = FUZZ_CODE;
  end.print = fuzz_print_outputs(z);
  return end;
}

static FuzzFault fuzz_compare(const FuzzEnd *first, const FuzzEnd *end) {
  if ((first->code == 0) != (end->code == 0)) return FUZZ_OTHER_END;
  return first->code == 0 && first->print != end->print ? FUZZ_OTHER_BYTES : FUZZ_FINE;
}

/* All variants, up to the first that is not as it must be. The end of the first one when all are. */
static FuzzEnd fuzz_judge(Fuzz *z) {
  FuzzEnd first = fuzz_execute(z, 0);
  for (uint32_t i = 1; i < FUZZ_VARIANTS && !first.fault && !fuzz_stopped; i++) {
    FuzzEnd end = fuzz_execute(z, i);
    if (!end.fault && z->steady) end.fault = fuzz_compare(&first, &end);
    if (end.fault == FUZZ_OTHER_END || end.fault == FUZZ_OTHER_BYTES) {   /* random values, or a bug? */
      FuzzEnd again = fuzz_execute(z, 0);
      if (again.fault) return again;
      z->steady = fuzz_compare(&first, &again) == FUZZ_FINE;
      if (!z->steady) continue;
    }
    if (end.fault) return end;
  }
  return first;
}

/* ---- fewer lines ---- */

static bool fuzz_still_fails(Fuzz *z, const FuzzEnd *as) {
  if (as->fault == FUZZ_OTHER_END || as->fault == FUZZ_OTHER_BYTES) {
    FuzzEnd end = fuzz_judge(z);
    return end.fault == as->fault;
  }
  FuzzEnd end = fuzz_execute(z, as->variant);
  return end.fault == as->fault && end.code == as->code;
}

static void fuzz_reduce_source(Fuzz *z, FuzzSource *s, const FuzzEnd *as, uint32_t *tries) {
  uint8_t *gone = arena_alloc(z->arena, (size_t)s->line_len + 1);
  for (uint32_t step = s->line_len; step > 0 && *tries && !fuzz_stopped; step = step > 1 ? (step + 1) / 2 : 0) {
    for (uint32_t from = 0; from < s->line_len && *tries && !fuzz_stopped; from += step) {
      uint32_t n = step < s->line_len - from ? step : s->line_len - from;
      memset(gone, 0, s->line_len);
      memset(gone + from, 1, n);
      --*tries;
      if (!fuzz_write_source(z, s, gone) || !fuzz_still_fails(z, as) || fuzz_stopped) continue;
      memmove(s->lines + from, s->lines + from + n, (s->line_len - from - n) * sizeof *s->lines);
      s->line_len -= n;
      from -= step;   /* what came up in its place is next */
    }
  }
  fuzz_write_source(z, s, NULL);
}

static void fuzz_reduce(Fuzz *z, const FuzzEnd *as) {
  uint32_t tries = as->fault == FUZZ_HANG ? FUZZ_TRIES_MAX / 20 : FUZZ_TRIES_MAX;
  for (uint32_t i = 0; i < z->source_len; i++) fuzz_reduce_source(z, &z->sources[i], as, &tries);
  if (!fuzz_stopped) fuzz_execute(z, as->variant);   /* its messages and outputs are kept */
}

/* ---- reports ---- */

static const char *fuzz_describe(Arena *a, const FuzzEnd *e) {
  const char *in = fuzz_variants[e->variant].name;
  switch (e->fault) {
  case FUZZ_CRASH: return arena_printf(a, "ended by signal %d (%s; %s)", e->code, strsignal(e->code), in);
  case FUZZ_HANG: return arena_printf(a, "did not end in time (%s)", in);
  case FUZZ_CODE: return arena_printf(a, e->code == 70 ? "broke a promise: exit code %d (%s)" : "ended with exit code %d (%s)", e->code, in);
  case FUZZ_OTHER_END: return arena_printf(a, "ended otherwise than with one thread (%s)", in);
  default: return arena_printf(a, "wrote other bytes than with one thread (%s)", in);
  }
}

static void fuzz_show_errors(const Fuzz *z) {
  char text[FUZZ_STDERR_MAX];
  FILE *f = fopen(fuzz_path(z, z->arena, "stderr"), "rb");
  size_t n = f ? fread(text, 1, sizeof text, f) : 0;
  if (f) fclose(f);
  fwrite(text, 1, n, stderr);
}

static int fuzz_report(Fuzz *z, const FuzzEnd *e, uint64_t seed) {
  z->found = true;
  fprintf(z->out, "failed: %s %s\n", z->p->path, fuzz_describe(z->arena, e));
  fprintf(z->out, "repeat: flowc fuzz %s --seed %llu --runs 1 --rows %u", z->p->path, (unsigned long long)seed, z->o->rows);
  for (int i = 0; i < z->given_len; i++) fprintf(z->out, " %s", z->words[i]);
  fputc('\n', z->out);
  for (uint32_t i = 0; i < z->source_len; i++)
    fprintf(z->out, "input: %s/%s for %s, %u %s left\n", z->dir, z->sources[i].file, z->sources[i].what, z->sources[i].line_len,
            z->sources[i].line_len == 1 ? "row is" : "rows are");
  fflush(z->out);
  fuzz_show_errors(z);
  return 1;
}

/* ---- parameters ---- */

static bool fuzz_has_word(char **words, int len, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < len; i++) {
    const char *w = words[i];
    size_t k = 0;
    if (!strcmp(w, "--params") || !strncmp(w, "--params=", 9)) return true;
    if (strncmp(w, "--", 2) != 0) continue;
    while (k < n && (w[2 + k] == name[k] || (w[2 + k] == '-' && name[k] == '_'))) k++;
    if (k == n && (!w[2 + n] || w[2 + n] == '=')) return true;
  }
  return false;
}

static bool fuzz_has_env(Arena *a, const char *name) {
  char *env = arena_printf(a, "FLOW_%s", name);
  for (char *c = env; *c; c++)
    if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
  return getenv(env) != NULL;
}

/* The words of the command line, and those for parameters that must have a value and got none. */
static void fuzz_make_words(Fuzz *z, FuzzRandom *r, int argc, char **argv) {
  const Plan *plan = z->p->plan;
  z->words = arena_alloc(z->arena, ((size_t)argc + 2 * (size_t)plan->param_len + 1) * sizeof *z->words);
  z->word_len = z->given_len = argc;
  if (argc) memcpy(z->words, argv, (size_t)argc * sizeof *argv);
  for (uint32_t i = 0; i < plan->param_len; i++) {
    const PlanParam *p = &plan->params[i];
    if (p->dflt || fuzz_has_word(argv, argc, p->name) || fuzz_has_env(z->arena, p->name)) continue;
    z->words[z->word_len++] = arena_printf(z->arena, "--%s=%s", p->name, fuzz_make_word(z->arena, r, p->type));
  }
}

/* ---- all runs ---- */

static int fuzz_runs(Fuzz *z, int argc, char **argv) {
  unsigned long long rows = 0;
  uint32_t done = 0, failed = 0, i = 0;
  for (; i < z->o->runs && !fuzz_stopped; i++) {
    uint64_t seed = z->o->seed + i;
    FuzzRandom r = {seed};
    FuzzProfile profile = fuzz_profile(seed, z->o->rows);
    arena_reset(z->arena);
    fuzz_make_words(z, &r, argc, argv);
    for (uint32_t k = 0; k < z->source_len; k++) {
      fuzz_make_lines(z->arena, &z->sources[k], &r, &profile);
      rows += z->sources[k].line_len;
      if (!fuzz_write_source(z, &z->sources[k], NULL)) return 2;
    }
    FuzzEnd end = fuzz_judge(z);
    if (fuzz_stopped) break;
    if (end.fault == FUZZ_WRONG) return fuzz_show_errors(z), end.code;
    if (end.fault) {
      fuzz_reduce(z, &end);
      return fuzz_stopped ? 130 : fuzz_report(z, &end, seed);
    }
    done += end.code == 0;
    failed += end.code != 0;
  }
  if (fuzz_stopped) return 130;
  fprintf(z->out, "%u %s, %llu rows for %u %s: %u done, %u failed as the script says; seed %llu\n", i, i == 1 ? "run" : "runs", rows, z->source_len,
          z->source_len == 1 ? "source" : "sources", done, failed, z->o->seed);
  if (!z->steady) fputs("equal runs gave other bytes, so that bytes were not compared\n", z->out);
  return 0;
}

/* A folder of the user: nothing may be lost in it, so it is new, or empty, or was made here before. */
static bool fuzz_keep_folder(const Fuzz *z) {
  Arena *a = z->p->arena;
  uint32_t len;
  const char *mark = fuzz_path(z, a, ".flowc-fuzz");
  if (mkdir(z->dir, 0700) != 0 && errno != EEXIST) return fprintf(stderr, "flowc: %s: %s\n", z->dir, strerror(errno)), false;
  fuzz_names(a, z->dir, &len);
  if (len && access(mark, F_OK) != 0) return fprintf(stderr, "flowc: --keep: %s has files of others\n", z->dir), false;
  FILE *f = fopen(mark, "wb");
  if (f) fclose(f);
  return f ? true : (fprintf(stderr, "flowc: %s: %s\n", mark, strerror(errno)), false);
}

static bool fuzz_folder(Fuzz *z) {
  Arena *a = z->p->arena;
  const char *tmp = getenv("TMPDIR");
  char *dir = arena_printf(a, "%s/flowc-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  z->dir = z->o->keep ? z->o->keep : dir;
  if (z->o->keep && !fuzz_keep_folder(z)) return false;
  if (!z->o->keep && !mkdtemp(dir)) return fprintf(stderr, "flowc: %s: %s\n", dir, strerror(errno)), false;
  if (mkdir(fuzz_path(z, a, "out"), 0700) == 0 || errno == EEXIST) return true;
  return fprintf(stderr, "flowc: %s/out: %s\n", z->dir, strerror(errno)), false;
}

static void fuzz_remove_folder(const Fuzz *z) {
  const char *out = fuzz_path(z, z->p->arena, "out");
  fuzz_empty_folder(out);
  rmdir(out);
  fuzz_empty_folder(z->dir);
  rmdir(z->dir);
}

int flow_fuzz(const char *script, const FlowFuzzOptions *options, const FlowOptions *compile, int argc, char **argv, FILE *out) {
  FlowFuzzOptions o = *options;
  FlowOptions co = *compile;
  Fuzz z = {.o = &o, .steady = true, .out = out};
  const struct FlowBound bound = {fuzz_learn, &z};
  if (!o.runs) o.runs = FUZZ_RUNS;
  if (!o.rows) o.rows = FUZZ_ROWS;
  if (!o.seconds) o.seconds = FUZZ_SECONDS;
  if (!o.has_seed) o.seed = (unsigned long long)frt_monotonic_us() % 1000000;
  co.bound = &bound;
  FlowProgram *p = z.p = flow_compile_file(script, &co);
  int status = flow_error_count(p) ? 1 : 0;
  if (status) flow_print_diagnostics(p, stderr, 0);
  else if (!fuzz_folder(&z)) status = 2;
  if (!status) {
    struct sigaction act = {.sa_handler = fuzz_on_signal}, old_int, old_term;
    sigemptyset(&act.sa_mask);
    signal(SIGCHLD, SIG_DFL);
    fuzz_stopped = 0;
    sigaction(SIGINT, &act, &old_int);
    sigaction(SIGTERM, &act, &old_term);
    z.arena = arena_new();
    status = fuzz_runs(&z, argc, argv);
    arena_free(z.arena);
    if (!z.found && !o.keep) fuzz_remove_folder(&z);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
  }
  flow_free(p);
  return status;
}
