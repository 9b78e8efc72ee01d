/* Regular expressions: the functions, the limits, and the tables of constant patterns against PCRE2 on random patterns and
 * texts. */
#include "regex/regex.h"
#include "text/fn_regex.h"
#include "support/func_harness.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

TestSuite(func_regex, .init = func_setup, .fini = func_teardown);

static int matches(const char *s, const char *pattern) {
  return OK(uint8_t, frt_regex_matches(cx, out, X(s), RE(pattern)));
}

Test(func_regex, searches_anywhere) {
  cr_expect(matches("日本-語", "^[^-]+-.$"));
  cr_expect_not(matches("naïve-café", "^[^-]+-.$"));
  cr_expect(matches("abc-1", "-\\d$"));
  cr_expect_not(matches("abc-1\n", "-\\d$"));
  cr_expect(matches("", ""));
  cr_expect(matches("x", ""));
  cr_expect(matches("xabcx", "abc"));
  cr_expect_not(matches("xabx", "abc"));
  cr_expect(matches("xaBcx", "(?i)abc"));
  cr_expect_not(matches("a\nb", "a.b"));
  cr_expect(matches("aa bb", "(a)\\1 (b)\\2"));
  cr_expect_not(matches("٣", "\\d"));
  cr_expect(matches("٣", "^\\S$"));
}

Test(func_regex, which_are_simple) {
  const char *const simple[] = {"abc",
                                "^abc$",
                                "^[^-]+-.$",
                                "\\d+",
                                "^(\\d{4})-(\\d\\d)$",
                                "(?<a>\\S+) (?<b>\\d+|-)",
                                "é+x",
                                "",
                                "^(?<ip>\\S+) \\S+ \\S+ \\[(?<at>[^\\]]+)\\] \\\"(?<verb>[A-Z]+) "
                                "(?<path>\\S+) [^\\\"]*\\\" (?<status>\\d+) (?<size>\\d+|-)",
                                "a+?b",
                                "(ab|cd)*e",
                                "[]x]",
                                "a|bc",
                                "(a?)b",
                                "a*ab",
                                ".*x(\\d*)",
                                "(a|ab)(c|bcd)(d*)"};
  const char *const other[] = {"(a|b*)*", "(a*)*",       "\\bx",    "(?i)é",   "a++",
                               "x{,3}",  "[é]",         "^a|b",    "a|b$",    "(a)\\1",
                               "a(?=b)", "[[:alpha:]]", "[\\d-x]", "(*UCP)a", "[a",
                               "(",      ")",           "*",       "a**",     "[z-a]",
                               "x{3,2}", "\\",          "a$b",     "^(a|ab)+$", "(?<a>x)(?<a>y)"};
  for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
    cr_expect(regex_tagged(func_ctx.arena, X(simple[i]), true), "%s", simple[i]);
  }
  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    cr_expect_not(regex_tagged(func_ctx.arena, X(other[i]), true), "%s", other[i]);
  }
}

Test(func_regex, bad_patterns) {
  const char *const bad[] = {"(",   "[a",      "*",  "a{3,2}", "\\", "(?<n>a)(?<n>b)",
                             "\\C", "(?<1>a)", "a\\"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const void *out;
    cr_expect_eq(frt_regex_prepare(cx, &out, X(bad[i])), FRT_E_REGEX, "%s", bad[i]);
    cr_expect_gt(cx->detail.len, 10u);
  }
}

Test(func_regex, blow_up_meets_the_limit) {
  FrtStr s = OK(FrtStr, frt_repeat(cx, out, S("a"), 40));
  const char *const patterns[] = {"^(a+)+[bc]$", "^(?:a|aa)+[bc]", "(?:a*)*[bc]",
                                  "^(?i)(a+a+)+[bc]", "(?i)^(a+a+)+[bc]"};
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    uint8_t yes;
    cr_expect_eq(frt_regex_matches(cx, &yes, s, RE(patterns[i])), FRT_E_REGEX_LIMIT, "%s",
                 patterns[i]);
    FrtStr out;
    cr_expect_eq(frt_regex_replace(cx, &out, s, RE(patterns[i]), S("")), FRT_E_REGEX_LIMIT);
  }
}

Test(func_regex, a_long_text_is_no_blow_up) {
  FrtStr s = OK(FrtStr, frt_repeat(cx, out, S("ab-"), 1000000));
  uint8_t yes;
  cr_expect_eq(frt_regex_matches(cx, &yes, s, RE("[^-]+$")), FRT_OK);
  cr_expect_not(yes);
  cr_expect_eq(frt_regex_matches(cx, &yes, s, RE("\\w+x")), FRT_OK);
  s = OK(FrtStr, frt_repeat(cx, out, S("a"), 1000000));
  cr_expect_eq(frt_regex_matches(cx, &yes, s, RE("a+$")), FRT_OK);
  cr_expect(yes);
  cr_expect_eq(frt_regex_matches(cx, &yes, s, RE("(a+)b")), FRT_OK);
  cr_expect_not(yes);
}

Test(func_regex, extract) {
  IS(OK(FrtStr, frt_regex_extract(cx, out, X("Ωmega-πρώτα"), RE("[^-]+$"))), "πρώτα");
  IS(OK(FrtStr, frt_regex_extract_group(cx, out, X("key=value"), RE("(\\w+)=(\\w+)"), 2)), "value");
  IS(OK(FrtStr, frt_regex_extract(cx, out, X(""), RE("a*"))), "");
  cr_expect_eq(STATUS(FrtStr, frt_regex_extract(cx, out, X("abc"), RE("\\d"))), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_regex_extract_group(cx, out, X("b"), RE("(a)?b"), 1)), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_regex_extract_group(cx, out, X("b"), RE("(a)?b"), 2)),
               FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(FrtStr, frt_regex_extract_group(cx, out, X("b"), RE("b"), -1)),
               FRT_E_ARGUMENT);
}

Test(func_regex, groups) {
  FrtStr g[6];
  const char *line = "1.2.3.4 - - [01/Jul/2026:12:30:00 +0000] \"GET /a HTTP/1.1\" 200 -";
  const void *re =
      RE("^(?<ip>\\S+) \\S+ \\S+ \\[(?<at>[^\\]]+)\\] \\\"(?<verb>[A-Z]+) (?<path>\\S+) "
         "[^\\\"]*\\\" (?<status>\\d+) (?<size>\\d+|-)");
  FrtStr h[8];
  cr_expect_eq(frt_regex_match_groups(cx, re, X(line), h, 8), FRT_OK);
  IS(h[1], "1.2.3.4");
  IS(h[2], "01/Jul/2026:12:30:00 +0000");
  IS(h[3], "GET");
  IS(h[4], "/a");
  IS(h[5], "200");
  IS(h[6], "-");
  cr_expect_null(h[7].ptr);
  cr_expect_eq(frt_regex_match_groups(cx, re, X("nothing"), h, 8), FRT_NULL);
  cr_expect_eq(frt_regex_match_groups(cx, RE("(a)|(b)|()"), X("xb"), g, 4), FRT_OK);
  IS(g[0], "");
  cr_expect_eq(frt_regex_match_groups(cx, RE("(a)|(b)"), X("xb"), g, 3), FRT_OK);
  cr_expect_null(g[1].ptr);
  IS(g[2], "b");
  cr_expect_eq(frt_regex_match_groups(cx, RE("^()$"), (FrtStr){NULL, 0, 0}, g, 2), FRT_OK);
  cr_expect_not_null(g[1].ptr);
}

static void replaces(const char *s, const char *pattern, const char *text, const char *want,
                     int line) {
  is_text(OK(FrtStr, frt_regex_replace(cx, out, X(s), RE(pattern), X(text))), want, line);
}
#define REPLACES(s, pattern, text, want) replaces(s, pattern, text, want, __LINE__)

Test(func_regex, replace) {
  REPLACES("日本-語", "^.", "*", "*本-語");
  REPLACES("a1b22", "\\d+", "#", "a#b#");
  REPLACES("Doe, Jane", "(\\w+), (\\w+)", "$2 $1", "Jane Doe");
  REPLACES("Doe, Jane", "(?<last>\\w+), (?<first>\\w+)", "${first} ${last}!", "Jane Doe!");
  REPLACES("Doe, Jane", "(?<last>\\w+), (?<first>\\w++)", "${first} ${1}", "Jane Doe");
  REPLACES("abc", "x*", "-", "-a-b-c-");
  REPLACES("axc", "x*", "-", "-a-c-");
  REPLACES("語x", "", ".", ".語.x.");
  REPLACES("aaa", "^a", "b", "baa");
  REPLACES("a", "a", "$$ $ $0 \\1 ${x", "$ $ a \\1 ${x");
  REPLACES("", "^$", "x", "x");
  REPLACES("abab", "(?<=a)b", "-", "a-a-");
  REPLACES("aXbX", "X", "", "ab");
  REPLACES("ab", "(a)|b", "[$1]", "[a][]");
  cr_expect_eq(STATUS(FrtStr, frt_regex_replace(cx, out, X("a"), RE("a"), X("$1"))),
               FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(FrtStr, frt_regex_replace(cx, out, X("a"), RE("a"), X("${no}"))),
               FRT_E_ARGUMENT);
  cr_expect_eq(
      STATUS(FrtStr, frt_regex_replace(cx, out, X("a"), RE("a"), X("$99999999999999999999"))),
      FRT_E_ARGUMENT);
  FrtStr many = OK(FrtStr, frt_repeat(cx, out, S("a"), 100000)),
         big = OK(FrtStr, frt_repeat(cx, out, S("b"), 10000));
  cr_expect_eq(STATUS(FrtStr, frt_regex_replace(cx, out, many, RE("a"), big)), FRT_E_TOO_LONG);
}

Test(func_regex, count_all_split) {
  cr_expect_eq(OK(int64_t, frt_regex_count(cx, out, X("1 22 333"), RE("\\d+"))), 3);
  cr_expect_eq(OK(int64_t, frt_regex_count(cx, out, X("é"), RE(""))), 2);
  FrtList l = OK(FrtList, frt_regex_extract_all(cx, out, X("1 22 333"), RE("\\d+")));
  cr_expect_eq(l.len, 3);
  IS(((const FrtStr *)l.data)[2], "333");
  l = OK(FrtList, frt_regex_split(cx, out, X("a1b22c"), RE("\\d+")));
  cr_expect_eq(l.len, 3);
  IS(((const FrtStr *)l.data)[2], "c");
  cr_expect_eq(OK(FrtList, frt_regex_split(cx, out, X(""), RE(","))).len, 1);
}

Test(func_regex, many_patterns_are_no_leak_of_slots) {
  for (int i = 0; i < 2 * FN_PREPARED_MAX; i++) {
    char pattern[32];
    snprintf(pattern, sizeof pattern, i % 2 ? "^x%d$" : "(?i)x%d$", i);
    const void *a = RE(pattern), *b = RE(pattern);
    if (i < FN_PREPARED_MAX) cr_expect_eq(a, b);
    char text[32];
    snprintf(text, sizeof text, "x%d", i);
    cr_expect(OK(uint8_t, frt_regex_matches(cx, out, S(text), a)));
  }
}

/* ---- the automaton against PCRE2 ---- */

static uint64_t seed = 0x9E3779B97F4A7C15u;
static unsigned pick(unsigned n) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed >> 33) % n;
}

static char *random_sequence(char *p, int depth);
static char *put(char *p, const char *text) {
  size_t n = strlen(text);
  memcpy(p, text, n);
  return p + n;
}

static char *random_atom(char *p, int depth) {
  static const char *const atoms[] = {"a",    "b",      "c",       "-",      " ",    "1",
                                      "é",    "語",     ".",       "\\d",    "\\w",  "\\s",
                                      "\\S",  "\\D",    "\\W",     "\\.",    "[ab]", "[^a]",
                                      "[^-]", "[a-c1]", "[^\\d ]", "[\\w-]", "[]a]", "[^\\s-]",
                                      "k",    "S",      "[j-l]",   "[^B]",   "[\\dS]"};
  if (depth < 2 && pick(4) == 0) {
    p = put(p, pick(3) ? "(" : "(?:");
    p = random_sequence(p, depth + 1);
    if (pick(3) == 0) {
      p = put(p, "|");
      p = random_sequence(p, depth + 1);
    }
    return put(p, ")");
  }
  return put(p, atoms[pick(sizeof atoms / sizeof *atoms)]);
}

static char *random_sequence(char *p, int depth) {
  static const char *const repeats[] = {"*",  "+",  "?",  "{2}",    "{1,2}", "{2,}",
                                        "*?", "+?", "??", "{0,2}?", "{0}"};
  for (unsigned n = 1 + pick(depth ? 2 : 4); n; n--) {
    p = random_atom(p, depth);
    if (pick(5) < 2) p = put(p, repeats[pick(sizeof repeats / sizeof *repeats)]);
  }
  return p;
}

static FrtStr random_text(char *text) {
  static const char *const pieces[] = {"a", "a", "b",  "c", "-", " ",  "1",
                                       "2", "é", "語", "😀", ".", "\n", "z",
                                       "A", "B", "K", "k",  "s", "\u212a", "\u017f", "\u212b"};
  char *p = text;
  for (unsigned n = pick(12); n; n--) p = put(p, pieces[pick(sizeof pieces / sizeof *pieces)]);
  return (FrtStr){text, (uint32_t)(p - text), 0};
}

static FrtStr random_pattern(char *pattern) {
  char *p = pattern;
  if (pick(5) == 0) p = put(p, "(?i)");
  if (pick(3) == 0) p = put(p, "^");
  p = random_sequence(p, 0);
  if (pick(4) == 0) {
    p = put(p, "|");
    p = random_sequence(p, 0);
  }
  if (pick(3) == 0) p = put(p, "$");
  *p = 0;
  return (FrtStr){pattern, (uint32_t)(p - pattern), 0};
}

static pcre2_code *pcre2_of(FrtStr pattern) {
  int error;
  PCRE2_SIZE at;
  pcre2_code *code =
      pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &error, &at, NULL);
  cr_assert(code, "PCRE2 refuses %s", pattern.ptr);
  return code;
}

/* One search by a table and by PCRE2: whether there was a match. */
static int searched(const FrtTagged *t, pcre2_code *code, pcre2_match_data *data, FrtStr s, FrtStr pattern) {
  size_t from = 0, spans[FN_TAGGED_SPANS];
  for (unsigned skip = pick(3); skip && from < s.len; skip--) from += fn_width(s.ptr[from]);
  int want = pcre2_match(code, (PCRE2_SPTR)s.ptr, s.len, from, 0, data, NULL);
  int got = fn_tagged_search(t, s, from, spans);
  const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(data);
  int same = got == (want >= 0 ? FRT_OK : FRT_NULL);
  for (uint32_t g = 0; same && want >= 0 && g < 2 * (t->groups * t->group_len + 1); g++) {
    size_t pair = g / 2 < (uint32_t)want ? pairs[g] : PCRE2_UNSET;
    if (pair != spans[g]) same = 0;
  }
  cr_assert(same, "`%s` on `%.*s` from %zu: %d, want %d; %zu..%zu, want %zu..%zu", pattern.ptr, (int)s.len, s.ptr, from, got,
            want, spans[0], spans[1], pairs[0], pairs[1]);
  return want >= 0;
}

/* A text that ends where its memory ends. */
static FrtStr exact_copy(FrtStr s) {
  char *exact = malloc(s.len ? s.len : 1);
  memcpy(exact, s.ptr, s.len);
  return (FrtStr){exact, s.len, 0};
}

static void forget_all(void) {
  arena_reset(func_ctx.arena);
  func_ctx.at = func_ctx.end = NULL;
}

Test(func_regex, tagged_tables_equal_pcre2) {
  int taken = 0, compared = 0, matched = 0;
  for (int i = 0; i < 30000; i++) {
    char pattern[512], buffer[128];
    FrtStr source = random_pattern(pattern);
    forget_all();
    const RegexTagged *r = regex_tagged(func_ctx.arena, source, pick(4) != 0);
    if (!r) continue;
    taken++;
    pcre2_code *code = pcre2_of(source);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    for (int j = 0; j < 12; j++) {
      FrtStr s = exact_copy(random_text(buffer));
      matched += searched(&r->table, code, data, s, source);
      compared++;
      free((void *)s.ptr);
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
  }
  cr_expect_gt(taken, 15000);
  cr_expect_gt(matched, 50000);
  fprintf(stderr, "%d patterns, %d texts, %d matches\n", taken, compared, matched);
}

static int same_text(FrtStr a, FrtStr b) { return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0) && !a.ptr == !b.ptr; }

static int same_list(FrtList a, FrtList b) {
  if (a.len != b.len) return 0;
  for (uint32_t i = 0; i < a.len; i++)
    if (!same_text(((const FrtStr *)a.data)[i], ((const FrtStr *)b.data)[i])) return 0;
  return 1;
}

/* Both by the same call: with the table, and with what frt_regex_prepare made. */
#define BOTH(Type, same, call) \
  do { \
    const void *re = &table; \
    Type a_out_ = {0}, b_out_ = {0}, *out = &a_out_; \
    int a_status_ = (call); \
    re = general; \
    out = &b_out_; \
    int b_status_ = (call); \
    cr_assert(a_status_ == b_status_ && (a_status_ || same), "`%s` on `%.*s`: " #call, source.ptr, (int)s.len, s.ptr); \
  } while (0)

static void functions_agree(FrtRegex table, const void *general, FrtStr s, FrtStr source, int groups) {
  static const char *const texts[] = {"", "<$0>", "$$$1", "-", "${1}${0}", "$9", "${x"};
  FrtStr text = S(groups ? texts[pick(sizeof texts / sizeof *texts)] : "#");
  BOTH(FrtStr, same_text(a_out_, b_out_), frt_regex_extract(cx, out, s, re));
  BOTH(int64_t, a_out_ == b_out_, frt_regex_count(cx, out, s, re));
  BOTH(uint8_t, a_out_ == b_out_, frt_regex_matches(cx, out, s, re));
  BOTH(FrtList, same_list(a_out_, b_out_), frt_regex_extract_all(cx, out, s, re));
  BOTH(FrtList, same_list(a_out_, b_out_), frt_regex_split(cx, out, s, re));
  BOTH(FrtStr, same_text(a_out_, b_out_), frt_regex_replace(cx, out, s, re, text));
  for (int64_t g = -1; groups && g < 4; g++) BOTH(FrtStr, same_text(a_out_, b_out_), frt_regex_extract_group(cx, out, s, re, g));
  FrtStr a[4], b[4];
  uint32_t n = groups ? 4 : 1;
  int status = frt_regex_match_groups(cx, &table, s, a, n);
  cr_assert_eq(status, frt_regex_match_groups(cx, general, s, b, n));
  for (uint32_t g = 0; !status && g < n; g++) cr_assert(same_text(a[g], b[g]), "`%s`: group %u", source.ptr, g);
}

/* Every function gives by the table what it gives by PCRE2. */
Test(func_regex, functions_agree_on_tables) {
  int taken = 0;
  for (int i = 0; i < 8000; i++) {
    char pattern[512], buffer[128];
    FrtStr source = random_pattern(pattern);
    int groups = pick(3) != 0;
    forget_all();
    func_ctx.prepared = NULL;
    const RegexTagged *r = regex_tagged(func_ctx.arena, source, groups);
    if (!r) continue;
    taken++;
    const void *general;
    cr_assert_eq(frt_regex_prepare(cx, &general, source), FRT_OK);
    FrtRegex table = {.table = &r->table, .group_len = r->table.group_len, .pattern = source};
    for (int j = 0; j < 6; j++) {
      FrtStr s = exact_copy(random_text(buffer));
      functions_agree(table, general, s, source, groups);
      free((void *)s.ptr);
    }
    frt_functions_end(cx);
  }
  cr_expect_gt(taken, 4000);
}

/* Patterns that people write, on the texts they are for and on others. */
Test(func_regex, patterns_people_write) {
  static const char *const patterns[] = {
    "ERROR", "(?i)error", "(?i)^ok$", "(?i)(disk|mail) (\\w+)", "^#", "\\.csv$", "^ok$", "\\d+", "\\s+", "[^0-9]", ",\\s*", "[,;|]", "^\\s+", "\\s+$", "(\\w+)=(\\w+)", "[A-Z]{2,4}-\\d{1,6}",
    "(\\d{4})-(\\d{2})-(\\d{2})", "([^@ ]+)@([^@ ]+)", "^(?<first>\\S+)\\s+(?<rest>.*)$", "^([^:]*):(.*)$", "https?://([^/]+)(/[^?#]*)?",
    "\"([^\"]*)\"", "<([a-z]+)>(.*?)</[a-z]+>", "(?:GET|POST|PUT) (\\S+)", "(a|ab)(c|bcd)(d*)", ".*,(.*)", "x*", "", "()", "^", "$", "^$",
    "\u00e9+", "(\u8a9e)-(.)", "[\\t ]*#.*$", "v?(\\d+)\\.(\\d+)(?:\\.(\\d+))?"
  };
  static const char *const texts[] = {
    "", " ", "ok", "# a comment", "a,b;c|d", "2026-07-01 ERROR disk full: /dev/sda.csv", "k=v", "  two  words ", "DE-1234, USA-99",
    "mail me@x.org or you@y.org", "https://x.org/a/b?c#d http://y", "\"a\" \"b\"\"c\"", "<b>bold</b> <i>it</i>", "GET /x HTTP/1.1", "abcd",
    "naïve caf\u00e9\u00e9", "\u65e5\u672c\u8a9e-x", "v1.2.3 and 4.5", "\n", "a\nb", "xxaxx", "key: value: more", "\t# tab"
  };
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    for (int groups = 0; groups < 2; groups++) {
      FrtStr source = S(patterns[i]);
      const RegexTagged *r = regex_tagged(func_ctx.arena, source, groups);
      cr_assert(r, "`%s` has no table", patterns[i]);
      FrtRegex table = {.table = &r->table, .group_len = r->table.group_len, .pattern = source};
      for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) functions_agree(table, RE(patterns[i]), S(texts[j]), source, groups);
    }
  }
}

/* ---- tables ---- */

static int dfa_matches(const char *s, const char *pattern, uint32_t kind) {
  uint32_t states;
  const FrtDfa *d = regex_dfa(func_ctx.arena, X(pattern), &states);
  cr_assert(d, "%s", pattern);
  cr_expect_eq(d->kind, kind, "%s: kind %u", pattern, d->kind);
  return frt_dfa_matches(d, X(s));
}

Test(func_regex, tables) {
  cr_expect(dfa_matches("xabcx", "abc", FRT_DFA_CONTAINS));
  cr_expect_not(dfa_matches("xabx", "(ab)c", FRT_DFA_CONTAINS));
  cr_expect(dfa_matches("", "", FRT_DFA_CONTAINS));
  cr_expect(dfa_matches("語x", "^語", FRT_DFA_STARTS));
  cr_expect_not(dfa_matches("x", "^xy", FRT_DFA_STARTS));
  cr_expect(dfa_matches("x語", "語$", FRT_DFA_ENDS));
  cr_expect_not(dfa_matches("x\n", "x$", FRT_DFA_ENDS));
  cr_expect(dfa_matches("a.b", "^a\\.b$", FRT_DFA_EQUALS));
  cr_expect_not(dfa_matches("a.bc", "^a\\.b$", FRT_DFA_EQUALS));
  cr_expect(dfa_matches("", "a*", FRT_DFA_ALWAYS));
  cr_expect(dfa_matches("x-2024y", "\\d{4}", FRT_DFA_TABLE));
  cr_expect_not(dfa_matches("x-202y4", "\\d{4}", FRT_DFA_TABLE));
  cr_expect(dfa_matches("a*b aab", "a+b$", FRT_DFA_TABLE));
  cr_expect(dfa_matches("abab", "^(ab)*$", FRT_DFA_TABLE));
  cr_expect_not(dfa_matches("ababa", "^(ab)*$", FRT_DFA_TABLE));
  cr_expect(dfa_matches("GET /x", "^(GET|POST|PUT) /", FRT_DFA_TABLE));
}

/* What may meet the limit of the general engine stays with it, and so does what would make a large table. */
Test(func_regex, no_table) {
  const char *const other[] = {"^(a+)+$", "^(?:a|aa)+[bc]", "(?:a*)*[bc]", "(?i)[^k]", "\\bx", "(a)\\1", "[a", "(", "x(?=y)",
                               "[ab]{1,99}a[ab]{12}", "a[ab]{9}$"};
  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    uint32_t states;
    cr_expect_not(regex_dfa(func_ctx.arena, X(other[i]), &states), "%s", other[i]);
  }
}

Test(func_regex, tables_equal_pcre2) {
  int taken = 0, matched = 0;
  for (int i = 0; i < 15000; i++) {
    char pattern[512], buffer[128];
    FrtStr source = random_pattern(pattern);
    uint32_t states;
    forget_all();
    const FrtDfa *d = regex_dfa(func_ctx.arena, source, &states);
    if (!d) continue;
    taken++;
    pcre2_code *code = pcre2_of(source);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    for (int j = 0; j < 16; j++) {
      FrtStr s = exact_copy(random_text(buffer));
      int want = pcre2_match(code, (PCRE2_SPTR)s.ptr, s.len, 0, 0, data, NULL) >= 0, got = frt_dfa_matches(d, s);
      cr_assert(got == want, "`%s` on `%.*s`: %d, want %d", pattern, (int)s.len, s.ptr, got, want);
      matched += want;
      free((void *)s.ptr);
    }
    pcre2_match_data_free(data);
    pcre2_code_free(code);
  }
  cr_expect_gt(taken, 5000);
  cr_expect_gt(matched, 20000);
  fprintf(stderr, "%d tables, %d matches\n", taken, matched);
}
