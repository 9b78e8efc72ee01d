/* The text functions: every function, ASCII and not, empty, negative, huge. */
#include "support/func_harness.h"

TestSuite(func_text, .init = func_setup, .fini = func_teardown);

Test(func_text, length_counts_code_points) {
  cr_expect_eq(frt_len(cx, X("")), 0);
  cr_expect_eq(frt_len(cx, (FrtStr){NULL, 0, 0}), 0);
  cr_expect_eq(frt_len(cx, X("naïve-café")), 10);
  cr_expect_eq(frt_len(cx, X("😀😃-é😀😃-é😀😃-é")), 12);
  cr_expect_eq(frt_len_bytes(cx, X("naïve")), 6);
}

Test(func_text, slice_clamps) {
  IS(frt_slice(cx, X("flow"), 1, 3), "lo");
  IS(frt_slice(cx, X("flow"), -3, 4), "low");
  IS(frt_slice(cx, X("flow"), 0, -1), "flo");
  IS(frt_slice(cx, X("flow"), -99, 99), "flow");
  IS(frt_slice(cx, X("flow"), 3, 1), "");
  IS(frt_slice(cx, X("flow"), INT64_MIN, INT64_MAX), "flow");
  IS(frt_slice(cx, X("flow"), INT64_MAX, INT64_MIN), "");
  IS(frt_slice(cx, X(""), 0, 1), "");
  IS(frt_slice(cx, X("Ωmega-πρώτα"), 0, 3), "Ωme");
  IS(frt_slice(cx, X("Ωmega-πρώτα"), -3, 11), "ώτα");
  IS(frt_slice(cx, X("日本-語"), -3, 4), "本-語");
  IS(frt_slice(cx, X("abcdefghijklmnop€qrstuvwxyz"), 15, 18), "p€q");
  IS(frt_slice_from(cx, X("flow"), -2), "ow");
}

Test(func_text, reverse) {
  IS(frt_reverse(cx, X("")), "");
  IS(frt_reverse(cx, X("naïve-café")), "éfac-evïan");
  IS(frt_reverse(cx, X("😀😃-é")), "é-😃😀");
}

Test(func_text, search) {
  cr_expect_eq(OK(int64_t, frt_find(cx, out, X("naïve-café"), X("-"))), 5);
  cr_expect_eq(OK(int64_t, frt_find(cx, out, X("naïve"), X(""))), 0);
  cr_expect_eq(OK(int64_t, frt_find(cx, out, X(""), X(""))), 0);
  cr_expect_eq(STATUS(int64_t, frt_find(cx, out, X("abc"), X("x"))), FRT_NULL);
  cr_expect_eq(STATUS(int64_t, frt_find(cx, out, X(""), X("x"))), FRT_NULL);
  cr_expect_eq(OK(int64_t, frt_find(cx, out, X("日本-語"), X("語"))), 3);
  cr_expect(frt_contains(cx, X("workflow"), X("kfl")));
  cr_expect(frt_contains(cx, X(""), X("")));
  cr_expect_not(frt_contains(cx, X("a"), X("ab")));
  cr_expect(frt_starts_with(cx, X("été"), X("é")));
  cr_expect_not(frt_starts_with(cx, X("abc"), X("abcd")));
  cr_expect(frt_ends_with(cx, X("日本語"), X("語")));
  cr_expect_not(frt_ends_with(cx, X("語"), X("日語")));
  cr_expect_eq(frt_count_text(cx, X("banana"), X("an")), 2);
  cr_expect_eq(frt_count_text(cx, X("aaa"), X("aa")), 1);
  cr_expect_eq(frt_count_text(cx, X("aaa"), X("")), 0);
}

/* Every length of part and text around the steps of the search, against the plain way. */
Test(func_text, search_equals_the_plain_way) {
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < 40000; i++) {
    char text[80], part[48];
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    uint32_t n = (uint32_t)(seed >> 20) % 80, m = (uint32_t)(seed >> 40) % (i % 2 ? 4 : 48);
    for (uint32_t j = 0; j < n; j++) text[j] = (char)('a' + (seed >> j % 60 & 1));
    for (uint32_t j = 0; j < m; j++) part[j] = (char)('a' + (seed >> (j + i % 7) % 60 & 1));
    char *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    const char *want = m ? memmem(exact, n, part, m) : exact;
    int64_t got = -1;
    int status = frt_find(cx, &got, (FrtStr){exact, n, 0}, (FrtStr){part, m, 0});
    cr_assert(status == (want ? FRT_OK : FRT_NULL) && (!want || got == want - exact),
              "%.*s in %.*s", (int)m, part, (int)n, exact);
    free(exact);
  }
}

Test(func_text, replace) {
  IS(OK(FrtStr, frt_replace(cx, out, X("a-b-c"), X("-"), X(" → "))), "a → b → c");
  IS(OK(FrtStr, frt_replace(cx, out, X("--"), X("-"), X(""))), "");
  IS(OK(FrtStr, frt_replace(cx, out, X("aaa"), X("aa"), X("b"))), "ba");
  IS(OK(FrtStr, frt_replace(cx, out, X("abc"), X(""), X("x"))), "abc");
  IS(OK(FrtStr, frt_replace(cx, out, X(""), X("a"), X("x"))), "");
  FrtStr many = OK(FrtStr, frt_repeat(cx, out, S("a"), 1000000));
  FrtStr big = OK(FrtStr, frt_repeat(cx, out, S("b"), 1000));
  cr_expect_eq(STATUS(FrtStr, frt_replace(cx, out, many, S("a"), big)), FRT_E_TOO_LONG);
}

Test(func_text, trim) {
  IS(frt_trim(cx, X("  two  words ")), "two  words");
  IS(frt_trim(cx, X(" \t\r\n\v\f")), "");
  IS(frt_trim(cx, X("\u00a0\u3000x\u2003")), "x");
  IS(frt_trim(cx, X("\u200bx")), "\u200bx");
  IS(frt_ltrim(cx, X("  a ")), "a ");
  IS(frt_rtrim(cx, X("  a ")), "  a");
  IS(frt_trim_of(cx, X("·-a-·"), X("-·")), "a");
  IS(frt_ltrim_of(cx, X("007"), X("0")), "7");
  IS(frt_rtrim_of(cx, X("1.500"), X("0")), "1.5");
  IS(frt_trim_of(cx, X(" a "), X("")), " a ");
}

Test(func_text, case_maps_code_points) {
  IS(frt_upper(cx, X("naïve-café")), "NAÏVE-CAFÉ");
  IS(frt_lower(cx, X("ÅNGSTRÖM ΠΡΏΤΑ")), "ångström πρώτα");
  IS(frt_upper(cx, X("aZ{`09")), "AZ{`09");
  IS(frt_lower(cx, X("aZ[@09")), "az[@09");
  IS(frt_upper(cx, X("straße")), "STRA\u1e9eE");
  IS(frt_upper(cx, X("\u0250\u0250\u0250")), "\u2c6f\u2c6f\u2c6f");
  IS(frt_lower(cx, X("\u212a")), "k");
  IS(frt_upper(cx, X("")), "");
}

/* No mapping is longer than the room that fntext_case takes. */
Test(func_text, case_of_every_code_point) {
  for (uint32_t c = 0x80; c < 0x110000; c++) {
    if (c >= 0xD800 && c < 0xE000) continue;
    char text[4];
    uint32_t n = 0;
    if (c < 0x800)
      text[n++] = (char)(0xC0 | c >> 6);
    else if (c < 0x10000)
      text[n++] = (char)(0xE0 | c >> 12), text[n++] = (char)(0x80 | (c >> 6 & 63));
    else
      text[n++] = (char)(0xF0 | c >> 18), text[n++] = (char)(0x80 | (c >> 12 & 63)),
      text[n++] = (char)(0x80 | (c >> 6 & 63));
    text[n++] = (char)(0x80 | (c & 63));
    FrtStr s = {text, n, 0};
    uint32_t up = frt_upper(cx, s).len, low = frt_lower(cx, s).len;
    if (up * 2 > n * 3 || low * 2 > n * 3)
      cr_expect(0, "U+%04X grows from %u to %u, %u", c, n, up, low);
    if (c % 4096 == 0) {
      arena_reset(func_ctx.arena);
      func_ctx.at = func_ctx.end = NULL;
    }
  }
}

Test(func_text, normalize) {
  IS(OK(FrtStr, frt_normalize(cx, out, X("cafe\u0301"))), "caf\u00e9");
  IS(OK(FrtStr, frt_normalize(cx, out, X("A\u030angstro\u0308m"))), "\u00c5ngstr\u00f6m");
  IS(OK(FrtStr, frt_normalize(cx, out, X("plain"))), "plain");
  IS(OK(FrtStr, frt_normalize(cx, out, X(""))), "");
  IS(OK(FrtStr, frt_normalize(cx, out, X("\u1112\u1161\u11ab"))), "\ud55c");
  IS(OK(FrtStr, frt_normalize(cx, out, X("\u0958"))), "\u0915\u093c");
}

Test(func_text, pad) {
  IS(OK(FrtStr, frt_pad_left(cx, out, X("naï"), 5, X("·"))), "··naï");
  IS(OK(FrtStr, frt_pad_right(cx, out, X("naï"), 5, X("."))), "naï..");
  IS(OK(FrtStr, frt_pad_right(cx, out, X("a"), 4, X("·-"))), "a·-·");
  IS(OK(FrtStr, frt_pad_left(cx, out, X("abcd"), 3, X("0"))), "abcd");
  IS(OK(FrtStr, frt_pad_left(cx, out, X(""), 2, X("xyz"))), "xy");
  IS(OK(FrtStr, frt_pad_left(cx, out, X("a"), 9, X(""))), "a");
  IS(OK(FrtStr, frt_pad_left(cx, out, X("a"), -1, X("x"))), "a");
  IS(OK(FrtStr, frt_pad_left(cx, out, X("a"), INT64_MIN, X("x"))), "a");
  IS(OK(FrtStr, frt_pad_left_space(cx, out, X("7"), 3)), "  7");
  IS(OK(FrtStr, frt_pad_right_space(cx, out, X("a"), 3)), "a  ");
  cr_expect_eq(STATUS(FrtStr, frt_pad_left(cx, out, X("a"), INT64_MAX, X("x"))), FRT_E_TOO_LONG);
  cr_expect_eq(STATUS(FrtStr, frt_pad_left(cx, out, X("a"), 200 << 20, X("語"))), FRT_E_TOO_LONG);
}

Test(func_text, repeat) {
  IS(OK(FrtStr, frt_repeat(cx, out, X("日本"), 2)), "日本日本");
  IS(OK(FrtStr, frt_repeat(cx, out, X("ab"), 3)), "ababab");
  IS(OK(FrtStr, frt_repeat(cx, out, X("ab"), 0)), "");
  IS(OK(FrtStr, frt_repeat(cx, out, X("ab"), INT64_MIN)), "");
  IS(OK(FrtStr, frt_repeat(cx, out, X(""), INT64_MAX)), "");
  cr_expect_eq(STATUS(FrtStr, frt_repeat(cx, out, X("ab"), INT64_MAX)), FRT_E_TOO_LONG);
  cr_expect_eq(STATUS(FrtStr, frt_repeat(cx, out, X("ab"), (128 << 20) + 1)), FRT_E_TOO_LONG);
}

static const char *part(FrtList list, uint32_t i) {
  static char text[8][64];
  FrtStr s = ((const FrtStr *)list.data)[i];
  snprintf(text[i % 8], sizeof text[0], "%.*s", (int)s.len, s.ptr ? s.ptr : "");
  return text[i % 8];
}

Test(func_text, split) {
  FrtList l = OK(FrtList, frt_split(cx, out, X("a,,b"), X(",")));
  cr_expect_eq(l.len, 3);
  cr_expect_str_eq(part(l, 0), "a");
  cr_expect_str_eq(part(l, 1), "");
  cr_expect_str_eq(part(l, 2), "b");
  l = OK(FrtList, frt_split(cx, out, X(""), X(",")));
  cr_expect_eq(l.len, 1);
  cr_expect_str_eq(part(l, 0), "");
  l = OK(FrtList, frt_split(cx, out, X(",,"), X(",,")));
  cr_expect_eq(l.len, 2);
  l = OK(FrtList, frt_split(cx, out, X("日本"), X("")));
  cr_expect_eq(l.len, 2);
  cr_expect_str_eq(part(l, 1), "本");
  cr_expect_eq(OK(FrtList, frt_split(cx, out, X(""), X(""))).len, 0);
}

Test(func_text, split_part) {
  IS(OK(FrtStr, frt_split_part(cx, out, X("a,b,c"), X(","), 1)), "b");
  IS(OK(FrtStr, frt_split_part(cx, out, X("a,b,c"), X(","), -1)), "c");
  IS(OK(FrtStr, frt_split_part(cx, out, X("a,b,c"), X(","), -3)), "a");
  IS(OK(FrtStr, frt_split_part(cx, out, X(""), X(","), 0)), "");
  IS(OK(FrtStr, frt_split_part(cx, out, X("日本"), X(""), -1)), "本");
  cr_expect_eq(STATUS(FrtStr, frt_split_part(cx, out, X("a,b"), X(","), 2)), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_split_part(cx, out, X("a,b"), X(","), -3)), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_split_part(cx, out, X("a,b"), X(","), INT64_MIN)), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_split_part(cx, out, X("a,b"), X(","), INT64_MAX)), FRT_NULL);
  cr_expect_eq(STATUS(FrtStr, frt_split_part(cx, out, X(""), X(""), 0)), FRT_NULL);
}

Test(func_text, lists) {
  FrtList l = OK(FrtList, frt_split(cx, out, S("a b c"), S(" ")));
  cr_expect_eq(frt_list_len(cx, l), 3);
  IS(OK(FrtStr, frt_list_join(cx, out, l, X("+"))), "a+b+c");
  IS(OK(FrtStr, frt_list_join(cx, out, (FrtList){NULL, 0, 0}, X("+"))), "");
  cr_expect(frt_list_has_text(cx, l, X("b")));
  cr_expect_not(frt_list_has_text(cx, l, X("")));
  const int64_t numbers[] = {1, -2};
  cr_expect(frt_list_has_i64(cx, (FrtList){numbers, 2, 0}, -2));
  cr_expect_not(frt_list_has_i64(cx, (FrtList){numbers, 2, 0}, 2));
}

static int like(const char *s, const char *pattern) { return frt_like(cx, X(s), X(pattern)); }

Test(func_text, like) {
  cr_expect(like("été-Île", "%é-%"));
  cr_expect(like("", ""));
  cr_expect(like("", "%%"));
  cr_expect_not(like("", "_"));
  cr_expect(like("語", "_"));
  cr_expect_not(like("abc", "a_"));
  cr_expect(like("abc", "a__"));
  cr_expect(like("50%", "50\\%"));
  cr_expect_not(like("500", "50\\%"));
  cr_expect(like("a\\b", "a\\\\b"));
  cr_expect(like("a\\", "a\\"));
  cr_expect(like("abcabcabd", "%abd"));
  cr_expect(like("aXbXc", "a%b%c"));
  cr_expect_not(like("aXbXcd", "a%b%c"));
  cr_expect_not(like("naïve", "na_ve_"));
  FrtStr s = OK(FrtStr, frt_repeat(cx, out, S("a"), 20000));
  cr_expect_not(frt_like(cx, s, S("%a%a%a%a%a%a%a%a%b")));
}
