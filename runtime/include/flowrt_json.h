/* flowrt_json.h: values of any type as JSON: part of flowrt.h. Lists and structs are written as the type
 * says: all members of a struct in their order, nulls written; decimals as numbers with all digits of
 * their scale; dates, times, uuids and enums as strings; nan and infinities as null. No spaces. */
#ifndef FLOWRT_JSON_H
#define FLOWRT_JSON_H

/* Writes the value at p and returns the end. With an output file, p stands in its buffer and room is asked
 * for as it is needed (o->at is set on the way); NULL when writing failed (FRT_FATAL). With o NULL the
 * caller has made room of frt_json_size bytes. FRT_PUT_SLACK bytes beyond the end may be overwritten. */
char *frt_put_json_value(FrtCtx *cx, FrtOut *o, char *p, const FrtType *t, const void *value);
/* Room that frt_put_json_value needs for the value, FRT_PUT_SLACK included: an upper bound. */
size_t frt_json_size(const FrtType *t, const void *value);
/* The value as JSON text, in the block's arena: what a CSV cell of a list or a struct holds. */
FrtStr frt_json_text(FrtCtx *cx, const FrtType *t, const void *value);

#endif
