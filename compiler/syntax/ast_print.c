/* ast_print.c: the tree as text for --dump=ast: a line for each statement, source, operator and part,
 * indented; expressions in prefix form within their line: `derive` / `  net = (* amount (- 1 x))`.
 * Places are left out, so that a change of layout does not change the print. */
#include <string.h>

#include "syntax/parse.h"

typedef struct Printer {
  FILE *out;
  int depth;
} Printer;

static void print_expr(Printer *p, const AstExpr *e);
static void print_chain(Printer *p, const AstOp *o);
static void print_type(Printer *p, const AstType *t);

static void print_line(Printer *p, const char *text) {
  fprintf(p->out, "%*s%s", p->depth * 2, "", text);
}

static void print_quoted(Printer *p, const char *text, size_t size) {
  putc('"', p->out);
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') fprintf(p->out, "\\%c", c);
    else if (c == '\n') fputs("\\n", p->out);
    else if (c < 0x20 || c == 0x7F) fprintf(p->out, "\\x%02x", c);
    else putc(c, p->out);
  }
  putc('"', p->out);
}

static bool print_is_plain(const char *text) {
  if (!*text || (*text >= '0' && *text <= '9')) return false;
  for (; *text; text++)
    if (!(*text == '_' || (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')))
      return false;
  return true;
}

static void print_name(Printer *p, AstName name) {
  const char *text = name.text ? name.text : "?";
  fprintf(p->out, print_is_plain(text) ? "%s" : "`%s`", text);
}

/* ---- expressions ---- */

static const char *const OP_TEXTS[] = {
  [AST_OP_OR] = "or", [AST_OP_AND] = "and", [AST_OP_NOT] = "not", [AST_OP_EQ] = "==", [AST_OP_NE] = "!=",
  [AST_OP_LT] = "<", [AST_OP_LE] = "<=", [AST_OP_GT] = ">", [AST_OP_GE] = ">=", [AST_OP_MATCHES] = "=~",
  [AST_OP_COALESCE] = "??", [AST_OP_ADD] = "+", [AST_OP_SUB] = "-", [AST_OP_MUL] = "*", [AST_OP_DIV] = "/",
  [AST_OP_FLOORDIV] = "//", [AST_OP_MOD] = "%", [AST_OP_NEG] = "neg"
};

static void print_list(Printer *p, const char *head, const AstExpr *items) {
  fprintf(p->out, "(%s", head);
  for (; items; items = items->next) {
    putc(' ', p->out);
    print_expr(p, items);
  }
  putc(')', p->out);
}

static void print_operands(Printer *p, const char *head, const AstExpr *e) {
  const AstExpr *operands[] = {e->left, e->right, e->third};
  fprintf(p->out, "(%s", head);
  for (int i = 0; i < 3; i++) {
    if (!operands[i]) continue;
    putc(' ', p->out);
    print_expr(p, operands[i]);
  }
  putc(')', p->out);
}

static void print_args(Printer *p, const AstArg *args) {
  for (; args; args = args->next) {
    putc(' ', p->out);
    if (args->name.text) {
      print_name(p, args->name);
      putc('=', p->out);
    }
    print_expr(p, args->value);
    if (!args->where) continue;
    fputs(" where ", p->out);
    print_expr(p, args->where);
  }
}

static void print_call(Printer *p, const AstExpr *e) {
  fputs("(call ", p->out);
  if (e->module.text) {
    print_name(p, e->module);
    putc('.', p->out);
  }
  print_name(p, e->name);
  print_args(p, e->args);
  putc(')', p->out);
}

static void print_match(Printer *p, const AstExpr *e) {
  fputs("(match ", p->out);
  print_expr(p, e->left);
  for (const AstArm *a = e->arms; a; a = a->next) {
    putc(' ', p->out);
    print_list(p, a->patterns ? "when" : "else", a->patterns);
    if (a->guard) {
      fputs(" if ", p->out);
      print_expr(p, a->guard);
    }
    fputs(" => ", p->out);
    print_expr(p, a->value);
  }
  putc(')', p->out);
}

static void print_fstring(Printer *p, const AstExpr *e) {
  fputs("(f", p->out);
  for (const AstExpr *x = e->items; x; x = x->next) {
    putc(' ', p->out);
    print_expr(p, x);
    bool literal = x->kind <= AST_STRING || (x->kind >= AST_DATE && x->kind <= AST_PERCENT);
    if (x->text && !literal) fprintf(p->out, ":%s", x->text);
  }
  putc(')', p->out);
}

static void print_expr(Printer *p, const AstExpr *e) {
  if (!e) {
    fputs("?", p->out);
    return;
  }
  switch (e->kind) {
  case AST_INT: case AST_NUMBER: fputs(e->text, p->out); break;
  case AST_STRING:
    if (e->raw) putc('r', p->out);
    print_quoted(p, e->text, e->len);
    break;
  case AST_FSTRING: print_fstring(p, e); break;
  case AST_BOOL: fputs(e->integer ? "true" : "false", p->out); break;
  case AST_NULL: fputs("null", p->out); break;
  case AST_DATE: case AST_TIMESTAMP: fprintf(p->out, "@%s", e->text); break;
  case AST_DURATION: fprintf(p->out, "%lldus", (long long)e->integer); break;
  case AST_SIZE: fprintf(p->out, "%lldB", (long long)e->integer); break;
  case AST_PERCENT: fprintf(p->out, "%s%%", e->text); break;
  case AST_NAME: print_name(p, e->name); break;
  case AST_STAR: putc('*', p->out); break;
  case AST_LIST: print_list(p, "list", e->items); break;
  case AST_STRUCT: fputs("(struct", p->out); print_args(p, e->args); putc(')', p->out); break;
  case AST_CALL: print_call(p, e); break;
  case AST_FIELD: fputs("(. ", p->out); print_expr(p, e->left); putc(' ', p->out); print_name(p, e->name); putc(')', p->out); break;
  case AST_INDEX: print_operands(p, "index", e); break;
  case AST_UNARY: case AST_BINARY: print_operands(p, OP_TEXTS[e->op], e); break;
  case AST_IS_NULL: print_operands(p, "is-null", e); break;
  case AST_IS_NOT_NULL: print_operands(p, "is-not-null", e); break;
  case AST_IN: print_operands(p, "in", e); break;
  case AST_IF: print_operands(p, "if", e); break;
  case AST_MATCH: print_match(p, e); break;
  case AST_ERROR: fputs("error", p->out); break;
  }
}

/* ---- types ---- */

static void print_attr(Printer *p, const char *word, const AstExpr *e) {
  for (; e; e = e->next) {
    fprintf(p->out, " %s ", word);
    print_expr(p, e);
  }
}

static void print_fields(Printer *p, const AstField *f) {
  const char *gap = "";
  for (; f; f = f->next, gap = ", ") {
    fputs(gap, p->out);
    print_name(p, f->name);
    fputs(": ", p->out);
    print_type(p, f->type);
    if (f->key) fputs(" key", p->out);
    print_attr(p, "from", f->from);
    print_attr(p, "format", f->format);
    print_attr(p, "tz", f->zone);
    print_attr(p, "default", f->dflt);
    print_attr(p, "check", f->check);
    if (f->mask.text) fprintf(p->out, " mask %s", f->mask.text);
  }
}

static void print_type(Printer *p, const AstType *t) {
  if (t->kind == AST_TYPE_NAME) print_name(p, t->name);
  if (t->kind == AST_TYPE_NAME && t->args) print_list(p, "of", t->args);
  if (t->kind == AST_TYPE_LIST) {
    putc('[', p->out);
    print_type(p, t->elem);
    putc(']', p->out);
  }
  if (t->kind == AST_TYPE_STRUCT) {
    putc('{', p->out);
    print_fields(p, t->fields);
    putc('}', p->out);
  }
  if (t->nullable) putc('?', p->out);
}

/* ---- flows ---- */

static void print_ref(Printer *p, const AstStreamRef *r) {
  for (const char *gap = " "; r; r = r->next, gap = ", ") {
    fputs(gap, p->out);
    print_name(p, r->name);
    if (!r->port.text) continue;
    putc('.', p->out);
    print_name(p, r->port);
  }
}

static void print_opt(Printer *p, const char *word, const AstExpr *e) {
  if (!e) return;
  putc(' ', p->out);
  if (word) fprintf(p->out, "%s ", word);
  print_expr(p, e);
}

static void print_opt_name(Printer *p, const char *word, AstName name) {
  if (!name.text) return;
  fprintf(p->out, " %s ", word);
  print_name(p, name);
}

static void print_opt_bare(Printer *p, AstName name) {
  if (!name.text) return;
  putc(' ', p->out);
  print_name(p, name);
}

static void print_on_error(Printer *p, const AstOnError *e) {
  static const char *const KINDS[] = {"", "", " fail", " skip", " null"};
  if (e->kind == AST_ON_NONE) return;
  fprintf(p->out, " on error%s", KINDS[e->kind]);
  print_opt_name(p, "->", e->port);
  print_opt(p, "limit", e->limit);
  if (e->limit_kind == AST_LIMIT_IN_A_ROW) fputs(" in a row", p->out);
  print_opt(p, "retry", e->retry);
  print_opt(p, "every", e->retry_every);
  print_opt(p, "factor", e->retry_factor);
  print_opt(p, "max", e->retry_max);
}

static void print_pairs(Printer *p, const char *word, const AstNamePair *x) {
  if (x) fprintf(p->out, "%s", word);
  for (const char *gap = " "; x; x = x->next, gap = ", ") {
    fputs(gap, p->out);
    print_name(p, x->left);
    print_opt_name(p, "as", x->right);
    if (!x->type) continue;
    fputs(": ", p->out);
    print_type(p, x->type);
  }
}

static void print_keys(Printer *p, const AstSortKey *k) {
  if (k) fputs(" keys", p->out);
  for (const char *gap = " "; k; k = k->next, gap = ", ") {
    fputs(gap, p->out);
    print_expr(p, k->value);
    if (k->desc) fputs(" desc", p->out);
    if (k->nulls_first) fputs(" nulls first", p->out);
  }
}

static const char *const KIND_TEXTS[] = {
  [AST_FILTER] = "filter", [AST_DERIVE] = "derive", [AST_SELECT] = "select", [AST_DROP] = "drop", [AST_RENAME] = "rename",
  [AST_CAST] = "cast", [AST_EXTRACT] = "extract", [AST_AGGREGATE] = "aggregate", [AST_SORT] = "sort", [AST_TOP] = "top",
  [AST_TAKE] = "take", [AST_SKIP] = "skip", [AST_DISTINCT] = "distinct", [AST_JOIN] = "join", [AST_RANK] = "rank",
  [AST_UNION] = "union", [AST_ROUTE] = "route", [AST_TEE] = "tee", [AST_TAP] = "tap", [AST_ASSERT] = "assert",
  [AST_SAMPLE] = "sample", [AST_EXPLODE] = "explode", [AST_PIVOT] = "pivot", [AST_UNPIVOT] = "unpivot",
  [AST_WINDOW] = "window", [AST_SESSIONIZE] = "sessionize", [AST_CALL_OP] = "call", [AST_WRITE] = "write"
};
static const char *const JOIN_TEXTS[] = {"inner", "left", "right", "full", "semi", "anti", "asof", "lookup"};

static void print_op(Printer *p, const AstOp *o) {
  print_line(p, "| ");
  fputs(KIND_TEXTS[o->kind], p->out);
  if (o->kind == AST_JOIN) fprintf(p->out, " %s", JOIN_TEXTS[o->join]);
  print_opt_bare(p, o->module);
  print_opt_bare(p, o->name);
  print_ref(p, o->streams);
  print_pairs(p, "", o->pairs);
  print_opt(p, NULL, o->expr);
  print_opt(p, NULL, o->expr2);
  for (const AstExpr *e = o->on_key; e; e = e->next) print_opt(p, "on", e);
  print_opt_name(p, "on", o->on_column);
  print_opt(p, "with", o->regex);
  if (o->text) {
    putc(' ', p->out);
    print_quoted(p, o->text, strlen(o->text));
  }
  print_args(p, o->args);
  if (o->by) fputs(" by", p->out);
  print_args(p, o->by);
  print_keys(p, o->keys);
  print_pairs(p, " per", o->per);
  print_opt(p, "rows", o->rows);
  print_opt(p, "sample", o->sample);
  print_opt(p, "limit", o->limit);
  print_opt(p, "seed", o->seed);
  print_opt(p, "within", o->within);
  print_opt(p, "lateness", o->lateness);
  print_opt_name(p, "as", o->as_name);
  print_opt_name(p, "as", o->as_name2);
  print_opt_name(p, "else ->", o->else_port);
  print_on_error(p, &o->on_error);
  putc('\n', p->out);
  p->depth++;
  for (const AstRoute *r = o->routes; r; r = r->next) {
    print_line(p, "");
    if (r->cond) print_expr(p, r->cond);
    else fputs("else", p->out);
    print_opt_name(p, "->", r->port);
    putc('\n', p->out);
  }
  print_chain(p, o->chain);
  p->depth--;
}

static void print_chain(Printer *p, const AstOp *o) {
  for (; o; o = o->next) print_op(p, o);
}

static void print_flow(Printer *p, const AstFlow *f) {
  static const char *const KINDS[] = {"read", "tail", "values", "range", "exec", "listen", "stream", "union"};
  p->depth++;
  print_line(p, KINDS[f->kind]);
  print_opt_bare(p, f->module);
  print_opt_bare(p, f->format);
  print_args(p, f->args);
  print_opt(p, NULL, f->rows);
  print_ref(p, f->streams);
  if (f->type) {
    fputs(" as ", p->out);
    print_type(p, f->type);
  }
  print_on_error(p, &f->on_error);
  putc('\n', p->out);
  print_chain(p, f->ops);
  p->depth--;
}

/* ---- statements ---- */

static void print_step(Printer *p, const AstTestStep *s) {
  static const char *const KINDS[] = {"given", "set", "expect rows", "expect count", "expect error"};
  print_line(p, KINDS[s->kind]);
  print_ref(p, s->stream);
  print_opt_bare(p, s->name);
  print_opt_bare(p, s->format);
  print_opt(p, NULL, s->value);
  putc('\n', p->out);
}

static void print_params(Printer *p, const AstParamDecl *x) {
  fputs(" (", p->out);
  for (const char *gap = ""; x; x = x->next, gap = ", ") {
    fputs(gap, p->out);
    print_name(p, x->name);
    fputs(": ", p->out);
    print_type(p, x->type);
  }
  putc(')', p->out);
}

static void print_stmt(Printer *p, const AstStmt *s) {
  static const char *const KINDS[] = {"use", "param", "let", "type", "fn", "extern", "op", "default", "option", "stream",
                                      "flow", "test"};
  if (s->doc) {
    print_line(p, "doc ");
    print_quoted(p, s->doc, strlen(s->doc));
    putc('\n', p->out);
  }
  print_line(p, KINDS[s->kind]);
  print_opt_bare(p, s->lang);
  print_opt_bare(p, s->name);
  if (s->kind == AST_FN || s->kind == AST_EXTERN_FN || s->kind == AST_OP_DEF) print_params(p, s->params);
  if (s->type) {
    fputs(" : ", p->out);
    print_type(p, s->type);
  }
  print_opt_name(p, "mask", s->mask);
  print_opt(p, "=", s->value);
  print_on_error(p, &s->on_error);
  putc('\n', p->out);
  if (s->flow) print_flow(p, s->flow);
  p->depth++;
  print_chain(p, s->chain);
  for (const AstTestStep *t = s->steps; t; t = t->next) print_step(p, t);
  p->depth--;
}

void ast_print(const AstScript *script, FILE *out) {
  Printer p = {out, 0};
  if (script->doc) {
    fputs("script ", out);
    print_quoted(&p, script->doc, strlen(script->doc));
    putc('\n', out);
  }
  for (const AstStmt *s = script->stmts; s; s = s->next) print_stmt(&p, s);
}
