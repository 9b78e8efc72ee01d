/* fmt.c: the canonical layout of a script.
 *
 * Works on tokens, so that the text of each, all comments and the meaning stay as they are; only the
 * space between them changes. Three steps: collect the tokens with the line breaks and comments that
 * the author put before them; lay out: decide for each token whether a line, a space or nothing comes
 * before it, and what a new line is aligned with; print. Alignment is by anchor: a line starts in the
 * column of another token, plus some; cells (`name = value` one under the other) are padded to the
 * widest of their group first, as a tab writer does. */
#include <parse.h>
#include <string.h>

#include "syntax/parse.h"
#include "syntax/syntax_internal.h"

enum { NO_ANCHOR = -1 };

typedef struct Item {
  Token token;
  uint32_t lines;        /* line ends before it in the source, comments' own included */
  uint32_t comment;      /* where the comments before it start; == comment_end when none */
  uint32_t comment_end;
  bool trailing;         /* the first comment stands on the line of the token before */
  bool first;            /* of a statement */
  bool fresh, blank;     /* starts a line; after an empty one */
  bool space;
  int anchor;            /* index of the token whose column counts, or NO_ANCHOR: column 0 */
  int delta;
  int cell;              /* ends a cell of this group (> 0), */
  int cell_from;         /* which starts with this token: padded to the widest cell of the group */
  uint32_t column;       /* where it was printed */
} Item;

typedef struct Fmt {
  Arena *arena;
  const Source *source;
  Item *items;
  int len;
  int groups;            /* of cells, so far */
  char *out;
  size_t out_len;
  uint32_t column;
} Fmt;

/* ---- collecting ---- */

static uint32_t fmt_count_lines(const char *text, uint32_t start, uint32_t end) {
  uint32_t n = 0;
  for (uint32_t i = start; i < end; i++) n += text[i] == '\n';
  return n;
}

static void fmt_add(Fmt *f, Token t, uint32_t from) {
  const char *text = f->source->text;
  f->items = arena_grow(f->arena, f->items, (size_t)f->len, sizeof *f->items);
  Item *i = &f->items[f->len++];
  *i = (Item){.token = t, .anchor = NO_ANCHOR};
  i->lines = fmt_count_lines(text, from, t.start);
  i->comment = i->comment_end = t.start;
  const char *hash = memchr(text + from, '#', t.start - from);
  if (!hash) return;
  i->comment = (uint32_t)(hash - text);
  i->trailing = from > 0 && fmt_count_lines(text, from, i->comment) == 0;
}

static void fmt_collect(Fmt *f, const AstScript *script) {
  Parser p = {.arena = f->arena, .diags = diags_new(f->arena), .source = f->source, .limit = f->source->size};
  const AstStmt *next = script->stmts;
  uint32_t from = 0;
  Token t;
  do {
    t = lex_next(&p);
    fmt_add(f, t, from);
    if (next && t.start == next->span.start) {
      f->items[f->len - 1].first = true;
      next = next->next;
    }
    from = t.end;
  } while (t.kind != 0);
}

/* ---- spaces ---- */

static int fmt_kind(const Fmt *f, int i) { return i >= 0 && i < f->len ? f->items[i].token.kind : 0; }

static bool fmt_is_name(int kind) {
  char word = word_kind(kind);
  return kind == T_IDENT || (word != 0 && word != 'R');
}

/* Whether an operand ends with this token. */
static bool fmt_ends_operand(int kind) {
  switch (kind) {
  case T_INT: case T_NUMBER: case T_STRING: case T_FSTRING: case T_DATE: case T_DURATION: case T_SIZE: case T_RPAREN:
  case T_RBRACK: case T_RBRACE: case T_TRUE: case T_FALSE: case T_NULL: case T_END: case T_UNDERSCORE:
    return true;
  default:
    return fmt_is_name(kind);
  }
}

static bool fmt_source_space(const Fmt *f, int i) { return f->items[i - 1].token.end < f->items[i].token.start; }

static bool fmt_is_rate(const Fmt *f, int i) { /* the % of `limit 5%` */
  return fmt_kind(f, i) == T_MOD && fmt_kind(f, i - 2) == T_LIMIT;
}

static bool fmt_is_unary(const Fmt *f, int i) {
  if (fmt_kind(f, i) != T_MINUS) return false;
  int before = fmt_kind(f, i - 1);
  if (!fmt_ends_operand(before)) return true;
  bool word = before != T_IDENT && fmt_is_name(before);
  return word && fmt_source_space(f, i) && !fmt_source_space(f, i + 1);
}

static bool fmt_is_decimal_comma(const Fmt *f, int i) { /* the comma of decimal(12,2) */
  return fmt_kind(f, i) == T_COMMA && fmt_kind(f, i - 1) == T_INT && fmt_kind(f, i + 1) == T_INT &&
         fmt_kind(f, i - 2) == T_LPAREN && fmt_kind(f, i + 2) == T_RPAREN && fmt_kind(f, i - 3) == T_IDENT;
}

static bool fmt_wants_space(const Fmt *f, int i) {
  int before = fmt_kind(f, i - 1), kind = fmt_kind(f, i);
  if (kind == T_QMARK) return before == T_QMARK;
  if (kind == T_COMMA || kind == T_SEMICOLON || kind == T_RPAREN || kind == T_RBRACK || kind == T_COLON) return false;
  if (kind == T_DOT || before == T_DOT || before == T_LPAREN || before == T_LBRACK) return false;
  if (fmt_is_rate(f, i) || fmt_is_unary(f, i - 1) || fmt_is_decimal_comma(f, i - 1)) return false;
  if (kind != T_LPAREN && kind != T_LBRACK) return true;
  if (before == T_IDENT || before == T_RPAREN || before == T_RBRACK) return false;
  if (fmt_is_name(before)) return fmt_source_space(f, i);
  return !fmt_ends_operand(before) || before == T_NULL;
}

/* ---- lines ---- */

/* What a new line is aligned with, at one depth of brackets. */
typedef struct Level {
  int opener;            /* the bracket, or NO_ANCHOR */
  int base, base_delta;  /* anchor of what stands directly within it */
  int item;              /* anchor of a new item (after a comma), */
  int item_delta;
  int value;             /* anchor within an item, */
  int value_delta;
  int word;              /* the operator's word or the source's, for its clauses */
  int ifs;               /* open `if`s */
  bool broken;           /* a line ends behind the opener */
} Level;

typedef struct Layout {
  Fmt *f;
  Level levels[SYNTAX_DEPTH_MAX + 2];
  int depth;
  int line;              /* first token of the present line */
} Layout;

static void fmt_break(Item *i, int anchor, int delta) {
  i->fresh = true;
  i->anchor = anchor;
  i->delta = delta;
}

/* Whether one of the statement's own `|` starts a line in the source: then all of them do. */
static bool fmt_has_broken_bar(const Fmt *f, int first, int end) {
  int depth = 0;
  for (int i = first; i < end; i++) {
    int kind = fmt_kind(f, i);
    if (kind == T_LPAREN || kind == T_LBRACK || kind == T_LBRACE) depth++;
    if (kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE) depth--;
    if (kind == T_BAR && depth == 0 && f->items[i].lines > 0) return true;
  }
  return false;
}

static bool fmt_is_guard(const Fmt *f, int i) { return fmt_ends_operand(fmt_kind(f, i - 1)); }

static void fmt_open(Layout *l, int i) {
  Fmt *f = l->f;
  Level *n = &l->levels[++l->depth];
  *n = (Level){.opener = i, .word = NO_ANCHOR};
  n->broken = f->items[i + 1].lines > 0;
  n->base = n->item = n->value = n->broken ? l->line : i + 1;
  n->base_delta = n->item_delta = n->value_delta = n->broken ? 2 : 0;
}

static void fmt_break_in_level(Layout *l, int i) {
  Level *n = &l->levels[l->depth];
  Item *item = &l->f->items[i];
  int kind = item->token.kind, before = fmt_kind(l->f, i - 1);
  if (n->opener != NO_ANCHOR && (kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE)) {
    fmt_break(item, n->broken ? n->base : n->opener, 0);
  } else if (n->opener != NO_ANCHOR && kind == T_BAR) {
    fmt_break(item, n->base, n->base_delta);
  } else if (before == T_COMMA || before == T_SEMICOLON || n->opener == i - 1) {
    fmt_break(item, n->item, n->item_delta);
  } else if (n->word != NO_ANCHOR && n->ifs == 0 && (kind == T_BY || kind == T_OVER)) {
    fmt_break(item, n->word, 0);
  } else if (n->word != NO_ANCHOR && n->ifs == 0 && (kind == T_ELSE || kind == T_ON || kind == T_AS || kind == T_PER)) {
    fmt_break(item, n->word, 2);
  } else if (before == T_ASSIGN) {
    fmt_break(item, n->item, n->item_delta + (n->opener == NO_ANCHOR && n->word == NO_ANCHOR ? 0 : 2));
    n->value = i;
    n->value_delta = 0;
  } else {
    fmt_break(item, n->value, n->value_delta);
  }
}

/* Takes notice of token i: brackets, items, values. */
static void fmt_track(Layout *l, int i) {
  Fmt *f = l->f;
  Level *n = &l->levels[l->depth];
  int kind = fmt_kind(f, i);
  bool source = kind == T_READ || kind == T_TAIL || kind == T_VALUES || kind == T_RANGE || kind == T_EXEC || kind == T_LISTEN;
  if (kind == T_LPAREN || kind == T_LBRACK || kind == T_LBRACE) {
    fmt_open(l, i);
  } else if ((kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE) && l->depth > 0) {
    l->depth--;
  } else if (kind == T_BAR) {
    n->word = i + 1;
    n->item = n->value = i + 2;
    n->item_delta = n->value_delta = n->ifs = 0;
  } else if (kind == T_ASSIGN && i + 1 < f->len && f->items[i + 1].lines == 0) {
    n->value = i + 1;
    n->value_delta = 0;
  } else if (source && l->depth == 0 && (f->items[i].first || fmt_kind(f, i - 1) == T_ASSIGN) && n->word == NO_ANCHOR) {
    n->word = i;
  } else if (kind == T_COMMA) {
    n->value = n->item;
    n->value_delta = n->item_delta;
  } else if (kind == T_IF && !fmt_is_guard(f, i)) {
    n->ifs++;
  } else if (kind == T_END && n->ifs > 0) {
    n->ifs--;
  }
}

static void fmt_lay_statement(Layout *l, int first, int end, const AstStmt *stmt) {
  Fmt *f = l->f;
  bool bars = fmt_has_broken_bar(f, first + 1, end);
  const AstTestStep *step = stmt ? stmt->steps : NULL;
  l->depth = 0;
  l->levels[0] = (Level){.opener = NO_ANCHOR, .item = first, .item_delta = 2, .value = first, .value_delta = 2, .word = NO_ANCHOR};
  l->line = first;
  for (int i = first; i < end; i++) {
    Item *item = &f->items[i];
    bool is_step = step && item->token.start == step->span.start;
    item->space = i > first && fmt_wants_space(f, i);
    if (i == first) {
      item->fresh = true;
    } else if (item->token.kind == T_BAR && l->depth == 0) {
      if (bars) fmt_break(item, first, 2);
    } else if (is_step) {
      fmt_break(item, first, 2);
    } else if (stmt && stmt->kind == AST_TEST && i == end - 1) {
      fmt_break(item, first, 0);
    } else if (item->lines > 0) {
      fmt_break_in_level(l, i);
    }
    if (is_step) {
      l->depth = 1;
      l->levels[1] = (Level){.opener = NO_ANCHOR, .item = i, .item_delta = 2, .value = i, .value_delta = 2, .word = NO_ANCHOR};
      step = step->next;
    }
    if (item->fresh) l->line = i;
    item->blank = item->fresh && item->lines > 1 && (i == first || is_step || item->comment < item->comment_end);
    fmt_track(l, i);
  }
}

/* ---- cells ---- */

static bool fmt_is_one_line(const Fmt *f, int first, int end) {
  for (int i = first + 1; i < end; i++)
    if (f->items[i].fresh) return false;
  return true;
}

/* Where the `=` of a stream, param, let or type stands, or the first `|` of a flow; NO_ANCHOR: no cell. */
static int fmt_find_cell(const Fmt *f, int first, int end, const AstStmt *stmt) {
  int wanted = stmt->kind == AST_ANON ? T_BAR : T_ASSIGN, depth = 0;
  bool whole = stmt->kind == AST_ANON || stmt->kind == AST_TYPE;
  if (whole && !fmt_is_one_line(f, first, end)) return NO_ANCHOR;
  if (stmt->kind == AST_ANON && stmt->flow->kind != AST_SRC_STREAM) return NO_ANCHOR;
  if (stmt->kind != AST_ANON && stmt->kind != AST_STREAM && stmt->kind != AST_PARAM && stmt->kind != AST_LET &&
      stmt->kind != AST_TYPE)
    return NO_ANCHOR;
  for (int i = first; i < end && !(i > first && f->items[i].fresh); i++) {
    int kind = fmt_kind(f, i);
    if (kind == T_LPAREN || kind == T_LBRACK || kind == T_LBRACE) depth++;
    if (kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE) depth--;
    if (kind == wanted && depth == 0) return i;
  }
  return NO_ANCHOR;
}

static void fmt_set_cell(Fmt *f, int i, int group, int from) {
  f->items[i].cell = group;
  f->items[i].cell_from = from;
}

/* A list at one depth of brackets whose items may get cells. */
typedef struct CellList {
  int group;             /* of the names; group + 1 of the types; 0: no list here */
  int first;
  int len;
  bool ragged;           /* an item starts within a line: then none gets cells */
} CellList;

static void fmt_end_list(Fmt *f, CellList *c, int end) {
  if (c->group && (c->ragged || c->len < 2))
    for (int i = c->first; i < end; i++)
      if (f->items[i].cell == c->group || f->items[i].cell == c->group + 1) f->items[i].cell = 0;
  *c = (CellList){0};
}

/* The cells of the item that starts at i: before `=`, or after `:` and before the attributes. */
static void fmt_cell_item(Fmt *f, CellList *c, int i, int end) {
  int sep = fmt_kind(f, i + 1), depth = 0;
  if (sep == T_ASSIGN && !f->items[i + 1].fresh) {
    fmt_set_cell(f, i + 1, c->group, i);
    c->len++;
  }
  if (sep != T_COLON || f->items[i + 1].fresh || f->items[i + 2].fresh) return;
  fmt_set_cell(f, i + 2, c->group, i);
  c->len++;
  for (int k = i + 2; k < end && (k == i + 2 || !f->items[k].fresh); k++) {
    int x = fmt_kind(f, k);
    if (x == T_LPAREN || x == T_LBRACK || x == T_LBRACE) depth++;
    if ((x == T_RPAREN || x == T_RBRACK || x == T_RBRACE) && --depth < 0) return;
    if (depth > 0 || k == i + 2) continue;
    if (x == T_COMMA) return;
    if (x == T_KEY || x == T_FROM || x == T_FORMAT || x == T_TZ || x == T_DEFAULT || x == T_CHECK || x == T_MASK) {
      fmt_set_cell(f, k, c->group + 1, i + 2);
      return;
    }
  }
}

/* Lists whose items each start a line: `name = value`, `name: type attributes` one under the other. */
static void fmt_cell_lists(Fmt *f, CellList *lists, int first, int end) {
  int depth = 0;
  lists[0] = (CellList){0};
  for (int i = first; i < end; i++) {
    CellList *c = &lists[depth];
    int kind = fmt_kind(f, i), before = fmt_kind(f, i - 1);
    bool listed = fmt_kind(f, i - 2) == T_BAR && fmt_is_name(kind) && fmt_kind(f, i + 1) == T_ASSIGN;
    if (listed || (before == T_LBRACE && f->items[i].fresh)) {
      *c = (CellList){.group = f->groups + 1, .first = i};
      f->groups += 2;
      fmt_cell_item(f, c, i, end);
    } else if (before == T_COMMA && c->group) {
      if (f->items[i].fresh) fmt_cell_item(f, c, i, end);
      else c->ragged = true;
    }
    if (kind == T_LPAREN || kind == T_LBRACK || kind == T_LBRACE) {
      lists[++depth] = (CellList){0};
    } else if (kind == T_RPAREN || kind == T_RBRACK || kind == T_RBRACE) {
      fmt_end_list(f, c, i);
      if (depth > 0) depth--;
    } else if (kind == T_BAR || kind == T_BY || kind == T_OVER) {
      fmt_end_list(f, c, i);
    }
  }
  fmt_end_list(f, &lists[0], end);
}

static void fmt_lay_out(Fmt *f, const AstScript *script) {
  Layout *l = arena_alloc(f->arena, sizeof *l);
  CellList *lists = arena_alloc(f->arena, (SYNTAX_DEPTH_MAX + 2) * sizeof *lists);
  l->f = f;
  const AstStmt *stmt = script->stmts;
  int group = 0, last_kind = -1;
  for (int first = 0; first < f->len - 1;) {
    int end = first + 1;
    while (end < f->len - 1 && !f->items[end].first) end++;
    Item *x = &f->items[first];
    fmt_lay_statement(l, first, end, x->first ? stmt : NULL);
    if (x->first) {
      if (x->lines > 1 || (int)stmt->kind != last_kind) { /* a comment of its own is a line, too */
        group = f->groups + 1;
        f->groups += 2;
      }
      int cell = fmt_find_cell(f, first, end, stmt);
      bool is_param = stmt->kind == AST_PARAM && fmt_kind(f, first + 2) == T_COLON && !f->items[first + 3].fresh;
      if (is_param) fmt_set_cell(f, first + 3, group + 1, first);
      if (cell != NO_ANCHOR) fmt_set_cell(f, cell, group, is_param ? first + 3 : first);
      last_kind = (int)stmt->kind;
      fmt_cell_lists(f, lists, first + 1, end);
      stmt = stmt->next;
    }
    first = end;
  }
}

/* ---- printing ---- */

static uint32_t fmt_chars(const char *text, uint32_t size) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < size; i++) n += ((unsigned char)text[i] & 0xC0) != 0x80;
  return n;
}

static void fmt_put(Fmt *f, const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    f->out = arena_grow(f->arena, f->out, f->out_len, 1);
    f->out[f->out_len++] = text[i];
    if (text[i] == '\n') f->column = 0;
    else if (((unsigned char)text[i] & 0xC0) != 0x80) f->column++;
  }
}

static void fmt_pad(Fmt *f, uint32_t column) {
  while (f->column < column) fmt_put(f, " ", 1);
}

static uint32_t fmt_cell_width(const Fmt *f, int i) {
  uint32_t width = 0;
  for (int k = f->items[i].cell_from; k < i; k++) {
    const Item *x = &f->items[k];
    if (k > f->items[i].cell_from && x->space) width++;
    width += fmt_chars(f->source->text + x->token.start, x->token.end - x->token.start);
  }
  return width;
}

static void fmt_print_comments(Fmt *f, Item *i, uint32_t column, bool blank) {
  const char *text = f->source->text;
  uint32_t at = i->comment;
  bool first = true;
  while (at < i->token.start) {
    const char *hash = memchr(text + at, '#', i->token.start - at);
    if (!hash) break;
    uint32_t start = (uint32_t)(hash - text), end = start;
    uint32_t lines = fmt_count_lines(text, at, start);
    while (end < i->token.start && text[end] != '\n') end++;
    uint32_t text_end = end;
    while (text_end > start && strchr(" \t\r", text[text_end - 1])) text_end--;
    if (first && i->trailing) {
      fmt_put(f, "  ", 2);
    } else {
      if (f->column > 0) fmt_put(f, "\n", 1);
      if ((first ? blank : lines > 1) && f->out_len > 0) fmt_put(f, "\n", 1);
      fmt_pad(f, column);
    }
    fmt_put(f, text + start, text_end - start);
    at = end;
    first = false;
  }
}

static void fmt_print(Fmt *f) {
  const char *text = f->source->text;
  uint32_t *widths = arena_alloc(f->arena, ((size_t)f->groups + 1) * sizeof *widths);
  for (int i = 0; i < f->len; i++) {
    uint32_t width = f->items[i].cell ? fmt_cell_width(f, i) : 0;
    if (width > widths[f->items[i].cell]) widths[f->items[i].cell] = width;
  }
  for (int i = 0; i < f->len; i++) {
    Item *x = &f->items[i];
    bool last = x->token.kind == 0;
    uint32_t column = x->fresh ? (x->anchor == NO_ANCHOR ? 0 : f->items[x->anchor].column) + (uint32_t)x->delta : 0;
    bool comments = x->comment < x->comment_end;
    uint32_t before = comments ? fmt_count_lines(text, i ? f->items[i - 1].token.end : 0, x->comment) : 0;
    if (comments) fmt_print_comments(f, x, column, before > 1);
    if (last) break;
    uint32_t after = comments ? 0 : x->lines;
    if (comments) {
      uint32_t end = x->token.start;
      while (end > x->comment && strchr(" \t\r\n", text[end - 1])) end--;
      after = fmt_count_lines(text, end, x->token.start);
    }
    if (x->fresh || comments) {
      if (f->column > 0) fmt_put(f, "\n", 1);
      if (after > 1 && x->blank && f->out_len > 0) fmt_put(f, "\n", 1);
      fmt_pad(f, column);
    } else if (x->cell) {
      fmt_pad(f, f->items[x->cell_from].column + widths[x->cell]);
      if (x->space) fmt_put(f, " ", 1);
    } else if (x->space) {
      fmt_put(f, " ", 1);
    }
    x->column = f->column;
    fmt_put(f, text + x->token.start, x->token.end - x->token.start);
  }
  if (f->column > 0) fmt_put(f, "\n", 1);
  f->out = arena_grow(f->arena, f->out, f->out_len, 1);
  f->out[f->out_len] = 0;
}

char *syntax_format(Arena *arena, const Source *source, const AstScript *script) {
  Fmt f = {.arena = arena, .source = source};
  fmt_collect(&f, script);
  fmt_lay_out(&f, script);
  fmt_print(&f);
  return f.out;
}
