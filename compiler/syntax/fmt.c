#include "syntax/parse.h"
char *syntax_format(Arena *arena, const Source *source, const AstScript *script) { (void)script; return arena_strndup(arena, source->text, source->size); }
