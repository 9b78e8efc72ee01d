/* Batch kernels: never different from the scalar conversions, at every SIMD level. */
#include <criterion/criterion.h>

#include "support/text_help.h"
#include "text/column.h"

enum { ROWS = 67, ROOM = 1 << 14 };

static FrtStr col_names[] = {{"EU", 2, 0}, {"US", 2, 0}, {"APAC", 4, 0}, {"A very long name of an enum", 27, 0}, {"12345678", 8, 0}, {"", 0, 0}};

static const FrtType col_types[] = {
  {.kind = FRT_BOOL, .size = 1}, {.kind = FRT_I8, .size = 1}, {.kind = FRT_I16, .size = 2}, {.kind = FRT_I32, .size = 4},
  {.kind = FRT_I64, .size = 8}, {.kind = FRT_U8, .size = 1}, {.kind = FRT_U16, .size = 2}, {.kind = FRT_U32, .size = 4},
  {.kind = FRT_U64, .size = 8}, {.kind = FRT_F32, .size = 4}, {.kind = FRT_F64, .size = 8},
  {.kind = FRT_DECIMAL, .precision = 12, .scale = 2, .size = 8}, {.kind = FRT_DECIMAL, .precision = 18, .scale = 0, .size = 8},
  {.kind = FRT_DECIMAL, .precision = 5, .scale = 5, .size = 8}, {.kind = FRT_DECIMAL, .precision = 18, .scale = 4, .size = 8},
  {.kind = FRT_DECIMAL, .precision = 18, .scale = 17, .size = 8}, {.kind = FRT_DECIMAL, .precision = 38, .scale = 10, .size = 16},
  {.kind = FRT_DATE, .size = 4}, {.kind = FRT_TIME, .size = 8}, {.kind = FRT_TIMESTAMP, .size = 8}, {.kind = FRT_DURATION, .size = 8},
  {.kind = FRT_UUID, .size = 16}, {.kind = FRT_ENUM, .size = 2, .names = col_names, .name_len = 6}, {.kind = FRT_STRING, .size = 16},
};
enum { TYPES = sizeof col_types / sizeof *col_types };

/* A good value in its C form, small numbers being frequent. */
static void random_value(const FrtType *t, void *out) {
  uint64_t r = help_random() >> (help_random() & 63), p = 1;
  switch (t->kind) {
  case FRT_BOOL: *(uint8_t *)out = r & 1; break;
  case FRT_DECIMAL:
    for (int i = 0; i < t->precision && i < 18; i++) p *= 10;
    memset(out, 0, t->size);
    *(int64_t *)out = (int64_t)(r % p) * (t->precision <= 18 && help_random() & 1 ? -1 : 1);
    break;
  case FRT_DATE: *(int32_t *)out = (int32_t)(r % 3652059) - 719162; break;
  case FRT_TIME: *(int64_t *)out = (int64_t)(r % 86400000000); break;
  case FRT_TIMESTAMP:
    *(int64_t *)out = (int64_t)(r % (3652059 * 86400000000u)) - 719162 * 86400000000;
    if (help_random() % 8) *(int64_t *)out -= *(int64_t *)out % 1000000;
    break;
  case FRT_ENUM: *(uint16_t *)out = (uint16_t)(r % 5); break;
  case FRT_F64: *(double *)out = (double)(int64_t)(r % 100000000) / 1000; break;
  case FRT_F32: *(float *)out = (float)(r % 100000) / 100; break;
  case FRT_STRING: *(FrtStr *)out = (FrtStr){"some text, \"quoted\"", (uint32_t)(r % 20), 0}; break;
  default: memcpy(out, (uint64_t[2]){help_random() & 1 ? r : 0 - r, help_random()}, t->size);
  }
}

/* One row's text at p: a good value as printed, often damaged; `hostile` in percent. */
static char *random_text(char *p, const FrtType *t, unsigned hostile) {
  union { uint64_t room[2]; FrtStr text; } v;
  random_value(t, &v);
  char *end = frt_value_text(p, t, &v);
  if (help_random() % 100 >= hostile) return end;
  static const char odd[] = "0123456789+-.:TZ eE,_/9\x80\xff\0 a\"";
  size_t n = (size_t)(end - p), at = n ? help_random() % n : 0;
  switch (help_random() % 12) {
  case 0: return p;
  case 1: if (n) p[at] = odd[help_random() % sizeof odd]; return end;
  case 2: if (n) p[at] = (char)help_random(); return end;
  case 3: memmove(p + 1, p, n); *p = "+-0 "[help_random() & 3]; return end + 1;
  case 4: return n ? end - 1 : end;
  case 5: *end = odd[help_random() % sizeof odd]; return end + 1;
  case 6: memmove(p + at + 1, p + at, n - at); p[at] = odd[help_random() % sizeof odd]; return end + 1;
  case 7: if (n > 10) p[10] = " Tt_"[help_random() & 3]; return end;
  case 8: if (t->kind == FRT_TIMESTAMP) { memcpy(end - 1, "+02:00", 6); return end + 5; } return end;
  case 9: if (n > 19) p[10] = ' '; return n > 19 ? p + 19 : end;
  case 10: for (size_t i = 0; i < help_random() % 30; i++) *end++ = (char)('0' + help_random() % 10); return end;
  default: memset(p, '0', help_random() % 25); return p + help_random() % 25;
  }
}

typedef struct Column {
  char *room;                    /* exact: 64 bytes before and after the values */
  uint32_t beg[ROWS * 3], end[ROWS * 3];
  FrtFields f;
} Column;

static void make_column(Column *c, const FrtType *t, unsigned hostile) {
  static char text[ROOM];
  uint32_t at = 64, stride = 1 + (uint32_t)(help_random() % 3);
  memset(text, "x1,\n\xff"[help_random() % 5], 64);
  for (uint32_t r = 0; r < ROWS; r++) {
    char one[256];
    uint32_t n = (uint32_t)(random_text(one, t, hostile) - one);
    memcpy(text + at, one, n);
    c->beg[r * stride] = at - 1;
    c->end[r * stride] = at + n + 1;
    at += n;
    text[at++] = "0,\n-"[help_random() & 3];
  }
  at--;
  memset(text + at, "0-,\xff"[help_random() & 3], 64);
  c->room = malloc(at + 64);
  memcpy(c->room, text, at + 64);
  c->f = (FrtFields){c->room, c->beg, c->end, stride, 1, 1};
}

static void check_column(const FrtType *t, FrtColumnKernel *kernel, unsigned hostile, uint32_t n, int nullable) {
  static Column c;
  static uint64_t out[ROWS * 2], want[2];
  uint32_t bad[ROWS], bad2[ROWS], next = 0;
  uint8_t nul[ROWS], nul2[ROWS], canon = 1, canon2 = 1, same = 1;
  make_column(&c, t, hostile);
  memset(out, 0xee, sizeof out);
  uint32_t bads = kernel(&c.f, n, t, out, nullable ? nul : NULL, &canon, bad);
  uint32_t bads2 = kernel(&c.f, n, t, NULL, nullable ? nul2 : NULL, &canon2, bad2);
  cr_assert(bads == bads2 && canon == canon2 && memcmp(bad, bad2, bads * sizeof *bad) == 0);
  if (nullable) cr_assert(memcmp(nul, nul2, n) == 0);
  for (uint32_t r = 0; r < n; r++) {
    size_t at = r * c.f.stride;
    FrtStr text = {c.room + c.beg[at] + 1, c.end[at] - 1 - c.beg[at] - 1, 0}, none = {NULL, 0, 0};
    int is_bad = next < bads && bad[next] == r;
    next += (uint32_t)is_bad;
    if (nullable) cr_assert_eq(nul[r], text.len == 0);
    if (nullable && text.len == 0) {
      cr_assert(!is_bad);
      continue;
    }
    int rc = t->kind == FRT_STRING ? FRT_OK : frt_text_value(t, text, none, none, want);
    if (t->kind == FRT_STRING) memcpy(want, &text, 16);
    char printed[256];
    int canonical = 0;
    if (rc == FRT_OK) canonical = (uint32_t)(frt_value_text(printed, t, want) - printed) == text.len && memcmp(printed, text.ptr, text.len) == 0;
    if (is_bad) {
      cr_assert(!canonical || (t->kind == FRT_STRING && *text.ptr == '"'), "kind %d: `%.*s` is bad", t->kind, (int)text.len, text.ptr);
      cr_assert(((uint8_t *)out)[r * t->size] == 0xee || t->size == 1);
      continue;
    }
    cr_assert_eq(rc, FRT_OK, "kind %d: `%.*s` is good", t->kind, (int)text.len, text.ptr);
    cr_assert(memcmp((uint8_t *)out + r * t->size, want, t->size) == 0, "kind %d: `%.*s`", t->kind, (int)text.len, text.ptr);
    same = same && canonical;
  }
  cr_assert_eq(next, bads);
  if (canon) cr_assert(same, "kind %d: canon", t->kind);
  if (same && !bads && t->kind != FRT_F64 && t->kind != FRT_F32) cr_assert(canon, "kind %d: not canon", t->kind);
  free(c.room);
}

static void check_level(const char *level) {
  setenv("FLOW_SIMD", level, 1);
  for (uint32_t k = 0; k < TYPES; k++) {
    const FrtType *t = &col_types[k];
    FrtStr none = {NULL, 0, 0};
    FrtColumnKernel *kernel = t->kind == FRT_STRING ? frt_column_kernel_strings() : frt_column_kernel(t, none, none);
    cr_assert(kernel);
    for (int i = 0; i < 3000; i++) check_column(t, kernel, i % 3 * (i % 2 ? 3 : 40), i % 5 ? ROWS : (uint32_t)(help_random() % ROWS), i & 1);
  }
}

Test(text_column, scalar) { check_level("scalar"); }
Test(text_column, sse2) { check_level("sse2"); }
Test(text_column, avx2) { check_level("avx2"); }
Test(text_column, avx512) { check_level("avx512"); }

/* Every date and every second of a day. */
Test(text_column, all_dates) {
  static char text[64 + 16 * 24 + 64];
  uint32_t beg[16], end[16], bad[16];
  FrtFields f = {text, beg, end, 1, 0, 0};
  FrtType date = {.kind = FRT_DATE, .size = 4}, stamp = {.kind = FRT_TIMESTAMP, .size = 8};
  FrtStr none = {NULL, 0, 0};
  FrtColumnKernel *dates = frt_column_kernel(&date, none, none), *stamps = frt_column_kernel(&stamp, none, none);
  for (int32_t day = -719162; day + 15 <= 2932896; day += 16) {
    int32_t out[16];
    uint8_t canon = 1;
    for (int i = 0; i < 16; i++) {
      beg[i] = 64 + 24 * (uint32_t)i;
      end[i] = (uint32_t)(frt_put_date(text + beg[i], day + i) - text);
    }
    cr_assert_eq(dates(&f, 16, &date, out, NULL, &canon, bad), 0);
    for (int i = 0; i < 16; i++) cr_assert_eq(out[i], day + i);
    cr_assert(canon);
  }
  for (int64_t us = 0; us < 86400000000; us += 16000000) {
    int64_t out[16], base = 1782903723 / 86400 * 86400000000;
    uint8_t canon = 1;
    for (int i = 0; i < 16; i++) end[i] = (uint32_t)(frt_put_timestamp(text + beg[i], base + us + i * 1000000) - text);
    cr_assert_eq(stamps(&f, 16, &stamp, out, NULL, &canon, bad), 0);
    for (int i = 0; i < 16; i++) cr_assert_eq(out[i], base + us + i * 1000000);
    cr_assert(canon);
  }
}
