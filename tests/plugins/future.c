/* future.c: a plugin for a later version of the header. */
#include "flow_plugin.h"
const FlowPlugin flow_plugin = {99, sizeof(FlowPlugin), "future", "1.0.0", NULL, NULL, NULL, NULL, NULL, 0, 0};
