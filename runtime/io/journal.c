/* journal.c: the files of a run appear together, though its process may be killed at any point.
 *
 *   every temporary file is complete and on disk, under a name beside its target; so are their folders
 *   the journal, which lists them, is written into the home mark and synced        <- the point of no return
 *   each temporary file is put into place; folders synced; second names, then marks removed
 *
 * A run that dies before that point has changed nothing: the next one that writes to such a folder finds a mark
 * without a lock and without a journal, and removes what it left. One that dies behind it is finished by the
 * next: the journal says what to do, and each step may be done twice (write-ahead logging, redo only). A step that fails
 * in the living process is taken back; the journal's state says so first, that a recovery goes the same way.
 * One file alone needs no journal: its rename is the point.
 *
 * Where the kernel allows, all this is done by a child that shares the memory, in a session of its own: kill -9 of
 * the process, or of its group, does not stop it. The journal is for what ends both: the
 * machine, the container, the memory's killer. */
#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/wait.h>
#endif

#include "base/cancel.h"
#include "base/clock.h"
#include "base/hash.h"
#include "io/out_file.h"

enum { JOURNAL_NAME_MAX = 190 /* bytes of the target's name in another; folders allow 255 */, JOURNAL_TRIES_MAX = 100,
       JOURNAL_FOLDERS_FIRST = 16, JOURNAL_STACK_SIZE = 512 * 1024, JOURNAL_FSYNC_MAX = 64 };

volatile int frt_journal_passed;

FrtJournal *frt_journal_new(Arena *arena, uint64_t seed) {
  static uint64_t counter;
  FrtJournal *j = arena_alloc(arena, sizeof *j);
  j->arena = arena;
  seed = frt_hash_u64(seed + ++counter) ^ frt_hash_u64((uint64_t)getpid()) ^ (uint64_t)frt_monotonic_us();
  snprintf(j->tag, sizeof j->tag, "%016llx", (unsigned long long)frt_hash_u64(seed));
  frt_journal_passed = 0;
  return j;
}

/* ---- folders and marks ---- */

static uint32_t *journal_slot(const FrtJournal *j, const char *path, size_t len) {
  uint32_t mask = j->table_size - 1, at = (uint32_t)frt_hash_bytes(path, len, 0) & mask;
  for (;; at = (at + 1) & mask) {
    uint32_t *slot = &j->table[at];
    if (!*slot) return slot;
    const char *other = j->folders[*slot - 1].path;
    if (strncmp(other, path, len) == 0 && !other[len]) return slot;
  }
}

static JournalFolder *journal_folder_add(FrtJournal *j, const char *path, size_t len) {
  if (j->folder_len * 2 >= j->table_size) {
    j->table_size = j->table_size ? j->table_size * 2 : JOURNAL_FOLDERS_FIRST;
    j->table = arena_alloc(j->arena, j->table_size * sizeof *j->table);
    for (uint32_t i = 0; i < j->folder_len; i++)
      *journal_slot(j, j->folders[i].path, strlen(j->folders[i].path)) = i + 1;
  }
  j->folders = arena_grow(j->arena, j->folders, j->folder_len, sizeof *j->folders);
  JournalFolder *f = &j->folders[j->folder_len++];
  memset(f, 0, sizeof *f);
  f->path = arena_strndup(j->arena, path, len);
  *journal_slot(j, f->path, len) = j->folder_len;
  return f;
}

static JournalFolder *journal_folder_find(const FrtJournal *j, const char *path, size_t len) {
  uint32_t *slot = j->table_size ? journal_slot(j, path, len) : NULL;
  return slot && *slot ? &j->folders[*slot - 1] : NULL;
}

int frt_journal_visit(FrtJournal *j, const char *folder, const char **why) {
  struct stat st;
  if (journal_folder_find(j, folder, strlen(folder))) return 0;
  int error = frt_journal_settle(j->arena, folder, why);
  if (error) return error;
  JournalFolder *f = journal_folder_add(j, folder, strlen(folder));
  if (stat(folder, &st) == 0) f->device = (uint64_t)st.st_dev;
  return 0;
}

char *frt_journal_name(Arena *arena, const char *target, const char *tag, uint32_t number, const char *end) {
  const char *base = strrchr(target, '/') + 1;
  return arena_printf(arena, "%.*s.%.*s.flow-%s.%u.%s", (int)(base - target), target,
                      (int)strnlen(base, JOURNAL_NAME_MAX), base, tag, number, end);
}

char *frt_journal_temp(FrtJournal *j, const char *target, uint32_t *number) {
  *number = ++j->temp_len;
  return frt_journal_name(j->arena, target, j->tag, *number, "tmp");
}

/* A locked file that still has its name: a run that settles the folder may take it between open and flock. */
static int journal_lock_new(FrtJournal *j, const char *path, uint64_t device) {
  for (int i = 0; i < JOURNAL_TRIES_MAX; i++) {
    struct stat st;
    frt_temp_note(path);
    int fd = frt_open_file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), rc;
    if (fd < 0) return errno;
    do rc = flock(fd, LOCK_EX);
    while (rc != 0 && errno == EINTR && !frt_cancelled());
    if (rc != 0 && errno == EINTR) return close(fd), EINTR;
    int error = fstat(fd, &st) != 0 ? errno : 0;
    if (error || st.st_nlink == 0) close(fd);
    if (error) return error;
    if (st.st_nlink == 0) continue;
    j->locks = arena_grow(j->arena, j->locks, j->lock_len, sizeof *j->locks);
    j->locks[j->lock_len++] = (struct JournalLock){fd, device, path};
    if (j->lock_len == 1) return 0;
    const char *home = j->locks[0].path;
    error = frt_write_all(fd, FRT_JOURNAL_HOME, strlen(FRT_JOURNAL_HOME));
    return error ? error : frt_write_all(fd, home, strlen(home) + 1);
  }
  return EAGAIN;
}

int frt_journal_mark(FrtJournal *j, const char *temp) {
  size_t len = (size_t)(strrchr(temp, '/') - temp);
  JournalFolder *f = journal_folder_find(j, len ? temp : "/", len ? len : 1);
  if (!f) return ENOENT;
  if (f->marked) return 0;
  const char *path = arena_printf(j->arena, "%.*s/.flow-%s.run", (int)len, temp, j->tag);
  for (uint32_t i = 0; i < j->lock_len && !f->marked; i++) {
    if (j->locks[i].device != f->device) continue;
    frt_temp_note(path);
    f->marked = link(j->locks[i].path, path) == 0;
  }
  if (f->marked) return 0;
  int error = journal_lock_new(j, path, f->device);
  f->marked = !error;
  return error;
}

/* ---- the commit ---- */

JournalEntry *frt_journal_add(FrtJournal *j, JournalKind kind, const char *target, const char *temp, uint32_t number) {
  j->entries = arena_grow(j->arena, j->entries, j->entry_len, sizeof *j->entries);
  JournalEntry *e = &j->entries[j->entry_len++];
  *e = (JournalEntry){.kind = kind, .number = number, .target = target, .temp = temp, .append_at = -1};
  if (kind == JOURNAL_REPLACE) {
    e->backup = frt_journal_name(j->arena, target, j->tag, number, "old");
    frt_temp_note(e->backup);
  }
  return e;
}

/* Gives the files that are replaced a second name. A file system without hard links cannot: then they are
 * replaced for good. */
static void journal_keep_old(FrtJournal *j) {
  for (uint32_t i = 0; i < j->entry_len; i++) {
    JournalEntry *e = &j->entries[i];
    if (e->backup && link(e->target, e->backup) != 0 && errno != EEXIST) e->backup = NULL;
  }
}

/* Folders whose names the journal relies on. */
static int journal_sync_folders(FrtJournal *j) {
  int error = 0;
#ifdef __linux__
  uint64_t synced = 0;
  if (j->folder_len > JOURNAL_FSYNC_MAX) {   /* a file system at a time */
    for (uint32_t i = 0; i < j->folder_len && !error; i++) {
      if (i && j->folders[i].device == synced) continue;
      int fd = frt_open_file(j->folders[i].path, O_RDONLY | O_DIRECTORY, 0);
      if (fd < 0) return errno;
      if (syncfs(fd) != 0) error = errno;
      close(fd);
      synced = j->folders[i].device;
    }
    return error;
  }
#endif
  for (uint32_t i = 0; i < j->folder_len && !error; i++)
    if (j->folders[i].marked) error = frt_journal_sync_folder(j->folders[i].path);
  return error;
}

typedef struct JournalJob {
  FrtJournal *j;
  char *text;                   /* of the journal; NULL: one file needs none */
  size_t size;
  const JournalEntry *failed;
  int error, sync_error, stuck;
  int again;                    /* a child has begun, and was killed */
  volatile int written, ended;
} JournalJob;

/* Up to the point of no return. */
static int journal_write(JournalJob *job) {
  int fd = job->j->locks[0].fd;
  journal_keep_old(job->j);
  int error = journal_sync_folders(job->j);
  if (!error && (lseek(fd, 0, SEEK_SET) != 0 || ftruncate(fd, 0) != 0)) error = errno;
  if (!error) error = frt_write_all(fd, job->text, job->size);
  while (!error && fsync(fd) != 0 && errno != EINVAL) error = errno == EINTR ? 0 : errno;
  if (error) job->stuck = ftruncate(fd, 0) != 0;
  job->written = !error;
  return error;
}

static void journal_take_back_all(JournalJob *job) {
  FrtJournal *j = job->j;
  job->stuck |= job->text && pwrite(j->locks[0].fd, "U", 1, FRT_JOURNAL_STATE_AT) != 1;
  for (uint32_t i = j->entry_len; i-- > 0;)
    if (j->entries[i].placed && frt_journal_take_back(&j->entries[i], 0) != 0) job->stuck = 1;
}

/* Home last: it is what the others point to. */
static void journal_remove_names(FrtJournal *j) {
  for (uint32_t i = 0; i < j->entry_len; i++) {
    if (j->entries[i].backup) unlink(j->entries[i].backup);
    if (j->entries[i].kind == JOURNAL_APPEND || !j->entries[i].placed) unlink(j->entries[i].temp);
  }
  for (uint32_t i = j->folder_len; i-- > 0;) {
    char mark[4096];
    if (!j->folders[i].marked) continue;
    size_t len = strlen(j->folders[i].path);
    if (len + JOURNAL_TAG_LEN + 12 > sizeof mark) continue;
    memcpy(mark, j->folders[i].path, len);
    memcpy(mark + len, "/.flow-", 7);
    memcpy(mark + len + 7, j->tag, JOURNAL_TAG_LEN);
    memcpy(mark + len + 7 + JOURNAL_TAG_LEN, ".run", 5);
    unlink(mark);
  }
}

/* System calls alone. */
static void journal_do(JournalJob *job) {
  FrtJournal *j = job->j;
  if (job->text && !job->written) job->error = journal_write(job);
  int passed = !job->error;
  for (uint32_t i = 0; i < j->entry_len && !job->error; i++) {
    job->error = frt_journal_place(&j->entries[i], job->again);
    if (job->error) job->failed = &j->entries[i];
  }
  if (job->error && passed) journal_take_back_all(job);
  if (passed) job->sync_error = journal_sync_folders(j);
  if (!job->stuck) journal_remove_names(j);
  job->ended = 1;
}

#ifdef __linux__
/* Returning ends the child by the system call alone; _exit would have sanitizers clean a stack that is not the thread's. */
static int journal_do_apart(void *arg) {
  setsid();
  journal_do(arg);
  return 0;
}

/* The parent stands still until the child has ended. */
static int journal_try_apart(JournalJob *job, char *stack) {
  int pid = clone(journal_do_apart, stack + JOURNAL_STACK_SIZE, CLONE_VM | CLONE_VFORK, job);
  if (pid > 0)
    while (waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR) {}
  job->again = pid > 0;
  return job->ended;
}
#else
static int journal_try_apart(JournalJob *job, char *stack) { return 0; }
#endif

int frt_journal_commit(FrtJournal *j, const JournalEntry **failed) {
  JournalJob job = {.j = j};
  *failed = NULL;
  if (!j->entry_len) return 0;
  if (frt_cancelled()) return EINTR;
  if (j->entry_len > 1 || j->entries[0].kind == JOURNAL_APPEND) job.text = frt_journal_text(j, &job.size);
  char *stack = job.text ? frt_malloc(JOURNAL_STACK_SIZE) : NULL;
  frt_journal_passed = 1;
  if (!job.text || !journal_try_apart(&job, stack)) journal_do(&job);
  frt_free(job.text);
  frt_free(stack);
  *failed = job.failed;
  if (!job.error && job.sync_error)
    fprintf(stderr, "warning: the outputs are in place, but their folders could not be synced: %s\n", strerror(job.sync_error));
  if (job.stuck) {
    fprintf(stderr, "warning: %s: the outputs could not all be taken back; the next run that writes there tries again\n",
            j->lock_len ? j->locks[0].path : j->entries[0].target);
    return job.error;
  }
  if (job.error) frt_journal_passed = 0;
  return job.error;
}

void frt_journal_end(FrtJournal *j) {
  for (uint32_t i = 0; i < j->lock_len; i++) close(j->locks[i].fd);
  j->lock_len = 0;
}
