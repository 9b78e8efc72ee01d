/* bundle.c: one C file with everything: the runtime, the module, main. It needs a C11 compiler for a POSIX
 * system and nothing else; the libraries that the runtime can use are asked for by macros. */
#include <string.h>

#include "backend/backend.h"

extern const char flow_runtime_text[];
extern const size_t flow_runtime_size;

static const char bundle_head[] =
    "/* One file: build with `cc -O2 FILE` (before glibc 2.34 also -lpthread -ldl; for a static program also -DFRT_WITH_LIBM\n"
    " * -lm). Optional libraries: -DFRT_WITH_ZLIB -lz (gzip),\n"
    " * -DFRT_WITH_ZSTD -lzstd, -DFRT_WITH_LZ4 -llz4 (smaller spill files), -DFRT_WITH_PCRE2 -lpcre2-8 (regular\n"
    " * expressions beyond simple ones), -DFRT_WITH_UTF8PROC -lutf8proc (normalize, letters beyond ASCII). */\n"
    "#define _GNU_SOURCE 1\n"
    "#if defined(__linux__) && !defined(FRT_WITH_LIBM)\n#define FRT_FIND_LIBM 1\n#endif\n"
    "#ifndef FRT_WITH_ZLIB\n#define FRT_NO_ZLIB 1\n#endif\n"
    "#ifndef FRT_WITH_ZSTD\n#define FRT_NO_ZSTD 1\n#endif\n"
    "#ifndef FRT_WITH_LZ4\n#define FRT_NO_LZ4 1\n#endif\n"
    "#ifndef FRT_WITH_PCRE2\n#define FRT_NO_PCRE2 1\n#endif\n"
    "#ifndef FRT_WITH_UTF8PROC\n#define FRT_NO_UTF8PROC 1\n#endif\n"
    "#ifndef FRT_WITH_XXHASH\n#define FRT_NO_XXHASH 1\n#endif\n";

static const char bundle_main[] = "\nint main(int argc, char **argv) { return frt_main(&flow_module, argc, argv); }\n";

char *backend_bundle(Arena *a, const char *c_text, size_t size, size_t *out_size) {
  static const char include[] = "#include \"flowrt.h\"\n";
  const char *body = strstr(c_text, include);
  body = body ? body + sizeof include - 1 : c_text;
  size_t body_size = size - (size_t)(body - c_text);
  char *text = arena_alloc(a, sizeof bundle_head + flow_runtime_size + body_size + sizeof bundle_main);
  char *p = text;
  memcpy(p, bundle_head, sizeof bundle_head - 1);
  p += sizeof bundle_head - 1;
  memcpy(p, flow_runtime_text, flow_runtime_size);
  p += flow_runtime_size;
  memcpy(p, body, body_size);
  p += body_size;
  memcpy(p, bundle_main, sizeof bundle_main);
  p += sizeof bundle_main - 1;
  *out_size = (size_t)(p - text);
  return text;
}
