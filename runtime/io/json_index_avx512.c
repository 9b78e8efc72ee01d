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

enum { JSON_PENDING_MAX = 128 };

/* What the next word has to know: bit 63 of masks as bit 0, and what reaches over. */
typedef struct JsonReach {
  uint64_t in, escape, word, high;
  unsigned char fraction;
} JsonReach;

/* The words true, false, null (and numbers with a minus) that are still to be looked at: doing so in bulk
 * costs no mispredicted branches. */
typedef struct JsonPending {
  uint32_t len;
  uint32_t place[JSON_PENDING_MAX + JSON_WORD];
} JsonPending;

/* Looks at the words: the place of the first one that is wrong, or UINT32_MAX. */
static uint32_t json_words_check(const char *base, JsonPending *c) {
  uint32_t first = UINT32_MAX;
  for (uint32_t i = 0; i < c->len; i++) {
    const char *w = base + c->place[i];
    uint32_t four;
    memcpy(&four, w, 4);
    int is_false = (four == 0x736c6166u) & (w[4] == 'e');                   /* "fals" */
    int is_four = (four == 0x65757274u) | (four == 0x6c6c756eu);            /* "true", "null" */
    char behind = is_false ? w[5] : w[4];
    int good = (*w == '-') | ((is_false | is_four) & ((behind == ',') | (behind == '}')));
    uint32_t place = good ? UINT32_MAX : c->place[i];
    if (place < first) first = place;
  }
  c->len = 0;
  return first;
}

JSON_AVX512_INLINE void json_words_note(JsonPending *c, uint64_t start, uint32_t at) {
  c->place[c->len] = at + (uint32_t)__builtin_ctzll(start | (uint64_t)1 << 63);
  c->len += start != 0;
  while (__builtin_expect((start &= start - 1) != 0, 0))
    c->place[c->len++] = at + (uint32_t)__builtin_ctzll(start);
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
JSON_AVX512_INLINE uint64_t json_word_avx512(JsonIndex *x, const JsonTables *t, uint32_t at, const char *from,
                                             JsonReach *c, JsonPending *words, uint64_t *separators) {
  __m512i v = _mm512_loadu_si512(from), before = _mm512_loadu_si512(from - 1);
  __mmask64 high = _mm512_movepi8_mask(v);
  __m512i class = _mm512_maskz_permutex2var_epi8(~high, t->of[0], v, t->of[1]);
  __m512i next = _mm512_permutex2var_epi8(t->next[0], before, t->next[1]);
  uint64_t bad = 0, quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
  uint64_t slash = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
  c->high |= high;
  if (__builtin_expect((slash | c->escape) != 0, 0)) {
    JsonCarry carry = {0};
    carry.escape = c->escape;
    quote = json_index_escapes(x->base + at, x->base + x->size, quote, slash, &carry, &bad);
    c->escape = carry.escape;
    x->slash = 1;
  }
  __m128i parity = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)quote), _mm_set1_epi8((char)0xff), 0);
  uint64_t in = (uint64_t)_mm_cvtsi128_si64(parity) ^ c->in;
  c->in = (uint64_t)((int64_t)in >> 63);
  /* A digit behind a 0 with neither digit nor point before it; / is wrong anyway. */
  __m512i second = _mm512_sub_epi8(_mm512_loadu_si512(from - 2), _mm512_set1_epi8('.'));
  __mmask64 wrong = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_DIGIT));
  wrong = _mm512_mask_cmpeq_epi8_mask(wrong, before, _mm512_set1_epi8('0'));
  wrong = _mm512_mask_cmpgt_epu8_mask(wrong, second, _mm512_set1_epi8('9' - '.'));
  wrong = _kor_mask64(wrong, _mm512_testn_epi8_mask(class, next));
  /* A point added to its number clears its bit, unless the carry of an earlier point comes along. */
  unsigned long long sum;
  uint64_t point = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_POINT));
  uint64_t body = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_DIGIT | JSON_C_POINT));
  c->fraction = _addcarry_u64(c->fraction, body, point, &sum);
  uint64_t word = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_WORD)) & ~in;
  json_words_note(words, word & ~json_behind(word, &c->word), at);
  /* Closing quotes, and what is in a string, follow other rules. */
  bad |= ((uint64_t)wrong | (sum & point)) & ~(in ^ quote);
  bad |= _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)) & in;
  __mmask64 end = _mm512_test_epi8_mask(class, _mm512_set1_epi8(JSON_C_END | JSON_C_COLON));
  *separators = _mm512_mask_cmpneq_epi8_mask(end, v, _mm512_set1_epi8('}')) & ~in;
  return bad;
}

/* Cuts the index behind the last separator before `place`. */
static uint32_t *json_index_cut(uint32_t *begin, uint32_t *out, uint32_t place) {
  while (out > begin && out[-1] > place) out--;
  return out;
}

JSON_AVX512 void json_index_avx512(JsonIndex *x) {
  JsonTables t = {{_mm512_loadu_si512(json_class_of), _mm512_loadu_si512(json_class_of + 64)},
                  {_mm512_loadu_si512(json_class_next), _mm512_loadu_si512(json_class_next + 64)}};
  JsonReach c = {0};
  JsonPending words;
  words.len = 0;
  uint32_t *out = x->out, wrong_word = UINT32_MAX;
  const uint32_t *room = out + x->room;
  char edge[2 + JSON_WORD] = "\n\n";      /* the byte before a record is a line end; zeros are wrong anywhere */
  uint64_t bad = 0;
  __m512i base = _mm512_setzero_si512();
  x->slash = 0;
  for (size_t at = 0; at < x->size && !bad && out < room; at += JSON_WORD) {
    const char *from = x->base + at;
    uint64_t separators;
    if (__builtin_expect(at == 0 || x->size - at < JSON_WORD, 0)) {
      size_t n = x->size - at < JSON_WORD ? x->size - at : JSON_WORD;
      memset(edge + 2, 0, JSON_WORD);
      memcpy(edge + 2, from, n);
      if (at) memcpy(edge, from - 2, 2);
      from = edge + 2;
    }
    bad = json_word_avx512(x, &t, (uint32_t)at, from, &c, &words, &separators);
    if (__builtin_expect(bad != 0, 0)) separators &= (bad & (0 - bad)) - 1;
    out = json_put_avx512(out, separators, base);
    base = _mm512_add_epi32(base, _mm512_set1_epi32(JSON_WORD));
    if (__builtin_expect(words.len >= JSON_PENDING_MAX, 0)) {
      wrong_word = json_words_check(x->base, &words);
      if (wrong_word != UINT32_MAX) break;
    }
  }
  if (wrong_word == UINT32_MAX) wrong_word = json_words_check(x->base, &words);
  if (wrong_word != UINT32_MAX) out = json_index_cut(x->out, out, wrong_word);
  x->high = c.high != 0;
  x->len = (uint32_t)(out - x->out);
}
#endif
