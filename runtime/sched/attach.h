/* attach.h: taps of a program that runs, over a local socket: `--attach` on this side, `flowc tap PID` on the other.
 *
 * The socket is FOLDER/PID.sock, FOLDER being $XDG_RUNTIME_DIR/flowc or /tmp/flowc-UID, with mode 0700; each side asks the
 * kernel who the other is (SO_PEERCRED) and talks to its own user alone. One line goes in:
 *   1 <every> <seed> <limit> <rate, the bits of a double> <name>      numbers in hex; an empty name asks for the names
 * and comes back: `+`, then rows as they are printed for --tap, at last `!<rows left out>`; or `-<message>`. */
#ifndef FRT_SCHED_ATTACH_H
#define FRT_SCHED_ATTACH_H

#include <stddef.h>
#include <sys/types.h>

/* The path of the socket of a process. 0, or -1 with *why: there is no folder that is this user's alone. */
int frt_attach_path(char *out, size_t size, pid_t pid, const char **why);
/* Whether the process at the other end of a connected socket is of this user. */
int frt_attach_is_own(int fd);

#endif
