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
  uint32_t spills, unused;         /* as in FrtStore */
} FrtPairs;
void frt_pairs_add(FrtPairs *p, uint64_t key, uint64_t row);
void frt_pairs_free(FrtPairs *p);
/* By group: whether there are as many pairs as are wanted, and then the key of the last one. Zeroed is empty. */
typedef struct FrtBounds {
  uint64_t *key;
  uint8_t *full;
  uint32_t len, room;
} FrtBounds;
void frt_bounds_free(void *bounds);   /* twice does no harm */
/* Rows of groups: each row begins with the uint32_t number of its group, less than `groups`. Keeps the first `limit`
 * pairs of each group, and notes the bounds (or NULL); puts the groups one after another, stably. */
void frt_pairs_cut_groups(FrtPairs *p, const FrtStore *s, uint32_t groups, uint64_t limit, FrtBounds *bounds);
void frt_pairs_group(FrtPairs *p, const FrtStore *s, uint32_t groups);

/* ---- the end ---- */

/* call(what) when the run ends, however it ends: for what was not freed before (freeing twice does no harm). */
void frt_at_end(FrtCtx *cx, void (*call)(void *what), void *what);
void frt_table_end(void *table);
void frt_store_end(void *store);
void frt_pairs_end(void *pairs);

#endif
