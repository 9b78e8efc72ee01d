/* flow_plugin.h: what a plugin of flowc is. C11 or C++, nothing else is needed.
 *
 * A plugin is a shared object that exports one table, `flow_plugin`. The table says what the plugin offers and of which
 * types; flowc reads it when a script is compiled, and checks the script against it:
 *
 *   use "geo.so ^1.2" as geo
 *   near = places | call geo.near(radius = 5.0, ports = [far])
 *
 * Rows come in chunks of columns: item `row[k]` of each array of a chunk is the value of its k-th row. The arrays are flowc's
 * own, so nothing is copied; inputs are not to be written to. Texts are not NUL-terminated.
 *
 * Types are written as in scripts ("i64", "string?", "decimal(12,2)", "enum(\"a\", \"b\")"). The C form of a value:
 *   bool uint8_t 0/1 | i8..i64, u8..u64 the C integer | f32 float | f64 double | decimal(p,s) int64_t for p <= 18, else
 *   FlowWide, unscaled (5.00 at scale 2 is 500) | string, bytes FlowText | date int32_t, days since 1970-01-01 | time
 *   int64_t, microseconds since midnight | timestamp int64_t, microseconds since 1970-01-01T00:00:00Z | duration
 *   int64_t, microseconds | uuid two uint64_t, big end first | enum uint16_t, index into its names
 *
 * Whatever a plugin gives back is checked before it is used: where texts lie and that they are UTF-8, ranges of dates, decimals and
 * enums, numbers of ports and of rows. What is wrong there is an error of the operator's rows, by its `on error`. */
#ifndef FLOW_PLUGIN_H
#define FLOW_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOW_PLUGIN_ABI 1u

typedef struct FlowText {
  const char *ptr;
  uint32_t len;
  uint32_t zero;
} FlowText;

typedef struct FlowWide {
  uint64_t lo;
  int64_t hi;
} FlowWide;

/* A field, a parameter of the configuration, or an argument of a function. */
typedef struct FlowField {
  const char *name;            /* letters, digits and `_` */
  const char *type;            /* as in a script; `?` at its end: may be null */
  const char *dflt;            /* configuration: the default as a script writes it ("5.0"); NULL: must be given */
  const char *doc;             /* or NULL */
} FlowField;

/* An array of values; null[i] is 1 where value i is null, and `null` itself is NULL where the type has no `?`. */
typedef struct FlowColumn {
  void *data;
  uint8_t *null;
  uint32_t stride;             /* bytes from one value to the next */
  uint32_t zero;
} FlowColumn;

typedef struct FlowHost FlowHost;

/* Where a row goes: 0 on, 1.. to that port, or */
enum { FLOW_DROP = 254, FLOW_FAIL = 255 };

typedef struct FlowChunk {
  uint32_t size;               /* of this struct */
  uint32_t rows;               /* how many; of a source: how many there is room for */
  const uint32_t *row;         /* their places in the arrays, ascending */
  const FlowColumn *in;        /* in the order of the step's inputs */
  const FlowColumn *out;       /* in the order of its outputs; all zero before the call */
  uint8_t *to;                 /* to[k]: where row k goes; 0 before the call */
  uint64_t *also;              /* also[k]: bit p - 1: a copy of row k goes to port p; 0 before the call; NULL without ports */
  const FlowHost *host;
  uint32_t made;               /* of a source: how many rows it made, in the places row[0] to row[made - 1]; 0: there are no more */
  uint32_t zero;
} FlowChunk;

/* What flowc does for a plugin. The functions may be called while one of the plugin's functions runs, by its thread. */
struct FlowHost {
  uint32_t abi, size;
  /* Room for texts of the chunk, aligned to 16 bytes; lives until the function's next call. NULL: too much was asked for. */
  void *(*alloc)(const FlowHost *host, size_t size);
  /* Row k of the chunk failed: the text is its message (and to[k] becomes FLOW_FAIL). In `open` and of functions: k is 0. */
  void (*fail)(const FlowHost *host, uint32_t k, const char *text, size_t len);
};

/* A transform: rows come in, get fields, and go on, to ports, or nowhere. */
typedef struct FlowStep {
  uint32_t size;               /* sizeof(FlowStep) */
  uint32_t flags;              /* 0 */
  const char *name, *doc;
  const FlowField *config, *in, *out;
  uint32_t config_len, in_len, out_len, port_len;
  const char *const *ports;    /* at most 60 names */
  /* Called once for each operator: config[i] points to the value of parameter i, NULL where it is null. *self is the plugin's
   * own. 0, or another number: `fail` may have said why. NULL: nothing is to be done. */
  int (*open)(const FlowHost *host, const void *const *config, void **self);
  /* The rows of a chunk. 0, or another number when the chunk as a whole failed. */
  int (*rows)(void *self, FlowChunk *chunk);
  void (*close)(void *self);   /* or NULL */
} FlowStep;

/* A function of one row: `call` reads arg[i] (NULL where it is null, which happens for types with `?` alone), writes *out, and
 * returns FLOW_OK, FLOW_NULL (for a result type with `?`) or FLOW_FAIL; `host->fail` says why. The same arguments must give the same
 * result, and nothing may be kept between calls: threads call it at the same time, and not in the order of rows. */
enum { FLOW_OK = 0, FLOW_NULL = 1 };
typedef struct FlowFunction {
  uint32_t size;
  uint32_t flags;              /* 0 */
  const char *name, *doc;
  const FlowField *args;       /* at most 16 */
  uint32_t arg_len;
  uint32_t zero;
  const char *result;          /* a type */
  int (*call)(const FlowHost *host, const void *const *arg, void *out);
} FlowFunction;

/* A source: `read geo.grid(size = 10)`. `rows` fills the outputs of a chunk and sets chunk->made; `to` and `also` are NULL. What it
 * refuses, and what is wrong in its rows, ends the run. */
typedef struct FlowSource {
  uint32_t size, flags;        /* sizeof(FlowSource); 0 */
  const char *name, *doc;
  const FlowField *config, *out;
  uint32_t config_len, out_len;
  int (*open)(const FlowHost *host, const void *const *config, void **self);   /* or NULL */
  int (*rows)(void *self, FlowChunk *chunk);
  void (*close)(void *self);   /* or NULL */
} FlowSource;

/* Rows of a block for an aggregate. Rows of many groups come mixed: state[k] is the state of the group of row k. */
typedef struct FlowTake {
  uint32_t size;               /* of this struct */
  uint32_t rows;
  const uint32_t *row;         /* their places in the arrays, ascending */
  const FlowColumn *in;        /* in the order of the arguments */
  void *const *state;
  const FlowHost *host;        /* `fail` of row k: its group fails, and says so where its result would be */
} FlowTake;

/* An aggregate: `aggregate area = geo.hull(lat, lon) by country`. A group has a state of a fixed size, which starts as zeros; flowc
 * keeps it and drops it, so that it must not own anything (memory, descriptors). Rows come in the order of the stream; those with a
 * null argument are passed over where its type has no `?`. `finish` is called once a group, behind its rows, writes *out (texts: in
 * the state, from `host->alloc`, or literals) and returns FLOW_OK, FLOW_NULL (for a result type with `?`) or FLOW_FAIL. States are
 * independent: groups may be finished and started again in any order. */
typedef struct FlowAggregate {
  uint32_t size, flags;        /* sizeof(FlowAggregate); 0 */
  const char *name, *doc;
  const FlowField *args;       /* at most 16 */
  uint32_t arg_len;
  uint32_t state_size, state_align;   /* 1 to 65536 bytes; 1, 2, 4, 8 or 16 */
  uint32_t zero;
  const char *result;          /* a type */
  void (*init)(void *state);   /* or NULL: zeros will do */
  int (*take)(FlowTake *rows); /* 0, or another number: the groups of all these rows fail */
  int (*finish)(const FlowHost *host, void *state, void *out);
} FlowAggregate;

/* `tests`: a script with `test` blocks for `flowc plugin test`; the plugin's names are in scope there. */
typedef struct FlowPlugin {
  uint32_t abi;                /* FLOW_PLUGIN_ABI */
  uint32_t size;               /* sizeof(FlowPlugin) */
  const char *name, *version, *doc;   /* version: "1.2.3" */
  const char *needs;           /* which flowc: ">=0.9 <2"; NULL: any */
  const char *tests;           /* or NULL */
  const FlowStep *steps;
  const FlowFunction *functions;
  uint32_t step_len, function_len;
  const FlowSource *sources;
  uint32_t source_len, aggregate_len;
  const FlowAggregate *aggregates;
} FlowPlugin;

#if defined(_WIN32)
#define FLOW_PLUGIN_EXPORT __declspec(dllexport)
#else
#define FLOW_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/* The one symbol of a plugin. */
extern FLOW_PLUGIN_EXPORT const FlowPlugin flow_plugin;

/* Text of the plugin's own, as a value. */
static inline FlowText flow_text(const char *ptr, uint32_t len) {
  FlowText t = {ptr, len, 0};
  return t;
}
#define FLOW_AT(type, column, i) (((type *)(column).data)[i])
#define FLOW_IS_NULL(column, i) ((column).null && (column).null[i])

#ifdef __cplusplus
}
#endif

#endif
