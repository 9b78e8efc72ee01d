/* plugin.c: what a border between the engine and foreign code costs.
 *
 * Rows of 64 bytes in blocks of 1,024. The engine writes a block in place, the step reads two fields of each row and writes one, the
 * engine adds it up. The step is a loop of the engine, a call by pointer for each row or for each block, or a child process over a ring
 * of eight blocks in shared memory; who waits is woken by a futex (after a short spin) or an eventfd. The
 * seccomp child may do nothing but wait, wake and end: tested by a call that it must not survive. `pipe` copies blocks. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto.h"

enum { ROWS = 1024, SLOTS = 8, SPINS = 200 };

typedef struct Row {
  uint64_t key, amount, result, other[5];
} Row;

typedef struct Block {
  uint32_t len, end;
  Row row[ROWS];
} Block;

/* Blocks [done, made) wait for the child, [taken, done) for the engine. Counts only grow; a wait is on a count. */
typedef struct Ring {
  _Alignas(64) _Atomic uint32_t made;
  _Alignas(64) _Atomic uint32_t done;
  _Alignas(64) _Atomic uint32_t engine_sleeps, child_sleeps;
  _Alignas(64) Block block[SLOTS];
} Ring;

static uint64_t block_len(void) { return proto_size(20000, 200); }

/* ---- what the engine and the step do with a block ---- */

static void block_make(Block *b, uint64_t number) {
  b->len = ROWS;
  b->end = number + 1 == block_len();
  for (uint32_t i = 0; i < ROWS; i++) {
    Row *r = &b->row[i];
    r->key = number * ROWS + i;
    r->amount = r->key * 0x9e3779b97f4a7c15u >> 44;
    for (int k = 0; k < 5; k++) r->other[k] = r->key + (uint64_t)k;
  }
}

static uint64_t block_take(const Block *b) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < b->len; i++) sum += b->row[i].result ^ b->row[i].other[4];
  return sum;
}

static void step_row(Row *r) { r->result = r->key % 7 ? r->amount * 3 : r->amount + r->key; }

static void step_block(Block *b) {
  for (uint32_t i = 0; i < b->len; i++) step_row(&b->row[i]);
}

static void (*volatile call_row)(Row *) = step_row;
static void (*volatile call_block)(Block *) = step_block;

/* ---- in process; value 0 of all runs is the CPU time of all processes ---- */

typedef enum Way { WAY_BUILT_IN, WAY_CALL_ROW, WAY_CALL_BLOCK, WAY_FUTEX, WAY_EVENTFD, WAY_SECCOMP, WAY_PIPE, WAYS } Way;

static void run_inside(ProtoRun *r, uint64_t way) {
  Block *b = proto_alloc(sizeof *b);
  memset(b, 0, sizeof *b);
  proto_begin(r);
  for (uint64_t n = 0; n < block_len(); n++) {
    block_make(b, n);
    if (way == WAY_BUILT_IN) step_block(b);
    else if (way == WAY_CALL_BLOCK) call_block(b);
    else for (uint32_t i = 0; i < b->len; i++) call_row(&b->row[i]);
    r->check += block_take(b);
  }
  proto_end(r);
  r->value[0] = r->cpu_seconds;
}

/* ---- the ring ---- */

static Ring *ring;
static int wake_child = -1, wake_engine = -1;     /* eventfds, or -1: futexes */

static void futex_wait(_Atomic uint32_t *at, uint32_t old) { syscall(SYS_futex, at, FUTEX_WAIT, old, NULL, NULL, 0); }
static void futex_wake(_Atomic uint32_t *at) { syscall(SYS_futex, at, FUTEX_WAKE, 1, NULL, NULL, 0); }

/* Until *at is no longer `old`. `sleeps` tells the other side that a wake-up is needed. */
static void ring_wait(_Atomic uint32_t *at, uint32_t old, _Atomic uint32_t *sleeps, int fd) {
  for (int i = 0; i < SPINS; i++)
    if (atomic_load(at) != old) return;
  while (atomic_load(at) == old) {
    atomic_store(sleeps, 1);
    if (atomic_load(at) == old) {
      uint64_t n;
      if (fd < 0) futex_wait(at, old);
      else if (read(fd, &n, sizeof n) < 0 && errno != EINTR) proto_die("eventfd");
    }
    atomic_store(sleeps, 0);
  }
}

static void ring_wake(_Atomic uint32_t *at, _Atomic uint32_t *sleeps, int fd) {
  static const uint64_t one = 1;
  if (!atomic_load(sleeps)) return;
  if (fd < 0) futex_wake(at);
  else if (write(fd, &one, sizeof one) < 0) proto_die("eventfd");
}

/* Calls that the child may make: futex, exit; all else kills it. */
static int seccomp_enter(void) {
#if defined(__x86_64__)
  enum { ARCH = AUDIT_ARCH_X86_64 };
#else
  enum { ARCH = AUDIT_ARCH_AARCH64 };
#endif
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)ARCH, 0, 4),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 3, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void child_serve(Way way) {
  if (way == WAY_SECCOMP && !seccomp_enter()) _exit(3);
  for (uint32_t done = 0, end = 0; !end; done++) {
    ring_wait(&ring->made, done, &ring->child_sleeps, wake_child);
    Block *b = &ring->block[done % SLOTS];
    end = b->end;
    call_block(b);
    atomic_store(&ring->done, done + 1);
    ring_wake(&ring->done, &ring->engine_sleeps, wake_engine);
  }
  _exit(0);
}

/* Its CPU seconds. */
static double child_end(pid_t child) {
  int status;
  struct rusage u;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status)) {
    fputs("the child did not end well\n", stderr);
    exit(2);
  }
  getrusage(RUSAGE_CHILDREN, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void run_ring(ProtoRun *r, uint64_t way) {
  ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (ring == MAP_FAILED) proto_die("mmap");
  memset(ring, 0, sizeof *ring);
  if (way == WAY_EVENTFD) wake_child = eventfd(0, EFD_CLOEXEC), wake_engine = eventfd(0, EFD_CLOEXEC);
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) child_serve((Way)way);
  proto_begin(r);
  uint32_t made = 0, taken = 0, len = (uint32_t)block_len();
  while (taken < len) {
    for (; made < len && made - taken < SLOTS; made++) {
      block_make(&ring->block[made % SLOTS], made);
      atomic_store(&ring->made, made + 1);
      ring_wake(&ring->made, &ring->child_sleeps, wake_child);
    }
    ring_wait(&ring->done, taken, &ring->engine_sleeps, wake_engine);
    for (uint32_t done = atomic_load(&ring->done); taken < done; taken++) r->check += block_take(&ring->block[taken % SLOTS]);
  }
  proto_end(r);
  r->value[0] = r->cpu_seconds + child_end(child);
}

/* ---- copies over two pipes, a block there and back ---- */

static void pipe_move(int fd, void *bytes, size_t size, int writes) {
  for (char *p = bytes; size;) {
    ssize_t n = writes ? write(fd, p, size) : read(fd, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) proto_die("pipe");
    p += n, size -= (size_t)n;
  }
}

static void run_pipe(ProtoRun *r, uint64_t way) {
  int there[2], back[2];
  Block *b = proto_alloc(sizeof *b);
  if (pipe(there) != 0 || pipe(back) != 0) proto_die("pipe");
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) {
    do {
      pipe_move(there[0], b, sizeof *b, 0);
      call_block(b);
      pipe_move(back[1], b, sizeof *b, 1);
    } while (!b->end);
    _exit(0);
  }
  proto_begin(r);
  for (uint64_t n = 0; n < block_len(); n++) {
    block_make(b, n);
    pipe_move(there[1], b, sizeof *b, 1);
    pipe_move(back[0], b, sizeof *b, 0);
    r->check += block_take(b);
  }
  proto_end(r);
  r->value[0] = r->cpu_seconds + child_end(child);
}

/* ---- is the fence a fence? ---- */

static int seccomp_holds(void) {
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) proto_die("fork");
  if (child == 0) {
    if (!seccomp_enter()) _exit(3);
    getppid();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

int main(int argc, char **argv) {
  proto_init(argc, argv);
  static const ProtoCase all[WAYS] = {
    {"built in", run_inside, WAY_BUILT_IN}, {"in process, a call for each row", run_inside, WAY_CALL_ROW},
    {"in process, a call for each block", run_inside, WAY_CALL_BLOCK}, {"child, shared memory, futex", run_ring, WAY_FUTEX},
    {"child, shared memory, eventfd", run_ring, WAY_EVENTFD}, {"child, shared memory, futex, seccomp", run_ring, WAY_SECCOMP},
    {"child, pipes", run_pipe, WAY_PIPE}};
  int fence = seccomp_holds();
  ProtoCase cases[WAYS];
  ProtoRun m[WAYS];
  size_t len = 0;
  for (int w = 0; w < WAYS; w++)
    if (w != WAY_SECCOMP || fence) cases[len++] = all[w];
  if (!proto_measure(cases, len, m)) return 1;
  double rows = (double)(block_len() * ROWS);
  printf("%.1f M rows of 64 bytes in blocks of 1,024, made and added up by the engine; CPU time of all processes. %s\n\n"
         "| the step is | M rows/s | wall ns a row | CPU ns a row |\n| --- | --- | --- | --- |\n", rows / 1e6,
         fence ? "A forbidden system call killed the seccomp child." : "seccomp cannot be used here.");
  for (size_t i = 0; i < len; i++)
    proto_row("s122", cases[i].name, rows / m[i].seconds / 1e6, m[i].seconds * 1e9 / rows, m[i].value[0] * 1e9 / rows);
  return 0;
}
