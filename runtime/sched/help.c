/* help.c: what --help prints, from the module's tables. */
#include <stdio.h>
#include <string.h>

#include "sched/args.h"
#include "text/column.h"

enum { HELP_COLUMN = 34 };

static void help_indent(int used) {
  if (used >= HELP_COLUMN) printf("\n%*s", HELP_COLUMN, "");
  else printf("%*s", HELP_COLUMN - used, "");
}

/* A comment of several lines, all but the first indented. */
static void help_doc(FrtStr doc, int indent) {
  for (uint32_t i = 0; i < doc.len; i++) {
    putchar(doc.ptr[i]);
    if (doc.ptr[i] == '\n' && i + 1 < doc.len) printf("%*s", indent, "");
  }
}

static void help_param(const FrtParam *p) {
  char type[128];
  frt_type_text(p->type, type, sizeof type);
  int used = printf("  --");
  for (uint32_t i = 0; i < p->name.len; i++) putchar(p->name.ptr[i] == '_' ? '-' : p->name.ptr[i]);
  used += (int)p->name.len + printf(" %s", type);
  help_indent(used);
  help_doc(p->doc, HELP_COLUMN);
  if (p->doc.len) putchar(' ');
  if (p->required) printf("(required)");
  else if (p->masked) printf("(has a default)");
  else if (p->dflt.len) printf("(default: %.*s)", (int)p->dflt.len, p->dflt.ptr);
  putchar('\n');
}

void frt_print_help(const FrtModule *m, const char *program) {
  if (m->doc.len) {
    help_doc(m->doc, 0);
    if (m->doc.ptr[m->doc.len - 1] != '\n') putchar('\n');
    putchar('\n');
  }
  if (program) printf("usage: %s [--name value ...] [flags]\n", program);
  else printf("usage: %.*s [--name value ...] [flags]\n", (int)m->script.len, m->script.ptr ? m->script.ptr : "");
  if (m->param_len) printf("\nparameters (also as --name=value, in a --params file, or as FLOW_NAME):\n");
  for (uint32_t i = 0; i < m->param_len; i++) help_param(&m->params[i]);
  if (m->tap_len) printf("\ntaps:\n");
  for (uint32_t i = 0; i < m->tap_len; i++) printf("  %.*s\n", (int)m->taps[i].name.len, m->taps[i].name.ptr);
  printf("\nflags:\n");
  for (const FrtFlag *f = frt_flags; f->name; f++) {
    help_indent(printf("  --%s%s%s", f->name, f->value ? " " : "", f->value ? f->value : ""));
    printf("%s\n", f->doc);
  }
}
