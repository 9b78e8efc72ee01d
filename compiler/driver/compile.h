/* compile.h: a compilation from path to module. Inside of flow.h's FlowProgram. */
#ifndef FLOW_DRIVER_COMPILE_H
#define FLOW_DRIVER_COMPILE_H

#include "backend/backend.h"
#include "backend/tiers.h"
#include "flow.h"
#include "phys/phys.h"
#include "syntax/ast.h"

typedef struct PassTime { const char *name; int64_t ns; } PassTime;

struct FlowProgram {
  Arena *arena;
  Diags *diags;
  FlowOptions options;
  const char *path;
  uint32_t file;
  AstScript *ast;
  Plan *plan;
  Phys *phys;
  const char *c_text;
  size_t c_size;
  Loaded loaded;
  bool tiered;              /* --jit=auto: a run may change over to better code than `loaded` */
  const char *broken;       /* a bug of the compiler was found: exit 70 */
  PassTime times[16];
  uint32_t time_len;
  FILE *dump;               /* where `dump_stage` goes, while compiling */
};

/* Runs the passes as far as they go. */
void compile_script(FlowProgram *p, const char *text, size_t size);
/* Makes the module runnable with the back end of the options. Returns false with a message on stderr. */
bool compile_load(FlowProgram *p);
/* Whether the script brings C of its own: what does not compile is then its fault. */
bool compile_has_c(const FlowProgram *p);

/* The format of a data file: `format` when it is one, else by the file's ending; NULL when it is not known. */
const char *flow_format_of(const char *path, const char *format);

#endif
