/* fn_encode.c: texts and bytes as hex, base64 (RFC 4648) and in URLs (RFC 3986). Decoding is
 * strict: what the encoder would not have written, but for letter case and missing padding, is an
 * error. */
#include "text/fn.h"

static int fnenc_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes as text, if they are UTF-8. */
static int fnenc_text(FrtCtx *cx, FrtStr *out, FrtStr bytes) {
  if (!frt_utf8_valid(bytes.ptr, bytes.len)) return fn_error_value(cx, FRT_E_UTF8, fn_str(NULL, 0));
  *out = bytes;
  return FRT_OK;
}

/* ---- hex ---- */

int frt_hex(FrtCtx *cx, FrtStr *out, FrtStr s) {
  if (s.len > FN_TEXT_MAX / 2) return fn_too_long(cx);
  char *p = frt_alloc(cx, (size_t)s.len * 2);
  for (uint32_t i = 0; i < s.len; i++) {
    p[2 * i] = "0123456789abcdef"[(unsigned char)s.ptr[i] >> 4];
    p[2 * i + 1] = "0123456789abcdef"[s.ptr[i] & 15];
  }
  *out = fn_str(p, (size_t)s.len * 2);
  return FRT_OK;
}

FrtStr frt_hex_u64(FrtCtx *cx, uint64_t n) {
  char *out = frt_alloc(cx, 16), *p = out + 16;
  do {
    *--p = "0123456789abcdef"[n & 15];
    n >>= 4;
  } while (n);
  return fn_str(p, (size_t)(out + 16 - p));
}

int frt_unhex(FrtCtx *cx, FrtStr *out, FrtStr s) {
  if (s.len % 2) return fn_error(cx, FRT_E_ARGUMENT, "unhex: the number of digits is odd");
  char *p = frt_alloc(cx, s.len / 2);
  for (uint32_t i = 0; i < s.len / 2; i++) {
    int high = fnenc_hex_digit(s.ptr[2 * i]), low = fnenc_hex_digit(s.ptr[2 * i + 1]);
    if (high < 0 || low < 0) return fn_error(cx, FRT_E_ARGUMENT, "unhex: not a hexadecimal digit");
    p[i] = (char)(high << 4 | low);
  }
  *out = fn_str(p, s.len / 2);
  return FRT_OK;
}

/* ---- base64 ---- */

static const char fnenc_base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int frt_base64(FrtCtx *cx, FrtStr *out, FrtStr s) {
  uint64_t size = ((uint64_t)s.len + 2) / 3 * 4;
  if (size > FN_TEXT_MAX) return fn_too_long(cx);
  char *result = frt_alloc(cx, size), *p = result;
  const unsigned char *u = (const unsigned char *)s.ptr;
  for (uint32_t i = 0; i < s.len; i += 3) {
    uint32_t left = s.len - i;
    uint32_t w =
        (uint32_t)u[i] << 16 | (left > 1 ? (uint32_t)u[i + 1] << 8 : 0) | (left > 2 ? u[i + 2] : 0);
    *p++ = fnenc_base64[w >> 18];
    *p++ = fnenc_base64[w >> 12 & 63];
    *p++ = left > 1 ? fnenc_base64[w >> 6 & 63] : '=';
    *p++ = left > 2 ? fnenc_base64[w & 63] : '=';
  }
  *out = fn_str(result, size);
  return FRT_OK;
}

static int fnenc_base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62; /* '-' and '_': the alphabet for URLs */
  return c == '/' || c == '_' ? 63 : -1;
}

int frt_unbase64(FrtCtx *cx, FrtStr *out, FrtStr s) {
  static const char wrong[] = "unbase64: not base64";
  uint32_t n = s.len;
  if (n && n % 4 == 0 && s.ptr[n - 1] == '=') n -= s.ptr[n - 2] == '=' ? 2 : 1;
  if (n % 4 == 1) return fn_error(cx, FRT_E_ARGUMENT, wrong);
  char *result = frt_alloc(cx, (size_t)n / 4 * 3 + 3), *p = result;
  uint32_t w = 0, bits = 0;
  for (uint32_t i = 0; i < n; i++) {
    int digit = fnenc_base64_digit(s.ptr[i]);
    if (digit < 0) return fn_error(cx, FRT_E_ARGUMENT, wrong);
    w = w << 6 | (uint32_t)digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    *p++ = (char)(w >> bits);
  }
  if (w & ((1u << bits) - 1)) return fn_error(cx, FRT_E_ARGUMENT, wrong);
  *out = fn_str(result, (size_t)(p - result));
  return FRT_OK;
}

/* ---- URLs ---- */

static int fnenc_unreserved(char c) {
  char lower = (char)(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int frt_url_encode(FrtCtx *cx, FrtStr *out, FrtStr s) {
  uint64_t size = s.len;
  for (uint32_t i = 0; i < s.len; i++) size += fnenc_unreserved(s.ptr[i]) ? 0 : 2;
  *out = s;
  if (size == s.len) return FRT_OK;
  if (size > FN_TEXT_MAX) return fn_too_long(cx);
  char *result = frt_alloc(cx, size), *p = result;
  for (uint32_t i = 0; i < s.len; i++) {
    if (fnenc_unreserved(s.ptr[i])) {
      *p++ = s.ptr[i];
      continue;
    }
    *p++ = '%';
    *p++ = "0123456789ABCDEF"[(unsigned char)s.ptr[i] >> 4];
    *p++ = "0123456789ABCDEF"[s.ptr[i] & 15];
  }
  *out = fn_str(result, size);
  return FRT_OK;
}

int frt_url_decode(FrtCtx *cx, FrtStr *out, FrtStr s) {
  *out = s;
  if (!s.len || !memchr(s.ptr, '%', s.len)) return FRT_OK;
  char *result = frt_alloc(cx, s.len), *p = result;
  for (uint32_t i = 0; i < s.len; i++) {
    if (s.ptr[i] != '%') {
      *p++ = s.ptr[i];
      continue;
    }
    int high = s.len - i > 2 ? fnenc_hex_digit(s.ptr[i + 1]) : -1;
    int low = s.len - i > 2 ? fnenc_hex_digit(s.ptr[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fn_error(cx, FRT_E_ARGUMENT, "url_decode: a % without two hexadecimal digits");
    *p++ = (char)(high << 4 | low);
    i += 2;
  }
  return fnenc_text(cx, out, fn_str(result, (size_t)(p - result)));
}
