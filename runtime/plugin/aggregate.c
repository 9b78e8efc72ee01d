/* aggregate.c: aggregates of plugins: rows of a block with the states of their groups, one call a block; results, one call a
 * group.
 *
 * A state rests in its group's struct behind a head, which says whether it was begun and whether it failed. What a
 * plugin said of groups that failed is kept once for all groups that say the same, so that a head holds a number and
 * what goes to disk for a failed group is a number too. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "plugin/plugin_internal.h"

enum { AGGREGATE_TEXT = 64 << 20, AGGREGATE_WORDS = 4096, AGGREGATE_BUCKETS = 1024 };

typedef struct AggregateHead {
  uint32_t begun, failed;      /* failed: number of what was said, plus 1 */
} AggregateHead;

typedef struct AggregateWord {
  char *text;
  uint32_t len, which, next;   /* next in its bucket, plus 1 */
} AggregateWord;

typedef struct AggregateOne {
  PluginHandle loaded;
  const FlowAggregate *table;
  PluginImage image;
} AggregateOne;

struct FrtPluginAggs {
  const FrtPluginAggSpec *spec;
  uint32_t len, word_len, word_room;
  AggregateOne *one;
  AggregateHead **head;        /* of the rows of a block */
  FlowColumn *in;
  AggregateWord *words;        /* the first `len`: of groups of which nothing was said */
  uint32_t bucket[AGGREGATE_BUCKETS];
};

/* A call: the host of it, and where its texts lie. */
typedef struct AggregateCall {
  PluginHost host;
  FrtCtx *cx;
  FrtPluginAggs *p;
  uint32_t which;
  AggregateHead **head;
  PluginArea *areas;
} AggregateCall;

/* ---- what was said ---- */

static uint32_t aggregate_word_add(FrtPluginAggs *p, uint32_t which, const char *text, size_t len) {
  if (p->word_len == p->word_room) {
    p->word_room = p->word_room ? p->word_room * 2 : 8;
    p->words = frt_realloc(p->words, p->word_room * sizeof *p->words);
  }
  AggregateWord *w = &p->words[p->word_len++];
  *w = (AggregateWord){frt_malloc(len + 1), (uint32_t)len, which, 0};
  memcpy(w->text, text, len);
  return p->word_len;
}

/* The number of what was said of a group, plus 1. */
static uint32_t aggregate_word(FrtPluginAggs *p, uint32_t which, const char *text, size_t len) {
  if (len > PLUGIN_MESSAGE_MAX) len = PLUGIN_MESSAGE_MAX;
  if (!text || !len) return which + 1;
  FrtStr m = plugin_message((FrtStr){text, (uint32_t)len, 0});
  if (!m.len) return which + 1;
  uint32_t *bucket = &p->bucket[frt_hash_bytes(m.ptr, m.len, which) % AGGREGATE_BUCKETS];
  for (uint32_t i = *bucket; i; i = p->words[i - 1].next) {
    const AggregateWord *w = &p->words[i - 1];
    if (w->which == which && w->len == m.len && !memcmp(w->text, m.ptr, m.len)) return i;
  }
  if (p->word_len == p->len + AGGREGATE_WORDS) return which + 1;
  uint32_t i = aggregate_word_add(p, which, m.ptr, m.len);
  p->words[i - 1].next = *bucket;
  return *bucket = i;
}

static int aggregate_wrong(uint32_t word) { return (int)((word - 1) << 8 | FRT_E_PLUGIN); }

uint32_t frt_plugin_aggs_why(FrtCtx *cx, const FrtPluginAggs *p, uint32_t wrong) {
  uint32_t word = wrong >> 8;
  if (word >= p->word_len) word = 0;
  cx->detail = (FrtStr){p->words[word].text, p->words[word].len, 0};
  return p->spec[p->words[word].which].column << 8 | FRT_E_PLUGIN;
}

/* ---- the host ---- */

static void *aggregate_more(PluginHost *h, size_t size) {
  AggregateCall *c = h->env;
  PluginArea *a = frt_alloc(c->cx, sizeof *a);
  h->at = frt_alloc(c->cx, size);
  h->end = h->at + size;
  *a = (PluginArea){h->at, h->end, c->areas};
  c->areas = a;
  return h->at;
}

static void aggregate_fail(const FlowHost *host, uint32_t k, const char *text, size_t len) {
  PluginHost *h = (PluginHost *)(uintptr_t)host;
  AggregateCall *c = h->env;
  if (k < h->rows && !c->head[k]->failed) c->head[k]->failed = aggregate_word(c->p, c->which, text, len);
}

static void aggregate_call(AggregateCall *c, FrtCtx *cx, FrtPluginAggs *p, uint32_t which, AggregateHead **head, uint32_t rows) {
  c->cx = cx;
  c->p = p;
  c->which = which;
  c->head = head;
  c->areas = NULL;
  c->host.more = aggregate_more;
  c->host.env = c;
  c->host.most = AGGREGATE_TEXT;
  c->host.message = NULL;
  c->host.rows = rows;
  plugin_host_start(&c->host);
  c->host.host.fail = aggregate_fail;
}

/* ---- start and end ---- */

static void aggregate_end(void *what) {
  FrtPluginAggs *p = what;
  for (uint32_t i = 0; i < p->len; i++)
    if (p->one[i].loaded.handle) plugin_unload(&p->one[i].loaded);
  for (uint32_t i = 0; i < p->word_len; i++) frt_free(p->words[i].text);
  frt_free(p->words);
  p->words = NULL;
  p->word_len = 0;
}

static int aggregate_open(FrtCtx *cx, const FrtPluginAggSpec *spec, AggregateOne *one) {
  Arena *a = cx->run->run_arena;
  const char *file = arena_strndup(a, spec->file.ptr, spec->file.len), *text;
  char why[500];
  if (plugin_load(file, &one->loaded, why, sizeof why) != PLUGIN_GOOD) {
    text = arena_printf(a, "%.*s: %s: %s", FRT_SLICE(spec->name), file, why);
  } else if (!plugin_same(one->loaded.table, spec->hash)) {
    text = arena_printf(a, "%.*s: %s is not the plugin that the script was compiled with: compile it again", FRT_SLICE(spec->name), file);
  } else {
    one->table = &one->loaded.table->aggregates[spec->index];
    plugin_find_image(one->loaded.table, &one->image);
    return FRT_OK;
  }
  return frt_fatal(cx, UINT32_MAX, FRT_E_PLUGIN, (FrtStr){text, (uint32_t)strlen(text), 0});
}

int frt_plugin_aggs_new(FrtCtx *cx, const FrtPluginAggSpec *spec, uint32_t len, FrtPluginAggs **out) {
  static const char silent[] = "the plugin refused the group";
  Arena *a = cx->run->run_arena;
  FrtPluginAggs *p = arena_alloc(a, sizeof *p);
  uint32_t most = 1;
  for (uint32_t i = 0; i < len; i++)
    if (spec[i].arg_len > most) most = spec[i].arg_len;
  p->spec = spec;
  p->one = arena_alloc(a, len * sizeof *p->one);
  p->head = arena_alloc(a, cx->block_rows * sizeof *p->head);
  p->in = arena_alloc(a, most * sizeof *p->in);
  p->len = len;
  *out = p;
  frt_at_end(cx, aggregate_end, p);
  for (uint32_t i = 0; i < len; i++) aggregate_word_add(p, i, silent, sizeof silent - 1);
  for (uint32_t i = 0; i < len; i++) {
    int rc = aggregate_open(cx, &spec[i], &p->one[i]);
    if (rc) return rc;
  }
  return FRT_OK;
}

/* ---- states ---- */

static void *aggregate_state(const FlowAggregate *t, AggregateHead *head) {
  uintptr_t align = t->state_align, at = (uintptr_t)head + sizeof *head;
  void *state = (void *)((at + align - 1) & ~(align - 1));
  if (!head->begun) {
    head->begun = 1;
    if (t->init) t->init(state);
  }
  return state;
}

int frt_plugin_aggs_take(FrtCtx *cx, FrtPluginAggs *p, uint32_t which, const uint32_t *rows, uint32_t n, void *const *in,
                         uint8_t *const *in_null, void **states) {
  const FrtPluginAggSpec *spec = &p->spec[which];
  const FlowAggregate *t = p->one[which].table;
  AggregateCall c;
  if (!n) return FRT_OK;
  for (uint32_t k = 0; k < n; k++) {
    p->head[k] = states[k];
    states[k] = aggregate_state(t, p->head[k]);
  }
  for (uint32_t i = 0; i < spec->arg_len; i++) p->in[i] = (FlowColumn){in[i], in_null[i], spec->args[i]->size, 0};
  aggregate_call(&c, cx, p, which, p->head, n);
  FlowTake take = {sizeof take, n, rows, p->in, states, &c.host.host};
  if (t->take(&take) != 0)
    for (uint32_t k = 0; k < n; k++)
      if (!p->head[k]->failed) p->head[k]->failed = which + 1;
  return frt_cancelled() ? FRT_FATAL : FRT_OK;
}

static int aggregate_no_argument(const void *env, FrtStr s) {
  (void)env;
  (void)s;
  return 0;
}

static const char *aggregate_check(AggregateCall *c, void *state, void *out) {
  const AggregateOne *one = &c->p->one[c->which];
  PluginArea own = {state, (char *)state + one->table->state_size, c->areas};
  PluginPlaces places = {&own, NULL, &one->image, aggregate_no_argument, c, 0};
  return plugin_check_value(&places, c->p->spec[c->which].result, out);
}

int frt_plugin_aggs_finish(FrtCtx *cx, FrtPluginAggs *p, uint32_t which, void *at, void *out) {
  const FrtPluginAggSpec *spec = &p->spec[which];
  const FlowAggregate *t = p->one[which].table;
  AggregateHead *head = at;
  AggregateCall c;
  char text[400];
  memset(out, 0, spec->result->size);
  if (head->failed) return aggregate_wrong(head->failed);
  void *state = aggregate_state(t, head);
  aggregate_call(&c, cx, p, which, &head, 1);
  int rc = t->finish(&c.host.host, state, out);
  const char *why = NULL;
  if (rc == FLOW_NULL && spec->result->nullable && !head->failed) {
    memset(out, 0, spec->result->size);
    return FRT_NULL;
  }
  if (rc != FLOW_OK && !head->failed) head->failed = which + 1;
  if (!head->failed) why = aggregate_check(&c, state, out);
  if (why) {
    int len = snprintf(text, sizeof text, "%.*s: its result %s", FRT_SLICE(spec->name), why);
    head->failed = aggregate_word(p, which, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
  }
  if (!head->failed) return FRT_OK;
  memset(out, 0, spec->result->size);   /* nobody may follow what it says */
  return aggregate_wrong(head->failed);
}
