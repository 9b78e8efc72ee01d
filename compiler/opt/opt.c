/* opt.c: the list of passes, in order; the verifier runs after each. */
#include "opt/opt.h"

#include <string.h>

const OptPass opt_passes[] = {
  {"fold", "constants are computed once", opt_fold},
  {"always", "filters that are always true go", opt_always},
  {"pushdown", "filters move before maps that cannot fail and that they do not read", opt_pushdown},
  {"through", "filters move before joins, aggregates and what else holds rows", opt_through},
  {"unused", "aggregates and columns that nobody reads go", opt_unused},
  {"top", "a sort of which only the first rows are taken holds only these", opt_top},
};
const unsigned opt_pass_len = sizeof opt_passes / sizeof *opt_passes;

static bool opt_left_out(const char *without, const char *name) {
  if (!without) return false;
  size_t n = strlen(name);
  for (const char *at = without; *at;) {
    if (*at == '-') at++;
    size_t len = strcspn(at, ",");
    if ((len == n && !strncmp(at, name, n)) || (len == 3 && !strncmp(at, "all", 3))) return true;
    at += len + (at[len] == ',');
  }
  return false;
}

const char *opt_run(Plan *p, const char *without) {
  for (unsigned i = 0; i < opt_pass_len; i++) {
    if (opt_left_out(without, opt_passes[i].name)) continue;
    opt_passes[i].run(p);
    const char *broken = plan_verify(p);
    if (broken) return arena_printf(p->arena, "after pass %s: %s", opt_passes[i].name, broken);
  }
  return NULL;
}
