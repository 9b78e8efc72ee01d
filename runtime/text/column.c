/* column.c: the batch kernels in portable C, and the choice of a kernel for a type and a CPU. */
#include <stdlib.h>

#include "text/column.h"
#include "text/column_one.h"
#include "text/column_simd.h"

/* A kernel: `convert` reads p[0..len) into v of `ctype` and is 1 when that was good; `same` is cleared
 * where the text is not what would be printed. */
#define TCOL_KERNEL(name, ctype, setup, convert)                                                     \
  static uint32_t name(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,    \
                       uint8_t *canon, uint32_t *bad) {                                              \
    ctype *to = out;                                                                                 \
    uint32_t bads = 0;                                                                               \
    uint8_t same = 1;                                                                                \
    setup;                                                                                           \
    for (uint32_t r = 0; r < n; r++) {                                                               \
      size_t at = (size_t)r * f->stride;                                                             \
      uint32_t beg = f->beg[at] + f->beg_add, len = f->end[at] - f->end_sub - beg;                   \
      const char *p = f->base + beg;                                                                 \
      if (nul) {                                                                                     \
        nul[r] = len == 0;                                                                           \
        if (len == 0) continue;                                                                      \
      }                                                                                              \
      ctype v;                                                                                       \
      if (!(convert)) bad[bads++] = r;                                                               \
      else if (to) to[r] = v;                                                                        \
    }                                                                                                \
    if (canon && !same) *canon = 0;                                                                  \
    return bads;                                                                                     \
  }

#define TCOL_INT_KERNEL(name, ctype, below, above)                                                   \
  static inline int name##_one(const char *p, uint32_t len, ctype *v, uint8_t *same) {               \
    static const uint64_t limit[2] = {above, below};                                                 \
    uint64_t u;                                                                                      \
    if (!tone_int(p, len, limit, &u, same)) return 0;                                                \
    *v = (ctype)u;                                                                                   \
    return 1;                                                                                        \
  }                                                                                                  \
  TCOL_KERNEL(name, ctype, , name##_one(p, len, &v, &same))

TCOL_INT_KERNEL(tcol_i8, int8_t, 128, 127)
TCOL_INT_KERNEL(tcol_i16, int16_t, 32768, 32767)
TCOL_INT_KERNEL(tcol_i32, int32_t, 2147483648u, 2147483647u)
TCOL_INT_KERNEL(tcol_i64, int64_t, 9223372036854775808u, 9223372036854775807u)
TCOL_INT_KERNEL(tcol_u8, uint8_t, 0, UINT8_MAX)
TCOL_INT_KERNEL(tcol_u16, uint16_t, 0, UINT16_MAX)
TCOL_INT_KERNEL(tcol_u32, uint32_t, 0, UINT32_MAX)
TCOL_INT_KERNEL(tcol_u64, uint64_t, 0, UINT64_MAX)

/* Prints v to see whether the text is canonical: for types that are rarely passed on as text. */
static int tcol_prints_same(const FrtType *t, const void *v, const char *p, uint32_t len) {
  char text[FRT_TEXT_MAX];
  return (uint32_t)(frt_value_text(text, t, v) - text) == len && memcmp(text, p, len) == 0;
}

static inline int tcol_f64_one(const char *p, uint32_t len, double *v, uint8_t *same) {
  if (text_parse_f64(p, len, v) != FRT_OK) return 0;
  *same = *same && tone_float_same(p, len, 15);
  return 1;
}

static inline int tcol_f32_one(const char *p, uint32_t len, float *v, uint8_t *same) {
  if (text_parse_f32(p, len, v) != FRT_OK) return 0;
  *same = *same && tone_float_same(p, len, 6);
  return 1;
}

#define TCOL_PRINTED(parse) ((parse) == FRT_OK && ((same = same && canon && tcol_prints_same(t, &v, p, len)), 1))

TCOL_KERNEL(tcol_dec64, int64_t, , tone_dec64(p, len, t, &v, &same))
TCOL_KERNEL(tcol_dec128, FrtI128, , TCOL_PRINTED(text_parse_dec128(p, len, t->precision, t->scale, &v)))
TCOL_KERNEL(tcol_f64, double, , tcol_f64_one(p, len, &v, &same))
TCOL_KERNEL(tcol_f32, float, , tcol_f32_one(p, len, &v, &same))
TCOL_KERNEL(tcol_bool, uint8_t, , tone_bool(p, len, &v, &same))
TCOL_KERNEL(tcol_date, int32_t, , tone_date(p, len, &v))
TCOL_KERNEL(tcol_time, int64_t, , TCOL_PRINTED(text_parse_time(p, len, &v)))
TCOL_KERNEL(tcol_timestamp, int64_t, , tone_timestamp(p, len, 0, &v, &same))
TCOL_KERNEL(tcol_timestamp_zoned, int64_t, , tone_timestamp(p, len, 1, &v, &same))
TCOL_KERNEL(tcol_duration, int64_t, , TCOL_PRINTED(text_parse_duration(p, len, &v)))
TCOL_KERNEL(tcol_uuid, FrtUuid, , TCOL_PRINTED(text_parse_uuid(p, len, &v)))

/* ---- enums: short names are compared as integers ---------------------------------------------- */

enum { TCOL_SHORT_NAMES = 64 };

static inline uint64_t tcol_load_short(const char *p, uint32_t len) {
  uint64_t x;
  memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  return len >= 8 ? x : x & (((uint64_t)1 << 8 * len) - 1);
}

/* keys[i]: the first eight bytes of name i. */
static inline int tcol_enum_one(const char *p, uint32_t len, const FrtType *t, const uint64_t *keys, uint16_t *v) {
  uint64_t key = tcol_load_short(p, len);
  for (uint32_t i = 0; i < t->name_len; i++) {
    if (keys[i] != key || t->names[i].len != len) continue;
    if (len > 8 && memcmp(t->names[i].ptr + 8, p + 8, len - 8) != 0) continue;
    *v = (uint16_t)i;
    return 1;
  }
  return 0;
}

static void tcol_enum_keys(const FrtType *t, uint64_t *keys) {
  for (uint32_t i = 0; i < t->name_len; i++) {
    char text[8] = {0};
    memcpy(text, t->names[i].ptr, t->names[i].len < 8 ? t->names[i].len : 8);
    keys[i] = tcol_load_short(text, 8);
  }
}

TCOL_KERNEL(tcol_enum_short, uint16_t, uint64_t keys[TCOL_SHORT_NAMES]; tcol_enum_keys(t, keys),
            tcol_enum_one(p, len, t, keys, &v))
TCOL_KERNEL(tcol_enum_long, uint16_t, , text_parse_enum(t, p, len, &v) == FRT_OK)

/* ---- strings ---------------------------------------------------------------------------------- */

uint32_t frt_column_strings_portable(const FrtFields *fields, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                     uint8_t *canon, uint32_t *bad) {
  const FrtFields f = *fields;   /* stores cannot touch it */
  FrtStr *to = out;
  uint32_t bads = 0;
  for (size_t r = 0, at = 0; r < n; r++, at += f.stride) {
    uint32_t beg = f.beg[at] + f.beg_add, len = f.end[at] - f.end_sub - beg;
    const char *p = f.base + beg;
    if (nul) nul[r] = len == 0;
    bad[bads] = (uint32_t)r;
    uint32_t quoted = *p == '"' && len > 0;
    bads += quoted;
    if (to && !quoted) to[r] = (FrtStr){p, len, 0};
  }
  return bads;
}

uint32_t frt_column_strings_quoted(const FrtFields *fields, uint32_t n, uint32_t *bad) {
  const char *base = fields->base;
  const uint32_t *beg = fields->beg, add = fields->beg_add;
  size_t stride = fields->stride;
  uint32_t bads = 0;
  for (uint32_t r = 0; r < n; r++, beg += stride) {
    bad[bads] = r;
    bads += base[(uint32_t)(*beg + add)] == '"';
  }
  return bads;
}

/* ---- the choice ------------------------------------------------------------------------------- */

FrtColumnKernel *frt_column_portable(const FrtType *t, int zoned) {
  switch (t->kind) {
  case FRT_BOOL: return tcol_bool;
  case FRT_I8: return tcol_i8;
  case FRT_I16: return tcol_i16;
  case FRT_I32: return tcol_i32;
  case FRT_I64: return tcol_i64;
  case FRT_U8: return tcol_u8;
  case FRT_U16: return tcol_u16;
  case FRT_U32: return tcol_u32;
  case FRT_U64: return tcol_u64;
  case FRT_F32: return tcol_f32;
  case FRT_F64: return tcol_f64;
  case FRT_DECIMAL: return t->precision <= 18 ? tcol_dec64 : tcol_dec128;
  case FRT_DATE: return tcol_date;
  case FRT_TIME: return tcol_time;
  case FRT_TIMESTAMP: return zoned ? tcol_timestamp_zoned : tcol_timestamp;
  case FRT_DURATION: return tcol_duration;
  case FRT_UUID: return tcol_uuid;
  case FRT_ENUM: return t->name_len <= TCOL_SHORT_NAMES ? tcol_enum_short : tcol_enum_long;
  default: return NULL;
  }
}

int frt_simd_level(void) {
  static int level = -1;   /* a race writes the same value twice */
  int known = __atomic_load_n(&level, __ATOMIC_RELAXED);
  if (known >= 0) return known;
  known = frt_simd_detect();
  const char *wanted = getenv("FLOW_SIMD");
  static const char *const names[] = {"scalar", "sse2", "avx2", "avx512"};
  for (int i = 0; wanted && i < 4; i++) {
    if (strcmp(wanted, names[i]) == 0 && i < known) known = i;
  }
  __atomic_store_n(&level, known, __ATOMIC_RELAXED);
  return known;
}

FrtColumnKernel *frt_column_kernel(const FrtType *t, FrtStr format, FrtStr zone) {
  int iso_date = t->kind == FRT_DATE && ((format.len == 8 && memcmp(format.ptr, "%Y-%m-%d", 8) == 0) ||
                                         (format.len == 2 && memcmp(format.ptr, "%F", 2) == 0));
  if (format.len && (t->kind == FRT_TIME || t->kind == FRT_TIMESTAMP || (t->kind == FRT_DATE && !iso_date))) return NULL;
  int utc = zone.len == 0 || (zone.len == 3 && memcmp(zone.ptr, "UTC", 3) == 0);
  FrtColumnKernel *fast = frt_simd_kernel(t, !utc, frt_simd_level());
  return fast ? fast : frt_column_portable(t, !utc);
}

FrtColumnKernel *frt_column_kernel_strings(void) {
  FrtColumnKernel *fast = frt_simd_kernel_strings(frt_simd_level());
  return fast ? fast : frt_column_strings_portable;
}
