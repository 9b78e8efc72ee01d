/* parse.h: from a source to its syntax tree, and back to text. */
#ifndef FLOW_SYNTAX_PARSE_H
#define FLOW_SYNTAX_PARSE_H

#include "syntax/ast.h"

/* Parses source `file` of d. Never NULL: what could not be parsed was reported and is left out of the
 * tree (ask diag_error_len; AstScript.broken). A file that does not exist gives an empty script. The tree lives in the arena. */
AstScript *syntax_parse(Arena *arena, Diags *d, uint32_t file);

/* Prints the tree without places: stable, for --dump=ast and the golden tests. */
void ast_print(const AstScript *script, FILE *out);

/* The canonical layout of a script that parsed without errors: arena-owned, NUL-terminated. All
 * comments are kept, the output parses to the same tree, and formatting it again changes nothing. */
char *syntax_format(Arena *arena, const Source *source, const AstScript *script);

#endif
