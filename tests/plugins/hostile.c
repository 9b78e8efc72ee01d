/* hostile.c: steps that do what plugins must not do, when the field `what` asks for it. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow_plugin.h"

static volatile int never;

/* Writes what comes over `size` bytes. */
static void scribble(void *at, size_t size) {
  static uint64_t state = 88172645463325252u;
  for (size_t i = 0; i + 8 <= size; i += 8) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    memcpy((char *)at + i, &state, 8);
  }
}

static int is(FlowText t, const char *word) { return t.len == strlen(word) && !memcmp(t.ptr, word, t.len); }

static void act(FlowChunk *c, uint32_t k, FlowText what, FlowText *label, int64_t *n) {
  static char own[] = "of the plugin's data";
  uint32_t i = c->row[k];
  if (is(what, "loop")) while (!never) continue;
  if (is(what, "sleep")) for (;;) sleep(100);
  if (is(what, "memory")) {
    for (int m = 0; m < 10240; m++) {
      char *p = malloc(1 << 20);
      if (!p) abort();
      memset(p, 1, 1 << 20);
    }
  }
  if (is(what, "map")) memset(mmap(NULL, (size_t)10 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1);
  if (is(what, "fork")) for (;;) fork();
  if (is(what, "exec")) execl("/bin/sh", "sh", "-c", "echo out > escaped", (char *)0);
  if (is(what, "write")) {
    int fd = open("escaped", O_WRONLY | O_CREAT, 0644);
    if (fd >= 0 && write(fd, "out", 3) == 3) close(fd);
  }
  if (is(what, "read")) {
    int fd = open("/etc/passwd", O_RDONLY);
    if (fd >= 0) *n = 77;
  }
  if (is(what, "unlink")) unlink("case.flow");
  if (is(what, "socket")) *n = socket(AF_INET, SOCK_STREAM, 0);
  if (is(what, "kill")) kill(getppid(), SIGTERM);
  if (is(what, "segfault")) *(volatile int *)8 = 1;
  if (is(what, "stack")) {
    volatile char room[1 << 16];
    room[0] = 1;
    act(c, k, what, label, n);
    room[1] = room[0];
  }
  if (is(what, "abort")) abort();
  if (is(what, "exit")) exit(0);
  if (is(what, "close")) for (int fd = 0; fd < 64; fd++) close(fd);
  if (is(what, "print")) printf("a word of the plugin\n"), fflush(stdout);
  if (is(what, "pointer")) *label = flow_text((const char *)16, 5);
  if (is(what, "far")) *label = flow_text((const char *)label + ((size_t)1 << 40), 5);
  if (is(what, "long")) *label = flow_text(what.ptr, 0xfffffff0u);
  if (is(what, "heap")) *label = flow_text(strcpy(malloc(16), "heap"), 4);
  if (is(what, "own")) *label = flow_text(own, 3);
  if (is(what, "literal")) *label = flow_text("literal", 7);
  if (is(what, "utf8")) *label = flow_text("a\xff", 2);
  if (is(what, "part")) *label = flow_text(what.ptr + 1, 2);
  if (is(what, "port")) c->to[k] = 9;
  if (is(what, "also")) c->also[k] = 1u << 5;
  if (is(what, "both")) c->also[k] = 1;
  if (is(what, "scribble")) scribble((void *)(uintptr_t)c->row, 1 << 20);   /* all that is shared, and */
  if (is(what, "header")) scribble((void *)((uintptr_t)c->row & ~(uintptr_t)4095), 1 << 20);   /* what stands before it */
  if (is(what, "rows")) c->rows = 1000000;
  if (is(what, "refuse")) c->host->fail(c->host, k, "refused", 7);
  if (is(what, "silent")) c->to[k] = FLOW_FAIL;
  if (is(what, "wild")) c->host->fail(c->host, 123456, "wild", 4);
  if (is(what, "much")) *n = c->host->alloc(c->host, (size_t)10 << 30) != NULL;
  if (is(what, "date")) FLOW_AT(int32_t, c->out[2], i) = 0x7fffffff;
  if (is(what, "bool")) FLOW_AT(uint8_t, c->out[3], i) = 7;
  if (is(what, "enum")) FLOW_AT(uint16_t, c->out[4], i) = 700;
  if (is(what, "decimal")) FLOW_AT(int64_t, c->out[5], i) = 1000000;
  if (is(what, "null")) c->out[6].null[i] = 9;
}

static int rows(void *self, FlowChunk *c) {
  uint32_t rows = c->rows;
  for (uint32_t k = 0; k < rows; k++) {
    uint32_t i = c->row[k];
    FlowText what = FLOW_AT(FlowText, c->in[0], i);
    FLOW_AT(FlowText, c->out[0], i) = what;
    FLOW_AT(int64_t, c->out[1], i) = (int64_t)k;
    act(c, k, what, &FLOW_AT(FlowText, c->out[0], i), &FLOW_AT(int64_t, c->out[1], i));
    if (is(what, "chunk")) return 3;
  }
  return 0;
}

static const FlowField in[] = {{"what", "string"}};
static const FlowField out[] = {{"label", "string"}, {"n", "i64"}, {"d", "date"}, {"b", "bool"}, {"e", "enum(\"x\", \"y\")"},
                                {"m", "decimal(5,2)"}, {"o", "i64?"}};
static const char *const ports[] = {"aside"};
static const FlowStep steps[] = {
    {sizeof(FlowStep), 0, "act", "Does what a row asks for.", NULL, in, out, 0, 1, 7, 1, ports, NULL, rows, NULL}};
const FlowPlugin flow_plugin = {FLOW_PLUGIN_ABI, sizeof(FlowPlugin), "hostile", "1.0.0", "What plugins must not do.", NULL, NULL, steps, NULL, 1, 0};
