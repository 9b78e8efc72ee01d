/* errors.h: what becomes of rows that fail. */
#ifndef FRT_ERRORS_ERRORS_H
#define FRT_ERRORS_ERRORS_H

#include "flowrt.h"

/* ---- errors.c ---- */
void frt_errors_start(FrtRun *r);
/* What a worker notes until its block ends: made, freed, forgotten. */
void frt_notes_start(FrtWorker *w);
void frt_notes_end(FrtWorker *w);
void frt_notes_drop(FrtWorker *w);
/* Judges what was reported since the last call in the order of source rows, and sends rows to ports. */
void frt_errors_judge(FrtRun *r);
/* Rates of operators that failed in this step, once more; then the next step begins. */
void frt_errors_end_step(FrtRun *r);
/* The first source row that is known to end the run, ~0 for none. */
uint64_t frt_errors_fatal_key(const FrtRun *r);
/* Ends the run if a row of the block does. */
void frt_errors_end_block(FrtRun *r);

/* ---- message.c ---- */
/* The text of an error code with its detail; `type` may be NULL. Lives until the block ends. */
FrtStr frt_error_text(FrtCtx *cx, int code, FrtStr detail, const FrtType *type);
/* The same for a failed run, whose detail may be long. */
FrtStr frt_fatal_text(FrtCtx *cx, int code, FrtStr detail);
FrtStr frt_error_code(int code);
/* The column of the present scan that is named so, or NULL. */
const FrtColumn *frt_error_column(const FrtRun *r, uint32_t op, FrtStr field, uint32_t *index);
/* Fills the envelope: place in the file, place in the script, run. `b` is NULL when there is none. */
void frt_error_envelope(FrtCtx *cx, FrtErrorRow *e, const FrtBlock *b, uint32_t row, uint32_t op);
/* Where the field stands: its line (record's line and line breaks before it) and character; 0 if unknown. */
void frt_error_field_place(const FrtRun *r, const FrtBlock *b, uint32_t row, FrtErrorRow *e, int64_t *line);
/* Masks the raw text, which frt_error_field_place needs as it is. */
void frt_error_mask_raw(FrtRun *r, FrtErrorRow *e);
/* `file:line:column: error: ...`, the source line with a caret, the operator and the cure. run_arena. */
const char *frt_error_report(FrtRun *r, const FrtErrorRow *e, int64_t line);
/* The same place before a message of its own, for limits. */
const char *frt_error_limit_report(FrtRun *r, const FrtErrorRow *e, uint32_t op, const char *what);
/* Text for a terminal: control characters as \xXX, cut at `max` bytes. run_arena, NUL-terminated. */
const char *frt_error_show(FrtRun *r, FrtStr text, size_t max);
const char *frt_error_show_lines(FrtRun *r, FrtStr text, size_t max);   /* keeps line breaks */

/* ---- mask.c ---- */
/* The masked form of a text: FRT_MASK_*. Lives until the block ends. */
FrtStr frt_mask_text(FrtCtx *cx, uint32_t mask, FrtStr text);
/* The detail of an error as it may be shown: masked when it may be a value of a masked field. */
FrtStr frt_mask_detail(FrtCtx *cx, uint32_t op, int code, FrtStr field, FrtStr detail);
/* The raw text of a record of the present scan with its masked fields masked. */
FrtStr frt_mask_raw(FrtRun *r, FrtStr raw);

/* ---- rejects.c ---- */
/* Counts a row that failed; whether its message is wanted as a sample. */
int frt_reject(FrtRun *r, uint32_t op, int code, FrtStr field);
void frt_reject_sample(FrtRun *r, uint32_t op, int code, FrtStr field, const FrtErrorRow *e);
/* What failed, for people and as members of the stats. */
void frt_rejects_print(FrtRun *r);
void frt_rejects_json(FrtRun *r);

/* ---- ledger.c ---- */
/* Checks in = out + else + errors + dropped for every operator. NULL, or what is wrong. */
const char *frt_ledger_check(FrtRun *r);

#endif
