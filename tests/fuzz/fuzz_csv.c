/* fuzz_csv.c: the fast CSV path against the careful one. The first bytes of an input choose the dialect,
 * the columns, the sizes of block and window and the instructions; the rest is the file. Both paths must
 * give the same rows, errors, lines, offsets and raw texts.
 *
 * With libFuzzer: clang -fsanitize=fuzzer. Without (FUZZ_MAIN): fuzz_csv SEED ROUNDS FILE... mutates the files
 * and texts of its own. */
#include "support/csv_harness.h"

enum { FUZZ_COLUMNS_MAX = 24, FUZZ_HEAD = 6 };

static const FrtType *const fuzz_types[] = {&csv_type_string, &csv_type_string_null, &csv_type_i64,
                                            &csv_type_i64_null, &csv_type_f64_null, &csv_type_bool,
                                            &csv_type_date, &csv_type_decimal, &csv_type_string,
                                            &csv_type_string_null};
static const char fuzz_delimiters[] = {',', ';', '\t', '|'};
static const char fuzz_quotes[] = {'"', '"', '\'', 0};
static const uint32_t fuzz_rows[] = {1, 3, 7, 64, 2048};
static const size_t fuzz_windows[] = {1, 64, 200, 4096, 0};
static const char *const fuzz_simd[] = {"scalar", "sse2", "avx2", "avx512"};
static const FrtStr fuzz_nulls[] = {CSV_STR("NA"), CSV_STR("-1")};

/* Both ways over one file. Returns 0 when they agree. */
static int fuzz_compare(CsvSetup *setup, const char *p, size_t n, int show) {
  CsvRun fast, careful;
  uint32_t rows = setup->block_rows;
  size_t window = setup->window;
  setup->careful = 0;
  csv_run_bytes(&fast, setup, p, n);
  setup->careful = 1;
  setup->block_rows = 2048;
  setup->window = 0;
  csv_run_bytes(&careful, setup, p, n);
  setup->block_rows = rows;
  setup->window = window;
  int same = strcmp(fast.text.p, careful.text.p) == 0 && fast.rc == careful.rc &&
             memcmp(fast.ledger, careful.ledger, sizeof fast.ledger) == 0 && !strstr(fast.text.p, "(canon is wrong)") &&
             fast.lines_empty == careful.lines_empty && fast.rows == careful.rows &&
             fast.ledger[FRT_IN] == fast.ledger[FRT_OUT] + fast.ledger[FRT_ERRORS];
  if (!same && show) printf("--- fast\n%s\n--- careful\n%s\n", fast.text.p, careful.text.p);
  csv_run_free(&fast);
  csv_run_free(&careful);
  return !same;
}

static int fuzz_one(const uint8_t *data, size_t size, int show) {
  static FrtColumn columns[FUZZ_COLUMNS_MAX];
  static char names[FUZZ_COLUMNS_MAX][8];
  if (size < FUZZ_HEAD) return 0;
  CsvSetup setup = {.options = {.format = FRT_FMT_CSV}};
  setup.options.delimiter = fuzz_delimiters[data[0] & 3];
  setup.options.quote = fuzz_quotes[data[0] >> 2 & 3];
  setup.options.trim = data[0] >> 4 & 1;
  setup.options.nulls = fuzz_nulls;
  setup.options.null_len = data[0] >> 5 & 1 ? 2 : 0;
  setup.policy = data[0] >> 6 & 1 ? FRT_POLICY_NULL : FRT_POLICY_PORT;
  setup.block_rows = fuzz_rows[data[1] % 5];
  setup.window = fuzz_windows[data[2] % 5];
  setup.columns = columns;
  setup.column_len = 1 + data[3] % FUZZ_COLUMNS_MAX;
  setup.rows_only = data[2] >> 4 & 1;
  setup.record_max = data[1] & 0x80 ? 100 : 0;
  setenv("FLOW_SIMD", fuzz_simd[data[4] & 3], 1);
  for (uint32_t c = 0; c < setup.column_len; c++) {
    const FrtType *type = data[4] & 4 ? fuzz_types[(data[5] + c) % 10] : fuzz_types[8 + (c & 1)];
    snprintf(names[c], sizeof names[c], "c%u", c);
    uint32_t use = (data[5] >> (c & 7)) & 1 ? FRT_USE_VALUE | (data[2] & 0x40 ? FRT_USE_RAW : 0) : c % 3 ? FRT_USE_CHECK : 0;
    if (setup.rows_only) use = 0;
    columns[c] = (FrtColumn){.name = {names[c], (uint32_t)strlen(names[c]), 0}, .use = use, .type = type};
  }
  /* A record limit counts bytes of the window, so only windows of one size can agree. */
  if (setup.record_max) return 0;
  return fuzz_compare(&setup, (const char *)data + FUZZ_HEAD, size - FUZZ_HEAD, show);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (fuzz_one(data, size, 1)) abort();
  return 0;
}

#ifdef FUZZ_MAIN
static uint64_t fuzz_state;
static uint32_t fuzz_random(uint32_t n) {
  fuzz_state = fuzz_state * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)(fuzz_state >> 33) % n;
}

/* Rows of a random table, as a careless writer would give them. */
static size_t fuzz_generate(char *p, size_t room, uint32_t columns, char delimiter, char quote) {
  static const char *const texts[] = {"a", "1", "-17", "2026-07-01", "true", "", "x y", "NA", "-1", "3.5", "\xc3\xa4",
                                      "\xff", "  7 ", "0.25", "long text without much in it", "1e3"};
  char *start = p, *end = p + room - 256;
  uint32_t rows = 1 + fuzz_random(60), crlf = fuzz_random(4) == 0, quoting = 1 + fuzz_random(9),
           dirt = 5 + fuzz_random(200), hard = fuzz_random(3) == 0;
  while (rows-- && p < end) {
    uint32_t n = fuzz_random(dirt) == 0 ? 1 + fuzz_random(columns + 3) : columns;
    for (uint32_t c = 0; c < n && p < end; c++) {
      const char *text = texts[fuzz_random(hard ? 16 : 10)];
      int quoted = quote && fuzz_random(quoting) == 0;
      if (c) *p++ = delimiter;
      if (quoted) *p++ = quote;
      p = stpcpy(p, text);
      if (quoted && fuzz_random(3) == 0) *p++ = "\n,;\r"[fuzz_random(4)];
      if (quoted && fuzz_random(3) == 0) *p++ = quote, *p++ = quote;
      if (quoted) *p++ = quote;
    }
    if (fuzz_random(dirt) == 0) *p++ = '\n';
    if (crlf ^ (fuzz_random(dirt) == 0)) *p++ = '\r';
    if (rows || fuzz_random(2)) *p++ = '\n';
  }
  return (size_t)(p - start);
}

static size_t fuzz_mutate(uint8_t *p, size_t n, size_t room) {
  static const char tokens[] = ",\"\n\r;\t|' \0\xff" "1a";
  for (uint32_t i = fuzz_random(6); i > 0 && n > FUZZ_HEAD; i--) {
    size_t at = FUZZ_HEAD + fuzz_random((uint32_t)(n - FUZZ_HEAD));
    switch (fuzz_random(5)) {
    case 0: p[at] = (uint8_t)fuzz_random(256); break;
    case 1: p[at] = (uint8_t)tokens[fuzz_random(13)]; break;
    case 2: n = at; break;
    case 3:
      if (n < room) memmove(p + at + 1, p + at, n - at), n++, p[at] = (uint8_t)tokens[fuzz_random(13)];
      break;
    default: memmove(p + at, p + at + 1, n - at - 1), n--; break;
    }
  }
  return n;
}

int main(int argc, char **argv) {
  static uint8_t buf[1 << 17];
  uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
  fuzz_state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
  for (uint64_t i = 0; i < rounds; i++) {
    size_t n = FUZZ_HEAD;
    for (int k = 0; k < FUZZ_HEAD; k++) buf[k] = (uint8_t)fuzz_random(256);
    if (argc > 3 && fuzz_random(2)) {
      FILE *f = fopen(argv[3 + fuzz_random((uint32_t)argc - 3)], "rb");
      if (f) n += fread(buf + n, 1, 40000, f), fclose(f);
    } else {
      n += fuzz_generate((char *)buf + n, sizeof buf / 2, 1 + buf[3] % FUZZ_COLUMNS_MAX, fuzz_delimiters[buf[0] & 3],
                         fuzz_quotes[buf[0] >> 2 & 3]);
    }
    n = fuzz_mutate(buf, n, sizeof buf);
    if (!fuzz_one(buf, n, 1)) continue;
    FILE *f = fopen("fuzz_csv.fail", "wb");
    if (f) fwrite(buf, 1, n, f), fclose(f);
    printf("round %llu differs; input in fuzz_csv.fail\n", (unsigned long long)i);
    return 1;
  }
  printf("%llu rounds agree\n", (unsigned long long)rounds);
  return 0;
}
#endif
