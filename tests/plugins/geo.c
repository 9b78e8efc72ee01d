/* geo.c: a well-behaved plugin: a step with configuration and a port. */
#include "flow_plugin.h"
#include <math.h>
#include <string.h>
#include <stdlib.h>

typedef struct { double radius; } Near;

static int near_open(const FlowHost *host, const void *const *config, void **self) {
  Near *n = malloc(sizeof *n);
  n->radius = *(const double *)config[0];
  if (n->radius <= 0) { static const char t[] = "the radius must be more than 0"; host->fail(host, 0, t, sizeof t - 1); free(n); return 1; }
  *self = n;
  return 0;
}
static int near_rows(void *self, FlowChunk *c) {
  Near *n = self;
  for (uint32_t k = 0; k < c->rows; k++) {
    uint32_t i = c->row[k];
    double x = FLOW_AT(double, c->in[0], i), y = FLOW_AT(double, c->in[1], i), d = sqrt(x * x + y * y);
    FLOW_AT(double, c->out[0], i) = d;
    FLOW_AT(FlowText, c->out[1], i) = d < 1 ? flow_text("close", 5) : FLOW_AT(FlowText, c->in[2], i);
    if (d != d) { c->host->fail(c->host, k, "no place", 8); continue; }
    if (d > n->radius) c->to[k] = 1;
  }
  return 0;
}
static void near_close(void *self) { free(self); }
static const FlowField config[] = {{"radius", "f64", "5.0", "how far"}};
static const FlowField in[] = {{"lat", "f64"}, {"lon", "f64"}, {"name", "string"}};
static const FlowField out[] = {{"dist", "f64"}, {"label", "string"}};
static const char *const ports[] = {"far"};
static const FlowStep steps[] = {{sizeof(FlowStep), 0, "near", "Keeps what is near.", config, in, out, 1, 3, 2, 1, ports, near_open, near_rows, near_close}};

static int km(const FlowHost *host, const void *const *arg, void *out) {
  double x = *(const double *)arg[0], y = *(const double *)arg[1];
  if (x < 0) return host->fail(host, 0, "it is negative", 14), FLOW_FAIL;
  *(double *)out = sqrt(x * x + y * y);
  return FLOW_OK;
}
/* "name x n", the text itself without n, null for an empty text; "bad" gives a text from elsewhere. */
static int times(const FlowHost *host, const void *const *arg, void *out) {
  FlowText t = *(const FlowText *)arg[0];
  if (!t.len) return FLOW_NULL;
  *(FlowText *)out = t;
  if (t.len == 3 && !memcmp(t.ptr, "bad", 3)) *(FlowText *)out = flow_text((const char *)64, 3);
  if (!arg[1]) return FLOW_OK;
  int64_t n = *(const int64_t *)arg[1];
  if (n < 0) return host->fail(host, 0, t.ptr, t.len), FLOW_FAIL;
  char *room = host->alloc(host, t.len * (size_t)n);
  if (!room) return FLOW_FAIL;
  for (int64_t i = 0; i < n; i++) memcpy(room + i * t.len, t.ptr, t.len);
  *(FlowText *)out = flow_text(room, t.len * (uint32_t)n);
  return FLOW_OK;
}
static const FlowField km_args[] = {{"x", "f64"}, {"y", "f64"}};
static const FlowField times_args[] = {{"s", "string"}, {"n", "i64?"}};
static const FlowFunction functions[] = {
    {sizeof(FlowFunction), 0, "km", "The distance.", km_args, 2, 0, "f64", km},
    {sizeof(FlowFunction), 0, "times", "The text n times.", times_args, 2, 0, "string?", times}};

/* A grid of size * size points; size 1001 makes more rows than there is room for, 1002 a text from elsewhere, 1003 refuses. */
typedef struct { int64_t size, at; } Grid;
static int grid_open(const FlowHost *host, const void *const *config, void **self) {
  Grid *g = calloc(1, sizeof *g);
  g->size = *(const int64_t *)config[0];
  *self = g;
  return 0;
}
static int grid_rows(void *self, FlowChunk *c) {
  Grid *g = self;
  if (g->size == 1001) return c->made = c->rows + 1, 0;
  if (g->size == 1003) return c->host->fail(c->host, 0, "no such grid", 12), 1;
  for (; c->made < c->rows && g->at < g->size * g->size; g->at++) {
    uint32_t i = c->row[c->made++];
    FLOW_AT(double, c->out[0], i) = (double)(g->at / g->size);
    FLOW_AT(double, c->out[1], i) = (double)(g->at % g->size);
    FLOW_AT(FlowText, c->out[2], i) = g->size == 1002 ? flow_text((const char *)99, 4) : flow_text("point", 5);
    c->out[3].null[i] = g->at % 2 == 0;
    FLOW_AT(int64_t, c->out[3], i) = g->at;
  }
  return 0;
}
static const FlowField grid_config[] = {{"size", "i64", "2"}};
static const FlowField grid_out[] = {{"lat", "f64"}, {"lon", "f64"}, {"name", "string"}, {"odd", "i64?"}};
static const FlowSource sources[] = {{sizeof(FlowSource), 0, "grid", "Points.", grid_config, grid_out, 1, 4, grid_open, grid_rows, near_close}};

/* The diagonal of the box around points; a latitude beyond 90 fails its group, 13 all rows of the call. */
typedef struct { double low[2], high[2]; int64_t points; } Box;
static void box_init(void *state) {
  Box *b = state;
  for (int i = 0; i < 2; i++) b->low[i] = INFINITY, b->high[i] = -INFINITY;
}
static int box_take(FlowTake *t) {
  for (uint32_t k = 0; k < t->rows; k++) {
    Box *b = t->state[k];
    uint32_t i = t->row[k];
    double at[2] = {FLOW_AT(double, t->in[0], i), FLOW_AT(double, t->in[1], i)};
    if (at[0] == 13) return 1;
    if (fabs(at[0]) > 90) t->host->fail(t->host, k, "no such latitude", 16);
    for (int j = 0; j < 2; j++) b->low[j] = fmin(b->low[j], at[j]), b->high[j] = fmax(b->high[j], at[j]);
    b->points++;
  }
  return 0;
}
static int box_finish(const FlowHost *host, void *state, void *out) {
  Box *b = state;
  if (!b->points) return FLOW_NULL;
  *(double *)out = hypot(b->high[0] - b->low[0], b->high[1] - b->low[1]);
  return FLOW_OK;
}

/* First letters, kept in the state, which is aligned to 16; n times where n is there. n < 0 fails with the text; the letters "!"
 * give a text from elsewhere, "?" are refused, "x" is refused in words of `finish`. */
typedef struct { char text[24]; uint32_t len; uint32_t off; } Pack;
static int pack_take(FlowTake *t) {
  for (uint32_t k = 0; k < t->rows; k++) {
    Pack *p = t->state[k];
    FlowText s = FLOW_AT(FlowText, t->in[0], t->row[k]);
    int64_t n = FLOW_IS_NULL(t->in[1], t->row[k]) ? 1 : FLOW_AT(int64_t, t->in[1], t->row[k]);
    if ((uintptr_t)p & 15) t->host->fail(t->host, k, "the state is not aligned", 24);
    if (n < 0) t->host->fail(t->host, k, s.ptr, s.len);
    for (; n > 0 && s.len && p->len < 24; n--) p->text[p->len++] = s.ptr[0];
  }
  return 0;
}
static int pack_finish(const FlowHost *host, void *state, void *out) {
  Pack *p = state;
  if (!p->len) return FLOW_NULL;
  if (p->text[0] == '?') return FLOW_FAIL;
  if (p->text[0] == 'x') return host->fail(host, 0, "no x here", 9), FLOW_FAIL;
  *(FlowText *)out = p->text[0] == '!' ? flow_text((const char *)64, 3) : flow_text(p->text, p->len);
  return FLOW_OK;
}
static const FlowField pack_args[] = {{"s", "string"}, {"n", "i64?"}};
static const FlowAggregate aggregates[] = {
    {sizeof(FlowAggregate), 0, "box", "The diagonal of the box around points.", km_args, 2, sizeof(Box), 8, 0, "f64?", box_init, box_take, box_finish},
    {sizeof(FlowAggregate), 0, "pack", "First letters.", pack_args, 2, sizeof(Pack), 16, 0, "string?", NULL, pack_take, pack_finish}};
const FlowPlugin flow_plugin = {FLOW_PLUGIN_ABI, sizeof(FlowPlugin), "geo", "1.2.0", "Distances.", ">=0.1", NULL, steps, functions, 1, 2, sources, 1, 2, aggregates};
