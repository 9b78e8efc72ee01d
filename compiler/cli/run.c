/* run.c: flowc run. */
#include <string.h>

#include "cli.h"

int cli_run(Cli *c) {
  int status = 0;
  for (int i = 0; i < c->argc; i++)
    if (!strncmp(c->argv[i], "--stats", 7)) c->options.stats = 1;
  FlowProgram *p = cli_compile(c, &status);
  if (!p) return status;
  status = flow_run(p, c->argc, c->argv);
  flow_free(p);
  return status;
}

int cli_test(Cli *c) {
  int status = 0;
  if (!c->script) return cli_usage_error("`test` needs a script file");
  FlowProgram *p = flow_parse(c->script, NULL);
  if (flow_error_count(p)) {
    flow_print_diagnostics(p, stderr, (c->colour ? FLOW_DIAG_COLOUR : 0) | (c->json ? FLOW_DIAG_JSON : 0));
    status = 1;
  } else {
    status = flow_test_with(p, c->argc, c->argv, stdout);
  }
  flow_free(p);
  return status;
}
