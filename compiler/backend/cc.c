/* cc.c: the system's compiler: a shared object for --jit=cc, kept in the cache, and standalone programs. Texts go through files
 * of a private temporary folder, which is removed whatever happens. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/cache.h"
#include "backend/cc_folder.h"

static const char *cc_name(const char *given) {
  const char *env = getenv("CC");
  return given ? given : env && *env ? env : "cc";
}

static bool cc_write(const char *path, const char *text, size_t size, Arena *a, const char **why) {
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(text, 1, size, f) == size;
  if (f && fclose(f)) ok = false;
  if (!ok) *why = arena_printf(a, "%s: %s", path, strerror(errno));
  return ok;
}

static const char *cc_temp(void) {
  const char *tmp = getenv("TMPDIR");
  return tmp && *tmp ? tmp : "/tmp";
}

/* Folders of processes that were killed, which are no more. */
static void cc_sweep(Arena *a) {
  DIR *d = opendir(cc_temp());
  struct stat st;
  for (struct dirent *e; d && (e = readdir(d));) {
    char *end;
    if (strncmp(e->d_name, "flowc-", 6)) continue;
    long pid = strtol(e->d_name + 6, &end, 10);
    const char *path = arena_printf(a, "%s/%s", cc_temp(), e->d_name);
    if (*end != '-' || pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH) continue;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid()) cc_close_folder(&(CcFolder){.dir = path});
  }
  if (d) closedir(d);
}

bool cc_open_folder(Arena *a, const char *c_text, size_t size, CcFolder *out, const char **why) {
  char *dir = arena_printf(a, "%s/flowc-%ld-XXXXXX", cc_temp(), (long)getpid());
  cc_sweep(a);
  if (!mkdtemp(dir)) {
    *why = arena_printf(a, "%s: %s", dir, strerror(errno));
    return false;
  }
  *out = (CcFolder){dir, arena_printf(a, "%s/flow_module.c", dir), arena_printf(a, "%s/flowrt.h", dir), arena_printf(a, "%s/module.so", dir)};
  if (cc_write(out->source, c_text, size, a, why) && cc_write(out->header, flow_header_text, flow_header_size, a, why)) return true;
  cc_close_folder(out);
  return false;
}

void cc_close_folder(const CcFolder *f) {
  int folder = open(f->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *d = folder < 0 ? NULL : fdopendir(folder);
  for (struct dirent *e; d && (e = readdir(d));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) unlinkat(folder, e->d_name, 0);
  if (d) closedir(d);
  else if (folder >= 0) close(folder);
  rmdir(f->dir);
}

static void cc_free(Loaded *l) { dlclose(l->handle); }

static const char *const cc_flags[] = {"-std=c11", "-O2", "-march=native", "-ffp-contract=off", "-fno-strict-aliasing", "-fPIC", "-shared", "-g0",
                                      "-Werror=implicit-function-declaration", "-pipe", "-fno-asynchronous-unwind-tables"};
enum { CC_FLAGS = sizeof cc_flags / sizeof *cc_flags };

void cc_command(const CcFolder *f, const char *argv[CC_ARGS]) {
  int n = 0;
  argv[n++] = cc_name(NULL);
  for (int i = 0; i < CC_FLAGS; i++) argv[n++] = cc_flags[i];
  argv[n++] = "-o";
  argv[n++] = f->object;
  argv[n++] = f->source;
  argv[n] = NULL;
}

static bool cc_compile(Arena *a, const CcFolder *f, const char **why) {
  const char *argv[CC_ARGS];
  char *errors;
  cc_command(f, argv);
  int rc = backend_run(a, argv, &errors);
  if (rc == 0) return true;
  *why = rc < 0 ? arena_printf(a, "cannot run the C compiler: %s", errors) : errors;
  return false;
}

/* What tells one compiler from another without starting it: its path, size and age. */
static const char *cc_identity(Arena *a) {
  const char *name = cc_name(NULL), *path = getenv("PATH");
  struct stat st;
  if (strchr(name, '/')) path = "";
  for (; path; path = *path ? path + 1 : NULL) {
    size_t n = strcspn(path, ":");
    const char *full = n ? arena_printf(a, "%.*s/%s", (int)n, path, name) : name;
    if (stat(full, &st) == 0 && S_ISREG(st.st_mode))
      return arena_printf(a, "%s %lld %lld", full, (long long)st.st_size, (long long)st.st_mtim.tv_sec);
    path += n;
  }
  return NULL;
}

/* The processor, since -march=native means it: the flags line of /proc/cpuinfo, hashed with the rest. */
static const char *cc_processor(Arena *a) {
  FILE *f = fopen("/proc/cpuinfo", "r");
  char line[8192];
  const char *found = "";
  while (f && fgets(line, sizeof line, f))
    if (!strncmp(line, "flags", 5) || !strncmp(line, "Features", 8)) {
      found = arena_strndup(a, line, strlen(line));
      break;
    }
  if (f) fclose(f);
  return found;
}

const char *cc_cached(Arena *a, const char *c_text, size_t size) {
  const char *identity = cc_identity(a);
  if (!identity) return NULL;
  const char *also[CC_FLAGS + 5] = {flow_header_id, identity, cc_processor(a), FLOW_VERSION};
  for (int i = 0; i < CC_FLAGS; i++) also[4 + i] = cc_flags[i];
  return cache_path(a, c_text, size, also);
}

bool cc_open(Arena *a, const char *path, Loaded *out, const char **why) {
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const FrtModule *m = handle ? dlsym(handle, "flow_module") : NULL;
  if (!m) {
    *why = arena_printf(a, "%s", dlerror());
    if (handle) dlclose(handle);
    return false;
  }
  *out = (Loaded){m, handle, cc_free};
  return true;
}

bool backend_cached(Arena *a, const char *c_text, size_t size, Loaded *out) {
  const char *why, *cached = cc_cached(a, c_text, size);
  return cached && cache_has(a, cached) && cc_open(a, cached, out, &why);
}

static bool cc_load(Arena *a, const char *c_text, size_t size, Loaded *out, const char **why) {
  const char *cached = cc_cached(a, c_text, size);
  if (cached && cache_has(a, cached) && cc_open(a, cached, out, why)) return true;
  CcFolder f;
  if (!cc_open_folder(a, c_text, size, &f, why)) return false;
  bool ok = cc_compile(a, &f, why) && cc_open(a, f.object, out, why);
  if (ok && cached) cache_put(a, cached, f.object);
  cc_close_folder(&f);
  return ok;
}

const Backend backend_cc = {"cc", cc_load};

/* ---- standalone programs ---- */

static const char build_main[] =
    "\nint frt_main(const FrtModule *m, int argc, char **argv);\n"
    "int main(int argc, char **argv) { return frt_main(&flow_module, argc, argv); }\n";

/* Whether the compiler makes programs for this very machine: then libflowrt.a fits. */
static bool build_is_native(Arena *a, const char *cc) {
  char *theirs, *ours;
  if (backend_run(a, (const char *const[]){cc, "-dumpmachine", NULL}, &theirs)) return false;
  if (backend_run(a, (const char *const[]){"cc", "-dumpmachine", NULL}, &ours)) return true;
  return strcmp(theirs, ours) == 0;
}

static bool build_cc(Arena *a, const CcFolder *f, const char *cc, const BuildOptions *o, const char *library, const char **why) {
  const char *argv[40];
  int n = 0;
  argv[n++] = cc;
  const char *const flags[] = {"-std=gnu11", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-Werror=implicit-function-declaration", "-ffunction-sections", "-fdata-sections",
                               "-Wl,--gc-sections", "-s"};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) argv[n++] = flags[i];
  if (o->is_static) argv[n++] = "-static";
  argv[n++] = "-o";
  argv[n++] = o->output;
  argv[n++] = f->source;
  if (library) {
    argv[n++] = arena_printf(a, "%s/libflowrt.a", library);
    const char *const libs[] = {"-Wl,--as-needed", "-lpcre2-8", "-lutf8proc", "-lzstd", "-llz4", "-lz", "-lxxhash"};
    for (size_t i = 0; i < sizeof libs / sizeof *libs; i++) argv[n++] = libs[i];
  }
  argv[n++] = "-lm";
  argv[n++] = "-lpthread";
  argv[n] = NULL;
  char *errors;
  int rc = backend_run(a, argv, &errors);
  if (rc == 0) return true;
  *why = rc < 0 ? arena_printf(a, "cannot run the C compiler: %s", errors) : errors;
  return false;
}

bool backend_build(Arena *a, const char *c_text, size_t size, const BuildOptions *o, const char **why) {
  const char *cc = cc_name(o->cc);
  if (o->is_static && strstr(c_text, "FrtPlugin")) {
    *why = "a static program loads no plugins: build it without --static";
    return false;
  }
  const char *library = build_is_native(a, cc) ? backend_runtime_dir(a, "libflowrt.a") : NULL;
  size_t text_size = size + sizeof build_main - 1;
  char *text;
  if (library) {
    text = arena_alloc(a, text_size + 1);
    memcpy(text, c_text, size);
    memcpy(text + size, build_main, sizeof build_main);
  } else if (strstr(c_text, "FrtPlugin")) {
    *why = "plugins are loaded by libflowrt.a: the program can only be built for this machine";
    return false;
  } else if (strstr(c_text, "frt_js_new(")) {
    *why = "`call js` needs the engine in libflowrt.a: the program can only be built for this machine";
    return false;
  } else {
    text = backend_bundle(a, c_text, size, &text_size);
  }
  CcFolder f;
  if (!cc_open_folder(a, text, text_size, &f, why)) return false;
  bool ok = build_cc(a, &f, cc, o, library, why);
  cc_close_folder(&f);
  return ok;
}
