/* command.c: see command.h. A command that is not wanted any more is asked to end (SIGTERM), and made to after COMMAND_PATIENCE_MS. */
#include "io/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"

enum { COMMAND_PATIENCE_MS = 500 };

extern char **environ;

static int command_spawn(const char *text, int out, pid_t *pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  sigset_t none, usual;
  char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)text, NULL};
  sigemptyset(&none);
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  sigaddset(&usual, SIGINT);
  sigaddset(&usual, SIGTERM);
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawnattr_init(&attr);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attr, 0);
  posix_spawnattr_setsigmask(&attr, &none);
  posix_spawnattr_setsigdefault(&attr, &usual);
  int error = posix_spawn(pid, "/bin/sh", &files, &attr, argv, environ);
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

int frt_command_start(const char *text, pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  int error = command_spawn(text, ends[1], pid);
  close(ends[1]);
  if (!error) return ends[0];
  close(ends[0]);
  errno = error;
  return -1;
}

static int command_result(int status) { return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status); }

int frt_command_wait(pid_t pid) {
  int status = 0;
  pid_t got;
  while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR && !frt_cancelled()) {}
  if (got == pid) return command_result(status);
  frt_command_stop(pid);
  return -SIGTERM;
}

void frt_command_stop(pid_t pid) {
  int status;
  kill(-pid, SIGTERM);
  for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms++) {
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == pid || (got < 0 && errno != EINTR)) break;
    nanosleep(&(struct timespec){0, 1000 * 1000}, NULL);
  }
  kill(-pid, SIGKILL);   /* what it started, too */
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
}
