/* ref_json.c: JSON lines in: "one object a line; keys by name in any order; a missing key is null or the default or a
 * row error like an empty CSV field; unknown keys are ignored; duplicate keys: the last wins. RFC 8259, strictly." */
#include <stdlib.h>
#include <string.h>

#include "ir/eval_internal.h"
#include "ref.h"
#include "text/column.h"

typedef enum { J_NULL, J_TRUE, J_FALSE, J_NUMBER, J_STRING, J_LIST, J_OBJECT } JsonKind;
typedef struct Json {
  JsonKind kind;
  FrtStr text;            /* number as written; string unescaped */
  struct Json *items;     /* of a list; values of an object */
  FrtStr *names;
  uint32_t len;
} Json;

typedef struct Reader { Ref *r; const char *p, *end; bool bad; int depth; } Reader;

static void spaces(Reader *s) {
  while (s->p < s->end && strchr(" \t\r\n", *s->p)) s->p++;
}

static bool take(Reader *s, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n)) return false;
  s->p += n;
  return true;
}

static uint32_t hex4(Reader *s) {
  uint32_t v = 0;
  for (int i = 0; i < 4; i++, s->p++) {
    if (s->p == s->end || !strchr("0123456789abcdefABCDEF", *s->p) || !*s->p) {
      s->bad = true;
      return 0;
    }
    v = v * 16 + (uint32_t)(*s->p <= '9' ? *s->p - '0' : (*s->p | 32) - 'a' + 10);
  }
  return v;
}

static char *utf8_put(char *out, uint32_t c) {
  if (c < 0x80) *out++ = (char)c;
  else if (c < 0x800) *out++ = (char)(0xc0 | c >> 6), *out++ = (char)(0x80 | (c & 63));
  else if (c < 0x10000) *out++ = (char)(0xe0 | c >> 12), *out++ = (char)(0x80 | (c >> 6 & 63)), *out++ = (char)(0x80 | (c & 63));
  else *out++ = (char)(0xf0 | c >> 18), *out++ = (char)(0x80 | (c >> 12 & 63)), *out++ = (char)(0x80 | (c >> 6 & 63)), *out++ = (char)(0x80 | (c & 63));
  return out;
}

static char *escape_read(Reader *s, char *out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  if (s->p == s->end) return s->bad = true, out;
  char c = *s->p++;
  const char *at = c ? strchr(from, c) : NULL;
  if (at) {
    *out++ = to[at - from];
    return out;
  }
  if (c != 'u') return s->bad = true, out;
  uint32_t v = hex4(s);
  if (v >= 0xdc00 && v < 0xe000) s->bad = true;      /* "a lone surrogate is a row error" */
  if (v >= 0xd800 && v < 0xdc00) {
    uint32_t low = take(s, "\\u") ? hex4(s) : 0;
    if (low < 0xdc00 || low >= 0xe000) s->bad = true;
    v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
  }
  return s->bad ? out : utf8_put(out, v);
}

static FrtStr string_read(Reader *s) {
  char *text = arena_alloc(s->r->arena, (size_t)(s->end - s->p) + 8), *out = text;
  for (s->p++; s->p < s->end && *s->p != '"' && !s->bad;) {
    if ((unsigned char)*s->p < 0x20) s->bad = true;
    else if (*s->p == '\\') s->p++, out = escape_read(s, out);
    else *out++ = *s->p++;
  }
  if (!take(s, "\"")) s->bad = true;
  return (FrtStr){text, (uint32_t)(out - text), 0};
}

static bool digits(Reader *s) {
  const char *from = s->p;
  while (s->p < s->end && *s->p >= '0' && *s->p <= '9') s->p++;
  return s->p > from;
}

static FrtStr number_read(Reader *s) {
  const char *from = s->p;
  take(s, "-");
  if (!take(s, "0") && !digits(s)) s->bad = true;
  if (take(s, ".") && !digits(s)) s->bad = true;
  if (take(s, "e") || take(s, "E")) {
    if (!take(s, "+")) take(s, "-");
    if (!digits(s)) s->bad = true;
  }
  return (FrtStr){from, (uint32_t)(s->p - from), 0};
}

static Json value_read(Reader *s);

static void items_read(Reader *s, Json *out, char close) {
  s->p++;
  spaces(s);
  if (s->p < s->end && *s->p == close) {
    s->p++;
    return;
  }
  while (!s->bad) {
    FrtStr name = {0};
    spaces(s);
    if (close == '}') {
      if (s->p == s->end || *s->p != '"') {
        s->bad = true;
        return;
      }
      name = string_read(s);
      spaces(s);
      if (!take(s, ":")) s->bad = true;
    }
    Json item = value_read(s);
    out->items = arena_grow(s->r->arena, out->items, out->len, sizeof *out->items);
    out->names = arena_grow(s->r->arena, out->names, out->len, sizeof *out->names);
    out->names[out->len] = name;
    out->items[out->len++] = item;
    spaces(s);
    if (s->p < s->end && *s->p == close) {
      s->p++;
      return;
    }
    if (!take(s, ",")) s->bad = true;
  }
}

static Json value_read(Reader *s) {
  Json v = {0};
  spaces(s);
  if (s->bad || s->p == s->end) s->bad = true;
  else if (take(s, "null")) v.kind = J_NULL;
  else if (take(s, "true")) v.kind = J_TRUE;
  else if (take(s, "false")) v.kind = J_FALSE;
  else if (*s->p == '"') v.kind = J_STRING, v.text = string_read(s);
  else if (*s->p == '[') v.kind = J_LIST, items_read(s, &v, ']');
  else if (*s->p == '{') v.kind = J_OBJECT, items_read(s, &v, '}');
  else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) v.kind = J_NUMBER, v.text = number_read(s);
  else s->bad = true;
  return v;
}

static const Json *member(const Json *o, const char *name) {
  for (uint32_t i = o->len; i-- > 0;)
    if (o->names[i].len == strlen(name) && !memcmp(o->names[i].ptr, name, o->names[i].len)) return &o->items[i];
  return NULL;
}

static int convert(Ref *r, const Type *t, const Json *j, const PlanField *pf, Value *out);

static int convert_struct(Ref *r, const Type *t, const Json *j, Value *out) {
  Value *items = arena_alloc(r->arena, (t->len + 1) * sizeof *items);
  for (uint32_t i = 0; i < t->len; i++) {
    int status = convert(r, t->fields[i].type, member(j, t->fields[i].name), NULL, &items[i]);
    if (status) return status;
  }
  *out = (Value){.items = items, .len = t->len};
  return FRT_OK;
}

static int convert_list(Ref *r, const Type *t, const Json *j, Value *out) {
  Value *items = arena_alloc(r->arena, (j->len + 1) * sizeof *items);
  for (uint32_t i = 0; i < j->len; i++) {
    int status = convert(r, t->elem, &j->items[i], NULL, &items[i]);
    if (status) return status;
  }
  *out = (Value){.items = items, .len = j->len};
  return FRT_OK;
}

/* "JSON null for a non-null type and a JSON string for an integer are row errors" (note 40); "An integer JSON number is
 * good for float and decimal" (41). */
static int convert(Ref *r, const Type *t, const Json *j, const PlanField *pf, Value *out) {
  if (!j && !t->nullable && pf && pf->dflt) return ref_eval(r, NULL, pf->dflt, out);
  if (!j || j->kind == J_NULL) {
    *out = (Value){.is_null = true};
    return t->nullable ? FRT_OK : j ? FRT_E_NULL_VALUE : FRT_E_MISSING;
  }
  if (t->kind == TY_STRUCT) return j->kind == J_OBJECT ? convert_struct(r, t, j, out) : FRT_E_JSON_TYPE;
  if (t->kind == TY_LIST) return j->kind == J_LIST ? convert_list(r, t, j, out) : FRT_E_JSON_TYPE;
  if (t->kind == TY_BOOL) {
    *out = (Value){.i = j->kind == J_TRUE};
    return j->kind == J_TRUE || j->kind == J_FALSE ? FRT_OK : FRT_E_JSON_TYPE;
  }
  if (j->kind != (type_is_numeric(t) ? J_NUMBER : J_STRING)) return FRT_E_JSON_TYPE;
  if (t->kind == TY_STRING) {
    *out = (Value){.s = j->text};
    return FRT_OK;
  }
  char form[32] = {0}, *room = arena_alloc(r->arena, (size_t)j->text.len + 160);
  if (j->text.len) memcpy(room + 64, j->text.ptr, j->text.len);
  FrtStr text = {room + 64, j->text.len, 0}, format = {0}, zone = {0};
  if (pf && pf->format) format = (FrtStr){pf->format, (uint32_t)strlen(pf->format), 0};
  if (pf && pf->zone) zone = (FrtStr){pf->zone, (uint32_t)strlen(pf->zone), 0};
  int status = frt_text_value(value_frt_type(r->arena, t), text, format, zone, form);
  if (!status && !value_from_c(r->arena, t, form, out)) ref_cannot(r, "a type of a member");
  return status;
}

static const Json *field_member(const Json *o, const PlanField *pf) {
  const Json *found = member(o, pf->name);
  for (uint32_t k = 0; !found && k < pf->from_len; k++) found = member(o, pf->from[k]);
  return found;
}

int ref_json_rows(Ref *r, const PlanNode *n, FrtStr file, const char *text, size_t size, uint64_t *key, RefTable *out) {
  const char *p = text, *limit = text + size;
  for (int64_t line = 1; p < limit; line++) {
    const char *end = memchr(p, '\n', (size_t)(limit - p)), *next = end ? end + 1 : limit;
    if (!end) end = limit;
    if (end > p && end[-1] == '\r') end--;
    Reader s = {.r = r, .p = p, .end = end};
    Json o = value_read(&s);
    spaces(&s);
    RefRow *row = ref_copy(r, NULL);
    *row = (RefRow){row->v, ref_index(r, n), (*key)++, file, {p, (uint32_t)(end - p), 0}, line};
    int fail = s.bad || s.p != s.end || o.kind != J_OBJECT ? FRT_E_JSON : FRT_OK;
    const char *field = "";
    for (uint32_t i = 0; !fail && i < n->read->field_len; i++) {
      const PlanField *pf = &n->read->fields[i];
      const Type *t = r->plan->columns[pf->col].type;
      if (!r->needed[pf->col]) continue;
      fail = convert(r, t, field_member(&o, pf), pf, &row->v[pf->col]);
      if (fail && n->policy.kind == FRT_POLICY_NULL && t->nullable) {
        row->v[pf->col] = (Value){.is_null = true};
        fail = 0;
      }
      field = pf->name;
    }
    ref_read_row(r, n, row, fail, fail == FRT_E_JSON ? "" : field, out);
    p = next;
  }
  return FRT_OK;
}
