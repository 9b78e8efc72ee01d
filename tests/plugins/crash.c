/* crash.c: a plugin that crashes when it is loaded. */
#include "flow_plugin.h"
__attribute__((constructor)) static void crash(void) { *(volatile int *)8 = 1; }
const FlowPlugin flow_plugin = {FLOW_PLUGIN_ABI, sizeof(FlowPlugin), "crash", "1.0.0", NULL, NULL, NULL, NULL, NULL, 0, 0};
