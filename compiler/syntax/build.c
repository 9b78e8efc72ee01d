/* build.c: makes the nodes of the tree, for the actions of grammar/flow.y.
 *
 * Each level of an expression is counted in AstExpr.depth: what is deeper than SYNTAX_DEPTH_MAX is
 * reported and cut off, because later passes recurse over expressions. */
#include <parse.h>
#include <string.h>

#include "syntax/syntax_internal.h"

#define LIST_FUNCTION(name, type)                  \
  List name(List l, type *x) {                     \
    if (!x) return l;                              \
    if (l.tail) ((type *)l.tail)->next = x;        \
    else l.head = x;                               \
    l.tail = x;                                    \
    return l;                                      \
  }

LIST_FUNCTION(list_expr, AstExpr)
LIST_FUNCTION(list_arg, AstArg)
LIST_FUNCTION(list_arm, AstArm)
LIST_FUNCTION(list_pair, AstNamePair)
LIST_FUNCTION(list_key, AstSortKey)
LIST_FUNCTION(list_ref, AstStreamRef)
LIST_FUNCTION(list_field, AstField)
LIST_FUNCTION(list_route, AstRoute)
LIST_FUNCTION(list_param, AstParamDecl)
LIST_FUNCTION(list_step, AstTestStep)
LIST_FUNCTION(list_op, AstOp)
LIST_FUNCTION(list_stmt, AstStmt)

AstName build_name(Parser *p, Token word) {
  if (!word.name && word.end == 0) return (AstName){0};
  const char *text = word.name ? word.name : word_text(word.kind);
  return (AstName){text, parser_span(p, word.start, word.end)};
}

/* ---- expressions ---- */

AstExpr *build_expr(Parser *p, AstExprKind kind, uint32_t start, uint32_t end) {
  AstExpr *e = arena_alloc(p->arena, sizeof *e);
  e->kind = kind;
  e->span = parser_span(p, start, end);
  return e;
}

/* Counts `child` as a level below e; a level too many is cut off. */
static AstExpr *build_under(Parser *p, AstExpr *e, AstExpr *child) {
  if (!child) return e;
  if (child->depth >= SYNTAX_DEPTH_MAX) {
    parser_too_deep(p, child->span.start);
    child->kind = AST_ERROR;
    child->left = child->right = child->third = child->items = NULL;
    child->args = NULL;
    child->arms = NULL;
    child->depth = 0;
  }
  if (e->depth <= child->depth) e->depth = child->depth + 1;
  return e;
}

static AstExpr *build_under_args(Parser *p, AstExpr *e, AstArg *args) {
  e->args = args;
  for (AstArg *a = args; a; a = a->next) build_under(p, e, a->value);
  return e;
}

static Span build_join(Span a, Span b) { return (Span){a.file, a.start, b.end}; }

AstExpr *build_binary(Parser *p, AstOpCode op, AstExpr *left, Token word, AstExpr *right) {
  AstExpr *e = build_expr(p, AST_BINARY, left->span.start, right->span.end);
  e->op = op;
  e->op_span = parser_span(p, word.start, word.end);
  e->left = left;
  e->right = right;
  return build_under(p, build_under(p, e, left), right);
}

AstExpr *build_unary(Parser *p, AstOpCode op, Token word, AstExpr *left) {
  AstExpr *e = build_expr(p, AST_UNARY, word.start, left->span.end);
  e->op = op;
  e->op_span = parser_span(p, word.start, word.end);
  e->left = left;
  return build_under(p, e, left);
}

AstExpr *build_in(Parser *p, AstExpr *left, Token word, AstExpr *right, bool negated) {
  AstExpr *e = build_expr(p, AST_IN, left->span.start, right->span.end);
  e->op_span = parser_span(p, word.start, word.end);
  e->left = left;
  e->right = right;
  build_under(p, build_under(p, e, left), right);
  if (!negated) return e;
  AstExpr *not = build_unary(p, AST_OP_NOT, word, e);
  not->span = e->span;
  return not;
}

AstExpr *build_is_null(Parser *p, AstExpr *left, Token word, Token last, bool negated) {
  AstExpr *e = build_expr(p, negated ? AST_IS_NOT_NULL : AST_IS_NULL, left->span.start, last.end);
  e->op_span = parser_span(p, word.start, word.end);
  e->left = left;
  return build_under(p, e, left);
}

AstExpr *build_field(Parser *p, AstExpr *left, Token name) {
  AstExpr *e = build_expr(p, AST_FIELD, left->span.start, name.end);
  e->name = build_name(p, name);
  e->op_span = e->name.span;
  e->left = left;
  return build_under(p, e, left);
}

AstExpr *build_index(Parser *p, AstExpr *left, AstExpr *right, Token last) {
  AstExpr *e = build_expr(p, AST_INDEX, left->span.start, last.end);
  e->left = left;
  e->right = right;
  return build_under(p, build_under(p, e, left), right);
}

AstExpr *build_call(Parser *p, Token name, List args, Token last) {
  AstExpr *e = build_expr(p, AST_CALL, name.start, last.end);
  e->name = build_name(p, name);
  e->op_span = e->name.span;
  return build_under_args(p, e, args.head);
}

/* m.f(x): what stands before the point must be a module's name. */
AstExpr *build_method(Parser *p, AstExpr *module, Token name, List args, Token last) {
  AstExpr *e = build_call(p, name, args, last);
  e->span.start = module->span.start;
  if (module->kind == AST_NAME) {
    e->module = module->name;
    return e;
  }
  diag_report(p->diags, DIAG_E0201, e->op_span, arena_printf(p->arena, "write `%s(...)`", e->name.text),
              "only the functions of a module are called with a point: `m.f(x)`", "a field before `(`", "a call");
  p->failed = true;
  e->kind = AST_ERROR;
  return e;
}

AstExpr *build_if(Parser *p, Token first, AstExpr *cond, AstExpr *yes, AstExpr *no, Token last) {
  AstExpr *e = build_expr(p, AST_IF, first.start, last.end);
  e->left = cond;
  e->right = yes;
  e->third = no;
  return build_under(p, build_under(p, build_under(p, e, cond), yes), no);
}

AstExpr *build_match(Parser *p, Token first, AstExpr *subject, List arms, Token last) {
  AstExpr *e = build_expr(p, AST_MATCH, first.start, last.end);
  e->left = subject;
  e->arms = arms.head;
  build_under(p, e, subject);
  for (AstArm *a = e->arms; a; a = a->next) {
    for (AstExpr *x = a->patterns; x; x = x->next) build_under(p, e, x);
    build_under(p, build_under(p, e, a->guard), a->value);
  }
  return e;
}

AstExpr *build_list(Parser *p, AstExprKind kind, Token first, List items, Token last) {
  AstExpr *e = build_expr(p, kind, first.start, last.end);
  if (kind == AST_STRUCT) return build_under_args(p, e, items.head);
  e->items = items.head;
  for (AstExpr *x = e->items; x; x = x->next) build_under(p, e, x);
  return e;
}

AstExpr *build_bool(Parser *p, Token word, bool value) {
  AstExpr *e = build_expr(p, AST_BOOL, word.start, word.end);
  e->integer = value;
  return e;
}

AstExpr *build_name_expr(Parser *p, Token word) {
  AstExpr *e = build_expr(p, AST_NAME, word.start, word.end);
  e->name = build_name(p, word);
  return e;
}

AstExpr *build_percent(Parser *p, AstExpr *number, Token last) {
  (void)p;
  number->kind = AST_PERCENT;
  number->span.end = last.end;
  return number;
}

AstArm *build_arm(Parser *p, List patterns, AstExpr *guard, AstExpr *value, uint32_t start) {
  AstArm *a = arena_alloc(p->arena, sizeof *a);
  a->patterns = patterns.head;
  a->guard = guard;
  a->value = value;
  a->span = parser_span(p, start, value->span.end);
  return a;
}

/* ---- parts of operators ---- */

AstArg *build_arg(Parser *p, Token name, AstExpr *value, AstExpr *where) {
  AstArg *a = arena_alloc(p->arena, sizeof *a);
  a->name = build_name(p, name);
  a->value = value;
  a->where = where;
  a->span = build_join(a->name.text ? a->name.span : value->span, where ? where->span : value->span);
  return a;
}

AstNamePair *build_pair(Parser *p, Token left, Token right, AstType *type) {
  AstNamePair *x = arena_alloc(p->arena, sizeof *x);
  x->left = build_name(p, left);
  x->right = build_name(p, right);
  x->type = type;
  x->span = build_join(x->left.span, type ? type->span : x->right.text ? x->right.span : x->left.span);
  return x;
}

AstSortKey *build_key(Parser *p, AstExpr *value, bool desc, bool nulls_first) {
  AstSortKey *k = arena_alloc(p->arena, sizeof *k);
  k->value = value;
  k->desc = desc;
  k->nulls_first = nulls_first;
  return k;
}

AstStreamRef *build_ref(Parser *p, Token name, Token port) {
  AstStreamRef *r = arena_alloc(p->arena, sizeof *r);
  r->name = build_name(p, name);
  r->port = build_name(p, port);
  r->span = build_join(r->name.span, r->port.text ? r->port.span : r->name.span);
  return r;
}

/* ---- types ---- */

AstType *build_type(Parser *p, int kind, Token first, uint32_t end) {
  AstType *t = arena_alloc(p->arena, sizeof *t);
  t->kind = kind;
  t->span = parser_span(p, first.start, end);
  return t;
}

AstType *build_nullable(Parser *p, AstType *t, Token last) {
  (void)p;
  t->nullable = true;
  t->span.end = last.end;
  return t;
}

AstField *build_field_decl(Parser *p, Token name, AstType *type, AstField attrs) {
  AstField *f = arena_alloc(p->arena, sizeof *f);
  *f = attrs;
  f->name = build_name(p, name);
  f->type = type;
  f->span = parser_span(p, name.start, p->before.end);
  return f;
}

static AstExpr *build_append(AstExpr *list, AstExpr *more) {
  if (!list) return more;
  AstExpr *last = list;
  while (last->next) last = last->next;
  last->next = more;
  return list;
}

void build_attr(Parser *p, AstField *attrs, int token, Token word, AstExpr *value, Token name) {
  bool twice = false;
  AstExpr **slot = NULL;
  switch (token) {
  case T_KEY: twice = attrs->key; attrs->key = true; break;
  case T_FROM: attrs->from = build_append(attrs->from, value); break;
  case T_MASK: twice = attrs->mask.text != NULL; attrs->mask = build_name(p, name); break;
  case T_DEFAULT: slot = &attrs->dflt; break;
  case T_CHECK: slot = &attrs->check; break;
  case T_FORMAT: slot = &attrs->format; break;
  case T_TZ: slot = &attrs->zone; break;
  default: break;
  }
  if (slot) {
    twice = *slot != NULL;
    *slot = value;
  }
  if (!twice) return;
  diag_report(p->diags, DIAG_E0207, parser_span(p, word.start, word.end), NULL, NULL, word_text(token));
  p->failed = true;
}

/* ---- operators, flows, statements ---- */

AstOp *build_op(Parser *p, AstOpKind kind, Token word) {
  AstOp *o = arena_alloc(p->arena, sizeof *o);
  o->kind = kind;
  o->word = parser_span(p, word.start, word.end);
  o->span = o->word;
  return o;
}

AstFlow *build_flow(Parser *p, AstSourceKind kind, Token word) {
  AstFlow *f = arena_alloc(p->arena, sizeof *f);
  f->kind = kind;
  f->span = parser_span(p, word.start, word.end);
  return f;
}

AstStmt *build_stmt(Parser *p, AstStmtKind kind, Token word) {
  AstStmt *s = arena_alloc(p->arena, sizeof *s);
  s->kind = kind;
  s->span = parser_span(p, word.start, word.end);
  return s;
}

AstTestStep *build_step(Parser *p, int kind, Token word) {
  AstTestStep *s = arena_alloc(p->arena, sizeof *s);
  s->kind = kind;
  s->span = parser_span(p, word.start, word.end);
  return s;
}

/* ---- comments ---- */

/* Whether the line that starts at `at` holds a comment only; sets the place of its `#`. */
static bool build_is_comment(const char *text, uint32_t at, uint32_t end, uint32_t *hash) {
  if (at == 0 && end >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) at = 3;
  while (at < end && strchr(" \t\r", text[at]) && text[at]) at++;
  *hash = at;
  return at < end && text[at] == '#' && !(at == 0 && end > 1 && text[1] == '!');
}

/* The comment lines of [first, last) without `# `, joined by line ends. */
static const char *build_comment(Parser *p, uint32_t first, uint32_t last) {
  const Source *s = p->source;
  char *out = arena_alloc(p->arena, s->lines[last - 1] - s->lines[first] +
                                      (last < s->line_len ? s->lines[last] : s->size) - s->lines[last - 1] + 1);
  size_t len = 0;
  for (uint32_t line = first; line < last; line++) {
    uint32_t end = line + 1 < s->line_len ? s->lines[line + 1] - 1 : s->size, at;
    build_is_comment(s->text, s->lines[line], end, &at);
    at++;
    if (at < end && s->text[at] == ' ') at++;
    while (end > at && strchr(" \t\r", s->text[end - 1])) end--;
    if (line > first) out[len++] = '\n';
    memcpy(out + len, s->text + at, end - at);
    len += end - at;
  }
  out[len] = 0;
  return out;
}

/* The comment on the lines directly above the line where `start` is the first character. */
static const char *build_doc(Parser *p, uint32_t start) {
  const Source *s = p->source;
  uint32_t line, column, hash;
  diag_place(s, start, &line, &column);
  for (uint32_t i = s->lines[line - 1]; i < start; i++)
    if (s->text[i] != ' ' && s->text[i] != '\t') return NULL;
  uint32_t last = line - 1, first = last;
  while (first > 0 && build_is_comment(s->text, s->lines[first - 1], s->lines[first] - 1, &hash)) first--;
  return first < last ? build_comment(p, first, last) : NULL;
}

static const char *build_script_doc(Parser *p) {
  const Source *s = p->source;
  uint32_t first = 0, hash;
  if (s->size > 1 && s->text[0] == '#' && s->text[1] == '!') first = 1;
  while (first < s->line_len) { /* empty lines may stand before it */
    uint32_t at = s->lines[first], end = first + 1 < s->line_len ? s->lines[first + 1] : s->size;
    while (at < end && strchr(" \t\r\n", s->text[at]) && s->text[at]) at++;
    if (at < end) break;
    first++;
  }
  uint32_t last = first;
  while (last < s->line_len &&
         build_is_comment(s->text, s->lines[last], last + 1 < s->line_len ? s->lines[last + 1] - 1 : s->size, &hash))
    last++;
  return first < last ? build_comment(p, first, last) : NULL;
}

void build_script_end(Parser *p, List stmts) {
  p->script->stmts = stmts.head;
  p->script->doc = build_script_doc(p);
  for (AstStmt *s = p->script->stmts; s; s = s->next) s->doc = build_doc(p, s->span.start);
}
