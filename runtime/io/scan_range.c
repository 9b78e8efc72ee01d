/* scan_range.c: see scan_range.h.
 *
 * A range of about as many records as a block has rows: its end is the start of a line that looks like a record. In JSON
 * Lines, text and fixed width each line is one. In CSV the line must have as many fields as the file's first record, and no quote
 * inside a field, as the rest of a quoted text has; where no line near is so, the first one is taken. */
#include "io/scan_range.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/csv_internal.h"
#include "sched/run_internal.h"

enum {
  RANGE_HEAD = 16 * 1024,            /* bytes that are looked at for the start of a record */
  RANGE_HEAD_MAX = 1024 * 1024,      /* when no line ends in so many the file is not cut further */
  RANGE_SAMPLE = 64 * 1024,          /* bytes from which the size of a record is guessed first */
  RANGE_SIZE_MAX = 1024 * 1024
};

/* ---- which scans ---- */

static int range_format_fits(uint32_t format) {
  return format == FRT_FMT_CSV || format == FRT_FMT_JSONL || format == FRT_FMT_TEXT || format == FRT_FMT_FIXED;
}

int frt_ranges_fit(const FrtScanner *s, uint64_t *size) {
  struct stat st;
  *size = 0;
  if (!s->scan->path || s->command || s->scan->options.follow || !range_format_fits(s->scan->options.format)) return 0;
  for (uint32_t i = 0; i < s->path_len; i++) {
    if (strcmp(s->paths[i], "-") == 0) return 0;
    if (stat(s->paths[i], &st) != 0 || !S_ISREG(st.st_mode)) return 0;
    *size += (uint64_t)st.st_size;
  }
  return 1;
}

/* ---- starts of records ---- */

static ssize_t range_read(const FrtRanges *g, uint64_t at, size_t n) {
  size_t got = 0;
  while (got < n) {
    ssize_t k = pread(g->fd, g->head + got, n - got, (off_t)(at + got));
    if (k < 0) return -1;
    if (k == 0) break;
    got += (size_t)k;
  }
  return (ssize_t)got;
}

/* Counts the fields of the CSV record at p, of which nothing is known. 0: it is no good record, or not whole. */
static uint32_t range_csv_fields(const FrtScanOptions *o, const char *p, const char *end, int ended) {
  CsvState csv = {.delimiter = o->delimiter ? o->delimiter : ',', .quote = o->quote, .trim = o->trim};
  CsvRecord record;
  if (p == end || csv_record_read(&csv, p, end, ended, p, NULL, NULL, 0, &record) != CSV_RECORD || record.error) return 0;
  return record.fields;
}

/* Whether the line at p may be a record: all its quotes open and close fields. */
static int range_csv_quotes(const FrtScanOptions *o, const char *p, const char *end) {
  char delimiter = o->delimiter ? o->delimiter : ',', before = delimiter;
  int inside = 0;
  for (; p < end && (inside || *p != '\n'); before = *p++) {
    if (*p != o->quote) continue;
    if (!inside && before != delimiter && before != o->quote) return 0;
    inside = !inside;
  }
  return 1;
}

/* Where the next record seems to start, as an offset into head[0..n); n: nowhere. */
static size_t range_guess(const FrtRanges *g, size_t n, int ended) {
  const FrtScanOptions *o = &g->scan->scan->options;
  const char *end = g->head + n, *first = memchr(g->head, '\n', n);
  if (!first) return n;
  if (o->format != FRT_FMT_CSV || !o->quote || g->fields < 2) return (size_t)(first + 1 - g->head);
  for (const char *p = first + 1; p < end; p++) {
    if (range_csv_fields(o, p, end, ended) == g->fields && range_csv_quotes(o, p, end)) return (size_t)(p - g->head);
    if (!(p = memchr(p, '\n', (size_t)(end - p)))) break;
  }
  return (size_t)(first + 1 - g->head);
}

/* The start of a record at or behind `at`; UINT64_MAX: none is found. */
static uint64_t range_align(FrtRanges *g, uint64_t at) {
  for (size_t size = RANGE_HEAD; size <= RANGE_HEAD_MAX; size *= 4) {
    g->head = frt_realloc(g->head - FRT_PAD * (g->head != NULL), size + 2 * (size_t)FRT_PAD);
    g->head += FRT_PAD;
    ssize_t n = range_read(g, at - 1, size);
    if (n < 0) return UINT64_MAX;
    memset(g->head + n, 0, FRT_PAD);
    int ended = (size_t)n < size;
    size_t guess = range_guess(g, (size_t)n, ended);
    if (guess < (size_t)n) return at - 1 + guess;
    if (ended) return UINT64_MAX;
  }
  return UINT64_MAX;
}

/* ---- files ---- */

/* What the head of the file tells: how long records are, how many fields they have. */
static void range_sample(FrtRanges *g) {
  g->head = frt_realloc(g->head - FRT_PAD * (g->head != NULL), RANGE_SAMPLE + 2 * (size_t)FRT_PAD);
  g->head += FRT_PAD;
  ssize_t n = range_read(g, 0, RANGE_SAMPLE);
  if (n <= 0) return;
  memset(g->head + n, 0, FRT_PAD);
  uint32_t lines = csv_newlines_count(g->head, g->head + n);
  if (!g->record_size) g->record_size = (uint64_t)n / (lines ? lines : 1) + 1;
  size_t bom = n >= 3 && memcmp(g->head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  g->fields = g->scan->scan->options.format != FRT_FMT_CSV
                ? 0 : range_csv_fields(&g->scan->scan->options, g->head + bom, g->head + n, n < RANGE_SAMPLE);
}

static void range_file_close(FrtRanges *g) {
  frt_map_close(g->map);
  if (g->input) frt_input_close(g->input);
  g->map = NULL;
  g->input = NULL;
  g->path++;
  g->from = 0;
}

/* Opens the present file; 0: it is to be read as a whole, or cannot be opened, which its scanner will say. */
static int range_file_open(FrtRanges *g) {
  const char *why;
  g->input = frt_input_open(g->scan->cx->run->run_arena, g->scan->paths[g->path], -1, &why);
  g->fd = g->input ? frt_input_plain_fd(g->input) : -1;
  if (g->fd < 0) return 0;
  if (frt_input_size(g->input) >= FRT_MAP_MIN && g->scan->window_want >= FRT_WINDOW_SIZE)
    g->map = frt_map_open_whole(g->fd, frt_input_size(g->input));
  range_sample(g);
  return 1;
}

int frt_ranges_next(FrtRanges *g, uint32_t open, FrtRange *out) {
  pthread_mutex_lock(&g->lock);
  int more = g->path < g->scan->path_len;
  if (more) {
    *out = (FrtRange){.number = g->number++, .path = g->path, .from = g->from, .to = UINT64_MAX, .fd = -1};
    out->whole = !g->input && !range_file_open(g);
    if (!out->whole) {
      uint64_t size = g->rows * g->record_size;
      if (size > RANGE_SIZE_MAX) size = RANGE_SIZE_MAX;
      out->to = range_align(g, g->from + (size ? size : 1));
    }
    if (g->input && open != out->path) {
      out->fd = frt_input_again(g->input);
      out->map = frt_map_share(g->map);
    }
    g->from = out->to;
    if (out->to == UINT64_MAX) range_file_close(g);
  }
  pthread_mutex_unlock(&g->lock);
  return more;
}

void frt_ranges_learn(FrtRanges *g, uint64_t bytes, uint64_t rows) {
  if (!rows) return;
  pthread_mutex_lock(&g->lock);
  g->record_size = (g->record_size * 7 + bytes / rows + 1) / 8 + 1;
  pthread_mutex_unlock(&g->lock);
}

void frt_ranges_start(FrtRanges *g, const FrtScanner *s) {
  *g = (FrtRanges){.scan = s, .rows = s->rows_max - s->rows_max / 16, .fd = -1};
  pthread_mutex_init(&g->lock, NULL);
}

void frt_ranges_end(FrtRanges *g) {
  frt_map_close(g->map);
  if (g->input) frt_input_close(g->input);
  if (g->head) frt_free(g->head - FRT_PAD);
  pthread_mutex_destroy(&g->lock);
}

/* ---- scanners of ranges ---- */

FrtScanner *frt_scan_twin(FrtCtx *cx, void *state, const FrtScanner *first) {
  FrtScanner *s = frt_alloc_run(cx, sizeof *s);
  *s = (FrtScanner){.cx = cx, .state = state, .scan = first->scan, .format = first->format, .paths = first->paths,
                    .path_len = first->path_len, .path_at = first->path_len, .rows_max = first->rows_max,
                    .given_fd = -1, .record_max = first->record_max, .window_want = first->window_want, .careful = first->careful};
  frt_scan_rooms_make(s);
  return s;
}

static int range_scan_open(FrtScanner *s, uint32_t path, uint64_t fence) {
  if (s->given_fd < 0 && s->input && s->path_at == path) s->given_fd = frt_input_again(s->input);
  if (s->input) frt_scan_file_close(s);
  s->path_at = path;
  s->fence = fence;
  s->rows = 0;
  s->header = NULL;   /* the file before may be another worker's */
  return frt_scan_file_open(s);
}

int frt_scan_seek(FrtScanner *s, uint32_t path, uint64_t from, uint64_t fence) {
  if (from == 0) return range_scan_open(s, path, fence);
  if (!s->input || s->path_at != path) {
    uint64_t empty = s->lines_empty, extra = s->columns_extra;
    int rc = range_scan_open(s, path, 0);
    if (rc != FRT_OK) return rc;
    s->lines_empty = empty;          /* who reads the head counts */
    s->columns_extra = extra;
  }
  s->fence = fence;
  s->rows = 0;
  s->line = 1;
  return frt_scan_move(s, from);
}

int frt_scan_next_before(FrtScanner *s, uint64_t to, FrtBlock **out) {
  while (s->offset < to || (s->format->inside && s->format->inside(s))) {
    int rc = frt_scan_block_next(s, out);
    if (rc != FRT_OK || s->block.n) return rc;
  }
  return FRT_END;
}
