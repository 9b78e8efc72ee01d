/* diag.c: the collection of sources and reports.
 *
 * Reports are kept in the order they come and sorted when they are asked for: by file, place, then
 * errors before warnings, then code. Sorting is stable, so that equal places keep their order. */
#include "diag/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
  SOURCE_SIZE_MAX = 16 << 20, /* spans are 32 bits, and nobody writes 16 MiB by hand */
  REPORT_LEN_MAX = 100,       /* of each severity; who reads more? */
  NEAREST_SIZE_MAX = 64       /* longer names are not compared */
};

struct Diags {
  Arena *arena;
  Source *sources;
  uint32_t source_len;
  Diag *reports;
  uint32_t report_len;
  uint32_t error_len, warning_len;
  bool sorted;
};

static const char *const CODE_NAMES[] = {
#define DIAG(code, severity, text) #code,
#include "diag/errors.def"
#undef DIAG
};

static const char *const CODE_TEXTS[] = {
#define DIAG(code, severity, text) text,
#include "diag/errors.def"
#undef DIAG
};

enum { SEVERITY_error = SEVERITY_ERROR, SEVERITY_warning = SEVERITY_WARNING, SEVERITY_note = SEVERITY_NOTE };
static const unsigned char CODE_SEVERITIES[] = {
#define DIAG(code, severity, text) SEVERITY_##severity,
#include "diag/errors.def"
#undef DIAG
};

Diags *diags_new(Arena *arena) {
  Diags *d = arena_alloc(arena, sizeof *d);
  d->arena = arena;
  return d;
}

static uint32_t *diag_find_lines(Arena *arena, const char *text, uint32_t size, uint32_t *len) {
  uint32_t n = 1;
  for (uint32_t i = 0; i < size; i++) n += text[i] == '\n';
  uint32_t *lines = arena_alloc(arena, n * sizeof *lines);
  n = 1;
  for (uint32_t i = 0; i < size; i++)
    if (text[i] == '\n') lines[n++] = i + 1;
  *len = n;
  return lines;
}

uint32_t diags_add_source(Diags *d, const char *path, const char *text, size_t size) {
  bool fits = size <= SOURCE_SIZE_MAX;
  d->sources = arena_grow(d->arena, d->sources, d->source_len, sizeof *d->sources);
  Source *s = &d->sources[d->source_len];
  s->path = arena_strndup(d->arena, path, strlen(path));
  s->size = fits ? (uint32_t)size : 0;
  s->text = arena_strndup(d->arena, text, s->size);
  s->lines = diag_find_lines(d->arena, s->text, s->size, &s->line_len);
  uint32_t file = d->source_len++;
  if (fits) return file;
  diag_report(d, DIAG_E0902, (Span){file, 0, 0}, NULL, NULL, (unsigned)SOURCE_SIZE_MAX);
  return UINT32_MAX;
}

const Source *diags_source(const Diags *d, uint32_t file) {
  return file < d->source_len ? &d->sources[file] : NULL;
}

uint32_t diags_source_len(const Diags *d) { return d->source_len; }

static bool diag_is_known(const Diags *d, DiagCode code, Span span) {
  for (uint32_t i = 0; i < d->report_len; i++) {
    const Diag *r = &d->reports[i];
    if (r->code == code && r->span.file == span.file && r->span.start == span.start &&
        r->span.end == span.end)
      return true;
  }
  return false;
}

static const char *diag_copy(Diags *d, const char *text) {
  return text && *text ? arena_strndup(d->arena, text, strlen(text)) : NULL;
}

void diag_report(Diags *d, DiagCode code, Span span, const char *hint, const char *note, ...) {
  if (diag_is_known(d, code, span)) return;
  Severity severity = (Severity)CODE_SEVERITIES[code];
  uint32_t *count = severity == SEVERITY_ERROR ? &d->error_len : &d->warning_len;
  if ((*count)++ >= REPORT_LEN_MAX) return;
  d->reports = arena_grow(d->arena, d->reports, d->report_len, sizeof *d->reports);
  Diag *r = &d->reports[d->report_len++];
  va_list args;
  va_start(args, note);
  const char *message = arena_vprintf(d->arena, CODE_TEXTS[code], args);
  va_end(args);
  *r = (Diag){code, severity, span, message, diag_copy(d, hint), diag_copy(d, note)};
  d->sorted = false;
}

uint32_t diag_error_len(const Diags *d) { return d->error_len; }
uint32_t diag_warning_len(const Diags *d) { return d->warning_len; }

static int diag_compare(const Diag *a, const Diag *b) {
  if (a->span.file != b->span.file) return a->span.file < b->span.file ? -1 : 1;
  if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
  return (int)a->severity - (int)b->severity;
}

const Diag *diag_all(Diags *d, uint32_t *len) {
  if (!d->sorted) { /* insertion: at most 200, mostly in order */
    for (uint32_t i = 1; i < d->report_len; i++) {
      Diag r = d->reports[i];
      uint32_t k = i;
      for (; k > 0 && diag_compare(&d->reports[k - 1], &r) > 0; k--) d->reports[k] = d->reports[k - 1];
      d->reports[k] = r;
    }
    d->sorted = true;
  }
  *len = d->report_len;
  return d->reports;
}

void diag_place(const Source *s, uint32_t offset, uint32_t *line, uint32_t *column) {
  if (offset > s->size) offset = s->size;
  uint32_t low = 0, high = s->line_len;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (s->lines[middle] <= offset) low = middle;
    else high = middle;
  }
  *line = low + 1;
  *column = 1;
  for (uint32_t i = s->lines[low]; i < offset; i++) *column += ((unsigned char)s->text[i] & 0xC0) != 0x80;
}

const char *diag_code_name(DiagCode code) { return code < DIAG_LEN ? CODE_NAMES[code] : "E0000"; }

static int diag_lower(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (unsigned char)c; }

static int diag_min(int a, int b) { return a < b ? a : b; }

/* Optimal string alignment, the restricted Damerau-Levenshtein distance (Boytsov 2011, section 2.2),
 * in three rows; letter case does not count here. */
static int diag_distance(const char *a, size_t a_size, const char *b, size_t b_size) {
  int rows[3][NEAREST_SIZE_MAX + 1];
  for (size_t j = 0; j <= b_size; j++) rows[0][j] = (int)j;
  for (size_t i = 1; i <= a_size; i++) {
    int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
    row[0] = (int)i;
    for (size_t j = 1; j <= b_size; j++) {
      int x = diag_lower(a[i - 1]), y = diag_lower(b[j - 1]);
      int best = diag_min(above[j] + 1, row[j - 1] + 1);
      best = diag_min(best, above[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == diag_lower(b[j - 2]) && diag_lower(a[i - 2]) == y)
        best = diag_min(best, above2[j - 2] + 1);
      row[j] = best;
    }
  }
  return rows[a_size % 3][b_size];
}

const char *diag_nearest(const char *name, const char *const *candidates, size_t len) {
  size_t size = strlen(name);
  if (size == 0 || size > NEAREST_SIZE_MAX) return NULL;
  int limit = (int)(size + 2) / 3;
  const char *nearest = NULL;
  for (size_t i = 0; i < len; i++) {
    size_t other = strlen(candidates[i]);
    if (other == 0 || other > NEAREST_SIZE_MAX) continue;
    int distance = diag_distance(name, size, candidates[i], other);
    bool all_differs = (size_t)distance >= size || (size_t)distance >= other;
    if (distance > limit || all_differs || (nearest && distance == limit)) continue;
    limit = distance;
    nearest = candidates[i];
  }
  return nearest;
}
