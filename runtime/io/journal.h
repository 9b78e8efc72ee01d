/* journal.h: how the files of a run appear together, and what the next run does about one that was killed.
 *
 * A run has a tag of 16 hex digits. What it leaves in a folder while it is under way:
 *   .NAME.flow-TAG.N.tmp   rows of an output that is not in place yet
 *   .NAME.flow-TAG.N.old   a second name of the file that output N replaces, during the commit
 *   .flow-TAG.run          the mark: locked (flock) as long as the run lives, and its journal once it commits
 * The marks of all folders of one file system are one inode. The mark that was made first is the home; a mark on
 * another file system holds the home's path. Paths are absolute, without symbolic links. */
#ifndef FRT_IO_JOURNAL_H
#define FRT_IO_JOURNAL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

enum { JOURNAL_TAG_LEN = 16, FRT_JOURNAL_STATE_AT = 15 /* in the journal's text: C finish it, U take it back */ };
#define FRT_JOURNAL_HEAD "flow-journal 1 C\n"
#define FRT_JOURNAL_HOME "flow-home 1\n"

/* REPLACE: temp takes the place of target, whose old file is at `backup` (NULL, or not there: it could not be kept). NEW:
 * there was no file. CREATE: there must be none. APPEND: the bytes of temp go behind the first append_at of target. */
typedef enum JournalKind { JOURNAL_REPLACE = 'r', JOURNAL_NEW = 'n', JOURNAL_CREATE = 'c', JOURNAL_APPEND = 'a' } JournalKind;

typedef struct JournalEntry {
  JournalKind kind;
  uint32_t number;              /* N of its names */
  const char *target, *temp, *backup;
  int64_t append_at;
  uint8_t placed;
} JournalEntry;

typedef struct JournalFolder {
  const char *path;
  uint64_t device;
  uint8_t marked;
} JournalFolder;

typedef struct FrtJournal {
  Arena *arena;                 /* names; lives as long as the run */
  char tag[JOURNAL_TAG_LEN + 1];
  uint32_t temp_len;            /* names given out */
  JournalFolder *folders;
  uint32_t folder_len;
  uint32_t *table, table_size;  /* index of folders + 1 by hash of the path; 0 is free */
  struct JournalLock { int fd; uint64_t device; const char *path; } *locks; /* inodes of marks; the first is the home */
  uint32_t lock_len;
  JournalEntry *entries;
  uint32_t entry_len;
} FrtJournal;

/* seed: anything that tells runs apart. */
FrtJournal *frt_journal_new(Arena *arena, uint64_t seed);
/* To be called for the folder of each output before anything is made in it; the first time it settles what dead
 * runs left there. 0, or errno with a message in *why. */
int frt_journal_visit(FrtJournal *j, const char *folder, const char **why);
/* The name beside target of the run's file N; `end` is "tmp" or "old". */
char *frt_journal_name(Arena *arena, const char *target, const char *tag, uint32_t number, const char *end);
/* A new temporary name beside target; *number is its N. */
char *frt_journal_temp(FrtJournal *j, const char *target, uint32_t *number);
/* Makes the mark in the folder of a temporary name, which must not exist before. 0 or errno. */
int frt_journal_mark(FrtJournal *j, const char *temp);
/* Adds a file to the commit; its temporary file is complete, synced, and in a folder with a mark. */
JournalEntry *frt_journal_add(FrtJournal *j, JournalKind kind, const char *target, const char *temp, uint32_t number);
/* Puts all entries into place and removes all other names of the run; or changes no target: errno then, with the
 * entry in *failed (NULL: the journal itself). */
int frt_journal_commit(FrtJournal *j, const JournalEntry **failed);
/* Set from the point of no return on, and when a commit could neither be finished nor taken back: the names of the
 * run must not be removed by anybody else. */
extern volatile int frt_journal_passed;
/* Gives the locks back. */
void frt_journal_end(FrtJournal *j);

/* ---- journal_place.c: single steps; they call nothing but the kernel ---- */
/* Each may be repeated after having been interrupted anywhere. 0 or errno. */
int frt_journal_place(JournalEntry *e, int again);
int frt_journal_take_back(JournalEntry *e, int again);
int frt_journal_sync_folder(const char *folder);

/* ---- journal_settle.c ---- */
/* Finishes or removes what dead runs left in a folder. 0, or errno with a message in *why. */
int frt_journal_settle(Arena *arena, const char *folder, const char **why);
/* The text of a journal; *size its length; to be freed. */
char *frt_journal_text(const FrtJournal *j, size_t *size);

#endif
