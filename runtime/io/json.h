/* json.h: what the files of the JSON reader share (json.c, json_careful.c, json_fast.c, json_value.c,
 * json_index*.c). JSON is RFC 8259, strictly.
 *
 * The careful path (json_careful.c) validates a record byte by byte and notes where the value of each
 * used column stands; json_value.c decodes such a value. The fast path (json_fast.c) does the same for a
 * run of records of one shape at once; it must never differ. */
#ifndef FRT_IO_JSON_H
#define FRT_IO_JSON_H

#include "io/scan.h"

enum {
  JSON_DEPTH_MAX = 512,       /* brackets and braces inside each other: bounds the state of a hostile file */
  JSON_MEMBERS_MAX = 1024,    /* members of a record that the fast path may learn */
  JSON_ABSENT = -1,           /* a member that no column is named after */
  JSON_PATH_MAX = 256         /* bytes of a field path in a message; longer ones are cut */
};

/* Why a text is no JSON. `at` points into the text; `cut`: the text ended too early, and more bytes might
 * complete it. */
typedef struct JsonFault {
  const char *what;
  const char *at;
  int cut;
} JsonFault;

/* ---- json_careful.c: validation ---- */
/* Skips blanks. */
const char *json_skip_space(const char *p, const char *end);
/* Reads one value at p, which must begin there: returns its end, NULL with *f. Text above 0x7f sets *high:
 * the caller checks that it is UTF-8. Reads nothing at or beyond `end`. */
const char *json_skip_value(const char *p, const char *end, int *high, JsonFault *f);
/* Reads the rest of a string behind its opening quote: returns the closing quote. */
const char *json_skip_string(const char *p, const char *end, int *high, JsonFault *f);
/* The bytes of the escape at p (p[0] is the backslash), 0 when it is wrong: a surrogate pair is one. */
uint32_t json_escape_size(const char *p, const char *end);
/* Whether p[0..n) is one JSON value between blanks. */
int json_valid(const char *p, size_t n, JsonFault *f);
/* Decodes the escapes of a valid string's inside; out has room for n bytes. Returns the size. */
size_t json_unescape(char *out, const char *p, size_t n);

/* ---- json_value.c: from the text of a value to its C form ---- */
/* The path of the field that failed: "customer.items[2].price". */
typedef struct JsonPath {
  uint32_t len;
  char text[JSON_PATH_MAX];
} JsonPath;

/* Decodes a valid value. Structs, lists and unescaped text come from the block's arena. FRT_OK, FRT_NULL
 * for a null of a nullable type, or an error code with cx->detail; path (or NULL) gets the names below
 * the column. format and zone as in FrtColumn. */
int json_decode(FrtCtx *cx, const FrtColumn *column, FrtStr text, void *out, JsonPath *path);

/* ---- state of a scan ---- */

/* A name that a column goes by. */
typedef struct JsonName {
  FrtStr text;
  int32_t column;
} JsonName;

/* A member of the last record read carefully: what the next record is expected to look like. */
typedef struct JsonMember {
  const char *begin;          /* the brace or comma before it */
  const char *colon;
  const char *value, *value_end;
  int32_t name;               /* index into names, or JSON_ABSENT */
} JsonMember;

/* Part of a member's name as it stands before the colon of slot `slot`: 16 bytes that begin `back` bytes
 * before it, compared under a mask. */
typedef struct JsonCheck {
  uint32_t slot, back;
  uint64_t want[2], mask[2];
} JsonCheck;

/* How a run of records is laid out: learned from one record. */
typedef struct JsonShape {
  int good;                   /* the fast path may be tried */
  uint32_t members, stride;   /* stride = 2 * members: separators of a record */
  uint32_t first;             /* bytes from the brace to the first colon */
  JsonCheck *checks;
  uint32_t check_len, check_room;
  uint32_t back_max;          /* of the checks */
  int32_t *slot;              /* slot[c]: the colon before column c's value, or JSON_ABSENT */
  uint32_t *gap;              /* gap[c]: spaces after that colon, 0 or 1 */
  uint32_t unknown;           /* members that no column is named after */
} JsonShape;

struct JsonIndex;

typedef struct JsonState {
  JsonName *names;            /* of all columns, with those of `from` */
  uint32_t name_len;
  int32_t *name_hash;         /* open addressing, JSON_ABSENT: free */
  uint32_t hash_mask;
  uint32_t contract;          /* FRT_CONTRACT_* */
  FrtStr unknown;             /* the first member of the record that no column is named after, with its quotes */
  FrtStr *cell;               /* cell[c]: the text of column c's value in the record; ptr NULL: missing */
  JsonMember *member;         /* of the record read last, at most JSON_MEMBERS_MAX are noted */
  uint32_t member_len;        /* may be more than JSON_MEMBERS_MAX */
  /* the records of the block */
  FrtFields record;
  uint32_t *record_beg, *record_end;
  uint64_t *line;
  /* fast path */
  FrtColumnKernel **kernel;   /* of each column, or NULL */
  JsonShape shape;
  void (*indexer)(struct JsonIndex *x);
  uint32_t *index;            /* separators of the window from index_at on */
  uint32_t index_len, index_room, index_used;
  const char *index_at;       /* base of index */
  int index_high, index_slash;/* there are bytes above 0x7f, backslashes */
  uint32_t *special;          /* rows that are decoded one by one */
  uint8_t *special_row;
  uint32_t misses;            /* careful records since the last run that paid */
  uint32_t pause;             /* records to read carefully before the fast path is tried again */
  int passing;                /* jsonl: the rest of a line that was too long is passed over */
  /* json: where we are in the array */
  int phase;
} JsonState;

/* Makes the tables of names and the cells. */
void json_names_open(FrtScanner *s, JsonState *j);
/* Parses one record: an object that begins at p. Fills s's cells. Returns its end, or NULL. */
const char *json_read_object(JsonState *j, const FrtScan *scan, const char *p, const char *end, int *high,
                             uint64_t *unknown, JsonFault *f);
/* Converts the cells of row `row`: all used columns, in their order. */
void json_convert_row(FrtScanner *s, uint32_t row);
/* Column c of a row has no member: null, the default, or an error. */
void json_convert_missing(FrtScanner *s, uint32_t c, uint32_t row);
/* Decodes one value into the block, with its errors. */
void json_convert_value(FrtScanner *s, uint32_t c, uint32_t row, FrtStr text);

/* ---- json_fast.c ---- */
void json_fast_open(FrtScanner *s);
void json_fast_close(FrtScanner *s);
/* Learns the shape of the record that was read last: it began at p, the next line begins at `next`. */
void json_shape_learn(FrtScanner *s, const char *p, const char *next);
/* Reads up to `max` records of the learned shape at s->at into the block from row `row` on, and moves s->at
 * and s->line. Returns how many; 0: the careful path has to read the next one. */
uint32_t json_fast_run(FrtScanner *s, uint32_t row, uint32_t max);

#endif
