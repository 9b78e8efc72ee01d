/* types.c: C forms and descriptors of types, and the pool of constants. */
#include <stdio.h>
#include <string.h>

#include "codegen/gen.h"

const char *gen_printf(Gen *g, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *s = arena_vprintf(g->arena, format, args);
  va_end(args);
  return s;
}

static uint32_t gen_hash(const char *text) {
  uint32_t h = 2166136261u;  /* FNV-1a */
  for (; *text; text++) h = (h ^ (unsigned char)*text) * 16777619u;
  return h;
}

const char *gen_intern(Gen *g, const char *prefix, const char *text, bool *fresh) {
  GenNamed **slot = &g->pool[gen_hash(text) % GEN_POOL];
  for (GenNamed *p = *slot; p; p = p->next)
    if (!strcmp(p->text, text)) {
      *fresh = false;
      return p->name;
    }
  GenNamed *p = arena_alloc(g->arena, sizeof *p);
  p->text = text;
  p->name = gen_printf(g, "%s%u", prefix, ++g->names);
  p->next = *slot;
  *slot = p;
  *fresh = true;
  return p->name;
}

const char *gen_const_str(Gen *g, const char *text, size_t size) {
  const char *literal = c_string(g->arena, text, size);
  bool fresh;
  const char *name = gen_intern(g, "k", literal, &fresh);
  if (fresh) buf_printf(&g->consts, "static const FrtStr %s = {%s, %zu, 0};\n", name, literal, size);
  return name;
}

static const char *gen_struct(Gen *g, const Type *t) {
  const Type *plain = type_with_null(g->arena, t, false);
  bool fresh;
  const char *name = gen_intern(g, "S", gen_printf(g, "struct %s", type_text(g->arena, plain)), &fresh);
  if (!fresh) return name;
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < t->len; i++) {
    buf_printf(&b, "  %s f%u;\n", gen_ctype(g, t->fields[i].type), i);
  }
  for (uint32_t i = 0; i < t->len; i++)
    if (t->fields[i].type->nullable) buf_printf(&b, "  uint8_t n%u;\n", i);
  gen_layout_struct(g, name, b.size ? b.data : "  uint8_t empty;\n");
  return name;
}

const char *gen_ctype(Gen *g, const Type *t) {
  switch (t->kind) {
    case TY_BOOL: case TY_U8: return "uint8_t";
    case TY_I8: return "int8_t";
    case TY_I16: return "int16_t";
    case TY_I32: case TY_DATE: return "int32_t";
    case TY_U16: case TY_ENUM: return "uint16_t";
    case TY_U32: return "uint32_t";
    case TY_U64: return "uint64_t";
    case TY_F32: return "float";
    case TY_F64: return "double";
    case TY_DECIMAL: return type_is_wide(t) ? "FrtI128" : "int64_t";
    case TY_STRING: case TY_BYTES: return "FrtStr";
    case TY_UUID: return "FrtUuid";
    case TY_LIST: return "FrtList";
    case TY_STRUCT: return gen_struct(g, t);
    default: return "int64_t";
  }
}

const char *gen_elem_struct(Gen *g, const Type *elem) {
  bool fresh;
  const char *name = gen_intern(g, "E", gen_printf(g, "elem %s", type_text(g->arena, elem)), &fresh);
  if (fresh) buf_printf(&g->types, "typedef struct %s {\n  %s v;\n  uint8_t n;\n} %s;\n", name, gen_ctype(g, elem), name);
  return name;
}

static void gen_desc_list(Gen *g, Buf *b, const Type *t) {
  const char *elem = gen_type_desc(g, t->elem);
  const char *c = t->elem->nullable ? gen_elem_struct(g, t->elem) : gen_ctype(g, t->elem);
  buf_printf(b, ", .elem = %s, .elem_size = sizeof(%s)", elem, c);
  if (t->elem->nullable) buf_printf(b, ", .elem_null_offset = FRT_OFFSETOF(%s, n)", c);
}

static void gen_desc_struct(Gen *g, Buf *b, const Type *t) {
  const char *c = gen_struct(g, t);
  Buf rows = {.arena = g->arena};
  for (uint32_t i = 0; i < t->len; i++) {
    const StructField *f = &t->fields[i];
    size_t size = strlen(f->name);
    const char *desc = gen_type_desc(g, f->type);
    buf_printf(&rows, "  {{%s, %zu, 0}, %s, FRT_OFFSETOF(%s, f%u), ", c_string(g->arena, f->name, size), size, desc, c, i);
    if (f->type->nullable) buf_printf(&rows, "FRT_OFFSETOF(%s, n%u)},\n", c, i);
    else buf_put(&rows, "0},\n");
  }
  bool fresh;
  const char *name = gen_intern(g, "tf", rows.data ? rows.data : "no fields", &fresh);
  if (fresh) buf_printf(&g->consts, "static const FrtField %s[] = {\n%s};\n", name, rows.data ? rows.data : "{{0}}");
  buf_printf(b, ", .fields = %s, .field_len = %u", name, t->len);
}

static void gen_desc_enum(Gen *g, Buf *b, const Type *t) {
  Buf rows = {.arena = g->arena};
  for (uint32_t i = 0; i < t->len; i++)
    buf_printf(&rows, "%s{%s, %u, 0}", i ? ", " : "", c_string(g->arena, t->names[i], t->name_sizes[i]), t->name_sizes[i]);
  bool fresh;
  const char *name = gen_intern(g, "tn", rows.data, &fresh);
  if (fresh) buf_printf(&g->consts, "static const FrtStr %s[] = {%s};\n", name, rows.data);
  buf_printf(b, ", .names = %s, .name_len = %u", name, t->len);
}

const char *gen_type_desc(Gen *g, const Type *t) {
  Buf b = {.arena = g->arena};
  buf_printf(&b, ".kind = %d, .nullable = %d, .precision = %u, .scale = %u, .size = sizeof(%s)", (int)t->kind, t->nullable,
             t->precision, t->scale, gen_ctype(g, t));
  if (t->kind == TY_LIST) gen_desc_list(g, &b, t);
  if (t->kind == TY_STRUCT) gen_desc_struct(g, &b, t);
  if (t->kind == TY_ENUM) gen_desc_enum(g, &b, t);
  bool fresh;
  const char *name = gen_intern(g, "t", b.data, &fresh);
  if (fresh) buf_printf(&g->consts, "static const FrtType %s = {%s};\n", name, b.data);
  return gen_printf(g, "&%s", name);
}
