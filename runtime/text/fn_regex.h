/* fn_regex.h: regular expressions inside the function library. */
#ifndef FRT_TEXT_FN_REGEX_H
#define FRT_TEXT_FN_REGEX_H

#include "text/fn.h"

struct FnSimple; /* fn_simple.c: a pattern that needs no backtracking */

typedef struct FnRegex {
  const struct FnSimple *simple; /* or NULL: */
  void *code;         /* a pcre2_code: also of simple ones, which may need too many steps */
  uint32_t group_len; /* groups, the whole match not counted */
  uint32_t jit;
  FrtStr pattern;
} FnRegex;

/* Searches s from byte `from` on. FRT_OK: *spans are 2 * (group_len + 1) offsets, begin and end of
 * the whole match and of each group, valid until the next search. FRT_NULL: no match. Else an
 * error. */
int fn_regex_search(FrtCtx *cx, const FnRegex *re, FrtStr s, size_t from, const size_t **spans);
/* The number of a named group, or -1. */
int fn_regex_group(const FnRegex *re, FrtStr name);

#endif
