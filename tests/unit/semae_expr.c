/* Typed expressions: text, the type or the error's code, and what it folds to (constants). */
#include <criterion/criterion.h>

#include "support/semae.h"

typedef struct Case { const char *text, *type, *folded; } Case;

static const Case cases[] = {
  /* integers */
  {"1 + 2", "i64", "3"}, {"i32 + 1", "i32", NULL}, {"i32 + i64", "i64", NULL}, {"u32 + i32", "i64", NULL},
  {"u8 + i8", "i16", NULL}, {"u8 - 1", "u8", NULL}, {"u64 + i64", "E0402", NULL}, {"u64 > i64", "bool", NULL},
  {"u64 + 18446744073709551615", "u64", NULL}, {"-u8", "i16", NULL}, {"-u64", "E0403", NULL},
  {"-9223372036854775808", "i64", "-9223372036854775808"}, {"9223372036854775807 + 1", "i64", "9223372036854775807 + 1"},
  {"7 // -2", "i64", "-4"}, {"-7 % 3", "i64", "2"}, {"-9223372036854775808 % -1", "i64", "0"},
  {"1 // 0", "i64", "1 // 0"}, {"10 / 4", "f64", "2.5"}, {"i64 / i32", "f64", NULL}, {"ni + 1", "i64?", NULL},
  {"i32 + null", "i32?", NULL}, {"i32 == 2.5", "bool", NULL}, {"123456789012345678901234567890123456789", "E0410", NULL},
  /* decimals */
  {"0.1 + 0.2", "decimal(2,1)", "0.3"}, {"d + e", "decimal(13,4)", NULL}, {"d * i32", "decimal(20,2)", NULL},
  {"d * 0.19", "decimal(12,4)", NULL}, {"d / 3", "decimal(38,8)", NULL}, {"d / 1.19", "decimal(38,8)", NULL},
  {"1.00 / 3", "decimal(38,8)", "0.33333333"}, {"w / w", "decimal(38,6)", NULL}, {"t * t", "E0402", NULL},
  {"w * w", "decimal(38,4)", NULL}, {"1 - (nd ?? 0)", "decimal(6,4)", NULL}, {"d % 3", "decimal(10,2)", NULL},
  {"-7.5 % 2", "decimal(2,1)", "0.5"}, {"-7.5 // 2", "decimal(3,1)", "-4.0"}, {"d * f64", "E0402", NULL},
  {"d > 1.005", "bool", NULL}, {"d >= 0", "bool", NULL}, {"w == t", "bool", NULL},
  {"decimal(2.675, 5, 2)", "decimal(5,2)", "2.68"}, {"decimal(2.665, 5, 2)", "decimal(5,2)", "2.66"},
  {"decimal(f64, 39, 2)", "E0413", NULL}, {"decimal(1.5, i64, 2)", "E0413", NULL},
  {"round(d, 1)", "decimal(10,1)", NULL}, {"round(2.5)", "decimal(2,0)", "2"}, {"round(1250.0, -2)", "decimal(6,1)", "1200.0"},
  {"floor(-2.5)", "decimal(2,0)", "-3"}, {"ceil(-2.5)", "decimal(2,0)", "-2"}, {"trunc(-2.5)", "decimal(2,0)", "-2"},
  {"abs(-2.50)", "decimal(3,2)", "2.50"}, {"sign(-2.5)", "i64", "-1"},
  /* floats */
  {"f64 * 1.5", "f64", NULL}, {"f32 + 1", "f32", NULL}, {"f32 + i32", "f64", NULL}, {"1e3", "f64", "1000.0"},
  {"f64(0.1) + 0.2", "f64", "0.30000000000000004"}, {"1e3 * d", "E0402", NULL}, {"f64 / 0", "f64", NULL},
  /* texts, enums */
  {"s + s", "string", NULL}, {"s + i32", "E0402", NULL}, {"s > 5", "E0402", NULL}, {"s + region", "string", NULL},
  {"region == \"EU\"", "bool", NULL}, {"region == \"EX\"", "E0414", NULL}, {"region == s", "bool", NULL},
  {"f\"{1.255:.2} {true} {i64}\"", "string", NULL}, {"f\"{s:.2}\"", "E0426", NULL}, {"f\"{tags}\"", "E0425", NULL},
  {"f\"{0.125:.2}!\"", "string", "\"0.12!\""}, {"s =~ r\"^a\"", "bool", NULL}, {"s =~ r\"(a\"", "E0415", NULL},
  {"\"abc\" =~ r\"b.$\"", "bool", "true"},
  /* times */
  {"at + 90m", "timestamp", NULL}, {"day + 1d", "date", NULL}, {"day + 1h", "timestamp", NULL}, {"1h + at", "timestamp", NULL},
  {"at - at", "duration", NULL}, {"day - day", "duration", NULL}, {"day < at", "bool", NULL}, {"took * 2", "duration", NULL},
  {"3 * took", "duration", NULL}, {"took / 2", "duration", NULL}, {"took / 1h", "f64", NULL}, {"at + at", "E0402", NULL},
  {"@2026-07-01 + 1d", "date", "@2026-07-02"}, {"@2026-07-02 - @2026-07-01", "duration", "1d"},
  {"90m / 1h", "f64", "1.5"}, {"-(90m)", "duration", NULL}, {"@9999-12-31 + 1d", "date", "@9999-12-31 + 1d"},
  {"to_zone(at, \"Mars/X\")", "E0427", NULL}, {"timestamp(s, \"%Y-%m-%d\")", "timestamp", NULL},
  {"date_trunc(\"month\", @2026-07-15)", "date", "@2026-07-01"},
  /* nulls and choice */
  {"ns == null", "E0501", NULL}, {"null == 1", "E0501", NULL}, {"ni is null", "bool", NULL}, {"null", "E0505", NULL},
  {"ni ?? 0", "i64", NULL}, {"ni ?? null", "i64?", NULL}, {"nd ?? 0", "decimal(5,4)", NULL}, {"nr ?? \"EU\"", "enum(\"EU\", \"US\")", NULL},
  {"coalesce(ni, null, -1)", "i64", NULL}, {"nullif(3, 3)", "i64?", "null"}, {"nullif(ni, 3)", "i64?", NULL},
  {"try(i64(\"x\")) ?? 5", "i64", "5"}, {"try(u64(s)) ?? 0", "u64", NULL}, {"b and 1", "E0421", NULL},
  {"nb or true", "bool?", NULL}, {"false and nb", "bool?", "false"}, {"if nb then 1 else 2.5 end", "decimal(2,1)", NULL},
  {"if b then \"x\" else 1 end", "E0409", NULL}, {"if b then i32 else 1 end", "i32", NULL}, {"if b then null else 1 end", "i64?", NULL},
  {"least(3, 1, 2)", "i64", "1"}, {"greatest(1, 2.5)", "decimal(2,1)", "2.5"}, {"least(ni, 1)", "i64?", NULL},
  {"clamp(12, 0, 10)", "i64", "10"}, {"i64 in [1, 2]", "bool", NULL}, {"2 in [1, 2]", "bool", "true"}, {"s in [1]", "E0402", NULL},
  {"s in tags", "bool", NULL}, {"i64 in 5", "E0401", NULL}, {"ni in [1, null]", "E0501", NULL},
  {"match region { \"EU\" => 1; \"US\" => 2 }", "i64", NULL}, {"match region { \"EU\" => 1 }", "E0420", NULL},
  {"match nr { \"EU\" => 1; \"US\" => 2 }", "E0420", NULL}, {"match 3 { 0 => \"a\"; 1, 3 => \"b\"; _ => \"c\" }", "string", "\"b\""},
  {"match i64 { 0 => 1 }", "E0420", NULL}, {"match b { true => 1; false => 2 }", "i64", NULL},
  {"match i64 { _ if i64 > 9 => \"x\"; _ => \"y\" }", "string", NULL}, {"match region { \"XX\" => 1; _ => 2 }", "E0414", NULL},
  /* names, members, lists, structs */
  {"amuont", "E0301", NULL}, {"who.home.zip", "string?", NULL}, {"who.hom", "E0312", NULL}, {"s.x", "E0411", NULL},
  {"tags[0]", "string", NULL}, {"tags[\"a\"]", "E0401", NULL}, {"s[0]", "E0412", NULL}, {"[1, 2.5]", "[decimal(2,1)]", "[1.0, 2.5]"},
  {"[1, \"a\"]", "E0423", NULL}, {"[]", "E0401", NULL}, {"{a = 1, b = \"x\"}", "{a: i64, b: string}", "{a = 1, b = \"x\"}"},
  {"{a = 1, a = 2}", "E0311", NULL}, {"len(tags)", "i64", NULL}, {"len(\"na\u00efve\")", "i64", "5"},
  /* functions */
  {"uper(s)", "E0303", NULL}, {"upper(ns)", "string?", NULL}, {"upper(5)", "E0406", NULL}, {"pad_left(s)", "E0407", NULL},
  {"slice(s, from = 1, to = 2)", "string", NULL}, {"slice(s, a = 1)", "E0408", NULL}, {"sum(i64)", "E0417", NULL},
  {"split(\"a b\", \" \")[1]", "string", "\"b\""}, {"find(\"abc\", \"x\")", "i64?", "null"}, {"now()", "timestamp", NULL},
  {"replace(\"a-b\", \"-\", \" to \")", "string", "\"a to b\""}, {"sqrt(16.0)", "f64", "4.0"}, {"sqrt(d)", "E0406", NULL},
  {"pow(2, 10)", "f64", "1024.0"}, {"now + 1", "i64", NULL}, {"hour(at)", "i64", NULL}, {"hour(day)", "E0406", NULL},
  /* conversions */
  {"u8(300)", "u8", "u8(300)"}, {"i64(\"7\")", "i64", "7"}, {"i64(2.0)", "i64", "2"}, {"i64(f64(2.5))", "i64", "i64(2.5)"},
  {"string(5)", "string", "\"5\""}, {"string(1.50)", "string", "\"1.50\""}, {"bool(\"yes\")", "bool", "true"}, {"bool(i64)", "E0404", NULL},
  {"i64(nb)", "i64?", NULL}, {"i64(took)", "E0404", NULL}, {"date(at)", "date", NULL}, {"timestamp(day)", "timestamp", NULL},
  {"uuid()", "uuid", NULL}, {"uuid(s)", "uuid", NULL}, {"i64(1, 2)", "E0407", NULL}, {"string(null)", "string?", "null"},
  {"f32(0.1)", "f32", "0.1"}, {"decimal(1e20, 18, 0)", "decimal(18,0)", "decimal(1e+20, 18, 0)"}};

Test(semae, types_and_errors) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const Case *c = &cases[i];
    Semae r = semae_bind(c->text);
    cr_assert_not_null(r.expr, "%s was not parsed", c->text);
    bool error = r.expr->type->kind == TY_ERROR;
    const char *found = error ? semae_error(&r) : type_text(r.arena, r.expr->type);
    cr_expect_str_eq(found, c->type, "%s: %s, expected %s", c->text, found, c->type);
    if (c->folded && !error) {
      const char *text = expr_text(r.arena, r.plan, expr_fold(r.arena, r.expr));
      cr_expect_str_eq(text, c->folded, "%s folds to %s, expected %s", c->text, text, c->folded);
    }
    if (!error) cr_expect_str_eq(semae_error(&r), "", "%s has a type and an error", c->text);
    arena_free(r.arena);
  }
}

Test(semae, the_catalogue_is_well_formed) {
  uint32_t len, docs_len;
  const char *const *names = function_names(&len);
  cr_expect_gt(len, 80);
  for (uint32_t i = 0; i < len; i++) {
    const Function *f;
    for (uint32_t k = 0; (f = function_find(names[i], k)); k++) {
      cr_expect(f->status || !f->fails, "%s", f->name);
      cr_expect(f->status == (f->fails || f->result->nullable), "%s", f->name);
    }
  }
  cr_assert_not_null(function_find("upper", 0));
  cr_expect_null(function_find("coalesce", 0));
  cr_expect_str_eq(function_find("regex_matches", 0)->prepare[1], "frt_regex_prepare");
  (void)docs_len;
}
