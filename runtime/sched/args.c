/* args.c: from the words of a command line to the options of a run.
 *
 * Params of the script come first: a param that is named like a common flag hides the flag. Their values
 * are collected from all places and then ranked: command line, --params file, environment. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "sched/args.h"
#include "sched/run_internal.h"

enum { ARGS_ENV_NAME_MAX = 256, ARGS_THREADS_MAX = 1024, ARGS_BLOCK_ROWS_MAX = 1 << 20, ARGS_TIME_MAX = 1000000000, ARGS_SETTLE_US = 500000 };

typedef struct ArgsParser {
  Arena *arena;
  const FrtModule *module;
  int argc;
  char **argv;
  int at;
  FrtRunOptions *options;
  FrtArgValue *values;         /* one a param: name is NULL while it has no value */
  uint8_t *ranks;              /* where values[i] came from: ARGS_FROM_* */
  const char **taps;
} ArgsParser;

enum { ARGS_FROM_NONE, ARGS_FROM_ENV, ARGS_FROM_FILE, ARGS_FROM_LINE };

static int args_char_equal(char a, char b) { return a == b || (a == '-' && b == '_'); }

/* The param that is called so; dashes stand for underscores. -1: none. */
static int64_t args_find_param(const FrtModule *m, const char *name, size_t len) {
  for (uint32_t i = 0; i < m->param_len; i++) {
    FrtStr p = m->params[i].name;
    uint32_t k = 0;
    if (p.len != len) continue;
    while (k < len && args_char_equal(name[k], p.ptr[k])) k++;
    if (k == len) return i;
  }
  return -1;
}

static void args_give(ArgsParser *p, uint32_t param, int rank, const char *text, const char *from) {
  if (p->ranks[param] > rank) return;
  p->ranks[param] = (uint8_t)rank;
  FrtStr name = p->module->params[param].name;
  p->values[param] = (FrtArgValue){arena_strndup(p->arena, name.ptr, name.len), text, from};
}

/* ---- messages ---- */

static void args_consider(const char *word, size_t word_len, const char *name, size_t len, const char **best,
                          size_t *best_len, size_t *best_distance) {
  size_t d = frt_word_distance(word, word_len, name, len);
  if (d >= *best_distance) return;
  *best = name;
  *best_len = len;
  *best_distance = d;
}

int frt_args_unknown(const FrtModule *m, const char *name, size_t len, const char *where) {
  const char *best = NULL;
  size_t best_len = 0, distance = SIZE_MAX;
  for (uint32_t i = 0; i < m->param_len; i++)
    args_consider(name, len, m->params[i].name.ptr, m->params[i].name.len, &best, &best_len, &distance);
  for (const FrtFlag *f = frt_flags; f->name && !where; f++)
    args_consider(name, len, f->name, strlen(f->name), &best, &best_len, &distance);
  fprintf(stderr, "error: %s%sthe script has no parameter `%.*s`", where ? where : "", where ? ": " : "", (int)len, name);
  if (best && frt_word_is_near(distance, len))
    fprintf(stderr, "; did you mean `%s%.*s`?\n", where ? "" : "--", (int)best_len, best);
  else
    fprintf(stderr, "; --help lists what there is\n");
  return 1;
}

const char *frt_tap_unknown(Arena *arena, const FrtModule *m, const char *name, size_t len) {
  const char *best = NULL;
  size_t best_len = 0, distance = SIZE_MAX;
  for (uint32_t i = 0; i < m->tap_len; i++)
    args_consider(name, len, m->taps[i].name.ptr, m->taps[i].name.len, &best, &best_len, &distance);
  if (best && frt_word_is_near(distance, len))
    return arena_printf(arena, "error: --tap: the script has no tap, stream or port `%.*s`; did you mean `%.*s`?", (int)len, name,
                        (int)best_len, best);
  return arena_printf(arena, "error: --tap: the script has no tap, stream or port `%.*s`", (int)len, name);
}

static int args_fail(const char *flag, const char *what) {
  fprintf(stderr, "error: %s: %s\n", flag, what);
  return 1;
}

/* ---- common flags ---- */

const FrtFlag frt_flags[] = {
  {"params", "FILE", FRT_FLAG_PARAMS, "values of parameters: a JSON object"},
  {"stats", NULL, FRT_FLAG_STATS, "after the run, counters of every operator (--stats=json: as JSON)"},
  {"progress", NULL, FRT_FLAG_PROGRESS, "show the progress on stderr"},
  {"quiet", NULL, FRT_FLAG_QUIET, "no warnings, no notes"},
  {"threads", "N", FRT_FLAG_THREADS, "workers; the cores that there are by default"},
  {"memory", "SIZE", FRT_FLAG_MEMORY, "memory to keep to, like 256MiB (60% of what is free)"},
  {"temp", "DIR", FRT_FLAG_TEMP, "folder for what does not fit into memory"},
  {"temp-limit", "SIZE", FRT_FLAG_TEMP_LIMIT, "how much of it at most"},
  {"tap", "NAME[:N]", FRT_FLAG_TAP, "show the rows of a tap, stream or port, N at most"},
  {"attach", NULL, FRT_FLAG_ATTACH, "let `flowc tap PID` look at taps, streams and ports"},
  {"dry-run", NULL, FRT_FLAG_DRY_RUN, "do everything, but leave no output"},
  {"scan", "careful", FRT_FLAG_SCAN, "read without the fast paths"},
  {"block-rows", "N", FRT_FLAG_BLOCK_ROWS, "rows of a block"},
  {"watch-dir", "DIR PATTERN", FRT_FLAG_WATCH_DIR, "a run for each new file: its path in `param file`"},
  {"watch-state", "FILE", FRT_FLAG_WATCH_STATE, "the list of files taken (DIR/.SCRIPT.taken)"},
  {"watch-settle", "TIME", FRT_FLAG_WATCH_SETTLE, "a file unchanged for so long is complete (500ms)"},
  {"watch-once", NULL, FRT_FLAG_WATCH_ONCE, "take what is there, and end"},
  {"help", NULL, FRT_FLAG_HELP, "show this text"},
  {"version", NULL, FRT_FLAG_VERSION, "show the version"},
  {NULL, NULL, 0, NULL},
};

static const FrtFlag *args_find_flag(const char *name, size_t len) {
  for (const FrtFlag *f = frt_flags; f->name; f++)
    if (strlen(f->name) == len && memcmp(f->name, name, len) == 0) return f;
  return NULL;
}

static int args_number(const char *text, uint64_t max, uint32_t *out) {
  char *end;
  errno = 0;
  unsigned long long n = strtoull(text, &end, 10);
  if (!isdigit((unsigned char)text[0]) || *end || errno || n == 0 || n > max) return 0;
  *out = (uint32_t)n;
  return 1;
}

int frt_parse_size(const char *text, uint64_t *out) {
  static const struct { const char *unit; uint64_t size; } units[] = {
    {"", 1}, {"B", 1}, {"K", 1u << 10}, {"KiB", 1u << 10}, {"KB", 1000}, {"M", 1u << 20}, {"MiB", 1u << 20},
    {"MB", 1000000}, {"G", 1u << 30}, {"GiB", 1u << 30}, {"GB", 1000000000}, {"TiB", (uint64_t)1 << 40},
    {"TB", 1000000000000u},
  };
  char *end;
  errno = 0;
  unsigned long long n = strtoull(text, &end, 10);
  if (!isdigit((unsigned char)text[0]) || errno) return 0;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) != 0 || n > UINT64_MAX / units[i].size) continue;
    *out = n * units[i].size;
    return 1;
  }
  return 0;
}

/* "500ms", "2s", "1m". */
static int args_time(const char *text, int64_t *out_us) {
  static const struct { const char *unit; int64_t us; } units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000}};
  char *end;
  errno = 0;
  unsigned long long n = strtoull(text, &end, 10);
  if (!isdigit((unsigned char)text[0]) || errno || n > ARGS_TIME_MAX) return 0;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) != 0) continue;
    *out_us = (int64_t)n * units[i].us;
    return 1;
  }
  return 0;
}

/* --watch-dir DIR PATTERN: the only flag of two words. */
static int args_set_watch(ArgsParser *p, const char *folder) {
  if (p->at + 1 >= p->argc || p->argv[p->at + 1][0] == '-')
    return args_fail("--watch-dir", "wants a folder and a pattern in quotes: --watch-dir in '*.csv'");
  p->options->watch.folder = folder;
  p->options->watch.pattern = p->argv[++p->at];
  return 0;
}

static int args_set_tap(ArgsParser *p, const char *text) {
  const char *colon = strrchr(text, ':');
  size_t len = colon ? (size_t)(colon - text) : strlen(text);
  uint32_t n;
  if (colon && !args_number(colon + 1, UINT32_MAX, &n)) return args_fail("--tap", "NAME:N wants a number of rows");
  for (uint32_t t = 0; t < p->module->tap_len; t++) {
    FrtStr name = p->module->taps[t].name;
    if (name.len != len || memcmp(name.ptr, text, len) != 0) continue;
    p->taps = arena_grow(p->arena, p->taps, p->options->tap_len, sizeof *p->taps);
    p->taps[p->options->tap_len++] = text;
    p->options->taps = p->taps;
    return 0;
  }
  fprintf(stderr, "%s\n", frt_tap_unknown(p->arena, p->module, text, len));
  return 1;
}

static int args_set_flag(ArgsParser *p, const FrtFlag *f, const char *value) {
  FrtRunOptions *o = p->options;
  switch (f->kind) {
  case FRT_FLAG_STATS:
    if (value && strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
      return args_fail("--stats", "knows text and json");
    o->stats = value && strcmp(value, "json") == 0 ? 2 : 1;
    return 0;
  case FRT_FLAG_PROGRESS: o->progress = 1; return 0;
  case FRT_FLAG_QUIET: o->quiet = 1; return 0;
  case FRT_FLAG_ATTACH: o->attach = 1; return 0;
  case FRT_FLAG_DRY_RUN: o->dry_run = 1; return 0;
  case FRT_FLAG_TEMP: o->temp = value; return 0;
  case FRT_FLAG_TAP: return args_set_tap(p, value);
  case FRT_FLAG_THREADS:
    return args_number(value, ARGS_THREADS_MAX, &o->threads) ? 0 : args_fail("--threads", "wants a number from 1 to 1024");
  case FRT_FLAG_BLOCK_ROWS:
    return args_number(value, ARGS_BLOCK_ROWS_MAX, &o->block_rows)
             ? 0 : args_fail("--block-rows", "wants a number from 1 to 1048576");
  case FRT_FLAG_MEMORY:
    return frt_parse_size(value, &o->memory) ? 0 : args_fail("--memory", "wants a size like 256MiB");
  case FRT_FLAG_TEMP_LIMIT:
    return frt_parse_size(value, &o->temp_limit) ? 0 : args_fail("--temp-limit", "wants a size like 20GiB");
  case FRT_FLAG_WATCH_DIR: return args_set_watch(p, value);
  case FRT_FLAG_WATCH_STATE: o->watch.state = value; return 0;
  case FRT_FLAG_WATCH_ONCE: o->watch.once = 1; return 0;
  case FRT_FLAG_WATCH_SETTLE:
    return args_time(value, &o->watch.settle_us) ? 0 : args_fail("--watch-settle", "wants a time like 500ms or 2s");
  case FRT_FLAG_SCAN:
    if (strcmp(value, "careful") != 0 && strcmp(value, "fast") != 0) return args_fail("--scan", "knows fast and careful");
    o->careful = strcmp(value, "careful") == 0;
    return 0;
  default:
    return 0;
  }
}

/* ---- places of values ---- */

typedef struct ArgsFile { ArgsParser *parser; const char *path; } ArgsFile;

static int args_take_file_value(void *context, const char *name, const char *text) {
  ArgsFile *f = context;
  int64_t param = args_find_param(f->parser->module, name, strlen(name));
  if (param < 0) return frt_args_unknown(f->parser->module, name, strlen(name), f->path);
  args_give(f->parser, (uint32_t)param, ARGS_FROM_FILE, text, f->path);
  return 0;
}

static int args_read_params(ArgsParser *p, const char *path) {
  ArgsFile file = {p, path};
  return frt_params_file(p->arena, path, args_take_file_value, &file);
}

static void args_read_environment(ArgsParser *p) {
  for (uint32_t i = 0; i < p->module->param_len; i++) {
    FrtStr name = p->module->params[i].name;
    char variable[ARGS_ENV_NAME_MAX + 8] = "FLOW_";
    if (name.len > ARGS_ENV_NAME_MAX) continue;
    for (uint32_t k = 0; k < name.len; k++) {
      char c = name.ptr[k];
      variable[5 + k] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    variable[5 + name.len] = 0;
    const char *text = getenv(variable);
    if (text)
      args_give(p, i, ARGS_FROM_ENV, arena_strndup(p->arena, text, strlen(text)),
                arena_strndup(p->arena, variable, strlen(variable)));
  }
}

/* The value of --name value or --name=value; NULL: it is missing. */
static const char *args_value(ArgsParser *p, const char *equals) {
  if (equals) return equals + 1;
  return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static int args_take_word(ArgsParser *p, const char *word) {
  if (strcmp(word, "-h") == 0) word = "--help";
  if (word[0] != '-' || word[1] != '-') {
    fprintf(stderr, "error: unexpected argument `%s`; parameters are given as --name value\n", word);
    return 1;
  }
  const char *name = word + 2, *equals = strchr(name, '=');
  size_t len = equals ? (size_t)(equals - name) : strlen(name);
  int64_t param = args_find_param(p->module, name, len);
  if (param >= 0) {
    const char *value = args_value(p, equals);
    if (!value) return args_fail(word, "a value must follow");
    args_give(p, (uint32_t)param, ARGS_FROM_LINE, value, arena_strndup(p->arena, word, len + 2));
    return 0;
  }
  const FrtFlag *f = args_find_flag(name, len);
  if (!f) return frt_args_unknown(p->module, name, len, NULL);
  const char *value = f->value ? args_value(p, equals) : equals ? equals + 1 : NULL;
  if (f->value && !value) return args_fail(word, "a value must follow");
  if (!f->value && value && f->kind != FRT_FLAG_STATS) return args_fail(word, "takes no value");
  if (f->kind == FRT_FLAG_PARAMS) return args_read_params(p, value);
  if (f->kind == FRT_FLAG_HELP) return -1;
  if (f->kind == FRT_FLAG_VERSION) return -2;
  return args_set_flag(p, f, value);
}

int frt_parse_args(Arena *arena, const FrtModule *m, int argc, char **argv, FrtRunOptions *o) {
  ArgsParser p = {.arena = arena, .module = m, .argc = argc, .argv = argv, .options = o};
  p.values = arena_alloc(arena, (m->param_len + 1) * sizeof *p.values);
  o->watch.settle_us = ARGS_SETTLE_US;
  p.ranks = arena_alloc(arena, m->param_len + 1);
  for (; p.at < argc; p.at++) {
    if (strcmp(argv[p.at], "--") == 0) {
      if (p.at + 1 == argc) break;
      fprintf(stderr, "error: unexpected argument `%s` after --\n", argv[p.at + 1]);
      return 1;
    }
    int status = args_take_word(&p, argv[p.at]);
    if (status == -1) frt_print_help(m, NULL);
    if (status == -2) printf("%s\n", FRT_VERSION_TEXT);
    if (status) return status < 0 ? -1 : status;
  }
  if (!o->watch.folder && (o->watch.state || o->watch.once || o->watch.settle_us != ARGS_SETTLE_US))
    return args_fail("--watch-state, --watch-settle, --watch-once", "these belong to --watch-dir DIR PATTERN");
  args_read_environment(&p);
  FrtArgValue *args = arena_alloc(arena, (m->param_len + 1) * sizeof *args);
  o->arg_len = 0;
  for (uint32_t i = 0; i < m->param_len; i++)
    if (p.ranks[i]) args[o->arg_len++] = p.values[i];
  o->args = args;
  return 0;
}
