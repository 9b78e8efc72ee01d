/* function.c: functions of plugins: one call a row, from any thread. Nothing of a call is kept but the texts that it was given room
 * for, which live as long as the block. */
#include <stdio.h>
#include <string.h>

#include "plugin/plugin_internal.h"

enum { FUNCTION_TEXT = 64 << 20 };

struct FrtPluginFn {
  PluginHandle loaded;
  const FlowFunction *function;
  PluginImage image;
};

/* A call: the host of it, and where its texts lie. */
typedef struct FunctionCall {
  PluginHost host;
  FrtCtx *cx;
  const FrtPluginFnSpec *spec;
  const void *const *args;
  PluginArea *areas;
} FunctionCall;

static void *function_more(PluginHost *h, size_t size) {
  FunctionCall *c = h->env;
  PluginArea *a = frt_alloc(c->cx, sizeof *a);
  h->at = frt_alloc(c->cx, size);
  h->end = h->at + size;
  *a = (PluginArea){h->at, h->end, c->areas};
  c->areas = a;
  return h->at;
}

static int function_is_text_of_args(const void *env, FrtStr s) {
  const FunctionCall *c = env;
  for (uint32_t i = 0; i < c->spec->arg_len; i++) {
    if ((c->spec->args[i]->kind != FRT_STRING && c->spec->args[i]->kind != FRT_BYTES) || !c->args[i]) continue;
    const FrtStr *t = c->args[i];
    if (s.ptr >= t->ptr && s.ptr <= t->ptr + t->len && s.len <= (size_t)(t->ptr + t->len - s.ptr)) return 1;
  }
  return 0;
}

static void function_end(void *what) {
  FrtPluginFn *f = what;
  plugin_unload(&f->loaded);
}

static int function_fatal(FrtCtx *cx, const FrtPluginFnSpec *spec, const char *why) {
  const char *text = arena_printf(cx->run->run_arena, "%.*s: %s", FRT_SLICE(spec->name), why);
  return frt_fatal(cx, UINT32_MAX, FRT_E_PLUGIN, (FrtStr){text, (uint32_t)strlen(text), 0});
}

int frt_plugin_fn_new(FrtCtx *cx, const FrtPluginFnSpec *spec, FrtPluginFn **fn) {
  Arena *a = cx->run->run_arena;
  char why[500];
  if (*fn) return FRT_OK;
  FrtPluginFn *f = arena_alloc(a, sizeof *f);
  const char *file = arena_strndup(a, spec->file.ptr, spec->file.len);
  if (plugin_load(file, &f->loaded, why, sizeof why) != PLUGIN_GOOD) return function_fatal(cx, spec, arena_printf(a, "%s: %s", file, why));
  frt_at_end(cx, function_end, f);
  if (!plugin_same(f->loaded.table, spec->hash))
    return function_fatal(cx, spec, arena_printf(a, "%s is not the plugin that the script was compiled with: compile it again", file));
  f->function = &f->loaded.table->functions[spec->index];
  plugin_find_image(f->loaded.table, &f->image);
  *fn = f;
  return FRT_OK;
}

static int function_fails(FrtCtx *cx, const FrtPluginFnSpec *spec, const char *why) {
  size_t size = spec->name.len + strlen(why) + 16;
  char *text = frt_alloc(cx, size);
  int n = snprintf(text, size, "%.*s: its result %s", FRT_SLICE(spec->name), why);
  cx->detail = (FrtStr){text, (uint32_t)n, 0};
  return FRT_E_PLUGIN;
}

static int function_refused(FrtCtx *cx, FunctionCall *c) {
  char *text = frt_alloc(cx, c->host.general_len + 1);
  memcpy(text, c->host.general, c->host.general_len);
  cx->detail = plugin_message((FrtStr){text, c->host.general_len, 0});
  return FRT_E_PLUGIN;
}

int frt_plugin_call(FrtCtx *cx, const FrtPluginFnSpec *spec, FrtPluginFn **fn, const void *const *args, void *out) {
  FunctionCall c;
  if (!*fn && frt_plugin_fn_new(cx, spec, fn) != FRT_OK) return FRT_E_CANCELLED;
  c.cx = cx;
  c.spec = spec;
  c.args = args;
  c.areas = NULL;
  c.host.more = function_more;
  c.host.env = &c;
  c.host.most = FUNCTION_TEXT;
  c.host.message = NULL;
  c.host.rows = 1;
  plugin_host_start(&c.host);
  int rc = (*fn)->function->call(&c.host.host, args, out);
  if (rc == FLOW_NULL && spec->result->nullable) return FRT_NULL;
  if (rc != FLOW_OK) return function_refused(cx, &c);
  PluginPlaces places = {c.areas, NULL, &(*fn)->image, function_is_text_of_args, &c, 0};
  const char *why = plugin_check_value(&places, spec->result, out);
  return why ? function_fails(cx, spec, why) : FRT_OK;
}
