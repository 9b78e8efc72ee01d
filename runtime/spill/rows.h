/* rows.h: rows of columns as bytes, for spill files.
 *
 * A row is a word (the caller's: its number, and what else it wants to know), its size when rows are not all of one, a byte for each
 * column that can be null, and the values. Values of a fixed size stand there in their C form; a text is its length and its bytes; a
 * list its length and its items, a struct its members, each with a null byte before it where it can be null. A null text, list or struct
 * takes no room beyond its null byte. No alignment. */
#ifndef FRT_SPILL_ROWS_H
#define FRT_SPILL_ROWS_H

#include "flowrt.h"

typedef struct FrtRowColumn {
  char *values;              /* of the present block */
  uint8_t *nulls;            /* NULL: never null */
  const FrtType *type;
  uint32_t size;             /* of the C form */
  uint32_t at;               /* in the row, where all rows are of one size */
} FrtRowColumn;

typedef struct FrtRowForm {
  FrtRowColumn *columns;     /* frt_malloc'd */
  uint32_t len, null_len;
  uint32_t fixed_size;       /* of a row; 0: rows differ */
} FrtRowForm;

void frt_row_form_init(FrtRowForm *f, const FrtSpillColumn *columns, uint32_t len);
void frt_row_form_free(FrtRowForm *f);
/* The columns' arrays are those that the state has now. */
void frt_row_form_bind(FrtRowForm *f, const FrtSpillColumn *columns, const void *state);
/* A number that tells the form from others. */
uint64_t frt_row_form_layout(const FrtRowForm *f);

/* The row's values become zeros and nulls. */
void frt_row_clear(const FrtRowForm *f, uint32_t row);
uint32_t frt_row_size(const FrtRowForm *f, uint32_t row);
void frt_row_write(const FrtRowForm *f, uint32_t row, uint64_t word, uint32_t size, char *to);
/* A row's word and size; `left`: bytes that there are. Size 0: it does not fit, which a sum should have found. */
uint64_t frt_row_word(const FrtRowForm *f, const char *from, size_t left, uint32_t *size);
/* Into place `row` of the columns. copy: texts are copied into the block's arena, else they point into `from`. */
void frt_row_read(FrtCtx *cx, const FrtRowForm *f, const char *from, uint32_t row, int copy);

#endif
