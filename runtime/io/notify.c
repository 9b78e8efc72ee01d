/* notify.c: see notify.h. inotify says that something happened, never what: who was woken looks for itself, so that lost
 * events, file systems without them and other kernels are one case, that of the time that is up. */
#include "io/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/inotify.h>
#endif

#include "base/hash.h"

int frt_notify_open(void) {
#if defined(__linux__)
  const char *way = getenv("FLOW_WATCH");
  if (!way || strcmp(way, "poll") != 0) return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
#endif
  return -1;
}

int frt_notify_add(int fd, const char *folder) {
#if defined(__linux__)
  uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
  if (fd >= 0) return inotify_add_watch(fd, *folder ? folder : ".", what | IN_ONLYDIR) < 0 ? -1 : 0;
#endif
  return -1;
}

/* Takes all events out, so that the next wait sleeps. */
static void notify_drain(int fd) {
  char events[4096];
  while (fd >= 0 && read(fd, events, sizeof events) > 0) {}
}

int frt_notify_wait(int fd, int other_fd, int64_t timeout_us, const volatile sig_atomic_t *stop) {
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  sigprocmask(SIG_BLOCK, &held, &before);
  struct timespec time = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
  struct pollfd polls[2] = {{fd, POLLIN, 0}, {other_fd, POLLIN, 0}};   /* a descriptor below 0 is left out */
  int n = *stop ? -1 : ppoll(polls, 2, &time, &before);
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (*stop) return -1;
  notify_drain(n > 0 && polls[0].revents ? fd : -1);
  return n > 0;
}

void frt_notify_close(int fd) {
  if (fd >= 0) close(fd);
}

uint64_t frt_notify_print(const char *path) {
  struct stat st;
  if (stat(*path ? path : ".", &st) != 0) return 0;
  uint64_t parts[] = {(uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                      (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_ctim.tv_sec, (uint64_t)st.st_ctim.tv_nsec};
  if (S_ISDIR(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) return 1;
  return frt_hash_bytes(parts, sizeof parts, 1) | 1;
}
