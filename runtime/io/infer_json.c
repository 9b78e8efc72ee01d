/* infer_json.c: columns and types from a sample of JSON objects.
 *
 * A recursive descent over each object merges what it sees into a tree of guesses: a member that is missing
 * or null in some object is nullable; objects become structs and arrays lists. The sample need not be
 * checked to the last rule: the reader does that. An object that cannot be parsed is left out. */
#include <string.h>

#include "io/infer.h"

enum { INFER_DEPTH_MAX = 64, INFER_MEMBERS_MAX = 10 * 1000 };

/* What one place in the tree has held. */
typedef struct InferNode {
  FrtGuess numbers;            /* numbers, true and false */
  uint64_t seen, nulls, scalars, strings, objects, arrays;
  FrtGuess texts;              /* strings: only dates and timestamps are guessed from them */
  struct InferMember *members; /* of objects, in the order first seen */
  uint32_t member_len;
  struct InferNode *item;      /* of arrays */
} InferNode;

typedef struct InferMember { FrtStr name; InferNode node; } InferMember;

typedef struct InferParser { Arena *arena; const char *p, *limit; } InferParser;

static int infer_value(InferParser *x, InferNode *node, int depth);

static int infer_peek(InferParser *x) {
  while (x->p < x->limit && (*x->p == ' ' || *x->p == '\t' || *x->p == '\n' || *x->p == '\r')) x->p++;
  return x->p < x->limit ? (unsigned char)*x->p : -1;
}

static int infer_take(InferParser *x, int c) {
  if (infer_peek(x) != c) return 0;
  x->p++;
  return 1;
}

/* The text between the quotes, escapes as they are written. */
static int infer_string(InferParser *x, FrtStr *out) {
  if (!infer_take(x, '"')) return 0;
  const char *start = x->p;
  for (; x->p < x->limit && *x->p != '"'; x->p++)
    if (*x->p == '\\') x->p++;
  if (x->p >= x->limit) return 0;
  *out = (FrtStr){start, (uint32_t)(x->p++ - start), 0};
  return 1;
}

static InferNode *infer_member(InferParser *x, InferNode *node, FrtStr name) {
  for (uint32_t i = 0; i < node->member_len; i++) {
    InferMember *m = &node->members[i];
    if (m->name.len == name.len && memcmp(m->name.ptr, name.ptr, name.len) == 0) return &m->node;
  }
  if (node->member_len >= INFER_MEMBERS_MAX) return NULL;
  node->members = arena_grow(x->arena, node->members, node->member_len, sizeof *node->members);
  InferMember *added = &node->members[node->member_len++];
  memset(added, 0, sizeof *added);
  added->name = (FrtStr){arena_strndup(x->arena, name.ptr, name.len), name.len, 0};
  return &added->node;
}

static int infer_object(InferParser *x, InferNode *node, int depth) {
  if (!infer_take(x, '{')) return 0;
  node->objects++;
  if (infer_take(x, '}')) return 1;
  do {
    FrtStr name;
    infer_peek(x);
    if (!infer_string(x, &name) || !infer_take(x, ':')) return 0;
    InferNode *member = infer_member(x, node, name);
    if (!member || !infer_value(x, member, depth + 1)) return 0;
  } while (infer_take(x, ','));
  return infer_take(x, '}');
}

static int infer_array(InferParser *x, InferNode *node, int depth) {
  if (!infer_take(x, '[')) return 0;
  node->arrays++;
  if (!node->item) {
    node->item = arena_alloc(x->arena, sizeof *node->item);
    memset(node->item, 0, sizeof *node->item);
  }
  if (infer_take(x, ']')) return 1;
  do {
    if (!infer_value(x, node->item, depth + 1)) return 0;
  } while (infer_take(x, ','));
  return infer_take(x, ']');
}

static int infer_scalar(InferParser *x, InferNode *node) {
  const char *start = x->p;
  while (x->p < x->limit && !strchr(",]} \t\r\n", *x->p)) x->p++;
  FrtStr text = {start, (uint32_t)(x->p - start), 0};
  if (text.len == 0) return 0;
  if (text.len == 4 && memcmp(text.ptr, "null", 4) == 0) {
    node->nulls++;
    return 1;
  }
  node->scalars++;
  frt_guess_text(&node->numbers, text);
  return 1;
}

static int infer_value(InferParser *x, InferNode *node, int depth) {
  FrtStr text;
  if (depth > INFER_DEPTH_MAX) return 0;
  node->seen++;
  switch (infer_peek(x)) {
  case -1: return 0;
  case '{': return infer_object(x, node, depth);
  case '[': return infer_array(x, node, depth);
  case '"':
    if (!infer_string(x, &text)) return 0;
    node->strings++;
    frt_guess_text(&node->texts, text);
    return 1;
  default: return infer_scalar(x, node);
  }
}

/* ---- types ---- */

static FrtType infer_type(Arena *arena, const InferNode *node);

static uint32_t infer_align(const FrtType *t) {
  if (t->kind == FRT_STRUCT || t->kind == FRT_LIST || t->size >= 8) return 8;
  return t->size ? t->size : 1;
}

static FrtType infer_type_struct(Arena *arena, const InferNode *node) {
  FrtField *fields = arena_alloc(arena, sizeof *fields * (node->member_len + 1));
  uint32_t at = 0;
  for (uint32_t i = 0; i < node->member_len; i++) {
    FrtType *type = arena_alloc(arena, sizeof *type);
    *type = infer_type(arena, &node->members[i].node);
    if (node->members[i].node.seen < node->objects) type->nullable = 1;
    uint32_t align = infer_align(type);
    at = (at + align - 1) / align * align;
    fields[i] = (FrtField){node->members[i].name, type, at, 0};
    at += type->size;
    if (type->nullable) fields[i].null_offset = at++;
  }
  return (FrtType){.kind = FRT_STRUCT, .size = (at + 7) / 8 * 8, .fields = fields, .field_len = node->member_len};
}

static FrtType infer_type_list(Arena *arena, const InferNode *node) {
  FrtType *elem = arena_alloc(arena, sizeof *elem);
  *elem = infer_type(arena, node->item);
  uint32_t size = elem->size, align = infer_align(elem);
  if (elem->nullable) size = (size + 1 + align - 1) / align * align;
  return (FrtType){.kind = FRT_LIST, .size = sizeof(FrtList), .elem = elem, .elem_size = size,
                   .elem_null_offset = elem->nullable ? elem->size : 0};
}

/* A place that held values of several kinds can only be a string. */
static FrtType infer_type(Arena *arena, const InferNode *node) {
  FrtType type = {.kind = FRT_STRING, .size = sizeof(FrtStr)};
  uint64_t values = node->seen - node->nulls;
  if (values && node->objects == values && node->member_len) type = infer_type_struct(arena, node);
  else if (values && node->arrays == values) type = infer_type_list(arena, node);
  else if (values && node->scalars == values) type = frt_guess_type(&node->numbers);
  else if (values && node->strings == values) {
    FrtType guess = frt_guess_type(&node->texts);
    if (guess.kind == FRT_DATE || guess.kind == FRT_TIMESTAMP) type = guess;
  }
  type.nullable = node->nulls > 0 || values == 0;
  return type;
}

static void infer_objects(InferParser *x, InferNode *root, int array) {
  if (array && !infer_take(x, '[')) return;
  while (infer_peek(x) >= 0) {
    int good = infer_object(x, root, 0);
    if (array && !(good && infer_take(x, ','))) return;
    while (!array && !good && x->p < x->limit && *x->p != '\n') x->p++;
  }
}

int frt_infer_json(Arena *arena, FrtStr sample, int array, int whole, FrtInferred **columns, uint32_t *len,
                   const char **why) {
  InferParser x = {arena, sample.ptr, sample.ptr + sample.len};
  InferNode root = {0};
  if (!whole && !array)
    while (x.limit > x.p && x.limit[-1] != '\n') x.limit--;
  infer_objects(&x, &root, array);
  if (root.member_len == 0) {
    *why = "there is no JSON object to tell the columns from";
    return FRT_FATAL;
  }
  *columns = arena_alloc(arena, sizeof **columns * root.member_len);
  *len = root.member_len;
  for (uint32_t i = 0; i < root.member_len; i++) {
    (*columns)[i].name = root.members[i].name;
    (*columns)[i].type = infer_type(arena, &root.members[i].node);
    if (root.members[i].node.seen < root.objects) (*columns)[i].type.nullable = 1;
  }
  return FRT_OK;
}
