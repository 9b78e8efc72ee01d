/* inject.c: a library to be preloaded that makes the n-th call of a kind go wrong.
 *
 *   FLOW_FAULT=KIND:N:MODE[:ERRNO]   KIND: a name of the table below, or `any` for all that touch files
 *     fail    this call fails with ERRNO          sticky  this one and all later ones of the kind
 *     short   a read or write moves one byte      kill    the process is killed by SIGKILL before the call; a child
 *     killall also the one that makes the call            that shares its memory goes on
 *   FLOW_FAULT_COUNT=FILE            at the end, a line `KIND CALLS` for each kind, and `descriptors N`: how many were left open
 *
 * Counters are shared by all processes that share memory. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sched.h>
#include <unistd.h>

#define FAULT_KINDS(X) X(open) X(openat) X(read) X(pread) X(write) X(pwrite) X(close) X(fsync) X(syncfs) X(ftruncate) \
  X(fchmod) X(rename) X(link) X(linkat) X(unlink) X(mkdir) X(rmdir) X(flock) X(stat) X(lstat) X(fstat) X(access) X(opendir) \
  X(fdatasync) X(lseek) X(statvfs) X(realpath) X(sync_file_range) X(clone) X(mmap) X(malloc) X(calloc) X(realloc)
typedef enum Kind {
#define X(name) K_##name,
  FAULT_KINDS(X)
#undef X
  K_LEN, K_MEMORY = K_malloc, K_ANY = K_LEN
} Kind;
static const char *const fault_names[] = {
#define X(name) #name,
  FAULT_KINDS(X)
#undef X
};
enum { M_NONE, M_FAIL, M_STICKY, M_SHORT, M_KILL, M_KILLALL };

static long fault_calls[K_LEN], fault_any, fault_at;
static int fault_fds;
static int fault_kind = -1, fault_mode, fault_errno, fault_pid, fault_ready;

/* Open descriptors. */
static int fault_count_fds(void) {
  int n = 0;
  for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

__attribute__((constructor)) static void fault_start(void) {
  const char *spec = getenv("FLOW_FAULT");
  char kind[32], mode[32];
  fault_pid = getpid();
  fault_fds = fault_count_fds();
  fault_ready = 1;
  if (!spec || sscanf(spec, "%31[^:]:%ld:%31[^:]:%d", kind, &fault_at, mode, &fault_errno) < 3) return;
  for (int k = 0; k < K_LEN; k++)
    if (strcmp(kind, fault_names[k]) == 0) fault_kind = k;
  if (strcmp(kind, "any") == 0) fault_kind = K_ANY;
  static const char *const modes[] = {"none", "fail", "sticky", "short", "kill", "killall"};
  for (int m = 0; m < 6; m++)
    if (strcmp(mode, modes[m]) == 0) fault_mode = m;
  if (!fault_errno) fault_errno = EIO;
  memset(fault_calls, 0, sizeof fault_calls);
  fault_any = 0;
}

__attribute__((destructor)) static void fault_end(void) {
  const char *path = getenv("FLOW_FAULT_COUNT");
  long calls[K_LEN], any = fault_any;
  int fds = fault_count_fds() - fault_fds;
  fault_ready = 0;
  memcpy(calls, fault_calls, sizeof calls);
  FILE *f = path ? fopen(path, "w") : NULL;
  if (!f) return;
  for (int k = 0; k < K_LEN; k++) fprintf(f, "%s %ld\n", fault_names[k], calls[k]);
  fprintf(f, "any %ld\ndescriptors %d\n", any, fds);
  fclose(f);
}

static int fault_raise(void) {
  if (fault_mode == M_KILL || fault_mode == M_KILLALL) {
    int self = getpid();
    kill(fault_pid, SIGKILL);
    if (fault_mode == M_KILLALL) kill(self, SIGKILL);
    return 0;
  }
  errno = fault_errno;
  return fault_mode;
}

/* What this call shall do: M_NONE, M_FAIL (errno is set) or M_SHORT. */
static int fault_now(Kind kind) {
  if (!fault_ready) return M_NONE;
  long n = ++fault_calls[kind];
  if (kind < K_MEMORY) n = fault_kind == K_ANY ? ++fault_any : (fault_any++, n);
  if (fault_kind != (int)kind && !(fault_kind == K_ANY && kind < K_MEMORY)) return M_NONE;
  if (n != fault_at && !(fault_mode == M_STICKY && n > fault_at)) return M_NONE;
  int mode = fault_raise();
  return mode == M_STICKY ? M_FAIL : mode;
}

#define REAL(name, result, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
#define PASS(name, result, failed, params, args, ...) \
  result name params { \
    REAL(name, result, __VA_ARGS__); \
    if (fault_now(K_##name) == M_FAIL) return failed; \
    return real args; \
  }
#define PART(name, params, args, ...) \
  ssize_t name params { \
    REAL(name, ssize_t, __VA_ARGS__); \
    int mode = fault_now(K_##name); \
    if (mode == M_FAIL) return -1; \
    if (mode == M_SHORT && n > 1) n = 1; \
    return real args; \
  }

PART(read, (int fd, void *p, size_t n), (fd, p, n), int, void *, size_t)
PART(pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), int, void *, size_t, off_t)
PART(write, (int fd, const void *p, size_t n), (fd, p, n), int, const void *, size_t)
PART(pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), int, const void *, size_t, off_t)
PASS(fsync, int, -1, (int fd), (fd), int)
PASS(fdatasync, int, -1, (int fd), (fd), int)
PASS(syncfs, int, -1, (int fd), (fd), int)
PASS(ftruncate, int, -1, (int fd, off_t n), (fd, n), int, off_t)
PASS(lseek, off_t, -1, (int fd, off_t n, int from), (fd, n, from), int, off_t, int)
PASS(fchmod, int, -1, (int fd, mode_t m), (fd, m), int, mode_t)
PASS(rename, int, -1, (const char *a, const char *b), (a, b), const char *, const char *)
PASS(link, int, -1, (const char *a, const char *b), (a, b), const char *, const char *)
PASS(linkat, int, -1, (int x, const char *a, int y, const char *b, int flags), (x, a, y, b, flags), int, const char *, int,
     const char *, int)
PASS(unlink, int, -1, (const char *a), (a), const char *)
PASS(mkdir, int, -1, (const char *a, mode_t m), (a, m), const char *, mode_t)
PASS(rmdir, int, -1, (const char *a), (a), const char *)
PASS(flock, int, -1, (int fd, int op), (fd, op), int, int)
PASS(stat, int, -1, (const char *a, struct stat *st), (a, st), const char *, struct stat *)
PASS(lstat, int, -1, (const char *a, struct stat *st), (a, st), const char *, struct stat *)
PASS(fstat, int, -1, (int fd, struct stat *st), (fd, st), int, struct stat *)
PASS(statvfs, int, -1, (const char *a, struct statvfs *st), (a, st), const char *, struct statvfs *)
PASS(realpath, char *, NULL, (const char *a, char *b), (a, b), const char *, char *)
PASS(sync_file_range, int, -1, (int fd, off_t at, off_t n, unsigned flags), (fd, at, n, flags), int, off_t, off_t, unsigned)
PASS(access, int, -1, (const char *a, int mode), (a, mode), const char *, int)
PASS(opendir, DIR *, NULL, (const char *a), (a), const char *)
PASS(mmap, void *, MAP_FAILED, (void *a, size_t n, int prot, int flags, int fd, off_t at), (a, n, prot, flags, fd, at), void *,
     size_t, int, int, int, off_t)

/* The descriptor is given back even where close fails. */
int close(int fd) {
  REAL(close, int, int);
  if (fault_now(K_close) != M_FAIL) return real(fd);
  int error = errno;
  real(fd);
  errno = error;
  return -1;
}

int open(const char *path, int flags, ...) {
  REAL(open, int, const char *, int, ...);
  va_list args;
  va_start(args, flags);
  int mode = va_arg(args, int);
  va_end(args);
  return fault_now(K_open) == M_FAIL ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
  REAL(openat, int, int, const char *, int, ...);
  va_list args;
  va_start(args, flags);
  int mode = va_arg(args, int);
  va_end(args);
  return fault_now(K_openat) == M_FAIL ? -1 : real(folder, path, flags, mode);
}

int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...) {
  REAL(clone, int, int (*)(void *), void *, int, void *, ...);
  return fault_now(K_clone) == M_FAIL ? -1 : real(fn, stack, flags, arg);
}

/* dlsym may allocate: libc's own functions serve under other names. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void *malloc(size_t n) { return fault_now(K_malloc) == M_FAIL ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fault_now(K_calloc) == M_FAIL ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return fault_now(K_realloc) == M_FAIL ? NULL : __libc_realloc(p, n); }
