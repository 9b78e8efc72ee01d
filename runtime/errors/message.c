/* message.c: the words of an error, and where it happened. */
#include "errors/errors.h"

#include <stdio.h>
#include <string.h>

#include "sched/run_internal.h"
#include "text/column.h"

enum { MESSAGE_SHOW_MAX = 200 /* bytes of a value or a source line that a message shows */,
       MESSAGE_FATAL_MAX = 64 * 1024 /* of the reason why a run failed */ };

#define MESSAGE_STR(s) {s, sizeof(s) - 1, 0}
static const struct { FrtStr code, text; } message_errors[] = {
  [0] = {MESSAGE_STR(""), MESSAGE_STR("")},
#define FRT_ERROR(name, code, text) [FRT_E_##name] = {MESSAGE_STR(code), MESSAGE_STR(text)},
#include "flowrt_errors.def"
#undef FRT_ERROR
};

FrtStr frt_error_code(int code) {
  return code > 0 && code < FRT_E_LEN ? message_errors[code].code : message_errors[0].code;
}

/* Cuts at `max` bytes without splitting a character. */
static uint32_t message_cut(FrtStr s, uint32_t max) {
  if (s.len <= max) return s.len;
  while (max && ((unsigned char)s.ptr[max] & 0xc0) == 0x80) max--;
  return max;
}

static char *message_put(char *p, const char *text, size_t n) {
  if (n) memcpy(p, text, n);
  return p + n;
}

static char *message_put_detail(char *p, FrtStr detail, uint32_t max) {
  uint32_t n = message_cut(detail, max);
  p = message_put(p, detail.ptr, n);
  return n < detail.len ? message_put(p, "...", 3) : p;
}

/* A value may be any bytes; a message is a text: the others stand as \xXX. */
static FrtStr message_utf8(FrtCtx *cx, FrtStr s) {
  static const char hex[] = "0123456789abcdef";
  if (frt_utf8_valid(s.ptr, s.len)) return s;
  char *out = frt_alloc(cx, (size_t)s.len * 4), *p = out;
  for (uint32_t i = 0; i < s.len; i++) {
    uint32_t good = (uint32_t)frt_utf8_prefix(s.ptr + i, s.len - i);
    p = message_put(p, s.ptr + i, good);
    i += good;
    if (i == s.len) break;
    unsigned char c = (unsigned char)s.ptr[i];
    char escape[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
    p = message_put(p, escape, 4);
  }
  return (FrtStr){out, (uint32_t)(p - out), 0};
}

static FrtStr message_text(FrtCtx *cx, int code, FrtStr detail, const FrtType *type, uint32_t max) {
  char name[128] = "its type";
  if (type) {
    FrtType plain = *type;
    plain.nullable = 0;
    frt_type_text(&plain, name, sizeof name);
  }
  FrtStr text = code > 0 && code < FRT_E_LEN ? message_errors[code].text : message_errors[0].text;
  char *out = frt_alloc(cx, text.len + (size_t)(detail.len < max ? detail.len : max) + 16 + 2 * sizeof name), *p = out;
  for (uint32_t i = 0; i < text.len; i++) {
    if (!type && text.len - i >= 11 && memcmp(text.ptr + i, " a valid %t", 11) == 0) {
      p = message_put(p, " valid", 6);
      i += 10;
    } else if (text.ptr[i] == '%' && i + 1 < text.len && text.ptr[i + 1] == 'd') {
      p = message_put_detail(p, detail, max);
      i++;
    } else if (text.ptr[i] == '%' && i + 1 < text.len && text.ptr[i + 1] == 't') {
      p = message_put(p, name, strlen(name));
      i++;
    } else {
      *p++ = text.ptr[i];
    }
  }
  return message_utf8(cx, (FrtStr){out, (uint32_t)(p - out), 0});
}

FrtStr frt_error_text(FrtCtx *cx, int code, FrtStr detail, const FrtType *type) {
  return message_text(cx, code, detail, type, MESSAGE_SHOW_MAX);
}

FrtStr frt_fatal_text(FrtCtx *cx, int code, FrtStr detail) {
  return message_text(cx, code, detail, NULL, MESSAGE_FATAL_MAX);
}

const FrtColumn *frt_error_column(const FrtRun *r, uint32_t op, FrtStr field, uint32_t *index) {
  const FrtScan *s = r->scan;
  if (!s || (op != UINT32_MAX && s->op != op) || !field.len) return NULL;
  for (uint32_t c = 0; c < s->column_len; c++) {
    FrtStr name = s->columns[c].name;
    if (name.len != field.len || memcmp(name.ptr, field.ptr, name.len) != 0) continue;
    if (index) *index = c;
    return &s->columns[c];
  }
  return NULL;
}

static FrtStr message_field(const FrtFields *f, uint32_t row) {
  uint32_t from = f->beg[(size_t)row * f->stride] + f->beg_add;
  uint32_t to = f->end[(size_t)row * f->stride] - f->end_sub;
  return (FrtStr){f->base + from, to > from ? to - from : 0, 0};
}

/* "kind label": what tells the operator from its like. */
static FrtStr message_operator(FrtCtx *cx, const FrtOp *o) {
  if (!o->label.len) return o->kind;
  char *p = frt_alloc(cx, o->kind.len + o->label.len + 1);
  char *end = message_put(p, o->kind.ptr, o->kind.len);
  *end++ = ' ';
  end = message_put(end, o->label.ptr, o->label.len);
  return (FrtStr){p, (uint32_t)(end - p), 0};
}

void frt_error_envelope(FrtCtx *cx, FrtErrorRow *e, const FrtBlock *b, uint32_t row, uint32_t op) {
  const FrtOp *o = &cx->run->module->ops[op];
  e->op = op;
  e->operator_name = message_operator(cx, o);
  e->script = o->script;
  e->script_line = o->line;
  e->script_column = o->column;
  e->time_us = cx->now_us;
  e->line = e->offset = -1;
  while (b && b->up) {
    if (b->parent) row = b->parent[row];
    b = b->up;
  }
  if (!b) return;
  e->key = b->row0 + row;
  e->file = b->file;
  if (b->line) e->line = (int64_t)b->line[row];
  else if (b->line0) e->line = (int64_t)(b->line0 + row);
  if (b->record && b->record->base) {
    e->raw = message_field(b->record, row);
    e->offset = (int64_t)(b->offset0 + (uint64_t)(e->raw.ptr - b->record->base));
  }
  if (cx->run->options->replay) e->retry_count = frt_replay_count(cx->run, e);
}

void frt_error_field_place(const FrtRun *r, const FrtBlock *b, uint32_t row, FrtErrorRow *e, int64_t *line) {
  uint32_t c;
  *line = e->line;
  if (!frt_error_column(r, UINT32_MAX, e->field, &c) || !b || b->up || !e->raw.ptr) return;
  if (!b->fields || !b->fields[c].base || e->line < 0) return;
  uintptr_t at = (uintptr_t)message_field(&b->fields[c], row).ptr, raw = (uintptr_t)e->raw.ptr;
  if (at < raw || at > raw + e->raw.len) return;   /* unescaped elsewhere */
  size_t n = at - raw;
  char quote = r->scan->options.quote;
  if (n && quote && e->raw.ptr[n - 1] == quote) n--;
  e->column = 1;
  for (size_t i = 0; i < n; i++) {
    unsigned char ch = (unsigned char)e->raw.ptr[i];
    if (ch == '\n') {
      ++*line;
      e->column = 1;
    } else if ((ch & 0xc0) != 0x80) {
      e->column++;
    }
  }
}

void frt_error_mask_raw(FrtRun *r, FrtErrorRow *e) {
  FrtStr raw = frt_mask_raw(r, e->raw);
  if (raw.ptr == e->raw.ptr) return;
  e->raw = raw;
  e->raw_masked = 1;
}

/* Bytes of the character at p[0..n) that a terminal may get as it is; 0: it may not. */
static uint32_t message_plain(const char *p, uint32_t n, int lines) {
  unsigned char c = (unsigned char)*p;
  if (c < 0x80) return (c >= 0x20 && c != 0x7f) || (c == '\n' && lines);
  if (c == 0xc2 && n > 1 && (unsigned char)p[1] < 0xa0) return 0;   /* C1 controls */
  uint32_t width = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  return width <= n && frt_utf8_valid(p, width) ? width : 0;
}

static const char *message_show(FrtRun *r, FrtStr text, size_t max, int lines) {
  uint32_t n = message_cut(text, max < UINT32_MAX ? (uint32_t)max : UINT32_MAX);
  char *out = arena_alloc(r->run_arena, (size_t)n * 4 + 4), *p = out;
  for (uint32_t i = 0; i < n;) {
    uint32_t width = message_plain(text.ptr + i, n - i, lines);
    if (width) p = message_put(p, text.ptr + i, width);
    else p += snprintf(p, 5, "\\x%02x", (unsigned char)text.ptr[i]);
    i += width ? width : 1;
  }
  if (n < text.len) memcpy(p, "...", 4);
  return out;
}

const char *frt_error_show(FrtRun *r, FrtStr text, size_t max) { return message_show(r, text, max, 0); }

const char *frt_error_show_lines(FrtRun *r, FrtStr text, size_t max) { return message_show(r, text, max, 1); }

const char *frt_op_place(FrtRun *r, uint32_t op) {
  if (op >= r->module->op_len) return "";
  const FrtOp *o = &r->module->ops[op];
  return arena_printf(r->run_arena, "%.*s%s%.*s (%.*s:%u)", FRT_SLICE(o->kind), o->label.len ? " " : "",
                      FRT_SLICE(o->label), FRT_SLICE(o->script), o->line);
}

/* "in/a.csv:5:11: ", as much of it as is known. */
static const char *message_place(FrtRun *r, const FrtErrorRow *e, int64_t line) {
  if (!e || !e->file.len) return "";
  const char *file = frt_error_show(r, e->file, 4096);
  if (line < 0) return arena_printf(r->run_arena, "%s: ", file);
  if (!e->column) return arena_printf(r->run_arena, "%s:%lld: ", file, (long long)line);
  return arena_printf(r->run_arena, "%s:%lld:%lld: ", file, (long long)line, (long long)e->column);
}

/* Characters that are shown for the first `count` characters of a text. */
static int message_shown(FrtRun *r, FrtStr text, int64_t count) {
  uint32_t n = 0;
  int shown = 0;
  while (n < text.len && (count > 0 || ((unsigned char)text.ptr[n] & 0xc0) == 0x80))
    count -= ((unsigned char)text.ptr[n++] & 0xc0) != 0x80;
  for (const char *p = frt_error_show(r, (FrtStr){text.ptr, n, 0}, n); *p; p++) shown += ((unsigned char)*p & 0xc0) != 0x80;
  return shown;
}

/* The source line, and a caret under the field when it stands on the record's first line. */
static const char *message_excerpt(FrtRun *r, const FrtErrorRow *e, int64_t line) {
  if (!e || !e->raw.len) return "";
  const char *raw = frt_error_show(r, e->raw, MESSAGE_SHOW_MAX);
  if (!e->column || e->raw_masked || line != e->line || e->column > MESSAGE_SHOW_MAX / 2)
    return arena_printf(r->run_arena, "\n  | %s", raw);
  return arena_printf(r->run_arena, "\n  | %s\n  | %*s^", raw, message_shown(r, e->raw, e->column - 1), "");
}

const char *frt_error_report(FrtRun *r, const FrtErrorRow *e, int64_t line) {
  const char *field = "";
  if (e->field_len) field = arena_printf(r->run_arena, "%u fields: ", e->field_len);
  else if (e->field.len) field = arena_printf(r->run_arena, "field `%s`: ", frt_error_show(r, e->field, 256));
  return arena_printf(r->run_arena, "%serror: %s%s%s\n  = in %s\n"
                      "  = `on error -> name` sends such rows to a port, `on error skip` leaves them out",
                      message_place(r, e, line), field, frt_error_show(r, e->message, 1024),
                      message_excerpt(r, e, line), frt_op_place(r, e->op));
}

const char *frt_error_limit_report(FrtRun *r, const FrtErrorRow *e, uint32_t op, const char *what) {
  const FrtOp *o = &r->module->ops[op];
  const char *port = "";
  if (o->port >= 0 && (uint32_t)o->port < r->module->port_len)
    port = arena_printf(r->run_arena, " (on error -> %.*s)", FRT_SLICE(r->module->ports[o->port].name));
  const char *last = e ? arena_printf(r->run_arena, "\n  = the last one: %s", frt_error_show(r, e->message, 1024)) : "";
  return arena_printf(r->run_arena, "%serror: %s%s%s%s\n  = in %s", message_place(r, e, e ? e->line : -1), what, port,
                      message_excerpt(r, e, -2), last, frt_op_place(r, op));
}
