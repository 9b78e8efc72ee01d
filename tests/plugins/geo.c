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
const FlowPlugin flow_plugin = {FLOW_PLUGIN_ABI, sizeof(FlowPlugin), "geo", "1.2.0", "Distances.", ">=0.1", NULL, steps, NULL, 1, 0};
