/* syntax_internal.h: what the lexer, the parser and the tree builders share. */
#ifndef FLOW_SYNTAX_INTERNAL_H
#define FLOW_SYNTAX_INTERNAL_H

#include "syntax/ast.h"

enum {
  SYNTAX_DEPTH_MAX = 1000,  /* brackets, and levels of an expression: later passes recurse over them */
  SYNTAX_FSTRING_MAX = 16   /* f-strings within f-strings */
};

typedef struct Token {
  uint32_t start, end;      /* bytes of the source */
  AstExpr *expr;            /* of a literal */
  const char *name;         /* of a name or a word */
  int kind;                 /* Lemon's number; 0 at the end */
} Token;

typedef struct Parser {
  Arena *arena;
  Diags *diags;
  const Source *source;
  uint32_t file;
  uint32_t at, limit;       /* the lexer stands at `at` and ends at `limit` */
  Token token, before;      /* the token that is being fed, and the one fed before it */
  uint32_t fstring_depth;
  bool too_deep;            /* reported: parsing ends */
  bool failed;              /* an error was reported in this (sub)parse */
  bool bad_token;           /* the lexer reported one, */
  uint32_t bad_at;          /* which ends here */
  bool chain_broken;        /* an operator was left out of the chain that is being read */
  AstScript *script;        /* of a whole parse */
  AstExpr *result;          /* of an expression in an f-string */
} Parser;

/* A list under construction. */
typedef struct List {
  void *head, *tail;
} List;

/* A name at the end of what it belongs to, or nothing. */
typedef struct Clauses {
  AstName else_port;
  AstOnError on_error;
  AstExpr *sample, *seed, *limit, *every, *where;
  AstNamePair *pairs;
} Clauses;

/* ---- grammar/flow.re ---- */
Token lex_next(Parser *p);

/* ---- word.c ---- */
int word_find(const char *text, size_t size);      /* the token of a word, or 0 */
const char *word_text(int token);                  /* the word of a token, or NULL */
char word_kind(int token);                         /* 'R', 'S', 'O', 'C', or 0 */

/* ---- literal.c: tokens to values; errors are reported ---- */
AstExpr *literal_number(Parser *p, uint32_t start, uint32_t end, bool is_int);
AstExpr *literal_units(Parser *p, uint32_t start, uint32_t end);   /* 5m, 64MiB */
AstExpr *literal_date(Parser *p, uint32_t start, uint32_t end);
AstExpr *literal_string(Parser *p, uint32_t start, uint32_t end);  /* "..." with quotes */
AstExpr *literal_raw(Parser *p, uint32_t start, uint32_t end);     /* r"..." */
AstExpr *literal_block(Parser *p, uint32_t start, uint32_t end);
/* Scans the f-string whose f stands at `start` and moves p->at behind it. */
AstExpr *literal_fstring(Parser *p, uint32_t start);

/* ---- parse.c ---- */
Span parser_span(const Parser *p, uint32_t start, uint32_t end);
uint32_t parser_utf8_size(const Parser *p, uint32_t at); /* of a character; 0: not well-formed */
AstExpr *parser_sub_expr(Parser *p, uint32_t start, uint32_t end);
void parser_fail(Parser *p);                       /* a token is wrong and was reported */
void parser_too_deep(Parser *p, uint32_t at);

/* ---- build.c: nodes ---- */
AstExpr *build_expr(Parser *p, AstExprKind kind, uint32_t start, uint32_t end);
AstExpr *build_binary(Parser *p, AstOpCode op, AstExpr *left, Token word, AstExpr *right);
AstExpr *build_unary(Parser *p, AstOpCode op, Token word, AstExpr *left);
AstExpr *build_in(Parser *p, AstExpr *left, Token word, AstExpr *right, bool negated);
AstExpr *build_is_null(Parser *p, AstExpr *left, Token word, Token last, bool negated);
AstExpr *build_field(Parser *p, AstExpr *left, Token name);
AstExpr *build_index(Parser *p, AstExpr *left, AstExpr *right, Token last);
AstExpr *build_call(Parser *p, Token name, List args, Token last);
AstExpr *build_method(Parser *p, AstExpr *module, Token name, List args, Token last);
AstExpr *build_if(Parser *p, Token first, AstExpr *cond, AstExpr *yes, AstExpr *no, Token last);
AstExpr *build_match(Parser *p, Token first, AstExpr *subject, List arms, Token last);
AstExpr *build_list(Parser *p, AstExprKind kind, Token first, List items, Token last);
AstExpr *build_bool(Parser *p, Token word, bool value);
AstExpr *build_name_expr(Parser *p, Token word);
AstExpr *build_percent(Parser *p, AstExpr *number, Token last);
AstArm *build_arm(Parser *p, List patterns, AstExpr *guard, AstExpr *value, uint32_t start);
AstArg *build_arg(Parser *p, Token name, AstExpr *value, AstExpr *where);
AstName build_name(Parser *p, Token word);
AstNamePair *build_pair(Parser *p, Token left, Token right, AstType *type);
AstSortKey *build_key(Parser *p, AstExpr *value, bool desc, bool nulls_first);
AstStreamRef *build_ref(Parser *p, Token name, Token port);
AstType *build_type(Parser *p, int kind, Token first, uint32_t end);
AstType *build_nullable(Parser *p, AstType *t, Token last);
AstField *build_field_decl(Parser *p, Token name, AstType *type, AstField attrs);
void build_attr(Parser *p, AstField *attrs, int token, Token word, AstExpr *value, Token name);
AstOp *build_op(Parser *p, AstOpKind kind, Token word);
AstFlow *build_flow(Parser *p, AstSourceKind kind, Token word);
AstStmt *build_stmt(Parser *p, AstStmtKind kind, Token word);
AstTestStep *build_step(Parser *p, int kind, Token word);
void build_script_end(Parser *p, List stmts);

/* Lists: the first member of... each node links by its own `next`, so one function a type. */
List list_expr(List l, AstExpr *x);
List list_arg(List l, AstArg *x);
List list_arm(List l, AstArm *x);
List list_pair(List l, AstNamePair *x);
List list_key(List l, AstSortKey *x);
List list_ref(List l, AstStreamRef *x);
List list_field(List l, AstField *x);
List list_route(List l, AstRoute *x);
List list_param(List l, AstParamDecl *x);
List list_step(List l, AstTestStep *x);
List list_op(List l, AstOp *x);
List list_stmt(List l, AstStmt *x);

#endif
