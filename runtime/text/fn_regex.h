/* fn_regex.h: regular expressions inside the function library. */
#ifndef FRT_TEXT_FN_REGEX_H
#define FRT_TEXT_FN_REGEX_H

#include "text/fn.h"

enum { FN_TAGGED_GROUPS_MAX = 10, FN_TAGGED_SPANS = 2 * FN_TAGGED_GROUPS_MAX + 2 };

/* The first match of a table in s from byte `from` on. FRT_OK: spans are begin and end of the whole match and, where the
 * table finds them, of each group (FN_UNSET: it took no part). FRT_NULL: no match. */
int fn_tagged_search(const FrtTagged *t, FrtStr s, size_t from, size_t *spans);

/* The same of any pattern. *spans is valid until the next search, and may be `own`, which has room for FN_TAGGED_SPANS.
 * Else an error. */
int fn_regex_search(FrtCtx *cx, const FrtRegex *re, FrtStr s, size_t from, size_t *own, const size_t **spans);
/* The number of a named group, or -1. */
int fn_regex_group(const FrtRegex *re, FrtStr name);

#endif
