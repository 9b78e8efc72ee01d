/* sema_text.h: a script bound, for the tests of sema: its plan and its reports as text. */
#ifndef TEST_SEMA_TEXT_H
#define TEST_SEMA_TEXT_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ir/stdlib.h"
#include "sema/sema.h"
#include "syntax/parse.h"

typedef struct SemaText {
  Arena *arena;
  Diags *diags;
  Plan *plan;
  char *text;           /* the plan, a node a line; "" when there are errors */
} SemaText;

static char *sema_read_file(Arena *a, const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  char *text = f ? arena_alloc(a, 1 << 20) : NULL;
  *size = f ? fread(text, 1, (1 << 20) - 1, f) : 0;
  if (f) fclose(f);
  return text;
}

/* `env` is the arena. Two modules stand in memory, those of stdlib are built in; others are files beside the script. */
static const char *sema_load(void *env, const char *path, const char *from, size_t *size) {
  static const char *const memory[][2] = {
    { "mem/ops.flow", "type T = { id: i64, v: i64 }\nfn half(x: i64) -> i64 = x // 2\nop biggest(k: column, n: i64) = | sort k desc | take n\n" },
    { "mem/loop.flow", "use \"loop.flow\"\n" } };
  for (size_t i = 0; i < 2; i++)
    if (!strcmp(path, memory[i][0]) || !strcmp(path, memory[i][0] + 4)) {
      *size = strlen(memory[i][1]);
      return memory[i][1];
    }
  for (const StdlibFile *f = flow_stdlib; f->name; f++)
    if (!strncmp(path, f->name, strlen(f->name) - 5) && !path[strlen(f->name) - 5]) {
      *size = f->size;
      return f->text;
    }
  const char *slash = strrchr(from, '/');
  return sema_read_file(env, arena_printf(env, "%.*s%s", slash ? (int)(slash + 1 - from) : 0, from, path), size);
}

/* In the folder FLOW_PLUGIN_PATH (tests/unit/run fills one). */
static const char *sema_plugin(void *env, const char *file, const char *from, const char **where) {
  const char *folder = getenv("FLOW_PLUGIN_PATH");
  const char *path = folder ? arena_printf(env, "%s/%s", folder, file) : NULL;
  *where = "nowhere";
  return path && access(path, F_OK) == 0 ? path : NULL;
}


static SemaText sema_bind_text(const char *path, const char *script, size_t size) {
  SemaText t = { .arena = arena_new(), .text = "" };
  size_t text_size;
  t.diags = diags_new(t.arena);
  AstScript *ast = syntax_parse(t.arena, t.diags, diags_add_source(t.diags, path, script, size));
  SemaOptions options = { .load = sema_load, .plugin = sema_plugin, .load_env = t.arena, .infer_files = true };
  t.plan = sema_bind(t.arena, t.diags, ast, &options);
  if (!t.plan || diag_error_len(t.diags)) return t;
  FILE *out = open_memstream(&t.text, &text_size);
  plan_print(t.plan, out);
  fclose(out);
  return t;
}

static void sema_text_free(SemaText *t) {
  if (*t->text) free(t->text);
  arena_free(t->arena);
}

#endif
