/* layout.c: the structs of rows that rest. Each is written into the module with an assertion of its size, and its
 * layout goes into the physical plan for `explain`.
 *
 * The layout is computed from the members' C text, by the rules of the System V ABI, which all compilers that build
 * modules share: a member is aligned to its size, structs of the runtime to 8 bytes. */
#include <stdlib.h>
#include <string.h>

#include "codegen/gen_hold.h"

typedef struct CType { const char *name; uint32_t size, align; } CType;

static const CType layout_basic[] = {
  {"uint8_t", 1, 1}, {"int8_t", 1, 1}, {"uint16_t", 2, 2}, {"int16_t", 2, 2}, {"uint32_t", 4, 4}, {"int32_t", 4, 4},
  {"float", 4, 4}, {"uint64_t", 8, 8}, {"int64_t", 8, 8}, {"double", 8, 8}, {"FrtStr", sizeof(FrtStr), 8},
  {"FrtI128", sizeof(FrtI128), 8}, {"FrtUuid", sizeof(FrtUuid), 8}, {"FrtList", sizeof(FrtList), 8},
  {"FrtSum", sizeof(FrtSum), 8}, {"FrtFsum2", sizeof(FrtFsum2), 8}, {"FrtMoments", sizeof(FrtMoments), 8},
  {"FrtRoom", sizeof(FrtRoom), 8}, {"FrtHll", sizeof(FrtHll), 8},
};

static CType layout_type(const Gen *g, const char *name, size_t len) {
  for (size_t i = 0; i < sizeof layout_basic / sizeof *layout_basic; i++)
    if (strlen(layout_basic[i].name) == len && !memcmp(layout_basic[i].name, name, len)) return layout_basic[i];
  for (const GenLayout *l = g->layouts; l; l = l->next)
    if (strlen(l->name) == len && !memcmp(l->name, name, len)) return (CType){l->name, l->size, l->align};
  return (CType){NULL, 0, 1};
}

/* c5 is column 5 under its name; n5 and n5_ its null flag, where `flags` says so; others stay. */
static const char *layout_member(const Gen *g, const char *name, size_t len, bool flags) {
  char *end;
  bool flag = name[0] == 'n' && (flags || name[len - 1] == '_');
  unsigned long col = name[0] == 'c' || flag ? strtoul(name + 1, &end, 10) : g->plan->column_len;
  if (col >= g->plan->column_len || end == name + 1 || end + (*end == '_') < name + len)
    return arena_strndup(g->arena, name, len);
  return arena_printf(g->arena, "%s%s", g->plan->columns[col].name, flag ? "?" : "");
}

/* Appends the members of a struct body to `text`; size 0: a type is not known. */
static CType layout_body(const Gen *g, const char *body, bool flags, Buf *text) {
  CType all = {"", 0, 1};
  for (const char *at = body; (at += strspn(at, " \n")), *at;) {
    if (!strncmp(at, "/*", 2)) {
      const char *end = strstr(at, "*/");
      at = end ? end + 2 : at + strlen(at);
      continue;
    }
    size_t len = strcspn(at, " ");
    CType t = layout_type(g, at, len);
    if (!t.size) return (CType){NULL, 0, 1};
    for (at += len; *at && *at != ';';) {
      at += strspn(at, " ,");
      len = strcspn(at, ",;");
      all.size = (all.size + t.align - 1) / t.align * t.align;
      if (t.align > all.align) all.align = t.align;
      buf_printf(text, "%s%u %s", text->size ? ", " : "", all.size, layout_member(g, at, len, flags));
      all.size += t.size;
      at += len;
    }
    at += *at == ';';
  }
  all.size = (all.size + all.align - 1) / all.align * all.align;
  return all;
}

void gen_layout_struct(Gen *g, const char *name, const char *body) {
  Buf text = {.arena = g->arena};
  CType t = layout_body(g, body, false, &text);
  buf_printf(&g->types, "typedef struct %s {\n%s} %s;\n", name, body, name);
  GenLayout *l = arena_alloc(g->arena, sizeof *l);
  *l = (GenLayout){name, t.size, t.align, g->layouts};
  g->layouts = l;
}

void gen_layout_words(Gen *g, const char *name, uint32_t words) {
  buf_printf(&g->types, "typedef struct %s {\n  uint64_t w[%u];\n} %s;\n", name, words, name);
  GenLayout *l = arena_alloc(g->arena, sizeof *l);
  *l = (GenLayout){name, words * 8, 8, g->layouts};
  g->layouts = l;
}

void gen_held_struct(Gen *g, uint32_t node, const char *what, const char *name, const char *body, bool flags) {
  Buf text = {.arena = g->arena};
  CType t = layout_body(g, body, flags, &text);
  buf_printf(&g->types, "typedef struct %s {  /* %s of n%u */\n%s} %s;\n", name, what, node, body, name);
  if (!t.size) return;
  buf_printf(&g->types, "typedef char %s_size[sizeof(%s) == %u ? 1 : -1];\n", name, name, t.size);
  PhysNode *pn = &g->phys->nodes[node];
  pn->held_bytes += t.size;
  pn->layout = arena_printf(g->arena, "%s       %s, %u bytes: %s\n", pn->layout ? pn->layout : "", what, t.size, text.data);
}
