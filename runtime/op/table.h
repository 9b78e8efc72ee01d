/* table.h: what operators that spill ask of a table and a store (table.c, store.c). */
#ifndef FRT_OP_TABLE_H
#define FRT_OP_TABLE_H

#include "flowrt.h"

uint64_t frt_table_hash_word(uint64_t key);
uint64_t frt_table_hash_text(FrtStr key);
/* Bytes that `more` new keys could take from the system, texts of `text_size` bytes in all. */
uint64_t frt_table_growth(const FrtTable *t, uint32_t more, uint64_t text_size);
uint64_t frt_store_growth(const FrtStore *s, uint32_t more);
/* The owner asks before it adds keys: growth is counted, and takes no more than it must when memory is short. */
void frt_table_spills(FrtTable *t);
/* Zeroed room, 16-byte aligned, for a value of a group: in the store cx->keep, or as long as the run. */
void *frt_alloc_kept(FrtCtx *cx, size_t size);

#endif
