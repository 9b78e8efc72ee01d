/* run.c: the commands that run scripts: run, replay, test, fuzz. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* The names that --tap asks for, as "a,b"; so that other taps cost nothing, and streams and ports can be tapped. */
static char *run_taps(const Cli *c) {
  size_t size = 1;
  for (int i = 0; i < c->argc; i++) size += strlen(c->argv[i]) + 1;
  char *names = calloc(size, 1), *p = names;
  for (int i = 0; names && i < c->argc; i++) {
    const char *value = !strncmp(c->argv[i], "--tap=", 6) ? c->argv[i] + 6 : NULL;
    if (!strcmp(c->argv[i], "--tap") && i + 1 < c->argc) value = c->argv[++i];
    if (!value) continue;
    const char *colon = strrchr(value, ':');
    size_t n = colon ? (size_t)(colon - value) : strlen(value);
    if (p > names) *p++ = ',';
    memcpy(p, value, n);
    p += n;
  }
  return names;
}

int cli_run(Cli *c) {
  int status = 0;
  char *taps = run_taps(c);
  c->options.taps = taps;
  c->options.taps_only = !c->dump;   /* what is printed has all taps */
  c->options.jit_otherwise = "auto";
  for (int i = 0; i < c->argc; i++)
    if (!strncmp(c->argv[i], "--stats", 7)) c->options.stats = 1;
    else if (!strcmp(c->argv[i], "--quiet")) c->quiet = 1;
    else if (!strcmp(c->argv[i], "--attach")) c->options.attach = 1;
  FlowProgram *p = cli_compile(c, &status);
  if (p) status = flow_run(p, c->argc, c->argv);
  flow_free(p);
  free(taps);
  return status;
}

int cli_replay(Cli *c) {
  if (!c->script) return cli_usage_error("`replay` needs a file of dead letters");
  if (c->argc && c->argv[0][0] != '-')
    return cli_usage_error("`replay` takes one file of dead letters; the script is given by --script, not `%s`", c->argv[0]);
  return flow_replay(c->script, c->of_script, &c->options, c->argc, c->argv);
}

int cli_test(Cli *c) {
  int status = 0;
  const char *f = c->test.format;
  if (!c->script) return cli_usage_error("`test` needs a script file");
  if (f && strcmp(f, "text") && strcmp(f, "tap") && strcmp(f, "junit")) return cli_usage_error("--format of `test` is text, tap or junit, not `%s`", f);
  if (c->test_wrong) return cli_usage_error("--min is a percentage, not `%s`", c->test_wrong);
  if (c->test.min) c->test.coverage = 1;
  FlowProgram *p = flow_parse(c->script, NULL);
  if (flow_error_count(p)) {
    flow_print_diagnostics(p, stderr, (c->colour ? FLOW_DIAG_COLOUR : 0) | (c->json ? FLOW_DIAG_JSON : 0));
    status = 1;
  } else {
    status = flow_test_as(p, &c->test, c->argc, c->argv, stdout);
  }
  flow_free(p);
  return status;
}

static int fuzz_help(void) {
  fputs("flowc fuzz s.flow [--name value ...]\n"
        "  --seed N        of the first run; each run takes the next one (default: of the clock; it is printed)\n"
        "  --runs N        how many (default 20)\n"
        "  --rows N        rows of each source at most (default 1000)\n"
        "  --time SECONDS  a process that takes longer hangs (default 20)\n"
        "  --keep DIR      the folder for the files that are made, which stay there\n", stdout);
  return 0;
}

int cli_fuzz(Cli *c) {
  if (!c->script || !strcmp(c->script, "-")) return cli_usage_error("`fuzz` needs a script file");
  for (int i = 0; i < c->argc; i++)
    if (!strcmp(c->argv[i], "--help") || !strcmp(c->argv[i], "-h")) return fuzz_help();
  if (c->fuzz_wrong) return cli_usage_error("`%s` is no such number as `fuzz` takes: --seed from 0; --runs, --rows and --time (seconds) from 1", c->fuzz_wrong);
  return flow_fuzz(c->script, &c->fuzz, &c->options, c->argc, c->argv, stdout);
}
