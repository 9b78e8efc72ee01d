/* plugin.c: a step's life and its chunks, in process.
 *
 * A chunk is the selection of a block. The step gets the block's own columns; the outputs are cleared before and checked
 * behind the call, and `to` says where rows go. Where all go on, the selection goes on as it is.
 *
 * A dropped row with copies counts as sent; see plugin_place for the ledger. */
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/plugin_internal.h"
#include "text/column.h"

enum { PLUGIN_ROOM = 64 << 10, PLUGIN_ROOM_MAX = 256 << 20 };

/* ---- the host ---- */

static void *plugin_host_alloc(const FlowHost *host, size_t size) {
  PluginHost *h = (PluginHost *)(uintptr_t)host;
  if (size > h->most || h->given > h->most - size) return NULL;
  size = (size + 15) & ~(size_t)15;
  if (size > (size_t)(h->end - h->at) && !h->more(h, size)) return NULL;
  void *p = h->at;
  h->at += size;
  h->given += size;
  return p;
}

static void plugin_host_fail(const FlowHost *host, uint32_t k, const char *text, size_t len) {
  PluginHost *h = (PluginHost *)(uintptr_t)host;
  if (len > PLUGIN_MESSAGE_MAX) len = PLUGIN_MESSAGE_MAX;
  if (!text) len = 0;
  if (!h->message) {
    if (len) memcpy(h->general, text, len);
    h->general_len = (uint32_t)len;
    return;
  }
  if (k >= h->rows) return;
  char *copy = len ? plugin_host_alloc(host, len) : NULL;
  if (copy) memcpy(copy, text, len);
  h->message[k] = (FrtStr){copy, copy ? (uint32_t)len : 0, 0};
  h->to[k] = FLOW_FAIL;
}

void plugin_host_start(PluginHost *h) {
  h->host = (FlowHost){FLOW_PLUGIN_ABI, sizeof(FlowHost), plugin_host_alloc, plugin_host_fail};
  h->at = h->end = NULL;
  h->given = 0;
  h->general_len = 0;
}

static void *plugin_more(PluginHost *h, size_t size) {
  FrtPlugin *p = h->env;
  size_t room = size > PLUGIN_ROOM ? size : PLUGIN_ROOM;
  PluginArea *a = frt_alloc(p->cx, sizeof *a);
  h->at = frt_alloc(p->cx, room);
  h->end = h->at + room;
  *a = (PluginArea){h->at, h->end, p->areas};
  p->areas = a;
  return h->at;
}

/* ---- failures ---- */

int plugin_run_fails(FrtCtx *cx, const FrtPluginSpec *spec, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *why = arena_vprintf(cx->run->run_arena, format, args);
  va_end(args);
  const char *text = arena_printf(cx->run->run_arena, "%.*s: %s", FRT_SLICE(spec->name), why);
  return frt_fatal(cx, spec->op, FRT_E_PLUGIN, (FrtStr){text, (uint32_t)strlen(text), 0});
}

void plugin_chunk_fails(FrtPlugin *p, uint32_t n, const char *format, ...) {
  char text[PLUGIN_MESSAGE_MAX + 200];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0) len = 0;
  if ((size_t)len >= sizeof text) len = sizeof text - 1;
  char *copy = frt_alloc(p->cx, (size_t)len + 1);
  memcpy(copy, text, (size_t)len + 1);
  for (uint32_t k = 0; k < n; k++) {
    p->to[k] = FLOW_FAIL;
    p->message[k] = (FrtStr){copy, (uint32_t)len, 0};
  }
}

FrtStr plugin_message(FrtStr m) {
  if (!m.len) {
    static const char silent[] = "the plugin refused the row";
    return (FrtStr){silent, sizeof silent - 1, 0};
  }
  m.len = (uint32_t)frt_utf8_prefix(m.ptr, m.len);
  return m;
}

/* ---- start and end ---- */

typedef struct PluginSearch {
  uintptr_t table;
  PluginImage *image;
} PluginSearch;

static int plugin_visit_image(struct dl_phdr_info *info, size_t size, void *env) {
  const PluginSearch *s = env;
  int ours = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    ours |= info->dlpi_phdr[i].p_type == PT_LOAD && s->table >= from && s->table < from + info->dlpi_phdr[i].p_memsz;
  }
  for (int i = 0; ours && i < info->dlpi_phnum && s->image->len < sizeof s->image->area / sizeof *s->image->area; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD || (info->dlpi_phdr[i].p_flags & PF_W)) continue;
    const char *from = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    s->image->area[s->image->len++] = (PluginArea){from, from + info->dlpi_phdr[i].p_memsz, NULL};
  }
  return ours;
}

void plugin_find_image(const FlowPlugin *table, PluginImage *image) {
  image->len = 0;
  dl_iterate_phdr(plugin_visit_image, &(PluginSearch){(uintptr_t)table, image});
}

int plugin_same(const FlowPlugin *table, uint64_t hash) {
  char why[500];
  size_t size = 1 << 20;
  char *text = frt_malloc(size);
  size_t len = plugin_describe_table(table, text, size, why, sizeof why);
  int same = len && plugin_hash(text, len) == hash;
  frt_free(text);
  return same;
}

static void plugin_end(void *what) {
  FrtPlugin *p = what;
  if (p->child) plugin_child_end(p);
  if (p->is_open && p->step->close) p->step->close(p->self);
  p->is_open = 0;
  if (p->loaded.handle) plugin_unload(&p->loaded);
}

static int plugin_open(FrtCtx *cx, FrtPlugin *p) {
  const FrtPluginSpec *spec = p->spec;
  char why[500];
  const char *file = p->file;
  if (plugin_load(file, &p->loaded, why, sizeof why) != PLUGIN_GOOD) return plugin_run_fails(cx, spec, "%s: %s", file, why);
  if (!plugin_same(p->loaded.table, spec->hash)) return plugin_run_fails(cx, spec, "%s is not the plugin that the script was compiled with: compile it again", file);
  if (spec->is_source) {
    const FlowSource *s = &p->loaded.table->sources[spec->index];
    p->of_source = (FlowStep){.open = s->open, .rows = s->rows, .close = s->close};
    p->step = &p->of_source;
    p->row = arena_alloc(cx->run->run_arena, cx->block_rows * sizeof *p->row);
    for (uint32_t i = 0; i < cx->block_rows; i++) p->row[i] = i;
  } else {
    p->step = &p->loaded.table->steps[spec->index];
  }
  plugin_find_image(p->loaded.table, &p->image);
  plugin_host_start(&p->host);
  p->host.message = NULL;
  if (p->step->open && p->step->open(&p->host.host, p->config, &p->self) != 0) {
    FrtStr m = plugin_message((FrtStr){p->host.general, p->host.general_len, 0});
    return p->host.general_len ? plugin_run_fails(cx, spec, "%.*s", FRT_SLICE(m)) : plugin_run_fails(cx, spec, "it could not be opened");
  }
  p->is_open = 1;
  p->host.message = p->message;
  return FRT_OK;
}

int frt_plugin_new(FrtCtx *cx, const FrtPluginSpec *spec, const void *const *config, FrtPlugin **out) {
  FrtPlugin *p = arena_alloc(cx->run->run_arena, sizeof *p);
  Arena *a = cx->run->run_arena;
  *out = p;
  p->cx = cx;
  p->spec = spec;
  p->config = config;
  p->file = arena_strndup(a, spec->file.ptr, spec->file.len);
  p->in = arena_alloc(a, (spec->in_len + 1) * sizeof *p->in);
  p->out = arena_alloc(a, (spec->out_len + 1) * sizeof *p->out);
  p->to = arena_alloc(a, cx->block_rows);
  p->message = arena_alloc(a, cx->block_rows * sizeof *p->message);
  if (spec->port_len) p->also = arena_alloc(a, cx->block_rows * sizeof *p->also);
  p->host.env = p;
  p->host.more = plugin_more;
  p->host.most = PLUGIN_ROOM_MAX;
  p->host.to = p->to;
  frt_at_end(cx, plugin_end, p);
  return spec->isolate ? plugin_child_new(cx, p) : plugin_open(cx, p);
}

/* ---- rows ---- */

static int plugin_all_go_on(const FrtPlugin *p, uint32_t n) {
  uint64_t any = 0, word;
  uint32_t k = 0;
  for (; k + 8 <= n; k += 8) {
    memcpy(&word, p->to + k, 8);
    any |= word;
  }
  for (; k < n; k++) any |= p->to[k];
  for (k = 0; p->also && k < n; k++) any |= p->also[k];
  return !any;
}

static void plugin_place(FrtPlugin *p, uint32_t row, uint32_t k, FrtPluginRows *r, uint32_t *keep) {
  uint32_t ports = p->spec->port_len, copies = 0, to = p->to[k];
  uint64_t also = p->also ? p->also[k] : 0;
  if (to && to <= ports) also |= (uint64_t)1 << (to - 1);
  for (uint32_t i = 0; also && i < ports; i++)
    if (also >> i & 1) {
      r->port[i][r->port_len[i]++] = row;
      copies++;
    }
  r->sent += copies;
  if (to && to <= ports) r->made += copies - 1;
  else if (!to) keep[r->kept++] = row, r->made += copies;
  else r->dropped++, r->made += copies;
}

int plugin_settle(FrtCtx *cx, FrtPlugin *p, const FrtBlock *b, const uint32_t *sel, uint32_t n, uint32_t first, FrtPluginRows *r) {
  const FrtPluginSpec *spec = p->spec;
  uint64_t ports = spec->port_len ? ((uint64_t)1 << spec->port_len) - 1 : 0;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t to = p->to[k];
    if (to != FLOW_FAIL && ((to > spec->port_len && to != FLOW_DROP) || (p->also && p->also[k] & ~ports))) {
      static const char text[] = "the plugin sent the row to a port that it does not have";
      p->message[k] = (FrtStr){text, sizeof text - 1, 0};
      to = FLOW_FAIL;
    }
    if (to != FLOW_FAIL) {
      plugin_place(p, sel[k], k, r, r->room);
      continue;
    }
    cx->detail = plugin_message(p->message[k]);
    FRT_SEEN(cx, spec->op, first + k);
    frt_error(cx, b, sel[k], spec->op, FRT_E_PLUGIN, (FrtStr){0});
  }
  r->keep = r->room;
  return frt_cancelled() ? FRT_FATAL : FRT_OK;
}

static void plugin_chunk_start(FrtPlugin *p, const FrtBlock *b, uint32_t n, void *const *in, uint8_t *const *in_null,
                               void *const *out, uint8_t *const *out_null) {
  const FrtPluginSpec *spec = p->spec;
  for (uint32_t i = 0; i < spec->in_len; i++) p->in[i] = (FlowColumn){in[i], in_null[i], spec->in[i].type->size, 0};
  for (uint32_t i = 0; i < spec->out_len; i++) {
    p->out[i] = (FlowColumn){out[i], out_null[i], spec->out[i].type->size, 0};
    memset(out[i], 0, (size_t)b->n * spec->out[i].type->size);
    if (out_null[i]) memset(out_null[i], 0, b->n);
  }
  memset(p->to, 0, n);
  memset(p->message, 0, n * sizeof *p->message);
  if (p->also) memset(p->also, 0, n * sizeof *p->also);
  p->areas = NULL;
  plugin_host_start(&p->host);
  p->host.rows = n;
}

int frt_plugin_rows(FrtCtx *cx, FrtPlugin *p, const FrtBlock *b, const uint32_t *sel, uint32_t n, void *const *in,
                    uint8_t *const *in_null, void *const *out, uint8_t *const *out_null, FrtPluginRows *r) {
  const FrtPluginSpec *spec = p->spec;
  p->cx = cx;
  r->kept = r->sent = r->made = r->dropped = 0;
  for (uint32_t i = 0; i < spec->port_len; i++) r->port_len[i] = 0;
  if (p->child) return plugin_child_rows(cx, p, b, sel, n, in, in_null, out, out_null, r);
  plugin_chunk_start(p, b, n, in, in_null, out, out_null);
  FlowChunk chunk = {sizeof chunk, n, sel, p->in, p->out, p->to, p->also, &p->host.host, 0, 0};
  int rc = p->step->rows(p->self, &chunk);
  if (rc) plugin_chunk_fails(p, n, "%.*s: the plugin refused the rows (%d)", FRT_SLICE(spec->name), rc);
  for (uint32_t i = 0; !rc && i < spec->out_len; i++) {
    p->out[i] = (FlowColumn){out[i], out_null[i], spec->out[i].type->size, 0};
    plugin_check_output(p, i, sel, n, in, in_null);
  }
  if (!plugin_all_go_on(p, n)) return plugin_settle(cx, p, b, sel, n, 0, r);
  r->keep = sel;
  r->kept = n;
  return frt_cancelled() ? FRT_FATAL : FRT_OK;
}

/* ---- sources ---- */

int frt_plugin_source(FrtCtx *cx, FrtPlugin *p, FrtBlock *b) {
  const FrtPluginSpec *spec = p->spec;
  uint32_t room = b->n < cx->block_rows ? b->n : cx->block_rows;
  p->cx = cx;
  plugin_chunk_start(p, b, room, NULL, NULL, b->col, b->nul);
  p->host.message = NULL;
  FlowChunk chunk = {sizeof chunk, room, p->row, NULL, p->out, NULL, NULL, &p->host.host, 0, 0};
  int rc = p->step->rows(p->self, &chunk);
  FrtStr m = plugin_message((FrtStr){p->host.general, p->host.general_len, 0});
  if (rc || p->host.general_len) return plugin_run_fails(cx, spec, "%.*s", FRT_SLICE(m));
  if (chunk.made > room) return plugin_run_fails(cx, spec, "the plugin made %u rows where there is room for %u", chunk.made, room);
  for (uint32_t i = 0; i < spec->out_len; i++) {
    p->out[i] = (FlowColumn){b->col[i], b->nul[i], spec->out[i].type->size, 0};
    plugin_check_output(p, i, p->row, chunk.made, NULL, NULL);
  }
  for (uint32_t k = 0; k < chunk.made; k++)
    if (p->to[k] == FLOW_FAIL) return plugin_run_fails(cx, spec, "%.*s", FRT_SLICE(p->message[k]));
  b->n = b->sel_len = chunk.made;
  return frt_cancelled() ? FRT_FATAL : chunk.made ? FRT_OK : FRT_END;
}
