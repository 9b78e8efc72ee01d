/* scan.h: from files to blocks.
 *
 * A scanner reads the files of one `read` in order (a glob's sorted by name), cuts the bytes into
 * records, finds the text of each used column, converts it, sends bad rows to frt_error, and hands out
 * blocks. The formats (csv.c, json.c, fixed.c, text.c, values.c) share the window of bytes, the file
 * list and the conversion; each brings a small table of functions.
 *
 * Memory: one window of bytes, mapped for larger regular files and read for all other input (grows for a record that does not fit, up to FRT_RECORD_MAX), one set
 * of column arrays of cx->block_rows values. Nothing is allocated per row; unescaped text comes from the
 * block's arena. */
#ifndef FRT_IO_SCAN_H
#define FRT_IO_SCAN_H

#include "flowrt.h"
#include "io/input.h"
#include "io/map.h"
#include "text/column.h"

enum {
  FRT_PAD = 64,                        /* readable bytes before and after the window's data */
  FRT_WINDOW_SIZE = 1024 * 1024,       /* bytes read at a time: measured, 256 KiB is a fifth slower */
  FRT_MAP_MIN = 2 * FRT_WINDOW_SIZE,   /* a smaller file is not worth mapping */
  FRT_RECORD_MAX = 256 * 1024 * 1024   /* a longer record is an error: it has no end, or is no record */
};

/* Why a row is bad: it is no record whose fields could be looked at, or some of its values are wrong. */
enum { SCAN_ROW_GOOD, SCAN_ROW_LOST, SCAN_ROW_WRONG };

typedef struct FrtScanner FrtScanner;

/* One format. */
typedef struct FrtFormat {
  const char *name;
  /* Called for each file once its first window is there: header, contract, BOM. FRT_OK, FRT_END (the file is left
   * out) or FRT_FATAL. */
  int (*start_file)(FrtScanner *s);
  /* Fills s->block with up to s->rows_max records from s->at, moves s->at behind them, and calls
   * frt_scan_convert. FRT_OK (block.n may be 0 when every record so far was skipped: call again),
   * FRT_END at the end of the file, FRT_FATAL. */
  int (*next)(FrtScanner *s);
  /* The careful conversion of one value whose text (a slice of the window, as FrtFields gives it) a
   * kernel did not take: FRT_OK with *out, FRT_NULL, or an error code with cx->detail set. */
  int (*value)(FrtScanner *s, uint32_t column, uint32_t row, FrtStr text, void *out);
  void (*close)(FrtScanner *s);        /* frees s->format_state; may be NULL */
  /* NULL, or the kernel for a column in place of frt_column_kernel's; may return NULL: one by one. */
  FrtColumnKernel *(*kernel)(FrtScanner *s, uint32_t column);
  /* For formats that are read in ranges (scan_range.h), may be NULL: the scanner goes elsewhere in the file; whether
   * s->at is inside a record that is passed over. */
  void (*moved)(FrtScanner *s);
  int (*inside)(FrtScanner *s);
} FrtFormat;

typedef struct FrtScanPlace { uint32_t row, column; } FrtScanPlace;

struct FrtScanner {
  FrtCtx *cx;
  void *state;                         /* the module's state */
  const FrtScan *scan;
  const FrtFormat *format;
  void *format_state;                  /* owned by the format */
  /* files */
  char **paths;
  uint32_t path_len, path_at;
  const char *command;       /* of the shell; its one path stands for it in messages. NULL: files */
  int given_fd;              /* of the file path_at, for frt_scan_file_open; -1: it goes by the name */
  FrtInput *input;
  FrtStr file;                         /* the present file, as opened */
  int input_ended;
  /* window: valid bytes are [at, limit); FRT_PAD readable bytes on both sides. at is a record start. */
  char *window;
  size_t window_size;
  FrtMap *all_map;                     /* of the present file, to go on with in place of `map`; the scanner's */
  FrtMap *given_map;                   /* of the file that is opened next, mapped as a whole; the scanner's */
  FrtMap *map;                         /* NULL: the bytes are read into `window`, which is the scanner's */
  uint64_t map_from;                   /* of `window` in the file */
  char *at, *limit;
  uint64_t offset;                     /* of `at` in the decompressed file */
  uint64_t line;                       /* of the record at `at`, from 1 */
  /* the block that is being filled; its arrays are made once */
  FrtBlock block;
  uint32_t rows_max;
  uint32_t *sel, *bad;
  uint8_t *row_bad;                    /* row i went to the error port: SCAN_ROW_* */
  uint64_t rows;                       /* records of earlier blocks: block.row0 */
  const FrtStr *header;                /* column names of the file before (contract.c); NULL: there was none */
  uint32_t header_len;
  int careful;                         /* --scan=careful */
  /* counters for --stats */
  uint64_t bytes, blocks_fast, blocks_careful, lines_empty, keys_unknown, columns_extra;
  /* conversion (scan_convert.c); made by frt_scan_open */
  struct FrtScanColumn *convert;       /* one a column */
  uint32_t *identity;                  /* 0, 1, 2, ...: the selection of a block without bad rows */
  uint8_t *nul_scratch;                /* nulls of columns whose values are not wanted */
  void *value_scratch;                 /* a value of a column whose values are not wanted */
  uint32_t bad_rows;                   /* rows of the present block in row_bad */
  uint8_t text_plain;                  /* set by the format for the block: the text of unquoted string
                                          values is what CSV output prints */
  uint8_t text_ascii;                  /* set by the format for the block: there are no bytes above 0x7f */
  const int64_t *quoted_at;            /* set by the format for the block, or NULL: the values that stand in quotes are
                                          quoted[0 .. quoted_len), column c being numbered quoted_at[c] */
  FrtScanPlace *quoted;
  uint32_t quoted_len;
  size_t record_max;                   /* FRT_RECORD_MAX, or less in tests */
  size_t window_want;                  /* FRT_WINDOW_SIZE, or less in tests */
  /* ranges (scan_range.h) */
  const char *left_out;                /* how the columns of a file that start_file leaves out differ */
  uint64_t fence;                      /* 0: none; bytes of the file from here on are read when beyond() allows it */
  int (*beyond)(FrtScanner *s);        /* moves the fence on: FRT_OK, or FRT_FATAL */
};

/* Opens the scan: resolves the path, checks that the files exist. On failure says why by frt_fatal. */
int frt_scan_open(FrtCtx *cx, void *state, const FrtScan *scan, FrtScanner **out);
/* The next block with n > 0 rows; FRT_END when all files are done; FRT_FATAL. The block and all that
 * it points to live until the next call. */
int frt_scan_next(FrtScanner *s, FrtBlock **out);
void frt_scan_close(FrtScanner *s);
/* All of the present file in one map, with which the scanner goes on; NULL: it is not mapped. The caller owns a share. */
FrtMap *frt_scan_map_all(FrtScanner *s);

/* ---- for ranges (scan_range.c) ---- */
void frt_scan_rooms_make(FrtScanner *s);      /* arrays of the block, and for conversion */
int frt_scan_file_open(FrtScanner *s);        /* the file path_at, up to its first record: FRT_OK or FRT_FATAL */
void frt_scan_file_note(const FrtScanner *s); /* says that the present file was left out */
void frt_scan_file_close(FrtScanner *s);      /* and path_at + 1 is the present one */
int frt_scan_move(FrtScanner *s, uint64_t offset);           /* a plain file: to the record there. FRT_OK or FRT_FATAL */
int frt_scan_block_next(FrtScanner *s, FrtBlock **out);      /* as frt_scan_next, in this file; n may be 0 */

/* ---- for formats ---- */
/* Moves the unread bytes to the front of the window and reads on; grows a full window. FRT_OK when
 * there are new bytes, FRT_END when the file has ended, FRT_FATAL. Pointers into the window move. */
int frt_scan_refill(FrtScanner *s);
/* Marks row i of the block as bad (frt_error was called). */
void frt_scan_row_bad(FrtScanner *s, uint32_t row);
/* Reports a wrong value of row i, the first one or one more, so that all of its fields are named together. */
void frt_scan_field_error(FrtScanner *s, uint32_t row, int code, FrtStr field);
/* Row i is not a record of the right form: reports it to the scan's operator. */
void frt_scan_record_error(FrtScanner *s, uint32_t row, int code, FrtStr detail);
/* Converts the used columns of the block, whose fields are set: kernels first, format->value for what
 * they leave; a null in a non-nullable column takes the default or is an error; the policy
 * FRT_POLICY_NULL gives null. Builds block.sel from the rows that are good. */
int frt_scan_convert(FrtScanner *s);

/* Makes the conversion's arrays for the scan's columns; part of frt_scan_open. */
void frt_scan_convert_init(FrtScanner *s);
/* Reports a value that is wrong: row `row`, column `column`, cx->detail. Under FRT_POLICY_NULL a nullable
 * column becomes null instead. */
void frt_scan_value_error(FrtScanner *s, uint32_t column, uint32_t row, int code);
/* The text of value `row`: a slice of the window. */
static inline FrtStr frt_fields_text(const FrtFields *f, uint32_t row) {
  size_t at = (size_t)row * f->stride;
  const char *p = f->base + f->beg[at] + f->beg_add;
  return (FrtStr){p, (uint32_t)(f->base + f->end[at] - f->end_sub - p), 0};
}

extern const FrtFormat frt_format_csv, frt_format_jsonl, frt_format_json, frt_format_fixed, frt_format_text,
    frt_format_values, frt_format_range;

/* Schema inference: reads the head of a file and guesses the columns. Whole numbers i64, numbers with a
 * point decimal or f64, ISO dates and timestamps, booleans, else string; nullable where an empty value
 * was seen. For "-" the bytes read are kept for the run. Result in arena-owned memory; *why on failure. */
typedef struct FrtInferred { FrtStr name; FrtType type; } FrtInferred;
int frt_infer(Arena *arena, const char *path, const FrtScanOptions *options, FrtInferred **columns, uint32_t *len,
              const char **why);
/* The delimiter that fits a CSV file's head best: `,` `;` tab or `|`. 0 and *why when it cannot be read. */
char frt_infer_delimiter(Arena *arena, const char *path, const FrtScanOptions *options, const char **why);

#endif
