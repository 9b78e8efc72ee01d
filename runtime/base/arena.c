/* arena.c: bump allocation in chunks that double up to 1 MiB; larger requests get a chunk of their own. */
#include "base/arena.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct ArenaChunk {
  struct ArenaChunk *next;
  size_t size, used;
  _Alignas(16) char data[];
} ArenaChunk;

struct FrtArena {
  ArenaChunk *head;  /* the one that is being filled; the first chunk is the last of the list */
  size_t held;
  int shared;
  char busy;         /* a spin lock */
};

enum { ARENA_FIRST = 8 * 1024, ARENA_MAX = 1024 * 1024, ARENA_PAGE = 4096, ARENA_LARGE = 4 * 1024 * 1024 };

void (*frt_memory_out)(void);

static void arena_out_of_memory(size_t size) {
  fprintf(stderr, "error: out of memory: %zu bytes were refused\n", size);
  if (frt_memory_out) frt_memory_out();
  exit(2);
}

void *frt_malloc(size_t size) {
  void *p = malloc(size ? size : 1);
  if (!p) arena_out_of_memory(size);
  return p;
}

void *frt_calloc(size_t len, size_t size) {
  void *p = calloc(len ? len : 1, size ? size : 1);
  if (!p) arena_out_of_memory(size && len > SIZE_MAX / size ? SIZE_MAX : len * size);
  return p;
}

void *frt_realloc(void *old, size_t size) {
  void *p = realloc(old, size ? size : 1);
  if (!p) arena_out_of_memory(size);
  return p;
}

void frt_free(void *p) { free(p); }

void frt_advise_large(void *p, size_t size) {
  uintptr_t from = ((uintptr_t)p + ARENA_PAGE - 1) & ~(uintptr_t)(ARENA_PAGE - 1), to = ((uintptr_t)p + size) & ~(uintptr_t)(ARENA_PAGE - 1);
  if (size >= ARENA_LARGE) madvise((void *)from, to - from, MADV_HUGEPAGE);   /* only a hint */
}

static ArenaChunk *arena_chunk(Arena *a, size_t size) {
  ArenaChunk *c = frt_malloc(sizeof(ArenaChunk) + size);
  c->size = size;
  c->used = 0;
  a->held += sizeof(ArenaChunk) + size;
  return c;
}

Arena *arena_new(void) {
  Arena *a = frt_malloc(sizeof *a);
  a->held = 0;
  a->shared = a->busy = 0;
  a->head = arena_chunk(a, ARENA_FIRST);
  a->head->next = NULL;
  return a;
}

void arena_reset(Arena *a) {
  while (a->head->next) {
    ArenaChunk *c = a->head;
    a->head = c->next;
    a->held -= sizeof(ArenaChunk) + c->size;
    free(c);
  }
  a->head->used = 0;
}

void arena_free(Arena *a) {
  if (!a) return;
  arena_reset(a);
  free(a->head);
  free(a);
}

size_t arena_size(const Arena *a) { return a->held; }

void arena_share(Arena *a) { a->shared = 1; }

static void *arena_take(Arena *a, size_t size) {
  ArenaChunk *c = a->head;
  if (c->size - c->used < size) {
    size_t next = c->size * 2 < ARENA_MAX ? c->size * 2 : ARENA_MAX;
    c = arena_chunk(a, size > next ? size : next);
    c->next = a->head;
    a->head = c;
  }
  void *p = c->data + c->used;
  c->used += size;
  return p;
}

void *arena_alloc(Arena *a, size_t size) {
  size = (size + 15) & ~(size_t)15;
  if (!a->shared) return memset(arena_take(a, size), 0, size);
  while (__atomic_test_and_set(&a->busy, __ATOMIC_ACQUIRE)) sched_yield();
  void *p = arena_take(a, size);
  __atomic_clear(&a->busy, __ATOMIC_RELEASE);
  return memset(p, 0, size);
}

void *arena_grow(Arena *a, void *data, size_t len, size_t item_size) {
  if (len && (len & (len - 1))) return data;      /* not a power of two: there is room */
  if (len && len < 4) return data;
  size_t capacity = len ? len * 2 : 4;
  void *p = arena_alloc(a, capacity * item_size);
  if (len) memcpy(p, data, len * item_size);
  return p;
}

char *arena_strndup(Arena *a, const char *text, size_t len) {
  char *p = arena_alloc(a, len + 1);
  if (len) memcpy(p, text, len);
  return p;
}

char *arena_vprintf(Arena *a, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *p = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
  if (n > 0) vsnprintf(p, (size_t)n + 1, format, again);
  va_end(again);
  return p;
}

char *arena_printf(Arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *p = arena_vprintf(a, format, args);
  va_end(args);
  return p;
}
