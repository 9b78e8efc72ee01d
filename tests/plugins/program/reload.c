/* reload.c: runs a script twice in one process, with a command between: reload SCRIPT COMMAND. Not a plugin. */
#include <stdlib.h>

#include "flow.h"

static int once(const char *path) {
  FlowOptions o = {0};
  FlowProgram *p = flow_compile_file(path, &o);
  int rc = flow_error_count(p) ? 1 : flow_run(p, 0, NULL);
  flow_print_diagnostics(p, stderr, 0);
  flow_free(p);
  return rc;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int rc = once(argv[1]);
  fflush(stdout);
  if (!rc && system(argv[2])) rc = 3;
  return rc ? rc : once(argv[1]);
}
