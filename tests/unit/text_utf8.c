/* The vector validation of UTF-8 against the one by ranges: every pair and many triples of bytes at each place of a
 * block, sequences that are cut off, and random changes of good text. */
#include <criterion/criterion.h>
#include <string.h>

#include "text/column.h"

static void utf8_expect_same(const char *text, size_t n) {
  int want = frt_utf8_prefix(text, n) == n, got = frt_utf8_valid(text, n);
  cr_assert_eq(got, want, "%zu bytes, first wrong %zu", n, frt_utf8_prefix(text, n));
}

Test(text_utf8, pairs_at_each_place) {
  char text[97];
  for (size_t at = 28; at < 68; at += at == 33 ? 28 : 1)
    for (unsigned pair = 0; pair < 65536; pair++) {
      memset(text, 'a', sizeof text);
      text[at] = (char)(pair >> 8), text[at + 1] = (char)pair;
      utf8_expect_same(text, sizeof text);
    }
}

Test(text_utf8, first_bytes_with_continuations) {
  static const unsigned char follow[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf0};
  char text[80];
  for (unsigned first = 0xc0; first < 0x100; first++)
    for (unsigned k = 0; k < 12 * 12 * 12; k++)
      for (size_t at = 27; at < 34; at++) {
        memset(text, 'a', sizeof text);
        text[at] = (char)first, text[at + 1] = (char)follow[k % 12];
        text[at + 2] = (char)follow[k / 12 % 12], text[at + 3] = (char)follow[k / 144];
        utf8_expect_same(text, sizeof text);
      }
}

Test(text_utf8, cut_and_changed) {
  static const char good[] = "Grüße, мир, 世界, \xf0\x9f\x98\x80! ";
  char text[256];
  uint64_t x = 88172645463325252u;
  for (size_t i = 0; i < sizeof text; i++) text[i] = good[i % (sizeof good - 1)];
  for (size_t n = 0; n <= sizeof text; n++) utf8_expect_same(text, n);
  for (int i = 0; i < 200000; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    size_t at = x % sizeof text;
    char was = text[at];
    text[at] = (char)(x >> 40);
    utf8_expect_same(text, sizeof text - x % 7);
    text[at] = was;
  }
}
