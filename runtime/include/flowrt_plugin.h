/* flowrt_plugin.h: steps of plugins (`call geo.near()`), as generated code calls them; part of flowrt.h.
 *
 * One instance an operator and run, in process or in a child. Its chunks come in source order, so that what a plugin
 * keeps between them is the same for any number of threads. */
#ifndef FLOWRT_PLUGIN_H
#define FLOWRT_PLUGIN_H

typedef struct FrtPluginField {
  FrtStr name;
  const FrtType *type;
} FrtPluginField;

typedef struct FrtPluginSpec {
  uint32_t op;
  uint32_t index;            /* of the step in the plugin's table */
  uint32_t in_len, out_len, config_len, port_len;
  uint32_t isolate, is_source;
  uint32_t restarts;         /* children after the first one */
  uint32_t unused;
  FrtStr file, name;         /* the shared object as found; "geo.near" for messages */
  uint64_t hash;             /* of the description that the script was compiled with */
  const FrtPluginField *in, *out;
  int64_t time_us;           /* isolated: what a chunk may take */
  uint64_t memory;           /* isolated: what the child may take besides */
} FrtPluginSpec;

typedef struct FrtPlugin FrtPlugin;

/* What became of the rows of a block: selections with room for a block each. */
typedef struct FrtPluginRows {
  const uint32_t *keep;      /* those that go on: `room`, or the selection itself where all do */
  uint32_t *room;
  uint32_t **port;           /* by number of the port */
  uint32_t *port_len;
  uint32_t kept, sent, made, dropped; /* sent: to ports; made: copies */
} FrtPluginRows;

/* Loads the plugin and opens its step. config[i]: where the value of parameter i stands, NULL where it is null. FRT_OK, or
 * FRT_FATAL (reported). Ends with the run. */
int frt_plugin_new(FrtCtx *cx, const FrtPluginSpec *spec, const void *const *config, FrtPlugin **out);
/* Gives the rows of the selection to the step; in[i], in_null[i] are the arrays of its input i (NULL: not nullable), out
 * likewise. FRT_OK or FRT_FATAL. */
int frt_plugin_rows(FrtCtx *cx, FrtPlugin *plugin, const FrtBlock *b, const uint32_t *sel, uint32_t n, void *const *in,
                    uint8_t *const *in_null, void *const *out, uint8_t *const *out_null, FrtPluginRows *rows);

/* For FrtScan.fill: rows of a source, into the columns of b, which has room for b->n. FRT_OK, FRT_END, FRT_FATAL. */
int frt_plugin_source(FrtCtx *cx, FrtPlugin *plugin, FrtBlock *b);

typedef struct FrtPluginFnSpec {
  uint32_t index, arg_len;   /* in the plugin's table */
  FrtStr file, name;
  uint64_t hash;
  const FrtType *const *args;
  const FrtType *result;
} FrtPluginFnSpec;

typedef struct FrtPluginFn FrtPluginFn;

/* Loads the plugin of a function. FRT_OK, or FRT_FATAL (reported). Ends with the run. */
int frt_plugin_fn_new(FrtCtx *cx, const FrtPluginFnSpec *spec, FrtPluginFn **fn);
/* Calls it; args[i] is NULL for a null. FRT_OK, FRT_NULL, or FRT_E_PLUGIN with its message. A *fn that is NULL is made first. */
int frt_plugin_call(FrtCtx *cx, const FrtPluginFnSpec *spec, FrtPluginFn **fn, const void *const *args, void *out);

/* ---- aggregates ---- */

typedef struct FrtPluginAggSpec {
  uint32_t index, arg_len;   /* in the plugin's table */
  uint32_t column, unused;   /* which of the operator's aggregates it is */
  FrtStr file, name;
  uint64_t hash;
  const FrtType *const *args;
  const FrtType *result;
} FrtPluginAggSpec;

/* The plugins' aggregates of one operator, and what they said of groups that failed. */
typedef struct FrtPluginAggs FrtPluginAggs;

/* Loads their plugins. FRT_OK, or FRT_FATAL (reported). Ends with the run. */
int frt_plugin_aggs_new(FrtCtx *cx, const FrtPluginAggSpec *spec, uint32_t len, FrtPluginAggs **out);
/* Gives rows to aggregate `which`: in[i], in_null[i] are the arrays of its argument i (NULL: not nullable); states[k]: where the
 * state of row k's group rests (zeroed at first; 8 bytes more than the state, 16 more where it is aligned to 16), which is overwritten.
 * Under the turn. FRT_OK or FRT_FATAL. */
int frt_plugin_aggs_take(FrtCtx *cx, FrtPluginAggs *p, uint32_t which, const uint32_t *rows, uint32_t n, void *const *in,
                         uint8_t *const *in_null, void **states);
/* The result of a group. FRT_OK, FRT_NULL, or what frt_plugin_aggs_why takes (positive; its low byte is FRT_E_PLUGIN). */
int frt_plugin_aggs_finish(FrtCtx *cx, FrtPluginAggs *p, uint32_t which, void *state, void *out);
/* Sets cx->detail to what was wrong; returns the aggregate's number << 8 | FRT_E_PLUGIN, as frt_groups_wrong takes it. */
uint32_t frt_plugin_aggs_why(FrtCtx *cx, const FrtPluginAggs *p, uint32_t wrong);

#endif
