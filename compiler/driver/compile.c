/* compile.c: the passes, in order, on one screen. */
#include "driver/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codegen/codegen.h"
#include "driver/fuzz.h"
#include "driver/load.h"
#include "opt/opt.h"
#include "sema/sema.h"
#include "syntax/parse.h"

static int64_t compile_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void compile_time(FlowProgram *p, const char *name, int64_t start) {
  p->times[p->time_len++] = (PassTime){name, compile_clock() - start};
}

static bool pass_parse(FlowProgram *p) {
  p->ast = syntax_parse(p->arena, p->diags, p->file);
  return p->ast != NULL;   /* errors of the syntax and of the meaning are shown in one run */
}

static bool pass_bind(FlowProgram *p) {
  SemaOptions o = {.load = load_module, .load_env = p, .plugin = load_plugin, .infer_files = !p->options.check_only,
                   .on_error = p->options.on_error, .mask = p->options.mask, .taps = p->options.taps,
                   .taps_only = p->options.taps_only, .attach = p->options.attach != 0};
  p->plan = sema_bind(p->arena, p->diags, p->ast, &o);
  if (p->plan) p->plan->replay = p->options.replay;
  if (p->plan) p->plan->coverage = p->options.coverage;
  if (p->plan && p->options.bound && !diag_error_len(p->diags)) p->options.bound->see(p->options.bound->env, p->plan);
  return p->plan && !diag_error_len(p->diags);
}

static bool pass_verify(FlowProgram *p) {
  p->broken = plan_verify(p->plan);
  return !p->broken;
}

static bool pass_optimise(FlowProgram *p) {
  phys_check_sources(p->arena, p->plan);
  p->broken = opt_run(p->plan, p->options.no_passes);
  return !p->broken;
}

static bool pass_physical(FlowProgram *p) {
  p->phys = phys_build(p->arena, p->plan);
  return p->phys != NULL;
}

static bool pass_generate(FlowProgram *p) {
  p->c_text = gen_module(p->arena, p->phys, &p->c_size);
  return !diag_error_len(p->diags);
}

static const struct { const char *name; bool (*run)(FlowProgram *p); } compile_passes[] = {
  {"parse", pass_parse},
  {"bind", pass_bind},
  {"verify", pass_verify},
  {"optimise", pass_optimise},
  {"physical", pass_physical},
  {"generate", pass_generate},
};

void compile_script(FlowProgram *p, const char *text, size_t size) {
  p->file = diags_add_source(p->diags, p->path, text, size);
  if (p->file == UINT32_MAX) {
    p->file = diags_add_source(p->diags, p->path, "", 0);
    diag_report(p->diags, DIAG_E0902, (Span){p->file, 0, 0}, NULL, NULL, 16u << 20);
    return;
  }
  for (size_t i = 0; i < sizeof compile_passes / sizeof *compile_passes; i++) {
    int64_t start = compile_clock();
    bool ok = compile_passes[i].run(p);
    compile_time(p, compile_passes[i].name, start);
    if (!ok) break;
  }
  if (diag_error_len(p->diags)) p->c_text = NULL;
}

static const Backend *compile_backend(const FlowProgram *p) {
  return p->options.jit && !strcmp(p->options.jit, "cc") ? &backend_cc : &backend_tcc;
}

bool compile_has_c(const FlowProgram *p) { return strstr(p->c_text, "/* extern c fn ") != NULL; }

/* A module that was built before, or libtcc's and a better one on its way. Functions in C may keep what only one of two modules
 * would know; and tests change over from libtcc. */
static bool compile_load_cached(FlowProgram *p) {
  int64_t start = compile_clock();
  if (getenv("FLOW_SWITCH_AT") || !backend_cached(p->arena, p->c_text, p->c_size, &p->loaded)) return false;
  compile_time(p, "cache", start);
  return true;
}

bool compile_load(FlowProgram *p) {
  const char *why = NULL;
  bool is_auto = p->options.jit && !strcmp(p->options.jit, "auto");
  if (is_auto && compile_load_cached(p)) return true;
  p->tiered = is_auto && !compile_has_c(p);
  const Backend *b = compile_backend(p);
  int64_t start = compile_clock();
  bool ok = b->load(p->arena, p->c_text, p->c_size, &p->loaded, &why);
  if (!ok && b == &backend_cc && why && !strncmp(why, "cannot run", 10)) {
    fprintf(stderr, "flowc: %s; libtcc is used instead\n", why);
    b = &backend_tcc;
    ok = b->load(p->arena, p->c_text, p->c_size, &p->loaded, &why);
  }
  compile_time(p, b->name, start);
  if (!ok && compile_has_c(p)) {
    fprintf(stderr, "%s: error: the C of `extern c` does not compile\n%s", p->path, why ? why : "");
    return false;
  }
  if (!ok) {
    fprintf(stderr, "flowc: internal error: the generated C does not compile; this is a bug of flowc\n%s\n", why ? why : "");
    return false;
  }
  return true;
}
