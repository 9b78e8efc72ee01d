/* end.c: what holds memory of its own gives it back when the run ends, however it ends. */
#include "flowrt.h"
#include "sched/run_internal.h"

struct FrtAtEnd {
  struct FrtAtEnd *next;
  void (*call)(void *what);
  void *what;
};

void frt_at_end(FrtCtx *cx, void (*call)(void *what), void *what) {
  struct FrtAtEnd *e = frt_alloc_run(cx, sizeof *e);
  *e = (struct FrtAtEnd){ cx->run->at_end, call, what };
  cx->run->at_end = e;
}

void frt_at_end_all(FrtRun *r) {
  for (struct FrtAtEnd *e = r->at_end; e; e = e->next) e->call(e->what);
  r->at_end = NULL;
}

char *frt_note_add(FrtRun *r) {
  FrtNote *n = arena_alloc(r->run_arena, sizeof *n), **at = &r->notes;
  while (*at) at = &(*at)->next;
  *at = n;
  return n->text;
}

void frt_table_end(void *table) { frt_table_free(table); }
void frt_store_end(void *store) { frt_store_free(store); }
void frt_pairs_end(void *pairs) { frt_pairs_free(pairs); }
