/* json_careful: JSON as RFC 8259 has it, and the answers of the acceptance cases. */
#include <criterion/criterion.h>
#include <dirent.h>

#include "io/json.h"
#include "support/json_harness.h"

#ifndef JSON_SUITE
#define JSON_SUITE "../shared/data/JSONTestSuite/test_parsing"
#endif

static char *json_test_file(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *p = malloc(1 << 22);
  *n = fread(p, 1, 1 << 22, f);
  fclose(f);
  return p;
}

/* y_ must be read, n_ must be refused, i_ is free. */
Test(json_careful, suite) {
  DIR *d = opendir(JSON_SUITE);
  if (!d) cr_skip_test("no JSONTestSuite at hand");
  int seen = 0;
  for (struct dirent *e; (e = readdir(d));) {
    char path[512];
    size_t n = 0;
    JsonFault fault;
    if (!strstr(e->d_name, ".json")) continue;
    snprintf(path, sizeof path, "%s/%s", JSON_SUITE, e->d_name);
    char *text = json_test_file(path, &n);
    char *tight = malloc(n + 1);
    memcpy(tight, text, n);
    char *exact = realloc(tight, n ? n : 1);
    int good = json_valid(exact, n, &fault);
    if (e->d_name[0] == 'y') cr_expect(good, "%s: %s", e->d_name, fault.what);
    if (e->d_name[0] == 'n') cr_expect(!good, "%s", e->d_name);
    free(exact);
    free(text);
    seen++;
  }
  closedir(d);
  cr_expect(seen > 300);
}

static void json_test_depth(size_t depth, int good) {
  char *text = malloc(depth * 2);
  JsonFault fault;
  memset(text, '[', depth);
  memset(text + depth, ']', depth);
  cr_expect_eq(json_valid(text, depth * 2, &fault), good, "depth %zu", depth);
  free(text);
}

Test(json_careful, depth) {
  json_test_depth(JSON_DEPTH_MAX, 1);
  json_test_depth(JSON_DEPTH_MAX + 1, 0);
}

/* ---- the acceptance case 21_jsonl ---- */

static const uint8_t json_test_true = 1;
static const FrtColumn json_test_notes[] = {
    {HARNESS_STR("id"), NULL, 0, 1, &harness_i64, {0}, {0}, NULL, 0},
    {HARNESS_STR("title"), NULL, 0, 1, &harness_string, {0}, {0}, NULL, 0},
    {HARNESS_STR("body"), NULL, 0, 1, &harness_stringn, {0}, {0}, NULL, 0},
    {HARNESS_STR("score"), NULL, 0, 1, &harness_f64n, {0}, {0}, NULL, 0},
    {HARNESS_STR("open"), NULL, 0, 1, &harness_bool, {0}, {0}, &json_test_true, 0},
    {HARNESS_STR("day"), NULL, 0, 1, &harness_daten, {0}, {0}, NULL, 0},
};

static const char json_test_notes_text[] =
    "{\"id\":1,\"title\":\"plain\",\"body\":\"one\",\"score\":1.5,\"open\":true,\"day\":\"2026-07-01\"}\n"
    "{\"title\":\"other\",\"day\":\"2026-07-02\",\"open\":false,\"id\":2,\"score\":2,\"body\":null}\n"
    "{\"id\":3,\"title\":\"say \\\"hi\\\"\\\\ \\/\\t\\n\",\"body\":\"caf\\u00e9 \\ud83d\\ude00\",\"score\":1e2}\n"
    "{\"id\":4,\"title\":\"unknown\",\"extra\":{\"a\":[1,2,{\"b\":null}]},\"body\":\"\",\"zzz\":\"x\"}\n"
    "\n"
    "{\"id\":5,\"title\":\"first\",\"title\":\"last wins\",\"score\":-0.25}\r\n"
    " { \"id\" : 6 , \"t\\u0069tle\" : \"spaces\" } \n"
    "{\"id\":7,\"title\":\"trailing comma\",}\n"
    "{\"title\":\"no id\"}\n"
    "{\"id\":\"8\",\"title\":\"text\"}\n"
    "[1,2,3]\n"
    "{\"id\":10,\"title\":\"NaN\",\"score\":NaN}\n"
    "{\"id\":011,\"title\":\"leading zero\"}\n"
    "{\"id\":12,\"title\":\"bad escape \\x41\"}\n"
    "{\"id\":null,\"title\":\"null\"}\n"
    "{\"id\":14,\"title\":\"open\"\n"
    "{\"id\":15,\"title\":\"bad day\",\"day\":\"2026-02-30\"}\n"
    "{\"id\":17,\"title\":\"two\"} {\"id\":18,\"title\":\"objects\"}\n"
    "{\"id\":18,\"title\":\"lone \\ud800\"}\n"
    "{\"id\":19,\"title\":\"utf-8 \xff\"}\n"
    "{\"id\":20,\"title\":\"one\",\"open\":1}\n"
    "{\"id\":21,\"title\":\"last\",\"score\":1e300}";

static const char json_test_notes_want[] =
    "#0 line 1 1 | \"plain\" | \"one\" | 1.5 | true | 2026-07-01\n"
    "#1 line 2 2 | \"other\" | NULL | 2.0 | false | 2026-07-02\n"
    "#2 line 3 3 | \"say \"hi\"\\ /\t\n\" | \"caf\xc3\xa9 \xf0\x9f\x98\x80\" | 100.0 | true | NULL\n"
    "#3 line 4 4 | \"unknown\" | \"\" | NULL | true | NULL\n"
    "#4 line 6 5 | \"last wins\" | NULL | -0.25 | true | NULL\n"
    "#5 line 7 6 | \"spaces\" | NULL | NULL | true | NULL\n"
    "#6 line 8 ERROR bad_json : a member name is expected at byte 34\n"
    "#7 line 9 ERROR missing_value id: \n"
    "#8 line 10 ERROR wrong_json_type id: \"8\"\n"
    "#9 line 11 ERROR bad_json : an object is expected at byte 1\n"
    "#10 line 12 ERROR bad_json : a value is expected at byte 32\n"
    "#11 line 13 ERROR bad_json : a number begins with 0 at byte 8\n"
    "#12 line 14 ERROR bad_json : wrong escape at byte 30\n"
    "#13 line 15 ERROR null_value id: null\n"
    "#14 line 16 ERROR bad_json : an object is not closed at byte 24\n"
    "#15 line 17 ERROR out_of_range day: 2026-02-30\n"
    "#16 line 18 ERROR bad_json : text after the object at byte 25\n"
    "#17 line 19 ERROR bad_json : wrong escape at byte 24\n"
    "#18 line 20 ERROR invalid_utf8 : \n"
    "#19 line 21 ERROR wrong_json_type open: 1\n"
    "#20 line 22 21 | \"last\" | NULL | 1e+300 | true | NULL\n"
    "end -3, empty 1, unknown 2, line 23\n";

static const char *const json_test_codes[] = {
    "ok",
#define FRT_ERROR(name, code, text) code,
#include "flowrt_errors.def"
#undef FRT_ERROR
};

/* Leaves out the offset and the raw text of each line, and names the codes. */
static char *json_test_short(const char *got) {
  char *out = calloc(1, strlen(got) * 2 + 1), *o = out;
  while (*got) {
    const char *nl = strchr(got, '\n'), *at = strstr(got, " at ");
    const char *tail = got[0] == '#' ? strstr(at, "} ` ") : NULL;
    if (got[0] == '#' && (!tail || tail > nl)) tail = strstr(at, "` ");
    else if (tail) tail += 2;
    /* values may hold line breaks: a record ends at "\n#" or "\nend" */
    while (nl[1] && nl[1] != '#' && strncmp(nl + 1, "end", 3) != 0) nl = strchr(nl + 1, '\n');
    if (!tail) {
      memcpy(o, got, (size_t)(nl + 1 - got));
      o += nl + 1 - got;
    } else {
      memcpy(o, got, (size_t)(at + 1 - got));
      o += at + 1 - got;
      tail += 2;
      if (strncmp(tail, "ERROR ", 6) == 0) {
        char *after;
        long code = strtol(tail + 6, &after, 10);
        o += sprintf(o, "ERROR %s", json_test_codes[code]);
        tail = after;
      }
      memcpy(o, tail, (size_t)(nl + 1 - tail));
      o += nl + 1 - tail;
    }
    got = nl + 1;
  }
  return out;
}

static void json_test_expect(const FrtColumn *columns, uint32_t len, uint32_t format, const char *text,
                             const char *want) {
  static const uint32_t rows[] = {1, 7, 2048};
  static const size_t windows[] = {16, 64, 300, 0};
  for (int careful = 0; careful < 2; careful++)
    for (int r = 0; r < 3; r++)
      for (int w = 0; w < 4; w++) {
        HarnessHow how = {rows[r], FRT_POLICY_PORT, windows[w], careful, 0, 0};
        char *got = harness_read(columns, len, format, text, strlen(text), &how), *brief = json_test_short(got);
        cr_expect_str_eq(brief, want, "rows %u window %zu careful %d\n%s", rows[r], windows[w], careful,
                         brief);
        free(got);
        free(brief);
      }
}

Test(json_careful, notes) {
  json_test_expect(json_test_notes, 6, FRT_FMT_JSONL, json_test_notes_text, json_test_notes_want);
}

/* ---- nested values ---- */

typedef struct JsonTestItem { FrtStr sku; int32_t qty; int64_t price; uint8_t qty_null; } JsonTestItem;
static const FrtType json_test_qty = {FRT_I32, 1, 0, 0, 4, NULL, 0, 0, NULL, 0, 0, NULL};
static const FrtField json_test_item_fields[] = {
    {HARNESS_STR("sku"), &harness_string, offsetof(JsonTestItem, sku), 0},
    {HARNESS_STR("qty"), &json_test_qty, offsetof(JsonTestItem, qty), offsetof(JsonTestItem, qty_null)},
    {HARNESS_STR("price"), &harness_dec2, offsetof(JsonTestItem, price), 0},
};
static const FrtType json_test_item = {FRT_STRUCT, 0, 0, 0, sizeof(JsonTestItem), NULL, 0, 0,
                                       json_test_item_fields, 3, 0, NULL};
static const FrtType json_test_items = {FRT_LIST, 0, 0, 0, 16, &json_test_item, sizeof(JsonTestItem), 0,
                                        NULL, 0, 0, NULL};
static const FrtType json_test_marks = {FRT_LIST, 1, 0, 0, 16, &harness_i64n, 16, 8, NULL, 0, 0, NULL};
static const FrtColumn json_test_orders[] = {
    {HARNESS_STR("id"), NULL, 0, 1, &harness_i64, {0}, {0}, NULL, 0},
    {HARNESS_STR("items"), NULL, 0, 1, &json_test_items, {0}, {0}, NULL, 0},
    {HARNESS_STR("marks"), NULL, 0, 1, &json_test_marks, {0}, {0}, NULL, 0},
};

#define JSON_TEST_ORDERS                                                                              \
  "{\"id\":1,\"items\":[{\"sku\":\"A\",\"qty\":2,\"price\":1.50},{\"price\":20,\"sku\":\"B\\u0021\"}]}",  \
  "{\"id\":2,\"items\":[],\"marks\":[1,null,3]}",                                                    \
  "{\"id\":3,\"items\":[{\"sku\":\"A\",\"price\":1.505}]}",                                          \
  "{\"id\":4,\"items\":[ { \"sku\" : \"A\" } ]}",                                                    \
  "{\"id\":5,\"items\":{}}",                                                                         \
  "{\"id\":6,\"items\":[{\"sku\":\"x\",\"sku\":\"y\",\"price\":1e2}]}",                              \
  "7",                                                                                               \
  "{\"id\":8,\"items\":[],\"marks\":[1,[2]]}"

static const char json_test_orders_want[] =
    "#0 line 1 1 | [{sku=\"A\",qty=2,price=1.50},{sku=\"B!\",qty=NULL,price=20.00}] | NULL\n"
    "#1 line 2 2 | [] | [1,NULL,3]\n"
    "#2 line 3 ERROR too_precise items[0].price: 1.505\n"
    "#3 line 4 ERROR missing_value items[0].price: \n"
    "#4 line 5 ERROR wrong_json_type items: {}\n"
    "#5 line 6 ERROR bad_value items[0].price: 1e2\n"
    "#6 line 7 ERROR bad_json : an object is expected at byte 1\n"
    "#7 line 8 ERROR wrong_json_type marks[1]: [2]\n";

static void json_test_join(char *out, const char *before, const char *between, const char *after) {
  static const char *const records[] = {JSON_TEST_ORDERS};
  strcpy(out, before);
  for (int i = 0; i < 8; i++) {
    if (i) strcat(out, between);
    strcat(out, records[i]);
  }
  strcat(out, after);
}

Test(json_careful, nested) {
  char text[2048], want[4096];
  json_test_join(text, "", "\n", "\n");
  snprintf(want, sizeof want, "%send -3, empty 0, unknown 0, line 9\n", json_test_orders_want);
  json_test_expect(json_test_orders, 3, FRT_FMT_JSONL, text, want);
}

Test(json_careful, array) {
  char text[2048], want[4096];
  json_test_join(text, "[", "\n,", "]\n");
  snprintf(want, sizeof want, "%send -3, empty 0, unknown 0, line 9\n", json_test_orders_want);
  json_test_expect(json_test_orders, 3, FRT_FMT_JSON, text, want);
}

Test(json_careful, array_broken) {
  const char *head = "#0 line 2 1 | [] | NULL\n";
  static const char *const texts[][2] = {
      {"[\n{\"id\":1,\"items\":[]},{\"id\":2,]\n\n]", "#1 line 2 ERROR bad_json : a member name is expected at byte 9 of the element; the rest of the file is not read\n"},
      {"[\n{\"id\":1,\"items\":[]}", "#1 line 2 ERROR bad_json : the array is not closed at byte 1 of the element; the rest of the file is not read\n"},
      {"[\n{\"id\":1,\"items\":[]} {}", "#1 line 2 ERROR bad_json : a `,` or `]` is expected at byte 1 of the element; the rest of the file is not read\n"},
      {"[\n{\"id\":1,\"items\":[]}]x", "#1 line 2 ERROR bad_json : text after the array at byte 1 of the element; the rest of the file is not read\n"},
      {"[\n{\"id\":1,\"items\":[]},]", "#1 line 2 ERROR bad_json : a value is expected at byte 1 of the element; the rest of the file is not read\n"},
  };
  for (int i = 0; i < 5; i++) {
    static const uint32_t rows[] = {1, 7, 2048};
    for (int r = 0; r < 3; r++) {
      HarnessHow how = {rows[r], FRT_POLICY_PORT, 16, 0, 0, 0};
      char *got = harness_read(json_test_orders, 3, FRT_FMT_JSON, texts[i][0], strlen(texts[i][0]), &how);
      char *brief = json_test_short(got), want[512];
      snprintf(want, sizeof want, "%s%s", head, texts[i][1]);
      cr_expect(strncmp(brief, want, strlen(want)) == 0, "%d: %s", i, brief);
      free(got);
      free(brief);
    }
  }
}

/* A line beyond the limit is an error row; reading goes on behind it. */
Test(json_careful, long_line) {
  char *text = malloc(400 * 1024), *p = text;
  p += sprintf(p, "{\"id\":1,\"items\":[]}\n{\"id\":\"");
  memset(p, 'x', 300 * 1024);
  p += 300 * 1024;
  p += sprintf(p, "\n{\"id\":3,\"items\":[]}\n");
  for (size_t window = 100; window < 500000; window *= 40) {
    HarnessHow how = {2048, FRT_POLICY_PORT, window, 0, 100 * 1024, 0};
    char *got = harness_read(json_test_orders, 3, FRT_FMT_JSONL, text, (size_t)(p - text), &how);
    char *brief = json_test_short(got);
    cr_expect_str_eq(brief, "#0 line 1 1 | [] | NULL\n#1 line 2 ERROR record_too_long : 256 MiB\n"
                            "#2 line 3 3 | [] | NULL\nend -3, empty 0, unknown 0, line 4\n");
    free(got);
    free(brief);
  }
  free(text);
}
