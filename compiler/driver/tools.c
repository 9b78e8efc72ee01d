/* tools.c: what needs no script: the types of a file, the reference of the function library. */
#include <string.h>

#include "driver/compile.h"
#include "flow.h"
#include "io/scan.h"
#include "ir/function.h"
#include "opt/opt.h"

/* ---- names ---- */

const char *flow_passes(void) {
  static char text[256];
  size_t n = 0;
  for (unsigned i = 0; i < opt_pass_len && n < sizeof text; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? ", " : "", opt_passes[i].name);
  return text;
}

const char *flow_unknown_pass(const char *list) {
  static char word[64];
  for (const char *at = list; at && *at;) {
    size_t n = strcspn(at, ",");
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word - 1 ? n : sizeof word - 1), at);
    int known = !strcmp(word, "all");
    for (unsigned i = 0; i < opt_pass_len; i++) known |= !strcmp(word, opt_passes[i].name);
    if (!known) return word;
    at += n + (at[n] == ',');
    if (*at == '-') at++;
  }
  return NULL;
}

const char *flow_nearest(const char *word, const char *const *candidates, size_t len) { return diag_nearest(word, candidates, len); }

/* ---- infer ---- */

static const struct { const char *name; uint32_t format; char delimiter; } tools_formats[] = {
  {"csv", FRT_FMT_CSV, ','}, {"tsv", FRT_FMT_CSV, '\t'}, {"jsonl", FRT_FMT_JSONL, 0}, {"json", FRT_FMT_JSON, 0},
};

/* The format by name, or by the file's ending, .gz and .zst aside. -1 when it is not known. */
static int tools_format(const char *path, const char *format) {
  size_t n = strlen(path);
  if (n > 3 && !strcmp(path + n - 3, ".gz")) n -= 3;
  else if (n > 4 && !strcmp(path + n - 4, ".zst")) n -= 4;
  for (size_t i = 0; i < sizeof tools_formats / sizeof *tools_formats; i++) {
    size_t len = strlen(tools_formats[i].name);
    if (format ? !strcmp(format, tools_formats[i].name)
               : n > len && path[n - len - 1] == '.' && !strncmp(path + n - len, tools_formats[i].name, len))
      return (int)i;
  }
  return -1;
}

const char *flow_format_of(const char *path, const char *format) {
  int at = tools_format(path, format);
  return at < 0 ? NULL : tools_formats[at].name;
}

static int tools_plain_name(const char *s, uint32_t n) {
  if (!n || (s[0] >= '0' && s[0] <= '9')) return 0;
  for (uint32_t i = 0; i < n; i++)
    if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '_')) return 0;
  return 1;
}

int flow_infer(const char *path, const char *format, FILE *out) {
  int at = tools_format(path, format);
  if (at < 0 && format) {
    fprintf(stderr, "flowc: unknown format `%s`: it is csv, tsv, jsonl or json\n", format);
    return 1;
  }
  if (at < 0) at = 0;
  Arena *a = arena_new();
  FrtScanOptions o = {.format = tools_formats[at].format, .delimiter = tools_formats[at].delimiter, .quote = '"', .header = 1};
  FrtInferred *columns;
  uint32_t len;
  const char *why = "";
  int rc = frt_infer(a, path, &o, &columns, &len, &why);
  if (rc != FRT_OK) {
    fprintf(stderr, "flowc: %s\n", why);
  } else {
    fprintf(out, "rows = read %s(\"", tools_formats[at].name);
    for (const char *p = path; *p; p++) fprintf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    fputs("\") as {\n", out);
    for (uint32_t i = 0; i < len; i++) {
      char type[1024];
      frt_type_text(&columns[i].type, type, sizeof type);
      const char *q = tools_plain_name(columns[i].name.ptr, columns[i].name.len) ? "" : "`";
      fprintf(out, "  %s%.*s%s: %s%s\n", q, (int)columns[i].name.len, columns[i].name.ptr, q, type, i + 1 < len ? "," : "");
    }
    fputs("}\n", out);
  }
  arena_free(a);
  return rc == FRT_OK ? 0 : 2;
}

/* ---- doc ---- */

static void tools_doc_entry(const FunctionDoc *d, FILE *out) {
  fprintf(out, "### %s\n\n    %s\n\n", d->name, d->signature);
  int code = 0;
  for (const char *p = d->doc; *p;) {
    size_t n = strcspn(p, "\n");
    int indented = p[0] == ' ' && p[1] == ' ';
    if (indented && !code) fputs("\n", out);
    code = indented;
    fprintf(out, "%s%.*s\n", indented ? "  " : "", (int)n, p);
    p += n + (p[n] == '\n');
  }
  fputs("\n", out);
}

int flow_doc(const char *name, FILE *out) {
  uint32_t len, shown = 0;
  const FunctionDoc *docs = function_docs(&len);
  if (!name) fputs("# Functions\n\nGenerated from `stdlib/*.flow` by `flowc doc`.\n\n", out);
  for (uint32_t i = 0; i < len; i++) {
    if (name && strcmp(name, docs[i].name)) continue;
    if (!name && (!i || strcmp(docs[i].file, docs[i - 1].file))) fprintf(out, "## %s\n\n", docs[i].file);
    tools_doc_entry(&docs[i], out);
    shown++;
  }
  if (shown) return 0;
  uint32_t names_len;
  const char *const *names = function_names(&names_len);
  const char *near = diag_nearest(name, names, names_len);
  fprintf(stderr, "flowc: there is no function `%s`%s%s%s\n", name, near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
  return 1;
}
