/* bind_io.c: what readers and sinks share: sources by kind, and options by table. */
#include "sema/bind_internal.h"

#include <string.h>

PlanEdge source_edge(Chain *c, const AstFlow *f) {
  switch (f->kind) {
    case AST_SRC_READ: return source_read(c, f);
    case AST_SRC_VALUES: return source_values(c, f);
    case AST_SRC_RANGE: return source_range(c, f);
    case AST_SRC_TAIL: return source_tail(c, f);
    case AST_SRC_EXEC: return source_exec(c, f);
    case AST_SRC_LISTEN: report_unbuilt(c->b, f->span, "`listen`"); break;
    case AST_SRC_STREAM:
    case AST_SRC_UNION: break;
  }
  return (PlanEdge){ 0 };
}

const AstExpr *options_path(Chain *c, const AstArg *args, Span span, const char *format) {
  const AstExpr *path = NULL;
  for (const AstArg *a = args; a; a = a->next) {
    if (a->name.text) continue;
    if (!path) path = a->value;
    else
      diag_report(c->b->diags, DIAG_E0407, a->span, "options are named: `header = true`", NULL,
                  format, "one positional", 2u);
  }
  if (!path)
    diag_report(c->b->diags, DIAG_E0705, span, NULL,
                strcmp(format, "exec") ? "the first argument is a path, a glob or \"-\""
                                       : "the first argument is a command of the shell: `exec(\"ls -1\")`",
                format, strcmp(format, "exec") ? "path" : "command");
  return path;
}

static void report_option(Chain *c, const AstArg *a, const OptionSpec *spec, const char *need) {
  diag_report(c->b->diags, DIAG_E0703, a->value->span, NULL, NULL, spec->name, need);
}

static const Value *option_value(Chain *c, const AstArg *a, const AstExpr *e,
                                 const OptionSpec *spec, TypeKind kind, const char *need) {
  const Expr *x = bind_const(c->b, chain_module(c), e, NULL, false);
  if (x->type->kind == TY_ERROR) return NULL;
  bool fits = kind == TY_I64 ? type_is_integer(x->type) : x->type->kind == kind;
  if (x->kind == EX_CONST && fits && !x->value.is_null) return &x->value;
  report_option(c, a, spec, need);
  return NULL;
}

static void option_texts(Chain *c, const AstArg *a, const OptionSpec *spec, OptionValue *out) {
  const AstExpr *items = a->value->kind == AST_LIST ? a->value->items : a->value;
  for (const AstExpr *e = items; e; e = a->value->kind == AST_LIST ? e->next : NULL) {
    const Value *v = option_value(c, a, e, spec, TY_STRING, "a text or a list of texts");
    if (!v) continue;
    out->texts = arena_grow(c->b->arena, out->texts, out->len, sizeof *out->texts);
    out->texts[out->len++] = v->s;
  }
}

static void option_counts(Chain *c, const AstArg *a, const OptionSpec *spec, OptionValue *out) {
  if (a->value->kind != AST_LIST) {
    report_option(c, a, spec, "a list of whole numbers");
    return;
  }
  for (const AstExpr *e = a->value->items; e; e = e->next) {
    const Value *v = option_value(c, a, e, spec, TY_I64, "a list of whole numbers");
    if (!v) continue;
    if (v->i < 1 || v->i > 1 << 24) {
      report_option(c, a, spec, "whole numbers from 1 to 16777216");
      continue;
    }
    out->numbers = arena_grow(c->b->arena, out->numbers, out->len, sizeof *out->numbers);
    out->numbers[out->len++] = v->i;
  }
}

static void option_word(Chain *c, const AstArg *a, const OptionSpec *spec, OptionValue *out) {
  uint32_t len = 0;
  const char *need = "one of";
  for (; spec->words[len]; len++)
    need = arena_printf(c->b->arena, "%s%s \"%s\"", need, len ? "," : "", spec->words[len]);
  const Value *v = option_value(c, a, a->value, spec, TY_STRING, need);
  if (!v) return;
  for (uint32_t i = 0; i < len; i++)
    if (strlen(spec->words[i]) == v->s.len && !memcmp(spec->words[i], v->s.ptr, v->s.len)) {
      out->number = i;
      return;
    }
  const char *text = arena_strndup(c->b->arena, v->s.ptr, v->s.len);
  diag_report(c->b->diags, DIAG_E0717, a->value->span, hint_nearest(c->b, text, spec->words, len),
              need, spec->name, text);
}

static void option_byte(Chain *c, const AstArg *a, const OptionSpec *spec, OptionValue *out) {
  const char *need = "one ASCII character, no line end";
  const Value *v = option_value(c, a, a->value, spec, TY_STRING, need);
  if (!v) return;
  if (v->s.len == 0 && !strcmp(spec->name, "quote")) return;
  unsigned char ch = v->s.len == 1 ? (unsigned char)v->s.ptr[0] : 0;
  if (!ch || ch >= 0x80 || ch == '\n' || ch == '\r') report_option(c, a, spec, need);
  else out->number = ch;
}

static void option_bind(Chain *c, const AstArg *a, const OptionSpec *spec, OptionValue *out) {
  const Value *v;
  switch (spec->kind) {
    case OPTION_BOOL:
      v = option_value(c, a, a->value, spec, TY_BOOL, "true or false");
      if (v) out->number = v->i;
      break;
    case OPTION_BYTE: option_byte(c, a, spec, out); break;
    case OPTION_TEXT:
      v = option_value(c, a, a->value, spec, TY_STRING, "a text");
      if (v) out->text = v->s;
      break;
    case OPTION_TEXTS: option_texts(c, a, spec, out); break;
    case OPTION_COUNTS: option_counts(c, a, spec, out); break;
    case OPTION_COUNT:
      v = option_value(c, a, a->value, spec, TY_I64, "a whole number");
      if (v) out->number = v->i;
      break;
    case OPTION_TIME:
      v = option_value(c, a, a->value, spec, TY_DURATION, "a duration above zero, as 30s");
      if (v && v->i <= 0) report_option(c, a, spec, "a duration above zero, as 30s");
      if (v) out->number = v->i;
      break;
    case OPTION_WORD: option_word(c, a, spec, out); break;
  }
}

void options_bind(Chain *c, const AstArg *args, const OptionSpec *specs, uint32_t len,
                  OptionValue *out, const char *format) {
  for (const AstArg *a = args; a; a = a->next) {
    if (!a->name.text) continue;
    uint32_t i = 0;
    while (i < len && strcmp(specs[i].name, a->name.text)) i++;
    if (i == len) {
      const char **names = arena_alloc(c->b->arena, (len + 1) * sizeof *names);
      const char *all = len ? "options:" : "it has no options";
      for (uint32_t k = 0; k < len; k++) {
        names[k] = specs[k].name;
        all = arena_printf(c->b->arena, "%s%s %s", all, k ? "," : "", names[k]);
      }
      diag_report(c->b->diags, DIAG_E0701, a->name.span,
                  hint_nearest(c->b, a->name.text, names, len), all, a->name.text, format);
      continue;
    }
    if (out[i].given) {
      diag_report(c->b->diags, DIAG_E0708, a->name.span, NULL, NULL, specs[i].name);
      continue;
    }
    out[i].given = true;
    out[i].span = a->value->span;
    option_bind(c, a, &specs[i], &out[i]);
  }
}
