/* timefmt.h: strptime-like formats, compiled once, to read and to print dates and times. No locale:
 * names are English, digits are ASCII.
 *
 * %Y year (read: four digits)  %y two digits (69..99 are 19yy)  %m %d %e %H %I %M %S one or two digits when
 * read, two when printed  %f fraction of a second, 1 to 9 digits (printed: 6; digits past the sixth must be 0)
 * %j day of the year  %b %h %B month name, short or long  %a %A weekday name  %p AM/PM  %z +hhmm, +hh:mm, +hh, Z
 * (printed: +hhmm)  %Z zone abbreviation (read: UTC, GMT, Z only)  %s seconds since 1970  %T %H:%M:%S
 * %F %Y-%m-%d  %D %m/%d/%y  %R %H:%M  %u weekday 1..7, Monday is 1  %G %V ISO year and week (print only)
 * %n %t white space  %% a percent sign. Everything else stands for itself; text left over is an error. */
#ifndef FRT_TEXT_TIMEFMT_H
#define FRT_TEXT_TIMEFMT_H

#include "flowrt.h"
#include "text/zone.h"

enum { FRT_TIMEFMT_MAX = 120 };   /* items of a compiled format: conversions and literal bytes */

typedef struct FrtTimeFmt {
  uint8_t len;
  uint8_t op[FRT_TIMEFMT_MAX];    /* the conversion letter, or 0: the literal byte in lit */
  uint8_t lit[FRT_TIMEFMT_MAX];
} FrtTimeFmt;

/* FRT_OK or FRT_E_FORMAT: an unknown conversion, a lone % at the end, or too many items. */
int frt_timefmt_compile(FrtTimeFmt *f, FrtStr format);

/* Each reads all of `text`: FRT_OK, FRT_E_BAD_VALUE, FRT_E_OUT_OF_RANGE (day 31 of June, hour 24, ...),
 * FRT_E_TIME_GAP. A part that the format does not name is that of 1970-01-01T00:00:00. A timestamp
 * without %z or %s is local to `zone` (NULL: UTC). A date uses the local date as written. */
int frt_timefmt_parse_timestamp(const FrtTimeFmt *f, FrtStr text, const FrtZone *zone, int64_t *out_us);
int frt_timefmt_parse_date(const FrtTimeFmt *f, FrtStr text, int32_t *out_days);
int frt_timefmt_parse_time(const FrtTimeFmt *f, FrtStr text, int64_t *out_us);

/* Prints the instant `us` on the clock of `zone` (NULL: UTC). At most frt_timefmt_print_max bytes.
 * Returns the end. A date is printed as its midnight, a time as of 1970-01-01. */
char *frt_timefmt_print(char *p, const FrtTimeFmt *f, int64_t us, const FrtZone *zone);
size_t frt_timefmt_print_max(const FrtTimeFmt *f);

#endif
