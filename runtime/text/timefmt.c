/* timefmt.c: compiled time formats: each item is a conversion letter or a literal byte; the short
 * forms %T %F %D %R are spelt out when compiled. */
#include <stdint.h>
#include <string.h>

#include "text/civil.h"
#include "text/text.h"
#include "text/timefmt.h"

static const char *const tfmt_months[12] = {
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
};
static const char *const tfmt_days[7] = {
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};

/* ---- compiling ------------------------------------------------------------------------------ */

static const char *tfmt_spelt_out(char c) {
  switch (c) {
  case 'T': return "%H:%M:%S";
  case 'F': return "%Y-%m-%d";
  case 'D': return "%m/%d/%y";
  case 'R': return "%H:%M";
  default: return NULL;
  }
}

static int tfmt_add(FrtTimeFmt *f, uint8_t op, char lit) {
  if (f->len == FRT_TIMEFMT_MAX) return FRT_E_FORMAT;
  f->op[f->len] = op;
  f->lit[f->len++] = (uint8_t)lit;
  return FRT_OK;
}

static int tfmt_add_all(FrtTimeFmt *f, const char *p, size_t n) {
  int rc = FRT_OK;
  for (size_t i = 0; i < n && rc == FRT_OK; i++) {
    if (p[i] != '%') {
      rc = tfmt_add(f, 0, p[i]);
      continue;
    }
    if (++i == n) return FRT_E_FORMAT;
    const char *longer = tfmt_spelt_out(p[i]);
    if (longer) rc = tfmt_add_all(f, longer, strlen(longer));
    else if (p[i] == '%') rc = tfmt_add(f, 0, '%');
    else if (p[i] == 'n' || p[i] == 't') rc = tfmt_add(f, 0, p[i] == 'n' ? '\n' : '\t');
    else if (p[i] && strchr("YymdeHIMSfjbhBaApzZsuGV", p[i])) rc = tfmt_add(f, (uint8_t)(p[i] == 'h' ? 'b' : p[i]), 0);
    else rc = FRT_E_FORMAT;
  }
  return rc;
}

int frt_timefmt_compile(FrtTimeFmt *f, FrtStr format) {
  f->len = 0;
  return tfmt_add_all(f, format.ptr, format.len);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* What was read; -1 where the format did not say. */
typedef struct FrtTimeParts {
  int32_t year, month, day, yearday, weekday, hour, hour12, pm, minute, second;
  int64_t fraction, epoch;
  int32_t offset;
  uint8_t has_offset, has_epoch;
} FrtTimeParts;

static int tfmt_number(const char **pp, const char *end, int least, int most, int32_t *out) {
  const char *p = *pp;
  int32_t v = 0;
  int n = 0;
  for (; n < most && p < end && (uint8_t)(*p - '0') <= 9; n++, p++) v = v * 10 + (*p - '0');
  if (n < least) return FRT_E_BAD_VALUE;
  *pp = p;
  *out = v;
  return FRT_OK;
}

static int tfmt_same(const char *p, const char *name, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if ((p[i] | 32) != (name[i] | 32)) return 0;
  }
  return 1;
}

/* A name of the list, in full or its first three letters, any case: its index. */
static int tfmt_name(const char **pp, const char *end, const char *const *names, int count, int32_t *out) {
  size_t left = (size_t)(end - *pp);
  for (int i = 0; i < count; i++) {
    size_t n = strlen(names[i]);
    if (left >= n && tfmt_same(*pp, names[i], n)) {
      *pp += n;
      *out = i;
      return FRT_OK;
    }
  }
  for (int i = 0; i < count; i++) {
    if (left >= 3 && tfmt_same(*pp, names[i], 3)) {
      *pp += 3;
      *out = i;
      return FRT_OK;
    }
  }
  return FRT_E_BAD_VALUE;
}

static int tfmt_epoch(const char **pp, const char *end, int64_t *out) {
  const char *p = *pp;
  int minus = p < end && *p == '-', n = 0;
  int64_t v = 0;
  p += minus;
  for (; n < 15 && p < end && (uint8_t)(*p - '0') <= 9; n++, p++) v = v * 10 + (*p - '0');
  if (n == 0) return FRT_E_BAD_VALUE;
  *pp = p;
  *out = minus ? -v : v;
  return FRT_OK;
}

static int tfmt_ampm(const char **pp, const char *end, int32_t *pm) {
  if (end - *pp < 2 || ((*pp)[1] | 32) != 'm') return FRT_E_BAD_VALUE;
  char c = (char)((*pp)[0] | 32);
  if (c != 'a' && c != 'p') return FRT_E_BAD_VALUE;
  *pm = c == 'p';
  *pp += 2;
  return FRT_OK;
}

static int tfmt_utc_name(const char **pp, const char *end) {
  size_t left = (size_t)(end - *pp);
  size_t n = left >= 3 && (memcmp(*pp, "UTC", 3) == 0 || memcmp(*pp, "GMT", 3) == 0) ? 3 : left >= 1 && **pp == 'Z';
  *pp += n;
  return n ? FRT_OK : FRT_E_BAD_VALUE;
}

static int tfmt_read_fraction(const char **pp, const char *end, int64_t *us) {
  const char *stop = *pp, *p = *pp;
  while (stop < end && stop - p < 9 && (uint8_t)(*stop - '0') <= 9) stop++;
  *pp = stop;
  return text_parse_fraction(&p, stop, us);
}

static int tfmt_read_item(uint8_t op, const char **pp, const char *end, FrtTimeParts *t) {
  int rc = FRT_OK;
  int32_t v = 0;
  if (op == 'e' && *pp < end && **pp == ' ') ++*pp;
  switch (op) {
  case 'Y': return tfmt_number(pp, end, 4, 4, &t->year);
  case 'y':
    rc = tfmt_number(pp, end, 2, 2, &v);
    t->year = v + (v < 69 ? 2000 : 1900);
    return rc;
  case 'm': return tfmt_number(pp, end, 1, 2, &t->month);
  case 'd': case 'e': return tfmt_number(pp, end, 1, 2, &t->day);
  case 'H': return tfmt_number(pp, end, 1, 2, &t->hour);
  case 'I': return tfmt_number(pp, end, 1, 2, &t->hour12);
  case 'M': return tfmt_number(pp, end, 1, 2, &t->minute);
  case 'S': return tfmt_number(pp, end, 1, 2, &t->second);
  case 'j': return tfmt_number(pp, end, 1, 3, &t->yearday);
  case 'u': return tfmt_number(pp, end, 1, 1, &t->weekday);
  case 'f': return tfmt_read_fraction(pp, end, &t->fraction);
  case 'b': case 'B':
    rc = tfmt_name(pp, end, tfmt_months, 12, &v);
    t->month = v + 1;
    return rc;
  case 'a': case 'A':
    rc = tfmt_name(pp, end, tfmt_days, 7, &v);
    t->weekday = v + 1;
    return rc;
  case 'p': return tfmt_ampm(pp, end, &t->pm);
  case 'z':
    t->has_offset = 1;
    return text_parse_offset(pp, end, &t->offset);
  case 'Z':
    t->has_offset = 1;
    return tfmt_utc_name(pp, end);
  case 's':
    t->has_epoch = 1;
    return tfmt_epoch(pp, end, &t->epoch);
  default: return FRT_E_FORMAT;   /* %G and %V are for printing */
  }
}

static int tfmt_read(const FrtTimeFmt *f, FrtStr text, FrtTimeParts *t) {
  const char *p = text.ptr, *end = p + text.len;
  *t = (FrtTimeParts){.year = -1, .month = -1, .day = -1, .yearday = -1, .weekday = -1, .hour = -1,
                      .hour12 = -1, .pm = -1, .minute = -1, .second = -1};
  int range = FRT_OK;
  for (uint32_t i = 0; i < f->len; i++) {
    if (f->op[i] == 0) {
      if (p == end || (uint8_t)*p != f->lit[i]) return FRT_E_BAD_VALUE;
      p++;
      continue;
    }
    int rc = tfmt_read_item(f->op[i], &p, end, t);
    if (rc == FRT_E_OUT_OF_RANGE || rc == FRT_E_TOO_PRECISE) range = rc;
    else if (rc != FRT_OK) return rc;
  }
  return p == end ? range : FRT_E_BAD_VALUE;
}

static int tfmt_day_of(const FrtTimeParts *t, int32_t *out) {
  int32_t year = t->year < 0 ? 1970 : t->year, day;
  if (year < 1 || year > 9999) return FRT_E_OUT_OF_RANGE;
  if (t->yearday >= 0 && t->month < 0 && t->day < 0) {
    if (t->yearday < 1 || t->yearday > 365 + frt_is_leap(year)) return FRT_E_OUT_OF_RANGE;
    day = frt_days_from_civil(year, 1, 1) + t->yearday - 1;
  } else {
    int32_t month = t->month < 0 ? 1 : t->month, dom = t->day < 0 ? 1 : t->day;
    if (month < 1 || month > 12 || dom < 1 || dom > (int32_t)frt_days_in_month(year, (uint32_t)month)) {
      return FRT_E_OUT_OF_RANGE;
    }
    day = frt_days_from_civil(year, (uint32_t)month, (uint32_t)dom);
    if (t->yearday >= 0 && t->yearday != day - frt_days_from_civil(year, 1, 1) + 1) return FRT_E_OUT_OF_RANGE;
  }
  if (t->weekday >= 0 && t->weekday != (int32_t)frt_weekday(day)) return FRT_E_OUT_OF_RANGE;
  *out = day;
  return FRT_OK;
}

static int tfmt_clock_of(const FrtTimeParts *t, int64_t *us) {
  int32_t hour = t->hour < 0 ? 0 : t->hour, minute = t->minute < 0 ? 0 : t->minute;
  int32_t second = t->second < 0 ? 0 : t->second;
  if (t->hour12 >= 0) {
    if (t->hour12 < 1 || t->hour12 > 12) return FRT_E_OUT_OF_RANGE;
    hour = t->hour12 % 12 + (t->pm == 1 ? 12 : 0);
  }
  if (hour > 23 || minute > 59 || second > 59) return FRT_E_OUT_OF_RANGE;
  *us = (hour * 3600LL + minute * 60 + second) * FRT_US_PER_SECOND + t->fraction;
  return FRT_OK;
}

int frt_timefmt_parse_timestamp(const FrtTimeFmt *f, FrtStr text, const FrtZone *zone, int64_t *out_us) {
  FrtTimeParts t;
  int32_t day;
  int64_t us;
  int rc = tfmt_read(f, text, &t);
  if (rc != FRT_OK) return rc;
  if (t.has_epoch) {
    us = t.epoch * FRT_US_PER_SECOND + t.fraction;
  } else {
    rc = tfmt_day_of(&t, &day);
    if (rc == FRT_OK) rc = tfmt_clock_of(&t, &us);
    if (rc != FRT_OK) return rc;
    us += day * FRT_US_PER_DAY - t.offset * FRT_US_PER_SECOND;
    if (zone && !t.has_offset && (rc = frt_zone_to_utc(zone, us, &us)) != FRT_OK) return rc;
  }
  if (us < FRT_TIMESTAMP_MIN || us > FRT_TIMESTAMP_MAX) return FRT_E_OUT_OF_RANGE;
  *out_us = us;
  return FRT_OK;
}

int frt_timefmt_parse_date(const FrtTimeFmt *f, FrtStr text, int32_t *out_days) {
  FrtTimeParts t;
  int64_t clock;
  int rc = tfmt_read(f, text, &t);
  if (rc == FRT_OK && !t.has_epoch) rc = tfmt_clock_of(&t, &clock);
  if (rc != FRT_OK) return rc;
  if (!t.has_epoch) return tfmt_day_of(&t, out_days);
  int32_t day = frt_day_of(t.epoch * FRT_US_PER_SECOND, &clock);
  if (t.epoch < FRT_TIMESTAMP_MIN / FRT_US_PER_SECOND || day > FRT_DATE_MAX) return FRT_E_OUT_OF_RANGE;
  *out_days = day;
  return FRT_OK;
}

int frt_timefmt_parse_time(const FrtTimeFmt *f, FrtStr text, int64_t *out_us) {
  FrtTimeParts t;
  int32_t day;
  int rc = tfmt_read(f, text, &t);
  if (rc == FRT_OK) rc = tfmt_day_of(&t, &day);
  return rc == FRT_OK ? tfmt_clock_of(&t, out_us) : rc;
}

/* ---- printing ------------------------------------------------------------------------------- */

typedef struct FrtClock {
  int64_t us, seconds, rest;         /* the instant; its seconds; microseconds since local midnight */
  int32_t day, year, offset;
  uint32_t month, dom;
  const char *abbrev;
} FrtClock;

static char *tfmt_put_name(char *p, const char *name, size_t most) {
  size_t n = strlen(name);
  if (n > most) n = most;
  memcpy(p, name, n);
  return p + n;
}

static char *tfmt_put_padded(char *p, uint32_t v, int digits) {
  for (int i = digits - 1; i >= 0; i--, v /= 10) p[i] = (char)('0' + v % 10);
  return p + digits;
}

/* ISO week and its year: the week of a day is that of its Thursday. */
static void tfmt_iso_week(const FrtClock *c, int32_t *year, uint32_t *week) {
  int32_t thursday = c->day + 4 - (int32_t)frt_weekday(c->day);
  uint32_t month, dom;
  frt_civil_from_days(thursday, year, &month, &dom);
  *week = (uint32_t)(thursday - frt_days_from_civil(*year, 1, 1)) / 7 + 1;
}

static char *tfmt_put_offset(char *p, int32_t offset) {
  *p++ = offset < 0 ? '-' : '+';
  uint32_t minutes = (uint32_t)(offset < 0 ? -offset : offset) / 60;
  p = text_put_2digits(p, minutes / 60);
  return text_put_2digits(p, minutes % 60);
}

static char *tfmt_put_item(char *p, uint8_t op, const FrtClock *c) {
  uint32_t second = (uint32_t)(c->rest / FRT_US_PER_SECOND), hour = second / 3600, week;
  int32_t year;
  switch (op) {
  case 'Y': return tfmt_put_padded(p, (uint32_t)c->year, 4);
  case 'y': return text_put_2digits(p, (uint32_t)c->year % 100);
  case 'm': return text_put_2digits(p, c->month);
  case 'd': return text_put_2digits(p, c->dom);
  case 'e':
    text_put_2digits(p, c->dom);
    if (*p == '0') *p = ' ';
    return p + 2;
  case 'H': return text_put_2digits(p, hour);
  case 'I': return text_put_2digits(p, (hour + 11) % 12 + 1);
  case 'M': return text_put_2digits(p, second / 60 % 60);
  case 'S': return text_put_2digits(p, second % 60);
  case 'f': return tfmt_put_padded(p, (uint32_t)(c->rest % FRT_US_PER_SECOND), 6);
  case 'j': return tfmt_put_padded(p, (uint32_t)(c->day - frt_days_from_civil(c->year, 1, 1)) + 1, 3);
  case 'b': return tfmt_put_name(p, tfmt_months[c->month - 1], 3);
  case 'B': return tfmt_put_name(p, tfmt_months[c->month - 1], 9);
  case 'a': return tfmt_put_name(p, tfmt_days[frt_weekday(c->day) - 1], 3);
  case 'A': return tfmt_put_name(p, tfmt_days[frt_weekday(c->day) - 1], 9);
  case 'p': return tfmt_put_name(p, hour < 12 ? "AM" : "PM", 2);
  case 'u': return frt_put_u64(p, frt_weekday(c->day));
  case 'z': return tfmt_put_offset(p, c->offset);
  case 'Z': return tfmt_put_name(p, c->abbrev, 15);
  case 's': return frt_put_i64(p, c->seconds);
  case 'G':
    tfmt_iso_week(c, &year, &week);
    return tfmt_put_padded(p, (uint32_t)year, 4);
  default:
    tfmt_iso_week(c, &year, &week);
    return text_put_2digits(p, week);
  }
}

char *frt_timefmt_print(char *p, const FrtTimeFmt *f, int64_t us, const FrtZone *zone) {
  FrtClock c = {.us = us, .abbrev = "UTC"};
  c.seconds = us / FRT_US_PER_SECOND - (us % FRT_US_PER_SECOND < 0);
  if (zone) c.offset = frt_zone_offset(zone, c.seconds, &c.abbrev);
  c.day = frt_day_of(us + c.offset * FRT_US_PER_SECOND, &c.rest);
  frt_civil_from_days(c.day, &c.year, &c.month, &c.dom);
  for (uint32_t i = 0; i < f->len; i++) {
    if (f->op[i]) p = tfmt_put_item(p, f->op[i], &c);
    else *p++ = (char)f->lit[i];
  }
  return p;
}

size_t frt_timefmt_print_max(const FrtTimeFmt *f) {
  return (size_t)f->len * 20 + FRT_PUT_SLACK;
}
