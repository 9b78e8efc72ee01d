/* args.h: what the files of the command line share. */
#ifndef FRT_SCHED_ARGS_H
#define FRT_SCHED_ARGS_H

#include "sched/run.h"

#ifdef FLOW_VERSION
#define FRT_VERSION_TEXT "flow " FLOW_VERSION
#else
#define FRT_VERSION_TEXT "flow"
#endif

enum { FRT_FLAG_PARAMS = 1, FRT_FLAG_STATS, FRT_FLAG_PROGRESS, FRT_FLAG_QUIET, FRT_FLAG_THREADS, FRT_FLAG_MEMORY,
       FRT_FLAG_TEMP, FRT_FLAG_TEMP_LIMIT, FRT_FLAG_TAP, FRT_FLAG_DRY_RUN, FRT_FLAG_SCAN, FRT_FLAG_BLOCK_ROWS, FRT_FLAG_HELP,
       FRT_FLAG_VERSION, FRT_FLAG_ATTACH, FRT_FLAG_WATCH_DIR, FRT_FLAG_WATCH_STATE, FRT_FLAG_WATCH_SETTLE, FRT_FLAG_WATCH_ONCE };

/* The common flags of a run, once: parsing, help and suggestions read this table. */
typedef struct FrtFlag { const char *name, *value; int kind; const char *doc; } FrtFlag;
extern const FrtFlag frt_flags[];   /* ends with a NULL name */

/* "64MiB", "1G", "1000": bytes. 1 when it is a size. */
int frt_parse_size(const char *text, uint64_t *out);
/* Prints that there is no such param, with the nearest name. Returns 1. */
int frt_args_unknown(const FrtModule *m, const char *name, size_t len, const char *where);

/* params_file.c: calls `take` for each member of the JSON object in the file, with NUL-terminated texts of
 * `arena`. Members are scalars; a null member counts as not given. 0, or 1 when a message was printed. */
int frt_params_file(Arena *arena, const char *path, int (*take)(void *context, const char *name, const char *text),
                    void *context);

#endif
