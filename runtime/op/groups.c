/* groups.c: groups that do not fit into memory, see FrtGroups in flowrt_spill.h.
 *
 * First pass: rows come, the table fills. When the budget refuses more keys the table is frozen: it takes rows of its own groups
 * still; a row of any other key goes, as it is, to the partition of its key's hash. Its number (rows on disk are numbered from 0)
 * goes with it. Then, since the table's groups appeared before all others, they are given on first.
 *
 * Then partition by partition: its rows are taken like rows of a source, in their old order, by the same generated function; the
 * table may freeze again, and what is left over goes to partitions by the next bits of the hash. The groups of a partition are
 * finished at once and go to disk as a run, each with the number of its first row; since a partition's rows are in order, its groups
 * are. At last the runs are merged by that number: groups go on in order of first appearance, as if all had been in memory.
 *
 * distinct is the same without groups: the first row of a key goes on at once, or, when it comes back from disk, to the run of its
 * partition.
 *
 * All rows of a key meet in one partition, in their order, so that first, last, lists and rounding are the same too. A table takes
 * some keys whatever the budget says, so each level gets shorter; when the bits of the hash have run out nothing is refused. Partitioned
 * aggregation by hash with a resident part: hybrid hashing (DeWitt et al. 1984; Graefe, "Query evaluation techniques for large databases",
 * 1993). */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/budget.h"
#include "flowrt.h"
#include "op/table.h"
#include "sched/run_internal.h"
#include "spill/rows.h"
#include "spill/spill.h"

enum {
  GROUPS_BITS = 6,               /* of the hash a level */
  GROUPS_BITS_SMALL = 4,         /* with a small budget */
  GROUPS_LEAST = 1024,           /* keys that a table may always have */
  GROUPS_LEAST_STRESS = 2,
  GROUPS_SMALL_BUDGET = 16 * 1024 * 1024,
  GROUPS_OUT_BLOCK = 32 * 1024,  /* of the runs of finished groups: many are read at once */
  GROUPS_SEQ_BITS = 40
};

#define GROUPS_SEQ_MASK ((UINT64_C(1) << GROUPS_SEQ_BITS) - 1)

typedef struct GroupsOwn {
  FrtRowForm in, out;
  FrtSpill *rows;                /* where rows of keys that do not fit go now: runs are partitions */
  FrtSpill *done;                /* finished groups, a run a partition */
  uint32_t frozen, level;        /* of the present table */
  uint32_t bits;
  uint64_t next;                 /* number of the next row on disk */
  uint64_t *seqs;                /* numbers of the rows that are taken now; NULL: they come from a source */
  uint64_t *firsts;              /* by group: number of its first row */
  uint64_t first_len, first_room, put;
  uint32_t run;                  /* of `done`: that of the present partition */
  uint32_t *known;               /* rows that did not go to disk */
  char *arrays;                  /* room for the columns of `in` */
  void **saved;                  /* what the state's pointers were */
} GroupsOwn;

void frt_groups_init(FrtCtx *cx, FrtGroups *q, uint32_t op, FrtTable *table, FrtStore *store) {
  *q = (FrtGroups){.op = op, .table = table, .store = store};
  frt_table_spills(table);
  if (store) store->spills = 1;
  frt_at_end(cx, frt_groups_end, q);
}

void frt_groups_end(void *groups) {
  FrtGroups *q = groups;
  GroupsOwn *o = q->spilled;
  if (!o) return;
  frt_spill_close(o->rows);
  frt_spill_close(o->done);
  frt_unreserve(NULL, o->first_room * sizeof *o->firsts);
  frt_row_form_free(&o->in);
  frt_row_form_free(&o->out);
  frt_free(o->firsts);
  frt_free(o->seqs);
  frt_free(o->known);
  frt_free(o->arrays);
  frt_free(o->saved);
  frt_free(o);
  q->spilled = NULL;
}

/* ---- what fits ---- */

static size_t groups_block_size(void) { return frt_budget_limit() < GROUPS_SMALL_BUDGET ? FRT_SPILL_BLOCK_LEAST : FRT_SPILL_BLOCK; }

/* What spilling itself will need: a buffer for each partition, and what is read back. */
static size_t groups_margin(void) {
  size_t block = groups_block_size();
  return block == FRT_SPILL_BLOCK ? (block << GROUPS_BITS) + FRT_SPILL_OUT + 2 * block
                                  : (block << GROUPS_BITS_SMALL) + 6 * block;
}

/* Bytes of texts: each is kept in the table and in the group. */
static int groups_fit(const FrtGroups *q, uint32_t n, uint64_t text_size) {
  const GroupsOwn *o = q->spilled;
  uint32_t least = frt_budget_stress() ? GROUPS_LEAST_STRESS : GROUPS_LEAST;
  if (o && (o->level + 1) * o->bits > 64) return 1;
  if (q->table->len + (frt_budget_stress() ? n : 0) <= least) return 1;
  uint64_t growth = frt_table_growth(q->table, n, text_size) + (q->store ? frt_store_growth(q->store, n) : 0);
  if (q->store && (uint64_t)(q->store->text_end - q->store->text_at) < text_size) growth += text_size + FRT_SPILL_OUT;
  return !frt_budget_stress() && (!growth || frt_may_reserve(growth + (o && o->frozen ? 0 : groups_margin())));
}

static GroupsOwn *groups_own(FrtCtx *cx, FrtGroups *q) {
  if (q->spilled) return q->spilled;
  GroupsOwn *o = frt_malloc(sizeof *o);
  memset(o, 0, sizeof *o);
  q->spilled = o;
  o->bits = groups_block_size() == FRT_SPILL_BLOCK ? GROUPS_BITS : GROUPS_BITS_SMALL;
  frt_row_form_init(&o->in, q->in, q->in_len);
  frt_row_form_init(&o->out, q->out, q->out_len);
  o->known = frt_malloc(cx->block_rows * sizeof *o->known);
  return o;
}

static int groups_freeze(FrtCtx *cx, FrtGroups *q) {
  GroupsOwn *o = groups_own(cx, q);
  o->frozen = 1;
  o->rows = frt_spill_open(cx, q->op, frt_row_form_layout(&o->in), groups_block_size());
  if (!o->rows) return FRT_FATAL;
  for (uint32_t i = 0; i < 1u << o->bits; i++) frt_spill_add_run(o->rows);
  return FRT_OK;
}

/* ---- taking rows ---- */

/* Groups that the table has begun: row rows[fresh[k]] is the first one. */
static void groups_note_firsts(const FrtGroups *q, const uint32_t *rows, const uint32_t *fresh, uint32_t len) {
  GroupsOwn *o = q->spilled;
  if (!o || !o->seqs || q->back) return;
  while (o->first_len + len > o->first_room) {
    uint64_t before = o->first_room;
    o->first_room = before ? before * 2 : 1024;
    frt_hold_buffer((o->first_room - before) * sizeof *o->firsts);
    o->firsts = frt_realloc(o->firsts, o->first_room * sizeof *o->firsts);
  }
  for (uint32_t k = 0; k < len; k++) o->firsts[o->first_len++] = o->seqs[rows[fresh[k]]];
}

static int groups_put_row(FrtCtx *cx, GroupsOwn *o, uint32_t row, uint64_t hash) {
  uint32_t run = (uint32_t)(hash << (o->level * o->bits) >> (64 - o->bits));
  uint32_t size = frt_row_size(&o->in, row);
  char *p = frt_spill_room(cx, o->rows, run, size);
  if (!p) return FRT_FATAL;
  frt_row_write(&o->in, row, o->seqs ? o->seqs[row] : o->next++, size, p);
  return FRT_OK;
}

/* Keys of a block that may go to disk, of either kind. */
typedef struct GroupsKeys {
  const uint64_t *words;
  const FrtStr *texts;
  const uint8_t *nul;
} GroupsKeys;

static uint32_t groups_add(FrtCtx *cx, FrtGroups *q, const GroupsKeys *k, uint32_t from, uint32_t n, uint32_t *ids, uint32_t *fresh) {
  const uint8_t *nul = k->nul ? k->nul + from : NULL;
  if (k->words) return frt_table_add_words(cx, q->table, k->words + from, nul, n, ids + from, fresh);
  return frt_table_add_texts(cx, q->table, k->texts + from, nul, n, ids + from, fresh);
}

/* The number of key j is in ids[j] if the table has it. Its row stays in front, or goes to disk. */
static int groups_sort_out(FrtCtx *cx, FrtGroups *q, const GroupsKeys *k, uint32_t j, const uint32_t *rows, uint32_t *ids, uint32_t *left) {
  GroupsOwn *o = q->spilled;
  int null = k->nul && k->nul[j];
  uint32_t id = null ? q->table->null_number : ids[j];
  if (id != FRT_NONE) {
    o->known[*left] = rows[j];
    ids[(*left)++] = id;
    return FRT_OK;
  }
  uint64_t hash = null ? 0 : k->words ? frt_table_hash_word(k->words[j]) : frt_table_hash_text(k->texts[j]);
  return groups_put_row(cx, o, rows[j], hash);
}

/* The table is frozen. */
static int groups_split(FrtCtx *cx, FrtGroups *q, const GroupsKeys *k, const uint32_t *rows, uint32_t from, uint32_t n, uint32_t *ids,
                        uint32_t *left) {
  const uint8_t *nul = k->nul ? k->nul + from : NULL;
  if (k->words) frt_table_find_words(q->table, k->words + from, nul, n - from, ids + from);
  else frt_table_find_texts(q->table, k->texts + from, nul, n - from, ids + from);
  for (uint32_t j = from; j < n; j++)
    if (groups_sort_out(cx, q, k, j, rows, ids, left) != FRT_OK) return FRT_FATAL;
  return FRT_OK;
}

static uint64_t groups_text_size(const GroupsKeys *k, uint32_t from, uint32_t n) {
  uint64_t size = 0;
  for (uint32_t j = from; k->texts && j < n; j++) size += k->texts[j].len;
  return size;
}

/* How many of the keys are tried at once: all, or one by one where a test wants few. */
static uint32_t groups_step(uint32_t n) { return frt_budget_stress() && n ? 1 : n; }

static uint32_t groups_take(FrtCtx *cx, void *state, FrtGroups *q, const GroupsKeys *k, const uint32_t **rows, uint32_t *n, uint32_t *ids,
                            uint32_t *fresh) {
  GroupsOwn *o = q->spilled;
  uint32_t from = 0, len = 0, left, step = groups_step(*n);
  while (from < *n && !(o && o->frozen) && groups_fit(q, step, groups_text_size(k, from, from + step))) {
    uint32_t more = groups_add(cx, q, k, from, step, ids, fresh + len);
    for (uint32_t j = 0; j < more; j++) fresh[len + j] += from;
    len += more;
    from += step;
  }
  groups_note_firsts(q, *rows, fresh, len);
  if (from == *n) return len;
  if (!(o && o->frozen) && groups_freeze(cx, q) != FRT_OK) return FRT_NONE;
  o = q->spilled;
  frt_row_form_bind(&o->in, q->in, state);
  for (left = 0; left < from; left++) o->known[left] = (*rows)[left];
  if (groups_split(cx, q, k, *rows, from, *n, ids, &left) != FRT_OK) return FRT_NONE;
  *rows = o->known;
  *n = left;
  return len;
}

uint32_t frt_groups_add_words(FrtCtx *cx, void *state, FrtGroups *q, const uint64_t *keys, const uint8_t *nul, const uint32_t **rows,
                              uint32_t *n, uint32_t *ids, uint32_t *fresh) {
  GroupsKeys k = {keys, NULL, nul};
  return groups_take(cx, state, q, &k, rows, n, ids, fresh);
}

uint32_t frt_groups_add_texts(FrtCtx *cx, void *state, FrtGroups *q, const FrtStr *keys, const uint8_t *nul, const uint32_t **rows,
                              uint32_t *n, uint32_t *ids, uint32_t *fresh) {
  GroupsKeys k = {NULL, keys, nul};
  return groups_take(cx, state, q, &k, rows, n, ids, fresh);
}

/* ---- finished groups ---- */

void frt_groups_wrong(FrtCtx *cx, const FrtBlock *b, uint32_t row, uint32_t op, uint32_t wrong, const FrtStr *const *names) {
  if ((wrong & 255) == FRT_E_TOO_LONG) cx->detail = (FrtStr){"4 GiB", 5, 0};
  frt_error(cx, b, row, op, (int)(wrong & 255), *names[wrong >> 8]);
}

static uint32_t *groups_wrong(const FrtGroups *q, const void *state) {
  uint32_t *wrong = NULL;
  if (q->wrong) memcpy(&wrong, (const char *)state + q->wrong, sizeof wrong);
  return wrong;
}

int frt_groups_put(FrtCtx *cx, void *state, FrtGroups *q, uint32_t m) {
  GroupsOwn *o = q->spilled;
  uint32_t run = frt_spill_runs(o->done) - 1;
  const uint32_t *wrong = groups_wrong(q, state);
  frt_row_form_bind(&o->out, q->out, state);
  for (uint32_t i = 0; i < m; i++) {
    if (wrong && wrong[i]) frt_row_clear(&o->out, i);   /* what could not be computed may be anything */
    uint32_t size = frt_row_size(&o->out, i);
    char *p = frt_spill_room(cx, o->done, run, size);
    if (!p) return FRT_FATAL;
    frt_row_write(&o->out, i, o->firsts[o->put++] | (uint64_t)(wrong ? wrong[i] : 0) << GROUPS_SEQ_BITS, size, p);
  }
  frt_alloc_reset(cx->worker);
  return FRT_OK;
}

int frt_groups_pass(FrtCtx *cx, void *state, FrtGroups *q, const uint32_t *rows, uint32_t n) {
  GroupsOwn *o = q->spilled;
  frt_row_form_bind(&o->out, q->out, state);
  for (uint32_t k = 0; k < n; k++) {
    uint32_t size = frt_row_size(&o->out, rows[k]);
    char *p = frt_spill_room(cx, o->done, o->run, size);
    if (!p) return FRT_FATAL;
    frt_row_write(&o->out, rows[k], o->seqs[rows[k]], size, p);
  }
  return FRT_OK;
}

static int groups_finish(FrtCtx *cx, void *state, FrtGroups *q) {
  GroupsOwn *o = q->spilled;
  uint32_t run = o->run;
  q->putting = 1;
  o->put = 0;
  int status = q->finish(cx, state);
  q->putting = 0;
  return status == FRT_OK ? frt_spill_finish(cx, o->done, run) : FRT_FATAL;
}

/* ---- rows that come back ---- */

static void *groups_pointer(void *state, uint32_t offset) { return (char *)state + offset; }

/* While rows come back, the columns that take reads are arrays of our own. */
static void groups_bind_arrays(FrtCtx *cx, void *state, FrtGroups *q) {
  GroupsOwn *o = q->spilled;
  size_t size = 0, rows = cx->block_rows;
  for (uint32_t i = 0; i < q->in_len; i++) size += ((q->in[i].type->size * rows + 15) & ~(size_t)15) + ((rows + 15) & ~(size_t)15);
  if (!o->arrays) {
    o->arrays = frt_malloc(size + 1);
    memset(o->arrays, 0, size + 1);
    o->saved = frt_malloc((q->in_len * 2 + 1) * sizeof *o->saved);
  }
  char *p = o->arrays;
  for (uint32_t i = 0; i < q->in_len; i++) {
    const FrtSpillColumn *c = &q->in[i];
    memcpy(&o->saved[i * 2], groups_pointer(state, c->values), sizeof p);
    memcpy(groups_pointer(state, c->values), &p, sizeof p);
    p += (c->type->size * rows + 15) & ~(size_t)15;
    if (!c->nulls) continue;
    memcpy(&o->saved[i * 2 + 1], groups_pointer(state, c->nulls), sizeof p);
    memcpy(groups_pointer(state, c->nulls), &p, sizeof p);
    p += (rows + 15) & ~(size_t)15;
  }
}

static void groups_unbind_arrays(void *state, FrtGroups *q) {
  GroupsOwn *o = q->spilled;
  for (uint32_t i = 0; i < q->in_len; i++) {
    memcpy(groups_pointer(state, q->in[i].values), &o->saved[i * 2], sizeof(void *));
    if (q->in[i].nulls) memcpy(groups_pointer(state, q->in[i].nulls), &o->saved[i * 2 + 1], sizeof(void *));
  }
}

/* A signal, or memory that an accumulator holds beyond the budget. */
static int groups_check(FrtCtx *cx) {
  frt_alloc_reset(cx->worker);
  frt_budget_poll();
  if (frt_cancelled()) frt_run_fail(cx->run, 130, NULL);
  else frt_run_check_memory(cx->run);
  return cx->run->exit_code ? FRT_FATAL : FRT_OK;
}

/* The operator has counted these rows when they came. */
static int groups_take_again(FrtCtx *cx, void *state, FrtGroups *q, uint32_t n) {
  uint64_t counts[FRT_LEDGER_LEN], *l = cx->ledger + (size_t)q->op * FRT_LEDGER_LEN;
  memcpy(counts, l, sizeof counts);
  int status = q->take(cx, state, n);
  memcpy(l, counts, sizeof counts);
  return status == FRT_OK ? groups_check(cx) : FRT_FATAL;
}

/* Rows of a block of a spill file. Their texts stay in it. */
static int groups_take_block(FrtCtx *cx, void *state, FrtGroups *q, const char *p, size_t left) {
  GroupsOwn *o = q->spilled;
  while (left) {
    uint32_t n = 0, size;
    for (; left && n < cx->block_rows; n++, p += size, left -= size) {
      o->seqs[n] = frt_row_word(&o->in, p, left, &size);
      if (!size) return frt_fatal(cx, q->op, FRT_E_SPILL, (FrtStr){"a row on disk is damaged", 24, 0});
      frt_row_read(cx, &o->in, p, n, 0);
    }
    if (groups_take_again(cx, state, q, n) != FRT_OK) return FRT_FATAL;
  }
  return FRT_OK;
}

static int groups_take_run(FrtCtx *cx, void *state, FrtGroups *q, FrtSpill *file, uint32_t run) {
  char *data;
  size_t size;
  int status;
  FrtSpillReader *r = frt_spill_read(cx, file, run, 0);
  if (!r) return FRT_FATAL;
  while ((status = frt_spill_next(cx, r, &data, &size)) == FRT_OK)
    if ((status = groups_take_block(cx, state, q, data, size)) != FRT_OK) break;
  frt_spill_reader_free(r);
  return status == FRT_END ? FRT_OK : FRT_FATAL;
}

static int groups_partitions(FrtCtx *cx, void *state, FrtGroups *q, FrtSpill *file, uint32_t level);

static int groups_partition(FrtCtx *cx, void *state, FrtGroups *q, FrtSpill *file, uint32_t run, uint32_t level) {
  GroupsOwn *o = q->spilled;
  o->level = level;
  o->frozen = 0;
  o->first_len = 0;
  o->run = frt_spill_add_run(o->done);
  groups_bind_arrays(cx, state, q);
  frt_row_form_bind(&o->in, q->in, state);
  int status = groups_take_run(cx, state, q, file, run);
  groups_unbind_arrays(state, q);
  frt_spill_free_run(file, run);
  FrtSpill *rest = o->rows;
  if (status == FRT_OK && rest) status = frt_spill_finish_all(cx, rest);
  if (status == FRT_OK) status = groups_finish(cx, state, q);
  if (!rest) return status;
  o->rows = NULL;
  return status == FRT_OK ? groups_partitions(cx, state, q, rest, level + 1) : (frt_spill_close(rest), FRT_FATAL);
}

/* Closes the file. */
static int groups_partitions(FrtCtx *cx, void *state, FrtGroups *q, FrtSpill *file, uint32_t level) {
  int status = FRT_OK;
  for (uint32_t run = 0; run < frt_spill_runs(file) && status == FRT_OK; run++)
    if (frt_spill_run_size(file, run)) status = groups_partition(cx, state, q, file, run, level);
  frt_spill_close(file);
  return status;
}

/* ---- merging ---- */

/* A run of finished groups that is being read. */
typedef struct GroupsRun {
  FrtSpillReader *reader;
  const char *at;
  size_t left;
  uint64_t word;
  uint32_t size;
} GroupsRun;

/* Binary heap by number. */
typedef struct GroupsMerge {
  GroupsRun *runs;
  uint32_t len;
} GroupsMerge;

static int groups_less(const GroupsRun *a, const GroupsRun *b) { return (a->word & GROUPS_SEQ_MASK) < (b->word & GROUPS_SEQ_MASK); }

static void groups_sink_down(GroupsMerge *m) {
  GroupsRun top = m->runs[0];
  uint32_t at = 0;
  for (uint32_t child; (child = at * 2 + 1) < m->len; at = child) {
    if (child + 1 < m->len && groups_less(&m->runs[child + 1], &m->runs[child])) child++;
    if (!groups_less(&m->runs[child], &top)) break;
    m->runs[at] = m->runs[child];
  }
  m->runs[at] = top;
}

/* The next row of the run. FRT_OK, FRT_END, FRT_FATAL. */
static int groups_run_next(FrtCtx *cx, const FrtGroups *q, GroupsRun *r) {
  const GroupsOwn *o = q->spilled;
  if (!r->left) {
    char *data;
    int status = frt_spill_next(cx, r->reader, &data, &r->left);
    if (status != FRT_OK) return status;
    r->at = data;
  }
  r->word = frt_row_word(&o->out, r->at, r->left, &r->size);
  return r->size ? FRT_OK : frt_fatal(cx, q->op, FRT_E_SPILL, (FrtStr){"a row on disk is damaged", 24, 0});
}

static int groups_merge_next(FrtCtx *cx, const FrtGroups *q, GroupsMerge *m) {
  GroupsRun *r = &m->runs[0];
  r->at += r->size;
  r->left -= r->size;
  int status = groups_run_next(cx, q, r);
  if (status == FRT_FATAL) return status;
  if (status == FRT_END) {
    frt_spill_reader_free(r->reader);
    m->runs[0] = m->runs[--m->len];
  }
  if (m->len) groups_sink_down(m);
  return FRT_OK;
}

static void groups_merge_close(GroupsMerge *m) {
  for (uint32_t i = 0; i < m->len; i++) frt_spill_reader_free(m->runs[i].reader);
  frt_free(m->runs);
}

static int groups_merge_open(FrtCtx *cx, const FrtGroups *q, GroupsMerge *m, const uint32_t *runs, uint32_t len) {
  GroupsOwn *o = q->spilled;
  *m = (GroupsMerge){frt_malloc((len + 1) * sizeof *m->runs), 0};
  for (uint32_t i = 0; i < len; i++) {
    GroupsRun r = {.reader = frt_spill_read(cx, o->done, runs[i], 0)};
    int status = r.reader ? groups_run_next(cx, q, &r) : FRT_FATAL;
    if (status == FRT_OK) {
      uint32_t at = m->len++;
      for (; at && groups_less(&r, &m->runs[(at - 1) / 2]); at = (at - 1) / 2) m->runs[at] = m->runs[(at - 1) / 2];
      m->runs[at] = r;
      continue;
    }
    frt_spill_reader_free(r.reader);
    if (status == FRT_FATAL) return FRT_FATAL;
  }
  return FRT_OK;
}

/* How many runs are read at once. */
static uint32_t groups_fan_in(void) {
  uint64_t runs = frt_budget_limit() / 2 / (2 * GROUPS_OUT_BLOCK + 1024);
  return runs < 4 || frt_budget_stress() ? 4 : runs > 1024 ? 1024 : (uint32_t)runs;
}

/* Merges runs into one more. */
static int groups_merge_some(FrtCtx *cx, const FrtGroups *q, const uint32_t *runs, uint32_t len, uint32_t *made) {
  GroupsOwn *o = q->spilled;
  GroupsMerge m;
  int status = groups_merge_open(cx, q, &m, runs, len);
  *made = frt_spill_add_run(o->done);
  while (status == FRT_OK && m.len) {
    status = frt_spill_put(cx, o->done, *made, m.runs[0].at, m.runs[0].size);
    if (status == FRT_OK) status = groups_merge_next(cx, q, &m);
  }
  groups_merge_close(&m);
  if (status == FRT_OK) status = frt_spill_finish(cx, o->done, *made);
  for (uint32_t i = 0; i < len; i++) frt_spill_free_run(o->done, runs[i]);
  return status == FRT_OK ? groups_check(cx) : FRT_FATAL;
}

/* The last merge: groups go on. */
static int groups_merge_out(FrtCtx *cx, void *state, FrtGroups *q, const uint32_t *runs, uint32_t len) {
  GroupsOwn *o = q->spilled;
  GroupsMerge m;
  uint32_t n = 0, *wrong = groups_wrong(q, state);
  int status = groups_merge_open(cx, q, &m, runs, len);
  if (q->back) groups_bind_arrays(cx, state, q);
  frt_row_form_bind(&o->out, q->out, state);
  while (status == FRT_OK && m.len) {
    frt_row_read(cx, &o->out, m.runs[0].at, n, 1);
    if (wrong) wrong[n] = (uint32_t)(m.runs[0].word >> GROUPS_SEQ_BITS);
    status = groups_merge_next(cx, q, &m);
    if (status == FRT_OK && (++n == cx->block_rows || !m.len)) {
      status = q->give(cx, state, n);
      n = 0;
      if (status == FRT_OK && frt_cancelled()) frt_run_fail(cx->run, 130, NULL);
      if (cx->run->exit_code) status = FRT_FATAL;
      frt_row_form_bind(&o->out, q->out, state);
    }
  }
  groups_merge_close(&m);
  if (q->back) groups_unbind_arrays(state, q);
  return status;
}

static int groups_merge(FrtCtx *cx, void *state, FrtGroups *q) {
  GroupsOwn *o = q->spilled;
  uint32_t len = frt_spill_runs(o->done), most = groups_fan_in(), at = 0;
  uint32_t *runs = frt_malloc(((size_t)len * 2 + 1) * sizeof *runs);
  int status = FRT_OK;
  for (uint32_t i = 0; i < len; i++) runs[i] = i;
  while (status == FRT_OK && len - at > most) {
    uint32_t some = len - at - most + 1 < most ? len - at - most + 1 : most;
    if (some < 2) some = 2;
    status = groups_merge_some(cx, q, runs + at, some, &runs[len]);
    at += some;
    len++;
  }
  if (status == FRT_OK) status = groups_merge_out(cx, state, q, runs + at, len - at);
  frt_free(runs);
  return status;
}

int frt_groups_rest(FrtCtx *cx, void *state, FrtGroups *q) {
  GroupsOwn *o = q->spilled;
  if (!o) return FRT_OK;
  FrtSpill *file = o->rows;
  o->rows = NULL;
  q->back = !q->store;
  o->seqs = frt_malloc(cx->block_rows * sizeof *o->seqs);
  o->done = frt_spill_open(cx, q->op, frt_row_form_layout(&o->out), groups_block_size() < GROUPS_OUT_BLOCK ? groups_block_size() : GROUPS_OUT_BLOCK);
  int status = o->done && file ? frt_spill_finish_all(cx, file) : FRT_FATAL;
  if (status == FRT_OK) status = groups_partitions(cx, state, q, file, 1);
  else frt_spill_close(file);
  if (status == FRT_OK) status = groups_merge(cx, state, q);
  frt_groups_end(q);
  return status;
}
