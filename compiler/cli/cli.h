/* cli.h: the commands of flowc; each is a file of this folder. */
#ifndef FLOW_CLI_H
#define FLOW_CLI_H

#include "flow.h"

/* Words of the command line that belong to flowc itself; the rest goes to the script. */
typedef struct Cli {
  const char *command;
  const char *script;        /* path, or NULL */
  const char *inline_text;   /* -e */
  const char *output, *cc, *dump, *format, *mode, *of_script;
  FlowOptions options;
  FlowTestOptions test;
  FlowFuzzOptions fuzz;
  const char *test_wrong;    /* a value of theirs that cannot be */
  const char *fuzz_wrong;
  int json, is_static, bundle, check, write, colour, quiet;
  int argc;                  /* words for the script */
  char **argv;
} Cli;

typedef struct Command {
  const char *name, *usage, *help;
  int (*run)(Cli *c);
} Command;

extern const Command cli_commands[];
extern const unsigned cli_command_len;

int cli_run(Cli *c);
int cli_build(Cli *c);
int cli_check(Cli *c);
int cli_emit(Cli *c);
int cli_explain(Cli *c);
int cli_graph(Cli *c);
int cli_fmt(Cli *c);
int cli_test(Cli *c);
int cli_fuzz(Cli *c);
int cli_watch(Cli *c);
int cli_tap(Cli *c);
int cli_infer(Cli *c);
int cli_doc(Cli *c);
int cli_schema(Cli *c);
int cli_plugin(Cli *c);
int cli_replay(Cli *c);

/* Compiles the script of the command line and prints its diagnostics; NULL after errors, with *status. */
FlowProgram *cli_compile(Cli *c, int *status);
int cli_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
