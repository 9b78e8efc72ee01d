/* away.h: sorted runs of rows of a store, for who reads them (away.c, rank.c); inside op/. */
#ifndef FRT_OP_AWAY_H
#define FRT_OP_AWAY_H

#include "flowrt.h"
#include "spill/rows.h"
#include "spill/runs.h"

typedef struct AwayOwn {
  FrtRowForm form;
  FrtRuns *runs;
  uint64_t base;             /* rows in earlier runs */
  uint32_t period;           /* number of runs */
  char *key;                 /* of a record: the group, and then the order */
  size_t key_room;
  uint32_t group_len, reading;
  FrtTexts chosen;           /* of top: rows by the time when their group appeared */
  uint64_t given;            /* of top: rows so far */
} AwayOwn;

/* The length of the part of a record's key that names the group; 0: there are no groups. Less than key_len. */
uint32_t frt_away_group_len(const FrtAway *a, const FrtRunRecord *rec);
/* The columns of the form lie in *row. */
void frt_away_bind(FrtRowForm *form, const FrtSpillColumn *columns, char *row);
/* No more rows come: begins to merge. FRT_OK or FRT_FATAL. */
int frt_away_open(FrtCtx *cx, FrtAway *a);
/* A signal, or a budget that is passed: FRT_FATAL. */
int frt_away_check(FrtCtx *cx);

#endif
