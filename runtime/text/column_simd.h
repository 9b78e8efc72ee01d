/* column_simd.h: what the vector kernels offer to column.c. */
#ifndef FRT_TEXT_COLUMN_SIMD_H
#define FRT_TEXT_COLUMN_SIMD_H

#include "text/column.h"

enum { FRT_SIMD_SCALAR, FRT_SIMD_SSE2, FRT_SIMD_AVX2, FRT_SIMD_AVX512 };

int frt_simd_detect(void);   /* the best level of this CPU */
int frt_simd_level(void);    /* that, or less by FLOW_SIMD */
/* The kernel of the level, or NULL: the portable one. zoned: texts without a zone are left out. */
FrtColumnKernel *frt_simd_kernel(const FrtType *t, int zoned, int level);
/* The portable kernel, NULL for strings, bytes, lists and structs. */
FrtColumnKernel *frt_column_portable(const FrtType *t, int zoned);
FrtColumnKernel *frt_simd_kernel_strings(int level);
FrtColumnKernel frt_column_strings_portable;

#endif
