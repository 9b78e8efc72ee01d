/* nearest.c: the optimal string alignment distance, by the three-row dynamic program. */
#include "base/nearest.h"

enum { NEAREST_WORD_MAX = 64 };

static char nearest_fold(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '-' ? '_' : c; }

static size_t nearest_min(size_t a, size_t b) { return a < b ? a : b; }

size_t frt_word_distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  if (a_len > NEAREST_WORD_MAX || b_len > NEAREST_WORD_MAX) return NEAREST_WORD_MAX + 1;
  size_t rows[3][NEAREST_WORD_MAX + 1];
  for (size_t j = 0; j <= b_len; j++) rows[0][j] = j;
  for (size_t i = 1; i <= a_len; i++) {
    size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= b_len; j++) {
      char x = nearest_fold(a[i - 1]), y = nearest_fold(b[j - 1]);
      now[j] = nearest_min(nearest_min(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == nearest_fold(b[j - 2]) && nearest_fold(a[i - 2]) == y)
        now[j] = nearest_min(now[j], before[j - 2] + 1);
    }
  }
  return rows[a_len % 3][b_len];
}

int frt_word_is_near(size_t distance, size_t len) { return distance <= (len < 4 ? 1 : len / 3 + 1); }
