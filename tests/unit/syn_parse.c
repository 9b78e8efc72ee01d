/* syn_parse.c: lexer, parser, tree print and formatter. Run from the project's root. */
#include <criterion/criterion.h>
#include <glob.h>

#include "support/syntax_text.h"

static char *tree_of(const char *text) {
  SyntaxText t = syntax_text_parse(text, strlen(text));
  cr_assert_eq(diag_error_len(t.diags), 0, "%s\n%s", text, syntax_text_report(&t, false));
  return syntax_text_tree(&t);
}

static char *places_of(const char *text) {
  SyntaxText t = syntax_text_parse(text, strlen(text));
  return syntax_text_places(&t);
}

static char *read_file(const char *path, size_t *size) {
  FILE *in = fopen(path, "rb");
  cr_assert_not_null(in, "%s", path);
  char *text = calloc(1, 1 << 20);
  *size = fread(text, 1, (1 << 20) - 1, in);
  fclose(in);
  return text;
}

static void check_expr(const char *expr, const char *expected) {
  char text[1000], tree[1000];
  snprintf(text, sizeof text, "let x = %s", expr);
  snprintf(tree, sizeof tree, "let x = %s\n", expected);
  cr_expect_str_eq(tree_of(text), tree);
}

Test(syntax, literals) {
  check_expr("1_000", "1000");
  check_expr("1_000.50e-3", "1000.50e-3");
  check_expr("\"a\\n\\t\\\"\\\\\\u{e4}\"", "\"a\\n\\x09\\\"\\\\\xC3\xA4\"");
  check_expr("r\"\\S \\\"x\"", "r\"\\\\S \\\\\\\"x\"");
  check_expr("\"\"\"\na \"b\"\n\"\"\"", "\"a \\\"b\\\"\\n\"");
  check_expr("\"\"\"\"\"\"", "\"\"");
  check_expr("\"\"", "\"\"");
  check_expr("@2026-07-01", "@2026-07-01");
  check_expr("@2026-07-01T12:30:00.25+02:00", "@2026-07-01T12:30:00.25+02:00");
  check_expr("1h30m", "5400000000us");
  check_expr("64MiB", "67108864B");
  check_expr("f\"{a}-{b:.2} {{x}}\"", "(f a \"-\" b:.2 \" {x}\")");
  check_expr("f\"{f(\"}\", x)} {f\"{y}\"}\"", "(f (call f \"}\" x) \" \" (f y))");
  check_expr("`Customer ID`", "`Customer ID`");
  check_expr("[true, false, null,]", "(list true false null)");
}

Test(syntax, precedence) {
  check_expr("a or b and not c == d", "(or a (and b (not (== c d))))");
  check_expr("a ?? b + c * -d", "(?? a (+ b (* c (neg d))))");
  check_expr("a ?? b ?? c", "(?? a (?? b c))");
  check_expr("a - b - c", "(- (- a b) c)");
  check_expr("100 // q % 3", "(% (// 100 q) 3)");
  check_expr("x not in [1] and y in [2]", "(and (not (in x (list 1))) (in y (list 2)))");
  check_expr("not a is null or b is not null", "(or (not (is-null a)) (is-not-null b))");
  check_expr("-a.b[0].c", "(neg (. (index (. a b) 0) c))");
  check_expr("m.f(x, n = 1, null = 2)", "(call m.f x n=1 null=2)");
  check_expr("if a then b else if c then d else e end end", "(if a b (if c d e))");
  check_expr("match x { 1, 2 => a; _ if y => b; _ => c }", "(match x (when 1 2) => a (else) if y => b (else) => c)");
}

Test(syntax, words_are_names) {
  check_expr("first(key) + top + limit - format * end", "(- (+ (+ (call first key) top) limit) (* format end))");
  check_expr("left(right, sort, filter.select)", "(call left right sort (. filter select))");
  cr_expect_str_eq(tree_of("a = b | derive set = 1, skip = sort, by = 2"),
                   "stream a\n  stream b\n  | derive set=1 skip=sort by=2\n");
}

Test(syntax, statements_need_no_mark) {
  cr_expect_str_eq(tree_of("a = read csv(\"x\") on error -> bad limit 5% b = a | take 5 c = b"),
                   "stream a\n  read csv \"x\" on error -> bad limit 5%\nstream b\n  stream a\n  | take 5\n"
                   "stream c\n  stream b\n");
}

Test(syntax, docs) {
  cr_expect_str_eq(tree_of("#!/x\n# head\n\n# one\n# two\nlet a = 1  # no\nlet b = 2\n# far\n\nlet c = 3"),
                   "script \"head\"\ndoc \"one\\ntwo\"\nlet a = 1\nlet b = 2\nlet c = 3\n");
}

Test(syntax, places_of_errors) {
  cr_expect_str_eq(places_of("a = b\n  | filter x\n  select y\n  | write csv(\"z\")\n"), "3:3 E0202");
  cr_expect_str_eq(places_of("a = b | filter x >\nc = a | fliter y | take 1\nd = a | select (x\n"),
                   "2:1 E0201; 2:9 E0205; 3:16 E0203");
}

Test(syntax, lexer_errors) {
  cr_expect_str_eq(places_of("let a = \"open\nlet b = 1"), "1:9 E0104");
  cr_expect_str_eq(places_of("let a = \"\\q\"\nlet b = 5x\nlet c = @2026-13-01\nlet d = f\"{\"\nlet e = `x"),
                   "1:10 E0105; 2:9 E0108; 3:9 E0110; 4:11 E0113; 5:9 E0111");
  cr_expect_str_eq(places_of("let a = 1 && 2"), "1:11 E0117");
  cr_expect_str_eq(places_of("let a = \"\"\"\n x"), "1:9 E0107");
  cr_expect_str_eq(places_of("let a = f\"{a b}\"\nlet b = f\"{}\"\nlet c = f\"}\""), "1:14 E0201; 2:11 E0115; 3:11 E0114");
}

Test(syntax, hostile_bytes) {
  SyntaxText t = syntax_text_parse("let a = 1\0\xFF\x01", 12);
  cr_expect_str_eq(syntax_text_places(&t), "1:10 E0103; 1:11 E0102; 1:12 E0118");
}

static void check_depth(const char *head, const char *piece) {
  size_t len = strlen(piece), head_len = strlen(head), count = 100000;
  char *text = calloc(1, head_len + len * count + 1);
  memcpy(text, head, head_len);
  for (size_t i = 0; i < count; i++) memcpy(text + head_len + i * len, piece, len);
  SyntaxText t = syntax_text_parse(text, strlen(text));
  cr_expect(strstr(syntax_text_places(&t), "E0903") != NULL, "%s", piece);
  free(text);
}

Test(syntax, depth_is_limited) {
  check_depth("let x = ", "(");
  check_depth("let x = ", "-");
  check_depth("let x = 1", "+1");
  check_depth("let x = ", "if a then b else ");
  check_depth("type T = ", "[");
  check_depth("type T = ", "{a:");
  check_depth("a = b ", "| tee { ");
}

Test(syntax, size_is_limited) {
  size_t size = (16 << 20) + 1;
  char *text = malloc(size);
  memset(text, ' ', size);
  SyntaxText t = syntax_text_parse(text, size);
  cr_expect_null(t.script);
  cr_expect_str_eq(syntax_text_places(&t), "1:1 E0902");
  free(text);
}

Test(syntax, all_forms) {
  size_t size, tree_size;
  char *text = read_file("tests/golden/syntax/forms.flow", &size);
  char *tree = read_file("tests/golden/syntax/forms.ast", &tree_size);
  cr_expect_str_eq(tree_of(text), tree);
  SyntaxText t = syntax_text_parse(text, size);
  cr_expect_str_eq(syntax_format(t.arena, t.source, t.script), text);
}

static void check_format(const char *path) {
  size_t size;
  char *text = read_file(path, &size);
  SyntaxText t = syntax_text_parse(text, size);
  if (diag_error_len(t.diags) > 0) return;
  const char *once = syntax_format(t.arena, t.source, t.script);
  SyntaxText again = syntax_text_parse(once, strlen(once));
  cr_expect_eq(diag_error_len(again.diags), 0, "%s", path);
  cr_expect_str_eq(syntax_text_tree(&t), syntax_text_tree(&again), "%s", path);
  cr_expect_str_eq(once, syntax_format(again.arena, again.source, again.script), "%s", path);
}

Test(syntax, format_keeps_the_tree) {
  glob_t found = {0};
  glob("stdlib/*.flow", 0, NULL, &found);
  glob("examples/*.flow", GLOB_APPEND, NULL, &found);
  glob("examples/*/*.flow", GLOB_APPEND, NULL, &found);
  glob("tests/e2e/*/case.flow", GLOB_APPEND, NULL, &found);
  for (size_t i = 0; i < found.gl_pathc; i++) check_format(found.gl_pathv[i]);
  globfree(&found);
}

Test(syntax, format_lays_out) {
  const char *text = "a=read csv( \"x\" )as T\non error->bad limit 5% # why\nlong_name = a|filter  x>-1\n\n\n\n# doc\n"
                     "b = a\n|derive n=1,\nmore=2\n  |  write csv(\"y\")";
  SyntaxText t = syntax_text_parse(text, strlen(text));
  cr_expect_str_eq(syntax_format(t.arena, t.source, t.script),
                   "a         = read csv(\"x\") as T\n              on error -> bad limit 5%  # why\n"
                   "long_name = a | filter x > -1\n\n# doc\nb = a\n  | derive n    = 1,\n           more = 2\n"
                   "  | write csv(\"y\")\n");
}
