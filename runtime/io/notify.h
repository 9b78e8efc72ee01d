/* notify.h: waiting until something changes in folders: by inotify where there is one, else by looking again. */
#ifndef FRT_IO_NOTIFY_H
#define FRT_IO_NOTIFY_H

#include <signal.h>
#include <stdint.h>

/* A descriptor to wait on; -1: there is none (no inotify, no room for one, FLOW_WATCH=poll), and frt_notify_wait only sleeps. */
int frt_notify_open(void);
/* Names that appear in the folder, go, are closed behind writing or get other attributes wake the waiter; to be said again
 * for a folder that was made anew. 0, or -1: it is not watched. */
int frt_notify_add(int fd, const char *folder);
/* Until something happened (1), the time is up (0), or *stop is not 0 (-1). The signals SIGINT and SIGTERM are let in only
 * while it sleeps, so that none comes between the look at *stop and the sleep. other_fd: ends the wait when it can be read, too; -1. */
int frt_notify_wait(int fd, int other_fd, int64_t timeout_us, const volatile sig_atomic_t *stop);
void frt_notify_close(int fd);

/* What tells one state of a file from another: 0 where there is none; of a folder that it is there. */
uint64_t frt_notify_print(const char *path);

#endif
