/* build.c: flowc build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* orders.flow builds orders. */
static char *build_name(const char *script) {
  const char *slash = strrchr(script, '/');
  const char *base = slash ? slash + 1 : script;
  const char *dot = strrchr(base, '.');
  size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
  char *name = calloc(n + 5, 1);
  if (name) memcpy(name, base, n);
  if (name && !dot) memcpy(name + n, ".out", 4);
  return name;
}

int cli_build(Cli *c) {
  int status = 0;
  if (c->argc) return cli_usage_error("`build` does not take `%s`; parameters go to the program that is built", c->argv[0]);
  FlowProgram *p = cli_compile(c, &status);
  if (!p) return status;
  char *name = c->output ? NULL : build_name(c->script ? c->script : "flow");
  status = flow_build(p, c->output ? c->output : name, c->cc, c->is_static);
  free(name);
  flow_free(p);
  return status;
}
