#include "syntax/parse.h"
void ast_print(const AstScript *script, FILE *out) { (void)script; (void)out; }
