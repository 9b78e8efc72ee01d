/* flowrt_sort.h: rows in order: keys of any form, rows that wait as text or as bytes, in memory or on disk; part of flowrt.h. */
#ifndef FLOWRT_SORT_H
#define FLOWRT_SORT_H

/* ---- keys of any form ---- */

/* What is to be put in order: entries of a key and a payload, in chunks. A key is 1 to FRT_SORT_WORDS words, compared one
 * after another; or, by_bytes, the payload is the address of an FrtSortKey, and the word the first 8 of its bytes (padded
 * with zeros): FRT_SORT_TEXT any bytes, FRT_SORT_PARTS none of which another one begins with. Memory is asked of the budget. Zeroed, then frt_sorter_init. */
enum { FRT_SORT_WORDS = 4, FRT_SORT_TEXT = 1, FRT_SORT_PARTS = 2 };
typedef struct FrtSortKey {
  uint64_t payload;
  uint32_t len, unused;
  char bytes[8];         /* len of them, and zeros up to a multiple of 8: unsigned bytes are compared, then the shorter comes first */
} FrtSortKey;
typedef struct FrtSorter {
  uint32_t words, by_bytes;
  uint32_t rising;                 /* see sorter.c */
  uint32_t refused;                /* the budget is used up: time to put the entries elsewhere */
  uint64_t len;
  void **chunks;
  uint32_t chunk_len, chunk_room;
  uint64_t first[FRT_SORT_WORDS], last[FRT_SORT_WORDS], differ[FRT_SORT_WORDS];
  const FrtSortKey *last_key;
  uint64_t held;                   /* bytes, in the budget */
  FrtPair *pairs;                  /* sorted: row is the payload, the key is used up */
} FrtSorter;
void frt_sorter_init(FrtSorter *s, uint32_t words, uint32_t by_bytes);
/* Entry k: words[k * s->words] and on, and payloads[k]. */
void frt_sorter_add(FrtSorter *s, const uint64_t *words, const uint64_t *payloads, uint32_t n);
/* Stable: fills s->pairs[0 .. len), and frees the entries. keep: they stay, and the row of a pair is an address of an FrtSortKey
 * (by_bytes), or a number for frt_sorter_words, which gives the words and behind them the payload. */
void frt_sorter_sort(FrtSorter *s, uint32_t keep);
const uint64_t *frt_sorter_words(const FrtSorter *s, uint64_t row);
void frt_sorter_free(FrtSorter *s);

/* Parts of byte keys, whose order is that of the values; what begins with another part is never a part itself. A text takes
 * at most 2 * len + 2 bytes; flip: 0, or 0xff for the opposite order. */
char *frt_order_put_word(char *p, uint64_t word, uint32_t bytes);
char *frt_order_put_text(char *p, FrtStr v, uint32_t flip);

/* ---- rows as text ---- */

/* Rows as a sink will print them, without line ends. A place is 16 bits of length and 48 of address; length 0xffff: the
 * four bytes before the text say it. Texts lie in chunks of their own or in mapped files. Zeroed, then frt_texts_init. */
typedef struct FrtTexts {
  FrtOut out;           /* first: the next row is printed at out.at */
  void *chunks, *files;
  char *key_at, *key_end;
  FrtSorter sorter;
  uint64_t at;          /* rows that were put */
  uint64_t ahead;       /* rows that were written by several threads already */
  uint64_t held;        /* bytes of the chunks */
  void *runs;           /* sorted runs on disk */
  uint32_t op, refused;
} FrtTexts;
void frt_texts_init(FrtTexts *t, uint32_t op, uint32_t words, uint32_t by_bytes);
/* As frt_out_room, for out of an FrtTexts; only at the start of a row. */
char *frt_texts_room(FrtCtx *cx, FrtOut *o, size_t need);
/* The row from out.at to `end` is printed: its place. At least 8 bytes must be left behind it. */
uint64_t frt_texts_end_row(FrtTexts *t, char *end);
/* The places of rows that stand in the source: from the start of `first` to the end of `last`. */
void frt_texts_slices(FrtCtx *cx, FrtTexts *t, const FrtBlock *b, const FrtFields *first, const FrtFields *last,
                      const uint32_t *sel, uint32_t n, uint64_t *places);
/* Rows at rest, with their keys: `words` as for frt_sorter_add, or byte keys (the other is NULL). When the budget is used up, all rows
 * so far go to disk as a sorted run. FRT_OK or FRT_FATAL. */
int frt_texts_hold(FrtCtx *cx, FrtTexts *t, const uint64_t *words, const FrtStr *keys, const uint64_t *places, uint32_t n);
/* All rows are there: puts them in order. FRT_OK or FRT_FATAL. */
int frt_texts_sort(FrtCtx *cx, FrtTexts *t);
/* Writes the next rows, n at most, to the sink, a line each; *done: how many, 0 at the end. FRT_OK or FRT_FATAL. */
int frt_texts_put(FrtCtx *cx, FrtTexts *t, uint32_t sink, uint32_t n, uint32_t *done);
/* The next row as it is, until the next call; FRT_OK, FRT_END or FRT_FATAL. */
int frt_texts_next(FrtCtx *cx, FrtTexts *t, const char **text, size_t *len);
/* Frees all. FRT_FATAL when a file was cut meanwhile. */
int frt_texts_end(FrtCtx *cx, FrtTexts *t);
void frt_texts_drop(void *texts);   /* frees all, for frt_at_end */

/* ---- rows as bytes ---- */

/* Rows of columns that wait as bytes. Zeroed, then frt_sort_rows_init; frt_texts_sort(cx, &texts) when all rows are there. */
typedef struct FrtSortRows {
  FrtTexts texts;
  const FrtSpillColumn *columns;   /* by offsets in the state */
  void *form;
} FrtSortRows;
void frt_sort_rows_init(FrtSortRows *q, uint32_t op, uint32_t words, uint32_t by_bytes, const FrtSpillColumn *columns, uint32_t len);
/* Rows sel[0 .. n) of the columns that the state has now; words or keys as for frt_texts_hold. FRT_OK or FRT_FATAL. */
int frt_sort_rows_hold(FrtCtx *cx, const void *state, FrtSortRows *q, const uint64_t *words, const FrtStr *keys, const uint32_t *sel,
                       uint32_t n);
/* The next rows, n at most, into rows 0 .. *done - 1 of the columns that the state has now; *done is 0 at the end. Texts live until
 * the block ends. FRT_OK or FRT_FATAL. */
int frt_sort_rows_next(FrtCtx *cx, const void *state, FrtSortRows *q, uint32_t n, uint32_t *done);
void frt_sort_rows_end(void *rows);   /* frees all; twice does no harm */

/* ---- rows of a store ---- */

/* Rows of a store, with the pairs that order them, that do not fit: sorted runs on disk, by group and order. Zeroed, then
 * frt_away_init and what follows `columns`; ended by frt_away_end (runtime/op/away.c). */
typedef struct FrtAway {
  uint32_t op, len;
  const FrtSpillColumn *columns;   /* by offsets in the row */
  FrtStore *store;
  FrtPairs *pairs;
  FrtTable *table;                 /* NULL: no groups; else a row begins with the number of its group */
  FrtCompare *compare;             /* NULL: equal words are equal keys */
  uint32_t (*key)(struct FrtAway *a, const void *row);   /* the order of a row as bytes in frt_away_room: how many; NULL: the pair's word */
  uint32_t heads, unused;          /* 1: each group of a run begins with a record that says when it appeared */
  uint64_t limit;                  /* rows of a group (of all, without groups) that are wanted at most; 0: all. `top 0` asks for one */
  void *own;                       /* NULL: all rows are in the store */
} FrtAway;

void frt_away_init(FrtCtx *cx, FrtAway *a, uint32_t op, const FrtSpillColumn *columns, uint32_t len, FrtStore *store, FrtPairs *pairs,
                   FrtTable *table);
char *frt_away_room(FrtAway *a, size_t n);
/* Whether there is room for the rows of one more block. */
int frt_away_fits(const FrtAway *a);
/* Whether there is room for a second store of the same size. */
int frt_away_cuts(const FrtAway *a);
/* All rows become a sorted run; store, pairs and table are empty then. FRT_OK or FRT_FATAL. */
int frt_away_write(FrtCtx *cx, FrtAway *a);
void frt_away_end(void *away);

/* `top` when rows went to disk. The next row that is wanted, into *row (its texts live until the block ends): of each group `limit`, groups in
 * order of first appearance. FRT_OK, FRT_END, FRT_FATAL. */
int frt_away_top(FrtCtx *cx, FrtAway *a, uint64_t limit, void *row);

/* ---- window functions ---- */

/* Rows of one group, in order, as far as they are in memory. */
typedef struct FrtRankPart {
  const FrtPair *p;
  uint64_t from, to;               /* p[from .. to) are to be looked at */
  uint64_t len;                    /* behind them stand rows up to here, before them those up to 0 */
  uint64_t at;                     /* the place of p[0] in the group */
  uint64_t rows;                   /* of the group, as far as they are known */
  uint32_t pass;                   /* 1: what needs all rows of the group sums up; 2: results; 3: both */
  uint32_t first;                  /* nothing of the group was looked at before */
  uint32_t more, unused;           /* the group comes again: what is kept of its rows must not point into them */
} FrtRankPart;

/* Rows in the store that go to disk in order; results, by the number of the row, with what goes on. */
typedef struct FrtRank {
  FrtAway away;
  uint32_t row_size, made_len;
  const FrtSpillColumn *made;      /* what goes on, by offsets in the row */
  const FrtSpillColumn *given;     /* the same by offsets in the state */
  uint64_t before, behind;         /* rows that functions look back and ahead */
  uint32_t passes, unused;         /* 2: some function needs all rows of a group before the first result */
  int (*part)(FrtCtx *cx, void *state, const FrtRankPart *part);
  FrtTexts results;
  void *form;
} FrtRank;

/* Computes, when away.own: before frt_rank_next. FRT_OK or FRT_FATAL. */
void frt_rank_init(FrtCtx *cx, FrtRank *r);   /* after frt_away_init */
int frt_rank_rest(FrtCtx *cx, void *state, FrtRank *r);
/* The next row of the source, with its results, into row m of `given`. FRT_OK, FRT_END, FRT_FATAL. */
int frt_rank_next(FrtCtx *cx, void *state, FrtRank *r, uint32_t m);
void frt_rank_end(void *rank);

/* ---- values of groups ---- */

/* What an aggregate holds for each row of its groups. Zeroed, then frt_values_init; while all fits they lie in the store and the
 * table; then in sorted runs on disk (runtime/op/values.c). */
enum { FRT_VALUES_FLOATS = 1, FRT_VALUES_ROWS, FRT_VALUES_DISTINCT, FRT_VALUES_MODE };
enum { FRT_GROUP_NONE, FRT_GROUP_WORD, FRT_GROUP_TEXT };   /* keys of the table: the group's number is in the upper half of the word,
                                                              in the first four bytes of the text */
typedef struct FrtValues {
  uint32_t op, kind;
  FrtStore *store;                 /* FrtHeldF64; or rows that begin with the value; of mode: by number of the table; NULL: count_distinct */
  FrtTable *table;                 /* count_distinct and mode: of pairs of group and value */
  FrtSpillColumn value;            /* in a row of the store */
  uint32_t group_at, count_at;     /* where a row has the group's number and, of mode, how often it came */
  uint32_t group_in, unused;       /* FRT_GROUP_* */
  void *own;                       /* NULL: nothing is on disk */
} FrtValues;

void frt_values_init(FrtCtx *cx, FrtValues *v, uint32_t op, uint32_t kind, FrtStore *store, FrtTable *table);
/* After a block: goes to disk when there is no room for one more. FRT_OK or FRT_FATAL. */
int frt_values_keep(FrtCtx *cx, FrtValues *v);
/* Before the groups' results. When `own` then, the values of the groups come by the functions below. FRT_OK or FRT_FATAL. */
int frt_values_open(FrtCtx *cx, FrtValues *v);
void frt_values_end(void *values);
/* The next n values are those of one group, groups by their numbers. Who fails has called frt_fatal. */
void frt_values_quantiles(FrtCtx *cx, FrtValues *v, uint64_t n, const double *shares, uint32_t len, double *out);
FrtList frt_values_list(FrtCtx *cx, FrtValues *v, uint64_t n, uint32_t size);
int frt_values_text(FrtCtx *cx, FrtStr *out, FrtValues *v, uint64_t n, FrtStr separator);   /* FRT_OK, FRT_E_TOO_LONG */
/* The next pair of group and value, in any order. FRT_OK, FRT_END, FRT_FATAL. */
int frt_values_distinct(FrtCtx *cx, FrtValues *v, uint32_t *group);
/* And how often it came, when first, and the value, into *value, until the next call. */
int frt_values_mode(FrtCtx *cx, FrtValues *v, uint32_t *group, uint64_t *count, uint64_t *first, void *value);

#endif
