/* What of the header a module gets: the declarations of all that it names, in their order, and no others. */
#include <criterion/criterion.h>
#include <string.h>

#include "backend/backend.h"

static const char *const header_symbols[] = {
#define FRT_SYM(name) #name,
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
};

static char *header_of(Arena *a, const char *text, size_t *size) {
  char *h = backend_header(a, text, strlen(text), size);
  cr_assert(*size < flow_header_size + 4096);
  return h;
}

/* Where `name` stands as a word, or NULL. */
static const char *header_word(const char *text, const char *name) {
  size_t n = strlen(name);
  for (const char *at = text; (at = strstr(at, name)); at += n) {
    char after = at[n], before = at > text ? at[-1] : ' ';
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", after) && (before == ' ' || before == '*' || before == '\n')) return at;
  }
  return NULL;
}

Test(header, has_the_prototype_of_every_symbol) {
  Arena *a = arena_new();
  for (size_t i = 0; i < sizeof header_symbols / sizeof *header_symbols; i++) {
    size_t size;
    char *h = header_of(a, arena_printf(a, "x = %s(1);", header_symbols[i]), &size);
    const char *at = header_word(h, header_symbols[i]);
    cr_assert(at && at[strlen(header_symbols[i])] == '(', "%s is not declared", header_symbols[i]);
  }
  arena_free(a);
}

Test(header, leaves_out_what_nobody_names) {
  Arena *a = arena_new();
  size_t size;
  char *h = header_of(a, "int x;", &size);
  cr_assert(size < flow_header_size / 4, "%zu bytes", size);
  cr_assert(!header_word(h, "frt_regex_matches") && !header_word(h, "FrtModule"));
  arena_free(a);
}

Test(header, follows_names_through_types_and_macros) {
  Arena *a = arena_new();
  size_t size;
  char *h = header_of(a, "const FrtModule m; if (FRT_TURN(cx)) return;", &size);
  const char *const names[] = {"FrtModule", "FrtScan", "FrtBlock", "FrtFields", "FrtStr", "uint32_t", "FrtCtx", "frt_turn"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) cr_assert(header_word(h, names[i]), "%s", names[i]);
  cr_assert(header_word(h, "FrtStr") < header_word(h, "FrtModule"));
  arena_free(a);
}

Test(header, is_whole_for_who_names_all) {
  Arena *a = arena_new();
  size_t size, few;
  header_of(a, flow_header_text, &size);
  header_of(a, "", &few);
  cr_assert(size > flow_header_size * 95 / 100 && few < size);
  arena_free(a);
}
