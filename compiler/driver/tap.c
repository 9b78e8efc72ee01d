/* tap.c: flow_tap: the other side of runtime/sched/attach.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver/compile.h"
#include "sched/attach.h"

static int tap_fail(long pid, const char *why) {
  fprintf(stderr, "flowc: tap: %ld: %s\n", pid, why);
  return 2;
}

/* A connected socket, or -1 when a message was printed. */
static int tap_connect(long pid) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *why;
  if (frt_attach_path(address.sun_path, sizeof address.sun_path, (pid_t)pid, &why) != 0) return tap_fail(pid, why), -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && frt_attach_is_own(fd)) return fd;
  int gone = errno == ENOENT || errno == ECONNREFUSED;
  tap_fail(pid, gone ? "no program of this number that was started with --attach runs" : strerror(errno));
  if (fd >= 0) close(fd);
  return -1;
}

static int tap_ask(int fd, const char *what, const FlowTapOptions *o) {
  char line[512];
  const char *colon = what ? strrchr(what, ':') : NULL;
  unsigned long long limit = colon ? strtoull(colon + 1, NULL, 10) : ~0ull, rate;
  size_t len = colon ? (size_t)(colon - what) : what ? strlen(what) : 0;
  memcpy(&rate, &o->sample, sizeof rate);
  int n = snprintf(line, sizeof line, "1 %llx %llx %llx %llx %.*s\n", o->every, o->seed, limit, rate, (int)len, what ? what : "");
  if (n < 0 || (size_t)n >= sizeof line) return 0;
  return send(fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

int flow_tap(long pid, const char *what, const FlowTapOptions *o, FILE *out) {
  int fd = tap_connect(pid), status = 0, ended = !what;
  if (fd < 0) return 2;
  FILE *in = tap_ask(fd, what, o) ? fdopen(fd, "r") : NULL;
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  while (in && (n = getline(&line, &room, in)) > 0) {
    if (line[0] == '-') {
      line[n - 1] = 0;
      tap_fail(pid, line + 1);
      status = ended = 1;
    } else if (line[0] == '!') {
      ended = 1;
      if (strcmp(line, "!0\n")) fprintf(stderr, "note: %.*s rows were left out: they came faster than they were read\n", (int)n - 2, line + 1);
    } else if (line[0] != '+') {
      if (fwrite(line, 1, (size_t)n, out) != (size_t)n || fflush(out) != 0) break;
    }
  }
  free(line);
  if (in) fclose(in);
  else close(fd);
  if (!ended && !ferror(out)) return tap_fail(pid, "the program ended without a word");
  return ferror(out) ? 2 : status;
}
