/* out_pool.h: what the outputs of a run share: descriptors, memory for buffers, compressors. */
#ifndef FRT_IO_OUT_POOL_H
#define FRT_IO_OUT_POOL_H

#include "io/out_file.h"

typedef struct OutPool {
  OutFile *newest, *oldest;   /* files that can give their descriptor back, by last use */
  uint32_t open_len, open_max;
  uint32_t fixed_len;         /* sinks with one file */
  uint32_t split_len;         /* files of partitioned sinks that have a buffer */
  uint32_t packed_len;        /* files that are compressed */
  size_t share, held, counted;   /* bytes: for all buffers; in use; of them, told to the budget */
  struct OutShared *shared;   /* compressors of files without one of their own */
} OutPool;

/* Made before the first file. It raises the soft limit of descriptors as far as the sinks need it. */
OutPool *frt_pool_new(FrtRun *r);
void frt_pool_end(OutPool *p);
/* As frt_open_file; where descriptors are out, the file that was used the longest ago gives its own back. */
int frt_pool_open(FrtRun *r, const char *path, int flags, mode_t mode);
/* The file's descriptor is used now. A file that must keep it is none of the pool's: frt_pool_drop. */
void frt_pool_use(OutPool *p, OutFile *f);
void frt_pool_drop(OutPool *p, OutFile *f);
/* The size of the buffer for a file that has none. */
size_t frt_pool_buffer_size(const OutPool *p, const OutFile *f);
/* A buffer has become larger or smaller: from, to bytes. */
void frt_pool_resize(OutPool *p, size_t from, size_t to);
/* Whether `size` more bytes of buffers stay within the share. */
int frt_pool_has_room(const OutPool *p, size_t size);
/* Whether the file, which is compressed and has no compressor, may have one of its own. */
int frt_pool_may_own_codec(const OutPool *p, const OutFile *f);
/* The compressor that files without their own share, one for each kind and level; each use writes a whole frame. */
struct OutCodec *frt_pool_codec(OutPool *p, const OutFile *f, const char **why);

#endif
