/* check.c: what a step wrote is looked at before anyone uses it.
 *
 * Numbers need no look. Booleans, decimals, dates and enums must be in range. A text must lie in memory that stays as long as
 * the chunk: room that the host gave, the plugin's own constants, or a text of the same row; and it must be UTF-8. */
#include <stdio.h>
#include <string.h>

#include "plugin/plugin_internal.h"
#include "text/civil.h"
#include "text/column.h"

static int check_within(const PluginArea *a, FrtStr s) {
  return s.ptr >= a->from && s.ptr <= a->end && s.len <= (size_t)(a->end - s.ptr);
}

/* Where the texts of one row may lie, besides what the host gave. */
typedef struct CheckRow {
  FrtPlugin *p;
  uint32_t row;
  void *const *in;
  uint8_t *const *in_null;
} CheckRow;

static int check_is_text_of_row(const void *env, FrtStr s) {
  const CheckRow *c = env;
  const FrtPluginSpec *spec = c->p->spec;
  for (uint32_t i = 0; i < spec->in_len; i++) {
    if (spec->in[i].type->kind != FRT_STRING && spec->in[i].type->kind != FRT_BYTES) continue;
    if (c->in_null[i] && c->in_null[i][c->row]) continue;
    FrtStr t = ((const FrtStr *)c->in[i])[c->row];
    if (t.len && check_within(&(PluginArea){t.ptr, t.ptr + t.len, NULL}, s)) return 1;
  }
  return 0;
}

static int check_place(PluginPlaces *at, FrtStr s) {
  if (!s.len || at->anywhere || (at->last && check_within(at->last, s))) return 1;
  for (const PluginArea *a = at->areas; a; a = a->next)
    if (check_within(a, s)) {
      at->last = a;
      return 1;
    }
  for (uint32_t i = 0; i < at->image->len; i++)
    if (check_within(&at->image->area[i], s)) return 1;
  return at->argument(at->env, s);
}

const char *plugin_check_value(PluginPlaces *places, const FrtType *t, void *at) {
  int64_t i64;
  switch (t->kind) {
    case FRT_BOOL: return *(uint8_t *)at > 1 ? "is no bool" : NULL;
    case FRT_ENUM: return *(uint16_t *)at >= t->name_len ? "is none of the enum's names" : NULL;
    case FRT_DATE: return *(int32_t *)at < FRT_DATE_MIN || *(int32_t *)at > FRT_DATE_MAX ? "is out of the range of dates" : NULL;
    case FRT_TIME: return *(int64_t *)at < 0 || *(int64_t *)at >= FRT_US_PER_DAY ? "is out of the range of a time" : NULL;
    case FRT_TIMESTAMP:
      i64 = *(int64_t *)at;
      return i64 < FRT_TIMESTAMP_MIN || i64 > FRT_TIMESTAMP_MAX ? "is out of the range of timestamps" : NULL;
    case FRT_DECIMAL:
      if (t->precision > 18) return frt_dec_fits(*(FrtI128 *)at, t->precision) ? NULL : "does not fit its type";
      i64 = *(int64_t *)at;
      return frt_dec_fits((FrtI128){(uint64_t)i64, i64 >> 63}, t->precision) ? NULL : "does not fit its type";
    case FRT_STRING: case FRT_BYTES: {
      FrtStr *s = at;
      s->aux = 0;
      if (!check_place(places, *s)) return "is a text outside of the memory that the plugin was given";
      return t->kind == FRT_STRING && !frt_utf8_valid(s->ptr, s->len) ? "is not valid UTF-8" : NULL;
    }
    default: return NULL;
  }
}

static int check_is_free(const FrtType *t) {
  switch (t->kind) {
    case FRT_BOOL: case FRT_ENUM: case FRT_DATE: case FRT_TIME: case FRT_TIMESTAMP: case FRT_DECIMAL: case FRT_STRING: case FRT_BYTES:
      return 0;
    default: return 1;
  }
}

void plugin_value_fails(FrtPlugin *p, uint32_t k, uint32_t out, const char *why) {
  const FrtPluginField *f = &p->spec->out[out];
  FrtStr *m = &p->message[k];
  char *text = frt_alloc(p->cx, f->name.len + strlen(why) + 64);
  int n = snprintf(text, f->name.len + strlen(why) + 64, "%.*s: field `%.*s` %s", FRT_SLICE(p->spec->name), FRT_SLICE(f->name), why);
  size_t most = f->name.len + strlen(why) + 63;
  *m = (FrtStr){text, (uint32_t)((size_t)n < most ? (size_t)n : most), 0};
  p->to[k] = FLOW_FAIL;
}

void plugin_check_output(FrtPlugin *p, uint32_t out, const uint32_t *row, uint32_t n, void *const *in, uint8_t *const *in_null) {
  const FrtPluginField *f = &p->spec->out[out];
  const FlowColumn *c = &p->out[out];
  if (c->null) {
    uint8_t bad = 0;
    for (uint32_t k = 0; k < n; k++) bad |= c->null[row[k]];
    for (uint32_t k = 0; bad > 1 && k < n; k++) c->null[row[k]] = c->null[row[k]] != 0;
  }
  if (check_is_free(f->type)) return;
  CheckRow at = {p, 0, in, in_null};
  PluginPlaces places = {p->areas, NULL, &p->image, check_is_text_of_row, &at, p->child != NULL};
  for (uint32_t k = 0; k < n; k++) {
    if (p->to[k] == FLOW_FAIL || p->to[k] == FLOW_DROP || (c->null && c->null[row[k]])) continue;
    at.row = row[k];
    const char *why = plugin_check_value(&places, f->type, (char *)c->data + (size_t)row[k] * f->type->size);
    if (why) plugin_value_fails(p, k, out, why);
  }
}
