/* rows.c: see rows.h. */
#include "spill/rows.h"

#include <string.h>

#include "base/arena.h"

enum { ROWS_WORD = 8, ROWS_SIZE = 4 };

static int rows_is_deep(const FrtType *t) { return t->kind == FRT_LIST || t->kind == FRT_STRUCT; }
static int rows_is_text(const FrtType *t) { return t->kind == FRT_STRING || t->kind == FRT_BYTES; }

void frt_row_form_init(FrtRowForm *f, const FrtSpillColumn *columns, uint32_t len) {
  *f = (FrtRowForm){.columns = frt_malloc((len + 1) * sizeof *f->columns), .len = len, .fixed_size = ROWS_WORD};
  int differs = 0;
  for (uint32_t i = 0; i < len; i++) f->null_len += columns[i].nulls != 0;
  f->fixed_size += f->null_len;
  for (uint32_t i = 0; i < len; i++) {
    const FrtType *t = columns[i].type;
    f->columns[i] = (FrtRowColumn){.type = t, .size = t->size, .at = f->fixed_size};
    f->fixed_size += t->size;
    differs |= rows_is_text(t) || rows_is_deep(t);
  }
  if (differs) f->fixed_size = 0;
}

void frt_row_form_free(FrtRowForm *f) {
  frt_free(f->columns);
  f->columns = NULL;
}

void frt_row_form_bind(FrtRowForm *f, const FrtSpillColumn *columns, const void *state) {
  for (uint32_t i = 0; i < f->len; i++) {
    memcpy(&f->columns[i].values, (const char *)state + columns[i].values, sizeof(char *));
    if (columns[i].nulls) memcpy(&f->columns[i].nulls, (const char *)state + columns[i].nulls, sizeof(uint8_t *));
  }
}

uint64_t frt_row_form_layout(const FrtRowForm *f) {
  uint64_t h = f->len;
  for (uint32_t i = 0; i < f->len; i++)
    h = (h ^ ((uint64_t)f->columns[i].type->kind << 32 | f->columns[i].size)) * 0x9e3779b97f4a7c15ull;
  return h;
}

void frt_row_clear(const FrtRowForm *f, uint32_t row) {
  for (uint32_t i = 0; i < f->len; i++) {
    const FrtRowColumn *c = &f->columns[i];
    memset(c->values + (size_t)row * c->size, 0, c->size);
    if (c->nulls) c->nulls[row] = 1;
  }
}

/* ---- sizes ---- */

static uint64_t rows_value_size(const FrtType *t, const void *value) {
  uint64_t size = 0;
  if (rows_is_text(t)) return ROWS_SIZE + (uint64_t)((const FrtStr *)value)->len;
  if (t->kind == FRT_LIST) {
    const FrtList *list = value;
    size = ROWS_SIZE;
    for (uint32_t i = 0; i < list->len; i++) {
      const char *item = (const char *)list->data + (size_t)i * t->elem_size;
      if (t->elem_null_offset) size++;
      if (!t->elem_null_offset || !item[t->elem_null_offset]) size += rows_value_size(t->elem, item);
    }
    return size;
  }
  if (t->kind != FRT_STRUCT) return t->size;
  for (uint32_t i = 0; i < t->field_len; i++) {
    const FrtField *f = &t->fields[i];
    size += f->type->nullable;
    if (!f->type->nullable || !((const char *)value)[f->null_offset])
      size += rows_value_size(f->type, (const char *)value + f->offset);
  }
  return size;
}

uint32_t frt_row_size(const FrtRowForm *f, uint32_t row) {
  if (f->fixed_size) return f->fixed_size;
  uint64_t size = ROWS_WORD + ROWS_SIZE + f->null_len;
  for (uint32_t i = 0; i < f->len; i++) {
    const FrtRowColumn *c = &f->columns[i];
    if (!rows_is_text(c->type) && !rows_is_deep(c->type)) size += c->size;
    else if (!c->nulls || !c->nulls[row]) size += rows_value_size(c->type, c->values + (size_t)row * c->size);
  }
  return size > UINT32_MAX / 2 ? UINT32_MAX : (uint32_t)size;   /* frt_spill_room refuses it */
}

/* ---- writing ---- */

static char *rows_put_value(const FrtType *t, const void *value, char *p) {
  if (rows_is_text(t)) {
    const FrtStr *v = value;
    memcpy(p, &v->len, ROWS_SIZE);
    if (v->len) memcpy(p + ROWS_SIZE, v->ptr, v->len);
    return p + ROWS_SIZE + v->len;
  }
  if (t->kind == FRT_LIST) {
    const FrtList *list = value;
    memcpy(p, &list->len, ROWS_SIZE);
    p += ROWS_SIZE;
    for (uint32_t i = 0; i < list->len; i++) {
      const char *item = (const char *)list->data + (size_t)i * t->elem_size;
      int null = t->elem_null_offset && item[t->elem_null_offset];
      if (t->elem_null_offset) *p++ = (char)null;
      if (!null) p = rows_put_value(t->elem, item, p);
    }
    return p;
  }
  if (t->kind != FRT_STRUCT) {
    memcpy(p, value, t->size);
    return p + t->size;
  }
  for (uint32_t i = 0; i < t->field_len; i++) {
    const FrtField *f = &t->fields[i];
    int null = f->type->nullable && ((const char *)value)[f->null_offset];
    if (f->type->nullable) *p++ = (char)null;
    if (!null) p = rows_put_value(f->type, (const char *)value + f->offset, p);
  }
  return p;
}

static inline void rows_copy(char *to, const char *from, uint32_t size) {
  switch (size) {
  case 1: *to = *from; return;
  case 2: memcpy(to, from, 2); return;
  case 4: memcpy(to, from, 4); return;
  case 8: memcpy(to, from, 8); return;
  case 16: memcpy(to, from, 16); return;
  default: memcpy(to, from, size); return;
  }
}

void frt_row_write(const FrtRowForm *f, uint32_t row, uint64_t word, uint32_t size, char *to) {
  memcpy(to, &word, ROWS_WORD);
  char *p = to + ROWS_WORD;
  if (!f->fixed_size) {
    memcpy(p, &size, ROWS_SIZE);
    p += ROWS_SIZE;
  }
  if (f->null_len)
    for (uint32_t i = 0; i < f->len; i++)
      if (f->columns[i].nulls) *p++ = (char)f->columns[i].nulls[row];
  for (uint32_t i = 0; i < f->len; i++) {
    const FrtRowColumn *c = &f->columns[i];
    const char *value = c->values + (size_t)row * c->size;
    if (!rows_is_text(c->type) && !rows_is_deep(c->type)) {
      rows_copy(p, value, c->size);
      p += c->size;
    } else if (!c->nulls || !c->nulls[row]) {
      p = rows_put_value(c->type, value, p);
    }
  }
}

/* ---- reading ---- */

uint64_t frt_row_word(const FrtRowForm *f, const char *from, size_t left, uint32_t *size) {
  uint64_t word = 0;
  *size = f->fixed_size;
  if (left < ROWS_WORD + ROWS_SIZE && !(f->fixed_size && left >= f->fixed_size)) *size = 0;
  else if (!f->fixed_size) memcpy(size, from + ROWS_WORD, ROWS_SIZE);
  if (*size > left) *size = 0;
  if (*size) memcpy(&word, from, ROWS_WORD);
  return word;
}

static const char *rows_get_text(FrtCtx *cx, const char *p, FrtStr *out, int copy) {
  uint32_t len;
  memcpy(&len, p, ROWS_SIZE);
  p += ROWS_SIZE;
  *out = (FrtStr){p, len, 0};
  if (copy && len) {
    char *own = frt_alloc(cx, len);
    out->ptr = memcpy(own, p, len);
  } else if (copy) {
    out->ptr = "";
  }
  return p + len;
}

static const char *rows_get_value(FrtCtx *cx, const FrtType *t, const char *p, void *value, int copy) {
  if (rows_is_text(t)) return rows_get_text(cx, p, value, copy);
  if (t->kind == FRT_LIST) {
    FrtList *list = value;
    uint32_t len;
    memcpy(&len, p, ROWS_SIZE);
    p += ROWS_SIZE;
    char *data = frt_alloc(cx, (size_t)len * t->elem_size + 1);
    *list = (FrtList){data, len, 0};
    for (uint32_t i = 0; i < len; i++) {
      char *item = data + (size_t)i * t->elem_size;
      memset(item, 0, t->elem_size);
      if (t->elem_null_offset && (item[t->elem_null_offset] = *p++)) continue;
      p = rows_get_value(cx, t->elem, p, item, copy);
    }
    return p;
  }
  if (t->kind != FRT_STRUCT) {
    memcpy(value, p, t->size);
    return p + t->size;
  }
  memset(value, 0, t->size);
  for (uint32_t i = 0; i < t->field_len; i++) {
    const FrtField *f = &t->fields[i];
    if (f->type->nullable && (((char *)value)[f->null_offset] = *p++)) continue;
    p = rows_get_value(cx, f->type, p, (char *)value + f->offset, copy);
  }
  return p;
}

void frt_row_read(FrtCtx *cx, const FrtRowForm *f, const char *from, uint32_t row, int copy) {
  const char *p = from + ROWS_WORD + (f->fixed_size ? 0 : ROWS_SIZE);
  if (f->null_len)
    for (uint32_t i = 0; i < f->len; i++)
      if (f->columns[i].nulls) f->columns[i].nulls[row] = (uint8_t)*p++;
  for (uint32_t i = 0; i < f->len; i++) {
    const FrtRowColumn *c = &f->columns[i];
    char *value = c->values + (size_t)row * c->size;
    if (!rows_is_text(c->type) && !rows_is_deep(c->type)) {
      rows_copy(value, p, c->size);
      p += c->size;
    } else if (!c->nulls || !c->nulls[row]) {
      p = rows_get_value(cx, c->type, p, value, copy);
    }
  }
}
