/* isolate.c: a step in a child process (docs/adr/0036-plugin-isolation.md).
 *
 * One piece of memory is shared, at the same address in both: columns, selections, texts. The parent copies the rows of a
 * chunk there, wakes the child, and waits at most as long as a chunk may take. Both spin for a moment before they sleep in a futex.
 * The child is forked from the run, so that it has the configuration; it closes every descriptor, takes its limits (sandbox.c),
 * loads the plugin, opens the step, seals itself, and computes.
 *
 * The child may write anything there at any time. So the parent copies what comes back before it looks at it, numbers of rows
 * are its own, and texts are copied by place and length out of the shared memory alone.
 *
 * A child that crashes, is killed, or does not answer in time fails the chunk; a new one is made for the next chunk, up to a
 * number of times, then the run ends. */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "plugin/plugin_internal.h"
#include "plugin/sandbox.h"

enum { CHILD_ROWS = 2048, CHILD_SPIN = 100, CHILD_OPEN_US = 10000000, CHILD_CPU_US = 1000000 };
#define CHILD_TEXT_IN ((size_t)16 << 20)
#define CHILD_TEXT_OUT ((size_t)32 << 20)

/* Whose turn it is. */
enum { CHILD_STARTING, CHILD_IDLE, CHILD_WORK, CHILD_DONE };

/* The head of what is shared. */
typedef struct ChildShared {
  _Atomic uint32_t turn;
  _Atomic uint32_t sleeps;        /* somebody sleeps on `turn` */
  uint32_t rows;                  /* of the chunk */
  int32_t rc;                     /* what the step returned; at the start: of `open` */
  uint32_t active;                /* limits in force */
  uint32_t general_len;
  char general[PLUGIN_MESSAGE_MAX + 1];
} ChildShared;

typedef struct PluginChild {
  pid_t pid;                      /* 0: none is running */
  uint32_t starts, active;
  int64_t cpu_us;                 /* when its limit of CPU was last moved on */
  char cgroup[512];               /* "" without one */
  char *base;
  size_t size;
  ChildShared *shared;
  uint32_t *row;                  /* in shared memory: */
  void **in, **out;
  uint8_t **in_null, **out_null;
  uint8_t *to;
  uint64_t *also;
  FrtStr *message;
  char *text_in, *text_out;
  uint8_t *own_to;                /* the parent's copies */
  uint64_t *own_also;
  FrtStr *own_message;
} PluginChild;

/* ---- the place ---- */

static char *child_part(PluginChild *c, size_t *at, size_t size) {
  char *p = c->base ? c->base + *at : NULL;
  *at += (size + 63) & ~(size_t)63;
  return p;
}

/* Lays the parts out; without a base only their sum counts. */
static size_t child_layout(PluginChild *c, const FrtPluginSpec *s) {
  size_t at = 0;
  c->shared = (ChildShared *)(void *)child_part(c, &at, sizeof *c->shared);
  c->row = (uint32_t *)(void *)child_part(c, &at, CHILD_ROWS * sizeof *c->row);
  c->to = (uint8_t *)child_part(c, &at, CHILD_ROWS);
  c->also = (uint64_t *)(void *)child_part(c, &at, s->port_len ? CHILD_ROWS * sizeof *c->also : 0);
  c->message = (FrtStr *)(void *)child_part(c, &at, CHILD_ROWS * sizeof *c->message);
  for (uint32_t i = 0; i < s->in_len; i++) {
    c->in[i] = child_part(c, &at, (size_t)CHILD_ROWS * s->in[i].type->size);
    c->in_null[i] = (uint8_t *)child_part(c, &at, s->in[i].type->nullable ? CHILD_ROWS : 0);
  }
  for (uint32_t i = 0; i < s->out_len; i++) {
    c->out[i] = child_part(c, &at, (size_t)CHILD_ROWS * s->out[i].type->size);
    c->out_null[i] = (uint8_t *)child_part(c, &at, s->out[i].type->nullable ? CHILD_ROWS : 0);
  }
  c->text_in = child_part(c, &at, CHILD_TEXT_IN);
  c->text_out = child_part(c, &at, CHILD_TEXT_OUT);
  return at;
}

static int child_is_text(const FrtType *t) { return t->kind == FRT_STRING || t->kind == FRT_BYTES; }

/* ---- turns ---- */

static long child_futex(_Atomic uint32_t *at, int what, uint32_t value, const struct timespec *wait) {
  return syscall(SYS_futex, (uint32_t *)at, what, value, wait, NULL, 0);
}

static void child_pass(ChildShared *s, uint32_t turn) {
  atomic_store(&s->turn, turn);
  if (atomic_exchange(&s->sleeps, 0)) child_futex(&s->turn, FUTEX_WAKE, 1, NULL);
}

static void child_sleep(ChildShared *s, uint32_t turn, int64_t us) {
  struct timespec wait = {us / 1000000, us % 1000000 * 1000};
  atomic_store(&s->sleeps, 1);
  if (atomic_load(&s->turn) == turn) child_futex(&s->turn, FUTEX_WAIT, turn, &wait);
}

static inline void child_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static int child_spin(ChildShared *s, uint32_t turn) {
  for (int i = 0; i < CHILD_SPIN; i++) {
    if (atomic_load_explicit(&s->turn, memory_order_acquire) != turn) return 1;
    child_pause();
  }
  return 0;
}

/* ---- the child ---- */

static pid_t child_parent;

/* Each second: a child whose parent is gone ends. */
static void child_tick(int signal) {
  if (getppid() != child_parent) _exit(0);
}

static void child_signals(void) {
  struct sigaction plain = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN}, tick = {.sa_handler = child_tick, .sa_flags = SA_RESTART};
  sigset_t none;
  for (int i = 1; i < 32; i++) sigaction(i, &plain, NULL);
  sigaction(SIGINT, &ignore, NULL);   /* of the terminal: the parent says when to end */
  sigaction(SIGALRM, &tick, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  struct itimerval every = {{1, 0}, {1, 0}};
  setitimer(ITIMER_REAL, &every, NULL);
}

static void child_say(ChildShared *s, const char *text) {
  size_t n = strlen(text);
  if (n > PLUGIN_MESSAGE_MAX) n = PLUGIN_MESSAGE_MAX;
  memcpy(s->general, text, n);
  s->general_len = (uint32_t)n;
}

static void *child_more(PluginHost *h, size_t size) { return NULL; }

/* Texts that lie elsewhere in the child (literals, its heap) are copied to where the parent can see them. */
static void child_texts(FrtPlugin *p, PluginChild *c, uint32_t rows) {
  for (uint32_t i = 0; i < p->spec->out_len; i++) {
    if (!child_is_text(p->spec->out[i].type)) continue;
    FrtStr *s = c->out[i];
    for (uint32_t k = 0; k < rows; k++) {
      if (!s[k].len || (s[k].ptr >= c->text_in && s[k].ptr < c->text_out + CHILD_TEXT_OUT) || c->to[k] >= FLOW_DROP) continue;
      if (p->spec->out[i].type->nullable && c->out_null[i][k]) continue;
      char *copy = p->host.host.alloc(&p->host.host, s[k].len);
      if (copy) memcpy(copy, s[k].ptr, s[k].len);
      s[k].ptr = copy;
    }
  }
}

static void child_chunk(FrtPlugin *p, PluginChild *c) {
  const FrtPluginSpec *spec = p->spec;
  uint32_t n = c->shared->rows;
  for (uint32_t i = 0; i < spec->in_len; i++)
    p->in[i] = (FlowColumn){c->in[i], spec->in[i].type->nullable ? c->in_null[i] : NULL, spec->in[i].type->size, 0};
  for (uint32_t i = 0; i < spec->out_len; i++) {
    p->out[i] = (FlowColumn){c->out[i], spec->out[i].type->nullable ? c->out_null[i] : NULL, spec->out[i].type->size, 0};
    memset(c->out[i], 0, (size_t)n * spec->out[i].type->size);
    if (spec->out[i].type->nullable) memset(c->out_null[i], 0, n);
  }
  plugin_host_start(&p->host);
  p->host.at = c->text_out;
  p->host.end = c->text_out + CHILD_TEXT_OUT;
  p->host.rows = n;
  FlowChunk chunk = {sizeof chunk, n, c->row, p->in, p->out, c->to, spec->port_len ? c->also : NULL, &p->host.host, 0, 0};
  c->shared->rc = p->step->rows(p->self, &chunk);
  child_texts(p, c, n);
}

static void child_open(FrtPlugin *p, PluginChild *c) {
  char why[500];
  c->shared->rc = 1;
  if (plugin_load(p->file, &p->loaded, why, sizeof why) != PLUGIN_GOOD) {
    child_say(c->shared, why);
    return;
  }
  if (!plugin_same(p->loaded.table, p->spec->hash)) {
    child_say(c->shared, "it is not the plugin that the script was compiled with: compile it again");
    return;
  }
  p->step = &p->loaded.table->steps[p->spec->index];
  plugin_host_start(&p->host);
  p->host.more = child_more;
  p->host.most = CHILD_TEXT_OUT;
  p->host.message = NULL;
  p->host.to = c->to;
  p->host.at = c->text_out;
  p->host.end = c->text_out + CHILD_TEXT_OUT;
  int rc = p->step->open ? p->step->open(&p->host.host, p->config, &p->self) : 0;
  if (rc) {
    p->host.general[p->host.general_len] = 0;
    child_say(c->shared, p->host.general_len ? p->host.general : "it could not be opened");
    return;
  }
  p->host.message = c->message;
  c->shared->rc = 0;
}

static void child_main(FrtPlugin *p, PluginChild *c) {
  child_signals();
  uint32_t active = sandbox_enter(p->spec->memory, -1);
  child_open(p, c);
  c->shared->active = sandbox_seal(active);
  child_pass(c->shared, CHILD_IDLE);
  for (;;) {
    uint32_t turn = atomic_load(&c->shared->turn);
    if (turn == CHILD_WORK) {
      child_chunk(p, c);
      child_pass(c->shared, CHILD_DONE);
    } else if (!child_spin(c->shared, turn)) {
      child_sleep(c->shared, turn, 1000000);
    }
  }
}

/* ---- the parent ---- */

static void child_kill(PluginChild *c) {
  if (c->pid) {
    kill(c->pid, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) continue;
  }
  if (c->cgroup[0]) sandbox_cgroup_end(c->cgroup);
  c->cgroup[0] = 0;
  c->pid = 0;
}

static void child_end_text(int status, char *out, size_t size) {
  if (WIFSIGNALED(status)) {
    int s = WTERMSIG(status);
    if (s == SIGSYS) snprintf(out, size, "it made a system call that is not allowed");
    else if (s == SIGXCPU || s == SIGKILL) snprintf(out, size, "it was killed at a limit of time or memory");
    else snprintf(out, size, "it crashed (%s)", strsignal(s));
  } else {
    snprintf(out, size, "it ended its process (exit code %d)", WEXITSTATUS(status));
  }
}

/* Waits until it is no longer `turn`. 0; else why not, and the child is gone. */
static int child_wait(PluginChild *c, uint32_t turn, int64_t most_us, char *why, size_t size) {
  if (child_spin(c->shared, turn)) return 0;
  int64_t end = frt_monotonic_us() + most_us;
  for (;;) {
    int64_t left = end - frt_monotonic_us();
    child_sleep(c->shared, turn, left > 20000 ? 20000 : left > 0 ? left : 1);
    if (atomic_load(&c->shared->turn) != turn) return 0;
    int status;
    pid_t got = waitpid(c->pid, &status, WNOHANG);
    if (got == c->pid || (got < 0 && errno == ECHILD && kill(c->pid, 0))) {
      c->pid = 0;
      if (got < 0) snprintf(why, size, "it ended its process");
      else child_end_text(status, why, size);
      child_kill(c);
      return -1;
    }
    if (frt_cancelled()) snprintf(why, size, "the run was cancelled");
    else if (left > 0) continue;
    else snprintf(why, size, "it took longer than %lld ms", (long long)(most_us / 1000));
    child_kill(c);
    return -1;
  }
}

/* What the child may compute is always a little ahead, so that one whose parent stands still ends too. */
static void child_allow_cpu(FrtPlugin *p, PluginChild *c) {
  int64_t now = frt_monotonic_us();
  clockid_t clock;
  struct timespec used;
  if (c->cpu_us && now - c->cpu_us < CHILD_CPU_US) return;
  c->cpu_us = now;
  if (clock_getcpuclockid(c->pid, &clock) || clock_gettime(clock, &used)) return;
  struct rlimit l;
  if (!(c->active & SANDBOX_RLIMITS) || prlimit(c->pid, RLIMIT_CPU, NULL, &l)) return;
  rlim_t seconds = (rlim_t)used.tv_sec + (rlim_t)(p->spec->time_us / 1000000) + 3;
  l.rlim_cur = seconds < l.rlim_max ? seconds : l.rlim_max;
  prlimit(c->pid, RLIMIT_CPU, &l, NULL);
}

/* FRT_OK, or why there is no child. */
static int child_start(FrtPlugin *p, PluginChild *c, char *why, size_t size) {
  memset(c->shared, 0, sizeof *c->shared);
  c->cpu_us = 0;
  c->starts++;
  if (!sandbox_cgroup_make(p->spec->memory, c->cgroup, sizeof c->cgroup)) c->cgroup[0] = 0;
  child_parent = getpid();
  c->pid = fork();
  if (c->pid == 0) child_main(p, c);
  if (c->pid < 0) {
    c->pid = 0;
    snprintf(why, size, "no child can be started: %s", strerror(errno));
    child_kill(c);
    return -1;
  }
  int grouped = c->cgroup[0] && sandbox_cgroup_take(c->cgroup, c->pid);
  if (child_wait(c, CHILD_STARTING, CHILD_OPEN_US, why, size)) return -1;
  c->active = c->shared->active | (grouped ? SANDBOX_CGROUP : 0);
  char active[100];
  sandbox_text(c->active, active, sizeof active);
  snprintf(p->note, FRT_NOTE_SIZE, "plugin %.*s: isolated by %s; %u started", FRT_SLICE(p->spec->name), active, c->starts);
  if (c->shared->rc == 0) return 0;
  uint32_t n = c->shared->general_len;
  snprintf(why, size, "%.*s", n < PLUGIN_MESSAGE_MAX ? (int)n : PLUGIN_MESSAGE_MAX, c->shared->general);
  child_kill(c);
  return -1;
}

int plugin_child_new(FrtCtx *cx, FrtPlugin *p) {
  const FrtPluginSpec *s = p->spec;
  Arena *a = cx->run->run_arena;
  PluginChild *c = arena_alloc(a, sizeof *c);
  char why[PLUGIN_MESSAGE_MAX];
  c->in = arena_alloc(a, (s->in_len + 1) * sizeof *c->in);
  c->out = arena_alloc(a, (s->out_len + 1) * sizeof *c->out);
  c->in_null = arena_alloc(a, (s->in_len + 1) * sizeof *c->in_null);
  c->out_null = arena_alloc(a, (s->out_len + 1) * sizeof *c->out_null);
  c->own_message = arena_alloc(a, CHILD_ROWS * sizeof *c->own_message);
  c->size = child_layout(c, s);
  c->base = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (c->base == MAP_FAILED) return plugin_run_fails(cx, s, "no memory can be shared: %s", strerror(errno));
  child_layout(c, s);
  p->child = c;
  p->note = frt_note_add(cx->run);
  return child_start(p, c, why, sizeof why) ? plugin_run_fails(cx, s, "%s", why) : FRT_OK;
}

void plugin_child_end(FrtPlugin *p) {
  PluginChild *c = p->child;
  child_kill(c);
  if (c->base) munmap(c->base, c->size);
  p->child = NULL;
}

/* ---- rows ---- */

/* Items of the selection, one after another; and back. */
static void child_gather(void *to, const void *from, uint32_t size, const uint32_t *sel, uint32_t n) {
  if (n && sel[n - 1] - sel[0] == n - 1) {
    memcpy(to, (const char *)from + (size_t)sel[0] * size, (size_t)n * size);
  } else if (size == 8) {
    for (uint32_t k = 0; k < n; k++) ((uint64_t *)to)[k] = ((const uint64_t *)from)[sel[k]];
  } else {
    for (uint32_t k = 0; k < n; k++) memcpy((char *)to + (size_t)k * size, (const char *)from + (size_t)sel[k] * size, size);
  }
}

static void child_scatter(void *to, const void *from, uint32_t size, const uint32_t *sel, uint32_t n) {
  if (n && sel[n - 1] - sel[0] == n - 1) {
    memcpy((char *)to + (size_t)sel[0] * size, from, (size_t)n * size);
  } else if (size == 8) {
    for (uint32_t k = 0; k < n; k++) ((uint64_t *)to)[sel[k]] = ((const uint64_t *)from)[k];
  } else {
    for (uint32_t k = 0; k < n; k++) memcpy((char *)to + (size_t)sel[k] * size, (const char *)from + (size_t)k * size, size);
  }
}

/* Copies rows of the selection until there are CHILD_ROWS or their texts fill the room; returns how many. */
static uint32_t child_fill(FrtPlugin *p, PluginChild *c, const uint32_t *sel, uint32_t n, void *const *in, uint8_t *const *in_null) {
  const FrtPluginSpec *s = p->spec;
  uint32_t rows = n < CHILD_ROWS ? n : CHILD_ROWS;
  for (uint32_t i = 0; i < s->in_len; i++) {
    if (!child_is_text(s->in[i].type)) continue;
    size_t most = CHILD_TEXT_IN / s->in_len, used = 0;   /* each column has its share */
    char *text = c->text_in + i * most;
    for (uint32_t k = 0; k < rows; k++) {
      FrtStr v = in_null[i] && in_null[i][sel[k]] ? (FrtStr){0} : ((const FrtStr *)in[i])[sel[k]];
      if (v.len > most - used) {
        rows = k;
        break;
      }
      if (v.len) memcpy(text + used, v.ptr, v.len);
      ((FrtStr *)c->in[i])[k] = (FrtStr){text + used, v.len, 0};
      used += v.len;
    }
  }
  for (uint32_t i = 0; i < s->in_len; i++) {
    if (in_null[i]) child_gather(c->in_null[i], in_null[i], 1, sel, rows);
    if (!child_is_text(s->in[i].type)) child_gather(c->in[i], in[i], s->in[i].type->size, sel, rows);
  }
  for (uint32_t k = 0; k < rows; k++) c->row[k] = k;
  memset(c->to, 0, rows);
  memset(c->message, 0, rows * sizeof *c->message);
  if (s->port_len) memset(c->also, 0, rows * sizeof *c->also);
  c->shared->rows = rows;
  return rows;
}

/* A text of the child, copied; its place and length were read once. */
static int child_take(FrtPlugin *p, PluginChild *c, FrtStr *s) {
  s->aux = 0;
  if (!s->len) return 1;
  if (s->ptr < c->text_in || s->ptr >= c->text_out + CHILD_TEXT_OUT || s->len > (size_t)(c->text_out + CHILD_TEXT_OUT - s->ptr)) return 0;
  char *copy = frt_alloc(p->cx, s->len);
  memcpy(copy, s->ptr, s->len);
  s->ptr = copy;
  return 1;
}

static void child_outputs(FrtPlugin *p, PluginChild *c, const uint32_t *sel, uint32_t n, void *const *out, uint8_t *const *out_null) {
  const FrtPluginSpec *s = p->spec;
  for (uint32_t i = 0; i < s->out_len; i++) {
    for (uint32_t k = 0; out_null[i] && k < n; k++) out_null[i][sel[k]] = c->out_null[i][k] != 0;
    if (child_is_text(s->out[i].type)) {
      for (uint32_t k = 0; k < n; k++) {
        FrtStr v;
        memcpy(&v, (FrtStr *)c->out[i] + k, sizeof v);
        int wanted = p->to[k] < FLOW_DROP && !(out_null[i] && out_null[i][sel[k]]);
        if (!wanted) v = (FrtStr){0};
        else if (!child_take(p, c, &v)) {
          v = (FrtStr){0};
          plugin_value_fails(p, k, i, "is a text outside of the memory that the plugin was given");
        }
        ((FrtStr *)out[i])[sel[k]] = v;
      }
    } else {
      child_scatter(out[i], c->out[i], s->out[i].type->size, sel, n);
    }
  }
}

/* Takes what the child made of n rows into the parent's own memory, and checks it there. */
static void child_take_all(FrtPlugin *p, PluginChild *c, const uint32_t *sel, uint32_t n, void *const *in, uint8_t *const *in_null,
                           void *const *out, uint8_t *const *out_null) {
  const FrtPluginSpec *s = p->spec;
  memcpy(p->to, c->to, n);
  memset(p->message, 0, n * sizeof *p->message);
  if (p->also) memcpy(p->also, c->also, n * sizeof *p->also);
  for (uint32_t k = 0; k < n; k++) {
    if (p->to[k] != FLOW_FAIL) continue;
    memcpy(&p->message[k], &c->message[k], sizeof p->message[k]);
    if (p->message[k].len > PLUGIN_MESSAGE_MAX || !child_take(p, c, &p->message[k])) p->message[k] = (FrtStr){0};
  }
  child_outputs(p, c, sel, n, out, out_null);
  for (uint32_t i = 0; i < s->out_len; i++) {
    p->out[i] = (FlowColumn){out[i], out_null[i], s->out[i].type->size, 0};
    plugin_check_output(p, i, sel, n, in, in_null);
  }
}

static int child_alive(FrtCtx *cx, FrtPlugin *p, PluginChild *c) {
  char why[PLUGIN_MESSAGE_MAX];
  if (c->pid) return FRT_OK;
  if (c->starts > p->spec->restarts)
    return plugin_run_fails(cx, p->spec, "its child ended %u times; `restarts` allows no more", c->starts);
  return child_start(p, c, why, sizeof why) ? plugin_run_fails(cx, p->spec, "%s", why) : FRT_OK;
}

static void child_run(FrtPlugin *p, PluginChild *c, const uint32_t *sel, uint32_t rows, void *const *in, uint8_t *const *in_null,
                      void *const *out, uint8_t *const *out_null) {
  char why[200];
  child_allow_cpu(p, c);
  child_pass(c->shared, CHILD_WORK);
  if (child_wait(c, CHILD_WORK, p->spec->time_us, why, sizeof why)) {
    plugin_chunk_fails(p, rows, "%.*s: %s", FRT_SLICE(p->spec->name), why);
    return;
  }
  int rc = c->shared->rc;
  atomic_store(&c->shared->turn, CHILD_IDLE);
  if (rc) plugin_chunk_fails(p, rows, "%.*s: the plugin refused the rows (%d)", FRT_SLICE(p->spec->name), rc);
  else child_take_all(p, c, sel, rows, in, in_null, out, out_null);
}

int plugin_child_rows(FrtCtx *cx, FrtPlugin *p, const FrtBlock *b, const uint32_t *sel, uint32_t n, void *const *in,
                      uint8_t *const *in_null, void *const *out, uint8_t *const *out_null, FrtPluginRows *r) {
  PluginChild *c = p->child;
  int rc = FRT_OK;
  for (uint32_t at = 0, rows; at < n && rc == FRT_OK; at += rows) {
    if ((rc = child_alive(cx, p, c)) != FRT_OK) return rc;
    rows = child_fill(p, c, sel + at, n - at, in, in_null);
    if (rows) {
      child_run(p, c, sel + at, rows, in, in_null, out, out_null);
    } else {
      rows = 1;
      plugin_chunk_fails(p, 1, "%.*s: a text of the row is larger than what is shared with the plugin", FRT_SLICE(p->spec->name));
    }
    rc = plugin_settle(cx, p, b, sel + at, rows, at, r);
  }
  return rc;
}
