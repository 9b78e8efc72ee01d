/* backend.h: from C text to a module in memory. */
#ifndef FLOW_BACKEND_H
#define FLOW_BACKEND_H

#include <stdbool.h>
#include <sys/types.h>

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
/* The module from the cache of built ones; false when it is not there. */
bool backend_cached(Arena *a, const char *c_text, size_t size, Loaded *out);

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

/* A process that was started: what it prints comes through a pipe. */
typedef struct BackendChild { pid_t pid; int errors; } BackendChild;
/* set: "NAME=value" for its environment, or NULL. apart: in a process group of its own, with nothing to read, so that all of
 * it can be ended by kill(-pid). False with *errors when it could not be started. */
bool backend_child_start(Arena *a, BackendChild *c, const char *const *argv, const char *set, bool apart, char **errors);
char *backend_child_read(Arena *a, BackendChild *c);   /* all that it prints, to the end */
int backend_child_wait(BackendChild *c);               /* its exit code; 128 when it has none */

/* flowrt.h and what it includes as one text without comments, embedded at build time. */
extern const char flow_header_text[];
extern const size_t flow_header_size;
extern const char flow_header_id[];   /* 32 hex digits: changes with the text */
/* What of it a module needs: declarations of the names in its text, and of those that they name. */
char *backend_header(Arena *a, const char *c_text, size_t size, size_t *out_size);

#endif
