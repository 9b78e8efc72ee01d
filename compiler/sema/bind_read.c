/* bind_read.c: `read`, `tail`, `exec`: the format's options, the row type with its attributes, or the type read from
 * the head of the file. */
#include <glob.h>
#include <string.h>

#include "io/scan.h"
#include "sema/bind_internal.h"

enum {
  READ_DELIMITER,
  READ_QUOTE,
  READ_HEADER,
  READ_TRIM,
  READ_NULL,
  READ_CONTRACT,
  READ_WIDTHS,
  READ_IDLE,
  READ_FORMAT,
  READ_OPTION_LEN
};

static const char *const contract_words[] = { "strict", "evolve", "freeze", "discard", NULL };
static const OptionSpec read_options[READ_OPTION_LEN] = {
  { "delimiter", OPTION_BYTE, NULL }, { "quote", OPTION_BYTE, NULL },
  { "header", OPTION_BOOL, NULL },    { "trim", OPTION_BOOL, NULL },
  { "null", OPTION_TEXTS, NULL },     { "contract", OPTION_WORD, contract_words },
  { "widths", OPTION_COUNTS, NULL },  { "idle", OPTION_TIME, NULL },
  { "format", OPTION_TEXT, NULL }
};

/* Which options a format takes: bits of the enum above. */
static const struct {
  const char *name;
  uint32_t format, options;
} read_formats[] = { { "csv", FRT_FMT_CSV, 0x3f },     { "tsv", FRT_FMT_CSV, 0x3f },
                     { "jsonl", FRT_FMT_JSONL, 0x20 }, { "json", FRT_FMT_JSON, 0x20 },
                     { "fixed", FRT_FMT_FIXED, 0x58 }, { "text", FRT_FMT_TEXT, 0 } };
enum { READ_FORMAT_LEN = sizeof read_formats / sizeof *read_formats };

/* A source of bytes. Its word is the one in the script. */
typedef enum ReadFrom { FROM_FILES, FROM_GROWING, FROM_COMMAND } ReadFrom;
static const char *const from_words[] = { "read", "tail", "exec" };

static int read_format(Chain *c, const AstFlow *f) {
  const char *name = f->format.text ? f->format.text : "";
  const char *names[READ_FORMAT_LEN];
  for (int i = 0; i < READ_FORMAT_LEN; i++) {
    names[i] = read_formats[i].name;
    if (!strcmp(name, names[i])) return i;
  }
  if (!strcmp(name, "flowbin")) report_unbuilt(c->b, f->format.span, "`read flowbin`");
  else
    diag_report(c->b->diags, DIAG_E0702, f->format.span,
                hint_nearest(c->b, name, names, READ_FORMAT_LEN),
                "formats: csv, tsv, jsonl, json, fixed, text", name);
  return -1;
}

static void read_options_bind(Chain *c, const AstFlow *f, ReadFrom from, int format, PlanRead *r,
                              OptionValue *all) {
  uint32_t takes = read_formats[format].options | (from == FROM_GROWING ? 1u << READ_IDLE : from == FROM_COMMAND ? 1u << READ_FORMAT : 0);
  OptionSpec specs[READ_OPTION_LEN];
  OptionValue values[READ_OPTION_LEN] = { 0 };
  uint32_t at[READ_OPTION_LEN], len = 0;
  for (uint32_t i = 0; i < READ_OPTION_LEN; i++)
    if (takes & 1u << i) {
      at[len] = i;
      specs[len++] = read_options[i];
    }
  options_bind(c, f->args, specs, len, values,
               from == FROM_COMMAND ? "exec" : arena_printf(c->b->arena, "%s %s", from_words[from], read_formats[format].name));
  for (uint32_t i = 0; i < len; i++) all[at[i]] = values[i];
  FrtScanOptions *o = &r->options;
  o->format = read_formats[format].format;
  bool tsv = !strcmp(read_formats[format].name, "tsv");
  o->delimiter = all[READ_DELIMITER].given ? (char)all[READ_DELIMITER].number : tsv ? '\t' : ',';
  o->quote = all[READ_QUOTE].given ? (char)all[READ_QUOTE].number : '"';
  o->header = all[READ_HEADER].given ? (uint8_t)all[READ_HEADER].number : 1;
  o->trim = all[READ_TRIM].given ? (uint8_t)all[READ_TRIM].number : o->format == FRT_FMT_FIXED;
  o->contract = (uint32_t)all[READ_CONTRACT].number;
  o->command = from == FROM_COMMAND;
  o->follow = from == FROM_GROWING;
  o->idle_us = all[READ_IDLE].number;
  o->nulls = all[READ_NULL].texts;
  o->null_len = all[READ_NULL].len;
  if (o->quote && o->delimiter == o->quote)
    diag_report(c->b->diags, DIAG_E0703, f->span, NULL, NULL, "delimiter",
                "another character than `quote`");
}

/* ---- row types ---- */

static bool field_takes_format(const Type *t) {
  return t->kind == TY_DATE || t->kind == TY_TIME || t->kind == TY_TIMESTAMP;
}

/* Directives of strptime that readers know. */
static const char *format_fault(const char *format) {
  if (!*format) return "it is empty";
  for (const char *p = format; *p; p++) {
    if (*p != '%') continue;
    if (!*++p) return "it ends in `%`";
    if (!strchr("YmdHMSjaAbBzyIpfTFDeRZ%", *p)) return "it has an unknown directive";
  }
  return NULL;
}

static void field_format(Chain *c, const AstField *a, const Type *t, PlanField *f) {
  Binder *b = c->b;
  if (a->format) {
    const char *fault = format_fault(a->format->text);
    f->format = a->format->text;
    if (!field_takes_format(t))
      diag_report(b->diags, DIAG_E0607, a->format->span, NULL, "it is for date, time and timestamp",
                  type_text(b->arena, t), "format");
    else if (fault)
      diag_report(b->diags, DIAG_E0426, a->format->span, NULL,
                  "known: %Y %m %d %H %M %S %j %a %A %b %B %z %y %I %p %f %%", a->format->text,
                  fault);
  }
  if (!a->zone) return;
  f->zone = a->zone->text;
  if (t->kind != TY_TIMESTAMP)
    diag_report(b->diags, DIAG_E0607, a->zone->span, NULL, "it is for timestamp",
                type_text(b->arena, t), "tz");
  else if (!a->zone->len)
    diag_report(b->diags, DIAG_E0427, a->zone->span, NULL,
                "zones: UTC, Europe/Berlin, America/New_York, ...", f->zone);
}

static void field_names(Chain *c, const AstField *a, PlanField *f) {
  const char **names = NULL;
  uint32_t len = 0;
  for (const AstExpr *e = a->from; e; e = e->next) {
    names = arena_grow(c->b->arena, names, len, sizeof *names);
    names[len++] = e->text;
  }
  f->from = names;
  f->from_len = len;
}

const char *field_mask(Chain *c, const AstField *a) {
  static const char *const masks[] = { "hash", "redact", "partial" };
  if (!a->mask.text) return NULL;
  for (int i = 0; i < 3; i++)
    if (!strcmp(masks[i], a->mask.text)) return masks[i];
  diag_report(c->b->diags, DIAG_E0810, a->mask.span, hint_nearest(c->b, a->mask.text, masks, 3),
              "masks: hash, redact, partial", a->mask.text);
  return NULL;
}

Expr *field_default(Chain *c, const AstField *a, const Type *t) {
  if (!a->dflt || t->kind == TY_ERROR) return NULL;
  if (a->dflt->kind != AST_NULL || t->nullable) return bind_const(c->b, chain_module(c), a->dflt, t, true);
  diag_report(c->b->diags, DIAG_E0507, a->dflt->span, NULL, NULL, a->name.text,
              type_text(c->b->arena, t));
  return NULL;
}

void fields_check(Chain *c, const AstField *ast, PlanRead *r, const Schema *schema) {
  uint32_t i = 0;
  const Scope *scope = chain_scope_of(c, schema);
  for (const AstField *a = ast; a; a = a->next, i++) {
    if (!a->check || i >= r->field_len) continue;
    r->fields[i].check = bind_cond(c->b, scope, a->check);
    r->fields[i].check_text = source_text(c->b, a->check->span);
  }
}

static void fields_bind(Chain *c, const AstField *ast, PlanRead *r, Schema *schema) {
  Binder *b = c->b;
  uint32_t n = 0;
  for (const AstField *a = ast; a; a = a->next) n++;
  r->fields = arena_alloc(b->arena, (n + 1) * sizeof *r->fields);
  *schema = (Schema){ .cols = arena_alloc(b->arena, (n + 1) * sizeof(SchemaColumn)) };
  for (const AstField *a = ast; a; a = a->next) {
    if (!a->name.text) continue;
    PlanField *f = &r->fields[r->field_len++];
    const Type *t = a->type ? bind_type(b, chain_module(c), a->type) : type_basic(TY_ERROR);
    if (schema_find(schema, a->name.text))
      diag_report(b->diags, DIAG_E0311, a->name.span, NULL, NULL, a->name.text);
    f->name = a->name.text;
    f->key = a->key;
    f->col = column_make(b, f->name, t, a->name.span);
    if (a->mask.text) b->plan->columns[f->col].mask = field_mask(c, a);
    if (t->kind != TY_ERROR) field_format(c, a, t, f);
    field_names(c, a, f);
    f->dflt = field_default(c, a, t);
    schema_push(schema, f->name, f->col, NULL);
  }
}

/* ---- types from the head of a file ---- */

static const Type *type_of_frt(Arena *a, const FrtType *t) {
  const Type *base;
  if (t->kind == FRT_DECIMAL) base = type_decimal(a, t->precision, t->scale);
  else if (t->kind == FRT_LIST && t->elem) base = type_list(a, type_of_frt(a, t->elem));
  else if (t->kind == FRT_STRUCT) {
    StructField *fields = arena_alloc(a, (t->field_len + 1) * sizeof *fields);
    for (uint32_t i = 0; i < t->field_len; i++) {
      fields[i].name = arena_strndup(a, t->fields[i].name.ptr, t->fields[i].name.len);
      fields[i].type = type_of_frt(a, t->fields[i].type);
    }
    Type *s = arena_alloc(a, sizeof *s);
    *s = (Type){ .kind = TY_STRUCT, .fields = fields, .len = t->field_len };
    base = s;
  } else base = type_basic((TypeKind)t->kind);
  return type_with_null(a, base, t->nullable);
}

static const char *first_file(Arena *a, const char *path) {
  glob_t g;
  const char *first = path;
  if (!strpbrk(path, "*?[") || glob(path, 0, NULL, &g)) return path;
  if (g.gl_pathc) first = arena_strndup(a, g.gl_pathv[0], strlen(g.gl_pathv[0]));
  globfree(&g);
  return first;
}

enum { NOTE_COLUMNS = 50 };

static void inferred_note(Chain *c, const AstFlow *f, const char *path, const Schema *s) {
  Arena *a = c->b->arena;
  const char *text = "";
  for (uint32_t i = 0; i < s->len && i < NOTE_COLUMNS; i++)
    text = arena_printf(a, "%s%s%s: %s", text, i ? ", " : "", s->cols[i].name,
                        type_text(a, c->b->plan->columns[s->cols[i].col].type));
  if (s->len > NOTE_COLUMNS) text = arena_printf(a, "%s, and %u more (`flowc infer` prints all)", text, s->len - NOTE_COLUMNS);
  diag_report(c->b->diags, DIAG_N0101, f->span, NULL, NULL, path, text);
}

static bool fields_infer(Chain *c, const AstFlow *f, PlanRead *r, Schema *schema,
                         const char *word) {
  Binder *b = c->b;
  const char *why = "";
  FrtInferred *cols = NULL;
  uint32_t len = 0;
  if (!b->options || !b->options->infer_files || r->path->kind != EX_CONST || r->options.command) {
    diag_report(b->diags, DIAG_E0704, f->span, NULL,
                r->options.command ? "a command is not run before its script"
                : r->path->kind == EX_CONST
                    ? NULL
                    : "the path is not known before the run, so no file can be looked at",
                word);
    return false;
  }
  const char *path =
      first_file(b->arena, arena_strndup(b->arena, r->path->value.s.ptr, r->path->value.s.len));
  if (frt_infer(b->arena, path, &r->options, &cols, &len, &why) != FRT_OK || !len) {
    size_t size = strlen(path);
    if (why && !strncmp(why, path, size) && !strncmp(why + size, ": ", 2)) why += size + 2;
    diag_report(b->diags, DIAG_E0706, f->span, NULL,
                "types are read from the head of the file; `as { ... }` names them", path,
                why && *why ? why : "it has no columns");
    return false;
  }
  r->inferred = true;
  r->fields = arena_alloc(b->arena, (len + 1) * sizeof *r->fields);
  *schema = (Schema){ .cols = arena_alloc(b->arena, (len + 1) * sizeof(SchemaColumn)) };
  for (uint32_t i = 0; i < len; i++) {
    PlanField *p = &r->fields[r->field_len++];
    p->name = arena_strndup(b->arena, cols[i].name.ptr, cols[i].name.len);
    p->col = column_make(b, p->name, type_of_frt(b->arena, &cols[i].type), f->span);
    schema_push(schema, p->name, p->col, NULL);
  }
  inferred_note(c, f, path, schema);
  return true;
}

static void fields_line(Chain *c, const AstFlow *f, PlanRead *r, Schema *schema) {
  r->fields = arena_alloc(c->b->arena, sizeof *r->fields);
  r->field_len = 1;
  r->fields[0] = (PlanField){ .name = "line",
                              .col = column_make(c->b, "line", type_basic(TY_STRING), f->span) };
  *schema = (Schema){ .cols = arena_alloc(c->b->arena, sizeof(SchemaColumn)) };
  schema_push(schema, "line", r->fields[0].col, NULL);
}

static void widths_apply(Chain *c, const AstFlow *f, PlanRead *r, const OptionValue *widths) {
  if (!widths->given) {
    diag_report(c->b->diags, DIAG_E0605, f->span, NULL, NULL, "read fixed", "`widths = [...]`");
    return;
  }
  if (widths->len != r->field_len) {
    diag_report(c->b->diags, DIAG_E0713, widths->span, NULL, NULL, (unsigned)widths->len,
                (unsigned)r->field_len);
    return;
  }
  for (uint32_t i = 0; i < r->field_len; i++) r->fields[i].width = (uint32_t)widths->numbers[i];
}

/* Text files carry scalars, `text` one string. */
static void fields_fit(Chain *c, const AstFlow *f, const PlanRead *r) {
  Binder *b = c->b;
  uint32_t format = r->options.format;
  if (format == FRT_FMT_TEXT &&
      (r->field_len != 1 || b->plan->columns[r->fields[0].col].type->kind != TY_STRING))
    diag_report(b->diags, DIAG_E0605, f->type->span, NULL, NULL, "read text",
                "a type with one string column");
  if (format != FRT_FMT_CSV && format != FRT_FMT_FIXED) return;
  for (uint32_t i = 0; i < r->field_len; i++) {
    const Type *t = b->plan->columns[r->fields[i].col].type;
    if (!type_is_scalar(t))
      diag_report(b->diags, DIAG_E0425, b->plan->columns[r->fields[i].col].span, NULL,
                  "read it as string, or use jsonl", type_text(b->arena, t),
                  "read from this format");
  }
}

static bool fields_of(Chain *c, const AstFlow *f, PlanRead *r, Schema *schema, const char *word) {
  if (f->type) {
    const AstType *row = bind_row_type(c->b, chain_module(c), f->type);
    if (!row) return false;
    r->type_name = f->type->kind == AST_TYPE_NAME ? f->type->name.text : NULL;
    fields_bind(c, row->fields, r, schema);
    if (!r->field_len)
      return diag_report(c->b->diags, DIAG_E0619, f->type->span, NULL, NULL), false;
    fields_fit(c, f, r);
    fields_check(c, row->fields, r, schema);
    return true;
  }
  if (r->options.format == FRT_FMT_TEXT) return fields_line(c, f, r, schema), true;
  if (r->options.format == FRT_FMT_FIXED)
    return diag_report(c->b->diags, DIAG_E0704, f->span, NULL,
                       "columns of fixed width have no names in the file", word),
           false;
  return r->path->type->kind != TY_ERROR && fields_infer(c, f, r, schema, word);
}

static PlanEdge source_unknown(Chain *c, const AstFlow *f) {
  Binder *b = c->b;
  Module *m = module_named(chain_module(c), f->module.text);
  uint32_t len = 0;
  const char *const *names = m ? module_names(b, m, SYM_SOURCE, &len) : NULL;
  if (!streams_of(b)->incomplete)
    diag_report(b->diags, DIAG_E0702, f->format.span, hint_nearest(b, f->format.text, names, len),
                m ? NULL : "no `use` has that name behind `as`", arena_printf(b->arena, "%s.%s", f->module.text, f->format.text));
  return (PlanEdge){ 0 };
}

static PlanEdge source_bytes(Chain *c, const AstFlow *f, ReadFrom from) {
  Binder *b = c->b;
  Symbol *made = from == FROM_FILES && f->format.text ? module_find(chain_module(c), f->module.text, f->format.text, SYM_SOURCE) : NULL;
  if (made) return source_plugin(c, f, made);
  if (f->module.text) return source_unknown(c, f);
  int format = read_format(c, f);
  /* Reported; with its type known, what follows is still looked through. */
  bool unknown = format < 0;
  if (unknown && !f->type) return (PlanEdge){ 0 };
  if (unknown) format = 0;
  OptionValue values[READ_OPTION_LEN] = { 0 };
  PlanRead *r = arena_alloc(b->arena, sizeof *r);
  Schema schema = { 0 };
  const char *word = from == FROM_COMMAND ? "exec" : arena_printf(b->arena, "%s %s", from_words[from], read_formats[format].name);
  if (!unknown) read_options_bind(c, f, from, format, r, values);
  const AstExpr *path = options_path(c, f->args, f->span, word);
  if (!path) return (PlanEdge){ 0 };
  r->path = bind_const(b, chain_module(c), path, type_basic(TY_STRING), true);
  if (r->path->type->kind != TY_ERROR)
    r->path = expr_fold(b->arena, bind_widen(b, r->path, type_basic(TY_STRING)));
  if (!fields_of(c, f, r, &schema, word)) return (PlanEdge){ 0 };
  if (r->options.format == FRT_FMT_FIXED) widths_apply(c, f, r, &values[READ_WIDTHS]);
  PlanNode *n = plan_add(b->plan, PLAN_READ, f->span, 0, 1);
  n->word = from_words[from];
  n->stream = c->unit->name;
  n->read = r;
  n->out[0].schema = schema;
  policy_apply(c, n, &f->on_error);
  return (PlanEdge){ n, 0 };
}

PlanEdge source_read(Chain *c, const AstFlow *f) { return source_bytes(c, f, FROM_FILES); }

PlanEdge source_tail(Chain *c, const AstFlow *f) {
  if (f->format.text && !strcmp(f->format.text, "json")) {
    diag_report(c->b->diags, DIAG_E0702, f->format.span, NULL, "formats of files that grow: csv, tsv, jsonl, fixed, text", "json");
    return (PlanEdge){ 0 };
  }
  return source_bytes(c, f, FROM_GROWING);
}

/* `format = "jsonl"` among the arguments is the format. Without it: lines of text, or CSV where a type is given. */
PlanEdge source_exec(Chain *c, const AstFlow *f) {
  AstFlow read = *f;
  read.format = (AstName){ .text = f->type ? "csv" : "text", .span = f->span };
  for (const AstArg *a = f->args; a; a = a->next) {
    if (!a->name.text || strcmp(a->name.text, "format")) continue;
    if (a->value->kind == AST_STRING) read.format = (AstName){ .text = a->value->text, .span = a->value->span };
    else diag_report(c->b->diags, DIAG_E0703, a->value->span, NULL, NULL, "format", "the name of a format in quotes");
  }
  return source_bytes(c, &read, FROM_COMMAND);
}
