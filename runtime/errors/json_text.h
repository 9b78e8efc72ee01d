/* json_text.h: JSON strings for the runtime's own rows: dead letters, statistics. */
#ifndef FRT_ERRORS_JSON_TEXT_H
#define FRT_ERRORS_JSON_TEXT_H

#include "flowrt.h"

/* Writes `s` with its quotes: at most 6 * s.len + 2 bytes. Bytes that are not UTF-8 become U+FFFD. */
char *frt_json_quote(char *p, FrtStr s);

#endif
