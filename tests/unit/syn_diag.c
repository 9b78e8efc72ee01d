/* syn_diag.c: places, caret rendering, JSON, limits, nearest names. */
#include <criterion/criterion.h>

#include "support/syntax_text.h"

static SyntaxText with_source(const char *text) {
  SyntaxText t = {.arena = arena_new()};
  t.diags = diags_new(t.arena);
  diags_add_source(t.diags, "t.flow", text, strlen(text));
  return t;
}

Test(diag, caret) {
  SyntaxText t = with_source("a\n  | filter amuont > floor\n");
  diag_report(t.diags, DIAG_E0301, (Span){0, 13, 19}, "did you mean `amount` (decimal(12,2))?", "columns: amount", "amuont",
              "orders");
  cr_expect_str_eq(syntax_text_report(&t, false),
                   "t.flow:2:12: error[E0301]: unknown column `amuont` in `orders`\n"
                   "    2 |   | filter amuont > floor\n"
                   "      |            ^^^^^^ did you mean `amount` (decimal(12,2))?\n"
                   "   = columns: amount\n");
}

Test(diag, caret_counts_characters_and_tabs) {
  SyntaxText t = with_source("\t\xC3\xA4\xC3\xB6 x\r\n");
  diag_report(t.diags, DIAG_E0305, (Span){0, 1, 5}, NULL, NULL, "x");
  cr_expect_str_eq(syntax_text_report(&t, false),
                   "t.flow:1:2: error[E0305]: unknown name `x`\n    1 | \t\xC3\xA4\xC3\xB6 x\n      | \t^^\n");
}

Test(diag, nothing_steers_the_terminal) {
  SyntaxText t = with_source("\x1b[31m\xFF\n");
  diag_report(t.diags, DIAG_E0305, (Span){0, 0, 1}, NULL, NULL, "a\x1b" "b\xFF");
  cr_expect_str_eq(syntax_text_report(&t, false),
                   "t.flow:1:1: error[E0305]: unknown name `a?b?`\n    1 | ?[31m?\n      | ^\n");
}

Test(diag, json) {
  SyntaxText t = with_source("a\nbc");
  diag_report(t.diags, DIAG_E0305, (Span){0, 2, 4}, NULL, "n1\nn2", "b\"c");
  cr_expect_str_eq(syntax_text_report(&t, true),
                   "{\"file\":\"t.flow\",\"line\":2,\"column\":1,\"end_line\":2,\"end_column\":3,\"severity\":\"error\","
                   "\"code\":\"E0305\",\"message\":\"unknown name `b\\\"c`\",\"hint\":null,\"note\":\"n1\\u000an2\"}\n");
}

Test(diag, sorted_once_and_limited) {
  SyntaxText t = with_source("abcdef");
  diag_report(t.diags, DIAG_E0305, (Span){0, 3, 4}, NULL, NULL, "d");
  diag_report(t.diags, DIAG_W0102, (Span){0, 1, 2}, NULL, NULL, "b");
  diag_report(t.diags, DIAG_E0305, (Span){0, 3, 4}, NULL, NULL, "d");
  cr_expect_str_eq(syntax_text_places(&t), "1:2 W0102; 1:4 E0305");
  cr_expect_eq(diag_error_len(t.diags), 1);
  cr_expect_eq(diag_warning_len(t.diags), 1);
  for (uint32_t i = 0; i < 500; i++) diag_report(t.diags, DIAG_E0302, (Span){0, 0, i}, NULL, NULL, "x");
  uint32_t len;
  diag_all(t.diags, &len);
  cr_expect_eq(len, 101);
  cr_expect_eq(diag_error_len(t.diags), 501);
  cr_expect(strstr(syntax_text_report(&t, false), "... and 401 more errors") != NULL);
}

Test(diag, nearest) {
  const char *names[] = {"amount", "region", "id", "customer_id", "name"};
  cr_expect_str_eq(diag_nearest("amuont", names, 5), "amount");
  cr_expect_str_eq(diag_nearest("Region", names, 5), "region");
  cr_expect_str_eq(diag_nearest("custmer_id", names, 5), "customer_id");
  cr_expect_null(diag_nearest("zzz", names, 5));
  cr_expect_null(diag_nearest("x", names, 5));
  cr_expect_null(diag_nearest("", names, 5));
}
