/* sink.c: the outputs of a run: which files are open, what stands at their head and end.
 *
 * A partitioned sink has a file for each path, found by a hash table. As many of them as the pool has room for have a
 * buffer; the one that was used the longest ago is put to sleep when another wakes. */
#include "io/sink.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "io/journal.h"
#include "io/out_file.h"
#include "io/out_pool.h"
#include "io/sink_part.h"
#include "sched/run_internal.h"

enum { SINK_TABLE_FIRST = 64 };

typedef struct SinkTable {   /* open addressing, by a file's path or target */
  OutFile **slots;
  size_t capacity, len;
} SinkTable;

struct FrtSinkState {
  OutFile **fixed;           /* one a sink that is not partitioned */
  OutFile **last;            /* the file that each sink used last */
  struct FrtRoute **routes;  /* one a sink, or NULL */
  SinkTable by_path, by_target;
  OutFile *files, **files_end;
  OutFile *newest, *oldest;  /* awake files of partitioned sinks */
  uint32_t stdout_len;
  int committed;
  OutFile *nowhere;          /* what is given out when the run has failed */
};

/* ---- tables ---- */

static uint64_t sink_hash(const FrtSink *sink, const char *text, size_t len) {
  return frt_hash_bytes(text, len, sink ? sink->op + 1 : 0);
}

static OutFile **sink_table_slot(const SinkTable *t, const FrtSink *sink, const char *text, size_t len) {
  size_t mask = t->capacity - 1, at = (size_t)sink_hash(sink, text, len) & mask;
  for (;; at = (at + 1) & mask) {
    OutFile *f = t->slots[at];
    if (!f) return &t->slots[at];
    const char *name = sink ? f->path : f->target;
    if ((!sink || f->sink == sink) && strlen(name) == len && memcmp(name, text, len) == 0) return &t->slots[at];
  }
}

static void sink_table_grow(SinkTable *t, int by_path) {
  SinkTable old = *t;
  t->capacity = old.capacity ? old.capacity * 2 : SINK_TABLE_FIRST;
  t->slots = frt_malloc(t->capacity * sizeof *t->slots);
  memset(t->slots, 0, t->capacity * sizeof *t->slots);
  for (size_t i = 0; i < old.capacity; i++) {
    OutFile *f = old.slots[i];
    if (!f) continue;
    const char *name = by_path ? f->path : f->target;
    *sink_table_slot(t, by_path ? f->sink : NULL, name, strlen(name)) = f;
  }
  frt_free(old.slots);
}

static OutFile *sink_table_find(const SinkTable *t, const FrtSink *sink, const char *text, size_t len) {
  return t->capacity ? *sink_table_slot(t, sink, text, len) : NULL;
}

static void sink_table_add(SinkTable *t, OutFile *f, int by_path) {
  if (t->len * 2 >= t->capacity) sink_table_grow(t, by_path);
  const char *name = by_path ? f->path : f->target;
  *sink_table_slot(t, by_path ? f->sink : NULL, name, strlen(name)) = f;
  t->len++;
}

/* ---- files ---- */

static void sink_unlink(struct FrtSinkState *s, OutFile *f) {
  *(f->newer ? &f->newer->older : &s->newest) = f->older;
  *(f->older ? &f->older->newer : &s->oldest) = f->newer;
  f->newer = f->older = NULL;
}

static void sink_link(struct FrtSinkState *s, OutFile *f) {
  f->older = s->newest;
  f->newer = NULL;
  *(s->newest ? &s->newest->newer : &s->oldest) = f;
  s->newest = f;
}

static int sink_put(FrtRun *r, OutFile *f, const char *text, size_t n) {
  char *p = frt_out_room(r->cx, &f->out, n);
  if (!p) return FRT_FATAL;
  memcpy(p, text, n);
  f->out.at = p + n;
  return FRT_OK;
}

static int sink_put_header(FrtRun *r, OutFile *f) {
  const FrtSink *sink = f->sink;
  char delimiter = sink->options.delimiter ? sink->options.delimiter : ',', quote = sink->options.quote;
  size_t need = 1;
  for (uint32_t c = 0; c < sink->column_len; c++) need += (size_t)sink->columns[c].name.len * 2 + 3;
  char *p = frt_out_room(r->cx, &f->out, need);
  if (!p) return FRT_FATAL;
  for (uint32_t c = 0; c < sink->column_len; c++) {
    FrtStr name = sink->columns[c].name;
    if (c) *p++ = delimiter;
    int quoted = 0;
    for (uint32_t i = 0; quote && i < name.len; i++)
      quoted |= name.ptr[i] == delimiter || name.ptr[i] == quote || name.ptr[i] == '\n' || name.ptr[i] == '\r';
    if (quoted) *p++ = quote;
    for (uint32_t i = 0; i < name.len; i++) {
      if (quoted && name.ptr[i] == quote) *p++ = quote;
      *p++ = name.ptr[i];
    }
    if (quoted) *p++ = quote;
  }
  *p++ = '\n';
  f->out.at = p;
  return FRT_OK;
}

/* What stands before the first row. */
static int sink_begin(FrtRun *r, OutFile *f) {
  f->started = 1;
  if (f->sink->options.format == FRT_FMT_JSON) return sink_put(r, f, "[\n", 2);
  if (f->sink->options.format != FRT_FMT_CSV || !f->sink->options.header || f->append_at >= 0) return FRT_OK;
  return sink_put_header(r, f);
}

int frt_sink_wake(FrtRun *r, OutFile *f) {
  struct FrtSinkState *s = r->sinks;
  if (f->awake) {
    if (f->sink->partitioned && s->newest != f) {
      sink_unlink(s, f);
      sink_link(s, f);
    }
    return FRT_OK;
  }
  if (f->sink->partitioned) {
    while (s->oldest && !frt_pool_has_room(r->pool, frt_pool_buffer_size(r->pool, f))) {
      OutFile *old = s->oldest;
      sink_unlink(s, old);
      r->pool->split_len--;
      if (frt_out_sleep(r, old) != FRT_OK) return FRT_FATAL;
    }
    sink_link(s, f);
    r->pool->split_len++;
  }
  if (frt_out_wake(r, f) != FRT_OK) return FRT_FATAL;
  return f->started ? FRT_OK : sink_begin(r, f);
}

static int sink_conflict(FrtRun *r, OutFile *f) {
  const char *text = arena_printf(r->run_arena, "%s: two outputs would write this file", f->path);
  return frt_fatal(r->cx, f->sink->op, FRT_E_WRITE, (FrtStr){text, (uint32_t)strlen(text), 0});
}

/* Makes the file of a path; NULL: the run has failed. */
static OutFile *sink_file_new(FrtRun *r, uint32_t sink, FrtStr path) {
  struct FrtSinkState *s = r->sinks;
  OutFile *f = arena_alloc(r->run_arena, sizeof *f);
  f->sink = &r->module->sinks[sink];
  f->out.sink = sink;
  f->path = arena_strndup(r->run_arena, path.len ? path.ptr : "", path.len);
  f->is_stdout = !f->sink->partitioned && strcmp(f->path, "-") == 0;
  s->stdout_len += f->is_stdout;
  f->fd = -1;
  r->pool->packed_len += f->sink->partitioned && f->sink->options.compress != FRT_COMPRESS_NONE;
  *s->files_end = f;
  s->files_end = &f->next;
  if (path.len && memchr(path.ptr, 0, path.len)) {
    f->closed = f->failed = 1;
    FrtStr why = {"the path of an output has a NUL character", 41, 0};
    frt_fatal(r->cx, f->sink->op, FRT_E_WRITE, why);
    return NULL;
  }
  if (frt_out_open_target(r, f) != FRT_OK) return NULL;
  if (f->temp) {
    if (sink_table_find(&s->by_target, NULL, f->target, strlen(f->target))) {
      sink_conflict(r, f);
      return NULL;
    }
    sink_table_add(&s->by_target, f, 0);
  }
  return f;
}

/* ---- what generated code calls ---- */

static FrtOut *sink_nowhere(FrtRun *r, uint32_t sink) {
  struct FrtSinkState *s = r->sinks;
  if (!s->nowhere) {
    s->nowhere = arena_alloc(r->run_arena, sizeof *s->nowhere);
    s->nowhere->closed = s->nowhere->started = 1;
    s->nowhere->fd = -1;
    s->nowhere->sink = &r->module->sinks[sink];
  }
  return &s->nowhere->out;
}

OutFile *frt_sink_alone(const FrtRun *r, uint32_t sink) {
  OutFile *f = r->sinks->fixed[sink];
  return f && f->is_stdout && r->sinks->stdout_len > 1 ? NULL : f;
}

int frt_sink_reserve(FrtRun *r, uint32_t sink, size_t n, uint64_t *at, int *fd) {
  OutFile *f = frt_sink_alone(r, sink);
  int rc = f ? frt_out_reserve(r, f, n, at) : 0;
  if (rc == 1) *fd = f->fd;
  return rc;
}

int frt_sink_append(FrtRun *r, uint32_t sink, const char *text, size_t n) { return frt_out_append(r, r->sinks->fixed[sink], text, n); }

int frt_sink_fail(FrtRun *r, uint32_t sink, int error) { return frt_out_fail(r, r->sinks->fixed[sink], error); }

FrtOut *frt_sink_out(FrtCtx *cx, uint32_t sink) {
  if (cx->worker->parts) {
    FrtOut *part = frt_part_out(cx, sink);
    if (part) return part;
    if (FRT_TURN(cx)) return sink_nowhere(cx->run, sink);
  }
  OutFile *f = cx->run->sinks->fixed[sink];
  return f ? &f->out : sink_nowhere(cx->run, sink);
}

FrtOut *frt_sink_route(FrtCtx *cx, uint32_t sink, FrtStr path) {
  FrtRun *r = cx->run;
  struct FrtSinkState *s = r->sinks;
  OutFile *f = s->last[sink];
  if (f && f->awake && strncmp(f->path, path.ptr, path.len) == 0 && !f->path[path.len]) return &f->out;
  f = sink_table_find(&s->by_path, &r->module->sinks[sink], path.ptr, path.len);
  if (!f) {
    f = sink_file_new(r, sink, path);
    if (!f) return NULL;
    sink_table_add(&s->by_path, f, 1);
  }
  if (frt_sink_wake(r, f) != FRT_OK) return NULL;
  s->last[sink] = f;
  return &f->out;
}

struct FrtRoute **frt_sink_routes(const FrtRun *r) { return r->sinks->routes; }

/* Writes the buffer out. Where several sinks share standard output, a line that has only begun stays behind,
 * so that lines are never mixed. */
static int sink_flush(FrtRun *r, OutFile *f) {
  size_t part = 0, len = (size_t)(f->out.at - f->buffer);
  if (f->is_stdout && r->sinks->stdout_len > 1 && !f->codec) {
    const char *line = len ? memrchr(f->buffer, '\n', len) : NULL;
    part = line ? (size_t)(f->out.at - (line + 1)) : len;
  }
  const char *tail = (f->out.at -= part);
  int status = frt_out_flush(r, f);
  if (status == FRT_OK && part) memmove(f->buffer, tail, part);
  f->out.at = f->buffer + part;
  return status;
}

char *frt_out_room(FrtCtx *cx, FrtOut *o, size_t need) {
  if (o->part) return frt_part_room(cx, o, need);
  OutFile *f = (OutFile *)o;
  FrtRun *r = cx->run;
  if (f->failed) return NULL;
  if (!f->awake && f != r->sinks->nowhere && frt_sink_wake(r, f) != FRT_OK) return NULL;
  if ((size_t)(o->end - o->at) >= need && o->at) return o->at;
  if (f->buffer && sink_flush(r, f) != FRT_OK) return NULL;
  size_t part = f->buffer ? (size_t)(o->at - f->buffer) : 0;
  frt_out_fit(r, f, part, need);
  return o->at;
}

/* ---- the run ---- */

/* Writes out what waits for readers of pipes, devices and standard output. */
static void sinks_show(FrtRun *r) {
  for (OutFile *f = r->sinks ? r->sinks->files : NULL; f; f = f->next)
    if (f->direct && f->awake && !f->codec && !f->failed && f->out.at != f->buffer) sink_flush(r, f);
}

int frt_sinks_start(FrtRun *r) {
  const FrtModule *m = r->module;
  struct FrtSinkState *s = r->sinks = arena_alloc(r->run_arena, sizeof *s);
  s->files_end = &s->files;
  r->show = sinks_show;
  r->journal = frt_journal_new(r->run_arena, frt_hash_bytes(r->run_id, strlen(r->run_id), 0));
  r->pool = frt_pool_new(r);
  s->fixed = arena_alloc(r->run_arena, (m->sink_len + 1) * sizeof *s->fixed);
  s->routes = arena_alloc(r->run_arena, (m->sink_len + 1) * sizeof *s->routes);
  s->last = arena_alloc(r->run_arena, (m->sink_len + 1) * sizeof *s->last);
  for (uint32_t i = 0; i < m->sink_len; i++) {
    FrtStr path;
    if (m->sinks[i].partitioned) continue;
    int status = m->sinks[i].path(r->cx, r->state, &path);
    if (status != FRT_OK) {
      if (status > 0) frt_fatal(r->cx, m->sinks[i].op, status, r->cx->detail);
      return FRT_FATAL;
    }
    OutFile *f = sink_file_new(r, i, path);
    if (!f || frt_sink_wake(r, f) != FRT_OK) return FRT_FATAL;
    s->fixed[i] = f;
  }
  return FRT_OK;
}

static int sink_finish(FrtRun *r, OutFile *f) {
  if (f->failed) return FRT_FATAL;
  if (f->sink->options.format == FRT_FMT_JSON) {
    if (frt_sink_wake(r, f) != FRT_OK) return FRT_FATAL;
    if (sink_put(r, f, f->out.rows ? "\n]\n" : "]\n", f->out.rows ? 3 : 2) != FRT_OK) return FRT_FATAL;
  }
  if (f->awake && f->sink->partitioned) sink_unlink(r->sinks, f);
  return frt_out_finish(r, f);
}

int frt_sinks_commit(FrtRun *r) {
  for (OutFile *f = r->sinks->files; f; f = f->next)
    if (sink_finish(r, f) != FRT_OK) return FRT_FATAL;
  if (r->options->dry_run) return FRT_OK;
  if (frt_commit(r, r->sinks->files) != FRT_OK) return FRT_FATAL;
  r->sinks->committed = 1;
  return FRT_OK;
}

int frt_sinks_note(FrtRun *r, const char *path, const char *line) {
  static const FrtSink note = {.op = UINT32_MAX, .options = {.format = FRT_FMT_TEXT, .mode = FRT_MODE_APPEND}};
  OutFile *f = arena_alloc(r->run_arena, sizeof *f);
  f->sink = &note;
  f->path = arena_strndup(r->run_arena, path, strlen(path));
  f->fd = -1;
  *r->sinks->files_end = f;
  r->sinks->files_end = &f->next;
  if (frt_out_open_target(r, f) != FRT_OK || frt_sink_wake(r, f) != FRT_OK) return FRT_FATAL;
  return sink_put(r, f, line, strlen(line));
}

void frt_sinks_end(FrtRun *r) {
  struct FrtSinkState *s = r->sinks;
  if (!s) return;
  for (OutFile *f = s->files; f; f = f->next) frt_out_discard(r, f);
  if (s->nowhere) frt_free(s->nowhere->buffer);
  frt_pool_end(r->pool);
  frt_routes_end(s->routes, r->module->sink_len);
  frt_free(s->by_path.slots);
  frt_free(s->by_target.slots);
  if (!s->committed) frt_rollback();
  frt_journal_end(r->journal);
}

int frt_sinks_all_closed(const FrtRun *r) {
  if (!r->sinks->files) return 0;
  for (const OutFile *f = r->sinks->files; f; f = f->next)
    if (!f->closed) return 0;
  for (uint32_t i = 0; i < r->module->sink_len; i++)
    if (r->module->sinks[i].partitioned) return 0;
  return 1;
}

uint64_t frt_sinks_bytes(const FrtRun *r) {
  uint64_t bytes = 0;
  if (r->sinks)
    for (const OutFile *f = r->sinks->files; f; f = f->next) bytes += f->bytes;
  return bytes;
}

int frt_sinks_next(const FrtRun *r, FrtSinkFile *at) {
  const OutFile *f = at->file ? at->file->next : r->sinks ? r->sinks->files : NULL;
  if (!f) return 0;
  int masked = f->sink->partitioned && r->module->ops[f->sink->op].masked;
  *at = (FrtSinkFile){f, f->sink->op, masked ? "***" : f->path, f->out.rows, f->bytes, f->total, f->summed};
  return 1;
}
