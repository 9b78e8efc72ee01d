/* flowrt_join.h: the build side of a join; part of flowrt.h. Generated code puts the right side's rows into
 * `rows` and their keys into `keys`, and finds them by key numbers. */
#ifndef FLOWRT_JOIN_H
#define FLOWRT_JOIN_H

enum {
  FRT_JOIN_TIMES = 1,     /* as-of joins */
  FRT_JOIN_MATCHES = 2,   /* right and full joins */
  FRT_JOIN_WIDE = 4       /* as-of joins: a time is two words, the higher one first */
};
enum { FRT_ASOF_LATER = 1, FRT_ASOF_STRICT = 2 };
/* In place of a row's number: FRT_NONE where nothing matches, or */
#define FRT_SEVERAL 0xfffffffeu   /* several rows match where one may */
#define FRT_FAILED 0xfffffffdu    /* the row has failed already; the least of the three */

typedef struct FrtJoin {
  FrtTable keys;
  FrtStore rows;
  uint32_t *key_of;                /* by row: its key's number; FRT_NONE: no left row can match it */
  uint64_t *times;                 /* as-of: by row; once ready: by position in `order`; FRT_JOIN_WIDE: two each */
  uint32_t *start, *order;         /* once ready, if several: order[start[key] .. start[key + 1]) are the key's rows */
  uint8_t *matched;                /* FRT_JOIN_MATCHES: by key number */
  uint32_t *direct;                /* once ready, where keys are words of a small range: by word - base, key numbers */
  uint64_t base, span;             /* the range, span 0: none; direct NULL: key numbers are word - base */
  uint64_t room, held;             /* of key_of; bytes beside the table and the store */
  const struct FrtJoinSpec *spec;  /* how it goes to disk (flowrt_join_spill.h); NULL: it must fit */
  void *spilled;                   /* not NULL: it is on disk */
  uint8_t *back_kind;              /* rows that come back: what became of them, and their right rows, of row_size bytes */
  char *back_rows;
  FrtTable lefts;                  /* the keys of the left side, where that came first */
  uint32_t left_first;             /* 1: right rows with other keys are not wanted; 2: the keys were too many, all are */
  uint32_t flags, several, ready;  /* several: some key may have several rows; else row numbers are key numbers */
} FrtJoin;

/* Zeroed, then frt_join_init; frt_join_end gives its memory back (for frt_at_end). */
void frt_join_init(FrtJoin *j, uint32_t is_text, uint32_t row_size, uint32_t flags);
void frt_join_end(void *join);
/* The left side comes first: after frt_join_init. Notes the keys of n left rows (words or texts; ids and fresh: scratch). */
void frt_join_left_first(FrtJoin *j);
void frt_join_note(FrtCtx *cx, FrtJoin *j, const void *keys, const uint8_t *nul, uint32_t n, uint32_t *ids, uint32_t *fresh);
/* Of n right rows sel[k] with keys[k], nul[k], those that a left row can match move to the front; their rows into keep[]. Returns how many. */
uint32_t frt_join_wanted(const FrtJoin *j, void *keys, uint8_t *nul, const uint32_t *sel, uint32_t n, uint32_t *ids, uint32_t *keep);
/* The last n rows of the store have these keys and times (NULL: none); ids NULL: the join keeps keys only. FRT_OK or FRT_FATAL. */
int frt_join_add(FrtCtx *cx, FrtJoin *j, uint32_t op, const uint32_t *ids, const uint64_t *times, uint32_t n);
/* All rows are there: before anything is found. Does nothing when called again. */
void frt_join_ready(FrtJoin *j);
/* The numbers of keys, FRT_NONE for those that are not there and for nulls. */
void frt_join_find_words(const FrtJoin *j, const uint64_t *keys, const uint8_t *nul, uint32_t n, uint32_t *ids);
void frt_join_find_texts(const FrtJoin *j, const FrtStr *keys, const uint8_t *nul, uint32_t n, uint32_t *ids);
/* Key numbers become numbers of rows: the first of each key; FRT_SEVERAL where there are more and only_one is set. */
void frt_join_find(const FrtJoin *j, uint32_t *ids, uint32_t n, uint32_t only_one);
/* Key numbers become numbers of the rows that are nearest to times[k] and at most `within` away (of wide times: any distance): the latest that is not
 * later or, FRT_ASOF_LATER, the first that is not earlier; FRT_ASOF_STRICT: nor at the same time. */
void frt_join_asof(const FrtJoin *j, uint32_t *ids, const uint64_t *times, uint32_t n, uint32_t how, uint64_t within);
/* A column of rows: out[to[k]] = the member of row rows[k] at `offset`. is_text: an FrtStr, whose text is fetched too. */
void frt_join_gather(const FrtJoin *j, const uint32_t *rows, const uint32_t *to, uint32_t n, uint32_t offset, uint32_t size,
                     uint32_t is_text, void *out);

#endif
