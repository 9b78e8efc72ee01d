/* cache.h: built modules kept between runs. An entry is a shared object with its checksum behind it, under
 * $XDG_CACHE_HOME/flowc (or ~/.cache/flowc), named by a 128-bit hash of all that decides its bytes: C text, header, compiler,
 * flags, processor. Entries appear by rename, so that runs beside each other see whole ones; a damaged entry is rebuilt; the
 * longest unused ones go when there are too many. FLOWC_CACHE=off in the environment switches it off. */
#ifndef FLOW_BACKEND_CACHE_H
#define FLOW_BACKEND_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { CACHE_ENTRIES_MAX = 256, CACHE_BYTES_MAX = 64 << 20 };   /* entries have 20 to 200 KB */

/* The path of the entry for the text and what else counts (NULL-terminated), or NULL when there is no folder for it. */
const char *cache_path(Arena *a, const char *c_text, size_t size, const char *const *also);
/* Whether the entry is there and whole; marks it as used. */
bool cache_has(Arena *a, const char *path);
/* Takes the file `object` in as the entry; failures are silent: the next run builds again. */
void cache_put(Arena *a, const char *path, const char *object);

#endif
