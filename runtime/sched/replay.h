/* replay.h: dead letters go through the script again (compiler/driver/replay.c says how).
 *
 * A letter names a record, by its file and offset, and a class: the operator where its row left. Rows of a run with letters
 * are let through edge by edge: towards that operator, from it on, and by ports of the operators before it that the row had
 * not taken the first time. All tables are the caller's and live as long as the run. */
#ifndef FRT_SCHED_REPLAY_H
#define FRT_SCHED_REPLAY_H

#include "flowrt.h"

/* How a run with letters treats a scan: it is left out, read as a whole (for the held side of a join), or by its letters. */
enum { FRT_REPLAY_NONE, FRT_REPLAY_ALL, FRT_REPLAY_RECORDS };

typedef struct FrtReplayLetter {
  const char *file;          /* as the run named it */
  int64_t offset, line;      /* of the record */
  FrtStr raw;                /* its text as the letter has it: masked, bad bytes as U+FFFD */
  uint32_t cut;              /* `raw` is only the head of the record */
  uint32_t class_at;
  uint32_t at;               /* line in the file of dead letters */
  int64_t retry_count;
  uint32_t found;            /* set by the run */
} FrtReplayLetter;

typedef struct FrtReplay {
  const char *path, *target; /* of the dead letters: as given, and absolute; a sink of that name replaces it */
  FrtReplayLetter *letters;  /* sorted by file, offset, class */
  uint32_t letter_len;
  uint32_t records;          /* 0: all rows are read, and only what goes to sinks that are closed is left out */
  uint32_t class_len, node_len, scan_len;
  const uint32_t *ops;             /* by class: the operator */
  const uint8_t *before, *behind;  /* by class and node: on the way to the operator, itself too; itself and behind it */
  const uint64_t *exits;           /* by class and node: ports (bits) off the way */
  const uint8_t *closed;           /* by node: nothing goes in */
  const uint8_t *side, *held;      /* by node: on the way to the held side of a join; a join whose held side is wanted */
  const uint8_t *scan_modes;       /* by scan */
  const uint8_t *class_scans;      /* by class and scan: rows of the scan can come to the operator */
} FrtReplay;

/* Orders letters as FrtReplay.letters wants them. For qsort. */
int frt_replay_compare(const void *a, const void *b);

#endif
