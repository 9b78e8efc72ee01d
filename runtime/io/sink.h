/* sink.h: the outputs of a run. */
#ifndef FRT_IO_SINK_H
#define FRT_IO_SINK_H

#include "flowrt.h"

/* Resolves paths, checks modes, opens all that are not partitioned. FRT_OK or FRT_FATAL. */
int frt_sinks_start(FrtRun *r);
/* Ends all files (brackets, codecs) and commits them, unless it is a dry run. FRT_OK or FRT_FATAL. */
int frt_sinks_commit(FrtRun *r);
/* Adds a line to a file, which appears with the outputs: called before the commit. FRT_OK or FRT_FATAL. */
int frt_sinks_note(FrtRun *r, const char *path, const char *line);
/* Frees everything, and removes what was not committed. */
void frt_sinks_end(FrtRun *r);
/* Whether there are sinks and all of their readers are gone. */
int frt_sinks_all_closed(const FrtRun *r);
struct OutFile;
/* Gives the file a buffer, and its head when it has none. FRT_OK or FRT_FATAL. */
int frt_sink_wake(FrtRun *r, struct OutFile *f);
/* sink_route.c: which file belongs to which number; made at the first need. */
struct FrtRoute **frt_sink_routes(const FrtRun *r);
void frt_routes_end(struct FrtRoute **routes, uint32_t len);
/* The file of a sink whose rows may be printed elsewhere first; NULL: the sink has many files, or shares standard output, where
 * the bytes of several sinks are mixed as they are written. */
struct OutFile *frt_sink_alone(const FrtRun *r, uint32_t sink);
/* As frt_out_reserve, for the file of a sink that is alone; *fd is to be written to. */
int frt_sink_reserve(FrtRun *r, uint32_t sink, size_t n, uint64_t *at, int *fd);
/* Writes n bytes behind what was printed, to the file of a sink that is alone. FRT_OK (also when nobody reads them) or FRT_FATAL. */
int frt_sink_append(FrtRun *r, uint32_t sink, const char *text, size_t n);
int frt_sink_fail(FrtRun *r, uint32_t sink, int error);
uint64_t frt_sinks_bytes(const FrtRun *r);
/* What was written to a file, for --stats. summed: xxh3 is known, that of all bytes as they lie in the file. */
typedef struct FrtSinkFile {
  const struct OutFile *file;   /* NULL at first */
  uint32_t op;
  const char *path;
  uint64_t rows, bytes, xxh3;
  int summed;
} FrtSinkFile;
/* The next file, in the order in which they were made. 0: there is none. */
int frt_sinks_next(const FrtRun *r, FrtSinkFile *at);

#endif
