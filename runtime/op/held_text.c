/* held_text.c: rows that wait as text, see FrtTexts in flowrt_sort.h.
 *
 * A row that stands in a plain file as it will be printed stays there: the file is mapped as a whole, and the row is
 * an address in the mapping. Whether the mapping shows what was read is checked with the first row of each block;
 * for compressed files and standard input it does not, and the rows are copied. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"
#include "base/parallel.h"
#include "flowrt.h"
#include "io/input.h"
#include "io/map.h"
#include "io/out_file.h"
#include "io/scan.h"
#include "io/sink.h"
#include "spill/runs.h"
#include "sched/run_internal.h"

enum { TEXTS_CHUNK_SIZE = 1024 * 1024, TEXTS_MAP_MIN = 64 * 1024, TEXTS_LONG = 0xffff,
       TEXTS_AHEAD = 24, TEXTS_SLACK = 64, TEXTS_BATCH = 256, TEXTS_LOOK = 4096,
       TEXTS_GROUP = 2048, TEXTS_AHEAD_MIN = 64 * 1024, TEXTS_AHEAD_MAX = 1024 * 1024, TEXTS_ROOMS = 16,
       TEXTS_WAIT_NS = 20 * 1000 };

#define TEXTS_LAYOUT 0x7478657464656c68u

typedef struct TextsChunk { struct TextsChunk *next; } TextsChunk;

typedef struct TextsFile {
  struct TextsFile *next;
  char *name;
  int fd;
  uint64_t held;        /* of the budget: pages of the mapping are memory of the process */
  FrtMap *map;          /* NULL: it is not to be mapped */
  const char *data;
  size_t size;
} TextsFile;

static int texts_spill(FrtCtx *cx, FrtTexts *t);

/* ---- texts in chunks ---- */

static char *texts_chunk(FrtTexts *t, size_t size) {
  TextsChunk *c = frt_malloc(sizeof *c + size);
  if (!frt_reserve(NULL, size)) {
    frt_hold_buffer(size);
    t->refused |= t->held != 0 || frt_budget_stress();
  }
  t->held += size;
  c->next = t->chunks;
  t->chunks = c;
  return (char *)(c + 1);
}

/* Before each row are four bytes for the length of a long one. */
char *frt_texts_room(FrtCtx *cx, FrtOut *o, size_t need) {
  FrtTexts *t = (FrtTexts *)o;
  (void)cx;
  need += 4 + TEXTS_SLACK;
  size_t size = need > TEXTS_CHUNK_SIZE ? need : TEXTS_CHUNK_SIZE;
  o->at = texts_chunk(t, 4 + size) + 4;
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

/* The scanner's own mapping where there is one: pages are found once, and it shows what was read also when the name has
 * become another file's. */
static int texts_map_shared(FrtRun *r, TextsFile *f) {
  FrtScanner *s = r->scanner;
  if (!s || !s->map || s->file.len != strlen(f->name) || memcmp(s->file.ptr, f->name, s->file.len) != 0) return 0;
  uint64_t size = frt_input_size(s->input);
  if (!frt_reserve(NULL, size)) return 1;
  f->map = frt_scan_map_all(s);
  if (!f->map) {
    frt_unreserve(NULL, size);
    return 0;
  }
  f->held = size;
  frt_map_keep(f->map, 1);
  f->data = frt_map_window(f->map, 0, size, &f->size);
  return 1;
}

static void texts_map(FrtRun *r, TextsFile *f) {
  struct stat st;
  if (texts_map_shared(r, f)) return;
  f->fd = open(f->name, O_RDONLY | O_CLOEXEC);
  if (f->fd < 0 || fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < TEXTS_MAP_MIN) return;
  if (!frt_reserve(NULL, (size_t)st.st_size)) return;
  f->held = (uint64_t)st.st_size;
  f->map = frt_map_open(f->fd, (uint64_t)st.st_size);
  if (f->map) f->data = frt_map_window(f->map, 0, (size_t)st.st_size, &f->size);
}

/* 1: the file was cut meanwhile. */
static int texts_unmap(TextsFile *f) {
  int cut = f->map && frt_map_is_cut(f->map);
  if (f->map && frt_map_is_whole(f->map)) frt_map_keep(f->map, 0);
  frt_map_close(f->map);
  if (f->fd >= 0) close(f->fd);
  frt_unreserve(NULL, f->held);
  f->map = NULL;
  f->data = NULL;
  f->fd = -1;
  f->held = 0;
  return cut;
}

static TextsFile *texts_file(FrtRun *r, FrtTexts *t, FrtStr name) {
  TextsFile *f = t->files;
  if (f && strlen(f->name) == name.len && !memcmp(f->name, name.ptr, name.len)) return f;
  f = frt_malloc(sizeof *f);
  *f = (TextsFile){.next = t->files, .name = frt_malloc(name.len + 1), .fd = -1};
  memcpy(f->name, name.ptr, name.len);
  f->name[name.len] = 0;
  t->files = f;
  if (memchr(name.ptr, 0, name.len) == NULL && strcmp(f->name, "-") != 0) texts_map(r, f);
  return f;
}

static const char *texts_from(const FrtFields *f, uint32_t i) { return f->base + f->beg[(size_t)i * f->stride] + f->beg_add; }
static const char *texts_to(const FrtFields *f, uint32_t i) { return f->base + f->end[(size_t)i * f->stride] - f->end_sub; }

/* What to add to an address of the block to come to the same byte of the mapped file. */
static int texts_shift(FrtRun *r, FrtTexts *t, const FrtBlock *b, const char *from, const char *to, ptrdiff_t *shift) {
  if (!b->record || !b->file.len) return 0;
  TextsFile *f = texts_file(r, t, b->file);
  if (!f->data) return 0;
  uint64_t at = b->offset0 + (uint64_t)(from - b->record->base), size = (uint64_t)(to - from);
  if (at > f->size || size > f->size - at || memcmp(f->data + at, from, size) != 0) return 0;
  *shift = (ptrdiff_t)((uintptr_t)(f->data + at) - (uintptr_t)from);
  return 1;
}

void frt_texts_slices(FrtCtx *cx, FrtTexts *t, const FrtBlock *b, const FrtFields *first, const FrtFields *last,
                      const uint32_t *sel, uint32_t n, uint64_t *places) {
  ptrdiff_t shift = 0;
  int mapped = n && texts_shift(cx->run, t, b, texts_from(first, sel[0]), texts_to(last, sel[0]), &shift);
  for (uint32_t k = 0; k < n; k++) {
    const char *from = texts_from(first, sel[k]), *to = texts_to(last, sel[k]);
    size_t len = (size_t)(to - from);
    places[k] = mapped && len < TEXTS_LONG ? texts_place((const char *)((uintptr_t)from + (uintptr_t)shift), len)
                                           : texts_copy(cx, t, from, len);
  }
}

/* ---- keys ---- */

void frt_texts_init(FrtTexts *t, uint32_t op, uint32_t words, uint32_t by_bytes) {
  memset(t, 0, sizeof *t);
  t->op = op;
  frt_sorter_init(&t->sorter, words, by_bytes);
}

static FrtSortKey *texts_key(FrtTexts *t, FrtStr key, uint64_t place) {
  size_t size = offsetof(FrtSortKey, bytes) + (((size_t)key.len + 7) & ~(size_t)7);
  if ((size_t)(t->key_end - t->key_at) < size) {
    size_t room = size > TEXTS_CHUNK_SIZE ? size : TEXTS_CHUNK_SIZE;
    t->key_at = texts_chunk(t, room);
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

static void texts_hold_bytes(FrtTexts *t, const FrtStr *keys, const uint64_t *places, uint32_t n) {
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

int frt_texts_hold(FrtCtx *cx, FrtTexts *t, const uint64_t *words, const FrtStr *keys, const uint64_t *places, uint32_t n) {
  if (keys) texts_hold_bytes(t, keys, places, n);
  else frt_sorter_add(&t->sorter, words, places, n);
  return t->refused || t->sorter.refused ? texts_spill(cx, t) : FRT_OK;
}

/* ---- places ---- */

static const char *texts_text(uint64_t place, size_t *len) {
  const char *p = (const char *)(uintptr_t)(place & 0xffffffffffffull);
  *len = place >> 48;
  if (*len < TEXTS_LONG) return p;
  uint32_t long_len;
  memcpy(&long_len, p - 4, 4);
  *len = long_len;
  return p;
}

static inline void texts_prefetch_place(uint64_t place) {
  const char *p = (const char *)(uintptr_t)(place & 0xffffffffffffull);
  __builtin_prefetch(p);
  __builtin_prefetch(p + 64);
  __builtin_prefetch(p + 128);
}

/* ---- on disk ---- */

static void texts_drop_rows(FrtTexts *t) {
  for (TextsChunk *c = t->chunks, *next; c; c = next) {
    next = c->next;
    frt_free(c);
  }
  frt_unreserve(NULL, t->held);
  t->chunks = NULL;
  t->held = 0;
  t->refused = 0;
  t->out = (FrtOut){ 0 };
  t->key_at = t->key_end = NULL;
  frt_sorter_free(&t->sorter);
}

static int texts_cut(FrtCtx *cx, const FrtTexts *t, const char *name) {
  const char *what = arena_printf(cx->run->run_arena, "%s: the file became shorter while it was read", name);
  return frt_fatal(cx, t->op, FRT_E_READ, (FrtStr){what, (uint32_t)strlen(what), 0});
}

/* The words as bytes of the same order. */
static int texts_spill_words(FrtCtx *cx, const FrtTexts *t, const uint64_t *words) {
  size_t len;
  const char *text = texts_text(words[t->sorter.words], &len);
  char *p = frt_runs_room(cx, t->runs, t->sorter.words * 8, (uint32_t)len);
  if (!p) return FRT_FATAL;
  for (uint32_t j = 0; j < t->sorter.words; j++) p = frt_order_put_word(p, words[j], 8);
  memcpy(p, text, len);
  return FRT_OK;
}

static int texts_spill_key(FrtCtx *cx, const FrtTexts *t, const FrtSortKey *key) {
  size_t len;
  const char *text = texts_text(key->payload, &len);
  char *p = frt_runs_room(cx, t->runs, key->len, (uint32_t)len);
  if (!p) return FRT_FATAL;
  memcpy(p, key->bytes, key->len);
  memcpy(p + key->len, text, len);
  return FRT_OK;
}

static uint64_t texts_payload(const FrtSorter *s, uint64_t row) {
  return s->by_bytes ? ((const FrtSortKey *)(uintptr_t)row)->payload : frt_sorter_words(s, row)[s->words];
}

/* Pair i + 2 * TEXTS_AHEAD: its entry; pair i + TEXTS_AHEAD: its text. */
static inline void texts_prefetch(const FrtSorter *s, uint64_t i) {
  if (i + 2 * TEXTS_AHEAD >= s->len) return;
  uint64_t far = s->pairs[i + 2 * TEXTS_AHEAD].row;
  __builtin_prefetch(s->by_bytes ? (const void *)(uintptr_t)far : frt_sorter_words(s, far));
  texts_prefetch_place(texts_payload(s, s->pairs[i + TEXTS_AHEAD].row));
}

/* All rows so far become a sorted run, and their memory is given back; later ones are copied from the source. */
static int texts_spill(FrtCtx *cx, FrtTexts *t) {
  FrtSorter *s = &t->sorter;
  if (!s->len) return FRT_OK;
  if (!t->runs && !(t->runs = frt_runs_new(cx, t->op, TEXTS_LAYOUT))) return FRT_FATAL;
  frt_sorter_sort(s, 1);
  if (frt_cancelled()) return FRT_FATAL;
  frt_runs_begin(t->runs);
  for (uint64_t i = 0; i < s->len; i++) {
    uint64_t row = s->pairs[i].row;
    texts_prefetch(s, i);
    if (i % TEXTS_LOOK == 0 && frt_cancelled()) return FRT_FATAL;
    if (s->by_bytes ? texts_spill_key(cx, t, (const FrtSortKey *)(uintptr_t)row) : texts_spill_words(cx, t, frt_sorter_words(s, row)))
      return FRT_FATAL;
  }
  for (TextsFile *f = t->files; f; f = f->next)
    if (texts_unmap(f)) return texts_cut(cx, t, f->name);
  texts_drop_rows(t);
  return frt_runs_finish(cx, t->runs);
}

int frt_texts_sort(FrtCtx *cx, FrtTexts *t) {
  if (t->runs) return texts_spill(cx, t) ? FRT_FATAL : frt_runs_merge(cx, t->runs);
  frt_sorter_sort(&t->sorter, 0);
  return frt_cancelled() ? FRT_FATAL : FRT_OK;
}

/* ---- out ---- */

/* Both sides have room for TEXTS_SLACK bytes more: most rows are a few of these copies. */
static inline void texts_copy_over(char *to, const char *from, size_t len) {
  for (size_t at = 0; at < len; at += TEXTS_SLACK) memcpy(to + at, from + at, TEXTS_SLACK);
}

static char *texts_line(FrtCtx *cx, FrtOut *o, char *to, const char *from, size_t len) {
  if ((size_t)(o->end - to) < len + TEXTS_SLACK) {
    o->at = to;
    if (!(to = frt_out_room(cx, o, len + TEXTS_SLACK))) return NULL;
  }
  texts_copy_over(to, from, len);
  to[len] = '\n';
  return to + len + 1;
}

static int texts_put_runs(FrtCtx *cx, FrtTexts *t, FrtOut *o, uint32_t n, uint32_t *done) {
  int status = FRT_OK;
  char *to = o->at;
  for (*done = 0; *done < n; ++*done) {
    FrtRunRecord rec;
    if ((status = frt_runs_next(cx, t->runs, &rec))) break;
    if (!(to = texts_line(cx, o, to, rec.payload, rec.payload_len))) return FRT_FATAL;
  }
  o->at = to;
  o->rows += *done;
  return status == FRT_END ? FRT_OK : status;
}

/* ---- several threads ---- */

/* Rows for one sink: groups of TEXTS_GROUP of them. In a plain file each has its place. Else the thread whose run it is
 * writes them in order (signals interrupt it), and every thread copies some of the next TEXTS_ROOMS groups. */
typedef struct TextsShare {
  FrtRun *run;
  uint32_t sink;
  const FrtPair *pairs;
  uint64_t from, to;
  uint64_t *begin;            /* of each group, in the file or from the first; behind the last: the end */
  int fd;                     /* -1: no plain file */
  uint32_t groups;
  pthread_t writer;
  char *rooms[TEXTS_ROOMS];
  size_t sizes[TEXTS_ROOMS];
  _Atomic uint32_t ready[TEXTS_ROOMS];   /* the group that is in the room, and one more */
  _Atomic uint32_t next, written;
  _Atomic int error;          /* errno; -1: the run has failed */
} TextsShare;

static char *texts_group(const TextsShare *h, uint32_t group, char *to) {
  uint64_t from = h->from + (uint64_t)group * TEXTS_GROUP, end = h->to - from < TEXTS_GROUP ? h->to : from + TEXTS_GROUP;
  for (uint64_t i = from; i < end; i++) {
    size_t len;
    if (i + TEXTS_AHEAD < h->to) texts_prefetch_place(h->pairs[i + TEXTS_AHEAD].row);
    const char *text = texts_text(h->pairs[i].row, &len);
    texts_copy_over(to, text, len);
    to[len] = '\n';
    to += len + 1;
  }
  return to;
}

static char *texts_group_room(const TextsShare *h, uint32_t group, char *room, size_t *size) {
  size_t need = (size_t)(h->begin[group + 1] - h->begin[group]) + TEXTS_SLACK;
  if (need <= *size) return room;
  *size = 2 * need;
  return frt_realloc(room, *size);
}

static int texts_share_over(const TextsShare *h) { return h->error || frt_cancelled(); }

static void texts_share_place(void *env, uint32_t part) {
  TextsShare *h = env;
  char *room = NULL;
  size_t size = 0;
  (void)part;
  for (uint32_t g; (g = atomic_fetch_add(&h->next, 1)) < h->groups && !texts_share_over(h);) {
    room = texts_group_room(h, g, room, &size);
    texts_group(h, g, room);
    int error = frt_write_all_at(h->fd, room, (size_t)(h->begin[g + 1] - h->begin[g]), h->begin[g]);
    if (error) atomic_store(&h->error, error);
  }
  frt_free(room);
}

/* Copies the next group, if there is one and its room is free. */
static int texts_share_copy(TextsShare *h) {
  uint32_t g = atomic_load(&h->next), at = g % TEXTS_ROOMS;
  if (g >= h->groups || g >= atomic_load(&h->written) + TEXTS_ROOMS || !atomic_compare_exchange_strong(&h->next, &g, g + 1)) return 0;
  h->rooms[at] = texts_group_room(h, g, h->rooms[at], &h->sizes[at]);
  texts_group(h, g, h->rooms[at]);
  atomic_store(&h->ready[at], g + 1);
  return 1;
}

static int texts_share_write(TextsShare *h) {
  uint32_t g = atomic_load(&h->written), at = g % TEXTS_ROOMS;
  if (atomic_load(&h->ready[at]) != g + 1) return 0;
  if (frt_sink_append(h->run, h->sink, h->rooms[at], (size_t)(h->begin[g + 1] - h->begin[g])) != FRT_OK) atomic_store(&h->error, -1);
  atomic_store(&h->written, g + 1);
  return 1;
}

static void texts_share_order(void *env, uint32_t part) {
  TextsShare *h = env;
  int writer = pthread_equal(h->writer, pthread_self());
  (void)part;
  while (!texts_share_over(h) && atomic_load(writer ? &h->written : &h->next) < h->groups)
    if (!(writer && texts_share_write(h)) && !texts_share_copy(h)) nanosleep(&(struct timespec){0, TEXTS_WAIT_NS}, NULL);
}

static void texts_share(TextsShare *h) {
  h->writer = pthread_self();
  frt_parallel(frt_parallel_width(), h->fd < 0 ? texts_share_order : texts_share_place, h);
  for (uint32_t i = 0; i < TEXTS_ROOMS; i++) frt_free(h->rooms[i]);
}

/* Writes the next rows by several threads: t->ahead. FRT_OK or FRT_FATAL. */
static int texts_put_ahead(FrtCtx *cx, FrtTexts *t, uint32_t sink) {
  uint64_t left = t->sorter.len - t->at, rows = left < TEXTS_AHEAD_MAX ? left : TEXTS_AHEAD_MAX;
  if (frt_parallel_width() == 1 || t->runs || rows < TEXTS_AHEAD_MIN || !frt_sink_alone(cx->run, sink)) return FRT_OK;
  TextsShare h = {.run = cx->run, .sink = sink, .pairs = t->sorter.pairs, .from = t->at, .to = t->at + rows, .fd = -1,
                  .groups = (uint32_t)((rows + TEXTS_GROUP - 1) / TEXTS_GROUP)};
  uint64_t sum = 0;
  h.begin = frt_malloc(((size_t)h.groups + 1) * sizeof *h.begin);
  for (uint64_t i = 0; i < rows; i++) {
    size_t len;
    if (i % TEXTS_GROUP == 0) h.begin[i / TEXTS_GROUP] = sum;
    texts_text(h.pairs[h.from + i].row, &len);
    sum += len + 1;
  }
  uint64_t at = 0;
  int rc = frt_sink_reserve(cx->run, sink, sum, &at, &h.fd);
  for (uint32_t g = 0; g < h.groups; g++) h.begin[g] += at;
  h.begin[h.groups] = at + sum;
  if (rc != FRT_FATAL) texts_share(&h);
  t->ahead = h.to;
  frt_free(h.begin);
  if (h.error > 0) return frt_sink_fail(cx->run, sink, h.error);
  return rc == FRT_FATAL || h.error || frt_cancelled() ? FRT_FATAL : FRT_OK;
}

int frt_texts_put(FrtCtx *cx, FrtTexts *t, uint32_t sink, uint32_t n, uint32_t *done) {
  FrtOut *o = frt_sink_out(cx, sink);
  const FrtPair *p = t->sorter.pairs;
  if (t->at >= t->ahead && texts_put_ahead(cx, t, sink) != FRT_OK) return FRT_FATAL;
  if (t->at < t->ahead) {
    *done = t->ahead - t->at < n ? (uint32_t)(t->ahead - t->at) : n;
    t->at += *done;
    o->rows += *done;
    return FRT_OK;
  }
  uint64_t left = t->sorter.len - t->at, end = t->at + (left < n ? left : n);
  char *to = o->at;
  if (t->runs) return texts_put_runs(cx, t, o, n, done);
  *done = (uint32_t)(end - t->at);
  for (; t->at < end; t->at++) {
    size_t len;
    if (t->at + TEXTS_AHEAD < t->sorter.len) texts_prefetch_place(p[t->at + TEXTS_AHEAD].row);
    const char *from = texts_text(p[t->at].row, &len);
    if (!(to = texts_line(cx, o, to, from, len))) return FRT_FATAL;
  }
  o->at = to;
  o->rows += *done;
  return FRT_OK;
}

int frt_texts_next(FrtCtx *cx, FrtTexts *t, const char **text, size_t *len) {
  const FrtPair *p = t->sorter.pairs;
  if (t->runs) {
    FrtRunRecord rec;
    int status = frt_runs_next(cx, t->runs, &rec);
    if (status) return status;
    *text = rec.payload;
    *len = rec.payload_len;
    return FRT_OK;
  }
  if (t->at == t->sorter.len) return FRT_END;
  if (t->at + TEXTS_AHEAD < t->sorter.len) texts_prefetch_place(p[t->at + TEXTS_AHEAD].row);
  *text = texts_text(p[t->at++].row, len);
  return FRT_OK;
}

/* Frees all. The name of a file that was cut meanwhile, in the run's memory, or NULL. */
static const char *texts_free(FrtCtx *cx, FrtTexts *t) {
  const char *cut = NULL;
  for (TextsFile *f = t->files, *next; f; f = next) {
    next = f->next;
    if (texts_unmap(f) && cx) cut = arena_printf(cx->run->run_arena, "%s", f->name);
    frt_free(f->name);
    frt_free(f);
  }
  texts_drop_rows(t);
  frt_runs_free(t->runs);
  frt_texts_init(t, t->op, t->sorter.words, t->sorter.by_bytes);
  return cut;
}

int frt_texts_end(FrtCtx *cx, FrtTexts *t) {
  const char *cut = texts_free(cx, t);
  return cut ? texts_cut(cx, t, cut) : FRT_OK;
}

void frt_texts_drop(void *texts) { texts_free(NULL, texts); }
