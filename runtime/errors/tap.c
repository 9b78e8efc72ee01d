/* tap.c: rows of a tap, as JSON Lines on stderr: {"tap":"seen","row":1,...}. The row is the number of the
 * source row, from 1, so that it does not depend on the size of blocks. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "errors/json_text.h"
#include "sched/run_internal.h"

enum { TAP_SEED = 7 };

/* Where the present row stands: one row at a time. */
struct FrtTapState {
  char *buffer;
  size_t size, head;
};

static int tap_takes(const FrtTap *t, uint64_t key) {
  if (t->rate >= 1.0) return 1;
  return (double)(frt_hash_u64(key + TAP_SEED) >> 11) * 0x1p-53 < t->rate;
}

char *frt_tap_begin(FrtCtx *cx, uint32_t tap, const FrtBlock *b, uint32_t row, size_t need) {
  FrtRun *r = cx->run;
  const FrtTap *t = &r->module->taps[tap];
  uint64_t key = frt_row_number(b, row);
  if (r->tap_rows[tap] >= r->tap_limits[tap] || !tap_takes(t, key)) return NULL;
  r->tap_rows[tap]++;
  struct FrtTapState *s = r->tap;
  size_t head_max = 64 + 6 * (size_t)t->name.len;
  if (s->size < head_max + need + 8) {
    s->size = (head_max + need + 8) * 2;
    s->buffer = frt_realloc(s->buffer, s->size);
  }
  memcpy(s->buffer, "{\"tap\":", 7);
  char *p = frt_json_quote(s->buffer + 7, t->name);
  p += snprintf(p, 32, ",\"row\":%llu,", (unsigned long long)key + 1);
  s->head = (size_t)(p - s->buffer);
  return p;
}

void frt_tap_end(FrtCtx *cx, uint32_t tap, char *end) {
  struct FrtTapState *s = cx->run->tap;
  char *row = s->buffer + s->head;
  size_t n = (size_t)(end - row);
  if (n && end[-1] == '\n') n--;
  if (n && (row[0] == '{' || row[0] == ',')) memmove(row, row + 1, --n);   /* the comma is there already */
  if (!n || row[n - 1] != '}') row[n++] = '}';
  if (n == 1) *--row = '}';                             /* no members: take the comma back */
  row[n++] = '\n';
  fwrite(s->buffer, 1, (size_t)(row + n - s->buffer), stderr);
}

void frt_taps_start(FrtRun *r) {
  r->tap = arena_alloc(r->run_arena, sizeof(struct FrtTapState));
  r->tap_rows = arena_alloc(r->run_arena, (r->module->tap_len + 1) * sizeof *r->tap_rows);
  r->tap_limits = arena_alloc(r->run_arena, (r->module->tap_len + 1) * sizeof *r->tap_limits);
  for (uint32_t i = 0; i < r->module->tap_len; i++) r->tap_limits[i] = r->module->taps[i].limit;
}

void frt_taps_end(FrtRun *r) { frt_free(r->tap->buffer); }
