// flow.y: the syntax of a script, for Lemon: LALR(1), without a conflict.
//
// A statement starts with a word, and no word but `and or in is not` continues an expression: so the
// end of a statement needs no mark. Words that are not reserved fall back to names. The driver
// (compiler/syntax/parse.c) asks with flow_can_take whether a token fits before it feeds it; after an
// error it skips tokens, calls flow_unwind, and feeds RECOVER in place of what was broken.

%name FlowParse
%token_prefix T_
%token_type {Token}
%extra_context {Parser *p}
%stack_size 8192
%start_symbol program

%include {
#include "syntax/syntax_internal.h"
#include <string.h>
#define YYNOERRORRECOVERY 1
#define NO_TOKEN ((Token){0})
#define END_AT(node) ((node)->span.end = p->before.end)
#define CHAIN_OF(flow, chain) ((flow)->ops = (chain).head, (flow)->broken = p->chain_broken, p->chain_broken = false)
}
%syntax_error { p->failed = true; }
%stack_overflow { parser_too_deep(p, p->token.start); }

%fallback IDENT ANTI ASC ASOF AGGREGATE ASSERT BY CALL CAST CHECK COUNT DEFAULT DERIVE DESC DISTINCT DROP END ERROR
  EVERY EXEC EXPECT EXPLODE EXTERN EXTRACT FACTOR FAIL FILTER FIRST FN FORMAT FROM FULL GAP GIVEN INNER JOIN KEY
  LAST LATENESS LEFT LET LIMIT LISTEN LOOKUP MASK MAX NULLS OP OPTION OVER PARAM PER PIVOT RANGE RANK READ RENAME
  RETRY RIGHT ROUTE ROW ROWS SAMPLE SEED SELECT SEMI SESSIONIZE SET SKIP SORT TAIL TAKE TAP TEE TEST TOP TYPE TZ
  UNION UNPIVOT USE VALUES WHERE WINDOW WITH WITHIN WRITE.

%left   OR.
%left   AND.
%right  NOT.
%nonassoc EQ NE LT LE GT GE MATCHES IN IS.
%right  COALESCE.
%left   PLUS MINUS.
%left   STAR SLASH FLOORDIV MOD.
%right  UMINUS.
%left   DOT LBRACK.

%type stmts {List}
%type stmt {AstStmt *}
%type flow {AstFlow *}
%type source {AstFlow *}
%type flowref {AstStreamRef *}
%type streamlist {List}
%type astype {AstType *}
%type chain {List}
%type pipe {AstOp *}
%type op {AstOp *}
%type op_body {AstOp *}
%type join_kind {AstOp *}
%type clauses {Clauses}
%type onerr {AstOnError}
%type policy {AstOnError}
%type limit {AstOnError}
%type retry {AstOnError}
%type rate {AstExpr *}
%type expr {AstExpr *}
%type primary {AstExpr *}
%type opt_where {AstExpr *}
%type opt_seed {AstExpr *}
%type opt_within {AstExpr *}
%type opt_lateness {AstExpr *}
%type opt_rows {AstExpr *}
%type opt_string {AstExpr *}
%type elist {List}
%type elist_end {List}
%type assigns {List}
%type assign {AstArg *}
%type members {List}
%type aggs {List}
%type agg {AstArg *}
%type by_opt {List}
%type per_opt {List}
%type selitems {List}
%type selitem {AstArg *}
%type names {List}
%type renames {List}
%type casts {List}
%type joinkeys {List}
%type sortkeys {List}
%type sortkey {AstSortKey *}
%type opt_sort {List}
%type direction {int}
%type nulls {int}
%type taps {Clauses}
%type routes {List}
%type route {AstRoute *}
%type type {AstType *}
%type typeargs {List}
%type typearg {AstExpr *}
%type fields {List}
%type field {AstField *}
%type attrs {AstField}
%type strings {List}
%type params {List}
%type plist {List}
%type param {AstParamDecl *}
%type args {List}
%type alist {List}
%type arg {AstArg *}
%type marms {List}
%type marm {AstArm *}
%type guard {AstExpr *}
%type steps {List}
%type step {AstTestStep *}
%type opt_mask {Token}
%type name {Token}
%token RECOVER FSTART UNDERSCORE SIZE DATE.

// ---- scripts ----
program ::= stmts(L). { build_script_end(p, L); }
program ::= FSTART expr(E). { p->result = E; }

stmts(A) ::= . { A = (List){0}; }
stmts(A) ::= stmts(L) stmt(S). { A = S ? list_stmt(L, S) : L; }
stmts(A) ::= stmts(L) SEMICOLON. { A = L; }

stmt(A) ::= RECOVER. { A = NULL; }
stmt(A) ::= RECOVER chain. { A = NULL; }

stmt(A) ::= USE(W) STRING(S). { A = build_stmt(p, AST_USE, W); A->value = S.expr; END_AT(A); }
stmt(A) ::= USE(W) STRING(S) AS name(N). {
  A = build_stmt(p, AST_USE, W); A->value = S.expr; A->name = build_name(p, N); END_AT(A);
}
stmt(A) ::= PARAM(W) name(N) COLON type(T) opt_mask(M). {
  A = build_stmt(p, AST_PARAM, W); A->name = build_name(p, N); A->type = T; A->mask = build_name(p, M);
  END_AT(A);
}
stmt(A) ::= PARAM(W) name(N) COLON type(T) opt_mask(M) ASSIGN expr(E). {
  A = build_stmt(p, AST_PARAM, W); A->name = build_name(p, N); A->type = T; A->mask = build_name(p, M);
  A->value = E; END_AT(A);
}
opt_mask(A) ::= . { A = NO_TOKEN; }
opt_mask(A) ::= MASK name(N). { A = N; }

stmt(A) ::= LET(W) name(N) ASSIGN expr(E). {
  A = build_stmt(p, AST_LET, W); A->name = build_name(p, N); A->value = E; END_AT(A);
}
stmt(A) ::= TYPE(W) name(N) ASSIGN type(T). {
  A = build_stmt(p, AST_TYPE, W); A->name = build_name(p, N); A->type = T; END_AT(A);
}
stmt(A) ::= FN(W) name(N) LPAREN params(L) RPAREN ARROW type(T) ASSIGN expr(E). {
  A = build_stmt(p, AST_FN, W); A->name = build_name(p, N); A->params = L.head; A->type = T; A->value = E;
  END_AT(A);
}
stmt(A) ::= EXTERN(W) name(G) FN name(N) LPAREN params(L) RPAREN ARROW type(T) opt_string(S). {
  A = build_stmt(p, AST_EXTERN_FN, W); A->lang = build_name(p, G); A->name = build_name(p, N);
  A->params = L.head; A->type = T; A->value = S; END_AT(A);
}
opt_string(A) ::= . { A = NULL; }
opt_string(A) ::= STRING(S). { A = S.expr; }
opt_string(A) ::= ASSIGN STRING(S). { A = S.expr; }

stmt(A) ::= OP(W) name(N) LPAREN params(L) RPAREN ASSIGN chain(C). {
  A = build_stmt(p, AST_OP_DEF, W); A->name = build_name(p, N); A->params = L.head; A->chain = C.head;
  END_AT(A);
}
stmt(A) ::= DEFAULT(W) onerr(E). { A = build_stmt(p, AST_DEFAULT, W); A->on_error = E; END_AT(A); }
stmt(A) ::= OPTION(W) name(N) ASSIGN expr(E). {
  A = build_stmt(p, AST_OPTION, W); A->name = build_name(p, N); A->value = E; END_AT(A);
}
stmt(A) ::= TEST(W) STRING(S) LBRACE steps(L) RBRACE. {
  A = build_stmt(p, AST_TEST, W); A->value = S.expr; A->steps = L.head; END_AT(A);
}
stmt(A) ::= name(N) ASSIGN flow(F). {
  A = build_stmt(p, AST_STREAM, N); A->name = build_name(p, N); A->flow = F; END_AT(A);
}
stmt(A) ::= flowref(R) chain(C). {
  AstFlow *f = build_flow(p, AST_SRC_STREAM, NO_TOKEN);
  f->streams = R; f->span = R->span; CHAIN_OF(f, C); END_AT(f);
  A = build_stmt(p, AST_ANON, NO_TOKEN); A->flow = f; A->span = f->span;
}
stmt(A) ::= source(F) chain(C). {
  CHAIN_OF(F, C); END_AT(F); A = build_stmt(p, AST_ANON, NO_TOKEN); A->flow = F; A->span = F->span;
}
stmt(A) ::= UNION(W) streamlist(L) chain(C). {
  AstFlow *f = build_flow(p, AST_SRC_UNION, W); f->streams = L.head; CHAIN_OF(f, C); END_AT(f);
  A = build_stmt(p, AST_ANON, NO_TOKEN); A->flow = f; A->span = f->span;
}

// ---- flows ----
flow(A) ::= source(F). { A = F; }
flow(A) ::= source(F) chain(C). { A = F; CHAIN_OF(A, C); END_AT(A); }
flow(A) ::= flowref(R) chain(C). {
  A = build_flow(p, AST_SRC_STREAM, NO_TOKEN); A->streams = R; A->span = R->span; CHAIN_OF(A, C); END_AT(A);
}
flow(A) ::= flowref(R). { A = build_flow(p, AST_SRC_STREAM, NO_TOKEN); A->streams = R; A->span = R->span; }
flow(A) ::= UNION(W) streamlist(L). { A = build_flow(p, AST_SRC_UNION, W); A->streams = L.head; END_AT(A); }
flow(A) ::= UNION(W) streamlist(L) chain(C). {
  A = build_flow(p, AST_SRC_UNION, W); A->streams = L.head; CHAIN_OF(A, C); END_AT(A);
}

flowref(A) ::= name(N). { A = build_ref(p, N, NO_TOKEN); }
flowref(A) ::= name(N) DOT name(P). { A = build_ref(p, N, P); }
streamlist(A) ::= flowref(R). { A = list_ref((List){0}, R); }
streamlist(A) ::= streamlist(L) COMMA flowref(R). { A = list_ref(L, R); }

source(A) ::= VALUES(W) LBRACK(B) elist_end(L) RBRACK(E). {
  A = build_flow(p, AST_SRC_VALUES, W); A->rows = build_list(p, AST_LIST, B, L, E); END_AT(A);
}
source(A) ::= VALUES(W) LBRACK(B) elist_end(L) RBRACK(E) AS type(T) clauses(C). {
  A = build_flow(p, AST_SRC_VALUES, W); A->rows = build_list(p, AST_LIST, B, L, E); A->type = T;
  A->on_error = C.on_error; END_AT(A);
}
source(A) ::= READ(W) name(N) LPAREN args(L) RPAREN astype(T) clauses(C). {
  A = build_flow(p, AST_SRC_READ, W); A->format = build_name(p, N); A->args = L.head; A->type = T;
  A->on_error = C.on_error; END_AT(A);
}
source(A) ::= READ(W) name(M) DOT name(N) LPAREN args(L) RPAREN clauses(C). {
  A = build_flow(p, AST_SRC_READ, W); A->module = build_name(p, M); A->format = build_name(p, N); A->args = L.head;
  A->on_error = C.on_error; END_AT(A);
}
source(A) ::= TAIL(W) name(N) LPAREN args(L) RPAREN astype(T) clauses(C). {
  A = build_flow(p, AST_SRC_TAIL, W); A->format = build_name(p, N); A->args = L.head; A->type = T;
  A->on_error = C.on_error; END_AT(A);
}
source(A) ::= LISTEN(W) name(N) LPAREN args(L) RPAREN astype(T) clauses(C). {
  A = build_flow(p, AST_SRC_LISTEN, W); A->format = build_name(p, N); A->args = L.head; A->type = T;
  A->on_error = C.on_error; END_AT(A);
}
source(A) ::= RANGE(W) LPAREN args(L) RPAREN astype(T) clauses(C). {
  A = build_flow(p, AST_SRC_RANGE, W); A->args = L.head; A->type = T; A->on_error = C.on_error; END_AT(A);
}
source(A) ::= EXEC(W) LPAREN args(L) RPAREN astype(T) clauses(C). {
  A = build_flow(p, AST_SRC_EXEC, W); A->args = L.head; A->type = T; A->on_error = C.on_error; END_AT(A);
}
astype(A) ::= . { A = NULL; }
astype(A) ::= AS type(T). { A = T; }

chain(A) ::= pipe(O). { A = O ? list_op((List){0}, O) : (List){0}; }
chain(A) ::= chain(L) pipe(O). { A = O ? list_op(L, O) : L; }
pipe(A) ::= BAR op(O). { A = O; }
pipe(A) ::= BAR RECOVER. { A = NULL; p->chain_broken = true; }

// ---- operators ----
op(A) ::= op_body(O) clauses(C). {
  A = O; if (C.else_port.text) A->else_port = C.else_port;
  A->on_error = C.on_error; END_AT(A);
}
clauses(A) ::= . { A = (Clauses){0}; }
clauses(A) ::= clauses(C) ELSE ARROW name(N). { A = C; A.else_port = build_name(p, N); }
clauses(A) ::= clauses(C) onerr(E). { A = C; A.on_error = E; }

onerr(A) ::= ON(W) ERROR policy(P) limit(L) retry(R). {
  A = P; A.limit_kind = L.limit_kind; A.limit = L.limit;
  A.retry = R.retry; A.retry_every = R.retry_every; A.retry_factor = R.retry_factor; A.retry_max = R.retry_max;
  A.span = parser_span(p, W.start, p->before.end);
}
policy(A) ::= ARROW name(N). { A = (AstOnError){.kind = AST_ON_PORT, .port = build_name(p, N)}; }
policy(A) ::= FAIL. { A = (AstOnError){.kind = AST_ON_FAIL}; }
policy(A) ::= SKIP. { A = (AstOnError){.kind = AST_ON_SKIP}; }
policy(A) ::= NULL. { A = (AstOnError){.kind = AST_ON_NULL}; }
limit(A) ::= . { A = (AstOnError){0}; }
limit(A) ::= LIMIT INT(N). { A = (AstOnError){.limit_kind = AST_LIMIT_COUNT, .limit = N.expr}; }
limit(A) ::= LIMIT INT(N) IN name ROW. { A = (AstOnError){.limit_kind = AST_LIMIT_IN_A_ROW, .limit = N.expr}; }
limit(A) ::= LIMIT rate(E). { A = (AstOnError){.limit_kind = AST_LIMIT_RATE, .limit = E}; }
rate(A) ::= INT(N) MOD(E). { A = build_percent(p, N.expr, E); }
rate(A) ::= NUMBER(N) MOD(E). { A = build_percent(p, N.expr, E); }
retry(A) ::= . { A = (AstOnError){0}; }
retry(A) ::= RETRY INT(N) EVERY DURATION(D). { A = (AstOnError){.retry = N.expr, .retry_every = D.expr}; }
retry(A) ::= retry(R) FACTOR INT(N). { A = R; A.retry_factor = N.expr; }
retry(A) ::= retry(R) FACTOR NUMBER(N). { A = R; A.retry_factor = N.expr; }
retry(A) ::= retry(R) MAX DURATION(D). { A = R; A.retry_max = D.expr; }

op_body(A) ::= FILTER(W) expr(E). { A = build_op(p, AST_FILTER, W); A->expr = E; }
op_body(A) ::= DERIVE(W) assigns(L). { A = build_op(p, AST_DERIVE, W); A->args = L.head; }
op_body(A) ::= SELECT(W) selitems(L). { A = build_op(p, AST_SELECT, W); A->args = L.head; }
op_body(A) ::= DROP(W) names(L). { A = build_op(p, AST_DROP, W); A->pairs = L.head; }
op_body(A) ::= RENAME(W) renames(L). { A = build_op(p, AST_RENAME, W); A->pairs = L.head; }
op_body(A) ::= CAST(W) casts(L). { A = build_op(p, AST_CAST, W); A->pairs = L.head; }
op_body(A) ::= EXTRACT(W) expr(E) WITH STRING(S). {
  A = build_op(p, AST_EXTRACT, W); A->expr = E; A->regex = S.expr;
}
op_body(A) ::= join_kind(J) flowref(R) ON joinkeys(L) opt_within(E). {
  A = J; A->streams = R; A->on_key = L.head; A->within = E;
}
join_kind(A) ::= JOIN(W). { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_INNER; }
join_kind(A) ::= JOIN(W) INNER. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_INNER; }
join_kind(A) ::= JOIN(W) LEFT. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_LEFT; }
join_kind(A) ::= JOIN(W) RIGHT. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_RIGHT; }
join_kind(A) ::= JOIN(W) FULL. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_FULL; }
join_kind(A) ::= JOIN(W) SEMI. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_SEMI; }
join_kind(A) ::= JOIN(W) ANTI. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_ANTI; }
join_kind(A) ::= JOIN(W) ASOF. { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_ASOF; }
join_kind(A) ::= LOOKUP(W). { A = build_op(p, AST_JOIN, W); A->join = AST_JOIN_LOOKUP; }
opt_within(A) ::= . { A = NULL; }
opt_within(A) ::= WITHIN expr(E). { A = E; }
joinkeys(A) ::= expr(E). { A = list_expr((List){0}, E); }
joinkeys(A) ::= joinkeys(L) COMMA expr(E). { A = list_expr(L, E); }

op_body(A) ::= AGGREGATE(W) aggs(L) by_opt(B). {
  A = build_op(p, AST_AGGREGATE, W); A->args = L.head; A->by = B.head;
}
op_body(A) ::= WINDOW(W) name(N) expr(E) ON name(C) opt_lateness(L). {
  A = build_op(p, AST_WINDOW, W); A->name = build_name(p, N); A->expr = E; A->on_column = build_name(p, C);
  A->lateness = L;
}
op_body(A) ::= WINDOW(W) name(N) expr(E) COMMA expr(H) ON name(C) opt_lateness(L). {
  A = build_op(p, AST_WINDOW, W); A->name = build_name(p, N); A->expr = E; A->expr2 = H;
  A->on_column = build_name(p, C); A->lateness = L;
}
op_body(A) ::= WINDOW(W) name(N) expr(E) BY expr(H) ON name(C) opt_lateness(L). {
  A = build_op(p, AST_WINDOW, W); A->name = build_name(p, N); A->expr = E; A->expr2 = H;
  A->on_column = build_name(p, C); A->lateness = L;
}
opt_lateness(A) ::= . { A = NULL; }
opt_lateness(A) ::= LATENESS expr(E). { A = E; }
op_body(A) ::= SESSIONIZE(W) BY names(L) ON name(C) GAP expr(E) AS name(N). {
  A = build_op(p, AST_SESSIONIZE, W); A->pairs = L.head; A->on_column = build_name(p, C); A->expr = E;
  A->as_name = build_name(p, N);
}
op_body(A) ::= SESSIONIZE(W) ON name(C) GAP expr(E) AS name(N). {
  A = build_op(p, AST_SESSIONIZE, W); A->on_column = build_name(p, C); A->expr = E;
  A->as_name = build_name(p, N);
}
op_body(A) ::= RANK(W) aggs(L) OVER LPAREN by_opt(B) opt_sort(K) opt_rows(R) RPAREN. {
  A = build_op(p, AST_RANK, W); A->args = L.head; A->by = B.head; A->keys = K.head; A->rows = R;
}
opt_sort(A) ::= . { A = (List){0}; }
opt_sort(A) ::= SORT sortkeys(L). { A = L; }
opt_rows(A) ::= . { A = NULL; }
opt_rows(A) ::= ROWS expr(E). { A = E; }
op_body(A) ::= SORT(W) sortkeys(L). { A = build_op(p, AST_SORT, W); A->keys = L.head; }
op_body(A) ::= TOP(W) expr(E) BY sortkeys(L) per_opt(P). {
  A = build_op(p, AST_TOP, W); A->expr = E; A->keys = L.head; A->per = P.head;
}
op_body(A) ::= TAKE(W) expr(E). { A = build_op(p, AST_TAKE, W); A->expr = E; }
op_body(A) ::= SKIP(W) expr(E). { A = build_op(p, AST_SKIP, W); A->expr = E; }
op_body(A) ::= DISTINCT(W). { A = build_op(p, AST_DISTINCT, W); }
op_body(A) ::= DISTINCT(W) BY names(L). { A = build_op(p, AST_DISTINCT, W); A->pairs = L.head; }
op_body(A) ::= SAMPLE(W) expr(E) opt_seed(S). { A = build_op(p, AST_SAMPLE, W); A->expr = E; A->seed = S; }
opt_seed(A) ::= . { A = NULL; }
opt_seed(A) ::= SEED expr(E). { A = E; }
op_body(A) ::= EXPLODE(W) expr(E). { A = build_op(p, AST_EXPLODE, W); A->expr = E; }
op_body(A) ::= EXPLODE(W) expr(E) AS name(N). {
  A = build_op(p, AST_EXPLODE, W); A->expr = E; A->as_name = build_name(p, N);
}
op_body(A) ::= PIVOT(W) name(N) VALUES expr(E) by_opt(B). {
  A = build_op(p, AST_PIVOT, W); A->pairs = build_pair(p, N, NO_TOKEN, NULL); A->expr = E; A->by = B.head;
}
op_body(A) ::= UNPIVOT(W) names(L) AS name(N) COMMA name(V). {
  A = build_op(p, AST_UNPIVOT, W); A->pairs = L.head; A->as_name = build_name(p, N);
  A->as_name2 = build_name(p, V);
}
op_body(A) ::= UNION(W) streamlist(L). { A = build_op(p, AST_UNION, W); A->streams = L.head; }
op_body(A) ::= ASSERT(W) expr(E) STRING(S). {
  A = build_op(p, AST_ASSERT, W); A->expr = E; A->text = S.expr->text;
}
op_body(A) ::= TAP(W) STRING(S) taps(C). {
  A = build_op(p, AST_TAP, W); A->text = S.expr->text; A->sample = C.sample; A->limit = C.limit;
  A->pairs = C.pairs; A->seed = C.seed; A->expr = C.where; A->expr2 = C.every;
}
taps(A) ::= . { A = (Clauses){0}; }
taps(A) ::= taps(C) SAMPLE expr(E). { A = C; A.sample = E; }
taps(A) ::= taps(C) LIMIT expr(E). { A = C; A.limit = E; }
taps(A) ::= taps(C) SEED expr(E). { A = C; A.seed = E; }
taps(A) ::= taps(C) EVERY expr(E). { A = C; A.every = E; }
taps(A) ::= taps(C) WHERE expr(E). { A = C; A.where = E; }
taps(A) ::= taps(C) MASK LPAREN names(L) RPAREN. { A = C; A.pairs = L.head; }
op_body(A) ::= TEE(W) LBRACE chain(C) RBRACE. { A = build_op(p, AST_TEE, W); A->chain = C.head; }
op_body(A) ::= ROUTE(W) LBRACE routes(L) RBRACE. { A = build_op(p, AST_ROUTE, W); A->routes = L.head; }
op_body(A) ::= ROUTE(W) LBRACE routes(L) COMMA RBRACE. { A = build_op(p, AST_ROUTE, W); A->routes = L.head; }
routes(A) ::= route(R). { A = list_route((List){0}, R); }
routes(A) ::= routes(L) COMMA route(R). { A = list_route(L, R); }
route(A) ::= expr(E) ARROW name(N). {
  A = arena_alloc(p->arena, sizeof *A);
  A->cond = E; A->port = build_name(p, N); A->span = parser_span(p, E->span.start, N.end);
}
route(A) ::= ELSE(W) ARROW name(N). {
  A = arena_alloc(p->arena, sizeof *A); A->port = build_name(p, N); A->span = parser_span(p, W.start, N.end);
}
op_body(A) ::= WRITE(W) name(N) LPAREN args(L) RPAREN. {
  A = build_op(p, AST_WRITE, W); A->name = build_name(p, N); A->args = L.head;
}
op_body(A) ::= CALL(W) name(N) LPAREN args(L) RPAREN. {
  A = build_op(p, AST_CALL_OP, W); A->name = build_name(p, N); A->args = L.head;
}
op_body(A) ::= CALL(W) name(N) LPAREN args(L) RPAREN AS type(T). {
  A = build_op(p, AST_CALL_OP, W); A->name = build_name(p, N); A->args = L.head; A->type = T;
}
op_body(A) ::= CALL(W) name(M) DOT name(N) LPAREN args(L) RPAREN. {
  A = build_op(p, AST_CALL_OP, W); A->module = build_name(p, M); A->name = build_name(p, N); A->args = L.head;
}

// ---- lists of operators ----
assigns(A) ::= assign(X). { A = list_arg((List){0}, X); }
assigns(A) ::= assigns(L) COMMA assign(X). { A = list_arg(L, X); }
assign(A) ::= name(N) ASSIGN expr(E). { A = build_arg(p, N, E, NULL); }
aggs(A) ::= agg(X). { A = list_arg((List){0}, X); }
aggs(A) ::= aggs(L) COMMA agg(X). { A = list_arg(L, X); }
agg(A) ::= name(N) ASSIGN expr(E) opt_where(W). { A = build_arg(p, N, E, W); }
opt_where(A) ::= . { A = NULL; }
opt_where(A) ::= WHERE expr(E). { A = E; }
by_opt(A) ::= . { A = (List){0}; }
by_opt(A) ::= BY selitems(L). { A = L; }
per_opt(A) ::= . { A = (List){0}; }
per_opt(A) ::= PER names(L). { A = L; }
selitems(A) ::= selitem(X). { A = list_arg((List){0}, X); }
selitems(A) ::= selitems(L) COMMA selitem(X). { A = list_arg(L, X); }
selitem(A) ::= expr(E). { A = build_arg(p, NO_TOKEN, E, NULL); }
selitem(A) ::= name(N) ASSIGN expr(E). { A = build_arg(p, N, E, NULL); }
selitem(A) ::= STAR(W). { A = build_arg(p, NO_TOKEN, build_expr(p, AST_STAR, W.start, W.end), NULL); }
names(A) ::= name(N). { A = list_pair((List){0}, build_pair(p, N, NO_TOKEN, NULL)); }
names(A) ::= names(L) COMMA name(N). { A = list_pair(L, build_pair(p, N, NO_TOKEN, NULL)); }
renames(A) ::= name(N) AS name(M). { A = list_pair((List){0}, build_pair(p, N, M, NULL)); }
renames(A) ::= renames(L) COMMA name(N) AS name(M). { A = list_pair(L, build_pair(p, N, M, NULL)); }
casts(A) ::= name(N) COLON type(T). { A = list_pair((List){0}, build_pair(p, N, NO_TOKEN, T)); }
casts(A) ::= casts(L) COMMA name(N) COLON type(T). { A = list_pair(L, build_pair(p, N, NO_TOKEN, T)); }
sortkeys(A) ::= sortkey(K). { A = list_key((List){0}, K); }
sortkeys(A) ::= sortkeys(L) COMMA sortkey(K). { A = list_key(L, K); }
sortkey(A) ::= expr(E) direction(D) nulls(N). { A = build_key(p, E, D, N); }
direction(A) ::= . { A = 0; }
direction(A) ::= ASC. { A = 0; }
direction(A) ::= DESC. { A = 1; }
nulls(A) ::= . { A = 0; }
nulls(A) ::= NULLS FIRST. { A = 1; }
nulls(A) ::= NULLS LAST. { A = 0; }

// ---- types ----
type(A) ::= name(N). { A = build_type(p, AST_TYPE_NAME, N, N.end); A->name = build_name(p, N); }
type(A) ::= name(N) LPAREN typeargs(L) RPAREN(E). {
  A = build_type(p, AST_TYPE_NAME, N, E.end); A->name = build_name(p, N); A->args = L.head;
}
type(A) ::= name(N) LPAREN typeargs(L) COMMA RPAREN(E). {
  A = build_type(p, AST_TYPE_NAME, N, E.end); A->name = build_name(p, N); A->args = L.head;
}
type(A) ::= type(T) QMARK(E). { A = build_nullable(p, T, E); }
type(A) ::= LBRACK(B) type(T) RBRACK(E). { A = build_type(p, AST_TYPE_LIST, B, E.end); A->elem = T; }
type(A) ::= LBRACE(B) fields(L) RBRACE(E). { A = build_type(p, AST_TYPE_STRUCT, B, E.end); A->fields = L.head; }
type(A) ::= LBRACE(B) fields(L) COMMA RBRACE(E). {
  A = build_type(p, AST_TYPE_STRUCT, B, E.end); A->fields = L.head;
}
typeargs(A) ::= typearg(X). { A = list_expr((List){0}, X); }
typeargs(A) ::= typeargs(L) COMMA typearg(X). { A = list_expr(L, X); }
typearg(A) ::= INT(X). { A = X.expr; }
typearg(A) ::= STRING(X). { A = X.expr; }
fields(A) ::= field(X). { A = list_field((List){0}, X); }
fields(A) ::= fields(L) COMMA field(X). { A = list_field(L, X); }
field(A) ::= name(N) COLON type(T) attrs(F). { A = build_field_decl(p, N, T, F); }
attrs(A) ::= . { A = (AstField){0}; }
attrs(A) ::= attrs(F) KEY(W). { A = F; build_attr(p, &A, T_KEY, W, NULL, NO_TOKEN); }
attrs(A) ::= attrs(F) DEFAULT(W) expr(E). { A = F; build_attr(p, &A, T_DEFAULT, W, E, NO_TOKEN); }
attrs(A) ::= attrs(F) CHECK(W) expr(E). { A = F; build_attr(p, &A, T_CHECK, W, E, NO_TOKEN); }
attrs(A) ::= attrs(F) FORMAT(W) STRING(S). { A = F; build_attr(p, &A, T_FORMAT, W, S.expr, NO_TOKEN); }
attrs(A) ::= attrs(F) TZ(W) STRING(S). { A = F; build_attr(p, &A, T_TZ, W, S.expr, NO_TOKEN); }
attrs(A) ::= attrs(F) FROM(W) STRING(S). { A = F; build_attr(p, &A, T_FROM, W, S.expr, NO_TOKEN); }
attrs(A) ::= attrs(F) FROM(W) LBRACK strings(L) RBRACK. {
  A = F; build_attr(p, &A, T_FROM, W, L.head, NO_TOKEN);
}
attrs(A) ::= attrs(F) MASK(W) name(N). { A = F; build_attr(p, &A, T_MASK, W, NULL, N); }
strings(A) ::= STRING(S). { A = list_expr((List){0}, S.expr); }
strings(A) ::= strings(L) COMMA STRING(S). { A = list_expr(L, S.expr); }

params(A) ::= . { A = (List){0}; }
params(A) ::= plist(L). { A = L; }
params(A) ::= plist(L) COMMA. { A = L; }
plist(A) ::= param(X). { A = list_param((List){0}, X); }
plist(A) ::= plist(L) COMMA param(X). { A = list_param(L, X); }
param(A) ::= name(N) COLON type(T). {
  A = arena_alloc(p->arena, sizeof *A); A->name = build_name(p, N); A->type = T;
}

// ---- expressions ----
args(A) ::= . { A = (List){0}; }
args(A) ::= alist(L). { A = L; }
args(A) ::= alist(L) COMMA. { A = L; }
alist(A) ::= arg(X). { A = list_arg((List){0}, X); }
alist(A) ::= alist(L) COMMA arg(X). { A = list_arg(L, X); }
arg(A) ::= expr(E). { A = build_arg(p, NO_TOKEN, E, NULL); }
arg(A) ::= name(N) ASSIGN expr(E). { A = build_arg(p, N, E, NULL); }
arg(A) ::= NULL(N) ASSIGN expr(E). { A = build_arg(p, N, E, NULL); }

expr(A) ::= expr(X) OR(W) expr(Y). { A = build_binary(p, AST_OP_OR, X, W, Y); }
expr(A) ::= expr(X) AND(W) expr(Y). { A = build_binary(p, AST_OP_AND, X, W, Y); }
expr(A) ::= NOT(W) expr(X). { A = build_unary(p, AST_OP_NOT, W, X); }
expr(A) ::= expr(X) EQ(W) expr(Y). { A = build_binary(p, AST_OP_EQ, X, W, Y); }
expr(A) ::= expr(X) NE(W) expr(Y). { A = build_binary(p, AST_OP_NE, X, W, Y); }
expr(A) ::= expr(X) LT(W) expr(Y). { A = build_binary(p, AST_OP_LT, X, W, Y); }
expr(A) ::= expr(X) LE(W) expr(Y). { A = build_binary(p, AST_OP_LE, X, W, Y); }
expr(A) ::= expr(X) GT(W) expr(Y). { A = build_binary(p, AST_OP_GT, X, W, Y); }
expr(A) ::= expr(X) GE(W) expr(Y). { A = build_binary(p, AST_OP_GE, X, W, Y); }
expr(A) ::= expr(X) MATCHES(W) expr(Y). { A = build_binary(p, AST_OP_MATCHES, X, W, Y); }
expr(A) ::= expr(X) IN(W) expr(Y). { A = build_in(p, X, W, Y, false); }
expr(A) ::= expr(X) NOT(W) IN expr(Y). [IN] { A = build_in(p, X, W, Y, true); }
expr(A) ::= expr(X) IS(W) NULL(E). [IS] { A = build_is_null(p, X, W, E, false); }
expr(A) ::= expr(X) IS(W) NOT NULL(E). [IS] { A = build_is_null(p, X, W, E, true); }
expr(A) ::= expr(X) COALESCE(W) expr(Y). { A = build_binary(p, AST_OP_COALESCE, X, W, Y); }
expr(A) ::= expr(X) PLUS(W) expr(Y). { A = build_binary(p, AST_OP_ADD, X, W, Y); }
expr(A) ::= expr(X) MINUS(W) expr(Y). { A = build_binary(p, AST_OP_SUB, X, W, Y); }
expr(A) ::= expr(X) STAR(W) expr(Y). { A = build_binary(p, AST_OP_MUL, X, W, Y); }
expr(A) ::= expr(X) SLASH(W) expr(Y). { A = build_binary(p, AST_OP_DIV, X, W, Y); }
expr(A) ::= expr(X) FLOORDIV(W) expr(Y). { A = build_binary(p, AST_OP_FLOORDIV, X, W, Y); }
expr(A) ::= expr(X) MOD(W) expr(Y). { A = build_binary(p, AST_OP_MOD, X, W, Y); }
expr(A) ::= MINUS(W) expr(X). [UMINUS] { A = build_unary(p, AST_OP_NEG, W, X); }
expr(A) ::= expr(X) DOT name(N). { A = build_field(p, X, N); }
expr(A) ::= expr(X) DOT name(N) LPAREN args(L) RPAREN(E). { A = build_method(p, X, N, L, E); }
expr(A) ::= expr(X) LBRACK expr(Y) RBRACK(E). { A = build_index(p, X, Y, E); }
expr(A) ::= primary(X). { A = X; }

primary(A) ::= INT(X). { A = X.expr; }
primary(A) ::= NUMBER(X). { A = X.expr; }
primary(A) ::= STRING(X). { A = X.expr; }
primary(A) ::= FSTRING(X). { A = X.expr; }
primary(A) ::= DATE(X). { A = X.expr; }
primary(A) ::= DURATION(X). { A = X.expr; }
primary(A) ::= SIZE(X). { A = X.expr; }
primary(A) ::= TRUE(W). { A = build_bool(p, W, true); }
primary(A) ::= FALSE(W). { A = build_bool(p, W, false); }
primary(A) ::= NULL(W). { A = build_expr(p, AST_NULL, W.start, W.end); }
primary(A) ::= name(N). { A = build_name_expr(p, N); }
primary(A) ::= name(N) LPAREN args(L) RPAREN(E). { A = build_call(p, N, L, E); }
primary(A) ::= LPAREN expr(X) RPAREN. { A = X; }
primary(A) ::= LBRACK(B) RBRACK(E). { A = build_list(p, AST_LIST, B, (List){0}, E); }
primary(A) ::= LBRACK(B) elist_end(L) RBRACK(E). { A = build_list(p, AST_LIST, B, L, E); }
primary(A) ::= LBRACE(B) members(L) RBRACE(E). { A = build_list(p, AST_STRUCT, B, L, E); }
primary(A) ::= IF(W) expr(C) THEN expr(X) ELSE expr(Y) END(E). { A = build_if(p, W, C, X, Y, E); }
primary(A) ::= MATCH(W) expr(X) LBRACE marms(L) RBRACE(E). { A = build_match(p, W, X, L, E); }
primary(A) ::= MATCH(W) expr(X) LBRACE marms(L) SEMICOLON RBRACE(E). { A = build_match(p, W, X, L, E); }
elist(A) ::= expr(X). { A = list_expr((List){0}, X); }
elist(A) ::= elist(L) COMMA expr(X). { A = list_expr(L, X); }
elist_end(A) ::= elist(L). { A = L; }
elist_end(A) ::= elist(L) COMMA. { A = L; }
members(A) ::= assigns(L). { A = L; }
members(A) ::= assigns(L) COMMA. { A = L; }
marms(A) ::= marm(X). { A = list_arm((List){0}, X); }
marms(A) ::= marms(L) SEMICOLON marm(X). { A = list_arm(L, X); }
marm(A) ::= elist(L) guard(G) FATARROW expr(E). {
  A = build_arm(p, L, G, E, ((AstExpr *)L.head)->span.start);
}
marm(A) ::= UNDERSCORE(W) guard(G) FATARROW expr(E). { A = build_arm(p, (List){0}, G, E, W.start); }
guard(A) ::= . { A = NULL; }
guard(A) ::= IF expr(E). { A = E; }

name(A) ::= IDENT(N). { A = N; }

// ---- tests ----
steps(A) ::= . { A = (List){0}; }
steps(A) ::= steps(L) step(X). { A = list_step(L, X); }
step(A) ::= GIVEN(W) flowref(R) ASSIGN name(F) STRING(S). {
  A = build_step(p, AST_GIVEN, W); A->stream = R; A->format = build_name(p, F); A->value = S.expr; END_AT(A);
}
step(A) ::= SET(W) name(N) ASSIGN expr(E). {
  A = build_step(p, AST_SET, W); A->name = build_name(p, N); A->value = E; END_AT(A);
}
step(A) ::= EXPECT(W) flowref(R) EQ name(F) STRING(S). {
  A = build_step(p, AST_EXPECT_ROWS, W); A->stream = R; A->format = build_name(p, F); A->value = S.expr;
  END_AT(A);
}
step(A) ::= EXPECT(W) COUNT LPAREN flowref(R) RPAREN EQ expr(E). {
  A = build_step(p, AST_EXPECT_COUNT, W); A->stream = R; A->value = E; END_AT(A);
}
step(A) ::= EXPECT(W) ERROR opt_string(S). {
  A = build_step(p, AST_EXPECT_ERROR, W); A->value = S; END_AT(A);
}

%code {
/* A look ahead: the real stack up to `base`, and states over it. */
typedef struct Ahead {
  const yyParser *y;
  int base;
  int len;
  YYACTIONTYPE extra[256];
} Ahead;

static YYACTIONTYPE ahead_top(const Ahead *a) {
  return a->len > 0 ? a->extra[a->len - 1] : a->y->yystack[a->base].stateno;
}

/* Goes through the reductions that `token` causes, without doing them: whether it is shifted (or ends
 * the script) in the end; a word falls back to a name if `fallback`. */
static bool ahead_take(Ahead *a, int token, bool fallback) {
  for (;;) {
    YYACTIONTYPE action = ahead_top(a);
    if (action < YY_MIN_REDUCE) {
      if (fallback) {
        action = yy_find_shift_action((YYCODETYPE)token, action);
      } else {
        int i = yy_shift_ofst[action] + token;
        action = yy_lookahead[i] == token ? yy_action[i] : yy_default[action];
      }
      if (action == YY_ACCEPT_ACTION) return true;
      if (action <= YY_MAX_SHIFTREDUCE) {
        if (action > YY_MAX_SHIFT) action += YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE;
        if (a->len < (int)(sizeof a->extra / sizeof a->extra[0])) a->extra[a->len++] = action;
        return true;
      }
      if (action < YY_MIN_REDUCE) return false;
    }
    unsigned rule = action - YY_MIN_REDUCE;
    int pop = -yyRuleInfoNRhs[rule], pop_extra = pop < a->len ? pop : a->len;
    a->len -= pop_extra;
    a->base -= pop - pop_extra;
    YYACTIONTYPE next = yy_find_reduce_action(ahead_top(a), yyRuleInfoLhs[rule]);
    if (next == YY_ACCEPT_ACTION || a->len == (int)(sizeof a->extra / sizeof a->extra[0])) return true;
    a->extra[a->len++] = next;
  }
}

bool flow_can_take(void *parser, int token, bool fallback);
bool flow_can_take(void *parser, int token, bool fallback) {
  const yyParser *y = parser;
  Ahead a = {.y = y, .base = (int)(y->yytos - y->yystack)};
  return ahead_take(&a, token, fallback);
}

bool flow_can_take_both(void *parser, int first, int second);
bool flow_can_take_both(void *parser, int first, int second) {
  const yyParser *y = parser;
  Ahead a = {.y = y, .base = (int)(y->yytos - y->yystack)};
  return ahead_take(&a, first, true) && ahead_take(&a, second, true);
}

/* Pops to the innermost place that takes RECOVER; to_statement: to the one between statements. */
void flow_unwind(void *parser, bool to_statement);
void flow_unwind(void *parser, bool to_statement) {
  yyParser *y = parser;
  while (y->yytos - y->yystack > 1) {
    if (!to_statement && y->yytos->stateno <= YY_MAX_SHIFT) {
      int i = yy_shift_ofst[y->yytos->stateno] + T_RECOVER;
      if (yy_lookahead[i] == T_RECOVER) return;
    }
    yy_pop_parser_stack(y);
  }
}

/* Whether a lone name stands on the stack, at the start of a statement. */
bool flow_at_first_name(void *parser);
bool flow_at_first_name(void *parser) {
  const yyParser *y = parser;
  return y->yytos - y->yystack == 2 && y->yytos->major < YYNTOKEN;
}
}
