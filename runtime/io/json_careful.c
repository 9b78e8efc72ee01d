/* json_careful.c: reads JSON byte by byte, as RFC 8259 has it.
 *
 * A value is skipped without recursion: one bit for each open bracket says whether it is a list or an
 * object. Strings, where most bytes are, go 16 bytes at a time to the next quote, backslash or control
 * character. */
#include <string.h>

#include "io/contract.h"
#include "io/json.h"
#include "sched/run_internal.h"
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

static const char *json_fail(JsonFault *f, const char *at, const char *what) {
  f->what = what;
  f->at = at;
  f->cut = 0;
  return NULL;
}

static const char *json_cut(JsonFault *f, const char *at, const char *what) {
  json_fail(f, at, what);
  f->cut = 1;
  return NULL;
}

const char *json_skip_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
  return p;
}

/* ---- strings ---- */

static int json_hex4(const char *p, const char *end) {
  int v = 0;
  if (end - p < 4) return -1;
  for (int i = 0; i < 4; i++) {
    unsigned c = (unsigned char)p[i], d = c - '0';
    if (d > 9) {
      d = (c | 32) - 'a';
      if (d > 5) return -1;
      d += 10;
    }
    v = v * 16 + (int)d;
  }
  return v;
}

uint32_t json_escape_size(const char *p, const char *end) {
  if (end - p < 2) return 0;
  switch (p[1]) {
  case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return 2;
  case 'u': break;
  default: return 0;
  }
  int high = json_hex4(p + 2, end);
  if (high < 0 || (high >= 0xdc00 && high <= 0xdfff)) return 0;
  if (high < 0xd800 || high > 0xdfff) return 6;
  if (end - p < 12 || p[6] != '\\' || p[7] != 'u') return 0;
  int low = json_hex4(p + 8, end);
  return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

/* The first quote, backslash or control character at or after p, or a place less than 16 bytes before the
 * end. */
static const char *json_string_run(const char *p, const char *end, int *high) {
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), last = _mm_set1_epi8(0x1f);
  int above = 0;
  while (end - p >= 16) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash));
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(x, last), x));
    unsigned mask = (unsigned)_mm_movemask_epi8(stop), bytes = (unsigned)_mm_movemask_epi8(x);
    if (mask) {
      unsigned n = (unsigned)__builtin_ctz(mask);
      *high |= above || (bytes & ((1u << n) - 1)) != 0;
      return p + n;
    }
    above |= bytes != 0;
    p += 16;
  }
  *high |= above;
#else
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  while (end - p >= 8) {
    uint64_t x;
    memcpy(&x, p, 8);
    uint64_t q = x ^ (ones * '"'), s = x ^ (ones * '\\');
    uint64_t stop = ((q - ones) & ~q) | ((s - ones) & ~s) | ((x - ones * 0x20) & ~x);
    if (stop & tops) return p;
    *high |= (x & tops) != 0;
    p += 8;
  }
#endif
  return p;
}

const char *json_skip_string(const char *p, const char *end, int *high, JsonFault *f) {
  for (;;) {
    p = json_string_run(p, end, high);
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) {
      *high |= (unsigned char)*p >> 7;
      p++;
      if (end - p >= 16) break;
    }
    if (p == end) return json_cut(f, p, "a string is not closed");
    unsigned char c = (unsigned char)*p;
    if (c == '"') return p;
    if (c == '\\') {
      uint32_t size = json_escape_size(p, end);
      if (!size) return end - p < 12 ? json_cut(f, p, "wrong escape") : json_fail(f, p, "wrong escape");
      p += size;
    } else if (c < 0x20) {
      return json_fail(f, p, "control character in a string");
    }
  }
}

static size_t json_put_utf8(char *out, uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 63));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 63));
    out[2] = (char)(0x80 | (c & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 63));
  out[2] = (char)(0x80 | (c >> 6 & 63));
  out[3] = (char)(0x80 | (c & 63));
  return 4;
}

size_t json_unescape(char *out, const char *p, size_t n) {
  const char *end = p + n;
  char *o = out;
  while (p < end) {
    const char *slash = memchr(p, '\\', (size_t)(end - p));
    size_t plain = (size_t)((slash ? slash : end) - p);
    memcpy(o, p, plain);
    o += plain;
    p += plain;
    if (p == end) break;
    switch (p[1]) {
    case 'b': *o++ = '\b'; break;
    case 'f': *o++ = '\f'; break;
    case 'n': *o++ = '\n'; break;
    case 'r': *o++ = '\r'; break;
    case 't': *o++ = '\t'; break;
    case 'u': {
      uint32_t c = (uint32_t)json_hex4(p + 2, end);
      if (c >= 0xd800 && c <= 0xdfff) {
        c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)json_hex4(p + 8, end) - 0xdc00);
        p += 6;
      }
      o += json_put_utf8(o, c);
      p += 4;
      break;
    }
    default: *o++ = p[1]; break;
    }
    p += 2;
  }
  return (size_t)(o - out);
}

/* ---- numbers and words ---- */

static int json_is_digit(const char *p, const char *end) { return p < end && (unsigned)(*p - '0') <= 9; }

static const char *json_skip_digits(const char *p, const char *end) {
  while (json_is_digit(p, end)) p++;
  return p;
}

static const char *json_bad_number(const char *p, const char *end, JsonFault *f) {
  return p == end ? json_cut(f, p, "a number is cut short") : json_fail(f, p, "wrong number");
}

static const char *json_skip_number(const char *p, const char *end, JsonFault *f) {
  p += *p == '-';
  if (!json_is_digit(p, end)) return json_bad_number(p, end, f);
  if (*p == '0') {
    p++;
    if (json_is_digit(p, end)) return json_fail(f, p, "a number begins with 0");
  } else {
    p = json_skip_digits(p, end);
  }
  if (p < end && *p == '.') {
    p++;
    if (!json_is_digit(p, end)) return json_bad_number(p, end, f);
    p = json_skip_digits(p, end);
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    p += p < end && (*p == '+' || *p == '-');
    if (!json_is_digit(p, end)) return json_bad_number(p, end, f);
    p = json_skip_digits(p, end);
  }
  return p;
}

static const char *json_skip_word(const char *p, const char *end, const char *word, size_t n, JsonFault *f) {
  size_t have = (size_t)(end - p) < n ? (size_t)(end - p) : n;
  if (memcmp(p, word, have) != 0) return json_fail(f, p, "a value is expected");
  return have < n ? json_cut(f, p, "a value is expected") : p + n;
}

/* A value that is neither a list nor an object. */
static inline const char *json_skip_scalar(const char *p, const char *end, int *high, JsonFault *f) {
  switch (*p) {
  case '"':
    p = json_skip_string(p + 1, end, high, f);
    return p ? p + 1 : NULL;
  case 't': return json_skip_word(p, end, "true", 4, f);
  case 'f': return json_skip_word(p, end, "false", 5, f);
  case 'n': return json_skip_word(p, end, "null", 4, f);
  case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
    return json_skip_number(p, end, f);
  default: return json_fail(f, p, "a value is expected");
  }
}

/* A member's name and its colon; p is at the opening quote. Returns the place of the value. */
static const char *json_skip_name(const char *p, const char *end, int *high, JsonFault *f) {
  if (p == end) return json_cut(f, p, "an object is not closed");
  if (*p != '"') return json_fail(f, p, "a member name is expected");
  p = json_skip_string(p + 1, end, high, f);
  if (!p) return NULL;
  p = json_skip_space(p + 1, end);
  if (p == end) return json_cut(f, p, "a `:` is expected");
  if (*p != ':') return json_fail(f, p, "a `:` is expected");
  return json_skip_space(p + 1, end);
}

/* ---- nested values ---- */

const char *json_skip_value(const char *p, const char *end, int *high, JsonFault *f) {
  uint64_t object[JSON_DEPTH_MAX / 64];  /* bit d: bracket d is a brace */
  uint32_t depth = 0;
  for (;;) {
    /* a value begins at p */
    if (p == end) return json_cut(f, p, "a value is expected");
    if (*p == '{' || *p == '[') {
      if (depth == JSON_DEPTH_MAX) return json_fail(f, p, "nested more than 512 deep");
      int brace = *p == '{';
      uint64_t bit = (uint64_t)1 << depth % 64;
      object[depth / 64] = brace ? ((depth % 64 ? object[depth / 64] : 0) | bit)
                                 : ((depth % 64 ? object[depth / 64] : 0) & ~bit);
      depth++;
      p = json_skip_space(p + 1, end);
      if (p < end && *p == (brace ? '}' : ']')) {
        p++;
        depth--;
      } else {
        if (brace && !(p = json_skip_name(p, end, high, f))) return NULL;
        continue;
      }
    } else if (!(p = json_skip_scalar(p, end, high, f))) {
      return NULL;
    }
    /* a value has ended before p */
    for (;;) {
      if (depth == 0) return p;
      int brace = object[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
      p = json_skip_space(p, end);
      if (p == end) return json_cut(f, p, brace ? "an object is not closed" : "a list is not closed");
      if (*p == ',') {
        p = json_skip_space(p + 1, end);
        if (brace && !(p = json_skip_name(p, end, high, f))) return NULL;
        break;
      }
      if (*p != (brace ? '}' : ']'))
        return json_fail(f, p, brace ? "a `,` or `}` is expected" : "a `,` or `]` is expected");
      p++;
      depth--;
    }
  }
}

int json_valid(const char *p, size_t n, JsonFault *f) {
  const char *end = p + n, *begin = p;
  int high = 0;
  p = json_skip_value(json_skip_space(p, end), end, &high, f);
  if (!p) return 0;
  p = json_skip_space(p, end);
  if (p != end) return json_fail(f, p, "text after the value") != NULL;
  if (high && !frt_utf8_valid(begin, n)) return json_fail(f, begin, "not valid UTF-8") != NULL;
  return 1;
}

/* ---- records ---- */

static uint32_t json_name_hash(const char *p, size_t n) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 16777619u;
  return h;
}

static int json_name_is(const JsonName *name, const char *p, size_t n) {
  return name->text.len == n && memcmp(name->text.ptr, p, n) == 0;
}

static int32_t json_name_find(const JsonState *j, const char *p, size_t n) {
  for (uint32_t h = json_name_hash(p, n) & j->hash_mask; j->name_hash[h] != JSON_ABSENT; h = (h + 1) & j->hash_mask)
    if (json_name_is(&j->names[j->name_hash[h]], p, n)) return j->name_hash[h];
  return JSON_ABSENT;
}

static void json_name_add(JsonState *j, FrtStr text, int32_t column) {
  if (json_name_find(j, text.ptr, text.len) != JSON_ABSENT) return;  /* the first column of a name has it */
  uint32_t h = json_name_hash(text.ptr, text.len) & j->hash_mask;
  while (j->name_hash[h] != JSON_ABSENT) h = (h + 1) & j->hash_mask;
  j->name_hash[h] = (int32_t)j->name_len;
  j->names[j->name_len++] = (JsonName){text, column};
}

void json_names_open(FrtScanner *s, JsonState *j) {
  const FrtScan *scan = s->scan;
  uint32_t n = 0, size = 16;
  for (uint32_t c = 0; c < scan->column_len; c++) n += 1 + scan->columns[c].from_len;
  while (size < n * 2) size *= 2;
  j->names = frt_alloc_run(s->cx, sizeof *j->names * (n + 1));
  j->name_hash = frt_alloc_run(s->cx, sizeof *j->name_hash * size);
  for (uint32_t i = 0; i < size; i++) j->name_hash[i] = JSON_ABSENT;
  j->hash_mask = size - 1;
  j->contract = scan->options.contract;
  j->cell = frt_alloc_run(s->cx, sizeof *j->cell * (scan->column_len + 1));
  j->member = frt_alloc_run(s->cx, sizeof *j->member * JSON_MEMBERS_MAX);
  memset(j->member, 0, sizeof *j->member * JSON_MEMBERS_MAX);
  for (uint32_t i = 0; i < JSON_MEMBERS_MAX; i++) j->member[i].name = JSON_ABSENT;
  for (uint32_t c = 0; c < scan->column_len; c++) json_name_add(j, scan->columns[c].name, (int32_t)c);
  for (uint32_t c = 0; c < scan->column_len; c++)
    for (uint32_t i = 0; i < scan->columns[c].from_len; i++) json_name_add(j, scan->columns[c].from[i], (int32_t)c);
}

/* The column that a contract of `evolve` finds for a name in another case. */
static int32_t json_name_case(const JsonState *j, const char *p, size_t n) {
  FrtStr name = {p, (uint32_t)n, 0};
  for (uint32_t i = 0; i < j->name_len; i++)
    if (frt_contract_case_equal(j->names[i].text, name)) return (int32_t)i;
  return JSON_ABSENT;
}

static int32_t json_name_look(const JsonState *j, const char *p, size_t n) {
  int32_t found = json_name_find(j, p, n);
  return found == JSON_ABSENT && j->contract == FRT_CONTRACT_EVOLVE ? json_name_case(j, p, n) : found;
}

/* The name [p, q) without its quotes; `guess` is the one that the record before had in this place. */
static int32_t json_name_of(const JsonState *j, const char *p, const char *q, int32_t guess) {
  char small[256];
  size_t n = (size_t)(q - p);
  if (guess != JSON_ABSENT && json_name_is(&j->names[guess], p, n)) return guess;
  if (!memchr(p, '\\', n)) return json_name_look(j, p, n);
  if (n > sizeof small) {           /* six bytes of an escape stand for three at most of a name */
    char *room = frt_malloc(n);
    int32_t found = json_name_look(j, room, json_unescape(room, p, n));
    frt_free(room);
    return found;
  }
  return json_name_look(j, small, json_unescape(small, p, n));
}

const char *json_read_object(JsonState *j, const FrtScan *scan, const char *p, const char *end, int *high,
                             uint64_t *unknown, JsonFault *f) {
  JsonMember over, *m;
  memset(j->cell, 0, sizeof *j->cell * scan->column_len);
  j->unknown = (FrtStr){0};
  j->member_len = 0;
  const char *before = p;
  p = json_skip_space(p + 1, end);
  if (p < end && *p == '}') return p + 1;
  for (;;) {
    m = j->member_len < JSON_MEMBERS_MAX ? &j->member[j->member_len] : &over;
    int32_t guess = m == &over ? JSON_ABSENT : m->name;
    j->member_len++;
    if (p == end) return json_cut(f, p, "an object is not closed");
    if (*p != '"') return json_fail(f, p, "a member name is expected");
    const char *name = p, *name_end = json_skip_string(p + 1, end, high, f);
    if (!name_end) return NULL;
    m->begin = before;
    m->name = json_name_of(j, p + 1, name_end, guess);
    p = json_skip_space(name_end + 1, end);
    if (p == end) return json_cut(f, p, "a `:` is expected");
    if (*p != ':') return json_fail(f, p, "a `:` is expected");
    m->colon = p;
    m->value = p = json_skip_space(p + 1, end);
    if (p == end) return json_cut(f, p, "a value is expected");
    p = *p == '{' || *p == '[' ? json_skip_value(p, end, high, f) : json_skip_scalar(p, end, high, f);
    if (!p) return NULL;
    m->value_end = p;
    if (m->name == JSON_ABSENT) {
      if (!*unknown) j->unknown = (FrtStr){name, (uint32_t)(name_end + 1 - name), 0};
      *unknown += 1;
    } else {
      j->cell[j->names[m->name].column] = (FrtStr){m->value, (uint32_t)(p - m->value), 0};
    }
    p = json_skip_space(p, end);
    if (p == end) return json_cut(f, p, "an object is not closed");
    before = p;
    if (*p == '}') return p + 1;
    if (*p != ',') return json_fail(f, p, "a `,` or `}` is expected");
    p = json_skip_space(p + 1, end);
  }
}

/* ---- rows ---- */

static void *json_place(FrtScanner *s, uint32_t c, uint32_t row) {
  char *col = s->block.col[c];
  return col ? col + (size_t)row * s->scan->columns[c].type->size : s->value_scratch;
}

static void json_set_nul(FrtScanner *s, uint32_t c, uint32_t row, uint8_t nul) {
  if (s->block.nul[c]) s->block.nul[c][row] = nul;
}

/* The error of a value: its field is the column, and the path below it. */
static void json_value_error(FrtScanner *s, uint32_t c, uint32_t row, int code, const JsonPath *path) {
  const FrtColumn *column = &s->scan->columns[c];
  uint32_t op = s->scan->op;
  if (path->len == 0 || column->use & FRT_USE_LENIENT || (column->type->nullable && s->cx->run->module->ops[op].policy == FRT_POLICY_NULL)) {
    frt_scan_value_error(s, c, row, code);
    return;
  }
  char *field = frt_alloc(s->cx, (size_t)column->name.len + path->len);
  memcpy(field, column->name.ptr, column->name.len);
  memcpy(field + column->name.len, path->text, path->len);
  frt_scan_field_error(s, row, code, (FrtStr){field, column->name.len + path->len, 0});
}

void json_convert_missing(FrtScanner *s, uint32_t c, uint32_t row) {
  const FrtColumn *column = &s->scan->columns[c];
  if (s->row_bad[row] == SCAN_ROW_LOST) return;
  if (column->type->nullable && !(column->use & FRT_USE_LENT_NULL && column->dflt)) {
    memset(json_place(s, c, row), 0, column->type->size);
    json_set_nul(s, c, row, 1);
  } else if (column->dflt) {
    json_set_nul(s, c, row, 0);
    memcpy(json_place(s, c, row), column->dflt, column->type->size);
  } else if (s->scan->options.contract == FRT_CONTRACT_DISCARD) {
    if (s->row_bad[row]) return;
    FRT_COUNT(s->cx, s->scan->op, FRT_DROPPED, 1);
    frt_scan_row_bad(s, row);
  } else {
    s->cx->detail = (FrtStr){0};
    frt_scan_value_error(s, c, row, FRT_E_MISSING);
  }
}

void json_convert_value(FrtScanner *s, uint32_t c, uint32_t row, FrtStr text) {
  const FrtColumn *column = &s->scan->columns[c];
  JsonPath path;
  path.len = 0;
  if (s->row_bad[row] == SCAN_ROW_LOST) return;
  int rc = json_decode(s->cx, column, text, json_place(s, c, row), &path);
  if (rc == FRT_OK) {
    json_set_nul(s, c, row, 0);
  } else if (rc == FRT_NULL) {
    memset(json_place(s, c, row), 0, column->type->size);
    json_set_nul(s, c, row, 1);
  } else {
    json_value_error(s, c, row, rc, &path);
  }
}

/* `freeze`: each object has the members of the type and no others. */
static int json_row_frozen(FrtScanner *s, uint32_t row) {
  JsonState *j = s->format_state;
  FrtStr text = {0};
  if (j->unknown.len) text = j->unknown;
  for (uint32_t c = 0; c < s->scan->column_len && !text.len; c++)
    if (!j->cell[c].ptr) text = s->scan->columns[c].name;
  if (!text.len) return 1;
  const char *why = j->unknown.len ? arena_printf(s->cx->arena, "the member %.*s is not in the type", (int)text.len, text.ptr)
                                   : arena_printf(s->cx->arena, "the member `%.*s` is missing", (int)text.len, text.ptr);
  frt_scan_record_error(s, row, FRT_E_CONTRACT, (FrtStr){why, (uint32_t)strlen(why), 0});
  return 0;
}

void json_convert_row(FrtScanner *s, uint32_t row) {
  JsonState *j = s->format_state;
  if (j->contract == FRT_CONTRACT_FREEZE && !json_row_frozen(s, row)) return;
  for (uint32_t c = 0; c < s->scan->column_len; c++) {
    if (!s->scan->columns[c].use) continue;
    if (j->cell[c].ptr) json_convert_value(s, c, row, j->cell[c]);
    else json_convert_missing(s, c, row);
    if (s->row_bad[row] == SCAN_ROW_LOST) return;
  }
}
