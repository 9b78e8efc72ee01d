/* join_parts.c: the partitions of a join on disk, one after another.
 *
 * The right rows of a partition are taken into a table, as long as the budget allows; the left rows are read against it, and what
 * comes of them is a run of results in their order. A partition that is too large is cut by the next bits of the hash; one that
 * cannot be cut (a single key has most of its rows) is joined in parts: as many right rows as fit, the left rows against
 * them, the next right rows; a bit for each left row remembers who has found something. Each part is a run of its own. */
#include <string.h>

#include "base/arena.h"
#include "base/budget.h"
#include "op/join_spill.h"

enum { PARTS_BATCH = 1024, PARTS_LEAST = 1024, PARTS_LEAST_STRESS = 2 };

/* A record that is being read. */
typedef struct PartsRow {
  JoinHead head;
  const char *row;     /* in the form of its side */
  uint32_t row_size;
  const char *key;
} PartsRow;

/* Records of a run, one after another. */
typedef struct PartsReader {
  const JoinSpill *q;
  const FrtRowForm *form;
  FrtSpillReader *reader;
  char *at;
  size_t left;
} PartsReader;

/* A partition that is being joined: its table, and what is known of its left rows. */
typedef struct Parts {
  JoinSpill *q;
  FrtSpill *rights, *lefts;
  uint32_t run, level;
  FrtJoin table;               /* rows: FrtStr, the bytes of the right row */
  uint32_t part, last;         /* number of the part, and whether no right rows follow */
  uint32_t pass;               /* of lookups in several parts: 0 counts only */
  uint8_t *found, *twice;      /* by left row of the partition: bits; NULL where there is one part */
  uint64_t found_size;
  uint32_t out;                /* the run of results */
  uint64_t put;                /* results so far */
  uint64_t *words;             /* of a batch */
  FrtStr *texts;
  uint8_t *nul;
  uint32_t *ids, *fresh;
  uint64_t *times;
  FrtStr *rows;
} Parts;

/* ---- reading ---- */

static int parts_open(FrtCtx *cx, PartsReader *r, const JoinSpill *q, FrtSpill *file, uint32_t run, const FrtRowForm *form) {
  *r = (PartsReader){.q = q, .form = form, .reader = frt_spill_read(cx, file, run, 0)};
  return r->reader ? FRT_OK : FRT_FATAL;
}

/* The block that is being read has ended: what points into it is good no more. FRT_OK, FRT_END, FRT_FATAL. */
static int parts_block(FrtCtx *cx, PartsReader *r) {
  int status = frt_spill_next(cx, r->reader, &r->at, &r->left);
  return status == FRT_OK ? frt_join_check(cx) : status;
}

static int parts_row(FrtCtx *cx, PartsReader *r, PartsRow *out) {
  uint32_t key_size = 8;
  if (r->left < JOIN_HEAD) return frt_join_damaged(cx, r->q);
  memcpy(&out->head, r->at, JOIN_HEAD);
  if (out->head.size < JOIN_HEAD || out->head.size > r->left) return frt_join_damaged(cx, r->q);
  size_t left = out->head.size - JOIN_HEAD;
  out->row = r->at + JOIN_HEAD;
  frt_row_word(r->form, out->row, left, &out->row_size);
  if (!out->row_size) return frt_join_damaged(cx, r->q);
  out->key = out->row + out->row_size;
  left -= out->row_size;
  if (r->q->is_text && left >= 4) memcpy(&key_size, out->key, 4), key_size += 4;
  if (key_size != left) return frt_join_damaged(cx, r->q);
  r->at += out->head.size;
  r->left -= out->head.size;
  return FRT_OK;
}

/* The key of batch row k. */
static void parts_key(Parts *p, uint32_t k, const PartsRow *r) {
  uint32_t len = 0;
  p->nul[k] = (r->head.flags & JOIN_NULL) != 0;
  p->times[k] = r->head.time;
  p->rows[k] = (FrtStr){r->row, r->row_size, 0};
  if (!p->q->is_text) {
    memcpy(&p->words[k], r->key, 8);
    return;
  }
  memcpy(&len, r->key, 4);
  p->texts[k] = (FrtStr){r->key + 4, len, 0};
}

/* The next records of the present block: how many; 0 at its end; UINT32_MAX: damaged. */
static uint32_t parts_batch(FrtCtx *cx, Parts *p, PartsReader *r) {
  uint32_t n = 0;
  for (PartsRow row; r->left && n < PARTS_BATCH; n++) {
    if (parts_row(cx, r, &row) != FRT_OK) return UINT32_MAX;
    parts_key(p, n, &row);
  }
  return n;
}

/* ---- the right rows ---- */

static int parts_keeps_rows(const Parts *p) { return !(p->q->spec->flags & (FRT_JOIN_SEMI | FRT_JOIN_ANTI)); }

static int parts_take(FrtCtx *cx, Parts *p, uint32_t n) {
  FrtJoin *t = &p->table;
  if (p->q->is_text) frt_table_add_texts(cx, &t->keys, p->texts, p->nul, n, p->ids, p->fresh);
  else frt_table_add_words(cx, &t->keys, p->words, p->nul, n, p->ids, p->fresh);
  if (!parts_keeps_rows(p)) return FRT_OK;
  for (uint32_t k = 0; k < n; k++) {
    FrtStr *row = frt_store_add(cx, &t->rows);
    *row = frt_store_text(cx, &t->rows, p->rows[k]);
    if (p->nul[k]) p->ids[k] = FRT_NONE;
  }
  return frt_join_add(cx, t, p->q->spec->op, p->ids, t->flags & FRT_JOIN_TIMES ? p->times : NULL, n);
}

static void parts_table_init(Parts *p) {
  frt_join_init(&p->table, p->q->is_text, sizeof(FrtStr), p->q->join_flags);
  p->table.keys.spills = p->table.keys.keep.spills = p->table.rows.spills = 1;
}

/* Whether the table may take no more. */
static int parts_is_full(const Parts *p) {
  const FrtTable *t = &p->table.keys;
  uint64_t rows = p->table.rows.len, most = rows > t->len ? rows : t->len;
  if (most < (frt_budget_stress() ? PARTS_LEAST_STRESS : PARTS_LEAST)) return 0;
  if (frt_budget_stress()) return 1;
  uint64_t grows = (t->len + PARTS_BATCH) * 8 > (t->slots ? t->mask + 1 : 0) * 5 ? (t->mask + 1) * 3 * 8 : 0;
  if (t->len + PARTS_BATCH > t->room) grows += t->room * (t->is_text ? 24u : 8u);
  return !frt_may_reserve(grows + rows * 12 + (uint64_t)t->len * 12 + FRT_SPILL_OUT);
}

/* Reads right rows until none are left (FRT_END) or the table is full (FRT_OK). */
static int parts_fill(FrtCtx *cx, Parts *p, PartsReader *r) {
  for (;;) {
    int status = r->left ? FRT_OK : parts_block(cx, r);
    if (status != FRT_OK) return status;
    uint32_t n = parts_batch(cx, p, r);
    if (n == UINT32_MAX || parts_take(cx, p, n) != FRT_OK) return FRT_FATAL;
    if (parts_is_full(p)) return FRT_OK;
  }
}

/* ---- results ---- */

static int parts_put(FrtCtx *cx, Parts *p, uint32_t kind, FrtStr left, FrtStr right) {
  size_t size = JOIN_HEAD + (size_t)left.len + right.len;
  JoinHead head = {(uint32_t)size, kind, (uint64_t)p->part << 32 | left.len};
  p->put++;
  char *to = frt_spill_room(cx, p->q->done, p->out, size > UINT32_MAX / 2 ? SIZE_MAX / 2 : size);
  if (!to) return FRT_FATAL;
  memcpy(to, &head, JOIN_HEAD);
  memcpy(to + JOIN_HEAD, left.ptr, left.len);
  if (right.len) memcpy(to + JOIN_HEAD + left.len, right.ptr, right.len);
  return FRT_OK;
}

static void parts_push(JoinRuns *r, uint32_t run) {
  if (r->len == r->room) {
    r->room = r->room ? r->room * 2 : 64;
    r->run = frt_realloc(r->run, r->room * sizeof *r->run);
  }
  r->run[r->len++] = run;
}

static int parts_bit(uint8_t *bits, uint64_t i) { return bits && bits[i / 8] >> (i % 8) & 1; }
static void parts_set(uint8_t *bits, uint64_t i) {
  if (bits) bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
}

static int parts_miss(FrtCtx *cx, Parts *p, FrtStr left) {
  uint32_t flags = p->q->spec->flags;
  if (flags & (FRT_JOIN_ANTI | FRT_JOIN_MISS_NULLS)) return parts_put(cx, p, FRT_BACK_NULLS, left, (FrtStr){0});
  return flags & FRT_JOIN_MISS_ELSE ? parts_put(cx, p, FRT_BACK_ELSE, left, (FrtStr){0}) : FRT_OK;
}

static FrtStr parts_right(const Parts *p, uint32_t row) { return *(const FrtStr *)FRT_ROW(&p->table.rows, row); }

/* Left row `i` of the partition: one match at most; id: a row, or FRT_NONE, FRT_SEVERAL. */
static int parts_single(FrtCtx *cx, Parts *p, uint64_t i, FrtStr left, uint32_t id) {
  int before = parts_bit(p->found, i), several = id == FRT_SEVERAL || (id != FRT_NONE && before);
  int only_one = (p->q->spec->flags & FRT_JOIN_ONLY_ONE) != 0;
  if (p->found && only_one && p->pass == 0) {
    if (id != FRT_NONE) parts_set(p->found, i);
    if (several) parts_set(p->twice, i);
    return FRT_OK;
  }
  if (p->found && only_one) {
    if (parts_bit(p->twice, i)) return p->last ? parts_put(cx, p, FRT_BACK_SEVERAL, left, (FrtStr){0}) : FRT_OK;
    if (id != FRT_NONE) return parts_put(cx, p, FRT_BACK_MATCH, left, parts_right(p, id));
    return p->last && !before ? parts_miss(cx, p, left) : FRT_OK;
  }
  if (id == FRT_SEVERAL) return parts_put(cx, p, FRT_BACK_SEVERAL, left, (FrtStr){0});
  if (id == FRT_NONE) return p->last && !before ? parts_miss(cx, p, left) : FRT_OK;
  if (before) return FRT_OK;
  parts_set(p->found, i);
  return parts_put(cx, p, FRT_BACK_MATCH, left, parts_right(p, id));
}

static int parts_member(FrtCtx *cx, Parts *p, uint64_t i, FrtStr left, uint32_t id) {
  int before = parts_bit(p->found, i);
  if (id == FRT_NONE) return p->last && !before ? parts_miss(cx, p, left) : FRT_OK;
  parts_set(p->found, i);
  if (before || p->q->spec->flags & FRT_JOIN_ANTI) return FRT_OK;
  return parts_put(cx, p, FRT_BACK_NULLS, left, (FrtStr){0});
}

static int parts_many(FrtCtx *cx, Parts *p, uint64_t i, FrtStr left, uint32_t key) {
  const FrtJoin *t = &p->table;
  if (key == FRT_NONE) return p->last && !parts_bit(p->found, i) ? parts_miss(cx, p, left) : FRT_OK;
  parts_set(p->found, i);
  if (t->matched) t->matched[key] = 1;
  uint32_t at = t->several ? t->start[key] : key, end = t->several ? t->start[key + 1] : key + 1;
  for (; at < end; at++)
    if (parts_put(cx, p, FRT_BACK_MATCH, left, parts_right(p, t->several ? t->order[at] : at)) != FRT_OK) return FRT_FATAL;
  return FRT_OK;
}

/* One left row; counted as it would be in memory: rows made beyond the first, rows dropped. */
static int parts_probe_row(FrtCtx *cx, Parts *p, uint64_t i, FrtStr left, uint32_t id, int single) {
  uint32_t flags = p->q->spec->flags;
  uint64_t before = p->put, made;
  int counts = p->found && flags & FRT_JOIN_ONLY_ONE && p->pass == 0;
  int earlier = !(flags & FRT_JOIN_ANTI) && parts_bit(p->found, i), status;
  if (!parts_keeps_rows(p)) status = parts_member(cx, p, i, left, id);
  else if (single) status = parts_single(cx, p, i, left, id);
  else status = parts_many(cx, p, i, left, id);
  made = p->put - before;
  if (made && !single && parts_keeps_rows(p)) FRT_COUNT(cx, p->q->spec->op, FRT_MADE, made - !earlier);
  if (made) return status;
  if (p->last && !earlier && !counts) FRT_COUNT(cx, p->q->spec->op, FRT_DROPPED, 1);
  return status;
}

/* Left rows of a batch, the first of which is number `from` of the partition. */
static int parts_probe(FrtCtx *cx, Parts *p, uint64_t from, uint32_t n) {
  const FrtJoinSpec *s = p->q->spec;
  FrtJoin *t = &p->table;
  int status = FRT_OK;
  if (p->q->is_text) frt_join_find_texts(t, p->texts, p->nul, n, p->ids);
  else frt_join_find_words(t, p->words, p->nul, n, p->ids);
  for (uint32_t k = 0; k < n; k++)
    if (p->nul[k]) p->ids[k] = FRT_NONE;
  if (s->flags & FRT_JOIN_ASOF) frt_join_asof(t, p->ids, p->times, n, s->how, s->within);
  else if (s->flags & (FRT_JOIN_ONE | FRT_JOIN_ONLY_ONE)) frt_join_find(t, p->ids, n, s->flags & FRT_JOIN_ONLY_ONE);
  int single = s->flags & (FRT_JOIN_ASOF | FRT_JOIN_ONE | FRT_JOIN_ONLY_ONE);
  for (uint32_t k = 0; k < n && status == FRT_OK; k++)
    status = parts_probe_row(cx, p, from + k, p->rows[k], p->ids[k], single);
  return status;
}

static int parts_left_rows(FrtCtx *cx, Parts *p) {
  PartsReader r;
  uint64_t from = 0;
  int status = parts_open(cx, &r, p->q, p->lefts, p->run, &p->q->left);
  while (status == FRT_OK && (status = r.left ? FRT_OK : parts_block(cx, &r)) == FRT_OK) {
    uint32_t n = parts_batch(cx, p, &r);
    status = n == UINT32_MAX ? FRT_FATAL : parts_probe(cx, p, from, n);
    from += n;
  }
  frt_spill_reader_free(r.reader);
  return status == FRT_END ? FRT_OK : status;
}

/* The right rows of the table that no left row has found. */
static int parts_right_rows(FrtCtx *cx, Parts *p) {
  const FrtJoin *t = &p->table;
  if (!(t->flags & FRT_JOIN_MATCHES)) return FRT_OK;
  p->out = frt_spill_add_run(p->q->done);
  parts_push(&p->q->right_runs, p->out);
  for (uint64_t i = 0; i < t->rows.len; i++)
    if (t->key_of[i] == FRT_NONE || !t->matched[t->key_of[i]]) {
      FRT_COUNT(cx, p->q->spec->op, FRT_MADE, 1);
      if (parts_put(cx, p, FRT_BACK_RIGHT, (FrtStr){"", 0, 0}, parts_right(p, (uint32_t)i)) != FRT_OK) return FRT_FATAL;
    }
  return frt_spill_finish(cx, p->q->done, p->out);
}

/* The left rows against what is in the table. */
static int parts_join_part(FrtCtx *cx, Parts *p) {
  int counts = p->found && p->q->spec->flags & FRT_JOIN_ONLY_ONE && p->pass == 0;
  frt_join_ready(&p->table);
  if (!counts) {
    p->out = frt_spill_add_run(p->q->done);
    parts_push(&p->q->runs, p->out);
  }
  int status = parts_left_rows(cx, p);
  if (status == FRT_OK && !counts) status = frt_spill_finish(cx, p->q->done, p->out);
  if (status == FRT_OK && !counts) status = parts_right_rows(cx, p);
  return status;
}

/* ---- cutting ---- */

static uint64_t parts_hash(const Parts *p, const PartsRow *r) {
  uint64_t word;
  uint32_t len;
  if (r->head.flags & JOIN_NULL) return 0;
  if (!p->q->is_text) return memcpy(&word, r->key, 8), frt_join_hash_word(word);
  memcpy(&len, r->key, 4);
  return frt_xxh3(NULL, (FrtStr){r->key + 4, len, 0});
}

/* The records of the run go to the partitions of a new file; *most: the bytes of the largest. */
static FrtSpill *parts_cut(FrtCtx *cx, Parts *p, FrtSpill *from, const FrtRowForm *form, uint64_t *most) {
  PartsReader r;
  PartsRow row;
  FrtSpill *to = frt_join_open(cx, p->q, form);
  int status = to ? parts_open(cx, &r, p->q, from, p->run, form) : FRT_FATAL;
  if (status != FRT_OK) {
    frt_spill_close(to);
    return NULL;
  }
  while (status == FRT_OK && (status = r.left ? FRT_OK : parts_block(cx, &r)) == FRT_OK) {
    const char *at = r.at;
    if ((status = parts_row(cx, &r, &row)) != FRT_OK) break;
    status = frt_spill_put(cx, to, frt_join_partition(p->q, parts_hash(p, &row), p->level + 1), at, row.head.size);
  }
  frt_spill_reader_free(r.reader);
  if (status == FRT_END) status = frt_spill_finish_all(cx, to);
  for (uint32_t i = 0; status == FRT_OK && i < frt_spill_runs(to); i++)
    if (frt_spill_run_size(to, i) > *most) *most = frt_spill_run_size(to, i);
  if (status == FRT_OK) return to;
  frt_spill_close(to);
  return NULL;
}

/* FRT_OK; FRT_STOP: it cannot be cut, as one key has nearly all of it. */
static int parts_recurse(FrtCtx *cx, Parts *p) {
  uint64_t most = 0, size = frt_spill_run_size(p->rights, p->run);
  if ((p->level + 2) * p->q->bits > 64 || p->level + 1 >= JOIN_MAX_LEVEL) return FRT_STOP;
  FrtSpill *rights = parts_cut(cx, p, p->rights, &p->q->right, &most);
  if (!rights) return FRT_FATAL;
  if (most > size - size / 8) {
    frt_spill_close(rights);
    return FRT_STOP;
  }
  frt_spill_free_run(p->rights, p->run);
  FrtSpill *lefts = parts_cut(cx, p, p->lefts, &p->q->left, &most);
  if (!lefts) {
    frt_spill_close(rights);
    return FRT_FATAL;
  }
  frt_spill_free_run(p->lefts, p->run);
  return frt_join_parts(cx, p->q, rights, lefts, p->level + 1);
}

/* ---- parts ---- */

static int parts_count_left(FrtCtx *cx, Parts *p, uint64_t *len) {
  PartsReader r;
  PartsRow row;
  int status = parts_open(cx, &r, p->q, p->lefts, p->run, &p->q->left);
  for (*len = 0; status == FRT_OK && (status = r.left ? FRT_OK : parts_block(cx, &r)) == FRT_OK; (*len)++)
    if ((status = parts_row(cx, &r, &row)) != FRT_OK) break;
  frt_spill_reader_free(r.reader);
  return status == FRT_END ? FRT_OK : status;
}

/* All right rows, as many at once as fit; the table has the first ones. as-of joins need all at once: they are taken whatever
 * the budget says. */
static int parts_all(FrtCtx *cx, Parts *p, PartsReader *r, int status) {
  for (p->part = 0;; p->part++) {
    p->last = status == FRT_END;
    if (parts_join_part(cx, p) != FRT_OK) return FRT_FATAL;
    if (p->last) return FRT_OK;
    frt_join_end(&p->table);
    parts_table_init(p);
    status = parts_fill(cx, p, r);
    if (status == FRT_FATAL) return status;
  }
}

static int parts_several(FrtCtx *cx, Parts *p, PartsReader *r) {
  uint64_t len;
  if (p->q->spec->flags & FRT_JOIN_ASOF) {
    int status = FRT_OK;
    while (status == FRT_OK) status = parts_fill(cx, p, r);
    return status == FRT_END ? parts_all(cx, p, r, status) : FRT_FATAL;
  }
  if (parts_count_left(cx, p, &len) != FRT_OK) return FRT_FATAL;
  p->found_size = len / 8 + 1;
  p->found = frt_malloc(2 * p->found_size);
  memset(p->found, 0, 2 * p->found_size);
  frt_hold_buffer(2 * p->found_size);
  p->twice = p->found + p->found_size;
  p->pass = 0;
  int status = parts_all(cx, p, r, FRT_OK);
  if (status != FRT_OK || !(p->q->spec->flags & FRT_JOIN_ONLY_ONE)) return status;
  p->pass = 1;
  frt_spill_reader_free(r->reader);
  frt_join_end(&p->table);
  parts_table_init(p);
  if (parts_open(cx, r, p->q, p->rights, p->run, &p->q->right) != FRT_OK) return FRT_FATAL;
  status = parts_fill(cx, p, r);
  return status == FRT_FATAL ? status : parts_all(cx, p, r, status);
}

static void parts_buffers(Parts *p, int get) {
  if (get) {
    p->words = frt_malloc(PARTS_BATCH * sizeof *p->words);
    p->texts = frt_malloc(PARTS_BATCH * sizeof *p->texts);
    p->nul = frt_malloc(PARTS_BATCH);
    p->ids = frt_malloc(PARTS_BATCH * sizeof *p->ids);
    p->fresh = frt_malloc(PARTS_BATCH * sizeof *p->fresh);
    p->times = frt_malloc(PARTS_BATCH * sizeof *p->times);
    p->rows = frt_malloc(PARTS_BATCH * sizeof *p->rows);
    return;
  }
  frt_free(p->words);
  frt_free(p->texts);
  frt_free(p->nul);
  frt_free(p->ids);
  frt_free(p->fresh);
  frt_free(p->times);
  frt_free(p->rows);
  if (p->found) frt_unreserve(NULL, 2 * p->found_size);
  frt_free(p->found);
}

/* One partition. */
static int parts_join(FrtCtx *cx, JoinSpill *q, FrtSpill *rights, FrtSpill *lefts, uint32_t run, uint32_t level) {
  Parts p = {.q = q, .rights = rights, .lefts = lefts, .run = run, .level = level};
  PartsReader r;
  if (!frt_spill_run_size(lefts, run) && !(q->join_flags & FRT_JOIN_MATCHES)) return FRT_OK;
  parts_buffers(&p, 1);
  parts_table_init(&p);
  int status = parts_open(cx, &r, q, rights, run, &q->right);
  if (status == FRT_OK) status = parts_fill(cx, &p, &r);
  if (status == FRT_OK) {   /* the table is full before the end */
    frt_join_end(&p.table);
    frt_spill_reader_free(r.reader);
    r.reader = NULL;
    status = parts_recurse(cx, &p);
    if (status == FRT_STOP) {
      parts_table_init(&p);
      status = parts_open(cx, &r, q, rights, run, &q->right);
      if (status == FRT_OK) status = parts_fill(cx, &p, &r);
      if (status != FRT_FATAL) status = parts_several(cx, &p, &r);
    }
  } else if (status == FRT_END) {
    status = parts_all(cx, &p, &r, FRT_END);
  }
  frt_spill_reader_free(r.reader);
  frt_join_end(&p.table);
  parts_buffers(&p, 0);
  return status;
}

int frt_join_parts(FrtCtx *cx, JoinSpill *q, FrtSpill *rights, FrtSpill *lefts, uint32_t level) {
  int status = FRT_OK;
  for (uint32_t run = 0; run < frt_spill_runs(rights) && status == FRT_OK; run++) {
    status = parts_join(cx, q, rights, lefts, run, level);
    frt_spill_free_run(rights, run);
    frt_spill_free_run(lefts, run);
  }
  frt_spill_close(rights);
  frt_spill_close(lefts);
  return status;
}
