/* keep.c: values that outlive their block, and text copied from it. */
#include <string.h>

#include "flowrt.h"
#include "op/table.h"
#include "sched/run_internal.h"

void frt_keep_str(FrtCtx *cx, FrtStr *slot, uint32_t *capacity, FrtStr v) {
  if (v.len > *capacity || !slot->ptr) {
    uint64_t room = (uint64_t)v.len * 2 + 32;
    *capacity = room > UINT32_MAX ? UINT32_MAX : (uint32_t)room;
    slot->ptr = frt_alloc_kept(cx, *capacity);
  }
  if (v.len) memcpy((char *)slot->ptr, v.ptr, v.len);
  slot->len = v.len;
  slot->aux = 0;
}

char *frt_put_fields(char *p, const FrtFields *first, const FrtFields *last, uint32_t i) {
  const char *from = first->base + first->beg[(size_t)i * first->stride] + first->beg_add;
  const char *to = last->base + last->end[(size_t)i * last->stride] - last->end_sub;
  size_t n = (size_t)(to - from);
  memcpy(p, from, 32);   /* both sides have room for it: most runs are short */
  if (n > 32) memcpy(p + 32, from + 32, n - 32);
  return p + n;
}

enum { KEEP_ROWS_MAX = 64 * 1024 };   /* bytes copied at once, or one row */

int frt_put_rows(FrtCtx *cx, FrtOut *o, const FrtFields *first, const FrtFields *last, const uint32_t *sel, uint32_t n) {
  const char *head = first->base + first->beg_add, *tail = last->base - last->end_sub;
  for (uint32_t k = 0; k < n;) {
    const char *from = head + first->beg[(size_t)sel[k] * first->stride];
    const char *to = tail + last->end[(size_t)sel[k] * last->stride];
    while (++k < n && *to == '\n' && head + first->beg[(size_t)sel[k] * first->stride] == to + 1 && to - from < KEEP_ROWS_MAX)
      to = tail + last->end[(size_t)sel[k] * last->stride];
    size_t len = (size_t)(to - from);
    char *p = o->at;
    if ((size_t)(o->end - p) <= len && !(p = frt_out_room(cx, o, len + 1))) return FRT_FATAL;
    memcpy(p, from, len);
    p[len] = '\n';
    o->at = p + len + 1;
  }
  o->rows += n;
  return FRT_OK;
}
