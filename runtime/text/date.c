/* date.c: dates, times, timestamps and durations in their ISO forms, from text and to text. */
#include <stdint.h>
#include <string.h>

#include "text/civil.h"
#include "text/text.h"

/* Two digits at p, or more than 99. */
static inline uint32_t tdate_two(const char *p) {
  uint32_t a = (uint8_t)p[0] - '0', b = (uint8_t)p[1] - '0';
  return a > 9 || b > 9 ? 100 : a * 10 + b;
}

/* YYYY-MM-DD in the ten bytes at p. */
static int tdate_parse_ten(const char *p, int32_t *out) {
  uint32_t century = tdate_two(p), year = tdate_two(p + 2), month = tdate_two(p + 5), day = tdate_two(p + 8);
  if (p[4] != '-' || p[7] != '-' || century > 99 || year > 99 || month > 99 || day > 99) {
    return FRT_E_BAD_VALUE;
  }
  year += century * 100;
  if (year == 0 || month == 0 || month > 12 || day == 0 || day > frt_days_in_month((int32_t)year, month)) {
    return FRT_E_OUT_OF_RANGE;
  }
  *out = frt_days_from_civil((int32_t)year, month, day);
  return FRT_OK;
}

int text_parse_date(const char *p, size_t n, int32_t *out) {
  return n == 10 ? tdate_parse_ten(p, out) : FRT_E_BAD_VALUE;
}

int text_parse_fraction(const char **pp, const char *end, int64_t *us) {
  const char *p = *pp;
  int64_t v = 0, unit = 100000;
  int precise = 0;
  if (p == end || (uint8_t)(*p - '0') > 9) return FRT_E_BAD_VALUE;
  for (; p < end && (uint8_t)(*p - '0') <= 9; p++) {
    int digit = *p - '0';
    v += digit * unit;
    precise |= unit == 0 && digit != 0;
    unit /= 10;
  }
  *pp = p;
  if (precise) return FRT_E_TOO_PRECISE;
  *us = v;
  return FRT_OK;
}

/* hh:mm[:ss[.fraction]] from *pp; stops at the first other byte. */
static int tdate_parse_clock(const char **pp, const char *end, int64_t *us) {
  const char *p = *pp;
  if (end - p < 5 || p[2] != ':') return FRT_E_BAD_VALUE;
  uint32_t hour = tdate_two(p), minute = tdate_two(p + 3), second = 0;
  int64_t fraction = 0;
  p += 5;
  if (hour > 99 || minute > 99) return FRT_E_BAD_VALUE;
  if (end - p >= 3 && *p == ':') {
    second = tdate_two(p + 1);
    p += 3;
    if (second > 99) return FRT_E_BAD_VALUE;
    if (p < end && *p == '.') {
      p++;
      int rc = text_parse_fraction(&p, end, &fraction);
      if (rc != FRT_OK) return rc;
    }
  }
  *pp = p;
  *us = ((int64_t)hour * 3600 + minute * 60 + second) * FRT_US_PER_SECOND + fraction;
  return hour > 23 || minute > 59 || second > 59 ? FRT_E_OUT_OF_RANGE : FRT_OK;
}

int text_parse_time(const char *p, size_t n, int64_t *out) {
  const char *end = p + n;
  int64_t us;
  int rc = tdate_parse_clock(&p, end, &us);
  if (rc != FRT_OK && rc != FRT_E_OUT_OF_RANGE) return rc;
  if (p != end) return FRT_E_BAD_VALUE;
  if (rc == FRT_OK) *out = us;
  return rc;
}

int text_parse_offset(const char **pp, const char *end, int32_t *seconds) {
  const char *p = *pp;
  if (p == end) return FRT_E_BAD_VALUE;
  if (*p == 'Z') {
    *pp = p + 1;
    *seconds = 0;
    return FRT_OK;
  }
  if ((*p != '+' && *p != '-') || end - p < 3) return FRT_E_BAD_VALUE;
  int minus = *p == '-';
  uint32_t hours = tdate_two(p + 1), minutes = 0;
  p += 3;
  int colon = p < end && *p == ':';
  if (end - p >= 2 + colon && tdate_two(p + colon) < 100) {
    minutes = tdate_two(p + colon);
    p += 2 + colon;
  }
  if (hours > 99) return FRT_E_BAD_VALUE;
  *pp = p;
  if (hours > 23 || minutes > 59) return FRT_E_OUT_OF_RANGE;
  *seconds = (int32_t)(hours * 3600 + minutes * 60) * (minus ? -1 : 1);
  return FRT_OK;
}

int text_parse_timestamp(const char *p, size_t n, const FrtZone *zone, int64_t *out) {
  const char *end = p + n;
  int32_t day = 0, offset = 0;
  int64_t clock = 0;
  if (n < 16 || (p[10] != 'T' && p[10] != ' ')) return FRT_E_BAD_VALUE;
  int rc = tdate_parse_ten(p, &day);
  if (rc == FRT_E_BAD_VALUE) return rc;
  p += 11;
  int rc2 = tdate_parse_clock(&p, end, &clock);
  if (rc2 != FRT_OK && rc2 != FRT_E_OUT_OF_RANGE) return rc2;
  int local = p == end, rc3 = local ? FRT_OK : text_parse_offset(&p, end, &offset);
  if (p != end || rc3 == FRT_E_BAD_VALUE) return FRT_E_BAD_VALUE;
  if (rc != FRT_OK || rc2 != FRT_OK || rc3 != FRT_OK) return FRT_E_OUT_OF_RANGE;
  int64_t us = day * FRT_US_PER_DAY + clock - offset * FRT_US_PER_SECOND;
  if (local && zone) {
    rc = frt_zone_to_utc(zone, us, &us);
    if (rc != FRT_OK) return rc;
  }
  if (us < FRT_TIMESTAMP_MIN || us > FRT_TIMESTAMP_MAX) return FRT_E_OUT_OF_RANGE;
  *out = us;
  return FRT_OK;
}

/* ---- durations ------------------------------------------------------------------------------ */

static const struct { char name[3]; uint8_t len; int64_t us; } tdate_units[] = {
  {"us", 2, 1}, {"ms", 2, 1000}, {"s", 1, 1000000}, {"m", 1, 60000000}, {"h", 1, 3600000000LL},
  {"d", 1, 86400000000LL}, {"w", 1, 604800000000LL},
};

/* The unit that stands at p (letters up to the next digit or the end), or NULL. */
static const int64_t *tdate_parse_unit(const char **pp, const char *end) {
  const char *p = *pp;
  size_t n = 0;
  while (p + n < end && n < 3 && p[n] >= 'a' && p[n] <= 'z') n++;
  for (size_t i = 0; i < sizeof tdate_units / sizeof *tdate_units; i++) {
    if (tdate_units[i].len == n && memcmp(tdate_units[i].name, p, n) == 0) {
      *pp = p + n;
      return &tdate_units[i].us;
    }
  }
  return NULL;
}

/* The digits of a fraction times the unit, which must come out whole. */
static int tdate_scale_fraction(const char *p, const char *end, int64_t unit, int64_t *out) {
  __int128 v = 0;
  int64_t power = 1;
  while (end > p && end[-1] == '0') end--;
  if (end - p > 15) return FRT_E_TOO_PRECISE;
  for (; p < end; p++) {
    v = v * 10 + (*p - '0');
    power *= 10;
  }
  v *= unit;
  if (v % power != 0) return FRT_E_TOO_PRECISE;
  *out = (int64_t)(v / power);
  return FRT_OK;
}

/* One number with its unit from *pp, which must be smaller than *below. */
static int tdate_parse_part(const char **pp, const char *end, int64_t *below, int64_t *out) {
  const char *p = *pp, *fraction = NULL, *fraction_end = NULL;
  int64_t v = 0, part = 0;
  int over = 0;
  if ((uint8_t)(*p - '0') > 9) return FRT_E_BAD_VALUE;
  for (; p < end && (uint8_t)(*p - '0') <= 9; p++) {
    over |= __builtin_mul_overflow(v, 10, &v);
    over |= __builtin_add_overflow(v, *p - '0', &v);
  }
  if (p < end && *p == '.') {
    fraction = ++p;
    while (p < end && (uint8_t)(*p - '0') <= 9) p++;
    fraction_end = p;
    if (fraction == fraction_end) return FRT_E_BAD_VALUE;
  }
  const int64_t *unit = tdate_parse_unit(&p, end);
  if (!unit || *unit >= *below) return FRT_E_BAD_VALUE;
  *below = *unit;
  *pp = p;
  if (fraction) {
    int rc = tdate_scale_fraction(fraction, fraction_end, *unit, &part);
    if (rc != FRT_OK) return rc;
  }
  over |= __builtin_mul_overflow(v, *unit, &v);
  over |= __builtin_add_overflow(v, part, out);
  return over ? FRT_E_OUT_OF_RANGE : FRT_OK;
}

int text_parse_duration(const char *p, size_t n, int64_t *out) {
  const char *end = p + n;
  if (n == 0) return FRT_E_BAD_VALUE;
  int minus = *p == '-', result = FRT_OK;
  if (*p == '-' || *p == '+') p++;
  int64_t sum = 0, below = INT64_MAX, part = 0;
  if (p == end) return FRT_E_BAD_VALUE;
  while (p < end) {
    const char *before = p;
    int rc = tdate_parse_part(&p, end, &below, &part);
    if (rc == FRT_E_BAD_VALUE || p == before) return FRT_E_BAD_VALUE;
    if (rc == FRT_OK && __builtin_add_overflow(sum, part, &sum)) rc = FRT_E_OUT_OF_RANGE;
    if (rc != FRT_OK) result = rc;
  }
  if (result == FRT_OK) *out = minus ? -sum : sum;
  return result;
}

/* ---- printing ------------------------------------------------------------------------------- */

char *frt_put_date(char *p, int32_t days) {
  int32_t year;
  uint32_t month, day;
  frt_civil_from_days(days, &year, &month, &day);
  text_put_2digits(p, (uint32_t)year / 100 % 100);
  text_put_2digits(p + 2, (uint32_t)year % 100);
  p[4] = '-';
  text_put_2digits(p + 5, month);
  p[7] = '-';
  return text_put_2digits(p + 8, day);
}

char *text_put_fraction(char *p, int64_t us) {
  if (us == 0) return p;
  *p++ = '.';
  uint32_t v = (uint32_t)us;
  text_put_2digits(p, v / 10000);
  text_put_2digits(p + 2, v / 100 % 100);
  text_put_2digits(p + 4, v % 100);
  p += 6;
  while (p[-1] == '0') p--;
  return p;
}

char *frt_put_time(char *p, int64_t us) {
  uint32_t s = (uint32_t)(us / FRT_US_PER_SECOND), m = s / 60;
  text_put_2digits(p, m / 60 % 100);
  p[2] = ':';
  text_put_2digits(p + 3, m % 60);
  p[5] = ':';
  text_put_2digits(p + 6, s % 60);
  return text_put_fraction(p + 8, us % FRT_US_PER_SECOND);
}

char *frt_put_timestamp(char *p, int64_t us) {
  int64_t rest;
  p = frt_put_date(p, frt_day_of(us, &rest));
  *p++ = 'T';
  p = frt_put_time(p, rest);
  *p++ = 'Z';
  return p;
}

char *frt_put_duration(char *p, int64_t us) {
  uint64_t v = us < 0 ? 0 - (uint64_t)us : (uint64_t)us, day = FRT_US_PER_DAY, seconds;
  if (us < 0) *p++ = '-';
  if (v >= day) { p = frt_put_u64(p, v / day); *p++ = 'd'; v %= day; }
  if (v >= 3600000000u) { p = frt_put_u64(p, v / 3600000000u); *p++ = 'h'; v %= 3600000000u; }
  if (v >= 60000000u) { p = frt_put_u64(p, v / 60000000u); *p++ = 'm'; v %= 60000000u; }
  if (v == 0 && us != 0) return p;
  seconds = v / 1000000u;
  p = text_put_fraction(frt_put_u64(p, seconds), (int64_t)(v - seconds * 1000000u));
  *p++ = 's';
  return p;
}
