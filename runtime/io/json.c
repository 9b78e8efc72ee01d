/* json.c: the formats jsonl and json: from bytes to blocks of records.
 *
 * jsonl: a record is a line. Runs of lines of one shape go through the fast path (json_fast.c), every
 * other line through the careful one (json_careful.c); both write into the same block.
 *
 * json: one array of objects over any lines, read by the careful path. An element that is valid JSON but
 * no object is an error row. An element that is not JSON leaves no place from which to go on: it becomes
 * one error row that stands for the rest of the file, which is not read. */
#include <string.h>

#include "io/json.h"
#include "sched/run_internal.h"

enum {
  JSON_BROKEN_MAX = 64 * 1024,  /* raw text of an element that has no end */
  JSON_LONG_RAW = 4 * 1024      /* raw text of a line that is too long */
};
enum { JSON_PHASE_START, JSON_PHASE_FIRST, JSON_PHASE_ELEMENT, JSON_PHASE_AFTER,
       JSON_PHASE_TAIL, JSON_PHASE_END };

/* ---- state ---- */

static JsonState *json_state(FrtScanner *s) {
  if (s->format_state) return s->format_state;
  JsonState *j = frt_alloc_run(s->cx, sizeof *j);
  memset(j, 0, sizeof *j);
  s->format_state = j;
  json_names_open(s, j);
  j->record_beg = frt_alloc_run(s->cx, sizeof *j->record_beg * s->rows_max);
  j->record_end = frt_alloc_run(s->cx, sizeof *j->record_end * s->rows_max);
  j->line = frt_alloc_run(s->cx, sizeof *j->line * s->rows_max);
  json_fast_open(s);
  return j;
}

/* frt_alloc_run's room goes with the run. */
static void json_close(FrtScanner *s) {
  JsonState *j = s->format_state;
  if (j) json_fast_close(s);
}

static int json_start_file(FrtScanner *s) {
  JsonState *j = json_state(s);
  j->phase = JSON_PHASE_START;
  j->passing = 0;
  j->index_len = j->index_used = 0;
  return FRT_OK;
}

static int json_format_value(FrtScanner *s, uint32_t column, uint32_t row, FrtStr text, void *out) {
  return json_decode(s->cx, &s->scan->columns[column], text, out, NULL);
}

/* Makes the block point at this format's records, which are filled as they come. */
static void json_block_begin(FrtScanner *s, JsonState *j) {
  FrtBlock *b = &s->block;
  j->record = (FrtFields){s->at, j->record_beg, j->record_end, 1, 0, 0};
  b->record = &j->record;
  b->line = j->line;
  b->line0 = s->line;
  b->offset0 = s->offset;
  memset(b->canon, 0, s->scan->column_len);
}

/* Ends the block: the selection is the rows that are good. */
static void json_block_end(FrtScanner *s) {
  FrtBlock *b = &s->block;
  b->sel = s->identity;
  b->sel_len = b->n;
  if (!s->bad_rows) return;
  uint32_t len = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    s->sel[len] = i;
    len += !s->row_bad[i];
  }
  b->sel = s->sel;
  b->sel_len = len;
}

/* Moves s->at to p. */
static void json_move(FrtScanner *s, const char *p) {
  s->offset += (uint64_t)(p - s->at);
  s->at += p - s->at;
}

/* Notes record [p, end) as the next row of the block and returns its number. */
static uint32_t json_row_begin(FrtScanner *s, JsonState *j, const char *p, const char *end) {
  uint32_t row = s->block.n++;
  j->record_beg[row] = (uint32_t)(p - j->record.base);
  j->record_end[row] = (uint32_t)(end - j->record.base);
  j->line[row] = s->line;
  return row;
}

/* A record that is no JSON, with the place of the fault as its detail. */
static void json_record_fault(FrtScanner *s, uint32_t row, const char *record, const JsonFault *f) {
  const char *text = arena_printf(s->cx->arena, "%s at byte %llu", f->what, (unsigned long long)(f->at - record) + 1);
  frt_scan_record_error(s, row, FRT_E_JSON, (FrtStr){text, (uint32_t)strlen(text), 0});
}

/* Reads the object at p, whose record [record, end) is row `row`: the rest of the record must be blank. */
static void json_read_record(FrtScanner *s, JsonState *j, uint32_t row, const char *record, const char *end) {
  JsonFault fault;
  int high = 0;
  const char *p = json_skip_space(record, end);
  uint64_t unknown = 0;
  if (*p != '{') {
    fault = (JsonFault){"an object is expected", p, 0};
    json_record_fault(s, row, record, &fault);
    return;
  }
  p = json_read_object(j, s->scan, p, end, &high, &unknown, &fault);
  if (p && (p = json_skip_space(p, end)) != end) {
    fault = (JsonFault){"text after the object", p, 0};
    p = NULL;
  }
  if (!p) {
    json_record_fault(s, row, record, &fault);
  } else if (high && !frt_utf8_valid(record, (size_t)(end - record))) {
    frt_scan_record_error(s, row, FRT_E_UTF8, (FrtStr){0});
  } else {
    s->keys_unknown += unknown;
    json_convert_row(s, row);
  }
}

/* Reads on for a record that is not complete. Of a long one so much that its bytes are looked at twice on
 * average, however little each read gives. */
static int json_refill(FrtScanner *s, JsonState *j) {
  size_t have = (size_t)(s->limit - s->at), want = have < FRT_WINDOW_SIZE ? 0 : have * 2;
  if (want > s->record_max + FRT_WINDOW_SIZE) want = s->record_max + FRT_WINDOW_SIZE;
  int rc;
  do rc = frt_scan_refill(s);
  while (rc == FRT_OK && (size_t)(s->limit - s->at) < want);
  j->index_len = j->index_used = 0;
  if (rc != FRT_FATAL) json_block_begin(s, j);
  return rc;
}

/* ---- jsonl ---- */

static int json_line_blank(const char *p, const char *end) { return json_skip_space(p, end) == end; }

/* Reads the line [s->at, line_end); `next` is where the following one starts. */
static void json_read_line(FrtScanner *s, JsonState *j, const char *line_end, const char *next) {
  const char *p = s->at, *end = line_end;
  if (end > p && end[-1] == '\r' && next > line_end) end--;
  if (json_line_blank(p, end)) {
    s->lines_empty++;
  } else {
    uint32_t row = json_row_begin(s, j, p, end);
    json_read_record(s, j, row, p, end);
    if (!s->row_bad[row] && !s->careful) json_shape_learn(s, p, next);
  }
  s->line++;
  json_move(s, next);
}

/* The line at s->at is too long: an error row with its first bytes as raw text. The rest is passed over up to
 * its end, which may not have been read yet. */
static void json_line_long(FrtScanner *s, JsonState *j) {
  size_t size = (size_t)(s->limit - s->at) < JSON_LONG_RAW ? (size_t)(s->limit - s->at) : JSON_LONG_RAW;
  uint32_t row = json_row_begin(s, j, s->at, s->at + size);
  frt_scan_record_error(s, row, FRT_E_RECORD_LONG, (FrtStr){"256 MiB", 7, 0});
  json_move(s, s->at + size);
  j->passing = 1;
}

/* Passes over the rest of a line. Returns 0 when its end has not been read yet. */
static int json_line_pass(FrtScanner *s, JsonState *j) {
  const char *nl = memchr(s->at, '\n', (size_t)(s->limit - s->at));
  json_move(s, nl ? nl + 1 : s->limit);
  if (!nl && !s->input_ended) return 0;
  j->passing = 0;
  s->line += nl != NULL;
  return 1;
}

/* The end of the line at s->at, NULL when more bytes are needed. *next is where the following one starts. */
static const char *json_line_end(FrtScanner *s, const char **next) {
  const char *nl = memchr(s->at, '\n', (size_t)(s->limit - s->at));
  *next = nl ? nl + 1 : s->limit;
  return nl ? nl : s->input_ended && s->at < s->limit ? s->limit : NULL;
}

static int jsonl_next(FrtScanner *s) {
  JsonState *j = s->format_state;
  FrtBlock *b = &s->block;
  uint32_t fast = 0;
  json_block_begin(s, j);
  while (b->n < s->rows_max) {
    if (j->passing) {
      if (json_line_pass(s, j)) continue;
    } else if (!s->careful && j->shape.good) {
      uint32_t run = json_fast_run(s, b->n, s->rows_max - b->n);
      fast += run;
      if (run) continue;
    }
    const char *next, *end = j->passing ? NULL : json_line_end(s, &next);
    if (!j->passing && (size_t)((end ? end : s->limit) - s->at) > s->record_max) {
      json_line_long(s, j);
      continue;
    }
    if (end) {
      json_read_line(s, j, end, next);
      continue;
    }
    if (b->n) break;
    int rc = json_refill(s, j);
    if (rc == FRT_FATAL || (rc == FRT_END && s->at == s->limit)) return rc;
  }
  s->blocks_fast += fast == b->n;
  s->blocks_careful += fast != b->n;
  json_block_end(s);
  return FRT_OK;
}

static void jsonl_moved(FrtScanner *s) {
  JsonState *j = s->format_state;
  j->passing = 0;
  j->index_len = j->index_used = 0;
}

static int jsonl_inside(FrtScanner *s) { return ((const JsonState *)s->format_state)->passing; }

const FrtFormat frt_format_jsonl = {"jsonl", json_start_file, jsonl_next, json_format_value, json_close, NULL, jsonl_moved,
                                    jsonl_inside};

/* ---- json ---- */

static uint64_t json_count_lines(const char *p, const char *end) {
  uint64_t n = 0;
  while ((p = memchr(p, '\n', (size_t)(end - p)))) {
    n++;
    p++;
  }
  return n;
}

/* Moves s->at to p and counts the lines. */
static void json_pass(FrtScanner *s, const char *p) {
  s->line += json_count_lines(s->at, p);
  json_move(s, p);
}

/* The rest of the file is not read: it is dropped, so that the format ends. */
static int json_drain(FrtScanner *s, JsonState *j) {
  int rc = FRT_OK;
  j->phase = JSON_PHASE_END;
  while (rc == FRT_OK) {
    json_move(s, s->limit);
    rc = frt_scan_refill(s);
  }
  return rc;
}

/* The element at s->at is no JSON: one error row stands for it and for the rest of the file. Its raw text
 * goes to the end of the line, or is cut. FRT_NULL when more bytes are needed for that. */
static int json_broken(FrtScanner *s, JsonState *j, const JsonFault *f) {
  size_t size = (size_t)(s->limit - s->at);
  if (size > JSON_BROKEN_MAX) size = JSON_BROKEN_MAX;
  const char *end = memchr(s->at, '\n', size);
  if (!end && size < JSON_BROKEN_MAX && !s->input_ended) return FRT_NULL;
  if (!end) end = s->at + size;
  uint32_t row = json_row_begin(s, j, s->at, end);
  const char *text = arena_printf(s->cx->arena, "%s at byte %llu of the element; the rest of the file is not read",
                                  f->what, (unsigned long long)(f->at - s->at) + 1);
  frt_scan_record_error(s, row, FRT_E_JSON, (FrtStr){text, (uint32_t)strlen(text), 0});
  j->phase = JSON_PHASE_END;
  return FRT_OK;
}

/* Reads the element at s->at. FRT_OK, or FRT_NULL when the window ends before it does. */
static int json_read_element(FrtScanner *s, JsonState *j) {
  JsonFault fault = {0};
  int high = 0;
  const char *end = json_skip_value(s->at, s->limit, &high, &fault);
  if (!s->input_ended && (end ? end == s->limit : fault.cut)) {
    if ((size_t)(s->limit - s->at) <= s->record_max) return FRT_NULL;
    fault = (JsonFault){"the element is too long", s->at, 0};
    return json_broken(s, j, &fault);
  }
  if (!end) return json_broken(s, j, &fault);
  uint32_t row = json_row_begin(s, j, s->at, end);
  json_read_record(s, j, row, s->at, end);
  json_pass(s, end);
  j->phase = JSON_PHASE_AFTER;
  return FRT_OK;
}

/* One step at s->at, which is no blank. FRT_OK, or FRT_NULL when more bytes are needed. */
static int json_step(FrtScanner *s, JsonState *j) {
  JsonFault fault = {"a `,` or `]` is expected", s->at, 0};
  char c = *s->at;
  switch (j->phase) {
  case JSON_PHASE_START:
    fault.what = "an array of objects is expected";
    if (c != '[') break;
    json_move(s, s->at + 1);
    j->phase = JSON_PHASE_FIRST;
    return FRT_OK;
  case JSON_PHASE_AFTER:
    if (c != ',' && c != ']') break;
    json_move(s, s->at + 1);
    j->phase = c == ',' ? JSON_PHASE_ELEMENT : JSON_PHASE_TAIL;
    return FRT_OK;
  case JSON_PHASE_TAIL:
    fault.what = "text after the array";
    break;
  case JSON_PHASE_FIRST:
    if (c == ']') {
      json_move(s, s->at + 1);
      j->phase = JSON_PHASE_TAIL;
      return FRT_OK;
    }
    return json_read_element(s, j);
  default:
    return json_read_element(s, j);
  }
  return json_broken(s, j, &fault);
}

/* The file ends at s->at: it is whole only behind the array, or when there was nothing but blanks. */
static int json_at_end(FrtScanner *s, JsonState *j) {
  JsonFault fault = {"the array is not closed", s->at, 0};
  if (j->phase == JSON_PHASE_START || j->phase == JSON_PHASE_TAIL) return 1;
  json_broken(s, j, &fault);
  return 0;
}

static int json_next(FrtScanner *s) {
  JsonState *j = s->format_state;
  FrtBlock *b = &s->block;
  json_block_begin(s, j);
  while (b->n < s->rows_max) {
    if (j->phase == JSON_PHASE_END) {
      if (b->n) break;
      return json_drain(s, j);
    }
    const char *p = json_skip_space(s->at, s->limit);
    json_pass(s, p);
    if (p < s->limit && json_step(s, j) == FRT_OK) continue;
    if (b->n) break;
    int rc = json_refill(s, j);
    if (rc == FRT_FATAL) return rc;
    if (rc == FRT_END && s->at == s->limit && json_at_end(s, j)) return FRT_END;
  }
  json_block_end(s);
  return FRT_OK;
}

const FrtFormat frt_format_json = {"json", json_start_file, json_next, json_format_value, json_close, NULL, NULL, NULL};
