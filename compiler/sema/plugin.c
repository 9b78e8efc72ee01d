/* plugin.c: `use "geo.so ^1.2" as geo`: a plugin as a module.
 *
 * The plugin is loaded in a child and describes itself as declarations of the language (runtime/plugin/describe.c). They are parsed as a source of
 * their own and their names collected like those of a file, so that all that is known of modules holds: aliases, "did you mean",
 * names that are taken. */
#include "plugin/plugin.h"

#include <string.h>

#include "sema/bind_internal.h"
#include "syntax/parse.h"

/* The length of the file's name in `geo.so ^1.2`; 0: no plugin is named. */
static size_t plugin_file_len(const char *use) {
  const char *space = strchr(use, ' ');
  while (space && !strchr("<>=^~*0123456789", space[1 + strspn(space + 1, " ")])) space = strchr(space + 1, ' ');
  size_t n = space ? (size_t)(space - use) : strlen(use);
  while (n && use[n - 1] == ' ') n--;
  return n > 3 && !memcmp(use + n - 3, ".so", 3) ? n : 0;
}

bool plugin_is_named(const char *use) { return plugin_file_len(use) > 0; }

static bool plugin_report(Binder *b, Span span, const char *file, PluginStatus status, const char *why) {
  switch (status) {
    case PLUGIN_GOOD: return true;
    case PLUGIN_MISSING: diag_report(b->diags, DIAG_E0813, span, NULL, NULL, file, why); break;
    case PLUGIN_NOT_SHARED: diag_report(b->diags, DIAG_E0814, span, NULL, "`flowc plugin build` makes one from C", file, why); break;
    case PLUGIN_CRASHED: diag_report(b->diags, DIAG_E0814, span, NULL, NULL, file, why); break;
    case PLUGIN_NO_TABLE: diag_report(b->diags, DIAG_E0815, span, NULL, "a plugin defines `const FlowPlugin flow_plugin`", file, why); break;
    case PLUGIN_OTHER_ABI: diag_report(b->diags, DIAG_E0816, span, NULL, "build it again with this flowc's flow_plugin.h", file, why); break;
    case PLUGIN_NEEDS: diag_report(b->diags, DIAG_E0816, span, NULL, NULL, file, why); break;
    case PLUGIN_BROKEN: diag_report(b->diags, DIAG_E0818, span, NULL, NULL, file, why); break;
  }
  return false;
}

/* The first line is "# plugin name version". */
static void plugin_head(Binder *b, const char *text, PluginModule *p) {
  const char *name = text + strlen("# plugin "), *end = name + strcspn(name, " "), *version = end + (*end != 0);
  p->name = arena_strndup(b->arena, name, (size_t)(end - name));
  p->version = arena_strndup(b->arena, version, strcspn(version, "\n"));
}

static bool plugin_check_version(Binder *b, Span span, const char *file, const PluginModule *p, const char *range) {
  if (!*range) return true;
  int fits = plugin_version_fits(p->version, range);
  if (fits > 0) return true;
  diag_report(b->diags, DIAG_E0817, span, NULL,
              fits < 0 ? "a range of versions is `>=1.2 <2`, `^1.2`, `~1.2`, `1.2` or `=1.2.3`" : NULL, file, p->version, range);
  return false;
}

Module *plugin_module(Binder *b, Module *from, const AstStmt *use) {
  const char *text = use->value->text, *why = "nowhere", *range;
  Span span = use->value->span;
  size_t n = plugin_file_len(text);
  const char *name = arena_strndup(b->arena, text, n);
  range = text + n + strspn(text + n, " ");
  const SemaOptions *o = b->options;
  PluginModule *p = arena_alloc(b->arena, sizeof *p);
  p->file = o && o->plugin ? o->plugin(o->load_env, name, from->path, &why) : NULL;
  if (!p->file) {
    diag_report(b->diags, DIAG_E0813, span, NULL, "paths are relative to the script, then to --plugin-dir and FLOW_PLUGIN_PATH", name, why);
    return NULL;
  }
  PluginDescription d;
  if (!plugin_report(b, span, name, plugin_describe(b->arena, p->file, &d, &why), why)) return NULL;
  p->hash = d.hash;
  plugin_head(b, d.text, p);
  if (!plugin_check_version(b, span, name, p, range)) return NULL;
  uint32_t file = diags_add_source(b->diags, arena_printf(b->arena, "%s (described)", name), d.text, d.size);
  if (file == UINT32_MAX) {
    diag_report(b->diags, DIAG_E0902, span, NULL, NULL, 16u << 20);
    return NULL;
  }
  Module *m = module_new(b, syntax_parse(b->arena, b->diags, file), arena_printf(b->arena, "%s:%s", p->file, range));
  m->plugin = p;
  module_collect_symbols(b, m);
  return m;
}
