/* flowrt_spill.h: operators whose rows do not fit into memory; part of flowrt.h. */
#ifndef FLOWRT_SPILL_H
#define FLOWRT_SPILL_H

/* A column of rows that go to disk and come back, by where the module's state has its arrays (State.c5, State.n5). */
typedef struct FrtSpillColumn {
  uint32_t values, nulls;          /* offsets of the pointers in the state; nulls 0: never null */
  const FrtType *type;
} FrtSpillColumn;

/* The groups of an aggregate. While they fit, this is a table that numbers keys. When the budget refuses one more, the table stays
 * as it is: rows of its groups are taken as before, all others go to disk as they are, by the hash of their key. At the end
 * the table's groups are given on (they appeared first); then the rows of each partition are taken like those of a source, and
 * what becomes of their groups goes to disk, to be merged in order of first appearance (runtime/op/groups.c).
 *
 * Zeroed, then frt_groups_init, then the three functions; ended by frt_groups_end. */
typedef struct FrtGroups {
  uint32_t op;
  uint32_t in_len, out_len;
  uint32_t wrong;                  /* offset in the state of uint32_t *wrong, by row of out: 0, or aggregate << 8 | error: its
                                      result could not be computed; 0: there is none */
  uint32_t putting;                /* 1: finish puts groups on disk by frt_groups_put, instead of giving them on */
  uint32_t back;                   /* distinct: 1: rows come back from disk, and go on by frt_groups_pass */
  const FrtSpillColumn *in, *out;  /* what take reads; what finish makes */
  FrtTable *table;
  FrtStore *store;                 /* NULL: distinct, whose rows go on as they come; `out` is `in` then */
  int (*take)(FrtCtx *cx, void *state, uint32_t n);  /* rows 0..n-1 of `in` */
  int (*finish)(FrtCtx *cx, void *state);            /* all groups of the table, which is then empty */
  int (*give)(FrtCtx *cx, void *state, uint32_t n);  /* rows 0..n-1 of `out` go on */
  void *spilled;                   /* NULL while all groups fit */
} FrtGroups;

void frt_groups_init(FrtCtx *cx, FrtGroups *q, uint32_t op, FrtTable *table, FrtStore *store);
/* As frt_table_add_*; key k is that of row (*rows)[k]. Where keys went to disk, *n is smaller, and *rows, ids and fresh speak of the rows
 * that are left. FRT_NONE: failed, frt_fatal has been called. */
uint32_t frt_groups_add_words(FrtCtx *cx, void *state, FrtGroups *q, const uint64_t *keys, const uint8_t *nul, const uint32_t **rows, uint32_t *n, uint32_t *ids, uint32_t *fresh);
uint32_t frt_groups_add_texts(FrtCtx *cx, void *state, FrtGroups *q, const FrtStr *keys, const uint8_t *nul, const uint32_t **rows, uint32_t *n, uint32_t *ids, uint32_t *fresh);
/* By finish, when `putting`: the next m groups stand in rows 0..m-1 of `out`. FRT_OK or FRT_FATAL. */
int frt_groups_put(FrtCtx *cx, void *state, FrtGroups *q, uint32_t m);
/* By distinct's take, when `back`: rows rows[0..n) of `in` are the first ones of their keys. FRT_OK or FRT_FATAL. */
int frt_groups_pass(FrtCtx *cx, void *state, FrtGroups *q, const uint32_t *rows, uint32_t n);
/* After finish: what went to disk. FRT_OK, FRT_STOP or FRT_FATAL. */
int frt_groups_rest(FrtCtx *cx, void *state, FrtGroups *q);
void frt_groups_end(void *groups);
/* Reports that the results in row `row` of `b` are `wrong`; names: of the aggregates' columns. */
void frt_groups_wrong(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, uint32_t wrong, const FrtStr *const *names);

#endif
