/* text.h: one value's text to the value: the scalar conversions behind column.h, for this room and
 * for readers of other formats. All take any bytes; p may be NULL only when n is 0. Each returns
 * FRT_OK or FRT_E_BAD_VALUE, FRT_E_OUT_OF_RANGE, FRT_E_TOO_PRECISE, ... and writes *out only when FRT_OK. */
#ifndef FRT_TEXT_TEXT_H
#define FRT_TEXT_TEXT_H

#include "flowrt.h"
#include "text/zone.h"

typedef unsigned __int128 FrtU128;

/* `aux` of cx->detail where a conversion failed: the scalar type that it wanted, for the message. */
#define FRT_TEXT_WANTED(kind, precision, scale) (0x80000000u | (uint32_t)(kind) | (uint32_t)(precision) << 8 | (uint32_t)(scale) << 16)

int text_parse_i64(const char *p, size_t n, int64_t min, int64_t max, int64_t *out);
int text_parse_u64(const char *p, size_t n, uint64_t max, uint64_t *out);
int text_parse_bool(const char *p, size_t n, uint8_t *out);
int text_parse_dec64(const char *p, size_t n, int precision, int scale, int64_t *out);
int text_parse_dec128(const char *p, size_t n, int precision, int scale, FrtI128 *out);
int text_parse_f64(const char *p, size_t n, double *out);
int text_parse_f32(const char *p, size_t n, float *out);
int text_parse_date(const char *p, size_t n, int32_t *out);
int text_parse_time(const char *p, size_t n, int64_t *out);
/* zone: of a text without one, NULL for UTC. */
int text_parse_timestamp(const char *p, size_t n, const FrtZone *zone, int64_t *out);
int text_parse_duration(const char *p, size_t n, int64_t *out);
int text_parse_uuid(const char *p, size_t n, FrtUuid *out);
int text_parse_enum(const FrtType *t, const char *p, size_t n, uint16_t *out);

/* Parts that the date formats share. */
int text_parse_offset(const char **p, const char *end, int32_t *seconds);   /* Z, +hh, +hhmm, +hh:mm */
int text_parse_fraction(const char **p, const char *end, int64_t *us);      /* digits after the point */
char *text_put_fraction(char *p, int64_t us);         /* ".25" for 250000, nothing for 0 */
char *text_put_2digits(char *p, uint32_t v);

#endif
