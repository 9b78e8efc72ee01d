/* cores.c: how many processors there are for this process: its affinity mask, and the quotas of its cgroup and of those
 * above it (cgroup v2 cpu.max, v1 cpu.cfs_quota_us; Documentation/admin-guide/cgroup-v2.rst of Linux). */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched/crew.h"

enum { CORES_PATH = 4096, CORES_MAX = 1024 };

static double cores_least(double a, double b) { return a < b ? a : b; }

/* The first two numbers of a file; how many there are. */
static int cores_numbers(const char *folder, const char *file, double *a, double *b) {
  char path[CORES_PATH + 32], line[128], *end, *next;
  snprintf(path, sizeof path, "%s/%s", folder, file);
  FILE *f = fopen(path, "re");
  char *got = f ? fgets(line, sizeof line, f) : NULL;
  if (f) fclose(f);
  if (!got) return 0;
  *a = (double)strtoll(line, &end, 10);
  if (end == line) return 0;
  *b = (double)strtoll(end, &next, 10);
  return next == end ? 1 : 2;
}

/* Quota by period of one folder, a large number where there is none. */
static double cores_quota(const char *folder) {
  double quota = -1, period = 0, none;
  if (cores_numbers(folder, "cpu.max", &quota, &period) == 2) return quota > 0 && period > 0 ? quota / period : CORES_MAX;
  if (!cores_numbers(folder, "cpu.cfs_quota_us", &quota, &none) || quota <= 0) return CORES_MAX;
  return cores_numbers(folder, "cpu.cfs_period_us", &period, &none) && period > 0 ? quota / period : CORES_MAX;
}

/* The folder `mount` + `own` and all above it. */
static double cores_tree(const char *mount, const char *own) {
  char folder[CORES_PATH];
  double least = CORES_MAX;
  size_t base = strlen(mount);
  if (snprintf(folder, sizeof folder, "%s%s", mount, own) >= (int)sizeof folder) return least;
  for (;;) {
    least = cores_least(least, cores_quota(folder));
    char *slash = strrchr(folder, '/');
    if (strlen(folder) <= base || !slash || (size_t)(slash - folder) < base) return least;
    *slash = 0;
  }
}

static double cores_cgroup(void) {
  char line[CORES_PATH];
  double least = CORES_MAX;
  FILE *f = fopen("/proc/self/cgroup", "re");
  while (f && fgets(line, sizeof line, f)) {
    line[strcspn(line, "\n")] = 0;
    char *kind = strchr(line, ':'), *own = kind ? strchr(kind + 1, ':') : NULL;
    if (!own) continue;
    *own++ = 0;
    if (strcmp(own, "/") == 0) own++;
    if (strcmp(kind, ":") == 0) least = cores_least(least, cores_tree("/sys/fs/cgroup", own));
    else if (strstr(kind, "cpu") && !strstr(kind, "cpuset")) least = cores_least(least, cores_tree("/sys/fs/cgroup/cpu", own));
  }
  if (f) fclose(f);
  return least;
}

uint32_t frt_cores(void) {
  long n = 0;
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
#endif
  if (n <= 0) n = sysconf(_SC_NPROCESSORS_ONLN);
  if (n < 1) n = 1;
  double quota = cores_cgroup();
  if (quota < (double)n) n = (long)(quota + 0.999);
  return n < 1 ? 1 : (uint32_t)n;
}
