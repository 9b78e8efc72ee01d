/* sinks.c: write and tap. A sink's function prints its rows one after another into the buffer of its
 * file; constant text between the values is written as such. */
#include <string.h>

#include "codegen/gen_hold.h"

enum { SINK_SCALAR_SIZE = 48, SINK_SLACK = 64 };

static const Schema *sink_schema(const PlanNode *n) { return &n->in[0].node->out[n->in[0].port].schema; }

static bool sink_is_text(const Type *t) {
  return t->kind == TY_STRING || t->kind == TY_BYTES || t->kind == TY_ENUM;
}

static bool sink_is_nested(const Type *t) { return t->kind == TY_LIST || t->kind == TY_STRUCT; }

/* ---- one value ---- */

static const char *sink_put_number(Gen *g, const Type *t, const char *v, bool json) {
  switch (t->kind) {
    case TY_U64: case TY_U32: case TY_U16: case TY_U8: return gen_printf(g, "frt_put_u64(p, %s)", v);
    case TY_BOOL: return gen_printf(g, "frt_put_bool(p, %s)", v);
    case TY_F32: return gen_printf(g, "frt_put_%sf32(p, %s)", json ? "json_" : "", v);
    case TY_F64: return gen_printf(g, "frt_put_%sf64(p, %s)", json ? "json_" : "", v);
    case TY_DECIMAL: return gen_printf(g, "frt_put_dec%s(p, %s, %u)", type_is_wide(t) ? "128" : "64", v, t->scale);
    case TY_DATE: return gen_printf(g, "frt_put_date(p, %s)", v);
    case TY_TIME: return gen_printf(g, "frt_put_time(p, %s)", v);
    case TY_TIMESTAMP: return gen_printf(g, "frt_put_timestamp(p, %s)", v);
    case TY_DURATION: return gen_printf(g, "frt_put_duration(p, %s)", v);
    case TY_UUID: return gen_printf(g, "frt_put_uuid(p, %s)", v);
    default: return gen_printf(g, "frt_put_i64(p, %s)", v);
  }
}

void gen_put_csv(GenFn *f, const Type *t, CVal v, const FrtSinkOptions *o) {
  Gen *g = f->g;
  if (v.n) {
    if (o->null.len) {
      gen_line(f, "if (%s) {", v.n);
      gen_line(f, "  p = frt_put_str(p, %s);", gen_const_str(g, o->null.ptr, o->null.len));
      gen_line(f, "} else {");
    } else {
      gen_line(f, "if (!%s) {", v.n);
    }
    f->indent++;
  }
  if (sink_is_text(t) || sink_is_nested(t)) {
    const char *s = t->kind == TY_ENUM ? gen_printf(g, "frt_enum_name(%s, %s)", gen_type_desc(g, t), v.v)
                    : sink_is_nested(t) ? gen_printf(g, "frt_json_text(cx, %s, &%s)", gen_type_desc(g, t), v.v) : v.v;
    if (sink_is_nested(t)) {
      s = gen_temp(f, "FrtStr", s);
      gen_line(f, "if ((size_t)(o->end - p) < 2 * (size_t)%s.len + %d) { o->at = p; if (!(p = frt_out_room(cx, o, 2 * (size_t)%s.len + need))) "
               "return FRT_FATAL; }", s, SINK_SLACK, s);
    }
    const char *opt = t->nullable && t->kind == TY_STRING ? "_opt" : "";
    gen_line(f, "p = frt_put_csv_str%s(p, %s, %d, %d);", opt, s, o->delimiter, o->quote);
  } else {
    gen_line(f, "p = %s;", sink_put_number(g, t, v.v, false));
  }
  if (v.n) {
    f->indent--;
    gen_line(f, "}");
  }
}

static bool sink_json_quoted(const Type *t) {
  switch (t->kind) {
    case TY_DATE: case TY_TIME: case TY_TIMESTAMP: case TY_DURATION: case TY_UUID: return true;
    default: return false;
  }
}

void gen_put_json(GenFn *f, const Type *t, CVal v) {
  Gen *g = f->g;
  if (v.n) {
    gen_line(f, "if (%s) {", v.n);
    gen_line(f, "  p = frt_put_str(p, %s);", gen_const_str(g, "null", 4));
    gen_line(f, "} else {");
    f->indent++;
  }
  if (sink_is_nested(t)) {
    const char *a = gen_atom(f, gen_ctype(g, t), v.v);
    gen_line(f, "if (!(p = frt_put_json_value(cx, o, p, %s, &%s))) return FRT_FATAL;", gen_type_desc(g, t), a);
  } else if (t->kind == TY_BYTES) {
    gen_line(f, "p = frt_put_json_bytes(p, %s);", v.v);
  } else if (sink_is_text(t)) {
    const char *s = t->kind == TY_ENUM ? gen_printf(g, "frt_enum_name(%s, %s)", gen_type_desc(g, t), v.v) : v.v;
    gen_line(f, "p = frt_put_json_str(p, %s);", s);
  } else if (sink_json_quoted(t)) {
    gen_line(f, "*p++ = '\"'; p = %s; *p++ = '\"';", sink_put_number(g, t, v.v, true));
  } else {
    gen_line(f, "p = %s;", sink_put_number(g, t, v.v, true));
  }
  if (v.n) {
    f->indent--;
    gen_line(f, "}");
  }
}

/* ---- the room that a row needs ---- */

/* Whether the values of column c are there only when they are asked for. */
static bool sink_late(const GenFn *f, const PlanNode *n, ColId c) { return f->g->phys->late[c] && gen_in_scan(f->g, n); }

/* The C expression for the bytes that a row of the columns of s takes at most; growth: of a byte of text. fields: see sink_csv_runs; or NULL. */
static const char *sink_need(GenFn *f, const PlanNode *n, const Schema *s, const int *fields, int growth, size_t constant) {
  Gen *g = f->g;
  Buf b = {.arena = g->arena};
  size_t fixed = constant + SINK_SLACK;
  for (uint32_t i = 0; i < s->len; i++) {
    const Type *t = g->plan->columns[s->cols[i].col].type;
    uint32_t c = s->cols[i].col;
    fixed += SINK_SCALAR_SIZE + 4;
    if (t->kind == TY_ENUM) {
      uint32_t most = 0;
      for (uint32_t k = 0; k < t->len; k++) most = t->name_sizes[k] > most ? t->name_sizes[k] : most;
      fixed += (size_t)growth * most;
    }
    if (t->kind != TY_STRING && t->kind != TY_BYTES) continue;
    const char *len = t->nullable ? gen_printf(g, "(n%u[i] ? 0 : c%u[i].len)", c, c) : gen_printf(g, "c%u[i].len", c);
    if (sink_late(f, n, c) && fields && fields[i] >= 0)
      len = gen_printf(g, "(raw%u ? first%u->end[(size_t)i * first%u->stride] - first%u->beg[(size_t)i * first%u->stride] : %s)", i, i, i,
                       i, i, len);
    buf_printf(&b, " + %d * (size_t)%s", growth, len);
  }
  return gen_printf(g, "%zu%s", fixed, b.data ? b.data : "");
}

static void sink_make_room(GenFn *f, const char *need, const char *function) {
  gen_line(f, "size_t need = %s;", need);
  gen_line(f, "if ((size_t)(o->end - p) < need) {");
  gen_line(f, "  o->at = p;");
  gen_line(f, "  if (!(p = %s(cx, o, need))) return FRT_FATAL;", function);
  gen_line(f, "}");
}

static CVal sink_value(Gen *g, ColId c) {
  bool nullable = g->plan->columns[c].type->nullable;
  return (CVal){gen_printf(g, "c%u[i]", c), nullable ? gen_printf(g, "n%u[i]", c) : NULL};
}

/* ---- rows ---- */

/* A run of columns that may be copied from the source's text at once: see sink_csv_row. */
typedef struct SinkRun { uint32_t from, len; } SinkRun;

/* The index of the scan's column that ColId c is, or -1. */
static int sink_scan_field(const PlanNode *space, ColId c) {
  if (space->kind != PLAN_READ) return -1;
  for (uint32_t i = 0; i < space->read->field_len; i++)
    if (space->read->fields[i].col == c) return (int)i;
  return -1;
}

/* Column c of the schema stands as text in the source; follows the other names that maps give it. */
static int sink_raw_field(const Gen *g, const PhysNode *pn, ColId c) {
  const PlanNode *space = pn->space;
  const FrtSinkOptions *o = &pn->node->sink->options;
  if (!pn->text_space || o->null.len || space->read->options.null_len) return -1;
  if (space->read->options.delimiter != o->delimiter || space->read->options.quote != o->quote) return -1;
  for (int guard = 0; guard < 64; guard++) {
    int at = sink_scan_field(space, c);
    if (at >= 0) return at;
    bool found = false;
    for (uint32_t i = 0; i < g->plan->node_len && !found; i++)
      for (uint32_t k = 0; k < g->plan->nodes[i]->made_len && !found; k++) {
        const PlanMade *m = &g->plan->nodes[i]->made[k];
        if (m->col != c || !m->value || !phys_made_alias(m)) continue;
        c = m->value->col;
        found = true;
      }
    if (!found) return -1;
  }
  return -1;
}

/* Where `raw<from>` is set, the text of the run's columns stands side by side in the source and is just what would be
 * printed: it is copied. It is decided once a block. */
static void sink_csv_run_decide(GenFn *f, const int *fields, SinkRun run) {
  Gen *g = f->g;
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < run.len; i++) {
    int at = fields[run.from + i];
    buf_printf(&b, "%sb->canon[%d]", i ? " & " : "", at);
    if (i) buf_printf(&b, " & (b->fields[%d].end == b->fields[%d].beg && b->fields[%d].beg_add)", at - 1, at, at);
  }
  gen_line(f, "const FrtFields *first%u = &b->fields[%d], *last%u = &b->fields[%d];", run.from, fields[run.from], run.from,
           fields[run.from + run.len - 1]);
  gen_line(f, "int raw%u = first%u->base && %s;", run.from, run.from, b.data);
}

static void sink_csv_columns(GenFn *f, const Schema *s, const FrtSinkOptions *o, uint32_t from, uint32_t len) {
  for (uint32_t i = from; i < from + len; i++) {
    if (i > from) gen_line(f, "*p++ = %d;", o->delimiter);
    gen_put_csv(f, f->g->plan->columns[s->cols[i].col].type, sink_value(f->g, s->cols[i].col), o);
  }
}

static void sink_csv_run(GenFn *f, const Schema *s, const FrtSinkOptions *o, const int *fields, SinkRun run) {
  if (fields[run.from] < 0) {
    sink_csv_columns(f, s, o, run.from, run.len);
    return;
  }
  gen_line(f, "if (raw%u) {", run.from);
  gen_line(f, "  p = frt_put_fields(p, first%u, last%u, i);", run.from, run.from);
  gen_line(f, "} else {");
  f->indent++;
  sink_csv_columns(f, s, o, run.from, run.len);
  f->indent--;
  gen_line(f, "}");
}

/* Splits the schema into runs: neighbouring columns of the source that are neighbours here too. Texts stand
 * alone, since one field in quotes makes a block's column unfit to be copied. */
static uint32_t sink_csv_runs(Gen *g, const PhysNode *pn, const Schema *s, int *fields, SinkRun *runs) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < s->len; i++) {
    const Type *t = g->plan->columns[s->cols[i].col].type;
    fields[i] = pn->node->sink->options.format == FRT_FMT_CSV ? sink_raw_field(g, pn, s->cols[i].col) : -1;
    bool text = t->kind == TY_STRING || t->kind == TY_BYTES;
    bool text_before = i && (g->plan->columns[s->cols[i - 1].col].type->kind == TY_STRING);
    bool joins = i && fields[i] > 0 && fields[i - 1] == fields[i] - 1 && !text && !text_before;
    if (joins) runs[len - 1].len++;
    else runs[len++] = (SinkRun){i, 1};
  }
  return len;
}

/* Where the whole line of each row stands as it is in the source, the loop over the rows has nothing left to do. */
static const char *sink_csv_whole_if(Gen *g, const int *fields, const SinkRun *runs, uint32_t len) {
  Buf b = {.arena = g->arena};
  for (uint32_t i = 0; i < len; i++) {
    int at = fields[runs[i].from];
    if (at < 0 || (i && at != fields[runs[i].from - 1] + 1)) return NULL;
    buf_printf(&b, "%sraw%u", i ? " & " : "", runs[i].from);
    if (i) buf_printf(&b, " & (b->fields[%d].end == b->fields[%d].beg && b->fields[%d].beg_add)", at - 1, at, at);
  }
  return b.data;
}

static bool sink_csv_whole(GenFn *f, const int *fields, const SinkRun *runs, uint32_t len) {
  const char *whole = sink_csv_whole_if(f->g, fields, runs, len);
  if (!whole) return false;
  uint32_t last = runs[len - 1].from;
  gen_line(f, "uint32_t copied = 0;");
  gen_line(f, "if (%s) {", whole);
  gen_line(f, "  if (frt_put_rows(cx, o, first%u, last%u, sel, n)) return FRT_FATAL;", runs[0].from, last);
  gen_line(f, "  copied = n;");
  gen_line(f, "}");
  return true;
}

/* Late values are made where the text is not copied. */
static void sink_late_values(GenFn *f, const PlanNode *n, const int *fields) {
  const Schema *s = sink_schema(n);
  for (uint32_t i = 0; i < s->len; i++) {
    ColId c = s->cols[i].col;
    if (!sink_late(f, n, c)) continue;
    if (fields && fields[i] >= 0) gen_line(f, "if (!raw%u)", i);
    gen_late(f, NULL, 0, &c, 1, "sel", "n");
  }
}

static void sink_csv_row(GenFn *f, const Schema *s, const FrtSinkOptions *o, const int *fields, const SinkRun *runs, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) {
    if (i) gen_line(f, "*p++ = %d;", o->delimiter);
    sink_csv_run(f, s, o, fields, runs[i]);
  }
  gen_line(f, "*p++ = '\\n';");
}

/* The constant text before a member's value: `,"name":`. */
static void sink_json_key(GenFn *f, const char *before, const char *name) {
  Buf b = {.arena = f->g->arena};
  buf_put(&b, before);
  buf_put(&b, "\"");
  for (const char *c = name; *c; c++) {
    if (*c == '"' || *c == '\\') buf_printf(&b, "\\%c", *c);
    else if ((unsigned char)*c < 0x20) buf_printf(&b, "\\u%04x", *c);
    else buf_put_n(&b, c, 1);
  }
  buf_put(&b, "\":");
  gen_line(f, "p = frt_put_str(p, %s);", gen_const_str(f->g, b.data, b.size));
}

static void sink_json_row(GenFn *f, const Schema *s) {
  Gen *g = f->g;
  for (uint32_t i = 0; i < s->len; i++) {
    sink_json_key(f, i ? "," : "{", s->cols[i].name);
    gen_put_json(f, g->plan->columns[s->cols[i].col].type, sink_value(g, s->cols[i].col));
  }
  gen_line(f, "*p++ = '}';");
}

static size_t sink_names_size(const Schema *s) {
  size_t size = 16;
  for (uint32_t i = 0; i < s->len; i++) size += 6 * strlen(s->cols[i].name) + 8;
  return size;
}

static void sink_columns(GenFn *f, const Schema *s, const Expr *path) {
  ColId *cols = arena_alloc(f->g->arena, (s->len + 1) * sizeof *cols);
  for (uint32_t i = 0; i < s->len; i++) cols[i] = s->cols[i].col;
  gen_declare_columns(f, (const Expr *const[]){path}, 1, cols, s->len);
}

/* The path of row i, its columns made safe: out is `path`. */
static void sink_row_path(GenFn *f, const Expr *e) {
  Gen *g = f->g;
  uint32_t len = e->kind == EX_CONCAT ? e->arg_len : 1;
  Expr *const *args = e->kind == EX_CONCAT ? e->arg : (Expr *const[]){(Expr *)e};
  gen_line(f, "FrtStr part[%u], path;", len);
  for (uint32_t i = 0; i < len; i++) {
    CVal v = gen_expr(f, args[i]);
    const char *text = gen_text_of(f, args[i]->type, v.v, e->kind == EX_CONCAT && e->formats ? e->formats[i] : NULL);
    if (args[i]->kind == EX_CONST) gen_line(f, "part[%u] = %s;", i, text);
    else if (v.n) gen_line(f, "if (%s) part[%u] = %s; else part[%u] = frt_path_safe(cx, %s);", v.n, i, gen_const_str(g, "%null", 5), i, text);
    else gen_line(f, "part[%u] = frt_path_safe(cx, %s);", i, text);
  }
  gen_try_call(f, gen_printf(g, "frt_concat(cx, &path, part, %u)", len));
}

uint32_t gen_sink_index(const Gen *g, const PlanNode *n) {
  uint32_t index = 0;
  for (uint32_t i = 0; i < g->plan->node_len; i++) {
    if (g->plan->nodes[i] == n) return index;
    index += g->plan->nodes[i]->kind == PLAN_WRITE;
  }
  return index;
}

/* How rows are printed: the runs of a CSV sink. */
typedef struct SinkForm {
  const PlanNode *n;
  const Schema *s;
  const FrtSinkOptions *o;
  int *fields;
  SinkRun *runs;
  uint32_t run_len;
} SinkForm;

static SinkForm sink_form(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  SinkForm w = {.n = n, .s = sink_schema(n), .o = &n->sink->options};
  w.fields = arena_alloc(g->arena, (w.s->len + 1) * sizeof *w.fields);
  w.runs = arena_alloc(g->arena, (w.s->len + 1) * sizeof *w.runs);
  w.run_len = w.o->format == FRT_FMT_CSV ? sink_csv_runs(g, pn, w.s, w.fields, w.runs) : 0;
  return w;
}

static void sink_decide(GenFn *f, const SinkForm *w) {
  for (uint32_t i = 0; i < w->run_len; i++)
    if (w->fields[w->runs[i].from] >= 0) sink_csv_run_decide(f, w->fields, w->runs[i]);
  sink_late_values(f, w->n, w->run_len ? w->fields : NULL);
}

/* Row i at p, into o. */
static void sink_one_row(GenFn *f, const SinkForm *w) {
  bool csv = w->o->format == FRT_FMT_CSV;
  sink_make_room(f, sink_need(f, w->n, sink_schema(w->n), csv ? w->fields : NULL, csv ? 2 : 6, csv ? w->s->len + 1 : sink_names_size(w->s)), "frt_out_room");
  if (csv) {
    sink_csv_row(f, w->s, w->o, w->fields, w->runs, w->run_len);
  } else {
    if (w->o->format == FRT_FMT_JSON) gen_line(f, "if (o->rows) { *p++ = ','; *p++ = '\\n'; }");
    sink_json_row(f, w->s);
    if (w->o->format == FRT_FMT_JSONL) gen_line(f, "*p++ = '\\n';");
  }
  gen_line(f, "o->rows++;");
}

/* What tells sinks apart whose rows are printed in the same way. */
static const char *sink_form_key(Gen *g, const PhysNode *pn, const SinkForm *w) {
  Buf b = {.arena = g->arena};
  buf_printf(&b, "sink %u %d %d %u %d %s", w->o->format, w->o->delimiter, w->o->quote, pn->space->id, gen_in_scan(g, w->n),
             c_string(g->arena, w->o->null.ptr ? w->o->null.ptr : "", w->o->null.len));
  for (uint32_t i = 0; i < w->s->len; i++) buf_printf(&b, " %u %zu %s", w->s->cols[i].col, strlen(w->s->cols[i].name), w->s->cols[i].name);
  return b.data;
}

/* The function put<k>(cx, S, b, o, sel, n) that prints rows into o; sinks of one form share it. Returns its name. */
static const char *sink_rows(Gen *g, const PhysNode *pn, const SinkForm *w) {
  bool fresh;
  const char *name = gen_intern(g, "put", sink_form_key(g, pn, w), &fresh);
  if (!fresh) return name;
  const char *args = "(FrtCtx *cx, State *S, const FrtBlock *b, FrtOut *o, const uint32_t *sel, uint32_t n)";
  GenFn f = {.g = g, .out = &g->funcs, .fail = "fail", .row = "i"};
  buf_printf(&g->protos, "static int %s%s;\n", name, args);
  gen_line(&f, "/* rows of n%u and its like */", w->n->id);
  gen_line(&f, "static int %s%s {", name, args);
  f.indent = 1;
  sink_columns(&f, w->s, NULL);
  sink_decide(&f, w);
  bool whole = w->o->format == FRT_FMT_CSV && sink_csv_whole(&f, w->fields, w->runs, w->run_len);
  gen_line(&f, "char *p = o->at;");
  gen_line(&f, "for (uint32_t k = %s; k < n; k++) {", whole ? "copied" : "0");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  sink_one_row(&f, w);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "o->at = p;");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
  return name;
}

/* A sink with one file. */
static void sink_one(Gen *g, const PhysNode *pn, const SinkForm *w) {
  const char *put = sink_rows(g, pn, w);
  GenFn f;
  gen_fn_open(&f, g, w->n, "");
  gen_count(&f, w->n->id, "IN", "n");
  gen_line(&f, "if (%s(cx, S, b, frt_sink_out(cx, %u), sel, n)) return FRT_FATAL;", put, gen_sink_index(g, w->n));
  gen_count(&f, w->n->id, "OUT", "n");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* The values that the path is made of. False: they are no keys, since equal ones (-0.0, 0.0) may be other texts. */
static bool sink_path_keys(Gen *g, const Expr *e, Expr ***keys, uint32_t *len) {
  uint32_t n = e->kind == EX_CONCAT ? e->arg_len : 1;
  Expr *const *args = e->kind == EX_CONCAT ? e->arg : (Expr *const[]){(Expr *)e};
  *keys = arena_alloc(g->arena, (n + 1) * sizeof **keys);
  *len = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (args[i]->kind == EX_CONST) continue;
    if (type_is_float(args[i]->type) || sink_is_nested(args[i]->type)) return false;
    (*keys)[(*len)++] = args[i];
  }
  return *len > 0;
}

static void sink_split_fail(GenFn *f, const PlanNode *n) {
  if (!f->fails) return;
  gen_line(f, "continue;");
  buf_put(f->out, "  fail:\n");
  gen_line(f, "frt_error(cx, b, i, %u, e, %s);", n->id, gen_const_str(f->g, "", 0));
  gen_line(f, "e = 0;");
  gen_line(f, "failed++;");
}

/* A path for each row. */
static void sink_split_each(Gen *g, const SinkForm *w) {
  const PlanNode *n = w->n;
  GenFn f;
  gen_fn_open(&f, g, n, "");
  sink_columns(&f, w->s, n->sink->path);
  sink_decide(&f, w);
  gen_line(&f, "int e = 0;");
  gen_line(&f, "uint32_t failed = 0;");
  gen_turn(&f);
  gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  sink_row_path(&f, n->sink->path);
  gen_line(&f, "FrtOut *o = frt_sink_route(cx, %u, path);", gen_sink_index(g, n));
  gen_line(&f, "if (!o) return FRT_FATAL;");
  gen_line(&f, "char *p = o->at;");
  sink_one_row(&f, w);
  gen_line(&f, "o->at = p;");
  sink_split_fail(&f, n);
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "(void)e;");
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "n - failed");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

/* Rows with the same values go to the same file: values are numbered by a table, a path is made of each number's first row, and
 * the rows of a block are written file by file. */
static void sink_split(Gen *g, const PhysNode *pn, const SinkForm *w, Expr *const *keys, uint32_t len) {
  const PlanNode *n = w->n;
  uint32_t id = n->id, sink = gen_sink_index(g, n);
  const char *put = sink_rows(g, pn, w);
  GenFn f;
  gen_fn_open(&f, g, n, "");
  sink_columns(&f, w->s, n->sink->path);
  GenKeys k = gen_keys(&f, n, "path", keys, len, true);
  buf_printf(&g->held, "  FrtTable tab%u;\n", id);
  buf_printf(&g->init, "  frt_table_init(&S->h->tab%u, %d);\n", id, !k.is_word);
  buf_printf(&g->init, "  frt_at_end(cx, frt_table_end, &S->h->tab%u);\n", id);
  gen_array(g, "uint32_t", gen_printf(g, "fresh%u", id));
  gen_turn(&f);
  gen_line(&f, "uint32_t fresh = frt_table_add_%s(cx, &S->h->tab%u, %s, %s, %s, %s, S->fresh%u);", k.is_word ? "words" : "texts", id,
           k.keys, k.nul, k.n, k.ids, id);
  gen_line(&f, "int e = 0, rc = 0;");
  gen_line(&f, "for (uint32_t j = 0; j < fresh; j++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = %s[S->fresh%u[j]];", k.sel, id);
  sink_row_path(&f, n->sink->path);
  gen_line(&f, "if (frt_route_add(cx, %u, path)) return FRT_FATAL;", sink);
  if (f.fails) {
    gen_line(&f, "continue;");
    buf_put(f.out, "  fail:\n");
    gen_line(&f, "frt_route_fail(cx, %u, e);", sink);
    gen_line(&f, "e = 0;");
  }
  f.indent--;
  gen_line(&f, "}");
  gen_line(&f, "(void)e;");
  gen_line(&f, "uint32_t failed = frt_route_part(cx, %u, b, %s, %s, %s);", sink, k.ids, k.sel, k.n);
  gen_line(&f, "const uint32_t *rows;");
  gen_line(&f, "uint32_t row_len;");
  gen_line(&f, "FrtOut *to;");
  gen_line(&f, "while (!(rc = frt_route_next(cx, %u, &to, &rows, &row_len)))", sink);
  gen_line(&f, "  if (%s(cx, S, b, to, rows, row_len)) return FRT_FATAL;", put);
  gen_line(&f, "if (rc == FRT_FATAL) return rc;");
  gen_count(&f, id, "IN", "n");
  gen_count(&f, id, "OUT", gen_printf(g, "%s - failed", k.n));
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

static void sink_write(Gen *g, const PhysNode *pn) {
  SinkForm w = sink_form(g, pn);
  Expr **keys;
  uint32_t len;
  if (!w.n->sink->partitioned) sink_one(g, pn, &w);
  else if (sink_path_keys(g, w.n->sink->path, &keys, &len)) sink_split(g, pn, &w, keys, len);
  else sink_split_each(g, &w);
}

/* ---- rows that a sort holds as text ---- */

static void sink_hold_slices(GenFn *f, const int *fields, const SinkRun *runs, uint32_t len) {
  const char *whole = sink_csv_whole_if(f->g, fields, runs, len);
  if (!whole) return;
  gen_line(f, "if (%s) {", whole);
  gen_line(f, "  frt_texts_slices(cx, t, b, first%u, last%u, sel, n, places);", runs[0].from, runs[len - 1].from);
  gen_line(f, "  k = n;");
  gen_line(f, "}");
}

/* op<id>_hold: takes the rows as they will be printed, with their keys in S->words<sort> or S->keys<sort>. */
static void sink_hold(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node, *sort = pn->texts;
  const Schema *s = sink_schema(n);
  bool csv = n->sink->options.format == FRT_FMT_CSV;
  GenFn f;
  gen_fn_open(&f, g, n, "_hold");
  sink_columns(&f, s, NULL);
  int *fields = arena_alloc(g->arena, (s->len + 1) * sizeof *fields);
  SinkRun *runs = arena_alloc(g->arena, (s->len + 1) * sizeof *runs);
  uint32_t run_len = csv ? sink_csv_runs(g, pn, s, fields, runs) : 0;
  for (uint32_t i = 0; i < run_len; i++)
    if (fields[runs[i].from] >= 0) sink_csv_run_decide(&f, fields, runs[i]);
  gen_turn(&f);
  gen_line(&f, "FrtTexts *t = &S->h->texts%u;", sort->id);
  gen_line(&f, "uint64_t *places = S->places%u;", sort->id);
  gen_line(&f, "uint32_t k = 0;");
  sink_hold_slices(&f, fields, runs, run_len);
  gen_line(&f, "FrtOut *o = &t->out;");
  gen_line(&f, "for (; k < n; k++) {");
  f.indent++;
  gen_line(&f, "uint32_t i = sel[k];");
  gen_line(&f, "(void)i;");
  gen_line(&f, "char *p = o->at;");
  sink_make_room(&f, sink_need(&f, n, sink_schema(n), NULL, csv ? 2 : 6, csv ? s->len + 1 : sink_names_size(s)), "frt_texts_room");
  if (csv) sink_csv_row(&f, s, &n->sink->options, fields, runs, run_len);
  else sink_json_row(&f, s);
  if (!csv) gen_line(&f, "*p++ = '\\n';");
  gen_line(&f, "places[k] = frt_texts_end_row(t, p - 1);");
  f.indent--;
  gen_line(&f, "}");
  if (phys_sort_words(sort)) gen_line(&f, "return frt_texts_hold(cx, t, S->words%u, NULL, places, n);", sort->id);
  else gen_line(&f, "return frt_texts_hold(cx, t, NULL, S->keys%u, places, n);", sort->id);
  gen_fn_close(&f);
}

/* ---- dead letters ---- */

static void sink_deadletter(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  uint32_t index = gen_sink_index(g, n);
  for (uint32_t k = 0; k < n->in_len; k++) {
    GenFn f;
    const PlanNode *up = n->in[k].node;
    const char *port = up->out[n->in[k].port].name;
    const PlanNode *space = g->phys->nodes[up->id].space;
    gen_fn_open(&f, g, n, n->in_len > 1 ? gen_printf(g, "_in%u", k) : "");
    gen_turn(&f);
    gen_line(&f, "for (uint32_t k = 0; k < n; k++) {");
    f.indent++;
    if (space->kind == PLAN_ERRORS)
      gen_line(&f, "if (frt_deadletter(cx, %u, S->rows%u[sel[k]])) return FRT_FATAL;", index, space->id);
    else
      gen_line(&f, "if (frt_deadletter_row(cx, %u, b, sel[k], %u, %s)) return FRT_FATAL;", index, up->id,
               gen_const_str(g, port ? port : "", port ? strlen(port) : 0));
    f.indent--;
    gen_line(&f, "}");
    gen_count(&f, n->id, "IN", "n");
    gen_count(&f, n->id, "OUT", "n");
    gen_line(&f, "return FRT_OK;");
    gen_fn_close(&f);
  }
}

/* ---- taps ---- */

static uint32_t tap_index(const Gen *g, const PlanNode *n) {
  uint32_t index = 0;
  for (uint32_t i = 0; i < g->plan->node_len; i++) {
    if (g->plan->nodes[i] == n) return index;
    index += g->plan->nodes[i]->kind == PLAN_TAP;
  }
  return index;
}

/* A masked value: the masked form of its text, null as null. */
static void tap_masked(GenFn *f, const Type *t, CVal v, const char *mask) {
  Gen *g = f->g;
  if (v.n) gen_line(f, "if (%s) p = frt_put_str(p, %s);", v.n, gen_const_str(g, "null", 4));
  if (v.n) gen_line(f, "else {");
  if (v.n) f->indent++;
  if (!strcmp(mask, "redact")) gen_line(f, "p = frt_put_str(p, %s);", gen_const_str(g, "\"***\"", 5));
  else gen_line(f, "p = frt_put_json_str(p, frt_mask_%s(cx, %s));", mask, gen_text_of(f, t, v.v, NULL));
  if (v.n) f->indent--;
  if (v.n) gen_line(f, "}");
}

enum { TAP_MASKED_SIZE = 64 };   /* a hash, or the ends of a text, in JSON */

/* The columns that a tap shows. */
static Schema tap_schema(Gen *g, const PhysNode *pn, const char ***masked) {
  const PlanNode *n = pn->node;
  Schema s = n->out[0].schema;
  *masked = n->masked;
  if (!n->tap_live) return s;
  SchemaColumn *cols = arena_alloc(g->arena, (s.len + 1) * sizeof *cols);
  *masked = arena_alloc(g->arena, (s.len + 1) * sizeof **masked);
  uint32_t len = 0;
  for (uint32_t i = 0; i < s.len; i++) {
    if (!pn->kept[s.cols[i].col]) continue;
    (*masked)[len] = n->masked ? n->masked[i] : NULL;
    cols[len++] = s.cols[i];
  }
  s.cols = cols;
  s.len = len;
  return s;
}

static void tap_rows(GenFn *f, const PhysNode *pn, uint32_t index) {
  Gen *g = f->g;
  const PlanNode *n = pn->node;
  const char **masked;
  Schema shown = tap_schema(g, pn, &masked), *s = &shown;
  sink_columns(f, s, n->cond);
  gen_turn(f);
  gen_line(f, "int e = 0;");
  gen_line(f, "for (uint32_t k = 0; k < n; k++) {");
  f->indent++;
  gen_line(f, "uint32_t i = sel[k];");
  if (n->cond) gen_line(f, "if (!(%s)) continue;", gen_cond(f, n->cond));
  gen_line(f, "size_t need = %s;", sink_need(f, n, s, NULL, 6, sink_names_size(s) + TAP_MASKED_SIZE * s->len));
  gen_line(f, "char *p = frt_tap_begin(cx, %u, b, i, need);", index);
  gen_line(f, "if (!p) continue;");
  for (uint32_t i = 0; i < s->len; i++) {
    ColId c = s->cols[i].col;
    const Type *t = g->plan->columns[c].type;
    sink_json_key(f, i ? "," : "{", s->cols[i].name);
    if (masked && masked[i]) tap_masked(f, t, sink_value(g, c), masked[i]);
    else if (sink_is_nested(t)) gen_line(f, "p = frt_put_str(p, %s);", gen_const_str(g, "\"...\"", 5));
    else gen_put_json(f, t, sink_value(g, c));
  }
  gen_line(f, s->len ? "*p++ = '}';" : "*p++ = '{', *p++ = '}';");
  gen_line(f, "frt_tap_end(cx, %u, p);", index);
  if (f->fails) {
    gen_line(f, "continue;");
    buf_put(f->out, "  fail:\n");
    gen_line(f, "e = 0;");
  }
  f->indent--;
  gen_line(f, "}");
  gen_line(f, "(void)e;");
}

static void gen_tap(Gen *g, const PhysNode *pn) {
  const PlanNode *n = pn->node;
  uint32_t index = tap_index(g, n);
  GenFn rows = {.g = g, .out = &g->funcs};
  if (!n->tap_off) {
    gen_fn_open(&rows, g, n, "_show");
    tap_rows(&rows, pn, index);
    gen_line(&rows, "return FRT_OK;");
    gen_fn_close(&rows);
  }
  GenFn f;
  gen_fn_open(&f, g, n, "");
  gen_line(&f, "int rc = 0;");
  if (!n->tap_off) gen_line(&f, "if ((cx->taps >> %u & 1) && (rc = op%u_show(cx, S, b, sel, n))) return rc;", index, n->id);
  gen_count(&f, n->id, "IN", "n");
  gen_count(&f, n->id, "OUT", "n");
  gen_call_uses(&f, pn, 0, "b", "sel", "n");
  gen_line(&f, "return FRT_OK;");
  gen_fn_close(&f);
}

void gen_sink(Gen *g, const PhysNode *pn) {
  if (pn->node->kind == PLAN_TAP) gen_tap(g, pn);
  else if (pn->texts) sink_hold(g, pn);
  else if (pn->node->sink->options.format == FRT_FMT_DEADLETTER) sink_deadletter(g, pn);
  else sink_write(g, pn);
}
