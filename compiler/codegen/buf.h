/* buf.h: a growing text, and the one function by which text of a script enters C. */
#ifndef FLOW_CODEGEN_BUF_H
#define FLOW_CODEGEN_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct Buf {
  Arena *arena;       /* owner of data */
  char *data;         /* NUL-terminated once something was put */
  size_t size, capacity;
} Buf;

void buf_put(Buf *b, const char *text);
void buf_put_n(Buf *b, const char *text, size_t size);
void buf_printf(Buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A C string literal, quotes included. Every byte but plain letters, digits and harmless marks is written
 * as a three-digit octal escape, so no trigraph, comment or line end of a script can reach C. */
void buf_put_c_string(Buf *b, const char *text, size_t size);
const char *c_string(Arena *a, const char *text, size_t size);

#endif
