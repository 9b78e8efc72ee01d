/* eval_call.c: calls of runtime functions whose types are known at run time only.
 *
 * Each argument becomes words in integer registers, floating registers, or on the stack, as the
 * calling conventions say (System V AMD64 psABI 3.2.3; AAPCS64 6.8.2): a 16-byte struct takes two
 * integer registers, or goes to the stack as a whole. The call passes all registers. */
#include <dlfcn.h>
#include <string.h>

#include "ir/eval_internal.h"
#include "sched/run_internal.h"

#if defined(__aarch64__)
enum { CALL_INTS = 8, CALL_BACKFILL = 0 };
#define CALL_TYPES uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, \
  double, double, double, double, double, double, double, double, \
  uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define CALL_INT_WORDS(f) f->ints[0], f->ints[1], f->ints[2], f->ints[3], f->ints[4], f->ints[5], f->ints[6], f->ints[7]
#else
enum { CALL_INTS = 6, CALL_BACKFILL = 1 };
#define CALL_TYPES uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, \
  double, double, double, double, double, double, double, double, \
  uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t
#define CALL_INT_WORDS(f) f->ints[0], f->ints[1], f->ints[2], f->ints[3], f->ints[4], f->ints[5]
#endif
enum { CALL_FLOATS = 8, CALL_STACK = 10 };

#define CALL_WORDS(f) CALL_INT_WORDS(f), f->floats[0], f->floats[1], f->floats[2], f->floats[3], f->floats[4], \
  f->floats[5], f->floats[6], f->floats[7], f->stack[0], f->stack[1], f->stack[2], f->stack[3], f->stack[4], \
  f->stack[5], f->stack[6], f->stack[7], f->stack[8], f->stack[9]

typedef struct Frame {
  uint64_t ints[CALL_INTS], stack[CALL_STACK];
  double floats[CALL_FLOATS];
  uint32_t int_len, float_len, stack_len;
  bool full;                    /* more than the frame has room for: the call cannot be made */
} Frame;

static void frame_stack(Frame *f, uint64_t word) {
  if (f->stack_len == CALL_STACK) f->full = true;
  else f->stack[f->stack_len++] = word;
}

static void frame_word(Frame *f, uint64_t word) {
  if (f->int_len < CALL_INTS) f->ints[f->int_len++] = word;
  else frame_stack(f, word);
}

static void frame_pair(Frame *f, const void *p) {
  uint64_t words[2];
  memcpy(words, p, sizeof words);
  if (f->int_len + 2 <= CALL_INTS) {
    frame_word(f, words[0]);
    frame_word(f, words[1]);
    return;
  }
  if (!CALL_BACKFILL) f->int_len = CALL_INTS;
  frame_stack(f, words[0]);
  frame_stack(f, words[1]);
}

static void frame_float(Frame *f, double v, bool single) {
  float s = (float)v;
  uint64_t bits = 0;
  if (single) {                                    /* a float lies in the low half of its register */
    memcpy(&bits, &s, sizeof s);
    memcpy(&v, &bits, sizeof v);
  }
  if (f->float_len < CALL_FLOATS) f->floats[f->float_len++] = v;
  else f->full = true;
}

static bool frame_argument(Frame *f, Arena *a, const Type *t, const Value *v) {
  char form[16] = {0};
  if (type_is_float(t)) {
    frame_float(f, v->f, t->kind == TY_F32);
    return true;
  }
  if (!value_to_c(a, t, v, form)) return false;
  if (value_c_size(t) == 16) frame_pair(f, form);
  else frame_word(f, (uint64_t)v->i);
  return true;
}

/* ---- symbols ---- */

static const struct { const char *name; void *address; } symbols[] = {
#define FRT_SYM(name) {#name, (void *)name},
#include "flowrt_func.def"
#include "flowrt_dec.def"
#undef FRT_SYM
};

static void *(*symbol_lookup)(const char *symbol);

void eval_set_lookup(void *(*lookup)(const char *symbol)) { symbol_lookup = lookup; }

static void *symbol_find(const char *name) {
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    if (strcmp(symbols[i].name, name) == 0) return symbols[i].address;
  }
  return symbol_lookup ? symbol_lookup(name) : dlsym(RTLD_DEFAULT, name);
}

/* ---- calls ---- */

/* A context without a run: what functions allocate lives in the arena. */
FrtCtx *eval_context(Arena *a) {
  FrtRun *run = arena_alloc(a, sizeof *run);
  run->run_arena = a;
  run->main.block_arena = NULL;
  run->main.cx.arena = a;
  run->main.cx.run = run;
  return &run->main.cx;
}

typedef int PrepareFn(FrtCtx *, const void **, FrtStr);

static int frame_prepared(Frame *f, FrtCtx *cx, const char *symbol, FrtStr text) {
  PrepareFn *prepare = (PrepareFn *)symbol_find(symbol);
  const void *object = NULL;
  if (!prepare) return EVAL_CANNOT;
  int status = prepare(cx, &object, text);
  frame_word(f, (uint64_t)(uintptr_t)object);
  return status;
}

int eval_prepare(Arena *a, const char *symbol, FrtStr text, FrtStr *detail) {
  FrtCtx *cx = eval_context(a);
  Frame f = {.int_len = 0};
  int status = frame_prepared(&f, cx, symbol, text);
  *detail = cx->detail;
  return status;
}

static bool frame_return(const Frame *f, void *address, Arena *a, const Type *t, Value *out) {
  union { uint64_t word; double f64; float f32; FrtI128 pair; } r = {0};
  if (t->kind == TY_F64) r.f64 = ((double (*)(CALL_TYPES))address)(CALL_WORDS(f));
  else if (t->kind == TY_F32) r.f32 = ((float (*)(CALL_TYPES))address)(CALL_WORDS(f));
  else if (value_c_size(t) == 16) r.pair = ((FrtI128(*)(CALL_TYPES))address)(CALL_WORDS(f));
  else r.word = ((uint64_t(*)(CALL_TYPES))address)(CALL_WORDS(f));
  return value_from_c(a, t, &r, out);
}

int eval_call(Arena *a, FrtCtx *cx, const Expr *call, const Value *args, Value *out) {
  const Function *fn = call->fn;
  void *address = symbol_find(fn->symbol);
  Frame f = {.int_len = 0};
  _Alignas(16) char result[32] = {0};
  if (strcmp(fn->symbol, "frt_list_len") == 0) {
    *out = (Value){.i = args[0].len};
    return FRT_OK;
  }
  if (!address || fn->result->kind == TY_STRUCT) return EVAL_CANNOT;
  frame_word(&f, (uint64_t)(uintptr_t)cx);
  if (fn->status) frame_word(&f, (uint64_t)(uintptr_t)result);
  for (uint32_t i = 0; i < call->arg_len; i++) {
    if (fn->prepared[i]) {
      int status = frame_prepared(&f, cx, fn->prepare[i], args[i].s);
      if (status) return status;
    } else if (!frame_argument(&f, a, fn->params[i], &args[i])) {
      return EVAL_CANNOT;
    }
  }
  if (f.full) return EVAL_CANNOT;
  if (!fn->status) return frame_return(&f, address, a, fn->result, out) ? FRT_OK : EVAL_CANNOT;
  const Frame *g = &f;
  int status = ((int (*)(CALL_TYPES))address)(CALL_WORDS(g));
  if (status) return status;
  return value_from_c(a, fn->result, result, out) ? FRT_OK : EVAL_CANNOT;
}
