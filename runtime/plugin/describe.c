/* describe.c: what a plugin says of itself, as declarations in the language:
 *
 *   # plugin geo 1.2.0
 *   # Distances on the globe.
 *
 *   # Keeps places near a point.
 *   extern step fn near(lat: f64, lon: f64) -> { km: f64 } "ports far"
 *   type `near config` = { radius: f64 default 5.0 }
 *   extern function fn km(a: f64, b: f64) -> f64
 *   extern agg fn hull(lat: f64, lon: f64) -> f64 "64 8"        its state: size and alignment
 *
 * The compiler parses and binds them as it does a module, so that types, names and defaults are checked as those of scripts.
 * Names and types are looked at here so far that they cannot be anything else than names and types.
 *
 * A plugin is described by a child with limits: what it does when it is loaded is not flowc's. The text comes back through
 * shared memory, the end through a pipe. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "plugin/plugin.h"
#include "plugin/sandbox.h"

enum { DESCRIBE_SIZE = 1 << 20, DESCRIBE_MS = 10000, DESCRIBE_MEMORY = 256 << 20, DESCRIBE_ITEMS = 1000, DESCRIBE_PORTS = 60, DESCRIBE_ARGS = 16, PLUGIN_STATE_MAX = 65536 };

typedef struct DescribeText {
  char *text, *why;
  size_t len, size, why_size;
  int broken;
} DescribeText;

static void describe_put(DescribeText *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void describe_put(DescribeText *d, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(d->text + d->len, d->size - d->len, format, args);
  va_end(args);
  if (n < 0 || (size_t)n >= d->size - d->len) {
    if (!d->broken) snprintf(d->why, d->why_size, "its table is larger than %d bytes", DESCRIBE_SIZE);
    d->broken = 1;
    return;
  }
  d->len += (size_t)n;
}

static void describe_wrong(DescribeText *d, const char *what, const char *of, const char *text) {
  if (!d->broken) snprintf(d->why, d->why_size, "%s%s%.60s%s: `%.100s`", what, of ? " of `" : "", of ? of : "", of ? "`" : "", text ? text : "");
  d->broken = 1;
}

static int describe_is_name(const char *s) {
  static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  if (!s || !*s || !strchr(first, *s)) return 0;
  size_t n = 0;
  while (s[n] && n < 100 && (strchr(first, s[n]) || (s[n] >= '0' && s[n] <= '9'))) n++;
  return n < 100 && !s[n];
}

static int describe_is_line(const char *s, size_t most) {
  size_t n = 0;
  for (; s && s[n] && n < most; n++)
    if ((unsigned char)s[n] < ' ' || s[n] == 127) return 0;
  return s && n > 0 && n < most;
}

static void describe_doc(DescribeText *d, const char *doc) {
  for (const char *p = doc; p && *p && !d->broken;) {
    size_t n = strcspn(p, "\n");
    describe_put(d, "# %.*s\n", (int)n, p);
    p += n + (p[n] != 0);
  }
}

static void describe_fields(DescribeText *d, const char *of, const FlowField *f, uint32_t len, int with_default) {
  if (len > DESCRIBE_ITEMS || (len && !f)) {
    describe_wrong(d, "too many fields", of, "");
    return;
  }
  for (uint32_t i = 0; i < len && !d->broken; i++) {
    if (!describe_is_name(f[i].name)) describe_wrong(d, "a field has no good name", of, f[i].name);
    else if (!describe_is_line(f[i].type, 500) || strpbrk(f[i].type, "{}#")) describe_wrong(d, "a field has no good type", of, f[i].name);
    else if (with_default && f[i].dflt && !describe_is_line(f[i].dflt, 500)) describe_wrong(d, "a parameter has no good default", of, f[i].name);
    else {
      describe_put(d, "%s%s: %s", i ? ", " : "", f[i].name, f[i].type);
      if (with_default && f[i].dflt) describe_put(d, " default %s", f[i].dflt);
    }
  }
}

static void describe_config(DescribeText *d, const char *of, const FlowField *f, uint32_t len) {
  if (!len) return;
  describe_put(d, "type `%s config` = { ", of);
  describe_fields(d, of, f, len, 1);
  describe_put(d, " }\n");
}

static void describe_step(DescribeText *d, const FlowStep *s) {
  if (s->size < sizeof *s || !describe_is_name(s->name)) {
    describe_wrong(d, "a step has no good name or size", NULL, s->size < sizeof *s ? "" : s->name);
    return;
  }
  if (!s->rows || s->port_len > DESCRIBE_PORTS || (s->port_len && !s->ports)) describe_wrong(d, "without `rows`, or too many ports", s->name, "");
  describe_put(d, "\n");
  describe_doc(d, s->doc);
  describe_put(d, "extern step fn %s(", s->name);
  describe_fields(d, s->name, s->in, s->in_len, 0);
  describe_put(d, s->out_len ? ") -> { " : ") -> bool \"");
  if (s->out_len) {
    describe_fields(d, s->name, s->out, s->out_len, 0);
    describe_put(d, " } \"");
  }
  for (uint32_t i = 0; i < s->port_len && !d->broken; i++) {
    if (!describe_is_name(s->ports[i])) describe_wrong(d, "a port has no good name", s->name, s->ports[i]);
    else describe_put(d, "%s%s", i ? " " : "", s->ports[i]);
  }
  describe_put(d, "\"\n");
  describe_config(d, s->name, s->config, s->config_len);
}

static void describe_source(DescribeText *d, const FlowSource *s) {
  if (s->size < sizeof *s || !describe_is_name(s->name) || !s->rows || !s->out_len) {
    describe_wrong(d, "a source has no good name, size, fields or `rows`", NULL, s->size < sizeof *s ? "" : s->name);
    return;
  }
  describe_put(d, "\n");
  describe_doc(d, s->doc);
  describe_put(d, "extern source fn %s() -> { ", s->name);
  describe_fields(d, s->name, s->out, s->out_len, 0);
  describe_put(d, " }\n");
  describe_config(d, s->name, s->config, s->config_len);
}

static void describe_function(DescribeText *d, const FlowFunction *f) {
  if (f->size < sizeof *f || !describe_is_name(f->name) || !f->call || f->arg_len > DESCRIBE_ARGS || !describe_is_line(f->result, 500) ||
      strpbrk(f->result, "{}#\"")) {
    describe_wrong(d, "a function has no good name, size, result or `call`", NULL, f->size < sizeof *f ? "" : f->name);
    return;
  }
  describe_put(d, "\n");
  describe_doc(d, f->doc);
  describe_put(d, "extern function fn %s(", f->name);
  describe_fields(d, f->name, f->args, f->arg_len, 0);
  describe_put(d, ") -> %s\n", f->result);
}

static void describe_aggregate(DescribeText *d, const FlowAggregate *a) {
  if (a->size < sizeof *a || !describe_is_name(a->name) || !a->take || !a->finish || a->arg_len > DESCRIBE_ARGS ||
      !describe_is_line(a->result, 500) || strpbrk(a->result, "{}#\"")) {
    describe_wrong(d, "an aggregate has no good name, size, result, `take` or `finish`", NULL, a->size < sizeof *a ? "" : a->name);
    return;
  }
  uint32_t align = a->state_align;
  if (!a->state_size || a->state_size > PLUGIN_STATE_MAX || !align || align > 16 || (align & (align - 1))) {
    describe_wrong(d, "a state is of 1 to 65536 bytes, aligned to 1, 2, 4, 8 or 16", a->name, "");
    return;
  }
  describe_put(d, "\n");
  describe_doc(d, a->doc);
  describe_put(d, "extern agg fn %s(", a->name);
  describe_fields(d, a->name, a->args, a->arg_len, 0);
  describe_put(d, ") -> %s \"%u %u\"\n", a->result, a->state_size, align);
}

size_t plugin_describe_table(const FlowPlugin *t, char *text, size_t size, char *why, size_t why_size) {
  DescribeText d = {text, why, 0, size, why_size, 0};
  if (!describe_is_name(t->name)) describe_wrong(&d, "the plugin has no good name", NULL, t->name);
  if (!describe_is_line(t->version, 60) || plugin_version_fits(t->version, "*") < 0) describe_wrong(&d, "its version is not of the form 1.2.3", NULL, t->version);
  if (d.broken) return 0;
  describe_put(&d, "# plugin %s %s\n", t->name, t->version);
  describe_doc(&d, t->doc);
  if (t->step_len > DESCRIBE_ITEMS || t->function_len > DESCRIBE_ITEMS || (t->step_len && !t->steps) || (t->function_len && !t->functions))
    describe_wrong(&d, "too many steps or functions", NULL, "");
  for (uint32_t i = 0; i < t->step_len && !d.broken; i++) describe_step(&d, &t->steps[i]);
  for (uint32_t i = 0; i < t->function_len && !d.broken; i++) describe_function(&d, &t->functions[i]);
  if (t->source_len > DESCRIBE_ITEMS || (t->source_len && !t->sources)) describe_wrong(&d, "too many sources", NULL, "");
  for (uint32_t i = 0; i < t->source_len && !d.broken; i++) describe_source(&d, &t->sources[i]);
  if (t->aggregate_len > DESCRIBE_ITEMS || (t->aggregate_len && !t->aggregates)) describe_wrong(&d, "too many aggregates", NULL, "");
  for (uint32_t i = 0; i < t->aggregate_len && !d.broken; i++) describe_aggregate(&d, &t->aggregates[i]);
  return d.broken ? 0 : d.len;
}

uint64_t plugin_hash(const char *text, size_t size) { return frt_hash_bytes(text, size, 0x666c6f77); }

/* ---- the child ---- */

typedef struct DescribeShared {
  volatile int done;
  PluginStatus status;
  uint32_t active;
  char why[500];
  size_t size, tests_size;
  char text[DESCRIBE_SIZE], tests[DESCRIBE_SIZE];
} DescribeShared;

static void describe_child(const char *path, DescribeShared *s, int keep) {
  PluginHandle h;
  struct sigaction plain = {.sa_handler = SIG_DFL};
  for (int i = 1; i < 32; i++) sigaction(i, &plain, NULL);
  s->active = sandbox_enter(DESCRIBE_MEMORY, keep);   /* the pipe's end: its closing is the child's end */
  s->status = plugin_load(path, &h, s->why, sizeof s->why);
  if (s->status == PLUGIN_GOOD) {
    s->size = plugin_describe_table(h.table, s->text, sizeof s->text, s->why, sizeof s->why);
    if (!s->size) s->status = PLUGIN_BROKEN;
    s->tests_size = h.table->tests ? strnlen(h.table->tests, sizeof s->tests) : 0;
    memcpy(s->tests, h.table->tests ? h.table->tests : "", s->tests_size);
  }
  s->done = 1;
  _exit(0);
}

static int describe_wait(int fd, pid_t pid) {
  int64_t end = frt_monotonic_us() + (int64_t)DESCRIBE_MS * 1000;
  int late = 0, status = 0;
  for (struct pollfd p = {fd, 0, 0}; !late;) {
    int64_t left = (end - frt_monotonic_us()) / 1000;
    int rc = left > 0 ? poll(&p, 1, (int)left) : 0;
    if (rc > 0) break;
    if (rc == 0 && left <= 1) late = 1;
  }
  if (late) kill(pid, SIGKILL);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return late ? -1 : status;
}

static const char *describe_end(Arena *a, int status) {
  if (status < 0) return arena_printf(a, "it was not loaded within %d s", DESCRIBE_MS / 1000);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return "it made a system call that is not allowed while it was loaded";
  if (WIFSIGNALED(status)) return arena_printf(a, "it crashed while it was loaded (%s)", strsignal(WTERMSIG(status)));
  return arena_printf(a, "it ended the process while it was loaded (exit code %d)", WEXITSTATUS(status));
}

PluginStatus plugin_describe(Arena *a, const char *path, PluginDescription *out, const char **why) {
  int ends[2];
  DescribeShared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  *why = "no child can be started";
  if (s == MAP_FAILED) return PLUGIN_CRASHED;
  pid_t pid = pipe(ends) ? -1 : fork();
  if (pid == 0) {
    close(ends[0]);
    describe_child(path, s, ends[1]);
  }
  if (pid < 0) return munmap(s, sizeof *s), PLUGIN_CRASHED;
  close(ends[1]);
  int status = describe_wait(ends[0], pid);
  close(ends[0]);
  PluginStatus result = s->done ? s->status : PLUGIN_CRASHED;
  size_t size = s->size < DESCRIBE_SIZE ? s->size : DESCRIBE_SIZE - 1;
  s->why[sizeof s->why - 1] = 0;
  if (result == PLUGIN_CRASHED) *why = describe_end(a, status);
  else *why = arena_strndup(a, s->why, strlen(s->why));
  if (result == PLUGIN_GOOD) {
    char *text = arena_strndup(a, s->text, size);
    size_t tests = s->tests_size < DESCRIBE_SIZE ? s->tests_size : DESCRIBE_SIZE;
    *out = (PluginDescription){text, size, plugin_hash(text, size), tests ? arena_strndup(a, s->tests, tests) : NULL};
  }
  munmap(s, sizeof *s);
  return result;
}
