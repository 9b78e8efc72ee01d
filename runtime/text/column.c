/* column.c: chooses the batch kernel of a type. */
#include "text/column.h"

FrtColumnKernel *frt_column_kernel(const FrtType *t, FrtStr format, FrtStr zone) {
  return NULL;
}

FrtColumnKernel *frt_column_kernel_strings(void) {
  return NULL;
}
