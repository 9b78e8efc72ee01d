/* stdlib.h: the files of stdlib/, embedded in flowc by mk/generated.mk (build/gen/stdlib.c). */
#ifndef FLOW_IR_STDLIB_H
#define FLOW_IR_STDLIB_H

#include <stddef.h>

typedef struct StdlibFile {
  const char *name;     /* "std/text.flow", as `use` names it; NULL ends the list */
  const char *text;     /* NUL at text[size] */
  size_t size;
} StdlibFile;

extern const StdlibFile flow_stdlib[];

#endif
