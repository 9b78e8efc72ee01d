/* func_harness.h: a context for tests of the function library, with memory for a block and a run.
 */
#ifndef TESTS_FUNC_HARNESS_H
#define TESTS_FUNC_HARNESS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "flowrt.h"
#include "sched/run_internal.h"
#include "text/column.h"

static FrtRun func_run;
static FrtCtx func_ctx, *cx = &func_ctx;

static void func_setup(void) {
  func_run.run_arena = arena_new();
  func_ctx.run = &func_run;
  func_ctx.arena = arena_new();
  func_ctx.now_us = 1782909005250000; /* 2026-07-01T12:30:05.25Z */
}

/* The texts made by X. */
static void *func_texts[256];
static size_t func_text_len;

static void func_teardown(void) {
  while (func_text_len) free(func_texts[--func_text_len]);
  frt_functions_end(cx);
  arena_free(func_ctx.arena);
  arena_free(func_run.run_arena);
}

static inline FrtStr S(const char *text) { return (FrtStr){text, (uint32_t)strlen(text), 0}; }

/* A copy of its exact size, so that sanitizers see a read past its end. */
static inline FrtStr X(const char *text) {
  size_t n = strlen(text);
  char *p = malloc(n ? n : 1);
  memcpy(p, text, n);
  cr_assert_lt(func_text_len, sizeof func_texts / sizeof *func_texts);
  func_texts[func_text_len++] = p;
  return (FrtStr){p, (uint32_t)n, 0};
}

static inline void is_text(FrtStr got, const char *want, int line) {
  cr_expect(got.len == strlen(want) && !strncmp(got.ptr ? got.ptr : "", want, got.len),
            "line %d: got `%.*s`, want `%s`", line, (int)got.len, got.ptr ? got.ptr : "", want);
}
#define IS(got, want) is_text(got, want, __LINE__)

/* The result of a status-style function that is to succeed. */
#define OK(type, call)                                                          \
  __extension__({                                                               \
    type out_;                                                                  \
    memset(&out_, 0, sizeof out_);                                              \
    type *out = &out_;                                                          \
    int status_ = (call);                                                       \
    cr_expect(status_ == FRT_OK, "line %d: status %d: %.*s", __LINE__, status_, \
              (int)cx->detail.len, cx->detail.ptr ? cx->detail.ptr : "");       \
    out_;                                                                       \
  })
#define STATUS(type, call) \
  __extension__({          \
    type out_;             \
    type *out = &out_;     \
    (call);                \
  })

static inline const void *PREPARED(int (*prepare)(FrtCtx *, const void **, FrtStr),
                                   const char *text) {
  const void *out = NULL;
  int status = prepare(cx, &out, S(text));
  cr_assert(status == FRT_OK, "%s: status %d: %.*s", text, status, (int)cx->detail.len,
            cx->detail.ptr);
  return out;
}
#define RE(text) PREPARED(frt_regex_prepare, text)

#endif
