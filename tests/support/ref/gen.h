/* gen.h: inside of the generator. A script is printed a line an operator, a field and an item, for the minimiser. */
#ifndef TESTS_REF_GEN_H
#define TESTS_REF_GEN_H

#include <stdio.h>

#include "compare.h"
#include "ir/type.h"

enum { GEN_COLS = 24, GEN_STREAMS = 40 };

typedef struct GType {
  TypeKind kind;
  int p, s;               /* decimal */
  int variant;            /* enum: which of gen_enums; list, struct: which shape */
  bool null;
} GType;

typedef struct GCol { char name[24]; GType t; } GCol;

typedef struct GStream {
  char name[24];
  GCol cols[GEN_COLS];
  int len;
  bool loose;             /* its order is not promised: nothing may depend on it */
  bool used, errors;      /* somebody reads it; it is an error port */
  bool placeless;         /* its rows were held: error rows do not know their source */
  bool keyed;             /* a type with `key` */
} GStream;

typedef struct Gen {
  uint64_t state;
  FILE *out;
  Case *c;
  unsigned holds;
  GStream streams[GEN_STREAMS];
  int stream_len;
  int scan_len, name_len, sink_len;
  bool may_fail;          /* no policy: the run may end at a bad row */
  bool damaged;           /* data with bad fields */
  const char *default_policy;
} Gen;

uint32_t gen_below(Gen *g, uint32_t n);
bool gen_chance(Gen *g, uint32_t percent);
GType gen_scalar(Gen *g);
void gen_type(Gen *g, GType t);                       /* prints it, with its ? */
extern const char *const gen_enums[2][4];

/* ---- gen_expr.c ---- */
void gen_expr_of(Gen *g, const GStream *s, GType t, int depth);   /* a well-typed expression */
void gen_literal(Gen *g, GType t);
void gen_constant_bool(Gen *g);

/* ---- gen_data.c ---- */
void gen_source(Gen *g, int format);                  /* 0: csv, 1: jsonl */

#endif
