/* sandbox.h: what a child that runs a plugin may do. */
#ifndef FRT_PLUGIN_SANDBOX_H
#define FRT_PLUGIN_SANDBOX_H

#include <stdint.h>

/* What is in force: bits. */
enum { SANDBOX_RLIMITS = 1, SANDBOX_NO_NEW_PRIVS = 2, SANDBOX_LANDLOCK = 4, SANDBOX_SECCOMP = 8, SANDBOX_CGROUP = 16 };

/* In the child, before any of the plugin's code: no descriptors but `keep` (-1: none), no files but to read, no processes, no
 * network; `memory` bytes besides what the process has. Returns what is in force. */
uint32_t sandbox_enter(uint64_t memory, int keep);
/* In the child, once the plugin is loaded: no files at all. */
uint32_t sandbox_seal(uint32_t active);
/* In the parent, before the fork and behind it: a cgroup of the child's own, where one may be made. */
int sandbox_cgroup_make(uint64_t memory, char *path, uint32_t size);
int sandbox_cgroup_take(const char *path, int pid);
void sandbox_cgroup_end(const char *path);
/* "rlimits, no_new_privs, seccomp" */
void sandbox_text(uint32_t active, char *out, uint32_t size);

#endif
