/* fn_prepare.c: prepared objects found again by their text: one open-addressing table a context, in
 * the run's memory, at most half full. See fn.h. */
#include "text/fn.h"

enum { FNPREP_SLOTS = 2 * FN_PREPARED_MAX };

typedef struct FnPrepared {
  FrtStr text;
  const void *object; /* NULL: a free slot */
  FnKind kind;
} FnPrepared;

typedef struct FnPreparedTable {
  uint32_t len;
  FnPrepared slots[FNPREP_SLOTS];
} FnPreparedTable;

/* FNV-1a: the texts are short and few. */
static FnPrepared *fnprep_slot(FnPreparedTable *t, FnKind kind, FrtStr text) {
  uint32_t hash = 2166136261u ^ (uint32_t)kind;
  for (uint32_t i = 0; i < text.len; i++) hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619u;
  for (uint32_t i = hash % FNPREP_SLOTS;; i = (i + 1) % FNPREP_SLOTS) {
    FnPrepared *p = &t->slots[i];
    if (!p->object) return p;
    if (p->kind == kind && p->text.len == text.len &&
        (!text.len || !memcmp(p->text.ptr, text.ptr, text.len))) {
      return p;
    }
  }
}

const void *fn_prepared_find(FrtCtx *cx, FnKind kind, FrtStr text) {
  return cx->prepared ? fnprep_slot(cx->prepared, kind, text)->object : NULL;
}

int fn_prepared_keeps(FrtCtx *cx) {
  FnPreparedTable *t = cx->prepared;
  return !t || t->len < FN_PREPARED_MAX;
}

void fn_prepared_keep(FrtCtx *cx, FnKind kind, FrtStr text, const void *object) {
  if (!fn_prepared_keeps(cx)) return;
  if (!cx->prepared) {
    cx->prepared = frt_alloc_run(cx, sizeof(FnPreparedTable));
    memset(cx->prepared, 0, sizeof(FnPreparedTable));
  }
  FnPreparedTable *t = cx->prepared;
  FnPrepared *p = fnprep_slot(t, kind, text);
  if (p->object) return;
  char *copy = frt_alloc_run(cx, text.len);
  fn_copy(copy, text.ptr, text.len);
  *p = (FnPrepared){fn_str(copy, text.len), object, kind};
  t->len++;
}
