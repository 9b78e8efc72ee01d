/* render.c: reports as text with a caret, and as JSON lines.
 *
 * orders.flow:21:12: error[E0301]: unknown column `amuont` in `orders`
 *    21 |   | filter amuont > floor
 *       |            ^^^^^^ did you mean `amount` (decimal(12,2))?
 *    = columns: order_id, cust_id, ts
 *
 * Scripts are hostile: bytes that could steer a terminal or are no UTF-8 are shown as `?`, one for
 * each code point counted, and of a long line only the part around the caret is shown. */
#include <string.h>

#include "diag/diag.h"

enum {
  SHOWN_BEFORE_MAX = 100, /* code points of the line shown before the caret */
  SHOWN_LEN_MAX = 200,    /* and in all */
  MESSAGE_SIZE_MAX = 4000 /* bytes of a message, a hint or a note that are printed */
};

typedef struct Palette {
  const char *bold, *error, *warning, *gutter, *end;
} Palette;

static const Palette COLOURS = {"\033[1m", "\033[1;31m", "\033[1;35m", "\033[36m", "\033[0m"};
static const Palette PLAIN = {"", "", "", "", ""};

/* Bytes of the well-formed UTF-8 character at p (Unicode 15, table 3-7), 0 when there is none. */
static size_t render_utf8_size(const unsigned char *p, size_t left) {
  if (p[0] < 0x80) return 1;
  size_t size = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
  if (size == 0 || size > left) return 0;
  for (size_t i = 1; i < size; i++)
    if ((p[i] & 0xC0) != 0x80) return 0;
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
  if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
  return size;
}

/* Characters that move the cursor or turn the text around: C0, DEL, C1, bidirectional controls. */
static bool render_is_control(const unsigned char *p, size_t size) {
  if (size == 1) return p[0] < 0x20 || p[0] == 0x7F;
  if (size == 2) return p[0] == 0xC2 && p[1] < 0xA0;
  if (size != 3 || p[0] != 0xE2) return false;
  return (p[1] == 0x80 && p[2] >= 0xA8 && p[2] <= 0xAE) || (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9);
}

/* Prints text safely; tabs stay, everything else that is not printable becomes `?`. */
static void render_safe(FILE *out, const char *text, size_t size) {
  const unsigned char *p = (const unsigned char *)text;
  size_t i = 0;
  while (i < size) {
    size_t n = render_utf8_size(p + i, size - i);
    if (p[i] == '\t' || (n > 0 && !render_is_control(p + i, n))) {
      fwrite(p + i, 1, n, out);
      i += n;
      continue;
    }
    if (n > 0 || (p[i] & 0xC0) != 0x80) putc('?', out);
    i += n > 0 ? n : 1;
  }
}

static void render_text(FILE *out, const char *text) {
  size_t size = strnlen(text, MESSAGE_SIZE_MAX);
  render_safe(out, text, size);
  if (text[size]) fputs("...", out);
}

static bool render_starts_char(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

/* Moves from `at` over `len` code points, not past `end`. */
static uint32_t render_skip_chars(const char *text, uint32_t at, uint32_t end, uint32_t len) {
  while (at < end && len > 0) {
    at++;
    while (at < end && !render_starts_char(text[at])) at++;
    len--;
  }
  return at;
}

static void render_line(FILE *out, const Source *s, const Diag *r, uint32_t line, const Palette *c) {
  uint32_t start = s->lines[line - 1];
  uint32_t end = line < s->line_len ? s->lines[line] - 1 : s->size;
  if (end > start && s->text[end - 1] == '\r') end--;
  uint32_t caret = r->span.start < end ? r->span.start : end;
  uint32_t caret_end = r->span.end < end ? r->span.end : end;
  uint32_t before = 0;
  for (uint32_t i = start; i < caret; i++) before += render_starts_char(s->text[i]);
  bool cut_left = before > SHOWN_BEFORE_MAX;
  if (cut_left) start = render_skip_chars(s->text, start, caret, before - SHOWN_BEFORE_MAX);
  uint32_t shown_end = render_skip_chars(s->text, start, end, SHOWN_LEN_MAX);
  if (caret_end > shown_end) caret_end = shown_end;

  fprintf(out, "%s%5u |%s %s", c->gutter, line, c->end, cut_left ? "..." : "");
  render_safe(out, s->text + start, shown_end - start);
  fprintf(out, "%s\n%s      |%s %s", shown_end < end ? "..." : "", c->gutter, c->end, cut_left ? "   " : "");
  for (uint32_t i = start; i < caret; i++)
    if (render_starts_char(s->text[i])) putc(s->text[i] == '\t' ? '\t' : ' ', out);
  fputs(r->severity == SEVERITY_ERROR ? c->error : c->warning, out);
  uint32_t carets = 0;
  for (uint32_t i = caret; i < caret_end; i++) carets += render_starts_char(s->text[i]);
  do putc('^', out);
  while (carets-- > 1);
  fputs(c->end, out);
  if (r->hint) {
    putc(' ', out);
    render_text(out, r->hint);
  }
  putc('\n', out);
}

static void render_note(FILE *out, const char *note, const Palette *c) {
  while (*note) {
    size_t size = strcspn(note, "\n");
    fprintf(out, "%s   =%s ", c->gutter, c->end);
    render_safe(out, note, size < MESSAGE_SIZE_MAX ? size : MESSAGE_SIZE_MAX);
    putc('\n', out);
    note += size + (note[size] == '\n');
  }
}

static const char *render_severity(Severity severity) {
  return severity == SEVERITY_ERROR ? "error" : severity == SEVERITY_WARNING ? "warning" : "note";
}

static void render_report(const Diags *d, const Diag *r, FILE *out, const Palette *c) {
  const Source *s = diags_source(d, r->span.file);
  const char *colour = r->severity == SEVERITY_ERROR ? c->error : c->warning;
  uint32_t line = 0, column = 0;
  if (s) {
    diag_place(s, r->span.start, &line, &column);
    fputs(c->bold, out);
    render_text(out, s->path);
    fprintf(out, ":%u:%u:%s ", line, column, c->end);
  }
  fprintf(out, "%s%s[%s]:%s ", colour, render_severity(r->severity), diag_code_name(r->code), c->end);
  render_text(out, r->message);
  putc('\n', out);
  if (s && (s->size > 0 || r->hint)) render_line(out, s, r, line, c);
  if (r->note) render_note(out, r->note, c);
}

void diag_print(Diags *d, FILE *out, bool colour) {
  uint32_t len, errors = 0, warnings = 0;
  const Diag *reports = diag_all(d, &len);
  for (uint32_t i = 0; i < len; i++) {
    render_report(d, &reports[i], out, colour ? &COLOURS : &PLAIN);
    if (reports[i].severity == SEVERITY_ERROR) errors++;
    else warnings++;
  }
  if (diag_error_len(d) > errors) fprintf(out, "... and %u more errors\n", diag_error_len(d) - errors);
  if (diag_warning_len(d) > warnings)
    fprintf(out, "... and %u more warnings\n", diag_warning_len(d) - warnings);
}

/* ---- JSON ---- */

static void render_json_text(FILE *out, const char *text) {
  const unsigned char *p = (const unsigned char *)text;
  size_t size = strnlen(text, MESSAGE_SIZE_MAX), i = 0;
  putc('"', out);
  while (i < size) {
    size_t n = render_utf8_size(p + i, size - i);
    if (n == 0) fputs("\xEF\xBF\xBD", out);
    else if (p[i] == '"' || p[i] == '\\') fprintf(out, "\\%c", p[i]);
    else if (p[i] < 0x20) fprintf(out, "\\u%04x", p[i]);
    else fwrite(p + i, 1, n, out);
    i += n ? n : 1;
  }
  putc('"', out);
}

void diag_print_json(Diags *d, FILE *out) {
  uint32_t len;
  const Diag *reports = diag_all(d, &len);
  for (uint32_t i = 0; i < len; i++) {
    const Diag *r = &reports[i];
    const Source *s = diags_source(d, r->span.file);
    uint32_t line = 0, column = 0, end_line = 0, end_column = 0;
    if (s) {
      diag_place(s, r->span.start, &line, &column);
      diag_place(s, r->span.end, &end_line, &end_column);
    }
    fputs("{\"file\":", out);
    render_json_text(out, s ? s->path : "");
    fprintf(out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", line, column, end_line, end_column);
    fprintf(out, ",\"severity\":\"%s\",\"code\":\"%s\",\"message\":", render_severity(r->severity),
            diag_code_name(r->code));
    render_json_text(out, r->message);
    fputs(",\"hint\":", out);
    if (r->hint) render_json_text(out, r->hint);
    else fputs("null", out);
    fputs(",\"note\":", out);
    if (r->note) render_json_text(out, r->note);
    else fputs("null", out);
    fputs("}\n", out);
  }
}
