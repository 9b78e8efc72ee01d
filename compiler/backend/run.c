/* run.c: starting the system's compiler, and finding what it needs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

int backend_run(Arena *a, const char *const *argv, char **errors) {
  int pipes[2];
  *errors = arena_strndup(a, "", 0);
  if (pipe2(pipes, O_CLOEXEC)) return -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
  pid_t pid;
  int rc = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipes[1]);
  if (rc) {
    close(pipes[0]);
    *errors = arena_printf(a, "%s: %s", argv[0], strerror(rc));
    return -1;
  }
  *errors = run_read_all(a, pipes[0]);
  close(pipes[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
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
