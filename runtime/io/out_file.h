/* out_file.h: one output file: a buffer, a codec, a temporary file that a commit puts into place.
 *
 * Life: frt_out_open_target (names, folders, checks) -> rows through FrtOut -> frt_out_finish ->
 * commit.c puts the temporary file into place. Its own file has no name where the system can do that (O_TMPFILE), so
 * that nothing is left of a run that is killed; it gets its temporary name when its descriptor is given back, or by the commit.
 *
 * Descriptor and buffer come and go apart (out_pool.h): a file is parked when others need its descriptor, and has one again
 * when its buffer is full; a file of a partitioned sink may be put to sleep (buffer and compressor given back) and wakes when
 * its next row comes. */
#ifndef FRT_IO_OUT_FILE_H
#define FRT_IO_OUT_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "flowrt.h"

struct OutCodec;
struct FrtXxh3;

typedef struct OutFile {
  FrtOut out;                /* first: generated code holds a pointer to it */
  const FrtSink *sink;
  char *path;                /* as the script names it; run_arena */
  char *target, *temp;       /* absolute; temp is NULL when the file is written directly */
  uint32_t temp_number;
  int fd;                    /* -1: not open */
  char *buffer;
  int reserved;              /* written by pwrite: the descriptor's place is not the end */
  size_t buffer_size, usual_size;    /* usual: what it is when no row is larger */
  struct OutCodec *codec;    /* NULL: none, or asleep */
  uint64_t bytes;            /* written to fd */
  uint64_t text_bytes;       /* before compression */
  struct FrtXxh3 *sum;       /* of what was written to fd; NULL: nobody asks */
  uint64_t total;
  uint64_t written_back;     /* bytes that the disk was asked to write */
  uint8_t is_stdout, direct, closed; /* closed: the reader is gone (EPIPE), or writing failed: rows go nowhere */
  uint8_t failed, awake, started;    /* awake: it has a buffer; started: the head was written */
  uint8_t frames;            /* compressed buffer by buffer, by a compressor that others use too */
  uint8_t summed;            /* total is the XXH3 of what was written */
  uint8_t pooled, reopened;  /* may be parked; has been, and is opened to append */
  uint8_t soft;              /* what fails is to be tried again: `error` alone says why */
  int error;
  uint8_t existed, named;    /* named: there is a file called temp; until then it has a descriptor alone */
  int64_t append_at;         /* size of the old file before rows were appended; -1 */
  struct OutFile *next;      /* all files of the run, in order of creation */
  struct OutFile *newer, *older; /* the files of partitioned sinks that are awake, by last use */
  struct OutFile *fd_newer, *fd_older; /* the files that may be parked, by last use */
} OutFile;

/* Makes folders, checks the mode, creates the temporary file. FRT_OK or FRT_FATAL. */
int frt_out_open_target(FrtRun *r, OutFile *f);
/* Gives the file its buffer and codec; FRT_OK or FRT_FATAL. */
int frt_out_wake(FrtRun *r, OutFile *f);
/* Writes all, ends the compressed frame, gives back buffer and codec. */
int frt_out_sleep(FrtRun *r, OutFile *f);
/* The same before the commit; the file's sum is known then, and one that has a name gives its descriptor back too. */
int frt_out_finish(FrtRun *r, OutFile *f);
/* Gives the descriptor back, not the buffer; the file has its temporary name then. FRT_OK or FRT_FATAL. */
int frt_out_park(FrtRun *r, OutFile *f);
/* Gives a file that has no name yet its temporary one. FRT_OK or FRT_FATAL. */
int frt_out_link(FrtRun *r, OutFile *f);
/* Gives an open file without a name a name. 0 or errno. */
int frt_out_link_fd(int fd, const char *name);
/* Writes the buffer out. FRT_OK (also when the reader is gone) or FRT_FATAL. */
int frt_out_flush(FrtRun *r, OutFile *f);
/* Writes the buffer, then text[0..n). As above. */
int frt_out_append(FrtRun *r, OutFile *f, const char *text, size_t n);
/* Makes the buffer, which is empty but for `part` bytes, large enough for `need` more; not larger than usual when it need not. */
void frt_out_fit(FrtRun *r, OutFile *f, size_t part, size_t need);
/* Keeps n bytes of the file at *at for the caller to write with pwrite, behind all that was printed so far. 1; 0: that cannot
 * be done with this file; FRT_FATAL. */
int frt_out_reserve(FrtRun *r, OutFile *f, size_t n, uint64_t *at);
/* Frees descriptor, buffer and codec without writing. */
void frt_out_discard(FrtRun *r, OutFile *f);
/* Fails the run: `path: what: strerror(error)`. */
int frt_out_fail(FrtRun *r, OutFile *f, int error);
/* open() that no signal interrupts; for files that cannot block. */
int frt_open_file(const char *path, int flags, mode_t mode);
/* Writes n bytes whatever happens in between. 0, or errno. */
int frt_write_all(int fd, const char *p, size_t n);
int frt_write_all_at(int fd, const char *p, size_t n, uint64_t at);

/* ---- codec.c ---- */
struct OutCodec *frt_codec_new(uint32_t compress, int level, const char **why);
/* Compresses p[0..n) and hands it to `write`, which gives 0 or errno; `end` ends the frame, and the next call begins another. 0, or errno; *bytes grows by what was written, *sum
 * (or NULL) takes it in. */
int frt_codec_write(struct OutCodec *c, int (*write)(void *context, const char *p, size_t n), void *context, const char *p, size_t n, int end, uint64_t *bytes, struct FrtXxh3 *sum);
void frt_codec_free(struct OutCodec *c);

/* ---- commit.c ---- */
/* Puts all files into place, all or none. FRT_OK or FRT_FATAL. */
int frt_commit(FrtRun *r, OutFile *files);
/* Removes temporary files and the folders that were made for them. */
void frt_rollback(void);
/* The same for a signal handler: frees nothing. */
void frt_temps_remove(void);
void frt_temp_note(const char *temp);     /* the name must live until frt_temps_forget */
void frt_temps_forget(void);
/* mkdir -p of the folder of `path`; notes the folders it made. 0 or errno. */
int frt_make_folders(const char *path);

#endif
