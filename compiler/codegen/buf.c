/* buf.c: see buf.h. */
#include "codegen/buf.h"

#include <stdio.h>
#include <string.h>

static void buf_reserve(Buf *b, size_t more) {
  if (b->size + more + 1 <= b->capacity) return;
  size_t capacity = b->capacity ? b->capacity * 2 : 1024;
  while (capacity < b->size + more + 1) capacity *= 2;
  char *data = arena_alloc(b->arena, capacity);
  if (b->size) memcpy(data, b->data, b->size);
  b->data = data;
  b->capacity = capacity;
}

void buf_put_n(Buf *b, const char *text, size_t size) {
  buf_reserve(b, size);
  memcpy(b->data + b->size, text, size);
  b->size += size;
  b->data[b->size] = 0;
}

void buf_put(Buf *b, const char *text) { buf_put_n(b, text, strlen(text)); }

void buf_printf(Buf *b, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n > 0) {
    buf_reserve(b, (size_t)n);
    vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
    b->size += (size_t)n;
  }
  va_end(again);
}

static int buf_is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c && strchr(" _-.,:;()[]{}<>=+!@#$&|~^'", c));
}

void buf_put_c_string(Buf *b, const char *text, size_t size) {
  buf_put(b, "\"");
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)text[i];
    if (buf_is_plain(c)) buf_put_n(b, text + i, 1);
    else buf_printf(b, "\\%03o", c);
  }
  buf_put(b, "\"");
}

const char *c_string(Arena *a, const char *text, size_t size) {
  Buf b = {.arena = a};
  buf_put_c_string(&b, text, size);
  return b.data;
}
