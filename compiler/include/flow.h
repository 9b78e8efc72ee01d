/* flow.h: libflow, the one public header: compile a script, look at it, run it, build it.
 *
 *   FlowOptions o = {0};
 *   FlowProgram *p = flow_compile_file("orders.flow", &o);
 *   if (flow_error_count(p)) flow_print_diagnostics(p, stderr, 0);
 *   else status = flow_run(p, argc, argv);
 *   flow_free(p);
 *
 * A program owns all that its functions return. Functions are not thread-safe for one program; different
 * programs may be compiled in different threads, but run one at a time in a process. */
#ifndef FLOW_H
#define FLOW_H

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct FlowProgram FlowProgram;

/* Zeroed is a good default. */
typedef struct FlowOptions {
  const char *jit;          /* "tcc" (default), "cc", "auto" (both, see docs/embedding.md) */
  const char *jit_otherwise; /* the same, where neither `jit` nor the script says one */
  const char *no_passes;    /* optimiser passes that are left out: "fold,pushdown" or "all" */
  int check_only;           /* no file is read for its types */
  const char *on_error;     /* "fail" or "skip": the default policy, instead of the script's */
  const char *mask;         /* "email,/pass|secret/": columns that are masked wherever values are shown */
  const char *taps;         /* "orders,bad": streams and ports that get a tap of their name; or NULL */
  int taps_only;            /* other taps than those are off: they cost nothing */
  int coverage;             /* for flow_test: the module says what rows have reached */
  int attach;               /* every tap, stream and port may be tapped while the program runs: flow_tap */
  int replay;               /* for flow_replay: rows can be held back at each edge */
  const char *plugin_dirs;  /* "a:b": folders where plugins are looked for behind that of the script, before FLOW_PLUGIN_PATH */
  const struct FlowBound *bound; /* for flow_fuzz: sees the plan before it is optimised */
  int stats;                /* times of the passes are kept for --stats */
} FlowOptions;

const char *flow_version(void);
const char *flow_passes(void);                        /* names of the optimiser's passes: "fold, always, ..." */
/* The first name of a list like "fold,pushdown" that is no pass and not "all", or NULL; lives until the next call. */
const char *flow_unknown_pass(const char *list);
/* The candidate nearest to a word, or NULL when none is near. */
const char *flow_nearest(const char *word, const char *const *candidates, size_t len);

/* Compiles a script: never NULL; what is wrong with it is in its diagnostics. `name` stands for the path. */
FlowProgram *flow_compile_file(const char *path, const FlowOptions *o);
FlowProgram *flow_compile_text(const char *name, const char *text, size_t size, const FlowOptions *o);
/* Parses only, for flow_format: path, or text when path is NULL. */
FlowProgram *flow_parse(const char *path, const char *text);
void flow_free(FlowProgram *p);

unsigned flow_error_count(const FlowProgram *p);
/* Prints errors and warnings, sorted by place. flags: */
enum { FLOW_DIAG_COLOUR = 1, FLOW_DIAG_JSON = 2 };
void flow_print_diagnostics(FlowProgram *p, FILE *out, int flags);

/* Runs the program with the words of a command line (parameters and run flags, no program name). Messages go to
 * stderr. Returns the exit code: 0 done, 1 script or command line wrong, 2 the run failed, 3 an error limit
 * was passed, 70 a promise was broken, 130 interrupted. */
int flow_run(FlowProgram *p, int argc, char **argv);

/* The generated C, NUL-terminated; NULL when there were errors. bundle: with the runtime, one file that builds alone. */
const char *flow_c_text(FlowProgram *p, int bundle, size_t *size);

/* Builds a standalone program. cc NULL: the default compiler. Returns an exit code, messages on stderr. */
int flow_build(FlowProgram *p, const char *output, const char *cc, int is_static);

/* Prints a stage: "ast", "bound", "opt", "phys", "c". Returns 0, or 1 when the stage was not reached. */
int flow_dump(FlowProgram *p, const char *stage, FILE *out);
int flow_explain(FlowProgram *p, FILE *out);
int flow_graph(FlowProgram *p, FILE *out);   /* Graphviz */

/* The script in canonical layout; NULL when it does not parse. Owned by the program. */
const char *flow_format(FlowProgram *p);

/* Runs the test blocks of a script that was compiled without errors; the report goes to out. Returns 0, or 1 when a
 * test failed. */
int flow_test(FlowProgram *p, FILE *out);
/* The same, with flags of a run: threads, memory, blocks. */
int flow_test_with(FlowProgram *p, int argc, char **argv, FILE *out);
/* The same, reported and changed as the options say. Zeroed is a good default. */
typedef struct FlowTestOptions {
  const char *format;       /* "text" (default), "tap", "junit" */
  int coverage;             /* what no test reached is listed */
  int min;                  /* percent that is to be reached, else 1 is returned; with coverage */
  int update;               /* rows and counts that were expected are rewritten in the script where they differ */
} FlowTestOptions;
int flow_test_as(FlowProgram *p, const FlowTestOptions *o, int argc, char **argv, FILE *out);
/* Runs a script on rows made from the types of its sources, in processes with limits, and checks that it ends by itself, with a
 * balanced ledger, and with the same bytes however it is run. The report goes to out. The words are parameters of the script.
 * Returns 0, or 1 when a run failed so or the script is wrong. Zeroed options are a good default. */
typedef struct FlowFuzzOptions {
  unsigned long long seed;  /* of the first run; each run takes the next */
  int has_seed;             /* else one is taken from the clock */
  unsigned runs, rows;      /* 0: 20, 1000 */
  unsigned seconds;         /* a child that takes longer hangs; 0: 20 */
  const char *keep;         /* folder for the files, which stay; NULL: a temporary one, which stays after a failure */
} FlowFuzzOptions;
int flow_fuzz(const char *script, const FlowFuzzOptions *o, const FlowOptions *compile, int argc, char **argv, FILE *out);
/* Whether the words are flags of a run: 0, or 1 when a message was printed. */
int flow_take_flags(int argc, char **argv);

/* Puts a file of dead letters through the script again, so that its outputs become what a clean run would have given. script
 * NULL: the one that the letters name. The words are those of a run. Returns an exit code. */
int flow_replay(const char *letters, const char *script, const FlowOptions *o, int argc, char **argv);

/* Runs a script again and again: `run` in a process of its own, then once more whenever the script, a file that it was made from, or one
 * that it read has changed. What changed and how the run ended goes to stderr, unless quiet. Ends by SIGINT or SIGTERM: 130. */
int flow_watch(const char *script, int (*run)(void *env), void *env, int quiet);

/* Shows a tap, stream or port of a running program of the same user that was started with --attach, until it ends: JSON lines on out. what: "name",
 * "name:n", or NULL: the names that there are. Returns an exit code. */
typedef struct FlowTapOptions { unsigned long long every, seed; double sample; } FlowTapOptions;   /* 0: all, usual, all */
int flow_tap(long pid, const char *what, const FlowTapOptions *o, FILE *out);

/* Infers the type of a file and prints it as a script would write it. format NULL: from the name. Returns an exit code. */
int flow_infer(const char *path, const char *format, FILE *out);

/* Prints the row types of a script, a file of types (FILE.flow or FILE.flow:Name) or a data file as `type` declarations.
 * Returns an exit code. */
int flow_schema_show(const char *what, const char *format, FILE *out);
/* Prints how two of them differ, and a verdict. mode NULL: 0; "backward", "forward" or "full": 2 when the change is not
 * compatible so. 1 when one cannot be read. */
int flow_schema_diff(const char *old, const char *changed, const char *format, const char *mode, FILE *out);

/* Plugins (include/flow_plugin.h). Each returns an exit code; messages go to stderr. new: NAME.c from a template. build: a shared
 * object by the C compiler; output NULL: beside the source. info: what a plugin says of itself. list: those of the present
 * folder, of dirs ("a:b" or NULL) and of FLOW_PLUGIN_PATH. test: the tests that it brings. */
int flow_plugin_new(const char *name, FILE *out);
int flow_plugin_build(const char *source, const char *output, const char *cc, FILE *out);
int flow_plugin_info(const char *path, FILE *out);
int flow_plugin_list(const char *dirs, FILE *out);
int flow_plugin_test(const char *path, FILE *out);

/* Prints the reference of the function library as Markdown, or of one function. */
int flow_doc(const char *name, FILE *out);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
