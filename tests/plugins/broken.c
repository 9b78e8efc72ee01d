/* broken.c: a plugin whose step has a field without a name. */
#include "flow_plugin.h"
static int rows(void *self, FlowChunk *c) { return 0; }
static const FlowField in[] = {{"not a name", "i64"}};
static const FlowStep steps[] = {{sizeof(FlowStep), 0, "step", NULL, NULL, in, NULL, 0, 1, 0, 0, NULL, NULL, rows, NULL}};
const FlowPlugin flow_plugin = {FLOW_PLUGIN_ABI, sizeof(FlowPlugin), "broken", "1.0.0", NULL, NULL, NULL, steps, NULL, 1, 0};
