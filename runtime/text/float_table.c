/* float_table.c: the table of powers of ten, made at first use, and big integers.
 *
 * Powers with k >= 0 are the top 128 bits of 5^k, got by repeated multiplication. For k < 0 they are
 * those of 2^1088 / 5^-k: dividing floor(x / 5^i) by 5 and rounding down gives floor(x / 5^(i+1))
 * exactly, so one pass of small divisions makes all of them; 5^342 has 795 bits, which leaves more
 * than 128 exact bits. */
#include <pthread.h>
#include <string.h>

#include "text/float_table.h"

static FrtPow10 tpow_table[FRT_POW10_MAX - FRT_POW10_MIN + 1];
static pthread_once_t tpow_once = PTHREAD_ONCE_INIT;
static int tpow_ready;

void text_big_set(FrtBig *b, uint64_t v) {
  b->len = v != 0;
  b->w[0] = v;
}

void text_big_mul_add(FrtBig *b, uint64_t factor, uint64_t add) {
  uint64_t carry = add;
  for (uint32_t i = 0; i < b->len; i++) {
    FrtU128 v = (FrtU128)b->w[i] * factor + carry;
    b->w[i] = (uint64_t)v;
    carry = (uint64_t)(v >> 64);
  }
  if (carry && b->len < FRT_BIG_WORDS) b->w[b->len++] = carry;
}

void text_big_mul_pow5(FrtBig *b, uint32_t power) {
  for (; power >= 27; power -= 27) text_big_mul_add(b, 7450580596923828125u, 0);
  uint64_t rest = 1;
  while (power-- > 0) rest *= 5;
  text_big_mul_add(b, rest, 0);
}

void text_big_shift_left(FrtBig *b, uint32_t bits) {
  uint32_t words = bits / 64, shift = bits % 64;
  if (b->len == 0 || bits == 0) return;
  if (shift) text_big_mul_add(b, (uint64_t)1 << shift, 0);
  if (words > FRT_BIG_WORDS - b->len) words = FRT_BIG_WORDS - b->len;
  memmove(b->w + words, b->w, b->len * sizeof *b->w);
  memset(b->w, 0, words * sizeof *b->w);
  b->len += words;
}

uint32_t text_big_bits(const FrtBig *b) {
  return b->len ? b->len * 64 - (uint32_t)__builtin_clzll(b->w[b->len - 1]) : 0;
}

int text_big_compare(const FrtBig *a, const FrtBig *b) {
  if (a->len != b->len) return a->len < b->len ? -1 : 1;
  for (uint32_t i = a->len; i-- > 0;) {
    if (a->w[i] != b->w[i]) return a->w[i] < b->w[i] ? -1 : 1;
  }
  return 0;
}

static void tpow_trim(FrtBig *b) {
  while (b->len && b->w[b->len - 1] == 0) b->len--;
}

void text_big_subtract(FrtBig *a, const FrtBig *b) {
  uint64_t borrow = 0;
  for (uint32_t i = 0; i < a->len; i++) {
    uint64_t sub = i < b->len ? b->w[i] : 0, before = a->w[i];
    uint64_t v = before - sub;
    a->w[i] = v - borrow;
    borrow = (before < sub) | (v < borrow);
  }
  tpow_trim(a);
}

uint64_t text_big_divide_small(FrtBig *b, uint64_t by) {
  uint64_t rest = 0;
  for (uint32_t i = b->len; i-- > 0;) {
    FrtU128 v = (FrtU128)rest << 64 | b->w[i];
    b->w[i] = (uint64_t)(v / by);
    rest = (uint64_t)(v % by);
  }
  tpow_trim(b);
  return rest;
}

void text_big_shift_right_round(FrtBig *b, uint32_t bits) {
  if (bits == 0 || b->len == 0) return;
  uint32_t total = text_big_bits(b), words = bits / 64, shift = bits % 64;
  if (bits > total) {
    b->len = 0;
    return;
  }
  uint32_t at = bits - 1;
  int half = (int)(b->w[at / 64] >> at % 64 & 1), rest = 0;
  for (uint32_t i = 0; i < at / 64; i++) rest |= b->w[i] != 0;
  rest |= (b->w[at / 64] & (((uint64_t)1 << at % 64) - 1)) != 0;
  b->len -= words;
  memmove(b->w, b->w + words, b->len * sizeof *b->w);
  for (uint32_t i = 0; shift && i < b->len; i++) {
    uint64_t above = i + 1 < b->len ? b->w[i + 1] : 0;
    b->w[i] = b->w[i] >> shift | above << (64 - shift);
  }
  tpow_trim(b);
  if (!half || (!rest && !(b->len && (b->w[0] & 1)))) return;
  if (b->len == 0) text_big_set(b, 1);
  else text_big_mul_add(b, 1, 1);
}

/* The top 128 bits. */
static FrtPow10 tpow_top(const FrtBig *b) {
  uint32_t n = b->len;
  uint64_t a = b->w[n - 1], c = n > 1 ? b->w[n - 2] : 0, d = n > 2 ? b->w[n - 3] : 0;
  int shift = __builtin_clzll(a);
  FrtPow10 top = {a, c};
  if (shift) {
    top.hi = a << shift | c >> (64 - shift);
    top.lo = c << shift | d >> (64 - shift);
  }
  return top;
}

static void tpow_make(void) {
  FrtBig b;
  text_big_set(&b, 1);
  for (int k = 0; k <= FRT_POW10_MAX; k++) {
    tpow_table[k - FRT_POW10_MIN] = tpow_top(&b);
    text_big_mul_add(&b, 5, 0);
  }
  text_big_set(&b, 1);
  text_big_shift_left(&b, 1088);
  for (int k = -1; k >= FRT_POW10_MIN; k--) {
    text_big_divide_small(&b, 5);
    tpow_table[k - FRT_POW10_MIN] = tpow_top(&b);
  }
  __atomic_store_n(&tpow_ready, 1, __ATOMIC_RELEASE);
}

const FrtPow10 *text_pow10_table(void) {
  if (!__atomic_load_n(&tpow_ready, __ATOMIC_ACQUIRE)) pthread_once(&tpow_once, tpow_make);
  return tpow_table;
}
