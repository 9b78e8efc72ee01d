/* flowrt_fn.h: the functions on values, by room: part of flowrt.h. */
#ifndef FLOWRT_FN_H
#define FLOWRT_FN_H
#include "flowrt_arith.h"   /* checked arithmetic, comparing (runtime/base) */
#include "flowrt_dec.h"     /* decimals (runtime/base) */
#include "flowrt_text.h"    /* printing values, conversions between types (runtime/text) */
#include "flowrt_func.h"    /* the function library of stdlib (runtime/text) */
#include "flowrt_json.h"   /* lists and structs as JSON text (runtime/io) */
#include "flowrt_op.h"      /* sums, kept values (runtime/op) */
#include "flowrt_hold.h"    /* rows at rest: stores, tables, sorts (runtime/op) */
#include "flowrt_join.h"    /* the build side of a join (runtime/op) */
#include "flowrt_agg.h"     /* accumulators of groups (runtime/op) */
#include "flowrt_spill.h"   /* groups that do not fit into memory (runtime/op) */
#include "flowrt_join_spill.h" /* joins that do not fit into memory (runtime/op) */
#include "flowrt_sort.h"    /* rows in order (runtime/op) */
#include "flowrt_plugin.h"  /* steps of plugins (runtime/plugin) */
#include "flowrt_js.h"      /* JavaScript transforms (runtime/js) */

#endif
