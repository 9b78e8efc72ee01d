/* main.c: the command line: which command, which script, which words are whose. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const Command cli_commands[] = {
  {"run", "flowc run s.flow [--name value ...]", "compile a script and run it (also `flowc s.flow`, `flowc -e '...'`)", cli_run},
  {"check", "flowc check s.flow", "find every error without reading a row", cli_check},
  {"build", "flowc build s.flow -o prog [--static] [--cc CC]", "make a standalone program", cli_build},
  {"emit", "flowc emit s.flow [--bundle] [-o out.c]", "print the generated C", cli_emit},
  {"explain", "flowc explain s.flow", "print the plan: operators, columns, state", cli_explain},
  {"graph", "flowc graph s.flow", "print the plan as Graphviz dot", cli_graph},
  {"fmt", "flowc fmt s.flow [--write | --check]", "print the script in canonical layout", cli_fmt},
  {"test", "flowc test s.flow [--coverage] [--update]", "run the test blocks of a script (--format text|tap|junit, --min PERCENT)", cli_test},
  {"fuzz", "flowc fuzz s.flow [--seed N] [--runs N] [--rows N]", "run a script on rows made from its types (--time SECONDS, --keep DIR)", cli_fuzz},
  {"replay", "flowc replay dead.jsonl [--script s.flow] [--name value ...]", "put dead letters through a script that was fixed", cli_replay},
  {"watch", "flowc watch s.flow [--name value ...]", "run a script again whenever it, its modules or its inputs change", cli_watch},
  {"tap", "flowc tap PID [stream[:n]] [--every N] [--sample SHARE] [--seed N]", "show rows of a program that runs with --attach", cli_tap},
  {"infer", "flowc infer file [--format csv]", "print the type of a file, to paste into a script", cli_infer},
  {"schema", "flowc schema show|diff|check OLD [NEW]", "row types: show them, compare them, check a change of them", cli_schema},
  {"plugin", "flowc plugin new|build|list|info|test [WHAT]", "plugins in C: start one, build it, look at it, run its tests", cli_plugin},
  {"doc", "flowc doc [function]", "print the reference of the function library", cli_doc},
};
const unsigned cli_command_len = sizeof cli_commands / sizeof *cli_commands;

static void cli_help(FILE *out) {
  fprintf(out, "flowc %s: compiles .flow scripts to C and runs them\n\n", flow_version());
  for (unsigned i = 0; i < cli_command_len; i++) fprintf(out, "  %-52s %s\n", cli_commands[i].usage, cli_commands[i].help);
  fputs("\nflags of flowc\n"
        "  --jit auto|tcc|cc     which compiler makes the code (tcc: at once; cc: the system's, kept\n"
        "                        under ~/.cache/flowc, FLOWC_CACHE=off switches that off; auto, the\n"
        "                        default: tcc, then cc beside it when the input is large)\n"
        "  --opt=-PASS[,PASS]    leave optimiser passes out (--opt=-all)\n"
        "  --dump=ast|bound|opt|phys|c   print a stage and stop\n"
        "  --on-error skip|fail  the policy of operators that have none, instead of the script's default\n"
        "  --mask COL[,/REGEX/]  columns that taps, errors and reports show masked, by name or pattern\n"
        "  --plugin-dir DIR      where plugins are looked for besides (also FLOW_PLUGIN_PATH=a:b)\n"
        "  --diagnostics=json    errors and warnings as JSON lines\n"
        "  -e 'SCRIPT'           the script itself\n"
        "  --version, --help\n"
        "\nflags of a run (`flowc s.flow --help` lists the parameters of the script too)\n"
        "  --stats[=json] --progress --quiet --dry-run --tap name[:n] --attach --params FILE\n"
        "  --threads N --memory SIZE --temp DIR --temp-limit SIZE\n"
        "  --scan=careful --block-rows N\n"
        "  --watch-dir DIR 'PATTERN'   a run for each new file, its path in `param file` (--watch-once,\n"
        "                              --watch-settle, --watch-state)\n"
        "\nexit codes: 0 done, 1 script or command line wrong, 2 the run failed, 3 an error limit was passed,\n"
        "70 a promise was broken (a bug), 130 interrupted\n", out);
}

int cli_usage_error(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("flowc: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\n  = `flowc --help` lists the commands and flags\n", stderr);
  va_end(args);
  return 1;
}

static const Command *cli_find(const char *name) {
  for (unsigned i = 0; i < cli_command_len; i++)
    if (!strcmp(cli_commands[i].name, name)) return &cli_commands[i];
  return NULL;
}

/* The command that a word without a dot, which is no file, comes near to. */
static const char *cli_meant(const char *word) {
  const char *names[sizeof cli_commands / sizeof *cli_commands];
  if (word[0] == '-' || strchr(word, '.') || strchr(word, '/') || access(word, F_OK) == 0) return NULL;
  for (unsigned i = 0; i < cli_command_len; i++) names[i] = cli_commands[i].name;
  return flow_nearest(word, names, cli_command_len);
}

/* The value of --name=value or --name value at argv[*i]; NULL when it is another flag. */
static const char *cli_value(const char *flag, int argc, char **argv, int *i) {
  size_t n = strlen(flag);
  if (strncmp(argv[*i], flag, n)) return NULL;
  if (argv[*i][n] == '=') return argv[*i] + n + 1;
  if (argv[*i][n] || *i + 1 >= argc) return NULL;
  return argv[++*i];
}

static void cli_plugin_dir(Cli *c, const char *dir) {
  const char *old = c->options.plugin_dirs ? c->options.plugin_dirs : "";
  size_t size = strlen(old) + strlen(dir) + 2;
  char *both = malloc(size);
  if (!both) return;
  snprintf(both, size, "%s%s%s", old, *old ? ":" : "", dir);
  c->options.plugin_dirs = both;
}

static int cli_percent(Cli *c, const char *text) {
  char *end;
  long n = strtol(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || n > 100) c->test_wrong = text;
  return (int)n;
}

/* A count of `flowc fuzz`; 0 is none. */
static unsigned cli_count(Cli *c, const char *text, unsigned max) {
  char *end;
  unsigned long n = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || n < 1 || n > max) c->fuzz_wrong = text;
  return (unsigned)n;
}

static int cli_fuzz_flag(Cli *c, int argc, char **argv, int *i) {
  const char *v;
  char *end;
  if ((v = cli_value("--runs", argc, argv, i))) c->fuzz.runs = cli_count(c, v, 1000000000);
  else if ((v = cli_value("--rows", argc, argv, i))) c->fuzz.rows = cli_count(c, v, 10000000);
  else if ((v = cli_value("--time", argc, argv, i))) c->fuzz.seconds = cli_count(c, v, 86400);
  else if ((v = cli_value("--keep", argc, argv, i))) c->fuzz.keep = v;
  else if ((v = cli_value("--seed", argc, argv, i))) {
    c->fuzz.seed = strtoull(v, &end, 10);
    c->fuzz.has_seed = 1;
    if (*v < '0' || *v > '9' || *end) c->fuzz_wrong = v;
  } else return 0;
  return 1;
}

/* Takes argv[*i] when it is a flag of flowc. */
static int cli_own_flag(Cli *c, int argc, char **argv, int *i) {
  const char *v;
  const char *w = argv[*i];
  int building = !strcmp(c->command, "build") || !strcmp(c->command, "emit") || !strcmp(c->command, "plugin");
  if ((v = cli_value("--jit", argc, argv, i))) c->options.jit = v;
  else if ((v = cli_value("--opt", argc, argv, i))) c->options.no_passes = v[0] == '-' ? v + 1 : v;
  else if ((v = cli_value("--dump", argc, argv, i))) c->dump = v;
  else if ((v = cli_value("--on-error", argc, argv, i))) c->options.on_error = v;
  else if ((v = cli_value("--mask", argc, argv, i))) c->options.mask = v;
  else if ((v = cli_value("--plugin-dir", argc, argv, i))) cli_plugin_dir(c, v);
  else if ((v = cli_value("--diagnostics", argc, argv, i))) c->json = !strcmp(v, "json");
  else if (building && (v = cli_value("--tap", argc, argv, i))) c->options.taps = v;
  else if (building && !strcmp(w, "--attach")) c->options.attach = 1;
  else if (building && (v = cli_value("--cc", argc, argv, i))) c->cc = v;
  else if (building && !strcmp(w, "-o") && *i + 1 < argc) c->output = argv[++*i];
  else if (building && !strcmp(w, "--static")) c->is_static = 1;
  else if (building && !strcmp(w, "--bundle")) c->bundle = 1;
  else if (!strcmp(c->command, "fmt") && !strcmp(w, "--write")) c->write = 1;
  else if (!strcmp(c->command, "fmt") && !strcmp(w, "--check")) c->check = 1;
  else if (!strcmp(c->command, "infer") && (v = cli_value("--format", argc, argv, i))) c->format = v;
  else if (!strcmp(c->command, "test") && (v = cli_value("--format", argc, argv, i))) c->test.format = v;
  else if (!strcmp(c->command, "test") && (v = cli_value("--min", argc, argv, i))) c->test.min = cli_percent(c, v);
  else if (!strcmp(c->command, "test") && !strcmp(w, "--coverage")) c->test.coverage = 1;
  else if (!strcmp(c->command, "test") && !strcmp(w, "--update")) c->test.update = 1;
  else if (!strcmp(c->command, "fuzz") && cli_fuzz_flag(c, argc, argv, i)) return 1;
  else if (!strcmp(c->command, "replay") && (v = cli_value("--script", argc, argv, i))) c->of_script = v;
  else if (!strcmp(c->command, "schema") && (v = cli_value("--format", argc, argv, i))) c->format = v;
  else if (!strcmp(c->command, "schema") && (v = cli_value("--mode", argc, argv, i))) c->mode = v;
  else return 0;
  return 1;
}

/* How many words after this one are values of a flag of a run, and not the script. */
static int cli_run_flag_values(const char *word) {
  static const char *const flags[] = {"--params", "--threads", "--memory", "--temp", "--temp-limit", "--tap", "--scan", "--block-rows",
                                      "--watch-state", "--watch-settle"};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (!strcmp(word, flags[i])) return 1;
  return !strcmp(word, "--watch-dir") ? 2 : !strncmp(word, "--watch-dir=", 12) ? 1 : 0;
}

/* A word that would be the script, is no file, and stands behind a flag that flowc does not know: the flag is what is wrong. */
static int cli_flag_before_script(const Cli *c, const char *word) {
  if (!c->argc || access(word, F_OK) == 0) return 0;
  const char *flag = c->argv[c->argc - 1];
  if (strncmp(flag, "--", 2) != 0 || strchr(flag, '=')) return 0;
  cli_usage_error("flowc has no flag `%s` that takes a value; parameters of a script stand behind it: flowc %s s.flow %s %s", flag,
                  c->command, flag, word);
  return 1;
}

static int cli_parse(Cli *c, int argc, char **argv) {
  c->argv = calloc((size_t)argc + 1, sizeof *c->argv);
  if (!c->argv) return fputs("error: out of memory\n", stderr), 2;
  for (int i = 0; i < argc; i++) {
    if (cli_own_flag(c, argc, argv, &i)) continue;
    int values = cli_run_flag_values(argv[i]);
    if (values && i + values < argc) {
      for (; values > 0; values--) c->argv[c->argc++] = argv[i++];
      c->argv[c->argc++] = argv[i];
      continue;
    }
    if (!strcmp(argv[i], "-e") && !c->script && i + 1 < argc) c->inline_text = argv[++i];
    else if (!c->script && !c->inline_text && (argv[i][0] != '-' || !argv[i][1])) {
      if (cli_flag_before_script(c, argv[i])) return 1;
      c->script = argv[i];
    }
    else c->argv[c->argc++] = argv[i];
  }
  const char *jit = c->options.jit;
  if (jit && strcmp(jit, "tcc") && strcmp(jit, "cc") && strcmp(jit, "auto"))
    return cli_usage_error("--jit is tcc, cc or auto, not `%s`", jit);
  const char *dump = c->dump;
  if (dump && strcmp(dump, "ast") && strcmp(dump, "bound") && strcmp(dump, "opt") && strcmp(dump, "phys") && strcmp(dump, "c"))
    return cli_usage_error("--dump is ast, bound, opt, phys or c, not `%s`", dump);
  const char *unknown = flow_unknown_pass(c->options.no_passes);
  if (unknown) return cli_usage_error("--opt: there is no pass `%s`; passes are %s, or all", unknown, flow_passes());
  const char *policy = c->options.on_error;
  if (policy && strcmp(policy, "skip") && strcmp(policy, "fail")) return cli_usage_error("--on-error is skip or fail, not `%s`", policy);
  c->colour = isatty(2) && !getenv("NO_COLOR");
  return 0;
}

FlowProgram *cli_compile(Cli *c, int *status) {
  FlowProgram *p = c->inline_text ? flow_compile_text("<command line>", c->inline_text, strlen(c->inline_text), &c->options)
                                  : flow_compile_file(c->script, &c->options);
  if (!c->quiet || flow_error_count(p)) flow_print_diagnostics(p, stderr, (c->colour ? FLOW_DIAG_COLOUR : 0) | (c->json ? FLOW_DIAG_JSON : 0));
  if (c->dump) {
    *status = flow_dump(p, c->dump, stdout) ? 1 : flow_error_count(p) ? 1 : 0;
    flow_free(p);
    return NULL;
  }
  if (!flow_error_count(p)) return p;
  *status = 1;
  flow_free(p);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    cli_help(stderr);
    return 1;
  }
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
    cli_help(stdout);
    return 0;
  }
  if (!strcmp(argv[1], "--version")) {
    printf("flowc %s\n", flow_version());
    return 0;
  }
  const Command *command = cli_find(argv[1]);
  const char *meant = command ? NULL : cli_meant(argv[1]);
  if (meant) return cli_usage_error("there is no command or script `%s`; did you mean `flowc %s`?", argv[1], meant);
  Cli c = {.command = command ? command->name : "run"};
  int skip = command ? 2 : 1;
  int rc = cli_parse(&c, argc - skip, argv + skip);
  if (!rc && !c.script && !c.inline_text && strcmp(c.command, "doc")) {
    if (c.argc && (!strcmp(c.argv[0], "--help") || !strcmp(c.argv[0], "-h"))) cli_help(stdout);
    else rc = cli_usage_error("`%s` needs a script: %s", c.command, command ? command->usage : "flowc s.flow");
  } else if (!rc) {
    rc = (command ? command->run : cli_run)(&c);
  }
  free(c.argv);
  return rc;
}
