/* Scalars but floats: text to value and back, time formats, zones, UTF-8. */
#include <criterion/criterion.h>

#include "support/text_help.h"
#include "text/civil.h"
#include "text/column.h"
#include "text/text.h"
#include "text/timefmt.h"

#include <time.h>

static char *print_text;

/* The text at the end of a page of its own, so that the sanitizer sees a read past it. */
static char *exact(const char *text) {
  size_t n = strlen(text);
  free(print_text);
  print_text = malloc(n ? n : 1);
  memcpy(print_text, text, n);
  return print_text;
}

#define CHECK_READ(call_of, type, text, code, want)                              \
  do {                                                                           \
    const char *p = exact(text);                                                 \
    size_t n = strlen(text);                                                     \
    type v = 0;                                                                  \
    int rc = call_of;                                                            \
    cr_assert_eq(rc, code, "`%s`: %d", text, rc);                                \
    if (rc == FRT_OK) cr_assert_eq(v, want, "`%s`: %lld", text, (long long)v);   \
  } while (0)

#define I64(text, code, want) CHECK_READ(text_parse_i64(p, n, INT64_MIN, INT64_MAX, &v), int64_t, text, code, want)
#define I8(text, code, want) CHECK_READ(text_parse_i64(p, n, -128, 127, &v), int64_t, text, code, want)
#define U64(text, code, want) CHECK_READ(text_parse_u64(p, n, UINT64_MAX, &v), uint64_t, text, code, want)

Test(text_scalar, integers) {
  I64("0", FRT_OK, 0); I64("+5", FRT_OK, 5); I64("-0", FRT_OK, 0); I64("007", FRT_OK, 7);
  I64("9223372036854775807", FRT_OK, INT64_MAX); I64("-9223372036854775808", FRT_OK, INT64_MIN);
  I64("9223372036854775808", FRT_E_OUT_OF_RANGE, 0); I64("-9223372036854775809", FRT_E_OUT_OF_RANGE, 0);
  I64("00000000000000000000000000000000000000000000012", FRT_OK, 12);
  I64("99999999999999999999999999999999999999", FRT_E_OUT_OF_RANGE, 0);
  I64("", FRT_E_BAD_VALUE, 0); I64("+", FRT_E_BAD_VALUE, 0); I64("-", FRT_E_BAD_VALUE, 0); I64("7.0", FRT_E_BAD_VALUE, 0);
  I64("1e3", FRT_E_BAD_VALUE, 0); I64(" 7", FRT_E_BAD_VALUE, 0); I64("7 ", FRT_E_BAD_VALUE, 0);
  I64("1_000", FRT_E_BAD_VALUE, 0); I64("--1", FRT_E_BAD_VALUE, 0); I64("+-1", FRT_E_BAD_VALUE, 0);
  I8("127", FRT_OK, 127); I8("-128", FRT_OK, -128); I8("128", FRT_E_OUT_OF_RANGE, 0); I8("-129", FRT_E_OUT_OF_RANGE, 0);
  U64("18446744073709551615", FRT_OK, UINT64_MAX); U64("18446744073709551616", FRT_E_OUT_OF_RANGE, 0);
  U64("-0", FRT_OK, 0); U64("-1", FRT_E_OUT_OF_RANGE, 0); U64("+1", FRT_OK, 1);
  char text[128], other[64];
  for (int i = 0; i < 200000; i++) {
    uint64_t r = help_random() >> (i & 63);
    int64_t s = i & 64 ? (int64_t)r : (int64_t)(0 - r);
    *frt_put_u64(text, r) = 0;
    snprintf(other, sizeof other, "%llu", (unsigned long long)r);
    cr_assert_str_eq(text, other);
    *frt_put_i64(text, s) = 0;
    snprintf(other, sizeof other, "%lld", (long long)s);
    cr_assert_str_eq(text, other);
    I64(text, FRT_OK, s);
  }
  for (uint64_t p = 1, i = 0; i < 20; i++, p *= 10) {
    *frt_put_u64(text, p) = 0;
    cr_assert_eq(strlen(text), i + 1);
    *frt_put_u64(text, p - 1) = 0;
    cr_assert_eq(strlen(text), i ? i : 1);
  }
}

#define BOOL(text, code, want) CHECK_READ(text_parse_bool(p, n, &v), uint8_t, text, code, want)

Test(text_scalar, booleans) {
  BOOL("true", FRT_OK, 1); BOOL("FALSE", FRT_OK, 0); BOOL("T", FRT_OK, 1); BOOL("f", FRT_OK, 0); BOOL("Yes", FRT_OK, 1);
  BOOL("no", FRT_OK, 0); BOOL("Y", FRT_OK, 1); BOOL("n", FRT_OK, 0); BOOL("1", FRT_OK, 1); BOOL("0", FRT_OK, 0);
  BOOL("", FRT_E_BAD_VALUE, 0); BOOL("tru", FRT_E_BAD_VALUE, 0); BOOL("2", FRT_E_BAD_VALUE, 0);
  BOOL("01", FRT_E_BAD_VALUE, 0); BOOL("truee", FRT_E_BAD_VALUE, 0); BOOL("on", FRT_E_BAD_VALUE, 0);
}

#define DEC(text, pr, sc, code, want) CHECK_READ(text_parse_dec64(p, n, pr, sc, &v), int64_t, text, code, want)

static void check_dec128(const char *text, int precision, int scale, int code, const char *want) {
  FrtI128 v;
  char out[128];
  const char *p = exact(text);
  int rc = text_parse_dec128(p, strlen(text), precision, scale, &v);
  cr_assert_eq(rc, code, "`%s`: %d", text, rc);
  if (rc != FRT_OK) return;
  *frt_put_dec128(out, v, scale) = 0;
  cr_assert_str_eq(out, want);
}

Test(text_scalar, decimals) {
  DEC("5", 12, 2, FRT_OK, 500); DEC("-5.1", 12, 2, FRT_OK, -510); DEC("+0.07", 12, 2, FRT_OK, 7);
  DEC("007.50", 12, 2, FRT_OK, 750); DEC("5.000", 12, 2, FRT_E_TOO_PRECISE, 0); DEC("1.234", 12, 2, FRT_E_TOO_PRECISE, 0);
  DEC("9999999999.99", 12, 2, FRT_OK, 999999999999); DEC("10000000000.00", 12, 2, FRT_E_OUT_OF_RANGE, 0);
  DEC("1e2", 12, 2, FRT_E_BAD_VALUE, 0); DEC("", 12, 2, FRT_E_BAD_VALUE, 0); DEC(".", 12, 2, FRT_E_BAD_VALUE, 0);
  DEC("1.2.3", 12, 2, FRT_E_BAD_VALUE, 0); DEC("1.2x", 12, 1, FRT_E_BAD_VALUE, 0); DEC("1.234x", 12, 1, FRT_E_BAD_VALUE, 0);
  DEC("-", 12, 2, FRT_E_BAD_VALUE, 0); DEC("1,5", 12, 2, FRT_E_BAD_VALUE, 0); DEC("0.999", 3, 3, FRT_OK, 999);
  DEC("999999999999999999", 18, 0, FRT_OK, 999999999999999999); DEC("12.", 12, 2, FRT_OK, 1200); DEC(".5", 12, 2, FRT_OK, 50);
  check_dec128("99999999999999999999999999999999999999", 38, 0, FRT_OK, "99999999999999999999999999999999999999");
  check_dec128("-12345678901234567890.123456", 38, 6, FRT_OK, "-12345678901234567890.123456");
  check_dec128("100000000000000000000000000000000000000", 38, 0, FRT_E_OUT_OF_RANGE, "");
  check_dec128("1", 38, 38, FRT_E_OUT_OF_RANGE, "");
  check_dec128("0.5", 38, 38, FRT_OK, "0.50000000000000000000000000000000000000");
  check_dec128("-0.000", 20, 3, FRT_OK, "0.000");
  check_dec128("99999999999999999999999999999999999999999999999999", 38, 10, FRT_E_OUT_OF_RANGE, "");
  char text[FRT_FIXED_SIZE_MAX + FRT_PUT_SLACK];
  *frt_put_dec64(text, 0, 2) = 0;
  cr_assert_str_eq(text, "0.00");
  *frt_put_dec64(text, -5, 2) = 0;
  cr_assert_str_eq(text, "-0.05");
  *frt_put_dec64(text, 123456, 4) = 0;
  cr_assert_str_eq(text, "12.3456");
  *frt_put_dec64_fixed(text, 125, 3, 2) = 0;
  cr_assert_str_eq(text, "0.12");
  *frt_put_dec64_fixed(text, -375, 3, 2) = 0;
  cr_assert_str_eq(text, "-0.38");
  *frt_put_dec64_fixed(text, -4, 3, 2) = 0;
  cr_assert_str_eq(text, "0.00");
  *frt_put_dec64_fixed(text, 7, 0, 2) = 0;
  cr_assert_str_eq(text, "7.00");
  *frt_put_dec64_fixed(text, 9995, 1, 0) = 0;
  cr_assert_str_eq(text, "1000");
}

#define DATE(text, code, want) CHECK_READ(text_parse_date(p, n, &v), int32_t, text, code, want)

Test(text_scalar, dates) {
  DATE("1970-01-01", FRT_OK, 0); DATE("0001-01-01", FRT_OK, FRT_DATE_MIN); DATE("9999-12-31", FRT_OK, FRT_DATE_MAX);
  DATE("0000-01-01", FRT_E_OUT_OF_RANGE, 0); DATE("2026-02-29", FRT_E_OUT_OF_RANGE, 0); DATE("2024-02-29", FRT_OK, 19782);
  DATE("2026-13-01", FRT_E_OUT_OF_RANGE, 0); DATE("2026-00-01", FRT_E_OUT_OF_RANGE, 0); DATE("2026-1-1", FRT_E_BAD_VALUE, 0);
  DATE("2026-01-0a", FRT_E_BAD_VALUE, 0); DATE("", FRT_E_BAD_VALUE, 0); DATE("2026-01-011", FRT_E_BAD_VALUE, 0);
  int32_t y;
  uint32_t m, d, weekday = 1;
  char text[128], other[64];
  for (int32_t day = FRT_DATE_MIN; day <= FRT_DATE_MAX; day++) {
    frt_civil_from_days(day, &y, &m, &d);
    cr_assert_eq(frt_days_from_civil(y, m, d), day);
    cr_assert(frt_weekday(day) == weekday && d <= frt_days_in_month(y, m));
    weekday = weekday % 7 + 1;
    if (day % 5) continue;
    *frt_put_date(text, day) = 0;
    snprintf(other, sizeof other, "%04d-%02u-%02u", y, m, d);
    cr_assert_str_eq(text, other);
    DATE(text, FRT_OK, day);
  }
}

#define TIME(text, code, want) CHECK_READ(text_parse_time(p, n, &v), int64_t, text, code, want)
#define STAMP(text, code, want) CHECK_READ(text_parse_timestamp(p, n, NULL, &v), int64_t, text, code, want)
#define SPAN(text, code, want) CHECK_READ(text_parse_duration(p, n, &v), int64_t, text, code, want)

Test(text_scalar, times) {
  TIME("06:07:08.25", FRT_OK, 22028250000); TIME("06:07", FRT_OK, 22020000000); TIME("23:59:59.999999", FRT_OK, 86399999999);
  TIME("24:00:00", FRT_E_OUT_OF_RANGE, 0); TIME("06:60", FRT_E_OUT_OF_RANGE, 0); TIME("6:07", FRT_E_BAD_VALUE, 0);
  TIME("06:07:08.", FRT_E_BAD_VALUE, 0); TIME("06:07:", FRT_E_BAD_VALUE, 0); TIME("06:07:08.1234567", FRT_E_TOO_PRECISE, 0);
  TIME("06:07:08.250000000", FRT_OK, 22028250000); TIME("", FRT_E_BAD_VALUE, 0);
  STAMP("1970-01-01T00:00:00Z", FRT_OK, 0); STAMP("1970-01-01 00:00", FRT_OK, 0);
  STAMP("1970-01-01T02:00:00+02:00", FRT_OK, 0); STAMP("1970-01-01T02:00:00.5+0200", FRT_OK, 500000);
  STAMP("1969-12-31T22:00:00-02", FRT_OK, 0); STAMP("1970-01-01T00:00:00.000001Z", FRT_OK, 1);
  STAMP("1970-01-01T00:00Z", FRT_OK, 0); STAMP("1970-01-01", FRT_E_BAD_VALUE, 0); STAMP("1970-01-01T", FRT_E_BAD_VALUE, 0);
  STAMP("1970-01-01T00:00:00Zx", FRT_E_BAD_VALUE, 0); STAMP("1970-01-01T00:00:00+1", FRT_E_BAD_VALUE, 0);
  STAMP("1970-01-32T00:00:00Z", FRT_E_OUT_OF_RANGE, 0); STAMP("1970-01-01T00:00:60Z", FRT_E_OUT_OF_RANGE, 0);
  STAMP("0001-01-01T00:00:00+02:00", FRT_E_OUT_OF_RANGE, 0); STAMP("1970-01-01T00:00:00+02:", FRT_E_BAD_VALUE, 0);
  STAMP("1970-01-01_00:00:00", FRT_E_BAD_VALUE, 0); STAMP("1970-01-01T00:00:00+25:00", FRT_E_OUT_OF_RANGE, 0);
  SPAN("1h30m", FRT_OK, 5400000000); SPAN("45s", FRT_OK, 45000000); SPAN("1h1m30s", FRT_OK, 3690000000);
  SPAN("-1h", FRT_OK, -3600000000); SPAN("0.25s", FRT_OK, 250000); SPAN("5us", FRT_OK, 5); SPAN("1w2d", FRT_OK, 777600000000);
  SPAN("1.5h", FRT_OK, 5400000000); SPAN("0s", FRT_OK, 0); SPAN("1m1h", FRT_E_BAD_VALUE, 0); SPAN("1", FRT_E_BAD_VALUE, 0);
  SPAN("h", FRT_E_BAD_VALUE, 0); SPAN("", FRT_E_BAD_VALUE, 0); SPAN("-", FRT_E_BAD_VALUE, 0); SPAN("1x", FRT_E_BAD_VALUE, 0);
  SPAN("1s1s", FRT_E_BAD_VALUE, 0); SPAN("0.0000001s", FRT_E_TOO_PRECISE, 0); SPAN("99999999999999w", FRT_E_OUT_OF_RANGE, 0);
  char text[128];
  for (int i = 0; i < 100000; i++) {
    int64_t us = FRT_TIMESTAMP_MIN + (int64_t)(help_random() % (uint64_t)(FRT_TIMESTAMP_MAX - FRT_TIMESTAMP_MIN));
    if (i & 1) us -= us % 1000000;
    *frt_put_timestamp(text, us) = 0;
    STAMP(text, FRT_OK, us);
    *frt_put_time(text, frt_time_of_timestamp(us)) = 0;
    TIME(text, FRT_OK, frt_time_of_timestamp(us));
    *frt_put_duration(text, us >> (i & 31)) = 0;
    SPAN(text, FRT_OK, us >> (i & 31));
  }
  *frt_put_duration(text, 90061500000) = 0;
  cr_assert_str_eq(text, "1d1h1m1.5s");
  *frt_put_duration(text, 0) = 0;
  cr_assert_str_eq(text, "0s");
  *frt_put_duration(text, -250000) = 0;
  cr_assert_str_eq(text, "-0.25s");
  *frt_put_duration(text, 5400000000) = 0;
  cr_assert_str_eq(text, "1h30m");
}

Test(text_scalar, uuids_and_enums) {
  FrtUuid u;
  char text[128];
  cr_assert_eq(text_parse_uuid(exact("0123ABcd-4567-89ef-fEdc-ba9876543210"), 36, &u), FRT_OK);
  cr_assert(u.hi == 0x0123abcd456789efu && u.lo == 0xfedcba9876543210u);
  *frt_put_uuid(text, u) = 0;
  cr_assert_str_eq(text, "0123abcd-4567-89ef-fedc-ba9876543210");
  cr_assert_eq(text_parse_uuid(exact("0123abcd-4567-89ef-fedc-ba987654321g"), 36, &u), FRT_E_BAD_VALUE);
  cr_assert_eq(text_parse_uuid(exact("0123abcd04567-89ef-fedc-ba9876543210"), 36, &u), FRT_E_BAD_VALUE);
  FrtStr names[] = {help_str("EU"), help_str("US"), help_str("")};
  FrtType t = {.kind = FRT_ENUM, .names = names, .name_len = 3, .nullable = 1};
  uint16_t e;
  cr_assert(text_parse_enum(&t, "US", 2, &e) == FRT_OK && e == 1);
  cr_assert(text_parse_enum(&t, "us", 2, &e) == FRT_E_BAD_VALUE);
  cr_assert(text_parse_enum(&t, "", 0, &e) == FRT_OK && e == 2);
  frt_type_text(&t, text, sizeof text);
  cr_assert_str_eq(text, "enum(\"EU\", \"US\", \"\")?");
  frt_type_text(&t, text, 5);
  cr_assert_str_eq(text, "enum");
  FrtType list = {.kind = FRT_LIST, .elem = &(FrtType){.kind = FRT_DECIMAL, .precision = 12, .scale = 2, .nullable = 1}};
  frt_type_text(&list, text, sizeof text);
  cr_assert_str_eq(text, "[decimal(12,2)?]");
}

static void check_csv(const char *in, const char *want) {
  char text[256];
  *frt_put_csv_str(text, (FrtStr){exact(in), (uint32_t)strlen(in), 0}, ',', '"') = 0;
  cr_assert_str_eq(text, want);
}

static void check_json(const char *in, const char *want) {
  char text[256];
  *frt_put_json_str(text, (FrtStr){exact(in), (uint32_t)strlen(in), 0}) = 0;
  cr_assert_str_eq(text, want);
}

Test(text_scalar, quoting) {
  check_csv("plain", "plain"); check_csv("", ""); check_csv("a,b", "\"a,b\""); check_csv("say \"hi\"", "\"say \"\"hi\"\"\"");
  check_csv("\"", "\"\"\"\""); check_csv("long text with a line\nbreak", "\"long text with a line\nbreak\"");
  check_csv("cr\r", "\"cr\r\""); check_csv(" spaces ", " spaces "); check_csv("0123456789abcdef0123456789abcde,", "\"0123456789abcdef0123456789abcde,\"");
  check_csv("0123456789abcdef0123456789abcdef0123", "0123456789abcdef0123456789abcdef0123");
  check_json("a\"b\\c\b\f\n\r\t\x01\x1f\x7f/", "\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
  check_json("\xe2\x80\xa8 0123456789 0123456789 \"", "\"\xe2\x80\xa8 0123456789 0123456789 \\\"\"");
  check_json("", "\"\"");
  char text[256];
  *frt_put_csv_str_opt(text, help_str(""), ',', '"') = 0;
  cr_assert_str_eq(text, "\"\"");
  *frt_put_json_bytes(text, (FrtStr){"a\xff\"", 3, 0}) = 0;
  cr_assert_str_eq(text, "\"a\\\\xff\\\"\"");
  for (int i = 0; i < 20000; i++) {   /* against a plain writer */
    char in[64], plain[512];
    uint32_t n = (uint32_t)(help_random() % 64), w = 1, quote = 0;
    for (uint32_t k = 0; k < n; k++) in[k] = help_random() % 20 ? (char)(32 + help_random() % 90) : "\",\r\n\\\t\1"[help_random() % 7];
    plain[0] = '"';
    for (uint32_t k = 0; k < n; k++) {
      quote |= strchr("\",\r\n", in[k]) != NULL;
      plain[w++] = in[k];
      if (in[k] == '"') plain[w++] = '"';
    }
    plain[w++] = '"';
    char *end = frt_put_csv_str(text, (FrtStr){in, n, 0}, ',', '"');
    if (quote) cr_assert(end - text == w && memcmp(text, plain, w) == 0);
    else cr_assert(end - text == n && memcmp(text, in, n) == 0);
  }
}

/* ---- formats and zones ---------------------------------------------------------------------- */

static void check_format(const char *format, const char *text, const char *zone, int code, const char *want) {
  FrtTimeFmt f;
  const FrtZone *z = NULL;
  int64_t us;
  char out[256];
  if (zone) cr_assert_eq(frt_zone_get(help_str(zone), &z), FRT_OK);
  cr_assert_eq(frt_timefmt_compile(&f, help_str(format)), FRT_OK, "%s", format);
  int rc = frt_timefmt_parse_timestamp(&f, (FrtStr){exact(text), (uint32_t)strlen(text), 0}, z, &us);
  cr_assert_eq(rc, code, "%s with %s: %d", text, format, rc);
  if (rc != FRT_OK) return;
  *frt_put_timestamp(out, us) = 0;
  cr_assert_str_eq(out, want);
}

Test(text_scalar, formats) {
  check_format("%d.%m.%Y %H:%M:%S", "1.7.2026 6:07:08", NULL, FRT_OK, "2026-07-01T06:07:08Z");
  check_format("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", NULL, FRT_OK, "2000-10-10T20:55:36Z");
  check_format("%Y-%j", "2024-366", NULL, FRT_OK, "2024-12-31T00:00:00Z");
  check_format("%Y-%j", "2023-366", NULL, FRT_E_OUT_OF_RANGE, "");
  check_format("%A, %d %B %y %I:%M %p", "Wednesday, 01 July 26 12:05 am", NULL, FRT_OK, "2026-07-01T00:05:00Z");
  check_format("%A, %d %B %y", "Thursday, 01 July 26", NULL, FRT_E_OUT_OF_RANGE, "");
  check_format("%F %T.%f", "2026-07-01 01:02:03.5", NULL, FRT_OK, "2026-07-01T01:02:03.5Z");
  check_format("%s", "-1", NULL, FRT_OK, "1969-12-31T23:59:59Z");
  check_format("%Y%%", "2026%", NULL, FRT_OK, "2026-01-01T00:00:00Z");
  check_format("%Y", "2026 ", NULL, FRT_E_BAD_VALUE, ""); check_format("%Y", "26", NULL, FRT_E_BAD_VALUE, "");
  check_format("%d.%m.%Y", "31.06.2026", NULL, FRT_E_OUT_OF_RANGE, ""); check_format("%Y-%m", "", NULL, FRT_E_BAD_VALUE, "");
  check_format("%Y-%m-%d %H:%M:%S", "2026-07-01 12:00:00", "Europe/Berlin", FRT_OK, "2026-07-01T10:00:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2026-03-29 02:30:00", "Europe/Berlin", FRT_E_TIME_GAP, "");
  check_format("%Y-%m-%d %H:%M:%S", "2026-10-25 02:30:00", "Europe/Berlin", FRT_OK, "2026-10-25T00:30:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2026-10-25 03:00:00", "Europe/Berlin", FRT_OK, "2026-10-25T02:00:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2100-07-01 12:00:00", "Europe/Berlin", FRT_OK, "2100-07-01T10:00:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2100-12-01 12:00:00", "America/New_York", FRT_OK, "2100-12-01T17:00:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2100-01-01 12:00:00", "Australia/Sydney", FRT_OK, "2100-01-01T01:00:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2026-07-01 12:00:00", "Asia/Kolkata", FRT_OK, "2026-07-01T06:30:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "1950-07-01 12:00:00", "Europe/Berlin", FRT_OK, "1950-07-01T11:00:00Z");
  check_format("%Y-%m-%d %H:%M:%S", "2011-12-30 12:00:00", "Pacific/Apia", FRT_E_TIME_GAP, "");
  check_format("%Y-%m-%d %H:%M:%S %z", "2026-07-01 12:00:00 +00:00", "Asia/Kolkata", FRT_OK, "2026-07-01T12:00:00Z");
  FrtTimeFmt f;
  char text[512];
  cr_assert_eq(frt_timefmt_compile(&f, help_str("%")), FRT_E_FORMAT);
  cr_assert_eq(frt_timefmt_compile(&f, help_str("%q")), FRT_E_FORMAT);
  cr_assert_eq(frt_timefmt_compile(&f, help_str("%a %A %b %B %d %e %f %H %I %j %m %M %p %s %S %T %u %y %Y %z %Z %G-W%V %%")), FRT_OK);
  const FrtZone *z;
  cr_assert_eq(frt_zone_get(help_str("Europe/Berlin"), &z), FRT_OK);
  *frt_timefmt_print(text, &f, 1782903723250000, z) = 0;
  cr_assert_str_eq(text, "Wed Wednesday Jul July 01  1 250000 13 01 182 07 02 PM 1782903723 03 13:02:03 3 26 2026 +0200 CEST 2026-W27 %");
  for (int i = 0; i < 50000; i++) {   /* print and read back */
    int64_t us = FRT_TIMESTAMP_MIN + FRT_US_PER_DAY + (int64_t)(help_random() % (uint64_t)(FRT_TIMESTAMP_MAX - FRT_TIMESTAMP_MIN - 2 * FRT_US_PER_DAY)), back;
    cr_assert_eq(frt_timefmt_compile(&f, help_str(i & 1 ? "%a %d %b %Y %I:%M:%S.%f %p" : "%Y%j%H%M%S%f")), FRT_OK);
    char *end = frt_timefmt_print(text, &f, us, NULL);
    if (!(i & 1)) continue;
    cr_assert_eq(frt_timefmt_parse_timestamp(&f, (FrtStr){text, (uint32_t)(end - text), 0}, NULL, &back), FRT_OK);
    cr_assert_eq(us, back);
  }
}

Test(text_scalar, zones) {
  const FrtZone *z;
  static const char *const bad[] = {"../etc/passwd", "/etc/passwd", "Europe/Nowhere", "Europe", "zone.tab", "+25", "posixrules/..", "a b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) cr_assert_eq(frt_zone_get(help_str(bad[i]), &z), FRT_E_ZONE, "%s", bad[i]);
  const char *names[] = {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca",
                         "UTC", "+05:30", "Pacific/Apia", "America/Sao_Paulo", "Antarctica/Troll", "Europe/Dublin"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    cr_assert_eq(frt_zone_get(help_str(names[i]), &z), FRT_OK);
    setenv("TZ", names[i][0] == '+' ? "<+0530>-5:30" : names[i], 1);
    tzset();
    for (int k = 0; k < 20000; k++) {   /* against the C library */
      time_t s = (time_t)(help_random() % 9000000000u) - 3000000000;
      struct tm tm;
      localtime_r(&s, &tm);
      const char *abbrev;
      cr_assert_eq(frt_zone_offset(z, s, &abbrev), tm.tm_gmtoff, "%s %lld", names[i], (long long)s);
      int64_t utc, local = frt_zone_to_local(z, s * FRT_US_PER_SECOND + 5);
      cr_assert_eq(frt_zone_to_utc(z, local, &utc), FRT_OK);
      cr_assert(utc <= s * FRT_US_PER_SECOND + 5 && frt_zone_to_local(z, utc) == local);
    }
  }
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

/* By decoding: the plain meaning of the standard. */
static size_t plain_prefix(const uint8_t *p, size_t n) {
  size_t i = 0;
  while (i < n) {
    uint32_t c = p[i], len = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
    if (!len || len > n - i) return i;
    c &= len == 1 ? 0x7f : 0xffu >> (len + 1);
    for (uint32_t k = 1; k < len; k++) {
      if (p[i + k] >> 6 != 2) return i;
      c = c << 6 | (p[i + k] & 63);
    }
    if (c > 0x10ffff || c >> 11 == 0x1b || (len == 2 && c < 0x80) || (len == 3 && c < 0x800) || (len == 4 && c < 0x10000)) return i;
    i += len;
  }
  return n;
}

static void check_utf8(const char *text, size_t n) {
  char *own = malloc(n + 1);   /* one byte for n = 0; the text ends where the room ends */
  memcpy(own + 1, text, n);
  size_t want = plain_prefix((const uint8_t *)own + 1, n);
  cr_assert_eq(frt_utf8_prefix(own + 1, n), want);
  cr_assert_eq(frt_utf8_valid(own + 1, n), want == n);
  int high = 0;
  for (size_t i = 0; i < n; i++) high |= text[i] < 0;
  cr_assert_eq(frt_has_high_bytes(own + 1, n), high);
  free(own);
}

Test(text_scalar, utf8) {
  char text[400];
  for (uint32_t a = 0; a < 65536; a++) {   /* all pairs, with tails, at many places */
    memset(text, 'x', sizeof text);
    size_t at = a % 130;
    text[at] = (char)(a >> 8);
    text[at + 1] = (char)a;
    text[at + 2] = text[at + 3] = (char)0x80;
    for (size_t n = at + 1; n <= at + 5; n++) check_utf8(text, n);
    check_utf8(text, at + 3 + a % 90);
  }
  static const char *const parts[] = {"a", "bc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", "\xed\xa0\x80", "\xff", "\x80"};
  for (int i = 0; i < 100000; i++) {
    size_t n = 0, most = help_random() % 300;
    uint64_t bad = help_random() % 4 ? 7 : 10;
    while (n < most) {
      const char *part = parts[help_random() % (bad == 10 && help_random() % 32 ? 7 : bad)];
      memcpy(text + n, part, strlen(part));
      n += strlen(part);
    }
    check_utf8(text, n);
    if (n > 4) check_utf8(text, n - help_random() % 4);
  }
  FILE *file = help_data("utf8/utf8tests.bin");
  if (!file) return;
  static char all[1 << 16];
  size_t n = fread(all, 1, sizeof all, file);
  fclose(file);
  for (size_t i = 0; i < n; i++) check_utf8(all + i, n - i < 80 ? n - i : 80);
}

/* ---- conversions ---------------------------------------------------------------------------- */

Test(text_scalar, conversions) {
  FrtCtx cx = {0};
  int64_t v = 7;
  cr_assert_eq(frt_i64_of_str(&cx, &v, help_str("x1")), FRT_E_BAD_VALUE);
  cr_assert(v == 7 && cx.detail.len == 2 && memcmp(cx.detail.ptr, "x1", 2) == 0);
  cr_assert(frt_i64_of_f64(&cx, &v, -3.0) == FRT_OK && v == -3);
  cr_assert_eq(frt_i64_of_f64(&cx, &v, 3.5), FRT_E_BAD_VALUE);
  cr_assert(cx.detail.len == 3 && memcmp(cx.detail.ptr, "3.5", 3) == 0);
  cr_assert_eq(frt_i64_of_f64(&cx, &v, 9223372036854775808.0), FRT_E_OUT_OF_RANGE);
  cr_assert(frt_i64_of_f64(&cx, &v, -9223372036854775808.0) == FRT_OK && v == INT64_MIN);
  cr_assert_eq(frt_i64_of_f64(&cx, &v, __builtin_nan("")), FRT_E_BAD_VALUE);
  uint64_t u;
  cr_assert_eq(frt_u64_of_f64(&cx, &u, -1.0), FRT_E_OUT_OF_RANGE);
  cr_assert(frt_u64_of_f64(&cx, &u, 1e19) == FRT_OK && u == 10000000000000000000u);
  int8_t small;
  cr_assert_eq(frt_i8_of_i64(&cx, &small, 128), FRT_E_OUT_OF_RANGE);
  cr_assert(frt_i8_of_i64(&cx, &small, -128) == FRT_OK && small == -128);
  FrtStr s = frt_str_of_timestamp(&cx, 0);
  cr_assert(s.len == 20 && memcmp(s.ptr, "1970-01-01T00:00:00Z", 20) == 0);
  cr_assert_eq(frt_timestamp_of_str(&cx, &v, help_str("2026-07-01 12:00"), help_str(""), help_str("Europe/Berlin")), FRT_OK);
  s = frt_str_of_timestamp(&cx, v);
  cr_assert(s.len == 20 && memcmp(s.ptr, "2026-07-01T10:00:00Z", 20) == 0);
  cr_assert_eq(frt_timestamp_of_str(&cx, &v, help_str("2026-07-01 12:00"), help_str(""), help_str("No/Zone")), FRT_E_ZONE);
  cr_assert(cx.detail.len == 7);
  cr_assert(frt_date_of_timestamp(-1) == -1 && frt_time_of_timestamp(-1) == 86399999999);
  float f;
  cr_assert_eq(frt_f32_of_f64(&cx, &f, 1e39), FRT_E_OUT_OF_RANGE);
}
