/* text_help.h: helpers of the tests of runtime/text. frt_alloc is a weak stand-in: the runtime's own
 * takes its place where it is linked. */
#ifndef TESTS_TEXT_HELP_H
#define TESTS_TEXT_HELP_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "flowrt.h"

static char help_room[1 << 20];

__attribute__((weak)) void *frt_alloc(FrtCtx *cx, size_t size) {
  static size_t used;
  size = (size + 15) & ~(size_t)15;
  if (used + size > sizeof help_room) used = 0;
  used += size;
  return help_room + used - size;
}

static inline FrtStr help_str(const char *text) { return (FrtStr){text, (uint32_t)strlen(text), 0}; }

static inline uint64_t help_random(void) {   /* splitmix64 */
  static uint64_t state = 42;
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* A file of the shared test data, or NULL. */
static inline FILE *help_data(const char *name) {
  const char *folder = getenv("FLOW_DATA");
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/data", name);
  return fopen(path, "rb");
}

#endif
