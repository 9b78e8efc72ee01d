/* spill.h: rows on disk. A spill file holds any number of runs (sorted runs, partitions, streams); a run is a sequence of
 * bytes that is put at its end and read from its start, once or often. The bytes carry no pointers; what they mean is the
 * operator's own affair, and `layout` is the number by which it tells (a hash of the row's struct, say).
 *
 *   FrtSpill *s = frt_spill_open(cx, op, layout, 0);            NULL: failed
 *   uint32_t run = frt_spill_add_run(s);
 *   char *p = frt_spill_room(cx, s, run, n);                    fill n bytes; NULL: failed
 *   frt_spill_finish(cx, s, run);                               its buffer is written and given back
 *   FrtSpillReader *r = frt_spill_read(cx, s, run, 0);          NULL: failed
 *   while ((status = frt_spill_next(cx, r, &p, &size)) == FRT_OK) ...   whole rows in p[0..size); FRT_END: no more
 *   frt_spill_reader_free(r); frt_spill_free_run(s, run); frt_spill_close(s);
 *
 * What one frt_spill_room gave stands side by side when it is read: frt_spill_next gives whole pieces, as many as fitted
 * into a block. Nothing is left on disk however the process ends: the file has no name. Whoever fails (disk full, limit
 * passed, a sum that is wrong) has called frt_fatal, in the name of the operator `op`; the caller closes and returns FRT_FATAL.
 *
 * Threads: one at a time puts into a file; its readers may be used by any thread, one each, once all runs that they read are
 * finished. Memory: FRT_SPILL_OUT a file while something is put, block_size a run with bytes in its buffer, a reader its
 * buffer and a block; counted by frt_hold_buffer, and 16 bytes a block for the index. */
#ifndef FRT_SPILL_SPILL_H
#define FRT_SPILL_SPILL_H

#include "flowrt.h"

typedef struct FrtSpill FrtSpill;
typedef struct FrtSpillReader FrtSpillReader;

enum {
  FRT_SPILL_BLOCK = 64 * 1024,       /* bytes of a block before compression, by default */
  FRT_SPILL_BLOCK_LEAST = 4 * 1024,
  FRT_SPILL_OUT = 256 * 1024         /* blocks are gathered to writes of this size */
};

FrtSpill *frt_spill_open(FrtCtx *cx, uint32_t op, uint64_t layout, size_t block_size);
uint32_t frt_spill_add_run(FrtSpill *s);                       /* 0, 1, 2, ... */
uint32_t frt_spill_runs(const FrtSpill *s);
void *frt_spill_room(FrtCtx *cx, FrtSpill *s, uint32_t run, size_t n);
int frt_spill_put(FrtCtx *cx, FrtSpill *s, uint32_t run, const void *data, size_t n);   /* FRT_OK or FRT_FATAL */
/* FRT_OK or FRT_FATAL. More may be put behind it later. Needed before the run is read. */
int frt_spill_finish(FrtCtx *cx, FrtSpill *s, uint32_t run);
int frt_spill_finish_all(FrtCtx *cx, FrtSpill *s);             /* all runs, and the file's buffer is given back */
uint64_t frt_spill_run_size(const FrtSpill *s, uint32_t run);  /* bytes that were put */
/* `buffer`: bytes that are read at once, 0: a block. */
FrtSpillReader *frt_spill_read(FrtCtx *cx, FrtSpill *s, uint32_t run, size_t buffer);
/* FRT_OK, FRT_END or FRT_FATAL. The bytes live until the next call, may be changed, and 64 more can be read behind them. */
int frt_spill_next(FrtCtx *cx, FrtSpillReader *r, char **data, size_t *size);
void frt_spill_reader_free(FrtSpillReader *r);                 /* NULL is fine, here and in close */
void frt_spill_free_run(FrtSpill *s, uint32_t run);            /* its room on disk is given back where the system can */
void frt_spill_close(FrtSpill *s);
int frt_spill_fd(const FrtSpill *s);                           /* for tests */

/* The folder for spill files: `temp`, else TMPDIR, else /var/tmp where it can be written (/tmp is often memory), else /tmp. */
const char *frt_spill_folder(const char *temp);

#endif
