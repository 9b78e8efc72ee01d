/* fn_time.c: functions on dates, times and timestamps. Everything is UTC; a local clock is a
 * timestamp that shows the clock of a zone (to_zone). The calendar is the proleptic Gregorian of
 * civil.h, years 1 to 9999: a result outside is FRT_E_OVERFLOW. */
#include "text/fn.h"
#include "text/text.h"

#include "text/civil.h"
#include "text/timefmt.h"
#include "text/zone.h"

typedef struct FnDate {
  int32_t year;
  uint32_t month, day;
} FnDate;

static FnDate fntime_civil(int32_t days) {
  FnDate d;
  frt_civil_from_days(days, &d.year, &d.month, &d.day);
  return d;
}

static int32_t fntime_day(int64_t us) {
  int64_t rest;
  return frt_day_of(us, &rest);
}

static int64_t fntime_clock(int64_t us) {
  int64_t rest;
  frt_day_of(us, &rest);
  return rest;
}

/* ---- parts of a date ---- */

static int64_t fntime_year(int32_t days) { return fntime_civil(days).year; }
static int64_t fntime_month(int32_t days) { return fntime_civil(days).month; }
static int64_t fntime_mday(int32_t days) { return fntime_civil(days).day; }
static int64_t fntime_quarter(int32_t days) { return (fntime_civil(days).month + 2) / 3; }
static int64_t fntime_weekday(int32_t days) { return frt_weekday(days); }
static int64_t fntime_yearday(int32_t days) {
  return days - frt_days_from_civil(fntime_civil(days).year, 1, 1) + 1;
}

/* ISO 8601: the week that holds the Thursday counts to the Thursday's year. */
static int32_t fntime_thursday(int32_t days) { return days + 4 - (int32_t)frt_weekday(days); }
static int64_t fntime_week(int32_t days) {
  return (fntime_yearday(fntime_thursday(days)) - 1) / 7 + 1;
}
static int64_t fntime_week_year(int32_t days) { return fntime_year(fntime_thursday(days)); }

#define FNTIME_PART(name, of)                             \
  int64_t frt_##name##_date(FrtCtx *cx, int32_t d) {      \
    (void)cx;                                             \
    return of(d);                                         \
  }                                                       \
  int64_t frt_##name##_timestamp(FrtCtx *cx, int64_t t) { \
    (void)cx;                                             \
    return of(fntime_day(t));                             \
  }
FNTIME_PART(year, fntime_year)
FNTIME_PART(quarter, fntime_quarter)
FNTIME_PART(month, fntime_month)
FNTIME_PART(week, fntime_week)
FNTIME_PART(week_year, fntime_week_year)
FNTIME_PART(day, fntime_mday)
FNTIME_PART(weekday, fntime_weekday)
FNTIME_PART(yearday, fntime_yearday)
#undef FNTIME_PART

/* ---- parts of a clock ---- */

#define FNTIME_CLOCK(name, expression)                    \
  int64_t frt_##name##_time(FrtCtx *cx, int64_t us) {     \
    (void)cx;                                             \
    return expression;                                    \
  }                                                       \
  int64_t frt_##name##_timestamp(FrtCtx *cx, int64_t t) { \
    (void)cx;                                             \
    int64_t us = fntime_clock(t);                         \
    return expression;                                    \
  }
FNTIME_CLOCK(hour, us / 3600000000)
FNTIME_CLOCK(minute, us / 60000000 % 60)
FNTIME_CLOCK(second, us / 1000000 % 60)
FNTIME_CLOCK(microsecond, us % 1000000)
#undef FNTIME_CLOCK

/* ---- now, and making dates ---- */

int64_t frt_now(FrtCtx *cx) { return cx->now_us; }
int32_t frt_today(FrtCtx *cx) { return fntime_day(cx->now_us); }

int frt_make_date(FrtCtx *cx, int32_t *out, int64_t year, int64_t month, int64_t day) {
  if (year < 1 || year > 9999)
    return fn_error(cx, FRT_E_ARGUMENT, "make_date: years go from 1 to 9999");
  if (month < 1 || month > 12)
    return fn_error(cx, FRT_E_ARGUMENT, "make_date: months go from 1 to 12");
  if (day < 1 || day > (int64_t)frt_days_in_month((int32_t)year, (uint32_t)month)) {
    return fn_error(cx, FRT_E_ARGUMENT, "make_date: the month has no such day");
  }
  *out = frt_days_from_civil((int32_t)year, (uint32_t)month, (uint32_t)day);
  return FRT_OK;
}

int frt_make_time(FrtCtx *cx, int64_t *out, int64_t hour, int64_t minute, int64_t second) {
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return fn_error(cx, FRT_E_ARGUMENT, "make_time: there is no such time");
  }
  *out = (hour * 3600 + minute * 60 + second) * FRT_US_PER_SECOND;
  return FRT_OK;
}

/* The same day `n` months on, or the last of that month. */
int frt_add_months_date(FrtCtx *cx, int32_t *out, int32_t date, int64_t n) {
  FnDate d = fntime_civil(date);
  if (n < -120000 || n > 120000) return fn_error(cx, FRT_E_OVERFLOW, "add_months");
  int64_t months = (int64_t)d.year * 12 + d.month - 1 + n;
  if (months < 12 || months >= 10000 * 12) return fn_error(cx, FRT_E_OVERFLOW, "add_months");
  int32_t year = (int32_t)(months / 12);
  uint32_t month = (uint32_t)(months % 12) + 1, last = frt_days_in_month(year, month);
  *out = frt_days_from_civil(year, month, d.day < last ? d.day : last);
  return FRT_OK;
}

int frt_add_months_timestamp(FrtCtx *cx, int64_t *out, int64_t t, int64_t n) {
  int64_t clock;
  int32_t date, day = frt_day_of(t, &clock);
  int status = frt_add_months_date(cx, &date, day, n);
  if (!status) *out = date * FRT_US_PER_DAY + clock;
  return status;
}

int32_t frt_last_day(FrtCtx *cx, int32_t date) {
  (void)cx;
  FnDate d = fntime_civil(date);
  return date + (int32_t)(frt_days_in_month(d.year, d.month) - d.day);
}

/* ---- seconds since 1970 ---- */

static int64_t fntime_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t frt_epoch_timestamp(FrtCtx *cx, int64_t t) {
  (void)cx;
  return fntime_floor_div(t, FRT_US_PER_SECOND);
}
int64_t frt_epoch_date(FrtCtx *cx, int32_t d) {
  (void)cx;
  return (int64_t)d * 86400;
}
int64_t frt_epoch_ms(FrtCtx *cx, int64_t t) {
  (void)cx;
  return fntime_floor_div(t, 1000);
}
int64_t frt_epoch_us(FrtCtx *cx, int64_t t) {
  (void)cx;
  return t;
}

static int fntime_from(FrtCtx *cx, int64_t *out, int64_t n, int64_t unit) {
  if (n < fntime_floor_div(FRT_TIMESTAMP_MIN, unit) ||
      n > fntime_floor_div(FRT_TIMESTAMP_MAX, unit)) {
    return fn_error(cx, FRT_E_OVERFLOW, "from_epoch");
  }
  *out = n * unit;
  return FRT_OK;
}
int frt_from_epoch(FrtCtx *cx, int64_t *out, int64_t n) {
  return fntime_from(cx, out, n, FRT_US_PER_SECOND);
}
int frt_from_epoch_ms(FrtCtx *cx, int64_t *out, int64_t n) { return fntime_from(cx, out, n, 1000); }
int frt_from_epoch_us(FrtCtx *cx, int64_t *out, int64_t n) { return fntime_from(cx, out, n, 1); }

int64_t frt_seconds(FrtCtx *cx, int64_t duration) {
  (void)cx;
  return duration / FRT_US_PER_SECOND;
}

/* ---- date_trunc ---- */

typedef enum FnUnit {
  FN_MICROSECOND,
  FN_MILLISECOND,
  FN_SECOND,
  FN_MINUTE,
  FN_HOUR,
  FN_DAY,
  FN_WEEK,
  FN_MONTH,
  FN_QUARTER,
  FN_YEAR,
  FN_UNIT_LEN
} FnUnit;
static const char *const fntime_units[FN_UNIT_LEN] = {
    "microsecond", "millisecond", "second", "minute",  "hour",
    "day",         "week",        "month",  "quarter", "year"};
static const int64_t fntime_unit_us[FN_DAY] = {1, 1000, 1000000, 60000000, 3600000000};
static const uint8_t fntime_unit_objects[FN_UNIT_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

int frt_time_unit_prepare(FrtCtx *cx, const void **out, FrtStr text) {
  for (int i = 0; i < FN_UNIT_LEN; i++) {
    if (strlen(fntime_units[i]) == text.len && !memcmp(fntime_units[i], text.ptr, text.len)) {
      *out = &fntime_unit_objects[i];
      return FRT_OK;
    }
  }
  return fn_error(cx, FRT_E_ARGUMENT,
                  "the unit is one of second, minute, hour, day, week, month, quarter, year, "
                  "millisecond, microsecond");
}

static int32_t fntime_trunc_days(FnUnit unit, int32_t days) {
  FnDate d = fntime_civil(days);
  switch (unit) {
    case FN_WEEK: return days - (int32_t)frt_weekday(days) + 1;
    case FN_MONTH: return days - (int32_t)d.day + 1;
    case FN_QUARTER: return frt_days_from_civil(d.year, (d.month - 1) / 3 * 3 + 1, 1);
    case FN_YEAR: return frt_days_from_civil(d.year, 1, 1);
    default: return days;
  }
}

int64_t frt_date_trunc_timestamp(FrtCtx *cx, const void *prepared, int64_t t) {
  (void)cx;
  FnUnit unit = (FnUnit) * (const uint8_t *)prepared;
  int64_t clock;
  int32_t day = frt_day_of(t, &clock);
  if (unit < FN_DAY) return t - clock % fntime_unit_us[unit];
  return fntime_trunc_days(unit, day) * FRT_US_PER_DAY;
}

int32_t frt_date_trunc_date(FrtCtx *cx, const void *prepared, int32_t date) {
  (void)cx;
  return fntime_trunc_days((FnUnit) * (const uint8_t *)prepared, date);
}

/* Borders of units between two instants: "day" counts midnights. Negative when b is before a. */
int64_t frt_date_diff_timestamp(FrtCtx *cx, const void *prepared, int64_t a, int64_t b) {
  FnUnit unit = (FnUnit) * (const uint8_t *)prepared;
  int64_t x = frt_date_trunc_timestamp(cx, prepared, a),
          y = frt_date_trunc_timestamp(cx, prepared, b);
  if (unit < FN_DAY) return (y - x) / fntime_unit_us[unit];
  int32_t p = fntime_day(x), q = fntime_day(y);
  if (unit == FN_DAY) return q - p;
  if (unit == FN_WEEK) return (q - p) / 7;
  FnDate from = fntime_civil(p), to = fntime_civil(q);
  int64_t months = (to.year - from.year) * 12 + (int64_t)to.month - (int64_t)from.month;
  return unit == FN_MONTH ? months : unit == FN_QUARTER ? months / 3 : months / 12;
}

int64_t frt_date_diff_date(FrtCtx *cx, const void *prepared, int32_t a, int32_t b) {
  return frt_date_diff_timestamp(cx, prepared, a * FRT_US_PER_DAY, b * FRT_US_PER_DAY);
}

/* ---- zones ---- */

int frt_zone_prepare(FrtCtx *cx, const void **out, FrtStr text) {
  const FrtZone *zone;
  int status = frt_zone_get(text, &zone);
  if (status) return fn_error_value(cx, status, text);
  *out = zone;
  return FRT_OK;
}

static int fntime_in_range(FrtCtx *cx, int64_t us) {
  if (us >= FRT_TIMESTAMP_MIN && us <= FRT_TIMESTAMP_MAX) return FRT_OK;
  return fn_error(cx, FRT_E_OVERFLOW, "the local time lies outside the years 1 to 9999");
}

int frt_to_zone(FrtCtx *cx, int64_t *out, int64_t t, const void *zone) {
  *out = frt_zone_to_local(zone, t);
  return fntime_in_range(cx, *out);
}

int frt_from_zone(FrtCtx *cx, int64_t *out, int64_t local, const void *zone) {
  int status = frt_zone_to_utc(zone, local, out);
  if (status) {
    char *text = frt_alloc(cx, FRT_TEXT_MAX);
    FrtType type = {.kind = FRT_TIMESTAMP, .size = 8};
    return fn_error_value(cx, status,
                          fn_str(text, (size_t)(frt_value_text(text, &type, &local) - text)));
  }
  return fntime_in_range(cx, *out);
}

/* ---- formats ---- */

int frt_format_prepare(FrtCtx *cx, const void **out, FrtStr text) {
  if ((*out = fn_prepared_find(cx, FN_FORMAT, text))) return FRT_OK;
  FrtTimeFmt format;
  int status = frt_timefmt_compile(&format, text);
  if (status) return fn_error_value(cx, status, text);
  FrtTimeFmt *kept =
      fn_prepared_keeps(cx) ? frt_alloc_run(cx, sizeof format) : frt_alloc(cx, sizeof format);
  *kept = format;
  fn_prepared_keep(cx, FN_FORMAT, text, kept);
  *out = kept;
  return FRT_OK;
}

FrtStr frt_format_time_timestamp(FrtCtx *cx, int64_t t, const void *format) {
  char *text = frt_alloc(cx, frt_timefmt_print_max(format));
  return fn_str(text, (size_t)(frt_timefmt_print(text, format, t, NULL) - text));
}
FrtStr frt_format_time_date(FrtCtx *cx, int32_t d, const void *format) {
  return frt_format_time_timestamp(cx, d * FRT_US_PER_DAY, format);
}
FrtStr frt_format_time_time(FrtCtx *cx, int64_t t, const void *format) {
  return frt_format_time_timestamp(cx, t, format);
}

static int fntime_parsed(FrtCtx *cx, int status, FrtStr s, uint32_t kind) {
  if (status == FRT_OK) return FRT_OK;
  cx->detail = s;
  cx->detail.aux = FRT_TEXT_WANTED(kind, 0, 0);
  return status;
}

int frt_parse_timestamp(FrtCtx *cx, int64_t *out, FrtStr s, const void *format) {
  int status = frt_timefmt_parse_timestamp(format, s, NULL, out);
  return fntime_parsed(cx, status, s, FRT_TIMESTAMP);
}
int frt_parse_timestamp_zone(FrtCtx *cx, int64_t *out, FrtStr s, const void *format,
                             const void *zone) {
  int status = frt_timefmt_parse_timestamp(format, s, zone, out);
  return fntime_parsed(cx, status, s, FRT_TIMESTAMP);
}
int frt_parse_date(FrtCtx *cx, int32_t *out, FrtStr s, const void *format) {
  int status = frt_timefmt_parse_date(format, s, out);
  return fntime_parsed(cx, status, s, FRT_DATE);
}
int frt_parse_time(FrtCtx *cx, int64_t *out, FrtStr s, const void *format) {
  int status = frt_timefmt_parse_time(format, s, out);
  return fntime_parsed(cx, status, s, FRT_TIME);
}
