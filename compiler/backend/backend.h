/* backend.h: from C text to a module in memory. */
#ifndef FLOW_BACKEND_H
#define FLOW_BACKEND_H

#include <stdbool.h>

#include "base/arena.h"
#include "flowrt.h"

/* A loaded module. `free` gives its code back; the module must not be used after. */
typedef struct Loaded {
  const FrtModule *module;
  void *handle;
  void (*free)(struct Loaded *l);
} Loaded;

/* One way to make a module run. `load` returns false with *why (arena-owned, the compiler's own words)
 * when the text does not compile, which is a bug of flowc, or when there is no compiler. */
typedef struct Backend {
  const char *name;
  bool (*load)(Arena *a, const char *c_text, size_t size, Loaded *out, const char **why);
} Backend;

extern const Backend backend_tcc;   /* in process, in a millisecond or two */
extern const Backend backend_cc;    /* the system's cc, a shared object */

/* The address of a runtime function that generated code may call, or NULL. */
void *backend_symbol(const char *name);

/* Builds a standalone program from the module's text: see build.c. */
typedef struct BuildOptions {
  const char *cc;          /* NULL: $CC, else cc */
  bool is_static;
  const char *output;
  bool verbose;
} BuildOptions;
bool backend_build(Arena *a, const char *c_text, size_t size, const BuildOptions *o, const char **why);

/* The one C file that builds with any C11 compiler alone: the runtime, the module, and main. */
char *backend_bundle(Arena *a, const char *c_text, size_t size, size_t *out_size);

/* The directory of runtime headers and of libflowrt.a: beside the program, or installed. NULL when not found. */
const char *backend_runtime_dir(Arena *a, const char *file);
/* Runs argv (NULL-terminated); its standard error goes to *errors (arena-owned). Returns the exit code, -1 when it could not
 * be started. */
int backend_run(Arena *a, const char *const *argv, char **errors);

/* flowrt.h and what it includes as one text, embedded at build time. */
extern const char flow_header_text[];
extern const size_t flow_header_size;

#endif
