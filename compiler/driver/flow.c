/* flow.c: the functions of flow.h. */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/codegen.h"
#include "driver/compile.h"
#include "driver/load.h"
#include "ir/eval.h"
#include "sched/run.h"
#include "syntax/parse.h"

const char *flow_version(void) { return FLOW_VERSION; }

static FlowProgram *flow_new(const char *path, const FlowOptions *o) {
  Arena *a = arena_new();
  FlowProgram *p = arena_alloc(a, sizeof *p);
  eval_set_lookup(backend_symbol);
  p->arena = a;
  p->diags = diags_new(a);
  if (o) p->options = *o;
  p->path = arena_strndup(a, path, strlen(path));
  return p;
}

FlowProgram *flow_compile_text(const char *name, const char *text, size_t size, const FlowOptions *o) {
  FlowProgram *p = flow_new(name, o);
  compile_script(p, text, size);
  return p;
}

FlowProgram *flow_compile_file(const char *path, const FlowOptions *o) {
  FlowProgram *p = flow_new(path, o);
  size_t size;
  const char *why;
  char *text = load_file(p->arena, path, &size, &why);
  if (text) {
    compile_script(p, text, size);
    return p;
  }
  p->file = diags_add_source(p->diags, path, "", 0);
  diag_report(p->diags, DIAG_E0907, (Span){p->file, 0, 0}, NULL, NULL, why);
  return p;
}

FlowProgram *flow_parse(const char *path, const char *text) {
  FlowProgram *p = flow_new(path ? path : "<command line>", NULL);
  const char *why = NULL;
  size_t size = text ? strlen(text) : 0;
  if (path) text = load_file(p->arena, path, &size, &why);
  p->file = diags_add_source(p->diags, p->path, text ? text : "", text ? size : 0);
  if (!text) diag_report(p->diags, DIAG_E0907, (Span){p->file, 0, 0}, NULL, NULL, why);
  else p->ast = syntax_parse(p->arena, p->diags, p->file);
  return p;
}

void flow_free(FlowProgram *p) {
  if (!p) return;
  if (p->loaded.free) p->loaded.free(&p->loaded);
  arena_free(p->arena);
}

unsigned flow_error_count(const FlowProgram *p) { return diag_error_len(p->diags) + (p->broken != NULL); }

void flow_print_diagnostics(FlowProgram *p, FILE *out, int flags) {
  if (flags & FLOW_DIAG_JSON) diag_print_json(p->diags, out);
  else diag_print(p->diags, out, flags & FLOW_DIAG_COLOUR);
  if (p->broken) fprintf(out, "flowc: internal error: %s; this is a bug of flowc\n", p->broken);
}

static char *flow_compile_stats(FlowProgram *p) {
  char *text = arena_strndup(p->arena, "", 0);
  for (uint32_t i = 0; i < p->time_len; i++)
    text = arena_printf(p->arena, "%scompile %-10s %8.3f ms\n", text, p->times[i].name, (double)p->times[i].ns / 1e6);
  return text;
}

/* The value of `option NAME = ...` in the script, or NULL. */
static const AstExpr *flow_option(const FlowProgram *p, const char *name) {
  for (const AstStmt *s = p->ast ? p->ast->stmts : NULL; s; s = s->next)
    if (s->kind == AST_OPTION && s->name.text && !strcmp(s->name.text, name)) return s->value;
  return NULL;
}

/* What the script asks for where the command line says nothing. */
static void flow_run_options(const FlowProgram *p, FrtRunOptions *o) {
  const AstExpr *threads = flow_option(p, "threads"), *memory = flow_option(p, "memory"), *temp = flow_option(p, "temp");
  if (threads && !o->threads) o->threads = (uint32_t)strtoul(threads->text, NULL, 10);
  if (memory && !o->memory) o->memory = (uint64_t)memory->integer;
  if (temp && !o->temp) o->temp = temp->text;
}

int flow_run(FlowProgram *p, int argc, char **argv) {
  if (p->broken) return 70;
  if (!p->c_text) return 1;
  const AstExpr *jit = flow_option(p, "jit");
  if (!p->options.jit) p->options.jit = jit ? jit->text : p->options.jit_otherwise;
  if (!p->loaded.module && !compile_load(p)) return compile_has_c(p) ? 1 : 70;
  FrtRunOptions o = {0};
  int rc = frt_parse_args(p->arena, p->loaded.module, argc, argv, &o);
  if (rc) return rc < 0 ? 0 : rc;
  flow_run_options(p, &o);
  if (o.stats) o.compile_stats = flow_compile_stats(p);
  if (p->tiered) o.tiers = backend_tiers_start(p->arena, p->c_text, p->c_size);
  rc = frt_run_as_asked(p->loaded.module, &o);
  backend_tiers_end(o.tiers);
  return rc;
}

const char *flow_c_text(FlowProgram *p, int bundle, size_t *size) {
  if (!p->c_text) return NULL;
  *size = p->c_size;
  if (bundle && strstr(p->c_text, "frt_js_new(")) {
    fprintf(stderr, "flowc: `call js` needs the JavaScript engine, which is not part of a bundle; `flowc build` makes a program that has it\n");
    return NULL;
  }
  if (bundle && strstr(p->c_text, "FrtPlugin")) {
    fprintf(stderr, "flowc: a plugin is a shared object of one machine, which is not part of a bundle; `flowc build` makes a program that loads it\n");
    return NULL;
  }
  return bundle ? backend_bundle(p->arena, p->c_text, p->c_size, size) : p->c_text;
}

int flow_build(FlowProgram *p, const char *output, const char *cc, int is_static) {
  if (p->broken) return 70;
  if (!p->c_text) return 1;
  BuildOptions o = {.cc = cc, .is_static = is_static != 0, .output = output};
  const char *why = NULL;
  if (backend_build(p->arena, p->c_text, p->c_size, &o, &why)) return 0;
  fprintf(stderr, "flowc: cannot build `%s`\n%s\n", output, why ? why : "");
  return 2;
}

int flow_dump(FlowProgram *p, const char *stage, FILE *out) {
  if (!strcmp(stage, "ast") && p->ast) ast_print(p->ast, out);
  else if ((!strcmp(stage, "bound") || !strcmp(stage, "opt")) && p->plan) plan_print(p->plan, out);
  else if (!strcmp(stage, "phys") && p->phys) phys_explain(p->phys, out);
  else if (!strcmp(stage, "c") && p->c_text) fputs(p->c_text, out);
  else return 1;
  return 0;
}

int flow_explain(FlowProgram *p, FILE *out) {
  if (!p->phys) return 1;
  phys_explain(p->phys, out);
  return 0;
}

int flow_graph(FlowProgram *p, FILE *out) {
  if (!p->phys) return 1;
  phys_graph(p->phys, out);
  return 0;
}

const char *flow_format(FlowProgram *p) {
  if (!p->ast) return NULL;
  const Source *s = diags_source(p->diags, p->file);
  return s ? syntax_format(p->arena, s, p->ast) : NULL;
}
