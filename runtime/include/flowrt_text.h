/* flowrt_text.h: printing values as text, and conversions between types: part of flowrt.h.
 *
 * frt_put_* write at p and return the end. They may overwrite up to FRT_PUT_SLACK bytes beyond the
 * end they return, so room is: the text's own size and FRT_PUT_SLACK more. Scalars but strings,
 * bytes, enums and *_fixed take at most 48 bytes.
 *
 * frt_X_of_Y convert v of type Y to type X. Those that can fail return FRT_OK or FRT_E_*, and then
 * cx->detail is the offending text and *out is untouched. */
#ifndef FLOWRT_TEXT_H
#define FLOWRT_TEXT_H

#define FRT_PUT_SLACK 64
#define FRT_FIXED_DIGITS_MAX 100   /* more digits are cut to this in frt_put_*_fixed */
#define FRT_FIXED_SIZE_MAX 448     /* bytes that frt_put_*_fixed take at most */
#define FRT_JSON_GROWTH 6          /* a byte of text takes at most this many in JSON, plus two quotes */

/* ---- value to text ---- */
char *frt_put_i64(char *p, int64_t v);
char *frt_put_u64(char *p, uint64_t v);
char *frt_put_bool(char *p, int v);
char *frt_put_date(char *p, int32_t days);
char *frt_put_time(char *p, int64_t us);
char *frt_put_timestamp(char *p, int64_t us);
char *frt_put_duration(char *p, int64_t us);        /* 1d2h3m4.5s, zero units left out; zero is 0s */
char *frt_put_uuid(char *p, FrtUuid v);
char *frt_put_dec64(char *p, int64_t v, int scale);  /* all digits of the scale */
char *frt_put_dec128(char *p, FrtI128 v, int scale);
char *frt_put_f64(char *p, double v);                /* shortest text that reads back */
char *frt_put_f32(char *p, float v);
char *frt_put_json_f64(char *p, double v);           /* null for nan and infinities */
char *frt_put_json_f32(char *p, float v);
/* The exact value rounded half to even to `digits` fractional digits. */
char *frt_put_f64_fixed(char *p, double v, int digits);
char *frt_put_dec64_fixed(char *p, int64_t v, int scale, int digits);
char *frt_put_dec128_fixed(char *p, FrtI128 v, int scale, int digits);
/* Text as it is: s.len bytes. */
char *frt_put_str(char *p, FrtStr s);
/* A CSV field, in quotes only where the text has the delimiter, a quote, CR or LF: at most
 * 2 * s.len + 2 bytes. quote 0: never quoted. _opt: an empty text is "" in quotes (nullable columns).
 * Bytes are written the same way. */
char *frt_put_csv_str(char *p, FrtStr s, int delimiter, int quote);
char *frt_put_csv_str_opt(char *p, FrtStr s, int delimiter, int quote);
/* A JSON string with its quotes: at most FRT_JSON_GROWTH * s.len + 2 bytes. */
char *frt_put_json_str(char *p, FrtStr s);
/* Bytes as a JSON string: valid UTF-8 as it is, every other byte as the text \xNN. */
char *frt_put_json_bytes(char *p, FrtStr s);
FrtStr frt_enum_name(const FrtType *t, uint16_t v);

/* ---- text to value ---- */
int frt_bool_of_str(FrtCtx *cx, uint8_t *out, FrtStr v);
int frt_i8_of_str(FrtCtx *cx, int8_t *out, FrtStr v);
int frt_i16_of_str(FrtCtx *cx, int16_t *out, FrtStr v);
int frt_i32_of_str(FrtCtx *cx, int32_t *out, FrtStr v);
int frt_i64_of_str(FrtCtx *cx, int64_t *out, FrtStr v);
int frt_u8_of_str(FrtCtx *cx, uint8_t *out, FrtStr v);
int frt_u16_of_str(FrtCtx *cx, uint16_t *out, FrtStr v);
int frt_u32_of_str(FrtCtx *cx, uint32_t *out, FrtStr v);
int frt_u64_of_str(FrtCtx *cx, uint64_t *out, FrtStr v);
int frt_f32_of_str(FrtCtx *cx, float *out, FrtStr v);
int frt_f64_of_str(FrtCtx *cx, double *out, FrtStr v);
int frt_dec64_of_str(FrtCtx *cx, int64_t *out, FrtStr v, int precision, int scale);   /* p <= 18 */
int frt_dec128_of_str(FrtCtx *cx, FrtI128 *out, FrtStr v, int precision, int scale);  /* p <= 38 */
/* format: empty for the ISO forms; zone: of timestamps without one, empty for UTC. */
int frt_date_of_str(FrtCtx *cx, int32_t *out, FrtStr v, FrtStr format);
int frt_time_of_str(FrtCtx *cx, int64_t *out, FrtStr v, FrtStr format);
int frt_timestamp_of_str(FrtCtx *cx, int64_t *out, FrtStr v, FrtStr format, FrtStr zone);
int frt_duration_of_str(FrtCtx *cx, int64_t *out, FrtStr v);
int frt_uuid_of_str(FrtCtx *cx, FrtUuid *out, FrtStr v);
int frt_enum_of_str(FrtCtx *cx, uint16_t *out, FrtStr v, const FrtType *t);
int frt_str_of_bytes(FrtCtx *cx, FrtStr *out, FrtStr v);        /* FRT_E_UTF8; a slice of v */
/* Any scalar type, into its C form: frt_text_value with cx->detail. */
int frt_value_of_str(FrtCtx *cx, void *out, FrtStr v, const FrtType *t);

/* ---- value to string, in the block's arena ---- */
FrtStr frt_str_of_bool(FrtCtx *cx, uint8_t v);
FrtStr frt_str_of_i64(FrtCtx *cx, int64_t v);
FrtStr frt_str_of_u64(FrtCtx *cx, uint64_t v);
FrtStr frt_str_of_f64(FrtCtx *cx, double v);
FrtStr frt_str_of_f32(FrtCtx *cx, float v);
FrtStr frt_str_of_dec64(FrtCtx *cx, int64_t v, int scale);
FrtStr frt_str_of_dec128(FrtCtx *cx, FrtI128 v, int scale);
FrtStr frt_str_of_date(FrtCtx *cx, int32_t v);
FrtStr frt_str_of_time(FrtCtx *cx, int64_t v);
FrtStr frt_str_of_timestamp(FrtCtx *cx, int64_t v);
FrtStr frt_str_of_duration(FrtCtx *cx, int64_t v);
FrtStr frt_str_of_uuid(FrtCtx *cx, FrtUuid v);
FrtStr frt_str_of_f64_fixed(FrtCtx *cx, double v, int digits);
FrtStr frt_str_of_dec64_fixed(FrtCtx *cx, int64_t v, int scale, int digits);
FrtStr frt_str_of_dec128_fixed(FrtCtx *cx, FrtI128 v, int scale, int digits);

/* ---- between numbers: FRT_E_OUT_OF_RANGE, FRT_E_BAD_VALUE for a float that is not integral ---- */
int frt_i64_of_f64(FrtCtx *cx, int64_t *out, double v);
int frt_u64_of_f64(FrtCtx *cx, uint64_t *out, double v);
int frt_i8_of_i64(FrtCtx *cx, int8_t *out, int64_t v);
int frt_i16_of_i64(FrtCtx *cx, int16_t *out, int64_t v);
int frt_i32_of_i64(FrtCtx *cx, int32_t *out, int64_t v);
int frt_u8_of_i64(FrtCtx *cx, uint8_t *out, int64_t v);
int frt_u16_of_i64(FrtCtx *cx, uint16_t *out, int64_t v);
int frt_u32_of_i64(FrtCtx *cx, uint32_t *out, int64_t v);
int frt_u64_of_i64(FrtCtx *cx, uint64_t *out, int64_t v);
int frt_i64_of_u64(FrtCtx *cx, int64_t *out, uint64_t v);
int frt_f32_of_f64(FrtCtx *cx, float *out, double v);   /* fails where a finite v becomes infinite */

/* ---- between times ---- */
static inline int32_t frt_date_of_timestamp(int64_t us) {
  int64_t d = us / 86400000000LL;
  return (int32_t)(us % 86400000000LL < 0 ? d - 1 : d);
}
static inline int64_t frt_time_of_timestamp(int64_t us) {
  int64_t r = us % 86400000000LL;
  return r < 0 ? r + 86400000000LL : r;
}
static inline int64_t frt_timestamp_of_date(int32_t days) { return days * 86400000000LL; }

#endif
