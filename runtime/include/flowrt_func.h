/* flowrt_func.h: the function library of stdlib, as generated code calls it; part of flowrt.h.
 *
 * What a function does is said in stdlib, where it is declared. Functions whose result is never
 * null and that never fail give it; the others give FRT_OK, FRT_NULL or an error code (cx->detail
 * is set) and store the result in *out. `const void *` arguments were made by a frt_..._prepare.
 * Results are slices of the arguments or live in the block's arena. */
#ifndef FLOWRT_FUNC_H
#define FLOWRT_FUNC_H

/* ---- text: counting, cutting, searching, case (fn_text.c) ---- */
int64_t frt_len(FrtCtx *cx, FrtStr s);
int64_t frt_len_bytes(FrtCtx *cx, FrtStr s);
FrtStr frt_slice(FrtCtx *cx, FrtStr s, int64_t from, int64_t to);
FrtStr frt_slice_from(FrtCtx *cx, FrtStr s, int64_t from);
FrtStr frt_reverse(FrtCtx *cx, FrtStr s);
uint8_t frt_contains(FrtCtx *cx, FrtStr s, FrtStr part);
uint8_t frt_starts_with(FrtCtx *cx, FrtStr s, FrtStr part);
uint8_t frt_ends_with(FrtCtx *cx, FrtStr s, FrtStr part);
int frt_find(FrtCtx *cx, int64_t *out, FrtStr s, FrtStr part);
int64_t frt_count_text(FrtCtx *cx, FrtStr s, FrtStr part);
int frt_replace(FrtCtx *cx, FrtStr *out, FrtStr s, FrtStr part, FrtStr text);
FrtStr frt_trim(FrtCtx *cx, FrtStr s);
FrtStr frt_ltrim(FrtCtx *cx, FrtStr s);
FrtStr frt_rtrim(FrtCtx *cx, FrtStr s);
FrtStr frt_trim_of(FrtCtx *cx, FrtStr s, FrtStr set);
FrtStr frt_ltrim_of(FrtCtx *cx, FrtStr s, FrtStr set);
FrtStr frt_rtrim_of(FrtCtx *cx, FrtStr s, FrtStr set);
FrtStr frt_upper(FrtCtx *cx, FrtStr s);
FrtStr frt_lower(FrtCtx *cx, FrtStr s);
int frt_normalize(FrtCtx *cx, FrtStr *out, FrtStr s);

/* ---- text: padding, splitting, lists, like (fn_build.c) ---- */
int frt_pad_left(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width, FrtStr fill);
int frt_pad_right(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width, FrtStr fill);
int frt_pad_left_space(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width);
int frt_pad_right_space(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t width);
int frt_repeat(FrtCtx *cx, FrtStr *out, FrtStr s, int64_t n);
int frt_split(FrtCtx *cx, FrtList *out, FrtStr s, FrtStr sep);
int frt_split_part(FrtCtx *cx, FrtStr *out, FrtStr s, FrtStr sep, int64_t n);
int frt_list_join(FrtCtx *cx, FrtStr *out, FrtList list, FrtStr sep);
uint8_t frt_list_has_text(FrtCtx *cx, FrtList list, FrtStr value);
uint8_t frt_list_has_i64(FrtCtx *cx, FrtList list, int64_t value);
uint8_t frt_like(FrtCtx *cx, FrtStr s, FrtStr pattern);

/* ---- numbers (fn_math.c) ---- */
int frt_abs_i64(FrtCtx *cx, int64_t *out, int64_t x);
int64_t frt_sign_i64(FrtCtx *cx, int64_t x);
int64_t frt_same_i64(FrtCtx *cx, int64_t x);
int frt_round_i64(FrtCtx *cx, int64_t *out, int64_t x, int64_t n);
int64_t frt_bit_and_i64(FrtCtx *cx, int64_t a, int64_t b);
uint64_t frt_bit_and_u64(FrtCtx *cx, uint64_t a, uint64_t b);
int64_t frt_bit_or_i64(FrtCtx *cx, int64_t a, int64_t b);
uint64_t frt_bit_or_u64(FrtCtx *cx, uint64_t a, uint64_t b);
int64_t frt_bit_xor_i64(FrtCtx *cx, int64_t a, int64_t b);
uint64_t frt_bit_xor_u64(FrtCtx *cx, uint64_t a, uint64_t b);
int64_t frt_bit_not_i64(FrtCtx *cx, int64_t a);
uint64_t frt_bit_not_u64(FrtCtx *cx, uint64_t a);
int64_t frt_bit_count_i64(FrtCtx *cx, int64_t a);
int64_t frt_bit_count_u64(FrtCtx *cx, uint64_t a);
int frt_shl_i64(FrtCtx *cx, int64_t *out, int64_t a, int64_t by);
int frt_shr_i64(FrtCtx *cx, int64_t *out, int64_t a, int64_t by);
int frt_shl_u64(FrtCtx *cx, uint64_t *out, uint64_t a, int64_t by);
int frt_shr_u64(FrtCtx *cx, uint64_t *out, uint64_t a, int64_t by);
double frt_abs_f64(FrtCtx *cx, double x);
double frt_sign_f64(FrtCtx *cx, double x);
double frt_floor_f64(FrtCtx *cx, double x);
double frt_ceil_f64(FrtCtx *cx, double x);
double frt_trunc_f64(FrtCtx *cx, double x);
double frt_round_f64(FrtCtx *cx, double x);
double frt_sqrt(FrtCtx *cx, double x);
double frt_cbrt(FrtCtx *cx, double x);
double frt_exp(FrtCtx *cx, double x);
double frt_ln(FrtCtx *cx, double x);
double frt_log2(FrtCtx *cx, double x);
double frt_log10(FrtCtx *cx, double x);
double frt_sin(FrtCtx *cx, double x);
double frt_cos(FrtCtx *cx, double x);
double frt_tan(FrtCtx *cx, double x);
double frt_asin(FrtCtx *cx, double x);
double frt_acos(FrtCtx *cx, double x);
double frt_atan(FrtCtx *cx, double x);
double frt_atan2(FrtCtx *cx, double x, double y);
double frt_pow(FrtCtx *cx, double x, double y);
double frt_hypot(FrtCtx *cx, double x, double y);
double frt_pi(FrtCtx *cx);
uint8_t frt_is_nan(FrtCtx *cx, double x);
uint8_t frt_is_finite(FrtCtx *cx, double x);
double frt_round_f64_to(FrtCtx *cx, double x, int64_t n);

/* ---- dates and times (fn_time.c) ---- */
int64_t frt_year_date(FrtCtx *cx, int32_t d);
int64_t frt_year_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_quarter_date(FrtCtx *cx, int32_t d);
int64_t frt_quarter_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_month_date(FrtCtx *cx, int32_t d);
int64_t frt_month_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_week_date(FrtCtx *cx, int32_t d);
int64_t frt_week_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_week_year_date(FrtCtx *cx, int32_t d);
int64_t frt_week_year_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_day_date(FrtCtx *cx, int32_t d);
int64_t frt_day_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_weekday_date(FrtCtx *cx, int32_t d);
int64_t frt_weekday_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_yearday_date(FrtCtx *cx, int32_t d);
int64_t frt_yearday_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_hour_time(FrtCtx *cx, int64_t us);
int64_t frt_hour_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_minute_time(FrtCtx *cx, int64_t us);
int64_t frt_minute_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_second_time(FrtCtx *cx, int64_t us);
int64_t frt_second_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_microsecond_time(FrtCtx *cx, int64_t us);
int64_t frt_microsecond_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_now(FrtCtx *cx);
int32_t frt_today(FrtCtx *cx);
int frt_make_date(FrtCtx *cx, int32_t *out, int64_t year, int64_t month, int64_t day);
int frt_make_time(FrtCtx *cx, int64_t *out, int64_t hour, int64_t minute, int64_t second);
int frt_add_months_date(FrtCtx *cx, int32_t *out, int32_t date, int64_t n);
int frt_add_months_timestamp(FrtCtx *cx, int64_t *out, int64_t t, int64_t n);
int32_t frt_last_day(FrtCtx *cx, int32_t date);
int64_t frt_epoch_timestamp(FrtCtx *cx, int64_t t);
int64_t frt_epoch_date(FrtCtx *cx, int32_t d);
int64_t frt_epoch_ms(FrtCtx *cx, int64_t t);
int64_t frt_epoch_us(FrtCtx *cx, int64_t t);
int frt_from_epoch(FrtCtx *cx, int64_t *out, int64_t n);
int frt_from_epoch_ms(FrtCtx *cx, int64_t *out, int64_t n);
int frt_from_epoch_us(FrtCtx *cx, int64_t *out, int64_t n);
int64_t frt_seconds(FrtCtx *cx, int64_t duration);
int frt_time_unit_prepare(FrtCtx *cx, const void **out, FrtStr text);
int64_t frt_date_trunc_timestamp(FrtCtx *cx, const void *prepared, int64_t t);
int32_t frt_date_trunc_date(FrtCtx *cx, const void *prepared, int32_t date);
int64_t frt_date_diff_timestamp(FrtCtx *cx, const void *prepared, int64_t a, int64_t b);
int64_t frt_date_diff_date(FrtCtx *cx, const void *prepared, int32_t a, int32_t b);
int frt_zone_prepare(FrtCtx *cx, const void **out, FrtStr text);
int frt_to_zone(FrtCtx *cx, int64_t *out, int64_t t, const void *zone);
int frt_from_zone(FrtCtx *cx, int64_t *out, int64_t local, const void *zone);
int frt_format_prepare(FrtCtx *cx, const void **out, FrtStr text);
FrtStr frt_format_time_timestamp(FrtCtx *cx, int64_t t, const void *format);
FrtStr frt_format_time_date(FrtCtx *cx, int32_t d, const void *format);
FrtStr frt_format_time_time(FrtCtx *cx, int64_t t, const void *format);
int frt_parse_timestamp(FrtCtx *cx, int64_t *out, FrtStr s, const void *format);
int frt_parse_timestamp_zone(FrtCtx *cx, int64_t *out, FrtStr s, const void *format,
                             const void *zone);
int frt_parse_date(FrtCtx *cx, int32_t *out, FrtStr s, const void *format);
int frt_parse_time(FrtCtx *cx, int64_t *out, FrtStr s, const void *format);

/* ---- checksums, ids, masks, environment (fn_hash.c, fn_xxh3.c) ---- */
FrtStr frt_md5(FrtCtx *cx, FrtStr s);
FrtStr frt_sha256(FrtCtx *cx, FrtStr s);
uint64_t frt_xxh3(FrtCtx *cx, FrtStr s);
FrtStr frt_mask_hash(FrtCtx *cx, FrtStr s);
FrtStr frt_mask_redact(FrtCtx *cx, FrtStr s);
FrtStr frt_mask_partial(FrtCtx *cx, FrtStr s);
FrtUuid frt_uuid_random(FrtCtx *cx);
int frt_env(FrtCtx *cx, FrtStr *out, FrtStr name);
int frt_env_or(FrtCtx *cx, FrtStr *out, FrtStr name, FrtStr otherwise);

/* ---- paths (fn_path.c) ---- */
FrtStr frt_path_name(FrtCtx *cx, FrtStr path);
FrtStr frt_path_stem(FrtCtx *cx, FrtStr path);
FrtStr frt_path_ext(FrtCtx *cx, FrtStr path);
FrtStr frt_path_folder(FrtCtx *cx, FrtStr path);
FrtStr frt_path_root(FrtCtx *cx, FrtStr path);
int frt_path_join(FrtCtx *cx, FrtStr *out, FrtStr folder, FrtStr path);
FrtStr frt_path_clean(FrtCtx *cx, FrtStr path);

/* ---- hex, base64, URLs (fn_encode.c) ---- */
int frt_hex(FrtCtx *cx, FrtStr *out, FrtStr s);
FrtStr frt_hex_u64(FrtCtx *cx, uint64_t n);
int frt_unhex(FrtCtx *cx, FrtStr *out, FrtStr s);
int frt_base64(FrtCtx *cx, FrtStr *out, FrtStr s);
int frt_unbase64(FrtCtx *cx, FrtStr *out, FrtStr s);
int frt_url_encode(FrtCtx *cx, FrtStr *out, FrtStr s);
int frt_url_decode(FrtCtx *cx, FrtStr *out, FrtStr s);

/* ---- regular expressions (fn_regex.c) ---- */
/* Frees what regular expressions hold outside the arenas: once, before the run's arena goes. */
void frt_functions_end(FrtCtx *cx);
int frt_regex_prepare(FrtCtx *cx, const void **out, FrtStr text);

/* A constant pattern, for whether a text matches, as the compiler printed it into the module (compiler/regex). */
enum { FRT_DFA_TABLE, FRT_DFA_EQUALS, FRT_DFA_STARTS, FRT_DFA_ENDS, FRT_DFA_CONTAINS, FRT_DFA_ALWAYS };
typedef struct FrtDfa {
  uint32_t kind;
  uint32_t columns;         /* FRT_DFA_TABLE: classes of bytes, and one more for the end of the text */
  uint32_t anchored;        /* the match must begin with the text */
  uint32_t unused;          /* padding, 0 */
  const uint8_t *class_of;  /* [256] */
  const uint16_t *next;     /* [state + class]: states are multiples of `columns`: 0 no match, 1 a match, 2 the start */
  FrtStr text;              /* of the other kinds; of a table: what a match must begin with, or empty */
} FrtDfa;
uint8_t frt_dfa_matches(const FrtDfa *d, FrtStr s);

/* A constant pattern, for where a text matches and what its groups took; printed into the module too. */
enum {
  FRT_TAGGED_REGISTERS = 64, /* positions of one search; one more is scratch */
  FRT_TAGGED_HERE = 254,     /* instead of a register: the present position */
  FRT_TAGGED_UNSET = 255,    /* no position; the end of moves */
  FRT_TAGGED_STOP = 0x8000   /* in a step: it is more than a change of state */
};
typedef struct FrtRegexName {
  FrtStr name;
  uint32_t group, unused;
} FrtRegexName;
typedef struct FrtTagged {
  uint32_t kind;            /* FRT_DFA_*, not _ALWAYS */
  uint32_t columns;         /* FRT_DFA_TABLE: classes of bytes, and one more for what matches in the state */
  uint32_t anchored;        /* the match must begin with the text */
  uint32_t at_end;          /* the match must end with the text */
  uint32_t groups;          /* the table finds groups, not only the whole match */
  uint32_t group_len;       /* groups of the pattern */
  uint32_t name_len;        /* groups that have a name */
  uint32_t behind;          /* the state behind `text`, and << 16 its registers: as moves, but distances from where it begins */
  const FrtRegexName *names;
  const uint8_t *class_of;  /* [256] */
  const uint32_t *next;     /* [state + class]: the next state, a multiple of `columns` (0: none; the start is the first),
                             * its moves << 16, and _STOP where there are moves, no next state, a match to keep, or a text
                             * to look for; [state + columns - 1]: borders of the match, or 0 */
  const uint8_t *moves;     /* pairs of register and source, FRT_TAGGED_UNSET behind the last; and borders: the begin of the
                             * match, begin and end of each group */
  FrtStr text;              /* as in FrtDfa */
} FrtTagged;

/* A pattern that is ready: what functions take as `regex`. Made by frt_regex_prepare, or printed by the compiler, with a
 * table. */
typedef struct FrtRegex {
  const FrtTagged *table;   /* NULL: */
  void *code;               /* what the general engine made of it */
  uint32_t group_len;       /* groups, the whole match not counted */
  uint32_t jit;
  FrtStr pattern;
} FrtRegex;
int frt_regex_matches(FrtCtx *cx, uint8_t *out, FrtStr s, const void *regex);
/* The first match: groups[0] is the whole match, groups[i] group i, for i < n; ptr is NULL for a
 * group that took no part. FRT_OK, FRT_NULL (no match) or FRT_E_REGEX_LIMIT. */
int frt_regex_match_groups(FrtCtx *cx, const void *regex, FrtStr s, FrtStr *groups, uint32_t n);
int frt_regex_extract_group(FrtCtx *cx, FrtStr *out, FrtStr s, const void *regex, int64_t group);
int frt_regex_extract(FrtCtx *cx, FrtStr *out, FrtStr s, const void *regex);
int frt_regex_count(FrtCtx *cx, int64_t *out, FrtStr s, const void *regex);
int frt_regex_extract_all(FrtCtx *cx, FrtList *out, FrtStr s, const void *regex);
int frt_regex_split(FrtCtx *cx, FrtList *out, FrtStr s, const void *regex);
int frt_regex_replace(FrtCtx *cx, FrtStr *out, FrtStr s, const void *regex, FrtStr text);

#endif
