/* gen_expr.c: random expressions of a given type. */
#include <string.h>

#include "gen.h"

static void emit(Gen *g, const char *format, const GStream *s, int depth, GType a, GType b, GType c);

static GType plain(TypeKind k) { return (GType){.kind = k}; }

static const char *const ints[] = {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"};

static const char *kind_word(TypeKind k) {
  switch (k) {
    case TY_BOOL: return "bool";
    case TY_F32: return "f32";
    case TY_F64: return "f64";
    case TY_STRING: return "string";
    case TY_DATE: return "date";
    case TY_TIME: return "time";
    case TY_TIMESTAMP: return "timestamp";
    case TY_UUID: return "uuid";
    default: return k >= TY_I8 && k <= TY_U64 ? ints[k - TY_I8] : "i64";
  }
}

static bool is_int(TypeKind k) { return k >= TY_I8 && k <= TY_U64; }
static bool is_signed(TypeKind k) { return k >= TY_I8 && k <= TY_I64; }

#define PICK(g, list) list[gen_below(g, sizeof(list) / sizeof *(list))]

void gen_literal(Gen *g, GType t) {
  static const char *const i64s[] = {"0", "1", "2", "3", "7", "10", "60", "100", "1_000", "9223372036854775807", "(-1)", "(-7)",
                                     "(-9223372036854775807 - 1)", "4294967296"};
  static const char *const smalls[] = {"0", "1", "2", "3", "7", "10", "100", "127"};
  static const char *const floats[] = {"0.0", "1.5", "2.0", "0.1", "100.25", "1000000.5", "\"nan\"", "\"inf\"", "\"-0.0\"", "\"1e300\"", "\"-2.5\""};
  static const char *const decs[] = {"0.5", "1.25", "0.0", "10.0", "3.75", "0.05"};
  static const char *const texts[] = {"\"\"", "\"a\"", "\"abc\"", "\"EU\"", "\"x,y\"", "\" pad \"", "\"\\\"q\\\"\"", "\"ÄÖß\"", "\"日本\"",
                                      "\"12\"", "\"2026-07-01\"", "r\"\\d+\"", "\"a\\nb\"", "\"1.5\"", "\"\\u{1F600}\""};
  static const char *const dates[] = {"@2026-07-01", "@2000-02-29", "@1969-12-31", "@0001-01-01", "@9999-12-31", "@2024-12-30"};
  static const char *const stamps[] = {"@2026-07-01T12:30:00Z", "@2000-02-29T23:59:59.999999Z", "@1969-12-31T00:00:00Z", "@2026-03-29T01:30:00+02:00"};
  static const char *const spans[] = {"5m", "1h", "90s", "1d", "250ms", "7us", "2w"};
  switch (t.kind) {
    case TY_BOOL: fputs(gen_chance(g, 50) ? "true" : "false", g->out); break;
    case TY_I64: fputs(PICK(g, i64s), g->out); break;
    case TY_F32: case TY_F64: fprintf(g->out, "%s(%s)", kind_word(t.kind), PICK(g, floats)); break;
    case TY_DECIMAL: fprintf(g->out, "decimal(%s, %d, %d)", PICK(g, decs), t.p, t.s); break;
    case TY_STRING: fputs(PICK(g, texts), g->out); break;
    case TY_DATE: fputs(PICK(g, dates), g->out); break;
    case TY_TIME: fprintf(g->out, "time(\"%s\")", gen_chance(g, 50) ? "06:07:08.25" : "23:59:59"); break;
    case TY_TIMESTAMP: fputs(PICK(g, stamps), g->out); break;
    case TY_DURATION: fputs(PICK(g, spans), g->out); break;
    case TY_UUID: fputs("uuid(\"0f8fad5b-d9cb-469f-a165-70867728950e\")", g->out); break;
    default: fprintf(g->out, "%s(%s)", kind_word(t.kind), PICK(g, smalls)); break;
  }
}

static bool same_type(GType a, GType b) {
  return a.kind == b.kind && (a.kind != TY_DECIMAL || (a.p == b.p && a.s == b.s)) && (a.kind != TY_ENUM || a.variant == b.variant);
}

/* A column of the type, or the member of a struct; false: there is none. */
static bool column_of(Gen *g, const GStream *s, GType t) {
  int found[3 * GEN_COLS], len = 0;
  for (int i = 0; s && i < s->len; i++) {
    if (same_type(s->cols[i].t, t)) found[len++] = i;
    if (s->cols[i].t.kind == TY_STRUCT && (t.kind == TY_I64 || t.kind == TY_STRING)) found[len++] = i;
  }
  if (!len) return false;
  const GCol *c = &s->cols[found[gen_below(g, (uint32_t)len)]];
  if (c->t.kind == TY_STRUCT) fprintf(g->out, "%s.%s", c->name, t.kind == TY_I64 ? "n" : "word");
  else fputs(c->name, g->out);
  return true;
}

static void leaf(Gen *g, const GStream *s, GType t) {
  if (gen_chance(g, 80) && column_of(g, s, t)) return;
  if (t.kind == TY_ENUM) {
    if (!column_of(g, s, t)) fprintf(g->out, "null");
    return;
  }
  gen_literal(g, t);
}

/* A type for a part whose type is free: mostly one that a column has. */
static GType some_type(Gen *g, const GStream *s) {
  for (int i = 0; s && s->len && i < 4; i++) {
    GType t = s->cols[gen_below(g, (uint32_t)s->len)].t;
    if (t.kind != TY_LIST && t.kind != TY_STRUCT && gen_chance(g, 80)) return t;
  }
  GType t = gen_scalar(g);
  return t.kind == TY_ENUM ? plain(TY_I64) : t;
}

static GType some_number(Gen *g, const GStream *s) {
  for (int i = 0; i < 8; i++) {
    GType t = some_type(g, s);
    if (is_int(t.kind) || t.kind == TY_F64 || t.kind == TY_DECIMAL || t.kind == TY_F32) return t;
  }
  return plain(TY_I64);
}

/* Prints a template: %a %b %c are expressions of the three types, %t of any type, %n of any number, %s a text,
 * %i an i64, %d a date, %T a timestamp, %? a bool, %k a small number, %p the word of the result's kind. */
static void emit(Gen *g, const char *format, const GStream *s, int depth, GType a, GType b, GType c) {
  static const char *const patterns[] = {"r\"^a\"", "r\"\\d+\"", "r\"(\\w)(\\w*)\"", "r\"[aeiou]\"", "r\".\"", "r\"x*\"", "r\"ß|Ä\""};
  for (const char *p = format; *p; p++) {
    if (*p != '%') {
      fputc(*p, g->out);
      continue;
    }
    switch (*++p) {
      case 'a': gen_expr_of(g, s, a, depth - 1); break;
      case 'b': gen_expr_of(g, s, b, depth - 1); break;
      case 'c': gen_expr_of(g, s, c, depth - 1); break;
      case 't': gen_expr_of(g, s, some_type(g, s), depth - 1); break;
      case 'n': gen_expr_of(g, s, some_number(g, s), depth - 1); break;
      case 's': gen_expr_of(g, s, plain(TY_STRING), depth - 1); break;
      case 'i': gen_expr_of(g, s, plain(TY_I64), depth - 1); break;
      case 'f': gen_expr_of(g, s, plain(TY_F64), depth - 1); break;
      case 'd': gen_expr_of(g, s, plain(TY_DATE), depth - 1); break;
      case 'T': gen_expr_of(g, s, plain(TY_TIMESTAMP), depth - 1); break;
      case 'D': gen_expr_of(g, s, plain(TY_DURATION), depth - 1); break;
      case '?': gen_expr_of(g, s, plain(TY_BOOL), depth - 1); break;
      case 'k': fprintf(g->out, "%d", (int)gen_below(g, 7) - 2); break;
      case 'K': fprintf(g->out, "%d", (int)gen_below(g, 12)); break;
      case 'l': gen_literal(g, a); break;
      case 'r': fputs(PICK(g, patterns), g->out); break;
      case 'p': fputs(kind_word(a.kind), g->out); break;
      default: fputc(*p, g->out); break;
    }
  }
}

static const char *text_form(Gen *g) {
  static const char *const forms[] = {
    "(%s + %s)", "upper(%s)", "lower(%s)", "trim(%s)", "ltrim(%s)", "rtrim(%s, \"a \")", "slice(%s, %k, %k)", "slice(%s, %k)", "replace(%s, %s, %s)",
    "pad_left(%s, %K, \"*\")", "pad_right(%s, %K)", "repeat(%s, %K)", "reverse(%s)", "split_part(%s, \",\", %k)", "regex_replace(%s, %r, \"<>\")",
    "regex_extract(%s, %r)", "normalize(%s)", "string(%t)", "string(%t)", "f\"{%t}\"", "f\"{%t}-{%t}\"", "f\"[{%f:.2}]\"",
    "format_time(%T, \"%%Y-%%m-%%d %%H:%%M:%%S\")", "format_time(%d, \"%%j %%a %%b\")", "split(%s, \"a\")[%k]", "mask(%s)", "md5(%s)", "sha256(%s)",
    "both(%s, %i)", "(%s + (word ?? \"-\"))", "hex(%s)", "list_join(split(%s, \",\"), \"|\")", "url_encode(%s)", "base64(%s)", "hex(xxh3(%s))",
    "match %i { 0, 1 => %s; 7 => %s; _ if %? => %s; _ => %s }", "match %s { \"a\" => \"is a\"; _ => %s }"};
  return PICK(g, forms);
}

static const char *bool_form(Gen *g) {
  static const char *const forms[] = {
    "(%a < %a)", "(%a <= %a)", "(%a > %a)", "(%a >= %a)", "(%a == %a)", "(%a != %a)", "(%a == %a)", "(%? and %?)", "(%? or %?)", "(not %?)", "(%t is null)",
    "(%t is not null)", "(%s =~ %r)", "contains(%s, %s)", "starts_with(%s, %s)", "ends_with(%s, %s)", "like(%s, \"%%a_\")", "(%a in [%l, %l])",
    "(%s in [\"a\", \"EU\", \"\"])", "is_nan(%f)", "is_finite(%f)", "match %i { 1 => %?; _ => %? }", "regex_matches(%s, %r)", "bool(%s)"};
  return PICK(g, forms);
}

static const char *i64_form(Gen *g) {
  static const char *const forms[] = {
    "len(%s)", "byte_len(%s)", "find(%s, %s)", "year(%d)", "month(%T)", "week(%d)", "day(%T)", "weekday(%d)", "yearday(%T)", "hour(%T)", "minute(%T)",
    "second(%T)", "quarter(%d)", "epoch(%T)", "abs(%i)", "sign(%i)", "bit_and(%i, %i)", "bit_or(%i, %i)", "bit_xor(%i, %i)", "shl(%i, %K)",
    "shr(%i, %K)", "count_text(%s, %s)", "date_diff(\"day\", %d, %d)", "len(split(%s, \",\"))", "regex_count(%s, %r)", "round(%i, -1)", "seconds(%D)",
    "epoch_ms(%T)", "bit_count(%i)", "week_year(%d)", "half(%i)", "pick(%i, %i)", "(%i + lim)", "(%i * seven)"};
  return PICK(g, forms);
}

static const char *float_form(Gen *g) {
  static const char *const forms[] = {
    "(%a + %a)", "(%a - %a)", "(%a * %a)", "(%a / %a)", "(%a // %a)", "(%a %% %a)", "(-%a)", "(%i / %i)", "%p(%n)", "%p(%n)", "sqrt(%f)", "floor(%f)",
    "ceil(%f)", "trunc(%f)", "round(%f)", "round(%f, %k)", "abs(%f)", "sign(%f)", "pow(%f, %f)", "exp(%f)", "ln(%f)", "log10(%f)", "sin(%f)", "hypot(%f, %f)"};
  return PICK(g, forms);
}

static const char *integer_form(Gen *g, TypeKind k) {
  static const char *const forms[] = {"(%a + %a)", "(%a - %a)", "(%a * %a)", "(%a // %a)", "(%a %% %a)", "%p(%n)", "%p(%s)", "%p(%n)"};
  if (k == TY_I64 && gen_chance(g, 50)) return i64_form(g);
  if (k == TY_U64 && gen_chance(g, 30)) return "xxh3(%s)";
  if (is_signed(k) && gen_chance(g, 10)) return "(-%a)";
  return PICK(g, forms);
}

static const char *time_form(Gen *g, TypeKind k) {
  static const char *const dates[] = {"date(%T)", "date_trunc(\"month\", %d)", "date_trunc(\"week\", %d)", "add_months(%d, %k)", "last_day(%d)", "(%d + 1d)",
                                      "date(%s)", "make_date(2026, %K, %K)"};
  static const char *const stamps[] = {"(%T + %D)", "(%T - %D)", "timestamp(%d)", "date_trunc(\"hour\", %T)", "date_trunc(\"quarter\", %T)", "from_epoch(%i)",
                                       "timestamp(%s)", "to_zone(%T, \"Europe/Berlin\")", "add_months(%T, %k)", "from_epoch_ms(%i)"};
  static const char *const spans[] = {"(%T - %T)", "(%D + %D)", "(%D - %D)", "(%D * %i)", "(%d - %d)", "(-%D)"};
  static const char *const times[] = {"time(%T)", "time(%s)", "make_time(%K, %K, %K)"};
  if (k == TY_DATE) return PICK(g, dates);
  if (k == TY_TIMESTAMP) return PICK(g, stamps);
  if (k == TY_DURATION) return PICK(g, spans);
  return PICK(g, times);
}

static void decimal_form(Gen *g, const GStream *s, GType t, int depth) {
  static const char *const forms[] = {"%n", "%a + %b", "%a - %b", "%a * %b", "%a / %b", "%a // %a", "%a %% %a", "%s", "round(%a, %k)", "-%a", "%a + 1", "%a * 0.5"};
  GType other = some_number(g, s);
  if (other.kind != TY_DECIMAL) other = t;
  fputs("decimal(", g->out);
  emit(g, PICK(g, forms), s, depth, t, other, t);
  fprintf(g->out, ", %d, %d)", t.p, t.s);
}

static bool general_form(Gen *g, const GStream *s, GType t, int depth) {
  static const char *const forms[] = {"if %? then %a else %a end", "(%a ?? %a)", "try(%a)", "coalesce(%a, %a)", "nullif(%a, %a)", "least(%a, %a)",
                                      "greatest(%a, %a)", "clamp(%a, %a, %a)", "match %s { \"a\", \"b\" => %a; _ => %a }", "if %? then %a else null end"};
  if (!gen_chance(g, 22)) return false;
  emit(g, PICK(g, forms), s, depth, t, t, t);
  return true;
}

void gen_expr_of(Gen *g, const GStream *s, GType t, int depth) {
  if (depth <= 0 || gen_chance(g, 12)) {
    leaf(g, s, t);
    return;
  }
  if (t.kind == TY_ENUM || t.kind == TY_UUID) {
    if (!general_form(g, s, t, depth)) leaf(g, s, t);
    return;
  }
  if (general_form(g, s, t, depth)) return;
  if (t.kind == TY_DECIMAL) {
    decimal_form(g, s, t, depth);
    return;
  }
  GType a = t;
  const char *form;
  if (t.kind == TY_BOOL) {
    form = bool_form(g);
    a = some_type(g, s);
    if (a.kind == TY_ENUM && strstr(form, "%l")) a = plain(TY_I64);
  } else if (t.kind == TY_STRING) {
    form = text_form(g);
  } else if (t.kind == TY_F32 || t.kind == TY_F64) {
    form = float_form(g);
    if (t.kind == TY_F32 && !strstr(form, "%a") && !strstr(form, "%p")) form = "%p(%f)";
  } else if (is_int(t.kind)) {
    form = integer_form(g, t.kind);
  } else {
    form = time_form(g, t.kind);
  }
  emit(g, form, s, depth, a, a, a);
}
