/* wide.c: a step that is handed seven fields and writes one of two of them: the border of plugins, for bench/plugins/run. */
#include "flow_plugin.h"
static int rows(void *self, FlowChunk *c) {
  const int64_t *a = c->in[0].data, *b = c->in[1].data;
  int64_t *out = c->out[0].data;
  for (uint32_t k = 0; k < c->rows; k++) { uint32_t i = c->row[k]; out[i] = a[i] * 3 + b[i]; }
  return 0;
}
static const FlowField in[] = {{"a","i64"},{"b","i64"},{"c","i64"},{"d","i64"},{"e","i64"},{"f","i64"},{"g","i64"}}, out[] = {{"s","i64"}};
static const FlowStep steps[] = {{.size = sizeof(FlowStep), .name = "mix", .in = in, .in_len = 7, .out = out, .out_len = 1, .rows = rows}};
const FlowPlugin flow_plugin = {.abi = FLOW_PLUGIN_ABI, .size = sizeof(FlowPlugin), .name = "wide", .version = "1.0.0", .steps = steps, .step_len = 1};
