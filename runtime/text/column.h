/* column.h: batch kernels that turn the text of a column into values, and the scalar conversions that
 * they agree with. The text rules are those of docs/language.md, "Text in and text out".
 *
 * A kernel handles the plain form of its type quickly (SWAR, AVX2 or AVX-512 chosen at run time) and
 * leaves every other row to its caller: those rows are listed, and the caller's careful path decides
 * (quotes, spaces, null texts, defaults, errors). So a kernel never reports an error, and a kernel
 * that lists every row is slow but right. */
#ifndef FRT_TEXT_COLUMN_H
#define FRT_TEXT_COLUMN_H

#include "flowrt.h"

/* Converts values 0..n-1 of `f` into out (the C form of t; NULL: only check).
 * Rows whose text is not plain are put into bad[] (room for n, ascending) and left as they are.
 * nul: NULL, or n bytes: an empty text sets 1 (and is not bad), every other row 0.
 * canon: NULL, or a byte that is set to 0 when some converted text differs from what frt_put_* prints.
 * Returns the number of bad rows. Reads at most 64 bytes before and after a value. */
typedef uint32_t FrtColumnKernel(const FrtFields *f, uint32_t n, const FrtType *t, void *out, uint8_t *nul,
                                 uint8_t *canon, uint32_t *bad);

/* The kernel for a type, or NULL: convert one by one. For strings the text must be known to be valid
 * UTF-8, and a field that begins with `quote` (0: none) is bad. The kernels are chosen for the CPU
 * once; FLOW_SIMD=scalar|sse2|avx2|avx512 in the environment lowers the choice, for tests. */
FrtColumnKernel *frt_column_kernel(const FrtType *t, FrtStr format, FrtStr zone);
FrtColumnKernel *frt_column_kernel_strings(void);
/* Only the rows whose text begins with a double quote, into bad[]. */
uint32_t frt_column_strings_quoted(const FrtFields *fields, uint32_t n, uint32_t *bad);

/* One value, all forms that the type allows. Writes the C form to out. format and zone as in
 * FrtColumn. FRT_OK, or FRT_E_BAD_VALUE, FRT_E_OUT_OF_RANGE, FRT_E_TOO_PRECISE, FRT_E_UTF8,
 * FRT_E_TIME_GAP, FRT_E_ZONE, FRT_E_FORMAT. Lists and structs: FRT_E_BAD_VALUE. The empty text is
 * FRT_E_BAD_VALUE but for strings and bytes. Strings are slices of `text`. */
int frt_text_value(const FrtType *t, FrtStr text, FrtStr format, FrtStr zone, void *out);

/* Prints the C form of any scalar value as CSV output would, without quotes. At most
 * FRT_TEXT_MAX bytes, but strings and bytes, which need their length. Returns the end. */
enum { FRT_TEXT_MAX = 64 };
char *frt_value_text(char *p, const FrtType *t, const void *value);
/* The type as the script writes it, "decimal(12,2)?", for messages. NUL-terminated in buf. */
void frt_type_text(const FrtType *t, char *buf, size_t size);

/* Whether all of p[0..n) is valid UTF-8 (Unicode table 3-7: no surrogates, no overlong forms). */
int frt_utf8_valid(const char *p, size_t n);
/* The offset of the first invalid sequence, or n. */
size_t frt_utf8_prefix(const char *p, size_t n);
/* Whether p[0..n) has a byte above 0x7f. */
int frt_has_high_bytes(const char *p, size_t n);

#endif
