/* civil.h: the proleptic Gregorian calendar on day numbers, 0 being 1970-01-01. Algorithms: Howard
 * Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days), here
 * with a shifted epoch so that all intermediate values are unsigned in the years 1 to 9999. */
#ifndef FRT_TEXT_CIVIL_H
#define FRT_TEXT_CIVIL_H

#include "flowrt.h"

#define FRT_US_PER_SECOND 1000000LL
#define FRT_US_PER_DAY 86400000000LL
#define FRT_DATE_MIN (-719162)                          /* 0001-01-01 */
#define FRT_DATE_MAX 2932896                            /* 9999-12-31 */
#define FRT_TIMESTAMP_MIN (FRT_DATE_MIN * FRT_US_PER_DAY)
#define FRT_TIMESTAMP_MAX ((FRT_DATE_MAX + 1LL) * FRT_US_PER_DAY - 1)

/* Valid for years -4800 and later; month 1..12, day 1..31 (not checked). */
static inline int32_t frt_days_from_civil(int32_t year, uint32_t month, uint32_t day) {
  uint32_t y = (uint32_t)(year + 4800) - (month <= 2);
  uint32_t era = y / 400, yoe = y - era * 400;
  uint32_t doy = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
  uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return (int32_t)(era * 146097 + doe) - 719468 - 12 * 146097;
}

/* For days from year -4800 on. */
static inline void frt_civil_from_days(int32_t days, int32_t *year, uint32_t *month, uint32_t *day) {
  uint32_t z = (uint32_t)(days + 719468 + 12 * 146097);
  uint32_t era = z / 146097, doe = z - era * 146097;
  uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  uint32_t mp = (5 * doy + 2) / 153;
  *day = doy - (153 * mp + 2) / 5 + 1;
  *month = mp < 10 ? mp + 3 : mp - 9;
  *year = (int32_t)(yoe + era * 400) - 4800 + (*month <= 2);
}

static inline int frt_is_leap(int32_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline uint32_t frt_days_in_month(int32_t year, uint32_t month) {
  return month == 2 ? 28u + (uint32_t)frt_is_leap(year) : 30u + ((month + (month >> 3)) & 1);
}

/* 1 for Monday to 7. */
static inline uint32_t frt_weekday(int32_t days) {
  return (uint32_t)((days + 719162 + 700000) % 7) + 1;   /* 0001-01-01 was a Monday */
}

/* Floor division of an instant into its day, and the rest. */
static inline int32_t frt_day_of(int64_t us, int64_t *rest) {
  int64_t d = us / FRT_US_PER_DAY, r = us % FRT_US_PER_DAY;
  if (r < 0) { d--; r += FRT_US_PER_DAY; }
  *rest = r;
  return (int32_t)d;
}

#endif
