/* fn_text.c: text functions: counting, cutting, searching, trimming, case.
 *
 * Texts are valid UTF-8. Positions count code points; where a text has no byte above 0x7f they are
 * byte offsets, and the others are found by counting the bytes that begin a code point, eight at
 * a time. Results are slices of their arguments where that is possible. */
#include "text/fn.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif
#ifndef FRT_NO_UTF8PROC
#include <utf8proc.h>
#endif

/* ---- code points ---- */

/* Of the eight bytes in w: how many begin a code point (are not 10xxxxxx). */
static inline unsigned fntext_leads(uint64_t w) {
  uint64_t continuation = w & ~(w << 1) & 0x8080808080808080u; /* bit 7 set, bit 6 clear */
  return 8 - (unsigned)(((continuation >> 7) * 0x0101010101010101u) >> 56);
}

size_t fn_count(const char *p, size_t n) {
  size_t count = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t w;
    memcpy(&w, p + i, 8);
    count += fntext_leads(w);
  }
  for (; i < n; i++) count += (size_t)fn_is_lead(p[i]);
  return count;
}

size_t fn_offset(FrtStr s, size_t index) {
  size_t i = 0;
  while (i + 8 <= s.len) {
    uint64_t w;
    memcpy(&w, s.ptr + i, 8);
    unsigned leads = fntext_leads(w);
    if (leads > index) break;
    index -= leads;
    i += 8;
  }
  for (; i < s.len; i++) {
    if (!fn_is_lead(s.ptr[i])) continue;
    if (!index) return i;
    index--;
  }
  return s.len;
}

int64_t frt_len(FrtCtx *cx, FrtStr s) {
  (void)cx;
  return (int64_t)fn_count(s.ptr, s.len);
}

int64_t frt_len_bytes(FrtCtx *cx, FrtStr s) {
  (void)cx;
  return s.len;
}

/* A position as written, made one of 0..count. */
static size_t fntext_clamp(int64_t at, size_t count) {
  if (at < 0) at = at < -(int64_t)count ? 0 : at + (int64_t)count;
  return at > (int64_t)count ? count : (size_t)at;
}

FrtStr frt_slice(FrtCtx *cx, FrtStr s, int64_t from, int64_t to) {
  (void)cx;
  int ascii = !frt_has_high_bytes(s.ptr, s.len);
  size_t count = ascii ? s.len : fn_count(s.ptr, s.len);
  size_t a = fntext_clamp(from, count), b = fntext_clamp(to, count);
  if (a >= b) return fn_str(s.ptr, 0);
  if (ascii) return fn_str(s.ptr + a, b - a);
  size_t begin = fn_offset(s, a);
  FrtStr rest = fn_str(s.ptr + begin, s.len - begin);
  return fn_str(rest.ptr, fn_offset(rest, b - a));
}

FrtStr frt_slice_from(FrtCtx *cx, FrtStr s, int64_t from) {
  return frt_slice(cx, s, from, INT64_MAX);
}

FrtStr frt_reverse(FrtCtx *cx, FrtStr s) {
  char *out = frt_alloc(cx, s.len), *p = out + s.len;
  for (uint32_t i = 0; i < s.len;) {
    uint32_t width = fn_width(s.ptr[i]);
    p -= width;
    memcpy(p, s.ptr + i, width);
    i += width;
  }
  return fn_str(out, s.len);
}

/* ---- searching ---- */

/* A part of 2 to FNTEXT_SHORT bytes stands where its first and its last byte stand: those places
 * are looked for 16 at a time (after Mula, "SIMD-friendly algorithms for substring searching",
 * 2016). Longer parts go to memmem, whose time is linear whatever the text. */
enum { FNTEXT_SHORT = 32 };

#if defined(__x86_64__)
/* Of the 16 places from p on: those where the first and last byte of the part are, a bit each. */
static inline uint32_t fntext_places(const char *p, __m128i first, __m128i last, size_t n) {
  __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + n - 1));
  return (uint32_t)_mm_movemask_epi8(
      _mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
}

/* Looks at whole steps of 16 places; *at is where it left off. */
static const char *fntext_find_wide(const char *p, size_t places, FrtStr part, size_t *at) {
  __m128i first = _mm_set1_epi8(part.ptr[0]), last = _mm_set1_epi8(part.ptr[part.len - 1]);
  size_t i = 0;
  for (; i + 16 <= places; i += 16) {
    for (uint32_t hits = fntext_places(p + i, first, last, part.len); hits; hits &= hits - 1) {
      const char *hit = p + i + __builtin_ctz(hits);
      if (!memcmp(hit + 1, part.ptr + 1, part.len - 1)) return hit;
    }
  }
  *at = i;
  return NULL;
}
#else
static const char *fntext_find_wide(const char *p, size_t places, FrtStr part, size_t *at) {
  (void)p;
  (void)places;
  (void)part;
  *at = 0;
  return NULL;
}
#endif

static const char *fntext_find_short(const char *p, size_t n, FrtStr part) {
  size_t places = n - part.len + 1, i = 0;
  const char *hit = fntext_find_wide(p, places, part, &i);
  if (hit) return hit;
  for (; i < places; i++) {
    if (p[i] == part.ptr[0] && !memcmp(p + i + 1, part.ptr + 1, part.len - 1)) return p + i;
  }
  return NULL;
}

size_t fn_search(FrtStr s, size_t from, FrtStr part) {
  if (from > s.len) return (size_t)s.len + 1;
  if (!part.len) return from;
  size_t n = s.len - from;
  if (n < part.len) return (size_t)s.len + 1;
  const char *p = s.ptr + from, *at;
  if (part.len == 1)
    at = memchr(p, part.ptr[0], n);
  else if (part.len <= FNTEXT_SHORT)
    at = fntext_find_short(p, n, part);
  else
    at = memmem(p, n, part.ptr, part.len);
  return at ? (size_t)(at - s.ptr) : (size_t)s.len + 1;
}

uint8_t frt_contains(FrtCtx *cx, FrtStr s, FrtStr part) {
  (void)cx;
  return fn_search(s, 0, part) <= s.len;
}

uint8_t frt_starts_with(FrtCtx *cx, FrtStr s, FrtStr part) {
  (void)cx;
  return s.len >= part.len && (!part.len || !memcmp(s.ptr, part.ptr, part.len));
}

uint8_t frt_ends_with(FrtCtx *cx, FrtStr s, FrtStr part) {
  (void)cx;
  return s.len >= part.len && (!part.len || !memcmp(s.ptr + s.len - part.len, part.ptr, part.len));
}

int frt_find(FrtCtx *cx, int64_t *out, FrtStr s, FrtStr part) {
  (void)cx;
  size_t at = fn_search(s, 0, part);
  if (at > s.len) return FRT_NULL;
  *out = (int64_t)fn_count(s.ptr, at);
  return FRT_OK;
}

/* How often `part`, which is not empty, stands in s, counted without overlaps. */
static size_t fntext_occurrences(FrtStr s, FrtStr part) {
  size_t n = 0;
  for (size_t at = fn_search(s, 0, part); at <= s.len; at = fn_search(s, at + part.len, part)) n++;
  return n;
}

int64_t frt_count_text(FrtCtx *cx, FrtStr s, FrtStr part) {
  (void)cx;
  return part.len ? (int64_t)fntext_occurrences(s, part) : 0;
}

int frt_replace(FrtCtx *cx, FrtStr *out, FrtStr s, FrtStr part, FrtStr text) {
  *out = s;
  if (!part.len) return FRT_OK;
  size_t at = fn_search(s, 0, part);
  if (at > s.len) return FRT_OK;
  size_t n = 1 + fntext_occurrences(fn_str(s.ptr + at + part.len, s.len - at - part.len), part);
  uint64_t size = s.len - (uint64_t)n * part.len + (uint64_t)n * text.len;
  if (size > FN_TEXT_MAX) return fn_too_long(cx);
  char *result = frt_alloc(cx, size), *p = result;
  size_t from = 0;
  for (; at <= s.len; at = fn_search(s, from, part)) {
    fn_copy(p, s.ptr + from, at - from);
    p += at - from;
    fn_copy(p, text.ptr, text.len);
    p += text.len;
    from = at + part.len;
  }
  fn_copy(p, s.ptr + from, s.len - from);
  *out = fn_str(result, size);
  return FRT_OK;
}

/* ---- trimming ---- */

/* Unicode's White_Space. */
static int fntext_is_space(uint32_t c) {
  if (c <= 0x20) return c == 0x20 || (c >= 9 && c <= 13);
  if (c < 0x1680) return c == 0x85 || c == 0xA0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

static int fntext_drops(FrtStr set, int whole, uint32_t c) {
  if (whole) return fntext_is_space(c);
  for (uint32_t i = 0, width; i < set.len; i += width) {
    if (fn_decode(set.ptr + i, &width) == c) return 1;
  }
  return 0;
}

enum { FNTEXT_LEFT = 1, FNTEXT_RIGHT = 2, FNTEXT_SPACES = 4 };

static FrtStr fntext_trim(FrtStr s, FrtStr set, int how) {
  uint32_t a = 0, b = s.len, width;
  while ((how & FNTEXT_LEFT) && a < b) {
    if (!fntext_drops(set, how & FNTEXT_SPACES, fn_decode(s.ptr + a, &width))) break;
    a += width;
  }
  while ((how & FNTEXT_RIGHT) && a < b) {
    uint32_t at = b - 1;
    while (at > a && !fn_is_lead(s.ptr[at])) at--;
    if (!fntext_drops(set, how & FNTEXT_SPACES, fn_decode(s.ptr + at, &width))) break;
    b = at;
  }
  return fn_str(s.ptr + a, b - a);
}

FrtStr frt_trim(FrtCtx *cx, FrtStr s) {
  (void)cx;
  return fntext_trim(s, fn_str(NULL, 0), FNTEXT_LEFT | FNTEXT_RIGHT | FNTEXT_SPACES);
}
FrtStr frt_ltrim(FrtCtx *cx, FrtStr s) {
  (void)cx;
  return fntext_trim(s, fn_str(NULL, 0), FNTEXT_LEFT | FNTEXT_SPACES);
}
FrtStr frt_rtrim(FrtCtx *cx, FrtStr s) {
  (void)cx;
  return fntext_trim(s, fn_str(NULL, 0), FNTEXT_RIGHT | FNTEXT_SPACES);
}
FrtStr frt_trim_of(FrtCtx *cx, FrtStr s, FrtStr set) {
  (void)cx;
  return fntext_trim(s, set, FNTEXT_LEFT | FNTEXT_RIGHT);
}
FrtStr frt_ltrim_of(FrtCtx *cx, FrtStr s, FrtStr set) {
  (void)cx;
  return fntext_trim(s, set, FNTEXT_LEFT);
}
FrtStr frt_rtrim_of(FrtCtx *cx, FrtStr s, FrtStr set) {
  (void)cx;
  return fntext_trim(s, set, FNTEXT_RIGHT);
}

/* ---- case and normal form ---- */

static FrtStr fntext_case_ascii(FrtCtx *cx, FrtStr s, char first) {
  char *out = frt_alloc(cx, s.len);
  for (uint32_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    out[i] = (char)((unsigned char)(c - first) < 26 ? c ^ 0x20 : c);
  }
  return fn_str(out, s.len);
}

/* Simple case mapping, code point by code point. No mapping of Unicode makes a text longer than
 * half as much again. */
static FrtStr fntext_case(FrtCtx *cx, FrtStr s, int upper) {
#ifdef FRT_NO_UTF8PROC
  return fntext_case_ascii(cx, s, upper ? 'a' : 'A');
#else
  if (!frt_has_high_bytes(s.ptr, s.len)) return fntext_case_ascii(cx, s, upper ? 'a' : 'A');
  char *out = frt_alloc(cx, (size_t)s.len + s.len / 2 + 4), *p = out;
  for (uint32_t i = 0, width; i < s.len; i += width) {
    utf8proc_int32_t c = (utf8proc_int32_t)fn_decode(s.ptr + i, &width);
    p = fn_encode(p, (uint32_t)(upper ? utf8proc_toupper(c) : utf8proc_tolower(c)));
  }
  return fn_str(out, (size_t)(p - out));
#endif
}

FrtStr frt_upper(FrtCtx *cx, FrtStr s) { return fntext_case(cx, s, 1); }
FrtStr frt_lower(FrtCtx *cx, FrtStr s) { return fntext_case(cx, s, 0); }

#ifdef FRT_NO_UTF8PROC
int frt_normalize(FrtCtx *cx, FrtStr *out, FrtStr s) {
  *out = s;
  if (!frt_has_high_bytes(s.ptr, s.len)) return FRT_OK;
  return fn_error(cx, FRT_E_ARGUMENT, "normalize: this program was built without utf8proc");
}
#else
/* utf8proc's own steps (decompose into code points, compose in place), with our memory. */
int frt_normalize(FrtCtx *cx, FrtStr *out, FrtStr s) {
  *out = s;
  if (!frt_has_high_bytes(s.ptr, s.len)) return FRT_OK;
  if (s.len > FN_TEXT_MAX) return fn_too_long(cx);
  const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  const utf8proc_uint8_t *text = (const utf8proc_uint8_t *)s.ptr;
  utf8proc_ssize_t n = utf8proc_decompose(text, (utf8proc_ssize_t)s.len, NULL, 0, options);
  if (n < 0 || n > FN_TEXT_MAX) return fn_too_long(cx);
  utf8proc_int32_t *points = frt_alloc(cx, ((size_t)n + 1) * sizeof *points);
  n = utf8proc_decompose(text, (utf8proc_ssize_t)s.len, points, n, options);
  if (n < 0) return fn_too_long(cx);
  n = utf8proc_reencode(points, n,
                        options); /* in place: UTF-8 is never longer than the code points */
  if (n < 0) return fn_too_long(cx);
  *out = fn_str((const char *)points, (size_t)n);
  return FRT_OK;
}
#endif
