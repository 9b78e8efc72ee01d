/* held_text.c: rows that wait as text, see FrtTexts in flowrt_hold.h.
 *
 * A row that stands in a plain file as it will be printed stays there: the file is mapped as a whole, and the row is
 * an address in the mapping. Whether the mapping shows what was read is checked with the first row of each block;
 * for compressed files and standard input it does not, and the rows are copied. */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/budget.h"
#include "flowrt.h"
#include "io/map.h"
#include "sched/run_internal.h"

enum { TEXTS_CHUNK_SIZE = 1024 * 1024, TEXTS_MAP_MIN = 64 * 1024, TEXTS_LONG = 0xffff,
       TEXTS_AHEAD = 24, TEXTS_SLACK = 64, TEXTS_BATCH = 256 };

typedef struct TextsChunk {
  struct TextsChunk *next;
  size_t size;
} TextsChunk;

typedef struct TextsFile {
  struct TextsFile *next;
  char *name;
  int fd;
  FrtMap *map;          /* NULL: it is not to be mapped */
  const char *data;
  size_t size;
} TextsFile;

/* ---- texts in chunks ---- */

/* Before each row are four bytes for the length of a long one. */
char *frt_texts_room(FrtCtx *cx, FrtOut *o, size_t need) {
  FrtTexts *t = (FrtTexts *)o;
  (void)cx;
  need += 4 + TEXTS_SLACK;
  size_t size = need > TEXTS_CHUNK_SIZE ? need : TEXTS_CHUNK_SIZE;
  TextsChunk *c = frt_malloc(sizeof *c + 4 + size);
  frt_hold(size);
  c->size = size;
  c->next = t->chunks;
  t->chunks = c;
  o->at = (char *)(c + 1) + 4;
  o->end = o->at + size - 4 - TEXTS_SLACK;
  return o->at;
}

static uint64_t texts_place(const char *p, size_t len) { return (uint64_t)len << 48 | (uint64_t)(uintptr_t)p; }

uint64_t frt_texts_end_row(FrtTexts *t, char *end) {
  char *from = t->out.at;
  size_t len = (size_t)(end - from);
  uint32_t long_len = (uint32_t)len;
  if (len >= TEXTS_LONG) memcpy(from - 4, &long_len, 4);
  t->out.at = end + 4 > t->out.end ? t->out.end : end + 4;
  return texts_place(from, len < TEXTS_LONG ? len : TEXTS_LONG);
}

static uint64_t texts_copy(FrtCtx *cx, FrtTexts *t, const char *from, size_t len) {
  char *to = t->out.at;
  if ((size_t)(t->out.end - to) < len + 8) to = frt_texts_room(cx, &t->out, len + 8);
  memcpy(to, from, len);
  return frt_texts_end_row(t, to + len);
}

/* ---- texts in files ---- */

static void texts_map(TextsFile *f) {
  struct stat st;
  f->fd = open(f->name, O_RDONLY | O_CLOEXEC);
  if (f->fd < 0 || fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < TEXTS_MAP_MIN) return;
  f->map = frt_map_open(f->fd, (uint64_t)st.st_size);
  if (f->map) f->data = frt_map_window(f->map, 0, (size_t)st.st_size, &f->size);
}

static TextsFile *texts_file(FrtTexts *t, FrtStr name) {
  TextsFile *f = t->files;
  if (f && strlen(f->name) == name.len && !memcmp(f->name, name.ptr, name.len)) return f;
  f = frt_malloc(sizeof *f);
  *f = (TextsFile){.next = t->files, .name = frt_malloc(name.len + 1), .fd = -1};
  memcpy(f->name, name.ptr, name.len);
  f->name[name.len] = 0;
  t->files = f;
  if (memchr(name.ptr, 0, name.len) == NULL && strcmp(f->name, "-") != 0) texts_map(f);
  return f;
}

static const char *texts_from(const FrtFields *f, uint32_t i) { return f->base + f->beg[(size_t)i * f->stride] + f->beg_add; }
static const char *texts_to(const FrtFields *f, uint32_t i) { return f->base + f->end[(size_t)i * f->stride] - f->end_sub; }

/* What to add to an address of the block to come to the same byte of the mapped file. */
static int texts_shift(FrtTexts *t, const FrtBlock *b, const char *from, const char *to, ptrdiff_t *shift) {
  if (!b->record || !b->file.len) return 0;
  TextsFile *f = texts_file(t, b->file);
  if (!f->data) return 0;
  uint64_t at = b->offset0 + (uint64_t)(from - b->record->base), size = (uint64_t)(to - from);
  if (at > f->size || size > f->size - at || memcmp(f->data + at, from, size) != 0) return 0;
  *shift = (ptrdiff_t)((uintptr_t)(f->data + at) - (uintptr_t)from);
  return 1;
}

void frt_texts_slices(FrtCtx *cx, FrtTexts *t, const FrtBlock *b, const FrtFields *first, const FrtFields *last,
                      const uint32_t *sel, uint32_t n, uint64_t *places) {
  ptrdiff_t shift = 0;
  int mapped = n && texts_shift(t, b, texts_from(first, sel[0]), texts_to(last, sel[0]), &shift);
  for (uint32_t k = 0; k < n; k++) {
    const char *from = texts_from(first, sel[k]), *to = texts_to(last, sel[k]);
    size_t len = (size_t)(to - from);
    places[k] = mapped && len < TEXTS_LONG ? texts_place((const char *)((uintptr_t)from + (uintptr_t)shift), len)
                                           : texts_copy(cx, t, from, len);
  }
}

/* ---- keys ---- */

void frt_texts_init(FrtTexts *t, uint32_t words, uint32_t by_bytes) {
  memset(t, 0, sizeof *t);
  frt_sorter_init(&t->sorter, words, by_bytes);
}

static FrtSortKey *texts_key(FrtTexts *t, FrtStr key, uint64_t place) {
  size_t size = offsetof(FrtSortKey, bytes) + (((size_t)key.len + 7) & ~(size_t)7);
  if ((size_t)(t->key_end - t->key_at) < size) {
    size_t room = size > TEXTS_CHUNK_SIZE ? size : TEXTS_CHUNK_SIZE;
    TextsChunk *c = frt_malloc(sizeof *c + room);
    frt_hold(room);
    c->size = room;
    c->next = t->chunks;
    t->chunks = c;
    t->key_at = (char *)(c + 1);
    t->key_end = t->key_at + room;
  }
  FrtSortKey *k = (FrtSortKey *)(void *)t->key_at;
  t->key_at += size;
  k->payload = place;
  k->len = key.len;
  if (!key.len) return k;
  memset((char *)k + size - 8, 0, 8);
  memcpy(k->bytes, key.ptr, key.len);
  return k;
}

void frt_texts_hold(FrtCtx *cx, FrtTexts *t, const uint64_t *words, const FrtStr *keys, const uint64_t *places, uint32_t n) {
  (void)cx;
  if (!keys) {
    frt_sorter_add(&t->sorter, words, places, n);
    return;
  }
  for (uint32_t from = 0, m; from < n; from += m) {
    uint64_t word[TEXTS_BATCH], payload[TEXTS_BATCH];
    m = n - from < TEXTS_BATCH ? n - from : TEXTS_BATCH;
    for (uint32_t k = 0; k < m; k++) {
      word[k] = frt_order_text(keys[from + k]);
      payload[k] = (uint64_t)(uintptr_t)texts_key(t, keys[from + k], places[from + k]);
    }
    frt_sorter_add(&t->sorter, word, payload, m);
  }
}

int frt_texts_sort(FrtCtx *cx, FrtTexts *t, uint32_t op) {
  (void)cx, (void)op;
  frt_sorter_sort(&t->sorter);
  return FRT_OK;
}

/* ---- out ---- */

static const char *texts_text(uint64_t place, size_t *len) {
  const char *p = (const char *)(uintptr_t)(place & 0xffffffffffffull);
  *len = place >> 48;
  if (*len < TEXTS_LONG) return p;
  uint32_t long_len;
  memcpy(&long_len, p - 4, 4);
  *len = long_len;
  return p;
}

/* Both sides have room for TEXTS_SLACK bytes more: most rows are a few of these copies. */
static inline void texts_copy_over(char *to, const char *from, size_t len) {
  for (size_t at = 0; at < len; at += TEXTS_SLACK) memcpy(to + at, from + at, TEXTS_SLACK);
}

int frt_texts_put(FrtCtx *cx, FrtTexts *t, uint32_t sink, uint32_t n, uint32_t *done) {
  FrtOut *o = frt_sink_out(cx, sink);
  const FrtPair *p = t->sorter.pairs;
  uint64_t left = t->sorter.len - t->at, end = t->at + (left < n ? left : n);
  char *to = o->at;
  *done = (uint32_t)(end - t->at);
  for (; t->at < end; t->at++) {
    size_t len;
    if (t->at + TEXTS_AHEAD < t->sorter.len) {
      const char *ahead = (const char *)(uintptr_t)(p[t->at + TEXTS_AHEAD].row & 0xffffffffffffull);
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + 64);
      __builtin_prefetch(ahead + 128);
    }
    const char *from = texts_text(p[t->at].row, &len);
    if ((size_t)(o->end - to) < len + TEXTS_SLACK) {
      o->at = to;
      if (!(to = frt_out_room(cx, o, len + TEXTS_SLACK))) return FRT_FATAL;
    }
    texts_copy_over(to, from, len);
    to += len;
    *to++ = '\n';
  }
  o->at = to;
  o->rows += *done;
  return FRT_OK;
}

/* The name of a file that was cut meanwhile is set aside in the run's memory. */
static const char *texts_free(FrtCtx *cx, FrtTexts *t) {
  const char *cut = NULL;
  for (TextsFile *f = t->files, *next; f; f = next) {
    next = f->next;
    if (cx && f->map && frt_map_is_cut(f->map)) cut = arena_printf(cx->run->run_arena, "%s", f->name);
    frt_map_close(f->map);
    if (f->fd >= 0) close(f->fd);
    frt_free(f->name);
    frt_free(f);
  }
  for (TextsChunk *c = t->chunks, *next; c; c = next) {
    next = c->next;
    frt_unreserve(NULL, c->size);
    frt_free(c);
  }
  frt_sorter_free(&t->sorter);
  frt_texts_init(t, t->sorter.words, t->sorter.by_bytes);
  return cut;
}

int frt_texts_end(FrtCtx *cx, FrtTexts *t, uint32_t op) {
  const char *cut = texts_free(cx, t);
  if (!cut) return FRT_OK;
  const char *what = arena_printf(cx->run->run_arena, "%s: the file became shorter while it was read", cut);
  return frt_fatal(cx, op, FRT_E_READ, (FrtStr){what, (uint32_t)strlen(what), 0});
}

void frt_texts_drop(void *texts) { texts_free(NULL, texts); }
