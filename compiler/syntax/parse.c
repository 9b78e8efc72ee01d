/* parse.c: drives the lexer and Lemon's parser, and goes on after errors.
 *
 * Before a token is fed, flow_can_take asks the parser's tables whether it fits. If not, one error is
 * reported, with what the tables would have taken; then tokens are skipped to a `|` or to a word that
 * begins a statement, the parser's stack is cut back, and RECOVER stands for what was broken. An
 * operator's word without `|` in front of it is reported and repaired. */
#include "syntax/parse.h"

#include <parse.h>
#include <string.h>

#include "syntax/syntax_internal.h"

void *FlowParseAlloc(void *(*alloc)(size_t), Parser *p);
void FlowParseFree(void *parser, void (*release)(void *));
void FlowParse(void *parser, int kind, Token token);
bool flow_can_take(void *parser, int token, bool fallback);
bool flow_can_take_both(void *parser, int first, int second);
void flow_unwind(void *parser, bool to_statement);
bool flow_at_first_name(void *parser);

enum { EXPECTED_LEN_MAX = 5, FOUND_SIZE_MAX = 40, BAD_BYTES_MAX = 10 };

typedef struct Bracket {
  uint32_t at;
  char close;
} Bracket;

typedef struct Driver {
  Parser *p;
  void *lemon;
  Token token, next;
  bool whole;                 /* a script, not an expression of an f-string */
  uint32_t stmt_column;       /* where the present statement starts */
  Bracket brackets[SYNTAX_DEPTH_MAX];
  uint32_t bracket_len;
} Driver;

Span parser_span(const Parser *p, uint32_t start, uint32_t end) { return (Span){p->file, start, end}; }

void parser_fail(Parser *p) {
  p->failed = p->bad_token = true;
  p->bad_at = p->at;
}

void parser_too_deep(Parser *p, uint32_t at) {
  if (!p->too_deep) {
    diag_report(p->diags, DIAG_E0903, parser_span(p, at, at + 1), NULL, "take parts of it into a `let`, a `fn` or a `derive`",
                (unsigned)SYNTAX_DEPTH_MAX);
  }
  p->too_deep = p->failed = true;
}

/* ---- what a token is called ---- */

static const char *driver_found(const Driver *d, const Token *t) {
  Arena *a = d->p->arena;
  uint32_t size = t->end - t->start;
  if (t->kind == 0) return d->whole ? "the end of the script" : "the end of the expression";
  const char *text = d->p->source->text + t->start;
  const char *line_end = memchr(text, '\n', size);
  uint32_t shown = line_end ? (uint32_t)(line_end - text) : size;
  const char *more = shown < size || shown > FOUND_SIZE_MAX ? "..." : "";
  if (shown > FOUND_SIZE_MAX)
    for (shown = FOUND_SIZE_MAX; ((unsigned char)text[shown] & 0xC0) == 0x80; shown--) {}
  const char *kind = t->kind == T_STRING || t->kind == T_FSTRING ? "the text "
                     : t->kind == T_INT || t->kind == T_NUMBER   ? "the number "
                                                                 : "";
  if (text[0] == '`') return arena_printf(a, "%.*s%s", (int)shown, text, more);
  return arena_printf(a, "%s`%.*s%s`", kind, (int)shown, text, more);
}

typedef struct Name {
  int token;
  const char *text;
} Name;

/* Marks and kinds of tokens in the order in which they are offered; words follow. */
static const Name NAMES[] = {
  {T_RPAREN, "`)`"}, {T_RBRACK, "`]`"}, {T_RBRACE, "`}`"}, {T_COMMA, "`,`"}, {T_COLON, "`:`"}, {T_ASSIGN, "`=`"},
  {T_ARROW, "`->`"}, {T_FATARROW, "`=>`"}, {T_BAR, "`|`"}, {T_SEMICOLON, "`;`"}, {T_LPAREN, "`(`"},
  {T_LBRACK, "`[`"}, {T_LBRACE, "`{`"}, {T_EQ, "`==`"}, {T_STRING, "a text"}, {T_INT, "a number"},
  {T_DURATION, "a duration such as 5s"}, {T_DOT, "`.`"}
};

typedef struct Expected {
  const char *items[EXPECTED_LEN_MAX + 1];
  uint32_t len;
  bool more;
} Expected;

static void expected_add(Expected *e, const char *text) {
  if (e->len < EXPECTED_LEN_MAX) e->items[e->len++] = text;
  else e->more = true;
}

static bool driver_takes(const Driver *d, int token) { return flow_can_take(d->lemon, token, false); }

static void expected_add_words(const Driver *d, Expected *e, bool operand_follows, bool stmt) {
  static const int WORDS[] = {
#define WORD(token, text, kind) T_##token,
#include "syntax/words.def"
#undef WORD
  };
  bool ops = driver_takes(d, T_FILTER);
  for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
    int t = WORDS[i];
    if (!driver_takes(d, t)) continue;
    char kind = word_kind(t);
    bool starts_expr = t == T_NULL || t == T_TRUE || t == T_FALSE || t == T_IF || t == T_MATCH || t == T_NOT;
    bool continues = t == T_AND || t == T_OR || t == T_IS || t == T_IN || t == T_NOT;
    bool source = t == T_READ || t == T_TAIL || t == T_LISTEN || t == T_VALUES || t == T_RANGE || t == T_EXEC || t == T_UNION;
    if (kind == 'O' && ops) continue;
    if ((kind == 'S' || source) && stmt) continue;
    if (starts_expr && operand_follows) continue;
    if (continues && !operand_follows && t != T_NULL) continue;
    expected_add(e, arena_printf(d->p->arena, "`%s`", word_text(t)));
  }
  if (ops) expected_add(e, "an operator such as `filter` or `write`");
}

/* "a name", "`)` or `,`", "an expression": what the tables take where the parser stands. */
static const char *driver_expected(const Driver *d) {
  Expected e = {0};
  Arena *a = d->p->arena;
  bool operand = driver_takes(d, T_INT) && driver_takes(d, T_LPAREN) && driver_takes(d, T_MINUS);
  bool operand_done = driver_takes(d, T_PLUS) && driver_takes(d, T_EQ);
  bool stmt = driver_takes(d, T_PARAM) && driver_takes(d, T_TEST);
  if (operand && !operand_done) expected_add(&e, "an expression");
  else if (!stmt && driver_takes(d, T_IDENT)) expected_add(&e, "a name");
  for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
    int t = NAMES[i].token;
    bool part = t == T_LPAREN || t == T_LBRACK || t == T_LBRACE || t == T_STRING || t == T_INT || t == T_DURATION;
    bool follows = t == T_DOT || t == T_EQ || t == T_LBRACK || t == T_LPAREN;
    bool semicolon = t == T_SEMICOLON && stmt;
    if ((part && operand) || (follows && operand_done) || semicolon || !driver_takes(d, t)) continue;
    expected_add(&e, NAMES[i].text);
  }
  expected_add_words(d, &e, operand && !operand_done, stmt);
  if (stmt) expected_add(&e, "the next statement");
  if (e.len == 0) return d->whole ? "a statement" : "the end of the expression";
  const char *out = e.items[0];
  for (uint32_t i = 1; i < e.len; i++)
    out = arena_printf(a, i + 1 == e.len && !e.more ? "%s or %s" : "%s, %s", out, e.items[i]);
  return e.more ? arena_printf(a, "%s, ...", out) : out;
}

/* ---- where a token stands ---- */

/* The column (bytes from 0) of a token that is the first of its line, or UINT32_MAX. */
static uint32_t driver_line_column(const Driver *d, const Token *t) {
  const char *text = d->p->source->text;
  uint32_t i = t->start;
  while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\t')) i--;
  return i == 0 || text[i - 1] == '\n' ? t->start - i : UINT32_MAX;
}

static bool token_is_word(const Token *t) { return t->kind == T_IDENT || word_kind(t->kind) != 0; }

static bool token_starts_source(int kind) {
  return kind == T_READ || kind == T_TAIL || kind == T_LISTEN || kind == T_VALUES || kind == T_UNION || kind == T_RANGE ||
         kind == T_EXEC;
}

/* A word that begins a statement and is followed by what such a statement goes on with. */
static bool driver_is_declaration(const Driver *d) {
  char kind = word_kind(d->token.kind);
  if (kind != 'S' || driver_line_column(d, &d->token) == UINT32_MAX) return false;
  return token_is_word(&d->next) || d->next.kind == T_STRING;
}

/* Where parsing may go on after an error. */
static bool driver_is_statement(const Driver *d) {
  uint32_t column = driver_line_column(d, &d->token);
  if (column == UINT32_MAX || column > d->stmt_column || !token_is_word(&d->token)) return false;
  if (word_kind(d->token.kind) == 'R') return false;
  if (driver_is_declaration(d) || token_starts_source(d->token.kind)) return true;
  return d->next.kind == T_ASSIGN || d->next.kind == T_BAR || d->next.kind == T_DOT || column == 0;
}

/* ---- feeding ---- */

static void driver_advance(Driver *d) {
  d->token = d->next;
  d->next = lex_next(d->p);
}

static void driver_feed(Driver *d, Token t) {
  d->p->token = t;
  FlowParse(d->lemon, t.kind, t);
  d->p->before = t;
}

static void driver_note_bracket(Driver *d) {
  const Token *t = &d->token;
  char close = t->kind == T_LPAREN ? ')' : t->kind == T_LBRACK ? ']' : t->kind == T_LBRACE ? '}' : 0;
  if (close) {
    if (d->bracket_len == SYNTAX_DEPTH_MAX) parser_too_deep(d->p, t->start);
    else d->brackets[d->bracket_len++] = (Bracket){t->start, close};
  } else if ((t->kind == T_RPAREN || t->kind == T_RBRACK || t->kind == T_RBRACE) && d->bracket_len > 0) {
    d->bracket_len--;
  }
}

/* ---- errors ---- */

/* What other languages write where this token cannot stand. */
static const char *driver_token_cure(const Driver *d, const Token *t) {
  if (t->kind == T_ASSIGN && driver_takes(d, T_AND)) return "a comparison is written `==`";
  if (t->kind == T_QMARK && driver_takes(d, T_AND)) return "a choice is written `if c then a else b end`";
  if (t->kind == T_LT && driver_takes(d, T_CHECK)) return "a list of texts is written `[string]`";
  if (t->kind == T_STAR && d->p->before.kind == T_LPAREN) return "`count()` counts rows";
  return NULL;
}

static void driver_report_token(Driver *d, const Token *t) {
  Parser *p = d->p;
  const char *note = NULL;
  if (d->bracket_len > 0) {
    const Bracket *b = &d->brackets[d->bracket_len - 1];
    char open = p->source->text[b->at];
    uint32_t line, column;
    diag_place(p->source, b->at, &line, &column);
    if (t->kind == 0 && d->whole) {
      diag_report(p->diags, DIAG_E0203, parser_span(p, b->at, b->at + 1),
                  arena_printf(p->arena, "no `%c` follows", b->close), NULL, arena_printf(p->arena, "%c", open));
      return;
    }
    note = arena_printf(p->arena, "`%c` was opened at %u:%u", open, line, column);
  }
  uint32_t start = t->start, end = t->end;
  if (t->kind == 0 && p->before.end > 0) start = p->before.end > 0 ? p->before.end - 1 : 0, end = p->before.end;
  diag_report(p->diags, DIAG_E0201, parser_span(p, start, end), driver_token_cure(d, t), note, driver_expected(d),
              driver_found(d, t));
}

static bool token_compares(int kind) {
  return kind == T_EQ || kind == T_NE || kind == T_LT || kind == T_LE || kind == T_GT || kind == T_GE;
}

/* A name that was taken for the start of a statement, though it stands within a line. */
static bool driver_blames_name(const Driver *d) {
  return d->whole && flow_at_first_name(d->lemon) && d->p->before.kind != T_RECOVER &&
         driver_line_column(d, &d->p->before) == UINT32_MAX;
}

/* What follows a bad token on its line is noise. */
static bool driver_follows_bad_token(const Driver *d) {
  const Parser *p = d->p;
  if (!p->bad_token) return false;
  uint32_t from = p->bad_at < d->token.start ? p->bad_at : d->token.start;
  uint32_t to = p->bad_at < d->token.start ? d->token.start : p->bad_at;
  return !memchr(p->source->text + from, '\n', to - from);
}

/* What an operator of SQL, Kusto, PRQL or a data frame is called here. */
static const char *driver_operator_cure(const Driver *d, const char *name) {
  static const char *const pairs[][2] = {
      {"where", "filter"},   {"having", "filter"},       {"group", "aggregate ... by"}, {"groupby", "aggregate ... by"},
      {"summarize", "aggregate ... by"}, {"order", "sort"}, {"orderby", "sort"},        {"limit", "take"},
      {"head", "take"},      {"offset", "skip"},         {"map", "derive"},             {"mutate", "derive"},
      {"extend", "derive"},  {"project", "select"},      {"dedup", "distinct"},         {"unique", "distinct"},
      {"uniq", "distinct"},  {"melt", "unpivot"},        {"unnest", "explode"},         {"flatten", "explode"},
      {"split", "route"},    {"validate", "assert"},     {"print", "write csv(\"-\")"}, {"save", "write"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    if (!strcmp(pairs[i][0], name)) return arena_printf(d->p->arena, "write `%s`", pairs[i][1]);
  return NULL;
}

static void driver_report(Driver *d) {
  Parser *p = d->p;
  const Token *t = &d->token;
  Span span = parser_span(p, t->start, t->end);
  p->failed = true;
  if (driver_follows_bad_token(d)) return;
  if (token_compares(t->kind) && driver_takes(d, T_AND)) {
    diag_report(p->diags, DIAG_E0211, span, "write `a < b and b < c`", NULL);
  } else if ((t->kind == T_RPAREN || t->kind == T_RBRACK || t->kind == T_RBRACE) && d->bracket_len == 0) {
    const char *pair = t->kind == T_RPAREN ? "()" : t->kind == T_RBRACK ? "[]" : "{}";
    diag_report(p->diags, DIAG_E0204, span, NULL, NULL, arena_printf(p->arena, "%c", pair[1]),
                arena_printf(p->arena, "%c", pair[0]));
  } else if (driver_takes(d, T_FILTER) && token_is_word(t)) {
    const char *names[] = {
#define WORD_R(text)
#define WORD_S(text)
#define WORD_C(text)
#define WORD_O(text) text,
#define WORD(token, text, kind) WORD_##kind(text)
#include "syntax/words.def"
#undef WORD
    };
    const char *near = diag_nearest(t->name ? t->name : "", names, sizeof names / sizeof names[0]);
    const char *cure = driver_operator_cure(d, t->name ? t->name : "");
    if (!cure && near) cure = arena_printf(p->arena, "did you mean `%s`?", near);
    diag_report(p->diags, DIAG_E0205, span, cure, cure ? NULL : "an `op` of your own is written `| call name(...)`", t->name ? t->name : "?");
  } else if (driver_blames_name(d)) {
    const Token *b = &p->before;
    diag_report(p->diags, DIAG_E0201, parser_span(p, b->start, b->end), NULL,
                "a statement starts on a line of its own and goes on with `=` or `|`",
                "`|` or the end of the statement", driver_found(d, b));
  } else {
    driver_report_token(d, t);
  }
}

/* An operator's word where only `|` and the word would fit: reports it and feeds the `|`. */
static bool driver_repair_bar(Driver *d) {
  Parser *p = d->p;
  if (word_kind(d->token.kind) != 'O' || d->token.kind == T_UNION) return false;
  int next = d->next.kind;
  if (next == T_ASSIGN || next == T_DOT || next == T_COMMA || next == T_RPAREN || next == T_RBRACE) return false;
  if (next == T_BAR && d->token.kind != T_DISTINCT) return false;
  if (next == T_LPAREN && driver_line_column(d, &d->token) == UINT32_MAX) return false;
  if (driver_takes(d, d->token.kind) || !driver_takes(d, T_BAR)) return false;
  diag_report(p->diags, DIAG_E0202, parser_span(p, d->token.start, d->token.end),
              arena_printf(p->arena, "expected `|` before `%s`", word_text(d->token.kind)), NULL,
              word_text(d->token.kind));
  p->failed = true;
  driver_feed(d, (Token){.start = d->token.start, .end = d->token.start, .kind = T_BAR});
  return true;
}

/* A word on its line's start that can only begin a statement, where the one before is not complete: the
 * tables would take it for a name there and complain one token later. */
static bool driver_is_misplaced(const Driver *d) {
  if (!token_is_word(&d->token) || driver_line_column(d, &d->token) > d->stmt_column) return false;
  if (d->next.kind == T_ASSIGN) return d->token.kind != T_NULL && !flow_can_take_both(d->lemon, T_IDENT, T_ASSIGN);
  return driver_is_declaration(d) && !driver_takes(d, d->token.kind);
}

/* Skips to where the script goes on and tells the parser. */
static void driver_recover(Driver *d) {
  while (d->token.kind != 0 && d->token.kind != T_BAR && !driver_is_statement(d)) driver_advance(d);
  d->bracket_len = 0;
  d->p->script->broken = true;
  flow_unwind(d->lemon, d->token.kind != T_BAR);
  driver_feed(d, (Token){.start = d->token.start, .end = d->token.start, .kind = T_RECOVER});
}

static void driver_run(Driver *d) {
  Parser *p = d->p;
  uint32_t recovered_at = UINT32_MAX;
  driver_advance(d);
  driver_advance(d);
  while (!p->too_deep) {
    bool misplaced = d->whole && driver_is_misplaced(d);
    if (d->whole && driver_repair_bar(d)) continue;
    if (!misplaced && flow_can_take(d->lemon, d->token.kind, true)) {
      if (driver_takes(d, T_PARAM) && driver_takes(d, T_TEST)) {
        uint32_t column = driver_line_column(d, &d->token);
        if (column != UINT32_MAX) d->stmt_column = column;
      }
      driver_note_bracket(d);
      if (p->too_deep) break;
      driver_feed(d, d->token);
      if (d->token.kind == 0) return;
      driver_advance(d);
      continue;
    }
    if (recovered_at != d->token.start) driver_report(d);
    if (!d->whole) return;
    if (recovered_at == d->token.start && d->token.kind != 0) driver_advance(d);
    driver_recover(d);
    recovered_at = d->token.start;
    if (d->token.kind == 0 && !flow_can_take(d->lemon, 0, true)) return;
  }
}

static void *driver_alloc(size_t size) { return frt_malloc(size); }
static void driver_free(void *memory) { frt_free(memory); }

static void driver_parse(Parser *p, bool whole) {
  Driver *d = arena_alloc(p->arena, sizeof *d);
  d->p = p;
  d->whole = whole;
  d->lemon = FlowParseAlloc(driver_alloc, p);
  if (!whole) driver_feed(d, (Token){.start = p->at, .end = p->at, .kind = T_FSTART});
  driver_run(d);
  FlowParseFree(d->lemon, driver_free);
}

AstExpr *parser_sub_expr(Parser *p, uint32_t start, uint32_t end) {
  const char *text = p->source->text;
  while (start < end && (text[start] == ' ' || text[start] == '\t')) start++;
  if (start == end) {
    diag_report(p->diags, DIAG_E0115, parser_span(p, start - 1, end + 1), "write `{{` for the character", NULL);
    p->failed = true;
  } else if (p->fstring_depth == SYNTAX_FSTRING_MAX) {
    diag_report(p->diags, DIAG_E0903, parser_span(p, start, end), NULL, NULL, (unsigned)SYNTAX_FSTRING_MAX);
    p->failed = true;
  } else {
    Parser sub = {.arena = p->arena, .diags = p->diags, .source = p->source, .file = p->file, .at = start,
                  .limit = end, .fstring_depth = p->fstring_depth + 1};
    driver_parse(&sub, false);
    p->failed |= sub.failed;
    p->too_deep |= sub.too_deep;
    if (sub.result && !sub.failed) return sub.result;
  }
  return build_expr(p, AST_ERROR, start, end);
}

/* ---- the whole source ---- */

/* Bytes of the UTF-8 character at text[i] (Unicode 15, table 3-7), 0 when there is none; the source
 * ends with a NUL, which is no continuation byte. */
static uint32_t utf8_size(const unsigned char *t) {
  if (t[0] < 0x80) return 1;
  if (t[0] >= 0xC2 && t[0] < 0xE0) return (t[1] & 0xC0) == 0x80 ? 2 : 0;
  if (t[0] >= 0xE0 && t[0] < 0xF0) {
    unsigned char low = t[0] == 0xE0 ? 0xA0 : 0x80, high = t[0] == 0xED ? 0x9F : 0xBF;
    return t[1] >= low && t[1] <= high && (t[2] & 0xC0) == 0x80 ? 3 : 0;
  }
  if (t[0] < 0xF0 || t[0] > 0xF4) return 0;
  unsigned char low = t[0] == 0xF0 ? 0x90 : 0x80, high = t[0] == 0xF4 ? 0x8F : 0xBF;
  return t[1] >= low && t[1] <= high && (t[2] & 0xC0) == 0x80 && (t[3] & 0xC0) == 0x80 ? 4 : 0;
}

/* NUL and control characters and bytes that are no UTF-8 are errors wherever they stand. */
static void parser_check_bytes(Parser *p) {
  const unsigned char *text = (const unsigned char *)p->source->text;
  uint32_t reported = 0;
  for (uint32_t i = 0; i < p->source->size && reported < BAD_BYTES_MAX;) {
    uint32_t size = utf8_size(text + i);
    bool control = text[i] < 0x20 && !strchr("\t\n\r", text[i] ? text[i] : 1);
    if (size > 0 && !control && text[i] != 0x7F) {
      i += size;
      continue;
    }
    Span span = parser_span(p, i, i + 1);
    if (text[i] == 0) diag_report(p->diags, DIAG_E0103, span, NULL, NULL);
    else if (size == 0) diag_report(p->diags, DIAG_E0102, span, "scripts are written in UTF-8", NULL, text[i]);
    else diag_report(p->diags, DIAG_E0118, span, "write it as `\\u{...}` in a text", NULL, text[i]);
    p->failed = true;
    reported++;
    i++;
    while (size == 0 && (text[i] & 0xC0) == 0x80) i++;
  }
}

uint32_t parser_utf8_size(const Parser *p, uint32_t at) {
  return utf8_size((const unsigned char *)p->source->text + at);
}

AstScript *syntax_parse(Arena *arena, Diags *d, uint32_t file) {
  Parser p = {.arena = arena, .diags = d, .source = diags_source(d, file), .file = file};
  p.script = arena_alloc(arena, sizeof *p.script);
  p.script->file = file;
  if (!p.source) return p.script; /* too large: reported when it was added */
  p.limit = p.source->size;
  parser_check_bytes(&p);
  driver_parse(&p, true);
  p.script->broken |= p.too_deep;
  return p.script;
}
