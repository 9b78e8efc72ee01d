/* flowrt_hold.h: where rows rest: a store of fixed rows, a hash table of keys, a stable sort; part of
 * flowrt.h. Generated code brings the row structs, the keys and the comparisons; these bring the memory and
 * the loops, one call a block and column. */
#ifndef FLOWRT_HOLD_H
#define FLOWRT_HOLD_H

/* ---- rows ---- */

/* Rows of one fixed size, in chunks that never move, and the texts that they point to. Zeroed, then
 * frt_store_init. Row i lives until frt_store_free. */
typedef struct FrtStore {
  uint32_t row_size, shift;        /* a chunk holds 1 << shift rows */
  uint32_t chunk_len, chunk_room;
  char **chunks;
  uint64_t len;                    /* rows */
  char *text_at, *text_end;
  void *texts;                     /* list of text chunks */
  uint64_t bytes;                  /* held from the system, counted in the budget (base/budget.h) */
  uint32_t spills, unused;         /* spills: its owner asks before it adds rows; else the run ends when the budget is passed */
} FrtStore;

void frt_store_init(FrtStore *s, uint32_t row_size);
void *frt_store_add(FrtCtx *cx, FrtStore *s);               /* room for one row, zeroed */
void *frt_store_row(const FrtStore *s, uint64_t i);
#define FRT_ROW(s, i) ((void *)((s)->chunks[(i) >> (s)->shift] + ((i) & ((1u << (s)->shift) - 1)) * (uint64_t)(s)->row_size))
FrtStr frt_store_text(FrtCtx *cx, FrtStore *s, FrtStr v);   /* a copy that lives as long as the store */
/* Copies what a list or a struct points to: *value then belongs to the store. */
void frt_store_value(FrtCtx *cx, FrtStore *s, const FrtType *t, void *value);
void frt_store_free(FrtStore *s);

/* ---- keys ---- */

/* Numbers the distinct keys 0, 1, 2, ... in order of first appearance. Keys are 64-bit words or byte texts
 * (several columns are put together by frt_key_*). Open addressing, linear probing, 32 bits of salt a slot; probes of a
 * block are prefetched in batches. Word keys below dense_room stand in an array instead, which grows while half of all
 * keys are small for their number (docs/adr/0011-hash-table.md). Zeroed, then frt_table_init. */
typedef struct FrtTable {
  uint64_t *slots;                 /* salt << 32 | number + 1; 0: free */
  uint64_t mask;
  uint64_t *words;                 /* by number: the key, or for texts the hash */
  FrtStr *texts;                   /* by number, texts only */
  uint32_t len, room;
  uint32_t is_text;
  uint32_t null_number;            /* number of the null key, FRT_NONE while there is none */
  FrtStore keep;                   /* of the texts */
  uint32_t *dense;                 /* by key: number + 1, 0: free */
  uint64_t dense_room;
  uint32_t dense_check;            /* the number of keys at which dense is looked at again */
  uint32_t spills;                 /* as in FrtStore */
} FrtTable;

#define FRT_NONE 0xffffffffu

void frt_table_init(FrtTable *t, uint32_t is_text);
/* The numbers of keys[0..n) into ids; nul: NULL, or 1 for null, which is a key of its own. fresh[] gets the
 * positions k (ascending) of keys that were not there before; returns how many. */
uint32_t frt_table_add_words(FrtCtx *cx, FrtTable *t, const uint64_t *keys, const uint8_t *nul, uint32_t n, uint32_t *ids, uint32_t *fresh);
uint32_t frt_table_add_texts(FrtCtx *cx, FrtTable *t, const FrtStr *keys, const uint8_t *nul, uint32_t n, uint32_t *ids, uint32_t *fresh);
/* The numbers of keys, FRT_NONE for those that are not there and for nulls. */
void frt_table_find_words(const FrtTable *t, const uint64_t *keys, const uint8_t *nul, uint32_t n, uint32_t *ids);
void frt_table_find_texts(const FrtTable *t, const FrtStr *keys, const uint8_t *nul, uint32_t n, uint32_t *ids);
void frt_table_free(FrtTable *t);

/* Floats as key words: -0.0 is 0.0, every NaN is one. */
uint64_t frt_key_word_f64(double v);
/* Keys of several columns, one after another: each value is self-delimiting. Room: 9 bytes for a word, 17 for wide
 * ones, 5 + length for texts. */
char *frt_key_null(char *p);
char *frt_key_word(char *p, uint64_t v);
char *frt_key_wide(char *p, uint64_t hi, uint64_t lo);
char *frt_key_text(char *p, FrtStr v);

/* ---- order ---- */

/* A row and the first 8 bytes of its sort key, order-preserving: smaller key, earlier row. */
typedef struct FrtPair {
  uint64_t key, row;
} FrtPair;

/* Words whose unsigned order is the order of the values. */
uint64_t frt_order_i64(int64_t v);
uint64_t frt_order_f64(double v);       /* NaN above infinity, -0.0 equal to 0.0 */
uint64_t frt_order_text(FrtStr v);      /* the first 8 bytes; equal words need a comparison */
/* Compares two rows of the store by all keys. env: the module's state. */
typedef int FrtCompare(const void *env, const void *a, const void *b);
/* Stable: rows of equal order stay as they are in pairs. exact: equal words are equal keys, cmp is not called. LSD radix
 * over the bytes that differ, then merge sort of runs of equal words. */
void frt_sort_pairs(FrtPair *pairs, uint64_t n, uint32_t exact, FrtCompare *cmp, const void *env, const FrtStore *s);
/* Growable array of pairs. */
typedef struct FrtPairs {
  FrtPair *data;
  uint64_t len, room;
} FrtPairs;
void frt_pairs_add(FrtPairs *p, uint64_t key, uint64_t row);
void frt_pairs_free(FrtPairs *p);
/* Rows of groups: each row begins with the uint32_t number of its group, less than `groups`. Keeps the first `limit`
 * pairs of each group; puts the groups one after another, stably. */
void frt_pairs_cut_groups(FrtPairs *p, const FrtStore *s, uint32_t groups, uint64_t limit);
void frt_pairs_group(FrtPairs *p, const FrtStore *s, uint32_t groups);

/* ---- the end ---- */

/* call(what) when the run ends, however it ends: for what was not freed before (freeing twice does no harm). */
void frt_at_end(FrtCtx *cx, void (*call)(void *what), void *what);
void frt_table_end(void *table);
void frt_store_end(void *store);
void frt_pairs_end(void *pairs);

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
/* Frees all. FRT_FATAL when a file was cut meanwhile. */
int frt_texts_end(FrtCtx *cx, FrtTexts *t);
void frt_texts_drop(void *texts);   /* frees all, for frt_at_end */

#endif
