/* map.c: a reserved range of addresses, its first and last page zeros, a window of the file or all of it between them. */
#include "io/map.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

struct FrtMap {
  int fd;
  uint64_t size;
  size_t page;
  char *area;                 /* a page, room, a page */
  size_t room;
  int whole;
  _Atomic int kept;
  _Atomic uint32_t owners;
  uint32_t slot;              /* in fmap_slots */
  volatile sig_atomic_t cut;
};

/* The areas the handler knows. `from` is 0 while a slot is free, and set last. */
typedef struct FmapSlot {
  _Atomic uintptr_t from, to;
  FrtMap *map;
} FmapSlot;

enum { FMAP_SLOTS = 64 };

static FmapSlot fmap_slots[FMAP_SLOTS];
static atomic_int fmap_handling;
static struct sigaction fmap_before;

/* ---- the handler ---- */

static void fmap_on_fault(int number, siginfo_t *info, void *context) {
  uintptr_t at = (uintptr_t)info->si_addr;
  for (uint32_t i = 0; i < FMAP_SLOTS; i++) {
    uintptr_t from = atomic_load(&fmap_slots[i].from);
    if (!from || at < from || at >= atomic_load(&fmap_slots[i].to)) continue;
    FrtMap *m = fmap_slots[i].map;
    void *page = (void *)(at & ~(uintptr_t)(m->page - 1));
    m->cut = 1;
    if (mmap(page, m->page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page) return;
  }
  if (fmap_before.sa_flags & SA_SIGINFO) fmap_before.sa_sigaction(number, info, context);
  else if (fmap_before.sa_handler != SIG_DFL && fmap_before.sa_handler != SIG_IGN) fmap_before.sa_handler(number);
  else sigaction(number, &fmap_before, NULL);   /* the fault comes again, and ends the process */
}

static int fmap_handle(void) {
  int none = 0;
  if (!atomic_compare_exchange_strong(&fmap_handling, &none, 1)) return 1;
  struct sigaction action = {.sa_sigaction = fmap_on_fault, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGBUS, &action, &fmap_before) == 0) return 1;
  atomic_store(&fmap_handling, 0);
  return 0;
}

/* ---- areas ---- */

static void fmap_area_free(FrtMap *m) {
  atomic_store(&fmap_slots[m->slot].from, 0);
  if (m->area) munmap(m->area, m->room + 2 * m->page);
  m->area = NULL;
}

static int fmap_area_make(FrtMap *m, size_t room) {
  fmap_area_free(m);
  char *area = mmap(NULL, room + 2 * m->page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) return 0;
  m->area = area;
  m->room = room;
  atomic_store(&fmap_slots[m->slot].to, (uintptr_t)area + room + 2 * m->page);
  atomic_store(&fmap_slots[m->slot].from, (uintptr_t)area);
  return 1;
}

/* A free slot becomes the map's: `to` of 1 takes it. */
static int fmap_slot_take(FrtMap *m) {
  for (uint32_t i = 0; i < FMAP_SLOTS; i++) {
    uintptr_t none = 0;
    if (!atomic_compare_exchange_strong(&fmap_slots[i].to, &none, 1)) continue;
    fmap_slots[i].map = m;
    m->slot = i;
    return 1;
  }
  return 0;
}

/* The file's first byte comes to a multiple of FRT_MAP_STEP, so that steps of the file are steps of the tables. */
static int fmap_whole_show(FrtMap *m) {
  size_t span = ((size_t)m->size + m->page - 1) & ~(m->page - 1), before = (size_t)FRT_MAP_STEP;
  if (!fmap_area_make(m, span + before)) return 0;
  m->room = span;
  uintptr_t room = ((uintptr_t)m->area + m->page + before - 1) & ~(uintptr_t)(before - 1);
  char *end = m->area + span + before + 2 * m->page, *area = (char *)(room - m->page);
  if (area > m->area) munmap(m->area, (size_t)(area - m->area));
  if (end > area + span + 2 * m->page) munmap(area + span + 2 * m->page, (size_t)(end - area - span - 2 * m->page));
  m->area = area;
  atomic_store(&fmap_slots[m->slot].to, (uintptr_t)area + span + 2 * m->page);
  atomic_store(&fmap_slots[m->slot].from, (uintptr_t)area);
  return mmap((void *)room, span, PROT_READ, MAP_PRIVATE | MAP_FIXED, m->fd, 0) != MAP_FAILED;
}

/* ---- the face ---- */

FrtMap *frt_map_open(int fd, uint64_t size) {
  if (!fmap_handle()) return NULL;
  FrtMap *m = frt_malloc(sizeof *m);
  *m = (FrtMap){.fd = fd, .size = size, .page = (size_t)sysconf(_SC_PAGESIZE), .owners = 1};
  if (fmap_slot_take(m)) return m;
  frt_free(m);
  return NULL;
}

FrtMap *frt_map_open_whole(int fd, uint64_t size) {
  FrtMap *m = size && size <= SIZE_MAX / 2 ? frt_map_open(fd, size) : NULL;
  if (!m) return NULL;
  m->whole = fmap_whole_show(m);
  if (m->whole) return m;
  frt_map_close(m);
  return NULL;
}

int frt_map_is_whole(const FrtMap *m) { return m->whole; }

FrtMap *frt_map_share(FrtMap *m) {
  if (m) atomic_fetch_add(&m->owners, 1);
  return m;
}

void frt_map_keep(FrtMap *m, int keep) {
  if (atomic_fetch_add(&m->kept, keep ? 1 : -1) == 1 && !keep) madvise(m->area + m->page, m->room, MADV_DONTNEED);
}

void frt_map_release(FrtMap *m, uint64_t from, uint64_t to) {
  if (m->whole && !m->kept && to <= m->size && from < to) madvise(m->area + m->page + from, (size_t)(to - from), MADV_DONTNEED);
}

const char *frt_map_window(FrtMap *m, uint64_t from, size_t size, size_t *len) {
  size_t skip = (size_t)(from & (m->page - 1));
  uint64_t left = from < m->size ? m->size - from : 0;
  *len = left < size ? (size_t)left : size;
  if (m->whole) return m->area + m->page + m->size - left;
  size_t span = (skip + *len + m->page - 1) & ~(m->page - 1);
  if ((!m->area || span > m->room) && !fmap_area_make(m, span)) return NULL;
  char *room = m->area + m->page;
  if (span && mmap(room, span, PROT_READ, MAP_PRIVATE | MAP_FIXED, m->fd, (off_t)(from - skip)) == MAP_FAILED) return NULL;
  if (span < m->room &&
      mmap(room + span, m->page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    return NULL;
  return room + skip;
}

uint64_t frt_map_size(FrtMap *m) {
  struct stat st;
  if (!m->whole && fstat(m->fd, &st) == 0) {
    if ((uint64_t)st.st_size < m->size) m->cut = 1;
    m->size = (uint64_t)st.st_size;
  }
  return m->size;
}

int frt_map_is_cut(const FrtMap *m) { return m->cut; }

void frt_map_close(FrtMap *m) {
  if (!m || atomic_fetch_sub(&m->owners, 1) > 1) return;
  fmap_area_free(m);
  atomic_store(&fmap_slots[m->slot].to, 0);
  frt_free(m);
}
