/* watch.c: flowc watch. */
#include <string.h>

#include "cli.h"

static int watch_run_once(void *env) { return cli_run(env); }

int cli_watch(Cli *c) {
  int quiet = 0;
  if (!c->script || !strcmp(c->script, "-")) return cli_usage_error("`watch` needs a script file");
  for (int i = 0; i < c->argc; i++) {
    if (!strncmp(c->argv[i], "--watch-dir", 11)) return cli_usage_error("`watch` runs a script again; a folder is watched by `flowc run --watch-dir`");
    quiet |= !strcmp(c->argv[i], "--quiet");
  }
  return flow_watch(c->script, watch_run_once, c, quiet);
}
