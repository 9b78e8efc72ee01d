/* empty.c: a shared object without a table. */
#include "flow_plugin.h"
int empty_of_it(void);
int empty_of_it(void) { return 1; }
