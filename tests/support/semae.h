/* semae.h: for tests of typed expressions: an expression's text is parsed and bound over a row of
 * columns with names that say their types. */
#ifndef TESTS_SEMAE_H
#define TESTS_SEMAE_H

#include <string.h>

#include "ir/eval.h"
#include "sema/sema_internal.h"
#include "syntax/parse.h"

#define SEMAE_ROW "type Row = { i8: i8, i16: i16, i32: i32, i64: i64, u8: u8, u16: u16, u32: u32, u64: u64," \
  " f32: f32, f64: f64, d: decimal(10,2), e: decimal(5,4), w: decimal(38,2), t: decimal(38,38), s: string, b: bool," \
  " raw: bytes, day: date, at: timestamp, clock: time, took: duration, id: uuid, region: enum(\"EU\", \"US\")," \
  " ni: i64?, nd: decimal(5,4)?, ns: string?, nb: bool?, nr: enum(\"EU\", \"US\")?, tags: [string], nums: [i64]," \
  " who: { name: string, home: { city: string, zip: string? } }, now: i64 }\n"

typedef struct Semae {
  Arena *arena;
  Diags *diags;
  Plan *plan;
  Expr *expr;
} Semae;

static inline const AstStmt *semae_stmt(const AstScript *script, AstStmtKind kind) {
  for (const AstStmt *s = script->stmts; s; s = s->next) {
    if (s->kind == kind) return s;
  }
  return NULL;
}

static inline Semae semae_bind(const char *text) {
  Semae r = {.arena = arena_new()};
  r.diags = diags_new(r.arena);
  const char *script = arena_printf(r.arena, SEMAE_ROW "let x = %s\n", text);
  uint32_t file = diags_add_source(r.diags, "test.flow", script, strlen(script));
  AstScript *ast = syntax_parse(r.arena, r.diags, file);
  Plan *plan = r.plan = arena_alloc(r.arena, sizeof *plan);
  plan->arena = r.arena;
  plan->diags = r.diags;
  Binder *b = arena_alloc(r.arena, sizeof *b);
  *b = (Binder){.arena = r.arena, .diags = r.diags, .plan = plan};
  const AstStmt *row = semae_stmt(ast, AST_TYPE), *let = semae_stmt(ast, AST_LET);
  if (!row || !let) return r;
  Schema *schema = arena_alloc(r.arena, sizeof *schema);
  schema->cols = arena_alloc(r.arena, 100 * sizeof *schema->cols);
  for (const AstField *f = row->type->fields; f; f = f->next) {
    ColId col = plan_add_column(plan, f->name.text, bind_type(b, NULL, f->type), f->span);
    schema->cols[schema->len++] = (SchemaColumn){f->name.text, col, NULL};
  }
  Scope *scope = arena_alloc(r.arena, sizeof *scope);
  *scope = (Scope){.schema = schema, .stream = "rows"};
  r.expr = bind_expr(b, scope, let->value, NULL);
  return r;
}

/* The first error's name, or "". */
static inline const char *semae_error(const Semae *r) {
  uint32_t len;
  const Diag *all = diag_all(r->diags, &len);
  for (uint32_t i = 0; i < len; i++) {
    if (all[i].severity == SEVERITY_ERROR) return diag_code_name(all[i].code);
  }
  return "";
}

#endif
