/* store.c: rows at rest, see flowrt_hold.h. Chunks are 256 KiB, smaller for the first one, so that a small
 * table costs little and a large one does not move. */
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "flowrt.h"
#include "op/table.h"

enum { STORE_CHUNK_SIZE = 256 * 1024, STORE_TEXT_SIZE = 256 * 1024, STORE_TEXT_FIRST = 4096 };

typedef struct StoreText {
  struct StoreText *next;
  size_t size;
} StoreText;

void frt_store_init(FrtStore *s, uint32_t row_size) {
  memset(s, 0, sizeof *s);
  s->row_size = row_size ? row_size : 1;
  while (((uint64_t)s->row_size << (s->shift + 1)) <= STORE_CHUNK_SIZE) s->shift++;
}

static void store_hold(FrtStore *s, size_t size) {
  s->bytes += size;
  if (s->spills) frt_hold_buffer(size);
  else frt_hold(size);
}

static void store_chunk(FrtStore *s) {
  if (s->chunk_len == s->chunk_room) {
    s->chunk_room = s->chunk_room ? s->chunk_room * 2 : 8;
    s->chunks = frt_realloc(s->chunks, s->chunk_room * sizeof *s->chunks);
  }
  size_t size = (size_t)s->row_size << s->shift;
  s->chunks[s->chunk_len++] = frt_malloc(size);
  store_hold(s, size);
}

uint64_t frt_store_growth(const FrtStore *s, uint32_t more) {
  uint64_t chunks = (s->len + more + (1ull << s->shift) - 1) >> s->shift;
  return chunks > s->chunk_len ? (chunks - s->chunk_len) * ((uint64_t)s->row_size << s->shift) : 0;
}

void *frt_store_add(FrtCtx *cx, FrtStore *s) {
  (void)cx;
  if (s->len >> s->shift == s->chunk_len) store_chunk(s);
  uint64_t i = s->len++;
  return memset(FRT_ROW(s, i), 0, s->row_size);
}

void *frt_store_row(const FrtStore *s, uint64_t i) { return FRT_ROW(s, i); }

static char *store_room(FrtStore *s, size_t n) {
  if ((size_t)(s->text_end - s->text_at) < n) {
    size_t size = s->texts ? STORE_TEXT_SIZE : STORE_TEXT_FIRST;
    if (size < n) size = n;
    StoreText *t = frt_malloc(sizeof *t + 16 + size);
    t->next = s->texts;
    t->size = size;
    s->texts = t;
    s->text_at = (char *)(t + 1);
    s->text_end = s->text_at + size;
    store_hold(s, sizeof *t + size);
  }
  char *p = s->text_at;
  s->text_at += n;
  return p;
}

void *frt_alloc_kept(FrtCtx *cx, size_t size) {
  FrtStore *s = cx->keep;
  if (!s) return frt_alloc_run(cx, size);
  char *p = store_room(s, size + 16 + (size_t)(-(uintptr_t)s->text_at & 15));
  p += -(uintptr_t)p & 15;
  return memset(p, 0, size);
}

FrtStr frt_store_text(FrtCtx *cx, FrtStore *s, FrtStr v) {
  (void)cx;
  char *p = store_room(s, v.len);
  if (v.len) memcpy(p, v.ptr, v.len);
  return (FrtStr){p, v.len, 0};
}

static void store_list(FrtCtx *cx, FrtStore *s, const FrtType *t, FrtList *list) {
  size_t size = (size_t)list->len * t->elem_size;
  size_t skip = (size_t)(-(uintptr_t)s->text_at & 15);
  char *p = store_room(s, size + 16 + skip);
  p += -(uintptr_t)p & 15;
  if (size) memcpy(p, list->data, size);
  list->data = p;
  for (uint32_t i = 0; i < list->len; i++) {
    char *item = p + (size_t)i * t->elem_size;
    if (!t->elem_null_offset || !item[t->elem_null_offset]) frt_store_value(cx, s, t->elem, item);
  }
}

void frt_store_value(FrtCtx *cx, FrtStore *s, const FrtType *t, void *value) {
  switch (t->kind) {
    case FRT_STRING: case FRT_BYTES: {
      FrtStr *v = value;
      *v = frt_store_text(cx, s, *v);
      break;
    }
    case FRT_LIST: store_list(cx, s, t, value); break;
    case FRT_STRUCT:
      for (uint32_t i = 0; i < t->field_len; i++) {
        const FrtField *f = &t->fields[i];
        if (f->type->nullable && ((char *)value)[f->null_offset]) continue;
        frt_store_value(cx, s, f->type, (char *)value + f->offset);
      }
      break;
    default: break;
  }
}

void frt_store_free(FrtStore *s) {
  for (uint32_t i = 0; i < s->chunk_len; i++) frt_free(s->chunks[i]);
  frt_free(s->chunks);
  for (StoreText *t = s->texts, *next; t; t = next) {
    next = t->next;
    frt_free(t);
  }
  frt_unreserve(NULL, s->bytes);
  uint32_t spills = s->spills;
  frt_store_init(s, s->row_size);
  s->spills = spills;
}
