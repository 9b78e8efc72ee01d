/* semap_cases.c: every script of tests/e2e (or of the folder FLOW_CASES) is bound, from its own folder; its plan
 * verifies, and it has errors only where the case may end with 1 (its file `status`). */
#include <criterion/criterion.h>
#include <glob.h>
#include <unistd.h>

#include "support/sema_text.h"

/* What the case says of its exit code: 1 may mean an error of the script. */
static bool may_be_wrong(Arena *a) {
  size_t size;
  char *status = access("status", R_OK) == 0 ? sema_read_file(a, "status", &size) : NULL;
  return status && memchr(status, '1', size);
}

static void check_case(const char *folder) {
  Arena *a = arena_new();
  size_t size;
  cr_assert_eq(chdir(folder), 0);
  char *script = sema_read_file(a, "case.flow", &size);
  if (script) {
    SemaText t = sema_bind_text("case.flow", script, size);
    uint32_t len;
    const Diag *all = diag_all(t.diags, &len);
    bool judged = access("stdin", F_OK) != 0 && access("command", F_OK) != 0 && !may_be_wrong(a);
    for (uint32_t i = 0; i < len && judged; i++)
      cr_expect(all[i].severity != SEVERITY_ERROR, "%s: %s: %s", folder, diag_code_name(all[i].code), all[i].message);
    const char *fault = *t.text ? plan_verify(t.plan) : NULL;
    cr_expect_null(fault, "%s: %s", folder, fault);
    sema_text_free(&t);
  }
  arena_free(a);
}

Test(semap_cases, every_script_binds) {
  const char *root = getenv("FLOW_CASES");
  char pattern[4096];
  glob_t g;
  char *home = getcwd(NULL, 0);
  /* Types may be read from the standard input. */
  cr_assert_not_null(freopen("/dev/null", "r", stdin));
  snprintf(pattern, sizeof pattern, "%s%s/*/", root && root[0] == '/' ? "" : home, root ? root : "/tests/e2e");
  if (!glob(pattern, 0, NULL, &g)) {
    for (size_t i = 0; i < g.gl_pathc; i++) check_case(g.gl_pathv[i]);
    globfree(&g);
  }
  cr_expect_eq(chdir(home), 0);
  free(home);
}
