/* tcc_streams.c: twins of the three variables of libc that libtcc.a reads by direct addresses. A shared
 * object cannot have such references to another one, so the build renames them (mk/generated.mk). So it does with
 * the functions that allocate: libtcc would call exit(1) when memory is out. */
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"

extern char **environ;

FILE *flow_tcc_stdout, *flow_tcc_stderr;
char **flow_tcc_environ;

__attribute__((constructor)) static void tcc_streams_set(void) {
  flow_tcc_stdout = stdout;
  flow_tcc_stderr = stderr;
  flow_tcc_environ = environ;
}

void *flow_tcc_calloc(size_t len, size_t size);
void *flow_tcc_calloc(size_t len, size_t size) { return memset(frt_malloc(len * size), 0, len * size); }
