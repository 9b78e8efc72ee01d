/* bind_extract.c: `extract s with r"..."`: named captures become columns.
 *
 * A capture may carry a type, `(?<n:u64>\d+)`: it is cut out of the pattern before PCRE2 sees it. The
 * pattern is compiled here to check it and to number its groups. */
#ifndef FRT_NO_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#endif
#include <string.h>

#include "sema/bind_internal.h"

typedef struct Capture {
  const char *name;
  const Type *type;
  uint32_t group;
} Capture;
typedef struct Captures {
  Capture *items;
  uint32_t len;
  char *pattern;
  uint32_t size;
} Captures;

/* "u64", "i64?", "decimal(12,2)": the types that a capture can have. */
static const Type *capture_type(Chain *c, const char *text, uint32_t len, Span span) {
  Arena *a = c->b->arena;
  AstType *t = arena_alloc(a, sizeof *t);
  while (len && text[len - 1] == ' ') len--;
  *t = (AstType){ .kind = AST_TYPE_NAME, .span = span };
  if (len && text[len - 1] == '?') t->nullable = true, len--;
  const char *open = memchr(text, '(', len);
  uint32_t name = open ? (uint32_t)(open - text) : len;
  t->name = (AstName){ arena_strndup(a, text, name), span };
  AstExpr **last = &t->args;
  for (uint32_t i = name; i < len; i++) {
    uint32_t end = i;
    while (end < len && text[end] >= '0' && text[end] <= '9') end++;
    if (end == i) continue;
    AstExpr *e = arena_alloc(a, sizeof *e);
    *e = (AstExpr){
      .kind = AST_INT, .span = span, .text = arena_strndup(a, text + i, end - i), .len = end - i
    };
    *last = e;
    last = &e->next;
    i = end;
  }
  const Type *bound = bind_type(c->b, chain_module(c), t);
  if (type_is_scalar(bound) || bound->kind == TY_ERROR) return bound;
  diag_report(c->b->diags, DIAG_E0425, span, NULL, NULL, type_text(a, bound), "captured from text");
  return type_basic(TY_ERROR);
}

static bool name_byte(char ch) {
  return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
         ch == '_';
}

static void capture_add(Chain *c, Captures *all, const char *name, uint32_t len, const Type *t,
                        Span span) {
  const char *text = arena_strndup(c->b->arena, name, len);
  for (uint32_t i = 0; i < all->len; i++)
    if (!strcmp(all->items[i].name, text)) {
      diag_report(c->b->diags, DIAG_E0310, span, NULL, "two captures have this name", text);
      return;
    }
  all->items = arena_grow(c->b->arena, all->items, all->len, sizeof *all->items);
  all->items[all->len++] = (Capture){ text, t, 0 };
}

/* At `(?<name` or `(?P<name`: the bytes up to the name, or 0. */
static uint32_t group_head(const char *p, const char *end) {
  if (end - p > 3 && !memcmp(p, "(?<", 3) && name_byte(p[3])) return 3;
  if (end - p > 4 && !memcmp(p, "(?P<", 4) && name_byte(p[4])) return 4;
  return 0;
}

/* Copies the pattern without the types of its captures. */
static void pattern_strip(Chain *c, const AstExpr *regex, Captures *out) {
  const char *p = regex->text, *end = p + regex->len;
  out->pattern = arena_alloc(c->b->arena, regex->len + 1);
  bool set = false;
  while (p < end) {
    uint32_t head = set ? 0 : group_head(p, end);
    if (*p == '\\' && p + 1 < end) {
      out->pattern[out->size++] = *p++;
    } else if (*p == '[') {
      set = true;
    } else if (*p == ']') {
      set = false;
    } else if (head) {
      const char *name = p + head, *stop = name;
      while (stop < end && name_byte(*stop)) stop++;
      const char *close = stop < end ? memchr(stop, '>', (size_t)(end - stop)) : NULL;
      const Type *t = type_basic(TY_STRING);
      if (close && *stop == ':')
        t = capture_type(c, stop + 1, (uint32_t)(close - stop - 1), regex->span);
      capture_add(c, out, name, (uint32_t)(stop - name), t, regex->span);
      memcpy(out->pattern + out->size, p, (size_t)(stop - p));
      out->size += (uint32_t)(stop - p);
      p = close && *stop == ':' ? close : stop;
      continue;
    }
    out->pattern[out->size++] = *p++;
  }
}

#ifndef FRT_NO_PCRE2
static bool pattern_compile(Chain *c, const AstExpr *regex, Captures *all) {
  int code = 0;
  PCRE2_SIZE at = 0;
  pcre2_code *re = pcre2_compile((PCRE2_SPTR)all->pattern, all->size,
                                 PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
  if (!re) {
    PCRE2_UCHAR text[256] = "";
    pcre2_get_error_message(code, text, sizeof text);
    diag_report(c->b->diags, DIAG_E0415, regex->span, NULL,
                arena_printf(c->b->arena, "at character %zu of the pattern", (size_t)at),
                (const char *)text);
    return false;
  }
  for (uint32_t i = 0; i < all->len; i++)
    all->items[i].group =
        (uint32_t)pcre2_substring_number_from_name(re, (PCRE2_SPTR)all->items[i].name);
  pcre2_code_free(re);
  return true;
}
#else
static bool pattern_compile(Chain *c, const AstExpr *regex, Captures *all) {
  report_unbuilt(c->b, regex->span, "`extract` (this flowc is built without PCRE2)");
  return false;
}
#endif

static void extract_columns(Chain *c, const AstOp *op, PlanNode *n, const Captures *all) {
  Arena *a = c->b->arena;
  ColId *cols = arena_alloc(a, (all->len + 1) * sizeof *cols);
  uint32_t *groups = arena_alloc(a, (all->len + 1) * sizeof *groups);
  Schema out = schema_copy(a, &n->out[0].schema, all->len);
  bool null = policy_gives_null(c, &op->on_error);
  for (uint32_t i = 0; i < all->len; i++) {
    const Type *t = all->items[i].type;
    if (null && t->kind != TY_ERROR) t = type_with_null(a, t, true);
    cols[i] = column_make_of(c->b, all->items[i].name, t, op->regex->span, n->cond);
    groups[i] = all->items[i].group;
    schema_put(&out, all->items[i].name, cols[i]);
  }
  n->captures = cols;
  n->groups = groups;
  n->capture_len = all->len;
  n->out[0].schema = out;
}

void op_extract(Chain *c, const AstOp *op) {
  Binder *b = c->b;
  Captures all = { 0 };
  Expr *text = bind_expr(b, chain_scope(c), op->expr, NULL);
  if (!op->regex || op->regex->kind != AST_STRING) {
    c->at = (PlanEdge){ 0 };
    return;
  }
  pattern_strip(c, op->regex, &all);
  bool good = pattern_compile(c, op->regex, &all);
  if (good && !all.len)
    diag_report(b->diags, DIAG_E0613, op->regex->span, NULL,
                "name a capture: `(?<name>...)` or `(?<n:i64>...)`");
  if (text->type->kind != TY_STRING && text->type->kind != TY_ERROR)
    diag_report(b->diags, DIAG_E0401, op->expr->span, NULL, NULL, "string",
                type_text(b->arena, text->type));
  const Schema *in = chain_schema(c);
  PlanNode *n = chain_node(c, op, PLAN_EXTRACT, 1, op->else_port.text ? 2 : 1);
  n->cond = text;
  n->text = all.pattern;
  n->text_len = all.size;
  extract_columns(c, op, n, &all);
  chain_else(c, n, op->else_port, in);
  policy_apply(c, n, &op->on_error);
}
