/* journal_settle.c: what dead runs left in a folder is finished or removed.
 *
 * The folder is read once for names of runs. A run lives when the mark is locked. A dead run's mark is empty: its
 * temporary files here are removed; or holds a journal: every entry, in whatever folder, is placed or taken
 * back; or names the home mark, which is then asked. Only files of this user are touched, and a journal moves
 * files only within their folder, from names that no one else makes.
 *
 * The journal's text, its state letter being C or U:
 *   flow-journal 1 C <newline>
 *   entries: kind, N, ' ', append_at, ' ', path of the target, NUL
 *   end <FNV-1a of all behind the first line, 16 hex digits> <newline> */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "io/journal.h"
#include "io/out_file.h"

enum { SETTLE_WAITS_MAX = 500, SETTLE_WAIT_US = 10000, SETTLE_END_LEN = 21,
       SETTLE_MARK_MAX = 1 << 30 };

/* ---- the text of a journal ---- */

static uint64_t settle_sum(const char *p, size_t n) {
  uint64_t h = 0xcbf29ce484222325u;
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
  return h;
}

char *frt_journal_text(const FrtJournal *j, size_t *size) {
  size_t head = strlen(FRT_JOURNAL_HEAD), room = head + SETTLE_END_LEN + 1;
  for (uint32_t i = 0; i < j->entry_len; i++) room += strlen(j->entries[i].target) + 48;
  char *text = frt_malloc(room), *p = text + head;
  memcpy(text, FRT_JOURNAL_HEAD, head);
  for (uint32_t i = 0; i < j->entry_len; i++) {
    const JournalEntry *e = &j->entries[i];
    p += snprintf(p, room - (size_t)(p - text), "%c%u %lld %s", (char)e->kind, e->number, (long long)e->append_at,
                  e->target) + 1;
  }
  uint64_t sum = settle_sum(text + head, (size_t)(p - text) - head);
  p += snprintf(p, room - (size_t)(p - text), "end %016llx\n", (unsigned long long)sum);
  *size = (size_t)(p - text);
  return text;
}

/* Whether the text is a whole journal. */
static int settle_is_journal(const char *text, size_t size) {
  size_t head = strlen(FRT_JOURNAL_HEAD);
  if (size < head + SETTLE_END_LEN || memcmp(text, FRT_JOURNAL_HEAD, FRT_JOURNAL_STATE_AT) != 0) return 0;
  char end[SETTLE_END_LEN + 1];
  uint64_t sum = settle_sum(text + head, size - head - SETTLE_END_LEN);
  snprintf(end, sizeof end, "end %016llx\n", (unsigned long long)sum);
  return memcmp(end, text + size - SETTLE_END_LEN, SETTLE_END_LEN) == 0;
}

/* The next entry of the text; where it goes on, or NULL. */
static const char *settle_entry(Arena *arena, const char *p, const char *end, const char *tag, JournalEntry *e) {
  const char *nul = memchr(p, 0, (size_t)(end - p));
  char *rest;
  if (!nul || nul - p < 6 || !strchr("rnca", *p)) return NULL;
  memset(e, 0, sizeof *e);
  e->kind = (JournalKind)*p;
  e->number = (uint32_t)strtoul(p + 1, &rest, 10);
  if (*rest != ' ') return NULL;
  e->append_at = strtoll(rest + 1, &rest, 10);
  if (rest[0] != ' ' || rest[1] != '/') return NULL;
  e->target = arena_strndup(arena, rest + 1, strlen(rest + 1));
  e->temp = frt_journal_name(arena, e->target, tag, e->number, "tmp");
  if (e->kind == JOURNAL_REPLACE) e->backup = frt_journal_name(arena, e->target, tag, e->number, "old");
  return nul + 1;
}

/* ---- marks ---- */

typedef struct SettleMark { int fd; char *text; size_t size; } SettleMark;

static int settle_close(SettleMark *m, int result) {
  if (m->fd >= 0) close(m->fd);
  frt_free(m->text);
  m->fd = -1;
  m->text = NULL;
  return result;
}

static int settle_read(SettleMark *m, size_t size) {
  m->size = 0;
  m->text = frt_realloc(m->text, size + 1);
  while (m->size < size) {
    ssize_t got = pread(m->fd, m->text + m->size, size - m->size, (off_t)m->size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    m->size += (size_t)got;
  }
  m->text[m->size] = 0;
  return 0;
}

/* Takes the mark of a dead run: 0; ENOENT: there is none; EBUSY: the run lives, or the mark is another user's.
 * A run that is just committing, or being finished by somebody else, is waited for. */
static int settle_take(SettleMark *m, const char *path) {
  struct stat st;
  *m = (SettleMark){.fd = frt_open_file(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0)};
  if (m->fd < 0) return errno == ENOENT ? ENOENT : errno == ELOOP || errno == EACCES || errno == EPERM ? EBUSY : errno;
  for (int wait = 0;; wait++) {
    if (fstat(m->fd, &st) != 0) return settle_close(m, errno);
    if (st.st_nlink == 0) return settle_close(m, ENOENT);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) || st.st_size > SETTLE_MARK_MAX)
      return settle_close(m, EBUSY);
    int locked = flock(m->fd, LOCK_EX | LOCK_NB) == 0, error = locked ? 0 : errno;
    if (!locked && error != EWOULDBLOCK && error != EINTR) return settle_close(m, EBUSY);
    if (locked && fstat(m->fd, &st) == 0 && st.st_nlink == 0) return settle_close(m, ENOENT);
    error = settle_read(m, (size_t)st.st_size);
    if (error) return settle_close(m, error);
    if (locked) return 0;
    if (!settle_is_journal(m->text, m->size) || wait >= SETTLE_WAITS_MAX || frt_cancelled()) return settle_close(m, EBUSY);
    usleep(SETTLE_WAIT_US);
  }
}

/* ---- a dead run ---- */

typedef struct SettleRun {
  Arena *arena;
  char tag[JOURNAL_TAG_LEN + 1];
  const char *why;
} SettleRun;

static int settle_fail(SettleRun *s, const char *path, int error) {
  s->why = arena_printf(s->arena, "%s: the outputs of a run that was killed cannot be completed: %s", path, strerror(error));
  return error;
}

static int settle_entries(SettleRun *s, const SettleMark *m, JournalEntry **entries, uint32_t *len) {
  const char *p = m->text + strlen(FRT_JOURNAL_HEAD), *end = m->text + m->size - SETTLE_END_LEN;
  while (p < end) {
    JournalEntry e;
    p = settle_entry(s->arena, p, end, s->tag, &e);
    if (!p) return EINVAL;
    *entries = arena_grow(s->arena, *entries, *len, sizeof **entries);
    (*entries)[(*len)++] = e;
  }
  return 0;
}

static char *settle_folder_of(SettleRun *s, const char *path) {
  const char *slash = strrchr(path, '/');
  return arena_strndup(s->arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static void settle_each_folder(SettleRun *s, const JournalEntry *entries, uint32_t len, const char *home, int remove) {
  const char *last = "";
  for (uint32_t i = 0; i < len; i++) {
    const char *folder = settle_folder_of(s, entries[i].target);
    if (strcmp(folder, last) == 0) continue;
    last = folder;
    if (!remove) {
      frt_journal_sync_folder(folder);
      continue;
    }
    const char *mark = arena_printf(s->arena, "%s/.flow-%s.run", folder, s->tag);
    if (strcmp(mark, home) != 0) unlink(mark);
  }
}

/* Finishes the commit whose journal is in `m`, or goes on taking it back. */
static int settle_finish(SettleRun *s, const SettleMark *m, const char *home) {
  JournalEntry *entries = NULL;
  uint32_t len = 0;
  int error = settle_entries(s, m, &entries, &len), back = m->text[FRT_JOURNAL_STATE_AT] == 'U';
  if (error) return settle_fail(s, home, error);
  for (uint32_t i = 0; i < len; i++) {
    error = back ? frt_journal_take_back(&entries[i], 1) : frt_journal_place(&entries[i], 1);
    /* A file that was to be created is there, from somebody else: it stays. So do rows that others appended. */
    if (error == EEXIST || (back && error == EBUSY)) error = 0;
    if (error) return settle_fail(s, entries[i].target, error);
  }
  settle_each_folder(s, entries, len, home, 0);
  for (uint32_t i = 0; i < len; i++) {
    unlink(entries[i].temp);
    if (entries[i].backup) unlink(entries[i].backup);
  }
  settle_each_folder(s, entries, len, home, 1);
  unlink(home);
  return 0;
}

/* The run's mark in `folder`; *dead says whether its other files here may go. */
static int settle_mark(SettleRun *s, const char *folder, int *dead) {
  const char *path = arena_printf(s->arena, "%s/.flow-%s.run", folder, s->tag);
  size_t home_len = strlen(FRT_JOURNAL_HOME);
  SettleMark mark, home = {.fd = -1};
  int error = settle_take(&mark, path);
  *dead = error == 0 || error == ENOENT;
  if (error) return error == EBUSY || error == ENOENT ? 0 : settle_fail(s, path, error);
  if (settle_is_journal(mark.text, mark.size)) {
    error = settle_finish(s, &mark, path);
  } else if (mark.size > home_len && memcmp(mark.text, FRT_JOURNAL_HOME, home_len) == 0) {
    const char *home_path = mark.text + home_len;
    error = settle_take(&home, home_path);
    /* Where the home's folder is not to be seen either, nothing is known. */
    *dead = error == 0 || (error == ENOENT && access(settle_folder_of(s, home_path), F_OK) == 0);
    if (error == 0 && settle_is_journal(home.text, home.size)) error = settle_finish(s, &home, home_path);
    else if (error == EBUSY || error == ENOENT) error = 0;
    else if (error) settle_fail(s, home_path, error);
    settle_close(&home, 0);
  }
  if (*dead && !error) unlink(path);
  return settle_close(&mark, error);
}

/* ---- the folder ---- */

/* The tag in a name, or NULL. */
static const char *settle_tag(const char *name) {
  size_t len = strlen(name);
  if (name[0] != '.' || len < JOURNAL_TAG_LEN + 10) return NULL;
  const char *end = name + len - 4, *tag = NULL;
  if (strcmp(end, ".run") == 0) {
    tag = len == JOURNAL_TAG_LEN + 10 && strncmp(name, ".flow-", 6) == 0 ? name + 6 : NULL;
  } else if (strcmp(end, ".tmp") == 0 || strcmp(end, ".old") == 0) {
    const char *digits = end;
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') digits--;
    if (digits == end || digits - name < JOURNAL_TAG_LEN + 8 || digits[-1] != '.') return NULL;
    tag = digits - 1 - JOURNAL_TAG_LEN;
    if (memcmp(tag - 6, ".flow-", 6) != 0) return NULL;
  }
  return tag && strspn(tag, "0123456789abcdef") >= JOURNAL_TAG_LEN ? tag : NULL;
}

static int settle_is_ours(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

typedef struct SettleName { struct SettleName *next; char *name; } SettleName;

static int settle_tag_names(SettleRun *s, const char *folder, SettleName *names) {
  int dead, error = settle_mark(s, folder, &dead);
  if (error) return error;
  for (SettleName *n = names; n; n = n->next) {
    const char *tag = n->name ? settle_tag(n->name) : NULL;
    if (!tag || strncmp(tag, s->tag, JOURNAL_TAG_LEN) != 0) continue;
    const char *path = arena_printf(s->arena, "%s/%s", folder, n->name);
    if (dead && strcmp(n->name + strlen(n->name) - 4, ".run") != 0 && settle_is_ours(path)) unlink(path);
    n->name = NULL;
  }
  return 0;
}

int frt_journal_settle(Arena *arena, const char *folder, const char **why) {
  DIR *dir = opendir(folder);
  if (!dir) return 0;            /* not to be listed, then nobody can; what is wrong shows when a file is made */
  SettleName *names = NULL;
  Arena *mine = NULL;
  for (struct dirent *d; (d = readdir(dir));) {
    if (d->d_name[0] != '.' || !settle_tag(d->d_name)) continue;
    if (!mine) mine = arena_new();
    SettleName *n = arena_alloc(mine, sizeof *n);
    n->name = arena_strndup(mine, d->d_name, strlen(d->d_name));
    n->next = names;
    names = n;
  }
  closedir(dir);
  int error = 0;
  for (SettleName *n = names; n && !error; n = n->next) {
    SettleRun s = {.arena = mine};
    if (!n->name) continue;
    memcpy(s.tag, settle_tag(n->name), JOURNAL_TAG_LEN);
    error = settle_tag_names(&s, folder, n);
    if (error) *why = arena_strndup(arena, s.why, strlen(s.why));
  }
  arena_free(mine);
  return error;
}
