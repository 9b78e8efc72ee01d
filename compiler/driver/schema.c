/* schema.c: `flowc schema`: row types shown, compared, and checked for compatibility.
 *
 * A schema comes from a script or a file of `type` declarations (all its row types, or one by FILE.flow:Name), or is
 * inferred from a data file. Either way a small script that reads it is compiled, and what the binder made of its
 * `read` is the schema. Columns are compared by name:
 *
 *   backward   a reader with the new type can read the old data
 *   forward    a reader with the old type can read the new data */
#include <stdio.h>
#include <string.h>

#include "driver/compile.h"
#include "flow.h"
#include "plan/plan.h"

typedef struct Row {              /* a row type */
  const char *name;
  const PlanRead *read;
  const Plan *plan;
} Row;

typedef struct SchemaDoc {        /* the row types of an argument of the command line */
  FlowProgram *programs[2];
  Row *rows;
  uint32_t len;
  bool of_data;
} SchemaDoc;

typedef struct Change { bool backward, forward; } Change;   /* what stays possible */

typedef struct SchemaDiff {
  Arena *arena;
  FILE *out;                      /* NULL: nothing is printed */
  Change all;
  uint32_t len;                   /* differences */
} SchemaDiff;

/* ---- reading ---- */

static FlowProgram *schema_compile(const char *name, const char *text) {
  FlowOptions o = {0};
  FlowProgram *p = flow_compile_text(name, text, strlen(text), &o);
  if (!flow_error_count(p)) return p;
  flow_print_diagnostics(p, stderr, 0);
  flow_free(p);
  return NULL;
}

static const PlanNode *schema_read_of(const Plan *plan, const char *stream) {
  for (uint32_t i = 0; i < plan->node_len; i++)
    if (plan->nodes[i]->kind == PLAN_READ && !strcmp(plan->nodes[i]->stream, stream)) return plan->nodes[i];
  return NULL;
}

static void schema_add(Arena *a, SchemaDoc *d, const char *name, const char *stream, const Plan *plan) {
  const PlanNode *n = schema_read_of(plan, stream);
  if (!n) return;
  d->rows = arena_grow(a, d->rows, d->len, sizeof *d->rows);
  d->rows[d->len++] = (Row){name, n->read, plan};
}

/* Row types that are declared, and those of named streams that read without naming their type. */
static bool schema_shows(const AstStmt *s, const char *only) {
  bool row = s->kind == AST_TYPE && s->type && s->type->kind == AST_TYPE_STRUCT && !s->type->nullable;
  bool read = s->kind == AST_STREAM && s->flow && s->flow->kind == AST_SRC_READ &&
              (!s->flow->type || s->flow->type->kind == AST_TYPE_STRUCT);
  return (row || read) && (!only || !strcmp(only, s->name.text));
}

static bool schema_of_script(Arena *a, SchemaDoc *d, const char *path, const char *only) {
  FlowProgram *p = flow_parse(path, NULL);
  d->programs[0] = p;
  if (flow_error_count(p)) return flow_print_diagnostics(p, stderr, 0), false;
  const Source *source = diags_source(p->diags, p->file);
  const char *text = arena_strndup(a, source->text, source->size);
  uint32_t n = 0;
  for (const AstStmt *s = p->ast->stmts; s; s = s->next, n++) {
    if (!schema_shows(s, only)) continue;
    if (s->kind == AST_TYPE)
      text = arena_printf(a, "%s\n`schema %u` = read jsonl(\"-\") as `%s`\n`schema %u` | write jsonl(\"schema.%u\")", text, n, s->name.text, n, n);
    else text = arena_printf(a, "%s\n`%s` | write jsonl(\"schema.%u\")", text, s->name.text, n);
  }
  d->programs[1] = schema_compile(path, text);
  if (!d->programs[1]) return false;
  n = 0;
  for (const AstStmt *s = p->ast->stmts; s; s = s->next, n++)
    if (schema_shows(s, only))
      schema_add(a, d, s->name.text, s->kind == AST_TYPE ? arena_printf(a, "schema %u", n) : s->name.text, d->programs[1]->plan);
  if (d->len) return true;
  fprintf(stderr, "flowc: %s: there is no row type%s%s%s\n", path, only ? " `" : "", only ? only : "", only ? "`" : "");
  return false;
}

static const char *schema_quote(Arena *a, const char *text, char quote) {
  char *out = arena_alloc(a, 2 * strlen(text) + 3), *p = out;
  *p++ = quote;
  for (; *text; text++) {
    if (*text == '\n') { *p++ = '\\'; *p++ = 'n'; continue; }
    if (*text == quote || *text == '\\') *p++ = '\\';
    *p++ = *text;
  }
  *p = quote;
  return out;
}

static bool schema_of_data(Arena *a, SchemaDoc *d, const char *path, const char *format) {
  const char *known = flow_format_of(path, format);
  if (!known) {
    fprintf(stderr, "flowc: %s: the format is not known by the name; --format is csv, tsv, jsonl or json\n", path);
    return false;
  }
  const char *text = arena_printf(a, "rows = read %s(%s)\nrows | write jsonl(\"schema\")", known, schema_quote(a, path, '"'));
  d->of_data = true;
  d->programs[1] = schema_compile(path, text);
  if (d->programs[1]) schema_add(a, d, "rows", "rows", d->programs[1]->plan);
  return d->len != 0;
}

/* "types.flow", "types.flow:Order", "data.csv". */
static bool schema_load(Arena *a, SchemaDoc *d, const char *word, const char *format) {
  const char *dot = strstr(word, ".flow");
  while (dot && dot[5] && dot[5] != ':') dot = strstr(dot + 1, ".flow");
  if (!dot) return schema_of_data(a, d, word, format);
  return schema_of_script(a, d, arena_strndup(a, word, (size_t)(dot - word) + 5), dot[5] ? dot + 6 : NULL);
}

static void schema_free(SchemaDoc *d) {
  flow_free(d->programs[1]);
  flow_free(d->programs[0]);
}

/* ---- showing ---- */

static const char *schema_name(Arena *a, const char *name) {
  bool plain = *name && !(*name >= '0' && *name <= '9');
  for (const char *p = name; *p; p++)
    plain &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_';
  return plain ? name : arena_printf(a, "`%s`", name);
}

/* The type as a script writes it, however long. */
static const char *schema_type(Arena *a, const Type *t) {
  const char *null = t->nullable ? "?" : "", *text;
  if (t->kind == TY_LIST) return arena_printf(a, "[%s]%s", schema_type(a, t->elem), null);
  if (t->kind != TY_ENUM && t->kind != TY_STRUCT) return type_text(a, t);
  text = t->kind == TY_ENUM ? "enum(" : "{ ";
  for (uint32_t i = 0; i < t->len; i++) {
    const char *comma = i ? ", " : "";
    if (t->kind == TY_ENUM) text = arena_printf(a, "%s%s%s", text, comma, schema_quote(a, arena_strndup(a, t->names[i], t->name_sizes[i]), '"'));
    else text = arena_printf(a, "%s%s%s: %s", text, comma, schema_name(a, t->fields[i].name), schema_type(a, t->fields[i].type));
  }
  return arena_printf(a, "%s%s%s", text, t->kind == TY_ENUM ? ")" : " }", null);
}

static void schema_show_field(Arena *a, const Row *row, const PlanField *f, FILE *out) {
  const Column *column = &row->plan->columns[f->col];
  fprintf(out, "  %s: %s", schema_name(a, f->name), schema_type(a, column->type));
  if (f->key) fputs(" key", out);
  for (uint32_t i = 0; i < f->from_len; i++) fprintf(out, " from %s", schema_quote(a, f->from[i], '"'));
  if (f->format) fprintf(out, " format %s", schema_quote(a, f->format, '"'));
  if (f->zone) fprintf(out, " tz %s", schema_quote(a, f->zone, '"'));
  if (f->dflt) fprintf(out, " default %s", expr_text(a, row->plan, f->dflt));
  if (f->check) fprintf(out, " check %s", f->check_text);
  if (column->mask) fprintf(out, " mask %s", column->mask);
}

static void schema_show(Arena *a, const SchemaDoc *d, FILE *out) {
  for (uint32_t i = 0; i < d->len; i++) {
    const Row *row = &d->rows[i];
    fprintf(out, "type %s = {\n", schema_name(a, row->name));
    for (uint32_t k = 0; k < row->read->field_len; k++) {
      schema_show_field(a, row, &row->read->fields[k], out);
      fputs(k + 1 < row->read->field_len ? ",\n" : "\n", out);
    }
    fputs("}\n", out);
  }
}

/* ---- comparing types ---- */

static bool schema_enum_within(const Type *from, const Type *to) {
  for (uint32_t i = 0; i < from->len; i++) {
    bool found = false;
    for (uint32_t k = 0; k < to->len && !found; k++)
      found = from->name_sizes[i] == to->name_sizes[k] && !memcmp(from->names[i], to->names[k], to->name_sizes[k]);
    if (!found) return false;
  }
  return true;
}

/* Whether everything that is read as `from` can be read as `to`. */
static bool schema_takes(const Type *from, const Type *to) {
  if (from->nullable && !to->nullable) return false;
  if (from->kind == TY_ENUM) return to->kind == TY_STRING || (to->kind == TY_ENUM && schema_enum_within(from, to));
  if (from->kind == TY_LIST) return to->kind == TY_LIST && schema_takes(from->elem, to->elem);
  if (from->kind != TY_STRUCT || to->kind != TY_STRUCT) return type_widens(from, to);
  for (uint32_t i = 0; i < to->len; i++) {
    const Type *have = NULL;
    for (uint32_t k = 0; k < from->len; k++)
      if (!strcmp(from->fields[k].name, to->fields[i].name)) have = from->fields[k].type;
    if (have ? !schema_takes(have, to->fields[i].type) : !to->fields[i].type->nullable) return false;
  }
  return true;
}

/* ---- comparing rows ---- */

static bool schema_same_text(const char *x, const char *y) { return x && y ? !strcmp(x, y) : x == y; }

static bool schema_same_case(const char *x, const char *y) {
  for (; *x && *y; x++, y++) {
    char a = *x >= 'A' && *x <= 'Z' ? (char)(*x + 32) : *x, b = *y >= 'A' && *y <= 'Z' ? (char)(*y + 32) : *y;
    if (a != b) return false;
  }
  return *x == *y;
}

static void schema_note(SchemaDiff *d, char sign, const char *what, Change c) {
  static const char *const words[] = {"breaking", "forward", "backward", "full"};
  d->all.backward &= c.backward;
  d->all.forward &= c.forward;
  d->len++;
  if (d->out) fprintf(d->out, "  %c %-60s %s\n", sign, what, words[c.backward * 2 + c.forward]);
}

/* The column of `row` that reads `name`: by its own name, or by a `from`. */
static int64_t schema_find(const Row *row, const char *name, bool *renamed) {
  *renamed = false;
  for (uint32_t i = 0; i < row->read->field_len; i++)
    if (!strcmp(row->read->fields[i].name, name)) return i;
  *renamed = true;
  for (uint32_t i = 0; i < row->read->field_len; i++)
    for (uint32_t k = 0; k < row->read->fields[i].from_len; k++)
      if (!strcmp(row->read->fields[i].from[k], name)) return i;
  return -1;
}

static int64_t schema_find_case(const Row *row, const char *name) {
  for (uint32_t i = 0; i < row->read->field_len; i++)
    if (schema_same_case(row->read->fields[i].name, name)) return i;
  return -1;
}

static bool schema_may_lack(const Row *row, const PlanField *f) { return row->plan->columns[f->col].type->nullable || f->dflt; }

/* Two columns that are one: what became of its type and attributes. */
static void schema_diff_field(SchemaDiff *d, const Row *old, const PlanField *of, const Row *new, const PlanField *nf) {
  const Type *ot = old->plan->columns[of->col].type, *nt = new->plan->columns[nf->col].type;
  const char *name = schema_name(d->arena, nf->name);
  if (!type_equal(ot, nt)) {
    bool wider = schema_takes(ot, nt) || (ot->nullable && nf->dflt && schema_takes(type_with_null(d->arena, ot, false), nt));
    bool narrower = schema_takes(nt, ot) || (nt->nullable && of->dflt && schema_takes(type_with_null(d->arena, nt, false), ot));
    const char *how = wider && narrower ? "changed" : wider ? "widened" : narrower ? "narrowed" : "changed";
    schema_note(d, '~', arena_printf(d->arena, "%s: %s -> %s (%s)", name, schema_type(d->arena, ot), schema_type(d->arena, nt), how),
                (Change){wider, narrower});
  }
  if (!schema_same_text(of->format, nf->format) || !schema_same_text(of->zone, nf->zone))
    schema_note(d, '~', arena_printf(d->arena, "%s: how its text is read (format, tz)", name), (Change){false, false});
  const char *oc = of->check ? of->check_text : NULL, *nc = nf->check ? nf->check_text : NULL;
  if (!schema_same_text(oc, nc))
    schema_note(d, '~', arena_printf(d->arena, "%s: check %s -> %s", name, oc ? oc : "none", nc ? nc : "none"), (Change){!nc, !oc});
  if (of->key != nf->key) schema_note(d, '~', arena_printf(d->arena, "%s: %s", name, nf->key ? "is key now" : "is no key any more"), (Change){true, true});
}

static void schema_diff_missing(SchemaDiff *d, const Row *old, const PlanField *of, const Row *new) {
  int64_t at = schema_find_case(new, of->name);
  const char *type = schema_type(d->arena, old->plan->columns[of->col].type);
  if (at >= 0)
    schema_note(d, '~', arena_printf(d->arena, "%s -> %s (case only)", schema_name(d->arena, of->name), schema_name(d->arena, new->read->fields[at].name)),
                (Change){false, false});
  else schema_note(d, '-', arena_printf(d->arena, "%s: %s (missing)", schema_name(d->arena, of->name), type), (Change){true, schema_may_lack(old, of)});
}

/* Columns of the new type that stand behind one which they stood before. */
static void schema_diff_order(SchemaDiff *d, const Row *old, const Row *new) {
  int64_t last = -1;
  bool renamed;
  for (uint32_t i = 0; i < old->read->field_len; i++) {
    int64_t at = schema_find(new, old->read->fields[i].name, &renamed);
    if (at < 0) continue;
    if (at < last) {
      schema_note(d, '~', "another order of columns (reordered)", (Change){true, true});
      return;
    }
    last = at;
  }
}

static void schema_diff_rows(SchemaDiff *d, const Row *old, const Row *new) {
  uint8_t *met = arena_alloc(d->arena, new->read->field_len + 1);
  for (uint32_t i = 0; i < old->read->field_len; i++) {
    const PlanField *of = &old->read->fields[i];
    bool renamed;
    int64_t at = schema_find(new, of->name, &renamed);
    if (at < 0) {
      schema_diff_missing(d, old, of, new);
      at = schema_find_case(new, of->name);
      if (at >= 0) met[at] = 1;
      continue;
    }
    const PlanField *nf = &new->read->fields[at];
    met[at] = 1;
    if (renamed)
      schema_note(d, '~', arena_printf(d->arena, "%s -> %s (renamed, `from` reads the old name)", schema_name(d->arena, of->name), schema_name(d->arena, nf->name)),
                  (Change){true, schema_may_lack(old, of)});
    schema_diff_field(d, old, of, new, nf);
  }
  for (uint32_t i = 0; i < new->read->field_len; i++) {
    const PlanField *f = &new->read->fields[i];
    if (!met[i])
      schema_note(d, '+', arena_printf(d->arena, "%s: %s (extra)", schema_name(d->arena, f->name), schema_type(d->arena, new->plan->columns[f->col].type)),
                  (Change){schema_may_lack(new, f), true});
  }
  schema_diff_order(d, old, new);
}

static const Row *schema_row(const SchemaDoc *d, const char *name) {
  for (uint32_t i = 0; i < d->len; i++)
    if (!strcmp(d->rows[i].name, name)) return &d->rows[i];
  return NULL;
}

static void schema_diff_docs(SchemaDiff *d, const SchemaDoc *old, const SchemaDoc *new) {
  bool one = old->len == 1 && new->len == 1;
  for (uint32_t i = 0; i < old->len; i++) {
    const Row *row = one ? &new->rows[0] : schema_row(new, old->rows[i].name);
    uint32_t before = d->len;
    if (d->out && !one) fprintf(d->out, "%s\n", old->rows[i].name);
    if (row) schema_diff_rows(d, &old->rows[i], row);
    else schema_note(d, '-', "the type is missing", (Change){true, false});
    if (d->out && !one && d->len == before) fputs("  no difference\n", d->out);
  }
  for (uint32_t i = 0; i < new->len && !one; i++) {
    if (schema_row(old, new->rows[i].name)) continue;
    if (d->out) fprintf(d->out, "%s\n", new->rows[i].name);
    schema_note(d, '+', "the type is new", (Change){true, true});
  }
}

static const char *schema_verdict(const SchemaDiff *d) {
  if (!d->len) return "no difference";
  if (d->all.backward && d->all.forward) return "compatible: full";
  if (d->all.backward) return "compatible: backward (new readers read old data)";
  return d->all.forward ? "compatible: forward (old readers read new data)" : "breaking";
}

/* ---- the commands ---- */

int flow_schema_show(const char *what, const char *format, FILE *out) {
  Arena *a = arena_new();
  SchemaDoc d = {0};
  bool good = schema_load(a, &d, what, format);
  if (good) schema_show(a, &d, out);
  schema_free(&d);
  arena_free(a);
  return good ? 0 : 1;
}

int flow_schema_diff(const char *old, const char *new, const char *format, const char *mode, FILE *out) {
  Arena *a = arena_new();
  SchemaDoc from = {0}, to = {0};
  SchemaDiff d = {a, out, {true, true}, 0};
  int status = 1;
  if (schema_load(a, &from, old, format) && schema_load(a, &to, new, format)) {
    schema_diff_docs(&d, &from, &to);
    fprintf(out, "%s\n", schema_verdict(&d));
    bool backward = !mode || strcmp(mode, "forward"), forward = mode && strcmp(mode, "backward");
    status = mode && ((backward && !d.all.backward) || (forward && !d.all.forward)) ? 2 : 0;
  }
  schema_free(&from);
  schema_free(&to);
  arena_free(a);
  return status;
}
