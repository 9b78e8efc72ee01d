/* function.h: the catalogue of library functions, read once from the embedded stdlib.
 *
 * A declaration is one line; the comment directly above it is its documentation:
 *   extern rt fn find(s: string, part: string) -> i64? "frt_find"
 *   extern rt fn replace(s: string, part: string, text: string) -> string "frt_replace fails"
 *   extern rt fn regex_extract(s: string, pattern: string) -> string? "frt_regex_extract fails pattern:frt_regex_prepare"
 * Words behind the symbol: `fails` (may return an error code), `impure` (is not folded), and
 * `param:symbol` (that parameter is prepared by symbol). `extern builtin fn` and `extern agg fn` are
 * typed by the compiler: the catalogue keeps their names and docs only. */
#ifndef FLOW_IR_FUNCTION_H
#define FLOW_IR_FUNCTION_H

#include "ir/expr.h"

/* The overloads of a name: index 0, 1, ...; NULL at the end. Builtins and aggregates have none. */
const Function *function_find(const char *name, uint32_t index);
/* All names, each once; builtins and aggregates included. */
const char *const *function_names(uint32_t *len);

/* For `flowc doc`: every declaration in the order of the files. */
typedef struct FunctionDoc {
  const char *file;       /* "std/text.flow" */
  const char *kind;       /* "rt", "builtin", "agg" */
  const char *name;
  const char *signature;  /* "find(s: string, part: string) -> i64?" */
  const char *doc;        /* lines without "# ", or "" */
} FunctionDoc;
const FunctionDoc *function_docs(uint32_t *len);

#endif
