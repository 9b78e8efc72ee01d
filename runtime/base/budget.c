/* budget.c: see budget.h.
 *
 * `held` is what operators have reserved, `limit` what they may: the given size less a base share for all that is not
 * reserved (the program, windows of input, buffers of outputs), at least half of the given size. Under pressure the
 * limit falls to what is held and 60% of what is left, and by an eighth at each look while tasks wait for memory; it
 * comes back when the pressure ends. What is read: proc(5), Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/memory.rst and accounting/psi.rst of Linux. Elsewhere the limit stays as it was given. */
#include "base/budget.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

enum {
  BUDGET_POLL_US = 100 * 1000,
  BUDGET_WINDOWS = 4 * 1024 * 1024,      /* input windows, buffers of outputs, the slab of a block */
  BUDGET_DEFAULT_LEAST = 64 * 1024 * 1024,
  BUDGET_PRESSURE = 20,                  /* percent of PSI "some" from which the limit falls */
  BUDGET_MMAP = 512 * 1024,              /* allocations from here on go back to the system when they are freed */
  BUDGET_PATH = 4096
};

static struct {
  _Atomic uint64_t held, limit, poll_us;
  _Atomic int passed;
  uint64_t total, given;                 /* given: the limit without pressure */
  int stress;
} budget_now;

/* ---- what there is ---- */

/* Into `out` the number that follows `name` in the file folder/file, or the first one when name is NULL. 0: there is none ("max"
 * included). */
static int budget_read(const char *folder, const char *file, const char *name, uint64_t *out) {
  char line[256], path[BUDGET_PATH];
  if (snprintf(path, sizeof path, "%s/%s", folder, file) >= (int)sizeof path) return 0;
  FILE *f = fopen(path, "re");
  int found = 0;
  while (f && !found && fgets(line, sizeof line, f)) {
    size_t skip = name ? strlen(name) : 0;
    if (name && strncmp(line, name, skip) != 0) continue;
    char *end, *from = line + skip;
    unsigned long long n = strtoull(from, &end, 10);
    found = end != from;
    *out = n;
    if (!name) break;
  }
  if (f) fclose(f);
  return found;
}

typedef struct BudgetFiles {
  const char *max, *high, *current, *cache;   /* names of files; cache: a line of memory.stat */
} BudgetFiles;

static const BudgetFiles budget_v2 = {"memory.max", "memory.high", "memory.current", "inactive_file "};
static const BudgetFiles budget_v1 = {"memory.limit_in_bytes", NULL, "memory.usage_in_bytes", "total_inactive_file "};

static uint64_t budget_least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* What one cgroup has left; UINT64_MAX when it has no limit. */
static uint64_t budget_folder(const char *folder, const BudgetFiles *names) {
  uint64_t limit = UINT64_MAX, n, used = 0, cache = 0;
  if (budget_read(folder, names->max, NULL, &n)) limit = n;
  if (names->high && budget_read(folder, names->high, NULL, &n)) limit = budget_least(limit, n);
  if (limit >= INT64_MAX / 2) return UINT64_MAX;
  budget_read(folder, names->current, NULL, &used);
  if (budget_read(folder, "memory.stat", names->cache, &cache)) used = used > cache ? used - cache : 0;
  return limit > used ? limit - used : 0;
}

/* The cgroup and all above it. A container may not see its own path: then the mount's root is its own cgroup. */
static uint64_t budget_tree(const char *mount, const char *own, const BudgetFiles *names) {
  char folder[BUDGET_PATH];
  uint64_t least = UINT64_MAX;
  size_t base = strlen(mount);
  if (snprintf(folder, sizeof folder, "%s%s", mount, own) >= (int)sizeof folder) return least;
  for (;;) {
    least = budget_least(least, budget_folder(folder, names));
    char *slash = strrchr(folder, '/');
    if (strlen(folder) <= base || !slash || (size_t)(slash - folder) < base) return least;
    *slash = 0;
  }
}

/* Calls `see` for each memory cgroup of the process, with its mount and its path there. */
static uint64_t budget_groups(const char *root, uint64_t (*see)(const char *mount, const char *own, const BudgetFiles *names)) {
  char path[BUDGET_PATH], line[BUDGET_PATH], mount[BUDGET_PATH];
  uint64_t least = UINT64_MAX;
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *f = fopen(path, "re");
  while (f && fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = 0;
    char *kind = strchr(line, ':'), *own = kind ? strchr(kind + 1, ':') : NULL;
    if (!own) continue;
    *own++ = 0;
    if (strcmp(own, "/") == 0) own++;
    if (strcmp(kind, ":") == 0) {
      snprintf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
      least = budget_least(least, see(mount, own, &budget_v2));
      snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/unified", root);
      least = budget_least(least, see(mount, own, &budget_v2));
    } else if (strstr(kind, "memory")) {
      snprintf(mount, sizeof mount, "%s/sys/fs/cgroup/memory", root);
      least = budget_least(least, see(mount, own, &budget_v1));
    }
  }
  if (f) fclose(f);
  return least;
}

uint64_t frt_memory_available(const char *root) {
  uint64_t kib, least = budget_groups(root, budget_tree);
  if (budget_read(root, "proc/meminfo", "MemAvailable:", &kib)) least = budget_least(least, kib * 1024);
  return least;
}

/* UINT64_MAX - percent, so that the least is the greatest. */
static uint64_t budget_wait(const char *mount, const char *own, const BudgetFiles *names) {
  char folder[BUDGET_PATH];
  uint64_t percent;
  if (names != &budget_v2 || snprintf(folder, sizeof folder, "%s%s", mount, own) >= (int)sizeof folder) return UINT64_MAX;
  return budget_read(folder, "memory.pressure", "some avg10=", &percent) ? UINT64_MAX - 1 - percent : UINT64_MAX;
}

unsigned frt_memory_pressure(const char *root) {
  uint64_t percent = budget_groups(root, budget_wait);
  if (percent != UINT64_MAX) return (unsigned)(UINT64_MAX - 1 - percent);
  return budget_read(root, "proc/pressure/memory", "some avg10=", &percent) ? (unsigned)percent : 0;
}

/* ---- the limit ---- */

/* Memory of the process that is its own, from statm: pages resident less pages shared with files. */
static uint64_t budget_resident(void) {
  unsigned long long size = 0, resident = 0, shared = 0;
  char line[256], *at = line;
  FILE *f = fopen("/proc/self/statm", "re");
  if (f && fgets(line, sizeof line, f)) {
    size = strtoull(at, &at, 10);
    resident = strtoull(at, &at, 10);
    shared = strtoull(at, &at, 10);
  }
  if (f) fclose(f);
  (void)size;
  return resident > shared ? (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void frt_budget_start(uint64_t memory, int stress) {
  uint64_t base = budget_resident() + BUDGET_WINDOWS;
  budget_now.stress = stress;
  budget_now.total = memory;
  if (!memory) {
    uint64_t free_size = frt_memory_available("");
    if (free_size == UINT64_MAX) free_size = UINT64_MAX / 2;
    budget_now.total = free_size / 5 * 3;
    if (budget_now.total < BUDGET_DEFAULT_LEAST) budget_now.total = BUDGET_DEFAULT_LEAST;
  }
#ifdef __GLIBC__
  if (memory) {   /* freed memory counts as long as the heap keeps it */
    mallopt(M_MMAP_THRESHOLD, BUDGET_MMAP);
    mallopt(M_TRIM_THRESHOLD, BUDGET_MMAP);
  }
#endif
  uint64_t half = budget_now.total / 2;
  budget_now.given = budget_now.total > base && budget_now.total - base > half ? budget_now.total - base : half;
  budget_now.limit = budget_now.given;
  budget_now.held = 0;
  budget_now.passed = 0;
  budget_now.poll_us = (uint64_t)frt_monotonic_us();
}

void frt_budget_end(void) {
  budget_now.held = 0;
  budget_now.limit = budget_now.given = budget_now.total = UINT64_MAX;
  budget_now.stress = 0;
}

void frt_budget_poll(void) {
  uint64_t held = budget_now.held, now, due = budget_now.poll_us;
  if (held < budget_now.given / 8) return;
  now = (uint64_t)frt_monotonic_us();
  if (now - due < BUDGET_POLL_US || !atomic_compare_exchange_strong(&budget_now.poll_us, &due, now)) return;
  uint64_t left = frt_memory_available(""), limit = budget_now.given;
  if (left != UINT64_MAX) limit = budget_least(limit, held + left / 5 * 3);
  if (frt_memory_pressure("") >= BUDGET_PRESSURE) limit = budget_least(limit, budget_now.limit - budget_now.limit / 8);
  budget_now.limit = limit > budget_now.given / 8 ? limit : budget_now.given / 8;
}

/* ---- reserving ---- */

/* What those may have who ask: an eighth is left to those who cannot spill, and do not ask. */
static uint64_t budget_asked(void) {
  uint64_t limit = atomic_load_explicit(&budget_now.limit, memory_order_relaxed);
  return limit - limit / 8;
}

int frt_reserve(FrtCtx *cx, size_t size) {
  (void)cx;
  if (budget_now.stress) return 0;
  uint64_t before = atomic_fetch_add_explicit(&budget_now.held, size, memory_order_relaxed);
  if (before + size <= budget_asked()) return 1;
  frt_unreserve(cx, size);
  return 0;
}

int frt_may_reserve(size_t size) {
  return !budget_now.stress && atomic_load_explicit(&budget_now.held, memory_order_relaxed) + size <= budget_asked();
}

void frt_unreserve(FrtCtx *cx, size_t size) {
  (void)cx;
  atomic_fetch_sub_explicit(&budget_now.held, size, memory_order_relaxed);
}

void frt_hold(size_t size) {
  uint64_t before = atomic_fetch_add_explicit(&budget_now.held, size, memory_order_relaxed);
  if (before + size > budget_now.given && !budget_now.stress) budget_now.passed = 1;
}

void frt_hold_buffer(size_t size) { atomic_fetch_add_explicit(&budget_now.held, size, memory_order_relaxed); }

int frt_budget_stress(void) { return budget_now.stress; }
uint64_t frt_budget_held(void) { return budget_now.held; }
uint64_t frt_budget_limit(void) { return budget_now.limit; }
int frt_budget_passed(void) { return budget_now.passed; }
uint64_t frt_budget_total(void) { return budget_now.total; }
