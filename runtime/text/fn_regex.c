/* fn_regex.c: regular expressions: where the compiler made a table (fn_table.c walks it) by that, others by PCRE2 (8 bit,
 * UTF, JIT where there is one). Both give the same matches.
 *
 * `.` is a code point other than a line feed, `$` is the end of the text, \d \w \s \b know ASCII.
 * What would backtrack without end meets a limit of steps, depth and memory and is
 * FRT_E_REGEX_LIMIT. Everything lives in the run's memory; only the code of the JIT and its stack
 * are freed at the end of the run (frt_functions_end). Texts are valid UTF-8 and not checked again.
 */
#include "text/fn_regex.h"

#ifndef FRT_NO_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#endif

#ifdef FRT_NO_PCRE2

static int fnregex_compile(FrtCtx *cx, FrtRegex *re, int keep) {
  (void)re;
  (void)keep;
  return fn_error(cx, FRT_E_REGEX, "this program was built without PCRE2 and takes simple constant patterns only");
}

static int fnregex_search(FrtCtx *cx, const FrtRegex *re, FrtStr s, size_t from,
                          const size_t **spans) {
  (void)s;
  (void)from;
  (void)spans;
  return fn_error_value(cx, FRT_E_REGEX_LIMIT, re->pattern);
}

static int fnregex_group(const FrtRegex *re, FrtStr name) {
  (void)re;
  (void)name;
  return -1;
}

void frt_functions_end(FrtCtx *cx) { cx->regex = NULL; }

#else

enum {
  FNREGEX_STEPS_MAX = 5000000, /* about 50 ms */
  FNREGEX_DEPTH_MAX = 100000,
  FNREGEX_HEAP_KIB_MAX = 64 * 1024,
  FNREGEX_STACK_BYTES_MAX = 1024 * 1024
};

/* Room for matching: one a context, so that prepared objects can be shared. */
typedef struct FnRegexRoom {
  pcre2_general_context *memory;
  pcre2_match_context *limits;
  pcre2_match_data *data;
  uint32_t pairs;
  pcre2_jit_stack *stack;
  void *list[FN_PREPARED_MAX]; /* codes that were compiled by the JIT */
  uint32_t list_len;
} FnRegexRoom;

static void *fnregex_alloc_run(PCRE2_SIZE size, void *cx) { return frt_alloc_run(cx, size); }
static void *fnregex_alloc_block(PCRE2_SIZE size, void *cx) { return frt_alloc(cx, size); }
static void fnregex_free(void *p, void *cx) {
  (void)p;
  (void)cx;
}

static FnRegexRoom *fnregex_room(FrtCtx *cx) {
  if (cx->regex) return cx->regex;
  FnRegexRoom *room = frt_alloc_run(cx, sizeof *room);
  memset(room, 0, sizeof *room);
  room->memory = pcre2_general_context_create(fnregex_alloc_run, fnregex_free, cx);
  room->limits = pcre2_match_context_create(room->memory);
  pcre2_set_match_limit(room->limits, FNREGEX_STEPS_MAX);
  pcre2_set_depth_limit(room->limits, FNREGEX_DEPTH_MAX);
  pcre2_set_heap_limit(room->limits, FNREGEX_HEAP_KIB_MAX);
  cx->regex = room;
  return room;
}

static int fnregex_bad(FrtCtx *cx, FrtStr pattern, int code, PCRE2_SIZE at) {
  enum { MESSAGE = 160, PATTERN = 200 };
  char *text = frt_alloc(cx, MESSAGE + PATTERN + 40);
  int n = pcre2_get_error_message(code, (PCRE2_UCHAR *)text, MESSAGE);
  size_t len = n > 0 ? (size_t)n : 0;
  char digits[24], *p = digits + sizeof digits;
  do *--p = (char)('0' + at % 10);
  while (at /= 10);
  fn_copy(text + len, ", at byte ", 10);
  len += 10;
  fn_copy(text + len, p, (size_t)(digits + sizeof digits - p));
  len += (size_t)(digits + sizeof digits - p);
  fn_copy(text + len, " of ", 4);
  len += 4;
  size_t take = pattern.len < PATTERN ? pattern.len : PATTERN;
  while (take < pattern.len && take && !fn_is_lead(pattern.ptr[take])) take--;
  fn_copy(text + len, pattern.ptr, take);
  return fn_error_value(cx, FRT_E_REGEX, fn_str(text, len + take));
}

static int fnregex_compile(FrtCtx *cx, FrtRegex *re, int keep) {
  FrtStr pattern = re->pattern;
  FnRegexRoom *room = fnregex_room(cx);
  pcre2_general_context *memory =
      keep ? room->memory : pcre2_general_context_create(fnregex_alloc_block, fnregex_free, cx);
  pcre2_compile_context *options = pcre2_compile_context_create(memory);
  pcre2_set_newline(options, PCRE2_NEWLINE_LF);
  int error;
  PCRE2_SIZE at;
  pcre2_code *code =
      pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.ptr : ""), pattern.len,
                    PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C,
                    &error, &at, options);
  if (!code) return fnregex_bad(cx, pattern, error, at);
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &re->group_len);
  re->code = code;
  if (!keep || room->list_len == FN_PREPARED_MAX) return FRT_OK;
  re->jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
  if (!re->jit) return FRT_OK;
  room->list[room->list_len++] = code;
  if (!room->stack) {
    room->stack = pcre2_jit_stack_create(32 * 1024, FNREGEX_STACK_BYTES_MAX, room->memory);
    pcre2_jit_stack_assign(room->limits, NULL, room->stack);
  }
  return FRT_OK;
}

static int fnregex_failed(FrtCtx *cx, const FrtRegex *re, int code) {
  switch (code) {
    case PCRE2_ERROR_NOMATCH: return FRT_NULL;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT: return fn_error_value(cx, FRT_E_REGEX_LIMIT, re->pattern);
    default: return fnregex_bad(cx, re->pattern, code, 0);
  }
}

static int fnregex_search(FrtCtx *cx, const FrtRegex *re, FrtStr s, size_t from,
                          const size_t **spans) {
  FnRegexRoom *room = fnregex_room(cx);
  if (room->pairs <= re->group_len) {
    room->pairs = re->group_len < 16 ? 16 : re->group_len + 1;
    room->data = pcre2_match_data_create(room->pairs, room->memory);
  }
  PCRE2_SPTR text = (PCRE2_SPTR)(s.len ? s.ptr : "");
  int n = re->jit ? pcre2_jit_match(re->code, text, s.len, from, 0, room->data, room->limits)
                  : pcre2_match(re->code, text, s.len, from, PCRE2_NO_UTF_CHECK, room->data,
                                room->limits);
  if (n < 0) return fnregex_failed(cx, re, n);
  const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(room->data);
  *spans = pairs;
  return pairs[0] > pairs[1] ? FRT_NULL : FRT_OK;
}

static int fnregex_group(const FrtRegex *re, FrtStr name) {
  char key[64];
  if (!name.len || name.len >= sizeof key) return -1;
  memcpy(key, name.ptr, name.len);
  key[name.len] = 0;
  int n = pcre2_substring_number_from_name(re->code, (PCRE2_SPTR)key);
  return n > 0 ? n : -1;
}

void frt_functions_end(FrtCtx *cx) {
  FnRegexRoom *room = cx->regex;
  if (!room) return;
  for (uint32_t i = 0; i < room->list_len; i++) pcre2_code_free(room->list[i]);
  pcre2_jit_stack_free(room->stack);
  cx->regex = NULL;
}
#endif

int fn_regex_search(FrtCtx *cx, const FrtRegex *re, FrtStr s, size_t from, size_t *own, const size_t **spans) {
  if (!re->table) return fnregex_search(cx, re, s, from, spans);
  *spans = own;
  return fn_tagged_search(re->table, s, from, own);
}

int fn_regex_group(const FrtRegex *re, FrtStr name) {
  const FrtTagged *t = re->table;
  if (!t) return fnregex_group(re, name);
  for (uint32_t i = 0; i < t->name_len; i++) {
    FrtStr own = t->names[i].name;
    if (own.len == name.len && !memcmp(own.ptr, name.ptr, name.len)) return (int)t->names[i].group;
  }
  return -1;
}

int frt_regex_prepare(FrtCtx *cx, const void **out, FrtStr text) {
  if ((*out = fn_prepared_find(cx, FN_REGEX, text))) return FRT_OK;
  int keep = fn_prepared_keeps(cx);
  FrtRegex *re = keep ? frt_alloc_run(cx, sizeof *re) : frt_alloc(cx, sizeof *re);
  char *pattern = keep ? frt_alloc_run(cx, text.len) : frt_alloc(cx, text.len);
  fn_copy(pattern, text.ptr, text.len);
  memset(re, 0, sizeof *re);
  re->pattern = fn_str(pattern, text.len);
  int status = fnregex_compile(cx, re, keep);
  if (status) return status;
  if (keep) fn_prepared_keep(cx, FN_REGEX, text, re);
  *out = re;
  return FRT_OK;
}

/* ---- the functions ---- */

int frt_regex_matches(FrtCtx *cx, uint8_t *out, FrtStr s, const void *regex) {
  size_t own[FN_TAGGED_SPANS];
  const size_t *spans;
  int status = fn_regex_search(cx, regex, s, 0, own, &spans);
  *out = status == FRT_OK;
  return status == FRT_NULL ? FRT_OK : status;
}

static FrtStr fnregex_slice(FrtStr s, const size_t *span) {
  return span[0] == FN_UNSET ? fn_str(NULL, 0) : fn_str(s.ptr + span[0], span[1] - span[0]);
}

int frt_regex_match_groups(FrtCtx *cx, const void *regex, FrtStr s, FrtStr *groups, uint32_t n) {
  const FrtRegex *re = regex;
  size_t own[FN_TAGGED_SPANS];
  const size_t *spans;
  if (!s.ptr) s.ptr = ""; /* an empty group is not an unset one */
  int status = fn_regex_search(cx, re, s, 0, own, &spans);
  if (status) return status;
  for (uint32_t i = 0; i < n; i++) {
    groups[i] = i <= re->group_len ? fnregex_slice(s, spans + 2 * (size_t)i) : fn_str(NULL, 0);
  }
  return FRT_OK;
}

int frt_regex_extract_group(FrtCtx *cx, FrtStr *out, FrtStr s, const void *regex, int64_t group) {
  const FrtRegex *re = regex;
  if (group < 0 || group > (int64_t)re->group_len) {
    return fn_error(cx, FRT_E_ARGUMENT, "regex_extract: the pattern has no group of that number");
  }
  size_t own[FN_TAGGED_SPANS];
  const size_t *spans;
  int status = fn_regex_search(cx, re, s, 0, own, &spans);
  if (status) return status;
  if (spans[2 * group] == FN_UNSET) return FRT_NULL;
  *out = fnregex_slice(s, spans + 2 * group);
  return FRT_OK;
}

int frt_regex_extract(FrtCtx *cx, FrtStr *out, FrtStr s, const void *regex) {
  return frt_regex_extract_group(cx, out, s, regex, 0);
}

/* The next match from *at on that is not empty right behind the last one. *at is moved behind the
 * code point after an empty match, so that every search makes way. */
typedef struct FnMatches {
  const FrtRegex *re;
  FrtStr s;
  size_t at, last_end;
  size_t own[FN_TAGGED_SPANS];
} FnMatches;

static void fnregex_begin(FnMatches *m, const void *regex, FrtStr s) {
  m->re = regex;
  m->s = s;
  m->at = 0;
  m->last_end = FN_UNSET;
}

static int fnregex_next(FrtCtx *cx, FnMatches *m, const size_t **spans) {
  while (m->at <= m->s.len) {
    int status = fn_regex_search(cx, m->re, m->s, m->at, m->own, spans);
    if (status) return status;
    size_t begin = (*spans)[0], end = (*spans)[1];
    int empty = begin == end;
    m->at = end;
    if (empty) m->at += end < m->s.len ? fn_width(m->s.ptr[end]) : 1;
    if (empty && begin == m->last_end) continue;
    m->last_end = end;
    return FRT_OK;
  }
  return FRT_NULL;
}

int frt_regex_count(FrtCtx *cx, int64_t *out, FrtStr s, const void *regex) {
  FnMatches m;
  fnregex_begin(&m, regex, s);
  const size_t *spans;
  int status;
  for (*out = 0; !(status = fnregex_next(cx, &m, &spans)); ++*out) {
  }
  return status == FRT_NULL ? FRT_OK : status;
}

typedef struct FnParts { /* grows by doubling, in block memory */
  FrtStr *items;
  uint32_t len, room;
} FnParts;

enum { FNREGEX_PARTS_FIRST = 8 };

static int fnregex_add(FrtCtx *cx, FnParts *l, FrtStr s) {
  if (l->len == FN_PARTS_MAX) return fn_error(cx, FRT_E_TOO_LONG, "16777216 parts");
  if (l->len == l->room) {
    l->room = l->room ? 2 * l->room : FNREGEX_PARTS_FIRST;
    FrtStr *items = frt_alloc(cx, (size_t)l->room * sizeof *items);
    if (l->len) memcpy(items, l->items, (size_t)l->len * sizeof *items);
    l->items = items;
  }
  l->items[l->len++] = s;
  return FRT_OK;
}

int frt_regex_extract_all(FrtCtx *cx, FrtList *out, FrtStr s, const void *regex) {
  FnMatches m;
  FnParts l = {NULL, 0, 0};
  const size_t *spans;
  int status;
  fnregex_begin(&m, regex, s);
  while (!(status = fnregex_next(cx, &m, &spans)))
    if ((status = fnregex_add(cx, &l, fnregex_slice(s, spans)))) return status;
  *out = (FrtList){l.items, l.len, 0};
  return status == FRT_NULL ? FRT_OK : status;
}

int frt_regex_split(FrtCtx *cx, FrtList *out, FrtStr s, const void *regex) {
  FnMatches m;
  FnParts l = {NULL, 0, 0};
  const size_t *spans;
  size_t from = 0;
  int status;
  fnregex_begin(&m, regex, s);
  while (!(status = fnregex_next(cx, &m, &spans))) {
    if ((status = fnregex_add(cx, &l, fn_str(s.ptr + from, spans[0] - from)))) return status;
    from = spans[1];
  }
  if (status != FRT_NULL) return status;
  status = fnregex_add(cx, &l, fn_str(s.ptr + from, s.len - from));
  *out = (FrtList){l.items, l.len, 0};
  return status;
}

/* ---- regex_replace ---- */

typedef struct FnBuffer { /* grows by doubling, in block memory */
  char *data;
  size_t len, room;
} FnBuffer;

static int fnregex_append(FrtCtx *cx, FnBuffer *b, FrtStr s) {
  if (s.len > b->room - b->len) {
    if (b->len + (uint64_t)s.len > FN_TEXT_MAX) return fn_too_long(cx);
    size_t room = (b->len + s.len) * 2;
    char *data = frt_alloc(cx, room);
    fn_copy(data, b->data, b->len);
    b->data = data;
    b->room = room;
  }
  fn_copy(b->data + b->len, s.ptr, s.len);
  b->len += s.len;
  return FRT_OK;
}

/* A reference at text[*at] == '$': its group, with *at behind it; -1: the dollar stands for itself,
 * -2: no such group. */
static int fnregex_reference(const FrtRegex *re, FrtStr text, uint32_t *at) {
  uint32_t i = *at + 1;
  if (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9') {
    uint32_t n = 0;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && n <= re->group_len; i++) {
      n = n * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *at = i;
    return n <= re->group_len ? (int)n : -2;
  }
  if (i >= text.len || text.ptr[i] != '{') return -1;
  const char *close = memchr(text.ptr + i, '}', text.len - i);
  if (!close) return -1;
  FrtStr name = fn_str(text.ptr + i + 1, (size_t)(close - text.ptr) - i - 1);
  *at = (uint32_t)(close - text.ptr) + 1;
  uint32_t n = 0, j = 0;
  for (; j < name.len && name.ptr[j] >= '0' && name.ptr[j] <= '9' && n <= re->group_len; j++) {
    n = n * 10 + (uint32_t)(name.ptr[j] - '0');
  }
  if (j == name.len && j) return n <= re->group_len ? (int)n : -2;
  int group = fn_regex_group(re, name);
  return group < 0 ? -2 : group;
}

static int fnregex_expand(FrtCtx *cx, FnBuffer *b, const FnMatches *m, const size_t *spans,
                          FrtStr text) {
  for (uint32_t i = 0; i < text.len;) {
    const char *dollar = memchr(text.ptr + i, '$', text.len - i);
    uint32_t end = dollar ? (uint32_t)(dollar - text.ptr) : text.len;
    int status = fnregex_append(cx, b, fn_str(text.ptr + i, end - i));
    i = end;
    if (status || i == text.len) return status;
    int group = fnregex_reference(m->re, text, &i);
    if (group == -2)
      return fn_error(cx, FRT_E_ARGUMENT, "regex_replace: the pattern has no such group");
    if (group >= 0) {
      status = fnregex_append(cx, b, fnregex_slice(m->s, spans + 2 * group));
    } else {
      status = fnregex_append(cx, b, fn_str("$", 1));
      i += i + 1 < text.len && text.ptr[i + 1] == '$' ? 2 : 1;
    }
    if (status) return status;
  }
  return FRT_OK;
}

int frt_regex_replace(FrtCtx *cx, FrtStr *out, FrtStr s, const void *regex, FrtStr text) {
  FnMatches m;
  FnBuffer b = {NULL, 0, 0};
  const size_t *spans;
  size_t from = 0;
  int status, any = 0;
  fnregex_begin(&m, regex, s);
  while (!(status = fnregex_next(cx, &m, &spans))) {
    if (!any) {
      b.room = (size_t)s.len + text.len + 16;
      b.data = frt_alloc(cx, b.room);
      any = 1;
    }
    size_t begin = spans[0], end = spans[1];
    status = fnregex_append(cx, &b, fn_str(s.ptr + from, begin - from));
    if (!status) status = fnregex_expand(cx, &b, &m, spans, text);
    if (status) return status;
    from = end;
  }
  if (status != FRT_NULL) return status;
  *out = s;
  if (!any) return FRT_OK;
  status = fnregex_append(cx, &b, fn_str(s.ptr + from, s.len - from));
  *out = fn_str(b.data, b.len);
  return status;
}
