/* function.c: reads the declarations of stdlib. They are ours and one a line, so a line reader is
 * enough; a malformed one is a bug of this repository and ends the process (tests/unit reads them all). */
#include "ir/function.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/stdlib.h"

typedef struct Catalogue {
  Arena *arena;
  const Function **functions;
  uint32_t function_len;
  const char **names;
  uint32_t name_len;
  FunctionDoc *docs;
  uint32_t doc_len;
} Catalogue;

static Catalogue catalogue;
static pthread_once_t catalogue_once = PTHREAD_ONCE_INIT;

/* ---- a cursor over one line ---- */

typedef struct Line {
  const char *at;
  const char *text, *file;      /* for messages */
} Line;

static void line_broken(const Line *l) {
  fprintf(stderr, "flow: bug: malformed declaration in %s: %s\n", l->file, l->text);
  exit(70);
}

static void line_space(Line *l) {
  while (*l->at == ' ') l->at++;
}

static bool line_take(Line *l, const char *word) {
  line_space(l);
  size_t n = strlen(word);
  if (strncmp(l->at, word, n) != 0) return false;
  l->at += n;
  return true;
}

static void line_need(Line *l, const char *word) {
  if (!line_take(l, word)) line_broken(l);
}

static const char *line_name(Line *l) {
  line_space(l);
  size_t n = strcspn(l->at, " ():,?]\"");
  if (n == 0) line_broken(l);
  const char *name = arena_strndup(catalogue.arena, l->at, n);
  l->at += n;
  return name;
}

static const Type *line_type(Line *l) {
  static const struct { const char *name; TypeKind kind; } words[] = {
    {"bool", TY_BOOL}, {"i8", TY_I8}, {"i16", TY_I16}, {"i32", TY_I32}, {"i64", TY_I64}, {"u8", TY_U8},
    {"u16", TY_U16}, {"u32", TY_U32}, {"u64", TY_U64}, {"f32", TY_F32}, {"f64", TY_F64}, {"string", TY_STRING},
    {"bytes", TY_BYTES}, {"date", TY_DATE}, {"time", TY_TIME}, {"timestamp", TY_TIMESTAMP},
    {"duration", TY_DURATION}, {"uuid", TY_UUID}};
  const Type *t = NULL;
  if (line_take(l, "[")) {
    t = type_list(catalogue.arena, line_type(l));
    line_need(l, "]");
  } else {
    const char *name = line_name(l);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
      if (strcmp(words[i].name, name) == 0) t = type_basic(words[i].kind);
    }
  }
  if (!t) line_broken(l);
  return line_take(l, "?") ? type_with_null(catalogue.arena, t, true) : t;
}

/* ---- declarations ---- */

enum { FUNCTION_PARAMS_MAX = 8 };  /* Function.prepared has as many places */

static void function_params(Line *l, Function *f) {
  const Type **types = arena_alloc(catalogue.arena, FUNCTION_PARAMS_MAX * sizeof *types);
  const char **names = arena_alloc(catalogue.arena, FUNCTION_PARAMS_MAX * sizeof *names);
  f->params = types;
  f->param_names = names;
  line_need(l, "(");
  if (line_take(l, ")")) return;
  do {
    if (f->param_len == FUNCTION_PARAMS_MAX) line_broken(l);
    names[f->param_len] = line_name(l);
    line_need(l, ":");
    types[f->param_len++] = line_type(l);
  } while (line_take(l, ","));
  line_need(l, ")");
}

static void function_option(Line *l, Function *f, const char *option) {
  const char *colon = strchr(option, ':');
  if (strcmp(option, "fails") == 0) {
    f->fails = true;
  } else if (strcmp(option, "impure") == 0) {
    f->pure = false;
  } else if (colon) {
    for (uint32_t i = 0; i < f->param_len; i++) {
      if (strncmp(f->param_names[i], option, (size_t)(colon - option)) != 0) continue;
      if (f->param_names[i][colon - option] != 0) continue;
      f->prepared[i] = true;
      f->prepare[i] = colon + 1;
      return;
    }
    line_broken(l);
  } else {
    line_broken(l);
  }
}

static void function_add(Line *l, const char *name, const char *doc) {
  Function *f = arena_alloc(catalogue.arena, sizeof *f);
  f->name = name;
  f->doc = doc;
  f->pure = true;
  function_params(l, f);
  line_need(l, "->");
  f->result = line_type(l);
  line_need(l, "\"");
  size_t n = strcspn(l->at, "\"");
  char *words = arena_strndup(catalogue.arena, l->at, n), *rest = NULL;
  f->symbol = strtok_r(words, " ", &rest);
  if (!f->symbol) line_broken(l);
  for (char *word; (word = strtok_r(NULL, " ", &rest));) function_option(l, f, word);
  f->status = f->fails || f->result->nullable;
  catalogue.functions = arena_grow(catalogue.arena, catalogue.functions, catalogue.function_len, sizeof(Function *));
  catalogue.functions[catalogue.function_len++] = f;
}

static void name_add(const char *name) {
  for (uint32_t i = 0; i < catalogue.name_len; i++) {
    if (strcmp(catalogue.names[i], name) == 0) return;
  }
  catalogue.names = arena_grow(catalogue.arena, catalogue.names, catalogue.name_len, sizeof(char *));
  catalogue.names[catalogue.name_len++] = name;
}

static void doc_add(const Line *l, const char *kind, const char *name, const char *doc) {
  const char *end = strstr(l->at, " \"");
  const char *rest = arena_strndup(catalogue.arena, l->at, end ? (size_t)(end - l->at) : strlen(l->at));
  catalogue.docs = arena_grow(catalogue.arena, catalogue.docs, catalogue.doc_len, sizeof(FunctionDoc));
  catalogue.docs[catalogue.doc_len++] = (FunctionDoc){
    .file = l->file, .kind = kind, .name = name, .doc = doc,
    .signature = arena_printf(catalogue.arena, "%s%s", name, rest)};
}

static void read_declaration(Line *l, const char *doc) {
  const char *kind = line_take(l, "rt ") ? "rt" : line_take(l, "builtin ") ? "builtin" : line_take(l, "agg ") ? "agg" : NULL;
  if (!kind) line_broken(l);
  line_need(l, "fn ");
  const char *name = line_name(l);
  name_add(name);
  doc_add(l, kind, name, doc);
  if (kind[0] == 'r') function_add(l, name, doc);
}

/* `fn name(...) -> T = ...` and `op name(...) = ...` of a module are for `use`: only their documentation is read here. */
static void read_statement(const Line *l, const char *file, const char *doc) {
  const char *end = strstr(l->at, " ="), *name = l->at + 3;
  if (!end) line_broken(l);
  size_t n = strcspn(name, "(");
  const char *words = arena_strndup(catalogue.arena, name, n);
  size_t module = strlen(file) > 5 ? strlen(file) - 5 : 0;
  catalogue.docs = arena_grow(catalogue.arena, catalogue.docs, catalogue.doc_len, sizeof(FunctionDoc));
  catalogue.docs[catalogue.doc_len++] = (FunctionDoc){
    .file = file, .kind = l->at[0] == 'o' ? "op" : "fn", .name = words, .doc = doc,
    .signature = arena_printf(catalogue.arena, "use \"%.*s\"   %s%.*s", (int)module, file, l->at[0] == 'o' ? "call " : "",
                              (int)(end - name), name)};
}

static void read_file(const StdlibFile *file) {
  const char *at = file->text, *doc = "";
  while (*at) {
    size_t n = strcspn(at, "\n");
    const char *text = arena_strndup(catalogue.arena, at, n);
    at += n + (at[n] == '\n');
    if (text[0] == '#') {
      const char *line = text[1] == ' ' ? text + 2 : text + 1;
      doc = *doc ? arena_printf(catalogue.arena, "%s\n%s", doc, line) : line;
      continue;
    }
    Line l = {text, text, file->name};
    if (line_take(&l, "extern ")) read_declaration(&l, doc);
    else if (!strncmp(text, "op ", 3) || !strncmp(text, "fn ", 3)) read_statement(&l, file->name, doc);
    doc = "";
  }
}

static void catalogue_read(void) {
  catalogue.arena = arena_new();
  for (const StdlibFile *f = flow_stdlib; f->name; f++) read_file(f);
}

/* ---- the face ---- */

const Function *function_find(const char *name, uint32_t index) {
  pthread_once(&catalogue_once, catalogue_read);
  for (uint32_t i = 0; i < catalogue.function_len; i++) {
    if (strcmp(catalogue.functions[i]->name, name) == 0 && index-- == 0) return catalogue.functions[i];
  }
  return NULL;
}

const char *const *function_names(uint32_t *len) {
  pthread_once(&catalogue_once, catalogue_read);
  *len = catalogue.name_len;
  return catalogue.names;
}

const FunctionDoc *function_docs(uint32_t *len) {
  pthread_once(&catalogue_once, catalogue_read);
  *len = catalogue.doc_len;
  return catalogue.docs;
}
