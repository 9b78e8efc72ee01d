/* arena.h: memory by lifetime. An arena hands out 16-byte aligned room and frees all of it at once.
 * malloc is called in runtime/base only. An arena has one owner, unless it is shared. */
#ifndef FRT_BASE_ARENA_H
#define FRT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FrtArena Arena;

Arena *arena_new(void);                         /* aborts with a message when memory is out */
void arena_share(Arena *a);                     /* from now on any thread may take from it */
void arena_free(Arena *a);
void arena_reset(Arena *a);                     /* frees all but the first chunk */
void *arena_alloc(Arena *a, size_t size);       /* zeroed; aborts with a message when memory is out */
/* A growable array: returns `data` moved to room for `len` + 1 items where it is full. Capacities are
 * powers of two. */
void *arena_grow(Arena *a, void *data, size_t len, size_t item_size);
char *arena_strndup(Arena *a, const char *text, size_t len);
char *arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *format, va_list args);
size_t arena_size(const Arena *a);              /* bytes held from the system */

/* Checked malloc for what has no arena; never NULL. */
void *frt_malloc(size_t size);
void *frt_calloc(size_t len, size_t size);      /* zeroed; the kernel's pages are touched only when used */
void *frt_realloc(void *old, size_t size);
void frt_free(void *p);
/* Called when memory is out, before the process ends: removes what must not stay. NULL: nothing. */
extern void (*frt_memory_out)(void);
/* Says that all of it will be touched: large pages then save most of the faults. */
void frt_advise_large(void *p, size_t size);

#endif
