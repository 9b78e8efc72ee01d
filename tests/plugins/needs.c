/* needs.c: a plugin that asks for a flowc that is not there. */
#include "flow_plugin.h"
const FlowPlugin flow_plugin = {FLOW_PLUGIN_ABI, sizeof(FlowPlugin), "needs", "1.0.0", NULL, ">=900", NULL, NULL, NULL, 0, 0};
