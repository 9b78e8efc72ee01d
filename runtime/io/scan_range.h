/* scan_range.h: files cut into ranges, so that several scanners can read one scan.
 *
 * A range begins where a record seems to begin. Whether it does is known when the one before has been read: quoted line
 * breaks of CSV may deceive. The places are the same for all who ask, since they are looked for once (FrtRanges). */
#ifndef FRT_IO_SCAN_RANGE_H
#define FRT_IO_SCAN_RANGE_H

#include <pthread.h>

#include "io/scan.h"

typedef struct FrtRange {
  uint32_t number;       /* in the order of the source, from 0 */
  uint32_t path;         /* index of the file */
  uint64_t from, to;     /* records that begin at from <= offset < to; to is UINT64_MAX for the last of a file */
  int whole;             /* a file that is not cut: compressed, a pipe */
  int fd;                /* the file for a scanner that has another one open; -1: none. Its taker's */
  FrtMap *map;           /* of that file, which its takers share; NULL: it is read or mapped by each. Its taker's */
} FrtRange;

/* Gives out the ranges of a scan's files. Any thread may ask. */
typedef struct FrtRanges {
  pthread_mutex_t lock;
  const FrtScanner *scan;      /* paths and options */
  uint64_t rows;               /* a range is to have about so many */
  uint64_t record_size;        /* bytes of a record, on average; 0: not known yet */
  uint32_t number, path;
  FrtInput *input;             /* the present file */
  FrtMap *map;                 /* all of it; NULL: it is not mapped */
  int fd;
  uint64_t from;
  uint32_t fields;             /* csv: of the file's first record, 0: not known */
  char *head;                  /* bytes at the place where a record is looked for */
} FrtRanges;

/* Whether the scan's files can be read in ranges; *size: bytes in them as far as they can be cut. */
int frt_ranges_fit(const FrtScanner *s, uint64_t *size);
void frt_ranges_start(FrtRanges *g, const FrtScanner *s);
/* 1, or 0 when all are given out. open: the index of the file that the asker has open, UINT32_MAX: none. */
int frt_ranges_next(FrtRanges *g, uint32_t open, FrtRange *out);
/* So many bytes had so many rows: for the size of the next ranges. */
void frt_ranges_learn(FrtRanges *g, uint64_t bytes, uint64_t rows);
void frt_ranges_end(FrtRanges *g);

/* Another scanner of the same scan and the same files, for the worker of cx. */
FrtScanner *frt_scan_twin(FrtCtx *cx, void *state, const FrtScanner *first);
/* Goes to byte `from` of a file, behind the head if that is 0, and stays before `fence` until s->beyond allows more; rows and
 * lines are counted from there. FRT_OK, FRT_END (the file is left out), FRT_FATAL. */
int frt_scan_seek(FrtScanner *s, uint32_t path, uint64_t from, uint64_t fence);
/* The next block of records that begin before `to`. FRT_OK, FRT_END (also at the end of the file), FRT_FATAL. */
int frt_scan_next_before(FrtScanner *s, uint64_t to, FrtBlock **out);

#endif
