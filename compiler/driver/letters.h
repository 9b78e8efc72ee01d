/* letters.h: a file of dead letters, as `write deadletter` writes it. */
#ifndef FLOW_DRIVER_LETTERS_H
#define FLOW_DRIVER_LETTERS_H

#include <stdbool.h>

#include "base/arena.h"
#include "flowrt.h"

typedef struct Letter {
  FrtStr script, script_hash, op, file, code, raw;   /* ptr NULL: null, or not there */
  int64_t script_line, script_column, line, offset, retry_count;   /* -1: null, or not there */
  uint32_t at;               /* its line, from 1 */
} Letter;

/* Reads the letters of a file. false with *why, which names the line. */
bool letters_read(Arena *a, const char *path, Letter **letters, uint32_t *len, const char **why);

#endif
