/* rejects.c: what failed in a run, by reason: operator, code, field. A reason keeps its number of rows and its first few places and
 * messages, as they may be shown; reasons beyond REJECT_REASONS_MAX are counted together. */
#include <stdio.h>
#include <string.h>

#include "errors/errors.h"
#include "errors/json_text.h"
#include "sched/run_internal.h"

enum { REJECT_REASONS_MAX = 64, REJECT_SAMPLES_MAX = 3, REJECT_SHOWN_MAX = 10, REJECT_MESSAGE_MAX = 240 };

typedef struct Reject {
  uint32_t op, samples;
  int code;
  FrtStr field;
  uint64_t rows;
  struct { FrtStr file, message; int64_t line; } sample[REJECT_SAMPLES_MAX];
} Reject;

struct FrtRejects {
  Reject reasons[REJECT_REASONS_MAX];
  uint32_t len;
  uint64_t rows, others;     /* all; of reasons that have no place */
};

static FrtStr reject_keep(FrtRun *r, FrtStr s, uint32_t max) {
  uint32_t n = s.len < max ? s.len : max;
  while (n < s.len && n && ((unsigned char)s.ptr[n] & 0xc0) == 0x80) n--;
  return (FrtStr){arena_strndup(r->run_arena, n ? s.ptr : "", n), n, 0};
}

static Reject *reject_find(FrtRun *r, uint32_t op, int code, FrtStr field) {
  struct FrtRejects *all = r->rejects;
  for (uint32_t i = 0; i < all->len; i++) {
    Reject *x = &all->reasons[i];
    if (x->op == op && x->code == code && x->field.len == field.len && (!field.len || !memcmp(x->field.ptr, field.ptr, field.len))) return x;
  }
  if (all->len == REJECT_REASONS_MAX) return NULL;
  Reject *x = &all->reasons[all->len++];
  x->op = op;
  x->code = code;
  x->field = reject_keep(r, field, 4096);
  return x;
}

int frt_reject(FrtRun *r, uint32_t op, int code, FrtStr field) {
  if (!r->rejects) r->rejects = arena_alloc(r->run_arena, sizeof *r->rejects);
  Reject *x = reject_find(r, op, code, field);
  r->rejects->rows++;
  if (!x) r->rejects->others++;
  else x->rows++;
  return x && x->samples < REJECT_SAMPLES_MAX;
}

void frt_reject_sample(FrtRun *r, uint32_t op, int code, FrtStr field, const FrtErrorRow *e) {
  Reject *x = reject_find(r, op, code, field);
  if (!x || x->samples == REJECT_SAMPLES_MAX) return;
  x->sample[x->samples].file = reject_keep(r, e->file, 4096);
  x->sample[x->samples].message = reject_keep(r, e->message, REJECT_MESSAGE_MAX);
  x->sample[x->samples++].line = e->line;
}

/* The reasons with the most rows first; of the same number, the earlier operator. */
static uint32_t reject_order(const struct FrtRejects *all, const Reject **order) {
  for (uint32_t i = 0; i < all->len; i++) {
    uint32_t k = i;
    const Reject *x = &all->reasons[i];
    for (; k && (order[k - 1]->rows < x->rows || (order[k - 1]->rows == x->rows && order[k - 1]->op > x->op)); k--) order[k] = order[k - 1];
    order[k] = x;
  }
  return all->len;
}

void frt_rejects_print(FrtRun *r) {
  const Reject *order[REJECT_REASONS_MAX];
  const struct FrtRejects *all = r->rejects;
  if (!all || r->options->quiet) return;
  uint32_t len = reject_order(all, order), shown = len < REJECT_SHOWN_MAX ? len : REJECT_SHOWN_MAX;
  uint64_t left = all->rows;
  fprintf(stderr, "note: %llu %s failed\n", (unsigned long long)all->rows, all->rows == 1 ? "row" : "rows");
  for (uint32_t i = 0; i < shown; i++) {
    const Reject *x = order[i];
    FrtStr code = frt_error_code(x->code);
    left -= x->rows;
    fprintf(stderr, "  %llu %.*s%s%s%s, %s\n", (unsigned long long)x->rows, FRT_SLICE(code), x->field.len ? " in `" : "",
            frt_error_show(r, x->field, 100), x->field.len ? "`" : "", frt_op_place(r, x->op));
    for (uint32_t k = 0; k < x->samples; k++) {
      fprintf(stderr, "      %s", x->sample[k].file.len ? frt_error_show(r, x->sample[k].file, 200) : "");
      if (x->sample[k].line >= 0) fprintf(stderr, ":%lld", (long long)x->sample[k].line);
      fprintf(stderr, "%s%s\n", x->sample[k].file.len ? ": " : "", frt_error_show(r, x->sample[k].message, REJECT_MESSAGE_MAX));
    }
  }
  if (left) fprintf(stderr, "  %llu for other reasons\n", (unsigned long long)left);
}

static void reject_json_text(FrtRun *r, const char *name, FrtStr s) {
  char *p = arena_alloc(r->run_arena, (size_t)s.len * 6 + 3), *end = frt_json_quote(p, s);
  fprintf(stderr, "\"%s\":%.*s", name, (int)(end - p), p);
}

void frt_rejects_json(FrtRun *r) {
  const Reject *order[REJECT_REASONS_MAX];
  const struct FrtRejects *all = r->rejects;
  uint32_t len = all ? reject_order(all, order) : 0;
  fprintf(stderr, ",\"rejected\":%llu,\"rejects\":[", all ? (unsigned long long)all->rows : 0ull);
  for (uint32_t i = 0; i < len; i++) {
    const Reject *x = order[i];
    fprintf(stderr, "%s{\"op\":%u,", i ? "," : "", x->op);
    reject_json_text(r, "code", frt_error_code(x->code));
    fputc(',', stderr);
    reject_json_text(r, "field", x->field);
    fprintf(stderr, ",\"rows\":%llu,\"samples\":[", (unsigned long long)x->rows);
    for (uint32_t k = 0; k < x->samples; k++) {
      fputs(k ? ",{" : "{", stderr);
      reject_json_text(r, "file", x->sample[k].file);
      fprintf(stderr, ",\"line\":%lld,", (long long)x->sample[k].line);
      reject_json_text(r, "message", x->sample[k].message);
      fputc('}', stderr);
    }
    fputs("]}", stderr);
  }
  fputc(']', stderr);
}
