/* sink_route.c: the files of rows whose path is made of values. Generated code numbers the values; here a number leads to its file, and
 * the rows of a block are put side by side file by file (a counting sort), so that a file is looked at once a block. */
#include <string.h>

#include "base/arena.h"
#include "io/out_file.h"
#include "io/sink.h"
#include "sched/run_internal.h"

typedef struct RouteFile {
  OutFile *file;                /* NULL: no path could be made, */
  int error;                    /* and why */
  uint32_t group;               /* of the block, if groups[group].number is this one */
} RouteFile;

typedef struct RouteGroup { uint32_t number, end; } RouteGroup;

struct FrtRoute {
  RouteFile *files;             /* by number */
  uint32_t len, capacity;
  RouteGroup *groups;           /* of the block; block_rows */
  uint32_t group_len, group_at;
  uint32_t *group_of, *rows;    /* of each position; by group */
};

static struct FrtRoute *route_of(FrtCtx *cx, uint32_t sink) {
  struct FrtRoute **routes = frt_sink_routes(cx->run), *t = routes[sink];
  if (t) return t;
  t = routes[sink] = frt_malloc(sizeof *t);
  memset(t, 0, sizeof *t);
  t->groups = frt_malloc(((size_t)cx->block_rows + 1) * sizeof *t->groups);
  t->group_of = frt_malloc(((size_t)cx->block_rows + 1) * sizeof *t->group_of);
  t->rows = frt_malloc(((size_t)cx->block_rows + 1) * sizeof *t->rows);
  return t;
}

void frt_routes_end(struct FrtRoute **routes, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) {
    struct FrtRoute *t = routes[i];
    if (!t) continue;
    frt_free(t->files);
    frt_free(t->groups);
    frt_free(t->group_of);
    frt_free(t->rows);
    frt_free(t);
    routes[i] = NULL;
  }
}

static void route_append(FrtCtx *cx, uint32_t sink, OutFile *file, int error) {
  struct FrtRoute *t = route_of(cx, sink);
  if (t->len == t->capacity) {
    t->capacity = t->capacity ? 2 * t->capacity : 64;
    t->files = frt_realloc(t->files, t->capacity * sizeof *t->files);
  }
  t->files[t->len++] = (RouteFile){file, error, 0};
}

int frt_route_add(FrtCtx *cx, uint32_t sink, FrtStr path) {
  FrtOut *out = frt_sink_route(cx, sink, path);
  if (!out) return FRT_FATAL;
  route_append(cx, sink, (OutFile *)out, 0);
  return FRT_OK;
}

void frt_route_fail(FrtCtx *cx, uint32_t sink, int error) { route_append(cx, sink, NULL, error); }

uint32_t frt_route_part(FrtCtx *cx, uint32_t sink, const FrtBlock *b, const uint32_t *ids, const uint32_t *sel, uint32_t n) {
  struct FrtRoute *t = route_of(cx, sink);
  uint32_t failed = 0, sum = 0;
  t->group_len = t->group_at = 0;
  for (uint32_t k = 0; k < n; k++) {
    RouteFile *f = &t->files[ids[k]];
    if (f->group >= t->group_len || t->groups[f->group].number != ids[k]) {
      f->group = t->group_len++;
      t->groups[f->group] = (RouteGroup){ids[k], 0};
    }
    t->group_of[k] = f->group;
    t->groups[f->group].end++;
    if (f->file) continue;
    failed++;
    frt_error(cx, b, sel[k], cx->run->module->sinks[sink].op, f->error, (FrtStr){"", 0, 0});
  }
  for (uint32_t g = 0; g < t->group_len; g++) {
    uint32_t count = t->groups[g].end;
    t->groups[g].end = sum;
    sum += count;
  }
  for (uint32_t k = 0; k < n; k++) t->rows[t->groups[t->group_of[k]].end++] = sel[k];
  return failed;
}

int frt_route_next(FrtCtx *cx, uint32_t sink, FrtOut **out, const uint32_t **rows, uint32_t *n) {
  struct FrtRoute *t = route_of(cx, sink);
  while (t->group_at < t->group_len && !t->files[t->groups[t->group_at].number].file) t->group_at++;
  if (t->group_at == t->group_len) return FRT_END;
  uint32_t from = t->group_at ? t->groups[t->group_at - 1].end : 0, g = t->group_at++;
  OutFile *f = t->files[t->groups[g].number].file;
  if (frt_sink_wake(cx->run, f) != FRT_OK) return FRT_FATAL;
  *out = &f->out;
  *rows = t->rows + from;
  *n = t->groups[g].end - from;
  return FRT_OK;
}
