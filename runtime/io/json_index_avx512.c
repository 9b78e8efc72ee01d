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

/* As CSV_AHEAD: the prefetcher of the hardware stops at the end of a page. */
enum { JSON_PENDING_MAX = 128, JSON_AHEAD = 2048 };

/* What the next word has to know: bit 63 of masks as bit 0, and what reaches over. */
typedef struct JsonReach {
  uint64_t in, escape, word, body, lead;
  unsigned char fraction;
  __m512i all;
} JsonReach;

/* The words true, false, null (and numbers with a minus) that are still to be looked at: doing so in bulk
 * costs no mispredicted branches. */
typedef struct JsonPending {
  uint32_t len;
  uint32_t place[JSON_PENDING_MAX + JSON_WORD];
} JsonPending;

/* Where the index stands. */
typedef struct JsonRunner {
  size_t at;
  uint32_t *out;
  uint64_t bad;
  JsonReach reach;
  JsonPending words;
} JsonRunner;

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

/* The tables and constants of the loop. The compiler is kept from making them anew for each word. */
typedef struct JsonTables {
  __m512i of[2], next[2], iota, quote, slash, zero, brace, blank, ascii, point, body, word, end;
} JsonTables;

JSON_AVX512_INLINE __m512i json_fixed(__m512i v) {
  __asm__("" : "+v"(v));
  return v;
}

JSON_AVX512_INLINE __m512i json_fixed_byte(int c) { return json_fixed(_mm512_set1_epi8((char)c)); }

/* A mask for arithmetic: not kept where vector masks are. */
JSON_AVX512_INLINE uint64_t json_bits(__mmask64 m) {
  uint64_t bits = m;
  __asm__("" : "+r"(bits));
  return bits;
}

JSON_AVX512_INLINE void json_tables_make(JsonTables *t) {
  const __m512i iota = _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                                        0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
  for (int i = 0; i < 2; i++) {
    t->of[i] = json_fixed(_mm512_loadu_si512(json_class_of + 64 * i));
    t->next[i] = json_fixed(_mm512_loadu_si512(json_class_next + 64 * i));
  }
  t->iota = json_fixed(iota);
  t->quote = json_fixed_byte('"');
  t->slash = json_fixed_byte('\\');
  t->zero = json_fixed_byte('0');
  t->brace = json_fixed_byte('}');
  t->blank = json_fixed_byte(' ');
  t->ascii = json_fixed_byte(0x7f);
  t->point = json_fixed_byte(JSON_C_POINT);
  t->body = json_fixed_byte(JSON_C_DIGIT | JSON_C_POINT);
  t->word = json_fixed_byte(JSON_C_WORD);
  t->end = json_fixed_byte(JSON_C_END | JSON_C_COLON);
}

JSON_AVX512_INLINE void json_words_note(JsonPending *c, uint64_t start, uint32_t at) {
  c->place[c->len] = at + (uint32_t)__builtin_ctzll(start | (uint64_t)1 << 63);
  c->len += start != 0;
  while (__builtin_expect((start &= start - 1) != 0, 0))
    c->place[c->len++] = at + (uint32_t)__builtin_ctzll(start);
}

/* Writes the places of the bits: 16 of them at least, whatever there are. */
JSON_AVX512_INLINE uint32_t *json_put_avx512(uint32_t *out, uint64_t bits, uint32_t at, __m512i iota) {
  __m512i places = _mm512_maskz_compress_epi8(bits, iota), base = _mm512_set1_epi32((int)at);
  uint32_t n = (uint32_t)__builtin_popcountll(bits);
  _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
  if (__builtin_expect(n > 16, 0)) {
    _mm512_storeu_si512(out + 16, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 1))));
    _mm512_storeu_si512(out + 32, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 2))));
    _mm512_storeu_si512(out + 48, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places, 3))));
  }
  return out + n;
}

/* The word at `at`; `from` is where its bytes, and the one before, are read. Returns the bits that are wrong,
 * with *separators. */
JSON_AVX512_INLINE uint64_t json_word_avx512(JsonIndex *x, const JsonTables *t, size_t at, const char *from,
                                             JsonReach *c, JsonPending *words, uint64_t *separators) {
  __m512i v = _mm512_loadu_si512(from), before = _mm512_loadu_si512(from - 1);
  __m512i class = _mm512_permutex2var_epi8(t->of[0], _mm512_min_epu8(v, t->ascii), t->of[1]);
  __m512i next = _mm512_permutex2var_epi8(t->next[0], before, t->next[1]);
  uint64_t bad = 0, quote = json_bits(_mm512_cmpeq_epi8_mask(v, t->quote));
  uint64_t slash = json_bits(_mm512_cmpeq_epi8_mask(v, t->slash));
  c->all = _mm512_or_si512(c->all, v);
  if (__builtin_expect((slash | c->escape) != 0, 0)) {
    JsonCarry carry = {0};
    uint64_t bad_escapes = 0;
    carry.escape = c->escape;
    quote = json_index_escapes(x->base + at, x->base + x->size, quote, slash, &carry, &bad_escapes);
    c->escape = carry.escape;
    bad = bad_escapes;
    x->slash = 1;
  }
  __m128i parity = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)quote), _mm_set1_epi8((char)0xff), 0);
  uint64_t in = (uint64_t)_mm_cvtsi128_si64(parity) ^ c->in;
  c->in = (uint64_t)((int64_t)in >> 63);
  uint64_t wrong = json_bits(_mm512_testn_epi8_mask(class, next));
  /* A point added to its number clears its bit, unless the carry of an earlier point comes along. */
  uint64_t point = json_bits(_mm512_test_epi8_mask(class, t->point));
  uint64_t body = json_bits(_mm512_test_epi8_mask(class, t->body));
  unsigned long long sum;
  c->fraction = _addcarry_u64(c->fraction, body, point, &sum);
  /* A digit behind a 0 with neither digit nor point before it. */
  uint64_t lead = json_bits(_mm512_cmpeq_epi8_mask(v, t->zero)) & ~json_behind(body, &c->body);
  wrong |= json_behind(lead, &c->lead) & body & ~point;
  uint64_t word = json_bits(_mm512_test_epi8_mask(class, t->word)) & ~in;
  json_words_note(words, word & ~json_behind(word, &c->word), (uint32_t)at);
  /* Closing quotes, and what is in a string, follow other rules. */
  bad |= (wrong | (sum & point)) & ~(in ^ quote);
  bad |= json_bits(_mm512_cmplt_epu8_mask(v, t->blank)) & in;
  __mmask64 end = _mm512_test_epi8_mask(class, t->end);
  *separators = json_bits(_mm512_mask_cmpneq_epi8_mask(end, v, t->brace)) & ~in;
  return bad;
}

/* The words of [run->at, end), whose bytes are read from `from` on, until one is wrong or there is no room. */
JSON_AVX512 static void json_run_avx512(JsonIndex *x, JsonRunner *run, const char *from, size_t end) {
  JsonTables t;
  JsonReach c = run->reach;
  uint32_t *out = run->out;
  const uint32_t *room = x->out + x->room;
  size_t at = run->at;
  uint64_t bad = 0, separators;
  json_tables_make(&t);
  for (; at < end && !bad && out < room && run->words.len < JSON_PENDING_MAX; at += JSON_WORD, from += JSON_WORD) {
    _mm_prefetch(from + JSON_AHEAD, _MM_HINT_T0);
    bad = json_word_avx512(x, &t, at, from, &c, &run->words, &separators);
    if (__builtin_expect(bad != 0, 0)) separators &= (bad & (0 - bad)) - 1;
    out = json_put_avx512(out, separators, (uint32_t)at, t.iota);
  }
  run->reach = c;
  run->out = out;
  run->at = at;
  run->bad = bad;
}

/* The first word, or the one that ends behind the bytes: from a copy, with a line end before and zeros behind, which
 * are wrong anywhere. */
JSON_AVX512 static void json_run_edge(JsonIndex *x, JsonRunner *run) {
  char edge[1 + JSON_WORD] = "\n";
  size_t left = x->size - run->at;
  if (run->at) edge[0] = x->base[run->at - 1];
  memcpy(edge + 1, x->base + run->at, left < JSON_WORD ? left : JSON_WORD);
  json_run_avx512(x, run, edge + 1, run->at + 1);
}

/* Cuts the index behind the last separator before `place`. */
static uint32_t *json_index_cut(uint32_t *begin, uint32_t *out, uint32_t place) {
  while (out > begin && out[-1] > place) out--;
  return out;
}

JSON_AVX512 void json_index_avx512(JsonIndex *x) {
  JsonRunner run;
  run.at = 0;
  run.out = x->out;
  run.bad = 0;
  run.words.len = 0;
  run.reach = (JsonReach){.all = _mm512_setzero_si512()};
  x->slash = 0;
  uint32_t wrong_word = UINT32_MAX;
  if (x->size) json_run_edge(x, &run);
  while (!run.bad && wrong_word == UINT32_MAX && run.at < x->size && run.out < x->out + x->room) {
    if (run.words.len >= JSON_PENDING_MAX) wrong_word = json_words_check(x->base, &run.words);
    else if (x->size - run.at >= JSON_WORD) json_run_avx512(x, &run, x->base + run.at, x->size - (JSON_WORD - 1));
    else json_run_edge(x, &run);
  }
  if (wrong_word == UINT32_MAX) wrong_word = json_words_check(x->base, &run.words);
  if (wrong_word != UINT32_MAX) run.out = json_index_cut(x->out, run.out, wrong_word);
  x->high = _mm512_movepi8_mask(run.reach.all) != 0;
  x->len = (uint32_t)(run.out - x->out);
}
#endif
