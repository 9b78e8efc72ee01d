/* json_put: lists and structs as JSON text, into memory and through small output buffers. */
#include <criterion/criterion.h>

#include <stddef.h>

#include "support/json_harness.h"

typedef struct PutInner { FrtStr city; FrtStr zip; uint8_t zip_null; } PutInner;
typedef struct PutRow { PutInner place; FrtList marks; double score; int64_t price; uint16_t color; uint8_t ok; } PutRow;

static const FrtField put_inner_fields[] = {
    {HARNESS_STR("city"), &harness_string, offsetof(PutInner, city), 0},
    {HARNESS_STR("zip"), &harness_stringn, offsetof(PutInner, zip), offsetof(PutInner, zip_null)},
};
static const FrtType put_inner = {FRT_STRUCT, 0, 0, 0, sizeof(PutInner), NULL, 0, 0, put_inner_fields, 2, 0, NULL};
static const FrtType put_marks = {FRT_LIST, 0, 0, 0, 16, &harness_i64n, 16, 8, NULL, 0, 0, NULL};
static const FrtStr put_names[] = {HARNESS_STR("red"), HARNESS_STR("a \"b\"")};
static const FrtType put_color = {FRT_ENUM, 0, 0, 0, 2, NULL, 0, 0, NULL, 0, 2, put_names};
static const FrtField put_fields[] = {
    {HARNESS_STR("place"), &put_inner, offsetof(PutRow, place), 0},
    {HARNESS_STR("marks"), &put_marks, offsetof(PutRow, marks), 0},
    {HARNESS_STR("score"), &harness_f64, offsetof(PutRow, score), 0},
    {HARNESS_STR("a \"price\""), &harness_dec2, offsetof(PutRow, price), 0},
    {HARNESS_STR("color"), &put_color, offsetof(PutRow, color), 0},
    {HARNESS_STR("ok"), &harness_bool, offsetof(PutRow, ok), 0},
};
static const FrtType put_row = {FRT_STRUCT, 0, 0, 0, sizeof(PutRow), NULL, 0, 0, put_fields, 6, 0, NULL};

typedef struct PutMark { int64_t v; uint8_t null; } PutMark;
static const PutMark put_mark_values[] = {{1, 0}, {0, 1}, {-3, 0}};
static const PutRow put_value = {{{"Lyon\n", 5, 0}, {0}, 1}, {put_mark_values, 3, 0}, 0.5, 500, 1, 1};
static const char put_want[] = "{\"place\":{\"city\":\"Lyon\\n\",\"zip\":null},\"marks\":[1,null,-3],\"score\":0.5,"
                               "\"a \\\"price\\\"\":5.00,\"color\":\"a \\\"b\\\"\",\"ok\":true}";

/* A sink of memory: its buffer is always as small as what was asked for. */
static char put_file[4096];
static size_t put_size;
static char *put_buffer;
static int put_fails;

char *frt_out_room(FrtCtx *cx, FrtOut *o, size_t need) {
  (void)cx;
  if (put_fails) return NULL;
  size_t n = (size_t)(o->at - put_buffer);
  memcpy(put_file + put_size, put_buffer, n);
  put_size += n;
  free(put_buffer);
  o->at = put_buffer = malloc(need);
  o->end = put_buffer + need;
  return o->at;
}

Test(json_put, memory) {
  FrtCtx cx = {0};
  size_t size = frt_json_size(&put_row, &put_value);
  char *room = malloc(size), *end = frt_put_json_value(&cx, NULL, room, &put_row, &put_value);
  cr_assert_eq((size_t)(end - room), sizeof put_want - 1);
  cr_expect(memcmp(room, put_want, sizeof put_want - 1) == 0);
  cr_expect(size >= sizeof put_want - 1 + FRT_PUT_SLACK);
  free(room);
}

Test(json_put, output) {
  FrtCtx cx = {0};
  FrtOut out = {0};
  put_buffer = out.at = malloc(1);
  out.end = out.at + 1;
  out.at = frt_put_json_value(&cx, &out, out.at, &put_row, &put_value);
  frt_out_room(&cx, &out, 1);
  cr_assert_eq(put_size, sizeof put_want - 1);
  cr_expect(memcmp(put_file, put_want, put_size) == 0);
  put_fails = 1;
  cr_expect_null(frt_put_json_value(&cx, &out, out.at, &put_row, &put_value));
  free(put_buffer);
}

Test(json_put, text) {
  FrtRun run;
  memset(&run, 0, sizeof run);
  run.main.cx.run = &run;
  run.main.cx.worker = &run.main;
  run.cx = &run.main.cx;
  frt_alloc_start(&run.main);
  FrtStr a = frt_json_text(&run.main.cx, &put_row, &put_value), b = frt_json_text(&run.main.cx, &put_marks, &put_value.marks);
  cr_expect(a.len == sizeof put_want - 1 && memcmp(a.ptr, put_want, a.len) == 0);
  cr_expect(b.len == 11 && memcmp(b.ptr, "[1,null,-3]", 11) == 0);
  frt_alloc_end(&run.main);
}
