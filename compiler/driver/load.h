/* load.h: texts of scripts and modules. */
#ifndef FLOW_DRIVER_LOAD_H
#define FLOW_DRIVER_LOAD_H

#include <stddef.h>

#include "base/arena.h"

/* The whole file ("-": standard input), NUL-terminated, or NULL with *why. */
char *load_file(Arena *a, const char *path, size_t *size, const char **why);
/* SemaLoad: "std/..." from the embedded stdlib, else relative to the script that uses it. env: FlowProgram. */
const char *load_module(void *env, const char *path, const char *from, size_t *size);

#endif
