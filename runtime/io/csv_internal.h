/* csv_internal.h: what the files of the CSV reader share.
 *
 * Two readers give the same rows. The careful one (csv_careful.c) goes through the bytes by the rules and
 * stores the ends of each field. The fast one (csv_index_*.c, csv.c) lists all separators outside quotes
 * and proves that they lie in an array of fixed stride; a block that does not is read carefully. */
#ifndef FRT_IO_CSV_INTERNAL_H
#define FRT_IO_CSV_INTERNAL_H

#include "io/scan.h"

enum {
  CSV_CELLS_MAX = 128 * 1024,  /* fields of a block at most, but for one row: bounds the tables */
  CSV_RAW_MAX = 4096,          /* raw text that is kept of a record that is too long */
  CSV_ABSENT = -1              /* column_at: the file has no such column */
};

/* Positions of the delimiters and newlines outside quotes in p[0..len), plus one (so that 0 stands for the
 * place before the first byte). Stops when `need` are found; gives up to 63 more. */
typedef struct CsvIndex {
  const char *p;
  size_t len;
  char delimiter, quote;
  uint32_t need;
  uint32_t *out;               /* room for need + 128 */
  /* results */
  uint32_t found;
  uint64_t newlines;           /* outside quotes, in what was looked at */
  uint64_t newlines_all;       /* inside quotes too */
  uint64_t irregular;          /* not 0: some quote is not where a quoted field begins or ends */
  int high;                    /* some byte is above 0x7f */
  uint32_t *quoted;            /* NULL: not wanted, or there were too many. Else takes the fields in quotes, by number */
  uint32_t quoted_len, quoted_max;
} CsvIndex;

typedef void CsvIndexer(CsvIndex *x);

/* Rows are counted, and nothing else is wanted of them: the separators of p[0..len) outside quotes lie in a fixed
 * stride, as long as the counter goes. It stops at the first 64 bytes where they do not, or when `need` separators
 * might not be enough. */
typedef struct CsvCount {
  const char *p;
  size_t len;
  char delimiter, quote;
  uint32_t columns;
  uint32_t need;
  const uint64_t *newlines;    /* [k]: which of the next 64 separators are newlines when k of a row are behind */
  const uint16_t *behind;      /* [k]: k % columns, for k below columns + 64 */
  /* results */
  uint32_t rows;               /* whole ones */
  size_t next;                 /* where the row behind them begins */
  int breaks;                  /* there are line breaks inside quotes */
} CsvCount;

typedef void CsvCounter(CsvCount *x);

typedef struct CsvState {
  char delimiter, quote;       /* quote 0: none */
  uint8_t trim;
  uint32_t columns;            /* of the file: the stride */
  int64_t *column_at;          /* for each column of the type its place in the file, or CSV_ABSENT */
  uint32_t rows_max;           /* of a block, with this many columns */
  uint32_t cells;              /* room in the tables */
  uint32_t *index;             /* fast: 0, then the separators of a block, see CsvIndex */
  uint32_t *beg, *end;         /* careful: rows_max * columns */
  uint32_t *record_beg, *record_end;
  uint64_t *line;
  FrtFields record;
  int skipping;                /* inside a record that was too long: go on at the next line end */
  int raw_wanted;              /* a string column asks for FRT_USE_RAW */
  uint32_t *quoted;            /* room for CsvIndex; NULL: no column is late */
  uint32_t quoted_max;
  CsvIndexer *indexer;
  CsvCounter *counter;         /* NULL: the rows are wanted, or there is none for this CPU */
  uint64_t *count_newlines;    /* see CsvCount; for the present number of columns; NULL: it cannot be counted */
  uint64_t *count_room;        /* what count_newlines points to when it can */
  uint16_t *count_behind;
} CsvState;

/* ---- careful ---- */

typedef enum CsvEnd { CSV_RECORD, CSV_EMPTY, CSV_MORE } CsvEnd;

/* One record, as the careful reader sees it. */
typedef struct CsvRecord {
  const char *end;             /* of its text, without the line end */
  const char *next;            /* where the next record starts */
  uint32_t fields;             /* how many there are, also beyond `max` */
  uint32_t lines;              /* that it takes up */
  int error;                   /* FRT_E_QUOTE_OPEN, FRT_E_QUOTE_TEXT or 0 */
} CsvRecord;

/* Reads the record at p. beg and end take the first `max` fields as offsets from base. CSV_MORE: the record
 * does not end before `limit` and `ended` is 0. */
CsvEnd csv_record_read(const CsvState *csv, const char *p, const char *limit, int ended, const char *base,
                       uint32_t *beg, uint32_t *end, uint32_t max, CsvRecord *out);
/* Adds a row to the block whose tables begin at s->at: where the record lies. */
void csv_row_place(FrtScanner *s, CsvState *csv, const char *p, const char *end, uint64_t line);
/* The row added last is not of the right form. */
void csv_row_fail(FrtScanner *s, CsvState *csv, const CsvRecord *record);
/* Points the block's fields into the tables. */
void csv_fields_point(FrtScanner *s, CsvState *csv);
uint32_t csv_newlines_count(const char *p, const char *end);
/* FrtFormat.next by the careful path. */
int csv_careful_next(FrtScanner *s);
/* Makes a record at s->at whole in the window: reads on. As frt_scan_refill. */
int csv_read_on(FrtScanner *s);

/* ---- fast ---- */

/* The indexer for this CPU, chosen once; FLOW_SIMD lowers the choice. */
CsvIndexer *csv_indexer(void);
/* The same for CsvCount, or NULL: the index is to be counted. */
CsvCounter *csv_counter(void);
int csv_fast_next(FrtScanner *s);

/* ---- counting ---- */

/* Whether the scan wants no more of the rows than how many there are. */
int csv_count_wanted(const FrtScanner *s);
/* Makes the tables for a file with csv->columns columns; csv->count_newlines is NULL when it cannot be counted. */
void csv_count_start(FrtScanner *s, CsvState *csv);
/* FrtFormat.next: a block of rows without fields and lines; one that does not fit goes to csv_fast_next. */
int csv_count_next(FrtScanner *s);

#endif
