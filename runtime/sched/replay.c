/* replay.c: a run over the records of dead letters.
 *
 * A plain file is read at the offsets alone, other input as a whole, and rows that no letter names are left out. Each record
 * must be there and be the same as when its letter was written, or the run fails. */
#include "sched/replay.h"

#include <stdlib.h>
#include <string.h>

#include "errors/errors.h"
#include "io/scan.h"
#include "io/scan_range.h"
#include "sched/run_internal.h"

struct FrtReplayState {
  const FrtBlock *block;     /* the source block under way, and for each of its rows */
  uint32_t *first, *len;     /* its letters */
};

int frt_replay_compare(const void *a, const void *b) {
  const FrtReplayLetter *x = a, *y = b;
  int c = strcmp(x->file, y->file);
  if (c) return c;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  if (x->class_at != y->class_at) return x->class_at < y->class_at ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}

static int replay_fail(FrtRun *r, const FrtReplayLetter *l, const char *what) {
  const FrtReplay *p = r->options->replay;
  const char *file = frt_error_show(r, (FrtStr){l->file, (uint32_t)strlen(l->file), 0}, 4096);
  frt_run_fail(r, 2, arena_printf(r->run_arena, "error: %s: %s\n  = by line %u of %s; nothing was replayed", file, what, l->at, p->path));
  return FRT_FATAL;
}

/* ---- letters of a file, of a record ---- */

/* The first letter that is not before (file, offset). */
static uint32_t replay_find(const FrtReplay *p, const char *file, int64_t offset) {
  uint32_t from = 0, to = p->letter_len;
  while (from < to) {
    uint32_t mid = from + (to - from) / 2;
    int c = strcmp(p->letters[mid].file, file);
    if (c < 0 || (c == 0 && p->letters[mid].offset < offset)) from = mid + 1;
    else to = mid;
  }
  return from;
}

static int replay_same_place(const FrtReplay *p, uint32_t at, const char *file, int64_t offset) {
  return at < p->letter_len && p->letters[at].offset == offset && strcmp(p->letters[at].file, file) == 0;
}

int64_t frt_replay_count(const FrtRun *r, const FrtErrorRow *e) {
  const FrtReplay *p = r->options->replay;
  if (e->offset < 0 || !e->file.len) return 0;
  const char *file = arena_strndup(r->run_arena, e->file.ptr, e->file.len);
  int64_t most = 0;
  for (uint32_t i = replay_find(p, file, e->offset); replay_same_place(p, i, file, e->offset); i++)
    if (p->letters[i].retry_count + 1 > most) most = p->letters[i].retry_count + 1;
  return most;
}

/* Whether the record's text is what the letter has: bad bytes stand there as U+FFFD. */
static int replay_same_text(FrtStr now, FrtStr then, int cut) {
  uint32_t i = 0, k = 0;
  while (i < now.len && k < then.len) {
    size_t good = frt_utf8_prefix(now.ptr + i, now.len - i);
    if (!good) {
      if (then.len - k < 3 || memcmp(then.ptr + k, "\xef\xbf\xbd", 3) != 0) return 0;
      i++;
      k += 3;
      continue;
    }
    if (good > then.len - k) {
      if (!cut) return 0;
      good = then.len - k;
    }
    if (memcmp(now.ptr + i, then.ptr + k, good) != 0) return 0;
    i += (uint32_t)good;
    k += (uint32_t)good;
  }
  return k == then.len && (cut || i == now.len);
}

static int replay_check(FrtRun *r, FrtReplayLetter *l, FrtStr raw) {
  if (l->found) return replay_fail(r, l, "two sources of the script read this record; nothing tells which one failed");
  l->found = 1;
  if (!l->raw.ptr || replay_same_text(raw, l->raw, (int)l->cut) || replay_same_text(frt_mask_raw(r, raw), l->raw, (int)l->cut)) return FRT_OK;
  return replay_fail(r, l, arena_printf(r->run_arena, "the record at line %lld (byte %lld) is another one now: the file has changed",
                                        (long long)l->line, (long long)l->offset));
}

/* ---- blocks ---- */

/* Finds the letters of each row, and leaves the other rows out. */
static int replay_block(FrtRun *r, uint32_t scan, FrtBlock *b, uint32_t *sel) {
  const FrtReplay *p = r->options->replay;
  struct FrtReplayState *s = r->replay;
  const char *file = arena_strndup(r->run_arena, b->file.ptr ? b->file.ptr : "", b->file.len);
  uint32_t kept = 0;
  s->block = b;
  for (uint32_t i = 0; i < b->n; i++) {
    FrtStr raw = frt_fields_text(b->record, i);
    int64_t offset = (int64_t)(b->offset0 + (uint64_t)(raw.ptr - b->record->base));
    uint32_t at = replay_find(p, file, offset);
    s->first[i] = at;
    s->len[i] = 0;
    for (; replay_same_place(p, at, file, offset); at++) {
      if (!p->class_scans[p->letters[at].class_at * p->scan_len + scan]) continue;
      if (!s->len[i]) s->first[i] = at;
      s->len[i] = at + 1 - s->first[i];
      if (replay_check(r, &p->letters[at], raw) != FRT_OK) return FRT_FATAL;
    }
  }
  for (uint32_t k = 0; k < b->sel_len; k++)
    if (s->len[b->sel[k]]) sel[kept++] = b->sel[k];
  FRT_COUNT(r->cx, r->scan->op, FRT_DROPPED, b->sel_len - kept);
  b->sel = sel;
  b->sel_len = kept;
  return FRT_OK;
}

static int replay_give(FrtRun *r, uint32_t index, const FrtScan *scan, FrtBlock *b, uint32_t *sel, uint64_t *rows) {
  *rows += b->n;
  if (replay_block(r, index, b, sel) != FRT_OK) return FRT_FATAL;
  r->block = b;
  r->cx->detail = (FrtStr){0};
  int wanted = scan->block(r->cx, r->state, b);
  if (wanted > 0) wanted = frt_fatal(r->cx, scan->op, wanted, r->cx->detail);
  int status = wanted == FRT_FATAL ? FRT_FATAL : frt_block_end(r->cx, b);
  r->replay->block = NULL;
  if (status == FRT_FATAL) return FRT_FATAL;
  frt_count_scan(r, scan->op, *rows);
  r->source_rows += b->n;
  return frt_check_stop(r) == FRT_FATAL ? FRT_FATAL : FRT_OK;
}

/* The records of the letters of file `path`, each by its offset. */
static int replay_seek(FrtRun *r, uint32_t index, FrtScanner *s, uint32_t path, uint32_t *sel, uint64_t *rows) {
  const FrtReplay *p = r->options->replay;
  const char *file = s->paths[path];
  int64_t last = -1;
  for (uint32_t i = replay_find(p, file, 0); i < p->letter_len && strcmp(p->letters[i].file, file) == 0; i++) {
    FrtReplayLetter *l = &p->letters[i];
    FrtBlock *b = NULL;
    if (l->offset == last || !p->class_scans[l->class_at * p->scan_len + index]) continue;
    last = l->offset;
    int rc = frt_scan_seek(s, path, (uint64_t)l->offset, 0);
    if (rc == FRT_END) return FRT_OK;
    if (rc != FRT_OK) return FRT_FATAL;
    if (l->offset && l->line > 0) s->line = (uint64_t)l->line;
    s->rows = *rows;
    do rc = frt_scan_block_next(s, &b);
    while (rc == FRT_OK && !b->n);
    if (rc == FRT_END) continue;
    if (rc != FRT_OK || replay_give(r, index, s->scan, b, sel, rows) != FRT_OK) return FRT_FATAL;
  }
  return FRT_OK;
}

static int replay_whole(FrtRun *r, uint32_t index, FrtScanner *s, uint32_t path, uint32_t *sel, uint64_t *rows) {
  FrtBlock *b;
  int rc = frt_scan_seek(s, path, 0, 0);
  if (rc == FRT_END) return FRT_OK;
  s->rows = *rows;
  for (; rc == FRT_OK; rc = r->exit_code ? FRT_FATAL : FRT_OK) {
    rc = frt_scan_block_next(s, &b);
    if (rc == FRT_END) return FRT_OK;
    if (rc != FRT_OK) return FRT_FATAL;
    if (b->n && replay_give(r, index, s->scan, b, sel, rows) != FRT_OK) return FRT_FATAL;
  }
  return rc;
}

int frt_replay_scan(FrtRun *r, uint32_t index, FrtScanner *s) {
  const FrtReplay *p = r->options->replay;
  uint64_t rows = 0, size;
  uint32_t *sel = frt_alloc_run(r->cx, s->rows_max * sizeof *sel);
  struct FrtReplayState *state = r->replay = frt_alloc_run(r->cx, sizeof *state);
  state->block = NULL;
  state->first = frt_alloc_run(r->cx, s->rows_max * sizeof *state->first);
  state->len = frt_alloc_run(r->cx, s->rows_max * sizeof *state->len);
  int plain = frt_ranges_fit(s, &size);
  for (uint32_t i = 0; i < s->path_len; i++) {
    uint32_t first = replay_find(p, s->paths[i], 0);
    if (first == p->letter_len || strcmp(p->letters[first].file, s->paths[i]) != 0) continue;
    int rc = frt_scan_seek(s, i, 0, 0);
    if (rc == FRT_END) continue;
    if (rc == FRT_OK && plain && s->input && frt_input_plain_fd(s->input) >= 0) rc = replay_seek(r, index, s, i, sel, &rows);
    else if (rc == FRT_OK) rc = replay_whole(r, index, s, i, sel, &rows);
    if (rc != FRT_OK) return FRT_FATAL;
  }
  int status = frt_block_end(r->cx, NULL);
  frt_count_scan(r, s->scan->op, rows);
  return status == FRT_FATAL ? FRT_FATAL : FRT_OK;
}

int frt_replay_end(FrtRun *r) {
  const FrtReplay *p = r->options->replay;
  if (!p->records) return FRT_OK;
  for (uint32_t i = 0; i < p->letter_len; i++) {
    const FrtReplayLetter *l = &p->letters[i];
    if (l->found) continue;
    return replay_fail(r, l, arena_printf(r->run_arena, "no source of the script reads a record that begins at byte %lld (line %lld): the file has "
                                          "changed, or the letters are another script's", (long long)l->offset, (long long)l->line));
  }
  return FRT_OK;
}

/* ---- rows on their way ---- */

int frt_replay_scan_mode(const FrtRun *r) {
  const FrtReplay *p = r->options->replay;
  if (!p->records || !r->scan) return FRT_REPLAY_ALL;
  return p->scan_modes[r->scan - r->module->scans];
}

int frt_replay_reports(const FrtRun *r, const FrtBlock *block, uint32_t row) {
  const FrtReplay *p = r->options->replay;
  if (!p->records) return 1;
  if (frt_replay_scan_mode(r) != FRT_REPLAY_RECORDS || !r->replay) return 0;
  return block != r->replay->block || !block || r->replay->len[row] != 0;
}

static int replay_class_opens(const FrtReplay *p, uint32_t class_at, uint32_t from, uint32_t port, uint32_t to) {
  size_t base = (size_t)class_at * p->node_len;
  return p->before[base + to] || p->behind[base + from] || (p->exits[base + from] >> (port < 63 ? port : 63) & 1);
}

static int replay_opens(const FrtRun *r, const FrtBlock *b, uint32_t row, uint32_t from, uint32_t port, uint32_t to) {
  const FrtReplay *p = r->options->replay;
  const struct FrtReplayState *s = r->replay;
  while (b && b->up) {
    if (b->parent) row = b->parent[row];
    b = b->up;
  }
  for (uint32_t i = 0; s && b == s->block && i < s->len[row]; i++)
    if (replay_class_opens(p, p->letters[s->first[row] + i].class_at, from, port, to)) return 1;
  return 0;
}

uint32_t frt_replay_gate(FrtCtx *cx, const FrtBlock *b, const uint32_t *sel, uint32_t n, const FrtReplayEdge *edge, const uint32_t **out) {
  const FrtRun *r = cx->run;
  const FrtReplay *p = r->options->replay;
  *out = sel;
  if (!p) return n;
  if (!p->records) return p->closed[edge->to] ? 0 : n;
  for (uint32_t c = 0; !r->scan && !edge->held && !p->side[edge->to] && !p->closed[edge->to] && c < p->class_len; c++) {
    static const char why[] = "the held side of a join does not fit into memory, and a replay needs it there; give more by --memory";
    if (!replay_class_opens(p, c, edge->from, edge->port, edge->to)) continue;
    frt_fatal(cx, edge->from, FRT_E_MEMORY, (FrtStr){why, sizeof why - 1, 0});
    return 0;
  }
  if (frt_replay_scan_mode(r) != FRT_REPLAY_RECORDS)
    return (edge->held && p->held[edge->to]) || p->side[edge->to] ? n : 0;
  if (edge->held || p->closed[edge->to]) return 0;
  uint32_t *keep = frt_alloc(cx, (size_t)n * sizeof *keep + 4), kept = 0;
  for (uint32_t k = 0; k < n; k++)
    if (replay_opens(r, b, sel[k], edge->from, edge->port, edge->to)) keep[kept++] = sel[k];
  *out = keep;
  return kept;
}
