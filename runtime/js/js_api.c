/* js_api.c: the functions that context.js builds the context from. They run inside a call of the engine: they throw,
 * and own nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "errors/errors.h"
#include "js/js_internal.h"
#include "sched/run_internal.h"
#include "text/column.h"

FrtJs *js_of(duk_context *duk) {
  duk_memory_functions f;
  duk_get_memory_functions(duk, &f);
  return f.udata;
}

/* ---- names ---- */

static uint32_t js_slot(const FrtJs *js, void *key) { return (uint32_t)((uintptr_t)key >> 4 ^ (uintptr_t)key >> 13) & js->name_mask; }

JsName *js_name(FrtJs *js, void *key) {
  for (uint32_t i = js_slot(js, key);; i = (i + 1) & js->name_mask)
    if (js->names[i].key == key || !js->names[i].key) return &js->names[i];
}

/* The field that argument 0 names, or an error that says which there are. */
static const JsName *js_arg_name(FrtJs *js, int output) {
  duk_context *duk = js->duk;
  const JsName *n = duk_is_string(duk, 0) ? js_name(js, duk_get_heapptr(duk, 0)) : NULL;
  if (n && n->key && (output ? n->out : n->in) >= 0) return n;
  const FrtJsField *f = output ? js->spec->out : js->spec->in;
  uint32_t len = output ? js->spec->out_len : js->spec->in_len, size = 0;
  for (uint32_t i = 0; i < len; i++) size += f[i].name.len + 2;
  char *text = frt_alloc(js->cx, size + 1), *p = text;
  for (uint32_t i = 0; i < len; i++) {
    if (i) *p++ = ',', *p++ = ' ';
    memcpy(p, f[i].name.ptr, f[i].name.len);
    p += f[i].name.len;
  }
  *p = 0;
  (void)duk_error(duk, DUK_ERR_REFERENCE_ERROR, output ? "no output field `%s`; declared behind `as`: %s" : "no column `%s`; columns: %s",
                  duk_safe_to_string(duk, 0), text);
  return NULL;
}

static void js_need_row(FrtJs *js) {
  if (!js->block) (void)duk_error(js->duk, DUK_ERR_ERROR, "there is no row outside of process(context)");
}

/* ---- input, output ---- */

static duk_ret_t js_get_value(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  js_push_input(js, (uint32_t)js_arg_name(js, 0)->in);
  return 1;
}

static duk_ret_t js_current(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  duk_push_object(duk);
  for (uint32_t i = 0; i < js->spec->in_len; i++) {
    if (!js->spec->in[i].type) continue;
    js_push_text(js, js->spec->in[i].name);
    js_push_input(js, i);
    duk_put_prop(duk, -3);
  }
  return 1;
}

static duk_ret_t js_schema(duk_context *duk) {
  FrtJs *js = js_of(duk);
  char type[128];
  duk_push_array(duk);
  for (uint32_t i = 0; i < js->spec->in_len; i++) {
    const FrtJsField *f = &js->spec->in[i];
    duk_push_object(duk);
    duk_push_lstring(duk, f->name.ptr, f->name.len);
    duk_put_prop_string(duk, -2, "name");
    if (f->type) frt_type_text(f->type, type, sizeof type);
    duk_push_string(duk, f->type ? type : "not visible");
    duk_put_prop_string(duk, -2, "type");
    duk_push_boolean(duk, f->type && f->type->nullable);
    duk_put_prop_string(duk, -2, "nullable");
    duk_put_prop_index(duk, -2, i);
  }
  return 1;
}

static duk_ret_t js_set_field(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  const JsName *n = js_arg_name(js, 1);
  js_take_output(js, (uint32_t)n->out);
  return 0;
}

static duk_ret_t js_remove_field(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  const JsName *n = js_arg_name(js, 1);
  duk_push_null(duk);
  js_take_output(js, (uint32_t)n->out);
  return 0;
}

static duk_ret_t js_add_metadata(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  if (js->metadata < 0)
    (void)duk_error(duk, DUK_ERR_REFERENCE_ERROR, "addMetadata needs an output field `metadata: string?` behind `as`");
  duk_push_global_stash(duk);
  if (!js->has_metadata) {
    duk_push_object(duk);
    duk_put_prop_string(duk, -2, "metadata");
  }
  duk_get_prop_string(duk, -1, "metadata");
  duk_dup(duk, 0);
  duk_to_string(duk, -1);
  duk_dup(duk, 1);
  duk_put_prop(duk, -3);
  js->has_metadata = 1;
  return 0;
}

/* ---- validation, routes ---- */

/* Adds a message to those of the row. */
static duk_ret_t js_invalid(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  duk_to_string(duk, 0);
  FrtStr s = js_text(js, 0);
  size_t size = (size_t)js->messages.len + 2 + s.len;
  if (size > 1 << 20) return 0;
  char *room = frt_alloc(js->cx, size), *p = room;
  if (js->message_len++) {
    memcpy(p, js->messages.ptr, js->messages.len);
    p += js->messages.len;
    *p++ = ';', *p++ = ' ';
  }
  memcpy(p, s.ptr, s.len);
  js->messages = (FrtStr){room, (uint32_t)(p + s.len - room), 0};
  duk_push_global_stash(duk);
  if (js->message_len == 1) {
    duk_push_array(duk);
    duk_put_prop_string(duk, -2, "errors");
  }
  duk_get_prop_string(duk, -1, "errors");
  duk_dup(duk, 0);
  duk_put_prop_index(duk, -2, js->message_len - 1);
  return 0;
}

static duk_ret_t js_errors(duk_context *duk) {
  FrtJs *js = js_of(duk);
  if (!js->message_len) {
    duk_push_array(duk);
    return 1;
  }
  duk_push_global_stash(duk);
  duk_get_prop_string(duk, -1, "errors");
  return 1;
}

static uint32_t js_arg_port(FrtJs *js) {
  const FrtJsSpec *spec = js->spec;
  js_need_row(js);
  duk_size_t n = 0;
  const char *s = duk_is_string(js->duk, 0) ? duk_get_lstring(js->duk, 0, &n) : NULL;
  for (uint32_t i = 0; s && i < spec->port_len; i++)
    if (spec->ports[i].len == n && !memcmp(spec->ports[i].ptr, s, n)) return i;
  (void)duk_error(js->duk, DUK_ERR_REFERENCE_ERROR, "no port `%s`: ports are declared in the call, `js(\"...\", ports = [a, b])`",
                  duk_safe_to_string(js->duk, 0));
  return 0;
}

static duk_ret_t js_send(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js->sent |= (uint64_t)1 << js_arg_port(js);
  js->moved = 1;
  return 0;
}

static duk_ret_t js_send_copy(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js->sent |= (uint64_t)1 << js_arg_port(js);
  return 0;
}

/* ---- utilities ---- */

static duk_ret_t js_row(duk_context *duk) {
  FrtJs *js = js_of(duk);
  js_need_row(js);
  duk_push_number(duk, (double)frt_row_number(js->block, js->row));
  return 1;
}

static duk_ret_t js_run_id(duk_context *duk) {
  duk_push_string(duk, js_of(duk)->cx->run->run_id);
  return 1;
}

static duk_ret_t js_step_name(duk_context *duk) {
  FrtJs *js = js_of(duk);
  duk_push_string(duk, frt_op_place(js->cx->run, js->spec->op));
  return 1;
}

static duk_ret_t js_hash(duk_context *duk) {
  FrtJs *js = js_of(duk);
  duk_to_string(duk, 0);
  js_push_text(js, frt_sha256(js->cx, js_text(js, 0)));
  return 1;
}

static duk_ret_t js_uuid(duk_context *duk) {
  char text[64], *end = frt_put_uuid(text, frt_uuid_random(js_of(duk)->cx));
  duk_push_lstring(duk, text, (size_t)(end - text));
  return 1;
}

static duk_ret_t js_log(duk_context *duk) {
  FrtJs *js = js_of(duk);
  duk_to_string(duk, 0);
  FrtStr s = js_text(js, 0);
  js->logged++;
  if (js->logged <= JS_LOG_LINES)
    fprintf(stderr, "log: %.*s: %s\n", FRT_SLICE(js->spec->file), frt_error_show(js->cx->run, s, 1000));
  if (js->logged == JS_LOG_LINES) fprintf(stderr, "log: %.*s: further lines are left out\n", FRT_SLICE(js->spec->file));
  return 0;
}

void js_push_natives(FrtJs *js) {
  static const struct {
    const char *name;
    duk_c_function call;
    int args;
  } all[] = {
    {"getValue", js_get_value, 1}, {"current", js_current, 0}, {"schema", js_schema, 0}, {"setField", js_set_field, 2},
    {"removeField", js_remove_field, 1}, {"addMetadata", js_add_metadata, 2}, {"invalid", js_invalid, 1}, {"errors", js_errors, 0},
    {"send", js_send, 1}, {"sendCopy", js_send_copy, 1}, {"row", js_row, 0}, {"runId", js_run_id, 0}, {"stepName", js_step_name, 0},
    {"hash", js_hash, 1}, {"uuid", js_uuid, 0}, {"log", js_log, 1},
  };
  duk_push_object(js->duk);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    duk_push_c_function(js->duk, all[i].call, all[i].args);
    duk_put_prop_string(js->duk, -2, all[i].name);
  }
}
