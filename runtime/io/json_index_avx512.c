/* json_index_avx512.c: the index with AVX-512 (BW, VBMI, VBMI2) and carry-less multiplication.
 *
 * Outside strings most rules of a record say which byte may follow which. Two table look-ups, one for the
 * byte before and one for the byte, give the classes that may follow and the class that does; their `and`
 * is zero where the text is wrong. What pairs cannot say is left: the words, leading zeros, a second point
 * in a number, control characters in strings. That line ends follow braces only is json_fast.c's check. */
#include "io/json_index.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define JSON_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,pclmul,bmi,bmi2,popcnt,lzcnt")))
#define JSON_AVX512_INLINE JSON_AVX512 static inline

/* Classes of bytes. A minus is with the letters, since both begin a value. */
enum { JSON_C_DIGIT = 1, JSON_C_WORD = 2, JSON_C_POINT = 4, JSON_C_QUOTE = 8, JSON_C_END = 16, JSON_C_SPACE = 32,
       JSON_C_COLON = 64, JSON_C_OPEN = 128 };

#define JSON_C_VALUE (JSON_C_DIGIT | JSON_C_WORD | JSON_C_QUOTE)
#define JSON_LETTERS(v)                                                                                    \
  ['a'] = v, ['e'] = v, ['f'] = v, ['l'] = v, ['n'] = v, ['r'] = v, ['s'] = v, ['t'] = v, ['u'] = v
#define JSON_DIGITS(v)                                                                                     \
  ['0'] = v, ['1'] = v, ['2'] = v, ['3'] = v, ['4'] = v, ['5'] = v, ['6'] = v, ['7'] = v, ['8'] = v, ['9'] = v

static const uint8_t json_class_of[128] = {
    JSON_LETTERS(JSON_C_WORD), JSON_DIGITS(JSON_C_DIGIT), ['-'] = JSON_C_WORD, ['.'] = JSON_C_POINT,
    ['"'] = JSON_C_QUOTE, [','] = JSON_C_END, ['}'] = JSON_C_END, [' '] = JSON_C_SPACE,
    [':'] = JSON_C_COLON, ['\n'] = JSON_C_COLON, ['{'] = JSON_C_OPEN};
static const uint8_t json_class_next[128] = {
    JSON_LETTERS(JSON_C_WORD | JSON_C_END), JSON_DIGITS(JSON_C_DIGIT | JSON_C_POINT | JSON_C_END),
    ['-'] = JSON_C_DIGIT, ['.'] = JSON_C_DIGIT, ['"'] = JSON_C_COLON | JSON_C_END,
    [','] = JSON_C_QUOTE | JSON_C_SPACE, ['}'] = JSON_C_COLON, [' '] = JSON_C_VALUE,
    [':'] = JSON_C_VALUE | JSON_C_SPACE, ['\n'] = JSON_C_OPEN, ['{'] = JSON_C_QUOTE};

typedef struct JsonTables {
  __m512i of[2], next[2];
} JsonTables;

/* What the next word has to know: bit 63 of masks as bit 0, and what reaches over. */
typedef struct JsonReach {
  uint64_t in, escape, word, body, lead, point, fraction;
} JsonReach;

/* Words begin at the bits of `start`, or numbers with a minus: the bits that are wrong. */
JSON_AVX512_INLINE uint64_t json_words_avx512(const char *p, uint64_t start) {
  uint64_t bad = 0;
  for (; start; start &= start - 1) {
    unsigned i = (unsigned)__builtin_ctzll(start);
    const char *w = p + i;
    uint32_t four;
    memcpy(&four, w, 4);
    char behind = w[4];
    if (*w == '-') continue;
    if (four == 0x736c6166u && behind == 'e') behind = w[5];  /* "fals" */
    else if (four != 0x65757274u && four != 0x6c6c756eu) behind = 0; /* "true", "null" */
    if (behind != ',' && behind != '}') bad |= (uint64_t)1 << i;
  }
  return bad;
}

/* Leading zeros, and a point in digits behind a point. */
JSON_AVX512_INLINE uint64_t json_numbers_avx512(uint64_t digit, uint64_t point, uint64_t zero, JsonReach *c) {
  uint64_t lead = zero & ~json_behind(digit | point, &c->body), ends;
  uint64_t bad = json_behind(lead, &c->lead) & digit;
  uint64_t start = (json_behind(point, &c->point) | c->fraction) & digit;
  bad |= c->fraction & point;
  c->fraction = (uint64_t)__builtin_add_overflow(digit, start, &ends);
  return bad | (ends & ~digit & point);
}

/* Writes the places of the bits: 16 of them at least, whatever there are. */
JSON_AVX512_INLINE uint32_t *json_put_avx512(uint32_t *out, uint64_t bits, __m512i base) {
  const __m512i iota = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44,
                                       43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24,
                                       23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
                                       1, 0);
  __m512i places = _mm512_maskz_compress_epi8(bits, iota);
  uint32_t n = (uint32_t)__builtin_popcountll(bits);
  _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
  if (__builtin_expect(n > 16, 0)) {
    _mm512_storeu_si512(out + 16, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 1))));
    _mm512_storeu_si512(out + 32, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 2))));
    _mm512_storeu_si512(out + 48, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 3))));
  }
  return out + n;
}

/* The word at p; `from` is where its bytes, and the one before, are read. Returns the bits that are wrong,
 * with *separators. */
JSON_AVX512_INLINE uint64_t json_word_avx512(JsonIndex *x, const JsonTables *t, const char *p, const char *from,
                                             JsonReach *c, uint64_t *separators) {
  __m512i v = _mm512_loadu_si512(from), before = _mm512_loadu_si512(from - 1);
  __mmask64 high = _mm512_movepi8_mask(v);
  __m512i class = _mm512_maskz_permutex2var_epi8(~high, t->of[0], v, t->of[1]);
  __m512i next = _mm512_permutex2var_epi8(t->next[0], before, t->next[1]);
  uint64_t bad = 0, quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
  uint64_t slash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
  x->high |= high != 0;
  if (__builtin_expect((slash | c->escape) != 0, 0)) {
    JsonCarry carry = {0};
    carry.escape = c->escape;
    quote = json_index_escapes(p, x->base + x->size, quote, slash, &carry, &bad);
    c->escape = carry.escape;
    x->slash = 1;
  }
  __m128i parity = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)quote), _mm_set1_epi8((char)0xff), 0);
  uint64_t in = (uint64_t)_mm_cvtsi128_si64(parity) ^ c->in;
  c->in = (uint64_t)((int64_t)in >> 63);
  uint64_t digit = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_DIGIT));
  uint64_t point = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_POINT));
  uint64_t zero = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('0'));
  uint64_t word = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_WORD)) & ~in;
  uint64_t start = word & ~json_behind(word, &c->word);
  uint64_t wrong = json_numbers_avx512(digit, point, zero, c) | _mm512_testn_epi8_mask(class, next);
  if (start) wrong |= json_words_avx512(p, start);
  /* Closing quotes, and what is in a string, follow other rules. */
  bad |= wrong & ~(in ^ quote);
  bad |= _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)) & in;
  __mmask64 end = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_END | JSON_C_COLON));
  *separators = _mm512_mask_cmpneq_epi8_mask(end, v, _mm512_set1_epi8('}')) & ~in;
  return bad;
}

JSON_AVX512 void json_index_avx512(JsonIndex *x) {
  JsonTables t = {{_mm512_loadu_si512(json_class_of), _mm512_loadu_si512(json_class_of + 64)},
                  {_mm512_loadu_si512(json_class_next), _mm512_loadu_si512(json_class_next + 64)}};
  JsonReach c = {0};
  uint32_t *out = x->out;
  const uint32_t *room = out + x->room;
  char edge[1 + JSON_WORD] = "\n";         /* the byte before a record is a line end; zeros are wrong anywhere */
  uint64_t bad = 0;
  __m512i base = _mm512_setzero_si512();
  x->high = x->slash = 0;
  for (size_t at = 0; at < x->size && !bad && out < room; at += JSON_WORD) {
    const char *p = x->base + at, *from = p;
    uint64_t separators;
    if (__builtin_expect(at == 0 || x->size - at < JSON_WORD, 0)) {
      size_t n = x->size - at < JSON_WORD ? x->size - at : JSON_WORD;
      memset(edge + 1, 0, JSON_WORD);
      memcpy(edge + 1, p, n);
      if (at) edge[0] = p[-1];
      from = edge + 1;
    }
    bad = json_word_avx512(x, &t, p, from, &c, &separators);
    x->stop = at + JSON_WORD;
    if (__builtin_expect(bad != 0, 0)) {
      x->stop = at + (size_t)__builtin_ctzll(bad);
      separators &= (bad & (0 - bad)) - 1;
    }
    out = json_put_avx512(out, separators, base);
    base = _mm512_add_epi32(base, _mm512_set1_epi32(JSON_WORD));
  }
  x->len = (uint32_t)(out - x->out);
}
#endif
