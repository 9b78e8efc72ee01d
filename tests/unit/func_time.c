/* The functions on dates and times. */
#include "support/func_harness.h"

TestSuite(func_time, .init = func_setup, .fini = func_teardown);

static int64_t at(const char *text) {
  static const FrtType type = {.kind = FRT_TIMESTAMP, .size = 8};
  int64_t t = 0;
  int status = frt_text_value(&type, S(text), S(""), S(""), &t);
  cr_assert(status == FRT_OK, "%s: %d", text, status);
  return t;
}

static int32_t on(const char *text) {
  static const FrtType type = {.kind = FRT_DATE, .size = 4};
  int32_t d = 0;
  int status = frt_text_value(&type, S(text), S(""), S(""), &d);
  cr_assert(status == FRT_OK, "%s: %d", text, status);
  return d;
}

/* Year, quarter, month, week, day, yearday, hour, minute, second: of acceptance case 29. */
Test(func_time, parts) {
  const struct {
    const char *text;
    int64_t part[9];
  } cases[] = {{"2026-07-01T12:30:00Z", {2026, 3, 7, 27, 1, 182, 12, 30, 0}},
               {"2026-12-31T23:59:59.123456Z", {2026, 4, 12, 53, 31, 365, 23, 59, 59}},
               {"2026-01-01T00:30Z", {2026, 1, 1, 1, 1, 1, 0, 30, 0}},
               {"2027-01-03 23:15", {2027, 1, 1, 53, 3, 3, 23, 15, 0}},
               {"1969-12-31T23:59:59.5Z", {1969, 4, 12, 1, 31, 365, 23, 59, 59}},
               {"2024-03-01T04:59:59Z", {2024, 1, 3, 9, 1, 61, 4, 59, 59}},
               {"2000-02-29T06:07:08.9Z", {2000, 1, 2, 9, 29, 60, 6, 7, 8}},
               {"0001-01-01T00:00:00Z", {1, 1, 1, 1, 1, 1, 0, 0, 0}},
               {"9999-12-31T23:59:59.999999Z", {9999, 4, 12, 52, 31, 365, 23, 59, 59}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t t = at(cases[i].text);
    const int64_t got[9] = {
        frt_year_timestamp(cx, t), frt_quarter_timestamp(cx, t), frt_month_timestamp(cx, t),
        frt_week_timestamp(cx, t), frt_day_timestamp(cx, t),     frt_yearday_timestamp(cx, t),
        frt_hour_timestamp(cx, t), frt_minute_timestamp(cx, t),  frt_second_timestamp(cx, t)};
    for (int j = 0; j < 9; j++) {
      cr_expect(got[j] == cases[i].part[j], "%s, part %d: %lld", cases[i].text, j,
                (long long)got[j]);
    }
  }
  cr_expect_eq(frt_microsecond_timestamp(cx, at("1969-12-31T23:59:59.5Z")), 500000);
  cr_expect_eq(frt_hour_time(cx, 86399999999), 23);
  cr_expect_eq(frt_second_time(cx, 86399999999), 59);
}

Test(func_time, days) {
  cr_expect_eq(frt_weekday_date(cx, on("2026-06-29")), 1);
  cr_expect_eq(frt_weekday_date(cx, on("2026-07-05")), 7);
  cr_expect_eq(frt_weekday_date(cx, on("0001-01-01")), 1);
  cr_expect_eq(frt_week_year_date(cx, on("2027-01-03")), 2026);
  cr_expect_eq(frt_week_year_date(cx, on("2024-12-30")), 2025);
  cr_expect_eq(frt_year_date(cx, on("2024-02-29")), 2024);
  cr_expect_eq(frt_last_day(cx, on("2024-02-10")), on("2024-02-29"));
  cr_expect_eq(frt_last_day(cx, on("9999-12-01")), on("9999-12-31"));
  cr_expect_eq(frt_now(cx), at("2026-07-01T12:30:05.25Z"));
  cr_expect_eq(frt_today(cx), on("2026-07-01"));
}

Test(func_time, made) {
  cr_expect_eq(OK(int32_t, frt_make_date(cx, out, 2024, 2, 29)), on("2024-02-29"));
  const int64_t bad[][3] = {
      {2023, 2, 29}, {0, 1, 1},    {10000, 1, 1},     {2023, 13, 1},        {2023, 0, 1},
      {2023, 4, 31}, {2023, 1, 0}, {INT64_MAX, 1, 1}, {2023, INT64_MIN, 1}, {2023, 1, INT64_MAX}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cr_expect_eq(STATUS(int32_t, frt_make_date(cx, out, bad[i][0], bad[i][1], bad[i][2])),
                 FRT_E_ARGUMENT);
  }
  cr_expect_eq(OK(int64_t, frt_make_time(cx, out, 6, 7, 8)), 22028000000);
  cr_expect_eq(STATUS(int64_t, frt_make_time(cx, out, 24, 0, 0)), FRT_E_ARGUMENT);
  cr_expect_eq(STATUS(int64_t, frt_make_time(cx, out, 0, -1, 0)), FRT_E_ARGUMENT);
}

Test(func_time, months_on) {
  cr_expect_eq(OK(int32_t, frt_add_months_date(cx, out, on("2024-01-31"), 1)), on("2024-02-29"));
  cr_expect_eq(OK(int32_t, frt_add_months_date(cx, out, on("2024-01-31"), -2)), on("2023-11-30"));
  cr_expect_eq(OK(int32_t, frt_add_months_date(cx, out, on("2024-12-15"), 1)), on("2025-01-15"));
  cr_expect_eq(OK(int32_t, frt_add_months_date(cx, out, on("0001-02-01"), -1)), on("0001-01-01"));
  cr_expect_eq(STATUS(int32_t, frt_add_months_date(cx, out, on("0001-01-01"), -1)), FRT_E_OVERFLOW);
  cr_expect_eq(STATUS(int32_t, frt_add_months_date(cx, out, on("9999-12-01"), 1)), FRT_E_OVERFLOW);
  cr_expect_eq(STATUS(int32_t, frt_add_months_date(cx, out, on("2024-01-01"), INT64_MIN)),
               FRT_E_OVERFLOW);
  cr_expect_eq(OK(int64_t, frt_add_months_timestamp(cx, out, at("1969-07-31T12:00:00.5Z"), 2)),
               at("1969-09-30T12:00:00.5Z"));
}

Test(func_time, epochs) {
  cr_expect_eq(frt_epoch_timestamp(cx, at("2026-07-01T00:00:00.75Z")), 1782864000);
  cr_expect_eq(frt_epoch_timestamp(cx, at("1969-12-31T23:59:59.5Z")), -1);
  cr_expect_eq(frt_epoch_ms(cx, -1), -1);
  cr_expect_eq(frt_epoch_date(cx, on("1970-01-02")), 86400);
  cr_expect_eq(OK(int64_t, frt_from_epoch(cx, out, 1782864000)), at("2026-07-01T00:00:00Z"));
  cr_expect_eq(OK(int64_t, frt_from_epoch_ms(cx, out, -1)), -1000);
  cr_expect_eq(OK(int64_t, frt_from_epoch(cx, out, 253402300799)), at("9999-12-31T23:59:59Z"));
  cr_expect_eq(OK(int64_t, frt_from_epoch(cx, out, -62135596800)), at("0001-01-01T00:00:00Z"));
  const int64_t bad[] = {253402300800, -62135596801, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cr_expect_eq(STATUS(int64_t, frt_from_epoch(cx, out, bad[i])), FRT_E_OVERFLOW);
  }
  cr_expect_eq(STATUS(int64_t, frt_from_epoch_us(cx, out, INT64_MAX)), FRT_E_OVERFLOW);
}

static int64_t truncated(const char *unit, const char *text) {
  return frt_date_trunc_timestamp(cx, PREPARED(frt_time_unit_prepare, unit), at(text));
}

Test(func_time, trunc) {
  const char *const cases[][3] = {
      {"month", "2026-07-21T12:30:05Z", "2026-07-01T00:00:00Z"},
      {"week", "2026-07-01T12:30:05Z", "2026-06-29T00:00:00Z"},
      {"week", "2026-06-29T00:00:00Z", "2026-06-29T00:00:00Z"},
      {"quarter", "2026-06-30T23:59:59Z", "2026-04-01T00:00:00Z"},
      {"year", "1969-12-31T23:59:59Z", "1969-01-01T00:00:00Z"},
      {"hour", "1969-12-31T23:59:59.5Z", "1969-12-31T23:00:00Z"},
      {"minute", "2026-07-01T12:30:05Z", "2026-07-01T12:30:00Z"},
      {"second", "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"},
      {"day", "1969-12-31T23:59:59.5Z", "1969-12-31T00:00:00Z"},
      {"millisecond", "2026-07-01T12:30:05.123456Z", "2026-07-01T12:30:05.123Z"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cr_expect_eq(truncated(cases[i][0], cases[i][1]), at(cases[i][2]), "%s of %s", cases[i][0],
                 cases[i][1]);
  }
  cr_expect_eq(
      frt_date_trunc_date(cx, PREPARED(frt_time_unit_prepare, "quarter"), on("2026-08-21")),
      on("2026-07-01"));
  cr_expect_eq(frt_date_trunc_date(cx, PREPARED(frt_time_unit_prepare, "hour"), on("2026-08-21")),
               on("2026-08-21"));
  const void *unit;
  cr_expect_eq(frt_time_unit_prepare(cx, &unit, S("months")), FRT_E_ARGUMENT);
  cr_expect_eq(frt_time_unit_prepare(cx, &unit, S("")), FRT_E_ARGUMENT);
}

Test(func_time, diff) {
  const struct {
    const char *unit, *a, *b;
    int64_t want;
  } cases[] = {{"day", "2026-07-01T23:59:59Z", "2026-07-02T00:00:00Z", 1},
               {"hour", "2026-07-01T12:00:00Z", "2026-07-01T10:30:00Z", -2},
               {"month", "2026-07-31T00:00:00Z", "2026-08-01T00:00:00Z", 1},
               {"year", "2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z", 1},
               {"week", "2026-07-05T00:00:00Z", "2026-07-06T00:00:00Z", 1},
               {"quarter", "2026-07-05T00:00:00Z", "2025-01-06T00:00:00Z", -6},
               {"second", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 315537897599}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t got = frt_date_diff_timestamp(cx, PREPARED(frt_time_unit_prepare, cases[i].unit),
                                          at(cases[i].a), at(cases[i].b));
    cr_expect(got == cases[i].want, "%s: %lld", cases[i].unit, (long long)got);
  }
  cr_expect_eq(frt_date_diff_date(cx, PREPARED(frt_time_unit_prepare, "day"), on("2024-02-28"),
                                  on("2024-03-01")),
               2);
}

Test(func_time, zones) {
  const void *berlin = PREPARED(frt_zone_prepare, "Europe/Berlin"),
             *york = PREPARED(frt_zone_prepare, "America/New_York");
  cr_expect_eq(OK(int64_t, frt_to_zone(cx, out, at("2026-03-29T01:00:00Z"), berlin)),
               at("2026-03-29T03:00:00Z"));
  cr_expect_eq(OK(int64_t, frt_to_zone(cx, out, at("2026-11-01T06:30:00Z"), york)),
               at("2026-11-01T01:30:00Z"));
  cr_expect_eq(OK(int64_t, frt_from_zone(cx, out, at("2026-07-01T14:00:00Z"), berlin)),
               at("2026-07-01T12:00:00Z"));
  cr_expect_eq(STATUS(int64_t, frt_from_zone(cx, out, at("2026-03-29T02:30:00Z"), berlin)),
               FRT_E_TIME_GAP);
  IS(cx->detail, "2026-03-29T02:30:00Z");
  cr_expect_eq(STATUS(int64_t, frt_to_zone(cx, out, at("9999-12-31T23:59:59Z"), berlin)),
               FRT_E_OVERFLOW);
  const void *zone;
  cr_expect_eq(frt_zone_prepare(cx, &zone, S("Mars/Base")), FRT_E_ZONE);
  IS(cx->detail, "Mars/Base");
  cr_expect_eq(frt_zone_prepare(cx, &zone, S("../../etc/passwd")), FRT_E_ZONE);
}

Test(func_time, formats) {
  IS(frt_format_time_timestamp(cx, at("2026-07-01T12:30:00Z"),
                               PREPARED(frt_format_prepare, "%d.%m.%Y %H:%M")),
     "01.07.2026 12:30");
  IS(frt_format_time_date(cx, on("2026-07-01"), PREPARED(frt_format_prepare, "%a %d %b %y")),
     "Wed 01 Jul 26");
  IS(frt_format_time_time(cx, 22028000000, PREPARED(frt_format_prepare, "%H-%M")), "06-07");
  IS(frt_format_time_time(cx, 0, PREPARED(frt_format_prepare, "")), "");
  cr_expect_eq(
      OK(int64_t, frt_parse_timestamp(cx, out, S("01/Jul/2026:12:30:00 +0200"),
                                      PREPARED(frt_format_prepare, "%d/%b/%Y:%H:%M:%S %z"))),
      at("2026-07-01T10:30:00Z"));
  cr_expect_eq(OK(int64_t, frt_parse_timestamp_zone(cx, out, S("01.07.2026 14:00"),
                                                    PREPARED(frt_format_prepare, "%d.%m.%Y %H:%M"),
                                                    PREPARED(frt_zone_prepare, "Europe/Berlin"))),
               at("2026-07-01T12:00:00Z"));
  cr_expect_eq(OK(int32_t, frt_parse_date(cx, out, S("01.07.2026"),
                                          PREPARED(frt_format_prepare, "%d.%m.%Y"))),
               on("2026-07-01"));
  cr_expect_eq(
      OK(int64_t, frt_parse_time(cx, out, S("6h07"), PREPARED(frt_format_prepare, "%Hh%M"))),
      22020000000);
  cr_expect_neq(
      STATUS(int64_t, frt_parse_timestamp(cx, out, S("x"), PREPARED(frt_format_prepare, "%Y"))),
      FRT_OK);
  IS(cx->detail, "x");
  const void *format;
  cr_expect_eq(frt_format_prepare(cx, &format, S("%q")), FRT_E_FORMAT);
}
