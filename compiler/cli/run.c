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
