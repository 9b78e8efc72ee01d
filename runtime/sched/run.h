/* run.h: one run of a module, from its tables to its exit code. */
#ifndef FRT_SCHED_RUN_H
#define FRT_SCHED_RUN_H

#include "base/arena.h"
#include "flowrt.h"

struct FrtTiers;

typedef struct FrtArgValue { const char *name, *text; const char *from; /* "--day", "FLOW_DAY", "p.json" */ } FrtArgValue;

struct FrtTaking;   /* taken.h */

/* --watch-dir: watch_dir.h. */
typedef struct FrtWatchOptions {
  const char *folder, *pattern;  /* NULL: none */
  const char *state;             /* the list of files that were taken; NULL: DIR/.SCRIPT.taken */
  int64_t settle_us;             /* a file that has not changed for so long is complete */
  int once;                      /* what is there, no more */
} FrtWatchOptions;

/* What the rows of a run reached: places by frt_cover, and the counters of every operator (FRT_LEDGER_LEN each). */
typedef struct FrtCover { uint8_t *places; uint64_t *ledger; } FrtCover;

/* Everything that the command line says about a run. Zeroed is a good default. */
typedef struct FrtRunOptions {
  const FrtArgValue *args;       /* params, precedence already applied: one a name */
  uint32_t arg_len;
  uint32_t block_rows;           /* 0: 2048 */
  int careful;                   /* --scan=careful */
  int stats;                     /* 0, 1 text, 2 json: to stderr after the run */
  int progress, quiet, dry_run, attach;
  const char *const *taps;       /* "name" or "name:n" */
  uint32_t tap_len;
  uint64_t memory;               /* bytes, 0: default */
  const char *temp;
  uint64_t temp_limit;           /* bytes on disk at a time, 0: no limit */
  uint32_t threads;
  int64_t now_us;                /* 0: the clock; else fixed, for tests */
  struct FrtCover *cover;        /* filled by the run, or NULL */
  const struct FrtReplay *replay; /* replay.h, or NULL */
  FrtWatchOptions watch;
  struct FrtTaking *taking;      /* watch_dir.c: the file that this run takes; or NULL */
  const char *compile_stats;     /* lines of the compiler for --stats, or NULL */
  struct FrtTiers *tiers;        /* better code on its way (base/tiers.h), or NULL */
} FrtRunOptions;

/* Runs the module. Messages go to stderr, data where the script says. Returns the exit code: 0 done,
 * 1 a parameter is wrong, 2 the run failed, 3 a limit was passed, 70 the ledger does not balance, 130
 * interrupted. Nothing is committed unless it is 0. One run at a time in a process for now. */
int frt_run(const FrtModule *m, const FrtRunOptions *o);

/* frt_run, or frt_watch_dir where the options say so. */
int frt_run_as_asked(const FrtModule *m, const FrtRunOptions *o);
/* main of a standalone program: flags and params from argv, --help from the module. */
int frt_main(const FrtModule *m, int argc, char **argv);

/* Collects params for a module from --name value, --name=value, --params FILE, FLOW_NAME, in that
 * precedence, and the common run flags. argv[0] is the first word to look at. On success 0; else prints the
 * message with the nearest name and returns 1. --help prints and returns -1 (exit 0). */
int frt_parse_args(Arena *arena, const FrtModule *m, int argc, char **argv, FrtRunOptions *o);
/* Prints the script's doc, params with types, defaults and docs, and the common flags. */
void frt_print_help(const FrtModule *m, const char *program);

#endif
