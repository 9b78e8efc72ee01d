/* @NAME@.c: a plugin of flowc. Build it with `flowc plugin build @NAME@.c`, test it with `flowc plugin test @NAME@.so`, and use it:
 *
 *   use "@NAME@.so ^0.1" as @NAME@
 *   good = rows | call @NAME@.scale(factor = 2.0, ports = [large])
 */
#include "flow_plugin.h"

#include <stdlib.h>
#include <string.h>

/* ---- a step: rows come in as columns, get fields, and go on, to ports, or nowhere ---- */

typedef struct Scale {
  double factor, most;
} Scale;

static int scale_open(const FlowHost *host, const void *const *config, void **self) {
  static const char why[] = "`most` must not be negative";
  Scale *s = malloc(sizeof *s);
  if (!s) return 1;
  s->factor = *(const double *)config[0];
  s->most = *(const double *)config[1];
  *self = s;
  if (s->most >= 0) return 0;
  host->fail(host, 0, why, sizeof why - 1);
  free(s);
  return 1;
}

static int scale_rows(void *self, FlowChunk *c) {
  const Scale *s = self;
  for (uint32_t k = 0; k < c->rows; k++) {
    uint32_t i = c->row[k];
    double v = FLOW_AT(double, c->in[0], i) * s->factor;
    FLOW_AT(double, c->out[0], i) = v;
    FLOW_AT(FlowText, c->out[1], i) = v < 0 ? flow_text("below", 5) : flow_text("above", 5);
    if (v != v) c->host->fail(c->host, k, "it is not a number", 18);   /* an error row */
    else if (v > s->most) c->to[k] = 1;                                /* to the first port */
  }
  return 0;
}

static void scale_close(void *self) { free(self); }

static const FlowField scale_config[] = {{"factor", "f64", NULL, "what values are multiplied by"},
                                         {"most", "f64", "100.0", "more than that goes to the port `large`"}};
static const FlowField scale_in[] = {{"value", "f64", NULL, NULL}};
static const FlowField scale_out[] = {{"scaled", "f64", NULL, NULL}, {"side", "string", NULL, NULL}};
static const char *const scale_ports[] = {"large"};

static const FlowStep steps[] = {{
    .size = sizeof(FlowStep), .name = "scale", .doc = "Multiplies `value`.",
    .config = scale_config, .config_len = 2, .in = scale_in, .in_len = 1, .out = scale_out, .out_len = 2,
    .ports = scale_ports, .port_len = 1, .open = scale_open, .rows = scale_rows, .close = scale_close}};

/* ---- a function ---- */

static int initials(const FlowHost *host, const void *const *arg, void *out) {
  FlowText s = *(const FlowText *)arg[0];
  char *room = host->alloc(host, s.len);
  uint32_t n = 0;
  if (!room) return FLOW_FAIL;
  for (uint32_t i = 0; i < s.len; i++)
    if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') room[n++] = s.ptr[i];
  if (!n) return FLOW_NULL;
  *(FlowText *)out = flow_text(room, n);
  return FLOW_OK;
}

static const FlowField initials_args[] = {{"s", "string", NULL, NULL}};
static const FlowFunction functions[] = {{
    .size = sizeof(FlowFunction), .name = "initials", .doc = "The capital letters of a text; null without any.",
    .args = initials_args, .arg_len = 1, .result = "string?", .call = initials}};

/* ---- tests, for `flowc plugin test` ---- */

static const char tests[] =
    "rows = values [{ value = 1e0, name = \"Ada Lovelace\" }, { value = 6e1, name = \"x\" }]\n"
    "good = rows | derive i = @NAME@.initials(name) | call @NAME@.scale(factor = 2, ports = [large])\n"
    "good  | write csv(\"-\")\n"
    "large | write csv(\"-\")\n"
    "test \"small values go on\" {\n"
    "  expect count(good) == 1\n"
    "  expect good == csv \"\"\"\n"
    "scaled,side,i\n"
    "2.0,above,AL\n"
    "\"\"\"\n"
    "}\n"
    "test \"large values leave by the port\" {\n"
    "  expect count(large) == 1\n"
    "}\n";

const FlowPlugin flow_plugin = {
    .abi = FLOW_PLUGIN_ABI, .size = sizeof(FlowPlugin), .name = "@NAME@", .version = "0.1.0", .doc = "Says what it is for.", .needs = ">=0.1",
    .tests = tests, .steps = steps, .step_len = 1, .functions = functions, .function_len = 1};
