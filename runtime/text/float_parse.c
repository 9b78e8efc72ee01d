/* float_parse.c: text to f64 and f32, correctly rounded, each in one rounding.
 *
 * Three steps, each taken when the one before cannot decide: (1) W. D. Clinger, "How to Read Floating
 * Point Numbers Accurately": digits below 2^53 times or over an exact power of ten; (2) D. Lemire,
 * "Number Parsing at a Gigabyte per Second" (the Eisel-Lemire algorithm): a 64 by 128 bit product
 * decides nearly all of the rest; (3) long division of big integers, exact for any length: of more
 * than 800 digits the rest only counts as "not zero", as no halfway point has that many. */
#include <string.h>

#include "text/float_parse.h"
#include "text/float_table.h"

enum { TFP_DIGITS_MAX = 800 };

typedef struct FrtFloatForm {
  int mantissa_bits;                    /* stored ones */
  int exponent_min, exponent_infinite;  /* -bias; the biased exponent of infinity */
  int q_min, q_max;                     /* 10^q beyond is 0 or infinite for any 19 digits */
  int even_min, even_max;               /* q where a product can lie exactly half way */
} FrtFloatForm;

static const FrtFloatForm tfp_form64 = {52, -1023, 0x7ff, -342, 308, -4, 23};
static const FrtFloatForm tfp_form32 = {23, -127, 0xff, -65, 38, -17, 10};

static inline int tfp_digit(char c, unsigned *d) {
  *d = (unsigned)(uint8_t)c - '0';
  return *d <= 9;
}

/* Reads the exponent after the `e`. */
static int tfp_scan_exponent(const char *p, const char *end, int64_t *out) {
  if (p == end) return FRT_E_BAD_VALUE;
  int minus = *p == '-';
  unsigned d;
  int64_t v = 0;
  if (*p == '-' || *p == '+') p++;
  if (p == end) return FRT_E_BAD_VALUE;
  for (; p < end; p++) {
    if (!tfp_digit(*p, &d)) return FRT_E_BAD_VALUE;
    if (v < 100000000000) v = v * 10 + d;
  }
  *out = minus ? -v : v;
  return FRT_OK;
}

int text_float_scan(const char *p, size_t n, FrtFloatText *out) {
  const char *end = p + n;
  unsigned d;
  if (n == 0) return FRT_E_BAD_VALUE;
  *out = (FrtFloatText){.minus = *p == '-'};
  if (*p == '-' || *p == '+') p++;
  const char *start = p, *point = NULL;
  uint64_t w = 0;
  int64_t exponent = 0, kept = 0, dropped = 0;
  for (; p < end; p++) {
    if (tfp_digit(*p, &d)) {
      if (kept < 19) {
        w = w * 10 + d;
        kept += kept > 0 || d > 0;
        exponent -= point != NULL;
      } else {
        dropped++;
        exponent += point == NULL;
        out->cut |= d > 0;
      }
    } else if (*p == '.' && !point) {
      point = p;
    } else {
      break;
    }
  }
  out->digits = start;
  out->digits_len = (size_t)(p - start);
  if (out->digits_len == (size_t)(point != NULL)) return FRT_E_BAD_VALUE;
  if (p < end) {
    int64_t e;
    if (*p != 'e' && *p != 'E') return FRT_E_BAD_VALUE;
    int rc = tfp_scan_exponent(p + 1, end, &e);
    if (rc != FRT_OK) return rc;
    exponent += e;
    out->exponent_written = e;
  }
  out->w = w;
  out->q = exponent;
  return FRT_OK;
}

/* The bits of w * 10^q without the sign; *exact is 0 when the product cannot decide. */
static uint64_t tfp_eisel_lemire(uint64_t w, int64_t q, const FrtFloatForm *f, int *exact) {
  uint64_t infinite = (uint64_t)f->exponent_infinite << f->mantissa_bits;
  *exact = 1;
  if (w == 0 || q < f->q_min) return 0;
  if (q > f->q_max) return infinite;
  int lz = __builtin_clzll(w);
  w <<= lz;
  FrtPow10 t = text_pow10_table()[q - FRT_POW10_MIN];
  if (q < 0 && q >= -27 && ++t.lo == 0) t.hi++;
  FrtU128 product = (FrtU128)w * t.hi;
  uint64_t lo = (uint64_t)product, hi = (uint64_t)(product >> 64);
  uint64_t mask = ~(uint64_t)0 >> (f->mantissa_bits + 3);
  if ((hi & mask) == mask) {
    uint64_t second = (uint64_t)((FrtU128)w * t.lo >> 64);
    lo += second;
    hi += second > lo;
  }
  if (lo == ~(uint64_t)0 && (q < -27 || q > 55)) *exact = 0;
  int upper = (int)(hi >> 63), shift = upper + 64 - f->mantissa_bits - 3;
  uint64_t m = hi >> shift;
  int64_t power = ((152170 + 65536) * q >> 16) + 63 + upper - lz - f->exponent_min;
  if (power <= 0) {
    if (1 - power >= 64) return 0;
    m >>= 1 - power;
    m = (m + (m & 1)) >> 1;
    return m;                 /* reaching the hidden bit makes it exponent 1, as it must */
  }
  if (lo <= 1 && q >= f->even_min && q <= f->even_max && (m & 3) == 1 && m << shift == hi) m &= ~(uint64_t)1;
  m = (m + (m & 1)) >> 1;
  if (m >= (uint64_t)2 << f->mantissa_bits) {
    m = (uint64_t)1 << f->mantissa_bits;
    power++;
  }
  if (power >= f->exponent_infinite) return infinite;
  return (m & ~((uint64_t)1 << f->mantissa_bits)) | (uint64_t)power << f->mantissa_bits;
}

/* All the digits as an integer, at most TFP_DIGITS_MAX of them; *q is its power of ten. */
static void tfp_read_digits(const FrtFloatText *t, FrtBig *out, int64_t *q) {
  int64_t exponent = t->exponent_written;
  int point = 0, rest = 0;
  uint32_t kept = 0;
  unsigned d;
  text_big_set(out, 0);
  for (size_t i = 0; i < t->digits_len; i++) {
    if (!tfp_digit(t->digits[i], &d)) { point = 1; continue; }
    if (kept < TFP_DIGITS_MAX) {
      text_big_mul_add(out, 10, d);
      kept += kept > 0 || d > 0;
      exponent -= point;
    } else {
      rest |= d > 0;
      exponent += !point;
    }
  }
  if (rest) {
    text_big_mul_add(out, 10, 1);
    exponent--;
  }
  *q = exponent;
}

/* The same bits by long division: exact for every text. */
static uint64_t tfp_exact(const FrtFloatText *t, const FrtFloatForm *f) {
  FrtBig n, m;
  int64_t q;
  tfp_read_digits(t, &n, &q);
  text_big_set(&m, 1);
  if (n.len == 0 || q < -1200) return 0;
  if (q > 400) return (uint64_t)f->exponent_infinite << f->mantissa_bits;
  text_big_mul_pow5(q >= 0 ? &n : &m, (uint32_t)(q >= 0 ? q : -q));
  int64_t e = (int64_t)text_big_bits(&n) - text_big_bits(&m);   /* n / m * 2^q = (1 .. 2) * 2^(e + q) */
  if (e > 0) text_big_shift_left(&m, (uint32_t)e);
  else text_big_shift_left(&n, (uint32_t)-e);
  if (text_big_compare(&n, &m) < 0) {
    text_big_shift_left(&n, 1);
    e--;
  }
  e += q;
  /* Bits to keep: all, or fewer below the smallest normal number. */
  int64_t biased = e - f->exponent_min, keep = f->mantissa_bits + 1 + (biased < 1 ? biased - 1 : 0);
  if (keep < 0) return 0;
  uint64_t v = 0;
  for (int64_t i = 0; i < keep; i++) {
    int one = text_big_compare(&n, &m) >= 0;
    if (one) text_big_subtract(&n, &m);
    v = v << 1 | (uint64_t)one;
    text_big_shift_left(&n, 1);
  }
  int against = text_big_compare(&n, &m);   /* n is now twice the rest: the next bit is n >= m */
  if (against > 0) {
    text_big_subtract(&n, &m);
    v += n.len > 0 || (v & 1);
  } else if (against == 0) {
    v += v & 1;
  }
  if (biased < 1) return v;
  v = v - ((uint64_t)1 << f->mantissa_bits) + ((uint64_t)biased << f->mantissa_bits);   /* carries well */
  uint64_t infinite = (uint64_t)f->exponent_infinite << f->mantissa_bits;
  return v < infinite ? v : infinite;
}

static uint64_t tfp_bits(const FrtFloatText *t, const FrtFloatForm *f) {
  int sure, sure_above;
  uint64_t bits = tfp_eisel_lemire(t->w, t->q, f, &sure);
  if (t->cut) {
    uint64_t above = tfp_eisel_lemire(t->w + 1, t->q, f, &sure_above);
    sure = sure && sure_above && bits == above;
  }
  return sure ? bits : tfp_exact(t, f);
}

double text_float_to_f64(const FrtFloatText *t) {
  static const double exact[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double v;
  if (!t->cut && t->w <= (uint64_t)1 << 53 && t->q >= -22 && t->q <= 22) {
    v = t->q < 0 ? (double)t->w / exact[-t->q] : (double)t->w * exact[t->q];
  } else {
    uint64_t bits = tfp_bits(t, &tfp_form64);
    memcpy(&v, &bits, sizeof v);
  }
  return t->minus ? -v : v;
}

float text_float_to_f32(const FrtFloatText *t) {
  uint32_t bits = (uint32_t)tfp_bits(t, &tfp_form32);
  float v;
  memcpy(&v, &bits, sizeof v);
  return t->minus ? -v : v;
}

/* nan, inf and infinity, any case, a sign allowed: 1 and *out when p is one of them. */
static int tfp_parse_word(const char *p, size_t n, double *out) {
  char low[8];
  int minus = n > 0 && *p == '-';
  if (n > 0 && (*p == '-' || *p == '+')) p++, n--;
  if (n != 3 && n != 8) return 0;
  for (size_t i = 0; i < n; i++) low[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
  if (n == 3 && memcmp(low, "nan", 3) == 0) *out = __builtin_nan("");
  else if (memcmp(low, n == 3 ? "inf" : "infinity", n) == 0) *out = minus ? -__builtin_inf() : __builtin_inf();
  else return 0;
  return 1;
}

int text_parse_f64(const char *p, size_t n, double *out) {
  FrtFloatText t;
  if (text_float_scan(p, n, &t) == FRT_OK) {
    *out = text_float_to_f64(&t);
    return FRT_OK;
  }
  return tfp_parse_word(p, n, out) ? FRT_OK : FRT_E_BAD_VALUE;
}

int text_parse_f32(const char *p, size_t n, float *out) {
  FrtFloatText t;
  double word;
  if (text_float_scan(p, n, &t) == FRT_OK) {
    *out = text_float_to_f32(&t);
    return FRT_OK;
  }
  if (!tfp_parse_word(p, n, &word)) return FRT_E_BAD_VALUE;
  *out = (float)word;
  return FRT_OK;
}
