/* taken.h: which files of a folder were taken, kept from run to run.
 *
 * A head, then one line a file:
 *   flowc-taken 1
 *   hash <tab> size <tab> mtime in ns <tab> inode <tab> name
 * The hash is the XXH3 of the XXH3s of the content's pieces of 1 MiB, in 16 hex digits; in the name, control characters and `\` are \xHH. The last
 * line of a name holds. Lines are added by the commits of runs (FrtTaking), never changed. */
#define FRT_TAKEN_HEAD "flowc-taken 1\n"
#ifndef FRT_SCHED_TAKEN_H
#define FRT_SCHED_TAKEN_H

#include "base/arena.h"

typedef struct FrtTakenFile {
  const char *name;          /* relative to the folder */
  uint64_t hash, size, inode;
  int64_t mtime_ns;
} FrtTakenFile;

typedef struct FrtTaken {
  Arena *arena;
  FrtTakenFile **by_name, **by_inode;   /* open addressing, `capacity` slots each; by_inode holds several of one inode */
  uint32_t capacity, len;
} FrtTaken;

/* What the run of one file needs to know of it: its outputs are committed only if the file is still as it was, and together
 * with the line that says it was taken. */
typedef struct FrtTaking {
  const char *path;          /* of the file */
  FrtTakenFile file;
  const char *state;         /* path of the file of lines */
  int closed;                /* out: nobody read the outputs of the run any more */
} FrtTaking;

/* Reads the lines. 0, or -1 with *why: a line that is none is refused, for a file that is taken twice is wrong data. */
int frt_taken_read(FrtTaken *t, Arena *arena, const char *path, const char **why);
void frt_taken_add(FrtTaken *t, const FrtTakenFile *file);
const FrtTakenFile *frt_taken_find(const FrtTaken *t, const char *name);
/* The file of that inode, size and time, under whatever name. */
const FrtTakenFile *frt_taken_moved(const FrtTaken *t, const FrtTakenFile *file);
/* Size, time and inode of a file; name and hash stay. 0 or errno. */
int frt_taken_look(const char *path, FrtTakenFile *file);
/* Whether both are of one state: size, time and inode. */
int frt_taken_same(const FrtTakenFile *a, const FrtTakenFile *b);
/* The hash of the content. 0 or errno; EINTR when the run was cancelled. */
int frt_taken_hash(const char *path, uint64_t *hash);
/* The file's line. */
char *frt_taken_line(Arena *arena, const FrtTakenFile *file);

#endif
