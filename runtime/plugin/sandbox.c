/* sandbox.c: limits of a child that runs a plugin, each one where the kernel has it.
 *
 * Two stages. Before the plugin's first instruction: descriptors closed, rlimits, no_new_privs, Landlock (nothing may be
 * written, removed or made), and a seccomp filter of the calls that the loader makes; files can be opened to read.
 * Once it is loaded: Landlock again, with nothing allowed, and a filter of the calls that computing takes. A call that is not
 * on the list ends the child by SIGSYS; writing, which printf does, fails with EPERM. */
#include "plugin/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_ASAN 1   /* its shadow is terabytes of addresses */
#else
#define SANDBOX_ASAN 0
#endif

/* ---- rlimits ---- */

static void sandbox_rlimit(int what, rlim_t most, int *good) {
  struct rlimit l;
  if (getrlimit(what, &l)) *good = 0;
  if (l.rlim_max != RLIM_INFINITY && l.rlim_max < most) most = l.rlim_max;
  l.rlim_cur = l.rlim_max = most;
  if (setrlimit(what, &l)) *good = 0;
}

static uint64_t sandbox_address_space(void) {
  FILE *f = fopen("/proc/self/statm", "re");
  char line[64] = "";
  if (f && !fgets(line, sizeof line, f)) line[0] = 0;
  if (f) fclose(f);
  return strtoull(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int sandbox_rlimits(uint64_t memory) {
  int good = 1;
  uint64_t now = sandbox_address_space();
  if (!SANDBOX_ASAN && now) sandbox_rlimit(RLIMIT_AS, (rlim_t)(now + memory), &good);
  sandbox_rlimit(RLIMIT_CORE, 0, &good);
  sandbox_rlimit(RLIMIT_FSIZE, 0, &good);
  sandbox_rlimit(RLIMIT_NPROC, 0, &good);
  sandbox_rlimit(RLIMIT_NOFILE, 8, &good);
  sandbox_rlimit(RLIMIT_MEMLOCK, 0, &good);
  sandbox_rlimit(RLIMIT_MSGQUEUE, 0, &good);
  return good;
}

/* ---- Landlock: its numbers are the same on every machine ---- */

enum { LANDLOCK_CREATE = 444, LANDLOCK_ADD = 445, LANDLOCK_RESTRICT = 446 };
enum { LANDLOCK_EXECUTE = 1, LANDLOCK_READ_FILE = 4, LANDLOCK_READ_DIR = 8 };
typedef struct SandboxRules { uint64_t fs, net, scoped; } SandboxRules;

static int sandbox_landlock(int may_read) {
  long abi = syscall(LANDLOCK_CREATE, NULL, 0, 1);
  if (abi < 1) return 0;
  SandboxRules rules = {abi >= 5 ? 0xffff : abi >= 3 ? 0x7fff : abi == 2 ? 0x3fff : 0x1fff, abi >= 4 ? 3 : 0, abi >= 6 ? 3 : 0};
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  int fd = (int)syscall(LANDLOCK_CREATE, &rules, size, 0);
  if (fd < 0) return 0;
  int good = 1;
  if (may_read) {
    uint64_t allowed = LANDLOCK_EXECUTE | LANDLOCK_READ_FILE | LANDLOCK_READ_DIR;
    int32_t root = open("/", O_PATH | O_CLOEXEC);
    char beneath[12];   /* the kernel's struct is packed */
    memcpy(beneath, &allowed, 8);
    memcpy(beneath + 8, &root, 4);
    good = root >= 0 && syscall(LANDLOCK_ADD, fd, 1, beneath, 0) == 0;
    if (root >= 0) close(root);
  }
  if (good) good = syscall(LANDLOCK_RESTRICT, fd, 0) == 0;
  close(fd);
  return good;
}

/* ---- seccomp ---- */

#ifdef SANDBOX_ARCH

static const int sandbox_compute[] = {
  SYS_mmap, SYS_munmap, SYS_mremap, SYS_brk, SYS_madvise, SYS_mprotect, SYS_futex, SYS_rt_sigreturn, SYS_restart_syscall, SYS_exit,
  SYS_exit_group, SYS_getpid, SYS_getppid, SYS_gettid, SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
  SYS_getrandom, SYS_sched_yield, SYS_rt_sigprocmask,
#ifdef SYS_time
  SYS_time,
#endif
#ifdef SYS_rseq
  SYS_rseq,
#endif
};
static const int sandbox_load[] = {
  SYS_read, SYS_pread64, SYS_close, SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_readlinkat, SYS_faccessat, SYS_getcwd, SYS_uname,
  SYS_sigaltstack, SYS_sched_getaffinity, SYS_seccomp, SYS_prctl, LANDLOCK_CREATE, LANDLOCK_RESTRICT,
#ifdef SYS_access
  SYS_access, SYS_stat, SYS_readlink,
#endif
#ifdef SYS_set_robust_list
  SYS_set_robust_list,
#endif
};
/* These fail quietly. */
static const int sandbox_refused[] = {SYS_write, SYS_writev, SYS_ioctl, SYS_fstat, SYS_newfstatat};

enum { SANDBOX_CODE = 160 };
typedef struct SandboxCode { struct sock_filter op[SANDBOX_CODE]; unsigned short len; } SandboxCode;

static void sandbox_op(SandboxCode *c, unsigned code, unsigned k, unsigned yes, unsigned no) {
  c->op[c->len++] = (struct sock_filter){(unsigned short)code, (unsigned char)yes, (unsigned char)no, k};
}

static void sandbox_return_for(SandboxCode *c, const int *calls, size_t len, unsigned what) {
  for (size_t i = 0; i < len; i++) {
    sandbox_op(c, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
    sandbox_op(c, BPF_RET | BPF_K, what, 0, 0);
  }
}

/* openat only to read: its flags are argument 2. */
static void sandbox_open_to_read(SandboxCode *c, int call, unsigned argument) {
  sandbox_op(c, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4);
  sandbox_op(c, BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, args) + 8 * argument), 0, 0);
  sandbox_op(c, BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1);
  sandbox_op(c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
  sandbox_op(c, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* abort() raises a signal for its own process: argument 0. */
static void sandbox_signal_itself(SandboxCode *c) {
  sandbox_op(c, BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 4);
  sandbox_op(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args), 0, 0);
  sandbox_op(c, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)getpid(), 0, 1);
  sandbox_op(c, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  sandbox_op(c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

static int sandbox_seccomp(int loading) {
  SandboxCode c = {.len = 0};
  sandbox_op(&c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
  sandbox_op(&c, BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1, 0);
  sandbox_op(&c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
  sandbox_op(&c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
  sandbox_return_for(&c, sandbox_compute, sizeof sandbox_compute / sizeof *sandbox_compute, SECCOMP_RET_ALLOW);
  if (loading) {
    sandbox_return_for(&c, sandbox_load, sizeof sandbox_load / sizeof *sandbox_load, SECCOMP_RET_ALLOW);
    sandbox_open_to_read(&c, SYS_openat, 2);
#ifdef SYS_open
    sandbox_open_to_read(&c, SYS_open, 1);
#endif
  }
  sandbox_signal_itself(&c);
  sandbox_return_for(&c, sandbox_refused, sizeof sandbox_refused / sizeof *sandbox_refused, SECCOMP_RET_ERRNO | EPERM);
  sandbox_op(&c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
  struct sock_fprog program = {c.len, c.op};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else
static int sandbox_seccomp(int loading) { return 0; }
#endif

/* ---- the stages ---- */

static void sandbox_close_from(unsigned first, unsigned last) {
  if (first > last) return;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, last, 0u) == 0) return;
#endif
  long most = sysconf(_SC_OPEN_MAX);
  if (most < 0 || most > 65536) most = 65536;
  for (unsigned fd = first; fd <= last && fd < (unsigned)most; fd++) close((int)fd);
}

uint32_t sandbox_enter(uint64_t memory, int keep) {
  uint32_t active = 0;
  if (keep > 0) sandbox_close_from(0, (unsigned)keep - 1);
  sandbox_close_from((unsigned)(keep + 1), ~0u);
  if (sandbox_rlimits(memory)) active |= SANDBOX_RLIMITS;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) active |= SANDBOX_NO_NEW_PRIVS;
  if (sandbox_landlock(1)) active |= SANDBOX_LANDLOCK;
  if (sandbox_seccomp(1)) active |= SANDBOX_SECCOMP;
  return active;
}

uint32_t sandbox_seal(uint32_t active) {
  if (active & SANDBOX_LANDLOCK) sandbox_landlock(0);
  if ((active & SANDBOX_SECCOMP) && !sandbox_seccomp(0)) active &= ~(uint32_t)SANDBOX_SECCOMP;
  return active;
}

/* ---- cgroup ---- */

static int sandbox_cgroup_write(const char *path, const char *name, const char *text) {
  char full[512];
  snprintf(full, sizeof full, "%s/%s", path, name);
  int fd = open(full, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  size_t n = strlen(text);
  int good = write(fd, text, n) == (ssize_t)n;
  close(fd);
  return good;
}

/* Beside the process's own in the unified hierarchy: inside one that holds processes there are no controllers. */
int sandbox_cgroup_make(uint64_t memory, char *path, uint32_t size) {
  char own[256] = "", text[32];
  FILE *f = fopen("/proc/self/cgroup", "re");
  for (char line[300]; f && fgets(line, sizeof line, f);)
    if (!strncmp(line, "0::", 3)) snprintf(own, sizeof own, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
  if (f) fclose(f);
  char *slash = strrchr(own, '/');
  if (!slash) return 0;
  *slash = 0;
  static _Atomic unsigned sandbox_groups;
  snprintf(path, size, "/sys/fs/cgroup%s/flow-plugin-%d-%u", own, (int)getpid(), sandbox_groups++);
  if (mkdir(path, 0755)) return 0;
  snprintf(text, sizeof text, "%llu", (unsigned long long)memory);
  if (sandbox_cgroup_write(path, "memory.max", text) && sandbox_cgroup_write(path, "pids.max", "1")) return 1;
  rmdir(path);
  return 0;
}

int sandbox_cgroup_take(const char *path, int pid) {
  char text[32];
  snprintf(text, sizeof text, "%d", pid);
  return sandbox_cgroup_write(path, "cgroup.procs", text);
}

void sandbox_cgroup_end(const char *path) { rmdir(path); }

void sandbox_text(uint32_t active, char *out, uint32_t size) {
  static const char *const names[] = {"rlimits", "no_new_privs", "landlock", "seccomp", "cgroup"};
  uint32_t at = 0;
  *out = 0;
  for (uint32_t i = 0; i < 5 && at < size; i++)
    if (active >> i & 1) at += (uint32_t)snprintf(out + at, size - at, "%s%s", at ? ", " : "", names[i]);
  if (!active) snprintf(out, size, "none");
}
