/* load.h: texts of scripts and modules. */
#ifndef FLOW_DRIVER_LOAD_H
#define FLOW_DRIVER_LOAD_H

#include <stddef.h>

#include "base/arena.h"

/* The whole file ("-": standard input), NUL-terminated, or NULL with *why. */
char *load_file(Arena *a, const char *path, size_t *size, const char **why);
/* SemaLoad: "std/..." from the embedded stdlib, else relative to the script that uses it. env: FlowProgram. */
const char *load_module(void *env, const char *path, const char *from, size_t *size);

/* Sema's plugin: beside the script, then in options.plugin_dirs, then in FLOW_PLUGIN_PATH. */
const char *load_plugin(void *env, const char *file, const char *from, const char **where);

#endif
