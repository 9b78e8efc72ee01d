/* sound.c: a plugin: the Soundex code of names, a step that sends names that sound like an earlier one to a port, and an aggregate
 * that counts sounds. */
#include <stdlib.h>
#include <string.h>

#include "flow_plugin.h"

/* Soundex as the archives of the United States describe it: a letter and three digits. */
static void soundex(FlowText s, char out[4]) {
  static const char digits[] = "01230120022455012623010202";   /* a to z */
  char last = 0;
  int n = 0;
  memcpy(out, "0000", 4);
  for (uint32_t i = 0; i < s.len && n < 4; i++) {
    int letter = s.ptr[i] | 0x20;
    if (letter < 'a' || letter > 'z') continue;
    char digit = digits[letter - 'a'];
    if (n == 0) out[n++] = (char)(letter - 0x20);
    else if (digit != '0' && digit != last) out[n++] = digit;
    if (letter != 'h' && letter != 'w') last = digit;
  }
}

static int code(const FlowHost *host, const void *const *arg, void *out) {
  char *text = host->alloc(host, 4);
  if (!text) return FLOW_FAIL;
  soundex(*(const FlowText *)arg[0], text);
  *(FlowText *)out = flow_text(text, 4);
  return FLOW_OK;
}

/* What was seen: a bit for each of the 26 * 1000 codes. Chunks come in the order of the rows. */
typedef struct Seen {
  uint8_t bits[26000 / 8 + 1];
} Seen;

/* Whether the code was there before. */
static int seen_before(Seen *seen, const char code[4]) {
  int at = (code[0] - 'A') * 1000 + (code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0');
  int bit = 1 << (at % 8), before = (seen->bits[at / 8] & bit) != 0;
  seen->bits[at / 8] |= (uint8_t)bit;
  return before;
}

static int open_seen(const FlowHost *host, const void *const *config, void **self) {
  return (*self = calloc(1, sizeof(Seen))) ? 0 : 1;
}

static int first(void *self, FlowChunk *c) {
  Seen *seen = self;
  for (uint32_t k = 0; k < c->rows; k++) {
    uint32_t i = c->row[k];
    char *text = c->host->alloc(c->host, 4);
    if (!text) return 1;
    soundex(FLOW_AT(FlowText, c->in[0], i), text);
    FLOW_AT(FlowText, c->out[0], i) = flow_text(text, 4);
    if (text[0] == '0') {
      c->host->fail(c->host, k, "the name has no letter", 22);
      continue;
    }
    if (seen_before(seen, text)) c->to[k] = 1;   /* to the port `alike` */
  }
  return 0;
}

static void close_seen(void *self) { free(self); }

/* The state of a group: it starts as zeros, and is flat. */
typedef struct Sounds {
  int64_t count;
  Seen seen;
} Sounds;

static int take_sounds(FlowTake *t) {
  for (uint32_t k = 0; k < t->rows; k++) {
    Sounds *s = t->state[k];   /* of the group of row k */
    char code[4];
    soundex(FLOW_AT(FlowText, t->in[0], t->row[k]), code);
    if (code[0] != '0' && !seen_before(&s->seen, code)) s->count++;
  }
  return 0;
}

static int finish_sounds(const FlowHost *host, void *state, void *out) {
  (void)host;
  *(int64_t *)out = ((const Sounds *)state)->count;
  return FLOW_OK;
}

static const FlowField name_in[] = {{"name", "string", NULL, NULL}};
static const FlowField sound_out[] = {{"sound", "string", NULL, NULL}};
static const char *const alike[] = {"alike"};
static const FlowStep steps[] = {{
    .size = sizeof(FlowStep), .name = "first", .doc = "Names that sound like an earlier one leave by `alike`.", .in = name_in, .in_len = 1,
    .out = sound_out, .out_len = 1, .ports = alike, .port_len = 1, .open = open_seen, .rows = first, .close = close_seen}};
static const FlowFunction functions[] = {{
    .size = sizeof(FlowFunction), .name = "code", .doc = "The Soundex code of a name.", .args = name_in, .arg_len = 1, .result = "string", .call = code}};
static const FlowAggregate aggregates[] = {{
    .size = sizeof(FlowAggregate), .name = "sounds", .doc = "How many names that sound differently.", .args = name_in, .arg_len = 1,
    .state_size = sizeof(Sounds), .state_align = 8, .result = "i64", .take = take_sounds, .finish = finish_sounds}};

static const char tests[] =
    "names = values [{ name = \"Robert\" }, { name = \"Rupert\" }, { name = \"Ashcraft\" }, { name = \"Tymczak\" }]\n"
    "kept = names | call sound.first(ports = [alike])\n"
    "kept | write csv(\"-\")\n"
    "alike | write csv(\"-\")\n"
    "test \"codes\" {\n"
    "  expect kept == csv \"\"\"\n"
    "sound\n"
    "R163\n"
    "A261\n"
    "T522\n"
    "\"\"\"\n"
    "  expect count(alike) == 1\n"
    "}\n";

const FlowPlugin flow_plugin = {
    .abi = FLOW_PLUGIN_ABI, .size = sizeof(FlowPlugin), .name = "sound", .version = "1.0.0", .doc = "How names sound.", .needs = ">=0.1",
    .tests = tests, .steps = steps, .step_len = 1, .functions = functions, .function_len = 1,
    .aggregates = aggregates, .aggregate_len = 1};
