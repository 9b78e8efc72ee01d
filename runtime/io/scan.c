/* scan.c: the files of a `read`, one after another, as a window of bytes; the formats cut it up.
 *
 * The window holds [at, limit). frt_scan_refill moves what is unread to the front and reads behind it,
 * so a record is always in one piece. The window doubles when one record fills it. The window of a larger
 * regular file is mapped (map.h), and moves on with `at`. */
#include "io/scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sched/run_internal.h"

static FrtStr scan_str(const char *text) {
  return (FrtStr){text, (uint32_t)strlen(text), 0};
}

static int scan_fatal(FrtScanner *s, int code, const char *text) {
  return frt_fatal(s->cx, s->scan->op, code, scan_str(text));
}

static const FrtFormat *scan_format(uint32_t format) {
  switch (format) {
  case FRT_FMT_CSV: return &frt_format_csv;
  case FRT_FMT_JSONL: return &frt_format_jsonl;
  case FRT_FMT_JSON: return &frt_format_json;
  case FRT_FMT_FIXED: return &frt_format_fixed;
  case FRT_FMT_TEXT: return &frt_format_text;
  case FRT_FMT_VALUES: return &frt_format_values;
  case FRT_FMT_RANGE: return &frt_format_range;
  default: return NULL;
  }
}

/* ---- the window ---- */

static void scan_window_make(FrtScanner *s, size_t size) {
  char *room = frt_malloc(size + 2 * (size_t)FRT_PAD);
  memset(room, 0, FRT_PAD);
  s->window = room + FRT_PAD;
  s->window_size = size;
  s->at = s->limit = s->window;
  memset(s->limit, 0, FRT_PAD);
}

static void scan_window_grow(FrtScanner *s) {
  size_t keep = (size_t)(s->limit - s->at), size = s->window_size * 2;
  char *room = frt_realloc(s->window - FRT_PAD, size + 2 * (size_t)FRT_PAD);
  s->window = room + FRT_PAD;
  s->window_size = size;
  s->at = s->window;
  s->limit = s->at + keep;
}

static void scan_window_free(FrtScanner *s) {
  frt_map_close(s->all_map);
  s->all_map = NULL;
  if (s->map) frt_map_close(s->map);
  else if (s->window) frt_free(s->window - FRT_PAD);
  s->map = NULL;
  s->window = s->at = s->limit = NULL;
}

/* ---- a mapped window ---- */

static int scan_map_cut(FrtScanner *s) {
  return scan_fatal(s, FRT_E_READ, arena_printf(s->cx->run->run_arena, "%s: the file was cut while it was read", s->file.ptr));
}

static int scan_map_show(FrtScanner *s, uint64_t from) {
  size_t len;
  const char *p = frt_map_window(s->map, from, s->window_size, &len);
  if (!p) return scan_fatal(s, FRT_E_READ, arena_printf(s->cx->run->run_arena, "%s: %s", s->file.ptr, strerror(errno)));
  if (!s->beyond && from > s->map_from) frt_map_release(s->map, frt_map_step(s->map_from), frt_map_step(from));
  if (s->fence && from + len > s->fence) len = (size_t)(s->fence - from);
  s->map_from = from;
  s->window = s->at = (char *)(uintptr_t)p;
  s->limit = s->at + len;
  return FRT_OK;
}

/* The map that was given, or one of the scanner's own. NULL: the file is to be read. */
static FrtMap *scan_map_take(FrtScanner *s) {
  FrtMap *map = s->given_map;
  s->given_map = NULL;
  if (map) return map;
  if (s->cx->run->module->ops[s->scan->op].retries) return NULL;   /* a read that fails can be repeated, a page cannot */
  int fd = s->window_want < FRT_WINDOW_SIZE ? -1 : frt_input_plain_fd(s->input);
  return fd < 0 || frt_input_size(s->input) < FRT_MAP_MIN ? NULL : frt_map_open(fd, frt_input_size(s->input));
}

/* Maps the file in place of reading it, where that can be done. */
static int scan_map_open(FrtScanner *s) {
  FrtMap *map = scan_map_take(s);
  size_t len;
  const char *p = map ? frt_map_window(map, 0, FRT_WINDOW_SIZE, &len) : NULL;
  if (!p) {
    frt_map_close(map);
    return FRT_OK;
  }
  scan_window_free(s);
  s->map = map;
  s->window_size = FRT_WINDOW_SIZE;
  int rc = scan_map_show(s, 0);
  s->bytes += (uint64_t)(s->limit - s->at);
  return rc;
}

/* The file has no more bytes where all of it was mapped: whether it has grown since is for a map of the scanner's own to see. */
static int scan_map_own(FrtScanner *s, uint64_t end) {
  if (!frt_map_is_whole(s->map) || end < frt_map_size(s->map)) return FRT_OK;
  FrtMap *map = frt_map_open(frt_input_plain_fd(s->input), end);
  if (!map) return scan_fatal(s, FRT_E_READ, arena_printf(s->cx->run->run_arena, "%s: too many files are mapped", s->file.ptr));
  frt_map_close(s->map);
  s->map = map;
  return FRT_OK;
}

static int scan_map_refill(FrtScanner *s) {
  uint64_t end = s->map_from + (uint64_t)(s->limit - s->window), from = s->map_from + (uint64_t)(s->at - s->window);
  if (frt_map_is_cut(s->map)) return scan_map_cut(s);
  if (s->all_map) {
    frt_map_close(s->map);
    s->map = s->all_map;
    s->all_map = NULL;
  }
  if (scan_map_own(s, end) != FRT_OK) return FRT_FATAL;
  if (end - from >= s->window_size) s->window_size *= 2;
  int rc = scan_map_show(s, from);
  if (rc != FRT_OK) return rc;
  uint64_t now = from + (uint64_t)(s->limit - s->at);
  if (now <= end && frt_map_size(s->map) > end) {   /* it has grown */
    rc = scan_map_show(s, from);
    now = from + (uint64_t)(s->limit - s->at);
  }
  if (rc != FRT_OK) return rc;
  if (frt_map_is_cut(s->map)) return scan_map_cut(s);
  s->bytes += now - end;
  if (now == end) s->input_ended = 1;
  return now == end ? FRT_END : FRT_OK;
}

FrtMap *frt_scan_map_all(FrtScanner *s) {
  if (!s->map) return NULL;
  if (!frt_map_is_whole(s->map) && !s->all_map)
    s->all_map = frt_map_open_whole(frt_input_plain_fd(s->input), frt_input_size(s->input));
  return frt_map_share(frt_map_is_whole(s->map) ? s->map : s->all_map);
}

/* How many of n bytes behind s->limit may be read now; 0: not wanted any more. */
static size_t scan_fence(FrtScanner *s, size_t n) {
  uint64_t end = s->offset + (uint64_t)(s->limit - s->at);
  if (s->fence && end >= s->fence && s->beyond(s) != FRT_OK) return 0;
  return s->fence && s->fence - end < n ? (size_t)(s->fence - end) : n;
}

int frt_scan_refill(FrtScanner *s) {
  const char *why = NULL;
  size_t keep = (size_t)(s->limit - s->at);
  if (s->input_ended) return FRT_END;
  if (s->fence && !scan_fence(s, 1)) return FRT_FATAL;
  if (s->at != s->window && !s->map) {
    memmove(s->window, s->at, keep);
    s->at = s->window;
    s->limit = s->at + keep;
  }
  if (keep > s->record_max + s->record_max / 2) {
    const char *text = arena_printf(s->cx->run->run_arena, "%s:%llu: a record has no end", s->file.ptr,
                                    (unsigned long long)s->line);
    return scan_fatal(s, FRT_E_READ, text);
  }
  if (s->map) return scan_map_refill(s);
  if (keep == s->window_size) scan_window_grow(s);
  if (s->cx->run->show && frt_input_would_wait(s->input)) s->cx->run->show(s->cx->run);
  size_t room = scan_fence(s, s->window_size - keep);
  uint32_t tried = 0;
  ssize_t got = frt_input_read(s->input, s->limit, room, &why);
  while (got < 0 && frt_input_may_pass(s->input) && frt_retry(s->cx->run, s->scan->op, &tried, why)) {
    if (frt_input_retry(s->input, &why) == 0) got = frt_input_read(s->input, s->limit, room, &why);
  }
  if (got < 0) return scan_fatal(s, FRT_E_READ, why);
  s->limit += got;
  s->bytes += (uint64_t)got;
  memset(s->limit, 0, FRT_PAD);
  if (got == 0) s->input_ended = 1;
  return got == 0 ? FRT_END : FRT_OK;
}

/* ---- files ---- */

/* Whether so few bytes may be the first of a byte order mark or of UTF-16: others need not be waited for. */
static int scan_may_be_bom(const char *p, size_t n) {
  return n < 2 || (n < 3 && memcmp(p, "\xef\xbb\xbf", n) == 0) || (n < 4 && (!p[0] || !p[1]));
}

/* Skips a byte order mark at the start of the file. */
static int scan_skip_bom(FrtScanner *s) {
  int rc = FRT_OK;
  while (rc == FRT_OK && scan_may_be_bom(s->at, (size_t)(s->limit - s->at))) rc = frt_scan_refill(s);
  if (rc == FRT_FATAL) return FRT_FATAL;
  size_t n = (size_t)(s->limit - s->at);
  if (n >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0) {
    s->at += 3;
    s->offset += 3;
  } else if (frt_text_is_utf16(s->at, n, s->scan->options.format != FRT_FMT_TEXT && s->scan->options.format != FRT_FMT_FIXED)) {
    const char *text = arena_printf(s->cx->run->run_arena, "%s: the text is UTF-16; convert it to UTF-8",
                                    s->file.ptr);
    return scan_fatal(s, FRT_E_READ, text);
  }
  return FRT_OK;
}

int frt_scan_file_open(FrtScanner *s) {
  const char *why = NULL;
  s->file = scan_str(s->paths[s->path_at]);
  Arena *arena = s->cx->run->run_arena;
  uint32_t tried = 0;
  do {
    s->input = s->command ? frt_input_open_command(arena, s->file.ptr, s->command, &why)
                          : frt_input_open(arena, s->file.ptr, s->given_fd, &why);
  } while (!s->input && s->given_fd < 0 && frt_retry(s->cx->run, s->scan->op, &tried, why));
  if (s->input && s->cx->run->module->ops[s->scan->op].retries) frt_input_alone(s->input);
  s->given_fd = -1;
  if (!s->input) return scan_fatal(s, FRT_E_OPEN, why);
  if (s->scan->options.follow) frt_input_follow(s->input, s->scan->options.idle_us);
  s->input_ended = 0;
  int rc = scan_map_open(s);
  if (rc != FRT_OK) return rc;
  if (!s->map) {
    if (!s->window) scan_window_make(s, s->window_want);
    s->at = s->limit = s->window;
  }
  s->offset = 0;
  s->line = 1;
  rc = scan_skip_bom(s);
  if (rc == FRT_OK && s->format->start_file) rc = s->format->start_file(s);
  return rc;
}

void frt_scan_file_note(const FrtScanner *s) {
  if (s->cx->run->options->quiet) return;
  fprintf(stderr, "note: %s: left out, its columns are not those of the type%s\n", s->file.ptr, s->left_out);
}

void frt_scan_file_close(FrtScanner *s) {
  int again = s->input && frt_input_is_replaced(s->input);   /* the file that has taken its name is next */
  if (s->map) scan_window_free(s);
  if (s->input) frt_input_close(s->input);
  s->input = NULL;
  s->path_at += !again;
}

/* Every file is looked for before the first is read: a run should not fail halfway for a missing one. */
static int scan_files_find(FrtScanner *s) {
  Arena *arena = s->cx->run->run_arena;
  FrtStr path = {0};
  const char *why = NULL;
  struct stat st;
  int rc = s->scan->path(s->cx, s->state, &path);
  if (rc != FRT_OK) return rc == FRT_FATAL ? rc : scan_fatal(s, FRT_E_OPEN, "the path has no value");
  if (path.len == 0) return scan_fatal(s, FRT_E_OPEN, "the path is empty");
  const char *text = arena_strndup(arena, path.ptr, path.len);
  if (strlen(text) != path.len) return scan_fatal(s, FRT_E_OPEN, "the path has a NUL byte");
  if (s->scan->options.command) {
    s->command = text;
    s->paths = arena_alloc(arena, sizeof *s->paths);
    s->paths[s->path_len++] = arena_printf(arena, "exec(%s)", text);
    return FRT_OK;
  }
  if (frt_glob(arena, text, &s->paths, &s->path_len, &why) != 0) return scan_fatal(s, FRT_E_OPEN, why);
  if (s->scan->options.follow && s->path_len > 1)
    return scan_fatal(s, FRT_E_OPEN, arena_printf(arena, "%s: `tail` follows one file, not %u", text, s->path_len));
  for (uint32_t i = 0; i < s->path_len; i++) {
    if (strcmp(s->paths[i], "-") == 0 || stat(s->paths[i], &st) == 0) continue;
    return scan_fatal(s, FRT_E_OPEN, arena_printf(arena, "%s: %s", s->paths[i], strerror(errno)));
  }
  return FRT_OK;
}

/* ---- the block ---- */

static void scan_block_make(FrtScanner *s) {
  FrtCtx *cx = s->cx;
  uint32_t cols = s->scan->column_len, rows = s->rows_max;
  s->block.col = frt_alloc_run(cx, sizeof(void *) * (cols + 1));
  s->block.nul = frt_alloc_run(cx, sizeof(uint8_t *) * (cols + 1));
  s->block.fields = frt_alloc_run(cx, sizeof(FrtFields) * (cols + 1));
  s->block.canon = frt_alloc_run(cx, cols + 1);
  memset(s->block.col, 0, sizeof(void *) * (cols + 1));
  memset(s->block.nul, 0, sizeof(uint8_t *) * (cols + 1));
  memset(s->block.fields, 0, sizeof(FrtFields) * (cols + 1));
  memset(s->block.canon, 0, cols + 1);
  for (uint32_t c = 0; c < cols; c++) {
    const FrtColumn *column = &s->scan->columns[c];
    if (!(column->use & FRT_USE_VALUE)) continue;
    size_t size = (size_t)column->type->size * rows;
    s->block.col[c] = frt_alloc_run(cx, size);
    memset(s->block.col[c], 0, size);
    if (!column->type->nullable) continue;
    s->block.nul[c] = frt_alloc_run(cx, rows);
    memset(s->block.nul[c], 0, rows);
  }
  s->sel = frt_alloc_run(cx, sizeof(uint32_t) * rows);
  s->bad = frt_alloc_run(cx, sizeof(uint32_t) * rows);
  s->identity = frt_alloc_run(cx, sizeof(uint32_t) * rows);
  s->row_bad = frt_alloc_run(cx, rows);
  memset(s->row_bad, 0, rows);
  for (uint32_t i = 0; i < rows; i++) s->identity[i] = i;
}

static void scan_block_reset(FrtScanner *s) {
  if (s->bad_rows) memset(s->row_bad, 0, s->rows_max);
  s->bad_rows = 0;
  s->text_plain = s->text_ascii = 0;
  s->quoted_at = NULL;
  s->block.n = s->block.sel_len = 0;
  s->block.sel = s->identity;
  s->block.row0 = s->rows;
  s->block.file = s->file;
  s->block.record = NULL;
  s->block.line = NULL;
}

void frt_scan_rooms_make(FrtScanner *s) {
  scan_block_make(s);
  frt_scan_convert_init(s);
}

int frt_scan_move(FrtScanner *s, uint64_t offset) {
  const char *why = NULL;
  s->input_ended = 0;
  s->offset = offset;
  if (s->format->moved) s->format->moved(s);
  if (s->map) {
    if (frt_map_is_cut(s->map)) return scan_map_cut(s);
    return scan_map_show(s, offset);
  }
  s->at = s->limit = s->window;
  return frt_input_seek(s->input, offset, &why) == 0 ? FRT_OK : scan_fatal(s, FRT_E_READ, why);
}

int frt_scan_block_next(FrtScanner *s, FrtBlock **out) {
  scan_block_reset(s);
  *out = &s->block;
  int rc = s->format->next(s);
  if (s->map && frt_map_is_cut(s->map)) return scan_map_cut(s);
  if (rc != FRT_OK) return rc;
  s->rows += s->block.n;
  FRT_COUNT(s->cx, s->scan->op, FRT_IN, s->block.n);
  FRT_COUNT(s->cx, s->scan->op, FRT_OUT, s->block.sel_len);
  return FRT_OK;
}

/* ---- the face ---- */

int frt_scan_open(FrtCtx *cx, void *state, const FrtScan *scan, FrtScanner **out) {
  FrtScanner *s = frt_alloc_run(cx, sizeof *s);
  memset(s, 0, sizeof *s);
  s->given_fd = -1;
  *out = s;
  s->cx = cx;
  s->state = state;
  s->scan = scan;
  s->format = scan_format(scan->options.format);
  s->rows_max = cx->block_rows ? cx->block_rows : 1;
  s->record_max = FRT_RECORD_MAX;
  s->window_want = FRT_WINDOW_SIZE;
  s->careful = cx->run->options && cx->run->options->careful;
  if (!s->format) return scan_fatal(s, FRT_E_OPEN, "the format cannot be read");
  if (scan->path) {
    int rc = scan_files_find(s);
    if (rc != FRT_OK) return rc;
  }
  frt_scan_rooms_make(s);
  return FRT_OK;
}

int frt_scan_next(FrtScanner *s, FrtBlock **out) {
  for (;;) {
    if (s->scan->path && !s->input) {
      if (s->path_at >= s->path_len) return FRT_END;
      int opened = frt_scan_file_open(s);
      if (opened == FRT_END) {
        frt_scan_file_note(s);
        frt_scan_file_close(s);
        continue;
      }
      if (opened != FRT_OK) return opened;
    }
    int rc = frt_scan_block_next(s, out);
    if (rc == FRT_END && s->input) {
      frt_scan_file_close(s);
      continue;
    }
    if (rc != FRT_OK || s->block.n) return rc;
  }
}

void frt_scan_close(FrtScanner *s) {
  if (!s) return;
  if (s->format && s->format->close) s->format->close(s);
  s->format_state = NULL;
  scan_window_free(s);
  frt_map_close(s->given_map);
  s->given_map = NULL;
  if (s->input) frt_input_close(s->input);
  s->input = NULL;
}

void frt_scan_row_bad(FrtScanner *s, uint32_t row) {
  s->bad_rows += !s->row_bad[row];
  s->row_bad[row] = SCAN_ROW_LOST;
}

void frt_scan_field_error(FrtScanner *s, uint32_t row, int code, FrtStr field) {
  if (s->row_bad[row]) frt_error_more(s->cx, &s->block, row, s->scan->op, code, field);
  else frt_error(s->cx, &s->block, row, s->scan->op, code, field);
  s->bad_rows += !s->row_bad[row];
  s->row_bad[row] = SCAN_ROW_WRONG;
}

void frt_scan_record_error(FrtScanner *s, uint32_t row, int code, FrtStr detail) {
  if (s->row_bad[row]) return;
  s->cx->detail = detail;
  frt_error(s->cx, &s->block, row, s->scan->op, code, (FrtStr){0});
  frt_scan_row_bad(s, row);
}
