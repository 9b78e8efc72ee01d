/* run.c: one case, in a child process that may crash: the reference, then the compiled code in every mode. */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/backend.h"
#include "compare.h"
#include "flow.h"
#include "ref.h"
#include "sema/sema.h"
#include "syntax/parse.h"

enum { RUN_SECONDS = 60, RUN_STDERR_MAX = 1 << 16 };

/* ---- files ---- */

static char *text_of(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  if (!f) return NULL;
  if (fstat(fileno(f), &st)) st.st_size = 0;
  char *text = malloc((size_t)st.st_size + 1);
  *size = fread(text, 1, (size_t)st.st_size, f);
  text[*size] = 0;
  fclose(f);
  return text;
}

static void folders_make(char *path) {
  for (char *p = path + 1; (p = strchr(p, '/')); p++) {
    *p = 0;
    mkdir(path, 0777);
    *p = '/';
  }
}

static void text_write(const char *folder, const char *path, const char *data, size_t size) {
  char full[1024];
  snprintf(full, sizeof full, "%s/%s", folder, path);
  folders_make(full);
  FILE *f = fopen(full, "wb");
  if (!f || fwrite(data, 1, size, f) != size) {
    perror(full);
    exit(70);
  }
  fclose(f);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) { return remove(path); }

static void folder_empty(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static int found_files;
static int count_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
  found_files += flag == FTW_F;
  return 0;
}

static int folder_count(const char *path) {
  found_files = 0;
  nftw(path, count_one, 16, FTW_PHYS);
  return found_files;
}

/* ---- comparing ---- */

typedef struct Child {
  Verdict *v;
  const Case *c;
  Ref ref;
  char **first;          /* of each file the bytes of the first mode: modes agree to the byte */
  size_t *first_size;
} Child;

static int line_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The lines of text, sorted; a comma at the end of a line is left out (rows of a JSON array). */
static char *lines_sorted(const char *text, size_t size) {
  char *copy = malloc(size + 1), **lines = malloc((size + 1) * sizeof *lines), *out = calloc(1, size + size + 2);
  size_t len = 0;
  memcpy(copy, text, size);
  copy[size] = 0;
  for (size_t i = 0; i < size; i++)
    if (!copy[i]) copy[i] = 1;
  for (char *p = strtok(copy, "\n"); p; p = strtok(NULL, "\n")) {
    size_t n = strlen(p);
    if (n && p[n - 1] == ',' && *p == '{') p[n - 1] = 0;
    lines[len++] = p;
  }
  qsort(lines, len, sizeof *lines, line_order);
  char *at = out;
  for (size_t i = 0; i < len; i++) at += sprintf(at, "%s\n", lines[i]);
  free(lines);
  free(copy);
  return out;
}

static int differs(Child *k, const char *mode, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int differs(Child *k, const char *mode, const char *format, ...) {
  va_list args;
  va_start(args, format);
  k->v->outcome = CASE_DIFFERS;
  snprintf(k->v->mode, sizeof k->v->mode, "%s", mode);
  vsnprintf(k->v->why, sizeof k->v->why, format, args);
  va_end(args);
  return 1;
}

/* The first line where two texts differ, for the report. */
static int differs_at(Child *k, const char *mode, const char *path, const char *want, size_t want_size, const char *got, size_t got_size) {
  size_t i = 0, from = 0, line = 1;
  for (; i < want_size && i < got_size && want[i] == got[i]; i++)
    if (want[i] == '\n') from = i + 1, line++;
  int w = (int)strcspn(want + from, "\n"), g = (int)strcspn(got + from, "\n");
  return differs(k, mode, "%s, line %zu\n  reference: %.*s\n  compiled:  %.*s", path, line, w < 1500 ? w : 1500, want + from,
                 g < 1500 ? g : 1500, got + from);
}

/* Whether two texts are the same but for the last digits of floats: the variance of floats may be computed in more
 * than one way. */
static bool nearly_same(const char *a, const char *b) {
  while (*a && *b) {
    if (*a == *b && !strchr("0123456789", *a)) {
      a++, b++;
      continue;
    }
    char *a_end, *b_end;
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (a_end == a || b_end == b || (x != y && !(x - y < 1e-13 * (x < 0 ? -x : x) && y - x < 1e-13 * (x < 0 ? -x : x)))) return false;
    a = a_end;
    b = b_end;
  }
  return *a == *b;
}

static bool is_rounded(const Child *k) { return strstr(k->c->script, "stddev(") || strstr(k->c->script, "variance("); }

static int compare_file(Child *k, const char *mode, size_t index) {
  const RefFile *f = &k->ref.files[index];
  size_t size;
  char *got = text_of(f->path, &size);
  const char *want = f->data ? f->data : "";
  if (!got) return differs(k, mode, "%s was not written", f->path);
  int bad = 0;
  if (f->loose) {
    char *a = lines_sorted(want, f->size), *b = lines_sorted(got, size);
    if (strcmp(a, b) && !(is_rounded(k) && nearly_same(a, b))) bad = differs_at(k, mode, f->path, a, strlen(a), b, strlen(b));
  } else if (size != f->size || memcmp(got, want, size)) {
    char *copy = calloc(1, f->size + 1);
    memcpy(copy, want, f->size);
    if (!is_rounded(k) || !nearly_same(copy, got)) bad = differs_at(k, mode, f->path, copy, f->size, got, size);
  }
  if (!bad && k->first[index] && (k->first_size[index] != size || memcmp(k->first[index], got, size)))
    bad = differs_at(k, mode, f->path, k->first[index], k->first_size[index], got, size);
  if (!k->first[index]) k->first[index] = got, k->first_size[index] = size;
  return bad;
}

/* "the run stops at the first bad row with its file, line, column, field, value and the reason". */
static bool names_place(const RefFail *f, const char *text) {
  if (!f->file.len || f->line < 0) return true;
  if (!strstr(text, "in/s")) return true;   /* behind an operator that holds rows the place may be lost */
  for (int64_t line = f->line; line <= f->line_end; line++) {
    char place[600];
    snprintf(place, sizeof place, "%.*s:%lld:", (int)f->file.len, f->file.ptr, (long long)line);
    if (strstr(text, place)) return true;
  }
  return false;
}

static int compare_failed(Child *k, const char *mode, int rc, const char *text) {
  const Ref *r = &k->ref;
  for (size_t i = 0; i < r->fail_len; i++) {
    if (r->fails[i].exit_code != rc || !names_place(&r->fails[i], text)) continue;
    return folder_count("out") ? differs(k, mode, "a run that failed wrote files") : 0;
  }
  const RefFail *f = &r->fails[0];
  return differs(k, mode, "reference: exit %d at %.*s:%lld (%zu ways)\n  compiled: exit %d\n%.1500s", f->exit_code, (int)f->file.len,
                 f->file.ptr ? f->file.ptr : "", (long long)f->line, r->fail_len, rc, text);
}

static int run_mode(Child *k, FlowProgram *p, const char *mode, int argc, char **argv) {
  snprintf(k->v->mode, sizeof k->v->mode, "%s", mode);
  folder_empty("out");
  fflush(stderr);
  if (ftruncate(2, 0)) return 0;
  lseek(2, 0, SEEK_SET);
  int rc = flow_run(p, argc, argv);
  fflush(stderr);
  size_t size;
  char *text = text_of("stderr.txt", &size);
  /* Some operators must hold their rows, and say so. */
  if (rc == 2 && strstr(mode, "--memory") && text && strstr(text, "that cannot be put on disk")) return 0;
  if (k->ref.fail_len) return compare_failed(k, mode, rc, text ? text : "");
  if (rc) return differs(k, mode, "reference: exit 0\n  compiled: exit %d\n%.1500s", rc, text ? text : "");
  free(text);
  for (size_t i = 0; i < k->ref.file_len; i++)
    if (compare_file(k, mode, i)) return 1;
  if (folder_count("out") != (int)k->ref.file_len) return differs(k, mode, "%d files instead of %zu", folder_count("out"), k->ref.file_len);
  return 0;
}

/* ---- the child ---- */

static bool reference(Child *k) {
  Arena *a = arena_new();
  Diags *d = diags_new(a);
  SemaOptions o = {.infer_files = true};
  eval_set_lookup(backend_symbol);
  uint32_t file = diags_add_source(d, "case.flow", k->c->script, strlen(k->c->script));
  strcpy(k->v->mode, "reference");
  Plan *plan = sema_bind(a, d, syntax_parse(a, d, file), &o);
  if (!plan || diag_error_len(d)) {
    uint32_t len;
    const Diag *all = diag_all(d, &len);
    k->v->outcome = CASE_REJECTED;
    for (uint32_t i = 0; i < len; i++) {
      uint32_t line, column;
      if (all[i].severity != SEVERITY_ERROR) continue;
      diag_place(diags_source(d, file), all[i].span.start, &line, &column);
      snprintf(k->v->why, sizeof k->v->why, "%s line %u: %s", diag_code_name(all[i].code), line, all[i].message);
      break;
    }
    return false;
  }
  ref_run(&k->ref, a, plan);
  for (size_t i = 0; i < k->ref.file_len; i++) k->v->rows_out += k->ref.files[i].rows;
  k->v->failed_run = k->ref.fail_len > 0;
  if (k->ref.cannot) {
    k->v->outcome = CASE_SKIPPED;
    snprintf(k->v->why, sizeof k->v->why, "%s", k->ref.cannot);
  }
  k->first = calloc(k->ref.file_len + 1, sizeof *k->first);
  k->first_size = calloc(k->ref.file_len + 1, sizeof *k->first_size);
  return !k->ref.cannot;
}

/* Whether it compiled; a script that binds and then does not compile is a bug, but for what cannot run yet. */
static FlowProgram *compile(Child *k, const char *mode, const FlowOptions *o) {
  snprintf(k->v->mode, sizeof k->v->mode, "compile %s", mode);
  FlowProgram *p = flow_compile_text("case.flow", k->c->script, strlen(k->c->script), o);
  if (!flow_error_count(p)) return p;
  fflush(stderr);
  if (ftruncate(2, 0)) return NULL;
  lseek(2, 0, SEEK_SET);
  flow_print_diagnostics(p, stderr, 0);
  fflush(stderr);
  size_t size;
  char *text = text_of("stderr.txt", &size);
  if (text && strstr(text, "E0901")) k->v->outcome = CASE_NOT_YET, snprintf(k->v->why, sizeof k->v->why, "%.300s", text);
  else differs(k, mode, "it does not compile\n%.1500s", text ? text : "");
  return NULL;
}

/* Joins with the left side first, wherever that may be. */
static int run_left_first(Child *k) {
  FlowOptions plain = {0};
  char *seven[] = {"--block-rows=7"}, *threads[] = {"--block-rows=2", "--threads=3"};
  if (!strstr(k->c->script, "join") && !strstr(k->c->script, "lookup")) return 0;
  setenv("FLOW_JOIN", "left", 1);
  FlowProgram *p = compile(k, "FLOW_JOIN=left", &plain);
  unsetenv("FLOW_JOIN");
  return !p || run_mode(k, p, "FLOW_JOIN=left --block-rows=7", 1, seven) || run_mode(k, p, "FLOW_JOIN=left --threads=3", 2, threads);
}

static void run_modes(Child *k, const CaseOptions *o) {
  static char *const args[][2] = {{"--block-rows=2048", NULL}, {"--block-rows=1", NULL}, {"--block-rows=7", NULL}, {"--block-rows=7", "--scan=careful"},
                                  {"--block-rows=64", "--memory=1MiB"}, {"--block-rows=64", "FLOW_SPILL"},
                                  {"--block-rows=7", "--threads=2"}, {"--block-rows=2", "--threads=3"}};
  FlowOptions plain = {0}, whole = {.no_passes = "all"}, cc = {.jit = "cc"}, both = {.jit = "auto"};
  FlowProgram *p = compile(k, "", &plain);
  if (!p) return;
  for (size_t i = 0; i < sizeof args / sizeof *args; i++) {
    char mode[60];
    char *argv[] = {args[i][0], args[i][1]};
    bool spills = args[i][1] && !strncmp(args[i][1], "FLOW_", 5);   /* whatever can go to disk does */
    snprintf(mode, sizeof mode, "%s %s", args[i][0], args[i][1] ? args[i][1] : "");
    if (spills) setenv(args[i][1], "always", 1);
    int differ = run_mode(k, p, mode, args[i][1] && !spills ? 2 : 1, argv);
    if (spills) unsetenv(args[i][1]);
    if (differ) return;
  }
  char *seven[] = {"--block-rows=7"};
  if (run_left_first(k)) return;
  if (!k->ref.fold_matters && (!(p = compile(k, "--opt=-all", &whole)) || run_mode(k, p, "--opt=-all --block-rows=7", 1, seven))) return;
  if (o->cc && (p = compile(k, "--jit=cc", &cc)) && run_mode(k, p, "--jit=cc --block-rows=7", 1, seven)) return;
  if (!o->cc || !(p = compile(k, "--jit=auto", &both))) return;
  setenv("FLOW_SWITCH_AT", "2", 1);
  run_mode(k, p, "--jit=auto --block-rows=7 --threads=2", 2, (char *[]){"--block-rows=7", "--threads=2"});
  unsetenv("FLOW_SWITCH_AT");
}

static void child(const Case *c, const char *folder, const CaseOptions *o, Verdict *v) {
  Child k = {.v = v, .c = c};
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  alarm(RUN_SECONDS);
  if (chdir(folder)) _exit(70);
  int err = open("stderr.txt", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0666), none = open("/dev/null", O_RDWR);
  dup2(err, 2);
  dup2(none, 1);
  dup2(none, 0);
  if (reference(&k)) {
    run_modes(&k, o);
    for (size_t i = 0; o->keep && !k.ref.fail_len && i < k.ref.file_len; i++) {
      const RefFile *f = &k.ref.files[i];
      text_write(o->keep, !strncmp(f->path, "out/", 4) ? f->path + 4 : f->path, f->data ? f->data : "", f->size);
    }
  }
}

void case_run(const Case *c, const char *folder, const CaseOptions *o, Verdict *out) {
  static Verdict *shared;
  if (!shared) shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(shared, 0, sizeof *shared);
  folder_empty(folder);
  mkdir(folder, 0777);
  text_write(folder, "case.flow", c->script, strlen(c->script));
  for (int i = 0; i < c->file_len; i++) text_write(folder, c->files[i].path, c->files[i].data, c->files[i].size);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    child(c, folder, o, shared);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (status) {
    char path[1024];
    size_t size;
    snprintf(path, sizeof path, "%s/stderr.txt", folder);
    char *text = text_of(path, &size);
    shared->outcome = CASE_CRASHED;
    snprintf(shared->why, sizeof shared->why, "%s %d\n%.1500s", WIFSIGNALED(status) ? "signal" : "exit",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), text ? text : "");
    free(text);
  }
  *out = *shared;
}
