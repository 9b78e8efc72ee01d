/* fuzz_rows.c: lines of a source's format from its row type.
 *
 * A value is one of three kinds: from a small pool, so that keys meet and some are frequent; from the borders of its type; or
 * odd, which its column refuses (other text, too large, empty). A line may be broken as a whole: cut, with a byte
 * changed, doubled, empty, with a field too many, or with a quote that nobody closes. */
#include "driver/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FUZZ_LONG_TEXT = 5000, FUZZ_DEPTH_MAX = 4 };

uint64_t fuzz_random(FuzzRandom *r) {
  uint64_t x = r->state += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

uint64_t fuzz_below(FuzzRandom *r, uint64_t n) { return fuzz_random(r) % n; }

static bool fuzz_chance(FuzzRandom *r, uint32_t of_1000) { return fuzz_below(r, 1000) < of_1000; }

FuzzProfile fuzz_profile(uint64_t seed, uint32_t rows) {
  FuzzRandom r = {seed ^ 0xf022};
  switch (seed % 8) {
  case 0: return (FuzzProfile){rows, 0, 0};
  case 1: return (FuzzProfile){(uint32_t)fuzz_below(&r, 4), 0, 0};
  case 2: return (FuzzProfile){rows, 20, 0};
  case 3: return (FuzzProfile){rows, 300, 0};
  case 4: return (FuzzProfile){rows, 0, 20};
  case 5: return (FuzzProfile){rows, 100, 200};
  case 6: return (FuzzProfile){1 + (uint32_t)fuzz_below(&r, rows), 0, 0};
  default: return (FuzzProfile){1 + (uint32_t)fuzz_below(&r, rows), 5, 5};
  }
}

/* ---- text that grows ---- */

typedef struct FuzzOut { Arena *a; FuzzText t; size_t room; } FuzzOut;

static void fuzz_put(FuzzOut *o, const char *data, size_t len) {
  if (o->t.len + len + 1 > o->room) {
    char *old = o->t.data;
    o->room = (o->t.len + len + 1) * 2;
    o->t.data = arena_alloc(o->a, o->room);
    if (o->t.len) memcpy(o->t.data, old, o->t.len);
  }
  memcpy(o->t.data + o->t.len, data, len);
  o->t.len += len;
}

static void fuzz_puts(FuzzOut *o, const char *text) { fuzz_put(o, text, strlen(text)); }

/* ---- scalars as text ---- */

static FuzzText fuzz_text_of(const char *text) { return (FuzzText){(char *)(uintptr_t)text, strlen(text)}; }

static FuzzText fuzz_pick(FuzzRandom *r, const char *const *of, size_t len) { return fuzz_text_of(of[fuzz_below(r, len)]); }

static FuzzText fuzz_odd(Arena *a, FuzzRandom *r) {
  static const char *const texts[] = {"", " ", "x", "-", "nan", "1e999", "99999999999999999999999999999999999999999", "0x1F", "1,5", "\xff\xfe",
                                      "2023-02-30", "24:61:00", "\xc3", "\xed\xa0\x80", "null", "NULL", "\\N", "--1", "1 2", "true false"};
  if (fuzz_below(r, 30)) return fuzz_pick(r, texts, sizeof texts / sizeof *texts);
  char *text = arena_alloc(a, FUZZ_LONG_TEXT + 1);
  memset(text, '7', FUZZ_LONG_TEXT);
  return (FuzzText){text, FUZZ_LONG_TEXT};
}

static FuzzText fuzz_string(Arena *a, FuzzRandom *r) {
  static const char *const texts[] = {"a", "b", "key", "Anna", "Zo\xc3\xab", "a@example.org", "x y", "\"q\"", "a,b", "tab\there", "'", "{}",
                                      "\xf0\x9f\x98\x80", "a\xcc\x81", "..", "../x", "/", "line\nbreak", "100%", "\\", "[1]", "42", "-0"};
  if (fuzz_below(r, 2)) return fuzz_text_of(fuzz_below(r, 3) ? "a" : "b");
  if (fuzz_below(r, 200)) return fuzz_pick(r, texts, sizeof texts / sizeof *texts);
  char *text = arena_alloc(a, FUZZ_LONG_TEXT + 1);
  for (size_t i = 0; i < FUZZ_LONG_TEXT; i++) text[i] = (char)('a' + (char)fuzz_below(r, 26));
  return (FuzzText){text, FUZZ_LONG_TEXT};
}

static FuzzText fuzz_integer(Arena *a, FuzzRandom *r, const Type *t) {
  int bits = type_bits(t);
  uint64_t small = fuzz_below(r, 3) ? fuzz_below(r, 8) : 1;
  if (fuzz_below(r, 8)) return fuzz_text_of(arena_printf(a, "%" PRIu64, small));
  if (!type_is_signed(t)) {
    uint64_t top = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return fuzz_text_of(arena_printf(a, "%" PRIu64, fuzz_below(r, 2) ? top - fuzz_below(r, 2) : fuzz_random(r) & top));
  }
  int64_t top = bits == 64 ? INT64_MAX : ((int64_t)1 << (bits - 1)) - 1;
  int64_t values[] = {top, -top - 1, top - 1, -1, (int64_t)(fuzz_random(r) & (uint64_t)top), -(int64_t)(fuzz_random(r) & (uint64_t)top)};
  return fuzz_text_of(arena_printf(a, "%" PRId64, values[fuzz_below(r, 6)]));
}

static FuzzText fuzz_decimal(Arena *a, FuzzRandom *r, const Type *t) {
  int whole = t->precision - t->scale, digits = 0;
  bool border = !fuzz_below(r, 8);
  char text[96];
  if (!fuzz_below(r, 4)) text[digits++] = '-';
  if (border)
    for (int i = 0; i < whole; i++) text[digits++] = '9';
  if (!border && whole > 1 && !fuzz_below(r, 2)) text[digits++] = '1';
  if (!border || !whole) text[digits++] = (char)('0' + (whole ? fuzz_below(r, 4) : 0));
  if (t->scale) text[digits++] = '.';
  for (int i = 0; i < t->scale; i++) text[digits++] = border ? '9' : fuzz_below(r, 2) ? '5' : '0';
  return fuzz_text_of(arena_strndup(a, text, (size_t)digits));
}

static FuzzText fuzz_uuid(Arena *a, FuzzRandom *r) {
  uint64_t n = fuzz_below(r, 4) ? fuzz_below(r, 4) : fuzz_random(r);
  return fuzz_text_of(arena_printf(a, "%08x-0000-4000-8000-%012" PRIx64, (unsigned)(n & 0xffffffff), n >> 16));
}

static FuzzText fuzz_scalar(Arena *a, FuzzRandom *r, const Type *t) {
  static const char *const floats[] = {"0", "1", "-1.5", "0.1", "1e300", "-1e-300", "4.9e-324", "3.5", "2", "1e15", "-0.0"};
  static const char *const dates[] = {"2024-02-29", "1970-01-01", "2023-12-31", "2024-01-01", "0001-01-01", "9999-12-31", "2024-03-31"};
  static const char *const times[] = {"00:00:00", "23:59:59.999999", "12:30:00"};
  static const char *const stamps[] = {"2024-02-29T12:00:00Z", "1970-01-01T00:00:00Z", "2024-03-31T01:30:00Z", "2024-03-31T01:30:00.000001Z",
                                       "9999-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"};
  static const char *const durations[] = {"0s", "1s", "90m", "1h30m", "250ms"};
  static const char *const bytes[] = {"", "6162", "00ff", "deadbeef"};
  switch (t->kind) {
  case TY_BOOL: return fuzz_text_of(fuzz_below(r, 2) ? "true" : "false");
  case TY_F32: return fuzz_pick(r, floats, 4);
  case TY_F64: return fuzz_pick(r, floats, sizeof floats / sizeof *floats);
  case TY_DECIMAL: return fuzz_decimal(a, r, t);
  case TY_DATE: return fuzz_pick(r, dates, sizeof dates / sizeof *dates);
  case TY_TIME: return fuzz_pick(r, times, sizeof times / sizeof *times);
  case TY_TIMESTAMP: return fuzz_pick(r, stamps, sizeof stamps / sizeof *stamps);
  case TY_DURATION: return fuzz_pick(r, durations, sizeof durations / sizeof *durations);
  case TY_BYTES: return fuzz_pick(r, bytes, sizeof bytes / sizeof *bytes);
  case TY_UUID: return fuzz_uuid(a, r);
  case TY_ENUM: return fuzz_text_of(t->names[fuzz_below(r, 2) ? 0 : fuzz_below(r, t->len)]);
  case TY_STRING: return fuzz_string(a, r);
  default: return type_is_integer(t) ? fuzz_integer(a, r, t) : fuzz_text_of("");
  }
}

/* A moment as the format of a field writes it. */
static FuzzText fuzz_moment(Arena *a, FuzzRandom *r, const char *format) {
  static const int years[] = {2023, 1970, 2025}, first_weekday[] = {0, 4, 3};   /* none of them a leap year */
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                                       "November", "December"};
  int y = (int)fuzz_below(r, 3), m = (int)fuzz_below(r, 12), d = (int)fuzz_below(r, 28), s = (int)fuzz_below(r, 86400);
  const char *day = days[(first_weekday[y] + before[m] + d) % 7];
  char *out = arena_strndup(a, "", 0);
  for (const char *f = format; *f; f++) {
    char c = *f == '%' && f[1] ? *++f : 0;
    switch (c) {
    case 0: out = arena_printf(a, "%s%c", out, *f); break;
    case 'Y': out = arena_printf(a, "%s%d", out, years[y]); break;
    case 'y': out = arena_printf(a, "%s%02d", out, years[y] % 100); break;
    case 'm': out = arena_printf(a, "%s%02d", out, m + 1); break;
    case 'd': out = arena_printf(a, "%s%02d", out, d + 1); break;
    case 'j': out = arena_printf(a, "%s%03d", out, before[m] + d + 1); break;
    case 'H': out = arena_printf(a, "%s%02d", out, s / 3600); break;
    case 'M': out = arena_printf(a, "%s%02d", out, s / 60 % 60); break;
    case 'S': out = arena_printf(a, "%s%02d", out, s % 60); break;
    case 'f': out = arena_printf(a, "%s%06d", out, s); break;
    case 'z': out = arena_printf(a, "%s+0100", out); break;
    case 'a': case 'A': out = arena_printf(a, "%s%.*s", out, c == 'a' ? 3 : 9, day); break;
    case 'b': case 'B': out = arena_printf(a, "%s%.*s", out, c == 'b' ? 3 : 9, months[m]); break;
    default: out = arena_printf(a, "%s%c", out, c); break;
    }
  }
  return fuzz_text_of(out);
}

const char *fuzz_make_word(Arena *a, FuzzRandom *r, const Type *t) {
  FuzzText text = t->kind == TY_STRING ? fuzz_text_of("a") : fuzz_scalar(a, r, t);
  return arena_strndup(a, text.data, text.len);
}

/* ---- a value in a format ---- */

static void fuzz_json_string(FuzzOut *o, FuzzText t) {
  fuzz_puts(o, "\"");
  for (size_t i = 0; i < t.len; i++) {
    char c = t.data[i], escape[8];
    if (c == '"' || c == '\\') fuzz_put(o, "\\", 1);
    if ((unsigned char)c >= 0x20) fuzz_put(o, &c, 1);
    else fuzz_put(o, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)c));
  }
  fuzz_puts(o, "\"");
}

/* format: how the field writes its moments, or NULL. */
static void fuzz_json(FuzzOut *o, FuzzRandom *r, const Type *t, const char *format, uint32_t odd, int depth) {
  if (t->nullable && !fuzz_below(r, 6)) {
    fuzz_puts(o, "null");
  } else if (odd && fuzz_chance(r, odd)) {
    fuzz_json_string(o, fuzz_odd(o->a, r));
  } else if (t->kind == TY_LIST) {
    fuzz_puts(o, "[");
    for (uint64_t i = 0, n = depth < FUZZ_DEPTH_MAX ? fuzz_below(r, 4) : 0; i < n; i++) {
      if (i) fuzz_puts(o, ",");
      fuzz_json(o, r, t->elem, NULL, odd, depth + 1);
    }
    fuzz_puts(o, "]");
  } else if (t->kind == TY_STRUCT) {
    for (uint32_t i = 0; i < t->len; i++) {
      fuzz_puts(o, i ? "," : "{");
      fuzz_json_string(o, fuzz_text_of(t->fields[i].name));
      fuzz_puts(o, ":");
      fuzz_json(o, r, t->fields[i].type, NULL, odd, depth + 1);
    }
    fuzz_puts(o, t->len ? "}" : "{}");
  } else {
    FuzzText text = format ? fuzz_moment(o->a, r, format) : fuzz_scalar(o->a, r, t);
    if (t->kind == TY_BOOL || type_is_numeric(t)) fuzz_put(o, text.data, text.len);
    else fuzz_json_string(o, text);
  }
}

static void fuzz_csv_field(FuzzOut *o, const FuzzSource *s, FuzzText t) {
  char quote = s->options.quote;
  bool special = false;
  for (size_t i = 0; i < t.len; i++)
    special |= t.data[i] == s->options.delimiter || t.data[i] == '\n' || t.data[i] == '\r' || (quote && t.data[i] == quote);
  if (special && quote) fuzz_put(o, &quote, 1);
  for (size_t i = 0; i < t.len; i++) {
    bool clash = special && !quote;
    if (special && quote && t.data[i] == quote) fuzz_put(o, &quote, 1);
    fuzz_put(o, clash ? "_" : t.data + i, 1);
  }
  if (special && quote) fuzz_put(o, &quote, 1);
}

static FuzzText fuzz_field_value(Arena *a, const FuzzSource *s, FuzzRandom *r, uint32_t i, uint32_t odd) {
  const Type *t = s->types[i];
  if (t->nullable && !fuzz_below(r, 6)) {
    if (!s->options.null_len) return fuzz_text_of("");
    const FrtStr *n = &s->options.nulls[fuzz_below(r, s->options.null_len)];
    return (FuzzText){(char *)(uintptr_t)n->ptr, n->len};
  }
  if (odd && fuzz_chance(r, odd)) return fuzz_odd(a, r);
  return s->fields[i].format ? fuzz_moment(a, r, s->fields[i].format) : fuzz_scalar(a, r, t);
}

static const char *fuzz_name(const PlanField *f) { return f->from_len ? f->from[0] : f->name; }

static void fuzz_row(FuzzOut *o, const FuzzSource *s, FuzzRandom *r, uint32_t odd) {
  bool json = s->options.format == FRT_FMT_JSONL || s->options.format == FRT_FMT_JSON;
  for (uint32_t i = 0; i < s->field_len; i++) {
    if (json) {
      fuzz_puts(o, i ? "," : "{");
      fuzz_json_string(o, fuzz_text_of(fuzz_name(&s->fields[i])));
      fuzz_puts(o, ":");
      fuzz_json(o, r, s->types[i], s->fields[i].format, odd, 0);
      continue;
    }
    FuzzText value = fuzz_field_value(o->a, s, r, i, odd);
    if (s->options.format == FRT_FMT_FIXED) {
      for (uint32_t k = 0; k < s->fields[i].width; k++)
        fuzz_put(o, k >= value.len || value.data[k] == '\n' ? " " : value.data[k] & 0x80 ? "_" : value.data + k, 1);
    } else if (s->options.format == FRT_FMT_TEXT) {
      for (size_t k = 0; k < value.len; k++) fuzz_put(o, value.data[k] == '\n' ? " " : value.data + k, 1);
    } else {
      if (i) fuzz_put(o, &s->options.delimiter, 1);
      fuzz_csv_field(o, s, value);
    }
  }
  if (json) fuzz_puts(o, s->field_len ? "}" : "{}");
}

static void fuzz_break(FuzzOut *o, FuzzRandom *r) {
  char c = (char)fuzz_random(r);
  switch (fuzz_below(r, 6)) {
  case 0: o->t.len = o->t.len ? fuzz_below(r, o->t.len) : 0; break;
  case 1: if (o->t.len) o->t.data[fuzz_below(r, o->t.len)] = c; break;
  case 2: fuzz_puts(o, ",more,\t;"); break;
  case 3: fuzz_puts(o, "\""); break;
  case 4: o->t.len = 0; break;
  default: fuzz_puts(o, "\r"); break;
  }
}

static FuzzText fuzz_head(Arena *a, const FuzzSource *s) {
  FuzzOut o = {.a = a};
  if (s->options.format == FRT_FMT_JSON) fuzz_puts(&o, "[");
  if (s->options.format == FRT_FMT_CSV && s->options.header) {
    for (uint32_t i = 0; i < s->field_len; i++) {
      if (i) fuzz_put(&o, &s->options.delimiter, 1);
      fuzz_csv_field(&o, s, fuzz_text_of(fuzz_name(&s->fields[i])));
    }
    fuzz_puts(&o, "\n");
  }
  return o.t;
}

void fuzz_make_lines(Arena *a, FuzzSource *s, FuzzRandom *r, const FuzzProfile *p) {
  s->head = fuzz_head(a, s);
  s->tail = fuzz_text_of(s->options.format == FRT_FMT_JSON ? "]\n" : "");
  if (!p->rows && fuzz_below(r, 2)) s->head.len = s->tail.len = 0;   /* a file without a byte */
  s->lines = arena_alloc(a, ((size_t)p->rows + 1) * sizeof *s->lines);
  s->line_len = p->rows;
  for (uint32_t i = 0; i < p->rows; i++) {
    FuzzOut o = {.a = a};
    if (i && !fuzz_below(r, 10)) {   /* the same row again */
      s->lines[i] = s->lines[fuzz_below(r, i)];
      continue;
    }
    fuzz_row(&o, s, r, p->odd);
    if (p->broken && fuzz_chance(r, p->broken)) fuzz_break(&o, r);
    s->lines[i] = o.t;
  }
}
