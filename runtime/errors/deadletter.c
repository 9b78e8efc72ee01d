/* deadletter.c: error rows as JSON Lines, every key in every row. */
#include <string.h>

#include "errors/errors.h"
#include "errors/json_text.h"
#include "sched/run_internal.h"
#include "text/column.h"

static unsigned deadletter_escape(unsigned char c) {
  switch (c) {
  case '"': return '"';
  case '\\': return '\\';
  case '\b': return 'b';
  case '\f': return 'f';
  case '\n': return 'n';
  case '\r': return 'r';
  case '\t': return 't';
  default: return 0;
  }
}

char *frt_json_quote(char *p, FrtStr s) {
  static const char hex[] = "0123456789abcdef";
  *p++ = '"';
  for (size_t i = 0; i < s.len;) {
    size_t good = frt_utf8_prefix(s.ptr + i, s.len - i), end = i + good;
    for (; i < end; i++) {
      unsigned char c = (unsigned char)s.ptr[i];
      unsigned short_form = deadletter_escape(c);
      if (short_form) {
        *p++ = '\\';
        *p++ = (char)short_form;
      } else if (c < 0x20) {
        memcpy(p, "\\u00", 4);
        p[4] = hex[c >> 4];
        p[5] = hex[c & 15];
        p += 6;
      } else {
        *p++ = (char)c;
      }
    }
    if (i < s.len) {
      memcpy(p, "\xef\xbf\xbd", 3);
      p += 3;
      i++;
    }
  }
  *p++ = '"';
  return p;
}

static char *deadletter_key(char *p, const char *name) {
  size_t n = strlen(name);
  *p++ = ',';
  *p++ = '"';
  memcpy(p, name, n);
  p += n;
  *p++ = '"';
  *p++ = ':';
  return p;
}

static char *deadletter_null(char *p) {
  memcpy(p, "null", 4);
  return p + 4;
}

static char *deadletter_text(char *p, const char *name, FrtStr s) {
  p = deadletter_key(p, name);
  return s.ptr && s.len ? frt_json_quote(p, s) : deadletter_null(p);
}

static char *deadletter_number(char *p, const char *name, int64_t value, int known) {
  static const FrtType type = {.kind = FRT_I64, .size = 8};
  p = deadletter_key(p, name);
  return known ? frt_value_text(p, &type, &value) : deadletter_null(p);
}

int frt_deadletter(FrtCtx *cx, uint32_t sink, const FrtErrorRow *e) {
  static const FrtType when = {.kind = FRT_TIMESTAMP, .size = 8};
  const FrtRun *r = cx->run;
  FrtStr hash = r->module->script_hash;
  size_t need = 6 * ((size_t)e->file.len + e->field.len + e->code.len + e->message.len + e->raw.len +
                     e->operator_name.len + e->fields.len + r->module->script.len + hash.len) + 1024;
  FrtOut *o = frt_sink_out(cx, sink);
  char *p = frt_out_room(cx, o, need);
  if (!p) return FRT_FATAL;
  memcpy(p, "{\"run\":", 7);
  p = frt_json_quote(p + 7, (FrtStr){r->run_id, (uint32_t)strlen(r->run_id), 0});
  p = deadletter_text(p, "script", r->module->script);
  p = deadletter_text(p, "script_hash", hash);
  p = deadletter_text(p, "operator", e->operator_name);
  p = deadletter_number(p, "script_line", e->script_line, 1);
  p = deadletter_number(p, "script_column", e->script_column, 1);
  p = deadletter_text(p, "file", e->file);
  p = deadletter_number(p, "line", e->line, e->line >= 0);
  p = deadletter_number(p, "offset", e->offset, e->offset >= 0);
  p = deadletter_text(p, "field", e->field);
  p = deadletter_text(p, "fields", e->fields);
  p = deadletter_text(p, "code", e->code);
  p = deadletter_text(p, "message", e->message);
  p = deadletter_number(p, "retry_count", e->retry_count, 1);
  p = deadletter_key(p, "time");
  *p++ = '"';
  p = frt_value_text(p, &when, &e->time_us);
  *p++ = '"';
  p = deadletter_key(p, "raw");
  p = e->raw.ptr ? frt_json_quote(p, e->raw) : deadletter_null(p);
  *p++ = '}';
  *p++ = '\n';
  o->at = p;
  o->rows++;
  return FRT_OK;
}

int frt_deadletter_row(FrtCtx *cx, uint32_t sink, const FrtBlock *b, uint32_t row, uint32_t op, FrtStr port) {
  FrtErrorRow e;
  memset(&e, 0, sizeof e);
  frt_error_envelope(cx, &e, b, row, op);
  frt_error_mask_raw(cx->run, &e);
  e.code = (FrtStr){"else", 4, 0};
  char *text = frt_alloc(cx, port.len + 32);
  memcpy(text, "the row went to `", 17);
  if (port.len) memcpy(text + 17, port.ptr, port.len);
  text[17 + port.len] = '`';
  e.message = (FrtStr){text, port.len + 18, 0};
  return frt_deadletter(cx, sink, &e);
}
