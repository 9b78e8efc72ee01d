/* js_internal.h: a script's engine, shared by the files of this room. Only they see duktape.h. */
#ifndef FRT_JS_INTERNAL_H
#define FRT_JS_INTERNAL_H

#include <duktape.h>

#include "base/arena.h"
#include "flowrt.h"

enum { JS_PORTS_MAX = 64, JS_LOG_LINES = 1000 };

/* A name of a field with its string of the engine, which is pinned: found by address. */
typedef struct JsName {
  void *key;
  int32_t in, out;             /* numbers of the input and of the output; -1: none */
} JsName;

struct FrtJs {
  FrtCtx *cx;
  const FrtJsSpec *spec;
  duk_context *duk;
  uint64_t held, memory;       /* bytes of the engine, and its limit */
  int64_t deadline_us;         /* of the present call; 0: none is under way */
  int64_t allowed_us, cpu_end_us; /* what it may take; the end by the processor's time, 0: not looked at yet */
  uint64_t asked;              /* bytes since the last look at the clock */
  int late;                    /* the call took too long */
  uint64_t random;             /* state of Math.random */
  JsName *names;
  uint32_t name_len, name_mask;

  /* the present block and row */
  const FrtBlock *block;
  uint32_t row;
  void *const *in, *const *out;
  uint8_t *const *in_null, *const *out_null;
  uint8_t *is_set;             /* by output */
  uint64_t sent;               /* bits: ports that get the row */
  int moved;                   /* it went to a port and does not go on */
  FrtStr messages;             /* what validation found, "; " between */
  uint32_t message_len;
  int has_metadata, metadata;  /* addMetadata was called; the field that takes it, or -1 */
  FrtStr field;                /* of the last setField that failed */
  uint64_t logged;
};

/* js_value.c: pushes value `row` of the input as JavaScript sees it. */
void js_push_input(FrtJs *js, uint32_t in);
/* Stores the value at the top of the stack (it stays there) in field `out` of the row; throws where it does not fit. */
void js_take_output(FrtJs *js, uint32_t out);
/* A text of the engine as UTF-8, in the block's arena; throws on half a surrogate pair. */
FrtStr js_text(FrtJs *js, duk_idx_t at);
void js_push_text(FrtJs *js, FrtStr s);

/* js_api.c: the functions of the context. */
FrtJs *js_of(duk_context *duk);
void js_push_natives(FrtJs *js);
JsName *js_name(FrtJs *js, void *key);

/* js_context.js, embedded. */
extern const char js_context_text[];
extern const size_t js_context_size;

#endif
