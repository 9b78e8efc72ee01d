/* diag.h: sources, spans, and the errors and warnings of a script.
 *
 * A Session owns the sources and the list of diagnostics. Everyone who looks at a script reports
 * with diag_report and goes on; the driver asks diag_error_len at the end of each pass and prints all
 * of them at once, sorted by place. Codes, severities and texts stand in errors.def; docs/errors has
 * a page and tests/errors a case for each. Not thread-safe: a session belongs to one thread. */
#ifndef FLOW_DIAG_H
#define FLOW_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* A range of bytes of a source: [start, end). file is the index of the source in its session. */
typedef struct Span {
  uint32_t file, start, end;
} Span;

typedef struct Source {
  const char *path;      /* as the user wrote it; "<command line>" for -e */
  const char *text;      /* NUL at text[size] */
  uint32_t size;
  const uint32_t *lines; /* offset of each line's first byte */
  uint32_t line_len;
} Source;

typedef enum { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE } Severity;

typedef enum DiagCode {
#define DIAG(code, severity, text) DIAG_##code,
#include "diag/errors.def"
#undef DIAG
  DIAG_LEN
} DiagCode;

typedef struct Diag {
  DiagCode code;
  Severity severity;
  Span span;
  const char *message;   /* one line: what is wrong */
  const char *hint;      /* printed behind the caret: "did you mean `amount`?", or NULL */
  const char *note;      /* lines printed as "= ...", separated by \n, or NULL */
} Diag;

typedef struct Diags Diags; /* the collection: sources and reports */

Diags *diags_new(Arena *arena);
/* Adds a source; text is copied. Returns its file number, or UINT32_MAX when it is larger than 16 MiB. */
uint32_t diags_add_source(Diags *d, const char *path, const char *text, size_t size);
const Source *diags_source(const Diags *d, uint32_t file);
uint32_t diags_source_len(const Diags *d);

/* Reports `code` at `span`. The message is the code's text of errors.def, a printf format, with the
 * arguments. hint and note may be NULL; all texts are copied. A second report of the same code at the
 * same span is dropped. At most 100 errors are kept (the rest is counted). */
void diag_report(Diags *d, DiagCode code, Span span, const char *hint, const char *note, ...);
uint32_t diag_error_len(const Diags *d);
uint32_t diag_warning_len(const Diags *d);
const Diag *diag_all(Diags *d, uint32_t *len); /* sorted by file and place */

/* Line and column (from 1; the column counts code points) of an offset. */
void diag_place(const Source *s, uint32_t offset, uint32_t *line, uint32_t *column);
/* Prints everything: as text with the line and a caret (colour: ANSI colours), or as JSON, one
 * object a line. */
void diag_print(Diags *d, FILE *out, bool colour);
void diag_print_json(Diags *d, FILE *out);
const char *diag_code_name(DiagCode code);    /* "E0301" */

/* The candidate nearest to `name` by edit distance (transpositions count 1), or NULL when none is near. */
const char *diag_nearest(const char *name, const char *const *candidates, size_t len);

#endif
