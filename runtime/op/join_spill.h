/* join_spill.h: what the three files of a join on disk share.
 *
 * A record on disk is a head, a row (spill/rows.h; its word is the row's number) and, but for results, the key: a word, or a length
 * and bytes. A result is a head, the bytes of the left row as they were, and those of the right row. */
#ifndef FRT_OP_JOIN_SPILL_H
#define FRT_OP_JOIN_SPILL_H

#include "flowrt.h"
#include "spill/rows.h"
#include "spill/spill.h"

enum { JOIN_HEAD = 16, JOIN_NULL = 0x100, JOIN_MAX_LEVEL = 9 };

typedef struct JoinHead {
  uint32_t size;       /* of the record */
  uint32_t flags;      /* input: JOIN_NULL: it matches nothing; result: FRT_BACK_* */
  uint64_t time;       /* input: as-of; result: number of the part << 32 | size of the left row */
} JoinHead;

typedef struct JoinRuns {
  uint32_t *run, len, room;
} JoinRuns;

typedef struct JoinSpill {
  const FrtJoinSpec *spec;
  uint32_t is_text, bits;        /* partitions a level: 1 << bits */
  uint32_t join_flags;           /* FrtJoin.flags */
  uint32_t row_size;
  FrtRowForm left, right;
  FrtSpill *rights, *lefts;      /* of level 0: runs are partitions */
  uint64_t right_next, left_next;
  uint32_t right_done;
  FrtSpill *done;                /* results */
  JoinRuns runs, right_runs;     /* in `done`: by left row, and of right rows that nobody found */
  uint64_t *counts;              /* right rows by partition of level 0 */
} JoinSpill;

/* ---- join_spill.c ---- */
/* Before more right rows come: what there is goes to disk if the budget says so, or if much of it is there already. */
int frt_join_make_room(FrtCtx *cx, FrtJoin *j);
void frt_join_spill_end(FrtJoin *j);
size_t frt_join_block_size(void);
FrtSpill *frt_join_open(FrtCtx *cx, JoinSpill *q, const FrtRowForm *form);
uint32_t frt_join_partition(const JoinSpill *q, uint64_t hash, uint32_t level);
uint64_t frt_join_hash_word(uint64_t x);
int frt_join_check(FrtCtx *cx);             /* FRT_OK, or FRT_FATAL when the run was cancelled or has failed */
int frt_join_damaged(FrtCtx *cx, const JoinSpill *q);

/* ---- join_parts.c ---- */
/* Joins all partitions of the two files, and closes them. */
int frt_join_parts(FrtCtx *cx, JoinSpill *q, FrtSpill *rights, FrtSpill *lefts, uint32_t level);

/* ---- join_merge.c ---- */
int frt_join_merge(FrtCtx *cx, void *state, FrtJoin *j, JoinSpill *q);

#endif
