/* flow.re: bytes to tokens, for re2c.
 *
 * lex_next returns the next token of p, Lemon's own numbers; comments and spaces are skipped. Errors
 * in characters are reported here and the nearest good token is returned, so that parsing goes on;
 * NUL bytes and invalid UTF-8 are reported for the whole source beforehand (parse.c). */
#include "syntax/syntax_internal.h"

#include <string.h>

#include "parse.h"

static Token lex_make(const Parser *p, int kind, uint32_t start, uint32_t end) {
  (void)p;
  return (Token){.start = start, .end = end, .kind = kind};
}

static Token lex_value(Parser *p, int kind, uint32_t start, AstExpr *e) {
  return (Token){.start = start, .end = p->at, .kind = kind, .expr = e};
}

static Token lex_word(Parser *p, uint32_t start) {
  Token t = lex_make(p, T_IDENT, start, p->at);
  t.name = arena_strndup(p->arena, p->source->text + start, p->at - start);
  int word = word_find(t.name, p->at - start);
  if (word) t.kind = word;
  return t;
}

static Token lex_backquoted(Parser *p, uint32_t start) {
  Token t = lex_make(p, T_IDENT, start, p->at);
  if (t.end - t.start <= 2) diag_report(p->diags, DIAG_E0112, parser_span(p, start, p->at), NULL, NULL);
  t.name = arena_strndup(p->arena, p->source->text + start + 1, t.end - t.start - 2);
  return t;
}

/* The operator of another language: reported with what Flow writes, and taken as that. */
static Token lex_foreign(Parser *p, int kind, uint32_t start, const char *right) {
  const char *found = arena_strndup(p->arena, p->source->text + start, p->at - start);
  diag_report(p->diags, DIAG_E0117, parser_span(p, start, p->at),
              arena_printf(p->arena, "write `%s`", right), NULL, found);
  parser_fail(p);
  return lex_make(p, kind, start, p->at);
}

static void lex_unclosed(Parser *p, uint32_t start, const char *what) {
  diag_report(p->diags, DIAG_E0104, parser_span(p, start, p->at), "the line ends here without a closing `\"`",
              what[0] == 'b' ? NULL : "text over several lines is written \"\"\"...\"\"\"", what);
  parser_fail(p);
}

static AstExpr *lex_broken(Parser *p, uint32_t start) {
  AstExpr *e = build_expr(p, AST_STRING, start, p->at);
  e->text = "";
  return e;
}

static void lex_bad_byte(Parser *p, uint32_t start) {
  const char *text = p->source->text;
  unsigned char c = (unsigned char)text[start];
  parser_fail(p);
  if (c == 0 || c == 0x7F || (c < 0x20 && c != '\t')) return; /* reported by the check of all bytes */
  if (c < 0x80) {
    const char *hint = c == '\'' ? "texts are written with `\"`" : NULL;
    diag_report(p->diags, DIAG_E0101, parser_span(p, start, p->at), hint, NULL, arena_printf(p->arena, "`%c`", c));
    return;
  }
  p->at = start;
  while (p->at < p->limit && (unsigned char)text[p->at] >= 0x80) {
    uint32_t size = parser_utf8_size(p, p->at);
    if (size == 0) {
      p->at++;
      return; /* reported as well */
    }
    p->at += size;
  }
  diag_report(p->diags, DIAG_E0101, parser_span(p, start, p->at),
              "a name with other letters than a-z stands between backquotes", NULL,
              arena_printf(p->arena, "`%.*s`", (int)(p->at - start < 40 ? p->at - start : 40), text + start));
}

Token lex_next(Parser *p) {
  const unsigned char *text = (const unsigned char *)p->source->text;
  const unsigned char *limit = text + p->limit;
  const unsigned char *YYCURSOR, *YYMARKER;
  uint32_t start;

again:
  if (p->at >= p->limit) return lex_make(p, 0, p->limit, p->limit);
  start = p->at;
  YYCURSOR = text + start;
#define DONE(kind) return HERE(), lex_make(p, kind, start, p->at)
#define HERE() (p->at = (uint32_t)((YYCURSOR > limit ? limit : YYCURSOR) - text))
  /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:yyfill:enable = 0;

    end     = "\x00";
    digit   = [0-9];
    int     = digit ("_"? digit)*;
    exp     = [eE] [+-]? digit+;
    unit    = "us" | "ms" | "s" | "m" | "h" | "d" | "w";
    size    = "KiB" | "MiB" | "GiB" | "TiB" | "KB" | "MB" | "GB" | "TB" | "B";
    date    = digit{4} "-" digit{2} "-" digit{2};
    time    = digit{2} ":" digit{2} (":" digit{2} ("." digit+)?)?;
    zone    = "Z" | [+-] digit{2} ":" digit{2};
    inline  = [^"\\\n\x00] | "\\" [^\n\x00];

    [ \t\r\n]+            { HERE(); goto again; }
    "#" [^\n\x00]*        { HERE(); goto again; }
    "\xEF\xBB\xBF"        { HERE(); if (start != 0) lex_bad_byte(p, start); goto again; }

    [A-Za-z_] [A-Za-z0-9_]*   { HERE(); return lex_word(p, start); }
    "`" [^`\n\x00]* "`"       { HERE(); return lex_backquoted(p, start); }
    "`"                   {
      HERE();
      while (p->at < p->limit && text[p->at] != '\n') p->at++;
      diag_report(p->diags, DIAG_E0111, parser_span(p, start, p->at), NULL, NULL);
      parser_fail(p);
      return (Token){.start = start, .end = p->at, .kind = T_IDENT, .name = "?"};
    }

    int                   { HERE(); return lex_value(p, T_INT, start, literal_number(p, start, p->at, true)); }
    int "." int exp? | int exp {
      HERE(); return lex_value(p, T_NUMBER, start, literal_number(p, start, p->at, false));
    }
    (int unit)+           { HERE(); return lex_value(p, T_DURATION, start, literal_units(p, start, p->at)); }
    int size              { HERE(); return lex_value(p, T_SIZE, start, literal_units(p, start, p->at)); }
    int [A-Za-z0-9_]+ | int "." int [A-Za-z0-9_]+ {
      HERE();
      diag_report(p->diags, DIAG_E0108, parser_span(p, start, p->at), NULL, NULL,
                  arena_strndup(p->arena, (const char *)text + start, p->at - start < 60 ? p->at - start : 60));
      parser_fail(p);
      AstExpr *e = build_expr(p, AST_INT, start, p->at);
      e->text = "0";
      e->len = 1;
      return lex_value(p, T_INT, start, e);
    }

    "@" date | "@" date "T" time zone? {
      HERE(); return lex_value(p, T_DATE, start, literal_date(p, start, p->at));
    }
    "@" [0-9A-Za-z:.+-]* {
      HERE();
      diag_report(p->diags, DIAG_E0109, parser_span(p, start, p->at),
                  "dates are written @2026-07-01, times @2026-07-01T12:30:00Z", NULL,
                  arena_strndup(p->arena, (const char *)text + start, p->at - start < 60 ? p->at - start : 60));
      parser_fail(p);
      AstExpr *e = build_expr(p, AST_DATE, start, p->at);
      e->text = "2000-01-01";
      e->len = 10;
      return lex_value(p, T_DATE, start, e);
    }

    "\"" inline* "\""     { HERE(); return lex_value(p, T_STRING, start, literal_string(p, start, p->at)); }
    "r\"" inline* "\""    { HERE(); return lex_value(p, T_STRING, start, literal_raw(p, start, p->at)); }
    "\"" inline* | "r\"" inline* {
      HERE(); lex_unclosed(p, start, "text"); return lex_value(p, T_STRING, start, lex_broken(p, start));
    }
    "f\""                 { AstExpr *e = literal_fstring(p, start); return lex_value(p, T_FSTRING, start, e); }
    "\"\"\""              { AstExpr *e = literal_block(p, start, p->limit); return lex_value(p, T_STRING, start, e); }
    "'" [^'\n\x00]* "'"   {
      HERE();
      diag_report(p->diags, DIAG_E0101, parser_span(p, start, p->at), "texts are written with `\"`", NULL, "`'`");
      parser_fail(p);
      return lex_value(p, T_STRING, start, lex_broken(p, start));
    }

    "("   { DONE(T_LPAREN); }
    ")"   { DONE(T_RPAREN); }
    "["   { DONE(T_LBRACK); }
    "]"   { DONE(T_RBRACK); }
    "{"   { DONE(T_LBRACE); }
    "}"   { DONE(T_RBRACE); }
    ","   { DONE(T_COMMA); }
    ":"   { DONE(T_COLON); }
    ";"   { DONE(T_SEMICOLON); }
    "."   { DONE(T_DOT); }
    "?"   { DONE(T_QMARK); }
    "??"  { DONE(T_COALESCE); }
    "|"   { DONE(T_BAR); }
    "->"  { DONE(T_ARROW); }
    "=>"  { DONE(T_FATARROW); }
    "="   { DONE(T_ASSIGN); }
    "=="  { DONE(T_EQ); }
    "!="  { DONE(T_NE); }
    "<"   { DONE(T_LT); }
    "<="  { DONE(T_LE); }
    ">"   { DONE(T_GT); }
    ">="  { DONE(T_GE); }
    "=~"  { DONE(T_MATCHES); }
    "+"   { DONE(T_PLUS); }
    "-"   { DONE(T_MINUS); }
    "*"   { DONE(T_STAR); }
    "/"   { DONE(T_SLASH); }
    "//"  { DONE(T_FLOORDIV); }
    "%"   { DONE(T_MOD); }
    "&&"  { HERE(); return lex_foreign(p, T_AND, start, "and"); }
    "||"  { HERE(); return lex_foreign(p, T_OR, start, "or"); }
    "!"   { HERE(); return lex_foreign(p, T_NOT, start, "not"); }
    "<>"  { HERE(); return lex_foreign(p, T_NE, start, "!="); }
    "===" { HERE(); return lex_foreign(p, T_EQ, start, "=="); }
    "|>"  { HERE(); return lex_foreign(p, T_BAR, start, "|"); }

    *     { HERE(); lex_bad_byte(p, start); goto again; }
  */
}
