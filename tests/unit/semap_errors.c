/* semap_errors.c: tests/errors/NAME.flow: each `# expect CODE` stands on the line that is reported,
 * or names it: `# expect CODE at LINE`. */
#include <criterion/criterion.h>
#include <glob.h>

#include "support/sema_text.h"

/* Whether `# expect CODE` stands on the line of d, or `# expect CODE at LINE` anywhere in the script (d may be in
 * a module that it uses). */
static bool is_expected(SemaText *t, const Diag *d) {
  const Source *s = diags_source(t->diags, 0);
  uint32_t line, column;
  diag_place(diags_source(t->diags, d->span.file), d->span.start, &line, &column);
  for (const char *at = s->text; (at = strstr(at, "# expect ")); at += 9) {
    uint32_t here, wanted;
    diag_place(s, (uint32_t)(at - s->text), &here, &column);
    if (sscanf(at + 14, " at %u", &wanted) == 1) here = wanted;
    if (here == line && !strncmp(at + 9, diag_code_name(d->code), 5)) return true;
  }
  return false;
}

static bool is_reported(SemaText *t, const char *code, uint32_t at_line) {
  uint32_t len;
  const Diag *all = diag_all(t->diags, &len);
  for (uint32_t i = 0; i < len; i++) {
    uint32_t line, column;
    diag_place(diags_source(t->diags, all[i].span.file), all[i].span.start, &line, &column);
    if (line == at_line && !strncmp(diag_code_name(all[i].code), code, 5)) return true;
  }
  return false;
}

static void check_file(const char *path) {
  Arena *a = arena_new();
  size_t size;
  char *script = sema_read_file(a, path, &size);
  SemaText t = sema_bind_text(path, script, size);
  uint32_t len, line = 1;
  const Diag *all = diag_all(t.diags, &len);
  for (uint32_t i = 0; i < len; i++)
    if (all[i].severity == SEVERITY_ERROR) cr_expect(is_expected(&t, &all[i]), "%s: %s is not expected: %s", path, diag_code_name(all[i].code), all[i].message);
  for (const char *at = script; (at = strstr(at, "# expect ")); at += 9) {
    uint32_t column;
    diag_place(diags_source(t.diags, 0), (uint32_t)(at - script), &line, &column);
    sscanf(at + 14, " at %u", &line);
    cr_expect(is_reported(&t, at + 9, line), "%s:%u: %.5s is not reported", path, line, at + 9);
  }
  sema_text_free(&t);
  arena_free(a);
}

Test(semap_errors, every_file) {
  glob_t g;
  cr_assert_eq(glob("tests/errors/*.flow", 0, NULL, &g), 0);
  for (size_t i = 0; i < g.gl_pathc; i++) check_file(g.gl_pathv[i]);
  globfree(&g);
}
