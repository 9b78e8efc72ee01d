/* ledger.c: nothing is lost silently: what went into an operator, or was made by it,
 * came out somewhere or is held. */
#include "errors/errors.h"

#include "sched/run_internal.h"

const char *frt_ledger_check(FrtRun *r) {
  for (uint32_t op = 0; op < r->module->op_len; op++) {
    const uint64_t *l = r->ledger + (size_t)op * FRT_LEDGER_LEN;
    uint64_t sum = l[FRT_OUT] + l[FRT_ELSE] + l[FRT_ERRORS] + l[FRT_DROPPED] + l[FRT_HELD];
    if (l[FRT_IN] + l[FRT_MADE] == sum) continue;
    return arena_printf(r->run_arena,
                        "internal error: the rows of operator n%u, %s, do not add up: %llu in + %llu made, but %llu out "
                        "+ %llu else + %llu errors + %llu dropped + %llu held = %llu\n"
                        "  = this is a bug of flowc; nothing was committed",
                        op, frt_op_place(r, op), (unsigned long long)l[FRT_IN], (unsigned long long)l[FRT_MADE],
                        (unsigned long long)l[FRT_OUT], (unsigned long long)l[FRT_ELSE],
                        (unsigned long long)l[FRT_ERRORS], (unsigned long long)l[FRT_DROPPED],
                        (unsigned long long)l[FRT_HELD], (unsigned long long)sum);
  }
  return NULL;
}
