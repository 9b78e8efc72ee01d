/* look.c: the commands that look at a script or a file without running it: check, emit, explain, graph, fmt,
 * infer, doc. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Flags of a run change nothing here: they are taken, so that one set of flags goes with every command. */
static int look_no_words(const Cli *c) {
  if (c->argc && strncmp(c->argv[0], "--", 2)) return cli_usage_error("`%s` does not take `%s`", c->command, c->argv[0]);
  return c->argc ? flow_take_flags(c->argc, c->argv) : 0;
}

int cli_check(Cli *c) {
  int status = look_no_words(c);
  if (status) return status;
  FlowProgram *p = cli_compile(c, &status);
  flow_free(p);
  return status;
}

static int look_write(const char *path, const char *text, size_t size) {
  FILE *f = path ? fopen(path, "wb") : stdout;
  int ok = f && fwrite(text, 1, size, f) == size;
  if (f && (path ? fclose(f) : fflush(f))) ok = 0;
  if (ok) return 0;
  fprintf(stderr, "flowc: %s: %s\n", path ? path : "standard output", strerror(errno));
  return 2;
}

int cli_emit(Cli *c) {
  int status = look_no_words(c);
  FlowProgram *p = status ? NULL : cli_compile(c, &status);
  if (!p) return status;
  size_t size;
  const char *text = flow_c_text(p, c->bundle, &size);
  status = text ? look_write(c->output, text, size) : 1;
  flow_free(p);
  return status;
}

int cli_explain(Cli *c) {
  int status = look_no_words(c);
  FlowProgram *p = status ? NULL : cli_compile(c, &status);
  if (!p) return status;
  status = flow_explain(p, stdout);
  flow_free(p);
  return status;
}

int cli_graph(Cli *c) {
  int status = look_no_words(c);
  FlowProgram *p = status ? NULL : cli_compile(c, &status);
  if (!p) return status;
  status = flow_graph(p, stdout);
  flow_free(p);
  return status;
}

static int fmt_result(const Cli *c, const char *text) {
  if (!c->check) return look_write(c->write ? c->script : NULL, text, strlen(text));
  FILE *f = fopen(c->script, "rb");
  int same = f != NULL;
  for (const char *p = text; same && *p; p++) same = getc(f) == (unsigned char)*p;
  if (f) {
    same = same && getc(f) == EOF;
    fclose(f);
  }
  if (!same) fprintf(stderr, "flowc: %s is not in canonical layout; `flowc fmt --write` puts it there\n", c->script);
  return same ? 0 : 1;
}

int cli_fmt(Cli *c) {
  int status = look_no_words(c);
  if (status) return status;
  if (c->inline_text && (c->write || c->check)) return cli_usage_error("`fmt --write` and `--check` need a file");
  FlowProgram *p = flow_parse(c->inline_text ? NULL : c->script, c->inline_text);
  if (flow_error_count(p)) {
    flow_print_diagnostics(p, stderr, c->json ? FLOW_DIAG_JSON : 0);
    status = 1;
  } else {
    status = fmt_result(c, flow_format(p));
  }
  flow_free(p);
  return status;
}

int cli_infer(Cli *c) {
  int status = look_no_words(c);
  return status ? status : flow_infer(c->script, c->format, stdout);
}

int cli_doc(Cli *c) {
  int status = look_no_words(c);
  return status ? status : flow_doc(c->script, stdout);
}

int cli_schema(Cli *c) {
  static const char *const verbs[] = {"show", "diff", "check"};
  const char *verb = c->script, *mode = c->mode;
  int check = !strcmp(verb, "check"), words = !strcmp(verb, "show") ? 1 : 2;
  if (!check && strcmp(verb, "show") && strcmp(verb, "diff")) {
    const char *near = flow_nearest(verb, verbs, 3);
    return cli_usage_error("`schema` knows show, diff and check, not `%s`%s%s%s", verb, near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
  }
  if (mode && !check) return cli_usage_error("--mode is of `schema check`");
  if (mode && strcmp(mode, "backward") && strcmp(mode, "forward") && strcmp(mode, "full"))
    return cli_usage_error("--mode is backward, forward or full, not `%s`", mode);
  for (int i = 0; i < c->argc; i++)
    if (c->argv[i][0] == '-') return cli_usage_error("`schema` has no flag `%s`", c->argv[i]);
  if (c->argc != words) return cli_usage_error(words == 1 ? "`schema show` takes one file" : "`schema %s` takes an old and a new file", verb);
  if (words == 1) return flow_schema_show(c->argv[0], c->format, stdout);
  return flow_schema_diff(c->argv[0], c->argv[1], c->format, check ? mode ? mode : "backward" : NULL, stdout);
}
