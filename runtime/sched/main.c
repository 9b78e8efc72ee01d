/* main.c: main of a standalone program. */
#include <stdio.h>
#include <string.h>

#include "sched/args.h"
#include "sched/run.h"
#include "sched/watch_dir.h"

int frt_run_as_asked(const FrtModule *m, const FrtRunOptions *o) { return o->watch.folder ? frt_watch_dir(m, o) : frt_run(m, o); }

int frt_main(const FrtModule *m, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") != 0 && strcmp(argv[i], "-h") != 0) continue;
    frt_print_help(m, argv[0]);
    return fflush(stdout) ? 2 : 0;
  }
  Arena *arena = arena_new();
  FrtRunOptions options;
  memset(&options, 0, sizeof options);
  int status = frt_parse_args(arena, m, argc > 0 ? argc - 1 : 0, argv + 1, &options);
  if (status == 0) status = frt_run_as_asked(m, &options);
  else if (status < 0) status = 0;
  arena_free(arena);
  return status;
}
