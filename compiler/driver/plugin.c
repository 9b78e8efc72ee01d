/* plugin.c: `flowc plugin`: a new plugin from a template, a build by the C compiler, what plugins say of themselves, and their tests.
 *
 * A plugin is only ever looked at in a child (runtime/plugin/describe.c); its tests run in this process, as a script would. */
#include "plugin/plugin.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/compile.h"

extern const char plugin_header_text[];
extern const size_t plugin_header_size;
extern const char plugin_template_text[];
extern const size_t plugin_template_size;

static int plugin_says(const char *path, const char *why) {
  fprintf(stderr, "flowc: %s: %s\n", path, why);
  return 1;
}

static bool plugin_write(const char *path, const char *mode, const char *text, size_t size) {
  FILE *f = fopen(path, mode);
  bool good = f && fwrite(text, 1, size, f) == size;
  if (f && fclose(f)) good = false;
  return good;
}

/* ---- new ---- */

static bool plugin_is_name(const char *s) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return *s && !(*s >= '0' && *s <= '9') && !s[strspn(s, letters)] && strlen(s) < 60;
}

int flow_plugin_new(const char *name, FILE *out) {
  if (!plugin_is_name(name)) return plugin_says(name, "a plugin's name is of letters, digits and `_`");
  Arena *a = arena_new();
  const char *path = arena_printf(a, "%s.c", name), *p = plugin_template_text, *at;
  char *text = arena_strndup(a, "", 0);
  for (; (at = strstr(p, "@NAME@")); p = at + 6) text = arena_printf(a, "%s%.*s%s", text, (int)(at - p), p, name);
  text = arena_printf(a, "%s%s", text, p);
  int rc = plugin_write(path, "wxb", text, strlen(text)) ? 0 : plugin_says(path, strerror(errno));
  if (!rc) fprintf(out, "%s: build it with `flowc plugin build %s`, test it with `flowc plugin test %s.so`\n", path, path, name);
  arena_free(a);
  return rc;
}

/* ---- build ---- */

static int plugin_compile(Arena *a, const char *source, const char *output, const char *cc, const char *folder) {
  const char *env = getenv("CC");
  const char *argv[] = {cc ? cc : env && *env ? env : "cc", "-std=gnu11", "-O2", "-Wall", "-fPIC", "-shared", "-fvisibility=hidden",
                        arena_printf(a, "-I%s", folder), "-o", output, source, "-lm", NULL};
  char *errors;
  int rc = backend_run(a, argv, &errors);
  if (rc < 0) fprintf(stderr, "flowc: cannot run the C compiler: ");
  fputs(errors, stderr);
  return rc == 0 ? 0 : 2;
}

static const char *plugin_output(Arena *a, const char *source) {
  size_t n = strlen(source);
  return n > 2 && !strcmp(source + n - 2, ".c") ? arena_printf(a, "%.*s.so", (int)n - 2, source) : arena_printf(a, "%s.so", source);
}

int flow_plugin_build(const char *source, const char *output, const char *cc, FILE *out) {
  Arena *a = arena_new();
  const char *tmp = getenv("TMPDIR"), *why;
  char *folder = arena_printf(a, "%s/flowc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  PluginDescription d;
  int rc = 2;
  if (!output) output = plugin_output(a, source);
  if (!mkdtemp(folder)) {
    plugin_says(folder, strerror(errno));
  } else {
    const char *header = arena_printf(a, "%s/flow_plugin.h", folder);
    if (plugin_write(header, "wb", plugin_header_text, plugin_header_size)) rc = plugin_compile(a, source, output, cc, folder);
    else plugin_says(header, strerror(errno));
    unlink(header);
    rmdir(folder);
  }
  if (!rc && plugin_describe(a, output, &d, &why) != PLUGIN_GOOD) rc = plugin_says(output, why);
  if (!rc) fprintf(out, "%s: %.*s\n", output, (int)strcspn(d.text + 9, "\n"), d.text + 9);
  arena_free(a);
  return rc;
}

/* ---- info, list ---- */

int flow_plugin_info(const char *path, FILE *out) {
  Arena *a = arena_new();
  PluginDescription d;
  const char *why;
  int rc = plugin_describe(a, path, &d, &why) == PLUGIN_GOOD ? 0 : plugin_says(path, why);
  if (!rc) fwrite(d.text, 1, d.size, out);
  arena_free(a);
  return rc;
}

static int plugin_by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void plugin_list_folder(Arena *a, const char *folder, FILE *out) {
  const char **paths = NULL, *why;
  size_t len = 0;
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    size_t n = strlen(e->d_name);
    if (n < 4 || strcmp(e->d_name + n - 3, ".so")) continue;
    paths = arena_grow(a, paths, len, sizeof *paths);
    paths[len++] = strcmp(folder, ".") ? arena_printf(a, "%s/%s", folder, e->d_name) : arena_strndup(a, e->d_name, n);
  }
  if (d) closedir(d);
  if (len) qsort(paths, len, sizeof *paths, plugin_by_name);
  for (size_t i = 0; i < len; i++) {
    PluginDescription p;
    if (plugin_describe(a, paths[i], &p, &why) == PLUGIN_GOOD) fprintf(out, "%-24.*s %s\n", (int)strcspn(p.text + 9, "\n"), p.text + 9, paths[i]);
    else fprintf(out, "%-24s %s: %s\n", "-", paths[i], why);
  }
}

static void plugin_list_folders(Arena *a, const char *folders, FILE *out) {
  for (const char *p = folders; p && *p; p += *p == ':') {
    size_t n = strcspn(p, ":");
    if (n) plugin_list_folder(a, arena_strndup(a, p, n), out);
    p += n;
  }
}

int flow_plugin_list(const char *dirs, FILE *out) {
  Arena *a = arena_new();
  plugin_list_folder(a, ".", out);
  plugin_list_folders(a, dirs, out);
  plugin_list_folders(a, getenv("FLOW_PLUGIN_PATH"), out);
  arena_free(a);
  return 0;
}

/* ---- test ---- */

int flow_plugin_test(const char *path, FILE *out) {
  Arena *a = arena_new();
  PluginDescription d;
  const char *why;
  char full[PATH_MAX];
  int rc = plugin_describe(a, path, &d, &why) == PLUGIN_GOOD ? 0 : plugin_says(path, why);
  if (!rc && !realpath(path, full)) rc = plugin_says(path, strerror(errno));
  if (!rc && (!d.tests || strpbrk(full, "\"\\\n"))) rc = plugin_says(path, d.tests ? "its path cannot be written in a script" : "it brings no tests");
  if (!rc) {
    const char *name = d.text + 9;   /* on one line, so that lines are those of the tests */
    const char *text = arena_printf(a, "use \"%s\" as %.*s %s", full, (int)strcspn(name, " "), name, d.tests);
    FlowProgram *p = flow_compile_text(arena_printf(a, "tests of %s", path), text, strlen(text), NULL);
    flow_print_diagnostics(p, stderr, 0);
    rc = flow_error_count(p) ? 1 : flow_test(p, out);
    flow_free(p);
  }
  arena_free(a);
  return rc;
}
