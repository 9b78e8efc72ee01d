/* literal.c: the values of literals. The lexer has found their ends; here digits lose their `_`,
 * escapes become bytes, f-strings are cut into pieces. A literal that is wrong is reported at the
 * wrong part and still gives a value, so that parsing goes on. */
#include <string.h>

#include "syntax/syntax_internal.h"

static const char *literal_text(const Parser *p, uint32_t start, uint32_t end) {
  return arena_strndup(p->arena, p->source->text + start, end - start < 80 ? end - start : 80);
}

static AstExpr *literal_make(Parser *p, AstExprKind kind, uint32_t start, uint32_t end, const char *text,
                             size_t len) {
  AstExpr *e = build_expr(p, kind, start, end);
  e->text = text;
  e->len = (uint32_t)len;
  return e;
}

AstExpr *literal_number(Parser *p, uint32_t start, uint32_t end, bool is_int) {
  char *text = arena_alloc(p->arena, end - start + 1);
  size_t len = 0;
  for (uint32_t i = start; i < end; i++)
    if (p->source->text[i] != '_') text[len++] = p->source->text[i];
  return literal_make(p, is_int ? AST_INT : AST_NUMBER, start, end, text, len);
}

typedef struct Unit {
  const char *name;
  int64_t factor;
} Unit;

static const Unit DURATIONS[] = {
  {"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000LL}, {"h", 3600000000LL}, {"d", 86400000000LL},
  {"w", 604800000000LL}, {NULL, 0}
};
static const Unit SIZES[] = {
  {"B", 1}, {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {"TB", 1000000000000LL}, {"KiB", 1024},
  {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1LL << 40}, {NULL, 0}
};

static const Unit *literal_find_unit(const Unit *units, const char *text, size_t len) {
  for (; units->name; units++)
    if (strlen(units->name) == len && memcmp(units->name, text, len) == 0) return units;
  return NULL;
}

static bool literal_is_digit(char c) { return c >= '0' && c <= '9'; }

AstExpr *literal_units(Parser *p, uint32_t start, uint32_t end) {
  const char *text = p->source->text;
  AstExpr *e = literal_make(p, AST_DURATION, start, end, literal_text(p, start, end), end - start);
  bool overflow = false;
  for (uint32_t i = start; i < end;) {
    int64_t n = 0, part;
    for (; i < end && (literal_is_digit(text[i]) || text[i] == '_'); i++)
      if (text[i] != '_') overflow |= __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, text[i] - '0', &n);
    uint32_t unit_start = i;
    while (i < end && !literal_is_digit(text[i])) i++;
    const Unit *u = literal_find_unit(DURATIONS, text + unit_start, i - unit_start);
    if (!u) {
      u = literal_find_unit(SIZES, text + unit_start, i - unit_start);
      e->kind = AST_SIZE;
    }
    if (!u) break; /* the lexer lets no other unit pass */
    overflow |= __builtin_mul_overflow(n, u->factor, &part) || __builtin_add_overflow(e->integer, part, &e->integer);
  }
  if (overflow) {
    diag_report(p->diags, DIAG_E0110, e->span, NULL, NULL, e->kind == AST_SIZE ? "size" : "duration", e->text);
    e->integer = 0;
  }
  return e;
}

static int literal_two(const char *t) { return (t[0] - '0') * 10 + (t[1] - '0'); }

/* Whether the fields of a date, and of a time where there is one, are in range. */
static bool literal_date_is_good(const char *t, size_t len) {
  static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = literal_two(t) * 100 + literal_two(t + 2), month = literal_two(t + 5), day = literal_two(t + 8);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > DAYS[month - 1] + (month == 2 && leap)) return false;
  if (len <= 10) return true;
  if (literal_two(t + 11) > 23 || literal_two(t + 14) > 59) return false;
  if (len > 16 && t[16] == ':' && literal_two(t + 17) > 59) return false;
  char sign = len > 22 ? t[len - 6] : 0;
  return !(sign == '+' || sign == '-') || (literal_two(t + len - 5) <= 23 && literal_two(t + len - 2) <= 59);
}

AstExpr *literal_date(Parser *p, uint32_t start, uint32_t end) {
  const char *text = literal_text(p, start + 1, end);
  size_t len = strlen(text);
  AstExpr *e = literal_make(p, len > 10 ? AST_TIMESTAMP : AST_DATE, start, end, text, len);
  if (!literal_date_is_good(text, len)) {
    diag_report(p->diags, DIAG_E0110, e->span, NULL, NULL, len > 10 ? "time" : "date", text);
    e->text = len > 10 ? "2000-01-01T00:00:00Z" : "2000-01-01";
    e->len = (uint32_t)strlen(e->text);
  }
  return e;
}

/* ---- texts ---- */

static size_t literal_put_utf8(char *out, uint32_t c) {
  if (c < 0x80) return out[0] = (char)c, 1;
  if (c < 0x800) return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3F)), 2;
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 0x3F)), out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F)), out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

static int literal_hex(char c) {
  if (literal_is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads the {...} of \u{...} at *at, puts the character at out; returns its bytes. */
static size_t literal_unicode(Parser *p, uint32_t *at, uint32_t end, char *out) {
  const char *text = p->source->text;
  uint32_t start = *at - 2, i = *at, c = 0, digits = 0;
  if (i < end && text[i] == '{') {
    for (i++; i < end && literal_hex(text[i]) >= 0 && digits < 7; i++, digits++)
      c = c * 16 + (uint32_t)literal_hex(text[i]);
    bool closed = i < end && text[i] == '}';
    bool good = digits > 0 && digits < 7 && c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
    if (closed) i++;
    if (closed && good) {
      *at = i;
      return literal_put_utf8(out, c);
    }
  }
  diag_report(p->diags, DIAG_E0106, parser_span(p, start, i), NULL, NULL);
  parser_fail(p);
  *at = i;
  return 0;
}

/* Undoes the escapes of [start, end); out has room for as many bytes. Returns the size. */
static size_t literal_unescape(Parser *p, uint32_t start, uint32_t end, char *out) {
  const char *text = p->source->text;
  size_t len = 0;
  for (uint32_t i = start; i < end;) {
    char c = text[i++];
    if (c != '\\' || i == end) {
      out[len++] = c;
      continue;
    }
    c = text[i++];
    switch (c) {
    case 'n': out[len++] = '\n'; break;
    case 't': out[len++] = '\t'; break;
    case 'r': out[len++] = '\r'; break;
    case '"': case '\\': out[len++] = c; break;
    case 'u': len += literal_unicode(p, &i, end, out + len); break;
    default:
      while (i < end && ((unsigned char)text[i] & 0xC0) == 0x80) i++;
      uint32_t escape = i;
      while (escape > start && text[escape - 1] != '\\') escape--;
      diag_report(p->diags, DIAG_E0105, parser_span(p, escape - 1, i), "a backslash is written `\\\\`, or use r\"...\"",
                  "escapes: \\n \\t \\r \\\" \\\\ \\u{...}", literal_text(p, escape, i));
      parser_fail(p);
    }
  }
  return len;
}

AstExpr *literal_string(Parser *p, uint32_t start, uint32_t end) {
  char *text = arena_alloc(p->arena, end - start);
  size_t len = literal_unescape(p, start + 1, end - 1, text);
  return literal_make(p, AST_STRING, start, end, text, len);
}

AstExpr *literal_raw(Parser *p, uint32_t start, uint32_t end) {
  size_t len = end - start - 3;
  AstExpr *e = literal_make(p, AST_STRING, start, end, arena_strndup(p->arena, p->source->text + start + 2, len), len);
  e->raw = true;
  return e;
}

AstExpr *literal_block(Parser *p, uint32_t start, uint32_t limit) {
  const char *text = p->source->text;
  uint32_t i = start + 3, end;
  if (i < limit && text[i] == '\r') i += i + 1 < limit && text[i + 1] == '\n';
  if (i < limit && text[i] == '\n') i++;
  for (end = i; end < limit; end++)
    if (text[end] == '"' && limit - end >= 3 && text[end + 1] == '"' && text[end + 2] == '"') break;
  if (end >= limit) {
    diag_report(p->diags, DIAG_E0107, parser_span(p, start, start + 3), "it opens here, and no `\"\"\"` follows", NULL);
    parser_fail(p);
    p->at = end = limit;
    if (i > end) i = end;
  } else {
    p->at = end + 3;
  }
  return literal_make(p, AST_STRING, start, p->at, arena_strndup(p->arena, text + i, end - i), end - i);
}

/* ---- f-strings ---- */

/* Moves over a text that stands inside the braces of an f-string: i is behind its opening quote. */
static uint32_t literal_skip_text(const Parser *p, uint32_t i) {
  const char *text = p->source->text;
  int depth = 0;
  while (i < p->limit && text[i] != '\n') {
    if (text[i] == '\\' && i + 1 < p->limit && text[i + 1] != '\n') i += 2;
    else if (text[i++] == '"' && depth == 0) break;
  }
  return i;
}

/* From behind a `{` to its `}` or the end of the line: sets the place of the `:` of a format. */
static uint32_t literal_skip_braces(const Parser *p, uint32_t i, uint32_t *colon) {
  const char *text = p->source->text;
  int depth = 0;
  *colon = 0;
  while (i < p->limit && text[i] != '\n') {
    char c = text[i];
    if (c == '}' && depth == 0) break;
    if (c == '(' || c == '[' || c == '{') depth++;
    if (c == ')' || c == ']' || c == '}') depth--;
    if (c == '@')
      while (i + 1 < p->limit && (literal_is_digit(text[i + 1]) || strchr("-:T.Z+", text[i + 1]) != NULL) && text[i + 1]) i++;
    if (c == ':' && depth == 0 && *colon == 0) *colon = i;
    i++;
    if (c == '"') i = literal_skip_text(p, i);
  }
  return i;
}

static List literal_add_piece(Parser *p, List l, uint32_t start, uint32_t end, char *buffer) {
  size_t len = literal_unescape(p, start, end, buffer), kept = 0;
  if (len == 0) return l;
  for (size_t i = 0; i < len; i++) {
    buffer[kept++] = buffer[i];
    if (i + 1 < len && (buffer[i] == '{' || buffer[i] == '}') && buffer[i + 1] == buffer[i]) i++;
  }
  return list_expr(l, literal_make(p, AST_STRING, start, end, arena_strndup(p->arena, buffer, kept), kept));
}

/* `.2`: how many digits stand behind the point. */
static bool literal_format_good(const char *at, const char *end) {
  if (end - at < 2 || end - at > 3 || *at++ != '.') return false;
  while (at < end && *at >= '0' && *at <= '9') at++;
  return at == end;
}

/* The expression between the braces [start, end), with its format. */
static AstExpr *literal_part(Parser *p, uint32_t start, uint32_t end, uint32_t colon) {
  uint32_t expr_end = colon ? colon : end;
  AstExpr *e = parser_sub_expr(p, start, expr_end);
  if (!colon) return e;
  const char *text = p->source->text;
  if (!literal_format_good(text + colon + 1, text + end)) {
    diag_report(p->diags, DIAG_E0116, parser_span(p, colon, end), "`:.2` sets the digits behind the point", NULL,
                arena_strndup(p->arena, text + colon, end - colon));
    parser_fail(p);
  }
  AstExpr *copy = build_expr(p, e->kind, start, end);
  *copy = *e;
  copy->next = NULL;
  if (e->text) { /* a literal or a text keeps its own text: one more level carries the format */
    copy = build_expr(p, AST_FSTRING, e->span.start, e->span.end);
    copy->items = e;
  }
  copy->text = arena_strndup(p->arena, p->source->text + colon + 1, end - colon - 1);
  copy->len = end - colon - 1;
  return copy;
}

AstExpr *literal_fstring(Parser *p, uint32_t start) {
  const char *text = p->source->text;
  uint32_t i = start + 2, piece = i;
  List items = {0};
  uint32_t line_end = i;
  while (line_end < p->limit && text[line_end] != '\n') line_end++;
  char *buffer = arena_alloc(p->arena, line_end - start + 1);
  while (i < p->limit && text[i] != '"' && text[i] != '\n') {
    if (text[i] == '\\' && i + 1 < line_end) {
      i += 2;
      if (text[i - 1] == 'u' && i < line_end && text[i] == '{') {
        while (i < line_end && text[i] != '}' && text[i] != '"') i++;
        if (text[i] == '}') i++;
      }
    } else if ((text[i] == '{' || text[i] == '}') && i + 1 < line_end && text[i + 1] == text[i]) {
      i += 2;
    } else if (text[i] == '}') {
      diag_report(p->diags, DIAG_E0114, parser_span(p, i, i + 1), "write `}}`", NULL);
      parser_fail(p);
      i++;
    } else if (text[i] == '{') {
      uint32_t colon, open = i;
      items = literal_add_piece(p, items, piece, i, buffer);
      i = literal_skip_braces(p, i + 1, &colon);
      if (i >= p->limit || text[i] != '}') {
        diag_report(p->diags, DIAG_E0113, parser_span(p, open, open + 1), "write `{{` for the character", NULL);
        parser_fail(p);
        p->at = i;
        return literal_make(p, AST_STRING, start, i, "", 0);
      }
      items = list_expr(items, literal_part(p, open + 1, i, colon));
      piece = ++i;
    } else {
      i++;
    }
  }
  items = literal_add_piece(p, items, piece, i, buffer);
  p->at = i;
  if (i < p->limit && text[i] == '"') {
    p->at = i + 1;
  } else {
    diag_report(p->diags, DIAG_E0104, parser_span(p, start, i), "the line ends here without a closing `\"`", NULL, "text");
    parser_fail(p);
  }
  AstExpr *e = build_expr(p, AST_FSTRING, start, p->at);
  e->items = items.head;
  return e;
}
