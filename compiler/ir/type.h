/* type.h: types of values, and row types. Types live in the session's arena and are immutable;
 * compare them with type_equal, never by pointer. */
#ifndef FLOW_IR_TYPE_H
#define FLOW_IR_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* The kinds of flowrt.h (FRT_BOOL ... FRT_STRUCT) and four that only the compiler knows. */
typedef enum TypeKind {
  TY_ERROR = 0,      /* of an expression that was reported: silences what follows */
  TY_BOOL = 1, TY_I8, TY_I16, TY_I32, TY_I64, TY_U8, TY_U16, TY_U32, TY_U64, TY_F32, TY_F64,
  TY_DECIMAL, TY_STRING, TY_BYTES, TY_DATE, TY_TIME, TY_TIMESTAMP, TY_DURATION, TY_UUID, TY_ENUM,
  TY_LIST, TY_STRUCT,
  TY_NULL            /* of the literal null: goes with every T? */
} TypeKind;

typedef struct Type Type;
typedef struct StructField {
  const char *name;
  const Type *type;
} StructField;

struct Type {
  TypeKind kind;
  bool nullable;
  uint8_t precision, scale;       /* decimal */
  const Type *elem;               /* list */
  const StructField *fields;      /* struct */
  const char *const *names;       /* enum */
  const uint32_t *name_sizes;     /* enum: bytes of each name */
  uint32_t len;                   /* fields or names */
};

const Type *type_basic(TypeKind kind);                        /* not null, without parameters */
const Type *type_decimal(Arena *a, int precision, int scale);
const Type *type_list(Arena *a, const Type *elem);
const Type *type_with_null(Arena *a, const Type *t, bool nullable);
bool type_equal(const Type *a, const Type *b);                /* nullability included */
bool type_same_base(const Type *a, const Type *b);            /* nullability of the outermost aside */
bool type_is_integer(const Type *t);
bool type_is_signed(const Type *t);
bool type_is_float(const Type *t);
bool type_is_numeric(const Type *t);                          /* integer, float or decimal */
int type_bits(const Type *t);                                 /* of an integer type */
int type_digits(const Type *t);                               /* decimal digits an integer type can need */
bool type_is_wide(const Type *t);                             /* a decimal kept as FrtI128 */
/* Whether a value of `from` goes into `to` without losing anything: i32 to i64, integer to decimal
 * or float, T to T?, null to T?, decimal to a decimal with no fewer digits on either side. */
bool type_widens(const Type *from, const Type *to);
/* "decimal(12,2)?", "enum(\"EU\", \"US\")", "[{sku: string, qty: i32}]". */
const char *type_text(Arena *a, const Type *t);

#endif
