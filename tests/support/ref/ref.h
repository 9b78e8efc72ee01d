/* ref.h: the reference interpreter: what a script means, said a second time, plainly and slowly.
 *
 * It takes the logical plan (compiler/plan/plan.h, before the optimiser), holds every table whole in memory as a
 * list of rows, and executes one operator after another. Only expressions (compiler/ir/eval.h) and the scalar
 * conversions of text (runtime/text/column.h) are shared with the compiler: readers, writers, operators, error
 * ports and limits are its own, written from docs/language.md; a comment quotes the sentence that a rule comes
 * from. Everything lives in one arena. */
#ifndef TESTS_REF_H
#define TESTS_REF_H

#include "ir/eval.h"
#include "plan/plan.h"

/* A row: a value for each column of the plan (index: ColId), and the place in a source that it came from. */
typedef struct RefRow {
  Value *v;
  uint32_t scan;          /* index of the PLAN_READ/VALUES/RANGE node in Plan.nodes; REF_NO_SCAN behind a holder */
  uint64_t key;           /* number of the row in its scan, from 0, bad rows counted */
  FrtStr file, raw;       /* raw.ptr NULL: none */
  int64_t line;           /* -1: none */
} RefRow;
enum { REF_NO_SCAN = -1 };

typedef struct RefTable {
  RefRow **rows;
  size_t len, capacity;
} RefTable;

typedef struct RefError {
  const PlanNode *node;
  RefRow row;             /* file, line, raw, scan, key */
  const char *field;      /* or "" */
  int code;
  uint64_t order;
  uint64_t place;         /* of the row among those that the operator saw; its source row where the operator does not say */
} RefError;

typedef struct RefFile {
  const char *path;
  char *data;
  size_t size, capacity;
  uint64_t rows;
  const PlanNode *sink;
  bool loose;             /* the order of its rows is nowhere promised */
} RefFile;

typedef struct RefFail {  /* a way in which the run may end */
  int exit_code;
  FrtStr file;
  int64_t line, line_end; /* the field stands between these lines; -1: none */
} RefFail;

typedef struct Ref {
  Arena *arena;
  const Plan *plan;
  FrtCtx *cx;
  bool *needed;           /* ColId: somebody reads it */
  Value *params;
  RefTable **out;         /* by node index: a table a port */
  bool *loose;            /* by node index: rows may come in another order */
  uint8_t *state;         /* by node index: 0, 1 being computed, 2 done */
  RefError *errors;
  size_t error_len, error_capacity;
  RefFile *files;
  size_t file_len;
  RefFail *fails;         /* not empty: the run must end in one of these ways, and no file is written */
  size_t fail_len;
  bool fold_matters;      /* without the optimiser other columns are read */
  const char *cannot;     /* the plan has something that the reference does not do: nothing is judged */
  const RefRow *row;      /* of the expression that is being evaluated */
} Ref;

/* Executes the plan; files are read relative to the working folder. */
void ref_run(Ref *r, Arena *arena, const Plan *plan);

/* ---- ref.c ---- */
RefTable *ref_input(Ref *r, const PlanNode *n, uint32_t input);
uint32_t ref_index(const Ref *r, const PlanNode *n);
void ref_add(Ref *r, RefTable *t, RefRow *row);
RefRow *ref_copy(Ref *r, const RefRow *row);
/* Value of e for row: FRT_OK or an error code. */
int ref_eval(Ref *r, const RefRow *row, const Expr *e, Value *out);
void ref_error(Ref *r, const PlanNode *n, const RefRow *row, int code, const char *field);
/* The same for an operator that knows that it is its row number `place`. */
void ref_error_at(Ref *r, const PlanNode *n, size_t place, const RefRow *row, int code, const char *field);
/* Number of take, skip, top, range, rows. */
int64_t ref_count(Ref *r, const Expr *e);
void ref_cannot(Ref *r, const char *what);

/* ---- ref_read.c ---- */
void ref_read(Ref *r, const PlanNode *n, RefTable *out);

/* ---- ref_json.c ---- */
int ref_json_rows(Ref *r, const PlanNode *n, FrtStr file, const char *text, size_t size, uint64_t *key, RefTable *out);
/* A good or bad row of a source goes on: checks are made here. fail: 0, or the code of the first bad field. */
void ref_read_row(Ref *r, const PlanNode *n, RefRow *row, int fail, const char *field, RefTable *out);

/* ---- ref_rows.c: operators that look at one row ---- */
void ref_rows(Ref *r, const PlanNode *n, RefTable **out);

/* ---- ref_hold.c: operators that hold rows ---- */
void ref_hold(Ref *r, const PlanNode *n, RefTable **out);
int ref_value_compare(const Type *t, const Value *a, const Value *b);   /* null equals null and is last */

/* ---- ref_join.c ---- */
void ref_join(Ref *r, const PlanNode *n, RefTable **out);

/* ---- ref_write.c ---- */
void ref_write(Ref *r, const PlanNode *n);

#endif
