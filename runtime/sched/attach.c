/* attach.c: see attach.h.
 *
 * A thread of its own accepts, reads the request and writes; it never holds a worker up. The worker whose turn it is asks which of
 * those who attached take a row (frt_attach_takes), and puts it into the room of each (frt_attach_row). Where there is no room the row
 * is left out for that one, and counted. The bits of taps that somebody looks at reach the workers between blocks, so that a
 * program at which nobody looks does what one does that cannot be looked at. */
#include "sched/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "errors/errors.h"
#include "sched/run_internal.h"

enum { ATTACH_CLIENTS = 8, ATTACH_ROOM = 1 << 20, ATTACH_LINE_MAX = 512, ATTACH_ASK_US = 2000000, ATTACH_DRAIN_US = 300000 };

typedef struct AttachClient {
  int fd;                      /* -1: the place is free */
  int live;                    /* its request was good: rows go into the room */
  int last;                    /* no more rows: its room is written out, then the end */
  int64_t since_us;            /* when it came */
  char line[ATTACH_LINE_MAX];  /* the request, as far as it is there */
  size_t line_len;
  uint32_t tap;
  uint64_t every, seed, limit, seen, shown, left_out;
  double rate;
  char *room;                  /* a ring of ATTACH_ROOM bytes */
  size_t head, len;
} AttachClient;

struct FrtAttach {
  FrtRun *run;
  pthread_t thread;
  pthread_mutex_t lock;        /* of the clients */
  int socket, wake[2];
  _Atomic int stop;
  char path[108];
  AttachClient clients[ATTACH_CLIENTS];
};

/* ---- who and where ---- */

static const char *attach_folder(char *out, size_t size) {
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  struct stat st;
  int n = runtime && runtime[0] == '/' ? snprintf(out, size, "%s/flowc", runtime) : snprintf(out, size, "/tmp/flowc-%lu", (unsigned long)geteuid());
  if (n < 0 || (size_t)n >= size) return "the folder of the socket has too long a name";
  if (mkdir(out, 0700) != 0 && errno != EEXIST) return "the folder of the socket cannot be made";
  if (lstat(out, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
    return "the folder of the socket is not this user's alone";
  return NULL;
}

int frt_attach_path(char *out, size_t size, pid_t pid, const char **why) {
  if ((*why = attach_folder(out, size))) return -1;
  size_t len = strlen(out);
  if ((size_t)snprintf(out + len, size - len, "/%ld.sock", (long)pid) < size - len) return 0;
  *why = "the folder of the socket has too long a name";
  return -1;
}

int frt_attach_is_own(int fd) {
#if defined(__linux__)
  struct ucred who;
  socklen_t size = sizeof who;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == geteuid();
#else
  uid_t user;
  gid_t group;
  return getpeereid(fd, &user, &group) == 0 && user == geteuid();
#endif
}

/* ---- the workers' side ---- */

uint64_t frt_attach_takes(FrtRun *r, uint32_t tap, uint64_t key) {
  struct FrtAttach *a = r->attach;
  uint64_t takes = 0;
  if (!a) return 0;
  pthread_mutex_lock(&a->lock);
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++) {
    AttachClient *c = &a->clients[i];
    if (c->fd < 0 || !c->live || c->last || c->tap != tap) continue;
    if (!frt_tap_picks(c->every, c->rate, c->seed, key, c->seen++)) continue;
    if (++c->shown >= c->limit) c->last = 1;
    takes |= (uint64_t)1 << i;
  }
  pthread_mutex_unlock(&a->lock);
  return takes;
}

static void attach_put(AttachClient *c, const char *p, size_t n) {
  size_t at = (c->head + c->len) % ATTACH_ROOM, first = ATTACH_ROOM - at < n ? ATTACH_ROOM - at : n;
  memcpy(c->room + at, p, first);
  memcpy(c->room, p + first, n - first);
  c->len += n;
}

void frt_attach_row(FrtRun *r, uint64_t takes, const char *row, size_t n) {
  struct FrtAttach *a = r->attach;
  int wake = 0;
  pthread_mutex_lock(&a->lock);
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++) {
    AttachClient *c = &a->clients[i];
    if (!(takes >> i & 1) || c->fd < 0 || !c->live) continue;
    wake |= c->len == 0;
    if (n > ATTACH_ROOM - c->len) c->left_out++;
    else attach_put(c, row, n);
  }
  pthread_mutex_unlock(&a->lock);
  if (wake && write(a->wake[1], "", 1) < 0) return;   /* full: it is awake */
}

/* ---- the thread's side ---- */

static void attach_mask(struct FrtAttach *a) {
  uint64_t mask = 0;
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++)
    if (a->clients[i].fd >= 0 && a->clients[i].live && !a->clients[i].last) mask |= (uint64_t)1 << a->clients[i].tap;
  atomic_store(&a->run->tap_watched, mask);
}

static void attach_close(AttachClient *c) {
  if (c->fd >= 0) close(c->fd);
  frt_free(c->room);
  memset(c, 0, sizeof *c);
  c->fd = -1;
}

static void attach_accept(struct FrtAttach *a) {
  int fd = accept4(a->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  for (uint32_t i = 0; i < ATTACH_CLIENTS && frt_attach_is_own(fd); i++) {
    AttachClient *c = &a->clients[i];
    if (c->fd >= 0) continue;
    c->fd = fd;
    c->since_us = frt_monotonic_us();
    c->room = frt_malloc(ATTACH_ROOM);
    return;
  }
  send(fd, "-no more may attach\n", 20, MSG_NOSIGNAL | MSG_DONTWAIT);
  close(fd);
}

static void attach_say(AttachClient *c, const char *text, size_t n) {
  if (n <= ATTACH_ROOM - c->len) attach_put(c, text, n);
}

static void attach_names(const FrtModule *m, AttachClient *c) {
  for (uint32_t t = 0; t < m->tap_len && t < 64; t++) {
    attach_say(c, m->taps[t].name.ptr, m->taps[t].name.len);
    attach_say(c, "\n", 1);
  }
}

/* The request is whole. */
static void attach_begin(struct FrtAttach *a, AttachClient *c) {
  const FrtModule *m = a->run->module;
  uint64_t n[5], bits;
  char *p = c->line, *end;
  for (int i = 0; i < 5; i++, p = end + 1) {
    n[i] = strtoull(p, &end, 16);
    if (end == p || *end != ' ') {
      attach_say(c, "-this is no request\n", 20);
      c->last = 1;
      return;
    }
  }
  bits = n[4];
  memcpy(&c->rate, &bits, sizeof c->rate);
  c->every = n[1], c->seed = n[2], c->limit = n[3];
  size_t len = strlen(p);
  for (c->tap = 0; c->tap < m->tap_len && c->tap < 64; c->tap++)
    if (m->taps[c->tap].name.len == len && memcmp(m->taps[c->tap].name.ptr, p, len) == 0) break;
  c->last = !*p || c->tap >= m->tap_len || c->tap >= 64;
  if (!*p) attach_names(m, c);
  else if (c->last) attach_say(c, "-it has no tap, stream or port of that name\n", 44);
  if (c->last) return;
  const FrtTap *t = &m->taps[c->tap];
  if (!c->every) c->every = t->every;
  if (!c->seed) c->seed = t->seed;
  if (!(c->rate > 0)) c->rate = t->rate;
  c->live = 1;
  attach_say(c, "+\n", 2);
}

/* 0: it has gone. */
static int attach_read(struct FrtAttach *a, AttachClient *c) {
  char more[64];
  char *to = c->live || c->last ? more : c->line + c->line_len;
  size_t room = to == more ? sizeof more : ATTACH_LINE_MAX - 1 - c->line_len;
  ssize_t n = room ? recv(c->fd, to, room, MSG_DONTWAIT) : 0;
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0 || to == more) return n != 0;
  c->line_len += (size_t)n;
  c->line[c->line_len] = 0;
  char *stop = strchr(c->line, '\n');
  if (!stop) return 1;
  *stop = 0;
  attach_begin(a, c);
  return 1;
}

/* 0: it has gone. */
static int attach_write(AttachClient *c) {
  while (c->len) {
    size_t part = c->head + c->len > ATTACH_ROOM ? ATTACH_ROOM - c->head : c->len;
    ssize_t n = send(c->fd, c->room + c->head, part, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c->head = (c->head + (size_t)n) % ATTACH_ROOM;
    c->len -= (size_t)n;
  }
  if (!c->last) return 1;
  char end[32];
  int n = snprintf(end, sizeof end, "!%llu\n", (unsigned long long)c->left_out);
  if (c->live) send(c->fd, end, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
  return 0;
}

/* Reads and writes what can be; how many are still there. */
static uint32_t attach_serve(struct FrtAttach *a) {
  uint32_t left = 0;
  int stop = atomic_load(&a->stop);
  pthread_mutex_lock(&a->lock);
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++) {
    AttachClient *c = &a->clients[i];
    if (c->fd < 0) continue;
    c->last |= stop;
    int stays = attach_read(a, c) && attach_write(c) && (c->live || c->last || frt_monotonic_us() - c->since_us < ATTACH_ASK_US);
    if (stays) left++;
    else attach_close(c);
  }
  attach_mask(a);
  pthread_mutex_unlock(&a->lock);
  return left;
}

static void attach_wait(struct FrtAttach *a, int timeout_ms) {
  struct pollfd polls[ATTACH_CLIENTS + 2] = {{a->socket, POLLIN, 0}, {a->wake[0], POLLIN, 0}};
  char bytes[64];
  pthread_mutex_lock(&a->lock);
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++)
    polls[i + 2] = (struct pollfd){a->clients[i].fd, (short)(POLLIN | (a->clients[i].len || a->clients[i].last ? POLLOUT : 0)), 0};
  pthread_mutex_unlock(&a->lock);
  poll(polls, ATTACH_CLIENTS + 2, timeout_ms);
  while (read(a->wake[0], bytes, sizeof bytes) > 0) {}
  if (polls[0].revents) {
    pthread_mutex_lock(&a->lock);
    attach_accept(a);
    pthread_mutex_unlock(&a->lock);
  }
}

static void *attach_main(void *data) {
  struct FrtAttach *a = data;
  uint32_t left = 0;
  while (!atomic_load(&a->stop)) {
    attach_wait(a, left ? 1000 : -1);
    left = attach_serve(a);
  }
  int64_t end_us = frt_monotonic_us() + ATTACH_DRAIN_US;   /* who reads too slowly does not hold the end up */
  while (attach_serve(a) && frt_monotonic_us() < end_us) attach_wait(a, 20);
  return NULL;
}

/* ---- begin and end ---- */

static const char *attach_listen(struct FrtAttach *a) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *why;
  if (frt_attach_path(a->path, sizeof a->path, getpid(), &why) != 0) return why;
  memcpy(address.sun_path, a->path, sizeof a->path);
  unlink(a->path);             /* of a process that had this number */
  a->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (a->socket < 0 || bind(a->socket, (struct sockaddr *)&address, sizeof address) != 0 || chmod(a->path, 0600) != 0 ||
      listen(a->socket, ATTACH_CLIENTS) != 0 || pipe2(a->wake, O_CLOEXEC | O_NONBLOCK) != 0) return strerror(errno);
  return NULL;
}

void frt_attach_start(FrtRun *r) {
  struct FrtAttach *a = arena_alloc(r->run_arena, sizeof *a);
  a->run = r;
  a->socket = a->wake[0] = a->wake[1] = -1;
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++) a->clients[i].fd = -1;
  pthread_mutex_init(&a->lock, NULL);
  const char *why = attach_listen(a);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);   /* signals are for the workers */
  if (!why && pthread_create(&a->thread, NULL, attach_main, a) != 0) why = "no thread can be started";
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!why) {
    r->attach = a;
    return;
  }
  if (!r->options->quiet) fprintf(stderr, "warning: --attach: %s; nobody can attach\n", why);
  if (a->socket >= 0) close(a->socket);
}

void frt_attach_end(FrtRun *r) {
  struct FrtAttach *a = r->attach;
  if (!a) return;
  atomic_store(&a->stop, 1);
  if (write(a->wake[1], "", 1) < 0 && errno != EAGAIN) return;
  pthread_join(a->thread, NULL);
  unlink(a->path);
  close(a->socket);
  close(a->wake[0]);
  close(a->wake[1]);
  for (uint32_t i = 0; i < ATTACH_CLIENTS; i++) attach_close(&a->clients[i]);
  pthread_mutex_destroy(&a->lock);
  r->attach = NULL;
}
