/* flowrt_js.h: JavaScript transforms (`call js("file.js")`), as generated code calls them; part of flowrt.h.
 *
 * One engine an operator and run. Its rows come in source order, so that what a script keeps between rows is the same
 * for any number of threads. */
#ifndef FLOWRT_JS_H
#define FLOWRT_JS_H

/* A column that the script reads, or a field that it writes. `type` of an input that JavaScript cannot see (lists,
 * structs, bytes) is NULL. `input` of an output: the input of the same name, whose value it has until the script sets
 * it; -1: none. */
typedef struct FrtJsField {
  FrtStr name;
  const FrtType *type;
  int32_t input;
  uint32_t unused;
} FrtJsField;

typedef struct FrtJsSpec {
  uint32_t op;
  uint32_t in_len, out_len, port_len;
  FrtStr file, source;       /* as written in the script; the whole text */
  const FrtJsField *in, *out;
  const FrtStr *ports;       /* names for route.send */
  uint64_t memory;           /* bytes that the engine may hold */
  int64_t row_us;            /* time that a row may take */
} FrtJsSpec;

typedef struct FrtJs FrtJs;

/* What became of the rows of a block: selections with room for a block each. */
typedef struct FrtJsRows {
  uint32_t *keep, *rest;     /* went on; were left out (`return false`) */
  uint32_t **port;           /* by number of the port */
  uint32_t *port_len;
  uint32_t kept, rests, sent, made, failed; /* sent: to ports; made: copies, of rows that go on or elsewhere too */
} FrtJsRows;

/* Compiles the script and calls its initialize(context). FRT_OK, or FRT_FATAL (reported). Ends with the run, when
 * cleanup(context) is called. */
int frt_js_new(FrtCtx *cx, const FrtJsSpec *spec, FrtJs **out);
/* Calls process(context) for the rows of the selection. in[i], in_null[i]: the arrays of input i (NULL: not nullable),
 * out likewise. FRT_OK or FRT_FATAL. */
int frt_js_rows(FrtCtx *cx, FrtJs *js, const FrtBlock *b, const uint32_t *sel, uint32_t n, void *const *in,
                uint8_t *const *in_null, void *const *out, uint8_t *const *out_null, FrtJsRows *rows);

#endif
