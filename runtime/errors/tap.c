/* tap.c: rows of a tap, as JSON Lines on stderr: {"tap":"seen",...,"row":1,"values":{...}}. The row is the number of the
 * source row, from 1, so that it does not depend on the size of blocks. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "errors/errors.h"
#include "errors/json_text.h"
#include "sched/run_internal.h"

enum { TAP_SEED = 7 };

/* Where the present row stands: one row at a time. */
struct FrtTapState {
  char *buffer;
  size_t size;
  uint64_t *seen;   /* of each tap: rows that came by */
  int shown;        /* the present row: on stderr; */
  uint64_t takes;   /* and by whom who attached */
};

int frt_tap_picks(uint64_t every, double rate, uint64_t seed, uint64_t key, uint64_t seen) {
  if (every > 1 && seen % every != every - 1) return 0;
  if (rate >= 1.0) return 1;
  return (double)(frt_hash_u64(key + (seed ? seed : TAP_SEED) * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53 < rate;
}

/* Whether the row goes to stderr. */
static int tap_shows(FrtRun *r, uint32_t tap, uint64_t key) {
  const FrtTap *t = &r->module->taps[tap];
  if (!(r->taps_asked >> tap & 1) || r->tap_rows[tap] >= r->tap_limits[tap] ||
      !frt_tap_picks(t->every, t->rate, t->seed, key, r->tap->seen[tap]++)) return 0;
  r->tap_rows[tap]++;
  return 1;
}

/* {"tap":"seen","run":"...","stream":"valid","operator":"n3","file":"in/a.csv","line":2,"row":1,"values": */
static char *tap_head(FrtRun *r, char *p, const FrtTap *t, const FrtErrorRow *place, uint64_t key) {
  const FrtOp *o = &r->module->ops[t->op];
  memcpy(p, "{\"tap\":", 7);
  p = frt_json_quote(p + 7, t->name);
  p += snprintf(p, 64, ",\"run\":\"%s\",\"stream\":", r->run_id);
  p = frt_json_quote(p, o->label);
  p += snprintf(p, 32, ",\"operator\":\"n%u\"", t->op);
  if (place->file.len) {
    memcpy(p, ",\"file\":", 8);
    p = frt_json_quote(p + 8, place->file);
  }
  if (place->line >= 0) p += snprintf(p, 40, ",\"line\":%lld", (long long)place->line);
  return p + snprintf(p, 48, ",\"row\":%llu,\"values\":", (unsigned long long)key + 1);
}

char *frt_tap_begin(FrtCtx *cx, uint32_t tap, const FrtBlock *b, uint32_t row, size_t need) {
  FrtRun *r = cx->run;
  const FrtTap *t = &r->module->taps[tap];
  uint64_t key = frt_row_number(b, row);
  struct FrtTapState *s = r->tap;
  s->shown = tap_shows(r, tap, key);
  s->takes = frt_attach_takes(r, tap, key);
  if (!s->shown && !s->takes) return NULL;
  FrtErrorRow place;
  memset(&place, 0, sizeof place);
  frt_error_envelope(cx, &place, b, row, t->op);
  size_t head_max = 320 + 6 * ((size_t)t->name.len + place.file.len + r->module->ops[t->op].label.len);
  if (s->size < head_max + need + 8) {
    s->size = (head_max + need + 8) * 2;
    s->buffer = frt_realloc(s->buffer, s->size);
  }
  return tap_head(r, s->buffer, t, &place, key);
}

void frt_tap_end(FrtCtx *cx, uint32_t tap, char *end) {
  struct FrtTapState *s = cx->run->tap;
  memcpy(end, "}\n", 2);
  if (s->takes) frt_attach_row(cx->run, s->takes, s->buffer, (size_t)(end + 2 - s->buffer));
  if (s->shown) fwrite(s->buffer, 1, (size_t)(end + 2 - s->buffer), stderr);
}

void frt_taps_start(FrtRun *r) {
  r->tap = arena_alloc(r->run_arena, sizeof(struct FrtTapState));
  r->tap->seen = arena_alloc(r->run_arena, (r->module->tap_len + 1) * sizeof *r->tap->seen);
  r->tap_rows = arena_alloc(r->run_arena, (r->module->tap_len + 1) * sizeof *r->tap_rows);
  r->tap_limits = arena_alloc(r->run_arena, (r->module->tap_len + 1) * sizeof *r->tap_limits);
  for (uint32_t i = 0; i < r->module->tap_len; i++) r->tap_limits[i] = r->module->taps[i].limit;
}

void frt_taps_end(FrtRun *r) { frt_free(r->tap->buffer); }
