/* load.c: from a path to a table that can be trusted as far as its form goes.
 *
 * The head of the file is looked at first, so that what is no shared object of this machine is named as such and not by the
 * loader's words. A plugin's own code runs from dlopen on. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/plugin.h"

#if defined(__x86_64__)
#define PLUGIN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define PLUGIN_MACHINE EM_AARCH64
#else
#define PLUGIN_MACHINE 0   /* not looked at */
#endif

static const char *plugin_machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "aarch64";
    case EM_386: return "i386";
    case EM_ARM: return "arm";
    case EM_RISCV: return "riscv";
    case EM_PPC64: return "ppc64";
    case EM_S390: return "s390";
    default: return "another machine";
  }
}

static PluginStatus plugin_check_file(const char *path, char *why, size_t size) {
  unsigned char head[sizeof(Elf64_Ehdr)];
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return snprintf(why, size, "%s", strerror(errno)), PLUGIN_MISSING;
  ssize_t got = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, head, sizeof head) : 0;
  close(fd);
  if (got < (ssize_t)sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0) return snprintf(why, size, "it is not a shared object"), PLUGIN_NOT_SHARED;
  Elf64_Ehdr e;
  memcpy(&e, head, sizeof e);
  if (PLUGIN_MACHINE && e.e_machine != PLUGIN_MACHINE)
    return snprintf(why, size, "it was built for %s, this is %s", plugin_machine_name(e.e_machine), plugin_machine_name(PLUGIN_MACHINE)), PLUGIN_NOT_SHARED;
  if (head[EI_CLASS] != ELFCLASS64 || e.e_type != ET_DYN) return snprintf(why, size, "it is not a shared object"), PLUGIN_NOT_SHARED;
  return PLUGIN_GOOD;
}

static PluginStatus plugin_check_table(const FlowPlugin *t, char *why, size_t size) {
  if (t->abi != FLOW_PLUGIN_ABI)
    return snprintf(why, size, "it was built for version %u of flow_plugin.h, this is version %u", t->abi, FLOW_PLUGIN_ABI), PLUGIN_OTHER_ABI;
  if (t->size < sizeof *t)
    return snprintf(why, size, "its table has %u bytes, where %zu are expected", t->size, sizeof *t), PLUGIN_OTHER_ABI;
  if (t->needs) {
    int fits = plugin_version_fits(FLOW_VERSION, t->needs);
    if (fits < 0) return snprintf(why, size, "it asks for flowc `%.100s`, which is no range of versions", t->needs), PLUGIN_BROKEN;
    if (!fits) return snprintf(why, size, "it asks for flowc %.100s, this is %s", t->needs, FLOW_VERSION), PLUGIN_NEEDS;
  }
  return PLUGIN_GOOD;
}

PluginStatus plugin_load(const char *path, PluginHandle *out, char *why, size_t size) {
  PluginStatus status = plugin_check_file(path, why, size);
  if (status != PLUGIN_GOOD) return status;
  char full[4096];   /* the loader searches names without a slash elsewhere */
  snprintf(full, sizeof full, "%s%s", strchr(path, '/') ? "" : "./", path);
  out->handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
  if (!out->handle) return snprintf(why, size, "%s", dlerror()), PLUGIN_NOT_SHARED;
  out->table = dlsym(out->handle, "flow_plugin");
  if (!out->table) {
    snprintf(why, size, "it exports no `flow_plugin`");
    status = PLUGIN_NO_TABLE;
  } else {
    status = plugin_check_table(out->table, why, size);
  }
  if (status != PLUGIN_GOOD) plugin_unload(out);
  return status;
}

void plugin_unload(PluginHandle *h) {
  if (h->handle) dlclose(h->handle);
  h->handle = NULL;
}
