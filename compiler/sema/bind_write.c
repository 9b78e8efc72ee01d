/* bind_write.c: `write`: the sink's options, and its path, which may name columns: one file a value. */
#include <string.h>

#include "sema/bind_internal.h"

enum {
  WRITE_MODE,
  WRITE_HEADER,
  WRITE_DELIMITER,
  WRITE_QUOTE,
  WRITE_NULL,
  WRITE_COMPRESS,
  WRITE_LEVEL,
  WRITE_OPTION_LEN
};

static const char *const mode_words[] = { "replace", "create", "append", NULL };
static const char *const compress_words[] = { "none", "gzip", "zstd", NULL };
static const OptionSpec write_options[WRITE_OPTION_LEN] = {
  { "mode", OPTION_WORD, mode_words }, { "header", OPTION_BOOL, NULL },
  { "delimiter", OPTION_BYTE, NULL },  { "quote", OPTION_BYTE, NULL },
  { "null", OPTION_TEXT, NULL },       { "compress", OPTION_WORD, compress_words },
  { "level", OPTION_COUNT, NULL }
};

static const struct {
  const char *name;
  uint32_t format, options;
} write_formats[] = { { "csv", FRT_FMT_CSV, 0x7f },
                      { "tsv", FRT_FMT_CSV, 0x7f },
                      { "jsonl", FRT_FMT_JSONL, 0x61 },
                      { "json", FRT_FMT_JSON, 0x61 },
                      { "text", FRT_FMT_CSV, 0x71 },
                      { "deadletter", FRT_FMT_DEADLETTER, 0x61 } };
enum { WRITE_FORMAT_LEN = sizeof write_formats / sizeof *write_formats };

static int write_format(Chain *c, const AstOp *op) {
  static const char *const unbuilt[] = { "flowbin", "fixed", "exec" };
  const char *name = op->name.text ? op->name.text : "";
  const char *names[WRITE_FORMAT_LEN];
  for (int i = 0; i < WRITE_FORMAT_LEN; i++) {
    names[i] = write_formats[i].name;
    if (!strcmp(name, names[i])) return i;
  }
  for (uint32_t i = 0; i < sizeof unbuilt / sizeof *unbuilt; i++)
    if (!strcmp(name, unbuilt[i])) {
      report_unbuilt(c->b, op->name.span, arena_printf(c->b->arena, "`write %s`", name));
      return -1;
    }
  diag_report(c->b->diags, DIAG_E0702, op->name.span,
              hint_nearest(c->b, name, names, WRITE_FORMAT_LEN),
              "formats: csv, tsv, jsonl, json, text, deadletter", name);
  return -1;
}

static void level_check(Chain *c, const OptionValue *v, const FrtSinkOptions *o) {
  const OptionValue *level = &v[WRITE_LEVEL];
  if (!level->given) return;
  int64_t most = o->compress == FRT_COMPRESS_GZIP ? 9 : 19;
  if (o->compress == FRT_COMPRESS_NONE)
    diag_report(c->b->diags, DIAG_E0605, level->span, NULL, NULL, "level",
                "`compress = \"gzip\"` or `\"zstd\"` beside it");
  else if (level->number < 1 || level->number > most)
    diag_report(c->b->diags, DIAG_E0703, level->span, NULL, NULL, "level",
                most == 9 ? "from 1 to 9" : "from 1 to 19");
}

static void write_options_bind(Chain *c, const AstOp *op, int format, FrtSinkOptions *o) {
  OptionSpec specs[WRITE_OPTION_LEN];
  OptionValue values[WRITE_OPTION_LEN] = { 0 }, v[WRITE_OPTION_LEN] = { 0 };
  uint32_t at[WRITE_OPTION_LEN], len = 0;
  for (uint32_t i = 0; i < WRITE_OPTION_LEN; i++)
    if (write_formats[format].options & 1u << i) {
      at[len] = i;
      specs[len++] = write_options[i];
    }
  options_bind(c, op->args, specs, len, values,
               arena_printf(c->b->arena, "write %s", write_formats[format].name));
  for (uint32_t i = 0; i < len; i++) v[at[i]] = values[i];
  bool tsv = !strcmp(write_formats[format].name, "tsv"), text = !strcmp(write_formats[format].name, "text");
  o->format = write_formats[format].format;
  o->delimiter = v[WRITE_DELIMITER].given ? (char)v[WRITE_DELIMITER].number : tsv ? '\t' : ',';
  o->quote = v[WRITE_QUOTE].given ? (char)v[WRITE_QUOTE].number : text ? 0 : '"';
  o->header = v[WRITE_HEADER].given ? (uint8_t)v[WRITE_HEADER].number : !text;
  o->mode = (uint32_t)v[WRITE_MODE].number;
  o->compress = (uint32_t)v[WRITE_COMPRESS].number;
  o->level = (uint8_t)v[WRITE_LEVEL].number;
  o->null = v[WRITE_NULL].text;
  if (o->quote && o->delimiter == o->quote)
    diag_report(c->b->diags, DIAG_E0703, op->span, NULL, NULL, "delimiter",
                "another character than `quote`");
  level_check(c, v, o);
}

/* ---- paths ---- */

static Expr *path_text(Chain *c, const char *text, size_t len, Span span) {
  Expr *e = expr_new(c->b->arena, EX_CONST, type_basic(TY_STRING), span, 0);
  e->value.s = (FrtStr){ .ptr = arena_strndup(c->b->arena, text, len), .len = (uint32_t)len };
  return e;
}

/* The text of a column; `null` stands for null, so that those rows have a file too. */
static Expr *path_column(Chain *c, ColId col, Span span) {
  Binder *b = c->b;
  Expr *e = expr_column(b, col, span);
  if (!e->type->nullable) return e;
  const Type *text = type_basic(TY_STRING);
  if (e->type->kind != TY_STRING) {
    Expr *cast = expr_new(b->arena, EX_CAST, type_with_null(b->arena, text, true), span, 1);
    cast->arg[0] = e;
    e = cast;
  }
  Expr *out = expr_new(b->arena, EX_COALESCE, text, span, 2);
  out->arg[0] = e;
  out->arg[1] = path_text(c, "null", 4, span);
  return out;
}

static void parts_add(Chain *c, Expr ***parts, uint32_t *len, Expr *e) {
  *parts = arena_grow(c->b->arena, *parts, *len, sizeof **parts);
  (*parts)[(*len)++] = e;
}

static Expr *path_hole(Chain *c, const AstExpr *e, const char *name) {
  if (!strncmp(name, "run.", 4) && !schema_find(chain_schema(c), name)) {
    Expr *value = bind_run_value(c->b, e->span, (AstName){ .text = name + 4, .span = e->span });
    return value->type->kind == TY_ERROR ? NULL : value;
  }
  const Schema *s = chain_schema(c);
  AstName n = chain_name(c, (AstName){ .text = name, .span = e->span });
  const SchemaColumn *sc = schema_find(s, n.text);
  if (!sc) {
    diag_report(c->b->diags, DIAG_E0710, e->span, schema_nearest(c->b, s, name),
                arena_printf(c->b->arena, "columns: %s", schema_text(c->b->arena, s)), name,
                c->name);
    return NULL;
  }
  const Type *t = c->b->plan->columns[sc->col].type;
  if (t->kind == TY_ERROR) return NULL;
  if (type_is_scalar(t)) return path_column(c, sc->col, e->span);
  diag_report(c->b->diags, DIAG_E0425, e->span, NULL, NULL, type_text(c->b->arena, t),
              "part of a path");
  return NULL;
}

static Expr *path_concat(Chain *c, Expr **parts, uint32_t len, Span span) {
  if (len == 1 && parts[0]->kind == EX_CONST) return parts[0];
  Expr *out = expr_new(c->b->arena, EX_CONCAT, type_basic(TY_STRING), span, len);
  for (uint32_t i = 0; i < len; i++) out->arg[i] = parts[i];
  out->formats = arena_alloc(c->b->arena, (len + 1) * sizeof(char *));
  return out;
}

/* Whether `..` is one of the names of the path that stand behind its first hole. */
static bool path_climbs(const AstExpr *e) {
  const char *hole = memchr(e->text, '{', e->len), *end = e->text + e->len;
  while (hole && hole + 1 < end && hole[1] == '{') hole = memchr(hole + 2, '{', (size_t)(end - hole - 2));
  if (!hole) return false;
  for (const char *p = hole; p < end;) {
    const char *slash = memchr(p, '/', (size_t)(end - p)), *stop = slash ? slash : end;
    if (p > hole && stop - p == 2 && p[0] == '.' && p[1] == '.') return true;
    p = stop + 1;
  }
  return false;
}

/* "out/{region}/{day}.csv"; `{{` and `}}` are braces. */
static Expr *path_template(Chain *c, const AstExpr *e, bool columns) {
  Expr **parts = NULL;
  uint32_t len = 0, from = 0;
  char *text = arena_alloc(c->b->arena, e->len + 1);
  bool good = true;
  if (columns && path_climbs(e)) {
    diag_report(c->b->diags, DIAG_E0718, e->span, "leave `..` out: name the folder that is meant", NULL);
    return NULL;
  }
  for (uint32_t i = 0; i < e->len; i++) {
    char ch = e->text[i];
    const char *close = ch == '{' && columns ? memchr(e->text + i, '}', e->len - i) : NULL;
    if (columns && (ch == '{' || ch == '}') && i + 1 < e->len && e->text[i + 1] == ch) {
      text[from++] = ch;
      i++;
    } else if (close) {
      if (from) parts_add(c, &parts, &len, path_text(c, text, from, e->span));
      from = 0;
      uint32_t size = (uint32_t)(close - e->text) - i - 1;
      Expr *hole = path_hole(c, e, arena_strndup(c->b->arena, e->text + i + 1, size));
      if (hole) parts_add(c, &parts, &len, hole);
      else good = false;
      i += size + 1;
    } else {
      text[from++] = ch;
    }
  }
  if (from || !len) parts_add(c, &parts, &len, path_text(c, text, from, e->span));
  return good ? path_concat(c, parts, len, e->span) : NULL;
}

static void count_column(void *env, ColId col) {
  (void)col;
  ++*(uint32_t *)env;
}

static bool path_bind(Chain *c, const AstExpr *path, bool columns, PlanSink *sink) {
  Binder *b = c->b;
  const Type *string = type_basic(TY_STRING);
  if (path->kind == AST_STRING) {
    sink->path = path_template(c, path, columns);
    if (!sink->path) return false;
  } else {
    Expr *e = bind_expr(b, columns ? chain_scope(c) : chain_scope_of(c, NULL), path, string);
    if (e->type->kind == TY_ERROR) return false;
    if (e->type->kind != TY_STRING || e->type->nullable) {
      if (e->type->kind == TY_STRING)
        diag_report(b->diags, DIAG_E0502, path->span, "give a value for null: `?? \"none\"`", NULL,
                    "the path", "string");
      else
        diag_report(b->diags, DIAG_E0401, path->span, NULL, NULL, "a path (string)",
                    type_text(b->arena, e->type));
      return false;
    }
    sink->path = e;
  }
  sink->path = expr_fold(b->arena, sink->path);
  uint32_t reads = 0;
  expr_columns(sink->path, count_column, &reads);
  sink->partitioned = reads > 0;
  return true;
}

static void path_once(Chain *c, const Expr *path, Span span) {
  Streams *st = streams_of(c->b);
  if (path->kind != EX_CONST) return;
  const char *text = arena_strndup(c->b->arena, path->value.s.ptr, path->value.s.len);
  if (!*text) diag_report(c->b->diags, DIAG_E0705, span, NULL, "the path is empty", "write", "path");
  if (!strcmp(text, "-") || !strncmp(text, "/dev/", 5)) return;
  for (uint32_t i = 0; i < st->sink_len; i++)
    if (!strcmp(st->sinks[i].path, text)) {
      uint32_t line = 0, column = 0;
      const Source *s = diags_source(c->b->diags, st->sinks[i].span.file);
      if (s) diag_place(s, st->sinks[i].span.start, &line, &column);
      diag_report(
          c->b->diags, DIAG_E0712, span, NULL,
          arena_printf(
              c->b->arena,
              "the other one is in line %u; join them with `union`, or write to another file",
              line),
          text);
      return;
    }
  st->sinks = arena_grow(c->b->arena, st->sinks, st->sink_len, sizeof *st->sinks);
  st->sinks[st->sink_len].path = text;
  st->sinks[st->sink_len++].span = span;
}

/* `text` is lines: one column, which is written as it is. */
static bool text_fits(Chain *c, const AstOp *op) {
  const Schema *s = chain_schema(c);
  const Type *t = s->len == 1 ? c->b->plan->columns[s->cols[0].col].type : NULL;
  if (t && (t->kind == TY_STRING || t->kind == TY_ERROR)) return true;
  diag_report(c->b->diags, DIAG_E0605, op->span, NULL, "`select line = f\"{id} {name}\"` makes one", "write text",
              "a stream of one string column");
  return false;
}

void op_write(Chain *c, const AstOp *op, const PlanEdge *edges, uint32_t len) {
  Binder *b = c->b;
  int format = write_format(c, op);
  PlanEdge at = c->at;
  c->ended = true;
  c->end = op->word;
  if (format < 0) return;
  PlanSink *sink = arena_alloc(b->arena, sizeof *sink);
  const char *word = arena_printf(b->arena, "write %s", write_formats[format].name);
  write_options_bind(c, op, format, &sink->options);
  const AstExpr *path = options_path(c, op->args, op->span, word);
  bool dead = sink->options.format == FRT_FMT_DEADLETTER;
  if (!path || !path_bind(c, path, !dead, sink)) return;
  if (!strcmp(write_formats[format].name, "text") && !edges && !text_fits(c, op)) return;
  path_once(c, sink->path, path->span);
  if (edges && !len) return;
  PlanNode *n = chain_node(c, op, PLAN_WRITE, edges ? len : 1, 0);
  for (uint32_t i = 0; edges && i < len; i++) n->in[i] = edges[i];
  c->at = at;
  n->sink = sink;
  policy_apply(c, n, &op->on_error);
}
