/* test.c: `flowc test`: runs the test blocks of a script.
 *
 * Each test is a run of its own of a changed copy of the script's text: the paths of `given` reads lead to files with the
 * given text, every sink writes into a temporary folder, and each `expect` adds a sink for what it looks at. What was
 * expected is read back with the types of the stream and written the same way, so that both sides are compared as the
 * language prints them. Replacements keep the lines of the script, so places in messages stay true. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/compile.h"
#include "driver/coverage.h"
#include "driver/load.h"
#include "sched/run.h"
#include "syntax/parse.h"

enum { TEST_EDITS_MAX = 512, TEST_NOW_S = 1767225600 /* 2026-01-01: the instant of now() in every test */ };

typedef struct TestEdit { uint32_t start, end; const char *text; } TestEdit;

typedef struct Test {
  FlowProgram *p;            /* the script, parsed */
  const Source *source;
  const AstStmt *stmt;
  const char *dir;           /* temporary folder */
  TestEdit edits[TEST_EDITS_MAX];
  uint32_t edit_len;
  uint32_t sinks;
  FrtRunOptions run;         /* the flags of the command line */
  const char *more;          /* streams in place of ports whose streams were replaced, or NULL */
  const char *ports;         /* those of the stream that is being replaced */
  const char *why;           /* failure, or NULL */
  Coverage *coverage;        /* or NULL */
  struct TestUpdates *updates;   /* or NULL: what was expected is not changed */
} Test;

/* Text of the script that takes another form: rows and counts that were expected. */
typedef struct TestUpdates { TestEdit *edits; uint32_t len; } TestUpdates;

/* ---- changing the text ---- */

static void test_edit(Test *t, Span span, const char *text) {
  if (t->edit_len < TEST_EDITS_MAX) t->edits[t->edit_len++] = (TestEdit){span.start, span.end, text};
}

static int test_edit_order(const void *a, const void *b) {
  const TestEdit *x = a, *y = b;
  return (x->start > y->start) - (x->start < y->start);
}

/* The text with its edits; line ends inside of replaced text are kept. */
static char *test_text(Test *t, const char *more) {
  Arena *a = t->p->arena;
  qsort(t->edits, t->edit_len, sizeof *t->edits, test_edit_order);
  char *out = arena_strndup(a, "", 0);
  uint32_t at = 0;
  for (uint32_t i = 0; i < t->edit_len; i++) {
    const TestEdit *e = &t->edits[i];
    if (e->start < at) continue;   /* inside of another one */
    out = arena_printf(a, "%s%.*s%s", out, (int)(e->start - at), t->source->text + at, e->text);
    for (uint32_t k = e->start; k < e->end; k++)
      if (t->source->text[k] == '\n') out = arena_printf(a, "%s\n", out);
    at = e->end;
  }
  return arena_printf(a, "%s%s\n%s%s", out, t->source->text + at, t->more ? t->more : "", more);
}

static const char *test_path(Test *t, const char *kind, uint32_t number, const char *ending) {
  return arena_printf(t->p->arena, "%s/%s%u.%s", t->dir, kind, number, ending);
}

static void test_write_file(Test *t, const char *path, const char *text, size_t size) {
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(text, 1, size, f) != size) t->why = arena_printf(t->p->arena, "%s: %s", path, strerror(errno));
  if (f) fclose(f);
}

static void test_redirect_ops(Test *t, const AstOp *ops) {
  for (const AstOp *o = ops; o; o = o->next) {
    if (o->chain) test_redirect_ops(t, o->chain);
    if (o->kind != AST_WRITE || !o->args || o->args->name.text) continue;
    test_edit(t, o->args->value->span, arena_printf(t->p->arena, "\"%s\"", test_path(t, "sink", t->sinks++, "out")));
  }
}

/* Whether a flow only writes: nobody can read a port of it. */
static bool test_only_writes(const AstStmt *s) {
  if (s->kind != AST_ANON || (s->flow->streams && s->flow->streams->port.text) || s->flow->on_error.port.text) return false;
  for (const AstOp *o = s->flow->ops; o; o = o->next)
    if (o->else_port.text || o->on_error.port.text || o->routes || o->chain || o->kind == AST_CALL_OP) return false;
  return true;
}

/* With expects, only what they look at is run: inputs that nothing of it needs may be missing. */
static void test_redirect_sinks(Test *t, bool expects) {
  for (const AstStmt *s = t->p->ast->stmts; s; s = s->next) {
    if (s->flow && expects && test_only_writes(s)) test_edit(t, s->span, "");
    else if (s->flow) test_redirect_ops(t, s->flow->ops);
    if (s->kind == AST_OP_DEF) test_redirect_ops(t, s->chain);
    if (s->kind == AST_TEST) test_edit(t, s->span, "");
  }
}

static const AstStmt *test_stream(const Test *t, const char *name) {
  for (const AstStmt *s = t->p->ast->stmts; s; s = s->next)
    if (s->kind == AST_STREAM && !strcmp(s->name.text, name)) return s;
  return NULL;
}

static const char *test_source_text(const Test *t, Span span) {
  return arena_strndup(t->p->arena, t->source->text + span.start, span.end - span.start);
}

/* ---- types of streams ---- */

static const char *test_name(Arena *a, const char *name) { return arena_printf(a, "`%s`", name); }

static const PlanNode *test_sink(const FlowProgram *p, const char *path) {
  for (uint32_t i = 0; p->plan && i < p->plan->node_len; i++) {
    const PlanNode *n = p->plan->nodes[i];
    const Expr *e = n->kind == PLAN_WRITE ? n->sink->path : NULL;
    if (e && e->kind == EX_CONST && strlen(path) == e->value.s.len && !memcmp(e->value.s.ptr, path, e->value.s.len)) return n;
  }
  return NULL;
}

/* The type of what the sink writes, of the columns in `only` (a CSV header) or all of them. */
static const char *test_row_type(const FlowProgram *p, const PlanNode *sink, const char *only, Arena *a) {
  const Schema *s = &sink->in[0].node->out[sink->in[0].port].schema;
  const char *text = "{";
  for (uint32_t i = 0; i < s->len; i++) {
    size_t n = strlen(s->cols[i].name);
    bool wanted = !only;
    for (const char *at = only; at && *at && *at != '\n' && !wanted; at += strcspn(at, ",\n") + (at[strcspn(at, ",\n")] == ',')) {
      size_t len = strcspn(at, ",\r\n");
      wanted = len == n && !strncmp(at, s->cols[i].name, n);
    }
    if (!wanted) continue;
    const Column *column = &p->plan->columns[s->cols[i].col];
    text = arena_printf(a, "%s%s%s: %s%s%s", text, text[1] ? ", " : "", test_name(a, s->cols[i].name), type_text(a, column->type),
                        column->mask ? " mask " : "", column->mask ? column->mask : "");
  }
  return arena_printf(a, "%s}", text);
}

static FlowProgram *test_compile(Test *t, const char *more) {
  const char *text = test_text(t, more);
  FlowOptions o = t->p->options;
  if (t->coverage) o.coverage = 1, o.no_passes = "all";
  return flow_compile_text(t->p->path, text, strlen(text), &o);
}

/* ---- given and set ---- */

static void test_given_read(Test *t, const AstStmt *s, const AstTestStep *g, const char *path) {
  const AstFlow *f = s->flow;
  const AstArg *at = f->args;
  while (at && at->name.text) at = at->next;
  if (at) test_edit(t, at->value->span, arena_printf(t->p->arena, "\"%s\"", path));
  if (strcmp(f->format.text, g->format.text)) test_edit(t, f->format.span, g->format.text);
}

/* ---- the ports of a stream that is replaced: empty ---- */

static bool test_ops_feed(const AstOp *ops, const char *port) {
  for (const AstOp *o = ops; o; o = o->next) {
    if (o->else_port.text && !strcmp(o->else_port.text, port)) return true;
    if (o->on_error.port.text && !strcmp(o->on_error.port.text, port)) return true;
    for (const AstRoute *r = o->routes; r; r = r->next)
      if (r->port.text && !strcmp(r->port.text, port)) return true;
    if (o->chain && test_ops_feed(o->chain, port)) return true;
  }
  return false;
}

static bool test_flow_feeds(const AstFlow *f, const char *port) {
  return (f->on_error.port.text && !strcmp(f->on_error.port.text, port)) || test_ops_feed(f->ops, port);
}

/* A port that only the replaced stream feeds becomes a stream without rows, of the same type. */
static void test_empty_port(Test *t, const AstStmt *replaced, const char *port) {
  Arena *a = t->p->arena;
  if (!port) return;
  for (const AstStmt *s = t->p->ast->stmts; s; s = s->next)
    if (s != replaced && ((s->flow && test_flow_feeds(s->flow, port)) || (s->kind == AST_OP_DEF && test_ops_feed(s->chain, port))))
      return;
  const char *def = arena_printf(a, "%s = ", test_name(a, port));
  if ((t->more && strstr(t->more, def)) || (t->ports && strstr(t->ports, def))) return;
  const char *probe = test_path(t, "probe", 1, "csv"), *empty = test_path(t, "empty", 0, "jsonl");
  FlowProgram *p = test_compile(t, arena_printf(a, "%s | write csv(\"%s\")\n", test_name(a, port), probe));
  const PlanNode *sink = test_sink(p, probe);
  test_write_file(t, empty, "", 0);
  if (sink)
    t->ports = arena_printf(a, "%s%sread jsonl(\"%s\") as %s\n", t->ports ? t->ports : "", def, empty,
                            test_row_type(p, sink, NULL, a));
  flow_free(p);
}

static void test_empty_ports(Test *t, const AstStmt *replaced, const AstOp *ops) {
  for (const AstOp *o = ops; o; o = o->next) {
    test_empty_port(t, replaced, o->else_port.text);
    test_empty_port(t, replaced, o->on_error.port.text);
    for (const AstRoute *r = o->routes; r; r = r->next) test_empty_port(t, replaced, r->port.text);
    if (o->chain) test_empty_ports(t, replaced, o->chain);
  }
}

/* A stream that is more than a `read` is replaced as a whole: its type is asked of the script as it stands. */
static void test_given_flow(Test *t, const AstStmt *s, const AstTestStep *g, const char *path) {
  Arena *a = t->p->arena;
  const char *probe = test_path(t, "probe", 0, "csv");
  FlowProgram *p = test_compile(t, arena_printf(a, "%s | write csv(\"%s\")\n", test_name(a, s->name.text), probe));
  const PlanNode *sink = test_sink(p, probe);
  if (sink) {
    const char *type = test_row_type(p, sink, NULL, a);
    test_empty_port(t, s, s->flow->on_error.port.text);
    test_empty_ports(t, s, s->flow->ops);
    if (t->ports) t->more = arena_printf(a, "%s%s", t->more ? t->more : "", t->ports);
    t->ports = NULL;
    test_edit(t, s->flow->span, arena_printf(a, "read %s(\"%s\") as %s", g->format.text, path, type));
  } else {
    t->why = arena_printf(a, "the stream `%s` cannot be given", s->name.text);
  }
  flow_free(p);
}

static void test_given(Test *t, const AstTestStep *g, uint32_t number) {
  const AstStmt *s = test_stream(t, g->stream->name.text);
  if (!s) {
    t->why = arena_printf(t->p->arena, "there is no stream `%s` to give", g->stream->name.text);
    return;
  }
  const char *path = test_path(t, "given", number, g->format.text);
  test_write_file(t, path, g->value->text, g->value->len);
  if (s->flow->kind == AST_SRC_READ && !s->flow->ops) test_given_read(t, s, g, path);
  else test_given_flow(t, s, g, path);
}

static void test_set(Test *t, const AstTestStep *step) {
  for (const AstStmt *s = t->p->ast->stmts; s; s = s->next) {
    if (s->kind != AST_PARAM || strcmp(s->name.text, step->name.text)) continue;
    const char *value = test_source_text(t, step->value->span);
    if (s->value) test_edit(t, s->value->span, value);
    else test_edit(t, (Span){s->span.file, s->span.end, s->span.end}, arena_printf(t->p->arena, " = %s", value));
    return;
  }
  t->why = arena_printf(t->p->arena, "there is no parameter `%s` to set", step->name.text);
}

/* ---- expect ---- */

static const char *test_ref(Test *t, const AstStreamRef *r) {
  Arena *a = t->p->arena;
  return r->port.text ? arena_printf(a, "%s.%s", test_name(a, r->name.text), test_name(a, r->port.text)) : test_name(a, r->name.text);
}

/* The sinks that the expects need, as script text. first: without the types, to ask for them. */
static const char *test_sinks(Test *t, const FlowProgram *types) {
  Arena *a = t->p->arena;
  const char *text = "";
  uint32_t k = 0;
  for (const AstTestStep *e = t->stmt->steps; e; e = e->next, k++) {
    if (e->kind != AST_EXPECT_ROWS && e->kind != AST_EXPECT_COUNT) continue;
    const char *got = test_path(t, "got", k, "csv"), *ref = test_ref(t, e->stream);
    if (e->kind == AST_EXPECT_COUNT) {
      text = arena_printf(a, "%s%s | aggregate n = count() | write csv(\"%s\")\n", text, ref, got);
      continue;
    }
    const PlanNode *sink = types ? test_sink(types, got) : NULL;
    if (!sink) {
      text = arena_printf(a, "%s%s | write csv(\"%s\")\n", text, ref, got);
      continue;
    }
    const char *want = test_path(t, "want", k, e->format.text), *again = test_path(t, "again", k, "csv");
    const char *head = !strcmp(e->format.text, "csv") ? e->value->text : NULL;
    const char *type = test_row_type(types, sink, head, a);
    const char *columns = "";
    const Schema *s = &sink->in[0].node->out[sink->in[0].port].schema;
    for (const char *at = head; at && *at && *at != '\n' && *at != '\r'; at += strcspn(at, ",\r\n") + (at[strcspn(at, ",\r\n")] == ',')) {
      const char *name = test_name(a, arena_strndup(a, at, strcspn(at, ",\r\n")));   /* in the order of the test */
      if (strstr(type, name)) columns = arena_printf(a, "%s%s%s", columns, *columns ? ", " : "", name);
    }
    for (uint32_t i = 0; !head && i < s->len; i++)
      if (strstr(type, test_name(a, s->cols[i].name)))
        columns = arena_printf(a, "%s%s%s", columns, *columns ? ", " : "", test_name(a, s->cols[i].name));
    test_write_file(t, want, e->value->text, e->value->len);
    text = arena_printf(a, "%s%s | select %s | write csv(\"%s\")\nread %s(\"%s\") as %s | select %s | write csv(\"%s\")\n", text, ref, columns, got,
                        e->format.text, want, type, columns, again);
  }
  return text;
}

static char *test_read(Test *t, const char *path) {
  size_t size;
  const char *why;
  char *text = load_file(t->p->arena, path, &size, &why);
  return text ? text : arena_strndup(t->p->arena, "", 0);
}

static uint32_t test_lines(char *text, char ***lines, Arena *a) {
  uint32_t len = 0;
  *lines = NULL;
  for (char *at = text; *at;) {
    char *end = strchr(at, '\n');
    if (end) *end = 0;
    *lines = arena_grow(a, *lines, len, sizeof **lines);
    (*lines)[len++] = at;
    if (!end) break;
    at = end + 1;
  }
  return len;
}

/* Which fields of the rows that go to `path` are masked: a byte each, the number in [0]. NULL: none is. */
static const uint8_t *test_masks(const FlowProgram *p, const char *path, Arena *a) {
  const PlanNode *sink = test_sink(p, path);
  if (!sink) return NULL;
  const Schema *s = &sink->in[0].node->out[sink->in[0].port].schema;
  uint8_t *masks = arena_alloc(a, s->len + 1), any = 0;
  for (uint32_t i = 0; i < s->len; i++) any |= masks[i] = p->plan->columns[s->cols[i].col].mask != NULL;
  return any ? masks : NULL;
}

/* The line as it may be shown: what goes on over a line break in quotes does not show at all. */
static const char *test_masked_line(Arena *a, const char *line, const uint8_t *masks) {
  const char *out = "";
  for (uint32_t k = 0;; k++) {
    const char *end = line;
    if (*end == '"')
      for (end++; *end && !(*end == '"' && end[1] != '"'); end++) end += *end == '"';
    end += *end == '"' ? 1 : strcspn(end, ",");
    bool broken = *line == '"' && (end == line + 1 || end[-1] != '"');
    if (broken || (*end && *end != ',')) return arena_printf(a, "%s***", out);
    out = masks[k] && end > line ? arena_printf(a, "%s***", out) : arena_printf(a, "%s%.*s", out, (int)(end - line), line);
    if (!*end) return out;
    out = arena_printf(a, "%s,", out);
    line = end + 1;
  }
}

/* The rows that differ, as a diff: `-` was expected, `+` came out. Masked fields are compared, but not shown. */
static const char *test_diff(Test *t, char *want_text, char *got_text, const uint8_t *masks) {
  char **want, **got;
  Arena *a = t->p->arena;
  uint32_t n = test_lines(want_text, &want, a), m = test_lines(got_text, &got, a), from = 0, shown = 0;
  while (from < n && from < m && !strcmp(want[from], got[from])) from++;
  if (from == n && from == m) return NULL;
  while (n > from && m > from && !strcmp(want[n - 1], got[m - 1])) n--, m--;
  const char *text = n ? arena_printf(a, "      %s\n", want[0]) : "";
  for (uint32_t i = from ? from : 1; masks && i < n; i++) want[i] = (char *)(uintptr_t)test_masked_line(a, want[i], masks);
  for (uint32_t i = from ? from : 1; masks && i < m; i++) got[i] = (char *)(uintptr_t)test_masked_line(a, got[i], masks);
  for (uint32_t i = from; i < n && shown < 20; i++, shown++) text = arena_printf(a, "%s    - %s\n", text, want[i]);
  for (uint32_t i = from; i < m && shown < 40; i++, shown++) text = arena_printf(a, "%s    + %s\n", text, got[i]);
  return text;
}

static const char *test_judge(Test *t, const AstTestStep *e, uint32_t k, const uint8_t *masks) {
  Arena *a = t->p->arena;
  char *got = test_read(t, test_path(t, "got", k, "csv"));
  const char *ref = test_source_text(t, e->stream->span);
  if (e->kind == AST_EXPECT_COUNT) {
    const char *number = strchr(got, '\n') ? strchr(got, '\n') + 1 : "";
    long long have = atoll(number), want = e->value->kind == AST_INT ? atoll(e->value->text) : -1;
    return have == want ? NULL : arena_printf(a, "    count(%s) is %lld, expected %lld\n", ref, have, want);
  }
  const char *diff = test_diff(t, test_read(t, test_path(t, "again", k, "csv")), got, masks);
  return diff ? arena_printf(a, "    %s differs (- expected, + came out)\n%s", ref, diff) : NULL;
}

/* ---- what came out becomes what is expected ---- */

static void test_update_add(TestUpdates *u, Arena *a, Span span, const char *text) {
  u->edits = arena_grow(a, u->edits, u->len, sizeof *u->edits);
  u->edits[u->len++] = (TestEdit){span.start, span.end, text};
}

/* Notes the new text of an expect; false: it cannot be written (masked fields, other formats than CSV, three quotes in a row). */
static bool test_update(Test *t, const AstTestStep *e, uint32_t k, const uint8_t *masks) {
  Arena *a = t->p->arena;
  char *got = test_read(t, test_path(t, "got", k, "csv"));
  if (e->kind == AST_EXPECT_COUNT) {
    const char *number = strchr(got, '\n') ? strchr(got, '\n') + 1 : "0";
    test_update_add(t->updates, a, e->value->span, arena_strndup(a, number, strspn(number, "0123456789")));
    return true;
  }
  if (masks || strcmp(e->format.text, "csv") || strstr(got, "\"\"\"")) return false;   /* a block has no escapes */
  test_update_add(t->updates, a, e->value->span, arena_printf(a, "\"\"\"\n%s\"\"\"", got));
  return true;
}

/* Writes the script with its new texts: a file beside it that takes its name. */
static int test_update_write(FlowProgram *p, TestUpdates *u, FILE *out) {
  const Source *s = diags_source(p->diags, p->file);
  if (!u->len) return 0;
  qsort(u->edits, u->len, sizeof *u->edits, test_edit_order);
  const char *temp = arena_printf(p->arena, "%s.%ld.tmp", p->path, (long)getpid());
  FILE *f = fopen(temp, "wb");
  uint32_t at = 0;
  for (uint32_t i = 0; f && i < u->len; i++) {
    fwrite(s->text + at, 1, u->edits[i].start - at, f);
    fputs(u->edits[i].text, f);
    at = u->edits[i].end;
  }
  if (f) fwrite(s->text + at, 1, s->size - at, f);
  int failed = !f || ferror(f);
  if (f && fclose(f)) failed = 1;
  if (failed || rename(temp, p->path) != 0) {
    fprintf(stderr, "flowc: %s: %s\n", p->path, strerror(errno));
    unlink(temp);
    return 2;
  }
  fprintf(out, "%u %s rewritten in %s\n", u->len, u->len == 1 ? "expectation" : "expectations", p->path);
  return 0;
}

/* ---- one test ---- */

static const char *test_diagnostics(FlowProgram *p, Arena *a) {
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  if (!f) return "";
  flow_print_diagnostics(p, f, 0);
  fclose(f);
  const char *copy = arena_strndup(a, text, size);
  free(text);
  return copy;
}

/* What the run printed to stderr, and where it goes instead. */
typedef struct TestErrors { const char *path; int fd; } TestErrors;

static void test_errors_begin(TestErrors *e, const char *path) {
  fflush(stderr);
  *e = (TestErrors){path, dup(STDERR_FILENO)};
  int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (to < 0) return;
  dup2(to, STDERR_FILENO);
  close(to);
}

static char *test_errors_end(Test *t, TestErrors *e) {
  fflush(stderr);
  dup2(e->fd, STDERR_FILENO);
  close(e->fd);
  return test_read(t, e->path);
}

/* What is wrong with how the run ended. error: the step that expects it to fail, or NULL. */
static const char *test_ending(Arena *a, int rc, const AstTestStep *error, const char *messages) {
  const char *text = error && error->value ? error->value->text : NULL;
  if (!error) return rc ? arena_printf(a, "    the run ended with exit code %d\n", rc) : NULL;
  if (!rc) return "    the run succeeded, an error was expected\n";
  return text && !strstr(messages, text) ? arena_printf(a, "    the run failed, but not with: %s\n    %s", text, messages) : NULL;
}

static const char *test_run(Test *t, FlowProgram *p, const AstTestStep *error) {
  Arena *a = t->p->arena;
  if (flow_error_count(p)) return error ? test_ending(a, 1, error, test_diagnostics(p, a)) : test_diagnostics(p, a);
  if (!compile_load(p)) return "    the test does not compile\n";
  FrtRunOptions o = t->run;
  FrtCover cover;
  TestErrors errors;
  o.quiet = 1;
  o.now_us = (int64_t)TEST_NOW_S * 1000000;
  if (t->coverage) {
    cover = (FrtCover){arena_alloc(a, p->plan->cover_len + 1), arena_alloc(a, ((size_t)p->loaded.module->op_len + 1) * FRT_LEDGER_LEN * 8)};
    o.cover = &cover;
  }
  if (error) test_errors_begin(&errors, test_path(t, "stderr", 0, "txt"));
  int rc = frt_run(p->loaded.module, &o);
  const char *messages = error ? test_errors_end(t, &errors) : "";
  if (t->coverage) coverage_add(t->coverage, p, &cover);
  return test_ending(a, rc, error, messages);
}

static const char *test_one(Test *t) {
  Arena *a = t->p->arena;
  uint32_t number = 0;
  bool expects = false;
  const AstTestStep *wants_error = NULL;
  for (const AstTestStep *s = t->stmt->steps; s; s = s->next) {
    if (s->kind == AST_EXPECT_ERROR) wants_error = s;
    expects |= s->kind == AST_EXPECT_ROWS || s->kind == AST_EXPECT_COUNT;
  }
  test_redirect_sinks(t, expects && !wants_error);
  for (const AstTestStep *s = t->stmt->steps; s; s = s->next) {
    if (s->kind == AST_SET) test_set(t, s);
    if (s->kind == AST_GIVEN) test_given(t, s, number++);
  }
  if (t->why) return arena_printf(a, "    %s\n", t->why);
  FlowProgram *types = test_compile(t, test_sinks(t, NULL));
  const char *failed = flow_error_count(types) && !wants_error ? test_diagnostics(types, a) : NULL;
  uint32_t steps = 0;
  for (const AstTestStep *s = t->stmt->steps; s; s = s->next) steps++;
  const uint8_t **masks = arena_alloc(a, (steps + 1) * sizeof *masks);
  if (!failed) {
    FlowProgram *p = test_compile(t, test_sinks(t, types));
    for (uint32_t i = 0; i < steps; i++) masks[i] = test_masks(p, test_path(t, "got", i, "csv"), a);
    failed = test_run(t, p, wants_error);
    flow_free(p);
  }
  flow_free(types);
  uint32_t k = 0;
  const char *all = "";
  for (const AstTestStep *s = t->stmt->steps; s && !failed && !wants_error; s = s->next, k++) {
    if (s->kind != AST_EXPECT_ROWS && s->kind != AST_EXPECT_COUNT) continue;
    const char *wrong = test_judge(t, s, k, masks[k]);
    if (wrong && t->updates && test_update(t, s, k, masks[k])) continue;
    if (wrong) all = arena_printf(a, "%s%s", all, wrong);
  }
  return failed ? failed : *all ? all : NULL;
}

static void test_remove(const char *dir, Arena *a) {
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));)
    if (e->d_name[0] != '.' || strlen(e->d_name) > 2) unlink(arena_printf(a, "%s/%s", dir, e->d_name));
  if (d) closedir(d);
  rmdir(dir);
}

/* Whether the script is wrong as it stands. Inputs that are missing, so that no type can be read from them, do not
 * count: a test may give them. */
static bool test_script_is_wrong(const FlowProgram *p) {
  const Source *s = diags_source(p->diags, p->file);
  FlowProgram *whole = flow_compile_text(p->path, s->text, s->size, &p->options);
  bool wrong = flow_error_count(whole) > 0;
  uint32_t len;
  const Diag *all = diag_all(whole->diags, &len);
  for (uint32_t i = 0; i < len; i++)
    if (all[i].code == DIAG_E0704 || all[i].code == DIAG_E0706) wrong = false;
  if (wrong) flow_print_diagnostics(whole, stderr, 0);
  flow_free(whole);
  return wrong;
}

int flow_take_flags(int argc, char **argv) {
  static const FrtModule no_params;
  FrtRunOptions run = {0};
  Arena *a = arena_new();
  int status = frt_parse_args(a, &no_params, argc, argv, &run);
  arena_free(a);
  return status < 0 ? 0 : status;
}

/* ---- reports ---- */

static void test_xml(const char *text, FILE *out) {
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '<') fputs("&lt;", out);
    else if (*c == '>') fputs("&gt;", out);
    else if (*c == '&') fputs("&amp;", out);
    else if (*c == '"') fputs("&quot;", out);
    else if (*c >= 0x20 || *c == '\n' || *c == '\t') fputc(*c, out);
    else fputc('?', out);
  }
}

/* The lines of text, each behind the prefix. */
static void test_lines_behind(const char *prefix, const char *text, FILE *out) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    fprintf(out, "%s%.*s\n", prefix, (int)n, text);
    text += n + (text[n] == '\n');
  }
}

static void test_report(const char *format, const FlowProgram *p, const char *name, uint32_t number, const char *why, FILE *out) {
  if (!strcmp(format, "junit")) {
    fputs("  <testcase name=\"", out);
    test_xml(name, out);
    fputs("\" classname=\"", out);
    test_xml(p->path, out);
    fputs(why ? "\"><failure>" : "\"/>\n", out);
    if (why) test_xml(why, out);
    if (why) fputs("</failure></testcase>\n", out);
    return;
  }
  fprintf(out, "%s %u - %s\n", why ? "not ok" : "ok", number, name);
  if (why) test_lines_behind(strcmp(format, "tap") ? "" : "# ", why, out);
}

static void test_report_begin(const char *format, const FlowProgram *p, uint32_t tests, FILE *out) {
  if (!strcmp(format, "tap")) fprintf(out, "TAP version 13\n1..%u\n", tests);
  if (strcmp(format, "junit")) return;
  fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
  test_xml(p->path, out);
  fprintf(out, "\" tests=\"%u\">\n", tests);
}

/* ---- all tests ---- */

/* Runs one test in a folder of its own. false: there can be none. */
static bool test_in_folder(Test *t, const char **why) {
  const char *tmp = getenv("TMPDIR");
  char *dir = arena_printf(t->p->arena, "%s/flowc-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  if (!mkdtemp(dir)) return fprintf(stderr, "flowc: %s: %s\n", dir, strerror(errno)), false;
  t->dir = dir;
  *why = test_one(t);
  test_remove(dir, t->p->arena);
  return true;
}

static void test_coverage_begin(FlowProgram *p, Coverage *c) {
  const Source *s = diags_source(p->diags, p->file);
  FlowOptions o = p->options;
  o.coverage = 1;
  o.no_passes = "all";
  *c = (Coverage){.arena = p->arena};
  FlowProgram *whole = flow_compile_text(p->path, s->text, s->size, &o);
  if (!flow_error_count(whole)) coverage_add(c, whole, NULL);
  flow_free(whole);
}

static int test_all(FlowProgram *p, const FlowTestOptions *o, const FrtRunOptions *run, FILE *out) {
  const char *format = o->format ? o->format : "text";
  bool text = !strcmp(format, "text");
  uint32_t number = 0, failed = 0, tests = 0;
  Coverage coverage;
  TestUpdates updates = {0};
  for (const AstStmt *s = p->ast ? p->ast->stmts : NULL; s; s = s->next) tests += s->kind == AST_TEST;
  if (o->coverage) test_coverage_begin(p, &coverage);
  test_report_begin(format, p, tests, out);
  for (const AstStmt *s = p->ast ? p->ast->stmts : NULL; s; s = s->next) {
    if (s->kind != AST_TEST) continue;
    const char *why;
    Test *t = arena_alloc(p->arena, sizeof *t);
    *t = (Test){.p = p, .source = diags_source(p->diags, p->file), .stmt = s, .run = *run, .coverage = o->coverage ? &coverage : NULL,
                .updates = o->update ? &updates : NULL};
    if (!test_in_folder(t, &why)) return 2;
    test_report(format, p, s->value->text, ++number, why, out);
    failed += why != NULL;
  }
  int rc = o->update ? test_update_write(p, &updates, text ? out : stderr) : 0;
  if (!strcmp(format, "junit")) fputs("</testsuite>\n", out);
  if (text) fprintf(out, "%u passed, %u failed\n", number - failed, failed);
  if (!o->coverage) return rc ? rc : failed ? 1 : 0;
  int percent = coverage_print(&coverage, p->path, text ? "" : "# ", strcmp(format, "junit") ? out : stderr);
  if (percent < o->min) fprintf(stderr, "flowc: the tests reach %d%%, and --min is %d%%\n", percent, o->min);
  return rc ? rc : failed || percent < o->min ? 1 : 0;
}

int flow_test(FlowProgram *p, FILE *out) { return flow_test_with(p, 0, NULL, out); }

int flow_test_with(FlowProgram *p, int argc, char **argv, FILE *out) {
  FlowTestOptions o = {0};
  return flow_test_as(p, &o, argc, argv, out);
}

int flow_test_as(FlowProgram *p, const FlowTestOptions *o, int argc, char **argv, FILE *out) {
  static const FrtModule no_params;   /* parameters are set in the test */
  FrtRunOptions run = {0};
  int status = frt_parse_args(p->arena, &no_params, argc, argv, &run);
  if (status) return status < 0 ? 0 : status;
  return test_script_is_wrong(p) ? 1 : test_all(p, o, &run, out);
}
