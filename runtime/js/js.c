/* js.c: JavaScript transforms, by Duktape (https://duktape.org), an engine for ECMAScript 5.1 and parts of later ones.
 *
 * An engine is made when the run starts: the script is compiled once, its functions stay on the engine's stack. A row is
 * one call of process(context); columns are read and fields written in place, by names that are found by the address of
 * their string in the engine. Time, memory and depth of a call are bounded; there is no way to files, the network or the
 * clock: Date knows the run's instant and UTC, Math.random is seeded, so that the same input gives the same bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/hash.h"
#include "js/js.h"
#include "js/js_internal.h"
#include "sched/run_internal.h"

enum {
  JS_INITIALIZE_FACTOR = 50,  /* initialize and cleanup may take as long as so many rows */
  JS_ASK_BYTES = 1 << 16      /* of memory between two looks at the clock */
};

/* ---- what the engine asks for (see mk/js.mk) ---- */

duk_bool_t frt_js_late(void *udata);
duk_double_t frt_js_now(void *udata);
duk_double_t frt_js_random(void *udata);

/* Whether the call has used up its time. That the clock says so once may mean that the machine was busy: from then on
 * the time of the processor is looked at, and the call has its allowance once more. */
duk_bool_t frt_js_late(void *udata) {
  FrtJs *js = udata;
  if (js->late) return 1;
  if (!js->deadline_us || (!frt_cancelled() && frt_monotonic_us() < js->deadline_us)) return 0;
  int64_t cpu = frt_thread_cpu_us();
  js->late = frt_cancelled() || (js->cpu_end_us && cpu >= js->cpu_end_us);
  if (!js->cpu_end_us) js->cpu_end_us = cpu + js->allowed_us;
  js->deadline_us = frt_monotonic_us() + js->allowed_us / 4;
  return (duk_bool_t)js->late;
}

static void js_time_start(FrtJs *js, int64_t allowed_us) {
  js->late = 0;
  js->asked = 0;
  js->cpu_end_us = 0;
  js->allowed_us = allowed_us;
  js->deadline_us = frt_monotonic_us() + allowed_us;
}

duk_double_t frt_js_now(void *udata) { return floor((double)((FrtJs *)udata)->cx->now_us / 1000.0); }

duk_double_t frt_js_random(void *udata) {
  FrtJs *js = udata;
  return (double)(frt_hash_u64(++js->random) >> 11) / 9007199254740992.0;
}

/* Functions of the engine that take long (join, replace) ask for memory: those that are late get none. */
static int js_has_time(FrtJs *js, size_t size) {
  js->asked += size;
  if (!js->deadline_us || js->asked < JS_ASK_BYTES) return !js->late;
  js->asked = 0;
  return !frt_js_late(js);
}

/* Blocks carry their size in front, which is taken off the limit. */
static void *js_alloc(void *udata, duk_size_t size) {
  FrtJs *js = udata;
  if (!js_has_time(js, size)) return NULL;
  if (size > js->memory || js->held > js->memory - size) return NULL;
  uint64_t *p = frt_malloc(size + 16);
  js->held += size;
  p[0] = size;
  return p + 2;
}

static void js_free(void *udata, void *block) {
  FrtJs *js = udata;
  if (!block) return;
  uint64_t *p = (uint64_t *)block - 2;
  js->held -= p[0];
  frt_free(p);
}

static void *js_realloc(void *udata, void *block, duk_size_t size) {
  FrtJs *js = udata;
  if (!block) return js_alloc(udata, size);
  if (!size) return js_free(udata, block), NULL;
  uint64_t *p = (uint64_t *)block - 2, old = p[0];
  if (size > old && !js_has_time(js, size)) return NULL;
  if (size > old && (size > js->memory || js->held - old > js->memory - size)) return NULL;
  p = frt_realloc(p, size + 16);
  js->held += size - old;
  p[0] = size;
  return p + 2;
}

/* The engine has lost its way: nothing may be called any more. The message is the run's; control does not return. */
static void js_fatal(void *udata, const char *message) {
  FrtJs *js = udata;
  fprintf(stderr, "error: %.*s: the JavaScript engine failed: %s\n", FRT_SLICE(js->spec->file), message ? message : "");
  _Exit(2);
}

/* ---- errors ---- */

static FrtStr js_str(FrtJs *js, const char *text) {
  size_t n = strlen(text);
  char *p = frt_alloc(js->cx, n + 1);
  memcpy(p, text, n + 1);
  return (FrtStr){p, (uint32_t)n, 0};
}

/* Text in the block's arena. */
static FrtStr js_format(FrtJs *js, const char *format, ...) __attribute__((format(printf, 2, 3)));
static FrtStr js_format(FrtJs *js, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *p = frt_alloc(js->cx, (size_t)n + 1);
  va_start(args, format);
  vsnprintf(p, (size_t)n + 1, format, args);
  va_end(args);
  return (FrtStr){p, (uint32_t)n, 0};
}

/* The script's line in the text of a stack, "    at process (clean.js:12)"; else where a syntax error stands; 0: none. */
static int js_line(FrtJs *js, duk_idx_t at) {
  duk_context *duk = js->duk;
  char place[512];
  snprintf(place, sizeof place, "(%.*s:", FRT_SLICE(js->spec->file));
  duk_get_prop_string(duk, at, "stack");
  duk_get_prop_string(duk, at, "fileName");
  duk_get_prop_string(duk, at, "lineNumber");
  const char *stack = duk_get_string_default(duk, -3, ""), *file = duk_get_string_default(duk, -2, "");
  const char *found = strstr(stack, place);
  int line = 0;
  if (found) line = (int)strtol(found + strlen(place), NULL, 10);
  else if (strlen(file) == js->spec->file.len && !memcmp(file, js->spec->file.ptr, js->spec->file.len)) line = duk_get_int_default(duk, -1, 0);
  duk_pop_3(duk);
  return line;
}

static duk_ret_t js_describe(duk_context *duk, void *udata) {
  FrtJs *js = udata;
  duk_idx_t at = duk_get_top_index(duk);
  int line = duk_is_error(duk, at) ? js_line(js, at) : 0;
  char where[32] = "";
  if (line > 0) snprintf(where, sizeof where, ":%d", line);
  duk_dup(duk, at);
  const char *text = duk_safe_to_string(duk, -1);
  js->cx->detail = js_format(js, "%.*s%s: %s", FRT_SLICE(js->spec->file), where, text);
  duk_pop(duk);
  return 0;
}

/* Makes the value thrown, at the top of the stack, the text of an error, and pops it. */
static void js_error_text(FrtJs *js, int64_t allowed_us) {
  int late = js->late;
  js->late = 0;
  if (late) {
    js->cx->detail = js_format(js, "%.*s: it took longer than %lld ms", FRT_SLICE(js->spec->file), (long long)(allowed_us / 1000));
  } else {
    duk_dup(js->duk, -1);
    if (duk_safe_call(js->duk, js_describe, js, 1, 1) != DUK_EXEC_SUCCESS) js->cx->detail = js_str(js, "the script threw a value that has no text");
    duk_pop(js->duk);
  }
  duk_pop(js->duk);
}

static int js_run_failed(FrtJs *js, const char *what) {
  FrtStr why = js->cx->detail;
  const char *text = arena_printf(js->cx->run->run_arena, "%s%.*s", what, FRT_SLICE(why));
  return frt_fatal(js->cx, js->spec->op, FRT_E_ARGUMENT, (FrtStr){text, (uint32_t)strlen(text), 0});
}

static duk_int_t js_call(FrtJs *js, duk_idx_t args, int64_t allowed_us) {
  js_time_start(js, allowed_us);
  duk_int_t rc = duk_pcall(js->duk, args);
  js->deadline_us = 0;
  if (rc == DUK_EXEC_SUCCESS) js->late = 0;
  return rc;
}

/* ---- start ---- */

static void js_names(FrtJs *js) {
  const FrtJsSpec *spec = js->spec;
  uint32_t room = 16;
  while (room < 2 * (spec->in_len + spec->out_len)) room *= 2;
  js->names = frt_alloc_run(js->cx, room * sizeof *js->names);
  memset(js->names, 0, room * sizeof *js->names);
  js->name_mask = room - 1;
  duk_push_global_stash(js->duk);
  duk_push_array(js->duk);
  for (uint32_t i = 0; i < spec->in_len + spec->out_len; i++) {
    int output = i >= spec->in_len;
    const FrtJsField *f = output ? &spec->out[i - spec->in_len] : &spec->in[i];
    js_push_text(js, f->name);
    void *key = duk_get_heapptr(js->duk, -1);
    duk_put_prop_index(js->duk, -2, i);   /* keeps it where it is */
    JsName *n = js_name(js, key);
    if (!n->key) *n = (JsName){key, -1, -1};
    *(output ? &n->out : &n->in) = (int32_t)(output ? i - spec->in_len : i);
    if (output && f->name.len == 8 && !memcmp(f->name.ptr, "metadata", 8) && f->type->kind == FRT_STRING)
      js->metadata = (int32_t)(i - spec->in_len);
  }
  duk_put_prop_string(js->duk, -2, "names");
  duk_pop(js->duk);
}

/* Leaves process and the context at the bottom of the stack. */
static duk_ret_t js_prepare(duk_context *duk, void *udata) {
  FrtJs *js = udata;
  js_names(js);
  duk_push_global_object(duk);
  duk_del_prop_string(duk, -1, "Duktape");   /* its ways into the engine are not a script's */
  duk_pop(duk);
  duk_push_lstring(duk, js_context_text, js_context_size);
  duk_push_string(duk, "context.js");
  duk_compile(duk, DUK_COMPILE_EVAL);
  duk_call(duk, 0);
  js_push_natives(js);
  duk_call(duk, 1);
  duk_put_global_string(duk, "\xff" "context");
  js_push_text(js, js->spec->source);
  js_push_text(js, js->spec->file);
  duk_compile(duk, 0);
  duk_call(duk, 0);
  duk_pop(duk);
  if (!duk_get_global_string(duk, "process") || !duk_is_function(duk, -1))
    (void)duk_error(duk, DUK_ERR_REFERENCE_ERROR, "the script has no function process(context)");
  duk_get_global_string(duk, "\xff" "context");
  return 2;
}

/* Calls initialize or cleanup, where the script has it. */
static int js_call_hook(FrtJs *js, const char *name) {
  if (!duk_get_global_string(js->duk, name) || !duk_is_function(js->duk, -1)) {
    duk_pop(js->duk);
    return FRT_OK;
  }
  duk_dup(js->duk, 1);
  int64_t allowed = js->spec->row_us * JS_INITIALIZE_FACTOR;
  if (js_call(js, 1, allowed) == DUK_EXEC_SUCCESS) {
    duk_pop(js->duk);
    return FRT_OK;
  }
  js_error_text(js, allowed);
  return FRT_FATAL;
}

static void js_end(void *what) {
  FrtJs *js = what;
  if (!js->duk) return;
  if (!js->cx->run->exit_code && js_call_hook(js, "cleanup") != FRT_OK)
    fprintf(stderr, "warning: cleanup: %.*s\n", FRT_SLICE(js->cx->detail));
  duk_destroy_heap(js->duk);
  js->duk = NULL;
}

int frt_js_new(FrtCtx *cx, const FrtJsSpec *spec, FrtJs **out) {
  FrtJs *js = frt_alloc_run(cx, sizeof *js);
  memset(js, 0, sizeof *js);
  *out = js;
  js->cx = cx;
  js->spec = spec;
  js->memory = spec->memory;
  js->metadata = -1;
  js->is_set = frt_alloc_run(cx, spec->out_len + 1);
  js->duk = duk_create_heap(js_alloc, js_realloc, js_free, js, js_fatal);
  if (!js->duk) {
    cx->detail = js_str(js, "the engine does not fit the memory that `memory` allows");
    return js_run_failed(js, "");
  }
  frt_at_end(cx, js_end, js);
  js_time_start(js, spec->row_us * JS_INITIALIZE_FACTOR);
  int good = duk_safe_call(js->duk, js_prepare, js, 0, 2) == DUK_EXEC_SUCCESS;
  js->deadline_us = 0;
  if (!good) {
    duk_pop(js->duk);
    js_error_text(js, spec->row_us * JS_INITIALIZE_FACTOR);
    duk_destroy_heap(js->duk);
    js->duk = NULL;
    return js_run_failed(js, "");
  }
  return js_call_hook(js, "initialize") == FRT_OK ? FRT_OK : js_run_failed(js, "initialize: ");
}

/* ---- rows ---- */

/* Fields start with the value of the input of their name. */
static void js_row_start(FrtJs *js, uint32_t row) {
  const FrtJsSpec *spec = js->spec;
  js->row = row;
  js->sent = 0;
  js->moved = js->has_metadata = 0;
  js->message_len = 0;
  js->messages = js->field = (FrtStr){0};
  for (uint32_t i = 0; i < spec->out_len; i++) {
    const FrtJsField *f = &spec->out[i];
    uint8_t *null = js->out_null[i];
    js->is_set[i] = f->input >= 0 || null;
    if (f->input < 0) {
      if (null) null[row] = 1;
      continue;
    }
    memcpy((char *)js->out[i] + (size_t)row * f->type->size, (char *)js->in[f->input] + (size_t)row * f->type->size, f->type->size);
    if (null) null[row] = js->in_null[f->input] ? js->in_null[f->input][row] : 0;
  }
}

static duk_ret_t js_store_metadata(duk_context *duk, void *udata) {
  FrtJs *js = udata;
  duk_push_global_stash(duk);
  duk_get_prop_string(duk, -1, "metadata");
  duk_json_encode(duk, -1);
  js_take_output(js, (uint32_t)js->metadata);
  return 0;
}

/* What is wrong with a row for which process returned, or 0. A row that goes nowhere needs no fields. */
static int js_row_fault(FrtJs *js, int wanted) {
  if (js->message_len) {
    js->cx->detail = js->messages;
    return FRT_E_VALIDATION;
  }
  if (js->has_metadata && duk_safe_call(js->duk, js_store_metadata, js, 0, 1) != DUK_EXEC_SUCCESS) {
    js_error_text(js, js->spec->row_us);
    return FRT_E_SCRIPT;
  }
  if (js->has_metadata) duk_pop(js->duk);
  if (!wanted && !js->sent) return 0;
  for (uint32_t i = 0; i < js->spec->out_len; i++) {
    if (js->is_set[i]) continue;
    js->field = js->spec->out[i].name;
    js->cx->detail = js_format(js, "%.*s: field `%.*s` was not set", FRT_SLICE(js->spec->file), FRT_SLICE(js->field));
    return FRT_E_SCRIPT;
  }
  return 0;
}

static void js_row_place(FrtJs *js, FrtJsRows *r, int wanted) {
  uint32_t copies = 0;
  for (uint32_t p = 0; p < js->spec->port_len; p++) {
    if (!(js->sent >> p & 1)) continue;
    r->port[p][r->port_len[p]++] = js->row;
    copies++;
  }
  r->sent += copies;
  if (js->moved) r->made += copies - 1;
  else if (wanted) r->keep[r->kept++] = js->row, r->made += copies;
  else r->rest[r->rests++] = js->row, r->made += copies;
}

int frt_js_rows(FrtCtx *cx, FrtJs *js, const FrtBlock *b, const uint32_t *sel, uint32_t n, void *const *in,
                uint8_t *const *in_null, void *const *out, uint8_t *const *out_null, FrtJsRows *r) {
  duk_context *duk = js->duk;
  js->cx = cx;
  js->block = b;
  js->in = in, js->out = out, js->in_null = in_null, js->out_null = out_null;
  r->kept = r->rests = r->sent = r->made = r->failed = 0;
  for (uint32_t p = 0; p < js->spec->port_len; p++) r->port_len[p] = 0;
  for (uint32_t k = 0; k < n; k++) {
    js_row_start(js, sel[k]);
    duk_dup(duk, 0);
    duk_dup(duk, 1);
    int fault, wanted = 0;
    if (js_call(js, 1, js->spec->row_us) == DUK_EXEC_SUCCESS) {
      wanted = !(duk_is_boolean(duk, -1) && !duk_get_boolean(duk, -1));
      duk_pop(duk);
      fault = js_row_fault(js, wanted);
    } else {
      js_error_text(js, js->spec->row_us);
      fault = FRT_E_SCRIPT;
    }
    if (frt_cancelled()) break;
    if (!fault) {
      js_row_place(js, r, wanted);
      continue;
    }
    FRT_SEEN(cx, js->spec->op, k);
    frt_error(cx, b, sel[k], js->spec->op, fault, js->field);
    r->failed++;
  }
  js->block = NULL;
  return frt_cancelled() ? FRT_FATAL : FRT_OK;
}

/* ---- for the compiler ---- */

typedef struct JsCheck {
  const char *file, *source;
  size_t size;
} JsCheck;

static duk_ret_t js_check(duk_context *duk, void *udata) {
  const JsCheck *check = udata;
  duk_push_lstring(duk, check->source, check->size);
  duk_push_string(duk, check->file);
  duk_compile(duk, 0);
  return 0;
}

int frt_js_check(const char *file, const char *source, size_t size, char *why, size_t why_size) {
  FrtJs js;
  JsCheck check = {file, source, size};
  memset(&js, 0, sizeof js);
  js.memory = 64 << 20;
  FrtJsSpec spec = {.file = {file, (uint32_t)strlen(file), 0}};
  js.spec = &spec;
  duk_context *duk = duk_create_heap(js_alloc, js_realloc, js_free, &js, js_fatal);
  snprintf(why, why_size, "%s: the engine cannot be made", file);
  if (!duk) return -1;
  js.duk = duk;
  int good = duk_safe_call(duk, js_check, &check, 0, 1) == DUK_EXEC_SUCCESS;
  int line = good ? 0 : js_line(&js, duk_get_top_index(duk));
  if (!good) snprintf(why, why_size, "%s:%d: %s", file, line, duk_safe_to_string(duk, -1));
  duk_destroy_heap(duk);
  return good ? 0 : -1;
}
