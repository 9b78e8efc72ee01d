/* command.h: a command of the shell whose output is read. */
#ifndef FRT_IO_COMMAND_H
#define FRT_IO_COMMAND_H

#include <sys/types.h>

/* Starts `sh -c text` in a process group of its own, with an empty standard input and this process's standard error. The reading
 * end of its standard output, and *pid; -1: errno says why. */
int frt_command_start(const char *text, pid_t *pid);
/* Its output has ended: waits for it. 0: it ended well; > 0: its exit code; < 0: the number of the signal that ended it. A wish to
 * end the run ends it. */
int frt_command_wait(pid_t pid);
/* Ends it, and all that it started. */
void frt_command_stop(pid_t pid);

#endif
