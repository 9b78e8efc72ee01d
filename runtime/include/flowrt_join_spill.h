/* flowrt_join_spill.h: joins whose right side does not fit into memory; part of flowrt.h. */
#ifndef FLOWRT_JOIN_SPILL_H
#define FLOWRT_JOIN_SPILL_H

/* What becomes of a left row. A row that comes back from disk has one of these in FrtJoin.back_kind. */
enum {
  FRT_BACK_MATCH,      /* its right row is in back_rows */
  FRT_BACK_NULLS,      /* it found nothing, and goes on with nulls; of semi and anti joins: it goes on */
  FRT_BACK_ELSE,
  FRT_BACK_SEVERAL,    /* a lookup found several rows */
  FRT_BACK_RIGHT       /* a right row that no left row found */
};

enum {                 /* FrtJoinSpec.flags */
  FRT_JOIN_SEMI = 1, FRT_JOIN_ANTI = 2,
  FRT_JOIN_ONE = 4,              /* lookup: the first match */
  FRT_JOIN_ONLY_ONE = 8,         /* and more than one is FRT_BACK_SEVERAL */
  FRT_JOIN_ASOF = 16,
  FRT_JOIN_MISS_NULLS = 32,      /* left rows that find nothing go on with nulls */
  FRT_JOIN_MISS_ELSE = 64        /* or leave by the else port; else they are dropped */
};

/* How a join puts its rows on disk, a constant of the module. While the right side fits, it is not looked at. When the budget refuses
 * more of it, all right rows go to disk, by the hash of their key, and so do the left rows when they come. At the end the pairs of
 * partitions are joined one after another, and the results merged in the order of the left rows (runtime/op/join_spill.c). */
typedef struct FrtJoinSpec {
  uint32_t op, flags;
  const FrtSpillColumn *left, *right;   /* left: by offsets in the state; right: by offsets in the row struct */
  uint32_t left_len, right_len;
  uint32_t how;                         /* as-of: FRT_ASOF_* */
  uint64_t within;
  int (*give)(FrtCtx *cx, void *state, uint32_t n);   /* rows 0..n-1 of the left columns, back_rows and back_kind go on */
} FrtJoinSpec;

/* After frt_join_init: the join may go to disk. */
void frt_join_spills(FrtJoin *j, const FrtJoinSpec *spec);
/* Left rows rows[k] with keys[k] (words or texts, as those of the right side), when `spilled`. As-of joins: their times, and ids:
 * FRT_NONE where the row matches nothing, FRT_FAILED where it has failed. FRT_OK or FRT_FATAL. */
int frt_join_left(FrtCtx *cx, void *state, FrtJoin *j, const void *keys, const uint8_t *nul, const uint32_t *rows, const uint32_t *ids,
                  const uint64_t *times, uint32_t n);
/* After the last left row, when `spilled`. FRT_OK, FRT_STOP or FRT_FATAL. */
int frt_join_rest(FrtCtx *cx, void *state, FrtJoin *j);

/* Left rows that wait for the right side: in a store while they fit, then behind them on disk. Zeroed, then op, columns and len. */
typedef struct FrtRowQueue {
  uint32_t op, len;
  const FrtSpillColumn *columns;        /* by offsets in the state */
  void *away;                           /* not NULL: rows are on disk */
} FrtRowQueue;
/* Whether n more rows may go into the store; else they follow those on disk. */
int frt_queue_fits(const FrtRowQueue *q, const FrtStore *s, uint32_t n);
int frt_queue_put(FrtCtx *cx, void *state, FrtRowQueue *q, const uint32_t *rows, uint32_t n);   /* FRT_OK or FRT_FATAL */
/* The next *n rows from disk stand in rows 0..n-1 of the columns. FRT_OK, FRT_END, FRT_FATAL. */
int frt_queue_next(FrtCtx *cx, void *state, FrtRowQueue *q, uint32_t *n);
void frt_queue_end(void *queue);

#endif
