/* bind_expand.c: `call name(args)`: a user `op`, expanded in place. Its parameters stand for columns and
 * values of the caller (Scope.aliases), so nothing is captured. */
#include <string.h>

#include "sema/bind_internal.h"

/* What a parameter stands for besides values of a type: `column` a column that is there, `name` the name of one that is
 * made, `any` a value of any type. */
static bool param_is(const AstParamDecl *p, const char *word) {
  return p->type && p->type->kind == AST_TYPE_NAME && p->type->name.text && !p->type->nullable &&
         !strcmp(p->type->name.text, word);
}

static const char *param_list(Binder *b, const AstStmt *op) {
  const char *text = "";
  for (const AstParamDecl *p = op->params; p; p = p->next)
    text = arena_printf(b->arena, "%s%s%s: %s", text, p == op->params ? "" : ", ", p->name.text,
                        source_text(b, p->type->span));
  return arena_printf(b->arena, "op %s(%s)", op->name.text, text);
}

static void arg_check(Chain *c, const Symbol *s, const AstParamDecl *p, const AstExpr *value) {
  Binder *b = c->b;
  if (param_is(p, "any")) {
    bind_expr(b, chain_scope(c), value, NULL);
    return;
  }
  if (param_is(p, "column") || param_is(p, "name")) {
    if (value->kind == AST_NAME && param_is(p, "name")) return;
    if (value->kind == AST_NAME)
      bind_column(b, chain_scope(c), (AstName){ 0 }, chain_name(c, value->name));
    else if (value->kind != AST_ERROR)
      diag_report(b->diags, DIAG_E0809, value->span, NULL, param_list(b, s->stmt), p->name.text,
                  s->name);
    return;
  }
  const Type *t = bind_type(b, s->module, p->type);
  if (t->kind == TY_ERROR) return;
  bind_widen(b, bind_expr(b, chain_scope(c), value, t), t);
}

static uint32_t param_index(const AstStmt *op, const char *name, uint32_t *len) {
  uint32_t i = 0, found = UINT32_MAX;
  for (const AstParamDecl *p = op->params; p; p = p->next, i++)
    if (name && !strcmp(p->name.text, name)) found = i;
  *len = i;
  return found;
}

static bool args_place(Chain *c, const AstOp *op, const Symbol *s, const AstExpr **values) {
  Binder *b = c->b;
  uint32_t len, at = 0;
  bool good = true;
  param_index(s->stmt, NULL, &len);
  for (const AstArg *a = op->args; a; a = a->next) {
    uint32_t i = a->name.text ? param_index(s->stmt, a->name.text, &len) : at++;
    if (i >= len) {
      if (a->name.text)
        diag_report(b->diags, DIAG_E0408, a->name.span, NULL, param_list(b, s->stmt), s->name,
                    a->name.text);
      else
        diag_report(b->diags, DIAG_E0407, a->span, NULL, param_list(b, s->stmt), s->name,
                    arena_printf(b->arena, "%u", len), at);
      good = false;
    } else if (values[i]) {
      diag_report(b->diags, DIAG_E0807, a->span, NULL, NULL, a->name.text ? a->name.text : "?");
      good = false;
    } else {
      values[i] = a->value;
    }
  }
  uint32_t i = 0;
  for (const AstParamDecl *p = s->stmt->params; p; p = p->next, i++)
    if (!values[i]) {
      diag_report(b->diags, DIAG_E0808, op->span, NULL, param_list(b, s->stmt), p->name.text,
                  s->name);
      good = false;
    } else {
      arg_check(c, s, p, values[i]);
    }
  return good;
}

static Symbol *op_find(Chain *c, const AstOp *op) {
  Binder *b = c->b;
  Symbol *s = module_find(chain_module(c), op->module.text, op->name.text, SYM_OP | SYM_STEP);
  if (s) return s;
  if (streams_of(b)->incomplete) return NULL;
  uint32_t len;
  Module *m = op->module.text ? module_named(chain_module(c), op->module.text) : chain_module(c);
  const char *const *names = m ? module_names(b, m, SYM_OP | SYM_STEP, &len) : NULL;
  if (!m) len = 0;
  diag_report(b->diags, DIAG_E0308, op->name.span, hint_nearest(b, op->name.text, names, len),
              op->module.text && !m ? "no `use` has that name behind `as`" : NULL, op->name.text);
  return NULL;
}

void op_call(Chain *c, const AstOp *op) {
  Binder *b = c->b;
  uint32_t len;
  if (!op->name.text) return;
  if (!op->module.text && !strcmp(op->name.text, "js")) {
    op_js(c, op);
    return;
  }
  Symbol *s = op_find(c, op);
  if (s && s->kind == SYM_STEP) {
    op_plugin(c, op, s);
    return;
  }
  if (s && op->else_port.text)
    diag_report(b->diags, DIAG_E0607, op->else_port.span, NULL, "its operators have ports of their own",
                arena_printf(b->arena, "call %s", op->name.text), "else");
  if (s && op->type)
    diag_report(b->diags, DIAG_E0607, op->type->span, NULL, "an `op` has the columns that its operators give",
                arena_printf(b->arena, "call %s", op->name.text), "as");
  if (!s) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  uint32_t depth = c->expansion ? c->expansion->depth + 1 : 1;
  for (const Expansion *x = c->expansion; x; x = x->parent)
    if (x->op == s->stmt) {
      diag_report(b->diags, DIAG_E0617, op->name.span, NULL,
                  "an `op` is expanded in place, so it can have no recursion", s->name);
      c->at = (PlanEdge){ 0 };
      return;
    }
  param_index(s->stmt, NULL, &len);
  Expansion *x = arena_alloc(b->arena, sizeof *x);
  *x = (Expansion){ .op = s->stmt,
                    .module = s->module,
                    .values = arena_alloc(b->arena, (len + 1) * sizeof *x->values),
                    .on_error = &op->on_error,
                    .depth = depth,
                    .parent = c->expansion };
  if (depth > LIMIT_DEPTH) {
    diag_report(b->diags, DIAG_E0903, op->span, NULL, NULL, (unsigned)LIMIT_DEPTH);
    c->at = (PlanEdge){ 0 };
    return;
  }
  if (!args_place(c, op, s, x->values)) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  const Expansion *outer = c->expansion;
  c->expansion = x;
  if (b->plan->node_len < LIMIT_OPERATORS) chain_ops(c, s->stmt->chain);
  c->expansion = outer;
}
