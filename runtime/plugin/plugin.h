/* plugin.h: what the compiler and the commands ask of plugins. */
#ifndef FRT_PLUGIN_PLUGIN_H
#define FRT_PLUGIN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "flow_plugin.h"

/* Why a file is no plugin that can be used. */
typedef enum PluginStatus {
  PLUGIN_GOOD,
  PLUGIN_MISSING,      /* no such file, or it cannot be read */
  PLUGIN_NOT_SHARED,   /* no shared object, or one of another machine; or the loader refuses it */
  PLUGIN_NO_TABLE,     /* it does not export `flow_plugin` */
  PLUGIN_OTHER_ABI,    /* its table is of another version */
  PLUGIN_NEEDS,        /* it asks for another flowc */
  PLUGIN_BROKEN,       /* its table makes no sense */
  PLUGIN_CRASHED       /* it did not survive being loaded */
} PluginStatus;

typedef struct PluginHandle {
  void *handle;
  const FlowPlugin *table;
} PluginHandle;

/* Loads a plugin into this process and checks its table. why: room for the reason. */
PluginStatus plugin_load(const char *path, PluginHandle *out, char *why, size_t why_size);
void plugin_unload(PluginHandle *h);

/* What a plugin says of itself, as declarations that the compiler reads, and their hash: see describe.c. It is loaded in a
 * child with limits, so that whatever it does there ends as a status. */
typedef struct PluginDescription {
  const char *text;
  size_t size;
  uint64_t hash;
  const char *tests;   /* the script of its tests, or NULL */
} PluginDescription;
PluginStatus plugin_describe(Arena *a, const char *path, PluginDescription *out, const char **why);
/* The same of a table in this process: bytes of text, which is cut to `size`; 0: the table is broken. */
size_t plugin_describe_table(const FlowPlugin *t, char *text, size_t size, char *why, size_t why_size);
uint64_t plugin_hash(const char *text, size_t size);

/* Whether "1.4.2" lies in a range: terms that must all hold, `>=1.2 <2`, `^1.2` (up to the next major), `~1.2` (up to the next
 * minor), `1.2` (any 1.2.x), `=1.2.3`, `*`. 1, 0, or -1: malformed. */
int plugin_version_fits(const char *version, const char *range);

#endif
