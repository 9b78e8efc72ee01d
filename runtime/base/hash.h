/* hash.h: hashing of bytes for tables inside the runtime. Not stable between versions: never written
 * to data. */
#ifndef FRT_BASE_HASH_H
#define FRT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t frt_hash_bytes(const void *data, size_t n, uint64_t seed);
uint64_t frt_hash_u64(uint64_t x);  /* a bijection */

#endif
