/* tcc.c: libtcc, the only place that sees it. The header is embedded, so no file is read; the runtime's
 * functions are given by address. */
#include "backend/backend.h"

#include <libtcc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct TccSymbol { const char *name; const void *address; } TccSymbol;

/* Everything that generated code may call. */
static const TccSymbol tcc_symbols[] = {
#define FRT_SYM(name) {#name, (const void *)name},
#include "flowrt_agg.def"
#include "flowrt_arith.def"
#include "flowrt_core.def"
#include "flowrt_dec.def"
#include "flowrt_func.def"
#include "flowrt_hold.def"
#include "flowrt_join.def"
#include "flowrt_js.def"
#include "flowrt_json.def"
#include "flowrt_op.def"
#include "flowrt_plugin.def"
#include "flowrt_sort.def"
#include "flowrt_spill.def"
#include "flowrt_text.def"
#undef FRT_SYM
  {"memcpy", (const void *)memcpy},
  {"memmove", (const void *)memmove},
  {"memset", (const void *)memset},
};

void *backend_symbol(const char *name) {
  for (size_t i = 0; i < sizeof tcc_symbols / sizeof *tcc_symbols; i++)
    if (!strcmp(tcc_symbols[i].name, name)) return (void *)tcc_symbols[i].address;
  return NULL;
}

typedef struct TccErrors { Arena *arena; char *text; } TccErrors;

static void tcc_error(void *env, const char *message) {
  TccErrors *e = env;
  e->text = arena_printf(e->arena, "%s%s\n", e->text ? e->text : "", message);
}

static void tcc_free(Loaded *l) { tcc_delete(l->handle); }

/* `#include "flowrt.h"` is replaced by the embedded text. */
static char *tcc_text(Arena *a, const char *c_text) {
  static const char include[] = "#include \"flowrt.h\"\n";
  const char *at = strstr(c_text, include);
  if (!at) return arena_strndup(a, c_text, strlen(c_text));
  size_t before = (size_t)(at - c_text), after = strlen(at + sizeof include - 1);
  char *text = arena_alloc(a, before + flow_header_size + after + 64);
  memcpy(text, c_text, before);
  memcpy(text + before, flow_header_text, flow_header_size);
  int n = snprintf(text + before + flow_header_size, 64, "#line 3 \"flow_module.c\"\n");
  memcpy(text + before + flow_header_size + n, at + sizeof include - 1, after + 1);
  return text;
}

static bool tcc_load(Arena *a, const char *c_text, size_t size, Loaded *out, const char **why) {
  (void)size;
  TccErrors errors = {a, NULL};
  TCCState *s = tcc_new();
  if (!s) {
    *why = "libtcc cannot start";
    return false;
  }
  tcc_set_error_func(s, &errors, tcc_error);
  tcc_set_options(s, "-nostdlib -nostdinc -w");
  tcc_set_output_type(s, TCC_OUTPUT_MEMORY);
  for (size_t i = 0; i < sizeof tcc_symbols / sizeof *tcc_symbols; i++)
    tcc_add_symbol(s, tcc_symbols[i].name, tcc_symbols[i].address);
  const FrtModule *m = NULL;
  if (tcc_compile_string(s, tcc_text(a, c_text)) == 0 && tcc_relocate(s, TCC_RELOCATE_AUTO) >= 0)
    m = tcc_get_symbol(s, "flow_module");
  if (!m) {
    *why = errors.text ? errors.text : "libtcc failed";
    tcc_delete(s);
    return false;
  }
  *out = (Loaded){m, s, tcc_free};
  return true;
}

const Backend backend_tcc = {"tcc", tcc_load};
