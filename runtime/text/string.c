/* string.c: strings and bytes to text: as they are, as CSV fields, as JSON strings. */
#include <string.h>

#include "text/column.h"
#include "text/text.h"

char *frt_put_str(char *p, FrtStr s) {
  if (s.len) memcpy(p, s.ptr, s.len);
  return p + s.len;
}

static char *tstr_put_quoted(char *p, FrtStr s, char quote) {
  *p++ = quote;
  for (uint32_t i = 0; i < s.len; i++) {
    *p = s.ptr[i];
    p += 1 + (s.ptr[i] == quote);
    p[-1] = s.ptr[i];
  }
  *p++ = quote;
  return p;
}

/* Eight bytes at a time: the high bit of each byte of the result says that it equals c. */
static inline uint64_t tstr_equal_bytes(uint64_t v, uint8_t c) {
  uint64_t x = v ^ 0x0101010101010101u * c;
  return ~(((x & 0x7f7f7f7f7f7f7f7fu) + 0x7f7f7f7f7f7f7f7fu) | x) & 0x8080808080808080u;
}

char *frt_put_csv_str(char *p, FrtStr s, int delimiter, int quote) {
  uint32_t i = 0;
  if (!quote) return frt_put_str(p, s);
  for (; s.len - i >= 8; i += 8) {
    uint64_t v;
    memcpy(&v, s.ptr + i, 8);
    memcpy(p + i, &v, 8);
    if (tstr_equal_bytes(v, (uint8_t)delimiter) | tstr_equal_bytes(v, (uint8_t)quote) |
        tstr_equal_bytes(v, '\n') | tstr_equal_bytes(v, '\r')) {
      return tstr_put_quoted(p, s, (char)quote);
    }
  }
  for (; i < s.len; i++) {
    char c = s.ptr[i];
    p[i] = c;
    if (c == (char)delimiter || c == (char)quote || c == '\n' || c == '\r') {
      return tstr_put_quoted(p, s, (char)quote);
    }
  }
  return p + s.len;
}

char *frt_put_csv_str_opt(char *p, FrtStr s, int delimiter, int quote) {
  if (s.len || !quote) return frt_put_csv_str(p, s, delimiter, quote);
  *p++ = (char)quote;
  *p++ = (char)quote;
  return p;
}

static char *tstr_put_json_escape(char *p, uint8_t c) {
  static const char hex[] = "0123456789abcdef";
  char short_form = c == '\b' ? 'b' : c == '\f' ? 'f' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' :
                    c == '"' || c == '\\' ? (char)c : 0;
  *p++ = '\\';
  if (short_form) {
    *p++ = short_form;
    return p;
  }
  memcpy(p, "u00", 3);
  p[3] = hex[c >> 4];
  p[4] = hex[c & 15];
  return p + 5;
}

/* The text of a JSON string between its quotes. */
static char *tstr_put_json_text(char *p, const char *s, size_t n) {
  size_t i = 0;
  while (i < n) {
    for (; n - i >= 8; i += 8, p += 8) {
      uint64_t v;
      memcpy(&v, s + i, 8);
      memcpy(p, &v, 8);
      uint64_t control = (v - 0x2020202020202020u) & ~v & 0x8080808080808080u;
      if (control | tstr_equal_bytes(v, '"') | tstr_equal_bytes(v, '\\')) break;
    }
    for (size_t stop = n - i >= 8 ? i + 8 : n; i < stop; i++) {
      uint8_t c = (uint8_t)s[i];
      if (c < 0x20 || c == '"' || c == '\\') p = tstr_put_json_escape(p, c);
      else *p++ = (char)c;
    }
  }
  return p;
}

char *frt_put_json_str(char *p, FrtStr s) {
  *p++ = '"';
  p = tstr_put_json_text(p, s.ptr, s.len);
  *p++ = '"';
  return p;
}

char *frt_put_json_bytes(char *p, FrtStr s) {
  static const char hex[] = "0123456789abcdef";
  size_t i = 0;
  *p++ = '"';
  while (i < s.len) {
    size_t good = frt_utf8_prefix(s.ptr + i, s.len - i);
    p = tstr_put_json_text(p, s.ptr + i, good);
    i += good;
    if (i == s.len) break;
    uint8_t c = (uint8_t)s.ptr[i++];
    memcpy(p, "\\\\x", 3);
    p[3] = hex[c >> 4];
    p[4] = hex[c & 15];
    p += 5;
  }
  *p++ = '"';
  return p;
}
