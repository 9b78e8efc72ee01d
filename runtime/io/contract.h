/* contract.h: do the columns of a file fit the type that the script declares? */
#ifndef FRT_IO_CONTRACT_H
#define FRT_IO_CONTRACT_H

#include "io/scan.h"

/* Finds each column of the scan's type among the file's names: exactly, then by its `from` names.
 * column_at[c] becomes its place, or -1 where the file lacks it and the contract lets it be filled.
 * Extra columns are counted in s->columns_extra. FRT_OK; FRT_END under `discard` when the file is left out; FRT_FATAL
 * after a message that names the file and shows the difference. */
/* Says how the header of the present file differs from that of the file before, if there was one. */
void frt_contract_note(const FrtScanner *s, const FrtStr *names, uint32_t len, const FrtStr *before, uint32_t before_len);
int frt_contract_map(FrtScanner *s, const FrtStr *names, uint32_t len, int64_t *column_at);
/* Whether the names are equal but for the case of ASCII letters. */
int frt_contract_case_equal(FrtStr a, FrtStr b);

#endif
