/* tcc.c: libtcc, the only place that sees it. The header is embedded, so no file is read; the runtime's
 * functions are given by address. */
#include "backend/backend.h"

#include <libtcc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libtcc calls for conversions that the processor does not have: its own library is not read. */
static double tcc_f64_of_u64(unsigned long long v) { return (double)v; }
static float tcc_f32_of_u64(unsigned long long v) { return (float)v; }
static unsigned long long tcc_u64_of_f64(double v) { return (unsigned long long)v; }
static unsigned long long tcc_u64_of_f32(float v) { return (unsigned long long)v; }

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
#define TCC_C(name) {#name, (const void *)name}   /* see gen_c_library */
  TCC_C(memchr), TCC_C(memcmp), TCC_C(strlen), TCC_C(sqrt), TCC_C(cbrt), TCC_C(exp), TCC_C(log), TCC_C(log2), TCC_C(log10), TCC_C(sin),
  TCC_C(cos), TCC_C(tan), TCC_C(asin), TCC_C(acos), TCC_C(atan), TCC_C(floor), TCC_C(ceil), TCC_C(trunc), TCC_C(round), TCC_C(fabs),
  TCC_C(pow), TCC_C(fmod), TCC_C(atan2), TCC_C(hypot),
  {"__floatundidf", (const void *)tcc_f64_of_u64},
  {"__floatundisf", (const void *)tcc_f32_of_u64},
  {"__fixunsdfdi", (const void *)tcc_u64_of_f64},
  {"__fixunssfdi", (const void *)tcc_u64_of_f32},
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

/* `#include "flowrt.h"` is replaced by what the module needs of it. */
static char *tcc_text(Arena *a, const char *c_text) {
  static const char include[] = "#include \"flowrt.h\"\n";
  const char *at = strstr(c_text, include);
  if (!at) return arena_strndup(a, c_text, strlen(c_text));
  size_t before = (size_t)(at - c_text), after = strlen(at + sizeof include - 1), header_size;
  const char *header = backend_header(a, c_text, strlen(c_text), &header_size);
  char *text = arena_alloc(a, before + header_size + after + 64);
  memcpy(text, c_text, before);
  memcpy(text + before, header, header_size);
  int n = snprintf(text + before + header_size, 64, "#line 3 \"flow_module.c\"\n");
  memcpy(text + before + header_size + n, at + sizeof include - 1, after + 1);
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
