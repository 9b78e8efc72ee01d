/* infer.c: the columns of a file from its head: names from the header, types from the values. */
#include "io/infer.h"

#include <string.h>

#include "io/csv_internal.h"

/* The head is read anew, INFER_HEAD_GROWS times larger, as long as not one record ends in it. */
enum { INFER_HEAD_SIZE = 256 * 1024, INFER_HEAD_MAX = 16 * 1024 * 1024, INFER_HEAD_GROWS = 8, INFER_SNIFF_ROWS = 100,
       INFER_COLUMNS_MAX = 100 * 1000 };

/* A file's head, decompressed, with FRT_PAD readable bytes behind it. */
typedef struct InferHead {
  Arena *arena;
  const char *path;
  const char *p, *limit;
  size_t size;             /* how much is read */
  int whole;               /* the file ends at limit */
  const char **why;
} InferHead;

static int infer_fail(const InferHead *h, const char *what) {
  *h->why = arena_printf(h->arena, "%s: %s", h->path, what);
  return FRT_FATAL;
}

static int infer_read_all(InferHead *h, FrtInput *in, char *room) {
  size_t len = 0;
  while (len < h->size) {
    ssize_t got = frt_input_read(in, room + len, h->size - len, h->why);
    if (got < 0) return FRT_FATAL;
    if (got == 0) break;
    len += (size_t)got;
  }
  h->p = room;
  h->limit = room + len;
  h->whole = len < h->size && frt_input_read_bytes(in) < h->size;
  return FRT_OK;
}

static int infer_read(InferHead *h, const char *pattern) {
  char **paths;
  uint32_t len;
  if (frt_glob(h->arena, pattern, &paths, &len, h->why) != 0) return FRT_FATAL;
  h->path = paths[0];
  FrtInput *in = frt_input_open_head(h->arena, h->path, h->size, h->why);
  if (!in) return FRT_FATAL;
  char *room = arena_alloc(h->arena, h->size + 2 * FRT_PAD);
  int rc = infer_read_all(h, in, room + FRT_PAD);
  frt_input_close(in);
  if (rc != FRT_OK) return rc;
  size_t n = (size_t)(h->limit - h->p);
  if (n >= 3 && memcmp(h->p, "\xef\xbb\xbf", 3) == 0) h->p += 3;
  if (frt_text_is_utf16(h->p, n, 1)) return infer_fail(h, "the text is UTF-16; convert it to UTF-8");
  return FRT_OK;
}

/* ---- CSV ---- */

/* The next record that is not an empty line. */
static int infer_record(const InferHead *h, const CsvState *csv, const char **p, uint32_t *beg, uint32_t *end,
                        uint32_t max, CsvRecord *record) {
  while (*p < h->limit) {
    CsvEnd what = csv_record_read(csv, *p, h->limit, h->whole, h->p, beg, end, max, record);
    if (what == CSV_MORE) return 0;
    *p = record->next;
    if (what == CSV_RECORD) return 1;
  }
  return 0;
}

static FrtStr infer_field(Arena *arena, const CsvState *csv, FrtStr text, int *quoted) {
  while (csv->trim && text.len && (*text.ptr == ' ' || *text.ptr == '\t')) text.ptr++, text.len--;
  while (csv->trim && text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) text.len--;
  *quoted = csv->quote && text.len >= 2 && text.ptr[0] == csv->quote && text.ptr[text.len - 1] == csv->quote;
  if (!*quoted) return text;
  char *out = arena_alloc(arena, text.len);
  uint32_t len = 0;
  for (uint32_t i = 1; i + 1 < text.len; i++) {
    out[len++] = text.ptr[i];
    if (text.ptr[i] == csv->quote) i++;
  }
  return (FrtStr){out, len, 0};
}

/* How well a delimiter fits: the fields of the first record, if all records of the sample have as many. */
static uint32_t infer_delimiter_score(const InferHead *h, CsvState *csv, char delimiter) {
  const char *p = h->p;
  CsvRecord record;
  uint32_t fields = 0, rows = 0, equal = 0;
  csv->delimiter = delimiter;
  while (rows < INFER_SNIFF_ROWS && infer_record(h, csv, &p, NULL, NULL, 0, &record)) {
    if (rows++ == 0) fields = record.fields;
    equal += record.fields == fields && !record.error;
  }
  return fields > 1 && equal * 10 >= rows * 9 ? fields : 0;
}

static char infer_delimiter(const InferHead *h, CsvState *csv) {
  static const char candidates[] = {',', ';', '\t', '|'};
  uint32_t best = 0;
  char delimiter = ',';
  for (int i = 0; i < 4; i++) {
    uint32_t score = infer_delimiter_score(h, csv, candidates[i]);
    if (score <= best) continue;
    best = score;
    delimiter = candidates[i];
  }
  return delimiter;
}

static int infer_is_null(const FrtScanOptions *o, FrtStr text) {
  if (text.len == 0) return 1;
  for (uint32_t i = 0; i < o->null_len; i++)
    if (o->nulls[i].len == text.len && memcmp(o->nulls[i].ptr, text.ptr, text.len) == 0) return 1;
  return 0;
}

static FrtStr infer_name(const InferHead *h, FrtStr text, uint32_t i) {
  const char *name = text.len ? arena_strndup(h->arena, text.ptr, text.len)
                              : arena_printf(h->arena, "column%u", i + 1);
  return (FrtStr){name, (uint32_t)strlen(name), 0};
}

static int infer_csv(InferHead *h, const FrtScanOptions *o, FrtInferred **columns, uint32_t *len) {
  CsvState csv = {.delimiter = o->delimiter, .quote = o->quote, .trim = o->trim};
  CsvRecord record;
  const char *p = h->p;
  if (!csv.delimiter) csv.delimiter = infer_delimiter(h, &csv);
  if (!infer_record(h, &csv, &p, NULL, NULL, 0, &record)) return infer_fail(h, "there is no line to tell the columns from");
  if (record.error || record.fields > INFER_COLUMNS_MAX) return infer_fail(h, "the first line is no CSV record");
  uint32_t n = record.fields;
  uint32_t *beg = arena_alloc(h->arena, sizeof *beg * n), *end = arena_alloc(h->arena, sizeof *end * n);
  FrtGuess *guesses = arena_alloc(h->arena, sizeof *guesses * n);
  *columns = arena_alloc(h->arena, sizeof **columns * n);
  *len = n;
  p = h->p;
  uint32_t rows = 0;
  for (int first = 1; infer_record(h, &csv, &p, beg, end, n, &record); first = 0) {
    int header = first && o->header;
    if (!header) rows++;
    if (record.error || record.fields != n) continue;
    for (uint32_t i = 0; i < n; i++) {
      int quoted;
      FrtStr text = infer_field(h->arena, &csv, (FrtStr){h->p + beg[i], end[i] - beg[i], 0}, &quoted);
      if (first) (*columns)[i].name = infer_name(h, header ? text : (FrtStr){0}, i);
      if (header) continue;
      if (!quoted && infer_is_null(o, text)) guesses[i].nulls++;
      else frt_guess_text(&guesses[i], text);
    }
  }
  for (uint32_t i = 0; i < n; i++) (*columns)[i].type = frt_guess_type(&guesses[i]);
  return rows || h->whole ? FRT_OK : FRT_END;   /* FRT_END: the names are known, no value is */
}

/* ---- the face ---- */

char frt_infer_delimiter(Arena *arena, const char *path, const FrtScanOptions *options, const char **why) {
  InferHead h = {.arena = arena, .size = INFER_HEAD_SIZE, .why = why};
  CsvState csv = {.quote = options->quote, .trim = options->trim};
  return infer_read(&h, path) == FRT_OK ? infer_delimiter(&h, &csv) : 0;
}

static int infer_text(InferHead *h, FrtInferred **columns, uint32_t *len) {
  *columns = arena_alloc(h->arena, sizeof **columns);
  (*columns)->name = (FrtStr){"line", 4, 0};
  (*columns)->type = (FrtType){.kind = FRT_STRING, .size = sizeof(FrtStr)};
  *len = 1;
  return FRT_OK;
}

static int infer_columns(InferHead *h, const FrtScanOptions *o, FrtInferred **columns, uint32_t *len) {
  if (o->format == FRT_FMT_CSV) return infer_csv(h, o, columns, len);
  FrtStr sample = {h->p, (uint32_t)(h->limit - h->p), 0};
  int rc = frt_infer_json(h->arena, sample, o->format == FRT_FMT_JSON, h->whole, columns, len, h->why);
  return rc == FRT_OK ? rc : infer_fail(h, *h->why);
}

int frt_infer(Arena *arena, const char *path, const FrtScanOptions *options, FrtInferred **columns, uint32_t *len,
              const char **why) {
  InferHead h = {.arena = arena, .path = path, .size = INFER_HEAD_SIZE, .why = why};
  if (options->format == FRT_FMT_TEXT) return infer_text(&h, columns, len);
  if (options->format != FRT_FMT_CSV && options->format != FRT_FMT_JSONL && options->format != FRT_FMT_JSON)
    return infer_fail(&h, "the columns of this format cannot be told from the file; write `as` and a type");
  for (;; h.size *= INFER_HEAD_GROWS) {
    int rc = infer_read(&h, path);
    if (rc != FRT_OK) return rc;
    rc = infer_columns(&h, options, columns, len);
    if (rc == FRT_OK || h.whole || h.size * INFER_HEAD_GROWS > INFER_HEAD_MAX) return rc == FRT_END ? FRT_OK : rc;
  }
}
