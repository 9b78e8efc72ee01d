/* lines.c: cuts the window into lines. LF and CRLF end a line; the last one needs no end. */
#include "io/lines.h"

#include <string.h>

enum { LINES_RAW_MAX = 4096 };

void frt_lines_init(FrtScanner *s, FrtLines *l, uint32_t rows_max) {
  memset(l, 0, sizeof *l);
  l->rows_max = rows_max;
  l->beg = frt_alloc_run(s->cx, sizeof(uint32_t) * rows_max);
  l->end = frt_alloc_run(s->cx, sizeof(uint32_t) * rows_max);
  l->number = frt_alloc_run(s->cx, sizeof(uint64_t) * rows_max);
}

static void lines_consume(FrtScanner *s, const char *to, uint64_t lines) {
  s->offset += (uint64_t)(to - s->at);
  s->line += lines;
  s->at = (char *)(uintptr_t)to;
}

/* Drops what is left of a line that was too long. */
static int lines_skip(FrtScanner *s, FrtLines *l) {
  while (l->skipping) {
    const char *newline = memchr(s->at, '\n', (size_t)(s->limit - s->at));
    lines_consume(s, newline ? newline + 1 : s->limit, newline != NULL);
    l->skipping = newline == NULL;
    int rc = newline ? FRT_OK : frt_scan_refill(s);
    if (rc != FRT_OK) return rc;
  }
  return FRT_OK;
}

static void lines_add(FrtScanner *s, FrtLines *l, const char *from, const char *to) {
  uint32_t r = s->block.n++;
  if (r == 0) {
    l->record = (FrtFields){s->at, l->beg, l->end, 1, 0, 0};
    s->block.record = &l->record;
    s->block.line = l->number;
    s->block.line0 = s->line + l->lines;
    s->block.offset0 = s->offset;
  }
  l->beg[r] = (uint32_t)(from - s->at);
  l->end[r] = (uint32_t)(to - s->at);
  l->number[r] = s->line + l->lines;
}

/* Reads on until the window has a line end behind the `had` bytes that were looked at. */
static int lines_read_on(FrtScanner *s) {
  for (;;) {
    size_t had = (size_t)(s->limit - s->at);
    if (had >= s->record_max) return FRT_OK;
    int rc = frt_scan_refill(s);
    if (rc != FRT_OK) return rc == FRT_END && had ? FRT_OK : rc;
    if (memchr(s->at + had, '\n', (size_t)(s->limit - s->at) - had)) return FRT_OK;
  }
}

static void lines_add_long(FrtScanner *s, FrtLines *l) {
  size_t size = (size_t)(s->limit - s->at);
  lines_add(s, l, s->at, s->at + (size < LINES_RAW_MAX ? size : LINES_RAW_MAX));
  frt_scan_record_error(s, s->block.n - 1, FRT_E_RECORD_LONG, (FrtStr){"256 MiB", 7, 0});
  l->next = s->limit;
  l->skipping = 1;
}

/* The lines that are whole in the window. */
static void lines_cut(FrtScanner *s, FrtLines *l, int skip_empty) {
  const char *p = l->next;
  while (s->block.n < l->rows_max && p < s->limit) {
    const char *newline = memchr(p, '\n', (size_t)(s->limit - p));
    if (!newline && !s->input_ended) break;
    const char *end = newline ? newline : s->limit, *text_end = end;
    if (text_end > p && text_end[-1] == '\r') text_end--;
    if (text_end == p && skip_empty) {
      s->lines_empty++;
    } else {
      lines_add(s, l, p, text_end);
    }
    l->lines++;
    p = newline ? newline + 1 : end;
  }
  l->next = p;
}

int frt_lines_read(FrtScanner *s, FrtLines *l, int skip_empty) {
  int rc = lines_skip(s, l);
  l->next = s->at;
  l->lines = 0;
  while (rc == FRT_OK) {
    lines_cut(s, l, skip_empty);
    if (s->block.n) return FRT_OK;
    frt_lines_done(s, l);
    if (s->at == s->limit && s->input_ended) return FRT_END;
    rc = lines_read_on(s);
    l->next = s->at;
    if (rc != FRT_OK || (size_t)(s->limit - s->at) < s->record_max) continue;
    if (memchr(s->at, '\n', (size_t)(s->limit - s->at))) continue;
    lines_add_long(s, l);
    return FRT_OK;
  }
  return rc;
}

void frt_lines_done(FrtScanner *s, FrtLines *l) {
  lines_consume(s, l->next, l->lines);
  l->lines = 0;
}
