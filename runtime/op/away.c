/* away.c: rows of a store that do not fit, see FrtAway in flowrt_spill.h.
 *
 * An operator that puts rows in order (window functions, top) holds them in a store, with a pair of key word and row for each, and
 * a table that numbers their groups. When the budget refuses more, all of it becomes a sorted run, and the operator starts anew.
 *
 * The key of a record is the group's key (null: a byte 1; else a byte 0, and the word or the text), with `heads` a byte that says what
 * the record is, and the order of the row as bytes. Its payload is the row as bytes, with its number. Groups are numbered anew in each
 * run; when one appeared is known by the number of the run and its number in it, which its head says. */
#include "op/away.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "base/cancel.h"
#include "op/table.h"
#include "sched/run_internal.h"

enum {
  AWAY_LEAST = 1024,             /* rows that are always held */
  AWAY_LEAST_STRESS = 3,
  AWAY_ROOM = 1024 * 1024,       /* left free for writing */
  AWAY_LOOK = 4096,
  AWAY_HEAD = 0, AWAY_ROW = 1
};

void frt_away_init(FrtCtx *cx, FrtAway *a, uint32_t op, const FrtSpillColumn *columns, uint32_t len, FrtStore *store, FrtPairs *pairs,
                   FrtTable *table) {
  *a = (FrtAway){.op = op, .len = len, .columns = columns, .store = store, .pairs = pairs, .table = table};
  store->spills = pairs->spills = 1;
  if (table) frt_table_spills(table);
  frt_at_end(cx, frt_away_end, a);
}

void frt_away_end(void *away) {
  FrtAway *a = away;
  AwayOwn *o = a->own;
  if (!o) return;
  frt_runs_free(o->runs);
  frt_row_form_free(&o->form);
  frt_texts_drop(&o->chosen);
  frt_free(o->key);
  frt_free(o);
  a->own = NULL;
}

int frt_away_check(FrtCtx *cx) {
  frt_budget_poll();
  if (frt_cancelled()) frt_run_fail(cx->run, 130, NULL);
  else frt_run_check_memory(cx->run);
  return cx->run->exit_code ? FRT_FATAL : FRT_OK;
}

/* ---- what fits ---- */

int frt_away_fits(const FrtAway *a) {
  uint64_t rows = a->pairs->len, block = 2048;
  if (rows < (frt_budget_stress() ? AWAY_LEAST_STRESS : AWAY_LEAST)) return 1;
  uint64_t growth = frt_store_growth(a->store, (uint32_t)block) + 2 * sizeof(FrtPair) * rows + AWAY_ROOM;   /* sorting needs room */
  if (rows + block > a->pairs->room) growth += sizeof(FrtPair) * a->pairs->room;
  if (a->table) growth += frt_table_growth(a->table, (uint32_t)block, 0) + 4 * rows + 32ull * a->table->len;
  return frt_may_reserve(growth);
}

int frt_away_cuts(const FrtAway *a) { return frt_budget_stress() || frt_may_reserve(a->store->bytes); }

static AwayOwn *away_own(FrtCtx *cx, FrtAway *a) {
  if (a->own) return a->own;
  AwayOwn *o = frt_malloc(sizeof *o);
  memset(o, 0, sizeof *o);
  a->own = o;
  frt_row_form_init(&o->form, a->columns, a->len);
  frt_texts_init(&o->chosen, a->op, 2, 0);
  o->runs = frt_runs_new(cx, a->op, frt_row_form_layout(&o->form));
  return o->runs ? o : NULL;
}

void frt_away_bind(FrtRowForm *form, const FrtSpillColumn *columns, char *row) {
  for (uint32_t i = 0; i < form->len; i++) {
    form->columns[i].values = row + columns[i].values;
    if (columns[i].nulls) form->columns[i].nulls = (uint8_t *)row + columns[i].nulls;
  }
}

/* ---- groups by their keys ---- */

typedef struct AwayGroup {
  FrtStr key;
  uint64_t word;
  uint32_t number, null;
} AwayGroup;

static int away_group_compare(const void *x, const void *y) {
  const AwayGroup *a = x, *b = y;
  if (a->null != b->null) return a->null ? 1 : -1;
  if (a->word != b->word) return a->word < b->word ? -1 : 1;
  return frt_str_cmp(a->key, b->key);
}

/* The groups of the table in the order of their keys; rows get the numbers of that order. */
static AwayGroup *away_sort_groups(const FrtAway *a) {
  const FrtTable *t = a->table;
  AwayGroup *groups = frt_malloc((t->len + 1) * sizeof *groups);
  uint32_t *place = frt_malloc((t->len + 1) * sizeof *place);
  for (uint32_t g = 0; g < t->len; g++) {
    int null = g == t->null_number;
    groups[g] = (AwayGroup){t->is_text && !null ? t->texts[g] : (FrtStr){"", 0, 0}, t->is_text || null ? 0 : t->words[g], g, (uint32_t)null};
  }
  if (t->len) qsort(groups, t->len, sizeof *groups, away_group_compare);
  for (uint32_t i = 0; i < t->len; i++) place[groups[i].number] = i;
  for (uint64_t i = 0; i < a->pairs->len; i++) {
    uint32_t *g = FRT_ROW(a->store, a->pairs->data[i].row);
    *g = place[*g];
  }
  frt_free(place);
  return groups;
}

/* Room for a key of group_len + n bytes. */
char *frt_away_room(FrtAway *a, size_t n) {
  AwayOwn *o = a->own;
  if (o->group_len + n > o->key_room) {
    o->key_room = (o->group_len + n) * 2;
    o->key = frt_realloc(o->key, o->key_room);
  }
  return o->key + o->group_len;
}

static void away_group_key(FrtAway *a, const AwayGroup *g) {
  AwayOwn *o = a->own;
  o->group_len = 0;
  char *p = frt_away_room(a, 16 + 2 * (size_t)g->key.len), *from = p;
  *p++ = (char)g->null;
  if (!g->null) p = a->table->is_text ? frt_order_put_text(p, g->key, 0) : frt_order_put_word(p, g->word, 8);
  o->group_len = (uint32_t)(p - from);
}

/* ---- writing ---- */

static int away_put_head(FrtCtx *cx, FrtAway *a, const AwayGroup *g) {
  AwayOwn *o = a->own;
  *frt_away_room(a, 1) = AWAY_HEAD;
  char *p = frt_runs_room(cx, o->runs, o->group_len + 1, 8);
  if (!p) return FRT_FATAL;
  memcpy(p, o->key, o->group_len + 1);
  frt_order_put_word(p + o->group_len + 1, (uint64_t)o->period << 32 | g->number, 8);
  return FRT_OK;
}

static int away_put_row(FrtCtx *cx, FrtAway *a, FrtPair pair) {
  AwayOwn *o = a->own;
  char *row = FRT_ROW(a->store, pair.row), *to = frt_away_room(a, 9);
  uint32_t kind = a->heads != 0, len = 8;
  if (kind) *to = AWAY_ROW;
  o->group_len += kind;
  if (a->key) len = a->key(a, row);
  else frt_order_put_word(to + kind, pair.key, 8);
  frt_away_bind(&o->form, a->columns, row);
  uint32_t size = frt_row_size(&o->form, 0);
  char *p = frt_runs_room(cx, o->runs, o->group_len + len, size);
  if (!p) return FRT_FATAL;
  memcpy(p, o->key, o->group_len + len);
  frt_row_write(&o->form, 0, o->base + pair.row, size, p + o->group_len + len);
  o->group_len -= kind;
  return FRT_OK;
}

static int away_put_rows(FrtCtx *cx, FrtAway *a, const AwayGroup *groups) {
  AwayOwn *o = a->own;
  uint32_t present = FRT_NONE;
  uint64_t taken = 0;
  o->group_len = 0;
  for (uint64_t i = 0; i < a->pairs->len; i++) {
    FrtPair pair = a->pairs->data[i];
    if (i % AWAY_LOOK == 0 && frt_cancelled()) return FRT_FATAL;
    if (groups) {
      uint32_t g = *(const uint32_t *)FRT_ROW(a->store, pair.row);
      if (g != present) {
        away_group_key(a, &groups[present = g]);
        taken = 0;
        if (a->heads && away_put_head(cx, a, &groups[g])) return FRT_FATAL;
      }
    }
    if (a->limit && taken++ >= a->limit) continue;
    if (away_put_row(cx, a, pair)) return FRT_FATAL;
  }
  return FRT_OK;
}

int frt_away_write(FrtCtx *cx, FrtAway *a) {
  AwayOwn *o = away_own(cx, a);
  if (!o) return FRT_FATAL;
  if (!a->pairs->len) return FRT_OK;
  frt_sort_pairs(a->pairs->data, a->pairs->len, !a->compare, a->compare, NULL, a->store);
  AwayGroup *groups = a->table ? away_sort_groups(a) : NULL;
  if (groups) frt_pairs_group(a->pairs, a->store, a->table->len);
  frt_runs_begin(o->runs);
  int status = frt_cancelled() ? FRT_FATAL : away_put_rows(cx, a, groups);
  frt_free(groups);
  o->base += a->store->len;
  o->period++;
  frt_store_free(a->store);
  frt_pairs_free(a->pairs);
  if (a->table) frt_table_free(a->table);
  return status == FRT_OK ? frt_runs_finish(cx, o->runs) : FRT_FATAL;
}

/* ---- reading ---- */

uint32_t frt_away_group_len(const FrtAway *a, const FrtRunRecord *rec) {
  if (!a->table) return 0;
  if (rec->key[0]) return 1;
  if (!a->table->is_text) return 9;
  uint32_t at = 1;   /* a text ends with two zeros; within it a zero is followed by 0xff */
  while (at + 1 < rec->key_len && (rec->key[at] || rec->key[at + 1])) at += rec->key[at] ? 1 : 2;
  return at + 2;
}

int frt_away_open(FrtCtx *cx, FrtAway *a) {
  AwayOwn *o = a->own;
  if (frt_away_write(cx, a)) return FRT_FATAL;
  return frt_runs_merge(cx, o->runs);
}

/* ---- top ---- */

/* Of each group its first rows, by the time when it appeared. */
static int away_choose(FrtCtx *cx, FrtAway *a, uint64_t limit) {
  AwayOwn *o = a->own;
  FrtRunRecord rec;
  uint64_t appeared = 0, taken = 0, n = 0;
  int status;
  uint32_t group_len = 0;
  while ((status = frt_runs_next(cx, o->runs, &rec)) == FRT_OK) {
    if (n++ % AWAY_LOOK == 0 && frt_away_check(cx)) return FRT_FATAL;
    uint32_t len = frt_away_group_len(a, &rec);
    if (len != group_len || memcmp(o->key, rec.key, len) != 0) {
      o->group_len = 0;
      memcpy(frt_away_room(a, len), rec.key, len);
      group_len = len;
      appeared = UINT64_MAX;
      taken = 0;
    }
    if (rec.key[len] == AWAY_HEAD) {
      uint64_t when = frt_order_text((FrtStr){rec.payload, 8, 0});
      if (when < appeared) appeared = when;
      continue;
    }
    if (taken++ >= limit) continue;
    FrtOut *out = &o->chosen.out;
    if ((size_t)(out->end - out->at) < (size_t)rec.payload_len + 8) frt_texts_room(cx, out, (size_t)rec.payload_len + 8);
    memcpy(out->at, rec.payload, rec.payload_len);
    uint64_t place = frt_texts_end_row(&o->chosen, out->at + rec.payload_len), words[2] = {appeared, taken};
    if (frt_texts_hold(cx, &o->chosen, words, NULL, &place, 1)) return FRT_FATAL;
  }
  return status == FRT_END ? frt_texts_sort(cx, &o->chosen) : FRT_FATAL;
}

static int away_top_open(FrtCtx *cx, FrtAway *a, uint64_t limit) {
  AwayOwn *o = a->own;
  o->reading = 1;
  if (frt_away_open(cx, a)) return FRT_FATAL;
  return a->table ? away_choose(cx, a, limit) : FRT_OK;
}

int frt_away_top(FrtCtx *cx, FrtAway *a, uint64_t limit, void *row) {
  AwayOwn *o = a->own;
  FrtRunRecord rec = {0};
  int status;
  if (!o->reading && away_top_open(cx, a, limit)) return FRT_FATAL;
  frt_away_bind(&o->form, a->columns, row);
  if (a->table) {
    const char *text;
    size_t len;
    if ((status = frt_texts_next(cx, &o->chosen, &text, &len))) return status;
    frt_row_read(cx, &o->form, text, 0, 1);
    return FRT_OK;
  }
  if (o->given++ == limit) return FRT_END;
  if ((status = frt_runs_next(cx, o->runs, &rec))) return status;
  frt_row_read(cx, &o->form, rec.payload, 0, 1);
  return FRT_OK;
}
