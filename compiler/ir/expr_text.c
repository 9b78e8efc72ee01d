/* expr_text.c: expressions and values as text, in the syntax of scripts as far as that goes: every
 * implicit cast shows as the call of its type, and EX_LET as `let v1 = a in b`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"
#include "plan/plan.h"

typedef struct Text {
  Arena *arena;
  const Plan *plan;
  char *data;
  size_t size, room;
} Text;

static void text_put(Text *t, const char *p, size_t n) {
  if (t->size + n + 1 > t->room) {
    size_t room = (t->size + n + 1) * 2;
    char *data = arena_alloc(t->arena, room);
    if (t->size) memcpy(data, t->data, t->size);
    t->data = data;
    t->room = room;
  }
  if (n) memcpy(t->data + t->size, p, n);
  t->size += n;
}

static void text_add(Text *t, const char *s) { text_put(t, s, strlen(s)); }

static void text_quoted(Text *t, FrtStr s) {
  text_add(t, "\"");
  for (uint32_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    char buf[16];
    if (c == '"' || c == '\\') snprintf(buf, sizeof buf, "\\%c", c);
    else if (c == '\n') snprintf(buf, sizeof buf, "\\n");
    else if (c == '\t') snprintf(buf, sizeof buf, "\\t");
    else if (c < 0x20) snprintf(buf, sizeof buf, "\\u{%x}", c);
    else snprintf(buf, sizeof buf, "%c", c);
    text_add(t, buf);
  }
  text_add(t, "\"");
}

static void text_value(Text *t, const Type *type, const Value *v);

static void text_members(Text *t, const Type *type, const Value *v) {
  bool list = type->kind == TY_LIST;
  text_add(t, list ? "[" : "{");
  for (uint32_t i = 0; i < v->len; i++) {
    if (i) text_add(t, ", ");
    if (!list) {
      text_add(t, type->fields[i].name);
      text_add(t, " = ");
    }
    text_value(t, list ? type->elem : type->fields[i].type, &v->items[i]);
  }
  text_add(t, list ? "]" : "}");
}

static void text_value(Text *t, const Type *type, const Value *v) {
  if (v->is_null || type->kind == TY_NULL || type->kind == TY_ERROR) {
    text_add(t, "null");
    return;
  }
  switch (type->kind) {
    case TY_STRING: text_quoted(t, v->s); return;
    case TY_ENUM: {
      FrtStr s = {type->names[v->i], type->name_sizes[v->i], 0};
      text_quoted(t, s);
      return;
    }
    case TY_DATE: case TY_TIMESTAMP: text_add(t, "@"); break;
    case TY_LIST: case TY_STRUCT: text_members(t, type, v); return;
    default: break;
  }
  FrtStr s = value_print(t->arena, type, v);
  text_put(t, s.ptr, s.len);
}

static void text_expr(Text *t, const Expr *e);

static void text_list(Text *t, const Expr *e, uint32_t from) {
  for (uint32_t i = from; i < e->arg_len; i++) {
    if (i > from) text_add(t, ", ");
    text_expr(t, e->arg[i]);
  }
}

static const char *const text_operators[] = {
  [EX_ADD] = " + ", [EX_SUB] = " - ", [EX_MUL] = " * ", [EX_DIV] = " / ", [EX_FLOORDIV] = " // ",
  [EX_MOD] = " % ", [EX_EQ] = " == ", [EX_NE] = " != ", [EX_LT] = " < ", [EX_LE] = " <= ",
  [EX_GT] = " > ", [EX_GE] = " >= ", [EX_AND] = " and ", [EX_OR] = " or ", [EX_COALESCE] = " ?? "};

static const char *text_operator(const Expr *e) {
  if ((e->kind >= EX_ADD && e->kind <= EX_OR) || e->kind == EX_COALESCE) return text_operators[e->kind];
  return NULL;
}

static void text_operand(Text *t, const Expr *e) {
  bool group = text_operator(e) || e->kind == EX_LET || e->kind == EX_NOT || e->kind == EX_IS_NULL;
  if (group) text_add(t, "(");
  text_expr(t, e);
  if (group) text_add(t, ")");
}

static void text_cast(Text *t, const Expr *e) {
  const Type *to = type_with_null(t->arena, e->type, false);
  if (to->kind == TY_DECIMAL) {
    text_add(t, "decimal(");
    text_expr(t, e->arg[0]);
    text_add(t, arena_printf(t->arena, ", %d, %d)", to->precision, to->scale));
    return;
  }
  text_add(t, type_text(t->arena, to));
  text_add(t, "(");
  text_expr(t, e->arg[0]);
  text_add(t, ")");
}

static void text_concat(Text *t, const Expr *e) {
  text_add(t, "f\"");
  for (uint32_t i = 0; i < e->arg_len; i++) {
    const Expr *x = e->arg[i];
    if (x->kind == EX_CONST && x->type->kind == TY_STRING && !x->value.is_null) {
      text_put(t, x->value.s.ptr, x->value.s.len);
      continue;
    }
    text_add(t, "{");
    text_expr(t, x);
    if (e->formats && e->formats[i]) text_add(t, arena_printf(t->arena, ":%s", e->formats[i]));
    text_add(t, "}");
  }
  text_add(t, "\"");
}

static void text_struct(Text *t, const Expr *e) {
  text_add(t, "{");
  for (uint32_t i = 0; i < e->arg_len; i++) {
    text_add(t, i ? ", " : "");
    text_add(t, e->type->fields[i].name);
    text_add(t, " = ");
    text_expr(t, e->arg[i]);
  }
  text_add(t, "}");
}

static void text_call(Text *t, const char *name, const Expr *e) {
  text_add(t, name);
  text_add(t, "(");
  text_list(t, e, 0);
  text_add(t, ")");
}

static void text_leaf(Text *t, const Expr *e) {
  switch (e->kind) {
    case EX_CONST: text_value(t, e->type, &e->value); return;
    case EX_COLUMN:
      if (t->plan && e->col < t->plan->column_len) text_add(t, t->plan->columns[e->col].name);
      else text_add(t, arena_printf(t->arena, "#%u", e->col));
      return;
    case EX_PARAM:
      text_add(t, "$");
      if (t->plan && e->index < t->plan->param_len) text_add(t, t->plan->params[e->index].name);
      else text_add(t, arena_printf(t->arena, "%u", e->index));
      return;
    default: text_add(t, arena_printf(t->arena, "v%u", e->var)); return;
  }
}

static void text_expr(Text *t, const Expr *e) {
  const char *op = text_operator(e);
  if (op) {
    text_operand(t, e->arg[0]);
    text_add(t, op);
    text_operand(t, e->arg[1]);
    return;
  }
  switch (e->kind) {
    case EX_LET:
      text_add(t, arena_printf(t->arena, "let v%u = ", e->var));
      text_expr(t, e->arg[0]);
      text_add(t, " in ");
      text_expr(t, e->arg[1]);
      return;
    case EX_NEG: text_add(t, "-"); text_operand(t, e->arg[0]); return;
    case EX_NOT: text_add(t, "not "); text_operand(t, e->arg[0]); return;
    case EX_IS_NULL: text_operand(t, e->arg[0]); text_add(t, " is null"); return;
    case EX_IF:
      text_add(t, "if ");
      text_expr(t, e->arg[0]);
      text_add(t, " then ");
      text_expr(t, e->arg[1]);
      text_add(t, " else ");
      text_expr(t, e->arg[2]);
      text_add(t, " end");
      return;
    case EX_TRY: text_call(t, "try", e); return;
    case EX_CAST: text_cast(t, e); return;
    case EX_CALL: text_call(t, e->fn->name, e); return;
    case EX_CONCAT: text_concat(t, e); return;
    case EX_FIELD:
      text_operand(t, e->arg[0]);
      text_add(t, ".");
      text_add(t, e->arg[0]->type->fields[e->index].name);
      return;
    case EX_INDEX:
      text_operand(t, e->arg[0]);
      text_add(t, "[");
      text_expr(t, e->arg[1]);
      text_add(t, "]");
      return;
    case EX_STRUCT: text_struct(t, e); return;
    case EX_LIST: text_add(t, "["); text_list(t, e, 0); text_add(t, "]"); return;
    default: text_leaf(t, e); return;
  }
}

const char *expr_text(Arena *a, const Plan *plan, const Expr *e) {
  Text t = {.arena = a, .plan = plan};
  text_expr(&t, e);
  text_put(&t, "", 1);
  return t.data;
}
