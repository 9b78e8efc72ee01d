/* flowrt.h: the one header that generated C sees.
 *
 * It declares the values, the blocks and the tables that generated code and the runtime share, and
 * the functions that generated code calls. It includes no system header, so that libtcc needs a
 * millisecond, and it keeps to what tcc 0.9.27 takes: no atomics, no __int128, no vectors.
 * tests/abi compiles it with tcc, gcc and clang and compares every size and offset.
 *
 * Names: types Frt*, functions frt_*, constants FRT_*. A slice never owns. Everything that a
 * function allocates for its caller comes from the arena of the block (frt_alloc) and lives until
 * the block ends. Statuses: 0 is success, FRT_NULL says "the result is null", a positive number is
 * an error code of flowrt_errors.def. */
#ifndef FLOWRT_H
#define FLOWRT_H

#define FRT_ABI 5u

#ifdef __INT64_TYPE__
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __SIZE_TYPE__ size_t;
#else
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t;
typedef unsigned long size_t;
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

/* ---- values ------------------------------------------------------------------------------- */

/* A slice of UTF-8 text or of bytes. `aux` is 0 while rows move; operators that keep rows put the
 * first four bytes of the text there. Not NUL-terminated. ptr may be NULL only when len is 0. */
typedef struct FrtStr {
  const char *ptr;
  uint32_t len;
  uint32_t aux;
} FrtStr;

/* 128-bit two's complement integer: a decimal of more than 18 digits, unscaled. */
typedef struct FrtI128 {
  uint64_t lo;
  int64_t hi;
} FrtI128;

/* A UUID as two big-endian halves: comparing hi, then lo, compares the text. */
typedef struct FrtUuid {
  uint64_t hi, lo;
} FrtUuid;

/* A list: `len` elements of the element type's C form, one after another. */
typedef struct FrtList {
  const void *data;
  uint32_t len;
  uint32_t aux;
} FrtList;

/* Kinds of types, and the C form of a value of each:
 *   bool uint8_t (0/1) | i8..i64, u8..u64 the C integer | f32 float | f64 double
 *   decimal(p,s) int64_t for p <= 18, else FrtI128, both unscaled (5.00 at scale 2 is 500)
 *   string, bytes FrtStr | date int32_t, days since 1970-01-01 | time int64_t, microseconds since
 *   midnight | timestamp int64_t, microseconds since 1970-01-01T00:00:00Z | duration int64_t,
 *   microseconds | uuid FrtUuid | enum uint16_t, index into its names | list FrtList | struct a
 *   generated C struct laid out as FrtType.fields says.
 * Dates and timestamps lie in the years 1 to 9999. */
enum {
  FRT_BOOL = 1, FRT_I8, FRT_I16, FRT_I32, FRT_I64, FRT_U8, FRT_U16, FRT_U32, FRT_U64,
  FRT_F32, FRT_F64, FRT_DECIMAL, FRT_STRING, FRT_BYTES, FRT_DATE, FRT_TIME, FRT_TIMESTAMP,
  FRT_DURATION, FRT_UUID, FRT_ENUM, FRT_LIST, FRT_STRUCT
};

struct FrtField;

/* Describes a type to the runtime. `size` is the size of its C form in bytes. For a nullable list
 * element the element's C form is followed by a null byte at `elem_null_offset`, and the stride of
 * the list is `elem_size`. */
typedef struct FrtType {
  uint8_t kind;
  uint8_t nullable;
  uint8_t precision, scale;        /* decimal */
  uint32_t size;
  const struct FrtType *elem;      /* list */
  uint32_t elem_size;              /* list: bytes from one element to the next */
  uint32_t elem_null_offset;       /* list: 0 when elements are not nullable */
  const struct FrtField *fields;   /* struct */
  uint32_t field_len;
  uint32_t name_len;               /* enum */
  const FrtStr *names;             /* enum, in declared order */
} FrtType;

/* A member of a struct type. `null_offset` is meaningful when type->nullable: the byte there is 1
 * for null. */
typedef struct FrtField {
  FrtStr name;
  const FrtType *type;
  uint32_t offset, null_offset;
} FrtField;

/* ---- statuses and errors ------------------------------------------------------------------ */

enum {
  FRT_OK = 0,
  FRT_NULL = -1,    /* the result is null */
  FRT_STOP = -2,    /* a block function wants no more rows */
  FRT_END = -3,     /* no more blocks */
  FRT_FATAL = -4,   /* the run has failed; frt_fatal has said why */
#define FRT_ERROR(name, code, text) FRT_E_##name,
  FRT_E_BASE = 0,
#include "flowrt_errors.def"
#undef FRT_ERROR
  FRT_E_LEN
};

typedef struct FrtRun FrtRun;
typedef struct FrtArena FrtArena;
typedef struct FrtWorker FrtWorker;

/* What generated code and runtime functions carry along: one for each worker. */
typedef struct FrtCtx {
  char *at, *end;     /* free room of the block's arena, taken from by frt_alloc */
  FrtArena *arena;    /* the block's arena: reset when the block ends */
  FrtRun *run;
  FrtStr detail;      /* set by whoever returns an error code: the offending value, or a message */
  int64_t now_us;     /* the run's one instant */
  uint64_t *ledger;   /* FRT_LEDGER_LEN counters for each operator */
  uint64_t taps;      /* bit n: tap n is on */
  uint32_t block_rows;/* rows of a block at most */
  uint32_t stop;      /* set by the runtime when the run is cancelled or has failed */
  void *prepared;     /* texts prepared during the run (text/fn_prepare.c); NULL at its start */
  void *regex;        /* room for matching (text/fn_regex.c); NULL at its start */
  uint64_t seen;      /* FRT_SEEN for the next frt_error; ~0: not told */
  FrtWorker *worker;  /* what the runtime keeps for each worker */
  uint32_t waits;     /* the block's turn has not come yet: see FRT_TURN */
  uint32_t unused;
  void *keep;         /* the FrtStore in which kept values of groups live; NULL: as long as the run */
} FrtCtx;

/* Before anything that depends on the order of rows, or that workers share (Held of a module, but for reading what a
 * finished step left there): `if ((rc = FRT_TURN(cx))) return rc;`. Blocks have their turns in the order of the source, and
 * a turn ends with the block; so behind it all is as with one worker. Before it, rows have no numbers and lines yet. */
#define FRT_TURN(cx) ((cx)->waits ? frt_turn(cx) : FRT_OK)

/* Counters of an operator in the ledger. The runtime sets FRT_IN and FRT_OUT of scans and ports, and counts
 * FRT_ERRORS; generated code counts everything else, once a block (a sink: FRT_IN and FRT_OUT).
 * in + made = out + otherwise + errors + dropped + held, for every operator; otherwise counts rows of else
 * ports and route arms, held those that went into a state (an aggregate's), made those that came out of it. */
enum { FRT_IN, FRT_OUT, FRT_ELSE, FRT_ERRORS, FRT_DROPPED, FRT_NULLED, FRT_HELD, FRT_MADE, FRT_LEDGER_LEN };
#define FRT_COUNT(cx, op, what, n) ((cx)->ledger[(op) * FRT_LEDGER_LEN + (what)] += (n))

/* Before frt_error, by operators that count FRT_IN behind their loop: how many rows the operator had before row k of this
 * call. Limits of a rate and in a row are about the rows that an operator saw. */
#define FRT_SEEN(cx, op, k) ((cx)->seen = (cx)->ledger[(op) * FRT_LEDGER_LEN + FRT_IN] + (k))

/* ---- blocks ------------------------------------------------------------------------------- */

/* Where the text of column values stands in the block's bytes. Value r is the bytes
 * base + beg[r * stride] + beg_add  up to  base + end[r * stride] - end_sub.
 * The fast CSV path points beg and end into the separator index (stride = columns, beg_add = 1);
 * the careful paths point them into a table of pairs (beg_add = 0). 64 bytes before the first and
 * after the last byte of any value are readable. */
typedef struct FrtFields {
  const char *base;
  const uint32_t *beg, *end;
  uint32_t stride;
  uint32_t beg_add, end_sub;
} FrtFields;

/* Up to cx->block_rows rows that stand in columns. Row i of every array belongs together; operators
 * shrink a selection (an ascending array of row numbers) and never move rows, so that row i keeps
 * its place in the source. A block is immutable below its source. */
typedef struct FrtBlock {
  uint32_t n;              /* rows */
  uint32_t sel_len;        /* rows that are good: the others went to the error port of the scan */
  const uint32_t *sel;     /* their numbers, ascending */
  void **col;              /* col[c]: n values of column c in its C form; NULL if unused */
  uint8_t **nul;           /* nul[c]: n bytes, 1 for null; NULL if column c is not nullable */
  FrtFields *fields;       /* fields[c]: the text of column c; base is NULL where there is none */
  uint8_t *canon;          /* canon[c]: every value's text is what CSV output would print: may be
                              copied (only for columns that asked with FRT_USE_RAW) */
  uint64_t row0;           /* number of row 0 in its scan, from 0, bad rows counted */
  FrtStr file;             /* as opened; empty when there is none */
  const FrtFields *record; /* the records' raw text, without line ends; NULL when there is none */
  const uint64_t *line;    /* line[i]: where record i starts, from 1; NULL: line0 + i */
  uint64_t line0;
  uint64_t offset0;        /* offset in the (decompressed) file of record->base[0] */
  const uint32_t *parent;  /* for blocks made from another: the row of `up` that row i came from */
  const struct FrtBlock *up;
} FrtBlock;

/* How a column of a scan is used: bits. A column with 0 is never looked at. */
enum {
  FRT_USE_VALUE = 1,   /* col[c] and nul[c] are wanted */
  FRT_USE_CHECK = 2,   /* it must be checked, its value is not wanted */
  FRT_USE_RAW = 4,     /* fields[c] and canon[c] are wanted */
  FRT_USE_LENIENT = 8, /* only taps want it: a value that is wrong is shown as null, and the row goes on */
  FRT_USE_LENT_NULL = 16,/* and its type is nullable for that reason alone */
  FRT_USE_LATE = 32    /* with FRT_USE_VALUE: of a row's value, frt_late makes sure before it is looked at */
};

enum { FRT_MASK_NONE, FRT_MASK_HASH, FRT_MASK_REDACT, FRT_MASK_PARTIAL };

/* A column of a scan's declared type, in the order of the type. */
typedef struct FrtColumn {
  FrtStr name;
  const FrtStr *from;      /* other header or member names that are taken for it */
  uint32_t from_len;
  uint32_t use;
  const FrtType *type;
  FrtStr format;           /* strptime-like, for date, time and timestamp; empty: ISO */
  FrtStr zone;             /* tz attribute: zone of timestamps without one; empty: UTC */
  const void *dflt;        /* the default in its C form, or NULL; points into state or constants */
  uint32_t width;          /* fixed: bytes of the column */
  uint32_t mask;           /* FRT_MASK_*: how messages and raw texts show it */
} FrtColumn;

/* ---- the tables of a module ---------------------------------------------------------------- */

enum { FRT_FMT_CSV = 1, FRT_FMT_JSONL, FRT_FMT_JSON, FRT_FMT_FIXED, FRT_FMT_TEXT, FRT_FMT_VALUES,
       FRT_FMT_RANGE, FRT_FMT_DEADLETTER };
enum { FRT_POLICY_FAIL, FRT_POLICY_PORT, FRT_POLICY_SKIP, FRT_POLICY_NULL };
enum { FRT_LIMIT_NONE, FRT_LIMIT_COUNT, FRT_LIMIT_RATE, FRT_LIMIT_IN_A_ROW };
enum { FRT_MODE_REPLACE, FRT_MODE_CREATE, FRT_MODE_APPEND };
enum { FRT_COMPRESS_NONE, FRT_COMPRESS_GZIP, FRT_COMPRESS_ZSTD };
enum { FRT_CONTRACT_STRICT, FRT_CONTRACT_EVOLVE, FRT_CONTRACT_FREEZE, FRT_CONTRACT_DISCARD };

/* An operator: its row in the ledger and its error policy. The index is its number, the same as in
 * explain, in the comments of generated C and in messages. */
typedef struct FrtOp {
  FrtStr kind;             /* "read", "filter", ... */
  FrtStr label;            /* the stream it stands in, or what tells it from its like */
  FrtStr script;           /* script file, as written */
  uint32_t line, column;   /* in the script */
  uint32_t policy;
  int32_t port;            /* FRT_POLICY_PORT: index into ports; else -1 */
  uint32_t limit_kind;
  uint32_t masked;         /* its expressions read masked values: errors do not show them */
  double limit;            /* rows, or percent */
  uint32_t retries, unused; /* a read or write: how often what failed is tried again, */
  int64_t retry_every_us, retry_max_us;   /* after how long, at most (0: no bound), */
  double retry_factor;     /* and what a wait is longer than the one before by */
} FrtOp;

typedef struct FrtErrorRow FrtErrorRow;

/* A place where rows of several operators meet in source order: an error port, or a union. Rows are
 * gathered during a source block and delivered at its end, sorted by the source row, then by the
 * input (of error ports: the operator), then by the order in which they were given. `order` of ports is topological: a port delivers only to later ones. */
typedef struct FrtPort {
  FrtStr name;
  uint32_t op;             /* the operator number of the port itself in the ledger */
  uint32_t row_size;       /* bytes of a gathered row; 0 for an error port (rows are FrtErrorRow) */
  int (*deliver)(FrtCtx *cx, void *state, void *const *rows, const uint64_t *keys, uint32_t n);
                           /* NULL: nobody reads the port */
} FrtPort;

/* Options of a `read`: constants of the script but for the path. */
typedef struct FrtScanOptions {
  uint32_t format;
  char delimiter, quote;   /* csv, tsv; quote 0: none */
  uint8_t header, trim;
  uint8_t command;         /* the path is a command of the shell, whose output is read */
  uint8_t follow;          /* the file grows: its end is not the end of the input */
  int64_t idle_us;         /* follow: the end when nothing came for so long; 0: none */
  uint32_t contract;
  const FrtStr *nulls;     /* texts that stand for null */
  uint32_t null_len;
  int64_t range_from, range_to; /* range(n): rows from..to-1 */
  uint32_t value_rows;     /* values: number of rows; the columns are filled by FrtScan.fill */
} FrtScanOptions;

typedef struct FrtScan {
  uint32_t op;
  FrtScanOptions options;
  const FrtColumn *columns;
  uint32_t column_len;
  uint32_t rows_only;      /* block() looks at sel_len alone: no row is asked for its text, line or number */
  int (*path)(FrtCtx *cx, void *state, FrtStr *out);   /* file, glob or "-"; NULL: no file */
  int (*fill)(FrtCtx *cx, void *state, FrtBlock *b);   /* values: fills rows row0 .. row0 + n - 1 */
  int (*block)(FrtCtx *cx, void *state, FrtBlock *b);  /* FRT_OK, FRT_STOP (see frt_stop), FRT_FATAL */
} FrtScan;

/* Options of a `write`: constants of the script but for the path. */
typedef struct FrtSinkOptions {
  uint32_t format;
  char delimiter, quote;
  uint8_t header;
  uint8_t level;           /* compression level, 0: the codec's default */
  uint32_t mode, compress;
  FrtStr null;             /* text of null in CSV */
} FrtSinkOptions;

typedef struct FrtSinkColumn {
  FrtStr name;
  const FrtType *type;
} FrtSinkColumn;

typedef struct FrtSink {
  uint32_t op;
  FrtSinkOptions options;
  const FrtSinkColumn *columns;  /* for the header */
  uint32_t column_len;
  uint32_t partitioned;          /* the path depends on the row: files are opened by frt_sink_route */
  int (*path)(FrtCtx *cx, void *state, FrtStr *out);  /* NULL when partitioned */
} FrtSink;

typedef struct FrtParam {
  FrtStr name;
  FrtStr doc;              /* the comment above the declaration, "" if none */
  FrtStr dflt;             /* the default as written in the script, "" if none */
  const FrtType *type;
  uint32_t offset;         /* of the value in what is shared */
  uint32_t null_offset;    /* of its null byte there, when the type is nullable */
  uint32_t required;
  uint32_t masked;
} FrtParam;

typedef struct FrtTap {
  FrtStr name;
  uint32_t op;
  uint32_t every;          /* each n-th row of those that come by; 0 or 1: all */
  uint64_t limit;          /* rows at most, ~0 for no limit */
  uint64_t seed;           /* of the sample; 0: the usual one */
  double rate;             /* share of rows shown, 1.0 for all */
} FrtTap;

/* What the runtime does, in order: scan a source to its end, or emit what an operator holds. */
enum { FRT_STEP_SCAN, FRT_STEP_EMIT };
typedef struct FrtStep {
  uint32_t kind, index;    /* index of the scan, or 0 */
  int (*emit)(FrtCtx *cx, void *state);
} FrtStep;

typedef struct FrtModule {
  uint32_t abi;            /* FRT_ABI */
  uint32_t held_size;      /* bytes of what the workers of a run share; zeroed */
  uint32_t state_size;     /* bytes of what each worker has of its own, its first member a pointer to what is shared; zeroed */
  uint32_t unused;
  FrtStr script;           /* path of the script as given */
  FrtStr script_hash;      /* 16 hex digits */
  FrtStr doc;              /* the comment at the head of the script */
  const FrtParam *params;
  const FrtOp *ops;
  const FrtPort *ports;
  const FrtScan *scans;
  const FrtSink *sinks;
  const FrtTap *taps;
  const FrtStep *steps;
  uint32_t param_len, op_len, port_len, scan_len, sink_len, tap_len, step_len;
  uint32_t unused2;
  int (*defaults)(FrtCtx *cx, void *state, const uint8_t *given); /* sets params that were not given */
  int (*init)(FrtCtx *cx, void *state);    /* after params, once: constants, regular expressions, empty tables */
  void (*worker)(FrtCtx *cx, void *state); /* once for each worker's state: room for the rows of a block */
} FrtModule;

/* The one exported symbol of a generated module: const FrtModule flow_module; */

/* An edge of the plan: from an output of an operator to another one; `held`: the side of a join that is held. */
typedef struct FrtReplayEdge { uint32_t from, port, to, held; } FrtReplayEdge;

/* Of the C library, what generated code calls; libtcc is given the addresses. */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

/* Only these are visible outside the runtime: a module built by cc and loaded finds them there. */
#ifndef __TINYC__
#pragma GCC visibility push(default)
#endif

/* ---- what generated code calls -------------------------------------------------------------- */
/* Room in the block's arena, 16-byte aligned; never NULL (out of memory ends the run). */
void *frt_alloc(FrtCtx *cx, size_t size);
/* Waits until it is the block's turn. FRT_OK; else the block is not wanted: return at once. */
int frt_turn(FrtCtx *cx);
/* Room that lives as long as the run. */
void *frt_alloc_run(FrtCtx *cx, size_t size);

/* Reports that row `row` of `b` failed at operator `op`: code of flowrt_errors.def, the column named
 * `field` (empty when none), cx->detail the value or message. Counts it, and keeps it until the block
 * ends, when the operator's policy decides. Under FRT_POLICY_NULL the caller sets the null
 * and counts FRT_NULLED instead of calling this. */
void frt_error(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field);
/* One more field of a row that frt_error was called for at that operator: both are told in one error. */
void frt_error_more(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, int code, FrtStr field);
/* Fails the run as a whole (exit 2): no row is to blame. */
int frt_fatal(FrtCtx *cx, uint32_t op, int code, FrtStr detail);
/* A gathered row of the port for row `row` of `b`, from its input number `input`: row_size bytes to fill, lives until delivered. */
void *frt_gather(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t port, uint32_t input);
/* For a port's deliver function: makes `b` a block of n delivered rows: sets n, and parent and up (or row0)
 * so that each row keeps its place in the source. */
void frt_port_block(FrtCtx *cx, const uint64_t *keys, uint32_t n, FrtBlock *b);
/* Says that no operator wants rows of the scan after row `row` of `b`; errors of later rows are void. */
void frt_stop(FrtCtx *cx, const FrtBlock *b, uint32_t row);
/* After each block that an FrtStep.emit function sends on: judges errors, delivers ports, resets the arena.
 * FRT_OK, FRT_STOP (nobody wants more: end the emit with FRT_OK), FRT_FATAL. The runtime calls it for scans,
 * and once more with NULL after an emit. */
int frt_block_end(FrtCtx *cx, const FrtBlock *b);
/* Whether the run is to end (a signal): for loops that make many blocks of one. */
int frt_cancelled(void);
/* The number of the source row, for sampling and ordering: same for any block size. */
uint64_t frt_row_number(const FrtBlock *b, uint32_t row);
/* The block of a scan: column c, asked for with FRT_USE_LATE, gets the values of good rows sel[0..n). They have been checked. */
void frt_late(const FrtBlock *b, uint32_t c, const uint32_t *sel, uint32_t n);
/* The file of the source row, which lives as long as the run, and its line (UINT64_MAX: it has none), for rows that are held. */
void frt_row_place(const FrtBlock *b, uint32_t row, FrtStr *file, uint64_t *line);

/* Rows have reached place number `at` of the script (flowc test --coverage). */
void frt_cover(FrtCtx *cx, uint32_t at);
/* Which of the rows go over the edge when dead letters are replayed (sched/replay.h): their number and *out. */
uint32_t frt_replay_gate(FrtCtx *cx, const FrtBlock *b, const uint32_t *sel, uint32_t n, const FrtReplayEdge *edge, const uint32_t **out);

/* An output file's buffer. For format FRT_FMT_JSON the runtime writes "[\n" and "\n]\n", and generated code
 * writes ",\n" before a row when rows++ > 0 and no line end behind it. Generated code writes at `at`, and asks for room when end - at is less
 * than it needs. `rows` counts rows written to this file. */
typedef struct FrtOut {
  char *at, *end;
  uint64_t rows;
  uint32_t sink;
  uint32_t part;           /* the runtime's: a worker's part of the file */
} FrtOut;
FrtOut *frt_sink_out(FrtCtx *cx, uint32_t sink);                 /* not partitioned; never NULL */
FrtOut *frt_sink_route(FrtCtx *cx, uint32_t sink, FrtStr path);  /* one a row; NULL: FRT_FATAL */
/* The same for rows whose values have numbers: each number, in ascending order, gets its file by frt_route_add (or, as no path
 * could be made, its error by frt_route_fail). frt_route_part parts the rows sel[0..n) with the numbers ids by file, reports
 * those of failed numbers and returns how many; frt_route_next gives file by file: FRT_OK, FRT_END, FRT_FATAL. */
int frt_route_add(FrtCtx *cx, uint32_t sink, FrtStr path);
void frt_route_fail(FrtCtx *cx, uint32_t sink, int error);
uint32_t frt_route_part(FrtCtx *cx, uint32_t sink, const FrtBlock *b, const uint32_t *ids, const uint32_t *sel, uint32_t n);
int frt_route_next(FrtCtx *cx, uint32_t sink, FrtOut **out, const uint32_t **rows, uint32_t *n);
/* Makes room for `need` bytes and returns o->at, NULL when writing failed (FRT_FATAL). `o->at` must
 * have been stored. */
char *frt_out_room(FrtCtx *cx, FrtOut *o, size_t need);
FrtStr frt_path_safe(FrtCtx *cx, FrtStr value);  /* a value made safe for one path component */
/* Dead letters: one of the runtime's own error rows, or row `row` of `b` that left operator `op` by
 * the port `port` with no error. */
int frt_deadletter(FrtCtx *cx, uint32_t sink, const FrtErrorRow *row);
int frt_deadletter_row(FrtCtx *cx, uint32_t sink, const FrtBlock *b, uint32_t row, uint32_t op, FrtStr port);
/* A tap's row: room to write the JSON object of its values into, then frt_tap_end; NULL when its limit is reached
 * or the sample leaves the row out. */
char *frt_tap_begin(FrtCtx *cx, uint32_t tap, const FrtBlock *b, uint32_t row, size_t need);
void frt_tap_end(FrtCtx *cx, uint32_t tap, char *end);

/* The envelope of an error row. Strings live as long as the row (until its port has delivered). */
struct FrtErrorRow {
  uint64_t key;            /* number of the source row */
  FrtStr file, field, code, message, raw, operator_name, script;
  FrtStr fields;           /* all that failed: "id, amount" */
  int64_t line, offset;    /* of the record in its file; -1 when there is none */
  int64_t column;          /* character of the field in its line, from 1; 0 when not known */
  int64_t script_line, script_column;
  int64_t time_us;
  int64_t retry_count;
  uint32_t op;
  uint32_t error;          /* FRT_E_*, 0 for a row of an else port */
  uint32_t raw_masked;     /* `raw` is not as it stands in the file */
  uint32_t field_len;      /* several fields failed: so many; `field` is the first, `message` is about each. Else 0 */
};

#include "flowrt_fn.h"

#ifndef __TINYC__
#pragma GCC visibility pop
#endif

#endif
