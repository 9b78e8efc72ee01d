/* sema.h: from the syntax tree to the logical plan. */
#ifndef FLOW_SEMA_H
#define FLOW_SEMA_H

#include "plan/plan.h"
#include "syntax/ast.h"

/* Loads what `use` names: returns the text (NUL-terminated, arena-owned) and its size, or NULL. `path` is
 * as written; `from` the path of the script that uses it. "std/..." comes from the embedded stdlib. */
typedef const char *SemaLoad(void *env, const char *path, const char *from, size_t *size);

/* Where a plugin lies: `file` as written, looked for beside `from` and then in the folders for plugins. NULL: nowhere; *where then
 * says where it was looked for. */
typedef const char *SemaPlugin(void *env, const char *file, const char *from, const char **where);

typedef struct SemaOptions {
  SemaPlugin *plugin;
  SemaLoad *load;
  void *load_env;
  bool infer_files;      /* read the heads of files for types (run, check); false: an error instead */
  const char *on_error;  /* "fail" or "skip": the default policy, instead of the script's; or NULL */
  const char *mask;      /* "email,/pass|secret/": columns that are masked wherever they are shown; or NULL */
  const char *taps;      /* "valid,orders.bad": streams and ports that get a tap; or NULL */
  bool taps_only;        /* the other taps are off */
  bool attach;           /* but may be switched on by who attaches, and so may every stream and port */
} SemaOptions;

/* Binds a script. Reports every error it finds to `diags`; returns the plan, or NULL when there were
 * errors. Streams that reach no sink are bound and checked, warned about, and left out of the plan. */
Plan *sema_bind(Arena *arena, Diags *diags, const AstScript *script, const SemaOptions *options);

#endif
