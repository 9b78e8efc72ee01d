/* lines.h: blocks of lines, for the formats whose records are lines. */
#ifndef FRT_IO_LINES_H
#define FRT_IO_LINES_H

#include "io/scan.h"

typedef struct FrtLines {
  uint32_t rows_max;
  uint32_t *beg, *end;     /* of each line, without its end, from the block's first byte */
  uint64_t *number;
  FrtFields record;
  int skipping;            /* inside a line that was too long */
  const char *next;        /* behind the block's last line */
  uint64_t lines;          /* read for this block, empty ones too */
} FrtLines;

void frt_lines_init(FrtScanner *s, FrtLines *l, uint32_t rows_max);
/* Starts a block with the next lines, at least one: n, record and line are set. Lines longer than
 * s->record_max are error rows. FRT_OK, FRT_END or FRT_FATAL. */
int frt_lines_read(FrtScanner *s, FrtLines *l, int skip_empty);
/* Moves s->at behind the block. */
void frt_lines_done(FrtScanner *s, FrtLines *l);

#endif
