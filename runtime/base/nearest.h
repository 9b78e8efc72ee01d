/* nearest.h: which known word was meant. */
#ifndef FRT_BASE_NEAREST_H
#define FRT_BASE_NEAREST_H

#include <stddef.h>

/* Changes (insert, delete, replace, swap of neighbours) that turn a into b, without case; words longer
 * than 64 bytes are far from everything. `_` and `-` are the same. */
size_t frt_word_distance(const char *a, size_t a_len, const char *b, size_t b_len);
/* Whether a distance is near enough to be suggested for a word of this length. */
int frt_word_is_near(size_t distance, size_t len);

#endif
