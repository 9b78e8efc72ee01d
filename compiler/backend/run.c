/* run.c: starting the system's compiler, and finding what it needs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"

extern char **environ;

static char *run_read_all(Arena *a, int fd) {
  size_t size = 0, capacity = 4096;
  char *text = arena_alloc(a, capacity);
  for (;;) {
    ssize_t n = read(fd, text + size, capacity - size - 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += (size_t)n;
    if (size + 1 < capacity) continue;
    char *more = arena_alloc(a, capacity * 2);
    memcpy(more, text, size);
    text = more;
    capacity *= 2;
  }
  text[size] = 0;
  return text;
}

/* The environment with NAME=value in place of what NAME was. */
static char **run_environment(Arena *a, const char *set) {
  size_t len = 0, name = set ? (size_t)(strchr(set, '=') - set) + 1 : 0, n = 0;
  if (!set) return environ;
  while (environ[len]) len++;
  char **all = arena_alloc(a, (len + 2) * sizeof *all);
  for (size_t i = 0; i < len; i++)
    if (strncmp(environ[i], set, name)) all[n++] = environ[i];
  all[n] = arena_strndup(a, set, strlen(set));
  return all;
}

/* In a group of its own, and with no signal blocked or ignored, whatever the caller's thread has. */
static void run_set_apart(posix_spawnattr_t *attr) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(attr, &none);
  posix_spawnattr_setsigdefault(attr, &all);
  posix_spawnattr_setpgroup(attr, 0);
  posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

bool backend_child_start(Arena *a, BackendChild *c, const char *const *argv, const char *set, bool apart, char **errors) {
  int pipes[2];
  *errors = arena_strndup(a, "", 0);
  if (pipe2(pipes, O_CLOEXEC)) return false;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attr;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attr);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
  if (apart) {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    run_set_apart(&attr);
  }
  int rc = posix_spawnp(&c->pid, argv[0], &actions, &attr, (char *const *)argv, run_environment(a, set));
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&actions);
  close(pipes[1]);
  c->errors = pipes[0];
  if (rc == 0) return true;
  close(pipes[0]);
  *errors = arena_printf(a, "%s: %s", argv[0], strerror(rc));
  return false;
}

char *backend_child_read(Arena *a, BackendChild *c) {
  char *text = run_read_all(a, c->errors);
  close(c->errors);
  return text;
}

int backend_child_wait(BackendChild *c) {
  int status = 0;
  while (waitpid(c->pid, &status, 0) < 0)
    if (errno != EINTR) return 0;   /* SIGCHLD is ignored here: what it made will tell */
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int backend_run(Arena *a, const char *const *argv, char **errors) {
  BackendChild c;
  if (!backend_child_start(a, &c, argv, NULL, false, errors)) return -1;
  *errors = backend_child_read(a, &c);
  return backend_child_wait(&c);
}

const char *backend_runtime_dir(Arena *a, const char *file) {
  char self[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0) return NULL;
  self[n] = 0;
  char *slash = strrchr(self, '/');
  if (!slash) return NULL;
  *slash = 0;
  const char *const places[] = {"", "/../lib/flowc", "/../runtime/include", "/../include"};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    const char *dir = arena_printf(a, "%s%s", self, places[i]);
    if (access(arena_printf(a, "%s/%s", dir, file), R_OK) == 0) return dir;
  }
  return NULL;
}
