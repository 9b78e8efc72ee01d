/* Mapped files: the same rows as by read, whatever the size; a file that is cut or grows while it is read. */
#include <criterion/criterion.h>
#include <fcntl.h>

#include "support/csv_harness.h"

static const FrtColumn map_columns[] = {CSV_COLUMN("id", i64), CSV_COLUMN("note", string)};
static const CsvSetup map_setup = {.options = {.format = FRT_FMT_CSV, .delimiter = ',', .quote = '"', .header = 1},
                                   .columns = map_columns, .column_len = 2, .block_rows = 512, .policy = FRT_POLICY_PORT};
static int map_fd;
static size_t map_change;   /* 0: nothing happens */

/* Rows of many lengths; one is longer than the window. Bytes n in all. */
static char *map_text(size_t n) {
  char *text = malloc(n + 64), *p = text + sprintf(text, "id,note\n");
  for (unsigned i = 0; p < text + n; i++) {
    if (i == 30000 && n > 5u * FRT_WINDOW_SIZE) {
      p += sprintf(p, "%u,\"", i);
      memset(p, 'x', 2u * FRT_WINDOW_SIZE + 77);
      p += 2u * FRT_WINDOW_SIZE + 77;
      p += sprintf(p, "\"\n");
    } else {
      p += sprintf(p, i % 7 ? "%u,note %u\n" : i % 1001 ? "%u,\"a, %u\nb\"\n" : "%u,bad,%u\n", i, i * 37);
    }
  }
  return text;
}

static void map_file(CsvRun *r, const CsvSetup *setup, const char *text, size_t n) {
  char path[64];
  map_fd = memfd_create("map", 0);
  for (size_t done = 0; done < n;) done += (size_t)write(map_fd, text + done, n - done);
  snprintf(path, sizeof path, "/proc/self/fd/%d", map_fd);
  csv_run_file(r, setup, path);
  close(map_fd);
}

Test(csv_map, same_as_read) {
  static const size_t sizes[] = {FRT_MAP_MIN, FRT_MAP_MIN + 1, FRT_MAP_MIN - 1 + 4096, 6u * FRT_WINDOW_SIZE, 6u * FRT_WINDOW_SIZE + 4095};
  for (size_t i = 0; i < 5; i++)
    for (int careful = 0; careful < 2; careful++) {
      CsvSetup setup = map_setup;
      CsvRun mapped, was_read;
      char *text = map_text(sizes[i]);
      setup.careful = careful;
      map_file(&mapped, &setup, text, sizes[i]);
      setup.window = FRT_WINDOW_SIZE - 1;
      map_file(&was_read, &setup, text, sizes[i]);
      cr_expect_eq(mapped.rc, FRT_END);
      cr_expect_eq(mapped.rows, was_read.rows, "size %zu: %llu rows", sizes[i], (unsigned long long)mapped.rows);
      cr_expect_eq(mapped.bytes, sizes[i]);
      cr_expect(mapped.text.len == was_read.text.len && memcmp(mapped.text.p, was_read.text.p, mapped.text.len) == 0);
      csv_run_free(&mapped);
      csv_run_free(&was_read);
      free(text);
    }
}

static void map_on_block(CsvRun *r, const FrtBlock *b) {
  if (map_change && ftruncate(map_fd, (off_t)map_change) != 0) abort();
  map_change = 0;
}

Test(csv_map, cut_while_read) {
  static const size_t lefts[] = {1, 4096 * 10, FRT_WINDOW_SIZE + 100, 3u * FRT_WINDOW_SIZE + 1};
  char *text = map_text(4u * FRT_WINDOW_SIZE);
  for (size_t i = 0; i < 4; i++) {
    CsvRun r;
    csv_run_block = map_on_block;
    map_change = lefts[i];
    map_file(&r, &map_setup, text, 4u * FRT_WINDOW_SIZE);
    cr_expect_eq(r.rc, FRT_FATAL, "%zu bytes left: rc %d", lefts[i], r.rc);
    cr_expect(r.fatal.p && strstr(r.fatal.p, "the file was cut while it was read"), "%s", r.fatal.p);
    csv_run_free(&r);
  }
  csv_run_block = NULL;
  free(text);
}

static void map_append(CsvRun *r, const FrtBlock *b) {
  static const char more[] = "1,more\n";
  if (map_change && pwrite(map_fd, more, sizeof more - 1, (off_t)map_change) < 0) abort();
  map_change = 0;
}

Test(csv_map, grows_while_read) {
  CsvRun before, after;
  size_t n = 3u * FRT_WINDOW_SIZE;
  char *text = map_text(n);
  while (text[n - 1] != '\n') n--;
  csv_run_block = map_append;
  map_file(&before, &map_setup, text, n);
  map_change = n;
  map_file(&after, &map_setup, text, n);
  cr_expect_eq(after.rc, FRT_END);
  cr_expect_eq(after.bytes, before.bytes + 7);
  csv_run_free(&before);
  csv_run_free(&after);
  csv_run_block = NULL;
  free(text);
}
