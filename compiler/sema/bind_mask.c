/* bind_mask.c: which columns are masked, and how: by `mask` on a field, by name (`--mask`, `option mask`), or because they
 * are computed from one that is. `reveal(x)` ends it. */
#include <string.h>

#include "sema/bind_internal.h"
#include "sema/expr_internal.h"

static bool mask_pattern_matches(Binder *b, const char *pattern, size_t len, const char *name) {
  Span none = { 0 };
  Expr *args[2] = { expr_string(b, (FrtStr){ name, (uint32_t)strlen(name), 0 }, none),
                    expr_string(b, (FrtStr){ pattern, (uint32_t)len, 0 }, none) };
  Expr *found = expr_fold(b->arena, bind_library(b, "regex_matches", none, args, 2));
  return found->kind == EX_CONST && !found->value.is_null && found->value.i;
}

/* The next rule of "email,/pass|secret/": its text, or the pattern between slashes. False at the end. */
static bool mask_rule_next(const char **at, const char **rule, size_t *len, bool *pattern) {
  const char *p = *at;
  while (*p == ',' || *p == ' ') p++;
  if (!*p) return false;
  *pattern = *p == '/';
  const char *end = *pattern ? strchr(p + 1, '/') : NULL;
  if (*pattern && !end) end = p + strlen(p);
  *rule = *pattern ? p + 1 : p;
  if (!*pattern) end = p + strcspn(p, ",");
  *len = (size_t)(end - *rule);
  *at = *pattern && *end ? end + 1 : end;
  while (!*pattern && *len && (*rule)[*len - 1] == ' ') --*len;
  return true;
}

static bool mask_rules_name(Binder *b, const char *rules, const char *name) {
  const char *rule;
  size_t len;
  bool pattern;
  while (rules && mask_rule_next(&rules, &rule, &len, &pattern))
    if (pattern ? mask_pattern_matches(b, rule, len, name) : strlen(name) == len && !strncmp(rule, name, len)) return true;
  return false;
}

const char *mask_of_name(Binder *b, const char *name) {
  if (!name[0]) return NULL;
  return mask_rules_name(b, b->options ? b->options->mask : NULL, name) || mask_rules_name(b, streams_of(b)->mask, name) ? "redact" : NULL;
}

void mask_check_patterns(Binder *b, const char *rules, Span span) {
  const char *rule;
  size_t len;
  bool pattern;
  while (rules && mask_rule_next(&rules, &rule, &len, &pattern)) {
    FrtStr detail = { 0 };
    if (!pattern || eval_prepare(b->arena, "frt_regex_prepare", (FrtStr){ rule, (uint32_t)len, 0 }, &detail) <= 0) continue;
    diag_report(b->diags, DIAG_E0415, span, NULL, NULL, detail.len ? arena_strndup(b->arena, detail.ptr, detail.len) : "malformed");
  }
}

const char *mask_of_expr(const Plan *plan, const Expr *e) {
  if (!e || e->revealed) return NULL;
  if (e->kind == EX_COLUMN) return plan->columns[e->col].mask;
  if (e->kind == EX_PARAM) return plan->params[e->index].mask;
  for (uint32_t i = 0; i < e->arg_len; i++) {
    const char *mask = mask_of_expr(plan, e->arg[i]);
    if (mask) return mask;
  }
  return NULL;
}

void column_add_mask(Binder *b, ColId col, const char *mask) {
  if (!b->plan->columns[col].mask) b->plan->columns[col].mask = mask;
}
