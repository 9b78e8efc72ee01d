/* js.h: what the compiler asks of the engine. */
#ifndef FRT_JS_JS_H
#define FRT_JS_JS_H

#include <stddef.h>

/* Compiles a script without running it. 0, or -1 and why: "clean.js:3: SyntaxError: ...". */
int frt_js_check(const char *file, const char *source, size_t size, char *why, size_t why_size);

#endif
