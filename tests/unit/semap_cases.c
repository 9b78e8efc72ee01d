/* semap_cases.c: every script of tests/e2e (or of the folder FLOW_CASES) binds, from its own folder, and its
 * plan verifies; those that expect errors of the script report one. */
#include <criterion/criterion.h>
#include <glob.h>
#include <unistd.h>

#include "support/sema_text.h"

static bool wants_error(const char *folder) {
  static const char *const bad[] = { "unknown_column", "type_mismatch", "cycle", "eq_null", "missing_bar", "nullable_misuse", "all_errors" };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) if (strstr(folder, bad[i])) return true;
  return false;
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
    for (uint32_t i = 0; i < len && !wants_error(folder); i++)
      cr_expect(all[i].severity != SEVERITY_ERROR, "%s: %s: %s", folder, diag_code_name(all[i].code), all[i].message);
    cr_expect_eq(diag_error_len(t.diags) > 0, wants_error(folder), "%s", folder);
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
  snprintf(pattern, sizeof pattern, "%s%s/*/", root && root[0] == '/' ? "" : home, root ? root : "/tests/e2e");
  if (!glob(pattern, 0, NULL, &g)) {
    for (size_t i = 0; i < g.gl_pathc; i++) check_case(g.gl_pathv[i]);
    globfree(&g);
  }
  cr_expect_eq(chdir(home), 0);
  free(home);
}
